"""`stacks.merge` compiled, for books of which the ledger is compiled too."""

from __future__ import annotations

from zkharvest.harvest import stacks
from zkharvest.simd.compiling import kernel

merge = kernel(stacks.merge)

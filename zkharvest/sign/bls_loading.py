"""py_ecc imported without what costs time and is not asked for, and without a side effect.

It raises Python's recursion limit to 100,000 for the whole process. No function used here needs that (a test signs and
checks under the usual limit), and it takes away the protection that a nested input of any parser in the process ends in
a RecursionError instead of a crash.

Its module of pairings raises twelve elements of the field of degree 12 to the power of p when it is imported: 0.23 s in
every process that checks a signature. Here pairings are worked by `bls_pairing`; py_ecc's own are there for whoever
calls them, and that module is imported then.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

_PAIRINGS = "py_ecc.optimized_bls12_381.optimized_pairing"
_FUNCTIONS = ("pairing", "final_exponentiate")
"""What py_ecc's package of the curve takes from it by name."""


def load() -> Any:
    """The proof-of-possession scheme, `py_ecc.bls.G2ProofOfPossession`; imported at the first call (0.1 s)."""
    if _PAIRINGS not in sys.modules:
        sys.modules[_PAIRINGS] = _Later(_PAIRINGS)
    limit = sys.getrecursionlimit()
    try:
        from py_ecc.bls import G2ProofOfPossession
    finally:
        sys.setrecursionlimit(limit)
    return G2ProofOfPossession


class _Later(ModuleType):
    """Stands for the module of pairings until one of them is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in _FUNCTIONS:
            return getattr(self._itself(), name)

        def function(*arguments: Any, **named: Any) -> Any:
            return getattr(self._itself(), name)(*arguments, **named)

        return function

    def _itself(self) -> ModuleType:
        if sys.modules[_PAIRINGS] is self:
            del sys.modules[_PAIRINGS]
        return importlib.import_module(_PAIRINGS)

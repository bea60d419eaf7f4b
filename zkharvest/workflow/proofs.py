"""What every way to a proof needs: parameters by name, kernels that load meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zkharvest.errors import UsageError, ZkharvestError
from zkharvest.verifier.params import PRESETS, Preset

_LARGE = 17
_FOR_LARGE = {"balanced": "large", "small": "large"}
"""What takes a preset's place from 2^17 rows on: half the blow-up or less, and of the memory, for a larger proof."""


class SelfCheckError(ZkharvestError):
    """Ledger and circuit disagree, or a proof just made does not verify: a bug. The package must not be used."""


def first_run() -> bool:
    """Whether the prover's kernels have yet to be compiled: then the first proof takes half a minute longer.

    Where they are cached elsewhere (the package lies where we may not write), the answer is no.
    """
    folder = Path(__file__).parent.parent / "prover"
    return os.access(folder, os.W_OK) and not any(folder.glob("__pycache__/*.nbi"))


@contextmanager
def getting_ready(*, begin: bool = True) -> Iterator[None]:
    """Import the prover and load its kernels in a thread while the block runs, if `begin`."""
    if not begin:
        yield
        return
    from zkharvest.prover.warm import kernels_loading

    with kernels_loading(_load):
        yield


def _load() -> None:
    from zkharvest.ledger.history import machine_fast
    from zkharvest.workflow import links  # noqa: F401

    machine_fast.load()


def find_preset(name: str, rows: int) -> Preset:
    """The preset of that name, or the one that takes its place at a height of 2^rows."""
    preset = PRESETS.get(name)
    if preset is None:
        raise UsageError(f'"{name}" is not a proof size', "give balanced or small")
    return PRESETS[_FOR_LARGE.get(name, name)] if rows >= _LARGE else preset

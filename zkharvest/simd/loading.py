"""numba is imported without the packages that it only looks for: none of our kernels uses them.

Where they are installed, numba imports scipy to see whether there is a BLAS for np.dot, coverage in case its own code
is measured, yaml for a file of settings, and cffi for functions that a kernel might call: almost half a second before
the first kernel.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.abc import MetaPathFinder
from threading import get_ident
from types import ModuleType

_ONLY_LOOKED_FOR = {"scipy", "scipy.linalg", "coverage", "yaml", "cffi"}


class _Unseen(MetaPathFinder):
    """Says of some modules that they are not installed, to the thread that makes it and to no other."""

    def __init__(self) -> None:
        self._thread = get_ident()

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:  # noqa: ARG002
        """Raise ModuleNotFoundError, or leave the module to the next finder."""
        if name in _ONLY_LOOKED_FOR and get_ident() == self._thread:
            raise ModuleNotFoundError(f"{name} is not looked for here", name=name)


def numba_alone() -> None:
    """Import numba, with what it keeps for arrays; what is imported already stays in its sight."""
    finder = _Unseen()
    sys.meta_path.insert(0, finder)
    try:
        import numba.np.arraymath  # noqa: F401
    finally:
        with suppress(ValueError):
            sys.meta_path.remove(finder)

"""How kernels are compiled: the options in one place.

A *kernel* is called from Python: it releases the interpreter lock and is kept on disk after its first compilation.
A *helper* is called from kernels only, so that no entry from Python is compiled for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from numba import njit


def _load_without_scipy() -> None:
    """Import what numba keeps for arrays, with scipy.linalg out of its sight.

    Where scipy is installed numba imports it at the first kernel to see whether there is a BLAS for np.dot: a quarter
    of a second, for what no kernel here uses.
    """
    if "scipy.linalg" in sys.modules:
        return
    sys.modules["scipy.linalg"] = None  # type: ignore[assignment]
    try:
        import numba.np.arraymath  # noqa: F401
    finally:
        del sys.modules["scipy.linalg"]


_load_without_scipy()

kernel: Callable[[Callable[..., Any]], Any] = njit(nogil=True, cache=True, no_cfunc_wrapper=True)
helper: Callable[[Callable[..., Any]], Any] = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
inlined: Callable[[Callable[..., Any]], Any] = njit(
    no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True
)  # fmt: skip

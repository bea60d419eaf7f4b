"""How kernels are compiled: the options in one place.

A *kernel* is called from Python: it releases the interpreter lock and is kept on disk after its first compilation.
A *helper* is called from kernels only, so that no entry from Python is compiled for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit, types

__all__ = ["helper", "inlined", "kernel", "njit", "types"]

kernel: Callable[[Callable[..., Any]], Any] = njit(nogil=True, cache=True, no_cfunc_wrapper=True)
helper: Callable[[Callable[..., Any]], Any] = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
inlined: Callable[[Callable[..., Any]], Any] = njit(
    no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True
)  # fmt: skip

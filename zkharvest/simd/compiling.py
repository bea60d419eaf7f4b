# mypy: disable-error-code="import-untyped,misc,no-untyped-call"
"""How kernels are compiled and loaded: the options in one place.

A *kernel* is called from Python: it releases the interpreter lock and is kept on disk after its first compilation.
A *helper* is called from kernels only, so that no entry from Python is compiled for it.

What is on disk is loaded by itself. numba would first import all that it can compile, a quarter of a second in every
process that calls a kernel; it does so still where there is nothing on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit, types
from numba.core.caching import FunctionCache
from numba.core.runtime import rtsys

__all__ = ["helper", "inlined", "kernel", "njit", "types"]


class _Kept(FunctionCache):
    """numba's files of compiled code, read without what only compiling needs."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The kernel for these types of arguments, None if it is not on disk."""
        rtsys.initialize(target_context)  # memory for arrays that a kernel makes
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)


def kernel(function: Callable[..., Any]) -> Any:
    """Compile for calls from Python, or take it from disk."""
    made = njit(nogil=True, no_cfunc_wrapper=True)(function)
    made._cache = _Kept(function)  # noqa: SLF001  (numba has no public way)
    return made


helper: Callable[[Callable[..., Any]], Any] = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
inlined: Callable[[Callable[..., Any]], Any] = njit(
    no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True
)  # fmt: skip

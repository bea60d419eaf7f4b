# mypy: disable-error-code="import-untyped,misc,no-untyped-call"
"""How kernels are compiled and loaded: the options in one place.

A *kernel* is called from Python: it releases the interpreter lock and is kept on disk after its first compilation.
A *helper* is called from kernels only, so that no entry from Python is compiled for it.

What is on disk is loaded by itself. numba would first import all that it can compile, a quarter of a second in every
process that calls a kernel; it does so still where there is nothing on disk.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from numba import njit, types
from numba.core.caching import FunctionCache
from numba.core.dispatcher import Dispatcher
from numba.core.runtime import rtsys

__all__ = ["helper", "inlined", "kernel", "njit", "types"]


_Stamp = tuple[int, int]
_OPERATIONS = __name__.rpartition(".")[0]


class _Kept(FunctionCache):
    """numba's files of compiled code, read without what only compiling needs.

    numba takes a file for fresh if the kernel's own source is what it was, though helpers of other files are compiled
    into it: so theirs count too.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        stamps = _stamps(function.__module__)
        self._cache_file._source_stamp = stamps  # noqa: SLF001  (numba has no public way)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The kernel for these types of arguments, None if it is not on disk."""
        rtsys.initialize(target_context)  # memory for arrays that a kernel makes
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)


def _stamps(module: str) -> tuple[tuple[str, _Stamp], ...]:
    """Time and size of the sources that the kernels of a module are compiled from, by the names of their modules."""
    names = {module}.union(*map(_sources, _named(module)))
    return tuple((name, _stamp(name)) for name in sorted(names))


@cache
def _sources(module: str) -> frozenset[str]:
    """A module, imported by now, and those that what it has for kernels comes from, and so on."""
    found: set[str] = set()
    waiting = {module}
    while waiting:
        found |= waiting
        waiting = {of for name in waiting for of in _named(name)} - found
    return frozenset(found)


def _named(module: str) -> set[str]:
    """The modules from which it has globals that may be compiled into a kernel."""
    return {of for value in vars(sys.modules[module]).values() if (of := _helpful(value))}


@cache
def _stamp(module: str) -> _Stamp:
    source = sys.modules[module].__file__
    made = Path(source).stat() if source else None
    return (made.st_mtime_ns, made.st_size) if made else (0, 0)


def _helpful(value: Any) -> str:
    """The module that a module's global comes from, if it may be compiled into a kernel; else an empty name."""
    of = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    if not isinstance(of, str) or of not in sys.modules:
        return ""
    return of if isinstance(value, Dispatcher) or of.startswith(f"{_OPERATIONS}.") else ""


def kernel(function: Callable[..., Any]) -> Any:
    """Compile for calls from Python, or take it from disk."""
    made = njit(nogil=True, no_cfunc_wrapper=True)(function)
    made._cache = _Kept(function)  # noqa: SLF001  (numba has no public way)
    return made


helper: Callable[[Callable[..., Any]], Any] = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
inlined: Callable[[Callable[..., Any]], Any] = njit(
    no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True
)  # fmt: skip

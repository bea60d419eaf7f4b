"""Other processes that work for this one: of this machine, or the workers of a Dask scheduler.

A process that works for another ends with it, however that one ends, and says how it ended itself.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from typing import TYPE_CHECKING

from zkharvest.errors import UsageError

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

_PATIENCE = 5  # seconds for the workers of a broken pool to end
_GUARD = "a script that calls zkharvest must do it under: if __name__ == '__main__'"


def end_with_parent() -> None:
    """Of a process that was made by another: end when that one does, without a word.

    Killed, it could not end its workers, which would go on, or wait for ever for work.
    """
    from threading import Thread

    parent = parent_process()
    if parent is not None:
        Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def local_pool(workers: int) -> Callable[[], Executor]:
    """Processes of this machine, started afresh (not forked: kernels have threads), each with one kernel thread.

    The call that makes them waits for the first to start, and raises UsageError if it cannot.
    """

    def start() -> Executor:
        executor = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin)
        try:
            first = executor.submit(os.getpid)
            own = active_children()
            first.result()
        except BrokenProcessPool:
            code = how_ended(own)
            how = f"with exit code {code}" if code is not None and code >= 0 else "by a signal"
            raise UsageError(f"the workers cannot start: they end {how}", _GUARD) from None
        except RuntimeError:
            if sys.modules["__mp_main__"] is sys.modules["__main__"]:
                raise
            # A worker reads the script that began the batch, as a module of its own: multiprocessing refuses to go on.
            raise UsageError("this script begins a batch whenever it is read, and workers read it", _GUARD) from None
        return executor

    return start


def _begin() -> None:
    """A worker shares the machine with others: its kernels use one thread; Ctrl-C is for the parent to handle."""
    os.environ.setdefault("ZKHARVEST_THREADS", "1")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


@contextmanager
def dask_pool(address: str) -> Iterator[tuple[Callable[[], Executor], int]]:
    """The workers of a Dask scheduler as executor, and how many threads they have.

    They must reach the files under the names that this machine has for them. Raises UsageError if the scheduler cannot
    be reached.
    """
    from distributed import Client as Dask

    try:
        dask = Dask(address, timeout="10s")
    except (OSError, TimeoutError, ValueError) as error:
        hint = "give its address, such as tcp://127.0.0.1:8786"
        raise UsageError(f"the scheduler {address} cannot be reached ({error})", hint) from None
    try:
        threads = sum(worker["nthreads"] for worker in dask.scheduler_info(n_workers=-1)["workers"].values())
        if not threads:
            raise UsageError(f"the scheduler {address} has no workers", "start dask workers that connect to it")
        yield (lambda: dask.get_executor(pure=False)), threads
    finally:
        dask.close()


def how_ended(own: Iterable[BaseProcess]) -> int | None:
    """How the first worker to end by itself ended: its exit code, below 0 a signal; None if that is not known.

    The others are ended (SIGTERM) by the pool that broke.
    """
    until = time.monotonic() + _PATIENCE
    for process in own:  # the pool waits for them too: who comes second has the code a moment later
        process.join(_PATIENCE)
        while process.exitcode is None and time.monotonic() < until:
            time.sleep(0.01)
    codes = [process.exitcode for process in own if process.exitcode is not None]
    return next((code for code in codes if code != -signal.SIGTERM), codes[0] if codes else None)


def died(code: int | None) -> str:
    """What happened to a worker, from how it ended (`how_ended`)."""
    if code is None or code >= 0:
        return "the worker ended" + (f" with exit code {code}" if code else "")
    name = next((one.name for one in signal.Signals if one == -code), f"signal {-code}")
    why = ", most likely for want of memory" if name == "SIGKILL" else ""
    return f"the worker was ended by {name}{why}"

"""Many clients at once: one job a client, on every core or on a cluster, none of which stops the others.

Jobs are coarse and know nothing of each other, so an executor is all that is needed: processes of this machine
(concurrent.futures), or the workers of a Dask scheduler, which offer the same interface. A client that is finished
leaves `done.json` with a digest of all that went in; the next run passes over it while nothing has changed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING

from zkharvest.desk.clients import Client
from zkharvest.errors import UsageError, ZkharvestError

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

DONE = "done.json"
SCHEMA = "zkharvest/batch-client/1"
COLUMNS = ("client", "status", "seconds", "memory_mb", "result", "message")
_TRIES = 2  # of a client whose worker died: once by itself is bad luck
_PATIENCE = 5  # seconds for the workers of a broken pool to end
_GUARD = "a script that calls zkharvest must do it under: if __name__ == '__main__'"


@dataclass(frozen=True, slots=True)
class Job:
    """One client's work. `task` is report or prove; `settings` are the command's options that change the result."""

    task: str
    client: Client
    folder: str
    settings: tuple[tuple[str, str], ...] = ()
    passphrase: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    """How a job ended: done, unchanged or failed. `seconds` and `memory` (bytes, of the worker's peak) are its cost."""

    client: str
    status: str
    seconds: float = 0.0
    memory: int = 0
    result: str = ""
    message: str = ""


def run_job(job: Job) -> Result:
    """Do a job, unless its results are there and nothing changed. Never raises: a failure is a result."""
    begun = time.perf_counter()
    try:
        folder = Path(job.folder)
        key = _key(job)
        if (found := _finished(folder, key)) is not None:
            return Result(job.client.name, "unchanged", result=found)
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            (folder / DONE).unlink()  # from now on the folder is unfinished
        from zkharvest.desk import batch_tasks

        result = batch_tasks.TASKS[job.task](job, folder)
        _finish(folder, key, result)
        status, message = "done", ""
    except (ZkharvestError, OSError) as error:
        status, result, message = "failed", "", _one_line(error)
    except MemoryError:
        status, result, message = "failed", "", "out of memory"
    except Exception as error:  # noqa: BLE001  (a bug met by one client must not stop the rest; it may hold amounts)
        status, result, message = "failed", "", f"internal error: {type(error).__name__}"
    return Result(job.client.name, status, time.perf_counter() - begun, _peak(), result, message)


def _one_line(error: Exception) -> str:
    lines = str(error).splitlines()
    hints = [line.removeprefix("hint: ") for line in lines if line.startswith("hint: ")]
    text = "; ".join(line for line in lines if not line.startswith("hint: "))
    return f"{text} (hint: {hints[0]})" if hints else text


def _peak() -> int:
    """The peak of this process's memory, in bytes; 0 where the system does not say."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if os.uname().sysname == "Darwin" else peak * 1024


def _key(job: Job) -> str:
    """A digest of everything the results follow from."""
    from zkharvest import __version__

    client = job.client
    digest = sha256(f"{SCHEMA}\0{__version__}\0{job.task}\0{client.election}\0{client.currency}\0".encode())
    digest.update(repr(sorted(job.settings)).encode())
    for path in (client.trades, client.broker, client.opening):
        digest.update(b"\0" if not path else sha256(_read(path)).digest())
    return digest.hexdigest()


def _read(path: str) -> bytes:
    from zkharvest.files.atomic import read_file

    return read_file(path)


def _finished(folder: Path, key: str) -> str | None:
    """The result of a finished folder with this key, if all its files are as they were left."""
    try:
        state = json.loads((folder / DONE).read_text(encoding="utf-8"))
        if state["schema"] != SCHEMA or state["key"] != key:
            return None
        for name, digest in state["files"].items():
            if sha256((folder / name).read_bytes()).hexdigest() != digest:
                return None
        return str(state["result"])
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None


def _finish(folder: Path, key: str, result: str) -> None:
    from zkharvest.files.atomic import write_file

    files = {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != DONE and not path.name.startswith(".")
    }
    state = {"schema": SCHEMA, "key": key, "result": result, "files": files}
    write_file(folder / DONE, (json.dumps(state, indent=2) + "\n").encode(), force=True)


# Running


def run_batch(
    jobs: Sequence[Job], start: Callable[[], Executor], *, workers: int, progress: Callable[[Result, int], None]
) -> list[Result]:
    """Run all jobs, and return their results in the order of the jobs. `progress` is told of each as it ends.

    No more jobs than `workers` are under way, so that a worker that dies (killed, out of memory) takes few with it:
    those are tried once more, alone in a new pool, and then given up.
    """
    results: dict[int, Result] = {}
    tries = dict.fromkeys(range(len(jobs)), 0)
    pending = list(range(len(jobs)))

    def end(number: int, result: Result) -> None:
        results[number] = result
        progress(result, len(results))

    while pending:
        executor = start()
        under_way: dict[Future[Result], int] = {}
        at_once = 1 if any(tries[number] for number in pending) else workers
        own: set[BaseProcess] = set()
        try:
            while pending or under_way:
                while pending and len(under_way) < at_once:
                    number = pending[0]
                    under_way[executor.submit(run_job, jobs[number])] = number
                    del pending[0]  # only now: a pool that is broken takes no job
                    tries[number] += 1
                    own.update(active_children())
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    number = under_way[future]
                    end(number, _result(future, jobs[number]))
                    del under_way[future]
        except BrokenProcessPool:
            code = _ended(own)
            for future, number in under_way.items():
                if future.done() and not future.cancelled() and future.exception() is None:
                    end(number, future.result())
                elif tries[number] < _TRIES:
                    pending.insert(0, number)
                else:
                    end(number, Result(jobs[number].client.name, "failed", message=_died(code)))
        except BaseException:  # Ctrl-C too: what is under way is stopped, and its folders count as unfinished
            for future in under_way:
                future.cancel()
            executor.shutdown(wait=False)
            for process in active_children():
                process.terminate()
            raise
        executor.shutdown()
    return [results[number] for number in range(len(jobs))]


def _result(future: Future[Result], job: Job) -> Result:
    """The result of a job that ended. A cluster says that workers died by an error of its own (KilledWorker)."""
    try:
        return future.result()
    except BrokenProcessPool:
        raise
    except (Exception, CancelledError) as error:  # noqa: BLE001  (run_job raises nothing: it was never finished)
        return Result(job.client.name, "failed", message=f"the cluster gave it up: {type(error).__name__}")


def _ended(own: Iterable[BaseProcess]) -> int | None:
    """How the first worker to end by itself ended: its exit code, below 0 a signal; None if that is not known.

    The others are ended (SIGTERM) by the pool that broke.
    """
    for process in own:
        process.join(_PATIENCE)
    codes = [process.exitcode for process in own if process.exitcode is not None]
    return next((code for code in codes if code != -signal.SIGTERM), codes[0] if codes else None)


def _died(code: int | None) -> str:
    if code is None or code >= 0:
        return "the worker ended" + (f" with exit code {code}" if code else "")
    name = next((one.name for one in signal.Signals if one == -code), f"signal {-code}")
    why = ", most likely for want of memory" if name == "SIGKILL" else ""
    return f"the worker was ended by {name}{why}"


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
            code = _ended(own)
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
    """A worker shares the machine with others: its kernels use one thread; Ctrl-C is for the parent to handle.

    It ends with its parent: a batch that is killed would else leave workers that wait for ever.
    """
    from threading import Thread

    os.environ.setdefault("ZKHARVEST_THREADS", "1")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


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


def result_rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """The summary as COLUMNS."""
    return [
        (one.client, one.status, f"{one.seconds:.1f}", str(one.memory // 1_000_000), one.result, one.message)
        for one in results
    ]


def counted(results: Sequence[Result]) -> dict[str, int]:
    """How many ended in which way."""
    return {status: sum(one.status == status for one in results) for status in ("done", "unchanged", "failed")}

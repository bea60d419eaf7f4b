"""Many clients at once: one job a client, on every core or on a cluster, none of which stops the others.

Jobs are coarse and know nothing of each other, so an executor is all that is needed: processes of this machine
(concurrent.futures), or the workers of a Dask scheduler, which offer the same interface. A client that is finished
leaves `done.json` with a digest of all that went in; the next run passes over it while nothing has changed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from multiprocessing import active_children
from pathlib import Path
from typing import TYPE_CHECKING

from zkharvest.desk.clients import Client
from zkharvest.desk.workers import died, how_ended
from zkharvest.errors import ZkharvestError

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

DONE = "done.json"
SCHEMA = "zkharvest/batch-client/1"
COLUMNS = ("client", "status", "seconds", "memory_mb", "result", "message")
_TRIES = 2  # of a client whose worker died: once by itself is bad luck


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
    from zkharvest.desk.batch_tasks import standing_before

    client = job.client
    digest = sha256(f"{SCHEMA}\0{__version__}\0{job.task}\0{client.election}\0{client.currency}\0".encode())
    digest.update(repr(sorted(job.settings)).encode())
    before = standing_before(client, Path(job.folder)) if job.task == "prove" else None
    seed = Path()
    if client.opening:
        from zkharvest.workflow.own_folder import SEED

        seed = Path(client.opening) / SEED
    for path in (client.trades, client.broker, seed if seed.is_file() else None, before):
        digest.update(b"\0" if not path else sha256(_read(path)).digest())
    return digest.hexdigest()


def _read(path: str | Path) -> bytes:
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
            code = how_ended(own)
            for future, number in under_way.items():
                if future.done() and not future.cancelled() and future.exception() is None:
                    end(number, future.result())
                elif tries[number] < _TRIES:
                    pending.insert(0, number)
                else:
                    end(number, Result(jobs[number].client.name, "failed", message=died(code)))
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


def result_rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """The summary as COLUMNS."""
    return [
        (one.client, one.status, f"{one.seconds:.1f}", str(one.memory // 1_000_000), one.result, one.message)
        for one in results
    ]


def counted(results: Sequence[Result]) -> dict[str, int]:
    """How many ended in which way."""
    return {status: sum(one.status == status for one in results) for status in ("done", "unchanged", "failed")}

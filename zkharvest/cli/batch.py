"""Many clients at once: `batch report`, `batch prove`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zkharvest.cli import output, passphrases
from zkharvest.cli.help import Group
from zkharvest.cli.options import Json, NoPassphrase, PassphraseFd, PassphraseFile, PoolingOption, ZoneOption
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError
from zkharvest.ledger.rules import DEFAULT_POOLING, DEFAULT_TIMEZONE, Method
from zkharvest.spec import FIRST_YEAR, LAST_YEAR

if TYPE_CHECKING:
    from zkharvest.desk.batch import Job, Result

batch = typer.Typer(cls=Group, help="Many clients at once, on all cores or on a cluster.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder in which the clients' files lie.")]
Clients = Annotated[
    Path | None, typer.Option("--clients", metavar="CSV", help="The list of clients; default: DIR/clients.csv.")
]
Out = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder of the results; default: DIR/results.")
]
Year = Annotated[int | None, typer.Option("--year", "-y", min=FIRST_YEAR, max=LAST_YEAR, help="Tax year of all.")]
AnyMethod = Annotated[Method, typer.Option("--method", "-m", help="Method of clients that state none.")]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Clients at once; default: one for each core.")]
Scheduler = Annotated[
    str | None, typer.Option("--scheduler", metavar="ADDRESS", help="Use the workers of this Dask scheduler.")
]


@batch.command("report")
def batch_report(
    folder: Folder,
    clients: Clients = None,
    out: Out = None,
    year: Year = None,
    method: AnyMethod = Method.FIFO,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: ZoneOption = DEFAULT_TIMEZONE,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    json: Json = False,
) -> ExitCode:
    """Forms, TXF and the report page of every client. Run again, it does only what is new or has changed."""
    default = {"year": str(year or ""), "method": method.value, "pooling": pooling.value, "timezone": timezone}
    return _run("report", folder, clients, out, default, (), jobs, scheduler, json=json)


@batch.command("prove")
def batch_prove(
    folder: Folder,
    clients: Clients = None,
    out: Out = None,
    year: Year = None,
    method: AnyMethod = Method.FIFO,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: ZoneOption = DEFAULT_TIMEZONE,
    audience: Annotated[str, typer.Option("--audience", metavar="TEXT", help="For whom the proofs are made.")] = "",
    size: Annotated[
        str, typer.Option("--size", help="balanced, or small: fewer bytes, twice the time (test: for tests only).")
    ] = "balanced",
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    none: NoPassphrase = False,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    json: Json = False,
) -> ExitCode:
    """A proof of every client's year, verified. Run again, it does only what is new or has changed.

    Each client's pages are made, or gone on with, beside the proof, and the year goes on from the one that was proven
    there before. The passphrase seals what is secret, and opens what the clients have.
    """
    default = {"year": str(year or ""), "method": method.value, "pooling": pooling.value, "timezone": timezone}
    settings = (("audience", audience), ("size", size))
    chosen = passphrases.new("the clients' openings", passphrase_file, passphrase_fd, none=none)
    if scheduler is not None and chosen is not None and not scheduler.startswith("tls://"):
        output.warning("the passphrase goes to the workers unencrypted", "use a scheduler with tls://")
    return _run("prove", folder, clients, out, default, settings, jobs, scheduler, json=json, passphrase=chosen)


def _run(
    task: str,
    folder: Path,
    clients: Path | None,
    out: Path | None,
    default: dict[str, str],
    settings: tuple[tuple[str, str], ...],
    jobs: int | None,
    scheduler: str | None,
    *,
    json: bool,
    passphrase: str | None = None,
) -> ExitCode:
    import os

    from zkharvest.desk import batch as batches
    from zkharvest.desk import workers as pools
    from zkharvest.desk.clients import read_clients
    from zkharvest.files.leftovers import sweep

    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder", "name the folder in which the clients' files lie")
    if scheduler is not None and jobs is not None:
        raise UsageError("--jobs is for this machine", "a scheduler has as many workers as it has")
    listed = read_clients(clients or folder / "clients.csv", folder, default)
    target = (out or folder / "results").absolute()
    target.mkdir(parents=True, exist_ok=True)
    for left in (target, *(target / client.name for client in listed)):  # of a batch that was killed
        sweep(left)
    work = [batches.Job(task, client, str(target / client.name), settings, passphrase) for client in listed]
    if scheduler is not None:
        with pools.dask_pool(scheduler) as (start, threads):
            results = _shown(work, start, threads)
    else:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        workers = min(jobs or cores, len(work))
        results = _shown(work, pools.local_pool(workers), workers)
    return _summary(task, target, results, json=json)


def _shown(work: list[Job], start: object, workers: int) -> list[Result]:
    from zkharvest.desk import batch as batches

    with output.progress(f"batch of {len(work)}") as step:

        def told(result: Result, count: int) -> None:
            step(f"{count} of {len(work)}, {result.client} {result.status}")
            if result.status == "failed":
                output.error(f"{result.client}: {result.message}")

        return batches.run_batch(work, start, workers=workers, progress=told)  # type: ignore[arg-type]


def _summary(task: str, target: Path, results: list[Result], *, json: bool) -> ExitCode:
    from zkharvest.desk import batch as batches
    from zkharvest.files.atomic import write_file
    from zkharvest.ledger.report import csv_text

    rows = batches.result_rows(results)
    write_file(target / "summary.csv", csv_text(batches.COLUMNS, rows).encode(), force=True)
    counts = batches.counted(results)
    if json:
        clients = [dict(zip(batches.COLUMNS, row, strict=True)) for row in rows]
        output.json_object("zkharvest/batch/1", {"task": task, "folder": str(target), **counts, "clients": clients})
    else:
        output.table(("client", "status", "seconds", "MB", "result"), [row[:5] for row in rows], right=(2, 3))
        output.data("")
        output.data(", ".join(f"{number} {status}" for status, number in counts.items()))
    return ExitCode.REJECTED if counts["failed"] else ExitCode.DONE

"""What a batch does for one client: forms and report, or a proof."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from zkharvest.desk.amounts import plain
from zkharvest.errors import InputError
from zkharvest.files.atomic import read_file, write_file
from zkharvest.trades.csv_in import load_trades

if TYPE_CHECKING:
    from zkharvest.commitment.opening import Opening
    from zkharvest.desk.batch import Job
    from zkharvest.desk.clients import Client
    from zkharvest.trades.model import Trade

SECRET = "secret.zko"  # the opening's file  # noqa: S105


def report(job: Job, folder: Path) -> str:
    """Form 8949, Schedule D, income, TXF and the page; returns the net of the year."""
    from zkharvest import __version__
    from zkharvest.desk.broker import read_1099da
    from zkharvest.desk.form8949 import ROW_COLUMNS, form_rows
    from zkharvest.desk.income import COLUMNS, income_rows
    from zkharvest.desk.lines import lines_of
    from zkharvest.desk.overview import make_overview, overview_json
    from zkharvest.desk.page import page_html, write_bytes
    from zkharvest.desk.pdf_forms import form8949_pdf, schedule_pdf
    from zkharvest.desk.reconcile import COLUMNS as FINDINGS
    from zkharvest.desk.reconcile import finding_rows, reconcile
    from zkharvest.desk.txf import txf_text
    from zkharvest.ledger.report import csv_text
    from zkharvest.ledger.run import run_ledger

    client = job.client
    trades = load_trades(client.trades)
    run = run_ledger(trades, client.election)
    found = reconcile(run, lines_of(run), read_1099da(client.broker)) if client.broker else None
    digest = sha256(read_file(client.trades)).hexdigest()
    view = make_overview(run, trades, source=Path(client.trades).name, digest=digest, found=found)
    made = {
        "form8949.csv": csv_text(ROW_COLUMNS, form_rows(view.form, run)).encode(),
        "form8949.pdf": form8949_pdf(view.form, name=client.name),
        "income.csv": csv_text(COLUMNS, income_rows(view.income)).encode(),
        "trades.txf": txf_text(view.form, view.income, program=f"zkharvest {__version__}",
                               exported=date(client.election.year, 12, 31)).encode("ascii"),
        "report.html": write_bytes(page_html(view, version=__version__)),
        "report.json": (json.dumps(overview_json(view), indent=2) + "\n").encode(),
    }  # fmt: skip
    if view.schedule is not None:
        made["scheduled.pdf"] = schedule_pdf(view.schedule, name=client.name)
    if found is not None:
        made["reconcile.csv"] = csv_text(FINDINGS, finding_rows(found, run)).encode()
    for name, data in made.items():
        write_file(folder / name, data, force=True)
    return plain(view.net)


def prove(job: Job, folder: Path) -> str:
    """The package of the year, verified; returns its name and size. The opening is the client's, or is made here."""
    from zkharvest.workflow import prove as proving

    client = job.client
    opening = _opening(job, folder)
    settings = dict(job.settings)
    election = client.election
    package = proving.prove(
        opening,
        year=election.year,
        method=election.rule,
        pooling=election.pooling.value,
        timezone=election.timezone,
        audience=settings.get("audience", ""),
        preset=settings.get("size", "balanced"),
    )
    proving.self_check(package, opening)
    name = f"{election.year}.zkh"
    write_file(folder / name, package, force=True)
    roots = {source: opening.roots[source].hex() for source in opening.sources}
    write_file(folder / "commitments.json", (json.dumps(roots, indent=2) + "\n").encode(), force=True)
    return f"{name} {len(package)} bytes"


def _opening(job: Job, folder: Path) -> Opening:
    """The opening that the client has, that an earlier run made of the same trades, or a new one, sealed."""
    from zkharvest.commitment.opening import commit
    from zkharvest.files.openings import read_opening, write_opening

    client = job.client
    trades = load_trades(client.trades)
    path = Path(client.opening) if client.opening else folder / SECRET
    if client.opening or path.exists():
        opening = read_opening(path, job.passphrase)
        _same_trades(opening, trades, client, path)
        return opening
    opening = commit(trades, currency=client.currency or None)
    write_opening(path, opening, passphrase=job.passphrase)
    return opening


def _same_trades(opening: Opening, trades: list[Trade], client: Client, path: Path) -> None:
    if list(opening.trades) != trades:
        raise InputError.one(
            str(path),
            f"commits to other trades than {client.trades}",
            "restore the trades that were committed to, or move the opening away to commit anew",
        )


TASKS: Mapping[str, Callable[[Job, Path], str]] = {"report": report, "prove": prove}

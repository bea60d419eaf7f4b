"""What a batch does for one client: forms and report, or a proof."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from zkharvest.commitment.assets import load_assets, two_spellings
from zkharvest.desk.amounts import plain
from zkharvest.errors import InputError
from zkharvest.files.atomic import read_file, write_file
from zkharvest.trades.csv_in import load_trades
from zkharvest.trades.importers.names import load_names

if TYPE_CHECKING:
    from zkharvest.desk.batch import Job
    from zkharvest.desk.clients import Client
    from zkharvest.workflow.own_folder import OwnPages


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
    if problems := two_spellings(trades, load_names(), load_assets()):
        raise InputError(problems)  # a proof would join lots that the forms keep apart
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
    """The package of the year, verified; returns its name and size.

    Pages are made of the client's trades, in the client's own folder of pages, or here; the year goes on from the one
    before, if a batch has proven it here.
    """
    from zkharvest.files.standings import write_standing
    from zkharvest.workflow import prove_chain as proving

    client, settings = job.client, dict(job.settings)
    own = _pages(job, folder)
    election = client.election
    carried = standing_before(client, folder)
    made = proving.prove_chain(
        own,
        year=election.year,
        method=election.rule,
        first=carried is None,
        carry_in=proving.read_standing(carried, job.passphrase) if carried is not None else None,
        pooling=election.pooling.value,
        timezone=election.timezone,
        audience=settings.get("audience", ""),
        preset=settings.get("size", "balanced"),
        warn=lambda _: None,
    )
    name = f"{election.year}.zkh"
    write_standing(folder / f"{election.year}.zks", made.carried_out, passphrase=job.passphrase, force=True)
    write_file(folder / name, made.package, force=True)
    pages = {source: page.hex() for source, page in own.pages.items()}
    write_file(folder / "pages.json", (json.dumps(pages, indent=2) + "\n").encode(), force=True)
    return f"{name} {len(made.package)} bytes"


def standing_before(client: Client, folder: Path) -> Path | None:
    """What the proof of the year before carried out, if it was made here."""
    path = folder / f"{client.election.year - 1}.zks"
    return path if path.is_file() else None


def _pages(job: Job, folder: Path) -> OwnPages:
    """Pages up to the end of the client's year: those that are there, gone on with; a new seed if there are none."""
    from zkharvest.files.page_files import read_seed
    from zkharvest.ledger.calendar import Calendar
    from zkharvest.workflow import own_folder

    client = job.client
    where = Path(client.opening) if client.opening else folder
    if where.is_file():
        hint = "name the folder that zkharvest commit made, or leave it empty: then the batch commits by itself"
        raise InputError.one(str(where), "is one file, and pages lie in a folder", hint)
    seed = where / own_folder.SEED
    if client.opening and not seed.exists():
        raise InputError.one(
            str(where), "there is no seed of pages in it", "name the folder that zkharvest commit made"
        )
    before = own_folder.headers_in(where)
    election = client.election
    own = own_folder.commit_pages(
        load_trades(client.trades),
        end=Calendar(election.timezone).year_window(election.year)[1],
        currency=client.currency or None,
        pooling=election.pooling,
        timezone=election.timezone,
        seed=read_seed(seed, job.passphrase) if seed.exists() else None,
        before=before,
        again=True,
    )
    own_folder.write_pages(where, own, passphrase=job.passphrase)
    return own


TASKS: Mapping[str, Callable[[Job, Path], str]] = {"report": report, "prove": prove}

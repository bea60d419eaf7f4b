"""The report page, and the forms of other countries: commands of `report` beside those of cli/desk.py."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zkharvest.cli import desk, output
from zkharvest.cli.desk import STDOUT, Broker, Format, FormatOption, Target
from zkharvest.cli.doubts import read_trades
from zkharvest.cli.options import Force, Json, MethodOption, PoolingOption, Trades, YearOption, ZoneOption
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError
from zkharvest.ledger.rules import DEFAULT_POOLING, DEFAULT_TIMEZONE, Election, Pooling
from zkharvest.spec import FIRST_YEAR, LAST_YEAR


def schedule3(
    path: Trades,
    year: YearOption,
    timezone: ZoneOption = "America/Toronto",
    form: FormatOption = Format.TABLE,
    target: Target = STDOUT,
    force: Force = False,
    json: Json = False,
) -> ExitCode:
    """Canada: Schedule 3 by adjusted cost base (average cost): proceeds, cost, outlays, gain of each property."""
    from zkharvest.desk import schedule3 as canada
    from zkharvest.ledger.superficial import superficial_losses

    form = desk.settled_format(form, target, force=force, json=json, inputs=[path], pdf=False)
    done = desk.ran(path, Election(None, Pooling.UNIVERSAL, timezone, year, "canada"))
    run = done.run
    desk.say_currency(run, "CAD")
    made = canada.make_schedule3(run)
    output.note(canada.NOTE)
    for one in superficial_losses(run, done.read.trades):
        output.warning(one.text)
    if form is Format.JSON:
        return desk.write_object("zkharvest/schedule3/1", {**canada.schedule3_json(made), **done.json()}, target, force)
    rows = list(canada.schedule3_rows(made))
    if form is Format.CSV:
        return desk.write_csv(canada.COLUMNS, rows, target, force=force)
    output.data(f"Schedule 3 of {year}, adjusted cost base, {timezone}")
    output.data("")
    output.table(canada.COLUMNS, rows, right=(0, 2, 3, 4, 5))
    return ExitCode.DONE


def sa108(
    path: Trades,
    year: Annotated[int, typer.Option("--year", "-y", min=FIRST_YEAR, max=LAST_YEAR, help="2025 is 2024-25.")],
    form: FormatOption = Format.TABLE,
    target: Target = STDOUT,
    force: Force = False,
    json: Json = False,
) -> ExitCode:
    """United Kingdom: figures of SA108 by the share matching rules: same day, 30 days, section 104 holding."""
    from zkharvest.desk import sa108 as uk
    from zkharvest.ledger.regimes.uk import UnitedKingdom

    form = desk.settled_format(form, target, force=force, json=json, inputs=[path], pdf=False)
    election = Election(None, Pooling.UNIVERSAL, UnitedKingdom.timezone, year, UnitedKingdom.name)
    done = desk.ran(path, election)
    run = done.run
    desk.say_currency(run, "GBP")
    made = uk.make_sa108(run)
    for note in (*uk.sa108_notes(made), *UnitedKingdom.leaves_out):
        output.note(note)
    if form is Format.JSON:
        return desk.write_object("zkharvest/sa108/1", {**uk.sa108_json(made), **done.json()}, target, force)
    rows = list(uk.sa108_rows(made))
    if form is Format.CSV:
        return desk.write_csv(uk.COLUMNS, rows, target, force=force)
    output.data(f"SA108 of {year - 1}-{year % 100:02d}, from 6 April {year - 1} to 5 April {year}")
    output.data("")
    output.table(uk.BOX_COLUMNS, list(uk.box_rows(made)), right=(2,))
    output.data("")
    output.table(uk.COLUMNS, rows, right=(2, 4, 5, 6))
    return ExitCode.DONE


def page(
    path: Trades,
    target: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="report.html, report.pdf or report.json.")
    ],
    year: YearOption,
    method: MethodOption,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: ZoneOption = DEFAULT_TIMEZONE,
    broker: Broker = None,
    force: Force = False,
) -> ExitCode:
    """One page for the taxpayer and the accountant: summary, charts, lots, methods compared, every disposal."""
    import hashlib

    from zkharvest import __version__
    from zkharvest.collecting import without_collecting
    from zkharvest.desk.lines import lines_of
    from zkharvest.desk.methods import begin_others
    from zkharvest.desk.overview import make_overview, overview_json
    from zkharvest.files.atomic import ensure_writable, read_file
    from zkharvest.ledger.run import run_ledger

    suffix = target.suffix.lower()
    if suffix not in (".html", ".htm", ".pdf", ".json"):
        raise UsageError(f"{target}: which format?", "name it .html, .pdf or .json")
    ensure_writable(target, force=force, inputs=[path, *([broker] if broker else [])])
    election = Election(method, pooling, timezone, year)
    with output.progress("report") as step, without_collecting():
        step("reading trades")
        digest = hashlib.sha256(read_file(path)).hexdigest()
        trades, _ = read_trades(path, election)
        step("computing lots")
        run = run_ledger(trades, election)
        others = begin_others(trades, election)
        found = None if broker is None else desk.compared(run, lines_of(run), broker)
        step("comparing methods")
        view = make_overview(run, trades, source=path.name, digest=digest, found=found, others=others)
        step("writing the report")
        if suffix == ".json":
            shown = {**desk.rule_of(run), **overview_json(view)}
            return desk.write_object("zkharvest/overview/1", shown, target, force)
        if suffix == ".pdf":
            from zkharvest.desk.page_pdf import page_pdf

            data = page_pdf(view, version=__version__)
        else:
            from zkharvest.desk.page import page_html, write_bytes

            data = write_bytes(page_html(view, version=__version__))
    if suffix == ".pdf":
        desk.say_letters(run.trades)
    desk.say_open(found)
    return desk.save(target, data, force=force)

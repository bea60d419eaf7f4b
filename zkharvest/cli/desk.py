"""What a taxpayer and an adviser file and read: forms, the report page, and many clients at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from zkharvest.cli import output
from zkharvest.cli.doubts import Read, plain, read_trades
from zkharvest.cli.help import Group
from zkharvest.cli.options import Force, Json, MethodOption, PoolingOption, Trades, YearOption, ZoneOption
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError
from zkharvest.ledger.rules import DEFAULT_POOLING, DEFAULT_TIMEZONE, Election, Method, Pooling

if TYPE_CHECKING:
    from zkharvest.desk.form8949 import Form8949
    from zkharvest.desk.lines import Line
    from zkharvest.desk.reconcile import Reconciled
    from zkharvest.ledger.results import LedgerRun
    from zkharvest.trades.model import Trade

report = typer.Typer(cls=Group, help="Forms to file and pages to read, from the ledger.", no_args_is_help=True)


class Format(StrEnum):
    """How a form is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PDF = "pdf"


class Rows(StrEnum):
    """What is one row of Form 8949."""

    LOT = "lot"
    SALE = "sale"


FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to write it.")]
Target = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write; - is standard output (the default).")
]
WholeDollars = Annotated[bool, typer.Option("--whole-dollars", help="Round every amount to whole dollars.")]
RowsOption = Annotated[Rows, typer.Option("--by", help="One row for each lot, or for each sale (VARIOUS dates).")]
Broker = Annotated[
    Path | None, typer.Option("--reconcile", metavar="1099DA.csv", help="Form 1099-DA: gives boxes and codes.")
]
Official = Annotated[bool, typer.Option("--official", help="PDF: on the IRS's own form, its fields filled.")]
Name = Annotated[str, typer.Option("--name", metavar="TEXT", help="Name shown on the return, for the head of the PDF.")]
STDOUT = Path("-")


@report.command("form8949")
def form8949(
    path: Trades,
    year: YearOption,
    method: MethodOption,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: ZoneOption = DEFAULT_TIMEZONE,
    broker: Broker = None,
    by: RowsOption = Rows.LOT,
    whole: WholeDollars = False,
    form: FormatOption = Format.TABLE,
    target: Target = STDOUT,
    statement: Annotated[
        bool, typer.Option("--statement", help="PDF: one row with code M, the sales on an attached statement.")
    ] = False,
    official: Official = False,
    name: Name = "",
    force: Force = False,
    json: Json = False,
) -> ExitCode:
    """Form 8949: sales and other dispositions, in the boxes of the year, with totals for Schedule D."""
    from zkharvest.desk import form8949 as forms

    form = settled_format(form, target, force=force, json=json, inputs=[path, *([broker] if broker else [])])
    only_pdf(form, official=official, statement=statement)
    done, made, found = filled(path, Election(method, pooling, timezone, year), broker, by)
    run = done.run
    say_currency(run, "USD")
    say_open(found)
    if official:
        from zkharvest.desk.irs_forms import official_8949

        with output.progress("filling the form"):
            data = official_8949(made, name=name, whole=whole, statement=statement)
        return save(target, data, force=force)
    if form is Format.PDF:
        from zkharvest.desk.pdf_forms import form8949_pdf

        say_letters(run.trades)
        return save(target, form8949_pdf(made, name=name, whole=whole, statement=statement), force=force)
    rows = list(forms.form_rows(made, run, whole=whole))
    if form is Format.JSON:
        shown = {**rule_of(run), **done.json(), **forms.form_json(made, run, whole=whole)}
        return write_object("zkharvest/form8949/1", shown, target, force)
    if form is Format.CSV:
        return write_csv(forms.ROW_COLUMNS, rows, target, force=force)
    output.data(heading(f"Form 8949 of {year}", run))
    for box in made.totals:
        output.data("")
        output.data(output.paint(f"box {box}: {forms.box_text(box, year)}", "bold"))
        of_box = [row[2:10] if row[0] == "line" else ("line 2, totals", *row[3:10]) for row in rows if row[1] == box]
        output.table(("(a)", "(b)", "(c)", "(d)", "(e)", "(f)", "(g)", "(h)"), of_box, right=(3, 4, 6, 7))
    if not made.totals:
        output.data("nothing was disposed of in the year")
    return ExitCode.DONE


@report.command("income")
def income(
    path: Trades,
    year: YearOption,
    timezone: ZoneOption = DEFAULT_TIMEZONE,
    whole: WholeDollars = False,
    form: FormatOption = Format.TABLE,
    target: Target = STDOUT,
    name: Name = "",
    force: Force = False,
    json: Json = False,
) -> ExitCode:
    """Income by day, source and kind: rewards, airdrops, interest, for Schedule 1 line 8v."""
    from zkharvest.desk import income as incomes

    form = settled_format(form, target, force=force, json=json, inputs=[path])
    done = ran(path, Election(Method.FIFO, Pooling.UNIVERSAL, timezone, year), lots=False)
    made = incomes.income_of(done.run)
    for text in made.notes():
        output.note(text)
    if form is Format.PDF:
        from zkharvest.desk.pdf_forms import income_pdf

        say_letters(receipt.trade for receipt in made.receipts)
        return save(target, income_pdf(made, name=name, whole=whole), force=force)
    if form is Format.JSON:
        return write_object(
            "zkharvest/income/1", {**incomes.income_json(made, whole=whole), **done.json()}, target, force
        )
    rows = list(incomes.income_rows(made, whole=whole))
    if form is Format.CSV:
        return write_csv(incomes.COLUMNS, rows, target, force=force)
    output.data(f"income of {year}, {timezone}")
    output.data("")
    output.table(incomes.COLUMNS[:7], [row[:7] for row in rows], right=(5, 6))
    return ExitCode.DONE


@report.command("txf")
def txf(
    path: Trades,
    year: YearOption,
    method: MethodOption,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: ZoneOption = DEFAULT_TIMEZONE,
    broker: Broker = None,
    target: Target = STDOUT,
    with_income: Annotated[bool, typer.Option("--income/--no-income", help="Income too, as other income.")] = True,
    force: Force = False,
) -> ExitCode:
    """A file that tax programs import (TXF 042): every sale, and the income."""
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    from zkharvest import __version__
    from zkharvest.desk.income import income_of
    from zkharvest.desk.txf import txf_text

    settled_format(Format.CSV, target, force=force, json=False, inputs=[path, *([broker] if broker else [])])
    election = Election(method, pooling, timezone, year)
    done, made, found = filled(path, election, broker, Rows.LOT)
    run = done.run
    say_currency(run, "USD")
    say_open(found)
    today = datetime.now(UTC).astimezone(ZoneInfo(timezone)).date()
    received = income_of(run) if with_income else None
    text = txf_text(made, received, program=f"zkharvest {__version__}", exported=today)
    if any(box in "GHIJKL" for box in made.totals):
        output.note("TXF has no boxes G to L: after the import, check the boxes of Form 8949 in your tax program")
    return save(target, text.encode("ascii"), force=force)


@report.command("reconcile")
def reconcile(
    path: Trades,
    broker: Annotated[Path, typer.Argument(metavar="1099DA.csv", help="What brokers reported.")],
    year: YearOption,
    method: MethodOption,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: ZoneOption = DEFAULT_TIMEZONE,
    form: FormatOption = Format.TABLE,
    target: Target = STDOUT,
    force: Force = False,
    json: Json = False,
) -> ExitCode:
    """Form 1099-DA against the ledger, row by row, each difference explained. Exit 1 if one is left unexplained."""
    from zkharvest.desk.reconcile import COLUMNS, finding_rows

    form = settled_format(form, target, force=force, json=json, inputs=[path, broker], pdf=False)
    done, _, found = filled(path, Election(method, pooling, timezone, year), broker, Rows.LOT)
    run = done.run
    assert found is not None, "there is a broker's file"
    rows = list(finding_rows(found, run))
    if form is Format.JSON:
        findings = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        shown = {**rule_of(run), **done.json(), "open": len(found.open), "findings": findings}
        write_object("zkharvest/reconcile/1", shown, target, force)
    elif form is Format.CSV:
        write_csv(COLUMNS, rows, target, force=force)
    else:
        output.data(heading(f"Form 1099-DA of {year} against the ledger", run))
        for row in rows:
            output.data("")
            style = {"matched": "green", "differs": "red", "only-broker": "red"}.get(row[0], "yellow")
            output.data(output.paint(row[0], style), f"  {row[4]} {row[2]}, {row[3]}  {row[1]}")
            lines = [("trades", row[5]), ("proceeds", _both(row[6], row[7])), ("basis", _both(row[8], row[9]))]
            lines += [("code", row[10]), *(("why", text) for text in row[11].split("; "))]
            output.fields([(label, text) for label, text in lines if text])
    return ExitCode.REJECTED if found.open else ExitCode.DONE


def _both(broker: str, ledger: str) -> str:
    parts = [f"broker {broker}"] if broker else []
    parts += [f"ledger {ledger}"] if ledger else []
    return ", ".join(parts)


# What the commands share


def settled_format(
    form: Format, target: Path, *, force: bool, json: bool, inputs: Iterable[Path], pdf: bool = True
) -> Format:
    """The format that is meant, after a look at whether its target can be written."""
    from zkharvest.files.atomic import ensure_writable

    suffix = target.suffix.lower().removeprefix(".")
    if json:
        if form not in (Format.TABLE, Format.JSON):
            raise UsageError(f"--json and --format {form} are two formats", "give one of them")
        form = Format.JSON
    elif form is Format.TABLE and suffix in (Format.CSV, Format.JSON, Format.PDF):
        form = Format(suffix)
    if form is Format.PDF and not pdf:
        raise UsageError("this is not made as PDF", "use --format table, csv or json")
    if form is Format.PDF and str(target) == "-":
        raise UsageError("a PDF goes to a file", "add -o form.pdf")
    if form is Format.TABLE and str(target) != "-":
        raise UsageError(f"{target}: which format?", "name it .csv, .json or .pdf, or give --format")
    if str(target) != "-":
        ensure_writable(target, force=force, inputs=inputs)
    return form


def only_pdf(form: Format, **wanted: bool) -> None:
    """Refuse options that only a PDF has, for anything else."""
    for name, given in wanted.items():
        if given and form is not Format.PDF:
            raise UsageError(f"--{name} is for a PDF", "add -o form.pdf")


class Ran(NamedTuple):
    """The run of a file under an election, and what is doubtful in the file."""

    run: LedgerRun
    read: Read

    def json(self) -> dict[str, Any]:
        """What every form's object has beside its figures."""
        return {"warnings": plain(self.read.doubts)}


def ran(path: Path, election: Election, *, lots: bool = True) -> Ran:
    """The run of a file under an election; what is doubtful in the file is warned of (`lots`: as far as lots go)."""
    from zkharvest.ledger.run import run_ledger

    with output.progress("computing lots"):
        read = read_trades(path, election if lots else None)
        return Ran(run_ledger(read.trades, election), read)


def filled(path: Path, election: Election, broker: Path | None, by: Rows) -> tuple[Ran, Form8949, Reconciled | None]:
    """The run of a year and its Form 8949, with the boxes and codes that a broker's form asks for."""
    from zkharvest.desk.form8949 import make_form
    from zkharvest.desk.lines import lines_of

    done = ran(path, election)
    lines = lines_of(done.run, by_sale=by is Rows.SALE)
    if broker is None:
        return done, make_form(lines, election.year), None
    found = compared(done.run, lines, broker)
    return done, make_form(found.lines, election.year, found.reported), found


def compared(run: LedgerRun, lines: Sequence[Line], broker: Path) -> Reconciled:
    """The lines compared with a broker's file."""
    from zkharvest.desk.broker import read_1099da
    from zkharvest.desk.reconcile import reconcile as compare

    return compare(run, lines, read_1099da(broker))


def say_currency(run: LedgerRun, wanted: str) -> None:
    """Warn of amounts that are stated in another currency than the form's."""
    stated = {trade.currency for trade in run.trades if trade.currency} - {wanted}
    if stated:
        output.warning(
            f"amounts are in {', '.join(sorted(stated))}, the form is in {wanted}",
            f"import the trades again with --currency {wanted} and prices in it",
        )


def say_letters(trades: Iterable[Trade]) -> None:
    """Warn of letters in names that the fonts of a PDF lack."""
    from zkharvest.desk.pdf import unprintable

    lost = unprintable(text for trade in trades for text in (trade.asset, trade.source, trade.id, trade.origin))
    if lost:
        output.warning(
            f"the fonts of the PDF lack {lost[:40]}; each is printed as \N{REPLACEMENT CHARACTER}",
            "CSV and the HTML page have every letter",
        )


def say_open(found: Reconciled | None) -> None:
    """Say which of the broker's rows are not explained, or that there are none to compare with."""
    if found is None:
        output.note("no Form 1099-DA given: boxes say that no broker reported; --reconcile 1099da.csv changes that")
    elif found.open:
        count = f"{len(found.open)} row" if len(found.open) == 1 else f"{len(found.open)} rows"
        output.warning(f"{count} of Form 1099-DA not explained", "zkharvest report reconcile shows them")


def rule_of(run: LedgerRun) -> dict[str, Any]:
    """Year, method, pooling and zone of a run."""
    from zkharvest.ledger.report import regime_json

    return regime_json(run)


def heading(what: str, run: LedgerRun) -> str:
    election = run.election
    return f"{what}, {election.rule.upper()}, {election.pooling} pooling, {election.timezone}"


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[str]], target: Path, *, force: bool) -> ExitCode:
    """Write rows as CSV, to a file or standard output."""
    from zkharvest.ledger.report import csv_text

    text = csv_text(tuple(columns), (tuple(row) for row in rows))
    if str(target) == "-":
        output.document(text)
        return ExitCode.DONE
    return save(target, text.encode(), force=force)


def write_object(schema: str, fields: dict[str, Any], target: Path, force: bool) -> ExitCode:
    """Write one JSON object, to a file or standard output."""
    if str(target) == "-":
        output.json_object(schema, fields)
        return ExitCode.DONE
    import json as library

    text = library.dumps({"schema": schema, **fields}, indent=2) + "\n"
    return save(target, text.encode("ascii"), force=force)


def save(target: Path, data: bytes, *, force: bool) -> ExitCode:
    """Write the bytes of a file."""
    from zkharvest.files.atomic import write_file

    write_file(target, data, force=force)
    if str(target) != "-":
        output.note(f"{target}: {len(data):,} bytes")
    return ExitCode.DONE

"""What a taxpayer does: see the ledger, commit, prove."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zkharvest.cli import output
from zkharvest.cli.doubts import Read, plain, read_trades
from zkharvest.cli.elections import elections_of
from zkharvest.cli.folders import are_pages, openings_in
from zkharvest.cli.help import Group
from zkharvest.cli.histories import BookOption, MethodOf, report_pages
from zkharvest.cli.options import (
    AnyMethod,
    AnyPooling,
    AnyZone,
    Force,
    Json,
    MethodOption,
    NoPassphrase,
    OptionalOutput,
    PassphraseFd,
    PassphraseFile,
    PoolingOption,
    ProvenRegime,
    RegimeOption,
    Trades,
    YearOption,
    ZoneOption,
)
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError
from zkharvest.ledger.rules import DEFAULT_POOLING, DEFAULT_TIMEZONE, Election, Method, Pooling
from zkharvest.spec import DEFAULT_REGIME

if TYPE_CHECKING:
    from zkharvest.ledger.results import LedgerRun
    from zkharvest.trades.model import Trade

ledger = typer.Typer(cls=Group, help="The exact gain calculation: reports and open lots.", no_args_is_help=True)


class Format(StrEnum):
    """How a report is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to write it.")]


@ledger.command("report")
def ledger_report(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="TRADES.csv|OPENING.zko|DIR...", help="Canonical trades CSV; or openings of pages."),
    ],
    year: YearOption,
    method: AnyMethod = None,
    regime: RegimeOption = "us",
    pooling: AnyPooling = None,
    timezone: AnyZone = None,
    method_of: MethodOf = None,
    book: BookOption = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    form: FormatOption = Format.TABLE,
    json: Json = False,
) -> ExitCode:
    """Gains and losses of a tax year, lot part by lot part, with all digits.

    Of page openings it reports what lot-machine/v2 will prove: moves are matched, and --book says what sources cannot.
    """
    from zkharvest.ledger import report

    election = _election(regime, method, pooling, timezone, year)
    paths, book = openings_in(paths, book)
    if are_pages(paths):
        run = report_pages(paths, book, elections_of(election, method_of), passphrase_file, passphrase_fd)
        read = Read([], [])
    else:
        if len(paths) > 1 or book is not None:
            what = "--book is for openings of pages" if book is not None else f"{paths[1]}: a second trades CSV"
            raise UsageError(what, "give one canonical trades CSV, or the openings of pages (.zko)")
        read = read_trades(paths[0], election)
        if method_of:
            from zkharvest.ledger.run import run_years

            with output.progress("computing lots"):
                run = run_years(read.trades, elections_of(election, method_of))
        else:
            run = _run(read.trades, election)
    if regime == "canada":
        from zkharvest.ledger.superficial import superficial_losses

        for one in superficial_losses(run, read.trades):
            output.warning(one.text)
    if json or form is Format.JSON:
        _object(report.report_json(run), read)
    elif form is Format.CSV:
        output.document(report.csv_text(report.DISPOSAL_COLUMNS, report.disposal_rows(run)))
    else:
        rows = list(report.disposal_rows(run))
        output.data(_title(f"gains and losses of {year}", run))
        output.data("")
        if rows:
            output.table(report.DISPOSAL_COLUMNS, rows, right=(4, 7, 8, 9))
            output.data("")
        money = [(name.replace("_", " "), amount) for name, amount in report.total_rows(run)]
        output.table(("total", "amount"), money, right=(1,))
    return ExitCode.DONE


@ledger.command("lots")
def ledger_lots(
    path: Trades,
    at: Annotated[
        datetime | None,
        typer.Option("--at", metavar="DATE", formats=["%Y-%m-%d"], help="As of the end of this day; default: today."),
    ] = None,
    method: AnyMethod = None,
    regime: RegimeOption = "us",
    pooling: AnyPooling = None,
    timezone: AnyZone = None,
    form: FormatOption = Format.TABLE,
    json: Json = False,
) -> ExitCode:
    """Lots still open, in the order in which disposals will take them."""
    from zkharvest.ledger import report

    day = at.date() if at else _today(timezone or DEFAULT_TIMEZONE)
    election = _election(regime, method, pooling, timezone, day.year)
    read = read_trades(path, election)
    run = _run(read.trades, election, until=day)
    if json or form is Format.JSON:
        _object(report.lots_json(run), read)
    elif form is Format.CSV:
        output.document(report.csv_text(report.LOT_COLUMNS, report.lot_rows(run)))
    else:
        rows = list(report.lot_rows(run))
        output.data(_title(f"open lots after {day.isoformat()}", run))
        output.data("")
        output.table(report.LOT_COLUMNS, rows, right=(4, 6))
    return ExitCode.DONE


def prove(
    opening: Annotated[
        list[Path], typer.Argument(metavar="DIR|OPENING.zko...", help="Folder that commit wrote, or openings of pages.")
    ],
    year: YearOption,
    method: MethodOption,
    package: OptionalOutput = None,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: ZoneOption = DEFAULT_TIMEZONE,
    regime: ProvenRegime = DEFAULT_REGIME,
    nonce: Annotated[str | None, typer.Option("--nonce", metavar="HEX", help="The auditor's nonce.")] = None,
    audience: Annotated[
        str | None, typer.Option("--audience", metavar="TEXT", help="For whom the proof is made.")
    ] = None,
    size: Annotated[
        str,
        typer.Option(
            "--size", help="balanced, or small: fewer bytes for twice the time (test: refused by every real policy)."
        ),
    ] = "balanced",
    verify: Annotated[bool, typer.Option("--verify/--no-verify", help="Verify the proof before writing it.")] = True,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="First check every constraint on the raw trace and name what is broken; without -o, nothing else. "
            "Five seconds for 450 trades, a quarter of a minute for 10,000.",
        ),
    ] = False,
    book: BookOption = None,
    first: Annotated[bool, typer.Option("--first", help="Pages: nothing was proven before these.")] = False,
    carry_in: Annotated[
        Path | None, typer.Option("--carry-in", metavar="FILE.zks", help="Pages: what last year's proof carried out.")
    ] = None,
    carry_out: Annotated[
        Path | None, typer.Option("--carry-out", metavar="FILE.zks", help="Pages: what next year's proof begins with.")
    ] = None,
    method_of: MethodOf = None,
    covered_from: Annotated[
        str | None,
        typer.Option(
            "--covered-from", metavar="DAY", help="Pages: purchases from then on are covered (2026-01-01), or never."
        ),
    ] = None,
    signed: Annotated[
        list[Path] | None,
        typer.Option("--signed", metavar="PAGE.zkp", help="Pages: a page that its source has signed. Repeatable."),
    ] = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    none: NoPassphrase = False,
    force: Force = False,
    json: Json = False,
) -> ExitCode:
    """Prove a year's gains and losses; writes the package that an auditor verifies.

    From openings of pages, a year goes on from the last: the first one with --first, every other with --carry-in.
    """
    from zkharvest.cli import proving

    return proving.prove(
        opening,
        year=year,
        method=method.value,
        package=package,
        pooling=pooling.value,
        timezone=timezone,
        regime=regime,
        nonce=nonce,
        audience=audience,
        size=size,
        verify=verify,
        check=check,
        book=book,
        first=first,
        carry_in=carry_in,
        carry_out=carry_out,
        method_of=method_of,
        covered_from=covered_from,
        signed=signed,
        passphrase_file=passphrase_file,
        passphrase_fd=passphrase_fd,
        none=none,
        force=force,
        json=json,
    )


def _election(regime: str, method: Method | None, pooling: Pooling | None, timezone: str | None, year: int) -> Election:
    """What the options state; what they leave out is the regime's own."""
    from zkharvest.ledger.regimes import find

    law = find(regime)
    for rule in law.leaves_out:
        output.note(f"not applied: {rule}")
    return Election(method, pooling or law.poolings[0], timezone or law.timezone, year, regime)


def _run(read: list[Trade], election: Election, until: date | None = None) -> LedgerRun:
    from zkharvest.ledger.run import run_ledger

    with output.progress("computing lots"):
        return run_ledger(read, election, until=until)


def _object(whole: dict[str, Any], read: Read) -> None:
    fields = {key: value for key, value in whole.items() if key != "schema"}
    output.json_object(whole["schema"], {**fields, "warnings": plain(read.doubts)})


def _title(what: str, run: LedgerRun) -> str:
    election = run.election
    return f"{what}, {election.rule.upper()}, {election.pooling} pooling, {election.timezone}"


def _today(timezone: str) -> date:
    from datetime import UTC
    from zoneinfo import ZoneInfo

    try:
        return datetime.now(ZoneInfo(timezone)).date()
    except (KeyError, ValueError, OSError):
        return datetime.now(UTC).date()  # Election names the unknown zone

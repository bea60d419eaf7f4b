"""`trades reconcile`: the trades against balances and against what providers report to tax offices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zkharvest.cli import output
from zkharvest.cli.options import DateOrder, Json, Trades
from zkharvest.cli.output import ExitCode
from zkharvest.cli.process import answers
from zkharvest.errors import InputError, UsageError

if TYPE_CHECKING:
    from zkharvest.trades.importers.carf import Compared
    from zkharvest.trades.importers.reconcile import Difference


def reconcile(
    path: Trades,
    exports: Annotated[
        list[Path] | None,
        typer.Option("--export", metavar="CSV", help="An export with balances, such as Kraken's ledgers."),
    ] = None,
    balances: Annotated[
        Path | None, typer.Option("--balances", metavar="CSV", help="Balances you see now: source,asset,quantity.")
    ] = None,
    carf: Annotated[
        Path | None, typer.Option("--carf", metavar="FILE", help="What a provider reported under CARF or DAC8.")
    ] = None,
    year: Annotated[int | None, typer.Option("--year", help="The calendar year of a CARF report.")] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="Name of the account of the exports, or of the report.")
    ] = None,
    aliases: Annotated[
        Path | None, typer.Option("--aliases", metavar="TOML", help="Other names of coins, beside the known ones.")
    ] = None,
    commas: Annotated[
        list[str] | None,
        typer.Option("--decimal-comma", metavar="FILE", help="Export whose numbers have a decimal comma (1.234,56)."),
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="ZONE", help="Zone of an export's times that state none.")
    ] = None,
    dates: Annotated[
        DateOrder | None,
        typer.Option("--dates", help="Order of day, month and year in dates, where an export does not show it."),
    ] = None,
    json: Json = False,
) -> ExitCode:
    """Compare what the trades hold with the balances that venues state, or with what they reported to the tax office.

    The first difference of an asset shows where something is missing or recorded twice. A CARF report is compared by
    asset and kind of transaction; Form 1099-DA is compared by `zkharvest report reconcile`. Exit code 1 if there is a
    difference, or a line that cannot be read: each is named.
    """
    from zkharvest.trades.csv_in import load_trades
    from zkharvest.trades.importers.carf import against_carf
    from zkharvest.trades.importers.grouping import grouped
    from zkharvest.trades.importers.names import load_names
    from zkharvest.trades.importers.reconcile import against_exports, against_list
    from zkharvest.trades.importers.run import check_zone
    from zkharvest.trades.importers.stated import Reading

    if not exports and balances is None and carf is None:
        raise UsageError("nothing to compare with", "give --export, --balances or --carf")
    if carf is not None and (source is None or year is None):
        raise UsageError("a CARF report is of one account and year", "say them with --source and --year")
    answers()
    read, names = load_trades(path), load_names(aliases)
    zone = check_zone(timezone) if timezone is not None else None
    found = against_exports(
        read, exports or (), names, Reading(source, commas or (), zone, dates.value if dates else "")
    )
    if balances is not None:
        found.add(against_list(read, balances, names))
    rows = [_difference(one) for one in found.differences]
    reported: list[Compared] = []
    if carf is not None and source and year:
        reported, left_out = against_carf(read, carf, names, source, year)
        found.notes.extend(left_out)
    sums = [_reported_row(one) for one in reported]
    differ = [row for row, one in zip(sums, reported, strict=True) if not one.agrees]
    if json:
        unread = [{"where": one.where, "message": one.message, "hint": one.hint} for one in found.unread]
        ok = not (rows or differ or unread)
        shown = {"ok": ok, "differences": rows, "reported": sums, "unread": unread, "notes": found.notes}
        output.json_object("zkharvest/trades-reconcile/1", shown)
    else:
        _show_differences(rows, differ)
        for note in found.notes:
            output.note(note)
        if found.unread:
            output.failure(InputError(grouped(found.unread)))
            output.note("these lines were not compared", always=True)
        elif not rows and not differ:
            output.data(f"{path}: all balances agree" if carf is None else f"{path}: all agrees")
    return ExitCode.REJECTED if rows or differ or found.unread else ExitCode.DONE


def _difference(one: Difference) -> dict[str, object]:
    from zkharvest.trades.text import format_quantity, format_time

    return {
        "where": one.where,
        "source": one.source,
        "asset": one.asset,
        "time": "" if one.time is None else format_time(one.time),
        "told": format_quantity(one.told),
        "held": format_quantity(one.held),
        "difference": format_quantity(one.held - one.told),
        "rows": one.rows,
    }


def _reported_row(one: Compared) -> dict[str, object]:
    from zkharvest.trades.text import format_quantity

    return {
        "where": one.where,
        "source": one.source,
        "asset": one.asset,
        "kind": one.kind,
        "reported": format_quantity(one.told),
        "reported_count": one.told_count,
        "held": format_quantity(one.held),
        "held_count": one.held_count,
        "difference": format_quantity(one.held - one.told),
    }


def _show_differences(rows: Sequence[dict[str, object]], differ: Sequence[dict[str, object]]) -> None:
    if rows:
        head = ("source", "asset", "first at", "told", "held", "difference", "rows", "where")
        cells = ("source", "asset", "time", "told", "held", "difference", "rows", "where")
        output.table(head, [tuple(str(row[cell]) for cell in cells) for row in rows], right=(3, 4, 5, 6))
    if differ:
        heads = ("asset", "kind", "reported", "count", "in the trades", "count", "difference")
        columns = ("asset", "kind", "reported", "reported_count", "held", "held_count", "difference")
        output.table(heads, [tuple(str(row[column]) for column in columns) for row in differ], right=(2, 3, 4, 5, 6))

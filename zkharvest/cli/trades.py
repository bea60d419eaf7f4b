"""What a taxpayer does with exports: import them, check the canonical CSV, map a form that is not known."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zkharvest.cli import output, trades_reconcile
from zkharvest.cli.doubts import plain, warn_of
from zkharvest.cli.help import Group
from zkharvest.cli.options import Currency, DateOrder, Force, Json, Output, PoolingOption, Trades
from zkharvest.cli.output import ExitCode
from zkharvest.cli.process import answers
from zkharvest.errors import InputError
from zkharvest.ledger.rules import DEFAULT_POOLING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zkharvest.errors import Problem

trades = typer.Typer(cls=Group, help="Read exchange exports; check the canonical trades CSV.", no_args_is_help=True)


class Unpaired(StrEnum):
    """What becomes of deposits and withdrawals that have no other side."""

    REFUSE = "refuse"
    RECORD = "record"


class Receipts(StrEnum):
    """What it is to give coins for a receipt that stands for them, and back."""

    TRADE = "trade"
    CARRY = "carry"


_Files = list[Path] | None
_Texts = list[str] | None


@trades.command("import")
def trades_import(
    exports: Annotated[list[Path], typer.Argument(metavar="EXPORT...", help="Files as exchanges export them.")],
    target: Output,
    form: Annotated[
        str | None, typer.Option("--from", metavar="FORMAT", help="Format or exchange; default: told by the header.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="Name of the account, if not the exchange's.")] = None,
    currency: Currency = "USD",
    prices: Annotated[
        _Files, typer.Option("--prices", metavar="CSV", help="Fair values that the exports do not hold.")
    ] = None,
    missing: Annotated[
        Path | None,
        typer.Option(
            "--missing-prices", metavar="CSV", help="Where to write the price rows that are missing, to fill in."
        ),
    ] = None,
    manual: Annotated[
        _Files,
        typer.Option(
            "--manual", metavar="CSV", help="Canonical rows that stand for rows named in origin, or join them."
        ),
    ] = None,
    skip: Annotated[
        _Texts, typer.Option("--skip", metavar="FILE:LINE=REASON", help="Leave a row out; the reason is noted.")
    ] = None,
    ignored: Annotated[
        _Texts, typer.Option("--ignore-column", metavar="NAME", help="A column that is new in a format, to pass over.")
    ] = None,
    lots: Annotated[
        Path | None,
        typer.Option("--lots", metavar="CSV", help="Lots that you identified, for specific identification."),
    ] = None,
    external: Annotated[
        str | None, typer.Option("--external", metavar="SOURCE", help="Own wallet that has no export.")
    ] = None,
    unpaired: Annotated[
        Unpaired,
        typer.Option(
            "--unpaired", help="Moves without their other side: refuse, or record as deposit and withdraw rows."
        ),
    ] = Unpaired.REFUSE,
    pairs: Annotated[
        _Texts,
        typer.Option("--pair", metavar="FILE:LINE=FILE:LINE", help="A withdrawal and a deposit that are one transfer."),
    ] = None,
    still_inside: Annotated[
        _Texts,
        typer.Option(
            "--still-inside", metavar="SOURCE:WALLET", help="Futures or margin wallet that still holds coins."
        ),
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="ZONE", help="Zone of times that state none.")
    ] = None,
    dates: Annotated[
        DateOrder | None,
        typer.Option("--dates", help="Order of day, month and year in dates, where an export does not show it."),
    ] = None,
    commas: Annotated[
        _Texts,
        typer.Option("--decimal-comma", metavar="FILE", help="Export whose numbers have a decimal comma (1.234,56)."),
    ] = None,
    asset: Annotated[str, typer.Option("--asset", help="Coin of a file that names none (Deribit, old Trezor).")] = "",
    market: Annotated[
        _Texts,
        typer.Option("--market", metavar="[FILE:LINE=]QUOTE", help="Quote currency of trades whose note is empty."),
    ] = None,
    receipts: Annotated[
        Receipts,
        typer.Option(
            "--receipts", help="Coins staked, lent or in a pool for a receipt: a trade, or basis is carried into it."
        ),
    ] = Receipts.TRADE,
    aliases: Annotated[
        Path | None,
        typer.Option("--aliases", metavar="TOML", help="Other names and renames of coins, beside the known."),
    ] = None,
    maps: Annotated[
        _Files, typer.Option("--map", metavar="TOML", help="How to read a form that is not known; see trades map.")
    ] = None,
    force: Force = False,
    json: Json = False,
) -> ExitCode:
    """Turn exchange exports into one canonical trades CSV.

    All files of all years together, so that withdrawals meet their deposits; their order makes no difference. Unclear
    rows stop the import, each with a way out.
    """
    from zkharvest.collecting import without_collecting
    from zkharvest.files.atomic import ensure_writable, write_file
    from zkharvest.trades.csv_out import trades_to_text
    from zkharvest.trades.importers import Answers, ImportRefused, import_exports

    output.refuse_two_outputs(target, json=json)
    ensure_writable(target, force=force, inputs=exports)
    if missing is not None:
        ensure_writable(missing, force=force, inputs=[*exports, *(prices or [])])
    said = Answers(
        prices=prices or (),
        manual=manual or (),
        skip=skip or (),
        aliases=aliases,
        markets=market or (),
        external=external,
        record=unpaired is Unpaired.RECORD,
        still_inside=still_inside or (),
        timezone=timezone,
        dates=dates.value if dates else "",
        asset=asset,
        lots=lots,
        maps=maps or (),
        ignore_columns=ignored or (),
        decimal_comma=commas or (),
        pairs=pairs or (),
        carry_receipts=receipts is Receipts.CARRY,
    )
    try:
        with output.progress("importing"), without_collecting():
            made = import_exports(exports, fmt=form, source=source, currency=currency, answers=said)
            text = trades_to_text(made.trades)
    except ImportRefused as refused:
        if missing is not None and refused.missing_prices:
            write_file(missing, refused.missing_prices.encode(), force=force)
            output.note(
                f"{missing}: the price rows that are missing; fill in the last column, then give it with --prices"
            )
        return _refused(refused.problems, json=json)
    write_file(target, text.encode(), force=force)
    for note in made.notes:
        output.note(note)
    sources = sorted({trade.source for trade in made.trades})
    if json:
        shown = {
            "file": str(target),
            "trades": len(made.trades),
            "sources": sources,
            "notes": made.notes,
            "problems": [],
        }
        output.json_object("zkharvest/trades-import/1", shown)
    else:
        output.note(f"{target}: {_count(len(made.trades), 'trade')} of {_count(len(sources), 'source')}")
    return ExitCode.DONE


@trades.command("check")
def trades_check(
    path: Trades,
    aliases: Annotated[
        Path | None, typer.Option("--aliases", metavar="TOML", help="Other names of coins, beside the known ones.")
    ] = None,
    pooling: PoolingOption = DEFAULT_POOLING,
    json: Json = False,
) -> ExitCode:
    """Say everything that is wrong with a trades CSV, or that it is in order and a ledger can run it."""
    from zkharvest.commitment.assets import load_assets, two_spellings
    from zkharvest.ledger.checks import check_ledger, doubts
    from zkharvest.trades.csv_in import load_trades
    from zkharvest.trades.importers.names import load_names, two_names

    answers()
    try:
        read, names = load_trades(path), load_names(aliases)
        found = two_names(read, names, str(path)) or two_spellings(read, names, load_assets())
        problems = [*found, *check_ledger(read, pooling)]
    except InputError as error:
        read, problems = [], list(error.problems)
    if problems:
        if not json:
            return output.failure(InputError(problems))
        output.json_object("zkharvest/trades-check/1", {"ok": False, "trades": 0, "problems": plain(problems)})
        return ExitCode.REJECTED
    sources = sorted({trade.source for trade in read})
    found = doubts(read, pooling)
    if json:
        shown = {"ok": True, "trades": len(read), "sources": sources, "problems": [], "warnings": plain(found)}
        output.json_object("zkharvest/trades-check/1", shown)
    else:
        warn_of(found)
        output.data(f"{path}: in order, {_count(len(read), 'trade')} of {_count(len(sources), 'source')}")
    return ExitCode.DONE


@trades.command("prices")
def trades_prices(
    wanted: Annotated[Path, typer.Argument(metavar="CSV", help="Rows to price, as --missing-prices writes them.")],
    target: Annotated[
        Path, typer.Option("--output", "-o", metavar="CSV", help="The filled file; prices that it has are kept.")
    ],
    venue: Annotated[str, typer.Option("--venue", metavar="NAME", help="A venue of ccxt, such as kraken or coinbase.")],
    currency: Currency = "USD",
    aliases: Annotated[
        Path | None, typer.Option("--aliases", metavar="TOML", help="Other names of coins, beside the known ones.")
    ] = None,
    url: Annotated[str, typer.Option("--url", metavar="URL", help="Another server that speaks the venue's API.")] = "",
    json: Json = False,
) -> ExitCode:
    """Fill a price file from a venue's candles, with the source in every row.

    An instant takes the close of its minute, a day the close of the UTC day. The output is the cache: prices that it
    has are not asked for again. Exit code 1 if some are still missing. Needs zkharvest[live].
    """
    from zkharvest.files.atomic import write_file
    from zkharvest.harvest.markets.venue import connect
    from zkharvest.trades.importers.fetching import candles, fill, read_rows, to_text
    from zkharvest.trades.importers.names import load_names

    rows, names = read_rows(wanted), load_names(aliases)
    known = read_rows(target) if target.exists() else []
    with output.progress("fetching prices"):
        found = connect(venue, url=url)
        ask = candles(found.exchange, venue, currency)
        done = fill(rows, known, names, lambda *one: found.ask(f"price of {one[0]}", lambda: ask(*one)))
    write_file(target, to_text(done).encode(), force=True)
    missing = [row for row in done if not row.price]
    if json:
        shown = [{"time": row.time, "asset": row.asset} for row in missing]
        output.json_object("zkharvest/trades-prices/1", {"file": str(target), "rows": len(done), "missing": shown})
    else:
        output.note(f"{target}: {_count(len(done) - len(missing), 'price')} of {_count(len(done), 'row')}")
        for row in missing:
            output.note(f"no price of {row.asset} at {row.time}: {venue} has no candle of {row.asset}/{currency} there")
        if missing:
            output.note("try another --venue with the same -o, or write the price into the file", always=True)
    return ExitCode.REJECTED if missing else ExitCode.DONE


@trades.command("map")
def trades_map(
    export: Annotated[Path, typer.Argument(metavar="EXPORT", help="An export whose form is not known.")],
    target: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="TOML", help="Where to write the map; default: print it.")
    ] = None,
    given: Annotated[
        Path | None, typer.Option("--map", metavar="TOML", help="Try this map instead of proposing one.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="ZONE", help="Zone of times that state none.")
    ] = None,
    force: Force = False,
) -> ExitCode:
    """Propose a map for an export of an unknown form from its header, and show the first rows as it reads them.

    Mend the map where it guesses (every guess is marked), try it again with --map, then import with --map.
    """
    from zkharvest.files.atomic import ensure_writable, write_file
    from zkharvest.trades.csv_in import read_text
    from zkharvest.trades.importers.mapped import load_map
    from zkharvest.trades.importers.mapped.proposing import first_rows, proposal
    from zkharvest.trades.importers.run import check_zone

    zone = check_zone(timezone) if timezone is not None else None
    if target is not None:
        ensure_writable(target, force=force, inputs=[export])
    text = proposal(export) if given is None else read_text(given)
    if target is None and given is None:
        output.document(text)
    elif given is None and target is not None:
        write_file(target, text.encode(), force=force)
    form = load_map(text, str(given or target or "proposal"))
    output.note("")
    for line in first_rows(export, form, zone):
        output.note(line, always=True)
    return ExitCode.DONE


trades.command("reconcile")(trades_reconcile.reconcile)


def _refused(problems: Sequence[Problem], *, json: bool) -> ExitCode:
    """Shows why an import cannot be finished: like problems once, or all of them in the object of `--json`."""
    from zkharvest.trades.importers.grouping import grouped

    if json:
        output.json_object(
            "zkharvest/trades-import/1",
            {"file": None, "trades": 0, "sources": [], "notes": [], "problems": plain(problems)},
        )
        return ExitCode.REJECTED
    code = output.failure(InputError(grouped(problems)))
    if len(problems) > 1:
        output.note(f"{_count(len(problems), 'problem')}; nothing was written", always=True)
    return code


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

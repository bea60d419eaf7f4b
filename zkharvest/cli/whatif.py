"""Looking ahead and looking closely: `ledger what-if`, `ledger diff`, `ledger explain`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from zkharvest.cli import output
from zkharvest.cli.doubts import plain, read_trades
from zkharvest.cli.options import Json, MethodOption, PoolingOption, Trades, YearOption, ZoneOption
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError
from zkharvest.ledger.rules import DEFAULT_POOLING, DEFAULT_TIMEZONE, Election, Method, Pooling


class Action(StrEnum):
    """What is tried."""

    SELL = "sell"


def what_if(
    path: Trades,
    action: Annotated[Action, typer.Argument(metavar="sell", help="What to try.")],  # noqa: ARG001  (one so far)
    asset: Annotated[str, typer.Argument(metavar="ASSET", help="What to sell.")],
    quantity: Annotated[str, typer.Argument(metavar="QUANTITY", help="How much of it.")],
    price: Annotated[
        str | None, typer.Option("--price", metavar="AMOUNT", help="Price of one unit; without it: basis and terms.")
    ] = None,
    fee: Annotated[str, typer.Option("--fee", metavar="AMOUNT", help="Fee of the sale.")] = "0",
    source: Annotated[str | None, typer.Option("--source", help="The wallet or account that sells.")] = None,
    at: Annotated[
        datetime | None,
        typer.Option("--at", metavar="DATE", formats=["%Y-%m-%d"], help="Day of the sale, at its end; default: today."),
    ] = None,
    method: MethodOption = Method.FIFO,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: ZoneOption = DEFAULT_TIMEZONE,
    json: Json = False,
) -> ExitCode:
    """What a sale would do to the year, under every method and out of every lot."""
    from zkharvest.cli.taxpayer import _today
    from zkharvest.desk import whatif
    from zkharvest.trades.text import TextError, parse_money, parse_quantity

    day = at.date() if at else _today(timezone)
    election = Election(method, pooling, timezone, day.year)
    try:
        units = parse_quantity(quantity)
        unit_price = None if price is None else parse_money(price)
        cost = parse_money(fee, signed=True)
    except TextError as error:
        raise UsageError(error.reason, error.hint) from None
    trades, doubts = read_trades(path, election)
    with output.progress("trying the sale"):
        found = whatif.what_if_sell(
            trades, election, asset=asset, quantity=units, day=day, price=unit_price, fee=cost, source=source
        )
    if json:
        rule = {"year": day.year, "pooling": pooling.value, "lots_after": method.value}
        output.json_object("zkharvest/what-if/1", {**rule, **whatif.what_if_json(found), "warnings": plain(doubts)})
        return ExitCode.DONE
    at_price = f" at {price}" if price is not None else ""
    output.data(f"sell {quantity} {asset}{at_price} from {found.trade.source}, {day.isoformat()}, {timezone}")
    output.data("")
    output.table(whatif.OUTCOME_COLUMNS, whatif.outcome_rows(found), right=range(1, 8))
    output.data("")
    title = f"out of each lot alone, for as much as it holds; lots as {method.upper()} leaves them"
    output.data(output.paint(title, "bold"))
    output.table(whatif.LOT_COLUMNS, whatif.lot_rows(found), right=(3, 4, 5, 6))
    if election.year >= 2025:
        output.note("a lot or method other than FIFO must be recorded no later than the sale (Reg. 1.1012-1(j))")
    return ExitCode.DONE


def diff(
    first: Trades,
    year: YearOption,
    method: MethodOption,
    second: Annotated[
        Path | None, typer.Argument(metavar="[OTHER.csv]", help="Another import of the same trades.")
    ] = None,
    against: Annotated[Method | None, typer.Option("--against", help="Another method.")] = None,
    against_pooling: Annotated[Pooling | None, typer.Option("--against-pooling", help="Another pooling.")] = None,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: ZoneOption = DEFAULT_TIMEZONE,
    json: Json = False,
) -> ExitCode:
    """What differs between two methods, or between two imports: totals, sales, trades. Exit code 1 if anything does."""
    from zkharvest.desk import compare
    from zkharvest.ledger.run import run_ledger

    if second is None and against is None and against_pooling is None:
        raise UsageError("nothing to compare with", "give another file, --against METHOD or --against-pooling RULE")
    own = Election(method, pooling, timezone, year)
    other = Election(against or method, against_pooling or pooling, timezone, year)
    with output.progress("comparing"):
        widest = own if second is not None or own.pooling is Pooling.UNIVERSAL else other  # of one file: warned once
        trades, doubts = read_trades(first, widest)
        others, more = (trades, []) if second is None else read_trades(second, other)
        one, two = run_ledger(trades, own), run_ledger(others, other)
        found = compare.compare(one, two)
    if json:
        sides = {
            "first": {"file": str(first), "method": own.rule, "pooling": own.pooling.value},
            "second": {"file": str(second or first), "method": other.rule, "pooling": other.pooling.value},
        }
        shown = {"year": year, **sides, **compare.difference_json(found), "warnings": plain([*doubts, *more])}
        output.json_object("zkharvest/diff/1", shown)
        return ExitCode.DONE if found.same else ExitCode.REJECTED
    output.data(f"first: {first}, {own.rule.upper()}, {own.pooling}")
    output.data(f"second: {second or first}, {other.rule.upper()}, {other.pooling}")
    output.data("")
    output.table(compare.TOTAL_COLUMNS, compare.total_rows(found), right=(1, 2, 3))
    if found.sales:
        output.data("")
        output.table(compare.SALE_COLUMNS, compare.sale_rows(found), right=(2, 3, 4))
    if found.trades:
        output.data("")
        output.table(compare.TRADE_COLUMNS, found.trades)
    if found.same:
        output.data("")
        output.data("nothing differs")
    return ExitCode.DONE if found.same else ExitCode.REJECTED


def explain(
    path: Trades,
    line: Annotated[str, typer.Argument(metavar="LINE", help="A sale: its id, source/id, or its line in the report.")],
    year: YearOption,
    method: MethodOption,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: ZoneOption = DEFAULT_TIMEZONE,
    json: Json = False,
) -> ExitCode:
    """The arithmetic of one sale, lot by lot, as a person would check it by hand."""
    from zkharvest.desk import explain as explaining
    from zkharvest.ledger.run import run_ledger

    with output.progress("computing lots"):
        election = Election(method, pooling, timezone, year)
        trades, doubts = read_trades(path, election)
        run = run_ledger(trades, election)
        found = explaining.explain(run, explaining.find_line(run, line, trades))
    if json:
        shown = {**explaining.explanation_json(found), "warnings": plain(doubts)}
        output.json_object("zkharvest/explain/1", shown)
        return ExitCode.DONE
    output.data(output.paint(found.trade, "bold"))
    for text in found.head:
        output.data(f"  {text}")
    output.data("")
    output.data("the lots there were to take, in the order of the method")
    output.table(found.heading, found.candidates, right=(2, 3, 4, 5))
    for step in found.steps:
        output.data("")
        output.data(output.paint(step.title, "bold"))
        for text in step.lines:
            output.data(f"  {text}")
    output.data("")
    for text in found.sums:
        output.data(text)
    return ExitCode.DONE

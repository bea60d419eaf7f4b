"""The harvest: find the losses, keep the exposure, know what it costs, leave the record that the proof is made from."""

from __future__ import annotations

from typing import Annotated

import typer

from zkharvest.cli import (
    forecast,
    harvest_orders,
    harvest_report,
    harvest_send,
    harvest_watch,
    output,
    reentry,
    simulate,
)
from zkharvest.cli.harvest_options import (
    AsOf,
    Budget,
    DepthOption,
    LiveOption,
    MaxAge,
    MethodChoice,
    Minimum,
    OptionalPrices,
    QuoteOption,
    RatesOption,
    UrlOption,
    make_scan,
    open_live,
)
from zkharvest.cli.help import Group
from zkharvest.cli.options import AnyZone, Json, PoolingOption, Trades
from zkharvest.cli.output import ExitCode
from zkharvest.ledger.rules import DEFAULT_POOLING, Method

harvest = typer.Typer(
    cls=Group,
    help="Estimates, never proofs: losses worth taking, what they cost, the orders, and their record.",
    no_args_is_help=True,
)


@harvest.command("scan")
def scan(
    path: Trades,
    rates: RatesOption,
    prices: OptionalPrices = None,
    live: LiveOption = None,
    as_of: AsOf = None,
    method: MethodChoice = Method.FIFO,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: AnyZone = None,
    depth: DepthOption = None,
    max_age: MaxAge = 24.0,
    budget: Budget = None,
    minimum: Minimum = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=0, help="Most lots shown. Default: 40, with --json all.")
    ] = None,
    quote: QuoteOption = None,
    url: UrlOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if a lot was left out.")] = False,
    json: Json = False,
) -> ExitCode:
    """Say which open lots are worth harvesting, with every term of the estimate: tax now, carried, later, cost, net."""
    from zkharvest.harvest.scan_report import left_out_lines, lines, scan_json, total_lines

    venue = open_live(prices, live, as_of, url, depth)
    found, _, later = make_scan(
        path, prices, rates, as_of, method, pooling, timezone, depth, max_age,
        budget=budget, minimum=minimum, live=venue, quote=quote,
    )  # fmt: skip
    if json:
        shown = scan_json(found, limit)
        output.json_object(shown.pop("schema"), shown)
    else:
        from zkharvest.harvest.scan_report import assumptions

        for line in lines(found, 40 if limit is None else limit):
            output.data(line)
        output.data("")
        output.fields(total_lines(found), indent="")
        output.data("")
        for text in assumptions(found):
            output.data(f"- {text}")
        warnings = list(left_out_lines(found.left_out))
        for line in warnings[:40]:
            output.warning(line)
        if len(warnings) > 40:
            output.warning(f"{len(warnings) - 40:,} more lots are left out", "--json lists them all")
        for text in found.notes:
            output.note(text)
        if later:
            output.note(f"{later:,} {'trade' if later == 1 else 'trades'} after that time not looked at")
    return ExitCode.REJECTED if strict and found.left_out else ExitCode.DONE


harvest.command("watch")(harvest_watch.watch)
harvest.command("match")(reentry.match)
harvest.command("plan")(harvest_orders.plan)
harvest.command("send")(harvest_send.send)
harvest.command("record")(harvest_orders.record)
harvest.command("report")(harvest_report.report)
harvest.command("forecast")(forecast.forecast)
harvest.command("simulate")(simulate.simulate)

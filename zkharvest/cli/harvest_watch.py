"""`harvest watch`: the scan again with each price that comes."""

from __future__ import annotations

import json as json_text
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from zkharvest.cli import output
from zkharvest.cli.harvest_options import MaxAge, MethodChoice, PricesOption, RatesOption, load
from zkharvest.cli.options import PoolingOption, Trades, ZoneOption
from zkharvest.cli.output import ExitCode
from zkharvest.ledger.rules import DEFAULT_POOLING, DEFAULT_TIMEZONE, Election, Method

if TYPE_CHECKING:
    from zkharvest.harvest.watch import Event


def watch(
    path: Trades,
    prices: PricesOption,
    rates: RatesOption,
    method: MethodChoice = Method.FIFO,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: ZoneOption = DEFAULT_TIMEZONE,
    max_age: MaxAge = 24.0,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold", min=0.0, max=1.0, help="Value over basis below which a lot is on; default: break-even."
        ),
    ] = None,
    interval: Annotated[float, typer.Option("--interval", min=0.05, help="Seconds between looks at the file.")] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Work through what the file holds, then end.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line, one line an event.")] = False,
) -> ExitCode:
    """Scan again with each row appended to the price file; one line when a lot turns on or off. Ctrl-C ends it."""
    from zkharvest.harvest.files import Prices
    from zkharvest.harvest.policy import read_rates
    from zkharvest.harvest.scan import run_until
    from zkharvest.harvest.scan import scan as scan_lots
    from zkharvest.harvest.watch import GrowingFile, Watch, longer

    known, trades = read_rates(rates), load(path)
    growing, market, watching = GrowingFile(prices), Prices(), Watch(threshold)
    while True:
        rows = growing.new_rows()
        for moment in sorted({row.time for added in rows.values() for row in added}):
            market = longer(market, {a: [r for r in added if r.time == moment] for a, added in rows.items()})
            run, _ = run_until(trades, Election(method, pooling, timezone, known.year), moment)
            found = scan_lots(run, moment, market, known, max_age=round(max_age * 3_600_000))
            for event in watching.events(found):
                _print(event, json=json)
        if once:
            return ExitCode.DONE
        time.sleep(interval)


def _print(event: Event, *, json: bool) -> None:
    import sys

    if json:
        output.data(json_text.dumps({"schema": "zkharvest/watch/1", **asdict(event)}))
    else:
        output.data(event.line())
    sys.stdout.flush()

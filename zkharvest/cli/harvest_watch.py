"""`harvest watch`: the scan again with each price that comes."""

from __future__ import annotations

import json as json_text
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zkharvest.cli import output
from zkharvest.cli.harvest_options import (
    LiveOption,
    MaxAge,
    MethodChoice,
    OptionalPrices,
    QuoteOption,
    RatesOption,
    UrlOption,
    load,
    open_live,
    quote_of,
)
from zkharvest.cli.options import AnyZone, PoolingOption, Trades
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError
from zkharvest.ledger.rules import DEFAULT_POOLING, Method

if TYPE_CHECKING:
    from zkharvest.harvest.files import Prices
    from zkharvest.harvest.markets.venue import Venue
    from zkharvest.harvest.watch import Event


def watch(
    path: Trades,
    rates: RatesOption,
    prices: OptionalPrices = None,
    live: LiveOption = None,
    method: MethodChoice = Method.FIFO,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: AnyZone = None,
    max_age: MaxAge = 24.0,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold", min=0.0, max=1.0, help="Value over basis below which a lot is on; default: break-even."
        ),
    ] = None,
    interval: Annotated[float, typer.Option("--interval", min=0.05, help="Seconds between looks at the prices.")] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Work through what there is, then end.")] = False,
    quote: QuoteOption = None,
    url: UrlOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line, one line an event.")] = False,
) -> ExitCode:
    """Scan again as prices arrive in a file or at a venue; print a line when a lot turns on or off. Ctrl-C ends it."""
    from zkharvest.harvest.elections import election_for
    from zkharvest.harvest.policy import read_rates
    from zkharvest.harvest.scan import run_until
    from zkharvest.harvest.scan import scan as scan_lots
    from zkharvest.harvest.watch import Watch

    venue = open_live(prices, live, None, url)
    known, trades, watching = read_rates(rates), load(path), Watch(threshold)
    age = round(max_age * 3_600_000)
    assets = sorted({trade.asset for trade in trades})
    source = (
        _of_file(prices)
        if venue is None and prices is not None
        else _of_venue(venue, assets, quote_of(trades, quote), age)
    )
    said: dict[str, str] = {}
    if not trades:
        output.warning("the book is empty: there is nothing to watch", "check the trades")
    while True:
        for moment, market in source():
            run, _ = run_until(trades, election_for(known.jurisdiction, method, pooling, timezone, moment), moment)
            found = scan_lots(run, moment, market, known, max_age=age)
            for event in watching.events(found):
                _print(event, json=json)
            if venue is not None:
                said = _say_missing(said, {one.asset: one.reason for one in found.left_out})
        if once:
            return ExitCode.DONE
        time.sleep(interval)


def _of_file(path: Path) -> Callable[[], Iterator[tuple[int, Prices]]]:
    """The instants of the rows that were appended, each with all prices up to it."""
    from zkharvest.harvest.files import Prices
    from zkharvest.harvest.watch import GrowingFile, longer

    growing, held = GrowingFile(path), [Prices()]

    def look() -> Iterator[tuple[int, Prices]]:
        rows = growing.new_rows()
        for moment in sorted({row.time for added in rows.values() for row in added}):
            held[0] = longer(held[0], {a: [r for r in added if r.time == moment] for a, added in rows.items()})
            yield moment, held[0]

    return look


def _of_venue(
    venue: Venue | None, assets: Sequence[str], quote: str, max_age: int
) -> Callable[[], Iterator[tuple[int, Prices]]]:
    """This moment, with the prices that the venue has now; a venue that does not answer is said, and asked again."""
    from zkharvest.harvest.markets.live import live_prices

    assert venue is not None

    def look() -> Iterator[tuple[int, Prices]]:
        now = round(time.time() * 1000)
        try:
            market = live_prices(venue, assets, quote, now, max_age)
        except UsageError as error:
            output.warning(str(error).partition("\n")[0])
            return
        yield now, market

    return look


def _say_missing(said: dict[str, str], missing: dict[str, str]) -> dict[str, str]:
    """Say once why an asset is not looked at, and that it is again."""
    kinds = {asset: re.sub(r"[0-9][0-9.,:TZ-]*", "#", reason) for asset, reason in missing.items()}
    for asset, reason in missing.items():
        if said.get(asset) != kinds[asset]:
            output.warning(f"{asset} is left out: {reason}")
    for asset in sorted(said.keys() - missing.keys()):
        output.note(f"{asset} has a price again")
    return kinds


def _print(event: Event, *, json: bool) -> None:
    import sys

    if json:
        output.data(json_text.dumps({"schema": "zkharvest/watch/1", **asdict(event)}))
    else:
        output.data(event.line())
    sys.stdout.flush()

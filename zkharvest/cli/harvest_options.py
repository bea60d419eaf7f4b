"""Options of the harvest's commands, and the scan that several of them begin with."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zkharvest.cli import output
from zkharvest.collecting import without_collecting
from zkharvest.errors import UsageError
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.trades.model import stated_currency

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zkharvest.harvest.files import Depth, Prices
    from zkharvest.harvest.markets.venue import Venue
    from zkharvest.harvest.scan import Scan
    from zkharvest.ledger.results import LedgerRun
    from zkharvest.trades.model import Trade

OptionalPrices = Annotated[Path | None, typer.Option("--prices", metavar="CSV", help="Prices: time,asset,price.")]
LiveOption = Annotated[
    str | None,
    typer.Option("--live", metavar="VENUE", help="Current prices from a venue of ccxt, such as kraken."),
]
QuoteOption = Annotated[
    str | None,
    typer.Option("--quote", metavar="CODE", help="The venue's currency. Default: that of the trades, or USD."),
]
RatesOption = Annotated[Path, typer.Option("--rates", metavar="TOML", help="Tax rates and trading costs.")]
MethodChoice = Annotated[
    Method, typer.Option("--method", "-m", help="Which lot a disposal takes first; FIFO where none are identified.")
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="TIME", help="A time with zone, or a date: the end of that day. Default: now."),
]
DepthOption = Annotated[
    Path | None,
    typer.Option("--depth", metavar="FILE", help="Order books; they replace half spread and impact of the sale."),
]
MaxAge = Annotated[float, typer.Option("--max-age", metavar="HOURS", min=0.0, help="Oldest price that is used.")]
Budget = Annotated[
    float | None, typer.Option("--budget", metavar="AMOUNT", min=0.0, help="Most that the trades may cost.")
]
Minimum = Annotated[
    float | None, typer.Option("--minimum", metavar="AMOUNT", help="Least net benefit of a lot to be shown.")
]
PlanFile = Annotated[Path, typer.Argument(metavar="PLAN.json", help="Plan that harvest plan wrote.")]
UrlOption = Annotated[
    list[str] | None,
    typer.Option("--url", metavar="NAME=URL", help="Another server with the venue's API; http on loopback only."),
]


def url_of(venue: str, urls: list[str]) -> str:
    """The URL that `--url NAME=URL` gives a venue, or nothing. Raises UsageError for one without a name."""
    found = ""
    for text in urls:
        name, equals, url = text.partition("=")
        if not equals:
            raise UsageError(
                f'--url: "{text[:60]}" does not name its venue', "write --url kraken=http://127.0.0.1:8080"
            )
        found = url if name == venue else found
    return found


def make_scan(
    path: Path,
    prices: Path | None,
    rates: Path,
    as_of: str | None,
    method: Method,
    pooling: Pooling,
    timezone: str | None,
    depth: Path | None,
    max_age: float,
    *,
    budget: float | None = None,
    minimum: float | None = None,
    live: Venue | None = None,
    quote: str | None = None,
) -> tuple[Scan, LedgerRun, int]:
    """The scan that several commands begin with, its ledger run, and how many trades come after its time.

    Prices and order books are of the files, or of now from the venue `live`.
    """
    from zkharvest.harvest.elections import election_for, zone_of
    from zkharvest.harvest.files import Prices, read_depth, read_prices
    from zkharvest.harvest.policy import read_rates
    from zkharvest.harvest.scan import run_until
    from zkharvest.harvest.scan import scan as scan_lots

    with without_collecting(), output.progress("scanning") as step:
        known = read_rates(rates)
        moment = instant_of(as_of, zone_of(known.jurisdiction, timezone))
        market = read_prices(prices) if prices is not None else Prices()
        books: Mapping[str, Depth] = read_depth(depth) if depth is not None else {}
        step("reading trades")
        trades = load(path)
        step("computing lots")
        run, later = run_until(trades, election_for(known.jurisdiction, method, pooling, timezone, moment), moment)
        if live is not None:
            step(f"prices of {live.name}")
            market, books = _live_market(live, run, quote_of(trades, quote), moment, round(max_age * 3_600_000), books)
        step("valuing lots")
        found = scan_lots(
            run,
            moment,
            market,
            known,
            books=books,
            max_age=round(max_age * 3_600_000),
            budget=float("inf") if budget is None else budget,
            minimum=float("-inf") if minimum is None else minimum,
        )
    if not len(found.lots.ref) and not found.left_out:
        output.warning("the book is empty: no lot is open at that time", "check --as-of and the trades")
    return found, run, later


def quote_of(trades: Sequence[Trade], asked: str | None) -> str:
    """The currency in which a venue is asked: that of the trades, for prices in another would be compared with them.

    Raises UsageError where another is asked for, InputError where the trades state several.
    """
    stated = stated_currency(trades)
    if stated and asked and asked != stated:
        raise UsageError(f"the trades are in {stated}, the prices would be in {asked}", f"--quote {stated}")
    return stated or asked or "USD"


def open_live(
    prices: Path | None, live: str | None, as_of: str | None, url: list[str] | None, depth: Path | None = None
) -> Venue | None:
    """The venue of `--live`; None where prices come from a file. Raises UsageError unless it is one of the two."""
    if (prices is None) == (live is None):
        said = "nothing says where prices come from" if live is None else "--prices and --live exclude each other"
        raise UsageError(said, "--prices FILE, or --live VENUE for the prices of now")
    if live is None:
        return None
    if as_of is not None:
        raise UsageError("--live has the prices of now, --as-of asks for another time", "--prices FILE has them")
    if depth is not None:
        raise UsageError("--live reads the order books itself", "leave out --depth")
    from zkharvest.harvest.markets.venue import connect

    with output.progress(f"connecting to {live}"):
        return connect(live, url=url_of(live, url or []))


def _live_market(
    venue: Venue, run: LedgerRun, quote: str, now: int, max_age: int, books: Mapping[str, Depth]
) -> tuple[Prices, Mapping[str, Depth]]:
    """Prices and books of what is open; a coin whose book cannot be used has no price either."""
    from zkharvest.harvest.files import Prices
    from zkharvest.harvest.markets.live import live_books, live_prices

    assets = sorted({lot.pool.asset for lot in run.open_lots})
    market = live_prices(venue, assets, quote, now, max_age)
    books, why = live_books(venue, market.series, quote)
    priced = {asset: rows for asset, rows in market.series.items() if asset in books}
    return Prices(priced, {**market.why, **why}), books


def load(path: Path) -> list[Trade]:
    """The trades of a file."""
    from zkharvest.trades.csv_in import load_trades

    return load_trades(path)


def instant_of(text: str | None, timezone: str, option: str = "--as-of") -> int:
    """The instant that an option means: now, a time with zone, or the end of a day of the taxpayer's zone."""
    import time
    from datetime import date, timedelta

    from zkharvest.ledger.calendar import Calendar
    from zkharvest.trades.text import TextError, parse_time

    Election(Method.FIFO, Pooling.WALLET, timezone, 2000)  # refuses an unknown zone
    if text is None:
        return round(time.time() * 1000)
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            day = date.fromisoformat(text)
            return Calendar(timezone).first_instant(day + timedelta(days=1)) - 1
        return parse_time(text)
    except TextError as error:
        raise UsageError(f"{option}: {error.reason}", error.hint) from None
    except ValueError:
        raise UsageError(f'{option}: "{text[:40]}" is not a day of the calendar', "write YYYY-MM-DD") from None


def decimal(text: str, option: str, below: Decimal | None = None) -> Decimal:
    """A number above zero from an option. Raises UsageError."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or value <= 0 or (below is not None and value >= below):
        limit = f" and below {below}" if below is not None else ""
        raise UsageError(f'{option}: "{text[:20]}" is not a number above zero{limit}', "such as 0.005")
    return value

"""The harvest: find the losses, keep the exposure, know what it costs, leave the record that the proof is made from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zkharvest.cli import forecast, output, reentry, simulate
from zkharvest.cli.help import Group
from zkharvest.cli.options import Json, PoolingOption, Trades, ZoneOption
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError
from zkharvest.ledger.rules import DEFAULT_POOLING, DEFAULT_TIMEZONE, Election, Method, Pooling

if TYPE_CHECKING:
    from zkharvest.harvest.scan import Scan
    from zkharvest.trades.model import Trade

harvest = typer.Typer(
    cls=Group,
    help="Estimates, never proofs: losses worth taking, what they cost, the orders, and their record.",
    no_args_is_help=True,
)

PricesOption = Annotated[Path, typer.Option("--prices", metavar="CSV", help="Prices: time,asset,price.")]
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


@harvest.command("scan")
def scan(
    path: Trades,
    prices: PricesOption,
    rates: RatesOption,
    as_of: AsOf = None,
    method: MethodChoice = Method.FIFO,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: ZoneOption = DEFAULT_TIMEZONE,
    depth: DepthOption = None,
    max_age: MaxAge = 24.0,
    budget: Budget = None,
    minimum: Minimum = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=0, help="Most lots shown. Default: 40, with --json all.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if a lot was left out.")] = False,
    json: Json = False,
) -> ExitCode:
    """Say which open lots are worth harvesting, with every term of the estimate: tax now, carried, later, cost, net."""
    from zkharvest.harvest.scan_report import lines, scan_json, total_lines

    found, later = make_scan(
        path, prices, rates, as_of, method, pooling, timezone, depth, max_age, budget=budget, minimum=minimum
    )
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
        for one in found.left_out[:40]:
            output.warning(f"{one.asset} {one.lot} is left out: {one.reason}")
        if len(found.left_out) > 40:
            output.warning(f"{len(found.left_out) - 40:,} more lots are left out", "--json lists them all")
        for text in found.notes:
            output.note(text)
        if later:
            output.note(f"{later:,} {'trade' if later == 1 else 'trades'} after that time not looked at")
    return ExitCode.REJECTED if strict and found.left_out else ExitCode.DONE


def make_scan(
    path: Path,
    prices: Path,
    rates: Path,
    as_of: str | None,
    method: Method,
    pooling: Pooling,
    timezone: str,
    depth: Path | None,
    max_age: float,
    *,
    budget: float | None = None,
    minimum: float | None = None,
) -> tuple[Scan, int]:
    """The scan that several commands begin with, and how many trades come after its time."""
    from zkharvest.harvest.files import read_depth, read_prices
    from zkharvest.harvest.policy import read_rates
    from zkharvest.harvest.scan import run_until
    from zkharvest.harvest.scan import scan as scan_lots

    moment = instant_of(as_of, timezone)
    with output.progress("scanning") as step:
        known, market = read_rates(rates), read_prices(prices)
        books = read_depth(depth) if depth is not None else {}
        step("reading trades")
        trades = load(path)
        step("computing lots")
        run, later = run_until(trades, Election(method, pooling, timezone, known.year), moment)
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
    return found, later


def load(path: Path) -> list[Trade]:
    """The trades of a file."""
    from zkharvest.trades.csv_in import load_trades

    return load_trades(path)


def instant_of(text: str | None, timezone: str) -> int:
    """The instant that `--as-of` means: now, a time with zone, or the end of a day of the taxpayer's zone."""
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
        raise UsageError(f"--as-of: {error.reason}", error.hint) from None
    except ValueError:
        raise UsageError(f'--as-of: "{text[:40]}" is no day of the calendar', "write YYYY-MM-DD") from None


harvest.command("match")(reentry.match)
harvest.command("forecast")(forecast.forecast)
harvest.command("simulate")(simulate.simulate)

"""How long the estimates of the harvest take: `python -m benchmarks.estimates`. Each figure is the least of three runs.

Solving alone, in one process, after imports and with compiled kernels; the commands add their start-up.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from random import Random

from zkharvest.harvest.crowd.model import Scenario, simulate
from zkharvest.harvest.crowd.sweep import run_all
from zkharvest.harvest.files import Price, Prices
from zkharvest.harvest.forecast.threshold import Grid, normal_kernel, stopping
from zkharvest.harvest.markets.greeks import black76
from zkharvest.harvest.markets.instruments import Instrument, Kind
from zkharvest.harvest.markets.quotes import Listed, Market, Quote
from zkharvest.harvest.policy import Costs, Jurisdiction, Rates
from zkharvest.harvest.reentry.exposure import Position
from zkharvest.harvest.reentry.match import Wishes, match
from zkharvest.harvest.scan import scan
from zkharvest.ledger.results import LedgerRun
from zkharvest.ledger.rules import DEFAULT_TIMEZONE, Election, Method, Pooling
from zkharvest.ledger.run import run_ledger
from zkharvest.trades.model import Kind as Event
from zkharvest.trades.model import Trade

SPOT, DAY_MS = 80_000.0, 86_400_000


def surface(count: int) -> Market:
    """A perpetual and options at 5 expiries, both rights, on a ladder of strikes: `count` instruments."""
    made = Market(0)
    perpetual = Instrument("BTC_USDC-PERPETUAL", Kind.PERPETUAL, "BTC", "USDC", step=0.0001, taker=0.0005)
    made.listed[perpetual.name] = Listed(
        perpetual, Quote(perpetual.name, 0, 79_998, 80_002, 500, 500, SPOT, 0, SPOT, SPOT)
    )
    for n in range(count - 1):
        days, right, strike = (
            (40, 45, 60, 80, 100)[n % 5],
            (Kind.CALL, Kind.PUT)[n // 5 % 2],
            40_000 + 2_000 * (n // 10),
        )
        one = Instrument(f"{n}", right, "BTC", "USDC", days * DAY_MS, strike, 0.01, 0.0003)
        iv = 0.55 + 0.1 * (strike / SPOT - 1) ** 2
        value = float(black76(right is Kind.CALL, SPOT, strike, days / 365, iv).value)
        quote = Quote(one.name, 0, max(value - 20, 1), value + 20, 500, 500, value, iv, SPOT, SPOT)
        made.listed[one.name] = Listed(one, quote)
    return made


def inventory(count: int) -> tuple[LedgerRun, Prices, Rates, int]:
    """A ledger run whose lots are all open: five coins in three wallets, bought over 900 days at wandering prices."""
    random = Random(1)
    now = 1_795_867_200_000  # 2026-11-28T12:00:00Z
    price = {"BTC": 60_000.0, "ETH": 3_000.0, "SOL": 150.0, "XRP": 1.0, "ADA": 0.5}
    trades = []
    for n in range(count):
        coin = random.choice(list(price))
        price[coin] *= math.exp(random.gauss(0, 0.003))
        quantity = random.randint(10**16, 2 * 10**18)
        amount = round(quantity / 10**10 * price[coin])
        trades.append(
            Trade(
                now - (count - n) * 900 * DAY_MS // count, random.choice("abc"), f"t{n}", Event.BUY, coin, quantity,
                amount=amount, fee=amount // 1000, currency="USD",
            )
        )  # fmt: skip
    rates = Rates(Jurisdiction.US, 2026, 0.35, 0.15, 0.35, other_short=50_000.0, exit_rate=0.15,
                  costs={"default": Costs(0.001, 0.0005)})  # fmt: skip
    market = Prices({coin: (Price(now, now, 0.9 * value),) for coin, value in price.items()})
    return run_ledger(trades, Election(Method.HIFO, Pooling.WALLET, DEFAULT_TIMEZONE, 2026)), market, rates, now


def least(work: Callable[[], object], runs: int = 3) -> float:
    """The least seconds of some runs."""
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def main() -> None:
    """Measure and print."""
    market = surface(500)
    closed = next(
        one for one in market.listed.values() if one.instrument.kind is Kind.CALL and one.instrument.strike == SPOT
    )
    lot = [Position(closed.instrument.name, 25.0, closed)]
    kernel = normal_kernel(0.8 / math.sqrt(365), Grid())
    crowd = Scenario(delay=31)
    simulate(crowd)
    match("BTC", lot, market, Wishes())
    runs = [replace(crowd, seed=seed) for seed in range(200)]
    run, prices, rates, now = inventory(100_000)
    for what, work, times in (
        ("a scan of 100,000 open lots", lambda: scan(run, now, prices, rates), 3),
        ("a match among 500 instruments", lambda: match("BTC", lot, market, Wishes()), 3),
        ("the threshold of a year, 4,801 points", lambda: stopping([kernel] * 365, 0.2, 0.003), 3),
        ("10,000 agents over a year", lambda: simulate(crowd), 3),
        ("200 runs of 10,000 agents", lambda: run_all(runs), 1),
    ):
        sys.stdout.write(f"{what:<40} {least(work, times):8.3f} s\n")


if __name__ == "__main__":
    main()

"""Make the files of this example again: `python examples/reentry/make.py`. The market and the history are made up.

The market is a surface of BTC options with a smile, two dated futures and two perpetuals on 2026-11-28, all settled in
USDC but one; the history a two-regime GARCH with Student-t innovations, ended at the day's price.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from zkharvest.harvest.markets.greeks import black76
from zkharvest.harvest.markets.instruments import parse_instrument

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SPOT, DAYS = 80_000.0, 1500


def names() -> list[str]:
    made = ["BTC_USDC-PERPETUAL", "BTC-PERPETUAL", "BTC_USDC-29JAN27", "BTC_USDC-26MAR27"]
    for day in ("25DEC26", "29JAN27", "26MAR27"):
        made += [f"BTC_USDC-{day}-{strike}-{right}" for strike in range(60_000, 105_000, 5_000) for right in "CP"]
    return made


def instruments() -> str:
    rows = ["instrument,step,taker"]
    for name in names():
        kind = parse_instrument(name)
        assert kind is not None
        step, taker = (0.01, 0.0003) if kind.kind.option else (10 if kind.in_dollars else 0.0001, 0.0005)
        rows.append(f"{name},{step},{taker}")
    return "\n".join(rows) + "\n"


def quotes() -> str:
    rows = ["time,instrument,bid,ask,bid_size,ask_size,mark,iv,underlying,index,funding"]
    for name in names():
        kind = parse_instrument(name)
        assert kind is not None
        left = kind.days_left(int(NOW.timestamp()) * 1000) if kind.expiry else 0.0
        forward = SPOT * (1 + 0.05 * left / 365)
        iv, funding = "", "0.00004" if not kind.expiry else ""
        price, half = forward, 2.0
        if kind.kind.option:
            smile = 0.55 + 0.25 * (kind.strike / SPOT - 1) ** 2 - 0.08 * (kind.strike / SPOT - 1)
            price = float(black76(name.endswith("C"), forward, kind.strike, left / 365, smile).value)
            half, iv = 10 + price * 0.004, f"{100 * smile:.2f}"
        size = 40 if kind.kind.option else 4_000_000 if kind.in_dollars else 60
        bid = max(price - half, 1.0)
        cells = (bid, price + half, size, size, price)
        numbers = ",".join(f"{cell:.1f}" for cell in cells)
        rows.append(f"{NOW:%Y-%m-%dT%H:%M:%SZ},{name},{numbers},{iv},{forward:.1f},{SPOT:.1f},{funding}")
    return "\n".join(rows) + "\n"


def prices(seed: int = 3) -> str:
    random = np.random.default_rng(seed)
    shocks, switch = random.standard_t(5, DAYS) / np.sqrt(5 / 3), random.random(DAYS)
    volatile, variance, logs = False, 5e-4, [0.0]
    for day in range(DAYS - 1):
        volatile = switch[day] > 1 / 60 if volatile else switch[day] < 1 / 240
        change = np.sqrt(variance) * shocks[day] + (-0.004 if volatile else 0.0018)
        variance = 0.05 * (2e-3 if volatile else 6e-4) + 0.1 * change * change + 0.85 * variance
        logs.append(logs[-1] + change)
    path = SPOT * np.exp(np.array(logs) - logs[-1])
    last = date(2026, 11, 28)
    rows = [f"{last - timedelta(days=DAYS - 1 - n)},BTC,{price:.2f}" for n, price in enumerate(path)]
    return "\n".join(["time,asset,price", *rows]) + "\n"


if __name__ == "__main__":
    for file, text in (("instruments.csv", instruments()), ("quotes.csv", quotes()), ("prices.csv", prices())):
        (HERE / file).write_text(text, encoding="utf-8")

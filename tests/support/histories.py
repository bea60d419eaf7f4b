"""Made price histories: a two-regime GARCH with Student-t innovations, so that calm years and slumps both occur."""

from datetime import UTC, date, datetime, timedelta

import numpy as np


def closes(days, seed=1, start=20_000.0):
    """Daily closes of a two-regime t-GARCH: the volatile regime lasts 60 days and comes every 240, on average."""
    random = np.random.default_rng(seed)
    shocks = random.standard_t(5, days) / np.sqrt(5 / 3)
    switch = random.random(days)
    volatile, variance, made = False, 4e-4, [np.log(start)]
    for day in range(days - 1):
        volatile = switch[day] > 1 / 60 if volatile else switch[day] < 1 / 240
        long = 2.5e-3 if volatile else 6e-4
        r = np.sqrt(variance) * shocks[day] + (-0.004 if volatile else 0.0018)
        variance = 0.05 * long + 0.1 * r * r + 0.85 * variance
        made.append(made[-1] + r)
    return np.exp(np.array(made))


def write_prices(path, last=date(2026, 11, 28), days=1500, assets=("BTC",), end=None, seed=1):
    """`time,asset,price` for days up to `last`; the last price of each asset is `end[asset]` if that is given."""
    lines = ["time,asset,price"]
    for number, asset in enumerate(assets):
        found = closes(days, seed + number)
        if end and asset in end:
            found = found * (end[asset] / found[-1])
        for n, price in enumerate(found):
            lines.append(f"{last - timedelta(days=days - 1 - n)},{asset},{price:.2f}")
    path.write_text("\n".join(lines) + "\n")
    return path


def days_of(count, last=date(2026, 11, 28)):
    """The last `count` days."""
    return [last - timedelta(days=count - 1 - n) for n in range(count)]


def at(text):
    """An instant in ms."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000

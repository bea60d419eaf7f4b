"""Ledgers of one bucket that have nothing in common but their sources and years."""

from __future__ import annotations

from functools import cache

import numpy as np

from tests.adversary.hiding.observing import LOG_ROWS, Coins, fixed
from tests.support.proofs import SMALL
from zkharvest.commitment.opening import commit
from zkharvest.trades.csv_in import trades_from_text
from zkharvest.verifier import circuits
from zkharvest.verifier.package import decode_package
from zkharvest.workflow.prove import CIRCUIT, prove

YEAR = 2025
COINS = Coins(8, LOG_ROWS)


def busy(trades, seed=1):
    """A ledger of the same two sources and two years: buys, partial sells across many lots, a transfer."""
    rng = np.random.default_rng(seed)
    lines = [
        "time,source,id,kind,asset,quantity,amount,fee,to,lots",
        "2024-01-01T00:00:00Z,kraken:main,k,buy,BTC,1000000,9000000,5,,",
        "2024-01-01T00:01:00Z,coinbase:main,c,buy,ETH,1000000,900000,5,,",
        "2024-01-02T00:00:00Z,kraken:main,t,transfer,BTC,0.75,,,coinbase:main,",
    ]
    for i in range(trades - 3):
        source, asset = (("kraken:main", "BTC"), ("coinbase:main", "ETH"))[i % 2]
        kind = "sell" if i % 5 == 4 else "buy"
        quantity, amount = rng.integers(1, 400, 2) * (10 if kind == "sell" else 1)
        day = f"{2024 + (i * 2) // trades}-{1 + i % 12:02}-{1 + i % 28:02}T{i % 24:02}:00:00Z"
        lines.append(f"{day},{source},{i},{kind},{asset},{quantity / 100:.2f},{amount},0.5,,")
    return "\n".join(lines) + "\n"


LEDGERS = {"five trades": (SMALL, "hifo"), "300 trades": (busy(300), "fifo"), "150 trades": (busy(150, 2), "lofo")}


@cache
def opening(name):
    return commit(trades_from_text(LEDGERS[name][0], f"{name}.csv"), currency="USD")


@cache
def packages():
    """A package of each ledger, the verifier's coins being the same."""
    with fixed(COINS):
        return {
            name: decode_package(prove(opening(name), year=YEAR, method=method, preset="test"))
            for name, (_, method) in LEDGERS.items()
        }


def frozen():
    return circuits.load(next(pinned for pinned in circuits.PINNED if pinned.id == CIRCUIT))

"""A small ledger, what its taxpayer elects, and how it is committed to: for lies about single trades."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support import statement
from tests.support.make import trade
from zkharvest.commitment.opening import Opening, commit
from zkharvest.ledger import Election, Method, Pooling
from zkharvest.trades.model import Trade

# Lots of 100, 400, 300, 200: every method takes another two.
FOUR = [
    trade("2024-01-01", "w/1", "buy", 1, 100),
    trade("2024-01-02", "w/2", "buy", 1, 400),
    trade("2024-01-03", "w/3", "buy", 1, 300),
    trade("2024-01-04", "w/4", "buy", 1, 200),
    trade("2024-02-01", "w/5", "sell", 1, 250),
    trade("2024-03-01", "w/6", "sell", 1, 250),
]


def election(method: Method = Method.FIFO, pooling: Pooling = Pooling.WALLET, year: int = 2024) -> Election:
    """The year in UTC."""
    return Election(method, pooling, "UTC", year)


def committed(trades: Sequence[Trade]) -> Opening:
    """The same opening whenever it is asked for."""
    return commit(trades, currency="USD", seed=statement.SEED)

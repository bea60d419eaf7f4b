"""What is warned of before pages are made: rows of one instant whose order in pages is another than in the file."""

from dataclasses import replace

import pytest

from tests.support.make import trade
from zkharvest.ledger.checks import reordered
from zkharvest.ledger.rules import Pooling

DAY = "2024-01-05"
BUY_B, BUY_A, SELL_A = (
    trade(DAY, "b/1", "buy", 1, 100),
    trade(DAY, "a/2", "buy", 1, 90),
    trade(DAY, "a/3", "sell", 1, 80),
)
SEND = trade(DAY, "b/4", "transfer", 1, to="a")


@pytest.mark.parametrize(
    ("rows", "wallet", "universal"),
    [
        ([BUY_B, BUY_A], [], ["1"]),  # another source first
        ([BUY_A, BUY_B], [], []),
        ([SEND, SELL_A], ["4"], ["4"]),  # the coin leaves at the instant at which it arrives
        ([SELL_A, SEND], [], []),
        ([BUY_B, replace(BUY_A, asset="ETH")], [], []),
        ([BUY_B, replace(BUY_A, time=BUY_A.time + 1)], [], []),
        ([SEND, replace(SELL_A, time=SELL_A.time + 1)], [], []),
    ],
)
def test_rows_that_change_places(rows, wallet, universal):
    for pooling, expected in ((Pooling.WALLET, wallet), (Pooling.UNIVERSAL, universal)):
        found = reordered(rows, pooling)
        assert [problem.message.partition(":")[0] for problem in found] == expected
        assert all("a millisecond apart" in problem.hint for problem in found)

"""What is warned of before pages are made: rows whose order in pages is another, swaps with legs of two values."""

from dataclasses import replace

import pytest

from tests.support.make import trade
from zkharvest.ledger.checks import doubts, reordered, unequal_legs
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
        assert [problem.message.split('"')[1] for problem in found] == expected
        assert all("a millisecond apart" in problem.hint for problem in found)


def test_many_rows_of_one_instant_are_looked_at_once_each():
    """Exports that state days alone: looking at each pair of 40,000 rows would take minutes."""
    rows = [trade(DAY, f"{'ba'[n % 2]}/{n}", "buy", 1, 100) for n in range(40_000)]
    assert len(reordered(rows, Pooling.UNIVERSAL)) == 20_000
    assert reordered(rows, Pooling.WALLET) == []
    assert reordered(sorted(rows, key=lambda row: row.source), Pooling.UNIVERSAL) == []


def test_rules_without_pages_know_no_order_but_the_files():
    rows = [BUY_B, BUY_A]
    assert doubts(rows, Pooling.UNIVERSAL) == reordered(rows, Pooling.UNIVERSAL) != []
    assert doubts(rows, None) == []


def swap(*amounts, fee=0, more=()):
    """An event: what is sold for the first amount and bought for the second, its fee, and rows beside."""
    kinds = zip(("sell", "buy"), amounts, strict=True)
    rows = [trade(DAY, f"a/{kind}", kind, 1, amount, asset=kind.upper()) for kind, amount in kinds]
    return [replace(row, group="S") for row in (replace(rows[0], fee=fee), rows[1], *more)]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (swap(3000, 9000), ["sell: the event gives 3000.00 for 9000.00"]),
        (swap(9000, 3000), ["sell: the event gives 9000.00 for 3000.00"]),
        (swap(3000, 3000), []),
        (swap(3000, 3029), []),  # prices of two times
        (swap(3000, 3100), ["sell: the event gives 3000.00 for 3100.00"]),
        (swap(3000, 2900, fee=100 * 10**8), []),
        (swap(3000, 2900, more=[trade(DAY, "a/fee", "spend", 1, 100, asset="BNB")]), []),
        (swap(3000, 9000, more=[trade(DAY, "a/leg", "buy", 1, 1, asset="BNB")]), []),  # of three legs nobody can say
        ([replace(row, group="") for row in swap(3000, 9000)], []),
        ([replace(row, group=row.kind.value) for row in swap(3000, 9000)], []),
    ],
)
def test_legs_of_two_values(rows, said):
    """What a swap gives is the basis of what it gets: 6,000 of basis from nowhere, in no counter."""
    found = unequal_legs(rows)
    assert [problem.message.removeprefix("a/") for problem in found] == said

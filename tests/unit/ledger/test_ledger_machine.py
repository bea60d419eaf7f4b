"""The rules, on ledgers small enough to work out by hand."""

from __future__ import annotations

import pytest

from tests.support.make import at, money, trade, units
from zkharvest.errors import InputError
from zkharvest.ledger import Disposal, Election, LedgerRun, Method, Pooling, Side, run_ledger
from zkharvest.trades.model import Trade


def run(
    trades: list[Trade],
    method: Method = Method.FIFO,
    pooling: Pooling = Pooling.WALLET,
    zone: str = "America/New_York",
    year: int = 2025,
) -> LedgerRun:
    return run_ledger(trades, Election(method, pooling, zone, year), engine="plain")


def parts(ledger: LedgerRun) -> list[tuple[str, int, int, int]]:
    """Lot, quantity, proceeds and basis of each disposal."""
    return [(d.lot_ref.rpartition("/")[2], d.quantity, d.proceeds, d.basis) for d in ledger.disposals]


THREE_LOTS = [
    trade("2023-01-01", "a", "buy", 1, 300),
    trade("2023-01-02", "b", "buy", 1, 100),
    trade("2023-01-03", "c", "buy", 1, 200),
]


@pytest.mark.parametrize(
    ("method", "first", "second"),
    [
        (Method.FIFO, ("a", 300), ("b", 100)),
        (Method.LIFO, ("c", 200), ("b", 100)),
        (Method.HIFO, ("a", 300), ("c", 200)),
        (Method.LOFO, ("b", 100), ("c", 200)),
    ],
)
def test_each_method_takes_its_own_lots(method: Method, first: tuple[str, int], second: tuple[str, int]) -> None:
    ledger = run([*THREE_LOTS, trade("2025-06-01", "s", "sell", "1.5", 600, 6)], method)
    assert parts(ledger) == [
        (first[0], units(1), money(396), money(first[1])),
        (second[0], units("0.5"), money(198), money(second[1]) // 2),
    ]
    assert ledger.totals.long_term_gain - ledger.totals.long_term_loss == ledger.totals.net == ledger.totals.gain


def test_specific_identification_takes_what_is_named_in_that_order() -> None:
    sale = trade("2025-06-01", "s", "sell", "1.5", 600, lots="c:0.75;a:0.5;c:0.25")
    ledger = run([*THREE_LOTS, sale], Method.SPECIFIC)
    assert parts(ledger) == [
        ("c", units("0.75"), money(300), money(150)),
        ("a", units("0.5"), money(200), money(150)),
        ("c", units("0.25"), money(100), money(50)),
    ]
    assert [(lot.lot_ref, lot.quantity) for lot in ledger.open_lots] == [("w/a", units("0.5")), ("w/b", units(1))]


def test_a_fee_joins_the_basis_and_comes_off_the_proceeds() -> None:
    ledger = run([trade("2025-01-02", "b", "buy", 1, 100, 2), trade("2025-02-01", "s", "sell", 1, 90, 3)])
    assert parts(ledger) == [("b", units(1), money(87), money(102))]
    assert (ledger.totals.short_term_loss, ledger.totals.net) == (money(15), money(-15))


def test_hifo_ranks_by_basis_with_the_fee() -> None:
    cheap_with_fee = trade("2023-01-02", "b", "buy", 1, 99, 5)
    ledger = run(
        [trade("2023-01-01", "a", "buy", 1, 100), cheap_with_fee, trade("2025-01-01", "s", "sell", 1, 1)], Method.HIFO
    )
    assert [part[0] for part in parts(ledger)] == ["b"]


def test_equal_unit_basis_goes_by_acquisition() -> None:
    lots = [trade("2023-01-01", "a", "buy", 2, 200), trade("2023-01-01", "b", "buy", 1, 100)]
    for method in (Method.HIFO, Method.LOFO):
        assert parts(run([*lots, trade("2025-06-01", "s", "sell", 1, 1)], method))[0][0] == "a"


def test_parts_add_up_and_the_last_takes_the_remainder() -> None:
    sales = [trade("2025-06-01", f"s{n}", "sell", 1, "0.00000010") for n in range(3)]
    ledger = run([trade("2025-01-02", "a", "buy", 3, "0.00000100"), *sales])
    assert [d.basis for d in ledger.disposals] == [33, 33, 34]
    lots = [trade("2025-01-02", f"b{n}", "buy", 1, 1) for n in range(3)]
    ledger = run([*lots, trade("2025-06-01", "s", "sell", 3, "0.00000100")])
    assert [d.proceeds for d in ledger.disposals] == [33, 33, 34]


def test_the_anniversary_is_short_and_the_next_day_long() -> None:
    bought = trade("2024-06-17T23:59-04:00", "b", "buy", 2, 2)
    last_short = trade("2025-06-17T23:59-04:00", "s", "sell", 1, 2)
    first_long = trade("2025-06-18T00:00-04:00", "l", "sell", 1, 2)
    ledger = run([bought, last_short, first_long])
    assert [d.term for d in ledger.disposals] == ["short", "long"]
    assert [d.term for d in run([bought, last_short, first_long], zone="Asia/Tokyo").disposals] == ["short", "short"]


def test_short_lots_gain_when_the_price_falls_and_are_always_short_term() -> None:
    ledger = run(
        [
            trade("2023-01-01", "o", "short", 2, 500, 10, asset="BTC-27DEC26-80000-P"),
            trade("2025-02-01", "c", "cover", 1, 100, 1, asset="BTC-27DEC26-80000-P"),
            trade("2025-03-01", "e", "expire", 1, asset="BTC-27DEC26-80000-P"),
        ]
    )
    assert parts(ledger) == [("o", units(1), money(245), money(101)), ("o", units(1), money(245), 0)]
    assert {(d.side, d.term) for d in ledger.disposals} == {(Side.SHORT, "short")}
    assert ledger.totals.short_term_gain == money(144 + 245)


def test_a_long_option_expires_at_a_loss() -> None:
    ledger = run([trade("2025-01-02", "b", "buy", 1, 50, 1), trade("2025-03-28", "e", "expire", 1, 0, 2)])
    assert parts(ledger) == [("b", units(1), money(-2), money(51))]
    assert ledger.totals.short_term_loss == money(53)
    assert (ledger.totals.proceeds, ledger.totals.basis) == (money(-2), money(51))


def test_long_and_short_lots_of_one_asset_lie_in_two_pools() -> None:
    ledger = run(
        [
            trade("2025-01-01", "b", "buy", 1, 100),
            trade("2025-01-02", "o", "short", 1, 120),
            trade("2025-01-03", "c", "cover", 1, 90),
            trade("2025-01-04", "s", "sell", 1, 110),
        ]
    )
    assert [(d.lot_ref, d.gain) for d in ledger.disposals] == [("w/o", money(30)), ("w/b", money(10))]


def test_a_dust_sale_with_a_larger_fee_has_negative_proceeds_in_every_part() -> None:
    lots = [trade("2025-01-02", f"b{n}", "buy", 1, 1) for n in range(3)]
    ledger = run([*lots, trade("2025-06-01", "s", "sell", 3, "0.00000001", "0.00000101")])
    assert [d.proceeds for d in ledger.disposals] == [-33, -33, -34]
    assert ledger.totals.proceeds == -100


def test_income_is_a_lot_at_fair_value_and_a_spend_a_disposal() -> None:
    ledger = run([trade("2025-01-02", "i", "income", 1, 40), trade("2025-06-01", "p", "spend", "0.25", 20)])
    assert parts(ledger) == [("i", units("0.25"), money(20), money(10))]


MOVED = [
    trade("2024-01-01", "x/a", "buy", 2, 200),
    trade("2024-05-01", "y/b", "buy", 1, 500),
    trade("2024-06-01", "x/t", "transfer", 1, to="y"),
    trade("2025-03-01", "y/s", "sell", 2, 1000),
]


def test_a_transfer_carries_basis_and_date() -> None:
    ledger = run(MOVED)
    assert parts(ledger) == [("a", units(1), money(500), money(100)), ("b", units(1), money(500), money(500))]
    assert [d.term for d in ledger.disposals] == ["long", "short"]
    assert [(lot.pool.wallet, lot.lot_ref, lot.value) for lot in ledger.open_lots] == [("x", "x/a", money(100))]


def test_a_transfer_moves_nothing_under_universal_pooling() -> None:
    ledger = run(MOVED, pooling=Pooling.UNIVERSAL)
    assert parts(ledger) == [("a", units(2), money(1000), money(200))]


def test_parts_of_one_lot_are_taken_in_the_order_of_their_arrival() -> None:
    trades = [
        trade("2024-01-01", "x/a", "buy", 3, "0.00000010"),
        trade("2024-02-01", "x/t1", "transfer", 1, to="y", lots="a:1"),
        trade("2024-02-02", "x/t2", "transfer", 1, to="y", lots="a:1"),
        trade("2025-03-01", "y/s", "sell", "1.5", 1, lots="a:1.5"),
    ]
    for method in Method:
        ledger = run(trades, method)
        assert parts(ledger) == [("a", units(1), 66666666, 3), ("a", units("0.5"), 33333334, 1)]
        assert [(lot.pool.wallet, lot.quantity, lot.value) for lot in ledger.open_lots] == [
            ("x", units(1), 4),
            ("y", units("0.5"), 2),
        ]


def test_trades_of_one_instant_keep_the_order_given() -> None:
    pair = [trade("2025-01-02", "x/b", "buy", 1, 1), trade("2025-01-02", "y/s", "sell", 1, 1)]
    assert len(run(pair, pooling=Pooling.UNIVERSAL).disposals) == 1
    with pytest.raises(InputError, match="holds 0 at that moment"):
        run(pair[::-1], pooling=Pooling.UNIVERSAL)


def test_only_the_year_counts_and_later_trades_are_left_alone() -> None:
    trades = [
        trade("2023-01-01", "b", "buy", 4, 4),
        trade("2024-12-31T23:59:59-05:00", "s1", "sell", 1, 2),
        trade("2025-01-01T00:00:00-05:00", "s2", "sell", 1, 3),
        trade("2025-12-31T23:59:59-05:00", "s3", "sell", 1, 4),
        trade("2026-01-01T00:00:00-05:00", "s4", "sell", 9, 9),
    ]
    ledger = run(trades)
    assert [d.in_year for d in ledger.disposals] == [False, True, True]
    assert ledger.totals.long_term_gain == money(2 + 3)
    assert (ledger.totals.proceeds, ledger.totals.basis) == (money(7), money(2))
    assert (len(ledger.trades), ledger.later, [lot.quantity for lot in ledger.open_lots]) == (4, 1, [units(1)])


def test_a_disposal_says_all_about_itself() -> None:
    ledger = run([trade("2024-01-01", "x/b", "buy", 1, 10), trade("2025-01-02", "x/s", "sell", 1, 12)])
    assert ledger.disposals == (
        Disposal(
            trade=1,
            trade_ref="x/s",
            lot=0,
            lot_ref="x/b",
            source="x",
            asset="BTC",
            side=Side.LONG,
            quantity=units(1),
            acquired=at("2024-01-01"),
            disposed=at("2025-01-02"),
            proceeds=money(12),
            basis=money(10),
            term="long",
            in_year=True,
        ),
    )

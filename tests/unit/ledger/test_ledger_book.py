"""The book of lots: copies that go their own way, and one stream of operations from both engines."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest
from hypothesis import given, settings

from tests.support.ledgers import ledgers, random_ledger, regimes
from tests.support.make import COIN, UNIT, at, money, trade
from zkharvest.errors import InputError
from zkharvest.ledger import Election, Ledger, Method, Pool, Pooling, Side, ledger_at, run_ledger
from zkharvest.ledger.book import Book, Entry, Op
from zkharvest.ledger.engine_fast import run_operations
from zkharvest.trades.model import Kind, Trade

FIFO = Election(Method.FIFO, Pooling.WALLET, "UTC", 2025)
POOL = Pool("BTC", "w", Side.LONG)
LOTS = [trade("2024-01-01", "w/a", "buy", 1, 10), trade("2024-01-02", "w/b", "buy", 2, 60)]


@settings(max_examples=120, deadline=None)
@given(ledgers(), regimes())
def test_both_engines_write_the_same_operations(trades: list[Trade], election: Election) -> None:
    operations = run_operations(trades, election)
    plain = Ledger(election).run(operations.trades)
    assert list(operations.records()) == plain.book.operations


@settings(max_examples=60, deadline=None)
@given(ledgers(Pooling.UNIVERSAL), regimes(pooling=Pooling.UNIVERSAL))
def test_both_engines_write_the_same_operations_under_universal_pooling(
    trades: list[Trade], election: Election
) -> None:
    operations = run_operations(trades, election)
    assert list(operations.records()) == Ledger(election).run(operations.trades).book.operations


def test_a_copy_goes_its_own_way() -> None:
    ledger = Ledger(FIFO).run(LOTS)
    what_if = ledger.copy()
    what_if.step(trade("2025-01-01", "w/s", "sell", "1.5", 90))
    assert [(one.op, one.part, one.part_value, one.close_value) for one in what_if.book.operations] == [
        (Op.TAKE, UNIT, 10 * COIN, 60 * COIN),
        (Op.TAKE, UNIT // 2, 15 * COIN, 30 * COIN),
    ]
    assert [(e.quantity, e.value) for e in what_if.book.entries(POOL)] == [(15 * UNIT // 10, 45 * COIN)]
    assert [(e.quantity, e.value) for e in ledger.book.entries(POOL)] == [(UNIT, 10 * COIN), (2 * UNIT, 60 * COIN)]
    ledger.step(trade("2025-01-01", "w/s", "sell", 1, 90))
    assert [e.quantity for e in what_if.book.entries(POOL)] == [15 * UNIT // 10]
    assert len(ledger.trades) == len(what_if.trades) == 3


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("engine", ["plain", "fast"])
def test_a_ledger_goes_on_where_a_run_stopped(method: Method, engine: str) -> None:
    trades = random_ledger(Random(11), 160)
    election = Election(method, Pooling.WALLET, "UTC", 2400)
    whole = Ledger(election).run(trades)
    run = run_ledger(trades[:100], election, engine=engine)  # type: ignore[arg-type]
    rest = ledger_at(run).copy()
    for one in trades[100:]:
        rest.step(one)
    assert not rest.problems
    tail = [one for one in whole.book.operations if one.trade >= 100]
    assert [one._replace(node=0, pred=0, next=0) for one in rest.book.operations] == [
        one._replace(node=0, pred=0, next=0) for one in tail
    ]


def test_a_step_notes_what_is_missing_and_does_not_raise() -> None:
    ledger = Ledger(FIFO)
    ledger.step(trade("2025-01-01", "w/s", "sell", 1, 90))
    assert ["holds 0 at that moment" in problem.message for problem in ledger.problems] == [True]


def test_an_adjustment_is_an_operation() -> None:
    """What a wash sale or a superficial loss does to a lot already there."""
    book = Book()
    book.open(0, POOL, Entry(-1, 0, UNIT, 10 * COIN, 0, (0,), 5))
    twin = book.copy()
    twin.adjust(3, POOL, 0, 2 * COIN, acquired=1)
    assert [(e.value, e.acquired) for e in twin.entries(POOL)] == [(12 * COIN, 1)]
    assert [(e.value, e.acquired) for e in book.entries(POOL)] == [(10 * COIN, 5)]
    assert [(one.op, one.trade, one.lot_value, one.part_value) for one in twin.operations] == [
        (Op.ADJUST, 3, 10 * COIN, 2 * COIN)
    ]
    with pytest.raises(ValueError, match="negative"):
        twin.adjust(4, POOL, 0, -13 * COIN)


def new(time: str, name: str, kind: Kind, quantity: int, **more: object) -> Trade:
    source, _, own = name.partition("/")
    asset = more.pop("asset", "BTC")
    return Trade(at(time), source, own, kind, asset, quantity, more.pop("amount", 0), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", ["plain", "fast"])
def test_deposits_and_withdrawals(engine: str) -> None:
    """A deposit brings its declared basis and date, and is taken by date; a withdrawal has no gain."""
    deposit = new("2024-06-01", "w/d", Kind.DEPOSIT, UNIT, amount=5 * COIN, acquired=date(2020, 2, 1))
    unexplained = new("2024-06-02", "w/u", Kind.DEPOSIT, UNIT)
    withdraw = new("2024-07-01", "w/x", Kind.WITHDRAW, UNIT // 2)
    sale = trade("2024-08-01", "w/s", "sell", 4, 400)
    trades = [LOTS[0], LOTS[1], deposit, unexplained, withdraw, sale]
    run = run_ledger(trades, Election(Method.FIFO, Pooling.WALLET, "UTC", 2024), engine=engine)  # type: ignore[arg-type]
    assert [(part.lot_ref, part.quantity, part.basis, part.term) for part in run.disposals] == [
        ("w/d", UNIT // 2, 25 * COIN // 10, "long"),
        ("w/a", UNIT, 10 * COIN, "short"),
        ("w/b", 2 * UNIT, 60 * COIN, "short"),
        ("w/u", UNIT // 2, 0, "short"),
    ]
    assert run.disposals[0].acquired == at("2020-02-01")
    assert [(lot.lot_ref, lot.quantity) for lot in run.open_lots] == [("w/u", UNIT // 2)]


def test_a_conversion_scales_lots_and_disposes_of_nothing() -> None:
    """Three units in two lots become 100: floor(100/3) of the first, the rest of the last; basis and date stay."""
    convert = new("2024-07-01", "w/c", Kind.CONVERT, 3 * UNIT, into="POL", into_quantity=100)
    sale = trade("2025-08-01", "w/s", "sell", "0.000000000000000050", 400, asset="POL")
    run = run_ledger([*LOTS, convert, sale], FIFO)
    assert [(part.lot_ref, part.quantity, part.basis) for part in run.disposals] == [
        ("w/a", 33, 10 * COIN),
        ("w/b", 17, 60 * COIN * 17 // 67),
    ]
    assert [part.acquired for part in run.disposals] == [LOTS[0].time, LOTS[1].time]
    assert [(lot.pool.asset, lot.quantity) for lot in run.open_lots] == [("POL", 50)]
    dust = new("2024-07-01", "w/c", Kind.CONVERT, 3 * UNIT, into="POL", into_quantity=1)
    with pytest.raises(InputError, match="would become zero units of POL"):
        run_ledger([*LOTS, dust], FIFO)
    assert run_ledger([*LOTS, convert, sale], FIFO, engine="fast").disposals == run.disposals
    assert sum(part.proceeds for part in run.disposals) == money(400)


def _declared(acquired: date | int, engine: str, method: Method, zone: str) -> list[str]:
    """The lots that a sale takes: two bought on 2024-02-01 (Tokyo), one declared for that day, recorded after them."""
    bought = [trade("2024-02-01T01:00:00Z", "w/a", "buy", 1, 10), trade("2024-02-01T14:30:00Z", "w/b", "buy", 1, 20)]
    deposit = new("2024-06-01", "w/d", Kind.DEPOSIT, UNIT, amount=5 * COIN, acquired=acquired)
    sale = trade("2025-01-01", "w/s", "sell", 3, 90)
    run = run_ledger([*bought, deposit, sale], Election(method, Pooling.WALLET, zone, 2025), engine=engine)
    return [part.lot_ref for part in run.disposals]


@pytest.mark.parametrize("engine", ["plain", "fast"])
def test_lots_of_one_day_are_in_the_order_of_the_records(engine: str) -> None:
    """By local date and then by record, whatever hour is declared: Reg. 1.1012-1(j)(3)(i) speaks of the date."""
    day = date(2024, 2, 1)
    for hour in (day, at("2024-02-01T00:10:00Z"), at("2024-02-01T14:00:00Z")):
        assert _declared(hour, engine, Method.FIFO, "Asia/Tokyo") == ["w/a", "w/b", "w/d"]
        assert _declared(hour, engine, Method.LIFO, "Asia/Tokyo") == ["w/d", "w/b", "w/a"]
    before, behind = at("2024-01-31T14:59:59Z"), at("2024-02-01T15:00:00Z")  # the local day before, the one behind
    assert _declared(before, engine, Method.FIFO, "Asia/Tokyo") == ["w/d", "w/a", "w/b"]
    assert _declared(before, engine, Method.LIFO, "Asia/Tokyo") == ["w/b", "w/a", "w/d"]
    assert _declared(behind, engine, Method.LIFO, "Asia/Tokyo") == ["w/d", "w/b", "w/a"]
    assert _declared(behind, engine, Method.FIFO, "UTC") == ["w/a", "w/b", "w/d"]

"""The compiled ledger equals the plain one, and its operations tells exactly what happened."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.ledgers import ALL_RULES, ledgers, random_ledger, regimes
from zkharvest.ledger import Election, Method, Pool, Pooling, run_ledger
from zkharvest.ledger import fast_words as words
from zkharvest.ledger.engine_fast import run_operations
from zkharvest.ledger.operations import MOVE_IN, MOVE_OUT, NONE, OPEN, TAKE, Operations
from zkharvest.ledger.rules import part_of, sort_key, unit_basis
from zkharvest.trades.model import MONEY_LIMIT, OPENS_LOT, QUANTITY_LIMIT, Kind, Trade

WORD = 1 << 64

edges = st.sampled_from((1, 2, WORD - 1, WORD, WORD + 1, (1 << 111) - 1, 1 << 111, QUANTITY_LIMIT - 1))
quantities = st.one_of(edges, st.integers(1, QUANTITY_LIMIT - 1), st.integers(1, WORD - 1))
halves = st.sampled_from((0, 1, (1 << 31) - 1, 1 << 31, (1 << 31) + 1, (1 << 32) - 2, (1 << 32) - 1))
words_of_edges = st.tuples(halves, halves).map(lambda two: two[0] << 32 | two[1])
any_words = st.one_of(words_of_edges, st.integers(0, WORD - 1))
values = st.one_of(st.sampled_from((0, 1, MONEY_LIMIT - 1, 1 << 63)), st.integers(0, MONEY_LIMIT - 1))


def two(number: int) -> tuple[np.uint64, np.uint64]:
    return np.uint64(number % WORD), np.uint64(number // WORD)


@settings(max_examples=400, deadline=None)
@given(values, quantities, quantities)
@example(MONEY_LIMIT - 1, QUANTITY_LIMIT - 2, QUANTITY_LIMIT - 1)
@example(MONEY_LIMIT - 1, 1, QUANTITY_LIMIT - 1)
def test_wide_arithmetic_is_exact(value: int, one: int, other: int) -> None:
    part, whole = sorted((one, other))
    assert int(words.part_of(np.uint64(value), *two(part), *two(whole))) == part_of(value, part, whole)
    low, middle, top = (int(word) for word in words.unit_basis(np.uint64(value), *two(whole)))
    assert low + middle * WORD + top * WORD**2 == unit_basis(value, whole)
    assert bool(words.less(*two(one), *two(other))) == (one < other)
    assert [int(word) for word in words.subtract(*two(whole), *two(part))] == [int(word) for word in two(whole - part)]


@settings(max_examples=600, deadline=None)
@given(st.tuples(any_words, any_words), any_words, st.tuples(any_words, any_words))
@example((1 << 63, WORD - 1), WORD - 1, (WORD - 1, WORD - 1))  # the words at the top are equal
@example((1 << 63, (1 << 32) - 1), WORD - 2, ((1 << 63) - 1, 0))
def test_long_division_is_exact(divisor: tuple[int, int], quotient: int, rest: tuple[int, int]) -> None:
    """Digits of two halves at their edges, where a guessed digit is too large."""
    whole = (divisor[0] | 1 << 63) * WORD + divisor[1]
    left = (rest[0] * WORD + rest[1]) % whole
    dividend = quotient * whole + left
    n_2, n_1, n_0, d_1, d_0 = (
        np.uint64(word)
        for word in (dividend >> 128, dividend >> 64 & WORD - 1, dividend & WORD - 1, whole >> 64, whole & WORD - 1)
    )
    digit, high, low = (int(word) for word in words.divide_pair(n_2, n_1, n_0, d_1, d_0))
    assert (digit, high * WORD + low) == (quotient, left)
    word = int(d_1)
    dividend = quotient * word + left % word
    assert tuple(map(int, words.divide_word(*two(dividend)[::-1], d_1))) == divmod(dividend, word)
    assert [int(part) for part in words.multiply(n_0, n_1)] == [int(part) for part in two(int(n_0) * int(n_1))]
    for number in (d_1, np.uint64(max(quotient, 1))):
        assert int(words.leading_zeros(number)) == 64 - int(number).bit_length()


def same(trades: list[Trade], election: Election) -> None:
    plain, fast = (run_ledger(trades, election, engine=engine) for engine in ("plain", "fast"))
    columns_are_the_lots(plain)
    columns_are_the_lots(fast)
    assert fast.totals == plain.totals
    assert fast.disposals == plain.disposals
    assert fast.open_lots == plain.open_lots
    assert (fast.window, fast.cut, fast.later, fast.trades) == (plain.window, plain.cut, plain.later, plain.trades)


@settings(max_examples=150, deadline=None)
@given(ledgers(), regimes())
def test_fast_equals_plain(trades: list[Trade], election: Election) -> None:
    same(trades, election)


@settings(max_examples=50, deadline=None)
@given(ledgers(Pooling.UNIVERSAL), regimes(pooling=Pooling.UNIVERSAL))
def test_fast_equals_plain_where_wallets_sell_what_others_hold(trades: list[Trade], election: Election) -> None:
    same(trades, election)


@pytest.mark.parametrize(("method", "pooling"), ALL_RULES)
def test_fast_equals_plain_on_longer_ledgers(method: Method, pooling: Pooling) -> None:
    trades = random_ledger(Random(f"{method}{pooling}"), 600, wallets=2, assets=2)
    same(trades, Election(method, pooling, "America/New_York", 2200))


def test_transfers_to_and_fro_need_room() -> None:
    # Every transfer moves all 40 lots: many more operations than trades.
    lots = [Trade(n, "a", f"b{n}", Kind.BUY, "BTC", 10 + n, 100 - n) for n in range(40)]
    total = sum(lot.quantity for lot in lots)
    moves = [Trade(100 + n, "ab"[n % 2], f"t{n}", Kind.TRANSFER, "BTC", total, 0, to="ba"[n % 2]) for n in range(50)]
    for method in (Method.FIFO, Method.LIFO, Method.HIFO, Method.LOFO):
        election = Election(method, Pooling.WALLET, "UTC", 2025)
        same([*lots, *moves], election)
        assert run_operations([*lots, *moves], election).op.size == 40 + 50 * 40 * 2


def columns_are_the_lots(run) -> None:
    """`open_columns` says what `open_lots` says, each exactly."""
    columns = run.open_columns
    assert len(columns) == len(run.open_lots)
    found = zip(
        columns.pool.tolist(), columns.seq.tolist(), columns.quantity_lo.tolist(), columns.quantity_hi.tolist(),
        columns.value_lo.tolist(), columns.value_hi.tolist(), columns.acquired.tolist(), strict=True,
    )  # fmt: skip
    assert [
        (columns.pools[pool], seq, low + WORD * high, value_low + WORD * value_high, acquired)
        for pool, seq, low, high, value_low, value_high, acquired in found
    ] == [(lot.pool, lot.seq, lot.quantity, lot.value, lot.acquired) for lot in run.open_lots]


def quantity(operations: Operations, name: str, n: int) -> int:
    return int(getattr(operations, f"{name}_lo")[n]) + WORD * int(getattr(operations, f"{name}_hi")[n])


def replay(operations: Operations) -> None:
    """Play the operations on plain lists, checking everything that it says against them and against the trades."""
    election, trades = operations.election, operations.trades
    universal = election.pooling is Pooling.UNIVERSAL
    lists: list[list[int]] = [[] for _ in operations.pools]
    held: dict[int, list[int]] = {}
    rest: dict[int, list[int]] = {}
    seen: list[int] = []
    moved: tuple[int, int, int, int] | None = None
    made = 0
    for n in range(operations.op.size):
        op, place = int(operations.op[n]), int(operations.trade[n])
        trade, node, pool = trades[place], int(operations.node[n]), int(operations.pool[n])
        assert bool(operations.first[n]) == (not seen or seen[-1] != place)
        assert bool(operations.last[n]) == (n + 1 == operations.op.size or int(operations.trade[n + 1]) != place)
        seen.append(place)
        part, value = quantity(operations, "part_q", n), int(operations.part_value[n])
        before = [quantity(operations, "lot_q", n), int(operations.lot_value[n])]
        if op == NONE:
            assert universal
            assert trade.kind is Kind.TRANSFER
            assert (node, pool, int(operations.pred[n]), int(operations.next[n])) == (-1, -1, -1, -1)
            assert (part, value, before) == (0, 0, [0, 0])
            continue
        entries = lists[pool]
        if op in (OPEN, MOVE_IN):
            assert node == made
            made += 1
            lot = place if op == OPEN else moved[0] if moved else -1
            assert (int(operations.node_trade[node]), int(operations.node_pool[node])) == (lot, pool)
            assert before[0] == part
            if op == OPEN:
                assert trade.kind in OPENS_LOT
                assert before[0] == trade.quantity
                assert operations.pools[pool].side == (trade.kind is Kind.SHORT)
                assert operations.pools[pool][:2] == (trade.asset, "" if universal else trade.source)
            else:
                assert moved == (lot, place, *before)
                assert operations.pools[pool] == Pool(trade.asset, trade.to, operations.pools[pool].side)
                assert operations.pools[pool].side == 0
            pred = int(operations.pred[n])
            at = entries.index(pred) + 1 if pred >= 0 else 0
            assert int(operations.next[n]) == (entries[at] if at < len(entries) else -1)
            entries.insert(at, node)
            held[node] = before
            moved = None
            continue
        assert moved is None
        at = entries.index(node)
        assert int(operations.pred[n]) == (entries[at - 1] if at else -1)
        assert int(operations.next[n]) == (entries[at + 1] if at + 1 < len(entries) else -1)
        assert election.method is Method.SPECIFIC or at == 0
        assert held[node] == before
        assert value == part_of(before[1], part, before[0])
        held[node] = [before[0] - part, before[1] - value]
        assert bool(operations.emptied[n]) == (held[node][0] == 0)
        if operations.emptied[n]:
            entries.remove(node)
            del held[node]
        now = rest.setdefault(place, [trade.quantity, int(operations.rest_value[n])])
        assert now == [quantity(operations, "rest_q", n), int(operations.rest_value[n])]
        close = int(operations.close_value[n])
        if op == TAKE:
            signed = trade.amount + trade.fee if operations.pools[pool].side else trade.amount - trade.fee
            assert not operations.first[n] or abs(signed) == now[1]
            assert bool(operations.negative[n]) == (signed < 0)
        else:
            assert op == MOVE_OUT
            moved = (int(operations.node_trade[node]), place, part, value)
        assert close == part_of(now[1], part, now[0])
        rest[place] = [now[0] - part, now[1] - close]
        assert not (operations.last[n] and op == TAKE) or rest[place] == [0, 0]
    assert sorted(set(seen)) == list(range(len(trades)))
    assert seen == sorted(seen)
    assert moved is None
    assert made == len(operations.node_trade) == len(operations.node_unit)
    assert [node for entries in lists for node in entries] == operations.final_node.tolist()
    for n, node in enumerate(operations.final_node.tolist()):
        assert held[node] == [quantity(operations, "final_q", n), int(operations.final_value[n])]
    assert list(operations.pools) == sorted(set(operations.pools))
    key = sort_key(election.method)
    for entries in lists:
        keys = [
            key(int.from_bytes(operations.node_unit[node].tobytes(), "little"), int(operations.node_trade[node]))
            for node in entries
        ]
        assert keys == sorted(keys)
    for node, lot in enumerate(operations.node_trade.tolist()):
        opened = trades[lot]
        value = opened.amount - opened.fee if opened.kind is Kind.SHORT else opened.amount + opened.fee
        assert int.from_bytes(operations.node_unit[node].tobytes(), "little") == unit_basis(value, opened.quantity)


@settings(max_examples=120, deadline=None)
@given(ledgers(), regimes())
def test_the_tape_can_be_replayed(trades: list[Trade], election: Election) -> None:
    replay(run_operations(trades, election))


@pytest.mark.parametrize(("method", "pooling"), ALL_RULES)
def test_a_longer_tape_can_be_replayed(method: Method, pooling: Pooling) -> None:
    replay(run_operations(random_ledger(Random(7), 800, wallets=2, assets=1), Election(method, pooling, "UTC", 2400)))


def test_an_empty_tape() -> None:
    operations = run_operations([], Election(Method.HIFO, Pooling.WALLET, "UTC", 2025))
    assert operations.op.size == operations.node_trade.size == operations.final_node.size == len(operations.pools) == 0
    same([], Election(Method.SPECIFIC, Pooling.WALLET, "UTC", 2025))


def test_the_tape_stops_at_the_end_of_the_year() -> None:
    trades = random_ledger(Random(3), 60)
    election = Election(Method.FIFO, Pooling.WALLET, "UTC", 2021)
    operations, run = run_operations(trades, election), run_ledger(trades, election)
    assert 0 < len(operations.trades) == len(run.trades) < len(trades)
    assert set(operations.trade.tolist()) == set(range(len(operations.trades)))


def test_arrays_of_the_tape_have_their_types() -> None:
    operations = run_operations(random_ledger(Random(3), 60), Election(Method.LIFO, Pooling.WALLET, "UTC", 2030))
    for name, kind in Operations.__annotations__.items():
        if kind in ("Ints", "Words", "Bytes", "Bools"):
            array = getattr(operations, name)
            assert array.flags.c_contiguous
            expected = {"Ints": np.int64, "Words": np.uint64, "Bytes": np.uint8, "Bools": np.bool_}[kind]
            assert array.dtype == expected, name
    assert operations.node_unit.shape == (operations.node_trade.size, 20)

"""Values and named lots on columns against the definitions, trade by trade."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.errors import InputError
from zkharvest.ledger.fast_values import values_of
from zkharvest.ledger.picks import Names, resolve_picks
from zkharvest.ledger.refusals import checked_values
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.ledger.trade_columns import PickColumns, TradeColumns, two_words
from zkharvest.spec import MONEY_LIMIT, QUANTITY_LIMIT
from zkharvest.trades.model import Kind, LotPick, Trade

MONEY = st.sampled_from([0, 1, 7, (1 << 62) - 1, 1 << 62, (1 << 63) - 1, MONEY_LIMIT - 1, MONEY_LIMIT])
# -2^63 is its own negative within 64 bits.
FEES = st.sampled_from([0, 1, -1, 5, (1 << 62) - 1, -(1 << 62), -(1 << 63), 1 - MONEY_LIMIT, -MONEY_LIMIT])
QUANTITIES = st.sampled_from([0, 1, 3, 10**18, QUANTITY_LIMIT - 1, QUANTITY_LIMIT])
NAMES = st.sampled_from(["1", "2", "a/1", "b/1", "a/b/1", "b/2", "nobody"])


@st.composite
def trades(draw, amounts=MONEY, fees=FEES, quantities=QUANTITIES):
    kind = draw(st.sampled_from(Kind))
    quantity = draw(quantities)
    lots = draw(st.lists(st.builds(LotPick, NAMES, quantities), max_size=2))
    if draw(st.booleans()):
        lots = [LotPick(draw(NAMES), quantity)]
    return Trade(
        time=draw(st.sampled_from([0, 1000, 1 << 43, 1 << 44, -1])),
        source=draw(st.sampled_from(["a", "b", "a/b"])),
        id=draw(st.sampled_from(["1", "2", "b/1"])),
        kind=kind,
        asset="BTC",
        quantity=quantity,
        amount=draw(amounts),
        fee=draw(fees),
        to=draw(st.sampled_from(["", "a", "b"])),
        lots=tuple(lots),
        into=draw(st.sampled_from(["", "ETH"])),
        into_quantity=draw(st.sampled_from([0, 5])),
    )


def outcome(work):
    try:
        return work()
    except InputError as error:
        return [str(problem) for problem in error.problems]


@settings(max_examples=400, deadline=None)
@given(
    ledger=st.lists(trades(), max_size=4),
    method=st.sampled_from([Method.FIFO, Method.SPECIFIC]),
    pooling=st.sampled_from(Pooling),
)
def test_columns_say_what_trade_by_trade_says(ledger, method, pooling):
    election = Election(method, pooling, "UTC", 2024)

    def on_columns():
        magnitudes, signs = values_of(TradeColumns(ledger), election)
        return [int(size) * int(sign) for size, sign in zip(magnitudes, signs, strict=True)]

    assert outcome(on_columns) == outcome(lambda: checked_values(ledger, election))


PARTS = st.one_of(
    st.sampled_from([0, 1, (1 << 32) - 1, 1 << 32, (1 << 64) - 1, 1 << 64, (1 << 126)]), st.integers(0, 1 << 112)
)


@settings(max_examples=300, deadline=None)
@given(
    named=st.lists(st.lists(PARTS, max_size=4), max_size=4),
    off=st.sampled_from([0, 0, 1, -1, 1 << 32, 1 << 64, -(1 << 96)]),
)
def test_named_parts_add_up_across_words(named, off):
    """Carries between halves and words; one trade may be off by something."""
    wholes = [sum(parts) % (1 << 127) for parts in named]
    if wholes:
        wholes[-1] = max(0, wholes[-1] + off) % (1 << 127)
    ledger = [
        Trade(0, "a", str(n), Kind.SELL, "BTC", whole, 0, lots=tuple(LotPick("1", part) for part in parts))
        for n, (parts, whole) in enumerate(zip(named, wholes, strict=True))
    ]
    columns = TradeColumns(ledger)
    picks = columns.picks(np.arange(len(ledger)))
    expected = all(parts and min(parts) > 0 and sum(parts) == whole for parts, whole in zip(named, wholes, strict=True))
    assert picks.add_up(columns.quantity) == expected
    assert picks.names == ["1" for parts in named for _ in parts]
    assert picks.taker.tolist() == [place for place, parts in enumerate(named) for _ in parts]


def test_picks_of_the_same_trades_are_read_once():
    ledger = [Trade(0, "a", "2", Kind.SELL, "BTC", 3, 0, lots=(LotPick("1", 3),))]
    columns = TradeColumns(ledger)
    first = columns.picks(np.array([0]))
    assert isinstance(first, PickColumns) and columns.picks(np.array([0])) is first
    assert columns.picks(np.array([], np.int64)).counts.size == 0


SOUND = {"amounts": st.sampled_from([5, 100]), "fees": st.sampled_from([0, 2, -2]), "quantities": st.just(3)}


@settings(max_examples=200, deadline=None)
@given(ledger=st.lists(trades(**SOUND), max_size=5), method=st.sampled_from([Method.FIFO, Method.SPECIFIC]))
def test_columns_value_what_is_sound(ledger, method):
    """Most of these ledgers pass, where most of the others fail."""
    election = Election(method, Pooling.WALLET, "UTC", 2024)
    found = outcome(lambda: values_of(TradeColumns(ledger), election))
    expected = outcome(lambda: checked_values(ledger, election))
    if isinstance(found, tuple):
        assert [int(a) * int(b) for a, b in zip(*found, strict=True)] == expected
    else:
        assert found == expected


@settings(max_examples=400, deadline=None)
@given(ledger=st.lists(trades(**SOUND), max_size=6))
def test_names_mean_the_same_one_by_one_and_all_at_once(ledger):
    """Sources and ids with slashes, equal ids, names of lots to come: with and without the quick way."""
    closing = [place for place, trade in enumerate(ledger) if trade.lots]
    assert outcome(lambda: resolve_picks(ledger, closing)) == outcome(
        lambda: resolve_picks(ledger, closing, Names(ledger))
    )


@settings(max_examples=200, deadline=None)
@given(ledger=st.lists(trades(**SOUND), max_size=6), name=NAMES, before=st.integers(0, 6))
def test_a_name_is_an_id_or_a_source_and_an_id(ledger, name, before):
    expected = [
        place
        for place, trade in enumerate(ledger[:before])
        if trade.kind in (Kind.BUY, Kind.INCOME, Kind.SHORT, Kind.DEPOSIT) and name in (trade.id, trade.ref)
    ]
    assert Names(ledger).find(name, min(before, len(ledger))) == expected


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_is_the_key_that_its_number_is(kind):
    """Its hash is the number's: the numbers may stand in for kinds in sets."""
    assert hash(kind) == hash(int(kind)) and {kind: 1}[int(kind)] == 1


@given(st.lists(st.integers(0, 2**127 - 1), max_size=5))
def test_wide_numbers_are_two_words(numbers):
    assert [int(low) | int(high) << 64 for low, high in two_words(numbers)] == numbers


@pytest.mark.parametrize("number", [-1, -(2**64), 2**127, 2**200])
def test_numbers_that_do_not_fit_are_told(number):
    with pytest.raises(OverflowError):
        two_words([1, number])

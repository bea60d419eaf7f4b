"""Trades as hashed records: every field is where the layout says, and what cannot be encoded is refused."""

from __future__ import annotations

from hashlib import sha256
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.ledgers import random_ledger
from tests.support.make import trade
from zkharvest.commitment import encoding, records
from zkharvest.commitment.encoding import TAG_RECORD, asset_code, lanes24, limbs15
from zkharvest.commitment.records import encode
from zkharvest.errors import InputError
from zkharvest.ledger import Election, Method, Pooling, run_ledger
from zkharvest.ledger.rules import Side, closing_value, opening_value, signed_value
from zkharvest.spec import currency_code, source_code
from zkharvest.trades.model import OPENS_LOT, Kind


def number(lanes, bits=24):
    return sum(int(x) << (bits * i) for i, x in enumerate(lanes))


def check_record(made, i, t):
    """The layout of the module's docstring, read back."""
    lane = made.lanes[i].tolist()
    code = lane[0] - TAG_RECORD
    close, move, short, negative = (code >> k & 1 for k in range(4))
    assert code < 16
    assert close == (t.kind not in OPENS_LOT and t.kind is not Kind.TRANSFER)
    assert move == (t.kind is Kind.TRANSFER)
    assert short == made.short[i]
    assert number([*(lane[1] >> (15 * k) & 0x7FFF for k in (0, 1)), lane[2] & 0x7FFF], 15) == t.time
    assert number(lane[3:8]) == t.quantity
    value = signed_value(t, bool(short))
    assert tuple(lane[8:11]) == (source_code(t.to) if move else tuple(lanes24(abs(value), 3)))
    assert negative == (value < 0)
    assert tuple(lane[11:17]) == asset_code(t.asset)
    assert lane[17:] == [currency_code("USD"), int(t.kind), 0, 0, 0, 0, 0]  # the salt comes later
    assert made.sources[made.source[i]] == t.source
    assert not move or made.sources[made.to[i]] == t.to


@given(st.integers(0, 2**32), st.sampled_from(Pooling))
@settings(max_examples=25, deadline=None)
def test_a_record_says_what_the_trade_says(seed, basis):
    trades = random_ledger(Random(seed), 40, basis)
    made = encode(trades, "USD")
    count = dict.fromkeys(made.sources, 0)
    for i, t in enumerate(trades):
        check_record(made, i, t)
        assert made.position[i] == count[t.source]
        count[t.source] += 1
        tie = int(made.lanes[i, 2]) >> 15
        assert tie == sum(u.time == t.time for u in trades[:i])


def test_sources_are_sorted_by_bytes_and_hold_destinations():
    rows = [
        trade("2024-01-01", "é/1", "buy", 2, 5),
        trade("2024-01-02", "é/2", "transfer", 1, to="Z"),
        trade("2024-01-03", "a/1", "buy", 1, 5),
    ]
    made = encode(rows, "USD")
    assert made.sources == ("Z", "a", "é")
    assert made.to.tolist() == [0, 0, 0]
    assert made.source.tolist() == [2, 2, 1]
    assert made.position.tolist() == [0, 1, 0]


def test_codes_are_prefixes_of_tagged_digests():
    digest = sha256(b"zkharvest/asset/v1\0BTC").digest()
    code = asset_code("BTC")
    assert number(code[:3]) == int.from_bytes(digest[:9], "little")
    assert list(code[3:]) == [int.from_bytes(digest[9 + 4 * i : 13 + 4 * i], "little") % 2**30 for i in range(3)]
    digest = sha256(b"zkharvest/source/v1\0kraken").digest()
    assert list(source_code("kraken")) == [
        int.from_bytes(digest[4 * i : 4 * i + 4], "little") % 2**30 for i in range(3)
    ]
    assert asset_code("kraken")[3:] != source_code("kraken")
    assert asset_code("btc") != asset_code("BTC")


@given(st.integers(0, 2**112 - 1))
def test_lanes_and_limbs(value):
    assert number(lanes24(value, 5)) == value
    assert number(limbs15(value, 8), 15) == value
    assert encoding.digest_elements(encoding.digest_bytes(tuple(range(9)))) == tuple(range(9))


@pytest.mark.parametrize(
    ("kind", "short", "amount", "fee", "value"),
    [
        ("buy", False, 100, 3, 103),
        ("income", False, 100, -3, 97),
        ("sell", False, 100, 3, 97),
        ("sell", False, 1, 3, -2),
        ("spend", False, 100, 3, 97),
        ("short", True, 100, 3, 97),
        ("cover", True, 100, 3, 103),
        ("cover", True, 1, -3, -2),
        ("expire", False, 0, 3, -3),  # a fee costs on either side
        ("expire", True, 0, 3, 3),
        ("transfer", False, 0, 0, 0),
    ],
)
def test_values_join_the_fee(kind, short, amount, fee, value):
    t = trade("2024-01-01", "1", kind, 1, amount, fee, to="x" if kind == "transfer" else "")
    assert signed_value(t, short) == value * 10**8
    if kind in ("buy", "income", "short"):
        assert signed_value(t, short) == opening_value(t)
    elif kind != "transfer":
        assert signed_value(t, short) == closing_value(t, Side(short))


@given(st.integers(0, 2**32), st.sampled_from(Pooling), st.sampled_from([m for m in Method if m != "specific"]))
@settings(max_examples=25, deadline=None)
def test_an_expiry_closes_the_side_that_the_ledger_closes(seed, basis, method):
    trades = random_ledger(Random(seed), 60, basis, assets=1)
    run = run_ledger(trades, Election(method, basis, "UTC", 2500))
    sides = {d.trade: d.side for d in run.disposals if trades[d.trade].kind is Kind.EXPIRE}
    short = encode(trades, "USD").short
    assert all(short[i] == (side is Side.SHORT) for i, side in sides.items())


def test_other_accounts_decide_where_an_account_sold_what_it_does_not_hold():
    """Under universal basis `b` sells what `a` bought; the asset is then only short, whatever `a` seems to hold."""
    rows = [
        trade("2024-01-01", "a/1", "buy", 1, 5),
        trade("2024-01-02", "b/1", "sell", 1, 5),
        trade("2024-01-03", "a/2", "short", 1, 5),
        trade("2024-01-04", "a/3", "expire", 1),
    ]
    assert encode(rows, "USD").short.tolist() == [False, False, True, True]


def test_an_account_decides_where_both_sides_are_open_somewhere():
    rows = [
        trade("2024-01-01", "a/1", "buy", 1, 5),
        trade("2024-01-02", "b/1", "short", 1, 5),
        trade("2024-01-03", "a/2", "expire", 1),
        trade("2024-01-04", "b/2", "expire", 1),
    ]
    assert encode(rows, "USD").short.tolist() == [False, True, False, True]


def test_an_expiry_of_nothing_or_of_both_is_refused_with_its_line():
    rows = [
        trade("2024-01-01", "a/1", "expire", 1, line=2),
        trade("2024-01-02", "a/2", "buy", 1, 5, line=3),
        trade("2024-01-03", "a/3", "short", 1, 5, line=4),
        trade("2024-01-04", "a/4", "expire", 1, line=5),
    ]
    with pytest.raises(InputError) as caught:
        encode(rows, "USD")
    first, second = caught.value.problems
    assert (first.where, second.where) == ("line 2: a/1", "line 5: a/4")
    assert "expire of 1 from pool BTC (a), which holds 0" in first.message
    assert "expire of 1 from pool BTC (a) is ambiguous" in second.message


def test_what_cannot_be_numbered_is_refused(monkeypatch):
    rows = [trade("2024-01-01", f"s{i % 3}/{i}", "buy", 1, 5) for i in range(5)]
    monkeypatch.setattr(records, "MAX_TIE", 4)
    with pytest.raises(InputError, match="more than 4 trades at one millisecond"):
        encode(rows, "USD")
    encode(rows[:4], "USD")
    monkeypatch.setattr(records, "MAX_SOURCES", 2)
    with pytest.raises(InputError, match="3 sources, at most 2 can be committed"):
        encode(rows[:3], "USD")


def test_no_trades_make_no_records():
    made = encode([], "USD")
    assert made.lanes.shape == (0, 24)
    assert made.sources == ()

"""Statements: what is read, what it means to the circuit, and every fault refused."""

import copy
from hashlib import sha256

import pytest
import verify_stub_machine as stub
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.spec import METHODS, currency_code, source_code
from zkharvest.verifier import statement as statement_module
from zkharvest.verifier.field import P
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.statement import public_data, read_statement


def rejection(claimed):
    with pytest.raises(Reject) as caught:
        read_statement(claimed)
    return caught.value.reason


def test_what_is_read():
    statement = read_statement(stub.statement(context={"audience": "Tax office", "nonce": b"\1\2"}))
    assert statement.circuit_id == "stub/v1"
    assert statement.circuit_digest == stub.DIGEST
    assert (statement.year, statement.method, statement.pooling) == (2024, "hifo", "wallet")
    assert (statement.currency, statement.timezone) == ("USD", "America/New_York")
    assert (statement.audience, statement.nonce) == ("Tax office", b"\1\2")
    assert [source.id for source in statement.sources] == ["0xab:ethereum", "kraken:main"]
    assert statement.totals.gain == 250 - 1234500000000 + 0 - 123456789012
    assert statement.totals.basis == -5 - statement.totals.gain


def test_public_data():
    statement = read_statement(stub.statement())
    data = public_data(statement, stub.DESCRIPTION, b"context")
    named = dict(zip(stub.DESCRIPTION.publics, data.publics, strict=True))
    assert [named[method] for method in METHODS] == [0, 0, 1, 0, 0]
    assert (named["wallet"], named["proceeds_negative"], named["year"]) == (1, 1, 2024)
    assert named["currency"] == currency_code("USD")
    for name, expected in (
        ("short_gain", 250),
        ("short_loss", 1234500000000),
        ("long_gain", 0),
        ("long_loss", 123456789012),
        ("proceeds", 5),
    ):
        limbs = [named[f"{name}_{i}"] for i in range(12)]
        assert all(0 <= limb < 256 for limb in limbs)
        assert sum(limb << (8 * i) for i, limb in enumerate(limbs)) == expected
    assert [named[f"closing_root_{i}"] for i in range(9)] == [2000 + i for i in range(9)]
    codes = [source_code(name) for name in ("0xab:ethereum", "kraken:main")]
    assert data.lists == (((*range(5000, 5009), *codes[0]), (*range(4000, 4009), *codes[1])),)
    assert data.context == b"context"
    assert set(data.columns) == {(0, i) for i in range(7)}
    assert len(data.columns[0, 0]) == 365 + 365 + 366 + 2
    # with lots carried in, a row without effect comes before the days, which are those of the year
    carried = public_data(read_statement(stub.statement(carried_in=stub.root(1))), stub.DESCRIPTION, b"")
    assert carried.columns[0, 6] == (2, *data.columns[0, 6][730:])
    assert all(carried.columns[0, i] == (0, *data.columns[0, i][730:]) for i in range(6))


def test_names_of_inventories():
    """The inventory that a year carries out has the name that the next year's must have carried in; no other has it."""
    before = read_statement(stub.statement())
    following = stub.statement(year=2025, carried_in=stub.root(2))
    assert before.carried_in is None
    assert before.carried_out == read_statement(following).carried_in
    instant = 1735707600000  # 2025-01-01T00:00-05:00
    expected = b"zkharvest/inventory/v1\0" + stub.root(2) + instant.to_bytes(8, "little") + b"USD"
    assert before.carried_out == sha256(expected).digest()
    for change in ({"carried_in": stub.root(3)}, {"timezone": "Europe/Berlin"}, {"currency": "EUR"}):
        other = stub.statement(**{"year": 2025, "carried_in": stub.root(2), **change})
        assert read_statement(other).carried_in != before.carried_out
    assert read_statement(stub.statement(year=2026, carried_in=stub.root(2))).carried_in != before.carried_out


def test_with_lots_carried_in_the_calendar_begins_with_the_year():
    assert rejection(stub.statement(carried_in=stub.root(1), calendar=stub.calendar())) is Reason.STATEMENT_CALENDAR


def test_two_sources_with_one_code_or_one_root_are_refused(monkeypatch):
    same_root = [{"id": name, "root": stub.root(1)} for name in ("a", "b")]
    assert rejection(stub.statement(sources=same_root)) is Reason.STATEMENT_VALUE
    monkeypatch.setattr(statement_module, "source_code", lambda _: (1, 2, 3))
    assert rejection(stub.statement()) is Reason.STATEMENT_VALUE


def test_universal_pooling_and_positive_proceeds():
    totals = {**stub.statement()["totals"], "proceeds": str(2**96 - 1)}
    claimed = stub.statement(pooling="universal", method="fifo", totals=totals)
    data = public_data(read_statement(claimed), stub.DESCRIPTION, b"")
    named = dict(zip(stub.DESCRIPTION.publics, data.publics, strict=True))
    assert (named["fifo"], named["hifo"], named["wallet"], named["proceeds_negative"]) == (1, 0, 0, 0)
    assert [named[f"proceeds_{i}"] for i in range(12)] == [255] * 12


@pytest.mark.parametrize("key", sorted(stub.statement()))
def test_every_key_is_required_and_typed(key):
    claimed = stub.statement()
    del claimed[key]
    assert rejection(claimed) is Reason.STATEMENT_FIELDS
    for other in (None, 3.5, "?", -1, b"x", [], {}, True, [[]], {"": 0}):
        assert rejection({**stub.statement(), key: other}) in (
            Reason.STATEMENT_FIELDS,
            Reason.STATEMENT_VALUE,
            Reason.STATEMENT_CALENDAR,
        )


def test_no_other_key():
    assert rejection(stub.statement(more=1)) is Reason.STATEMENT_FIELDS
    for key in ("calendar", "circuit", "context", "totals"):
        assert rejection(stub.statement(**{key: {**stub.statement()[key], "more": 1}})) is Reason.STATEMENT_FIELDS
    sources = copy.deepcopy(stub.statement()["sources"])
    sources[0]["more"] = 1
    assert rejection(stub.statement(sources=sources)) is Reason.STATEMENT_FIELDS


def totals(**changes):
    return {"totals": {**stub.statement()["totals"], **changes}}


def sources(*entries):
    return {"sources": [{"id": name, "root": stub.root(i)} for i, name in enumerate(entries)]}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"v": 2}, Reason.STATEMENT_VALUE),
        ({"v": True}, Reason.STATEMENT_VALUE),
        ({"wash_sale": 0}, Reason.STATEMENT_VALUE),
        ({"wash_sale": True}, Reason.STATEMENT_VALUE),
        ({"scales": [18, 2]}, Reason.STATEMENT_VALUE),
        ({"holding": "de-23"}, Reason.STATEMENT_VALUE),
        ({"method": "average"}, Reason.STATEMENT_VALUE),
        ({"pooling": "account"}, Reason.STATEMENT_VALUE),
        ({"currency": "US"}, Reason.STATEMENT_VALUE),
        ({"currency": "US DOLLARS"}, Reason.STATEMENT_VALUE),
        ({"currency": "DOLLAR"}, Reason.STATEMENT_VALUE),
        ({"currency": "USD\n"}, Reason.STATEMENT_VALUE),
        ({"currency": "\u0661\u0662\u0663"}, Reason.STATEMENT_VALUE),
        ({"timezone": ""}, Reason.STATEMENT_VALUE),
        ({"timezone": "Europe/../x"}, Reason.STATEMENT_VALUE),
        ({"year": 1970, "calendar": stub.calendar()}, Reason.STATEMENT_VALUE),
        ({"year": 2527, "calendar": stub.calendar()}, Reason.STATEMENT_VALUE),
        ({"year": True, "calendar": stub.calendar()}, Reason.STATEMENT_FIELDS),
        ({"year": 2025, "calendar": stub.calendar()}, Reason.STATEMENT_CALENDAR),
        ({"carried_in": stub.root(1)[:-1]}, Reason.STATEMENT_FIELDS),
        ({"carried_in": stub.root(1)[:-4] + P.to_bytes(4, "little")}, Reason.STATEMENT_VALUE),
        ({"carried_out": b"\xff" * 36}, Reason.STATEMENT_VALUE),
        ({"circuit": {"digest": bytes(31), "id": "stub/v1"}}, Reason.STATEMENT_FIELDS),
        ({"circuit": {"digest": bytes(32), "id": ""}}, Reason.STATEMENT_VALUE),
        ({"context": {"audience": "x", "nonce": bytes(33)}}, Reason.STATEMENT_FIELDS),
        ({"context": {"audience": "x" * 201, "nonce": b""}}, Reason.STATEMENT_VALUE),
        ({"context": {"audience": "line\nbreak", "nonce": b""}}, Reason.STATEMENT_VALUE),
        ({"context": {"audience": "\u202etxet", "nonce": b""}}, Reason.STATEMENT_VALUE),
        # money: one spelling of each integer, in its range
        (totals(proceeds="-0"), Reason.STATEMENT_VALUE),
        (totals(proceeds="+1"), Reason.STATEMENT_VALUE),
        (totals(proceeds="01"), Reason.STATEMENT_VALUE),
        (totals(proceeds="1.0"), Reason.STATEMENT_VALUE),
        (totals(proceeds=""), Reason.STATEMENT_VALUE),
        (totals(proceeds=" 1"), Reason.STATEMENT_VALUE),
        (totals(proceeds="\u0661"), Reason.STATEMENT_VALUE),
        (totals(proceeds="1_0"), Reason.STATEMENT_VALUE),
        (totals(proceeds=str(2**96)), Reason.STATEMENT_VALUE),
        (totals(proceeds=str(-(2**96))), Reason.STATEMENT_VALUE),
        (totals(proceeds="9" * 5000), Reason.STATEMENT_VALUE),
        (totals(proceeds=5), Reason.STATEMENT_FIELDS),
        (totals(short_loss="-1"), Reason.STATEMENT_VALUE),
        (totals(long_gain=str(2**96)), Reason.STATEMENT_VALUE),
        # sources
        (sources(), Reason.STATEMENT_VALUE),
        (sources("b", "a"), Reason.STATEMENT_VALUE),
        (sources("a", "a"), Reason.STATEMENT_VALUE),
        (sources(""), Reason.STATEMENT_VALUE),
        (sources("a "), Reason.STATEMENT_VALUE),
        (sources("a\x1b[1m"), Reason.STATEMENT_VALUE),
        (sources("e\u0301"), Reason.STATEMENT_VALUE),  # not normal form C
        (sources("x" * 129), Reason.STATEMENT_VALUE),
        (sources(*(f"{i:05}" for i in range(4097))), Reason.STATEMENT_VALUE),
        ({"sources": [{"id": "a", "root": bytes(32)}]}, Reason.STATEMENT_FIELDS),
        ({"sources": ["a"]}, Reason.STATEMENT_FIELDS),
        # the calendar's form
        ({"calendar": {**stub.calendar(), "days": True}}, Reason.STATEMENT_FIELDS),
        ({"calendar": {**stub.calendar(), "first_day": "2022-02-30"}}, Reason.STATEMENT_VALUE),
        ({"calendar": {**stub.calendar(), "first_day": "20220101"}}, Reason.STATEMENT_VALUE),
        ({"calendar": {**stub.calendar(), "offsets": [[0]]}}, Reason.STATEMENT_FIELDS),
        ({"calendar": {**stub.calendar(), "offsets": [[0, False]]}}, Reason.STATEMENT_FIELDS),
        ({"calendar": {**stub.calendar(), "offsets": [[0, 2**70]]}}, Reason.STATEMENT_CALENDAR),
        ({"calendar": {**stub.calendar(), "days": 2**62}}, Reason.STATEMENT_CALENDAR),
    ],
)
def test_each_fault_has_its_reason(changes, reason):
    assert rejection({**stub.statement(), **changes}) is reason


def test_sources_are_ordered_by_their_bytes():
    read_statement(stub.statement(**sources("a", "ab", "b", "\u00e9", "\u4e00", "\uac00")))
    assert rejection(stub.statement(**sources("\uac00", "\u4e00"))) is Reason.STATEMENT_VALUE


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.binary(max_size=40)
ANY = st.recursive(SCALARS, lambda v: st.lists(v, max_size=4) | st.dictionaries(st.text(max_size=8), v, max_size=4))


@given(st.dictionaries(st.sampled_from(sorted(stub.statement())), ANY, max_size=3))
@settings(max_examples=200)
def test_anything_in_any_place_is_read_or_rejected(changes):
    try:
        read_statement({**stub.statement(), **changes})
    except Reject as reject:
        assert reject.reason.value.startswith("statement/")

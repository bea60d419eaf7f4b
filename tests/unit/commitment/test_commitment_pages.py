"""Records of pages: which there are, what of them is hashed, and trees of many pages at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.commitment.assets import asset_id, id_code, load_assets, normal_id, shipped
from zkharvest.commitment.page_record import (
    FEE_LIMIT,
    TAG_RECORD,
    Flag,
    PageRecord,
    RecordKind,
    check_order,
    flags_fault,
    lanes_of,
    record_of,
    ref_code,
)
from zkharvest.commitment.pages import page_key, page_roots, page_salts, page_tree
from zkharvest.errors import InputError
from zkharvest.spec import MONEY_LIMIT, QUANTITY_LIMIT, TIME_LIMIT
from zkharvest.trades.importers.names import load_names
from zkharvest.trades.model import MAX_LEGS

P = 2**31 - 2**24 + 1
KEY = bytes(range(32))


def record(time=1000, flags=Flag.MONEY, value=5, **fields):
    return PageRecord(flags, RecordKind.TRADE, time, fields.pop("quantity", 10), value, "slip44:0", **fields)


@st.composite
def records(draw):
    flags = draw(st.sampled_from([Flag(n) for n in range(1024) if not flags_fault(Flag(n))]))
    size = 0 if flags & (Flag.MOVES | Flag.CONVERT | Flag.UNVALUED) else draw(st.integers(1, MONEY_LIMIT - 1))
    if not size:
        flags &= ~Flag.NEGATIVE
    value = -size if Flag.NEGATIVE in flags else size
    fee = 0 if flags & (Flag.MOVES | Flag.CONVERT) else draw(st.integers(0, FEE_LIMIT - 1))
    return PageRecord(
        flags, draw(st.sampled_from(RecordKind)), draw(st.integers(0, TIME_LIMIT - 1)),
        draw(st.integers(1, QUANTITY_LIMIT - 1)), value, draw(st.sampled_from(["slip44:0", "venue:x/y"])), fee,
        draw(st.sampled_from(["", "a", "bitcoin:ff"])),
    )  # fmt: skip


@given(records())
@settings(max_examples=150, deadline=None)
def test_every_field_can_be_read_off_the_lanes(one):
    """24 elements below p; nothing of a record is lost or shares a lane with another field."""
    lanes = [int(x) for x in lanes_of([one])[0]]
    assert all(0 <= x < P for x in lanes)
    code, time, quantity = lanes[0] - TAG_RECORD, lanes[1] + (lanes[2] << 30), lanes[3:8]
    assert record_of(code) == (one.flags, one.kind)
    assert time == one.time
    assert sum(x << 24 * i for i, x in enumerate(quantity)) == one.quantity
    assert sum(x << 24 * i for i, x in enumerate(lanes[8:11])) == abs(one.value)
    assert tuple(lanes[11:15]) == id_code(one.asset)
    assert lanes[15] + (lanes[16] << 24) == one.fee
    assert lanes[17] + (lanes[18] << 30) == ref_code(one.ref)
    assert lanes[19:] == [0] * 5
    assert all(x < 1 << 24 for x in lanes[3:7] + lanes[8:10] + [lanes[15]])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"quantity": 0}, "quantity"),
        ({"quantity": QUANTITY_LIMIT}, "quantity"),
        ({"time": TIME_LIMIT}, "time"),
        ({"value": MONEY_LIMIT}, "value"),
        ({"fee": FEE_LIMIT}, "fee"),
        ({"fee": -1}, "fee"),
        ({"value": -1}, "sign"),
        ({"value": 1, "flags": Flag.NEGATIVE | Flag.CLOSES}, "sign"),
        ({"value": -1, "flags": Flag.NEGATIVE}, "no lot is closed"),
        ({"flags": Flag.MOVES | Flag.CLOSES, "value": 0}, "a move neither closes"),
        ({"flags": Flag.INWARD}, "inward"),
        ({"flags": Flag.CONVERT | Flag.SHORT, "value": 0}, "conversion"),
        ({"flags": Flag.MOVES, "value": 1}, "no|none"),
        ({"flags": Flag.UNVALUED, "value": 1}, "there is none"),
        ({"flags": Flag.MOVES, "value": 0, "fee": 1}, "fee on a move"),
    ],
)
def test_records_that_make_no_sense_are_refused(changes, why):
    with pytest.raises(ValueError, match=why):
        record(**changes)


@pytest.mark.parametrize("code", [1 << 10 | 1 << 16, 0, 63 << 16, 29 << 16, 1 << 23])
def test_codes_that_no_record_has_are_refused(code):
    with pytest.raises(ValueError, match=r"flag|RecordKind"):
        record_of(code)


JOINED = Flag.JOINED
GIVEN, GOT = Flag.CONVERT | Flag.CLOSES, Flag.CONVERT | Flag.JOINED


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([(5, 0), (4, 0)], "earlier"),
        ([(5, JOINED)], "joined to one of another time"),
        ([(5, 0), (6, JOINED)], "joined to one of another time"),
        ([(5, 0), *[(5, JOINED)] * MAX_LEGS], "leg 17"),
        ([(5, GIVEN)], "last record is half"),
        ([(5, GIVEN), (5, JOINED)], "half of a conversion"),
        ([(5, 0), (5, GOT)], "half of a conversion"),
        ([(5, GIVEN), (5, GIVEN)], "half of a conversion"),
        ([(5, GIVEN), (5, GOT), (5, GOT)], "half of a conversion"),
    ],
)
def test_records_out_of_order_are_refused(rows, why):
    made = [record(time, Flag(flags), 0 if flags & Flag.CONVERT else 1) for time, flags in rows]
    with pytest.raises(ValueError, match=why):
        check_order(made)


def test_records_in_order_are_taken():
    rows = [(5, 0), (5, GIVEN), (5, GOT), (5, JOINED), (5, GIVEN | JOINED), (5, GOT), (6, 0), *[(6, JOINED)] * 15]
    check_order([record(time, Flag(flags), 0 if flags & Flag.CONVERT else 1) for time, flags in rows])


@given(st.lists(st.integers(0, 9), max_size=7))
@settings(max_examples=25, deadline=None)
def test_many_pages_together_have_the_roots_that_they_have_alone(sizes):
    pages = [([record(i) for i in range(size)], bytes([n]) * 32) for n, size in enumerate(sizes)]
    assert page_roots(pages) == [page_tree(*page).root for page in pages]


def test_a_root_is_of_its_records_their_order_and_its_key():
    one, other = record(1), record(1, value=6)
    pages = [[], [one], [other], [one, other], [other, one], [one, one]]
    roots = page_roots([(rows, KEY) for rows in pages] + [([one], bytes(32))])
    assert len(set(roots)) == 7


def test_salts_do_not_depend_on_how_many_there_are():
    root, own = page_salts(KEY, 3)
    more_root, more = page_salts(KEY, 5)
    assert (root == more_root).all()
    assert (own == more[:3]).all()
    assert len({tuple(row) for row in np.vstack([root, more])}) == 6
    assert (more < P).all()


def test_every_page_has_a_key_of_its_own():
    found = {
        page_key(seed, source, account, number, records)
        for seed in (KEY, bytes(32))
        for source, account in (("a", "bc"), ("ab", "c"), ("abc", ""))
        for number in (0, 1, 256)
        for records in ([], [record(1)], [record(1, value=6)], [record(1), record(1)])
    }
    assert len(found) == 72


def test_who_opens_a_page_learns_nothing_of_the_one_that_corrects_it():
    """With one salt for both versions of a record its value is found by trying; the same page is always the same."""
    first, corrected = ([record(1), record(2, value=value)] for value in (500, 623))
    one, other = (page_key(KEY, "kraken", "K-1", 0, rows) for rows in (first, corrected))
    assert page_key(KEY, "kraken", "K-1", 0, first) == one
    public = {leaf.tobytes() for leaf in page_tree(corrected, other).leaves}

    def tried(key, value):
        return {leaf.tobytes() for leaf in page_tree([record(1), record(2, value=value)], key).leaves}

    assert tried(other, 623) == public
    assert not public & (tried(one, 500) | tried(one, 623))


def test_a_page_has_at_most_two_to_the_twentieth_records(monkeypatch):
    monkeypatch.setattr("zkharvest.commitment.pages.MAX_RECORDS", 2)
    with pytest.raises(ValueError, match="at most"):
        page_roots([([record(n) for n in range(3)], KEY)])


def test_one_transaction_has_one_reference():
    digits = "AB" * 32
    same = [f"bitcoin:{digits}", f"Bitcoin:{digits.lower()}:1", f"bitcoin:0x{digits}", f"bitcoin:0X{digits}:7"]
    assert len({ref_code(text) for text in same}) == 1
    others = [f"ethereum:{digits}", digits, "solana:AbC", "solana:abc", "T1", "t1"]
    assert len({ref_code(text) for text in [*others, same[0]]}) == 7
    assert ref_code("solana:AbC:0") == ref_code("solana:AbC")
    assert ref_code("") == 0
    assert all(0 < ref_code(text) < 1 << 60 for text in others)


# --------------------------------------------------------------------------------------------- names of assets


def test_ids_of_the_shipped_table_are_in_their_one_form_and_distinct():
    ids = list(shipped().values())
    assert [normal_id(name) for name in ids] == ids
    assert len(set(ids)) == len(ids) == len({id_code(name) for name in ids})
    assert len(ids) > 140
    assert shipped()["BTC"] == "slip44:0"
    assert shipped()["USDC"] == "eip155:1/erc20:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"


def test_no_alias_of_the_importers_is_a_symbol_of_the_table():
    """`coin` comes first: an alias that the table lists too would never be looked up."""
    for (venue, alias), coin in load_names().aliases.items():
        if not venue:
            assert alias not in shipped() or coin == alias, alias


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("eip155:42161/slip44:60", "slip44:60"),
        ("bip122:000000000019d6689c085ae165831e93/slip44:0", "slip44:0"),
        ("eip155:1/erc20:0xA0B86991C6218B36C1D19D4A2E9EB0CE3606EB48", shipped()["USDC"]),
        (
            "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp/token:EPjFWdd5",
            "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp/token:EPjFWdd5",
        ),
        ("venue:deribit/BTC-PERPETUAL", "venue:deribit/BTC-PERPETUAL"),
    ],
)
def test_an_id_has_one_form(text, name):
    assert normal_id(text) == name
    assert asset_id(text, "kraken", shipped()) == name


@pytest.mark.parametrize(
    "text", ["", "BTC", "slip44:00", "slip44:-1", "iso4217:usd", "venue:/x", "venue:x/a/b", "eip155:1/erc20:"]
)
def test_what_is_no_id_is_refused(text):
    with pytest.raises(ValueError, match=r"asset id|empty|/"):
        normal_id(text)


def test_an_unlisted_name_is_the_venues_own():
    assert asset_id("ZZZ", "kraken", shipped()) == "venue:kraken/ZZZ"
    assert asset_id("ZZZ", "coinbase", shipped()) != asset_id("ZZZ", "kraken", shipped())


def test_a_venue_can_add_names_and_not_change_any(tmp_path):
    path = tmp_path / "assets.toml"
    path.write_text(
        '[assets]\nZZZ = "eip155:1/erc20:0xAB"\n"BTC-PERPETUAL" = "venue:deribit/BTC-PERPETUAL"\nBTC = "slip44:0"\n'
    )
    found = load_assets(path)
    assert found["ZZZ"] == "eip155:1/erc20:0xab"
    assert found["ETH"] == "slip44:60"
    path.write_text('[assets]\nBTC = "slip44:1"\nA = "what"\nB = 7\n')
    with pytest.raises(InputError) as error:
        load_assets(path)
    text = str(error.value)
    assert "is slip44:0 in asset/1, not slip44:1" in text
    assert '"what" is not an asset id' in text
    assert len(error.value.problems) == 3
    for wrong in ("nonsense", "x = 1", "[assets]\n[more]\n"):
        path.write_text(wrong)
        with pytest.raises(InputError, match=r"TOML|table of assets"):
            load_assets(path)

"""Standings: one encoding, one name, and every value that none has is refused with its reason."""

from dataclasses import replace
from hashlib import sha256

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkharvest.verifier import wire
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.standing import MAX_STANDING, AccountState, Standing, decode_standing, read_standing

PAGE = bytes(range(32))
STATES = (
    AccountState("coinbase", "C-1", 3, PAGE, 1_000, open=False, final=False),
    AccountState("kraken", "K-1", 0, PAGE, 2_000, open=True, final=False),
    AccountState("kraken", "K-2", 7, PAGE, 500, open=False, final=True),
)
GOOD = Standing(1_000, "USD", "wallet", "America/New_York", 2024, bytes(36), bytes(36), STATES)


def reason(value):
    with pytest.raises(Reject) as error:
        read_standing(value)
    return error.value.reason


def test_a_standing_is_read_as_it_was_written():
    assert decode_standing(GOOD.encode()) == GOOD
    assert decode_standing(replace(GOOD, year=None).encode()).year is None
    # The name as FORMAT, section 12, has it, with another encoder; and as it is, since a chain over years hangs on it.
    whole = {**GOOD.to_map(), "accounts": [dict(sorted(one.items())) for one in GOOD.to_map()["accounts"]]}
    packed = msgpack.packb(dict(sorted(whole.items())), use_bin_type=True)
    assert GOOD.name == sha256(b"zkharvest/standing/v2\0" + packed).digest()
    assert GOOD.name.hex() == "bf19dca31831fb6a419e80f46a0ccbbef3ee8b77355e83ac214c88ce9e192d3d"


def test_everything_in_a_standing_is_in_its_name():
    changes = [
        {"instant": 999}, {"currency": "EUR"}, {"pooling": "universal"}, {"timezone": "UTC"}, {"year": 2023},
        {"year": None}, {"lots": b"\1" + bytes(35)}, {"sums": b"\1" + bytes(35)}, {"accounts": STATES[:2]},
        *({"accounts": (replace(STATES[0], **change), *STATES[1:])} for change in (
            {"source": "binance"}, {"account": "C-0"}, {"number": 4}, {"page": bytes(32)}, {"end": 1_001, "open": True},
            {"final": True},
        )),
    ]  # fmt: skip
    names = {GOOD.name, *(replace(GOOD, **change).name for change in changes)}
    assert len(names) == len(changes) + 1


@pytest.mark.parametrize("key", sorted(GOOD.to_map()))
def test_every_key_is_required_and_of_its_type(key):
    whole = GOOD.to_map()
    assert reason({k: v for k, v in whole.items() if k != key}) is Reason.STANDING_FORM
    assert reason({**whole, key: 1.5 if key != "v" else "2"}) is Reason.STANDING_FORM
    assert reason({**whole, key: True}) is Reason.STANDING_FORM
    assert reason({**whole, "more": 1}) is Reason.STANDING_FORM


@pytest.mark.parametrize("key", sorted(STATES[0].to_map()))
def test_every_key_of_an_account_is_required_and_of_its_type(key):
    whole, first = GOOD.to_map(), STATES[0].to_map()
    others = whole["accounts"][1:]
    for changed in (
        {k: v for k, v in first.items() if k != key},
        {**first, key: 1.5},
        {**first, key: 0 if key in ("open", "final") else True},
    ):
        assert reason({**whole, "accounts": [changed, *others]}) is Reason.STANDING_FORM


@pytest.mark.parametrize(
    "changes",
    [
        {"instant": -1}, {"instant": 2**44}, {"currency": "U$D"}, {"pooling": "average"}, {"timezone": "a b"},
        {"year": 1970}, {"lots": b"\xff" * 36}, {"sums": b"\xff" * 36}, {"accounts": []}, {"v": 1},
    ],
)  # fmt: skip
def test_values_that_no_standing_has(changes):
    assert reason({**GOOD.to_map(), **changes}) is Reason.STANDING_VALUE


@pytest.mark.parametrize(
    "changes",
    [
        {"source": ""}, {"source": "x" * 129}, {"account": "a\nb"}, {"number": -1}, {"number": 4096}, {"end": -1},
        {"end": 999}, {"end": 1_001}, {"open": True}, {"final": True, "open": True, "end": 1_001},
    ],
)  # fmt: skip
def test_values_that_no_account_has(changes):
    changed = {**STATES[0].to_map(), **changes}
    assert reason({**GOOD.to_map(), "accounts": [changed, *GOOD.to_map()["accounts"][1:]]}) is Reason.STANDING_VALUE


def test_accounts_stand_in_order_each_once():
    states = GOOD.to_map()["accounts"]
    for wrong in ([states[1], states[0], states[2]], [states[0], states[0]], [states[0], states[2], states[1]]):
        assert reason({**GOOD.to_map(), "accounts": wrong}) is Reason.STANDING_VALUE


def test_what_is_newer_or_too_large_is_told_apart():
    assert reason({**GOOD.to_map(), "v": 3}) is Reason.STANDING_VERSION
    assert Reason.STANDING_VERSION.verdict == "undecided"
    with pytest.raises(Reject) as error:
        decode_standing(bytes(MAX_STANDING + 1))
    assert error.value.reason is Reason.STANDING_FORM
    longest = "é" * 64
    states = tuple(
        AccountState(longest, f"{n:04}" + "é" * 62, 4095, PAGE, 2**44 - 1, open=True, final=False) for n in range(4096)
    )
    whole = replace(GOOD, accounts=states)
    assert len(whole.encode()) <= MAX_STANDING
    assert decode_standing(whole.encode()) == whole


@given(st.binary(max_size=200))
def test_any_bytes_are_a_standing_or_a_typed_reason(data):
    try:
        assert decode_standing(data).encode() == data
    except Reject as reject:
        assert reject.reason.stage == "standing"


@given(st.data())
def test_a_changed_byte_is_another_standing_or_none(data):
    good = GOOD.encode()
    place = data.draw(st.integers(0, len(good) - 1))
    changed = good[:place] + bytes([data.draw(st.integers(0, 255))]) + good[place + 1 :]
    try:
        read = decode_standing(changed)
    except Reject as reject:
        assert reject.reason.stage == "standing"
        return
    assert (read.name == GOOD.name) == (changed == good)
    assert wire.encode(read.to_map()) == changed

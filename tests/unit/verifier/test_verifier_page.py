"""Headers of pages: one encoding, one reading, and how pages of an account follow each other."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.verifier import wire
from zkharvest.verifier.page import (
    PageFault,
    PageHeader,
    PageReject,
    check_follows,
    check_pages,
    read_header,
    signed_message,
)

ROOT = bytes(36)
FIRST = PageHeader("kraken", "K-1", 0, 100, 200, "USD", ROOT)


def follow(before, **changes):
    made = replace(before, number=before.number + 1, start=before.end, end=before.end + 100, prev=before.page_id)
    return replace(made, **changes)


SECOND = follow(FIRST)
THIRD = follow(SECOND)


@given(
    st.builds(
        PageHeader,
        st.text("abK-7.:", min_size=1, max_size=9), st.text("abé", min_size=1, max_size=9), st.just(0),
        st.integers(0, 2**43), st.integers(2**43 + 1, 2**44 - 1), st.sampled_from(["USD", "EUR", "USDC"]),
        st.binary(min_size=36, max_size=36).map(lambda b: b"".join(b[i : i + 3] + b"\0" for i in range(0, 36, 4))),
        st.booleans(), st.none() | st.integers(0, 2**20),
    )
)  # fmt: skip
@settings(deadline=None)
def test_a_header_is_read_as_it_was_written(header):
    assert read_header(header.encode()) == header
    assert signed_message(header.page_id) == b"zkharvest/source-page/v2\0" + header.page_id


def edited(**changes):
    return wire.encode({**FIRST.to_map(), **changes})


def without(key):
    return wire.encode({k: v for k, v in FIRST.to_map().items() if k != key})


@pytest.mark.parametrize("key", sorted(FIRST.to_map()))
def test_every_key_is_required_and_of_its_type(key):
    with pytest.raises(PageReject) as error:
        read_header(without(key))
    assert error.value.fault is PageFault.FORM
    wrong = b"\0" if key not in ("root", "prev") else "x"
    with pytest.raises(PageReject) as error:
        read_header(edited(**{key: wrong}))
    assert error.value.fault is PageFault.FORM
    if type(FIRST.to_map()[key]) is int:
        with pytest.raises(PageReject, match="types"):
            read_header(edited(**{key: True}))


@pytest.mark.parametrize(
    "changes",
    [
        {"source": ""}, {"source": "x" * 129}, {"source": "a\nb"}, {"account": ""}, {"account": " a"},
        {"account": "x" * 129}, {"currency": "U$D"}, {"currency": "US"}, {"currency": "USDOLL"}, {"names": "asset/2"},
        {"number": -1, "prev": bytes(32)}, {"number": 4096, "prev": bytes(32)}, {"from": 200}, {"from": -1},
        {"to": 2**44}, {"count": -1}, {"count": 2**20 + 1}, {"root": bytes(35)}, {"root": b"\xff" * 36},
        {"prev": bytes(32)}, {"number": 1}, {"number": 1, "prev": bytes(31)},
    ],
)  # fmt: skip
def test_values_that_no_header_has_are_refused(changes):
    with pytest.raises(PageReject) as error:
        read_header(edited(**changes))
    assert error.value.fault is PageFault.VALUE


def test_other_forms_are_refused():
    for data in (b"", b"\x90", wire.encode([1]), FIRST.encode() + b"\0", edited(more=1), bytes(2000)):
        with pytest.raises(PageReject) as error:
            read_header(data)
        assert error.value.fault is PageFault.FORM
    with pytest.raises(PageReject) as error:
        read_header(edited(v=3))
    assert error.value.fault is PageFault.VERSION
    with pytest.raises(PageReject) as error:
        read_header(edited(v=1))
    assert error.value.fault is PageFault.FORM


@pytest.mark.parametrize(
    ("after", "fault"),
    [
        (replace(SECOND, source="krake"), PageFault.OTHER),
        (replace(SECOND, account="K-2"), PageFault.OTHER),
        (replace(SECOND, currency="EUR"), PageFault.OTHER),
        (replace(SECOND, number=2), PageFault.GAP),
        (replace(SECOND, start=150), PageFault.GAP),
        (replace(SECOND, start=250), PageFault.GAP),
        (replace(SECOND, prev=bytes(32)), PageFault.CHAIN),
        (follow(replace(FIRST, root=b"\1" + ROOT[1:])), PageFault.CHAIN),
    ],
)
def test_a_page_that_does_not_follow_is_refused(after, fault):
    check_follows(FIRST, SECOND)
    with pytest.raises(PageReject) as error:
        check_follows(FIRST, after)
    assert error.value.fault is fault


def test_nothing_follows_a_closed_account():
    closed = replace(FIRST, final=True)
    with pytest.raises(PageReject, match="closed the account"):
        check_follows(closed, follow(closed))


def test_pages_of_accounts_are_put_in_order():
    other = replace(FIRST, account="K-2")
    found = check_pages([THIRD, other, FIRST, SECOND])
    assert found == {("kraken", "K-1"): [FIRST, SECOND, THIRD], ("kraken", "K-2"): [other]}
    assert check_pages([THIRD, SECOND])[("kraken", "K-1")] == [SECOND, THIRD]
    assert check_pages([]) == {}


@pytest.mark.parametrize(
    ("pages", "fault"),
    [
        ([FIRST, FIRST], PageFault.CHAIN),  # listed twice
        ([FIRST, replace(FIRST, root=b"\1" + ROOT[1:])], PageFault.CHAIN),  # two of one number
        ([FIRST, THIRD], PageFault.GAP),  # one left out
        ([FIRST, follow(replace(FIRST, end=201))], PageFault.CHAIN),  # reissued
    ],
)
def test_pages_left_out_doubled_or_reissued_are_refused(pages, fault):
    with pytest.raises(PageReject) as error:
        check_pages(pages)
    assert error.value.fault is fault

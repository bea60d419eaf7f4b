"""Which deposit is which withdrawal: each rule by hand, determinism, and that as many are matched as can be."""

from __future__ import annotations

import itertools
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.make import at
from tests.support.moves import YEAR, buy, come, history, out, place
from zkharvest.errors import InputError
from zkharvest.ledger.history.decisions import NO_MATCH, Decision
from zkharvest.ledger.history.matching import REACH, SHIFT_LIMIT, Half, match_moves, why_not
from zkharvest.ledger.history.records import Does, Place, make_history
from zkharvest.trades.text import format_time

A0, A1, B0, B1 = place("a", 0), place("a", 1), place("b", 0), place("b", 1)


def when(text: str, more: int) -> str:
    return format_time(at(text) + more)


def matched(decisions=None, edges=YEAR, **accounts):
    return dict(match_moves(history(**accounts), decisions or {}, edges=edges).arrivals)


def test_by_reference_however_late_and_with_a_shortfall():
    far = [out("2024-02-01", 2, ref=7)]
    assert matched(a=far, b=[come("2024-09-01", "1.5", ref=7)]) == {B0: A0}
    assert matched(a=far, b=[come("2024-09-01", 2, ref=7)]) == {B0: A0}
    assert matched(a=far, b=[come("2024-09-01", "2.000000000000000001", ref=7)]) == {}
    assert matched(a=far, b=[come("2024-02-02", 2, ref=8)]) == {}, "two references"
    assert matched(a=far, b=[come("2024-02-02", 2, ref=7, asset="Y")]) == {}


def test_by_amount_and_time():
    sent = [out("2024-02-01", 2)]
    for more, fits in ((0, True), (1, True), (REACH - 1, True), (REACH, False), (-1, True), (1 - SHIFT_LIMIT, True)):
        assert bool(matched(a=sent, b=[come(when("2024-02-01", more), 2)])) is fits, more
    assert matched(a=sent, b=[come(when("2024-02-01", -SHIFT_LIMIT), 2)]) == {}
    assert matched(a=sent, b=[come("2024-02-02", "1.999999999999999999")]) == {}, "exactly the same"
    assert matched(a=[out("2024-02-01", 2, ref=5)], b=[come("2024-02-02", 2)]) == {B0: A0}, "one of them names none"
    assert matched(a=sent, b=[come("2024-02-02", 2, ref=5)]) == {B0: A0}
    assert matched(a=[out("2024-02-01", 2), come("2024-02-02", 2)]) == {A1: A0}, "sent back to the same account"


def test_a_reference_goes_before_time():
    """Two withdrawals of one amount: the deposit belongs to the one that has its reference."""
    a = [out("2024-02-01", 2, ref=7), out("2024-02-05", 2)]
    assert matched(a=a, b=[come("2024-02-06", 2, ref=7)]) == {B0: A0}
    same = [out("2024-02-01", 3, ref=7), out("2024-02-01T01:00", 2, ref=7)]
    assert matched(a=same, b=[come("2024-02-06", 2, ref=7)]) == {B0: A1}, "of one transaction, the exact amount"


def test_the_nearer_of_two_is_the_move():
    """A payment and a move of one amount: the later withdrawal is the nearer one."""
    assert matched(a=[out("2024-02-01", 2), out("2024-02-05", 2)], b=[come("2024-02-06", 2)]) == {B0: A1}


def test_as_many_as_can_be():
    """Taking the nearest first would leave the second deposit without its withdrawal, which is 12.4 days before."""
    a = [out("2024-02-01", 2), out("2024-02-11", 2)]
    assert matched(a=a, b=[come("2024-02-12", 2), come("2024-02-20", 2)]) == {B0: A0, B1: A1}


def test_a_clock_that_runs_behind_over_the_end_of_a_window():
    a, b = [out("2024-07-01T00:10", 2)], [come("2024-06-30T23:59", 2)]
    assert matched(a=a, b=b) == {B0: A0}
    assert matched(a=a, b=b, edges=(YEAR[0], at("2024-07-01"), YEAR[1])) == {}
    assert matched(a=[out("2024-07-01", 2)], b=b, edges=(at("2024-07-01"),)) == {}


def test_the_owner_decides():
    a, b = [out("2024-02-01", 2), out("2024-02-05", 2)], [come("2024-02-06", "1.9")]
    for one in ({B0: Decision(match=A0)}, {A0: Decision(match=B0)}, {A0: Decision(match=B0), B0: Decision(match=A0)}):
        assert matched(one, a=a, b=b) == {B0: A0}
    fits = [come("2024-02-06", 2)]
    for one in (Decision(match=NO_MATCH), Decision("gift")):
        assert matched({A1: one}, a=a, b=fits) == {B0: A0}, "the other one, then"
    assert matched({B0: Decision("unexplained")}, a=a, b=fits) == {}


REFUSED = [
    (Decision(match=Place("a", "a", 0, 9), where="book.csv:2"), "there is no record a/a/0/9 here"),
    (Decision(match=A0, where="book.csv:2"), "X is not Y"),
    (Decision(match=A1, where="book.csv:2"), "2 arrived, 1 were sent"),
    (Decision(match=place("a", 2), where="book.csv:2"), "earlier than the withdrawal by 70 minutes"),
    (Decision(match=place("a", 3), where="book.csv:2"), "they state two references"),
    (Decision(match=place("a", 4), where="book.csv:2"), "is an opening of 1 X at .*, and no withdrawal that can still"),
    (Decision(match=B0, where="book.csv:2"), "is a deposit of 2 X at .*, and no withdrawal that can still"),
]


@pytest.mark.parametrize(("decided", "message"), REFUSED)
def test_matches_that_cannot_be(decided, message):
    a = [
        out("2024-02-01", 2, asset="Y"), out("2024-02-02", 1), out("2024-02-06T02:00", 3),
        out("2024-02-06T02:01", 3, 8), buy("2024-02-07", 1),
    ]  # fmt: skip
    with pytest.raises(InputError, match=message) as error:
        matched(
            {B0: decided}, a=a, b=[come("2024-02-06T01:59", 2, ref=7)] if "two" in message else [come("2024-02-06", 2)]
        )
    assert error.value.problems[0].where == "book.csv:2:match"


def test_one_record_is_half_of_one_move():
    a, b = [out("2024-02-01", 2)], [come("2024-02-06", 2), come("2024-02-07", 2)]
    with pytest.raises(InputError, match="matched with another record"):
        matched({B0: Decision(match=A0), B1: Decision(match=A0)}, a=a, b=b)
    with pytest.raises(InputError, match="days later or more"):
        matched({B0: Decision(match=A0)}, a=a, b=[come("2024-03-06", 2)])


def test_what_is_in_transit_arrives_whole():
    sent = Half(at("2023-12-30"), Place("z", "z", 4, 2), "X", 2 * 10**18, 0, whole=True)
    given = history(b=[come("2024-01-02", 2)])
    moves = match_moves(given, {}, edges=YEAR, since=YEAR[0], sent=[sent])
    assert moves.arrivals == {B0: sent.place}
    less = match_moves(history(b=[come("2024-01-02", 1)]), {}, since=YEAR[0], sent=[sent])
    assert (less.arrivals, less.withdrawals) == ({}, (sent,))
    with pytest.raises(InputError, match="1 arrived, 2 are in transit"):
        match_moves(history(b=[come("2024-01-02", 1)]), {B0: Decision(match=sent.place)}, since=YEAR[0], sent=[sent])
    named = sent._replace(ref=9)
    less = match_moves(history(b=[come("2024-01-02", 1, ref=9)]), {}, since=YEAR[0], sent=[named])
    assert less.arrivals == {}


def random_moves(rng: Random, count: int):
    """Withdrawals and deposits of few amounts and references within some weeks, in three accounts."""
    accounts = {name: [] for name in "abc"}
    for _ in range(count):
        time = at("2024-02-01") + rng.choice((rng.randrange(40 * 86_400_000), 600_000 * rng.randrange(200)))
        make = rng.choice((out, come))
        accounts[rng.choice("abc")].append(make(format_time(time), rng.choice((1, 1, 2)), rng.choice((0, 0, 0, 1, 2))))
    return accounts


@given(st.integers(0, 10**9))
@settings(max_examples=150, deadline=None)
def test_the_order_of_files_makes_no_difference(seed):
    rng = Random(seed)
    whole = history(**random_moves(rng, 30))
    pages = list(zip(whole.pages, whole.records, strict=True))
    moves = match_moves(whole, {}, edges=YEAR)
    for one in itertools.permutations(pages):
        assert match_moves(make_history(one), {}, edges=YEAR) == moves
    for coming, sent in moves.arrivals.items():
        halves = [Half(r.time, p, r.asset, r.quantity, r.ref) for p in (sent, coming) for r in [whole.at(p)]]
        assert why_not(*halves, YEAR) == ""
        assert [whole.at(p).does for p in (sent, coming)] == [Does.OUT, Does.IN]
    assert len(set(moves.arrivals.values())) == len(moves.arrivals)
    left = {one.place for one in (*moves.withdrawals, *moves.deposits)}
    assert left.isdisjoint({*moves.arrivals, *moves.arrivals.values()})
    by_time = [d for d in moves.deposits if not d.ref]
    for sent, coming in itertools.product([w for w in moves.withdrawals if not w.ref], by_time):
        assert sent.quantity != coming.quantity or why_not(sent, coming, YEAR), "one more move could be made"


def most(sent, came, edges):
    """The largest number of pairs, by augmenting paths (a different algorithm than the one that is tested)."""
    chosen = {}

    def seek(n, seen):
        for m, one in enumerate(sent):
            if m not in seen and one.quantity == came[n].quantity and not why_not(one, came[n], edges):
                seen.add(m)
                if m not in chosen or seek(chosen[m], seen):
                    chosen[m] = n
                    return True
        return False

    return sum(seek(n, set()) for n in range(len(came)))


@given(st.integers(0, 10**9))
@settings(max_examples=150, deadline=None)
def test_no_other_matching_by_time_has_more_moves(seed):
    accounts = random_moves(Random(seed), 24)
    whole = history(**{name: [one._replace(ref=0) for one in ones] for name, ones in accounts.items()})
    moves = match_moves(whole, {}, edges=YEAR)
    halves = {
        does: [
            Half(r.time, whole.place(r), r.asset, r.quantity, r.ref)
            for rs in whole.records
            for r in rs
            if r.does is does
        ]
        for does in (Does.OUT, Does.IN)
    }
    assert len(moves.arrivals) == most(halves[Does.OUT], halves[Does.IN], YEAR)

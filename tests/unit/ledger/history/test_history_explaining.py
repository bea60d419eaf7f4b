"""What is said of what is open: the near misses of each kind, and moves that others would fit."""

from __future__ import annotations

import pytest

from tests.support.moves import YEAR, buy, come, history, out, place
from zkharvest.ledger.history.decisions import Decision
from zkharvest.ledger.history.explaining import explain, note_of, title_of
from zkharvest.ledger.history.matching import match_moves
from zkharvest.ledger.history.records import GIFT


def told(decisions=None, edges=YEAR, **accounts):
    given = history(**accounts)
    moves = match_moves(given, decisions or {}, edges=edges)
    return explain(given, decisions or {}, moves, edges)


A, B = place("a", 0), place("b", 0)
T = "2024-03-01T10:00"

NEAR = [
    (out(T, 2, 7), come("2024-03-02T10:00", "2.1", 7),
     "the same reference, 0.1 more arrived, 24 hours later", "2.1 arrived, 2 were sent"),
    (out(T, 2, 7), come("2024-03-02T10:00", 2, 7, "Y"),
     "the same reference, another asset: Y, 24 hours later", "Y is not X"),
    (out(T, 2), come("2024-03-20T10:00", 2),
     "exactly the quantity, 19 days later; neither states a reference", "12.4 days later or more"),
    (out(T, 2), come("2024-03-01T08:30", 2), "exactly the quantity, 90 minutes earlier", "70 minutes or more"),
    (out(T, 2, 7), come("2024-03-01T11:00", 2, 8), "they state two references", "two references"),
    (out(T, 2, 7), come("2024-03-20T10:00", 2), "only the withdrawal states a reference", "12.4 days later"),
    (out(T, 2), come("2024-03-20T10:00", 2, 8), "only the deposit states a reference", "12.4 days later"),
    (out(T, 2), come("2024-03-01T11:00", "1.98"),
     "0.02 less arrived, 60 minutes later; neither states a reference", ""),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "came", "reason", "against"), NEAR)
def test_what_comes_near_is_told_from_both_ends(sent, came, reason, against):
    found = told(a=[sent], b=[came])
    by_place = {one.place: one for one in found.open}
    assert set(by_place) == {A, B}
    for here, there in ((A, B), (B, A)):
        (near,) = by_place[here].near
        assert near.place == there
        assert reason in near.reason
        assert against in near.against
        assert bool(near.against) == bool(against)
    note = note_of(by_place[A])
    assert note.startswith("gone: unexplained, counted | near: b/b/0/0: ")
    assert ("; but " in note) == bool(against)
    if not against:  # what can be matched is matched by the book
        moves = match_moves(history(a=[sent], b=[came]), {A: Decision(match=B)})
        assert moves.arrivals == {B: A}


FAR = [
    (out(T, 2), come("2024-03-01T11:00", "1.95")),  # more than 2 % less
    (out(T, 2), come("2024-03-01T11:00", "2.01")),  # more arrived, and no reference
    (out(T, 2), come("2024-06-20T11:00", 2)),  # three months later
    (out(T, 2), come("2024-02-28T09:00", 2)),  # days earlier
    (out(T, 2), come("2024-03-20T11:00", "1.99")),  # neither the quantity nor the time
    (out(T, 2), come("2024-03-01T11:00", 2, asset="Y")),
]


@pytest.mark.parametrize(("sent", "came"), FAR)
def test_what_does_not_come_near_is_not_told(sent, came):
    assert [one.near for one in told(a=[sent], b=[came]).open] == [(), ()]


def test_the_likeliest_come_first_and_three_are_enough():
    b = [come(f"2024-03-{day}T10:00", 2) for day in ("15", "16", "17", "18")] + [come("2024-05-01", "2.5", 7)]
    (sent, *_) = told(a=[out(T, 2, 7)], b=b).open
    assert [near.place.position for near in sent.near] == [4, 0, 1]


def test_what_holds_if_nothing_is_said_and_if_something_is():
    accounts = {
        "a": [buy("2024-01-01", 9)._replace(valued=False), out(T, 1), out(T, 2, kind=GIFT), come("2024-05-01", 3)]
    }
    said = {
        place("a", 0): Decision(value=5), place("a", 1): Decision("in transit"), place("a", 3): Decision("declared", 5),
    }  # fmt: skip
    assert [(one.what, one.now, one.settled) for one in told(**accounts).open] == [
        ("value", "needs a value: its source states none", False),
        ("withdrawal", "gone: unexplained, counted", False),
        ("withdrawal", "gone: as its source says, counted", True),
        ("deposit", "unexplained: opens a lot of basis 0, and is counted", False),
    ]
    assert [(one.what, one.now, one.settled) for one in told(said, **accounts).open] == [
        ("value", "declared", True),
        ("withdrawal", "in transit: must arrive behind these pages", True),
        ("withdrawal", "gone: as its source says, counted", True),
        ("deposit", "declared: of a declared value, counted", True),
    ]
    assert title_of(told(**accounts).open[3]) == "deposit of 3 X, 2024-05-01T00:00:00Z"


def test_moves_that_other_withdrawals_fit():
    a = [out("2024-03-01", 2), out("2024-03-03", 2), out("2024-03-04", 2, 5)]
    found = told(a=a, b=[come("2024-03-05", 2), come("2024-03-05", 2, 5)])
    assert found.doubtful == ((B, place("a", 1), (A,)),)
    assert dict(found.by) == {"window": 1, "ref": 1}
    assert not told(a=a[:1], b=[come("2024-03-05", 2)]).doubtful

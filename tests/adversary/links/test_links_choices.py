"""One history, two results: a choice that the circuit took away, and one that ARGUMENT.md calls not forced.

The second is the prover's and no counter shows it; the verdict says that there is such ("not shown"). A version of the
circuit that takes it away fails its test here, and the sentence goes.
"""

from __future__ import annotations

from contextlib import contextmanager
from unittest import mock

import pytest

from tests.adversary.links.forgery import Told, judged, package, tell
from tests.adversary.links.scenes import linked
from tests.models.lot_machine_v2 import machine, owner, words
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.owner import Book
from tests.models.lot_machine_v2.story import T
from tests.models.lot_machine_v2.words import DAY, Page, Rec
from zkharvest.verifier.chain_verdict import ChainVerdict, named_figures
from zkharvest.verifier.link import read_link
from zkharvest.verifier.rejections import Reason

LOW, HIGH, PAID = 10**9, 9 * 10**9, 10**10


def accepted(told: Told, **policy: object) -> dict[str, int]:
    """The figures of an accepted package under limits of 0 and with every reference asked for."""
    statement = read_link(told.part.statement).statement
    pages = {page.header.source: page.header.page_id for page in statement.pages}
    limits = {f"max_{name}": 0 for name in ("declared", "unexplained", "gone", "by_window", "in_transit")}
    found: ChainVerdict = judged(package(told), pages=pages, need_refs=True, **limits)
    assert found.accepted, found.findings
    assert any("the taxpayer chooses" in line for line in found.not_shown)
    return named_figures(statement.figures)


def pages_of(told: Told) -> list[bytes]:
    return [page.header.page_id for page in read_link(told.part.statement).statement.pages]


@contextmanager
def not_late(order):
    """The order of records, a deposit of its withdrawal's very instant in its place."""

    def in_turn(*arguments):
        found = [(late if shift else 0, shift, *rest) for late, shift, *rest in order(*arguments)]
        return sorted(found, key=lambda one: (one[4].time + one[1], one[0], one[2], one[3]))

    def need(holds, rule, detail=""):
        """What the model asks of rows, but that such a deposit is late."""
        if rule != "apart":
            words.need(holds, rule, detail)

    with mock.patch.object(owner, "_in_turn", in_turn), mock.patch.object(machine, "need", need):
        yield


def test_a_deposit_of_its_withdrawals_very_instant_comes_behind_all_of_it():
    """A sale of the same instant at its account takes the lot that was there, not the older that arrives."""
    move = {"asset": "X", "quantity": UNIT, "ref": 7, "kind": "move"}
    a = (Rec(at(2023, 1, 5), "open", "X", UNIT, LOW), Rec(T, "out", **move))
    sale = Rec(T, "close", "X", UNIT, PAID)
    b = (Rec(at(2024, 2, 1), "open", "X", UNIT, HIGH), Rec(T, "in", **move), sale)
    listed = [Page(name, f"{name}-1", 0, at(2023), at(2025), records) for name, records in (("A", a), ("B", b))]

    def link():
        return linked(listed, Book(matched={("B", 0, 1): ("A", 0, 1)}, amounts={("A", 0, 1): UNIT}), start=at(2023))

    behind = tell(link())
    with not_late(owner._in_turn):
        in_place = tell(link())
    assert pages_of(behind) == pages_of(in_place)
    found = accepted(behind)
    assert (found["short.gain"], found["long.gain"]) == (PAID - HIGH, 0)
    assert in_place.broken() == {"steps.apart"}
    (finding,) = judged(package(in_place)).findings
    assert finding.reason is Reason.QUOTIENT


@pytest.mark.audit
def test_of_moves_with_one_reference_either_is_either():
    """Two withdrawals, two deposits: the one that is sold is of the older lot, or of the newer."""
    move = {"asset": "X", "quantity": UNIT, "ref": 7, "kind": "move"}
    lots = (Rec(at(2023, 1, 5), "open", "X", UNIT, LOW), Rec(at(2024, 1, 5), "open", "X", UNIT, HIGH))
    a = (*lots, Rec(T, "out", **move), Rec(T + 1, "out", **move))
    b = (Rec(T + DAY, "in", **move), Rec(T + 2 * DAY, "close", "X", UNIT, PAID))
    c = (Rec(T + DAY, "in", **move),)
    listed = [
        Page(name, f"{name}-1", 0, at(2023), at(2025), records) for name, records in (("A", a), ("B", b), ("C", c))
    ]
    found = []
    for first, second in ((2, 3), (3, 2)):
        matched = {("B", 0, 0): ("A", 0, first), ("C", 0, 0): ("A", 0, second)}
        book = Book(matched=matched, amounts={("A", 0, 2): UNIT, ("A", 0, 3): UNIT})
        found.append(tell(linked(listed, book, start=at(2023))))
    assert pages_of(found[0]) == pages_of(found[1])
    one, other = (accepted(told) for told in found)
    assert (one["long.gain"], one["short.gain"]) == (PAID - LOW, 0)
    assert (other["long.gain"], other["short.gain"]) == (0, PAID - HIGH)

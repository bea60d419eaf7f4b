"""Lying provers of packages of links: cheats 1 to 38 and 49 to 53 of the design, each a whole package with a proof.

Where the circuit stops a lie, what it breaks is asserted, and nothing else is broken; where the rules for statements
do, the proof is shown to hold, so that the rule is all that stands between the lie and acceptance. Cheats as edits of
the model are in `tests/models/lot_machine_v2`, as rows and cells in `tests/unit/circuit/test_circuit_v2_*`.
"""

from __future__ import annotations

import pytest

from tests.adversary.links import lies_chain, lies_moves, lies_pages, lies_sums, scenes
from tests.adversary.links.forgery import judged, package
from tests.adversary.links.lie import LIES, Lie
from tests.support.counts import count
from zkharvest.verifier.link import read_link
from zkharvest.verifier.rejections import Reason

NUMBERS = {*range(1, 39), *range(49, 54)}
"""Of the design's list: pages, chain, moves, sums. 39 to 48 and from 54 on are of later stages; 47 is the table's."""
PARTS = ((lies_pages, range(1, 16)), (lies_chain, range(16, 26)), (lies_moves, range(26, 39)), (lies_sums, NUMBERS))

IN_EVERY_RUN = {
    "1 a page left out",
    "10 a part of a page's tree is not opened",
    "12 a record behind the window in a finished page",
    "19 a lot edited, in a standing of that name",
    "19 a lot doubled, beside the true standing",
    "30 coins from nothing, in a circle",
    "34 a date lost on the way",
    "51 one of two counters hidden",
    "52 more sold at an account than it had",
}


def test_every_cheat_of_the_list_has_a_lying_prover():
    assert {lie.number for lie in LIES} == NUMBERS
    names = [str(lie) for lie in LIES]
    assert len(set(names)) == len(names)
    assert set(names) >= IN_EVERY_RUN
    for module, numbers in PARTS:
        assert {lie.number for lie in LIES if lie.module == module.__name__} <= set(numbers)


def test_without_a_lie_the_same_way_ends_in_acceptance():
    one, two = scenes.one(), scenes.two()
    statement = read_link(two.part.statement).statement
    pages = {page.header.source: page.header.page_id for page in statement.pages}
    found = judged(package(one), package(two), pages=pages)
    assert found.accepted, found.findings
    assert [period.methods for period in found.chain.periods] == [("fifo",), ("hifo",)]


@pytest.mark.audit
def test_nothing_is_broken_without_a_lie():
    for told in (scenes.one(), scenes.two(), *scenes.halves()):
        assert told.holds()
        assert told.broken() == set()


@pytest.mark.parametrize(
    "lie",
    [pytest.param(lie, marks=() if str(lie) in IN_EVERY_RUN else pytest.mark.audit, id=str(lie)) for lie in LIES],
)
def test_a_lying_prover_is_rejected_for_its_own_reason(lie):
    """A lie that leaves the verdict undecided is one that only what the reader expects can tell."""
    case = lie.make()
    found = judged(*case.packages, **case.policy)
    assert found.reason == lie.reason.value, found.findings
    assert found.verdict == lie.reason.verdict
    assert case.told.holds() == (not lie.faults)
    if lie.faults:
        assert lie.reason in (Reason.BALANCE, Reason.QUOTIENT)
    count("lying provers of links rejected")


@pytest.mark.audit
@pytest.mark.parametrize("lie", [lie for lie in LIES if lie.faults], ids=str)
def test_a_lie_breaks_what_is_meant_for_it_and_nothing_else(lie: Lie):
    found = lie.make().told.broken()
    assert lie.stopped_by(found), found

"""Dishonest witnesses: lots in the wrong order, or out of a second list.

Each lie is told where it is cheapest and everything that follows from it is made to agree, so that exactly the promise
that forbids it is broken.
"""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.adversary.kit.forge import forge
from tests.adversary.kit.scribe import Scribe, told_by
from tests.adversary.kit.small import FOUR, committed, election
from tests.adversary.witness.lies.every import LIES
from tests.support import statement
from tests.support.make import trade
from zkharvest.circuit.lot_machine.v1.steps import lists as steps_lists
from zkharvest.circuit.lot_machine.v1.steps.lists import _entries
from zkharvest.ledger import Method, Pool
from zkharvest.ledger.operations import TAKE
from zkharvest.ledger.rules import sort_key

ORDER = ("time2", "time1", "time0", "tie", "source", "position")
ORDERED = [m for m in Method if m is not Method.SPECIFIC]


def another_order(other):
    """A scribe that keeps the lists in another method's order."""

    class Sorted(Scribe):
        def key(self, entry):
            return sort_key(other)(entry.unit, entry.trade)

    return Sorted


def another_choice(other):
    """A scribe that takes what another method would take."""

    class Picks(Scribe):
        def parts(self, trade, entries):
            left = self.trades[trade].quantity
            while left:
                entry = min(entries, key=lambda e: sort_key(other)(e.unit, e.trade))
                part = min(left, entry.quantity)
                left -= part
                yield entry, part

    return Picks


@pytest.mark.parametrize(("method", "other"), list(permutations(ORDERED, 2)))
def test_another_methods_list(method, other):
    """Wrong order for the method: an entry is put where another method would put it."""
    opening = committed(FOUR)
    forged = forge(opening, election(method), operations=told_by(another_order(other)))
    assert forged.witness.totals == forge(opening, election(other)).witness.totals
    assert forged.broken() <= {"steps.above_gap", "steps.below_gap"}
    assert forged.broken()


@pytest.mark.parametrize(("method", "other"), list(permutations(ORDERED, 2)))
def test_another_methods_choice(method, other):
    """Wrong order for the method: the list is right, but the lot is not taken from its head."""
    opening = committed(FOUR)
    forged = forge(opening, election(method), operations=told_by(another_choice(other)))
    assert forged.witness.totals == forge(opening, election(other)).witness.totals
    assert forged.broken() == {"steps.head"}


@pytest.mark.parametrize("method", ORDERED)
def test_another_key(method):
    """Wrong order for the method: the second lot's key is forged so that it sorts first, and everything agrees."""

    class Forged(Scribe):
        def key(self, entry):
            return (-1,) if entry.trade == 1 else (0, *super().key(entry))

    lane = 7 if method in (Method.FIFO, Method.LIFO) else 0

    def entries(filled):
        unit, key, seq = _entries(filled)
        key[1] = 0
        key[1, 7] = 1 if lane == 0 else 0
        return unit, key, seq

    forged = forge(
        committed(FOUR), election(method), operations=told_by(Forged), patches=[(steps_lists, "_entries", entries)]
    )
    lanes = {f"steps.key{i}" for i in range(8)}
    assert forged.broken() <= lanes
    assert forged.broken()


def test_a_lot_is_passed_over_by_leaving_its_rest():
    """FIFO: half of the first lot, then a second one, in one disposal."""

    class Halves(Scribe):
        def parts(self, trade, entries):
            half = self.trades[trade].quantity // 2
            yield entries[0], half
            self.lists[entries[0].pool].append(self.lists[entries[0].pool].pop(0))  # for the scribe: another head
            yield entries[0], half

    rows = [*FOUR[:2], trade("2024-02-01", "w/5", "sell", 1, 250)]
    forged = forge(committed(rows), election(), operations=told_by(Halves))
    assert "steps.head_first" in forged.broken()


class Twin(str):
    """A name that is spelt like another one and is not the same."""

    __slots__ = ()
    __eq__ = object.__eq__
    __hash__ = object.__hash__


def test_two_lists_for_one_pool():
    """The dear lot lies in a second list of the same pool: a disposal takes from whichever suits."""
    twin = Twin("BTC")

    class TwoLists(Scribe):
        def pool(self, trade, side):
            return super().pool(trade, side)._replace(asset=twin) if trade in (1, 4) else super().pool(trade, side)

    forged = forge(committed(FOUR), election(), operations=told_by(TwoLists))
    assert forged.witness.totals["short_loss"] == 150 * 10**8
    pools = forged.sheet("pools")
    assert sum(pools["active"]) == 2
    pools.set(0, order_low=0, order_high=0)
    forged.recount()
    assert forged.broken() == {"pools.order_marked"}
    pools.set(0, order_at3=1)
    forged.recount()
    assert forged.broken() == {"pools.order_gap"}


def test_a_list_comes_from_nowhere():
    """The second list's head is not emitted by the pool table at all."""
    twin = Twin("BTC")

    class TwoLists(Scribe):
        def pool(self, trade, side):
            return super().pool(trade, side)._replace(asset=twin) if trade in (1, 4) else super().pool(trade, side)

    forged = forge(committed(FOUR), election(), operations=told_by(TwoLists))
    pools = forged.sheet("pools")
    for name in statement.column_names("pools"):
        if not name.startswith("blind"):
            pools[name][1] = 0
    pools.set(0, order_low=0, order_high=0)
    forged.recount()
    assert forged.broken() == {"bus link"}


def test_a_lot_is_drained_to_the_inventory_before_the_trades_are_over():
    """FIFO: the cheap lot goes to the closing inventory at once, so that the next disposal takes the dear one."""
    forged = LIES["steps.closes_last"]()
    assert forged.witness.totals["short_loss"] == 150 * 10**8
    assert forged.broken() == {"steps.closes_last"}


def test_a_pool_that_no_trade_names_takes_part_in_nothing():
    """An extra pool is an empty list: allowed, and without effect."""
    forged = forge(committed(FOUR), election())
    pools = forged.sheet("pools")
    pools.set(1, active=1, asset0=2**24 - 1, asset1=2**24 - 1, asset2=2**24 - 1, wallet=9)
    pools.put(1, "octet", [255] * 9)
    gap = 2**24 - 1 - int(pools["asset0"][0]) - 1
    pools.set(0, order_at0=1, order_low=gap & 0x7FFF, order_high=gap >> 15)
    forged.recount()
    assert forged.broken() == set()


def test_take_rows_are_those_of_the_tape():
    """The forgeries above stand on rows laid out as the generator lays them out."""
    forged = forge(committed(FOUR), election())
    operations = Scribe(FOUR, election()).write()
    assert len(forged.sheet("steps").rows("is_take")) == int((operations.op == TAKE).sum()) == 2
    assert Pool("BTC", "w", 0) in operations.pools

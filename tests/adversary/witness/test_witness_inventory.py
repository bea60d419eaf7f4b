"""Dishonest witnesses: lots lost, added or changed where they are carried in and out."""

from __future__ import annotations

import numpy as np
import pytest

from tests.adversary.kit.forge import forge
from tests.adversary.kit.scribe import Scribe, told_by
from tests.adversary.kit.small import committed, election
from tests.adversary.witness.lies.every import LIES
from tests.support.make import trade
from zkharvest.circuit.expr import P
from zkharvest.circuit.lot_machine.v1 import witness as generator
from zkharvest.circuit.lot_machine.v1.steps.fill import StepsWitness
from zkharvest.commitment.inventory import commit_inventory
from zkharvest.ledger import Method, Pooling

COIN = 10**8
HELD = [
    trade("2024-01-01", "a/1", "buy", 1, 100),
    trade("2024-01-02", "a/2", "buy", 1, 900),
    trade("2024-02-01", "a/3", "sell", 1, 300),
]
CARRIED = [trade("2022-01-01", "a/1", "buy", 1, 100), trade("2023-06-01", "a/2", "buy", 1, 900)]
AFTER = [trade("2024-02-01", "a/3", "sell", 1, 300), trade("2024-03-01", "a/4", "buy", 2, 500)]


# ------------------------------------------------------------------------------------------------------ carried out


def test_a_lot_is_missing_from_the_closing_inventory():
    class Forgets(Scribe):
        def final(self):
            return []

    assert forge(committed(HELD), election(), operations=told_by(Forgets)).broken() == {"bus link", "bus content"}


@pytest.mark.parametrize("lane", [0, 6, 9, 14, 17])
def test_a_lot_is_another_one_in_the_closing_inventory(lane):
    """Asset, wallet, quantity, value or order of acquisition."""

    def inventory(lots, *rest):
        if len(lots):
            lots = lots.copy()
            lots[0, lane] += 1
        return commit_inventory(lots, *rest)

    forged = forge(committed(HELD), election(), replace={"commit_inventory": inventory})
    assert forged.broken() == {"bus lot"}


@pytest.mark.parametrize(("which", "lane"), [("unit", 3), ("term", 0), ("term", 3), ("year", 0)])
def test_a_lot_is_of_another_nature_in_the_closing_inventory(which, lane):
    def inventory(lots, unit, term, year, *rest):
        made = {"unit": unit.copy(), "term": term.copy(), "year": np.array([year])}
        made[which].reshape(-1)[lane] += 1
        return commit_inventory(lots, made["unit"], made["term"], int(made["year"][0]), *rest)

    forged = forge(committed(HELD), election(), replace={"commit_inventory": inventory})
    assert forged.broken() == {"bus lot"}


def test_a_lot_is_added_to_the_closing_inventory():
    def inventory(*given):
        *arrays, year, seed, label = given
        return commit_inventory(*(np.concatenate((a, a)) for a in arrays), year, seed, label)

    forged = forge(committed(HELD), election(), replace={"commit_inventory": inventory})
    assert forged.broken() == {"bus lot"}


# ------------------------------------------------------------------------------------------------------- carried in


@pytest.mark.parametrize("pooling", Pooling)
@pytest.mark.parametrize("method", [m for m in Method if m is not Method.SPECIFIC])
def test_lots_are_carried_in_honestly(method, pooling):
    forged = forge(committed(AFTER), election(method, pooling), carried=CARRIED)
    assert forged.broken() == set()
    first = method in (Method.FIFO, Method.LOFO)
    assert forged.witness.totals["long_gain"] == (200 * COIN if first else 0)
    assert forged.witness.totals["short_loss"] == (0 if first else 600 * COIN)


def opening_inventory(change):
    """A replacement of `commit_inventory` that commits other lots as the opening inventory than those loaded."""

    def inventory(lots, unit, term, year, seed, label):
        if not label.startswith("opening"):
            return commit_inventory(lots, unit, term, year, seed, label)
        given = {"lots": lots.copy(), "unit": unit.copy(), "term": term.copy(), "year": year}
        change(given)
        return commit_inventory(given["lots"], given["unit"], given["term"], given["year"], seed, label)

    return {"commit_inventory": inventory}


@pytest.mark.parametrize("lane", [0, 6, 9, 14])
def test_a_lot_is_loaded_as_another_one(lane):
    """Asset, wallet, quantity or value."""

    def change(given):
        given["lots"][0, lane] += 1

    forged = forge(committed(AFTER), election(), carried=CARRIED, replace=opening_inventory(change))
    assert forged.broken() == {"bus lot"}


@pytest.mark.parametrize(("which", "lane"), [("unit", 2), ("term", 1), ("term", 3)])
def test_a_lot_is_loaded_with_another_nature(which, lane):
    """Unit basis, long-from or side."""

    def change(given):
        given[which][0, lane] += 1

    forged = forge(committed(AFTER), election(), carried=CARRIED, replace=opening_inventory(change))
    assert forged.broken() == {"bus lot"}


@pytest.mark.parametrize("year", [2022, 2024])
def test_lots_of_another_year_are_loaded(year):
    """What was carried out two years ago has since been sold: only last year's lots are carried in."""

    def change(given):
        given["year"] = year

    forged = forge(committed(AFTER), election(), carried=CARRIED, replace=opening_inventory(change))
    assert forged.broken() == {"bus lot"}


def test_a_lot_is_not_loaded():
    def change(given):
        for name in ("lots", "unit", "term"):
            given[name] = np.concatenate((given[name], given[name][:1]))

    forged = forge(committed(AFTER), election(), carried=CARRIED, replace=opening_inventory(change))
    assert forged.broken() == {"bus lot"}


def test_a_lot_is_loaded_twice():
    def change(given):
        for name in ("lots", "unit", "term"):
            given[name] = given[name][:1]

    twice = [CARRIED[0], CARRIED[0]]
    forged = forge(committed(AFTER), election(), carried=twice, replace=opening_inventory(change))
    assert forged.broken() == {"bus lot"}


def test_nothing_is_carried_in_but_a_lot_is_loaded():
    forged = forge(committed(AFTER), election(), carried=CARRIED)
    empty = forge(committed(HELD), election()).public.publics
    names = forged.public_names()
    forged.claim(**{f"opening_root_{i}": empty[names.index(f"opening_root_{i}")] for i in range(9)})
    assert forged.broken() == {"bus node"}


def test_all_lots_change_sides_as_they_are_loaded():
    """Long lots as short ones, with order numbers half of p away: twice their number plus the side would be the same.

    A short sale is then closed against the old cheap lot: a loss of 10,000 becomes one of 40,000.
    """
    half = (P - 1) // 2
    rows = [
        trade("2024-02-01", "a/3", "short", 1, 50000),
        trade("2024-03-01", "a/4", "cover", 1, 60000),
        trade("2024-04-01", "a/5", "buy", 1, 1000),
    ]

    class Flipped(StepsWitness):
        def __init__(self, *args):
            super().__init__(*args)
            self.seq_base += half

        def seq_of(self, trade):
            return np.where(trade < self.plan.carried, trade + 1 + half, super().seq_of(trade))

    def change(given):
        given["term"][:, 3] = 0  # committed: long

    opening = committed(rows)
    long_lots = forge(opening, election(), carried=[trade("2022-01-01", "a/1", "buy", 1, 20000)])
    assert long_lots.broken() == set()
    assert long_lots.witness.totals["short_loss"] == 10_000 * COIN
    forged = forge(
        opening,
        election(),
        carried=[trade("2022-01-01", "a/1", "short", 1, 20000)],
        replace={"StepsWitness": Flipped, **opening_inventory(change)},
    )
    assert forged.witness.totals["short_loss"] == 40_000 * COIN
    assert forged.witness.carried_in_root == long_lots.witness.carried_in_root
    assert forged.broken() == {"bus lot"}


def test_a_loaded_lot_is_younger_than_a_trade():
    """The trades are numbered from the beginning again: an old lot would be the last in line."""

    class Restarts(StepsWitness):
        def __init__(self, *args):
            super().__init__(*args)
            self.seq_base = 0

    def none(sheet):
        for row in (0, 1):
            sheet.put(row, "node_age", [0, 0])

    forged = forge(committed(AFTER), election(), carried=CARRIED, replace={"StepsWitness": Restarts}, steps=none)
    assert forged.broken() == {"steps.loaded_older", "bus lot"}  # and what is bought later is carried out as older


def test_a_lot_is_loaded_between_trades():
    """Trades are compared with the row before them, but the first one: a load in between would make another first one.

    Sold before bought: the sale of February follows the buy of March.
    """
    forged = LIES["steps.loads_first"]()
    assert forged.witness.totals["short_loss"] == 650 * COIN
    assert forged.broken() == {"steps.loads_first"}


def test_records_before_the_inventory_have_no_effect():
    """They are in it already; with an empty inventory there is no such row in the calendar."""
    rows = [trade("2023-12-01", "a/0", "buy", 5, 50), *AFTER]
    forged = forge(committed(rows), election(Method.LOFO), carried=CARRIED)
    assert forged.broken() == set()
    assert forged.sheet("steps").rows("is_skip") == [2]
    opening = committed(rows)
    assert generator.make_witness(opening, generator.operations_of(opening, election())).calendar_columns[6][0] == 0

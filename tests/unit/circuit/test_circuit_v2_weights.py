"""Weights of lot-machine/v2 that lack a term: no honest run of these accepts one, so that each term is needed."""

from __future__ import annotations

import numpy as np

from tests.adversary.kit.local import Board
from tests.support import registers as alone
from tests.support.dropped_terms import HonestValues, candidates
from zkharvest.circuit.lot_machine.v2.sums.keys import FIELDS, GROUPS, PLACE, SLOTS, TERMS, field, level_number
from zkharvest.circuit.lot_machine.v2.sums.table import CARRYING

PLACES = {f"{name}{i}": 0x010203 + i for name in ("asset", "source") for i in range(PLACE)}


def accepted(description, runs, table):
    """How many terms the weights of a table have, and those that all runs do without."""
    for made in runs:
        assert Board(made, description).verdict() == set()
    honest, found, left = HonestValues(description, runs), 0, []
    for mutant in candidates(description):
        own = description["tables"][mutant.drop.table]
        if mutant.weight < 0 or own["name"] != table:
            continue
        found += 1
        if honest.balance(own, mutant.drop, own["interactions"][mutant.place], mutant.of_bus):
            left.append(mutant.name)
    return found, left


def test_every_term_that_registers_post_is_needed():
    """Registers of each level and term whose lanes have no zero byte, differences included; then all carried on."""
    keys = np.zeros((9, len(FIELDS)), np.int64)
    for name, value in {**PLACES, "origin": 1, "side": 1}.items():
        keys[:, field(name)] = value
    keys[:, field("kind")] = range(1, 10)
    terms = [TERMS.index(term) for term in ("short", "long", "flat", "pool", "income")]
    keys[:, field("term")] = [*terms, TERMS.index("long"), 0, 0, 0]
    keys[:, field("covered")] = keys[:, field("result")] = [1, 1, 1, 1, 0, 1, 0, 1, 1]
    keys[:, 0] = [level_number(level) for level in ("L1",) * 5 + ("L0", "L1", "HOLD", "HOLD")]
    keys[5:, field("told")] = 1
    slots = np.random.default_rng(1).integers(300, 1000, (len(keys), SLOTS))  # with a carry out of every byte
    for first, count in GROUPS.values():  # sums of all keys and both years have room in the highest byte
        slots[:, 3 * (first + count) - 1] = 3
    slots[:, 3 * sum(GROUPS["proceeds"]) - 1] = 10  # and the difference has something there
    slots[-1] = 0  # nothing of the last one is held, so that no standing has it
    year = alone.run(keys, slots, log_rows=12)
    next_link = alone.run(keys, slots, log_rows=12, opening=year.found.carried_out(), same_year=True)
    # Of what is carried in nothing is carried from byte to byte: whatever stands there does not count.
    first = 2 * np.flatnonzero(next_link.found.prior)
    free = [(row, at) for row in (*first, *(first + 1)) for at in range(len(CARRYING))]
    next_link = next_link.edited(*(("sums", int(row), f"carry_low{at}", 5 + at) for row, at in free)).counted()
    assert accepted(alone.description(), [year, next_link], "sums") == (974, [])

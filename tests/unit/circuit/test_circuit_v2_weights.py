"""Weights of lot-machine/v2 that lack a term: no honest run of these accepts one, so that each term is needed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.adversary.kit.local import Board
from tests.adversary.mutation.terms import HonestValues, candidates
from tests.adversary.witness.lies.registry import run
from tests.support import registers as alone
from tests.support import stage_one
from tests.support.make import trade
from zkharvest.circuit.lot_machine.v2.sums.keys import FIELDS, GROUPS, PLACE, SLOTS, TERMS, field, level_number

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


def test_every_term_that_the_machine_posts_is_needed():
    """A ledger with a row of each kind that posts, and one that carries a lot in; no byte of a number is 0."""
    many, much = (int.from_bytes(bytes(range(3, 2 * count + 3, 2)), "little") for count in (14, 8))

    def told(day, number, kind, quantity, amount, asset="A", to=""):
        return replace(trade(day, f"s/{number}", kind, 1, asset=asset, to=to), quantity=quantity, amount=amount)

    rows = [
        told("2023-01-02", 1, "buy", many, much),
        told("2023-01-03", 2, "transfer", many // 3, 0, to="t"),
        told("2024-06-01", 3, "sell", many // 3, much // 2),
        told("2024-06-02", 4, "short", many // 2, much, "B"),
        told("2024-06-03", 5, "cover", many // 3, much // 5, "B"),
    ]
    carried = run([rows[-2]], carried=[told("2022-01-01", 0, "buy", many, much)])
    runs = [stage_one.run_of(forged) for forged in (run(rows), carried)]
    assert accepted(stage_one.description(), runs, "steps") == (173, [])


def test_every_term_that_registers_post_is_needed():
    """Registers of each level and term whose lanes have no zero byte, differences included; then all carried on."""
    keys = np.zeros((8, len(FIELDS)), np.int64)
    for name, value in {**PLACES, "origin": 1, "side": 1}.items():
        keys[:, field(name)] = value
    keys[:, field("kind")] = range(1, 9)
    terms = [TERMS.index(term) for term in ("short", "long", "flat", "pool", "income")]
    keys[:, field("term")] = [*terms, TERMS.index("long"), 0, 0]
    keys[:, field("covered")] = keys[:, field("result")] = [1, 1, 1, 1, 0, 1, 0, 0]
    keys[:, 0] = [level_number(level) for level in ("L1",) * 5 + ("L0", "L1", "HOLD")]
    keys[6, field("told")] = 1
    slots = np.random.default_rng(1).integers(1, 100, (len(keys), SLOTS))
    for first, count in GROUPS.values():  # sums of all keys and both years have room in the highest byte
        slots[:, 3 * (first + count) - 1] = 3
    slots[:, 3 * sum(GROUPS["proceeds"]) - 1] = 10  # and the difference has something there
    year = alone.run(keys, slots, log_rows=12)
    next_link = alone.run(keys, slots, log_rows=12, opening=year.found.carried_out(), same_year=True)
    assert accepted(alone.description(), [year, next_link], "sums") == (202, [])

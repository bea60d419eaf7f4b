"""Stage 1 of lot-machine/v2: v1's figures from registers, for all methods; each of v1's lies is stopped as in v1."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from types import SimpleNamespace

import numpy as np
import pytest

from tests.adversary.kit.forge import shortened
from tests.adversary.kit.local import Board, numbers
from tests.adversary.mutation.mutants import mutants
from tests.adversary.witness.lies.every import LIES
from tests.adversary.witness.lies.registry import run
from tests.support import stage_one, statement
from tests.support.freeze import freeze
from tests.support.ledgers import ALL_RULES, random_ledger
from tests.support.make import trade
from zkharvest.circuit.lot_machine.v2.sums.keys import field, level_number
from zkharvest.ledger import Election, Method, Pooling, run_ledger
from zkharvest.prover.stark import prove_circuit
from zkharvest.spec import TOTALS
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.rejections import Reject
from zkharvest.verifier.stark import verify_proof

TEST = PRESETS["test"].params

TALLIED = ("totals.", "steps.weight", "steps.direction", "steps.bucket_weight", "steps.proceeds_weight")
REBUILT = ("range.", "sums.")  # not v1's witness: the lies of these tables are told elsewhere
NAMES = {f"{t['name']}.{c['name']}" for t in stage_one.description()["tables"] for c in t["constraints"]}
ALIKE = "steps.asset3_held"  # two assets with the same 72 bits have no place in one table of registers
KEPT = [n for n in LIES if not n.startswith((*TALLIED, *REBUILT)) and "blind" not in n and n != ALIKE]
LOOKED_UP = {"bus u15"}
"""A flag that is not a bit may leave the range of a register's key, which is looked up there."""
SALES = [
    trade("2023-01-05", "s/1", "buy", 2, 100, asset="A"),
    trade("2024-01-02", "s/2", "buy", 1, 300, asset="A"),
    trade("2024-06-01", "s/3", "sell", 3, 500, asset="A"),
    trade("2024-06-03", "s/4", "short", 2, 80, asset="B"),
    trade("2024-06-05", "s/5", "cover", 1, 70, asset="B"),
]


def broken(made):
    return Board(made, stage_one.description()).verdict()


# ------------------------------------------------------------------------------------------------ honest


@pytest.mark.parametrize(("method", "pooling"), ALL_RULES)
def test_registers_say_what_the_ledger_says(method, pooling):
    """Totals of the year and units held, of a ledger with every kind of trade; and nothing is broken."""
    rng = Random(f"{method} {pooling}")
    election = Election(method, pooling, "America/New_York", 2024)
    trades = random_ledger(rng, 45, pooling)
    opening, witness = statement.opened(trades, election)
    made = stage_one.run_of(shortened(opening, election, witness))
    ledger = run_ledger(trades, election)
    assert made.totals == {name: witness.totals[name] for name in TOTALS}
    assert made.totals["proceeds"] == ledger.totals.proceeds
    held = Counter()
    for lot in ledger.open_lots:
        held[lot.pool] += lot.quantity
    keys = made.found.keys
    found = [made.found.amount(row, "units") for row in np.flatnonzero(keys[:, 0] == level_number("HOLD"))]
    assert sorted(units for units in found if units) == sorted(held.values())
    assert broken(made) == set()


def test_what_came_before_the_year_is_counted_apart():
    made = stage_one.run_of(run(SALES))
    assert made.totals == {
        "short_gain": 0,
        "short_loss": 133_33333333 + 30 * 10**8,
        "long_gain": 233_33333333,
        "long_loss": 0,
        "proceeds": 540 * 10**8,
    }
    keys = made.found.keys
    levels = Counter(keys[:, 0].tolist())
    assert levels[level_number("L0")] == 1  # the purchase of 2023
    first = np.flatnonzero(keys[:, 0] == level_number("L0"))[0]
    assert made.found.amount(first, "basis") == 100 * 10**8
    sold = [n for n, k in enumerate(keys.tolist()) if k[0] == level_number("L1") and k[field("term")]]
    assert sum(made.found.amount(n, "lines") for n in sold) == 3
    assert sum(made.found.amount(n, "events") for n in sold) == 2


# ------------------------------------------------------------------------------------------------ lies


def test_every_lie_of_v1_has_its_constraint_here():
    assert {name for name in KEPT if name not in NAMES} == set()


@pytest.mark.parametrize("name", KEPT[::30])
def test_lies_about_v1_s_machine_are_stopped_by_the_same_constraint(name):
    assert broken(stage_one.run_of(LIES[name]())) - LOOKED_UP == {name}


@pytest.mark.audit
def test_all_lies_about_v1_s_machine_are():
    found = {name: broken(stage_one.run_of(LIES[name]())) - LOOKED_UP for name in KEPT}
    assert {name: faults for name, faults in found.items() if faults != {name}} == {}


def part(column, take, settle):
    """Other values in the rows of the first part of a long lot."""

    def change(steps, trace):
        row = int(np.flatnonzero(trace.column(steps.take, slice(None)))[0])
        cell = getattr(steps, column)
        for at, value in ((row, take), (row + 1, settle)):
            if value is not None:
                trace.put_signed(cell, np.array([at]), np.array([value]))

    return change


POSTING_LIES = {
    "steps.class_term": part("class_term", 1, 1),  # long term as short
    "steps.class_result": part("class_result", 2, 2),  # a gain as a loss
    "steps.proceeds_weight": part("proceeds_weight", None, 0),  # nothing received
    "steps.basis_weight": part("basis_weight", 2, None),  # paid twice
}


@pytest.mark.parametrize("name", POSTING_LIES)
def test_a_part_is_posted_to_its_class_as_it_is(name):
    """Registers and figures follow the lie: only the constraint of the column stops it."""
    made = stage_one.run_of(run(SALES), POSTING_LIES[name])
    assert made.totals != stage_one.run_of(run(SALES)).totals
    assert broken(made) == {name}


def test_posting_has_no_other_constraint():
    old = {f"{t['name']}.{c['name']}" for t in statement.description()["tables"] for c in t["constraints"]}
    new = {name for name in NAMES if name.startswith("steps.")} - (old - {"steps.proceeds_weight"})
    assert new == POSTING_LIES.keys()


def test_weights_of_the_machine_are_needed():
    """An interaction that lacks a weight leaves a byte of the honest run uncollected."""
    many, much = (int.from_bytes(bytes(range(1, count + 1)), "little") for count in (14, 8))
    buy, sell = (trade(day, f"s/{day}", kind, 1, 1) for day, kind in (("2024-01-02", "buy"), ("2024-06-01", "sell")))
    rows = [replace(buy, quantity=many, amount=much), replace(sell, quantity=many // 3, amount=much)]
    board = Board(stage_one.run_of(run(rows)), stage_one.description())
    t = board.names.index("steps")
    outcome = board.outcome(t, np.arange(len(board.traces[t])))
    acts = numbers(board.tables[t])
    weights = [k for k, act in enumerate(acts) if act["slot"]]
    found = [m for m in mutants(stage_one.description()) if m.kind == "weight" and m.name.startswith("steps")]
    assert len(weights) == len(found) == 14 + 8 + 8 + 2 + 14
    assert all(outcome.mult[:, k].any() for k in weights)


# ------------------------------------------------------------------------------------------------ proof


def test_the_whole_is_proven():
    """A year's figures by a proof, each table of its own height; with another figure the proof is nothing."""
    election = Election(Method.FIFO, Pooling.WALLET, "UTC", 2024)
    opening, witness = statement.opened(SALES, election)
    names = [t["name"] for t in statement.description()["tables"]]
    public = statement.public_values(opening, election, witness)
    made = stage_one.run_of(SimpleNamespace(traces=dict(zip(names, witness.traces, strict=True)), public=public))
    (digest, read), traces = freeze(stage_one.definition()[0]), list(made.traces.values())
    heights = [len(trace).bit_length() - 1 for trace in traces]
    assert len(set(heights)) > 1
    stated = stage_one.public_data(made)
    proof = prove_circuit(read, digest, TEST, stated, traces)
    verify_proof(read, digest, TEST, heights, stated, proof)
    sources, figures = stated.lists
    other = replace(stated, lists=(sources, ((*figures[0][:-1], figures[0][-1] + 1), *figures[1:])))
    with pytest.raises(Reject):
        verify_proof(read, digest, TEST, heights, other, proof)

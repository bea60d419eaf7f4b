"""Attacks on registration, sorted orders, memory and what is looked up (rows D7 to D12, docs/security/attacks.md).

Where a dishonest witness breaks one constraint and nothing else (tests/adversary/witness/lies), that constraint
alone stands between the attack and an accepted proof.
"""

from __future__ import annotations

import ast
import copy
import inspect
import json
import textwrap
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tests.adversary.kit.local import Board
from tests.adversary.witness.lies.every import CONSTRAINTS, LIES
from tests.adversary.witness.lies.registry import run
from tests.support import statement
from tests.support.boards import alone, board_of
from tests.support.counts import count
from tests.support.make import trade
from tests.support.tiny_proof import (
    Patched,
    check,
    honest,
    prove,
    tiny,
)
from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.expr import P
from zkharvest.circuit.lot_machine.v1.steps import amounts, day, gain, kinds, lists, record
from zkharvest.circuit.lot_machine.v1.steps.table import Steps
from zkharvest.prover import logup
from zkharvest.verifier import circuits, constraints, soundness
from zkharvest.verifier.description_reader import DescriptionError, read_description
from zkharvest.verifier.field import ONE
from zkharvest.verifier.messages import LookupChallenges, Rounds
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.rejections import Reason

BUY, SELL = trade("2024-01-01", "a/1", "buy", 1, 100), trade("2024-02-01", "a/2", "sell", 1, 300)


# ------------------------------------------------------------------ D7: nothing is forgotten


def test_d7_every_constraint_is_registered_and_needed():
    """lambda_vm #652: constraint functions were written, and never called. The whole list: tests/adversary/witness."""
    called = _called(Steps.constrain)
    assert "self.constrain_machine" in called
    called |= _called(Steps.constrain_machine)
    for module in (amounts, day, gain, kinds, lists, record):
        name = module.__name__.rpartition(".")[2]
        for function, value in vars(module).items():
            own = inspect.isfunction(value) and value.__module__ == module.__name__
            if own and not function.startswith("_") and next(iter(inspect.signature(value).parameters)) == "s":
                assert f"{name}.{function}" in called, f"{name}.{function} is never called"
    # What the definition promises is what the description holds, one by one.
    promised = [f"{table.name}.{c.name}" for table in statement.definition()[0].tables for c in table.constraints]
    assert promised == CONSTRAINTS
    assert sorted(LIES) == sorted(CONSTRAINTS)
    alone("steps.used_up", "steps.product3", "totals.split")
    # Removed, a constraint lets its lie through: the board of a circuit without it has nothing to say.
    description = copy.deepcopy(statement.description())
    steps = description["tables"][0]
    steps["constraints"] = [c for c in steps["constraints"] if c["name"] != "used_up"]
    assert board_of(LIES["steps.used_up"](), description).verdict() == set()
    count("attacks covered")


def _called(function):
    source = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return {ast.unparse(node.func) for node in ast.walk(source) if isinstance(node, ast.Call)}


# ------------------------------------------------------------------ D8, D9: sorted orders, times


def test_d8_an_order_does_not_wrap_around_p():
    """valida #40, TIP-0003: steps small enough to pass the range check lead around p and back to the start."""
    forged = run([BUY, SELL])
    pools = forged.sheet("pools")
    assert Board(forged).verdict() == set()
    # Three pools: the real one, one whose most significant lane is 2^30 more, and the real one again. Both steps are
    # below 2^30: nothing but the size of the lanes is in the way of a second list for the pool.
    start = int(pools["asset0"][0])
    steps = (2**30 - 1, P - (2**30 - 1))
    assert max(steps) < 2**30
    for row, shift in ((1, steps[0]), (2, 0)):
        for name in (*(f"asset{i}" for i in range(6)), "wallet", "side"):
            pools.set(row, **{name: int(pools[name][0])})
        pools.set(row, active=1, asset0=start + shift)
        octets = [int(pools[f"octet{i}"][0]) for i in range(9)]
        octets[0] += shift  # the lane is the sum of its three bytes
        pools.put(row, "octet", [octet % P for octet in octets])
    for row, step in enumerate(steps):
        pools.put(row, "order_at", [1, 0, 0, 0])
        pools.set(row, order_low=(step - 1) & 0x7FFF, order_high=(step - 1) >> 15)
    forged.recount()
    assert Board(forged).verdict() == {"bus bytes"}
    # The gadget: lanes below 2^28 leave no negative difference that two limbs of 15 bits could hold.
    assert min((-d - 1) % P for d in range(2**28 - 1000, 2**28)) >= 2**30
    assert (-(2**28) - 1) % P >= 2**30
    alone("pools.order_gap", "steps.order_gap", "steps.below_gap", "steps.above_gap")
    count("attacks covered")


def test_d9_nothing_is_read_before_it_is_written():
    """jolt #341: a read whose time was not shown to be earlier than the write: values from the future."""
    alone("steps.pred_earlier", "steps.node_earlier", "steps.content_earlier", "steps.loaded_older")
    # An age of p less a little is a later time; its limbs are no integers of 15 bits.
    board = Board(run([BUY, SELL]))
    t, names = statement.table_number("steps"), statement.column_names("steps")
    row = int(np.flatnonzero(board.traces[t][:, names.index("is_take")])[0])
    for stem in ("pred", "content"):
        now = board.traces[t][row, names.index("clk")]
        written = int(now) + 1  # from the next row
        age = (int(now) - written - 1) % P
        edits = {
            (t, row, names.index(f"{stem}_write")): written,
            (t, row, names.index(f"{stem}_age0")): age & 0x7FFF,
            (t, row, names.index(f"{stem}_age1")): age >> 15,
        }
        assert "bus u15" in board.broken(edits)
        assert f"steps.{stem}_earlier" not in board.broken(edits)
    count("attacks covered")


# ------------------------------------------------------------------ D10 to D12


def test_d10_what_is_not_given_is_not_in_the_table():
    """plonky2: a table whose length did not divide was filled up with (0, 0), which then could be looked up.

    Public columns are zero beyond the given rows: a calendar day from 0 to the first listed day, were the last row one.
    """
    alone("calendar.last_no_day")
    forged = run([BUY, SELL], idle=4)
    calendar = forged.sheet("calendar")
    given = len(forged.witness.calendar_columns[0])
    for row in (given, given + 1):  # idle rows are days without a moment: nobody can use them
        calendar.set(row, count=1)
        assert Board(forged).verdict() == {"bus calendar"}
        calendar.set(row, count=0)
    board = Board(forged)
    for name, columns in {"sources": ("number", "code0", "code1", "code2"), "pools": ("asset0", "wallet")}.items():
        t = board.names.index(name)
        row = len(board.traces[t]) - 2
        assert all(board.traces[t][row, board.tables[t]["columns"].index(c)] == 0 for c in columns)
        (broken,) = board.single(t, [(row, {board.tables[t]["columns"].index("active"): 1})])
        assert broken  # a row of zeros is no source and no pool
    # The range table holds (0, 0) because it is a pair of bytes, and no pair twice.
    t = board.names.index("range")
    offered = Counter()
    for row in range(8192):
        for i, act in enumerate(board.tables[t]["interactions"][:8]):
            assert act["bus"] == 1
            offered[row * 8 + i] += 1
    hi, lo = (board.traces[t][:8192, board.tables[t]["columns"].index(name)] for name in ("hi", "lo"))
    pairs = {(int(h), int(low) + j) for h, low in zip(hi, lo, strict=True) for j in range(8)}
    assert pairs == {(a, b) for a in range(256) for b in range(256)}
    assert len(offered) == len(pairs)
    count("attacks covered")


def test_d11_a_vanishing_denominator_is_counted_and_refused():
    """Plonky3 (security/logup): where d = 0 the helper column is free on that row."""
    case = honest()
    # alpha + 2 + 100 beta + 5 beta^2 = 0 for the public message (100, start = 5) on bus 2
    aimed = LookupChallenges((-107 % P, 0, 0, 0, 0), ONE, (2, 0, 0, 0, 0))
    real = Rounds.main

    def main(self, message):
        real(self, message)
        return aimed

    with Patched((Rounds, "main", main)):
        assert check(case.proof, case.public) is Reason.DENOMINATOR

    # In a table: the prover starts again rather than divide by zero.
    runs = []

    def first_time(*arguments):
        runs.append(1)
        if len(runs) == 1:
            raise logup.VanishingDenominator
        return auxiliary(*arguments)

    auxiliary = logup.auxiliary_trace
    traces, public = tiny.honest()
    assert check(prove(traces, public, patches=[(logup, "auxiliary_trace", first_time)]), public) is None
    assert len(runs) == 2
    # And in the soundness report each fraction counts width + 1 times for the sum, once for its own zero.
    for d in (tiny.DESCRIPTION, circuits.load(circuits.PINNED[0])):
        heights = [15] * len(d.tables)
        instance = soundness.model(d, PRESETS["balanced"].params, heights)
        regime = soundness.Regime("Johnson", instance.rate, 5)
        roots = d.fractions(heights) * (max(bus.width for bus in d.buses) + 2) + d.tallies
        found = [
            next(term.bits for term in soundness.terms(model, regime) if term.name == "lookup")
            for model in (instance, replace(instance, width=instance.width + 1))
        ]
        assert found[0] - found[1] == pytest.approx(np.log2((roots + d.fractions(heights)) / roots), abs=1e-9)
    count("attacks covered")


def test_d12_one_width_a_bus():
    """Plonky3: the fingerprint is injective for one width only; [x] and [x, 0] have one."""
    compression = constraints.Compression(LookupChallenges((1, 2, 3, 4, 5), (5, 4, 3, 2, 1), ONE), tiny.DESCRIPTION)
    assert compression.base_denominator(1, (9,)) == compression.base_denominator(1, (9, 0))
    assert compression.base_denominator(1, (9, 1)) != compression.base_denominator(1, (9, 0))
    for place in (("tables", 0, "interactions", 0), ("public_messages", 1)):
        for message in ([0], [0, 0, 0], []):
            document = copy.deepcopy(tiny.DOCUMENT)
            entry = document
            for step in place:
                entry = entry[step]
            entry["message"] = message
            with pytest.raises(DescriptionError, match="2 elements"):
                read_description(json.dumps(document).encode())
    circuit = Circuit("some", 1, degree=3, log_rows=(13, 20), tallies=0)
    table, bus = circuit.table("t", "a table"), circuit.bus("b", 2)
    x = table.column("x")
    for send in (table.send, table.receive):
        with pytest.raises(ValueError, match="takes 2 elements"):
            send(bus, [x])
    with pytest.raises(ValueError, match="takes 2 elements"):
        circuit.public_message(bus, 1, [1, 2, 3])
    count("attacks covered")

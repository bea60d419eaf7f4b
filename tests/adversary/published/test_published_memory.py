"""Attacks on registration, sorted orders, memory and what is looked up (rows D7 to D12, docs/security/attacks.md).

Where a dishonest witness breaks one constraint and nothing else (tests/support/boards.py has them by name), that
constraint alone stands between the attack and an accepted proof.
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

from tests.support import boards, whole_links
from tests.support.boards import alone, board, column, names, number, rows_of, witness
from tests.support.counts import count
from tests.support.tiny_proof import (
    Patched,
    check,
    honest,
    prove,
    tiny,
)
from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.expr import P
from zkharvest.circuit.lot_machine.shared import lists as shared_lists
from zkharvest.circuit.lot_machine.shared import proportions, terms
from zkharvest.circuit.lot_machine.v2.steps import amounts, classes, day, kinds, lists, record, tokens
from zkharvest.circuit.lot_machine.v2.steps.table import Steps
from zkharvest.circuit.lot_machine.v2.sums.table import SumsTable
from zkharvest.prover import logup
from zkharvest.verifier import constraints, soundness
from zkharvest.verifier.description_reader import DescriptionError, read_description
from zkharvest.verifier.field import ONE
from zkharvest.verifier.messages import LookupChallenges, Rounds
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.rejections import Reason

# ------------------------------------------------------------------ D7: nothing is forgotten


def test_d7_every_constraint_is_registered_and_needed():
    """lambda_vm #652: constraint functions were written, and never called.

    That each constraint of a table has a lie that only it stops: tests/unit/circuit/test_circuit_v2_*.
    """
    rooms = (amounts, classes, day, kinds, lists, record, tokens, shared_lists, proportions, terms)
    stating = {}
    for module in rooms:
        for function, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == module.__name__ and not function.startswith("_"):
                of = inspect.signature(value)
                if next(iter(of.parameters), "") in ("s", "t") and of.return_annotation == "None":
                    stating[f"{module.__name__.rpartition('.')[2]}.{function}"] = value
    assert len(stating) > 15
    called, left = set(), _called(Steps.constrain)
    while left - called:
        called |= left
        found = [f for name, f in stating.items() if {name, name.partition(".")[2]} & called]
        left = set().union(*map(_called, found))
    for name in stating:
        assert {name, name.partition(".")[2]} & called, f"{name} is never called"
    whole = inspect.getsource(SumsTable.constrain)
    for method, value in vars(SumsTable).items():
        returns = inspect.signature(value).return_annotation if inspect.isfunction(value) else ""
        if returns == "None" and method not in ("__init__", "constrain"):
            assert f"self.{method}(" in whole, f"SumsTable.{method} is never called"
    # What the definition promises is what the description holds, one by one.
    promised = [(table.name, c.name) for table in whole_links.definition().circuit.tables for c in table.constraints]
    assert promised == [(table["name"], c["name"]) for table in board().tables for c in table["constraints"]]
    # A lie is told against each, and what it breaks is that constraint; without it, it has nothing to fear.
    alone("steps.used_up", "steps.product3", "sums.value0_signed", "poseidon.two_halves", "pools.order_gap")
    told = boards.lies().keys()
    untold = {f"{table}.{name}" for table, name in promised} - told
    # Blinds have lies with their ring; the two flags are bits by others (docs/adr/0009).
    assert untold == {
        *(f"{table}.blind_on_bit" for table in board().names),
        "steps.is_load_token_bit",
        "steps.is_close_bit",
    }
    assert {f"{table}.{name}" for table, name in promised} >= told
    count("attacks covered")


def _called(function):
    source = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return {ast.unparse(node.func) for node in ast.walk(source) if isinstance(node, ast.Call)}


# ------------------------------------------------------------------ D8, D9: sorted orders, times


def edited(table: str, edits: dict[int, dict[str, int]]) -> dict[tuple[int, int, int], int]:
    """Cells for `Board.broken`: row -> column -> value."""
    t, columns = number(table), names(table)
    return {(t, row, columns.index(name)): value for row, cells in edits.items() for name, value in cells.items()}


def test_d8_an_order_does_not_wrap_around_p():
    """valida #40, TIP-0003: steps small enough to pass the range check lead around p and back to the start."""
    # Three more pools: a real one, one whose most significant lane is 2^30 more, and the real one again. Both steps
    # are below 2^30: nothing but the size of the lanes is in the way of a second list for the pool.
    pools, columns = board().traces[number("pools")], names("pools")
    last = int(np.flatnonzero(pools[:, columns.index("active")])[-1])
    real = {name: int(pools[last, columns.index(name)]) for name in columns if not name.startswith(("blind", "order"))}
    steps = (2**30 - 1, P - (2**30 - 1))
    assert max(steps) < 2**30
    rows = {}
    for row, shift in ((last + 1, steps[0]), (last + 2, 0)):
        # The lane is the sum of its three bytes; the head of the new list comes and goes.
        moved = {"asset0": real["asset0"] + shift, "octet0": real["octet0"] + shift, "last_write": 0}
        rows[row] = {name: value % P for name, value in {**real, **moved}.items()}
    for row, step in enumerate(steps, last):
        marks = {f"order_at{k}": int(k == 0) for k in range(6)}
        rows.setdefault(row, {}).update({**marks, "order_low": (step - 1) & 0x7FFF, "order_high": (step - 1) >> 15})
    assert board().broken(edited("pools", rows)) == {"bus bytes"}
    # The gadget: lanes below 2^28 leave no negative difference that two limbs of 15 bits could hold.
    assert min((-d - 1) % P for d in range(2**28 - 1000, 2**28)) >= 2**30
    assert (-(2**28) - 1) % P >= 2**30
    alone("pools.order_gap", "steps.order_gap", "steps.below_gap", "steps.above_gap", "sums.order_gap")
    count("attacks covered")


def test_d9_nothing_is_read_before_it_is_written():
    """jolt #341: a read whose time was not shown to be earlier than the write: values from the future."""
    alone("steps.pred_earlier", "steps.node_earlier", "steps.content_earlier", "steps.loaded_older")
    alone("steps.sent_earlier")  # a token arrives before it was sent
    # An age of p less a little is a later time; its limbs are no integers of 15 bits.
    row = rows_of("take")[0]
    for stem in ("pred", "content"):
        now = int(board().traces[0][row, column("clk")])
        written = now + 1  # from the next row
        age = (now - written - 1) % P
        cells = {f"{stem}_write": written, f"{stem}_age0": age & 0x7FFF, f"{stem}_age1": age >> 15}
        broken = board().broken(edited("steps", {row: cells}))
        assert "bus u15" in broken
        assert f"steps.{stem}_earlier" not in broken
    count("attacks covered")


# ------------------------------------------------------------------ D10 to D12


def test_d10_what_is_not_given_is_not_in_the_table():
    """plonky2: a table whose length did not divide was filled up with (0, 0), which then could be looked up.

    Public columns are zero beyond the given rows: a calendar day from 0 to the first listed day, were the last row one.
    """
    alone("calendar.last_no_day")
    b = board()
    given = len(next(values for (t, _), values in witness().public.columns.items() if t == number("calendar")))
    for row in (given, given + 1):  # idle rows are days without a moment, and no day by number: nobody can use them
        assert b.broken(edited("calendar", {row: {"count": 1}})) == {"bus calendar"}
        acts = b.tables[number("calendar")]["interactions"]
        days = [k for k, act in enumerate(acts) if b.buses[act["bus"] - 1] == "days"]
        sent = b.evaluate(number("calendar"), np.array([row]), *[np.ones((1, 5), np.int64)] * 2).mult
        assert not sent[0, days].any()  # as often as the row says, times its day, which is 0
    for name, columns in {"pages": ("number", *(f"code{i}" for i in range(4))), "pools": ("asset0", "place0")}.items():
        t = number(name)
        row = len(b.traces[t]) - 2
        assert all(b.traces[t][row, names(name).index(c)] == 0 for c in columns)
        for cells in ({"active": 1}, {"active": 1, "count": 1} if "count" in names(name) else {"active": P - 1}):
            assert b.broken(edited(name, {row: cells}))  # a row of zeros is no page and no pool
    # An idle row of registers is none: what it would take is 0, but it has no level, and no term.
    row = len(b.traces[number("sums")]) - 3
    assert b.broken(edited("sums", {row: {"first": 1}, row + 1: {"second": 1}})) >= {"sums.one_level", "sums.one_term"}
    # The range table holds (0, 0) because it is a pair of bytes, and no pair twice.
    t = number("range")
    offered = Counter()
    for row in range(8192):
        for i, act in enumerate(b.tables[t]["interactions"][:8]):
            assert act["bus"] == 1
            offered[row * 8 + i] += 1
    hi, lo = (b.traces[t][:8192, names("range").index(name)] for name in ("hi", "lo"))
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
    for d in (tiny.DESCRIPTION, whole_links.frozen()[1]):
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

"""The constraint checker: it names what is broken, where, and misses nothing."""

from __future__ import annotations

import numpy as np
import pytest

from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.check import PublicValues, Violation, check
from zkharvest.circuit.expr import P

NOTHING = PublicValues([], [], {})


def counter():
    """x counts from 0 by one and ends at the public `end`; every x is sent, the public list takes them all."""
    circuit = Circuit("counter", 1, degree=3, log_rows=(13, 14), tallies=2)
    bus = circuit.bus("seen", 2)
    end = circuit.public("end")
    circuit.public_list("taken", ["value"], 100)
    circuit.public_message(bus, -1, [["item", 0], ["index"]], each="taken")
    t = circuit.table("count", "")
    x, step, weight = t.column("x"), t.public_column("step"), t.column("weight")
    t.zero("start", x + 0, "", "first")
    t.zero("count", x.next - x - step, "", "transition")
    t.zero("end", x - end, "", "last")
    t.zero("cycle", (x.next - x - step) * (x.next - x + end), "", "all")  # around the corner it falls back by `end`
    t.send(bus, [x, x], 1)
    t.tally(1, weight * x)
    u = circuit.table("other", "")
    y = u.column("y")
    u.tally(1, -y)
    return circuit.compile()


def honest(rows=6):
    count = np.array([[i, 1] for i in range(rows)], np.uint32)
    other = np.array([[i] for i in range(rows)], np.uint32)
    public = PublicValues([rows - 1], [[[i] for i in range(rows)]], {(0, 0): [1] * rows})
    return [count, other], public


def names(traces, public, **options):
    return {(v.table, v.constraint, v.row) for v in check(counter(), traces, public, **options)}


def test_nothing_is_wrong_with_an_honest_trace():
    assert names(*honest()) == set()


def test_constraint_table_and_row_are_named():
    traces, public = honest()
    traces[0][3, 0] = 9
    assert names(traces, public) >= {("count", "count", 2), ("count", "cycle", 2)}
    found = check(counter(), traces, public, label=lambda table, row: f"lot {row} of {table}")
    assert str(found[0]).startswith("count, row 2: count")
    assert found[0].what == "lot 2 of count"


def test_first_and_last_rows_are_looked_at_alone():
    traces, public = honest()
    traces[0][:, 0] += 1
    assert names(traces, public) >= {("count", "start", 0), ("count", "end", 5)}
    assert not any(c == "count" for _, c, _ in names(traces, public))


def test_transitions_do_not_go_around_and_the_others_do():
    traces, public = honest()
    broken = {(c, r) for _, c, r in names(traces, PublicValues([4], public.lists, public.columns))}
    assert ("cycle", 5) in broken  # row 5 to row 0
    assert not any(c == "count" for c, _ in broken)


def test_only_the_first_broken_row_of_a_constraint_is_named():
    traces, public = honest()
    traces[0][:, 0] = 7
    assert [v.row for v in check(counter(), traces, public) if v.constraint == "count"] == [0]


def test_public_columns_are_zero_beyond_what_is_given():
    traces, public = honest()
    short = PublicValues(public.publics, public.lists, {(0, 0): [1] * 3})
    assert ("count", "count", 3) in names(traces, short)


def test_an_unbalanced_bus_is_named_with_its_message():
    traces, public = honest()
    missing = PublicValues(public.publics, [public.lists[0][:5]], public.columns)
    (found,) = check(counter(), traces, missing)
    assert (found.table, found.constraint, found.row) == ("count", "bus seen", 5)
    assert found.detail == "+1 x [5, 5] unbalanced"
    twice = PublicValues(public.publics, [[*public.lists[0], [6]]], public.columns)
    (found,) = check(counter(), traces, twice)
    assert (found.table, found.detail) == ("statement", "-1 x [6, 6] unbalanced")


def test_order_in_a_public_list_counts():
    traces, public = honest()
    swapped = [[1], [0], *public.lists[0][2:]]
    assert {c for _, c, _ in names(traces, PublicValues(public.publics, [swapped], public.columns))} == {"bus seen"}


def test_tallies_are_summed_over_all_tables():
    traces, public = honest()
    traces[1][2, 0] += 3
    assert [str(v) for v in check(counter(), traces, public)] == [f"all tables: tally 1 (sums to {P - 3})"]
    traces[0][3, 1] = 2  # 3 more on the other side
    assert check(counter(), traces, public) == []


def test_sums_wrap_at_p_only():
    """A multiplicity of p would be none: the counts are those of the field, as in the proof."""
    circuit = Circuit("wrap", 1, degree=3, log_rows=(13, 14), tallies=0)
    bus = circuit.bus("b", 1)
    t = circuit.table("t", "")
    t.send(bus, [7], t.column("m"))
    description = circuit.compile()
    assert check(description, [np.array([[P - 1], [1]], np.uint32)], NOTHING) == []
    assert len(check(description, [np.array([[P - 1], [2]], np.uint32)], NOTHING)) == 1


def test_messages_of_one_width_do_not_mix():
    """[1, 2] and [2, 1] and multiplicities: the multiset is compared, not a sum."""
    circuit = Circuit("pairs", 1, degree=3, log_rows=(13, 14), tallies=0)
    bus = circuit.bus("b", 3)
    t = circuit.table("t", "")
    a, b = t.column_list("a", 3), t.column_list("b", 3)
    t.send(bus, a)
    t.receive(bus, b)
    description = circuit.compile()
    rows = np.array([[1, 2, 3, 3, 2, 1], [3, 2, 1, 1, 2, 3]], np.uint32)
    assert check(description, [rows], NOTHING) == []
    rows[1] = [2, 2, 2, 1, 2, 3]
    found = check(description, [rows], NOTHING)
    assert {v.constraint for v in found} == {"bus b"}
    assert {v.detail for v in found} == {"+1 x [2, 2, 2] unbalanced", "-1 x [3, 2, 1] unbalanced"}


def test_a_report_has_a_limit():
    traces, public = honest()
    traces[0][:, 0] = 9
    assert len(check(counter(), traces, public, limit=2)) == 2


def test_a_trace_of_another_width_is_refused():
    traces, public = honest()
    with pytest.raises(ValueError, match="count: 3 columns given, 2 declared"):
        check(counter(), [np.zeros((6, 3), np.uint32), traces[1]], public)


def test_a_violation_reads_well():
    assert str(Violation("steps", "head", 4, what="a/1")) == "steps, row 4: head [a/1]"
    assert str(Violation("all tables", "tally 3", -1, "sums to 5")) == "all tables: tally 3 (sums to 5)"

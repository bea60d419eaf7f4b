"""What the builder refuses, how it packs groups, and what it freezes."""

from __future__ import annotations

import json

import pytest

from tests.support import whole_links
from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.expr import following, lift
from zkharvest.verifier.description_reader import read_description


def circuit(degree=4, tallies=2):
    return Circuit("test", 1, degree=degree, log_rows=(13, 14), tallies=tallies)


def test_names_are_declared_once():
    t = circuit().table("t", "")
    a = t.column("a")
    with pytest.raises(ValueError, match=r"t: column a is declared twice"):
        t.column("a")
    t.zero("c", a, "")
    with pytest.raises(ValueError, match=r"t: constraint c is declared twice"):
        t.zero("c", a - 1, "")
    t.boolean(a)
    with pytest.raises(ValueError, match="a_bit is declared twice"):
        t.boolean(a)


@pytest.mark.parametrize(("where", "most"), [("all", 4), ("transition", 4), ("first", 3), ("last", 3)])
def test_degree_is_limited_with_its_selector(where, most):
    t = circuit().table("t", "")
    power = lift(1)
    a = t.column("a")
    for k in range(1, 6):
        power = power * a
        if k <= most:
            t.zero(f"power{k}", power, "", where)
        else:
            with pytest.raises(ValueError, match=f"t.power{k}: degree {k + (most == 3)} is above 4"):
                t.zero(f"power{k}", power, "", where)


def test_a_constant_is_not_a_constraint():
    t = circuit().table("t", "")
    a = t.column("a")
    for nothing in (lift(0), lift(1), a - a):
        with pytest.raises(ValueError, match="a constant is not a constraint"):
            t.zero("c", nothing, "")


def compiled(state):
    t = circuit().table("t", "")
    state(t, t.column("a"), t.column_list("b", 2))
    return t.compile()


def test_a_scope_multiplies_what_is_stated_in_it_by_its_selector():
    def scoped(t, a, b):
        with t.when(a):
            t.equal("x", b[0], 7, "")
            with t.when(1 - b[1]):
                t.zero("y", b[0] + 3, "")
        t.zero("z", a, "")

    def plain(t, a, b):
        t.zero("x", a * (b[0] - 7), "")
        t.zero("y", a * (1 - b[1]) * (b[0] + 3), "")
        t.zero("z", a, "")

    assert compiled(scoped) == compiled(plain)


def test_vectors_are_stated_lane_by_lane():
    def vectors(t, a, b):
        t.equals("same{}", following(b), [a, 5], "lanes agree", "transition")
        with t.when(a):
            t.zeros("nothing{}_here", b, "")

    def lanes(t, a, b):
        t.zero("same0", b[0].next - a, "lanes agree", "transition")
        t.zero("same1", b[1].next - 5, "lanes agree", "transition")
        t.zero("nothing0_here", a * b[0], "")
        t.zero("nothing1_here", a * b[1], "")

    assert compiled(vectors) == compiled(lanes)
    with pytest.raises(ValueError, match="shorter"):
        compiled(lambda t, a, b: t.equals("same{}", b, [a], ""))


def test_a_scope_may_forbid_a_row_but_not_hold_nowhere():
    assert compiled(lambda t, a, b: forbidden(t, a)) == compiled(lambda t, a, b: t.zero("x", a * 3, ""))
    with pytest.raises(ValueError, match="a constant is not a constraint"):
        compiled(lambda t, a, b: forbidden(t, 0))


def forbidden(t, selector):
    with t.when(selector):
        t.zero("x", 3, "")


def test_degrees_count_the_selectors():
    t = circuit().table("t", "")
    a = t.column("a")
    with t.when(a), t.when(a), pytest.raises(ValueError, match=r"t\.x: degree 5 is above 4"):
        t.zero("x", a * a * a, "")


def test_what_has_no_condition_is_not_stated_in_a_scope():
    """A message in a scope would be sent on every row, whatever the selector says."""
    c = circuit()
    t, bus = c.table("t", ""), c.bus("b", 1)
    a = t.column("a")
    for state in (
        lambda: t.send(bus, [a]),
        lambda: t.receive(bus, [a]),
        lambda: t.tally(0, a),
        lambda: t.boolean(a),
        lambda: t.column("c"),
    ):
        with t.when(a), pytest.raises(ValueError, match="has no condition; state it outside of `when`"):
            state()
    t.send(bus, [a], a)
    assert len(t.interactions) == 1


def test_messages_have_the_width_of_their_bus():
    c = circuit()
    t, bus = c.table("t", ""), c.bus("b", 2)
    a = t.column("a")
    for message in ([a], [a, a, a], []):
        with pytest.raises(ValueError, match=f"bus b takes 2 elements, not {len(message)}"):
            t.send(bus, message)
        with pytest.raises(ValueError, match=f"bus b takes 2 elements, not {len(message)}"):
            t.receive(bus, message)
        with pytest.raises(ValueError, match=f"bus b takes 2 elements, not {len(message)}"):
            c.public_message(bus, 1, message)
    t.send(bus, [a, 1])
    assert t.interactions[0].message == (a, lift(1))


def test_there_are_only_the_declared_tallies():
    t = circuit(tallies=2).table("t", "")
    a = t.column("a")
    t.tally(1, a + 0)
    for slot in (-1, 2):
        with pytest.raises(ValueError, match=f"no tally slot {slot}"):
            t.tally(slot, a + 0)


def group_degree(parts):
    """The degree of h * prod d - sum m prod d, by its definition in FORMAT.md section 2."""
    degrees = [max((m.degree for m in p.message), default=0) for p in parts]
    return max(1 + sum(degrees), *(p.mult.degree + sum(degrees) - d for p, d in zip(parts, degrees, strict=True)))


def test_groups_hold_every_interaction_once_within_the_degree():
    for table in whole_links.definition().circuit.tables:
        groups = table.groups()
        assert sorted(i for g in groups for i in g) == list(range(len(table.interactions))), table.name
        for group in groups:
            assert group_degree([table.interactions[i] for i in group]) <= 4


@pytest.mark.parametrize("degree", [3, 4])
def test_groups_are_packed_to_the_limit(degree):
    c = circuit(degree)
    t, bus = c.table("t", ""), c.bus("b", 1)
    a = t.column("a")
    for _ in range(6):
        t.send(bus, [a])
    assert [len(g) for g in t.groups()] == [degree - 1] * (6 // (degree - 1))
    t.send(bus, [a * a], a)
    assert all(group_degree([t.interactions[i] for i in g]) <= degree for g in t.groups())
    t.send(bus, [a * a * a * a])
    with pytest.raises(ValueError, match=f"interaction 7 alone is above degree {degree}"):
        t.groups()


def test_constants_alone_count_as_degree_zero():
    c = circuit(3)
    t, bus = c.table("t", ""), c.bus("b", 1)
    a = t.column("a")
    t.send(bus, [5], a * a * a)  # a denominator without columns
    assert t.groups() == [[0]]


def test_the_frozen_text_says_what_was_built():
    c = circuit()
    bus = c.bus("b", 2)
    scalar = c.public("s")
    c.public_list("l", ["x", "y"], 10)
    c.public_message(bus, -1, [["index"], ["item", 1]], each="l")
    t = c.table("t", "note")
    a, given = t.column("a"), t.public_column("g")
    t.zero("c", a * given - scalar, "why", "first")
    t.receive(bus, [a, 3], scalar)
    t.tally(1, a * a)
    c.blind_terminals()
    data = c.freeze()
    assert json.loads(data) == c.compile()
    assert data.endswith(b"}\n")
    assert data.isascii()
    table = json.loads(data)["tables"][0]
    assert table["columns"] == ["a", "blind_on", "blind_out", "blind_in"]
    assert table["constraints"][0] == {"name": "c", "where": "first", "node": table["constraints"][0]["node"]}
    assert [i["sign"] for i in table["interactions"]] == [-1, 1, -1]
    assert c.freeze() == data  # and again


def test_the_blinding_ring_goes_around():
    c = circuit()
    for name in ("x", "y", "z"):
        c.table(name, "")
    c.blind_terminals()
    sent = [t.interactions[0].message[0].const for t in c.tables]
    taken = [t.interactions[1].message[0].const for t in c.tables]
    assert sent == [0, 1, 2]
    assert taken == [2, 0, 1]


def test_the_lot_machine_reads_as_the_verifier_reads_it():
    frozen = whole_links.definition().circuit.freeze()
    description = read_description(frozen)
    assert [t.name for t in description.tables] == [t["name"] for t in whole_links.description()["tables"]]


def test_every_column_of_the_lot_machine_is_reached():
    """A column that no constraint, message or tally reads would be the prover's to fill as it likes."""
    for table in whole_links.description()["tables"]:
        reached = {("col", n[1]) for n in table["nodes"] if n[0] == "col"}
        reached |= {("pub", n[1]) for n in table["nodes"] if n[0] == "pub"}
        declared = {("col", i) for i in range(len(table["columns"]))}
        declared |= {("pub", i) for i in range(len(table["public_columns"]))}
        assert reached == declared, table["name"]


def test_the_lot_machine_keeps_a_note_for_every_constraint():
    for table in whole_links.definition().circuit.tables:
        for constraint in table.constraints:
            assert len(constraint.note) > 5, f"{table.name}.{constraint.name}"

"""Lies that need a message of the hash table gone, or a field of it: records, lots, nodes."""

from __future__ import annotations

from collections.abc import Callable

from tests.adversary.kit.forge import Forgery
from tests.adversary.witness.lies.forest import LOT_A, LOT_B, RECORD, Forest, Row, digest, empty_year, regrown, without
from tests.adversary.witness.lies.hashes import root_row
from tests.adversary.witness.lies.registry import bus_lie, field_lie, public_lie, run, starved, weak_lie
from tests.support.make import trade
from zkharvest.circuit.blinding import BLIND_ROWS
from zkharvest.circuit.check import PublicValues
from zkharvest.circuit.expr import P
from zkharvest.commitment.encoding import DIGEST, LOT_LANES, TAG_LOT_A, TAG_LOT_B, TREE_CLOSING, TREE_OPENING, WIDTH

BUY = trade("2024-01-01", "a/1", "buy", 1, 100)
SELL = trade("2024-02-01", "a/2", "sell", 1, 200)
OTHER = trade("2024-01-02", "b/1", "buy", 1, 100)


def plus(lane: int, kind: int, by: int = 1) -> Callable[[list[Row]], None]:
    """Another value in a lane of the hashes of one kind."""

    def change(rows: list[Row]) -> None:
        for row in rows:
            if row.kind == kind:
                row.inputs[lane] = (row.inputs[lane] + by) % P

    return change


def moved(rows: list[Row]) -> None:
    """The leaves stand one place further on."""
    for row in rows:
        row.index += 1


# ----------------------------------------------------------------------------------------------------------- nodes


def bogus_child(first: int) -> Forgery:
    """The root of the closing inventory has a child that nobody hashes: whatever was in it is never closed."""
    forest = Forest(empty_year())
    root = next(row for row in forest.rows if row.tree == TREE_CLOSING)
    root.inputs[first : first + DIGEST] = [7] * DIGEST
    forest.claim(TREE_CLOSING, digest(root.inputs))
    return forest.plant()


def other_root(**marks: int) -> Forgery:
    """The empty closing inventory's root stands in another tree, at another level or place."""
    forged = empty_year()
    forged.sheet("poseidon").set(root_row(forged), **marks)
    return forged


def other_digest(lane: int) -> Forgery:
    """The statement's closing root differs from what is hashed in one lane."""
    forged = run([BUY])
    at = forged.public_names().index(f"closing_root_{lane}")
    forged.claim(**{f"closing_root_{lane}": forged.public.publics[at] + 1})
    return forged


def unhashed_source() -> Forgery:
    """A source whose root is anything: nothing of it is opened, no record of it is run."""
    forged = empty_year()
    public = forged.public
    record = [7] * DIGEST + [1, 2, 3]
    forged.public = PublicValues(public.publics, [[record]], public.columns)
    sources = forged.sheet("sources")
    sources.set(0, active=1, number=0)
    sources.put(0, "code", [1, 2, 3])
    return forged


starved("the statement takes every root, and nobody else gives a node", "poseidon -> node #0")
bus_lie("poseidon <- node #1", bogus_child, 1)
bus_lie("poseidon <- node #2", bogus_child, 1 + DIGEST)
field_lie("node", 0, lambda: other_root(tree=5))
field_lie("node", 1, lambda: other_root(level=7))
field_lie("node", 2, lambda: other_root(index=7))
for _lane in range(DIGEST):
    field_lie("node", 3 + _lane, other_digest, _lane)
public_lie("public node #0", unhashed_source)
for _number, _tree in ((1, TREE_OPENING), (2, TREE_CLOSING)):
    public_lie(f"public node #{_number}", lambda tree: without(empty_year(), tree), _tree)


# --------------------------------------------------------------------------------------------------------- records


def not_run() -> Forgery:
    """Committed records that no row works on: the hashes are those of two trades, the rest is a year of none."""
    forged, idle = run([BUY, SELL]), empty_year()
    for name in ("steps", "pools", "calendar", "totals"):
        ring = forged.traces[name][:BLIND_ROWS, -3:].copy()
        forged.traces[name] = idle.traces[name].copy()
        forged.traces[name][:BLIND_ROWS, -3:] = ring
    names = forged.public_names()
    totals = [name for name in names if name[-1].isdigit() and "root" not in name]
    forged.claim(**{name: idle.public.publics[names.index(name)] for name in totals})
    forged.recount()
    return forged


def swapped_roots() -> Forgery:
    """Two sources whose records were hashed under each other's number."""
    forest = Forest(run([BUY, OTHER]))
    for row in forest.rows:
        row.tree = {0: 1, 1: 0}.get(row.tree, row.tree)
    public = forest.forged.public
    first, second = public.lists[0]
    roots = [[*second[:DIGEST], *first[DIGEST:]], [*first[:DIGEST], *second[DIGEST:]]]
    forest.forged.public = PublicValues(public.publics, [roots], public.columns)
    return forest.plant()


bus_lie("poseidon -> record #0", not_run)
field_lie("record", 0, swapped_roots)
field_lie("record", 1, lambda: regrown(run([BUY]), 0, moved))
for _lane in range(18):
    field_lie("record", 2 + _lane, lambda lane: regrown(run([BUY]), 0, plus(lane, RECORD)), _lane)
weak_lie("poseidon.leaf_level", "is_record", lambda: regrown(run([BUY]), 0, level=1))


# ------------------------------------------------------------------------------------------------------------ lots


def phantom() -> Forgery:
    """A lot in the closing inventory that nobody closes."""
    forest = Forest(empty_year())
    rest = [0] * (WIDTH - 1)
    halves = [Row(kind, TREE_CLOSING, 0, 0, [tag, *rest]) for kind, tag in ((LOT_A, TAG_LOT_A), (LOT_B, TAG_LOT_B))]
    forest.claim(TREE_CLOSING, forest.grow(TREE_CLOSING, halves))
    return forest.plant()


def carried_back() -> Forgery:
    """The lots that are left lie in the opening inventory; the closing one is empty."""
    forest = Forest(run([BUY]))
    lots = forest.leaves(TREE_CLOSING)
    for tree, leaves in ((TREE_CLOSING, []), (TREE_OPENING, lots)):
        forest.claim(tree, forest.grow(tree, leaves))
    return forest.plant()


bus_lie("poseidon -> lot #0", phantom)
field_lie("lot", 0, carried_back)
field_lie("lot", 1, lambda: regrown(run([BUY]), TREE_CLOSING, moved))
for _lane in range(LOT_LANES):
    field_lie("lot", 2 + _lane, lambda lane: regrown(run([BUY]), TREE_CLOSING, plus(1 + lane, LOT_A)), _lane)
for _lane in range(12):
    field_lie(
        "lot", 2 + LOT_LANES + _lane, lambda lane: regrown(run([BUY]), TREE_CLOSING, plus(10 + lane, LOT_B)), _lane
    )

"""Lies in the hashes: rounds, tags, children that are left out, halves of lots.

The closing inventory is the prover's own tree: what is hashed there is anything, and its root is what comes out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.adversary.kit.forge import Forgery
from tests.adversary.witness.lies.registry import lie, lies, run
from tests.support.make import trade
from zkharvest.circuit.lot_machine.v1.poseidon import hash_rows
from zkharvest.commitment.encoding import DEPTH, DIGEST, TREE_CLOSING, WIDTH, digest_bytes
from zkharvest.commitment.inventory import Inventory, commit_inventory
from zkharvest.commitment.poseidon import MDS, ROUND_CONSTANTS, P
from zkharvest.commitment.poseidon_kernel import compress_many
from zkharvest.commitment.tree import Tree, build_tree

BUY = trade("2024-01-01", "a/1", "buy", 1, 100)
SELL = trade("2024-02-01", "a/3", "sell", 1, 200)
SECOND = trade("2024-01-02", "a/2", "buy", 1, 300)
HALF = (P + 1) // 2
KINDS = ("is_record", "is_lot_a", "is_lot_b", "is_node")
FULL = [0, 1, 2, 3, 27, 28, 29, 30]


def claim_closing(forged: Forgery, digest: Any) -> Forgery:
    """The statement names another root of the closing inventory."""
    forged.claim(**{f"closing_root_{i}": int(x) for i, x in enumerate(digest[:DIGEST])})
    return forged


def root_row(forged: Forgery) -> int:
    """The row that hashes the root of the closing inventory."""
    hashes = forged.sheet("poseidon")
    return next(r for r in hashes.rows("is_node") if hashes["tree"][r] == TREE_CLOSING and hashes["level"][r] == DEPTH)


# ------------------------------------------------------------------------------------------------------- the rounds


def wrong_permutation(inputs: list[int], wrong_round: int, lane: int) -> list[int]:
    """All columns of a permutation that adds one to a lane after a round, and goes on from there."""
    state, columns, partial, late = list(inputs), list(inputs), [], []
    for number, constants in enumerate(ROUND_CONSTANTS):
        state = [(x + c) % P for x, c in zip(state, constants, strict=True)]
        if number in FULL:
            state = [pow(x, 3, P) for x in state]
            state = [sum(m * x for m, x in zip(row, state, strict=True)) % P for row in MDS]
            state[lane] = (state[lane] + (number == wrong_round)) % P
            (columns if number < 4 else late).extend(state)
        else:
            state[0] = (pow(state[0], 3, P) + (number == wrong_round)) % P
            partial.append(state[0])
            state = [sum(m * x for m, x in zip(row, state, strict=True)) % P for row in MDS]
    return columns + partial + late


def _round(number: int, lane: int) -> Forgery:
    forged = run([BUY, SELL])
    row = root_row(forged)
    cells = forged.traces["poseidon"]
    columns = wrong_permutation([int(x) for x in cells[row, :WIDTH]], number, lane)
    cells[row, : len(columns)] = columns
    digest = [(x + y) % P for x, y in zip(columns[-WIDTH:], columns[:WIDTH], strict=True)]
    return claim_closing(forged, digest)


for _number in range(len(ROUND_CONSTANTS)):
    if _number in FULL:
        for _lane in range(WIDTH):
            lie(f"poseidon.round{_number}_lane{_lane}", _round, _number, _lane)
    else:
        lie(f"poseidon.partial{_number - 4}_cube", _round, _number, 0)


# ---------------------------------------------------------------------------------------------------------- the trees


def rehashed(change: Any) -> dict[str, Any]:
    """Another closing inventory: `change` gives a new one from the honest one."""

    def inventory(*given: Any) -> Inventory:
        made = commit_inventory(*given)
        return made if given[-1].startswith("opening") else change(made)

    return {"commit_inventory": inventory}


def root_of(tree: Tree, inputs: Any) -> Tree:
    """The same tree with another last hash."""
    digest = np.asarray(compress_many(inputs))[0]
    return Tree(tree.leaves, (*tree.nodes[:-1], inputs), digest_bytes(tuple(int(x) for x in digest)))


def _tag() -> Forgery:
    def change(made: Inventory) -> Inventory:
        inputs = made.tree.nodes[-1].copy()
        inputs[0, 0] += 1
        return Inventory(made.first, made.second, root_of(made.tree, inputs))

    return run([BUY], replace=rehashed(change))


def _left_out(side: str, lane: int) -> Forgery:
    """A child of the root that is not zero (in one lane) is left out."""

    def change(made: Inventory) -> Inventory:
        inputs = made.tree.nodes[-1].copy()
        inputs[0, 1 + lane + (DIGEST if side == "right" else 0)] = 5
        return Inventory(made.first, made.second, root_of(made.tree, inputs))

    forged = run([BUY, SELL], replace=rehashed(change))
    forged.sheet("poseidon").set(root_row(forged), **{f"no_{side}": 1})
    return forged


def halves(change_first: Any, change_second: Any) -> dict[str, Any]:
    """The two hashes of every lot, changed before they are hashed."""

    def change(made: Inventory) -> Inventory:
        first, second = made.first.copy(), made.second.copy()
        change_first(first)
        second[:, 1 : 1 + DIGEST] = np.asarray(compress_many(first))
        change_second(second)
        leaves = np.asarray(compress_many(second))
        return Inventory(first, second, build_tree(leaves, made.tree.nodes[-1][0, 19:]))

    return rehashed(change)


def _nothing(_lanes: Any) -> None:
    pass


def add_one(lane: int) -> Any:
    def change(lanes: Any) -> None:
        lanes[:, lane] = (lanes[:, lane] + 1) % P

    return change


def _lot_pair() -> Forgery:
    """A lot that nobody closes lies in the closing inventory: a second half without a first half on the row before."""

    def inventory(*given: Any) -> Inventory:
        arrays, rest = given[:3], given[3:]
        return commit_inventory(*(np.concatenate((x, x)) for x in arrays), *rest)

    forged = run([BUY], replace={"commit_inventory": inventory})
    hashes = forged.sheet("poseidon")
    hashes.set(hashes.rows("is_lot_a")[1], is_lot_a=0)
    return forged


def _leaf_level() -> Forgery:
    """A lot stands at level 1 of its tree: there is one node less above it."""

    def change(made: Inventory) -> Inventory:
        leaf = np.asarray(compress_many(made.second))
        short = build_tree(leaf, made.tree.nodes[-1][0, 19:])
        # Hash levels 2..24 over the leaf as if it were a node of level 1.
        level, nodes = leaf, [np.zeros((0, WIDTH), np.uint32)]
        for depth in range(2, DEPTH + 1):
            inputs = np.zeros((1, WIDTH), np.uint32)
            inputs[0, 0] = short.nodes[0][0, 0]
            inputs[0, 1 : 1 + DIGEST] = level[0]
            if depth == DEPTH:
                inputs[0, 19:] = short.nodes[-1][0, 19:]
            level = np.asarray(compress_many(inputs))
            nodes.append(inputs)
        root = digest_bytes(tuple(int(x) for x in level[0]))
        return Inventory(made.first, made.second, Tree(leaf, tuple(nodes), root))

    def hashes(*given: Any) -> Any:
        inputs, marks = hash_rows(*given)
        marks[(marks[:, 0] == 2) & (marks[:, 1] == TREE_CLOSING), 2] = 1
        return inputs, marks

    return run([BUY], replace={**rehashed(change), "hash_rows": hashes})


def _no_child_of_nothing(side: str) -> Forgery:
    """A row that is no node gives back a child: the zero digest that the root then takes as a real one."""

    forged = run([BUY, SELL])
    hashes = forged.sheet("poseidon")
    row, idle = root_row(forged), len(forged.traces["poseidon"]) - 1
    hashes.set(row, **{f"no_{side}": 0})
    hashes.set(idle, tree=TREE_CLOSING, level=DEPTH, index=0, **{f"no_{side}": 1})
    return forged


lie("poseidon.is_node_tag", _tag)
lies("poseidon.no_left_zero{}", lambda i: _left_out("left", i), range(DIGEST))
lies("poseidon.no_right_zero{}", lambda i: _left_out("right", i), range(DIGEST))
lie("poseidon.is_lot_a_tag", lambda: run([BUY], replace=halves(add_one(0), _nothing)))
lie("poseidon.is_lot_b_tag", lambda: run([BUY], replace=halves(_nothing, add_one(0))))
lies("poseidon.lot_link{}", lambda i: run([BUY], replace=halves(_nothing, add_one(1 + i))), range(DIGEST))
lie("poseidon.lot_pair", _lot_pair)
lie("poseidon.leaf_level", _leaf_level)
lie("poseidon.no_left_node", _no_child_of_nothing, "left")
lie("poseidon.no_right_node", _no_child_of_nothing, "right")

# ----------------------------------------------------------------------------------------------------- half a row


def halved(flag: str, rows: int = 1) -> Forgery:
    """A row (a lot's two) stands twice, each time half: half a message and half a message is one."""
    forged = run([BUY, SECOND], idle=4)
    hashes = forged.sheet("poseidon")
    row = next(r for r in hashes.rows(flag) if not hashes["no_left"][r] and not hashes["no_right"][r])
    for i in range(rows):
        twin = len(hashes[flag]) - 3 + i
        hashes.copy_row(row + i, twin, but=("blind_on", "blind_out", "blind_in"))
        for r in (row + i, twin):
            hashes.set(r, **{kind: int(hashes[kind][r]) * HALF for kind in KINDS})
    return forged


lie("poseidon.is_record_bit", halved, "is_record")
lie("poseidon.is_node_bit", halved, "is_node")
lie("poseidon.is_lot_a_bit", halved, "is_lot_a", 2)

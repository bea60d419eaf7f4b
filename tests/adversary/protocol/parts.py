"""A proof taken apart into values that can be changed, and put together again."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tests.adversary.kit.frozen import Case
from zkharvest.verifier import field, merkle
from zkharvest.verifier.field import Ext
from zkharvest.verifier.messages import (
    AuxCommitment,
    Evaluations,
    FriFinal,
    FriLayer,
    MainCommitment,
    QuotientCommitment,
)
from zkharvest.verifier.params import SALT_BYTES
from zkharvest.verifier.proof import (
    Messages,
    OpenedLayer,
    OpenedTree,
    Reader,
    read_messages,
    read_queries,
)
from zkharvest.verifier.stacks import stacks_of


@dataclass
class Tree:
    """A tree opened at some leaves: salts and words by index, siblings in the proof's order."""

    log_size: int
    salts: dict[int, bytes]
    rows: dict[int, list[int]]
    siblings: list[bytes]

    @classmethod
    def read(cls, opening: OpenedTree | OpenedLayer, log_size: int) -> Tree:
        words = {i: list(struct.unpack(f"<{len(x) // 4 - 4}I", x[SALT_BYTES:])) for i, x in opening.salted.items()}
        return cls(log_size, {i: x[:SALT_BYTES] for i, x in opening.salted.items()}, words, list(opening.siblings))

    def leaf(self, index: int) -> bytes:
        row = self.rows[index]
        return self.salts[index] + struct.pack(f"<{len(row)}I", *row)

    def root(self) -> bytes:
        """The root that leaves and siblings lead to."""
        leaves = {index: merkle.leaf_hash(self.leaf(index)) for index in self.rows}
        return merkle.root_of(leaves, self.log_size, self.siblings)

    def encode(self) -> bytes:
        return b"".join([*(self.leaf(index) for index in sorted(self.rows)), *self.siblings])

    def slot(self, leaf: int, number: int) -> Ext:
        """A FRI layer's value in a leaf."""
        c0, c1, c2, c3, c4 = self.rows[leaf][5 * number : 5 * number + 5]
        return (c0, c1, c2, c3, c4)

    def put(self, leaf: int, number: int, value: Ext) -> None:
        self.rows[leaf][5 * number : 5 * number + 5] = value

    def slots(self, leaf: int) -> list[Ext]:
        return [self.slot(leaf, number) for number in range(len(self.rows[leaf]) // 5)]


def tree_shapes(case: Case) -> Iterator[tuple[str, int, int]]:
    """(name, log2 of the leaves, words in a row) of every tree, in the proof's order."""
    at = case.at
    stacks = stacks_of(case.description, case.heights, at.stack)
    for name, width in zip(("main", "aux", "quotient"), stacks.words, strict=True):
        yield name, at.log_domain, width
    log_size = at.log_domain
    for number, arity in enumerate(at.arities):
        log_size -= arity.bit_length() - 1
        yield f"layer {number}", log_size, 5 * arity


@dataclass
class Parts:
    """All of a proof; roots and trees by name (main, aux, quotient, layer 0, ...)."""

    roots: dict[str, bytes]
    nonces: list[int]
    terminals: list[Ext]
    at_z: list[Ext]
    at_next: list[Ext]
    final: list[Ext]
    trees: dict[str, Tree]

    @classmethod
    def read(cls, case: Case, indices: tuple[int, ...]) -> Parts:
        """Of a proof in good shape."""
        reader = Reader(case.proof)
        said = read_messages(reader, case.description, case.at)
        stacks = stacks_of(case.description, case.heights, case.at.stack)
        queries = read_queries(reader, stacks, case.at, indices)
        reader.end()
        openings = (queries.main, queries.aux, queries.quotient, *queries.layers)
        roots = (said.main.root, said.aux.root, said.quotient.root, *(layer.root for layer in said.layers))
        shapes = list(tree_shapes(case))
        return cls(
            {name: root for (name, _, _), root in zip(shapes, roots, strict=True)},
            list(said.nonces),
            list(said.aux.terminals),
            list(said.evaluations.at_z),
            list(said.evaluations.at_next),
            list(said.final.coefficients),
            {name: Tree.read(o, log_size) for (name, log_size, _), o in zip(shapes, openings, strict=True)},
        )

    def layer_names(self) -> list[str]:
        return [name for name in self.roots if name.startswith("layer")]

    def messages(self) -> Messages:
        return Messages(
            MainCommitment(self.roots["main"]),
            AuxCommitment(self.roots["aux"], tuple(self.terminals)),
            QuotientCommitment(self.roots["quotient"]),
            Evaluations(tuple(self.at_z), tuple(self.at_next)),
            tuple(FriLayer(self.roots[name]) for name in self.layer_names()),
            FriFinal(tuple(self.final)),
            tuple(self.nonces),
        )

    def encode(self) -> bytes:
        """The proof's bytes (FORMAT.md section 5)."""
        lookup, deep, batch, *folds, query = (nonce.to_bytes(8, "little") for nonce in self.nonces)
        layers = [self.roots[name] + nonce for name, nonce in zip(self.layer_names(), folds, strict=True)]
        return b"".join(
            [
                self.roots["main"] + lookup,
                self.roots["aux"] + field.to_bytes(self.terminals),
                self.roots["quotient"] + deep,
                field.to_bytes(self.at_z) + field.to_bytes(self.at_next) + batch,
                *layers,
                field.to_bytes(self.final) + query,
                *(tree.encode() for tree in self.trees.values()),
            ]
        )

"""Proof bytes into typed messages and opened rows (FORMAT.md section 5).

A proof carries no lengths: every size follows from the description, the height, the parameter set and, for the
openings, the query indices that the transcript draws. So it is read in two parts: `read_messages` before the rounds
are replayed, `read_queries` with the indices they gave. Every field word is checked to be below p here, once.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from zkharvest.spec import WORD_BYTES, P
from zkharvest.verifier.description import Description
from zkharvest.verifier.field import DEGREE, Ext
from zkharvest.verifier.merkle import sibling_count
from zkharvest.verifier.messages import (
    AuxCommitment,
    Evaluations,
    FriFinal,
    FriLayer,
    MainCommitment,
    QuotientCommitment,
)
from zkharvest.verifier.params import DIGEST_BYTES, NONCE_BYTES, SALT_BYTES, Sizes
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.stacks import Stacks


class Reader:
    """Proof bytes, read from front to back."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        start, self._position = self._position, self._position + count
        if self._position > len(self._data):
            raise Reject(Reason.PROOF_SHORT, f"{self._position - len(self._data)} bytes are missing at {start}")
        return self._data[start : self._position]

    def end(self) -> None:
        """Nothing may follow."""
        if self._position != len(self._data):
            raise Reject(Reason.PROOF_TRAILING, f"{len(self._data) - self._position} bytes too many")

    def digest(self) -> bytes:
        """32 bytes."""
        return self.take(DIGEST_BYTES)

    def nonce(self) -> int:
        """A u64."""
        return int.from_bytes(self.take(NONCE_BYTES), "little")

    def extensions(self, count: int) -> tuple[Ext, ...]:
        """`count` elements of E."""
        return _extensions(_words(self.take(WORD_BYTES * DEGREE * count)))


def _words(data: bytes) -> tuple[int, ...]:
    words = struct.unpack(f"<{len(data) // WORD_BYTES}I", data)
    if words and max(words) >= P:
        raise Reject(Reason.PROOF_WORD, f"{max(words)} is not below p")
    return words


def _extensions(words: tuple[int, ...]) -> tuple[Ext, ...]:
    coordinates = [words[i::DEGREE] for i in range(DEGREE)]
    return tuple(zip(*coordinates, strict=True))


@dataclass(frozen=True, slots=True)
class Messages:
    """Everything the prover says before the query indices are drawn; nonces in protocol order."""

    main: MainCommitment
    aux: AuxCommitment
    quotient: QuotientCommitment
    evaluations: Evaluations
    layers: tuple[FriLayer, ...]
    final: FriFinal
    nonces: tuple[int, ...]


def read_messages(reader: Reader, description: Description, at: Sizes) -> Messages:
    """The first part of a proof."""
    main, nonce_lookup = MainCommitment(reader.digest()), reader.nonce()
    aux = AuxCommitment(reader.digest(), reader.extensions(len(description.tables)))
    quotient, nonce_deep = QuotientCommitment(reader.digest()), reader.nonce()
    evaluations = Evaluations(
        reader.extensions(description.main_width + description.extension_columns + description.pieces),
        reader.extensions(len(description.next_main) + len(description.next_aux)),
    )
    nonces = [nonce_lookup, nonce_deep, reader.nonce()]
    layers = []
    for _ in at.arities:
        layers.append(FriLayer(reader.digest()))
        nonces.append(reader.nonce())
    final = FriFinal(reader.extensions(at.final_terms))
    nonces.append(reader.nonce())
    return Messages(main, aux, quotient, evaluations, tuple(layers), final, tuple(nonces))


@dataclass(frozen=True, slots=True)
class OpenedTree:
    """A tree opened at the distinct query indices: salted row bytes as hashed, the rows as words, the siblings."""

    salted: dict[int, bytes]
    rows: dict[int, tuple[int, ...]]
    siblings: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class OpenedLayer:
    """A FRI layer opened at the distinct leaves: salted bytes, and the arity many values of each leaf."""

    salted: dict[int, bytes]
    leaves: dict[int, tuple[Ext, ...]]
    siblings: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Queries:
    """The second part of a proof."""

    main: OpenedTree
    aux: OpenedTree
    quotient: OpenedTree
    layers: tuple[OpenedLayer, ...]


def read_queries(reader: Reader, stacks: Stacks, at: Sizes, indices: Sequence[int]) -> Queries:
    """The rows opened at `indices` (below |D|, in any order, repetitions allowed)."""
    distinct = sorted(set(indices))
    main, aux, quotient = (_read_tree(reader, width, distinct, at.log_domain) for width in stacks.words)
    layers = []
    log_size = at.log_domain
    for arity in at.arities:
        log_size -= arity.bit_length() - 1
        distinct = sorted({index % (1 << log_size) for index in distinct})
        layers.append(_read_layer(reader, arity, distinct, log_size))
    return Queries(main, aux, quotient, tuple(layers))


def _read_tree(reader: Reader, width: int, indices: Sequence[int], log_size: int) -> OpenedTree:
    salted = {index: reader.take(SALT_BYTES + WORD_BYTES * width) for index in indices}
    rows = {index: _words(data[SALT_BYTES:]) for index, data in salted.items()}
    return OpenedTree(salted, rows, _read_siblings(reader, indices, log_size))


def _read_layer(reader: Reader, arity: int, leaves: Sequence[int], log_size: int) -> OpenedLayer:
    opened = _read_tree(reader, DEGREE * arity, leaves, log_size)
    values = {index: _extensions(row) for index, row in opened.rows.items()}
    return OpenedLayer(opened.salted, values, opened.siblings)


def _read_siblings(reader: Reader, indices: Sequence[int], log_size: int) -> tuple[bytes, ...]:
    return tuple(reader.digest() for _ in range(sibling_count(indices, log_size)))

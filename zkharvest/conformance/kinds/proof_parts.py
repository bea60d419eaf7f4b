"""Names for the parts of a proof, so that a recipe can say what it changes (circuits/FORMAT.md section 5).

    main, aux, quotient            roots                     nonce/lookup, /deep, /batch, /fold/I, /query
    terminal/T                     a table's                 z/J, next/J       an opened value, numbered as in FORMAT
    fold/I                         root of FRI layer I       final/J           a coefficient of the last polynomial
    TREE/K/salt, TREE/K/row        the K-th opened leaf, K counting distinct indices in order; TREE is main, aux,
    TREE/sibling/J                 quotient or layer/I; siblings in the order of the multiproof

A proof carries no lengths, so where a part lies follows from description, height, preset and the query indices.
"""

from __future__ import annotations

from zkharvest.spec import WORD_BYTES
from zkharvest.verifier import circuits, proof, public
from zkharvest.verifier.chain_package import Part
from zkharvest.verifier.description import Description
from zkharvest.verifier.field import EXT_BYTES
from zkharvest.verifier.link import read_link
from zkharvest.verifier.link_public import public_data
from zkharvest.verifier.merkle import sibling_count
from zkharvest.verifier.messages import Rounds
from zkharvest.verifier.params import DIGEST_BYTES, NONCE_BYTES, PRESETS, SALT_BYTES, Sizes, sizes
from zkharvest.verifier.stacks import Stacks, stacks_of
from zkharvest.verifier.stated import circuit_of


def proof_parts(part: Part) -> dict[str, range]:
    """Part name -> its bytes in the proof of a link, which verifies; else Reject or ValueError."""
    pinned = circuits.find(*circuit_of(part.statement))
    description = circuits.load(pinned)
    params = PRESETS[part.preset].params
    at = sizes(max(part.log_rows), params)
    reader = proof.Reader(part.proof)
    messages = proof.read_messages(reader, description, at)
    nonces = iter(messages.nonces)
    rounds = Rounds(params, part.log_rows, lambda _site, _state, _bits: next(nonces))
    data = public_data(read_link(part.statement), description, part.digest)
    rounds.statement(bytes.fromhex(pinned.digest), public.encode(description, data))
    rounds.main(messages.main)
    rounds.aux(messages.aux)
    rounds.quotient(messages.quotient)
    rounds.evaluations(messages.evaluations)
    for layer in messages.layers:
        rounds.fold(layer)
    parts = _Parts()
    _messages(parts, description, at)
    _queries(parts, stacks_of(description, part.log_rows, at.stack), at, sorted(set(rounds.final(messages.final))))
    if parts.position != len(part.proof):
        raise ValueError(f"the parts make {parts.position} bytes, the proof has {len(part.proof)}")
    return parts.found


class _Parts:
    """Parts laid out one after the other."""

    def __init__(self) -> None:
        self.found: dict[str, range] = {}
        self.position = 0

    def add(self, name: str, size: int) -> None:
        self.found[name] = range(self.position, self.position + size)
        self.position += size

    def add_many(self, name: str, count: int, size: int) -> None:
        for number in range(count):
            self.add(f"{name}/{number}", size)


def _messages(parts: _Parts, description: Description, at: Sizes) -> None:
    parts.add("main", DIGEST_BYTES)
    parts.add("nonce/lookup", NONCE_BYTES)
    parts.add("aux", DIGEST_BYTES)
    parts.add_many("terminal", len(description.tables), EXT_BYTES)
    parts.add("quotient", DIGEST_BYTES)
    parts.add("nonce/deep", NONCE_BYTES)
    opened = description.main_width + description.extension_columns + description.pieces
    parts.add_many("z", opened, EXT_BYTES)
    parts.add_many("next", len(description.next_main) + len(description.next_aux), EXT_BYTES)
    parts.add("nonce/batch", NONCE_BYTES)
    for number in range(len(at.arities)):
        parts.add(f"fold/{number}", DIGEST_BYTES)
        parts.add(f"nonce/fold/{number}", NONCE_BYTES)
    parts.add_many("final", at.final_terms, EXT_BYTES)
    parts.add("nonce/query", NONCE_BYTES)


def _queries(parts: _Parts, stacks: Stacks, at: Sizes, indices: list[int]) -> None:
    def tree(name: str, row_bytes: int, log_size: int) -> None:
        for number in range(len(indices)):
            parts.add(f"{name}/{number}/salt", SALT_BYTES)
            parts.add(f"{name}/{number}/row", row_bytes)
        parts.add_many(f"{name}/sibling", sibling_count(indices, log_size), DIGEST_BYTES)

    for name, width in zip(("main", "aux", "quotient"), stacks.words, strict=True):
        tree(name, WORD_BYTES * width, at.log_domain)
    log_size = at.log_domain
    for number, arity in enumerate(at.arities):
        log_size -= arity.bit_length() - 1
        indices = sorted({index % (1 << log_size) for index in indices})
        tree(f"layer/{number}", EXT_BYTES * arity, log_size)

"""The rounds of the protocol, typed: one message class per thing the prover says, one method per round.

`Rounds` is the only way to a challenge, for prover and verifier alike. A round's method absorbs the whole message
before it draws anything, and rounds cannot be skipped or repeated, so nothing is usable before it was absorbed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zkharvest.spec import P
from zkharvest.verifier import field
from zkharvest.verifier.field import Ext
from zkharvest.verifier.params import DIGEST_BYTES, ParameterSet, Sizes, sizes
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.transcript import Transcript

PROTOCOL = b"zkharvest/stark/v2"


@dataclass(frozen=True, slots=True)
class MainCommitment:
    """Round 1: the root over all tables' base columns."""

    root: bytes


@dataclass(frozen=True, slots=True)
class AuxCommitment:
    """Round 2: the root over all tables' extension columns, and each table's terminal S."""

    root: bytes
    terminals: tuple[Ext, ...]


@dataclass(frozen=True, slots=True)
class QuotientCommitment:
    """Round 3: the root over the quotient pieces and the mask polynomial R."""

    root: bytes


@dataclass(frozen=True, slots=True)
class Evaluations:
    """Round 4: every column at z, then those that look ahead at g z, in the order of FORMAT.md section 4.

    A column in E (a bus column, a piece of the quotient) is one value, not one for each of its coordinates.
    """

    at_z: tuple[Ext, ...]
    at_next: tuple[Ext, ...]


@dataclass(frozen=True, slots=True)
class FriLayer:
    """Round 5, once a fold: the root of the layer that is folded next."""

    root: bytes


@dataclass(frozen=True, slots=True)
class FriFinal:
    """Round 6: the coefficients of the last polynomial, constant first."""

    coefficients: tuple[Ext, ...]


@dataclass(frozen=True, slots=True)
class LookupChallenges:
    """What the buses and tallies are compressed with (FORMAT.md section 3)."""

    alpha: Ext
    beta: Ext
    gamma: Ext


Grinder = Callable[[str, bytes, int], int]
"""`grinder(site, state, bits) -> nonce`, site one of lookup, deep, batch, fold, query. The prover's searches a
nonce with `transcript.grinding_holds(state, nonce, bits)`; the verifier's reads it from the proof. With 0 bits
the nonce is 0."""


def _digest(data: bytes) -> bytes:
    """The bytes, if they are a digest: a fixed length is what keeps a message's encoding unambiguous."""
    if len(data) != DIGEST_BYTES:
        raise ValueError(f"a digest has {DIGEST_BYTES} bytes, not {len(data)}")
    return data


class Rounds:
    """The protocol's rounds in order; calling one out of order is a programming error (RuntimeError).

    Raises Reject(GRINDING) where a nonce does not hold. After the last round `nonces` has one (site, nonce) pair
    per grinding, in protocol order.
    """

    def __init__(self, params: ParameterSet, heights: Sequence[int], grinder: Grinder) -> None:
        self._params = params
        self._heights = bytes(heights)
        self._sizes = sizes(max(heights), params)
        self._grinder = grinder
        self._transcript = Transcript()
        self._next = "statement"
        self._folds_left = len(self._sizes.arities)
        self.nonces: list[tuple[str, int]] = []

    def statement(self, circuit_digest: bytes, public_data: bytes) -> None:
        """Round 0: binds circuit, parameters, every table's height and public data (`public.encode`)."""
        self._enter("statement", "main")
        head = PROTOCOL + _digest(circuit_digest) + self._params.encode() + self._heights
        self._transcript.absorb("statement", head + public_data)

    def main(self, message: MainCommitment) -> LookupChallenges:
        """Round 1."""
        self._enter("main", "aux")
        self._transcript.absorb("main", _digest(message.root))
        self._grind("lookup", self._params.grind_lookup)
        alpha, beta, gamma = (self._transcript.extension(name) for name in ("alpha", "beta", "gamma"))
        return LookupChallenges(alpha, beta, gamma)

    def aux(self, message: AuxCommitment) -> Ext:
        """Round 2: delta, whose powers combine the constraints."""
        self._enter("aux", "quotient")
        self._transcript.absorb("aux", _digest(message.root) + field.to_bytes(message.terminals))
        return self._transcript.extension("delta")

    def quotient(self, message: QuotientCommitment) -> Ext:
        """Round 3: z, the out-of-domain point. Both sides ask `point_is_usable` next."""
        self._enter("quotient", "evaluations")
        self._transcript.absorb("quotient", _digest(message.root))
        self._grind("deep", self._params.grind_deep)
        return self._transcript.extension("z")

    def evaluations(self, message: Evaluations) -> Ext:
        """Round 4: lambda, whose powers combine the opened pairs."""
        self._enter("evaluations", "fold")
        self._transcript.absorb("evaluations", field.to_bytes(message.at_z) + field.to_bytes(message.at_next))
        self._grind("batch", self._sizes.grind_batch)
        return self._transcript.extension("lambda")

    def fold(self, message: FriLayer) -> Ext:
        """Round 5, once for every fold: its challenge."""
        if self._folds_left == 0:
            raise RuntimeError("no fold is left")
        self._folds_left -= 1
        self._enter("fold", "fold" if self._folds_left else "final")
        self._transcript.absorb("fold", _digest(message.root))
        self._grind("fold", self._sizes.grind_fold)
        return self._transcript.extension("fold")

    def final(self, message: FriFinal) -> tuple[int, ...]:
        """Round 6: the query indices, in the order drawn, repetitions included."""
        self._enter("final", "")
        self._transcript.absorb("final", field.to_bytes(message.coefficients))
        self._grind("query", self._params.grind_query)
        return self._transcript.indices("queries", self._params.queries, self._sizes.domain_size)

    def _enter(self, this: str, following: str) -> None:
        if self._next != this:
            raise RuntimeError(f"round {this!r} called where {self._next!r} is due")
        self._next = following

    def _grind(self, site: str, bits: int) -> None:
        nonce = self._transcript.grind(bits, lambda state: self._grinder(site, state, bits))
        if nonce is None:
            raise Reject(Reason.GRINDING, f"the nonce at {site!r} does not hold {bits} bits")
        self.nonces.append((site, nonce))


def point_is_usable(z: Ext, at: Sizes, heights: Sequence[int]) -> bool:
    """Whether z avoids the trace domains and the columns' cosets of all tables.

    The trace domains lie in the tallest: z^N = 1. With s = k N / N_t lanes, the columns' coset of a table of N_t rows
    is 3^s <w>, B N_t points: z^(B N_t) = 3^(k B N) = 3^|D|. It is what the stacks' coset becomes under x -> x^s, and a
    query divides by x^s - z.

    Elsewhere nothing divides by zero, and nothing private is opened by z itself. A prover that draws another z
    starts again with fresh masks; it happens once in 2^129.
    """
    if field.power(z, at.rows) == field.ONE:
        return False
    image = field.from_base(pow(field.GENERATOR, at.domain_size, P))
    blowup = at.lde_size // at.rows
    return all(field.power(z, blowup << log_rows) != image for log_rows in set(heights))

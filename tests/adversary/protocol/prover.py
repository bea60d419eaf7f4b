"""The project's prover with patches at one step: the tools that lies are made of.

Each function returns the patches that make `prove_circuit` tell one lie and do everything after it by the book.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from itertools import count
from typing import Any
from unittest import mock

import numpy as np

from tests.adversary.kit.frozen import Case
from tests.support import false_claims
from tests.support.stacked_leaves import HashedFromRows
from zkharvest.prover import field as arrays
from zkharvest.prover import plain, stark
from zkharvest.prover.field import P, Words
from zkharvest.prover.grind import find_nonce
from zkharvest.prover.randomness import Randomness
from zkharvest.prover.stacks import Stacking, layout
from zkharvest.verifier import field, messages
from zkharvest.verifier.description import Description
from zkharvest.verifier.field import Ext
from zkharvest.verifier.messages import LookupChallenges, Rounds
from zkharvest.verifier.params import PRESETS, ParameterSet, sizes
from zkharvest.verifier.public import PublicData
from zkharvest.verifier.stacks import stacks_of
from zkharvest.verifier.transcript import grinding_holds

Patches = list[AbstractContextManager[Any]]


@dataclass(frozen=True)
class Subject:
    """What is proven: a circuit, a statement, a witness."""

    description: Description
    digest: bytes
    public: PublicData
    traces: Sequence[Words]

    def proven(self, params: ParameterSet, patches: Patches | None = None, seed: bytes = b"liar" * 8) -> Case:
        """The proof under these patches, true or not, and all that it is verified with."""
        with ExitStack() as stack:
            for patch in patches or []:
                stack.enter_context(patch)
            proof = stark.prove_circuit(
                self.description,
                self.digest,
                params,
                self.public,
                [trace.copy() for trace in self.traces],
                rng=Randomness(seed),
                allow_invalid=True,
            )
        return Case(self.description, self.digest, params, self.heights, self.public, proof)

    @property
    def heights(self) -> tuple[int, ...]:
        """log2 of every table's rows."""
        return tuple(trace.shape[0].bit_length() - 1 for trace in self.traces)


def ground_harder() -> AbstractContextManager[Any]:
    """One bit more at every site: recorded challenges then serve twice the domain too, which takes a bit more."""
    return mock.patch.object(stark, "find_nonce", lambda state, bits: find_nonce(state, bits + 1 if bits else 0))


def other_words(words: Words) -> Words:
    """Every word changed, by the same amount."""
    return ((words.astype(np.uint64) + 1) % P).astype(np.uint32)


def wrapped(owner: Any, name: str, change: Callable[..., Any]) -> Patches:
    """What a function returns, changed: `change(result, number of the call)`."""
    honest, numbers = getattr(owner, name), count()
    return [mock.patch.object(owner, name, lambda *a, **k: change(honest(*a, **k), next(numbers)))]


# ------------------------------------------------------------------ commitments


Reopen = Callable[[Any, list[int], bytes], bytes]


def committing(number: int, *, alter: bool = False, show_used: bool = False, reopen: Reopen | None = None) -> Patches:
    """Commitment `number` of a run (0 main, 1 aux, 2 quotient, then the layers) is to altered rows (`alter`), and
    opened to the rows that were used instead (`show_used`), or opened otherwise (`reopen`)."""
    numbers = count()

    def opened(tree: Any, indices: Iterator[int], honest: Callable[[list[int]], bytes]) -> bytes:
        known = sorted(set(indices))
        data = honest(known)
        return reopen(tree, known, data) if tree.lies and reopen else data

    class Liar(stark.Commitment):
        """A layer's tree."""

        def __init__(self, parts: Sequence[Words], randomness: Randomness) -> None:
            self.lies = next(numbers) == number
            self.made_of: Any = (parts,)
            altered = [other_words(part) for part in parts] if self.lies and alter else parts
            super().__init__(altered, randomness)
            if show_used:
                self._parts = parts

        def open(self, indices: Iterator[int]) -> bytes:  # type: ignore[override]
            return opened(self, indices, super().open)

    class StackedLiar(stark.StackedCommitment):
        """A tree of stacks."""

        def __init__(self, columns: Any, stacking: Any, randomness: Randomness, extra: Words | None = None) -> None:
            self.lies = next(numbers) == number
            self.made_of: Any = (columns, stacking)
            altered = other_words(columns.whole()) if self.lies and alter else columns
            super().__init__(altered, stacking, randomness, extra)
            if show_used:
                self._columns = columns

        def open(self, indices: Iterator[int]) -> bytes:  # type: ignore[override]
            return opened(self, indices, super().open)

    return [
        mock.patch.object(stark, "Commitment", Liar),
        mock.patch.object(stark, "StackedCommitment", StackedLiar),
    ]


def filling_a_lane(subject: Subject) -> Patches:
    """In the main tree a lane without a column holds the constant 1 instead of 0: X^lane more in its stack."""
    lanes = layout(stacks_of(subject.description, subject.heights, 4), 0, 4).lanes
    place, lane = next(
        (place, lane) for lane, row in enumerate(lanes) for place, column in enumerate(row) if column < 0
    )
    honest = stark._Proof._stacking

    class Filled(HashedFromRows, Stacking):
        def rows(self, values: Words, chosen: Any) -> list[Words]:
            above = super().rows(values, chosen)
            v, size = plain.root_of_unity(self._log_domain), (1 << self._log_domain) // self.stack
            for s, rows in enumerate(above):
                indices = np.arange(size)[chosen] + s * size
                words = np.array([pow(3 * pow(v, int(i), P), lane, P) for i in indices], dtype=np.uint32)
                rows[:, place] = to_mont_added(rows[:, place], words)
            return above

    def stacking(self: Any, tree: int, degree: int) -> Stacking:
        if tree != 0:
            return honest(self, tree, degree)
        return Filled(lanes, degree, self._at.log_domain)

    return [mock.patch.object(stark._Proof, "_stacking", stacking)]


def to_mont_added(column: Words, canonical: Words) -> Words:
    """A column in Montgomery form plus canonical words."""
    return arrays.add(np.ascontiguousarray(column), arrays.to_mont(canonical))


def _leaf_bytes(tree: Any) -> int:
    return 16 + int(tree._rows([0]).nbytes)


def leaf_of_another_index(tree: Any, known: list[int], data: bytes) -> bytes:
    """The first leaf is its neighbour's."""
    size = _leaf_bytes(tree)
    other = next(index for index in (known[0] ^ 1, known[0] ^ 2) if index not in known)
    return super(type(tree), tree).open([other])[:size] + data[size:]


def path_of_another_tree(tree: Any, known: list[int], data: bytes) -> bytes:
    """The siblings are those of a tree over the same rows with other salts."""
    leaves = _leaf_bytes(tree) * len(known)
    first, *rest = tree.made_of
    more = (tree._extra,) if rest else ()
    again = type(tree).__mro__[1](first, *rest, Randomness(b"else" * 8), *more)
    return data[:leaves] + again.open(known)[leaves:]


# ------------------------------------------------------------------ messages


def auxiliary(change: Callable[[Words, list[Ext]], Any]) -> Patches:
    """Bus columns and terminals changed in place."""

    def told(result: tuple[Words, tuple[Ext, ...]], _number: int) -> Any:
        trace, terminals = result[0], list(result[1])
        change(trace, terminals)
        return trace, tuple(terminals)

    return wrapped(stark.logup, "auxiliary_trace", told)


def add_at(matrix: Words, row: int, column: int, by: int = 1) -> None:
    """One cell changed."""
    matrix[row, column] = (int(matrix[row, column]) + by) % P


def cut_final() -> Patches:
    """The final polynomial is cut to the length that a proof has room for, whatever was left of it."""

    def cut(coefficients: Words, _number: int) -> Words:
        coefficients[sizes(13, PRESETS["test"].params).final_terms :] = 0
        return coefficients

    return wrapped(stark.fri, "final_polynomial", cut)


def claiming(change: Callable[[list[Ext], list[Ext]], None], *, batched: bool = True) -> Patches:
    """False claims about values at z or g z. F is made of them, or (`batched` false) of the true ones."""
    made, true = messages.Evaluations, []

    def told(at_z: tuple[Ext, ...], at_next: tuple[Ext, ...]) -> messages.Evaluations:
        true.append(made(at_z, at_next))
        here, ahead = list(at_z), list(at_next)
        change(here, ahead)
        return made(tuple(here), tuple(ahead))

    honest = stark._Proof._deep_function

    def deep(self: Any, levels: Any, pieces: Any, extra: Any, opened: Any, *rest: Any) -> Words:
        if batched:
            return false_claims.deep_function(honest, self, levels, pieces, extra, opened, true[-1], *rest)  # type: ignore[no-any-return]
        return honest(self, levels, pieces, extra, true[-1], *rest)

    return [
        mock.patch.object(messages, "Evaluations", told),
        mock.patch.object(stark._Proof, "_deep_function", deep),
        *cut_final(),
    ]


def claiming_fitting(subject: Subject) -> Patches:
    """False claims of the first two pieces so that Q(z) = q_0 + z^M q_1 + ... stays what it is."""
    first = subject.description.main_width + subject.description.extension_columns
    points: list[Ext] = []
    usable = messages.point_is_usable

    def noting(z: Ext, at: Any, heights: Any) -> bool:
        points[:] = [field.power(z, at.piece_step)]
        return usable(z, at, heights)

    def change(here: list[Ext], _ahead: list[Ext]) -> None:
        add_one(here, first)
        here[first + 1] = field.sub(here[first + 1], field.inverse(points[0]))

    return [mock.patch.object(messages, "point_is_usable", noting), *claiming(change)]


def add_one(values: list[Ext], k: int) -> None:
    values[k] = field.add(values[k], field.ONE)


# ------------------------------------------------------------------ challenges


def stale(round_: str, nth: int = 0) -> Patches:
    """A challenge as it was before the round's message was absorbed; the transcript goes on by the book."""

    class Stale(Rounds):
        def _before(self, name: str, message: Any) -> Any:
            before = copy.copy(self._transcript)
            due = round_ == name and (name != "fold" or len(self._sizes.arities) - self._folds_left == nth)
            answer = getattr(Rounds, name)(self, message)
            return self._drawn(name, before) if due else answer

        def _drawn(self, name: str, before: Any) -> Any:
            if name == "main":
                return LookupChallenges(*(before.extension(label) for label in ("alpha", "beta", "gamma")))
            if name == "final":
                return before.indices("queries", self._params.queries, self._sizes.domain_size)
            return before.extension({"aux": "delta", "quotient": "z", "evaluations": "lambda", "fold": "fold"}[name])

        def main(self, message: Any) -> Any:
            return self._before("main", message)

        def aux(self, message: Any) -> Any:
            return self._before("aux", message)

        def quotient(self, message: Any) -> Any:
            return self._before("quotient", message)

        def evaluations(self, message: Any) -> Any:
            return self._before("evaluations", message)

        def fold(self, message: Any) -> Any:
            return self._before("fold", message)

        def final(self, message: Any) -> Any:
            return self._before("final", message)

    return [mock.patch.object(messages, "Rounds", Stale)]


def answering(chosen: Callable[[tuple[int, ...]], tuple[int, ...]]) -> Patches:
    """Other queries answered than those drawn."""
    honest = Rounds.final
    return [mock.patch.object(Rounds, "final", lambda self, message: chosen(honest(self, message)))]


def grinding(site: int, nonce_of: Callable[[bytes, int], int]) -> Patches:
    """A nonce of the prover's choice at one site; the transcript hears it as if it held."""

    class Idle(Rounds):
        def _grind(self, name: str, bits: int) -> None:
            if len(self.nonces) != site:
                super()._grind(name, bits)
                return
            nonce = nonce_of(self._transcript.state, bits)
            if bits:
                self._transcript.absorb("grind", nonce.to_bytes(8, "little"))
                self._transcript.squeeze("pow", 32)
            self.nonces.append((name, nonce))

    return [mock.patch.object(messages, "Rounds", Idle)]


def not_holding(state: bytes, bits: int) -> int:
    """A nonce that buys nothing of what is asked."""
    return next(n for n in count(1) if not grinding_holds(state, n, 1)) if bits else 1


def a_bit_less(state: bytes, bits: int) -> int:
    """A nonce that buys one bit less than is asked."""
    fewer = (n for n in count() if grinding_holds(state, n, bits - 1))
    return next(n for n in fewer if not grinding_holds(state, n, bits))


def without_absorbing(place: str, part: Callable[[Any], Any]) -> Patches:
    """A round hears a message that says less."""
    honest = getattr(Rounds, place)
    return [mock.patch.object(Rounds, place, lambda self, message: honest(self, part(message)))]


def without_public_data() -> Patches:
    """The first round hears the circuit, and nothing of what is claimed of it."""
    honest = Rounds.statement
    return [mock.patch.object(Rounds, "statement", lambda self, digest, _public: honest(self, digest, b""))]

"""The prover, step by step (FORMAT.md section 4). `verifier.stark` is the other side of the conversation.

A proof convinces that traces of the stated heights exist that satisfy a circuit with the given public data, and shows
nothing else about them (Haboeck, Al Kindi, ePrint 2024/1037):

1. every committed column is masked by (X^N - 1) r, N its table's rows, r random of degree < h, and opened off H only;
2. the quotient's pieces are randomised, so that each alone is uniform where it is opened;
3. a random polynomial R joins the batch, so that FRI's layers and last polynomial are uniform;
4. every leaf of every tree has a 16-byte salt;
5. all of it from one key stream, fresh for every call and never used twice: an attempt that starts again goes on in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np

from zkharvest.prover import deep, field, fri, logup, ntt, quotient
from zkharvest.prover.check import WitnessError, require_valid
from zkharvest.prover.commit import Commitment, StackedCommitment
from zkharvest.prover.extension import Extended
from zkharvest.prover.field import EXTENSION_DEGREE, Words
from zkharvest.prover.grind import find_nonce
from zkharvest.prover.levels import (
    Level,
    extend_public,
    heights_of,
    in_one,
    lanes_of,
    levels_of,
    masked_columns,
    public_columns_on_h,
    recombined,
)
from zkharvest.prover.progress import Progress, Steps
from zkharvest.prover.randomness import Randomness
from zkharvest.prover.sha256 import DIGEST_BYTES, Bytes
from zkharvest.prover.stacks import Stacking, columns_of, layout
from zkharvest.spec import P
from zkharvest.verifier import constraints, messages
from zkharvest.verifier import field as ext
from zkharvest.verifier import public as public_data
from zkharvest.verifier.description import Description
from zkharvest.verifier.field import GENERATOR, Ext
from zkharvest.verifier.params import NONCE_BYTES, ParameterSet, Sizes, sizes
from zkharvest.verifier.public import PublicData
from zkharvest.verifier.rejections import Reject
from zkharvest.verifier.stacks import stacks_of
from zkharvest.verifier.stark import batch_of, heights_fault


class _StartAgain(Exception):
    """A challenge hit a value that the protocol excludes (about once in 2^129): take fresh masks."""


def prove_circuit(
    description: Description,
    digest: bytes,
    params: ParameterSet,
    public: PublicData,
    traces: Sequence[Words],
    *,
    rng: Randomness | None = None,
    progress: Progress | None = None,
    steps: Steps | None = None,
    debug: bool = False,
    allow_invalid: bool = False,
    consume: bool = False,
) -> bytes:
    """The proof's bytes (FORMAT.md section 5).

    Args:
        description: the circuit.
        digest: the SHA-256 of the circuit's frozen bytes.
        params: the parameter set that the verifier will use.
        public: the statement.
        traces: one (N_t, columns) array of canonical uint32 residues a table, N_t a power of two of its own.
        rng: the source of masks and salts; only tests give one. A source must not serve two proofs.
        progress: called as every protocol step begins.
        steps: for benchmarks, instead of `progress`: collects the seconds of every step.
        debug: check every constraint on the traces first, and name the first that is broken.
        allow_invalid: for soundness tests only: prove whatever the traces are, true or not.
        consume: cut the traces in the list (it must be one) down to nothing once they are taken over: otherwise they
            are a ninth of the memory until the end.

    Raises:
        WitnessError: the traces do not satisfy the circuit with this public data.
        ValueError: the traces do not have the circuit's shape.
    """
    heights = heights_of(description, traces)
    if (fault := heights_fault(description, params, heights)) is not None:
        raise ValueError(fault)
    at = sizes(max(heights), params)
    public_data.check(description, heights, public)
    if debug:
        require_valid(description, public, traces)
    job = _Proof(description, digest, params, public, traces, heights, at, allow_invalid, consume)
    randomness = rng or Randomness()
    while True:
        try:
            return job.run(randomness, steps or Steps(progress))
        except (_StartAgain, logup.VanishingDenominator):
            continue


class _Proof:
    """One proof in the making."""

    def __init__(
        self,
        description: Description,
        digest: bytes,
        params: ParameterSet,
        public: PublicData,
        traces: Sequence[Words],
        heights: tuple[int, ...],
        at: Sizes,
        allow_invalid: bool,
        consume: bool = False,
    ) -> None:
        self._description = description
        self._digest = digest
        self._params = params
        self._public = public
        self._traces = traces
        self._heights = heights
        self._at = at
        self._allow_invalid = allow_invalid
        self._consume = consume
        self._stacks = stacks_of(description, heights, at.stack)
        self._levels = levels_of(self._stacks, heights, at)
        self._main: list[Words] = []  # for every height all its tables' columns on H, or with masks in coefficients
        self._committed: list[Words] = []
        self._room: Bytes | None = None

    def run(self, randomness: Randomness, steps: Steps) -> bytes:
        """The protocol, once."""
        description, at, heights, levels = self._description, self._at, self._heights, self._levels

        def grinder(_site: str, state: bytes, bits: int) -> int:
            with steps.step("grinding"):
                return find_nonce(state, bits)

        # 0 ----- Statement: circuit, parameters, heights and public data are bound before anything else.
        rounds = messages.Rounds(self._params, heights, grinder)
        rounds.statement(self._digest, public_data.encode(description, self._public))
        proof = _Bytes(rounds)

        # 1 ----- Main columns: mask, extend to D, commit. In return: the challenges of the buses.
        with steps.step("main columns: interpolate"):
            own = [sum(len(description.tables[t].columns) for t in level.tables) for level in levels]
            on_h = [np.ascontiguousarray(v[:, :width]) for v, width in zip(self._main_values(), own, strict=True)]
            main, main_columns = masked_columns(on_h, self._masks(on_h, randomness), self._stacks, 0, 1, at)
            self._committed = main
            del on_h
        with steps.step("main columns: extend and hash"):
            main_tree = StackedCommitment(main_columns, self._stacking(0, 1), randomness)
        main_message = messages.MainCommitment(main_tree.root)
        lookup = rounds.main(main_message)
        proof.add(main_message.root)
        proof.add_nonce()

        # 2 ----- Bus columns: a helper for every group of interactions, a running sum a table. Mask, extend, commit.
        with steps.step("buses"):
            known = public_columns_on_h(description, self._public, heights)
            terminals = [ext.ZERO] * len(description.tables)
            traces = []
            for level, values in zip(levels, self._main_values(), strict=True):
                trace, sums = logup.auxiliary_trace(
                    [description.tables[t] for t in level.tables], self._public.publics, lookup, values,
                    [known[t] for t in level.tables],
                )  # fmt: skip
                traces.append(trace)
                for t, terminal in zip(level.tables, sums, strict=True):
                    terminals[t] = terminal
            self._check_balance(lookup, terminals)
            spare, self._main = self._main[0], []  # the tallest tables' columns on H make room for their buses' cosets
        with steps.step("bus columns: interpolate"):
            masks = self._masks(traces, randomness)
            aux, aux_columns = masked_columns(traces, masks, self._stacks, 1, EXTENSION_DEGREE, at, spare)
            del traces, masks, spare
        with steps.step("bus columns: extend and hash"):
            aux_tree = StackedCommitment(aux_columns, self._stacking(1, EXTENSION_DEGREE), randomness)
        aux_message = messages.AuxCommitment(aux_tree.root, tuple(terminals))
        delta = rounds.aux(aux_message)
        proof.add(aux_message.root, ext.to_bytes(terminals))

        # 3 ----- Quotient: all constraints combined by powers of delta, each divided by X^N_t - 1 of its table; its
        #         randomised pieces and the random polynomial R are committed together.
        with steps.step("constraints"):
            coefficients = np.zeros((4 * at.rows, EXTENSION_DEGREE), dtype=np.uint32)
            for level, *columns in zip(levels, main, aux, strict=True):
                whole = [main_columns, aux_columns]
                if level.log_rows < at.log_rows:
                    low = replace(at, rows=1 << level.log_rows, lde_size=4 << level.log_rows)
                    whole = [Extended(one, low) for one in columns]
                part = self._quotient(level, lookup, delta, terminals, whole, known)
                coefficients[: len(part)] = field.add(coefficients[: len(part)], part)
            pieces = self._pieces(coefficients, randomness)
            extra = randomness.elements(at.stack_bound, 1, EXTENSION_DEGREE).reshape(-1, EXTENSION_DEGREE)
        with steps.step("quotient: extend and hash"):
            extra_values = ntt.coset_lde(extra, at.domain_size, GENERATOR)
            stacking = self._stacking(2, EXTENSION_DEGREE)
            quotient_tree = StackedCommitment(Extended(pieces, at), stacking, randomness, extra_values)
            self._room = None
        quotient_message = messages.QuotientCommitment(quotient_tree.root)
        z = rounds.quotient(quotient_message)
        if not messages.point_is_usable(z, at, heights):
            raise _StartAgain
        proof.add(quotient_message.root)
        proof.add_nonce()

        # 4 ----- Openings at z and, of what looks ahead a row, at g z.
        with steps.step("evaluations"):
            opened = self._opened(main, aux, pieces, z)
        challenge = rounds.evaluations(opened)
        proof.add(ext.to_bytes(opened.at_z), ext.to_bytes(opened.at_next))
        proof.add_nonce()

        # 5 ----- F: every claim "f(point) = value" as one function, of low degree only if all the claims are true.
        with steps.step("batching"):
            layer = self._deep_function((main, aux), pieces, extra, opened, z, challenge)

        # 6 ----- FRI: commit to a layer, fold it, until a short polynomial is left that is sent whole.
        shift = GENERATOR
        layer_trees = []
        for arity in at.arities:
            with steps.step("folding"):
                tree = Commitment(fri.leaf_parts(layer, arity), randomness)
            fold_message = messages.FriLayer(tree.root)
            challenge = rounds.fold(fold_message)
            proof.add(fold_message.root)
            proof.add_nonce()
            layer_trees.append(tree)
            with steps.step("folding"):
                layer = fri.fold(layer, shift, arity, challenge)
            shift = pow(shift, arity, P)
        with steps.step("folding"):
            last = field.from_mont(fri.final_polynomial(layer, shift)).tolist()
        if any(any(row) for row in last[at.final_terms :]):
            raise RuntimeError("the batched function is not of low degree")
        final_message = messages.FriFinal(tuple(tuple(row) for row in last[: at.final_terms]))
        indices = rounds.final(final_message)
        proof.add(ext.to_bytes(final_message.coefficients))
        proof.add_nonce()

        # 7 ----- Queries: the rows and layer leaves that the verifier asks to see.
        with steps.step("queries"):
            for committed in (main_tree, aux_tree, quotient_tree):
                proof.add(committed.open(indices))
            size = at.domain_size
            for tree, arity in zip(layer_trees, at.arities, strict=True):
                size //= arity
                proof.add(tree.open(index % size for index in indices))
        steps.finished()
        return bytes(proof.data)

    def _main_values(self) -> list[Words]:
        """For every height all its tables' columns on H in one matrix, Montgomery form."""
        if not self._main and self._committed:  # on H the masks vanish
            self._main = [
                ntt.on_coset(one, field.empty(1 << level.log_rows, one.shape[1]), 1)
                for level, one in zip(self._levels, self._committed, strict=True)
            ]
        if not self._main:
            for level in self._levels:
                self._main.append(in_one([self._traces[t] for t in level.tables]))
                for t in level.tables if self._consume else ():
                    assert isinstance(self._traces, list), "only a list can be consumed"
                    self._traces[t] = self._traces[t][:0].copy()
        return self._main

    def _tables(self) -> list[Words]:
        """The traces as they were given."""
        found: dict[int, Words] = {}
        for level, matrix in zip(self._levels, self._main_values(), strict=True):
            column = 0
            for t in level.tables:
                part = matrix[:, column : column + len(self._description.tables[t].columns)]
                found[t] = field.from_mont(np.ascontiguousarray(part))
                column += part.shape[1]
        return [found[t] for t in range(len(found))]

    def _masks(self, values: Sequence[Words], randomness: Randomness) -> list[Words]:
        """What masks the columns of each height, in coefficients."""
        return [randomness.elements(self._at.mask, one.shape[1]) for one in values]

    def _quotient(
        self,
        level: Level,
        lookup: messages.LookupChallenges,
        delta: Ext,
        terminals: Sequence[Ext],
        committed: Sequence[Extended],
        known: Sequence[Words],
    ) -> Words:
        """What the tables of one height contribute to Q."""
        at, tables = self._at, self._description.tables
        firsts = list(accumulate([0, *(table.constraint_count for table in tables)]))
        main, aux = committed
        return quotient.quotient_coefficients(
            [tables[t] for t in level.tables], [firsts[t] for t in level.tables], self._public.publics, lookup, delta,
            [terminals[t] for t in level.tables], level.log_rows, at.shift, main, aux,
            [extend_public(known[t], at.shift) for t in level.tables],
        )  # fmt: skip

    def _opened(self, main: Sequence[Words], aux: Sequence[Words], pieces: Words, z: Ext) -> messages.Evaluations:
        """The evaluations, in the order of the message."""
        description = self._description
        powers = field.ext_powers(z, max(map(len, (*main, *aux, pieces))))
        here: tuple[dict[int, Ext], dict[int, Ext]] = ({}, {})
        after: tuple[dict[int, Ext], dict[int, Ext]] = ({}, {})
        for height, *columns in zip(self._stacks.heights, main, aux, strict=True):
            for t, coefficients in enumerate(columns):
                part = height.trees[t]
                local, following = columns_of(part), part.following.columns
                ahead = [part.degree * local[c] + k for c in following for k in range(part.degree)]
                both = deep.open_columns(coefficients, z, height.log_rows, powers, part.degree * len(local), ahead)
                at_z, at_next = (recombined(values) if t else values for values in both)
                here[t].update({c: at_z[i] for c, i in local.items()})
                after[t].update(zip(following, at_next, strict=True))
        main_here, aux_here = ([found[c] for c in range(len(found))] for found in here)
        return messages.Evaluations(
            tuple(main_here + aux_here + recombined(deep.dot_powers(pieces, z, powers))),
            tuple([after[0][c] for c in description.next_main] + [after[1][c] for c in description.next_aux]),
        )

    def _check_balance(self, lookup: messages.LookupChallenges, terminals: Sequence[Ext]) -> None:
        """Buses and tallies must cancel, or no verifier will accept."""
        compression = constraints.Compression(lookup, self._description)
        try:
            total = constraints.balance(self._description, self._public, terminals, compression)
        except Reject:  # the challenges hit a public message
            raise _StartAgain from None
        if total != ext.ZERO and not self._allow_invalid:
            require_valid(self._description, self._public, self._tables())
            raise WitnessError("what the tables send on the buses, receive and tally does not cancel")

    def _stacking(self, tree: int, degree: int) -> Stacking:
        if self._room is None:  # the trees are built one after the other, in one place
            self._room = np.empty((3 * self._at.domain_size // 2, DIGEST_BYTES), dtype=np.uint8)
        return Stacking(layout(self._stacks, tree, self._at.stack).lanes, degree, self._at.log_domain, self._room)

    def _pieces(self, coefficients: Words, randomness: Randomness) -> Words:
        """The coefficients of the quotient's randomised pieces, (K, 5 P)."""
        at, count = self._at, self._description.pieces
        pieces, exact = quotient.split(coefficients, count, at.piece_step, at.degree_bound)
        if not exact and not self._allow_invalid:
            require_valid(self._description, self._public, self._tables())
            raise RuntimeError("the quotient is not of low degree although every constraint holds")
        quotient.randomise(pieces, randomness.elements(at.mask, count - 1, EXTENSION_DEGREE), at.piece_step)
        return pieces.reshape(at.degree_bound, EXTENSION_DEGREE * count)

    def _deep_function(
        self,
        columns: tuple[Sequence[Words], Sequence[Words]],
        pieces: Words,
        extra: Words,
        opened: messages.Evaluations,
        z: Ext,
        challenge: Ext,
    ) -> Words:
        """F on D, R's share included."""
        batch = batch_of(self._description, self._stacks, opened, challenge)
        total = field.ext_mul(extra, deep.words(batch.extra))
        for number, (level, height, share) in enumerate(
            zip(self._levels, self._stacks.heights, batch.shares, strict=True)
        ):
            own = pieces if level.log_rows == self._at.log_rows else None
            matrices = [of_tree[number] for of_tree in columns]
            part = deep.batched(matrices, own, lanes_of(height, share), z, level.log_rows, level.bound)
            total = field.add(total, part)
        return ntt.coset_lde(total, self._at.domain_size, GENERATOR)


class _Bytes:
    """The proof's bytes so far."""

    def __init__(self, rounds: messages.Rounds) -> None:
        self._rounds = rounds
        self.data = bytearray()

    def add(self, *parts: bytes) -> None:
        for part in parts:
            self.data += part

    def add_nonce(self) -> None:
        """The nonce of the last grinding."""
        self.data += self._rounds.nonces[-1][1].to_bytes(NONCE_BYTES, "little")

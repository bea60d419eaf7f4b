"""The prover, step by step (FORMAT.md section 4). `verify.stark` is the other side of the conversation.

A proof convinces that traces of height N exist that satisfy a circuit with the given public data, and shows nothing
else about them (Haboeck, Al Kindi, ePrint 2024/1037):

1. every committed column is masked by (X^N - 1) r, r random of degree < h, and opened off the trace domain only;
2. the quotient's pieces are randomised, so that each alone is uniform where it is opened;
3. a random polynomial R joins the batch, so that FRI's layers and last polynomial are uniform;
4. every leaf of every tree has a 16-byte salt;
5. all of it from one key stream, fresh for every call and never used twice: an attempt that starts again goes on in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from zkharvest.prover import deep, field, fri, logup, ntt, quotient
from zkharvest.prover.check import WitnessError, require_valid
from zkharvest.prover.commit import Commitment, StackedCommitment
from zkharvest.prover.extension import Extended, interpolated
from zkharvest.prover.field import EXTENSION_DEGREE, Words
from zkharvest.prover.grind import find_nonce
from zkharvest.prover.progress import Progress, Steps
from zkharvest.prover.randomness import Randomness
from zkharvest.prover.stacks import Stacking
from zkharvest.spec import P
from zkharvest.verifier import constraints, messages
from zkharvest.verifier import field as ext
from zkharvest.verifier import public as public_data
from zkharvest.verifier.description import Description
from zkharvest.verifier.field import GENERATOR, Ext
from zkharvest.verifier.params import NONCE_BYTES, ParameterSet, Sizes, sizes
from zkharvest.verifier.public import PublicData
from zkharvest.verifier.stacks import Tree, stacks_of
from zkharvest.verifier.stark import Batch, batch_of


class _StartAgain(Exception):
    """A challenge hit a value that the protocol excludes (about once in 2^120): take fresh masks."""


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
        traces: one (N, columns) array of canonical uint32 residues a table, all of one height N = 2^n.
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
    log_rows = _check_shape(description, traces)
    public_data.check(description, 1 << log_rows, public)
    if debug:
        require_valid(description, public, traces)
    job = _Proof(description, digest, params, public, traces, sizes(log_rows, params), allow_invalid, consume)
    randomness = rng or Randomness()
    while True:
        try:
            return job.run(randomness, steps or Steps(progress))
        except (_StartAgain, logup.VanishingDenominator):
            continue


def _check_shape(description: Description, traces: Sequence[Words]) -> int:
    """n, if the traces are those of the circuit."""
    if len(traces) != len(description.tables):
        raise ValueError(f"{len(traces)} traces for {len(description.tables)} tables")
    height: int = traces[0].shape[0]
    for table, trace in zip(description.tables, traces, strict=True):
        if trace.shape != (height, len(table.columns)) or trace.dtype != np.uint32:
            raise ValueError(f"table {table.name}: {trace.dtype} {trace.shape}, not {(height, len(table.columns))}")
        if trace.size and int(trace.max()) >= P:
            raise ValueError(f"table {table.name}: {int(trace.max())} is not below p")
    log_rows = height.bit_length() - 1
    low, high = description.log_rows
    if height != 1 << log_rows or not low <= log_rows <= high:
        raise ValueError(f"{height} rows: not a power of two from 2^{low} to 2^{high}")
    return log_rows


class _Proof:
    """One proof in the making."""

    def __init__(
        self,
        description: Description,
        digest: bytes,
        params: ParameterSet,
        public: PublicData,
        traces: Sequence[Words],
        at: Sizes,
        allow_invalid: bool,
        consume: bool = False,
    ) -> None:
        self._description = description
        self._digest = digest
        self._params = params
        self._public = public
        self._traces = traces
        self._at = at
        self._allow_invalid = allow_invalid
        self._consume = consume
        self._stacks = stacks_of(description, at.stack)
        self._main: Words | None = None
        self._committed: Extended | None = None

    def run(self, randomness: Randomness, steps: Steps) -> bytes:
        """The protocol, once."""
        description, at = self._description, self._at

        def grinder(_site: str, state: bytes, bits: int) -> int:
            with steps.step("grinding"):
                return find_nonce(state, bits)

        # 0 ----- Statement: circuit, parameters, height and public data are bound before anything else.
        rounds = messages.Rounds(self._params, at.log_rows, grinder)
        rounds.statement(self._digest, public_data.encode(description, self._public))
        proof = _Bytes(rounds)

        # 1 ----- Main columns: mask, extend to D, commit. In return: the challenges of the buses.
        with steps.step("main columns: interpolate"):
            trace = self._main_values()
            masks = randomness.elements(at.mask, description.main_width)
            main = self._committed = Extended(interpolated(trace, masks), at)
        with steps.step("main columns: extend and hash"):
            main_tree = StackedCommitment(main, self._stacking(self._stacks.main), randomness)
        main_message = messages.MainCommitment(main_tree.root)
        lookup = rounds.main(main_message)
        proof.add(main_message.root)
        proof.add_nonce()

        # 2 ----- Bus columns: a helper for every group of interactions, a running sum a table. Mask, extend, commit.
        with steps.step("buses"):
            known = _public_columns(description, self._public, at.rows)
            aux_trace, terminals = logup.auxiliary_trace(description, self._public.publics, lookup, trace, known)
            self._check_balance(lookup, terminals)
            self._main = None
            del trace
        with steps.step("bus columns: interpolate"):
            aux = Extended(interpolated(aux_trace, randomness.elements(at.mask, aux_trace.shape[1])), at)
        with steps.step("bus columns: extend and hash"):
            aux_tree = StackedCommitment(aux, self._stacking(self._stacks.aux), randomness)
        aux_message = messages.AuxCommitment(aux_tree.root, terminals)
        delta = rounds.aux(aux_message)
        proof.add(aux_message.root, ext.to_bytes(terminals))

        # 3 ----- Quotient: all constraints combined by powers of delta and divided by X^N - 1; its randomised
        #         pieces and the random polynomial R are committed together.
        with steps.step("constraints"):
            coefficients = quotient.quotient_coefficients(
                description, self._public.publics, lookup, delta, terminals, at.log_rows, at.shift,
                main, aux, [_extend_public(columns, at.shift) for columns in known],
            )  # fmt: skip
            pieces = self._pieces(coefficients, randomness)
            extra = randomness.elements(at.stack_bound, 1, EXTENSION_DEGREE).reshape(-1, EXTENSION_DEGREE)
        with steps.step("quotient: extend and hash"):
            quotients = Extended(pieces, at)
            extra_values = ntt.coset_lde(extra, at.domain_size, GENERATOR)
        with steps.step("quotient: extend and hash"):
            stacking = self._stacking(self._stacks.quotient)
            quotient_tree = StackedCommitment(quotients, stacking, randomness, extra_values)
        quotient_message = messages.QuotientCommitment(quotient_tree.root)
        z = rounds.quotient(quotient_message)
        if not messages.point_is_usable(z, at):
            raise _StartAgain
        proof.add(quotient_message.root)
        proof.add_nonce()

        # 4 ----- Openings at z and, of what looks ahead a row, at g z.
        with steps.step("evaluations"):
            main_here, main_after = deep.open_columns(main.coefficients, z, at.log_rows)
            aux_here, aux_after = deep.open_columns(aux.coefficients, z, at.log_rows)
            aux_here, aux_after, quotient_here = (
                _recombined(values) for values in (aux_here, aux_after, deep.dot_powers(pieces, z))
            )
            opened = messages.Evaluations(
                tuple(main_here + aux_here + quotient_here),
                tuple([main_after[i] for i in description.next_main] + [aux_after[i] for i in description.next_aux]),
            )
        challenge = rounds.evaluations(opened)
        proof.add(ext.to_bytes(opened.at_z), ext.to_bytes(opened.at_next))
        proof.add_nonce()

        # 5 ----- F: every claim "f(point) = value" as one function, of low degree only if all the claims are true.
        with steps.step("batching"):
            layer = self._deep_function(main.coefficients, aux.coefficients, pieces, extra_values, opened, z, challenge)

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

    def _main_values(self) -> Words:
        """All tables' columns on H in one matrix, Montgomery form."""
        if self._main is None and self._committed is not None:
            main = self._committed  # on H the masks vanish
            self._main = ntt.on_coset(main.coefficients, field.empty(main.rows, main.width), 1)
        if self._main is None:
            width = self._description.main_width
            self._main = field.empty(self._at.rows, width)
            column = 0
            for number, trace in enumerate(self._traces):
                self._main[:, column : column + trace.shape[1]] = trace
                column += trace.shape[1]
                if self._consume:
                    assert isinstance(self._traces, list), "only a list can be consumed"
                    self._traces[number] = trace[:0].copy()
            field.to_mont(self._main, out=self._main)
        return self._main

    def _tables(self) -> list[Words]:
        """The traces as they were given."""
        ends = list(accumulate(len(table.columns) for table in self._description.tables))
        return [field.from_mont(part) for part in np.split(self._main_values(), ends[:-1], axis=1)]

    def _check_balance(self, lookup: messages.LookupChallenges, terminals: Sequence[Ext]) -> None:
        """Buses and tallies must cancel, or no verifier will accept."""
        compression = constraints.Compression(lookup, self._description)
        total = constraints.balance(self._description, self._public, terminals, compression)
        if total != ext.ZERO and not self._allow_invalid:
            require_valid(self._description, self._public, self._tables())
            raise WitnessError("what the tables send on the buses, receive and tally does not cancel")

    def _stacking(self, tree: Tree) -> Stacking:
        return Stacking(tree.lanes(self._at.stack), tree.degree, self._at.log_domain)

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
        main: Words,
        aux: Words,
        pieces: Words,
        extra_values: Words,
        opened: messages.Evaluations,
        z: Ext,
        challenge: Ext,
    ) -> Words:
        """F on D, R's share included."""
        batch = batch_of(self._description, self._stacks, opened, challenge)
        layer = deep.deep_function([main, aux], pieces, self._lanes(batch), z, self._at.log_rows, self._at)
        return field.add(layer, field.ext_mul(extra_values, deep.words(batch.extra)))

    def _lanes(self, batch: Batch) -> list[deep.Lane]:
        """The batch by lanes: the factor of every base word of every matrix."""
        trees = self._stacks.trees
        found = []
        for lane, (here, ahead) in enumerate(zip(batch.claimed_here, batch.claimed_ahead, strict=True)):
            factors: list[tuple[list[Ext], list[Ext]]] = []
            for tree, by, by_ahead in zip(trees, batch.here, batch.ahead, strict=True):
                count = len(tree.following.columns) + len(tree.others.columns)
                both: tuple[list[Ext], list[Ext]] = ([ext.ZERO] * count, [ext.ZERO] * count)
                for stack, column in enumerate(tree.lanes(len(batch.claimed_here))[lane]):
                    if column >= 0:
                        both[0][column] = by[stack]
                        both[1][column] = by_ahead[stack] if stack < len(by_ahead) else ext.ZERO
                factors.append((_of_words(both[0], tree.degree), _of_words(both[1], tree.degree)))
            found.append(deep.Lane([one for one, _ in factors], [two for _, two in factors], here, ahead))
        return found


def _of_words(factors: list[Ext], degree: int) -> list[Ext]:
    """The factor of every base word of columns that have `degree` words each."""
    return factors if degree == 1 else [word for factor in factors for word in ext.by_coordinate(factor)]


def _recombined(coordinates: Sequence[Ext]) -> list[Ext]:
    """Values of columns over E from those of their five coordinates each."""
    return [ext.recombine(coordinates[i : i + EXTENSION_DEGREE]) for i in range(0, len(coordinates), EXTENSION_DEGREE)]


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


def _public_columns(description: Description, public: PublicData, rows: int) -> list[Words]:
    """Every table's public columns on the trace domain, zero beyond the given rows, Montgomery form."""
    out = []
    for t, table in enumerate(description.tables):
        matrix = np.zeros((rows, len(table.public_columns)), dtype=np.uint32)
        for i in range(len(table.public_columns)):
            values = public.columns[t, i]
            matrix[: len(values), i] = values
        out.append(field.to_mont(matrix))
    return out


def _extend_public(columns: Words, shift: int) -> Words:
    """Public columns on the 4 N points on which constraints are evaluated; they hide nothing and have no mask."""
    if columns.shape[1] == 0:
        return columns
    return ntt.coset_lde(ntt.intt(columns), 4 * columns.shape[0], shift)

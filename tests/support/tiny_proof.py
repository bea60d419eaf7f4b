"""Proofs of the verifier tests' tiny circuit: honest, false, lying in a message, or changed afterwards.

The project's own prover is the liar: the functions that make its messages are replaced while it runs, so that all the
rest of the proof agrees with the lie. `facts` says what the verifier drew and compared on the way.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from unittest import mock

import numpy as np

from tests.support import false_claims
from tests.support.proof_layout import Part, layout, replaced
from tests.unit.verifier import tiny_circuit as tiny
from zkharvest.prover import stark as prover
from zkharvest.verifier import field as ext
from zkharvest.verifier import stark as verifier
from zkharvest.verifier.field import Ext, P
from zkharvest.verifier.messages import Rounds
from zkharvest.verifier.params import PRESETS, sizes
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.stacks import stacks_of
from zkharvest.verifier.transcript import Transcript

TEST = PRESETS["test"].params
AT = sizes(tiny.LOG_ROWS, TEST)
X: Ext = (0, 1, 0, 0, 0)


def more(value: int) -> int:
    """The next element."""
    return (value + 1) % P


# A walk that takes a step which the public column does not allow: the constraints do not hold.
FALSE_STEP = ((0, 0, 100, more),)
# A pair received that is not the one sent: the constraints hold, the buses do not add up.
FALSE_PAIR = ((1, 1, 3, more),)
Cells = Sequence[tuple[int, int, int, Any]]


def witness(cells: Cells = (), **given: Any) -> tuple[list[list[np.ndarray]], Any]:
    """Traces with some cells (table, column, row, new value or function of the old one) changed, and public data."""
    traces, public = tiny.honest(**given)
    for table, column, row, change in cells:
        cell = traces[table][column]
        cell[row] = change(int(cell[row])) if callable(change) else change % P
    return traces, public


def prove(
    traces: Sequence[Sequence[np.ndarray]],
    public: Any,
    *,
    patches: Sequence[tuple[Any, str, Any]] = (),
    description: Any = tiny.DESCRIPTION,
    digest: bytes = tiny.DIGEST,
    params: Any = TEST,
) -> bytes:
    """A proof by the project's prover, told not to mind; `patches` (object, name, value) are its lies."""
    columns = [np.stack(table, axis=1).astype(np.uint32) for table in traces]
    with Patched(*patches):
        return prover.prove_circuit(description, digest, params, public, columns, allow_invalid=True)


class Patched:
    """A context in which attributes (object, name, value) have other values."""

    def __init__(self, *patches: tuple[Any, str, Any]) -> None:
        self._patches = [mock.patch.object(*patch) for patch in patches]

    def __enter__(self) -> None:
        for patch in self._patches:
            patch.start()

    def __exit__(self, *_: object) -> None:
        for patch in reversed(self._patches):
            patch.stop()


def check(
    proof: bytes,
    public: Any,
    *,
    description: Any = tiny.DESCRIPTION,
    digest: bytes = tiny.DIGEST,
    params: Any = TEST,
    heights: Any = None,
) -> Reason | None:
    """None if the verifier is convinced, else its reason."""
    try:
        rows = heights or [tiny.LOG_ROWS] * len(description.tables)
        verifier.verify_proof(description, digest, params, rows, public, proof)
    except Reject as reject:
        return reject.reason
    return None


# ------------------------------------------------------------------ what is said, replaced


def said(message: str, lie: Callable[[Any], Any]) -> tuple[Any, str, Any]:
    """Patch of the prover: a message (Evaluations, FriFinal, ...) is the lie about it."""
    real = getattr(prover.messages, message)
    return prover.messages, message, lambda *parts: lie(real(*parts))


def terminals(lie: Callable[[tuple[Ext, ...], Any], tuple[Ext, ...]]) -> tuple[Any, str, Any]:
    """Patch of the prover: other terminals, chosen with the bus challenges known."""

    def lying(_self: Any, challenges: Any, honest: list[Ext]) -> None:
        honest[:] = lie(tuple(honest), challenges)

    return prover._Proof, "_check_balance", lying


_DEEP: list[Any] = [prover._Proof._deep_function]
"""How F is made: by a prover of false claims (`claims`) from what they are, of whatever degree."""


def first_layer(lie: Callable[[np.ndarray], np.ndarray]) -> tuple[Any, str, Any]:
    """Patch of the prover: FRI runs on another function than the batch; (|D|, 5) canonical words."""

    def lying(*arguments: Any) -> Any:
        words = prover.field.from_mont(_DEEP[0](*arguments)).astype(np.uint64)
        return prover.field.to_mont(np.ascontiguousarray(lie(words).astype(np.uint32)))

    return prover._Proof, "_deep_function", lying


def SAME_QUOTIENT(z: Ext) -> dict[int, Ext]:  # noqa: N802 - used like the constant tuples of changes
    """Of the claims at z, the first two pieces of the quotient: changed so, Q(z) = q_0 + z^M q_1 + ... stays."""
    return {-3: ext.ONE, -2: ext.neg(ext.inverse(ext.power(z, AT.piece_step)))}


def claims(changes: Callable[[Ext], Mapping[int, Ext]]) -> tuple[Any, str, Any]:
    """Patch of the prover: other values at z, by position in the list of them; z is known by then."""
    real = prover.deep.open_columns

    def knowing(columns: Any, z: Ext, *rest: Any) -> Any:
        known[:] = [z]
        return real(columns, z, *rest)

    known: list[Ext] = []
    true: list[Any] = []
    honest, batched = prover._Proof.run, _DEEP[0]

    def run(self: Any, *arguments: Any) -> bytes:
        made = prover.messages.Evaluations

        def lie(at_z: Any, at_next: Any) -> Any:
            true[:] = [made(at_z, at_next)]
            values = list(at_z)
            for k, change in changes(known[0]).items():
                values[k] = ext.add(values[k], change)
            return made(tuple(values), at_next)

        def deep(self: Any, columns: Any, pieces: Any, extra: Any, opened: Any, *rest: Any) -> Any:
            return false_claims.deep_function(batched, self, columns, pieces, extra, opened, true[0], *rest)

        patches = [(prover.messages, "Evaluations", lie), (prover.deep, "open_columns", knowing)]
        if prover._Proof._deep_function is batched:  # no other lie about it
            patches.append((prover._Proof, "_deep_function", deep))
        with Patched(*patches), mock.patch.object(sys.modules[__name__], "_DEEP", [deep]):
            return honest(self, *arguments)

    return prover._Proof, "run", run


def any_degree() -> tuple[Any, str, Any]:
    """Patch of the prover: what it folds need not be of low degree; it sends the first coefficients of the rest."""
    real = prover.fri.final_polynomial

    def cut(*arguments: Any) -> Any:
        words = real(*arguments)
        words[prover.sizes(tiny.LOG_ROWS, TEST).final_terms :] = 0
        return words

    return prover.fri, "final_polynomial", cut


def absorbs(label: str, keep: Callable[[bytes], bytes | None]) -> tuple[Any, str, Any]:
    """Mutant protocol, for both sides: of the data under a label only `keep(data)` is absorbed; None: nothing."""
    real = Transcript.absorb

    def mutant(self: Transcript, name: str, data: bytes) -> None:
        kept = keep(data) if name == label else data
        if kept is not None:
            real(self, name, kept)

    return Transcript, "absorb", mutant


# ------------------------------------------------------------------ honest proofs and their parts


@dataclass(frozen=True)
class Proven:
    """A proof, its public data, and where its parts lie."""

    proof: bytes
    public: Any
    parts: Mapping[str, Part]
    indices: tuple[int, ...]

    def word(self, name: str, k: int) -> Ext:
        """Item k of a part, as an element of E."""
        return read(self.proof, self.parts[name], k)

    def changed(self, name: str, changes: Mapping[int, Ext]) -> bytes:
        """The proof with elements added to items of a part."""
        return added(self.proof, self.parts[name], changes)


def read(proof: bytes, part: Part, k: int) -> Ext:
    """Item k of a part, as an element of E."""
    data = proof[part.item(k)]
    c0, c1, c2, c3, c4 = (int.from_bytes(data[i : i + 4], "little") for i in range(0, 20, 4))
    return c0, c1, c2, c3, c4


def added(proof: bytes, part: Part, changes: Mapping[int, Ext]) -> bytes:
    """A proof with elements added to items of a part."""
    for k, change in changes.items():
        proof = replaced(proof, part.item(k), ext.to_bytes([ext.add(read(proof, part, k), change)]))
    return proof


@cache
def honest() -> Proven:
    """An honest proof under the test parameters."""
    return taken_apart(*honest_bytes())


@cache
def honest_bytes(params: Any = TEST) -> tuple[bytes, Any]:
    """(proof, public data)."""
    traces, public = tiny.honest()
    return prove(traces, public, params=params), public


def taken_apart(proof: bytes, public: Any) -> Proven:
    """A proof that the verifier as it is at the moment can read, with its parts."""
    indices = facts(proof, public).indices
    return Proven(proof, public, layout(tiny.DESCRIPTION, TEST, tiny.HEIGHTS, indices), indices)


# ------------------------------------------------------------------ what the verifier drew and compared


def queries(proof: bytes, public: Any) -> Any:
    """The second part of a proof as the verifier reads it."""
    read_queries, seen = verifier.read_queries, []

    def kept(*arguments: Any) -> Any:
        seen.append(read_queries(*arguments))
        return seen[-1]

    with Patched((verifier, "read_queries", kept)):
        check(proof, public)
    return seen[-1]


@dataclass
class Facts:
    """One run of the verifier: challenges by round, the buses' sum, the constraints' combination, the reason."""

    challenges: dict[str, list[Any]] = field(default_factory=dict)
    balance: Ext = ext.ZERO
    combined: Ext = ext.ZERO
    claimed: Ext = ext.ZERO
    reason: Reason | None = None

    @property
    def indices(self) -> tuple[int, ...]:
        """Query indices."""
        return tuple(self.challenges["final"][0])

    def one(self, name: str) -> Any:
        """The challenge of a round."""
        return self.challenges[name][0]

    def needed(self) -> Ext:
        """What Q(z) would have to be for the constraints to hold, less what it is."""
        return ext.sub(self.combined, self.claimed)

    def weight(self, name: str, k: int) -> tuple[int, Ext]:
        """Item k of a part of the evaluations: its lane, and the batch's weight of the stack that it is in."""
        (height,) = stacks_of(tiny.DESCRIPTION, tiny.HEIGHTS, AT.stack).heights
        trees = {"main at z": 0, "aux at z": 1, "quotient at z": 2, "main at gz": 0, "phi at gz": 1}
        number, ahead = trees[name], name.endswith("gz")
        tree = height.trees[number]
        before = sum(t.stacks for t in (height.trees if ahead else height.trees[:number]))
        if ahead:
            before += sum(t.following.width for t in height.trees[:number])
            place, lane = tree.following.lane(k)
        else:
            place, lane = next((place, lane) for column, place, lane in tree.placed() if column == k)
        return lane, ext.power(self.one("evaluations"), before + place)


def facts(proof: bytes, public: Any, **given: Any) -> Facts:
    """Runs the verifier to its end, whatever the buses and the constraints say, and takes notes."""
    found = Facts()
    patches = []
    for name in ("main", "aux", "quotient", "evaluations", "fold", "final"):
        real = getattr(Rounds, name)

        def noting(self: Rounds, message: Any, real: Any = real, name: str = name) -> Any:
            found.challenges.setdefault(name, []).append(real(self, message))
            return found.challenges[name][-1]

        patches.append((Rounds, name, noting))
    for where, name in (("balance", "balance"), ("combined", "combined")):
        real = getattr(verifier.constraints, where)

        def kept(*arguments: Any, real: Any = real, name: str = name) -> Any:
            setattr(found, name, real(*arguments))
            return ext.ZERO if name == "balance" else getattr(found, name)

        patches.append((verifier.constraints, where, kept))
    quotient = verifier._quotient_at

    def claimed(*arguments: Any) -> Ext:
        found.claimed = quotient(*arguments)
        return found.claimed

    patches.append((verifier, "_quotient_at", claimed))
    with Patched(*patches):
        found.reason = check(proof, public, **given)
    return found


def solve(rows: Sequence[tuple[Ext, Ext]], right: tuple[Ext, Ext]) -> tuple[Ext, Ext]:
    """(x, y) with a x + b y = e and c x + d y = f over E."""
    (a, b), (c, d) = rows
    e, f = right
    by = ext.inverse(ext.sub(ext.mul(a, d), ext.mul(b, c)))
    x = ext.mul(ext.sub(ext.mul(e, d), ext.mul(b, f)), by)
    y = ext.mul(ext.sub(ext.mul(a, f), ext.mul(e, c)), by)
    return x, y


def forged_quotient(proof: bytes, public: Any) -> bytes:
    """A proof with Q(z) claimed as the constraints need it, unseen by the batch: lambda must be known for it.

    The first piece and a running sum are in the same lane of their stacks. They change by d0 and d1 with l0 d0 + l1 d1
    = 0; the constraints at z are affine in a running sum, so one trial says what d1 does to what is needed.
    """
    seen = facts(proof, public)
    parts = layout(tiny.DESCRIPTION, TEST, tiny.HEIGHTS, seen.indices)
    phi = tiny.DESCRIPTION.next_aux[0]
    (lane0, l0), (lane1, l1) = seen.weight("quotient at z", 0), seen.weight("aux at z", phi)
    assert lane0 == lane1
    trial = facts(added(proof, parts["aux at z"], {phi: ext.ONE}), public)
    effect = ext.sub(trial.needed(), seen.needed())
    d0, d1 = solve([(ext.ONE, ext.neg(effect)), (l0, l1)], (seen.needed(), ext.ZERO))
    proof = added(proof, parts["quotient at z"], {0: d0})
    return added(proof, parts["aux at z"], {phi: d1})

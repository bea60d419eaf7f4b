"""Verifiers that lack one check of the stacked format, and the prover that each of them believes.

The checks that are a `raise` are taken out in `unchecked`. Those here are terms of F: a verifier without one of them
rejects for the same reasons, and believes more. `Gap.mutant` weakens prover's and verifier's F alike; `Gap.lie` are the
patches of the prover beside it; `Gap.luck` is what the coins give to both, the real verifier too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from unittest import mock

import numpy as np

from tests.adversary.protocol import prover
from tests.adversary.protocol.forger import divided, lack_at_z
from tests.adversary.protocol.lie import EIGHT
from tests.adversary.protocol.prover import Patches, Subject
from tests.support import false_claims
from zkharvest.prover import field as arrays
from zkharvest.prover import plain
from zkharvest.prover import stark as proving
from zkharvest.prover.stacks import layout
from zkharvest.verifier import field, stark
from zkharvest.verifier.field import Ext, P
from zkharvest.verifier.messages import Evaluations, Rounds
from zkharvest.verifier.params import sizes
from zkharvest.verifier.stacks import stacks_of

AT = sizes(13, EIGHT)
MAIN, AUX, QUOTIENT = range(3)

Context = AbstractContextManager[Any]


@dataclass(frozen=True)
class Gap:
    """A check that is not there, and the lie that it lets through."""

    missing: str
    mutant: Callable[[Subject], Context]
    lie: Callable[[Subject], Patches]
    subject: Callable[[Subject], Subject] = lambda subject: subject
    luck: Callable[[], Context] = nullcontext


@contextmanager
def patched(*patches: Context) -> Iterator[None]:
    """All patches at once."""
    with ExitStack() as stack:
        for patch in patches:
            stack.enter_context(patch)
        yield


def false_step(subject: Subject) -> Subject:
    """The wide circuit's trace with a step that is none."""
    traces = [trace.copy() for trace in subject.traces]
    traces[0][100, 0] = 3
    return replace(subject, traces=traces)


# ------------------------------------------------------------------ claims that make the constraints hold


def fitting(subject: Subject, change: Callable[[list[Ext], list[Ext], Ext], None]) -> Patches:
    """`change` is applied to the claims with the factor for which the constraints hold at z; they are affine in it."""
    known: dict[str, Any] = {}
    honest = {name: getattr(Rounds, name) for name in ("main", "aux", "quotient")}

    def noting(name: str) -> Context:
        def heard(self: Rounds, message: Any) -> Any:
            known[name] = honest[name](self, message), message
            return known[name][0]

        return mock.patch.object(Rounds, name, heard)

    def told(here: list[Ext], ahead: list[Ext]) -> None:
        (lookup, _), (delta, aux), (z, _) = known["main"], known["aux"], known["quotient"]

        def lack(by: Ext) -> Ext:
            trial = list(here), list(ahead)
            change(*trial, by)
            said = _REAL(tuple(trial[0]), tuple(trial[1]))
            return lack_at_z(
                subject.description, subject.public, lookup, delta, z, aux.terminals, said, AT, subject.heights
            )

        start, one, two = (lack(field.from_base(k)) for k in (0, 1, 2))
        slope = field.sub(one, start)
        assert field.sub(two, one) == slope != field.ZERO, "the constraints are not affine in this claim"
        change(here, ahead, field.neg(divided(start, slope)))

    return [*map(noting, honest), *prover.claiming(told)]


_REAL = Evaluations


def moving(side: int, place: int) -> Callable[[list[Ext], list[Ext], Ext], None]:
    """One claim is moved."""

    def change(here: list[Ext], ahead: list[Ext], by: Ext) -> None:
        values = (here, ahead)[side]
        values[place] = field.add(values[place], by)

    return change


# ------------------------------------------------------------------ F without a part


def weighed(change: Callable[[stark.Batch], stark.Batch]) -> Context:
    """Prover and verifier make another F of the batch."""
    honest = stark.batch_of
    told = lambda *arguments: change(honest(*arguments))  # noqa: E731
    return patched(mock.patch.object(stark, "batch_of", told), mock.patch.object(proving, "batch_of", told))


def without_kind(side: int, tree: int) -> Context:
    """No stack of a tree is opened at z (side 0), or at g z (side 1): whatever is claimed of them is believed."""
    honest = stark.batch_of

    def told(description: Any, stacks: Any, opened: Evaluations, challenge: Ext) -> stark.Batch:
        lengths = ([tree.columns for tree in _widths(description)], [tree.ahead for tree in _widths(description)])
        kept = [list(opened.at_z), list(opened.at_next)]
        start = sum(lengths[side][:tree])
        for place in range(start, start + lengths[side][tree]):
            kept[side][place] = field.ZERO
        batch = honest(description, stacks, _REAL(tuple(kept[0]), tuple(kept[1])), challenge)
        shares = []
        for share in batch.shares:
            factors = [list(share.here), list(share.ahead)]
            factors[side][tree] = [field.ZERO] * len(factors[side][tree])
            shares.append(replace(share, here=tuple(factors[0]), ahead=tuple(factors[1])))
        return replace(batch, shares=tuple(shares))

    return patched(mock.patch.object(stark, "batch_of", told), mock.patch.object(proving, "batch_of", told))


@dataclass(frozen=True)
class _Width:
    columns: int
    ahead: int


def _widths(description: Any) -> list[_Width]:
    return [
        _Width(description.main_width, len(description.next_main)),
        _Width(description.extension_columns, len(description.next_aux)),
        _Width(description.pieces, 0),
    ]


def kinds(subject: Subject) -> dict[str, tuple[int, int, int]]:
    """Of each kind of claim (side, tree, the place of one in which the wide circuit's constraints are affine)."""
    description = subject.description
    return {
        "main columns at z": (0, MAIN, description.tables[0].columns.index("idle 0")),
        "bus columns at z": (0, AUX, description.main_width),
        "pieces at z": (0, QUOTIENT, description.main_width + description.extension_columns),
        "main columns at g z": (1, MAIN, 0),
        "running sums at g z": (1, AUX, len(description.next_main)),
    }


# ------------------------------------------------------------------ one root of X^k - z instead of all


def a_power(zeta: list[Ext]) -> Context:
    """z is the k-th power of what is drawn, which is kept: so one root of X^k - z lies in E."""
    draw = Rounds.quotient

    def drawn(self: Rounds, message: Any) -> Ext:
        zeta[:] = [draw(self, message)]
        return field.power(zeta[0], AT.stack)

    return mock.patch.object(Rounds, "quotient", drawn)


def at_one_root(zeta: list[Ext]) -> Context:
    """The claims of a stack are divided out at one k-th root of z only."""
    deep_layer, deep_values = proving._Proof._deep_function, stark._deep_values
    deep_false = false_claims.deep_function

    def roots() -> tuple[Ext, Ext]:
        return zeta[0], field.scale(zeta[0], plain.root_of_unity(AT.log_rows + AT.stack.bit_length() - 1))

    def whole(made: Callable[[], Any]) -> Any:
        shares = []
        for part in _PARTS:
            with weighed(partial(_alone, part)):
                shares.append(made())
        points = arrays.powers(plain.root_of_unity(AT.log_domain), AT.domain_size, first=field.GENERATOR)
        parts = [arrays.ext_mul(share, _others_on(points, root)) for share, root in zip(shares, roots(), strict=False)]
        return arrays.add(arrays.add(*parts), shares[2])

    def layer(self: Any, *arguments: Any) -> Any:
        return whole(lambda: deep_layer(self, *arguments))

    def layer_of_false(_honest: Any, *arguments: Any) -> Any:  # the remainder of a false claim is divided likewise
        return whole(lambda: deep_false(deep_layer, *arguments))

    def values(batch: stark.Batch, *arguments: Any) -> dict[int, Ext]:
        here, ahead, extra = (deep_values(_alone(part, batch), *arguments) for part in _PARTS)
        generator = field.root_of_unity(AT.log_domain)
        found = {}
        for index in here:
            x = field.from_base(field.GENERATOR * pow(generator, index, P) % P)
            terms = [field.mul(by[index], _others(x, root)) for by, root in zip((here, ahead), roots(), strict=True)]
            found[index] = field.total((*terms, extra[index]))
        return found

    return patched(
        mock.patch.object(proving._Proof, "_deep_function", layer),
        mock.patch.object(false_claims, "deep_function", layer_of_false),
        mock.patch.object(stark, "_deep_values", values),
    )


_PARTS = ("here", "ahead", "extra")


def _alone(part: str, batch: stark.Batch) -> stark.Batch:
    """The batch with one part of it: the stacks at z, those at g z, or R."""
    (share,) = batch.shares
    none = [field.ZERO] * len(share.claimed_here)
    if part != "here":
        share = replace(share, here=tuple([field.ZERO] * len(by) for by in share.here), claimed_here=none)
    if part != "ahead":
        share = replace(share, ahead=tuple([field.ZERO] * len(by) for by in share.ahead), claimed_ahead=none)
    return replace(batch, shares=(share,), extra=batch.extra if part == "extra" else field.ZERO)


def _others(x: Ext, root: Ext) -> Ext:
    """(x^k - root^k) / (x - root)."""
    powers = [field.power(root, AT.stack - 1 - j) for j in range(AT.stack)]
    return field.evaluate(powers, x)


def _others_on(points: Any, root: Ext) -> Any:
    """The same at base points in Montgomery form, (size, 5)."""
    total = np.zeros((points.size, 5), dtype=np.uint32)
    power = arrays.powers(1, points.size)
    for j in range(AT.stack):
        factor = np.array(field.power(root, AT.stack - 1 - j), dtype=np.uint32)
        terms = np.stack([arrays.mul(power, np.full_like(power, arrays.mont(int(c)))) for c in factor], axis=1)
        total = arrays.add(total, np.ascontiguousarray(terms))
        power = arrays.mul(power, points)
    return total


def trading(subject: Subject, zeta: list[Ext]) -> Callable[[list[Ext], list[Ext], Ext], None]:
    """Two columns of one stack, claimed so that their share of F(zeta) stays what it is."""
    stacks = stacks_of(subject.description, subject.heights, AT.stack)
    idle = [i for i, name in enumerate(subject.description.tables[0].columns) if name.startswith("idle")]
    lanes = {column: (stack, lane) for column, stack, lane in stacks.heights[0].trees[MAIN].placed()}
    one, other = next((a, b) for a in idle for b in idle if a < b and lanes[a][0] == lanes[b][0])
    apart = lanes[other][1] - lanes[one][1]

    def change(here: list[Ext], _ahead: list[Ext], by: Ext) -> None:
        here[other] = field.add(here[other], by)
        here[one] = field.sub(here[one], field.mul(by, field.power(zeta[0], apart)))

    return change


# ------------------------------------------------------------------ the table


def an_empty_lane_is_one(subject: Subject) -> Context:
    """A lane that no column fills is taken to hold the constant 1."""
    lanes = layout(stacks_of(subject.description, subject.heights, AT.stack), MAIN, AT.stack).lanes
    lane, place = next((lane, row.index(-1)) for lane, row in enumerate(lanes) if -1 in row)

    def told(batch: stark.Batch) -> stark.Batch:
        share, *rest = batch.shares
        here, ahead = list(share.claimed_here), list(share.claimed_ahead)
        here[lane] = field.add(here[lane], share.here[MAIN][place])
        if place < len(share.ahead[MAIN]):
            ahead[lane] = field.add(ahead[lane], share.ahead[MAIN][place])
        return replace(batch, shares=(replace(share, claimed_here=here, claimed_ahead=ahead), *rest))

    honest = stark.batch_of
    return mock.patch.object(stark, "batch_of", lambda *arguments: told(honest(*arguments)))


def gaps() -> list[Gap]:
    """Every check of the stacked format that is a term of F."""
    names = ("main columns at z", "bus columns at z", "pieces at z", "main columns at g z", "running sums at g z")
    found = [
        Gap(
            f"{name} are in the batch",
            lambda s, name=name: without_kind(*kinds(s)[name][:2]),  # type: ignore[misc]
            lambda s, name=name: fitting(s, moving(kinds(s)[name][0], kinds(s)[name][2])),  # type: ignore[misc]
            false_step,
        )
        for name in names
    ]
    zeta: list[Ext] = []
    found += [
        Gap(
            "R, which is opened nowhere, is in the batch",
            lambda _: weighed(lambda batch: replace(batch, extra=field.ZERO)),
            lambda _: [],
        ),
        Gap(
            "X^k - z divides, not one of its factors",
            lambda _: at_one_root(zeta),
            lambda s: fitting(s, trading(s, zeta)),
            false_step,
            lambda: a_power(zeta),
        ),
        Gap("a lane without a column is zero", an_empty_lane_is_one, prover.filling_a_lane),
    ]
    return found

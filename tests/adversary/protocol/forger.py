"""A forger who knows every challenge beforehand: what is changed in a proof, or in its statement, is made good.

Three steps, each linear once the challenges are known. `mend`: terminals take up what the buses lack, the first piece
of the quotient takes up what the constraints lack. `follow`: values on the way through FRI take up what claims and
opened rows changed. `bind`: every root is made that of its leaves. Where nothing after the claims may change,
`mend_here` and `mend_ahead` keep the batch of all claims what it was.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from tests.adversary.kit.frozen import Case, Frozen
from tests.adversary.protocol.parts import Parts, Tree
from zkharvest.verifier import constraints, field, fri, public, stark
from zkharvest.verifier.description import Description
from zkharvest.verifier.field import Ext, P
from zkharvest.verifier.messages import Evaluations, LookupChallenges
from zkharvest.verifier.params import Sizes
from zkharvest.verifier.stacks import stacks_of


def random_ext() -> Ext:
    """Uniform in E."""
    c0, c1, c2, c3, c4 = (secrets.randbelow(P) for _ in range(5))
    return (c0, c1, c2, c3, c4)


def divided(a: Ext, b: Ext) -> Ext:
    return field.mul(a, field.inverse(b))


def solve_two(first: tuple[Ext, Ext], second: tuple[Ext, Ext], wanted: tuple[Ext, Ext]) -> tuple[Ext, Ext]:
    """(x, y) with first . (x, y) = wanted[0] and second . (x, y) = wanted[1]."""
    (a, b), (c, d), (e, f) = first, second, wanted
    determinant = field.sub(field.mul(a, d), field.mul(b, c))
    x = divided(field.sub(field.mul(e, d), field.mul(b, f)), determinant)
    y = divided(field.sub(field.mul(a, f), field.mul(e, c)), determinant)
    return x, y


def kernel(columns: Sequence[Sequence[int]]) -> list[int]:
    """Integers mod p, not all zero, with sum_k result[k] columns[k] = 0; there are more columns than coordinates."""
    rows = [list(row) for row in zip(*columns, strict=True)]
    pivots: list[int] = []
    for k in range(len(columns)):
        found = next((r for r in range(len(pivots), len(rows)) if rows[r][k]), None)
        if found is None:
            result = [0] * len(columns)
            result[k] = 1
            for row, pivot in zip(rows, pivots, strict=False):
                result[pivot] = -row[k] % P
            return result
        top = len(pivots)
        rows[top], rows[found] = rows[found], rows[top]
        scale = pow(rows[top][k], -1, P)
        rows[top] = [v * scale % P for v in rows[top]]
        for r, row in enumerate(rows):
            if r != top and row[k]:
                rows[r] = [(v - row[k] * t) % P for v, t in zip(row, rows[top], strict=True)]
        pivots.append(k)
    raise ValueError("the columns are independent")


def lack_at_z(
    description: Description,
    data: public.PublicData,
    lookup: LookupChallenges,
    delta: Ext,
    z: Ext,
    terminals: Sequence[Ext],
    claims: Evaluations,
    at: Sizes,
    heights: Sequence[int],
) -> Ext:
    """What the constraints want Q(z) to be, less what it is claimed to be."""
    said: Any = SimpleNamespace(evaluations=claims, aux=SimpleNamespace(terminals=terminals))
    compression = constraints.Compression(lookup, description)
    wanted = stark._constraints_at(description, heights, data, said, compression, delta, z)
    return field.sub(wanted, stark._quotient_at(description, claims, z, at))


class Forger:
    """The recorded proof, open for change, under a statement that may be another (`changes` of the case)."""

    def __init__(self, frozen: Frozen, **changes: Any) -> None:
        self._origin = frozen.case
        self.case: Case = replace(frozen.case, **changes)
        self.known = frozen.known(self.case)
        self.parts = Parts.read(frozen.case, frozen.known(frozen.case).indices)
        self._before = Parts.read(frozen.case, frozen.known(frozen.case).indices)
        self.stacks = stacks_of(self.case.description, self.case.heights, self.case.at.stack)

    def done(self) -> Case:
        """The case as it is now."""
        return replace(self.case, proof=self.parts.encode())

    # ------------------------------------------------------------------ the equations

    def bus_excess(self, data: public.PublicData | None = None) -> Ext:
        """What buses and tallies add up to."""
        compression = constraints.Compression(self.known.lookup, self.case.description)
        return constraints.balance(self.case.description, data or self.case.public, self.parts.terminals, compression)

    def quotient_excess(self, data: public.PublicData | None = None) -> Ext:
        """What the constraints want Q(z) to be, less what it is said to be."""
        case, known, said = self.case, self.known, self.parts.messages()
        return lack_at_z(
            case.description,
            data or case.public,
            known.lookup,
            known.delta,
            known.z,
            said.aux.terminals,
            said.evaluations,
            case.at,
            case.heights,
        )

    # ------------------------------------------------------------------ mend: terminals and openings

    def mend(self) -> Forger:
        """All equations at z hold; what the batch makes of the claims is another matter (`follow`)."""
        parts, first = self.parts, self.quotient_start()
        parts.terminals[0] = field.sub(parts.terminals[0], self.bus_excess())
        parts.at_z[first] = field.add(parts.at_z[first], self.quotient_excess())
        return self

    def mend_here(self) -> Forger:
        """All equations hold, by values at z alone: the first piece and a running sum of its lane give way.

        The batch of the claims stays what it was, so that nothing after them changes.
        """
        description = self.case.description
        self.parts.terminals[0] = field.sub(self.parts.terminals[0], self.bus_excess())
        running = description.main_width + description.next_aux[0]
        return self._give_way(self.parts.at_z, self.quotient_start(), running, 0)

    def mend_ahead(self) -> Forger:
        """The same by values at g z alone: a running sum and a main column of its lane."""
        description = self.case.description
        running = len(description.next_main)
        lane = self.lane_ahead(running)
        column = next(k for k in range(running) if self.lane_ahead(k) == lane and self._is_affine_ahead(k))
        return self._give_way(self.parts.at_next, running, column, 1)

    def make_constraints_hold(self, values: list[Ext], k: int) -> None:
        """One value, of which the constraints are an affine function, takes up what they lack."""
        lack = self.quotient_excess()
        values[k] = field.add(values[k], field.ONE)
        effect = field.sub(self.quotient_excess(), lack)
        values[k] = field.sub(field.sub(values[k], field.ONE), divided(lack, effect))

    def _give_way(self, values: list[Ext], one: int, other: int, side: int) -> Forger:
        """Two values of one lane, of which the constraints are affine functions, take up what these lack."""
        lack, effects = self.quotient_excess(), []
        for k in (one, other):
            values[k] = field.add(values[k], field.ONE)
            effects.append(field.sub(self.quotient_excess(), lack))
            values[k] = field.sub(values[k], field.ONE)
        weights = [self._weight(side, k) for k in (one, other)]
        before = (self._before.at_z, self._before.at_next)[side]
        kept = set(range(len(values))) - {one, other}
        assert all(values[k] == before[k] for k in kept), "another claim changed: the batch changed with it"
        changes = solve_two((effects[0], effects[1]), (weights[0], weights[1]), (field.neg(lack), field.ZERO))
        for k, change in zip((one, other), changes, strict=True):
            values[k] = field.add(values[k], change)
        return self

    def _is_affine_ahead(self, k: int) -> bool:
        """Whether the constraints at z are affine in value k at g z: two steps do twice what one does."""
        found = []
        for _ in range(3):
            found.append(self.quotient_excess())
            self.parts.at_next[k] = field.add(self.parts.at_next[k], field.ONE)
        self.parts.at_next[k] = field.sub(self.parts.at_next[k], field.from_base(3))
        return field.sub(found[2], found[1]) == field.sub(found[1], found[0]) != field.ZERO

    def lane_ahead(self, k: int) -> tuple[int, int]:
        """The height and the lane of value k at g z."""
        description = self.case.description
        main = len(description.next_main)
        tree, column = (0, description.next_main[k]) if k < main else (1, description.next_aux[k - main])
        return next(
            (height.log_rows, lane)
            for height in self.stacks.heights
            for one, _, lane in height.trees[tree].placed()
            if one == column
        )

    def _weight(self, side: int, k: int) -> Ext:
        """lambda^j of the stack of a value at z (side 0) or at g z."""
        unit = [field.ZERO] * (len(self.parts.at_z) if side == 0 else len(self.parts.at_next))
        unit[k] = field.ONE
        blank = [field.ZERO] * (len(self.parts.at_next) if side == 0 else len(self.parts.at_z))
        claims = Evaluations(*((tuple(unit), tuple(blank)) if side == 0 else (tuple(blank), tuple(unit))))
        batch = stark.batch_of(self.case.description, self.stacks, claims, self.known.batch)
        return field.total(one for share in batch.shares for one in (share.claimed_here, share.claimed_ahead)[side])

    def quotient_start(self) -> int:
        """Where the quotient's evaluations begin."""
        return self.case.description.main_width + self.case.description.extension_columns

    # ------------------------------------------------------------------ follow: rows and layers

    def deep(self) -> dict[int, Ext]:
        """F at the queries, from the rows."""
        claims = self.parts.messages().evaluations
        trees: Any = SimpleNamespace(**{name: self.parts.trees[name] for name in ("main", "aux", "quotient")})
        case = self.case
        batch = stark.batch_of(case.description, self.stacks, claims, self.known.batch)
        return stark._deep_values(batch, self.stacks, trees, self.known.z, case.at)

    def follow(self, stop: int | None = None) -> Forger:
        """Every layer holds what the one before folds to. Layer `stop` gives way in a value that no query names, so
        that what it folds to stays; without `stop` the final polynomial takes the values that come out."""
        at, values = self.case.at, self.deep()
        log_size, shift = at.log_domain, field.GENERATOR
        for number, (arity, challenge) in enumerate(zip(at.arities, self.known.folds, strict=True)):
            generator, matrix = field.root_of_unity(log_size), fri.inverse_dft(arity)
            log_size -= arity.bit_length() - 1
            tree = self.parts.trees[f"layer {number}"]
            asked: dict[int, set[int]] = {}
            for index, value in values.items():
                slot, leaf = divmod(index, 1 << log_size)
                tree.put(leaf, slot, value)
                asked.setdefault(leaf, set()).add(slot)

            def folded(leaf: int, values: Sequence[Ext], given: Any = (shift, generator, challenge, matrix)) -> Ext:
                offset, root, by, dft = given
                return fri.fold(values, offset * pow(root, leaf, P) % P, by, dft)

            shift = pow(shift, arity, P)
            if number == stop:
                wanted = self._next_values(number, list(asked), log_size, shift)
                for leaf, slots in asked.items():
                    free = next(k for k in range(arity) if k not in slots)
                    give_way(tree, leaf, free, wanted[leaf], lambda v, leaf=leaf: folded(leaf, v))
                return self
            values = {leaf: folded(leaf, tree.slots(leaf)) for leaf in asked}
        self._interpolate(values, log_size, shift)
        return self

    def _next_values(self, number: int, leaves: Sequence[int], log_size: int, shift: int) -> dict[int, Ext]:
        """What the next layer, or the final polynomial, holds at these indices."""
        arities = self.case.at.arities
        if number + 1 < len(arities):
            log_next = log_size - (arities[number + 1].bit_length() - 1)
            tree = self.parts.trees[f"layer {number + 1}"]
            return {leaf: tree.slot(leaf % (1 << log_next), leaf >> log_next) for leaf in leaves}
        return {leaf: self._final_at(leaf, log_size, shift) for leaf in leaves}

    def _final_at(self, index: int, log_size: int, shift: int) -> Ext:
        x = shift * pow(field.root_of_unity(log_size), index, P) % P
        return field.evaluate(self.parts.final, field.from_base(x))

    def final_points(self) -> dict[int, int]:
        """The points at which the final polynomial is compared, by index."""
        log_size, shift = self.case.at.log_domain, field.GENERATOR
        for arity in self.case.at.arities:
            log_size, shift = log_size - (arity.bit_length() - 1), pow(shift, arity, P)
        root = field.root_of_unity(log_size)
        return {i: shift * pow(root, i, P) % P for i in {i % (1 << log_size) for i in self.known.indices}}

    def _interpolate(self, values: dict[int, Ext], log_size: int, shift: int) -> None:
        """The final polynomial takes these values at these indices."""
        lack = {i: field.sub(value, self._final_at(i, log_size, shift)) for i, value in values.items()}
        points = self.final_points()
        for i, excess in lack.items():
            basis = vanishing([x for j, x in points.items() if j != i])
            at_own = sum(c * pow(points[i], k, P) for k, c in enumerate(basis)) % P
            self.add_final(basis, field.scale(excess, pow(at_own, -1, P)))

    def add_final(self, polynomial: Sequence[int], by: Ext, degree: int = 0) -> None:
        """The final polynomial grows by `by` X^degree times a polynomial over the base field."""
        for k, c in enumerate(polynomial, degree):
            self.parts.final[k] = field.add(self.parts.final[k], field.scale(by, c))

    # ------------------------------------------------------------------ bind: roots

    def bind(self) -> Forger:
        """Every root is that of its leaves and siblings."""
        for name, tree in self.parts.trees.items():
            self.parts.roots[name] = tree.root()
        return self

    def from_nothing(self) -> Forger:
        """Every word, salt and digest drawn anew; then all of it made good: a proof without a witness.

        `known` may belong to another height or other parameters than the recorded proof: trees take their shape.
        """
        from tests.adversary.protocol.parts import tree_shapes
        from zkharvest.verifier.merkle import sibling_count

        parts, indices = self.parts, sorted(set(self.known.indices))
        for name in ("terminals", "at_z", "at_next", "final"):
            setattr(parts, name, [random_ext() for _ in getattr(parts, name)])
        self._before = replace(parts, at_z=list(parts.at_z), at_next=list(parts.at_next))
        parts.trees = {}
        for name, log_size, words in tree_shapes(self.case):
            indices = sorted({index % (1 << log_size) for index in indices})
            parts.trees[name] = Tree(
                log_size,
                {index: secrets.token_bytes(16) for index in indices},
                {index: [secrets.randbelow(P) for _ in range(words)] for index in indices},
                [secrets.token_bytes(32) for _ in range(sibling_count(indices, log_size))],
            )
        return self.mend().follow().bind()


def give_way(tree: Tree, leaf: int, slot: int, wanted: Ext, folded: Callable[[list[Ext]], Ext]) -> None:
    """Sets a slot of a leaf so that the leaf folds to `wanted`; a fold is linear in each value."""
    unit = [field.ZERO] * len(tree.slots(leaf))
    unit[slot] = field.ONE
    lack = field.sub(wanted, folded(tree.slots(leaf)))
    tree.put(leaf, slot, field.add(tree.slot(leaf, slot), divided(lack, folded(unit))))


def vanishing(points: Sequence[int]) -> list[int]:
    """Coefficients, constant first, of the product of (X - x)."""
    result = [1]
    for x in points:
        up, scaled = [0, *result], [*(-x * c % P for c in result), 0]
        result = [(a + b) % P for a, b in zip(up, scaled, strict=True)]
    return result

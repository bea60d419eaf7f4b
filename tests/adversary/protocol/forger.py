"""A forger who knows every challenge beforehand: what is changed in a proof, or in its statement, is made good.

Three steps, each linear once the challenges are known. `mend`: terminals take up what the buses lack, two coordinates
of the quotient's opening take up what the constraints lack, and the batch of all claims stays what it was. `follow`:
values on the way through FRI take up what the opened rows changed. `bind`: every root is made that of its leaves.
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
from zkharvest.verifier.field import Ext, P


def random_ext() -> Ext:
    """Uniform in E."""
    c0, c1, c2, c3, c4 = (secrets.randbelow(P) for _ in range(5))
    return (c0, c1, c2, c3, c4)


def x_power(exponent: int) -> Ext:
    """x^exponent, exponent 0..4: what coordinate `exponent` of an extension column counts for."""
    c0, c1, c2, c3, c4 = (int(k == exponent) for k in range(5))
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


class Forger:
    """The recorded proof, open for change, under a statement that may be another (`changes` of the case)."""

    def __init__(self, frozen: Frozen, **changes: Any) -> None:
        self._origin = frozen.case
        self.case: Case = replace(frozen.case, **changes)
        self.known = frozen.known(self.case)
        self.parts = Parts.read(frozen.case, frozen.known(frozen.case).indices)
        self._before = Parts.read(frozen.case, frozen.known(frozen.case).indices)
        self.powers = field.powers(self.known.batch, len(self.parts.at_z) + len(self.parts.at_next))

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
        data = data or case.public
        compression = constraints.Compression(known.lookup, case.description)
        selectors = constraints.selectors(known.z, case.at)
        values = stark._table_values(case.description, data, said, known.z, case.at)
        found = [
            constraints.table_constraints(table, value, data.publics, compression, case.at.rows)
            for table, value in zip(case.description.tables, values, strict=True)
        ]
        wanted = divided(constraints.combined(found, known.delta, selectors.by_where), selectors.vanishing)
        return field.sub(wanted, stark._quotient_at(case.description, said.openings, known.z, case.at))

    # ------------------------------------------------------------------ mend: terminals and openings

    def mend(self, spare_next: int = 0, spare: tuple[int, int] = (0, 1)) -> Forger:
        """All equations at z hold, and the batch of claims is what it was.

        `spare_next` is the opening at g z that gives way, `spare` the two coordinates of the first quotient piece.
        """
        parts = self.parts
        parts.terminals[0] = field.sub(parts.terminals[0], self.bus_excess())
        here = len(parts.at_z)
        lack = self._shift(parts.at_next, self._before.at_next, self.powers[here:])
        parts.at_next[spare_next] = field.sub(parts.at_next[spare_next], divided(lack, self.powers[here + spare_next]))
        first = self.quotient_start()
        lack = self._shift(parts.at_z, self._before.at_z, self.powers[:here])
        places = [first + k for k in spare]
        change = solve_two(
            (x_power(spare[0]), x_power(spare[1])),
            (self.powers[places[0]], self.powers[places[1]]),
            (self.quotient_excess(), field.neg(lack)),
        )
        for place, value in zip(places, change, strict=True):
            parts.at_z[place] = field.add(parts.at_z[place], value)
        return self

    def mend_ahead(self) -> Forger:
        """The same by openings at g z alone: the last two, coordinates of a running sum, give way."""
        values, lack = self.parts.at_next, self.quotient_excess()
        places, effects, here = (len(values) - 1, len(values) - 2), [], len(self.parts.at_z)
        for k in places:
            values[k] = field.add(values[k], field.ONE)
            effects.append(field.sub(self.quotient_excess(), lack))
            values[k] = field.sub(values[k], field.ONE)
        change = solve_two(
            (effects[0], effects[1]),
            (self.powers[here + places[0]], self.powers[here + places[1]]),
            (field.neg(lack), field.neg(self._shift(values, self._before.at_next, self.powers[here:]))),
        )
        for k, value in zip(places, change, strict=True):
            values[k] = field.add(values[k], value)
        return self

    def quotient_start(self) -> int:
        """Where the quotient's openings begin."""
        return self.case.description.main_width + 5 * self.case.description.extension_columns

    @staticmethod
    def _shift(now: Sequence[Ext], before: Sequence[Ext], by: Sequence[Ext]) -> Ext:
        changes = map(field.sub, now, before)
        return field.total(map(field.mul, by, changes))

    # ------------------------------------------------------------------ follow: rows and layers

    def deep(self) -> dict[int, Ext]:
        """F at the queries, from the rows."""
        openings = self.parts.messages().openings
        trees: Any = SimpleNamespace(**{name: self.parts.trees[name] for name in ("main", "aux", "quotient")})
        case = self.case
        return stark._deep_values(case.description, openings, trees, self.known.z, self.known.batch, case.at)

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

"""One table's share of the quotient's numerator as a tape: the sums of delta^k sel_k C_k, by class.

A constraint's class m says how many of the quotient's points it needs: its share of Q has at most m N + T coefficients,
T the number of sampled points (`extension`). So a constraint of degree two is not evaluated where one of degree four
must be. Instructions are written once, and those of class m and above picked out of them (`Tape.at_least`).

Whatever is linear is summed with its weights at once: where many constraints are linear in the same nodes, as the
rows of a matrix are, each node enters the sum once, with sum of k_i delta^i for its weight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from zkharvest.prover.field import EXTENSION_DEGREE
from zkharvest.prover.logup import Fractions, bus_nodes
from zkharvest.prover.nodes import Nodes
from zkharvest.prover.tape import AUX, SELECTORS, Assembler, Tape, coordinates
from zkharvest.prover.tape_kernel import STRIDE
from zkharvest.spec import P
from zkharvest.verifier import field as ext
from zkharvest.verifier.description import Node, Table
from zkharvest.verifier.field import Ext
from zkharvest.verifier.messages import LookupChallenges

SELECTED = {"first": 0, "last": 1, "transition": 2}
"""Columns of the selectors."""

_FLUSH = 32  # constraint values that are combined at once

# What a vector of sixteen rows costs, in instructions of the processor: a term of an extension sum, one of a sum in
# the base field, storing such a sum. Only their ratios matter, and only for what is summed where.
_EXTENSION_TERM, _BASE_TERM, _BASE_SUM = 36, 8, 12


@dataclass(frozen=True, slots=True)
class Classes:
    """Of a table's constraints in order (its own, its groups, its sum): class, and coefficients of the share of Q."""

    of: tuple[int, ...]
    coefficients: tuple[int, ...]


def classes(table: Table, rows: int, mask: int, sampled: int) -> Classes:
    """For N = `rows` and columns masked by `mask` coefficients; a ValueError if 4 N points are not enough."""
    known = _coefficients(table.nodes, rows, rows + mask)
    more = {"all": 0, "first": rows - 1, "last": rows - 1, "transition": 1}
    needed = [known[c.node] + more[c.where] for c in table.constraints]
    for group in table.groups:
        messages = [max([1, *(known[node] for node in table.interactions[i].message)]) for i in group]
        product = sum(messages) - len(group)  # the degree of all denominators together
        numerators = [max(known[node] for node in table.interactions[i].numerator) for i in group]
        of_sum = max(n + product - (d - 1) for n, d in zip(numerators, messages, strict=True))
        needed.append(max(rows + mask + product, of_sum))
    needed.append(max([rows + mask, *(known[tally.node] for tally in table.tally)]))
    found = tuple(max(0, size - rows) for size in needed)
    of = tuple(max(1, -(-(size - sampled) // rows)) for size in found)
    if max(of) > 3:
        raise ValueError(f"table {table.name}: its quotient has more than 4 N coefficients")
    return Classes(of, found)


def _coefficients(nodes: Sequence[Node], rows: int, column: int) -> list[int]:
    """At most so many coefficients every node has as a polynomial."""
    known: list[int] = []
    for kind, *rest in nodes:
        if kind == "mul":
            size = known[rest[0]] + known[rest[1]] - 1
        elif kind == "lin":
            size = max([1, *(known[a] for _, a in rest[1])])
        elif kind in ("add", "sub"):
            size = max(known[rest[0]], known[rest[1]])
        else:
            size = column if kind == "col" else rows if kind == "pub" else 1
        known.append(size)
    return known


@dataclass(slots=True)
class _Weights:
    """Weights of the sums: rows of sums of k * delta^i; row 0 is not used, it is the zero of every tape."""

    rows: int = 1
    sums: list[tuple[int, int, int]] = field(default_factory=list)
    _given: list[tuple[int, Ext]] = field(default_factory=list)
    _shifted: list[tuple[int, int]] = field(default_factory=list)

    def row(self) -> int:
        """A new row, zero so far."""
        self.rows += 1
        return self.rows - 1

    def given(self, row: int, value: Ext) -> None:
        """Add a value that is known."""
        self._given.append((row, value))

    def coordinates(self, i: int) -> int:
        """The first of five new rows: delta^i x^c."""
        self._shifted.append((self.rows, i))
        self.rows += EXTENSION_DEGREE
        return self.rows - EXTENSION_DEGREE

    def values(self, powers: NDArray[np.uint64]) -> NDArray[np.uint32]:
        """All rows but row 0; `powers` are the delta^i, canonical."""
        out = np.zeros((self.rows, EXTENSION_DEGREE), dtype=np.uint64)
        rows, factors, of = np.array(self.sums, dtype=np.int64).reshape(-1, 3).T
        np.add.at(out, rows, factors.astype(np.uint64)[:, None] * powers[of] % P)
        for row, value in self._given:
            out[row] += np.array(value, dtype=np.uint64)
        if self._shifted:
            first, of = np.array(self._shifted, dtype=np.int64).T
            shifted = powers[of]
            for c in range(EXTENSION_DEGREE):
                out[first + c] = shifted
                shifted = shifted[:, [4, 0, 1, 2, 3]]  # x^5 = 1 - x^2
                shifted[:, 2] += P - shifted[:, 0]
                shifted[:, 2] %= P
        return (out[1:] % P).astype(np.uint32)


class _Sum:
    """A class's sum on an extension register, a few terms at a time so that their registers are free."""

    def __init__(self, assembler: Assembler, level: int, register: int, constant: int) -> None:
        self._asm = assembler
        self._level = level
        self._register = register
        self._terms: list[tuple[int, int]] = []
        self._releases: list[Callable[[], None]] = []
        assembler.level = level
        assembler.reserved_lin(register, constant, [])

    def base(self, row: int, register: int, release: Callable[[], None]) -> None:
        """Add the weight in `row` times a register; `release` is called when that is no longer needed."""
        self._reserve(1)
        self._terms.append((row, register))
        self._releases.append(release)

    def extension(self, row: int, register: int) -> None:
        """Add an extension register, which is then free, coordinate by coordinate, with the weights from `row` on."""
        self._reserve(EXTENSION_DEGREE)
        self._terms += [(row + c, register + offset) for c, offset in enumerate(coordinates())]
        self._releases.append(partial(self._asm.free_extension, register))

    def flush(self) -> None:
        """Write the collected terms."""
        self._asm.level = self._level
        if self._terms:
            self._asm.reserved_lin(self._register, 0, self._terms, onto=True)
        self._terms = []
        for release in self._releases:
            release()
        self._releases = []

    def _reserve(self, terms: int) -> None:
        if len(self._terms) + terms > _FLUSH:
            self.flush()


def constraint_tape(
    table: Table,
    publics: Sequence[int],
    challenges: LookupChallenges,
    powers: NDArray[np.uint64],
    share: Ext,
    of: Sequence[int],
    top: int,
) -> Tape:
    """The sums of classes top, top - 1, ..., 1, five words each; what is of class m is of the tape's level m.

    `powers` are the delta^k of the table's constraints, `of` the constraints' classes, `share` is its S / N.
    """
    # What is linear, by class and node, in the order of the constraints.
    weights = _Weights()
    constants = {m: weights.row() for m in range(top, 0, -1)}
    linear: dict[tuple[int, int], int] = {}
    for k, (constant, terms) in _linear_terms(table, of).items():
        weights.sums.append((constants[of[k]], constant % P, k))
        for factor, node in terms:
            row = linear.get((of[k], node))
            if row is None:
                row = linear[of[k], node] = weights.row()
            weights.sums.append((row, factor % P, k))
    selected = [(k, c, weights.row()) for k, c in enumerate(table.constraints) if c.where != "all"]
    weights.sums += [(row, 1, k) for k, _, row in selected]
    first_group = len(table.constraints)
    groups = [weights.coordinates(first_group + g) for g in range(len(table.groups))]
    last = len(of) - 1
    step_row = weights.coordinates(last)
    last_power: Ext = tuple(powers[last].tolist())
    weights.given(constants[of[last]], ext.mul(last_power, share))
    gamma = ext.powers(challenges.gamma, 1 + max((tally.slot + 1 for tally in table.tally), default=0))
    tallies = [weights.row() for _ in table.tally]
    for row, tally in zip(tallies, table.tally, strict=True):
        weights.given(row, ext.neg(ext.mul(last_power, gamma[tally.slot + 1])))

    extension_width = EXTENSION_DEGREE * table.extension_columns
    widths = (len(table.columns), len(table.public_columns), extension_width, len(SELECTED))
    asm = Assembler(widths, reserved=weights.rows - 1)
    roots = [(node, m) for m, node in linear] + [(c.node, of[k]) for k, c, _ in selected]
    for g, group in enumerate(table.groups):
        for i in group:
            of_fraction = (*table.interactions[i].message, *table.interactions[i].numerator)
            roots += [(node, of[first_group + g]) for node in of_fraction]
    roots += [(tally.node, of[last]) for tally in table.tally]
    nodes = Nodes(asm, table, publics, [node for node, _ in roots], [m for _, m in roots])
    fractions = Fractions(asm, nodes, table, challenges)
    result = asm.allocate(EXTENSION_DEGREE * top)
    sums = {
        m: _Sum(asm, m, result + EXTENSION_DEGREE * STRIDE * place, constants[m]) for place, m in enumerate(constants)
    }

    # The table's own constraints.
    for (m, node), row in linear.items():
        asm.level = m
        sums[m].base(row, nodes.operand(node), partial(nodes.done, node))
    for k, constraint, row in selected:
        asm.level = of[k]
        value = nodes.operand(constraint.node)
        register = asm.allocate()
        asm.mul(register, value, asm.column(SELECTORS, SELECTED[constraint.where]))
        nodes.done(constraint.node)
        sums[of[k]].base(row, register, partial(asm.free, register))

    # Groups: h * prod d_i - sum_i mult_i prod_{j != i} d_j.
    for g, group in enumerate(table.groups):
        m = asm.level = of[first_group + g]
        helper = asm.extension_column(AUX, EXTENSION_DEGREE * g)
        sums[m].extension(groups[g], _group_value(asm, fractions, group, helper))

    # The sum: phi(next) - phi - sum_g h_g - sum of tallies + S / N (the last is in the constant).
    asm.level = of[last]
    step = asm.extension()
    phi = extension_width - EXTENSION_DEGREE
    for c, offset in enumerate(coordinates()):
        asm.sub(step + offset, asm.column(AUX, phi + c, 1), asm.column(AUX, phi + c))
    for g in range(len(table.groups)):
        asm.extension_sub(step, step, asm.extension_column(AUX, EXTENSION_DEGREE * g))
    sums[of[last]].extension(step_row, step)
    for row, tally in zip(tallies, table.tally, strict=True):
        asm.level = of[last]
        sums[of[last]].base(row, nodes.operand(tally.node), partial(nodes.done, tally.node))
    for each in sums.values():
        each.flush()
    return asm.finish(result, EXTENSION_DEGREE * top, weights.values(powers))


_Linear = tuple[int, Sequence[tuple[int, int]]]
"""A constant, and pairs (factor, node) to add to it."""


def _linear_terms(table: Table, of: Sequence[int]) -> dict[int, _Linear]:
    """What every constraint on all rows, by its number, is the sum of: the node itself, or what that is linear in.

    The latter where it is cheaper: where enough others, alone in needing their values, are linear in the same nodes.
    """
    nodes = table.nodes
    needed = set(bus_nodes(table)) | {tally.node for tally in table.tally}
    for kind, *rest in nodes:
        if kind in ("add", "sub", "mul"):
            needed.update(rest)
        elif kind == "lin":
            needed.update(a for _, a in rest[1])
    needed.update(c.node for c in table.constraints if c.where != "all")
    whole: dict[int, _Linear] = {}
    apart: dict[int, _Linear] = {}
    shared: dict[tuple[int, int], int] = {}
    for k, constraint in enumerate(table.constraints):
        if constraint.where != "all":
            continue
        whole[k] = (0, ((1, constraint.node),))
        kind, *rest = nodes[constraint.node]
        if constraint.node in needed or kind not in ("lin", "add", "sub"):
            continue
        apart[k] = (rest[0], rest[1]) if kind == "lin" else (0, ((1, rest[0]), (1 if kind == "add" else -1, rest[1])))
        for _, node in apart[k][1]:
            shared[of[k], node] = shared.get((of[k], node), 0) + 1
    for k, linear in apart.items():
        terms = linear[1]
        cost = sum(_EXTENSION_TERM / shared[of[k], node] for _, node in terms)
        if cost < _EXTENSION_TERM + _BASE_TERM * len(terms) + _BASE_SUM:
            whole[k] = linear
    return whole


def _group_value(asm: Assembler, fractions: Fractions, group: tuple[int, ...], helper: int) -> int:
    """h D - numerator, D the product of the denominators d_1, d_2, ..., for numerators m_1, m_2, ....

    One or two: A_1 = h d_1 - m_1, A_2 = A_1 d_2 - m_2 d_1. More: A_2 = h d_1 d_2 - m_1 d_2 - m_2 d_1, which saves a
    product, then A_k = A_(k-1) d_k - m_k d_1 ... d_(k-1).
    """
    product, first = fractions.denominator(group[0]), fractions.multiplicity(group[0])
    value = asm.extension()
    start = 1
    if len(group) < 3:
        asm.extension_mul(value, helper, product)
        first.subtract_from(value)
    else:
        start = 2
        d, second = fractions.denominator(group[1]), fractions.multiplicity(group[1])
        both = asm.extension()
        asm.extension_mul(both, product, d)
        asm.extension_mul(value, helper, both)
        first.add_times(value, d, -1)
        second.add_times(value, product, -1)
        second.free()
        asm.free_extension(d)
        asm.free_extension(product)
        product = both
    first.free()
    for position, index in enumerate(group[start:], start=start):
        d = fractions.denominator(index)
        multiplicity = fractions.multiplicity(index)
        asm.extension_mul(value, value, d)
        multiplicity.add_times(value, product, -1)
        multiplicity.free()
        if position + 1 < len(group):
            asm.extension_mul(product, product, d)
        asm.free_extension(d)
    asm.free_extension(product)
    return value

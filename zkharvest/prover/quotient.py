"""The quotient Q = sum of delta^k sel_k C_k / (X^N - 1), from the committed columns' values (FORMAT.md section 4).

Q has fewer than 4 N coefficients, so its values on the coset c * <w_{n+2}> of 4 N points determine it, c = 3^k being
the shift of the columns' coset; every B / 4-th row of the low-degree extensions is such a point. The points fall into
four cosets of H (`extension`), on each of which X^N - 1 is constant and the next row of the trace is the next point: a
tape runs over one coset at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from zkharvest.prover import field, ntt, plain
from zkharvest.prover.extension import COSETS, Extended
from zkharvest.prover.field import EXTENSION_DEGREE, Words
from zkharvest.prover.logup import Fractions, bus_nodes
from zkharvest.prover.tape import AUX, SELECTORS, Assembler, Nodes, Tape, View, coordinates
from zkharvest.prover.tape_kernel import STRIDE
from zkharvest.spec import P
from zkharvest.verifier import field as ext
from zkharvest.verifier.description import Table
from zkharvest.verifier.field import Ext
from zkharvest.verifier.messages import LookupChallenges

_SELECTED = {"first": 0, "last": 1, "transition": 2}
_FLUSH = 32  # constraint values that are combined at once


class _Combination:
    """sum of delta^k C_k on an extension register, a few constraints at a time so that their registers are free."""

    def __init__(self, assembler: Assembler, delta: Ext, count: int, first: int) -> None:
        self._asm = assembler
        start = ext.power(delta, first)
        self._powers = [ext.mul(start, power) for power in ext.powers(delta, count)]
        self._terms: list[tuple[Ext, int]] = []
        self._releases: list[Callable[[], None]] = []
        self.result = assembler.extension()
        self._started = False
        self._k = 0

    def constant(self, value: Ext) -> None:
        """Start from a constant; before anything else."""
        self._asm.extension_lin(self.result, value, [])
        self._started = True

    def next_power(self) -> Ext:
        """delta^k of the next constraint."""
        self._k += 1
        return self._powers[self._k - 1]

    def base(self, factor: Ext, register: int, release: Callable[[], None]) -> None:
        """Add factor * register; `release` is called when the register is no longer needed."""
        self._reserve(1)
        self._terms.append((factor, register))
        self._releases.append(release)

    def extension(self, factor: Ext, register: int) -> None:
        """Add factor * register for an extension register, which is then free: the terms (factor x^c) * coordinate."""
        self._reserve(EXTENSION_DEGREE)
        for unit, offset in zip(_POWERS_OF_X, coordinates(), strict=True):
            self._terms.append((ext.mul(factor, unit), register + offset))
        self._releases.append(lambda: self._asm.free_extension(register))

    def flush(self) -> None:
        """Write the collected terms."""
        self._asm.extension_lin(self.result, ext.ZERO, self._terms, onto=self._started)
        self._started = True
        self._terms = []
        for release in self._releases:
            release()
        self._releases = []

    def _reserve(self, terms: int) -> None:
        if len(self._terms) + terms > _FLUSH:
            self.flush()


_POWERS_OF_X: list[Ext] = [(1, 0, 0, 0, 0), (0, 1, 0, 0, 0), (0, 0, 1, 0, 0), (0, 0, 0, 1, 0), (0, 0, 0, 0, 1)]


def constraint_tape(
    table: Table, publics: Sequence[int], challenges: LookupChallenges, delta: Ext, first: int, share: Ext
) -> Tape:
    """One table's sum of delta^k sel_k C_k, its constraints numbered from `first`; `share` is its S / N."""
    extension_width = EXTENSION_DEGREE * table.extension_columns
    asm = Assembler((len(table.columns), len(table.public_columns), extension_width, len(_SELECTED)))
    roots = [c.node for c in table.constraints] + bus_nodes(table) + [tally.node for tally in table.tally]
    nodes = Nodes(asm, table, publics, roots)
    fractions = Fractions(asm, nodes, table, challenges)
    total = _Combination(asm, delta, table.constraint_count, first)
    last_power = ext.mul(ext.power(delta, first), ext.power(delta, table.constraint_count - 1))
    total.constant(ext.mul(last_power, share))

    # The table's own constraints.
    for constraint in table.constraints:
        value = nodes.operand(constraint.node)
        if constraint.where == "all":
            total.base(total.next_power(), value, partial(nodes.done, constraint.node))
            continue
        selected = asm.allocate()
        asm.mul(selected, value, asm.column(SELECTORS, _SELECTED[constraint.where]))
        nodes.done(constraint.node)
        total.base(total.next_power(), selected, partial(asm.free, selected))

    # Groups: h * prod d_i - sum_i mult_i prod_{j != i} d_j.
    helper = asm.column(AUX, 0)
    for group in table.groups:
        total.extension(total.next_power(), _group_value(asm, fractions, group, helper))
        helper += EXTENSION_DEGREE * STRIDE

    # The sum: phi(next) - phi - sum_g h_g - sum of tallies + S / N (the last is in the constant).
    power = total.next_power()
    step = asm.extension()
    phi = helper
    for c, offset in enumerate(coordinates()):
        after = asm.column(AUX, extension_width - EXTENSION_DEGREE + c, 1)
        asm.sub(step + offset, after, phi + offset)
    for g in range(len(table.groups)):
        asm.extension_sub(step, step, asm.column(AUX, EXTENSION_DEGREE * g))
    total.extension(power, step)
    gamma = ext.powers(challenges.gamma, 1 + max((tally.slot + 1 for tally in table.tally), default=0))
    for tally in table.tally:
        factor = ext.neg(ext.mul(power, gamma[tally.slot + 1]))
        total.base(factor, nodes.operand(tally.node), partial(nodes.done, tally.node))
    total.flush()
    return asm.finish(total.result, EXTENSION_DEGREE)


def _group_value(asm: Assembler, fractions: Fractions, group: tuple[int, ...], helper: int) -> int:
    """h * D - numerator, built up as A_1 = h d_1 - m_1, A_k = A_(k-1) d_k - m_k d_1 ... d_(k-1)."""
    product = fractions.denominator(group[0])
    multiplicity = fractions.multiplicity(group[0])
    value = asm.extension()
    asm.extension_mul(value, helper, product)
    multiplicity.subtract_from(value)
    multiplicity.free()
    for position, index in enumerate(group[1:], start=1):
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


def selectors(log_rows: int, shift: int) -> Words:
    """(4 N, 3): the selectors first, last, transition at shift * w_{n+2}^i."""
    rows = 1 << log_rows
    points = field.powers(plain.root_of_unity(log_rows + 2), COSETS * rows, first=shift)
    last = plain.inverse(plain.root_of_unity(log_rows))
    from_first = field.sub(points, _one(1))
    from_last = field.sub(points, _one(last))
    inverse_rows = plain.inverse(rows)
    vanishing = field.to_mont(np.array(vanishing_values(log_rows, shift), dtype=np.uint32))
    factor = np.tile(field.mul(vanishing, _one(inverse_rows)), rows)
    out = field.empty(COSETS * rows, len(_SELECTED))
    out[:, 0] = field.mul(factor, field.inverse(from_first))
    out[:, 1] = field.mul(field.mul(factor, _one(last)), field.inverse(from_last))
    out[:, 2] = from_last
    return out


def vanishing_values(log_rows: int, shift: int) -> list[int]:
    """X^N - 1 on the four cosets shift * w_{n+2}^c H."""
    rows = 1 << log_rows
    root = plain.root_of_unity(log_rows + 2)
    return [(pow(shift * pow(root, c, P) % P, rows, P) - 1) % P for c in range(COSETS)]


def quotient_coefficients(
    tables: Sequence[Table],
    firsts: Sequence[int],
    publics: Sequence[int],
    challenges: LookupChallenges,
    delta: Ext,
    terminals: Sequence[Ext],
    log_rows: int,
    shift: int,
    main: Extended,
    aux: Extended,
    public: Sequence[Words],
) -> Words:
    """What some tables of one height N contribute to Q: its 4 N coefficients, (4 N, 5).

    `firsts` has the number of each table's first constraint. `main` and `aux` begin with these tables' columns,
    `public` has one (4 N, public columns) matrix a table.
    """
    rows = 1 << log_rows
    step = main.blowup // COSETS
    chosen = selectors(log_rows, shift)
    inverse_rows = plain.inverse(rows)
    values = np.zeros((COSETS, rows, EXTENSION_DEGREE), dtype=np.uint32)
    tapes = []
    for table, first, terminal in zip(tables, firsts, terminals, strict=True):
        share = ext.scale(terminal, inverse_rows)
        tapes.append(constraint_tape(table, publics, challenges, delta, first, share))
    part = field.empty(rows, EXTENSION_DEGREE)
    for c in reversed(range(COSETS)):  # the last may be in memory still
        on_main, on_aux = main.coset(c * step), aux.coset(c * step)
        column = at = 0
        for table, tape, known in zip(tables, tapes, public, strict=True):
            views = (View(on_main, column), View(known, 0, c, COSETS), View(on_aux, at), View(chosen, 0, c, COSETS))
            tape.run(views, rows, View(part))
            values[c] = field.add(values[c], part)
            column += len(table.columns)
            at += EXTENSION_DEGREE * table.extension_columns
    for c, vanishing in enumerate(vanishing_values(log_rows, shift)):
        values[c] = field.mul(values[c], _one(plain.inverse(vanishing)))
    in_order = np.ascontiguousarray(values.transpose(1, 0, 2)).reshape(COSETS * rows, EXTENSION_DEGREE)
    return ntt.coset_intt(in_order, shift)


def split(coefficients: Words, pieces: int, step: int, bound: int) -> tuple[Words, bool]:
    """Pieces q_0, q_1, ... with Q = sum of X^(i step) q_i as (bound, pieces, 5), and whether nothing was left over.

    All but the last have `step` coefficients, the last at most `bound`. Something is left over only if a
    constraint does not hold: then Q, a quotient with remainder, is of full degree.
    """
    out = np.zeros((bound, pieces, EXTENSION_DEGREE), dtype=np.uint32)
    for i in range(pieces - 1):
        out[:step, i] = coefficients[i * step : (i + 1) * step]
    last = coefficients[(pieces - 1) * step :]
    out[: min(bound, len(last)), pieces - 1] = last[:bound]
    return out, not last[bound:].any()


def randomise(pieces: Words, masks: Words, step: int) -> None:
    """Add X^step t_i to piece i and take t_i off piece i + 1: each piece is uniform where it is opened, Q stays.

    `masks` is (h, pieces - 1, 5).
    """
    h, count, _ = masks.shape
    for i in range(count):
        pieces[step : step + h, i] = field.add(pieces[step : step + h, i], masks[:, i])
        pieces[:h, i + 1] = field.sub(pieces[:h, i + 1], masks[:, i])


def _one(value: int) -> Words:
    """A canonical int as a one-element array."""
    return np.array([field.mont(value)], dtype=np.uint32)

# mypy: disable-error-code="import-untyped,misc"
"""The buses: LogUp helper columns and running sums (FORMAT.md section 3; Haboeck, ePrint 2022/1530).

An interaction contributes sign * (mult + sum of gamma^(slot+1) weight) / d with d = alpha + bus + sum of beta^i m_i.
The interactions of a group share one helper column h, the sum of their fractions; phi is the running sum of all
helpers and tallies of the table, less the S / N that brings it back to where it started.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkharvest.prover import field
from zkharvest.prover.field import EXTENSION_DEGREE, Words
from zkharvest.prover.nodes import Nodes
from zkharvest.prover.tape import Assembler, Tape, View, coordinates
from zkharvest.prover.tape_kernel import STRIDE
from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import kernel
from zkharvest.simd.lanes import load_some, prefetch, splat, store, store_some
from zkharvest.spec import P
from zkharvest.verifier import field as ext
from zkharvest.verifier.description import Interaction, Table
from zkharvest.verifier.field import Ext
from zkharvest.verifier.messages import LookupChallenges

_BATCH = 16  # groups whose denominators share one inversion


class VanishingDenominator(ArithmeticError):
    """The challenges hit a message (probability about interactions * rows / 2^155): start again with fresh masks."""


def bus_nodes(table: Table) -> list[int]:
    """The nodes that the fractions of a table need, once a use."""
    return [node for interaction in table.interactions for node in (*interaction.message, *interaction.numerator)]


class Fractions:
    """Writes numerators and denominators of a table's interactions on an assembler."""

    def __init__(self, assembler: Assembler, nodes: Nodes, table: Table, challenges: LookupChallenges) -> None:
        self._asm = assembler
        self._nodes = nodes
        self._table = table
        self._alpha = challenges.alpha
        width = max((len(interaction.message) for interaction in table.interactions), default=0)
        self._beta = ext.powers(challenges.beta, width + 1)
        slots = [slot + 1 for interaction in table.interactions for slot, _ in interaction.weights]
        self._gamma = ext.powers(challenges.gamma, max(slots, default=0) + 1)

    def denominator(self, index: int) -> int:
        """A new extension register with d of interaction `index`."""
        interaction = self._table.interactions[index]
        constant = ext.add_base(self._alpha, interaction.bus)
        terms = []
        for i, node in enumerate(interaction.message, start=1):
            known = self._nodes.known(node)
            if known is None:
                terms.append((self._beta[i], self._nodes.operand(node)))
            else:
                constant = ext.add(constant, ext.scale(self._beta[i], known))
        d = self._asm.extension()
        self._asm.extension_lin(d, constant, terms)
        for node in interaction.message:
            self._nodes.done(node)
        return d

    def multiplicity(self, index: int) -> Multiplicity:
        """The numerator of interaction `index`: sign * mult, and its weights by powers of gamma."""
        interaction: Interaction = self._table.interactions[index]
        if interaction.weights:
            return self._weighted(interaction)
        known = self._nodes.known(interaction.mult)
        if known is not None:
            self._nodes.done(interaction.mult)
            return Multiplicity(self._asm, constant=interaction.sign * known % P)
        source = self._nodes.operand(interaction.mult)
        register = self._asm.allocate()
        if interaction.sign > 0:
            self._asm.add_constant(register, source, 0)
        else:
            self._asm.constant_sub(register, 0, source)
        self._nodes.done(interaction.mult)
        return Multiplicity(self._asm, register=register)

    def _weighted(self, interaction: Interaction) -> Multiplicity:
        constant, terms = ext.ZERO, []
        powers = [(ext.ONE, interaction.mult), *((self._gamma[slot + 1], node) for slot, node in interaction.weights)]
        for power, node in powers:
            factor = ext.scale(power, interaction.sign)
            known = self._nodes.known(node)
            if known is None:
                terms.append((factor, self._nodes.operand(node)))
            else:
                constant = ext.add(constant, ext.scale(factor, known))
        register = self._asm.extension()
        self._asm.extension_lin(register, constant, terms)
        for _, node in powers:
            self._nodes.done(node)
        return Multiplicity(self._asm, extension=register)


@dataclass(slots=True)
class Multiplicity:
    """A constant, or a base or extension register of its own."""

    _asm: Assembler
    constant: int = 0
    register: int | None = None
    extension: int | None = None

    def times(self, d: int, a: int) -> None:
        """d = this * a."""
        if self.extension is not None:
            self._asm.extension_mul(d, self.extension, a)
        elif self.register is not None:
            self._asm.extension_scale(d, a, self.register)
        else:
            for c in coordinates():
                self._asm.mul_constant(d + c, a + c, self.constant)

    def add_times(self, d: int, a: int, sign: int) -> None:
        """d = d + sign * this * a, the sign 1 or -1; a constant 1 or -1 needs no product."""
        constant = self.register is None and self.extension is None
        if constant and self.constant in (1, P - 1):
            plus = (self.constant == 1) == (sign > 0)
            (self._asm.extension_add if plus else self._asm.extension_sub)(d, d, a)
            return
        product = self._asm.extension()
        self.times(product, a)
        (self._asm.extension_add if sign > 0 else self._asm.extension_sub)(d, d, product)
        self._asm.free_extension(product)

    def subtract_from(self, a: int) -> None:
        """Take this off an extension register."""
        if self.extension is not None:
            self._asm.extension_sub(a, a, self.extension)
        elif self.register is not None:
            self._asm.sub(a, a, self.register)
        else:
            self._asm.add_constant(a, a, -self.constant)

    def free(self) -> None:
        """Give the register back."""
        if self.extension is not None:
            self._asm.free_extension(self.extension)
        if self.register is not None:
            self._asm.free(self.register)


def lookup_tape(table: Table, publics: Sequence[int], challenges: LookupChallenges) -> Tape:
    """Every row's helpers h_0, h_1, ..., then its whole contribution: the sum of its helpers and tallies."""
    asm = Assembler((len(table.columns), len(table.public_columns), 0, 0))
    nodes = Nodes(asm, table, publics, bus_nodes(table) + [tally.node for tally in table.tally])
    fractions = Fractions(asm, nodes, table, challenges)
    width = EXTENSION_DEGREE * table.extension_columns
    result = asm.allocate(width)
    helpers = [result + EXTENSION_DEGREE * STRIDE * g for g in range(table.extension_columns)]
    total = helpers.pop()
    gamma = ext.powers(challenges.gamma, 1 + max((tally.slot + 1 for tally in table.tally), default=0))
    asm.extension_lin(total, ext.ZERO, [(gamma[t.slot + 1], nodes.operand(t.node)) for t in table.tally])
    for tally in table.tally:
        nodes.done(tally.node)
    for first in range(0, len(helpers), _BATCH):
        batch = list(zip(helpers, table.groups, strict=True))[first : first + _BATCH]
        _helpers(asm, fractions, [h for h, _ in batch], [group for _, group in batch])
        for h, _ in batch:
            asm.extension_add(total, total, h)
    return asm.finish(result, width)


def _helpers(asm: Assembler, fractions: Fractions, helpers: list[int], groups: list[tuple[int, ...]]) -> None:
    """h = numerator / denominator for every group, with one inversion for all (Montgomery's trick)."""
    sums = [_fraction_sum(asm, fractions, group) for group in groups]
    prefixes = [sums[0][1]]
    for _, denominator in sums[1:]:
        product = asm.extension()
        asm.extension_mul(product, prefixes[-1], denominator)
        prefixes.append(product)
    inverse = asm.extension()
    asm.extension_inverse(inverse, prefixes[-1])
    own = asm.extension()
    for k in range(len(groups) - 1, -1, -1):
        numerator, denominator = sums[k]
        if k:
            asm.extension_mul(own, inverse, prefixes[k - 1])
            asm.extension_mul(inverse, inverse, denominator)
        else:
            own, inverse = inverse, own
        if isinstance(numerator, Multiplicity):
            numerator.times(helpers[k], own)
            numerator.free()
        else:
            asm.extension_mul(helpers[k], own, numerator)
            asm.free_extension(numerator)
        asm.free_extension(denominator)
        if k:
            asm.free_extension(prefixes[k])
    asm.free_extension(own)
    asm.free_extension(inverse)


def _fraction_sum(asm: Assembler, fractions: Fractions, group: tuple[int, ...]) -> tuple[int | Multiplicity, int]:
    """Numerator and denominator of the sum of a group's fractions, as registers of their own."""
    numerator: int | Multiplicity = fractions.multiplicity(group[0])
    denominator = fractions.denominator(group[0])
    for index in group[1:]:
        d = fractions.denominator(index)
        multiplicity = fractions.multiplicity(index)
        # n / D + m / d = (n d + m D) / (D d)
        grown = asm.extension()
        if isinstance(numerator, Multiplicity):
            numerator.times(grown, d)
            numerator.free()
        else:
            asm.extension_mul(grown, numerator, d)
            asm.free_extension(numerator)
        multiplicity.add_times(grown, denominator, 1)
        asm.extension_mul(denominator, denominator, d)
        multiplicity.free()
        asm.free_extension(d)
        numerator = grown
    return numerator, denominator


def auxiliary_trace(
    tables: Sequence[Table], publics: Sequence[int], challenges: LookupChallenges, main: Words, public: Sequence[Words]
) -> tuple[Words, tuple[Ext, ...]]:
    """The extension columns of some tables of one height on their trace domain, (N, 5 * columns), and the terminals S.

    `main` is these tables' main trace (N, their columns), `public` has one (N, public columns) matrix a table, all
    in Montgomery form.
    """
    height = main.shape[0]
    aux = field.empty(height, EXTENSION_DEGREE * sum(table.extension_columns for table in tables))
    terminals = []
    column = at = 0
    for table, known in zip(tables, public, strict=True):
        tape = lookup_tape(table, publics, challenges)
        views = (View(main, column), View(known), None, None)
        if not tape.run(views, height, View(aux, at)):
            raise VanishingDenominator
        column += len(table.columns)
        at += EXTENSION_DEGREE * table.extension_columns
        terminals.append(_running_sum(aux[:, at - EXTENSION_DEGREE : at]))
    return aux, tuple(terminals)


def _running_sum(sums: NDArray[np.uint32]) -> Ext:
    """Replace the rows' contributions by phi, phi(0) = 0, and return the terminal, their sum."""
    height, step = len(sums), sums.strides[0] // 4
    flat = np.lib.stride_tricks.as_strided(sums, ((height - 1) * step + EXTENSION_DEGREE,), (4,))
    total = np.zeros(16, dtype=np.uint32)
    climb(flat, step, height, np.uint32(field.mont(pow(height, -1, P))), total)
    c0, c1, c2, c3, c4 = field.from_mont(total)[:EXTENSION_DEGREE].tolist()
    return c0, c1, c2, c3, c4


@kernel
def climb(sums: Any, step: Any, height: Any, inverse: Any, total: Any) -> None:
    """Of five words in every row, `step` words apart: `total` their sum; then each what is above, less a share a row.

    The share is the total over the height, whose inverse is given.
    """
    zero = climbed = splat(np.uint32(0))
    address, ahead = sums.ctypes.data, 64 * step  # rows lie pages apart, and no core guesses them
    for row in range(height):
        prefetch(address + 4 * row * step + ahead)
        climbed = kb.add(climbed, load_some(sums, row * step, np.uint32(31), zero))
    store(total, 0, climbed)
    share, climbed = kb.mul(climbed, splat(inverse)), zero
    for row in range(height):
        prefetch(address + 4 * row * step + ahead)
        value = load_some(sums, row * step, np.uint32(31), zero)
        store_some(sums, row * step, np.uint32(31), climbed)
        climbed = kb.add(climbed, kb.sub(value, share))

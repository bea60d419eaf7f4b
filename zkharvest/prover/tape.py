"""A table's expressions as a short program for the interpreter in `tape_kernel`.

The same nodes that the verifier evaluates at one point are evaluated here on millions of rows. An `Assembler`
hands out registers and collects instructions, those of a table's nodes for `nodes`.

A program is written for one proof, with challenges and public scalars as constants; nothing is compiled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zkharvest.prover import tape_kernel as kernel
from zkharvest.prover.field import EXTENSION_DEGREE, Words, to_mont
from zkharvest.prover.plain import EXT_ZERO, Ext
from zkharvest.simd.threads import over_ranges
from zkharvest.spec import P

SOURCES = 4
MAIN, PUBLIC, AUX, SELECTORS = range(SOURCES)
"""The matrices a tape may read, by position."""

ROW_MULTIPLE = 32
"""Heights must be divisible by it."""


@dataclass(frozen=True, slots=True)
class View:
    """Rows `first`, `first + step`, `first + 2 step`, ... of a matrix, from column `column` on."""

    matrix: Words
    column: int = 0
    first: int = 0
    step: int = 1

    def layout(self, width: int, height: int) -> tuple[int, int]:
        """The first of `height` rows of `width` words, and how far apart they are, in words."""
        rows, columns = self.matrix.shape
        if not self.matrix.flags.c_contiguous or self.column + width > columns:
            raise ValueError(f"{width} columns from {self.column} on are not in {self.matrix.shape}")
        if self.first + (height - 1) * self.step >= rows:
            raise ValueError(f"{height} rows are not in {self.matrix.shape}")
        return self.first * columns + self.column, self.step * columns


@dataclass(frozen=True, slots=True)
class Tape:
    """A finished program: instructions, constants, and where its sources and its result lie in the workspace.

    `levels` has the level of every word of the code. `loads` lists what is brought into registers, up to sixteen
    columns at a time: (source, register, column, columns, level); `nexts` what is read in the next row: (source,
    register, column, level).
    """

    code: NDArray[np.int64]
    levels: NDArray[np.int64]
    pool: Words
    extension_pool: Words
    registers: int
    widths: tuple[int, ...]
    loads: NDArray[np.int64]
    nexts: NDArray[np.int64]
    result: int
    result_width: int

    def at_least(self, level: int, result_width: int) -> Tape:
        """The same with what this level and higher ones need alone, and only so many registers of the result."""
        chosen = self.levels >= level
        return replace(
            self,
            code=self.code[chosen],
            levels=self.levels[chosen],
            loads=self.loads[self.loads[:, -1] >= level],
            nexts=self.nexts[self.nexts[:, -1] >= level],
            result_width=result_width,
        )

    def reads(self, source: int, level: int) -> list[tuple[int, int]]:
        """What is read of a source by this level and higher ones: first columns, and how many from there."""
        return [(column, count) for of, _, column, count, at in self.loads.tolist() if of == source and at >= level]

    def run(self, views: Sequence[View | None], height: int, out: View) -> bool:
        """Run on `height` cyclic rows of the views, one a source; False if a zero was inverted."""
        if height % ROW_MULTIPLE:
            raise ValueError(f"{height} rows are not a multiple of {ROW_MULTIPLE}")
        layout = np.zeros((SOURCES, 2), dtype=np.int64)
        matrices = []
        for s, (view, width) in enumerate(zip(views, self.widths, strict=True)):
            if view is None or width == 0:
                if width:
                    raise ValueError(f"source {s} is missing")
                matrices.append(_NOTHING)
                continue
            layout[s] = view.layout(width, height)
            matrices.append(view.matrix.reshape(-1))
        zero_seen = np.zeros(1, dtype=np.uint32)
        over_ranges(
            kernel.run, -(-height // kernel.BLOCK_ROWS), height, self.code, self.pool, self.extension_pool,
            self.registers, *matrices, layout, self.loads, self.nexts, out.matrix.reshape(-1),
            np.array([self.result, *out.layout(self.result_width, height), self.result_width]), zero_seen,
        )  # fmt: skip
        return not zero_seen[0]


_NOTHING = np.zeros(16, dtype=np.uint32)


class Assembler:
    """Registers and instructions of a tape in the making.

    An operand is the word offset of a register; an extension operand is the first of five. `widths` are the
    numbers of columns of the sources MAIN, PUBLIC, AUX, SELECTORS, loaded before the first instruction. The first
    extension constants, as many as `reserved`, are given to `finish`; the index of the first is 1.

    What is written belongs to the `level` of the moment (`Tape.at_least`); it must not read what a lower level writes.
    """

    def __init__(self, widths: Sequence[int], reserved: int = 0) -> None:
        self._widths = tuple(widths)
        self._reserved = reserved
        self._marks: list[tuple[int, int]] = [(0, 0)]
        self._loads: dict[tuple[int, int], int] = {}
        self._top = 0
        self._free: dict[int, list[int]] = {}
        self._code: list[int] = []
        self._pool: dict[int, int] = {0: 0}
        self._extension_pool: dict[Ext, int] = {}
        self._nexts: dict[tuple[int, int], int] = {}
        self._bases = tuple(self.allocate(-(-width // 16) * 16) for width in self._widths)

    @property
    def level(self) -> int:
        """That of the instructions to come."""
        return self._marks[-1][1]

    @level.setter
    def level(self, level: int) -> None:
        if level != self._marks[-1][1]:
            self._marks.append((len(self._code), level))

    # --- registers

    def allocate(self, count: int = 1) -> int:
        """`count` registers in a row."""
        spare = self._free.get(count)
        if spare:
            return spare.pop()
        self._top += count
        return (self._top - count) * kernel.STRIDE

    def free(self, operand: int, count: int = 1) -> None:
        """Return what `allocate(count)` gave."""
        self._free.setdefault(count, []).append(operand)

    def extension(self) -> int:
        """A new extension register."""
        return self.allocate(EXTENSION_DEGREE)

    def free_extension(self, operand: int) -> None:
        """Return it."""
        self.free(operand, EXTENSION_DEGREE)

    def column(self, source: int, index: int, off: int = 0) -> int:
        """A column of a source, in this row or (off = 1) in the next."""
        if not 0 <= index < self._widths[source]:
            raise ValueError(f"source {source} has no column {index}")
        level = self._marks[-1][1]
        here = (source, index // 16)
        if self._loads.get(here, -1) < level:
            self._loads[here] = level
        if off and self._nexts.get((source, index), -1) < level:
            self._nexts[source, index] = level
        return self._bases[source] + index * kernel.STRIDE + off

    def extension_column(self, source: int, index: int) -> int:
        """Five columns from `index` on, as an extension register in this row."""
        self.column(source, index + EXTENSION_DEGREE - 1)
        return self.column(source, index)

    # --- instructions on base registers

    def add(self, d: int, a: int, b: int) -> None:
        """d = a + b."""
        self._code += (kernel.ADD, d, a, b)

    def sub(self, d: int, a: int, b: int) -> None:
        """d = a - b."""
        self._code += (kernel.SUB, d, a, b)

    def mul(self, d: int, a: int, b: int) -> None:
        """d = a * b."""
        self._code += (kernel.MUL, d, a, b)

    def add_constant(self, d: int, a: int, value: int) -> None:
        """d = a + value."""
        self._code += (kernel.ADD_CONST, d, a, self._constant(value))

    def mul_constant(self, d: int, a: int, value: int) -> None:
        """d = a * value."""
        self._code += (kernel.MUL_CONST, d, a, self._constant(value))

    def constant_sub(self, d: int, value: int, a: int) -> None:
        """d = value - a."""
        self._code += (kernel.CONST_SUB, d, a, self._constant(value))

    def fill(self, d: int, value: int) -> None:
        """d = value in every row."""
        self._code += (kernel.FILL, d, 0, self._constant(value))

    def lin(self, d: int, constant: int, terms: Sequence[tuple[int, int]]) -> None:
        """d = constant + sum of k * a over the pairs (k, a)."""
        padded = max(2, len(terms) + len(terms) % 2)
        self._code += (kernel.LIN, d, self._constant(constant), padded)
        for k, a in terms:
            self._code += (a, self._constant(k))
        self._code += (0, 0) * (padded - len(terms))  # zero times the first register

    # --- instructions on extension registers

    def extension_lin(self, d: int, constant: Ext, terms: Sequence[tuple[Ext, int]], onto: bool = False) -> None:
        """d = constant + sum of e * a over the pairs (e, a) of an extension constant and a base register.

        With `onto`, the sum is added to what d holds, and the constant must be 0.
        """
        if onto and constant != EXT_ZERO:
            raise ValueError("a sum onto a register has no constant of its own")
        known = self._extension_constant
        self.reserved_lin(d, known(constant), [(known(e), a) for e, a in terms], onto)

    def reserved_lin(self, d: int, constant: int, terms: Sequence[tuple[int, int]], onto: bool = False) -> None:
        """`extension_lin` for extension constants by their indices, of which 0 is that of zero."""
        op = kernel.EXT_ADD_LIN if onto else kernel.EXT_LIN
        padded = max(2, len(terms) + len(terms) % 2)
        self._code += (op, d, EXTENSION_DEGREE * constant, padded)
        for e, a in terms:
            self._code += (a, EXTENSION_DEGREE * e)
        self._code += (0, 0) * (padded - len(terms))

    def extension_mul(self, d: int, a: int, b: int) -> None:
        """d = a * b."""
        self._code += (kernel.EXT_MUL, d, a, b)

    def extension_scale(self, d: int, a: int, k: int) -> None:
        """d = a * k for a base register k."""
        self._code += (kernel.EXT_SCALE, d, a, k)

    def extension_inverse(self, d: int, a: int) -> None:
        """d = 1 / a; a zero is 0 and is reported by `Tape.run`."""
        self._code += (kernel.EXT_INV, d, a, 0)

    def extension_add(self, d: int, a: int, b: int) -> None:
        """d = a + b."""
        for c in coordinates():
            self.add(d + c, a + c, b + c)

    def extension_sub(self, d: int, a: int, b: int) -> None:
        """d = a - b."""
        for c in coordinates():
            self.sub(d + c, a + c, b + c)

    # --- the end

    def finish(self, result: int, width: int, reserved: NDArray[np.uint32] | None = None) -> Tape:
        """The tape whose result is `width` registers from `result` on (a run that was allocated together).

        `reserved`, (n, 5) canonical words, are the extension constants that were put off until now.
        """
        self._top += -width % 16  # results leave in tiles of sixteen registers
        last = np.iinfo(np.int64).max  # the end is of every level
        starts, levels = zip(*self._marks, (len(self._code), last), strict=True)
        loads = [
            (s, self._bases[s] + 16 * tile * kernel.STRIDE, 16 * tile, min(16, self._widths[s] - 16 * tile), level)
            for (s, tile), level in sorted(self._loads.items())
        ]
        nexts = [(s, self._bases[s] + i * kernel.STRIDE, i, level) for (s, i), level in sorted(self._nexts.items())]
        own = np.array([EXT_ZERO, *self._extension_pool], dtype=np.uint32)
        extension_pool = [own[:1], own[:0] if reserved is None else reserved, own[1:]]
        return Tape(
            np.array([*self._code, kernel.END, 0, 0, 0], dtype=np.int64),
            np.repeat(levels, np.diff([*starts, len(self._code) + 4])),
            to_mont(np.array(list(self._pool), dtype=np.uint32)),
            to_mont(np.concatenate(extension_pool)).reshape(-1),
            self._top,
            self._widths,
            np.array(loads, dtype=np.int64).reshape(-1, 5),
            np.array(nexts, dtype=np.int64).reshape(-1, 4),
            result,
            width,
        )

    def _constant(self, value: int) -> int:
        return self._pool.setdefault(value % P, len(self._pool))

    def _extension_constant(self, value: Ext) -> int:
        if value == EXT_ZERO:
            return 0
        return self._extension_pool.setdefault(value, 1 + self._reserved + len(self._extension_pool))


def coordinates() -> range:
    """What to add to an extension operand for its coordinates 0 to 4."""
    return range(0, EXTENSION_DEGREE * kernel.STRIDE, kernel.STRIDE)

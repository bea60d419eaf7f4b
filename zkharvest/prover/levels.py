"""The tables of a circuit by height, and their columns as the prover commits them (docs/adr/0017).

Tables of one height share a matrix. The columns of lower tables are packed to columns of the tallest height and stand
behind those of the tallest tables, so that each tree extends and hashes one matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from zkharvest.prover import deep, field, ntt
from zkharvest.prover.extension import Extended, interpolated
from zkharvest.prover.field import EXTENSION_DEGREE, Words
from zkharvest.prover.rows_kernel import TOGETHER, put_columns, put_rows
from zkharvest.prover.stacks import columns_of, layout, pack
from zkharvest.simd.threads import over_ranges
from zkharvest.spec import P
from zkharvest.verifier import field as ext
from zkharvest.verifier.description import Description
from zkharvest.verifier.field import Ext
from zkharvest.verifier.params import Sizes
from zkharvest.verifier.public import PublicData
from zkharvest.verifier.stacks import Height, Stacks
from zkharvest.verifier.stark import Share


def heights_of(description: Description, traces: Sequence[Words]) -> tuple[int, ...]:
    """log2 of every table's rows; a ValueError if the traces are not those of the circuit."""
    if len(traces) != len(description.tables):
        raise ValueError(f"{len(traces)} traces for {len(description.tables)} tables")
    heights = []
    for table, trace in zip(description.tables, traces, strict=True):
        rows = trace.shape[0]
        if trace.shape != (rows, len(table.columns)) or trace.dtype != np.uint32:
            raise ValueError(f"table {table.name}: {trace.dtype} {trace.shape}, not {(rows, len(table.columns))}")
        if trace.size and int(trace.max()) >= P:
            raise ValueError(f"table {table.name}: {int(trace.max())} is not below p")
        heights.append(rows.bit_length() - 1)
        if rows != 1 << heights[-1]:
            raise ValueError(f"table {table.name}: {rows} rows are not a power of two")
    return tuple(heights)


@dataclass(frozen=True, slots=True)
class Level:
    """The tables of one height while they are proven."""

    log_rows: int
    tables: list[int]
    bound: int  # coefficients that a committed column may have


def levels_of(stacks: Stacks, heights: Sequence[int], at: Sizes) -> list[Level]:
    """The tables by height, tallest first, in the order of `stacks.heights`."""
    return [
        Level(
            height.log_rows,
            [t for t, log_rows in enumerate(heights) if log_rows == height.log_rows],
            at.degree_bound >> (at.log_rows - height.log_rows),
        )
        for height in stacks.heights
    ]


def in_one(traces: Sequence[Words]) -> Words:
    """Canonical traces of one height side by side, in Montgomery form.

    A trace may be held by columns, as a table is filled: it is turned here, where it is copied anyhow.
    """
    rows = len(traces[0])
    ends = list(accumulate(trace.shape[1] for trace in traces))
    matrix = field.empty(rows, ends[-1])
    for trace, end in zip(traces, ends, strict=True):
        columns, by_column = trace.shape[1], trace.flags.f_contiguous and not trace.flags.c_contiguous
        held = trace.T if by_column else np.ascontiguousarray(trace)
        over_ranges(
            put_columns if by_column else put_rows, -(-rows // TOGETHER),
            rows, held.reshape(-1), columns, matrix.reshape(-1), ends[-1], end - columns, grain=16,
        )  # fmt: skip
    return matrix


def masked_columns(
    values: Sequence[Words],
    masks: Sequence[Words],
    stacks: Stacks,
    tree: int,
    degree: int,
    at: Sizes,
    spare: Words | None = None,
) -> tuple[list[Words], Extended]:
    """Masked columns in coefficients, a matrix a height, and the columns of a tree as they are committed.

    values: every height's columns on H; masks: their r. Committed are the columns of the tallest tables and behind them
    those of the others, packed. The first matrix is both: held once, and written where it stays. `spare` is memory for
    values that are kept (`Extended`).
    """
    tallest, *others = values
    low = [interpolated(one, mask) for one, mask in zip(others, masks[1:], strict=True)]
    members = layout(stacks, tree, at.stack).members
    rows, own = len(tallest) + len(masks[0]), tallest.shape[1]
    heights = [rows, *(len(one) * len(families[0]) for one, families in zip(low, members, strict=True))]
    matrix = field.empty(max(heights), own + degree * sum(map(len, members)))
    buffer = field.empty(at.rows, matrix.shape[1])  # before it holds a coset, it serves the interpolation
    interpolated(tallest, masks[0], buffer.reshape(-1)[: tallest.size].reshape(tallest.shape), matrix[:rows, :own])
    matrix[rows:, :own] = 0
    column = own
    for one, families in zip(low, members, strict=True):
        column = pack(one, families, degree, matrix, column)
    return [matrix, *low], Extended(matrix, at, buffer, spare)


def lanes_of(height: Height, share: Share) -> deep.Lanes:
    """The batch by lanes: the factor of every base word of every matrix."""
    here: list[list[list[Ext]]] = []
    ahead: list[list[list[Ext]]] = []
    for part, by, by_ahead in zip(height.trees, share.here, share.ahead, strict=True):
        local = columns_of(part)
        both = [[[ext.ZERO] * len(local) for _ in range(height.lanes)] for _ in range(2)]
        for column, stack, lane in part.placed():
            both[0][lane][local[column]] = by[stack]
            if stack < len(by_ahead):
                both[1][lane][local[column]] = by_ahead[stack]
        here.append([_of_words(factors, part.degree) for factors in both[0]])
        ahead.append([_of_words(factors, part.degree) for factors in both[1]])
    return deep.Lanes(here, ahead, share.claimed_here, share.claimed_ahead)


def _of_words(factors: list[Ext], degree: int) -> list[Ext]:
    """The factor of every base word of columns that have `degree` words each."""
    if degree == 1:
        return factors
    nothing = [ext.ZERO] * EXTENSION_DEGREE  # most factors, for a column is of one lane
    return [word for factor in factors for word in (nothing if factor == ext.ZERO else ext.by_coordinate(factor))]


def recombined(coordinates: Sequence[Ext]) -> list[Ext]:
    """Values of columns over E from those of their five coordinates each."""
    return [ext.recombine(coordinates[i : i + EXTENSION_DEGREE]) for i in range(0, len(coordinates), EXTENSION_DEGREE)]


def public_columns_on_h(description: Description, public: PublicData, heights: Sequence[int]) -> list[Words]:
    """Every table's public columns on the trace domain, zero beyond the given rows, Montgomery form."""
    out = []
    for t, table in enumerate(description.tables):
        matrix = np.zeros((1 << heights[t], len(table.public_columns)), dtype=np.uint32)
        for i in range(len(table.public_columns)):
            values = public.columns[t, i]
            matrix[: len(values), i] = values
        out.append(field.to_mont(matrix))
    return out


def extend_public(columns: Words, shift: int) -> Words:
    """Public columns on the 4 N points on which constraints are evaluated; they hide nothing and have no mask."""
    if columns.shape[1] == 0:
        return columns
    return ntt.coset_lde(ntt.intt(columns), 4 * columns.shape[0], shift)

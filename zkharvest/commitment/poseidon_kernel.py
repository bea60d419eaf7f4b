# mypy: disable-error-code="import-untyped,misc"
"""Poseidon for many inputs at once: permutations, digests, and the columns of the Poseidon table.

Sixteen permutations share a vector. A full round is a 24 x 24 matrix product after 24 cubes. The 23 partial rounds
are taken together: between their cubes everything is linear, so that the input of cube r is a fixed linear form of
the state before them and of the cubes before r, and the state after them one of that state and all cubes. That needs
1,933 products instead of 13,248, and gives the cubes, which are what the table holds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkharvest.commitment.encoding import DIGEST, WIDTH
from zkharvest.commitment.poseidon import FULL_ROUNDS, MDS, PARTIAL_ROUNDS, ROUND_CONSTANTS
from zkharvest.simd import formulas, values
from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import helper, inlined, kernel, types
from zkharvest.simd.lanes import (
    load,
    load_some,
    mul_even,
    odd_down,
    splat,
    splat64,
    splat_at,
    store,
    store_some,
    transpose,
)
from zkharvest.simd.threads import over_ranges
from zkharvest.simd.values import U32, U64, Value, operation
from zkharvest.spec import P

Words = NDArray[np.uint32]

_HALF = FULL_ROUNDS // 2
_CUBES = WIDTH * (1 + _HALF)  # first column of the partial rounds' cubes
_LATE = _CUBES + PARTIAL_ROUNDS  # first column after them
TRACE_COLUMNS = _LATE + WIDTH * _HALF  # inputs | full rounds 1..4 | cubes | full rounds 5..8
_DIGEST_AT = TRACE_COLUMNS + 1  # a multiple of 16, behind the trace
_GRAIN = 16  # groups of sixteen permutations a thread should have at least


# --- constants --------------------------------------------------------------------------------------------------


def _product(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """a @ b mod p, in halves so that sums of a few dozen products fit 64 bits."""
    return (((a >> 16) @ b % P << 16) + (a & 0xFFFF) @ b) % P


def _partial_rounds() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Linear forms in (24 state lanes | 24 places for the cubes | 1): the cubes' inputs and the final state."""
    one = 2 * WIDTH
    state = np.eye(WIDTH, one + 1, dtype=np.int64)
    inputs = np.zeros((WIDTH, one + 1), dtype=np.int64)
    mds = np.array(MDS, dtype=np.int64)
    for r in range(PARTIAL_ROUNDS):
        state[:, one] = (state[:, one] + np.array(ROUND_CONSTANTS[_HALF + r])) % P
        inputs[r] = state[0]
        state[0] = 0
        state[0, WIDTH + r] = 1
        state = _product(mds, state)
    return inputs, state


def _mont(values: NDArray[np.int64]) -> Words:
    return ((values % P << 32) % P).astype(np.uint32).reshape(-1)


_CUBE_INPUTS, _AFTER = _partial_rounds()
_MATRIX = _mont(np.array(MDS, dtype=np.int64))  # (24, 24)
_FROM_STATE = _mont(_CUBE_INPUTS[:, :WIDTH])  # (24, 24), the last row empty
_FROM_CUBES = _mont(_CUBE_INPUTS[:, WIDTH : 2 * WIDTH])  # (24, 24), row r is zero from r on
_CUBE_CONSTANTS = _mont(_CUBE_INPUTS[:, 2 * WIDTH])
_OUT = _mont(_AFTER[:, : 2 * WIDTH])  # (24, 48)
_OUT_CONSTANTS = _mont(_AFTER[:, 2 * WIDTH])
_CONSTANTS = _mont(np.array(ROUND_CONSTANTS, dtype=np.int64))  # (31, 24)


# --- kernels ----------------------------------------------------------------------------------------------------


_Eight = tuple[Value, Value, Value, Value, Value, Value, Value, Value]


@operation()
def _cube(x: Value) -> Value:
    return formulas.mul(formulas.mul(x, x), x)


@operation(types.UniTuple(U64, 8))
def _accumulate(acc: _Eight, x: Value, y: Value, k0: Value, k1: Value, k2: Value, k3: Value) -> tuple[Value, ...]:
    """Add an operand (x, y) times four matrix entries to the even and the odd sums of four rows."""
    products = [values.mul_even(half, k) for k in (k0, k1, k2, k3) for half in (x, y)]
    return tuple(a + b for a, b in zip(acc, products, strict=True))


@operation(types.UniTuple(U64, 8))
def _folded(acc: _Eight) -> tuple[Value, ...]:
    """Room for two more products of residues."""
    return tuple(formulas.fold(a) for a in acc)


@operation(types.UniTuple(U32, 4))
def _reduced(acc: _Eight) -> tuple[Value, ...]:
    """The four rows' residues."""
    return tuple(formulas.redc(acc[k], acc[k + 1]) for k in range(0, 8, 2))


@inlined
def _put(operands: Any, at: Any, x: Any) -> None:
    """An operand of `_multiply`: its even lanes, and its odd lanes moved to even places."""
    store(operands, 32 * at, x)
    store(operands, 32 * at + 16, odd_down(x))


@helper
def _multiply(matrix: Any, columns: Any, operands: Any, out: Any, first: Any) -> None:
    """24 rows of `columns` (even) entries, four rows at a time, times the operands; to out, column `first` on."""
    zero = splat64(np.uint64(0))
    for i in range(0, WIDTH * columns, 4 * columns):
        acc = zero, zero, zero, zero, zero, zero, zero, zero
        i1, i2, i3 = i + columns, i + 2 * columns, i + 3 * columns
        for j in range(0, columns, 2):
            for k in (j, j + 1):
                acc = _accumulate(
                    acc, load(operands, 32 * k), load(operands, 32 * k + 16),
                    splat_at(matrix, i + k), splat_at(matrix, i1 + k),
                    splat_at(matrix, i2 + k), splat_at(matrix, i3 + k),
                )  # fmt: skip
            acc = _folded(acc)
        rows = _reduced(acc)
        to = 16 * (first + i // columns)
        for k in range(4):
            store(out, to + 16 * k, rows[k])


@helper
def _full_round(number: Any, cells: Any, before: Any, after: Any, operands: Any) -> None:
    """The state in columns `before` on, through one full round, to columns `after` on."""
    for i in range(WIDTH):
        x = kb.add(load(cells, 16 * (before + i)), splat_at(_CONSTANTS, WIDTH * number + i))
        _put(operands, i, _cube(x))
    _multiply(_MATRIX, WIDTH, operands, cells, after)


@helper
def _all_partial_rounds(cells: Any, before: Any, state: Any, operands: Any) -> None:
    """The state in columns `before` on, through the partial rounds, to `state`; the cubes to columns _CUBES on."""
    for i in range(WIDTH):
        _put(operands, i, load(cells, 16 * (before + i)))
    _put(operands, 2 * WIDTH - 1, splat(np.uint32(0)))  # the unused place
    _multiply(_FROM_STATE, WIDTH, operands, state, 0)
    for r in range(PARTIAL_ROUNDS):
        e, o = splat64(np.uint64(0)), splat64(np.uint64(0))
        for j in range(r):
            k = splat_at(_FROM_CUBES, WIDTH * r + j)
            e = kb.fold(e + mul_even(load(operands, 32 * (WIDTH + j)), k))
            o = kb.fold(o + mul_even(load(operands, 32 * (WIDTH + j) + 16), k))
        x = kb.add(kb.add(kb.redc(e, o), splat_at(_CUBE_CONSTANTS, r)), load(state, 16 * r))
        cubed = _cube(x)
        store(cells, 16 * (_CUBES + r), cubed)
        _put(operands, WIDTH + r, cubed)
    _multiply(_OUT, 2 * WIDTH, operands, state, 0)
    for i in range(WIDTH):
        store(state, 16 * i, kb.add(load(state, 16 * i), splat_at(_OUT_CONSTANTS, i)))


@kernel
def _run(start: Any, stop: Any, states: Any, first: Any, columns: Any, out: Any, stride: Any) -> None:
    """Permute rows 16 * start .. 16 * stop of `states` (n, 24); write cells first .. first + columns of each.

    `stride` is the distance of two rows of `out`.

    The cells of a row are the 239 trace columns, one gap, and the nine lanes of the digest.
    """
    n = states.size // WIDTH
    memory = np.empty(16 * (_DIGEST_AT + 16) + 16 * WIDTH + 64 * WIDTH + 512 + 16, dtype=np.uint32)
    cells = memory[(-(memory.ctypes.data // 4)) % 16 :]
    state = cells[16 * (_DIGEST_AT + 16) :]
    operands = state[16 * WIDTH :]
    tile = operands[64 * WIDTH :]
    to_mont = splat(np.uint32(kb.R_SQUARED))
    for group in range(start, stop):
        last = n - 1 - 16 * group  # idle lanes repeat the last row
        for lane in range(16):
            row = WIDTH * (16 * group + min(lane, last))
            store(tile, 16 * lane, load(states, row))
            store(tile, 16 * lane + 256, load_some(states, row + 16, np.uint32(0xFF), to_mont))
        transpose(tile, 0)
        transpose(tile, 256)
        for i in range(WIDTH):
            store(cells, 16 * i, kb.mul(load(tile, 16 * i), to_mont))
        for r in range(_HALF):
            _full_round(r, cells, WIDTH * r, WIDTH * (r + 1), operands)
        _all_partial_rounds(cells, WIDTH * _HALF, state, operands)
        # The state after the partial rounds is not part of the trace: it lies where the last full round will write.
        end = _LATE + WIDTH * (_HALF - 1)
        for i in range(WIDTH):
            store(cells, 16 * (end + i), load(state, 16 * i))
        _full_round(_HALF + PARTIAL_ROUNDS, cells, end, _LATE, operands)
        for r in range(1, _HALF):
            number = _HALF + PARTIAL_ROUNDS + r
            _full_round(number, cells, _LATE + WIDTH * (r - 1), _LATE + WIDTH * r, operands)
        for i in range(DIGEST):
            store(cells, 16 * (_DIGEST_AT + i), kb.add(load(cells, 16 * i), load(cells, 16 * (end + i))))
        for block in range(0, columns, 16):
            for i in range(16):
                store(tile, 16 * i, kb.from_mont(load(cells, 16 * min(first + block + i, _DIGEST_AT + 15))))
            transpose(tile, 0)
            bits = np.uint32((1 << min(16, columns - block)) - 1)
            for lane in range(min(16, last + 1)):
                store_some(out, stride * (16 * group + lane) + block, bits, load(tile, 16 * lane))


def _over(states: Words, first: int, columns: int, out: Words | None = None) -> Words:
    rows = np.ascontiguousarray(states, dtype=np.uint32)
    if rows.ndim != 2 or rows.shape[1] != WIDTH:
        raise ValueError(f"not rows of {WIDTH} lanes: {rows.shape}")
    if out is None:
        out = np.empty((rows.shape[0], columns), dtype=np.uint32)
    elif not out.flags.c_contiguous or out.shape[0] != rows.shape[0] or out.shape[1] < columns:
        raise ValueError(f"no room for {(rows.shape[0], columns)} in {out.shape}")
    over_ranges(
        _run, -(-rows.shape[0] // 16), rows.reshape(-1), first, columns, out.reshape(-1), out.shape[1], grain=_GRAIN
    )
    return out


def permute_many(states: Words) -> Words:
    """The permutation of every row (n, 24) of canonical residues."""
    return _over(states, TRACE_COLUMNS - WIDTH, WIDTH)


def compress_many(states: Words) -> Words:
    """The digest (n, 9) of every row (n, 24) of canonical residues."""
    return _over(states, _DIGEST_AT, DIGEST)


def trace_many(states: Words, out: Words | None = None) -> Words:
    """The Poseidon table's columns (n, 239) for inputs (n, 24), canonical residues; into the first columns of `out`.

    24 inputs | the state after each of full rounds 1 to 4, 24 each | the cube of lane 0 in each of the 23 partial
    rounds | the state after each of full rounds 5 to 8. The last 24 are the permutation's output.
    """
    return _over(states, 0, TRACE_COLUMNS, out)

# mypy: disable-error-code="import-untyped,misc,no-any-return"
"""The one compiled interpreter that runs every tape, a block of rows at a time.

A thread owns a workspace of registers, each `BLOCK_ROWS` consecutive rows of one base-field column, small enough
for the second-level cache. Columns are transposed into registers, the instructions run over whole registers (so
that their decoding costs nothing beside the arithmetic), and the results are transposed out. A register is
followed by one more vector, in which a column keeps the row after the block: operands of the next row are the
same register one word further. An extension element is five registers in a row.

Instructions are in `code`, operands are word offsets into the workspace, constants are indices into pools of
Montgomery representatives. `zkharvest.prover.tape` writes the code and documents each instruction's meaning.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkharvest.prover.field import ext_inverse_lanes
from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import helper, inlined, kernel
from zkharvest.simd.lanes import load, load_some, mul_even, odd_down, splat, store, store_some, transpose

BLOCK_ROWS = 256
STRIDE = BLOCK_ROWS + 16  # words of a register

END, ADD, SUB, MUL, ADD_CONST, MUL_CONST, CONST_SUB, FILL, LIN, EXT_LIN, EXT_ADD_LIN, EXT_MUL, EXT_SCALE, EXT_INV = (
    range(14)
)

_R = STRIDE


@inlined
def _odd(x: Any, k: Any) -> Any:
    """The 64-bit products of the odd lanes with a constant: moving x down costs less than moving every constant."""
    return mul_even(odd_down(x), k)


@helper
def _lin(work: Any, rows: Any, code: Any, at: Any, pool: Any) -> None:
    """d = c + sum k_t a_t; two terms between two folds, so their number is even, and not 0."""
    d, constant, end = code[at], splat(pool[code[at + 1]]), at + 3 + 2 * code[at + 2]
    for v in range(0, rows, 32):
        k, m = splat(pool[code[at + 4]]), splat(pool[code[at + 6]])
        x, y = load(work, code[at + 3] + v), load(work, code[at + 3] + v + 16)
        e0, o0, e1, o1 = mul_even(x, k), _odd(x, k), mul_even(y, k), _odd(y, k)
        x, y = load(work, code[at + 5] + v), load(work, code[at + 5] + v + 16)
        e0, o0, e1, o1 = e0 + mul_even(x, m), o0 + _odd(x, m), e1 + mul_even(y, m), o1 + _odd(y, m)
        for t in range(at + 7, end, 4):
            k, m = splat(pool[code[t + 1]]), splat(pool[code[t + 3]])
            x, y = load(work, code[t] + v), load(work, code[t] + v + 16)
            e0, o0 = kb.fold(e0) + mul_even(x, k), kb.fold(o0) + _odd(x, k)
            e1, o1 = kb.fold(e1) + mul_even(y, k), kb.fold(o1) + _odd(y, k)
            x, y = load(work, code[t + 2] + v), load(work, code[t + 2] + v + 16)
            e0, o0, e1, o1 = e0 + mul_even(x, m), o0 + _odd(x, m), e1 + mul_even(y, m), o1 + _odd(y, m)
        store(work, d + v, kb.add(kb.redc_wide(e0, o0), constant))
        store(work, d + v + 16, kb.add(kb.redc_wide(e1, o1), constant))


@inlined
def _five(ext: Any, index: Any) -> Any:
    return (
        splat(ext[index]),
        splat(ext[index + 1]),
        splat(ext[index + 2]),
        splat(ext[index + 3]),
        splat(ext[index + 4]),
    )


@inlined
def _five_even(x: Any, k: Any) -> Any:
    return mul_even(x, k[0]), mul_even(x, k[1]), mul_even(x, k[2]), mul_even(x, k[3]), mul_even(x, k[4])


@inlined
def _five_odd(x: Any, k: Any) -> Any:
    return _five_even(odd_down(x), k)


@inlined
def _added(a: Any, b: Any) -> Any:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4]


@inlined
def _folded(a: Any) -> Any:
    return kb.fold(a[0]), kb.fold(a[1]), kb.fold(a[2]), kb.fold(a[3]), kb.fold(a[4])


@helper
def _ext_lin(work: Any, rows: Any, code: Any, at: Any, ext: Any, onto: Any) -> None:
    """d = E + sum e_t a_t (or d += ...) with extension constants e_t and base registers a_t.

    Two terms between two folds: their number is even, and not 0.
    """
    d, end = code[at], at + 3 + 2 * code[at + 2]
    for v in range(0, rows, 16):
        k, x = _five(ext, code[at + 4]), load(work, code[at + 3] + v)
        even, odd = _five_even(x, k), _five_odd(x, k)
        k, x = _five(ext, code[at + 6]), load(work, code[at + 5] + v)
        even, odd = _added(even, _five_even(x, k)), _added(odd, _five_odd(x, k))
        for t in range(at + 7, end, 4):
            k, x = _five(ext, code[t + 1]), load(work, code[t] + v)
            even, odd = _added(_folded(even), _five_even(x, k)), _added(_folded(odd), _five_odd(x, k))
            k, x = _five(ext, code[t + 3]), load(work, code[t + 2] + v)
            even, odd = _added(even, _five_even(x, k)), _added(odd, _five_odd(x, k))
        k = _load_ext(work, d + v) if onto else _five(ext, code[at + 1])
        _store_ext(
            work,
            d + v,
            (
                kb.add(kb.redc_wide(even[0], odd[0]), k[0]),
                kb.add(kb.redc_wide(even[1], odd[1]), k[1]),
                kb.add(kb.redc_wide(even[2], odd[2]), k[2]),
                kb.add(kb.redc_wide(even[3], odd[3]), k[3]),
                kb.add(kb.redc_wide(even[4], odd[4]), k[4]),
            ),
        )


@inlined
def _load_ext(work: Any, at: Any) -> Any:
    return (
        load(work, at),
        load(work, at + _R),
        load(work, at + 2 * _R),
        load(work, at + 3 * _R),
        load(work, at + 4 * _R),
    )


@inlined
def _store_ext(work: Any, at: Any, value: Any) -> None:
    store(work, at, value[0])
    store(work, at + _R, value[1])
    store(work, at + 2 * _R, value[2])
    store(work, at + 3 * _R, value[3])
    store(work, at + 4 * _R, value[4])


@helper
def _run_block(work: Any, rows: Any, code: Any, pool: Any, ext: Any, scratch: Any, zero_seen: Any) -> None:
    at = 0
    while True:
        op = code[at]
        if op == LIN:
            _lin(work, rows, code, at + 1, pool)
            at += 4 + 2 * code[at + 3]
            continue
        if op in (EXT_LIN, EXT_ADD_LIN):
            _ext_lin(work, rows, code, at + 1, ext, op == EXT_ADD_LIN)
            at += 4 + 2 * code[at + 3]
            continue
        if op == END:
            return
        d, a, b = code[at + 1], code[at + 2], code[at + 3]
        at += 4
        if op == ADD:
            for v in range(0, rows, 16):
                store(work, d + v, kb.add(load(work, a + v), load(work, b + v)))
        elif op == SUB:
            for v in range(0, rows, 16):
                store(work, d + v, kb.sub(load(work, a + v), load(work, b + v)))
        elif op == MUL:
            for v in range(0, rows, 16):
                store(work, d + v, kb.mul(load(work, a + v), load(work, b + v)))
        elif op == ADD_CONST:
            k = splat(pool[b])
            for v in range(0, rows, 16):
                store(work, d + v, kb.add(load(work, a + v), k))
        elif op == MUL_CONST:
            k = splat(pool[b])
            for v in range(0, rows, 16):
                store(work, d + v, kb.mul(load(work, a + v), k))
        elif op == CONST_SUB:
            k = splat(pool[b])
            for v in range(0, rows, 16):
                store(work, d + v, kb.sub(k, load(work, a + v)))
        elif op == FILL:
            k = splat(pool[b])
            for v in range(0, rows, 16):
                store(work, d + v, k)
        elif op == EXT_MUL:
            for v in range(0, rows, 16):
                _store_ext(work, d + v, kb.ext_mul(_load_ext(work, a + v), _load_ext(work, b + v)))
        elif op == EXT_SCALE:
            for v in range(0, rows, 16):
                k = load(work, b + v)
                x0, x1, x2, x3, x4 = _load_ext(work, a + v)
                scaled = (kb.mul(x0, k), kb.mul(x1, k), kb.mul(x2, k), kb.mul(x3, k), kb.mul(x4, k))
                _store_ext(work, d + v, scaled)
        elif op == EXT_INV:
            for v in range(0, rows, 16):
                x = _load_ext(work, a + v)
                store(scratch, 0, x[0] | x[1] | x[2] | x[3] | x[4])
                for lane in range(16):
                    if scratch[lane] == 0:
                        zero_seen[0] = 1
                _store_ext(work, d + v, ext_inverse_lanes(x))


@helper
def _bring(work: Any, base: Any, scratch: Any, source: Any, at: Any, step: Any, width: Any, rows: Any) -> None:
    """Transpose `rows` rows of `width` words, at most 16, `step` words apart, into consecutive registers."""
    zero = splat(np.uint32(0))
    bits = np.uint32((1 << width) - 1)
    for r in range(0, rows, 16):
        for k in range(16):
            store(scratch, 16 * k, load_some(source, at + (r + k) * step, bits, zero))
        transpose(scratch, 0)
        for k in range(16):
            store(work, base + k * _R + r, load(scratch, 16 * k))


@helper
def _take(work: Any, base: Any, scratch: Any, out: Any, at: Any, step: Any, width: Any, rows: Any) -> None:
    """The reverse: consecutive registers to `rows` rows of `width` words, `step` words apart."""
    for c in range(0, width, 16):
        bits = np.uint32((1 << min(16, width - c)) - 1)
        for r in range(0, rows, 16):
            for k in range(16):
                store(scratch, 16 * k, load(work, base + (c + k) * _R + r))
            transpose(scratch, 0)
            for k in range(16):
                store_some(out, at + (r + k) * step + c, bits, load(scratch, 16 * k))


@kernel
def run(
    start: Any, stop: Any, height: Any, code: Any, pool: Any, ext: Any, registers: Any,
    m0: Any, m1: Any, m2: Any, m3: Any, layout: Any, loads: Any, nexts: Any, out: Any, target: Any, zero_seen: Any,
) -> None:  # fmt: skip
    """Run a tape on blocks start..stop of a view of `height` rows.

    `layout[s]` describes source s: the word offset of its first row's first column, the words between consecutive
    rows of the view. `loads` lists (source, register offset, column, columns) of what is brought, `nexts` (source,
    register offset, column) of columns read on the next row. `target` describes the result in `out`: its first
    register's offset, then what `layout` has, its width. `zero_seen` is set when a zero is inverted.
    """
    work = np.empty(registers * STRIDE + 16, dtype=np.uint32)
    skip = -(np.int64(work.ctypes.data) // 4) % 16
    work = work[skip:]
    scratch = np.empty(256, dtype=np.uint32)
    for block in range(start, stop):
        first = block * BLOCK_ROWS
        rows = min(BLOCK_ROWS, height - first)
        after = (first + rows) % height
        for k in range(loads.shape[0]):
            s, base, column, columns = loads[k, 0], loads[k, 1], loads[k, 2], loads[k, 3]
            source = m0 if s == 0 else m1 if s == 1 else m2 if s == 2 else m3
            at, step = layout[s, 0], layout[s, 1]
            _bring(work, base, scratch, source, at + first * step + column, step, columns, rows)
        for k in range(nexts.shape[0]):
            s = nexts[k, 0]
            source = m0 if s == 0 else m1 if s == 1 else m2 if s == 2 else m3
            work[nexts[k, 1] + rows] = source[layout[s, 0] + after * layout[s, 1] + nexts[k, 2]]
        _run_block(work, rows, code, pool, ext, scratch, zero_seen)
        base, at, step, columns = target[0], target[1], target[2], target[3]
        _take(work, base, scratch, out, at + first * step, step, columns, rows)

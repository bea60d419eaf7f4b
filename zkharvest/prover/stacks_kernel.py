# mypy: disable-error-code="import-untyped,misc"
"""Compiled code of stacks: rows of columns to rows of stacks, and blocks of these to the digests of their leaves.

Blocks are for machines that hash a message or two at a time; elsewhere both are done in lanes (`stacks_lanes`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkharvest.prover.sha256 import SALT_BYTES, hash_messages
from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import helper, kernel
from zkharvest.simd.lanes import load, load_some, splat, splat_at, store

BLOCK_WORDS = 1 << 16
"""Words of stacks that are made before they are hashed: 256 KiB, so that they are still in a core's cache."""


@helper
def quarter(a0: Any, a1: Any, a2: Any, a3: Any, root: Any) -> Any:
    """sum_i root^(s i) a_i for s = 0..3, root of order 4; Montgomery form or not, but the root is in it."""
    e0, e1 = kb.add(a0, a2), kb.sub(a0, a2)
    o0, o1 = kb.add(a1, a3), kb.mul(a1 - a3 + splat(np.uint32(kb.P)), root)
    return kb.add(e0, o0), kb.add(e1, o1), kb.sub(e0, o0), kb.sub(e1, o1)


@helper
def _line_up(matrix: Any, at: Any, copies: Any, line: Any) -> None:
    """The row of `matrix` that begins at `at`, to `line`: lane by lane as its columns stand in the stacks.

    Runs of columns are copied rather than gathered word by word, which takes most processors nine times as long. What
    a copy writes past its own words is overwritten by the next one.
    """
    for c in range(0, copies.size, 3):
        source, bits = at + copies[c + 1], np.uint32(copies[c + 2])
        if bits == 0xFFFF:
            store(line, copies[c], load(matrix, source))
        else:
            store(line, copies[c], load_some(matrix, source, bits, splat(np.uint32(0))))


@helper
def _stack_rows(
    start: Any, stop: Any, matrix: Any, columns: Any, copies: Any, width: Any, stack: Any, points: Any, first: Any,
    step: Any, roots: Any, line: Any, out: Any, base: Any, total: Any,
) -> None:  # fmt: skip
    """Rows start..stop of `matrix`: out[base + (s * total + row - start) * width ...] for the points s above each.

    The arguments are those of `stack_chosen`; `points` is read at row first + step * row, `line` has room for a row.
    """
    i4 = splat(roots[stack // 4])
    for row in range(start, stop):
        _line_up(matrix, row * columns, copies, line)
        p = (first + step * row) * stack
        to = base + (row - start) * width
        t1, t2, t3 = splat_at(points, p + 1), splat_at(points, p + 2), splat_at(points, p + 3)
        if stack == 4:
            for g in range(0, width, 16):
                y0, y1, y2, y3 = quarter(
                    load(line, g),
                    kb.mul(load(line, width + g), t1),
                    kb.mul(load(line, 2 * width + g), t2),
                    kb.mul(load(line, 3 * width + g), t3),
                    i4,
                )
                store(out, to + g, y0)
                store(out, to + total * width + g, y1)
                store(out, to + 2 * total * width + g, y2)
                store(out, to + 3 * total * width + g, y3)
        else:
            t4, t5 = splat_at(points, p + 4), splat_at(points, p + 5)
            t6, t7 = splat_at(points, p + 6), splat_at(points, p + 7)
            for g in range(0, width, 16):
                e0, e1, e2, e3 = quarter(
                    load(line, g),
                    kb.mul(load(line, 2 * width + g), t2),
                    kb.mul(load(line, 4 * width + g), t4),
                    kb.mul(load(line, 6 * width + g), t6),
                    i4,
                )
                o0, o1, o2, o3 = quarter(
                    kb.mul(load(line, width + g), t1),
                    kb.mul(load(line, 3 * width + g), t3),
                    kb.mul(load(line, 5 * width + g), t5),
                    kb.mul(load(line, 7 * width + g), t7),
                    i4,
                )
                o1, o2, o3 = kb.mul(o1, splat(roots[1])), kb.mul(o2, splat(roots[2])), kb.mul(o3, splat(roots[3]))
                store(out, to + g, kb.add(e0, o0))
                store(out, to + total * width + g, kb.add(e1, o1))
                store(out, to + 2 * total * width + g, kb.add(e2, o2))
                store(out, to + 3 * total * width + g, kb.add(e3, o3))
                store(out, to + 4 * total * width + g, kb.sub(e0, o0))
                store(out, to + 5 * total * width + g, kb.sub(e1, o1))
                store(out, to + 6 * total * width + g, kb.sub(e2, o2))
                store(out, to + 7 * total * width + g, kb.sub(e3, o3))


@kernel
def stack_chosen(
    start: Any, stop: Any, matrix: Any, columns: Any, copies: Any, width: Any, stack: Any, points: Any, roots: Any,
    total: Any, out: Any,
) -> None:  # fmt: skip
    """Rows start..stop: out[s, row, :] for the `stack` points above each row.

    `copies` says how to lay a row out lane by lane, width words each: triples of where to, where from, and the bits of
    the words that are there, at most 16. `points` is (rows, stack) with t^i, `roots` has u^0 to u^(k-1); `out` is
    (stack, total, width), width a multiple of 16.
    """
    line = np.empty(stack * width + 16, dtype=np.uint32)
    _stack_rows(
        start, stop, matrix, columns, copies, width, stack, points, 0, 1, roots, line, out, start * width, total
    )  # fmt: skip


@kernel
def hash_stacked(
    start: Any, stop: Any, rows: Any, block: Any, matrix: Any, columns: Any, copies: Any, width: Any, words: Any,
    stack: Any, points: Any, first: Any, step: Any, roots: Any, size: Any, salts: Any, extra: Any, extra_words: Any,
    digests: Any,
) -> None:  # fmt: skip
    """Leaf digests of blocks start..stop of `block` rows, without the rows of stacks ever being written to memory.

    Row i of `matrix` (`rows` of them) is row first + step * i of the columns' coset, of `size` rows; the leaf above it
    on point s has number s * size + that. `salts`, `extra` (0 for none) and `digests` are addresses: a leaf's salt, its
    `extra_words` more words and its digest stand at its number.
    """
    memory = np.empty(stack * block * width + 16, dtype=np.uint32)
    line = np.empty(stack * width + 16, dtype=np.uint32)
    base = (-(memory.ctypes.data // 4)) % 16
    parts = 3 if extra_words else 2
    addresses, strides, widths = (
        np.empty(parts, dtype=np.int64), np.empty(parts, dtype=np.int64), np.empty(parts, dtype=np.int64),
    )  # fmt: skip
    strides[0], widths[0] = SALT_BYTES * step, SALT_BYTES // 4
    strides[1], widths[1] = 4 * width, words
    if extra_words:
        strides[2], widths[2] = 4 * extra_words * step, extra_words
    for b in range(start, stop):
        low, high = b * block, min((b + 1) * block, rows)
        _stack_rows(
            low, high, matrix, columns, copies, width, stack, points, first, step, roots, line, memory, base, block
        )  # fmt: skip
        for s in range(stack):
            leaf = s * size + first + step * low
            addresses[0] = salts + SALT_BYTES * leaf
            addresses[1] = memory.ctypes.data + 4 * (base + s * block * width)
            if extra_words:
                addresses[2] = extra + 4 * extra_words * leaf
            count = high - low
            hash_messages(
                0, (count + 31) // 32, count, 0, SALT_BYTES // 4, addresses, strides, widths, digests + 32 * leaf,
                32 * step,
            )  # fmt: skip


@kernel
def pack_rows(start: Any, stop: Any, source: Any, words: Any, sources: Any, out: Any, width: Any, place: Any) -> None:
    """Rows start..stop of short columns (rows, words) to as many rows of packed ones as `sources` has rows, each.

    `sources` (short, count) has the word of a row that each word to make is, -1 for a zero; they go to columns
    place, ... of `out`, of `width` columns.
    """
    short, count = sources.shape
    for row in range(start, stop):
        for m in range(short):
            to = (row * short + m) * width + place
            for k in range(count):
                word = sources[m, k]
                out[to + k] = source[row * words + word] if word >= 0 else np.uint32(0)

# mypy: disable-error-code="import-untyped,misc"
"""Stacks made and hashed in the lanes of vectors: a lane is a row of columns, and a leaf above it.

A tile is sixteen words of sixteen rows, as they stand in one block of the messages, turned so that a vector has one
word of all rows. The transform of k points of such vectors gives the same word of k x 16 leaves, which goes straight to
their compressions: what is in work stays in the first-level cache, and the next rows come there meanwhile. The powers
t^i are vectors too. They are taken out of Montgomery form, and with them the products are: only words of the first lane
are left to convert.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkharvest.prover.sha256 import DIGEST_BYTES, SALT_BYTES
from zkharvest.prover.sha256_lanes import absorb, start_again
from zkharvest.prover.stacks_kernel import quarter
from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import helper, kernel
from zkharvest.simd.lanes import byteswap, load, load_some, prefetch_at, splat, store, store_some, transpose

_SALT, _DIGEST = SALT_BYTES // 4, DIGEST_BYTES // 4
_TILE = 256
_STREAM = 17 * 16  # of a leaf's block of words, and the word before it


@helper
def _take(matrix: Any, at: Any, apart: Any, count: Any, bits: Any, tile: Any, to: Any) -> None:
    """The words in `bits` of the sixteen at at, at + apart, ... to a tile, and turn it; row `count - 1` is repeated."""
    zero = splat(np.uint32(0))
    for row in range(16):
        store(tile, to + 16 * row, load_some(matrix, at + min(row, count - 1) * apart, bits, zero))
        prefetch_at(matrix, at + (row + 16) * apart)
    transpose(tile, to)


@helper
def _tile(matrix: Any, at: Any, columns: Any, count: Any, runs: Any, first: Any, last: Any, tile: Any, to: Any) -> None:
    """Rows of sixteen words that are pieced together of runs first..last, turned."""
    zero = splat(np.uint32(0))
    if first == last:
        for row in range(16):
            store(tile, to + 16 * row, zero)
        return
    for r in range(first, last):
        source, bits = at + runs[2 * r], np.uint32(runs[2 * r + 1])
        for row in range(16):
            here = source + min(row, count - 1) * columns
            other = zero if r == first else load(tile, to + 16 * row)
            store(tile, to + 16 * row, load_some(matrix, here, bits, other))
    transpose(tile, to)


@helper
def _times(tile: Any, at: Any, powers: Any, i: Any) -> Any:
    """A word of lane i, times t^i."""
    return kb.mul_by(load(tile, _TILE * i + at), load(powers, 16 * i), load(powers, _TILE + 16 * i))


@helper
def _above(
    tile: Any, low: Any, high: Any, powers: Any, stack: Any, roots: Any, streams: Any, matrix: Any, ahead: Any
) -> None:  # fmt: skip
    """Words low..high of the tiles of all lanes: what they make above the rows, at the same places of every stream.

    Meanwhile `stack` cache lines a word are asked for, from `ahead` on.
    """
    i4 = splat(roots[stack // 4])
    for t in range(low, high):
        at, to = 16 * t, 16 * t + 16
        for line in range(stack):
            prefetch_at(matrix, ahead + 16 * (stack * t + line))
        x0 = kb.from_mont(load(tile, at))
        if stack == 4:
            y0, y1, y2, y3 = quarter(
                x0, _times(tile, at, powers, 1), _times(tile, at, powers, 2), _times(tile, at, powers, 3), i4
            )  # fmt: skip
            store(streams, to, byteswap(y0))
            store(streams, _STREAM + to, byteswap(y1))
            store(streams, 2 * _STREAM + to, byteswap(y2))
            store(streams, 3 * _STREAM + to, byteswap(y3))
        else:
            e0, e1, e2, e3 = quarter(
                x0, _times(tile, at, powers, 2), _times(tile, at, powers, 4), _times(tile, at, powers, 6), i4
            )  # fmt: skip
            o0, o1, o2, o3 = quarter(
                _times(tile, at, powers, 1), _times(tile, at, powers, 3), _times(tile, at, powers, 5),
                _times(tile, at, powers, 7), i4,
            )  # fmt: skip
            o1, o2, o3 = kb.mul(o1, splat(roots[1])), kb.mul(o2, splat(roots[2])), kb.mul(o3, splat(roots[3]))
            store(streams, to, byteswap(kb.add(e0, o0)))
            store(streams, _STREAM + to, byteswap(kb.add(e1, o1)))
            store(streams, 2 * _STREAM + to, byteswap(kb.add(e2, o2)))
            store(streams, 3 * _STREAM + to, byteswap(kb.add(e3, o3)))
            store(streams, 4 * _STREAM + to, byteswap(kb.sub(e0, o0)))
            store(streams, 5 * _STREAM + to, byteswap(kb.sub(e1, o1)))
            store(streams, 6 * _STREAM + to, byteswap(kb.sub(e2, o2)))
            store(streams, 7 * _STREAM + to, byteswap(kb.sub(e3, o3)))


@kernel
def hash_in_lanes(
    start: Any, stop: Any, rows: Any, matrix: Any, columns: Any, runs: Any, firsts: Any, words: Any, stack: Any,
    points: Any, first: Any, step: Any, roots: Any, size: Any, salts: Any, extra: Any, extra_words: Any, digests: Any,
) -> None:  # fmt: skip
    """Leaf digests of rows 16 * start .. 16 * stop of `matrix` (less if `rows` end before).

    Row i is row first + step * i of the columns' coset, of `size` rows; the leaf above it on point s has number
    s * size + that. `salts`, `extra` and `digests` have, leaf after leaf, a leaf's salt, its `extra_words` more words
    and its digest, all as words; `points` (size, stack) has t^i, `roots` u^0 to u^(k-1).

    `runs` and `firsts` say how the tiles of a row are pieced together (`stacks.runs_of`).
    """
    total = _SALT + words + extra_words
    blocks, tiles = (4 * total + 1 + 9 + 63) // 64, (_SALT + words + 15) // 16
    held = extra_words * stack * 16
    room = 2048 + 128 * stack + (_STREAM + _TILE + 64) * stack + 2 * _TILE + held
    memory = np.empty(room + 16, dtype=np.uint32)
    w = memory[(-(memory.ctypes.data // 4)) % 16 :]
    states = w[2048:]
    streams = states[128 * stack :]
    tile = streams[_STREAM * stack :]
    salted = tile[_TILE * stack :]
    powers = salted[64 * stack :]
    more = powers[2 * _TILE :]
    for group in range(start, stop):
        count = min(16, rows - 16 * group)
        place = first + 16 * group * step
        _take(points, place * stack, step * stack, count, np.uint32((1 << stack) - 1), powers, 0)
        for i in range(stack):
            power = kb.from_mont(load(powers, 16 * i))
            store(powers, 16 * i, power)
            store(powers, _TILE + 16 * i, power * splat(np.uint32(kb.P_INVERSE)))
        for s in range(stack):
            leaf = s * size + place
            _take(salts, _SALT * leaf, _SALT * step, count, np.uint32((1 << _SALT) - 1), tile, 0)
            for t in range(_SALT):
                store(salted, 64 * s + 16 * t, byteswap(load(tile, 16 * t)))
            for t in range(0, extra_words, 16):
                some = min(16, extra_words - t)
                at = extra_words * leaf + t
                _take(extra, at, extra_words * step, count, np.uint32((1 << some) - 1), tile, 0)
                for k in range(some):
                    store(more, (extra_words * s + t + k) * 16, byteswap(kb.from_mont(load(tile, 16 * k))))
            store(streams, _STREAM * s, splat(np.uint32(0)))  # the prefix of leaves
            for row in range(count):
                prefetch_at(digests, _DIGEST * (leaf + row * step))
        start_again(states, stack // 2)
        for block in range(blocks):
            if block < tiles:
                for i in range(stack):
                    one = tiles * i + block
                    _tile(
                        matrix, 16 * group * columns, columns, count, runs, firsts[one], firsts[one + 1], tile,
                        _TILE * i,
                    )  # fmt: skip
                low, high = max(0, _SALT - 16 * block), min(16, _SALT + words - 16 * block)
                ahead = 16 * ((group + 1) * columns + (16 * block - _SALT) * stack)
                _above(tile, low, high, powers, stack, roots, streams, matrix, ahead)
            for t in range(16):
                z = 16 * block + t
                if _SALT <= z < _SALT + words:
                    continue
                for s in range(stack):
                    to = _STREAM * s + 16 * t + 16
                    if z < _SALT:
                        store(streams, to, load(salted, 64 * s + 16 * z))
                    elif z < total:
                        store(streams, to, load(more, (extra_words * s + z - _SALT - words) * 16))
                    elif block == blocks - 1 and t == 15:  # the length in bits, below 2^24
                        store(streams, to, splat(np.uint32((32 * total + 8) << 8)))
                    else:
                        store(streams, to, splat(np.uint32(0x80000000 if z == total else 0)))
            for pair in range(stack // 2):
                absorb(streams, 2 * _STREAM * pair, states, 256 * pair, w)
        for pair in range(stack // 2):
            for k in range(16):
                store(tile, 16 * k, byteswap(load(states, 256 * pair + 32 * (k % 8) + 16 * (k // 8))))
            transpose(tile, 0)
            leaf = 2 * pair * size + place
            for row in range(count):
                digest = load(tile, 16 * row)
                store_some(digests, _DIGEST * (leaf + row * step), np.uint32(0xFF), digest)
                store_some(digests, _DIGEST * (leaf + size + row * step - 1), np.uint32(0xFF00), digest)

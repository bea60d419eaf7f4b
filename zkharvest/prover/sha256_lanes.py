# mypy: disable-error-code="import-untyped,misc"
"""Leaf and node hashes of 32 messages at once, in the lanes of two vectors: for any machine.

The one-byte prefix shifts everything by a byte, so message word t is pieced together from the words Z of the
unshifted stream: (Z[t-1] << 24) | (Z[t] >> 8), with the prefix as Z[-1].
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import helper, kernel
from zkharvest.simd.lanes import (
    byteswap,
    load,
    load_some_at,
    prefetch,
    shl,
    shr,
    splat,
    splat_at,
    store,
    store_word_at,
    transpose,
)
from zkharvest.simd.sha256 import START, compress


@helper
def _runs(block: Any, widths: Any, parts: Any, columns: Any, bits: Any) -> Any:
    """Where the sixteen words of a block come from; returns the number of runs.

    Run r: column columns[r] + lane of part parts[r], for the lanes in bits[r].
    """
    count, first = 0, 0
    for part in range(widths.size):
        low, high = max(first, 16 * block), min(first + widths[part], 16 * block + 16)
        if low < high:
            parts[count], columns[count] = part, 16 * block - first
            bits[count] = np.uint32(((1 << (high - low)) - 1) << (low - 16 * block))
            count += 1
        first += widths[part]
    return count


@helper
def start_again(states: Any, count: Any) -> None:
    """The state before the first block for `count` times 32 messages, 256 words each."""
    for at in range(0, 256 * count, 256):
        for k in range(8):
            store(states, at + 32 * k, splat_at(START, k))
            store(states, at + 32 * k + 16, splat_at(START, k))


@helper
def absorb(streams: Any, at: Any, states: Any, state: Any, w: Any) -> None:
    """A block of each of 32 messages: from two streams of 17 vectors at `at` to the state at `state`.

    A stream has words of sixteen messages, the first byte on top, as if the prefix were not there. The vector before
    the block's sixteen has the words before it, since the prefix moves everything by a byte; it is left ready for the
    next block.
    """
    for t in range(16):
        here = at + 16 * t
        store(w, 32 * t, shl(load(streams, here), 24) | shr(load(streams, here + 16), 8))
        store(w, 32 * t + 16, shl(load(streams, here + 272), 24) | shr(load(streams, here + 288), 8))
    store(streams, at, load(streams, at + 256))
    store(streams, at + 272, load(streams, at + 528))
    compress(states, state, w)


@kernel
def hash_lanes(
    start: Any, stop: Any, count: Any, prefix: Any, raw: Any,
    addresses: Any, strides: Any, widths: Any, out: Any, step: Any,
) -> None:  # fmt: skip
    """Digests of messages 32 * start .. 32 * stop (less if `count` ends before).

    Message i is the prefix byte and the words of all parts' row i; part k's row i is at addresses[k] +
    i * strides[k]. The first `raw` words are bytes as they are, the others field elements in Montgomery form. The
    digest goes to out + i * step.
    """
    words = widths.sum()
    blocks = (4 * words + 1 + 9 + 63) // 64
    memory = np.empty(2048 + 512 + 512 + 16, dtype=np.uint32)
    w = memory[(-(memory.ctypes.data // 4)) % 16 :]
    tile, state = w[2048:], w[2560:]
    parts, columns = np.empty(16, dtype=np.int64), np.empty(16, dtype=np.int64)
    bits = np.empty(16, dtype=np.uint32)
    for group in range(start, stop):
        last = count - 1 - 32 * group  # idle lanes repeat the last message
        for k in range(8):
            store(state, 32 * k, splat_at(START, k))
            store(state, 32 * k + 16, splat_at(START, k))
        before_low = before_high = splat(np.uint32(prefix))
        for block in range(blocks):
            runs = _runs(block, widths, parts, columns, bits)
            for lane in range(32):
                i = 32 * group + min(lane, last)
                value = splat(np.uint32(0))
                for r in range(runs):
                    k = parts[r]
                    at = addresses[k] + i * strides[k] + 4 * columns[r]
                    value = value | load_some_at(at, bits[r])
                    prefetch(at + 32 * strides[k])  # the next group, while this one is worked on
                store(tile, 16 * lane, value)
            transpose(tile, 0)
            transpose(tile, 256)
            for t in range(16):
                z = 16 * block + t
                low, high = load(tile, 16 * t), load(tile, 16 * t + 256)
                if z < raw:
                    low, high = byteswap(low), byteswap(high)
                elif z < words:
                    low, high = byteswap(kb.from_mont(low)), byteswap(kb.from_mont(high))
                else:
                    low = high = splat(np.uint32(0x80000000 if z == words else 0))
                store(w, 32 * t, shl(before_low, 24) | shr(low, 8))
                store(w, 32 * t + 16, shl(before_high, 24) | shr(high, 8))
                before_low, before_high = low, high
            if block == blocks - 1:  # the length in bits, below 2^32
                store(w, 32 * 15, splat(np.uint32(32 * words + 8)))
                store(w, 32 * 15 + 16, splat(np.uint32(32 * words + 8)))
            compress(state, 0, w)
        for k in range(8):
            store(tile, 16 * k, byteswap(load(state, 32 * k)))
            store(tile, 16 * k + 256, byteswap(load(state, 32 * k + 16)))
        transpose(tile, 0)
        transpose(tile, 256)
        for lane in range(min(32, last + 1)):
            for k in range(8):
                store_word_at(out + (32 * group + lane) * step + 4 * k, tile[16 * lane + k])

# mypy: disable-error-code="import-untyped,misc"
"""Leaf and node hashes by the SHA instructions of x86 processors, two messages side by side.

A message is written out as its bytes first, in a buffer that stays in the first-level cache: row words are converted
sixteen at a time and stored where they belong, one byte off any alignment.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import helper, kernel
from zkharvest.simd.lanes import load_some_at, splat, store_at, store_word_at
from zkharvest.simd.sha256_x86 import FIRST, ORDER, compress_pair, swapped


@helper
def _write(message: Any, end: Any, i: Any, prefix: Any, raw: Any, addresses: Any, strides: Any, widths: Any) -> None:
    """Message i with its padding, `end` bytes, to a buffer with room for another 128.

    Whole vectors are stored: what goes past a part's end is overwritten by the next part, or by the padding.
    """
    to = message.ctypes.data + 1
    first = 0
    for k in range(widths.size):
        row, width = addresses[k] + i * strides[k], widths[k]
        for column in range(0, width, 16):
            at = row + 4 * column
            last = np.uint32((1 << (width - column)) - 1) if width - column < 16 else np.uint32(0xFFFF)
            value = load_some_at(at, last)
            store_at(to + 4 * (first + column), value if first < raw else kb.from_mont(value))
        first += width
    for at in range(to + 4 * first, message.ctypes.data + end, 64):
        store_at(at, splat(np.uint32(0)))
    message[0] = prefix
    message[4 * first + 1] = 0x80
    bits = 32 * first + 8
    for k in range(4):
        message[end - 1 - k] = (bits >> (8 * k)) & 0xFF


@kernel
def hash_pairs(
    start: Any, stop: Any, count: Any, prefix: Any, raw: Any,
    addresses: Any, strides: Any, widths: Any, out: Any, step: Any,
) -> None:  # fmt: skip
    """What `sha256_lanes.hash_lanes` computes; see there for the arguments."""
    end = (4 * widths.sum() + 1 + 9 + 63) // 64 * 64
    first, second = np.empty(end + 128, dtype=np.uint8), np.empty(end + 128, dtype=np.uint8)
    state = np.empty(16, dtype=np.uint32)
    for i in range(32 * start, min(32 * stop, count), 2):
        other = min(i + 1, count - 1)
        _write(first, end, i, prefix, raw, addresses, strides, widths)
        _write(second, end, other, prefix, raw, addresses, strides, widths)
        for k in range(16):
            state[k] = FIRST[k]
        for block in range(0, end, 64):
            compress_pair(state, first.ctypes.data + block, second.ctypes.data + block)
        for k in range(8):
            store_word_at(out + i * step + 4 * ORDER[k], swapped(state[k]))
            store_word_at(out + other * step + 4 * ORDER[k], swapped(state[8 + k]))

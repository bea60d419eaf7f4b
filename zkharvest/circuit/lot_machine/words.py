"""Integers of many bytes as arrays: one row a number, little-endian.

Work goes column by column, so columns are kept contiguous (`order="F"`): otherwise every read fetches a whole row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]


def to_bytes(low: Words, high: Words | None, count: int) -> Ints:
    """(n, count) bytes of low + 2^64 high."""
    n = len(low)
    raw = np.zeros((n, 16), np.uint8)
    raw[:, :8] = np.ascontiguousarray(low, "<u8").view(np.uint8).reshape(n, 8)
    if high is not None:
        raw[:, 8:] = np.ascontiguousarray(high, "<u8").view(np.uint8).reshape(n, 8)
    return raw[:, :count].astype(np.int64, order="F")


def lanes24(octets: Ints) -> Ints:
    """Bytes, three to a lane."""
    n, count = octets.shape
    padded = np.zeros((n, -(-count // 3) * 3), np.int64, order="F")
    padded[:, :count] = octets
    lanes: Ints = padded[:, 0::3] + (padded[:, 1::3] << 8) + (padded[:, 2::3] << 16)
    return lanes


def from_lanes24(lanes: Ints, count: int) -> Ints:
    """The inverse of `lanes24`, cut to `count` bytes."""
    n, k = lanes.shape
    octets = np.empty((n, 3 * k), np.int64, order="F")
    for j in range(3):
        octets[:, j::3] = (lanes >> (8 * j)) & 255
    return octets[:, :count]


def limbs15(values: Ints) -> Ints:
    """(n, 3) limbs of 15 bits."""
    return np.stack([(values >> (15 * i)) & 0x7FFF for i in range(3)]).T


def compare(x: Ints, y: Ints) -> tuple[Ints, Ints]:
    """Marks of the first differing lane of (n, k) rows, most significant first, and y - x there (0 if equal)."""
    differs = x != y
    place = np.argmax(differs, axis=1)
    rows = np.arange(len(x))
    flags = np.zeros(x.shape, np.int64)
    flags[rows, place] = differs[rows, place]
    return flags, (y[rows, place] - x[rows, place]) * flags[rows, place]

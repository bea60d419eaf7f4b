# mypy: disable-error-code="import-untyped,misc"
"""SHA-256 (FIPS 180-4) of many short messages at once, 32 in the lanes of two vectors.

Merkle leaves and nodes are prefixed as in RFC 9162, section 2.1:

    leaf = SHA-256(0x00 || salt (16 bytes) || row words, each 4 bytes little-endian, canonical residues)
    node = SHA-256(0x01 || left || right)

The one-byte prefix shifts everything by a byte, so message word t is pieced together from the words Z of the
unshifted stream: (Z[t-1] << 24) | (Z[t] >> 8), with the prefix as Z[-1]. Rows are read in Montgomery form and
converted on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from zkharvest.prover import field
from zkharvest.prover.field import Words
from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import helper, inlined, kernel
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
    store_some,
    transpose,
)
from zkharvest.simd.threads import over_ranges
from zkharvest.simd.values import U32, Value, operation, rotr

Bytes = NDArray[np.uint8]
DIGEST_BYTES = 32
SALT_BYTES = 16

_SALT_WORDS = SALT_BYTES // 4
_LEAF, _NODE = 0, 1
_GRAIN = 1 << 12  # blocks that are worth a thread of their own


def _root_bits(prime: int, degree: int) -> int:
    """The first 32 bits of the fractional part of the square (2) or cube (3) root of a prime, exactly."""
    scaled = prime << (32 * degree)
    low, high = 0, prime << 32
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**degree <= scaled else (low, middle)
    return low & 0xFFFFFFFF


_PRIMES = [q for q in range(2, 312) if all(q % d for d in range(2, q))]
START = np.array([_root_bits(q, 2) for q in _PRIMES[:8]], dtype=np.uint32)  # FIPS 180-4, section 5.3.3
_ROUND = np.array([_root_bits(q, 3) for q in _PRIMES[:64]], dtype=np.uint32)  # FIPS 180-4, section 4.2.2


@operation()
def _small_sigmas(x: Value, y: Value) -> Value:
    """sigma_0(x) + sigma_1(y) of the message schedule."""
    s0 = rotr(x, 7) ^ rotr(x, 18) ^ (x >> 3)
    s1 = rotr(y, 17) ^ rotr(y, 19) ^ (y >> 10)
    return s0 + s1


@operation(types.UniTuple(U32, 8))
def _round(s: Sequence[Value], kw: Value) -> tuple[Value, ...]:
    """One round; `kw` is the round's constant plus its message word."""
    a, b, c, d, e, f, g, h = s
    t = (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((g ^ (e & (f ^ g))) + (h + kw))
    return t + (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) | (c & (a | b))), a, b, c, d + t, e, f, g


@inlined
def _both(s: Any, z: Any, w: Any, t: Any) -> Any:
    """Round t of two independent blocks: one alone waits for its own results half of the time."""
    k = splat_at(_ROUND, t)
    return _round(s, load(w, 32 * t) + k), _round(z, load(w, 32 * t + 16) + k)


@inlined
def _read(state: Any, at: Any) -> Any:
    return (
        load(state, at), load(state, at + 32), load(state, at + 64), load(state, at + 96),
        load(state, at + 128), load(state, at + 160), load(state, at + 192), load(state, at + 224),
    )  # fmt: skip


@helper
def compress(state: Any, w: Any) -> None:
    """Absorb a block of each of 32 messages.

    Word t of messages 0..15 is at w[32 t], of messages 16..31 sixteen elements further; there are 16 words, and
    room for the 64 of the schedule. State words are laid out alike.
    """
    for t in range(512, 2048, 16):
        store(w, t, load(w, t - 512) + load(w, t - 224) + _small_sigmas(load(w, t - 480), load(w, t - 64)))
    s, z = _read(state, 0), _read(state, 16)
    for t in range(0, 64, 8):
        s, z = _both(s, z, w, t)
        s, z = _both(s, z, w, t + 1)
        s, z = _both(s, z, w, t + 2)
        s, z = _both(s, z, w, t + 3)
        s, z = _both(s, z, w, t + 4)
        s, z = _both(s, z, w, t + 5)
        s, z = _both(s, z, w, t + 6)
        s, z = _both(s, z, w, t + 7)
    for at, x in ((0, s), (16, z)):
        before = _read(state, at)
        for k in range(8):
            store(state, at + 32 * k, before[k] + x[k])


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


@kernel
def _hash(
    start: Any, stop: Any, count: Any, prefix: Any, raw: Any, addresses: Any, strides: Any, widths: Any, out: Any
) -> None:  # fmt: skip
    """Digests of messages 32 * start .. 32 * stop (less if `count` ends before).

    Message i is the prefix byte and the words of all parts' row i; part k's row i is at addresses[k] +
    i * strides[k]. The first `raw` words are bytes as they are, the others field elements in Montgomery form.
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
            compress(state, w)
        for k in range(8):
            store(tile, 16 * k, byteswap(load(state, 32 * k)))
            store(tile, 16 * k + 256, byteswap(load(state, 32 * k + 16)))
        transpose(tile, 0)
        transpose(tile, 256)
        for lane in range(min(32, last + 1)):
            store_some(out, 8 * (32 * group + lane), np.uint32(0xFF), load(tile, 16 * lane))


def _run(prefix: int, raw: int, count: int, parts: Sequence[Words]) -> Bytes:
    out = field.empty(count, DIGEST_BYTES // 4)
    addresses = np.array([part.ctypes.data for part in parts], dtype=np.int64)
    strides = np.array([part.strides[0] for part in parts], dtype=np.int64)
    widths = np.array([part.shape[1] for part in parts], dtype=np.int64)
    grain = max(1, _GRAIN // (2 * int(widths.sum()) + 32))  # in groups of 32 messages
    groups = -(-count // 32)
    over_ranges(_hash, groups, count, prefix, raw, addresses, strides, widths, out.reshape(-1), grain=grain)
    return out.view(np.uint8)


def hash_rows(matrices: Words | Sequence[Words], salts: Bytes) -> Bytes:
    """Leaf digests (n, 32) of n rows with their salts (n, 16).

    Several matrices of n rows are hashed as if they stood side by side; each is in Montgomery form, and may be a
    slice of rows or of consecutive columns of a larger one.
    """
    parts = [matrices] if isinstance(matrices, np.ndarray) else list(matrices)
    n = salts.shape[0]
    if salts.shape != (n, SALT_BYTES) or any(part.ndim != 2 or part.shape[0] != n for part in parts):
        raise ValueError(f"rows and salts do not match: {[part.shape for part in parts]}, {salts.shape}")
    dense = [
        part if part.strides[1] == part.itemsize == 4 else np.ascontiguousarray(part, dtype=np.uint32) for part in parts
    ]
    return _run(_LEAF, _SALT_WORDS, n, [_words(salts), *dense])


def hash_nodes(left: Bytes, right: Bytes) -> Bytes:
    """Node digests (k, 32): node i is over digests left[i] and right[i]."""
    if left.ndim != 2 or left.shape[1] != DIGEST_BYTES or left.shape != right.shape:
        raise ValueError(f"not two equally long lists of digests: {left.shape}, {right.shape}")
    return _run(_NODE, 2 * DIGEST_BYTES // 4, left.shape[0], [_words(left), _words(right)])


def _words(data: Bytes) -> Words:
    return np.ascontiguousarray(data, dtype=np.uint8).view(np.uint32)

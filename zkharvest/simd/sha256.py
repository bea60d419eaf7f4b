# mypy: disable-error-code="import-untyped,misc"
"""SHA-256's constants and its compression function (FIPS 180-4) in lanes: 32 messages in two vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import types

from zkharvest.simd.compiling import helper, inlined
from zkharvest.simd.lanes import load, splat_at, store
from zkharvest.simd.values import U32, Value, operation, rotr


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
ROUND = np.array([_root_bits(q, 3) for q in _PRIMES[:64]], dtype=np.uint32)  # FIPS 180-4, section 4.2.2


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
    k = splat_at(ROUND, t)
    return _round(s, load(w, 32 * t) + k), _round(z, load(w, 32 * t + 16) + k)


@inlined
def _read(state: Any, at: Any) -> Any:
    return (
        load(state, at), load(state, at + 32), load(state, at + 64), load(state, at + 96),
        load(state, at + 128), load(state, at + 160), load(state, at + 192), load(state, at + 224),
    )  # fmt: skip


@helper
def compress(state: Any, first: Any, w: Any) -> None:
    """Absorb a block of each of 32 messages.

    Word t of messages 0..15 is at w[32 t], of messages 16..31 sixteen elements further; there are 16 words, and
    room for the 64 of the schedule. State words are laid out alike, from `first` on.
    """
    compress_from(state, first, w, state, 0)


@helper
def compress_from(state: Any, first: Any, w: Any, begun: Any, rounds: Any) -> None:
    """`compress` of blocks whose first `rounds`, a multiple of eight, were worked before: `begun` has where they led.

    It is laid out as `state` is, from `first` on.
    """
    for t in range(512, 2048, 16):
        store(w, t, load(w, t - 512) + load(w, t - 224) + _small_sigmas(load(w, t - 480), load(w, t - 64)))
    s, z = _worked(_read(begun, first), _read(begun, first + 16), w, rounds, 64)
    for at, x in ((first, s), (first + 16, z)):
        before = _read(state, at)
        for k in range(8):
            store(state, at + 32 * k, before[k] + x[k])


@helper
def begin(begun: Any, w: Any, rounds: Any) -> None:
    """Where the first `rounds`, a multiple of eight and at most sixteen, of the first blocks of 32 messages lead."""
    for k in range(8):
        store(begun, 32 * k, splat_at(START, k))
        store(begun, 32 * k + 16, splat_at(START, k))
    s, z = _worked(_read(begun, 0), _read(begun, 16), w, 0, rounds)
    for k in range(8):
        store(begun, 32 * k, s[k])
        store(begun, 32 * k + 16, z[k])


@inlined
def _worked(s: Any, z: Any, w: Any, start: Any, stop: Any) -> Any:
    for t in range(start, stop, 8):
        s, z = _both(s, z, w, t)
        s, z = _both(s, z, w, t + 1)
        s, z = _both(s, z, w, t + 2)
        s, z = _both(s, z, w, t + 3)
        s, z = _both(s, z, w, t + 4)
        s, z = _both(s, z, w, t + 5)
        s, z = _both(s, z, w, t + 6)
        s, z = _both(s, z, w, t + 7)
    return s, z

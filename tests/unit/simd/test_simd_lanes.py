"""Lane operations against numpy, and ranges over threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from zkharvest.simd import koalabear as kb
from zkharvest.simd import lanes
from zkharvest.simd.compiling import helper, kernel
from zkharvest.simd.formulas import P
from zkharvest.simd.lanes import load, load_some, splat, store, store_some
from zkharvest.simd.threads import cores, over_ranges

Words = NDArray[np.uint32]
U64 = np.uint64
RNG = np.random.default_rng(11)


def words(count: int) -> Words:
    values = RNG.integers(0, 1 << 32, count, dtype=np.uint32)
    values[:4] = [0, 1, 2**32 - 1, 1 << 31]
    return values


@kernel
def arithmetic(a: Any, b: Any, out: Any) -> None:
    x, y = load(a, 0), load(b, 0)
    results = (
        x + y, x - y, x * y, x & y, x | y, x ^ y, lanes.umin(x, y), lanes.mulhi(x, y), lanes.byteswap(x),
        lanes.shl(x, 5), lanes.shr(x, 5), splat(b[3]), lanes.odd_down(x),
        lanes.low_halves(lanes.mul_even(x, y), lanes.mul_even(lanes.odd_down(x), lanes.odd_down(y))),
        lanes.high_halves(lanes.mul_even(x, y), lanes.mul_even(lanes.odd_down(x), lanes.odd_down(y))),
    )  # fmt: skip
    for k in range(15):
        store(out, 16 * k, results[k])


def test_arithmetic_equals_numpy() -> None:
    a, b = words(16), words(16)[::-1].copy()
    out = np.empty((15, 16), dtype=np.uint32)
    arithmetic(a, b, out)
    product = a.astype(U64) * b.astype(U64)
    high, low = (product >> U64(32)).astype(np.uint32), product.astype(np.uint32)
    odd = np.zeros(16, dtype=np.uint32)
    odd[::2] = a[1::2]
    expected = [
        a + b, a - b, low, a & b, a | b, a ^ b, np.minimum(a, b), high, a.byteswap(),
        a << np.uint32(5), a >> np.uint32(5), np.full(16, b[3]), odd, low, high,
    ]  # fmt: skip
    for name, (ours, theirs) in enumerate(zip(out, expected, strict=True)):
        assert np.array_equal(ours, theirs), name


@kernel
def blocks(a: Any, five: Any, square: Any) -> None:
    columns = lanes.load_five(a, 0)
    for k in range(5):
        store(five, 16 * k, columns[k])
    lanes.store_five(a, 0, (columns[4], columns[3], columns[2], columns[1], columns[0]))
    lanes.transpose(square, 16)


def test_extension_columns_and_transposition() -> None:
    a = words(80)
    before, five = a.reshape(16, 5).copy(), np.empty((5, 16), dtype=np.uint32)
    square = words(16 + 256)
    expected = square[16:].reshape(16, 16).T.copy()
    blocks(a, five, square)
    assert np.array_equal(five, before.T)
    assert np.array_equal(a.reshape(16, 5), before[:, ::-1])
    assert np.array_equal(square[16:].reshape(16, 16), expected)


@kernel
def partial(a: Any, out: Any, bits: Any) -> None:
    store_some(out, 0, bits, load_some(a, 0, bits, splat(np.uint32(7))))


@given(st.integers(0, 2**16 - 1))
@settings(max_examples=30, deadline=None)
def test_masked_memory(bits: int) -> None:
    a, out = words(16), np.full(16, 9, dtype=np.uint32)
    partial(a, out, np.uint32(bits))
    assert out.tolist() == [int(a[k]) if bits >> k & 1 else 9 for k in range(16)]


@helper
def _scalars(a: Any, b: Any) -> Any:
    return kb.mul1(a, b), kb.add1(a, b), kb.sub1(a, b)


@kernel
def scalar_arithmetic(a: Any, b: Any, out: Any) -> None:
    for k in range(a.size):
        out[0, k], out[1, k], out[2, k] = _scalars(a[k], b[k])


def test_scalar_field_arithmetic() -> None:
    edges = np.array([0, 1, P - 1, P - 2, 1 << 24, 12345], dtype=np.uint32)
    a, b = np.repeat(edges, edges.size), np.tile(edges, edges.size)
    out = np.empty((3, a.size), dtype=np.uint32)
    scalar_arithmetic(a, b, out)
    unshift = pow(1 << 32, -1, P)
    for k, (x, y) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        assert out[:, k].tolist() == [x * y * unshift % P, (x + y) % P, (x - y) % P]


@pytest.mark.parametrize(("total", "grain", "align"), [(0, 1, 1), (1, 1, 1), (100, 1, 16), (1000, 300, 1), (77, 5, 2)])
def test_ranges_cover_everything_once(
    total: int, grain: int, align: int, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("ZKHARVEST_THREADS", threads)
        seen: list[tuple[int, int]] = []
        lock = threading.Lock()

        def record(start: int, stop: int, given: str, seen: list[tuple[int, int]] = seen, lock: Any = lock) -> None:
            assert given == "argument"
            with lock:
                seen.append((start, stop))

        over_ranges(record, total, "argument", grain=grain, align=align)
        seen.sort()
        assert [index for start, stop in seen for index in range(start, stop)] == list(range(total))
        assert all(start % align == 0 for start, _ in seen)


def test_errors_in_a_range_reach_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZKHARVEST_THREADS", "2")
    assert cores() == 2

    def fail(start: int, _stop: int) -> None:
        if start:
            raise RuntimeError("late range")

    failing: Callable[..., None] = fail
    with pytest.raises(RuntimeError, match="late range"):
        over_ranges(failing, 100)

"""Field kernels and their plain twins against galois."""

from __future__ import annotations

import galois
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.prover import field, plain
from zkharvest.prover.plain import P

BASE = galois.GF(P, primitive_element=plain.GENERATOR, verify=False)
QUINTIC = galois.Poly([1, 0, 0, 1, 0, P - 1], field=BASE)
EXT = galois.GF(P**5, irreducible_poly=QUINTIC, primitive_element=galois.Poly([1, 0], field=BASE), verify=False)
EDGES = [0, 1, 2, P - 1, P - 2, (P - 1) // 2, 1 << 24, (1 << 32) % P, pow(1 << 32, -1, P)]

residue = st.one_of(st.sampled_from(EDGES), st.integers(0, P - 1))
element = st.tuples(residue, residue, residue, residue, residue)


def residues(*shape: int, seed: int = 1) -> field.Words:
    values = np.random.default_rng(seed).integers(0, P, shape, dtype=np.uint32)
    flat = values.reshape(-1)
    flat[: min(flat.size, len(EDGES))] = EDGES[: flat.size]
    return values


def pack(elements: np.ndarray) -> galois.FieldArray:
    """Rows of coordinates, constant term first, to galois integers (base-p digits)."""
    return EXT([sum(int(c) * P**k for k, c in enumerate(row)) for row in elements])


def unpack(values: np.ndarray) -> field.Words:
    return np.array([[int(v) // P**k % P for k in range(5)] for v in values], dtype=np.uint32)


def test_constants() -> None:
    assert galois.is_prime(P) and P == 2**31 - 2**24 + 1
    # Rabin's test for a polynomial of prime degree: x^(p^5) = x, and x^p - x is a unit.
    x = (0, 1, 0, 0, 0)
    assert plain.ext_pow(x, P**5) == x
    assert plain.ext_pow(plain.ext_sub(plain.ext_pow(x, P), x), P**5 - 1) == plain.EXT_ONE
    root = plain.root_of_unity(24)
    assert pow(root, 1 << 24, P) == 1 and pow(root, 1 << 23, P) == P - 1
    assert root == 0x6AC49F88  # the last of Plonky3's TWO_ADIC_GENERATORS (koala-bear/src/koala_bear.rs)
    assert plain.root_of_unity(1) == P - 1 and plain.root_of_unity(0) == 1
    # 3 generates the group: its order is not a proper divisor of p - 1 = 2^24 * 127.
    assert pow(3, (P - 1) // 2, P) != 1 and pow(3, (P - 1) // 127, P) != 1
    with pytest.raises(ValueError):
        plain.root_of_unity(25)


@pytest.mark.parametrize("count", [1, 15, 16, 17, 31, 1000, 70_000])
def test_elementwise_equals_galois(count: int) -> None:
    a, b = residues(count), residues(count, seed=2)[::-1].copy()
    x, y = field.to_mont(a), field.to_mont(b)
    assert np.array_equal(field.from_mont(x), a)
    assert np.array_equal(x, (a.astype(np.uint64) << np.uint64(32)) % np.uint64(P))
    for kernel, expected in (
        (field.add, BASE(a) + BASE(b)),
        (field.sub, BASE(a) - BASE(b)),
        (field.mul, BASE(a) * BASE(b)),
    ):
        assert np.array_equal(field.from_mont(kernel(x, y)), np.asarray(expected, dtype=np.uint32))
        assert kernel(x, y).max() < P


def test_all_pairs_of_edges() -> None:
    a = np.repeat(np.array(EDGES, dtype=np.uint32), len(EDGES))
    b = np.tile(np.array(EDGES, dtype=np.uint32), len(EDGES))
    x, y = field.to_mont(a), field.to_mont(b)
    assert np.array_equal(field.from_mont(field.mul(x, y)), np.asarray(BASE(a) * BASE(b), dtype=np.uint32))
    assert np.array_equal(field.from_mont(field.sub(x, y)), np.asarray(BASE(a) - BASE(b), dtype=np.uint32))
    assert np.array_equal(field.from_mont(field.add(x, y)), np.asarray(BASE(a) + BASE(b), dtype=np.uint32))


def test_any_word_is_taken_modulo_p() -> None:
    words = np.array([P, P + 1, 2**32 - 1, 2 * P, 0], dtype=np.uint32)
    assert field.from_mont(field.to_mont(words)).tolist() == [int(w) % P for w in words]


def test_one_element_is_broadcast_and_other_shapes_are_refused() -> None:
    a = field.to_mont(residues(50, 3))
    factor = np.array([field.mont(7)], dtype=np.uint32)
    assert np.array_equal(field.mul(a, factor), field.mul(a, np.full_like(a, field.mont(7))))
    with pytest.raises(ValueError, match="shapes differ"):
        field.add(a, a[:49])


def test_scalars_round_trip() -> None:
    for value in EDGES:
        assert field.unmont(field.mont(value)) == value
        assert field.from_mont(np.array([field.mont(value)], dtype=np.uint32))[0] == value


@pytest.mark.parametrize("count", [1, 16, 33, 4096, 20_001])
def test_inverse_equals_galois(count: int) -> None:
    a = residues(count, seed=3)
    a[a == 0] = 5
    inverted = field.from_mont(field.inverse(field.to_mont(a)))
    assert np.array_equal(inverted, np.asarray(BASE(a) ** -1, dtype=np.uint32))
    a[count // 2] = 0
    with pytest.raises(ZeroDivisionError):
        field.inverse(field.to_mont(a))
    assert plain.inverse(3) * 3 % P == 1
    with pytest.raises(ZeroDivisionError):
        plain.inverse(P)


def test_powers() -> None:
    for count in (1, 5, 64, 65, 300):
        expected = [11 * pow(3, i, P) % P for i in range(count)]
        assert field.from_mont(field.powers(3, count, first=11)).tolist() == expected


@given(element, element)
@settings(max_examples=30, deadline=None)
def test_plain_extension_equals_galois(a: plain.Ext, b: plain.Ext) -> None:
    x, y = pack(np.array([a, b]))
    assert unpack(EXT([x * y]))[0].tolist() == list(plain.ext_mul(a, b))
    assert unpack(EXT([x + y]))[0].tolist() == list(plain.ext_add(a, b))
    assert unpack(EXT([x - y]))[0].tolist() == list(plain.ext_sub(a, b))
    if any(a):
        assert plain.ext_mul(a, plain.ext_inverse(a)) == plain.EXT_ONE


def test_plain_evaluation() -> None:
    coefficients = residues(20, seed=9).tolist()
    polynomial = galois.Poly(coefficients[::-1], field=BASE)
    assert plain.evaluate(coefficients, 12345) == int(polynomial(12345))
    assert plain.ext_evaluate(coefficients, (12345, 0, 0, 0, 0))[0] == int(polynomial(12345))
    with pytest.raises(ZeroDivisionError):
        plain.ext_inverse(plain.EXT_ZERO)


@pytest.mark.parametrize("count", [1, 16, 47, 400])
def test_extension_kernels_equal_galois(count: int) -> None:
    a, b = residues(count, 5, seed=4), residues(count, 5, seed=5)[::-1].copy()
    x, y = field.to_mont(a), field.to_mont(b)
    assert np.array_equal(field.from_mont(field.ext_mul(x, y)), unpack(pack(a) * pack(b)))
    one = np.tile(b[0], (count, 1))
    assert np.array_equal(field.from_mont(field.ext_mul(x, y[0])), unpack(pack(a) * pack(one)))
    a[(a == 0).all(axis=1)] = 1
    inverted = field.ext_inverse(field.to_mont(a))
    assert np.array_equal(field.from_mont(inverted), unpack(pack(a) ** -1))
    a[count // 2] = 0
    with pytest.raises(ZeroDivisionError):
        field.ext_inverse(field.to_mont(a))


def test_largest_operands_do_not_overflow() -> None:
    for coordinates in ([P - 1] * 5, [P - 1, 0, P - 1, 0, P - 1], [0, 0, 0, 0, P - 1]):
        # As representatives, so that the accumulators see the largest products.
        x = np.array([coordinates], dtype=np.uint32)
        a = field.from_mont(x)[0].tolist()
        assert field.from_mont(field.ext_mul(x, x))[0].tolist() == list(plain.ext_mul(a, a))


def test_many_extension_inverses() -> None:
    x = field.to_mont(np.maximum(residues(9000, 5, seed=6), np.uint32(1)))
    product = field.from_mont(field.ext_mul(x, field.ext_inverse(x)))
    assert (product[:, 0] == 1).all() and not product[:, 1:].any()


@pytest.mark.parametrize("count", [0, 1, 16, 17, 100])
def test_extension_powers(count: int) -> None:
    base = (3, 1, 4, 1, 5)
    expected = [plain.ext_pow(base, i) for i in range(count)]
    assert [tuple(row) for row in field.from_mont(field.ext_powers(base, count)).tolist()] == expected


def test_arrays_start_on_a_cache_line() -> None:
    assert all(field.empty(rows, 7).ctypes.data % 64 == 0 for rows in range(1, 20))


def test_conversion_in_place():
    a = np.arange(100, dtype=np.uint32).reshape(20, 5)
    expected = field.to_mont(a)
    assert field.to_mont(a, out=a) is a
    assert np.array_equal(a, expected)
    with pytest.raises(ValueError, match="no room"):
        field.to_mont(a, out=np.empty((5, 20), np.uint32))

"""Field arithmetic against its definitions written out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.verifier import field
from zkharvest.verifier.field import ONE, ZERO, P

EDGE = st.sampled_from([0, 1, 2, P - 1, P - 2, 1 << 24])
BASE = EDGE | st.integers(0, P - 1)
EXT = st.tuples(BASE, BASE, BASE, BASE, BASE)
NONZERO = EXT.filter(lambda a: a != ZERO)
X = (0, 1, 0, 0, 0)


def schoolbook(a, b):
    """Product of coefficient lists, reduced term by term with x^5 = 1 - x^2."""
    c = [0] * 9
    for i in range(5):
        for j in range(5):
            c[i + j] += a[i] * b[j]
    for i in range(8, 4, -1):
        c[i - 5] += c[i]
        c[i - 3] -= c[i]
    return tuple(v % P for v in c[:5])


def test_the_field():
    assert P == 2130706433 == 2**31 - 2**24 + 1
    assert P - 1 == 2**24 * 127
    assert all(pow(field.GENERATOR, (P - 1) // q, P) != 1 for q in (2, 127))  # Lucas: p is prime, 3 generates
    # x^(p^5) = x and x^p != x modulo x^5 + x^2 - 1: its factors have degrees 1 or 5, and not all of them 1
    assert field.power(X, P**5) == X
    assert field.power(X, P) != X


@given(EXT, EXT, EXT)
def test_ring(a, b, c):
    assert field.mul(a, b) == schoolbook(a, b) == field.mul(b, a)
    assert field.mul(a, field.add(b, c)) == field.add(field.mul(a, b), field.mul(a, c))
    assert field.mul(field.mul(a, b), c) == field.mul(a, field.mul(b, c))
    assert field.sub(field.add(a, b), b) == a
    assert field.add(a, field.neg(a)) == ZERO
    assert field.mul(a, ONE) == a


@given(EXT, BASE)
def test_base_elements_inside(a, k):
    assert field.scale(a, k) == field.mul(a, field.from_base(k))
    assert field.add_base(a, k) == field.add(a, field.from_base(k))
    assert field.scale(a, -k) == field.neg(field.scale(a, k))


@given(NONZERO)
@settings(max_examples=30)
def test_inverse(a):
    assert field.mul(a, field.inverse(a)) == ONE


@given(st.lists(NONZERO, max_size=6))
@settings(max_examples=30)
def test_batch_inverse(values):
    assert field.batch_inverse(values) == [field.inverse(value) for value in values]


def test_zero_has_no_inverse():
    for act in (lambda: field.inverse(ZERO), lambda: field.batch_inverse([ONE, ZERO]), lambda: field.base_inverse(P)):
        with pytest.raises(ZeroDivisionError):
            act()


@given(EXT, st.integers(0, 50))
def test_power_and_powers(a, e):
    expected = ONE
    for _ in range(e):
        expected = field.mul(expected, a)
    assert field.power(a, e) == expected
    assert field.powers(a, e + 1)[-1] == expected
    assert len(field.powers(a, e)) == e


@given(st.lists(EXT, max_size=5), EXT)
def test_evaluate(coefficients, x):
    terms = [field.mul(c, field.power(x, i)) for i, c in enumerate(coefficients)]
    assert field.evaluate(coefficients, x) == field.total(terms)


@given(st.tuples(EXT, EXT, EXT, EXT, EXT))
def test_recombine(values):
    assert field.recombine(values) == field.evaluate(values, X)
    with pytest.raises(ValueError, match="five"):
        field.recombine(values[:4])


@given(st.lists(st.tuples(BASE, EXT), max_size=8))
def test_dot(pairs):
    row, by = [k for k, _ in pairs], [w for _, w in pairs]
    assert field.dot(row, field.weights(by)) == field.total(field.scale(w, k) for k, w in pairs)
    with pytest.raises(ValueError, match="length"):
        field.dot([*row, 1], field.weights(by))


def test_roots_of_unity():
    assert field.root_of_unity(0) == 1
    for k in range(1, 25):
        w = field.root_of_unity(k)
        assert pow(w, 1 << (k - 1), P) == P - 1
        assert field.root_of_unity(k - 1) == w * w % P
    for k in (-1, 25):
        with pytest.raises(ValueError):
            field.root_of_unity(k)


def test_bytes():
    assert field.to_bytes([(1, 2, 3, 4, P - 1)]) == bytes.fromhex("01000000020000000300000004000000" + "0000007f")
    with pytest.raises(ValueError, match="negative"):
        field.power(ONE, -1)

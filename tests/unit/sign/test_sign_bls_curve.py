"""Subgroups and cofactors by endomorphisms: as py_ecc's multiplications say, on every kind of point that there is."""

import secrets

import pytest
from py_ecc.bls.g2_primitives import subgroup_check
from py_ecc.bls.hash_to_curve import clear_cofactor_G2, hash_to_field_FQ2, map_to_curve_G2
from py_ecc.optimized_bls12_381 import (
    FQ,
    G1,
    G2,
    Z1,
    Z2,
    add,
    b2,
    curve_order,
    eq,
    field_modulus,
    is_inf,
    is_on_curve,
    multiply,
    neg,
)
from py_ecc.optimized_bls12_381 import b as b1

from zkharvest.sign.bls import COEFFICIENT_BITS, sha256
from zkharvest.sign.bls_curve import MODULUS, X, clear_cofactor, combined, in_g1, in_g2, multiple, psi

H1 = (X + 1) ** 2 // 3
H2 = (X**8 + 4 * X**7 + 5 * X**6 - 4 * X**4 - 6 * X**3 - 4 * X**2 + 4 * X + 13) // 9
SMALL_1 = (3, 11, 10177, 859267, 52437899)
SMALL_2 = (13, 23, 2713, 11953, 262069)


def on_g1_curve(seed):
    """Some point of the curve of G1."""
    x = FQ(seed)
    while pow((x**3 + b1).n, (field_modulus - 1) // 2, field_modulus) != 1:
        x = x + FQ(1)
    return x, FQ(pow((x**3 + b1).n, (field_modulus + 1) // 4, field_modulus)), FQ(1)


def on_g2_curve(seed):
    """Some point of the curve of G2."""
    return map_to_curve_G2(hash_to_field_FQ2(seed.to_bytes(4, "big"), 1, b"tag", sha256)[0])


def of_order(prime, order, found):
    """A point of this order, from the points that `found` gives for 1, 2, ..."""
    for seed in range(1, 99):
        rest = order
        while rest % prime == 0:
            rest //= prime
        point = multiply(found(seed), rest)
        if is_inf(point):
            continue
        while not is_inf(multiply(point, prime)):
            point = multiply(point, prime)
        return point
    raise AssertionError


def test_the_orders_are_those_of_the_curves():
    assert is_inf(multiply(on_g1_curve(7), H1 * curve_order))
    assert is_inf(multiply(on_g2_curve(7), H2 * curve_order))
    for small, cofactor in ((SMALL_1, H1), (SMALL_2, H2)):
        rest = cofactor
        for prime in small:
            assert rest % prime == 0
            while rest % prime == 0:
                rest //= prime
        assert rest == 1 or pow(3, rest - 1, rest) == 1, "what is left is a prime"


@pytest.mark.parametrize("prime", SMALL_1)
def test_no_point_of_a_small_order_is_in_g1(prime):
    point = of_order(prime, H1 * curve_order, on_g1_curve)
    assert is_on_curve(point, b1)
    for one in (point, add(G1, point), add(multiply(G1, 12345), neg(point))):
        assert not in_g1(one)
        assert not subgroup_check(one)


@pytest.mark.parametrize("prime", [*SMALL_2, H2 // (13**2 * 23**2 * 2713 * 11953 * 262069)])
def test_no_point_of_another_order_is_in_g2(prime):
    point = of_order(prime, H2 * curve_order, on_g2_curve)
    assert is_on_curve(point, b2)
    for one in (point, add(G2, point), add(multiply(G2, 12345), neg(point))):
        assert not in_g2(one)
        assert not subgroup_check(one)


def test_points_of_the_groups_are_in_them():
    for number in (1, 2, X, curve_order - 1, secrets.randbits(255)):
        assert in_g1(multiply(G1, number))
        assert in_g2(multiply(G2, number))
    assert in_g1(Z1)
    assert in_g2(Z2)
    for seed in range(3):
        assert in_g1(on_g1_curve(seed)) == subgroup_check(on_g1_curve(seed)) is False
        assert in_g2(on_g2_curve(seed)) == subgroup_check(on_g2_curve(seed)) is False


def test_the_cofactor_is_that_of_rfc_9380():
    for point in (*map(on_g2_curve, range(4)), G2, of_order(13, H2 * curve_order, on_g2_curve)):
        assert eq(clear_cofactor(point), clear_cofactor_G2(point))
    assert in_g2(clear_cofactor(on_g2_curve(1)))
    assert is_inf(clear_cofactor(Z2))
    assert eq(clear_cofactor(add(on_g2_curve(1), on_g2_curve(2))), add(*map(clear_cofactor, map(on_g2_curve, (1, 2)))))


def test_sums_are_those_of_multiplications():
    other = clear_cofactor(on_g2_curve(5))
    numbers = [0, 1, X - 1, X, X * X - 1, (1 << COEFFICIENT_BITS) - 1, secrets.randbits(COEFFICIENT_BITS)]
    assert max(numbers) < X * X
    terms = [(n, point) for n, point in zip(numbers, [G2, other, G2, neg(other), Z2, other, G2], strict=True)]
    expected = Z2
    for number, point in terms:
        assert eq(combined([(number, point)]), multiply(point, number))
        expected = add(expected, multiply(point, number))
    assert eq(combined(terms), expected)
    assert is_inf(combined([]))
    assert is_inf(combined([(3, G2), (3, neg(G2))]))
    assert eq(psi(G2), neg(multiply(G2, X)))


def test_multiples_are_those_of_py_ecc():
    """Points of the group and outside it, at infinity, and numbers at which the loop begins and ends."""
    for point in (G2, on_g2_curve(3), Z2, of_order(13, H2 * curve_order, on_g2_curve)):
        for number in (0, 1, 2, 3, 13, 26, X, curve_order, secrets.randbits(COEFFICIENT_BITS)):
            assert eq(multiple(point, number), multiply(point, number))
            assert is_inf(multiple(point, number)) == is_inf(multiply(point, number))


def test_the_field_is_that_of_py_ecc():
    assert field_modulus == MODULUS

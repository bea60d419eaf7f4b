"""Products of pairings in one loop: py_ecc's pairings, one by one, to the last coefficient."""

import secrets

import pytest
from py_ecc.optimized_bls12_381 import (
    FQ12,
    G1,
    G2,
    Z1,
    Z2,
    curve_order,
    field_modulus,
    final_exponentiate,
    multiply,
    neg,
    pairing,
)

from zkharvest.sign.bls_curve import X
from zkharvest.sign.bls_pairing import _conjugate, cube_of_final, frobenius, is_one, miller


def drawn(count):
    numbers = [(secrets.randbelow(curve_order), secrets.randbelow(curve_order)) for _ in range(count)]
    return [(multiply(G1, one), multiply(G2, other)) for one, other in numbers]


def test_the_exponent_is_three_times_that_of_py_ecc():
    p, x = field_modulus, -X
    assert 3 * ((p**4 - p**2 + 1) // curve_order) == (x - 1) ** 2 * (x + p) * (x**2 + p**2 - 1) + 3
    assert curve_order % 3


def test_the_power_of_the_field_characteristic():
    value = FQ12([secrets.randbelow(field_modulus) for _ in range(12)])
    assert frobenius(value) == value**field_modulus


def test_the_conjugate_is_a_power_of_the_field_characteristic():
    value = FQ12([secrets.randbelow(field_modulus) for _ in range(12)])
    expected = value
    for _ in range(6):
        expected = expected**field_modulus
    assert _conjugate(value) == expected


@pytest.mark.parametrize("count", [1, 3])
def test_the_loop_is_that_of_py_ecc(count):
    pairs = drawn(count)
    expected = FQ12.one()
    for one, other in pairs:
        expected *= pairing(other, one, final_exponentiate=False)
    assert final_exponentiate(miller(pairs)) == final_exponentiate(expected) != FQ12.one()
    assert cube_of_final(miller(pairs)) == final_exponentiate(expected) ** 3
    assert not is_one(pairs)


def test_products_that_are_one_are_known():
    a, b = secrets.randbelow(curve_order), secrets.randbelow(curve_order)
    left = (multiply(G1, a), multiply(G2, b))
    assert is_one([left, (neg(multiply(G1, a * b % curve_order)), G2)])
    assert is_one([left, (multiply(G1, b), neg(multiply(G2, a)))])
    assert not is_one([left, (neg(multiply(G1, a * b % curve_order)), multiply(G2, 2))])
    assert not is_one([left, (multiply(G1, a * b % curve_order), G2)])


def test_points_at_infinity_count_nothing():
    assert is_one([])
    assert is_one([(Z1, G2), (G1, Z2)])
    assert not is_one([(Z1, G2), (G1, G2)])

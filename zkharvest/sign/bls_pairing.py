"""Whether a product of pairings on BLS12-381 is one: one Miller loop for all of them, and one final exponentiation.

Elements and points are py_ecc's, and so is what is asked: py_ecc's own pairings say the same one by one, with lines as
fractions of whole elements of the field of degree 12. A line is known up to a factor of a proper subfield, which the
final exponentiation takes away (P. Barreto, B. Lynn, M. Scott, "On the selection of pairing-friendly groups", 2003), so
that it needs no denominators, and three of its six coefficients over the field of degree 2 are 0.

With x the curve's parameter, 3 (p^4 - p^2 + 1) / r = (x - 1)^2 (x + p) (x^2 + p^2 - 1) + 3 (D. Hayashida, K. Hayasaka,
T. Teruya, eprint 2020/875). So the cube of what py_ecc computes costs five powers of x in place of a power of 1,268
bits; it is one if and only if that is, since 3 does not divide r.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from zkharvest.sign.bls_curve import X

_BITS = bin(X)[3:]
"""Those of the loop: of the parameter's magnitude but for the first. All pairings come out inverted alike."""


def is_one(pairs: Sequence[tuple[Any, Any]]) -> bool:
    """Whether the product of e(P, Q) over pairs (P of G1, Q of G2) is one; both lie in their groups."""
    from py_ecc.optimized_bls12_381 import FQ12

    return bool(cube_of_final(miller(pairs)) == FQ12.one())


def miller(pairs: Sequence[tuple[Any, Any]]) -> Any:
    """The product of the Miller loops of all pairs; those with a point at infinity count as one."""
    from py_ecc.optimized_bls12_381 import FQ2, FQ12, is_inf, normalize

    at = [normalize(one) for one, other in pairs if not (is_inf(one) or is_inf(other))]
    ends = [normalize(other) for one, other in pairs if not (is_inf(one) or is_inf(other))]
    points = [(x, y, FQ2.one()) for x, y in ends]
    found = FQ12.one()
    for bit in _BITS:
        found = found * found
        for n, place in enumerate(at):
            points[n], line = _double(points[n], place)
            found = found * line
        if bit == "1":
            for n, place in enumerate(at):
                points[n], line = _add(points[n], ends[n], place)
                found = found * line
    return found


def _double(point: Any, at: Any) -> tuple[Any, Any]:
    """Twice a point, and the tangent there at `at`: (2 Y^2 Z - 3 X^3) + 3 X^2 Z x w^2 - 2 Y Z^2 y w^3."""
    from py_ecc.optimized_bls12_381 import double

    x, y, z = point
    square, side = 3 * x * x, 2 * y * z
    return double(point), _line(y * side - x * square, square * z * at[0].n, side * z * -at[1].n)


def _add(point: Any, end: Any, at: Any) -> tuple[Any, Any]:
    """The sum of two points, and the line through them: (B y2 - A x2) + A x w^2 - B y w^3, A / B being the slope."""
    from py_ecc.optimized_bls12_381 import FQ2, add

    x, y, z = point
    a, b = y - end[1] * z, x - end[0] * z
    line = _line(b * end[1] - a * end[0], a * at[0].n, b * -at[1].n)
    return add(point, (*end, FQ2.one())), line


def _line(first: Any, second: Any, third: Any) -> Any:
    """first + second w^2 + third w^3, where i is w^6 - 1."""
    from py_ecc.optimized_bls12_381 import FQ12

    cells = [0] * 12
    for place, one in ((0, first), (2, second), (3, third)):
        real, imaginary = one.coeffs
        cells[place], cells[place + 6] = real - imaginary, imaginary
    return FQ12(cells)


def cube_of_final(value: Any) -> Any:
    """The cube of `py_ecc.optimized_bls12_381.final_exponentiate(value)`."""

    def squared_frobenius(one: Any) -> Any:
        return frobenius(frobenius(one))

    easy = _conjugate(value) / value  # to the power of p^6 - 1
    easy = squared_frobenius(easy) * easy
    power = _power(easy) * _conjugate(easy)  # x - 1
    power = _power(power) * _conjugate(power)
    power = _power(power) * frobenius(power)  # x + p
    power = _power(_power(power)) * squared_frobenius(power) * _conjugate(power)  # x^2 + p^2 - 1
    return power * easy * easy * easy


def frobenius(value: Any) -> Any:
    """The power of p: what py_ecc's `exp_by_p` computes, from a table that takes it a fifth of a second."""
    return sum((power * int(cell) for power, cell in zip(_powers(), value.coeffs, strict=True)), type(value).zero())


@cache
def _powers() -> tuple[Any, ...]:
    """w^0, ..., w^11 to the power of p: w^p = w (w^6)^((p - 1) / 6), and w^6 = 1 + i lies in the field of degree 2."""
    from py_ecc.optimized_bls12_381 import FQ2, FQ12, field_modulus

    real, imaginary = (FQ2([1, 1]) ** ((field_modulus - 1) // 6)).coeffs
    found, step = [FQ12.one()], FQ12([0, real - imaginary, *[0] * 5, imaginary, *[0] * 4])
    while len(found) < 12:
        found.append(found[-1] * step)
    return tuple(found)


def _conjugate(value: Any) -> Any:
    """The power of p^6: w becomes -w. Behind the easy part it is the inverse."""
    return type(value)([-one if place % 2 else one for place, one in enumerate(value.coeffs)])


def _power(value: Any) -> Any:
    """The power of x, which is below zero, of an element whose conjugate is its inverse."""
    found = value
    for bit in _BITS:
        found = found * found
        if bit == "1":
            found = found * value
    return _conjugate(found)

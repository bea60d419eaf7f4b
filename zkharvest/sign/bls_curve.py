"""Membership and cofactors of BLS12-381 by endomorphisms, for a fifth of what multiplying by the group's order takes.

Points are py_ecc's (`py_ecc.optimized_bls12_381`), on their curve already: whoever reads bytes has checked that. With x
the curve's parameter, r = x^4 - x^2 + 1 the order of the groups:

- psi(X, Y) = (conj(X) / (1 + i)^((p-1)/3), conj(Y) / (1 + i)^((p-1)/2)) is an endomorphism of the curve of G2, and a
  point lies in G2 if and only if psi(P) = [x]P.
- phi(X, Y) = (beta X, Y), with beta^3 = 1, is one of the curve of G1, and a point lies in G1 if and only if
  phi(P) = -[x^2]P.
- [x^2 - x - 1]P + [x - 1]psi(P) + psi(psi(2P)) is what RFC 9380 (sections 8.8.2 and G.3) multiplies by h_eff to get.

M. Scott, "A note on group membership tests for G1, G2 and GT on BLS pairing-friendly curves" (eprint 2021/1130), with
the proof that both tests are exact for this curve in Y. El Housni, A. Guillevic, T. Piellard, "Co-factor clearing and
subgroup membership testing on pairing-friendly curves" (eprint 2022/352); A. Budroni, F. Pintore, "Efficient hash maps
to G2 on BLS curves" (eprint 2017/419).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

X = 0xD201000000010000
"""The magnitude of the curve's parameter, which is below zero."""


@cache
def _twists() -> tuple[Any, Any]:
    """What psi multiplies the two conjugates by."""
    from py_ecc.optimized_bls12_381 import FQ2, field_modulus

    i = FQ2([1, 1])
    return FQ2.one() / i ** ((field_modulus - 1) // 3), FQ2.one() / i ** ((field_modulus - 1) // 2)


@cache
def _cube_root() -> Any:
    """The third root of unity of which phi is the multiplication by -x^2 on G1: the generator says which of the two."""
    from py_ecc.optimized_bls12_381 import FQ, G1, eq, field_modulus, multiply, neg

    wanted = neg(multiply(G1, X * X))
    for base in range(2, 100):
        root = FQ(base) ** ((field_modulus - 1) // 3)
        if eq((G1[0] * root, G1[1], G1[2]), wanted):
            return root
    raise AssertionError("a third of all elements are cubes of neither kind")


def psi(point: Any) -> Any:
    """The endomorphism of the curve of G2."""
    from py_ecc.optimized_bls12_381 import FQ2

    x, y, z = (FQ2([one.coeffs[0], -one.coeffs[1]]) for one in point)
    by_x, by_y = _twists()
    return x * by_x, y * by_y, z


def in_g2(point: Any) -> bool:
    """Whether a point of the curve of G2 lies in the group; the point at infinity does."""
    from py_ecc.optimized_bls12_381 import is_inf, multiply, neg

    return bool(is_inf(point)) or _same(psi(point), neg(multiply(point, X)))


def in_g1(point: Any) -> bool:
    """Whether a point of the curve of G1 lies in the group; the point at infinity does."""
    from py_ecc.optimized_bls12_381 import is_inf, multiply, neg

    if is_inf(point):
        return True
    x, y, z = point
    return _same((x * _cube_root(), y, z), neg(multiply(multiply(point, X), X)))


def _same(one: Any, other: Any) -> bool:
    """Whether two points are equal; the first is not the point at infinity."""
    from py_ecc.optimized_bls12_381 import eq, is_inf

    return not is_inf(other) and bool(eq(one, other))


def clear_cofactor(point: Any) -> Any:
    """The point of G2 to which hashing leads from a point of its curve: h_eff times it."""
    from py_ecc.optimized_bls12_381 import add, double, multiply, neg

    moved = psi(point)
    minus_x = multiply(point, X)  # -[x]P, since x is below zero
    inner = add(neg(minus_x), moved)  # [x]P + psi(P)
    found = add(psi(psi(double(point))), neg(moved))
    found = add(found, neg(multiply(inner, X)))  # + [x]([x]P + psi(P))
    return add(add(found, minus_x), neg(point))


def combined(terms: Iterable[tuple[int, Any]]) -> Any:
    """The sum of n * P over terms (n, P) of G2, 0 <= n < X^2, doubled together.

    As [X]P = -psi(P) in G2, n = a + b X leaves two numbers below 2^64 a point.
    """
    from py_ecc.optimized_bls12_381 import Z2, add, double, neg

    halves: list[tuple[int, Any]] = []
    for number, point in terms:
        high, low = divmod(number, X)
        halves += [(low, point), (high, neg(psi(point)))]
    found: Any = Z2
    for bit in range(63, -1, -1):
        found = double(found)
        for number, point in halves:
            if number >> bit & 1:
                found = add(found, point)
    return found

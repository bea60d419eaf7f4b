"""Membership and cofactors of BLS12-381 by endomorphisms, for a fifth of what multiplying by the group's order takes.

Points are py_ecc's (`py_ecc.optimized_bls12_381`), on their curve already: whoever reads bytes has checked that; in
here those of G2 are pairs of integers, which py_ecc's own formulas work on in a tenth of the time. With x the curve's
parameter, r = x^4 - x^2 + 1 the order of the groups:

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
from typing import Any, TypeAlias

X = 0xD201000000010000
"""The magnitude of the curve's parameter, which is below zero."""
MODULUS = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
"""The field's characteristic."""

Pair: TypeAlias = tuple[int, int]
"""a + b i of the field of degree 2, i^2 = -1, both below MODULUS."""
Twisted: TypeAlias = tuple[Pair, Pair, Pair]
"""A point of the curve of G2 in homogeneous coordinates; at infinity the third is 0."""

_ZERO: Pair = (0, 0)
_INFINITY: Twisted = ((1, 0), (1, 0), _ZERO)


def _mul(one: Pair, other: Pair) -> Pair:
    a, b = one
    c, d = other
    return (a * c - b * d) % MODULUS, (a * d + b * c) % MODULUS


def _sub(one: Pair, other: Pair) -> Pair:
    return (one[0] - other[0]) % MODULUS, (one[1] - other[1]) % MODULUS


def _times(number: int, one: Pair) -> Pair:
    return number * one[0] % MODULUS, number * one[1] % MODULUS


def _double(point: Twisted) -> Twisted:
    """Twice a point: `py_ecc.optimized_bls12_381.double`."""
    x, y, z = point
    w, s = _times(3, _mul(x, x)), _mul(y, z)
    b = _mul(_mul(x, y), s)
    h, square = _sub(_mul(w, w), _times(8, b)), _mul(s, s)
    new_y = _sub(_mul(w, _sub(_times(4, b), h)), _times(8, _mul(_mul(y, y), square)))
    return _times(2, _mul(h, s)), new_y, _times(8, _mul(s, square))


def _add(one: Twisted, other: Twisted) -> Twisted:
    """The sum of two points, equal, opposite or at infinity as they may be: `py_ecc.optimized_bls12_381.add`."""
    if one[2] == _ZERO or other[2] == _ZERO:
        return one if other[2] == _ZERO else other
    (x1, y1, z1), (x2, y2, z2) = one, other
    u1, u2, v1, v2 = _mul(y2, z1), _mul(y1, z2), _mul(x2, z1), _mul(x1, z2)
    if v1 == v2:
        return _double(one) if u1 == u2 else _INFINITY
    u, v, w = _sub(u1, u2), _sub(v1, v2), _mul(z1, z2)
    square = _mul(v, v)
    shifted, cube = _mul(square, v2), _mul(v, square)
    a = _sub(_sub(_mul(_mul(u, u), w), cube), _times(2, shifted))
    return _mul(v, a), _sub(_mul(u, _sub(shifted, a)), _mul(cube, u2)), _mul(cube, w)


def _neg(point: Twisted) -> Twisted:
    x, y, z = point
    return x, _times(-1, y), z


def _multiple(point: Twisted, number: int) -> Twisted:
    """number * point, for a number of 0 or more."""
    found = _INFINITY
    for bit in f"{number:b}":
        found = _double(found)
        if bit == "1":
            found = _add(found, point)
    return found


def _integers(point: Any) -> Twisted:
    x, y, z = ((int(one.coeffs[0]), int(one.coeffs[1])) for one in point)
    return x, y, z


def _point(point: Twisted) -> Any:
    from py_ecc.optimized_bls12_381 import FQ2

    return tuple(FQ2(one) for one in point)


@cache
def _twists() -> tuple[Pair, Pair]:
    """What psi multiplies the two conjugates by."""
    from py_ecc.optimized_bls12_381 import FQ2

    i = FQ2([1, 1])
    by_x, by_y, _ = _integers((FQ2.one() / i ** ((MODULUS - 1) // 3), FQ2.one() / i ** ((MODULUS - 1) // 2), FQ2.one()))
    return by_x, by_y


def _psi(point: Twisted) -> Twisted:
    """The endomorphism of the curve of G2."""
    x, y, z = ((a, -b % MODULUS) for a, b in point)
    by_x, by_y = _twists()
    return _mul(x, by_x), _mul(y, by_y), z


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


def multiple(point: Any, number: int) -> Any:
    """number * point for a point of the curve of G2, 0 <= number."""
    return _point(_multiple(_integers(point), number))


def psi(point: Any) -> Any:
    """The endomorphism of the curve of G2."""
    return _point(_psi(_integers(point)))


def in_g2(point: Any) -> bool:
    """Whether a point of the curve of G2 lies in the group; the point at infinity does."""
    whole = _integers(point)
    if whole[2] == _ZERO:
        return True
    (x1, y1, z1), (x2, y2, z2) = _psi(whole), _neg(_multiple(whole, X))
    return z2 != _ZERO and _mul(x1, z2) == _mul(x2, z1) and _mul(y1, z2) == _mul(y2, z1)


def in_g1(point: Any) -> bool:
    """Whether a point of the curve of G1 lies in the group; the point at infinity does."""
    from py_ecc.optimized_bls12_381 import eq, is_inf, multiply, neg

    if is_inf(point):
        return True
    x, y, z = point
    wanted = neg(multiply(multiply(point, X), X))
    return not is_inf(wanted) and bool(eq((x * _cube_root(), y, z), wanted))


def clear_cofactor(point: Any) -> Any:
    """The point of G2 to which hashing leads from a point of its curve: h_eff times it."""
    whole = _integers(point)
    moved, minus_x = _psi(whole), _multiple(whole, X)  # -[x]P, since x is below zero
    found = _add(_psi(_psi(_double(whole))), _neg(moved))
    inner = _add(_neg(minus_x), moved)  # [x]P + psi(P)
    found = _add(found, _neg(_multiple(inner, X)))  # + [x]([x]P + psi(P))
    return _point(_add(_add(found, minus_x), _neg(whole)))


def combined(terms: Iterable[tuple[int, Any]]) -> Any:
    """The sum of n * P over terms (n, P) of G2, 0 <= n < X^2, doubled together.

    As [X]P = -psi(P) in G2, n = a + b X leaves two numbers below 2^64 a point.
    """
    halves: list[tuple[int, Twisted]] = []
    for number, point in terms:
        high, low = divmod(number, X)
        whole = _integers(point)
        halves += [(low, whole), (high, _neg(_psi(whole)))]
    found = _INFINITY
    for bit in range(63, -1, -1):
        found = _double(found)
        for number, one in halves:
            if number >> bit & 1:
                found = _add(found, one)
    return _point(found)

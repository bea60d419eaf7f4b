"""KoalaBear and its quintic extension, in plain integers and tuples.

Base field F_p with p = 2^31 - 2^24 + 1. Extension E = F_p[x]/(x^5 + x^2 - 1); an element is the tuple of its
five coordinates, each in [0, p). `x^5 = 1 - x^2` gives `x^6 = x - x^3`, `x^7 = x^2 - x^4`, `x^8 = -1 + x^2 + x^3`.

Functions take and return reduced values. The only ones that can fail are the inversions, at zero
(ZeroDivisionError); callers make sure of that before they call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import mul as _times

from zkharvest.spec import WORD_BYTES, P

GENERATOR = 3
TWO_ADICITY = 24
DEGREE = 5
EXT_BYTES = WORD_BYTES * DEGREE

Ext = tuple[int, int, int, int, int]
ZERO: Ext = (0, 0, 0, 0, 0)
ONE: Ext = (1, 0, 0, 0, 0)


def root_of_unity(log_order: int) -> int:
    """w_k = 3^((p-1)/2^k), the generator of the subgroup of order 2^k, 0 <= k <= 24."""
    if not 0 <= log_order <= TWO_ADICITY:
        raise ValueError(f"no subgroup of order 2^{log_order}")
    return pow(GENERATOR, (P - 1) >> log_order, P)


def base_inverse(a: int) -> int:
    """1 / a in F_p."""
    if a % P == 0:
        raise ZeroDivisionError("inverse of zero")
    return pow(a, -1, P)


def from_base(a: int) -> Ext:
    """The base element as an element of E."""
    return (a % P, 0, 0, 0, 0)


def add(a: Ext, b: Ext) -> Ext:
    """a + b."""
    return ((a[0] + b[0]) % P, (a[1] + b[1]) % P, (a[2] + b[2]) % P, (a[3] + b[3]) % P, (a[4] + b[4]) % P)


def sub(a: Ext, b: Ext) -> Ext:
    """a - b."""
    return ((a[0] - b[0]) % P, (a[1] - b[1]) % P, (a[2] - b[2]) % P, (a[3] - b[3]) % P, (a[4] - b[4]) % P)


def neg(a: Ext) -> Ext:
    """-a."""
    return (-a[0] % P, -a[1] % P, -a[2] % P, -a[3] % P, -a[4] % P)


def scale(a: Ext, k: int) -> Ext:
    """k * a for a base element (or any integer) k."""
    return (a[0] * k % P, a[1] * k % P, a[2] * k % P, a[3] * k % P, a[4] * k % P)


def add_base(a: Ext, k: int) -> Ext:
    """a + k for a base element (or any integer) k."""
    return ((a[0] + k) % P, a[1], a[2], a[3], a[4])


def mul(a: Ext, b: Ext) -> Ext:
    """a * b: the schoolbook product c_0..c_8, reduced with x^5 = 1 - x^2."""
    a0, a1, a2, a3, a4 = a
    b0, b1, b2, b3, b4 = b
    c5 = a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1
    c6 = a2 * b4 + a3 * b3 + a4 * b2
    c7 = a3 * b4 + a4 * b3
    c8 = a4 * b4
    return (
        (a0 * b0 + c5 - c8) % P,
        (a0 * b1 + a1 * b0 + c6) % P,
        (a0 * b2 + a1 * b1 + a2 * b0 - c5 + c7 + c8) % P,
        (a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0 - c6 + c8) % P,
        (a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0 - c7) % P,
    )


def power(a: Ext, exponent: int) -> Ext:
    """a^exponent for exponent >= 0 (square and multiply)."""
    if exponent < 0:
        raise ValueError("negative exponent")
    result = ONE
    for bit in f"{exponent:b}":
        result = mul(result, result)
        if bit == "1":
            result = mul(result, a)
    return result


def inverse(a: Ext) -> Ext:
    """1 / a = a^(p^5 - 2)."""
    if a == ZERO:
        raise ZeroDivisionError("inverse of zero")
    return power(a, P**DEGREE - 2)


def batch_inverse(values: Sequence[Ext]) -> list[Ext]:
    """The inverses of all values with a single inversion (Montgomery's trick); none may be zero."""
    prefix = [ONE]
    for value in values:
        prefix.append(mul(prefix[-1], value))
    running = inverse(prefix.pop())
    inverses = [ONE] * len(values)
    for i in range(len(values) - 1, -1, -1):
        inverses[i] = mul(running, prefix[i])
        running = mul(running, values[i])
    return inverses


def powers(a: Ext, count: int) -> list[Ext]:
    """a^0, a^1, ..., a^(count-1)."""
    result: list[Ext] = []
    current = ONE
    for _ in range(count):
        result.append(current)
        current = mul(current, a)
    return result


def total(values: Iterable[Ext]) -> Ext:
    """The sum of the values."""
    result = ZERO
    for value in values:
        result = add(result, value)
    return result


def evaluate(coefficients: Sequence[Ext], x: Ext) -> Ext:
    """sum_i coefficients[i] x^i (Horner)."""
    result = ZERO
    for coefficient in reversed(coefficients):
        result = add(mul(result, x), coefficient)
    return result


def recombine(coordinates: Sequence[Ext]) -> Ext:
    """v_0 + x v_1 + ... + x^4 v_4, where x generates E and the v_i are themselves in E.

    An extension column is committed as five base columns; opened at a point of E each of them gives an
    element of E, and this is the value of the extension column there.
    """
    if len(coordinates) != DEGREE:
        raise ValueError("an extension column has five coordinates")
    r0, r1, r2, r3, r4 = coordinates[DEGREE - 1]
    for value in reversed(coordinates[: DEGREE - 1]):
        # multiply by x: (r0, r1, r2, r3, r4) -> (r4, r0, r1 - r4, r2, r3)
        r0, r1, r2, r3, r4 = add((r4, r0, (r1 - r4) % P, r2, r3), value)
    return (r0, r1, r2, r3, r4)


def by_coordinate(factor: Ext) -> list[Ext]:
    """factor, factor x, ..., factor x^4: weights of the coordinates of an element of E that is multiplied by factor."""
    result = [factor]
    for _ in range(DEGREE - 1):
        r0, r1, r2, r3, r4 = result[-1]
        result.append((r4, r0, (r1 - r4) % P, r2, r3))
    return result


# A vector of weights in E, held by coordinate so that a row of base elements is combined with five plain
# integer dot products.
Weights = tuple[list[int], list[int], list[int], list[int], list[int]]


def weights(values: Sequence[Ext]) -> Weights:
    """The values by coordinate."""
    return (
        [v[0] for v in values],
        [v[1] for v in values],
        [v[2] for v in values],
        [v[3] for v in values],
        [v[4] for v in values],
    )


def dot(row: Sequence[int], by: Weights) -> Ext:
    """sum_i row[i] * weight_i for a row of base elements of the same length as the weights."""
    if len(row) != len(by[0]):
        raise ValueError("row and weights differ in length")
    return (
        sum(map(_times, row, by[0])) % P,
        sum(map(_times, row, by[1])) % P,
        sum(map(_times, row, by[2])) % P,
        sum(map(_times, row, by[3])) % P,
        sum(map(_times, row, by[4])) % P,
    )


def to_bytes(values: Iterable[Ext]) -> bytes:
    """The values as they stand on the wire: coordinates in order, 4 bytes little-endian each."""
    return b"".join([c.to_bytes(WORD_BYTES, "little") for value in values for c in value])

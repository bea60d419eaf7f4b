"""Slow, plain polynomials over the extension field, and over the trace domain: the tests' second opinion."""

from __future__ import annotations

from zkharvest.prover import plain
from zkharvest.prover.plain import EXT_ZERO, P


def lift(a):
    """A base element, or an extension element as it is."""
    return tuple(a) if isinstance(a, (tuple, list)) else (int(a) % P, 0, 0, 0, 0)


def poly(*coefficients):
    return [lift(c) for c in coefficients]


def add(a, b):
    size = max(len(a), len(b))
    a, b = ([*x, *[EXT_ZERO] * (size - len(x))] for x in (a, b))
    return [plain.ext_add(x, y) for x, y in zip(a, b, strict=True)]


def scale(a, k):
    return [plain.ext_mul(x, lift(k)) for x in a]


def sub(a, b):
    return add(a, scale(b, P - 1))


def mul(a, b):
    out = [EXT_ZERO] * max(len(a) + len(b) - 1, 0)
    for i, x in enumerate(a):
        if x != EXT_ZERO:
            for j, y in enumerate(b):
                out[i + j] = plain.ext_add(out[i + j], plain.ext_mul(x, y))
    return out


def divide_by_vanishing(a, n):
    """a / (X^n - 1); ArithmeticError if there is a remainder."""
    a = [*a, *[EXT_ZERO] * max(0, n - len(a))]
    quotient = a[n:]
    for i in range(len(quotient) - n - 1, -1, -1):
        quotient[i] = plain.ext_add(quotient[i], quotient[i + n])
    if any(
        plain.ext_add(low, high) != EXT_ZERO for low, high in zip(a[:n], [*quotient, *[EXT_ZERO] * n], strict=False)
    ):
        raise ArithmeticError("not divisible")
    return quotient


def evaluate(a, z):
    result = EXT_ZERO
    for coefficient in reversed(a):
        result = plain.ext_add(plain.ext_mul(result, lift(z)), coefficient)
    return result


def interpolate(values):
    """The polynomial of degree < n with these values at 1, w, w^2, ..."""
    n = len(values)
    root = plain.inverse(plain.root_of_unity(n.bit_length() - 1))
    out = []
    for i in range(n):
        total = EXT_ZERO
        for j, value in enumerate(values):
            total = plain.ext_add(total, plain.ext_mul(lift(value), lift(pow(root, i * j, P))))
        out.append(plain.ext_mul(total, lift(plain.inverse(n))))
    return out


def masked(values, mask):
    """The interpolation of `values` plus (X^n - 1) * mask."""
    shifted = [*[EXT_ZERO] * len(values), *poly(*mask)]
    return sub(add(interpolate(values), shifted), poly(*mask))


def compose_with_scale(a, k):
    """a(k X)."""
    return [plain.ext_mul(c, lift(pow(k, i, P))) for i, c in enumerate(a)]

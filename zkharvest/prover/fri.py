# mypy: disable-error-code="import-untyped,misc"
"""FRI's commit phase (FORMAT.md section 4): layers of values, folded by powers of two.

f(X) = sum over i < a of X^i f_i(X^a) is folded with b to sum of b^i f_i(Y). For a = 2^s this is s times the fold of
arity 2, with b, b^2, b^4, ...: even(X^2) + X odd(X^2) becomes even(Y) + b odd(Y), where
even(x^2) = (f(x) + f(-x)) / 2, odd(x^2) = (f(x) - f(-x)) / 2x, and -x is the point half a layer further on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkharvest.prover import field, ntt, plain
from zkharvest.prover.field import EXTENSION_DEGREE, Words, mont
from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import kernel
from zkharvest.simd.lanes import load, load_five, splat, splat_at, store_five
from zkharvest.simd.threads import over_ranges
from zkharvest.spec import P
from zkharvest.verifier import field as ext
from zkharvest.verifier.field import Ext

_HALF = mont((P + 1) // 2)


@kernel
def _fold_pairs(start: Any, stop: Any, values: Any, half: Any, slopes: Any, challenge: Any, out: Any) -> None:
    """out[j] = (v + w) / 2 + challenge * (v - w) * slopes[j], v = values[j], w = values[j + half]; j in sixteens."""
    two_inverse = splat(np.uint32(_HALF))
    b = (
        splat_at(challenge, 0),
        splat_at(challenge, 1),
        splat_at(challenge, 2),
        splat_at(challenge, 3),
        splat_at(challenge, 4),
    )
    for group in range(start, stop):
        v0, v1, v2, v3, v4 = load_five(values, 80 * group)
        w0, w1, w2, w3, w4 = load_five(values, 80 * group + 5 * half)
        k = load(slopes, 16 * group)
        odd = (
            kb.mul(kb.sub(v0, w0), k),
            kb.mul(kb.sub(v1, w1), k),
            kb.mul(kb.sub(v2, w2), k),
            kb.mul(kb.sub(v3, w3), k),
            kb.mul(kb.sub(v4, w4), k),
        )
        o0, o1, o2, o3, o4 = kb.ext_mul(odd, b)
        even_and_odd = (
            kb.add(kb.mul(kb.add(v0, w0), two_inverse), o0),
            kb.add(kb.mul(kb.add(v1, w1), two_inverse), o1),
            kb.add(kb.mul(kb.add(v2, w2), two_inverse), o2),
            kb.add(kb.mul(kb.add(v3, w3), two_inverse), o3),
            kb.add(kb.mul(kb.add(v4, w4), two_inverse), o4),
        )
        store_five(out, 80 * group, even_and_odd)


def fold(values: Words, shift: int, arity: int, challenge: Ext) -> Words:
    """The fold of a layer (m, 5) on shift * <w_m>: (m / arity, 5) on shift^arity * <w>; m / arity a multiple of 16."""
    while arity > 1:
        half = values.shape[0] // 2
        root = plain.root_of_unity(half.bit_length())
        slopes = field.powers(plain.inverse(root), half, first=plain.inverse(2 * shift))
        out = field.empty(half, EXTENSION_DEGREE)
        words = np.array([mont(c) for c in challenge], dtype=np.uint32)
        over_ranges(_fold_pairs, half // 16, values.reshape(-1), half, slopes, words, out.reshape(-1), grain=64)
        values, shift, challenge, arity = out, shift * shift % P, ext.mul(challenge, challenge), arity // 2
    return values


def leaf_parts(values: Words, arity: int) -> list[Words]:
    """A layer's leaves: leaf j holds points j, j + m/a, j + 2 m/a, ..., one matrix for each."""
    return list(values.reshape(arity, -1, EXTENSION_DEGREE))


def final_polynomial(values: Words, shift: int) -> Words:
    """All coefficients (m, 5), Montgomery form, of the last layer on shift * <w_m>."""
    return ntt.coset_intt(values, shift)

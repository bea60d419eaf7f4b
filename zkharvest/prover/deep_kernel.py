# mypy: disable-error-code="import-untyped,misc"
"""Division of polynomials over the extension field by Y - p, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import kernel


@kernel
def divide(start: Any, stop: Any, values: Any, bound: Any, lanes: Any, points: Any) -> None:
    """Divide polynomials by Y - p, in place: the coefficients (bound, 2, lanes, 5) become those of the quotients.

    p is the first of `points` (2, 5) for the first half of them, the second for the other; chains start..stop of the
    2 * lanes. Synthetic division: q_(m-1) = a_m + p q_m.
    """
    scaled = np.empty((5, 5), dtype=np.uint32)
    carried = np.zeros(5, dtype=np.uint32)
    for chain in range(start, stop):
        point = 5 * (chain // lanes)
        _times(points, point, scaled)
        carried[:] = 0
        for m in range(bound - 1, -1, -1):
            at = (m * 2 * lanes + chain) * 5
            c0, c1, c2, c3, c4 = carried[0], carried[1], carried[2], carried[3], carried[4]
            for i in range(5):
                a = values[at + i]
                values[at + i] = carried[i]
                t = kb.add1(kb.mul1(scaled[i, 0], c0), kb.mul1(scaled[i, 1], c1))
                t = kb.add1(t, kb.add1(kb.mul1(scaled[i, 2], c2), kb.mul1(scaled[i, 3], c3)))
                scaled_last = kb.add1(kb.mul1(scaled[i, 4], c4), a)
                carried[i] = kb.add1(t, scaled_last)


@kernel
def _times(points: Any, at: Any, out: Any) -> None:
    """The matrix of the multiplication by points[at:at + 5]: column j is the point times x^j, x^5 = 1 - x^2."""
    for i in range(5):
        out[i, 0] = points[at + i]
    for j in range(1, 5):
        top = out[4, j - 1]
        for i in range(4, 0, -1):
            out[i, j] = out[i - 1, j - 1]
        out[0, j] = top
        out[2, j] = kb.sub1(out[2, j], top)

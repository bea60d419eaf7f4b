# mypy: disable-error-code="import-untyped,misc,no-any-return"
"""KoalaBear arithmetic for use inside kernels, on lanes and on scalars.

The field is F_p, p = 2^31 - 2^24 + 1. Kernels work on Montgomery representatives a * 2^32 mod p, always
canonical, 0 <= a < p; an extension element is a tuple of five vectors, constant term first. What `mul` and
`fold` allow beyond canonical operands is said in `formulas`, where the lane operations are defined.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from zkharvest.simd import formulas
from zkharvest.simd.compiling import helper, inlined
from zkharvest.simd.formulas import P_INVERSE
from zkharvest.simd.values import U32, operation
from zkharvest.spec import P

__all__ = ["P_INVERSE", "P"]

ONE = (1 << 32) % P  # the representative of 1
R_SQUARED = (1 << 64) % P  # times a canonical residue gives its representative

# --- lanes --------------------------------------------------------------------------------------------------

reduce_once = operation()(formulas.reduce_once)
add = operation()(formulas.add)
sub = operation()(formulas.sub)
mul = operation()(formulas.mul)
mul_by = operation()(formulas.mul_by)
from_mont = operation()(formulas.from_mont)
fold = operation()(formulas.fold)
redc = operation(U32)(formulas.redc)
redc_wide = operation(U32)(formulas.redc_wide)
ext_mul = operation(types.UniTuple(U32, 5))(formulas.ext_mul)


@helper
def inverse(a: Any) -> Any:
    """1 / a by Fermat's theorem; 0 for 0."""
    # p - 2 = 2^31 - 2^24 - 1 is, from the top, six ones, a zero, twenty-four ones.
    x = a
    for _ in range(5):
        x = mul(mul(x, x), a)
    x = mul(x, x)
    for _ in range(24):
        x = mul(mul(x, x), a)
    return x


# --- scalars: uint32 in, uint32 out -------------------------------------------------------------------------


@inlined
def mul1(a: Any, b: Any) -> Any:
    """`mul` of two scalars."""
    x = np.uint64(a) * np.uint64(b)
    q = np.uint64(np.uint32(np.uint32(x) * np.uint32(P_INVERSE)))
    t = np.int64(x >> np.uint64(32)) - np.int64((q * np.uint64(P)) >> np.uint64(32))
    return np.uint32(t if t >= 0 else t + P)


@inlined
def add1(a: Any, b: Any) -> Any:
    """`add` of two scalars."""
    t = np.int64(a) + np.int64(b) - P
    return np.uint32(t if t >= 0 else t + P)


@inlined
def sub1(a: Any, b: Any) -> Any:
    """`sub` of two scalars."""
    t = np.int64(a) - np.int64(b)
    return np.uint32(t if t >= 0 else t + P)

"""Residues of whole arrays against Python's integers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zkharvest.simd.residues import residues
from zkharvest.spec import P

EDGES = [k * P + d for k in (-(2**31), -2, -1, 0, 1, 2, 2**31) for d in (-1, 0, 1)]


@given(st.lists(st.integers(-(2**62), 2**62) | st.sampled_from(EDGES), min_size=1, max_size=40))
def test_residues_are_pythons(values):
    assert residues(np.array(values, np.int64)).tolist() == [value % P for value in values]
    assert int(residues(np.int64(values[0]))) == values[0] % P

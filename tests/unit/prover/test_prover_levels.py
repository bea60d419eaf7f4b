"""Traces of one height, put side by side."""

from __future__ import annotations

import numpy as np
import pytest

from zkharvest.prover import field
from zkharvest.prover.levels import in_one
from zkharvest.spec import P


@pytest.mark.parametrize("rows", [1, 8, 16, 64, 128, 4096])
@pytest.mark.parametrize("widths", [(1,), (16,), (17, 3), (5, 31, 33), (48, 16)])
def test_traces_stand_side_by_side_however_they_are_held(rows, widths):
    random = np.random.default_rng(rows * 100 + sum(widths))
    given = [random.integers(0, P, (rows, width), dtype=np.uint32) for width in widths]
    expected = field.to_mont(np.concatenate(given, axis=1))
    by_column = [np.asfortranarray(one) for one in given]
    apart = [np.concatenate([one, one], axis=1)[:, : one.shape[1]] for one in given]
    mixed = [by_column[i] if i % 2 else given[i] for i in range(len(given))]
    for held in (given, by_column, apart, mixed):
        assert np.array_equal(in_one(held), expected)

"""What a stack is, and that one divisibility is all of its claims."""

from itertools import product

import pytest
import verify_tiny_circuit as tiny

from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.stacks import stacks_of


def remainder(coefficients, k, z, p):
    """Of a polynomial (constant first) divided by X^k - z, by long division."""
    rest = list(coefficients)
    for i in range(len(rest) - 1, k - 1, -1):
        rest[i - k] = (rest[i - k] + z * rest[i]) % p
        rest[i] = 0
    return rest[:k]


def test_divisibility_by_x_k_less_z_is_all_claims_together():
    """Over F_5, k = 2, columns of two coefficients: every pair of columns, every z, every pair of claims."""
    p, k = 5, 2
    for a0, a1, b0, b1 in product(range(p), repeat=4):
        stack = [a0, b0, a1, b1]  # f_0(X^2) + X f_1(X^2)
        for z in range(p):
            true = ((a0 + a1 * z) % p, (b0 + b1 * z) % p)
            for claims in product(range(p), repeat=2):
                shifted = [(stack[0] - claims[0]) % p, (stack[1] - claims[1]) % p, *stack[2:]]
                assert (remainder(shifted, k, z, p) == [0, 0]) is (claims == true)


@pytest.mark.parametrize("stack", [4, 8])
def test_every_column_has_one_place(stack):
    found = stacks_of(tiny.DESCRIPTION, stack)
    counts = (tiny.DESCRIPTION.main_width, tiny.DESCRIPTION.extension_columns, tiny.DESCRIPTION.pieces)
    for tree, count in zip(found.trees, counts, strict=True):
        lanes = tree.lanes(stack)
        assert len(lanes) == stack
        assert sorted(c for lane in lanes for c in lane if c >= 0) == list(range(count))
        for place in range(tree.stacks):
            members = {lane[place] for lane in lanes} - {-1}
            assert members  # no stack is empty
            ahead = place < tree.following.width
            assert all((column in tree.following.columns) is ahead for column in members)


def test_the_batch_has_a_power_for_every_stack_and_point_and_for_the_mask():
    found = stacks_of(tiny.DESCRIPTION, 4)
    assert found.pairs == sum(tree.stacks + tree.following.width for tree in found.trees) + 1
    assert found.quotient.following.width == 0
    # the opened row: a word for a stack of main columns, five for one of columns in E
    assert [tree.words // tree.stacks for tree in found.trees] == [1, 5, 5]
    assert {preset.params.log_stack for preset in PRESETS.values()} == {2, 3}

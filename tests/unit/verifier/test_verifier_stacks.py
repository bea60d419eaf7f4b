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


HEIGHTS = [(13, 13), (13, 12), (12, 13), (15, 12)]


@pytest.mark.parametrize("heights", HEIGHTS)
@pytest.mark.parametrize("stack", [4, 8])
def test_every_column_has_one_place(stack, heights):
    """In a stack of its table's height, of its kind; the pieces are as high as the tallest table."""
    d = tiny.DESCRIPTION
    found = stacks_of(d, heights, stack)
    assert [height.log_rows for height in found.heights] == sorted(set(heights), reverse=True)
    counts = (d.main_width, d.extension_columns, d.pieces)
    owners = (
        [h for h, table in zip(heights, d.tables, strict=True) for _ in table.columns],
        [h for h, table in zip(heights, d.tables, strict=True) for _ in range(table.extension_columns)],
        [max(heights)] * d.pieces,
    )
    for t, (count, owner, ahead) in enumerate(zip(counts, owners, (d.next_main, d.next_aux, ()), strict=True)):
        seen, begin = [], 0
        for height in found.heights:
            part = height.trees[t]
            assert height.lanes == stack << (max(heights) - height.log_rows)
            assert (part.first, part.words.start) == (begin, part.degree * begin)
            begin += part.stacks
            places = [(place, lane) for _, place, lane in part.placed()]
            assert len(set(places)) == len(places)
            assert {place for place, _ in places} == set(range(part.stacks))  # no stack is empty
            for column, place, lane in part.placed():
                assert owner[column] == height.log_rows
                assert 0 <= lane < height.lanes
                assert (column in ahead) is (place < part.following.width)
                seen.append(column)
            # Lanes that go into one column of the tallest are filled first.
            short = height.lanes // stack
            for place in range(part.stacks):
                lanes = {lane for at, lane in places if at == place}
                assert len({lane % stack for lane in lanes}) == -(-len(lanes) // short)
        assert sorted(seen) == list(range(count))
        assert found.words[t] == (1, 5, 5)[t] * begin + (5 if t == 2 else 0)


@pytest.mark.parametrize("heights", HEIGHTS)
def test_the_batch_has_a_power_for_every_stack_and_point_and_for_the_mask(heights):
    found = stacks_of(tiny.DESCRIPTION, heights, 4)
    parts = [part for height in found.heights for part in height.trees]
    assert found.pairs == sum(part.stacks + part.following.width for part in parts) + 1
    assert all(height.trees[2].following.width == 0 for height in found.heights)
    assert {preset.params.log_stack for preset in PRESETS.values()} == {2, 3}

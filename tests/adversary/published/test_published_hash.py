"""Attacks on the circuit's hash: rounds and matrix (rows E7 and E8 of the list, docs/security/attacks.md)."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.support.boards import board, number
from tests.support.counts import count
from zkharvest.circuit.expr import P
from zkharvest.commitment import poseidon
from zkharvest.commitment import poseidon_kernel as kernel
from zkharvest.commitment.poseidon import FULL_ROUNDS, MDS, PARTIAL_ROUNDS, ROUND_CONSTANTS, WIDTH

# Rounds for 128 bits over a 31-bit prime with S-box x^3, full and partial, by width: Plonky3, round_numbers.rs.
PUBLISHED_ROUNDS = {16: (8, 20), 24: (8, 23), 32: (8, 31)}
# The permutation of 0..23: Plonky3 at 5dc50e5, koala-bear/src/poseidon1.rs, test_poseidon_width_24 (first nine lanes).
ANSWER = [511672087, 215882318, 237782537, 740528428, 712760904, 54615367, 751514671, 110231969, 1905276435]


def test_e7_as_many_rounds_as_published():
    """Ziren #524: 13 partial rounds, which is the number for x^7, where x^3 needs 20."""
    assert PUBLISHED_ROUNDS[WIDTH] == (FULL_ROUNDS, PARTIAL_ROUNDS)
    assert len(ROUND_CONSTANTS) == FULL_ROUNDS + PARTIAL_ROUNDS == 31
    assert np.gcd(3, P - 1) == 1  # x^3 is a permutation
    assert poseidon.permute(range(WIDTH))[:9] == ANSWER
    # The frozen circuit has them too: a full round's constraint a lane, a partial round's one.
    t = number("poseidon")
    table = board().tables[t]
    names = [c["name"] for c in table["constraints"]]
    assert sum(n.startswith("round") for n in names) == FULL_ROUNDS * WIDTH
    assert sum(n.startswith("partial") for n in names) == PARTIAL_ROUNDS
    # With fewer rounds there is another answer, and the circuit does not take it.
    fewer = [row for k, row in enumerate(ROUND_CONSTANTS) if k != 10]
    short = poseidon.permutation(range(WIDTH), fewer, MDS, FULL_ROUNDS)
    assert short[:9] != ANSWER
    row = len(board().traces[t]) - 2  # idle: flags are zero, the rounds are checked all the same
    assert len(_in_order(table)) == kernel.TRACE_COLUMNS
    cells = kernel.trace_many(np.arange(WIDTH, dtype=np.uint32).reshape(1, WIDTH))[0].tolist()
    place = {table["columns"].index(name): value for name, value in zip(_in_order(table), cells, strict=True)}
    (broken,) = board().single(t, [(row, place)])
    assert broken == set()
    outputs = {table["columns"].index(f"round30_{i}"): value for i, value in enumerate(short)}
    (broken,) = board().single(t, [(row, {**place, **outputs})])
    assert broken == {f"poseidon.round30_lane{i}" for i in range(WIDTH)}
    count("attacks covered")


def _in_order(table) -> list[str]:
    """Columns of the permutation as the kernel writes them: inputs, then round by round."""
    return [n for n in table["columns"] if re.match(r"(in|round|partial)[0-9]", n)]


def rank(matrix) -> int:
    """Over F_p, by elimination."""
    rows, found = np.array(matrix, dtype=np.int64) % P, 0
    for column in range(rows.shape[1]):
        pivots = np.flatnonzero(rows[found:, column])
        if len(pivots):
            rows[[found, found + pivots[0]]] = rows[[found + pivots[0], found]]
            rows[found] = rows[found] * pow(int(rows[found, column]), -1, P) % P
            others = np.arange(len(rows)) != found
            rows[others] = (rows[others] - rows[others, column][:, None] * rows[found] % P) % P
            found += 1
    return found


def test_e8_the_matrix_spreads_every_lane():
    """stwo #1382: a matrix whose minimal polynomial is of low degree leaves subspaces that no S-box ever sees.

    The published matrix only (its known answer is E7's), and what can be checked of it: minors of all sizes, and that
    the lane with the S-box of partial rounds sees every direction: for M, M^2, ..., M^48 the first lane's images span
    all 24 dimensions, so that no subspace stays out of the S-box's sight, whatever the period.
    """
    assert all(MDS[i][j] == MDS[0][(j - i) % WIDTH] for i in range(WIDTH) for j in range(WIDTH))
    assert all(entry % P for row in MDS for entry in row)
    square = np.array(MDS, dtype=np.int64)
    above = np.triu_indices(WIDTH, 1)
    for i, k in zip(*above, strict=True):  # every 2 x 2 minor, 76,176 of them
        products = np.outer(square[i], square[k])
        assert ((products - products.T)[above] % P).all()
    rng = np.random.default_rng(8)
    for size in (3, 4, 6, 8, 12, 16, 20, 23):
        for _ in range(12):
            rows, columns = (sorted(rng.choice(WIDTH, size, replace=False)) for _ in range(2))
            assert rank(square[np.ix_(rows, columns)]) == size  # the minor is not zero
    power = square
    for _ in range(2 * WIDTH):
        assert rank(power) == rank(_images(power)) == WIDTH
        power = _times(power, square)
    # A matrix that does not: cyclic shifts by two never bring odd lanes to the first one.
    shift = np.array([[int(j == (i + 2) % WIDTH) for j in range(WIDTH)] for i in range(WIDTH)])
    assert rank(_images(shift)) == WIDTH // 2
    count("attacks covered")


def _times(left, right):
    """The product modulo p; sums of 24 products do not fit in 64 bits, so it is reduced term by term."""
    return (left[:, :, None] * right[None, :, :] % P).sum(axis=1) % P


def _images(matrix):
    """e_0, e_0 M, e_0 M^2, ..., as rows: what the first lane is made of, round after round."""
    rows = [np.eye(WIDTH, dtype=np.int64)[:1]]
    for _ in range(WIDTH - 1):
        rows.append(_times(rows[-1], matrix))
    return np.concatenate(rows)


@pytest.mark.parametrize("lane", [0, 1, 23])
def test_e8_one_lane_reaches_all_after_a_round(lane):
    """A difference in one input lane is in every output lane, and in each by another factor."""
    before, after = list(range(WIDTH)), list(range(WIDTH))
    after[lane] += 1
    differences = [(a - b) % P for a, b in zip(poseidon.permute(before), poseidon.permute(after), strict=True)]
    assert 0 not in differences
    assert len(set(differences)) == WIDTH

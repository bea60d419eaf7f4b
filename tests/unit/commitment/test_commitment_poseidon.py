"""Poseidon against the published answers, and the kernel against the plain permutation."""

from __future__ import annotations

from hashlib import sha256

import galois
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.commitment import poseidon
from zkharvest.commitment import poseidon_kernel as kernel
from zkharvest.commitment.poseidon import MDS, ROUND_CONSTANTS, P

residue = st.one_of(st.sampled_from([0, 1, P - 1, P - 2, 1 << 24]), st.integers(0, P - 1))
state = st.lists(residue, min_size=24, max_size=24)

# Plonky3 at 5dc50e5, koala-bear/src/poseidon1.rs: test_poseidon_width_24 and test_poseidon_width_16.
ANSWER_24 = [
    511672087, 215882318, 237782537, 740528428, 712760904, 54615367, 751514671, 110231969,
    1905276435, 992525666, 918312360, 18628693, 749929200, 1916418953, 691276896, 1112901727,
    1163558623, 882867603, 673396520, 1480278156, 1402044758, 1693467175, 1766273044, 433841551,
]  # fmt: skip
ANSWER_16 = [
    610090613, 935319874, 1893335292, 796792199, 356405232, 552237741, 55134556, 1215104204,
    1823723405, 1133298033, 1780633798, 1453946561, 710069176, 1128629550, 1917333254, 1175481618,
]  # fmt: skip
FIRST_ROW_16 = (1, 1, 51, 1, 11, 17, 2, 1, 101, 63, 15, 2, 67, 22, 13, 3)


def rows(count: int, seed: int = 1) -> kernel.Words:
    values = np.random.default_rng(seed).integers(0, P, (count, 24), dtype=np.uint32)
    values[0] = P - 1
    return values


def test_published_answer() -> None:
    assert poseidon.permute(range(24)) == ANSWER_24
    assert kernel.permute_many(np.arange(24, dtype=np.uint32).reshape(1, 24))[0].tolist() == ANSWER_24


def test_published_answer_of_width_16() -> None:
    """The generator and the round structure, on an instance that the project does not use."""
    constants = poseidon.round_constants(16, 8, 20)
    assert constants[0][0] == 0x7EE56A48 and constants[27][15] == 0x07E2D7EF
    assert poseidon.permutation(range(16), constants, poseidon.circulant(FIRST_ROW_16), 8) == ANSWER_16


def test_published_constants() -> None:
    """The generated constants are KOALABEAR_POSEIDON1_RC_24: the digest is that of the published table."""
    assert len(ROUND_CONSTANTS) == 31 and all(len(row) == 24 for row in ROUND_CONSTANTS)
    assert ROUND_CONSTANTS[0][:3] == (0x1D0939DC, 0x6D050F8D, 0x628058AD)
    assert ROUND_CONSTANTS[30][23] == 0x21FA33C6
    table = b"".join(constant.to_bytes(4, "little") for row in ROUND_CONSTANTS for constant in row)
    assert sha256(table).hexdigest() == "fd8a6ca3751a9cf8e8a2ec84d3405a6b5cb541b4601550693d547c4a233d7287"


def test_matrix_is_circulant_and_invertible() -> None:
    assert MDS[0][0] == 0x2D0AAAAB and MDS[0][23] == 0x0878A07F
    assert all(MDS[i][j] == MDS[0][(j - i) % 24] for i in range(24) for j in range(24))
    assert np.linalg.det(galois.GF(P, primitive_element=3, verify=False)([list(row) for row in MDS])) != 0


@given(state)
@settings(max_examples=40, deadline=None)
def test_kernel_equals_plain(x: list[int]) -> None:
    one = np.array([x], dtype=np.uint32)
    assert kernel.permute_many(one)[0].tolist() == poseidon.permute(x)
    assert tuple(kernel.compress_many(one)[0].tolist()) == poseidon.compress(x)


@pytest.mark.parametrize("count", [1, 15, 16, 17, 200])
def test_many_rows(count: int) -> None:
    x = rows(count)
    expected = [poseidon.permute(row) for row in x.tolist()]
    assert kernel.permute_many(x).tolist() == expected
    digests = kernel.compress_many(x)
    assert digests.shape == (count, 9)
    assert digests.tolist() == [
        [(a + b) % P for a, b in zip(y[:9], row, strict=False)] for y, row in zip(expected, x.tolist(), strict=True)
    ]


def test_trace_follows_the_plain_rounds() -> None:
    """Column by column: the states after full rounds, the cubes of partial rounds, the output."""
    x = rows(20, seed=2)
    trace = kernel.trace_many(x)
    assert trace.shape == (20, kernel.TRACE_COLUMNS) and kernel.TRACE_COLUMNS == 239
    for row, cells in zip(x.tolist(), trace.tolist(), strict=True):
        expected, s = list(row), list(row)
        for number, constants in enumerate(ROUND_CONSTANTS):
            s = [(a + c) % P for a, c in zip(s, constants, strict=True)]
            partial = 4 <= number < 27
            s = [pow(a, 3, P) if lane == 0 or not partial else a for lane, a in enumerate(s)]
            if partial:
                expected.append(s[0])
            s = [sum(m * a for m, a in zip(mds, s, strict=True)) % P for mds in MDS]
            if not partial:
                expected.extend(s)
        assert cells == expected


def test_no_rows_and_wrong_shapes() -> None:
    assert kernel.compress_many(np.zeros((0, 24), dtype=np.uint32)).shape == (0, 9)
    with pytest.raises(ValueError, match="24 lanes"):
        kernel.compress_many(np.zeros((2, 23), dtype=np.uint32))
    with pytest.raises(ValueError, match="24"):
        poseidon.permute([1] * 23)


def test_a_trace_is_written_into_wider_rows():
    states = np.arange(3 * 24, dtype=np.uint32).reshape(3, 24)
    wide = np.full((3, 245), 7, np.uint32)
    kernel.trace_many(states, out=wide)
    assert np.array_equal(wide[:, :239], kernel.trace_many(states))
    assert (wide[:, 239:] == 7).all()
    with pytest.raises(ValueError, match="no room"):
        kernel.trace_many(states, out=wide[:, :240])

"""Batched SHA-256 against hashlib, and leaf and node hashes against their definitions."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest

from zkharvest.prover import field
from zkharvest.prover import sha256 as kernel
from zkharvest.prover.field import Words
from zkharvest.prover.plain import P
from zkharvest.prover.sha256_lanes import hash_lanes
from zkharvest.prover.sha256_pairs import hash_pairs
from zkharvest.simd import sha256 as constants
from zkharvest.simd import sha256_x86

RNG = np.random.default_rng(7)


def matrix(rows: int, columns: int) -> tuple[Words, Words]:
    """A matrix in canonical residues, edges included, and in Montgomery form."""
    canonical = RNG.integers(0, P, (rows, columns), dtype=np.uint32)
    canonical.reshape(-1)[:3] = [P - 1, 0, 1][: canonical.size]
    return canonical, field.to_mont(canonical)


def salts_for(rows: int) -> kernel.Bytes:
    return RNG.integers(0, 256, (rows, 16), dtype=np.uint8)


KERNELS = [hash_lanes, *([hash_pairs] if sha256_x86.available() else [])]


@pytest.fixture(autouse=True, params=KERNELS, ids=lambda one: one.__name__)
def _each_kernel(request, monkeypatch):
    """Every test with every kernel that this machine can run."""
    monkeypatch.setattr(kernel, "hash_messages", request.param)


def leaves(canonical: Words, salts: kernel.Bytes) -> list[bytes]:
    return [
        sha256(b"\x00" + salt.tobytes() + row.astype("<u4").tobytes()).digest()
        for salt, row in zip(salts, canonical, strict=True)
    ]


def test_constants_are_those_of_the_standard() -> None:
    # The first and last of each list as printed in FIPS 180-4, sections 4.2.2 and 5.3.3.
    assert (constants.ROUND[0], constants.ROUND[63]) == (0x428A2F98, 0xC67178F2)
    assert (constants.START[0], constants.START[7]) == (0x6A09E667, 0x5BE0CD19)


# Widths around every block boundary: 17 + 4c + 9 bytes fill blocks at c = 9.5, 25.5, 41.5.
@pytest.mark.parametrize("columns", [1, 2, 5, 9, 10, 11, 12, 13, 25, 26, 27, 28, 29, 40, 41, 42, 128])
@pytest.mark.parametrize("rows", [1, 33])
def test_rows_equal_hashlib(rows: int, columns: int) -> None:
    canonical, mont = matrix(rows, columns)
    salts = salts_for(rows)
    digests = kernel.hash_rows(mont, salts)
    assert digests.shape == (rows, 32) and digests.dtype == np.uint8
    assert [digest.tobytes() for digest in digests] == leaves(canonical, salts)


@pytest.mark.parametrize("rows", [2, 15, 16, 17, 31, 32, 64, 1000, 2050])
def test_any_number_of_rows(rows: int) -> None:
    canonical, mont = matrix(rows, 7)
    salts = salts_for(rows)
    assert [digest.tobytes() for digest in kernel.hash_rows(mont, salts)] == leaves(canonical, salts)


@pytest.mark.parametrize("widths", [(3, 4), (1, 1, 1), (20, 5, 1, 17), (5,) * 8, (1,) * 30])
def test_matrices_side_by_side(widths: tuple[int, ...]) -> None:
    parts = [matrix(70, width) for width in widths]
    salts = salts_for(70)
    expected = leaves(np.hstack([canonical for canonical, _ in parts]), salts)
    assert [digest.tobytes() for digest in kernel.hash_rows([mont for _, mont in parts], salts)] == expected


def test_slices_of_a_matrix() -> None:
    canonical, mont = matrix(64, 24)
    salts = salts_for(32)
    ours = kernel.hash_rows([mont[:32, 3:10], mont[32:, :5], mont[::2, 20:], mont[:32, ::2]], salts)
    joined = np.hstack([canonical[:32, 3:10], canonical[32:, :5], canonical[::2, 20:], canonical[:32, ::2]])
    assert [digest.tobytes() for digest in ours] == leaves(joined, salts)


@pytest.mark.parametrize("rows", [1, 33, 70])
def test_digests_go_to_a_slice_of_rows(rows: int) -> None:
    canonical, mont = matrix(rows, 7)
    salts, out = salts_for(3 * rows), np.zeros((3 * rows, 32), dtype=np.uint8)
    kernel.hash_rows(mont, salts[1::3], out[1::3])
    assert [digest.tobytes() for digest in out[1::3]] == leaves(canonical, salts[1::3])
    assert not out[::3].any() and not out[2::3].any()


@pytest.mark.parametrize(
    "out", [np.zeros((2, 32), np.uint8), np.zeros((3, 33), np.uint8)[:, 1:], np.zeros((3, 8), np.uint32)]
)
def test_digests_need_room(out: kernel.Bytes) -> None:
    with pytest.raises(ValueError, match="takes no digests"):
        kernel.hash_rows(matrix(3, 2)[1], salts_for(3), out)


@pytest.mark.parametrize("count", [1, 2, 31, 33, 600])
def test_nodes_equal_hashlib(count: int) -> None:
    left = RNG.integers(0, 256, (count, 32), dtype=np.uint8)
    right = RNG.integers(0, 256, (count, 32), dtype=np.uint8)
    expected = [sha256(b"\x01" + a.tobytes() + b.tobytes()).digest() for a, b in zip(left, right, strict=True)]
    assert [digest.tobytes() for digest in kernel.hash_nodes(left, right)] == expected


def test_other_shapes_are_refused() -> None:
    _, mont = matrix(4, 3)
    for rows, salts in ((mont, salts_for(5)), (mont, salts_for(4)[:, :15]), (mont.reshape(-1), salts_for(4))):
        with pytest.raises(ValueError, match="do not match"):
            kernel.hash_rows(rows, salts)
    with pytest.raises(ValueError, match="equally long"):
        kernel.hash_nodes(np.zeros((3, 32), dtype=np.uint8), np.zeros((2, 32), dtype=np.uint8))

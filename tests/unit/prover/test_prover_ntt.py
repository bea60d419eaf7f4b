"""Transforms against the naive evaluation and galois.ntt; masking against its definition."""

from __future__ import annotations

import galois
import numpy as np
import pytest

from zkharvest.prover import field, ntt, plain
from zkharvest.prover.field import Words
from zkharvest.prover.plain import P

SHIFT = plain.GENERATOR


def residues(*shape: int, seed: int = 1) -> Words:
    return np.random.default_rng(seed).integers(0, P, shape, dtype=np.uint32)


def values(coefficients: Words, size: int, shift: int) -> Words:
    """The definition: every polynomial at every point of shift * <w_size>, canonical."""
    root = plain.root_of_unity(size.bit_length() - 1)
    points = [shift * pow(root, i, P) % P for i in range(size)]
    columns = coefficients.T.tolist()
    return np.array([[plain.evaluate(column, x) for column in columns] for x in points], dtype=np.uint32)


def extended(coefficients: Words, size: int, shift: int) -> Words:
    return field.from_mont(ntt.coset_lde(field.to_mont(coefficients), size, shift))


@pytest.mark.parametrize("columns", [1, 3, 16, 20, 65])
@pytest.mark.parametrize("rows", [1, 2, 4, 8, 64])
def test_coset_extension_equals_naive_evaluation(rows: int, columns: int) -> None:
    coefficients = residues(rows, columns)
    for blowup in (1, 2, 4):
        size = rows * blowup
        assert np.array_equal(extended(coefficients, size, SHIFT), values(coefficients, size, SHIFT))


@pytest.mark.parametrize(("rows", "size"), [(3, 4), (5, 32), (100, 128), (129, 512), (1, 256), (7, 1024)])
def test_any_number_of_coefficients(rows: int, size: int) -> None:
    coefficients = residues(rows, 5)
    assert np.array_equal(extended(coefficients, size, 7), values(coefficients, size, 7))


@pytest.mark.parametrize("log_n", [7, 8, 11, 12])
def test_two_passes_equal_galois(log_n: int) -> None:
    n = 1 << log_n
    coefficients = residues(n, 3)
    ours = extended(coefficients, n, 1)
    root = plain.root_of_unity(log_n)
    for column in range(3):
        # galois picks its own root of unity: match it by a stride in the exponent.
        theirs = np.asarray(galois.ntt(coefficients[:, column].tolist(), modulus=P))
        omega = int(galois.GF(P, primitive_element=3, verify=False).primitive_root_of_unity(n))
        stride = next(k for k in range(1, n, 2) if pow(root, k, P) == omega)
        assert np.array_equal(theirs, ours[np.arange(n) * stride % n, column])


@pytest.mark.parametrize(("n", "columns"), [(1, 3), (2, 17), (64, 5), (128, 33), (1024, 20), (4096, 7)])
def test_inverse_undoes_the_transform(n: int, columns: int) -> None:
    coefficients = field.to_mont(residues(n, columns))
    assert np.array_equal(ntt.intt(ntt.coset_lde(coefficients, n, 1)), coefficients)


@pytest.mark.parametrize("columns", [2, 5, 16, 23, 64, 80])
def test_extension_of_two_passes_has_the_right_values(columns: int) -> None:
    """At a few random rows of a larger matrix: lanes that straddle rows, and those that do not."""
    coefficients = residues(512, columns)
    size = 2048
    ours = extended(coefficients, size, SHIFT)
    root = plain.root_of_unity(11)
    for row in np.random.default_rng(3).integers(0, size, 12).tolist():
        x = SHIFT * pow(root, row, P) % P
        assert ours[row].tolist() == [plain.evaluate(column, x) for column in coefficients.T.tolist()]


@pytest.mark.parametrize(("n", "columns", "h"), [(8, 3, 8), (64, 5, 10), (256, 20, 40), (256, 16, 200), (512, 5, 0)])
def test_mask_is_a_multiple_of_the_vanishing_polynomial(n: int, columns: int, h: int) -> None:
    trace, randomness = residues(n, columns), residues(h, columns, seed=2)
    coefficients = field.from_mont(ntt.intt(field.to_mont(trace)))
    masked = np.zeros((4 * n, columns), dtype=np.int64)
    masked[:n] = coefficients
    masked[:h] -= randomness
    masked[n : n + h] += randomness
    expected = extended((masked % P).astype(np.uint32), 4 * n, SHIFT)
    ours = ntt.lde_masked(field.to_mont(trace), field.to_mont(randomness), 4, SHIFT)
    assert np.array_equal(field.from_mont(ours), expected)
    # On the subgroup itself the mask vanishes: the values are the trace.
    masked_rows = (masked % P).astype(np.uint32)
    assert np.array_equal(extended(masked_rows[: n + h], 2 * n, 1)[::2], trace)


def test_coset_rows_are_disjoint_from_the_trace() -> None:
    """3 * w^i is never a 2^20-th root of unity, so that no query opens a raw trace row."""
    assert pow(SHIFT, 1 << 24, P) != 1


def test_thread_count_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = field.to_mont(residues(2048, 37))
    randomness = field.to_mont(residues(30, 37, seed=5))
    results = []
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("ZKHARVEST_THREADS", threads)
        results.append(ntt.lde_masked(trace, randomness, 4, SHIFT))
    assert np.array_equal(results[0], results[1]) and np.array_equal(results[0], results[2])


def test_results_are_canonical() -> None:
    for value in (0, 1, P - 1):
        trace = np.full((128, 20), value, dtype=np.uint32)
        assert ntt.lde_masked(trace, trace[:9], 2, SHIFT).max() < P
        assert ntt.intt(trace).max() < P


def test_wrong_shapes_are_refused() -> None:
    good = residues(8, 2)
    with pytest.raises(ValueError, match="power of two"):
        ntt.intt(residues(6, 2))
    with pytest.raises(ValueError, match="power of two"):
        ntt.coset_lde(good, 24, SHIFT)
    with pytest.raises(ValueError, match="do not fit"):
        ntt.coset_lde(good, 4, SHIFT)
    for randomness, blowup in ((residues(8, 2), 1), (residues(9, 2), 4), (residues(3, 3), 4)):
        with pytest.raises(ValueError, match="cannot mask"):
            ntt.lde_masked(good, randomness, blowup, SHIFT)


@pytest.mark.parametrize("log_n", [3, 6, 7, 9])
@pytest.mark.parametrize("more", [0, 5, 8])
def test_some_columns_alone_are_transformed(log_n: int, more: int) -> None:
    n, width = 1 << log_n, 72
    coefficients = field.to_mont(residues(n + more, width))
    whole = ntt.on_coset(coefficients, field.empty(n, width), 5)
    for tiles in ([slice(0, 16)], [slice(3, 35), slice(40, 56)], [slice(16, 32), slice(56, 72)]):
        out = np.full((n, width), 7, dtype=np.uint32)
        ntt.on_coset(coefficients, out, 5, tiles)
        inside = np.zeros(width, dtype=np.bool_)
        for tile in tiles:
            inside[tile] = True
        assert np.array_equal(out[:, inside], whole[:, inside])
        assert (out[:, ~inside] == 7).all()


@pytest.mark.parametrize("tile", [slice(0, 15), slice(8, 8), slice(60, 76)])
def test_parts_of_vectors_are_refused(tile: slice) -> None:
    with pytest.raises(ValueError, match="sixteen"):
        ntt.on_coset(field.empty(32, 72), field.empty(32, 72), 5, [tile])

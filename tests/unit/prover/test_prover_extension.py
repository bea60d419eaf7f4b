"""Cosets, opened rows and leaves of columns that are extended a coset at a time are those of the whole extension."""

from types import SimpleNamespace

import numpy as np
import pytest

from zkharvest.prover import extension, field, ntt
from zkharvest.prover.commit import StackedCommitment
from zkharvest.prover.extension import Extended, interpolated, sampled_points, sampled_rows
from zkharvest.prover.plain import P
from zkharvest.prover.randomness import Randomness
from zkharvest.prover.stacks import Stacking

LOG_ROWS, COLUMNS, MASK = 9, 21, 32


def setting(blowup, seed=1):
    rng = np.random.default_rng(seed)
    rows = 1 << LOG_ROWS
    at = SimpleNamespace(rows=rows, lde_size=blowup * rows, shift=pow(3, 4, P), mask=MASK)
    values = rng.integers(0, P, (rows, COLUMNS), dtype=np.uint32)
    masks = rng.integers(0, P, (MASK, COLUMNS), dtype=np.uint32)
    return at, interpolated(values, masks), ntt.lde_masked(values, masks, blowup, at.shift)


@pytest.mark.parametrize("keep", [0, 1, 3])
@pytest.mark.parametrize("blowup", [4, 8, 16])
def test_cosets_and_rows_are_those_of_the_whole(monkeypatch, blowup, keep):
    at, coefficients, whole = setting(blowup)
    monkeypatch.setattr(extension, "KEEP", keep * at.rows * COLUMNS)
    columns = Extended(coefficients, at)
    assert np.array_equal(columns.whole(), whole)
    order = [*range(blowup), *range(0, blowup, blowup // 4), 1, 1]
    for b in order:
        assert np.array_equal(columns.coset(b), whole[b::blowup]), b
    assert sum(kept is not None for kept in columns._kept.values()) == keep
    indices = np.array([0, 5, 5, blowup * at.rows - 1, 77, 78, 79, 80, 4 * blowup, 3])
    assert np.array_equal(columns.at(indices), whole[indices])


@pytest.mark.parametrize("fits", [0, 1, 2, 4, 6])
def test_cosets_are_kept_in_memory_that_is_to_spare(monkeypatch, fits):
    """As many as find room; none is written beyond it, and each is still right when all were asked for."""
    at, coefficients, whole = setting(8)
    monkeypatch.setattr(extension, "KEEP", 0)
    spare = np.full((fits * at.rows + 3, COLUMNS), 7, dtype=np.uint32)
    columns = Extended(coefficients, at, np.empty((at.rows, COLUMNS), dtype=np.uint32), spare)
    for b in [*range(8), *range(8)]:
        assert np.array_equal(columns.coset(b), whole[b::8]), b
    kept = [one for one in columns._kept.values() if one is not None]
    assert len(kept) == min(fits, 3)
    assert all(np.shares_memory(one, spare) for one in kept)
    assert (spare[len(kept) * at.rows :] == 7).all()


def test_a_coset_that_was_made_in_part_is_not_taken_for_one(monkeypatch):
    at, coefficients, whole = setting(4)
    monkeypatch.setattr(extension, "KEEP", 0)
    columns = Extended(coefficients, at)
    columns.coset(0)
    part = columns.coset(3, [slice(5, 21)])
    assert np.array_equal(part[:, 5:], whole[3::4, 5:])
    assert not np.array_equal(part[:, :5], whole[3::4, :5])
    indices = np.array([3, 7, 11])  # of that coset
    assert np.array_equal(columns.at(indices), whole[indices])
    assert np.array_equal(columns.samples()[::2], whole[3::4][:: at.rows // columns.sampled])
    assert np.array_equal(columns.coset(3), whole[3::4])
    monkeypatch.setattr(extension, "KEEP", at.rows * COLUMNS)
    kept = Extended(coefficients, at)
    assert np.array_equal(kept.coset(2, [slice(0, 16)]), whole[2::4])


@pytest.mark.parametrize("blowup", [4, 8, 16])
def test_what_the_quotient_reads_first_is_there_when_all_is_hashed(monkeypatch, blowup):
    """The first coset, which is hashed last, and a few rows of the last of four, each before its next."""
    at, coefficients, whole = setting(blowup)
    monkeypatch.setattr(extension, "KEEP", 0)
    columns = Extended(coefficients, at)
    assert sorted(columns.order) == list(range(blowup))
    for b in columns.order:
        columns.coset(b)
    alone = Extended(coefficients, at).samples()
    monkeypatch.setattr(ntt, "on_coset", None)
    last = whole[3 * blowup // 4 :: blowup]
    step = at.rows // columns.sampled
    assert columns.sampled == 256
    assert np.array_equal(columns.samples()[::2], last[::step])
    assert np.array_equal(columns.samples()[1::2], np.roll(last, -1, axis=0)[::step])
    assert np.array_equal(columns.samples(), alone)
    assert np.array_equal(columns.coset(0), whole[::blowup])


@pytest.mark.parametrize(
    ("rows", "mask", "expected"), [(32, 3, 32), (32, 8, 32), (8192, 192, 1024), (1 << 18, 96, 512)]
)
def test_sampled_points_are_more_than_masks_add(rows, mask, expected):
    assert sampled_points(rows, mask) == expected
    found = sampled_rows(rows, expected)
    assert found[::2].tolist() == list(range(0, rows, rows // expected))
    assert found[1::2].tolist() == [(row + 1) % rows for row in found[::2]]


@pytest.mark.parametrize("stack", [4, 8])
@pytest.mark.parametrize("extra", [False, True])
def test_a_commitment_coset_by_coset_is_that_of_all_rows_at_once(stack, extra):
    at, coefficients, whole = setting(8, seed=2)
    log_domain = LOG_ROWS + 3 + stack.bit_length() - 1
    width = -(-COLUMNS // stack)
    lanes = [[c if (c := lane * width + place) < COLUMNS else -1 for place in range(width)] for lane in range(stack)]
    stacking = Stacking(lanes, 1, log_domain)
    more = field.powers(5, 5 << log_domain).reshape(-1, 5) if extra else None
    plain = StackedCommitment(whole, stacking, Randomness(b"k" * 32), more)
    lazy = StackedCommitment(Extended(coefficients, at), stacking, Randomness(b"k" * 32), more)
    assert lazy.root == plain.root
    indices = [0, 1, 900, 901, (1 << log_domain) - 1, 4096, 4104]
    assert lazy.open(indices) == plain.open(indices)


@pytest.mark.parametrize("log_rows", [3, 6, 7, 10])
def test_interpolating_with_and_without_room_of_its_own(log_rows):
    rng = np.random.default_rng(log_rows)
    values = rng.integers(0, P, (1 << log_rows, 5), dtype=np.uint32)
    masks = rng.integers(0, P, (4, 5), dtype=np.uint32)
    found = interpolated(values, masks)
    assert np.array_equal(ntt.intt(values), field.add(found[: 1 << log_rows], np.vstack([masks, 0 * values[4:]])))
    assert np.array_equal(interpolated(values, masks, np.empty_like(values)), found)
    again = values.copy()
    ntt.intt(again, np.empty_like(values), again)
    assert np.array_equal(again, ntt.intt(values))
    assert np.array_equal(ntt.on_coset(found, np.empty_like(values), 1), values)  # the masks vanish on H


def test_sizes_that_do_not_fit_are_refused():
    coefficients = np.zeros((40, 3), dtype=np.uint32)
    for shape in ((32, 4), (16, 3), (64, 3)):
        with pytest.raises(ValueError, match="do not fit"):
            ntt.on_coset(coefficients, np.zeros(shape, dtype=np.uint32), 3)
    with pytest.raises(ValueError, match="rows of values"):
        Stacking([[0], [1], [2], [-1]], 1, 8).rows(coefficients, slice(0, 39))


@pytest.mark.parametrize("log_rows", [3, 6, 7, 10])
@pytest.mark.parametrize("columns", [1, 5, 16, 37])
def test_coefficients_are_written_into_a_wider_array(log_rows, columns):
    """As the packed columns of lower tables stand behind those of the tallest; what is beside stays as it was."""
    rng = np.random.default_rng(log_rows)
    values, masks = (rng.integers(0, P, (rows, columns), dtype=np.uint32) for rows in (1 << log_rows, 4))
    wide = np.full(((1 << log_rows) + 9, columns + 11), 7, dtype=np.uint32)
    inner = wide[: (1 << log_rows) + 4, 3 : 3 + columns]
    assert np.shares_memory(interpolated(values, masks, out=inner), wide)
    assert np.array_equal(inner, interpolated(values, masks))
    wide[: (1 << log_rows) + 4, 3 : 3 + columns] = 7
    assert (wide == 7).all()
    with pytest.raises(ValueError, match="not contiguous"):
        ntt.intt(values, out=np.empty((columns, 1 << log_rows), dtype=np.uint32).T)


@pytest.mark.parametrize("count", [1, 9, 10, 11, 79])
@pytest.mark.parametrize("columns", [1, 5, 16, 37])
def test_rows_of_cosets_that_are_gone_are_evaluated(monkeypatch, columns, count):
    """Some of them twice; the first and the last point are among them."""
    rng = np.random.default_rng(count)
    rows, blowup = 256, 8
    at = SimpleNamespace(rows=rows, lde_size=blowup * rows, shift=pow(3, 4, P), mask=MASK)
    coefficients = rng.integers(0, P, (rows + 7, columns), dtype=np.uint32)
    found = Extended(coefficients, at)
    whole = found.whole()
    indices = rng.integers(0, blowup * rows, count)
    indices[: count // 2] = indices[-1]
    indices[0], indices[count // 2] = 0, blowup * rows - 1
    monkeypatch.setattr(ntt, "on_coset", None)
    assert np.array_equal(found.at(indices), whole[indices])

"""Stacks of columns against their definition, F(x) = sum of x^i f_i(x^k), and their commitments against hashlib."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.stacked_leaves import HashedFromRows
from zkharvest.prover import field, plain, stacks
from zkharvest.prover.commit import StackedCommitment
from zkharvest.prover.plain import P
from zkharvest.prover.randomness import Randomness
from zkharvest.verifier import merkle
from zkharvest.verifier.stacks import Height, Kind, Part, Stacks

LOG_ROWS = 6  # of the columns' coset


def setting(stack, degree, following, count, seed=1):
    """A tree's columns as polynomials of a few coefficients, and their values on the coset 3^k <w>."""
    rng = np.random.default_rng(seed)
    others = [c for c in range(count) if c not in following]
    width = -(-len(following) // stack), -(-len(others) // stack)
    tree = Part(Kind(tuple(following), width[0], stack, 1), Kind(tuple(others), width[1], stack, 1), degree, 0)
    coefficients = rng.integers(0, P, (9, degree * count), dtype=np.uint32)
    w, shift = plain.root_of_unity(LOG_ROWS), pow(3, stack, P)
    points = [shift * pow(w, r, P) % P for r in range(1 << LOG_ROWS)]
    values = np.array(
        [[sum(int(c) * pow(y, i, P) for i, c in enumerate(column)) % P for column in coefficients.T] for y in points],
        dtype=np.uint32,
    )
    log_domain = LOG_ROWS + stack.bit_length() - 1
    return tree, values, stacks.Stacking(lanes_of(tree, stack), degree, log_domain)


def lanes_of(tree, stack):
    return stacks.layout(Stacks((Height(LOG_ROWS, stack, (tree, tree, tree)),)), 0, stack).lanes


def by_definition(tree, values, stack, index):
    """The opened row at point `index` of D: for every stack and word of it, sum of x^i f_i(y)."""
    size = 1 << LOG_ROWS
    v = plain.root_of_unity(LOG_ROWS + stack.bit_length() - 1)
    x = 3 * pow(v, index, P) % P
    row = values[index % size].tolist()
    lanes = lanes_of(tree, stack)
    words = []
    for place in range(tree.stacks):
        for word in range(tree.degree):
            members = [(i, lane[place]) for i, lane in enumerate(lanes) if lane[place] >= 0]
            words.append(sum(pow(x, i, P) * row[tree.degree * c + word] for i, c in members) % P)
    return words


@given(
    st.lists(st.tuples(st.integers(-1, 30), st.integers(1, 40)), min_size=1, max_size=12).map(
        lambda runs: [source + k if source >= 0 else -1 for source, count in runs for k in range(count)]
    )
)
@settings(max_examples=200, deadline=None)
def test_copies_lay_a_row_out_as_its_sources_say(sources):
    """In their order: what a copy writes past its words, up to sixteen of them, is for later copies to overwrite."""
    row, line = list(range(100, 180)), [None] * (len(sources) + 16)
    for to, source, bits in stacks.copies_of(sources).reshape(-1, 3).tolist():
        line[to : to + 16] = [row[source + k] if bits >> k & 1 else 0 for k in range(16)]
    assert line[: len(sources)] == [row[source] if source >= 0 else 0 for source in sources]


@given(
    st.lists(
        st.lists(st.tuples(st.integers(-1, 90), st.integers(1, 20)), min_size=1, max_size=8), min_size=1, max_size=3
    ),
    st.integers(0, 5),
)
@settings(max_examples=200, deadline=None)
def test_runs_piece_tiles_together(lanes, before):
    """Every word of a tile is taken once, from where `sources` says, and nothing else."""
    sources = [[source + k if source >= 0 else -1 for source, count in lane for k in range(count)] for lane in lanes]
    longest = max(map(len, sources))
    sources = [lane + [-1] * (longest - len(lane)) for lane in sources]
    runs, firsts = stacks.runs_of(sources, before)
    tiles, pairs = -(-(before + longest) // 16), runs.reshape(-1, 2).tolist()
    assert len(firsts) == len(sources) * tiles + 1
    for number in range(len(sources) * tiles):
        lane, tile = divmod(number, tiles)
        own = pairs[firsts[number] : firsts[number + 1]]
        taken = [(k, at + k) for at, bits in own for k in range(16) if bits >> k & 1]
        words = ([-1] * before + sources[lane])[16 * tile : 16 * tile + 16]
        assert sorted(taken) == [(k, source) for k, source in enumerate(words) if source >= 0]


CASES = [(4, 1, (1, 5, 6), 23), (4, 5, (0, 3), 7), (8, 1, (), 40), (8, 5, (2,), 11), (4, 1, (0,), 1)]


@pytest.mark.parametrize(("stack", "degree", "following", "count"), CASES)
def test_rows_by_the_definition(stack, degree, following, count):
    tree, values, stacking = setting(stack, degree, following, count)
    assert stacking.words == tree.words.stop
    rows = stacking.rows(field.to_mont(values), slice(None))
    assert len(rows) == stack
    for index in (0, 1, 17, 63, 64, 100, (stack << LOG_ROWS) - 1):
        above, r = divmod(index, 1 << LOG_ROWS)
        assert field.from_mont(rows[above][r].copy()).tolist() == by_definition(tree, values, stack, index)


@pytest.mark.parametrize("stack", [4, 8])
def test_chosen_rows_are_rows_of_the_whole(stack):
    _, values, stacking = setting(stack, 1, (1,), 9)
    matrix = field.to_mont(values)
    whole, chosen = stacking.rows(matrix, slice(None)), np.array([3, 3, 60, 0])
    for above, part in enumerate(stacking.rows(matrix[chosen], chosen)):
        assert np.array_equal(part, whole[above][chosen])
    for above, part in enumerate(stacking.rows(matrix[16:48], slice(16, 48))):
        assert np.array_equal(part, whole[above][16:48])


@pytest.fixture(params=[True, False], ids=["in lanes", "in blocks"])
def _each_kernel(request, monkeypatch):
    """Both kernels run on every machine, whichever is the faster there."""
    monkeypatch.setattr(stacks, "IN_LANES", request.param)
    monkeypatch.setattr(stacks, "BLOCK_WORDS", 1)  # blocks of 32 rows, the least there is


@pytest.mark.parametrize(("stack", "degree", "extra"), [(4, 1, False), (4, 5, True), (8, 1, True), (8, 5, False)])
@pytest.mark.parametrize("step", [1, 4])
@pytest.mark.usefixtures("_each_kernel")
def test_rows_and_digests_are_made_in_one_or_in_two(stack, degree, extra, step):
    """Whatever the blocks are: some do not divide the rows."""
    _, values, stacking = setting(stack, degree, (0, 3), 23)
    matrix, size = field.to_mont(values), 1 << LOG_ROWS
    rng = np.random.default_rng(9)
    salts = rng.integers(0, 256, (stack * size, 16), dtype=np.uint8)
    more = rng.integers(0, P, (stack * size, 5), dtype=np.uint32) if extra else None
    digests = [np.zeros((stack * size, 32), dtype=np.uint8) for _ in range(2)]
    for first in range(step):
        part = np.ascontiguousarray(matrix[first::step])
        stacking.hash(part, first, step, salts, digests[0], more)
        HashedFromRows.hash(stacking, part, first, step, salts, digests[1], more)
    assert np.array_equal(*digests)
    assert len(np.unique(digests[0], axis=0)) == stack * size


@pytest.mark.parametrize(("stack", "extra"), [(4, 0), (4, 5), (4, 23), (8, 3)])
@pytest.mark.parametrize("rows", [1, 15, 17, 63])
@pytest.mark.usefixtures("_each_kernel")
def test_leaves_of_any_length_are_those_of_hashlib(stack, extra, rows):
    """Widths about the ends of blocks, extreme residues, missing columns; other leaves are left as they are."""
    rng, size = np.random.default_rng(3), 1 << LOG_ROWS
    salts = rng.integers(0, 256, (stack * size, 16), dtype=np.uint8)
    more = rng.integers(0, P, (stack * size, extra), dtype=np.uint32) if extra else None
    for width in (1, 5, 8, 9, 10, 11, 12, 13, 21, 25, 26, 27, 28, 29, 45):
        lanes = rng.permutation(np.arange(-stack, stack * (width - 1))).reshape(stack, width).clip(-1).tolist()
        values = rng.choice(np.array([0, 1, P - 1, P // 2], dtype=np.uint32), (rows, max(1, stack * (width - 1))))
        stacking = stacks.Stacking(lanes, 1, LOG_ROWS + stack.bit_length() - 1)
        digests = np.zeros((stack * size, 32), dtype=np.uint8)
        stacking.hash(values, 1, 1, salts, digests, more)
        for s, above in enumerate(stacking.rows(values, slice(1, rows + 1))):
            for r, row in enumerate(field.from_mont(np.ascontiguousarray(above))):
                leaf = s * size + r + 1
                words = row if more is None else np.concatenate((row, field.from_mont(more[leaf])))
                message = b"\0" + salts[leaf].tobytes() + words.astype("<u4").tobytes()
                assert digests[leaf].tobytes() == sha256(message).digest()
        untouched = np.delete(digests.reshape(stack, size, 32), range(1, rows + 1), axis=1)
        assert not untouched.any()


def test_leaves_that_do_not_fit_are_refused():
    _, values, stacking = setting(4, 1, (1,), 9)
    matrix, size = field.to_mont(values), 1 << LOG_ROWS
    salts, digests = np.zeros((4 * size, 16), dtype=np.uint8), np.zeros((4 * size, 32), dtype=np.uint8)
    with pytest.raises(ValueError, match="do not lie in"):
        stacking.hash(matrix, 1, 1, salts, digests)
    with pytest.raises(ValueError, match="do not lie in"):
        stacking.hash(matrix, 0, 1, salts[:-1], digests)
    with pytest.raises(ValueError, match="contiguous"):
        stacking.hash(matrix[::2], 0, 2, salts, digests)


@pytest.mark.parametrize("stack", [4, 8])
def test_short_columns_are_packed_as_their_lanes_say(stack):
    """A stack of 2^j k short columns, by its definition, is the stack of k packed ones: as coefficients."""
    short, rows, columns = 4, 8, 7
    lanes = stack * short
    kind = Kind(tuple(range(columns)), 1, stack, short)
    empty = Part(Kind((), 0, stack, 1), Kind((), 0, stack, 1), 1, 0)
    part = Part(Kind((), 0, stack, short), kind, 1, 0)
    of_both = Stacks((Height(8, stack, (empty, empty, empty)), Height(6, lanes, (part, part, part))))
    found = stacks.layout(of_both, 0, stack)
    (members,) = found.members
    assert len(members) == -(-columns // short)
    coefficients = np.random.default_rng(stack).integers(0, P, (rows, columns), dtype=np.uint32)
    around = np.full((rows * short + 3, len(members) + 5), 7, dtype=np.uint32)
    assert stacks.pack(coefficients, members, 1, around, 2) == 2 + len(members)
    columns_of_the_tallest = around[: rows * short, 2 : 2 + len(members)]
    assert not around[rows * short :, 2 : 2 + len(members)].any()
    assert (around[:, :2] == 7).all()
    assert (around[:, 2 + len(members) :] == 7).all()
    by_packing = np.zeros((rows * short, stack), dtype=np.uint32)
    for lane, (place,) in enumerate(found.lanes):
        if place >= 0:
            by_packing[:, lane] = columns_of_the_tallest[:, place]
    by_definition_ = np.zeros((rows, lanes), dtype=np.uint32)
    for column, place, lane in part.placed():
        assert place == 0
        by_definition_[:, lane] = coefficients[:, column]
    assert np.array_equal(by_packing.reshape(-1), by_definition_.reshape(-1))


@pytest.mark.parametrize("stack", [4, 8])
@pytest.mark.parametrize("extra", [False, True])
def test_leaves_are_the_rows_by_the_definition(stack, extra):
    tree, values, stacking = setting(stack, 5, (0, 3), 7)
    more = np.random.default_rng(4).integers(0, P, (stack << LOG_ROWS, 5), dtype=np.uint32) if extra else None
    commitment = StackedCommitment(
        field.to_mont(values), stacking, Randomness(b"s" * 32), None if more is None else field.to_mont(more)
    )
    salts = Randomness(b"s" * 32).octets(stack << LOG_ROWS, 16)
    leaves = []
    for index in range(stack << LOG_ROWS):
        row = by_definition(tree, values, stack, index) + ([] if more is None else more[index].tolist())
        leaves.append(salts[index].tobytes() + np.array(row, dtype="<u4").tobytes())
    level = [sha256(b"\0" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        half = len(level) // 2
        level = [sha256(b"\1" + level[j] + level[j + half]).digest() for j in range(half)]
    assert commitment.root == level[0]
    indices = [5, 69, 200, 5, 255]
    data, size = commitment.open(indices), len(leaves[0])
    distinct = sorted(set(indices))
    assert [data[k * size : (k + 1) * size] for k in range(len(distinct))] == [leaves[index] for index in distinct]
    rest = data[size * len(distinct) :]
    siblings = [rest[i : i + 32] for i in range(0, len(rest), 32)]
    known = {index: merkle.leaf_hash(leaves[index]) for index in distinct}
    assert merkle.root_of(known, LOG_ROWS + stack.bit_length() - 1, siblings) == commitment.root


def test_trees_that_are_built_in_one_place_are_opened_as_their_own():
    """The second overwrites what the first was built in."""
    room = np.zeros((6 << LOG_ROWS, 32), dtype=np.uint8)
    made = []
    for shared in (None, room):
        trees = []
        for seed in (1, 2):
            _, values, stacking = setting(4, 1, (0, 3), 7 + seed)
            stacking.room = shared
            trees.append(StackedCommitment(field.to_mont(values), stacking, Randomness(bytes([seed]) * 32)))
            assert stacking.room is None
        made.append([(tree.root, tree.open([0, 3, 70, 255]), tree.open([70])) for tree in trees])
    assert made[0] == made[1]
    assert made[0][0] != made[0][1]

"""Trees of a standing: what is hashed of lots, tokens and registers, by a plain twin, and that it can be read back."""

import hashlib
from random import Random

import numpy as np
import pytest

from zkharvest.commitment.encoding import digest_elements
from zkharvest.commitment.poseidon import compress
from zkharvest.commitment.standing import (
    PAIR_LANES,
    SMALL,
    commit_lots,
    commit_registers,
    nothing_carried,
    small_fields,
    standing_key,
    standing_salts,
)
from zkharvest.spec import EMPTY_TREE, P

KEY = bytes(range(32))
TAG = 1 << 24


def plain_salts(tree, count):
    """Five elements each, the root's first."""
    stream = hashlib.shake_256(b"zkharvest/standing-salt/v2\0" + KEY + tree.encode()).digest(40 * (count + 1))
    drawn = [int.from_bytes(stream[8 * i : 8 * i + 8], "little") % P for i in range(5 * (count + 1))]
    return [drawn[5 * i : 5 * i + 5] for i in range(count + 1)]


def plain_root(leaves, salt):
    """A tree of depth 20 under the tag of a page's nodes; an empty subtree is nine zeros."""
    level = [list(leaf) for leaf in leaves]
    for depth in range(1, 21):
        level += [[0] * 9] * (len(level) % 2)
        pairs = [(level[i], level[i + 1]) for i in range(0, len(level), 2)]
        if depth == 20:
            pairs = pairs or [([0] * 9, [0] * 9)]
        level = [list(compress([17 * TAG, *a, *b, *(salt if depth == 20 else [0] * 5)])) for a, b in pairs]
    return tuple(level[0])


def some(rng, count, width, below=1 << 24):
    return np.array([[rng.randrange(below) for _ in range(width)] for _ in range(count)], np.int64).reshape(-1, width)


def registers(rng, count):
    """Keys and signed lanes."""
    keys = some(rng, count, 16)
    for place, below in enumerate((64, 8, 2, 3, 6, 3, 3), start=9):
        keys[:, place] = some(rng, count, 1, below)[:, 0]
    keys[:, 0] = 1 + keys[:, 0] % 8
    return keys, some(rng, count, 19) * np.array([rng.choice((1, -1)) for _ in range(19)])


@pytest.mark.parametrize(("lots", "tokens"), [(0, 0), (1, 0), (0, 1), (3, 2)])
def test_lots_and_tokens_by_a_plain_twin(lots, tokens):
    rng = Random(lots)
    lanes = some(rng, lots + tokens, PAIR_LANES)
    root_salt, *salts = plain_salts("lots", lots + tokens)
    leaves = []
    for number, (row, salt) in enumerate(zip(lanes.tolist(), salts, strict=True)):
        first = [(18 if number < lots else 19) * TAG, *row[:18], *salt]
        leaves.append(compress([20 * TAG, *compress(first), *row[18:], 0]))
    made = commit_lots(lanes[:lots], lanes[lots:], KEY)
    assert digest_elements(made.tree.root) == plain_root(leaves, root_salt)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_registers_by_a_plain_twin(count):
    keys, lanes = registers(Random(count), count)
    root_salt, *salts = plain_salts("sums", count)
    leaves = []
    for key, row, salt in zip(keys.tolist(), lanes.tolist(), salts, strict=True):
        level, *places, kind, origin, told, covered, term, result, side = key
        first = [21 * TAG + 8 * level + term, *places, *(v % P for v in row[:10]), *salt]
        small = kind + 64 * origin + 512 * told + 1024 * covered + 3072 * side + 9216 * result
        second = [22 * TAG + small, *compress(first), *(v % P for v in row[10:]), origin, told, covered, result, side]
        leaves.append(compress(second))
    made = commit_registers(keys, lanes, KEY)
    assert digest_elements(made.tree.root) == plain_root(leaves, root_salt)


def test_a_register_can_be_read_back():
    """Every field of its key and every lane, from the two inputs alone: no two registers have one leaf."""
    keys, lanes = registers(Random(3), 200)
    made = commit_registers(keys, lanes, KEY)
    first, second = made.first.astype(np.int64), made.second.astype(np.int64)
    lead, small = first[:, 0] - 21 * TAG, second[:, 0] - 22 * TAG
    assert (lead < 1 << 7).all()
    assert (small < 1 << 15).all()
    rest = dict(zip(("origin", "told", "covered", "result", "side"), second[:, 19:].T, strict=True))
    kind = small - sum(rest[name] * SMALL[name] for name in rest)
    found = [lead // 8, *first[:, 1:9].T, kind, *(rest[n] for n in ("origin", "told", "covered"))]
    found += [lead % 8, rest["result"], rest["side"]]
    assert (np.stack(found, axis=1) == keys).all()
    read = np.concatenate([first[:, 9:19], second[:, 10:19]], axis=1)
    assert (np.where(read > P // 2, read - P, read) == lanes).all()


def test_small_fields_have_15_bits():
    most = np.array([[8, *[0] * 8, 63, 7, 1, 2, 5, 2, 2]])
    assert 1 << 14 <= small_fields(most)[0] < 1 << 15


def test_tags_are_apart():
    """Of a record, a node, a lot, a token, their second halves, a register: also with all that is added to them."""
    keys, lanes = registers(Random(1), 50)
    sums = commit_registers(keys, lanes, KEY)
    lots = commit_lots(some(Random(2), 2, PAIR_LANES), some(Random(3), 2, PAIR_LANES), KEY)
    inputs = (lots.first[:2], lots.first[2:], lots.second, sums.first, sums.second, *sums.tree.nodes)
    tags = [set((found[:, 0] >> 24).tolist()) for found in inputs]
    assert tags == [{18}, {19}, {20}, {21}, {22}, *[{17}] * 20]


def test_salts_are_the_key_s():
    keys, lanes = registers(Random(4), 2)
    one, two = (commit_registers(keys, lanes, standing_key(KEY, label)) for label in ("2024", "2025"))
    assert one.tree.root != two.tree.root
    assert not (one.first[:, 19:] == two.first[:, 19:]).any()
    assert not (one.second[:, 1:10] == two.second[:, 1:10]).any()
    assert standing_key(KEY, "2024") == hashlib.sha256(b"zkharvest/standing-key/v2\0" + KEY + b"2024").digest()
    root, salts = standing_salts(KEY, "lots", 3)
    assert root.shape == (5,)
    assert salts.shape == (3, 5)
    assert not (standing_salts(KEY, "sums", 3)[1] == salts).any()


def test_nothing_is_carried_in():
    """The root that every first link names."""
    assert nothing_carried().tree.root == EMPTY_TREE
    assert digest_elements(EMPTY_TREE) == plain_root([], [0] * 5)
    assert commit_lots(some(Random(1), 0, PAIR_LANES), some(Random(1), 0, PAIR_LANES), KEY).tree.root != EMPTY_TREE


def test_rows_of_another_width_are_refused():
    with pytest.raises(ValueError, match="rows of 31 lanes, not of shape"):
        commit_lots(some(Random(1), 1, 30), some(Random(1), 0, 31), KEY)
    with pytest.raises(ValueError, match="rows of 16 lanes"):
        commit_registers(some(Random(1), 1, 15), some(Random(1), 1, 19), KEY)

"""Commitment to a standing: the lots and tokens carried out of one link and into the next, and the registers.

Two trees, of the depth and with the nodes of a page's (`pages`), each with a salted root: lots and then tokens in one,
registers in the other. A leaf is a pair of hash inputs; the second holds the digest of the first, which is salted.

    lot       tag | asset x4 | place x4          | quantity x5 | value x3 | order | 0   | salt x5
    token     tag | asset x4 | time x2 | ref x2  | quantity x5 | value x3 | order | seq | salt x5
    second    tag | digest x9 | unit x7 | long-from x3 | day | side, own (of a token: part, last) | 0
    register  tag + lead | asset x4 | source x4 | lanes 0 to 9 | salt x5
    second    tag + small | digest x9 | lanes 10 to 18 | origin | told | covered | result | side

`lead` is 8 * level + term and `small` packs a key's small fields (`SMALL`); whoever reads a register checks that they
are in range, which keeps its tags apart from all others, and `kind` follows from `small` and what stands beside it. So
a register, 19 lanes and 16 fields, has room in two inputs. Lanes of a register are three bytes with a sign.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zkharvest.spec import P

from .encoding import DIGEST, SALT, WIDTH
from .page_record import Lanes
from .poseidon_kernel import compress_many
from .tree import Tree, build_tree, salts_of

Ints = NDArray[np.int64]

TAG_LOT, TAG_TOKEN, TAG_SECOND, TAG_REGISTER, TAG_REGISTER_SECOND = (k << 24 for k in (18, 19, 20, 21, 22))
PAIR_FIRST, PAIR_SECOND = WIDTH - SALT - 1, 13
"""Lanes of a lot or token in its first and in its second input."""
PAIR_LANES = PAIR_FIRST + PAIR_SECOND

KEY_FIELDS = 16
"""A register's key: level | asset x4 | source x4 | kind | origin | told | covered | term | result | side."""
REGISTER_LANES = 19
LANES_FIRST = 10
"""Lanes of a register in its first input."""
SMALL = {"kind": 1, "origin": 1 << 6, "told": 1 << 9, "covered": 1 << 10, "side": 3 << 10, "result": 9 << 10}
"""Weights of a key's small fields: 15 bits together."""
LEVEL_WEIGHT = 8
_KIND, _ORIGIN, _TOLD, _COVERED, _TERM, _RESULT, _SIDE = range(9, KEY_FIELDS)


@dataclass(frozen=True, slots=True)
class Pairs:
    """The hash inputs (n, 24) of both halves of each leaf, and the tree over them."""

    first: Lanes
    second: Lanes
    tree: Tree


@dataclass(frozen=True)
class StandingOpening:
    """What opens the two roots of a standing: the lanes of lots (n, 31) and tokens (m, 31), registers' keys (k, 16)
    and signed lanes (k, 19), each in the order of its tree, and the key of all salts.
    """

    lots: Ints = field(repr=False)
    tokens: Ints = field(repr=False)
    keys: Ints = field(repr=False)
    lanes: Ints = field(repr=False)
    key: bytes = field(repr=False)

    @cached_property
    def pairs(self) -> Pairs:
        """The tree of lots and tokens. ValueError for more than 2^20 of them."""
        return commit_lots(self.lots, self.tokens, self.key)

    @cached_property
    def registers(self) -> Pairs:
        """The tree of registers."""
        return commit_registers(self.keys, self.lanes, self.key)


def standing_key(seed: bytes, label: str) -> bytes:
    """A key of a standing's salts, 32 bytes, from a seed. For known answers: `workflow.links` draws one a link."""
    return hashlib.sha256(b"zkharvest/standing-key/v2\0" + seed + label.encode()).digest()


def standing_salts(key: bytes, tree: str, count: int) -> tuple[Lanes, Lanes]:
    """A tree's salts: the root's (5,) and those of its leaves (count, 5). `tree` is "lots" or "sums"."""
    return salts_of(b"zkharvest/standing-salt/v2\0" + key + tree.encode(), count)


def commit_lots(lots: Ints, tokens: Ints, key: bytes) -> Pairs:
    """The tree of lots (n, 31) and then tokens (m, 31), their lanes in the order of the two inputs.

    Raises ValueError for more than 2^20 of them.
    """
    lanes = np.concatenate([_checked(lots, PAIR_LANES), _checked(tokens, PAIR_LANES)])
    root_salt, salts = standing_salts(key, "lots", len(lanes))
    first, second = _inputs(len(lanes), salts)
    first[: len(lots), 0], first[len(lots) :, 0], second[:, 0] = TAG_LOT, TAG_TOKEN, TAG_SECOND
    first[:, 1 : 1 + PAIR_FIRST] = lanes[:, :PAIR_FIRST]
    second[:, 1 + DIGEST : 1 + DIGEST + PAIR_SECOND] = lanes[:, PAIR_FIRST:]
    return _tree(first, second, root_salt)


def commit_registers(keys: Ints, lanes: Ints, key: bytes) -> Pairs:
    """The tree of registers: keys (n, 16) and signed lanes (n, 19). Raises ValueError for more than 2^20 of them."""
    _checked(keys, KEY_FIELDS)
    lanes = _checked(lanes, REGISTER_LANES)
    root_salt, salts = standing_salts(key, "sums", len(keys))
    first, second = _inputs(len(keys), salts)
    first[:, 0] = TAG_REGISTER + LEVEL_WEIGHT * keys[:, 0] + keys[:, _TERM]
    first[:, 1:9] = keys[:, 1:9]
    first[:, 9 : WIDTH - SALT] = lanes[:, :LANES_FIRST] % P
    second[:, 0] = TAG_REGISTER_SECOND + small_fields(keys)
    second[:, 1 + DIGEST : 1 + DIGEST + REGISTER_LANES - LANES_FIRST] = lanes[:, LANES_FIRST:] % P
    second[:, WIDTH - 5 :] = keys[:, [_ORIGIN, _TOLD, _COVERED, _RESULT, _SIDE]]
    return _tree(first, second, root_salt)


def small_fields(keys: Ints) -> Ints:
    """The small fields of keys (n, 16), packed (n,)."""
    places = {"kind": _KIND, "origin": _ORIGIN, "told": _TOLD, "covered": _COVERED, "result": _RESULT, "side": _SIDE}
    packed: Ints = np.sum([keys[:, places[name]] * weight for name, weight in SMALL.items()], axis=0)
    return packed


def _checked(lanes: Ints, count: int) -> Ints:
    if lanes.ndim != 2 or lanes.shape[1] != count:
        raise ValueError(f"rows of {count} lanes, not of shape {lanes.shape}")
    return lanes


def _inputs(count: int, salts: Lanes) -> tuple[Lanes, Lanes]:
    first, second = np.zeros((count, WIDTH), np.uint32), np.zeros((count, WIDTH), np.uint32)
    first[:, WIDTH - SALT :] = salts
    return first, second


def _tree(first: Lanes, second: Lanes, root_salt: Lanes) -> Pairs:
    empty = np.zeros((0, DIGEST), np.uint32)
    second[:, 1 : 1 + DIGEST] = np.asarray(compress_many(first)) if len(first) else empty
    leaves = np.asarray(compress_many(second)) if len(second) else empty
    return Pairs(first, second, build_tree(leaves, root_salt))


def nothing_carried() -> Pairs:
    """A tree of a standing without anything, and with the salt 0: its root is known to all (`EMPTY_TREE`)."""
    nothing = np.zeros((0, WIDTH), np.uint32)
    return Pairs(
        nothing,
        nothing,
        build_tree(np.zeros((0, DIGEST), np.uint32), np.zeros(SALT, np.uint32)),
    )

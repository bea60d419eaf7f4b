"""Pages: the committed records of one account of a source over one period, as a salted Poseidon tree of depth 20.

The salts follow from a key that the source derives for each page from its own seed and the page's records: it needs to
keep nothing else, an opening file holds the page's key, and one page's key says nothing of another's. The root's salt
is the first of the stream, so that no number of records has a root of its own to look for.

Roots of many pages are computed together, level by level, since a tree of twenty records has as many levels as one of
a million and would leave the kernel idle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from zkharvest.commitment.encoding import DIGEST, SALT, WIDTH, digest_bytes
from zkharvest.commitment.page_record import Lanes, PageRecord, lanes_of
from zkharvest.commitment.poseidon_kernel import compress_many
from zkharvest.commitment.tree import DEPTH, TAG_NODE, Tree, build_tree, salts_of

MAX_RECORDS = 1 << DEPTH


def page_key(seed: bytes, source: str, account: str, number: int, records: Sequence[PageRecord]) -> bytes:
    """The key of a page's salts, 32 bytes, from the source's seed. Every variable part carries its length.

    The records are a part: two pages of one number have other salts where they hold other records, so that who can open
    the one cannot try out what the other holds (as RFC 6979 draws a nonce from what is signed).
    """
    parts = b"".join(len(text).to_bytes(4, "big") + text for text in (source.encode(), account.encode()))
    held = hashlib.sha256(lanes_of(records)[:, : WIDTH - SALT].astype("<u4").tobytes()).digest()
    return hashlib.sha256(b"zkharvest/page-key/v2\0" + seed + parts + number.to_bytes(8, "big") + held).digest()


def page_salts(key: bytes, count: int) -> tuple[Lanes, Lanes]:
    """The root's salt (5,) and those of the records (count, 5)."""
    return salts_of(b"zkharvest/page-salt/v2\0" + key, count)


def salted(records: Sequence[PageRecord], key: bytes) -> tuple[Lanes, Lanes]:
    """The leaves' hash inputs (n, 24) of a page's records, and the root's salt."""
    lanes = lanes_of(records)
    root_salt, own = page_salts(key, len(lanes))
    lanes[:, WIDTH - SALT :] = own
    return lanes, root_salt


def salted_tree(records: Sequence[PageRecord], key: bytes) -> tuple[Lanes, Tree]:
    """The leaves' hash inputs (n, 24) of one page, and the tree over them. ValueError for more than 2^20 records."""
    lanes, root_salt = salted(records, key)
    leaves = np.asarray(compress_many(lanes)) if len(lanes) else np.zeros((0, DIGEST), np.uint32)
    return lanes, build_tree(leaves, root_salt)


def page_tree(records: Sequence[PageRecord], key: bytes) -> Tree:
    """The tree of one page. ValueError as `salted_tree`."""
    return salted_tree(records, key)[1]


def page_roots(pages: Sequence[tuple[Sequence[PageRecord], bytes]]) -> list[bytes]:
    """The roots of many pages, given as (records, key), hashed together. ValueError as `page_tree`."""
    inputs = [salted(records, key) for records, key in pages]
    counts = np.array([len(lanes) for lanes, _ in inputs], np.int64)
    if len(counts) and counts.max() > MAX_RECORDS:
        raise ValueError("a page has at most 2^20 records")
    leaves = np.concatenate([lanes for lanes, _ in inputs]) if inputs else np.zeros((0, WIDTH), np.uint32)
    level = np.asarray(compress_many(leaves)) if len(leaves) else np.zeros((0, DIGEST), np.uint32)
    for depth in range(1, DEPTH + 1):
        parents = np.maximum((counts + 1) // 2, int(depth == DEPTH))
        nodes = np.zeros((int(parents.sum()), WIDTH), np.uint32)
        nodes[:, 0] = TAG_NODE
        children = np.zeros((2 * len(nodes), DIGEST), np.uint32)
        children[_places(counts, 2 * parents)] = level
        nodes[:, 1 : 1 + 2 * DIGEST] = children.reshape(-1, 2 * DIGEST)
        if depth == DEPTH:
            nodes[:, WIDTH - SALT :] = [salt for _, salt in inputs] if inputs else np.zeros((0, SALT), np.uint32)
        level = np.asarray(compress_many(nodes)) if len(nodes) else level[:0]
        counts = parents
    return [digest_bytes(tuple(row)) for row in level.tolist()]


def _places(counts: npt.NDArray[np.int64], rooms: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where each page's nodes stand among children that are padded to an even number a page."""
    shift = np.cumsum(rooms - counts) - (rooms - counts)
    places: npt.NDArray[np.int64] = np.arange(int(counts.sum())) + np.repeat(shift, counts)
    return places

"""Known answers for salted SHA-256 trees with strided pairs (circuits/FORMAT.md section 4). Standard library only."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from plain_field import Stream, write

SCRIPT = "vectors/generate/kat_sha256_tree.py"

# Certificate Transparency's own test data (RFC 6962 section 2.1, the reference log's merkle_tree_test): the hash of an
# empty leaf, and the root over the two leaves "" and 00. Prefixes are the same here; from three leaves on pairs differ.
CT_EMPTY_LEAF = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
CT_TWO_LEAVES = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"


def leaf(salted_row: bytes) -> bytes:
    """H(0x00 || salt || row)."""
    return sha256(b"\x00" + salted_row).digest()


def node(left: bytes, right: bytes) -> bytes:
    """H(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def subtree(leaves: list[bytes], level_size: int, index: int) -> bytes:
    """The node at `index` of the level with `level_size` nodes, from the leaves below it, recursively.

    A level of size m is folded by pairing j with j + m/2: the children of node j of a level of size s are j and j + s.
    """
    if level_size == len(leaves):
        return leaves[index]
    return node(subtree(leaves, 2 * level_size, index), subtree(leaves, 2 * level_size, index + level_size))


def multi_opening(leaves: list[bytes], indices: list[int]) -> list[bytes]:
    """The digests of an opening, level by level from the leaves up."""
    out, known, size = [], set(indices), len(leaves)
    while size > 1:
        half = size // 2
        for parent in sorted({i % half for i in known}):
            out += [subtree(leaves, size, child) for child in (parent, parent + half) if child not in known]
        known, size = {i % half for i in known}, half
    return out


def cases() -> list[dict[str, Any]]:
    """Leaves of many widths, nodes, trees, and openings at one, several, neighbouring and all leaves."""
    assert leaf(b"").hex() == CT_EMPTY_LEAF
    assert subtree([leaf(b""), leaf(b"\x00")], 1, 0).hex() == CT_TWO_LEAVES
    stream = Stream("tree")
    out: list[dict[str, Any]] = [
        {"op": "leaf_bytes", "in": ["", ""], "out": CT_EMPTY_LEAF},
        {"op": "node", "in": [leaf(b"").hex(), leaf(b"\x00").hex()], "out": CT_TWO_LEAVES},
    ]
    # Around the ends of SHA-256's blocks: 1 + 16 + 4 w bytes and nine of padding.
    for width in (1, 2, 9, 10, 25, 26, 41, 100, 300):
        salt, row = stream.octets(16), [stream.base() for _ in range(width)]
        data = b"".join(x.to_bytes(4, "little") for x in row)
        out.append({"op": "leaf", "salt": salt.hex(), "row": row, "out": leaf(salt + data).hex()})
    for _ in range(3):
        left, right = stream.octets(32), stream.octets(32)
        out.append({"op": "node", "in": [left.hex(), right.hex()], "out": node(left, right).hex()})
    for log_size, picks in (
        (0, [[0]]),
        (1, [[0], [1], [0, 1]]),
        (3, [[5], [1, 5], [0, 3, 4], list(range(8))]),
        (6, [[63], [0, 32], [7, 8, 9, 40, 41, 63], [1, 2, 4, 8, 16, 32]]),
    ):
        size = 1 << log_size
        leaves = [leaf(stream.octets(16) + stream.octets(8)) for _ in range(size)]
        root, tree = subtree(leaves, 1, 0).hex(), len(out)
        out.append({"op": "root", "leaves": [x.hex() for x in leaves], "out": root})
        for indices in picks:
            opening = {"op": "opening", "size": size, "leaves": {str(i): leaves[i].hex() for i in indices}}
            siblings = [x.hex() for x in multi_opening(leaves, indices)]
            out.append({**opening, "siblings": siblings, "tree": tree, "out": root})
    return out


def main() -> None:
    """Write the file."""
    source = "circuits/FORMAT.md section 4, Trees; RFC 9162 section 2.1, two of Certificate Transparency's answers"
    about = "leaves, nodes, roots, and what stands in a multiproof (`tree`: the case with all leaves of that tree)"
    write("sha256-tree/strided", SCRIPT, source, about, cases())


if __name__ == "__main__":
    main()

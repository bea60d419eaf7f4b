"""Known answers for the trees of a standing: salts, leaves and roots of lots, tokens, registers. Standard library only.

Written from circuits/FORMAT.md, section 12; the permutation is that of `kat_poseidon`, trees are those of `kat_pages`.
"""

from __future__ import annotations

from hashlib import sha256, shake_256
from typing import Any

from kat_pages import root
from kat_poseidon import SALT, compress, to_bytes
from plain_field import P, Stream, write

SCRIPT = "vectors/generate/kat_standings.py"
TAG = 1 << 24


def standing_key(seed: bytes, label: str) -> bytes:
    """The key of a standing's salts."""
    return sha256(b"zkharvest/standing-key/v2\0" + seed + label.encode()).digest()


def salts(key: bytes, tree: str, count: int) -> list[list[int]]:
    """The root's salt, then one for each leaf."""
    stream = shake_256(b"zkharvest/standing-salt/v2\0" + key + tree.encode()).digest(8 * SALT * (count + 1))
    numbers = [int.from_bytes(stream[i : i + 8], "little") % P for i in range(0, len(stream), 8)]
    return [numbers[i : i + SALT] for i in range(0, len(numbers), SALT)]


def pair(tag: int, lanes: list[int], salt: list[int]) -> list[int]:
    """The leaf of a lot (18) or token (19) of 31 lanes."""
    first = compress([tag * TAG, *lanes[:18], *salt])
    return compress([20 * TAG, *first, *lanes[18:], 0])


def register(key: list[int], lanes: list[int], salt: list[int]) -> list[int]:
    """The leaf of a register: its key of 16 elements and 19 signed lanes."""
    level, *places = key[:9]
    kind, origin, told, covered, term, result, side = key[9:]
    found = [lane % P for lane in lanes]
    first = compress([21 * TAG + 8 * level + term, *places, *found[:10], *salt])
    small = kind + 2**6 * origin + 2**9 * told + 2**10 * covered + 3 * 2**10 * side + 9 * 2**10 * result
    return compress([22 * TAG + small, *first, *found[10:], origin, told, covered, result, side])


def lots_case(key: bytes, lots: list[list[int]], tokens: list[list[int]]) -> dict[str, Any]:
    """Lots and then tokens."""
    root_salt, *own = salts(key, "lots", len(lots) + len(tokens))
    tags = [18] * len(lots) + [19] * len(tokens)
    leaves = [pair(tag, lanes, salt) for tag, lanes, salt in zip(tags, [*lots, *tokens], own, strict=True)]
    given = {"op": "standing-lots", "key": key.hex(), "lots": lots, "tokens": tokens}
    return {**given, "leaves": [to_bytes(leaf) for leaf in leaves], "root": to_bytes(root(leaves, root_salt))}


def sums_case(key: bytes, keys: list[list[int]], lanes: list[list[int]]) -> dict[str, Any]:
    """Registers."""
    root_salt, *own = salts(key, "sums", len(keys))
    leaves = [register(*one) for one in zip(keys, lanes, own, strict=True)]
    given = {"op": "standing-sums", "key": key.hex(), "keys": keys, "lanes": lanes}
    return {**given, "leaves": [to_bytes(leaf) for leaf in leaves], "root": to_bytes(root(leaves, root_salt))}


def below(stream: Stream, *limits: int) -> list[int]:
    """Numbers below these."""
    return [int.from_bytes(stream.octets(8), "little") % limit for limit in limits]


def main() -> None:
    """Write the file."""
    stream = Stream("standings")
    seed = stream.octets(32)
    found = [standing_key(seed, label) for label in ("", "2024", "fifo, Zürich")]
    cases: list[dict[str, Any]] = [
        {"op": "standing-key", "in": [seed.hex(), label], "out": key.hex()}
        for label, key in zip(("", "2024", "fifo, Zürich"), found, strict=True)
    ]
    cases += [
        {"op": "standing-salts", "in": [key.hex(), tree, 2], "out": salts(key, tree, 2)}
        for key, tree in ((found[0], "lots"), (found[0], "sums"))
    ]
    for lots, tokens in ((0, 0), (1, 0), (0, 1), (3, 2)):
        rows = [below(stream, *[2**24] * 31) for _ in range(lots + tokens)]
        cases.append(lots_case(found[lots % len(found)], rows[:lots], rows[lots:]))
    for count in (0, 1, 5):
        keys = [[1 + k % 8, *below(stream, *[2**24] * 8, 64, 8, 2, 3, 6, 3, 3)] for k in range(count)]
        lanes = [below(stream, *[2**24] * 19) for _ in range(count)]
        for row in lanes:
            row[6:14] = [-lane for lane in row[6:14]]
        cases.append(sums_case(found[1], keys, lanes))
    about = "trees of a standing: keys, salts, leaves and roots of lots, tokens in transit and registers"
    origin = "circuits/FORMAT.md, section 12; the permutation as in permutation.json, trees as in pages.json"
    write("poseidon/standings", SCRIPT, origin, about, cases)


if __name__ == "__main__":
    main()

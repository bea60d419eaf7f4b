"""Known answers for Poseidon over KoalaBear and for the commitments made with it. Standard library only.

The permutation is written from the paper (Grassi et al., ePrint 2019/458): constants from the self-shrinking Grain LFSR
of its appendix, bit by bit; rounds as in its section 2. The two matrices are Plonky3's published first rows
(koala-bear/src/mds.rs at 5dc50e5), and so are the two answers that everything here is held against.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from plain_field import P, Stream, write

SCRIPT = "vectors/generate/kat_poseidon.py"
ROW_16 = [1, 1, 51, 1, 11, 17, 2, 1, 101, 63, 15, 2, 67, 22, 13, 3]
ROW_24 = [
    0x2D0AAAAB, 0x64850517, 0x17F5551D, 0x04ECBEB5, 0x6D91A8D5, 0x60703026, 0x18D6F3CA, 0x729601A7,
    0x77CDA9E2, 0x3C0F5038, 0x26D52A61, 0x0360405D, 0x68FC71C8, 0x2495A71D, 0x5D57AFC2, 0x1689DD98,
    0x3C2C3DBE, 0x0C23DC41, 0x0524C7F2, 0x6BE4DF69, 0x0A6E572C, 0x5C7790FA, 0x17E118F6, 0x0878A07F,
]  # fmt: skip
PUBLISHED = {  # Plonky3 at 5dc50e5, koala-bear/src/poseidon1.rs: the answers to 0, 1, ..., width - 1
    16: [
        610090613, 935319874, 1893335292, 796792199, 356405232, 552237741, 55134556, 1215104204,
        1823723405, 1133298033, 1780633798, 1453946561, 710069176, 1128629550, 1917333254, 1175481618,
    ],
    24: [
        511672087, 215882318, 237782537, 740528428, 712760904, 54615367, 751514671, 110231969,
        1905276435, 992525666, 918312360, 18628693, 749929200, 1916418953, 691276896, 1112901727,
        1163558623, 882867603, 673396520, 1480278156, 1402044758, 1693467175, 1766273044, 433841551,
    ],
}  # fmt: skip
INSTANCES = {16: (ROW_16, 20), 24: (ROW_24, 23)}  # width: first row, partial rounds; full rounds are 8
DIGEST, SALT = 9, 5


def grain(width: int, full: int, partial: int) -> Iterator[int]:
    """The generator's output bits (ePrint 2019/458, appendix): 80 bits of state, the first 160 new ones dropped."""
    bits = f"{1:02b}{0:04b}{31:012b}{width:012b}{full:010b}{partial:010b}{2**30 - 1:030b}"
    state = [int(bit) for bit in bits]

    def fresh() -> int:
        new = state[62] ^ state[51] ^ state[38] ^ state[23] ^ state[13] ^ state[0]
        state.append(new)
        del state[0]
        return new

    for _ in range(160):
        fresh()
    while True:
        first, second = fresh(), fresh()
        if first:
            yield second


def constants(width: int) -> list[list[int]]:
    """The round constants: 31 bits each, most significant first, values not below p passed over."""
    partial = INSTANCES[width][1]
    bits = grain(width, 8, partial)
    table: list[list[int]] = [[] for _ in range(8 + partial)]
    for row in table:
        while len(row) < width:
            value = 0
            for _ in range(31):
                value = 2 * value + next(bits)
            if value < P:
                row.append(value)
    return table


TABLES = {width: constants(width) for width in INSTANCES}


def permute(state: list[int]) -> list[int]:
    """The permutation of 16 or 24 elements."""
    width = len(state)
    first_row, partial = INSTANCES[width]
    for number, row in enumerate(TABLES[width]):
        state = [(s + c) % P for s, c in zip(state, row, strict=True)]
        full = number < 4 or number >= 4 + partial
        state = [s * s * s % P if full or lane == 0 else s for lane, s in enumerate(state)]
        # Row i of a circulant matrix is the first row, turned right i times.
        state = [sum(first_row[(j - i) % width] * state[j] for j in range(width)) % P for i in range(width)]
    return state


def compress(block: list[int]) -> list[int]:
    """The first nine lanes of permute(x) + x."""
    return [(y + x) % P for y, x in zip(permute(block), block, strict=True)][:DIGEST]


# --- commitments: vectors/README.md, "Commitments"


def lanes24(value: int, count: int) -> list[int]:
    """Little-endian lanes of three bytes."""
    return [int.from_bytes(value.to_bytes(3 * count, "little")[3 * i : 3 * i + 3], "little") for i in range(count)]


def to_bytes(digest: list[int]) -> str:
    """36 bytes, hex."""
    return b"".join(x.to_bytes(4, "little") for x in digest).hex()


def main() -> None:
    """Write the file."""
    stream = Stream("poseidon")
    cases: list[dict[str, Any]] = []
    for width, answer in PUBLISHED.items():
        assert permute(list(range(width))) == answer
        cases.append({"op": f"permute{width}", "in": list(range(width)), "out": answer})
        table = b"".join(c.to_bytes(4, "little") for row in TABLES[width] for c in row)
        case = {"op": "constants", "width": width, "full": 8, "partial": INSTANCES[width][1]}
        cases.append({**case, "out": sha256(table).hexdigest()})
    blocks = [[0] * 24, [P - 1] * 24, [1] + [0] * 23] + [[stream.base() for _ in range(24)] for _ in range(18)]
    for block in blocks:
        cases += [{"op": "permute24", "in": block, "out": permute(block)}]
    cases += [{"op": "compress", "in": block, "out": compress(block)} for block in [*blocks[:6], list(range(24))]]
    origin = (
        "Grassi et al., ePrint 2019/458; matrices and the answers to 0, 1, 2, ... from Plonky3, "
        "koala-bear/src/mds.rs and poseidon1.rs at 5dc50e5"
    )
    about = "permutations (x^3, 8 full rounds; 23 partial ones at width 24, 20 at 16); permute(x) + x cut to nine lanes"
    write("poseidon/permutation", SCRIPT, origin, about, cases)


if __name__ == "__main__":
    main()

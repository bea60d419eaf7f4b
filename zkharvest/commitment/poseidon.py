"""The Poseidon permutation over KoalaBear, width 24, and its compression: the plain definition.

The original Poseidon (Grassi et al., ePrint 2019/458) with the parameters that Plonky3 publishes as its KoalaBear
Poseidon1 (koala-bear/src/poseidon1.rs and mds.rs at 5dc50e5): S-box x^3, four full rounds, 23 partial ones, four full
ones, 128-bit security. Every round adds a constant to each lane, cubes all lanes (lane 0 only in a partial round)
and multiplies by one circulant matrix. `poseidon_kernel` does the same for many inputs at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from zkharvest.commitment.encoding import DIGEST, WIDTH
from zkharvest.spec import P

FULL_ROUNDS = 8  # half of them before the partial rounds, half after
PARTIAL_ROUNDS = 23

# First row of the matrix: Plonky3, MATRIX_CIRC_MDS_24_COL, from U. Haboeck's list of circulant MDS matrices.
_FIRST_ROW = (
    0x2D0AAAAB, 0x64850517, 0x17F5551D, 0x04ECBEB5, 0x6D91A8D5, 0x60703026, 0x18D6F3CA, 0x729601A7,
    0x77CDA9E2, 0x3C0F5038, 0x26D52A61, 0x0360405D, 0x68FC71C8, 0x2495A71D, 0x5D57AFC2, 0x1689DD98,
    0x3C2C3DBE, 0x0C23DC41, 0x0524C7F2, 0x6BE4DF69, 0x0A6E572C, 0x5C7790FA, 0x17E118F6, 0x0878A07F,
)  # fmt: skip


def circulant(first_row: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """The matrix whose every row is the one above, turned right by one."""
    size = len(first_row)
    return tuple(tuple(first_row[(j - i) % size] for j in range(size)) for i in range(size))


def _grain_samples(width: int, full_rounds: int, partial_rounds: int) -> Iterator[int]:
    """31-bit numbers from the self-shrunk Grain LFSR, seeded with the parameters (ePrint 2019/458, appendix E).

    Bit i of `state` is the i-th oldest of the 80 bits. Eighteen new bits follow from them at once, since the newest
    bit that the recurrence b[80] = b[62] + b[51] + b[38] + b[23] + b[13] + b[0] uses is b[62]. The first 160 bits are
    dropped; of every two bits after that, the second counts if the first is 1.
    """
    parameters = (
        (1, 2),  # a prime field
        (0, 4),  # the S-box is a power
        (P.bit_length(), 12),
        (width, 12),
        (full_rounds, 10),
        (partial_rounds, 10),
        (2**30 - 1, 30),
    )
    state = int("".join(f"{value:0{bits}b}" for value, bits in parameters)[::-1], 2)
    raw, kept = "", ""
    drop = 160
    while True:
        new = (state >> 62 ^ state >> 51 ^ state >> 38 ^ state >> 23 ^ state >> 13 ^ state) & (2**18 - 1)
        state = state >> 18 | new << 62
        raw += f"{new:018b}"[::-1]
        if len(raw) < drop + 2:
            continue
        raw, drop = raw[drop:], 0
        kept += "".join(raw[k + 1] for k in range(0, len(raw) - 1, 2) if raw[k] == "1")
        raw = raw[len(raw) & ~1 :]
        while len(kept) >= P.bit_length():
            yield int(kept[: P.bit_length()], 2)
            kept = kept[P.bit_length() :]


def round_constants(width: int, full_rounds: int, partial_rounds: int) -> tuple[tuple[int, ...], ...]:
    """One row of `width` constants a round; samples that are not below p are passed over."""
    samples = (value for value in _grain_samples(width, full_rounds, partial_rounds) if value < P)
    return tuple(tuple(islice(samples, width)) for _ in range(full_rounds + partial_rounds))


ROUND_CONSTANTS = round_constants(WIDTH, FULL_ROUNDS, PARTIAL_ROUNDS)
MDS = circulant(_FIRST_ROW)


def permutation(
    state: Sequence[int], constants: Sequence[Sequence[int]], matrix: Sequence[Sequence[int]], full_rounds: int
) -> list[int]:
    """Poseidon of any width with S-box x^3; `permute` is the instance that this project uses."""
    half = full_rounds // 2
    x = list(state)
    for number, row in enumerate(constants):
        x = [(a + c) % P for a, c in zip(x, row, strict=True)]
        partial = half <= number < len(constants) - half
        x = [pow(a, 3, P) if lane == 0 or not partial else a for lane, a in enumerate(x)]
        x = [sum(m * a for m, a in zip(mds, x, strict=True)) % P for mds in matrix]
    return x


def permute(state: Sequence[int]) -> list[int]:
    """The permutation of 24 canonical residues."""
    if len(state) != WIDTH:
        raise ValueError(f"{len(state)} lanes, not {WIDTH}")
    return permutation(state, ROUND_CONSTANTS, MDS, FULL_ROUNDS)


def compress(inputs: Sequence[int]) -> tuple[int, ...]:
    """The digest of 24 canonical residues: the first nine lanes of permute(x) + x.

    The addition makes the map one-way and collision-resistant (Davies-Meyer); callers put a domain tag into a lane.
    """
    return tuple((y + x) % P for y, x in zip(permute(inputs)[:DIGEST], inputs, strict=False))

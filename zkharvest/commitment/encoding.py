"""How trades and lots become field elements: the layout of hashed records, shared with the circuit.

A Poseidon input has 24 lanes. Quantities (112 bits), money (64 bits) and unit bases (160 bits) travel in little-endian
lanes of 24 bits (three bytes), times in limbs of 15 bits, names as prefixes of a SHA-256 digest (the codes of sources
and currencies are in `zkharvest.spec`). A transfer has no value: its value lanes name the destination.

    record: tag+code | t0,t1 | t2,tie | quantity x5 | value or destination x3 | asset x6 | currency | kind | salt x5
    lot A:  tag | asset x6 | wallet x3 | quantity x5 | value x3 | seq | salt x5
    lot B:  tag | digest of lot A x9 | unit basis x7 | long-from x3 | side | year | 0 x2
    node:   tag | left digest x9 | right digest x9 | salt x5 (zero but for the root)
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from zkharvest.spec import DIGEST_ELEMENTS, TIME_LIMB_BITS, WORD_BYTES

WIDTH = 24
DIGEST = DIGEST_ELEMENTS
SALT = 5
DEPTH = 24
"""Levels of every commitment tree; an empty subtree is the zero digest."""

TAG_RECORD, TAG_NODE, TAG_LOT_A, TAG_LOT_B = (k << 24 for k in (1, 2, 3, 4))

CLOSE, MOVE, SHORT_SIDE, NEGATIVE = 1, 2, 4, 8
"""Bits of a record's code."""

QUANTITY_LANES, MONEY_LANES, UNIT_LANES, ASSET_LANES = 5, 3, 7, 6


def lanes24(value: int, count: int) -> list[int]:
    """`value` in little-endian lanes of 24 bits."""
    return [(value >> (24 * i)) & 0xFFFFFF for i in range(count)]


def limbs15(value: int, count: int = 3) -> list[int]:
    """`value` in little-endian limbs of 15 bits (times)."""
    return [(value >> (TIME_LIMB_BITS * i)) & 0x7FFF for i in range(count)]


@lru_cache(maxsize=65536)
def asset_code(name: str) -> tuple[int, ...]:
    """Six lanes that stand for an instrument's name: 3 x 24 bits (the order of pools) and 3 x 30 bits.

    162 bits: a second preimage of a listed name is out of reach; two names of one's own choosing that collide gain
    nothing over giving both instruments one name.
    """
    digest = hashlib.sha256(b"zkharvest/asset/v1\0" + name.encode()).digest()
    order = [int.from_bytes(digest[3 * i : 3 * i + 3], "little") for i in range(3)]
    rest = [int.from_bytes(digest[9 + 4 * i : 13 + 4 * i], "little") & 0x3FFFFFFF for i in range(3)]
    return (*order, *rest)


def digest_bytes(digest: tuple[int, ...]) -> bytes:
    """Nine elements as 36 bytes, four little-endian bytes each."""
    return b"".join(int(x).to_bytes(WORD_BYTES, "little") for x in digest)


def digest_elements(data: bytes) -> tuple[int, ...]:
    """The inverse of `digest_bytes`; the caller has checked the length and that every element is below p."""
    return tuple(int.from_bytes(data[WORD_BYTES * i : WORD_BYTES * (i + 1)], "little") for i in range(DIGEST))

"""What every hashed input shares: lanes, salts, digests and their bytes.

A Poseidon input has 24 lanes, of which the last five are salt where something is to be hidden; a digest is the first
nine of the output. The layouts are in `page_record` (records), `standing` (lots, tokens, registers), `tree` (nodes).
"""

from __future__ import annotations

from zkharvest.spec import DIGEST_ELEMENTS, WORD_BYTES

WIDTH, SALT = 24, 5
DIGEST = DIGEST_ELEMENTS


def digest_bytes(digest: tuple[int, ...]) -> bytes:
    """Nine elements as 36 bytes, four little-endian bytes each."""
    return b"".join(int(x).to_bytes(WORD_BYTES, "little") for x in digest)


def digest_elements(data: bytes) -> tuple[int, ...]:
    """The inverse of `digest_bytes`; the caller has checked the length and that every element is below p."""
    return tuple(int.from_bytes(data[WORD_BYTES * i : WORD_BYTES * (i + 1)], "little") for i in range(DIGEST))

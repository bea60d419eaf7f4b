"""A secret of 32 bytes as words for paper: 28 words of the BIP-39 list, with a checksum.

    308 bits, 11 a word: kind (4) | secret (256) | fingerprint (32) | checksum (16)

The fingerprint is of what the secret belongs to (an opening's commitments, a key's public part), so that a restored
file is known to be the right one. The checksum is over all before it: a word that was misread or swapped is noticed
except in one case of 65,536. No wallet takes 28 words, so the words are not typed into one by mistake.
The list is BIP-39's English one: its words differ in their first four letters, which are enough here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256

from zkharvest.errors import UsageError

COUNT = 28
_CHECK_TAG, _PRINT_TAG = b"zkharvest/backup-words/v1\0", b"zkharvest/backup-fingerprint/v1\0"
_BITS = {"kind": 4, "secret": 256, "fingerprint": 32, "checksum": 16}
FINGERPRINT_BYTES = 4


class Secret(IntEnum):
    """What the words hold."""

    ED25519 = 2
    BLS = 3
    SEED = 4


@dataclass(frozen=True, slots=True)
class Backup:
    """A secret and what it belongs to; its `repr` does not show the secret."""

    kind: Secret
    secret: bytes = field(repr=False)
    fingerprint: bytes


def fingerprint(*parts: bytes) -> bytes:
    """Four bytes that stand for the parts, each with its length."""
    framed = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return sha256(_PRINT_TAG + framed).digest()[:FINGERPRINT_BYTES]


def to_words(backup: Backup) -> list[str]:
    """The words of a backup."""
    number = int(backup.kind) << 288 | int.from_bytes(backup.secret, "big") << 32
    number |= int.from_bytes(backup.fingerprint, "big")
    number = number << 16 | _checksum(number)
    listed = _word_list()
    return [listed[number >> 11 * (COUNT - 1 - i) & 0x7FF] for i in range(COUNT)]


def from_words(words: Iterable[str]) -> Backup:
    """The backup that words stand for; their first four letters are enough. Raises UsageError saying what is wrong."""
    listed = _word_list()
    places = {word[:4]: place for place, word in enumerate(listed)}
    number, given = 0, [word.lower() for word in words]
    for position, word in enumerate(given, 1):
        place = places.get(word[:4])
        if place is None or not listed[place].startswith(word):
            raise UsageError(f"word {position} is not on the list", "compare it with the sheet")
        number = number << 11 | place
    if len(given) != COUNT:
        raise UsageError(f"{len(given)} words, a backup has {COUNT}", "compare them with the sheet")
    number, checksum = number >> 16, number & 0xFFFF
    if checksum != _checksum(number):
        raise UsageError("the words' checksum is wrong", "one is misread, or two are swapped")
    kind, secret, mark = number >> 288, number >> 32 & (1 << 256) - 1, number & 0xFFFFFFFF
    try:
        return Backup(Secret(kind), secret.to_bytes(32, "big"), mark.to_bytes(FINGERPRINT_BYTES, "big"))
    except ValueError:
        raise UsageError(f"a backup of kind {kind}, which is not known here", "update zkharvest") from None


def _checksum(number: int) -> int:
    data = number.to_bytes(37, "big")
    return int.from_bytes(sha256(_CHECK_TAG + data).digest()[:2], "big")


def _word_list() -> list[str]:
    from mnemonic import Mnemonic

    found: list[str] = Mnemonic("english").wordlist
    return found

r"""The numbers, words and codes that several rooms share, each written once.

Standard library only, and no decisions: constants, and the few functions that are a code's definition. The verifier
reads this file too, so an auditor should: a wrong constant here would be wrong for prover and verifier alike. What
keeps it right is outside: `circuits/FORMAT.md` states every value, the vectors fix them as bytes, and the JavaScript
verifier in `web/`, which shares no code with this one, has its own.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256

# --------------------------------------------------------------------------------------------- the field

P = 2**31 - 2**24 + 1
"""KoalaBear, the modulus of the base field."""

WORD_BYTES = 4
"""A field element as bytes, little-endian."""

DIGEST_ELEMENTS = 9
"""Field elements of a Poseidon digest: 279 bits, so that finding a collision takes more than 2^139 calls."""

ROOT_BYTES = DIGEST_ELEMENTS * WORD_BYTES
"""A commitment: the digest at the root of a tree."""

# --------------------------------------------------------------------------------------------- scales

QUANTITY_DECIMALS = 18
MONEY_DECIMALS = 8
QUANTITY_LIMIT = 1 << 112
"""Quantities are 0 < q < 2^112 in 10^-18 of the asset's unit."""

MONEY_LIMIT = 1 << 64
"""Money has a magnitude below 2^64 in 10^-8 of the reporting currency."""

TIME_LIMIT = 1 << 44
"""Times are Unix milliseconds, UTC, 0 <= t < 2^44 (year 2527)."""

TIME_LIMB_BITS = 15
END_OF_TIME = (1 << 3 * TIME_LIMB_BITS) - 1
"""The end mark of a calendar: three limbs, above every instant of a trade and of a long-term date."""

# --------------------------------------------------------------------------------------------- what is stated

METHODS = ("fifo", "lifo", "hifo", "lofo", "specific")
POOLINGS = ("wallet", "universal")
DEFAULT_REGIME = "us"
"""The country whose rules hold where none is named; `ledger.regimes` has the others."""

FIRST_YEAR, LAST_YEAR = 1971, 2526
"""Tax years whose days lie inside the range of a trade's time in every zone."""

LONG_TERM_DAYS = 367
"""Long term begins at most so many days after acquisition; a calendar runs that far beyond the year."""

NOT_ZONES = frozenset({"Factory", "localtime", "posix", "posixrules", "right"})
"""What lies in a machine's folder of time zones beside those of the IANA database: its own zone, rules without a place,
copies with leap seconds."""

EMPTY_TREE = bytes.fromhex("b8e3531849650b73fff7d42a22213628d24ef56ef7760159d7f1ed2a63f31a5a0d5bcc65")
"""The root of a tree of depth 20 without leaves: what a first link carries in, of lots and of registers."""

# --------------------------------------------------------------------------------------------- limits

MAX_SOURCES = 4096
"""Sources of a statement, and of an opening."""

MAX_NAME = 128
"""UTF-8 bytes of a source's id, a trade's id or an asset's name."""

# --------------------------------------------------------------------------------------------- names and their codes

CHARACTERS = (
    r" !-~\u00a1-\u00ac\u00ae-\u024f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03ce\u0400-\u045f"
    r"\u3041-\u3096\u30a1-\u30fa\u30fc\u4e00-\u9fa5\uac00-\ud7a3"
)
"""What may stand in a name, as the inside of a character class: ASCII, Latin, Greek and Cyrillic letters, kana, Chinese
characters, Hangul syllables. No two of them combine, and none is invisible (`verifier.text` says why)."""

_CURRENCY = re.compile(r"[0-9A-Za-z]{3,5}")


def is_currency(name: str) -> bool:
    """Whether a name can be that of a reporting currency: three to five letters or digits, such as USD or USDC."""
    return bool(_CURRENCY.fullmatch(name))


@lru_cache(maxsize=65536)
def account_code(source: str, account: str) -> tuple[int, int, int, int]:
    """Four elements that stand for an account in `lot-machine/v2`: three of 24 bits, which order, and one of 30.

    The source's length comes first, so that no two pairs of texts are one. A statement in which two accounts agree in
    the first three is refused: registers are told apart by those.
    """
    name = source.encode()
    digest = sha256(b"zkharvest/account/v2\0" + len(name).to_bytes(4, "big") + name + account.encode()).digest()
    first, second, third = (int.from_bytes(digest[i : i + 3], "little") for i in (0, 3, 6))
    return first, second, third, int.from_bytes(digest[9:13], "little") & 0x3FFFFFFF


def money_text(units: int) -> str:
    """Money (10^-8) with all its decimals, as reports and verdicts write it: -150000000 is "-1.50000000"."""
    whole, fraction = divmod(abs(units), 10**MONEY_DECIMALS)
    return f"{'-' if units < 0 else ''}{whole}.{fraction:0{MONEY_DECIMALS}d}"


# --------------------------------------------------------------------------------------------- first bytes of files

PACKAGE_MAGIC = b"\x89ZKH\r\n\x1a\n"
LINKS_VERSION = 2
"""The version of packages of links, behind the magic bytes."""
PAGE_MAGIC, PAGE_OPENING_MAGIC, SEED_MAGIC = b"ZKHARVEST-PAGE\n", b"ZKHARVEST-PAGE-OPENING\n", b"ZKHARVEST-SEED\n"
STANDING_MAGIC = b"ZKHARVEST-STANDING\n"
MAGICS = (PACKAGE_MAGIC, PAGE_MAGIC, PAGE_OPENING_MAGIC, SEED_MAGIC, STANDING_MAGIC)
PRIVATE_KEY_HEADER, PUBLIC_KEY_HEADER = "zkharvest private key", "zkharvest public key"
SHEET_MARK = b"zkharvest backup sheet"

"""Text from strangers: which characters a package may hold, and how a message quotes the rest.

A verdict is read on a terminal. Names from a package are printed there, so they hold visible characters only: no
control or escape sequence (ECMA-48) that repaints the screen, no character that turns the direction of the line
(Unicode Standard Annex 9), none without width. The characters are listed, so that
every verifier reads a package alike, whatever release of Unicode it knows. No two of them combine, so every
text is in normal form C (Unicode Standard Annex 15).
"""

from __future__ import annotations

import json
import re

from zkharvest.spec import CHARACTERS

_VISIBLE = re.compile(f"[{CHARACTERS}]+")
_PLAIN = re.compile(r"[A-Za-z0-9:._@/+\-]+")

QUOTED = 40
"""Characters of a value that a message repeats."""


def is_visible(text: str, longest: int) -> bool:
    """Whether text is of `CHARACTERS`, 1..`longest` bytes, without spaces at its ends or two together."""
    if not 0 < len(text) <= longest:  # before anything that takes time in proportion to the text
        return False
    spaced = text[0] == " " or text[-1] == " " or "  " in text
    return not spaced and bool(_VISIBLE.fullmatch(text)) and len(text.encode()) <= longest


def named(name: str) -> str:
    """A name from a package within a sentence: as it is, or quoted if it could be mistaken for more."""
    return name if _PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def account_label(source: str, account: str) -> str:
    """SOURCE/ACCOUNT within a sentence. A slash in one of the two could be the one between them: then it is quoted."""
    parts = (named(one) if "/" not in one else json.dumps(one, ensure_ascii=False) for one in (source, account))
    return "/".join(parts)


def quoted(value: object) -> str:
    """A value from a package for a message: of whatever size and kind, on one line and about `QUOTED` characters."""
    match value:
        case list() | dict():
            return f"{type(value).__name__} of {len(value)}"
        case str() | bytes():
            shown = repr(value[:QUOTED])
        case _:
            shown = repr(value)
    return shown if len(shown) <= QUOTED else f"{shown[:QUOTED]}..."

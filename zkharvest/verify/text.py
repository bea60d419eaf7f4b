"""Text that strangers wrote: what may stand in a package, and how a message quotes the rest.

A verdict is read on a terminal. Names from a package are printed there, so they hold visible characters only: no
control or escape sequence (ECMA-48) that repaints the screen, no character that turns the direction of the line
(Unicode Standard Annex 9), none without width. They are in normal form (NFC, Unicode Standard Annex 15), so that two
different names do not look like one.
"""

from __future__ import annotations

from unicodedata import is_normalized

QUOTED = 40
"""Characters of a value that a message repeats."""


def is_visible(text: str, longest: int) -> bool:
    """Whether text is one line of visible characters in NFC, 1..`longest` bytes, no space around it."""
    if not 0 < len(text) <= longest:  # before anything that takes time in proportion to the text
        return False
    visible = text.isprintable() and text == text.strip() and is_normalized("NFC", text)
    return visible and len(text.encode("utf-8", "surrogatepass")) <= longest


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

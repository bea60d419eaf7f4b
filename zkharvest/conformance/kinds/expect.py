"""How a vector that does not hold says so."""

from __future__ import annotations

from typing import Any

_LONGEST = 200  # of what is shown of a value


class Mismatch(Exception):
    """A vector does not hold; the text says what was expected and what came out."""


def expect(what: str, wanted: Any, got: Any) -> None:
    """Raise Mismatch unless the two are equal."""
    if wanted != got:
        raise Mismatch(f"{what}: expected {_shown(wanted)}, got {_shown(got)}")


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."

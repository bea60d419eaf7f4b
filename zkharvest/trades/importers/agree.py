"""Whether the money columns of a row agree with one another, as far as their printed digits say.

A printed number stands for anything within half a unit of its last digit, so a sum of three cents-rounded columns may
be off by a cent and a half. More than that is a contradiction: the row is refused with the sum shown, for which of the
columns is wrong would be a guess.
"""

from __future__ import annotations

from zkharvest.trades.importers.cells import ATOMS

_HALF = ATOMS // 2


def half_unit(text: str, least: int = 2) -> int:
    """Half a unit of the last digit of a printed number, in 10^-18; a number of fewer decimals counts as `least`."""
    digits = text.strip().rstrip(")").rstrip()
    decimals = len(digits.partition(".")[2]) if "." in digits else 0
    half: int = _HALF // 10 ** min(max(decimals, least), 18)
    return half


def same(one: int, other: int, *texts: str) -> bool:
    """Whether two numbers (10^-18) are equal within the rounding of the printed `texts` they were made of."""
    return one == other or abs(one - other) <= sum(half_unit(text) for text in texts)


def product(price: int, quantity: int, total: int, *, price_text: str, total_text: str) -> bool:
    """Whether price times quantity (10^-18) is the total, within rounding and one part in a hundred."""
    is_ = price * quantity // ATOMS
    slack = quantity * half_unit(price_text, 0) // ATOMS + half_unit(total_text, 2) + abs(total) // 100
    off: int = abs(abs(is_) - abs(total))
    return off <= slack

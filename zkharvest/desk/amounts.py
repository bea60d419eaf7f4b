"""Rounding, the one place where it happens: from the ledger's exact money (10^-8) to cents, and to whole dollars.

Cents. A lot's share of a sale rarely is a whole number of cents. Rounded one by one, the lines of a form would not
add up to the exact total, nor the parts of one sale to its proceeds as the broker reports them. So the cents that
rounding takes from one line are carried to the next (`Carry`): printed lines add up to the exact sum, rounded once;
amounts that are whole cents stay as they are; every amount is within one cent of the exact one. A form's own
subtraction holds on every line and for the totals: proceeds and gain are the exact sums, rounded once, and the basis
is their difference.

Whole dollars. "To round, drop amounts under 50 cents and increase amounts from 50 to 99 cents to the next dollar [...]
If you have to add two or more amounts to figure the amount to enter on a line, include cents when adding the amounts
and round off only the total." (Instructions for Schedule D and for Form 8949, "Rounding Off to Whole Dollars".)
"""

from __future__ import annotations

from collections.abc import Sequence

from zkharvest.errors import UsageError
from zkharvest.trades.text import TextError, parse_money

MINUS = "\N{MINUS SIGN}"
CENT = 1_000_000  # one cent in the ledger's money, 10^-8


def to_cents(money: int) -> int:
    """Exact money (10^-8) to the nearest cent, half a cent up (towards plus infinity).

    Rounding in one direction, whatever the sign, is what lets whole cents pass through a sum unchanged.
    """
    return (money + CENT // 2) // CENT


class Carry:
    """Rounds the terms of a sum so that they add up to the sum, rounded once.

    `up` is what is added before the rest is cut off: half a cent rounds to the nearest, 0 down, a cent less one up.
    """

    __slots__ = ("_exact", "_up")

    def __init__(self, up: int = CENT // 2) -> None:
        self._exact = 0
        self._up = up

    @classmethod
    def to(cls, exact: int, total: int) -> Carry:
        """A carry that brings terms with the exact sum `exact` to `total` cents, one of the two cents beside it."""
        down, nearest = exact // CENT, to_cents(exact)
        return cls() if total == nearest else cls(0) if total == down else cls(CENT - 1)

    def cents(self, money: int) -> int:
        """The next term (10^-8) in cents: what it adds to the rounded sum."""
        before = (self._exact + self._up) // CENT
        self._exact += money
        return (self._exact + self._up) // CENT - before


def to_dollars(cents: int) -> int:
    """Cents to whole dollars by the forms' rule: 50 cents and more go up, of losses too."""
    dollars, rest = divmod(abs(cents), 100)
    dollars += rest >= 50
    return -dollars if cents < 0 else dollars


def plain(cents: int, *, whole: bool = False) -> str:
    """Cents as text for files: "-1234.50", or "-1235" in whole dollars."""
    if whole:
        return str(to_dollars(cents))
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def printed(cents: int, *, whole: bool = False) -> str:
    """Cents as a form shows them: "1,234.50", a loss in parentheses "(1,234.50)"."""
    dollars = to_dollars(cents) if whole else 0
    size = f"{abs(dollars):,}" if whole else f"{abs(cents) // 100:,}.{abs(cents) % 100:02d}"
    negative = dollars < 0 if whole else cents < 0
    return f"({size})" if negative else size


def signed(cents: int) -> str:
    """Cents as running text shows them: "1,234.50", a loss with a minus sign."""
    if cents >= 0:
        return f"{cents // 100:,}.{cents % 100:02d}"
    return f"{MINUS}{-cents // 100:,}.{-cents % 100:02d}"


def parse_cents(text: str, name: str) -> int:
    """An amount that a person types, such as "-1,234.50" or "(1,234.50)", in cents. Raises UsageError naming it."""
    bare = text.strip().replace(",", "").removeprefix("$")
    if bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1]}"
    try:
        money = parse_money(bare, signed=True)
    except TextError as error:
        raise UsageError(f"{name}: {error}", "give an amount such as 1234.50") from None
    if money % CENT:
        raise UsageError(f'{name}: "{text}" is not a whole number of cents', "give an amount such as 1234.50")
    return money // CENT


def split(whole: int, weights: Sequence[int]) -> list[int]:
    """An amount in parts that are as the weights (not negative, one at least above 0) and add up to it."""
    total, seen, given = sum(weights), 0, 0
    parts: list[int] = []
    for weight in weights:
        seen += weight
        parts.append((2 * whole * seen + total) // (2 * total) - given)
        given += parts[-1]
    return parts

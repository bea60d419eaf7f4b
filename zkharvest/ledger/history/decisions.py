"""What the owner decides about records: what a source cannot know.

A decision is named by its record's place. Which kinds there are depends on what the record does; all of them are
counted where the machine shows them. `files.book` reads and writes decisions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from zkharvest.errors import InputError, Problem
from zkharvest.spec import MONEY_LIMIT

from .records import (
    DECLARED,
    FEE,
    GIFT,
    IN_TRANSIT,
    INCOME,
    LOST,
    OPENING_BALANCE,
    UNEXPLAINED,
    Does,
    History,
    Place,
    Record,
    describe,
)

DEPOSIT_KINDS: Mapping[str, int] = MappingProxyType(
    {"declared": DECLARED, "opening balance": OPENING_BALANCE, "income": INCOME, "unexplained": UNEXPLAINED}
)
"""What a deposit that is no move of the owner's can be: the first three with a declared value."""

WITHDRAWAL_KINDS: Mapping[str, int] = MappingProxyType(
    {"gift": GIFT, "lost": LOST, "fee": FEE, "unexplained": UNEXPLAINED, "in transit": IN_TRANSIT}
)
"""What becomes of coins that no deposit received; those in transit are to arrive behind the last page given."""

FIRST_DAY = date(2000, 1, 1).toordinal()
"""The first day that the calendar of a statement can list (FORMAT, section 12)."""

NO_MATCH = "none"
"""Instead of a place: the record is no half of a move, whatever fits it."""


class Pick(NamedTuple):
    """Specific identification: `quantity` (10^-18) of the lot that the record at `lot` opened."""

    lot: Place
    quantity: int


@dataclass(frozen=True, slots=True)
class Decision:
    """One record's row. `kind` is a word of the tables above or empty, `value` in 10^-8, `day` a date's ordinal.

    `match` is the other half of a move, or `NO_MATCH`; `where` the place of the row for messages.
    """

    kind: str = ""
    value: int | None = None
    day: int | None = None
    match: Place | str | None = None
    lots: tuple[Pick, ...] = ()
    where: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is decided."""
        return not self.kind and self.value is None and self.day is None and self.match is None and not self.lots


Decisions = Mapping[Place, Decision]


def check_decisions(history: History, decisions: Decisions, day_of: Callable[[int], int]) -> None:
    """InputError with every decision that its record cannot have; those of records that are not here are let be.

    `day_of` is the ordinal of the local date of an instant.
    """
    problems = [
        Problem(f"{one.where}:{column}" if one.where else str(place), f"{describe(record)}: {what}", hint)
        for place, one in decisions.items()
        for record in [history.at(place)]
        if record is not None
        for column, what, hint in _faults(record, one, day_of)
    ]
    if problems:
        raise InputError(problems)


def _faults(record: Record, one: Decision, day_of: Callable[[int], int]) -> list[tuple[str, str, str]]:
    """Column, fault and hint of each thing that is wrong with a decision about this record."""
    faults = []
    kinds = {Does.IN: DEPOSIT_KINDS, Does.OUT: WITHDRAWAL_KINDS}.get(record.does, {})
    if one.kind and one.kind not in kinds:
        known = f"it can be {', '.join(kinds)}" if kinds else "leave it empty: its source says what it is"
        faults.append(("kind", f'"{one.kind}" is no kind of it', known))
    declared = record.does is Does.IN and one.kind not in ("", "unexplained")
    unvalued = not record.valued and record.does in (Does.OPEN, Does.CLOSE)
    if one.value is not None:
        if not (declared or unvalued):
            hint = "say of which kind the deposit is" if record.does is Does.IN else "leave it empty"
            faults.append(("value", "a value where none can be declared", hint))
        elif not 0 <= one.value < MONEY_LIMIT:
            faults.append(("value", "not between 0 and 2^64 * 10^-8", "mend the value"))
    elif declared:
        faults.append(("value", f'a deposit that is "{one.kind}" has a value', "give the basis, 0 if there was none"))
    if one.day is not None:
        if not declared:
            faults.append(("day", "a day where none can be declared", "leave it empty"))
        elif one.day < FIRST_DAY:
            first = date.fromordinal(FIRST_DAY)
            faults.append(("day", f"a day before {first}, which no proof has", "coins are younger: mend the day"))
        elif one.day > day_of(record.time):
            faults.append(("day", "a day behind the deposit's own", "give the day on which the coins were acquired"))
    if one.match is not None:
        if record.does not in (Does.IN, Does.OUT):
            faults.append(("match", "only deposits and withdrawals are halves of moves", "leave it empty"))
        elif one.match != NO_MATCH and (one.kind or one.value is not None):
            hint = "leave kind, value and day empty, or match"
            faults.append(("match", "a move has its lots' value and days", hint))
    if one.lots:
        if record.does not in (Does.CLOSE, Does.OUT):
            faults.append(("lots", "takes no lots", "leave it empty"))
        elif min(pick.quantity for pick in one.lots) <= 0 or sum(p.quantity for p in one.lots) > record.quantity:
            faults.append(("lots", "the named lots add up to more than its quantity", "name what it takes"))
    return faults

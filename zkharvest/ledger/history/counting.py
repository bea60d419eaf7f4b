"""What each step of a run posts to which register; and which accounts are below zero."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.regimes.us import long_from
from zkharvest.ledger.rules import LONG_TERM, SHORT_TERM, Pooling, Side

from .order import Turn, Window
from .records import IN_TRANSIT, MOVE, TRADE, Account, Does, Record
from .registers import (
    BY_REF,
    BY_WINDOW,
    GONE,
    INCOME_TERM,
    OUT,
    Amounts,
    Key,
    Registers,
)
from .standing import Lot, Standing, Token


def is_income(record: Record) -> bool:
    """Whether a record's lot is income: it opens on the long side and is not a purchase."""
    return record.does is Does.OPEN and record.side is Side.LONG and record.kind != TRADE


class Counting:
    """Posts of a run, in its window and zone."""

    def __init__(self, window: Window, calendar: Calendar, opening: Standing | None) -> None:
        self.registers = Registers()
        self.window = window
        self._calendar = calendar
        self._year = window.counted(calendar)
        self._keys: dict[tuple[object, ...], Key] = {}
        self._days: dict[int, int] = {}
        self._long: dict[int, int] = {}
        self._held: dict[Key, int] = {}
        self._below: dict[Key, Turn] = {}
        if opening is not None:
            self.registers.carry_in(opening.registers, same_year=opening.year == window.year)
            self._held = {key: amounts.units for key, amounts in opening.registers.items() if key.level == "HOLD"}

    def day_of(self, instant: int) -> int:
        """The ordinal of the local date of an instant."""
        hour = instant // 900_000  # zones turn to a new day at whole quarters, or a date begins with a jump of clocks
        found = self._days.get(hour)
        if found is None:
            low, high = (self._calendar.date_of(at).toordinal() for at in (hour * 900_000, hour * 900_000 + 899_999))
            if low != high:
                return self._calendar.date_of(instant).toordinal()
            found = self._days[hour] = low
        return found

    def _key(self, turn: Turn, kind: int, origin: str, covered: str, term: str, result: str, side: Side | None) -> Key:
        """The register of a record's part: each key is made once, since there are few."""
        record = turn.record
        counted = self._year[0] <= record.time < self._year[1]
        at = (counted, record.page, record.asset, kind, origin, covered, term, result, side)
        found = self._keys.get(at)
        if found is None:
            owner = Account(turn.place.source, turn.place.account)
            level = "L1" if counted else "L0"
            found = Key(level, record.asset, owner, kind, origin, covered, term, result, side)
            self._keys[at] = found
        return found

    def _hold(self, turn: Turn, units: int) -> None:
        record = turn.record
        at = (record.page, record.asset, record.side)
        key = self._keys.get(at)
        if key is None:
            owner = Account(turn.place.source, turn.place.account)
            key = self._keys[at] = Key("HOLD", record.asset, owner, side=record.side)
        before = self._held.get(key, 0)
        self._held[key] = after = before + units
        if before >= 0 > after:
            self._below[key] = turn

    def below_zero(self) -> Iterator[tuple[Turn, int]]:
        """For each account that ends below zero the record that left it there, and what it ends with."""
        return ((turn, self._held[key]) for key, turn in self._below.items() if self._held[key] < 0)

    def whole(self) -> dict[Key, Amounts]:
        """All registers at the end."""
        for key, units in self._held.items():
            self.registers.posts[key] = Amounts(units)
        return self.registers.whole()

    # ------------------------------------------------------------------------------------------ posts

    def opened(self, turn: Turn, value: int, kind: int, origin: str, *, own: bool) -> None:
        """A lot was opened; `own` is False for a deposit's."""
        record, income = turn.record, own and is_income(turn.record)
        term = INCOME_TERM if income else ""
        key = self._key(turn, kind, origin, "", term, "", record.side)
        basis, proceeds = (0, value) if income else (value, 0)
        self.registers.post(key, record.quantity, proceeds, basis, record.fee, 0, 1)
        self._hold(turn, record.quantity)

    def closed(self, turn: Turn, lot: Lot, part: int, value: int, closing: int, origin: str, *, first: bool) -> None:
        """A part was disposed of: `value` is the lot's, `closing` the record's."""
        record = turn.record
        short = record.side is Side.SHORT
        proceeds, basis = (value, closing) if short else (closing, value)
        # Of a long lot sold below nothing every part is a loss, one that rounds to 0 too: the record has one sign.
        gain = proceeds >= basis and (short or record.value >= 0)
        long = not short and record.time >= lot.long_from
        # In a universal pool coins move without their lot, so that none is known not to have moved.
        covered = self.window.pooling is Pooling.WALLET and lot.own and lot.day >= self.window.covered_since
        key = self._key(
            turn, record.kind, origin, "c" if covered else "n", LONG_TERM if long else SHORT_TERM,
            "gain" if gain else "loss", record.side,
        )  # fmt: skip
        self.registers.post(key, part, proceeds, basis, record.fee if first else 0, 1, int(first))
        self._hold(turn, -part)

    def sent(self, turn: Turn, token: Token, *, first: bool) -> None:
        """A part is on its way."""
        self.registers.post(self._key(turn, MOVE, OUT, "", "", "", None), token.quantity, events=int(first))
        self._hold(turn, -token.quantity)

    def gone(self, turn: Turn, part: int, value: int, kind: int, *, last: bool) -> None:
        """A part has left; a withdrawal's last one counts it, since tokens may come before the first."""
        key = self._key(turn, kind, GONE, "", "", "", None)
        self.registers.post(key, part, basis=value, events=int(last))
        self._hold(turn, -part)

    def arrived(self, turn: Turn, token: Token, *, first: bool) -> str:
        """A token has arrived; returns by what it was known."""
        origin = BY_REF if token.ref and token.ref == turn.record.ref else BY_WINDOW
        self.registers.post(self._key(turn, MOVE, origin, "", "", "", None), token.quantity, events=int(first))
        self._hold(turn, token.quantity)
        return origin

    def left_in_transit(self, token: Token) -> None:
        """A token is carried out."""
        key = Key("COUNT", kind=IN_TRANSIT, origin=BY_REF if token.ref else BY_WINDOW)
        self.registers.post(key, events=int(token.last))

    def long_from(self, day: int) -> int:
        """The instant (ms) from which a lot acquired on a date (its ordinal) is long."""
        found = self._long.get(day)
        if found is None:
            found = self._long[day] = self._calendar.first_instant(long_from(date.fromordinal(day)))
        return found

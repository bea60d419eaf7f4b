"""Coinbase's rows that tell one event by two rows of one second: Convert, Asset Migration, Retail Eth2 Deprecation.

A Convert is one row with a note (old and new reports, the quantity with or without a minus), or two rows, one a side.
Two rows belong together if they carry one id, or one note, or if they are the only two of their second; which is
negative was given; the two of a trade on a decentralised venue (Retail Mgx Dex Trade) may be some seconds apart. What
was received is worth what its own row says, and that has to be near what the given side's
row says. A migration has no note; its two rows are told apart by the table of renames where a second holds several.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from zkharvest.trades.importers.coinbase.money import Money
from zkharvest.trades.importers.coinbase.notes import Note, convert_note, differs, is_own, other_side
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.rows import by_hand
from zkharvest.trades.text import quoted

TRADES = {"convert", "retail mgx dex trade"}  # whose two coins are given for one another; others are migrations
_APART = {"retail mgx dex trade"}
_SECONDS = 5000
_SPREAD = 10  # the received side may be worth less than the given one by one part in so many


@dataclass(frozen=True, slots=True, eq=False)
class Half:
    """One row of such an event."""

    event: Event
    leg: Leg
    negative: bool
    money: Money


class Pairs:
    """Collects the rows of a report that may be halves, and joins them at its end."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self._halves: dict[tuple[str, str, int], list[Half]] = defaultdict(list)
        self._last: dict[tuple[str, str], int] = {}

    def take(self, kind: str, half: Half) -> None:
        """Keeps a row until all of its second are known; the rows of some kinds may be a few seconds apart."""
        source, time = half.event.source, half.event.time
        if kind in _APART:
            last = self._last.get((kind, source))
            apart = last is None or abs(last - time) > _SECONDS or len(self._halves[kind, source, last]) > 1
            time = self._last[kind, source] = time if last is None or apart else last
        self._halves[kind, source, time].append(half)

    def finish(self) -> None:
        """Makes the events of the rows that were taken."""
        for (kind, _, _), halves in self._halves.items():
            given = [half for half in halves if half.negative]
            got = [half for half in halves if not half.negative]
            joined = self._join(given, got)
            for one, other in joined:
                with self.draft.reading():
                    self._event(kind, one, other)
            used = {id(half) for pair in joined for half in pair}
            for half in halves:
                if id(half) not in used:
                    with self.draft.reading():
                        self._alone(kind, half, halves)

    def _join(self, given: list[Half], got: list[Half]) -> list[tuple[Half, Half]]:
        """Pairs of a given and a received side that certainly belong together."""
        joined: list[tuple[Half, Half]] = []
        for fits in (self._one_id, self._one_note, self._known_rename, self._may_be):
            if fits == self._may_be and (len(given) != 1 or len(got) != 1):
                break
            for one in list(given):
                fitting = [other for other in got if fits(one, other)]
                if len(fitting) == 1:
                    joined.append((one, fitting[0]))
                    given.remove(one)
                    got.remove(fitting[0])
        return joined

    @staticmethod
    def _one_id(one: Half, other: Half) -> bool:
        return one.event.id == other.event.id

    def _one_note(self, one: Half, other: Half) -> bool:
        """Whether the note of either names both sides."""
        for half in (one, other):
            note = convert_note(half.event.row)
            if note is not None and self._names(note.asset, one) and self._names(note.unit, other):
                return is_own(note.own, one.leg.quantity) or is_own(note.other, other.leg.quantity)
        return False

    def _known_rename(self, one: Half, other: Half) -> bool:
        names = (self.draft.coin(half.leg.asset, half.event.source) for half in (one, other))
        old, new = names
        return old == new or self.draft.names.rename(old, new) is not None

    def _may_be(self, _: Half, other: Half) -> bool:
        """Whether the last two rows of a second may be one event: not if the received one's note says otherwise."""
        note = convert_note(other.event.row)
        return note is None or self._names(note.unit, other)

    def _names(self, asset: str, half: Half) -> bool:
        source = half.event.source
        return self.draft.coin(asset, source) == self.draft.coin(half.leg.asset, source)

    def _event(self, kind: str, given: Half, got: Half) -> None:
        """The event of two rows."""
        event = Event(given.event.row, given.event.time, given.event.source, given.event.id, (got.event.row,))
        same = self._names(given.leg.asset, got)
        if kind not in TRADES or same:
            self.draft.convert(event, given.leg, got.leg)
            return
        self.draft.exchange(event, given.leg, got.leg, value=self._worth(event, given, got))

    def _worth(self, event: Event, given: Half, got: Half) -> int | None:
        """What the received side is worth, by its own row, or by the given side's where that says nothing."""
        if not got.money.known():
            return given.money.worth(event, given.money.received(own=False)) if given.money.known() else None
        worth = got.money.received(own=True)
        if given.money.known():
            paid = given.money.given()
            if worth > paid.amount + paid.amount // _SPREAD or worth * 2 < paid.amount - paid.fee:
                row, other = got.event.row, given.event.row
                message = (
                    f"the two rows contradict each other: {row['total']} received for {other['total']} given "
                    f"({other.place}), fees {other['fees'] or '0'}"
                )
                raise RowError(row, "total", message, by_hand(other, row, instead="write what it really was"))
        return got.money.worth(event, worth)

    def _alone(self, kind: str, half: Half, halves: Sequence[Half]) -> None:
        """A row without its other side: its note has to tell it."""
        row = half.event.row
        note = convert_note(row)
        others = [other.event.row.place for other in halves if other is not half]
        beside = f" (rows of the same second: {', '.join(others)})" if others else ""
        if kind not in TRADES or note is None:
            message = f"{quoted(row['notes'])} does not say what the other side was{beside}"
            if kind not in TRADES:
                message = f"the other side of this {row['transaction type']} is not certain{beside}"
            hint = "export all assets and the whole time range; or " + by_hand(
                row, instead="write both legs" if kind in TRADES else "write a convert row"
            )
            raise RowError(row, "notes", message, hint)
        if self._names(note.asset, half) and is_own(note.own, half.leg.quantity):
            got = other_side(row, note)
            value = half.money.worth(half.event, half.money.received(own=False)) if half.money.known() else None
            self.draft.exchange(half.event, half.leg, got, value=value)
        elif not half.negative and self._names(note.unit, half) and is_own(note.other, half.leg.quantity):
            given = other_side(row, _turned(note))
            value = half.money.worth(half.event, half.money.received(own=True)) if half.money.known() else None
            self.draft.exchange(half.event, given, half.leg, value=value)
        else:
            raise differs(row)


def _turned(note: Note) -> Note:
    """The note read from the received side."""
    return Note(note.other, note.unit, note.own, note.asset)

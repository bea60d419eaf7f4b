"""What an import has gathered so far: trades and moves with their places, notes and problems.

Nothing here depends on the order in which the files were named: what two overlapping exports tell twice is taken once,
and every item remembers its rank in each file that tells it, from which `order` makes the one order of the import.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from operator import attrgetter
from types import TracebackType
from typing import NamedTuple

from zkharvest.errors import Problem
from zkharvest.trades.importers.rows import Row, places
from zkharvest.trades.model import Trade
from zkharvest.trades.text import format_time, quoted


class RowError(Exception):
    """A row (or group of rows) that cannot become trades."""

    def __init__(self, row: Row, column: str, message: str, hint: str) -> None:
        self.problem = Problem(row.where(column), message, hint)
        super().__init__(message)


class Leg(NamedTuple):
    """So much of an asset: quantity in 10^-18."""

    asset: str
    quantity: int


class Event(NamedTuple):
    """Which row it is, and the time (Unix milliseconds), source and id that its trades carry.

    `more` are the other rows that belong to it; `ref` is the transaction on its chain, where the export names it.
    """

    row: Row
    time: int
    source: str
    id: str
    more: tuple[Row, ...] = ()
    ref: str = ""

    @property
    def origin(self) -> str:
        """`file:line` of each row of the event."""
        return self.row.place if not self.more else places((self.row, *self.more))


@dataclass(frozen=True, slots=True)
class Move:
    """Crypto that left a source (`out`) or came to one; `pairing` makes transfers of moves.

    `inside` names a wallet of the same account (staking, futures, a subaccount): such moves must net out.
    """

    event: Event
    leg: Leg
    out: bool
    inside: str = ""

    def tells_the_same(self, other: Move) -> bool:
        """Whether two exports tell of one and the same move."""
        return (self.event.time, self.leg, self.out) == (other.event.time, other.leg, other.out)


class Place(NamedTuple):
    """Where a file tells of something: file number, line (falling lines of a newest-first file rise), and step."""

    file: int
    rank: int
    step: int


@dataclass(slots=True)
class Item:
    """A trade or move with the row it came from and its places, one in each file that tells it."""

    time: int
    source: str
    id: str
    what: Trade | Move
    row: Row
    places: list[Place]


class _Keeping(AbstractContextManager[None]):
    """Turns a `RowError` into a problem that is kept."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if isinstance(error, RowError):
            self.problems.append(error.problem)
            return True
        return False


class Gather:
    """Keeps what importers find."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._keeping = _Keeping(self.problems)
        self._items: list[Item] = []
        self._noted: dict[tuple[str, str], set[int]] = {}
        self._serials: Counter[tuple[str, str, str]] = Counter()
        self._files: dict[str, int] = {}
        self._file = ""

    def begin(self, label: str) -> None:
        """Starts a file: its rows without ids are counted by themselves."""
        self._file = label

    def reading(self) -> AbstractContextManager[None]:
        """Keeps the problem of one row or group and goes on with the next."""
        return self._keeping

    def note(self, row: Row, message: str) -> None:
        """Counts a row of the file under `message`."""
        self.note_at(row.label, row.line, message)

    def note_at(self, label: str, line: int, message: str) -> None:
        """Counts a line of the file called `label` under `message`."""
        self._noted.setdefault((label, message), set()).add(line)

    def notes(self) -> tuple[str, ...]:
        """One line for each thing noted, with the number of rows; in an order that the files' order does not change."""
        return tuple(
            f"{file}: {len(lines):,} row{'s' if len(lines) > 1 else ''}: {message}"
            for (file, message), lines in sorted(self._noted.items(), key=lambda item: (item[0][0], min(item[1])))
        )

    def serial(self, source: str, time: int) -> str:
        """An id for an event that has none: its second and its number within that second of the file."""
        stamp = format_time(time // 1000 * 1000)[:-1].replace("-", "").replace(":", "")
        key = (self._file, source, stamp)
        self._serials[key] += 1
        return f"{stamp}-{self._serials[key]}"

    def put(self, event: Event, id_: str, what: Trade | Move) -> None:
        """Adds a trade or move of an event."""
        row = event.row
        file = self._files.setdefault(row.label, len(self._files))
        place = Place(file, row.line, len(self._items))
        self._items.append(Item(event.time, event.source, id_, what, row, [place]))

    def finish(self) -> list[Item]:
        """Everything once, by time; an id used twice for different things is a problem."""
        turned = _newest_first(self._items)
        if turned:
            for item in self._items:
                place = item.places[0]
                if place.file in turned:
                    item.places[0] = Place(place.file, -place.rank, place.step)
        told: dict[tuple[str, str], Item] = {}
        more: dict[tuple[str, str], list[Item]] = {}
        for item in self._items:
            key = (item.source, item.id)
            if told.setdefault(key, item) is not item:
                more.setdefault(key, [told[key]]).append(item)
        for key, items in more.items():
            items.sort(key=lambda item: (item.row.label, item.row.line))
            first = told[key] = items[0]
            for item in items[1:]:
                self._again(first, item)
        return sorted(told.values(), key=attrgetter("time", "source", "id"))

    def _again(self, first: Item, item: Item) -> None:
        one, other = first.what, item.what
        if isinstance(one, Move) and isinstance(other, Move):
            same = one.tells_the_same(other)
        else:
            same = isinstance(one, Trade) and isinstance(other, Trade) and _told(one) == _told(other)
        if same and first.places[0].file != item.places[0].file:
            first.places.extend(item.places)
            self.note(item.row, "duplicate of a row in another file of this import, left out")
        else:
            message = f"the id {quoted(item.id)} is also that of {first.row.where()}"
            hint = (
                f"if the two rows are one, leave one out with --skip {item.row.place}=REASON; "
                "if both are real, write one of them into a --manual file with an id of its own"
            )
            self.problems.append(Problem(item.row.where(), message, hint))


def _told(trade: Trade) -> Trade:
    """The trade without the places that told it."""
    return replace(trade, origin="")


def _newest_first(items: list[Item]) -> set[int]:
    """The files whose first row is later than their last."""
    files: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for item in items:
        file, rank, _ = item.places[0]
        files[file].append((rank, item.time))
    return {file for file, lines in files.items() if min(lines)[1] > max(lines)[1]}

"""What an import has gathered so far: trades and moves in their order, notes and problems.

Files are read one after the other; a file that runs from newest to oldest is turned round, and what two
overlapping exports tell twice is taken once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from zkharvest.errors import Problem
from zkharvest.trades.importers.rows import Row
from zkharvest.trades.model import Trade
from zkharvest.trades.text import format_time, quoted


class RowError(Exception):
    """A row (or group of rows) that cannot become trades."""

    def __init__(self, row: Row, column: str, message: str, hint: str) -> None:
        self.problem = Problem(row.where(column), message, hint)
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Leg:
    """So much of an asset: quantity in 10^-18."""

    asset: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Event:
    """Which row it is, and the time (Unix milliseconds), source and id that its trades carry."""

    row: Row
    time: int
    source: str
    id: str


@dataclass(frozen=True, slots=True)
class Move:
    """Crypto that left a source (`out`) or came to one; `pairing` makes transfers of moves."""

    event: Event
    leg: Leg
    out: bool

    def tells_the_same(self, other: Move) -> bool:
        """Whether two exports tell of one and the same move."""
        return (self.event.time, self.leg, self.out) == (other.event.time, other.leg, other.out)


@dataclass(frozen=True, slots=True)
class Item:
    """A trade or move with its place: file, line, and step among all that was put in."""

    time: int
    source: str
    id: str
    file: int
    line: int
    step: int
    what: Trade | Move
    row: Row


class Gather:
    """Keeps what importers find."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._items: list[Item] = []
        self._noted: dict[tuple[str, str], set[int]] = {}
        self._serials: Counter[tuple[int, str, str]] = Counter()
        self._file = -1

    def begin(self) -> None:
        """Starts the next file."""
        self._file += 1

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keeps the problem of one row or group and goes on with the next."""
        try:
            yield
        except RowError as error:
            self.problems.append(error.problem)

    def note(self, row: Row, message: str) -> None:
        """Counts a row of the file under `message`."""
        self._noted.setdefault((row.file, message), set()).add(row.line)

    def notes(self) -> tuple[str, ...]:
        """One line for each thing noted, with the number of rows."""
        return tuple(
            f"{file}: {len(lines)} row{'s' if len(lines) > 1 else ''}: {message}"
            for (file, message), lines in self._noted.items()
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
        self._items.append(Item(event.time, event.source, id_, self._file, row.line, len(self._items), what, row))

    def finish(self) -> list[Trade | Move]:
        """Everything in the order in which it happened; an id used twice for different things is a problem."""
        turned = self._newest_first()
        self._items.sort(key=lambda i: (i.time, i.file, -i.line if i.file in turned else i.line, i.step))
        kept: list[Trade | Move] = []
        seen: dict[tuple[str, str], Item] = {}
        for item in self._items:
            first = seen.setdefault((item.source, item.id), item)
            if first is item:
                kept.append(item.what)
            else:
                self._again(first, item)
        return kept

    def _again(self, first: Item, item: Item) -> None:
        one, other = first.what, item.what
        same = one.tells_the_same(other) if isinstance(one, Move) and isinstance(other, Move) else one == other
        if same and first.file != item.file:
            self.note(item.row, "told by another file of this import too, taken once")
        else:
            message = f"the id {quoted(item.id)} is also that of {first.row.where()}"
            hint = "import each export once; rows that are both real need ids of their own, given by hand"
            self.problems.append(Problem(item.row.where(), message, hint))

    def _newest_first(self) -> set[int]:
        """The files whose first row is later than their last."""
        ends: dict[int, tuple[tuple[int, int], tuple[int, int]]] = {}
        for item in self._items:
            here = (item.line, item.time)
            low, high = ends.get(item.file, (here, here))
            ends[item.file] = (min(low, here), max(high, here))
        return {file for file, (low, high) in ends.items() if low[1] > high[1]}

"""What the ledger knows of a page's records, and the pages as one history.

Plain data: who reads openings (workflow) fills it in. Quantities are in 10^-18, money in 10^-8 of the pages' currency,
times in ms UTC. Pages are in the order of a statement: by source, account and number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from itertools import repeat
from operator import le
from typing import Any, NamedTuple, TypeVar

from zkharvest.errors import InputError, Problem
from zkharvest.ledger.rules import Side
from zkharvest.trades.text import format_quantity, format_time

SHIFT_LIMIT = 1 << 22
"""ms: how far a deposit's clock may run behind its withdrawal's (70 minutes)."""

REACH = 1 << 30
"""ms: how long a move without a common reference may take (12.4 days)."""

TRADE, FEE, PAYMENT, GIFT, INCOME, MOVE, OPENING_BALANCE, LOST, DECLARED = 1, 2, 3, 4, 5, 14, 15, 16, 28
"""Kinds of records, as pages number them (circuits/FORMAT.md, section 11): those that the machine tells apart."""

SHORTFALL, UNEXPLAINED, IN_TRANSIT = 61, 62, 63
"""Kinds that no record has: of what a deposit got less, of what nobody explains, of what has not arrived."""


_Row = TypeVar("_Row", bound=NamedTuple)


class Does(IntEnum):
    """What a record does."""

    OPEN = 0  # opens a lot on its side
    CLOSE = 1  # takes lots of its side, for a value
    OUT = 2  # a withdrawal
    IN = 3  # a deposit


class Account(NamedTuple):
    """An account of a source: the wallet of a pool. Sorted as statements sort them."""

    source: str
    account: str

    @property
    def wallet(self) -> str:
        """The account as one name, different for every two: `source/account`.

        A slash of the source is %2F there, a semicolon %3B and a per cent sign %25.
        """
        return f"{_escaped(self.source).replace('/', '%2F')}/{_escaped(self.account)}"


class Place(NamedTuple):
    """Where a record stands, which is what names it: an account's page by number, and a position in it, from 0."""

    source: str
    account: str
    number: int
    position: int

    def __str__(self) -> str:
        return f"{Account(self.source, self.account).wallet}/{self.number}/{self.position}"

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """The place that is written so (`SOURCE/ACCOUNT/PAGE/RECORD`), None for another form."""
        wallet, slash, rest = text.rpartition("/")
        wallet, _, number = wallet.rpartition("/")
        source, cut, account = wallet.partition("/")
        if not (slash and cut and source and account and _is_number(number) and _is_number(rest)):
            return None
        return cls(_plain(source), _plain(account), int(number), int(rest))


class Record(NamedTuple):
    """A record as a page holds it. `page` is its page's place in the history.

    `value` is net of the fee, and below zero only where lots are closed; `ref` is the code of a reference, 0 if there
    is none; `valued` is False where the source states no value; `id` is the source's own name of the event; `symbol` is
    what people call the asset, if that is known.
    """

    page: int
    position: int
    time: int
    does: Does
    side: Side
    asset: str
    quantity: int
    value: int = 0
    fee: int = 0
    ref: int = 0
    kind: int = TRADE
    valued: bool = True
    id: str = ""
    symbol: str = ""

    @property
    def called(self) -> str:
        """The asset for a person: `BTC (slip44:0)`."""
        return f"{self.symbol} ({self.asset})" if self.symbol not in ("", self.asset) else self.asset


@dataclass(frozen=True, slots=True)
class Page:
    """A page's header, as far as the ledger asks: `start` and `end` in ms, the end excluded; `id` names it."""

    source: str
    account: str
    number: int
    start: int
    end: int
    final: bool = False
    id: bytes = b""
    prev: bytes | None = None

    @property
    def owner(self) -> Account:
        """The account."""
        return Account(self.source, self.account)

    @property
    def place(self) -> tuple[str, str, int]:
        """What pages of a history are ordered by."""
        return self.source, self.account, self.number

    @property
    def label(self) -> str:
        """The page as a message names it."""
        return f"{self.source}/{self.account}, page {self.number}"


@dataclass(frozen=True)
class History:
    """Pages in the order of a statement, and the records of each in its own order."""

    pages: tuple[Page, ...]
    records: tuple[tuple[Record, ...], ...] = field(repr=False)

    @cached_property
    def accounts(self) -> tuple[Account, ...]:
        """The accounts, sorted."""
        return tuple(sorted({page.owner for page in self.pages}))

    @cached_property
    def moving(self) -> tuple[tuple[Record, ...], ...]:
        """Of each page its withdrawals and deposits: few records, which are asked for again and again."""
        out, come = Does.OUT, Does.IN
        return tuple(
            tuple(record for record in records if record.does is out or record.does is come) for records in self.records
        )

    @cached_property
    def _pages_by_name(self) -> dict[tuple[str, str, int], int]:
        return {(page.source, page.account, page.number): n for n, page in enumerate(self.pages)}

    def place(self, record: Record) -> Place:
        """Where a record stands."""
        page = self.pages[record.page]
        return Place(page.source, page.account, page.number, record.position)

    def at(self, place: Place) -> Record | None:
        """The record at a place, None if there is none."""
        page = self._pages_by_name.get(place[:3])
        if page is None or not 0 <= place.position < len(self.records[page]):
            return None
        return self.records[page][place.position]

    def where(self, record: Record) -> str:
        """The place of a record as an error names it."""
        own = f" ({record.id})" if record.id else ""
        return f"{self.pages[record.page].label}, record {record.position}{own}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace(";", "%3B")


def _plain(text: str) -> str:
    return text.replace("%2F", "/").replace("%3B", ";").replace("%25", "%")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def describe(record: Record) -> str:
    """What a record is, for a person: `deposit of 1.5 BTC (slip44:0) at 2025-01-05T10:00:00Z`."""
    what = ("opening", "closing", "withdrawal", "deposit")[record.does]
    return f"{what} of {format_quantity(record.quantity)} {record.called} at {format_time(record.time)}"


def rows_of(kind: type[_Row], *columns: Iterable[Any]) -> Iterator[_Row]:
    """Named tuples of a kind out of columns, one for each of its fields.

    What `_make` does, without a call in Python for every row. ValueError for columns of two lengths.
    """
    assert len(columns) == len(kind._fields), "a column for each field"
    return map(tuple.__new__, repeat(kind), zip(*columns, strict=True))


def with_article(text: str) -> str:
    """The text behind `a` or `an`."""
    return f"{'an' if text[:1] in 'aeiou' else 'a'} {text}"


def make_history(pages: Iterable[tuple[Page, Sequence[Record]]]) -> History:
    """The history of some pages, given in any order; the records' `page` is set here.

    Raises InputError for a page that is there twice, and for records outside their page's period or out of order.
    """
    ordered = sorted(pages, key=lambda one: one[0].place)
    problems: list[Problem] = []
    found: list[tuple[Record, ...]] = []
    for n, (page, records) in enumerate(ordered):
        if n and ordered[n - 1][0].owner == page.owner and ordered[n - 1][0].number == page.number:
            problems.append(Problem(page.label, "is given twice", "give each page once"))
        times = [record.time for record in records]
        for record, before in zip(records, [page.start, *times], strict=False) if not _in_order(times, page) else ():
            if not before <= record.time < page.end:
                at = f"{page.label}, record {record.position}"
                why = f"its time {format_time(record.time)} is outside its page's period, or before the one above it"
                problems.append(Problem(at, why, "ask the source for the page again"))
                break
        numbers = {record.page for record in records}
        found.append(tuple(records if numbers <= {n} else [record._replace(page=n) for record in records]))
    if problems:
        raise InputError(problems)
    return History(tuple(page for page, _ in ordered), tuple(found))


def _in_order(times: Sequence[int], page: Page) -> bool:
    """Whether times lie in a page's period and none is before the one above it."""
    return all(map(le, [page.start, *times], [*times, page.end - 1]))

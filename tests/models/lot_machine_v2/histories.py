"""Random histories of several sources, with the truth about their moves; and what the ledger says of them.

The ledger knows no transit: a move is a transfer to a wallet of its own at the withdrawal, and from there
at the deposit.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from random import Random

from tests.models.lot_machine_v2.owner import Book
from tests.models.lot_machine_v2.words import DAY, REACH, SHIFT_LIMIT, Page, Rec, day_of
from zkharvest.ledger.engine_plain import Ledger
from zkharvest.ledger.results import disposals_of, open_lots_of, totals_of
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.trades.model import Kind, Trade

UNIT = 10**18
EPOCH = date(1970, 1, 1).toordinal()


def at(year, month=1, day=1):
    """An instant in ms."""
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1000


YEARS = (2023, 2024, 2025)
START, END = at(2023), at(2026)


@dataclass
class Event:
    """A record where it happened, and when it is worked."""

    source: str
    record: Rec
    worked: int
    match: Event | None = None  # of a deposit: its withdrawal
    declared: tuple[str, int, int] | None = None
    gone: str = ""
    received: int = 0  # of a withdrawal: what its deposit got
    number: int = 0

    @property
    def late(self) -> bool:
        return self.match is not None and self.record.time <= self.match.record.time


@dataclass
class History:
    """The events, the pages they make, and the owner's book."""

    events: list[Event]
    pages: dict[str, list[Page]] = field(default_factory=dict)
    book: Book = field(default_factory=Book)
    places: dict[int, tuple[str, int, int]] = field(default_factory=dict)


class _Maker:
    def __init__(self, rng: Random, size: int) -> None:
        self.rng, self.events = rng, []
        self.held: dict[tuple[str, str], int] = defaultdict(int)
        self.short: dict[str, int] = defaultdict(int)
        self.sources = [f"s{n}" for n in range(rng.randrange(2, 5))]
        self.now, self.step = START, (END - START) // (size + 1)
        self.size = size
        self.arriving: list[Event] = []

    def run(self) -> list[Event]:
        for _ in range(self.size):
            self.now += self.rng.choice(
                (0, 1, 1000, self.step, self.step, 2 * self.step, self.rng.randrange(1, 2 * self.step))
            )
            for event in [e for e in self.arriving if e.worked < self.now]:
                self.arriving.remove(event)
                self.held[event.source, event.record.asset] += event.record.quantity
            if self.now >= END - 20 * DAY:
                break
            self.one()
        return self.events

    def add(self, source: str, record: Rec, **more) -> Event:
        event = Event(source, record, more.pop("worked", record.time), **more)
        self.events.append(event)
        return event

    def value(self) -> int:
        return self.rng.choice((0, 1, 7, 10**8, self.rng.randrange(1, 10**13)))

    def one(self) -> None:
        rng = self.rng
        source, asset = rng.choice(self.sources), rng.choice(("A", "B"))
        here = self.held[source, asset]
        what = rng.choice(
            ("buy", "buy", "income", "sell", "sell", "move", "move", "gift", "in", "declared", "short", "cover")
        )
        quantity = rng.choice((1, 3, UNIT // 3, UNIT, rng.randrange(1, 9 * UNIT)))
        fee = rng.choice((0, 0, 1, rng.randrange(10**9)))
        if what == "short":
            value = max(self.value() - fee, 0)
            self.add(source, Rec(self.now, "open", "P", quantity, value, fee, kind="short", side=1))
            self.short[source] += quantity
        elif what == "cover" and self.short[source]:
            quantity = min(quantity, self.short[source])
            self.add(source, Rec(self.now, "close", "P", quantity, self.value() + fee, fee, side=1))
            self.short[source] -= quantity
        elif what in ("buy", "income"):
            kind = "trade" if what == "buy" else "staking"
            self.add(source, Rec(self.now, "open", asset, quantity, self.value() + fee, fee, kind=kind))
            self.held[source, asset] += quantity
        elif what in ("in", "declared"):
            declared = None
            if what == "declared":
                day = day_of(self.now) - rng.choice((0, 1, 200, 366, 500))
                declared = (rng.choice(("declared", "opening balance")), self.value(), day)
            self.add(source, Rec(self.now, "in", asset, quantity, kind="move"), declared=declared)
            self.held[source, asset] += quantity
        elif here and what == "sell":
            quantity = rng.choice((min(quantity, here), here))
            self.add(source, Rec(self.now, "close", asset, quantity, self.value() - fee, fee))
            self.held[source, asset] -= quantity
        elif here and what == "gift":
            quantity = min(quantity, here)
            event = self.add(source, Rec(self.now, "out", asset, quantity, kind="gift"))
            event.gone = rng.choice(("gift", "lost", "unexplained"))
            self.held[source, asset] -= quantity
        elif here and what == "move":
            self.move(source, asset, rng.choice((min(quantity, here), here)))

    def move(self, source: str, asset: str, quantity: int) -> None:
        rng = self.rng
        ref = rng.choice((0, 0, rng.randrange(1, 2**60)))
        out = self.add(source, Rec(self.now, "out", asset, quantity, ref=ref, kind="move"))
        self.held[source, asset] -= quantity
        other = rng.choice([s for s in self.sources if s != source] if rng.random() < 0.9 else [source])
        got = quantity if rng.random() < 0.7 or quantity == 1 else rng.randrange(1, quantity)
        lag = rng.choice((0, 1, 60_000, DAY, REACH - 1, 40 * DAY if ref else 12 * DAY, -rng.randrange(1, SHIFT_LIMIT)))
        stated = self.now + lag
        worked = max(stated, self.now)
        if lag < 0 and any(at(y) in range(stated + 1, self.now + 1) for y in (*YEARS, 2026)):
            stated = worked = self.now  # the clock would run behind over the end of a window: not possible, ADR 0020
        if worked >= END:
            out.gone = "lost"
            return
        there = ref if ref and (lag >= REACH or rng.random() < 0.7) else 0
        arrival = self.add(other, Rec(stated, "in", asset, got, ref=there, kind="move"), worked=worked, match=out)
        out.received = got
        self.arriving.append(arrival)


def make_history(seed: int, size: int = 60) -> History:
    """A history of three years, in pages of some length that need not end with a year."""
    rng = Random(seed)
    history = History(_Maker(rng, size).run())
    by_source: dict[str, list[Event]] = defaultdict(list)
    for number, event in enumerate(history.events):
        event.number = number
        by_source[event.source].append(event)
    for source, events in by_source.items():
        history.pages[source] = _pages(
            source, sorted(events, key=lambda e: e.record.time), rng.choice((31, 45, 400)), history
        )
    for event in history.events:
        place = history.places[event.number]
        if event.match is not None:
            history.book.matched[place] = history.places[event.match.number]
            history.book.amounts[history.places[event.match.number]] = event.record.quantity
        if event.declared:
            history.book.declared[place] = event.declared
        if event.gone:
            history.book.gone[place] = event.gone
    return history


def _pages(source: str, events: list[Event], days: int, history: History) -> list[Page]:
    pages: list[Page] = []
    start, prev = START, ""
    while start < END:
        end = start + days * DAY
        inside = [event for event in events if start <= event.record.time < end]
        for position, event in enumerate(inside):
            history.places[event.number] = (source, len(pages), position)
        page = Page(source, f"{source}-1", len(pages), start, end, tuple(e.record for e in inside), prev)
        pages.append(page)
        start, prev = end, page.id
    return pages


def pages_for(history: History, start: int, end: int) -> list[Page]:
    """The pages of a window, in the order of a statement."""
    return sorted(
        (page for pages in history.pages.values() for page in pages if page.start < end and page.end > start),
        key=lambda page: (page.source, page.account, page.number),
    )


# ------------------------------------------------------------------------------------------------- the ledger


_KINDS = {("open", 0): Kind.BUY, ("open", 1): Kind.SHORT, ("close", 0): Kind.SELL, ("close", 1): Kind.COVER}


def trades_of(event: Event) -> list[Trade]:
    """An event as the ledger's trades."""
    record, name = event.record, str(event.number)
    if record.op in ("open", "close"):
        kind = Kind.INCOME if record.kind == "staking" else _KINDS[record.op, record.side]
        pays = (record.op, record.side) in (("open", 0), ("close", 1))
        amount, fee = (record.value - record.fee, record.fee) if pays else (record.value + record.fee, record.fee)
        return [Trade(event.worked, event.source, name, kind, record.asset, record.quantity, amount, fee)]
    if record.op == "in":
        if event.match is not None:
            transit = f"transit:{event.match.number}"
            return [
                Trade(event.worked, transit, name, Kind.TRANSFER, record.asset, record.quantity, 0, to=event.source)
            ]
        value, acquired = (
            (event.declared[1], date.fromordinal(EPOCH + event.declared[2])) if event.declared else (0, None)
        )
        return [
            Trade(
                event.worked, event.source, name, Kind.DEPOSIT, record.asset, record.quantity, value, acquired=acquired
            )
        ]
    rest = record.quantity - event.received
    moved = Trade(
        event.worked, event.source, f"{name}m", Kind.TRANSFER, record.asset, event.received, 0, to=f"transit:{name}"
    )
    gone = Trade(event.worked, event.source, f"{name}g", Kind.WITHDRAW, record.asset, rest, 0)
    return [moved] * bool(event.received) + [gone] * bool(rest)


@dataclass
class YearOf:
    """A year by the ledger."""

    totals: dict[str, int]
    lots: list[tuple[object, ...]]
    gone: dict[str, int]


def ledger_years(history: History, order: list[Event], methods: list[str], pooling: str) -> list[YearOf]:
    """The ledger, year by year, with a method a year: its lots go on."""
    found: list[YearOf] = []
    lots, done = [], []
    for year, method in zip(YEARS, methods, strict=True):
        election = Election(Method(method), Pooling(pooling), "UTC", year)
        ledger = Ledger.resumed(election, done, lots) if done else Ledger(election)
        for event in order:
            if at(year) <= event.worked < at(year + 1):
                for trade in trades_of(event):
                    ledger.step(trade)
        assert not ledger.problems, ledger.problems
        window = (at(year), at(year + 1))
        parts = disposals_of(ledger.book.operations, ledger.trades, ledger.regime, ledger.calendar, window)
        lots, done = open_lots_of(ledger.book, ledger.trades), ledger.trades
        shown = sorted(
            (
                lot.pool.asset,
                lot.pool.wallet,
                int(lot.pool.side),
                lot.quantity,
                lot.value,
                lot.unit,
                lot.acquired // DAY,
            )
            for lot in lots
        )
        found.append(YearOf(dict(totals_of(parts, ledger.regime, ledger.calendar)), shown, {}))
    return found

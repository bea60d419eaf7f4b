"""From openings of pages to a history: what the owner of the accounts does with what the sources handed over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from operator import attrgetter

from zkharvest.collecting import without_collecting
from zkharvest.commitment.assets import symbol_of
from zkharvest.commitment.page_record import Flag, ref_code
from zkharvest.errors import InputError, Problem, UsageError
from zkharvest.files.book import Book, Line, check_stated
from zkharvest.files.page_files import PageOpening
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.history.as_trades import trades_of
from zkharvest.ledger.history.chain import Engine, run_windows
from zkharvest.ledger.history.decisions import check_decisions
from zkharvest.ledger.history.explaining import Explained, explain, note_of
from zkharvest.ledger.history.machine import Run
from zkharvest.ledger.history.matching import Moves, match_moves
from zkharvest.ledger.history.order import Window
from zkharvest.ledger.history.records import Account, Does, History, Page, Place, Record, make_history, rows_of
from zkharvest.ledger.history.registers import totals_of
from zkharvest.ledger.history.standing import Standing
from zkharvest.ledger.results import LedgerRun
from zkharvest.ledger.rules import Election, Side, check_zone
from zkharvest.ledger.run import run_years
from zkharvest.trades.text import format_time
from zkharvest.verifier.page import PageHeader, PageReject, check_pages

_LATER = {
    Flag.CONVERT: "a conversion of one asset into another",
    Flag.FLAT: "of a contract with a term of its own (s.1256)",
}
_ANY_LATER = int(Flag.CONVERT | Flag.FLAT)
_MOVES, _INWARD, _CLOSES, _SHORT, _UNVALUED = (
    int(flag) for flag in (Flag.MOVES, Flag.INWARD, Flag.CLOSES, Flag.SHORT, Flag.UNVALUED)
)


def history_of(openings: Iterable[tuple[str, PageOpening]]) -> History:
    """The history of page openings, each with the name of its file, in any order.

    Raises InputError where pages do not follow each other, are in two currencies, or hold what the machine does not
    take yet.
    """
    given = list(openings)
    try:
        check_pages(opening.header for _, opening in given)
    except PageReject as error:
        hint = "give each account's pages without gaps, each once"
        raise InputError.one("", error.detail, hint) from None
    currencies = {opening.header.currency: name for name, opening in given}
    if len(currencies) > 1:
        listed = ", ".join(f"{currency} ({name})" for currency, name in sorted(currencies.items()))
        raise InputError.one("", f"pages in several currencies: {listed}", "a history is in one currency")
    with without_collecting():
        problems: list[Problem] = []
        pages = [_page(opening.header) for _, opening in given]
        number = {at: n for n, at in enumerate(sorted(range(len(pages)), key=lambda at: pages[at].place))}
        records = [_records(opening, number[at], problems, name) for at, (name, opening) in enumerate(given)]
        if problems:
            raise InputError(problems)
        return make_history(zip(pages, records, strict=True))


def _page(header: PageHeader) -> Page:
    ids = (header.page_id, header.prev)
    return Page(header.source, header.account, header.number, header.start, header.end, header.final, *ids)


def _records(opening: PageOpening, page: int, problems: list[Problem], name: str) -> list[Record]:
    """The records of a page, which is number `page` of the history."""
    records = opening.records
    time, flags, asset, quantity, value, fee, kind, own = (
        list(map(attrgetter(field), records))
        for field in ("time", "flags", "asset", "quantity", "value", "fee", "kind", "id")
    )
    codes = list(map(int, flags))
    meanings = {code: _meaning(code) for code in set(codes)}
    does, side, valued = (
        map({code: meaning[n] for code, meaning in meanings.items()}.__getitem__, codes) for n in range(3)
    )
    ref = [0] * len(records)
    for position in [position for position, code in enumerate(codes) if code & _MOVES]:
        ref[position] = ref_code(records[position].ref)  # of other records it names the venue's books
    symbols = {one: symbol_of(one) for one in set(asset)}
    for position, code in enumerate(codes) if any(code & _ANY_LATER for code in meanings) else ():
        problems += _later(code, f"{name}: record {position} ({own[position]})")
    return list(rows_of(
        Record, repeat(page, len(records)), range(len(records)), time, does, side, asset, quantity, value, fee, ref,
        map(int, kind), valued, own, map(symbols.__getitem__, asset),
    ))  # fmt: skip


def _meaning(flags: int) -> tuple[Does, Side, bool]:
    """What a record with these flags does, on which side, and whether it has a value."""
    if flags & _MOVES:
        does = Does.IN if flags & _INWARD else Does.OUT
    else:
        does = Does.CLOSE if flags & _CLOSES else Does.OPEN
    return does, Side.SHORT if flags & _SHORT else Side.LONG, not flags & _UNVALUED


def _later(flags: int, where: str) -> list[Problem]:
    """What the machine does not take yet of a record with these flags."""
    hint = "lot-machine/v2 takes it in a later stage; report it from the trades CSV with ledger report"
    return [Problem(where, what, hint) for flag, what in _LATER.items() if flags & flag]


# ------------------------------------------------------------------------------------------------- years


def years_of(history: History, zone: str) -> range:
    """The tax years that the pages reach into, the first to the last."""
    calendar = Calendar(zone)
    first = min((page.start for page in history.pages), default=0)
    last = max((page.end for page in history.pages), default=1) - 1
    return range(calendar.date_of(first).year, calendar.date_of(last).year + 1)


def windows_of(history: History, elections: Sequence[Election], opening: Standing | None = None) -> list[Window]:
    """A window a year. What lies before the first year is worked in its window, unless a standing was carried in.

    Raises UsageError for a standing of another time than the first year's.
    """
    calendar = Calendar(elections[0].timezone)
    years = [calendar.year_window(election.year) for election in elections]
    starts = [start for start, _ in years]
    if opening is not None:
        if not years[0][0] <= opening.instant < years[0][1]:
            first, at = elections[0].year, format_time(opening.instant)
            goes_on = calendar.date_of(opening.instant).year
            hint = f"give --year {goes_on}, which goes on from it, or for {first} what the year before carried out"
            raise UsageError(f"the standing is of {at}, not of the beginning of {first}", hint)
        starts[0] = opening.instant
    else:
        starts[0] = min([starts[0], *(page.start for page in history.pages)])
    found: list[Window] = []
    for start, (_, end), election in zip(starts, years, elections, strict=True):
        assert election.method is not None, "a regime of the machine has methods"
        found.append(Window(start, end, election.year, election.method, election.pooling, election.timezone))
    return found


def missing_pages(history: History, opening: Standing | None = None) -> list[Problem]:
    """Accounts whose first pages are not here, and were not worked before either."""
    known = {state.owner for state in opening.accounts} if opening is not None else set[Account]()
    first: dict[Account, Page] = {}
    for page in history.pages:
        first.setdefault(page.owner, page)
    return [
        Problem(
            f"{owner.source}/{owner.account}",
            f"its first page here is page {page.number}: what was there before is not known",
            "give its pages from page 0 on",
        )
        for owner, page in first.items()
        if page.number and owner not in known
    ]


def work(
    history: History,
    book: Book,
    elections: Sequence[Election],
    opening: Standing | None = None,
    covered_since: int = 0,
    *,
    engine: Engine = "auto",
) -> list[Run]:
    """The machine's run of each year. Raises InputError for what is missing or cannot be worked.

    `covered_since` is the ordinal of the first day whose purchases are covered; all engines work the same.
    """
    check_stated(book, history)
    if problems := missing_pages(history, opening):
        raise InputError(problems)
    windows = [replace(one, covered_since=covered_since) for one in windows_of(history, elections, opening)]
    return run_windows(history, book.decisions, windows, opening, engine=engine)


def report(history: History, book: Book, elections: Sequence[Election], currency: str = "") -> LedgerRun:
    """What `ledger report` shows of pages: the ledger's run of what the machine works, under the last election.

    Assets have the symbols of the shipped table.

    Raises InputError where `work` does. The two must agree; if they do not, that is a bug and an AssertionError.
    """
    runs = work(history, book, elections)
    last = elections[-1]
    worked = (trade for run in runs for trade in trades_of(run.turns, book.decisions, last.pooling, currency))
    trades = [replace(trade, asset=symbol_of(trade.asset)) for trade in worked]
    reported = run_years(trades, elections)
    assert totals_of(runs[-1].registers) == dict(reported.totals), "the machine and the ledger agree"
    return reported


# ------------------------------------------------------------------------------------------------- explaining


@dataclass(frozen=True, slots=True)
class Told:
    """What can be said of pages: their moves, what is open, first pages that are missing, rows of other pages."""

    moves: Moves
    explained: Explained
    missing: tuple[Problem, ...]
    elsewhere: tuple[Place, ...]


def told_of(history: History, book: Book, zone: str, opening: Standing | None = None) -> Told:
    """What the owner may want to explain. Raises InputError for decisions that their records cannot have.

    What was worked before the standing carried in is settled; what is in transit there may arrive. Every new year of
    the zone counts as the end of a window: a deposit whose clock runs behind over it is no move. UsageError for a zone
    that is none.
    """
    check_zone(zone)
    calendar = Calendar(zone)
    elsewhere = check_stated(book, history)
    check_decisions(history, book.decisions, lambda instant: calendar.date_of(instant).toordinal())
    edges = [edge for year in years_of(history, zone) for edge in calendar.year_window(year)]
    since, sent = (opening.instant, opening.in_transit()) if opening is not None else (0, [])
    moves = match_moves(history, book.decisions, edges=sorted({*edges, since}), since=since, sent=sent)
    explained = explain(history, book.decisions, moves, sorted(edges), since)
    return Told(moves, explained, tuple(missing_pages(history, opening)), tuple(elsewhere))


def book_lines(history: History, book: Book, explained: Explained) -> list[Line]:
    """The rows of a book to fill in: what is decided already, and what is open; a note says what can be said."""
    lines = {one.place: Line(one.place, one.record, note=note_of(one)) for one in explained.open}
    for place, decision in book.decisions.items():
        record = history.at(place)
        if record is not None:
            before = lines.get(place)
            lines[place] = Line(place, record, decision, before.note if before else "")
    return list(lines.values())

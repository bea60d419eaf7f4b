"""One link of a chain: what a verifier checks of a statement of `lot-machine/v2` beyond its form, and what follows.

Every account goes on where the standing carried in left it: with the page that was open then, or the next one by
`prev`, without a gap up to the end of the window or until it is closed; an account that is new begins with its page 0.
A record before the window may be passed over in an *early* page only, one that was open in the standing carried in
(the link before worked it), and one behind it in a *late* page only, whose period ends behind the window (the next link
works it). Both bits are computed here and never stated: so each record of an account is worked exactly once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from zkharvest.verifier import wire
from zkharvest.verifier.figures import Counters, counters_of
from zkharvest.verifier.page import PageHeader, PageReject, check_follows
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.standing import AccountState, Standing
from zkharvest.verifier.statement_v2 import StatementV2, page_reject, read_statement_v2
from zkharvest.verifier.text import quoted

Names = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Link:
    """A statement that does not contradict itself, with what the verifier computed from it.

    `early`, `late`: places in the list of pages. `same_year`: the standing carried in is of this tax year, and
    registers of the first two levels go on. `closing`: the standing at which the link ends. `whole_year`: it reaches to
    the end of its tax year. `counted_from`: the instant from which records count in the year; None without one.
    """

    statement: StatementV2
    early: frozenset[int]
    late: frozenset[int]
    same_year: bool
    whole_year: bool
    counted_from: int | None
    closing: Standing
    counters: Counters

    @property
    def opening(self) -> Standing | None:
        """The standing carried in; None in a first link."""
        return self.statement.carried_in

    @property
    def begins_late(self) -> bool:
        """Whether it goes on from a standing of another year, and not at the first instant of its own.

        The hours between are in the year before: it was of another time zone.
        """
        counted = self.counted_from
        return (
            self.opening is not None and not self.same_year and counted is not None and self.statement.start > counted
        )


def read_link(statement: Mapping[str, wire.Value]) -> Link:
    """The link that a statement describes, or Reject: as `read_statement_v2`, `page/...` and `link/...`."""
    return check_link(read_statement_v2(statement))


def check_link(statement: StatementV2) -> Link:
    """The link of a statement whose parts were read. Reject (`page/...`, `link/...`) if it contradicts itself."""
    counted_from, year_ends = _check_window(statement)
    _check_carried(statement)
    early = _check_pages(statement)
    carried = statement.carried_in
    return Link(
        statement,
        early,
        frozenset(place for place, page in enumerate(statement.pages) if page.header.end > statement.end),
        carried is not None and statement.year is not None and carried.year == statement.year,
        year_ends == statement.end,
        counted_from,
        _closing(statement),
        counters_of(statement.figures),
    )


# ------------------------------------------------------------------------------------------------- window


def _check_window(statement: StatementV2) -> tuple[int | None, int | None]:
    """When the tax year begins and ends, if there is one. The window lies in the calendar and ends in the year.

    With a standing carried in it begins in the year, too. Otherwise what lies between two tax years would be worked and
    counted in neither: years left out, or the hours by which two time zones differ. For the same reason a link of no
    tax year follows nothing or another of none, and a tax year after it begins with its first instant.
    """
    calendar, carried = statement.calendar, statement.carried_in
    starts = calendar.starts()
    if statement.start < starts[0] or statement.end > starts[calendar.days]:
        raise _window("it reaches beyond the days of the calendar")
    if carried is not None and carried.instant != statement.start:
        raise _window("it does not begin where the standing carried in is")
    if statement.year is None:
        if carried is not None and carried.year is not None:
            raise _window(f"a link without a tax year follows one of {carried.year}: no year would count its records")
        return None, None
    begins = starts[(date(statement.year, 1, 1) - calendar.first_day).days]
    if statement.end <= begins:
        raise _window(f"it ends before {statement.year} begins")
    if carried is not None and statement.start < begins:
        raise _window(f"it goes on from a standing before {statement.year}, and would not count what lies between")
    if carried is not None and carried.year is None and statement.start != begins:
        raise _window(f"it goes on from no tax year within {statement.year}, part of which counts nowhere")
    return begins, starts[calendar.days]


def _check_carried(statement: StatementV2) -> None:
    """The standing carried in speaks of the same currency and pooling, and within a tax year of the same zone."""
    carried = statement.carried_in
    if carried is None:
        return
    compared = (
        (Reason.LINK_CURRENCY, "currency", carried.currency, statement.currency),
        (Reason.LINK_POOLING, "pooling", carried.pooling, statement.pooling),
    )
    for reason, what, before, now in compared:
        if before != now:
            raise Reject(reason, f"{what}: {now} after {before}")
    if carried.year is not None and carried.year == statement.year and carried.timezone != statement.timezone:
        text = f"{statement.timezone} after {carried.timezone} within {statement.year}"
        raise Reject(Reason.LINK_ZONE, text)


def _window(detail: str) -> Reject:
    return Reject(Reason.LINK_WINDOW, f"the window: {detail}")


# ------------------------------------------------------------------------------------------------- pages


def _check_pages(statement: StatementV2) -> frozenset[int]:
    """Which pages are early; Reject unless every account goes on as it must."""
    order = [(page.account, page.header.number) for page in statement.pages]
    if any(a >= b for a, b in pairwise(order)):
        raise Reject(Reason.PAGE_LISTED, "the pages are not sorted by account and number, each once")
    before = {state.name: state for state in statement.carried_in.accounts} if statement.carried_in else {}
    listed = set(statement.accounts)
    gone = [name for name in before if name not in listed]
    if gone:
        raise Reject(Reason.LINK_SOURCES, f"{_named(gone[0])} is in the standing carried in and is not listed")
    places: dict[int, list[int]] = {}
    for place, page in enumerate(statement.pages):
        _check_header(page.header, statement.accounts[page.account], statement)
        places.setdefault(page.account, []).append(place)
    _check_roots([page.header for page in statement.pages])
    early = set()
    for number, name in enumerate(statement.accounts):
        pages = [statement.pages[place].header for place in places.get(number, ())]
        known = before.get(name)
        if not pages:
            _check_absent(name, known)
            continue
        if _check_first(pages[0], known, statement):
            early.add(places[number][0])
        _check_rest(pages, statement)
    return frozenset(early)


def _check_header(header: PageHeader, name: Names, statement: StatementV2) -> None:
    """The page is of the account under which it is listed, and in the statement's currency."""
    if (header.source, header.account) != name:
        text = f"a page of {_named((header.source, header.account))} is listed under {_named(name)}"
        raise Reject(Reason.PAGE_OTHER, text)
    if header.currency != statement.currency:
        text = f"{_label(header)} is in {header.currency}, the statement in {statement.currency}"
        raise Reject(Reason.PAGE_OTHER, text)


def _check_roots(headers: Sequence[PageHeader]) -> None:
    seen: dict[bytes, PageHeader] = {}
    for header in headers:
        other = seen.setdefault(header.root, header)
        if other is not header:
            raise Reject(Reason.PAGE_SAME_ROOT, f"{_label(header)} has the root of {_label(other)}")


def _check_absent(name: Names, known: AccountState | None) -> None:
    """An account without a page here is one that was closed before."""
    if known is None:
        raise Reject(Reason.LINK_SOURCES, f"{_named(name)} is listed, and there is no page of it")
    if not known.final:
        raise Reject(Reason.PAGE_MISSING, f"{_named(name)} has no page, and was not closed")


def _check_first(page: PageHeader, known: AccountState | None, statement: StatementV2) -> bool:
    """Whether an account's first page here is early; Reject unless it is where the account goes on."""
    label = _label(page)
    if known is None:
        if page.number != 0:
            raise Reject(Reason.PAGE_FIRST, f"{label}: a new account begins with page 0")
        if page.start < statement.start:
            raise Reject(Reason.PAGE_FIRST, f"{label}: a new account does not begin before the window")
        return False
    if known.final:
        raise Reject(Reason.PAGE_CLOSED, f"{label}: the account was closed with page {known.number}")
    if known.open:
        if (page.page_id, page.number, page.end) != (known.page, known.number, known.end):
            raise Reject(Reason.PAGE_CHAIN, f"{label}: page {known.number}, which was open, must come again")
        return True
    if page.number != known.number + 1:
        raise Reject(Reason.PAGE_GAP, f"{label}: the next page is number {known.number + 1}")
    if page.prev != known.page:
        raise Reject(Reason.PAGE_CHAIN, f"{label} does not name the page before it that the standing has")
    if page.start != known.end:
        raise Reject(Reason.PAGE_GAP, f"{label} does not begin where page {known.number} ends")
    return False


def _check_rest(pages: Sequence[PageHeader], statement: StatementV2) -> None:
    """Each page follows the one before; together they reach to the end of the window, and no page lies behind it."""
    for one, two in pairwise(pages):
        try:
            check_follows(one, two)
        except PageReject as error:
            raise page_reject(error, _named((two.source, two.account))) from None
    last = pages[-1]
    if last.end < statement.end and not last.final:
        raise Reject(Reason.PAGE_END, f"{_label(last)} is the last one, and ends before the window does")
    if last.start >= statement.end:
        raise Reject(Reason.PAGE_BEHIND, f"{_label(last)} begins at or behind the end of the window")


def _closing(statement: StatementV2) -> Standing:
    """The standing at the window's end: the statement's two roots, and what the verifier knows of the rest."""
    carried = statement.carried_in
    states = {state.name: state for state in carried.accounts} if carried else {}
    for page in statement.pages:  # in order: an account's last page is what stays
        header = page.header
        name = statement.accounts[page.account]
        goes_on = header.end > statement.end
        closed = header.final and not goes_on
        states[name] = AccountState(*name, header.number, header.page_id, header.end, goes_on, closed)
    return Standing(
        statement.end,
        statement.currency,
        statement.pooling,
        statement.timezone,
        statement.year,
        statement.lots_out,
        statement.sums_out,
        tuple(states[name] for name in statement.accounts),
    )


def _named(name: Names) -> str:
    return f"{quoted(name[0])} account {quoted(name[1])}"


def _label(header: PageHeader) -> str:
    return f"page {header.number} of {_named((header.source, header.account))}"

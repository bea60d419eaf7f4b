"""What keeps pages from being proven over some years, each with what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from zkharvest.errors import InputError, Problem, UsageError
from zkharvest.ledger.calendar import Calendar
from zkharvest.trades.text import format_time
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.stated import MAX_AUDIENCE, MAX_NONCE
from zkharvest.verifier.statement_v2 import FIRST_DAY, LAST_DAY
from zkharvest.verifier.text import is_visible, quoted

if TYPE_CHECKING:
    from zkharvest.files.page_files import PageOpening
    from zkharvest.ledger.rules import Election


def check_days(elections: Sequence[Election], covered: date | None) -> None:
    """UsageError for years and a covered day that no calendar of a statement lists."""
    for election in elections:
        year = election.year
        if not FIRST_DAY <= date(year, 1, 1) <= date(year, 12, 31) <= LAST_DAY:
            what = f"the tax year {year} cannot be proven: days are numbered from {FIRST_DAY} to {LAST_DAY}"
            years = f"{FIRST_DAY.year} to {LAST_DAY.year - 1}"
            raise UsageError(what, f"of {years} there are proofs; ledger report has the figures of any other year")
    if covered is not None and not FIRST_DAY <= covered <= LAST_DAY:
        what = f"purchases from {covered} on cannot be stated as covered"
        raise UsageError(what, f"--covered-from takes days from {FIRST_DAY} to {LAST_DAY}, or never")


def check_context(audience: str, nonce: bytes) -> None:
    """UsageError for an audience or a nonce that no statement takes."""
    if audience and not is_visible(audience, MAX_AUDIENCE):
        what = f"the audience {quoted(audience)} cannot be stated"
        raise UsageError(what, f"it is one line of visible text, of at most {MAX_AUDIENCE} bytes")
    if len(nonce) > MAX_NONCE:
        raise UsageError(f"a nonce of {len(nonce)} bytes cannot be stated", f"it has at most {MAX_NONCE} bytes")


def check_begin(given: Iterable[tuple[str, PageOpening]], election: Election) -> None:
    """Refuse pages with which no first link of this year can begin.

    UsageError if there are none, or if all begin when the year is over: it would say nothing of anybody. InputError
    with each page that begins before the first day that has a number.
    """
    calendar = Calendar(election.timezone)
    begins = {name: page.header.start for name, page in given}
    if not begins:
        raise UsageError("there are no pages to prove anything of", "give the openings of every account's pages")
    first = first_instant(calendar)
    early = {name: start for name, start in begins.items() if start < first}
    if early:
        hint = (
            f"make the pages again: zkharvest commit into a new folder, or page make, with --from {format_time(first)}"
        )
        why = f"and days before {FIRST_DAY} in {election.timezone} cannot be proven"
        raise InputError(
            Problem(name, f"the page begins at {format_time(start)}, {why}", hint) for name, start in early.items()
        )
    earliest = min(begins.values())
    if earliest < calendar.year_window(election.year)[1]:
        return
    year = calendar.date_of(earliest).year
    text = f"no page reaches into {election.year}: the first begins at {format_time(earliest)}"
    raise UsageError(text, f"the first year that these pages can prove is {year} (--year, --method-of)")


def first_instant(calendar: Calendar) -> int:
    """The first instant (ms) of the first day that a statement can list, in the calendar's zone."""
    return calendar.first_instant(FIRST_DAY)


def unstated(reject: Reject, end: int) -> UsageError:
    """What cannot be stated of a window that ends at an instant (ms), and what to do."""
    until = format_time(end)
    hints = {
        Reason.PAGE_END: f"give the account's pages up to {until} (commit --to {until}; page make --prev, --to), or "
        "close it (--final)",
        Reason.PAGE_MISSING: f"give the account's pages after the standing's, up to {until} (commit --to {until})",
        Reason.PAGE_CHAIN: "the standing was carried out with another page: give that one",
        Reason.PAGE_GAP: "give all pages of the account, from the first that no standing has; none may be left out",
        Reason.PAGE_FIRST: "give the account's pages from number 0 on, and with --carry-in none of before the standing",
        Reason.PAGE_CLOSED: "leave out the pages after the closing one: no page follows it",
    }
    return UsageError(
        f"this cannot be stated: {reject.detail}", hints.get(reject.reason, "change the option or file it names")
    )

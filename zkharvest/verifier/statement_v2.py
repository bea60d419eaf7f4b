"""The public statement of a link of `lot-machine/v2`: read strictly, and what follows from it alone.

    The records of the listed pages that lie in the window, worked once each in the order of (time, late, page,
    position) under the stated method and pooling, lead from the standing carried in to the standing carried out, and
    the registers have the stated figures.

Every key is required and nothing else is allowed. What can be computed is not stated: the standing carried out but for
its two roots, which pages are early or late, whether the standing carried in is of the same tax year (`link`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from zkharvest.spec import FIRST_YEAR, LAST_YEAR, MAX_SOURCES, METHODS, POOLINGS, TIME_LIMIT, account_code
from zkharvest.verifier import wire
from zkharvest.verifier.calendar import CalendarTable
from zkharvest.verifier.figures import Figure, read_figures
from zkharvest.verifier.page import PageFault, PageHeader, PageReject, read_header
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.standing import Standing, check_names, named, read_standing
from zkharvest.verifier.stated import HOLDING, MAX_AUDIENCE, MAX_NONCE, calendar_of, circuit_of
from zkharvest.verifier.text import quoted
from zkharvest.verifier.values import (
    are_integers,
    currency_of,
    day_of,
    fields,
    integer,
    one_of,
    root_of,
    text,
    zone_of,
)

VERSION = 2
MAX_PAGES = 4096
"""Pages that one statement lists."""

MAX_LINKS = 256
"""Links of one package, and of all packages of a chain together: what is read before any proof is bounded."""

DAY_ZERO = date(1999, 12, 31)
"""Days are numbered from the one after: a calendar lists no day before 2000-01-01."""

LAST_COVERED = 32766
"""The number of the last day that a calendar lists, and that may be stated as the first of covered lots.

The number behind it says that no lot is covered: a lot of that day, or of a later one, would be."""

FIRST_DAY = DAY_ZERO + timedelta(1)
LAST_DAY = DAY_ZERO + timedelta(LAST_COVERED)

_KEYS = (
    "accounts",
    "calendar",
    "carried_in",
    "carried_out",
    "circuit",
    "context",
    "covered",
    "currency",
    "figures",
    "holding",
    "method",
    "pages",
    "pooling",
    "timezone",
    "v",
    "window",
    "year",
)
_FAULTS = {
    PageFault.FORM: Reason.PAGE_FORM,
    PageFault.VALUE: Reason.PAGE_VALUE,
    PageFault.VERSION: Reason.PAGE_VERSION,
    PageFault.CHAIN: Reason.PAGE_CHAIN,
    PageFault.GAP: Reason.PAGE_GAP,
    PageFault.OTHER: Reason.PAGE_OTHER,
    PageFault.SIGNATURE: Reason.PAGE_SIGNATURE,
    PageFault.UNSIGNED: Reason.PAGE_UNSIGNED,
    PageFault.KEY_PERIOD: Reason.PAGE_KEY_PERIOD,
}


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page of the statement: the place of its account in the list, and its header."""

    account: int
    header: PageHeader


@dataclass(frozen=True, slots=True)
class Context:
    """For whom and what a package was made, and which of its links this is, from 0."""

    audience: str
    nonce: bytes
    link: int
    links: int


@dataclass(frozen=True, slots=True)
class StatementV2:
    """What a link claims. `start` and `end` are the window's instants in ms, the end excluded."""

    circuit_id: str
    circuit_digest: bytes
    start: int
    end: int
    year: int | None
    timezone: str
    calendar: CalendarTable
    currency: str
    method: str
    pooling: str
    covered: date | None
    accounts: tuple[tuple[str, str], ...]
    pages: tuple[ListedPage, ...]
    carried_in: Standing | None
    lots_out: bytes
    sums_out: bytes
    figures: tuple[Figure, ...]
    context: Context


def page_reject(error: PageReject, what: str = "") -> Reject:
    """What is wrong with a page, as a reason of the verdict."""
    return Reject(_FAULTS.get(error.fault, Reason.PAGE_FORM), f"{what}: {error.detail}" if what else error.detail)


def read_statement_v2(statement: Mapping[str, wire.Value]) -> StatementV2:
    """The statement, its parts read one by one, or Reject.

    `statement/fields`, `value`, `calendar`; `page/form`, `value`, `version` of a header; `standing/...` of the standing
    carried in; `link/figure`, `link/sources`, `link/codes`.
    """
    if tuple(sorted(statement)) != _KEYS:
        raise Reject(Reason.STATEMENT_FIELDS, "the keys are not those of a statement of version 2")
    circuit_id, circuit_digest = circuit_of(statement)
    integer(statement["v"], "v", VERSION, VERSION)
    one_of(statement["holding"], "holding", (HOLDING,))
    year = statement["year"]
    year = None if year is None else integer(year, "year", FIRST_YEAR, LAST_YEAR)
    start, end = _window(statement["window"])
    context = _context(statement["context"])
    accounts = _accounts(statement["accounts"])
    carried, covered, carried_out = statement["carried_in"], statement["covered"], statement["carried_out"]
    if not isinstance(carried_out, dict) or set(carried_out) != {"lots", "sums"}:
        raise fields("carried_out")
    return StatementV2(
        circuit_id,
        circuit_digest,
        start,
        end,
        year,
        zone_of(statement["timezone"]),
        _calendar(statement["calendar"], year),
        currency_of(statement["currency"]),
        one_of(statement["method"], "method", METHODS),
        one_of(statement["pooling"], "pooling", POOLINGS),
        None if covered is None else _covered(covered),
        accounts,
        _pages(statement["pages"], accounts),
        None if carried is None else read_standing(carried),
        root_of(carried_out["lots"], "carried_out.lots"),
        root_of(carried_out["sums"], "carried_out.sums"),
        read_figures(statement["figures"], len(accounts)),
        context,
    )


# ------------------------------------------------------------------------------------------------- parts


def _window(value: wire.Value) -> tuple[int, int]:
    if not isinstance(value, dict) or set(value) != {"from", "to"}:
        raise fields("window")
    are_integers("window", value["from"], value["to"])
    start = integer(value["from"], "window.from", 0, TIME_LIMIT - 1)
    return start, integer(value["to"], "window.to", start + 1, TIME_LIMIT - 1)


def _calendar(value: wire.Value, year: int | None) -> CalendarTable:
    calendar = calendar_of(value, year)
    if calendar.first_day <= DAY_ZERO:
        raise Reject(Reason.STATEMENT_CALENDAR, f"the calendar begins on {calendar.first_day}, before 2000-01-01")
    last = calendar.first_day + timedelta(calendar.days - 1)
    if last > LAST_DAY:
        raise Reject(Reason.STATEMENT_CALENDAR, f"the calendar ends on {last}, behind {LAST_DAY}")
    return calendar


def _covered(value: wire.Value) -> date:
    day = day_of(value, "covered")
    integer((day - DAY_ZERO).days, "the number of the day covered", 1, LAST_COVERED)
    return day


def _context(value: wire.Value) -> Context:
    match value:
        case {"audience": str(audience), "nonce": bytes(nonce), "link": link, "links": links, **others} if not others:
            if len(nonce) <= MAX_NONCE:
                are_integers("context", link, links)
                audience = text(audience, "audience", MAX_AUDIENCE) if audience else ""
                of = integer(links, "context.links", 1, MAX_LINKS)
                return Context(audience, nonce, integer(link, "context.link", 0, of - 1), of)
    raise fields("context")


def _accounts(value: wire.Value) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list):
        raise fields("accounts")
    if not 1 <= len(value) <= MAX_SOURCES:
        raise Reject(Reason.STATEMENT_VALUE, f"{len(value)} accounts, not 1..{MAX_SOURCES}")
    found = []
    for entry in value:
        match entry:
            case {"source": str(source), "account": str(account), **others} if not others:
                found.append((named(source, "a source"), named(account, "an account")))
            case _:
                raise fields("accounts")
    check_names(found, Reason.LINK_SOURCES)
    codes: dict[tuple[int, ...], tuple[str, str]] = {}
    for name in found:
        other = codes.setdefault(account_code(*name)[:3], name)
        if other != name:
            what = f"{quoted('/'.join(other))} and {quoted('/'.join(name))}"
            raise Reject(Reason.LINK_CODES, f"the codes of {what} agree in what the circuit compares")
    return tuple(found)


def _pages(value: wire.Value, accounts: tuple[tuple[str, str], ...]) -> tuple[ListedPage, ...]:
    if not isinstance(value, list):
        raise fields("pages")
    if len(value) > MAX_PAGES:
        raise Reject(Reason.STATEMENT_VALUE, f"{len(value)} pages, at most {MAX_PAGES}")
    found = []
    for place, entry in enumerate(value):
        match entry:
            case {"account": account, "header": bytes(header), **others} if not others:
                number = integer(account, "the account of a page", 0, len(accounts) - 1)
                try:
                    read = read_header(header)
                except PageReject as error:
                    raise page_reject(error, f"page {place} of the statement") from None
                found.append(ListedPage(number, read))
            case _:
                raise fields("pages")
    return tuple(found)

"""What a source does with pages: make one of its export, make many at once; and what anybody checks of one.

The export is the canonical trades CSV (docs/trades-csv.md) of one account, or of many: then its column `source` names
the account. Each row becomes the record that a source can answer for: what moved, when, and the value that it knows.
What only the owner knows (the basis of a deposit, which lots a sale took) is not a source's to say, and is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, reduce
from operator import or_

from zkharvest.commitment.assets import asset_id
from zkharvest.commitment.page_record import FEE_LIMIT, Flag, PageRecord, RecordKind, check_order
from zkharvest.commitment.pages import MAX_RECORDS, page_key, page_roots
from zkharvest.errors import InputError, Problem, UsageError
from zkharvest.files.page_files import PageFile, PageOpening
from zkharvest.ledger.expiries import expiry_sides, side_of
from zkharvest.ledger.rules import Side, signed_value
from zkharvest.sign.pages import check_signed_by
from zkharvest.trades.importers.names import load_names
from zkharvest.trades.model import CLOSES_LOT, MAX_LEGS, Kind, Trade, in_order
from zkharvest.trades.text import format_time, quoted
from zkharvest.verifier.page import (
    PageFault,
    PageHeader,
    PageReject,
    SourceKey,
    check_follows,
    check_pages,
    read_header,
)

_CATEGORY = {
    "": RecordKind.INCOME, "staking": RecordKind.STAKING, "airdrop": RecordKind.AIRDROP, "mining": RecordKind.MINING,
    "interest": RecordKind.INTEREST, "reward": RecordKind.REWARD, "fork": RecordKind.FORK, "gift": RecordKind.GIFT,
    "payment": RecordKind.PAYMENT, "funding": RecordKind.FUNDING, "fee": RecordKind.FEE, "lost": RecordKind.LOST,
    "opening balance": RecordKind.OPENING_BALANCE,
}  # fmt: skip
_KINDS = {
    Kind.BUY: RecordKind.TRADE, Kind.SELL: RecordKind.TRADE, Kind.SHORT: RecordKind.TRADE, Kind.COVER: RecordKind.TRADE,
    Kind.EXPIRE: RecordKind.LAPSE, Kind.CONVERT: RecordKind.MIGRATION, Kind.TRANSFER: RecordKind.MOVE,
    Kind.DEPOSIT: RecordKind.MOVE, Kind.WITHDRAW: RecordKind.MOVE, Kind.SPEND: RecordKind.PAYMENT,
    Kind.INCOME: RecordKind.INCOME,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Period:
    """Whose pages are made and over which time: `start` and `end` in ms, the end excluded."""

    source: str
    start: int
    end: int
    currency: str
    final: bool = False
    state_count: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A page as its source made it, and the assets that the shipped table does not have."""

    page: PageFile
    opening: PageOpening
    unlisted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checked:
    """What was found of pages: the openings that open them, who signed, and every fault."""

    openings: tuple[PageOpening, ...]
    pages: tuple[PageFile, ...]
    faults: tuple[tuple[str, PageReject], ...]
    signers: Mapping[bytes, SourceKey] = field(default_factory=dict)


# ------------------------------------------------------------------------------------------------- making


def records_of(trades: Sequence[Trade], period: Period, assets: Mapping[str, str]) -> list[PageRecord]:
    """The records of one account's rows that lie in the period, in the account's order.

    Rows outside the period are not committed; those before it still say which side an expiry closes. Raises InputError
    with every row that a source cannot answer for or that no record can hold.
    """
    ordered = legs_together(in_order(trades))
    sides = expiry_sides(ordered)
    problems: list[Problem] = []
    found: list[PageRecord] = []
    venue, names = period.source.partition(":")[0], load_names()
    named = {
        asset: asset_id(names.coin(asset, venue), venue, assets)
        for asset in {name for trade in trades for name in (trade.asset, trade.into) if name}
    }
    before: Trade | None = None
    legs = 0
    for place, trade in enumerate(ordered):
        joined = bool(trade.group) and before is not None and _event(before) == _event(trade)
        before = trade
        if not period.start <= trade.time < period.end:
            continue
        if problem := _refusal(trade) or _money(trade, named, period.currency):
            problems.append(problem)
            continue
        short = sides.get(place, side_of(trade)) is Side.SHORT
        try:
            made = _records(trade, joined=joined, short=short, named=named)
        except ValueError as error:
            problems.append(Problem(trade.where, f"{trade.ref}: {error}", "mend the row; see docs/venues.md"))
            continue
        found += made
        legs = len(made) + (legs if joined else 0)
        if legs - len(made) <= MAX_LEGS < legs:  # said once an event
            text = f"{trade.ref}: {legs} records of one event, at most {MAX_LEGS}; a conversion is two"
            problems.append(Problem(trade.where, text, "leave some of its rows out of the group"))
    if len(found) > MAX_RECORDS:
        problems.append(Problem("", f"{len(found):,} records, a page has at most {MAX_RECORDS:,}", "cut the period"))
    if problems:
        raise InputError(problems)
    check_order(found)
    return found


def _event(trade: Trade) -> tuple[int, str]:
    return trade.time, trade.group


def legs_together(trades: Sequence[Trade]) -> list[Trade]:
    """The rows with the legs of each event one after the other, at the place of its first."""
    first: dict[tuple[int, str], int] = {}
    for place, trade in enumerate(trades):
        if trade.group:
            first.setdefault(_event(trade), place)
    places = range(len(trades))
    order = sorted(places, key=lambda n: (first[_event(trades[n])] if trades[n].group else n, n))
    return [trades[n] for n in order]


def _refusal(trade: Trade) -> Problem | None:
    """Why a row is not a source's to say."""
    if trade.kind is Kind.TRANSFER:
        hint = "a page is of one account: a withdraw here, and a deposit in the page of where it went"
        return Problem(trade.where, f"{trade.ref}: a transfer speaks of two accounts", hint)
    if trade.lots:
        hint = "leave the column empty: which lots are taken is the owner's choice"
        return Problem(trade.where, f"{trade.ref}: names lots", hint)
    if trade.kind is Kind.DEPOSIT and (trade.amount or trade.acquired is not None):
        hint = "leave amount and acquired empty: the owner declares them"
        return Problem(trade.where, f"{trade.ref}: states a basis or date of coins that came from elsewhere", hint)
    if trade.kind is Kind.INCOME and trade.fee:
        hint = "amount is the fair value of all that came; a fee is a row of its own: spend, category fee"
        return Problem(trade.where, f"{trade.ref}: income with a fee, which a proof would count as income", hint)
    if trade.category not in _CATEGORY:
        hint = f"categories are {', '.join(filter(None, _CATEGORY))}"
        return Problem(trade.where, f"{trade.ref}: the category {quoted(trade.category)} is not known", hint)
    if abs(trade.fee) >= FEE_LIMIT:
        return Problem(trade.where, f"{trade.ref}: the fee is 2^54 or more in 10^-8", "split the row")
    return None


def _money(trade: Trade, named: Mapping[str, str], currency: str) -> Problem | None:
    """Why a row is of no coin: of money of the pages' own currency its amount is all there is to say."""
    if f"iso4217:{currency}" not in (named[trade.asset], named.get(trade.into)):
        return None
    text = f"{trade.ref}: {currency} is what amounts are stated in, and no coin with lots"
    return Problem(
        trade.where, text, "leave the row out: what was paid is the amount and the fee of the other side's row"
    )


def _records(trade: Trade, *, joined: bool, short: bool, named: Mapping[str, str]) -> list[PageRecord]:
    """The record of a row; the two of a conversion. `named` has the ids of assets."""
    flags = Flag.JOINED if joined else Flag(0)
    asset, into = named[trade.asset], named.get(trade.into, "")
    kind = _KINDS[trade.kind]
    if trade.category or trade.kind is Kind.INCOME:
        kind = _CATEGORY[trade.category]
    if trade.kind is Kind.CONVERT:
        given = flags | Flag.CONVERT | Flag.CLOSES
        got = Flag.CONVERT | Flag.JOINED
        return [
            PageRecord(given, kind, trade.time, trade.quantity, 0, asset, 0, trade.chain_ref or trade.id, trade.id),
            PageRecord(got, kind, trade.time, trade.into_quantity, 0, into, 0, trade.chain_ref or trade.id, trade.id),
        ]
    if trade.kind in (Kind.DEPOSIT, Kind.WITHDRAW):
        flags |= Flag.MOVES | (Flag.INWARD if trade.kind is Kind.DEPOSIT else Flag(0))
        return [PageRecord(flags, kind, trade.time, trade.quantity, 0, asset, 0, trade.chain_ref, trade.id)]
    value = signed_value(trade, short)
    money = kind is RecordKind.TRADE and not trade.group
    flags = _trade_flags(joined, trade.kind in CLOSES_LOT, short, value < 0, money)
    fee, ref = max(trade.fee, 0), trade.chain_ref or trade.id
    return [PageRecord(flags, kind, trade.time, trade.quantity, value, asset, fee, ref, trade.id)]


@cache
def _trade_flags(joined: bool, closes: bool, short: bool, negative: bool, money: bool) -> Flag:
    """The flags of a trade's record: combining them takes longer than all else of it."""
    flags = (
        (Flag.JOINED, joined), (Flag.CLOSES, closes), (Flag.SHORT, short), (Flag.NEGATIVE, negative),
        (Flag.MONEY, money),
    )  # fmt: skip
    return reduce(or_, (flag for flag, there in flags if there), Flag(0))


def make_pages(
    accounts: Mapping[str, Sequence[Trade]],
    period: Period,
    seed: bytes,
    assets: Mapping[str, str],
    before: Callable[[str], PageHeader | None] = lambda _: None,
) -> list[Made]:
    """A page for each account, their roots hashed together. `before` gives the page that an account's follows.

    Raises InputError with what is wrong in any of them, PageReject where a page does not follow the one before.
    """
    drafts: list[tuple[PageHeader, bytes, list[PageRecord]]] = []
    problems: list[Problem] = []
    for account, trades in accounts.items():
        try:
            records = records_of(trades, period, assets)
        except InputError as error:
            problems += error.problems
            continue
        old = before(account)
        number = 0 if old is None else old.number + 1
        header = PageHeader(
            period.source, account, number, period.start, period.end, period.currency, b"\0" * 36, period.final,
            len(records) if period.state_count else None, None if old is None else old.page_id,
        )  # fmt: skip
        if old is not None:
            check_follows(old, header)
        drafts.append((header, page_key(seed, period.source, account, number, records), records))
    if problems:
        raise InputError(problems)
    made = []
    roots = page_roots([(records, key) for _, key, records in drafts])
    for (draft, key, records), root in zip(drafts, roots, strict=True):
        header = replace(draft, root=root)
        read_header(header.encode())  # nothing leaves here that a reader would refuse
        own = f"venue:{period.source.partition(':')[0]}/"
        unlisted = sorted({record.asset.removeprefix(own) for record in records if record.asset.startswith(own)})
        made.append(Made(PageFile(header.page_id, header), PageOpening(header, key, tuple(records)), tuple(unlisted)))
    return made


def by_account(trades: Iterable[Trade]) -> dict[str, list[Trade]]:
    """Rows by the account that their column `source` names."""
    accounts: dict[str, list[Trade]] = {}
    for trade in trades:
        accounts.setdefault(trade.source, []).append(trade)
    return accounts


# ------------------------------------------------------------------------------------------------- checking


def check(
    openings: Sequence[tuple[str, PageOpening]],
    pages: Sequence[tuple[str, PageFile]],
    expected: Mapping[str, Sequence[SourceKey]],
) -> Checked:
    """Whether openings and pages fit each other, follow each other, and are signed by the keys expected of a source.

    `openings` and `pages` come with the names of their files. A root was checked as its opening was read.
    """
    faults: list[tuple[str, PageReject]] = []
    names = {opening.header.page_id: name for name, opening in openings}
    joined = _joined(pages, faults)
    by_id = {page.page: page for page in joined}
    for name, opening in openings:
        faults += [(name, fault) for fault in _opening_faults(opening)]
        if joined and opening.header.page_id not in by_id:
            text = f"opens {opening.header.label}, id {opening.header.page_id.hex()}, which is not among the pages"
            faults.append((name, PageReject(PageFault.OTHER, text)))
    headers = {page.page: page.header for page in joined if page.header is not None}
    headers |= {opening.header.page_id: opening.header for _, opening in openings}
    try:
        check_pages(headers.values())
    except PageReject as fault:
        faults.append(("", fault))
    signers: dict[bytes, SourceKey] = {}
    newest = _newest(headers.values())
    for header in newest:
        keys = expected.get(header.source)
        if keys is None:
            continue
        page = replace(by_id.get(header.page_id, PageFile(header.page_id)), header=header)
        try:
            signers[header.page_id] = check_signed_by(page, keys)
        except PageReject as fault:
            faults.append((names.get(header.page_id, header.label), fault))
    missing = sorted(expected.keys() - {header.source for header in newest})
    faults += [("", PageReject(PageFault.UNSIGNED, f"there is no page of {source}")) for source in missing]
    return Checked(tuple(opening for _, opening in openings), tuple(joined), tuple(faults), signers)


def _joined(pages: Sequence[tuple[str, PageFile]], faults: list[tuple[str, PageReject]]) -> list[PageFile]:
    """Files of one page as one: the header of one, the signatures of all."""
    found: dict[bytes, PageFile] = {}
    for name, page in pages:
        whole = found.get(page.page, page)
        try:
            for made in page.signatures:
                whole = whole.with_signature(made)
        except UsageError as error:
            faults.append((name, PageReject(PageFault.FORM, str(error).partition("\n")[0])))
        found[page.page] = replace(whole, header=whole.header or page.header)
    return list(found.values())


def _newest(headers: Iterable[PageHeader]) -> list[PageHeader]:
    """The last page of each account: its signature vouches for those before it."""
    last: dict[tuple[str, str], PageHeader] = {}
    for header in headers:
        key = (header.source, header.account)
        if key not in last or header.number > last[key].number:
            last[key] = header
    return list(last.values())


def _opening_faults(opening: PageOpening) -> list[PageReject]:
    header, faults = opening.header, list[PageReject]()
    if header.count is not None and header.count != len(opening.records):
        text = f"{len(opening.records)} records, the header says {header.count}"
        faults.append(PageReject(PageFault.COUNT, text))
    outside = next((r for r in opening.records if not header.start <= r.time < header.end), None)
    if outside is not None:
        text = f"a record of {format_time(outside.time)} outside the page's period"
        faults.append(PageReject(PageFault.PERIOD, text))
    if any(record.asset == f"iso4217:{header.currency}" for record in opening.records):
        text = f"a record of {header.currency}, which amounts are stated in: it is no coin with lots"
        faults.append(PageReject(PageFault.VALUE, text))
    try:
        check_order(opening.records)
    except ValueError as error:
        faults.append(PageReject(PageFault.ORDER, str(error)))
    return faults

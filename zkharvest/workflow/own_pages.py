"""Pages of one's own records: a trades CSV of wallets that keep none themselves, as a page a wallet and a book.

A page holds what a wallet's own source can answer for (`workflow.pages`); what only the owner knows goes to the book:

    transfer                    a withdrawal and a deposit with a reference of their own, or matched in the book
    deposit with a basis        a deposit, and its value and day in the book
    named lots                  the records that opened them, in the book
    expire                      a closing at nothing of the side that all wallets together say (docs/adr/0014)

Pages are added to a folder: the period of a wallet's next page begins where its last one ends. What lies in earlier
pages must still be in the file, and is held against their roots.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from zkharvest.commitment.assets import asset_id, two_spellings
from zkharvest.commitment.pages import page_key, page_roots
from zkharvest.errors import InputError, Problem
from zkharvest.files.book import Line
from zkharvest.files.page_files import PageOpening
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.expiries import expiry_sides
from zkharvest.ledger.history.decisions import NO_MATCH, Decision, Pick
from zkharvest.ledger.history.matching import match_moves
from zkharvest.ledger.history.records import History, Place
from zkharvest.ledger.picks import resolve_picks
from zkharvest.ledger.rules import Side
from zkharvest.trades.importers.names import load_names
from zkharvest.trades.model import OPENS_LOT, Kind, Trade, in_order
from zkharvest.trades.text import format_time
from zkharvest.verifier.page import PageHeader
from zkharvest.workflow.histories import history_of
from zkharvest.workflow.pages import Made, Period, legs_together, make_pages, records_of

ACCOUNT = "own"
"""The pseudonym of a wallet's one account."""


@dataclass(frozen=True)
class Own:
    """The new pages, in the order of their sources, and the rows of the book for all records.

    `earlier` are the openings of the pages that were there, made anew from the trades and the seed.
    """

    made: list[Made]
    lines: list[Line] = field(repr=False)
    earlier: list[PageOpening] = field(repr=False, default_factory=list)


@dataclass(slots=True)
class _Row:
    """A row of one wallet, and the place in the file's order of the trade that it comes from."""

    trade: Trade
    origin: int
    coming: bool = False  # the second half of a transfer


def own_pages(
    trades: Sequence[Trade],
    period: Period,
    seed: bytes,
    assets: Mapping[str, str],
    zone: str,
    earlier: Iterable[PageHeader] = (),
    *,
    again: bool = False,
) -> Own:
    """A page of each wallet that the trades name, over the period, and the book.

    `period.source` is not used. `earlier` are the pages of the wallets that were made before; a wallet whose pages
    reach to the period's end already gets no new one. Raises InputError with every row that no page can hold, for
    wallets whose earlier pages do not hold what the file says, and if there is no new page, unless `again` says that
    the openings of the earlier ones are wanted.
    """
    ordered = in_order(trades)
    _check(ordered, assets)
    rows = _by_source(ordered)
    headers = _by_wallet(earlier)
    made: list[Made] = []
    openings: list[PageOpening] = []
    problems, full = list[Problem](), list[Problem]()
    for source in sorted({*rows, *headers}):
        own = [row.trade for row in rows.get(source, [])]
        before = headers.get(source, [])
        reopened, changed = _reopened(source, before, own, seed, assets)
        openings += reopened
        problems += changed
        last = before[-1] if before else None
        if last is not None and last.final:
            if behind := next((trade for trade in own if trade.time >= last.end), None):
                text = f"{behind.ref}: {source} was closed with page {last.number}, at {format_time(last.end)}"
                hint = "name another wallet, or begin in a new folder: no page follows a closed one"
                problems.append(Problem(behind.where, text, hint))
            continue
        begin = last.end if last is not None else _first_start(own, period, headers)
        missed = [trade for trade in own if trade.time < (before[0].start if before else begin)]
        if missed:
            at = format_time(missed[0].time)
            hint = "commit into a new folder: a page that is there cannot begin earlier"
            if not before:
                hint = f"give an earlier --from, at most {at}, or leave it out"
            text = f"{missed[0].ref}: is of {at}, before the first page of {source}"
            problems.append(Problem(missed[0].where, text, hint))
            continue
        if begin >= period.end:
            text = f"its last page ends at {format_time(begin)}, and there is nothing to add before that"
            full.append(Problem(source, text, f"for later rows give a --to after {format_time(begin)}"))
            continue
        of_page = replace(period, source=source, start=begin)
        made += make_pages({ACCOUNT: own}, of_page, seed, assets, {ACCOUNT: last}.get)
    if not made and not again:
        problems += full
    if problems:
        raise InputError(problems)
    places = _places(rows, headers, made)
    there = list(openings)
    decisions = _decisions(ordered, places, Calendar(zone))
    openings += [one.opening for one in made]
    history = history_of((one.header.label, one) for one in openings)
    _settle_moves(history, ordered, places, decisions)
    lines = [Line(place, record, one) for place, one in decisions.items() if (record := history.at(place)) is not None]
    return Own(made, lines, there)


def _first_start(rows: Sequence[Trade], period: Period, headers: Mapping[str, Sequence[PageHeader]]) -> int:
    """Where a wallet's first page begins: at the latest end of another's page that no row of it lies before.

    A link takes a new account only if its pages begin in the link's window, not before it.
    """
    ends = {header.end for pages in headers.values() for header in pages if header.end < period.end}
    first = min((row.time for row in rows), default=period.end)
    return max([period.start, *(end for end in ends if end <= first)])


def _check(trades: Sequence[Trade], assets: Mapping[str, str]) -> None:
    """Refuse what no page can hold yet, coins under two names, and those of which each wallet would have its own."""
    names = load_names()
    problems = two_spellings(trades, names, assets)
    wallets: dict[str, set[str]] = defaultdict(set)
    for trade in trades:
        if trade.kind is Kind.CONVERT:
            hint = "report it with ledger report; lot-machine/v2 takes it in a later stage"
            problems.append(Problem(trade.where, f"{trade.ref}: a conversion cannot be worked from pages yet", hint))
        wallets[trade.asset] |= {trade.source, trade.to} - {""}
    for asset, where in sorted(wallets.items()):
        coin = names.coin(asset, "")
        if len(where) > 1 and asset_id(coin, "", assets).startswith("venue:"):
            hint = (
                f'give --assets FILE with the line [assets], and below it "{asset}" = "ID", such as '
                "eip155:1/erc20:0x... by its contract: else it is another coin in each wallet"
            )
            row = next(trade for trade in trades if trade.asset == asset)
            text = f"{asset} lies in {len(where)} wallets and is not in the table of assets"
            problems.append(Problem(row.where, text, hint))
    if problems:
        raise InputError(problems)


def _by_source(trades: Sequence[Trade]) -> dict[str, list[_Row]]:
    """The rows of each wallet in the order of its pages: a transfer is one in each of its two."""
    sides = expiry_sides(trades)
    found: dict[str, list[_Row]] = defaultdict(list)
    for place, trade in enumerate(trades):
        bare = replace(trade, lots=())
        if trade.kind is Kind.TRANSFER:
            ref = trade.chain_ref or _reference(trade)
            gone = replace(bare, kind=Kind.WITHDRAW, to="", chain_ref=ref)
            come = replace(bare, kind=Kind.DEPOSIT, source=trade.to, to="", chain_ref=ref, group="")
            found[trade.source].append(_Row(gone, place))
            found[trade.to].append(_Row(come, place, coming=True))
        elif trade.kind is Kind.EXPIRE:
            kind = Kind.COVER if sides[place] is Side.SHORT else Kind.SELL
            found[trade.source].append(_Row(replace(bare, kind=kind), place))
        elif trade.kind is Kind.DEPOSIT:
            found[trade.source].append(_Row(replace(bare, amount=0, acquired=None), place))
        else:
            found[trade.source].append(_Row(bare, place))
    for source, rows in found.items():
        by_id = {id(row.trade): row for row in rows}
        found[source] = [by_id[id(trade)] for trade in legs_together([row.trade for row in rows])]
    return dict(found)


def _reference(trade: Trade) -> str:
    """A reference for both halves of a transfer that states none: of its source and id, which are its own."""
    return "transfer/" + hashlib.sha256(f"{trade.source}\0{trade.id}".encode()).hexdigest()[:32]


def _by_wallet(headers: Iterable[PageHeader]) -> dict[str, list[PageHeader]]:
    found: dict[str, list[PageHeader]] = defaultdict(list)
    for header in sorted(headers, key=lambda header: header.number):
        if header.account == ACCOUNT:
            found[header.source].append(header)
    return dict(found)


def _reopened(
    source: str, headers: Sequence[PageHeader], rows: Sequence[Trade], seed: bytes, assets: Mapping[str, str]
) -> tuple[list[PageOpening], list[Problem]]:
    """Earlier pages of a wallet, opened by the file's rows; and those that hold other records than it has now."""
    openings, problems = list[PageOpening](), list[Problem]()
    for header in headers:
        records = records_of(rows, Period(source, header.start, header.end, header.currency), assets)
        key = page_key(seed, source, ACCOUNT, header.number, records)
        if page_roots([(records, key)]) != [header.root]:
            hint = "give the rows as they were, or begin in a new folder: pages that were given out do not change"
            problems.append(Problem(header.label, "holds other records than the file has for its period", hint))
        openings.append(PageOpening(header, key, tuple(records)))
    return openings, problems


def _places(
    rows: Mapping[str, Sequence[_Row]], headers: Mapping[str, Sequence[PageHeader]], made: Sequence[Made]
) -> dict[tuple[int, bool], Place]:
    """Where each row's record stands: by the trade's place in the file's order, and which half of a transfer it is."""
    pages: dict[str, list[PageHeader]] = {source: list(found) for source, found in headers.items()}
    for one in made:
        pages.setdefault(one.opening.header.source, []).append(one.opening.header)
    found: dict[tuple[int, bool], Place] = {}
    for source, own in rows.items():
        count: dict[int, int] = defaultdict(int)
        for row in own:
            header = next((page for page in pages.get(source, ()) if page.start <= row.trade.time < page.end), None)
            if header is not None:
                found[row.origin, row.coming] = Place(source, ACCOUNT, header.number, count[header.number])
                count[header.number] += 1
    return found


def _decisions(
    trades: Sequence[Trade], places: Mapping[tuple[int, bool], Place], calendar: Calendar
) -> dict[Place, Decision]:
    """What the file says beyond its records: bases and days of deposits, and lots by name."""
    taking = [place for place, trade in enumerate(trades) if trade.lots and trade.kind not in OPENS_LOT]
    lots = iter(resolve_picks(trades, taking))
    found: dict[Place, Decision] = {}
    for place, trade in enumerate(trades):
        if trade.lots and trade.kind not in OPENS_LOT:
            picks = [(next(lots), pick.quantity) for pick in trade.lots]
            if (place, False) in places:
                named = tuple(Pick(places[lot, False], quantity) for lot, quantity in picks)
                found[places[place, False]] = Decision(lots=named)
        elif trade.kind is Kind.DEPOSIT and (place, False) in places and (trade.amount or trade.acquired is not None):
            kind = "opening balance" if trade.category == "opening balance" else "declared"
            found[places[place, False]] = Decision(kind, trade.amount, _day(trade, calendar))
    return found


def _day(trade: Trade, calendar: Calendar) -> int | None:
    if trade.acquired is None:
        return None
    day = calendar.date_of(trade.acquired) if isinstance(trade.acquired, int) else trade.acquired
    return day.toordinal()


def _settle_moves(
    history: History,
    trades: Sequence[Trade],
    places: Mapping[tuple[int, bool], Place],
    decisions: dict[Place, Decision],
) -> None:
    """Match in the book what the rule alone would match otherwise: transfers are moves, and nothing else here is."""
    meant = {
        places[place, True]: places[place, False]
        for place, trade in enumerate(trades)
        if trade.kind is Kind.TRANSFER and (place, True) in places and (place, False) in places
    }
    settled = False
    while not settled:  # what may not be matched with one may be matched with the next: each round decides one more
        said = {place: one for place, one in decisions.items() if one.kind or one.match is not None}
        moves, before = match_moves(history, said), dict(decisions)
        for come, out in moves.arrivals.items():
            if come not in meant:
                decisions[come] = replace(decisions.get(come, Decision()), match=NO_MATCH)
            elif meant[come] != out:
                decisions[come] = Decision(match=meant[come])
        for come, out in meant.items():
            if come not in moves.arrivals and history.at(come) is not None:
                decisions[come] = Decision(match=out)
        settled = decisions == before

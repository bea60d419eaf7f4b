"""Trades of one's own wallets as pages, and the folder in which they lie: what `commit` does, and `commit_pages`.

SOURCE-own-0000.zkp, ...    a page of each wallet and period, public
SOURCE-own-0000.zko, ...    its opening, secret
seed                        from which all salts follow: with it and the trades, everything else can be made again
book.csv                    what pages cannot say (`workflow.own_pages`)
"""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from zkharvest.commitment.assets import load_assets, normal_id
from zkharvest.errors import InputError, Problem, UsageError
from zkharvest.files.atomic import ensure_writable, write_file
from zkharvest.files.book import COLUMNS, Book, book_text, parse_book, read_book
from zkharvest.files.kinds import Kind
from zkharvest.files.page_files import (
    SEED_BYTES,
    PageFile,
    PageOpening,
    opens,
    page_bytes,
    read_page,
    read_page_opening,
    read_seed,
    write_page_opening,
    write_seed,
)
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.checks import check_ledger
from zkharvest.ledger.history.records import Place
from zkharvest.ledger.rules import DEFAULT_POOLING, DEFAULT_TIMEZONE, Pooling, check_zone
from zkharvest.spec import TIME_LIMIT
from zkharvest.trades.csv_in import read_text
from zkharvest.trades.model import Trade, agreed_currency, check_numbers
from zkharvest.trades.text import format_time, instant
from zkharvest.verifier.statement_v2 import FIRST_DAY
from zkharvest.workflow.link_refusals import first_instant
from zkharvest.workflow.own_pages import own_pages
from zkharvest.workflow.page_batch import file_stem
from zkharvest.workflow.pages import Period

if TYPE_CHECKING:
    from zkharvest.files.sealing import Passphrase
    from zkharvest.verifier.page import PageHeader

SEED = "seed"
BOOK = "book.csv"
YEARS = 4
"""First pages begin a multiple of four years before the pages end: that much of a history's length shows."""


@dataclass(frozen=True)
class OwnPages:
    """The openings of all pages of one's own wallets, what was decided of their records, and the seed: a secret.

    `book` is the text of the book. `unlisted` are assets that the shipped table does not have.
    """

    openings: tuple[PageOpening, ...] = field(repr=False)
    book: str = field(repr=False)
    seed: bytes = field(repr=False)
    unlisted: tuple[str, ...] = ()

    @property
    def pages(self) -> dict[str, bytes]:
        """Source -> id (32 bytes) of its newest page: what an auditor expects."""
        ordered = sorted(self.openings, key=lambda one: (one.header.source, one.header.number))
        return {one.header.source: one.header.page_id for one in ordered}

    def decided(self) -> Book:
        """The book, as `prove` takes it."""
        return parse_book(self.book, BOOK)


def commit_pages(
    trades: Sequence[Trade],
    *,
    end: int | None = None,
    begin: int | None = None,
    currency: str | None = None,
    pooling: Pooling = DEFAULT_POOLING,
    timezone: str = DEFAULT_TIMEZONE,
    final: bool = False,
    assets: Mapping[str, str] | None = None,
    seed: bytes | None = None,
    before: Sequence[PageHeader] = (),
    again: bool = False,
) -> OwnPages:
    """Commit to the trades of one's own wallets: a page of each, up to the instant `end` (ms, not part of it).

    By default they end with the tax year of the last trade, in the zone. `before` are the pages that are there, made
    from the same seed: each wallet's next page goes on from its last. `begin` is where first pages begin. `currency` is
    that of the amounts, where the trades do not state it; `assets` names coins that the table lacks. The seed is drawn
    from the system unless one is given.

    Raises InputError for trades that no ledger can run under the pooling or no page can hold, if the pages that are
    there hold other records, and if they reach to the end already (unless `again`: to have their openings); UsageError
    for a begin or an end that no page has; TypeError or ValueError for a trade made by hand whose numbers are of
    another type or out of range, a seed that is not 32 bytes, and an asset's name that is no id (`commitment.assets`).
    """
    check_numbers(trades)
    listed = {**load_assets(), **{symbol: normal_id(name) for symbol, name in (assets or {}).items()}}
    chosen = secrets.token_bytes(SEED_BYTES) if seed is None else _seed_given(seed)
    if not trades:
        raise InputError.one("", "there are no trades to commit", "give a trades file with at least one row")
    if problems := check_ledger(trades, pooling):
        raise InputError(problems)
    if before and seed is None:
        raise UsageError("pages go on from their seed, and none is given", "give the seed that they were made from")
    check_zone(timezone)
    _check_provable(trades, begin, timezone)
    last = year_end(trades, timezone) if end is None else end
    if last >= TIME_LIMIT:
        raise UsageError(f"pages cannot end behind {format_time(TIME_LIMIT - 1)}", "give an earlier end (--to), in ms")
    first = _first_begin(trades, last, timezone) if begin is None else begin
    if max(first, min(trade.time for trade in trades)) >= last:
        what = "the pages would end before the first trade, or before they begin"
        raise UsageError(what, "give a later end (--to), or leave it out")
    period = Period("", first, last, agreed_currency(trades, currency), final)
    made = own_pages(trades, period, chosen, listed, timezone, before, again=again)
    openings = (*made.earlier, *(one.opening for one in made.made))
    unlisted = tuple(sorted({symbol for one in made.made for symbol in one.unlisted}))
    return OwnPages(openings, book_text(made.lines), chosen, unlisted)


def _seed_given(seed: bytes) -> bytes:
    """A caller's seed. Of another length it could be guessed, and a file of it would be read as damaged."""
    if not isinstance(seed, bytes):
        raise TypeError(f"a seed is bytes, not {type(seed).__name__}")
    if len(seed) != SEED_BYTES:
        raise ValueError(f"a seed has {SEED_BYTES} bytes, not {len(seed)}")
    return seed


def year_end(trades: Sequence[Trade], zone: str) -> int:
    """The end of the tax year of the last trade."""
    calendar = Calendar(zone)
    return calendar.year_window(calendar.date_of(max(trade.time for trade in trades)).year)[1]


def _first_begin(trades: Sequence[Trade], end: int, zone: str) -> int:
    """The beginning (UTC) of a year at or before the first trade's, a multiple of `YEARS` before the end's next.

    Not before the first day that can be proven, whose rows `_check_provable` has looked for.
    """
    calendar = Calendar(zone)
    first, last = (calendar.date_of(at).year for at in (min(trade.time for trade in trades), end - 1))
    year = last + 1 - -(-(last + 1 - min(first, last)) // YEARS) * YEARS
    year = max(year, FIRST_DAY.year)
    # the zone may be ahead of UTC, where the year begins later, or behind it, where the first day of all does
    return max(min(instant(year, 1, 1), calendar.first_instant(date(year, 1, 1))), first_instant(calendar))


def _check_provable(trades: Sequence[Trade], begin: int | None, zone: str) -> None:
    """Refuse rows, and first pages, of days before the first that has a number: nothing of them could be proven."""
    first = first_instant(Calendar(zone))
    hint = "coins are younger: mend the time"
    why = f"and days before {FIRST_DAY} in {zone} cannot be proven"
    early = [
        Problem(trade.where, f"{trade.ref}: is of {format_time(trade.time)}, {why}", hint)
        for trade in trades
        if trade.time < first
    ]
    if early:
        raise InputError(early)
    if begin is not None and begin < first:
        what = f"--from: pages cannot begin at {format_time(begin)}: days before {FIRST_DAY} in {zone} cannot be proven"
        raise UsageError(what, f"leave it out, or give --from {format_time(first)}")


# ------------------------------------------------------------------------------------------------- the folder


def headers_in(folder: Path) -> list[PageHeader]:
    """The pages that are in a folder."""
    found = [read_page(path).header for path in sorted(folder.glob("*.zkp"))]
    return [header for header in found if header is not None]


def lost_openings(folder: Path) -> list[PageHeader]:
    """The pages in a folder whose openings are not there."""
    return [header for header in headers_in(folder) if not file_of(folder, header, "zko").exists()]


def file_of(folder: Path, header: PageHeader, end: str) -> Path:
    """The page's file, or its opening's."""
    return folder / f"{file_stem(header.source, header.account, header.number)}.{end}"


def write_pages(
    folder: str | Path,
    own: OwnPages,
    *,
    passphrase: str | None,
    seed: Path | None = None,
    book: Path | None = None,
    force: bool = False,
) -> list[PageHeader]:
    """Write what is not in the folder yet: seed and openings sealed unless `passphrase` is None; returns the new pages.

    `seed` and `book` are other files than the folder's own. A file that holds something else is replaced only with
    `force`, a seed never; a book, if all that it says of these pages is said here too. Its rows of other accounts (a
    venue's, whose openings are proven with these) stay. Raises UsageError before anything is written.
    """
    where = Path(folder)
    where.mkdir(parents=True, exist_ok=True, mode=0o700)
    seed_path, book_path = seed or where / SEED, book or where / BOOK
    new = [one for one in own.openings if not file_of(where, one.header, "zkp").exists()]
    lost = [one for one in own.openings if not opens(file_of(where, one.header, "zko"), one.header.page_id)]
    if not seed_path.exists():
        ensure_writable(seed_path, force=None)
    for one in lost:
        ensure_writable(file_of(where, one.header, "zko"), force=force, replaces=Kind.PAGE_OPENING)
    accounts = {(one.header.source, one.header.account) for one in own.openings}
    told, others = _told_of(book_path, accounts)
    other = _told_otherwise(told, own.decided()) if told is not None else []
    if other and not force:
        more = f" (and {len(other) - 1:,} more)" if len(other) > 1 else ""
        hint = "--force writes what the trades say now; years that are proven keep what was declared then"
        raise UsageError(f"{book_path}: says another thing of {other[0]} than the trades do{more}", hint)
    replaced = force or told is not None
    ensure_writable(book_path, force=replaced)
    # Pages last: whatever is missing when this is killed, the next run finds out from them, and goes on.
    if not seed_path.exists():
        write_seed(seed_path, own.seed, passphrase=passphrase)
    write_file(book_path, (own.book + others).encode(), private=True, force=replaced)
    for one in lost:
        write_page_opening(file_of(where, one.header, "zko"), one, passphrase=passphrase, force=force)
    for one in new:
        write_file(file_of(where, one.header, "zkp"), page_bytes(PageFile(one.header.page_id, one.header)))
    return [one.header for one in new]


def read_pages(folder: str | Path, passphrase: Passphrase = None) -> OwnPages:
    """What `write_pages` wrote. Raises UsageError and InputError where a file cannot be read."""
    where = Path(folder)
    openings = tuple(read_page_opening(path, passphrase) for path in sorted(where.glob("*.zko")))
    if not openings:
        raise UsageError(
            f"{where}: there are no openings of pages (.zko) in this folder", "zkharvest commit makes them"
        )
    book = where / BOOK
    text = read_text(book) if book.is_file() else book_text(())
    parse_book(text, str(book))
    return OwnPages(openings, text, read_seed(where / SEED, passphrase))


def _told_of(path: Path, accounts: set[tuple[str, str]]) -> tuple[Book | None, str]:
    """What a book that is there says of these accounts, None where there is none; and its rows of others, as text."""
    if not path.is_file():
        return None, ""
    found = read_book(path)
    told = {place: one for place, one in found.decisions.items() if (place.source, place.account) in accounts}
    head, *rows = ([cell.strip() for cell in row] for row in csv.reader(io.StringIO(read_text(path))))
    named = [dict(zip(head, row, strict=True)) for row in rows if any(row)]
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writerows(row for row in named if (row["source"], row["account"]) not in accounts)
    return Book(told), out.getvalue()


def _told_otherwise(told: Book, decided: Book) -> list[Place]:
    """The records of which a book says something else than another does."""
    now = {place: replace(one, where="") for place, one in decided.decisions.items()}
    return sorted(place for place, one in told.decisions.items() if now.get(place) != replace(one, where=""))

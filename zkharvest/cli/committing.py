"""`commit`: the trades of one CSV become pages of the owner's wallets, or one opening for all of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zkharvest.cli import output, passphrases
from zkharvest.cli.folders import BOOK, SEED
from zkharvest.cli.options import (
    Force,
    Json,
    NoPassphrase,
    PassphraseFd,
    PassphraseFile,
    PoolingOption,
    StatedCurrency,
    Trades,
    ZoneOption,
)
from zkharvest.cli.output import ExitCode
from zkharvest.cli.venue import Assets, Final, instant_of
from zkharvest.cli.venue_shown import PREVIEW, say_unlisted
from zkharvest.errors import InputError, UsageError
from zkharvest.ledger.rules import DEFAULT_POOLING, DEFAULT_TIMEZONE, Pooling

if TYPE_CHECKING:
    from zkharvest.commitment.opening import Opening
    from zkharvest.files.book import Line
    from zkharvest.trades.model import Trade
    from zkharvest.verifier.page import PageHeader
    from zkharvest.workflow.own_pages import Own


def commit(
    path: Trades,
    target: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", help="Folder of the pages; a name that ends in .zko: one file."),
    ],
    end: Annotated[
        str | None,
        typer.Option("--to", metavar="DATE", help="End of the pages; default: of the last trade's tax year."),
    ] = None,
    begin: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="Begin of first pages; default: the first trade's year."),
    ] = None,
    currency: StatedCurrency = None,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: ZoneOption = DEFAULT_TIMEZONE,
    final: Final = False,
    assets: Assets = None,
    seed: Annotated[
        Path | None, typer.Option("--seed", metavar="FILE", help="Another seed than DIR/seed, which page seed made.")
    ] = None,
    book: Annotated[
        Path | None, typer.Option("--book", metavar="BOOK.csv", help="Another book than DIR/book.csv.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    none: NoPassphrase = False,
    force: Force = False,
    json: Json = False,
) -> ExitCode:
    """Commit to trades: writes pages of your wallets and their openings, sealed; prints SOURCE=HEX for each.

    The printed lines are what an auditor expects; they show nothing of the trades. Pages that are in the folder are
    continued: commit again with the rows that came since. -o FILE.zko writes one opening for lot-machine/v1 instead.
    """
    from zkharvest.spec import is_currency

    if currency is not None and not is_currency(currency):
        hint = "write three to five letters or digits, such as USD or EUR"
        raise UsageError(f'--currency: "{currency[:20]}" is not a currency code', hint)
    if str(target) == "-" or target.suffix == ".zko":
        of_pages = {"--to": end, "--from": begin, "--final": final, "--assets": assets, "--seed": seed, "--book": book}
        if given := next((name for name, value in of_pages.items() if value), None):
            raise UsageError(f"{given} is for pages, which are written to a folder", f"{target} is one file")
        return _one_opening(path, target, currency, pooling, passphrase_file, passphrase_fd, none, force, json)
    from zkharvest.files.atomic import ensure_writable

    seed, book = seed or target / SEED, book or target / BOOK
    if book.exists():
        ensure_writable(book, force=True, inputs=[path])
    _check_folder(target, seed)
    trades = _checked_trades(path, pooling)
    period = (
        _first_instant(trades) if begin is None else instant_of(begin, "--from"),
        _year_end(trades, timezone) if end is None else instant_of(end, "--to"),
    )
    if period[0] >= period[1]:
        raise UsageError("--to is not after the first trade's year, or --from", "give the end of the period")
    if period[1] > time.time() * 1000:
        hint = "rows that come later do not fit into these pages: give --to, and commit again when the year is over"
        output.warning("the pages reach into the future", hint)
    if later := sum(trade.time >= period[1] for trade in trades):
        output.note(f"rows behind --to, which are in no page yet: {later:,}")
    is_new = not seed.exists()
    chosen, salt = _secret(target, seed, passphrase_file, passphrase_fd, none=none)
    write_seed_to = seed if is_new else None
    made = _pages(
        trades, target, book, period, currency, timezone, salt, chosen, assets, write_seed_to, final=final, force=force
    )
    _say(made, target, seed, book, sealed=chosen is not None, json=json)
    return ExitCode.DONE


def _check_folder(folder: Path, seed: Path) -> None:
    """Make the folder. Raises UsageError if there are pages in it whose seed is not there."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is a file", "pages are written to a folder: give another name")
    if not seed.exists() and any(folder.glob("*.zkp")):
        hint = f"restore it (secret restore --words FILE -o {seed}), or name it with --seed: its pages cannot go on"
        raise UsageError(f"{seed}: the seed of the pages in {folder} is not there", hint)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _checked_trades(path: Path, pooling: Pooling) -> list[Trade]:
    """The trades of a file that a ledger can run. Raises InputError with everything that keeps it from that."""
    from zkharvest.ledger.checks import check_ledger, doubtful_transfers
    from zkharvest.trades.csv_in import load_trades

    trades = load_trades(path)
    if not trades:
        raise InputError.one(str(path), "there are no trades to commit", "give a trades file with at least one row")
    if problems := check_ledger(trades, pooling):
        raise InputError(problems)
    for doubt in doubtful_transfers(trades):
        output.warning(f"{doubt.where}: {doubt.message}", doubt.hint)
    return trades


def _secret(folder: Path, seed: Path, file: Path | None, fd: int | None, *, none: bool) -> tuple[str | None, bytes]:
    """The passphrase for what is written, and the seed: the one that is there, or a new one."""
    from zkharvest.files.atomic import ensure_writable
    from zkharvest.files.page_files import new_seed, read_seed

    if not seed.exists():
        ensure_writable(seed, force=None)
        return passphrases.new(folder, file, fd, none=none), new_seed()
    shared = passphrases.Shared(file, fd)
    opener = shared.of(seed)
    with passphrases.reading(seed, opener):
        found = read_seed(seed, opener)
    return None if none else shared.given, found


def _pages(
    trades: Sequence[Trade],
    folder: Path,
    book: Path,
    bounds: tuple[int, int],
    currency: str | None,
    zone: str,
    seed: bytes,
    passphrase: str | None,
    assets: Path | None,
    new_seed: Path | None,
    *,
    final: bool,
    force: bool,
) -> Own:
    """Make and write the pages, their openings and the book; nothing is written if anything is refused.

    `new_seed` is where to write the seed, if it is new. Openings of pages that are there and have lost them are made
    again.
    """
    from zkharvest.commitment.assets import load_assets
    from zkharvest.files.atomic import ensure_writable, write_file
    from zkharvest.files.book import write_book
    from zkharvest.files.kinds import Kind
    from zkharvest.files.page_files import opens, page_bytes, write_page_opening, write_seed
    from zkharvest.trades.model import agreed_currency
    from zkharvest.workflow.own_pages import own_pages
    from zkharvest.workflow.pages import Period

    period = Period("", *bounds, agreed_currency(trades, currency), final)
    with output.progress(f"committing to {len(trades):,} rows") as step:
        earlier = _headers(folder)
        lost = {header.page_id for header in earlier if not _file(folder, header, "zko").exists()}
        made = own_pages(trades, period, seed, load_assets(assets), zone, earlier, again=bool(lost))
        again = [opening for opening in made.earlier if opening.header.page_id in lost]
        openings = [*again, *(one.opening for one in made.made)]
        for opening in openings:
            there = _file(folder, opening.header, "zko")
            if not opens(there, opening.header.page_id):  # else one that a run wrote which was killed
                ensure_writable(there, force=force, replaces=Kind.PAGE_OPENING)
        for one in made.made:
            ensure_writable(_file(folder, one.opening.header, "zkp"), force=force)
        replaced = force or _only_adds(book, made.lines)
        ensure_writable(book, force=replaced)
        step("writing the openings")
        # Pages last: whatever is missing when this is killed, the next run finds out from them, and goes on.
        if new_seed is not None:
            write_seed(new_seed, seed, passphrase=passphrase)
        write_book(book, made.lines, force=replaced)
        for opening in openings:
            write_page_opening(_file(folder, opening.header, "zko"), opening, passphrase=passphrase, force=True)
        for one in made.made:
            write_file(_file(folder, one.opening.header, "zkp"), page_bytes(one.page), force=force)
    if again:
        output.note(f"openings that were not there are made again: {len(again):,}")
    return made


def _file(folder: Path, header: PageHeader, end: str) -> Path:
    """The page's file, or its opening's."""
    from zkharvest.workflow.page_batch import file_stem

    return folder / f"{file_stem(header.source, header.account, header.number)}.{end}"


def _only_adds(path: Path, lines: Sequence[Line]) -> bool:
    """Whether a book that is there says nothing else than these rows do, as far as it goes."""
    from dataclasses import replace

    from zkharvest.files.book import read_book

    if not path.is_file():
        return False
    told = {line.place: replace(line.decision, where="") for line in lines}
    return all(told.get(place) == replace(one, where="") for place, one in read_book(path).decisions.items())


def _say(made: Own, folder: Path, seed: Path, book: Path, *, sealed: bool, json: bool) -> None:
    pages = [(one.opening.header, one.page.page, len(one.opening.records)) for one in made.made]
    if json:
        rows: list[dict[str, Any]] = [
            {"source": h.source, "account": h.account, "number": h.number, "page": page, "records": count}
            for h, page, count in pages
        ]
        shown = {"pages": rows, "book": str(book), "decisions": len(made.lines)}
        output.json_object("zkharvest/own-pages/1", shown)
    else:
        for header, page, _ in pages:
            output.data(f"{header.source}={page.hex()}")
    say_unlisted(tuple(sorted({symbol for one in made.made for symbol in one.unlisted})))
    output.note(f"{folder}: pages made: {len(pages):,}; keep it, and keep its openings (.zko) and {book.name} secret")
    if sealed:
        output.note(f"the pages can be made again from the trades and {seed}: zkharvest secret backup {seed} -o FILE")
    else:
        passphrases.unencrypted(folder)
    output.note(PREVIEW)


def _first_instant(trades: Sequence[Trade]) -> int:
    """The first instant (UTC) of the year of the first trade."""
    from zkharvest.trades.text import format_time, instant

    return instant(int(format_time(min(trade.time for trade in trades))[:4]), 1, 1)


def _year_end(trades: Sequence[Trade], zone: str) -> int:
    """The end of the tax year of the last trade."""
    from zkharvest.ledger.calendar import Calendar

    calendar = Calendar(zone)
    return calendar.year_window(calendar.date_of(max(trade.time for trade in trades)).year)[1]


def _headers(folder: Path) -> list[PageHeader]:
    """The pages that are in a folder."""
    from zkharvest.files.page_files import read_page

    found = [read_page(path).header for path in sorted(folder.glob("*.zkp"))]
    return [header for header in found if header is not None]


# --------------------------------------------------------------------------- one opening, for lot-machine/v1


def _one_opening(
    path: Path,
    target: Path,
    currency: str | None,
    pooling: Pooling,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    none: bool,
    force: bool,
    json: bool,
) -> ExitCode:
    from zkharvest.files.atomic import ensure_writable
    from zkharvest.files.kinds import Kind
    from zkharvest.files.openings import write_opening

    output.refuse_two_outputs(target, json=json)
    ensure_writable(target, force=force, replaces=Kind.OPENING, inputs=[path])
    trades = _checked_trades(path, pooling)
    chosen = passphrases.new(target, passphrase_file, passphrase_fd, none=none)
    with output.progress("committing") as step:
        from zkharvest.commitment.opening import commit as commit_trades

        step(f"hashing {len(trades):,} {'record' if len(trades) == 1 else 'records'}")
        made = commit_trades(trades, currency=currency)
        step("writing the opening")
        write_opening(target, made, passphrase=chosen, force=force)
    _print_roots(made, json=json, printing=str(target) != "-")
    output.note(f"{target} holds the trades and their salts: keep it, and keep it secret")
    if chosen is None:
        passphrases.unencrypted(target)
    else:
        output.note(f"without the passphrase it is lost: zkharvest secret backup {target} -o sheet.html")
    return ExitCode.DONE


def _print_roots(made: Opening, *, json: bool, printing: bool) -> None:
    roots = {source: made.roots[source].hex() for source in made.sources}
    if not printing:  # standard output carries the opening itself
        for source, root in roots.items():
            output.note(f"{source}={root}", always=True)
    elif json:
        output.json_object("zkharvest/commitment/1", {"sources": [{"id": s, "root": r} for s, r in roots.items()]})
    else:
        for source, root in roots.items():
            output.data(f"{source}={root}")

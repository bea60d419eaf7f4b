"""`page own`: pages of wallets that keep no records themselves, from the owner's trades."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zkharvest.cli import output
from zkharvest.cli.options import Force, Json, PassphraseFd, PassphraseFile, StatedCurrency, Trades, ZoneOption
from zkharvest.cli.output import ExitCode
from zkharvest.cli.venue import Assets, Final, Folder, Seed, To, instant_of, opened_seed
from zkharvest.cli.venue_shown import PREVIEW, say_unlisted
from zkharvest.errors import UsageError
from zkharvest.ledger.rules import DEFAULT_TIMEZONE

if TYPE_CHECKING:
    from zkharvest.verifier.page import PageHeader


def page_own(
    path: Trades,
    end: To,
    seed: Seed,
    folder: Folder,
    book: Annotated[Path, typer.Option("--book", metavar="BOOK.csv", help="Where to write what pages cannot say.")],
    begin: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="Begin of first pages; default: the first trade's year."),
    ] = None,
    final: Final = False,
    currency: StatedCurrency = None,
    assets: Assets = None,
    timezone: ZoneOption = DEFAULT_TIMEZONE,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    force: Force = False,
    json: Json = False,
) -> ExitCode:
    """Pages of your own wallets, one each, and the book that goes with them, from one trades CSV.

    Transfers become a withdrawal and a deposit; bases of deposits and named lots go to the book. Pages that are in the
    folder already are continued. Preview, as page make.
    """
    from zkharvest.commitment.assets import load_assets
    from zkharvest.files.atomic import ensure_writable, write_file
    from zkharvest.files.book import write_book
    from zkharvest.files.kinds import Kind
    from zkharvest.files.page_files import page_bytes, write_page_opening
    from zkharvest.trades.csv_in import load_trades
    from zkharvest.trades.model import agreed_currency
    from zkharvest.workflow.own_pages import own_pages
    from zkharvest.workflow.page_batch import file_stem
    from zkharvest.workflow.pages import Period

    ensure_writable(book, force=force, inputs=[path])
    trades = load_trades(path)
    if not trades:
        raise UsageError(f"{path}: no trades", "give the rows of your wallets")
    first = _begin(trades[0].time) if begin is None else instant_of(begin, "--from")
    last = instant_of(end, "--to")
    if first >= last:
        raise UsageError("--to is not after the first trade's year, or --from", "give the end of the period")
    period = Period("", first, last, agreed_currency(trades, currency), final)
    earlier = _headers(folder)
    salt = opened_seed(seed, passphrase_file, passphrase_fd)
    with output.progress(f"committing to {len(trades):,} rows"):
        made = own_pages(trades, period, salt, load_assets(assets), timezone, earlier)
        folder.mkdir(parents=True, exist_ok=True)
        stems = {}
        for one in made.made:
            header = one.opening.header
            stems[header.source] = stem = file_stem(header.source, header.account, header.number)
            ensure_writable(folder / f"{stem}.zkp", force=force)
            ensure_writable(folder / f"{stem}.zko", force=force, replaces=Kind.PAGE_OPENING)
        for one in made.made:
            stem = stems[one.opening.header.source]
            write_page_opening(folder / f"{stem}.zko", one.opening, passphrase=None, force=force)
            write_file(folder / f"{stem}.zkp", page_bytes(one.page), force=force)
        write_book(book, made.lines, force=force)
    pages = [(one.opening.header, one.page.page, len(one.opening.records)) for one in made.made]
    if json:
        rows = [{"source": h.source, "number": h.number, "page": page, "records": n} for h, page, n in pages]
        output.json_object("zkharvest/own-pages/1", {"pages": rows, "book": str(book), "decisions": len(made.lines)})
    else:
        for header, page, _ in pages:
            output.data(f"{header.source}={page.hex()}")
    say_unlisted(tuple(sorted({symbol for one in made.made for symbol in one.unlisted})))
    output.note(f"{folder}: pages made: {len(pages):,}; the openings (.zko) are not encrypted")
    output.note(PREVIEW)
    return ExitCode.DONE


def _begin(time: int) -> int:
    """The first instant (UTC) of the year of an instant."""
    from zkharvest.trades.text import format_time, instant

    return instant(int(format_time(time)[:4]), 1, 1)


def _headers(folder: Path) -> list[PageHeader]:
    """The pages that are in a folder."""
    from zkharvest.files.page_files import read_page

    found = [read_page(path).header for path in sorted(folder.glob("*.zkp"))] if folder.is_dir() else []
    return [header for header in found if header is not None]

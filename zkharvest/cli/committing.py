"""`commit`: the trades of one CSV become pages of the owner's wallets."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zkharvest.cli import output, passphrases
from zkharvest.cli.doubts import warn_of
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
from zkharvest.errors import UsageError
from zkharvest.ledger.rules import DEFAULT_POOLING, DEFAULT_TIMEZONE, Pooling

if TYPE_CHECKING:
    from zkharvest.verifier.page import PageHeader
    from zkharvest.workflow.own_folder import OwnPages


def commit(
    path: Trades,
    target: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", help="Folder of the pages."),
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
    continued: commit again with the rows that came since.
    """
    from zkharvest.spec import is_currency

    if currency is not None and not is_currency(currency):
        hint = "write three to five letters or digits, such as USD or EUR"
        raise UsageError(f'--currency: "{currency[:20]}" is not a currency code', hint)
    if str(target) == "-" or target.suffix == ".zko":
        hint = "give a folder: -o mine writes mine/*.zkp, which are public, and mine/*.zko, which are secret"
        raise UsageError(f"{target}: pages are written to a folder", hint)
    from zkharvest.files.atomic import ensure_writable, folder_for
    from zkharvest.ledger.checks import doubts
    from zkharvest.trades.csv_in import load_trades
    from zkharvest.workflow import own_folder

    seed, book = seed or target / own_folder.SEED, book or target / own_folder.BOOK
    if book.exists():
        ensure_writable(book, force=True, inputs=[path])
    _check_folder(target, seed)
    with folder_for(target, private=True):
        trades = load_trades(path)
        warn_of(doubts(trades, Pooling(pooling)))
        last = instant_of(end, "--to") if end is not None else None
        first = instant_of(begin, "--from") if begin is not None else None
        if last is not None and (later := sum(trade.time >= last for trade in trades)):
            output.note(f"rows after --to, which are in no page yet: {later:,}")
        before = own_folder.headers_in(target)
        chosen, salt = _secret(target, seed, passphrase_file, passphrase_fd, none=none)
        with output.progress(f"committing to {len(trades):,} rows") as step:
            made = own_folder.commit_pages(
                trades, end=last, begin=first, currency=currency, pooling=pooling, timezone=timezone, final=final,
                assets=_assets(assets), seed=salt, before=before, again=bool(own_folder.lost_openings(target)),
            )  # fmt: skip
            step("writing the openings")
            new = own_folder.write_pages(target, made, passphrase=chosen, seed=seed, book=book, force=force)
    _say(made, new, target, seed, book, sealed=chosen is not None, json=json)
    return ExitCode.DONE


def _check_folder(folder: Path, seed: Path) -> None:
    """Raises UsageError if there are pages in the folder whose seed is not there."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is a file", "pages are written to a folder: give another name")
    if not seed.exists() and any(folder.glob("*.zkp")):
        hint = f"restore it (secret restore --words FILE -o {seed}), or name it with --seed: its pages cannot go on"
        raise UsageError(f"{seed}: the seed of the pages in {folder} is not there", hint)


def _assets(path: Path | None) -> dict[str, str]:
    from zkharvest.commitment.assets import load_assets

    return dict(load_assets(path))


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


def _say(
    made: OwnPages, new: Sequence[PageHeader], folder: Path, seed: Path, book: Path, *, sealed: bool, json: bool
) -> None:
    count = {one.header.page_id: len(one.records) for one in made.openings}
    decisions = len(made.decided().decisions)
    if json:
        rows: list[dict[str, Any]] = [
            {
                "source": h.source,
                "account": h.account,
                "number": h.number,
                "page": h.page_id,
                "records": count[h.page_id],
            }
            for h in new
        ]
        output.json_object("zkharvest/own-pages/1", {"pages": rows, "book": str(book), "decisions": decisions})
    else:
        for header in new:
            output.data(f"{header.source}={header.page_id.hex()}")
    if any(header.end > time.time() * 1000 for header in new):
        hint = "rows that come later do not fit into them: give --to, and commit again when the year is over"
        output.warning("the pages reach into the future", hint)
    say_unlisted(made.unlisted)
    output.note(f"{folder}: pages made: {len(new):,}; keep it, and keep its openings (.zko) and {book.name} secret")
    if sealed:
        output.note(f"the pages can be made again from the trades and {seed}: zkharvest secret backup {seed} -o FILE")
    else:
        passphrases.unencrypted(folder)
    output.note(PREVIEW)

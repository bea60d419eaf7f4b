"""What an owner does with the openings of pages: `explain`, and the history that `ledger report` reads of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zkharvest.cli import output
from zkharvest.cli.folders import openings_in
from zkharvest.cli.options import Force, Json, PassphraseFd, PassphraseFile, ZoneOption
from zkharvest.cli.output import ExitCode
from zkharvest.ledger.rules import DEFAULT_TIMEZONE, Election

if TYPE_CHECKING:
    from zkharvest.files.book import Book
    from zkharvest.ledger.history.explaining import Explained, Open
    from zkharvest.ledger.history.records import History
    from zkharvest.ledger.results import LedgerRun
    from zkharvest.workflow.histories import Told

BookOption = Annotated[
    Path | None,
    typer.Option("--book", metavar="BOOK.csv", help="What you decided of records: explain writes a draft."),
]
MethodOf = Annotated[
    list[str] | None,
    typer.Option("--method-of", metavar="YEAR=METHOD", help="The method of an earlier year, if another. Repeatable."),
]


def explain(
    openings: Annotated[
        list[Path], typer.Argument(metavar="OPENING.zko|DIR...", help="Openings of pages, all of them.")
    ],
    target: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="BOOK.csv", help="Write a draft of the book, to fill in.")
    ] = None,
    book: BookOption = None,
    carry_in: Annotated[
        Path | None,
        typer.Option("--carry-in", metavar="STANDING.zks", help="What was proven before: older pages are not needed."),
    ] = None,
    timezone: ZoneOption = DEFAULT_TIMEZONE,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    force: Force = False,
    json: Json = False,
) -> ExitCode:
    """List what pages leave open: moves without their other half, values that no source states, and what comes near.

    What you know of each goes into the book: kind, value, day, match. Nothing has to: a deposit that is not explained
    has a basis of 0, and is counted.
    """
    from zkharvest.cli.proving_links import carried_in
    from zkharvest.files.atomic import ensure_writable
    from zkharvest.files.book import EMPTY, read_book, write_book
    from zkharvest.ledger.history.standing_map import standing_of
    from zkharvest.workflow.histories import book_lines, told_of

    openings, book = openings_in(openings, book)
    if target is not None:
        output.refuse_two_outputs(target, json=json)
        ensure_writable(target, force=force, inputs=openings)
    decided = read_book(book) if book is not None else EMPTY
    history, _ = read_history(openings, passphrase_file, passphrase_fd)
    before = carried_in(carry_in, passphrase_file, passphrase_fd)
    with output.progress("matching moves"):
        told = told_of(history, decided, timezone, standing_of(before.state) if before is not None else None)
    if target is not None:
        write_book(target, book_lines(history, decided, told.explained), force=force)
    _show(history, told, json=json, shown=target is None or str(target) != "-")
    left = sum(not one.settled for one in told.explained.open)
    if target is not None and str(target) != "-":
        output.note(f"{target}: rows to fill in: {left:,}; then give it as --book {target}")
    return ExitCode.DONE


def _show(history: History, told: Told, *, json: bool, shown: bool) -> None:
    """Print what was found."""
    from zkharvest.commitment.assets import symbol_of
    from zkharvest.ledger.history.explaining import note_of, title_of

    found = told.explained
    for problem in told.missing:
        output.warning(f"{problem.where}: {problem.message}", problem.hint)
    if told.elsewhere:
        output.note(f"the book has rows of pages that are not given: {len(told.elsewhere):,}")
    if json:
        output.json_object("zkharvest/explain/1", _as_object(history, told))
        return
    if not shown:
        return
    unsettled = [one for one in found.open if not one.settled]
    for one in unsettled:
        output.data(f"{one.place}  {title_of(one, symbol_of(one.record.asset))}")
        for line in note_of(one).split(" | "):
            output.data(f"    {line}")
    for move in found.doubtful:
        others = ", ".join(map(str, move.others))
        output.data(f"{move.deposit}  matched with {move.withdrawal} by amount and time; as well fits {others}")
    output.data(_summary(found, len(unsettled)))


def _summary(found: Explained, left: int) -> str:
    how = {"ref": "by reference", "window": "by amount and time", "book": "by the book"}
    moves = ", ".join(f"{found.by[name]:,} {text}" for name, text in how.items() if name in found.by)
    settled = len(found.open) - left
    return f"moves matched: {moves or 'none'}; open: {left:,}; settled by the book or its source: {settled:,}"


def _as_object(history: History, told: Told) -> dict[str, Any]:
    found = told.explained
    return {
        "records": sum(map(len, history.records)),
        "moves": {
            "by": dict(found.by),
            "matched": [
                {"deposit": str(come), "withdrawal": str(out), "by": told.moves.by[come]}
                for come, out in sorted(told.moves.arrivals.items())
            ],
            "doubtful": [
                {"deposit": str(d), "withdrawal": str(w), "others": [str(one) for one in others]}
                for d, w, others in found.doubtful
            ],
        },
        "open": [_open_object(one) for one in found.open],
        "missing_pages": [{"account": one.where, "why": one.message} for one in told.missing],
        "rows_of_other_pages": [str(place) for place in told.elsewhere],
    }


def _open_object(one: Open) -> dict[str, Any]:
    from zkharvest.trades.text import format_quantity, format_time

    record = one.record
    return {
        "record": str(one.place),
        "id": record.id,
        "what": one.what,
        "time": format_time(record.time),
        "asset": record.asset,
        "quantity": format_quantity(record.quantity),
        "now": one.now,
        "settled": one.settled,
        "near": [
            {"record": str(near.place), "reason": near.reason, "can_match": not near.against, "against": near.against}
            for near in one.near
        ],
    }


# ------------------------------------------------------------------------------------------------- reading


def read_history(paths: Sequence[Path], file: Path | None, fd: int | None) -> tuple[History, str]:
    """The history of some openings, and the pages' currency. Raises UsageError and InputError with what is wrong."""
    from zkharvest.cli.proving_links import read_openings
    from zkharvest.workflow.histories import history_of

    found = read_openings(paths, file, fd)
    return history_of(found), found[0][1].header.currency


def read_decided(book: Path | None, history: History) -> Book:
    """The owner's book, held against the records; an empty one if there is none."""
    from zkharvest.files.book import EMPTY, check_stated, read_book

    if book is None:
        return EMPTY
    found = read_book(book)
    if elsewhere := check_stated(found, history):
        output.note(f"{book} has rows of pages that are not given: {len(elsewhere):,}")
    return found


def report_pages(
    paths: Sequence[Path], book: Path | None, elections: Sequence[Election], file: Path | None, fd: int | None
) -> LedgerRun:
    """The ledger's run of page openings. UsageError for a regime that no circuit proves."""
    from zkharvest.ledger.regimes import find_provable
    from zkharvest.workflow.histories import report

    find_provable(elections[-1].regime)
    history, currency = read_history(paths, file, fd)
    decided = read_decided(book, history)
    with output.progress("computing lots"):
        return report(history, decided, elections, currency)

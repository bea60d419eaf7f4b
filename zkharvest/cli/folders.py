"""A folder that `commit` wrote, in place of the openings in it and the book that goes with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zkharvest.errors import UsageError

BOOK = "book.csv"
"""The book's file in a folder of own pages (`workflow.own_folder`), unless another is named."""


def are_pages(paths: Sequence[Path]) -> bool:
    """Whether the first file is the opening of a page. Raises UsageError for one that cannot be read."""
    from zkharvest.files.atomic import STREAM, open_file
    from zkharvest.files.kinds import HEAD_BYTES, Kind, kind_of

    if str(paths[0]) == STREAM:
        return False
    with open_file(paths[0]) as file:
        return kind_of(file.read(HEAD_BYTES)) is Kind.PAGE_OPENING


def openings_in(paths: Sequence[Path], book: Path | None) -> tuple[list[Path], Path | None]:
    """The files that the paths stand for, a folder for all openings in it, and the book: the one given, or a folder's.

    Raises UsageError for a folder without openings, and where several books would have to be one.
    """
    found: list[Path] = []
    books = [book] if book is not None else []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(path.glob("*.zko"))
        if not inside:
            hint = "zkharvest commit and page make write them"
            raise UsageError(f"{path}: there are no openings of pages (.zko) in this folder", hint)
        found += inside
        if book is None and (path / BOOK).is_file():
            books.append(path / BOOK)
    if len(books) > 1:
        hint = "write the rows of both into one file, and give it as --book"
        raise UsageError(f"{books[0]} and {books[1]} are two books", hint)
    return found, next(iter(books), None)

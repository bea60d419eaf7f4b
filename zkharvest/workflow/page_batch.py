"""A source's pages in bulk: one export file a chunk, each chunk a folder that appears whole or not at all.

    DIR/CHUNK/pages.csv        account, number, final, records, page (id), file
    DIR/CHUNK/*.zkp, *.zko     a page and its opening for each account

CHUNK is the export's name without its ending. Pages follow from seed, export and the pages before them, and from
nothing else: a chunk that is made again is the same byte for byte, and one that is there already is passed over.
With the folder of the period before, every open account of the chunk gets its next page, also those without a row.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from zkharvest.commitment.assets import load_assets
from zkharvest.errors import InputError, Problem, UsageError, ZkharvestError
from zkharvest.files.page_files import page_bytes, page_opening_bytes, read_page
from zkharvest.sign.keys import PrivateKey
from zkharvest.sign.pages import sign_page
from zkharvest.trades.csv_in import load_trades
from zkharvest.trades.model import agreed_currency
from zkharvest.verifier.page import PageHeader, PageReject
from zkharvest.workflow.pages import Made, Period, by_account, make_pages

LIST = "pages.csv"
COLUMNS = ("account", "number", "final", "records", "page", "file")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True, slots=True)
class Chunk:
    """One export file's work. `before` is the folder of the period before, empty if there is none."""

    export: str
    folder: str
    period: Period
    seed: bytes = field(repr=False)
    before: str = ""
    assets: str = ""
    key: PrivateKey | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """How a chunk ended: made, unchanged or failed. `seconds` is the worker's time."""

    name: str
    status: str
    accounts: int = 0
    records: int = 0
    seconds: float = 0.0
    message: str = ""
    unlisted: tuple[str, ...] = ()


class Listed(NamedTuple):
    """A page in a chunk's list."""

    account: str
    number: int
    final: bool
    records: int
    page: str
    file: str


def file_stem(source: str, account: str, number: int) -> str:
    """The name of a page's files without their ending; an account that is no file name gets a digest behind it."""
    plain = f"{source}-{account}"
    safe = _UNSAFE.sub("_", plain)[:80]
    mark = "" if safe == plain else f"-{hashlib.sha256(plain.encode()).hexdigest()[:12]}"
    return f"{safe}{mark}-{number:04d}"


def make_chunk(chunk: Chunk) -> ChunkResult:
    """Make a chunk's pages. Never raises: what goes wrong is a result."""
    name, begun = Path(chunk.export).stem, time.perf_counter()
    try:
        return replace(_made(chunk, name), seconds=time.perf_counter() - begun)
    except (ZkharvestError, PageReject, OSError) as error:
        return ChunkResult(name, "failed", seconds=time.perf_counter() - begun, message=_lines(error))
    except MemoryError:
        return ChunkResult(name, "failed", message="out of memory: cut the export into smaller files")


def _lines(error: Exception) -> str:
    lines = str(error).splitlines()
    more = f" ... and {len(lines) - 6} more lines" if len(lines) > 6 else ""
    return "; ".join(lines[:6]) + more


def _made(chunk: Chunk, name: str) -> ChunkResult:
    trades = load_trades(chunk.export)
    currency = agreed_currency(trades, chunk.period.currency or None) if trades else chunk.period.currency
    period = replace(chunk.period, currency=currency)
    accounts = by_account(trades)
    earlier = _earlier(chunk.before, name, accounts)
    for one in earlier.values():
        if not one.final:
            accounts.setdefault(one.account, [])
    assets = load_assets(chunk.assets or None)

    def before(account: str) -> PageHeader | None:
        if account not in earlier:
            return None
        last = earlier[account]
        path = Path(chunk.before) / name / f"{last.file}.zkp"
        page = read_page(path)
        if page.header is None or page.page.hex() != last.page:
            raise InputError.one(str(path), "is not the page that its list names", "restore the folder")
        return page.header

    made = make_pages(accounts, period, chunk.seed, assets, before)
    if chunk.key is not None:
        key, public = chunk.key, chunk.key.public()
        made = [replace(one, page=one.page.with_signature(sign_page(one.page.page, key, public))) for one in made]
    target = Path(chunk.folder) / name
    listed = _list_of(made)
    records = sum(len(one.opening.records) for one in made)
    unlisted = tuple(sorted({symbol for one in made for symbol in one.unlisted}))
    if target.exists():
        if (target / LIST).is_file() and (target / LIST).read_text(encoding="utf-8") == listed:
            return ChunkResult(name, "unchanged", len(made), records, unlisted=unlisted)
        raise UsageError(f"{target}: holds other pages", "name another folder: pages that were given out do not change")
    _write(target, made, listed)
    return ChunkResult(name, "made", len(made), records, unlisted=unlisted)


def _list_of(made: list[Made]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in made:
        header = one.opening.header
        stem = file_stem(header.source, header.account, header.number)
        row = (header.account, header.number, int(header.final), len(one.opening.records), one.page.page.hex(), stem)
        writer.writerow(row)
    return out.getvalue()


def _write(target: Path, made: list[Made], listed: str) -> None:
    """The chunk's folder, under another name until it is whole."""
    draft = target.with_name(f".{target.name}.part")
    shutil.rmtree(draft, ignore_errors=True)  # of a run that was stopped
    draft.mkdir(parents=True, mode=0o700)
    for one in made:
        header = one.opening.header
        stem = file_stem(header.source, header.account, header.number)
        _write_new(f"{draft}/{stem}.zkp", page_bytes(one.page), 0o666)
        _write_new(f"{draft}/{stem}.zko", page_opening_bytes(one.opening, None), 0o600)
    (draft / LIST).write_text(listed, encoding="utf-8")
    draft.rename(target)


def _write_new(path: str, data: bytes, mode: int) -> None:
    """A file that is not there yet, with this mode from its first moment."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)


def read_list(folder: Path) -> Iterator[Listed]:
    """The pages that a chunk's list names. InputError if it is damaged."""
    try:
        with (folder / LIST).open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            if tuple(next(rows, ())) != COLUMNS:
                raise ValueError
            for account, number, final, records, page, stem in rows:
                yield Listed(account, int(number), final == "1", int(records), page, stem)
    except (ValueError, csv.Error, OSError) as error:
        hint = "restore the folder of the period before"
        raise InputError.one(str(folder / LIST), "is not the list of a chunk's pages", hint) from error


def _earlier(before: str, name: str, accounts: Mapping[str, object]) -> dict[str, Listed]:
    """The last pages of this chunk's accounts. InputError for accounts that another chunk had: they get one page."""
    if not before:
        return {}
    root = Path(before)
    own = root / name
    found = {one.account: one for one in read_list(own)} if own.is_dir() else {}
    missing = accounts.keys() - found.keys()
    if missing:  # new accounts, or accounts that were in another export
        others = sorted(path for path in root.iterdir() if path.is_dir() and path != own)
        moved = {
            one.account: folder.name
            for folder in others
            if not folder.name.startswith(".")
            for one in read_list(folder)
            if one.account in missing
        }
        if moved:
            hint = "an account stays in the export of the same name from period to period"
            raise InputError(Problem(account, f"was in {where} before", hint) for account, where in moved.items())
    return found


def twice(folder: Path) -> list[str]:
    """Accounts that more than one chunk of a folder has: each would have two pages of one number."""
    seen: set[str] = set()
    double: set[str] = set()
    for chunk in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        names = {one.account for one in read_list(chunk)}
        double |= names & seen
        seen |= names
    return sorted(double)

"""What a venue or the owner of a wallet does with its own records: `page seed`, `make`, `batch`, `check`.

A preview: `prove` takes pages by lot-machine/v2, which is not released and may still change.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zkharvest.cli import output, passphrases
from zkharvest.cli.help import Group
from zkharvest.cli.options import Force, Json, NoPassphrase, PassphraseFd, PassphraseFile, StatedCurrency
from zkharvest.cli.output import ExitCode
from zkharvest.cli.venue_shown import PREVIEW, say_future, say_outside, say_unlisted, show_batch, show_checked
from zkharvest.errors import InputError, UsageError
from zkharvest.verifier.text import is_visible, quoted

if TYPE_CHECKING:
    from zkharvest.files.page_files import PageFile, PageOpening
    from zkharvest.verifier.page import SourceKey
    from zkharvest.workflow.page_batch import Chunk, ChunkResult
    from zkharvest.workflow.pages import Period

page = typer.Typer(
    cls=Group, help=f"Pages: a venue's own records, committed and signed. {PREVIEW.capitalize()}.", no_args_is_help=True
)

Source = Annotated[str, typer.Option("--source", metavar="SOURCE", help="The venue's or wallet's id, such as kraken.")]
From = Annotated[str, typer.Option("--from", metavar="DATE", help="Begin of the period: a day (UTC) or a time.")]
To = Annotated[str, typer.Option("--to", metavar="DATE", help="Its end, not part of it: a day (UTC) or a time.")]
Seed = Annotated[Path, typer.Option("--seed", metavar="FILE", help="The seed that page seed made.")]
Final = Annotated[bool, typer.Option("--final", help="The account is closed: no page follows.")]
StateCount = Annotated[bool, typer.Option("--state-count", help="Publish the number of records in the header.")]
Assets = Annotated[
    Path | None, typer.Option("--assets", metavar="FILE", help="TOML of ids for assets that the table lacks.")
]
Folder = Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the pages.")]


@page.command("seed")
def page_seed(
    path: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File of the seed; never replaced.")],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    none: NoPassphrase = False,
    json: Json = False,
) -> ExitCode:
    """Make the seed from which the salts of all pages follow (mode 0600, sealed); prints its fingerprint."""
    from zkharvest.files.atomic import ensure_writable
    from zkharvest.files.page_files import fingerprint, new_seed, write_seed

    if str(path) == "-":
        raise UsageError("a seed is written to a file, not to standard output", "name one with -o")
    ensure_writable(path, force=None)
    chosen = passphrases.new(path, passphrase_file, passphrase_fd, none=none)
    seed = new_seed()
    write_seed(path, seed, passphrase=chosen)
    if json:
        output.json_object("zkharvest/page-seed/1", {"fingerprint": fingerprint(seed)})
    else:
        output.data(fingerprint(seed).hex())
    output.note(f"{path}: keep it secret, and keep a copy: whoever has it can open every page made from it")
    if chosen is None:
        passphrases.unencrypted(path)
    return ExitCode.DONE


@page.command("make")
def page_make(
    export: Annotated[Path, typer.Argument(metavar="EXPORT.csv", help="Canonical trades CSV of one account.")],
    source: Source,
    account: Annotated[
        str, typer.Option("--account", metavar="NAME", help="The account's pseudonym: the same in all of its pages.")
    ],
    begin: From,
    end: To,
    seed: Seed,
    folder: Folder,
    previous: Annotated[
        Path | None, typer.Option("--prev", metavar="OLD.zkp", help="The account's page before this one.")
    ] = None,
    final: Final = False,
    state_count: StateCount = False,
    currency: StatedCurrency = None,
    assets: Assets = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    opening_passphrase: Annotated[
        Path | None,
        typer.Option("--opening-passphrase-file", metavar="FILE", help="Seal the opening under this file's line."),
    ] = None,
    force: Force = False,
    json: Json = False,
) -> ExitCode:
    """Commit to an account's records of one period; writes the page (.zkp) and its opening (.zko), prints SOURCE=HEX.

    The printed line is what the venue signs. Rows outside the period are left out. Preview: the circuit that
    takes pages, lot-machine/v2, may still change.
    """
    from zkharvest.commitment.assets import load_assets
    from zkharvest.files.atomic import ensure_writable, folder_for, write_file
    from zkharvest.files.kinds import Kind
    from zkharvest.files.page_files import page_bytes, read_page, write_page_opening
    from zkharvest.trades.csv_in import load_trades
    from zkharvest.trades.model import agreed_currency
    from zkharvest.verifier.page import PageReject
    from zkharvest.workflow.page_batch import file_stem
    from zkharvest.workflow.pages import by_account, make_pages

    trades = load_trades(export)
    named = by_account(trades)
    if len(named) > 1:
        hint = "page make takes one account; page batch makes a page for each"
        raise UsageError(f"{export}: rows of {len(named)} accounts ({', '.join(map(quoted, list(named)[:3]))})", hint)
    agreed = agreed_currency(trades, currency) if trades or currency is None else currency
    period = _period(source, begin, end, agreed, final=final, state_count=state_count)
    _check_account(account)
    old = read_page(previous).header if previous is not None else None
    if previous is not None and old is None:
        raise UsageError(f"{previous}: holds signatures without the page", "give the page that page make wrote")
    stem = file_stem(source, account, 0 if old is None else old.number + 1)
    public, secret = folder / f"{stem}.zkp", folder / f"{stem}.zko"
    with folder_for(folder):
        ensure_writable(public, force=force, inputs=[p for p in (previous,) if p is not None])
        ensure_writable(secret, force=force, replaces=Kind.PAGE_OPENING)
        chosen = None
        if opening_passphrase is not None:
            chosen = passphrases.new(secret, opening_passphrase, None, none=False, options="--opening-passphrase")
        salt = opened_seed(seed, passphrase_file, passphrase_fd)
        with output.progress(f"committing to {len(trades):,} rows"):
            try:
                made = make_pages({account: trades}, period, salt, load_assets(assets), lambda _: old)[0]
            except PageReject as error:
                hint = "--prev is the account's last page, and --from is where that page ends"
                raise InputError.one(str(previous), error.detail, hint) from None
            write_page_opening(secret, made.opening, passphrase=chosen, force=force)
            write_file(public, page_bytes(made.page), force=force)
    count = len(made.opening.records)
    if json:
        shown = {"source": source, "account": account, "number": made.opening.header.number, "records": count}
        shown |= {"page": made.page.page.hex(), "header": str(public), "opening": str(secret)}
        output.json_object("zkharvest/page/1", {**shown, "unlisted": made.unlisted, "preview": True})
    else:
        output.data(f"{source}={made.page.page.hex()}")
    output.note(f"{public} is public; {secret} holds {count:,} records and is for the account's owner alone")
    say_unlisted(made.unlisted)
    say_outside((one.time for one in trades), period.start, period.end, first=old is None)
    say_future([period.end])
    output.note(PREVIEW)
    return ExitCode.DONE


@page.command("batch")
def page_batch(
    exports: Annotated[
        list[Path], typer.Argument(metavar="EXPORT.csv...", help="Each with the rows of many accounts (column source).")
    ],
    source: Source,
    begin: From,
    end: To,
    seed: Seed,
    folder: Folder,
    previous: Annotated[
        Path | None, typer.Option("--prev", metavar="DIR", help="The folder of the period before.")
    ] = None,
    state_count: StateCount = False,
    currency: StatedCurrency = None,
    assets: Assets = None,
    key: Annotated[
        Path | None, typer.Option("--key", "-k", metavar="KEY", help="Sign every page with this key (Ed25519 is fast).")
    ] = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Files at once; default: one a core.")] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="ADDRESS", help="Use the workers of this Dask scheduler.")
    ] = None,
    json: Json = False,
) -> ExitCode:
    """Pages of all accounts of a venue: one export file a job, on all cores or on a cluster. Preview, as page make.

    Run again, it passes over what is made. With --prev every open account gets its next page, also without a row. The
    passphrase opens seed and key.
    """
    from zkharvest.files.atomic import folder_for, read_file
    from zkharvest.workflow.page_batch import Chunk, twice

    period = _period(source, begin, end, currency or "", final=False, state_count=state_count)
    if len({path.stem for path in exports}) != len(exports):
        raise UsageError("two exports have the same name", "the folder of a chunk is called after its export")
    if scheduler is not None and jobs is not None:
        raise UsageError("--jobs is for this machine", "a scheduler has as many workers as it has")
    if previous is not None and not previous.is_dir():
        raise UsageError(f"{previous}: no such folder", "name the folder that page batch made for the period before")
    for path in exports:
        read_file(path, at_most=1)  # said before long work
    salt = opened_seed(seed, passphrase_file, passphrase_fd)
    secret = None
    if key is not None:
        from zkharvest.workflow.secrets import read_signing_key

        secret, _ = read_signing_key(key, passphrases.existing(key, passphrase_file, passphrase_fd))
    with folder_for(folder):
        shared = {
            "before": str(previous.absolute()) if previous else "",
            "assets": str(assets.absolute()) if assets else "",
        }
        work = [
            Chunk(str(path.absolute()), str(folder.absolute()), period, salt, key=secret, **shared) for path in exports
        ]
        results = _run(work, jobs, scheduler)
    double = twice(folder)
    failed = [one for one in results if one.status == "failed"]
    show_batch(results, double, folder, json=json)
    say_future([period.end])
    return ExitCode.REJECTED if failed or double else ExitCode.DONE


@page.command("check")
def page_check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Pages (.zkp) and their openings (.zko).")],
    source_key: Annotated[
        list[str] | None,
        typer.Option("--source-key", metavar="SOURCE=KEY", help="A key expected of a source: hex or file. Repeatable."),
    ] = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    json: Json = False,
) -> ExitCode:
    """Check that openings give their pages' roots, that pages follow each other, and that the source has signed."""
    from zkharvest.cli.verifying import source_and_value
    from zkharvest.sign.pages import read_source_key
    from zkharvest.workflow import pages as work

    expected: dict[str, list[SourceKey]] = {}
    for text in source_key or []:
        name, value = source_and_value(text, "--source-key")
        expected.setdefault(name, []).append(read_source_key(value))
    with output.progress("reading"):
        openings, published = _read_files(files, passphrase_file, passphrase_fd)
    with output.progress("checking"):
        found = work.check(openings, published, expected)
    show_checked(found, expected, json=json)
    return ExitCode.REJECTED if found.faults else ExitCode.DONE


def attest_page(
    path: Path | None,
    named: str | None,
    key: Path,
    target: Path | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    *,
    force: bool,
    json: bool,
) -> ExitCode:
    """`attest` of a page's file, or of its id alone (SOURCE=HEX): the source signs that id and nothing else."""
    from zkharvest.cli.show import parse_hex
    from zkharvest.cli.verifying import source_and_value
    from zkharvest.files.atomic import ensure_writable, write_file
    from zkharvest.files.leftovers import exclusive
    from zkharvest.files.page_files import PageFile, page_bytes, read_page
    from zkharvest.sign.pages import sign_page
    from zkharvest.verifier.page import ID_BYTES
    from zkharvest.workflow.secrets import read_signing_key

    if named is not None:
        if target is None:
            raise UsageError("where to write the signature is not said", "give -o FILE")
        source, text = source_and_value(named, "--page")
        identity = parse_hex(text, "--page")
        if len(identity) != ID_BYTES:
            hint = "as zkharvest page make prints it"
            raise UsageError(f"--page: {len(text)} digits, a page's id has {2 * ID_BYTES}", hint)
        found = PageFile(identity)
    else:
        assert path is not None
        found = read_page(path)
        source = found.header.source if found.header is not None else ""
    say_future([found.header.end] if found.header is not None else [])
    where = target or path
    assert where is not None
    ensure_writable(where, force=force or target is None, inputs=[key])
    opener = passphrases.existing(key, passphrase_file, passphrase_fd)
    with passphrases.reading(key, opener):
        secret, _ = read_signing_key(key, opener)
    # In place, what another key has signed meanwhile is read again: neither signature is lost.
    with output.progress("signing"), exclusive(where):
        found = read_page(where) if target is None else found
        signed = found.with_signature(sign_page(found.page, secret))
        write_file(where, page_bytes(signed), force=force or target is None)
    if json:
        shown = {"file": str(where), "page": found.page, "key": secret.public_bytes(), "source": source}
        output.json_object("zkharvest/page-attestation/1", shown)
    else:
        output.note(
            f"{where}: {secret.scheme} key {secret.public_bytes().hex()[:16]}... signed page {found.page.hex()}"
        )
    return ExitCode.DONE


# ------------------------------------------------------------------------------------------------- parts


def _period(source: str, begin: str, end: str, currency: str, *, final: bool, state_count: bool) -> Period:
    from zkharvest.spec import MAX_NAME
    from zkharvest.workflow.pages import Period

    if not is_visible(source, MAX_NAME):
        raise UsageError(f"--source: {quoted(source)} is not a source's id", "such as kraken, or 0xab..:ethereum")
    first, last = instant_of(begin, "--from"), instant_of(end, "--to")
    if first >= last:
        raise UsageError("--to is not after --from", "the end is the first instant that is no longer in the period")
    return Period(source, first, last, currency, final, state_count)


def instant_of(text: str, option: str) -> int:
    """The instant (ms) that an option names: a time, or the begin of a day (UTC)."""
    from zkharvest.trades.text import TextError, instant, parse_acquired

    try:
        found = parse_acquired(text)
    except TextError as error:
        raise UsageError(f"{option}: {error.reason}", error.hint) from None
    return found if isinstance(found, int) else instant(found.year, found.month, found.day)


def _check_account(account: str) -> None:
    from zkharvest.spec import MAX_NAME

    if not is_visible(account, MAX_NAME):
        raise UsageError(f"--account: {quoted(account)} is not a name", "a pseudonym of at most 128 bytes")


def opened_seed(path: Path, file: Path | None, fd: int | None) -> bytes:
    """The seed in a file, opened with the passphrase that the options name."""
    from zkharvest.files.page_files import read_seed

    opener = passphrases.existing(path, file, fd)
    with passphrases.reading(path, opener):
        return read_seed(path, opener)


def _read_files(
    files: list[Path], file: Path | None, fd: int | None
) -> tuple[list[tuple[str, PageOpening]], list[tuple[str, PageFile]]]:
    """Openings and pages among the files, each with its name."""
    from zkharvest.files import page_files
    from zkharvest.files.atomic import open_file
    from zkharvest.files.kinds import HEAD_BYTES, Kind, kind_of, told_apart

    openings: list[tuple[str, PageOpening]] = []
    published: list[tuple[str, PageFile]] = []
    for path in files:
        with open_file(path) as opened:
            head = opened.read(HEAD_BYTES)
        match kind_of(head):
            case Kind.PAGE:
                published.append((str(path), page_files.read_page(path)))
            case Kind.PAGE_OPENING:
                opener = passphrases.existing(path, file, fd)
                openings.append((str(path), page_files.read_page_opening(path, opener)))
            case _:
                hint = told_apart(head, "give .zkp and .zko files that page make wrote")
                raise UsageError(f"{path}: neither a page nor the opening of one", hint)
    return openings, published


def _run(work: list[Chunk], jobs: int | None, scheduler: str | None) -> list[ChunkResult]:
    import os

    from zkharvest.desk.workers import dask_pool, local_pool
    from zkharvest.workflow.page_batch import make_chunk

    if scheduler is not None:
        if not scheduler.startswith("tls://"):
            output.warning("seed and key go to the workers unencrypted", "use a scheduler with tls://")
        with dask_pool(scheduler) as (start, _):
            return _collect(start().map(make_chunk, work), len(work))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = min(jobs or cores, len(work))
    if workers == 1:
        return _collect(map(make_chunk, work), len(work))
    with local_pool(workers)() as pool:
        return _collect(pool.map(make_chunk, work), len(work))


def _collect(found: Any, count: int) -> list[ChunkResult]:
    results: list[ChunkResult] = []
    with output.progress(f"pages of {count:,} files") as step:
        for one in found:
            results.append(one)
            step(f"{len(results):,} of {count:,} files: {one.name} {one.status}")
    return results

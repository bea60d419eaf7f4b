"""What `prove` does with openings of pages: links of `lot-machine/v2`, from one standing to the next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from zkharvest.cli import output, passphrases
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError
from zkharvest.ledger.regimes import find_provable
from zkharvest.ledger.rules import Election, Method, Pooling

if TYPE_CHECKING:
    from zkharvest.files.book import Book
    from zkharvest.files.page_files import PageFile, PageOpening
    from zkharvest.files.standings import StandingFile
    from zkharvest.workflow.links import Proven


def prove_links(
    openings: Sequence[Path],
    *,
    package: Path | None,
    year: int,
    method: str,
    method_of: Sequence[str] | None,
    pooling: str,
    timezone: str,
    regime: str,
    book: Path | None,
    first: bool,
    carry_in: Path | None,
    carry_out: Path | None,
    covered_from: str | None,
    signed: Sequence[Path] | None,
    nonce: bytes,
    audience: str,
    size: str,
    verify: bool,
    check: bool,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    none: bool,
    force: bool,
    json: bool,
) -> ExitCode:
    """Prove, and write the package and the standing carried out; the parameters are the options of the command.

    Without a package it is only checked, as `check` asks.
    """
    from zkharvest.cli.elections import elections_of
    from zkharvest.files.atomic import ensure_writable, write_file
    from zkharvest.files.kinds import Kind
    from zkharvest.files.standings import write_standing
    from zkharvest.sign.chains import with_page_signatures
    from zkharvest.workflow import links, proofs
    from zkharvest.workflow.prove_chain import doubts

    find_provable(regime)
    elections = elections_of(Election(Method(method), Pooling(pooling), timezone, year, regime), method_of)
    covered = links.COVERED_FROM if covered_from is None else _covered(covered_from)
    _check_beginning(first=first, carry_in=carry_in)
    inputs = [*openings, *(path for path in (book, carry_in) if path is not None)]
    if package is not None:
        ensure_writable(package, force=force, inputs=inputs)
    elif carry_out is not None:
        hint = "leave out --carry-out, or give --output FILE"
        raise UsageError("what a proof carries out is written together with it, and --check alone makes none", hint)
    chosen = None
    if carry_out is not None and package is not None:
        ensure_writable(carry_out, force=force, replaces=Kind.STANDING, inputs=[*inputs, package])
        chosen = passphrases.new(carry_out, passphrase_file, passphrase_fd, none=none)
    pages = _signed(signed)
    compiling = proofs.first_run()
    with proofs.getting_ready(begin=not compiling):
        given = read_openings(openings, passphrase_file, passphrase_fd, offer=True)
        opening = carried_in(carry_in, passphrase_file, passphrase_fd)
        decided = _book(book)
    wanted = links.Wanted(elections, covered, audience, nonce, size)
    if check:
        from zkharvest.cli.checking import show_years
        from zkharvest.workflow.check import check_links

        with output.progress("checking") as step:
            checked = check_links(given, wanted, book=decided, opening=opening, progress=step)
        if package is None or not all(one.checked.holds for one in checked):
            return show_years(checked, json=json)
        output.note("every constraint holds on the raw trace")
    assert package is not None  # else it was only checked
    warnings = doubts([one for _, one in given], elections)
    for text in warnings:
        output.warning(text)
    with output.progress("proving") as step:
        if compiling:
            output.note("first run on this machine: compiling the prover takes about half a minute, once")
        made = links.prove_links(given, wanted, book=decided, opening=opening, verify=verify, progress=step)
    whole = with_page_signatures(made.package, pages) if pages else made.package
    # The standing first: without it nothing goes on from this package, and it can be replaced as long as there is none.
    if carry_out is not None:
        write_standing(carry_out, made.closing, passphrase=chosen, force=force)
    encoded = whole.encode()
    write_file(package, encoded, force=force)
    _say(made, package, len(encoded), carry_out, warnings, sealed=chosen is not None, json=json)
    return ExitCode.DONE


def _say(
    made: Proven,
    package: Path,
    size: int,
    carry_out: Path | None,
    warnings: Sequence[str],
    *,
    sealed: bool,
    json: bool,
) -> None:
    from zkharvest.verifier.chain_verdict import named_figures
    from zkharvest.verifier.link import read_link

    links = [read_link(part.statement) for part in made.package.parts]
    standing = made.closing.standing.name.hex()
    if carry_out is None:
        output.note("no --carry-out: next year's proof cannot go on from this one without the standing's file")
    else:
        if not sealed:
            passphrases.unencrypted(carry_out)
        output.note(f"{carry_out}: what next year's proof begins with (--carry-in); keep it with the openings")
    if json:
        years = [
            {
                "year": link.statement.year,
                "method": link.statement.method,
                "totals": {name: str(value) for name, value in named_figures(link.statement.figures).items()},
            }
            for link in links
        ]
        shown = {"package": str(package), "bytes": size, "links": years, "carried_out": standing, "warnings": warnings}
        output.json_object("zkharvest/proof/2", shown)
        return
    output.note(f"{package}: {size:,} bytes, {len(links)} link{'s' if len(links) > 1 else ''}, ready for the auditor")
    if str(package) == "-":  # standard output carries the package itself
        output.note(f"carried out {standing}", always=True)
    else:
        output.data(f"carried out {standing}")


def _check_beginning(*, first: bool, carry_in: Path | None) -> None:
    if first and carry_in is not None:
        raise UsageError("--first and --carry-in exclude each other", "a link that carries a standing in is not first")
    if not first and carry_in is None:
        hint = "--first if nothing was proven before, or --carry-in with what last year's proof carried out (.zks)"
        raise UsageError("what do these pages go on from?", hint)


def _covered(text: str) -> date | None:
    if text == "never":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        hint = "write 2026-01-01, or never"
        raise UsageError(f'--covered-from: "{text[:40]}" is not a day of the calendar', hint) from None


def read_openings(
    paths: Sequence[Path], file: Path | None, fd: int | None, *, offer: bool = False
) -> list[tuple[str, PageOpening]]:
    """The openings of pages, each with the name of its file. Raises UsageError and InputError with what is wrong.

    `offer`: of openings that are not sealed it is said that they could be.
    """
    from zkharvest.files.page_files import read_page_opening

    shared = passphrases.Shared(file, fd)
    found: list[tuple[str, PageOpening]] = []
    for path in paths:
        opener = shared.of(path)
        with passphrases.reading(path, opener):
            found.append((str(path), read_page_opening(path, opener)))
    if offer and shared.given is None:
        passphrases.offer_to_seal(*paths)
    return found


def carried_in(path: Path | None, file: Path | None, fd: int | None) -> StandingFile | None:
    """The standing in a file that `--carry-in` names, its roots computed; None where there is none."""
    if path is None:
        return None
    from zkharvest.workflow.prove_chain import read_standing

    opener = passphrases.existing(path, file, fd)
    with passphrases.reading(path, opener):
        return read_standing(path, opener)


def _book(path: Path | None) -> Book:
    from zkharvest.files.book import EMPTY, read_book

    return read_book(path) if path is not None else EMPTY


def _signed(paths: Sequence[Path] | None) -> list[PageFile]:
    from zkharvest.workflow.signing import read_signed_pages

    return read_signed_pages(paths or ())

"""What `prove` does once its command line is read: opens the secret, makes and verifies the proof, writes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zkharvest.cli import output, passphrases, show
from zkharvest.cli.folders import openings_in
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError
from zkharvest.ledger.regimes import find_provable
from zkharvest.ledger.rules import DEFAULT_POOLING, DEFAULT_TIMEZONE, Election, Method, Pooling
from zkharvest.spec import DEFAULT_REGIME


def prove(
    opening: Sequence[Path],
    *,
    year: int,
    method: str,
    package: Path | None = None,
    pooling: str = DEFAULT_POOLING.value,
    timezone: str = DEFAULT_TIMEZONE,
    regime: str = DEFAULT_REGIME,
    nonce: str | None = None,
    audience: str | None = None,
    size: str = "balanced",
    verify: bool = True,
    check: bool = False,
    book: Path | None = None,
    first: bool = False,
    carry_in: Path | None = None,
    carry_out: Path | None = None,
    method_of: list[str] | None = None,
    covered_from: str | None = None,
    signed: list[Path] | None = None,
    passphrase_file: Path | None = None,
    passphrase_fd: int | None = None,
    none: bool = False,
    force: bool = False,
    json: bool = False,
) -> ExitCode:
    """Prove, and write the package; the parameters are the options of the command."""
    openings, book = openings_in(opening, book)
    bound = show.parse_hex(nonce, "--nonce") if nonce is not None else b""
    if audience is not None and not audience.strip():
        raise UsageError("--audience: an empty value", "leave the option out if the proof is for no one in particular")
    of_pages = {
        "--book": book, "--first": first, "--carry-in": carry_in, "--carry-out": carry_out, "--method-of": method_of,
        "--covered-from": covered_from, "--signed": signed, "--no-passphrase": none,
    }  # fmt: skip
    if are_pages(openings):
        from zkharvest.cli.proving_links import prove_links

        if package is not None:
            output.refuse_two_outputs(package, json=json)
        elif not check:
            raise UsageError("no output file is given", "give --output FILE, or --check to only check")
        return prove_links(
            openings, package=package, year=year, method=method, method_of=method_of, pooling=pooling,
            timezone=timezone, regime=regime, book=book, first=first, carry_in=carry_in, carry_out=carry_out,
            covered_from=covered_from, signed=signed, nonce=bound, audience=audience or "", size=size, verify=verify,
            check=check, passphrase_file=passphrase_file, passphrase_fd=passphrase_fd, none=none, force=force,
            json=json,
        )  # fmt: skip
    if given := next((name for name, value in of_pages.items() if value), None):
        hint = "leave it out, or give the openings of pages that page make wrote"
        raise UsageError(f"{given} is for openings of pages; {openings[0]} is none", hint)
    if len(openings) > 1:
        hint = "commit writes one opening for all sources; several are openings of pages"
        raise UsageError(f"{len(openings)} openings, and {openings[0]} is no page's", hint)
    return _prove_trades(
        openings[0], year=year, method=method, package=package, pooling=pooling, timezone=timezone, regime=regime,
        nonce=bound, audience=audience or "", size=size, verify=verify, check=check, passphrase_file=passphrase_file,
        passphrase_fd=passphrase_fd, force=force, json=json,
    )  # fmt: skip


def are_pages(openings: Sequence[Path]) -> bool:
    """Whether the first file is the opening of a page. Raises UsageError for one that cannot be read."""
    from zkharvest.files.atomic import STREAM, open_file
    from zkharvest.files.kinds import HEAD_BYTES, Kind, kind_of

    if str(openings[0]) == STREAM:
        return False
    with open_file(openings[0]) as file:
        return kind_of(file.read(HEAD_BYTES)) is Kind.PAGE_OPENING


def _prove_trades(
    opening: Path,
    *,
    year: int,
    method: str,
    package: Path | None,
    pooling: str,
    timezone: str,
    regime: str,
    nonce: bytes,
    audience: str,
    size: str,
    verify: bool,
    check: bool,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    force: bool,
    json: bool,
) -> ExitCode:
    """A proof of what `commit` committed to, by `lot-machine/v1`."""
    from zkharvest.files.atomic import ensure_writable, write_file
    from zkharvest.workflow.secrets import read_proving_opening

    find_provable(regime)  # refuse another country or an unknown zone before long work
    Election(Method(method), Pooling(pooling), timezone, year, regime)
    if package is not None:
        output.refuse_two_outputs(package, json=json)
        ensure_writable(package, force=force, inputs=[opening])
    elif not check:
        raise UsageError("no output file is given", "give --output FILE, or --check to only check")
    opener = passphrases.existing(opening, passphrase_file, passphrase_fd)
    from zkharvest.workflow import proofs
    from zkharvest.workflow import prove as proving

    first = proofs.first_run()
    with passphrases.reading(opening, opener), proofs.getting_ready(begin=not first):
        secret, sealed = read_proving_opening(opening, opener)
    if not sealed:
        passphrases.offer_to_seal(opening)
    if check:
        with output.progress("checking") as step:
            from zkharvest.workflow.check import check_constraints

            checked = check_constraints(
                secret, year=year, method=method, pooling=pooling, timezone=timezone, progress=step
            )
        if package is None or not checked.holds:
            from zkharvest.cli.checking import show_checked

            return show_checked(checked, json=json)
        output.note("every constraint holds on the raw trace")
    assert package is not None  # else it was only checked
    with output.progress("proving") as step:
        if first:
            output.note("first run on this machine: compiling the prover takes about half a minute, once")
        warnings: list[str] = []
        made = proving.prove(
            secret,
            year=year,
            method=method,
            pooling=pooling,
            timezone=timezone,
            regime=regime,
            nonce=nonce,
            audience=audience,
            preset=size,
            progress=step,
            warn=lambda text: _warn(text, warnings),
        )
        if verify:
            step("verifying")
            proving.self_check(made, secret)
    write_file(package, made, force=force)
    if json:
        shown = {"package": str(package), "bytes": len(made), "year": year, "method": method}
        shown["warnings"] = warnings
        output.json_object("zkharvest/proof/1", shown)
    else:
        output.note(f"{package}: {len(made):,} bytes, ready for the auditor")
    return ExitCode.DONE


def _warn(text: str, told: list[str]) -> None:
    told.append(text)
    output.warning(text)

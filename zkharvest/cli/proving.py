"""What `prove` does once its command line is read: finds the openings, then hands over to `proving_links`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zkharvest.cli import output, show
from zkharvest.cli.folders import openings_in
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError
from zkharvest.ledger.rules import DEFAULT_POOLING, DEFAULT_TIMEZONE
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

"""What an auditor does: verify a package under stated expectations; look into a file without believing it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from zkharvest.cli import output, show
from zkharvest.cli.options import Json, Package
from zkharvest.cli.output import ExitCode
from zkharvest.cli.process import answers
from zkharvest.errors import UsageError
from zkharvest.ledger.rules import FIRST_YEAR, LAST_YEAR, Method, Pooling
from zkharvest.verifier.text import quoted

ROOT_DIGITS = 72
INVENTORY_BYTES = 32


def verify(
    path: Package,
    commitment: Annotated[
        list[str] | None,
        typer.Option("--commitment", metavar="SOURCE=HEX", help="The source's commitment. Repeat it for each source."),
    ] = None,
    source_key: Annotated[
        list[str] | None,
        typer.Option("--source-key", metavar="SOURCE=HEX", help="The BLS key with which the source signs. Repeatable."),
    ] = None,
    signer: Annotated[str | None, typer.Option("--signer", metavar="HEX", help="The taxpayer's Ed25519 key.")] = None,
    min_bits: Annotated[float, typer.Option("--min-bits", help="Least proven soundness.")] = 128,
    year: Annotated[int | None, typer.Option("--year", "-y", min=FIRST_YEAR, max=LAST_YEAR, help="Tax year.")] = None,
    method: Annotated[Method | None, typer.Option("--method", "-m", help="Lot method.")] = None,
    pooling: Annotated[Pooling | None, typer.Option("--pooling", "-p", help="Which lots lie together.")] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="ZONE", help="The taxpayer's time zone.")
    ] = None,
    currency: Annotated[str | None, typer.Option("--currency", metavar="CODE", help="Reporting currency.")] = None,
    circuit: Annotated[
        list[str] | None, typer.Option("--circuit", metavar="ID", help="Acceptable circuit. Repeatable; default: all.")
    ] = None,
    carried_in: Annotated[
        str | None,
        typer.Option("--carried-in", metavar="HEX", help="Inventory carried in: what last year's package carried out."),
    ] = None,
    nonce: Annotated[str | None, typer.Option("--nonce", metavar="HEX", help="The nonce you gave.")] = None,
    audience: Annotated[str | None, typer.Option("--audience", metavar="TEXT", help="For whom it was made.")] = None,
    others: Annotated[
        bool,
        typer.Option("--allow-other-sources", help="Accept sources besides those with --commitment, --source-key."),
    ] = False,
    json: Json = False,
) -> ExitCode:
    """Verify a package: exit code 0 if and only if it is verified under all that is expected here.

    Say whose trades they must be, by --commitment, --source-key or --signer; without any of these even a good proof is
    undecided, and so is one with sources that they do not cover. Needs no trades and no network.
    """
    from zkharvest.files.atomic import read_file
    from zkharvest.files.kinds import told_apart
    from zkharvest.files.packages import READ_AT_MOST
    from zkharvest.workflow.verify import verify as verify_package

    answers()
    _check_given(
        signer=signer, carried_in=carried_in, nonce=nonce, audience=audience, timezone=timezone, currency=currency
    )
    for name in circuit or []:
        _check_given(circuit=name)
    if not 0 <= min_bits < math.inf:  # also refuses nan
        raise UsageError(f"--min-bits: {min_bits} is not a number of bits", "give a number such as 128")
    keys = _pairs(source_key, "--source-key")
    expectations: dict[str, Any] = {
        "commitments": {s: parse_root(v, f"--commitment {s}") for s, v in _pairs(commitment, "--commitment").items()},
        "source_keys": _keys(keys) if keys else None,
        "signer": _signer(signer) if signer is not None else None,
        "min_bits": min_bits,
        "circuits": tuple(circuit) if circuit else None,
        "carried_in": _inventory(carried_in) if carried_in is not None else None,
        "year": year,
        "method": method.value if method else None,
        "pooling": pooling.value if pooling else None,
        "timezone": timezone,
        "currency": currency,
        "nonce": show.parse_hex(nonce, "--nonce") if nonce is not None else None,
        "audience": audience,
        "allow_other_sources": others,
    }
    data = read_file(path, at_most=READ_AT_MOST)
    with output.progress("verifying") as step:
        verdict = verify_package(data, **expectations, progress=step)
    if json:
        shown = verdict.to_json()
        output.json_object(shown.pop("schema"), shown)
    elif verdict.reason == "package/magic":
        raise UsageError(f"{path}: {verdict.detail}", told_apart(data, "is this a .zkh file?"))
    else:
        show.verdict(str(path), verdict, expectations)
    return show.exit_code(verdict)


def inspect(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Package, opening or key file.")], json: Json = False
) -> ExitCode:
    """Say what a file is and what it claims. Never verifies, and shows no secrets."""
    from zkharvest.workflow.inspect import describe

    shown = describe(path)
    if json:
        output.json_object(f"zkharvest/inspect-{shown['kind']}/1", shown)
    elif shown["kind"] == "package":
        show.package(str(path), shown)
    else:
        output.data(f"{path}: {shown.pop('kind').replace('-', ' ')}")
        output.fields(show.file_fields(shown))
    return ExitCode.DONE


def _check_given(**options: str | None) -> None:
    """Refuse an option whose value is nothing: an unset variable of a script must not turn an expectation off."""
    for name, value in options.items():
        if value is not None and not value.strip():
            raise UsageError(f"--{name.replace('_', '-')}: an empty value", "leave the option out to expect nothing")


def _pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    """SOURCE=HEX options as a map. The last `=` separates, as ids may hold one."""
    found: dict[str, str] = {}
    for text in texts or []:
        source, sign, value = text.rpartition("=")
        if not sign or not source:
            raise UsageError(f"{option}: {quoted(text)} is not SOURCE=HEX", "as zkharvest commit prints it")
        if found.setdefault(source, value) != value:
            raise UsageError(f"{option}: two values for {quoted(source)}", "give each source once")
    return found


def _inventory(text: str) -> bytes:
    name = show.parse_hex(text, "--carried-in")
    if len(name) != INVENTORY_BYTES:
        raise UsageError(
            f"--carried-in: {len(text)} digits, an inventory's name has {2 * INVENTORY_BYTES}",
            'as zkharvest verify prints it for last year\'s package, under "Carried out"',
        )
    return name


def parse_root(text: str, option: str) -> bytes:
    """A commitment written in hex; `option` is for the error."""
    root = show.parse_hex(text, option)
    if 2 * len(root) != ROOT_DIGITS:
        raise UsageError(
            f"{option}: {len(text)} digits, a commitment has {ROOT_DIGITS}", "as zkharvest commit prints it"
        )
    return root


def _keys(pairs: dict[str, str]) -> dict[str, bytes]:
    from zkharvest.sign.keyfiles import parse_public_key
    from zkharvest.sign.keys import Scheme

    return {source: parse_public_key(text, Scheme.BLS) for source, text in pairs.items()}


def _signer(text: str) -> bytes:
    from zkharvest.sign.keyfiles import parse_public_key
    from zkharvest.sign.keys import Scheme

    return parse_public_key(text, Scheme.ED25519)

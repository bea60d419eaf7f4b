"""What an auditor does: verify a package under stated expectations; look into a file without believing it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zkharvest.cli import output, show
from zkharvest.cli.options import Json, Package
from zkharvest.cli.output import ExitCode
from zkharvest.ledger.rules import Method, Pooling
from zkharvest.spec import FIRST_YEAR, LAST_YEAR


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
    min_bits: Annotated[
        float | None, typer.Option("--min-bits", metavar="BITS", help="Least proven soundness; default: 128.")
    ] = None,
    year: Annotated[int | None, typer.Option("--year", "-y", min=FIRST_YEAR, max=LAST_YEAR, help="Tax year.")] = None,
    method: Annotated[Method | None, typer.Option("--method", "-m", help="Lot method.")] = None,
    pooling: Annotated[Pooling | None, typer.Option("--pooling", "-p", help="How lots are pooled.")] = None,
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
    policy: Annotated[
        Path | None,
        typer.Option("--policy", metavar="FILE", help="A policy file; options here add to it or replace its parts."),
    ] = None,
    others: Annotated[
        bool,
        typer.Option("--allow-other-sources", help="Accept sources besides those with --commitment, --source-key."),
    ] = False,
    json: Json = False,
) -> ExitCode:
    """Verify a package: exit code 0 if and only if it is verified under all that is expected here.

    Say whose trades they must be, by --commitment or --source-key for each source: without these even a good proof is
    undecided, whoever signed it, and so is one with sources that they do not cover. Needs no trades and no network.
    """
    from zkharvest.cli import verifying

    return verifying.verify(
        path,
        commitment=commitment,
        source_key=source_key,
        signer=signer,
        min_bits=min_bits,
        year=year,
        method=method.value if method else None,
        pooling=pooling.value if pooling else None,
        timezone=timezone,
        currency=currency,
        circuit=circuit,
        carried_in=carried_in,
        nonce=nonce,
        audience=audience,
        policy=policy,
        others=others,
        json=json,
    )


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

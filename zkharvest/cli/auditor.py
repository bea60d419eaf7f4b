"""What an auditor does: verify a package under stated expectations; look into a file without believing it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zkharvest.cli import output, show
from zkharvest.cli.options import Json, Packages
from zkharvest.cli.output import ExitCode
from zkharvest.ledger.rules import Method, Pooling
from zkharvest.spec import FIRST_YEAR, LAST_YEAR


def verify(
    path: Packages,
    source_key: Annotated[
        list[str] | None,
        typer.Option("--source-key", metavar="SOURCE=HEX", help="The key with which the source signs. Repeatable."),
    ] = None,
    page: Annotated[
        list[str] | None,
        typer.Option("--page", metavar="SOURCE=HEX", help="The id of the account's newest page. Repeatable."),
    ] = None,
    account: Annotated[
        list[str] | None,
        typer.Option("--account", metavar="SOURCE=NAME", help="The taxpayer's account at a source. Repeatable."),
    ] = None,
    first: Annotated[bool, typer.Option("--first", help="Nothing came before the first package.")] = False,
    standing: Annotated[
        str | None,
        typer.Option("--standing", metavar="HEX", help="What the year before carried out, from its verdict."),
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
    nonce: Annotated[str | None, typer.Option("--nonce", metavar="HEX", help="The nonce you gave.")] = None,
    audience: Annotated[str | None, typer.Option("--audience", metavar="TEXT", help="For whom it was made.")] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy",
            metavar="FILE",
            help="A policy file; options replace its single values, and add to what it says of sources.",
        ),
    ] = None,
    others: Annotated[
        bool,
        typer.Option("--allow-other-sources", help="Accept sources of which nothing is expected."),
    ] = False,
    max_declared: Annotated[
        int | None, typer.Option("--max-declared", metavar="N", min=0, help="Most values that the taxpayer declares.")
    ] = None,
    max_unexplained: Annotated[
        int | None, typer.Option("--max-unexplained", metavar="N", min=0, help="Most deposits that nobody explains.")
    ] = None,
    max_gone: Annotated[
        int | None, typer.Option("--max-gone", metavar="N", min=0, help="Most withdrawals that nobody received.")
    ] = None,
    max_by_window: Annotated[
        int | None,
        typer.Option("--max-by-window", metavar="N", min=0, help="Most moves matched by amount and time alone."),
    ] = None,
    max_in_transit: Annotated[
        int | None, typer.Option("--max-in-transit", metavar="N", min=0, help="Most moves that have not arrived.")
    ] = None,
    need_refs: Annotated[
        bool, typer.Option("--need-refs", help="Every move must be matched by a common reference.")
    ] = False,
    json: Json = False,
) -> ExitCode:
    """Verify packages: exit code 0 if and only if they are verified under all that is expected here.

    Say whose trades they must be, by --page, or --source-key with --account, for each source: without these even a
    good proof is undecided, whoever signed it, and so is one with sources that they do not cover. Say what came before,
    by --first, or --standing as the year before carried it out. Give the packages in the order of their years. Needs
    no trades and no network.
    """
    from zkharvest.cli import verifying

    return verifying.verify(
        path,
        source_key=source_key,
        signer=signer,
        min_bits=min_bits,
        year=year,
        method=method.value if method else None,
        pooling=pooling.value if pooling else None,
        timezone=timezone,
        currency=currency,
        circuit=circuit,
        nonce=nonce,
        audience=audience,
        policy=policy,
        others=others,
        page=page,
        account=account,
        first=first,
        standing=standing,
        max_declared=max_declared,
        max_unexplained=max_unexplained,
        max_gone=max_gone,
        max_by_window=max_by_window,
        max_in_transit=max_in_transit,
        need_refs=need_refs,
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
        from zkharvest.cli.verifying_chain import show_package

        show_package(str(path), shown)
    else:
        output.data(f"{path}: {shown.pop('kind').replace('-', ' ')}")
        output.fields(show.file_fields(shown))
    return ExitCode.DONE

"""Every command and its group, as typer reads them; commands import what they need when they run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Annotated, Any

import typer

from zkharvest.cli import (
    auditor,
    batch,
    committing,
    desk,
    developer,
    harvest,
    histories,
    output,
    pages,
    scheduled,
    secret,
    signers,
    taxpayer,
    trades,
    venue,
    whatif,
)
from zkharvest.cli.help import AUDITOR, DEVELOPER, TAXPAYER, VENUE, Group
from zkharvest.cli.output import ExitCode
from zkharvest.files.leftovers import Notice

app = typer.Typer(
    name="zkharvest",
    cls=Group,
    help="Prove a tax figure without handing over the trades.",
    epilog="Exit codes: 0 done or verified, 1 rejected or wrong input, 2 usage or unreadable file, 3 undecided, "
    "101 internal error, 130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
taxpayer.ledger.command("what-if")(whatif.what_if)
taxpayer.ledger.command("diff")(whatif.diff)
taxpayer.ledger.command("explain")(whatif.explain)
app.add_typer(trades.trades, name="trades", rich_help_panel=TAXPAYER)
app.add_typer(taxpayer.ledger, name="ledger", rich_help_panel=TAXPAYER)
app.command("explain", rich_help_panel=TAXPAYER)(histories.explain)
app.add_typer(harvest.harvest, name="harvest", rich_help_panel=TAXPAYER)
desk.report.command("scheduled")(scheduled.scheduled)
desk.report.command("schedule3")(pages.schedule3)
desk.report.command("sa108")(pages.sa108)
desk.report.command("page")(pages.page)
app.add_typer(desk.report, name="report", rich_help_panel=TAXPAYER)
app.add_typer(batch.batch, name="batch", rich_help_panel=TAXPAYER)
app.command("commit", rich_help_panel=TAXPAYER)(committing.commit)
app.command("prove", rich_help_panel=TAXPAYER)(taxpayer.prove)
app.command("keygen", rich_help_panel=TAXPAYER)(signers.keygen)
app.command("attest", rich_help_panel=TAXPAYER)(signers.attest)
app.add_typer(secret.secret, name="secret", rich_help_panel=TAXPAYER)
app.add_typer(venue.page, name="page", rich_help_panel=VENUE)
app.command("verify", rich_help_panel=AUDITOR)(auditor.verify)
app.command("inspect", rich_help_panel=AUDITOR)(auditor.inspect)
app.add_typer(developer.circuits, name="circuits", rich_help_panel=DEVELOPER)
app.command("vectors", rich_help_panel=DEVELOPER)(developer.vectors)


def _version(wanted: bool) -> None:
    if wanted:
        from zkharvest import __version__

        output.data(f"zkharvest {__version__}")
        raise typer.Exit


@app.callback()
def _settings(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes.")] = False,
    color: Annotated[str, typer.Option("--color", metavar="auto|always|never", help="Colours.")] = "auto",
    version: Annotated[  # noqa: ARG001  (its callback does the work)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    if color not in ("auto", "always", "never"):
        raise typer.BadParameter(f'"{color}" is not one of auto, always, never', param_hint="--color")
    output.configure(quiet=quiet, color=color)
    Notice.say = output.note


@cache
def _tree() -> Callable[..., Any]:
    """All commands with their options, made once: it takes a quarter of a second, which `main` called again saves."""
    return typer.main.get_command(app)


def run(arguments: Sequence[str]) -> int:
    """Let typer read a command line and run its command; returns the exit code."""
    try:
        result = _tree()(args=list(arguments), prog_name="zkharvest", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    if result == ExitCode.INTERRUPTED:  # typer's answer to Ctrl-C
        raise KeyboardInterrupt
    return int(result) if isinstance(result, int) else ExitCode.DONE

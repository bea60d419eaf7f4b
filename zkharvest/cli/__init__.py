"""The command line: `zkharvest COMMAND`. Start-up imports no library but typer; commands import what they need."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from zkharvest.cli import (
    auditor,
    batch,
    desk,
    developer,
    harvest,
    output,
    pages,
    secret,
    signers,
    taxpayer,
    trades,
    whatif,
)
from zkharvest.cli.help import AUDITOR, DEVELOPER, TAXPAYER, Group
from zkharvest.cli.options import current_names
from zkharvest.cli.output import ExitCode
from zkharvest.cli.process import Process, process
from zkharvest.errors import InputError, UsageError, ZkharvestError
from zkharvest.extras import missing
from zkharvest.files.leftovers import Notice

_SURROUNDINGS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO),
    *(errno.EMFILE, errno.ENFILE, errno.EACCES, errno.EPERM),
}

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
app.add_typer(harvest.harvest, name="harvest", rich_help_panel=TAXPAYER)
desk.report.command("schedule3")(pages.schedule3)
desk.report.command("page")(pages.page)
app.add_typer(desk.report, name="report", rich_help_panel=TAXPAYER)
app.add_typer(batch.batch, name="batch", rich_help_panel=TAXPAYER)
app.command("commit", rich_help_panel=TAXPAYER)(taxpayer.commit)
app.command("prove", rich_help_panel=TAXPAYER)(taxpayer.prove)
app.command("keygen", rich_help_panel=TAXPAYER)(signers.keygen)
app.command("attest", rich_help_panel=TAXPAYER)(signers.attest)
app.add_typer(secret.secret, name="secret", rich_help_panel=TAXPAYER)
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
        raise typer.BadParameter(f'"{color}" is none of auto, always, never', param_hint="--color")
    output.configure(quiet=quiet, color=color)
    Notice.say = output.note


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (by default the process's own) and return its exit code; see `ExitCode`."""
    try:
        with process() as run:
            return run.finish(_run(arguments, run))
    except KeyboardInterrupt:  # between two of the steps above
        return ExitCode.INTERRUPTED


def _run(arguments: Sequence[str] | None, run: Process) -> int:
    try:
        given = current_names(sys.argv[1:] if arguments is None else arguments)
        result = app(args=given, prog_name="zkharvest", standalone_mode=False)
        if result == ExitCode.INTERRUPTED:  # typer's answer to Ctrl-C
            raise KeyboardInterrupt
        return int(result) if isinstance(result, int) else ExitCode.DONE
    except (InputError, UsageError) as error:
        return output.failure(error)
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except SystemExit as error:  # of completion scripts
        return error.code if isinstance(error.code, int) else ExitCode.DONE
    except MemoryError:
        output.error("not enough memory", "close other programs, or use a machine with more")
        return ExitCode.USAGE
    except Exception as error:  # noqa: BLE001  (the last resort)
        if run.interrupted:  # a library made another exception of the interrupt
            return _interrupted()
        if isinstance(error, ModuleNotFoundError) and (problem := missing(error)) is not None:
            return output.failure(problem)
        if isinstance(error, OSError) and error.errno in _SURROUNDINGS:
            return _surroundings(error)
        return _usage(error) if hasattr(error, "format_message") else _internal(error)


def _interrupted() -> ExitCode:
    output.error("interrupted")
    return ExitCode.INTERRUPTED


def _surroundings(error: OSError) -> ExitCode:
    """Something that the machine refused, such as space on a disk: not a bug."""
    where = f"{error.filename}: " if error.filename else ""
    hint = "free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "see to it and run the command again"
    output.error(f"{where}{error.strerror}", hint)
    return ExitCode.USAGE


def _usage(error: Exception) -> ExitCode:
    """Wrong options, as typer found them (its exceptions have no public names)."""
    context = getattr(error, "ctx", None)
    text = str(error.format_message()).replace("Value error, ", "")  # type: ignore[attr-defined]
    if context is not None and type(error).__name__ == "NoArgsIsHelpError":
        output.document(text)
        return ExitCode.USAGE
    command = context.command_path if context is not None else "zkharvest"
    line = " ".join(text.split())
    output.error(line[:1].lower() + line[1:].rstrip("."), f"{command} --help shows the options")
    return ExitCode.USAGE


def _internal(error: Exception) -> ExitCode:
    """A bug. What a library's exception says may hold amounts, so only its type and place are shown."""
    if os.environ.get("ZKHARVEST_TRACEBACK"):
        traceback.print_exception(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(frame.filename)}:{frame.lineno}"  # noqa: PTH119  (no pathlib for one name)
    hint = "this is a bug; ZKHARVEST_TRACEBACK=1 shows all of it (which may hold private data)"
    what = str(error) if isinstance(error, ZkharvestError) else type(error).__name__
    output.error(f"internal error: {what} in {where}", hint)
    return ExitCode.INTERNAL

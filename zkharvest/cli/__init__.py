"""The command line: `zkharvest COMMAND`. Start-up imports no library; commands import what they need.

`verify` and `prove`, which people wait for, are read by `straight` where the command line is a plain one; every other
command line, and every wrong one, is typer's (`commands`).
"""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
from collections.abc import Sequence

from zkharvest.cli import output, straight
from zkharvest.cli.output import ExitCode
from zkharvest.cli.process import Process, process
from zkharvest.errors import InputError, UsageError, ZkharvestError

_SURROUNDINGS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO),
    *(errno.EMFILE, errno.ENFILE, errno.EACCES, errno.EPERM),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (by default the process's own) and return its exit code; see `ExitCode`."""
    try:
        with process() as run:
            return run.finish(_run(arguments, run))
    except KeyboardInterrupt:  # between two of the steps above
        return ExitCode.INTERRUPTED
    finally:
        output.configure(quiet=False, color="auto")  # what this command line asked for ends with it


def _run(arguments: Sequence[str] | None, run: Process) -> int:
    try:
        given = straight.current_names(sys.argv[1:] if arguments is None else arguments)
        plain = straight.command(given)
        return plain() if plain is not None else _typed(given)
    except (InputError, UsageError) as error:
        if run.interrupted:  # a callback of C swallowed the interrupt, and what follows is not what went wrong
            return _interrupted(run)
        return output.failure(error)
    except KeyboardInterrupt:
        return _interrupted(run)
    except SystemExit as error:  # of completion scripts
        return error.code if isinstance(error.code, int) else ExitCode.DONE
    except MemoryError:
        output.error("not enough memory", "close other programs, or use a machine with more")
        return ExitCode.USAGE
    except Exception as error:  # noqa: BLE001  (the last resort)
        if run.interrupted:  # a library made another exception of the interrupt
            return _interrupted(run)
        if isinstance(error, ModuleNotFoundError):
            from zkharvest.extras import missing

            if (problem := missing(error)) is not None:
                return output.failure(problem)
        if isinstance(error, OSError) and error.errno in _SURROUNDINGS:
            return _surroundings(error)
        return _usage(error) if hasattr(error, "format_message") else _internal(error)


def _typed(given: Sequence[str]) -> int:
    from zkharvest.cli import commands

    return commands.run(given)


def _interrupted(run: Process) -> ExitCode:
    by = "" if run.interrupted in (0, signal.SIGINT) else f" by {signal.Signals(run.interrupted).name}"
    output.error(f"interrupted{by}")
    return ExitCode.INTERRUPTED


def _surroundings(error: OSError) -> ExitCode:
    """Something that the machine refused, such as space on a disk: not a bug."""
    where = f"{error.filename}: " if error.filename else ""
    hint = "free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "fix that and run the command again"
    output.error(f"{where}{error.strerror}", hint)
    return ExitCode.USAGE


_ONLY_US = (
    "ledger explain", "ledger what-if", "ledger diff", "report form8949", "report income", "report txf",
    "report reconcile", "report scheduled", "report page",
)  # fmt: skip
"""Commands without `--regime`, of which somebody in another country is told what there is for it."""


_WORDS = (
    (r"Value error, ", ""),
    (r"Input should be a valid integer\b.*", "not a whole number"),
    (r"Input should be a valid number\b.*", "not a number"),
    (r"Input should be greater than or equal to", "must be at least"),
    (r"Input should be less than or equal to", "must be at most"),
    (r"does not match the formats '%Y-%m-%d'", "is not a date as YYYY-MM-DD"),
)
"""What typer says of a value, and the same for a person."""


def _usage(error: Exception) -> ExitCode:
    """Wrong options, as typer found them (its exceptions have no public names)."""
    context = getattr(error, "ctx", None)
    text = str(error.format_message())  # type: ignore[attr-defined]
    for said, word in _WORDS:
        text = re.sub(said, word, text)
    if context is not None and type(error).__name__ == "NoArgsIsHelpError":
        output.document(text)
        return ExitCode.USAGE
    command = context.command_path if context is not None else "zkharvest"
    line = " ".join(text.split())
    if getattr(error, "option_name", "") == "--regime" and command.endswith(_ONLY_US):
        hint = "other countries: zkharvest ledger report --regime, report schedule3 (Canada), report sa108 (UK)"
        output.error(f"no such option: --regime; {command} knows the rules of the United States alone", hint)
        return ExitCode.USAGE
    output.error(line[:1].lower() + line[1:].rstrip("."), f"{command} --help shows the options")
    return ExitCode.USAGE


def _internal(error: Exception) -> ExitCode:
    """A bug. What a library's exception says may hold amounts, so only its type and place are shown."""
    import traceback

    if os.environ.get("ZKHARVEST_TRACEBACK"):
        traceback.print_exception(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(frame.filename)}:{frame.lineno}"  # noqa: PTH119  (no pathlib for one name)
    hint = "this is a bug; ZKHARVEST_TRACEBACK=1 shows all of it (which may hold private data)"
    what = str(error) if isinstance(error, ZkharvestError) else type(error).__name__
    output.error(f"internal error: {what} in {where}", hint)
    return ExitCode.INTERNAL

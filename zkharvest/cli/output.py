r"""The only place that prints. The rules of the interface:

* data goes to standard output, everything else to standard error;
* what is printed is visible: of any text that is not a colour of ours, characters that are not printable (control and
  escape sequences, marks that turn the direction of the line) are shown as \x1b and the like, whoever wrote them;
* messages are lower case without a full stop: `zkharvest: error: FILE:LINE:COLUMN: what`, then `zkharvest: hint: how`;
* `--json` prints exactly one object in ASCII, with a `schema`; integers beyond 2^53 are decimal strings;
* colour and progress only on a terminal, and never under NO_COLOR, TERM=dumb or `--color never`;
  elsewhere a step that takes over two seconds is announced by one plain line;
* nothing ever asks: what is missing is an error with a hint;
* exit codes are promises (`ExitCode`); after a package's magic bytes any malformation is REJECTED, so that nobody can
  turn "forged" into "could not be checked".
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import IO, Any, Protocol

from zkharvest.errors import InputError, Problem, UsageError, grouped

_EXACT_INTEGERS = 1 << 53  # what every JSON reader holds exactly
_ANNOUNCE_AFTER = 2.0  # seconds
_DRAW_AFTER = 0.5  # seconds


class ExitCode(IntEnum):
    """What the process ends with; documented, tested, constant."""

    DONE = 0  # done, or verified under the stated policy
    REJECTED = 1  # checked and rejected; input that is wrong
    USAGE = 2  # wrong options, an unreadable file, not one of our files
    UNDECIDED = 3  # unknown circuit, newer format, or no expectation to check against
    INTERNAL = 101  # a bug
    INTERRUPTED = 130  # Ctrl-C, SIGTERM, SIGHUP


class _Settings:
    quiet = False
    color = "auto"


def configure(*, quiet: bool, color: str) -> None:
    """Set what `--quiet` and `--color` ask for."""
    _Settings.quiet = quiet
    _Settings.color = color


def color_on(stream: IO[str]) -> bool:
    """Whether a stream is to get colours."""
    if _Settings.color != "auto":
        return _Settings.color == "always"
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not plain and stream.isatty()


class Painted(str):
    """Text that is printed as it is. Put into another text it is text like any other."""

    __slots__ = ()


def paint(text: str, style: str, stream: IO[str] | None = None) -> Painted:
    """The text, visible, in bold, red, green or yellow where colours are on."""
    codes = {"bold": "1", "red": "1;31", "green": "1;32", "yellow": "1;33"}
    shown = visible(text)
    return Painted(f"\x1b[{codes[style]}m{shown}\x1b[0m" if color_on(stream or sys.stdout) else shown)


def visible(text: str) -> str:
    """The text with every character that is not printable as an escape: what it says, not what it does."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _write(stream: IO[str], line: str) -> None:
    """A line; what the stream's encoding does not have as an escape."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(f"{line.encode(encoding, 'backslashreplace').decode(encoding)}\n")


# Data


def data(*parts: str) -> None:
    """Print a line of a result; painted parts as they are, all others visible."""
    _write(sys.stdout, "".join(part if isinstance(part, Painted) else visible(part) for part in parts))


def document(text: str) -> None:
    """Print a result of several lines."""
    for line in text.removesuffix("\n").split("\n"):
        data(line)


def refuse_two_outputs(path: str | Path, *, json: bool) -> None:
    """Raise UsageError if both a file and the object of `--json` are to go to standard output."""
    if json and str(path) == "-":
        raise UsageError("-o - and --json both want standard output", "write to a file, or leave --json out")


def json_object(schema: str, fields: Mapping[str, Any]) -> None:
    """Print the one object of `--json`; `schema` is e.g. `zkharvest/verdict/1`."""
    shown = json.dumps({"schema": schema, **_exact(fields)}, indent=2)
    _write(sys.stdout, shown.replace("\x7f", "\\u007f"))  # the one control character that json leaves as it is


def _exact(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _exact(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_exact(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _EXACT_INTEGERS:
        return str(value)
    return value


def fields(rows: Sequence[tuple[str, str | Sequence[str]]], indent: str = "  ") -> None:
    """Print labels and texts, aligned; a text of several lines is a list of them, and stays in its column."""
    width = max((len(label) for label, _ in rows), default=0)
    for label, text in rows:
        first, *more = [text] if isinstance(text, str) else text or [""]
        data(f"{indent}{label:<{width}}  {first}".rstrip())
        for line in more:
            data(f"{indent}{'':<{width}}  {line}".rstrip())


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print a table in aligned columns; those numbered in `right` are aligned to the right."""
    shown = [[visible(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in shown) for i in range(len(head))]
    for number, row in enumerate(shown):
        cells = [f"{c:>{w}}" if i in right else f"{c:<{w}}" for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        line = "  ".join(cells).rstrip()
        data(paint(line, "bold") if number == 0 else line)


# Messages


def note(text: str, *, always: bool = False) -> None:
    """Say something that is not data; `--quiet` silences it unless it must `always` be said."""
    if always or not _Settings.quiet:
        _say(text)


def warning(text: str, hint: str = "") -> None:
    """Say what should not be missed."""
    _say(f": {text}", hint, paint("warning", "yellow", sys.stderr))


def error(text: str, hint: str = "") -> None:
    """Say what went wrong, and how to mend it."""
    _say(f": {text}", hint, paint("error", "red", sys.stderr))


def failure(problem: InputError | UsageError) -> ExitCode:
    """Print an error with everything it holds; returns the exit code that belongs to it."""
    if isinstance(problem, InputError):
        for one, more in grouped(problem.problems):
            _problem(one)
            if more:
                error(f"... and {more:,} more like it")
    else:
        error(str(problem).partition("\nhint: ")[0], problem.hint)
    return ExitCode(problem.exit_code)


def _problem(problem: Problem) -> None:
    error(f"{problem.where}: {problem.message}" if problem.where else problem.message, problem.hint)


def _say(text: str, hint: str = "", head: Painted | None = None) -> None:
    sys.stdout.flush()
    _write(sys.stderr, f"zkharvest: {head or ''}{visible(text)}")
    if hint:
        _write(sys.stderr, f"zkharvest: hint: {visible(hint)}")
    sys.stderr.flush()


# Progress


class Step(Protocol):
    """Announces the step that begins now."""

    def __call__(self, text: str, /) -> None: ...


@contextmanager
def progress(title: str) -> Iterator[Step]:
    """Show on standard error the steps of long work.

    with progress("proving") as step:
        step("folding")
    """
    if _Settings.quiet:
        yield lambda _text: None
    elif sys.stderr.isatty() and color_on(sys.stderr):
        with _bar(title) as step:
            yield step
    else:
        with _lines(title) as step:
            yield step


@contextmanager
def _bar(title: str) -> Iterator[Step]:
    """A moving line on a terminal, for work that lasts: drawing it takes a library that loads as long as verifying."""
    lock = threading.Lock()
    shown, bar, task, over = title, None, None, False

    def begin() -> None:
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        nonlocal bar, task
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with lock:
            if not over:
                bar = Progress(*columns, console=Console(stderr=True), transient=True)
                task = bar.add_task(shown)
                bar.start()

    def step(text: str) -> None:
        nonlocal shown
        with lock:
            shown = visible(f"{title}: {text}")
            if bar is not None and task is not None:
                bar.update(task, description=shown)

    timer = threading.Timer(_DRAW_AFTER, begin)
    timer.daemon = True
    timer.start()
    try:
        yield step
    finally:
        timer.cancel()
        with lock:
            over = True
            if bar is not None:
                bar.stop()


@contextmanager
def _lines(title: str) -> Iterator[Step]:
    timer: threading.Timer | None = None

    def announce(text: str) -> None:
        nonlocal timer
        if timer is not None:
            timer.cancel()
        timer = threading.Timer(_ANNOUNCE_AFTER, _say, [f"{text} ..."])
        timer.daemon = True
        timer.start()

    announce(title)
    try:
        yield lambda text: announce(f"{title}: {text}")
    finally:
        if timer is not None:
            timer.cancel()

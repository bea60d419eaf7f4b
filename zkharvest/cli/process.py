"""What the process owes its caller whatever happens around it: an exit code that is right, and no traceback.

* Standard streams may be closed, full, or read by somebody who goes away. What cannot be printed is dropped, and the
  command goes on: its files are written and its verdict stands. A reader that goes away (`| head -1`) and a stream
  that was closed from the start are the caller's choice and change nothing. A stream that fails (a full disk) is an
  error; it turns "done" into exit code 2 unless the exit code itself is the answer (`answers`), as that of `verify`.
* Ctrl-C, SIGTERM and a terminal that is closed (SIGHUP) end with 130 at any moment: the first raises
  KeyboardInterrupt, so that temporary files are removed and processes ended, and a second leaves at once.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from zkharvest.cli.output import ExitCode, error

_CHOSEN = {errno.EPIPE, errno.EBADF, errno.ESHUTDOWN}
"""What failing to write means that the caller wanted it so."""


class Guarded:
    """A text stream whose failures are noted (`lost`) instead of raised; all else is the stream's own."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        """Write, or drop what cannot be written."""
        if self.lost is None:
            try:
                return self._stream.write(text)
            except UnicodeError:
                raise
            except (OSError, ValueError) as failed:  # ValueError: the stream was closed
                self._lose(failed)
        return len(text)

    def flush(self) -> None:
        """Flush, or note that it cannot be done."""
        if self.lost is None:
            try:
                self._stream.flush()
            except (OSError, ValueError) as failed:
                self._lose(failed)

    def _lose(self, failed: OSError | ValueError) -> None:
        self.lost = failed if isinstance(failed, OSError) else OSError(errno.EBADF, os.strerror(errno.EBADF))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Process:
    """The state of one run: its streams, whether its exit code is an answer, and by which signal it was interrupted."""

    def __init__(self, out: Guarded, err: Guarded) -> None:
        self.out, self.err = out, err
        self.interrupted = 0

    def finish(self, code: int) -> int:
        """The exit code after all is printed; what is left in the buffer of a lost stream is thrown away."""
        self.out.flush()
        lost = self.out.lost
        if lost is not None and lost.errno not in _CHOSEN:
            error(
                f"standard output: {lost.strerror or 'cannot be written'}; what was printed is incomplete",
                "free some space and run the command again",
            )
            if code == ExitCode.DONE and not _Answer.given:
                code = ExitCode.USAGE
        self.err.flush()
        for stream, number in ((self.out, 1), (self.err, 2)):
            if stream.lost is not None:
                _discard(stream, number)
        return code


class _Answer:
    given = False


def answers() -> None:
    """Say that this command's exit code is its answer: it stands even where nothing can be printed."""
    _Answer.given = True


@contextmanager
def process() -> Iterator[Process]:
    """Run a command with guarded streams and an orderly answer to Ctrl-C; everything is put back afterwards."""
    _open_standard_streams()
    before = sys.stdout, sys.stderr
    out, err = Guarded(sys.stdout), Guarded(sys.stderr)
    run = Process(out, err)
    _Answer.given = False
    sys.stdout, sys.stderr = out, err
    hook = sys.unraisablehook

    def unraisable(problem: Any) -> None:  # an interrupt within a callback of C: the process ends all the same
        if not run.interrupted:
            hook(problem)

    sys.unraisablehook = unraisable
    try:
        with _interrupts(run):
            yield run
    finally:
        sys.stdout, sys.stderr = before
        sys.unraisablehook = hook


@contextmanager
def _interrupts(run: Process) -> Iterator[None]:
    def leave(*_: object) -> None:
        os._exit(ExitCode.INTERRUPTED)

    def first(number: int, _frame: object) -> None:
        run.interrupted = number
        for each in before:
            signal.signal(each, leave)
        raise KeyboardInterrupt

    before: dict[Any, Any] = {}
    if threading.current_thread() is threading.main_thread():  # another thread's work is not for it to interrupt
        # What is ignored (a background job, nohup) stays so, and so do handlers of the caller's but for Ctrl-C.
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            handler = None if number is None else signal.getsignal(number)
            if handler == signal.SIG_DFL or (name == "SIGINT" and callable(handler)):
                before[number] = handler
    for each in before:
        signal.signal(each, first)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _open_standard_streams() -> None:
    """Give closed standard streams the null device: otherwise the next file opened would take their number, and what
    a library prints would go into it.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  (lives as long as we do)
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def _discard(stream: Guarded, number: int) -> None:
    """Send what a broken stream still holds to the null device: the interpreter flushes it at exit."""
    with suppress(OSError, ValueError):
        if stream.fileno() == number:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, number)
            os.close(null)

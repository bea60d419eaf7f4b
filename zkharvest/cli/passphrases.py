"""Passphrases of secrets: from a terminal, a file or a file descriptor, never from an option or the environment.

Other users of the machine see a command's options and, often, its environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zkharvest.cli import output
from zkharvest.errors import UsageError

LONGEST = 4096  # bytes that are read
SHORT = 12  # characters: below, a warning


class Asked:
    """Asks for the passphrase of a file on the terminal, when it is needed; another attempt is allowed."""

    asks = True

    def __init__(self, name: object) -> None:
        self._name = name

    def __call__(self) -> str:
        return _prompt(f"passphrase of {self._name}: ")


class _AskedOnce(Asked):
    """Asks like `Asked`, but tries first what opened, or was meant to open, the file before."""

    def __init__(self, name: object, shared: Shared) -> None:
        super().__init__(name)
        self._shared, self._tried = shared, False

    def __call__(self) -> str:
        if self._shared.given is None or self._tried:
            self._shared.given = super().__call__()
        self._tried = True
        return self._shared.given


class Shared:
    """The passphrase of several files: what the options give, else asked for once, and anew for one of another.

    `given` is the passphrase, None as long as there was no need of one.
    """

    def __init__(self, file: Path | None, fd: int | None) -> None:
        self.given = _given(file, fd, "--passphrase")
        self._fixed = self.given

    def of(self, name: object) -> str | Asked | None:
        """What opens the file of that name, as `existing`."""
        if self._fixed is not None:
            return self._fixed
        return _AskedOnce(name, self) if _terminal() else None


def existing(name: object, file: Path | None, fd: int | None) -> str | Asked | None:
    """What opens a sealed file: what the options give, else a question where there is a terminal, else nothing."""
    given = _given(file, fd, "--passphrase")
    if given is not None:
        return given
    return Asked(name) if _terminal() else None


def new(name: object, file: Path | None, fd: int | None, *, none: bool, options: str = "--passphrase") -> str | None:
    """The passphrase to seal a file with; None where the user asked for none. Raises UsageError if none is given."""
    given = _given(file, fd, options, none=none)
    if none:
        return None
    if given is None:
        if not _terminal():
            hint = f"give {options}-file FILE or {options}-fd N, or --no-passphrase to leave it unencrypted"
            raise UsageError(f"{name}: no passphrase was given, and there is no terminal to ask on", hint)
        given = _prompt(f"new passphrase of {name}: ")
        if _prompt("once more: ") != given:
            raise UsageError("the two passphrases differ", "nothing was written; try again")
    if not given.strip():
        raise UsageError("an empty passphrase", "--no-passphrase leaves the file unencrypted")
    if len(given) < SHORT:
        output.warning("this passphrase is short", "five or six words that nobody would guess are better")
    return given


@contextmanager
def reading(name: object, opener: object) -> Iterator[None]:
    """Show progress while a secret is read, but not where a question may be asked: it would be painted over."""
    if isinstance(opener, Asked):
        yield
    else:
        with output.progress(f"reading {name}"):
            yield


def unencrypted(name: object) -> None:
    """Say of a secret just written that nothing but its mode protects it."""
    output.note(f"{name} is not encrypted: whoever gets the file has the secret")


def offer_to_seal(*names: object) -> None:
    """Say of the secrets just read that they could be sealed."""
    first, *others = [str(name) for name in names if str(name) != "-"] or [""]
    if others:
        output.note(f"{first} and {len(others):,} more are not encrypted; zkharvest secret passwd seals a file")
    elif first:
        output.note(f"{first} is not encrypted; zkharvest secret passwd seals it under a passphrase")


def _given(file: Path | None, fd: int | None, options: str, *, none: bool = False) -> str | None:
    if (file is not None) + (fd is not None) + none > 1:
        others = " and --no-passphrase" if none else ""
        raise UsageError(f"{options}-file, {options}-fd{others} exclude each other", "give one of them")
    if file is not None:
        from zkharvest.files.atomic import read_private_file

        return _line(read_private_file(file, at_most=LONGEST), f"{options}-file")
    if fd is not None:
        return _line(_from_descriptor(fd, f"{options}-fd"), f"{options}-fd")
    return None


def _from_descriptor(fd: int, option: str) -> bytes:
    """A line, or all up to the end; a byte at a time, so that what follows stays for others."""
    found = b""
    try:
        while len(found) < LONGEST and (byte := os.read(fd, 1)):
            found += byte
            if byte == b"\n":
                break
    except OSError as error:
        raise UsageError(f"{option}: {fd} cannot be read ({error.strerror})", "as in: 3< FILE") from None
    return found


def _line(data: bytes, option: str) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{option}: the passphrase is not UTF-8", "write it as UTF-8 text") from None
    line = text.removesuffix("\n").removesuffix("\r")
    if not line.strip() or "\n" in line:
        what = "more than one line" if line.strip() else "nothing"
        raise UsageError(f"{option}: the passphrase must be one line, but there is {what}", "give one line")
    return line


def _terminal() -> bool:
    """Whether a person can be asked: the question goes to the terminal itself, standard input may hold a file."""
    return bool(sys.stdin and sys.stdin.isatty()) or (sys.stderr.isatty() and _opens("/dev/tty"))


def _opens(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_RDWR))
    except OSError:
        return False
    return True


def _prompt(text: str) -> str:
    import getpass

    sys.stdout.flush()
    try:
        return getpass.getpass(f"zkharvest: {output.visible(text)}")
    except EOFError:
        raise UsageError("no passphrase was entered", "try again") from None


def ask_line(text: str) -> str | None:
    """A line that is typed on the terminal without being shown; None where there is no terminal."""
    return _prompt(text) if _terminal() else None

"""Reading and writing files that matter: whole or not at all, private where they hold secrets.

A file is written to a temporary one beside it (`leftovers`), synced to disk and then given its name, so that a crash
or a full disk leaves the old state. Nothing is overwritten unless the caller says so; private keys are never, and an
opening or a backup sheet only by the command that makes them. Secrets get mode 0600 from their first byte on, and are
not read when their mode gives others access.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from zkharvest.errors import UsageError
from zkharvest.files.kinds import HEAD_BYTES, Kind, kind_of
from zkharvest.files.leftovers import sweep, temporary

STREAM = "-"  # standard input or output

_PROTECTED = {Kind.PRIVATE_KEY, Kind.PAGE_OPENING, Kind.SEED, Kind.SHEET, Kind.STANDING}


def write_file(
    path: str | Path, data: bytes, *, private: bool = False, force: bool | None = False, replaces: Kind | None = None
) -> None:
    """Write a file whole or not at all; `-` is standard output.

    `private` gives it mode 0600 (otherwise the user's umask decides). An existing file is replaced only with `force`
    (None: the command has no such option), and its mode never gives more access than before. A secret is replaced
    only where its kind is the one that the command `replaces`.
    Devices and pipes are written to directly. Raises UsageError if that is not possible; then nothing has changed.
    """
    if str(path) == STREAM:
        _write_to_stream(data)
        return
    target = _real(path)
    try:
        if target.exists() and not target.is_file():
            _write_through(target, data)
        else:
            _refuse_existing(target, force=force, replaces=replaces)
            mode = 0o600 if private else 0o666
            if force and os.name == "posix" and target.exists():
                mode &= stat.S_IMODE(target.stat().st_mode)
            _replace(target, data, mode=mode, force=bool(force))
    except OSError as error:
        raise UsageError(f"{target}: cannot be written ({error.strerror})", _hint(error)) from None


@contextmanager
def folder_for(path: Path, *, private: bool = False) -> Iterator[None]:
    """A folder for what the block writes, made where it is missing; if the block fails, what is empty of it goes again.

    `private` gives it mode 0700. Raises UsageError if it cannot be made.
    """
    missing = [one for one in (path, *path.parents) if not one.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700 if private else 0o777)
    except OSError as error:
        raise UsageError(f"{path}: the folder cannot be made ({error.strerror})", _hint(error)) from None
    try:
        yield
    except BaseException:
        with suppress(OSError):  # not empty: something was written, and stays
            for made in missing:
                made.rmdir()
        raise


def ensure_writable(
    path: str | Path,
    *,
    force: bool | None = False,
    replaces: Kind | None = None,
    inputs: Iterable[str | Path] = (),
) -> None:
    """Raise UsageError now if `write_file` would refuse the path later, after long work.

    A path that is one of the `inputs` is refused even with `force`: the result would replace what it was made from.
    Leftovers of killed commands in the directory are removed and named.
    """
    target = _real(path)
    for source in inputs:
        if target.exists() and Path(source).exists() and target.samefile(source):
            raise UsageError(f"{target}: is an input and would be overwritten", "choose another name")
    if str(path) == STREAM or (target.exists() and not target.is_file()):
        return
    _refuse_existing(target, force=force, replaces=replaces)
    if not target.parent.is_dir():
        raise UsageError(f"{target.parent}: no such directory", "create it first")
    if not os.access(target.parent, os.W_OK):
        raise UsageError(f"{target.parent}: cannot be written to", "choose another directory")
    sweep(target.parent)


@contextmanager
def open_file(path: str | Path) -> Iterator[BinaryIO]:
    """A file open for reading; `-` is standard input. Raises UsageError where it cannot be read."""
    if str(path) == STREAM:
        if sys.stdin is None:
            raise UsageError("standard input is closed", "give a file")
        yield sys.stdin.buffer
        return
    try:
        file = Path(path).open("rb")  # noqa: SIM115  (closed below)
    except OSError as error:
        raise _unreadable(path, error) from None
    except ValueError as error:  # a null byte in the name
        raise UsageError(f"{path}: cannot be read ({error})", "check the path") from None
    with file:
        try:
            yield file
        except OSError as error:
            raise _unreadable(path, error) from None


def read_file(path: str | Path, *, at_most: int = -1) -> bytes:
    """The bytes of a file; `-` is standard input. Raises UsageError if it cannot be read.

    Of a larger file only `at_most` bytes are read, from which the caller knows that it is too large.
    """
    with open_file(path) as file:
        return file.read(at_most)


def read_private_file(
    path: str | Path, *, check_head: Callable[[bytes], None] = lambda _: None, at_most: int = -1
) -> bytes:
    """As `read_file`, for secrets: refused (UsageError) when the group or others have any access to the file.

    `check_head` gets the first bytes and raises UsageError for a file of another kind: that is said first.
    """
    with open_file(path) as file:
        head = file.read(HEAD_BYTES if at_most < 0 else min(HEAD_BYTES, at_most))
        check_head(head)
        if str(path) != STREAM:
            check_rights(path, file)
        return head + file.read(at_most if at_most < 0 else at_most - len(head))


def check_rights(path: str | Path, file: BinaryIO) -> None:
    """UsageError if others have access to an open file that holds a secret.

    The open file itself is checked, so that it cannot be swapped in between.
    """
    mode = os.fstat(file.fileno()).st_mode
    if os.name == "posix" and stat.S_ISREG(mode) and mode & 0o077:
        message = f"{path}: other users have access to this secret (mode {stat.S_IMODE(mode):04o})"
        raise UsageError(message, f"chmod 600 {path}")


def _unreadable(path: str | Path, error: OSError) -> UsageError:
    return UsageError(f"{path}: cannot be read ({error.strerror})", "check the path")


def _real(path: str | Path) -> Path:
    """The file that a link stands for: it is replaced, and the link stays."""
    return Path(os.path.realpath(path)) if os.path.islink(path) else Path(path)  # noqa: PTH114


def _refuse_existing(target: Path, *, force: bool | None, replaces: Kind | None = None) -> None:
    if not target.exists():
        return
    kind = _kind_at(target)
    if kind in _PROTECTED and kind is not replaces:
        kept = {Kind.PRIVATE_KEY: "keys", Kind.SEED: "seeds"}.get(kind)
        never = f", and {kept} are never overwritten" if kept else "; this command does not replace it"
        raise UsageError(f"{target}: is {kind}{never}", "choose another name")
    if not force:
        hint = "choose another name" if force is None else "choose another name, or replace it with --force"
        raise UsageError(f"{target}: exists already", hint)


def _kind_at(target: Path) -> Kind | None:
    try:
        with target.open("rb") as file:
            return kind_of(file.read(HEAD_BYTES))
    except OSError:  # not ours to read: it may be a key
        return None


def _write_to_stream(data: bytes) -> None:
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError as error:
        hint = "its reader went away" if error.errno == errno.EPIPE else _hint(error)
        raise UsageError(f"standard output: cannot be written ({error.strerror})", hint) from None


def _write_through(target: Path, data: bytes) -> None:
    with target.open("wb") as file:
        file.write(data)


def _replace(target: Path, data: bytes, *, mode: int, force: bool) -> None:
    with temporary(target, mode) as (made, handle):
        _write_all(handle, data)
        os.fsync(handle)
        if force:
            os.replace(made, target)  # noqa: PTH105
        else:
            _name_new(made, target)
    _sync_directory(target.parent)


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _name_new(made: Path, target: Path) -> None:
    """Give the file its name unless that name came into use meanwhile."""
    try:
        os.link(made, target)
    except FileExistsError:
        _refuse_existing(target, force=False)
        raise
    except OSError as error:  # a file system without hard links
        if error.errno in _FULL:
            raise
        _refuse_existing(target, force=False)
        os.replace(made, target)  # noqa: PTH105


def _sync_directory(directory: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some file systems do not sync directories
            raise
    finally:
        os.close(handle)


_FULL = (errno.ENOSPC, errno.EDQUOT)


def _hint(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "create the directory first"
    if error.errno in _FULL:
        return "the disk is full: free some space and try again; nothing was changed"
    return "check the path and your rights there"

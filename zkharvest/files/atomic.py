"""Reading and writing files that matter: whole or not at all, private where they hold secrets.

A file is written to a temporary one beside it, synced to disk and then given its name, so that a crash or a full disk
leaves the old state. Nothing is overwritten unless the caller says so. Secrets get mode 0600 from their first byte on,
and are not read when their mode gives others access.
"""

from __future__ import annotations

import os
import secrets
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from zkharvest.errors import UsageError

STREAM = "-"  # standard input or output


def write_file(path: str | Path, data: bytes, *, private: bool = False, force: bool = False) -> None:
    """Write a file whole or not at all; `-` is standard output.

    `private` gives it mode 0600 (otherwise the user's umask decides). An existing file is replaced only with `force`,
    and gives nobody access whom the old one gave none.
    Devices and pipes are written to directly. Raises UsageError if that is not possible; then nothing has changed.
    """
    if str(path) == STREAM:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    target = Path(path)
    try:
        if target.exists() and not target.is_file():
            _write_through(target, data)
        else:
            _refuse_existing(target, force=force)
            mode = 0o600 if private else 0o666
            if force and os.name == "posix" and target.exists():
                mode &= stat.S_IMODE(target.stat().st_mode)
            _replace(target, data, mode=mode, force=force)
    except OSError as error:
        raise UsageError(f"{target}: cannot be written ({error.strerror})", _hint(error)) from None


def ensure_writable(path: str | Path, *, force: bool = False, inputs: Iterable[str | Path] = ()) -> None:
    """Raise UsageError now if `write_file` would refuse the path later, after long work.

    A path that is one of the `inputs` is refused even with `force`: the result would replace what it was made from.
    """
    target = Path(path)
    for source in inputs:
        if target.exists() and Path(source).exists() and target.samefile(source):
            raise UsageError(f"{target}: is read and would be overwritten", "choose another name")
    if str(path) == STREAM or (target.exists() and not target.is_file()):
        return
    _refuse_existing(target, force=force)
    if not target.parent.is_dir():
        raise UsageError(f"{target.parent}: no such directory", "create it first")
    if not os.access(target.parent, os.W_OK):
        raise UsageError(f"{target.parent}: cannot be written to", "choose another directory")


def read_file(path: str | Path, *, at_most: int = -1) -> bytes:
    """The bytes of a file; `-` is standard input. Raises UsageError if it cannot be read.

    Of a file larger than `at_most` only so much is read: its reader knows that this is too much to be right.
    """
    try:
        if str(path) == STREAM:
            return sys.stdin.buffer.read(at_most)
        with Path(path).open("rb") as file:
            return file.read(at_most)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "check the path") from None


def read_private_file(path: str | Path) -> bytes:
    """As `read_file`, for secrets: refused (UsageError) when the group or others have any access to the file."""
    if str(path) != STREAM and os.name == "posix":
        try:
            with Path(path).open("rb") as file:  # checked on the open file, so that it cannot be swapped in between
                mode = os.fstat(file.fileno()).st_mode
                if stat.S_ISREG(mode) and mode & 0o077:
                    message = f"{path}: other users have access to this secret (mode {stat.S_IMODE(mode):04o})"
                    raise UsageError(message, f"chmod 600 {path}")
                return file.read()
        except OSError as error:
            raise UsageError(f"{path}: cannot be read ({error.strerror})", "check the path") from None
    return read_file(path)


def _refuse_existing(target: Path, *, force: bool) -> None:
    if target.exists() and not force:
        raise UsageError(f"{target}: exists already", "choose another name, or replace it with --force")


def _write_through(target: Path, data: bytes) -> None:
    with target.open("wb") as file:
        file.write(data)


def _replace(target: Path, data: bytes, *, mode: int, force: bool) -> None:
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if force:
            temporary.replace(target)
        else:
            _name_new(temporary, target)
        _sync_directory(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _name_new(temporary: Path, target: Path) -> None:
    """Give the file its name unless that name came into use meanwhile."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        _refuse_existing(target, force=False)
        raise
    except OSError:  # a file system without hard links
        _refuse_existing(target, force=False)
        temporary.replace(target)


def _sync_directory(directory: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _hint(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "create the directory first"
    return "check the path and your rights there"

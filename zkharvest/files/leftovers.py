"""Temporary files while they are written, and those that a killed command left behind.

A temporary file lies beside its target, named `.TARGET.zkharvest-RANDOM.tmp`, and is locked (flock) by the process
that writes it for as long as it lives. One without a lock is a leftover: the next command that writes
into the directory removes it and says so. A file that is changed in place is locked from reading to writing
(`exclusive`), so that of two commands neither undoes what the other did.
"""

from __future__ import annotations

import importlib
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from zkharvest.errors import UsageError

fcntl: Any = importlib.import_module("fcntl") if os.name == "posix" else None
"""Elsewhere nothing is locked, and leftovers are recognised by their age."""

_NAME = re.compile(r"^\..*\.zkharvest-[0-9a-f]{12}\.tmp$", re.DOTALL)
_OLD = 24 * 3600  # seconds, where files cannot be locked
_PATIENCE = 10.0  # seconds that `exclusive` waits


class Notice:
    """Where removed leftovers are reported; the command line prints them."""

    say: Callable[[str], None] = staticmethod(lambda _text: None)


@contextmanager
def temporary(target: Path, mode: int) -> Iterator[tuple[Path, int]]:
    """A new temporary file beside the target: its path and descriptor; removed at the end if it is still there."""
    path, handle = _make(target, mode)
    try:
        yield path, handle
    finally:
        path.unlink(missing_ok=True)  # before it is closed: until then it is locked, and ours
        os.close(handle)


def _make(target: Path, mode: int) -> tuple[Path, int]:
    for _ in range(100):
        path = target.with_name(f".{target.name[:60]}.zkharvest-{secrets.token_hex(6)}.tmp")
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), mode)
        if _lock(handle) and _is_at(handle, path):
            return path, handle
        os.close(handle)  # swept by another command before it was locked
    raise OSError(0, "no temporary file could be made")


def sweep(directory: Path) -> list[Path]:
    """Remove the leftovers of killed commands in a directory, report each, and return them."""
    found = []
    with suppress(OSError), os.scandir(directory) as entries:
        found = [Path(entry.path) for entry in entries if _NAME.match(entry.name)]
    removed = [path for path in found if _remove_if_left(path)]
    for path in removed:
        Notice.say(f"removed {path}, left behind by a command that was killed")
    return removed


def _remove_if_left(path: Path) -> bool:
    with suppress(OSError):
        if fcntl is None:
            if time.time() - path.stat().st_mtime < _OLD:
                return False
            path.unlink()
            return True
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        try:
            if _lock(handle) and _is_at(handle, path):
                path.unlink()
                return True
        finally:
            os.close(handle)
    return False


@contextmanager
def exclusive(path: str | Path) -> Iterator[None]:
    """Hold a file while it is read and replaced. Raises UsageError if another command holds it for ten seconds.

    A file that is not there, or cannot be locked, is not held: reading it says what is wrong.
    """
    handle = _hold(Path(path)) if fcntl is not None and str(path) != "-" else None
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _hold(path: Path) -> int | None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            return None
        if _lock(handle):
            if _is_at(handle, path):
                return handle
        elif time.monotonic() > end:
            os.close(handle)
            raise UsageError(f"{path}: another command is writing it", "wait until it is done and try again")
        else:
            time.sleep(0.05)
        os.close(handle)


def _lock(handle: int) -> bool:
    """Whether the file is ours now; file systems without locks count as ours."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _is_at(handle: int, path: Path) -> bool:
    """Whether the open file still has this name."""
    try:
        here, there = os.fstat(handle), os.stat(path)  # noqa: PTH116
    except OSError:
        return False
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)

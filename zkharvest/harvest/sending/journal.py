"""The journal of a plan that is sent: what was asked of the venue, written before it is asked, and what came of it.

One JSON object a line, synced to disk line by line, so that a crash leaves all that happened. One process at a time
holds it. A step is finished once its order is closed and its fills are known; everything else is looked up at the venue
again, by the order's own id.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from zkharvest.errors import InputError, UsageError

SCHEMA = "zkharvest/journal/1"


class Journal:
    """An open journal. `last[step]` is the newest entry of a step, `fills[step]` the fills of a finished one."""

    def __init__(self, path: Path, file: BinaryIO, entries: list[dict[str, Any]]) -> None:
        self.path, self._file = path, file
        self.last: dict[int, dict[str, Any]] = {}
        for entry in entries:
            self._keep(entry)

    def _keep(self, entry: dict[str, Any]) -> None:
        if "step" in entry:
            self.last[int(entry["step"])] = entry

    def add(self, step: int, event: str, **fields: Any) -> None:
        """Write an entry and sync it. Raises UsageError if the disk does not take it: then nothing may be sent."""
        entry = {"step": step, "event": event, **fields}
        try:
            self._file.write(json.dumps(entry).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise UsageError(f"{self.path}: cannot be written ({error.strerror})", "nothing more is sent") from None
        self._keep(entry)

    def finished(self, step: int) -> Mapping[str, Any] | None:
        """The closing entry of a step: `order`, `filled`, `fills`; None while it is not finished."""
        entry = self.last.get(step)
        return entry if entry is not None and entry["event"] == "done" else None


@contextmanager
def open_journal(path: Path, plan: str) -> Iterator[Journal]:
    """The journal of the plan with this digest, made if it is not there, held until the block ends.

    Raises UsageError if another process holds it, InputError if it is another plan's or broken before its last line.
    """
    try:
        file = path.open("a+b")
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be opened ({error.strerror})", "check the folder, or give --journal"
        ) from None
    with file:
        _hold(file, path)
        file.seek(0)
        entries = _entries(file.read(), path, plan)
        if not entries:
            file.seek(0)
            file.truncate()
            file.write(json.dumps({"schema": SCHEMA, "plan": plan}).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        yield Journal(path, file, entries)


def _hold(file: BinaryIO, path: Path) -> None:
    if os.name != "posix":  # Windows has no such lock
        return
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise UsageError(f"{path}: this plan is being sent already", "wait for it, or stop it") from None


def _entries(data: bytes, path: Path, plan: str) -> list[dict[str, Any]]:
    whole = data[: data.rfind(b"\n") + 1]  # a line that a crash cut short was never acted on
    if len(whole) < len(data) and whole:
        os.truncate(path, len(whole))
    found = []
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            entry = json.loads(line)
            if number == 1 and entry["schema"] != SCHEMA:
                raise ValueError(number)
            if number > 1:
                int(entry["step"]), str(entry["event"])
        except (ValueError, KeyError, TypeError):
            hint = "it was altered: orders are looked up at the venue with another --journal"
            raise InputError.one(f"{path}:{number}", "is not an entry of a journal", hint) from None
        found.append(entry)
    if found and found[0]["plan"] != plan:
        raise InputError.one(str(path), "is the journal of another plan", "give each plan its own --journal")
    return found

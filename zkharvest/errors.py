"""Errors that reach people: what is wrong, where, why, and how to mend it.

Reading bad input collects every problem of a file before it stops (`InputError.problems`), so that a
person mends a file once. The verifier does not use these: it returns verdicts and never raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: `where` is `file:line:column-name` as far as known."""

    where: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where else self.message
        return f"{head}\nhint: {self.hint}" if self.hint else head


_VARIES = re.compile(r"\"[^\"]*\"|'[^']*'|[0-9][0-9.,]*")
_SHOWN, _ALIKE = 3, 6
"""Of six alike problems or more, three are shown."""


def grouped(problems: Iterable[Problem]) -> list[tuple[Problem, int]]:
    """The problems to show a person, in order, each with how many more like it follow the last one shown.

    Problems are alike if they concern one column and say the same but for numbers and quoted text.
    """
    everything = list(problems)
    groups: dict[tuple[str, str, str], list[int]] = {}
    for n, one in enumerate(everything):
        column = one.where.rpartition(":")[2] if ": " not in one.where else ""
        message = _VARIES.sub("#", one.message)
        groups.setdefault(("" if column.isdigit() else column, message, _VARIES.sub("#", one.hint)), []).append(n)
    shown: dict[int, int] = {}
    for places in groups.values():
        kept = places if len(places) < _ALIKE else places[:_SHOWN]
        shown.update(dict.fromkeys(kept, 0))
        shown[kept[-1]] = len(places) - len(kept)
    return [(everything[n], shown[n]) for n in sorted(shown)]


class ZkharvestError(Exception):
    """Base of every error that a caller may want to show as a message instead of a traceback."""

    exit_code = 101


class InputError(ZkharvestError):
    """The input cannot be used; `problems` lists everything that was found, in file order."""

    exit_code = 1

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))

    @classmethod
    def one(cls, where: str, message: str, hint: str = "") -> InputError:
        """An error with a single problem."""
        return cls((Problem(where, message, hint),))


class UsageError(ZkharvestError):
    """Wrong options, an unreadable file, or a file of another kind."""

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        self.hint = hint
        super().__init__(f"{message}\nhint: {hint}" if hint else message)

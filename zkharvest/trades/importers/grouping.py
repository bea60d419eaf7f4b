"""Problems of one kind told once, with the lines that have it: a person reads ten messages, not ten thousand."""

from __future__ import annotations

import re
from collections.abc import Sequence

from zkharvest.errors import Problem

_VARIES = re.compile(r'"[^"]*"|[0-9][0-9.,:TZ-]*|\b[A-Z0-9_-]*[A-Z][A-Z0-9_-]*\b')
_SHOWN = 3  # problems of one kind that are told in full
_LINES = 12  # lines that the summary of the others names


def grouped(problems: Sequence[Problem]) -> list[Problem]:
    """The problems in their order, those beyond the third of one kind gathered in one line after it."""
    kinds: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        file, _, column = _split(problem.where)
        kinds.setdefault((f"{file}|{column}", _VARIES.sub("#", problem.message)), []).append(problem)
    out: list[Problem] = []
    for alike in kinds.values():
        out.extend(alike[:_SHOWN])
        more = alike[_SHOWN:]
        if more:
            file, _, column = _split(more[0].where)
            lines = [line for one in more if (line := _split(one.where)[1])]
            named = ", ".join(lines[:_LINES]) + (", ..." if len(lines) > _LINES else "")
            where = f"{file}:{column}" if column else file
            rows = "row has" if len(more) == 1 else "rows have"
            message = f"{len(more):,} more {rows} the same problem" + (f" (lines {named})" if named else "")
            out.append(Problem(where, message, "the way out is the same; --json lists them all"))
    return out


def _split(where: str) -> tuple[str, str, str]:
    """File, line and column of `file:line:column`."""
    match = re.fullmatch(r"(?P<file>.*?):(?P<line>[0-9]+)(?::(?P<column>.*))?", where, re.DOTALL)
    return (match["file"], match["line"], match["column"] or "") if match else (where, "", "")

"""Exports whose numbers have a decimal comma, 1.234,56: their cells as numbers with a point.

That a comma is a decimal one is said by the user for a file (`--decimal-comma FILE`) or by a map (`decimal = ","`),
never guessed: 30,125 is thirty thousand in one export and thirty in another. What the cells show is held against what
was said: a number with a decimal point is refused, and so is a file in which no number has a comma.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from zkharvest.errors import Problem, UsageError
from zkharvest.trades.importers.rows import Row, by_hand
from zkharvest.trades.text import quoted

_GROUPS = "[. '\u2019\u00a0\u202f]"  # between thousands: a point, an apostrophe, a space of any width
_COMMA = re.compile(
    rf"(?P<before>[(]?[-+]?[$€£]?[-+]?)(?P<whole>[0-9]{{1,3}}(?:{_GROUPS}[0-9]{{3}})+|[0-9]+)(?:,(?P<rest>[0-9]*))?"
    r"(?P<power>[eE][-+]?[0-9]+)?(?P<unit>[ \u00a0]?(?:[$€£]|[A-Z][A-Z0-9]*))?(?P<after>[)]?)"
)
_POINT = re.compile(r"[(]?[-+]?[$€£]?[-+]?[0-9][0-9,]*\.[0-9]+(?:[eE][-+]?[0-9]+)?(?: ?(?:[$€£]|[A-Z][A-Z0-9]*))?[)]?")


def with_commas(said: Iterable[str], labels: Mapping[str, str]) -> set[str]:
    """The paths among `labels` (path to label) that `--decimal-comma` names. Raises `UsageError` for a stranger."""
    names = set(said)
    for name in sorted(names - {*labels, *labels.values()}):
        hint = f"the files are {', '.join(labels.values())}"
        raise UsageError(f"--decimal-comma {name}: is not a file that is read here", hint)
    return {path for path, label in labels.items() if path in names or label in names}


def with_points(rows: Sequence[Row], when: str) -> tuple[list[Row], list[tuple[int, Problem]], bool]:
    """The rows with points for decimal commas, those that have a decimal point, and whether any number has a comma.

    The column `when` (of the time) is left as it is.
    """
    kept: list[Row] = []
    wrong: list[tuple[int, Problem]] = []
    seen = False
    for row in rows:
        cells = dict(row.cells)
        bad = ""
        for column, text in row.cells.items():
            if column == when or ("," not in text and "." not in text and " " not in text and "'" not in text):
                continue
            match = _COMMA.fullmatch(text)
            if match is not None:
                seen = seen or match["rest"] is not None
                cells[column] = _pointed(match)
            elif _POINT.fullmatch(text):
                bad = column
        if bad:
            message = f"{quoted(row.cells[bad])} has a decimal point, but the file was said to have decimal commas"
            hint = f"import it without --decimal-comma; or {by_hand(row)}"
            wrong.append((row.line, Problem(row.where(bad), message, hint)))
        else:
            kept.append(Row(row.file, row.line, cells, row.headings, row.label))
    return kept, wrong, seen


def _pointed(match: re.Match[str]) -> str:
    """The number of a match with a point, without signs between thousands; a currency sign behind it goes before it."""
    before, unit = match["before"], match["unit"] or ""
    if unit.strip() in ("$", "€", "£"):
        before, unit = before + unit.strip(), ""
    whole = re.sub("[^0-9]", "", match["whole"])
    rest = f".{match['rest']}" if match["rest"] else ""
    return f"{before}{whole}{rest}{match['power'] or ''}{unit.replace(chr(0xA0), ' ')}{match['after']}"

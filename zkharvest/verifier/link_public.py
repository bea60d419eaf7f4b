"""A link as the public data of its circuit: scalars, lists and the calendar's columns, by the description's own names.

The description is the pinned one, so its names mean what `circuits/FORMAT.md`, section 12, says of them; one that asks
for a name which is not there is not a circuit of this statement.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise

from zkharvest.spec import EMPTY_TREE, END_OF_TIME, METHODS, TIME_LIMB_BITS, account_code
from zkharvest.verifier.calendar import long_from
from zkharvest.verifier.description import Description
from zkharvest.verifier.link import Link
from zkharvest.verifier.public import PublicData
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.statement_v2 import DAY_ZERO, LAST_COVERED, StatementV2
from zkharvest.verifier.values import words

NEVER_COVERED = LAST_COVERED + 1
"""In place of a day: no lot is covered."""

HISTORY, TAX_YEAR, BEFORE, BEHIND = range(4)


def public_data(link: Link, description: Description, context: bytes) -> PublicData:
    """Public data of a link, in the description's order. Reject(PUBLIC_SHAPE) if it asks for something else."""
    scalars = _scalars(link)
    rows = list(calendar_rows(link.statement))
    lists = {"pages": tuple(_pages(link, [row[0] for row in rows])), "figures": tuple(_figures(link))}
    columns = calendar_columns(rows)
    try:
        publics = tuple(scalars[name] for name in description.publics)
        listed = tuple(lists[shape.name] for shape in description.lists)
        placed = {
            (t, i): columns[name]
            for t, table in enumerate(description.tables)
            for i, name in enumerate(table.public_columns)
        }
    except KeyError as error:
        raise Reject(Reason.PUBLIC_SHAPE, f"the circuit asks for {error}, which no link has") from None
    return PublicData(publics, listed, placed, context)


def _scalars(link: Link) -> dict[str, int]:
    statement, opening = link.statement, link.opening
    found = {method: int(statement.method == method) for method in METHODS}
    found |= {"wallet": int(statement.pooling == "wallet"), "same_year": int(link.same_year)}
    found |= {f"end{i}": limb for i, limb in enumerate(_limbs(statement.end))}
    found["covered"] = NEVER_COVERED if statement.covered is None else (statement.covered - DAY_ZERO).days
    roots = {
        "lots_in": opening.lots if opening else EMPTY_TREE,
        "sums_in": opening.sums if opening else EMPTY_TREE,
        "lots_out": statement.lots_out,
        "sums_out": statement.sums_out,
    }
    for name, root in roots.items():
        found |= {f"{name}{i}": word for i, word in enumerate(words(root))}
    return found


def _pages(link: Link, starts: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """A record a page: the root, the code of its account, early, late, the first and the last interval of its period.

    `starts`: of the calendar's rows. Both edges of a period are starts, and no interval reaches over one.
    """
    for place, page in enumerate(link.statement.pages):
        code = account_code(*link.statement.accounts[page.account])
        first, behind = (bisect_left(starts, edge) for edge in (page.header.start, page.header.end))
        yield *words(page.header.root), *code, int(place in link.early), int(place in link.late), first, behind - 1


def _figures(link: Link) -> Iterator[tuple[int, ...]]:
    for figure in link.statement.figures:
        yield from figure.lanes(link.statement.accounts)


def calendar_columns(rows: Sequence[tuple[int, int, int, int]]) -> dict[str, tuple[int, ...]]:
    """The calendar's public columns by name, from its rows: start0..2 and long0..2 in limbs of 15 bits, lowest first,
    phase, day, and the number of the interval.
    """
    found = {f"start{i}": tuple(_limbs(row[0])[i] for row in rows) for i in range(3)}
    found |= {f"long{i}": tuple(_limbs(row[1])[i] for row in rows) for i in range(3)}
    found |= {"phase": tuple(row[2] for row in rows), "day": tuple(row[3] for row in rows)}
    return found | {"interval": tuple(range(len(rows)))}


def calendar_rows(statement: StatementV2) -> Iterator[tuple[int, int, int, int]]:
    """(start, long from, phase, day) of each row, an interval that ends where the next one starts.

    Rows are cut where the window or the period of a page begins or ends. Phases: 0 history and 1 the tax year, both
    worked; 2 before the window and 3 behind it. Before the first day (unless it begins at 0), behind the last, and at
    the end of time there is a row that is no day.
    """
    calendar = statement.calendar
    starts = calendar.starts()
    begins = None if statement.year is None else starts[(date(statement.year, 1, 1) - calendar.first_day).days]
    whole = [(0, 0, 0)] if starts[0] else []
    for d in range(calendar.days):
        day = calendar.first_day + timedelta(d)
        whole.append((starts[d], starts[(long_from(day) - calendar.first_day).days], (day - DAY_ZERO).days))
    whole += [(starts[calendar.days], 0, 0), (END_OF_TIME, 0, 0)]
    periods = ((page.header.start, page.header.end) for page in statement.pages)
    edges = sorted({statement.start, statement.end, *(edge for period in periods for edge in period)})
    for (at, long_at, number), (ends, _, _) in pairwise(whole):
        for cut in (at, *edges[bisect_right(edges, at) : bisect_left(edges, ends)]):
            yield cut, long_at, _phase(cut, statement, begins), number
    yield END_OF_TIME, 0, 0, 0


def _phase(at: int, statement: StatementV2, year_begins: int | None) -> int:
    """Of the interval that starts here. The window ends within the tax year, so only its beginning is compared."""
    if at < statement.start:
        return BEFORE
    if at >= statement.end:
        return BEHIND
    return TAX_YEAR if year_begins is not None and at >= year_begins else HISTORY


def _limbs(instant: int) -> tuple[int, int, int]:
    mask = (1 << TIME_LIMB_BITS) - 1
    return instant & mask, instant >> TIME_LIMB_BITS & mask, instant >> 2 * TIME_LIMB_BITS

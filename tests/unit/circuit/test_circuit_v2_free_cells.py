"""What is free in the tables of an honest link: columns that a row has no use for, and nothing jointly.

Lies of one cell, and of cells that were searched for, are in the other tests of each table. Here all cells of all rows
may change at once, to first order.
"""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
import pytest

from tests.adversary.kit.local import Board
from tests.support import boards, whole_links
from tests.support.counts import count
from tests.support.free_cells import FreeCells

LIST = {"pred", "pred_write", "pred_key", "pred_next", "pred_next_key", "node"}
NEXT = {"node_write", "key", "node_next", "node_next_key"}
LOT = {"unit", "lot_seq", "long_from", "acquired"}
DAY = {"day_start", "day_end", "day_long", "day", "page_early", "page_late"}
TOKEN = {"token_seq", "token_ref"}
DISPOSAL = {"long_term", "covered"}
SECOND = {*LIST, *NEXT, *DAY, "content_write", "own", "inventory"}
FREE = {
    "open": {*TOKEN, *DISPOSAL, "token_part", "content_write", "inventory", "left_inverse"},
    "take": {*TOKEN, *NEXT, "token_part", "inventory"},
    "settle": {*SECOND, *TOKEN, *LOT, "token_part"},
    "out": {*TOKEN, *NEXT, *DISPOSAL, "inventory"},
    "send": {*SECOND, *TOKEN, *DISPOSAL, "rest_value"},
    "drop": {*TOKEN, *NEXT, *DISPOSAL, "token_part", "inventory"},
    "gone": {*SECOND, *TOKEN, *LOT, *DISPOSAL, "token_part", "rest_value"},
    "arrive": {*DISPOSAL, "inventory"},
    "close": {
        *(DAY | TOKEN | DISPOSAL), "token_part", "page", "position", "ref", "rest_quantity", "rest_value", "phase",
        "left_inverse", "class_kind",
        "more",  # a bit: of this 0 is said by a square
    },
}  # fmt: skip
"""By what a row does the columns, without their numbers, that nothing reads there. Kinds and times of a close's record
are looked up or are bits."""


def used(table: str) -> int:
    """The rows of a table that are in use."""
    trace = boards.board().traces[boards.number(table)]
    live = [n for n, name in enumerate(boards.names(table)) if not name.startswith("blind")]
    return int(np.flatnonzero(trace[:, live].any(axis=1)).max()) + 1


def test_what_a_row_of_the_machine_has_no_use_for_is_free_and_nothing_else():
    """An idle row, too, takes part: nothing of it is tied to the others."""
    kinds = {row: kind for kind in FREE for row in boards.rows_of(kind)}
    free = FreeCells(boards.board(), "steps", range(len(kinds) + 1))
    alone, together = free.directions()
    assert together == []
    found: dict[str, set[str]] = defaultdict(set)
    for row, column in alone:
        if row in kinds:
            found[kinds[row]].add(re.sub(r"\d$", "", free.columns[column]))
    assert dict(found) == {kind: {*columns, "apart"} for kind, columns in FREE.items()}
    count("unknowns of the machine's rows solved", len(free.cell))


@pytest.mark.parametrize(("table", "rows"), [("pages", 2), ("pools", 4), ("calendar", 40), ("range", 40)])
def test_nothing_is_free_in_a_small_table(table, rows):
    """But how often the first row of a calendar, which is no day, is said to be counted: by nothing."""
    assert used(table) >= rows
    free = FreeCells(boards.board(), table, range(rows))
    alone, together = free.directions()
    assert together == []
    assert [free.columns[column] for _, column in alone] == (["day_count"] if table == "calendar" else [])


def test_of_registers_only_the_name_of_one_of_nothing_is_free():
    """Its lanes that order nothing: nobody posts to it, under whichever name."""
    board, free = boards.board(), FreeCells(boards.board(), "sums", range(used("sums")))
    alone, together = free.directions()
    assert alone == []
    trace = board.traces[free.t]
    numbers = [free.columns.index(f"byte{n}") for n in range(30)]
    for cells in together:
        (name,) = {free.columns[column] for _, column in cells}
        assert name in ("asset3", "source3")
        assert not trace[np.ix_(sorted({row for row, _ in cells}), numbers)].any()


@pytest.mark.parametrize(
    ("constraint", "kind", "name"),
    [
        ("part_start", "arrive", "token_part"),
        ("entry_next", "arrive", "node_next"),
        ("key0", "open", "key0"),
        ("kind_gone_held", "gone", "class_kind"),
    ],
)
def test_without_a_constraint_something_is_free(constraint, kind, name):
    """What is posted, or goes to a standing, does not move; a number that rows tell each other moves on all of them."""
    board = Board(boards.witness(), boards.lacking(whole_links.description(), f"steps.{constraint}"))
    free = FreeCells(board, "steps", range(used("steps")))
    alone, together = free.directions()
    cells = {cell for one in (alone, *together) for cell in one}
    assert {(row, free.columns.index(name)) for row in boards.rows_of(kind)} & cells

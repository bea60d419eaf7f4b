"""All lies about the machine of lot-machine/v2, by the constraint that each breaks.

Most are told (`machine_lies_*`). `machine_lies.json` has those that were found by search: a cell of an honest run is
changed, and whatever breaks beside the one constraint is mended by other cells.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import YEARS, at, make_history, pages_for
from tests.models.lot_machine_v2.machine import Rules
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import IN, OUT, T, rules
from tests.models.lot_machine_v2.words import DAY, Page, Rec
from tests.support import (
    machine_lies_amounts,
    machine_lies_bits,
    machine_lies_classes,
    machine_lies_lists,
    machine_lies_moves,
    machine_lies_records,
    machine_lies_results,
    machine_lies_sequence,
)
from tests.support.machine_circuit import Run
from tests.support.machine_lying import LIES, Lie, run

RUNS = {
    "W": ("wallet", 22, 2024, "lifo"), "W2": ("wallet", 6, 2024, "hifo"), "W3": ("wallet", 6, 2025, "hifo"),
    "W4": ("wallet", 13, 2023, "lifo"), "U": ("universal", 43, 2024, "lifo"), "U2": ("universal", 13, 2023, "lifo"),
}  # fmt: skip
"""Random histories that have every kind of row between them: pooling, seed, year, method of all years."""


ALL_RUNS = (*RUNS, "full")
MANY, MUCH, PAID = (int.from_bytes(bytes(range(3, 2 * n + 3, 2)), "little") for n in (14, 8, 7))
"""A quantity, a value and a fee of which no byte is 0."""


def full(method: str = "fifo") -> Link:
    """Purchases and sales of both sides, a gift, a move with its deposit, an income: no byte of a number is 0."""
    more = {"fee": PAID % 2**54}
    a = (
        Rec(at(2024, 1, 5), "open", "X", MANY, MUCH, **more),
        Rec(at(2024, 1, 6), "open", "Y", MANY, MUCH, kind="staking", **more),
        Rec(at(2024, 2, 1), "out", "X", MANY // 3, ref=7, kind="move"),
        Rec(at(2024, 2, 2), "close", "X", MANY // 3, MUCH // 2, **more),
        Rec(at(2024, 2, 3), "out", "X", MANY // 5, kind="gift"),
        Rec(at(2024, 2, 4), "open", "P", MANY // 2, MUCH, kind="short", side=1, **more),
        Rec(at(2024, 2, 5), "close", "P", MANY // 3, MUCH // 5, side=1, **more),
        Rec(at(2024, 2, 6), "close", "P", MANY // 7, -(MUCH // 5), side=1, **more),
        Rec(at(2024, 2, 7), "close", "Y", MANY // 7, -(MUCH // 5), **more),
    )
    b = (
        Rec(at(2024, 2, 1) + 5, "in", "X", MANY // 3, ref=7, kind="move"),
        Rec(at(2024, 3, 1), "in", "X", MANY // 3, kind="move"),
        Rec(at(2024, 3, 2), "in", "X", MANY // 3, kind="move"),
    )
    pages = [Page("A", "A-1", 0, at(2024), at(2025), a), Page("B", "B-1", 0, at(2024), at(2025), b)]
    book = Book(
        matched={IN: OUT}, amounts={OUT: MANY // 3}, gone={("A", 0, 4): "gift"},
        declared={("B", 0, 2): ("declared", MUCH, T // DAY)},
    )  # fmt: skip
    return make_link(pages, book, rules(method=method), 2024, None)


@cache
def history(name: str) -> Link:
    """The link of a name."""
    if name.startswith("full"):
        return full(name.removeprefix("full ") if " " in name else "fifo")
    pooling, seed, year, method = RUNS[name]
    made, opening = make_history(seed), None
    for each in YEARS:
        of = Rules(at(each), at(each + 1), (at(each), at(each + 1)), method, pooling, covered_since=at(2024) // DAY)
        link = make_link(pages_for(made, at(each), at(each + 1)), made.book, of, each, opening)
        if each == year:
            return link
        opening = link.closing
    raise AssertionError(name)


def found() -> dict[str, Lie]:
    """By constraint: cells (row, column, value) of a history."""
    lies = json.loads((Path(__file__).parent / "machine_lies.json").read_text())

    def make(name: str, cells: list[tuple[int, str, int]]) -> Run:
        def change(made: Run) -> None:
            for row, column, value in cells:
                made.put(row, **{column: value})

        return run(history(name), change)

    return {name: lambda name=of, cells=cells: make(name, cells) for name, (of, cells) in lies.items()}  # type: ignore[misc]


TOLD = (
    machine_lies_amounts,
    machine_lies_bits,
    machine_lies_classes,
    machine_lies_lists,
    machine_lies_moves,
    machine_lies_records,
    machine_lies_results,
    machine_lies_sequence,
)
assert all(TOLD)
__all__ = ["LIES", "found"]

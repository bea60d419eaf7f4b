"""Cheats 49 to 53: with registers, with the figures that are shown of them, and with what is held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.adversary.links.forgery import Told, column, set_cells, table_of, tell
from tests.adversary.links.lie import BALANCE, QUOTIENT, lie
from tests.adversary.links.scenes import first, honest_rows, linked
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.owner import Book
from tests.models.lot_machine_v2.story import T, pages, story
from tests.models.lot_machine_v2.words import DAY, Page, Rec
from zkharvest.circuit.lot_machine.v2.rows import MachineRows, Op
from zkharvest.circuit.lot_machine.v2.witness import LinkWitness

Figures = list[dict[str, Any]]


def shown(change: Callable[[Figures], Figures], of: Any = None) -> Told:
    """A link whose statement shows other figures than its registers have."""

    def state(statement: dict[str, Any]) -> dict[str, Any]:
        return {**statement, "figures": change([dict(one) for one in statement["figures"]])}

    return tell(of or first(), state=state)


def deposits(before: bool = False) -> Any:
    """A declared and an unexplained deposit, in the tax year or in the history before it."""
    time = at(2023, 3, 1) if before else T
    records = (Rec(time, "in", "X", UNIT, kind="move"), Rec(time + DAY, "in", "X", UNIT, kind="move"))
    book = Book(declared={("A", 0, 0): ("declared", 5, time // DAY - 3)})
    start = at(2023) if before else at(2024)
    return linked([Page("A", "A-1", 0, start, at(2025), records)], book, start=start)


def of_level(figures: Figures, level: str) -> list[int]:
    """The places of the figures of a level."""
    return [n for n, one in enumerate(figures) if one["level"] == level]


def other_value(place: int, by: int) -> Callable[[Figures], Figures]:
    """One figure's first value changed."""

    def change(figures: Figures) -> Figures:
        values = dict(figures[place]["values"])
        name = next(iter(values))
        values[name] = str(int(values[name]) + by)
        return [*figures[:place], {**figures[place], "values": values}, *figures[place + 1 :]]

    return change


@lie(49, "a carry that is off by one", BALANCE, "bus post")
def _() -> Told:
    name = next(cell.name for cell in table_of("sums").columns if cell.name.startswith("carry"))

    def change(witness: LinkWitness) -> None:
        set_cells(witness, "sums", 0, {name: column(witness, name, "sums")[0] + 1})

    return tell(first(), cells=change)


@lie(50, "a net result that is a unit better", BALANCE, "bus figure")
def _() -> Told:
    return shown(lambda figures: other_value(of_level(figures, "NET")[0], 1)(figures))


@lie(50, "a loss that is a unit larger", BALANCE, "bus figure")
def _() -> Told:
    return shown(lambda figures: other_value(of_level(figures, "L3")[-1], -1)(figures))


@lie(51, "a counter hidden", BALANCE, "bus figure")
def _() -> Told:
    return shown(lambda figures: [one for one in figures if one["level"] != "COUNT"], deposits())


@lie(51, "one of two counters hidden", BALANCE, "bus figure")
def _() -> Told:
    def change(figures: Figures) -> Figures:
        place = of_level(figures, "COUNT")[0]
        return figures[:place] + figures[place + 1 :]

    return shown(change, deposits())


@lie(51, "a counter that is too low", BALANCE, "bus figure")
def _() -> Told:
    return shown(lambda figures: other_value(of_level(figures, "COUNT")[-1], -1)(figures), deposits())


@lie(51, "a counter hidden that is of the history before the year", BALANCE, "bus figure")
def _() -> Told:
    return shown(lambda figures: [one for one in figures if one["level"] != "COUNT"], deposits(before=True))


@lie(51, "a counter hidden in the table too", QUOTIENT, "sums.*")
def _() -> Told:
    """The register is there, and its row does not say that it is shown."""

    def cells(witness: LinkWitness) -> None:
        told, shown_at = column(witness, "told", "sums"), column(witness, "shown3", "sums")
        counters = [row for row, (one, other) in enumerate(zip(told, shown_at, strict=True)) if one and other]
        assert counters
        for row in counters:
            set_cells(witness, "sums", row, {"shown3": 0})

    def state(statement: dict[str, Any]) -> dict[str, Any]:
        return {**statement, "figures": [one for one in statement["figures"] if one["level"] != "COUNT"]}

    return tell(deposits(), cells=cells, state=state)


@lie(52, "more sold at an account than it had", QUOTIENT, "sums.*")
def _() -> Told:
    """Under universal pooling B sells what only A holds."""
    a, b = story()
    return tell(linked(pages(a[:2], (replace(b[1], time=at(2024, 6, 2)),)), Book(), pooling="universal"))


@lie(53, "covered after a move", QUOTIENT, "steps.own_moved")
def _() -> Told:
    link = first()

    def change(rows: MachineRows) -> None:
        rows.entries.own[rows.node[rows.op == Op.ARRIVE]] = 1

    return tell(link, rows=honest_rows(link, change))

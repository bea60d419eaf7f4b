"""Form 8949, Sales and Other Dispositions of Capital Assets: its boxes, rows, pages and totals.

Sources: Form 8949 (2025) and its instructions. Boxes A to F are the form's since 2011; from 2025 on digital assets
have boxes of their own, G/H/I (Part I) and J/K/L (Part II): "Do not use box C to report digital asset transactions.
Use box I."
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from zkharvest.desk.amounts import Carry, plain, to_cents
from zkharvest.desk.lines import VARIOUS, Line, is_digital_asset, is_option
from zkharvest.ledger.results import LedgerRun
from zkharvest.ledger.rules import Side
from zkharvest.trades.model import Trade

FIRST_DIGITAL_YEAR = 2025  # of boxes G to L, and of Form 1099-DA
ROWS_PER_PAGE = {2025: 11}  # rows of line 1 on a page of the form; 14 before 2025

ROW_COLUMNS = (
    "row", "box", "description", "acquired", "sold", "proceeds", "basis", "code", "adjustment", "gain",
    "trade", "lot", "origin",
)  # fmt: skip


class Reported(Enum):
    """What the broker told the IRS of a sale."""

    BASIS = 0  # proceeds and basis
    PROCEEDS = 1  # proceeds alone
    NOTHING = 2  # no form


BOXES: Mapping[tuple[bool, bool], str] = {  # (short term, digital asset): boxes by what was reported
    (True, False): "ABC",
    (True, True): "GHI",
    (False, False): "DEF",
    (False, True): "JKL",
}

BOX_TEXT: Mapping[str, str] = {
    "A": "Short-term transactions reported on Form(s) 1099-B showing basis was reported to the IRS",
    "B": "Short-term transactions reported on Form(s) 1099-B showing basis was not reported to the IRS",
    "C": "Short-term transactions, other than digital asset transactions, not reported to you on Form 1099-B or "
    "Form 1099-DA",
    "D": "Long-term transactions reported on Form(s) 1099-B showing basis was reported to the IRS",
    "E": "Long-term transactions reported on Form(s) 1099-B showing basis was not reported to the IRS",
    "F": "Long-term transactions, other than digital asset transactions, not reported to you on Form 1099-B or "
    "Form 1099-DA",
    "G": "Short-term transactions reported on Form(s) 1099-DA showing basis was reported to the IRS",
    "H": "Short-term transactions reported on Form(s) 1099-DA showing basis was not reported to the IRS",
    "I": "Short-term digital asset transactions not reported to you on Form 1099-DA or Form 1099-B",
    "J": "Long-term transactions reported on Form(s) 1099-DA showing basis was reported to the IRS",
    "K": "Long-term transactions reported on Form(s) 1099-DA showing basis was not reported to the IRS",
    "L": "Long-term digital asset transactions not reported to you on Form 1099-DA or Form 1099-B",
}
OLD_BOX_TEXT: Mapping[str, str] = {
    "C": "Short-term transactions not reported to you on Form 1099-B",
    "F": "Long-term transactions not reported to you on Form 1099-B",
}
SHORT_BOXES, LONG_BOXES = "ABCGHI", "DEFJKL"


def box_of(line: Line, year: int, reported: Reported) -> str:
    """The box under which a line stands."""
    digital = year >= FIRST_DIGITAL_YEAR and is_digital_asset(line.asset)
    return BOXES[line.short_term, digital][reported.value]


def box_text(box: str, year: int) -> str:
    """What the form says beside a box."""
    return OLD_BOX_TEXT.get(box, BOX_TEXT[box]) if year < FIRST_DIGITAL_YEAR else BOX_TEXT[box]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of line 1, in cents: (d) - (e) + (g) = (h) holds on every row."""

    box: str
    line: Line
    proceeds: int
    basis: int
    adjustments: tuple[tuple[str, int], ...]
    gain: int

    @property
    def adjustment(self) -> int:
        """Column (g)."""
        return sum(amount for _, amount in self.adjustments)

    @property
    def acquired(self) -> str:
        """Column (b), as the form writes a day."""
        return us_date(self.line.acquired)

    @property
    def sold(self) -> str:
        """Column (c)."""
        return us_date(self.line.disposed)


@dataclass(frozen=True, slots=True)
class Total:
    """Line 2 of a box: the sums of its rows, in cents."""

    proceeds: int = 0
    basis: int = 0
    adjustment: int = 0
    gain: int = 0

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Total:
        """Columns (d), (e), (g) and (h), added."""
        d = e = g = h = 0
        for row in rows:
            d += row.proceeds
            e += row.basis
            h += row.gain
            if row.adjustments:
                g += row.adjustment
        return cls(d, e, g, h)

    def plus(self, other: Total) -> Total:
        """The sum of two totals."""
        return Total(
            self.proceeds + other.proceeds,
            self.basis + other.basis,
            self.adjustment + other.adjustment,
            self.gain + other.gain,
        )


@dataclass(frozen=True)
class Form8949:
    """All rows of a year, by box, and line 2 of each box."""

    year: int
    rows: tuple[Row, ...]
    totals: Mapping[str, Total]

    @property
    def short(self) -> Total:
        """Part I, all boxes."""
        return _sum(self.totals[box] for box in SHORT_BOXES if box in self.totals)

    @property
    def long(self) -> Total:
        """Part II, all boxes."""
        return _sum(self.totals[box] for box in LONG_BOXES if box in self.totals)

    def pages(self) -> Iterator[tuple[str, Sequence[Row]]]:
        """The rows as they fill the pages of the form, each page with one box."""
        size = ROWS_PER_PAGE.get(self.year, 14 if self.year < FIRST_DIGITAL_YEAR else 11)
        for box, group in groupby(self.rows, key=attrgetter("box")):
            rows = list(group)
            for at in range(0, len(rows), size):
                yield box, rows[at : at + size]


def make_form(lines: Sequence[Line], year: int, reported: Mapping[int, Reported] | None = None) -> Form8949:
    """Put lines into their boxes and round them.

    `reported` says of lines, by their number in `lines`, what a broker reported; of the others nothing was. Rows stand
    by box, within a box in the order of the lines. Rounding carries over within each part, so that proceeds and gain
    of a part are the exact sums, rounded once, and every row and total obeys the form's own subtraction (`amounts`).
    """
    told = reported or {}
    boxed = [(box_of(line, year, told.get(number, Reported.NOTHING)), line) for number, line in enumerate(lines)]
    boxed.sort(key=lambda pair: (SHORT_BOXES + LONG_BOXES).index(pair[0]))
    rows: list[Row] = []
    for _, part in groupby(boxed, key=lambda pair: pair[0] in SHORT_BOXES):
        sold = [(box, line, dict(line.adjustments)) for box, line in part]
        exact_d = sum(line.proceeds + amounts.get("E", 0) for _, line, amounts in sold)
        exact_e = sum(line.basis - amounts.get("B", 0) for _, line, amounts in sold)
        proceeds = Carry()  # the ledger's; a broker's figures, on rows with codes E, B and W, are rounded by themselves
        basis = Carry.to(exact_e, to_cents(exact_d) - to_cents(exact_d - exact_e))
        told_proceeds, told_basis, wash = Carry(), Carry(), Carry()
        for box, line, amounts in sold:
            if not amounts:  # nearly all
                d, e = proceeds.cents(line.proceeds), basis.cents(line.basis)
                rows.append(Row(box, line, d, e, (), d - e))
                continue
            d = proceeds.cents(line.proceeds + amounts.get("E", 0))
            e = basis.cents(line.basis - amounts.get("B", 0))
            g = dict.fromkeys(amounts, 0)
            if "E" in g:
                shown = told_proceeds.cents(line.proceeds)
                g["E"], d = d - shown, shown
            if "B" in g:
                shown = told_basis.cents(line.basis)
                g["B"], e = shown - e, shown
            if "W" in g:
                g["W"] = wash.cents(amounts["W"])
            rows.append(Row(box, line, d, e, tuple(g.items()), d - e + sum(g.values())))
    totals = {box: Total.of(group) for box, group in groupby(rows, key=attrgetter("box"))}
    return Form8949(year, tuple(rows), totals)


def form_rows(form: Form8949, run: LedgerRun, *, whole: bool = False) -> Iterator[tuple[str, ...]]:
    """The form as a table (ROW_COLUMNS): the rows of each box, then its total."""
    names = TradeNames(run.trades)
    for box, group in groupby(form.rows, key=attrgetter("box")):
        for row in group:
            line = row.line
            yield (
                "line",
                box,
                line.description,
                row.acquired,
                row.sold,
                plain(row.proceeds, whole=whole),
                plain(row.basis, whole=whole),
                line.codes,
                plain(row.adjustment, whole=whole) if line.adjustments else "",
                plain(row.gain, whole=whole),
                names.of(line.place),
                ";".join(names.of(lot) for lot in line.lots),
                origin_of([run.trades[line.place], *(run.trades[lot] for lot in line.lots)]),
            )
        total = form.totals[box]
        money = [plain(cents, whole=whole) for cents in (total.proceeds, total.basis, total.adjustment, total.gain)]
        yield ("total", box, f"line 2, box {box}", "", "", money[0], money[1], "", money[2], money[3], "", "", "")


def form_json(form: Form8949, run: LedgerRun, *, whole: bool = False) -> dict[str, Any]:
    """The form as one object."""
    table = [dict(zip(ROW_COLUMNS, row, strict=True)) for row in form_rows(form, run, whole=whole)]
    boxes = []
    for box in form.totals:
        lines = [{k: v for k, v in row.items() if k not in ("row", "box")} for row in table
                 if row["box"] == box and row["row"] == "line"]  # fmt: skip
        total = form.totals[box]
        boxes.append(
            {
                "box": box,
                "part": "I" if box in SHORT_BOXES else "II",
                "text": box_text(box, form.year),
                "total": total_json(total, whole=whole),
                "lines": lines,
            }
        )
    return {
        "year": form.year,
        "rounding": "whole dollars" if whole else "cents",
        "short_term": total_json(form.short, whole=whole),
        "long_term": total_json(form.long, whole=whole),
        "boxes": boxes,
    }


def total_json(total: Total, *, whole: bool = False) -> dict[str, str]:
    """Columns (d), (e), (g), (h) as text."""
    return {
        "proceeds": plain(total.proceeds, whole=whole),
        "basis": plain(total.basis, whole=whole),
        "adjustment": plain(total.adjustment, whole=whole),
        "gain": plain(total.gain, whole=whole),
    }


class TradeNames:
    """What each trade is called: its id, or `source/id` where several trades have that id."""

    def __init__(self, trades: Sequence[Trade]) -> None:
        uses = Counter(trade.id for trade in trades)
        self._names = [trade.id if uses[trade.id] == 1 else trade.ref for trade in trades]

    def of(self, place: int) -> str:
        """The name of the trade at a place."""
        return self._names[place]


def origin_of(trades: Iterable[Trade]) -> str:
    """Where trades come from: `file:line` of the exports, else the line of the trades CSV; each named once."""
    found: dict[str, None] = {}
    for trade in trades:
        text = trade.origin or _place(trade)
        for one in text.split(";") if ";" in text else (text,):
            if one:
                found[one] = None
    return ";".join(found)


def places(origin: str) -> str:
    """An origin as people read it: the lines of one file together, "kraken.csv:14, 15"."""
    if ";" not in origin:
        return origin
    lines: dict[str, list[str]] = {}
    for one in origin.split(";"):
        file, _, line = one.rpartition(":")
        lines.setdefault(file, []).append(line)
    return "; ".join(f"{file}:{', '.join(found)}" if file else ", ".join(found) for file, found in lines.items())


def _place(trade: Trade) -> str:
    """Where the row itself stands, for one that names no export."""
    return f"{Path(trade.file).name or 'trades.csv'}:{trade.line}" if trade.line else ""


@lru_cache(maxsize=4096)
def us_date(day: date | None) -> str:
    """A day as the IRS writes it, MM/DD/YYYY; VARIOUS for none."""
    return VARIOUS if day is None else f"{day.month:02d}/{day.day:02d}/{day.year:04d}"


def lapsed(line: Line) -> str:
    """Which column of an option that expired says so instead of 0: "proceeds" of a holder, "basis" of a writer.

    Pub. 550, Table 4-1 (puts and calls): the holder's cost is a loss, what the writer received a gain, on the day it
    expires. The word stands where the other amount is zero, as is custom on Schedule D. Empty for everything else.
    """
    if not (line.expired and is_option(line.asset)):
        return ""
    return "basis" if line.side is Side.SHORT else "proceeds"


def _sum(totals: Iterable[Total]) -> Total:
    whole = Total()
    for one in totals:
        whole = whole.plus(one)
    return whole

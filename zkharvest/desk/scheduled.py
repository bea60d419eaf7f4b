"""Schedule D (Form 1040), Capital Gains and Losses, and the Capital Loss Carryover Worksheet. Amounts in cents.

Sources: Schedule D (2025); Instructions for Schedule D (2025), "Capital Loss Carryover Worksheet - Lines 6 and 14";
s.1211(b) (limit), s.1212(b) (carryover, character kept).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zkharvest.desk.amounts import plain
from zkharvest.desk.form8949 import Form8949, Total
from zkharvest.errors import UsageError

LIMIT = 3_000_00  # s.1211(b)(1)
LIMIT_SEPARATE = 1_500_00  # married, filing separately

BOXES_OF_LINE: Mapping[str, str] = {"1b": "AG", "2": "BH", "3": "CI", "8b": "DJ", "9": "EK", "10": "FL"}
OTHER_LINES: Mapping[str, str] = {
    "4": "Short-term gain from Form 6252 and short-term gain or (loss) from Forms 4684, 6781, and 8824",
    "5": "Net short-term gain or (loss) from partnerships, S corporations, estates, and trusts from Schedule(s) K-1",
    "11": "Gain from Form 4797, Part I; long-term gain from Forms 2439 and 6252; and long-term gain or (loss) from "
    "Forms 4684, 6781, and 8824",
    "12": "Net long-term gain or (loss) from partnerships, S corporations, estates, and trusts from Schedule(s) K-1",
    "13": "Capital gain distributions",
}
TEXT: Mapping[str, str] = {
    **{
        line: f"Totals for all transactions reported on Form(s) 8949 with Box {boxes[0]} or Box {boxes[1]} checked"
        for line, boxes in BOXES_OF_LINE.items()
    },
    **OTHER_LINES,
    "6": "Short-term capital loss carryover, from line 8 of the Capital Loss Carryover Worksheet",
    "7": "Net short-term capital gain or (loss). Combine lines 1a through 6 in column (h)",
    "14": "Long-term capital loss carryover, from line 13 of the Capital Loss Carryover Worksheet",
    "15": "Net long-term capital gain or (loss). Combine lines 8a through 14 in column (h)",
    "16": "Combine lines 7 and 15",
    "17": "Are lines 15 and 16 both gains?",
    "21": "If line 16 is a loss, the smaller of that loss or the limit; also on Form 1040, line 7a",
}
_SHORT = {
    "4": "Forms 6252, 4684, 6781, 8824", "5": "Schedules K-1", "6": "Short-term loss carried over",
    "7": "Net short-term gain or (loss)", "11": "Forms 4797, 2439, 6252, 4684, 6781, 8824", "12": "Schedules K-1",
    "13": "Capital gain distributions", "14": "Long-term loss carried over", "15": "Net long-term gain or (loss)",
    "16": "Lines 7 and 15", "17": "Lines 15 and 16 both gains?", "21": "Loss deducted this year",
}  # fmt: skip
ORDER = ("1b", "2", "3", "4", "5", "6", "7", "8b", "9", "10", "11", "12", "13", "14", "15", "16", "17", "21")


def short_text(line: str) -> str:
    """A line in a few words, for a terminal."""
    boxes = BOXES_OF_LINE.get(line)
    return f"Form 8949, box {boxes[0]} or {boxes[1]}" if boxes else _SHORT[line]


COLUMNS = ("line", "text", "proceeds", "basis", "adjustment", "gain")


@dataclass(frozen=True)
class Carryover:
    """The worksheet, line by line (1 to 13), in cents. `short` goes to line 6 of the next year, `long` to line 14.

    `lines` is empty where the worksheet's conditions say that there is nothing to carry.
    """

    year: int
    lines: Mapping[int, int]

    @property
    def short(self) -> int:
        """Line 8: the short-term loss carried over, a positive amount."""
        return self.lines.get(8, 0)

    @property
    def long(self) -> int:
        """Line 13: the long-term loss carried over, a positive amount."""
        return self.lines.get(13, 0)


WORKSHEET_TEXT: Mapping[int, str] = {
    1: "Amount from Form 1040, line 15 (a loss in parentheses)",
    2: "Loss from Schedule D, line 21, as a positive amount",
    3: "Combine lines 1 and 2. If zero or less, enter -0-",
    4: "The smaller of line 2 or line 3",
    5: "Loss from Schedule D, line 7, as a positive amount",
    6: "Gain from Schedule D, line 15. If a loss, enter -0-",
    7: "Add lines 4 and 6",
    8: "Short-term capital loss carryover. Subtract line 7 from line 5. If zero or less, enter -0-",
    9: "Loss from Schedule D, line 15, as a positive amount",
    10: "Gain from Schedule D, line 7. If a loss, enter -0-",
    11: "Subtract line 5 from line 4. If zero or less, enter -0-",
    12: "Add lines 10 and 11",
    13: "Long-term capital loss carryover. Subtract line 12 from line 9. If zero or less, enter -0-",
}


def carryover_worksheet(year: int, *, line7: int, line15: int, line21: int, taxable: int) -> Carryover:
    """The Capital Loss Carryover Worksheet from `year` to the next, from the year's figures in cents.

    `line7`, `line15` are signed; `line21` is the loss deducted, as a positive amount; `taxable` is line 15 of Form
    1040 as it would be if it could be negative. There is a carryover if line 21 is a loss and either smaller than the
    loss on line 16, or taxable income would be less than zero.
    """
    line16 = line7 + line15
    if not (line21 > 0 and (line21 < -line16 or taxable < 0)):
        return Carryover(year, {})
    w = {1: taxable, 2: line21}
    w[3] = max(w[1] + w[2], 0)
    w[4] = min(w[2], w[3])
    w[5] = max(-line7, 0)
    if w[5]:
        w[6] = max(line15, 0)
        w[7] = w[4] + w[6]
        w[8] = max(w[5] - w[7], 0)
    if line15 < 0:
        w[9] = -line15
        w[10] = max(line7, 0)
        w[11] = max(w[4] - w[5], 0)
        w[12] = w[10] + w[11]
        w[13] = max(w[9] - w[12], 0)
    return Carryover(year, w)


@dataclass(frozen=True)
class ScheduleD:
    """Schedule D in cents: `table` holds the lines with columns (d) to (h), `lines` those with one amount.

    `carried_in` is the worksheet from last year if there is one, `carried_out` that to the next year; `earlier` are
    those before last year's, where losses are followed over several years.
    """

    year: int
    table: Mapping[str, Total]
    lines: Mapping[str, int]
    limit: int
    carried_out: Carryover
    carried_in: Carryover | None = field(default=None)
    earlier: tuple[Carryover, ...] = ()

    @property
    def worksheets(self) -> tuple[Carryover, ...]:
        """Every worksheet, the earliest year first."""
        return (*self.earlier, *([self.carried_in] if self.carried_in else []), self.carried_out)

    @property
    def both_gains(self) -> bool:
        """Line 17."""
        return self.lines["15"] > 0 and self.lines["16"] > 0


def make_schedule(
    form: Form8949,
    *,
    carried_in: Carryover | tuple[int, int] = (0, 0),
    others: Mapping[str, int] | None = None,
    separate: bool = False,
    taxable: int | None = None,
    earlier: Sequence[Carryover] = (),
) -> ScheduleD:
    """Schedule D of a year.

    `carried_in` is last year's worksheet, or its lines 8 and 13; `earlier` are the worksheets that led to it. `others`
    are lines 4, 5, 11, 12, 13 that come from other forms. `taxable` is Form 1040 line 15, of this year, for the
    worksheet to the next; without it the whole deduction of line 21 is taken to be used, as it is whenever taxable
    income is zero or more. Raises UsageError for a line that is not one of those, or a carryover that is negative.
    """
    for line in others or {}:
        if line not in OTHER_LINES:
            raise UsageError(f"line {line} is not a line for figures of other forms", f"it is {', '.join(OTHER_LINES)}")
    worksheet = carried_in if isinstance(carried_in, Carryover) else None
    short_in, long_in = (carried_in.short, carried_in.long) if isinstance(carried_in, Carryover) else carried_in
    if short_in < 0 or long_in < 0:
        raise UsageError("a loss carried over is entered as a positive amount", "such as --carryover-short 1200")
    table = {
        line: form.totals.get(boxes[0], Total()).plus(form.totals.get(boxes[1], Total()))
        for line, boxes in BOXES_OF_LINE.items()
    }
    lines = dict.fromkeys(OTHER_LINES, 0) | dict(others or {})
    lines |= {"6": -short_in, "14": -long_in}
    lines["7"] = sum(table[n].gain for n in ("1b", "2", "3")) + lines["4"] + lines["5"] + lines["6"]
    lines["15"] = sum(table[n].gain for n in ("8b", "9", "10")) + lines["11"] + lines["12"] + lines["13"] + lines["14"]
    lines["16"] = lines["7"] + lines["15"]
    limit = LIMIT_SEPARATE if separate else LIMIT
    lines["21"] = min(-lines["16"], limit) if lines["16"] < 0 else 0
    out = carryover_worksheet(
        form.year,
        line7=lines["7"],
        line15=lines["15"],
        line21=lines["21"],
        taxable=0 if taxable is None else taxable,
    )
    return ScheduleD(form.year, table, lines, limit, out, worksheet, tuple(earlier))


def worksheets_of(
    forms: Iterable[Form8949],
    *,
    carried_in: tuple[int, int] = (0, 0),
    taxable: Mapping[int, int] | None = None,
    separate: bool = False,
) -> list[Carryover]:
    """The worksheets of consecutive years, each carrying on the losses of the one before.

    `carried_in` is carried into the first of them; `taxable` is line 15 of Form 1040 by year.
    """
    sheets: list[Carryover] = []
    for form in forms:
        before: Carryover | tuple[int, int] = sheets[-1] if sheets else carried_in
        income = (taxable or {}).get(form.year)
        sheets.append(make_schedule(form, carried_in=before, separate=separate, taxable=income).carried_out)
    return sheets


def schedule_rows(schedule: ScheduleD, *, whole: bool = False) -> Iterator[tuple[str, ...]]:
    """The schedule as a table (COLUMNS), in the order of the form."""
    for line in ORDER:
        if line in schedule.table:
            total = schedule.table[line]
            cells = [plain(cents, whole=whole) for cents in (total.proceeds, total.basis, total.adjustment, total.gain)]
            yield (line, TEXT[line], *cells)
        elif line == "17":
            if schedule.lines["16"] > 0:
                yield (line, TEXT[line], "", "", "", "yes" if schedule.both_gains else "no")
        else:
            amount = -schedule.lines[line] if line == "21" else schedule.lines[line]
            yield (line, TEXT[line], "", "", "", plain(amount, whole=whole))


def worksheet_rows(carryover: Carryover, *, whole: bool = False) -> Iterator[tuple[str, str, str]]:
    """The worksheet as rows: number of the line, what it is, amount; lines that are skipped are left out."""
    for number, text in WORKSHEET_TEXT.items():
        if number in carryover.lines:
            yield str(number), text, plain(carryover.lines[number], whole=whole)


def schedule_json(schedule: ScheduleD, *, whole: bool = False) -> dict[str, Any]:
    """The schedule and its worksheets as one object."""
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in schedule_rows(schedule, whole=whole)]
    return {
        "year": schedule.year,
        "rounding": "whole dollars" if whole else "cents",
        "lines": {row["line"]: {k: v for k, v in row.items() if k != "line" and v} for row in rows},
        "limit": plain(schedule.limit),
        "worksheets_before": [_worksheet_json(sheet, whole=whole) for sheet in schedule.earlier],
        "worksheet_in": _worksheet_json(schedule.carried_in, whole=whole) if schedule.carried_in else None,
        "worksheet_out": _worksheet_json(schedule.carried_out, whole=whole),
    }


def _worksheet_json(carryover: Carryover, *, whole: bool) -> dict[str, Any]:
    return {
        "from_year": carryover.year,
        "to_year": carryover.year + 1,
        "lines": {number: amount for number, _, amount in worksheet_rows(carryover, whole=whole)},
        "short_term": plain(carryover.short, whole=whole),
        "long_term": plain(carryover.long, whole=whole),
    }

"""Form 8949, Schedule D with its worksheets, and the statement of income, drawn plainly with the forms' own lines.

The drawn Form 8949 has all that the official one has, in a similar format, as Exception 2 of its instructions asks of
an attached statement.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkharvest.desk.amounts import printed
from zkharvest.desk.form8949 import (
    BOXES,
    FIRST_DIGITAL_YEAR,
    LONG_BOXES,
    SHORT_BOXES,
    Form8949,
    Row,
    Total,
    box_text,
    lapsed,
)
from zkharvest.desk.income import Income
from zkharvest.desk.pdf import GREY, LIGHT, MARGIN, Sheet
from zkharvest.desk.scheduled import (
    BOXES_OF_LINE,
    ORDER,
    TEXT,
    WORKSHEET_TEXT,
    Carryover,
    ScheduleD,
)
from zkharvest.trades.text import format_quantity

_WIDTHS = (146.0, 55.0, 55.0, 68.0, 68.0, 26.0, 54.0, 60.0)
_HEADS = (
    ("(a)", "Description of property"),
    ("(b)", "Date acquired"),
    ("(c)", "Date sold or", "disposed of"),
    ("(d)", "Proceeds", "(sales price)"),
    ("(e)", "Cost or other", "basis"),
    ("(f)", "Code(s)"),
    ("(g)", "Amount of", "adjustment"),
    ("(h)", "Gain or (loss)"),
)
_MONEY = (3, 4, 6, 7)
_ROW = 17.0
FOOT = "Drawn by zkharvest with the form's own columns and lines; not the official form. Not tax advice."


def form8949_pdf(form: Form8949, *, name: str = "", whole: bool = False, statement: bool = False) -> bytes:
    """Form 8949, one page for each 11 rows of a box.

    `statement` puts one row with code M into each box and lists the sales on attached pages (Exception 2).
    """
    sheet = Sheet(f"Form 8949 ({form.year})", FOOT)
    pages = list(form.pages())
    if not pages:
        sheet.page()
        sheet.paragraph(f"Form 8949 ({form.year}): no sales or other dispositions in the year.", size=10)
    if statement:
        for box, total in form.totals.items():
            _page_head(sheet, form.year, box, name)
            _columns(sheet)
            code = statement_codes(form, box)
            _cells(sheet, ["See attached statement", "", "", *_money(total, whole=whole, code=code)])
            _total(sheet, form.year, box, total, whole=whole)
        _statements(sheet, form, name, whole=whole)
        return sheet.bytes()
    for number, (box, rows) in enumerate(pages):
        _page_head(sheet, form.year, box, name)
        _columns(sheet)
        for row in rows:
            _cells(sheet, row_cells(row, whole=whole))
        last = number + 1 == len(pages) or pages[number + 1][0] != box
        _total(sheet, form.year, box, form.totals[box] if last else None, whole=whole)
    return sheet.bytes()


def statement_pdf(form: Form8949, *, name: str = "", whole: bool = False) -> bytes:
    """The statement of Exception 2 alone, to be attached to a Form 8949 with one row a box."""
    sheet = Sheet(f"Statement attached to Form 8949 ({form.year})", FOOT)
    _statements(sheet, form, name, whole=whole)
    return sheet.bytes()


def statement_codes(form: Form8949, box: str) -> str:
    """Column (f) of the row that stands for all of a box: M, and the codes of its sales, in alphabetical order."""
    codes = {code for row in form.rows if row.box == box for code, _ in row.adjustments}
    return "".join(sorted({"M", *codes}))


def row_cells(row: Row, *, whole: bool) -> list[str]:
    """Columns (a) to (h) of a row as the form shows them."""
    d, e = printed(row.proceeds, whole=whole), printed(row.basis, whole=whole)
    if lapsed(row.line) == "proceeds" and not row.proceeds:
        d = "EXPIRED"
    if lapsed(row.line) == "basis" and not row.basis:
        e = "EXPIRED"
    g = printed(row.adjustment, whole=whole) if row.adjustments else ""
    return [row.line.description, row.acquired, row.sold, d, e, row.line.codes, g, printed(row.gain, whole=whole)]


def _money(total: Total, *, whole: bool, code: str = "") -> list[str]:
    return [
        printed(total.proceeds, whole=whole),
        printed(total.basis, whole=whole),
        code,
        printed(total.adjustment, whole=whole) if total.adjustment else "",
        printed(total.gain, whole=whole),
    ]


def _page_head(sheet: Sheet, year: int, box: str, name: str) -> None:
    sheet.page()
    sheet.y += 14
    sheet.text(MARGIN, sheet.y, f"Form 8949 ({year})", size=13, bold=True)
    sheet.text(sheet.right, sheet.y, "Sales and Other Dispositions of Capital Assets", size=9, align="right")
    sheet.y += 5
    sheet.rule(sheet.y, weight=1.2)
    sheet.y += 12
    sheet.text(MARGIN, sheet.y, "Name(s) shown on return", size=6.5, colour=GREY)
    sheet.text(sheet.right - 170, sheet.y, "Social security or taxpayer identification number", size=6.5, colour=GREY)
    sheet.y += 13
    sheet.text(MARGIN, sheet.y, name, size=9, fit=340)
    sheet.rule(sheet.y + 4, colour=GREY)
    sheet.y += 20
    short = box in SHORT_BOXES
    part = "Part I   Short-Term. Held 1 year or less." if short else "Part II   Long-Term. Held more than 1 year."
    sheet.text(MARGIN, sheet.y, part, size=10, bold=True)
    sheet.y += 4
    old = year < FIRST_DIGITAL_YEAR
    for one in BOXES[short, False] if old else SHORT_BOXES if short else LONG_BOXES:
        sheet.y += 12
        sheet.check_box(MARGIN + 4, sheet.y, checked=one == box)
        sheet.text(MARGIN + 18, sheet.y, f"({one})  {box_text(one, year)}", size=7, bold=one == box, fit=510)
    sheet.y += 12


def _columns(sheet: Sheet) -> None:
    top = sheet.y
    sheet.rule(top, weight=1)
    sheet.text(MARGIN, top + 9, "1", size=8, bold=True)
    x = MARGIN
    for place, (lines, width) in enumerate(zip(_HEADS, _WIDTHS, strict=True)):
        for number, line in enumerate(lines):
            align = "right" if place in _MONEY else "left"
            at = x + width - 3 if place in _MONEY else x + (12 if place == 0 else 2)
            sheet.text(at, top + 9 + 9 * number, line, size=6.8, bold=number == 0, align=align, fit=width - 3)
        x += width
    sheet.y = top + 32
    sheet.rule(sheet.y)


def _cells(sheet: Sheet, cells: Sequence[str], *, bold: bool = False) -> None:
    top = sheet.y
    x = MARGIN
    for place, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True)):
        if place in _MONEY:
            sheet.text(x + width - 3, top + 11.5, cell, size=7.5, bold=bold, align="right", fit=width - 4)
        else:
            sheet.text(x + 2, top + 11.5, cell, size=7.5, bold=bold, fit=width - 4)
        if place:
            sheet.post(x, top, top + _ROW)
        x += width
    sheet.y = top + _ROW
    sheet.rule(sheet.y, colour=LIGHT)


def _total(sheet: Sheet, year: int, box: str, total: Total | None, *, whole: bool) -> None:
    goes = next(line for line, boxes in BOXES_OF_LINE.items() if box in boxes)
    sheet.rule(sheet.y, weight=1)
    sheet.y += 4
    if total is None:
        sheet.text(MARGIN, sheet.y + 12, f"2  Totals of box {box} are on its last page.", size=7.5, colour=GREY)
        return
    _cells(sheet, [f"2  Totals, to Schedule D, line {goes}", "", "", *_money(total, whole=whole)], bold=True)
    sheet.y += 10
    if year >= FIRST_DIGITAL_YEAR and box in "ADGJ":
        sheet.paragraph(
            f"Box {box}: where the basis reported to the IRS is incorrect, column (e) has the basis as reported and "
            "column (g) the correction.",
            size=6.5, colour=GREY,
        )  # fmt: skip


def _statements(sheet: Sheet, form: Form8949, name: str, *, whole: bool) -> None:
    for box in form.totals:
        _statement(sheet, form, box, name, whole=whole)


def _statement(sheet: Sheet, form: Form8949, box: str, name: str, *, whole: bool) -> None:
    rows = [row for row in form.rows if row.box == box]
    size = 36
    for at in range(0, len(rows), size):
        sheet.page()
        sheet.y += 14
        sheet.text(MARGIN, sheet.y, f"Statement attached to Form 8949 ({form.year}), box {box}", size=11, bold=True)
        sheet.text(sheet.right, sheet.y, name, size=8, align="right", fit=160)
        sheet.y += 8
        _columns(sheet)
        for row in rows[at : at + size]:
            _cells(sheet, row_cells(row, whole=whole))
    _total(sheet, form.year, box, form.totals[box], whole=whole)


def schedule_pdf(schedule: ScheduleD, *, name: str = "", whole: bool = False) -> bytes:
    """Schedule D and the carryover worksheets, into the year and out of it."""
    sheet = Sheet(f"Schedule D ({schedule.year})", FOOT)
    sheet.page()
    sheet.y += 14
    sheet.text(MARGIN, sheet.y, f"Schedule D (Form 1040) {schedule.year}", size=13, bold=True)
    sheet.text(sheet.right, sheet.y, "Capital Gains and Losses", size=9, align="right")
    sheet.y += 5
    sheet.rule(sheet.y, weight=1.2)
    sheet.y += 13
    sheet.text(MARGIN, sheet.y, f"Name(s) shown on return  {name}", size=8)
    widths = (24.0, 216.0, 74.0, 74.0, 66.0, 78.0)
    parts = {"1b": "Part I   Short-Term Capital Gains and Losses",
             "8b": "Part II   Long-Term Capital Gains and Losses",
             "16": "Part III   Summary"}  # fmt: skip
    for line in ORDER:
        if line in parts:
            sheet.y += 14
            sheet.paragraph(parts[line], size=9.5, bold=True, gap=2)
            if line != "16":
                heads = ("", "", "(d) Proceeds", "(e) Cost", "(g) Adjustments", "(h) Gain or (loss)")
                _schedule_row(sheet, heads, widths, bold=True)
        if line == "17" and schedule.lines["16"] <= 0:
            continue
        _schedule_row(sheet, (line, TEXT[line], *_schedule_money(schedule, line, whole=whole)), widths,
                      bold=line in ("7", "15", "16", "21"))  # fmt: skip
    sheet.y += 10
    sheet.paragraph(
        "Lines 18, 19, 20 and 22 depend on other forms and are not filled in. "
        f"The limit of line 21 is {printed(schedule.limit)} (s.1211(b)).", size=7, colour=GREY,
    )  # fmt: skip
    for carryover in schedule.worksheets:
        _worksheet(sheet, carryover, whole=whole)
    return sheet.bytes()


def _schedule_money(schedule: ScheduleD, line: str, *, whole: bool) -> list[str]:
    if line in schedule.table:
        total = schedule.table[line]
        if total == Total():
            return ["", "", "", ""]
        adjustment = printed(total.adjustment, whole=whole) if total.adjustment else ""
        return [printed(total.proceeds, whole=whole), printed(total.basis, whole=whole), adjustment,
                printed(total.gain, whole=whole)]  # fmt: skip
    if line == "17":
        return ["", "", "", "Yes" if schedule.both_gains else "No"]
    amount = -schedule.lines[line] if line == "21" else schedule.lines[line]
    return ["", "", "", printed(amount, whole=whole) if amount or line in ("7", "15", "16") else ""]


def _schedule_row(sheet: Sheet, cells: Sequence[str], widths: Sequence[float], *, bold: bool = False) -> None:
    lines = sheet.wrapped(cells[1], 7.2, widths[1] - 6, bold=bold) or [""]
    height = 5 + 9 * len(lines)
    top, x = sheet.y, MARGIN
    for place, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        if place == 1:
            for number, line in enumerate(lines):
                sheet.text(x + 2, top + 9.5 + 9 * number, line, size=7.2, bold=bold)
        elif place == 0:
            sheet.text(x + 2, top + 9.5, cell, size=7.5, bold=True)
        else:
            sheet.text(x + width - 3, top + height - 4, cell, size=7.5, bold=bold, align="right", fit=width - 5)
        x += width
    sheet.y = top + height
    sheet.rule(sheet.y, colour=LIGHT)


def _worksheet(sheet: Sheet, carryover: Carryover, *, whole: bool) -> None:
    sheet.page()
    sheet.y += 14
    first, then = carryover.year, carryover.year + 1
    sheet.text(MARGIN, sheet.y, "Capital Loss Carryover Worksheet, Lines 6 and 14", size=12, bold=True)
    sheet.y += 6
    sheet.rule(sheet.y, weight=1.2)
    sheet.paragraph(f"From {first} to {then}. Keep for your records.", size=8, gap=6)
    if not carryover.lines:
        sheet.paragraph(f"Nothing to carry over from {first} to {then}.", size=9)
        return
    for number, text in WORKSHEET_TEXT.items():
        amount = carryover.lines.get(number)
        shown = "skipped" if amount is None else printed(amount, whole=whole)
        _schedule_row(sheet, (str(number), text, "", "", "", shown), (24.0, 300.0, 30.0, 30.0, 30.0, 118.0),
                      bold=number in (8, 13))  # fmt: skip


def income_pdf(income: Income, *, name: str = "", whole: bool = False) -> bytes:
    """The statement of income: sums by category and source, then every receipt by day."""
    sheet = Sheet(f"Digital asset income {income.year}", "Made by zkharvest. Not tax advice.")
    sheet.page()
    sheet.paragraph(f"Income from digital assets, {income.year}", size=13, bold=True)
    if name:
        sheet.paragraph(name, size=9)
    sheet.paragraph(
        "Fair value when each receipt could be disposed of (Rev. Rul. 2019-24, Rev. Rul. 2023-14). Digital assets "
        "received as ordinary income not reported elsewhere: Schedule 1 (Form 1040), line 8v.",
        size=8, gap=8,
    )  # fmt: skip

    def money(cents: int) -> str:
        return printed(cents, whole=whole)

    sums = [(category, money(cents)) for (category,), cents in income.by("category").items()]
    sheet.table(("category", "amount"), [*sums, ("total, Schedule 1 line 8v", money(income.total))], (220, 110),
                right=(1,), bold_last=True)  # fmt: skip
    by_source = [(*key, money(cents)) for key, cents in income.by("source", "category").items()]
    sheet.table(("source", "category", "amount"), by_source, (150, 150, 110), right=(2,))
    for note in income.notes():
        sheet.paragraph(note, size=7, colour=GREY)
    receipts = [
        (one.day.isoformat(), one.trade.source, one.category, one.trade.asset, format_quantity(one.trade.quantity),
         money(one.cents))
        for one in income.receipts
    ]  # fmt: skip
    sheet.table(("day", "source", "category", "asset", "quantity", "amount"), receipts, (64, 110, 86, 70, 112, 90),
                right=(4, 5))  # fmt: skip
    return sheet.bytes()

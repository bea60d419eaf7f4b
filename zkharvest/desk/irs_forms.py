"""The IRS's own forms, their fields filled: Form 8949 and Schedule D of the years whose blanks lie in `irs/`.

The blanks hold two forms of the same fields: XFA, which some viewers prefer, and AcroForm. Only the latter can be
filled without Adobe's tools, so the XFA is taken out; every viewer then shows what is filled in. Fields that are not
ours to fill (the identifying number, lines of other forms) stay open to be typed into.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import zip_longest
from typing import Any

from zkharvest.desk.amounts import printed
from zkharvest.desk.form8949 import LONG_BOXES, SHORT_BOXES, Form8949, Total
from zkharvest.desk.pdf_forms import row_cells, statement_codes, statement_pdf
from zkharvest.desk.scheduled import ScheduleD
from zkharvest.errors import UsageError

YEARS = (2025,)
MOST_PAGES = 40  # of Form 8949; above that the statement of Exception 2 is what a reader wants

_ROWS = 11
_COLUMNS = 8
_SCHEDULE_ROWS = {"1b": 7, "2": 11, "3": 15, "8b": 27, "9": 31, "10": 35}  # the number of the field of column (d)
_SCHEDULE_LINES = {
    "4": "Page1[0].f1_19[0]", "5": "Page1[0].f1_20[0]", "6": "Page1[0].f1_21[0]", "7": "Page1[0].f1_22[0]",
    "11": "Page1[0].f1_39[0]", "12": "Page1[0].f1_40[0]", "13": "Page1[0].f1_41[0]", "14": "Page1[0].f1_42[0]",
    "15": "Page1[0].f1_43[0]", "16": "Page2[0].f2_1[0]", "21": "Page2[0].f2_4[0]",
}  # fmt: skip
_IN_PARENTHESES = ("6", "14", "21")  # the form prints them around the field
_ALWAYS = ("7", "15", "16")

Fields = Mapping[str, str]


def official_8949(form: Form8949, *, name: str = "", whole: bool = False, statement: bool = False) -> bytes:
    """Form 8949 on the IRS's form, as many copies as the sales take; a page that would be empty is left out.

    `statement` puts one row with code M into each box and attaches the sales, drawn (Exception 2). Raises UsageError
    for a year without a blank, or for more pages than anybody should file.
    """
    blank = _blank("f8949", form.year)
    short: list[Fields] = []
    long: list[Fields] = []
    for box, rows, total in _pages(form, whole=whole, statement=statement):
        (short if box in SHORT_BOXES else long).append(_page_fields(box, rows, total, name))
    if len(short) + len(long) > MOST_PAGES:
        count = f"{len(form.rows):,} rows take {len(short) + len(long):,} pages of Form 8949"
        raise UsageError(count, "add --statement: one row a box, and the sales on attached pages (Exception 2)")
    copies = list(zip_longest(short, long)) or [(None, None)]
    attached = statement_pdf(form, name=name, whole=whole) if statement and form.rows else b""
    return _filled(blank, copies, "Form 8949", attached)


def _pages(
    form: Form8949, *, whole: bool, statement: bool
) -> Iterator[tuple[str, Sequence[Sequence[str]], Sequence[str] | None]]:
    """Each page: its box, its rows as cells, and the cells of line 2 on the last page of a box."""
    if statement:
        for box, total in form.totals.items():
            row = ["See attached statement", "", "", *_total(total, whole=whole)]
            row[5] = statement_codes(form, box)
            yield box, [row], _total(total, whole=whole)
        return
    pages = list(form.pages())
    for number, (box, rows) in enumerate(pages):
        last = number + 1 == len(pages) or pages[number + 1][0] != box
        cells = [row_cells(row, whole=whole) for row in rows]
        yield box, cells, _total(form.totals[box], whole=whole) if last else None


def _total(total: Total, *, whole: bool) -> list[str]:
    d, e, g, h = (printed(cents, whole=whole) for cents in (total.proceeds, total.basis, total.adjustment, total.gain))
    return [d, e, "", g if total.adjustment else "", h]


def _page_fields(box: str, rows: Sequence[Sequence[str]], total: Sequence[str] | None, name: str) -> Fields:
    """The fields of one page, by their names below the page's own."""
    page = 1 if box in SHORT_BOXES else 2
    place = (SHORT_BOXES if page == 1 else LONG_BOXES).index(box)
    fields = {f"f{page}_01[0]": name, f"c{page}_1[{place}]": f"/{place + 1}"}
    for number, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            field = f"f{page}_{3 + _COLUMNS * number + column:02d}[0]"
            fields[f"Table_Line1_Part{page}[0].Row{number + 1}[0].{field}"] = cell
    for column, cell in enumerate(total or ()):
        fields[f"f{page}_{3 + _COLUMNS * _ROWS + column}[0]"] = cell
    return {f"topmostSubform[0].Page{page}[0].{field}": value for field, value in fields.items() if value}


def official_schedule(schedule: ScheduleD, *, name: str = "", whole: bool = False) -> bytes:
    """Schedule D on the IRS's form. Raises UsageError for a year without a blank."""
    blank = _blank("schedule-d", schedule.year)
    fields = {"Page1[0].f1_1[0]": name}
    for line, first in _SCHEDULE_ROWS.items():
        total = schedule.table[line]
        if total != Total():
            part = "Table_PartI[0]" if line in ("1b", "2", "3") else "Table_PartII[0]"
            d, e, _, g, h = _total(total, whole=whole)
            for column, cell in enumerate((d, e, g, h)):
                fields[f"Page1[0].{part}.Row{line}[0].f1_{first + column}[0]"] = cell
    for line, field in _SCHEDULE_LINES.items():
        amount = schedule.lines[line]
        if amount or line in _ALWAYS:
            fields[field] = printed(abs(amount) if line in _IN_PARENTHESES else amount, whole=whole)
    if schedule.lines["16"] > 0:  # line 17
        fields[f"Page2[0].c2_1[{0 if schedule.both_gains else 1}]"] = "/1" if schedule.both_gains else "/2"
    filled = {f"topmostSubform[0].{field}": value for field, value in fields.items() if value}
    of_page = [{k: v for k, v in filled.items() if f".Page{page}[0]." in k} for page in (1, 2)]
    return _filled(blank, [(of_page[0], of_page[1])], "Schedule D (Form 1040)")


@cache
def _blank(form: str, year: int) -> bytes:
    """A blank form. Raises UsageError where there is none of that year."""
    if year not in YEARS:
        years = ", ".join(map(str, YEARS))
        hint = f"blanks are there of {years}; leave --official out for a form drawn with its lines"
        raise UsageError(f"the IRS's form of {year} is not part of this program", hint)
    return files("zkharvest.desk").joinpath("irs", f"{form}-{year}.pdf").read_bytes()


def _filled(
    blank: bytes, copies: Sequence[tuple[Fields | None, Fields | None]], title: str, attached: bytes = b""
) -> bytes:
    """Copies of a blank of two pages, each page with its fields; None leaves the page out, but never all pages.

    The fields of each copy get a name of their own above them: two copies would else share their values.
    """
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import NameObject

    writer = PdfWriter()
    empty = all(page is None for copy in copies for page in copy)
    for number, copy in enumerate(copies):
        reader: Any = PdfReader(io.BytesIO(blank))
        top = f"copy{number + 1}" if len(copies) > 1 else ""
        if top:
            reader.add_form_topname(top)
        wanted = [place for place, fields in enumerate(copy) if fields is not None or empty]
        start = len(writer.pages)
        writer.append(reader, pages=[reader.pages[place] for place in wanted], import_outline=False)
        for at, place in enumerate(wanted):
            values = {f"{top}.{field}" if top else field: value for field, value in (copy[place] or {}).items()}
            if values:
                writer.update_page_form_field_values(writer.pages[start + at], values, auto_regenerate=False)
    if attached:
        writer.append(io.BytesIO(attached))
    root: Any = writer.root_object
    root["/AcroForm"].pop(NameObject("/XFA"), None)
    writer.add_metadata({"/Title": title, "/Creator": "zkharvest"})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()

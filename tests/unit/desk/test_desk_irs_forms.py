"""The IRS's own forms: what is filled in stands in the right cell, read back by another library than filled them."""

import hashlib
import io
from importlib.resources import files

import pytest

from tests.support.desk import HEADER, example, ledger
from zkharvest.cli import main
from zkharvest.desk.amounts import printed
from zkharvest.desk.form8949 import BOX_TEXT, Reported, make_form
from zkharvest.desk.irs_forms import MOST_PAGES, official_8949, official_schedule
from zkharvest.desk.lines import lines_of
from zkharvest.desk.scheduled import make_schedule
from zkharvest.errors import UsageError

pdfium = pytest.importorskip("pypdfium2")
IRS = files("zkharvest.desk").joinpath("irs")
# Columns (a) to (h) of the printed form in points from the left, as the lines of the blank stand; rows from the top.
COLUMNS = [(36, 172), (173, 223), (223, 274), (274, 338), (338, 402), (403, 446), (446, 510), (511, 577)]
TOP = {1: 396, 2: 432}  # the upper edge of row 1, on the page of Part I and of Part II
TOTAL = {1: (71, 85), 2: (107, 121)}


class Paper:
    """A form as it is printed: the text in each place of a page."""

    def __init__(self, data):
        self.document = pdfium.PdfDocument(data)
        self.document.init_forms()
        self.pages = []
        for page in self.document:
            page.flatten()
        again = pdfium.PdfDocument(self._saved())
        self.pages = [page.get_textpage() for page in again]

    def _saved(self):
        out = io.BytesIO()
        self.document.save(out)
        return out.getvalue()

    def at(self, page, left, bottom, right, top):
        return self.pages[page].get_text_bounded(left, bottom, right, top).strip()

    def row(self, page, part, number):
        """Columns (a) to (h) of a row of line 1."""
        top = TOP[part] - 24 * number
        return [self.at(page, left, top - 25, right, top) for left, right in COLUMNS]

    def total(self, page, part):
        return [self.at(page, left, TOTAL[part][0], right, TOTAL[part][1]) for left, right in COLUMNS[3:]]


def test_the_blanks_are_those_that_are_named():
    """And say what this program says of the boxes."""
    named = dict(line.strip("| \n").replace("`", "").split(" | ")[::2] for line in IRS.joinpath("README.md").read_text()
                 .splitlines() if line.startswith("| `"))  # fmt: skip
    for name, digest in named.items():
        assert hashlib.sha256(IRS.joinpath(name).read_bytes()).hexdigest() == digest
    page = pdfium.PdfDocument(IRS.joinpath("f8949-2025.pdf").read_bytes())
    text = " ".join(" ".join(one.get_textpage().get_text_range().split()) for one in page)
    for box, words in BOX_TEXT.items():
        assert f"({box}) {words}" in text


@pytest.fixture(scope="module")
def form():
    return make_form(lines_of(example())[-25:], 2025, {0: Reported.BASIS, 20: Reported.PROCEEDS})


@pytest.fixture(scope="module")
def filled(form):
    return official_8949(form, name="A. Taxpayer")


def test_form_8949_in_its_cells(form, filled):
    paper = Paper(filled)
    expected = list(form.pages())
    shorts = [(box, rows) for box, rows in expected if box in "ABCGHI"]
    longs = [(box, rows) for box, rows in expected if box in "DEFJKL"]
    order = [one for pair in zip(shorts, [*longs, *[None] * len(shorts)], strict=False) for one in pair if one]
    assert len(paper.pages) == len(order) == len(expected)
    for number, (box, rows) in enumerate(order):
        part = 1 if box in "ABCGHI" else 2
        assert paper.at(number, 36, 683 if part == 1 else 719, 366, 699 if part == 1 else 735).endswith("A. Taxpayer")
        for place, row in enumerate(rows):
            cells = paper.row(number, part, place)
            assert cells[0] == row.line.description
            assert cells[1:3] == [row.acquired, row.sold]
            assert cells[3] in (printed(row.proceeds), "EXPIRED") and cells[4] in (printed(row.basis), "EXPIRED")
            assert cells[7] == printed(row.gain)
        last = rows[-1] is [row for row in form.rows if row.box == box][-1]
        total = form.totals[box]
        shown = [printed(total.proceeds), printed(total.basis), "", "", printed(total.gain)]
        assert paper.total(number, part) == (shown if last else [""] * 5)


def test_one_box_is_checked_on_each_page(form, filled):
    pypdf = pytest.importorskip("pypdf")
    reader = pypdf.PdfReader(io.BytesIO(filled))
    checked = []
    for page in reader.pages:
        states = [a.get_object() for a in page["/Annots"] if a.get_object().get("/FT") == "/Btn"]
        (on,) = [n for n, a in enumerate(states) if a.get("/AS") not in (None, "/Off")]
        checked.append(on)
    assert sorted(checked) == sorted("ABCGHIDEFJKL".index(box) % 6 for box, _ in form.pages())
    names = [name for name in reader.get_fields() if name.endswith("f1_01[0]")]
    assert len(names) == len(set(names)) > 1  # each copy has fields of its own
    assert "/XFA" not in reader.trailer["/Root"]["/AcroForm"]


def test_schedule_d_in_its_cells():
    form = make_form(lines_of(example()), 2025)
    schedule = make_schedule(form, carried_in=(1_200_00, 0), others={"13": 12_50})
    paper = Paper(official_schedule(schedule, name="A. Taxpayer"))
    total = schedule.table["3"]
    amounts = [paper.at(0, left, 431, left + 72, 445) for left in (288, 360, 432, 504)]
    assert amounts == [printed(total.proceeds), printed(total.basis), "", printed(total.gain)]
    assert paper.at(0, 288, 143, 359, 157) == printed(schedule.table["10"].proceeds)
    lines = {"6": (0, 384), "7": (0, 360), "13": (0, 96), "15": (0, 48), "16": (1, 696), "21": (1, 360)}
    for line, (page, bottom) in lines.items():
        amount = schedule.lines[line]
        shown = printed(-amount if line == "6" else amount)
        assert shown in paper.at(page, 488, bottom - 1, 577, bottom + 13)
    assert schedule.lines["21"] == 3_000_00


def test_what_cannot_be_filed_is_refused():
    with pytest.raises(UsageError, match="the IRS's form of 2024 is not part of this program"):
        official_8949(make_form([], 2024))
    rows = "\n".join(f"2025-02-01T12:00:{n % 60:02d}Z,a,s{n},sell,X,1,2,,," for n in range(11 * MOST_PAGES + 1))
    form = make_form(lines_of(ledger(f"2025-01-10T12:00:00Z,a,b,buy,X,1000,1000,,,\n{rows}")), 2025)
    with pytest.raises(UsageError, match="add --statement"):
        official_8949(form)
    paper = Paper(official_8949(form, statement=True))
    row = paper.row(0, 1, 0)
    assert (row[0], row[5], row[7]) == ("See attached statement", "M", printed(form.short.gain))
    assert "Statement attached to Form 8949" in paper.pages[1].get_text_range()


def test_the_commands(tmp_path, capsys):
    trades = tmp_path / "trades.csv"
    trades.write_text(HEADER + "2024-01-10T12:00:00Z,a,1,buy,X,2,10,,,\n2025-02-05T12:00:00Z,a,2,sell,X,1,20,,,\n")
    rule = [str(trades), "--year", "2025", "--method", "hifo"]
    for form in ("form8949", "scheduled"):
        target = tmp_path / f"{form}.pdf"
        assert main(["report", form, *rule, "--official", "-o", str(target)]) == 0
        assert target.read_bytes().startswith(b"%PDF")
        assert main(["report", form, *rule, "--official"]) == 2
        assert "--official is for a PDF" in capsys.readouterr().err

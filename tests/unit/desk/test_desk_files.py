"""Income, TXF and the PDFs: golden files of the example, PDFs read back by another library."""

import os
import re
from datetime import date
from pathlib import Path

import pytest

from tests.support.desk import ROOT, example, ledger
from zkharvest.desk.amounts import plain, printed
from zkharvest.desk.broker import read_1099da
from zkharvest.desk.form8949 import ROW_COLUMNS, form_rows, make_form
from zkharvest.desk.income import COLUMNS as INCOME_COLUMNS
from zkharvest.desk.income import income_json, income_of, income_rows
from zkharvest.desk.lines import lines_of
from zkharvest.desk.reconcile import COLUMNS as FINDING_COLUMNS
from zkharvest.desk.reconcile import finding_rows, reconcile
from zkharvest.desk.scheduled import COLUMNS as SCHEDULE_COLUMNS
from zkharvest.desk.scheduled import make_schedule, schedule_rows, worksheet_rows
from zkharvest.desk.txf import amounts, read_txf, txf_text
from zkharvest.ledger.report import csv_text

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def run():
    return example()


@pytest.fixture(scope="module")
def found(run):
    path = ROOT / "examples" / "taxpayer" / "1099da.csv"
    return reconcile(run, lines_of(run), read_1099da(path))


@pytest.fixture(scope="module")
def form(found):
    return make_form(found.lines, 2025, found.reported)


@pytest.fixture(scope="module")
def schedule(form):
    return make_schedule(form, carried_in=(1_234_56, 500_00))


def same(name, text):
    """The text is that of the golden file; ZKHARVEST_GOLDEN=1 writes it anew."""
    path = GOLDEN / name
    if os.environ.get("ZKHARVEST_GOLDEN"):
        path.write_text(text, newline="")
    assert path.read_text() == text.replace("\r\n", "\n"), f"{name} has changed"


def lines_of_pdf(data):
    """What pypdf reads, page by page."""
    import io

    pypdf = pytest.importorskip("pypdf")
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages]


def test_golden_forms(run, form, found, schedule):
    same("form8949.csv", csv_text(ROW_COLUMNS, form_rows(form, run)))
    same("form8949-dollars.csv", csv_text(ROW_COLUMNS, form_rows(form, run, whole=True)))
    same("scheduled.csv", csv_text(SCHEDULE_COLUMNS, schedule_rows(schedule)))
    same("worksheet.csv", csv_text(("line", "text", "amount"), worksheet_rows(schedule.carried_out)))
    same("income.csv", csv_text(INCOME_COLUMNS, income_rows(income_of(run))))
    same("txf.txf", txf_text(form, income_of(run), program="zkharvest", exported=date(2026, 2, 1)))
    rows = ([cell.replace(f"{ROOT}/", "") for cell in row] for row in finding_rows(found, run))
    same("reconcile.csv", csv_text(FINDING_COLUMNS, rows))


def test_income_is_summed_by_day_source_and_kind():
    run = ledger("""
2025-01-05T12:00:00Z,a,1,income,X,1,10.004,,,
2025-01-05T13:00:00Z,a,2,income,X,1,10.004,,,
2025-01-06T12:00:00Z,b,3,income,Y,1,0.002,,,
2024-12-31T23:00:00Z,b,4,income,Y,1,99,,,
2025-02-06T12:00:00Z,b,5,buy,Y,1,99,,,
""")
    income = income_of(run)
    assert income.total == 2001  # 20.010, rounded once: not 10.00 + 10.00 + 0.00
    assert income.by("day") == {("2025-01-05",): 2001, ("2025-01-06",): 0}
    assert income.by("source", "asset") == {("a", "X"): 2001, ("b", "Y"): 0}
    shown = income_json(income)
    assert shown["schedule_1_line_8v"] == "20.01"
    assert len(shown["receipts"]) == 3


def test_txf_carries_the_same_gains(form, run):
    text = txf_text(form, income_of(run), program="zkharvest", exported=date(2026, 2, 1))
    records = list(read_txf(text))
    sales = [record for record in records if record.get("T") == ["D"] and record["N"] != ["257"]]
    assert records[0]["V"] == ["042"] and len(sales) == len(form.rows)
    gains = []
    for record, row in zip(sales, form.rows, strict=True):
        basis, proceeds, *wash = (round(float(amount) * 100) for amount in record["$"])
        assert (basis, proceeds) == amounts(row)[:2]
        assert record["D"] == [row.acquired, row.sold]
        gains.append(proceeds - basis + sum(wash))
    assert gains == [row.gain for row in form.rows]
    assert sum(gains) == form.short.gain + form.long.gain
    assert records[-1]["$"] == [plain(income_of(run).total)]
    assert text.isascii() and text.endswith("^\r\n")


def test_form_8949_on_paper(form):
    from zkharvest.desk.pdf_forms import form8949_pdf

    pages = lines_of_pdf(form8949_pdf(form, name="Example Taxpayer"))
    assert len(pages) == len(list(form.pages()))
    whole = "\n".join(pages)
    for box, rows in form.pages():
        page = pages.pop(0)
        assert f"({box})" in page and "Example Taxpayer" in page
        for row in rows:
            assert row.line.description[:14] in page
            for amount in (row.gain, row.adjustment) if row.adjustments else (row.gain,):
                assert printed(amount) in page
    for total in form.totals.values():
        assert printed(total.proceeds) in whole and printed(total.gain) in whole
    # every amount on the pages is one of the form's
    known = {printed(x) for row in form.rows for x in (row.proceeds, row.basis, row.adjustment, row.gain)}
    known |= {printed(x) for t in form.totals.values() for x in (t.proceeds, t.basis, t.adjustment, t.gain)}
    known |= {row.line.description.partition(" ")[0] for row in form.rows}
    assert set(re.findall(r"\(?[\d,]+\.\d\d\)?(?![\d])", re.sub(r"\d+\.\d{3,}", "", whole))) <= known


def test_an_attached_statement_has_code_m(form):
    from zkharvest.desk.pdf_forms import form8949_pdf

    pages = lines_of_pdf(form8949_pdf(form, statement=True))
    heads = pages[: len(form.totals)]
    assert all("See attached statement" in page and "M" in page for page in heads)
    assert any("BM" in page for page in heads)  # all other codes too
    assert all("Statement attached" in page for page in pages[len(form.totals) :])


def test_schedule_d_and_income_on_paper(schedule, run):
    from zkharvest.desk.pdf_forms import income_pdf, schedule_pdf

    first, out = lines_of_pdf(schedule_pdf(schedule))
    for line in ("7", "15", "16"):
        assert printed(schedule.lines[line]) in first
    assert printed(-schedule.lines["21"]) in first
    for amount in schedule.carried_out.lines.values():
        assert printed(amount) in out
    income = income_of(run)
    text = "\n".join(lines_of_pdf(income_pdf(income)))
    assert printed(income.total) in text
    assert all(printed(receipt.cents) in text for receipt in income.receipts)


def test_an_empty_year_makes_forms_too():
    from zkharvest.desk.pdf_forms import form8949_pdf, income_pdf, schedule_pdf

    run = ledger("2025-02-06T12:00:00Z,b,5,buy,Y,1,99,,,")
    form = make_form(lines_of(run), 2025)
    assert "no sales" in lines_of_pdf(form8949_pdf(form))[0]
    assert "Nothing to carry over" in "".join(lines_of_pdf(schedule_pdf(make_schedule(form))))
    assert lines_of_pdf(income_pdf(income_of(run)))

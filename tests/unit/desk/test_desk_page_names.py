"""Names and amounts that are long, many or in letters that no font has: they stand on the page and on paper."""

from __future__ import annotations

import io
import re
import warnings
from types import SimpleNamespace

import pytest

from tests.support.browser import CHROMIUM, Browser
from tests.support.desk import HEADER, example, ledger
from zkharvest.cli import main
from zkharvest.desk import page_pdf as paper
from zkharvest.desk.amounts import MINUS
from zkharvest.desk.charts import charts
from zkharvest.desk.overview import make_overview
from zkharvest.desk.page import UNFOLDED, page_html, write_bytes
from zkharvest.desk.pdf import unprintable

LONG = "A" * 40
ODD = f"""
2023-01-05T12:00:00Z,кошелёк,1,buy,{LONG},1000000000,98765432109.12,0,,
2025-02-05T12:00:00Z,кошелёк,2,sell,{LONG},1000000000,12345678901.99,1,,
2025-03-05T12:00:00Z,кошелёк,3,income,日本$円$,5,7.50,0,,
2025-04-05T12:00:00Z,кошелёк,4,sell,日本$円$,2,9,0.01,,
"""


def overview(run):
    return make_overview(run, run.trades, source="trades.csv", digest="00" * 32)


def lines(view) -> list[str]:
    pypdf = pytest.importorskip("pypdf")
    found = pypdf.PdfReader(io.BytesIO(paper.page_pdf(view, version="x"))).pages
    return [line for page in found for line in page.extract_text().splitlines()]


def test_no_letter_of_a_name_is_left_out_on_paper():
    """A letter that the fonts lack is printed as a sign: what follows stays in its column, and nothing is blank."""
    view = overview(ledger(ODD))
    listed = [line for line in lines(view) if "trades.csv:" in line or "sold" in line]
    gains = [line for line in listed if "3.00" in line]
    assert len(gains) == 2 and all("2 \ufffd\ufffd$\ufffd$" in line for line in gains)
    head = next(line[line.index("sold") :] for line in listed if "sold" in line)
    ends = {line.index("5.99") + 4 for line in gains}
    assert ends == {head.index("gain or loss") + len("gain or loss")}
    assert any(f"{MINUS}86,419,753,208.13" in line and "12,345,678,900.99" in line for line in listed)


def test_letters_that_are_not_printed_are_named():
    assert unprintable(["Łódź €", "кошелёк", "BTC"]) == ""
    assert unprintable(["日本", "本 x", "\U0001f600"]) == "日本\U0001f600"


def test_the_command_says_so_and_no_library_speaks(tmp_path, capfd):
    (tmp_path / "t.csv").write_text(HEADER + ODD.strip() + "\n")
    rule = [str(tmp_path / "t.csv"), "--year", "2025", "--method", "fifo"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for words in (["page"], ["form8949"]):
            assert main(["report", *words, *rule, "-o", str(tmp_path / f"{words[0]}.pdf")]) == 0
            err = capfd.readouterr().err
            assert "the fonts of the PDF lack 円日本" in err and "Glyph" not in err and "MPDFAA" not in err
        assert main(["report", "page", *rule, "-o", str(tmp_path / "r.html")]) == 0
        assert "lack" not in capfd.readouterr().err
    assert "日本$円$" in (tmp_path / "r.html").read_text()


def test_long_names_leave_room_for_the_bars():
    (chart,) = [one for one in charts(overview(ledger(ODD))) if one.title == "Gains by asset"]
    assert f"{'A' * 23}…" in chart.svg and "A" * 24 not in chart.svg and "日本$円$" in chart.svg


def test_one_column_is_no_wall():
    (chart,) = [one for one in charts(overview(ledger(ODD))) if one.title == "Income by month"]
    wide = float(re.search(r'viewBox="0 0 ([\d.]+)', chart.svg)[1])
    bars = re.findall(r'<path d="M ([\d.]+) [\d.]+ \nL ([\d.]+)[^"]*"[^>]*fill: #0072b2', chart.svg)
    widths = [float(right) - float(left) for left, right in bars]
    assert len(widths) == 2 and 20 < max(widths) < wide / 6  # the other is that of the legend


def test_every_receipt_names_its_line():
    view = overview(example())
    page, text = write_bytes(page_html(view, version="x")).decode(), "\n".join(lines(view))
    assert len(view.income.receipts) == 18
    for one in view.income.receipts:
        assert f"<td>{one.trade.id}</td><td>{one.trade.origin}</td>" in page
        assert one.trade.origin in text and one.trade.id in text


def test_many_lots_are_folded_and_printed_as_a_list(monkeypatch):
    monkeypatch.setattr(paper, "_MANY", 3)
    rows = (f"2025-01-05T12:00:00Z,a,b{n},buy,X,1,{n}.25,,," for n in range(UNFOLDED + 1))
    view = overview(ledger("\n".join(rows)))
    text = lines(view)
    for n in (0, UNFOLDED):
        assert [line for line in text if f" {n}.25 " in line and f"b{n} " in line and f"trades.csv:{n + 2}" in line]
    assert any("401 lots, listed on the last pages" in line for line in text)
    page = write_bytes(page_html(view, version="x")).decode()
    assert page.count("<details") == page.count("</details>") == 1 and '<details class="month"><summary><b>All' in page
    few = write_bytes(page_html(SimpleNamespace(**_fields(view), held=view.held[:9]), version="x")).decode()
    assert "<details" not in few


def _fields(view):
    names = "run form schedule income months assets last_day methods sales lot_names currency source digest net count"
    return {name: getattr(view, name) for name in (*names.split(), "doubts")}


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_tables_of_the_example_fit_a_desk(tmp_path):
    path = tmp_path / "report.html"
    path.write_bytes(write_bytes(page_html(overview(example()), version="x")))
    with Browser() as browser:
        shown = browser.open(path, width=1280)
        shown.run("document.querySelectorAll('details').forEach(d => { d.style.contentVisibility = 'visible' })")
        wide = "[...document.querySelectorAll('.wide')]"
        assert shown.run(f"{wide}.length") > 10
        assert shown.run(f"{wide}.every(d => d.scrollWidth <= d.clientWidth)")
        browser.call("Emulation.setEmulatedMedia", shown.session, media="print")
        cell = "getComputedStyle(document.querySelector('tr.sale td:nth-child({})')).fontSize"
        assert shown.run(cell.format(10)) == shown.run(cell.format(2)) == "10px"  # 7.5 points

"""The report page and its paper: what it says, that it stands alone, and how it looks in a browser."""

import html
import io
import json
import multiprocessing
import os
import re
import signal
import time
from datetime import date

import pytest

from tests.support.browser import CHROMIUM, Browser
from tests.support.desk import EXAMPLE, ROOT, example, ledger
from zkharvest.cli import main
from zkharvest.desk import methods
from zkharvest.desk.amounts import signed, to_cents
from zkharvest.desk.charts import charts
from zkharvest.desk.overview import make_overview, overview_json, summary, warnings
from zkharvest.desk.page import page_html, write_bytes
from zkharvest.desk.page_pdf import page_pdf
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.ledger.run import run_ledger
from zkharvest.simd.threads import each
from zkharvest.trades.csv_in import trades_from_text


def overview(run, **more):
    return make_overview(run, run.trades, source="trades.csv", digest="00" * 32, **more)


@pytest.fixture(scope="module")
def view():
    return overview(example())


@pytest.fixture(scope="module")
def page(view):
    return write_bytes(page_html(view, version="0.1.0")).decode()


def text_of(page):
    bare = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]+>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(bare))


def test_every_figure_of_the_form_is_on_the_page(view, page):
    text = text_of(page)
    for row in view.form.rows:
        assert row.line.description in text and signed(row.gain) in text
        assert view.lot_names[row.line.lots[0]] in text
    for total in view.form.totals.values():
        assert signed(total.proceeds) in text and signed(total.gain) in text
    assert all(lot.name in text and lot.quantity in text for lot in view.held)


def test_sums_on_the_page_agree_with_the_form(view):
    for sums in (view.months, view.assets):
        assert sum(s.short for s in sums) == view.form.short.gain
        assert sum(s.long for s in sums) == view.form.long.gain
        assert sum(s.proceeds for s in sums) == view.form.short.proceeds + view.form.long.proceeds
    listed = [sale for _, sales in view.sales for sale in sales]
    assert sum(sale.gain for sale in listed) == view.net
    assert sum(len(sale.rows) for sale in listed) == len(view.form.rows) == view.count[1]
    own = next(one for one in view.methods if one.chosen)
    assert (to_cents(own.short), to_cents(own.long)) == (view.form.short.gain, view.form.long.gain)


def test_methods_side_by_side_are_those_of_the_example_s_readme(view):
    net = {one.method.value: to_cents(one.short + one.long) for one in view.methods}
    assert net["fifo"] == -2_041_043 and net["lifo"] == -3_250_311 and net["hifo"] == -3_452_515
    assert net["lofo"] == -2_060_734 and net["specific"] == -3_467_107


@pytest.mark.skipif(not hasattr(os, "fork"), reason="without fork the runs take their turn")
@pytest.mark.parametrize("end", ["well", "on kernels", "killed", "hung", "at once"])
def test_methods_run_aside_are_those_run_in_turn(end, monkeypatch):
    if end == "on kernels":
        monkeypatch.setattr("zkharvest.ledger.run.FAST_FROM", 0)
        monkeypatch.setenv("ZKHARVEST_THREADS", "2")
        each(str, range(2))  # the parent's threads are there, and at work for the ledger
    run = example()
    monkeypatch.setattr(methods, "FAST_FROM", 0)
    monkeypatch.setattr(methods, "_cores", lambda: 2)
    if end == "killed":
        monkeypatch.setattr(methods, "_send", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    elif end == "hung":
        monkeypatch.setattr(methods, "_send", lambda *_: time.sleep(600))
        monkeypatch.setattr(methods, "_PATIENCE", 0.1)
    elif end == "at once":
        monkeypatch.setattr(methods, "_cores", lambda: 1)
    elif end == "on kernels":
        monkeypatch.setattr(methods, "_PATIENCE", 60)
    wait = methods.begin_others(run.trades, run.election)
    assert bool(multiprocessing.active_children()) or end not in ("well", "on kernels", "hung")
    if end in ("well", "on kernels"):  # the results are the child's
        with monkeypatch.context() as patched:
            patched.setattr(methods, "other_methods", None)
            found = wait()
    else:
        found = wait()
    assert found == methods.other_methods(run.trades, run.election)
    assert [one.method.value for one in methods.all_methods(run, found)] == ["fifo", "lifo", "hifo", "lofo", "specific"]
    assert not multiprocessing.active_children()


def test_the_law_s_limits_are_said():
    now = warnings(overview(example()))
    assert any("Reg. 1.1012-1(j)(3)" in text for text in now)
    assert not any("Reg. 1.1012-1(j)" in text for text in warnings(overview(example(year=2024))))
    pooled = ledger("2025-02-06T12:00:00Z,b,5,buy,Y,1,99,,,", pooling="universal")
    assert any("wallet by wallet" in text for text in warnings(overview(pooled)))


def test_another_country_s_money_is_pointed_out():
    """The page knows the rules of the United States alone."""
    header = "time,source,id,kind,asset,quantity,amount,fee,currency\n"
    text = f"{header}2024-01-05T12:00:00Z,a,1,buy,X,1,9,0,GBP\n2025-02-06T12:00:00Z,a,2,sell,X,1,9,0,GBP\n"
    run = run_ledger(trades_from_text(text, "t.csv"), Election(Method.FIFO, Pooling.WALLET, "Europe/London", 2025))
    (said,) = warnings(overview(run))
    assert "Amounts are in GBP, and the rules are those of the United States" in said and "report sa108" in said
    assert said in text_of(write_bytes(page_html(overview(run), version="x")).decode())


def test_a_year_in_words():
    run = ledger("""
2024-01-10T12:00:00Z,a,1,buy,X,10,1000,,,
2025-02-05T12:00:00Z,a,2,buy,X,1,100,,,
2025-12-05T12:00:00Z,a,3,sell,X,5,900,,,
2025-12-06T12:00:00Z,a,4,income,Y,5,7.50,,,
2026-01-01T12:00:00Z,a,5,sell,X,5,900,,,
""")
    view = overview(run)
    words = " ".join(summary(view))
    assert "net gain of 400.00 USD" in words and "1 sale or other disposal" in words
    assert "7.50 USD in 1 receipt" in words
    assert "3 lots of 2 assets" in words and "1 turns long within 60 days" in words
    assert [(lot.age, lot.long_on) for lot in view.held] == [
        (721, date(2025, 1, 11)), (329, date(2026, 2, 6)), (25, date(2026, 12, 7)),
    ]  # fmt: skip
    assert view.methods[0].long == 40_000_000_000


def test_an_empty_year():
    view = overview(ledger("2025-02-06T12:00:00Z,b,5,buy,Y,1,9,,,"))
    assert "Nothing was sold" in summary(view)[0]
    assert b"Nothing to draw" not in write_bytes(page_html(view, version="x"))  # a lot is held
    assert page_pdf(view, version="x").startswith(b"%PDF")


def test_names_cannot_break_out_of_the_page():
    evil = "<img src=x onerror=alert(1)>"
    run = ledger(f"""
2025-01-10T12:00:00Z,{evil},1,buy,X<b>,10,1000,,,
2025-02-05T12:00:00Z,{evil},2,sell,X<b>,5,100,,,
2025-02-05T12:00:00Z,{evil},<3>,income,"Y""'&",5,100,,,
""")
    page = write_bytes(page_html(overview(run), version="x")).decode()
    assert "<img" not in page and "X<b>" not in page
    assert html.escape(evil) in page


def test_the_page_stands_alone(page):
    assert not re.search(r'(?:src|href)="(?!#|data:)', page) and "<script" not in page and "@import" not in page
    assert "default-src 'none'" in page and "url(" not in page.replace("url(#", "")


def test_charts_have_words_and_no_fixed_ink(view):
    drawn = charts(view)
    titles = ["Gains by month", "Gains by asset", "Income by month", "When lots turn long"]
    assert [chart.title for chart in drawn] == titles
    for chart in drawn:
        assert chart.text and "currentColor" in chart.svg and "#1a1e24" not in chart.svg
    hatched = [chart for chart in drawn if chart.title != "Income by month"]  # of one kind
    assert all("<pattern" in chart.svg for chart in hatched)
    assert all(chart.picture.startswith(b"\x89PNG") for chart in charts(view, paper=True))


def test_the_paper_says_what_the_page_says(view):
    pypdf = pytest.importorskip("pypdf")
    text = "\n".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(page_pdf(view, version="x"))).pages)
    flat = re.sub(r"\s+", " ", text)
    for words in (*summary(view), *warnings(view)):
        assert words in flat
    for row in view.form.rows:
        assert signed(row.gain) in text
    assert all(lot.quantity in text for lot in view.held)


def test_the_command_writes_all_three(tmp_path, capsys):
    rule = ["--year", "2025", "--method", "hifo"]
    for name in ("report.html", "report.pdf", "report.json"):
        words = ["report", "page", str(EXAMPLE), *rule, "-o", str(tmp_path / name)]
        assert main([*words, "--reconcile", str(ROOT / "examples" / "taxpayer" / "1099da.csv")]) == 0
    shown = json.loads((tmp_path / "report.json").read_text())
    assert shown["schema"] == "zkharvest/overview/1" and len(shown["sha256"]) == 64
    assert "Form 8949" in (tmp_path / "report.html").read_text()
    assert main(["report", "page", str(EXAMPLE), *rule, "-o", str(tmp_path / "report.doc")]) == 2
    assert main(["report", "page", str(EXAMPLE), *rule, "-o", str(tmp_path / "report.html")]) == 2
    assert "exists already" in capsys.readouterr().err


def test_the_json_says_what_the_page_says(view):
    shown = overview_json(view)
    assert shown["net"] == "-34525.15" and len(shown["held"]) == len(view.held)
    assert {one["method"] for one in shown["methods"]} == {one.method.value for one in view.methods}


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_in_a_browser(page, tmp_path):
    """No request, no complaint, enough contrast, no sideways scrolling: at desk and phone width, light and dark."""
    path = tmp_path / "report.html"
    path.write_text(page)
    with Browser() as browser:
        for width in (1280, 390):
            for dark in (False, True):
                shown = browser.open(path, width=width, dark=dark)
                assert shown.run("document.title") == "Gains and losses 2025"
                assert shown.requests() == []
                assert shown.complaints() == []
                assert shown.poor_contrast() == []
                assert not shown.overflows()
                assert shown.run("document.querySelectorAll('details[open] tr.sale').length") == 55
                assert shown.run("[...document.querySelectorAll('figure svg')].every(s => s.clientHeight > 60)")
                shown.run("document.querySelector('h1').style.color = '#888'; document.body.style.background = '#777'")
                assert shown.poor_contrast()  # the check can fail


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_large_amounts_are_whole_at_phone_width(tmp_path):
    """Each amount at the head of the page fits its box, and the page does not scroll sideways."""
    asset, name = "N" * 30, "n" * 60
    lines = (
        f"2024-01-01T12:00:00Z,{name},b,buy,{asset},1,9,,,",
        f"2025-06-01T12:00:00Z,{name},s,sell,{asset},1,18999999995,,,",
    )
    big = ledger("\n".join(lines))
    path = tmp_path / "report.html"
    path.write_bytes(write_bytes(page_html(overview(big), version="0.1.0")))
    with Browser() as browser:
        for width in (1280, 390):
            shown = browser.open(path, width=width)
            boxes = "[...document.querySelectorAll('.figures div')]"
            assert shown.run(f"{boxes}.length") == 4
            assert shown.run(f"{boxes}.every(d => d.scrollWidth <= d.clientWidth && d.clientWidth > 100)")
            assert not shown.overflows()

"""The story: from the exports of the example to forms that can be filed, by the command line alone.

The figures of the ledger's JSON, Form 8949, Schedule D, TXF and the PDFs agree to the cent: proceeds and gain of each
part of Form 8949 are the ledger's exact sums, rounded once; everything else follows from the forms' own arithmetic.
"""

import csv
import io
import json
from decimal import ROUND_HALF_UP, Decimal

import pytest

from tests.support.desk import ROOT
from zkharvest.cli import main
from zkharvest.desk.txf import read_txf

TAXPAYER = ROOT / "examples" / "taxpayer"
RULE = ["--year", "2025", "--method", "hifo"]


def cents(text):
    return int((Decimal(text) * 100).quantize(Decimal(1), ROUND_HALF_UP))


@pytest.fixture(scope="module")
def trades(tmp_path_factory):
    path = tmp_path_factory.mktemp("story") / "trades.csv"
    exports = [str(TAXPAYER / name) for name in ("coinbase.csv", "kraken-ledgers.csv", "deribit.csv")]
    assert main(["trades", "import", *exports, "--prices", str(TAXPAYER / "prices.csv"), "-o", str(path)]) == 0
    return path


@pytest.fixture
def say(capsys):
    def run(*words, expect=0):
        capsys.readouterr()
        assert main([str(word) for word in words]) == expect, capsys.readouterr().err
        return capsys.readouterr().out

    return run


def test_from_exports_to_forms(trades, say, tmp_path):
    exact = json.loads(say("ledger", "report", trades, *RULE, "--json"))["totals"]
    form = json.loads(say("report", "form8949", trades, *RULE, "--json"))
    schedule = json.loads(say("report", "scheduled", trades, *RULE, "--json"))["lines"]
    txf = list(read_txf(say("report", "txf", trades, *RULE)))
    income = json.loads(say("report", "income", trades, "--year", "2025", "--json"))

    short = Decimal(exact["short_term_gain"]) - Decimal(exact["short_term_loss"])
    long = Decimal(exact["long_term_gain"]) - Decimal(exact["long_term_loss"])
    assert (cents(short), cents(long)) == (-3_454_078, 1_563)  # README of the example: -34,525.15 together
    assert cents(form["short_term"]["gain"]) == cents(schedule["7"]["gain"]) == cents(short)
    assert cents(form["long_term"]["gain"]) == cents(schedule["15"]["gain"]) == cents(long)
    assert cents(schedule["16"]["gain"]) == cents(short) + cents(long) == cents(exact["net"]) == -3_452_515
    assert schedule["21"]["gain"] == "-3000.00"
    proceeds = cents(form["short_term"]["proceeds"]) + cents(form["long_term"]["proceeds"])
    assert abs(proceeds - cents(exact["proceeds"])) <= 1  # two sums, each rounded once

    sales = [record for record in txf[1:] if record["N"] != ["257"]]
    gains = [cents(record["$"][1][0:]) - cents(record["$"][0]) for record in sales]
    assert sum(gains) == cents(schedule["16"]["gain"])
    assert txf[-1]["$"] == [income["schedule_1_line_8v"]]

    for line, box in (("3", "C"), ("3", "I"), ("10", "L")):
        assert any(one["box"] == box for one in form["boxes"])
        of_line = [one for one in form["boxes"] if one["box"] in ("CI" if line == "3" else "FL")]
        for column in ("proceeds", "basis", "gain"):
            assert sum(cents(one["total"][column]) for one in of_line) == cents(schedule[line][column])

    paper = tmp_path / "8949.pdf"
    say("report", "form8949", trades, *RULE, "-o", paper)
    pypdf = pytest.importorskip("pypdf")
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(paper).pages)
    for box in form["boxes"]:
        assert f"{abs(Decimal(box['total']['gain'])):,}" in text


def test_with_what_the_brokers_reported(trades, say, tmp_path):
    broker = ["--reconcile", str(TAXPAYER / "1099da.csv")]
    form = json.loads(say("report", "form8949", trades, *RULE, *broker, "--json"))
    alone = json.loads(say("report", "form8949", trades, *RULE, "--json"))
    assert [box["box"] for box in form["boxes"]] == ["C", "G", "H", "I", "K", "L"]
    # the broker's own cents stand in (d): each of 11 rows moves the sum by half a cent at most
    assert abs(cents(form["short_term"]["gain"]) - cents(alone["short_term"]["gain"])) <= 5
    codes = {line["code"] for box in form["boxes"] for line in box["lines"]}
    assert codes == {"", "B", "E", "T"}
    findings = json.loads(say("report", "reconcile", trades, TAXPAYER / "1099da.csv", *RULE, "--json"))
    assert findings["open"] == 0
    target = tmp_path / "8949.csv"
    say("report", "form8949", trades, *RULE, *broker, "-o", target, "--whole-dollars", "--by", "sale")
    rows = list(csv.DictReader(io.StringIO(target.read_text())))
    assert all("." not in row["gain"] for row in rows)
    odd = tmp_path / "odd.csv"
    odd.write_text("asset,units,dateOfSale,proceeds\nBTC,7,2025-03-01,5\n")
    assert "only-broker" in say("report", "reconcile", trades, odd, *RULE, expect=1)


def test_losses_carried_from_last_year(trades, say):
    out = json.loads(say("report", "scheduled", trades, *RULE, "--prior", "-5000,1000,3000,52000", "--json"))
    assert out["worksheet_in"]["short_term"] == "1000.00"
    assert out["lines"]["6"]["gain"] == "-1000.00" and out["lines"]["14"]["gain"] == "0.00"
    same = json.loads(say("report", "scheduled", trades, *RULE, "--carryover-short", "1000", "--json"))
    assert same["lines"] == out["lines"]
    since = ["--since", "2023", "--taxable-income", "2023=-100", "--taxable-income", "5000"]
    out = json.loads(say("report", "scheduled", trades, *RULE, *since, "--carryover-short", "7000", "--json"))
    assert out["worksheets_before"][0]["lines"]["5"] == "6424.03"  # 7,000 less the gain of 2023
    assert out["worksheets_before"][0]["lines"]["1"] == "-100.00"
    assert out["worksheet_in"]["lines"] == {} and out["lines"]["6"]["gain"] == "0.00"  # 2024 used the rest up
    table = say("report", "scheduled", trades, *RULE, "--line", "13=120.50", "--married-separately")
    assert "120.50" in table and "-1500.00" in table and "Worksheet, 2025 to 2026" in table


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["form8949", "--format", "pdf"], "a PDF goes to a file"),
        (["form8949", "-o", "x.txt"], "which format?"),
        (["form8949", "--format", "csv", "--json"], "two formats"),
        (["scheduled", "--prior", "1,2"], "four amounts"),
        (["scheduled", "--line", "7"], "has no amount"),
        (["scheduled", "--line", "7=1"], "not a line for figures"),
        (["scheduled", "--prior", "1,2,3,4", "--carryover-long", "1"], "itself"),
        (["scheduled", "--since", "2024", "--taxable-income", "2023=1"], "is not a year of this schedule"),
        (["scheduled", "--carryover-short", "many"], "--carryover-short"),
        (["form8949", "-o", "{trades}", "--format", "csv", "--force"], "would be overwritten"),
        (["form8949", "--reconcile", "missing.csv"], "cannot be read"),
    ],
)
def test_wrong_words(trades, capsys, words, message):
    words = [word.replace("{trades}", str(trades)) for word in words]
    assert main(["report", words[0], str(trades), *RULE, *words[1:]]) == 2
    assert message in capsys.readouterr().err

"""Openings of several sources by the command line: what is open, the book, and the figures that follow, by hand."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.files.book import read_book
from zkharvest.files.page_files import read_page_opening
from zkharvest.files.standings import StandingFile, write_standing
from zkharvest.ledger.history.standing_map import map_of
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.verifier.standing import AccountState, Standing
from zkharvest.workflow.histories import history_of, work
from zkharvest.workflow.standing_lanes import roots_of

HEAD = "time,source,id,kind,asset,quantity,amount,fee,currency,ref,category\n"
KRAKEN = """\
2024-01-05T12:00:00Z,K-1,a,buy,BTC,2,20000,10,USD,,
2024-03-01T10:00:00Z,K-1,b,withdraw,BTC,1.5,,,USD,bitcoin:TX1,
2024-05-01T10:00:00Z,K-1,c,withdraw,BTC,0.2,,,USD,,
2024-07-01T10:00:00Z,K-1,d,withdraw,BTC,0.1,,,USD,,
"""
COLD = """\
2024-03-01T11:00:00Z,C-1,e,deposit,BTC,1.499,,,USD,bitcoin:TX1,
2024-05-01T09:59:30Z,C-1,f,deposit,BTC,0.2,,,USD,,
2024-08-01T10:00:00Z,C-1,g,deposit,BTC,0.5,,,USD,,
2025-02-01T10:00:00Z,C-1,h,sell,BTC,1,60000,0,USD,,
"""
OPENINGS = ["cold/cold-C-1-0001.zko", "kraken/kraken-K-1-0000.zko", "cold/cold-C-1-0000.zko"]
REPORT = ["-q", "ledger", "report", *OPENINGS, "--year", "2025", "--method", "fifo", "--timezone", "UTC", "--json"]


def page(name, account, first, last, *more):
    source = ["--source", name, "--account", account, "--seed", f"{name}.seed", "-o", name]
    made = ["page", "make", f"{name}.csv", *source, "--from", first, "--to", last, *more]
    assert main(["-q", *made]) == 0


@pytest.fixture
def pages(tmp_path, monkeypatch, capsys):
    """A venue with one page of two years, and a wallet with two; seeds of their own."""
    monkeypatch.chdir(tmp_path)
    for name, rows in (("kraken", KRAKEN), ("cold", COLD)):
        (tmp_path / f"{name}.csv").write_text(HEAD + rows)
        assert main(["-q", "page", "seed", "-o", f"{name}.seed", "--no-passphrase"]) == 0
    page("kraken", "K-1", "2024-01-01", "2026-01-01")
    page("cold", "C-1", "2024-01-01", "2025-01-01")
    page("cold", "C-1", "2025-01-01", "2026-01-01", "--prev", "cold/cold-C-1-0000.zkp")
    capsys.readouterr()
    return tmp_path


def shown(capsys):
    return json.loads(capsys.readouterr().out)


def rows_of(path):
    return list(csv.DictReader(io.StringIO(path.read_text())))


def fill(path, **by_id):
    """Fill cells of the book's rows, which are named by position and direction here: `g=...`."""
    rows = rows_of(path)
    for row in rows:
        key = {"0.5": "g", "0.1": "d"}[row["quantity"]]
        row.update(by_id.get(key, {}))
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(out.getvalue())


def test_what_is_open_is_listed_and_drafted(pages, capsys):
    assert main(["-q", "explain", *OPENINGS, "--timezone", "UTC", "-o", "book.csv", "--json"]) == 0
    found = shown(capsys)
    assert found["moves"]["by"] == {"ref": 1, "window": 1}
    assert found["moves"]["matched"] == [
        {"deposit": "cold/C-1/0/0", "withdrawal": "kraken/K-1/0/1", "by": "ref"},
        {"deposit": "cold/C-1/0/1", "withdrawal": "kraken/K-1/0/2", "by": "window"},
    ]
    assert [(one["record"], one["id"], one["what"], one["settled"]) for one in found["open"]] == [
        ("kraken/K-1/0/3", "d", "withdrawal", False),
        ("cold/C-1/0/2", "g", "deposit", False),
    ]
    assert [row["note"] for row in rows_of(pages / "book.csv")] == [
        "unexplained: opens a lot of basis 0, and is counted",
        "gone: unexplained, counted",
    ]
    assert main(["-q", "explain", *OPENINGS, "--timezone", "UTC"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "kraken/K-1/0/3  withdrawal of 0.1 BTC, 2024-07-01T10:00:00Z",
        "    gone: unexplained, counted",
        "cold/C-1/0/2  deposit of 0.5 BTC, 2024-08-01T10:00:00Z",
        "    unexplained: opens a lot of basis 0, and is counted",
        "moves matched: 1 by reference, 1 by amount and time; open: 2; settled by the book or its source: 0",
    ]
    assert (pages / "book.csv").stat().st_mode & 0o777 == 0o600
    assert main(["-q", "explain", *OPENINGS, "-o", "book.csv"]) == ExitCode.USAGE
    assert "exists" in capsys.readouterr().err


def test_the_figures_with_and_without_the_book(pages, capsys):
    """Without it the sale takes 1 of the 2 coins bought for 20,010; with it first half a coin declared at 7,000."""
    assert main(REPORT) == 0
    totals = shown(capsys)["totals"]
    assert (totals["proceeds"], totals["basis"], totals["long_term_gain"]) == (
        "60000.00000000", "10005.00000000", "49995.00000000",
    )  # fmt: skip
    assert main(["-q", "explain", *OPENINGS, "-o", "book.csv", "--timezone", "UTC"]) == 0
    fill(pages / "book.csv", g={"kind": "declared", "value": "7000", "day": "2020-02-02"}, d={"kind": "gift"})
    capsys.readouterr()
    assert main([*REPORT, "--book", "book.csv"]) == 0
    report = shown(capsys)
    assert report["totals"]["basis"] == "12002.50000000"
    assert {row["asset"] for row in report["disposals"]} == {"BTC"}
    assert [(row["lot"], row["quantity"], row["basis"], row["acquired"][:10]) for row in report["disposals"]] == [
        ("g", "0.5", "7000.00000000", "2020-02-02"),
        ("a", "0.5", "5002.50000000", "2024-01-05"),
    ]
    assert main(["-q", "explain", *OPENINGS, "--book", "book.csv", "--timezone", "UTC"]) == 0
    assert "open: 0; settled by the book or its source: 2" in capsys.readouterr().out
    universal = ["--pooling", "universal", "--book", "book.csv"]
    assert main([*REPORT, *universal]) == 0
    assert shown(capsys)["totals"]["basis"] == "12002.50000000"


def test_the_method_of_an_earlier_year(pages, capsys):
    assert main([*REPORT, "--method-of", "2024=hifo"]) == 0
    assert shown(capsys)["totals"]["basis"] == "10005.00000000"
    for wrong in ("2024", "2024=best", "2025=fifo"):
        assert main([*REPORT, "--method-of", wrong]) == ExitCode.USAGE
        assert "--method-of" in capsys.readouterr().err


WRONG = [
    ({"kind": "present"}, "book.csv:2:kind", "is no kind of it", "declared, opening balance"),
    ({"kind": "declared"}, "book.csv:2:value", "has a value", "0 if there was none"),
    ({"kind": "declared", "value": "1e3"}, "book.csv:2:value", '"1e3"', ""),
    ({"kind": "declared", "value": "7", "day": "2.2.2020"}, "book.csv:2:day", "is not a day", "YYYY-MM-DD"),
    ({"kind": "declared", "value": "7", "day": "2024-08-02"}, "book.csv:2:day", "behind the deposit's own", ""),
    ({"match": "kraken/3"}, "book.csv:2:match", "names no record", "SOURCE/ACCOUNT/PAGE/RECORD"),
    ({"match": "kraken/K-1/0/3"}, "book.csv:2:match", "0.5 arrived, 0.1 were sent", ""),
    ({"match": "kraken/K-1/0/9"}, "book.csv:2:match", "there is no record", ""),
    ({"position": "7"}, "book.csv:2:position", "no record 7", "count from 0"),
    ({"position": "x"}, "book.csv:2:position", "is not a whole number", ""),
    ({"position": "1"}, "book.csv:2:quantity", "has 0.2", "another record"),
    ({"asset": "slip44:60"}, "book.csv:2:asset", "has BTC (slip44:0)", "another record"),
    ({"time": "2024-08-01"}, "book.csv:2:time", "", ""),
    ({"lots": "kraken/K-1/0/0:1"}, "book.csv:2:lots", "takes no lots", ""),
    ({"lots": "a"}, "book.csv:2:lots", "names no part of a lot", ""),
]


@pytest.mark.parametrize(("cells", "where", "what", "way"), WRONG)
def test_a_book_that_is_wrong_names_line_and_column(pages, capsys, cells, where, what, way):
    assert main(["-q", "explain", *OPENINGS, "-o", "book.csv", "--timezone", "UTC"]) == 0
    fill(pages / "book.csv", g=cells)
    capsys.readouterr()
    for command in ([*REPORT, "--book", "book.csv"], ["-q", "explain", *OPENINGS, "--book", "book.csv", "--json"]):
        assert main(command) == ExitCode.REJECTED
        error = capsys.readouterr()
        assert not error.out
        assert f"error: {where}" in error.err
        assert what in error.err
        assert way in error.err


def test_a_book_that_is_no_book(pages, capsys):
    for text, message in (
        ("", "column source is missing"),
        ("source,account,page,position,price\n", 'unknown column "price"'),
        ("source,account,page,position,page\n", "there twice"),
        ("source,account,page,position\nkraken,K-1,0\n", "3 cells, the header has 4"),
        ("source,account,page,position\nkraken,K-1,0,3\nkraken,K-1,0,3\n", "a second row of kraken/K-1/0/3"),
        ('source,account,page,position\nkraken,K-1,0,"3\n', "is not CSV"),
        ("source,account,page,position\n,K-1,0,3\n", "is empty"),
    ):
        (pages / "book.csv").write_text(text)
        assert main([*REPORT, "--book", "book.csv"]) == ExitCode.REJECTED
        assert message in capsys.readouterr().err
    (pages / "book.csv").write_text("source,account,page,position,kind\nother,O-1,4,3,gift\n")
    assert main([*REPORT[1:], "--book", "book.csv"]) == 0
    assert "rows of pages that are not given: 1" in capsys.readouterr().err


def test_pages_that_do_not_make_a_history(pages, capsys):
    report = ["-q", "ledger", "report"]
    year = ["--year", "2025", "--method", "fifo"]
    for files, message in (
        ([OPENINGS[0]], "its first page here is page 1"),
        ([*OPENINGS, OPENINGS[0]], "is here twice"),
    ):
        assert main([*report, *files, *year]) == ExitCode.REJECTED
        assert message in capsys.readouterr().err
    assert main([*report, OPENINGS[1], OPENINGS[2], *year, "--regime", "uk"]) == ExitCode.USAGE
    assert main([*report, "kraken.csv", "cold.csv", *year]) == ExitCode.USAGE
    assert "a second trades CSV" in capsys.readouterr().err
    assert main([*report, "kraken.csv", *year, "--book", "x.csv"]) == ExitCode.USAGE
    assert "--book is for openings" in capsys.readouterr().err
    assert main(["-q", "explain", "kraken.csv"]) == ExitCode.USAGE
    assert "not the opening of a page" in capsys.readouterr().err


def test_without_its_deposit_an_account_cannot_sell(pages, capsys):
    """The wallet's page is missing: what it sold later is nowhere."""
    (pages / "cold.csv").write_text(HEAD + COLD.splitlines(keepends=True)[3])
    page("cold", "C-2", "2024-01-01", "2026-01-01")
    one = ["ledger", "report", "cold/cold-C-2-0000.zko", "--year", "2025", "--method", "fifo"]
    assert main(["-q", *one]) == ExitCode.REJECTED
    error = capsys.readouterr().err
    assert "cold/C-2, page 0, record 0 (h)" in error
    assert "takes 1, cold/C-2 holds 0 at that moment" in error
    assert "zkharvest explain" in error


def test_pages_since_a_standing_are_enough(pages, capsys):
    """A withdrawal in transit at the end of 2024 has its deposit in a page of 2025; no older page is read."""
    (pages / "hot.csv").write_text(
        HEAD
        + "2024-12-01T10:00:00Z,H-1,a,buy,BTC,1,9,0,USD,,\n2024-12-30T10:00:00Z,H-1,b,withdraw,BTC,1,,,USD,,\n"
        + "2025-01-02T10:00:00Z,H-1,c,deposit,BTC,1,,,USD,,\n2025-03-02T10:00:00Z,H-1,d,deposit,BTC,2,,,USD,,\n"
    )
    assert main(["-q", "page", "seed", "-o", "hot.seed", "--no-passphrase"]) == 0
    page("hot", "H-1", "2024-01-01", "2025-01-01")
    page("hot", "H-1", "2025-01-01", "2026-01-01", "--prev", "hot/hot-H-1-0000.zkp")
    (pages / "said.csv").write_text("source,account,page,position,kind\nhot,H-1,0,1,in transit\n")
    history = history_of([("0", read_page_opening(pages / "hot" / "hot-H-1-0000.zko"))])
    election = Election(Method.FIFO, Pooling.WALLET, "UTC", 2024)
    (run,) = work(history, read_book(pages / "said.csv"), [election])
    accounts = [
        AccountState(one.owner.source, one.owner.account, one.number, one.page, one.end, one.open, one.final)
        for one in run.closing.accounts
    ]
    roots = roots_of(run.closing, bytes(32))
    public = Standing(run.closing.instant, "USD", "wallet", "UTC", 2024, *roots, tuple(accounts))
    write_standing(pages / "2024.zks", StandingFile(public, bytes(32), map_of(run.closing)), passphrase=None)
    capsys.readouterr()
    explain = ["-q", "explain", "hot/hot-H-1-0001.zko", "--timezone", "UTC", "--json"]
    assert main([*explain, "--carry-in", "2024.zks"]) == 0
    found = shown(capsys)
    assert found["moves"]["matched"] == [{"deposit": "hot/H-1/1/0", "withdrawal": "hot/H-1/0/1", "by": "window"}]
    assert [one["record"] for one in found["open"]] == ["hot/H-1/1/1"]
    assert not found["missing_pages"]
    assert main(explain) == 0
    alone = shown(capsys)
    assert [one["record"] for one in alone["open"]] == ["hot/H-1/1/0", "hot/H-1/1/1"]
    assert alone["missing_pages"][0]["account"] == "hot/H-1"
    other = StandingFile(replace(public, lots=roots[1]), bytes(32), map_of(run.closing))
    write_standing(pages / "other.zks", other, passphrase=None)
    assert main([*explain, "--carry-in", "other.zks"]) == ExitCode.REJECTED
    assert "its lots or registers do not give the standing's roots" in capsys.readouterr().err


def test_messages_call_a_coin_as_people_do(pages, capsys):
    """Pages hold ids (`slip44:0`); who wrote BTC reads BTC, and may write it in the book."""
    specific = ["specific" if word == "fifo" else word for word in REPORT]
    assert main(specific) == ExitCode.REJECTED
    err = capsys.readouterr().err
    assert "closing of " in err
    assert " BTC (slip44:0) at " in err
    assert main(["-q", "explain", *OPENINGS, "--timezone", "UTC", "-o", "book.csv"]) == 0
    assert {row["asset"] for row in rows_of(pages / "book.csv")} == {"slip44:0"}
    whole = (pages / "book.csv").read_text()
    capsys.readouterr()
    for name, code in (("BTC", 0), ("slip44:0", 0), ("ETH", 1)):
        (pages / "book.csv").write_text(whole.replace("slip44:0", name))
        assert main([*REPORT, "--book", "book.csv"]) == code
        assert ("BTC (slip44:0)" in capsys.readouterr().err) == bool(code)

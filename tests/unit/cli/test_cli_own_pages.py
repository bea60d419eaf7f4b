"""`page own`: a trades CSV of one's own wallets as pages, year after year, and the book that goes with them."""

from __future__ import annotations

import csv
import io
import json

import pytest

from zkharvest.cli import main
from zkharvest.cli.output import ExitCode

HEAD = "time,source,id,kind,asset,quantity,amount,fee,currency,to,acquired,lots,category\n"
FIRST = """\
2024-01-05T12:00:00Z,cold,a,deposit,BTC,2,20000,,USD,,2019-03-04,,opening balance
2024-02-05T12:00:00Z,cold,b,buy,BTC,1,30000,10,USD,,,,
2024-03-01T10:00:00Z,cold,c,transfer,BTC,1.5,,,USD,hot,,b:1;a:0.5,
2024-04-01T10:00:00Z,hot,d,withdraw,BTC,0.25,,,USD,,,b:0.25,gift
"""
SECOND = "2025-02-01T10:00:00Z,hot,e,sell,BTC,1,60000,0,USD,,,b:0.75;a:0.25,\n"
YEAR = ["ledger", "report", "--year", "2025", "--timezone", "UTC", "--json", "--method"]


@pytest.fixture
def folder(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["-q", "page", "seed", "-o", "seed", "--no-passphrase"]) == 0
    (tmp_path / "trades.csv").write_text(HEAD + FIRST)
    capsys.readouterr()
    return tmp_path


def own(*more, to="2025-01-01", name="trades.csv"):
    fixed = ["--seed", "seed", "-o", "pages", "--book", "book.csv", "--timezone", "UTC"]
    return main(["-q", "page", "own", name, "--to", to, *fixed, *more])


def totals(capsys, *arguments):
    assert main(["-q", *arguments]) == 0
    return json.loads(capsys.readouterr().out)["totals"]


def test_two_years_of_pages_are_the_file(folder, capsys):
    assert own() == 0
    assert [line.partition("=")[0] for line in capsys.readouterr().out.splitlines()] == ["cold", "hot"]
    before = {path.name: path.read_bytes() for path in (folder / "pages").iterdir()}
    assert set(before) == {f"{wallet}-own-0000.{end}" for wallet in ("cold", "hot") for end in ("zkp", "zko")}
    (folder / "trades.csv").write_text(HEAD + FIRST + SECOND)
    assert own("--force", "--json", to="2026-01-01") == 0
    made = json.loads(capsys.readouterr().out)
    assert [(one["source"], one["number"], one["records"]) for one in made["pages"]] == [("cold", 1, 0), ("hot", 1, 1)]
    assert all((folder / "pages" / name).read_bytes() == data for name, data in before.items())
    openings = [str(path) for path in sorted((folder / "pages").glob("*.zko"))]
    for method in ("fifo", "hifo", "specific"):
        of_pages = totals(capsys, *YEAR, method, *openings, "--book", "book.csv")
        assert of_pages == totals(capsys, *YEAR, method, "trades.csv")
    # specific: 0.75 of b (30,010 a coin) and 0.25 of a (10,000 a coin), by hand
    assert of_pages["basis"] == "25007.50000000"
    text = (folder / "book.csv").read_text()
    rows = {row["position"] + row["source"] + row["page"]: row for row in csv.DictReader(io.StringIO(text))}
    declared = rows["0cold0"]
    assert (declared["kind"], declared["value"], declared["day"]) == ("opening balance", "20000.00", "2019-03-04")
    assert rows["2cold0"]["lots"] == "cold/own/0/1:1;cold/own/0/0:0.5"
    assert rows["0hot1"]["lots"] == "cold/own/0/1:0.75;cold/own/0/0:0.25"


def test_what_was_given_out_does_not_change(folder, capsys):
    assert own() == 0
    (folder / "trades.csv").write_text(HEAD + FIRST.replace("30000", "30001") + SECOND)
    assert own("--force", to="2026-01-01") == ExitCode.REJECTED
    error = capsys.readouterr().err
    assert "cold/own, page 0: holds other records than the file has" in error
    assert "hot/own" not in error
    (folder / "trades.csv").write_text(HEAD + FIRST + SECOND)
    assert own() == ExitCode.USAGE  # the book is there
    assert own("--force") == ExitCode.REJECTED
    assert "its last page ends there or later" in capsys.readouterr().err
    early = "2023-12-31T00:00:00Z,cold,z,buy,BTC,1,1,0,USD,,,,\n"
    (folder / "trades.csv").write_text(HEAD + early + FIRST + SECOND)
    assert own("--force", to="2026-01-01") == ExitCode.REJECTED
    assert "before the first page of cold" in capsys.readouterr().err


WRONG = [
    ("2024-05-05T12:00:00Z,cold,x,convert,BTC,1,,,USD,,,,", "a conversion cannot be worked from pages yet"),
    (
        "2024-01-05T12:00:00Z,hot,x,buy,OURS,1,5,,USD,,,,\n2024-01-05T12:00:00Z,cold,x,buy,OURS,1,5,,USD,,,,",
        "--assets FILE",
    ),
]


@pytest.mark.parametrize(("rows", "message"), WRONG)
def test_what_pages_cannot_hold(folder, capsys, rows, message):
    head = HEAD
    if "convert" in rows:
        head = HEAD.strip() + ",into,into_quantity\n"
        rows += ",ETH,5"
    width = head.count(",")
    text = "".join(row + "," * (width - row.count(",")) + "\n" for row in rows.splitlines())
    (folder / "trades.csv").write_text(head + text)
    assert own() == ExitCode.REJECTED
    assert message in capsys.readouterr().err
    assert not (folder / "pages").exists()
    assert not (folder / "book.csv").exists()


def test_moves_that_only_look_like_transfers_are_none(folder, capsys):
    """A gift and, hours later, a purchase of the same amount that came as a deposit: not one move, as the file says."""
    rows = """\
2024-01-05T12:00:00Z,cold,a,buy,BTC,2,20000,,USD,,,,
2024-03-01T10:00:00Z,cold,b,withdraw,BTC,1,,,USD,,,,
2024-03-01T12:00:00Z,hot,c,deposit,BTC,1,,,USD,,,,
2024-04-01T12:00:00Z,hot,d,sell,BTC,1,900,,USD,,,,
"""
    (folder / "trades.csv").write_text(HEAD + rows)
    assert own() == 0
    openings = [str(path) for path in sorted((folder / "pages").glob("*.zko"))]
    capsys.readouterr()
    year = ["ledger", "report", "--year", "2024", "--timezone", "UTC", "--json", "--method", "fifo"]
    assert totals(capsys, *year, *openings, "--book", "book.csv") == totals(capsys, *year, "trades.csv")
    assert totals(capsys, *year, *openings)["basis"] == "10000.00000000", "without the book they would be a move"
    assert [row["match"] for row in csv.DictReader(io.StringIO((folder / "book.csv").read_text()))] == ["none"]


@pytest.mark.slow
def test_named_lots_are_proven(folder, capsys):
    """Specific identification from the file to a proof, verified as it is made: a basis of 25,007.50 as above."""
    (folder / "trades.csv").write_text(HEAD + FIRST + SECOND)
    assert own("--from", "2024-01-01", to="2026-01-01") == 0
    openings = [str(path) for path in sorted((folder / "pages").glob("*.zko"))]
    capsys.readouterr()
    year = ["--year", "2025", "--timezone", "UTC", "--method", "specific", "--book", "book.csv", "--first"]
    assert main(["-q", "prove", *openings, *year, "--size", "test", "-o", "x.zkh", "--json"]) == 0
    (link,) = json.loads(capsys.readouterr().out)["links"]
    assert "3499250000000" in link["totals"].values(), link["totals"]

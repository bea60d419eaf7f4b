"""`harvest scan` as it is typed: what is printed where, and the exit codes."""

import json

import pytest

from zkharvest.cli import main
from zkharvest.cli.output import ExitCode

TRADES = """\
time,source,id,kind,asset,quantity,amount,fee,to,lots
2025-02-01T10:00:00Z,coinbase,t1,buy,BTC,1,60000,0,,
2026-02-01T10:00:00Z,coinbase,t7,buy,BTC,1,92000,0,,
2026-10-01T10:00:00Z,coinbase,t8,buy,ETH,10,42000,0,,
2026-12-10T10:00:00Z,coinbase,t9,buy,ETH,10,42000,0,,
"""
RATES = """\
jurisdiction = "US"
year = 2026
short = 0.35
long = 0.15
ordinary = 0.35
other_short = 50000
[costs.default]
fee = 0.001
reentry_fee = 0.0015
"""
PRICES = "time,asset,price\n2026-11-28T12:00:00Z,BTC,80000\n2026-11-28T12:00:00Z,ETH,3000\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in (("t.csv", TRADES), ("r.toml", RATES), ("p.csv", PRICES)):
        (tmp_path / name).write_text(text)
    return tmp_path


def scan(*words):
    given = ["--prices", "p.csv", "--rates", "r.toml", "--as-of", "2026-11-28T18:00:00Z"]
    return main(["harvest", "scan", "t.csv", *given, *words])


def test_lines_totals_and_assumptions(here, capsys):
    assert scan("--method", "hifo") == ExitCode.DONE
    out, err = capsys.readouterr()
    assert out.startswith("ETH coinbase/t8 long 10  basis 42,000.00 value 30,000.00")
    assert "Take        2 lots: short 24,110.00, long 0.00\n" in out
    assert "- estimates, not advice and not a proof: law of the United States as on 2026-11-28, tax year 2026\n" in out
    assert "H.R. 10357  would deny nothing on this day" in out
    assert "1 trade after that time not looked at" in err


def test_json_has_the_form_that_is_promised(here, capsys):
    assert scan("--json", "--limit", "1") == ExitCode.DONE
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "zkharvest/scan/1"
    assert found["regime"]["method"] == "fifo"
    assert (len(found["candidates"]), found["candidates_not_shown"]) == (1, 1)
    assert set(found) >= {"as_of", "rates", "realized", "unrealized", "left_out", "totals", "assumptions"}
    assert set(found["totals"]) >= {
        "loss_short", "loss_long", "tax_before", "tax_after", "tax_saved", "carry_short", "carry_long", "cost", "net",
    }  # fmt: skip
    assert float(found["totals"]["tax_before"]) - float(found["totals"]["tax_after"]) == pytest.approx(
        float(found["totals"]["tax_saved"])
    )


def test_strict_says_that_something_is_missing(here, capsys):
    (here / "p.csv").write_text(PRICES.replace("ETH", "SOL"))
    assert scan() == ExitCode.DONE
    assert "ETH coinbase/t8 is left out: no price" in capsys.readouterr().err
    assert scan("--strict") == ExitCode.REJECTED


def test_a_date_means_the_end_of_that_day(here, capsys):
    """At 04:30 UTC on 2026-12-11 it is still December 10 in New York; t9 was bought on that day."""
    (here / "p.csv").write_text(PRICES.replace("2026-11-28", "2026-12-11T0").replace("T0T12", "T04"))
    words = ["harvest", "scan", "t.csv", "--prices", "p.csv", "--rates", "r.toml", "--json", "-m", "specific"]
    assert main([*words, "--as-of", "2026-12-10"]) == ExitCode.DONE
    found = json.loads(capsys.readouterr().out)
    assert found["as_of"] == "2026-12-11T04:59:59Z"
    assert {c["lot"] for c in found["candidates"]} == {"coinbase/t7", "coinbase/t8", "coinbase/t9"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--as-of", "yesterday"], ExitCode.USAGE, "--as-of"),
        (["--as-of", "2026-02-30"], ExitCode.USAGE, "not a day of the calendar"),
        (["--as-of", "2025-11-28"], ExitCode.USAGE, "the rates are of 2026"),
        (["--timezone", "Mars/Olympus"], ExitCode.USAGE, "unknown time zone"),
        (["--prices", "none.csv"], ExitCode.USAGE, "cannot be read"),
        (["--depth", "p.csv"], ExitCode.REJECTED, "the columns are"),
        (["--budget", "-1"], ExitCode.USAGE, "--budget"),
    ],
)
def test_wrong_words(here, capsys, words, code, said):
    assert scan(*words) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


def test_bad_prices_and_rates_are_refused_whole(here, capsys):
    (here / "p.csv").write_text(PRICES + "2026-11-28T12:00:00Z,SOL,0\n2026-11-28T12:00:00Z,SOL,-1\n")
    assert scan() == ExitCode.REJECTED
    assert capsys.readouterr().err.count("is not above zero") == 2
    (here / "p.csv").write_text(PRICES)
    (here / "r.toml").write_text(RATES.replace("0.35\nlong", "35\nlong"))
    assert scan() == ExitCode.REJECTED
    assert "r.toml:3:short: 35 is outside 0 to 1" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["scan"], ["report", "-o", "page.html"], ["watch", "--once"]])
def test_an_empty_book_is_said(here, capsys, command):
    (here / "t.csv").write_text(TRADES.splitlines()[0] + "\n")
    given = ["--prices", "p.csv", "--rates", "r.toml"]
    given += [] if command[0] == "watch" else ["--as-of", "2026-11-28T18:00:00Z"]
    assert main(["harvest", command[0], "t.csv", *given, *command[1:]]) == ExitCode.DONE
    assert "the book is empty" in capsys.readouterr().err


def test_a_book_without_prices_is_not_a_book_without_losses(here, capsys):
    (here / "p.csv").write_text(PRICES.splitlines()[0] + "\n2026-11-01T12:00:00Z,BTC,80000\n")
    assert scan() == ExitCode.DONE
    out, err = capsys.readouterr()
    assert out.startswith("no open lot with a usable price has a loss\n")
    assert "BTC: 2 lots are left out (coinbase/t1, coinbase/t7): price is stale" in err
    assert err.count("left out") == 2

"""What is doubtful in a file: every command whose figures depend on it says so, in the same words."""

import json

import pytest

from zkharvest.cli import main
from zkharvest.cli.output import ExitCode

HEAD = "time,source,id,kind,asset,quantity,amount,fee,currency,group"
ORDER = (
    "2024-01-05T00:00:00Z,kraken,dear,buy,BTC,1,300,0,USD,",
    "2024-01-05T00:00:00Z,coinbase,cheap,buy,BTC,1,100,0,USD,",
    "2024-06-05T00:00:00Z,coinbase,sale,sell,BTC,1,200,0,USD,",
)
SWAP = (
    "2024-01-05T00:00:00Z,kraken,eth,buy,ETH,1,3000,0,USD,",
    "2024-02-05T00:00:00Z,kraken,given,sell,ETH,1,3000,0,USD,S",
    "2024-02-05T00:00:00Z,kraken,got,buy,BTC,1,9000,0,USD,S",
    "2024-06-05T00:00:00Z,kraken,sale,sell,BTC,0.5,200,0,USD,",
)
YEAR = ["--year", "2024"]
LOTS = ["--method", "fifo", "--pooling", "universal"]
US = {
    "check": ["trades", "check", "t.csv", "--pooling", "universal"],
    "report": ["ledger", "report", "t.csv", *YEAR, *LOTS],
    "lots": ["ledger", "lots", "t.csv", "--at", "2024-12-31", *LOTS],
    "what-if": ["ledger", "what-if", "t.csv", "sell", "BTC", "0.5", "--source", "kraken", *LOTS],
    "diff": ["ledger", "diff", "t.csv", *YEAR, *LOTS, "--against", "lifo"],
    "diff-pooling": ["ledger", "diff", "t.csv", *YEAR, "--method", "fifo", "--against-pooling", "universal"],
    "explain": ["ledger", "explain", "t.csv", "sale", *YEAR, *LOTS],
    "form8949": ["report", "form8949", "t.csv", *YEAR, *LOTS],
    "scheduled": ["report", "scheduled", "t.csv", *YEAR, *LOTS],
}
OTHERS = {
    "uk": ["report", "sa108", "t.csv", *YEAR],
    "canada": ["report", "schedule3", "t.csv", *YEAR],
    "report-uk": ["ledger", "report", "t.csv", *YEAR, "--regime", "uk"],
    "average": ["ledger", "report", "t.csv", *YEAR, "--regime", "average"],
}
MOVED = 'rows of the same instant come after "dear" in the file, and before it in pages'
LEGS = "kraken/given: the event gives 3000.00 for 9000.00"


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    """Runs a command on rows, as text and as JSON: what stands on standard error, and the object's warnings."""

    def run(rows, command):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "t.csv").write_text("\n".join([HEAD, *rows]) + "\n")
        code = main(command)
        err = capsys.readouterr().err
        assert main([*command, "--json"]) == code
        assert code == ExitCode.DONE or "diff" in command
        return err, json.loads(capsys.readouterr().out)["warnings"]

    return run


@pytest.mark.parametrize("command", US.values(), ids=US)
@pytest.mark.parametrize(("rows", "text", "where"), [(ORDER, MOVED, "t.csv:2"), (SWAP, LEGS, "t.csv:3")])
def test_figures_that_rest_on_what_is_doubtful_say_so(said, command, rows, text, where):
    err, warnings = said(rows, command)
    assert err.count(f"zkharvest: warning: {where}: {text}") == 1
    assert [(one["where"], one["message"][: len(text)]) for one in warnings] == [(where, text)]
    assert f"zkharvest: hint: {warnings[0]['hint']}" in err


@pytest.mark.parametrize("command", OTHERS.values(), ids=OTHERS)
def test_other_countries_have_no_pages_whose_order_could_differ(said, command):
    assert MOVED not in said(ORDER, command)[0]
    err, warnings = said(SWAP, command)
    assert LEGS in err
    assert [one["where"] for one in warnings] == ["t.csv:3"]


def test_income_is_the_same_in_any_order(said):
    for rows in (ORDER, SWAP):
        assert said(rows, ["report", "income", "t.csv", *YEAR])[1] == []


def test_commit_and_the_page_for_the_accountant_say_it_too(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("\n".join([HEAD, *ORDER]) + "\n")
    assert main(["report", "page", "t.csv", *YEAR, *LOTS, "-o", "page.json"]) == ExitCode.DONE
    assert MOVED in capsys.readouterr().err
    assert any(f"t.csv:2: {MOVED}" in text for text in json.loads((tmp_path / "page.json").read_text())["warnings"])
    assert main(["commit", "t.csv", "--pooling", "universal", "--no-passphrase", "-o", "own"]) == ExitCode.DONE
    assert f"zkharvest: warning: t.csv:2: {MOVED}" in capsys.readouterr().err


def test_many_alike_are_some_and_their_number(said):
    ids = {"eth,": "eth#,", "given": "given#", "got": "got#", "sale": "sale#", "S": "S#"}
    text = "\n".join(SWAP)
    for name, numbered in ids.items():
        text = text.replace(f"{name}\n" if name == "S" else name, f"{numbered}\n" if name == "S" else numbered)
    swaps = [row for n in range(9) for row in text.replace("#", str(n)).split("\n")]
    err, warnings = said(swaps, ["trades", "check", "t.csv"])
    assert len(warnings) == 9
    assert err.count("zkharvest: warning: ") == 3
    assert "(and 6 more like it)" in err

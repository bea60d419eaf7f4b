"""`trades`, `ledger`: what is printed where, and the exit codes."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zkharvest.cli import main
from zkharvest.cli.output import ExitCode

TRADES = """\
time,source,id,kind,asset,quantity,amount,fee,to,lots
2024-01-02T10:00:00Z,kraken:main,a1,buy,BTC,1.5,60000,10,,
2024-05-02T10:00:00Z,coinbase:main,c1,buy,ETH,10,30000,5,,
2025-03-02T10:00:00Z,kraken:main,a2,sell,BTC,0.5,18000,4,,
2025-06-02T10:00:00Z,coinbase:main,c2,sell,ETH,4,9000,3,,
"""


@pytest.fixture
def trades(tmp_path):
    path = tmp_path / "trades.csv"
    path.write_text(TRADES)
    return str(path)


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "broken.csv"
    path.write_text(TRADES.replace("1.5", "-1.5").replace("9000", "nine"))
    return str(path)


@pytest.mark.parametrize("name", ["XBT", "slip44:0"])
def test_two_names_of_one_coin_are_said_wherever_their_lots_are_apart(tmp_path, capsys, name):
    """A proof joins them: the form said a loss of 300,000, the proof of the same file a gain of 500,000."""
    path = tmp_path / "two.csv"
    path.write_text(
        "time,source,id,kind,asset,quantity,amount,fee,currency\n"
        f"2024-02-01T12:00:00Z,own,T1,buy,{name},10,100000,0,USD\n"
        "2025-01-10T12:00:00Z,own,T2,buy,BTC,10,900000,0,USD\n"
        "2025-06-01T12:00:00Z,own,T3,sell,BTC,10,600000,0,USD\n"
    )
    said = f"{path}:{2 if name == 'XBT' else 3}:asset"  # of an alias the usual name is known
    assert main(["trades", "check", str(path)]) == ExitCode.REJECTED
    assert said in capsys.readouterr().err
    for command in (["ledger", "report"], ["report", "form8949"]):
        assert main([*command, str(path), "--year", "2025", "--method", "fifo"]) == ExitCode.DONE
        assert f'{path}:3:asset: "BTC" is another name of "{name}"' in capsys.readouterr().err
    assert main(["commit", str(path), "-o", str(tmp_path / "mine"), "--no-passphrase"]) == ExitCode.REJECTED
    assert "write one of the two in all rows" in capsys.readouterr().err
    assert not list((tmp_path / "mine").glob("*.zkp"))


def test_check_says_that_trades_are_in_order(trades, capsys):
    assert main(["trades", "check", trades]) == ExitCode.DONE
    out, err = capsys.readouterr()
    assert out == f"{trades}: in order, 4 trades of 2 sources\n"
    assert err == ""


def test_check_names_every_problem_with_its_place(broken, capsys):
    assert main(["trades", "check", broken]) == ExitCode.REJECTED
    out, err = capsys.readouterr()
    assert out == ""
    assert f"zkharvest: error: {broken}:2:quantity: " in err
    assert f"zkharvest: error: {broken}:5:amount: " in err
    assert err.count("zkharvest: hint: ") == 2


def test_check_as_json(trades, broken, capsys):
    assert main(["trades", "check", trades, "--json"]) == ExitCode.DONE
    good = json.loads(capsys.readouterr().out)
    assert good == {
        "schema": "zkharvest/trades-check/1",
        "ok": True,
        "trades": 4,
        "sources": ["coinbase:main", "kraken:main"],
        "problems": [],
        "warnings": [],
    }
    assert main(["trades", "check", broken, "--json"]) == ExitCode.REJECTED
    bad = json.loads(capsys.readouterr().out)
    assert not bad["ok"]
    assert [problem["where"] for problem in bad["problems"]] == [f"{broken}:2:quantity", f"{broken}:5:amount"]


def test_report_as_json_is_the_stable_interface(trades, capsys):
    for option in (["--json"], ["--format", "json"]):
        assert main(["ledger", "report", trades, "--year", "2025", "--method", "hifo", *option]) == ExitCode.DONE
        report = json.loads(capsys.readouterr().out)
        assert report["schema"] == "zkharvest/report/1"
        assert report["totals"] == {
            "proceeds": "26993.00000000",
            "basis": "32005.33333333",
            "gain": "-5012.33333333",
            "short_term_gain": "0.00000000",
            "short_term_loss": "0.00000000",
            "long_term_gain": "0.00000000",
            "long_term_loss": "5012.33333333",
            "net": "-5012.33333333",
        }
        assert report["disposals"][0] == {
            "disposal": "a2", "lot": "a1", "source": "kraken:main", "asset": "BTC", "quantity": "0.5",
            "acquired": "2024-01-02T05:00:00-05:00", "disposed": "2025-03-02T05:00:00-05:00",
            "proceeds": "17996.00000000", "basis": "20003.33333333", "gain": "-2007.33333333", "term": "long",
        }  # fmt: skip


def test_report_as_csv_and_table(trades, capsys):
    assert main(["ledger", "report", trades, "--year", "2025", "--method", "fifo", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["gain"] for row in rows] == ["-2007.33333333", "-3005.00000000"]
    assert main(["ledger", "report", trades, "--year", "2025", "--method", "fifo"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("gains and losses of 2025, FIFO, wallet pooling, America/New_York\n")
    assert "net              -5012.33333333\n" in out


def test_a_year_without_disposals_is_all_zero(trades, capsys):
    assert main(["ledger", "report", trades, "--year", "2024", "--method", "fifo"]) == 0
    assert "net              0.00000000\n" in capsys.readouterr().out


def test_lots_at_a_date(trades, capsys):
    assert main(["ledger", "lots", trades, "--method", "fifo", "--at", "2025-04-01", "--json"]) == 0
    lots = json.loads(capsys.readouterr().out)
    assert lots["schema"] == "zkharvest/lots/1"
    assert [(lot["lot"], lot["quantity"], lot["basis"]) for lot in lots["lots"]] == [
        ("a1", "1", "40006.66666667"),
        ("c1", "10", "30005.00000000"),
    ]
    assert main(["ledger", "lots", trades, "--method", "fifo"]) == 0
    assert "c1   coinbase:main  ETH    long         6" in capsys.readouterr().out


def test_an_oversold_ledger_is_refused_with_its_reason(tmp_path, capsys):
    path = tmp_path / "oversold.csv"
    path.write_text(TRADES.replace(",0.5,", ",5,"))
    assert main(["ledger", "report", str(path), "--year", "2025", "--method", "fifo"]) == ExitCode.REJECTED
    assert "kraken:main/a2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ledger", "report", "none.csv", "--year", "2025", "--method", "fifo"], "none.csv: cannot be read"),
        (["ledger", "report", "none.csv", "--year", "2025", "--method", "best"], "'best' is not one of"),
        (["ledger", "report", "none.csv", "--year", "1900", "--method", "fifo"], "'--year'"),
        (["ledger", "report", "none.csv", "--method", "fifo"], "missing option '--year'"),
        (["ledger", "lots", "none.csv", "--method", "fifo", "--at", "soon"], "'--at'"),
        (["trades", "chekc", "none.csv"], "no such command 'chekc'"),
        (["--color", "pink", "trades", "check", "none.csv"], "pink"),
        (["frobnicate"], "no such command"),
    ],
)
def test_wrong_use_ends_with_two_and_a_hint(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.startswith("zkharvest: error: ")
    assert "zkharvest: hint: " in err


def test_an_unknown_zone_is_wrong_use(trades, capsys):
    arguments = ["ledger", "report", trades, "--year", "2025", "--method", "fifo", "--timezone", "Mars/Base"]
    assert main(arguments) == ExitCode.USAGE
    assert "unknown time zone 'Mars/Base'" in capsys.readouterr().err


def test_import_writes_trades_or_nothing(tmp_path, capsys):
    odd = tmp_path / "odd.csv"
    odd.write_text("what,is,this\n1,2,3\n")
    target = tmp_path / "out.csv"
    assert main(["trades", "import", str(odd), "-o", str(target)]) == ExitCode.REJECTED
    assert not target.exists()
    assert "odd.csv" in capsys.readouterr().err
    assert main(["trades", "import", str(odd), "--from", "bitstmp", "-o", str(target)]) == ExitCode.USAGE
    assert "did you mean" in capsys.readouterr().err
    target.write_text("mine")
    assert main(["trades", "import", str(odd), "-o", str(target)]) == ExitCode.USAGE
    assert target.read_text() == "mine"


def test_a_bug_shows_no_private_data(trades, capsys, monkeypatch):
    monkeypatch.setattr("zkharvest.trades.csv_in.load_trades", lambda _: 1 // 0 + int("amount 12345.67"))
    monkeypatch.delenv("ZKHARVEST_TRACEBACK", raising=False)
    assert main(["trades", "check", trades]) == ExitCode.INTERNAL
    err = capsys.readouterr().err
    assert "internal error: ZeroDivisionError in " in err
    assert "Traceback" not in err

    def fail(_):
        raise ValueError("amount 12345.67")

    monkeypatch.setattr("zkharvest.trades.csv_in.load_trades", fail)
    assert main(["trades", "check", trades]) == ExitCode.INTERNAL
    assert "12345" not in capsys.readouterr().err


def test_an_interrupt_ends_with_130(trades, capsys, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("zkharvest.trades.csv_in.load_trades", interrupt)
    assert main(["trades", "check", trades]) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == "zkharvest: error: interrupted\n"


def test_a_closed_pipe_is_no_bug(trades):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "zkharvest", "trades", "check", trades], stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    assert done.returncode == ExitCode.DONE
    assert done.stderr == b""


HELD = """time,source,id,kind,asset,quantity,amount,fee,to,lots
2024-01-02T00:00:00Z,kraken,1,buy,BTC,1,100,,,
2024-02-02T00:00:00Z,kraken,2,transfer,BTC,1,,,ledgr-nano,
2025-03-02T00:00:00Z,ledger-nano,3,sell,BTC,1,150,,,
2025-03-03T00:00:00Z,kraken,4,sell,ETH,1,150,,,nothing:1
"""


@pytest.mark.parametrize(
    "words", [["trades", "check", "t.csv"], ["commit", "t.csv", "-o", "own", "--no-passphrase", "--currency", "USD"]]
)
def test_a_file_that_no_ledger_can_run_is_not_in_order(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(HELD)
    assert main(words) == ExitCode.REJECTED
    told = capsys.readouterr().err
    assert "t.csv:4: ledger-nano/3: sell of 1 from pool BTC (ledger-nano, long), which holds 0" in told
    assert 'BTC lies in "ledgr-nano": is "ledger-nano" the same wallet?' in told
    assert "t.csv:5: kraken/4: sell of 1 from pool ETH" in told
    assert "lot 'nothing' is not the id of a buy" in told
    assert not Path("own").exists()


def test_alike_errors_are_grouped(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = [f"2024-01-02T00:00:00Z,k,{n},sell,BTC,1,,,," for n in range(3000)]
    Path("t.csv").write_text("time,source,id,kind,asset,quantity,amount,fee,to,lots\n" + "\n".join(rows) + "\n")
    assert main(["trades", "check", "t.csv"]) == ExitCode.REJECTED
    told = capsys.readouterr().err
    assert told.count('amount: "" is empty') == 3
    assert "... and 2,997 more like it" in told


def test_a_report_under_another_country_s_rules(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(HELD.replace("ledgr", "ledger").rpartition("2025-03-03")[0])
    assert main(["ledger", "report", "t.csv", "--year", "2025", "--regime", "canada"]) == ExitCode.DONE
    told = capsys.readouterr()
    assert "AVERAGE" in told.out
    assert "50.00000000" in told.out
    assert "superficial losses" in told.err
    assert main(["ledger", "report", "t.csv", "--year", "2025"]) == ExitCode.USAGE
    assert "no method given" in capsys.readouterr().err
    assert main(["ledger", "lots", "t.csv", "--regime", "average", "--at", "2024-12-31"]) == ExitCode.DONE


@pytest.mark.parametrize(
    ("to", "meant"),
    [
        ("krakne:main", "kraken:main"),
        ("ledger:cold", None),
        ("kraken:main2", None),
        ("", None),
    ],
)
def test_a_transfer_to_a_misspelt_wallet_is_warned_of(to, meant, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = [
        "time,source,id,kind,asset,quantity,amount,fee,currency,to",
        "2025-01-03T00:00:00Z,kraken:main,1,buy,BTC,1,100,0,USD,",
        f"2025-01-04T00:00:00Z,kraken:main,2,{'transfer' if to else 'sell'},BTC,0.5,{'' if to else '9'},,USD,{to}",
    ]
    Path("t.csv").write_text("\n".join(rows) + "\n")
    assert main(["trades", "check", "t.csv"]) == ExitCode.DONE
    said = f't.csv:3: transfer to "{to}", which has no rows of its own; did you mean "{meant}"?'
    assert (said in capsys.readouterr().err) == (meant is not None)
    assert main(["trades", "check", "t.csv", "--json"]) == ExitCode.DONE
    assert len(json.loads(capsys.readouterr().out)["warnings"]) == (meant is not None)
    assert main(["commit", "t.csv", "--no-passphrase", "-o", "own"]) == ExitCode.DONE
    assert (said in capsys.readouterr().err) == (meant is not None)

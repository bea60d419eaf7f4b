"""`harvest plan` and `harvest record` as they are typed."""

import json

import pytest

from zkharvest.cli import main
from zkharvest.cli.output import ExitCode

TRADES = (
    "time,source,id,kind,asset,quantity,amount,fee,to,lots\n2026-01-05T10:00:00Z,kraken,t1,buy,BTC,1.37,126040,,,\n"
)
RATES = 'jurisdiction = "US"\nyear = 2026\nshort = 0.35\nlong = 0.15\nordinary = 0.35\nother_short = 50000\n'
PRICES = "time,asset,price\n2026-11-28T12:00:00Z,BTC,80000\n"
HEAD = "id,order,datetime,symbol,side,price,amount,fee_cost,fee_currency\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in (("t.csv", TRADES), ("r.toml", RATES), ("p.csv", PRICES)):
        (tmp_path / name).write_text(text)
    return tmp_path


def plan(*words):
    given = ["--prices", "p.csv", "--rates", "r.toml", "--as-of", "2026-11-28T18:00:00Z", "-o", "plan.json"]
    return main(["harvest", "plan", "t.csv", *given, "--seed", "3", *words])


def sold(here, amount="1.37", price="79990"):
    steps = json.loads((here / "plan.json").read_text())["steps"]
    rows = [f"f1,{steps[0]['params']['clientOrderId']},2099-01-01T00:00:00Z,BTC/USD,sell,{price},{amount},10,USD\n"]
    (here / "fills.csv").write_text(HEAD + "".join(rows))


def test_from_plan_to_record(here, capsys):
    assert plan("--reentry", "none") == ExitCode.DONE
    out, err = capsys.readouterr()
    assert "kraken/t1" in out
    assert "SHA-256" in out
    assert "nothing was sent" in err
    sold(here)
    words = ["harvest", "record", "plan.json", "fills.csv", "--trades", "t.csv", "-o", "new.csv"]
    assert main(words) == ExitCode.DONE
    assert "realised loss 16,463.70" in capsys.readouterr().out
    assert (
        (here / "new.csv")
        .read_text()
        .splitlines()[-1]
        .startswith("2099-01-01T00:00:00Z,kraken,f1,sell,BTC,1.37,109586.30")
    )
    assert main([*words, "--json", "--force"]) == ExitCode.DONE
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["loss"], found["gaps"]) == ("zkharvest/record/1", "16463.70", [])


def test_trades_that_changed_and_bad_fills_write_nothing(here, capsys):
    assert plan("--reentry", "none", "--json") == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["digest"]
    words = ["harvest", "record", "plan.json", "fills.csv", "--trades", "t.csv", "-o", "new.csv"]
    sold(here, amount="2")
    assert main(words) == ExitCode.REJECTED
    assert "fills.csv:2: goes past step 1 of the plan by 0.63" in capsys.readouterr().err
    sold(here)
    (here / "t.csv").write_text(TRADES + "\n")
    assert main(words) == ExitCode.REJECTED
    assert "changed since the plan was made" in capsys.readouterr().err
    assert not (here / "new.csv").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--reentry", "later"], ExitCode.USAGE, "spot or none"),
        (["--tolerance", "2"], ExitCode.USAGE, "--tolerance"),
        (["--band", "-1"], ExitCode.USAGE, "--band"),
        (["--start", "soon"], ExitCode.USAGE, "--start"),
        (["--start", "2020-01-01T00:00:00Z"], ExitCode.USAGE, "before the plan"),
        (["--match", "r.toml"], ExitCode.REJECTED, "is not a match"),
        (["--pooling", "universal"], ExitCode.USAGE, "--source"),
        (["-m", "lifo", "--band", "0.5"], ExitCode.USAGE, "the ledger would take other lots"),
        (["--budget", "0", "--lot", "nothing"], ExitCode.USAGE, "is not an open lot"),
    ],
)
def test_plans_that_are_refused(here, capsys, words, code, said):
    assert plan(*words) == code
    assert said in capsys.readouterr().err
    assert not (here / "plan.json").exists()


@pytest.mark.parametrize(("law", "year"), [("CA", 2026), ("UK", 2027)])
def test_a_pool_of_another_law_is_planned_and_recorded(here, capsys, law, year):
    """Two purchases, one holding: what is sold has their average cost."""
    (here / "t.csv").write_text(TRADES + "2026-02-05T10:00:00Z,kraken,t2,buy,BTC,0.63,33960,,,\n")
    stated = "long = 0.24\nordinary = 0.24\nother_long = 50000\nexit_rate = 0.05\n"
    (here / "r.toml").write_text(f'jurisdiction = "{law}"\nyear = {year}\n{stated}')
    (here / "p.csv").write_text(PRICES.replace("80000", "70000"))
    assert plan("--reentry", "spot", "--source", "kraken") == ExitCode.USAGE
    assert "within 30 days undoes the loss" in capsys.readouterr().err
    assert plan("--reentry", "none", "--source", "kraken") == ExitCode.DONE
    made = json.loads((here / "plan.json").read_text())
    assert made["election"]["regime"] == {"CA": "canada", "UK": "uk"}[law]
    assert [lot["quantity"] for lot in made["lots"]] == ["2"]
    step = made["steps"][0]
    row = f"f1,{step['params']['clientOrderId']},2026-11-29T00:00:00Z,BTC/USD,sell,70000,1,10,USD\n"
    (here / "fills.csv").write_text(HEAD + row)
    made["made"] = made["steps"][0]["at"] = "2026-11-28T19:00:00Z"
    (here / "plan.json").write_text(json.dumps(made))
    words = ["harvest", "record", "plan.json", "fills.csv", "--trades", "t.csv", "-o", "new.csv", "--json"]
    capsys.readouterr()
    assert main(words) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["loss"] == "10010.00"  # 80,000 - 69,990

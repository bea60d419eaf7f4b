"""Balances that venues tell, against what the trades hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zkharvest.cli import main
from zkharvest.errors import InputError
from zkharvest.trades.csv_in import load_trades
from zkharvest.trades.importers.names import load_names
from zkharvest.trades.importers.reconcile import Compared, Holdings, against_exports, against_list

FOLDER = Path(__file__).resolve().parents[3] / "examples" / "taxpayer"
HEAD = "time,source,id,kind,asset,quantity,amount,fee,currency,to,into,into_quantity\n"
ROWS = (
    "2024-01-01T00:00:00Z,kraken,1,buy,BTC,1,100,,USD,,,\n"
    "2024-01-02T00:00:00Z,kraken,2,transfer,BTC,0.25,,,USD,cold,,\n"
    "2024-01-03T00:00:00Z,kraken,3,convert,BTC,0.25,,,USD,,WBTC,0.25\n"
    "2024-01-04T00:00:00Z,kraken,4,income,ETH,2,10,,USD,,,\n"
    "2024-01-05T00:00:00Z,kraken,5,spend,ETH,0.5,10,,USD,,,\n"
)
KRAKEN = "txid,refid,time,type,aclass,asset,amount,fee,balance\n"


@pytest.fixture
def trades(tmp_path: Path) -> Path:
    path = tmp_path / "trades.csv"
    path.write_text(HEAD + ROWS)
    return path


def test_what_is_held_after_any_instant(trades: Path) -> None:
    read = load_trades(trades)
    held = Holdings(read)
    half = 5 * 10**17
    assert held.at("kraken", "BTC", read[0].time - 1) == 0
    assert held.at("kraken", "BTC", read[0].time) == 2 * half
    assert [held.at(*key) for key in (("kraken", "BTC"), ("cold", "BTC"), ("kraken", "WBTC"))] == [
        half,
        half // 2,
        half // 2,
    ]
    assert held.at("kraken", "ETH") == 3 * half
    assert held.at("nowhere", "BTC") == 0


def test_a_list_of_balances(trades: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = tmp_path / "now.csv"
    listed.write_text("asset,source,quantity\nXBT,kraken,0.5\nETH,kraken,1.5\nWBTC,kraken,0.25\n")
    arguments = ["trades", "reconcile", str(trades), "--balances", str(listed)]
    assert main(arguments) == 0
    assert "all balances agree" in capsys.readouterr().out
    listed.write_text(
        "asset,source,quantity,time\nETH,kraken,1,\nETH,kraken,2,2024-01-04T12:00:00Z\nWBTC,kraken,0.25,\n"
    )
    assert main([*arguments, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["differences"]
    assert [(one["asset"], one["told"], one["held"], one["difference"]) for one in found] == [
        ("ETH", "1", "1.5", "0.5"),
        ("BTC", "0", "0.5", "0.5"),  # held, but not on the list
    ]
    assert main(arguments) == 1
    assert "difference" in capsys.readouterr().out


def test_every_problem_of_a_list(trades: Path, tmp_path: Path) -> None:
    listed = tmp_path / "now.csv"
    listed.write_text("asset,source,quantity\nBTC,kraken,much\nBTC\n")
    with pytest.raises(InputError) as caught:
        against_list(load_trades(trades), listed, load_names())
    assert [problem.message for problem in caught.value.problems] == [
        '"much" is not a number',
        "has 1 cells, the header has 3",
    ]
    listed.write_text("asset,quantity\nBTC,1\n")
    with pytest.raises(InputError, match="the columns are"):
        against_list(load_trades(trades), listed, load_names())
    assert main(["trades", "reconcile", str(trades)]) == 2


def test_running_balances_of_an_export(trades: Path, tmp_path: Path) -> None:
    export = tmp_path / "ledgers.csv"
    export.write_text(
        KRAKEN
        + "L1,R1,2024-01-01 00:00:00,trade,currency,XXBT,1,0,1\n"
        + "L2,R2,2024-01-02 00:00:00,withdrawal,c,XXBT,-0.25,0,0.75\n"
        + "L3,R3,2024-01-04 00:00:00,staking,c,XETH,1,0,1\nL4,R4,2024-01-04 00:00:00,staking,c,ETH2.S,1,0,1\n"
        + "L5,R5,2024-01-04 12:00:00,trade,c,ZUSD,100,0,100\n"
    )
    assert against_exports(load_trades(trades), [export], load_names()) == Compared()
    export.write_text(
        export.read_text() + "L6,R6,2024-01-06 00:00:00,trade,c,XETH,1,0,2\nL7,R7,2024-01-07 00:00:00,x,c,XETH,1,0,3\n"
    )
    (found,) = against_exports(load_trades(trades), [export], load_names()).differences
    assert (found.where, found.asset, found.rows) == (f"{export}:7", "ETH", 2)
    assert (found.told, found.held) == (3 * 10**18, 15 * 10**17)
    export.write_text(KRAKEN + "L1,R1,2024-01-01 00:00:00,trade,currency,XXBT,1,0,a lot\n")
    compared = against_exports(load_trades(trades), [export], load_names())
    assert [(one.where, one.message) for one in compared.unread] == [
        (f"{export}:2:balance", '"a lot" is not a number'),
    ]


def test_the_example_agrees_with_its_export() -> None:
    trades = load_trades(FOLDER / "trades.csv")
    compared = against_exports(trades, [FOLDER / "kraken-ledgers.csv"], load_names())
    assert (compared.differences, compared.unread) == ([], [])
    assert compared.notes == ["kraken-ledgers.csv: 8 rows state no balance (lines 2,23,106,111,139,164,188,207)"]
    short = [trade for trade in trades if trade.id != "TAWVDM-MEZ36-DN2GB6"]
    assert against_exports(short, [FOLDER / "kraken-ledgers.csv"], load_names()).differences


def test_an_export_with_decimal_commas(trades: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The hint at its balances, followed."""
    export = tmp_path / "kraken.csv"
    rows = KRAKEN.replace(",", ";") + "a;W1;2024-01-02 00:00:00;withdrawal;currency;XXBT;-0,25;0;0,75\n"
    export.write_text(rows)
    said = ["trades", "reconcile", str(trades), "--export", str(export)]
    assert main(said) == 1
    assert "say --decimal-comma kraken.csv" in capsys.readouterr().err
    assert main([*said, "--decimal-comma", "kraken.csv"]) == 0
    capsys.readouterr()
    export.write_text(rows.replace("0,75", "0,74"))
    assert main([*said, "--decimal-comma", str(export), "--json"]) == 1
    (shown,) = json.loads(capsys.readouterr().out)["differences"]
    assert (shown["told"], shown["held"]) == ("0.74", "0.75")
    assert main([*said, "--decimal-comma", "other.csv"]) == 2
    assert "other.csv: is not a file that is read here" in capsys.readouterr().err


def test_what_cannot_be_compared_is_named(trades: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line of too few cells, a balance that is no number, a row without one: none of them goes by in silence."""
    export = tmp_path / "ledgers.csv"
    export.write_text(
        KRAKEN
        + "L1,R1,2024-01-01 00:00:00,trade,currency,XXBT,1,0,1\nL2,R2,2024-01-01 10:00:00,trade,currency\n"
        + ",R3,2024-01-01 11:00:00,deposit,c,XXBT,1,0,\nL4,R4,2024-01-02 00:00:00,withdrawal,c,XXBT,-0.25,0,?\n"
    )
    said = ["trades", "reconcile", str(trades), "--export", str(export)]
    assert main([*said, "--json"]) == 1
    shown = json.loads(capsys.readouterr().out)
    assert (shown["ok"], shown["differences"]) == (False, [])
    assert [(one["where"], one["message"]) for one in shown["unread"]] == [
        (f"{export}:3", "has 5 cells, the header has 9"),
        (f"{export}:5:balance", '"?" is not a number'),
    ]
    assert shown["notes"] == ["ledgers.csv: 1 row states no balance (lines 4)"]
    assert main(said) == 1
    printed = capsys.readouterr()
    assert "all balances agree" not in printed.out
    assert "these lines were not compared" in printed.err


def test_money_on_a_list_is_not_held_against_zero(trades: Path, tmp_path: Path, capsys) -> None:
    listed = tmp_path / "now.csv"
    listed.write_text("source,asset,quantity\nkraken,BTC,0.5\nkraken,ETH,1.5\nkraken,WBTC,0.25\nkraken,ZUSD,812.5\n")
    assert main(["trades", "reconcile", str(trades), "--balances", str(listed)]) == 0
    assert "money has no lots and is not compared (lines 5)" in capsys.readouterr().err


GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "imports"


@pytest.mark.parametrize(
    ("folder", "exports", "options"),
    [
        ("bitmex", ["bitmex.csv"], ["--timezone", "UTC"]),  # satoshis, and a coin that no column names
        ("deribit-2026", ["main.csv", "sub.csv"], []),  # a log each of two subaccounts: the balance is that of both
        ("kraken-reported", ["ledgers.csv"], []),
    ],
)
def test_the_logs_of_venues_state_what_their_trades_hold(folder: str, exports: list[str], options: list[str], capsys):
    given = [part for name in exports for part in ("--export", str(GOLDEN / folder / name))]
    command = ["trades", "reconcile", str(GOLDEN / folder / "trades.txt"), *given, *options]
    assert main(command) == 0, capsys.readouterr().err
    assert "all balances agree" in capsys.readouterr().out
    if len(exports) > 1:
        assert main(command[:5]) == 1  # one of the logs is not all of the account


def test_a_file_that_begins_after_another_goes_on_with_its_wallet(trades: Path, tmp_path: Path) -> None:
    """Two years of a ledger without a column of wallets are one wallet; a copy of rows in both changes nothing."""
    first = "L1,R1,2024-01-01 00:00:00,trade,currency,XXBT,1,0,1\n"
    second = "L2,R2,2024-01-02 00:00:00,withdrawal,c,XXBT,-0.25,0,0.75\n"
    third = "L3,R3,2024-01-03 00:00:00,trade,c,XXBT,-0.25,0,0.5\n"
    (tmp_path / "a.csv").write_text(KRAKEN + first + second)
    paths = [tmp_path / "b.csv", tmp_path / "a.csv"]
    for text in (third, second + third):
        (tmp_path / "b.csv").write_text(KRAKEN + text)
        assert against_exports(load_trades(trades), paths, load_names()) == Compared()

"""Exports whose numbers have a decimal comma: read where it is said, refused where it is not or where it is not so."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkharvest.cli import main
from zkharvest.errors import UsageError

KRAKEN = "txid;refid;time;type;aclass;asset;amount;fee;balance\n"
TRADE = (
    "a;T1;2024-01-01 10:00:00;trade;currency;ZEUR;-1.234,56;1,25;0\n"
    "b;T1;2024-01-01 10:00:00;trade;currency;XXBT;0,03;0;0,03\n"
)
COINBASE = (
    "ID;Timestamp;Transaction Type;Asset;Quantity Transacted;Price Currency;Price at Transaction;Subtotal;"
    "Total (inclusive of fees and/or spread);Fees and/or Spread;Notes\n"
)
MAP = """
name = "haus"
title = "Haus"
source = "haus"
zone = "UTC"
decimal = ","
dressed = true
required = ["Datum", "Art", "Menge", "Coin", "Betrag"]
time = "Datum"

[[row]]
when = { Art = "kauf" }
kind = "trade"
gave = { quantity = "Betrag", asset = "=EUR" }
got = { quantity = "Menge", asset = "Coin" }
"""


def test_decimal_commas_are_read_where_they_are_said(bring) -> None:
    said = {"currency": "EUR", "decimal_comma": ["a.csv"]}
    assert bring.rows(KRAKEN + TRADE, **said) == ["2024-01-01T10:00:00Z,kraken,T1,buy,BTC,0.03,1234.56,1.25,,"]
    spaced = TRADE.replace("1.234,56", "1\u202f234,56")
    assert bring.rows(KRAKEN + spaced, **said) == bring.rows(KRAKEN + TRADE, **said)
    row = "i;2024-01-01 10:00:00 UTC;Buy;BTC;0,5;EUR;€20.000,00;10.000,00 €;10.010,50 €;10,50 €;\n"
    assert bring.rows(COINBASE + row, **said) == ["2024-01-01T10:00:00Z,coinbase,i,buy,BTC,0.5,10000.00,10.50,,"]


def test_a_refused_comma_names_the_option_which_then_reads_the_file(bring) -> None:
    hints = bring.hints(KRAKEN + TRADE, currency="EUR")
    assert all("--decimal-comma a.csv" in hint and "--skip a.csv:" in hint for hint in hints)
    assert len(bring(KRAKEN + TRADE, currency="EUR", decimal_comma=["a.csv"]).trades) == 1


def test_what_is_said_is_held_against_what_the_file_shows(bring) -> None:
    """A point between groups of three digits stands for thousands; any other shows that the file has none."""
    with_point = KRAKEN + TRADE + TRADE.replace("1.234,56", "1234.56").replace("T1", "T2").replace("a;", "c;")
    assert bring.problems(with_point, currency="EUR", decimal_comma=["a.csv"]) == [
        'a.csv:4:amount: "-1234.56" has a decimal point, but the file was said to have decimal commas'
    ]
    without = KRAKEN + "a;D1;2024-01-01 10:00:00;deposit;currency;XXBT;1.234;0;1.234\n"
    assert bring.problems(without, decimal_comma=["a.csv"]) == [
        "a.csv: was said to have decimal commas, but no number of it has one"
    ]
    with pytest.raises(UsageError, match=r"other\.csv: is not a file that is read here"):
        bring(KRAKEN + TRADE, decimal_comma=["other.csv"])


def test_one_file_with_commas_stands_beside_one_with_points(bring) -> None:
    points = TRADE.replace("1.234,56", "1234.56").replace("1,25", "1.25").replace("0,03", "0.03").replace("T1", "T0")
    points = points.replace("a;", "p;").replace("b;", "q;")
    rows = bring.rows(KRAKEN + TRADE, KRAKEN + points, currency="EUR", decimal_comma=["a.csv"])
    assert [row.partition("buy")[2] for row in rows] == [",BTC,0.03,1234.56,1.25,,"] * 2


def test_a_map_says_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "haus.toml").write_text(MAP)
    export, target = tmp_path / "haus.csv", tmp_path / "trades.csv"
    export.write_text("Datum;Art;Menge;Coin;Betrag\n2024-01-01 10:00:00;Kauf;0,25;ETH;1.000,50\n")
    args = ["trades", "import", str(export), "--map", str(tmp_path / "haus.toml"), "--currency", "EUR"]
    assert main([*args, "-o", str(target)]) == 0
    assert "buy,ETH,0.25,1000.50" in target.read_text()
    capsys.readouterr()
    assert main(["trades", "map", str(export)]) == 0
    assert 'decimal = ","  # guess' in capsys.readouterr().out
    (tmp_path / "haus.toml").write_text(MAP.replace('decimal = ","', 'decimal = "|"'))
    assert main([*args, "-o", str(target), "--force", "--json"]) == 1
    assert "is not a decimal sign" in "".join(capsys.readouterr())


def test_the_command_takes_the_name_or_the_path_of_a_file(tmp_path: Path) -> None:
    export = tmp_path / "kraken.csv"
    export.write_text(KRAKEN + TRADE)
    args = ["trades", "import", str(export), "--currency", "EUR", "-o", str(tmp_path / "t.csv"), "--force"]
    assert main(args) == 1
    assert main([*args, "--decimal-comma", "kraken.csv"]) == 0
    assert main([*args, "--decimal-comma", str(export)]) == 0

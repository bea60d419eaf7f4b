"""CARF reports against the trades of a source and year."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zkharvest.cli import main

TRADES = """time,source,id,kind,asset,quantity,amount,fee,to,group,category
2026-01-05T10:00:00Z,kraken,1,buy,ETH,2,5000,5,,,
2026-02-05T10:00:00Z,kraken,2,sell,ETH,1,2475,5,,,
2026-03-05T10:00:00Z,kraken,3-sell,sell,ETH,0.5,1200,3,,3,
2026-03-05T10:00:00Z,kraken,3-buy,buy,BTC,0.02,1200,,,3,
2026-04-05T10:00:00Z,kraken,4,transfer,ETH,0.2,,,cold,,
2026-05-05T10:00:00Z,kraken,5,income,ETH,0.01,20,,,,staking
2026-06-05T10:00:00Z,cold,6,transfer,ETH,0.1,,,kraken,,
2027-01-05T10:00:00Z,kraken,7,sell,ETH,0.1,200,1,,,
"""
SUMS = (
    ("XETH", "CryptoFiatIn", 1, "2.000", 5000),
    ("XETH", "CryptoFiatOut", 1, "1.000", 2475),
    ("XETH", "CryptoToCryptoOut", 1, "0.5", 1200),
    ("XBT", "CryptoToCryptoIn", 1, "0.02", 1200),
    ("XETH", "CryptoTransferOut", 0, "0.15", 300),
    ("XETH", "TransferWallet", 0, "0.05", 100),
    ("XETH", "CryptoTransferIn", 2, "0.11", 240),
)


def as_csv(delimiter: str = ",") -> str:
    head = "asset,type,count,units,amount,currency,year"
    rows = [",".join(map(str, (asset, kind, n, units, value, "EUR", 2026))) for asset, kind, n, units, value in SUMS]
    return "\n".join([head, *rows]).replace(",", delimiter) + "\n"


def as_xml() -> str:
    parts = "".join(
        f"<carf:RelevantTransactions><carf:CryptoAsset>{asset}</carf:CryptoAsset><carf:{kind}>"
        + (f"<carf:NumberofTransactions>{n}</carf:NumberofTransactions>" if n else "")
        + f'<carf:Amount currCode="EUR">{value}</carf:Amount><carf:NumberofUnits>{units}</carf:NumberofUnits>'
        f"</carf:{kind}></carf:RelevantTransactions>"
        for asset, kind, n, units, value in SUMS
    )
    return f'<carf:CARF_OECD xmlns:carf="urn:oecd:ties:carf:v1">{parts}</carf:CARF_OECD>'


def reconcile(tmp_path: Path, report: str, *more: str) -> int:
    (tmp_path / "trades.csv").write_text(TRADES)
    (tmp_path / "report").write_text(report)
    base = ["trades", "reconcile", str(tmp_path / "trades.csv"), "--carf", str(tmp_path / "report")]
    return main([*base, "--source", "kraken", "--year", "2026", *more])


@pytest.mark.parametrize("report", [as_csv(), as_csv(";"), as_xml(), as_xml().replace("ToCrypto", "toCrypto")])
def test_a_report_that_agrees(tmp_path: Path, report: str, capsys) -> None:
    assert reconcile(tmp_path, report) == 0
    assert "all agrees" in capsys.readouterr().out


def test_what_differs_is_named(tmp_path: Path, capsys) -> None:
    assert reconcile(tmp_path, as_xml().replace("1.000<", "1.100<"), "--json") == 1
    shown = json.loads(capsys.readouterr().out)
    differ = [row for row in shown["reported"] if row["difference"] != "0"]
    assert [(row["asset"], row["kind"], row["reported"], row["held"]) for row in differ] == [
        ("ETH", "CryptoFiatOut", "1.1", "1")
    ]
    missing = as_csv().replace("XBT,CryptoToCryptoIn,1,0.02,1200,EUR,2026\n", "")
    assert reconcile(tmp_path, missing) == 1  # the trades have what was not reported
    assert "CryptoToCryptoIn" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("report", "says"),
    [
        ("asset,kind\n", "the columns are asset, type, units"),
        ("asset,type,units\nETH,Staked,1\n", "is not a kind of CARF"),
        ("asset,type,units\nETH,RRPT,one\n", "is not a number"),
        ("<a><b></a>", "is not XML"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "declares entities"),
        ("<a/>", "reports nothing"),
        (as_xml().replace("TransferIn", "StakedIn"), '"{urn:oecd:ties:carf:v1}CryptoStakedIn" is not a kind of CARF'),
        (as_csv().replace(",2026", ",2026,x", 1), "has 8 cells, the header has 7"),
        (as_csv().replace(",1,2.000", ",one,2.000"), '"one" is not a number of transactions'),
        ("<a><ReportingPeriod>2025-12-31</ReportingPeriod></a>", "reports the year 2025, not 2026"),
    ],
)
def test_what_is_not_a_report(tmp_path: Path, report: str, says: str, capsys) -> None:
    assert reconcile(tmp_path, report) == 1
    assert says in capsys.readouterr().err


def test_a_report_needs_its_account_and_year(tmp_path: Path, capsys) -> None:
    (tmp_path / "trades.csv").write_text(TRADES)
    assert main(["trades", "reconcile", str(tmp_path / "trades.csv"), "--carf", "x"]) == 2
    assert "--source and --year" in capsys.readouterr().err


def test_rows_of_other_years_are_left_out_and_named(tmp_path: Path, capsys) -> None:
    assert reconcile(tmp_path, as_csv() + "XETH,CryptoFiatIn,3,7,9000,EUR,2025\n") == 0
    assert "rows of other years than 2026 (lines 9)" in capsys.readouterr().err

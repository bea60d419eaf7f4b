"""Maps proposed from the header of an export whose form is not known."""

from __future__ import annotations

import pytest

from zkharvest.cli import main
from zkharvest.trades.importers.mapped.proposing import proposal

# Headers of venues without a form here, as they stand in public test data (rotki's tests/data), and what a map makes of
# them without a word being mended.
PROPOSED = {
    "bittrex": (
        (
            "Name: JOHN DOE\nUserID: john\nDate Generated: 2023-12-15T23:17:04\n\n"
            "TXID,Time (UTC),Transaction,Order Type,Market,Base,Quote,Price,"
            "Quantity (Base),Fees (Quote),Total (Quote),Approx Value (USD),Time In Force,Notes\n"
            "2a,2017-12-03T12:04:16,Bought,Limit,SWT/USD,SWT,USD,0.5,731,0.62,365.5,,Good til cancelled,\n"
            "2b,2017-12-04T12:04:16,Sold,Limit,SWT/USD,SWT,USD,0.5,731,0.62,365.5,,Good til cancelled,\n"
        ),
        ["buy SWT 731 365.50 0.62", "sell SWT 731 365.50 0.62"],
    ),
    "uphold": (
        (
            "Date,Destination,Destination Amount,Destination Currency,Fee Amount,Fee Currency,Id,Origin,Origin Amount,"
            "Origin Currency,Status,Type\n"
            "Tue Feb 11 2020 13:13:57 GMT+0000,uphold,0.00331961,BTC,,,1d,credit-card,25,USD,completed,in\n"
        ),
        ["buy BTC 0.00331961 25.00 "],
    ),
    "blockpit": (
        (
            "Blockpit ID;Timestamp;Source Type;Source Name;Integration;Transaction Type;Outgoing Asset;Outgoing Amount;"
            "Incoming Asset;Incoming Amount;Fee Asset;Fee Amount;Transaction ID;Note;Merge ID\n"
            "1;18.01.2023 12:44;API;Binance;Depot;Trade;USD;168.69;MATIC;223.7;MATIC;0.2237;t1;spot;\n"
            "2;19.01.2023 16:19;API;Binance;Depot;Withdrawal;BNB;0.0095;;;BNB;0.0005;t2;;155\n"
            "3;20.01.2023 03:25;API;Kraken;Depot;Staking;;;MATIC;0.19;;;t3;;\n"
        ),
        [
            "buy MATIC 223.7 168.69 0.16869",
            "spend MATIC 0.2237 0.16869 ",
            "withdraw BNB 0.0095  ",
            "spend BNB 0.0005 0.0005 ",
            "income MATIC 0.19 0.19 ",
        ],
    ),
}


@pytest.mark.parametrize("name", PROPOSED)
def test_a_proposed_map_reads_a_header_that_is_not_known(bring, tmp_path, name: str) -> None:
    text, rows = PROPOSED[name]
    (tmp_path / "x.csv").write_text(text)
    path = tmp_path / "x.toml"
    path.write_text(proposal(tmp_path / "x.csv"))
    prices = "time,asset,price\n2023-01-19,BNB,1\n2023-01-20,MATIC,1\n"
    options = {"maps": [path], "timezone": "UTC", "record": True, "prices": prices}
    made = bring.table(text, columns="kind asset quantity amount fee", **options)
    assert made == rows


def test_a_map_for_a_header_that_names_a_column_more_than_once(bring, tmp_path) -> None:
    """CoinTracking's: three columns `Cur.`, each the unit of the amount before it."""
    text = (
        '"Type","Buy","Cur.","Sell","Cur.","Fee","Cur.","Exchange","Group","Comment","Date"\n'
        '"Trade","3300.00000000","CRO","197.01000000","EUR","0.5","EUR","Crypto.com","","","2020-05-14 11:46:20"\n'
        '"Deposit","197.01000000","EUR","","","","","Crypto.com","","","2020-05-14 11:44:20"\n'
    )
    (tmp_path / "ct.csv").write_text(text)
    path = tmp_path / "ct.toml"
    path.write_text(proposal(tmp_path / "ct.csv"))
    made = bring.table(text, columns="kind asset quantity amount fee", maps=[path], timezone="UTC", currency="EUR")
    assert made == ["buy CRO 3300 197.01 0.50"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--timezone", "Berlin"], "--timezone Berlin: is not a time zone"),
        (["--map", "nowhere.toml"], "nowhere.toml: cannot be read"),
        (["--map", "latin.toml"], "latin.toml:1: byte 8 is not UTF-8"),
    ],
)
def test_what_is_given_beside_the_export_and_is_wrong(tmp_path, monkeypatch, capsys, options, says: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_text(PROPOSED["bittrex"][0])
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"\n')
    assert main(["trades", "map", "x.csv", *options]) in (1, 2)
    assert says in capsys.readouterr().err
    assert main(["trades", "map", "x.csv", "--timezone", "Europe/Berlin"]) == 0

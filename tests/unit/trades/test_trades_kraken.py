"""Kraken ledgers and trades."""

from __future__ import annotations

import pytest

from zkharvest.trades.importers.kraken.ledgers import asset_name
from zkharvest.trades.importers.names import load_names

HEADER = '"txid","refid","time","type","subtype","aclass","subclass","asset","wallet","amount","fee","balance"\n'
NEW = HEADER.replace('"balance"', '"balance","amountusd","feeusd","balanceusd","feecurrency"')
OLD = '"txid","refid","time","type","aclass","asset","amount","fee","balance"\n'
TRADES = '"txid","ordertxid","pair","time","type","ordertype","price","cost","fee","vol","margin","misc","ledgers"\n'
PRICES = "time,asset,price\n2024-03-03,BTC,60000\n2024-03-03,ETH,3400\n2024-03-03,BNB,400\n2024-03-03,EUR,1.08\n"


def ledger(*rows: str) -> str:
    return HEADER + "".join(
        '"{}","{}","2024-03-03 08:20:0{}","{}","{}","currency","","{}","spot / main",{},{},0\n'.format(*row.split())
        for row in (r.replace("-none-", "") for r in rows)
    )


def test_legs_are_joined_on_refid(bring) -> None:
    text = ledger(
        "L1 T1 1 trade tradespot ZUSD -400.0000 1.0000",
        "L3 T2 2 spend x USD -100 0",
        "L2 T1 1 trade tradespot XXBT 0.0045 0",
        "L4 T2 2 receive x ETH 0.03 0.0001",
        "L5 T3 3 trade tradespot XXBT -0.001 0",
        "L6 T3 3 trade tradespot ZUSD 70 0.2",
    )
    assert bring.rows(text) == [
        "2024-03-03T08:20:01Z,kraken,T1,buy,BTC,0.0045,400.00,1.00,,",
        "2024-03-03T08:20:02Z,kraken,T2,buy,ETH,0.03,100.00,0.33333333,,",
        "2024-03-03T08:20:02Z,kraken,T2-fee,spend,ETH,0.0001,0.33333333,,,kraken/T2:0.0001",
        "2024-03-03T08:20:03Z,kraken,T3,sell,BTC,0.001,70.00,0.20,,",
    ]


def test_a_leg_that_is_missing_or_too_many(bring) -> None:
    text = ledger(
        "L1 T1 1 trade x ZUSD -400 1",
        "L2 T2 1 trade x ZUSD -400 1",
        "L3 T2 1 trade x XXBT 1 0",
        "L4 T2 1 trade x XETH 1 0",
        "L5 T2 1 trade x XXRP -1 0",
    )
    assert bring.problems(text) == [
        "a.csv:2:refid: the rows of this refid (lines 2) do not make one trade",
        "a.csv:3:refid: the rows of this refid (lines 3, 4, 5, 6) do not make one trade",
    ]


def test_crypto_for_crypto_takes_the_given_price_or_the_usd_column(bring) -> None:
    legs = ("L1 T1 1 trade x XETH -2 0.01", "L2 T1 1 trade x XXBT 0.1 0.0002")
    assert bring.problems(ledger(*legs)) == ["a.csv:2: the value of 0.1 BTC or 2 ETH in USD is not in the file"]
    assert bring.rows(ledger(*legs), prices=PRICES) == [
        "2024-03-03T08:20:01Z,kraken,T1-sell,sell,ETH,2,6000.00,42.00,,",
        "2024-03-03T08:20:01Z,kraken,T1-buy,buy,BTC,0.1,6000.00,,,",
        "2024-03-03T08:20:01Z,kraken,T1-fee,spend,ETH,0.01,30.00,,,",
        "2024-03-03T08:20:01Z,kraken,T1-fee2,spend,BTC,0.0002,12.00,,,kraken/T1-buy:0.0002",
    ]
    text = NEW + (
        '"L1","T1","2024-03-03 08:20:01","trade","x","c","","ETH","m",-2,0,0,-6790.5,0,0,""\n'
        '"L2","T1","2024-03-03 08:20:01","trade","x","c","","BTC","m",0.1,0.0002,0,6001.25,12,0,"BTC"\n'
    )
    assert bring.rows(text) == [
        "2024-03-03T08:20:01Z,kraken,T1-sell,sell,ETH,2,6001.25,12.0025,,",
        "2024-03-03T08:20:01Z,kraken,T1-buy,buy,BTC,0.1,6001.25,,,",
        "2024-03-03T08:20:01Z,kraken,T1-fee,spend,BTC,0.0002,12.0025,,,kraken/T1-buy:0.0002",
    ]


def test_fees_in_a_third_crypto_and_in_fee_credits(bring) -> None:
    text = NEW + (
        '"L1","T1","2024-03-03 08:20:01","trade","x","c","","USD","m",-600,0,0,,,,""\n'
        '"L2","T1","2024-03-03 08:20:01","trade","x","c","","BTC","m",0.01,0.003,0,,,,"BNB"\n'
        '"L3","T2","2024-03-03 08:20:02","trade","x","c","","USD","m",-600,5,0,,,,"KFEE"\n'
        '"L4","T2","2024-03-03 08:20:02","trade","x","c","","BTC","m",0.01,0,0,,,,""\n'
    )
    assert bring.rows(text, prices=PRICES) == [
        "2024-03-03T08:20:01Z,kraken,T1,buy,BTC,0.01,600.00,1.20,,",
        "2024-03-03T08:20:01Z,kraken,T1-fee,spend,BNB,0.003,1.20,,,",
        "2024-03-03T08:20:02Z,kraken,T2,buy,BTC,0.01,600.00,,,",
    ]


def test_money_in_another_currency(bring) -> None:
    legs = ("L1 T1 1 trade x ZEUR -400 1", "L2 T1 1 trade x XXBT 0.0045 0")
    assert bring.rows(ledger(*legs), prices=PRICES) == ["2024-03-03T08:20:01Z,kraken,T1,buy,BTC,0.0045,432.00,1.08,,"]
    assert bring.rows(ledger(*legs), currency="EUR") == ["2024-03-03T08:20:01Z,kraken,T1,buy,BTC,0.0045,400.00,1.00,,"]


def test_moves_pending_rows_and_what_stays_inside(bring) -> None:
    text = ledger(
        "L1 R1 1 deposit x ZUSD 100 0",
        "L2 R2 2 transfer spottostaking XETH -1 0",
        "L3 R3 2 transfer stakingfromspot ETH2.S 1 0",
        "L4 R4 3 earn allocation XETH -1 0",
        "L5 R5 4 staking x ETH2.S 0.01 0.001",
        "L6 R6 5 earn reward DOT28.S 1 0.2",
        "L7 R7 6 withdrawal x XETH -1 0.005",
        "L8 R7 7 withdrawal x XETH 1 -0.005",
        "L9 R8 8 deposit x KFEE 1000 0",
    )
    text += '"","R9","2024-03-03 08:21:00","deposit","","currency","","XXBT","spot / main",1,0,""\n'
    prices = PRICES + "2024-03-03,DOT,8\n"
    assert bring.rows(text, prices=prices) == [
        "2024-03-03T08:20:04Z,kraken,L5,income,ETH,0.009,30.60,,,",
        "2024-03-03T08:20:05Z,kraken,L6,income,DOT,0.8,6.40,,,",
    ]
    assert bring.notes(text, prices=prices) == [
        "a.csv: 1 row: deposit or withdrawal of money, no trade of the ledger",
        "a.csv: 2 rows: moved between kraken and its staking wallet, stays within kraken",
        "a.csv: 1 row: 1 ETH is in the earn wallet of kraken at the end (lines a.csv:5), kept with it",
        "a.csv: 2 rows: withdrawal that was reversed",
        "a.csv: 1 row: Kraken fee credits, which cost nothing",
        "a.csv: 1 row: pending deposit (no txid), told again by a later row",
    ]


def test_rewards_take_the_usd_column(bring) -> None:
    text = NEW + '"L1","R1","2024-03-03 08:20:01","earn","reward","c","","ETH","m",0.01,0.002,0,34.5,6.9,0,""\n'
    assert bring.rows(text) == ["2024-03-03T08:20:01Z,kraken,L1,income,ETH,0.008,27.60,,,"]


def test_unknown_types_are_refused(bring) -> None:
    text = ledger(
        "L1 R1 1 deposit x ZUSD 5 0",
        "L2 R2 2 deposit x ZUSD 1 0",
        "L3 R3 3 lottery x XETH 1 0",
        "L4 R4 4 transfer airdropish XETH 1 0",
        "L5 R5 5 deposit x XETH -1 0",
        "L6 R6 6 staking x XETH -1 0",
        "L7 R7 7 deposit x XETH 1,5 0",
    ).replace("1,5,0,0", '"1,5",0,0')
    assert bring.problems(text) == [
        'a.csv:4:type: "lottery" is not a known type',
        'a.csv:5:subtype: "airdropish" is not a known subtype of "transfer"',
        'a.csv:6:amount: "-1" of a deposit that was partly reversed',
        'a.csv:7:amount: "-1" for a staking is not above 0',
        'a.csv:8:amount: "1,5" has a comma: thousands or decimals?',
    ]


def test_older_headers(bring) -> None:
    text = OLD + (
        '"L1","T1","2016-03-03 08:20:01","trade","currency","ZUSD",-400.0000,1.0000,0\n'
        '"L2","T1","2016-03-03 08:20:01","trade","currency","XXBT",1,0,0\n'
    )
    expected = ["2016-03-03T08:20:01Z,kraken,T1,buy,BTC,1,400.00,1.00,,"]
    assert bring.rows(text) == expected
    wide = text.replace('"balance"\n', '"balance",\n').replace(",0\n", ",0,\n")  # a nameless last column
    assert bring.rows(wide) == expected
    assert bring.rows("\ufeff" + text.replace(",", ";")) == expected


def test_trades_export(bring) -> None:
    text = TRADES + (
        '"T1","O1","XXBTZUSD","2024-03-03 08:20:01.1234","buy","limit",60000,600,1.5,0.01,0,"","L1,L2"\n'
        '"T2","O2","ETH/USD","2024-03-03 08:20:02.5000","sell","limit",3400,340,0.9,0.1,0,"",""\n'
        '"T3","O3","DOTUSD","2024-03-03 08:20:03","buy","limit",8,8,0,1,0,"",""\n'
    )
    assert bring.rows(text) == [
        "2024-03-03T08:20:01.123Z,kraken,T1,buy,BTC,0.01,600.00,1.50,,",
        "2024-03-03T08:20:02.500Z,kraken,T2,sell,ETH,0.1,340.00,0.90,,",
        "2024-03-03T08:20:03Z,kraken,T3,buy,DOT,1,8.00,,,",
    ]
    bad = TRADES + (
        '"T1","O1","ETHPYUSD","2024-03-03 08:20:01","buy","limit",1,1,0,1,0,"",""\n'
        '"T2","O2","WHAT","2024-03-03 08:20:01","buy","limit",1,1,0,1,0,"",""\n'
        '"T3","O3","ETH/USD","2024-03-03 08:20:01","buy","limit",1,1,0,1,5,"",""\n'
        '"T4","O4","ETH/USD","2024-03-03 08:20:01","hold","limit",1,1,0,1,0,"",""\n'
    )
    assert bring.problems(bad) == [
        'a.csv:2:pair: "ETHPYUSD" can be split in 2 ways',
        'a.csv:3:pair: "WHAT" can be split in 0 ways',
        'a.csv:4:margin: "5": a margin trade',
        'a.csv:5:type: "hold" is not a side',
    ]


def test_ledgers_and_trades_tell_the_same(bring) -> None:
    assert bring.problems(HEADER, TRADES) == ["b.csv: Kraken trades tell the same trades as a.csv (Kraken ledgers)"]


@pytest.mark.parametrize(
    ("name", "usual"),
    [
        ("XXBT", "BTC"),
        ("XBT.M", "BTC"),
        ("ZEUR", "EUR"),
        ("EUR.HOLD", "EUR"),
        ("XXDG", "DOGE"),
        ("ETH2.S", "ETH"),
        ("DOT28.S", "DOT"),
        ("LUNA2", "LUNA2"),
        ("XTZ", "XTZ"),
        ("SOL03.S", "SOL"),
    ],
)
def test_usual_names(name: str, usual: str) -> None:
    assert load_names().coin(asset_name(name), "kraken") == usual


def test_fees_that_leave_nothing_and_fees_of_two_kinds(bring) -> None:
    rows = (
        '"L1","T1","2024-03-03 08:20:01","trade","x","c","","USD","m",-600,1,0,,,,"EUR"\n'
        '"L2","T1","2024-03-03 08:20:01","trade","x","c","","BTC","m",0.01,0.003,0,,,,"BNB"\n'
        '"L3","T1","2024-03-03 08:20:01","trade","x","c","","USD","m",-1,0.001,0,,,,"ETH"\n'
    )
    assert bring.rows(NEW + rows, prices=PRICES) == [
        "2024-03-03T08:20:01Z,kraken,T1,buy,BTC,0.01,601.00,5.68,,",
        "2024-03-03T08:20:01Z,kraken,T1-fee,spend,BNB,0.003,1.20,,,",
        "2024-03-03T08:20:01Z,kraken,T1-fee2,spend,ETH,0.001,3.40,,,",
    ]
    assert bring.problems(ledger("L1 T1 1 spend x USD -5 0", "L2 T1 1 receive x ETH 0.001 0.001")) == [
        "a.csv:2: the fee takes all that was received"
    ]


def test_margin_is_a_closed_lot_of_what_it_paid_or_took(bring) -> None:
    text = ledger("L1 R1 1 margin x ZUSD 5 1", "L2 R2 2 rollover x ZUSD 0 1", "L3 R3 3 margin x XXBT -0.01 0")
    assert bring.rows(text, prices=PRICES) == [
        "2024-03-03T08:20:01Z,kraken,L1-open,buy,MARGIN:USD,1,0.00,,,",
        "2024-03-03T08:20:01Z,kraken,L1-close,sell,MARGIN:USD,1,4.00,,,kraken/L1-open:1",
        "2024-03-03T08:20:02Z,kraken,L2-open,buy,MARGIN:USD,1,1.00,,,",
        "2024-03-03T08:20:02Z,kraken,L2-close,expire,MARGIN:USD,1,,,,kraken/L2-open:1",
        "2024-03-03T08:20:03Z,kraken,L3-open,buy,MARGIN:BTC,1,600.00,,,",
        "2024-03-03T08:20:03Z,kraken,L3-close,expire,MARGIN:BTC,1,,,,kraken/L3-open:1",
        "2024-03-03T08:20:03Z,kraken,L3-cash,sell,BTC,0.01,600.00,,,",
    ]


def test_futures_have_to_come_back(bring) -> None:
    out = "L1 R1 1 transfer spottofutures XXBT -0.5 0"
    back = "L2 R2 2 transfer spotfromfutures XXBT 0.5 0"
    more = "L3 R3 3 transfer spotfromfutures XXBT 0.1 0"
    assert bring.rows(ledger(out, back)) == []
    assert bring.problems(ledger(out)) == [
        "a.csv:2: 0.5 BTC went to the futures wallet of kraken and did not come back (lines a.csv:2)"
    ]
    assert bring.rows(ledger(out), still_inside=["kraken:futures"]) == []
    assert bring.problems(ledger(out, back, more)) == [
        "a.csv:4: 0.1 BTC came from the futures wallet of kraken that never went there (lines a.csv:4)"
    ]


def test_delisting_conversions(bring) -> None:
    text = ledger(
        "L1 R1 1 transfer delistingconversion MATIC -30 0",
        "L2 R2 2 transfer delistingconversion POL 30 0",
        "L3 R3 3 transfer delistingconversion NANO -5 0",
        "L4 R3 3 transfer delistingconversion ZUSD 4 0",
        "L5 R5 4 hybridearndeposit x XETH -1 0",
        "L6 R6 5 hybridearnwithdrawal x XETH 1 0",
        "L7 R7 6 earn hybridearnreward XETH 0.1 0",
    )
    assert bring.table(text, columns="kind asset quantity amount into into_quantity", prices=PRICES) == [
        "convert MATIC 30  POL 30",
        "sell NANO 5 4.00  ",
        "income ETH 0.1 340.00  ",
    ]
    assert bring.problems(ledger("L1 R1 1 transfer delistingconversion ANT -30 0")) == [
        "a.csv:2:refid: what ANT was converted to on its delisting is not certain; received: none"
    ]


def test_a_dash_is_what_kraken_does_not_know(bring) -> None:
    text = NEW + '"L1","R1","2024-03-03 08:20:01","staking","-","c","-","ETH","m",0.01,0,-,-,-,-,"-"\n'
    assert bring.rows(text, prices=PRICES) == ["2024-03-03T08:20:01Z,kraken,L1,income,ETH,0.01,34.00,,,"]


def test_dust_is_shared_out_by_fair_values(bring) -> None:
    text = ledger(
        "L1 T1 1 receive dustsweeping ZUSD 0.3 0.009",
        "L2 T1 1 spend dustsweeping XXBT -0.000005 0",
        "L3 T1 1 spend dustsweeping XETH -0.00005 0",
    )
    assert bring.rows(text, prices="time,asset,price\n2024-03-03,BTC,40000\n2024-03-03,ETH,2000\n") == [
        "2024-03-03T08:20:01Z,kraken,T1-1,sell,BTC,0.000005,0.20,0.006,,",
        "2024-03-03T08:20:01Z,kraken,T1-2,sell,ETH,0.00005,0.10,0.003,,",
    ]
    assert bring.problems(text) == [
        "a.csv:2: the value of 0.000005 BTC in USD is not in the file",
        "a.csv:2: the value of 0.00005 ETH in USD is not in the file",
    ]


def test_an_earn_row_without_subtype_may_be_one_side_of_a_move(bring) -> None:
    """Rows as in a public issue (PP-Crypto-Parser 4): BTC.M out and as much BTC in is a move, not a reward."""
    head = "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance\n"
    out = "L5,Unknown,2024-03-11 16:31:11,earn,,currency,BTC.M,-0.0100000000,0,0\n"
    into = "LB,Unknown,2024-03-11 16:31:12,earn,,currency,BTC,0.0100000000,0,0.01\n"
    reward = "LX,Unknown,2024-03-12 09:29:47,earn,,currency,BTC,0.0000000841,0,0.0100000841\n"
    prices = "time,asset,price\n2024-03-12,BTC,70000\n"
    wanted = ["LX income BTC 0.0000000841"]
    for rows in (out + into + reward, into + reward + out):
        assert bring.table(head + rows, columns="id kind asset quantity", prices=prices) == wanted
    late = into.replace("03-11", "03-13")
    (problem,) = bring.problems(head + out + late, prices=prices + "2024-03-13,BTC,70000\n")
    assert '"-0.0100000000" for a earn' in problem

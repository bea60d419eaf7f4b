"""Gemini and Bitstamp."""

from __future__ import annotations

GEMINI = (
    "Date,Time (UTC),Type,Symbol,Specification,Liquidity Indicator,Trading Fee Rate (bps),USD Amount USD,Fee (USD) USD,"
    "USD Balance USD,BTC Amount BTC,Fee (BTC) BTC,BTC Balance BTC,ETH Amount ETH,Fee (ETH) ETH,ETH Balance ETH,"
    "Trade ID,Order ID,Order Date,Order Time,Client Order ID,API Session,Tx Hash,Deposit Destination,Deposit Tx Output,"
    "Withdrawal Destination,Withdrawal Tx Output\n"
)


def gemini(date: str, time: str, kind: str, **cells: str) -> str:
    row = dict.fromkeys(GEMINI.strip().split(","), "") | {"Date": date, "Time (UTC)": time, "Type": kind}
    names = {"usd": "USD Amount USD", "usd_fee": "Fee (USD) USD", "btc": "BTC Amount BTC", "btc_fee": "Fee (BTC) BTC"}
    names |= {"eth": "ETH Amount ETH", "id": "Trade ID", "spec": "Specification"}
    row |= {names[name]: text for name, text in cells.items()}
    return ",".join(f'"{cell}"' if "," in cell else cell for cell in row.values()) + "\n"


def test_gemini(bring) -> None:
    text = (
        GEMINI
        + gemini("2021-02-19", "04:26:23.644", "Buy", usd="($519.83)", usd_fee="($1.82)", btc="0.0101601 BTC ", id="1")
        + gemini("2021-02-20", "04:26:23.644", "Sell", usd="$4,478.35 ", usd_fee="($15.67)", btc="(0.08 BTC)", id="2")
        + gemini("2021-02-21", "00:00:00.000", "Buy", btc="(0.1 BTC)", btc_fee="(0.001 BTC)", eth="2.5 ETH", id="3")
        + gemini("2021-02-22", "00:00:00.000", "Credit", usd="$100.00", spec="Deposit (USD)")
        + gemini("2021-02-23", "00:00:00.000", "Credit", eth="0.5 ETH", spec="Reward Payout (ETH)")
        + gemini("2021-02-23", "00:00:00.000", "Interest Credit", btc="0.01 BTC")
        + gemini("", "", "", usd="$9.00")
    )
    prices = "time,asset,price\n2021-02-21,BTC,57000\n2021-02-23,ETH,1600\n2021-02-23,BTC,48000\n"
    assert bring.rows(text, prices=prices) == [
        "2021-02-19T04:26:23.644Z,gemini,1,buy,BTC,0.0101601,519.83,1.82,,",
        "2021-02-20T04:26:23.644Z,gemini,2,sell,BTC,0.08,4478.35,15.67,,",
        "2021-02-21T00:00:00Z,gemini,3-sell,sell,BTC,0.1,5700.00,57.00,,",
        "2021-02-21T00:00:00Z,gemini,3-buy,buy,ETH,2.5,5700.00,,,",
        "2021-02-21T00:00:00Z,gemini,3-fee,spend,BTC,0.001,57.00,,,",
        "2021-02-23T00:00:00Z,gemini,20210223T000000-1,income,ETH,0.5,800.00,,,",
        "2021-02-23T00:00:00Z,gemini,20210223T000000-2,income,BTC,0.01,480.00,,,",
    ]
    assert bring.notes(text, prices=prices) == [
        "a.csv: 1 row: deposit or withdrawal of money, no trade of the ledger",
        "a.csv: 1 row: line of totals",
    ]


def test_gemini_refusals(bring) -> None:
    text = (
        GEMINI
        + gemini("2021-02-19", "04:26:23.644", "Buy", usd="($519.83)", id="1")
        + gemini("2021-02-19", "04:26:23.644", "Administrative Debit", usd="($519.83)")
        + gemini("2021-02-19", "04:26:23.644", "Buy", usd="($5,19.83)", btc="1 BTC", id="2")
        + gemini("2021-02-19", "noon", "Buy", usd="($5.00)", btc="1 BTC", id="2")
        + gemini("2021-02-19", "04:26:23.644", "Debit", btc="1 BTC")
    )
    assert bring.problems(text) == [
        "a.csv:2:Type: the row does not give one asset for another",
        'a.csv:3:Type: "Administrative Debit" is not a known type',
        'a.csv:4:USD Amount USD: "($5,19.83)" has a comma: thousands or decimals?',
        'a.csv:5:Time (UTC): "2021-02-19 noon" names its zone in letters',
        "a.csv:6:Type: the row does not move one asset as a debit does",
    ]


BITSTAMP = (
    "ID,Account,Type,Subtype,Datetime,Amount,Amount currency,Value,Value currency,Rate,Rate currency,Fee,Fee currency,"
    "Order ID\n"
)
OLD = "Type,Datetime,Account,Amount,Value,Rate,Fee,Sub Type\n"


def test_bitstamp(bring) -> None:
    text = BITSTAMP + (
        "1,Main,Market,Buy,2022-01-28T00:31:05Z,1,ETH,2214.01,EUR,2214.01,EUR,10.87005,EUR,7\n"
        "2,Main,Market,Sell,2022-01-29T00:31:05Z,0.5,ETH,1200,EUR,2400,EUR,,,8\n"
        "3,Main,Withdrawal,,2022-01-30T00:31:05Z,1200,EUR,,,,,3,EUR,\n"
        "4,Main,Staking reward,,2022-01-31T00:31:05Z,0.01,ETH2R,,,,,,,\n"
    )
    prices = "time,asset,price\n2022-01-31,ETH,2400\n"
    assert bring.rows(text, currency="EUR", prices=prices) == [
        "2022-01-28T00:31:05Z,bitstamp,1,buy,ETH,1,2214.01,10.87005,,",
        "2022-01-29T00:31:05Z,bitstamp,2,sell,ETH,0.5,1200.00,,,",
        "2022-01-31T00:31:05Z,bitstamp,4,income,ETH,0.01,24.00,,,",
    ]
    bad = BITSTAMP + (
        "1,Main,Market,Hold,2022-01-28T00:31:05Z,1,ETH,2214.01,EUR,2214.01,EUR,0,EUR,7\n"
        "2,Main,Raffle,,2022-01-28T00:31:05Z,1,ETH,,,,,,,\n"
        "3,Main,Market,Buy,2022-01-28T00:31:05Z,,ETH,1,EUR,,,,,\n"
        "4,Main,Market,Buy,2022-01-28T00:31:05Z,1,ETH,,EUR,,,,,\n"
        "5,Main,Deposit,,2022-01-28T00:31:05Z,1,ETH,,,,,2,EUR,\n"
    )
    assert bring.problems(bad) == [
        'a.csv:2:Subtype: "Hold" is not a side',
        'a.csv:3:Type: "Raffle" is not a known type',
        'a.csv:4:Amount: "" is empty',
        'a.csv:5:Value: "" is empty',
        "a.csv:6:Fee: a fee in another asset",
    ]


def test_older_bitstamp(bring) -> None:
    text = OLD + (
        'Deposit,"Jan. 28, 2022, 12:13 AM",Main Account,2.00 EUR,,,,\n'
        'Market,"Jan. 28, 2022, 12:31 PM",Main Account,1.00000000 ETH,2214.01 EUR,2214.01 EUR,10.87005 EUR,Sell\n'
        'Market,"June 28, 2022, 01:31 AM",Main Account,1.00000000 ETH,2214.01 EUR,2214.01 EUR,,Buy\n'
    )
    assert bring.rows(text, currency="EUR") == [
        "2022-01-28T12:31:00Z,bitstamp,20220128T123100-1,sell,ETH,1,2214.01,10.87005,,",
        "2022-06-28T01:31:00Z,bitstamp,20220628T013100-1,buy,ETH,1,2214.01,,,",
    ]
    assert bring.notes(text, currency="EUR")[0] == (
        "a.csv: 3 rows: a time without zone, read as UTC (--timezone says otherwise)"
    )
    zoned = bring.rows(text, currency="EUR", timezone="Europe/Berlin")
    assert [row[:20] for row in zoned] == ["2022-01-28T11:31:00Z", "2022-06-27T23:31:00Z"]
    double = OLD + (
        'Market,"Oct. 30, 2022, 02:31 AM",Main Account,1.0 ETH,2214.01 EUR,2214.01 EUR,,Buy\n'
        'Market,"Mar. 27, 2022, 02:31 AM",Main Account,1.0 ETH,2214.01 EUR,2214.01 EUR,,Buy\n'
        'Market,"01/02/2022, 02:31 AM",Main Account,1.0 ETH,2214.01 EUR,2214.01 EUR,,Buy\n'
        'Market,"Mar. 7, 2022, 02:31 AM",Main Account,1.0,2214.01 EUR,2214.01 EUR,,Buy\n'
    )
    assert bring.problems(double, currency="EUR", timezone="Europe/Berlin") == [
        'a.csv:2:Datetime: "Oct. 30, 2022, 02:31 AM" is double or missing in Europe/Berlin (clock change)',
        'a.csv:3:Datetime: "Mar. 27, 2022, 02:31 AM" is double or missing in Europe/Berlin (clock change)',
        'a.csv:4:Datetime: "01/02/2022, 02:31 AM" is an ambiguous date (day or month first?)',
        'a.csv:5:Amount: "1.0" is not an amount with its unit',
    ]

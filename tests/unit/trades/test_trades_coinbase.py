"""Coinbase reports, old and new, and Coinbase Advanced."""

from __future__ import annotations

HEADER = (
    "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,"
    "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes\n"
)


def test_purchase_and_sale(bring) -> None:
    text = (
        "\nTransactions\nUser,A Person,0f\n"
        + HEADER
        + 'b,2024-02-29 12:00:00 UTC,Buy,BTC,0.5,USD,$61800.00,"$30,900.00","$31,000.50",$100.50,\n'
        + 's,2024-03-01 12:00:00 UTC,Sell,BTC,-0.25,USD,$62000.00,"-$15,500.00","-$15,400.00",$100.00,Sold 0.25 BTC '
        + "for 15400 USD\n"
    )
    assert bring.rows(text) == [
        "2024-02-29T12:00:00Z,coinbase,b,buy,BTC,0.5,30900.00,100.50,,",
        "2024-03-01T12:00:00Z,coinbase,s,sell,BTC,0.25,15500.00,100.00,,",
    ]


def test_dust_that_brings_less_than_its_fee(bring) -> None:
    text = HEADER + (
        "1,2024-01-01 00:00:00 UTC,Sell,SOL,-0.0001,USD,$100.00,$0.01,-$0.04,$0.05,\n"
        "2,2024-01-01 00:00:00 UTC,Sell,SOL,-0.00000001,USD,$100.00,$0.00,$0.00,$0.00,\n"
    )
    assert bring.rows(text) == [
        "2024-01-01T00:00:00Z,coinbase,1,sell,SOL,0.0001,0.01,0.05,,",
        "2024-01-01T00:00:00Z,coinbase,2,sell,SOL,0.00000001,0.00,,,",
    ]


def test_newest_first_is_turned_round_within_a_second_too(bring) -> None:
    text = HEADER + (
        "3,2024-02-29 12:00:01 UTC,Sell,BTC,1,USD,1,1,1,0,\n"
        "2,2024-02-29 12:00:00 UTC,Sell,BTC,1,USD,1,1,1,0,\n"
        "1,2024-02-29 12:00:00 UTC,Buy,BTC,2,USD,1,2,2,0,\n"
    )
    assert [row.split(",")[2] for row in bring.rows(text)] == ["1", "2", "3"]


def test_trades_against_a_crypto_are_two_rows(bring) -> None:
    text = HEADER + (
        "1,2024-02-29 12:00:00 UTC,Advanced Trade Buy,ETH,0.5,USD,3000,1500,1509,9,"
        "Bought 0.5 ETH for 1509 USDC on ETH-USDC at 3000 USDC/ETH\n"
        "2,2024-02-29 12:00:01 UTC,Advanced Trade Sell,ETH,-0.5,USD,3000,-1500,-1491,9,"
        "Sold 0.5 ETH for 1491 USDC on ETH-USDC at 3000 USDC/ETH\n"
        "3,2024-02-29 12:00:02 UTC,Advanced Trade Buy,ETH,0.5,USD,3000,1500,1509,9,"
        "Bought 0.5 ETH for 1509 USD on ETH-USD at 3000 USD/ETH\n"
    )
    assert bring.rows(text) == [
        "2024-02-29T12:00:00Z,coinbase,1-sell,sell,USDC,1509,1500.00,,,",
        "2024-02-29T12:00:00Z,coinbase,1-buy,buy,ETH,0.5,1500.00,,,",
        "2024-02-29T12:00:01Z,coinbase,2-sell,sell,ETH,0.5,1491.00,,,",
        "2024-02-29T12:00:01Z,coinbase,2-buy,buy,USDC,1491,1491.00,,,",
        "2024-02-29T12:00:02Z,coinbase,3,buy,ETH,0.5,1500.00,9.00,,",
    ]


def test_convert_has_its_target_in_the_note(bring) -> None:
    row = "1,2024-02-29 12:00:00 UTC,Convert,BTC,0.05,USD,60000,2970,3000,30,{}\n"
    assert bring.rows(HEADER + row.format('"Converted 0.05 BTC to 1,200.5 DAI"')) == [
        "2024-02-29T12:00:00Z,coinbase,1-sell,sell,BTC,0.05,2970.00,,,",
        "2024-02-29T12:00:00Z,coinbase,1-buy,buy,DAI,1200.5,2970.00,,,",
    ]
    assert bring.problems(HEADER + row.format("") + row.format("Converted 0.049 BTC to 1 ETH")) == [
        'a.csv:2:Notes: "" does not say what the other side was (rows of the same second: a.csv:3)',
        'a.csv:3:Notes: "Converted 0.049 BTC to 1 ETH" differs from the row\'s own quantity',
    ]


def test_income_spending_and_what_stays_inside(bring) -> None:
    text = HEADER + (
        "1,2024-01-01 00:00:00 UTC,Staking Income,ETH,0.01,USD,2500,25,25,0,\n"
        "2,2024-01-02 00:00:00 UTC,Receive,GRT,3,USD,1,3,3,0,Received 3 GRT from Coinbase Earn\n"
        "3,2024-01-03 00:00:00 UTC,Card Spend,ETH,-0.005,USD,2500,-12.5,-12.5,0,\n"
        "4,2024-01-04 00:00:00 UTC,Deposit,USD,100,USD,1,100,100,0,\n"
        "5,2024-01-05 00:00:00 UTC,Retail Staking Transfer,ETH,1,USD,,,,,\n"
        "6,2024-01-06 00:00:00 UTC,Interest payout,USD,1,USD,1,1,1,0,\n"
    )
    assert bring.rows(text) == [
        "2024-01-01T00:00:00Z,coinbase,1,income,ETH,0.01,25.00,,,",
        "2024-01-02T00:00:00Z,coinbase,2,income,GRT,3,3.00,,,",
        "2024-01-03T00:00:00Z,coinbase,3,spend,ETH,0.005,12.50,,,",
    ]
    assert bring.notes(text) == [
        "a.csv: 1 row: deposit or withdrawal of money, no trade of the ledger",
        "a.csv: 1 row: 1 ETH is in the staking wallet of coinbase at the end (lines a.csv:6), kept with it",
        "a.csv: 1 row: interest or reward in money, no trade of the ledger",
    ]


def test_a_reward_without_value_needs_a_price(bring) -> None:
    text = HEADER + "1,2024-01-01 00:00:00 UTC,Staking Income,ETH,0.01,USD,,,,,\n"
    assert bring.problems(text) == ["a.csv:2: the value of 0.01 ETH in USD is not in the file"]
    assert bring.hints(text) == [
        (
            "give a fair value with --prices FILE (time,asset,price): 2024-01-01T00:00:00Z,ETH,PRICE or "
            "2024-01-01,ETH,PRICE; --missing-prices FILE writes all rows that are missing"
        )
    ]
    assert bring.rows(text, prices="time,asset,price\n2024-01-01,ETH,2500.5\n") == [
        "2024-01-01T00:00:00Z,coinbase,1,income,ETH,0.01,25.005,,,"
    ]


def test_another_reporting_currency_needs_its_prices(bring) -> None:
    text = HEADER + "b,2024-02-29 12:00:00 UTC,Buy,BTC,0.5,EUR,60000,30000,30100,100,\n"
    assert bring.rows(text, prices="asset,price,time\nEUR,1.0825,2024-02-29\n") == [
        "2024-02-29T12:00:00Z,coinbase,b,buy,BTC,0.5,32475.00,108.25,,"
    ]
    assert bring.rows(text, currency="EUR") == ["2024-02-29T12:00:00Z,coinbase,b,buy,BTC,0.5,30000.00,100.00,,"]


def test_every_bad_row_is_named(bring) -> None:
    text = HEADER + (
        "1,01/02/2024 12:00,Buy,BTC,1,USD,1,1,1,0,\n"
        "2,2024-01-01 00:00:00 UTC,Margin Call,BTC,1,USD,1,1,1,0,\n"
        "3,2024-01-01 00:00:00 UTC,Buy,BTC,one,USD,1,1,1,0,\n"
        "4,2024-01-01 00:00:00 UTC,Buy,BTC,1.23457E+02,USD,1,1,1,0,\n"
        "5,2024-01-01 00:00:00 UTC,Advanced Trade Buy,BTC,1,USD,1,1,1,0,\n"
        '6,2024-01-01 00:00:00 UTC,Buy,BTC,1,USD,1,1,"1.234,5",0,\n'
        "7,2024-01-01 00:00:00 UTC,Send,BTC,1,USD,1,1,1,0.5,\n"
        "8,2024-01-01 00:00:00 UTC,Buy,BTC,1,USD,1,1,1,0\n"
    )
    assert bring.problems(text) == ["a.csv:9: has 10 cells, the header has 11"]
    assert bring.problems(text.replace(",0.5,\n8", ",0.5,\n8").rsplit("8,", 1)[0]) == [
        'a.csv:2:Timestamp: "01/02/2024 12:00" is an ambiguous date (day or month first?)',
        'a.csv:3:Transaction Type: "Margin Call" is not a known type',
        'a.csv:4:Quantity Transacted: "one" is not a number',
        'a.csv:5:Quantity Transacted: "1.23457E+02" may have lost digits in a spreadsheet',
        'a.csv:6:Notes: "" does not say what was traded against',
        'a.csv:7:Total (inclusive of fees and/or spread): "1.234,5" has a comma: thousands or decimals?',
        'a.csv:8:Fees and/or Spread: "0.5" on a send of BTC',
    ]


def test_older_headers(bring) -> None:
    text = (
        "Timestamp,Transaction Type,Asset,Quantity Transacted,Spot Price Currency,Spot Price at Transaction,Subtotal,"
        "Total (inclusive of fees),Fees,Notes\n"
        "2021-01-05T10:20:30Z,Buy,BTC,0.1,USD,30000,3000,3044.7,44.7,Bought 0.1 BTC for $3044.70 USD\n"
    )
    assert bring.rows(text) == ["2021-01-05T10:20:30Z,coinbase,20210105T102030-1,buy,BTC,0.1,3000.00,44.70,,"]
    text = (
        "Timestamp,Transaction Type,Asset,Quantity Transacted,EUR Spot Price at Transaction,EUR Subtotal,"
        "EUR Total (inclusive of fees),EUR Fees,Notes\n"
        "2019-01-05T10:20:30Z,Sell,BTC,0.1,3000,300,295.53,4.47,Sold 0.1 BTC for 295.53 EUR\n"
        "2019-01-05T10:20:30Z,Sell,BTC,0.1,3000,300,295.53,4.47,\n"
    )
    assert bring.rows(text, currency="EUR") == [
        "2019-01-05T10:20:30Z,coinbase,20190105T102030-1,sell,BTC,0.1,300.00,4.47,,",
        "2019-01-05T10:20:30Z,coinbase,20190105T102030-2,sell,BTC,0.1,300.00,4.47,,",
    ]


FILLS = "portfolio,trade id,product,side,created at,size,size unit,price,fee,total,price/fee/total unit\n"
ACCOUNT = "portfolio,type,time,amount,balance,amount/balance unit,transfer id,trade id,order id\n"


def test_fills(bring) -> None:
    text = FILLS + (
        "default,11,ETH-USD,BUY,2021-05-10T14:23:05.123Z,1.5,ETH,3000,15,-4515,USD\n"
        "second,12,ETH-USD,SELL,2021-05-10T14:23:05.123456Z,0.5,ETH,3000,5,1495,USD\n"
        "default,13,ETH-BTC,BUY,2021-05-10T14:23:06Z,1,ETH,0.07,0.00035,-0.07035,BTC\n"
    )
    prices = "time,asset,price\n2021-05-10T14:23:06Z,ETH,3900\n"
    assert bring.rows(text, prices=prices) == [
        "2021-05-10T14:23:05.123Z,coinbase-advanced,ETH-USD-11,buy,ETH,1.5,4500.00,15.00,,",
        "2021-05-10T14:23:05.123Z,coinbase-advanced:second,ETH-USD-12,sell,ETH,0.5,1500.00,5.00,,",
        "2021-05-10T14:23:06Z,coinbase-advanced,ETH-BTC-13-sell,sell,BTC,0.07,3900.00,19.50,,",
        "2021-05-10T14:23:06Z,coinbase-advanced,ETH-BTC-13-buy,buy,ETH,1,3900.00,,,",
        "2021-05-10T14:23:06Z,coinbase-advanced,ETH-BTC-13-fee,spend,BTC,0.00035,19.50,,,",
    ]
    assert bring.notes(text, prices=prices) == [
        "a.csv: 1 row: the time cut to the millisecond (the order of the file is kept)"
    ]
    assert bring.problems(FILLS + "d,1,ETH-USD,HOLD,2021-05-10T14:23:05Z,1,ETH,1,0,-1,USD\n") == [
        'a.csv:2:side: "HOLD" is not a side'
    ]


def test_account_statement_joins_match_match_fee(bring) -> None:
    text = ACCOUNT + (
        "default,deposit,2018-03-15T10:42:31.215Z,2.5,2.5,USD,t1,,\n"
        "default,match,2018-03-15T10:55:12.843Z,52.3,52.3,ETH,,10201,o1\n"
        "default,match,2018-03-15T10:55:12.843Z,-31380,1.35,USD,,10201,o1\n"
        "default,fee,2018-03-15T10:55:12.843Z,-94.14,1.34,USD,,10201,o1\n"
        "default,match,2018-03-15T10:55:13.000Z,-2,50.3,ETH,,10202,o2\n"
        "default,match,2018-03-15T10:55:13.000Z,1200,1,USD,,10202,o2\n"
    )
    expected = [
        "2018-03-15T10:55:12.843Z,coinbase-advanced,ETH-USD-10201,buy,ETH,52.3,31380.00,94.14,,",
        "2018-03-15T10:55:13Z,coinbase-advanced,ETH-USD-10202,sell,ETH,2,1200.00,,,",
    ]
    assert bring.rows(text) == expected
    capital = text.replace("portfolio,type,time", "Portfolio,Type,Timestamp").replace(
        "amount,balance", "Amount,Balance"
    )
    assert bring.rows(capital) == expected
    assert bring.problems(text.rsplit("default", 1)[0]) == [
        "a.csv:6:trade id: the rows of this trade (lines 6) do not make one trade"
    ]


def test_fills_and_account_tell_the_same(bring) -> None:
    assert bring.problems(FILLS, ACCOUNT) == [
        "b.csv: Coinbase Advanced (Pro) account statement tell the same trades as a.csv (Coinbase Advanced (Pro) fills)"
    ]


def test_what_an_account_statement_cannot_say(bring) -> None:
    text = ACCOUNT + (
        "default,rebate,2018-03-15T10:00:00Z,0.5,0,USD,t1,,\n"
        "default,conversion,2018-03-15T10:00:01Z,-5,0,USD,t2,,\n"
        "default,conversion,2018-03-15T10:00:01Z,5,0,USDC,t2,,\n"
        "default,match,2018-03-15T10:00:02Z,0,0,USD,,7,o\n"
        "default,match,2018-03-15T10:00:02Z,-10,0,USD,,7,o\n"
        "default,match,2018-03-15T10:00:02Z,1,0,ETH,,7,o\n"
        "default,fee,2018-03-15T10:00:02Z,0,0,USD,,7,o\n"
        "default,fee,2018-03-15T10:00:02Z,0.01,0,USD,,7,o\n"
    )
    assert bring.rows(text) == [
        "2018-03-15T10:00:01Z,coinbase-advanced,t2,buy,USDC,5,5.00,,,",
        "2018-03-15T10:00:02Z,coinbase-advanced,ETH-USD-7,buy,ETH,1,10.00,-0.01,,",
    ]
    assert bring.notes(text) == ["a.csv: 1 row: interest or reward in money, no trade of the ledger"]
    bad = ACCOUNT + (
        "default,deposit,2018-03-15T10:00:00Z,-5,0,ETH,t1,,\n"
        "default,gift,2018-03-15T10:00:00Z,5,0,ETH,t2,,\n"
        "default,match,2018-03-15T10:00:02Z,-10,0,USD,,7,o\n"
        "default,match,2018-03-15T10:00:02Z,1,0,ETH,,7,o\n"
        "default,fee,2018-03-15T10:00:02Z,0.01,0,ETH,,7,o\n"
        "default,match,2018-03-15T10:00:03Z,-10,0,USD,,8,o\n"
        "default,match,2018-03-15T10:00:03Z,1,0,ETH,,8,o\n"
        "default,fee,2018-03-15T10:00:03Z,11,0,USD,,8,o\n"
        "default,match,2018-03-15T10:00:04Z,-200000000000,0,USD,,9,o\n"
        "default,match,2018-03-15T10:00:04Z,1,0,ETH,,9,o\n"
    )
    assert bring.problems(bad) == [
        'a.csv:2:amount: "-5" has the wrong sign for a deposit',
        'a.csv:3:type: "gift" is not a known type',
        "a.csv:4: the value of 0.01 ETH in USD is not in the file",
        "a.csv:7: the fee turns the value of ETH negative",
        "a.csv:10: the value of ETH is out of range",
    ]


def test_odd_rows_of_a_report(bring) -> None:
    text = HEADER + (
        "1,2024-01-01 00:00:00 UTC,Card Spend,USD,-5,USD,1,-5,-5,0,\n"
        "2,2024-01-01 00:00:00 UTC,Buy,EUR,5,USD,1,5.4,5.4,0,\n"
        "3,2024-01-01 00:00:00 UTC,Buy,ETH,1,USD,2500,2500,,,\n"
    )
    assert bring.rows(text) == ["2024-01-01T00:00:00Z,coinbase,3,buy,ETH,1,2500.00,,,"]
    assert bring.notes(text) == [
        "a.csv: 1 row: fee or payment in money, no trade of the ledger",
        "a.csv: 1 row: money changed into money, no trade of the ledger",
    ]
    bad = HEADER + (
        "1,2024-01-01 00:00:00 UTC,Convert,BTC,0.05,USD,60000,2970,3000,30,Converted 0.05 BTC to 1.2.3 ETH\n"
        "a/b,2024-01-01 00:00:00 UTC,Buy,ETH,1,USD,2500,2500,2500,0,\n"
        "3,2024-01-01 00:00:00 UTC,Buy,A/B,1,USD,2500,2500,2500,0,\n"
    )
    assert bring.problems(bad) == [
        'a.csv:2:Notes: "1.2.3" is not a number',
        'a.csv:3:ID: "a/b" has a / or ;',
        'a.csv:4:Asset: "A/B" has a / or ;',
    ]
    old = (
        "Timestamp,Transaction Type,Asset,Quantity Transacted,EUR Subtotal,Notes\n"
        "2019-01-05T10:20:30Z,Sell,BTC,0.1,300,\n"
    )
    assert bring.problems(old) == ["a.csv:2: the money columns are incomplete"]

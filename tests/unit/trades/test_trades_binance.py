"""Binance statements and trade histories."""

from __future__ import annotations

HEADER = "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark\n"
TRADES = "Date(UTC),Pair,Side,Price,Executed,Amount,Fee\n"
OLD = "Date(UTC),Market,Type,Price,Amount,Total,Fee,Fee Coin\n"
PRICES = "time,asset,price\n2024-03-03,BNB,400\n2024-03-03,ETH,3400\n2024-03-03,USDT,0.9995\n"


def statement(*rows: str) -> str:
    return HEADER + "".join("1,2024-03-03 10:00:0{},{},{},{},{},\n".format(*row.split("|")) for row in rows)


def test_rows_of_a_second_are_one_trade(bring) -> None:
    text = statement(
        "1|Spot|Buy|EUR|-333.25",
        "1|Spot|Fee|BNB|-9.009E-05",
        "1|Spot|Buy|ETH|0.0148",
        "2|Spot|Transaction Related|EUR|-150",
        "1|Spot|Fee|ETH|-0.0002",
        "1|Spot|Buy|EUR|-60",
        "1|Spot|Buy|ETH|0.1",
        "2|Spot|Transaction Related|AXS|1.19592356",
        "3|Spot|Transaction Sold|ETH|-1",
        "3|Spot|Transaction Revenue|EUR|3400",
        "3|Spot|Transaction Fee|EUR|-3.4",
        "3|Spot|Binance Convert|EUR|-1",
        "3|Spot|Binance Convert|DOGE|10",
    )
    prices = "time,asset,price\n2024-03-03,BNB,370\n"
    assert bring.rows(text, currency="EUR", prices=prices) == [
        "2024-03-03T10:00:01Z,binance,20240303T100001-1,buy,ETH,0.1148,393.25,0.71843783,,",
        "2024-03-03T10:00:01Z,binance,20240303T100001-1-fee,spend,BNB,0.00009009,0.0333333,,,",
        (
            "2024-03-03T10:00:01Z,binance,20240303T100001-1-fee2,spend,ETH,0.0002,0.68510453,,,"
            "binance/20240303T100001-1:0.0002"
        ),
        "2024-03-03T10:00:02Z,binance,20240303T100002-1,buy,AXS,1.19592356,150.00,,,",
        "2024-03-03T10:00:03Z,binance,20240303T100003-1,sell,ETH,1,3400.00,3.40,,",
        "2024-03-03T10:00:03Z,binance,20240303T100003-2,buy,DOGE,10,1.00,,,",
    ]


def test_a_second_that_is_no_single_trade(bring) -> None:
    text = statement(
        "1|Spot|Buy|EUR|-333",
        "1|Spot|Buy|XRP|-0.1",
        "1|Spot|Buy|ETH|0.1",
        "1|Spot|Buy|BTC|0.1",
        "2|Spot|Buy|EUR|-100",
        "2|Spot|Buy|ETH|1",
        "2|Spot|Sell|EUR|51",
        "2|Spot|Sell|ETH|-0.5",
        "3|Spot|Buy|ETH|1",
    )
    assert bring.problems(text, currency="EUR") == [
        "a.csv:2: the rows of this second (lines 2, 3, 4, 5) do not make one trade",
        "a.csv:6: the rows of this second (lines 6, 7, 8, 9) do not make one trade",
        "a.csv:10: the rows of this second (lines 10) do not make one trade",
    ]


def test_stablecoins_are_property_with_a_price(bring) -> None:
    text = statement("1|Spot|Buy|USDT|-3400", "1|Spot|Buy|ETH|1")
    assert bring.rows(text, prices="time,asset,price\n2024-03-03T10:00:01Z,USDT,0.9995\n") == [
        "2024-03-03T10:00:01Z,binance,20240303T100001-1-sell,sell,USDT,3400,3398.30,,,",
        "2024-03-03T10:00:01Z,binance,20240303T100001-1-buy,buy,ETH,1,3398.30,,,",
    ]


def test_single_rows(bring) -> None:
    text = statement(
        "1|Spot|Staking Rewards|BNB|0.5",
        "2|Spot|POS savings purchase|BNB|-0.5",
        "3|Funding|Transfer Between Main and Funding Wallet|USDT|-500",
        "4|Spot|Deposit|EUR|100",
        "5|Spot|Simple Earn Flexible Interest|BNB|0.0000000049715199999",
    ).replace("0.0000000049715199999", "0.04971519999999999")
    assert bring.rows(text, prices=PRICES) == [
        "2024-03-03T10:00:01Z,binance,20240303T100001-1,income,BNB,0.5,200.00,,,",
        "2024-03-03T10:00:05Z,binance,20240303T100005-1,income,BNB,0.049715199999999990,19.88608,,,",
    ]
    assert bring.notes(text, prices=PRICES) == [
        "a.csv: 1 row: 0.5 BNB is in the savings wallet of binance at the end (lines a.csv:3), kept with it",
        "a.csv: 1 row: 500 USDT is in the funding wallet of binance at the end (lines a.csv:4), kept with it",
        "a.csv: 1 row: deposit or withdrawal of money, no trade of the ledger",
        "a.csv: 1 row: a number that the exchange printed as an inexact float, taken as printed",
        "a.csv: 1 row: money with more than 8 decimals, rounded half to even",
    ]


def test_bad_rows_are_all_named(bring) -> None:
    text = (
        statement(
            "1|Spot|ABC|ETH|-15",
            "2|Cross Margin|Funding Fee|USDT|-1",
            "3|Spot|Deposit||",
            "4|Spot|Withdraw|KNC|0.16",
            "5|Spot|Staking Rewards|BNB|-1",
        )
        + "1,,Spot,Withdraw,BTC,-0.05,an empty time\n"
        + "1,,Spot,Buy,BTC,-0.05,an empty time\n"
    )
    assert bring.problems(text) == [
        'a.csv:2:Operation: "ABC" is not a known operation',
        'a.csv:3:Account: "Cross Margin" is not a spot or futures account',
        'a.csv:4:Change: "" is empty',
        'a.csv:5:Change: "0.16" has the wrong sign for "Withdraw"',
        'a.csv:6:Change: "-1" has the wrong sign for "Staking Rewards"',
        'a.csv:7:UTC_Time: "" is empty',
        'a.csv:8:UTC_Time: "" is empty',
    ]


def test_trade_history_with_units(bring) -> None:
    text = TRADES + (
        '2024-03-03 10:00:01,ETHEUR,BUY,3400,0.5ETH,"1,700.5EUR",0.0005ETH\n'
        "2024-03-03 10:00:02,ETHEUR,SELL,3400,0.25ETH,850EUR,0.001BNB\n"
        "2024-03-03 10:00:03,1INCHEUR,BUY,1,1001INCH,100EUR,11INCH\n"
    )
    assert bring.rows(text, currency="EUR", prices=PRICES) == [
        "2024-03-03T10:00:01Z,binance,20240303T100001-1,buy,ETH,0.5,1700.50,1.7005,,",
        "2024-03-03T10:00:01Z,binance,20240303T100001-1-fee,spend,ETH,0.0005,1.7005,,,binance/20240303T100001-1:0.0005",
        "2024-03-03T10:00:02Z,binance,20240303T100002-1,sell,ETH,0.25,850.00,0.40,,",
        "2024-03-03T10:00:02Z,binance,20240303T100002-1-fee,spend,BNB,0.001,0.40,,,",
        "2024-03-03T10:00:03Z,binance,20240303T100003-1,buy,1INCH,100,100.00,1.00,,",
        "2024-03-03T10:00:03Z,binance,20240303T100003-1-fee,spend,1INCH,1,1.00,,,binance/20240303T100003-1:1",
    ]
    bad = TRADES + (
        "2024-03-03 10:00:01,ETHEUR,BUY,3400,0.5BTC,1700EUR,0ETH\n"
        "2024-03-03 10:00:01,ETHEUR,KEEP,3400,0.5ETH,1700EUR,0ETH\n"
    )
    assert bring.problems(bad) == [
        'a.csv:2:Executed: "0.5BTC" for "1700EUR" can be read in 0 ways as "ETHEUR"',
        'a.csv:3:Side: "KEEP" is not a side',
    ]


def test_older_trade_history(bring) -> None:
    text = OLD + (
        "2018-03-03 10:00:01,ETHEUR,BUY,800,0.5,400,0.0005,ETH\n2018-03-03 10:00:01,BNBUSD,BUY,8,1,8,0.001,BNB\n"
    )
    prices = "time,asset,price\n2018-03-03,USD,0.8\n"
    assert bring.rows(text, currency="EUR", prices=prices) == [
        "2018-03-03T10:00:01Z,binance,20180303T100001-1,buy,ETH,0.5,400.00,0.40,,",
        "2018-03-03T10:00:01Z,binance,20180303T100001-1-fee,spend,ETH,0.0005,0.40,,,binance/20180303T100001-1:0.0005",
        "2018-03-03T10:00:01Z,binance,20180303T100001-2,buy,BNB,1,6.40,0.0064,,",
        "2018-03-03T10:00:01Z,binance,20180303T100001-2-fee,spend,BNB,0.001,0.0064,,,binance/20180303T100001-2:0.001",
    ]
    assert bring.problems(OLD + "2018-03-03 10:00:01,BNBBUSD,BUY,8,1,8,0.001,ETH\n") == [
        'a.csv:2:Market: "BNBBUSD" cannot be split for certain'
    ]


def test_only_one_of_the_three(bring) -> None:
    assert len(bring.problems(HEADER, TRADES, OLD)) == 3


def test_the_card_spends_coin_and_money(bring) -> None:
    """As in public parser tests: `CARD,Binance Card Spending,BNB,-0.00232292`."""
    text = statement("1|CARD|Binance Card Spending|EUR|-225.54000000", "2|CARD|Binance Card Spending|BNB|-0.5")
    made = bring.table(text, columns="kind asset quantity amount category", prices=PRICES)
    assert made == ["spend BNB 0.5 200.00 payment"]
    assert "a.csv: 1 row: fee or payment in money, no trade of the ledger" in bring.notes(text, prices=PRICES)
    back = statement("1|Card|Binance Card Spending|BNB|0.5")
    assert bring.problems(back, prices=PRICES) == [
        'a.csv:2:Change: "0.5" has the wrong sign for "Binance Card Spending"'
    ]


def test_a_trade_whose_money_stands_elsewhere_is_written_by_hand(bring) -> None:
    text = statement("1|Funding|P2P Trading|USDT|-891", "2|Spot|Launchpad token distribution|XYZ|10")
    says = "the statement does not say the price"
    assert bring.problems(text) == [
        f'a.csv:2:Operation: "P2P Trading": {says}',
        f'a.csv:3:Operation: "Launchpad token distribution": {says}',
    ]
    assert "with the money that the P2P order states" in bring.hints(text)[0]
    manual = (
        "time,source,id,kind,asset,quantity,amount,origin\n"
        "2024-03-03T10:00:01Z,binance,p2p,sell,USDT,891,890.10,a.csv:2\n"
        "2024-03-03T10:00:02Z,binance,pad,buy,XYZ,10,40,a.csv:3\n"
    )
    made = bring.table(text, columns="kind asset quantity amount", manual=manual)
    assert made == ["sell USDT 891 890.10", "buy XYZ 10 40.00"]


def test_halves_of_a_conversion_meet_only_where_one_other_half_is_near(bring) -> None:
    def convert(*rows: str) -> str:
        return HEADER + "".join(f"1,2024-01-01 00:00:{row}\n" for row in rows)

    one, other = "05,Spot,Binance Convert,USDC,129,", "06,Spot,Binance Convert,USDT,-130,"
    prices = "time,asset,price\n2024-01-01,USDC,1\n2024-01-01,BTC,1\n"
    made = bring.table(convert(one, other), columns="kind asset quantity", prices=prices)
    assert made == ["sell USDT 130", "buy USDC 129"]
    for more in ("07,Spot,Binance Convert,USDT,-130,", "04,Spot,Binance Convert,USDC,129,"):  # which of the two?
        found = bring.problems(convert(one, other, more), prices=prices)
        assert all("do not make one trade" in problem for problem in found)
        assert len(found) == 3
    far = bring.problems(convert(one, other.replace("06", "08")), prices=prices)
    assert len(far) == 2


P2P = (
    "Order Number,Order Type,Asset Type,Fiat Type,Total Price,Price,Quantity,Exchange rate,Couterparty,Status,"
    "Created Time\n"
)


def test_p2p_orders_and_the_statement_tell_one_trade(bring) -> None:
    """A row of the statement is of the nearest order of its coin and quantity; overlaps change nothing."""
    orders = P2P + "".join(
        f"{n},Buy,USDT,USD,{total},{price},100,,x,Completed,2024-01-0{n} 09:00:00\n"
        for n, total, price in ((1, 101, "1.01"), (2, 102, "1.02"))
    )
    statement = HEADER + "".join(f"1,2024-01-0{n} 09:05:00,Funding,P2P Trading,USDT,100,\n" for n in (1, 2))
    columns = "time id quantity amount"
    made = ["2024-01-01T09:05:00Z 1 100 101.00", "2024-01-02T09:05:00Z 2 100 102.00"]
    assert bring.table(orders, statement, columns=columns, timezone="UTC") == made
    assert bring.table(statement, orders, statement, columns=columns, timezone="UTC") == made
    alone = [
        row.replace("09:05", "09:00") for row in made
    ]  # at the time of the order, where no statement tells another
    assert bring.table(orders, columns=columns, timezone="UTC") == alone
    late = statement.replace("2024-01-02 09:05", "2024-01-09 09:05")
    (problem,) = bring.problems(orders, late, timezone="UTC")
    assert "the statement does not say the price" in problem

"""Refusals of rows whose way out is another export, an option, or what belongs to them."""

from __future__ import annotations

from tests.support.ways.texts import (
    ACCOUNT,
    BINANCE_NEW,
    BINANCE_OLD,
    BINANCE_TRADES,
    DEFI,
    EXPLORER,
    FLOWN,
    GOT,
    KRAKEN_TRADES,
    MANUAL,
    MAPPED,
    ME,
    MINE,
    OTHER,
    PRICES,
    SENT,
    SOL,
    SOL_ROW,
    SOLSCAN,
    TOKENS,
    binance,
    coinbase,
    deribit,
    kraken,
    kucoin,
    p2p,
    rows,
    token,
)
from tests.support.ways.way import imported

_BUY = "BTC-USD|buy|100|2|200|1|USD"
_BOUGHT = "buy BTC 2 200.00 1.00"
_PLAIN = kucoin(_BUY)
_SECOND = binance("Spot|Buy|BTC|1", "Spot|Buy|ETH|2", "Spot|Buy|USDT|-3", "Spot|Buy|USDC|-4")
_NEW = rows(BINANCE_NEW, "1,25-03-03 10:00:01,Spot,Buy,BTC,0.5,", "1,25-03-03 10:00:01,Spot,Buy,USD,-200,")
_HISTORY = rows(
    BINANCE_TRADES,
    "2024-03-03 10:00:01,BTCUSD,BUY,100,1BTC,100USD,0USD",
    "2024-03-03 10:00:01,ETHUSD,BUY,50,2ETH,100USD,0USD",
)
_ONE_LEG = kraken("R1|trade||ZUSD|-100|0|")
_BOTH_LEGS = kraken("R1|trade||ZUSD|-100|0|", "R1|trade||XXBT|2|0|")
_MARGIN = rows(KRAKEN_TRADES, "t,o,XBT/USD,2024-03-03 10:00:00,buy,limit,100,200,1,2,20,,")
_FUNDING = rows(BINANCE_OLD, "2024-03-03 10:00:00,BTCTUSD,BUY,100,3,300,0.1,BNB")
_KEPT = "--prices prices.csv"


_SOLD = binance("Funding|P2P Trading|USDT|-100.05").replace("10:00:01", "10:05:00")

WAYS = (
    imported(
        "the statement does not say the price",
        "import the P2P order history with it",
        {"a.csv": _SOLD},
        "sell USDT 100 100.00 0.05",
        run="--timezone UTC",
        then={"b.csv": p2p(fee="0.05")},
    ),
    imported(
        "a fee without its unit",
        "import the account statement with it",
        {"a.csv": p2p(fee="0.05")},
        "sell USDT 100 100.00 0.05",
        run="--timezone UTC",
        then={"b.csv": _SOLD},
    ),  # a cell, or what the row belongs to
    imported(
        "do not make one trade",
        "import the spot trade history instead",
        {"a.csv": _SECOND},
        "buy BTC 1 100.00",
        "buy ETH 2 100.00",
        then={"a.csv": None, "b.csv": _HISTORY},
    ),
    imported(
        "cannot be split for certain",
        "import the newer trade history",
        {"a.csv": _FUNDING},
        "buy BTC 1 100.00",
        then={"a.csv": _HISTORY},
    ),
    imported(
        "has no time zone",
        "with --timezone, such as UTC or UTC+2; it stands in the name",
        {"a.csv": _NEW},
        "buy BTC 0.5 200.00",
        by="--timezone UTC+2",
    ),
    imported(
        "has no time zone",
        "such as UTC or UTC+2: the file's name says UTC+1",
        {"a.(UTC+1).csv": _NEW},
        "buy BTC 0.5 200.00",
        by="--timezone UTC+1",
    ),
    imported(
        "do not make one trade",
        "export the whole account",
        {"a.csv": rows(ACCOUNT, "default,match,2024-03-03T10:00:00Z,1,1,BTC,,9,o")},
        "buy BTC 1 100.00 0.50",
        then={
            "a.csv": rows(
                ACCOUNT,
                "default,match,2024-03-03T10:00:00Z,1,1,BTC,,9,o",
                "default,match,2024-03-03T10:00:00Z,-100,0,USD,,9,o",
                "default,fee,2024-03-03T10:00:00Z,-0.5,0,USD,,9,o",
            )
        },
    ),
    imported(
        '"HOLD" is not a side',
        "sides are BUY and SELL",
        {
            "a.csv": rows(
                "portfolio,trade id,product,side,created at,size,size unit,price,fee,total,price/fee/total unit\n",
                "default,T1,BTC-USD,HOLD,2024-03-03T10:00:00.000Z,1,BTC,100,1,-101,USD",
            )
        },
    ),
    imported(
        "do not make one trade", "both its legs", {"a.csv": _ONE_LEG}, "buy BTC 2 100.00", then={"a.csv": _BOTH_LEGS}
    ),
    imported(
        "may have been paid in fee credits",
        "import the ledgers export instead, which names what paid the fee",
        {"a.csv": _MARGIN.replace(",20,,", ',0,,"LA,LB,LC"')},
        "buy BTC 2 200.00",
        then={
            "a.csv": None,
            "b.csv": kraken("R1|trade||XXBT|2|0|", "R1|trade||ZUSD|-200|0|", "R1|trade||KFEE|-10|0|"),
        },
    ),
    imported(
        "a margin trade",
        "import the ledgers export instead",
        {"a.csv": _MARGIN},
        "expire MARGIN:USD 1 kraken/L0-open:1",
        then={"a.csv": None, "b.csv": kraken("R1|margin||ZUSD|-5|0|")},
    ),
    imported(
        '"QQQQ" can be split in 0 ways',
        "import the ledgers export instead, which names each asset",
        {"a.csv": _MARGIN.replace("XBT/USD", "QQQQ").replace(",20,,", ",0,,")},
        "buy BTC 2 100.00",
        then={"a.csv": None, "b.csv": _BOTH_LEGS},
    ),
    imported(
        "(rows of the same second: a.csv:3, a.csv:4)",
        "write both legs",
        {
            "a.csv": coinbase("Convert|BTC|-1|100|100|0|", "Convert|ETH|-5|100|100|0|", "Convert|SOL|7|100|100|0|"),
            "prices.csv": PRICES,
        },
        run=_KEPT,
    ),
    imported(
        "(rows of the same second: a.csv:3, a.csv:4)",
        "write a convert row",
        {
            "a.csv": coinbase(
                "Asset Migration|ABC|-1|1|1|0|", "Asset Migration|ABD|-1|1|1|0|", "Asset Migration|XYZ|1|1|1|0|"
            )
        },
    ),
    imported(
        "does not say what the other side was",
        "export all assets",
        {"a.csv": coinbase("Convert|BTC|-1|100|100|0|")},
        "sell BTC 1 100.00",
        "buy ETH 5 100.00",
        then={"a.csv": coinbase("Convert|BTC|-1|100|100|0|", "Convert|ETH|5|100|100|0|")},
    ),
    imported(
        "the money columns are incomplete",
        "with all its columns",
        {
            "a.csv": "Timestamp,Transaction Type,Asset,Quantity Transacted,USD Subtotal,Notes\n"
            "2019-03-03T10:00:00Z,Buy,BTC,2,100,x\n"
        },
        "buy BTC 2 100.00 1.00",
        then={
            "a.csv": "Timestamp,Transaction Type,Asset,Quantity Transacted,USD Spot Price at Transaction,USD Subtotal,"
            "USD Total (inclusive of fees),USD Fees,Notes\n2019-03-03T10:00:00Z,Buy,BTC,2,50,100,101,1,x\n"
        },
    ),
    imported(
        "does not say what was traded against",
        "say it with --market a.csv:2=USD",
        {"a.csv": coinbase("Advanced Trade Buy|BTC|1|1|2|1|")},
        "buy BTC 1 1.00 1.00",
        by="--market a.csv:2=USD",
    ),
    imported(
        "names USD, but its market is BTC-USDT",
        "say --market a.csv:2=USD",
        {"a.csv": coinbase("Advanced Trade Buy|BTC|1|1|2|1|Bought 1 BTC for 2 USD on BTC-USDT at 1 USD/BTC")},
        "buy BTC 1 1.00 1.00",
        by="--market a.csv:2=USD",
    ),
    imported(
        "has a decimal point, but the file was said",
        "import it without --decimal-comma",
        {"a.csv": _PLAIN.replace(",2,", ",2.0,")},
        _BOUGHT,
        run="--decimal-comma a.csv",
        by="",
    ),
    imported(
        '"0.1" has the wrong sign for close buy',
        "into a --manual file",
        {"a.csv": deribit("BTC-29MAR24-60000-C|trade|close buy|1|0|0.1|0|0.1")},
    ),
    imported(
        '"-0.1" has the wrong sign for close sell',
        "into a --manual file",
        {"a.csv": deribit("BTC-29MAR24-60000-C|trade|close sell|1|0|-0.1|0|-0.1")},
    ),
    imported(
        "instruments of several logs: BTC, ETH",
        "import each currency's log as its own file",
        {"a.csv": deribit("BTC-PERPETUAL|settlement||1|1|0.1|0|0.1", "ETH-PERPETUAL|settlement||1|1|0.1|0|0.1")},
        "buy BTC 0.1 6000.00",
        "buy ETH 0.1 6000.00",
        then={
            "a.csv": deribit("BTC-PERPETUAL|settlement||1|1|0.1|0|0.1"),
            "b.csv": deribit("ETH-PERPETUAL|settlement||1|1|0.1|0|0.1").replace("\n1,", "\n2,"),
        },
    ),
    imported(
        "no instrument names the coin of the log",
        "say it with --asset",
        {"a.csv": deribit("|deposit||||1|0|1")},
        "deposit BTC 1",
        run="--unpaired record",
        by="--unpaired record --asset BTC",
    ),
    imported(
        "the assets are worth nothing",
        "write prices above 0",
        {
            "a.csv": binance(*(f"Spot|Small assets exchange BNB|{c}" for c in ("SHIB|-10", "PEPE|-5", "BNB|0.15"))),
            "zero.csv": PRICES.replace(",1\n", ",0\n"),
            "prices.csv": PRICES,
        },
        "sell SHIB 10 0.10",
        "buy BNB 0.05 0.05",
        run="--prices zero.csv",
        by=_KEPT,
    ),
    imported(
        "which address the file is of",
        "say --source 0x",
        {"a.csv": EXPLORER + GOT.replace("2,0,0", "0,0,0"), "prices.csv": PRICES},
        run=f"{_KEPT} --unpaired record",
        by=f"{_KEPT} --unpaired record --source {MINE}:ethereum",
    ),
    imported(
        "the coin of the chain is not named",
        "import the transactions file",
        {
            "a.csv": TOKENS + token("5", "USDC") + token("5", "USDT").replace(OTHER, "0x" + "33" * 20),
            "prices.csv": PRICES,
        },
        "buy USDT 5 0.50",
        run=f"{_KEPT} --unpaired record",
        then={"b.csv": EXPLORER + SENT + GOT},
    ),
    imported(
        "which address the file is of",
        "say --source ADDRESS:solana",
        {"a.csv": SOLSCAN + SOL_ROW},
        "withdraw SOL 0.5",
        run="--unpaired record",
        by=f"--unpaired record --source {ME}:solana",
    ),
    imported(
        "tell swaps a second time",
        "export the Transfers of the address instead",
        {"a.csv": DEFI + f"s1,1735455966,2024-12-29T07:06:06.000Z,SWAP,{ME},{SOL},1,{SOL},1\n"},
        "withdraw SOL 0.5",
        run="--unpaired record",
        then={"a.csv": FLOWN},
    ),
    imported(
        "is not a number of milliseconds since 1970",
        "export again and do not edit the file",
        {
            "a.csv": "When,Got,Coin\nyesterday,2,BTC\n",
            "here.toml": MAPPED
            + 'time="When"\norder="unix-ms"\n[[row]]\nkind="deposit"\ngot={quantity="Got",asset="Coin"}\n',
        },
        "deposit BTC 2",
        run="--map here.toml --unpaired record",
        then={"a.csv": "When,Got,Coin\n1709460000000,2,BTC\n"},
    ),
    imported(
        "is also the name of",
        "leave one out with --skip a.csv:3=REASON",
        {"a.csv": kraken("R1|deposit||XXBT|5|0|", "R1|deposit||XXBT|4|0|").replace("L1,", "L0,")},
        "deposit BTC 5",
        run="--unpaired record",
        by="--unpaired record --skip a.csv:3=copy",
    ),
    imported(
        "is also that of a.csv:2",
        "leave one out with --skip a.csv:3=REASON",
        {"a.csv": coinbase("Buy|BTC|1|1|1|0|", "Buy|BTC|2|2|2|0|").replace("c1,", "c0,")},
        "buy BTC 1 1.00",
        by="--skip a.csv:3=copy",
    ),
    imported(
        "is also that of a.csv:2",
        "with an id of its own",
        {
            "a.csv": coinbase("Buy|BTC|1|1|1|0|", "Buy|BTC|2|2|2|0|").replace("c1,", "c0,"),
            "mine.csv": rows(MANUAL, "2024-03-03T10:00:00Z,coinbase,c0-b,buy,BTC,2,2,a.csv:3"),
        },
        "buy BTC 1 1.00",
        "buy BTC 2 2.00",
        by="--manual mine.csv",
    ),
    imported(
        "tells the same trade or move under another id",
        "leave its row out with --skip b.csv:2=REASON",
        {
            "a.csv": coinbase("Buy|BTC|1|1|1|0|"),
            "b.csv": coinbase("Buy|BTC|1|1|1|0|").replace("ID,", "").replace("c0,", ""),
        },
        "buy BTC 1 1.00",
        by="--skip b.csv:2=twice",
    ),
    imported(
        "tells the same trade or move under another id",
        "write one of them into a --manual file",
        {
            "a.csv": coinbase("Buy|BTC|1|1|1|0|"),
            "b.csv": coinbase("Buy|BTC|1|1|1|0|").replace("ID,", "").replace("c0,", ""),
            "mine.csv": rows(MANUAL, "2024-03-03T10:00:00Z,coinbase,again,buy,BTC,1,1.5,b.csv:2"),
        },
        "buy BTC 1 1.00",
        "buy BTC 1 1.50",
        by="--manual mine.csv",
    ),
    imported(
        "the value of 1 BTC in USD is not in the file",
        "with --prices FILE",
        {"a.csv": kraken("R1|staking||XXBT|1|0|"), "prices.csv": PRICES},
        "income BTC 1 1.00 staking",
        by=_KEPT,
    ),
)

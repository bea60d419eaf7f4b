"""Refusals of rows whose way out is a row of the user's own (`--manual`), or to leave them out (`--skip`).

Both are done for every one of them (`way.by_manual`, `way.by_skip`): the import must then succeed, with the row that
was written in the place of those that the hint names.
"""

from __future__ import annotations

from tests.support.ways.texts import (
    ACCOUNT,
    BINANCE_OLD,
    BINANCE_TRADES,
    BITFINEX,
    BITMEX,
    BITSTAMP,
    DYDX,
    EXPLORER,
    FILLS,
    FLOWN,
    GEMINI,
    GOT,
    KRAKEN_TRADES,
    MINE,
    OKX,
    PRICES,
    SENT,
    SOL,
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
from tests.support.ways.way import Way


def hand(says: str, *texts: str, args: str = "", prices: str = PRICES, more: dict[str, str] | None = None) -> Way:
    """An import of texts (as a.csv, b.csv) whose refusal is answered by hand."""
    names = [f"{letter}.csv" for letter, _ in zip("abcd", texts, strict=False)]
    files = {**dict(zip(names, texts, strict=True)), "prices.csv": prices, **(more or {})}
    run = f"import {' '.join(names)} -o out.csv --unpaired record --prices prices.csv {args}".rstrip()
    return Way(says, files, run, "into a --manual file")


_HERE = f"--source {MINE}:ethereum"
_DMY = "--dates dmy"
_UTC = "--timezone UTC"
_BITFINEX = "{},{},{},{},0,18-12-17 08:00:00,exchange"
_MAP = """
name = "here"
title = "Here"
source = "here"
time = "When"
zone = "UTC"
required = ["What", "Size", "Coin", "Left"]

[[row]]
when = { What = "moved" }
kind = "transfer"
gave = { quantity = "Left", asset = "Coin" }
got = { quantity = "Size", asset = "Coin" }
to = "To"

[[row]]
when = { What = "odd" }
kind = "refuse"
why = "rows of this kind are not known"
"""
_MAPPED = "When,What,Size,Coin,Left,To\n2024-03-03 10:00:00,{},2,BTC,1,cold\n"


def _mapped(says: str, what: str) -> Way:
    return hand(says, _MAPPED.format(what), args="--map here.toml", more={"here.toml": _MAP})


BINANCE_WAYS = (
    hand('"Cross Margin" is not a spot or futures account', binance("Cross Margin|Buy|BTC|1")),
    hand('"Mystery" of a futures account is not known', binance("USD-M Futures|Mystery|USDT|1")),
    hand('"-1" takes coins, which "Referral Kickback" does not', binance("USD-M Futures|Referral Kickback|USDT|-1")),
    hand('"P2P Trading": the statement does not say the price', binance("Spot|P2P Trading|USDT|100")),
    hand(
        '"Launchpad token distribution": the statement does not say the price',
        binance("Spot|Launchpad token distribution|XYZ|100"),
    ),
    hand('"Appealing" is not a known status', p2p(status="Appealing"), args=_UTC),
    hand('Order Type: "Hold" is not a side', p2p("Hold"), args=_UTC),
    hand("is not total price 300", p2p(total="300"), args=_UTC),
    hand("a fee without its unit", p2p(fee="0.05"), args=_UTC),
    hand('"Mystery" is not a known operation', binance("Spot|Mystery|BTC|1")),
    hand('"-1" has the wrong sign for "Deposit"', binance("Spot|Deposit|BTC|-1")),
    hand("can be read in 0 ways", rows(BINANCE_TRADES, "2024-03-03 10:00:00,BTCEUR,BUY,100,2BTC,200USD,0.1EUR")),
    hand("is not total 300", rows(BINANCE_OLD, "2024-03-03 10:00:00,BTCEUR,BUY,100,2,300,0.1,EUR")),
    hand('"HOLD" is not a side', rows(BINANCE_OLD, "2024-03-03 10:00:00,BTCEUR,HOLD,100,3,300,0.1,EUR")),
    hand(
        "too little BNB",
        binance(*(f"Spot|Small assets exchange BNB|{c}" for c in ("SHIB|-10", "PEPE|-5", "BNB|1E-18"))),
    ),
)

BITFINEX_WAYS = (
    hand(
        '"Moonshine on wallet exchange" of -0.1 is not a known row',
        rows(BITFINEX, _BITFINEX.format(1, "Moonshine on wallet exchange", "BTC", -0.1)),
        args=_DMY,
    ),
    hand(
        "gives back is not in the file",
        rows(BITFINEX, _BITFINEX.format(1, "Canceled withdrawal request #77 on wallet exchange", "BTC", 0.1)),
        args=_DMY,
    ),
    hand(
        "the trade of the fee",
        rows(
            BITFINEX,
            _BITFINEX.format(
                1, "Trading fees for 0.1 BTC (BTCUSD) @ 100.0 on BFX (0.2%) on wallet exchange", "USD", -0.1
            ),
        ),
        args=_DMY,
    ),
    hand(
        "do not give one coin for another",
        rows(BITFINEX, _BITFINEX.format(1, "Exchange 0.1 BTC for USD @ 100.0 on wallet exchange", "BTC", -0.1)),
        args=_DMY,
    ),
)


def _bitstamp(says: str, kind: str, side: str, amount: str, value: str, fee: str) -> Way:
    return hand(says, rows(BITSTAMP, f"1,Main,{kind},{side},2024-03-03T10:00:00Z,{amount},{value},100,USD,{fee},7"))


BITSTAMP_WAYS = (
    _bitstamp("is not value 300", "Market", "Buy", "2,BTC", "300,USD", "0,USD"),
    _bitstamp('Amount: "" is empty', "Market", "Buy", ",BTC", "200,USD", "0,USD"),
    _bitstamp('Value: "" is empty', "Market", "Buy", "2,BTC", ",USD", "0,USD"),
    _bitstamp('"Hold" is not a side', "Market", "Hold", "2,BTC", "200,USD", "0,USD"),
    _bitstamp("a fee in another asset", "Withdrawal", "", "2,BTC", ",USD", "1,USD"),
    _bitstamp('"Gift" is not a known type', "Gift", "", "2,BTC", ",USD", "0,USD"),
)

COINBASE_WAYS = (
    hand(
        "are not total",
        rows(FILLS, "default,T1,BTC-USD,BUY,2024-03-03T10:00:00.000Z,1,BTC,100,1,-300,USD"),
    ),
    hand("has the wrong sign for a deposit", rows(ACCOUNT, "default,deposit,2024-03-03T10:00:00Z,-1,0,BTC,x,,")),
    hand('"gift" is not a known type', rows(ACCOUNT, "default,gift,2024-03-03T10:00:00Z,1,0,BTC,x,,")),
    hand("the money columns contradict each other", coinbase("Buy|BTC|1|3500|35210|10|")),
    hand("thousands or decimals", coinbase('Convert|BTC|1|1|1|0|"Converted 1 BTC to 30,125 ETH"')),
    hand("differs from the row's own quantity", coinbase("Convert|BTC|1|1|1|0|Converted 2 BTC to 3 ETH")),
    hand("the two rows contradict each other", coinbase("Convert|BTC|-1|100|100|0|", "Convert|ETH|20|900|900|0|")),
    hand("does not say what the other side was", coinbase("Convert|BTC|-1|100|100|0|")),
    hand("the other side of this Asset Migration is not certain", coinbase("Asset Migration|ABC|-1|1|1|0|")),
    hand("with all signs turned", coinbase("Buy|BTC|-1|-1|-2|-1|")),
    hand("that was taken back", coinbase("Staking Income|ETH|-0.5|1|1|0|")),
    hand("on a send", coinbase("Send|BTC|-1|1|1|0.5|")),
    hand("on a withdrawal", coinbase("Withdrawal|BTC|-1|1|1|0.5|")),
    hand('"Moonshot" is not a known type', coinbase("Moonshot|BTC|1|1|1|0|")),
    hand(
        "names USD, but its market is BTC-USDT",
        coinbase("Advanced Trade Buy|BTC|1|1|2|1|Bought 1 BTC for 2 USD on BTC-USDT at 1 USD/BTC"),
    ),
    hand(
        "how much USDT was paid",
        coinbase("Advanced Trade Buy|BTC|1|1|2|1|Bought 1 BTC for 2 USD"),
        args="--market USDT",
    ),
    hand("does not say what was traded against", coinbase("Advanced Trade Buy|BTC|1|1|2|1|")),
    hand(
        "in different quantities",
        coinbase("Retail Eth2 Deprecation|ETH2|-1|100|100|0|", "Retail Eth2 Deprecation|ETH|0.9|100|100|0|"),
    ),
    hand("is not at the known ratio", coinbase("Asset Migration|MATIC|-1|1|1|0|", "Asset Migration|POL|0.5|1|1|0|")),
)

DERIBIT_WAYS = (
    hand('"correction" is not a known type', deribit("BTC-PERPETUAL|correction||1|1|0.1|0|0.1")),
    hand(
        "is not an option, a future or a perpetual",
        deribit("BTC-PERPETUAL|trade|open buy|1|1|0|0.1|-0.1", "BTC_USDC|trade|buy|1|1|0.1|0|0.1"),
    ),
    hand(
        '"0.1" has the wrong sign for "negative_balance_fee"',
        deribit("BTC-PERPETUAL|trade|open buy|1|1|0|0.1|-0.1", "|negative_balance_fee||||0.1|0|0.1"),
    ),
    hand("is neither Cash Flow nor", deribit("BTC-PERPETUAL|settlement||1|1|0.2|0.1|0.5")),
    hand('"sideways" is not a side', deribit("BTC-29MAR24-60000-C|trade|sideways|1|1|0.2|0|0.2")),
    hand("has the wrong sign for open sell", deribit("BTC-29MAR24-60000-C|trade|open sell|1|-1|-0.2|0|-0.2")),
)

DRAFT_WAYS = (
    hand("the fee takes all that was received", kucoin("BTC-USDT|buy|1|1|1|1|BTC")),
    hand("a rebate on a receipt", kucoin("STETH-ETH|buy|1|1|1|-0.1|USDT"), args="--receipts carry"),
    hand("the fee turns the value of BTC negative", kucoin("BTC-USD|buy|10|1|10|-20|USD")),
    hand("the quantity of BTC is not above zero", kucoin("BTC-USD|buy|10|0|0|1|USD")),
    hand("the quantity of BTC is too large", kucoin("BTC-USD|buy|1|6000000000000000|6000000000000000|0|USD")),
    hand("the value of BTC is out of range", kucoin("BTC-USD|buy|1000000000000|1|1000000000000|0|USD")),
    hand('"QQQQ" cannot be split into two', kucoin("QQQQ|buy|1|1|1|0|USDT")),
    hand("is not funds 3", kucoin("BTC-USDT|buy|1|1|3|0|USDT")),
    hand("no rule of the map fits this row", kucoin("BTC-USDT|hold|1|1|1|0|USDT")),
    hand(
        "parts of the smallest unit",
        rows(BITMEX, '"3/13/2024, 7:00:00 AM",Deposit,0.00000000001,null,,Completed,1'),
        args="--timezone UTC",
    ),
    hand(
        "of one key (lines 2) do not make one trade",
        rows(OKX, "1,o1,2024-03-03 10:00:00,Spot,BTC-USD,Buy,0.1,BTC,0,0,0,0,0.1,0.1,BTC"),
        args="--timezone UTC",
    ),
    _mapped("1 BTC was sent, but 2 BTC arrived", "moved"),
    _mapped("rows of this kind are not known", "odd"),
    hand('"x" is not a number', kucoin("BTC-USDT|buy|1|x|1|0|USDT")),
    hand(
        "has a decimal point, but the file was said",
        kucoin("BTC-USDT|buy|1|1.5|1|0|USDT", 'BTC-USDT|buy|1|"1,5"|1|0|USDT'),
        args="--decimal-comma a.csv",
    ),
    hand("is broken at or after this line", kucoin("BTC-USDT|buy|1|1|1|0|USDT", 'BTC-USDT|buy|1|1|1|0|"USDT')),
    hand("has 9 cells, the header has 8", kucoin("BTC-USDT|buy|1|1|1|0|USDT|7")),
)

CHAIN_WAYS = (
    hand('"SPOT" is not PERPETUAL', DYDX.replace("PERPETUAL", "SPOT")),
    hand('"HOLD" is not a side', DYDX.replace('"BUY"', '"HOLD"')),
    hand(
        "which belong together",
        EXPLORER + SENT,
        TOKENS + token("5", "AAA", out=True) + token("7", "BBB") + token("8", "CCC"),
        args=_HERE,
    ),
    hand("wrapping in different quantities", EXPLORER + SENT, TOKENS + token("0.9", "WETH"), args=_HERE),
    hand("seconds since 1970", EXPLORER + GOT + SENT.replace("1704067200", "yesterday")),
    hand("is not a known action", FLOWN.replace("TRANSFER", "TELEPORT")),
    hand("a multiplier of 1.5", FLOWN.replace(f"{SOL},", f"{SOL},1.5")),
    hand("with 40 decimals cannot be held", FLOWN.replace(",9,", ",40,")),
)

_LTC = "2024-03-03,10:30:00,{},LTCUSD,{},Taker,35.00,{},{},$4.00,{},,3 LTC,9001,9000,"

GEMINI_WAYS = (
    hand("a cost or a rebate?", rows(GEMINI, _LTC.format("Buy", "Limit", "($210.00)", "$0.74", "3 LTC"))),
    hand("does not give one asset for another", rows(GEMINI, _LTC.format("Buy", "Limit", "", "", "3 LTC"))),
    hand("does not move one asset as a credit does", rows(GEMINI, _LTC.format("Credit", "", "$5", "", "3 LTC"))),
    hand('"Gift" is not a known type', rows(GEMINI, _LTC.format("Gift", "", "", "", "3 LTC"))),
    hand("is not a number", rows(GEMINI, _LTC.format("Credit", "", "", "", "three LTC"))),
)

KRAKEN_WAYS = (
    hand("a line of totals?", rows(kraken(), ",R1,2024-03-03 10:00:00,,,currency,ZUSD,5,0,,0")),
    hand("a cost that was turned in sign, or a rebate?", kraken("R1|margin||ZUSD|5|-1|")),
    hand("do not make one trade", kraken("R1|trade||ZUSD|-5|0|")),
    hand("that was partly reversed", kraken("R1|deposit||XXBT|5|0|", "R1|deposit||XXBT|-4|0|")),
    hand("a fee in ETH on a margin of USD", kraken("R1|margin||ZUSD|5|1|XETH")),
    hand("without a subtype", kraken("R1|transfer||DOT|5|0|")),
    hand('"moonwalk" is not a known subtype of "transfer"', kraken("R1|transfer|moonwalk|DOT|5|0|")),
    hand('"-5" for a staking is not above 0', kraken("R1|staking||DOT|-5|0|")),
    hand("a fee in ETH on a staking of DOT", kraken("R1|staking||DOT|5|1|XETH")),
    hand("was received for on a delisting", kraken("R1|transfer|delistingconversion|DOT|5|0|")),
    hand("was converted to on its delisting", kraken("R1|transfer|delistingconversion|DOT|-5|0|")),
    hand("is not cost 300", rows(KRAKEN_TRADES, "t,o,XBT/USD,2024-03-03 10:00:00,buy,limit,100,300,1,2,0,,")),
    hand('"hold" is not a side', rows(KRAKEN_TRADES, "t,o,XBT/USD,2024-03-03 10:00:00,hold,limit,100,200,1,2,0,,")),
)

WAYS = (
    *BINANCE_WAYS,
    *BITFINEX_WAYS,
    *BITSTAMP_WAYS,
    *COINBASE_WAYS,
    *DERIBIT_WAYS,
    *DRAFT_WAYS,
    *CHAIN_WAYS,
    *GEMINI_WAYS,
    *KRAKEN_WAYS,
)

"""Refusals that no other test reaches: each says what is wrong, and what its hint says makes the import succeed."""

from __future__ import annotations

import re
from typing import Any

import pytest

from zkharvest.errors import InputError, UsageError
from zkharvest.trades.importers.mapped import load_map
from zkharvest.trades.importers.mapped.proposing import proposal

BINANCE = "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark\n"
BINANCE_OLD = "Date(UTC),Market,Type,Price,Amount,Total,Fee,Fee Coin\n"
BITFINEX = "#,DESCRIPTION,CURRENCY,AMOUNT,BALANCE,DATE,WALLET\n"
BITSTAMP = (
    "ID,Account,Type,Subtype,Datetime,Amount,Amount currency,Value,Value currency,Rate,Rate currency,Fee,"
    "Fee currency,Order ID\n"
)
COINBASE = (
    "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,"
    "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes\n"
)
DYDX = (
    '{"fills": [{"id": "f1", "side": "BUY", "liquidity": "TAKER", "type": "LIMIT", "market": "SOL-USD", '
    '"marketType": "PERPETUAL", "price": "80", "size": "1", "fee": "0.1", '
    '"createdAt": "2024-06-05T10:00:00.000Z", "createdAtHeight": "5"}]}'
)
MINE, OTHER = "0x" + "e1" * 20, "0x" + "22" * 20
EXPLORER = (
    "Transaction Hash,Blockno,UnixTimestamp,DateTime (UTC),From,To,ContractAddress,Value_IN(ETH),Value_OUT(ETH),"
    "CurrentValue @ $3000/Eth,TxnFee(ETH),TxnFee(USD),Historical $Price/Eth,Status,ErrCode,Method\n"
)
SENT = f"0xa1,1,1704067200,2024-01-01 00:00:00,{MINE},{OTHER},,0,1,0,0.001,3,2300,,,Swap\n"
GOT = f"0xa0,1,1704067100,2024-01-01 00:00:00,{OTHER},{MINE},,2,0,0,0.001,3,2300,,,Transfer\n"
TOKENS = (
    "Transaction Hash,Blockno,UnixTimestamp,DateTime (UTC),From,To,TokenValue,USDValueDayOfTx,ContractAddress,"
    "TokenName,TokenSymbol\n"
)


def token(quantity: str, symbol: str, *, out: bool = False) -> str:
    ends = f"{MINE},{OTHER}" if out else f"{OTHER},{MINE}"
    return f"0xa1,1,1704067200,2024-01-01 00:00:00,{ends},{quantity},1,0x{symbol.lower()},{symbol},{symbol}\n"


GEMINI = (
    "Date,Time (UTC),Type,Symbol,Specification,Liquidity Indicator,Trading Fee Rate (bps),USD Amount ($),"
    "Trading Fee (USD) ($),USD Balance ($),LTC Amount (LTC),Trading Fee (LTC) (LTC),LTC Balance (LTC),Trade ID,"
    "Order ID,Tx Hash\n"
)
KRAKEN = "txid,refid,time,type,subtype,aclass,asset,amount,fee,feecurrency,balance\n"
KRAKEN_TRADES = "txid,ordertxid,pair,time,type,ordertype,price,cost,fee,vol,margin,misc,ledgers\n"
KUCOIN = "tradeCreatedAt,symbol,side,price,size,funds,fee,feeCurrency\n"
BITMEX = "transactTime,transactType,amount,fee,address,transactStatus,walletBalance\n"
TREZOR = "Date,Time,TX id,Address,TX type,Value,TX total,Balance\n"
OKX = (
    "id,Order id,Time,Trade Type,Instrument,Type,Amount,Unit,PL,Fee,Position Change,Position Balance,Balance Change,"
    "Balance,Unit\n"
)
SOL = "So11111111111111111111111111111111111111111"
ME, YOU = "Wa11et" + "X" * 38, "Other" + "Y" * 39
SOLSCAN = "Signature,Block Time,Human Time,Action,From,To,Amount,Value,Decimals,Token Address,Multiplier\n"
SOL_ROW = f"s1,1735455966,2024-12-29T07:06:06.000Z,TRANSFER,{ME},{YOU},500000000,95.00,9,{SOL},\n"
FLOWN = SOLSCAN.replace("Value,", "Flow,Value,") + SOL_ROW.replace("95.00", "out,95.00")
DEFI = "Signature,Block Time,Human Time,Action,From,Token1,Amount1,Token2,Amount2\n"
PRICES = "time,asset,price\n" + "".join(
    f"{day},{coin},1\n"
    for day in ("2024-01-01", "2024-03-03", "2024-06-05", "2024-12-29")
    for coin in ("BTC", "ETH", "BNB", "USDT", "USDC", "SHIB", "PEPE", "SOL", "LTC", "DOT", "STETH", "MATIC", "POL")
)
NAUGHT = PRICES.replace(",1\n", ",0\n")
BASE = "AAA,BBB,CCC"


def binance(*rows: str) -> str:
    return BINANCE + "".join("1,2024-03-03 10:00:01,{},{},{},{},\n".format(*row.split("|")) for row in rows)


def coinbase(*rows: str) -> str:
    """Rows of type, asset, quantity, subtotal, total, fees, notes."""
    made = []
    for n, row in enumerate(rows):
        kind, asset, quantity, *money, notes = row.split("|")
        made.append(f"c{n},2024-03-03 10:00:00 UTC,{kind},{asset},{quantity},USD,1,{','.join(money)},{notes}\n")
    return COINBASE + "".join(made)


HERE = {"source": f"{MINE}:ethereum"}
Case = tuple[tuple[str, ...], str, str, dict[str, Any]]  # exports, words of the refusal, of its hint, and the answer
CASES: dict[str, Case] = {
    "a futures operation": ((binance("USD-M Futures|Mystery|USDT|1"),), "of a futures account", "--skip", {}),
    "a negative rebate": ((binance("USD-M Futures|Referral Kickback|USDT|-1"),), '"-1" for', "--skip", {}),
    "an old total": (
        (BINANCE_OLD + "2024-03-03 10:00:00,BTCEUR,BUY,100,2,300,0.1,EUR\n",), "is not total 300", "--skip", {},
    ),
    "a year of two digits where four are known": (
        (BINANCE_OLD + "25-01-13 10:00:00,BTCEUR,BUY,100,3,300,0.1,EUR\n",),
        "ambiguous date", "--dates ymd", {"dates": "ymd", "prices": PRICES + "2025-01-13,EUR,1\n"},
    ),
    "prices of nothing": (
        (binance(*(f"Spot|Small assets exchange BNB|{c}" for c in ("SHIB|-10", "PEPE|-5", "BNB|0.1"))),),
        "the assets are worth nothing by the prices given", "above 0", {"first": NAUGHT},
    ),
    "too little to share": (
        (binance(*(f"Spot|Small assets exchange BNB|{c}" for c in ("SHIB|-10", "PEPE|-5", "BNB|1E-18"))),),
        "too little BNB", "--skip", {},
    ),
    "a fee without its trade": (
        (BITFINEX + "1,Trading fees for 0.1 BTC (BTCUSD) @ 100.0 on BFX (0.2%) on wallet exchange,USD,-0.1,0,"
         "18-12-17 08:00:00,exchange\n",),
        "the trade of the fee", "--skip", {"dates": "dmy"},
    ),
    "a cancelled withdrawal without the withdrawal": (
        (BITFINEX + "1,Canceled withdrawal request #77 on wallet exchange,BTC,0.1,1,18-12-17 08:00:00,exchange\n",),
        "is not in the file", "--skip", {"dates": "dmy"},
    ),
    "half an exchange": (
        (BITFINEX + "1,Exchange 0.1 BTC for USD @ 100.0 on wallet exchange,BTC,-0.1,1,18-12-17 08:00:00,exchange\n",),
        "do not give one coin for another", "--skip", {"dates": "dmy"},
    ),
    "a description that is new": (
        (BITFINEX + "1,Moonshine on wallet exchange,BTC,-0.1,1,18-12-17 08:00:00,exchange\n",),
        "is not a known row", "--skip", {"dates": "dmy"},
    ),
    "a value that is not rate times amount": (
        (BITSTAMP + "1,Main,Market,Buy,2024-03-03T10:00:00Z,2,BTC,300,USD,100,USD,0,USD,7\n",),
        "is not value 300", "--skip", {},
    ),
    "no seconds since 1970": (
        (EXPLORER + GOT + SENT.replace("1704067200", "yesterday"),), "seconds since 1970", "--skip", {},
    ),
    "a conversion whose rows contradict": (
        (coinbase("Convert|BTC|-1|100|100|0|", "Convert|ETH|20|900|900|0|"),), "contradict", "--skip", {},
    ),
    "a market that was said against the note": (
        (coinbase("Advanced Trade Buy|BTC|1|1|2|1|Bought 1 BTC for 2 USD"),),
        "how much USDT was paid", "write both legs", {"begin": {"markets": ["USDT"]}},
    ),
    "a reward that was taken back": (
        (coinbase("Staking Income|ETH|-0.5|1|1|0|"),), "taken back", "a spend or a withdraw row", {},
    ),
    "an alias in another quantity": (
        (coinbase("Retail Eth2 Deprecation|ETH2|-1|100|100|0|", "Retail Eth2 Deprecation|ETH|0.9|100|100|0|"),),
        "", "--skip", {},
    ),
    "a rename at another ratio": (
        (coinbase("Asset Migration|MATIC|-1|1|1|0|", "Asset Migration|POL|0.5|1|1|0|"),),
        "is not at the known ratio", "--skip", {},
    ),
    "a fill that is no perpetual": ((DYDX.replace("PERPETUAL", "SPOT"),), "is not PERPETUAL", "--skip", {}),
    "a fill of no side": ((DYDX.replace('"BUY"', '"HOLD"'),), "is not a side", "sides are BUY and SELL", {}),
    "wrapping into another quantity": (
        (EXPLORER + SENT, TOKENS + token("0.9", "WETH")), "wrapping in different quantities", "--skip", HERE,
    ),
    "several tokens for several": (
        (EXPLORER + SENT, TOKENS + token("5", "AAA", out=True) + token("7", "BBB") + token("8", "CCC")),
        "which belong together", "write the trades", HERE,
    ),
    "tokens of an address that is not named": (
        (EXPLORER + GOT.replace("2,0,0", "0,0,0"), TOKENS + token("5", "USDC")),
        "which address the file is of", "--source", HERE,
    ),
    "tokens without the coin of the chain": (
        (TOKENS + token("5", "USDC") + token("5", "USDT").replace(OTHER, "0x" + "33" * 20),),
        "the coin of the chain", "import the transactions file", {"also": (EXPLORER + SENT + GOT,)},
    ),
    "a file of one of two addresses": (
        (EXPLORER + GOT.replace("2,0,0", "0,0,0"),), "which address", "--source 0x", HERE,
    ),
    "a fee with the sign of a gain": (
        (GEMINI + "2024-03-03,10:30:00,Buy,LTCUSD,Limit,Taker,35.00,($210.00),$0.74,$4.00,3 LTC,,3 LTC,9001,9000,\n",),
        "a cost or a rebate?", "--skip", {},
    ),
    "a delisting that brought a coin for nothing": (
        (KRAKEN + "a,R1,2024-03-03 10:00:00,transfer,delistingconversion,currency,DOT,5,0,,5\n",),
        "on a delisting is not certain", "--skip", {},
    ),
    "a margin fee in another coin": (
        (KRAKEN + "a,R1,2024-03-03 10:00:00,margin,,currency,ZUSD,5,1,XETH,5\n",), "a fee in", "--skip", {},
    ),
    "a transfer without a subtype": (
        (KRAKEN + "a,R1,2024-03-03 10:00:00,transfer,,currency,DOT,5,0,,5\n",), "without a subtype", "airdrop", {},
    ),
    "a cost that is not price times volume": (
        (KRAKEN_TRADES + "t,o,XBT/USD,2024-03-03 10:00:00,buy,limit,100,300,1,2,0,,\n",), "not cost 300", "--skip", {},
    ),
    "a pair of one word": (
        (KUCOIN + "2024-03-03 10:00:00,QQQQ,buy,1,1,1,0,USDT\n",), "cannot be split into two", "--skip", {},
    ),
    "a rebate on a coin that is carried into its receipt": (
        (KUCOIN + "2024-03-03 10:00:00,STETH-ETH,buy,1,1,1,-0.1,USDT\n",),
        "a rebate on a receipt", "--skip", {"begin": {"carry_receipts": True}, "carry_receipts": True},
    ),
    "days that may be months": (
        (BITMEX + '"3/3/2024, 7:00:00 AM",Deposit,100000,null,,Completed,1\n',),
        "day or month comes first", "--dates dmy", {"dates": "mdy", "timezone": "UTC"},
    ),
    "less than a satoshi": (
        (BITMEX + '"3/13/2024, 7:00:00 AM",Deposit,0.00000000001,null,,Completed,1\n',),
        "parts of the smallest unit", "--skip", {"timezone": "UTC"},
    ),
    "an account without its coin": (
        (TREZOR + "2024-03-03,10:00:00,aa11,1abc,IN,0.5,0.5,0.5\n",),
        "does not name the coin", "--asset", {"asset": "BTC", "begin": {"timezone": "UTC"}, "timezone": "UTC"},
    ),
    "rows of one order that are no trade": (
        (OKX + "1,o1,2024-03-03 10:00:00,Spot,BTC-USD,Buy,0.1,BTC,0,0,0,0,0.1,0.1,BTC\n",),
        "do not make one trade", "--skip", {"timezone": "UTC"},
    ),
    "an action that is new": ((FLOWN.replace("TRANSFER", "TELEPORT"),), "not a known action", "--skip", {}),
    "an amount that is scaled": ((FLOWN.replace(f"{SOL},", f"{SOL},1.5"),), "a multiplier", "--skip", {}),
    "more decimals than can be held": ((FLOWN.replace(",9,", ",40,"),), "cannot be held", "--skip", {}),
    "a wallet that is not named": (
        (SOLSCAN + SOL_ROW,), "which address the file is of", "--source ADDRESS", {"source": f"{ME}:solana"},
    ),
    "swaps told a second time": (
        (DEFI + f"s1,1735455966,2024-12-29T07:06:06.000Z,SWAP,{ME},{SOL},1,{SOL},1\n",),
        "a second time", "export the Transfers", {"instead": (FLOWN,)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_is_answered_as_it_says(bring, name: str) -> None:
    texts, says, way, answer = CASES[name]
    answer = dict(answer)
    begin = {"prices": answer.pop("first", PRICES), "record": True, **answer.pop("begin", {})}
    texts_then = answer.pop("instead", (*texts, *answer.pop("also", ())))
    with pytest.raises(InputError) as refused:
        bring(
            *texts,
            **(begin if not set(answer) <= {"dates", "timezone"} or way.startswith("--dates") else begin | answer),
        )
    found = [problem for problem in refused.value.problems if says in problem.message]
    assert found, refused.value.problems
    assert all(way in problem.hint for problem in found), found
    done = {"record": True, "prices": PRICES, **answer}
    skipped: set[str] = set()
    while True:
        try:
            made = bring(*texts_then, skip=[f"{place}=followed" for place in sorted(skipped)], **done)
        except InputError as error:
            named = {place for problem in error.problems for place in re.findall(r"--skip (\S+)=REASON", problem.hint)}
            assert named - skipped, error.problems
            assert not named & skipped, error.problems
            skipped |= named
        else:
            break
    assert not skipped or "left out by --skip: followed" in "".join(made.notes)


MAP = """
name = "here"
title = "Here"
source = "here"
time = "When"
zone = "UTC"

[[row]]
kind = "trade"
gave = { quantity = "Paid", asset = "=USD" }
got = { quantity = "Got", asset = "Coin" }
"""


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ('title = "Here"', 'title = "Here', "is not TOML"),
        ('title = "Here"\n', "", "title is missing"),
        ('zone = "UTC"', 'zone = "UTC"\norder = "ydm"', '"ydm" is not an order'),
        ('zone = "UTC"', 'zones = "UTC"', '"zones" is not a word of a map'),
        ("[[row]]\n", 'row = ["trade"]\n[other]\n', '"other" is not a word of a map'),
        ('kind = "trade"', 'kind = "barter"', '"barter" is not a kind'),
        ('got = { quantity = "Got", asset = "Coin" }', "", "got is missing"),
        ('kind = "trade"', 'kind = "trade"\nproduct = ["Paid"]', "is not three columns"),
        (', asset = "Coin"', "", "lacks quantity or asset"),
    ],
)
def test_a_map_that_is_wrong_says_what_mends_it(bring, tmp_path, right: str, wrong: str, says: str) -> None:
    with pytest.raises(InputError) as refused:
        load_map(MAP.replace(right, wrong), "here.toml")
    assert says in refused.value.problems[0].message
    assert refused.value.problems[0].hint
    path = tmp_path / "here.toml"
    path.write_text(MAP)  # the word put right
    text = "When,Paid,Got,Coin\n2024-03-03 10:00:00,100,2,BTC\n"
    assert bring.table(text, columns="kind asset quantity amount", maps=[path]) == ["buy BTC 2 100.00"]


def test_what_has_no_header_has_no_map(tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("one\ntwo\n")
    with pytest.raises(InputError, match="no line looks like a header"):
        proposal(path)
    path.write_text("When,Paid,Got,Coin\n2024-03-03 10:00:00,100,2,BTC\n")
    assert "[[row]]" in proposal(path)


def test_an_origin_that_names_no_row(bring) -> None:
    head = "time,source,id,kind,asset,quantity,amount,origin\n"
    row = "2024-03-03T10:00:01Z,binance,m,buy,BTC,1,40,{}\n"
    text = binance("Spot|Mystery|BTC|1")
    assert bring.problems(text, manual=head + row.format("row 2"))[0].endswith('"row 2" is not file:line')
    assert bring.table(text, manual=head + row.format("a.csv:2"), columns="id") == ["m"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"external": "cold", "record": True}, "both say what becomes of moves alone"),
        ({"markets": ["B T C"]}, "is not a market"),
    ],
)
def test_options_that_do_not_fit(bring, options: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        bring(binance("Spot|Deposit|BTC|1"), **options)


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

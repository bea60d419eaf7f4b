"""Refusals of the files beside exports: prices, names, maps, lots, lists of balances, CARF reports."""

from __future__ import annotations

from pathlib import Path

from tests.support.ways.texts import BITFINEX, MANUAL, coinbase, kraken, kucoin, rows
from tests.support.ways.way import Way, command, imported, write
from zkharvest.trades.importers.fetching import read_rows

_STAKED = kraken("R1|staking||XXBT|1|0|")
_EARNED = "income BTC 1 7.00 staking"
_GOOD = "time,asset,price\n2024-03-03,BTC,7\n"


def priced(
    says: str, hint: str, text: str, *, name: str = "p.csv", good: str = _GOOD, to: str = "", run: str = ""
) -> Way:
    """A price file that is wrong, and then right (under another name, if `to`)."""
    then = {name: None, to: good} if to else {name: good}
    return imported(
        says,
        hint,
        {"a.csv": _STAKED, name: text},
        _EARNED,
        run=f"--prices {name} {run}",
        by=f"--prices {to or name} {run}",
        then=then,
    )


_KLINE = "1709424000000,1,1,1,{},1,1709510399999,1,1,1,1,0\n"
_GECKO = "snapped_at,price,market_cap,total_volume\n{} 00:00:00 UTC,7,1,1\n"

PRICE_FILES = (
    imported(
        "prices BTC on 2024-03-03 otherwise than",
        "give one of the two files",
        {"a.csv": _STAKED, "BTCUSD-1d-2024-03.csv": _KLINE.format(7), "BTCUSD-1d-2024.csv": _KLINE.format(8)},
        _EARNED,
        run="--prices BTCUSD-1d-2024-03.csv --prices BTCUSD-1d-2024.csv",
        by="--prices BTCUSD-1d-2024-03.csv",
    ),
    priced(
        "cannot be read",
        "take the file as it is published",
        _GECKO.format("03.03.2024"),
        name="btc-usd-max.csv",
        good=_GECKO.format("2024-03-03"),
    ),
    priced(
        "is not the start of a day",
        "take the daily file",
        _GECKO.format("2024-03-03").replace(" 00:00:00", " 11:00:00"),
        name="btc-usd-max.csv",
        good=_GECKO.format("2024-03-03"),
    ),
    priced(
        "the name of the file does not say the pair",
        "keep the name that the publisher gave it",
        _KLINE.format(7),
        name="klines.csv",
        good=_KLINE.format(7),
        to="BTCUSD-1d-2024-03.csv",
    ),
    imported(
        "the prices are in EUR, the import is in USD",
        "or import with --currency EUR",
        {"a.csv": _STAKED, "BTCEUR-1d-2024-03.csv": _KLINE.format(7)},
        _EARNED,
        run="--prices BTCEUR-1d-2024-03.csv",
        by="--prices BTCEUR-1d-2024-03.csv --currency EUR",
    ),
    imported(
        "the prices are in EUR, the import is in USD",
        "take the prices in USD",
        {"a.csv": _STAKED, "BTCEUR-1d-2024-03.csv": _KLINE.format(7)},
        _EARNED,
        run="--prices BTCEUR-1d-2024-03.csv",
        by="--prices BTCUSD-1d-2024-03.csv",
        then={"BTCUSD-1d-2024-03.csv": _KLINE.format(7)},
    ),
    priced(
        "is not a candle of one UTC day",
        "take the daily file (1440, 1d)",
        _KLINE.format(7) + _KLINE.format(7).replace("1709424000000", "1709427600000"),
        name="BTCUSD-1h-2024-03.csv",
        good=_KLINE.format(7),
        to="BTCUSD-1d-2024-03.csv",
    ),
    priced("is not a day of the calendar", "write YYYY-MM-DD", _GOOD.replace("03-03", "02-30")),
    priced('price: "" is empty', "write the fair value of one unit", _GOOD.replace(",7", ",")),
    priced("priced otherwise in p.csv:2", "keep one of them", _GOOD + "2024-03-03,XBT,8\n"),
    priced("the columns are time, asset, price", "name them so", _GOOD.replace("asset", "coin")),
    priced("has 4 cells", "write time,asset,price", _GOOD.replace(",7", ",7,8")),
    priced("is broken at or after this line", "mend the quotes", _GOOD.replace("BTC", '"BTC')),
    priced("is empty", "the first line is time,asset,price", "\n"),
    imported(
        "the value of 1 BTC in USD is not in the file",
        "--missing-prices FILE writes all rows that are missing",
        {"a.csv": _STAKED},
        _EARNED,
        run="--missing-prices m.csv --force",
        by="--prices m.csv",
        then={"m.csv": _GOOD},
    ),
)


class Wanted(Way):
    """A file of prices to fetch, whose rows are read once it is as the hint says (`test_trades_fetching` asks)."""

    def follow(self, folder: Path) -> None:
        assert any(self.hint in hint for _, hint in self.refusals(folder))
        write(folder, self.then)
        if self.by:
            assert command(folder, self.by)[0] == 1  # a price is missing: its row is written
        assert [(row.time[:10], row.asset) for row in read_rows(folder / "m.csv")] == [("2024-03-03", "BTC")]


_FETCH = "prices m.csv -o p.csv --venue kraken"
_WANTED = {"m.csv": "time,asset,price\n2024-03-03,BTC,\n"}

FETCHED = (
    Wanted(
        "the columns are time, asset, price, source",
        {"a.csv": _STAKED, "m.csv": "time,coin,price\n2024-03-03,BTC,\n"},
        _FETCH,
        "such a file is written by trades import --missing-prices",
        {},
        "import a.csv -o out.csv --missing-prices m.csv --force",
    ),
    Wanted("is empty", {"m.csv": "\n"}, _FETCH, "the first line is time,asset,price", _WANTED),
    Wanted(
        "is not a day of the calendar",
        {"m.csv": "time,asset,price\n2024-13-01,BTC,\n"},
        _FETCH,
        "write YYYY-MM-DD",
        _WANTED,
    ),
)

_TRADES = rows(MANUAL, "2024-01-01T00:00:00Z,kraken,1,buy,BTC,2,100,", "2024-01-02T00:00:00Z,kraken,2,sell,BTC,1,60,")
_PLAIN = kucoin("BTC-USD|buy|100|2|200|1|USD", "BTC-USD|sell|100|1|100|1|USD")
_LOT = "trade,lots\nkucoin/20240303T100000-2,kucoin/20240303T100000-1:1\n"


def lots(says: str, hint: str, text: str) -> Way:
    made = "sell BTC 1 100.00 1.00 kucoin/20240303T100000-1:1"
    return imported(
        says, hint, {"a.csv": _PLAIN, "lots.csv": text}, made, run="--lots lots.csv", then={"lots.csv": _LOT}
    )


LOTS = (
    lots("is empty", "the first line is trade,lots", "\n"),
    lots("is broken at or after this line", "mend the quotes", _LOT.replace("kucoin/20240303T100000-2", '"kucoin')),
    lots("the columns are trade, lots", "name them so", _LOT.replace("trade,", "row,")),
    lots("has 3 cells", "write trade,lots", _LOT.replace(":1\n", ":1,2\n")),
    lots(
        '"kucoin/9" is not a trade of this import',
        "as the import names it",
        _LOT.replace("kucoin/20240303T100000-2", "kucoin/9"),
    ),
    lots("is a buy", "only disposals and transfers take lots", _LOT.replace("-2,", "-1,")),
    lots("is named twice", "keep one of the rows", _LOT + _LOT.partition("\n")[2]),
    lots("lots add up to 0.5, the trade has 1", "name lots for the whole quantity", _LOT.replace(":1", ":0.5")),
    lots(
        '"20240303T100000-1" is not a lot',
        "write id:quantity",
        _LOT.replace(":1", "").replace("kucoin/20240303T100000-1", "20240303T100000-1"),
    ),
)

_OWN = '[[rename]]\nold = "OLD"\nnew = "NEW"\nratio = "1:2"\ndate = "2024-01-01"\nsource = "mine"\n'
_RENAMED = kucoin("OLD-USD|buy|100|2|200|1|USD", "NEW-USD|sell|100|4|400|1|USD")


def named(says: str, hint: str, wrong: tuple[str, str]) -> Way:
    """A file of names with one word that is wrong."""
    files = {"a.csv": _RENAMED, "own.toml": _OWN.replace(*wrong)}
    return imported(says, hint, files, "convert OLD 2 NEW 4", run="--aliases own.toml", then={"own.toml": _OWN})


NAMES = (
    named("is not TOML", "mend the file at that place", ('"mine"', '"mine')),
    named('"renames" is not a table', "the tables are alias, receipt, rename", ("[[rename]]", "[[renames]]")),
    named("rename is not a list of tables", "write [[rename]] before each", ("[[rename]]", "[rename]")),
    named('"2" is not a ratio', "write old:new, such as 1:60", ("1:2", "2")),
    named("source is missing", "source says where it is published", ('source = "mine"\n', "")),
    named('"why" is not a field', "the fields are", ("source =", 'why = "x"\nsource =')),
    named('"soon" is not a day', "write YYYY-MM-DD", ("2024-01-01", "soon")),
    Way(
        '"XBT" is another name of "BTC"',
        {"t.csv": _TRADES.replace("sell,BTC", "sell,XBT")},
        "check t.csv",
        "write BTC in all rows",
        {"t.csv": _TRADES},
        "",
        ("t.csv: in order, 2 trades of 1 source",),
    ),
)

_MAP = """name = "here"
title = "Here"
source = "here"
time = "When"
zone = "UTC"

[[row]]
kind = "trade"
gave = { quantity = "Paid", asset = "=USD" }
got = { quantity = "Got", asset = "Coin" }
"""
_MAPPED = "When,Paid,Got,Coin\n2024-03-03 10:00:00,100,2,BTC\n"


def mapped(says: str, hint: str, right: str, wrong: str) -> Way:
    """A map with one word that is wrong."""
    return imported(
        says,
        hint,
        {"a.csv": _MAPPED, "m.toml": _MAP.replace(right, wrong)},
        "buy BTC 2 100.00",
        run="--map m.toml",
        then={"m.toml": _MAP},
    )


MAPS = (
    mapped("is not TOML", "mend the map at that place", 'title = "Here"', 'title = "Here'),
    mapped("title is missing", "docs/imports.md", 'title = "Here"\n', ""),
    mapped('"ydm" is not an order', "say ymd, dmy, mdy", 'zone = "UTC"', 'zone = "UTC"\norder = "ydm"'),
    mapped('";" is not a decimal sign', 'say "." or ","', 'zone = "UTC"', 'zone = "UTC"\ndecimal = ";"'),
    mapped('"zones" is not a word of a map', "the words are", 'zone = "UTC"', 'zones = "UTC"'),
    mapped(
        "is not a table",
        "write [[row]] before each",
        '[[row]]\nkind = "trade"',
        'row = ["trade"]\n[[rows]]\nkind = "trade"',
    ),
    mapped('"barter" is not a kind', "kinds are trade", 'kind = "trade"', 'kind = "barter"'),
    mapped("got is missing", "a trade needs gave, got", 'got = { quantity = "Got", asset = "Coin" }\n', ""),
    mapped(
        "is not three columns",
        'such as ["price", "size", "total"]',
        'kind = "trade"',
        'kind = "trade"\nproduct = ["Paid"]',
    ),
    mapped("lacks quantity or asset", "such as { quantity =", ', asset = "Coin"', ""),
    mapped(
        "balance: lacks quantity or asset",
        "such as { quantity =",
        'zone = "UTC"',
        'zone = "UTC"\nbalance = { quantity = "Left" }',
    ),
    imported(
        'no rule of the map fits this row (Coin "BTC")',
        "add a rule to the map",
        {"a.csv": _MAPPED, "m.toml": _MAP.replace("[[row]]", '[[row]]\nwhen = { Coin = "ETH" }')},
        "buy BTC 2 100.00",
        run="--map m.toml",
        then={"m.toml": _MAP},
    ),
    Way(
        "no line looks like a header",
        {"a.csv": "one\ntwo\n"},
        "map a.csv",
        "of three columns or more",
        {"a.csv": _MAPPED},
        "",
        ("[[row]]",),
    ),
)

_TWO = {"t.csv": _TRADES}
_AGREE = ("t.csv: all balances agree",)


def balance(says: str, hint: str, text: str) -> Way:
    """A list of balances that is wrong, and then right."""
    run = "reconcile t.csv --balances now.csv"
    return Way(
        says, {**_TWO, "now.csv": text}, run, hint, {"now.csv": "source,asset,quantity\nkraken,BTC,1\n"}, "", _AGREE
    )


_CARF = "asset,type,units\nBTC,CryptoFiatIn,2\nBTC,CryptoFiatOut,1\n"
_XML = (
    "<CARF><RelevantTransactions><CryptoAsset>BTC</CryptoAsset><CryptoFiatIn><NumberofUnits>2</NumberofUnits></CryptoFiatIn>"
    "<CryptoFiatOut><NumberofUnits>1</NumberofUnits></CryptoFiatOut></RelevantTransactions></CARF>"
)


def carf(says: str, hint: str, text: str, good: str = _CARF) -> Way:
    """A CARF report that is wrong, and then right."""
    run = "reconcile t.csv --carf r.csv --source kraken --year 2024"
    return Way(says, {**_TWO, "r.csv": text}, run, hint, {"r.csv": good}, "", ("t.csv: all agrees",))


_KRAKEN = (
    '"txid","refid","time","type","subtype","aclass","asset","amount","fee","balance"\n'
    '"L1","R1","2024-01-01 00:00:00","trade","","currency","XXBT",2,0,2\n'
)
_EXPORT = {**_TWO, "k.csv": _KRAKEN}

RECONCILED = (
    balance("is broken at or after this line", "mend the quotes", 'source,asset,quantity\nkraken,"BTC,1\n'),
    balance(
        "the columns are source, asset, quantity, time",
        "name them so; time is optional",
        "source,coin,quantity\nkraken,BTC,1\n",
    ),
    balance("has 2 cells, the header has 3", "write source,asset,quantity", "source,asset,quantity\nkraken,BTC\n"),
    Way(
        "Coinbase transactions state no balances",
        {**_TWO, "c.csv": coinbase("Buy|BTC|2|100|100|0|"), "now.csv": "source,asset,quantity\nkraken,BTC,1\n"},
        "reconcile t.csv --export c.csv",
        "give a list of balances with --balances",
        {},
        "reconcile t.csv --balances now.csv",
        _AGREE,
    ),
    Way(
        "no row states a balance",
        {**_EXPORT, "k.csv": _KRAKEN.replace(",0,2\n", ",0,-\n")},
        "reconcile t.csv --export k.csv",
        "export it again with the column of balances",
        {"k.csv": _KRAKEN},
        "",
        _AGREE,
    ),
    Way(
        "no row states a balance",
        {**_EXPORT, "k.csv": _KRAKEN.replace(",0,2\n", ",0,-\n"), "now.csv": "source,asset,quantity\nkraken,BTC,1\n"},
        "reconcile t.csv --export k.csv",
        "or give a list of balances with --balances",
        {},
        "reconcile t.csv --balances now.csv",
        _AGREE,
    ),
    Way(
        "is an ambiguous date",
        {**_TWO, "b.csv": rows(BITFINEX, "1,Exchange,BTC,2,2,01-01-24 00:00:00,exchange").replace("01-01", "03-02")},
        "reconcile t.csv --export b.csv --source kraken",
        "say --dates dmy",
        {"b.csv": rows(BITFINEX, "1,Exchange,BTC,2,1,03-02-24 00:00:00,exchange")},
        "reconcile t.csv --export b.csv --source kraken --dates dmy",
        _AGREE,
    ),
    carf("is not a kind of CARF", "kinds are CryptoFiatIn", _CARF.replace("CryptoFiatIn", "Bought")),
    carf("names no asset", "name the asset", _CARF.replace("BTC,CryptoFiatIn", ",CryptoFiatIn")),
    carf("the columns are asset, type, units", "name them so", _CARF.replace("units", "amounts")),
    carf("declares entities", "take the file as it was sent", "<!DOCTYPE x>" + _XML, _XML),
    carf("has 4 cells, the header has 3", "an empty one too", _CARF.replace(",2\n", ",2,3\n")),
    carf("is not a number of transactions", "write it in digits", "asset,type,units,count\nBTC,CryptoFiatIn,2,one\n"),
    Way(
        "reports the year 2024, not 2023",
        {**_TWO, "r.csv": _XML.replace("<CARF>", "<CARF><ReportingPeriod>2024-12-31</ReportingPeriod>")},
        "reconcile t.csv --carf r.csv --source kraken --year 2023",
        "say --year 2024",
        {},
        "reconcile t.csv --carf r.csv --source kraken --year 2024",
        ("t.csv: all agrees",),
    ),
    carf("is not XML", "take the file as it was sent", _XML[:-3], _XML),
    carf("reports nothing", "has RelevantTransactions of an asset each", "<CARF></CARF>", _XML),
    Way(
        "nothing to compare with",
        _EXPORT,
        "reconcile t.csv",
        "give --export, --balances or --carf",
        {},
        "reconcile t.csv --export k.csv",
        _AGREE,
    ),
    Way(
        "nothing to compare with",
        {**_TWO, "now.csv": "source,asset,quantity\nkraken,BTC,1\n"},
        "reconcile t.csv",
        "--balances",
        {},
        "reconcile t.csv --balances now.csv",
        _AGREE,
    ),
    Way(
        "nothing to compare with",
        {**_TWO, "r.csv": _CARF},
        "reconcile t.csv --source kraken --year 2024",
        "--carf",
        {},
        "reconcile t.csv --source kraken --year 2024 --carf r.csv",
        ("t.csv: all agrees",),
    ),
    Way(
        "a CARF report is of one account and year",
        {**_TWO, "r.csv": _CARF},
        "reconcile t.csv --carf r.csv",
        "say them with --source and --year",
        {},
        "reconcile t.csv --carf r.csv --source kraken --year 2024",
        ("t.csv: all agrees",),
    ),
)

WAYS: tuple[Way, ...] = (*PRICE_FILES, *FETCHED, *LOTS, *NAMES, *MAPS, *RECONCILED)

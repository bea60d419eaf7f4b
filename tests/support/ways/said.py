"""Refusals of moves without their other side, and of what is said beside exports."""

from __future__ import annotations

from tests.support.ways.texts import (
    BINANCE_NEW,
    COINBASE,
    MANUAL,
    PRICES,
    coinbase,
    kraken,
    kucoin,
    rows,
)
from tests.support.ways.way import imported

_BUY = "BTC-USD|buy|100|2|200|1|USD"
_BOUGHT = "buy BTC 2 200.00 1.00"
_PLAIN = kucoin(_BUY)
_NEW = rows(BINANCE_NEW, "1,25-03-03 10:00:01,Spot,Buy,BTC,0.5,", "1,25-03-03 10:00:01,Spot,Buy,USD,-200,")
_OUT = coinbase("Send|BTC|-1|||| ")
_IN = coinbase("Receive|BTC|1|||| ")
_CAME = kraken("R1|deposit||XXBT|0.999|0|")
_SENT_TWICE = COINBASE + "".join(f"c{n},2024-03-03 10:0{n}:00 UTC,Send,BTC,-1,USD,1,,,,\n" for n in range(2))
_CAME_ONCE = kraken("R1|deposit||XXBT|1|0|")
_KEPT = "--prices prices.csv"


MOVES = (  # moves without their other side
    imported(
        "has no deposit of the same quantity",
        "import the other wallet's export",
        {"a.csv": _OUT},
        "transfer BTC 1 kraken",
        then={"b.csv": _CAME_ONCE},
    ),
    imported(
        "has no deposit of the same quantity",
        "--external NAME",
        {"a.csv": _OUT},
        "transfer BTC 1 cold",
        by="--external cold",
    ),
    imported(
        "has no deposit of the same quantity",
        "--unpaired record keeps them as withdraw rows",
        {"a.csv": _OUT},
        "withdraw BTC 1",
        by="--unpaired record",
    ),
    imported(
        "has no withdrawal of the same quantity",
        "import the other wallet's export",
        {"a.csv": _CAME_ONCE},
        "transfer BTC 1 kraken",
        then={"b.csv": _OUT},
    ),
    imported(
        "has no withdrawal of the same quantity",
        "--external NAME",
        {"a.csv": _IN},
        "transfer BTC 1 coinbase",
        by="--external cold",
    ),
    imported(
        "has no withdrawal of the same quantity",
        "--unpaired record keeps them as deposit rows",
        {"a.csv": _IN},
        "deposit BTC 1",
        by="--unpaired record",
    ),
    imported(
        "has no deposit of the same quantity; the nearest is b.csv:2",
        "say --pair a.csv:2=b.csv:2",
        {"a.csv": _OUT, "b.csv": _CAME, "prices.csv": PRICES},
        "transfer BTC 0.999 kraken",
        "spend BTC 0.001 0.001 fee",
        run=_KEPT,
        by=f"{_KEPT} --pair a.csv:2=b.csv:2",
    ),
    imported(
        "has no deposit of the same quantity; the nearest is b.csv:2",
        "--external NAME",
        {"a.csv": _OUT, "b.csv": _CAME},
        "transfer BTC 1 cold",
        by="--external cold",
    ),
    imported(
        "has no deposit of the same quantity; the nearest is b.csv:2",
        "--unpaired record",
        {"a.csv": _OUT, "b.csv": _CAME},
        "withdraw BTC 1",
        "deposit BTC 0.999",
        by="--unpaired record",
    ),
    imported(
        "has no withdrawal of the same quantity; the nearest is a.csv:2",
        "say --pair b.csv:2=a.csv:2",
        {"a.csv": _OUT, "b.csv": _CAME, "prices.csv": PRICES},
        "transfer BTC 0.999 kraken",
        run=_KEPT,
        by=f"{_KEPT} --pair b.csv:2=a.csv:2",
    ),
    imported(
        "has no withdrawal of the same quantity; the nearest is a.csv:2",
        "--external NAME",
        {"a.csv": _OUT, "b.csv": _CAME},
        "transfer BTC 0.999 kraken",
        by="--external cold",
    ),
    imported(
        "has no withdrawal of the same quantity; the nearest is a.csv:2",
        "--unpaired record",
        {"a.csv": _OUT, "b.csv": _CAME},
        "deposit BTC 0.999",
        by="--unpaired record",
    ),
    imported(
        "fits more than one deposit, or not one to one",
        "say which belong together: --pair a.csv:2=b.csv:2",
        {"a.csv": _SENT_TWICE, "b.csv": _CAME_ONCE},
        "transfer BTC 1 kraken",
        "transfer BTC 1 cold",
        by="--pair a.csv:2=b.csv:2 --external cold",
    ),
    imported(
        "the two are not a withdrawal and a deposit",
        "or leave this --pair out",
        {"a.csv": _OUT, "b.csv": _CAME_ONCE},
        "transfer BTC 1 kraken",
        run="--pair a.csv:2=a.csv:2",
        by="",
    ),
    imported(
        "1 BTC left coinbase, 2 BTC came to kraken",
        "no more arrives than left",
        {"a.csv": _OUT, "b.csv": kraken("R1|deposit||XXBT|2|0|")},
        "withdraw BTC 1",
        "deposit BTC 2",
        run="--pair a.csv:2=b.csv:2",
        by="--unpaired record",
    ),
    imported(
        "is in another --pair already",
        "keep the one --pair",
        {"a.csv": _SENT_TWICE, "b.csv": _CAME_ONCE},
        "transfer BTC 1 kraken",
        "transfer BTC 1 cold",
        run="--pair a.csv:2=b.csv:2 --pair a.csv:3=b.csv:2 --external cold",
        by="--pair a.csv:2=b.csv:2 --external cold",
    ),
    imported(
        "came from the futures wallet of kraken that never went there",
        "or this export from its beginning",
        {"a.csv": kraken("R1|transfer|spotfromfutures|XXBT|1|0|")},
        "buy BTC 2 100.00",
        then={
            "a.csv": kraken(
                "R9|trade||XXBT|2|0|",
                "R9|trade||ZUSD|-100|0|",
                "R0|transfer|spottofutures|XXBT|-1|0|",
                "R1|transfer|spotfromfutures|XXBT|1|0|",
            )
        },
    ),
    imported(
        "went to the futures wallet of kraken and did not come back",
        "say --still-inside kraken:futures",
        {"a.csv": kraken("R9|trade||XXBT|2|0|", "R9|trade||ZUSD|-100|0|", "R0|transfer|spottofutures|XXBT|-1|0|")},
        "buy BTC 2 100.00",
        by="--still-inside kraken:futures",
    ),
)

_ODD = kucoin(*["BTC-USD|hold|1|1|1|0|USD"] * 5, _BUY)

SAID = (  # what the user says beside the exports
    imported(
        "is not FILE:LINE=FILE:LINE",
        "such as --pair binance.csv:17=ledger.csv:4",
        {"a.csv": _OUT, "b.csv": _CAME, "prices.csv": PRICES},
        "transfer BTC 0.999 kraken",
        run=f"{_KEPT} --pair a.csv:2",
        by=f"{_KEPT} --pair a.csv:2=b.csv:2",
    ),
    imported(
        "is not FILE:LINE=REASON",
        "such as --skip kraken.csv:17=counted elsewhere",
        {"a.csv": kucoin(_BUY, _BUY)},
        _BOUGHT,
        run="--skip a.csv:3",
        by="--skip a.csv:3=twice",
    ),
    imported(
        "gives no reason",
        "write it after the =",
        {"a.csv": kucoin(_BUY, _BUY)},
        _BOUGHT,
        run="--skip a.csv:3=",
        by="--skip a.csv:3=twice",
    ),
    imported(
        "'3-2' is not a line",
        "write lines as 17, 17-19 or 17,21",
        {"a.csv": kucoin(_BUY, _BUY, _BUY)},
        _BOUGHT,
        run="--skip a.csv:3-2=twice",
        by="--skip a.csv:2-3=twice",
    ),
    imported(
        "no export of this import has such a row",
        "lines are counted from 1",
        {"a.csv": kucoin(_BUY, _BUY)},
        _BOUGHT,
        run="--skip a.csv:4=twice",
        by="--skip a.csv:3=twice",
    ),
    imported(
        '"row 2" is not file:line',
        "name rows as kraken.csv:17",
        {
            "a.csv": _PLAIN,
            "m.csv": rows(MANUAL, "2024-03-03T10:00:00Z,kucoin,m,buy,BTC,3,9,row 2"),
        },
        "buy BTC 3 9.00",
        run="--manual m.csv",
        then={"m.csv": rows(MANUAL, "2024-03-03T10:00:00Z,kucoin,m,buy,BTC,3,9,a.csv:2")},
    ),
    imported(
        "a.csv:9 is not a row of this import",
        "or leave origin empty: then the row is added",
        {
            "a.csv": _PLAIN,
            "m.csv": rows(MANUAL, "2024-03-03T10:00:00Z,kucoin,m,buy,BTC,3,9,a.csv:9"),
        },
        "buy BTC 3 9.00",
        _BOUGHT,
        run="--manual m.csv",
        then={"m.csv": rows(MANUAL, "2024-03-03T10:00:00Z,kucoin,m,buy,BTC,3,9,")},
    ),
    imported(
        "is not the time of a.csv:2, which is 2024-03-03T10:00:00Z",
        "name the row's new line in origin",
        {
            "a.csv": kucoin(_BUY, _BUY.replace("buy", "hold")).replace(
                "2024-03-03 10:00:00,BTC-USD,hold", "2024-03-04 10:00:00,BTC-USD,hold"
            ),
            "m.csv": rows(MANUAL, "2024-03-04T10:00:00Z,kucoin,m,buy,BTC,3,9,a.csv:2"),
        },
        "buy BTC 3 9.00",
        _BOUGHT,
        run="--manual m.csv",
        then={"m.csv": rows(MANUAL, "2024-03-04T10:00:00Z,kucoin,m,buy,BTC,3,9,a.csv:3")},
    ),
    imported(
        "the row is in EUR, the import in USD",
        "import with --currency of the row",
        {
            "a.csv": kucoin("BTC-EUR|buy|100|2|200|1|EUR"),
            "prices.csv": PRICES,
            "m.csv": "time,source,id,kind,asset,quantity,amount,currency\n2024-03-04T10:00:00Z,k,m,buy,BTC,3,9,EUR\n",
        },
        "buy BTC 3 9.00",
        _BOUGHT,
        run=f"{_KEPT} --manual m.csv",
        by="--manual m.csv --currency EUR",
    ),
    imported(
        "the row is in EUR, the import in USD",
        "write the row in the currency of the import",
        {
            "a.csv": _PLAIN,
            "m.csv": "time,source,id,kind,asset,quantity,amount,currency\n2024-03-04T10:00:00Z,k,m,buy,BTC,3,9,EUR\n",
        },
        "buy BTC 3 10.00",
        run="--manual m.csv",
        then={
            "m.csv": "time,source,id,kind,asset,quantity,amount,currency\n2024-03-04T10:00:00Z,k,m,buy,BTC,3,10,USD\n"
        },
    ),
    imported(
        "2 more rows have the same problem (lines 5, 6)",
        "the way out is the same",
        {"a.csv": _ODD},
        _BOUGHT,
        by="--skip a.csv:2-6=no",
    ),
    imported(
        "1 more row has the same problem (lines 6)",
        "the way out is the same",
        {"a.csv": _ODD.replace("hold", "buy", 1)},
        _BOUGHT,
        by="--skip a.csv:2-6=no",
    ),
    imported(
        "both say what becomes of moves alone",
        "give one of them",
        {"a.csv": _OUT},
        "withdraw BTC 1",
        run="--external cold --unpaired record",
        by="--unpaired record",
    ),
    imported(
        "--timezone Berlin: is not a time zone",
        "name it as America/New_York",
        {"a.csv": _NEW},
        "buy BTC 0.5 200.00",
        run="--timezone Berlin",
        by="--timezone Europe/Berlin",
    ),
    imported(
        "--market a.csv:9: no export of this import has such a row",
        "name the row of a trade",
        {"a.csv": coinbase("Advanced Trade Buy|BTC|1|1|2|1|")},
        "buy BTC 1 1.00 1.00",
        run="--market a.csv:9=USD",
        by="--market a.csv:2=USD",
    ),
    imported(
        "--market B T C: is not a market",
        "write QUOTE or FILE:LINE=QUOTE",
        {"a.csv": coinbase("Advanced Trade Buy|BTC|1|1|2|1|")},
        "buy BTC 1 1.00 1.00",
        run='--market "B T C"',
        by="--market USD",
    ),
)

WAYS = (*MOVES, *SAID)

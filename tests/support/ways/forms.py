"""Refusals of cells and of whole files, whose way out is an export put right, an option or a map."""

from __future__ import annotations

from tests.support.ways.texts import (
    BINANCE_NEW,
    BINANCE_TRADES,
    BITFINEX,
    BITMEX,
    KRAKEN_TRADES,
    MANUAL,
    MAPPED,
    TREZOR,
    deribit,
    kraken,
    kucoin,
    rows,
)
from tests.support.ways.way import imported

_BUY = "BTC-USD|buy|100|2|200|1|USD"
_BOUGHT = "buy BTC 2 200.00 1.00"
_PLAIN = kucoin(_BUY)
_NEW = rows(BINANCE_NEW, "1,25-03-03 10:00:01,Spot,Buy,BTC,0.5,", "1,25-03-03 10:00:01,Spot,Buy,USD,-200,")
_NIGHT = _NEW.replace("25-03-03 10:00", "24-10-27 02:30")
_HISTORY = rows(
    BINANCE_TRADES,
    "2024-03-03 10:00:01,BTCUSD,BUY,100,1BTC,100USD,0USD",
    "2024-03-03 10:00:01,ETHUSD,BUY,50,2ETH,100USD,0USD",
)
_BOTH_LEGS = kraken("R1|trade||ZUSD|-100|0|", "R1|trade||XXBT|2|0|")
_MARGIN = rows(KRAKEN_TRADES, "t,o,XBT/USD,2024-03-03 10:00:00,buy,limit,100,200,1,2,20,,")

CELLS = (  # what a cell holds
    imported(
        "thousands or decimals",
        "say --decimal-comma a.csv",
        {"a.csv": kucoin('BTC-USD|buy|"1,5"|2|3|0|USD')},
        "buy BTC 2 3.00",
        by="--decimal-comma a.csv",
    ),
    imported(
        "thousands or decimals",
        "in English number format",
        {"a.csv": kucoin('BTC-USD|buy|"1,5"|2|3|0|USD')},
        "buy BTC 2 3.00",
        then={"a.csv": kucoin("BTC-USD|buy|1.5|2|3|0|USD")},
    ),
    imported(
        '"" is empty',
        "complete the cell",
        {"a.csv": kucoin("BTC-USD|buy|100||200|1|USD")},
        _BOUGHT,
        then={"a.csv": _PLAIN},
    ),
    imported(
        "may have lost digits",
        "do not open it in one",
        {"a.csv": kucoin("BTC-USD|buy|100|1.234567E+5|200|1|USD")},
        _BOUGHT,
        then={"a.csv": _PLAIN},
    ),
    imported(
        "has more than 18 decimals",
        "with exact numbers",
        {"a.csv": kucoin("BTC-USD|buy|100|2.0000000000000000001|200|1|USD")},
        _BOUGHT,
        then={"a.csv": _PLAIN},
    ),
    imported(
        '"two" is not a number',
        "do not edit the file in a spreadsheet",
        {"a.csv": kucoin("BTC-USD|buy|100|two|200|1|USD")},
        _BOUGHT,
        then={"a.csv": _PLAIN},
    ),
    imported(
        "is not an amount with its unit",
        "do not edit the file",
        {"a.csv": rows(BINANCE_TRADES, "2024-03-03 10:00:01,BTCUSD,BUY,100,1BTC,100USD,nothing")},
        "buy BTC 1 100.00",
        then={"a.csv": _HISTORY},
    ),
    imported(
        "ambiguous date",
        "say --dates dmy or --dates mdy",
        {"a.csv": _PLAIN.replace("2024-03-03 10", "03.04.2024 10")},
        _BOUGHT,
        run="--timezone UTC",
        by="--timezone UTC --dates dmy",
    ),
    imported(
        "has no time zone",
        "with --timezone, such as UTC, UTC+2",
        {"a.csv": rows(BITMEX, '"3/13/2024, 7:00:00 AM",Deposit,100000,null,,Completed,1')},
        "deposit BTC 0.001",
        run="--unpaired record",
        by="--unpaired record --timezone Europe/Berlin",
    ),
    imported(
        "is not a time of the calendar",
        "check the export",
        {"a.csv": _PLAIN.replace("2024-03-03 10", "2024-02-30 10")},
        _BOUGHT,
        run="--timezone UTC",
        then={"a.csv": _PLAIN},
    ),
    imported(
        "is not a time of the calendar",
        "say --dates dmy or --dates mdy",
        {
            "a.csv": deribit("BTC-PERPETUAL|settlement||1|1|0.1|0|0.1").replace(
                "2024-03-03 10:00:00", "03/13/2024 10:00:00"
            )
        },
        "buy BTC 0.1 6000.00",
        by="--dates mdy",
    ),
    imported(
        "is out of range",
        "times run from 1970 to 2527",
        {"a.csv": _PLAIN.replace("2024", "1969")},
        _BOUGHT,
        run="--timezone UTC",
        then={"a.csv": _PLAIN},
    ),
    imported(
        "is double or missing in Europe/Berlin",
        "export in UTC",
        {"a.csv": _NIGHT},
        "buy BTC 0.5 200.00",
        run="--timezone Europe/Berlin",
        by="--timezone UTC",
    ),
    imported(
        "is double or missing in Europe/Berlin",
        "write the row with its offset into a --manual file",
        {
            "a.csv": _NIGHT,
            "mine.csv": rows(MANUAL, "2024-10-27T02:30:01+01:00,binance,n1,buy,BTC,0.5,200,a.csv:2-3"),
        },
        "buy BTC 0.5 200.00",
        run="--timezone Europe/Berlin",
        by="--timezone Europe/Berlin --manual mine.csv",
    ),
    imported(
        "no date of the file shows whether it is dmy",
        "import it without --dates mdy",
        {
            "a.csv": deribit("BTC-PERPETUAL|settlement||1|1|0.1|0|0.1").replace(
                "2024-03-03 10:00:00", "03/04/2024 10:00:00"
            )
        },
        "buy BTC 0.1 6000.00",
        run="--dates mdy",
        by="",
    ),
    imported(
        "no date of the file shows whether day or month",
        "say it with --dates dmy or --dates mdy",
        {"a.csv": rows(BITMEX, '"3/4/2024, 7:00:00 AM",Deposit,100000,null,,Completed,1')},
        "deposit BTC 0.001",
        run="--unpaired record --timezone UTC",
        by="--unpaired record --timezone UTC --dates mdy",
    ),
    imported(
        "no date of the file shows whether day, month or year",
        "say it with --dates dmy",
        {"a.csv": rows(BITFINEX, "1,Deposit (BITCOIN) #1 on wallet exchange,BTC,1,1,10-11-12 08:00:00,exchange")},
        "deposit BTC 1",
        run="--unpaired record",
        by="--unpaired record --dates ymd",
    ),
    imported(
        "the file does not name the coin of the account",
        "say it with --asset",
        {"a.csv": rows(TREZOR, "2024-03-03,10:00:00,aa11,1abc,IN,0.5,0.5,0.5")},
        "deposit BTC 0.5",
        run="--unpaired record --timezone UTC",
        by="--unpaired record --timezone UTC --asset BTC",
    ),
)

FORMS = (  # what form a file is of
    imported(
        "is not a known format",
        "did you mean kucoin-orders?",
        {"a.csv": _PLAIN},
        _BOUGHT,
        run="--from kucoin-order",
        by="--from kucoin-orders",
    ),
    imported(
        "is not a known format",
        "known formats:",
        {"a.csv": _PLAIN},
        _BOUGHT,
        run="--from 12345",
        by="--from kucoin-orders",
    ),
    imported(
        "is a spreadsheet or a ZIP archive, not text",
        "save it as CSV",
        {"a.csv": "PK\x03\x04 and so on"},
        _BOUGHT,
        then={"a.csv": _PLAIN},
    ),
    imported(
        "is a web page or XML", "export it again", {"a.csv": "<html>log in</html>"}, _BOUGHT, then={"a.csv": _PLAIN}
    ),
    imported("is empty", "export it again, with all rows", {"a.csv": "\n"}, _BOUGHT, then={"a.csv": _PLAIN}),
    imported(
        "is not an export of a known format",
        "proposes a map for it",
        {
            "a.csv": "Foo,Bar,Baz\n2024-03-03 10:00:00,2,BTC\n",
            "here.toml": MAPPED + 'zone="UTC"\ntime="Foo"\n[[row]]\nkind="deposit"\ngot={quantity="Bar",asset="Baz"}\n',
        },
        "deposit BTC 2",
        run="--unpaired record",
        by="--unpaired record --map here.toml",
    ),
    imported(
        "is not an export of a known format",
        "the nearest known header is KuCoin",
        {
            "a.csv": _PLAIN.replace("side", "way"),
            "here.toml": MAPPED
            + 'zone="UTC"\ntime="tradeCreatedAt"\nrequired=["price"]\n[[row]]\nwhen={way="buy"}\nkind="trade"\n'
            'gave={quantity="funds",asset="symbol:quote"}\ngot={quantity="size",asset="symbol:base"}\nfee={quantity="fee",asset="feeCurrency"}\n',
        },
        _BOUGHT,
        by="--map here.toml",
    ),
    imported(
        "has columns that are not known",
        '--ignore-column "mood" reads it without them',
        {"a.csv": _PLAIN.replace("feeCurrency\n", "feeCurrency,mood\n").replace("USD\n", "USD,fine\n")},
        _BOUGHT,
        by="--ignore-column mood",
    ),
    imported(
        "was said to have decimal commas, but no number",
        "import it without --decimal-comma",
        {"a.csv": _PLAIN},
        _BOUGHT,
        run="--decimal-comma a.csv",
        by="",
    ),
    imported(
        "--decimal-comma z.csv: is not a file that is read here",
        "the files are a.csv",
        {"a.csv": _PLAIN.replace(",2,", ',"2,0",')},
        _BOUGHT,
        run="--decimal-comma z.csv",
        by="--decimal-comma a.csv",
    ),
    imported(
        "tell the same trades as",
        "import one of the two",
        {"a.csv": _BOTH_LEGS, "b.csv": _MARGIN},
        "buy BTC 2 100.00",
        then={"b.csv": None},
    ),
    imported(
        "--source names one account",
        "without --source",
        {"a.csv": _PLAIN, "b.csv": _BOTH_LEGS},
        _BOUGHT,
        "buy BTC 2 100.00",
        run="--source me",
        by="",
    ),
    imported(
        '--source: "a/b" has a / or ;',
        "use another character",
        {"a.csv": _PLAIN},
        _BOUGHT,
        run="--source a/b",
        by="--source a-b",
    ),
)

WAYS = (*CELLS, *FORMS)

"""What all importers share: recognition, prices, pairing of moves, order, copies, options."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from zkharvest.errors import UsageError
from zkharvest.trades.importers import NAMES, import_exports
from zkharvest.trades.importers.detect import FORMATS

KRAKEN = "txid,refid,time,type,aclass,asset,amount,fee,balance\n"
COINBASE = (
    "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,"
    "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes\n"
)
BTC_PRICE = "time,asset,price\n2024-03-03,BTC,60000\n2024-03-04,BTC,61000\n"


def out(n: int, time: str, quantity: str, fee: str = "0") -> str:
    return f"K{n},R{n},2024-03-{time},withdrawal,currency,XXBT,-{quantity},{fee},0\n"


def into(n: int, time: str, quantity: str) -> str:
    return f"C{n},2024-03-{time} UTC,Receive,BTC,{quantity},USD,60000,,,,\n"


# Recognition


def test_an_unknown_header_is_answered_with_the_nearest(bring) -> None:
    assert bring.problems(KRAKEN.replace("fee", "commission")) == ["a.csv:1: is not an export of a known format"]
    assert bring.hints(KRAKEN.replace("fee", "commission")) == [
        (
            'the nearest known header is Kraken ledgers: it lacks "fee"; "commission" is new; '
            "`trades map` proposes a map for a header that is not known"
        )
    ]
    assert bring.hints("preamble\n\n" + COINBASE.replace("Notes", "Notes,Memo,Tag")) == [
        (
            'it is Coinbase transactions with columns that are new: "Memo", "Tag"; if they say nothing that changes '
            'what the rows are (a status would), --ignore-column "Memo" --ignore-column "Tag" reads it without them; '
            "else `trades map`"
        )
    ]
    assert "known are: Coinbase transactions, " in bring.hints("a,b\n1,2\n")[0]
    assert bring.problems("") == ["a.csv: is empty"]


def test_the_name_of_a_file_means_nothing(tmp_path: Path) -> None:
    path = tmp_path / "coinbase.csv"
    path.write_text(KRAKEN)
    assert import_exports([path]).trades == []
    assert import_exports([path], fmt="kraken").trades == []
    assert import_exports([path], fmt="kraken-ledgers").trades == []


def test_formats_are_told_apart_by_their_headers() -> None:
    headers = {form.title: [column.split("|")[0] for column in form.required] for form in FORMATS}
    for form, (title, header) in itertools.product(FORMATS, headers.items()):
        assert (form.places(header) is not None) == (form.title == title)
    assert set(NAMES) == {form.name for form in FORMATS}


def test_columns_in_any_order_and_letter_case(bring) -> None:
    text = "Time,Type,Asset,Amount,Fee,TXID,RefId,aclass,balance\n2024-03-03 10:00:00,dividend,XETH,1,0,K1,R1,c,0\n"
    assert bring.rows(text, prices="time,asset,price\n2024-03-03,ETH,3000\n") == [
        "2024-03-03T10:00:00Z,kraken,K1,income,ETH,1,3000.00,,,"
    ]


def test_broken_rows(bring) -> None:
    assert bring.problems(KRAKEN + "K1,R1\n" + "1,2,3,4,5,6,7,8,9,10\n" + '\n,,\n"open\n') == [
        "a.csv:2: has 2 cells, the header has 9",
        "a.csv:3: has 10 cells, the header has 9",
        "a.csv:6: is broken at or after this line: unexpected end of data",
    ]


# Order and copies


def test_rows_that_two_exports_tell_are_taken_once(bring) -> None:
    buy = "b,2024-02-29 12:00:00 UTC,Buy,BTC,0.5,USD,60000,30000,30000,0,\n"
    later = "c,2024-03-01 12:00:00 UTC,Buy,BTC,0.5,USD,60000,30000,30000,0,\n"
    assert len(bring.rows(COINBASE + buy, COINBASE + buy + later)) == 2
    assert bring.notes(COINBASE + buy, COINBASE + buy + later) == [
        "b.csv: 1 row: duplicate of a row in another file of this import, left out"
    ]
    assert bring.problems(COINBASE + buy, COINBASE + buy.replace("0.5", "0.6")) == [
        'b.csv:2: the id "b" is also that of a.csv:2'
    ]
    twice = "a.csv: 1 row: a row that the file tells twice, taken once"
    assert bring.notes(COINBASE + buy + COINBASE + buy) == [twice]
    cut = buy.replace("b,", "1.23E+15,")  # an id that a spreadsheet took for a number tells nothing
    assert bring.problems(COINBASE + cut + cut) == ['a.csv:3: the id "1.23E+15" is also that of a.csv:2']


def test_equal_times_keep_the_order_of_files_and_rows(bring) -> None:
    row = "{},2024-02-29 12:00:00 UTC,Buy,BTC,1,USD,1,1,1,0,\n"
    one = COINBASE + row.format("b") + row.format("a")
    two = KRAKEN + "K1,R1,2024-02-29 12:00:00,dividend,c,XETH,1,0,0\n"
    rows = bring.rows(one, two, prices="time,asset,price\n2024-02-29,ETH,1\n")
    assert [r.split(",")[2] for r in rows] == ["b", "a", "K1"]


# Pairing


def test_a_transfer_needs_both_sides(bring) -> None:
    kraken, coinbase = KRAKEN + out(1, "03 10:00:00", "0.5", "0.0001"), COINBASE + into(1, "03 10:20:00", "0.5")
    assert bring.rows(kraken, coinbase, prices=BTC_PRICE) == [
        "2024-03-03T10:00:00Z,kraken,K1,transfer,BTC,0.5,,,coinbase,",
        "2024-03-03T10:00:00Z,kraken,K1-fee,spend,BTC,0.0001,6.00,,,",
    ]
    assert bring.problems(kraken, coinbase) == ["a.csv:2: the value of 0.0001 BTC in USD is not in the file"]
    assert bring.problems(kraken, prices=BTC_PRICE) == [
        "a.csv:2: this withdrawal of 0.5 BTC has no deposit of the same quantity"
    ]
    assert bring.problems(coinbase) == ["a.csv:2: this deposit of 0.5 BTC has no withdrawal of the same quantity"]


def test_an_unequal_deposit_is_shown_but_not_taken(bring) -> None:
    kraken, coinbase = KRAKEN + out(1, "03 10:00:00", "0.5"), COINBASE + into(1, "03 10:20:00", "0.4999")
    assert bring.problems(kraken, coinbase) == [
        (
            "a.csv:2: this withdrawal of 0.5 BTC has no deposit of the same quantity; "
            "the nearest is b.csv:2 (0.4999 at 2024-03-03T10:20:00Z)"
        ),
        (
            "b.csv:2: this deposit of 0.4999 BTC has no withdrawal of the same quantity; "
            "the nearest is a.csv:2 (0.5 at 2024-03-03T10:00:00Z)"
        ),
    ]


@pytest.mark.parametrize(
    ("deposit", "pairs"),
    [
        ("03 10:00:00", True),
        ("05 10:00:00", True),
        ("05 10:00:01", False),
        ("03 09:59:00", True),
        ("03 09:58:59", False),
    ],
)
def test_the_window(bring, deposit: str, pairs: bool) -> None:
    kraken, coinbase = KRAKEN + out(1, "03 10:00:00", "0.5"), COINBASE + into(1, deposit, "0.5")
    if pairs:
        assert len(bring.rows(kraken, coinbase)) == 1
    else:
        assert len(bring.problems(kraken, coinbase)) == 2


def test_equal_moves_one_way_pair_in_order(bring) -> None:
    kraken = KRAKEN + out(1, "03 10:00:00", "0.5") + out(2, "03 11:00:00", "0.5") + out(3, "09 11:00:00", "0.5")
    coinbase = COINBASE + into(1, "03 12:00:00", "0.5") + into(2, "03 13:00:00", "0.5") + into(3, "09 12:00:00", "0.5")
    assert [r.split(",")[2] for r in bring.rows(kraken, coinbase)] == ["K1", "K2", "K3"]


def test_a_match_that_is_not_certain_is_refused(bring) -> None:
    kraken = KRAKEN + out(1, "03 10:00:00", "0.5")
    coinbase = COINBASE + into(1, "03 12:00:00", "0.5") + into(2, "03 13:00:00", "0.5")
    assert bring.problems(kraken, coinbase) == [
        "a.csv:2: this withdrawal of 0.5 BTC fits more than one deposit, or not one to one: b.csv:2, b.csv:3",
        "b.csv:2: this deposit of 0.5 BTC fits more than one withdrawal, or not one to one: a.csv:2",
        "b.csv:3: this deposit of 0.5 BTC fits more than one withdrawal, or not one to one: a.csv:2",
    ]


def test_an_external_wallet_takes_what_is_left(bring) -> None:
    kraken = KRAKEN + out(1, "03 10:00:00", "0.5") + out(2, "04 10:00:00", "0.25", "0.0001")
    coinbase = COINBASE + into(1, "03 12:00:00", "0.5") + into(2, "06 12:00:00", "0.125")
    assert bring.rows(kraken, coinbase, external="cold", prices=BTC_PRICE) == [
        "2024-03-03T10:00:00Z,kraken,K1,transfer,BTC,0.5,,,coinbase,",
        "2024-03-04T10:00:00Z,kraken,K2,transfer,BTC,0.25,,,cold,",
        "2024-03-04T10:00:00Z,kraken,K2-fee,spend,BTC,0.0001,6.10,,,",
        "2024-03-06T12:00:00Z,cold,coinbase:C2,transfer,BTC,0.125,,,coinbase,",
    ]


def test_a_transfer_stands_where_its_withdrawal_stood(bring) -> None:
    kraken = KRAKEN + (
        "K1,T1,2024-03-03 10:00:00,trade,c,ZUSD,-1,0,0\nK2,T1,2024-03-03 10:00:00,trade,c,XXBT,1,0,0\n"
        + out(3, "03 10:00:00", "1")
    )
    assert [r.split(",")[3] for r in bring.rows(kraken, external="cold")] == ["buy", "transfer"]


def test_both_ways_at_once(bring) -> None:
    kraken = KRAKEN + out(1, "03 10:00:00", "1") + "K2,R2,2024-03-03 18:00:00,deposit,c,XXBT,1,0,0\n"
    send = "C2,2024-03-03 14:00:00 UTC,Send,BTC,-1,USD,60000,,,,\n"
    rows = bring.rows(kraken, COINBASE + into(1, "03 12:00:00", "1") + send)
    assert [(r.split(",")[1], r.split(",")[8]) for r in rows] == [("kraken", "coinbase"), ("coinbase", "kraken")]


# Prices


def test_prices_by_instant_before_day(bring) -> None:
    text = KRAKEN + "".join(f"K{n},R{n},2024-03-03 10:00:0{n},dividend,c,XETH,2,0,0\n" for n in (0, 1))
    prices = "time,asset,price\n2024-03-03,ETH,10.5\n2024-03-03T10:00:01Z,ETH,11.000000003\n"
    assert bring.rows(text, prices=prices) == [
        "2024-03-03T10:00:00Z,kraken,K0,income,ETH,2,21.00,,,",
        "2024-03-03T10:00:01Z,kraken,K1,income,ETH,2,22.00000001,,,",
    ]
    assert bring.problems(text, prices=prices.replace("2024-03-03,", "2024-03-02,")) == [
        "a.csv:2: the value of 2 ETH in USD is not in the file"
    ]


def test_every_problem_of_a_price_file(bring) -> None:
    prices = (
        "time,asset,price\n2024-03-03,ETH,-1\n2024-02-30,ETH,1\n3/3/2024,ETH,1\n2024-03-03,,1\n"
        "2024-03-04,ETH,1\n2024-03-04,ETH,2\n2024-03-04,ETH,1\n2024-03-05,ETH\n2024-03-06,ETH,0\n"
    )
    assert bring.problems(KRAKEN, prices=prices) == [
        'prices.csv:2:price: "-1" is negative',
        'prices.csv:3:time: "2024-02-30" is not a day of the calendar',
        'prices.csv:4:time: "3/3/2024" is an ambiguous date (day or month first?)',
        'prices.csv:5:asset: "" is empty',
        'prices.csv:7:price: "2" for a time and asset priced otherwise in prices.csv:6',
        "prices.csv:9: has 2 cells",
    ]
    assert bring.problems(KRAKEN, prices="when,asset,price\n") == ["prices.csv:1: the columns are time, asset, price"]
    assert bring.problems(KRAKEN, prices="") == ["prices.csv: is empty"]


# Options


def test_source(bring) -> None:
    text = COINBASE + "b,2024-02-29 12:00:00 UTC,Buy,BTC,0.5,USD,60000,30000,30000,0,\n"
    assert bring.rows(text, source="coinbase:joint")[0].split(",")[1] == "coinbase:joint"
    with pytest.raises(UsageError, match="--source names one account"):
        bring(text, KRAKEN, source="both")


@pytest.mark.parametrize(
    "options",
    [{"fmt": "krakn"}, {"source": "a/b"}, {"external": ""}, {"timezone": "Mars/Olympus"}, {"timezone": "../x"}],
)
def test_options_that_do_not_fit(bring, options: dict[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        bring(KRAKEN, **options)
    assert caught.value.hint


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        import_exports([tmp_path / "missing.csv"])


# Identified lots


def test_lots_that_the_taxpayer_identified(bring, tmp_path: Path) -> None:
    buy = "{0},2024-02-2{0} 12:00:00 UTC,Buy,BTC,0.5,USD,60000,30000,30000,0,\n"
    sell = "{0},2024-03-0{0} 12:00:00 UTC,Sell,BTC,0.75,USD,60000,30000,30000,0,\n"
    text = COINBASE + buy.format(1) + buy.format(2) + sell.format(3) + sell.format(4).replace("0.75", "0.25")
    path = tmp_path / "lots.csv"
    path.write_text("trade,lots\ncoinbase/3,2:0.5;coinbase/1:0.25\n")
    assert [r.split(",")[-1] for r in bring.rows(text, lots=path)] == ["", "", "2:0.5;coinbase/1:0.25", ""]
    path.write_text(
        "trade,lots\ncoinbase/3,2:0.5\ncoinbase/1,2:0.5\nkraken/3,1:1\ncoinbase/4,1\ncoinbase/4\n"
        "coinbase/4,1:0.25\ncoinbase/4,2:0.25\n"
    )
    assert [p.replace(f"{tmp_path}/", "") for p in bring.problems(text, lots=path)] == [
        "lots.csv:2:lots: lots add up to 0.5, the trade has 0.75",
        'lots.csv:3:trade: "coinbase/1" is a buy, which takes no lots',
        'lots.csv:4:trade: "kraken/3" is not a trade of this import',
        'lots.csv:5:lots: "1" is not a lot',
        "lots.csv:6: has 1 cells",
        'lots.csv:8:trade: "coinbase/4" is named twice',
    ]
    path.write_text("")
    assert bring.problems(text, lots=path) == ["lots.csv: is empty"]
    path.write_text("lots,trade\n")
    assert bring.problems(text, lots=path) == ["lots.csv:1: the columns are trade, lots"]


def test_quotes_that_are_not_closed(bring, tmp_path: Path) -> None:
    assert bring.problems(KRAKEN, prices='time,asset,price\n"2024') == [
        "prices.csv:1: is broken at or after this line: unexpected end of data"
    ]
    (tmp_path / "lots.csv").write_text('trade,lots\n"a')
    assert bring.problems(KRAKEN, lots=tmp_path / "lots.csv")[0].endswith("unexpected end of data")


def test_times_out_of_range(bring) -> None:
    rows = "K1,R1,1969-03-03 10:00:00,dividend,c,XETH,1,0,0\nK2,R2,2024-02-30 10:00:00,dividend,c,XETH,1,0,0\n"
    assert bring.problems(KRAKEN + rows) == [
        'a.csv:2:time: "1969-03-03 10:00:00" is out of range',
        'a.csv:3:time: "2024-02-30 10:00:00" is not a time of the calendar',
    ]


def test_a_coin_that_is_renamed_on_the_way(bring) -> None:
    text = COINBASE + (
        "c1,2024-01-01 10:00:00 UTC,Buy,MATIC,100,USD,1,100,101,1,\n"
        "c2,2025-03-03 10:00:00 UTC,Send,MATIC,-100,USD,1,,,,\n"
    )
    kraken = KRAKEN + "K1,R1,2025-03-03 10:00:00,deposit,c,POL,100,0,100\n"
    kraken += "K2,R2,2025-03-03 10:00:00,trade,c,POL,-100,0,0\n"
    kraken += "K3,R2,2025-03-03 10:00:00,trade,c,ZUSD,30,0,30\n"
    for files in ((text, kraken), (kraken, text)):
        assert bring.table(*files, columns="source kind asset quantity to into") == [
            "coinbase buy MATIC 100  ",
            "coinbase transfer MATIC 100 kraken ",
            "kraken convert MATIC 100  POL",
            "kraken sell POL 100  ",
        ]
    wrong = kraken.replace("POL,100,0,100", "POL,99,0,99").replace("POL,-100", "POL,-99")
    assert len(bring.problems(text, wrong)) == 2


def test_a_line_that_is_not_a_row_has_a_way_out_too(bring) -> None:
    buy = "b{0},2024-02-29 12:00:0{0} UTC,Buy,BTC,0.5,USD,60000,30000,30000,0,\n"
    text = COINBASE + buy.format(1) + 'b2,""x,2024\n' + buy.format(3) + "b4,short\n" + buy.format(5)
    assert bring.problems(text) == [
        "a.csv:3: is broken at or after this line: ',' expected after '\"'",
        "a.csv:5: has 2 cells, the header has 11",
    ]
    assert all("--skip a.csv:" in hint for hint in bring.hints(text))
    rows = bring.rows(text, skip=["a.csv:3,5=not rows"])
    assert [row.split(",")[2] for row in rows] == ["b1", "b3", "b5"]

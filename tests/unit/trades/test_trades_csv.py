"""The canonical CSV: what it takes, what it refuses and where, and that it comes back exactly."""

from __future__ import annotations

import string
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.errors import InputError, UsageError
from zkharvest.spec import MAGICS
from zkharvest.trades import Kind, LotPick, Trade, load_trades
from zkharvest.trades.csv_in import check_trades, trades_from_text
from zkharvest.trades.csv_out import trades_to_text
from zkharvest.trades.model import (
    CATEGORIES,
    CATEGORISED,
    MONEY_LIMIT,
    OPENS_LOT,
    QUANTITY_LIMIT,
    TIME_LIMIT,
    WITHOUT_FEE,
    WITHOUT_VALUE,
    agreed_currency,
    in_order,
)

HEADER = "time,source,id,kind,asset,quantity,amount,fee,to,lots\n"
GOOD = "2024-02-29T12:00:00Z,kraken,T1,buy,BTC,0.5,30000,12.5,,\n"
UNIT = 10**18
CENT = 10**6


def problems(text: str) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        trades_from_text(text, "t.csv")
    assert all(p.hint for p in caught.value.problems)
    return [(p.where, p.message) for p in caught.value.problems]


def test_a_row_becomes_a_trade() -> None:
    assert trades_from_text(HEADER + GOOD, "t.csv") == [
        Trade(1709208000000, "kraken", "T1", Kind.BUY, "BTC", UNIT // 2, 3_000_000 * CENT, 1250 * CENT)
    ]


def test_every_kind() -> None:
    text = HEADER + (
        "2024-01-01T00:00:00Z,k,1,buy,BTC,1,100,,,\n"
        "2024-01-01T00:00:01Z,k,2,income,BTC,1,100,-1,,\n"
        "2024-01-01T00:00:02Z,k,3,transfer,BTC,0.5,,,w,1:0.25;k/2:0.25\n"
        "2024-01-01T00:00:03Z,k,4,sell,BTC,0.5,60,1,,\n"
        "2024-01-01T00:00:04Z,k,5,spend,BTC,0.1,12,,,\n"
        "2024-01-01T00:00:05Z,k,6,short,P,1,5,1,,\n"
        "2024-01-01T00:00:06Z,k,7,cover,P,0.5,3,,,\n"
        "2024-01-01T00:00:07Z,k,8,expire,P,0.5,,,,\n"
    )
    trades = trades_from_text(text, "t.csv")
    assert [t.kind for t in trades] == [1, 3, 8, 2, 4, 6, 7, 5]
    assert trades[1].fee == -100 * CENT
    assert trades[2].to == "w"
    assert trades[2].lots == (LotPick("1", UNIT // 4), LotPick("k/2", UNIT // 4))
    assert [t.line for t in trades] == list(range(2, 10))
    assert trades[0].ref == "k/1"


def test_order_of_columns_quotes_and_blank_lines() -> None:
    text = 'lots,to,fee,amount,quantity,asset,kind,id,source,time\r\n\r\n,,,"1",1,BTC,buy,"a,b",k,2024-01-01T00:00Z\r\n'
    trades = trades_from_text(text, "t.csv")
    assert trades == [Trade(1704067200000, "k", "a,b", Kind.BUY, "BTC", UNIT, 100 * CENT)]
    assert trades[0].line == 3


def test_order_is_by_time_and_equal_times_keep_the_order_of_the_file() -> None:
    row = "2024-01-0{}T00:00:00Z,{},{},buy,BTC,1,1,,,\n"
    text = (
        HEADER + row.format(2, "b", "z") + row.format(2, "a", "y") + row.format(1, "b", "x") + row.format(2, "b", "w")
    )
    assert [t.id for t in trades_from_text(text, "t.csv")] == ["x", "z", "y", "w"]


def test_all_problems_of_all_cells_at_once() -> None:
    text = HEADER + GOOD + "yesterday,,a/b,swap,BTC,-1,1e5,$1,,x\n" + "2024-01-01T00:00:00Z,k,2,sell,BTC,1,,,,\n"
    assert problems(text) == [
        ("t.csv:3:time", '"yesterday" names its zone in letters'),
        ("t.csv:3:source", '"" is empty'),
        ("t.csv:3:id", '"a/b" has a / or ;'),
        ("t.csv:3:kind", '"swap" is not a kind'),
        ("t.csv:3:quantity", '"-1" is negative'),
        ("t.csv:3:amount", '"1e5" is in exponent notation'),
        ("t.csv:3:fee", '"$1" carries a currency or unit'),
        ("t.csv:3:lots", '"x" is not a lot'),
        ("t.csv:4:amount", '"" is empty'),
    ]


@pytest.mark.parametrize(
    ("row", "where", "message"),
    [
        ("2024-01-01T00:00:00Z,k,1,expire,P,1,5,,,", "t.csv:2:amount", '"5" given for expire'),
        ("2024-01-01T00:00:00Z,k,1,transfer,P,1,0,,w,", "t.csv:2:amount", '"0" given for transfer'),
        ("2024-01-01T00:00:00Z,k,1,transfer,P,1,,,,", "t.csv:2:to", "is empty"),
        ("2024-01-01T00:00:00Z,k,1,transfer,P,1,,,k,", "t.csv:2:to", '"k" is where it came from'),
        ("2024-01-01T00:00:00Z,k,1,transfer,P,1,,1,w,", "t.csv:2:fee", "a transfer carries no fee"),
        ("2024-01-01T00:00:00Z,k,1,buy,P,1,5,,w,", "t.csv:2:to", '"w" given for buy'),
        ("2024-01-01T00:00:00Z,k,1,buy,P,1,5,-6,,", "t.csv:2:fee", "amount and fee together are below zero"),
        ("2024-01-01T00:00:00Z,k,1,short,P,1,5,6,,", "t.csv:2:fee", "amount less fee are below zero"),
        (
            "2024-01-01T00:00:00Z,k,1,sell,P,1,184467440737,1,,",
            "t.csv:2:fee",
            "amount and fee together are too large",
        ),
        ("2024-01-01T00:00:00Z,k,1,buy,P,1,5,,,a:1", "t.csv:2:lots", "given for buy"),
        ("2024-01-01T00:00:00Z,k,1,sell,P,1,5,,,a:0.5;a:0.5", "t.csv:2:lots", "names a lot twice"),
        ("2024-01-01T00:00:00Z,k,1,sell,P,1,5,,,a:0.5", "t.csv:2:lots", "lots add up to 0.5, the row has 1"),
        ("2024-01-01T00:00:00Z,k,1,sell,P,1,5,,,a:0.5;b:x", "t.csv:2:lots", '"x" is not a decimal number'),
        ("2024-01-01T00:00:00Z,k,1,sell,P,1,5,,", "t.csv:2", "has 9 cells, the header has 10"),
        ("2024-01-01T00:00:00Z,k,1,Buy,P,1,5,,,", "t.csv:2:kind", '"Buy" is not a kind'),
    ],
)
def test_one_problem_in_its_place(row: str, where: str, message: str) -> None:
    assert problems(f"{HEADER}{row}\n") == [(where, message)]


def test_a_wrong_kind_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        trades_from_text(HEADER + GOOD.replace(",buy,", ",Transfers,"), "t.csv")
    assert caught.value.problems[0].hint.startswith("did you mean transfer?")


def test_a_dust_sale_with_a_fee_above_its_amount_is_fine() -> None:
    assert trades_from_text(HEADER + "2024-01-01T00:00:00Z,k,1,sell,P,1,0.01,0.5,,\n", "t.csv")[0].fee == 50 * CENT


def test_ids_are_unique_within_their_source() -> None:
    text = HEADER + GOOD + GOOD.replace("kraken", "coinbase") + "\n" + GOOD
    assert problems(text) == [("t.csv:5:id", '"T1" was used for this source in line 2')]


def test_two_spellings_of_one_name_are_refused() -> None:
    text = (
        HEADER
        + GOOD
        + GOOD.replace(",T1,", ",T2,").replace("BTC", "btc")
        + GOOD.replace(",T1,", ",T3,").replace("kr", "Kr")
    )
    assert problems(text) == [
        ("t.csv:3:asset", '"btc" is also written "BTC"'),
        ("t.csv:4:source", '"Kraken" is also written "kraken"'),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("t.csv", "is empty")]),
        ("\n\n", [("t.csv", "is empty")]),
        ("time;source;id\n", [("t.csv:1", "the columns are not separated by commas")]),
        (
            HEADER.replace("fee", "fees").replace("lots", "note,id"),
            [
                ("t.csv:1:fees", '"fees" is not a column of the trades CSV'),
                ("t.csv:1:note", '"note" is not a column of the trades CSV'),
                ("t.csv:1:id", "the column occurs 2 times"),
            ],
        ),
        (
            HEADER + '2024-01-01T00:00:00Z,k,"1\n',
            [("t.csv:1", "is broken at or after this line: unexpected end of data")],
        ),
    ],
)
def test_headers_and_broken_files(text: str, expected: list[tuple[str, str]]) -> None:
    assert problems(text) == expected


def test_a_header_alone_is_an_empty_ledger() -> None:
    assert trades_from_text(HEADER, "t.csv") == []


def test_files_that_are_no_utf8_text(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes((HEADER + GOOD).encode() + b"\xff\n")
    assert [(p.where, p.message) for p in check_trades(path)] == [(f"{path}:3", "byte 110 is not UTF-8")]
    path.write_bytes((HEADER + GOOD).encode("utf-16"))
    assert check_trades(path)[0].hint == "it is UTF-16; save it as UTF-8"
    path.write_bytes(b"PK\x03\x04\xff")
    assert "spreadsheet" in check_trades(path)[0].hint
    with pytest.raises(UsageError, match="cannot be read"):
        load_trades(tmp_path / "missing.csv")


def test_files_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"\xef\xbb\xbf" + (HEADER + GOOD).encode())
    assert len(load_trades(path)) == 1
    assert check_trades(path) == []


NAMES = st.text(string.ascii_letters + string.digits + ':._-,"ü ', min_size=1, max_size=12).filter(
    lambda s: s == s.strip() and "  " not in s
)


@st.composite
def trades(draw: st.DrawFn) -> list[Trade]:
    """Any valid trades with unique references, in the order of the ledger."""
    keys = draw(st.lists(st.tuples(st.sampled_from(["k", "w:1", "Übersee"]), NAMES), max_size=12, unique=True))
    out = []
    stated = draw(st.sampled_from(["", "USD", "EUR"]))
    for source, id_ in keys:
        kind = draw(st.sampled_from(Kind))
        currency = stated
        quantity = draw(st.integers(2, QUANTITY_LIMIT - 1) | st.integers(2, 10**20))
        plain = kind in WITHOUT_VALUE
        amount = 0 if plain else draw(st.integers(0, MONEY_LIMIT // 2 - 1))
        fee = 0 if kind in WITHOUT_FEE else draw(st.integers(0, MONEY_LIMIT // 2 - 1) | st.just(0))
        if kind is Kind.SHORT:
            fee = min(fee, amount)
        elif draw(st.booleans()) and not plain:
            fee = -min(fee, amount)
        lots: tuple[LotPick, ...] = ()
        if kind not in OPENS_LOT and draw(st.booleans()):
            part = draw(st.integers(1, quantity - 1))
            lots = (LotPick("a", part), LotPick("k/b:c", quantity - part))
        to = "elsewhere" if kind is Kind.TRANSFER else ""
        moment = draw(st.integers(0, TIME_LIMIT - 1) | st.just(1709208000000))
        asset = draw(st.sampled_from(["BTC", "ETH-27DEC26-80000-P"]))
        more = {"currency": currency, "group": draw(st.sampled_from(["", "swap 1"]))}
        more |= {
            "chain_ref": draw(st.sampled_from(["", "bitcoin:ab12:0"])),
            "origin": draw(st.sampled_from(["", "k.csv:7"])),
        }
        if kind is Kind.CONVERT:
            more |= {"into": "POL", "into_quantity": quantity // 2}
        if kind is Kind.DEPOSIT:
            more["acquired"] = draw(
                st.sampled_from([None, min(moment, 12345), date(1999, 12, 31) if moment > 10**12 else None])
            )
        if kind in CATEGORISED:
            more["category"] = draw(st.sampled_from(["", *CATEGORIES]))
        out.append(Trade(moment, source, id_, kind, asset, quantity, amount, fee, to, lots, **more))
    return in_order(out)


@given(trades())
@settings(max_examples=60)
def test_what_is_written_is_read_back_exactly(ledger: list[Trade]) -> None:
    text = trades_to_text(ledger)
    assert trades_from_text(text, "t.csv") == ledger
    assert trades_to_text(trades_from_text(text, "t.csv")) == text


@pytest.mark.parametrize("magic", MAGICS)
def test_another_file_of_ours_is_named(tmp_path: Path, magic: bytes) -> None:
    """Not "byte 0 is not UTF-8": nobody should save a package as UTF-8."""
    (tmp_path / "given").write_bytes(magic + b"\x01\xff")
    with pytest.raises(UsageError, match="given: not a trades CSV") as raised:
        load_trades(tmp_path / "given")
    assert "another of zkharvest's files" in str(raised.value.hint)


WIDE = (
    "time,source,id,kind,asset,quantity,amount,currency,into,into_quantity,acquired,group,ref,category,origin,to,fee\n"
)


def wide(*cells: str) -> str:
    """A file of one row per argument; the time and the source come before, empty cells after."""
    rows = [f"2024-01-01T00:00:00Z,k,{n},{row}" for n, row in enumerate(cells, start=1)]
    return WIDE + "".join(row + "," * (WIDE.count(",") - row.count(",")) + "\n" for row in rows)


def test_the_documented_example_is_read() -> None:
    page = (Path(__file__).parents[3] / "docs" / "trades-csv.md").read_text()
    text = page.partition("```csv\n")[2].partition("```")[0]
    rows = trades_from_text(text, "t.csv")
    assert [row.kind.word for row in rows] == ["buy", "transfer", "sell", "buy"]
    assert {row.currency for row in rows} == {"USD"}
    assert [row.group for row in rows] == ["", "", "S1", "S1"]
    assert (rows[1].to, rows[0].fee) == ("ledger-nano", 1260 * CENT)


def test_deposits_withdrawals_and_conversions() -> None:
    deposit, unexplained, withdraw, convert = trades_from_text(
        wide(
            "deposit,BTC,1,20000,USD,,,2021-05-03,,bitcoin:ab:0,gift,old.csv:3",
            "deposit,BTC,2,,USD,,,2021-05-03T12:00:00Z",
            "withdraw,BTC,0.5,,USD,,,,,bitcoin:cd:1,lost",
            "convert,MATIC,100,,USD,POL,100",
        ),
        "t.csv",
    )
    assert (deposit.kind, deposit.amount, deposit.acquired) == (Kind.DEPOSIT, 2_000_000 * CENT, date(2021, 5, 3))
    assert (deposit.chain_ref, deposit.category, deposit.origin) == ("bitcoin:ab:0", "gift", "old.csv:3")
    assert (deposit.unexplained, unexplained.unexplained, unexplained.acquired) == (False, True, 1620043200000)
    assert (withdraw.kind, withdraw.category, withdraw.amount) == (Kind.WITHDRAW, "lost", 0)
    assert (convert.into, convert.into_quantity) == ("POL", 100 * UNIT)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("buy,BTC,1,1,US$", ("currency", '"US$" is not a currency')),
        ("convert,BTC,1,", ("into", "is empty")),
        ("convert,BTC,1,,,BTC,1", ("into", '"BTC" is what was given')),
        ("convert,BTC,1,5,,WBTC,1", ("amount", '"5" given for convert')),
        ("convert,BTC,1,,,WBTC,0", ("into_quantity", '"0" is zero')),
        ("buy,BTC,1,1,,WBTC,", ("into", '"WBTC" given for buy')),
        ("buy,BTC,1,1,,,2", ("into_quantity", "given for buy")),
        ("buy,BTC,1,1,,,,2021-05-03", ("acquired", "given for buy")),
        ("deposit,BTC,1,1,,,,2024-01-03", ("acquired", "is later than the row's time")),
        ("deposit,BTC,1,1,,,,2021-02-29", ("acquired", '"2021-02-29" is not a day of the calendar')),
        ("deposit,BTC,1,1,,,,1066-10-14", ("acquired", '"1066-10-14" is out of range')),
        ("withdraw,BTC,1,9", ("amount", '"9" given for withdraw')),
        ("buy,BTC,1,1,,,,,,,gift", ("category", '"gift" given for buy')),
        ("income,BTC,1,1,,,,,,,stake", ("category", '"stake" is not a category')),
        ("income,BTC,1,1,,,,,a/b", ("group", '"a/b" has a / or ;')),
        ("deposit,BTC,1,1,,,,,,,,,w", ("to", '"w" given for deposit')),
        ("deposit,BTC,1,1,,,,,,,,,,1", ("fee", "a deposit carries no fee")),
    ],
)
def test_the_new_columns_belong_to_their_kinds(row: str, expected: tuple[str, str]) -> None:
    column, message = expected
    assert (f"t.csv:2:{column}", message) in problems(wide(row))


def test_a_file_has_one_currency() -> None:
    two = wide("buy,BTC,1,1,USD", "buy,BTC,1,1,EUR", "buy,BTC,1,1,")
    assert problems(two) == [
        ("t.csv:3:currency", '"EUR" here, "USD" in line 2'),
        ("t.csv:4:currency", 'is empty here, "USD" in line 2'),
    ]


def test_a_currency_is_stated_or_asked_for_and_never_assumed() -> None:
    euros = trades_from_text(wide("buy,BTC,1,1,EUR"), "t.csv")
    silent = trades_from_text(HEADER + GOOD, "t.csv")
    assert agreed_currency(euros, None) == agreed_currency(euros, "EUR") == agreed_currency(silent, "EUR") == "EUR"
    with pytest.raises(InputError, match="amounts in EUR, not in USD"):
        agreed_currency(euros, "USD")
    with pytest.raises(InputError, match="do not state their currency"):
        agreed_currency(silent, None)
    with pytest.raises(InputError, match=r't\.csv:2: no currency, other rows say "EUR"'):
        agreed_currency([*euros, *silent], None)


def test_a_group_has_sixteen_legs() -> None:
    legs = ["income,BTC,1,1,,,,,swap"] * 16
    assert len(trades_from_text(wide(*legs), "t.csv")) == 16
    assert problems(wide(*legs, legs[0])) == [("t.csv:18:group", '"swap" has more than 16 rows')]

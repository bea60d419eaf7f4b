"""Read by columns, a file is what it is row by row; and whatever is not in order is read row by row."""

from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.collecting import without_collecting
from zkharvest.errors import InputError
from zkharvest.trades import csv_cells, csv_columns, csv_in
from zkharvest.trades.csv_out import trades_to_text
from zkharvest.trades.model import CATEGORIES, MAX_LEGS, Kind

HEAD = ",".join(csv_in.COLUMNS)
T = "2024-03-01T10:00:00Z"
PLAIN = f"{T},kraken:main,a1,buy,BTC,0.5,100.25,1,USD,,,,,,,,,"


def by_columns(text, *, compiled=False):
    read = csv_columns.read_columns
    return read(text, "f.csv", csv_in.COLUMNS, csv_in.REQUIRED, csv_in.parse_lots, compiled=compiled)


def file_of(*rows):
    return "\n".join([HEAD, *rows]) + "\n"


def agree(text):
    """What all readings find, the same in every field; True if columns could tell, by both ways to their cells."""
    plain, compiled = (_agrees(text, compiled=compiled) for compiled in (False, True))
    assert plain == compiled, text
    return plain


def _agrees(text, *, compiled):
    found = by_columns(text, compiled=compiled)
    try:
        expected = csv_in.read_rows(text, "f.csv")
    except InputError:
        assert not found, text
        return False
    if found is None:
        return False
    assert found == expected
    assert [(trade.line, trade.file) for trade in found] == [(trade.line, trade.file) for trade in expected]
    assert all(type(a.kind) is type(b.kind) for a, b in zip(found, expected, strict=True))
    return True


def test_a_file_of_every_kind_is_read_by_columns():
    rows = [
        PLAIN,
        f"{T},kraken:main,a2,sell,BTC,0.2,50,,USD,,,,,a1:0.2,,,,",
        f"{T},kraken:main,a3,income,ETH,1,0,,USD,,,,,,,0xab,staking,export.csv:7",
        f"{T},kraken:main,a4,spend,BTC,0.000000000000000001,1,-0.5,USD,,,,,,g1,,payment,",
        "2024-03-01T10:00:00.250Z,kraken:main,a5,transfer,BTC,0.1,,,USD,coinbase,,,,,g1,,,",
        "2024-03-01T11:00:00+01:00,coinbase,a1,deposit,SOL,4,,,USD,,,,2021-05-03,,,,gift,",
        f"{T},coinbase,a6,convert,SOL,1,,,USD,,mSOL,0.9,,,,,,",
        f"{T},coinbase,a7,withdraw,SOL,1,,,USD,,,,,,,,lost,",
        f"{T},deribit,a8,short,X-P,1,10,0.1,USD,,,,,,,,,",
        f"{T},deribit,é 9,cover,X-P,0.5,0.30000000000000000,,USD,,,,,,,,,",
        f"{T},deribit,a10,expire,X-P,0.5,,,USD,,,,,,,,,",
    ]
    assert agree(file_of(*rows))
    assert agree(file_of(*rows).replace("\n", "\r\n"))
    assert agree("\n".join(",".join(line.split(",")[:8]) for line in file_of(*rows[:1]).splitlines()))


@pytest.mark.parametrize(
    "text",
    [
        "",
        file_of(PLAIN, PLAIN),
        file_of(PLAIN, "", PLAIN.replace("a1", "a2")),
        file_of(PLAIN.replace("a1", '"a\n1"')),
        file_of(PLAIN.replace("a1", '"a"1"')),
        file_of(PLAIN[:-1]),
        file_of(PLAIN + ","),
        file_of(PLAIN.replace("buy", "Buy")),
        file_of(PLAIN.replace(T, "2024-03-01T24:00:00Z")),
        file_of(PLAIN.replace(T, "2024-02-30T10:00:00Z")),
        file_of(PLAIN.replace(T, "2024-W09-5T10:00:00Z")),
        file_of(PLAIN.replace(T, "2999-03-01T10:00:00Z")),
        file_of(PLAIN.replace("0.5", "0")),
        file_of(PLAIN.replace("0.5", "1.2.3")),
        file_of(PLAIN.replace("0.5", "1_0")),
        file_of(PLAIN.replace("0.5", "\u0665")),
        file_of(PLAIN.replace("0.5", "5.")),
        file_of(PLAIN.replace("0.5", ".5")),
        file_of(PLAIN.replace("0.5", "+5")),
        file_of(PLAIN.replace("0.5", "0.30000000000000004")),
        file_of(PLAIN.replace("100.25", "0.123456789")),
        file_of(PLAIN.replace("100.25", "")),
        file_of(PLAIN.replace("100.25", "184467440737.09551616")),
        file_of(PLAIN.replace("100.25,1,", "100.25,-101,")),
        file_of(PLAIN.replace("100.25,1,", "184467440737.0,1,")),
        file_of(PLAIN.replace("a1", "a/1")),
        file_of(PLAIN.replace("a1", " a1")),
        file_of(PLAIN.replace("a1", "a  1")),
        file_of(PLAIN.replace("a1", "x" * 129)),
        file_of(PLAIN.replace("USD", "US$")),
        file_of(PLAIN, PLAIN.replace("a1", "a2").replace("USD", "EUR")),
        file_of(PLAIN, PLAIN.replace("a1", "a2").replace("USD", "")),
        file_of(PLAIN, PLAIN.replace("a1", "a2").replace("BTC", "btc")),
        file_of(PLAIN, PLAIN.replace("a1", "a2").replace("kraken:main", "Kraken:main")),
        file_of(*(PLAIN.replace("a1", f"b{n}").replace(",,,,,,,,", ",,,,,,g,,,")[:-1] for n in range(MAX_LEGS + 1))),
        file_of(PLAIN.replace("USD,,", "USD,other,")),
        file_of(PLAIN.replace("USD,,,", "USD,,ETH,")),
        file_of(f"{T},k,a,transfer,BTC,1,,1,USD,w,,,,,,,,"),
        file_of(f"{T},k,a,transfer,BTC,1,,,USD,,,,,,,,,"),
        file_of(f"{T},k,a,income,BTC,1,1,,USD,,,,,,,,gambling,"),
        HEAD.replace("fee", "fees") + "\n" + PLAIN,
        HEAD.replace("fee", "to", 1) + "\n" + PLAIN,
    ],
)
def test_what_is_not_in_order_is_left_to_the_rows(text):
    assert not agree(text)


KINDS = st.sampled_from([kind.word for kind in Kind] * 3 + ["", "BUY"])
NAMES = st.sampled_from(["kraken:main", "coinbase", "BTC", "ETH", "w", "é", "a b", "a1", "", "a;b", "Coinbase"])
NUMBERS = st.one_of(
    st.decimals(0, 10**13, places=2, allow_nan=False).map(str),
    st.sampled_from(["0", "", "1", "0.1", "00.10", "1e3", "-1", "-0.5", "0.000000000000000001", "0.30000000000000004",
                     "184467440737.0955161", "5192296858534827", "123456789012345", "1234567890123.45", "7."]),
)  # fmt: skip
TIMES = st.sampled_from(
    [
        *(T, "2024-03-01T10:00:00.250Z", "2024-03-01 10:00:00Z", "2024-03-01T10:00Z", "1969-01-01T00:00:00Z"),
        *("2024-03-01T10:00:00+01:00", "2024-13-01T10:00:00Z", "2024-03-01T10:00:00", "2024-03-01T10:60:00Z"),
    ]
)
ODD = {
    0: TIMES,
    1: NAMES,
    4: NAMES,
    5: NUMBERS,
    6: NUMBERS,
    7: NUMBERS,
    9: NAMES,
    12: st.sampled_from(["2021-05-03", T, "x"]),
    13: st.sampled_from(["t1:1.25", "t1", "t1:1;t2:0.25"]),
    14: NAMES,
    15: NAMES,
    16: st.sampled_from(CATEGORIES),
    17: NAMES,
}
"""What may stand in a column instead."""


@st.composite
def rows(draw):
    """A row, mostly in order."""
    kind = draw(KINDS)
    fine = draw(st.integers(0, 3))
    amount = "" if kind in ("expire", "transfer", "withdraw", "convert") else "12.5"
    cells = [T, "coinbase", f"t{draw(st.integers(0, 400))}", kind, "BTC", "1.25", amount, "", "USD", *[""] * 9]
    if kind == "transfer":
        cells[9] = "w"
    if kind == "convert":
        cells[10:12] = ["ETH", "2"]
    for place, choice in ODD.items():
        if not fine and draw(st.integers(0, 5)) == 0:
            cells[place] = draw(choice)
    return ",".join(cells)


def test_both_readings_agree():
    told = []

    @settings(max_examples=250, deadline=None)
    @given(st.lists(rows(), max_size=6))
    def check(lines):
        told.append(agree(file_of(*lines)))

    check()
    assert sum(told) > 20


NUMERALS = st.one_of(
    st.from_regex(r"[0-9]{0,20}(\.[0-9]{0,20})?", fullmatch=True),
    st.from_regex(r"0{0,3}[0-9]{1,3}\.[0-9]{0,2}(0{8,14}|9{8,14})[0-9]{0,3}", fullmatch=True),
    st.text("0123456789.-+e ,", max_size=24),
)


@settings(max_examples=300, deadline=None)
@given(NUMERALS, NUMERALS)
def test_numbers_are_those_of_the_parser(quantity, amount):
    """Every way to write one, those that look like inexact floats included."""
    line = PLAIN.replace("0.5", f'"{quantity}"').replace("100.25", f'"{amount}"')
    agree(file_of(line))


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.from_regex(
            r"[12][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{3})?Z", fullmatch=True
        ),
        st.datetimes(datetime(1960, 1, 1), datetime(2600, 1, 1)).map(lambda t: f"{t.isoformat('T', 'seconds')}Z"),
    )
)
def test_times_are_those_of_the_parser(text):
    agree(file_of(PLAIN.replace(T, text)))


def test_every_day_is_read_as_the_parser_reads_it():
    first = date(1970, 1, 1).toordinal()
    days = [date.fromordinal(first + n).isoformat() for n in range(203_000)]
    text = file_of(*(PLAIN.replace(T, f"{day}T00:00:00Z").replace("a1", f"a{n}") for n, day in enumerate(days)))
    assert [trade.time for trade in by_columns(text, compiled=True)] == [86_400_000 * n for n in range(len(days))]


def test_quotes_and_letters_beyond_ascii_are_read():
    assert agree(
        file_of(PLAIN.replace("a1", '"a,1"').replace("kraken:main", '"börse"'), PLAIN.replace("1,USD", '"",USD'))
    )
    assert not _agrees(file_of(PLAIN).replace("\n", "\r", 1), compiled=True)  # a line end of another age
    assert agree(file_of(PLAIN).rstrip("\n"))


def test_a_large_file_is_read_by_compiled_code(monkeypatch, tmp_path):
    """`load_trades` takes that way from a size on, and says the same of a file that is not in order."""
    path = tmp_path / "f.csv"
    path.write_text(file_of(*(PLAIN.replace("a1", f"a{n}") for n in range(20))), encoding="utf-8")
    expected = csv_in.load_trades(path)
    asked = []
    monkeypatch.setattr(csv_columns, "COMPILED_FROM", 100)
    monkeypatch.setattr(csv_cells, "cells_of", lambda text, of=csv_cells.cells_of: asked.append(len(text)) or of(text))
    assert csv_in.load_trades(path) == expected
    assert asked
    path.write_text(file_of(PLAIN, PLAIN), encoding="utf-8")
    with pytest.raises(InputError, match="was used for this source in line 2"):
        csv_in.load_trades(path)


def test_batches_are_put_together(monkeypatch):
    text = file_of(*(PLAIN.replace("a1", f"a{n}") for n in range(50)))
    for batch in (1, 7, 50, 51):
        monkeypatch.setattr(csv_columns, "BATCH", batch)
        monkeypatch.setattr(csv_cells, "BATCH", batch)
        assert agree(text)
        assert not agree(text + PLAIN.replace("a1", "a49") + "\n")  # said twice, in different batches
        assert trades_to_text(by_columns(text)) == trades_to_text(csv_in.read_rows(text, "f.csv"))


def test_collecting_goes_on_as_before():
    import gc

    for before in (True, False):
        (gc.enable if before else gc.disable)()
        with pytest.raises(KeyError), without_collecting():
            assert not gc.isenabled()
            raise KeyError
        assert gc.isenabled() is before
    gc.enable()

"""Form 8949: boxes, rows, totals; the examples of its instructions."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.desk import example, ledger
from zkharvest.desk.amounts import to_cents, to_dollars
from zkharvest.desk.compare import compare
from zkharvest.desk.explain import explain
from zkharvest.desk.form8949 import (
    LONG_BOXES,
    SHORT_BOXES,
    Reported,
    Total,
    box_of,
    form_json,
    form_rows,
    lapsed,
    make_form,
)
from zkharvest.desk.lines import Line, is_digital_asset, is_option, lines_of
from zkharvest.desk.whatif import what_if_sell
from zkharvest.errors import UsageError
from zkharvest.ledger.rules import Election, Method, Pooling, Side
from zkharvest.ledger.run import run_ledger

DAY = date(2025, 6, 1)


def line(proceeds=0, basis=0, *, term="short", asset="BTC", adjustments=(), place=0, acquired=DAY):
    sold = DAY + timedelta(1)
    return Line(place, (place,), term, Side.LONG, asset, "kraken", 10**18, acquired, sold, proceeds, basis, False,
                tuple(adjustments))  # fmt: skip


MONEY = st.integers(-(10**12), 10**13)
CODES = st.lists(st.tuples(st.sampled_from("BETW"), st.integers(0, 10**11)), max_size=3, unique_by=lambda pair: pair[0])
LINES = st.lists(
    st.builds(
        lambda p, b, t, a, c: line(p, b, term=t, asset=a, adjustments=[(x, 0 if x == "T" else v) for x, v in c]),
        MONEY, MONEY, st.sampled_from(["short", "long"]), st.sampled_from(["BTC", "BTC-27DEC26-80000-P"]), CODES,
    ),
    max_size=25,
)  # fmt: skip


@given(LINES, st.lists(st.sampled_from(Reported), min_size=25, max_size=25), st.sampled_from([2024, 2025, 2026]))
def test_printed_lines_add_up_to_printed_totals(lines, told, year):
    """The sum of printed lines, rounded as the form says, is the printed total: in cents, and in whole dollars."""
    form = make_form(lines, year, dict(enumerate(told)))
    assert len(form.rows) == len(lines)
    for row in form.rows:
        assert row.proceeds - row.basis + row.adjustment == row.gain
    for box, total in form.totals.items():
        rows = [row for row in form.rows if row.box == box]
        assert total == Total.of(rows)
        # "include cents when adding the amounts and round off only the total"
        assert to_dollars(sum(row.gain for row in rows)) == to_dollars(total.gain)
    for part, term in ((form.short, "short"), (form.long, "long")):
        own = [one for one in lines if one.term == term]
        plain = [one for one in own if not one.adjustments]
        if len(plain) == len(own):
            assert part.proceeds == to_cents(sum(one.proceeds for one in own))
            assert part.gain == to_cents(sum(one.gain for one in own))
            assert abs(part.basis - to_cents(sum(one.basis for one in own))) <= 1


@given(LINES)
def test_no_row_is_further_than_a_cent_from_its_exact_amounts(lines):
    for row in make_form(lines, 2025).rows:
        assert abs(row.proceeds * 10**6 - row.line.proceeds) < 10**6
        if not row.line.adjustments:
            assert abs(row.basis * 10**6 - row.line.basis) < 10**6


def test_pages_hold_what_the_form_holds():
    form = make_form([line(place=n) for n in range(23)] + [line(term="long")], 2025)
    assert [(box, len(rows)) for box, rows in form.pages()] == [("I", 11), ("I", 11), ("I", 1), ("L", 1)]
    assert [len(rows) for _, rows in make_form([line() for _ in range(15)], 2024).pages()] == [14, 1]


@pytest.mark.parametrize(
    ("term", "asset", "year", "told", "box"),
    [
        ("short", "BTC", 2025, Reported.BASIS, "G"),
        ("short", "BTC", 2025, Reported.PROCEEDS, "H"),
        ("short", "BTC", 2025, Reported.NOTHING, "I"),
        ("long", "BTC", 2026, Reported.BASIS, "J"),
        ("long", "BTC", 2026, Reported.PROCEEDS, "K"),
        ("long", "BTC", 2026, Reported.NOTHING, "L"),
        ("short", "BTC-PERPETUAL", 2025, Reported.NOTHING, "C"),
        ("long", "ETH-27JUN25-2000-P", 2025, Reported.NOTHING, "F"),
        ("short", "BTC", 2024, Reported.NOTHING, "C"),
        ("long", "BTC", 2024, Reported.NOTHING, "F"),
    ],
)
def test_boxes(term, asset, year, told, box):
    """Instructions for Form 8949 (2025): "Do not use box C to report digital asset transactions. Use box I."."""
    assert box_of(line(term=term, asset=asset), year, told) == box
    assert (box in SHORT_BOXES) == (term == "short") == (box not in LONG_BOXES)


@pytest.mark.parametrize(
    ("asset", "digital", "option"),
    [("BTC", True, False), ("1INCH", True, False), ("BTC-PERPETUAL", False, False), ("BTC-PERP", False, False),
     ("BTC-27DEC26", False, False), ("BTC-27DEC26-80000-P", False, True), ("ETH-USD-241227-4000-C", False, True),
     ("USD-C", True, False), ("W-PUNK-2025", True, False)],
)  # fmt: skip
def test_contracts_on_digital_assets_are_not_digital_assets(asset, digital, option):
    assert is_digital_asset(asset) is digital
    assert is_option(asset) is option


@pytest.mark.parametrize(
    ("proceeds", "basis", "adjustments", "gain"),
    [(6000, 2000, (), 4000), (6000, 8000, (), -2000), (6000, 2000, (("O", -1000),), 3000),
     (1000, 900, (("B", 800),), 900)],
)  # fmt: skip
def test_examples_of_column_h(proceeds, basis, adjustments, gain):
    """Instructions for Form 8949 (2025), column (h), Examples 1 to 4."""
    units = 10**8
    given = line(proceeds * units, basis * units, adjustments=[(code, a * units) for code, a in adjustments])
    assert given.gain == gain * units
    if "O" not in given.codes:
        (row,) = make_form([given], 2025, {0: Reported.BASIS}).rows
        assert (row.proceeds, row.basis, row.gain) == (proceeds * 100, basis * 100, gain * 100)
        assert row.adjustment == sum(a for _, a in adjustments) * 100


def test_example_5_an_exchange_of_digital_assets():
    """Instructions for Form 8949 (2025), Example 5: bought for 1,000, exchanged three years later at 3,000."""
    run = ledger("""
2022-06-01T12:00:00Z,platform,A1,buy,A,1,1000,,,
2025-06-01T12:00:00Z,platform,A2,sell,A,1,3000,,,
2025-06-01T12:00:00Z,platform,B1,buy,B,1,3000,,,
""")
    (row,) = make_form(lines_of(run), 2025).rows
    assert (row.box, row.gain, row.acquired, row.sold) == ("L", 200_000, "06/01/2022", "06/01/2025")


def test_example_6_digital_assets_received_for_services():
    """Example 6: received for services at 10,000, sold two months later at 12,000."""
    run = ledger("""
2025-02-01T12:00:00Z,wallet,A1,income,A,1,10000,,,
2025-04-01T12:00:00Z,wallet,A2,sell,A,1,12000,,,
""")
    (row,) = make_form(lines_of(run), 2025).rows
    assert (row.box, row.basis, row.gain) == ("I", 1_000_000, 200_000)


def test_the_anniversary_is_short_and_the_day_after_long():
    """Pub. 544 (2025), "Holding period": bought June 17, 2024; June 17, 2025 is short term, June 18 long term."""
    run = ledger("""
2024-06-17T12:00:00Z,w,A1,buy,A,2,100,,,
2025-06-17T12:00:00Z,w,A2,sell,A,1,80,,,
2025-06-18T12:00:00Z,w,A3,sell,A,1,80,,,
""")
    assert [row.box for row in make_form(lines_of(run), 2025).rows] == ["I", "L"]


def test_lots_of_one_sale_on_one_row():
    """Column (b): "VARIOUS" where the days differ; short-term lots in Part I, long-term ones in Part II."""
    run = ledger("""
2023-01-05T12:00:00Z,w,A1,buy,A,1,10,,,
2025-01-05T12:00:00Z,w,A2,buy,A,1,20,,,
2025-02-05T12:00:00Z,w,A3,buy,A,1,30,,,
2025-03-05T12:00:00Z,w,S,sell,A,3,100,,,
""")
    short, long = make_form(lines_of(run, by_sale=True), 2025).rows
    assert (short.box, short.acquired, short.line.description, short.basis) == ("I", "VARIOUS", "2 A", 5000)
    assert (long.box, long.acquired, long.basis) == ("L", "01/05/2023", 1000)
    assert short.proceeds + long.proceeds == 10_000


def test_a_short_sale_has_the_day_it_was_closed_in_both_columns():
    run = ledger("""
2025-01-05T12:00:00Z,w,A1,short,BTC-PERPETUAL,1,100,,,
2025-03-05T12:00:00Z,w,A2,cover,BTC-PERPETUAL,1,60,,,
""")
    (row,) = make_form(lines_of(run), 2025).rows
    assert (row.acquired, row.sold, row.gain, row.box) == ("03/05/2025", "03/05/2025", 4000, "C")


def test_what_expires_is_an_option():
    run = ledger("""
2025-01-05T12:00:00Z,w,A1,buy,BTC-28MAR25-90000-C,1,100,,,
2025-01-05T12:00:00Z,w,A2,short,BTC-28MAR25-80000-P,1,50,,,
2025-01-05T12:00:00Z,w,A3,buy,BTC-PERPETUAL,1,10,,,
2025-03-28T08:00:00Z,w,A4,expire,BTC-28MAR25-90000-C,1,,,,
2025-03-28T08:00:00Z,w,A5,expire,BTC-28MAR25-80000-P,1,,,,
2025-03-28T08:00:00Z,w,A6,expire,BTC-PERPETUAL,1,,,,
""")
    assert [lapsed(one) for one in lines_of(run)] == ["proceeds", "basis", ""]


def test_rows_name_trades_lots_and_where_they_come_from():
    run = example()
    form = make_form(lines_of(run), 2025)
    rows = list(form_rows(form, run))
    assert [row[0] for row in rows].count("total") == len(form.totals)
    first = dict(zip(("trade", "lot", "origin"), rows[0][10:], strict=True))
    assert all(first.values())
    shown = form_json(form, run, whole=True)
    assert shown["short_term"]["gain"] == str(to_dollars(form.short.gain))
    assert sum(len(box["lines"]) for box in shown["boxes"]) == len(form.rows)


@pytest.mark.parametrize("regime", ["canada", "uk"])
def test_another_country_s_ledger_is_refused(regime):
    """Also where only US rules would give terms and totals: what-if, explain, diff of two countries."""
    trades = ledger("2024-01-05T12:00:00Z,w,B,buy,A,2,10,,,\n2025-01-05T12:00:00Z,w,S,sell,A,1,20,,,").trades
    election = Election(None, Pooling.UNIVERSAL, "UTC", 2025, regime)
    run, own = run_ledger(trades, election), run_ledger(trades, replace(election, method=Method.FIFO, regime="us"))
    for refused in (
        lambda: lines_of(run),
        lambda: explain(run, 1),
        lambda: what_if_sell(trades, election, asset="A", quantity=1, day=DAY),
    ):
        with pytest.raises(UsageError, match="of the United States; this ledger was run under the rules of"):
            refused()
    with pytest.raises(UsageError, match=f"regimes {regime} and us have different totals"):
        compare(run, own)

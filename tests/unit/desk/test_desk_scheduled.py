"""Schedule D and the Capital Loss Carryover Worksheet: worked examples, the law as a property."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkharvest.desk.form8949 import Form8949, Total
from zkharvest.desk.scheduled import (
    carryover_worksheet,
    make_schedule,
    schedule_json,
    schedule_rows,
    worksheet_rows,
    worksheets_of,
)
from zkharvest.errors import UsageError


def form(**gains):
    """A form with nothing but a gain in each box, in dollars."""
    return Form8949(2025, (), {box: Total(gain=100 * gain) for box, gain in gains.items()})


def test_a_deduction_comes_off_short_term_losses_first():
    """An example of M. Piper (obliviousinvestor.com, "How Do Capital Loss Carryovers Work?"): of losses of 4,000 short
    term and 6,000 long term, 3,000 are deducted; 1,000 short term and 6,000 long term are carried over."""
    schedule = make_schedule(form(I=-4000, L=-6000))
    assert schedule.lines["21"] == 3_000_00
    assert (schedule.carried_out.short, schedule.carried_out.long) == (1_000_00, 6_000_00)


def test_lenehan():
    """Lenehan v. Commissioner, T.C. Summary Opinion (2002), page 4: net long-term loss 63,149, net short-term gain
    49,017; of the overall loss of 14,132, 3,000 are deducted and 11,132 carried forward (s.1212(b)(1)(B))."""
    schedule = make_schedule(form(I=49_017, L=-63_149))
    assert schedule.lines["16"] == -14_132_00
    assert (schedule.carried_out.short, schedule.carried_out.long) == (0, 11_132_00)


@pytest.mark.parametrize(
    ("short", "long", "taxable", "deducted", "carried"),
    [
        # the worksheet by hand, one case for each way through it
        (-5_000, -4_000, 50_000, 3_000, (2_000, 4_000)),  # the deduction comes off short-term losses first
        (-1_000, -4_000, 50_000, 3_000, (0, 2_000)),  # what short-term losses leave of it comes off long-term ones
        (-5_000, 1_000, 50_000, 3_000, (1_000, 0)),  # a long-term gain offsets the short-term loss
        (2_000, -9_000, 50_000, 3_000, (0, 4_000)),
        (-5_000, -4_000, -1_000, 3_000, (3_000, 4_000)),  # taxable income below zero: only 2,000 of it is used
        (-5_000, -4_000, -3_000, 3_000, (5_000, 4_000)),  # none of it is used
        (-2_000, 0, -500, 2_000, (500, 0)),  # (b) of the conditions: a loss below the limit is carried over too
        (-2_000, 0, 50_000, 2_000, (0, 0)),
        (3_000, 1_000, 50_000, 0, (0, 0)),
        (-1_000, 1_000, 50_000, 0, (0, 0)),
    ],
)
def test_the_worksheet(short, long, taxable, deducted, carried):
    schedule = make_schedule(form(I=short, L=long), taxable=100 * taxable)
    assert schedule.lines["21"] == 100 * deducted
    assert (schedule.carried_out.short, schedule.carried_out.long) == tuple(100 * loss for loss in carried)


def test_married_filing_separately():
    schedule = make_schedule(form(H=-5000), separate=True)
    assert schedule.lines["21"] == 1_500_00
    assert schedule.carried_out.short == 3_500_00


def test_losses_of_last_year_enter_lines_6_and_14():
    last = carryover_worksheet(2024, line7=-5_000_00, line15=-4_000_00, line21=3_000_00, taxable=50_000_00)
    schedule = make_schedule(form(I=10_000), carried_in=last)
    assert (schedule.lines["6"], schedule.lines["14"]) == (-2_000_00, -4_000_00)
    assert (schedule.lines["7"], schedule.lines["15"], schedule.lines["16"]) == (8_000_00, -4_000_00, 4_000_00)
    assert make_schedule(form(I=10_000), carried_in=(2_000_00, 4_000_00)).lines == schedule.lines
    shown = schedule_json(schedule)
    assert shown["worksheet_in"]["lines"]["8"] == "2000.00" and shown["worksheet_out"]["lines"] == {}
    assert [amount for line, _, amount in worksheet_rows(last) if line == "13"] == ["4000.00"]


def test_losses_of_several_years():
    """By hand: 20,000 short and 5,000 long are lost in 2022, and every year deducts 3,000; a loss of taxable income in
    2023 uses only 1,000 of it (worksheet lines 1 to 4), a gain of 4,000 in 2024 comes off the short-term losses."""
    years = {2022: form(C=-20_000, F=-5000), 2023: form(C=0), 2024: form(C=4000)}
    forms = [replace(one, year=year) for year, one in years.items()]
    sheets = worksheets_of(forms, carried_in=(1_000_00, 0), taxable={2023: -2_000_00})
    carried = [(sheet.year, sheet.short // 100, sheet.long // 100) for sheet in sheets]
    assert carried == [(2022, 18_000, 5000), (2023, 17_000, 5000), (2024, 10_000, 5000)]
    schedule = make_schedule(form(I=500), carried_in=sheets[-1], earlier=sheets[:-1])
    assert (schedule.lines["6"], schedule.lines["14"]) == (-10_000_00, -5_000_00)
    assert [sheet.year for sheet in schedule.worksheets] == [2022, 2023, 2024, 2025]
    assert [sheet["from_year"] for sheet in schedule_json(schedule)["worksheets_before"]] == [2022, 2023]


def test_boxes_and_lines():
    """Schedule D (2025): 1b is boxes A and G, 2 is B and H, 3 is C and I; 8b, 9 and 10 the same of Part II."""
    boxes = dict(zip("ABCDEFGHIJKL", range(1, 13), strict=True))
    schedule = make_schedule(form(**boxes))
    assert {line: total.gain // 100 for line, total in schedule.table.items()} == {
        "1b": 1 + 7, "2": 2 + 8, "3": 3 + 9, "8b": 4 + 10, "9": 5 + 11, "10": 6 + 12,
    }  # fmt: skip
    rows = {row[0]: row for row in schedule_rows(schedule)}
    assert rows["17"][5] == "yes" and rows["16"][5] == "78.00"


def test_figures_of_other_forms():
    schedule = make_schedule(form(I=100), others={"4": 1, "5": 2, "11": 3, "12": 4, "13": 5})
    assert (schedule.lines["7"], schedule.lines["15"]) == (10_003, 12)
    with pytest.raises(UsageError, match="line 7 is not a line"):
        make_schedule(form(I=100), others={"7": 1})
    with pytest.raises(UsageError, match="positive amount"):
        make_schedule(form(I=100), carried_in=(-1, 0))


@given(st.integers(-(10**7), 10**7), st.integers(-(10**7), 10**7), st.integers(-(10**6), 10**7), st.booleans())
def test_no_loss_is_lost_and_none_used_twice(short, long, taxable, separate):
    """s.1212(b): what is carried over is the net loss less what was deducted and could be used."""
    schedule = make_schedule(
        Form8949(2025, (), {"I": Total(gain=short), "L": Total(gain=long)}), taxable=taxable, separate=separate
    )
    out, loss = schedule.carried_out, max(-(short + long), 0)
    deducted = schedule.lines["21"]
    assert deducted == min(loss, schedule.limit)
    used = min(deducted, max(taxable + deducted, 0))
    assert out.short + out.long == loss - used
    assert out.short <= max(-short, 0) and out.long <= max(-long, 0)

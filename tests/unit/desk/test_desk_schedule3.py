"""Canada's Schedule 3: average cost, outlays apart, sums rounded once."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.desk import EXAMPLE, HEADER
from zkharvest.cli import main
from zkharvest.desk.amounts import CENT, to_cents
from zkharvest.desk.schedule3 import make_schedule3, schedule3_rows
from zkharvest.ledger.rules import Election, Pooling
from zkharvest.ledger.run import run_ledger
from zkharvest.trades.csv_in import trades_from_text
from zkharvest.trades.model import Kind, Trade

CANADA = Election(None, Pooling.UNIVERSAL, "America/Toronto", 2025, "canada")


def schedule(text):
    return make_schedule3(run_ledger(trades_from_text(HEADER + text.strip() + "\n", "trades.csv"), CANADA))


def test_adjusted_cost_base_of_identical_properties():
    """s.47(1), by hand: 100 units at 15 and 150 at 20 cost 18 each; 200 of them are sold at 18.50, for a fee of 10."""
    made = schedule("""
2024-03-01T12:00:00Z,a,1,buy,XYZ,100,1500,0,,
2024-05-01T12:00:00Z,b,2,buy,XYZ,150,3000,0,,
2025-02-01T12:00:00Z,a,3,sell,XYZ,200,3700,10,,
""")
    (row,) = made.rows
    assert (row.proceeds, row.cost, row.outlays, row.gain) == (3_700_00, 3_600_00, 10_00, 90_00)
    assert made.taxable == 45_00
    assert [cells[5] for cells in schedule3_rows(made)] == ["90.00", "90.00", "45.00"]


@given(
    st.lists(st.tuples(st.integers(1, 10**19), st.integers(0, 10**12)), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(1, 99), st.integers(10**6, 10**12), st.integers(0, 10**6)), max_size=4),
)
def test_rows_add_up_to_the_exact_sums_rounded_once(buys, sells):
    start = 1_700_000_000_000
    trades = [Trade(start + n, "a", f"b{n}", Kind.BUY, "XY"[n % 2], q, v) for n, (q, v) in enumerate(buys)]
    held = sum(q for n, (q, _) in enumerate(buys) if n % 2 == 0)
    for n, (percent, amount, fee) in enumerate(sells):
        quantity = held * percent // 100
        if quantity:
            held -= quantity
            trades.append(Trade(1_750_000_000_000 + n, "a", f"s{n}", Kind.SELL, "X", quantity, amount, fee))
    run = run_ledger(trades, CANADA)
    made, parts = make_schedule3(run), [part for part in run.disposals if part.in_year]
    fees = sum(t.fee for t in trades if t.kind is Kind.SELL)
    assert made.total.gain == sum(row.gain for row in made.rows) == to_cents(sum(part.gain for part in parts))
    assert made.total.proceeds == to_cents(sum(part.proceeds for part in parts) + fees)
    assert abs(made.total.cost * CENT - sum(part.basis for part in parts)) < CENT
    assert abs(made.total.outlays * CENT - fees) < CENT


def test_three_roundings_that_would_miss_the_gain_by_a_cent():
    """Proceeds, cost and outlays of 0.004 each: the loss of 0.004 is printed 0.00; with a cost of 0.009, 0.01."""
    for cost, gain in ((0.004, 0), (0.009, -1), (0.006, -1)):
        made = schedule(f"""
2024-03-01T12:00:00Z,a,1,buy,XYZ,1,{cost},0,,
2025-02-01T12:00:00Z,a,3,sell,XYZ,1,0.004,0.004,,
""")
        assert (made.total.proceeds, made.total.gain) == (0, gain)
        (row,) = made.rows
        assert row.gain == row.proceeds - row.cost - row.outlays


def test_the_command(capsys, tmp_path):
    assert main(["report", "schedule3", str(EXAMPLE), "--year", "2025", "--json"]) == 0
    said = capsys.readouterr()
    shown = json.loads(said.out)
    assert "superficial losses" in said.err and "amounts are in USD, the form is in CAD" in said.err
    assert float(shown["total"]["(5) gain or loss"]) == pytest.approx(2 * float(shown["taxable"]), abs=0.011)
    assert main(["report", "schedule3", str(EXAMPLE), "--year", "2025", "-o", str(tmp_path / "s3.csv")]) == 0
    assert main(["report", "schedule3", str(EXAMPLE), "--year", "2025", "-o", str(tmp_path / "s3.pdf")]) == 2

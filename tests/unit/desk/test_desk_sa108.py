"""The United Kingdom's SA108: boxes in whole pounds, the computation in pence, what may still change."""

import csv
import json
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from tests.support.desk import HEADER
from zkharvest.cli import main
from zkharvest.desk.amounts import to_cents
from zkharvest.desk.sa108 import box_rows, make_sa108, sa108_notes, sa108_rows
from zkharvest.ledger.rules import Election, Pooling
from zkharvest.ledger.run import run_ledger
from zkharvest.trades.csv_in import trades_from_text
from zkharvest.trades.model import Kind, Trade

# CRYPTO22256 of HMRC's manual, with a fee of 10.60 on the first disposal
ROWS = """2024-05-01T12:00:00Z,a,0,buy,F,100000,300000,,,
2024-07-31T09:00:00Z,a,1,buy,F,10000,45000,,,
2024-07-31T10:00:00Z,b,2,sell,F,30000,150000,10.60,,
2024-08-05T12:00:00Z,a,3,sell,F,20000,100000,,,
2024-08-06T12:00:00Z,a,4,buy,F,50000,225000,,,
2024-08-07T12:00:00Z,b,5,sell,F,100000,150000,,,
2025-04-06T12:00:00Z,b,6,sell,F,1000,2000,,,
"""


def form(rows=ROWS, year=2025):
    trades = trades_from_text(HEADER + rows, "trades.csv")
    return make_sa108(run_ledger(trades, Election(None, Pooling.UNIVERSAL, "Europe/London", year, "uk")))


def test_boxes_and_computation():
    made = form()
    assert [(row.day, row.gain) for row in made.rows] == [
        (date(2024, 7, 31), 14_989_40), (date(2024, 8, 5), 10_000_00), (date(2024, 8, 7), -163_636_36),
    ]  # fmt: skip
    assert made.rows[0].matched == "10000 same day; 20000 30 days (2024-08-06)"
    assert made.rows[2].matched == "100000 section 104 holding"
    assert list(box_rows(made)) == [
        ("13.1", "Number of disposals", "3"),
        ("13.2", "Disposal proceeds", "400000"),
        ("13.3", "Allowable costs (including purchase price)", "538647"),  # 538,646.96: costs and losses go up
        ("13.4", "Gains in the year, before losses", "24989"),  # 24,989.40: gains go down
        ("13.5", "Losses in the year", "163637"),  # 163,636.36
        ("", "of the gains, of disposals up to 2024-10-29", "24989"),
        ("", "of the gains, of disposals from 2024-10-30 on", "0"),
    ]
    assert not list(sa108_notes(made))


def test_boxes_before_tokens_had_their_own():
    boxes = list(box_rows(form(ROWS.replace("2024-", "2023-").replace("2025-", "2024-"), 2024)))
    assert [box for box, _, _ in boxes] == ["14", "15", "16", "17", "19"]


def test_disposals_that_later_records_can_change():
    (note,) = sa108_notes(form(ROWS[: ROWS.index("2025-04-06")]))
    assert "up to 2024-09-06" in note


@given(
    st.lists(st.tuples(st.integers(1, 10**19), st.integers(0, 10**12)), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(1, 99), st.integers(0, 10**12), st.integers(0, 10**6), st.integers(0, 40)),
             max_size=5),
)  # fmt: skip
def test_rows_add_up_to_the_exact_sums_rounded_once(buys, sells):
    start, day = 1_715_000_000_000, 86_400_000
    trades = [Trade(start + n, "a", f"b{n}", Kind.BUY, "X", q, v) for n, (q, v) in enumerate(buys)]
    held = sum(q for q, _ in buys)
    for n, (percent, amount, fee, days) in enumerate(sells):
        if quantity := held * percent // 100:
            held -= quantity
            trades.append(Trade(start + days * day + 10**6 + n, "a", f"s{n}", Kind.SELL, "X", quantity, amount, fee))
    run = run_ledger(trades, Election(None, Pooling.UNIVERSAL, "Europe/London", 2025, "uk"))
    made = make_sa108(run)
    proceeds, costs, gains, losses = made.sums()
    fees = sum(trade.fee for trade in trades)
    assert proceeds == to_cents(sum(part.proceeds for part in run.disposals) + fees)
    assert costs == to_cents(sum(part.basis for part in run.disposals) + fees)
    assert gains - losses == proceeds - costs == sum(row.gain for row in made.rows)
    assert len({(row.day, row.asset) for row in made.rows}) == len(made.rows)
    assert len(list(sa108_rows(made))) == len(made.rows) + 1


def test_the_command(capsys, tmp_path):
    trades = tmp_path / "trades.csv"
    trades.write_text(HEADER + ROWS)
    assert main(["report", "sa108", str(trades), "--year", "2025"]) == 0
    shown = capsys.readouterr()
    assert "SA108 of 2024-25" in shown.out and "24989" in shown.out and "spouse" in shown.err
    assert main(["report", "sa108", str(trades), "--year", "2025", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["from"], made["to"], made["boxes"][4]["amount"]) == ("2024-04-06", "2025-04-05", "163637")
    assert main(["report", "sa108", str(trades), "--year", "2025", "-o", str(tmp_path / "uk.csv")]) == 0
    assert len(list(csv.DictReader((tmp_path / "uk.csv").open()))) == 4
    trades.write_text(HEADER + "2024-05-01T12:00:00Z,a,0,short,BTC-PERPETUAL,1,3,,,\n")
    assert main(["report", "sa108", str(trades), "--year", "2025"]) == 1
    assert "not covered by the regime of the United Kingdom" in capsys.readouterr().err

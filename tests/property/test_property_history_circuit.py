"""From openings to the circuit: the table of steps, filled from a run, posts what the run's own registers hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.lot_machine_v2.histories import YEARS, at, make_history
from tests.support import machine_circuit
from tests.support.counts import count
from tests.support.model_histories import decisions_of, openings_of, window_of
from zkharvest.circuit.lot_machine.v2.rows import Op
from zkharvest.circuit.lot_machine.v2.standings import lots_of, tokens_of
from zkharvest.circuit.lot_machine.v2.sums.fill import lane_values
from zkharvest.circuit.lot_machine.v2.sums.keys import FIELDS, SLOTS
from zkharvest.circuit.lot_machine.v2.sums.registers import registers
from zkharvest.commitment.pages import salted
from zkharvest.ledger.history.chain import run_windows
from zkharvest.ledger.history.standing_map import map_of, standing_of
from zkharvest.workflow.histories import history_of
from zkharvest.workflow.link_rows import calendar_of, declared_days, machine_rows, periods_of
from zkharvest.workflow.standing_lanes import opening_of, roots_of

METHODS = ("fifo", "lifo", "hifo", "lofo")
KEY = bytes(range(32))


@given(
    st.integers(0, 10**9),
    st.sampled_from(["wallet", "universal"]),
    st.lists(st.sampled_from(METHODS), min_size=3, max_size=3),
)
@settings(max_examples=20, deadline=None)
def test_what_the_table_posts_is_what_the_ledger_counts(seed, pooling, methods):
    made = make_history(seed, size=30)
    given_openings = openings_of(made)
    history = history_of(given_openings)
    by_id = {opening.header.page_id: opening for _, opening in given_openings}
    windows = [window_of(at(y), at(y + 1), y, m, pooling) for y, m in zip(YEARS, methods, strict=True)]
    opening, before = None, None
    for run in run_windows(history, decisions_of(made.book), windows):
        pages = [by_id[page.id] for page in run.pages]
        lanes = [salted(page.records, page.key)[0] for page in pages]
        rows = machine_rows(run, opening, lanes, calendar_of(run.window, periods_of(run), declared_days(run)))
        ran = machine_circuit.run(None, rows=rows)
        posted = machine_circuit.registers_of(ran)
        keys = np.array(list(posted), np.int64).reshape(-1, len(FIELDS))
        slots = np.zeros((len(keys), SLOTS), np.int64)
        for n, found in enumerate(posted.values()):
            for slot, weight in found.items():
                slots[n, slot] = weight
        sums = registers(keys, slots, opening=before, same_year=False)
        out = sums.carried_out()
        own = opening_of(run.closing, KEY)
        whole = [any(amounts) for amounts in own.lanes.tolist()]  # registers of nothing are not posted
        assert own.keys[whole].tolist() == out.keys[lane_values(out).any(axis=1)].tolist()
        assert own.lanes[whole].tolist() == lane_values(out)[lane_values(out).any(axis=1)].tolist()
        assert own.lots.tolist() == lots_of(rows, Op.CLOSE).tolist()
        assert own.tokens.tolist() == tokens_of(rows, Op.CLOSE_TOKEN).tolist()
        again = standing_of(map_of(run.closing))
        assert again == run.closing
        assert roots_of(again, KEY) == (own.pairs.tree.root, own.registers.tree.root)
        opening, before = run.closing, out
    count("chained years of histories, circuit against ledger", 3)


@pytest.mark.parametrize("pooling", ["wallet", "universal"])
def test_a_standing_of_a_file_goes_on(pooling):
    """The next year from the map alone, with the pages of that year alone: the same standing."""
    made = make_history(7)
    openings = openings_of(made)
    decisions = decisions_of(made.book)
    windows = [window_of(at(y), at(y + 1), y, "hifo", pooling) for y in YEARS]
    runs = run_windows(history_of(openings), decisions, windows)
    carried = standing_of(map_of(runs[1].closing))
    later = [(name, one) for name, one in openings if one.header.end > at(2025)]
    assert len(later) < len(openings)
    (again,) = run_windows(history_of(later), decisions, windows[2:], carried)
    assert again.closing == runs[2].closing
    assert again.registers == runs[2].registers

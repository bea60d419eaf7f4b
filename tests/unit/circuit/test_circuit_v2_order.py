"""Records far apart in time come in their order: a difference that goes round modulo p is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.adversary.kit.local import Board
from tests.models.lot_machine_v2.histories import at
from tests.models.lot_machine_v2.machine import Rules
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.words import Page, Rec
from tests.support import machine_circuit as machine
from tests.support.machine_rows import rows_of
from zkharvest.circuit.gadgets import WIDEST
from zkharvest.spec import P

SPAN = 1 << 30
"""ms that two limbs of a time hold: 12.4 days."""
UNIT, DOLLAR, HOUR = 10**18, 10**8, 3_600_000
BASE = (at(2024) // SPAN + 3) * SPAN


def sold_before(bought: int, sold: int):
    """A sale that takes the lot of a purchase behind it: LIFO, and it is worked after it, with the gap modulo p."""
    behind = max(bought, sold) + 1  # where the model works the sale
    records = (
        Rec(BASE, "open", "BTC", UNIT, 100 * DOLLAR),
        Rec(bought, "open", "BTC", UNIT, 300 * DOLLAR),
        Rec(behind, "close", "BTC", UNIT, 200 * DOLLAR),
    )
    page = Page("kraken", "K", 0, at(2024), at(2025), records)
    rules = Rules(at(2024), at(2025), (at(2024), at(2025)), "lifo", "wallet")
    rows = rows_of(make_link([page], Book(), rules, 2024, None))
    lanes = rows.records.lanes.copy()
    lanes[2, 1:3] = sold % SPAN, sold // SPAN
    rows = replace(rows, records=replace(rows.records, lanes=lanes))

    def claimed(made):
        row = made.at("take")[0] - 1
        marked = next(k for k in range(5) if made.get(row, f"order_at{k}"))
        limbs = [(time >> 30, time >> 15 & 0x7FFF, (time & 0x7FFF) * 2) for time in (bought, sold)]
        gap = (limbs[1][marked] - limbs[0][marked] - 1) % P
        made.put(row, order_low=gap & 0x7FFF, order_high=gap >> 15)

    return machine.run(None, claimed, rows)


@pytest.mark.parametrize("apart", [2 * HOUR, SPAN - 2 * HOUR, SPAN - (1 << 24) - 1, SPAN - (1 << 24) + 1])
def test_a_sale_cannot_take_what_is_bought_later(apart):
    """Within one span of two limbs, however far apart. It passed where a lane of 30 bits held both limbs."""
    made = sold_before(BASE + HOUR + apart, BASE + HOUR)
    assert Board(made, machine.description()).verdict() == {"bus u15"}  # the gap has no limbs


def test_one_lane_for_both_limbs_is_what_let_it_pass():
    bought, sold = SPAN - HOUR, HOUR
    assert (sold - bought - 1) % P < 1 << 30  # it has limbs
    assert SPAN > WIDEST

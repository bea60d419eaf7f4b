"""Lies on the last row of the table (`machine_last_lies`) about what it does: two things, half a thing, or minus one.

Such a row touches no list and no leaf: what a flag of 1 would take, one of -1 gives back. What is left is what it
posts; the registers of this board take anything, those of the circuit only what has a class.
"""

from __future__ import annotations

from dataclasses import replace

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Row
from tests.models.lot_machine_v2.story import T
from tests.models.lot_machine_v2.words import DAY, Rec
from tests.support.machine_circuit import Run
from tests.support.machine_full import ROWS
from tests.support.machine_last_lies import LAST, last
from tests.support.machine_lies_amounts import bits, chosen, put_quantity, put_record
from tests.support.machine_lies_bits import unmade
from tests.support.machine_lies_classes import LISTED
from tests.support.machine_lying import LOT, buy, copy, page, run, sale
from tests.support.machine_rows import rows_of
from zkharvest.circuit.lot_machine.v2.rows import MachineRows


def disposed(first: Rec, kind: int, loss: int, **cells: int) -> Run:
    """A disposal of no record on the last row, of a negative value. The first row stands behind it."""

    def change(made: Run) -> None:
        row = len(made.cells()) - 1
        copy(made, 0, row, (*LOT, *(f"rest_value{i}" for i in range(3))))
        made.put(row, **{f"q{i}": made.get(0, f"a{i}") for i in range(8)})
        since = made.get(row, "acquired") - made.rows.around.covered
        past = since if since >= 0 else -1 - since
        made.put(row, recent=int(since >= 0), past0=past & 0x7FFF, past1=past >> 15)
        made.put(row, class_kind=kind, code_negative=1, **{f"kind_bit{i}": kind >> i & 1 for i in range(6)})
        made.put(row, loss=loss, class_result=1 + loss, class_term=1, class_covered=2)
        made.put(0, loss=loss, token_last=1)
        made.put(row, **cells)
        if made.get(row, "code_short"):  # sold at the instant 0, before it would be long
            made.put(row, held_at0=1, held_low=made.get(row, "long_from2") - 1)
        else:  # at the very instant from which it is long
            made.put(row, **{f"time{i}": made.get(row, f"long_from{i}") for i in range(3)}, held_long=1, long_term=1)
            made.put(row, **{f"worked{i}": made.get(row, f"long_from{i}") for i in range(2)})
            made.put(0, long_term=1)

    return run(page(first), change)


SOLD = {"is_take": 1, "code_closes": 1, "code_short": 1, "proceeds_weight": 1}
"""Proceeds of a short lot. Of which no lot is gone: the flag beside it is -1."""
LAST["out_code"] = lambda: disposed(buy(), 14, 0, is_out=-1, **SOLD)
LAST["drop_code"] = lambda: disposed(Rec(T, "in", "X", UNIT), 62, 0, is_drop=-1, unclear=-1, basis_weight=-1, **SOLD)
LAST["take_code"] = lambda: disposed(
    buy(), 14, 1, is_take=-1, is_out=1, code_moves=1, class_result=-2, class_term=-2, class_covered=-2, basis_weight=-1
)


LAST["is_close_token_bit"] = lambda: unmade(ROWS - 5)


def before_the_year(count: int) -> tuple[Rec, ...]:
    """Records that are passed over."""
    return tuple(Rec(at(2024) - DAY + n, "close", "X", UNIT, 9) for n in range(count))


def filled(records: tuple[Rec, ...], told: tuple[Row, ...], *, follow: bool) -> tuple[Link, MachineRows]:
    """A page of these records, of which as many are passed over as no row is about, worked as told."""
    link = page()
    made = replace(link.pages[0], records=records)
    passed = tuple(Row("skip", 0, n, record) for n, record in enumerate(records[: -len(told)]))
    rows = rows_of(replace(link, pages=(made,), leaves=(made.records,), rows=(*passed, *told)), follow=follow)
    rows.around.page_early[:] = rows.around.page_late[:] = 1
    return link, rows


@last("more_where")
def _() -> Run:
    """Behind a sale another lot's part is taken, of no record: `more` is -1, so that no half of it follows."""
    records = (*before_the_year(27), buy(0), buy(1), sale(2))
    opens = tuple(Row("open", 0, 27 + n, buy(n), value=7) for n in range(2))
    take = Row("take", 0, 29, sale(2), part=UNIT, value=7, close_value=9)
    link, rows = filled(records, (*opens, take), follow=False)
    rows = chosen(rows, [*range(len(rows.op)), len(rows.op) - 1])
    rows.node[-1], rows.next[-1] = 1, -1
    rows.close_value[-1] = rows.rest_value[-1] = 0
    put_quantity(rows, "rest", len(rows.op) - 1, 0)
    put_record(rows, 0, 0, 0)
    rows.rest_value[0] = 0
    put_quantity(rows, "rest", 0, 0)

    def change(made: Run) -> None:
        made.traces["steps"] = made.cells()[:ROWS].copy()
        bits(made, 0, "b", UNIT, 14)
        copy(made, ROWS - 1, 0, ("loss", "long_term", "covered"))
        made.put(ROWS - 1, more=-1)

    return run(link, change, rows)


@last("one_kind")
def _() -> Run:
    """A row passes over a record and carries a lot out."""
    behind = Rec(at(2025), "close", "X", UNIT, 9)
    told = Row("open", 0, 30, buy(), value=7), Row("skip", 0, 31, behind)
    link, rows = filled((*before_the_year(30), buy(), behind), told, follow=True)

    def change(made: Run) -> None:
        (close,) = made.at("close")
        assert close == ROWS
        copy(made, close, close - 1, (*LISTED, *LOT, *(f"a{i}" for i in range(8)), *(f"c{i}" for i in range(14))))
        for name in ("pred_age0", "node_age0", "content_age0"):
            made.put(close - 1, **{name: made.get(close - 1, name) - 1})
        made.traces["steps"] = made.cells()[:ROWS].copy()
        heads = made.answers["link"]
        (back,) = [message for message, times in heads.items() if times < 0]
        made.answers["link"] = {m: t for m, t in heads.items() if t > 0} | {(*back[:10], back[10] - 1, *back[11:]): -1}

    return run(link, change, rows)

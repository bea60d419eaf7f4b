"""Lies that the machine takes where a sum lacks a term (`machine_term_lies`): lots that arrive, or are carried in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Row
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import T, honest, rules
from tests.models.lot_machine_v2.words import DAY, Page, Rec
from tests.support import machine_lying
from tests.support.machine_circuit import Run
from tests.support.machine_lies_amounts import chosen, marks, operations, sent, taken
from tests.support.machine_lies_lists import renumbered, written
from tests.support.machine_lying import buy, follow, idle_before, page, run, sale
from tests.support.machine_rows import rows_of
from tests.support.machine_term_lies import told
from zkharvest.circuit.lot_machine.v2.rows import MachineRows, Op
from zkharvest.spec import P


def at_one_instant(column: str, factor: int) -> Run:
    """A deposit of its withdrawal's instant is not late: without a column the upper limbs differ by what it says."""

    def change(made: Run) -> None:
        for row in made.at("arrive"):
            made.put(row, apart0=pow(-factor * made.get(row, column), -1, P), apart1=1)

    link = honest(in_time=T)
    rows = [replace(row, late=0) if row.op == "arrive" else row for row in link.rows]
    return machine_lying.told(link, rows, change)


for _name, _factor in (
    ("time0", -33292290), ("time1", -65024), ("time2", 1), ("worked0", 33292290), ("worked1", 65024), ("past2", -1)
):  # fmt: skip
    _term = f"{_factor}*{_name}" if abs(_factor) > 1 else _name if _factor > 0 else f"-{_name}"
    told(f"apart without {_term}", at_one_instant, _name, _factor)


def put_off(by: int, column: str, factor: int) -> Run:
    """A purchase is late: without a column of its shift the upper limbs differ, though both differences are 0."""
    link = page(buy())
    rows = rows_of(link)
    rows.records.late[0], rows.records.shift[0] = 1, by
    worked = T + by

    def change(made: Run) -> None:
        made.put(0, past0=worked & 0x7FFF, past1=worked >> 15 & 0x7FFF, past2=worked >> 30)
        made.put(0, apart0=pow(-factor * made.get(0, column), -1, P), apart1=1)

    return run(link, change, rows)


told("apart without -33292290*shift0", put_off, 5, "shift0", -33292290)
told("apart without -65024*shift1", put_off, 1 << 15, "shift1", -65024)


def arrivals(*values: int, method: str = "fifo") -> Link:
    """Lots of one unit each, in accounts of their own, move to B one after the other and stay there."""
    names, made = "ACD"[: len(values)], []
    for k, (name, value) in enumerate(zip(names, values, strict=True)):
        out = Rec(T + 100 + 2 * k, "out", "X", UNIT, ref=7 + k, kind="move")
        made.append(Page(name, f"{name}-1", 0, at(2024), at(2025), (buy(k, UNIT, value), out)))
    come = tuple(Rec(T + 101 + 2 * k, "in", "X", UNIT, ref=7 + k, kind="move") for k in range(len(values)))
    made.insert(1, Page("B", "B-1", 0, at(2024), at(2025), come))
    places = {k: (name, 0, 1) for k, name in enumerate(names)}
    book = Book(
        matched={("B", 0, k): place for k, place in places.items()}, amounts=dict.fromkeys(places.values(), UNIT)
    )
    return make_link(made, book, rules(method=method), 2024, None)


def arrived_before(made: Run) -> None:
    """What arrives says that its link was written before it was."""
    (row,) = made.at("arrive")
    reads = next(r for r in made.at("close") if made.get(r, "node") == made.get(row, "clk"))
    written(made, row, reads)


def arrived_nowhere(made: Run) -> None:
    """LOFO: the second that arrives leads nowhere until the third comes between."""
    _, two, three = made.at("arrive")
    made.put(two, node_next=0)
    made.put(three, pred_next=0)


def arrived_key(lane: int) -> Run:
    """LIFO: the second that arrives stores another key of the first."""

    def change(made: Run) -> None:
        (_, arrives), (one, two) = made.at("arrive"), made.at("close")
        for row, stem in ((arrives, "node_next_key"), (one, "node_next_key"), (two, "pred_next_key")):
            made.put(row, **{f"{stem}{lane}": made.get(row, f"{stem}{lane}") + 1})

    return run(arrivals(7, 9, method="lifo"), change)


def arrived_as(turn: Sequence[int] = (1, 0, 2)) -> Run:
    """Three that arrive have each other's numbers."""
    link = arrivals(7, 8, 9)
    rows = rows_of(link)
    nodes = [int(rows.node[n]) for n in operations(rows, Op.ARRIVE)]
    closes = [n for n in operations(rows, Op.CLOSE) if int(rows.node[n]) in nodes]
    for close, k in zip(closes, turn, strict=True):
        rows.node[close], rows.lot_value[close] = nodes[k], 7 + k
    return run(link, lambda made: renumbered(made, made.at("arrive"), made.at("close")), rows)


def loaded_as(turn: Sequence[int] = (1, 0, 2)) -> Run:
    """Three that are carried in have."""
    a = tuple(buy(n, UNIT, 7 + n) for n in range(3))
    first = make_link([Page("A", "A-1", 0, at(2024), at(2025), a)], Book(), rules(), 2024, None)
    sold = tuple(Rec(at(2025, 2) + n, "close", "X", UNIT, 11) for n in range(3))
    after = Page("A", "A-1", 1, at(2025), at(2026), sold, first.pages[0].id)
    link = make_link([after], Book(), rules(2025), 2025, first.closing)
    rows = rows_of(link)
    for take, node in zip(operations(rows, Op.TAKE), turn, strict=True):
        rows.node[take], rows.lot_value[take], rows.part_value[take] = node, 7 + node, 7 + node
    return run(link, lambda made: renumbered(made, range(3), made.at("take")), rows)


told("entry_write without public5*is_arrive", lambda: run(arrivals(7), arrived_before))
told("entry_next without public5*is_arrive", lambda: run(arrivals(30, 10, 20, method="lofo"), arrived_nowhere))
for _i in range(8):
    told(f"entry_next_key{_i} without public5*is_arrive", arrived_key, _i)
told("entry_id without public5*is_arrive", arrived_as)
told("entry_id without is_load", loaded_as)


def other_place(lane: int) -> Run:
    """The second part of a sale takes a lot of another account."""
    link = taken(UNIT, UNIT, of=2 * UNIT)
    rows = rows_of(link)
    pools, code = np.concatenate((rows.pools,) * 2), np.concatenate((rows.around.page_code,) * 2)
    pools[1, 4 + lane] += 1
    code[1, lane] += 1
    none = np.zeros(2, np.int64)
    twice = {name: getattr(rows.around, name).repeat(2) for name in ("page_first", "page_last")}
    around = replace(rows.around, page_code=code, page_early=none, page_late=none, **twice)
    rows = replace(rows, pools=pools, around=around)
    rows.entries.pool[1] = 1
    rows.records.page[1], rows.records.position[1] = 1, 0
    rows.pred[1] = -1
    rows.next[operations(rows, Op.TAKE)[0]] = -1

    def change(made: Run) -> None:
        for row in (made.at("take")[1], made.at("settle")[1]):
            made.put(row, **{f"place{lane}": made.get(row, f"place{lane}") + 1})

    return run(link, change, rows)


for _i in range(4):
    told(f"place{_i}_held without more", other_place, _i)


# ------------------------------------------------------------------------------------------------ out of turn


def skipping() -> tuple[Link, MachineRows]:
    """A purchase, and a sale that is skipped."""
    link = page(buy(), sale(DAY))
    rows = rows_of(replace(link, rows=(link.rows[0], Row("skip", 0, 1, sale(DAY)))), follow=True)
    rows.around.phase[np.searchsorted(rows.around.start, T + DAY, side="right") - 1] = 2
    rows.around.page_early[:] = 1
    return link, rows


def skipped_after_idle() -> Run:
    """An idle row stands before a record that is skipped."""
    link, rows = skipping()
    with idle_before(1):
        return run(link, lambda made: follow(made, 0, 1), rows)


def skipped_after_close() -> Run:
    """A lot is carried out before it."""
    link, rows = skipping()
    return run(link, lambda made: follow(made, 0, 1), chosen(rows, [0, 2, 1]))


def coins_after_idle() -> Run:
    """An idle row stands before coins are sent without a lot."""
    record = Rec(at(2025) - DAY, "out", "X", UNIT, ref=7, kind="move")
    made = [Page("A", "A-1", 0, at(2024), at(2025), (buy(), record))]
    link = make_link(made, Book(amounts={("A", 0, 1): UNIT}), rules(pooling="universal"), 2024, None)
    with idle_before(1):
        return run(link, lambda made: follow(made, 0, 1))


def token_between() -> Run:
    """A token is loaded between records: no order is asked of what follows."""
    first = sent(UNIT, of=UNIT)
    a = (Rec(at(2025, 2), "open", "Y", UNIT, 5), Rec(at(2025, 3), "open", "Y", UNIT, 6))
    after = Page("A", "A-1", 1, at(2025), at(2026), a, first.pages[0].id)
    link = make_link([after], Book(), rules(2025), 2025, first.closing)
    rows = rows_of(link)
    made = replace(chosen(rows, [1, 0, *range(2, len(rows.op))]), first_seq=0)
    made.entries.order[:], made.tokens.seq[:] = [1, 2], 1
    return run(link, lambda made: marks(made, 1, "order", 5, [], 0), made)


told("idle_last without is_skip'", skipped_after_idle)
told("closes_last without is_skip'", skipped_after_close)
told("idle_last without (-public5+1)*is_send'", coins_after_idle)
told("idle_last without 1 (#2)", coins_after_idle)
told("loads_first without is_load_token'", token_between)


def late_first() -> Run:
    """A late deposit is worked before a record of the same instant that is not late, by their pages."""
    a = (buy(), Rec(T + 9000, "out", "X", UNIT, ref=7, kind="move"))
    b = (Rec(T + 8000, "in", "X", UNIT, ref=7, kind="move"),)
    c = (Rec(T + 9000, "open", "X", UNIT, 5),)
    made = [Page(s, f"{s}-1", 0, at(2024), at(2025), records) for s, records in (("A", a), ("B", b), ("C", c))]
    book = Book(matched={("B", 0, 0): ("A", 0, 1)}, amounts={("A", 0, 1): UNIT})
    link = make_link(made, book, rules(), 2024, None)
    rows = rows_of(link)
    (arrives,) = operations(rows, Op.ARRIVE)
    rows = chosen(rows, [*range(arrives - 1), arrives, arrives - 1, *range(arrives + 1, len(rows.op))])
    rows.entries.order[int(rows.node[arrives])] += 1
    return run(link, lambda made: marks(made, made.at("arrive")[0], "order", 5, [3], 0), rows)


def closed_in_turn() -> Run:
    """Three lots are carried out, the second first: each row says that the list's head leads to another lot."""
    link = page(*(buy(n) for n in range(3)))
    rows = rows_of(link)
    closes = operations(rows, Op.CLOSE)
    rows.node[closes], rows.pred[closes] = [1, 0, 2], -1

    def change(made: Run) -> None:
        keys = [[made.get(row, f"key{i}") for i in range(8)] for row in range(3)]
        tail = [made.get(2, f"pred_next_key{i}") for i in range(8)]
        for row, came, leads in zip(made.at("close"), (1, 3, 2), (3, 2, 0), strict=True):
            made.put(row, pred_next=came, node_next=leads)
            there = keys[leads - 1] if leads else tail
            for stem, key in (("pred_next_key", keys[came - 1]), ("node_next_key", there)):
                made.put(row, **{f"{stem}{i}": lane for i, lane in enumerate(key)})

    return run(link, change, rows)


told("order_equal2 without -late", late_first)
told("entry_linked without is_close", closed_in_turn)

"""Lies on the first row of the table (`machine_first_lies`) about what it does, and what comes before it does.

Nothing is older than the first row, so that it takes no lot and no token. Two flags of 1 and -1 take and give back.
"""

from __future__ import annotations

from dataclasses import replace

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Row
from tests.models.lot_machine_v2.story import T
from tests.models.lot_machine_v2.words import Lot, Rec, Token
from tests.support import machine_circuit as machine
from tests.support.machine_circuit import Run
from tests.support.machine_first_lies import FIRST, first
from tests.support.machine_full import coins_in_transit
from tests.support.machine_last_lies_moves import BEGIN, END, of_all_days
from tests.support.machine_lies_bits import BEFORE, UNIT_BASIS, deposits, leaves, token_of
from tests.support.machine_lies_lists import loaded
from tests.support.machine_lies_sequence import SETTLED
from tests.support.machine_lying import LOT, buy, copy, page, run
from tests.support.machine_rows import rows_of
from zkharvest.circuit.lot_machine.v2.buses import KIND_TOKEN
from zkharvest.spec import P


def returned(made: Run, by: int) -> None:
    """The list's head is last written so many rows later."""
    heads = made.answers["link"]
    (back,) = [message for message, times in heads.items() if times < 0]
    made.answers["link"] = {m: t for m, t in heads.items() if t > 0} | {(*back[:10], back[10] + by, *back[11:]): -1}


def answered(made: Run) -> None:
    """The standings have what is asked of them."""
    made.answers["pair"] = dict(machine.asked(made, "pair"))


def disposed(kind: int, **cells: int) -> Run:
    """A disposal of no record on the first row, beside which a flag of -1 stands; its second half counts."""

    def change(made: Run) -> None:
        since = -made.rows.around.covered
        past = since if since >= 0 else -1 - since
        of_kind = {"class_kind": kind} | {f"kind_bit{i}": kind >> i & 1 for i in range(6)}
        both = of_kind | {
            "class_term": 2,
            "class_result": 1,
            "class_covered": 2,
            "long_term": 1,
            "rest_value0": 5,
            "q0": 5,
        }
        made.put(1, **SETTLED | {"is_settle": 1, "token_last": 1} | both)
        made.put(0, is_take=1, code_closes=1, held_long=1, basis_weight=1, **both)
        made.put(0, recent=int(since >= 0), past0=past & 0x7FFF, past1=past >> 15)
        for name, value in cells.items():
            made.put(int(name.endswith("_then")), **{name.removesuffix("_then"): value})

    return run(page(pooling="universal"), change)


FIRST["out_code"] = lambda: disposed(14, is_out=-1)
FIRST["drop_code"] = lambda: disposed(62, is_drop=-1, unclear=-1, basis_weight=0, is_gone_then=-1)


@first("sent_earlier")
def _() -> Run:
    """Universal pooling: a deposit before its withdrawal."""
    come, out = (Rec(T + n, op, "X", UNIT, ref=7, kind="move") for n, op in enumerate(("in", "out")))
    token = Token(2, 0, True, "X", out.time, 7, UNIT, 0, 0, 0, 0)
    link = sent_link(come, out)
    rows = rows_of(
        replace(link, rows=(Row("arrive", 0, 0, come, token=token), Row("out", 1, 0, out, part=UNIT, token=token)))
    )
    return run(link, lambda made: made.put(0, content_write=2), rows)


def sent_link(*records: Rec) -> Link:
    link = page(pooling="universal")
    made = tuple(replace(link.pages[0], source=s, records=(record,)) for s, record in zip("BA", records, strict=True))
    return replace(link, pages=made, leaves=tuple(p.records for p in made))


@first("emptied_where")
def _() -> Run:
    """A row that passes over a record gives an entry and a content: the lot behind it leaves its list twice."""
    record = Rec(BEGIN - 1, "close", "X", UNIT, 9)
    link = page(buy())
    made = replace(link.pages[0], records=(record, buy()))
    told = Row("skip", 0, 0, record), Row("open", 0, 1, buy(), value=7)
    rows = rows_of(replace(link, pages=(made,), leaves=(made.records,), rows=told), follow=True)
    rows.around.page_early[:] = 1

    def change(made: Run) -> None:
        key = {f"key{i}": made.get(1, f"key{i}") for i in range(8)}
        again = {"node": 2, "node_next": 2, "node_write": 0} | {f"node_next_{name}": lane for name, lane in key.items()}
        copy(made, 1, 0, (*LOT, "own"))
        made.put(0, emptied=-1, **key, **again)
        columns = tuple(c.name for c in machine.definition()[1].t.columns if c.name not in ("clk", "seq"))
        copy(made, 2, 3, columns)
        made.put(2, **again, node_age0=2)
        made.put(3, pred_write=3, pred_age0=0, node_write=2, node_age0=1, content_write=1, content_age0=2, inventory=1)
        made.put(3, **{f"a{i}": 0 for i in range(8)}, **{f"c{i}": 0 for i in range(14)})
        returned(made, 1)
        answered(made)

    return run(link, change, rows)


@first("one_kind")
def _() -> Run:
    """A row loads a lot and passes over a record; another load follows."""
    record = Rec(at(2025) - 1, "close", "X", UNIT, 9)
    link, _ = loaded((UNIT, 7), (UNIT, 9))
    made = replace(link.pages[0], records=(record,))
    loads = tuple(row for row in link.rows if row.op == "load")
    told = (*loads, Row("skip", 0, 0, record))
    rows = rows_of(replace(link, pages=(made,), leaves=(made.records,), rows=told), follow=True)
    rows.around.page_early[:] = 1

    def change(made: Run) -> None:
        columns = tuple(c.name for c in machine.definition()[1].t.columns if c.name not in ("clk", "seq"))
        copy(made, 2, 0, tuple(name for name in columns if made.get(2, name)))
        for row in (2, 3):
            copy(made, row + 1, row, columns)
            for name in ("node_age0", "content_age0"):
                made.put(row, **{name: made.get(row, name) - 1})
        made.put(2, pred_age0=made.get(2, "pred_age0") - 1)
        made.put(3, pred_write=3)
        made.put(4, **dict.fromkeys(columns, 0))
        returned(made, -1)

    return run(link, change, rows)


@first("is_close_token_bit")
def _() -> Run:
    """A row that loads a token, and closes one minus once, takes no leaf, and two tokens are there.

    Where it stands the standing has no leaf. No chain carries such a standing in: what is carried out is counted.
    """
    token = token_of(END - 2, 0)
    link = deposits(token, "A", "B")
    load, *arrivals = link.rows
    lot = Lot("X", "A", 0, UNIT, 7, UNIT_BASIS, 2, BEFORE)
    rows = rows_of(replace(link, rows=(load, Row("load", lot=lot), *arrivals)), follow=True)

    def change(made: Run) -> None:
        time = {f"time{i}": END >> 15 * i & 0x7FFF for i in range(3)}
        made.put(0, is_close_token=-1, content_write=1, **time, worked0=time["time0"], worked1=time["time1"])
        del made.answers["pair"][leaves(made, 0, KIND_TOKEN)]

    return run(link, change, rows)


@first("arrive_code")
def _() -> Run:
    """Universal pooling: coins are sent of no record, and others are carried out, of which an arrival of -1 is all."""
    link = coins_in_transit()
    rows = replace(rows_of(link), first_seq=-1)
    of_all_days(rows)
    rows.tokens.seq[:], rows.tokens.time[:], rows.tokens.ref[:] = 0, END, 0
    rows.records.lanes[0, 1:3] = END % 2**30, END >> 30
    rows.records.lanes[0, 17:19] = 0

    def change(made: Run) -> None:
        marks = {f"{n}_{x}": 0 for n in ("since", "until") for x in ("at0", "at1", "at2", "low")}
        apart = pow(made.get(0, "worked0") + (made.get(0, "worked1") << 15), -1, P)  # from a withdrawal at time 0
        made.put(0, first=0, is_arrive=-1, is_close_token=1, apart0=apart, **marks)
        made.put(1, inventory=1)
        made.answers["leaf"].clear()
        answered(made)

    return run(link, change, rows)


@first("take_code")
def _() -> Run:
    """A skipped gift is a take of -1 too: the second halves of both let a purchase say what it cost."""
    gift, bought = Rec(BEGIN - 1, "out", "X", UNIT, 7, kind="gift"), buy(0, 1 << 96, 7)
    link = page(bought)
    made = replace(link.pages[0], records=(gift, bought))
    told = Row("skip", 0, 0, gift), Row("open", 0, 1, bought, value=7)
    rows = rows_of(replace(link, pages=(made,), leaves=(made.records,), rows=told), follow=True)
    rows.around.page_early[:] = 1

    def change(made: Run) -> None:
        kind = sum(made.get(0, f"kind_bit{i}") << i for i in range(6))
        since = -made.rows.around.covered
        past = since if since >= 0 else -1 - since
        both = {"class_kind": kind, "class_term": -2, "class_result": -1, "class_covered": -2, "long_term": 1}
        made.put(0, is_take=-1, is_drop=1, q0=7, held_long=1, **both)
        made.put(0, recent=int(since >= 0), past0=past & 0x7FFF, past1=past >> 15)
        made.put(0, **{f"long_from{i}": made.get(0, f"time{i}") for i in range(3)})
        whole = dict.fromkeys(("remainder_low", "remainder_high", *(f"remainder_at{i}" for i in range(5))), 0)
        made.put(1, is_settle=-1, is_gone=1, proceeds_weight=-1, **both, **whole)

    return run(link, change, rows)

"""Lies about flags of the machine that are no bits: a row that loads, or closes, minus once (`machine_lying`).

What a row takes from a standing minus once it gives: another row takes it, and nothing is there. A load or a close of
one kind hides in one of the other kind, since what may follow which row is said of both together.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Row
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import T, rules
from tests.models.lot_machine_v2.words import DAY, Lot, Page, Rec, Token
from tests.support.machine_circuit import Run
from tests.support.machine_lies_amounts import chosen
from tests.support.machine_lying import copy, lie, run
from tests.support.machine_rows import rows_of
from zkharvest.circuit.lot_machine.v2.buses import KIND_LOT, KIND_TOKEN, TREE_LOTS_IN
from zkharvest.circuit.lot_machine.v2.rows import Op

BEFORE = T // DAY - 400
UNIT_BASIS = (7 << 96) // UNIT
SEQ = 5
"""Records that were worked before."""


def deposits(token: Token, *where: str, rest: tuple[Row, ...] = (), first: tuple[Row, ...] = ()) -> Link:
    """A year in which a token that was carried in arrives at these accounts; what is loaded first, what closed last."""
    record = Rec(max(T, token.time), "in", token.asset, token.quantity, ref=token.ref, kind="move")
    pages = [Page(source, f"{source}-1", 0, at(2024), at(2025), ()) for source in where]
    link = make_link(pages, Book(), rules(), 2024, None)
    made = tuple(replace(page, records=(record,)) for page in link.pages)
    late = int(record.time == token.time)
    arrivals = tuple(Row("arrive", n, 0, record, token=token, late=late) for n in range(len(made)))
    rows = (*first, Row("load_token", token=token), *arrivals, *rest)
    return replace(link, pages=made, leaves=tuple(page.records for page in made), rows=rows, first_seq=SEQ)


def token_of(time: int, ref: int) -> Token:
    """On its way since the year before."""
    return Token(3, 0, True, "X", time, ref, UNIT, 7, UNIT_BASIS, 2, BEFORE)


def leaves(made: Run, place: int, kind: int) -> tuple[int, ...]:
    """The leaf of a place and kind of the standing carried in."""
    (found,) = [m for m in made.answers["pair"] if m[:3] == (TREE_LOTS_IN, place, kind)]
    return found


@lie("is_load_bit")
def _() -> Run:
    """Of two tokens alike one is given for the lot that it becomes, which is there before its deposit.

    The deposit takes the token that the other leaf gave, and sends it again. No chain carries two such tokens in: each
    is called after its withdrawal.
    """
    token = token_of(at(2024) - DAY, 7)
    lot = Lot("X", "A", 0, UNIT, 7, UNIT_BASIS, 2, BEFORE, own=False)
    closes = Row("close", lot=lot), Row("close_token", token=token)
    link = deposits(token, "A", first=(Row("load", lot=lot),), rest=closes)
    rows = rows_of(link)
    (come,), (close,) = (np.flatnonzero(rows.op == op) for op in (Op.ARRIVE, Op.CLOSE))
    rows.node[come] = rows.pred[come] = rows.next[come] = rows.next[close] = -1

    def change(made: Run) -> None:
        (row,), (out,) = made.at("arrive"), made.at("close_token")
        made.put(row, is_load=-1, is_load_token=1, inventory=0)
        made.put(out, content_write=row + 1)
        pairs = made.answers["pair"]
        real = leaves(made, 1, KIND_TOKEN)
        del pairs[leaves(made, 0, KIND_LOT)]
        pairs[TREE_LOTS_IN, 0, *real[2:]] = 1

    return run(link, change, rows)


@lie("is_close_token_bit")
def _() -> Run:
    return unmade()


def unmade(passed: int = 0) -> Run:
    """A token that is not there arrives twice; one of its lots goes, instead, for a lot that was carried in.

    The last row in use closes that lot, and a token minus once: its tree is then the one of what is carried in. So
    many records before the year are passed over; if there are any, no row is left behind.
    """
    end = at(2025)
    token = token_of(end - 2, 0)  # its close counts two rows since its lot came, and as many ms
    link = deposits(token, "A", "B")
    if passed:
        skipped = tuple(Rec(at(2024) - DAY + n, "close", "X", UNIT, 9) for n in range(passed))
        first = replace(link.pages[0], records=(*skipped, *link.pages[0].records))
        load, *arrivals = (replace(row, position=passed) if row.page == 0 else row for row in link.rows)
        told = (Row("skip", 0, n, record) for n, record in enumerate(skipped))
        pages = (first, *link.pages[1:])
        link = replace(link, pages=pages, leaves=tuple(p.records for p in pages), rows=(load, *told, *arrivals))
    rows = rows_of(link, follow=True)
    rows.around.page_early[:] = int(passed > 0)
    count = len(rows.op)
    rows = chosen(rows, [*range(count - 2), count - 1, count - 2])

    def change(made: Run) -> None:
        _, row = made.at("close")
        if passed:
            made.traces["steps"] = made.cells()[: row + 1].copy()
        time = {f"time{i}": end >> 15 * i & 0x7FFF for i in range(3)}
        made.put(row, is_close_token=-1, inventory=0, **time, worked0=time["time0"], worked1=time["time1"])
        (load,) = made.at("load_token")
        of_token = (
            "token_seq",
            "token_part",
            "token_last",
            "token_ref0",
            "token_ref1",
            *(f"past{i}" for i in range(3)),
        )
        copy(made, load, row, (*of_token, *(f"b{i}" for i in range(14))))
        made.put(made.at("arrive")[1], content_write=made.get(row, "content_write"), content_age0=0)
        pairs = made.answers["pair"]
        del pairs[leaves(made, 0, KIND_TOKEN)]
        (closed,) = [m for m in pairs if m[:3] == (TREE_LOTS_IN + 1, 1, KIND_LOT)]
        del pairs[closed]
        pairs[TREE_LOTS_IN, 0, *closed[2:]] = 1

    return run(link, change, rows)

"""Lies about what a row is counted as, and about lots (`machine_lying`)."""

from __future__ import annotations

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import T, rules
from tests.models.lot_machine_v2.words import Rec
from tests.support import machine_circuit as machine
from tests.support.machine_circuit import Run
from tests.support.machine_lying import (
    LIES,
    LOT,
    buy,
    copy,
    lie,
    page,
    run,
    sale,
)
from tests.support.machine_rows import rows_of
from zkharvest.commitment.page_record import Flag, RecordKind
from zkharvest.spec import P


def changed(link: Link, kind: str, **values: int) -> Run:
    """Other cells in the first row of a kind."""
    return run(link, lambda made: made.put(made.at(kind)[0], **values))


def deposit() -> Link:
    """One that nothing explains."""
    return page(Rec(T, "in", "X", UNIT, kind="move"))


@lie("found_value")
def _() -> Run:
    """A basis for a deposit that is called unexplained."""
    rows = rows_of(deposit())
    rows.lot_value[:] = 5
    rows.entries.unit[0, :13] = list(((5 << 96) // UNIT).to_bytes(13, "little"))
    return run(deposit(), rows=rows)


@lie("found_where")
def _() -> Run:
    """An unexplained deposit called an income of 0, which no counter tells."""
    return changed(deposit(), "open", found=0, class_kind=14, income=1, left_inverse=pow(13, -1, P), class_term=5)


@lie("trade_kind")
def _() -> Run:
    """A staking reward called a purchase: basis, and no income."""
    return changed(page(Rec(T, "open", "X", UNIT, 9, kind="staking")), "open", income=0, class_term=0)


@lie("open_sign")
def _() -> Run:
    """A purchase for less than nothing."""
    rows = rows_of(page(buy()))
    rows.records.lanes[0, 0] += int(Flag.NEGATIVE)
    return run(page(buy()), rows=rows)


@lie("own_opened")
def _() -> Run:
    """A deposit called the account's own, to be covered."""
    rows = rows_of(deposit())
    rows.entries.own[:] = 1
    return run(deposit(), rows=rows)


@lie("day_opened")
def _() -> Run:
    """A purchase dated back a day: first in, first out."""
    rows = rows_of(page(buy()))
    rows.entries.day[:] -= 1
    return run(page(buy()), rows=rows)


@lie("result_negative")
def _() -> Run:
    """A sale below nothing, called a gain."""

    def change(made: Run) -> None:
        for row in (*made.at("take"), *made.at("settle")):
            made.put(row, loss=0, class_result=1)

    return run(page(buy(), sale(value=-5)), change)


@lie("covered")
def _() -> Run:
    """A sale of coins that came by a deposit, called covered."""
    link = page(Rec(T, "in", "X", UNIT, kind="move"), sale())

    def change(made: Run) -> None:
        for row in (*made.at("take"), *made.at("settle")):
            made.put(row, covered=1, class_covered=1)

    return run(link, change)


LIES["covered_held"] = lambda: changed(page(buy(), sale()), "settle", covered=0, class_covered=2)


@lie("key6")
def _() -> Run:
    """A lot sorted by another day than its own."""

    def change(made: Run) -> None:
        day = int(made.rows.entries.day[0])
        for row in range(made.witness.plan.used):
            for name in ("key6", "pred_key6", "pred_next_key6", "node_next_key6"):
                if made.get(row, name) == day:
                    made.put(row, **{name: day + 1})
        made.put(0, above_low=made.get(0, "above_low") + 1, below_low=made.get(0, "below_low") - 1)

    return run(page(buy(), sale()), change)


@lie("time_low_held")
def _() -> Run:
    """The second part of a sale is a millisecond later."""

    def change(made: Run) -> None:
        for row in (made.at("take")[1], made.at("settle")[1]):
            made.put(row, time0=made.get(row, "time0") + 1, worked0=made.get(row, "worked0") + 1)

    return run(page(buy(), buy(1), sale(2, 2 * UNIT)), change)


LISTED = (
    *("pred", "pred_write", "pred_next", "node", "node_write", "node_next", "content_write", "emptied", "is_close"),
    *(f"{name}{i}" for name in ("pred_key", "pred_next_key", "key", "node_next_key") for i in range(8)),
    *(f"{name}{i}" for name in ("pred_age", "node_age", "content_age") for i in range(2)),
    "own",
)


@lie("one_kind")
def _() -> Run:
    """A row settles a sale and carries a lot out, of the same quantity and value."""

    def change(made: Run) -> None:
        (row,), (close,) = made.at("settle"), made.at("close")
        copy(made, close, row, (*LISTED, *LOT))
        for name in ("pred_age0", "node_age0", "content_age0"):
            made.put(row, **{name: made.get(row, name) - 1})
        blank = [c.name for c in machine.definition()[1].t.columns if c.name not in ("clk", "seq")]
        made.put(close, **dict.fromkeys(blank, 0))
        heads = made.answers["link"]
        (back,) = [message for message, times in heads.items() if times < 0]
        made.answers["link"] = {m: t for m, t in heads.items() if t > 0} | {(*back[:10], back[10] - 1, *back[11:]): -1}

    return run(page(buy(value=7), buy(1, value=9), sale(2, value=9)), change)


def given(first: int, between: int, second: int) -> Run:
    """Two lots gone of one withdrawal: the kinds of the first, of what stands between, of the second."""
    record = Rec(T + 2, "out", "X", 2 * UNIT, kind="gift")
    link = page(buy(), buy(1), record)
    link = make_link(list(link.pages), Book(gone={("A", 0, 2): "gift"}), rules(), 2024, None)

    def change(made: Run) -> None:
        (one, two), (middle, _) = made.at("drop"), made.at("gone")
        made.put(one, class_kind=first)
        made.put(middle, class_kind=between)
        for row in (two, two + 1):
            made.put(row, class_kind=second)

    return run(link, change)


LIES["kind_gone_held"] = lambda: given(RecordKind.GIFT, RecordKind.LOST, RecordKind.LOST)
LIES["kind_gone_step"] = lambda: given(RecordKind.GIFT, RecordKind.GIFT, RecordKind.LOST)


@lie("kind_unclear")
def _() -> Run:
    """What is gone is called a migration."""
    link = page(buy(), Rec(T + 1, "out", "X", UNIT, kind="gift"))
    link = make_link(list(link.pages), Book(gone={("A", 0, 1): "gift"}), rules(), 2024, None)

    def change(made: Run) -> None:
        (drop,), (gone,) = made.at("drop"), made.at("gone")
        made.put(drop, class_kind=RecordKind.MIGRATION, unclear=1)
        made.put(gone, class_kind=RecordKind.MIGRATION)

    return run(link, change)

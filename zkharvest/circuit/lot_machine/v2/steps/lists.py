"""The lists of open lots: what sorts them, what a lot is, and the standings from which and into which lots go.

Reads and writes are those of `shared.lists`: linear tokens on the buses `link` and `content`, each written before it is
read. FIFO and LIFO sort by the day acquired, then by the record that acquired; HIFO and LOFO by unit basis, then so.

Who would cheat how: an insertion at another place of the list (its key, and those before and behind it); a lot of
another day, so that another is sold first or it becomes long term (dates come from the calendar, from the lot itself
where it moved, or from a listed day where the owner declares it, which is not behind the deposit); a lot called the
account's own after it moved; one left out of a standing, or read twice (they are counted).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Table
from zkharvest.circuit.expr import Expr
from zkharvest.circuit.gadgets import LIMB, Ranges, less
from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.shared.lists import KEY, LANE_MAX, RANK, SEQ_MAX, ListColumns
from zkharvest.circuit.lot_machine.v2.buses import KIND_LOT, TREE_LOTS_IN
from zkharvest.circuit.lot_machine.v2.rows import Op
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.spec import METHODS

if TYPE_CHECKING:
    from .fill import StepsWitness
    from .table import Steps

SEQ_LIMB = 12
"""Bits of the upper limb of how many records came before: fewer than 2^27, so that no order reaches SEQ_MAX."""
DAY_LANE = 6
"""The key's most significant lane: of the unit basis under HIFO and LOFO, the day under FIFO and LIFO."""


class LotColumns(ListColumns):
    """Columns of entries and of a lot; the day it was acquired on, and whether it was acquired here."""

    def __init__(self, t: Table, ranges: Ranges) -> None:
        super().__init__(t, ranges)
        self.acquired, self.own = t.column("acquired"), t.column("own")


def keys(s: Steps) -> None:
    """An inserted entry has the method's key; a lot's nature is its record's, or what it had before it moved."""
    t, p = s.t, s.publics
    with t.when(s.inserts):
        by_unit = [p.lofo * u + p.hifo * (LANE_MAX - u) for u in s.unit]
        by_unit[DAY_LANE] = by_unit[DAY_LANE] + p.fifo * s.acquired + p.lifo * (LANE_MAX - s.acquired)
        t.equals("key{}", s.key[:7], by_unit, "LOFO sorts by unit, HIFO by its complement, FIFO by day, LIFO by its")
        by_age = (p.fifo + p.hifo + p.lofo) * s.lot_seq + p.lifo * (SEQ_MAX - 1 - s.lot_seq)
        t.equal("key7", s.key[7], by_age, "then by acquisition order (LIFO: the latest first)")
    before, own, after = ([k[i] for i in RANK] for k in (s.pred_key, s.key, s.pred_next_key))
    above, below = list(zip(before, own, strict=True)), list(zip(own, after, strict=True))
    less(
        t,
        "above",
        s.above,
        above,
        s.inserts,
        below=SEQ_MAX + 1,
        strict=False,
        note="the entry before does not sort after",
    )
    less(t, "below", s.below, below, s.inserts, below=SEQ_MAX + 1, strict=True, note="the entry after sorts after")
    with t.when(s.open + s.carried_in):
        t.equals("unit{}", s.unit, s.q_lanes[:7], "the unit basis is the quotient (of what is loaded: has its bytes)")
    with t.when(s.open):
        t.equal("seq_opened", s.lot_seq, s.seq, "a new lot is as old as its record")
        t.equal("own_opened", s.own, 1 - s.moves, "it is the account's own, but for a deposit")
    with t.when(s.arrive):
        t.zero("own_moved", s.own + 0, "what has moved is not")
    with t.when(s.open - s.declared):
        t.equals("long{}_opened", s.long_from, s.day_long, "its term starts with its day")
        t.equal("day_opened", s.acquired, s.day, "which is the record's")
    t.receive(s.buses.days, [s.acquired, *s.long_from], s.declared)
    with t.when(s.declared):
        t.equal("day_declared", s.day, s.acquired + s.past[0] + s.past[1] * LIMB, "or one before it that is declared")
    with t.when(s.out):
        for name, cell in (("seq", s.lot_seq), ("day", s.acquired)):
            t.equal(f"{name}_moved", cell.next, cell, "a part on its way keeps its age")
        for name, cells in (("unit", s.unit), ("long", s.long_from)):
            for i, cell in enumerate(cells):
                t.equal(f"{name}{i}_moved", cell.next, cell, f"and its {name}")


def contents(s: Steps) -> None:
    """Reads and writes of a lot's content."""
    t = s.t
    nature: list[Expr] = [*s.unit, s.lot_seq, *s.long_from, s.acquired, s.own]
    t.receive(s.buses.content, [s.node, s.content_write, *s.c_lanes, *s.a_lanes, *nature], s.removes)
    quantity = [
        (s.open + s.load) * c + s.arrive * b + s.halves * e
        for c, b, e in zip(s.c_lanes, s.b_lanes, s.e_lanes, strict=True)
    ]
    value = [s.inserts * a + s.halves * g for a, g in zip(s.a_lanes, s.g_lanes, strict=True)]
    t.send(s.buses.content, [s.node, s.clk, *quantity, *value, *nature], s.inserts + s.removes - s.emptied)


def standings(s: Steps) -> None:
    """Loads consume the lots and tokens of the standing carried in, in their order; closes those carried out."""
    t = s.t
    of_lot: list[Expr | int] = [s.lot_seq, 0, *s.unit, *s.long_from, s.acquired, s.side, s.own]
    lot: list[Expr | int] = [s.carried_out + TREE_LOTS_IN, s.inventory, KIND_LOT, *s.asset, *s.pool_place]
    lot += [*s.c_lanes, *s.a_lanes]
    t.receive(s.buses.pair, [*lot, *of_lot], s.load + s.close)
    with t.when(s.carried_in):
        t.zero("inventory_start", s.inventory + 0, "a standing is counted from 0", "first")
    ins, outs = (s.load.next + s.load_token.next, s.close.next + s.close_token.next)
    with t.when(1 - s.carried_out), t.when(outs):
        t.zero("closing_start", s.inventory.next, "the one carried out too", "transition")
    with t.when(s.carried_in * ins + s.carried_out * outs):
        t.equal("inventory_step", s.inventory.next, s.inventory + 1, "and counts what it has", "transition")
    gap = s.node_age[0] + s.node_age[1] * LIMB
    with t.when(s.carried_in):
        age = s.load * s.lot_seq + s.load_token * s.token_seq
        t.equal("loaded_older", s.seq, age + gap, "what is loaded is older than every record")
        # Said of the number itself: were only the gap small, a long chain of links could count past every bound that
        # keys have, and around the field.
        count = s.content_age[0] + s.content_age[1] * LIMB
        t.equal("seq_small", s.seq, count, "and fewer than 2^27 records came before")
    t.receive(s.buses.ranges.u15, [s.content_age[1] * (1 << 15 - SEQ_LIMB)], s.carried_in)


# ------------------------------------------------------------------------------------------------ filling


def fill(f: StepsWitness) -> Ints:
    """Fill the columns; returns the last write of each pool's head."""
    s, w, m = f.s, f.trace, f.rows
    unit, key = _entries(f)
    acts = np.flatnonzero(m.node >= 0)
    rows, node, pred = f.plan.at[acts], m.node[acts], m.pred[acts]
    inserts = np.isin(m.op[acts], (Op.LOAD, Op.OPEN, Op.ARRIVE))
    emptied, following = (m.emptied[acts] == 1) & ~inserts, m.next[acts]
    clk = rows + 1
    entry = np.zeros(len(unit) + 1, np.int64)  # the last stands for "none": entry 0
    entry[node[inserts]] = clk[inserts]
    head, tail = np.zeros((1, KEY), np.int64), np.array([[LANE_MAX] * (KEY - 1) + [SEQ_MAX]], np.int64)
    keys_before, keys_after = np.concatenate((key, head)), np.concatenate((key, tail))
    pred_write, node_write, content_write, head_write = _write_times(f, acts, clk, inserts, emptied)

    pred_next = np.where(inserts, following, node)
    w.put(s.pred, rows, entry[pred])
    w.put(s.pred_write, rows, pred_write)
    w.put_all(s.pred_key, rows, keys_before[pred])
    w.put(s.pred_next, rows, entry[pred_next])
    w.put_all(s.pred_next_key, rows, keys_after[pred_next])
    w.put(s.node, rows, entry[node])
    linked = inserts | emptied
    lr = rows[linked]
    w.put(s.node_write, lr, node_write[linked])
    w.put_all(s.key, lr, key[node[linked]])
    w.put(s.node_next, lr, entry[following[linked]])
    w.put_all(s.node_next_key, lr, keys_after[following[linked]])
    removes = ~inserts
    w.put(s.content_write, rows[removes], content_write[removes])
    for age, at, gap in (
        (s.pred_age, rows, clk - pred_write - 1),
        (s.node_age, rows[emptied], (clk - node_write - 1)[emptied]),
        (s.content_age, rows[removes], (clk - content_write - 1)[removes]),
    ):
        w.put_all(age, at, words.limbs15(gap)[:, :2])
    ir = rows[inserts]
    mine = key[node[inserts]][:, RANK]
    w.put_compare(s.above, ir, keys_before[pred[inserts]][:, RANK], mine)
    w.put_compare(s.below, ir, mine, keys_after[following[inserts]][:, RANK])
    _natures(f, rows, node, unit)
    return head_write


def _natures(f: StepsWitness, rows: Ints, node: Ints, unit: Ints) -> None:
    s, w, m, entries = f.s, f.trace, f.rows, f.rows.entries
    w.put_all(s.unit, rows, unit[node])
    w.put(s.lot_seq, rows, entries.order[node])
    w.put_all(s.long_from, rows, words.limbs15(entries.long_from[node]))
    w.put(s.acquired, rows, entries.day[node])
    w.put(s.own, rows, entries.own[node])
    tokens = np.flatnonzero(m.token >= 0)
    at, number = f.plan.end[tokens], m.token[tokens]
    w.put_all(s.unit, at, words.lanes24(m.tokens.unit[number].astype(np.int64)))
    w.put(s.lot_seq, at, m.tokens.order[number])
    w.put_all(s.long_from, at, words.limbs15(m.tokens.long_from[number]))
    w.put(s.acquired, at, m.tokens.day[number])
    loads, closes = (f.of(*ops) for ops in ((Op.LOAD, Op.LOAD_TOKEN), (Op.CLOSE, Op.CLOSE_TOKEN)))
    for carried in (loads, closes):
        w.put(s.inventory, f.plan.at[carried], np.arange(len(carried)))
    loaded = f.of(Op.LOAD)
    token = f.of(Op.LOAD_TOKEN)
    at = f.plan.at[np.concatenate((loaded, token))]
    seq = np.concatenate((entries.order[m.node[loaded]], m.tokens.seq[m.token[token]]))
    w.put_all(s.node_age, at, words.limbs15(f.seq_on_rows[at] - seq)[:, :2])
    w.put_all(s.content_age, at, words.limbs15(f.seq_on_rows[at])[:, :2])
    pooled = np.concatenate((loaded, f.of(Op.CLOSE)))
    of_pool = m.pools[entries.pool[m.node[pooled]]]
    w.put_all([*s.asset, *s.place, s.side], f.plan.at[pooled], of_pool)
    declared = np.flatnonzero(m.declared)
    gap = w.column(s.day, f.plan.at[declared]) - entries.day[m.node[declared]]
    w.put_all(s.past[:2], f.plan.at[declared], words.limbs15(gap)[:, :2])


def _entries(f: StepsWitness) -> tuple[Ints, Ints]:
    """Per entry: unit (n, 7), key (n, 8)."""
    entries, method = f.rows.entries, f.rows.around.method
    assert method in METHODS, method
    unit = words.lanes24(entries.unit.astype(np.int64))
    key = np.zeros((len(unit), KEY), np.int64)
    if method == "lofo":
        key[:, :7] = unit
    elif method == "hifo":
        key[:, :7] = LANE_MAX - unit
    elif method != "specific":
        key[:, DAY_LANE] = entries.day if method == "fifo" else LANE_MAX - entries.day
    if method != "specific":
        key[:, 7] = SEQ_MAX - 1 - entries.order if method == "lifo" else entries.order
    return unit, key


def _write_times(
    f: StepsWitness, acts: Ints, clk: Ints, inserts: NDArray[np.bool_], emptied: NDArray[np.bool_]
) -> tuple[Ints, Ints, Ints, Ints]:
    """When the tokens that an operation reads were written: the link before, the entry's link, its content.

    The fourth result is when each pool's head was last written. Every access writes anew, so that what is read was
    written by the access before.
    """
    m = f.rows
    node, pred, nodes = m.node[acts], m.pred[acts], len(m.entries.pool)
    before = np.where(pred < 0, nodes + m.entries.pool[node], pred)  # heads are numbered behind the entries
    own = np.flatnonzero(inserts | emptied)
    whose, when = np.concatenate((before, node[own])), np.concatenate((clk, clk[own]))
    written, last = _access_before(whose, when, nodes + len(m.pools))
    node_write = np.zeros(len(acts), np.int64)
    node_write[own] = written[len(acts) :]
    node_write[inserts] = clk[inserts]
    content, _ = _access_before(node, clk, nodes)
    return written[: len(acts)], node_write, content, last[nodes:]


def _access_before(whose: Ints, when: Ints, count: int) -> tuple[Ints, Ints]:
    """For each access of something at a time the time of the one before it (0 if none), and the last of everything."""
    order = np.lexsort((when, whose))
    same = np.zeros(len(order), bool)
    same[1:] = whose[order[1:]] == whose[order[:-1]]
    found = np.zeros(len(order), np.int64)
    found[order[1:]] = np.where(same[1:], when[order[:-1]], 0)
    last = np.zeros(count, np.int64)
    np.maximum.at(last, whose, when)
    return found, last

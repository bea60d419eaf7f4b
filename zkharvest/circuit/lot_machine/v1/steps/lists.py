"""The lists of open lots as linear tokens on two buses.

    link     pool, entry, time of writing, key, next entry, its key        (the head has entry 0 and key 0)
    content  entry, time of writing, quantity, value, unit, seq, long-from

A read consumes the token, a write emits a new one with the row's clock; a read is later than its write, so tokens
cannot come from the future, and a token that is not written again is gone (offline memory checking, Blum et al. 1991).
An entry's number is the clock of the row that inserts it, so that it is of one pool: what `link` says of the pool,
`content` need not say again (docs/adr/0009).
An insert names the entry before as advice and shows key(before) <= key < key(after); a take reads the head's link.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.expr import Expr
from zkharvest.circuit.gadgets import LIMB, less
from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.shared.lists import LANE_MAX, RANK, SEQ_MAX
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.commitment.encoding import TREE_OPENING
from zkharvest.ledger.operations import MOVE_IN, NONE, OPEN
from zkharvest.ledger.rules import Method

if TYPE_CHECKING:
    from .fill import StepsWitness
    from .table import Steps


def keys(s: Steps) -> None:
    """An inserted entry has the method's key; one not inserted brings its own."""
    t, p = s.t, s.publics
    with t.when(s.inserts):
        by_unit = [p.lofo * u + p.hifo * (LANE_MAX - u) for u in s.unit]
        t.equals("key{}", s.key[:7], by_unit, "LOFO sorts by unit basis, HIFO by its complement, others not at all")
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
    for i, unit in enumerate(s.unit):
        with t.when(s.open + s.load):
            t.equal(f"unit{i}", unit, s.q_lanes[i], "the unit basis is the quotient (for a loaded lot: has its bytes)")
        with t.when(s.out):
            t.equal(f"unit{i}_moved", unit.next, unit, "a moved part keeps its unit basis")
    with t.when(s.open):
        t.equal("seq_opened", s.lot_seq, s.seq, "a new lot is as old as its trade")
    with t.when(s.out):
        t.equal("seq_moved", s.lot_seq.next, s.lot_seq, "a moved part keeps its acquisition order")
    for i, limb in enumerate(s.long_from):
        with t.when(s.open):
            t.equal(f"long{i}_opened", limb, s.day_long[i], "its term starts with its day")
        with t.when(s.out):
            t.equal(f"long{i}_moved", limb.next, limb, "a moved part keeps its date")


def contents(s: Steps) -> None:
    """Reads and writes of a lot's content."""
    t = s.t
    nature: list[Expr] = [*s.unit, s.lot_seq, *s.long_from]
    t.receive(s.buses.content, [s.node, s.content_write, *s.c_lanes, *s.a_lanes, *nature], s.removes)
    parts = s.take + s.out
    quantity = [
        (s.open + s.load) * c + s.into * b + parts * e for c, b, e in zip(s.c_lanes, s.b_lanes, s.e_lanes, strict=True)
    ]
    value = [s.inserts * a + parts * g for a, g in zip(s.a_lanes, s.g_lanes, strict=True)]
    t.send(s.buses.content, [s.node, s.clk, *quantity, *value, *nature], s.inserts + s.removes - s.emptied)


def inventories(s: Steps) -> None:
    """Loads consume the opening inventory's lots in their order, closes the closing inventory's.

    A lot says at the end of which year it was carried out: last year's are carried in, no others.
    """
    t = s.t
    t.receive(
        s.buses.lot,
        [
            s.close + TREE_OPENING,
            s.inventory,
            *s.asset,
            *s.rest_value,
            *s.c_lanes,
            *s.a_lanes,
            s.lot_seq,
            *s.unit,
            *s.long_from,
            s.side,
            s.close * s.publics.year + s.load * (s.publics.year - 1),
        ],
        s.load + s.close,
    )
    with t.when(s.load):
        t.zero("inventory_start", s.inventory, "an inventory is counted from 0", "first")
    with t.when(1 - s.close), t.when(s.close.next):
        t.zero("closing_start", s.inventory.next, "the closing one too", "transition")
    with t.when(s.load * s.load.next + s.close * s.close.next):
        t.equal("inventory_step", s.inventory.next, s.inventory + 1, "and counts its lots", "transition")
    with t.when(s.load):
        gap = s.node_age[0] + s.node_age[1] * LIMB
        t.equal("loaded_older", s.seq, s.lot_seq + 1 + gap, "a loaded lot is older than every trade")
    t.receive(s.buses.ranges.u15, [s.node_age[1] * 32], s.load)


def fill(f: StepsWitness) -> list[int]:
    """Fill the columns; returns the last write of each pool's head."""
    s, w, t = f.s, f.trace, f.operations
    unit, key, seq = _entries(f)
    acts = np.flatnonzero(t.op != NONE)
    closes = len(t.final_node)
    final_pool = t.node_pool[t.final_node]
    after = np.full(closes, -1)
    if closes:
        same = final_pool[1:] == final_pool[:-1]
        after[:-1][same] = t.final_node[1:][same]
    rows = np.concatenate((f.plan.at[acts], f.plan.closes))
    node = np.concatenate((t.node[acts], t.final_node))
    pred = np.concatenate((t.pred[acts], np.full(closes, -1)))
    pool = np.concatenate((t.pool[acts], final_pool))
    following = np.concatenate((t.next[acts], after))
    inserts = np.concatenate(((t.op[acts] == OPEN) | (t.op[acts] == MOVE_IN), np.zeros(closes, bool)))
    emptied = np.concatenate((t.emptied[acts], np.ones(closes, bool))) & ~inserts
    removes = ~inserts
    clk = rows + 1
    entry = np.zeros(len(t.node_trade) + 1, np.int64)  # the last stands for "none": entry 0
    entry[node[inserts]] = clk[inserts]
    head_key, tail_key = np.zeros((1, 8), np.int64), np.array([[LANE_MAX] * 7 + [SEQ_MAX]], np.int64)
    keys_before, keys_after = np.concatenate((key, head_key)), np.concatenate((key, tail_key))
    pred_write, node_write, content_write, head_write = _write_times(
        clk, node, pred, pool, inserts, len(unit), len(t.pools)
    )

    pred_next = np.where(inserts, following, node)
    w.put(s.pred, rows, entry[pred])
    w.put(s.pred_write, rows, pred_write)
    w.put_all(s.pred_key, rows, keys_before[pred])
    w.put(s.pred_next, rows, entry[pred_next])
    w.put_all(s.pred_next_key, rows, keys_after[pred_next])
    w.put(s.node, rows, entry[node])
    w.put_all(s.unit, rows, unit[node])
    w.put(s.lot_seq, rows, seq[node])
    w.put_all(s.long_from, rows, words.limbs15(f.long_at[node]))
    linked = inserts | emptied
    lr = rows[linked]
    w.put(s.node_write, lr, node_write[linked])
    w.put_all(s.key, lr, key[node[linked]])
    w.put(s.node_next, lr, entry[following[linked]])
    w.put_all(s.node_next_key, lr, keys_after[following[linked]])
    w.put(s.content_write, rows[removes], content_write[removes])
    loads = f.load_rows
    older = f.seq_base - seq[t.node[: f.carried]] - 1
    for age, at, gap in (
        (s.pred_age, rows, clk - pred_write - 1),
        (s.node_age, rows[emptied], (clk - node_write - 1)[emptied]),
        (s.content_age, rows[removes], (clk - content_write - 1)[removes]),
        (s.node_age, loads, older),
    ):
        w.put_all(age, at, np.stack((gap & 0x7FFF, gap >> 15), axis=1))
    ir = rows[inserts]
    mine = key[node[inserts]][:, RANK]
    w.put_compare(s.above, ir, keys_before[pred[inserts]][:, RANK], mine)
    w.put_compare(s.below, ir, mine, keys_after[following[inserts]][:, RANK])
    return head_write


def _entries(f: StepsWitness) -> tuple[Ints, Ints, Ints]:
    """Per entry: unit (n, 7), key (n, 8), acquisition order (n,)."""
    unit = words.lanes24(f.operations.node_unit.astype(np.int64))
    seq = f.seq_of(f.operations.node_trade)
    key = np.zeros((len(seq), 8), np.int64)
    method = f.operations.election.method
    if method is Method.LOFO:
        key[:, :7] = unit
    elif method is Method.HIFO:
        key[:, :7] = LANE_MAX - unit
    if method is not Method.SPECIFIC:
        key[:, 7] = SEQ_MAX - 1 - seq if method is Method.LIFO else seq
    return unit, key, seq


def _write_times(
    clk: Ints, node: Ints, pred: Ints, pool: Ints, inserts: NDArray[np.bool_], nodes: int, pools: int
) -> tuple[Ints, Ints, Ints, list[int]]:
    """When the tokens that an operation reads were written: the link before, the entry's link, its content.

    The fourth result is when each pool's head was last written.
    """
    link, content, head = [0] * nodes, [0] * nodes, [0] * pools
    read_pred, read_node, read_content = [], [], []
    steps = zip(clk.tolist(), node.tolist(), pred.tolist(), pool.tolist(), inserts.tolist(), strict=True)
    for now, n, p, pl, ins in steps:
        if p < 0:
            read_pred.append(head[pl])
            head[pl] = now
        else:
            read_pred.append(link[p])
            link[p] = now
        if ins:
            link[n] = now
        read_node.append(link[n])
        read_content.append(content[n])
        content[n] = now
    as_arrays = [np.array(x, np.int64) for x in (read_pred, read_node, read_content)]
    return as_arrays[0], as_arrays[1], as_arrays[2], head

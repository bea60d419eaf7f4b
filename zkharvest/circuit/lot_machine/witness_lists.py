"""Fills the list columns of `steps`: who stands before, keys, and when each token was last written."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zkharvest.ledger.fast_tape import MOVE_IN, NONE, OPEN
from zkharvest.ledger.rules import Method

from . import words
from .small_tables import LANE_MAX, SEQ_MAX
from .witness_steps import StepsWitness
from .words import Ints

RANK = [6, 5, 4, 3, 2, 1, 0, 7]
"""Key lanes from the most significant."""


def fill_lists(f: StepsWitness) -> list[int]:
    """Fill the columns; returns the last write of each pool's head."""
    s, w, t = f.s, f.trace, f.tape
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
    unit = words.lanes24(f.tape.node_unit.astype(np.int64))
    seq = f.seq_of(f.tape.node_trade)
    key = np.zeros((len(seq), 8), np.int64)
    method = f.tape.election.method
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

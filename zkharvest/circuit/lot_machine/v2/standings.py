"""The standings of a link from the machine's rows: lots and tokens as their trees have them, lane by lane."""

from __future__ import annotations

import numpy as np

from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.words import Ints, Words
from zkharvest.commitment.standing import PAIR_LANES

from .rows import Bytes, MachineRows, Op
from .sums.keys import PLACE


def lots_of(rows: MachineRows, op: Op) -> Ints:
    """Lots that are loaded or closed (n, 31), in the order of the operations."""
    at = np.flatnonzero(rows.op == op)
    node = rows.node[at]
    entries, pools = rows.entries, rows.pools[rows.entries.pool[node]]
    nature = _nature(entries.unit[node], entries.long_from[node], entries.day[node])
    amounts = _amounts(rows.lot_lo[at], rows.lot_hi[at], rows.lot_value[at])
    order, none = entries.order[node][:, None], np.zeros((len(at), 1), np.int64)
    own = entries.own[node][:, None]
    found = [pools[:, : 2 * PLACE], amounts, order, none, nature, pools[:, 2 * PLACE :], own]
    return np.concatenate(found, axis=1).reshape(-1, PAIR_LANES)


def tokens_of(rows: MachineRows, op: Op) -> Ints:
    """Tokens that are loaded or closed (n, 31), in the order of the operations."""
    at = rows.token[np.flatnonzero(rows.op == op)]
    t = rows.tokens
    where = [t.asset[at], (t.time[at] & 0x3FFFFFFF)[:, None], (t.time[at] >> 30)[:, None], t.ref[at]]
    amounts = _amounts(t.quantity_lo[at], t.quantity_hi[at], t.value[at])
    nature = _nature(t.unit[at], t.long_from[at], t.day[at])
    rest = [amounts, t.order[at][:, None], t.seq[at][:, None], nature, t.part[at][:, None], t.last[at][:, None]]
    return np.concatenate([*where, *rest], axis=1).reshape(-1, PAIR_LANES)


def _amounts(low: Words, high: Words, value: Words) -> Ints:
    """Quantity in five lanes, value in three."""
    quantity, money = words.lanes24(words.to_bytes(low, high, 14)), words.lanes24(words.to_bytes(value, None, 8))
    return np.concatenate([quantity, money], axis=1)


def _nature(unit: Bytes, long_from: Ints, day: Ints) -> Ints:
    """Unit basis in seven lanes, from when it is long term in three, the day acquired."""
    return np.concatenate([words.lanes24(unit.astype(np.int64)), words.limbs15(long_from), day[:, None]], axis=1)

"""The trace of `sums` from registers, and the lanes that a statement shows of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.trace import NamedCells
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.commitment.standing import LEVEL_WEIGHT, small_fields

from .keys import GROUPS, LANES, LEVELS, ORDERED, PLACE, TERMS, field, lanes_of
from .registers import INCOME, Registers, rank
from .table import CARRY, CLASS, SumsTable

Cells = NDArray[np.uint32]
Shown = Sequence[tuple[int, str]]
"""Of registers by number, the groups that are shown."""


def used_rows(found: Registers) -> int:
    """Rows that the registers take."""
    return LANES * len(found.keys)


def must_be_shown(found: Registers) -> list[tuple[int, str]]:
    """The counters that no statement may leave out."""
    told = (found.prior == 0) & (found.keys[:, 0] == LEVELS.index("COUNT") + 1) & (found.keys[:, field("told")] == 1)
    return [(int(number), "events") for number in np.flatnonzero(told)]


def figures(found: Registers, shown: Shown) -> list[tuple[int, ...]]:
    """The statement's list: key, lane from 1, and the lane's signed value, a row a lane of each group shown."""
    values = lane_values(found)
    return [
        (*(int(v) for v in found.keys[number]), lane + 1, int(values[number, lane]))
        for number, group in sorted(shown)
        for lane in lanes_of(group)
    ]


def lane_values(found: Registers) -> Ints:
    """(n, LANES): three signed bytes a lane."""
    signed = found.signed.reshape(-1, LANES, 3)
    values: Ints = signed[:, :, 0] + signed[:, :, 1] * 256 + signed[:, :, 2] * 65536
    return values


def standing(found: Registers) -> tuple[Ints, Ints]:
    """What goes to the standings: (n, 2) prior and number, (n, STANDING_LANES) lanes and fields of the key."""
    keys = found.keys
    parts = [LEVEL_WEIGHT * keys[:, field("level")] + keys[:, field("term")], *keys[:, 1 : 1 + 2 * PLACE].T]
    parts += [small_fields(keys), *(keys[:, field(n)] for n in ("origin", "told", "covered", "result", "side"))]
    lanes = np.concatenate([lane_values(found), np.stack(parts, axis=1)], axis=1)
    return np.stack([found.prior, _places(found)], axis=1), lanes


def _places(found: Registers) -> Ints:
    """Numbers of registers, from 0 for those carried out and from 0 for those carried in."""
    at = np.arange(len(found.prior))
    return np.where(found.prior == 1, at - int((found.prior == 0).sum()), at)


def sums_trace(sums: SumsTable, found: Registers, shown: Shown, rows: int) -> Cells:
    """(rows, columns) cells. Raises ValueError if the registers take more rows than there are."""
    count = len(found.keys)
    used = used_rows(found)
    if used > rows:
        raise ValueError(f"{count} registers take {used} rows, there are {rows}")
    filled = NamedCells(sums.t, rows)
    filled.put(slice(None), carry_high=np.full((rows, 3), CARRY >> 15), factor=1)  # of an idle row too
    if not count:
        return filled.cells
    at = np.arange(used)
    lane = np.tile(np.arange(LANES), count)
    keys = np.repeat(found.keys, LANES, axis=0)
    term = keys[:, field("term")]
    filled.put(at, level=_one_hot(keys[:, 0] - 1, len(LEVELS)), term=_one_hot(term, len(TERMS)))
    filled.put(at, lane=_one_hot(lane, LANES))
    for name in ("asset", "source"):
        filled.put(at, **{name: keys[:, field(f"{name}0") : field(f"{name}0") + PLACE]})
    filled.put(at, **{name: keys[:, field(name)] for name in CLASS})

    octets, carries, posted = (part.reshape(used, 3) for part in (found.octets, found.carries, found.posted))
    group = np.repeat(np.arange(len(GROUPS)), [lanes for _, lanes in GROUPS.values()])
    negative = found.negative[:, group].reshape(-1)
    carry_in = np.zeros(used, np.int64)
    carry_in[1:] = carries[:-1, 2]  # 0 behind the last lane of a group
    filled.put(at, byte=octets, value=octets * (1 - 2 * negative)[:, None], posted=posted, negative=negative)
    filled.put(at, carry_in=carry_in, carry=carries)
    filled.put(at, carry_low=(carries + CARRY) & 0x7FFF, carry_high=(carries + CARRY) >> 15)
    _fill_order(filled, found)

    prior = np.repeat(found.prior, LANES)
    filled.put(at, prior=prior, factor=np.repeat(found.factor, LANES), place=np.repeat(_places(found), LANES))
    zeroth, first, third, fourth = (
        (keys[:, 0] == LEVELS.index(level) + 1) & (prior == 0) for level in ("L0", "L1", "L3", "L4")
    )
    filled.put(at, up_count=zeroth | first)
    filled.put(at, up_term=first & (term > 0), up_disposal=first & (term > 0) & (term != INCOME))
    filled.put(at, up_same=third | (fourth & (term != INCOME)))
    carried = np.flatnonzero((found.prior == 1) & (found.keys[:, 0] == LEVELS.index("COUNT") + 1))
    for number, name in [*shown, *((int(at), "events") for at in carried)]:  # of those carried in nobody is told
        filled.put(LANES * number + np.array(lanes_of(name)), shown=1)
    return filled.cells


def _fill_order(filled: NamedCells, found: Registers) -> None:
    """The bytes of the lanes that order keys, three rows a lane, and where each key exceeds the one before."""
    count = len(found.keys)
    ranks = rank(found.keys, found.prior)
    lanes = ranks[:, 1:-1]  # the three of the asset, the three of the source
    octets = np.stack([lanes >> 16, lanes >> 8 & 255, lanes & 255], axis=2).reshape(count, 6 * ORDERED)
    packs = np.stack([lanes >> 16, lanes >> 8, lanes], axis=2).reshape(count, 6 * ORDERED)
    at = (LANES * np.arange(count)[:, None] + np.arange(6 * ORDERED)).reshape(-1)
    filled.put(at, octet=octets.reshape(-1), pack=packs.reshape(-1))
    if count > 1:
        flags, gap = words.compare(ranks[:-1], ranks[1:])
        last = LANES * np.arange(1, count) - 1
        filled.put(last, order_at=flags, order_low=(gap - 1) & 0x7FFF, order_high=(gap - 1) >> 15)


def _one_hot(numbers: Ints, count: int) -> Ints:
    found: Ints = (numbers[:, None] == np.arange(count)).astype(np.int64)
    return found

"""The trace of `sums` from registers, and the lanes that a statement shows of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.trace import NamedCells
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.commitment.standing import LEVEL_WEIGHT, small_fields

from .keys import GROUPS, LANES, LEVELS, ORDERED, PLACE, ROW_LANES, ROWS, TERMS, field, lanes_of
from .registers import INCOME, Registers, rank
from .table import BYTES, CARRY, CARRY_LIMB, CARRYING, CLASS, SHOWN, SumsTable

Cells = NDArray[np.uint32]
Shown = Sequence[tuple[int, str]]
"""Of registers by number, the groups that are shown."""


def used_rows(found: Registers) -> int:
    """Rows that the registers take."""
    return len(ROWS) * len(found.keys)


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
    places = _places(found)
    at = np.flatnonzero(found.carried)
    found = found.at(at)
    keys = found.keys
    parts = [LEVEL_WEIGHT * keys[:, field("level")] + keys[:, field("term")], *keys[:, 1 : 1 + 2 * PLACE].T]
    parts += [small_fields(keys), *(keys[:, field(n)] for n in ("origin", "told", "covered", "result", "side"))]
    lanes = np.concatenate([lane_values(found), np.stack(parts, axis=1)], axis=1)
    return np.stack([found.prior, places[at]], axis=1), lanes


def _places(found: Registers) -> Ints:
    """Of each register the number of the next one carried out, or in: its own if it is carried."""
    carried, prior = found.carried.astype(np.int64), found.prior == 1
    before = np.cumsum(carried) - carried
    places: Ints = before - prior * int(carried[~prior].sum())
    return places


def sums_trace(sums: SumsTable, found: Registers, shown: Shown, rows: int) -> Cells:
    """(rows, columns) cells. Raises ValueError if the registers take more rows than there are."""
    count = len(found.keys)
    used = used_rows(found)
    if used > rows:
        raise ValueError(f"{count} registers take {used} rows, there are {rows}")
    filled = NamedCells(sums.t, rows)
    if not count:
        return filled.cells
    both = [slice(row, used, len(ROWS)) for row in range(len(ROWS))]
    keys, prior = found.keys, found.prior
    term = keys[:, field("term")]
    zeroth, first, third, fourth = (
        (keys[:, 0] == LEVELS.index(level) + 1) & (prior == 0) for level in ("L0", "L1", "L3", "L4")
    )
    same = {
        "level": _one_hot(keys[:, 0] - 1, len(LEVELS)),
        "term": _one_hot(term, len(TERMS)),
        **{name: keys[:, field(f"{name}0") : field(f"{name}0") + PLACE] for name in ("asset", "source")},
        **{name: keys[:, field(name)] for name in CLASS},
        "prior": prior,
        "counts": prior * -found.factor,
        "empty": found.empty,
        "place": _places(found),
        "up_count": zeroth | first,
        "up_term": first & (term > 0),
        "up_disposal": first & (term > 0) & (term != INCOME),
        "up_same": third | (fourth & (term != INCOME)),
    }
    for row, at in enumerate(both):
        filled.put(at, **same, **_numbers(found, row))
    filled.put(both[0], first=1)
    filled.put(both[1], second=1)
    _fill_order(filled, found, both)
    for number, group in shown:
        row = next(k for k, groups in enumerate(ROWS) if group in groups)
        columns = {SHOWN[ROW_LANES[row].index(lane)] for lane in lanes_of(group)}
        filled.put(len(ROWS) * number + row, **{f"shown{column}": 1 for column in columns})
    return filled.cells


def _numbers(found: Registers, row: int) -> dict[str, Ints]:
    """The cells of one row's numbers, for every register."""
    slots = np.concatenate([np.arange(3 * lane, 3 * lane + 3) for lane in ROW_LANES[row]])
    count = len(found.keys)
    octets, value, carries = (np.zeros((count, BYTES), np.int64) for _ in range(3))
    octets[:, : len(slots)], carries[:, : len(slots)] = found.octets[:, slots], found.carries[:, slots]
    value[:, : len(slots)] = found.signed[:, slots]
    whole = carries[:, CARRYING] + CARRY
    high = np.minimum(whole // CARRY_LIMB, 255)
    names = list(GROUPS)
    signs = found.negative[:, [names.index(group) for group in ROWS[row][:2]]]  # of fee, behind basis, it is 0
    return {"byte": octets, "value": value, "carry_low": whole - high * CARRY_LIMB, "carry_high": high,
            "negative": signs}  # fmt: skip


def _fill_order(filled: NamedCells, found: Registers, both: Sequence[slice]) -> None:
    """The bytes of the lanes that order keys, and where each key exceeds the one before."""
    ranks = rank(found.keys, found.prior)
    for at, lanes in zip(both, (ranks[:, 1 : 1 + ORDERED], ranks[:, 1 + ORDERED : -1]), strict=True):
        octets = np.stack([lanes >> 16, lanes >> 8 & 255, lanes & 255], axis=2)
        filled.put(at, octet=octets.reshape(len(ranks), 3 * ORDERED))
    if len(ranks) > 1:
        flags, gap = words.compare(ranks[:-1], ranks[1:])
        last = slice(both[1].start, both[1].stop - len(ROWS), len(ROWS))
        filled.put(last, order_at=flags, order_low=(gap - 1) & 0x7FFF, order_high=(gap - 1) >> 15)


def _one_hot(numbers: Ints, count: int) -> Ints:
    found: Ints = (numbers[:, None] == np.arange(count)).astype(np.int64)
    return found

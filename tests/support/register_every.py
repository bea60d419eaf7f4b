"""Honest runs of `sums` in which every kind of row occurs: what no register of a real year has together.

Registers of each level and term, in pairs that first differ in each lane of their rank; numbers of either sign without
a zero byte; all lanes shown; what is held and is nothing; a year that goes on, and one that ends.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from tests.support import registers as support
from tests.support.registers import Run
from zkharvest.circuit.lot_machine.v2.sums.keys import (
    DIFFERENCE_LEVELS,
    FIELDS,
    GROUPS,
    LEVELS,
    PLACE,
    SLOTS,
    TERMS,
    field,
    level_number,
)
from zkharvest.circuit.lot_machine.v2.sums.registers import rank
from zkharvest.circuit.lot_machine.v2.sums.table import CARRYING

SMALL = {"kind": 14, "origin": 8, "told": 2, "covered": 3, "result": 3, "side": 3}
"""Fields of a key, and how many values each has."""
PLACES = [f"{name}{i}" for name in ("asset", "source") for i in range(PLACE)]
ORDER = [name for name in PLACES if name[-1] != "3"]
"""Lanes that order keys, behind level and term."""


def _keys(rng: np.random.Generator) -> np.ndarray:
    """For every level and term a key, and one more for each lane of the rank, which is the first that differs."""
    found = []
    for level in LEVELS:
        for term in range(len(TERMS)):
            key = np.zeros(len(FIELDS), np.int64)
            key[0], key[field("term")] = level_number(level), term
            for name in PLACES:
                key[field(name)] = rng.integers(1, 1 << 22)
            for name, count in SMALL.items():
                key[field(name)] = rng.integers(0, count)
            key[field("told")] = 0
            found.append(key)
            for lane in (*reversed(range(len(ORDER))), len(ORDER)):
                key = key.copy()
                for name in ORDER[lane + 1 :]:
                    key[field(name)] = rng.integers(1, 1 << 22)
                if lane < len(ORDER):
                    key[field(ORDER[lane])] += rng.integers(1 << 16, 1 << 20)
                for name in SMALL if lane < len(ORDER) else ("kind",):
                    key[field(name)] = (key[field(name)] + 1) % SMALL[name]
                found.append(key)
    keys = np.array(found)
    keys[keys[:, 0] == level_number("HOLD"), field("told")] = 1
    keys[keys[:, field("term")] == TERMS.index("income"), field("result")] = 0  # income is neither gain nor loss
    _, first = np.unique(rank(keys, np.zeros(len(keys), np.int64)), axis=0, return_index=True)
    return keys[np.sort(first)]


def _posts(keys: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Amounts of either sign where they may have one; of the highest bytes only the first of each level and term."""
    slots = rng.integers(1, 200, (len(keys), SLOTS))
    differences = np.isin(keys[:, 0], [level_number(level) for level in DIFFERENCE_LEVELS])
    lead = keys[:, 0] * 8 + keys[:, field("term")]
    _, first = np.unique(lead, return_index=True)
    slots[first] = rng.integers(300, 1000, (len(first), SLOTS))  # with a carry out of every byte
    for group, (lane, count) in GROUPS.items():
        place, own = 3 * (lane + count) - 1, slice(3 * lane, 3 * (lane + count))
        slots[:, place] = 0
        slots[first, place] = 2
        sign = rng.choice((-1, 1), len(keys))
        if group in ("proceeds", "basis"):
            slots[:, own] *= sign[:, None]
        elif group == "units":
            slots[:, own] *= np.where(differences, sign, 1)[:, None]
    return slots


@cache
def every() -> tuple[Run, ...]:
    """A year, the link that goes on with it, and the first one of the next year."""
    rng = np.random.default_rng(5)
    keys = _keys(rng)
    slots = _posts(keys, rng)
    (held,) = np.nonzero(keys[:, 0] == level_number("HOLD"))
    slots[held[2]], keys[held[2], [field(name) for name in SMALL]] = 0, 1  # in the middle; no standing has it
    shown = [
        (dict(zip(FIELDS, keys[number].tolist(), strict=True)), group)
        for number in range(0, len(keys), 7)
        for group in GROUPS
    ]
    year = support.run(keys, slots, shown=shown, log_rows=11)
    more = rng.permutation(len(keys))[: len(keys) // 2]
    return (
        year,
        *(
            _filled(support.run(keys[more], slots[more], log_rows=11, opening=year.found.carried_out(), same_year=same))
            for same in (True, False)
        ),
    )


def _filled(run: Run) -> Run:
    """What does not count is there: of registers carried in, carries from byte to byte, and flags of what is shown."""
    first = 2 * np.flatnonzero(run.found.prior)
    rows = [int(row) for row in (*first, *(first + 1))]
    carries = [("sums", row, f"carry_low{at}", 5 + at) for row in rows for at in range(len(CARRYING))]
    return run.edited(*carries, *(("sums", row, f"shown{k}", 1) for row in rows for k in range(5))).counted()

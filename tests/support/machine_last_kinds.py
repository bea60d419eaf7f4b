"""What the last row of the machine may do if one of the constraints of its flags leaves it out: every case there is.

The other flags are bits, and their sum is 0 or 1 (`one_kind`): so the flag that is free is one of two numbers. What
else the row must satisfy are its own constraints, as the description has them, and these facts (ADR 0009):

- no other row reads a content, an entry or a token that was written there, since reads are later than writes: so the
  row inserts nothing (its entry would have its own clock), and no more entries leave a list than contents are read;
- it does not load, since the row before does not (`loads_first`; were all rows loads, nothing would take them);
- a second half follows a first one, of one code (`code_held`), and the row before does one thing;
- `first` is a sum of three marks (`until_marked`), and is what begins on the row (`first_next`);
- a token that is sent there is taken there, or by a close before it, behind which nothing begins (`closes_last`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.adversary.kit.local import Board
from zkharvest.circuit.lot_machine.v2.steps.kinds import KINDS
from zkharvest.spec import P

FREE = {
    "is_load_bit": "load", "is_load_token_bit": "load_token", "is_close_bit": "close",
    "is_close_token_bit": "close_token", "open_code": "open", "take_code": "take", "out_code": "out",
    "send_code": "send", "drop_code": "drop", "arrive_code": "arrive",
}  # fmt: skip
"""Constraints without which a flag need not be a bit."""
RULES = (*FREE, "one_kind", "more_where", "emptied_where", "close_empties", "one_code", "work_in_time", "ends_whole")
CODES = ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 1, 1))
"""Closes, moves, inward: of a record that closes or moves, not both."""
SKIPS = range(-2, 6)
"""What is skipped differs from `first`, which is 0 to 3, by no more than what begins."""
USUAL = ("settle", "gone", "close", "close_token", "skip")

Flags = dict[str, np.ndarray]


def cases(without: str, wallet: int) -> Iterator[dict[str, int]]:
    """All flags that are not 0 of rows that are no usual last row, where a constraint leaves the last row out."""
    free = FREE.get(without)
    bits = [kind for kind in KINDS if kind not in (free, "skip")]
    for skip in SKIPS:
        axes = np.meshgrid(*[[0, 1]] * len(bits), [0, 1], range(len(CODES)), indexing="ij")
        *columns, total, code = (axis.ravel() for axis in axes)
        f: Flags = dict(zip(bits, columns, strict=True)) | {"skip": np.full(len(total), skip)}
        if free:
            f[free] = total - sum(f.values())
        f |= dict(zip(("closes", "moves", "inward"), np.array(CODES)[code].T, strict=True))
        yield from _unusual(f, wallet)


def _unusual(f: Flags, wallet: int) -> Iterator[dict[str, int]]:
    half = f["take"] + f["out"] + f["drop"]
    f |= {"more": -half, "emptied": half + f["close"]}  # `ends_whole`; a content is read and none is written
    good = _facts(f, half, wallet)
    for place in np.flatnonzero(good).tolist():
        one = {name: int(values[place]) for name, values in f.items()}
        done = {kind: one[kind] for kind in KINDS if one[kind]}
        usual = done in [{}, *({kind: 1} for kind in USUAL)] or (done == {"arrive": 1} and not wallet)
        if not usual or one["more"]:
            yield one


def _facts(f: Flags, half: np.ndarray, wallet: int) -> np.ndarray:
    good = f["load"] + f["open"] + wallet * f["arrive"] == 0
    good &= f["load"] + f["load_token"] == 0
    marks = f["open"] + half + f["settle"]  # bits of `remainder_marked`
    good &= (marks >= 0) & (marks <= 5)
    alone = f["skip"] + f["open"] + (1 - wallet) * f["send"]
    parts = half + f["arrive"]  # which begin a record, or go on with one
    good &= np.isin(alone, range(4)) | np.isin(alone + parts, range(4))  # `first` is a sum of three marks
    outward = (f["moves"] == 1) & (f["inward"] == 0)
    good &= (f["settle"] == 0) | (f["closes"] == 1)
    good &= (f["gone"] + wallet * f["send"] == 0) | outward
    good &= f["settle"] + f["gone"] + wallet * f["send"] <= 1
    sent = f["send"] + f["load_token"]
    before = (alone + parts == 0) & (sent > 0) & (wallet * f["send"] == 0)
    return good & ((sent == 0) | (sent == f["close_token"]) | before)


def left(board: Board, without: str, wallet: int) -> list[dict[str, int]]:
    """What may stand on the last row, but for what usually does, where a constraint leaves it out."""
    found = list(cases(without, wallet))
    if not found:
        return []
    steps = board.tables[0]
    here = np.zeros((len(found), len(steps["columns"])), np.int64)
    for row, one in enumerate(found):
        phase = {"phase": 2 if one["skip"] else 1}
        for name, value in (one | phase).items():
            column = name if name in ("more", "emptied", "phase") else f"is_{name}" if name in KINDS else f"code_{name}"
            here[row, steps["columns"].index(column)] = value % P
    last = np.full(len(found), len(board.traces[0]) - 1)
    broken = board.evaluate(0, last, here, np.zeros_like(here)).constraints
    rules = [k for k, c in enumerate(steps["constraints"]) if c["name"] in RULES and c["name"] != without]
    return [found[row] for row in np.flatnonzero(~broken[:, rules].any(axis=1)).tolist()]

"""What the last and the first row of the machine may do if a constraint of its flags leaves them out: every case.

The other flags are bits, and their sum is 0 or 1 (`one_kind`): so the flag that is free is one of two numbers. What
else the row must satisfy are its own constraints, as the description has them, and some facts (ADR 0009). On the last:

- no other row reads a content, an entry or a token that was written there, since reads are later than writes: so the
  row inserts nothing (its entry would have its own clock), and no more entries leave a list than contents are read;
- it does not load, since the row before does not (`loads_first`; were all rows loads, nothing would take them);
- a second half follows a first one, of one code (`code_held`), and the row before does one thing;
- a token that is sent there is taken there, or by a close before it, behind which nothing begins (`closes_last`).

On the first:

- nothing was written before: no content is read, and no token arrives (`content_earlier`, `sent_earlier`);
- it is no second half, and no content or token is taken that was not sent;
- a leaf that it gives is taken by another load, and there is one only if the row loads (`loads_first`);
- a token that it closes is sent there or later, by another load.

On both `first` is a sum of three marks (`until_marked`), and is what begins on the row (`first_next`, `first_start`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tests.adversary.kit.local import Board
from tests.support import machine_circuit as machine
from tests.support.machine_circuit import Run
from zkharvest.circuit.lot_machine.v2.steps.kinds import KINDS
from zkharvest.spec import METHODS, P

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
LAST_BY = {1: ("settle", "gone", "close", "close_token", "skip"), 0: (
    "settle", "gone", "close", "close_token", "skip", "arrive")}  # fmt: skip
FIRST_BY = {1: ("load", "load_token", "skip", "open"), 0: ("load", "load_token", "skip", "open", "send")}
"""What usually stands there, by wallet or not."""

Flags = dict[str, np.ndarray]


def candidates(without: str) -> Iterator[Flags]:
    """All flags and codes that a row can have, by what is skipped."""
    free = FREE.get(without)
    bits = [kind for kind in KINDS if kind not in (free, "skip")]
    for skip in SKIPS:
        axes = np.meshgrid(*[[0, 1]] * len(bits), [0, 1], range(len(CODES)), indexing="ij")
        *columns, total, code = (axis.ravel() for axis in axes)
        f: Flags = dict(zip(bits, columns, strict=True)) | {"skip": np.full(len(total), skip)}
        if free:
            f[free] = total - sum(f.values())
        yield f | dict(zip(("closes", "moves", "inward"), np.array(CODES)[code].T, strict=True))


def half(f: Flags) -> np.ndarray:
    """First halves of a part."""
    return f["take"] + f["out"] + f["drop"]


def on_last(f: Flags, wallet: int) -> np.ndarray:
    """Whether the facts let it stand last. `more` is what `ends_whole` asks for."""
    f |= {"more": -half(f), "emptied": half(f) + f["close"]}
    good = f["load"] + f["open"] + wallet * f["arrive"] == 0
    good &= f["load"] + f["load_token"] == 0
    alone, parts = begins(f, wallet)
    good &= marked(f) & (np.isin(alone, range(4)) | np.isin(alone + parts, range(4)))
    outward = (f["moves"] == 1) & (f["inward"] == 0)
    good &= (f["settle"] == 0) | (f["closes"] == 1)
    good &= (f["gone"] + wallet * f["send"] == 0) | outward
    good &= f["settle"] + f["gone"] + wallet * f["send"] <= 1
    sent = f["send"] + f["load_token"]
    before = (alone + parts == 0) & (sent > 0) & (wallet * f["send"] == 0)
    return good & ((sent == 0) | (sent == f["close_token"]) | before)


def on_first(f: Flags, wallet: int) -> np.ndarray:
    """Whether the facts let it stand first. Nothing goes on behind it: another part would need a lot."""
    f |= {name: np.zeros_like(f["load"]) for name in ("more", "emptied")}
    good = half(f) + f["close"] == 0
    good &= (f["settle"] == 0) & (f["gone"] == 0) & (wallet * f["send"] == 0)
    good &= (f["arrive"] == 0) | (f["arrive"] + f["close_token"] == 0)
    good &= f["load"] + f["open"] + wallet * f["arrive"] >= 0
    sent = f["send"] + f["load_token"]
    alone, parts = begins(f, wallet)
    good &= marked(f) & np.isin(alone + parts, range(4)) & (sent >= 0)
    loads = f["load"] + f["load_token"] == 1
    good &= ((f["load"] + f["close"] >= 0) & (f["load_token"] + f["close_token"] >= 0)) | loads
    return good & ((f["arrive"] + f["close_token"] <= 0) | (sent > 0) | loads)


def begins(f: Flags, wallet: int) -> tuple[np.ndarray, np.ndarray]:
    """What begins a record, and what begins one or goes on with it."""
    return f["skip"] + f["open"] + (1 - wallet) * f["send"], half(f) + f["arrive"]


def marked(f: Flags) -> np.ndarray:
    """Whether the marks of `remainder_marked` can be bits."""
    marks = f["open"] + half(f) + f["settle"]
    return (marks >= 0) & (marks <= 5)


def under(made: Run, method: str, wallet: int) -> Board:
    """A run's cells, under another method and pooling: of no honest run, for constraints alone."""
    given = {name: int(name == method) for name in METHODS} | {"wallet": wallet}
    names = machine.definition()[0].public_names
    publics = [given.get(name, old) for name, old in zip(names, made.public.publics, strict=True)]
    board = Board(made, machine.description())
    board.public = replace(board.public, publics=publics)
    return board


def left(board: Board, without: str, wallet: int, *, last: bool) -> list[dict[str, int]]:
    """What may stand on the last or the first row, but for what usually does, where a constraint leaves it out."""
    usual = [{}, *({kind: 1} for kind in (LAST_BY if last else FIRST_BY)[wallet])]
    found = []
    for f in candidates(without):
        for place in np.flatnonzero((on_last if last else on_first)(f, wallet)).tolist():
            one = {name: int(values[place]) for name, values in f.items()}
            if one["more"] or {kind: one[kind] for kind in KINDS if one[kind]} not in usual:
                found.append(one)
    steps = board.tables[0]
    here = np.zeros((len(found), len(steps["columns"])), np.int64)
    for row, one in enumerate(found):
        phase = {"phase": 2 if one["skip"] else 1}
        for name, value in (one | phase).items():
            column = name if name in ("more", "emptied", "phase") else f"is_{name}" if name in KINDS else f"code_{name}"
            here[row, steps["columns"].index(column)] = value % P
    rows = np.full(len(found), len(board.traces[0]) - 1 if last else 0)
    broken = board.evaluate(0, rows, here, np.zeros_like(here)).constraints
    rules = [k for k, c in enumerate(steps["constraints"]) if c["name"] in RULES and c["name"] != without]
    return [found[row] for row in np.flatnonzero(~broken[:, rules].any(axis=1)).tolist()]

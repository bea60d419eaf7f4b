"""Dishonest witnesses of the table `sums`: for each of its constraints, and its lookups, one that breaks it alone.

Here are those about numbers: signs, bytes and carries, what a standing carries, ranges. Those about rows and keys are
in `register_key_lies`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.support.register_key_lies import held
from tests.support.register_runs import (
    LIES,
    Edit,
    Lie,
    behind,
    carried,
    cell,
    classes,
    each,
    ladder,
    lie,
    made_up,
    moved,
    nothing,
    one,
    register,
)
from tests.support.registers import Run
from zkharvest.circuit.check import PublicValues
from zkharvest.circuit.lot_machine.v2.sums.keys import LANES, level_number
from zkharvest.spec import P

__all__ = ["LIES", "LOOKUPS"]

PROCEEDS, FEE = 6, 14


def _held_nothing(first: int, count: int, negative: int) -> Lie:
    """Another sign of a number that is 0."""
    row = register(classes(), "HOLD") + first
    return classes(), [("sums", row + k, "negative", negative) for k in range(count)]


one("sums.negative_bit", lambda: _held_nothing(PROCEEDS, 4, 5))
one("sums.negative_held", lambda: _held_nothing(PROCEEDS + 3, 1, 1))
one("sums.negative_where", lambda: _held_nothing(FEE, 3, 1))


def _number(lane: int, **by: int) -> Lie:
    """Cells of a lane of what is held, changed by some amounts."""
    return ladder(), moved(ladder(), register(ladder(), "HOLD") + lane, **by)


each("sums.value{}_signed", lambda j: _number(1, **{f"byte{j}": 1}), range(3))
each("sums.sum{}", lambda j: _number(1, **{f"byte{j}": 1, f"value{j}": 1}), range(3))
each("sums.carry{}_limbs", lambda j: _number(1, **{f"carry_low{j}": 1}), range(3))
one("sums.carry_first", lambda: _number(PROCEEDS, carry_in=1, byte0=1, value0=1))
one("sums.carry_step", lambda: _number(PROCEEDS + 1, carry_in=1, byte0=1, value0=1))


@lie("sums.carry_last")
def _carry_last() -> Lie:
    """Less than nothing is held: all bytes 255, and the carry out of the highest is lost."""
    run = classes()
    row = register(run, "HOLD")
    post = int(np.flatnonzero(run.traces["posts"][:, 0] == level_number("HOLD"))[0])
    edits: list[Edit] = [("posts", post, "weight0", -1), ("sums", row, "posted0", -1)]
    for lane in range(6):
        edits += [("sums", row + lane, "carry_in", -1)] if lane else []
        for j in range(3):
            values = {"byte": 255, "value": 255, "carry": -1, "carry_low": 0x7FFF, "carry_high": 63}
            edits += [("sums", row + lane, f"{name}{j}", value) for name, value in values.items()]
    return run, edits


for _up in ("up_term", "up_disposal", "up_same", "up_count"):
    one(f"sums.{_up}_is", lambda up=_up: (classes(), moved(classes(), register(classes(), "L1") + 4, **{up: 1})))


# Standings


def _prior_held() -> Lie:
    """A lane that says it was carried in, of which there is nothing."""
    return classes(), moved(classes(), register(classes(), "HOLD") + 4, prior=1, factor=-2)


@lie("sums.prior_bit")
def _prior_bit() -> Lie:
    """Neither carried in nor out: a register of which the standing has several, or a part."""
    more = {"prior": 5, "factor": 1 - 5}
    return nothing(), made_up(0, level=2) + [("sums", row, c, v) for row in range(LANES) for c, v in more.items()]


def _prior_carry(j: int) -> Lie:
    """What is carried in is posted in other numbers than bytes: 256 here and one less there."""
    run = carried()
    one, two = (register(run, "HOLD", prior=prior) + 1 for prior in (0, 1))
    edits: list[Edit] = []
    for row, by in ((one, -1), (two, 1)):
        limbs = cell(run, row, f"carry_low{j}") + (cell(run, row, f"carry_high{j}") << 15) + by
        values = {f"posted{j}": 256 * by, f"carry{j}": by}
        values |= {f"posted{j + 1}": -by} if j < 2 else {}
        edits += moved(run, row, **values)
        edits += [("sums", row, f"carry_low{j}", limbs & 0x7FFF), ("sums", row, f"carry_high{j}", limbs >> 15)]
        edits += moved(run, row + 1, carry_in=by, posted0=-by) if j == 2 else []
    return run, edits


one("sums.prior_held", _prior_held)
each("sums.prior_carry{}", _prior_carry, range(3))
one("sums.place_held", lambda: held("place"))
one("sums.place_start", lambda: (nothing(), made_up(0) + [("sums", row, "place", 1) for row in range(LANES)]))
one("sums.factor_is", lambda: (classes(), moved(classes(), register(classes(), "HOLD") + 4, factor=-1)))


@lie("sums.place_step")
def _place_step() -> Lie:
    """A number is left out."""
    last = behind(ladder()) - LANES
    return ladder(), [edit for row in range(last, last + LANES) for edit in moved(ladder(), row, place=1)]


@lie("sums.counter_shown")
def _counter_shown() -> Lie:
    """A statement that does not say how many deposits nobody explained."""
    run = classes()
    hidden = run.edited(("sums", register(run, "COUNT", told=1) + LANES - 1, "shown", 0))
    return Run(hidden.traces, run.found, PublicValues(run.public.publics, [[]], {})), []


# Lookups


def _carried(slot: int, change: int, bytes_by: int) -> Lie:
    """A byte of what is held changes, its carry with it, and all bytes above follow."""
    run = ladder()
    row, count = register(run, "HOLD"), 18
    octets = [cell(run, row + k // 3, f"byte{k % 3}") for k in range(count)]
    carries = dict.fromkeys(range(slot, count), 0)
    octets[slot], carries[slot] = octets[slot] + bytes_by, change
    for k in range(slot + 1, count):
        least = -octets[k]
        step = carries[k - 1] if abs(carries[k - 1]) < P // 2 else carries[k - 1] % P
        if k == slot + 1 and abs(change) > 1 << 22:
            step = change
            moves = next(m for m in range(least, least + 256) if (step - m) * pow(256, -1, P) % P < 1 << 20)
            carries[k] = (step - moves) * pow(256, -1, P) % P
        else:
            moves = (step - least) % 256 + least
            carries[k] = (step - moves) // 256
        octets[k] += moves
    edits: list[Edit] = []
    for k in range(slot, count):
        at, j = row + k // 3, k % 3
        limbs = (carries[k] + (1 << 21)) % P
        low, high = (limbs & 0x7FFF, limbs >> 15) if limbs < 1 << 22 else (0, limbs * pow(1 << 15, -1, P))
        edits += [("sums", at, f"byte{j}", octets[k]), ("sums", at, f"value{j}", octets[k])]
        edits += [("sums", at, f"carry{j}", carries[k]), ("sums", at, f"carry_low{j}", low)]
        edits += [("sums", at, f"carry_high{j}", high)]
        if j == 2 and k + 1 < count:
            edits.append(("sums", at + 1, "carry_in", carries[k]))
    return run, edits


def _carry_high(j: int) -> Lie:
    """A carry that is out of range by far: 256 times it is a small number modulo p."""
    for by in range(1, 248):
        change = -by * pow(256, -1, P) % P
        try:
            return _carried(3 + j, change, by)
        except StopIteration:
            continue
    raise AssertionError


LOOKUPS: dict[tuple[str, ...], Callable[[], Lie]] = {
    ("byte0", "byte1"): lambda: _carried(3, -1, 256),
    ("byte2", "octet"): lambda: _carried(5, -1, 256),
    **{
        (f"carry_low{j}",): (lambda j=j: _number(1, **{f"carry_low{j}": 1 << 15, f"carry_high{j}": -1}))
        for j in range(3)
    },
    **{(f"carry_high{j}", f"carry_high{j}"): (lambda j=j: _carry_high(j)) for j in range(3)},
    ("order_low",): lambda: (ladder(), moved(ladder(), LANES - 1, order_low=-(1 << 15), order_high=1)),
    ("order_high",): lambda: (
        ladder(),
        moved(ladder(), LANES - 1, order_low=1, order_high=-pow(1 << 15, -1, P)),
    ),
    ("kind", "origin", "told", "covered", "result", "side"): lambda: (
        nothing(),
        [*made_up(0), *(("sums", row, "kind", 1 << 15) for row in range(LANES))],
    ),
}
"""By the columns of the lookup: a lie that only this lookup stops."""

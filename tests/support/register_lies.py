"""Dishonest witnesses of the table `sums`: for each of its constraints, and its lookups, one that breaks it alone.

Here are those about numbers: signs, bytes and carries, what a standing carries, ranges. Those about rows and keys are
in `register_key_lies`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.support import registers as support
from tests.support.register_key_lies import held
from tests.support.register_runs import (
    LIES,
    Lie,
    behind,
    byte_cells,
    carry_at,
    carry_cells,
    classes,
    each,
    halves,
    ladder,
    lie,
    made_up,
    moved,
    net_of_nothing,
    nothing,
    one,
    posted,
    register,
)
from tests.support.registers import Run
from zkharvest.circuit.check import PublicValues
from zkharvest.circuit.lot_machine.v2.sums.keys import FIELDS, LEVELS, ORDERED, ROW_LANES, SLOTS, level_number
from zkharvest.circuit.lot_machine.v2.sums.table import BYTES, CARRYING
from zkharvest.spec import P

__all__ = ["LIES", "LOOKUPS", "TERM_LIES"]

# Another sign of a number that is 0; of units only where they are a difference, else there is no sign at all.
one("sums.negative0_bit", lambda: (classes(), [("sums", register(classes(), "HOLD"), "negative0", 5)]))
one("sums.negative1_bit", lambda: (net_of_nothing(), [("sums", register(net_of_nothing(), "NET"), "negative1", 5)]))
one("sums.negative_where", lambda: (classes(), [("sums", register(classes(), "HOLD") + 1, "negative1", 1)]))


def _of_held(**by: int) -> Lie:
    """Cells of the first row of what is held, changed by some amounts."""
    return ladder(), moved(ladder(), register(ladder(), "HOLD"), **by)


each("sums.value{}_signed", lambda k: _of_held(**{f"byte{k}": 1}), range(BYTES))


for _up in ("up_term", "up_disposal", "up_same", "up_count"):
    one(f"sums.{_up}_is", lambda up=_up: (halves(), moved(halves(), register(halves(), "L1") + 1, **{up: 1})))


# Standings

one("sums.prior_held", lambda: (classes(), moved(classes(), register(classes(), "HOLD") + 1, prior=1, counts=1)))
one("sums.place_held", lambda: held("place"))
one("sums.empty_held", lambda: held("empty"))
one("sums.counts_is", lambda: (classes(), moved(classes(), register(classes(), "HOLD") + 1, counts=1)))


def _nothing_held(**values: int) -> Lie:
    """A register of what is held, of nothing, with other cells on both rows."""
    edits = made_up(nothing(), 0, level=7)
    return nothing(), edits + [("sums", row, column, value) for row in range(2) for column, value in values.items()]


# Neither carried in nor out: a register of which the standing has several, or a part; then one that it has less of.
one("sums.prior_bit", lambda: _nothing_held(prior=5, counts=5))
one("sums.empty_bit", lambda: _nothing_held(empty=2))
one("sums.place_start", lambda: _nothing_held(place=1))


@lie("sums.empty_where")
def _empty_where() -> Lie:
    """A register of the year that the next link of the year goes on without."""
    edits = made_up(nothing(), 0)
    return nothing(), edits + [("sums", row, "empty", 1) for row in range(2)]


@lie("sums.empty_is")
def _empty_is() -> Lie:
    """What is held is not carried out."""
    run = classes()
    return run, [("sums", register(run, "HOLD") + row, "empty", 1) for row in range(2)]


@lie("sums.place_step")
def _place_step() -> Lie:
    """A number is left out."""
    last = behind(ladder()) - 2
    return ladder(), [edit for row in range(last, last + 2) for edit in moved(ladder(), row, place=1)]


@lie("sums.counter_shown")
def _counter_shown() -> Lie:
    """A statement that does not say how many deposits nobody explained."""
    run = classes()
    hidden = run.edited(("sums", register(run, "COUNT", told=1) + 1, "shown3", 0))
    return Run(hidden.traces, run.found, PublicValues(run.public.publics, [[]], {})), []


# Terms


def _not_nothing(octet: int) -> Lie:
    """What is held is not carried out: of all its bytes this one is not 0."""
    slots = np.zeros((1, SLOTS), np.int64)
    slots[0, 3 * ROW_LANES[0][octet // 3] + octet % 3] = 1
    key = np.zeros((1, len(FIELDS)), np.int64)
    key[0, 0] = level_number("HOLD")
    run = support.run(key, slots)
    return run, [("sums", row, "empty", 1) for row in range(2)]


def _carried_up() -> Lie:
    """A sum of a year before, which no standing has, goes to those of this one."""
    edits = made_up(nothing(), 0, level=LEVELS.index("L3"))
    return nothing(), edits + [("sums", row, name, 1) for row in range(2) for name in ("prior", "up_same")]


TERM_LIES: dict[str, Callable[[], Lie]] = {
    **{f"sums.empty_is without byte{k}": (lambda k=k: _not_nothing(k)) for k in range(BYTES)},
    "sums.up_same_is without -prior": _carried_up,
}
"""By the mutant whose sum lacks a term (`dropped_terms`); all others reject an honest run."""

# Lookups


def _byte(k: int) -> Lie:
    """A byte is 256 more, the next is one less: the same number of other bytes."""
    run, row = ladder(), register(ladder(), "HOLD")
    carry = carry_cells(row, k, carry_at(run, row, k) - 1)
    return run, [*byte_cells(run, row, k, 256), *carry, *byte_cells(run, row, k + 1, -1)]


def _octet(k: int) -> Lie:
    """The same of the bytes of a key's lane, highest first."""
    return ladder(), moved(ladder(), 0, **{f"octet{k}": 256, f"octet{k - 1}": -1})


def _goes_round(k: int, *, low: bool) -> Lie:
    """A number is p * 256^k more, which is 0 modulo p: p is 1 + 127 * 2^24, so the carries are 127 * 2^16 and less.

    At the end of a number what is posted to its highest byte is so much less: it is far too large for its lanes, or
    far below zero, and looks small.
    """
    run, row = ladder(), register(ladder(), "HOLD")
    edits = byte_cells(run, row, k, 1)
    for step in range(3):
        by = 127 << (16 - 8 * step)
        if k + step not in CARRYING:
            return run, [*edits, posted(run, row, k + step, -256 * by)]
        edits += carry_cells(row, k + step, carry_at(run, row, k + step) + by, low=low and step == 0)
    return run, [*edits, *byte_cells(run, row, k + 3, 127)]


_CELLS = (
    *((f"byte{k}", lambda k=k: _byte(k)) for k in range(BYTES)),
    *((f"octet{k}", lambda k=k: _octet(k)) for k in range(3 * ORDERED)),
    *((f"carry_high{at}", lambda k=k: _goes_round(k, low=False)) for at, k in enumerate(CARRYING)),
)
_LAST_OF_A_LANE = {f"byte{k}" for k in range(BYTES) if k in CARRYING} | {f"octet{k}" for k in range(9) if k % 3}


def _pairs() -> dict[tuple[str, ...], Callable[[], Lie]]:
    """Two cells a lookup; one of them lies, the first that can."""
    found: dict[tuple[str, ...], Callable[[], Lie]] = {}
    for at in range(0, len(_CELLS), 2):
        pair = _CELLS[at : at + 2]
        able = [make for name, make in pair if name.startswith("carry") or name in _LAST_OF_A_LANE]
        found[tuple(name for name, _ in pair)] = able[0]
    return found


def _order(low: int, high: int) -> Lie:
    """The limbs of the difference of two keys."""
    return ladder(), moved(ladder(), 1, order_low=low, order_high=high)


LOOKUPS: dict[tuple[str, ...], Callable[[], Lie]] = {
    **_pairs(),
    **{(f"carry_low{at}",): (lambda k=k: _goes_round(k, low=True)) for at, k in enumerate(CARRYING)},
    ("order_low",): lambda: _order(-(1 << 15), 1),
    ("order_high",): lambda: _order(1, -pow(1 << 15, -1, P)),
    ("kind", "origin", "told", "covered", "result", "side"): lambda: _nothing_held(kind=1 << 15),
}
"""By the columns of the lookup: a lie that only this lookup stops."""

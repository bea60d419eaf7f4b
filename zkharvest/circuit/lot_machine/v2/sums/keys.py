"""Keys and lanes of registers.

A key tells apart what its level tells apart; the other fields are 0. A register has 19 lanes of three bytes, so 57
slots; slot 3 k + j is byte j of lane k. A group of lanes is one number with one sign. The table has two rows a
register, and every number whole on one of them.
"""

from __future__ import annotations

LEVELS = ("L0", "L1", "L2", "L3", "L4", "NET", "COUNT", "HOLD")
"""Their numbers begin with 1: 0 is a row that is idle."""
ORIGINS = ("", "venue", "declared", "none", "gone", "out", "ref", "window")
COVERED = ("", "c", "n")
TERMS = ("", "short", "long", "flat", "pool", "income")
RESULTS = ("", "gain", "loss")
SIDES = ("", "0", "1")

PLACE = 4
"""Lanes of an asset, and of a source: three of 24 bits, which order keys, and one of 30."""
ORDERED = 3
FIELDS = (
    "level",
    *(f"asset{i}" for i in range(PLACE)),
    *(f"source{i}" for i in range(PLACE)),
    *("kind", "origin", "told", "covered", "term", "result", "side"),
)
"""Of a key, in the order of messages. `told`: the COUNT register of this kind and origin must be shown."""

STANDING_FIELDS = (
    "lead",
    *(f"{place}{i}" for place in ("asset", "source") for i in range(PLACE)),
    *("small", "origin", "told", "covered", "result", "side"),
)
"""Of a key on the way to or from a standing: `lead` is 8 * level + term, `small` the packed small fields, from which
`kind` follows."""

STANDING_LANES = 19 + len(STANDING_FIELDS)
"""Slots of a register on the way to or from a standing: its lanes, signed, and those fields."""

GROUPS = {"units": (0, 6), "proceeds": (6, 4), "basis": (10, 4), "fee": (14, 3), "lines": (17, 1), "events": (18, 1)}
"""Name -> first lane, number of lanes. From L3 on `units` is proceeds - basis."""
LANES = 19
SLOTS = 3 * LANES
ROWS = (("proceeds", "units"), ("basis", "fee", "lines", "events"))
"""The groups on each of a register's rows, in order. Proceeds and basis stand at the same places."""
PLACES = 10
"""Lanes that a row has room for; the last place of the second row is empty."""
FIRST_LANES = tuple(first for first, _ in GROUPS.values())
LAST_LANES = tuple(first + count - 1 for first, count in GROUPS.values())
ROW_LANES = tuple(tuple(k for group in groups for k in range(GROUPS[group][0], sum(GROUPS[group]))) for groups in ROWS)
"""Of each row, the lane at each of its places."""
SIGNED_GROUPS = ("proceeds", "basis")
DIFFERENCE_LEVELS = ("L3", "L4", "NET")
"""Where `units` may be below zero."""
CARRIED_LEVELS = ("L0", "L1", "HOLD")
"""Whose registers go from standing to standing; all others follow from these. What is held goes on only if there is
some."""


def lanes_of(*groups: str) -> list[int]:
    """The lanes of some groups."""
    return [lane for group in groups for lane in range(GROUPS[group][0], sum(GROUPS[group]))]


def level_number(level: str) -> int:
    """Of a level, as keys have it."""
    return LEVELS.index(level) + 1


def field(name: str) -> int:
    """Place of a field in a key."""
    return FIELDS.index(name)

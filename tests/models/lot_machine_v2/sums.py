"""Keyed sums: posts to keys, the table that adds them up lane by lane, levels and their parents, figures.

A post is a message (the key) with weights at slots; the bus says that posts and rows agree key by key and slot by slot.
A row is a lane: three bytes. sum of posts + carry in = sign * byte + 256 * carry out, so that a register is the exact
sum of what was posted, whatever the order. A group of lanes has one sign.

    units 6 lanes | proceeds 4 | basis 4 | fee 3 | lines 1 | events 1        19 lanes, 57 slots

From level 3 on nothing posts units; there their lanes hold proceeds - basis: that is what gain, loss and net are.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from tests.models.lot_machine_v2.words import need

GROUPS = {"units": (0, 6), "proceeds": (6, 4), "basis": (10, 4), "fee": (14, 3), "lines": (17, 1), "events": (18, 1)}
LANES = 19
SLOTS = 3 * LANES
CARRY_LIMIT = 1 << 21
TERMS = ("short", "long", "flat", "pool")


class Key(NamedTuple):
    """A register's key. What a level does not tell apart is empty; keys are ordered as they stand."""

    level: str
    asset: str = ""
    source: str = ""
    kind: str = ""
    origin: str = ""  # of the value, or of a move: venue, declared, none, ref, window
    covered: str = ""
    term: str = ""
    result: str = ""
    side: str = ""


@dataclass(frozen=True, slots=True)
class Register:
    """A key's row of the table: 57 bytes, and the sign of each group."""

    key: Key
    data: tuple[int, ...]
    signs: tuple[int, ...] = (1,) * len(GROUPS)

    def get(self, group: str) -> int:
        """The sum of a group of lanes."""
        first, count = GROUPS[group]
        number = list(GROUPS).index(group)
        value = int.from_bytes(bytes(self.data[3 * first : 3 * (first + count)]), "little")
        return self.signs[number] * value


Posts = dict[Key, dict[int, int]]


def weights(**amounts: int) -> dict[int, int]:
    """Slots and weights of amounts by group: the bytes of the magnitude, with its sign."""
    found: dict[int, int] = {}
    for group, amount in amounts.items():
        first, count = GROUPS[group]
        sign = -1 if amount < 0 else 1
        for i, byte in enumerate(abs(amount).to_bytes(3 * count, "little")):
            if byte:
                found[3 * first + i] = sign * byte
    return found


def parents(key: Key) -> list[Key]:
    """The keys to which a key's row posts itself."""
    count = Key("COUNT", kind=key.kind, origin=key.origin)
    match key.level:
        case "L0":
            return [count]
        case "L1" if key.term in TERMS:
            third = Key("L3", term=key.term, result=key.result)
            return [count, Key("L2", source=key.source, covered=key.covered, term=key.term), third]
        case "L1" if key.term == "income":
            return [count, Key("L3", term="income", result="gain")]
        case "L1":
            return [count]
        case "L3":
            return [Key("L4", term=key.term)]
        case "L4" if key.term in TERMS:
            return [Key("NET")]
    return []


def posted_up(register: Register) -> Iterable[tuple[Key, dict[int, int]]]:
    """What a register posts to its parents."""
    amounts = {group: register.get(group) for group in GROUPS}
    for parent in parents(register.key):
        up = dict(amounts)
        if parent.level == "L3":
            up["units"] = amounts["proceeds"] - amounts["basis"]
        if parent.level in ("COUNT", "L2"):
            up["units"] = 0
        yield parent, weights(**up)


def add(posts: Posts, key: Key, more: dict[int, int]) -> None:
    """Add a post."""
    at = posts.setdefault(key, defaultdict(int))
    for slot, weight in more.items():
        at[slot] += weight


def fill(posts: Posts) -> list[Register]:
    """The honest table: registers in the order of their keys, parents after all of their children."""
    todo = {key: dict(found) for key, found in posts.items()}
    made: dict[Key, Register] = {}
    for level in ("L0", "L1", "L2", "L3", "L4", "NET", "COUNT", "HOLD"):
        for key in sorted(key for key in todo if key.level == level):
            made[key] = _register(key, todo[key])
            for parent, more in posted_up(made[key]):
                add(todo, parent, more)
    return [made[key] for key in sorted(made)]


def _register(key: Key, slots: dict[int, int]) -> Register:
    data, signs = [0] * SLOTS, []
    for first, count in GROUPS.values():
        value = sum(slots.get(3 * first + i, 0) << 8 * i for i in range(3 * count))
        signs.append(-1 if value < 0 else 1)
        data[3 * first : 3 * (first + count)] = abs(value).to_bytes(3 * count, "little")
    return Register(key, tuple(data), tuple(signs))


def check(posts: Posts, table: list[Register]) -> None:
    """The constraints of the table, and that its keys and slots balance with what is posted."""
    for register in table:
        need(all(0 <= byte < 256 for byte in register.data), "byte_range", register.key)
    whole: Posts = {}
    for key, found in posts.items():
        add(whole, key, found)
    for register in table:
        for parent, more in posted_up(register):
            add(whole, parent, more)
    keys = [register.key for register in table]
    need(all(a < b for a, b in itertools.pairwise(keys)), "key_order", "a key once, increasing")
    need(set(whole) <= set(keys), "bus_post", f"posted to no row: {sorted(set(whole) - set(keys))[:1]}")
    for register in table:
        _check_lanes(register, whole.get(register.key, {}))


def _check_lanes(register: Register, slots: dict[int, int]) -> None:
    for (name, (first, count)), sign in zip(GROUPS.items(), register.signs, strict=True):
        need(sign in (1, -1), "sign", register.key)
        negative_ok = name in ("proceeds", "basis") or (name == "units" and register.key.level in ("L3", "L4", "NET"))
        need(sign == 1 or negative_ok, "sign_where", (register.key, name))
        carry = 0
        for slot in range(3 * first, 3 * (first + count)):
            byte = register.data[slot]
            total = slots.get(slot, 0) + carry - sign * byte
            need(total % 256 == 0, "lane_sum", (register.key, name, slot))
            carry = total // 256
            need(abs(carry) < CARRY_LIMIT, "carry_range", register.key)
        need(carry == 0, "last_carry", (register.key, name))


@dataclass(frozen=True, slots=True)
class Figure:
    """A public figure: a group of a key's register is `value` exactly, or at least that (`exact` False)."""

    key: Key
    group: str
    value: int
    exact: bool = True
    slack: int = 0
    factor: int = 1


def check_figures(figures: Iterable[Figure], table: list[Register]) -> None:
    """Each figure against its register: value + slack = factor * register, slack in bytes, 0 where it is exact."""
    found = {register.key: register for register in table}
    for figure in figures:
        register = found.get(figure.key)
        held = register.get(figure.group) if register is not None else 0
        need(0 <= figure.slack < 1 << 96, "slack_range", figure.key)
        need(not figure.exact or figure.slack == 0, "slack_exact", figure.key)
        need(figure.value + figure.slack == figure.factor * held, "figure", (figure.key, figure.group, held))


def amounts_of(table: Iterable[Register], level: str) -> dict[Key, dict[str, int]]:
    """The registers of a level, as amounts."""
    return {r.key: {group: r.get(group) for group in GROUPS} for r in table if r.key.level == level}


def edited(table: list[Register], key: Key, slot: int, by: int) -> list[Register]:
    """The table with one byte changed: for cheats."""

    def change(data: tuple[int, ...]) -> tuple[int, ...]:
        return (*data[:slot], data[slot] + by, *data[slot + 1 :])

    return [replace(r, data=change(r.data)) if r.key == key else r for r in table]

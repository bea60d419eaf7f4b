"""Figures of a link: what is shown of a register, and which registers there can be.

A register is a sum under a key (docs/lot-machine-v2.md, section 4). The circuit shows lanes of whatever key the
statement names, and a key that nothing was posted to has a register of zeros. So a reader who took a key at its word
could be shown "declared: 0" under a key that no record ever posts to. What keys there are is therefore checked here:
of a level exactly the fields that it tells apart, and `told` (must be shown) is not stated but follows. An asset can
have any name, and rows post under its canonical one alone: so a figure of L0, L1 or HOLD must say something that is not
0, which only a register has that was posted to.

    {"level": "COUNT", "kind": 28, "origin": "declared", "values": {"events": "3", "basis": "120000000000"}}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from hashlib import sha256
from itertools import pairwise

from zkharvest.spec import P, account_code
from zkharvest.verifier import wire
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.text import is_visible, quoted

LEVELS = ("L0", "L1", "L2", "L3", "L4", "NET", "COUNT", "HOLD")
ORIGINS = ("", "venue", "declared", "none", "gone", "out", "ref", "window")
COVERED = ("", "c", "n")
TERMS = ("", "short", "long", "flat", "pool", "income")
RESULTS = ("", "gain", "loss")
SIDES = ("", "0", "1")
GROUPS = {"units": (0, 6), "proceeds": (6, 4), "basis": (10, 4), "fee": (14, 3), "lines": (17, 1), "events": (18, 1)}
"""Name -> first lane, number of lanes of 24 bits. From L3 on `units` is proceeds - basis."""

DIFFERENCE_LEVELS = ("L3", "L4", "NET")
SIGNED_GROUPS = ("proceeds", "basis")
DISPOSAL_TERMS = TERMS[1:5]
TOLD_ORIGINS = ("declared", "none", "gone", "window")
IN_TRANSIT = 63
"""The kind of what is under way at the window's end. Kinds from 61 on are no record's."""

UNEXPLAINED, SHORTFALL = 62, 61
KINDS = 64
MAX_FIGURES = 512
"""Keys that a statement can show."""

MAX_ASSET = 320
_AMOUNT = re.compile(r"0|-?[1-9][0-9]{0,49}", re.ASCII)
_FIELDS: dict[str, tuple[str, ...]] = {
    "L0": ("asset", "source", "kind", "origin", "covered", "term", "result", "side"),
    "L1": ("asset", "source", "kind", "origin", "covered", "term", "result", "side"),
    "L2": ("source", "covered", "term"),
    "L3": ("term", "result"),
    "L4": ("term",),
    "NET": (),
    "COUNT": ("kind", "origin"),
    "HOLD": ("asset", "source", "side"),
}
_POSTED_LEVELS = ("L0", "L1", "HOLD")
"""Their keys have an asset, which no rule lists: that such a register exists is told only by what was posted to it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A register's key; what its level does not tell apart is empty. `source` is a place in the list of accounts."""

    level: str
    asset: str = ""
    source: int | None = None
    kind: int = 0
    origin: str = ""
    covered: str = ""
    term: str = ""
    result: str = ""
    side: str = ""

    @property
    def told(self) -> bool:
        """Whether the counter of this kind and origin must be shown: the taxpayer's own word, or still under way."""
        return self.origin in TOLD_ORIGINS or self.kind == IN_TRANSIT

    @property
    def order(self) -> tuple[int, bytes, int, int, int, int, int, int, int]:
        """By what figures of a statement are sorted."""
        return (
            LEVELS.index(self.level), self.asset.encode(), -1 if self.source is None else self.source, self.kind,
            ORIGINS.index(self.origin), COVERED.index(self.covered), TERMS.index(self.term),
            RESULTS.index(self.result), SIDES.index(self.side),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """Some groups of a register, exact: units in 10^-18, money in 10^-8, lines and events as counts."""

    key: Key
    values: Mapping[str, int]

    def to_map(self) -> dict[str, wire.Value]:
        """As a statement has it."""
        parts: dict[str, wire.Value] = {name: getattr(self.key, name) for name in _FIELDS[self.key.level]}
        return {"level": self.key.level, **parts, "values": {name: str(n) for name, n in self.values.items()}}

    def lanes(self, accounts: Sequence[tuple[str, str]]) -> Iterator[tuple[int, ...]]:
        """The records of the circuit's list: the key's 16 fields, the lane from 1 on, its value as an element."""
        key = key_elements(self.key, accounts)
        for name, (first, count) in GROUPS.items():
            if name in self.values:
                value = self.values[name]
                sign = -1 if value < 0 else 1
                for k in range(count):
                    yield *key, first + k + 1, sign * (abs(value) >> 24 * k & 0xFFFFFF) % P


def key_elements(key: Key, accounts: Sequence[tuple[str, str]]) -> tuple[int, ...]:
    """A key as `post` has it: level from 1, asset 4, account 4, kind, origin, told, covered, term, result, side."""
    account = (0,) * 4 if key.source is None else account_code(*accounts[key.source])
    asset = asset_code(key.asset) if key.asset else (0,) * 4
    small = (
        ORIGINS.index(key.origin), int(key.level in ("L0", "L1", "COUNT") and key.told), COVERED.index(key.covered),
        TERMS.index(key.term), RESULTS.index(key.result), SIDES.index(key.side),
    )  # fmt: skip
    return LEVELS.index(key.level) + 1, *asset, *account, key.kind, *small


def asset_code(name: str) -> tuple[int, int, int, int]:
    """The four lanes of an asset's id, as records have them (FORMAT, section 11)."""
    digest = sha256(b"zkharvest/asset/v2\0" + name.encode()).digest()
    first, second, third = (int.from_bytes(digest[i : i + 3], "little") for i in (0, 3, 6))
    return first, second, third, int.from_bytes(digest[9:13], "little") & 0x3FFFFFFF


def read_figures(value: wire.Value, accounts: int) -> tuple[Figure, ...]:
    """The figures of a statement with so many accounts.

    Reject (`statement/fields` for keys and types, `link/figure` for a register that there is none of, a value that it
    cannot have, or another order).
    """
    if not isinstance(value, list):
        raise Reject(Reason.STATEMENT_FIELDS, "figures is not a list")
    if len(value) > MAX_FIGURES:
        raise _fault(f"{len(value)} figures, at most {MAX_FIGURES}")
    found = tuple(_figure(one, accounts) for one in value)
    if any(a.key.order >= b.key.order for a, b in pairwise(found)):
        raise _fault("the figures are not in strictly increasing order of their keys")
    return found


def _figure(value: wire.Value, accounts: int) -> Figure:
    if not isinstance(value, dict):
        raise _form("a figure is not a map")
    level, values = value.get("level"), value.get("values")
    if not isinstance(level, str) or level not in _FIELDS:
        raise _form(f"the level {quoted(level)} is not known")
    if set(value) != {"level", "values", *_FIELDS[level]}:
        raise _form(f"a figure of {level} does not have the keys of its level")
    parts = {entry.name: entry.type for entry in fields(Key) if entry.name in _FIELDS[level]}
    for name in parts:
        wanted = int if name in ("source", "kind") else str
        if type(value[name]) is not wanted:
            raise _form(f"{name} of a figure is not of its type")
    key = Key(level, **{name: value[name] for name in parts})  # type: ignore[arg-type]  # checked just above
    if not isinstance(values, dict) or not values or set(values) - set(GROUPS):
        raise _form("values of a figure are not of its groups")
    fault = _key_fault(key, accounts)
    if fault:
        raise _fault(f"a figure of {level}: {fault}")
    found = {name: _amount(key, name, amount) for name, amount in values.items()}
    if level in _POSTED_LEVELS and not any(found.values()):
        raise _fault(f"a figure of {level} says nothing but 0, as of any key that nothing was posted to: leave it out")
    return Figure(key, found)


def _key_fault(key: Key, accounts: int) -> str:
    """Why the circuit has no register of this key; empty if it can have one."""
    words = (
        (key.origin, ORIGINS, "origin"), (key.covered, COVERED, "covered"), (key.term, TERMS, "term"),
        (key.result, RESULTS, "result"), (key.side, SIDES, "side"),
    )  # fmt: skip
    for word, listed, name in words:
        if word not in listed:
            return f"{name} {quoted(word)} is not known"
    if key.source is not None and not 0 <= key.source < accounts:
        return f"account {key.source} is not listed"
    if key.level in ("L0", "L1", "HOLD") and not is_visible(key.asset, MAX_ASSET):
        return "the asset is not visible text"
    if key.level in ("L0", "L1", "COUNT"):
        if not 1 <= key.kind < KINDS or not key.origin:
            return "it has no kind or no origin"
        if key.kind == IN_TRANSIT and (key.level != "COUNT" or key.origin not in ("ref", "window")):
            return "what is in transit is counted by its reference, and nowhere else"
    return _class_fault(key)


def _class_fault(key: Key) -> str:
    """Why covered, term, result and side cannot stand so at this level; empty if they can."""
    disposal, income = key.term in DISPOSAL_TERMS, key.term == "income"
    match key.level:
        case "L0" | "L1":
            if disposal and not (key.covered and key.result and key.side and key.origin == "venue"):
                return "a disposal is covered or not, a gain or a loss, on a side, at the source's value"
            if not disposal and (key.covered or key.result):
                return "only a disposal is covered or not, a gain or a loss"
        case "L2" if not (disposal and key.covered):
            return "it is of disposals, covered or not"
        case "L3" if not (disposal and key.result) and not (income and key.result == "gain"):
            return "it is of disposals with a gain or a loss, or of income"
        case "L4" if not (disposal or income):
            return "it has a term"
        case "HOLD" if not key.side:
            return "it is of one side"
    return ""


def _amount(key: Key, group: str, value: wire.Value) -> int:
    if not isinstance(value, str):
        raise _form(f"{group} of a figure is not text")
    if not _AMOUNT.fullmatch(value):
        raise _fault(f"{group} of a figure is not an integer in its one form")
    amount = int(value)
    if group == "units" and key.level in ("L2", "COUNT"):
        raise _fault(f"{key.level} holds units of several assets, which are no sum")
    signed = group in SIGNED_GROUPS or (group == "units" and key.level in DIFFERENCE_LEVELS)
    if abs(amount) >= 1 << 24 * GROUPS[group][1] or (amount < 0 and not signed):
        raise _fault(f"{group} of a figure is out of range")
    return amount


def _form(detail: str) -> Reject:
    return Reject(Reason.STATEMENT_FIELDS, detail)


def _fault(detail: str) -> Reject:
    return Reject(Reason.LINK_FIGURE, detail)


# ------------------------------------------------------------------------------------------------- counters


@dataclass(frozen=True, slots=True)
class Counters:
    """How much rests on the taxpayer's word: numbers of events. The circuit shows each that is not 0, and exactly.

    `declared`: values and dates that the owner states; `unexplained`: deposits that come from nowhere, with a basis of
    0; `gone`: withdrawals that nobody received; `by_window`: moves without a common reference, matched by amount and
    time; `in_transit`: coins that were sent and have not arrived, `in_transit_by_window` those of them without one.
    """

    declared: int = 0
    unexplained: int = 0
    gone: int = 0
    by_window: int = 0
    in_transit: int = 0
    in_transit_by_window: int = 0

    def then(self, later: Counters) -> Counters:
        """Of two periods, one after the other: events add up, what is in transit is the later's."""
        added = {name: getattr(self, name) + getattr(later, name) for name in _ADDED}
        return Counters(**added, in_transit=later.in_transit, in_transit_by_window=later.in_transit_by_window)


_ADDED = ("declared", "unexplained", "gone", "by_window")


def counters_of(figures: Iterable[Figure]) -> Counters:
    """The counters that a statement shows; a counter that it does not show is 0, as the circuit has it."""
    found = dict.fromkeys((entry.name for entry in fields(Counters)), 0)
    names = {"declared": "declared", "none": "unexplained", "gone": "gone", "window": "by_window"}
    for figure in figures:
        key = figure.key
        if key.level != "COUNT" or not key.told:
            continue
        events = figure.values.get("events", 0)
        if key.kind == IN_TRANSIT:
            found["in_transit"] += events
            found["in_transit_by_window"] += events if key.origin == "window" else 0
        else:
            found[names[key.origin]] += events
    return Counters(**found)

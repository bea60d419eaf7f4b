"""The registers of a run as exact integers: what is posted to which key, and how keys post to their parents.

docs/lot-machine-v2.md, section 4. The circuit has the same sums in bytes (`circuit.lot_machine.v2.sums`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from zkharvest.ledger.rules import Side

from .records import IN_TRANSIT, Account

LEVELS = ("L0", "L1", "L2", "L3", "L4", "NET", "COUNT", "HOLD")
RESULT_LEVELS = frozenset({"L3", "L4", "NET"})
"""Those whose units are proceeds less basis; what posts to another level has its units there only."""

VENUE, DECLARED_VALUE, NONE, GONE, OUT, BY_REF, BY_WINDOW = "venue", "declared", "none", "gone", "out", "ref", "window"
TOLD = frozenset({DECLARED_VALUE, NONE, GONE, BY_WINDOW})
"""Origins whose counters every statement shows; what is in transit is shown too."""

INCOME_TERM = "income"


class Key(NamedTuple):
    """A register's key; what its level does not tell apart is empty, 0 or None."""

    level: str
    asset: str = ""
    account: Account | None = None
    kind: int = 0
    origin: str = ""
    covered: str = ""
    term: str = ""
    result: str = ""
    side: Side | None = None

    @property
    def told(self) -> bool:
        """Whether a statement must show its counter."""
        return self.origin in TOLD or self.kind == IN_TRANSIT


@dataclass(slots=True)
class Amounts:
    """Sums of a key. `units` in 10^-18, but from level 3 on proceeds less basis; money in 10^-8."""

    units: int = 0
    proceeds: int = 0
    basis: int = 0
    fee: int = 0
    lines: int = 0
    events: int = 0

    def add(self, other: Amounts, units: int) -> None:
        """Add another's sums, and these units."""
        self.units += units
        self.proceeds += other.proceeds
        self.basis += other.basis
        self.fee += other.fee
        self.lines += other.lines
        self.events += other.events


class Registers:
    """Posts as they come, by key."""

    def __init__(self) -> None:
        self.posts: dict[Key, Amounts] = {}

    def post(
        self, key: Key, units: int = 0, proceeds: int = 0, basis: int = 0, fee: int = 0, lines: int = 0, events: int = 0
    ) -> None:
        """Add to a key's sums."""
        found = self.posts.get(key)
        if found is None:
            found = self.posts[key] = Amounts()
        found.units += units
        found.proceeds += proceeds
        found.basis += basis
        found.fee += fee
        found.lines += lines
        found.events += events

    def carry_in(self, registers: Mapping[Key, Amounts], *, same_year: bool) -> None:
        """What goes on from a standing: holdings always, the first two levels within a tax year."""
        for key, amounts in registers.items():
            if key.level == "HOLD" or (same_year and key.level in ("L0", "L1")):
                self.posts.setdefault(key, Amounts()).add(amounts, amounts.units)

    def whole(self) -> dict[Key, Amounts]:
        """All registers, parents included, by level and key."""
        of_level = {level: dict[Key, Amounts]() for level in LEVELS}
        for key, own in self.posts.items():
            of_level[key.level][key] = Amounts(own.units, own.proceeds, own.basis, own.fee, own.lines, own.events)
        for registers in of_level.values():
            parents: dict[tuple[Any, ...], list[tuple[Amounts, bool]]] = {}  # once for all whose keys have these parts
            for key, own in registers.items():
                parts = key[_ACCOUNT:_SIDE]
                found = parents.get(parts)
                if found is None:
                    found = parents[parts] = [
                        (of_level[parent.level].setdefault(parent, Amounts()), parent.level in RESULT_LEVELS)
                        for parent in _parents(key)
                    ]
                for amounts, is_result in found:
                    amounts.add(own, own.proceeds - own.basis if is_result else 0)
        return {key: amounts for registers in of_level.values() for key, amounts in registers.items()}


_ACCOUNT, _SIDE = Key._fields.index("account"), Key._fields.index("side")


def _parents(key: Key) -> Iterator[Key]:
    """The registers to which one posts: its level and what its key has from the account to the result say which."""
    if key.level in ("L0", "L1"):
        yield Key("COUNT", kind=key.kind, origin=key.origin)
    if key.level == "L1" and key.term == INCOME_TERM:
        yield Key("L3", term=INCOME_TERM, result="gain")
    elif key.level == "L1" and key.term:
        yield Key("L2", account=key.account, covered=key.covered, term=key.term)
        yield Key("L3", term=key.term, result=key.result)
    elif key.level == "L3":
        yield Key("L4", term=key.term)
    elif key.level == "L4" and key.term != INCOME_TERM:
        yield Key("NET")


def carried_on(registers: Mapping[Key, Amounts]) -> dict[Key, Amounts]:
    """Those that a standing has: all others follow from them. What is held is there only if there is some."""
    nothing = Amounts()
    return {
        key: amounts
        for key, amounts in registers.items()
        if key.level in ("L0", "L1") or (key.level == "HOLD" and amounts != nothing)
    }


def totals_of(registers: Mapping[Key, Amounts]) -> dict[str, int]:
    """The year's totals by the names of the ledger's report, in 10^-8."""
    nothing = Amounts()
    net = registers.get(Key("NET"), nothing)
    by = {
        (term, result): abs(registers.get(Key("L3", term=term, result=result), nothing).units)
        for term in ("short", "long")
        for result in ("gain", "loss")
    }
    return {
        "proceeds": net.proceeds,
        "basis": net.basis,
        "gain": net.units,
        "short_term_gain": by["short", "gain"],
        "short_term_loss": by["short", "loss"],
        "long_term_gain": by["long", "gain"],
        "long_term_loss": by["long", "loss"],
        "net": net.units,
    }

"""The state at an instant as plain data: open lots, coins in transit, registers, and how far each account's pages go.

What a standing's name hashes is in it, and what only its owner keeps beside it: the record that opened a lot or sent a
token, by which picks and matches name them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zkharvest.ledger.rules import Side

from .decisions import FIRST_DAY
from .matching import Half
from .records import Account, Page, Place
from .registers import Amounts, Key

DAY_ZERO = FIRST_DAY - 1
"""The day before the first that a machine numbers: 2000-01-01 is day 1, what is before it 0."""


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot, or a part of one. `place` is its account, None under universal pooling; `day` a date's ordinal.

    `order` numbers the record that opened it, over a whole chain; `own`: bought here and never moved. `unit` is that of
    the whole lot. `name` is the opening record. `long_from` (ms) is when it becomes long, by the zone in which it was
    opened: a later change of zone does not change it.
    """

    asset: str
    place: Account | None
    side: Side
    quantity: int
    value: int
    unit: int
    order: int
    day: int
    own: bool = True
    name: Place | None = None
    long_from: int = 0


@dataclass(frozen=True, slots=True)
class Token:
    """A lot part in transit, or, under universal pooling, coins without a lot (value, unit and what follows are 0).

    `seq` numbers its withdrawal, `part` it among that one's, `last` its last; `time` and `ref` are the withdrawal's.
    `sent` is the withdrawal's record, `name` that which opened the lot.
    """

    seq: int
    part: int
    last: bool
    asset: str
    time: int
    ref: int
    quantity: int
    value: int = 0
    unit: int = 0
    order: int = 0
    day: int = 0
    sent: Place | None = None
    name: Place | None = None
    long_from: int = 0


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account's last page, whether that goes on behind the instant, and whether the account is closed."""

    owner: Account
    page: bytes
    number: int
    end: int
    open: bool
    final: bool


@dataclass(frozen=True)
class Standing:
    """The state at `instant` (ms). `seq` numbers the records worked so far; `year` is the tax year that was worked."""

    instant: int
    pooling: str
    zone: str
    year: int
    lots: tuple[Lot, ...] = field(default=(), repr=False)
    tokens: tuple[Token, ...] = field(default=(), repr=False)
    registers: Mapping[Key, Amounts] = field(default_factory=dict, repr=False)
    accounts: tuple[AccountState, ...] = ()
    seq: int = 0

    def in_transit(self) -> list[Half]:
        """What was sent and has not arrived, a withdrawal each; of withdrawals that are not known by place, none."""
        found: dict[int, Half] = {}
        for token in self.tokens:
            if token.sent is None:
                continue
            before = found.get(token.seq)
            quantity = token.quantity + (before.quantity if before else 0)
            found[token.seq] = Half(token.time, token.sent, token.asset, quantity, token.ref, whole=True)
        return sorted(found.values())


def accounts_after(pages: tuple[Page, ...], end: int, before: Standing | None) -> tuple[AccountState, ...]:
    """The state of every account at the end of a window that these pages are of, sorted."""
    found = {state.owner: state for state in (before.accounts if before else ())}
    for page in pages:
        is_open = page.end > end
        state = AccountState(page.owner, page.id, page.number, page.end, is_open, page.final and not is_open)
        found[page.owner] = state
    return tuple(found[owner] for owner in sorted(found))

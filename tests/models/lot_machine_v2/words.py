"""What the model of lot-machine/v2 is about: records, pages, lots, tokens in transit, standings. Plain Python, exact.

A model is not a circuit: hashes are SHA-256 of a text, limbs are integers, and the list of open lots is a Python list,
because v1 proves that list already. What the design only estimates is modelled in full: transit tokens, keyed sums,
figures, standings and chains.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

DAY = 86_400_000
SHIFT_LIMIT = 1 << 22
"""ms: how far a deposit's clock may run behind its withdrawal's (70 minutes)."""

REACH = 1 << 30
"""ms: how long a move without a common reference may take (12.4 days)."""

UNIT_BITS = 96


class Refused(Exception):
    """The machine or the verifier does not accept; `rule` names the constraint, bus or check that stops it."""

    def __init__(self, rule: str, detail: str = "") -> None:
        super().__init__(f"{rule}: {detail}" if detail else rule)
        self.rule = rule


def need(holds: bool, rule: str, detail: object = "") -> None:
    """Refuse unless it holds."""
    if not holds:
        raise Refused(rule, str(detail))


def digest(*parts: object) -> str:
    """Stands for a hash of field elements: injective on what the model hashes."""
    return sha256(repr(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Rec:
    """A record as a leaf holds it. `op`: open, close (on a side: 0 long, 1 short), in (deposit), out (withdrawal).

    `value` is net of the fee and may be negative where lots are closed; `ref` 0 if it is not known.
    """

    time: int
    op: str
    asset: str
    quantity: int
    value: int = 0
    fee: int = 0
    ref: int = 0
    kind: str = "trade"
    side: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """A page with its records, as its source knows it. `prev` is the id of the page before."""

    source: str
    account: str
    number: int
    start: int
    end: int
    records: tuple[Rec, ...]
    prev: str = ""
    final: bool = False

    @property
    def root(self) -> str:
        return digest("root", self.records)

    @property
    def id(self) -> str:
        return digest("page", *self.header())

    def header(self) -> tuple[object, ...]:
        return self.source, self.account, self.number, self.start, self.end, self.root, self.prev, self.final


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot, or part of one, in a pool: `place` is the source ("" under universal pooling). `own`: never moved."""

    asset: str
    place: str
    side: int
    quantity: int
    value: int
    unit: int
    order: int
    day: int
    own: bool = True


@dataclass(frozen=True, slots=True)
class Token:
    """A lot part in transit, or (universal) coins without a lot. `seq`: its withdrawal; `clock`: when sent."""

    seq: int
    part: int
    last: bool
    asset: str
    time: int
    ref: int
    quantity: int
    value: int
    unit: int
    order: int
    day: int
    clock: int = 0


@dataclass(frozen=True, slots=True)
class SourceState:
    """What a standing says of an account: its last page, whether that goes on behind the instant, if it is closed."""

    source: str
    account: str
    page: str
    number: int
    end: int
    open: bool
    final: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """The state at an instant. `sums` are registers (`sums.Register`) by key."""

    instant: int
    currency: str
    pooling: str
    zone: str
    lots: tuple[Lot, ...] = ()
    tokens: tuple[Token, ...] = ()
    sums: tuple[object, ...] = ()
    sources: tuple[SourceState, ...] = ()
    seq: int = 0
    year: int = 0

    @property
    def name(self) -> str:
        return digest("standing", self)


def unit_of(value: int, quantity: int) -> int:
    """The unit basis, as v1 has it."""
    return (value << UNIT_BITS) // quantity


def part_of(value: int, part: int, whole: int) -> int:
    """The share of a value, towards zero."""
    share = abs(value) * part // whole
    return -share if value < 0 else share


def day_of(time: int) -> int:
    """Days since the epoch, in the model's zone (UTC)."""
    return time // DAY

"""What of a history is not explained, and what can be said of each: for the owner, who knows.

Unmatched withdrawals and deposits with what comes near, records whose source states no value, and moves that another
record would fit as well.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from zkharvest.trades.text import format_quantity, format_time

from .decisions import DEPOSIT_KINDS, WITHDRAWAL_KINDS, Decision, Decisions
from .machine import STATED_GONE
from .matching import BY_WINDOW, Half, Moves, halves, why_not
from .records import REACH, SHIFT_LIMIT, UNEXPLAINED, Does, History, Place, Record

DAY = 86_400_000
FAR = 90 * DAY
"""How far behind a withdrawal of exactly one quantity a deposit still comes near."""

NEAR_PARTS = 50
"""A deposit of 2 % less comes near: networks and venues take fees out of what is sent."""

MOST_NEAR, MOST_SEEN = 3, 32
"""Of what comes near, so many are told; so many earlier and later ones are looked at."""


class Near(NamedTuple):
    """A record that comes near: its place, what speaks for it, and what against (empty: it can be matched)."""

    place: Place
    reason: str
    against: str


@dataclass(frozen=True, slots=True)
class Open:
    """Something that the owner may explain. `what`: withdrawal, deposit, value; `now`: what holds if nothing is said.

    `settled`: the owner's book, or its source, has said what it is.
    """

    place: Place
    record: Record
    what: str
    now: str
    near: tuple[Near, ...] = ()
    settled: bool = False


class Doubtful(NamedTuple):
    """A move that was matched by amount and time alone, and the other withdrawals that fit its deposit as well."""

    deposit: Place
    withdrawal: Place
    others: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """What was found, in the order of time; `by` counts moves by what they were matched."""

    open: tuple[Open, ...]
    doubtful: tuple[Doubtful, ...]
    by: Mapping[str, int]


def explain(
    history: History, decisions: Decisions, moves: Moves, edges: Sequence[int] = (), since: int = 0
) -> Explained:
    """Everything that the owner may want to say something about, of records from `since` on."""
    nothing = Decision()
    sides = {Does.OUT: _Others(moves.deposits), Does.IN: _Others(moves.withdrawals)}
    found: list[Open] = []
    for does, ones in ((Does.OUT, moves.withdrawals), (Does.IN, moves.deposits)):
        for one in ones:
            record = history.at(one.place)
            if record is None:  # in transit since before these pages
                continue
            decided = decisions.get(one.place, nothing)
            near = () if decided.kind else tuple(sides[does].near(one, does, edges))
            what, now = _now(record, decided)
            settled = not decided.is_empty or (does is Does.OUT and record.kind in STATED_GONE)
            found.append(Open(one.place, record, what, now, near, settled=settled))
    for records in history.records:
        for record in records:
            if not record.valued and record.time >= since and record.does in (Does.OPEN, Does.CLOSE):
                place = history.place(record)
                value = decisions.get(place, nothing).value
                now = "needs a value: its source states none" if value is None else "declared"
                found.append(Open(place, record, "value", now, settled=value is not None))
    found.sort(key=lambda one: (one.record.time, one.place))
    by: dict[str, int] = defaultdict(int)
    for how in moves.by.values():
        by[how] += 1
    return Explained(tuple(found), tuple(_doubtful(history, moves, edges, since)), dict(by))


def _now(record: Record, decided: Decision) -> tuple[str, str]:
    """What an unmatched record is, and what holds of it."""
    if record.does is Does.IN:
        if DEPOSIT_KINDS.get(decided.kind, UNEXPLAINED) == UNEXPLAINED:
            return "deposit", "unexplained: opens a lot of basis 0, and is counted"
        return "deposit", f"{decided.kind}: of a declared value, counted"
    if decided.kind == "in transit":
        return "withdrawal", "in transit: must arrive behind these pages"
    if decided.kind or record.kind in STATED_GONE:
        return "withdrawal", f"gone: {decided.kind or 'as its source says'}, counted"
    return "withdrawal", f"gone: {next(k for k, n in WITHDRAWAL_KINDS.items() if n == UNEXPLAINED)}, counted"


class _Others:
    """Unmatched records of the other direction: by reference, by quantity, and by asset in order of time."""

    def __init__(self, ones: Sequence[Half]) -> None:
        self._by_ref: dict[int, list[Half]] = defaultdict(list)
        self._by_quantity: dict[tuple[str, int], list[Half]] = defaultdict(list)
        self._by_asset: dict[str, list[Half]] = defaultdict(list)
        for one in ones:
            if one.ref:
                self._by_ref[one.ref].append(one)
            self._by_quantity[one.asset, one.quantity].append(one)
            self._by_asset[one.asset].append(one)

    def near(self, one: Half, does: Does, edges: Sequence[int]) -> Iterator[Near]:
        """What comes near, the likeliest first: one reference, then one quantity, then nearly one, the nearer first."""
        same = self._by_quantity.get((one.asset, one.quantity), [])
        soon = self._by_asset.get(one.asset, [])
        found = dict.fromkeys(
            [
                *self._by_ref.get(one.ref, []),
                *_between(same, one.time, does, DAY, FAR),
                *_between(soon, one.time, does, SHIFT_LIMIT, REACH),
            ]
        )
        ranked = []
        for other in found:
            out, come = (one, other) if does is Does.OUT else (other, one)
            if (reason := _reason(out, come)) is not None:
                rank, text = reason
                against = why_not(out, come, edges)
                ranked.append((rank, abs(come.time - out.time), Near(other.place, text, against)))
        return (near for _, _, near in sorted(ranked)[:MOST_NEAR])


def _between(ones: Sequence[Half], time: int, does: Does, before: int, behind: int) -> Sequence[Half]:
    """Those that are so much earlier or later than a withdrawal (or the other way round than a deposit), at most.

    Of many, the nearest on either side.
    """
    first, last = (time - before, time + behind) if does is Does.OUT else (time - behind, time + before)
    low, middle, high = (bisect_left(ones, at, key=lambda other: other.time) for at in (first, time, last))
    return ones[max(low, middle - MOST_SEEN) : min(high, middle + MOST_SEEN)]


def _reason(out: Half, come: Half) -> tuple[int, str] | None:
    """Why a deposit might be a withdrawal's, and how likely that is (0 first); None if it is not near."""
    quantity = _compared(out, come)
    when = _when(come.time - out.time)
    if out.ref and out.ref == come.ref:
        return 0, f"the same reference, {quantity}, {when}"
    refs = "neither states a reference"
    if out.ref and come.ref:
        refs = "they state two references"
    elif out.ref or come.ref:
        refs = f"only the {'withdrawal' if out.ref else 'deposit'} states a reference"
    if out.quantity == come.quantity:
        return 1, f"{quantity}, {when}; {refs}"
    less = out.quantity - come.quantity
    if 0 < less * NEAR_PARTS <= out.quantity and -SHIFT_LIMIT < come.time - out.time < REACH:
        return 2, f"{quantity}, {when}; {refs}"
    return None


def _compared(out: Half, come: Half) -> str:
    if out.asset != come.asset:
        return f"another asset: {come.called or come.asset}"
    if out.quantity == come.quantity:
        return "exactly the quantity"
    less, word = abs(out.quantity - come.quantity), "less" if come.quantity < out.quantity else "more"
    return f"{format_quantity(less)} {word} arrived"


def _when(later: int) -> str:
    word, span = ("later", later) if later >= 0 else ("earlier", -later)
    if span >= 2 * DAY:
        return f"{span // DAY} days {word}"
    if span >= 2 * 3_600_000:
        return f"{span // 3_600_000} hours {word}"
    return f"{span // 60_000} minutes {word}" if span >= 60_000 else "at the same time" if not span else f"just {word}"


def _doubtful(history: History, moves: Moves, edges: Sequence[int], since: int) -> Iterator[Doubtful]:
    """Moves by amount and time whose deposit other withdrawals fit as well."""
    known = {out for come, out in moves.arrivals.items() if moves.by[come] != BY_WINDOW}
    by_amount: dict[tuple[str, int], list[Half]] = defaultdict(list)
    for out in (one for one in halves(history, Does.OUT, since) if one.place not in known):
        by_amount[out.asset, out.quantity].append(out)
    for come in halves(history, Does.IN, since):
        if moves.by.get(come.place) != BY_WINDOW:
            continue
        sent = by_amount.get((come.asset, come.quantity), [])
        low = bisect_left(sent, come.time - REACH + 1, key=lambda out: out.time)
        high = bisect_left(sent, come.time + SHIFT_LIMIT, key=lambda out: out.time)
        others = [
            out.place
            for out in sent[low : min(high, low + 16)]
            if out.place != moves.arrivals[come.place] and not why_not(out, come, edges)
        ]
        if others:
            yield Doubtful(come.place, moves.arrivals[come.place], tuple(others))


def note_of(one: Open) -> str:
    """One line for the owner: what holds now, and what comes near."""
    parts = [one.now]
    for near in one.near:
        tail = f"; but {near.against}" if near.against else "; match it if it is the same coins"
        parts.append(f"near: {near.place}: {near.reason}{tail}")
    return " | ".join(parts)


def title_of(one: Open, asset: str = "") -> str:
    """What it is: `deposit of 1.5 BTC, 2025-01-05T10:00:00Z`; `asset` is what people call it."""
    record = one.record
    return f"{one.what} of {format_quantity(record.quantity)} {asset or record.asset}, {format_time(record.time)}"

"""Which deposit is which withdrawal: the moves of a history, the same whatever order files come in.

A move is one withdrawal and one deposit of an asset, and (docs/lot-machine-v2.md, section 3):

1. what the owner matched; a record that the owner calls something else, or no half of a move, is none;
2. both state one reference: first those of one quantity, then each deposit with the earliest withdrawal that is at
   least as large. What a deposit got less is the withdrawal's shortfall;
3. one of them states none, the quantity is exactly the same, and the deposit comes less than 2^30 ms later.

A deposit's clock may run behind: less than 2^22 ms, and not over the end of a window. Under 3 as many are matched as
can be, and each deposit then has the latest withdrawal that is left: of a payment and a move of one amount the nearer
one is the move. Between equals, the order of the pages decides.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from zkharvest.errors import InputError, Problem
from zkharvest.trades.text import format_quantity

from .decisions import DEPOSIT_KINDS, NO_MATCH, WITHDRAWAL_KINDS, Decision, Decisions
from .records import IN_TRANSIT, REACH, SHIFT_LIMIT, Does, History, Place, describe, with_article

BY_BOOK, BY_REF, BY_WINDOW = "book", "ref", "window"


class Half(NamedTuple):
    """A withdrawal or deposit as it is matched. Sorted by time, then by place in the order of a statement.

    `whole`: it is in transit already, so that a deposit of less cannot be its own. `called` is its asset for a person.
    """

    time: int
    place: Place
    asset: str
    quantity: int
    ref: int
    whole: bool = False
    called: str = ""


@dataclass(frozen=True)
class Moves:
    """Deposit to withdrawal, by place, and by what they were matched; what is left over of both, in order of time."""

    arrivals: Mapping[Place, Place]
    by: Mapping[Place, str]
    withdrawals: tuple[Half, ...]
    deposits: tuple[Half, ...]


def halves(history: History, does: Does, since: int = 0) -> list[Half]:
    """The withdrawals or deposits of a history from an instant on, sorted."""
    found = [
        Half(record.time, history.place(record), record.asset, record.quantity, record.ref, called=record.called)
        for records in history.moving
        for record in records
        if record.does is does and record.time >= since
    ]
    return sorted(found)


def fits_in_time(out: Half, come: Half, edges: Sequence[int]) -> bool:
    """Whether a deposit can be worked at or behind its withdrawal: its clock runs behind by little, over no edge."""
    behind = out.time - come.time
    if behind < 0:
        return True
    return behind < SHIFT_LIMIT and bisect_right(edges, come.time) == bisect_right(edges, out.time)


def match_moves(
    history: History,
    decisions: Decisions,
    *,
    edges: Sequence[int] = (),
    since: int = 0,
    sent: Iterable[Half] = (),
) -> Moves:
    """The moves among records from `since` on, and of what is in transit then (`sent`, one for each withdrawal).

    `edges` are the ends of windows, sorted: a deposit and a withdrawal behind it lie on one side of each.
    Raises InputError with every match of the owner's that cannot be.
    """
    outs = sorted([*halves(history, Does.OUT, since), *sent])
    ins = halves(history, Does.IN, since)
    matching = _Matching(edges, decisions)
    matching.owner(history, outs, ins)
    matching.named(matching.left(outs), matching.left(ins))
    matching.window(matching.left(outs), matching.left(ins))
    return Moves(matching.arrivals, matching.by, tuple(matching.free(outs)), tuple(matching.free(ins)))


class _Matching:
    """Matches as they are made."""

    def __init__(self, edges: Sequence[int], decisions: Decisions) -> None:
        self.edges = edges
        self.decisions = decisions
        self.arrivals: dict[Place, Place] = {}
        self.by: dict[Place, str] = {}
        self._used: set[Place] = set()

    def add(self, out: Half, come: Half, by: str) -> None:
        self.arrivals[come.place] = out.place
        self.by[come.place] = by
        self._used |= {out.place, come.place}

    def free(self, ones: Iterable[Half]) -> list[Half]:
        """Those that are in no move."""
        return [one for one in ones if one.place not in self._used]

    def left(self, ones: Iterable[Half]) -> list[Half]:
        """Those that are in no move, and can still be: the owner has not called them anything else."""
        if not self.decisions:
            return self.free(ones)
        nothing = Decision()
        open_ = [(one, self.decisions.get(one.place, nothing)) for one in self.free(ones)]
        return [one for one, decided in open_ if decided.match != NO_MATCH and (one.whole or _may_move(decided))]

    # ------------------------------------------------------------------------------------------ the owner's

    def owner(self, history: History, outs: Sequence[Half], ins: Sequence[Half]) -> None:
        """What the owner matched, from either end."""
        by_place = {one.place: (one, does) for does, ones in ((Does.OUT, outs), (Does.IN, ins)) for one in ones}
        problems = []
        for place, decided in sorted(self.decisions.items()):
            if not isinstance(decided.match, Place) or place not in by_place:
                continue
            one, does = by_place[place]
            other, opposite = by_place.get(decided.match, (None, None))
            if opposite is does:
                other = None  # two deposits, two withdrawals, or the record itself: no move
            out, come = (one, other) if does is Does.OUT else (other, one)
            problem = self._fault(history, decided, out, come)
            if problem is not None:
                problems.append(problem)
            elif out is not None and come is not None and self.arrivals.get(come.place) != out.place:
                self.add(out, come, BY_BOOK)
        if problems:
            raise InputError(problems)

    def _fault(self, history: History, decided: Decision, out: Half | None, come: Half | None) -> Problem | None:
        """Why the owner's match is no move."""
        where = f"{decided.where}:match" if decided.where else str(come.place if come else out.place if out else "")
        other = decided.match
        assert isinstance(other, Place)
        if out is None or come is None:
            there = history.at(other)
            if there is None:
                return Problem(where, f"there is no record {other} here", "name it as SOURCE/ACCOUNT/PAGE/RECORD")
            want = "withdrawal" if out is None else "deposit"
            text = f"{other} is {with_article(describe(there))}, and no {want} that can still be matched"
            return Problem(where, text, f"name the {want}, or write {NO_MATCH}")
        already = self.arrivals.get(come.place)
        if already != out.place and {out.place, come.place} & self._used:
            return Problem(where, "one of the two is matched with another record", "match each record once")
        if why := why_not(out, come, self.edges):
            return Problem(where, f"{come.place} is not the deposit of {out.place}: {why}", f"or write {NO_MATCH}")
        return None

    # ------------------------------------------------------------------------------------------ by reference

    def named(self, outs: Sequence[Half], ins: Sequence[Half]) -> None:
        """Those that state one reference, and one asset."""
        by_name: dict[tuple[str, int], list[Half]] = defaultdict(list)
        for out in outs:
            if out.ref:
                by_name[out.asset, out.ref].append(out)
        for exact in (True, False):
            for come in ins:
                if not come.ref or come.place in self._used:
                    continue
                for out in by_name.get((come.asset, come.ref), ()):
                    fits = out.quantity == come.quantity if exact else out.quantity > come.quantity and not out.whole
                    if fits and out.place not in self._used and fits_in_time(out, come, self.edges):
                        self.add(out, come, BY_REF)
                        break

    # ------------------------------------------------------------------------------------------ by amount and time

    def window(self, outs: Sequence[Half], ins: Sequence[Half]) -> None:
        """Those of one quantity, the deposit soon behind the withdrawal, not both with a reference."""
        groups: dict[tuple[str, int], tuple[list[Half], list[Half]]] = defaultdict(lambda: ([], []))
        for out in outs:
            groups[out.asset, out.quantity][0].append(out)
        for come in ins:
            if (come.asset, come.quantity) in groups:
                groups[come.asset, come.quantity][1].append(come)
        for sent, came in groups.values():
            if came:
                self._pair(sent, came)

    def _pair(self, outs: Sequence[Half], ins: Sequence[Half]) -> None:
        """As many pairs as can be: each deposit in turn takes the earliest that it can; then, from the last one back,
        each takes the latest that is left.
        """
        unnamed = [n for n, out in enumerate(outs) if not out.ref]
        chosen: dict[int, int] = {}
        taken = [False] * len(outs)
        begin = {True: 0, False: 0}
        for n, come in enumerate(ins):
            places: Sequence[int] = unnamed if come.ref else range(len(outs))
            at = begin[bool(come.ref)]
            while at < len(places) and (taken[places[at]] or come.time - outs[places[at]].time >= REACH):
                at += 1
            begin[bool(come.ref)] = at
            while at < len(places) and outs[places[at]].time - come.time < SHIFT_LIMIT:
                if not taken[places[at]] and self._pairs(outs[places[at]], come):
                    chosen[n] = places[at]
                    taken[places[at]] = True
                    break
                at += 1
        for n in sorted(chosen, reverse=True):
            for place in range(_reach(outs, ins[n]) - 1, chosen[n], -1):
                if not taken[place] and self._pairs(outs[place], ins[n]):
                    taken[chosen[n]], taken[place] = False, True
                    chosen[n] = place
                    break
        for n, at in chosen.items():
            self.add(outs[at], ins[n], BY_WINDOW)

    def _pairs(self, out: Half, come: Half) -> bool:
        named = bool(out.ref) and bool(come.ref)
        return not named and come.time - out.time < REACH and fits_in_time(out, come, self.edges)


def _may_move(decided: Decision) -> bool:
    """Whether a record can still be half of a move: it is nothing else, or is said to be on its way."""
    return WITHDRAWAL_KINDS.get(decided.kind, 0) in (0, IN_TRANSIT) and decided.kind not in DEPOSIT_KINDS


def _reach(outs: Sequence[Half], come: Half) -> int:
    """How many of the withdrawals are not too late for a deposit."""
    return bisect_right(outs, come.time + SHIFT_LIMIT - 1, key=lambda out: out.time)


def why_not(out: Half, come: Half, edges: Sequence[int] = ()) -> str:
    """Why a deposit cannot be a withdrawal's, empty if it can: what the machine refuses."""
    if out.asset != come.asset:
        return f"{come.called or come.asset} is not {out.called or out.asset}"
    if come.quantity > out.quantity:
        return f"{format_quantity(come.quantity)} arrived, {format_quantity(out.quantity)} were sent"
    if come.quantity < out.quantity and out.whole:
        return f"{format_quantity(come.quantity)} arrived, {format_quantity(out.quantity)} are in transit"
    if out.ref and come.ref and out.ref != come.ref:
        return "they state two references"
    if not fits_in_time(out, come, edges):
        if out.time - come.time >= SHIFT_LIMIT:
            return "the deposit is earlier than the withdrawal by 70 minutes or more"
        return "the deposit is in one year or window, the withdrawal in the next"
    if come.time - out.time >= REACH and not out.ref == come.ref != 0:
        return "the deposit comes 12.4 days later or more, and they have no common reference"
    return ""

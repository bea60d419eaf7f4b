"""What stays inside an account (staking, futures, subaccounts), and moves as pairing takes them.

It has to net out by asset. Moves that left and came back cancel; a rest that came in without having left is a problem
whose lines are named, because coins do not come from nowhere. A rest that left is still in the account: it is noted for
products that only hold coins, and a problem for those that win and lose (futures, margin), unless the import says that
the coins are still there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from zkharvest.errors import Problem
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Item, Move
from zkharvest.trades.importers.rows import by_hand
from zkharvest.trades.text import format_quantity

_SAME = 1000  # both rows of a move within an account carry one second
_RISKY = ("futures", "margin", "subaccount", "derivatives", "perpetuals")
NAMED = 8  # lines that a message names


@dataclass(frozen=True, slots=True)
class Alone:
    """What to do with moves that pair with nothing."""

    external: str | None = None
    record: bool = False  # keep them as deposit and withdraw rows
    still_inside: frozenset[str] = frozenset()  # `source:wallet` whose coins are still there
    pairs: tuple[tuple[str, str], ...] = ()  # rows (`file:line`) that the user says are one transfer


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """A move with its item."""

    item: Item
    move: Move

    @property
    def time(self) -> int:
        return self.move.event.time

    @property
    def source(self) -> str:
        return self.move.event.source


def net_out(moves: Sequence[Moved], draft: Draft, alone: Alone) -> None:
    """Cancels the moves of each inner wallet by asset, and says what is left of them."""
    wallets: dict[tuple[str, str, str], list[Moved]] = defaultdict(list)
    for one in moves:
        wallets[one.source, one.move.inside, one.move.leg.asset].append(one)
    for (source, inside, asset), all_of_it in wallets.items():
        rest = sum(one.move.leg.quantity if one.move.out else -one.move.leg.quantity for one in all_of_it)
        left = _uncancelled(all_of_it) if rest else []
        named = {id(one) for one in left}
        for one in all_of_it:
            if id(one) not in named:
                draft.note(one.move.event.row, f"moved between {source} and its {inside} wallet, stays within {source}")
        if not rest:
            continue
        lines = ", ".join(one.move.event.row.place for one in left[:NAMED]) + (", ..." if len(left) > NAMED else "")
        amount = f"{format_quantity(abs(rest))} {asset}"
        first = left[0].move.event.row
        if rest < 0:
            message = f"{amount} came from the {inside} wallet of {source} that never went there (lines {lines})"
            hint = (
                f"import the history of the {inside} wallet, or this export from its beginning; "
                f"if it was an airdrop or a gain, {by_hand(first, instead=f'write an income row of {asset}')}"
            )
            draft.problems.append(Problem(first.where(), message, hint))
        elif inside in _RISKY and f"{source}:{inside}" not in alone.still_inside:
            message = f"{amount} went to the {inside} wallet of {source} and did not come back (lines {lines})"
            hint = (
                f"import the history of the {inside} wallet with it; if all of it is still there, say "
                f"--still-inside {source}:{inside}; what was lost there, {by_hand(first, instead='write')}"
            )
            draft.problems.append(Problem(first.where(), message, hint))
        else:
            draft.note(
                first, f"{amount} is in the {inside} wallet of {source} at the end (lines {lines}), kept with it"
            )


def _uncancelled(moves: Sequence[Moved]) -> list[Moved]:
    """The moves of one inner wallet that no equal move the other way cancels."""
    waiting: dict[tuple[bool, int], list[Moved]] = defaultdict(list)
    for one in sorted(moves, key=lambda m: (m.time, not m.move.out, m.item.id)):
        opposite = waiting[not one.move.out, one.move.leg.quantity]
        if opposite:
            opposite.pop(0)
        else:
            waiting[one.move.out, one.move.leg.quantity].append(one)
    return sorted((one for rows in waiting.values() for one in rows), key=lambda m: (m.time, m.item.id))


def within(moves: list[Moved], draft: Draft) -> list[Moved]:
    """Moves without those that leave a source and come back to it in the same second (two logs of one account)."""
    waiting: dict[tuple[str, str, int], list[Moved]] = defaultdict(list)
    gone: set[int] = set()
    for one in moves:
        waiting[one.source, one.move.leg.asset, one.move.leg.quantity].append(one)
    for group in waiting.values():
        outs = [one for one in group if one.move.out]
        intos = [one for one in group if not one.move.out]
        for out in outs:
            into = next((m for m in intos if id(m) not in gone and abs(m.time - out.time) < _SAME), None)
            if into is not None:
                gone |= {id(out), id(into)}
                for one in (out, into):
                    draft.note(
                        one.move.event.row, f"left {one.source} and came back at once, stays within {one.source}"
                    )
    return [one for one in moves if id(one) not in gone]

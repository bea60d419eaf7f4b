"""Transfers between the taxpayer's own wallets, from the withdrawals and deposits of several exports.

A withdrawal and a deposit are one transfer if they name the same transaction, or else if they are of the same asset
and quantity, the deposit is at most 48 hours later (and at most a minute earlier: clocks differ, and some exports cut
times to seconds), and no other row of the import fits either of them. Several equal moves between the same two sources
are taken in their order: which is which makes no difference to any lot. Nothing looser is tried: two moves that merely
look alike would carry basis to the wrong wallet. A transfer takes the earlier of the two times. A coin that arrives
under its next name (renamed on the way), wrapped or bridged is a transfer and a `convert` at the destination.

What stays inside an account (staking, futures, subaccounts) has to net out by asset. Moves that left and came back
cancel; a rest that came in without having left is a problem whose lines are named, because coins do not come from
nowhere. A rest that left is still in the account: it is noted for products that only hold coins, and a problem for
those that win and lose (futures, margin), unless the import says that the coins are still there.

A move that stays alone is a problem, unless the import names an `external` wallet of the taxpayer, or asks to keep
such moves as `deposit` and `withdraw` rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zkharvest.errors import Problem
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Item, Move
from zkharvest.trades.importers.order import Placed, Stand
from zkharvest.trades.importers.rows import by_hand
from zkharvest.trades.model import Kind, Trade
from zkharvest.trades.text import format_quantity, format_time

LATEST = 48 * 3_600_000
EARLIEST = -60_000
_SAME = 1000  # both rows of a move within an account carry one second
_RISKY = ("futures", "margin", "subaccount", "derivatives", "perpetuals")
_NAMED = 8  # lines that a message names


@dataclass(frozen=True, slots=True)
class Alone:
    """What to do with moves that pair with nothing."""

    external: str | None = None
    record: bool = False  # keep them as deposit and withdraw rows
    still_inside: frozenset[str] = frozenset()  # `source:wallet` whose coins are still there


def pair(items: Sequence[Item], draft: Draft, alone: Alone) -> list[Placed]:
    """The trades of `items` with a transfer for each pair of moves; problems and notes go to the draft."""
    placed = [Placed(item.what, _stands(item)) for item in items if isinstance(item.what, Trade)]
    moves = [_Moved(item, item.what) for item in items if isinstance(item.what, Move)]
    _net_out([move for move in moves if move.move.inside], draft, alone)
    open_moves = _within([move for move in moves if not move.move.inside], draft)
    done: set[int] = set()
    for cluster in _candidates(open_moves):
        for out, into in _match(cluster):
            placed.append(_transfer(out, into, draft.currency))
            done |= {id(out), id(into)}
    left = [move for move in open_moves if id(move) not in done]
    for out, into in _renamed(left, draft):
        placed.extend(_transfer_and_convert(out, into, draft.currency))
        done |= {id(out), id(into)}
    left = [move for move in left if id(move) not in done]
    if alone.external is not None:
        placed.extend(_to_external(move, alone.external, draft.currency) for move in left)
    elif alone.record:
        placed.extend(_recorded(move, draft) for move in left)
    else:
        draft.problems.extend(_problem(move, left) for move in left)
    return placed


@dataclass(frozen=True, slots=True, eq=False)
class _Moved:
    """A move with its item."""

    item: Item
    move: Move

    @property
    def time(self) -> int:
        return self.move.event.time

    @property
    def source(self) -> str:
        return self.move.event.source


def _stands(item: Item) -> tuple[Stand, ...]:
    return tuple(Stand(item.time, item.source, place) for place in item.places)


# What stays inside


def _net_out(moves: Sequence[_Moved], draft: Draft, alone: Alone) -> None:
    """Cancels the moves of each inner wallet by asset, and says what is left of them."""
    wallets: dict[tuple[str, str, str], list[_Moved]] = defaultdict(list)
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
        lines = ", ".join(one.move.event.row.place for one in left[:_NAMED]) + (", ..." if len(left) > _NAMED else "")
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


def _uncancelled(moves: Sequence[_Moved]) -> list[_Moved]:
    """The moves of one inner wallet that no equal move the other way cancels."""
    waiting: dict[tuple[bool, int], list[_Moved]] = defaultdict(list)
    for one in sorted(moves, key=lambda m: (m.time, not m.move.out, m.item.id)):
        opposite = waiting[not one.move.out, one.move.leg.quantity]
        if opposite:
            opposite.pop(0)
        else:
            waiting[one.move.out, one.move.leg.quantity].append(one)
    return sorted((one for rows in waiting.values() for one in rows), key=lambda m: (m.time, m.item.id))


def _within(moves: list[_Moved], draft: Draft) -> list[_Moved]:
    """Moves without those that leave a source and come back to it in the same second (two logs of one account)."""
    waiting: dict[tuple[str, str, int], list[_Moved]] = defaultdict(list)
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


# Pairs


def _candidates(moves: Sequence[_Moved]) -> Iterable[list[_Moved]]:
    """Sets of moves that can only pair with one another: first those of one transaction, then those alike."""
    by_ref: dict[tuple[str, str], list[_Moved]] = defaultdict(list)
    for one in moves:
        if one.move.event.ref:
            by_ref[_transaction(one), one.move.leg.asset].append(one)
    named: set[int] = set()
    for group in by_ref.values():
        if len(group) == 2 and _fits(*group) and group[0].move.leg == group[1].move.leg:
            named |= {id(one) for one in group}
            yield group
    alike: dict[tuple[str, int], list[_Moved]] = defaultdict(list)
    for one in moves:
        if id(one) not in named:
            alike[one.move.leg.asset, one.move.leg.quantity].append(one)
    for group in alike.values():
        yield from _clusters(group)


def _transaction(one: _Moved) -> str:
    """The transaction that a move names, without its chain and output, which not every export tells; or nothing."""
    parts = one.move.event.ref.lower().split(":")
    return parts[1] if len(parts) > 1 else parts[0]


def _fits(one: _Moved, other: _Moved) -> bool:
    """Whether the two may be the ends of one transfer, apart from their quantities."""
    out, into = (one, other) if one.move.out else (other, one)
    refs = {_transaction(one), _transaction(other)} - {""}
    apart = one.move.out != other.move.out and out.source != into.source and len(refs) < 2
    return apart and EARLIEST <= into.time - out.time <= LATEST


def _clusters(group: Iterable[_Moved]) -> list[list[_Moved]]:
    """Equal moves, split into sets whose withdrawals and deposits can only fit one another."""
    clusters: list[list[_Moved]] = []
    near: list[list[_Moved]] = []
    for one in sorted(group, key=lambda m: (m.time, m.source, m.item.id)):
        near = [cluster for cluster in near if one.time - max(m.time for m in cluster) <= LATEST]
        touching = [cluster for cluster in near if any(_fits(one, other) for other in cluster)]
        for cluster in touching:
            near = [other for other in near if other is not cluster]
            clusters = [other for other in clusters if other is not cluster]
        merged = [*(other for cluster in touching for other in cluster), one]
        near.append(merged)
        clusters.append(merged)
    return clusters


def _match(cluster: list[_Moved]) -> list[tuple[_Moved, _Moved]]:
    """The pairs of a cluster, or none if they are not certain."""
    by_time = sorted(cluster, key=lambda m: (m.time, m.item.id))
    outs, intos = [m for m in by_time if m.move.out], [m for m in by_time if not m.move.out]
    one_way = len({m.source for m in outs}) == 1 and len({m.source for m in intos}) == 1
    pairs = list(zip(outs, intos, strict=False))
    certain = one_way and len(outs) == len(intos) and all(_fits(out, into) for out, into in pairs)
    return pairs if certain else []


def _renamed(moves: Sequence[_Moved], draft: Draft) -> list[tuple[_Moved, _Moved]]:
    """Withdrawals and deposits of two names of one coin: renamed on the way (MATIC, POL), wrapped or unwrapped."""
    outs = [one for one in moves if one.move.out]
    intos = [one for one in moves if not one.move.out]
    fitting = [(out, into) for out in outs for into in intos if _fits(out, into) and _continues(out, into, draft)]
    once = Counter(id(one) for pair in fitting for one in pair)
    return [pair for pair in fitting if all(once[id(one)] == 1 for one in pair)]


def _continues(out: _Moved, into: _Moved, draft: Draft) -> bool:
    """Whether what arrived is what left, under the next name of the coin, at the known ratio."""
    old, new = out.move.leg, into.move.leg
    if draft.names.is_wrapping(old.asset, new.asset):
        return old.quantity == new.quantity
    known = draft.names.rename(old.asset, new.asset)
    at_ratio = known is not None and new.quantity * known.takes == old.quantity * known.gives
    return known is not None and at_ratio and into.time >= known.time


def _transfer_and_convert(out: _Moved, into: _Moved, currency: str) -> list[Placed]:
    """The move under the old name, and the new name at its destination."""
    moved = _transfer(out, into, currency)
    event, leg = into.move.event, into.move.leg
    convert = Trade(
        time=into.time,
        source=into.source,
        id=event.id,
        kind=Kind.CONVERT,
        asset=out.move.leg.asset,
        quantity=out.move.leg.quantity,
        amount=0,
        into=leg.asset,
        into_quantity=leg.quantity,
        currency=currency,
        chain_ref=event.ref,
        origin=event.origin,
        line=event.row.line,
    )
    behind = tuple(one._replace(place=one.place._replace(step=one.place.step + 1)) for one in _stands(into.item))
    return [moved, Placed(convert, behind)]  # the conversion stands just behind the transfer


def _transfer(out: _Moved, into: _Moved, currency: str) -> Placed:
    """The transfer at the earlier of the two times, with the id of the withdrawal."""
    event, leg = out.move.event, out.move.leg
    trade = Trade(
        time=min(out.time, into.time),
        source=out.source,
        id=event.id,
        kind=Kind.TRANSFER,
        asset=leg.asset,
        quantity=leg.quantity,
        amount=0,
        to=into.source,
        chain_ref=event.ref or into.move.event.ref,
        currency=currency,
        origin=";".join(dict.fromkeys([event.origin, into.move.event.origin])),
        line=event.row.line,
    )
    return Placed(trade, _stands(out.item) + _stands(into.item))


# Moves that stay alone


def _to_external(one: _Moved, external: str, currency: str) -> Placed:
    """A transfer with the wallet that has no export, which has no ids of its own."""
    event, leg = one.move.event, one.move.leg
    source, to = (one.source, external) if one.move.out else (external, one.source)
    trade = Trade(
        time=one.time,
        source=source,
        id=event.id if one.move.out else f"{event.source}:{event.id}",
        kind=Kind.TRANSFER,
        asset=leg.asset,
        quantity=leg.quantity,
        amount=0,
        to=to,
        chain_ref=event.ref,
        currency=currency,
        origin=event.origin,
        line=event.row.line,
    )
    return Placed(trade, _stands(one.item))


def _recorded(one: _Moved, draft: Draft) -> Placed:
    """A `deposit` or `withdraw` row: what is behind it is not known yet."""
    event, leg = one.move.event, one.move.leg
    word = "withdrawal" if one.move.out else "deposit"
    draft.note(event.row, f"a {word} without its other side, recorded as {'withdraw' if one.move.out else 'deposit'}")
    trade = Trade(
        time=one.time,
        source=one.source,
        id=event.id,
        kind=Kind.WITHDRAW if one.move.out else Kind.DEPOSIT,
        asset=leg.asset,
        quantity=leg.quantity,
        amount=0,
        chain_ref=event.ref,
        currency=draft.currency,
        origin=event.origin,
        line=event.row.line,
    )
    return Placed(trade, _stands(one.item))


def _problem(one: _Moved, alone: Sequence[_Moved]) -> Problem:
    move = one.move
    word, other = ("withdrawal", "deposit") if move.out else ("deposit", "withdrawal")
    what = f"this {word} of {format_quantity(move.leg.quantity)} {move.leg.asset}"
    where = move.event.row.where()
    near = [m for m in alone if m.move.leg.asset == move.leg.asset and _fits(one, m)]
    rivals = [m for m in near if m.move.leg == move.leg]
    if rivals:
        lines = ", ".join(m.move.event.row.place for m in rivals)
        hint = f"which belong together has to be said: {by_hand(move.event.row, instead='write the transfer rows')}"
        return Problem(where, f"{what} fits more than one {other}, or not one to one: {lines}", hint)
    message = f"{what} has no {other} of the same quantity"
    close = [m for m in near if abs(m.move.leg.quantity - move.leg.quantity) * 20 <= move.leg.quantity]
    if close:  # a network fee, say: shown, never taken
        best = min(close, key=lambda m: (abs(m.move.leg.quantity - move.leg.quantity), m.time, m.item.id))
        shown = f"{format_quantity(best.move.leg.quantity)} at {format_time(best.time)}"
        message += f"; the nearest is {best.move.event.row.place} ({shown})"
    kinds = "sell, spend or withdraw" if move.out else "buy, income or deposit"
    hint = (
        "import the other wallet's export with it; --external NAME if all such moves are with one own wallet; "
        f"--unpaired record keeps them as {'withdraw' if move.out else 'deposit'} rows; or "
        f"{by_hand(move.event.row, instead=f'write a {kinds} row')}"
    )
    return Problem(where, message, hint)

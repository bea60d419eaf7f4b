"""Transfers between the taxpayer's own wallets, from the withdrawals and deposits of several exports.

A withdrawal and a deposit are one transfer if they name the same transaction, or else if they are of the same asset
and quantity, the deposit is at most 48 hours later (and at most a minute earlier: clocks differ, and some exports cut
times to seconds), and no other row of the import fits either of them. Several equal moves between the same two sources
are taken in their order: which is which makes no difference to any lot. Nothing looser is tried: two moves that merely
look alike would carry basis to the wrong wallet. What the user says (`--pair`) goes before all of this; if less arrived
than left, the network kept the difference, which is a `spend`. A transfer takes the earlier of the two times. A coin
that arrives under its next name (renamed on the way), wrapped or bridged is a transfer and a `convert` at the
destination.

What stays inside an account is the matter of `netting`.

A move that stays alone is a problem, unless the import names an `external` wallet of the taxpayer, or asks to keep
such moves as `deposit` and `withdraw` rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from zkharvest.errors import Problem
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Item, Leg, Move
from zkharvest.trades.importers.netting import NAMED, Alone, Moved, net_out, within
from zkharvest.trades.importers.order import Placed, Stand
from zkharvest.trades.importers.rows import by_hand
from zkharvest.trades.model import Kind, Trade
from zkharvest.trades.text import format_quantity, format_time

LATEST = 48 * 3_600_000
EARLIEST = -60_000


def pair(items: Sequence[Item], draft: Draft, alone: Alone) -> list[Placed]:
    """The trades of `items` with a transfer for each pair of moves; problems and notes go to the draft."""
    placed = [Placed(item.what, _stands(item)) for item in items if isinstance(item.what, Trade)]
    moves = [Moved(item, item.what) for item in items if isinstance(item.what, Move)]
    net_out([move for move in moves if move.move.inside], draft, alone)
    done: set[int] = set()
    for one, other in alone.pairs:
        said = _said(moves, one, other, draft)
        if said is None:
            continue
        twice = [move for move in said if id(move) in done]
        if twice:
            draft.problems.append(_named_twice(twice[0], one, other))
        else:
            placed.extend(_transfer_less_fee(*said, draft))
        done |= {id(move) for move in said}
    open_moves = within([move for move in moves if not move.move.inside and id(move) not in done], draft)
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


def _stands(item: Item) -> tuple[Stand, ...]:
    if len(item.places) == 1:  # nearly always
        return (Stand(item.time, item.source, item.places[0]),)
    return tuple(Stand(item.time, item.source, place) for place in item.places)


# Pairs


def _candidates(moves: Sequence[Moved]) -> Iterable[list[Moved]]:
    """Sets of moves that can only pair with one another: first those of one transaction, then those alike."""
    by_ref: dict[tuple[str, str], list[Moved]] = defaultdict(list)
    for one in moves:
        if one.move.event.ref:
            by_ref[_transaction(one), one.move.leg.asset].append(one)
    named: set[int] = set()
    for group in by_ref.values():
        if len(group) == 2 and _fits(*group) and group[0].move.leg == group[1].move.leg:
            named |= {id(one) for one in group}
            yield group
    alike: dict[tuple[str, int], list[Moved]] = defaultdict(list)
    for one in moves:
        if id(one) not in named:
            alike[one.move.leg.asset, one.move.leg.quantity].append(one)
    for group in alike.values():
        yield from _clusters(group)


def _transaction(one: Moved) -> str:
    """The transaction that a move names, without its chain and output, which not every export tells; or nothing."""
    parts = one.move.event.ref.lower().split(":")
    return parts[1] if len(parts) > 1 else parts[0]


def _fits(one: Moved, other: Moved) -> bool:
    """Whether the two may be the ends of one transfer, apart from their quantities."""
    out, into = (one, other) if one.move.out else (other, one)
    refs = {_transaction(one), _transaction(other)} - {""}
    apart = one.move.out != other.move.out and out.source != into.source and len(refs) < 2
    return apart and EARLIEST <= into.time - out.time <= LATEST


def _clusters(group: Iterable[Moved]) -> list[list[Moved]]:
    """Equal moves, split into sets whose withdrawals and deposits can only fit one another."""
    clusters: list[list[Moved]] = []
    near: list[list[Moved]] = []
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


def _match(cluster: list[Moved]) -> list[tuple[Moved, Moved]]:
    """The pairs of a cluster, or none if they are not certain."""
    by_time = sorted(cluster, key=lambda m: (m.time, m.item.id))
    outs, intos = [m for m in by_time if m.move.out], [m for m in by_time if not m.move.out]
    one_way = len({m.source for m in outs}) == 1 and len({m.source for m in intos}) == 1
    pairs = list(zip(outs, intos, strict=False))
    certain = one_way and len(outs) == len(intos) and all(_fits(out, into) for out, into in pairs)
    return pairs if certain else []


def _renamed(moves: Sequence[Moved], draft: Draft) -> list[tuple[Moved, Moved]]:
    """Withdrawals and deposits of two names of one coin: renamed on the way (MATIC, POL), wrapped or unwrapped."""
    outs = [one for one in moves if one.move.out]
    intos = [one for one in moves if not one.move.out]
    fitting = [(out, into) for out in outs for into in intos if _fits(out, into) and _continues(out, into, draft)]
    once = Counter(id(one) for pair in fitting for one in pair)
    return [pair for pair in fitting if all(once[id(one)] == 1 for one in pair)]


def _continues(out: Moved, into: Moved, draft: Draft) -> bool:
    """Whether what arrived is what left, under the next name of the coin, at the known ratio."""
    old, new = out.move.leg, into.move.leg
    if draft.names.is_wrapping(old.asset, new.asset):
        return old.quantity == new.quantity
    known = draft.names.rename(old.asset, new.asset)
    at_ratio = known is not None and new.quantity * known.takes == old.quantity * known.gives
    return known is not None and at_ratio and into.time >= known.time


def _said(moves: Sequence[Moved], one: str, other: str, draft: Draft) -> tuple[Moved, Moved] | None:
    """The withdrawal and the deposit of two rows that are one transfer, as the user says; else None and a problem."""
    at = {place: [move for move in moves if move.move.event.row.place == place] for place in (one, other)}
    ends = [[move for move in at[place] if not move.move.inside] for place in (one, other)]
    outs = [move for end in ends for move in end if move.move.out]
    intos = [move for end in ends for move in end if not move.move.out]
    option = f"--pair {one}={other}"
    if len(outs) != 1 or len(intos) != 1:
        found = ", ".join(dict.fromkeys(f"{place} is {_called(moved)}" for place, moved in at.items()))
        message = f"the two are not a withdrawal and a deposit ({found})"
        hint = "name the row of a withdrawal and that of its deposit, or leave this --pair out"
        draft.problems.append(Problem(option, message, hint))
        return None
    (out,), (into,) = outs, intos
    sent, came = out.move.leg, into.move.leg
    if sent.asset != came.asset or came.quantity > sent.quantity or out.source == into.source:
        message = (
            f"{option}: {format_quantity(sent.quantity)} {sent.asset} left {out.source}, "
            f"{format_quantity(came.quantity)} {came.asset} came to {into.source}"
        )
        hint = "a transfer is of one coin between two sources, and no more arrives than left"
        draft.problems.append(Problem(out.move.event.row.where(), message, hint))
        return None
    return out, into


def _called(moved: Sequence[Moved]) -> str:
    """What the moves of one row are, for a message."""
    if not moved:
        return "not a move that this import reads"
    if all(one.move.inside for one in moved):
        return "a move inside an account"
    return " and ".join(sorted({"a withdrawal" if one.move.out else "a deposit" for one in moved}))


def _named_twice(move: Moved, one: str, other: str) -> Problem:
    """One move has one other side: a second transfer of it would move its coins twice."""
    row = move.move.event.row
    message = f"--pair {one}={other}: {row.place} is in another --pair already"
    return Problem(row.where(), message, f"keep the one --pair that names the true other side of {row.place}")


def _transfer_less_fee(out: Moved, into: Moved, draft: Draft) -> list[Placed]:
    """The transfer of what arrived, and the `spend` of what the network kept, at its value."""
    moved = _transfer(out, into, draft.currency)
    kept = Leg(out.move.leg.asset, out.move.leg.quantity - into.move.leg.quantity)
    if not kept.quantity:
        return [moved]
    event, worth = out.move.event, 0
    with draft.reading():
        worth = draft.value(event, kept)
    transfer = replace(moved.trade, quantity=into.move.leg.quantity)
    spend = replace(
        transfer, time=out.time, id=f"{event.id}-fee", kind=Kind.SPEND, quantity=kept.quantity, amount=worth, to="",
        category="fee", origin=event.origin,
    )  # fmt: skip
    behind = tuple(one._replace(place=one.place._replace(step=one.place.step + 1)) for one in _stands(out.item))
    return [moved._replace(trade=transfer), Placed(spend, behind)]


def _transfer_and_convert(out: Moved, into: Moved, currency: str) -> list[Placed]:
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


def _transfer(out: Moved, into: Moved, currency: str) -> Placed:
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


def _to_external(one: Moved, external: str, currency: str) -> Placed:
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


def _recorded(one: Moved, draft: Draft) -> Placed:
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


def _problem(one: Moved, alone: Sequence[Moved]) -> Problem:
    move = one.move
    word, other = ("withdrawal", "deposit") if move.out else ("deposit", "withdrawal")
    what = f"this {word} of {format_quantity(move.leg.quantity)} {move.leg.asset}"
    where = move.event.row.where()
    near = [m for m in alone if m.move.leg.asset == move.leg.asset and _fits(one, m)]
    rivals = [m for m in near if m.move.leg == move.leg]
    if rivals:
        lines = ", ".join(m.move.event.row.place for m in rivals)
        pairs = " or ".join(f"--pair {move.event.row.place}={m.move.event.row.place}" for m in rivals[:NAMED])
        hint = f"say which belong together: {pairs}; or {by_hand(move.event.row, instead='write the transfer rows')}"
        return Problem(where, f"{what} fits more than one {other}, or not one to one: {lines}", hint)
    message, said = f"{what} has no {other} of the same quantity", ""
    close = [m for m in near if abs(m.move.leg.quantity - move.leg.quantity) * 20 <= move.leg.quantity]
    if close:  # a network fee, say: shown, never taken
        best = min(close, key=lambda m: (abs(m.move.leg.quantity - move.leg.quantity), m.time, m.item.id))
        shown = f"{format_quantity(best.move.leg.quantity)} at {format_time(best.time)}"
        place = best.move.event.row.place
        message += f"; the nearest is {place} ({shown})"
        if (best.move.leg.quantity < move.leg.quantity) == move.out:
            said = (
                f"if that is its other side, less the network's fee, say --pair {move.event.row.place}={place}; else "
            )
    kinds = "sell, spend or withdraw" if move.out else "buy, income or deposit"
    hint = (
        f"{said}import the other wallet's export with it; --external NAME if all such moves are with one own wallet; "
        f"--unpaired record keeps them as {'withdraw' if move.out else 'deposit'} rows; or "
        f"{by_hand(move.event.row, instead=f'write a {kinds} row')}"
    )
    return Problem(where, message, hint)

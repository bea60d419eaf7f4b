"""Transfers between the taxpayer's own wallets, from the withdrawals and deposits of several exports.

A withdrawal and a deposit are one transfer if they are of the same asset and quantity, the deposit is at most 48
hours later (and at most a minute earlier: clocks differ, and some exports cut times to seconds), and no other row of
the import fits either of them. Several equal moves between the same two sources are taken in their order: which
is which makes no difference to any lot. Nothing looser is tried: two moves that merely look alike would carry
basis to the wrong wallet.

A move that stays alone is a problem, unless the import names an `external` wallet: then the coins went to that
wallet of the taxpayer's (or came from it). Payments to others and receipts from others are added by hand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from zkharvest.errors import Problem
from zkharvest.trades.importers.gather import Move
from zkharvest.trades.model import Kind, Trade
from zkharvest.trades.text import format_quantity, format_time

LATEST = 48 * 3_600_000
EARLIEST = -60_000


def pair(items: Sequence[Trade | Move], external: str | None = None) -> tuple[list[Trade], list[Problem]]:
    """The trades of `items` with a transfer in the place of each withdrawal, and a problem for each move left alone."""
    moves = [item for item in items if isinstance(item, Move)]
    alike: dict[tuple[str, int], list[Move]] = defaultdict(list)
    for move in moves:
        alike[move.leg.asset, move.leg.quantity].append(move)
    transfers: dict[int, Trade] = {}
    done: set[int] = set()
    for group in alike.values():
        for cluster in _clusters(group):
            for out, into in _match(cluster):
                transfers[id(out)] = _transfer(out.event.source, into.event.source, out)
                done |= {id(out), id(into)}
    alone = [move for move in moves if id(move) not in done]
    if external is None:
        problems = [_problem(move, alone) for move in alone]
    else:
        problems = []
        for move in alone:
            ends = (move.event.source, external) if move.out else (external, move.event.source)
            transfers[id(move)] = _transfer(*ends, move)
    trades = []
    for item in items:
        if isinstance(item, Trade):
            trades.append(item)
        elif id(item) in transfers:
            trades.append(transfers[id(item)])
    return trades, problems


def _fits(one: Move, other: Move) -> bool:
    """Whether the two may be the ends of one transfer, apart from their quantities."""
    out, into = (one, other) if one.out else (other, one)
    wait = into.event.time - out.event.time
    return one.out != other.out and out.event.source != into.event.source and EARLIEST <= wait <= LATEST


def _clusters(group: Iterable[Move]) -> list[list[Move]]:
    """Equal moves, split into sets whose withdrawals and deposits can only fit one another."""
    clusters: list[list[Move]] = []
    for move in group:
        touching = [cluster for cluster in clusters if any(_fits(move, other) for other in cluster)]
        clusters = [cluster for cluster in clusters if cluster not in touching]
        clusters.append([*(other for cluster in touching for other in cluster), move])
    return clusters


def _match(cluster: list[Move]) -> list[tuple[Move, Move]]:
    """The pairs of a cluster, or none if they are not certain."""
    by_time = sorted(cluster, key=lambda m: m.event.time)
    outs, intos = [m for m in by_time if m.out], [m for m in by_time if not m.out]
    one_way = len({m.event.source for m in outs}) == 1 and len({m.event.source for m in intos}) == 1
    pairs = list(zip(outs, intos, strict=False))
    certain = one_way and len(outs) == len(intos) and all(_fits(out, into) for out, into in pairs)
    return pairs if certain else []


def _transfer(source: str, to: str, move: Move) -> Trade:
    """The transfer at the time and with the id of the row that tells it."""
    event, leg = move.event, move.leg
    id_ = event.id if source == event.source else f"{event.source}:{event.id}"  # the external wallet has no ids
    return Trade(event.time, source, id_, Kind.TRANSFER, leg.asset, leg.quantity, 0, 0, to, (), event.row.line)


def _problem(move: Move, alone: Sequence[Move]) -> Problem:
    word, other = ("withdrawal", "deposit") if move.out else ("deposit", "withdrawal")
    what = f"this {word} of {format_quantity(move.leg.quantity)} {move.leg.asset}"
    where = move.event.row.where()
    near = [m for m in alone if m.leg.asset == move.leg.asset and _fits(move, m)]
    rivals = [m for m in near if m.leg == move.leg]
    if rivals:
        lines = ", ".join(m.event.row.where() for m in rivals)
        hint = "import these rows' accounts apart with --external, or add the transfers by hand"
        return Problem(where, f"{what} fits more than one {other}, or not one to one: {lines}", hint)
    message = f"{what} has no {other} of the same quantity"
    close = [m for m in near if abs(m.leg.quantity - move.leg.quantity) * 20 <= move.leg.quantity]
    if close:  # a network fee, say: shown, never taken
        best = min(close, key=lambda m: abs(m.leg.quantity - move.leg.quantity))
        shown = f"{format_quantity(best.leg.quantity)} at {format_time(best.event.time)}"
        message += f"; the nearest is {best.event.row.where()} ({shown})"
    hint = "import the other wallet's export with it; or --external NAME if that is your own wallet; or add it by hand"
    return Problem(where, message, hint)

"""The one order of an import, whichever way its files were named on the command line.

Rows stand by time. Within an instant, the rows of one source keep the order of the file that tells them; a transfer
stands after what its source did before it and before what its destination does with it; where nothing else decides,
sources and ids stand by their letters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush
from itertools import groupby, pairwise
from operator import attrgetter
from typing import NamedTuple

from zkharvest.trades.importers.gather import Place
from zkharvest.trades.model import Kind, Trade


class Stand(NamedTuple):
    """Where a trade stands in a file: the time that the row there gives, its source and its place."""

    time: int
    source: str
    place: Place


class Placed(NamedTuple):
    """A trade and where the files tell of it; a transfer stands with both its ends."""

    trade: Trade
    stands: tuple[Stand, ...]


def in_order(placed: Iterable[Placed]) -> list[Trade]:
    """The trades in the order of the import."""
    first = sorted(placed, key=attrgetter("trade.time", "trade.source", "trade.id"))
    out: list[Trade] = []
    for time, group in groupby(first, key=attrgetter("trade.time")):
        together = list(group)
        if len(together) == 1:
            out.append(together[0].trade)
        else:
            out.extend(one.trade for one in _instant(time, together))
    return out


def _instant(time: int, group: list[Placed]) -> list[Placed]:
    """The order of one instant."""
    chains: dict[tuple[int, str], list[tuple[Place, int]]] = defaultdict(list)
    for n, one in enumerate(group):
        for stand in one.stands:
            if stand.time == time:
                chains[stand.place.file, stand.source].append((stand.place, n))
    after: list[set[int]] = [set() for _ in group]
    for chain in chains.values():
        chain.sort(key=lambda link: (link[0].rank, link[0].step))
        for (_, before), (_, behind) in pairwise(chain):
            if before != behind:
                after[before].add(behind)
    for n, one in enumerate(group):  # the deposit's clock ran ahead: first whatever the source did in this instant
        if one.trade.kind is Kind.TRANSFER and not any(
            s.source == one.trade.source and s.time == time for s in one.stands
        ):
            for m, other in enumerate(group):
                if m != n and other.trade.source == one.trade.source and m not in after[n]:
                    after[m].add(n)
    return [group[n] for n in _sorted(after)]


def _sorted(after: Sequence[set[int]]) -> list[int]:
    """Numbers so that each stands before those of `after`; smaller ones first, which also breaks a circle."""
    waits = [0] * len(after)
    for behind in after:
        for n in behind:
            waits[n] += 1
    free = [n for n, count in enumerate(waits) if not count]
    heapify(free)
    left = set(range(len(after)))
    out: list[int] = []
    while left:
        n = heappop(free) if free else min(left)
        if n not in left:
            continue
        left.remove(n)
        out.append(n)
        for m in after[n]:
            waits[m] -= 1
            if not waits[m] and m in left:
                heappush(free, m)
    return out

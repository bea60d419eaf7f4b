"""Which lots to take, and in which order: the best prefix of a few good orders.

Tax depends on two sums only (short and long losses), so lots of one term are taken by what they cost per dollar of loss
that counts. How the two terms interleave depends on the year: where any lot can be named, the best pair of a short and
a long prefix is looked for on a grid that closes in; elsewhere a few weightings of the terms are tried. The order with
the best prefix wins; every figure shown is of that order, evaluated lot after lot.

Under a method with an order of its own a pool gives up a prefix only. Its lots are bound into blocks, the steps of the
concave envelope of loss over cost: no block is worth taking without those before it, and no part of one is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkharvest.harvest.groups import running
from zkharvest.harvest.stacks import merge
from zkharvest.harvest.tax import saving
from zkharvest.harvest.valuation import Sequence, Terms, Valuation
from zkharvest.ledger.run import FAST_FROM

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SAMPLES = 256  # prefixes looked at before the neighbourhood of the best
_GRID = 40


def best_sequence(
    valuation: Valuation, alone: Terms, worth_it: NDArray[np.bool_], *, free: bool, budget: float = np.inf
) -> tuple[Sequence, int]:
    """The best order of lots worth looking at, and how many of them to take.

    `free`: any lot that is `worth_it` may be named; else a pool gives up its lots in their order. `alone`: the terms of
    each lot alone.
    """
    if free:
        alone = replace(alone, feasible=alone.feasible & worth_it)
    best_order, best_net = np.zeros(0, np.int64), 0.0
    for weights in [(1.0, 1.0)] if free else _weights(valuation, alone):
        order = _free_order(valuation, alone, weights) if free else _bound_order(valuation, alone, weights)
        net = _best_net(valuation, order, budget)
        if net > best_net or not best_order.size:
            best_order, best_net = order, net
    if free and best_order.size:
        order = _grid_order(valuation, alone, budget)
        if _best_net(valuation, order, budget) > best_net:
            best_order = order
    sequence = valuation.sequence(best_order)
    return sequence, sequence.best(budget)


def _weights(valuation: Valuation, alone: Terms) -> list[tuple[float, float]]:
    """What a dollar of short and of long loss is worth: the same; as the year has it for all; one term first."""
    short = valuation.short_term
    total = [float(alone.counted[(alone.counted > 0) & here].sum()) for here in (short, ~short)]
    worth = []
    for amount, pair in zip(total, ((1.0, 0.0), (0.0, 1.0)), strict=True):
        saved = saving(valuation.rates, valuation.base, amount * pair[0], amount * pair[1])
        worth.append(float(saved.now + saved.carried) / amount if amount else 0.0)
    found = [(1.0, 1.0), (max(worth[0], 1e-6), max(worth[1], 1e-6)), (1.0, 1e-6), (1e-6, 1.0)]
    return list(dict.fromkeys(found)) if all(total) else found[:1]


def _ratio(valuation: Valuation, alone: Terms, weights: tuple[float, float]) -> Floats:
    """Cost and later tax per weighted dollar of loss; inf for lots without any."""
    worth = np.where(valuation.short_term, *weights) * alone.counted
    ratio: Floats = np.where(worth > 0, (alone.expense + alone.later) / np.where(worth > 0, worth, 1.0), np.inf)
    return ratio


def _free_order(valuation: Valuation, alone: Terms, weights: tuple[float, float]) -> Ints:
    losing = np.flatnonzero((valuation.raw > 0) & alone.feasible)
    return losing[np.argsort(_ratio(valuation, alone, weights)[losing], kind="stable")]


def _bound_order(valuation: Valuation, alone: Terms, weights: tuple[float, float]) -> Ints:
    """Blocks of every pool by loss per cost; the pools keep their own order."""
    worth = np.where(valuation.short_term, *weights) * alone.counted - np.where(alone.counted > 0, 0.0, alone.later)
    cost = np.maximum(alone.expense + np.maximum(alone.later, 0.0), 1e-9)
    pool = valuation.lots.pool
    reached = np.flatnonzero(running((~alone.feasible).astype(np.float64), pool) == 0)
    if not reached.size:
        return reached
    slope, start, size = _envelopes(worth[reached], cost[reached], pool[reached])
    by_slope = np.argsort(-slope, kind="stable")
    start, size = start[by_slope], size[by_slope]
    within = np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size)
    order: Ints = reached[np.repeat(start, size) + within]
    return order


def _envelopes(worth: Floats, cost: Floats, pool: Ints) -> tuple[Floats, Ints, Ints]:
    """The blocks worth anything, pool by pool: worth per cost (falling within a pool), first element, size.

    Pool adjacent violators: of two neighbours of which the second is the better, neither is taken without the other.
    """
    if worth.size >= FAST_FROM:  # the ledger of so many lots has loaded numba
        from zkharvest.harvest.stack_kernel import merge as compiled

        columns: tuple[Any, ...] = (np.zeros_like(worth), np.zeros_like(worth), np.zeros_like(pool))
        count = compiled(worth, cost, pool, *columns)
    else:
        columns = tuple([0] * worth.size for _ in range(3))
        count = merge(worth.tolist(), cost.tolist(), pool.tolist(), *columns)
    worth, cost = (np.asarray(column[:count], np.float64) for column in columns[:2])
    start = np.asarray(columns[2][:count], np.int64)
    kept = worth > 0
    ends = np.append(start[1:], pool.size)
    return (worth / cost)[kept], start[kept], (ends - start)[kept]


def _best_net(valuation: Valuation, order: Ints, budget: float) -> float:
    """The net of the best prefix of an order, looked for at samples and then around the best of them."""
    if not order.size:
        return 0.0
    terms = valuation.along(order)
    sums = valuation.sums(terms, order)
    possible = (np.cumsum(~terms.feasible) == 0) & (sums[3] <= budget + 1e-9)
    places = np.unique(np.linspace(0, order.size - 1, min(order.size, _SAMPLES)).astype(np.int64))
    while True:
        net = _net_at(valuation, sums, possible, places)
        at = int(np.argmax(net))
        low, high = places[max(at - 1, 0)], places[min(at + 1, places.size - 1)]
        if high - low < places.size or places.size == order.size:
            around = np.arange(low, high + 1)
            return max(float(_net_at(valuation, sums, possible, around).max()), 0.0)
        places = np.unique(np.linspace(low, high, _SAMPLES).astype(np.int64))


def _net_at(valuation: Valuation, sums: tuple[Floats, ...], possible: NDArray[np.bool_], places: Ints) -> Floats:
    loss_short, loss_long, later, expense = (column[places] for column in sums)
    net = valuation.net(loss_short, loss_long, later, expense, np.ones(places.size, np.bool_))[1]
    return np.where(possible[places], net, -np.inf)


def _grid_order(valuation: Valuation, alone: Terms, budget: float) -> Ints:
    """The order that begins with the best pair of a short and a long prefix, costs taken as those of lots alone."""
    by_ratio = _free_order(valuation, alone, (1.0, 1.0))
    lists = [by_ratio[valuation.short_term[by_ratio] == term] for term in (True, False)]
    columns = []
    for chosen in lists:
        parts = (alone.counted, alone.later + alone.expense, alone.expense)
        columns.append([np.concatenate(([0.0], np.cumsum(part[chosen]))) for part in parts])
    low, high = [0, 0], [len(lists[0]), len(lists[1])]
    best = (0, 0)
    while True:
        axes = [np.unique(np.linspace(a, b, _GRID).astype(np.int64)) for a, b in zip(low, high, strict=True)]
        i, j = (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij"))
        (ls, cs, es), (ll, cl, el) = columns
        saved = saving(valuation.rates, valuation.base, ls[i], ll[j])
        net = np.where(es[i] + el[j] <= budget + 1e-9, saved.now + saved.carried - cs[i] - cl[j], -np.inf)
        place = int(np.argmax(net))
        best = (int(i[place]), int(j[place]))
        steps = [max(int(np.diff(axis).max()) if axis.size > 1 else 1, 1) for axis in axes]
        if max(steps) == 1:
            break
        low = [max(b - s, 0) for b, s in zip(best, steps, strict=True)]
        high = [min(b + s, len(one)) for b, s, one in zip(best, steps, lists, strict=True)]
    first = np.concatenate([one[:count] for one, count in zip(lists, best, strict=True)])
    rest = by_ratio[~np.isin(by_ratio, first)]
    ratio = _ratio(valuation, alone, (1.0, 1.0))
    return np.concatenate((first[np.argsort(ratio[first], kind="stable")], rest))

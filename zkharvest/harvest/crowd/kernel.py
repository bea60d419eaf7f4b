"""One year of a crowd that harvests, day by day: the compiled loop. `crowd.model` says what the numbers mean."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from zkharvest.simd.compiling import helper, kernel

YEAR, AFTER = 365, 60  # days of the tax year, and of the next one
DAYS = YEAR + AFTER
NEVER, ONCE, AUTOMATED = 0, 1, 2  # kinds of agents


@helper
def _uniform(seed: Any, agent: Any, day: Any) -> Any:
    """A number in [0, 1) for an agent and a day: splitmix64 of the three, so that order does not matter."""
    z = (
        np.uint64(seed)
        + np.uint64(agent) * np.uint64(0x9E3779B97F4A7C15)
        + np.uint64(day) * np.uint64(0xD1B54A32D192ED03)
    )
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return float((z ^ (z >> np.uint64(31))) >> np.uint64(11)) / 9007199254740992.0


@kernel
def run_year(
    fair: Any, kind: Any, coins: Any, basis: Any, k: Any, trigger: Any, own_day: Any, numbers: Any, seed: Any
) -> Any:
    """Run the days; `basis` is changed. Returns X and net sales by day, and sums by kind of saved, cost and coins.

    The sums of coins are sold, rebought, and still out at the end. `numbers`: delay, hedge, pace, predation, lead,
    half spread, its growth, impact of sqrt(1), decay of a day.
    """
    delay, hedge, pace, predation, lead = int(numbers[0]), numbers[1], numbers[2], numbers[3], int(numbers[4])
    half_spread, growth, impact, decay = numbers[5], numbers[6], numbers[7], numbers[8]
    count = coins.size
    dip, flow, sums = np.zeros(DAYS), np.zeros(DAYS), np.zeros((3, 5))
    back = np.full(count, -1, np.int64)  # the day on which an agent buys back; -1: is in the market
    due = np.zeros(DAYS + DAYS)  # coins that are bought back on a day
    pays_below = np.zeros(count)  # the price below which a harvest pays; 0: none is wanted
    share = k / (k + 2 * half_spread)
    for i in range(count):
        if kind[i] != NEVER:
            pays_below[i] = basis[i] * share[i]
    sells = np.zeros(count, np.bool_)
    x, short = 0.0, 0.0  # the log gap of price and fair value; what predators are short
    for day in range(DAYS):
        seen = fair[day] * math.exp(decay * x)  # the price before today's orders
        sold, bought, expected = 0.0, due[day], -due[day + lead]
        if day < YEAR:
            for i in range(count):
                if seen >= pays_below[i]:
                    continue
                if own_day[i] == day + lead:
                    expected += coins[i]
                if day == own_day[i]:
                    sells[i] = True
                elif kind[i] == AUTOMATED and seen < basis[i] * (1 - trigger[i]):
                    sells[i] = pace >= 1 or _uniform(seed, i, day) < pace
                if sells[i]:
                    sold += coins[i]
        # What is bought back at once by way of dealers meets the sale; the rest of it moves the price.
        net = sold * (1 - hedge) if delay == 0 else sold
        foreseen = predation * expected * (1 - hedge if delay == 0 else 1)
        foreseen = -short if day == DAYS - 1 else max(foreseen, -short)
        short += foreseen
        q = net - bought + foreseen
        x = decay * x - impact * math.copysign(math.sqrt(abs(q)), q)
        dip[day], flow[day] = x, q
        if sold == 0 and bought == 0:
            continue
        price, value = fair[day] * math.exp(x), fair[day]  # one price a day, at which all of its orders trade
        half = half_spread * (1 + growth * math.sqrt(abs(q)))
        for i in range(count):
            if back[i] == day:
                sums[kind[i], 1] += coins[i] * (price - value + half * price)
                sums[kind[i], 3] += coins[i]
                basis[i] = price
                back[i] = -1
                pays_below[i] = price * share[i] if kind[i] == AUTOMATED else 0.0
            elif sells[i]:
                sells[i] = False
                sums[kind[i], 0] += k[i] * coins[i] * (basis[i] - price)
                sums[kind[i], 1] += coins[i] * (value - price + half * price)
                sums[kind[i], 2] += coins[i]
                if delay == 0:  # the replacement follows the price as far as dealers hedge in it
                    again = value * math.exp(hedge * x)
                    sums[kind[i], 1] += coins[i] * (again - value + half * price)
                    sums[kind[i], 3] += coins[i]
                    basis[i] = again
                    pays_below[i] = again * share[i] if kind[i] == AUTOMATED else 0.0
                else:
                    back[i] = day + delay
                    due[day + delay] += coins[i]
                    pays_below[i] = 0.0
    for i in range(count):
        if back[i] >= 0:
            sums[kind[i], 4] += coins[i]
    return dip, flow, sums

"""The scan: what must hold of every book."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.harvest import book, rates, scan
from zkharvest.harvest import choose
from zkharvest.ledger.rules import Method

GAIN = 1e6  # enough short gains that every loss saves s

lots = st.lists(
    st.tuples(
        st.integers(1, 3), st.integers(100, 20000), st.integers(0, 700), st.sampled_from(["BTC", "ETH"]),
        st.sampled_from(["c", "k"]),
    ),
    max_size=12,
)  # fmt: skip


def trades_of(drawn):
    rows = []
    for number, (quantity, amount, days, asset, source) in enumerate(drawn):
        day = np.datetime64("2024-12-01") + days
        rows.append(f"{day} {source} t{number} buy {asset} {quantity} {amount}")
    return book(*rows)


gains = st.integers(-20000, 20000)
methods = st.sampled_from(list(Method))


@settings(max_examples=60, deadline=None)
@given(lots, gains, gains, st.floats(0, 0.05), st.floats(0, 0.05), methods)
def test_benefit_never_improves_when_costs_rise(drawn, short, long, fee, more, method):
    trades = trades_of(drawn)
    nets = []
    for cost in (fee, fee + more):
        law = rates(costs={"default": {"fee": cost}}, other_short=float(short), other_long=float(long), exit_rate=0.15)
        found = scan(trades, "BTC 4000, ETH 3000", law, method)
        nets.append(found.net_alone)
    assert (nets[1] <= nets[0] + 1e-6).all()


@settings(max_examples=80, deadline=None)
@given(lots, gains, gains, st.floats(0, 0.02), methods)
def test_the_best_prefix_is_no_worse_than_each(drawn, short, long, fee, method):
    law = rates(costs={"default": {"fee": fee}}, other_short=float(short), other_long=float(long))
    found = scan(trades_of(drawn), "BTC 4000, ETH 3000", law, method)
    best = found.order.net[found.taken - 1] if found.taken else 0.0
    assert (found.order.net <= best + 1e-6).all()
    assert best >= 0
    for k in range(1, found.order.order.size + 1):  # each prefix is what it says: those lots alone, as one sale
        alone = found.valuation.sequence(found.order.order[:k])
        assert alone.net[-1] == pytest.approx(found.order.net[k - 1], abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(lots.filter(lambda drawn: len(drawn) <= 7), gains, gains, st.floats(0, 0.02))
def test_any_choice_of_lots_is_hardly_better(drawn, short, long, fee):
    """Brute force over all sets of losing lots, where any lot can be named."""
    law = rates(costs={"default": {"fee": fee}}, other_short=float(short), other_long=float(long))
    found = scan(trades_of(drawn), "BTC 4000, ETH 3000", law)
    got = found.order.net[found.taken - 1] if found.taken else 0.0
    best = 0.0
    losing = np.flatnonzero(found.valuation.raw > 0)  # to take gains is another question
    for mask in range(1, 1 << losing.size):
        chosen = losing[[bool(mask >> n & 1) for n in range(losing.size)]]
        best = max(best, float(found.valuation.sequence(chosen).net[-1]))
    largest = max((float(loss) for loss in found.alone.loss), default=0.0)
    assert got >= best - 0.35 * max(largest, 0.0) - 1e-6  # whole lots: at most one lot away from the best


@settings(max_examples=40, deadline=None)
@given(lots, methods)
def test_what_a_method_cannot_reach_is_not_taken(drawn, method):
    """The lots to take are prefixes of their pools, in the order in which the ledger would take them."""
    found = scan(trades_of(drawn), "BTC 4000, ETH 3000", rates(other_short=GAIN), method)
    chosen = found.order.order[: found.taken]
    if method is not Method.SPECIFIC:
        for pool in set(found.lots.pool.tolist()):
            places = np.flatnonzero(found.lots.pool == pool)
            mine = [n for n in chosen.tolist() if found.lots.pool[n] == pool]
            assert mine == places[: len(mine)].tolist()


@pytest.mark.parametrize("pools", [1, 40])
def test_blocks_are_the_steps_of_the_concave_envelope(pools, monkeypatch):
    """By the definition: each block is the best prefix of what is left of its pool. Compiled it is the same."""
    rng = np.random.default_rng(pools)
    for worth in (np.sort(rng.normal(size=300)), rng.normal(size=300)):
        cost, pool = rng.uniform(0.1, 1, 300), np.sort(rng.integers(0, pools, 300))
        wanted = []
        for one in range(pools):
            left = np.flatnonzero(pool == one)
            while left.size:
                slopes = np.cumsum(worth[left]) / np.cumsum(cost[left])
                best = int(np.argmax(slopes))
                if slopes[best] > 0:
                    wanted.append((int(left[0]), best + 1, slopes[best]))
                left = left[best + 1 :]
        for fast_from in (10**9, 0):
            monkeypatch.setattr(choose, "FAST_FROM", fast_from)
            slope, start, size = choose._envelopes(worth, cost, pool)
            assert list(zip(start.tolist(), size.tolist(), strict=True)) == [(a, n) for a, n, _ in wanted]
            assert slope == pytest.approx([s for *_, s in wanted])

"""The taxpayer's secret: salts, roots, and an opening that is rebuilt only if it opens what it says."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest

from tests.support.make import trade
from zkharvest.commitment.opening import Opening, commit, salts
from zkharvest.commitment.poseidon import P, compress
from zkharvest.commitment.tree import build_tree
from zkharvest.errors import InputError
from zkharvest.trades.model import Kind

SEED = bytes(range(32))
ROWS = [
    trade("2024-01-01", "a/1", "buy", 2, 40, "0.5"),
    trade("2024-01-03", "a/3", "sell", "0.5", 30, lots="a/1:0.5"),
    trade("2024-01-02", "b/1", "short", 3, 10, "-0.25", asset="X-1"),
    trade("2024-01-02", "b/2", "transfer", "0.1", to="c", lots="a/1:0.1"),
]


def test_trades_are_put_in_order_of_time():
    opening = commit(ROWS, currency="USD", seed=SEED)
    assert [t.ref for t in opening.trades] == ["a/1", "b/1", "b/2", "a/3"]
    assert opening.sources == ("a", "b", "c")
    assert set(opening.roots) == {"a", "b", "c"}


def test_a_root_commits_to_the_salted_records_of_its_source():
    opening = commit(ROWS, currency="USD", seed=SEED)
    for name, lanes, tree in zip(opening.sources, opening.leaves, opening.trees, strict=True):
        assert (
            lanes[:, :19] == opening.records.lanes[opening.records.source == opening.sources.index(name), :19]
        ).all()
        assert (lanes[:, 19:] == salts(SEED, f"record\0{name}", len(lanes))).all()
        digests = np.array([compress(row.tolist()) for row in lanes], np.uint32).reshape(-1, 9)
        root_salt = salts(SEED, f"root\0{name}", 1)[0]
        assert tree.root == opening.roots[name] == build_tree(digests, root_salt).root


def test_salts_are_elements_of_their_own_for_every_label_and_seed():
    seen = [salts(seed, label, 50) for seed in (SEED, bytes(32)) for label in ("record\0a", "record\0b", "root\0a")]
    assert all(s.shape == (50, 5) and s.max() < P for s in seen)
    assert len({tuple(row) for s in seen for row in s.tolist()}) == 300
    assert (salts(SEED, "x", 3) == salts(SEED, "x", 5)[:3]).all()
    assert salts(SEED, "x", 4000).mean() == pytest.approx(P / 2, rel=0.02)


def test_the_seed_hides_the_trades():
    """Equal trades under other seeds, or at another source, have unrelated roots; the system draws the seed."""
    one, two, other = (commit(ROWS, currency="USD", seed=s).roots for s in (SEED, bytes(32), None))
    assert set(one.values()).isdisjoint(two.values())
    assert set(one.values()).isdisjoint(other.values())
    assert commit(ROWS, currency="USD").seed != commit(ROWS, currency="USD").seed
    assert len(commit(ROWS, currency="USD").seed) == 32


def test_every_field_of_a_record_moves_its_root():
    base = commit([ROWS[0]], currency="USD", seed=SEED).roots
    changed = [
        trade("2024-01-01T00:00:01", "a/1", "buy", 2, 40, "0.5"),
        trade("2024-01-01", "a/1", "income", 2, 40, "0.5"),
        trade("2024-01-01", "a/1", "buy", 3, 40, "0.5"),
        trade("2024-01-01", "a/1", "buy", 2, 41, "0.5"),
        trade("2024-01-01", "a/1", "buy", 2, 40, "0.6"),
        trade("2024-01-01", "a/1", "buy", 2, 40, "0.5", asset="ETH"),
    ]
    roots = {commit([t], currency="USD", seed=SEED).roots["a"] for t in changed}
    assert len(roots) == len(changed)
    assert base["a"] not in roots


def test_nothing_cannot_be_committed():
    with pytest.raises(InputError, match="no trades to commit"):
        commit([])


def test_an_opening_comes_back_from_plain_values():
    opening = commit(ROWS, currency="EUR", seed=SEED)
    again = Opening.from_map(opening.to_map())
    assert again == opening
    assert again.roots == opening.roots
    assert again.currency == "EUR"


def put(data, path, value):
    changed = copy.deepcopy(data)
    at = changed
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return changed


WRONG = (None, "x", -1, 2**200, 1.5, b"x", [1], {"a": 1})
PLACES = [("roots",), ("seed",), ("trades",), ("roots", "a"), *(("trades", 0, i) for i in range(10) if i != 2)]


@pytest.mark.parametrize("path", PLACES, ids=lambda p: "-".join(map(str, p)))
def test_a_damaged_opening_is_refused_whatever_stands_there(path):
    data = commit(ROWS, currency="USD", seed=SEED).to_map()
    for value in WRONG:
        with pytest.raises(InputError, match=r"the opening file (is damaged|does not open its own commitments)"):
            Opening.from_map(put(data, path, value))


@pytest.mark.parametrize("key", ["roots", "seed", "trades", "currency"])
def test_a_missing_part_is_refused(key):
    data = commit(ROWS, currency="USD", seed=SEED).to_map()
    del data[key]
    with pytest.raises(InputError, match="damaged"):
        Opening.from_map(data)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("trades", 0, 0), ROWS[0].time + 1),
        (("trades", 0, 5), str(ROWS[0].quantity + 1)),
        (("trades", 0, 6), ROWS[0].amount - 1),
        (("trades", 0, 7), "0"),
        (("trades", 0, 4), "ETH"),
        (("trades", 0, 3), 3),
        (("seed",), bytes(32)),
        (("seed",), SEED[:31]),
        (("roots", "a"), bytes(36)),
        (("roots",), {}),
    ],
)
def test_a_changed_opening_does_not_open_its_roots(path, value):
    with pytest.raises(InputError, match="does not open its own commitments"):
        Opening.from_map(put(commit(ROWS, currency="USD", seed=SEED).to_map(), path, value))


def test_a_dropped_trade_is_noticed():
    data = commit(ROWS, currency="USD", seed=SEED).to_map()
    with pytest.raises(InputError, match="does not open"):
        Opening.from_map(data | {"trades": data["trades"][:-1]})
    with pytest.raises(InputError, match="damaged"):
        Opening.from_map(data | {"trades": [[*data["trades"][0], "more"]]})


def test_a_currency_is_never_assumed() -> None:
    with pytest.raises(InputError, match="do not state their currency"):
        commit(ROWS, seed=SEED)
    euros = [replace(row, currency="EUR") for row in ROWS]
    assert commit(euros, seed=SEED).roots == commit(ROWS, currency="EUR", seed=SEED).roots
    with pytest.raises(InputError, match="amounts in EUR, not in USD"):
        commit(euros, currency="USD", seed=SEED)


def test_kinds_that_the_circuit_does_not_know_are_refused_by_row() -> None:
    rows = [replace(ROWS[0], id=str(kind), kind=kind, line=n, file="t.csv") for n, kind in enumerate(Kind, start=2)]
    with pytest.raises(InputError) as caught:
        commit(rows[8:], currency="USD", seed=SEED)
    assert [problem.where for problem in caught.value.problems] == ["t.csv:10", "t.csv:11", "t.csv:12"]
    assert "cannot prove a deposit" in str(caught.value)
    assert all(problem.hint for problem in caught.value.problems)


def test_an_opening_remembers_where_its_trades_were_read() -> None:
    rows = [replace(row, file="my trades.csv", line=n) for n, row in enumerate(ROWS, start=2)]
    again = Opening.from_map(commit(rows, currency="USD", seed=SEED).to_map())
    assert sorted(trade.where for trade in again.trades) == [f"my trades.csv:{n}" for n in range(2, 2 + len(ROWS))]

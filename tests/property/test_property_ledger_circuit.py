"""A link says what the ledger says: random ledgers through both, to the last digit.

For every method and pooling: the figures of the link of one's own pages are those of `run_ledger`, the compiled ledger
equals the plain one, and the witness satisfies every constraint and bus of the circuit: ledgers of a market, and some
at the edges of every limb; many more under `make audit`.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adversary.kit.extremes import extreme_ledgers
from tests.adversary.kit.local import Board
from tests.support import whole_links
from tests.support.counts import count
from tests.support.figures import stated
from tests.support.ledgers import ALL_RULES, ledgers, random_ledger
from zkharvest.circuit.check import check
from zkharvest.ledger import Election, Method, Pooling, run_ledger
from zkharvest.ledger.calendar import Calendar
from zkharvest.trades.model import Trade
from zkharvest.workflow import links
from zkharvest.workflow.links import PreparedLink, Wanted, prepare_links
from zkharvest.workflow.own_folder import commit_pages

quick = settings(max_examples=6, deadline=None)
long = settings(max_examples=100, deadline=None)
RUNS = [pytest.param(quick, id="quick"), pytest.param(long, id="long", marks=pytest.mark.audit)]
ORDERED = [rule for rule in ALL_RULES if rule[0] is not Method.SPECIFIC]
ASSETS = {f"A{n}": f"slip44:{900 + n}" for n in range(4)}
SEED = bytes(range(32))
MOST_FEE = 2**54 - 1
ZONES = ("America/New_York", "Asia/Tokyo", "UTC")


def provable(trades: list[Trade]) -> list[Trade]:
    """At instants of their own, with fees that a record holds: the rest of what no page can have."""
    found, last = [], 0
    for trade in trades:
        last = max(trade.time, last + 1)
        fee = max(-MOST_FEE, min(trade.fee, MOST_FEE))
        found.append(replace(trade, time=last, fee=fee))
    return found


def links_of(trades: list[Trade], *elections: Election, low: bool = True) -> list[PreparedLink]:
    """A link for each year, the first from nothing; `low`: of fewer rows than proofs have, on which it takes less."""
    pooling, zone = elections[0].pooling, elections[0].timezone
    own = commit_pages(trades, currency="USD", pooling=pooling, timezone=zone, assets=ASSETS, seed=SEED)
    make, least = links.make_witness, whole_links.LOW if low else {}
    pages = [(opening.header.label, opening) for opening in own.openings]
    with mock.patch.object(links, "make_witness", lambda link, **named: make(link, **{**named, **least})):
        return list(prepare_links(pages, Wanted(elections, preset="test"), book=own.decided()))


def agree(trades: list[Trade], election: Election, low: bool = True) -> PreparedLink:
    """Both ledgers and the link say the same."""
    plain, fast = (run_ledger(trades, election, engine=engine) for engine in ("plain", "fast"))
    (made,) = links_of(trades, election, low=low)
    assert fast.totals == plain.totals
    assert fast.open_lots == plain.open_lots
    assert stated(made.statement) == dict(plain.totals)
    return made


def breaks(made: PreparedLink) -> set[str]:
    """What the witness breaks, by quick integer arithmetic; its public data are those that the verifier computes."""
    assert list(made.public.publics) == list(made.witness.public.publics)
    for one, other in zip(made.public.lists, made.witness.public.lists, strict=True):
        assert sorted(map(tuple, one)) == sorted(map(tuple, other))
    return Board(made.witness, whole_links.description()).verdict()


def some_year(trades: list[Trade], zone: str, place: int) -> int:
    years = sorted({Calendar(zone).date_of(trade.time).year for trade in trades})
    return int(years[place % len(years)])


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(("method", "pooling"), ALL_RULES)
def test_the_link_says_what_the_ledger_says(method, pooling, run):
    @run
    @given(ledgers(min_size=1, max_size=50), st.sampled_from(ZONES), st.integers(0, 99))
    def agrees(trades, zone, place):
        trades = provable(trades)
        assert breaks(agree(trades, Election(method, pooling, zone, some_year(trades, zone, place)))) == set()
        count("ledgers held against links")

    agrees()


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(("method", "pooling"), ORDERED)
def test_the_link_says_what_the_ledger_says_at_the_edges(method, pooling, run):
    @run
    @given(extreme_ledgers(Pooling.WALLET), st.sampled_from(ZONES), st.integers(0, 99))
    def agrees(trades, zone, place):
        trades = provable(trades)
        assert breaks(agree(trades, Election(method, pooling, zone, some_year(trades, zone, place)))) == set()
        count("ledgers at the edges held against links")

    agrees()


@pytest.mark.parametrize("pooling", Pooling)
def test_the_whole_witness_satisfies_the_circuit(pooling):
    """Not cut to its used rows, as it is proven: each table of its own height, with the generator's range counts."""
    trades = provable(random_ledger(Random(7), 120))
    election = Election(Method.HIFO, pooling, "America/New_York", 2024)
    made = agree(trades, election, low=False)
    traces = list(made.witness.traces.values())
    assert [len(trace) for trace in traces] == [1 << height for height in made.heights]
    assert check(whole_links.description(), traces, made.witness.public) == []


@pytest.mark.parametrize("pooling", Pooling)
@pytest.mark.parametrize("method", [m for m in Method if m is not Method.SPECIFIC])
@settings(max_examples=4, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_two_years_say_what_one_run_says(method, pooling, seed):
    """A year proven from last year's standing has the totals of a year proven from all records."""
    trades = provable(random_ledger(Random(seed), 40))
    years = sorted({Calendar("UTC").date_of(trade.time).year for trade in trades})
    elections = [Election(method, pooling, "UTC", year) for year in (years[-1] - 1, years[-1])]
    whole = agree(trades, elections[1])
    before, after = links_of(trades, *elections)
    assert stated(after.statement) == stated(whole.statement)
    assert after.statement["carried_in"] is not None
    assert breaks(before) == breaks(after) == set()


def test_the_same_run_makes_the_same_statement():
    """Everything but the blinding and the key of what is carried out follows from pages and elections."""
    trades = provable(random_ledger(Random(3), 30))
    election = Election(Method.LIFO, Pooling.WALLET, "UTC", 2022)
    (one,), (two,) = (links_of(trades, election) for _ in "ab")
    assert {**one.statement, "carried_out": None} == {**two.statement, "carried_out": None}
    assert one.statement["carried_out"] != two.statement["carried_out"]
    assert one.after == two.after
    for (name, a), b in zip(one.witness.traces.items(), two.witness.traces.values(), strict=True):
        table = whole_links.definition().tables[name]
        blind = [table.index(column) for column in ("blind_out", "blind_in")]
        assert (a[:16, blind] != b[:16, blind]).all()
        if name != "poseidon":  # which hashes the salts of what is carried out
            kept = [i for i in range(a.shape[1]) if i not in blind]
            assert (a[:, kept] == b[:, kept]).all()

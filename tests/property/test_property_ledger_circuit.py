"""The proof says what the ledger says: random ledgers through both, to the last digit.

For every method and pooling: the statement's totals are those of `run_ledger`, the compiled ledger equals the
plain one, and the witness satisfies every constraint, bus and tally of the circuit: 60 ledgers of a market and 48 at
the edges of every limb; a thousand and 800 under `make audit`.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adversary.kit.extremes import extreme_ledgers
from tests.adversary.kit.forge import shortened
from tests.support import statement
from tests.support.ledgers import ALL_RULES, ledgers, random_ledger, regimes
from tests.support.make import at
from zkharvest.circuit.check import check
from zkharvest.circuit.lot_machine.v1.witness import make_witness, operations_of
from zkharvest.commitment.opening import commit
from zkharvest.ledger import Election, Method, Pooling, run_ledger
from zkharvest.trades.model import OPENS_LOT

quick = settings(max_examples=6, deadline=None)
long = settings(max_examples=100, deadline=None)
RUNS = [pytest.param(quick, id="quick"), pytest.param(long, id="long", marks=pytest.mark.audit)]
ORDERED = [rule for rule in ALL_RULES if rule[0] is not Method.SPECIFIC]


def stated(totals):
    """The ledger's totals under the names of the statement."""
    return {
        "short_gain": totals.short_term_gain,
        "short_loss": totals.short_term_loss,
        "long_gain": totals.long_term_gain,
        "long_loss": totals.long_term_loss,
        "proceeds": totals.proceeds,
    }


def agree(trades, election):
    """Both ledgers and the witness say the same; returns what the checker needs."""
    plain, fast = (run_ledger(trades, election, engine=engine) for engine in ("plain", "fast"))
    opening = commit(trades, currency="USD", seed=statement.SEED)
    witness = make_witness(opening, operations_of(opening, election), definition=statement.definition())
    assert fast.totals == plain.totals
    assert fast.open_lots == plain.open_lots
    assert witness.totals == stated(plain.totals)
    assert plain.totals.basis == plain.totals.proceeds - (
        plain.totals.short_term_gain
        - plain.totals.short_term_loss
        + plain.totals.long_term_gain
        - plain.totals.long_term_loss
    )  # so the statement need not carry it
    return opening, witness


def proven(trades, election):
    """And the witness breaks nothing (by quick integer arithmetic; the checker itself is asked below)."""
    opening, witness = agree(trades, election)
    assert shortened(opening, election, witness).broken() == set()


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(("method", "pooling"), ALL_RULES)
def test_the_witness_says_what_the_ledger_says(method, pooling, run):
    @run
    @given(ledgers(pooling, min_size=1, max_size=50), regimes(method, pooling))
    def agrees(trades, election):
        proven(trades, election)

    agrees()


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(("method", "pooling"), ORDERED)
def test_the_witness_says_what_the_ledger_says_at_the_edges(method, pooling, run):
    @run
    @given(extreme_ledgers(pooling), regimes(method, pooling))
    def agrees(trades, election):
        proven(trades, election)

    agrees()


@pytest.mark.parametrize("pooling", Pooling)
def test_the_whole_witness_satisfies_the_circuit(pooling):
    """Not cut to its used rows, as it is proven: each table of its own height, with the generator's range counts."""
    trades = random_ledger(Random(7), 120, pooling)
    election = Election(Method.HIFO, pooling, "America/New_York", 2024)
    opening, witness = agree(trades, election)
    assert [len(trace) for trace in witness.traces] == [1 << height for height in witness.heights]
    public = statement.public_values(opening, election, witness)
    assert check(statement.description(), witness.traces, public) == []


@pytest.mark.parametrize("method", [m for m in Method if m is not Method.SPECIFIC])
@settings(max_examples=4, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_two_years_say_what_one_run_says(method, seed):
    """A year proven from last year's lots has the totals of a year proven from all records."""
    rng = Random(seed)
    rows = random_ledger(rng, 40, start=at("2024-01-01"))
    lots = next((i for i, t in enumerate(rows) if t.kind not in OPENS_LOT), len(rows))
    early = [replace(t, time=at("2022-06-01") + rng.randrange(5 * 10**10)) for t in rows[:lots]]
    early.sort(key=lambda t: t.time)
    trades = [*early, *rows[lots:]]
    election = Election(method, Pooling.WALLET, "UTC", 2024)
    opening, whole = agree(trades, election)
    witness = make_witness(
        opening, operations_of(opening, election, carried=early), carried=early, definition=statement.definition()
    )
    assert witness.totals == whole.totals
    assert shortened(opening, election, witness).broken() == set()


def test_the_same_run_makes_the_same_statement():
    """Everything but the blinding is determined by the opening and the election."""
    trades = random_ledger(Random(3), 30)
    election = Election(Method.LIFO, Pooling.WALLET, "UTC", 2022)
    opening = commit(trades, currency="USD", seed=statement.SEED)
    one, two = (
        make_witness(opening, operations_of(opening, election), definition=statement.definition()) for _ in range(2)
    )
    assert (one.totals, one.carried_out_root, one.calendar) == (two.totals, two.carried_out_root, two.calendar)
    for table, a, b in zip(statement.description()["tables"], one.traces, two.traces, strict=True):
        blind = [i for i, name in enumerate(table["columns"]) if name in ("blind_out", "blind_in")]
        kept = [i for i in range(a.shape[1]) if i not in blind]
        assert (a[:, kept] == b[:, kept]).all()
        assert (a[:16, blind] != b[:16, blind]).all()

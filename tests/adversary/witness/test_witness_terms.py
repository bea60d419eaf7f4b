"""A sum that lacks a term, in a multiplicity or under a product, lets a dishonest witness pass.

Of those that no honest run breaks each has a witness, or the term is implied (docs/adr/0009); `make audit` looks at
all.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from tests.adversary.mutation.honest import boards
from tests.adversary.mutation.term_verdicts import KILLED, MEANT, killed, term_results
from tests.adversary.mutation.verdicts import frozen
from tests.adversary.witness.lies.term_drops import IMPLIED, TERM_LIES
from tests.support import statement
from tests.support.counts import count
from tests.support.dropped_terms import candidates

ALL = {m.name: m for m in candidates(statement.description())}
SAMPLE = [
    "steps <- source without public5*(is_close+is_load)",
    "steps.wallet_to without is_load",
    "steps.wallet_to without is_close",
    "steps.head without is_close",
    "steps.inventory_step without is_load*is_load'",
    "steps.open_code without code_move",
    "steps.skip_why without -public5",
    "steps.ends_whole without more",
    "steps.ends_whole without is_out",
    "steps.product10 without -q8*c12",
    "steps.product14 without carry13",
    "steps.used_up without e13",
    "steps.emptied_left without e5",
    "totals.whole without position9",
]


@pytest.mark.parametrize("name", SAMPLE)
def test_a_sum_that_lacks_a_term_lets_a_lie_pass(name):
    assert killed(statement.description(), ALL[name])


def test_every_name_is_that_of_a_mutant():
    assert set(TERM_LIES) <= set(ALL)
    assert all(any(fnmatchcase(name, pattern) for name in ALL) for pattern in IMPLIED)
    assert list(frozen()) == ["lot-machine/v1"]  # another circuit has terms of its own


@pytest.mark.audit
def test_all_terms():
    from tests.adversary.kit.local import Board

    assert not [i for i, forged in enumerate(boards()) if Board(forged).verdict()]
    found = term_results(statement.description())
    for result in found:
        count("dropped terms that honest runs accept")
        count(f"dropped terms, {result.verdict}")
    assert not [r.mutant.name for r in found if r.verdict not in (KILLED, MEANT)]
    assert set(TERM_LIES) <= {r.mutant.name for r in found}, "a lie is for nothing"

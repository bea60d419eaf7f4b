"""The operations, operation by operation, against a scribe that writes it in plain Python from the rules alone."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings

from tests.adversary.kit.extremes import extreme_ledgers
from tests.adversary.kit.scribe import Scribe
from tests.support.ledgers import ALL_RULES, ledgers, regimes
from zkharvest.ledger import Method
from zkharvest.ledger.engine_fast import run_operations


def same(trades, election):
    operations, written = run_operations(trades, election), Scribe(trades, election).write()
    for field in fields(operations):
        made, told = getattr(operations, field.name), getattr(written, field.name)
        if isinstance(made, np.ndarray):
            assert made.dtype == told.dtype
            assert np.array_equal(made, told), field.name
        else:
            assert made == told or list(made) == list(told), field.name


@pytest.mark.parametrize(("method", "pooling"), ALL_RULES)
def test_the_tape_is_what_the_rules_say(method, pooling):
    @settings(max_examples=20, deadline=None)
    @given(ledgers(pooling, max_size=50), regimes(method, pooling))
    def told(trades, election):
        same(trades, election)

    told()


@pytest.mark.parametrize(("method", "pooling"), [rule for rule in ALL_RULES if rule[0] is not Method.SPECIFIC])
def test_the_tape_is_what_the_rules_say_at_the_edges(method, pooling):
    @settings(max_examples=20, deadline=None)
    @given(extreme_ledgers(pooling), regimes(method, pooling))
    def told(trades, election):
        same(trades, election)

    told()

"""24,700 mutants of accepted packages, every twentieth of them in `make test`: none is accepted, none raises, each has
a reason with a name.

A failure names the mutator and the number of the mutant: `mutant(name, number)` makes it again.
"""

from collections import Counter
from functools import cache
from random import Random

import pytest

from tests.fuzz.mutants import MUTATORS, load
from tests.support.counts import count
from tests.support.verdicts import by_itself
from zkharvest.verifier.policy import Policy
from zkharvest.verifier.rejections import Reason
from zkharvest.workflow import verify as verdict

SEED = 20261122
WANTED = Policy(min_bits=0, allow_test_preset=True)
FEWER = [(mutator, max(wanted // 20, 20)) for mutator, wanted in MUTATORS]
NAMED = {reason.value for reason in Reason} - {Reason.INTERNAL.value}

bases = cache(load)


def mutant(name, number):
    mutator = next(mutator for mutator, _ in MUTATORS if mutator.__name__ == name)
    return mutator(Random(f"{SEED} {name} {number}"), bases())


def judged(data):
    found = by_itself(data, WANTED)
    if not (found.accepted and found.unchecked):
        return found
    # The proof holds and only a signature was touched: that is for the whole verdict to notice.
    commitments = {source.id: source.root for source in found.statement.sources}
    return verdict.verify(data, commitments=commitments, min_bits=0, allow_test_preset=True)


def test_the_originals_are_accepted():
    """Otherwise nothing below would show anything."""
    for base in bases():
        opening = by_itself(base.data, WANTED)
        assert opening.accepted or opening.reason == "policy/carried-in-not-compared", opening


def test_there_are_enough():
    assert sum(number for _, number in MUTATORS) >= 24_000


def named(value):
    return getattr(value, "__name__", str(value))


@pytest.mark.slow
@pytest.mark.parametrize(("mutator", "wanted"), FEWER, ids=named)
def test_no_mutant_is_accepted(mutator, wanted):
    none_is_accepted(mutator, wanted)


@pytest.mark.audit
@pytest.mark.parametrize(("mutator", "wanted"), MUTATORS, ids=named)
def test_none_of_all_mutants_is_accepted(mutator, wanted):
    none_is_accepted(mutator, wanted)


def none_is_accepted(mutator, wanted):
    originals = {base.data for base in bases()}
    reasons, number = Counter(), -1
    while reasons.total() < wanted:
        number += 1
        assert number < 2 * wanted, "too many mutants are originals"
        data = mutant(mutator.__name__, number)
        if data in originals:
            continue
        found = judged(data)
        at = f"mutant({mutator.__name__!r}, {number}): {found.verdict} {found.reason} {found.detail}"
        assert not found.accepted, at
        assert found.reason in NAMED, at
        assert found.verdict == Reason(found.reason).verdict, at
        reasons[found.reason] += 1
    assert len(reasons) > 1 or mutator.__name__ == "other_form", reasons
    count("mutants rejected", reasons.total())

"""Mutants of packages of links, alone and behind others: no other link is accepted, none raises, each has a reason.

31,000 of them, a hundredth of that in `make test`. A failure names the mutator and the number of the mutant:
`mutant(name, number)` makes it again. Both verifiers on such mutants: `test_conformance_second_verifier.py`.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from random import Random

import pytest

from tests.fuzz.chain_bases import base_of, load
from tests.fuzz.chain_mutants import MUTATORS
from tests.fuzz.chains import sound
from tests.fuzz.mutants import HEAD
from tests.support.counts import count
from zkharvest.sign.chains import SIGNATURES
from zkharvest.verifier import wire
from zkharvest.verifier.chain_policy import ChainPolicy
from zkharvest.verifier.rejections import REJECTED
from zkharvest.verifier.verify_chain import verify_chain

SEED = 20261129
OF_PACKAGES = [(mutator, wanted) for mutator, wanted in MUTATORS if mutator.__name__ != "policies"]
FEWER = [(mutator, max(wanted // 100, 5)) for mutator, wanted in OF_PACKAGES]

bases = cache(load)


@cache
def originals():
    """Every package as it was made, and its links alone."""
    whole = {data for base in bases() for data in (*base.before, base.data)}
    return whole, [wire.decode(data[HEAD:])["links"] for data in whole]


def mutant(name, number):
    """Packages in order, and a policy."""
    mutator = next(mutator for mutator, _ in OF_PACKAGES if mutator.__name__ == name)
    return mutator(Random(f"{SEED} {name} {number}"), bases())


def none_is_accepted(mutator, wanted):
    whole, links = originals()
    reasons = Counter()
    for number in range(wanted):
        packages, policy = mutant(mutator.__name__, number)
        found = verify_chain(packages, ChainPolicy.from_json(policy), SIGNATURES)
        at = f"mutant({mutator.__name__!r}, {number}): {found.verdict} {found.reason} {found.detail}"
        reasons[sound(found)] += 1
        if not found.accepted:
            continue
        for data in packages:
            assert data in whole or wire.decode(data[HEAD:])["links"] in links, at
        if mutator.__name__ not in ("signatures", "rearranged"):
            assert all(data in whole for data in packages) or "signer" not in policy, at
    assert sum(n for reason, n in reasons.items() if reason != "accepted") > 0.6 * wanted, reasons
    count("mutants of chains rejected", reasons.total() - reasons["accepted"])


@pytest.mark.audit
def test_the_originals_are_accepted():
    """Otherwise nothing below would show anything; `test_conformance_vectors.py` says so in every run."""
    for base in bases():
        found = verify_chain([*base.before, base.data], ChainPolicy.from_json(base.policy), SIGNATURES)
        assert found.accepted, found.findings


def test_there_are_enough():
    assert sum(wanted for _, wanted in OF_PACKAGES) >= 28_000


def named(value):
    return getattr(value, "__name__", str(value))


@pytest.mark.slow
@pytest.mark.parametrize(("mutator", "wanted"), FEWER, ids=named)
def test_no_mutant_is_accepted(mutator, wanted):
    none_is_accepted(mutator, wanted)


@pytest.mark.audit
@pytest.mark.parametrize(("mutator", "wanted"), OF_PACKAGES, ids=named)
def test_none_of_all_mutants_is_accepted(mutator, wanted):
    none_is_accepted(mutator, wanted)


@pytest.mark.audit
@pytest.mark.parametrize("name", ["two-years", "2025"])
def test_no_other_byte_of_the_links_is_accepted(name):
    """One byte in every stretch of 40, at a place of its own; signatures are looked at by the tests above."""
    base = next(one for one in bases() if one.data == base_of(name).data)
    rng, end = Random(f"{SEED} {name}"), len(base.data)
    for start in range(0, end, 40):
        data = bytearray(base.data)
        place = min(start + rng.randrange(40), end - 1)
        data[place] ^= 1 << rng.randrange(8)
        found = verify_chain([*base.before, bytes(data)], ChainPolicy.from_json(base.policy), SIGNATURES)
        assert not found.accepted, place
        assert found.verdict == REJECTED or sound(found), place
    count("mutants of chains rejected", -(-end // 40))

"""Drawn lies: whichever run breaks nothing shows in the counters, or has the honest result, but for one choice.

It is the prover's by design (circuits/lot-machine/v2/ARGUMENT.md): which of two moves with one reference is which.
"""

from __future__ import annotations

import pytest

from tests.adversary.links import random_liar
from tests.support.counts import count
from zkharvest.errors import InputError


def tellings(seeds, each, second):
    for seed in seeds:
        try:
            scene = random_liar.scene(seed, second=second)
        except InputError:
            continue
        for number in range(each):
            made = random_liar.tell(scene, 1000 * seed + number)
            if made is not None:
                yield scene, made


def held(seeds, each, *, second=False):
    """The kinds of lies that were refused, and those that were not."""
    refused, passed = set(), set()
    for scene, made in tellings(seeds, each, second):
        count("drawn lies about a year", 1)
        if made.broken:
            refused |= made.told
            continue
        passed |= made.told
        quiet = random_liar.counted(made.registers) == random_liar.counted(scene.registers)
        if quiet and random_liar.result(made.registers) != random_liar.result(scene.registers):
            assert made.paired_otherwise(scene), made.told
    return refused, passed


def test_a_drawn_lie_is_refused_or_told():
    refused, passed = held(range(6), 12)
    assert {"another lot", "another part"} <= refused
    assert "other moves" in passed


def test_in_a_second_link_too():
    """With lots, coins in transit and registers carried in."""
    refused, passed = held(range(8), 8, second=True)
    assert refused
    assert passed


@pytest.mark.audit
def test_many_in_a_second_link():
    refused, _ = held(range(100, 180), 40, second=True)
    assert refused >= {"another lot", "another part", "another withdrawal", "turned round", "other moves"}


@pytest.mark.audit
def test_many_drawn_lies_are_refused_or_told():
    refused, _ = held(range(100, 220), 40)
    assert refused >= {
        "another lot", "another part", "another value", "another withdrawal", "a part left", "two withdrawals",
        "late", "put off", "turned round", "other moves",
    }  # fmt: skip

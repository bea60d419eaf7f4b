"""A permutation that goes wrong in one lane of one round is caught there, wherever it is: every round, every lane.

All lanes of a round are one formula, with other constants and another row of the matrix. So every round is tried here,
and every lane, but not each pair of them: that is for `make audit`.
"""

from __future__ import annotations

import re

import pytest

from tests.adversary.kit.local import Board
from tests.adversary.witness.lies.every import LIES
from zkharvest.commitment.poseidon import FULL_ROUNDS, PARTIAL_ROUNDS, WIDTH

ROUNDS = [name for name in LIES if name.startswith(("poseidon.round", "poseidon.partial"))]


def test_every_lane_of_every_round_is_there():
    assert len(ROUNDS) == FULL_ROUNDS * WIDTH + PARTIAL_ROUNDS


LANES = [name for name in ROUNDS if "lane" in name]
QUICK = {*ROUNDS} - {name for place, name in enumerate(LANES) if place // WIDTH % 8 != place % 8}


def test_the_quick_ones_are_of_every_round_and_every_lane():
    for part in (r"(partial\d+|round\d+)_", r"_(lane\d+|cube)"):
        assert {re.search(part, name)[1] for name in QUICK} == {re.search(part, name)[1] for name in ROUNDS}


@pytest.mark.parametrize(
    "constraint", [pytest.param(name, marks=() if name in QUICK else pytest.mark.audit) for name in ROUNDS]
)
def test_a_wrong_round_breaks_its_lane_alone(constraint):
    assert Board(LIES[constraint]()).verdict() == {constraint}

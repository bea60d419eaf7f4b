"""A permutation that goes wrong in one lane of one round is caught there, wherever it is: every round, every lane."""

from __future__ import annotations

import pytest

from tests.adversary.kit.local import Board
from tests.adversary.witness.lies.every import LIES
from zkharvest.commitment.poseidon import FULL_ROUNDS, PARTIAL_ROUNDS, WIDTH

ROUNDS = [name for name in LIES if name.startswith(("poseidon.round", "poseidon.partial"))]


def test_every_lane_of_every_round_is_there():
    assert len(ROUNDS) == FULL_ROUNDS * WIDTH + PARTIAL_ROUNDS


@pytest.mark.parametrize("constraint", ROUNDS)
def test_a_wrong_round_breaks_its_lane_alone(constraint):
    assert Board(LIES[constraint]()).verdict() == {constraint}

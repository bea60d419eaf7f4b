"""Every constraint is needed: for each there is a dishonest witness that breaks it and nothing else.

A constraint that nothing breaks would be dead, or never registered; one that never breaks alone is implied by others,
and has no place in the circuit (docs/adr/0009). There are no exceptions.
"""

from __future__ import annotations

import pytest

from tests.adversary.kit.local import Board
from tests.adversary.witness.lies.every import CONSTRAINTS, LIES

HASHES = [name for name in LIES if name.startswith(("poseidon.round", "poseidon.partial"))]
OTHERS = [name for name in LIES if name not in HASHES]


def test_every_constraint_has_a_lie():
    assert sorted(LIES) == sorted(CONSTRAINTS)


# The circuit is frozen: its digest is tested, and a verdict changes with it or with this kit only. So a third here, and
# all of them in the audit, which is run when either changes.
@pytest.mark.parametrize(
    "constraint", [pytest.param(name, marks=() if k % 3 == 0 else pytest.mark.audit) for k, name in enumerate(OTHERS)]
)
def test_a_lie_breaks_this_constraint_alone(constraint):
    assert Board(LIES[constraint]()).verdict() == {constraint}


@pytest.mark.parametrize(
    "constraint",
    [pytest.param(name, marks=() if k % 92 == 0 else pytest.mark.audit) for k, name in enumerate(OTHERS) if k % 4 == 0],
)
def test_the_checker_says_the_same(constraint):
    """The verdicts above are those of quick integer arithmetic; the checker's are of galois arrays.

    A few here, a quarter of all in the audit: the two ways share nothing, and would differ on most.
    """
    forged = LIES[constraint]()
    assert forged.checked() == {constraint}
    assert forged.broken() == {constraint}

"""Each check that stacks brought is needed: a verifier without it believes a lie, and the real one rejects that.

Sizes (arities, the final polynomial, columns a stack) follow from the parameters: lies about them are in `lies_agreed`
and in tests/adversary/published (C1, C2, C4).
"""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import pytest

from tests.adversary.kit.frozen import Frozen
from tests.adversary.protocol import subjects
from tests.adversary.protocol.forger import Forger
from tests.adversary.protocol.lie import EIGHT
from tests.adversary.protocol.unchecked import stops
from tests.adversary.protocol.weaker import AT, Gap, gaps
from tests.support.counts import count
from zkharvest.verifier import field, stark
from zkharvest.verifier.field import P
from zkharvest.verifier.messages import Rounds
from zkharvest.verifier.rejections import Reason


@pytest.mark.parametrize("gap", gaps(), ids=lambda gap: gap.missing)
def test_a_verifier_without_the_check_believes_a_lie(gap: Gap):
    subject = subjects.level()
    with gap.luck():
        with gap.mutant(subject):
            case = gap.subject(subject).proven(EIGHT, gap.lie(subject))
            assert case.judged() is None
        assert case.judged() is Reason.FRI_LAYER
        assert stops(case)[0] is Reason.FRI_LAYER  # the constraints hold at z, and the rows are the committed ones
        assert subject.proven(EIGHT).judged() is None  # the luck alone changes nothing
    count("weaker verifiers that believe a lie")


def test_a_point_whose_roots_are_queried_divides_by_zero():
    """Excluded is the coset of the k-th powers. A verifier that excludes the stacks' own coset, as before there were
    stacks, raises where a query's power is z: no verdict at all. (With challenges held: no prover can choose z.)"""
    frozen = Frozen(subjects.level().proven(EIGHT))
    forger = Forger(frozen)
    x = field.GENERATOR * pow(field.root_of_unity(AT.log_domain), forger.known.indices[0], P) % P
    z = field.from_base(pow(x, AT.stack, P))
    forger.known = replace(forger.known, z=z)
    case = forger.mend().done()
    draw = Rounds.quotient

    def of_the_stacks(z, at, _heights=()):
        unshifted = field.scale(z, field.base_inverse(field.GENERATOR))
        return field.ONE not in (field.power(z, at.rows), field.power(unshifted, at.domain_size))

    with mock.patch.object(Rounds, "quotient", lambda self, message: (draw(self, message), z)[1]):
        assert frozen.replay(case) is Reason.POINT
        assert of_the_stacks(z, AT)
        with mock.patch.object(stark, "point_is_usable", of_the_stacks), pytest.raises(ZeroDivisionError):
            frozen.replay(case)
    count("weaker verifiers that believe a lie")

"""A lying prover for every step of the protocol: rejected for the reason that names the step.

And with the check of that name taken out of the verifier: accepted, or stopped by the later checks that the table
names, in their order. So every check is shown to be needed, and which stand behind each other.
"""

from __future__ import annotations

from collections import Counter
from unittest import mock

import pytest

from tests.adversary.kit.frozen import Case, Frozen
from tests.adversary.protocol import subjects
from tests.adversary.protocol.lie import EIGHT, ONE, SHAPE, TREES, Lie
from tests.adversary.protocol.lies import NOT_OF_THE_PROOF, UNREACHABLE, every_lie
from tests.adversary.protocol.parts import Parts
from tests.adversary.protocol.prover import Subject, committing, other_words
from tests.adversary.protocol.unchecked import guarded, stops, without
from tests.support.counts import count
from zkharvest.prover import stark
from zkharvest.prover.randomness import Randomness
from zkharvest.verifier.rejections import Reason

LIES = every_lie()
WIDE_ONLY = ("witness", "height")
FIRST = list({(lie.step, lie.stops): lie for lie in reversed(LIES)}.values())


def told(lie: Lie, subject: Subject) -> None:
    """Rejected as the table says, and what happens without the check."""
    case, meant = lie.made(subject)
    reason = case.judged()
    if lie.shapeless:
        assert reason in lie.stops
        if lie.mutant:
            with lie.mutant():
                assert case.judged() is None
        else:
            assert meant.judged() is None
    else:
        assert reason is lie.stops[0]
        assert stops(case) == lie.stops
    count("lying provers rejected")


def test_without_a_lie_the_same_way_ends_in_acceptance():
    for params in (EIGHT, ONE):
        case = subjects.wide().proven(params)
        assert case.judged() is None
        with without(*Reason):
            assert case.judged() is None


# One lie of each step and reason in every run; the others of the same kind in the audit.
@pytest.mark.parametrize(
    "lie",
    [pytest.param(lie, marks=() if lie in FIRST else pytest.mark.audit, id=lie.name()) for lie in LIES],
)
def test_a_lie_is_rejected_for_its_own_reason(lie):
    told(lie, subjects.wide())


def test_the_table_has_every_reason_that_a_proof_can_cause():
    first = {lie.stops[0] for lie in LIES} | {r for lie in LIES if lie.shapeless for r in lie.stops}
    of_the_proof = {reason for reason in Reason if not reason.value.startswith(NOT_OF_THE_PROOF)}
    assert first | UNREACHABLE.keys() == of_the_proof
    assert not first & UNREACHABLE.keys()
    # Each is also the only check between some lie and acceptance, but for the two whose lies meet a second one.
    alone = {lie.stops[0] for lie in LIES if not lie.shapeless and len(lie.stops) == 1}
    assert of_the_proof - UNREACHABLE.keys() - alone == {Reason.PROOF_SHORT}


def test_every_rejection_of_the_verifier_is_under_guard():
    """The verifier without checks is the verifier but for them: what is taken out is every raise and nothing else."""
    names = {function.__qualname__ for function, _ in guarded()}
    assert names == {
        "Reader.end",
        "Reader.take",
        "Rounds._grind",
        "_check_trees",
        "_check_words",
        "_words",
        "balance",
        "check",
        "check_folds",
        "verify_proof",
    }


# ------------------------------------------------------------------ lies that are no row of the table


@pytest.mark.parametrize("number", range(len(TREES)), ids=TREES)
@pytest.mark.parametrize("change", [-1, 1], ids=["missing", "too many"])
def test_a_sibling_missing_or_too_many_in_any_tree(number, change):
    """The number of siblings follows from the indices; the proof has no say in it."""

    def reopen(_tree, _known, data):
        return data[:-32] if change < 0 else data + bytes(32)

    case = subjects.wide().proven(EIGHT, committing(number, reopen=reopen))
    assert case.judged() in (*SHAPE, Reason.MERKLE_MAIN)


def test_a_quotient_wrong_at_one_place():
    """Where a query looks it is rejected. Elsewhere it is accepted, and nothing false is shown by it: the committed
    words decode to the same polynomials. The soundness error counts with all words within that distance.

    The place of the query depends on the root, so that no prover can choose it: here challenges are held.
    """
    subject = subjects.wide()
    frozen = Frozen(subject.proven(ONE))
    (index,) = frozen.known(frozen.case).indices

    def wrong_at(place: int) -> Reason | None:
        class WrongThere(stark.StackedCommitment):
            """The quotient's tree, with another R at one point than the one that F is made of."""

            def __init__(self, columns, stacking, randomness, extra=None):
                if extra is not None:
                    extra = extra.copy()
                    extra[place] = other_words(extra[place])
                super().__init__(columns, stacking, randomness, extra)

        with frozen.held():
            case = subject.proven(ONE, [mock.patch.object(stark, "StackedCommitment", WrongThere)])
        assert case.proof != frozen.case.proof
        return frozen.replay(case)

    assert wrong_at(index) is Reason.FRI_LAYER
    assert wrong_at(index ^ 1) is None


# ------------------------------------------------------------------ salts


def salts_of(prove) -> tuple[list[bytes], Case]:
    """Every salt that a run draws, opened or not."""
    seen = []

    def noticing(honest):
        def made(self, *arguments):
            honest(self, *arguments)
            seen.extend(salt.tobytes() for salt in self._salts)

        return made

    with pytest.MonkeyPatch.context() as patch:
        for kind in (stark.Commitment, stark.StackedCommitment):
            patch.setattr(kind, "__init__", noticing(kind.__init__))
        case = prove()
    return seen, case


def repeated(salts: list[bytes]) -> int:
    """How many of these salts stood there before."""
    return sum(number - 1 for number in Counter(salts).values())


def opened_salts(case: Case) -> list[bytes]:
    trees = Parts.read(case, Frozen(case).known(case).indices).trees.values()
    return [salt for tree in trees for salt in tree.salts.values()]


def honest_run():
    subject = subjects.wide()
    return stark.prove_circuit(subject.description, subject.digest, EIGHT, subject.public, subject.traces)


def test_the_prover_never_reuses_a_salt():
    """128 bits each: among all salts of two proofs none is twice."""
    one, first = salts_of(honest_run)
    other, second = salts_of(honest_run)
    domain = 1 << subjects.wide().proven(ONE).at.log_domain
    assert len(one) == len(other) == 3 * domain + domain // 8 + domain // 64
    assert repeated(one + other) == 0
    assert first != second


def test_salts_used_again_are_the_prover_s_own_loss(monkeypatch):
    """No verifier can tell: a proof with one salt for all its leaves, or with those of the proof before, is accepted.
    What a prover that reuses them loses is the hiding of its leaves; the look at its salts above is what finds it."""
    subject = subjects.wide()
    fresh = subject.proven(EIGHT, seed=b"1" * 32), subject.proven(EIGHT, seed=b"2" * 32)
    assert repeated([salt for case in fresh for salt in opened_salts(case)]) == 0
    drawn = Randomness.octets

    def one_for_all(self, *shape):
        octets = drawn(self, *shape)
        if shape[-1] == 16 and len(shape) == 2:
            octets[:] = octets[0]
        return octets

    def as_before(self, *shape):
        return drawn(Randomness(b"0" * 32), *shape) if shape[-1] == 16 and len(shape) == 2 else drawn(self, *shape)

    for lie in (one_for_all, as_before):
        with monkeypatch.context() as patch:
            patch.setattr(Randomness, "octets", lie)
            cases = subject.proven(EIGHT, seed=b"1" * 32), subject.proven(EIGHT, seed=b"2" * 32)
        assert [case.judged() for case in cases] == [None, None]
        assert repeated([salt for case in cases for salt in opened_salts(case)]) > 0


# ------------------------------------------------------------------ the lot machine


def of_the_lot_machine(lies: list[Lie]) -> list[Lie]:
    return [lie for lie in lies if lie.step not in WIDE_ONLY]


@pytest.mark.slow
@pytest.mark.parametrize("lie", [lie for lie in of_the_lot_machine(LIES) if lie.cheap][::12], ids=Lie.name)
def test_lies_about_the_lot_machine(lie):
    told(lie, subjects.lot_machine())


@pytest.mark.audit
@pytest.mark.parametrize("lie", of_the_lot_machine(LIES), ids=Lie.name)
def test_all_lies_about_the_lot_machine(lie):
    told(lie, subjects.lot_machine())

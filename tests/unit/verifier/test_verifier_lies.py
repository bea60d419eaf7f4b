"""False witnesses and challenges of the prover's own choice, proven by the book: each is caught by its check.

Lies at every other step of the protocol, and proofs forged with challenges known beforehand: tests/adversary/protocol.
"""

from dataclasses import replace

import numpy as np
import pytest
import verify_tiny_circuit as tiny

from zkharvest.prover.stark import prove_circuit
from zkharvest.verifier import stark
from zkharvest.verifier.field import P
from zkharvest.verifier.messages import LookupChallenges, Rounds
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.rejections import Reason, Reject

TEST = PRESETS["test"].params


def check(proof, public, digest=tiny.DIGEST, params=TEST):
    try:
        stark.verify_proof(tiny.DESCRIPTION, digest, params, tiny.HEIGHTS, public, proof)
    except Reject as reject:
        return reject.reason
    return None


# ------------------------------------------------------------------ false witnesses, proven by the book


def false_witnesses():
    """(what, cells to change as (table, column, row, new value or function of the old one), reason)."""
    more = lambda v: (v + 1) % P  # noqa: E731
    return [
        ("a start that is not the public one", [(0, 0, 0, more), (0, 3, 0, 216), (1, 0, 0, more)], Reason.QUOTIENT),
        ("a step", [(0, 0, 100, more)], Reason.QUOTIENT),
        ("the last row", [(0, 0, tiny.N - 1, more)], Reason.QUOTIENT),
        ("a flag of 2, in balance", [(0, 2, 50, 2), (0, 1, 50, 0), (1, 2, 50, 2), (1, 1, 50, 0)], Reason.QUOTIENT),
        ("a column that is not constant around the cycle", [(1, 6, 77, more)], Reason.QUOTIENT),
        ("a pair sent that none receives", [(0, 2, 40, 1)], Reason.BALANCE),
        ("a pair received that none sent", [(1, 2, 41, 1)], Reason.BALANCE),
        ("a pair received twice", [(1, 2, 3, 2)], Reason.BALANCE),
        ("another pair received", [(1, 1, 3, more)], Reason.BALANCE),
        ("a public record not received", [(1, 5, 0, 0)], Reason.BALANCE),
        ("a pair received on the other bus", [(1, 2, 3, 0), (1, 5, 20, 1)], Reason.BALANCE),
    ]


@pytest.mark.parametrize(("what", "cells", "reason"), false_witnesses(), ids=lambda v: v if isinstance(v, str) else "")
def test_a_false_witness_is_rejected(what, cells, reason):
    traces, public = tiny.honest()
    traces[1][0][50] = traces[0][0][50]  # the pair of row 50 stands ready in the store
    traces[1][3][20], traces[1][4][20] = traces[0][0][3], traces[0][1][3]
    for table, column, row, change in cells:
        cell = traces[table][column]
        cell[row] = change(int(cell[row])) if callable(change) else change
    assert check(dishonest(traces, public), public) is reason


def test_a_total_off_by_one_is_rejected():
    traces, public = tiny.honest()
    public = replace(public, publics=(*public.publics[:2], public.publics[2] + 1))
    assert check(dishonest(traces, public), public) is Reason.BALANCE


def dishonest(traces, public):
    """The project's prover, told not to mind."""
    columns = [np.stack(table, axis=1).astype(np.uint32) for table in traces]
    return prove_circuit(tiny.DESCRIPTION, tiny.DIGEST, TEST, public, columns, allow_invalid=True)


# ------------------------------------------------------------------ challenges that were not drawn


@pytest.mark.parametrize(
    ("round_", "answer", "reason"),
    [
        ("main", LookupChallenges((3, 1, 4, 1, 5), (9, 2, 6, 5, 3), (5, 8, 9, 7, 9)), Reason.BALANCE),  # A5
        ("aux", (2, 7, 1, 8, 2), Reason.QUOTIENT),
        ("evaluations", (3, 1, 4, 1, 5), Reason.FRI_LAYER),
        ("fold", (3, 1, 4, 1, 5), Reason.FRI_LAYER),  # A6
    ],
)
def test_challenges_of_the_prover_s_own_choice(monkeypatch, round_, answer, reason):
    """Everything is honest but for one challenge, which the prover did not draw from the transcript."""
    real = getattr(Rounds, round_)

    def chosen(self, message):
        real(self, message)
        return answer

    traces, public = tiny.honest()
    with monkeypatch.context() as patch:
        patch.setattr(Rounds, round_, chosen)
        proof = dishonest(traces, public)
    assert check(proof, public) is reason

"""Proofs of a circuit whose tables have heights of their own."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.verifier import tiny_circuit as tiny
from zkharvest.prover.stark import prove_circuit
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.stark import verify_proof

TEST = PRESETS["test"].params
HEIGHTS = [(13, 12), (12, 13), (14, 12), (12, 15)]


def traces_of(heights):
    traces, public = tiny.honest(heights=heights)
    return [np.stack(table, axis=1).astype(np.uint32) for table in traces], public


def prove(traces, public, params=TEST, **options):
    return prove_circuit(tiny.DESCRIPTION, tiny.DIGEST, params, public, traces, **options)


def reason(proof, public, heights, params=TEST):
    try:
        verify_proof(tiny.DESCRIPTION, tiny.DIGEST, params, heights, public, proof)
    except Reject as reject:
        return reject.reason
    return None


@pytest.mark.parametrize("heights", HEIGHTS)
def test_an_honest_proof_is_accepted_under_its_own_heights_alone(heights):
    traces, public = traces_of(heights)
    proof = prove(traces, public, debug=True)
    assert reason(proof, public, heights) is None
    for other in {(13, 13), (13, 12), (12, 13), (14, 12), (14, 13), (14, 14), heights[::-1]} - {heights}:
        assert reason(proof, public, other) is not None


@pytest.mark.parametrize("preset", ["balanced", "small"])
def test_real_presets(preset):
    traces, public = traces_of((13, 12))
    params = PRESETS[preset].params
    assert reason(prove(traces, public, params), public, (13, 12), params) is None


def test_a_longer_mask_needs_a_higher_table():
    """h = 288 of `large` does not fit the 256 coefficients that a column of 2^12 rows has to spare."""
    traces, public = traces_of((14, 12))
    with pytest.raises(ValueError, match=r"2\^12 rows leave no room for a mask of 288"):
        prove(traces, public, PRESETS["large"].params)


LIES = {
    "a step of the tall table": (0, 100, 0, Reason.QUOTIENT),
    "the last row of the tall table": (0, -1, 0, Reason.QUOTIENT),
    "a constant of the low table": (1, 9, 6, Reason.QUOTIENT),
    "the last row of the low table": (1, -1, 6, Reason.QUOTIENT),
    "what the low table receives": (1, 3, 1, Reason.BALANCE),
    "what the tall table tallies": (0, 3, 1, Reason.BALANCE),
}


@pytest.mark.parametrize("name", LIES)
def test_a_false_cell_is_rejected_in_either_table(name):
    table, row, column, expected = LIES[name]
    traces, public = traces_of((14, 12))
    traces[table][row, column] += 1
    assert reason(prove(traces, public, allow_invalid=True), public, (14, 12)) is expected


def test_errors_of_two_tables_do_not_cancel():
    """At row 1 of the low table (w_12 = w_14^4) stands row 4 of the tall one: both false, by opposite amounts."""
    traces, public = traces_of((14, 12))
    traces[1][1, 6] += 1  # `constant`, of the low table
    traces[0][4, 3] -= 1  # `cube`, of the tall one
    assert reason(prove(traces, public, allow_invalid=True), public, (14, 12)) is Reason.QUOTIENT

"""Real proofs at fixed openings: uniform in every place, alike for two witnesses, terminals included."""

from __future__ import annotations

import numpy as np
import pytest

from tests.adversary.hiding.alarms import alarms, two_sample_steps, uniform_distance
from tests.adversary.hiding.observing import PARAMS, fixed
from tests.adversary.hiding.ring_circuit import (
    COINS,
    DESCRIPTION,
    DIGEST,
    LOG_ROWS,
    PLAIN,
    PUBLIC,
    RICH,
    sample_ring,
    with_ring,
)
from zkharvest.prover.plain import P
from zkharvest.prover.stark import prove_circuit
from zkharvest.verifier import stark as verifier
from zkharvest.verifier.stark import verify_proof

FIELD_PARTS = {
    "terminals", "main at z", "aux at z", "quotient at z", "main at gz", "phi at gz", "final",
    "main rows", "aux rows", "quotient rows", "layer 0 rows", "layer 1 rows",
}  # fmt: skip


def test_forty_proofs():
    first, second = sample_ring(PLAIN, 20), sample_ring(RICH, 20)
    assert set(first) >= FIELD_PARTS
    assert alarms(first, second) == set()


@pytest.mark.audit
def test_a_thousand_proofs():
    assert alarms(sample_ring(PLAIN, 500), sample_ring(RICH, 500)) == set()


def test_what_is_sampled_are_proofs():
    """With these coins on its side as well, the verifier accepts; with its own it does not."""
    with fixed(COINS):
        proof = prove_circuit(DESCRIPTION, DIGEST, PARAMS, PUBLIC, with_ring(RICH), debug=True)
    kept, verifier.Rounds = verifier.Rounds, COINS.rounds()
    try:
        verify_proof(DESCRIPTION, DIGEST, PARAMS, [LOG_ROWS] * len(DESCRIPTION.tables), PUBLIC, proof)
    finally:
        verifier.Rounds = kept
    with pytest.raises(verifier.Reject):
        verify_proof(DESCRIPTION, DIGEST, PARAMS, [LOG_ROWS] * len(DESCRIPTION.tables), PUBLIC, proof)


def test_the_witnesses_are_far_apart():
    assert sum(int((PLAIN[name] != RICH[name]).sum()) for name in PLAIN) > 20_000
    on = DESCRIPTION.tables[0].columns.index("on")
    assert PLAIN["steps"][:, on].sum() == 1
    assert RICH["steps"][:, on].sum() == 4000


def test_the_tests_themselves():
    """Distances by definition, and what they are for: constants, small shifts, shared masks raise alarms."""
    rng = np.random.default_rng(3)
    few = np.array([[0], [P // 2], [P - 1]])
    assert uniform_distance(few, P)[0] == pytest.approx(1 / 3, abs=1e-6)
    assert uniform_distance(np.full((9, 1), P // 4), P)[0] == pytest.approx(0.75, abs=1e-6)
    a, b = np.array([[1, 1], [2, 2]]), np.array([[3, 1], [4, 2]])
    assert two_sample_steps(a, b).tolist() == [2, 0]

    def good(rows=30, size=40):
        return rng.integers(0, P, (rows, size))

    assert alarms({"x rows": good()}, {"x rows": good()}) == set()
    stuck = {"x rows": np.repeat(good(1), 30, axis=0)}
    assert ("value: not uniform", "x rows") in alarms(stuck, stuck)
    other = {"x rows": np.repeat(good(1), 30, axis=0)}
    assert ("value: witnesses differ", "x rows") in alarms(stuck, other)
    shared = good(size=1) + np.arange(40)
    assert ("difference: not uniform", "x rows") in alarms({"x rows": shared % P}, {"x rows": good()})
    narrow = {"x rows": good(200) * 9 // 10}
    assert ("value: not uniform together", "x rows") in alarms(narrow, narrow)

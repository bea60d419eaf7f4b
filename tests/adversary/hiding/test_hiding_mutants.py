"""Which test catches which prover that hides too little: the table, asserted. Every mutant is caught by one at least.

`rank` is test_hiding_rank, `statistics` test_hiding_statistics, `leaves` is below; the exact distributions on the tiny
field have their own mutants (test_hiding_exhaustive: masks, quotient masks, batch mask, one coefficient too few).
Marginal distributions do not show what only joint ones tell, such as a quotient piece without a mask of its own: there
the ranks speak. Ranks know nothing of salts and of what comes from outside the prover, such as the ring.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.adversary.hiding import ranks
from tests.adversary.hiding.alarms import alarms
from tests.adversary.hiding.leaves import told_by_leaves
from tests.adversary.hiding.mutants import MUTANTS
from tests.adversary.hiding.observing import PARAMS, sample
from tests.adversary.hiding.ring_circuit import COINS, DESCRIPTION, LOG_ROWS, PLAIN, PUBLIC, RICH, sample_ring
from tests.support.counts import count
from zkharvest.circuit.blinding import BLIND_ROWS
from zkharvest.circuit.builder import Circuit
from zkharvest.prover.randomness import Randomness
from zkharvest.verifier.description_reader import read_description
from zkharvest.verifier.params import sizes

# mutant -> (what the ranks find, parts for which the statistics raise an alarm among others, what leaves tell)
CAUGHT = {
    "none": (set(), set(), set()),
    "masks off": ({"columns"}, {"main at z", "main rows", "main at gz"}, set()),
    "masks of one coefficient": ({"columns"}, set(), set()),
    "a mask short by one opening": ({"columns"}, set(), set()),
    # A row has one word of a stack, so that no two words of it share a mask in the same lanes.
    "one mask for all columns": ({"columns"}, {"main at z", "main at gz"}, set()),
    "quotient masks off": ({"pieces"}, set(), set()),
    "batch mask off": ({"batch"}, {"quotient rows"}, set()),  # R is not opened at z
    "batch mask of few coefficients": ({"batch"}, set(), set()),
    "salts off": (set(), {"main salts", "aux salts", "quotient salts", "layer 0 salts", "layer 1 salts"}, set()),
    "one salt for all leaves": (
        set(),
        {"main salts", "aux salts", "quotient salts", "layer 0 salts", "layer 1 salts"},
        set(),
    ),
    "masks and salts off": (
        {"columns"},
        {"main rows", "main salts", "quotient salts", "layer 0 salts"},
        {"guessed", "same in two proofs"},
    ),
    "one seed for all proofs": (set(), {"main rows", "quotient rows", "final", "main salts"}, {"same in two proofs"}),
    "ring off": (set(), {"terminals"}, set()),
}
EACH = 25


def source_of(name):
    return MUTANTS.get(name, Randomness)


def statistics(name):
    """The parts with an alarm, of fifty proofs."""
    ring = np.zeros((len(DESCRIPTION.tables), BLIND_ROWS), dtype=np.uint32) if name == "ring off" else None
    found = alarms(*(sample_ring(witness, EACH, source=source_of(name), random=ring) for witness in (PLAIN, RICH)))
    return {part for _, part in found}


def test_every_mutant_is_caught_by_one_test_at_least():
    assert set(CAUGHT) == {*MUTANTS, "none", "ring off"}
    assert all(any(found) for name, found in CAUGHT.items() if name != "none")


@pytest.mark.parametrize("name", [name for name in CAUGHT if name != "ring off"])
def test_by_rank(name):
    at = sizes(LOG_ROWS, PARAMS)
    z = COINS.z
    assert ranks.weak(DESCRIPTION, PARAMS, at, source_of(name)(), z, COINS.indices) == CAUGHT[name][0]
    count("mutant provers caught", name != "none" and bool(CAUGHT[name][0]))


@pytest.mark.audit  # fifty proofs each; ranks, leaves and exact distributions catch their mutants in every run
@pytest.mark.parametrize("name", [name for name in CAUGHT if name != "none"])
def test_by_statistics(name):
    found, expected = statistics(name), CAUGHT[name][1]
    assert found >= expected
    assert bool(found) == bool(expected)
    count("mutant provers caught", bool(expected))


@pytest.mark.audit
def test_quotient_masks_by_statistics():
    """Where the quotient is of low degree its upper pieces are zero; only a mask of their own hides that.

    It shows at z, where each piece is opened by itself; a row holds one combination of them.
    """
    circuit = Circuit("low", 1, degree=4, log_rows=(13, 13), tallies=0)
    circuit.public("unused")
    table = circuit.table("constant", "a secret in every row")
    secret = table.column("secret")
    table.zero("constant", secret.next - secret, "the same in every row")
    description = read_description(circuit.freeze())

    def filled(value):
        return lambda: [np.full((1 << LOG_ROWS, 1), value, dtype=np.uint32)]

    def alarmed(source):
        samples = (sample((description, bytes(32), PUBLIC), filled(v), EACH, COINS, source) for v in (0, 77))
        return {part for _, part in alarms(*samples)}

    assert alarmed(MUTANTS["quotient masks off"]) >= {"quotient at z"}
    assert alarmed(Randomness) == {"terminals"}  # there is no ring: a table without buses has the terminal zero
    count("mutant provers caught")


@pytest.mark.parametrize("name", [name for name in CAUGHT if name != "ring off"])
def test_by_leaves(name):
    """Without masks and salts whoever guesses the witness sees from leaves that were not opened that it is right."""
    assert told_by_leaves(source_of(name)) == CAUGHT[name][2]
    count("mutant provers caught", name != "none" and bool(CAUGHT[name][2]))

"""A small circuit with a blinding ring, as the lot machine has, and very different witnesses of one statement.

`steps` adds up the amounts of the rows that are `on`; the sum is public. `store` receives each amount that was added,
`spare` holds a secret constant. Everything but the sum is private.
"""

from __future__ import annotations

from hashlib import sha256

import numpy as np

from tests.adversary.hiding.observing import LOG_ROWS, Coins, sample
from zkharvest.circuit.blinding import blind, uniform
from zkharvest.circuit.builder import Circuit
from zkharvest.prover.randomness import Randomness
from zkharvest.verifier.description_reader import read_description
from zkharvest.verifier.field import P
from zkharvest.verifier.public import PublicData

N = 1 << LOG_ROWS
TOTAL = 123_456_789


def _define() -> Circuit:
    circuit = Circuit("ring", 1, degree=4, log_rows=(13, 14), tallies=0)
    bus = circuit.bus("amounts", 1)
    total = circuit.public("total")
    steps = circuit.table("steps", "adds up the amounts of the rows that are on")
    on, amount, running = steps.column("on"), steps.column("amount"), steps.column("running")
    steps.boolean(on)
    steps.zero("start", running + 0, "the sum starts at zero", "first")
    steps.zero("add", running.next - running - on * amount, "an amount is added where the row is on", "transition")
    steps.zero("end", running + on * amount - total, "the sum is the public one", "last")
    steps.send(bus, [amount], on)
    store = circuit.table("store", "takes every amount that was added")
    value, times = store.column("value"), store.column("times")
    store.zero("twice_at_most", times * (times - 1) * (times - 2), "an amount is taken at most twice a row")
    store.receive(bus, [value], times)
    spare = circuit.table("spare", "a constant that nobody knows")
    secret = spare.column("secret")
    spare.zero("constant", secret.next - secret, "the same in every row")
    circuit.blind_terminals()
    return circuit


CIRCUIT = _define()
DATA = CIRCUIT.freeze()
DIGEST = sha256(DATA).digest()
DESCRIPTION = read_description(DATA)
PUBLIC = PublicData((TOTAL,), (), {}, b"")
COINS = Coins(1, LOG_ROWS)


def _plain_witness():
    """One amount in the first row, zeros everywhere else."""
    return _traces([TOTAL], secret=0)


def _rich_witness():
    """4,000 random amounts in random rows, a random secret."""
    rng = np.random.default_rng(5)
    amounts = rng.integers(0, 1 << 20, 4000)
    amounts[-1] += TOTAL - amounts.sum() % P
    return _traces(amounts % P, secret=987_654_321, rows=np.sort(rng.permutation(N)[:4000]))


def _traces(amounts, secret, rows=None):
    """Traces without the ring's random messages; `with_ring` fills them in."""
    rows = np.arange(len(amounts)) if rows is None else rows
    steps, store, spare = (np.zeros((N, len(table.columns)), dtype=np.uint32) for table in DESCRIPTION.tables)
    steps[rows, 0] = 1
    steps[rows, 1] = amounts
    running = np.cumsum(steps[:, 1].astype(np.uint64)) % P
    steps[1:, 2] = running[:-1]
    store[: len(amounts), 0] = amounts
    store[: len(amounts), 1] = 1
    spare[:, 0] = secret
    return {"steps": steps, "store": store, "spare": spare}


PLAIN, RICH = _plain_witness(), _rich_witness()


def with_ring(traces, random=None):
    """A witness that proves once: the product's ring, its random messages drawn as the product draws them."""
    filled = {name: cells.copy() for name, cells in traces.items()}
    blind(CIRCUIT, filled, uniform(len(CIRCUIT.tables)) if random is None else random)
    return list(filled.values())


def sample_ring(witness, proofs, *, source=Randomness, random=None):
    """Evaluations of fresh proofs of a witness (`observing.sample`); `random` replaces the ring's messages."""
    return sample((DESCRIPTION, DIGEST, PUBLIC), lambda: with_ring(witness, random), proofs, COINS, source)

"""What a verifier sees of a proof, when its own coins are always the same.

The prover runs as it is, except that the challenges are constants instead of hashes of what was said: the honest
verifier of the interactive protocol, asking the same questions again and again. Then every proof has the same layout,
and a value can be compared from proof to proof.
"""

from __future__ import annotations

import random
from contextlib import contextmanager

import numpy as np

from tests.support.counts import count
from tests.support.proof_layout import layout
from zkharvest.prover import stark
from zkharvest.prover.randomness import Randomness
from zkharvest.verifier import messages
from zkharvest.verifier.field import P
from zkharvest.verifier.params import PRESETS, SALT_BYTES, sizes

PARAMS = PRESETS["test"].params
LOG_ROWS = 13  # of every sampled proof


class Coins:
    """One verifier's challenges, all drawn beforehand."""

    def __init__(self, seed, log_rows, params=PARAMS):
        rng = random.Random(seed)
        element = lambda: tuple(rng.randrange(P) for _ in range(5))  # noqa: E731
        at = sizes(log_rows, params)
        self.lookup = messages.LookupChallenges(element(), element(), element())
        self.delta, self.z, self.batch = element(), element(), element()
        self.folds = [element() for _ in at.arities]
        step = at.lde_size // at.rows
        first = rng.randrange(at.domain_size)
        # Half of the queries are neighbours, y and g y for y = x^k: the worst that a verifier can ask of a transition.
        # One more lies above the first of them: two points x with the same y.
        self.indices = tuple((first + k * step) % at.domain_size for k in range(params.queries // 2))
        self.indices += ((first + at.lde_size) % at.domain_size,)
        self.indices += tuple(rng.sample(range(at.domain_size), params.queries - len(self.indices)))

    def rounds(self):
        """A class to stand in for `messages.Rounds`."""
        coins = self

        class Fixed(messages.Rounds):
            def main(self, message):
                super().main(message)
                return coins.lookup

            def aux(self, message):
                super().aux(message)
                return coins.delta

            def quotient(self, message):
                super().quotient(message)
                return coins.z

            def evaluations(self, message):
                super().evaluations(message)
                return coins.batch

            def fold(self, message):
                super().fold(message)
                return coins.folds[len(coins.folds) - self._folds_left - 1]

            def final(self, message):
                super().final(message)
                return coins.indices

        return Fixed


@contextmanager
def fixed(coins):
    """Prover and verifier use these coins."""
    kept = messages.Rounds
    messages.Rounds = stark.messages.Rounds = coins.rounds()
    try:
        yield
    finally:
        messages.Rounds = stark.messages.Rounds = kept


def observe(proof, description, heights, coins, params=PARAMS):
    """Part of the proof -> its words: field elements as uint32; of leaves also the salts, apart."""
    seen = {}
    for part in layout(description, params, heights, coins.indices).values():
        data = np.frombuffer(proof[part.start : part.end], dtype=np.uint8).reshape(part.items, part.size)
        if part.kind == "leaf":
            seen[part.name.replace("leaves", "rows")] = np.ascontiguousarray(data[:, SALT_BYTES:]).view("<u4").ravel()
            seen[part.name.replace("leaves", "salts")] = np.ascontiguousarray(data[:, :SALT_BYTES]).view("<u4").ravel()
        elif part.kind != "nonce":
            seen[part.name] = data.view("<u4").ravel()
    return seen


def sample(circuit, traces, proofs, coins, source=Randomness, *, heights=None):
    """Part of a proof -> (proofs, numbers): what is opened of fresh proofs, the coins being the same.

    `circuit` is (description, digest, public data); `traces()` is called for every proof, `source()` as well; `heights`
    are those of the tables, if they are not all LOG_ROWS.
    """
    description, digest, public = circuit
    rows = []
    with fixed(coins):
        for _ in range(proofs):
            proof = stark.prove_circuit(description, digest, PARAMS, public, traces(), rng=source())
            rows.append(observe(proof, description, heights or [LOG_ROWS] * len(description.tables), coins))
    count("proofs compared", proofs)
    return {part: np.stack([row[part] for row in rows]) for part in rows[0]}

"""A tree of which half the leaves are wrong: a proof is accepted if and only if no query meets one of them.

What the query phase is worth rests on this: each query looks into every tree and every layer, at what it opens, and
neither some trees, words or slots nor some queries are left out. A wrong leaf has one changed word, in any place.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from tests.support.counts import count
from tests.support.tiny_proof import check, prove, witness
from zkharvest.prover import stark as prover
from zkharvest.prover.extension import Extended
from zkharvest.spec import P
from zkharvest.verifier.params import ParameterSet
from zkharvest.verifier.rejections import Reason

NUMBERS = ("grind_lookup", "grind_deep", "grind_batch", "grind_fold", "grind_query")
PARAMS = ParameterSet(log_blowup=2, log_stack=2, queries=2, johnson_m=2, **dict.fromkeys(NUMBERS, 0))
TREES = ("main", "aux", "quotient", "R", "layer 0", "layer 1")
"""What is wrong on half of its leaves; R stands in the leaves of the quotient's tree."""

PROOFS = 12
RNG = np.random.default_rng(2026)


class Spoiler:
    """Patches of the prover, by which the tree of one name is made of other words than all else of the proof."""

    def __init__(self, name: str) -> None:
        self.name, self.wrong, self.leaves = name, set[int](), 1
        self.indices: tuple[int, ...] = ()
        self._made = Counter[str]()
        self._real = prover.StackedCommitment, prover.Commitment, prover.messages.Rounds.final

    @property
    def patches(self) -> list[tuple[Any, str, Any]]:
        def final(rounds: Any, message: Any) -> tuple[int, ...]:
            self.indices = self._real[2](rounds, message)
            return self.indices

        return [
            (prover, "StackedCommitment", self._stacked),
            (prover, "Commitment", self._layer),
            (prover.messages.Rounds, "final", final),
        ]

    @property
    def is_met(self) -> bool:
        """Whether a query opens a wrong leaf."""
        return any(index % self.leaves in self.wrong for index in self.indices)

    def _stacked(self, columns: Any, stacking: Any, randomness: Any, extra: Any = None) -> Any:
        name = TREES[self._made["trees"]]
        self._made["trees"] += 1
        if name == self.name:
            columns = columns.whole() if isinstance(columns, Extended) else columns.copy()
            self._spoil([columns])
        elif extra is not None and self.name == "R":
            extra = extra.copy()
            self._spoil([extra])
        return self._real[0](columns, stacking, randomness, extra)

    def _layer(self, parts: Any, randomness: Any) -> Any:
        name = f"layer {self._made['layers']}"
        self._made["layers"] += 1
        if name == self.name:
            parts = [np.array(part) for part in parts]
            self._spoil(parts)
        return self._real[1](parts, randomness)

    def _spoil(self, parts: list[Any]) -> None:
        """Change a word in half of the rows; `parts` stand side by side."""
        self.leaves = len(parts[0])
        self.wrong = set(RNG.permutation(self.leaves)[: self.leaves // 2].tolist())
        for row in self.wrong:
            part = parts[RNG.integers(len(parts))]
            word = RNG.integers(part.shape[1])
            part[row, word] = (int(part[row, word]) + 1) % P


@pytest.mark.parametrize("name", TREES)
def test_a_proof_is_accepted_if_no_query_meets_a_wrong_leaf_and_only_then(name):
    found = Counter[bool]()
    traces, public = witness()
    for _ in range(PROOFS):
        spoiler = Spoiler(name)
        proof = prove(traces, public, patches=spoiler.patches, params=PARAMS)
        assert len(spoiler.wrong) == spoiler.leaves // 2 > 1000
        assert len(spoiler.indices) == PARAMS.queries
        reason = check(proof, public, params=PARAMS)
        assert reason in ((Reason.FRI_LAYER, Reason.FRI_FINAL) if spoiler.is_met else (None,)), spoiler.indices
        found[reason is None] += 1
    count("proofs with a half of a tree wrong", found.total())
    assert found[False] > 0


def test_a_half_is_missed_by_two_queries_a_quarter_of_the_time():
    """The other side of it, so that the test above is known to see both."""
    found = Counter[bool]()
    traces, public = witness()
    for _ in range(40):
        spoiler = Spoiler("layer 1")
        proof = prove(traces, public, patches=spoiler.patches, params=PARAMS)
        found[check(proof, public, params=PARAMS) is None] += 1
    assert found[True] >= 1, "it happens once in 10^5 runs that none of 40 is missed"
    assert found[False] >= 15, found

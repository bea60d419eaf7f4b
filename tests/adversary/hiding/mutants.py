"""Provers that hide too little: sources of randomness of which a part is switched off or used twice.

The prover draws everything through `Randomness`: masks of columns as (h, columns), quotient masks as
(h, pieces - 1, 5), the batch mask R as (k K, 1, 5), salts as (leaves, 16) bytes. A mutant is a source that answers one
kind of draw badly.
"""

from __future__ import annotations

import numpy as np

from tests.adversary.hiding.observing import PARAMS
from zkharvest.prover.randomness import Randomness
from zkharvest.verifier.params import SALT_BYTES


def kind(shape):
    """What a draw of this shape is for."""
    if len(shape) == 2:
        return "salts" if shape[1] == SALT_BYTES and shape[0] > PARAMS.mask else "masks"
    return "quotient" if shape[0] == PARAMS.mask else "batch"


class Mutant(Randomness):
    """A source with rules: kind of draw -> a function of what was drawn."""

    rules = {}  # noqa: RUF012

    def elements(self, *shape):
        return self._ruled(super().elements(*shape), shape)

    def octets(self, *shape):
        drawn = super().octets(*shape)
        return self._ruled(drawn, shape) if len(shape) == 2 else drawn

    def _ruled(self, drawn, shape):
        rule = self.rules.get(kind(shape))
        return drawn if rule is None else np.ascontiguousarray(rule(drawn))


def mutant(**rules):
    return type("Mutant", (Mutant,), {"rules": rules})


class Repeating(Randomness):
    """A source with the same seed for every proof."""

    def __init__(self):
        super().__init__(b"the same seed for every proof...")


def first_only(count):
    """Only the first rows are random, the others zero."""

    def rule(drawn):
        out = np.zeros_like(drawn)
        out[:count] = drawn[:count]
        return out

    return rule


def one_for_all_columns(drawn):
    return np.repeat(drawn[:, :1], drawn.shape[1], axis=1)


def one_for_all_leaves(drawn):
    return np.repeat(drawn[:1], drawn.shape[0], axis=0)


ASKED = 2 * PARAMS.queries - PARAMS.queries // 2 - 1
"""Distinct y and g y of the queries of `observing.Coins`: half of them are a chain of neighbours, two share a y."""

MUTANTS = {
    "masks off": mutant(masks=np.zeros_like),
    "masks of one coefficient": mutant(masks=first_only(1)),
    "a mask short by one opening": mutant(masks=first_only(ASKED + 9)),
    "one mask for all columns": mutant(masks=one_for_all_columns),
    "quotient masks off": mutant(quotient=np.zeros_like),
    "batch mask off": mutant(batch=np.zeros_like),
    "batch mask of few coefficients": mutant(batch=first_only(100)),
    "salts off": mutant(salts=np.zeros_like),
    "one salt for all leaves": mutant(salts=one_for_all_leaves),
    "masks and salts off": mutant(masks=np.zeros_like, salts=np.zeros_like),
    "one seed for all proofs": Repeating,
}

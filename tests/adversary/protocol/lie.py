"""What a lie is: a prover with patches, and what the verifier meets in it.

`stops`: the checks that the lie meets, in order; the first is the reason of its rejection, and with all of them taken
out of the verifier it is accepted. One entry means that this check alone stands between the lie and acceptance. Where
a lie does not even have the shape of a proof (`stops` are then the possible reasons), the mutant is a weaker verifier:
one that asks what the prover likes to answer (`mutant`), or that believes the prover's parameters (`own_terms`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from tests.adversary.kit.frozen import Case
from tests.adversary.protocol.prover import Patches, Subject
from zkharvest.verifier.params import ParameterSet
from zkharvest.verifier.rejections import Reason

R = Reason
EIGHT = ParameterSet(2, 2, 8, 0, 0, 0, 0, 0, 2)
ONE = replace(EIGHT, queries=1)  # a proof of the same shape whatever the index: what comes first is not its length
GROUND = ParameterSet(2, 2, 8, 3, 3, 10, 10, 3, 2)
TREES = ("main", "aux", "quotient", "layer 0", "layer 1")
MERKLE = (R.MERKLE_MAIN, R.MERKLE_AUX, R.MERKLE_QUOTIENT, R.MERKLE_LAYER, R.MERKLE_LAYER)
SITES = ("lookup", "deep", "batch", "fold 0", "fold 1", "query")
# Read with other sizes than it was written with, a proof ends too early, too late, or has a word that is none.
SHAPE = (R.PROOF_SHORT, R.PROOF_TRAILING, R.PROOF_WORD)
# The verifier asks at other indices; or its transcript is another from the first challenge on, and nothing fits.
FROM_THE_ROWS_ON = (*MERKLE[:4], R.FRI_LAYER, R.FRI_FINAL)
EVERYTHING = (R.BALANCE, R.QUOTIENT, *FROM_THE_ROWS_ON)


def nothing(_subject: Subject) -> Patches:
    return []


@dataclass(frozen=True)
class Lie:
    """A prover with patches for a step, perhaps on another subject or with other parameters than the verifier's."""

    step: str
    told: str
    stops: tuple[Reason, ...]
    patches: Callable[[Subject], Patches] = nothing
    params: ParameterSet = EIGHT
    subject: Callable[[Subject], Subject] = lambda subject: subject
    prover_params: ParameterSet | None = None
    mutant: Callable[[], AbstractContextManager[Any]] | None = None
    own_terms: bool = False  # the mutant verifier takes parameters and height from the proof
    cheap: bool = False  # told about the lot machine as well, whenever tests run

    @property
    def shapeless(self) -> bool:
        return self.mutant is not None or self.own_terms

    def name(self) -> str:
        return f"{self.step}: {self.told}"

    def made(self, subject: Subject) -> tuple[Case, Case]:
        """The case that the verifier sees, and the one that the prover had in mind."""
        meant = self.subject(subject).proven(self.prover_params or self.params, self.patches(subject))
        honest = replace(meant, params=self.params, digest=subject.digest, public=subject.public)
        return replace(honest, heights=subject.heights), meant

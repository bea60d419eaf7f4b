"""The harness: a change that verifies while challenges are held must move the very next one when they are not."""

from __future__ import annotations

from tests.adversary.kit.frozen import Case, Frozen
from tests.adversary.protocol.mutations import Mutation
from tests.adversary.protocol.real_run import ground_sites, reground
from zkharvest.verifier.rejections import Reason


class NotBound(AssertionError):
    """A change that the transcript does not tell, or not where it should."""


def bound_by_the_transcript(frozen: Frozen, mutation: Mutation) -> Case:
    """The changed case: accepted under the recorded challenges; in the real run the absorb that the mutation names is
    the first to differ, the next challenge differs, and the case is rejected. NotBound otherwise."""
    case = mutation.make(frozen)
    reason = frozen.replay(case)
    assert reason is None, f"{mutation.name} is no coordinated change: {reason}"
    try:
        real = [frozen.divergence(case)]
        if ground_sites(case.params, case.at) and mutation.absorb[0] != "grind":
            # A forger grinds: with nonces that hold, another check rejects. (Nonces themselves: a test of their own.)
            real.append(frozen.divergence(reground(case)))
    except ValueError as error:
        raise NotBound(f"{mutation.name}: {error}") from None
    for run in real:
        if run.absorb != mutation.absorb or not run.moved or run.reason is None:
            raise NotBound(f"{mutation.name}: {run}")
    if any(run.reason is Reason.GRINDING for run in real[1:]):
        raise NotBound(f"{mutation.name}: nonces that hold are refused")
    return case

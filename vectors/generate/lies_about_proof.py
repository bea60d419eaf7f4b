"""Lies about the proof: a prover that states what it did not compute, or does not bind what it states.

Each takes what is proven and returns the patches that make the prover tell the lie, for `make_lies.py`. The tools are
those of tests/adversary/protocol.
"""

# ruff: noqa: SLF001 - a liar reaches into the prover
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.adversary.protocol import prover
from tests.adversary.protocol.lies_committed import cancelling_terminals as cancelling
from tests.adversary.protocol.prover import Patches, Subject
from tests.adversary.protocol.weaker import fitting, moving
from zkharvest.prover import stark
from zkharvest.verifier.messages import Evaluations

PARTS: dict[str, Callable[[Any], Any]] = {
    "aux": lambda message: type(message)(message.root, ()),
    "evaluations": lambda _: Evaluations((), ()),
    "final": lambda message: type(message)(()),
}


def cancelling_terminals(subject: Subject) -> Patches:
    """The first table's terminal is stated so that all of them cancel, whatever the tables sent."""
    return cancelling(subject.public)


def cancelling_evaluations(subject: Subject) -> Patches:
    """Besides, the quotient is said to have the value at z that the constraints want: FRI alone can tell."""
    first = subject.description.main_width + subject.description.extension_columns
    return [*cancelling(subject.public), *fitting(subject, moving(0, first))]


def another_first_layer(_subject: Subject) -> Patches:
    """FRI is run, faultlessly, on F + 1."""
    return prover.wrapped(stark._Proof, "_deep_function", lambda layer, _number: one_more(layer))


def another_second_layer(_subject: Subject) -> Patches:
    """The first fold gives one more; the rest follows from that."""
    return prover.wrapped(stark.fri, "fold", lambda layer, number: layer if number else one_more(layer))


def another_final(_subject: Subject) -> Patches:
    """The last polynomial's constant is one more."""

    def told(coefficients: Any, _number: int) -> Any:
        coefficients[:1] = one_more(coefficients[:1])
        return coefficients

    return prover.wrapped(stark.fri, "final_polynomial", told)


def one_more(values: Any) -> Any:
    """Every value of a layer, or of a polynomial's coefficients, one more in its first coordinate."""
    values[:, 0] = prover.to_mont_added(values[:, 0], np.ones(1, np.uint32))
    return values


def deaf(step: str) -> Callable[[Subject], Patches]:
    """A prover that absorbs nothing of the public data, or less at another round."""
    if step == "statement":
        return lambda _: prover.without_public_data()
    return lambda _: prover.without_absorbing(step, PARTS[step])

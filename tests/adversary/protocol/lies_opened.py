"""Lies about what is opened: values at z and g z, the batch F, the folds, the final polynomial."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.adversary.protocol import prover
from tests.adversary.protocol.lie import Lie, R
from tests.adversary.protocol.prover import Subject, add_one
from zkharvest.prover import stark
from zkharvest.prover.stacks import layout
from zkharvest.verifier.field import P
from zkharvest.verifier.stacks import stacks_of


def _openings(subject: Subject) -> dict[str, tuple[int, int]]:
    """(0 at z or 1 at g z, position) of an evaluation of each kind; a constraint reads every one."""
    description = subject.description
    aux = description.main_width
    quotient = aux + description.extension_columns
    return {
        "main": (0, description.next_main[0]),
        "aux": (0, aux),
        "quotient": (0, quotient),
        "main in the next row": (1, 0),
        "running sum in the next row": (1, len(description.next_main)),
    }


def openings() -> Iterator[Lie]:
    for kind in ("main", "aux", "quotient", "main in the next row", "running sum in the next row"):

        def told(subject: Subject, kind: str = kind) -> Callable[[Any, Any], None]:
            side, place = _openings(subject)[kind]
            return lambda here, ahead: add_one((here, ahead)[side], place)

        yield Lie(
            f"opening of {kind}",
            "another value",
            (R.QUOTIENT, R.FRI_FINAL),
            lambda s, told=told: prover.claiming(told(s)),  # type: ignore[misc]
            cheap=kind == "main",
        )
        yield Lie(
            f"opening of {kind}",
            "another value, kept out of the batch",
            (R.QUOTIENT, R.FRI_LAYER),
            lambda s, told=told: prover.claiming(told(s), batched=False),  # type: ignore[misc]
        )

    def exchanged(subject: Subject) -> Callable[[Any, Any], None]:
        """Two columns of one stack trade their values: the stack's words at a query tell neither from the other."""
        lanes = layout(stacks_of(subject.description, subject.heights, 4), 0, 4).lanes
        one, other = next((a, b) for a, b in zip(lanes[0], lanes[1], strict=True) if a >= 0 and b >= 0)

        def change(here: list[Any], _ahead: list[Any]) -> None:
            here[one], here[other] = here[other], here[one]

        return change

    yield Lie(
        "evaluations",
        "those of two columns of one stack exchanged",
        (R.QUOTIENT, R.FRI_FINAL),
        lambda s: prover.claiming(exchanged(s)),
        cheap=True,
    )
    yield Lie(
        "evaluations",
        "false ones that satisfy the constraints",
        (R.FRI_FINAL,),
        prover.claiming_fitting,
        cheap=True,
    )


def foldings() -> Iterator[Lie]:
    def moved(layer: Any) -> Any:
        layer[:, 0] = prover.other_words(layer[:, 0])
        return layer

    yield Lie(
        "batch",
        "FRI on another function than F",
        (R.FRI_LAYER,),
        lambda _: prover.wrapped(stark._Proof, "_deep_function", lambda layer, _: moved(layer)),
        cheap=True,
    )
    for number in (0, 1):

        def told(layer: Any, call: int, number: int = number) -> Any:
            return moved(layer) if call == number else layer

        yield Lie(
            f"fold {number}",
            "the fold of another polynomial",
            (R.FRI_FINAL,) if number else (R.FRI_LAYER,),
            lambda _, told=told: prover.wrapped(stark.fri, "fold", told),  # type: ignore[misc]
            cheap=True,
        )

    def last(coefficients: Any, _number: int) -> Any:
        coefficients[0, 0] = (int(coefficients[0, 0]) + 1) % P
        return coefficients

    yield Lie(
        "final polynomial",
        "another one",
        (R.FRI_FINAL,),
        lambda _: prover.wrapped(stark.fri, "final_polynomial", last),
    )

    def high(layer: Any, _number: int) -> Any:
        """A layer of no degree at all, sent on by the book."""
        return np.random.default_rng(9).integers(0, P, layer.shape, dtype=np.uint32)

    yield Lie(
        "batch",
        "of too high a degree from the first layer on",
        (R.FRI_LAYER, R.FRI_FINAL),
        lambda _: [*prover.wrapped(stark._Proof, "_deep_function", high), *prover.cut_final()],
    )

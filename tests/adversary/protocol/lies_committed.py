"""Lies about what is committed: the trace, the trees, the bus columns and terminals, the quotient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np

from tests.adversary.protocol import prover
from tests.adversary.protocol.lie import MERKLE, TREES, Lie, R
from tests.adversary.protocol.prover import Patches, Subject, add_at, add_one
from zkharvest.prover import field as arrays
from zkharvest.prover import ntt, stark
from zkharvest.prover.deep import words
from zkharvest.prover.randomness import Randomness
from zkharvest.verifier import constraints, field
from zkharvest.verifier.field import P
from zkharvest.verifier.public import PublicData


def witnesses() -> Iterator[Lie]:
    """False witnesses of the wide circuit, proven by the book (those of the lot machine: tests/adversary/links)."""

    def with_cell(table: int, row: int, column: int, value: int) -> Callable[[Subject], Subject]:
        def change(subject: Subject) -> Subject:
            traces = [trace.copy() for trace in subject.traces]
            traces[table][row, column] = value
            return replace(subject, traces=traces)

        return change

    yield Lie("witness", "a step that is none", (R.QUOTIENT,), subject=with_cell(0, 100, 0, 3))
    yield Lie("witness", "a pair received twice", (R.BALANCE,), subject=with_cell(1, 3, 2, 2))
    yield Lie(
        "witness",
        "a pair received twice, and terminals stated that cancel",
        (R.QUOTIENT,),
        lambda s: cancelling_terminals(s.public),
        subject=with_cell(1, 3, 2, 2),
    )


def cancelling_terminals(data: PublicData) -> Patches:
    """The first terminal takes up whatever the buses lack: it is known once alpha and beta are."""

    def told(self: Any, lookup: Any, terminals: list[Any]) -> None:
        compression = constraints.Compression(lookup, self._description)
        terminals[0] = field.sub(terminals[0], constraints.balance(self._description, data, terminals, compression))

    return [mock.patch.object(stark._Proof, "_check_balance", told)]


def commitments() -> Iterator[Lie]:
    for number, (tree, reason) in enumerate(zip(TREES, MERKLE, strict=True)):
        last = number == len(TREES) - 1
        used = (R.FRI_LAYER, R.FRI_FINAL) if last else (R.FRI_LAYER,)
        yield Lie(
            f"{tree} commitment",
            "other rows committed than used, and shown",
            used,
            lambda _, k=number: prover.committing(k, alter=True),  # type: ignore[misc]
        )
        yield Lie(
            f"{tree} commitment",
            "other rows committed than used, the used ones shown",
            (reason,),
            lambda _, k=number: prover.committing(k, alter=True, show_used=True),  # type: ignore[misc]
            cheap=number < 4,
        )
        yield Lie(
            f"{tree} opening",
            "the leaf of another index",
            (reason, R.FRI_LAYER, R.FRI_FINAL) if last else (reason, R.FRI_LAYER),
            lambda _, k=number: prover.committing(k, reopen=prover.leaf_of_another_index),  # type: ignore[misc]
        )
        yield Lie(
            f"{tree} opening",
            "the path of another tree",
            (reason,),
            lambda _, k=number: prover.committing(k, reopen=prover.path_of_another_tree),  # type: ignore[misc]
        )
    yield Lie(
        "main commitment",
        "a lane that no column fills is filled",
        (R.FRI_LAYER,),
        prover.filling_a_lane,
        cheap=True,
    )
    yield Lie(
        "last opening",
        "a sibling is missing",
        (R.PROOF_SHORT, R.PROOF_TRAILING, R.MERKLE_LAYER),
        lambda _: prover.committing(4, reopen=lambda _tree, _known, data: data[:-32]),
        cheap=True,
    )
    yield Lie(
        "last opening",
        "a sibling too many",
        (R.PROOF_TRAILING,),
        lambda _: prover.committing(4, reopen=lambda _tree, _known, data: data + bytes(32)),
        cheap=True,
    )


def buses() -> Iterator[Lie]:
    def helper(trace: Any, _terminals: list[Any]) -> None:
        add_at(trace, 3, 0)
        add_at(trace, 4, 0, P - 1)

    def running_sum(trace: Any, _terminals: list[Any]) -> None:
        add_at(trace, 77, trace.shape[1] - 5)

    def terminal(_trace: Any, terminals: list[Any]) -> None:
        add_one(terminals, 0)

    def cancelling(_subject: Subject) -> Patches:
        def told(_self: Any, _lookup: Any, terminals: list[Any]) -> None:
            terminals[0] = field.add(terminals[0], field.ONE)
            terminals[1] = field.sub(terminals[1], field.ONE)

        return [mock.patch.object(stark._Proof, "_check_balance", told)]

    def alias(_trace: Any, terminals: list[Any]) -> None:
        terminals[0] = (terminals[0][0] + P, *terminals[0][1:])

    yield Lie("bus columns", "a helper that is no sum of fractions", (R.QUOTIENT,), lambda _: prover.auxiliary(helper))
    yield Lie("bus columns", "a running sum with a leap", (R.QUOTIENT,), lambda _: prover.auxiliary(running_sum))
    yield Lie(
        "terminals",
        "one that is not its table's",
        (R.BALANCE, R.QUOTIENT),
        lambda _: prover.auxiliary(terminal),
        cheap=True,
    )
    yield Lie("terminals", "two that cancel, neither its table's", (R.QUOTIENT,), cancelling)
    yield Lie("terminals", "a word said as v + p", (R.PROOF_WORD,), lambda _: prover.auxiliary(alias), cheap=True)


def quotients() -> Iterator[Lie]:
    def coefficient(result: Any, _number: int) -> Any:
        add_at(result, 5, 0)
        return result

    def piece(result: Any, _number: int) -> Any:
        add_at(result, 5, 5)
        return result

    def too_long(_subject: Subject) -> Patches:
        """R, k K coefficients drawn as (k K, 1, 5), gets more of them."""
        honest = Randomness.elements

        def elements(self: Any, *shape: int) -> Any:
            drawn = honest(self, *shape)
            if shape[1:] != (1, 5):
                return drawn
            return np.concatenate([drawn, np.ones((32, 1, 5), dtype=np.uint32)])

        deep_function = stark._Proof._deep_function

        def deep(self: Any, columns: Any, pieces: Any, extra: Any, opened: Any, *rest: Any) -> Any:
            bound = self._at.stack_bound
            layer = deep_function(self, columns, pieces, extra[:bound], opened, *rest)
            factor = stark.batch_of(self._description, self._stacks, opened, rest[-1]).extra
            beyond = arrays.ext_mul(extra, words(factor))
            beyond[:bound] = 0
            return arrays.add(layer, ntt.coset_lde(beyond, self._at.domain_size, field.GENERATOR))

        return [
            mock.patch.object(Randomness, "elements", elements),
            mock.patch.object(stark._Proof, "_deep_function", deep),
            *prover.cut_final(),
        ]

    yield Lie(
        "quotient",
        "another polynomial",
        (R.QUOTIENT,),
        lambda _: prover.wrapped(stark.quotient, "quotient_coefficients", coefficient),
        cheap=True,
    )
    yield Lie(
        "quotient pieces",
        "one coefficient of one piece",
        (R.QUOTIENT,),
        lambda _: prover.wrapped(stark._Proof, "_pieces", piece),
    )

    def far(_subject: Subject) -> Patches:
        class Half(stark.StackedCommitment):
            def __init__(self, columns: Any, stacking: Any, randomness: Any, extra: Any = None) -> None:
                if extra is not None:  # the quotient's tree
                    columns = columns.whole()
                    columns[: len(columns) // 2] = prover.other_words(columns[: len(columns) // 2])
                super().__init__(columns, stacking, randomness, extra)

        return [mock.patch.object(stark, "StackedCommitment", Half)]

    yield Lie("quotient pieces", "wrong on half of the domain", (R.FRI_LAYER,), far)
    yield Lie(
        "mask polynomial",
        "of too high a degree",
        (R.FRI_FINAL,),
        too_long,
        cheap=True,
    )

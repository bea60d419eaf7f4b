"""Lies about the proof: a prover that states what it did not compute, or does not bind what it states.

Each is a function that returns the patches of `zkharvest.prover.stark` which make an honest prover tell the lie, for
`make_lies.py`.
"""

# ruff: noqa: SLF001 - a liar reaches into the prover
from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np

from zkharvest.prover import stark
from zkharvest.verifier import circuits, constraints, messages
from zkharvest.verifier import field as ext
from zkharvest.verifier import stark as verifier

Patches = list[AbstractContextManager[Any]]


class Seen:
    """What a cheating prover remembers of its own run: it needs the challenges to lie well."""

    def __init__(self) -> None:
        self.public: Any = None
        self.sizes: Any = None
        self.lookup: Any = None
        self.delta = self.z = ext.ZERO
        self.terminals: tuple[ext.Ext, ...] = ()


def watched(seen: Seen) -> type[messages.Rounds]:
    """Rounds that tell a cheater the challenges."""

    class Watched(messages.Rounds):
        def main(self, message: messages.MainCommitment) -> messages.LookupChallenges:
            seen.lookup = super().main(message)
            return seen.lookup

        def aux(self, message: messages.AuxCommitment) -> ext.Ext:
            seen.terminals = message.terminals
            seen.delta = super().aux(message)
            return seen.delta

        def quotient(self, message: messages.QuotientCommitment) -> ext.Ext:
            seen.z = super().quotient(message)
            return seen.z

    return Watched


def remembering(seen: Seen) -> AbstractContextManager[Any]:
    """A prover that keeps its public data and sizes at hand."""
    prove = stark._Proof.__init__

    def remember(self: Any, *arguments: Any) -> None:
        prove(self, *arguments)
        seen.public, seen.sizes = self._public, self._at

    return mock.patch.object(stark._Proof, "__init__", remember)


def cancelling_terminals(seen: Seen | None = None) -> Patches:
    """The first table's terminal is stated so that all of them cancel, whatever the tables sent."""
    honest, seen = stark.logup.auxiliary_trace, seen or Seen()

    def told(description: Any, publics: Any, lookup: Any, *rest: Any) -> Any:
        trace, terminals = honest(description, publics, lookup, *rest)
        compression = constraints.Compression(lookup, description)
        excess = constraints.balance(description, seen.public, terminals, compression)
        return trace, (ext.sub(terminals[0], excess), *terminals[1:])

    return [remembering(seen), mock.patch.object(stark.logup, "auxiliary_trace", told)]


def cancelling_evaluations() -> Patches:
    """Besides, the quotient is said to have the value at z that the constraints want: FRI alone can tell."""
    seen = Seen()
    description = circuits.load(circuits.PINNED[-1])
    made, final = messages.Evaluations, stark.fri.final_polynomial

    def told(at_z: tuple[ext.Ext, ...], at_next: tuple[ext.Ext, ...]) -> messages.Evaluations:
        at = seen.sizes
        aux = messages.AuxCommitment(bytes(32), seen.terminals)
        opened = made(at_z, at_next)
        said: Any = mock.Mock(evaluations=opened, aux=aux)
        compression = constraints.Compression(seen.lookup, description)
        selectors = constraints.selectors(seen.z, at)
        values = verifier._table_values(description, seen.public, said, seen.z, at)
        found = [
            constraints.table_constraints(table, value, seen.public.publics, compression, at.rows)
            for table, value in zip(description.tables, values, strict=True)
        ]
        wanted = ext.mul(constraints.combined(found, seen.delta, selectors.by_where), ext.inverse(selectors.vanishing))
        excess = ext.sub(wanted, verifier._quotient_at(description, opened, seen.z, at))
        place = description.main_width + description.extension_columns
        changed = (*at_z[:place], ext.add(at_z[place], excess), *at_z[place + 1 :])
        return made(changed, at_next)

    def cut(values: Any, shift: int) -> Any:
        coefficients = final(values, shift)
        coefficients[seen.sizes.final_terms :] = 0
        return coefficients

    return [
        *cancelling_terminals(seen),
        mock.patch.object(messages, "Rounds", watched(seen)),
        mock.patch.object(messages, "Evaluations", told),
        mock.patch.object(stark.fri, "final_polynomial", cut),
    ]


def _plus_one(values: Any) -> Any:
    """Every value of a layer, or the constant of a polynomial, one more in its first coordinate."""
    changed = values.copy()
    changed[:, 0] = stark.field.add(np.ascontiguousarray(changed[:, 0]), stark.field.to_mont(np.ones(1, np.uint32)))
    return changed


def another_first_layer() -> Patches:
    """FRI is run, faultlessly, on F + 1."""
    honest = stark._Proof._deep_function
    return [mock.patch.object(stark._Proof, "_deep_function", lambda *a: _plus_one(honest(*a)))]


def another_second_layer() -> Patches:
    """The first fold gives one more; the rest follows from that."""
    honest, folds = stark.fri.fold, iter(range(100))

    def told(*arguments: Any) -> Any:
        folded = honest(*arguments)
        return folded if next(folds) else _plus_one(folded)

    return [mock.patch.object(stark.fri, "fold", told)]


def another_final() -> Patches:
    """The last polynomial's constant is one more."""
    honest = stark.fri.final_polynomial

    def told(values: Any, shift: int) -> Any:
        coefficients = honest(values, shift)
        coefficients[:1] = _plus_one(coefficients[:1])
        return coefficients

    return [mock.patch.object(stark.fri, "final_polynomial", told)]


def deaf(step: str) -> Callable[[], Patches]:
    """A prover that absorbs nothing (of public data, or of evaluations) or less (no terminals) at a round."""
    parent = messages.Rounds

    class Deaf(parent):  # type: ignore[misc, valid-type]
        def statement(self, circuit_digest: bytes, public_data: bytes) -> None:
            super().statement(circuit_digest, b"" if step == "statement" else public_data)

        def aux(self, message: messages.AuxCommitment) -> ext.Ext:
            return super().aux(replace(message, terminals=()) if step == "terminals" else message)

        def evaluations(self, message: messages.Evaluations) -> ext.Ext:
            return super().evaluations(messages.Evaluations((), ()) if step == "evaluations" else message)

        def final(self, message: messages.FriFinal) -> tuple[int, ...]:
            return super().final(messages.FriFinal(()) if step == "final" else message)

    return lambda: [mock.patch.object(messages, "Rounds", Deaf)]

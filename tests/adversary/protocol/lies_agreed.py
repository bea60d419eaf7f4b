"""Lies about what both sides agree on: challenges, nonces, queries, the statement and its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np

from tests.adversary.protocol import prover
from tests.adversary.protocol.lie import EIGHT, EVERYTHING, FROM_THE_ROWS_ON, GROUND, ONE, SHAPE, SITES, Lie, R
from tests.adversary.protocol.prover import Subject
from zkharvest.verifier.messages import Evaluations, Rounds


def challenges() -> Iterator[Lie]:
    for round_, nth, meets in (
        ("main", 0, (R.BALANCE, R.QUOTIENT)),
        ("aux", 0, (R.QUOTIENT,)),
        ("quotient", 0, (R.QUOTIENT, R.FRI_LAYER)),
        ("evaluations", 0, (R.FRI_LAYER,)),
        ("fold", 0, (R.FRI_LAYER,)),
        ("fold", 1, (R.FRI_FINAL,)),
        ("final", 0, FROM_THE_ROWS_ON),
    ):
        yield Lie(
            f"challenge after {round_} {nth}",
            "drawn before the message was absorbed",
            meets,
            lambda _, r=round_, k=nth: prover.stale(r, k),  # type: ignore[misc]
            params=ONE if round_ == "final" else EIGHT,
            cheap=round_ in {"aux", "evaluations"},
        )
    yield Lie(
        "challenge after statement",
        "drawn without the public data",
        EVERYTHING,
        lambda _: prover.without_public_data(),
        params=ONE,
        cheap=True,
    )
    for round_, part, meets in (
        ("aux", lambda m: replace(m, terminals=()), (R.QUOTIENT, *FROM_THE_ROWS_ON)),
        ("evaluations", lambda m: Evaluations((), ()), FROM_THE_ROWS_ON),
        ("final", lambda m: replace(m, coefficients=()), FROM_THE_ROWS_ON),
    ):
        yield Lie(
            f"challenge after {round_}",
            "drawn without what was said",
            meets,
            lambda _, r=round_, p=part: prover.without_absorbing(r, p),  # type: ignore[misc]
            params=ONE,
        )


def grindings() -> Iterator[Lie]:
    for site, name in enumerate(SITES):
        for told, nonce in (("a nonce that buys nothing", prover.not_holding), ("a bit less", prover.a_bit_less)):
            yield Lie(
                f"grinding at {name}",
                told,
                (R.GRINDING,),
                lambda _, k=site, n=nonce: prover.grinding(k, n),  # type: ignore[misc]
                params=GROUND,
            )
        yield Lie(
            f"grinding at {name}",
            "a nonce where none is asked for",
            (R.GRINDING,),
            lambda _, k=site: prover.grinding(k, prover.not_holding),  # type: ignore[misc]
            cheap=site == 0,
        )


def queries() -> Iterator[Lie]:
    def asked(change: Callable[[tuple[int, ...]], tuple[int, ...]]) -> Callable[[], AbstractContextManager[Any]]:
        """A verifier that asks what the prover likes to answer."""
        honest = Rounds.final
        return lambda: mock.patch.object(Rounds, "final", lambda self, message: change(honest(self, message)))

    for told, change in (
        ("one fewer is answered", lambda indices: indices[:-1]),
        ("the first is answered twice, the last never", lambda indices: indices[:-1] + indices[:1]),
    ):
        yield Lie(
            "queries",
            told,
            SHAPE,
            lambda _, c=change: prover.answering(c),  # type: ignore[misc]
            mutant=asked(change),
            cheap=True,
        )
    # Indices that differ in one low bit meet each other at the same levels: the proof has the same shape.
    yield Lie(
        "queries",
        "indices of the prover's own choice",
        FROM_THE_ROWS_ON,
        lambda _: prover.answering(lambda indices: tuple(index ^ 1 for index in indices)),
    )


def statements() -> Iterator[Lie]:
    """Proofs by the book, of something else."""
    for name, value in (("johnson_m", 9), ("grind_query", 0)):
        yield Lie(
            f"parameter {name}",
            "another",
            (R.GRINDING,) if name == "grind_query" else EVERYTHING,
            params=replace(ONE, grind_query=20) if name == "grind_query" else ONE,  # a nonce 0 passes once in 2^20
            prover_params=replace(ONE, **{name: value}),
            own_terms=name == "grind_query",
        )
    yield Lie("parameter queries", "fewer", SHAPE, prover_params=replace(EIGHT, queries=1), own_terms=True)
    yield Lie("parameter log_blowup", "larger", SHAPE, prover_params=replace(EIGHT, log_blowup=3), own_terms=True)
    yield Lie("parameter log_stack", "larger", SHAPE, prover_params=replace(EIGHT, log_stack=3), own_terms=True)
    yield Lie("height", "twice as many rows", SHAPE, subject=doubled, own_terms=True)
    yield Lie("circuit", "another digest", EVERYTHING, params=ONE, subject=lambda s: replace(s, digest=bytes(32)))
    yield Lie(
        "statement",
        "another scalar",
        EVERYTHING,
        params=ONE,
        subject=lambda s: with_public(publics=(s.public.publics[0] + 1, *s.public.publics[1:]))(s),
    )
    yield Lie("statement", "another context", EVERYTHING, params=ONE, subject=with_public(context=b"else"), cheap=True)


def doubled(subject: Subject) -> Subject:
    """The wide circuit's trace with as many rows again, all like the last, that send and receive nothing."""
    walk, store = (np.concatenate([trace, np.repeat(trace[-1:], len(trace), axis=0)]) for trace in subject.traces)
    return replace(subject, traces=[walk, store])


def with_public(**changes: Any) -> Callable[[Subject], Subject]:
    return lambda subject: replace(subject, public=replace(subject.public, **changes))

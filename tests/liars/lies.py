"""A lie for every step of the protocol, and what stops it.

`stops`: the checks that the lie meets, in order; the first is the reason of its rejection, and with all of them taken
out of the verifier it is accepted. One entry means that this check alone stands between the lie and acceptance. Where
a lie does not even have the shape of a proof (`stops` are then the possible reasons), the mutant is a weaker verifier:
one that asks what the prover likes to answer (`mutant`), or that believes the prover's parameters (`own_terms`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

import numpy as np

from tests.liars import prover
from tests.liars.forger import x_power
from tests.liars.prover import Patches, Subject, add_at, add_one
from tests.support.frozen import Case
from zkharvest.prove import stark
from zkharvest.verify import field
from zkharvest.verify.field import P
from zkharvest.verify.messages import Openings, Rounds
from zkharvest.verify.params import ParameterSet
from zkharvest.verify.rejections import Reason

R = Reason
EIGHT = ParameterSet(2, 8, 0, 0, 0, 0, 0, 2)
ONE = replace(EIGHT, queries=1)  # a proof of the same shape whatever the index: what comes first is not its length
GROUND = ParameterSet(2, 8, 3, 3, 3, 3, 3, 2)
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
        return replace(honest, log_rows=subject.traces[0].shape[0].bit_length() - 1), meant


# ------------------------------------------------------------------ steps


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

    def cancelling(_trace: Any, terminals: list[Any]) -> None:
        terminals[0] = field.add(terminals[0], field.ONE)
        terminals[1] = field.sub(terminals[1], field.ONE)

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
    yield Lie(
        "terminals", "two that cancel, neither its table's", (R.QUOTIENT,), lambda _: prover.auxiliary(cancelling)
    )
    yield Lie("terminals", "a word said as v + p", (R.PROOF_WORD,), lambda _: prover.auxiliary(alias), cheap=True)


def quotients() -> Iterator[Lie]:
    def coefficient(result: Any, _number: int) -> Any:
        add_at(result, 5, 0)
        return result

    def piece(result: Any, _number: int) -> Any:
        add_at(result, 5, 5)
        return result

    def too_long(result: Any, _number: int) -> Any:
        longer = np.zeros((result.shape[0] + 32, result.shape[1]), dtype=np.uint32)
        longer[: len(result)] = result
        longer[len(result) :, -5:] = 1
        return longer

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
        lambda _: prover.wrapped(stark._Proof, "_quotient_polynomials", piece),
    )

    def half(values: Any, call: int) -> Any:
        """The quotient's values wrong on half of D (the first calls extend public columns)."""
        if values.shape[1] == pieces_width[0]:
            values[: len(values) // 2] = prover.other_words(values[: len(values) // 2])
        return values

    pieces_width: list[int] = [0]

    def far(subject: Subject) -> Patches:
        pieces_width[0] = 5 * (subject.description.pieces + 1)
        return prover.wrapped(stark.ntt, "coset_lde", half)

    yield Lie("quotient pieces", "wrong on half of the domain", (R.FRI_LAYER,), far)
    yield Lie(
        "mask polynomial",
        "of too high a degree",
        (R.FRI_FINAL,),
        lambda _: [*prover.wrapped(stark._Proof, "_quotient_polynomials", too_long), *prover.cut_final()],
        cheap=True,
    )


def _openings(subject: Subject) -> dict[str, tuple[int, int]]:
    """(0 at z or 1 at g z, position) of an opening of each kind that a constraint reads, and of R."""
    description = subject.description
    aux = description.main_width
    quotient = aux + 5 * description.extension_columns
    return {
        "main": (0, description.next_main[0]),
        "aux": (0, aux),
        "quotient": (0, quotient),
        "R": (0, quotient + 5 * description.pieces),
        "main in the next row": (1, 0),
        "running sum in the next row": (1, len(description.next_main)),
    }


def openings() -> Iterator[Lie]:
    kinds = ("main", "aux", "quotient", "R", "main in the next row", "running sum in the next row")
    for kind in kinds:
        first = () if kind == "R" else (R.QUOTIENT,)  # no constraint reads R

        def told(subject: Subject, kind: str = kind) -> Callable[[Any, Any], None]:
            side, place = _openings(subject)[kind]
            return lambda here, ahead: add_one((here, ahead)[side], place)

        yield Lie(
            f"opening of {kind}",
            "another value",
            (*first, R.FRI_FINAL),
            lambda s, told=told: prover.claiming(told(s)),  # type: ignore[misc]
            cheap=kind in {"R", "main"},
        )
        yield Lie(
            f"opening of {kind}",
            "another value, kept out of the batch",
            (*first, R.FRI_LAYER),
            lambda s, told=told: prover.claiming(told(s), batched=False),  # type: ignore[misc]
        )

    def fitting(subject: Subject) -> Callable[[Any, Any], None]:
        """Two coordinates of one piece, so that Q(z) stays."""
        place = _openings(subject)["quotient"][1]

        def change(here: list[Any], _ahead: list[Any]) -> None:
            here[place] = field.add(here[place], field.ONE)
            here[place + 1] = field.sub(here[place + 1], field.inverse(x_power(1)))

        return change

    yield Lie(
        "openings",
        "false ones that satisfy the constraints",
        (R.FRI_FINAL,),
        lambda s: prover.claiming(fitting(s)),
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


def challenges() -> Iterator[Lie]:
    for round_, nth, meets in (
        ("main", 0, (R.BALANCE, R.QUOTIENT)),
        ("aux", 0, (R.QUOTIENT,)),
        ("quotient", 0, (R.QUOTIENT, R.FRI_LAYER)),
        ("openings", 0, (R.FRI_LAYER,)),
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
            cheap=round_ in {"aux", "openings"},
        )
    for round_, part, meets in (
        ("aux", lambda m: replace(m, terminals=()), (R.QUOTIENT, *FROM_THE_ROWS_ON)),
        ("openings", lambda m: Openings((), ()), FROM_THE_ROWS_ON),
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
            params=replace(ONE, grind_query=3) if name == "grind_query" else ONE,
            prover_params=replace(ONE, **{name: value}),
            own_terms=name == "grind_query",
        )
    yield Lie("parameter queries", "fewer", SHAPE, prover_params=replace(EIGHT, queries=1), own_terms=True)
    yield Lie("parameter log_blowup", "larger", SHAPE, prover_params=replace(EIGHT, log_blowup=3), own_terms=True)
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


def witnesses() -> Iterator[Lie]:
    """False witnesses of the wide circuit, proven by the book (those of the lot machine: tests/soundness)."""

    def with_cell(table: int, row: int, column: int, value: int) -> Callable[[Subject], Subject]:
        def change(subject: Subject) -> Subject:
            traces = [trace.copy() for trace in subject.traces]
            traces[table][row, column] = value
            return replace(subject, traces=traces)

        return change

    yield Lie("witness", "a step that is none", (R.QUOTIENT,), subject=with_cell(0, 100, 0, 3))
    yield Lie("witness", "a pair received twice", (R.BALANCE,), subject=with_cell(1, 3, 2, 2))


def every_lie() -> list[Lie]:
    makers = (
        witnesses, commitments, buses, quotients, openings, foldings, challenges, grindings, queries, statements,
    )  # fmt: skip
    return [lie for maker in makers for lie in maker()]


UNREACHABLE = {
    R.POINT: "z is a challenge: it lies in a domain once in 2^130, and no prover can bring that about "
    "(test_verify_stark sets it)",
    R.DENOMINATOR: "so it is with alpha and beta (test_verify_stark sets them)",
}
"""Reasons of the proof system's verifier that no prover can bring about."""

NOT_OF_THE_PROOF = ("package", "statement", "circuit", "policy", "public", "internal")
"""Stages that judge what surrounds a proof, before a byte of it is read (INTERNAL: a defect, never a verdict)."""

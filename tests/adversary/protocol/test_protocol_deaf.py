"""Each absorb is needed: a verifier that leaves it out accepts, in its real run, what it must not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import count as counting

import pytest

from tests.adversary.kit.frozen import Frozen
from tests.adversary.protocol import subjects, wide_circuit
from tests.adversary.protocol.deaf import NOT_SHOWN, Deafness, deaf_to, deafnesses, statement_parts
from tests.adversary.protocol.harness import NotBound, bound_by_the_transcript
from tests.adversary.protocol.mutations import all_mutations
from tests.adversary.protocol.prover import Subject, ground_harder
from tests.support.counts import count
from zkharvest.verifier.description import Description
from zkharvest.verifier.field import P
from zkharvest.verifier.params import ParameterSet, sizes
from zkharvest.verifier.rejections import Reason, Reject

PARAMS = ParameterSet(2, 2, 8, 1, 1, 8, 8, 1, 2)  # a bit a site: a domain of 2^17 points takes 7 less of two of them
PUBLICS = wide_circuit.DESCRIPTION.publics
MARKS = range(len(PUBLICS) - wide_circuit.MARKS, len(PUBLICS))
TABLE = deafnesses(MARKS, len(sizes(wide_circuit.LOG_ROWS, PARAMS).arities))
# The lot machine's scalars enter its equations through fractions, and its list's records with their position.
WIDE_ONLY = ("statement: scalars", "statement: lists")


def false(subject: Subject, but_for: Reason | None) -> Subject:
    """A statement that is false for one reason: a total that the tables do not add up to, a row that breaks a rule."""
    publics, traces = list(subject.public.publics), [trace.copy() for trace in subject.traces]
    if but_for is Reason.BALANCE:
        publics[subject.description.publics.index(TOTALS[subject.description.name])] += 1
    if but_for is Reason.QUOTIENT:
        table, column = kept_to_itself(subject.description)
        traces[table][100, column] = (int(traces[table][100, column]) + 1) % P
    return replace(subject, public=replace(subject.public, publics=tuple(publics)), traces=traces)


def kept_to_itself(description: Description) -> tuple[int, int]:
    """A table and a column of it that only constraints read: no bus, no tally."""
    for number, table in enumerate(description.tables):
        reach: list[set[int]] = []
        for node in table.nodes:
            kind, *rest = node
            below = [k for _, k in rest[1]] if kind == "lin" else rest if kind in {"add", "sub", "mul"} else []
            reach.append({rest[0]} if kind == "col" else {column for k in below for column in reach[k]})
        sent = {n for item in table.interactions for n in (item.mult, *item.message)} | {e.node for e in table.tally}
        free = set(range(len(table.columns))) - {column for node in sent for column in reach[node]}
        if free:
            return number, min(free)
    raise AssertionError


TOTALS = {"wide": "sum", "lot-machine": "sums_out8"}


def proven(but_for: Reason | None = None, subject: Subject | None = None) -> Frozen:
    """By the book, of a true statement or a false one. Where a nonce is not heard, luck must buy the bit."""
    subject = false(subject or subjects.wide(), but_for)
    for number in counting():
        try:
            return Frozen(subject.proven(PARAMS, [ground_harder()], seed=number.to_bytes(32, "little")), but_for)
        except Reject as reject:
            assert reject.reason is Reason.GRINDING
    raise AssertionError


@cache
def heard(subject: Callable[[], Subject], but_for: Reason | None = None) -> Frozen:
    """Made for the verifier that hears everything: once, as no test changes it."""
    return proven(but_for, subject())


def honest() -> Frozen:
    return heard(subjects.wide)


def shown_needed(entry: Deafness, subject: Callable[[], Subject]) -> None:
    with deaf_to(entry.place, entry.part(heard(subject).case)):
        frozen = proven(entry.but_for, subject())
        forged = entry.change(frozen)
        assert forged != frozen.case
        assert forged.judged() is None
    # The verifier that hears everything: the same change of a proof made for it moves the next challenge.
    hearing = heard(subject, entry.but_for)
    changed = entry.change(hearing)
    assert hearing.replay(changed) is None
    divergence = hearing.divergence(changed)
    assert (divergence.absorb, divergence.moved) == (entry.place, True)
    assert divergence.reason is not None
    count("absorbs shown needed")


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry.name)
def test_a_verifier_that_does_not_hear_it_accepts(entry):
    shown_needed(entry, subjects.wide)


@pytest.mark.audit
@pytest.mark.parametrize("entry", [e for e in TABLE if e.name not in WIDE_ONLY], ids=lambda entry: entry.name)
def test_a_verifier_of_the_lot_machine_that_does_not_hear_it_accepts(entry):
    shown_needed(entry, subjects.lot_machine)


HEIGHTS = Deafness(
    "statement: heights", ("statement", 0), lambda case: statement_parts(case)["heights"], lambda f: f.case
)


@pytest.mark.parametrize("entry", [*TABLE, HEIGHTS], ids=lambda entry: entry.name)
def test_the_harness_notices_what_is_not_heard(entry):
    """Run over a verifier that leaves a part out, it finds a change that no challenge, or a later one, tells."""
    with deaf_to(entry.place, entry.part(honest().case)):
        frozen = proven()
        for mutation in all_mutations(frozen.case):
            if mutation.absorb == entry.place:
                try:
                    bound_by_the_transcript(frozen, mutation)
                except NotBound:
                    return
    pytest.fail("every change is told")


def test_every_part_of_every_absorb_is_in_the_table():
    """What the honest run absorbs, byte by byte, is what some verifier of the table does not hear."""
    absorbed = {(e.label, e.nth): len(e.data) for e in honest().events if e.kind == "absorb"}
    parts = statement_parts(honest().case)
    left = {place: set(range(size)) for place, size in absorbed.items()}
    for entry in TABLE:
        part = entry.part(honest().case) or slice(0, absorbed[entry.place])
        left[entry.place] -= set(range(part.start, part.stop))
    left["statement", 0] -= {k for name in NOT_SHOWN for k in range(parts[name].start, parts[name].stop)}
    assert not any(left.values())
    assert {label for label, _ in absorbed} == {
        "statement",
        "main",
        "aux",
        "quotient",
        "evaluations",
        "fold",
        "final",
        "grind",
    }


def test_the_statement_s_parts_are_where_they_are_said_to_be():
    data = next(e.data for e in honest().events if e.label == "statement")
    parts, case = statement_parts(honest().case), honest().case
    assert parts["context"].stop == len(data)
    assert data[parts["circuit digest"]] == case.digest
    assert data[parts["parameters"]] == case.params.encode()
    assert data[parts["heights"]] == bytes(case.heights)
    assert data[parts["scalars"]][4:8] == case.public.publics[0].to_bytes(4, "little")
    assert data[parts["context"]][4:] == case.public.context

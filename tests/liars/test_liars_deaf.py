"""Each absorb is needed: a verifier that leaves it out accepts, in its real run, what it must not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import count as counting

import pytest

from tests.liars import wide_circuit as wide
from tests.liars.deaf import NOT_SHOWN, Deafness, deaf_to, deafnesses, statement_parts
from tests.support.counts import count
from tests.support.frozen import Case, Frozen
from zkharvest.verify.params import ParameterSet, sizes
from zkharvest.verify.rejections import Reason, Reject

PARAMS = ParameterSet(2, 8, 1, 1, 1, 1, 1, 2)
MARKS = range(len(wide.DESCRIPTION.publics) - wide.MARKS, len(wide.DESCRIPTION.publics))
# False for one reason each: a total that the tables do not add up to, an end that the last row does not have.
FALSE = {None: None, Reason.BALANCE: 2, Reason.QUOTIENT: 1}


def proven(but_for: Reason | None = None) -> Frozen:
    """By the book, of a true statement or a false one. Where a nonce is not heard, luck must buy the bit."""
    from zkharvest.prove.stark import prove_circuit

    traces, public = wide.honest()
    false = FALSE[but_for]
    if false is not None:
        public = replace(public, publics=tuple(v + (i == false) for i, v in enumerate(public.publics)))
    for _ in counting():
        try:
            proof = prove_circuit(wide.DESCRIPTION, wide.DIGEST, PARAMS, public, traces, allow_invalid=True)
        except Reject as reject:
            assert reject.reason is Reason.GRINDING
            continue
        return Frozen(Case(wide.DESCRIPTION, wide.DIGEST, PARAMS, wide.LOG_ROWS, public, proof), but_for)
    raise AssertionError


@cache
def honest() -> Frozen:
    return proven()


TABLE = deafnesses(MARKS, len(sizes(wide.LOG_ROWS, PARAMS).arities))


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry.name)
def test_a_verifier_that_does_not_hear_it_accepts(entry: Deafness):
    with deaf_to(entry.place, entry.part(honest().case)):
        frozen = proven(entry.but_for)
        forged = entry.change(frozen)
        assert (forged.proof, forged.public, forged.digest, forged.params) != (
            frozen.case.proof,
            frozen.case.public,
            frozen.case.digest,
            frozen.case.params,
        )
        assert forged.judged() is None
    # The verifier that hears everything: the same change of a proof made for it moves the next challenge.
    heard = proven(entry.but_for)
    changed = entry.change(heard)
    assert heard.replay(changed) is None
    divergence = heard.divergence(changed)
    assert (divergence.absorb, divergence.moved) == (entry.place, True)
    assert divergence.reason is not None
    count("absorbs shown needed")


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
        "openings",
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
    assert data[parts["height"]] == bytes([case.log_rows])
    assert data[parts["scalars"]][4:8] == case.public.publics[0].to_bytes(4, "little")
    assert data[parts["context"]][4:] == case.public.context

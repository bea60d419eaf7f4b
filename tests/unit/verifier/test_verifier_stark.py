"""The verifier on honest proofs, on proofs with one thing changed, and on the statement of another proof."""

from dataclasses import replace

import numpy as np
import pytest
import verify_tiny_circuit as tiny
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.proof_layout import flipped, replaced
from zkharvest.verifier import messages, stark
from zkharvest.verifier.field import P
from zkharvest.verifier.messages import LookupChallenges, Rounds
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.rejections import Reason, Reject

TEST = PRESETS["test"].params


def check(proof, public, params=TEST, digest=tiny.DIGEST, heights=tiny.HEIGHTS):
    """None, or the reason of the rejection."""
    try:
        stark.verify_proof(tiny.DESCRIPTION, digest, params, heights, public, proof)
    except Reject as reject:
        return reject.reason
    return None


def test_an_honest_proof_convinces(proven):
    assert check(proven.proof, proven.public) is None
    assert max(part.end for part in proven.parts.values()) == len(proven.proof)


@pytest.mark.parametrize("preset", ["test", "balanced"])
def test_the_project_s_prover_convinces(preset):
    """Two provers written from one text, one verifier."""
    from zkharvest.prover.stark import prove_circuit

    params = PRESETS[preset].params
    traces, public = tiny.honest(seed=7)
    columns = [np.stack(table, axis=1).astype(np.uint32) for table in traces]
    proof = prove_circuit(tiny.DESCRIPTION, tiny.DIGEST, params, public, columns)
    assert check(proof, public, params) is None
    assert check(proof, replace(public, context=b"else"), params) is not None


# ------------------------------------------------------------------ one thing changed

AFTER_QUERIES = {
    "main leaves": Reason.MERKLE_MAIN,
    "main siblings": Reason.MERKLE_MAIN,
    "aux leaves": Reason.MERKLE_AUX,
    "aux siblings": Reason.MERKLE_AUX,
    "quotient leaves": Reason.MERKLE_QUOTIENT,
    "quotient siblings": Reason.MERKLE_QUOTIENT,
    "layer 0 leaves": Reason.MERKLE_LAYER,
    "layer 0 siblings": Reason.MERKLE_LAYER,
    "layer 1 leaves": Reason.MERKLE_LAYER,
    "layer 1 siblings": Reason.MERKLE_LAYER,
}


def test_every_part_is_covered(proven):
    before = {name for name, part in proven.parts.items() if part.kind in ("root", "nonce", "ext")}
    assert before | AFTER_QUERIES.keys() == proven.parts.keys()


def test_one_bit_of_every_item_of_every_part(proven):
    """Nothing in a proof is free: each root, nonce, value, salt, row and digest matters."""
    rng = np.random.default_rng(1)
    for part in proven.parts.values():
        for k in range(part.items) if part.items < 60 else rng.integers(0, part.items, 40):
            place = part.item(k)
            position = int(rng.integers(place.start, place.stop))
            reason = check(flipped(proven.proof, position, int(rng.integers(0, 7))), proven.public)
            assert reason is not None, (part.name, k, position)
            assert reason is not Reason.INTERNAL
            if part.kind == "nonce":
                assert reason is Reason.GRINDING
            elif part.name in AFTER_QUERIES:
                assert reason in (AFTER_QUERIES[part.name], Reason.PROOF_WORD), part.name


def test_every_field_word_is_below_p(proven):
    """v and v + p are one element; a second encoding would be a second proof, so it is refused, wherever it stands."""
    for part in proven.parts.values():
        skip = {"ext": 0, "leaf": 16}.get(part.kind)
        if skip is None:
            continue
        for k in (0, part.items - 1):
            place = part.item(k)
            for position in (place.start + skip, place.stop - 4):
                value = int.from_bytes(proven.proof[position : position + 4], "little")
                for alias in {P, 2**32 - 1, value + P if value + P < 2**32 else P}:
                    changed = replaced(proven.proof, slice(position, position + 4), alias.to_bytes(4, "little"))
                    assert check(changed, proven.public) is Reason.PROOF_WORD, part.name


def test_missing_bytes_and_bytes_too_many(proven):
    ends = sorted({part.end for part in proven.parts.values()} | {part.start for part in proven.parts.values()})
    for end in ends[:-1]:
        for cut in (end, end + 1):
            assert check(proven.proof[:cut], proven.public) is Reason.PROOF_SHORT
    assert check(proven.proof + b"\0", proven.public) is Reason.PROOF_TRAILING
    assert check(proven.proof + proven.proof, proven.public) is Reason.PROOF_TRAILING
    assert check(b"", proven.public) is Reason.PROOF_SHORT


def test_the_last_item_of_every_part_left_out(proven):
    """No part's length is taken from the proof: a shorter list is not a shorter check."""
    for part in proven.parts.values():
        if part.items:
            place = part.item(part.items - 1)
            shorter = proven.proof[: place.start] + proven.proof[place.stop :]
            assert check(shorter, proven.public) is not None, part.name


def test_items_exchanged(proven):
    for name in ("terminals", "main at z", "phi at gz", "quotient at z", "final", "main leaves", "main siblings"):
        part = proven.parts[name]
        first, last = part.item(0), part.item(part.items - 1)
        changed = replaced(proven.proof, first, proven.proof[last])
        changed = replaced(changed, last, proven.proof[first])
        assert check(changed, proven.public) is not None, name


@given(st.binary(max_size=200), st.integers(0, 25_000))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_rejected_with_a_reason(proven, data, start):
    start = min(start, len(proven.proof))
    for proof in (data, proven.proof[:start] + data, proven.proof[:start] + data + proven.proof[start + len(data) :]):
        if proof != proven.proof:
            assert isinstance(check(proof, proven.public), Reason)


# ------------------------------------------------------------------ another statement


def test_every_public_value_is_bound(proven):
    public = proven.public
    column = public.columns[0, 0]
    others = [
        replace(public, lists=((public.lists[0][1], public.lists[0][0], public.lists[0][2]),)),
        replace(public, lists=(public.lists[0][:-1],)),
        replace(public, lists=((*public.lists[0], (0,)),)),
        # the same polynomial, said in more rows: still another statement
        replace(public, columns={**public.columns, (0, 0): (*column, 0)}),
        replace(public, columns={**public.columns, (0, 1): (1, 0)}),
        replace(public, context=public.context + b"\0"),
        replace(public, context=public.context[:-1]),
        replace(public, context=b""),
    ]
    for i, value in enumerate(public.publics):
        others.append(replace(public, publics=(*public.publics[:i], value + 1, *public.publics[i + 1 :])))
    records = public.lists[0]
    others += [replace(public, lists=((*records[:i], (3,), *records[i + 1 :]),)) for i in range(3)]
    for i in (0, 299):
        changed = (*column[:i], column[i] + 1, *column[i + 1 :])
        others.append(replace(public, columns={**public.columns, (0, 0): changed}))
    for other in others:
        assert check(proven.proof, other) not in (None, Reason.PUBLIC_SHAPE, Reason.PUBLIC_VALUE)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"publics": (1, 2)}, Reason.PUBLIC_SHAPE),
        ({"publics": (1, 2, 3, 4)}, Reason.PUBLIC_SHAPE),
        ({"publics": (1, 2, P)}, Reason.PUBLIC_VALUE),
        ({"publics": (1, 2, -1)}, Reason.PUBLIC_VALUE),
        ({"lists": ()}, Reason.PUBLIC_SHAPE),
        ({"lists": (((1,),) * 9,)}, Reason.PUBLIC_SHAPE),
        ({"lists": (((1, 2),),)}, Reason.PUBLIC_SHAPE),
        ({"lists": (((),),)}, Reason.PUBLIC_SHAPE),
        ({"lists": (((P,),),)}, Reason.PUBLIC_VALUE),
        ({"columns": {}}, Reason.PUBLIC_SHAPE),
        ({"columns": {(0, 0): (), (0, 1): (), (1, 0): ()}}, Reason.PUBLIC_SHAPE),
        ({"columns": {(0, 0): (1,) * 8193, (0, 1): ()}}, Reason.PUBLIC_SHAPE),
        ({"columns": {(0, 0): (P,), (0, 1): ()}}, Reason.PUBLIC_VALUE),
    ],
)
def test_public_data_has_the_circuit_s_shape(proven, change, reason):
    assert check(proven.proof, replace(proven.public, **change)) is reason


def test_another_circuit_height_or_parameter_set(proven):
    assert check(proven.proof, proven.public, digest=bytes(32)) is not None
    for change in ({"queries": 7}, {"queries": 9}, {"johnson_m": 3}, {"log_blowup": 3}, {"grind_query": 1}):
        assert check(proven.proof, proven.public, params=replace(TEST, **change)) is not None
    for heights in ((14, 14), (13, 12), (12, 13), (14, 13)):
        assert check(proven.proof, proven.public, heights=heights) is not None
    for heights in ((12, 12), (17, 13), (13, 11), (13,), (13, 13, 13)):
        with pytest.raises(ValueError, match=r"height|rows"):
            check(proven.proof, proven.public, heights=heights)


def test_a_proof_of_a_wider_circuit_is_of_another_shape(proven):
    """Widths are the circuit's: words cannot move between rows or trees."""
    walk = tiny.DESCRIPTION.tables[0]
    wider = replace(walk, columns=(*walk.columns, "more"))
    other = replace(tiny.DESCRIPTION, tables=(wider, tiny.DESCRIPTION.tables[1]))
    with pytest.raises(Reject) as caught:
        stark.verify_proof(other, tiny.DIGEST, TEST, tiny.HEIGHTS, proven.public, proven.proof)
    assert caught.value.reason.value.startswith(("proof/", "transcript/"))


# ------------------------------------------------------------------ challenges that the protocol excludes


def test_a_point_in_a_domain_is_a_typed_rejection(proven, monkeypatch):
    for z in (1, pow(3, 1 << TEST.log_stack, P)):
        monkeypatch.setattr(Rounds, "quotient", lambda self, message, z=z: _after(self, message, z))
        assert check(proven.proof, proven.public) is Reason.POINT


_quotient = Rounds.quotient


def _after(rounds, message, z):
    _quotient(rounds, message)
    return (z, 0, 0, 0, 0)


def test_a_vanishing_denominator_is_a_typed_rejection(proven, monkeypatch):
    """alpha + 2 + 100 beta + 5 beta^2 = 0 for the public message (100, start = 5) on bus 2."""
    real = Rounds.main

    def main(self, message):
        real(self, message)
        return LookupChallenges((-107 % P, 0, 0, 0, 0), (1, 0, 0, 0, 0), (2, 0, 0, 0, 0))

    monkeypatch.setattr(messages.Rounds, "main", main)
    assert check(proven.proof, proven.public) is Reason.DENOMINATOR

"""Attacks on FRI, the out-of-domain point and the quotient (rows C1 to C6 of the list, docs/security/attacks.md)."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np
import pytest

from tests.support import whole_links
from tests.support.counts import count
from tests.support.proofs import chain_by_itself, packed, small_chain
from tests.support.tiny_proof import (
    AT,
    FALSE_STEP,
    SAME_QUOTIENT,
    TEST,
    Patched,
    any_degree,
    check,
    claims,
    facts,
    first_layer,
    honest,
    prove,
    queries,
    tiny,
    witness,
)
from zkharvest.prover import stark as prover
from zkharvest.verifier import field as ext
from zkharvest.verifier import fri, messages, soundness, stark
from zkharvest.verifier import verify_chain as deciding
from zkharvest.verifier.field import ONE, P
from zkharvest.verifier.messages import Rounds
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.rejections import Reason
from zkharvest.verifier.stacks import stacks_of

BYTES_OF_ANOTHER_SHAPE = {Reason.PROOF_SHORT, Reason.PROOF_TRAILING, Reason.PROOF_WORD, Reason.GRINDING}


def shaped(**changes):
    """Patches of both sides: other sizes (of the folds, of the final polynomial)."""
    other = replace(AT, **changes)
    return [(module, "sizes", lambda *_: other) for module in (prover, messages, stark)]


# ------------------------------------------------------------------ C1 to C4: FRI's shape


def test_c1_the_final_polynomial_has_its_length():
    """Plonky3 (GHSA-f69f-5fx9-w9r9), icicle #928: as many coefficients as points interpolate anything."""
    points = AT.domain_size // prod(AT.arities)
    lies = [any_degree(), claims(SAME_QUOTIENT)]
    data = honest().public
    with Patched(*shaped(final_terms=points)):  # a mutant that takes a longer one believes false values at z
        proof = prove(tiny.honest()[0], data, patches=lies)
        assert check(proof, data) is None
    assert check(proof, data) in BYTES_OF_ANOTHER_SHAPE
    assert check(prove(tiny.honest()[0], data, patches=lies), data) is Reason.FRI_FINAL
    case = honest()
    part = case.parts["final"]
    last = part.item(part.items - 1)
    assert part.items == AT.final_terms == 544
    for changed in (
        case.proof[: part.end] + bytes(20) + case.proof[part.end :],
        case.proof[: part.end] + bytes(20 * (points - part.items)) + case.proof[part.end :],
        case.proof[: last.start] + case.proof[part.end :],
        case.proof[: part.start] + case.proof[part.end :],
    ):
        assert check(changed, case.public) is not None
    count("attacks covered")


def test_c2_parameters_that_prove_nothing_do_not_exist():
    """Plonky3 #1735, #1772, #1850: no queries, or a rate of 1, were accepted."""
    for change in (
        {"queries": 0}, {"queries": -1}, {"queries": 1001}, {"log_blowup": 0}, {"log_blowup": 1}, {"log_blowup": 6},
        {"log_stack": 0}, {"log_stack": 1}, {"log_stack": 4},
        {"johnson_m": 0}, *({f"grind_{site}": bits} for site in ("lookup", "deep", "batch", "fold", "query")
                            for bits in (-1, 41)),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="must be"):
            replace(TEST, **change)
    with pytest.raises(TypeError):
        PRESETS["mine"] = PRESETS["test"]
    # A package names a set; the verifier's own table says what it is, and real policy asks for 128 bits of it.
    for name in ("none", "test ", ""):
        assert chain_by_itself(packed(preset=name)).reason == Reason.PACKAGE_PRESET.value
    data = small_chain().package
    assert chain_by_itself(data, allow_test_preset=False).reason == Reason.POLICY_TEST_PRESET.value
    balanced = PRESETS["balanced"]
    weak = replace(balanced, params=replace(balanced.params, queries=balanced.params.queries - 1))
    with Patched((deciding, "PRESETS", {"test": weak})):
        assert chain_by_itself(data).reason == Reason.POLICY_BITS.value
    instance = soundness.model(tiny.DESCRIPTION, PRESETS["balanced"].params, tiny.HEIGHTS)
    with pytest.raises(ValueError, match="no room"):
        soundness.terms(replace(instance, rate=1.0), soundness.Regime("", 1.0, 5))
    # Had a set no queries, nothing would be opened: even then nothing is accepted.
    none = replace(TEST)
    object.__setattr__(none, "queries", 0)
    data, unopened = honest().public, (prover.Commitment, "open", lambda *_: b"")
    proof = prove(tiny.honest()[0], data, params=none, patches=[unopened, any_degree(), claims(SAME_QUOTIENT)])
    with pytest.raises(ValueError, match="another shape"):
        check(proof, data, params=none)
    with Patched((stark, "_check_trees", lambda *_: None)):  # what a verifier that compares what there is believes
        assert check(proof, data, params=none) is None
    count("attacks covered")


def test_c3_every_query_compares_the_first_layer_with_the_opened_rows():
    """lambdaworks #67: the DEEP quotient was checked at one query only."""
    data = honest().public
    lies = [claims(SAME_QUOTIENT), first_layer(lambda words: np.tile(words[:1], (len(words), 1)))]
    proof = prove(tiny.honest()[0], data, patches=lies)
    assert check(proof, data) is Reason.FRI_LAYER
    real = fri.check_folds

    def first_only(values, layers, *rest):
        """Takes the layer's word for it at all queries."""
        size = AT.domain_size // AT.arities[0]
        real({i: layers[0].leaves[i % size][i // size] for i in values}, layers, *rest)

    with Patched((fri, "check_folds", first_only)):
        assert check(proof, data) is None
    # At each single one: a layer that is F but at one queried place.
    case = honest()
    found, drawn = queries(case.proof, case.public), facts(case.proof, case.public)
    final = [case.word("final", k) for k in range(AT.final_terms)]
    size = AT.domain_size // AT.arities[0]
    values = {i: found.layers[0].leaves[i % size][i // size] for i in case.indices}
    real(values, found.layers, drawn.challenges["fold"], final, AT)
    for i, value in values.items():
        with pytest.raises(stark.Reject, match="layer 0"):
            real({**values, i: ext.add(value, ONE)}, found.layers, drawn.challenges["fold"], final, AT)
    count("attacks covered")


@pytest.mark.parametrize("arities", [(4, 8), (8,), (8, 4, 2), (2, 2, 2, 2, 2)])
def test_c4_folds_and_arities_are_the_parameters(arities):
    """Plonky3 #1676, #1698, #1792: rounds and arities were read from the proof."""
    other = shaped(arities=arities, final_terms=AT.stack_bound // prod(arities))
    data = honest().public
    with Patched(*other[:2]):
        proof = prove(tiny.honest()[0], data)
    assert check(proof, data) is not None
    with Patched(*other):
        # A verifier of that shape is convinced: it is a proof, but not the protocol's.
        assert check(proof, data) is None
    count("attacks covered", int(arities == (4, 8)))


# ------------------------------------------------------------------ C5, C6: the point and what is opened there


def z_is(value):
    """Patch of both sides: the out-of-domain point."""
    real = Rounds.quotient

    def forced(self, message):
        real(self, message)
        return value

    return Rounds, "quotient", forced


W_H, W_D = (ext.root_of_unity(k) for k in (AT.log_rows, AT.log_domain))
IMAGES = [pow(3 * pow(W_D, k, P), AT.stack, P) for k in (0, 1, 77)]  # x^k of points x of D


@pytest.mark.parametrize("z", [1, W_H, pow(W_H, 4000, P), P - 1, *IMAGES])
def test_c5_a_point_in_a_domain_is_a_typed_rejection(z):
    """Plonky3 #1760, #1762, #1791: z in the trace domain or in the evaluation coset went unnoticed, or divided by 0."""
    case = honest()
    assert not messages.point_is_usable(ext.from_base(z), AT, tiny.HEIGHTS)
    with Patched(z_is(ext.from_base(z))):
        assert check(case.proof, case.public) is Reason.POINT


def test_c5_at_a_row_only_that_row_is_checked():
    """At z = w^4000 the vanishing polynomial is zero: any quotient goes with constraints that hold on row 4000."""
    traces, data = witness(FALSE_STEP)
    point = ext.from_base(pow(W_H, 4000, P))
    anywhere = ((messages, "point_is_usable", lambda *_: True), (stark, "point_is_usable", lambda *_: True))
    with Patched(z_is(point), *anywhere):
        proof = prove(traces, data)
        with pytest.raises(ZeroDivisionError):  # each constraint is divided by z^N - 1: without the check, by zero
            check(proof, data)
        # a mutant that multiplies by it instead believes a false step on row 100
        nothing = (stark, "_quotient_at", lambda *_: ext.ZERO), (stark, "_constraints_at", lambda *_: ext.ZERO)
        with Patched(*nothing):
            assert check(proof, data) is None
    with Patched(z_is(point)):
        assert check(proof, data) is Reason.POINT
    assert check(proof, data) is not None
    count("attacks covered")


OPENED = ("main at z", "aux at z", "quotient at z", "main at gz", "phi at gz")


def _scrambled(tree: int, column: int):
    """Patch of the prover: a tree is of random words in a column; all the rest is as it should be."""
    real, made = prover.StackedCommitment, []

    def commit(columns, *rest):
        made.append(columns)
        if len(made) == tree + 1:
            columns = columns.whole()
            columns[:, column] = np.random.default_rng(tree).integers(0, P, len(columns))
        return real(columns, *rest)

    return prover, "StackedCommitment", commit


def test_c6_every_committed_column_is_opened():
    """Plonky3 #1793, #1853: a column that was opened nowhere could be any function."""
    k = AT.stack
    for d in (tiny.DESCRIPTION, whole_links.frozen()[1]):
        ahead = (len(d.next_main), len(d.tables))
        others = (d.main_width - ahead[0], d.extension_columns - ahead[1], d.pieces)
        stacks = 2 * sum(-(-n // k) for n in ahead) + sum(-(-n // k) for n in others)
        assert soundness.model(d, TEST, [d.log_rows[0]] * len(d.tables)).batch == stacks + 1
    case, d = honest(), tiny.DESCRIPTION
    assert sum(case.parts[name].items for name in OPENED[:3]) == d.main_width + d.extension_columns + d.pieces
    # A column that is no polynomial of low degree, in each of the trees, its values at z whatever they are said to be.
    powers, stacks = ext.powers, stacks_of(d, tiny.HEIGHTS, k)
    trees = stacks.heights[0].trees
    for tree, columns in enumerate(((1, 9), (1, 3), (1, 14))):  # words of those that are not opened at g z as well
        before = sum(one.stacks for one in trees[:tree])
        for column in columns:
            proof = prove(tiny.honest()[0], case.public, patches=[_scrambled(tree, column)])
            assert check(proof, case.public) is Reason.FRI_LAYER
            one = column // trees[tree].degree
            assert one not in trees[tree].following.columns
            place = next(stack for c, stack, _ in trees[tree].placed() if c == one)

            def all_but_one(base, number, skip=before + place):
                found = powers(base, number)
                return [*found[:skip], ext.ZERO, *found[skip + 1 :]] if number == stacks.pairs else found

            with Patched((ext, "powers", all_but_one)):  # in the mutant's batch there is no place for its stack
                proof = prove(tiny.honest()[0], case.public, patches=[_scrambled(tree, column)])
                assert check(proof, case.public) is None
            assert check(proof, case.public) is not None
    count("attacks covered")

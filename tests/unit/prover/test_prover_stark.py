"""Whole proofs of the tiny circuit: accepted, fresh, repeatable; and refused or rejected where the trace lies."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from tests.support.tiny_traces import DATA, DESCRIPTION, DIGEST, LOG_ROWS, N, honest_traces
from zkharvest.prover import logup, stark
from zkharvest.prover.check import WitnessError
from zkharvest.prover.plain import P
from zkharvest.prover.progress import STEPS, Steps
from zkharvest.prover.randomness import Randomness
from zkharvest.prover.stark import prove_circuit
from zkharvest.verifier import constraints, messages
from zkharvest.verifier import field as ext
from zkharvest.verifier.description_reader import read_description
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.stark import verify_proof

TEST = PRESETS["test"].params
HEIGHTS = [LOG_ROWS] * len(DESCRIPTION.tables)


def prove(traces, public, params=TEST, **options):
    return prove_circuit(DESCRIPTION, DIGEST, params, public, traces, **options)


def verify(proof, public, params=TEST, heights=HEIGHTS):
    verify_proof(DESCRIPTION, DIGEST, params, heights, public, proof)


def rejected(proof, public):
    with pytest.raises(Reject) as caught:
        verify(proof, public)
    return caught.value.reason


def test_an_honest_proof_is_accepted():
    traces, public = honest_traces()
    verify(prove(traces, public, debug=True), public)


@pytest.mark.parametrize("log_blowup", [2, 3, 4])
def test_at_every_blowup_and_with_grinding(log_blowup):
    shape = replace(TEST, log_blowup=log_blowup, log_stack=2 + log_blowup % 2)
    params = replace(shape, queries=20, grind_lookup=3, grind_deep=2, grind_batch=16, grind_fold=11)
    traces, public = honest_traces(seed=log_blowup)
    verify(prove(traces, public, params), public, params)


@pytest.mark.parametrize("preset", ["balanced", "small"])
def test_real_presets(preset):
    params = PRESETS[preset].params
    traces, public = honest_traces()
    verify(prove(traces, public, params), public, params)


def test_taller_traces():
    """More folds; the extra rows of this circuit are idle."""
    traces, public = honest_traces()
    tall = [np.concatenate([trace, np.repeat(trace[-1:], N, axis=0)]) for trace in traces]
    proof = prove(tall, public, debug=True)
    verify(proof, public, heights=[LOG_ROWS + 1] * len(tall))


def test_a_circuit_of_degree_three():
    """Two quotient pieces instead of three."""
    document = json.loads(DATA)
    document["degree"] = 3
    document["tables"][0]["constraints"].pop()
    data = json.dumps(document).encode()
    description, digest = read_description(data), sha256(data).digest()
    traces, public = honest_traces()
    proof = prove_circuit(description, digest, TEST, public, traces)
    verify_proof(description, digest, TEST, HEIGHTS, public, proof)
    broken_cell(0, 7, 3)(traces)
    proof = prove_circuit(description, digest, TEST, public, traces, allow_invalid=True)
    with pytest.raises(Reject) as caught:
        verify_proof(description, digest, TEST, HEIGHTS, public, proof)
    assert caught.value.reason is Reason.QUOTIENT


def test_every_proof_is_fresh_and_only_a_seed_repeats_one():
    traces, public = honest_traces()
    one, other = prove(traces, public), prove(traces, public)
    assert one[:32] != other[:32]
    assert prove(traces, public, rng=Randomness(b"r" * 32)) == prove(traces, public, rng=Randomness(b"r" * 32))
    # The key stream goes on: the same source gives another proof the second time.
    source = Randomness(b"r" * 32)
    assert prove(traces, public, rng=source) != prove(traces, public, rng=source)


def test_a_proof_is_bound_to_its_statement():
    traces, public = honest_traces()
    proof = prove(traces, public)
    for other in (
        replace(public, context=b"another"),
        replace(public, publics=(*public.publics[:2], (public.publics[2] + 1) % P)),
        replace(public, lists=(((7,), (11,)),)),
    ):
        with pytest.raises(Reject):
            verify(proof, other)
    with pytest.raises(Reject):
        verify_proof(DESCRIPTION, bytes(32), TEST, HEIGHTS, public, proof)


def broken_cell(table, row, column):
    def change(traces):
        traces[table][row, column] = (int(traces[table][row, column]) + 1) % P

    return change


LIES = {
    "a step": (broken_cell(0, 100, 0), Reason.QUOTIENT),
    "the first row": (broken_cell(0, 0, 0), Reason.BALANCE),  # which is also sent
    "the last row": (broken_cell(0, N - 1, 0), Reason.QUOTIENT),
    "a flag": (broken_cell(0, 5, 2), Reason.BALANCE),  # which is also how often a row is sent
    "a cube": (broken_cell(0, 7, 3), Reason.QUOTIENT),
    "a constant": (broken_cell(1, 9, 6), Reason.QUOTIENT),
    "what is received": (broken_cell(1, 3, 1), Reason.BALANCE),
    "how often it is received": (broken_cell(1, 3, 2), Reason.BALANCE),
    "a public record": (broken_cell(1, 1, 4), Reason.BALANCE),
    "what is tallied": (broken_cell(0, 3, 1), Reason.BALANCE),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_refused_and_lying_all_the_way_is_rejected(name):
    change, reason = LIES[name]
    traces, public = honest_traces()
    change(traces)
    with pytest.raises(WitnessError):
        prove(traces, public)
    assert rejected(prove(traces, public, allow_invalid=True), public) is reason


def test_terminals_that_are_made_to_cancel_break_the_running_sum(monkeypatch):
    """The prover may say any terminal; but the sum's constraint ties it to the columns."""
    traces, public = honest_traces()
    broken_cell(1, 3, 1)(traces)
    found = []

    def cancelling(_self, challenges, terminals):
        compression = constraints.Compression(challenges, DESCRIPTION)
        total = constraints.balance(DESCRIPTION, public, terminals, compression)
        found.append(total)
        terminals[0] = ext.sub(terminals[0], total)

    monkeypatch.setattr(stark._Proof, "_check_balance", cancelling)
    proof = prove(traces, public, allow_invalid=True)
    monkeypatch.undo()
    assert found[0] != ext.ZERO
    assert rejected(proof, public) is Reason.QUOTIENT


def test_debug_names_what_is_broken():
    traces, public = honest_traces()
    broken_cell(0, 7, 3)(traces)
    with pytest.raises(WitnessError, match="table walk, row 7: constraint cube"):
        prove(traces, public, debug=True)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda traces: traces[:1], "1 traces for 2"),
        (lambda traces: [traces[0], traces[1][:, :6]], "table store"),
        (lambda traces: [traces[0], traces[1].astype(np.uint64)], "uint64"),
        (lambda traces: [traces[0], traces[1][: N // 4]], "2\\^11 rows leave no room"),
        (lambda traces: [trace[: N // 2] for trace in traces], "height of 2\\^12"),
        (lambda traces: [trace[: N - 1] for trace in traces], "rows"),
        (lambda traces: [traces[0] | np.uint32(0x7F800000), traces[1]], "not below p"),
    ],
)
def test_traces_of_another_shape_are_refused(spoil, message):
    traces, public = honest_traces()
    with pytest.raises(ValueError, match=message):
        prove(spoil(traces), public)


def test_public_data_of_another_shape_is_refused():
    traces, public = honest_traces()
    with pytest.raises(Reject):
        prove(traces, replace(public, publics=(1,)))


def test_excluded_challenges_start_again_with_fresh_masks(monkeypatch):
    """A z in H or D, a vanishing denominator of a table and one of a public message: then the proof goes through."""
    traces, public = honest_traces()
    usable, auxiliary, balance = messages.point_is_usable, logup.auxiliary_trace, constraints.balance
    calls, roots = [], []
    kinds = {name: getattr(stark, name) for name in ("Commitment", "StackedCommitment")}

    def once_unusable(z, at, heights):
        calls.append("z")
        return calls.count("z") > 1 and usable(z, at, heights)

    def once_vanishing(*arguments):
        calls.append("d")
        if calls.count("d") == 1:
            raise logup.VanishingDenominator
        return auxiliary(*arguments)

    def once_vanishing_in_public(*arguments):
        calls.append("p")
        if calls.count("p") == 1:
            raise Reject(Reason.DENOMINATOR)
        return balance(*arguments)

    def recording(kind):
        def commit(*arguments):
            tree = kind(*arguments)
            roots.append(tree.root)
            return tree

        return commit

    monkeypatch.setattr(stark.messages, "point_is_usable", once_unusable)
    monkeypatch.setattr(stark.logup, "auxiliary_trace", once_vanishing)
    monkeypatch.setattr(stark.constraints, "balance", once_vanishing_in_public)
    for name, kind in kinds.items():
        monkeypatch.setattr(stark, name, recording(kind))
    proof = prove(traces, public)
    monkeypatch.undo()
    verify(proof, public)
    assert calls == ["d", "d", "p", "d", "p", "z", "d", "p", "z"]
    assert len(set(roots)) == len(roots)


def test_progress_is_told_in_order():
    traces, public = honest_traces()
    seen = []
    prove(traces, public, progress=lambda *step: seen.append(step))
    assert seen == [(name, done, len(STEPS)) for done, name in enumerate([*STEPS, ""])]


def test_seconds_are_collected_by_step():
    traces, public = honest_traces()
    steps = Steps()
    prove(traces, public, steps=steps)
    assert list(steps.seconds) == list(STEPS)
    assert all(seconds > 0 for seconds in steps.seconds.values())
    with steps.step("evaluations"), steps.step("grinding"):
        before = steps.seconds["grinding"]
    assert steps.seconds["grinding"] >= before


def test_traces_are_given_up_on_request():
    traces, public = honest_traces()
    kept = [trace.copy() for trace in traces]
    verify(prove(traces, public, consume=True), public)
    assert [trace.size for trace in traces] == [0] * len(traces)
    broken_cell(0, 7, 3)(kept)
    with pytest.raises(WitnessError) as whole:
        prove([trace.copy() for trace in kept], public)
    with pytest.raises(WitnessError) as consumed:  # told as precisely, from what was made of the traces
        prove(kept, public, consume=True)
    assert str(consumed.value) == str(whole.value)

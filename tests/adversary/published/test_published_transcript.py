"""Attacks on the transcript (rows A1 to A7 of the list, docs/security/attacks.md).

Each attack is carried out on the verifier as it is, where it fails, and mostly on a mutant that has the bug, where it
gets through: a proof of something false, accepted.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import fields, replace

import numpy as np

from tests.support.counts import count
from tests.support.proof_layout import flipped, replaced
from tests.support.proofs import chain_by_itself, packed, small_chain, small_part
from tests.support.tiny_proof import (
    AT,
    FALSE_PAIR,
    FALSE_STEP,
    SAME_QUOTIENT,
    TEST,
    Patched,
    absorbs,
    added,
    any_degree,
    check,
    claims,
    facts,
    first_layer,
    forged_quotient,
    honest,
    honest_bytes,
    prove,
    queries,
    solve,
    taken_apart,
    tiny,
    witness,
)
from zkharvest.circuit.check import reference_field
from zkharvest.verifier import constraints, messages, stark, wire
from zkharvest.verifier import field as ext
from zkharvest.verifier.chain_package import Part
from zkharvest.verifier.field import ONE, Ext, P
from zkharvest.verifier.messages import (
    Evaluations,
    FriFinal,
    FriLayer,
    LookupChallenges,
    MainCommitment,
    Rounds,
)
from zkharvest.verifier.params import ParameterSet
from zkharvest.verifier.public import PublicData, encode
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.stacks import stacks_of
from zkharvest.verifier.transcript import Transcript

ROOT = bytes(range(32))


def first_challenge(public, digest=tiny.DIGEST, params=TEST, heights=tiny.HEIGHTS) -> Ext:
    """alpha for a statement and one main root; nothing is ground for it."""
    with Patched((Transcript, "grind", lambda *_: 0)):
        rounds = Rounds(params, heights, lambda *_: 0)
        rounds.statement(digest, encode(tiny.DESCRIPTION, public))
        return rounds.main(MainCommitment(ROOT)).alpha


# ------------------------------------------------------------------ A1, A2: the statement


def other_statements(public):
    """Every scalar, every record and every public row by one more; every length by one."""
    for i, value in enumerate(public.publics):
        yield replace(public, publics=(*public.publics[:i], (value + 1) % P, *public.publics[i + 1 :]))
    records = public.lists[0]
    for i, (value,) in enumerate(records):
        yield replace(public, lists=((*records[:i], ((value + 1) % P,), *records[i + 1 :]),))
    yield replace(public, lists=(records[:-1],))
    yield replace(public, lists=((*records, (0,)),))
    for key, column in public.columns.items():
        for i, value in enumerate(column):
            changed = (*column[:i], (value + 1) % P, *column[i + 1 :])
            yield replace(public, columns={**public.columns, key: changed})
        yield replace(public, columns={**public.columns, key: column[:-1]})
        yield replace(public, columns={**public.columns, key: (*column, 0)})
    for i in range(8 * len(public.context)):
        yield replace(public, context=flipped(public.context, i // 8, i % 8))
    yield replace(public, context=public.context + b"\0")
    yield replace(public, context=public.context[:-1])


def test_a1_public_inputs_are_absorbed():
    """Frozen Heart (gnark, snarkjs and others, 2022): public inputs were not hashed, so they could be chosen last."""
    proof, public = honest_bytes()
    assert check(proof, public) is None
    others = list(other_statements(public))
    assert len({first_challenge(other) for other in (public, *others)}) == len(others) + 1
    for other in others:
        assert check(proof, other) is not None
    forgotten = absorbs("statement", lambda data: data[:-1])
    another = replace(public, context=public.context[:-1] + b"!")
    with Patched(forgotten):  # a mutant that forgets one byte of it accepts the proof for another statement
        proof = prove(tiny.honest()[0], public)
        assert check(proof, another) is None
    assert check(proof, another) is not None
    count("attacks covered")


def test_a1_every_byte_of_a_package_s_statement():
    """The same for a real statement: no byte of it can be another one, whether the circuit reads it or not."""
    data, part = small_chain().package, small_part()
    encoded = wire.encode(part.statement)
    at = data.index(encoded)
    digests, undecodable = {part.digest}, 0
    for i in range(len(encoded)):
        changed = flipped(encoded, i, i % 8)
        try:
            other = wire.decode(changed)
        except Reject:
            undecodable += 1
        else:
            assert wire.encode(other) == changed  # one value, one encoding: so another value
            if isinstance(other, dict):
                digests.add(replace(part, statement=other).digest)
            else:
                undecodable += 1
        if i % 3 == 0:
            verdict = chain_by_itself(replaced(data, slice(at, at + len(encoded)), changed))
            assert verdict.verdict != "accepted"
            assert verdict.reason != Reason.INTERNAL.value
    assert len(digests) + undecodable == len(encoded) + 1
    assert chain_by_itself(data).accepted
    for change in ({"log_rows": (14, *part.log_rows[1:])}, {"preset": "balanced"}):
        assert replace(part, **change).digest != part.digest
        assert not chain_by_itself(packed(**change)).accepted
    assert {f.name for f in fields(Part)} == {"statement", "preset", "log_rows", "proof"}


def test_a2_the_transcript_begins_with_the_whole_statement():
    """lambda_vm, valida, plonky2: program, lengths or layout were in no hash; the transcript began empty."""
    proof, public = honest_bytes()
    seen = {first_challenge(public)}
    digests = [flipped(tiny.DIGEST, i) for i in range(32)]
    numbers = [replace(TEST, **{f.name: getattr(TEST, f.name) + 1}) for f in fields(ParameterSet)]
    assert len(numbers) == 9
    seen |= {first_challenge(public, digest=digest) for digest in digests}
    seen |= {first_challenge(public, params=params) for params in numbers}
    seen |= {first_challenge(public, heights=heights) for heights in ((14, 13), (13, 12), (12, 13))}
    with Patched((messages, "PROTOCOL", b"zkharvest/stark/v3")):
        seen.add(first_challenge(public))
    assert len(seen) == 1 + 32 + 9 + 3 + 1
    for digest in digests[::8]:
        assert check(proof, public, digest=digest) is not None
    for params in numbers:
        assert check(proof, public, params=params) is not None
    empty = absorbs("statement", lambda _: b"")
    with Patched(empty):  # with an empty beginning the proof is one of whatever circuit has this shape
        proof = prove(tiny.honest()[0], public)
        assert check(proof, public, digest=digests[0]) is None
        assert check(proof, public, params=replace(TEST, johnson_m=9)) is None
    assert check(proof, public, digest=digests[0]) is not None
    count("attacks covered")


def test_a2_lengths_are_part_of_it():
    """A record moved to the next column, a row to the next list: the same words in a row, other bytes absorbed."""
    _, public = honest_bytes()
    steps, first = public.columns[0, 0], public.columns[0, 1]
    words = encode(tiny.DESCRIPTION, public)
    (records,) = public.lists
    shifted = [
        replace(public, columns={(0, 0): steps[:-1], (0, 1): (steps[-1], *first)}),
        replace(public, columns={(0, 0): (*steps, *first), (0, 1): ()}),
        replace(public, lists=(records[:-1],), columns={**public.columns, (0, 0): (records[-1][0], *steps)}),
    ]
    encoded = {encode(tiny.DESCRIPTION, other) for other in (public, *shifted)}
    assert {len(data) for data in encoded} == {len(words)}  # as many bytes, differing in the lengths they state
    assert len(encoded) == 4
    for other in (
        public,
        *shifted,
        replace(public, lists=((),), context=b""),
    ):  # it can be read back, so nothing is lost
        assert decoded(encode(tiny.DESCRIPTION, other)) == other


def decoded(data: bytes) -> PublicData:
    """Public data of the tiny circuit from the bytes that are absorbed (FORMAT.md section 5)."""
    position = 0

    def number() -> int:
        nonlocal position
        position += 4
        return int.from_bytes(data[position - 4 : position], "little")

    publics = tuple(number() for _ in range(number()))
    records = tuple((number(),) for _ in range(number()))
    columns = {(0, i): tuple(number() for _ in range(number())) for i in range(2)}
    length = number()
    assert position + length == len(data)
    return PublicData(publics, (records,), columns, data[position:])


# ------------------------------------------------------------------ A3 to A6: messages answered too early


def test_a3_evaluations_are_absorbed_before_the_batch():
    """Plonky3 (GHSA-vrmm-4mm5-38vm): values at z were not observed before the batch challenge; any AIR was forged."""
    traces, public = witness(FALSE_STEP)
    assert check(prove(traces, public), public) is Reason.QUOTIENT
    with Patched(absorbs("evaluations", lambda _: b"")):
        proof = forged_quotient(prove(traces, public), public)
        assert check(proof, public) is None  # the mutant believes a false statement
    assert check(proof, public) is not None
    # The same lie by a prover that keeps to the protocol: lambda is drawn after it.
    assert (
        check(prove(tiny.honest()[0], public, patches=[any_degree(), claims(SAME_QUOTIENT)]), public)
        is Reason.FRI_FINAL
    )
    count("attacks covered")


def test_a4_terminals_are_absorbed_before_the_constraints_are_combined():
    """SP1, Plonky3: the cumulative sum was not observed, and the constraint is linear in it."""
    traces, public = witness(FALSE_PAIR)
    assert check(prove(traces, public), public) is Reason.BALANCE
    with Patched(absorbs("aux", lambda data: data[:32])):
        proof = prove(traces, public)
        seen = facts(proof, public)
        ends = np.cumsum([table.constraint_count for table in tiny.DESCRIPTION.tables]) - 1
        powers = ext.powers(seen.one("aux"), int(ends[-1]) + 1)
        # s + t makes the sum zero; delta^i s + delta^j t = 0 leaves the combination of constraints as it is
        s, t = solve([(ONE, ONE), tuple(powers[i] for i in ends)], (ext.neg(seen.balance), ext.ZERO))
        parts = taken_apart(proof, public).parts
        proof = added(proof, parts["terminals"], {0: s, 1: t})
        assert check(proof, public) is None  # the mutant believes that 11 = 12
    assert check(proof, public) is not None
    count("attacks covered")


KNOWN = LookupChallenges((3, 1, 4, 1, 5), (9, 2, 6, 5, 3), (5, 8, 9, 7, 9))


def test_a5_bus_challenges_come_from_the_transcript_and_after_the_trace():
    """provekit: the LogUp challenges were sampled and thrown away, so the prover could bring its own."""
    real = Rounds.main

    def thrown_away(self, message):
        real(self, message)
        return KNOWN

    mutant = (Rounds, "main", thrown_away)
    # The pair of row 3 is not received. Five pairs that nobody sent are, as often as makes the sums meet: with the
    # challenges known that is a linear system, five equations over F_p for five multiplicities.
    traces, public = witness([(1, 2, 3, 0)])
    x, y, u, v, m = traces[0][0], traces[0][1], *traces[1][:3]
    messages_ = constraints.Compression(KNOWN, tiny.DESCRIPTION)

    def share(a, b):
        """What a received pair (a, b) takes away: 1/d on the bus, gamma b in the tally."""
        fraction = ext.inverse(messages_.base_denominator(1, (int(a), int(b))))
        return ext.add(fraction, ext.scale(messages_.gamma[1], int(b)))

    rows = range(50, 55)
    field = reference_field()
    matrix = field(np.array([share(u[r], v[r]) for r in rows]).T)
    for r, times in zip(rows, np.linalg.solve(matrix, field(np.array(share(x[3], y[3])))), strict=True):
        m[r] = int(times)
    with Patched(mutant):
        proof = prove(traces, public)
        assert check(proof, public) is None  # the mutant believes it
    assert check(proof, public) is not None
    assert check(prove(traces, public), public) is Reason.BALANCE
    assert check(prove(tiny.honest()[0], public, patches=[mutant]), public) is Reason.BALANCE  # honest but for those
    count("attacks covered")


def test_a6_fold_challenges_answer_the_layers():
    """triton-vm (RUSTSEC-2026-0004): a FRI challenge that the prover knew before it committed to the layer."""
    case = honest()
    before = facts(case.proof, case.public).challenges
    for k in range(len(AT.arities)):
        place = case.parts[f"layer {k} root"].item(0)
        after = facts(flipped(case.proof, place.start), case.public).challenges
        assert before["fold"][:k] == after["fold"][:k]
        assert all(a != b for a, b in zip(before["fold"][k:], after["fold"][k:], strict=True))
        assert before["final"] != after["final"]
    with Patched(absorbs("fold", lambda _: None)):
        proof = _false_claims_with_known_folds(case.public)
        assert check(proof, case.public) is None  # false values at z, accepted by the mutant
    assert check(proof, case.public) is not None
    count("attacks covered")


def _false_claims_with_known_folds(public) -> bytes:
    """Where no layer is absorbed, the folds' challenges are known when the claims at z are, and so, the final
    polynomial being zero, are the queries. In every leaf of layer 0 one value that is not asked for is chosen so that
    the leaf folds to zero.
    """
    running = []
    start = Rounds.__init__

    def remembered(self, *arguments):
        start(self, *arguments)
        running.append(self)

    def lie(words):
        rounds = deepcopy(running[-1])
        betas = [rounds.fold(FriLayer(ROOT)) for _ in AT.arities]
        asked = set(rounds.final(FriFinal((ext.ZERO,) * AT.final_terms)))
        arity = AT.arities[0]
        leaves, matrix = AT.domain_size // arity, stark.fri.inverse_dft(arity)
        w = ext.root_of_unity(AT.log_domain)
        slots = [next(s for s in range(arity) if j + s * leaves not in asked) for j in range(leaves)]
        folded, weights = [], []
        for j, slot in enumerate(slots):
            x = 3 * pow(w, j, P) % P
            folded.append(
                stark.fri.fold([tuple(map(int, words[j + s * leaves])) for s in range(arity)], x, betas[0], matrix)
            )
            weights.append(stark.fri.fold([ONE if s == slot else ext.ZERO for s in range(arity)], x, betas[0], matrix))
        for j, (value, by) in enumerate(zip(folded, ext.batch_inverse(weights), strict=True)):
            place = j + slots[j] * leaves
            words[place] = ext.sub(tuple(map(int, words[place])), ext.mul(value, by))
        return words

    return prove(
        tiny.honest()[0], public, patches=[(Rounds, "__init__", remembered), claims(SAME_QUOTIENT), first_layer(lie)]
    )


def test_a7_one_height_so_that_nothing_is_rolled_into_a_later_layer():
    """Plonky3, openvm: an oracle of smaller height entered a fold without a challenge of its own, and errors cancelled.

    Here every opened column, of every tree, enters layer 0 with its own power of lambda.
    """
    case = honest()
    drawn, answered = facts(case.proof, case.public), queries(case.proof, case.public)
    said_ = Evaluations(
        *(
            tuple(case.word(name, k) for name in names for k in range(case.parts[name].items))
            for names in (("main at z", "aux at z", "quotient at z"), ("main at gz", "phi at gz"))
        )
    )
    stacks = stacks_of(tiny.DESCRIPTION, tiny.HEIGHTS, AT.stack)
    batch = stark.batch_of(tiny.DESCRIPTION, stacks, said_, drawn.one("evaluations"))
    index = case.indices[0]

    def deep(rows):
        return stark._deep_values(batch, stacks, rows, drawn.one("quotient"), AT)[index]

    # Stack j counts lambda^j / (x^k - z), and lambda^i / (x^k - g z) more if it is the i-th that is opened there too.
    # Of a stack in E, word c counts x^c as much. R counts its own power, and is divided by nothing.
    (height,) = stacks.heights
    powers = ext.powers(drawn.one("evaluations"), stacks.pairs)
    y = pow(3 * pow(ext.root_of_unity(AT.log_domain), index, P), AT.stack, P)
    z = drawn.one("quotient")
    by_z, by_next = (
        ext.inverse(ext.add_base(ext.neg(point), y)) for point in (z, ext.scale(z, ext.root_of_unity(AT.log_rows)))
    )
    j, ahead = 0, sum(tree.stacks for tree in height.trees)
    for name, tree in zip(("main", "aux", "quotient"), height.trees, strict=True):
        opened = getattr(answered, name)
        row = opened.rows[index]
        weights = []
        for stack in range(tree.stacks):
            weight = ext.mul(powers[j], by_z)
            if stack < tree.following.width:
                weight = ext.add(weight, ext.mul(powers[ahead], by_next))
                ahead += 1
            weights += ext.by_coordinate(weight)[: tree.degree]
            j += 1
        weights += ext.by_coordinate(powers[-1]) if name == "quotient" else []
        assert len(row) == len(weights)
        for i, expected in enumerate(weights):
            other = replace(opened, rows={**opened.rows, index: (*row[:i], (row[i] + 1) % P, *row[i + 1 :])})
            assert ext.sub(deep(replace(answered, **{name: other})), deep(answered)) == expected
    assert len(AT.arities) == len(answered.layers)
    count("attacks covered")

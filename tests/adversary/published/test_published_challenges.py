"""Attacks on what is hashed, ground and drawn (rows A8 to A13 of the list, docs/security/attacks.md).

Each attack is carried out on the verifier as it is, where it fails, and mostly on a mutant that has the bug, where it
gets through: a proof of something false, accepted.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support import whole_links
from tests.support.boards import alone, board, names, number
from tests.support.counts import count
from tests.support.proof_layout import flipped, replaced
from tests.support.tiny_proof import (
    AT,
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
    honest,
    honest_bytes,
    prove,
    queries,
    solve,
    taken_apart,
    tiny,
    witness,
)
from zkharvest.commitment.page_record import TAG_RECORD
from zkharvest.commitment.poseidon import compress
from zkharvest.commitment.standing import TAG_LOT, TAG_REGISTER, TAG_REGISTER_SECOND, TAG_SECOND, TAG_TOKEN
from zkharvest.commitment.tree import TAG_NODE
from zkharvest.prover import stark as prover
from zkharvest.verifier import field as ext
from zkharvest.verifier import stark, transcript
from zkharvest.verifier.field import ONE, P
from zkharvest.verifier.messages import (
    AuxCommitment,
    Evaluations,
    FriFinal,
    FriLayer,
    MainCommitment,
    QuotientCommitment,
    Rounds,
)
from zkharvest.verifier.params import ParameterSet
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.transcript import Transcript

ROOT = bytes(range(32))


# ------------------------------------------------------------------ A8 to A11: what is hashed, ground and drawn


def test_a8_no_two_sequences_absorb_the_same_bytes():
    """Plonky3, SP1, soroban-poseidon: [5, 7] and [5, 7, 0, 0] left one state; a length tag overflowed."""
    pieces = [b"", b"\0", b"\0\0", b"5", b"57", b"\5\0\0\0\7\0\0\0", b"\5\0\0\0\7\0\0\0" + bytes(8)]
    labels = ["", "a", "ab", "b", "a\0"]
    states = {}
    one = [[(label, piece)] for label in labels for piece in pieces]
    for sequence in [[], *one, *([*first, *second] for first in one for second in one)]:
        run = Transcript()
        for label, piece in sequence:
            run.absorb(label, piece)
        states.setdefault(run.state, []).append(sequence)
    assert all(len(sequences) == 1 for sequences in states.values())
    # Operations do not look like each other either: absorbing, drawing and what a draw leaves behind.
    run, drawn = Transcript(), Transcript()
    run.absorb("z", b"")
    drawn.extension("z")
    assert len({run.state, drawn.state, transcript.challenge_block(transcript.INITIAL_STATE, "z", 0)}) == 3
    with pytest.raises(OverflowError):
        Transcript().absorb("x" * 256, b"")  # a label whose length has no byte is refused, not cut

    def bare(state, label, data):
        return transcript.sha256(state + label.encode() + data).digest()

    with Patched((transcript, "after_absorbing", bare)):  # without the lengths, bytes move between label and data
        first, second = Transcript(), Transcript()
        first.absorb("a", b"bc")
        second.absorb("ab", b"c")
        assert first.state == second.state
    count("attacks covered")


def test_a8_hashes_in_the_circuit_have_one_length_and_a_domain():
    """Poseidon takes 24 lanes, never fewer; records, nodes and halves of pairs differ in the first lane."""
    with pytest.raises(ValueError, match="lanes"):
        compress([TAG_NODE, *[0] * 22])
    with pytest.raises(ValueError, match="lanes"):
        compress([TAG_NODE, *[0] * 24])
    # Tags are 2^24 apart, and what is added to one is less: 22 bits of a record's code, a register's level and fields.
    tags = [TAG_RECORD, TAG_NODE, TAG_LOT, TAG_TOKEN, TAG_SECOND, TAG_REGISTER, TAG_REGISTER_SECOND]
    assert [tag >> 24 for tag in sorted(tags)] == list(range(16, 23))
    assert not any(tag & 0xFFFFFF for tag in tags)
    assert max(tags) + 2**24 <= P
    # A node or second half hashed with another tag: only its domain constraint is in the way.
    alone("poseidon.is_node_tag", "poseidon.second_tag")
    # A node of the tree, said to be a record: its first lane is no code of a record.
    t, columns, cells = number("poseidon"), names("poseidon"), board().traces[number("poseidon")]
    row = int(np.flatnonzero(cells[:, columns.index("is_node")])[0])
    assert cells[row, 0] == TAG_NODE
    edits = {(t, row, columns.index("is_node")): 0, (t, row, columns.index("is_record")): 1}
    assert "bus leaf" in board().broken(edits)


GROUND = replace(TEST, grind_lookup=6, grind_deep=7, grind_batch=15, grind_fold=12, grind_query=9)
SITES = ("lookup", "deep", "batch", "fold 0", "fold 1", "query")


@pytest.mark.parametrize("bits", [1, 8, 31, 32, 33, 40])
def test_a9_as_many_bits_as_the_parameters_say(bits):
    """Plonky3: `1u32 << 32` is 1, and a difficulty of 32 bits was none."""
    for zeros in (0, bits - 1, bits, bits + 1, 255):
        block = (1 << (255 - zeros)).to_bytes(32, "big")  # exactly so many zero bits, then a one
        with Patched((transcript, "challenge_block", lambda *_, block=block: block)):
            assert transcript.grinding_holds(ROOT, 5, bits) is (zeros >= bits)
            assert Transcript().grind(bits, lambda _: 5) == (5 if zeros >= bits else None)
            assert Transcript().grind(bits, lambda _: 2**64) is None
            assert Transcript().grind(bits, lambda _: -1) is None


def test_a9_every_site_is_ground():
    """Plonky3: the commit phase's proof of work was not checked, and its bits were read from the proof."""
    proof, public = honest_bytes(GROUND)
    assert check(proof, public, params=GROUND) is None
    parts = honest().parts  # nonces stand at the same places under all parameters
    rng = np.random.default_rng(9)
    encoding = GROUND.encode()
    said_so = (ParameterSet, "encode", lambda _: encoding)  # so that the challenges stay, whatever the parameters
    for site in SITES:
        place = parts[f"nonce {site}"].item(0)
        others = {bytes(8), b"\xff" * 8, *(rng.bytes(8) for _ in range(4))} - {proof[place]}
        reasons = {check(replaced(proof, place, other), public, params=GROUND) for other in others}
        assert None not in reasons
        assert Reason.GRINDING in reasons  # some may hold by chance, and move the challenges
        # More bits than were ground for: the parameters decide, nothing in the proof does.
        name = site.partition(" ")[0]
        bits = 33 if name in ("batch", "fold") else 40  # a domain of 2^17 points takes 7 bits less there
        with Patched(said_so), pytest.raises(Reject, match=f"'{name}' does not hold {bits} bits") as caught:
            harder = replace(GROUND, **{f"grind_{name}": 40})
            stark.verify_proof(tiny.DESCRIPTION, tiny.DIGEST, harder, tiny.HEIGHTS, public, proof)
        assert caught.value.reason is Reason.GRINDING
    # No nonce but 0 where nothing is ground for: one proof, one encoding.
    case = honest()
    for site in SITES:
        place = case.parts[f"nonce {site}"].item(0)
        assert check(replaced(case.proof, place, b"\1" + bytes(7)), case.public) is Reason.GRINDING

    # A prover that saves itself the work is believed only where the verifier does not look.
    lazy = (prover, "find_nonce", lambda *_: 0)
    lazy_proof = prove(tiny.honest()[0], public, params=GROUND, patches=[lazy, *_unchecked()])
    assert check(lazy_proof, public, params=GROUND) is Reason.GRINDING
    with Patched(*_unchecked()):
        assert check(lazy_proof, public, params=GROUND) is None
    count("attacks covered")


def _unchecked():
    """Mutant: nonces are absorbed, but nobody looks at the bits."""

    def grind(self, bits, nonce_of):
        nonce = nonce_of(self._state)
        if bits:
            self.absorb("grind", nonce.to_bytes(8, "little"))
            self.squeeze("pow", 32)
        return nonce

    return [(Transcript, "grind", grind)]


def test_a10_as_many_checks_as_queries_and_uniform():
    """Plonky3: indices were biased, or drawn again when they repeated, so fewer than q were checked."""
    assert len(Transcript().indices("queries", 1000, 16)) == 1000  # repetitions stay
    many = replace(TEST, queries=80)
    drawn = []
    for seed in range(100):
        indices = _to_the_end(many, bytes([seed]) * 32).final(FriFinal((ONE,)))
        assert len(indices) == 80
        drawn += indices
    assert len(set(drawn)) < len(drawn)
    assert all(0 <= index < AT.domain_size for index in drawn)
    for shift in (0, 3, 7, 11):  # any four bits are uniform: 15 degrees of freedom, once in 10^9 above 75
        cells = np.bincount([index >> shift & 15 for index in drawn], minlength=16)
        assert ((cells - 500.0) ** 2 / 500).sum() < 75
    with pytest.raises(ValueError, match="power of two"):
        Transcript().indices("queries", 1, 3 << 10)  # of another size the remainder would be biased

    # Every one drawn is checked: an error in F at any single index is found.
    case = honest()
    real = stark._deep_values
    for index in set(case.indices):

        def elsewhere(*arguments, index=index):
            values = real(*arguments)
            assert set(values) == set(case.indices)
            return {**values, index: ext.add(values[index], ONE)}

        with Patched((stark, "_deep_values", elsewhere)):
            assert check(case.proof, case.public) is Reason.FRI_LAYER
    count("attacks covered")


def _to_the_end(params, root) -> Rounds:
    """Rounds before the last, with some messages."""
    rounds = Rounds(params, tiny.HEIGHTS, lambda *_: 0)
    rounds.statement(ROOT, b"")
    rounds.main(MainCommitment(root))
    rounds.aux(AuxCommitment(ROOT, ()))
    rounds.quotient(QuotientCommitment(ROOT))
    rounds.evaluations(Evaluations((), ()))
    for _ in AT.arities:
        rounds.fold(FriLayer(ROOT))
    return rounds


def test_a11_the_last_challenge_depends_on_every_byte():
    """Linea: the last challenge did not depend on all openings; halo2 generators squeezed twice from one state."""
    run = Transcript()
    squeezed = [run.extension("z") for _ in range(50)] + [run.squeeze("z", 32) for _ in range(50)]
    assert len(set(squeezed)) == 100
    case = honest()
    rng = np.random.default_rng(4)
    tried = 0
    for part in case.parts.values():
        if part.kind not in ("root", "ext"):
            continue
        for k in range(part.items):
            place = part.item(k)
            every = part.kind == "root"
            places = range(place.start, place.stop) if every else [int(rng.integers(place.start, place.stop))]
            for position in places:
                found = facts(flipped(case.proof, position, int(rng.integers(0, 7))), case.public)
                assert found.reason is not None, part.name
                if "final" in found.challenges:  # else the word was not below p
                    assert found.indices != case.indices, part.name
                    tried += 1
    assert tried > 400
    # A mutant whose queries do not depend on the final polynomial: it is chosen when they are known, and false values
    # at z are believed.
    traces, public = tiny.honest()
    lies = [any_degree(), claims(SAME_QUOTIENT)]
    with Patched(absorbs("final", lambda _: b"")):
        proof = _through_the_queries(taken_apart(prove(traces, public, patches=lies), public))
        assert check(proof, public) is None
    assert check(proof, public) is not None
    assert check(prove(traces, public, patches=lies), public) is Reason.FRI_FINAL
    count("attacks covered")


def _through_the_queries(case) -> bytes:
    """The proof with a final polynomial that has the values of the last fold where the queries look."""
    log_size, shift = AT.log_domain, 3
    for arity in AT.arities[:-1]:
        log_size, shift = log_size - arity.bit_length() + 1, pow(shift, arity, P)
    w, arity = ext.root_of_unity(log_size), AT.arities[-1]
    challenge = facts(case.proof, case.public).challenges["fold"][-1]
    matrix = stark.fri.inverse_dft(arity)
    wanted = {}
    for leaf, values in queries(case.proof, case.public).layers[-1].leaves.items():
        x = shift * pow(w, leaf, P) % P
        wanted[pow(x, arity, P)] = stark.fri.fold(values, x, challenge, matrix)
    part = case.parts["final"]
    final = [case.word("final", k) for k in range(part.items)]
    changes = [ext.ZERO] * len(wanted)
    for x, value in wanted.items():  # Lagrange: what is missing at x, nothing at the others
        missing, basis = ext.sub(value, ext.evaluate(final, ext.from_base(x))), [1]
        for y in wanted:
            if y != x:
                by = pow(x - y, -1, P)
                basis = [(a - y * b) * by % P for a, b in zip([0, *basis], [*basis, 0], strict=True)]
        changes = [ext.add(c, ext.scale(missing, b)) for c, b in zip(changes, basis, strict=True)]
    return case.changed("final", dict(enumerate(changes)))


def test_a12_claims_that_cancel_each_other():
    """Six zkVMs (2026): claims batched before they were observed. All fields: tests/adversary/protocol.

    Here two values at g z in one lane of their stacks: phi(g z) is moved with the constraints following, a main column
    with the batch of claims staying as it was.
    """
    traces, public = witness(FALSE_STEP)
    head = 20 * (tiny.DESCRIPTION.main_width + tiny.DESCRIPTION.extension_columns + tiny.DESCRIPTION.pieces)
    with Patched(absorbs("evaluations", lambda data: data[:head])):  # the mutant observes the values at z only
        proof = prove(traces, public)
        seen, case = facts(proof, public), taken_apart(proof, public)
        names = ("phi at gz", "main at gz")
        (lane0, l0), (lane1, l1) = (seen.weight(name, 0) for name in names)
        assert lane0 == lane1
        # Both stand alone in a constraint: what is needed of Q(z) is an affine function of them.
        trials = (facts(case.changed(name, {0: ONE}), public) for name in names)
        by = tuple(ext.sub(trial.needed(), seen.needed()) for trial in trials)
        d0, d1 = solve([by, (l0, l1)], (ext.neg(seen.needed()), ext.ZERO))
        proof = case.changed("phi at gz", {0: d0})
        proof = added(proof, case.parts["main at gz"], {0: d1})
        assert check(proof, public) is None  # a false step, believed by the mutant
    assert check(proof, public) is not None
    count("attacks covered")


def test_a13_no_circuit_verifies_a_proof():
    """Recursion against Fiat-Shamir (2025) needs a circuit that computes the transcript's own hash: there is none.

    The transcript is SHA-256; the only hash of a circuit is Poseidon. (Stated in docs/security/threat-model.md.)
    """
    tables = [table["name"] for table in whole_links.description()["tables"]]
    assert tables == ["steps", "poseidon", "sums", "pages", "pools", "calendar", "range"]
    assert transcript.sha256 is hashlib.sha256
    text = (Path(__file__).parents[3] / "docs" / "security" / "threat-model.md").read_text()
    assert "A13" in text
    count("attacks covered")

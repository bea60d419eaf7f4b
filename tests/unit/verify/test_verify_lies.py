"""Provers that lie all the way: each lie is caught by the check that exists for it.

And the frozen-challenge test: with the verifier's challenges of an honest run replayed, parts of a proof can be changed
together so that it still verifies. Each such change must be one that moves the challenges when they are not frozen.
"""

from dataclasses import replace

import numpy as np
import pytest
import verify_reference_prover as reference
import verify_tiny_circuit as tiny
from tests.support.proof_layout import replaced

from zkharvest.prove.stark import prove_circuit
from zkharvest.verify import field, merkle, stark
from zkharvest.verify.field import ONE, P
from zkharvest.verify.messages import LookupChallenges, Rounds
from zkharvest.verify.params import PRESETS, sizes
from zkharvest.verify.rejections import Reason, Reject
from zkharvest.verify.transcript import Transcript

TEST = PRESETS["test"].params
AT = sizes(tiny.LOG_ROWS, TEST)


def check(proof, public, digest=tiny.DIGEST, params=TEST):
    try:
        stark.verify_proof(tiny.DESCRIPTION, digest, params, tiny.LOG_ROWS, public, proof)
    except Reject as reject:
        return reject.reason
    return None


def lying(traces, public, **lies):
    return reference.prove(tiny.DESCRIPTION, tiny.DIGEST, TEST, tiny.LOG_ROWS, public, traces, lies)


# ------------------------------------------------------------------ false witnesses, proven by the book


def false_witnesses():
    """(what, cells to change as (table, column, row, new value or function of the old one), reason)."""
    more = lambda v: (v + 1) % P  # noqa: E731
    return [
        ("a start that is not the public one", [(0, 0, 0, more), (0, 3, 0, 216), (1, 0, 0, more)], Reason.QUOTIENT),
        ("a step", [(0, 0, 100, more)], Reason.QUOTIENT),
        ("the last row", [(0, 0, tiny.N - 1, more)], Reason.QUOTIENT),
        ("a flag of 2, in balance", [(0, 2, 50, 2), (0, 1, 50, 0), (1, 2, 50, 2), (1, 1, 50, 0)], Reason.QUOTIENT),
        ("a column that is not constant around the cycle", [(1, 6, 77, more)], Reason.QUOTIENT),
        ("a pair sent that none receives", [(0, 2, 40, 1)], Reason.BALANCE),
        ("a pair received that none sent", [(1, 2, 41, 1)], Reason.BALANCE),
        ("a pair received twice", [(1, 2, 3, 2)], Reason.BALANCE),
        ("another pair received", [(1, 1, 3, more)], Reason.BALANCE),
        ("a public record not received", [(1, 5, 0, 0)], Reason.BALANCE),
        ("a pair received on the other bus", [(1, 2, 3, 0), (1, 5, 20, 1)], Reason.BALANCE),
    ]


@pytest.mark.parametrize(("what", "cells", "reason"), false_witnesses(), ids=lambda v: v if isinstance(v, str) else "")
def test_a_false_witness_is_rejected(what, cells, reason):
    traces, public = tiny.honest()
    traces[1][0][50] = traces[0][0][50]  # the pair of row 50 stands ready in the store
    traces[1][3][20], traces[1][4][20] = traces[0][0][3], traces[0][1][3]
    for table, column, row, change in cells:
        cell = traces[table][column]
        cell[row] = change(int(cell[row])) if callable(change) else change
    assert check(dishonest(traces, public), public) is reason


def test_a_total_off_by_one_is_rejected():
    traces, public = tiny.honest()
    public = replace(public, publics=(*public.publics[:2], public.publics[2] + 1))
    assert check(dishonest(traces, public), public) is Reason.BALANCE


def dishonest(traces, public):
    """The project's prover, told not to mind."""
    columns = [np.stack(table, axis=1).astype(np.uint32) for table in traces]
    return prove_circuit(tiny.DESCRIPTION, tiny.DIGEST, TEST, public, columns, allow_invalid=True)


# ------------------------------------------------------------------ true witness or not, false messages


def test_terminals_that_balance_but_are_not_the_tables():
    """A4: without the running sum's constraint the prover could simply state terminals that cancel."""
    traces, public = tiny.honest()
    traces[1][2][3] = 2  # a pair received twice

    def cancel(message):
        # what an honest prover's terminals are: the public messages' share is the same, so move the excess
        honest = dict(zip("ab", message.terminals, strict=True))
        return replace(message, terminals=(honest["a"], field.add(honest["b"], excess["value"])))

    # the excess is known once alpha and beta are: find it with a first run
    excess = {"value": field.ZERO}
    seen = {}
    real = stark.constraints.balance

    def noticing(*arguments):
        seen["sum"] = real(*arguments)
        return seen["sum"]

    stark.constraints.balance = noticing
    try:
        reference.secrets, kept = _Deterministic(), reference.secrets
        assert check(lying(traces, public), public) is Reason.BALANCE
        excess["value"] = field.neg(seen["sum"])
        reference.secrets = _Deterministic()
        assert check(lying(traces, public, aux=cancel), public) is Reason.QUOTIENT
        assert seen["sum"] == field.ZERO
    finally:
        stark.constraints.balance = real
        reference.secrets = kept


class _Deterministic:
    """Stands in for `secrets`, so that two runs draw the same masks and so the same lookup challenges."""

    def __init__(self):
        import random

        self._random = random.Random(5)

    def randbelow(self, bound):
        return self._random.randrange(bound)

    def token_bytes(self, count):
        return self._random.randbytes(count)

    def randbits(self, count):
        return self._random.getrandbits(count)


def test_false_openings_that_satisfy_the_constraints():
    """A3: the constraints hold on what is claimed at z, but the claims are not the committed polynomials'."""
    traces, public = tiny.honest()
    pieces = slice(-20, -5)  # of at_z: quotient columns; the last five are R

    def lie(opened):
        values = list(opened.at_z[pieces])
        values[0] = field.add(values[0], ONE)  # q'_0 by 1 and ...
        values[1] = field.add(values[1], field.neg(_inverse_x()))  # ... its second coordinate by -1/x: Q(z) stays
        return replace(opened, at_z=(*opened.at_z[: pieces.start], *values, *opened.at_z[pieces.stop :]))

    assert check(lying(traces, public, openings=lie), public) is Reason.FRI_FINAL


def _inverse_x():
    return field.inverse((0, 1, 0, 0, 0))


@pytest.mark.parametrize(
    ("round_", "answer", "reason"),
    [
        ("main", LookupChallenges((3, 1, 4, 1, 5), (9, 2, 6, 5, 3), (5, 8, 9, 7, 9)), Reason.BALANCE),  # A5
        ("aux", (2, 7, 1, 8, 2), Reason.QUOTIENT),
        ("openings", (3, 1, 4, 1, 5), Reason.FRI_LAYER),
        ("fold", (3, 1, 4, 1, 5), Reason.FRI_LAYER),  # A6
    ],
)
def test_challenges_of_the_prover_s_own_choice(monkeypatch, round_, answer, reason):
    """Everything is honest but for one challenge, which the prover did not draw from the transcript."""
    real = getattr(Rounds, round_)

    def chosen(self, message):
        real(self, message)
        return answer

    traces, public = tiny.honest()
    with monkeypatch.context() as patch:
        patch.setattr(Rounds, round_, chosen)
        proof = dishonest(traces, public)
    assert check(proof, public) is reason


def test_a_layer_that_is_not_the_fold_of_the_one_before():
    traces, public = tiny.honest()
    constant = reference.ext(ONE).repeat(AT.domain_size // AT.arities[0], axis=1)
    assert check(lying(traces, public, layer1=lambda _: constant), public) is Reason.FRI_LAYER


def test_a_first_layer_that_is_not_the_batch():
    """C3: every query compares layer 0 with F computed from the opened rows."""
    traces, public = tiny.honest()
    constant = reference.ext(ONE).repeat(AT.domain_size, axis=1)
    assert check(lying(traces, public, deep=lambda _: constant), public) is Reason.FRI_LAYER


def test_another_final_polynomial():
    traces, public = tiny.honest()

    def lie(message):
        first, *rest = message.coefficients
        return replace(message, coefficients=(field.add(first, ONE), *rest))

    assert check(lying(traces, public, final=lie), public) is Reason.FRI_FINAL


# ------------------------------------------------------------------ frozen challenges


@pytest.fixture
def frozen(proven, monkeypatch):
    """`check` with the challenges of the honest run, whatever the proof says; `None` means accepted."""
    record = []
    real = Transcript.squeeze

    def recording(self, label, length):
        record.append(real(self, label, length))
        return record[-1]

    monkeypatch.setattr(Transcript, "squeeze", recording)
    assert check(proven.proof, proven.public) is None
    monkeypatch.setattr(Transcript, "squeeze", real)

    def frozen_check(proof, public=proven.public, **changes):
        replay = iter(record)
        with monkeypatch.context() as patch:
            patch.setattr(Transcript, "squeeze", lambda *_: next(replay))
            return check(proof, public, **changes)

    frozen_check.record = [
        tuple(int.from_bytes(data[i : i + 8], "little") % P for i in range(0, 40, 8)) for data in record
    ]
    return frozen_check


ALPHA, BETA, GAMMA, DELTA, Z, LAMBDA, FOLD0, FOLD1, QUERIES = range(9)


def read(proof, part, k):
    data = proof[part.item(k)]
    return tuple(int.from_bytes(data[i : i + 4], "little") for i in range(0, 20, 4))


def add_to(proof, part, k, value):
    return replaced(proof, part.item(k), field.to_bytes([field.add(read(proof, part, k), value)]))


def test_frozen_openings(proven, frozen):
    """Three claims moved so that Q(z) and the batch of claims stay: accepted if lambda were known beforehand."""
    part = proven.parts["quotient at z"]
    first = proven.parts["main at z"].items + proven.parts["aux at z"].items
    powers = field.powers(frozen.record[LAMBDA], first + 3)[first:]
    x = (0, 1, 0, 0, 0)
    # d0 + x d1 + x^2 d2 = 0 and l^0 d0 + l^1 d1 + l^2 d2 = 0, with d2 = 1
    matrix = [ONE, x, field.mul(x, x)], powers
    d = solve(matrix)
    proof = proven.proof
    for k in range(3):
        proof = add_to(proof, part, k, d[k])
    assert frozen(proof) is None
    assert check(proof, proven.public) is not None


def solve(matrix):
    """(d0, d1, 1) in the kernel of a 2 x 3 matrix over E."""
    (a, b, c), (e, f, g) = matrix
    determinant = field.inverse(field.sub(field.mul(a, f), field.mul(b, e)))
    d0 = field.mul(field.sub(field.mul(b, g), field.mul(c, f)), determinant)
    d1 = field.mul(field.sub(field.mul(c, e), field.mul(a, g)), determinant)
    return d0, d1, ONE


def test_frozen_terminals(proven, frozen):
    """Both terminals moved against each other, phi's claims at g z with them: all sums stay."""
    proof, x = proven.proof, (0, 1, 0, 0, 0)
    proof = add_to(proof, proven.parts["terminals"], 0, ONE)
    proof = add_to(proof, proven.parts["terminals"], 1, field.neg(ONE))
    share = field.scale(ONE, field.base_inverse(AT.rows))
    part = proven.parts["phi at gz"]
    before = sum(proven.parts[name].items for name in ("main at z", "aux at z", "quotient at z", "main at gz"))
    powers = field.powers(frozen.record[LAMBDA], before + part.items)[before:]
    for table, change in ((0, field.neg(share)), (1, share)):
        # e0 + x e1 = change, l_0 e0 + l_1 e1 = 0
        l0, l1 = powers[5 * table : 5 * table + 2]
        e1 = field.mul(field.mul(change, l0), field.inverse(field.sub(field.mul(l0, x), l1)))
        e0 = field.sub(change, field.mul(x, e1))
        proof = add_to(proof, part, 5 * table, e0)
        proof = add_to(proof, part, 5 * table + 1, e1)
    assert frozen(proof) is None
    assert check(proof, proven.public) is not None


def test_frozen_final_polynomial(proven, frozen):
    """A multiple of the polynomial that vanishes where the queries look can be added to the final one."""
    log_size, shift = AT.log_domain, 3
    for arity in AT.arities:
        log_size -= arity.bit_length() - 1
        shift = pow(shift, arity, P)
    w = field.root_of_unity(log_size)
    vanishing = [1]
    for index in {index % (1 << log_size) for index in proven.indices}:
        x = shift * pow(w, index, P) % P
        shifted, scaled = [0, *vanishing], [-x * c % P for c in vanishing] + [0]
        vanishing = [(a + b) % P for a, b in zip(shifted, scaled, strict=True)]
    proof = proven.proof
    for k, coefficient in enumerate(vanishing):
        proof = add_to(proof, proven.parts["final"], k, field.from_base(coefficient))
    assert frozen(proof) is None
    assert check(proof, proven.public) is not None


@pytest.mark.parametrize("tree", ["main", "aux", "quotient", "layer 0", "layer 1"])
def test_frozen_roots(proven, frozen, tree):
    """A leaf salted anew, and the root that then follows."""
    parts, log_size = proven.parts, AT.log_domain
    if tree.startswith("layer"):
        for arity in AT.arities[: int(tree[-1]) + 1]:
            log_size -= arity.bit_length() - 1
    leaves, siblings = parts[f"{tree} leaves"], parts[f"{tree} siblings"]
    salt = slice(leaves.start, leaves.start + 16)
    proof = replaced(proven.proof, salt, bytes(16))
    indices = sorted({index % (1 << log_size) for index in proven.indices})
    hashes = {i: merkle.leaf_hash(proof[leaves.item(k)]) for k, i in enumerate(indices)}
    digests = [proof[siblings.item(k)] for k in range(siblings.items)]
    proof = replaced(proof, parts[f"{tree} root"].item(0), merkle.root_of(hashes, log_size, digests))
    assert frozen(proof) is None
    assert check(proof, proven.public) is not None


def test_frozen_statement(proven, frozen):
    """What no equation reads is bound by the transcript alone."""
    other = replace(proven.public, context=b"another statement")
    assert frozen(proven.proof, other) is None
    assert check(proven.proof, other) is not None
    assert frozen(proven.proof, digest=bytes(32)) is None
    assert check(proven.proof, proven.public, digest=bytes(32)) is not None
    params = replace(TEST, johnson_m=9)
    assert frozen(proven.proof, params=params) is None
    assert check(proven.proof, proven.public, params=params) is not None
    column = {**proven.public.columns, (0, 0): (*proven.public.columns[0, 0], 0)}
    assert frozen(proven.proof, replace(proven.public, columns=column)) is None

"""The target `arithmetic`: the verifier's arithmetic, with challenges and query indices that the input chooses.

Under its own challenges a changed proof dies at the first check. Here challenges are given, hash checks hold, and the
input may say that the balance, the quotient or both are found right, so that it gets down to FRI's last line. What is
accepted then means nothing; what is shown is that no value, whatever it is, makes the verifier fail with anything but
a reason.

    u8 flags | up to 24 times (u8 what, u16 place, u32 value)

Flags: 1 the balance is right, 2 the quotient is right. What: 0 a word of the proof, 1 a word of a challenge, 2 a query
index, 3 a public scalar, 4 a record of the list, 5 a row of a public column, 6 all five words of a challenge.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from unittest.mock import patch

from tests.support import proof_layout
from tests.unit.verifier import tiny_circuit
from zkharvest.verifier import constraints, field, merkle, messages, stark
from zkharvest.verifier.field import P
from zkharvest.verifier.params import ParameterSet, sizes
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.transcript import Transcript

PARAMS = ParameterSet(2, 2, 2, 0, 0, 0, 0, 0, 2)  # two queries: as small as a proof can be and still share a leaf
AT = sizes(tiny_circuit.LOG_ROWS, PARAMS)
HONEST = Path(__file__).with_name("tiny-proof.bin")
EDIT = 7
MOST_EDITS = 24
CHALLENGES = 7 + len(AT.arities)  # alpha, beta, gamma, delta, z, lambda, one for each fold


class Recorder(Transcript):
    """A transcript that notes what it gave."""

    given: list[tuple[int, ...]]

    def extension(self, label):
        self.given.append(super().extension(label))
        return self.given[-1]

    def indices(self, label, count, size):
        self.given.append(super().indices(label, count, size))
        return self.given[-1]


@cache
def honest():
    """The public data, the proof, and the challenges and indices of its transcript; it is accepted as it is."""
    _, data = tiny_circuit.honest()
    proof = HONEST.read_bytes()
    Recorder.given = []
    with patch.object(messages, "Transcript", Recorder):
        stark.verify_proof(tiny_circuit.DESCRIPTION, tiny_circuit.DIGEST, PARAMS, tiny_circuit.HEIGHTS, data, proof)
    *challenges, indices = Recorder.given
    return data, proof, challenges, indices


def run(data: bytes) -> str:
    """The reason, or `accepted`."""
    public, proof, challenges, indices = honest()
    flags, proof, challenges, indices = data[0] if data else 0, bytearray(proof), list(challenges), list(indices)
    scalars, records = list(public.publics), [list(record) for record in public.lists[0]]
    columns = {key: list(column) for key, column in public.columns.items()}
    for what, place, value in _edits(data):
        match what % 7:
            case 0:
                at = 4 * place % (len(proof) - 3)
                proof[at : at + 4] = value.to_bytes(4, "little")
            case 1:
                number, k = divmod(place % (5 * len(challenges)), 5)
                challenges[number] = (*challenges[number][:k], value % P, *challenges[number][k + 1 :])
            case 2:
                indices[place % len(indices)] = value % AT.domain_size
            case 3:
                scalars[place % len(scalars)] = value
            case 4:
                records[place % len(records)] = [value]
            case 5:
                column = columns[sorted(columns)[place % len(columns)]]
                column[value % len(column)] = value
            case 6:
                challenges[place % len(challenges)] = (value % P, 0, 0, 0, 0)
    # A proof of the length that these indices ask for: otherwise its length is all that the input is about.
    parts = proof_layout.layout(tiny_circuit.DESCRIPTION, PARAMS, tiny_circuit.HEIGHTS, indices)
    length = max(part.end for part in parts.values())
    proof = (bytes(proof) + bytes(length))[:length]
    lists = (tuple(map(tuple, records)),)
    given = {key: tuple(column) for key, column in columns.items()}
    stated = replace(public, publics=tuple(scalars), lists=lists, columns=given)
    with ExitStack() as stack:
        _freeze(stack, challenges, tuple(indices), flags)
        try:
            stark.verify_proof(
                tiny_circuit.DESCRIPTION, tiny_circuit.DIGEST, PARAMS, tiny_circuit.HEIGHTS, stated, proof
            )
        except Reject as reject:
            assert reject.reason is not Reason.INTERNAL
            assert reject.reason.name.partition("_")[0] not in ("PACKAGE", "STATEMENT", "CIRCUIT", "POLICY")
            return reject.reason.value
    return "accepted"


def _edits(data: bytes) -> list[tuple[int, int, int]]:
    rows = [data[i : i + EDIT] for i in range(1, len(data) - EDIT + 1, EDIT)][:MOST_EDITS]
    return [(row[0], int.from_bytes(row[1:3], "little"), int.from_bytes(row[3:], "little")) for row in rows]


def _freeze(stack: ExitStack, challenges, indices, flags: int) -> None:
    answers = iter(challenges)

    class Given(Transcript):
        def extension(self, label):
            return next(answers)

        def indices(self, label, count, size):
            return indices

    stack.enter_context(patch.object(messages, "Transcript", Given))
    stack.enter_context(patch.object(merkle, "root_of", _rooted(merkle.root_of)))
    stack.enter_context(patch.object(stark, "_check_trees", _trees_hold(stark._check_trees)))
    if flags & 1:
        balance = constraints.balance
        stack.enter_context(patch.object(constraints, "balance", lambda *a: balance(*a) and field.ZERO))
    if flags & 2:
        combined, claimed = constraints.combined, stark._quotient_at
        stack.enter_context(patch.object(constraints, "combined", lambda *a: combined(*a) and field.ZERO))
        stack.enter_context(patch.object(stark, "_quotient_at", lambda *a: claimed(*a) and field.ZERO))


def _rooted(root_of):
    """Every tree is walked up, and every leaf hashed; that the root is another one is not told."""

    def walked(leaves, log_size, siblings):
        assert len(root_of(leaves, log_size, siblings)) == 32
        return b"walked"

    return walked


def _trees_hold(check_trees):
    def held(*arguments):
        try:
            check_trees(*arguments)
        except Reject as reject:
            assert reject.reason.value.startswith("merkle/")

    return held


def edit(what: int, place: int, value: int) -> bytes:
    """One edit as it stands in an input."""
    return bytes([what]) + place.to_bytes(2, "little") + value.to_bytes(4, "little")


def seeds() -> list[bytes]:
    """The honest proof; z in both domains and near them; every challenge zero; edits in every part, under all flags."""
    h, w = field.root_of_unity(AT.log_rows), field.root_of_unity(AT.log_domain)
    points = [0, 1, h, field.GENERATOR, field.GENERATOR * w % P, pow(h, -1, P), 3 * h % P, P - 1]
    found = [b"\0"]
    found += [bytes([flags]) + edit(6, 4, z) for z in points for flags in (0, 3)]
    found += [bytes([3]) + edit(6, number, 0) for number in range(CHALLENGES - 1)]
    found += [bytes([3]) + edit(2, 0, 5) + edit(2, 1, 5), bytes([3]) + edit(2, 0, 0) + edit(2, 1, AT.domain_size - 1)]
    parts = proof_layout.layout(tiny_circuit.DESCRIPTION, PARAMS, tiny_circuit.HEIGHTS, honest()[3])
    found += [bytes([3]) + edit(0, part.start // 4, value) for part in parts.values() for value in (0, 77, 2**32 - 1)]
    return found


def mutate(rng: Random, data: bytes) -> bytes:
    """An edit more, one less, or other flags."""
    rows = [data[i : i + EDIT] for i in range(1, len(data) - EDIT + 1, EDIT)][:MOST_EDITS]
    flags = rng.randrange(4) if rng.random() < 0.2 or not data else data[0]
    if rows and rng.random() < 0.3:
        rows.pop(rng.randrange(len(rows)))
    if rng.random() < 0.8:
        value = rng.choice((rng.randrange(2**32), rng.randrange(P), rng.randrange(300), 0, 1, P - 1, P, 2**32 - 1))
        place = rng.choice((rng.randrange(2**16), rng.randrange(3000), rng.randrange(40)))
        rows.append(edit(rng.choice((0, 0, 0, 1, 2, 3, 4, 5, 6)), place, value))
    return bytes([flags]) + b"".join(rows[-MOST_EDITS:])


def _write() -> None:
    """Prove the tiny circuit anew: needed when it or the protocol changes. `python -m tests.fuzz.arithmetic`."""
    from tests.unit.verifier import reference_prover

    traces, data = tiny_circuit.honest()
    HONEST.write_bytes(
        reference_prover.prove(
            tiny_circuit.DESCRIPTION, tiny_circuit.DIGEST, PARAMS, tiny_circuit.LOG_ROWS, data, traces
        )
    )


if __name__ == "__main__":
    _write()

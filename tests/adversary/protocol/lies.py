"""All lies, a table by steps of the protocol; and the reasons that no lie can bring about."""

from __future__ import annotations

from tests.adversary.protocol.lie import Lie, R
from tests.adversary.protocol.lies_agreed import challenges, grindings, queries, statements
from tests.adversary.protocol.lies_committed import buses, commitments, quotients, witnesses
from tests.adversary.protocol.lies_opened import foldings, openings


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

NOT_OF_THE_PROOF = (
    *("package", "statement", "circuit", "policy", "public", "signature", "attestation", "internal"),
    *("page", "standing", "link", "chain"),
)
"""Stages that judge what surrounds a proof, before a byte of it is read or after all of it (INTERNAL: a defect)."""

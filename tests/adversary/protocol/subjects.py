"""What the liars prove: the wide circuit, and the lot machine on a small ledger."""

from __future__ import annotations

from functools import cache
from typing import Any
from unittest import mock

from tests.adversary.protocol import wide_circuit
from tests.adversary.protocol.prover import Subject
from zkharvest.prover import stark
from zkharvest.workflow.prove_chain import prove_chain


@cache
def wide() -> Subject:
    traces, public = wide_circuit.honest()
    return Subject(wide_circuit.DESCRIPTION, wide_circuit.DIGEST, public, traces)


@cache
def level() -> Subject:
    """The wide circuit with tables of one height."""
    traces, public = wide_circuit.honest(heights=(wide_circuit.LOG_ROWS,) * 2)
    return Subject(wide_circuit.DESCRIPTION, wide_circuit.DIGEST, public, traces)


@cache
def lot_machine() -> Subject:
    """What `prove_chain` hands to the prover: a link of lot-machine/v2."""
    from tests.support.proofs import METHOD, YEAR, small_pages

    class Handed(Exception):
        pass

    def take(description: Any, digest: bytes, _params: Any, public: Any, traces: Any, **_: Any) -> bytes:
        raise Handed(Subject(description, digest, public, [trace.copy() for trace in traces]))

    with mock.patch.object(stark, "prove_circuit", take):
        try:
            prove_chain(small_pages(), year=YEAR, method=METHOD, first=True, preset="test")
        except Handed as handed:
            (subject,) = handed.args
            return subject  # type: ignore[no-any-return]
    raise AssertionError

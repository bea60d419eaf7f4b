"""Makes packages by provers that lie all the way: vectors/reject/*/NAME.zkh and their headers.

    python vectors/generate/make_lies.py [NAME...]

A lie is told at one place and everything after it is done by the book, with `allow_invalid`: the hardest packages to
reject. The recipe beside each (NAME.txt, written by hand) says which check must catch it.
"""

# ruff: noqa: SLF001 - a liar reaches into the prover
from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import lies_about_ledger as ledger
import lies_about_proof as proofs
from lies_about_ledger import Parts, one_unit, set_part
from make_packages import FOLDER, VECTORS, ZONE, opening_of, reproducible

from tests.adversary.kit.lenient import counting_what_is_in_range, wrapping
from tests.adversary.protocol.prover import Patches, Subject
from zkharvest.circuit.lot_machine.v1 import witness as generator
from zkharvest.commitment.opening import Opening
from zkharvest.conformance.kinds.packages import judge
from zkharvest.files.packages import package_bytes
from zkharvest.ledger import Election, Method, Pooling
from zkharvest.ledger.operations import Operations
from zkharvest.prover import stark
from zkharvest.trades.csv_in import load_trades
from zkharvest.trades.model import Kind, Trade
from zkharvest.verifier import circuits
from zkharvest.verifier.package import Package, statement_digest
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.policy import SCHEMA
from zkharvest.verifier.statement import public_data, read_statement
from zkharvest.workflow import prove as proving

REGIME = Election(Method.FIFO, Pooling.WALLET, ZONE, 2025)
PRESET = "test"


@dataclass(frozen=True)
class Lie:
    """What is told: another ledger run than the statement's, another statement, or a prover with patches."""

    path: str
    about: str
    proven: Election = REGIME
    trades: Callable[[list[Trade]], list[Trade]] = lambda trades: trades  # those that the witness is made from
    operations: Callable[[Operations], Operations] = lambda operations: operations
    statement: Callable[[Parts], None] = lambda parts: None
    patches: Callable[[], list[AbstractContextManager[Any]]] = field(default=list)  # of the witness generator
    prover: Callable[[Subject], Patches] = lambda _: []


def make(lie: Lie) -> tuple[bytes, Parts]:
    """The package and its header."""
    honest = opening_of("small.csv", "book")
    told = Opening(tuple(lie.trades(load_trades(FOLDER / "small.csv"))), honest.currency, honest.seed)
    pinned = circuits.PINNED[-1]
    description = circuits.load(pinned)
    truth = generator.make_witness(honest, generator.operations_of(honest, REGIME))
    with ExitStack() as stack:
        stack.enter_context(reproducible(lie.path))
        for patch in [*wrapping(), counting_what_is_in_range(), *lie.patches()]:
            stack.enter_context(patch)
        witness = generator.make_witness(told, lie.operations(generator.operations_of(told, lie.proven)))
        claimed = replace(truth, totals=witness.totals, carried_out_root=witness.carried_out_root)
        parts = proving._statement(honest, REGIME, claimed, pinned, "", b"")
        lie.statement(parts)
        statement = read_statement(parts)
        public = public_data(statement, description, statement_digest(parts, PRESET, witness.heights))
        params = PRESETS[PRESET].params
        for patch in lie.prover(Subject(description, statement.circuit_digest, public, witness.traces)):
            stack.enter_context(patch)
        proof = stark.prove_circuit(
            description, statement.circuit_digest, params, public, witness.traces, allow_invalid=True
        )
    roots = {s: root.hex() for s, root in honest.roots.items()}
    policy = {"schema": SCHEMA, "commitments": roots, "allow_test_preset": True}
    header = {"about": lie.about, "ledger": "small.csv", "policy": policy}
    return package_bytes(Package(parts, PRESET, witness.heights, proof)), header


LIES = [
    Lie("constraints/total-one-unit-more", "short-term losses 10^-8 more", statement=one_unit("short_loss", 1)),
    Lie("constraints/proceeds-one-unit-less", "proceeds 10^-8 less", statement=one_unit("proceeds", -1)),
    Lie("constraints/order-of-another-method", "LIFO's lots for FIFO", proven=replace(REGIME, method=Method.LIFO)),
    Lie(
        "constraints/lots-of-another-wallet",
        "lots of all wallets together for pooling by wallet",
        proven=replace(REGIME, pooling=Pooling.UNIVERSAL),
    ),
    Lie("constraints/another-year", "the figures of 2024 for 2025", proven=replace(REGIME, year=2024)),
    Lie("constraints/sale-left-out", "a sale of the committed ones not run", trades=ledger.without("coinbase:main/c8")),
    Lie(
        "constraints/purchase-added",
        "a purchase run that is not committed",
        trades=ledger.with_another("coinbase:main/c1", Kind.BUY),
    ),
    Lie(
        "constraints/amount-changed", "a purchase dearer than committed", trades=ledger.dearer("kraken:main/k1", 10**8)
    ),
    Lie(
        "constraints/one-instant-reordered",
        "two trades of one instant the other way round",
        trades=ledger.exchanged("coinbase:main/c6", "coinbase:main/c7"),
    ),
    Lie("constraints/long-a-day-early", "lots long term from the anniversary on", patches=ledger.a_day_early),
    Lie(
        "constraints/basis-part-one-unit-more",
        "a part of a lot with a unit of basis too many",
        operations=ledger.basis_moved,
    ),
    Lie(
        "constraints/basis-from-nowhere", "a lot that has grown a dollar of basis", operations=ledger.basis_from_nowhere
    ),
    Lie(
        "constraints/lot-used-twice",
        "a part taken again from the lot as it was before",
        operations=ledger.lot_used_twice,
    ),
    Lie(
        "constraints/inventory-carried-out",
        "another inventory carried out",
        statement=set_part("carried_out", b"\1\0\0\0" * 9),
    ),
    Lie("statement/unknown-zone", "a zone that no machine knows", statement=set_part("timezone", "Mars/Olympus")),
    Lie(
        "constraints/terminals-that-cancel",
        "a total off, and terminals stated so that the buses cancel",
        statement=ledger.one_total_off,
        prover=proofs.cancelling_terminals,
    ),
    Lie(
        "fri/evaluations-that-fit",
        "the same, and a quotient opened to the value that the constraints want",
        statement=ledger.one_total_off,
        prover=proofs.cancelling_evaluations,
    ),
    Lie("fri/layer-0-of-another-function", "FRI on another function than F", prover=proofs.another_first_layer),
    Lie(
        "fri/layer-1-not-the-fold",
        "a second layer that is not the fold of the first",
        prover=proofs.another_second_layer,
    ),
    Lie("fri/final-of-another-layer", "a last polynomial that is not the last layer's", prover=proofs.another_final),
    Lie(
        "challenges/public-data-not-absorbed",
        "challenges that do not depend on the statement",
        prover=proofs.deaf("statement"),
    ),
    Lie(
        "challenges/terminals-not-absorbed",
        "challenges that do not depend on the terminals",
        prover=proofs.deaf("aux"),
    ),
    Lie(
        "challenges/evaluations-not-absorbed",
        "challenges that do not depend on the evaluations",
        prover=proofs.deaf("evaluations"),
    ),
    Lie(
        "challenges/final-not-absorbed",
        "queries that do not depend on the last polynomial",
        prover=proofs.deaf("final"),
    ),
]


def assert_honest() -> None:
    """Without a lie the same way ends in an accepted package: it is the lie that is rejected."""
    data, header = make(Lie("honest", "no lie"))
    verdict = judge(data, header["policy"])
    assert verdict.accepted, verdict


def main() -> None:
    """Make all lies, or those named."""
    names = set(sys.argv[1:])
    assert_honest()
    for lie in LIES:
        if names and not any(name in lie.path for name in names):
            continue
        data, header = make(lie)
        path = VECTORS / "reject" / f"{lie.path}.zkh"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.with_suffix(".json").write_text(json.dumps(header, indent=1) + "\n", encoding="utf-8")
        print(f"{lie.path}: {len(data)} bytes")


if __name__ == "__main__":
    main()

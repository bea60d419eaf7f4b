"""Makes packages by provers that lie all the way: vectors/reject/*/NAME.zkh and their headers.

    python vectors/generate/make_lies.py [NAME...]

A lie is told at one place and everything after it is done by the book, with `allow_invalid`: the hardest packages to
reject. The recipe beside each (NAME.txt, written by hand) says which check must catch it. Lies about the ledger are
those of tests/adversary/links that a package of one link can tell, lies about the proof those of `lies_about_proof.py`.
"""

# ruff: noqa: SLF001 - a liar reaches into the prover
from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import lies_about_ledger as ledger
import lies_about_proof as proofs
import make_chains as chains
import wanted_chains as wanted
from making import VECTORS, reproducible

from tests.adversary.protocol.prover import Patches, Subject
from zkharvest.conformance.kinds.packages import judge
from zkharvest.files.book import Book
from zkharvest.ledger.rules import Election, Pooling
from zkharvest.prover import stark
from zkharvest.verifier import circuits
from zkharvest.verifier.chain_package import ChainPackage, Part
from zkharvest.verifier.chain_policy import SCHEMA
from zkharvest.verifier.link import read_link
from zkharvest.verifier.link_public import public_data
from zkharvest.verifier.params import PRESETS
from zkharvest.workflow import links

Made = tuple[bytes, dict[str, Any]]
HONEST = wanted.Wanted("honest", "no lie", ((2024, wanted.HIFO),), signed=False)
TRUE = None
A_CENT = wanted.net_a_cent_more

# Path, what is told, the statement's lie, the prover's.
ABOUT_THE_PROOF: list[tuple[str, str, Callable[[dict[str, Any]], None] | None, Callable[[Subject], Patches]]] = [
    (
        "constraints/terminals-that-cancel",
        "a total off, and terminals stated so that the buses cancel",
        A_CENT,
        proofs.cancelling_terminals,
    ),
    (
        "fri/evaluations-that-fit",
        "the same, and a quotient opened to the value that the constraints want",
        A_CENT,
        proofs.cancelling_evaluations,
    ),
    ("fri/layer-0-of-another-function", "FRI on another function than F", TRUE, proofs.another_first_layer),
    (
        "fri/layer-1-not-the-fold",
        "a second layer that is not the fold of the first",
        TRUE,
        proofs.another_second_layer,
    ),
    ("fri/final-of-another-layer", "a last polynomial that is not the last layer's", TRUE, proofs.another_final),
    (
        "challenges/public-data-not-absorbed",
        "challenges that do not depend on the statement",
        TRUE,
        proofs.deaf("statement"),
    ),
    ("challenges/terminals-not-absorbed", "challenges that do not depend on the terminals", TRUE, proofs.deaf("aux")),
    (
        "challenges/evaluations-not-absorbed",
        "challenges that do not depend on the evaluations",
        TRUE,
        proofs.deaf("evaluations"),
    ),
    (
        "challenges/final-not-absorbed",
        "queries that do not depend on the last polynomial",
        TRUE,
        proofs.deaf("final"),
    ),
]


def proven(
    name: str, about: str, lie: Callable[[dict[str, Any]], None] | None, prover: Callable[[Subject], Patches]
) -> Made:
    """The package of `make_chains.py`'s 2024 by a prover with patches, and its header."""
    given = [(label, opening) for label, opening, _ in chains.listed(HONEST)]
    elections = [Election(method, Pooling.WALLET, wanted.ZONE, year) for year, method in HONEST.years]
    with ExitStack() as stack:
        stack.enter_context(reproducible(name))
        prepared = next(iter(links.prepare_links(given, links.Wanted(elections, preset="test"), book=Book({}))))
        if lie is not None:
            lie(prepared.statement)
        pinned = links._pinned()
        description, digest = circuits.load(pinned), bytes.fromhex(pinned.digest)
        part = Part(prepared.statement, prepared.preset, prepared.heights, b"")
        public = public_data(read_link(part.statement), description, part.digest)
        traces = list(prepared.witness.traces.values())
        for patch in prover(Subject(description, digest, public, traces)):
            stack.enter_context(patch)
        proof = stark.prove_circuit(
            description, digest, PRESETS[part.preset].params, public, traces, allow_invalid=True
        )
    header = chains.header_of(replace(HONEST, about=about))
    return ChainPackage((replace(part, proof=proof),)).encode(), header


def told(lie: ledger.Told) -> Made:
    """A package of tests/adversary/links, and its header."""
    with reproducible(lie.name):
        case = lie.make()
    policy: dict[str, Any] = {"schema": SCHEMA, "allow_test_preset": True}
    carried = read_link(case.told.part.statement).opening
    policy |= {"first": True} if carried is None else {"standing": carried.name.hex()}
    return case.packages[-1].encode(), {"about": lie.about, "ledger": "tests/models", "policy": policy}


def lies() -> Iterator[tuple[str, Callable[[], Made]]]:
    """Every lie by its path."""
    for one in ledger.LIES:
        yield f"constraints/{one.name}", lambda one=one: told(one)  # type: ignore[misc]
    for path, about, lie, prover in ABOUT_THE_PROOF:
        yield path, lambda of=(path, about, lie, prover): proven(*of)  # type: ignore[misc]


def assert_honest() -> None:
    """Without a lie the same ways end in accepted packages: it is the lie that is rejected."""
    for data, header in (proven("honest", "no lie", None, lambda _: []), told(ledger.HONEST)):
        verdict = judge(data, header["policy"])
        assert verdict.reason in ("", "policy/no-expectation"), verdict


def main() -> None:
    """Make all lies, or those named."""
    names = set(sys.argv[1:])
    assert_honest()
    for path, make in lies():
        if names and not any(name in path for name in names):
            continue
        data, header = make()
        place = VECTORS / "reject" / f"{path}.zkh"
        place.write_bytes(data)
        place.with_suffix(".json").write_text(json.dumps(header, indent=1) + "\n", encoding="utf-8")
        print(f"{path}: {len(data)} bytes, {judge(data, header['policy']).reason}")


if __name__ == "__main__":
    main()

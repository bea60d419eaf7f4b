"""Challenges held, everything else changed: what then verifies must move the very next challenge when they are not.

Over the wide circuit with grinding at every site: every byte of a proof, every part of a statement. Over a package of
the lot machine: the same in the audit, as the wide circuit has every kind of part and of change.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from tests.adversary.kit.frozen import Case, Frozen, packaged
from tests.adversary.protocol import wide_circuit as wide
from tests.adversary.protocol.forger import Forger
from tests.adversary.protocol.harness import bound_by_the_transcript
from tests.adversary.protocol.mutations import Mutation, all_mutations, of_messages, of_the_statement, of_trees
from tests.adversary.protocol.prover import ground_harder
from tests.adversary.protocol.real_run import atoms, ground_sites, reground
from tests.support.counts import count
from zkharvest import verify_chain
from zkharvest.verifier import circuits
from zkharvest.verifier.chain_package import decode_chain_package
from zkharvest.verifier.chain_verdict import named_figures
from zkharvest.verifier.link import read_link
from zkharvest.verifier.link_public import public_data
from zkharvest.verifier.params import ParameterSet
from zkharvest.verifier.rejections import Reason

PACKAGE = Path(__file__).resolve().parents[3] / "vectors/accept/lot-machine-v2/2024.zkh"
GROUND = ParameterSet(2, 2, 8, 3, 3, 10, 10, 3, 2)
GROUPS = {"statement": of_the_statement, "trees": of_trees, "messages": of_messages}


@cache
def wide_run() -> Frozen:
    from zkharvest.prover.stark import prove_circuit

    traces, public = wide.honest()
    with ground_harder():
        proof = prove_circuit(wide.DESCRIPTION, wide.DIGEST, GROUND, public, traces)
    return Frozen(Case(wide.DESCRIPTION, wide.DIGEST, GROUND, wide.HEIGHTS, public, proof))


@cache
def lot_run() -> Frozen:
    return Frozen(packaged(PACKAGE))


def bound(frozen: Frozen, mutation: Mutation) -> Case:
    case = bound_by_the_transcript(frozen, mutation)
    count("frozen mutations")
    return case


@pytest.mark.parametrize("group", GROUPS)
def test_what_verifies_under_frozen_challenges_moves_the_next_one(group):
    frozen = wide_run()
    for mutation in GROUPS[group](frozen.case):
        bound(frozen, mutation)


def test_every_byte_of_a_proof_is_covered():
    """Each smallest part of the proof (word, salt, digest, nonce) is changed by a mutation that verifies frozen."""
    frozen = wide_run()
    proof = frozen.case.proof
    left = dict(atoms(frozen.case, Forger(frozen).parts.trees))
    assert sum(place.stop - place.start for place in left.values()) == len(proof)
    for mutation in [*of_trees(frozen.case), *of_messages(frozen.case)]:
        other = mutation.make(frozen).proof
        assert len(other) == len(proof)
        left = {name: place for name, place in left.items() if other[place] == proof[place]}
    assert not left


def test_a_proof_made_from_nothing():
    """With the challenges known beforehand every word can be invented: for false public data, at another height, under
    other parameters. So the order of the rounds carries all of the soundness."""
    frozen = wide_run()
    false = replace(frozen.case.public, publics=(1, 2, 3, 4, 5, 6, 7, 8, 9))
    changes = [{}, {"public": false}, {"public": false, "heights": (14, 12)}, {"params": replace(GROUND, log_blowup=3)}]
    for change in changes:
        forger = Forger(frozen, **change).from_nothing()
        case = forger.done()
        assert frozen.replay(case) is None
        assert case.judged() is not None
        assert reground(case).judged() is not None
    different = [place for _, place in atoms(frozen.case, Forger(frozen).parts.trees)]
    case = Forger(frozen).from_nothing()
    case.parts.nonces = [nonce ^ 1 << 20 for nonce in case.parts.nonces]
    forged = case.done()
    assert frozen.replay(forged) is None
    assert all(forged.proof[place] != frozen.case.proof[place] for place in different)


def test_a_nonce_that_holds_as_well_gives_other_challenges():
    frozen = wide_run()
    for nth, k in enumerate(ground_sites(GROUND, frozen.case.at)):
        other = reground(frozen.case, avoid={k: frozen.case.messages().nonces[k]})
        divergence = frozen.divergence(other)
        assert (divergence.absorb, divergence.moved) == (("grind", nth), True)
        assert divergence.reason not in (None, Reason.GRINDING)


def test_the_harness_rejects_what_no_challenge_binds():
    """Frozen challenges do not make everything verify: each check still catches a change that nothing makes good."""
    frozen = wide_run()
    for change, reason in [
        (lambda p: p.terminals.__setitem__(0, (1, 2, 3, 4, 5)), Reason.BALANCE),
        (lambda p: p.at_z.__setitem__(0, (1, 2, 3, 4, 5)), Reason.QUOTIENT),
        (lambda p: p.roots.__setitem__("aux", bytes(32)), Reason.MERKLE_AUX),
        (lambda p: p.final.__setitem__(0, (1, 2, 3, 4, 5)), Reason.FRI_FINAL),
    ]:
        forger = Forger(frozen)
        change(forger.parts)
        assert frozen.replay(forger.done()) is reason
    with pytest.raises(ValueError, match="nothing that is absorbed differs"):
        frozen.divergence(frozen.case)


# ------------------------------------------------------------------ the lot machine, through the real verifier


@pytest.mark.audit
def test_the_lot_machine_whole():
    frozen = lot_run()
    proof = frozen.case.proof
    left = dict(atoms(frozen.case, Forger(frozen).parts.trees))
    for mutation in all_mutations(frozen.case):
        other = bound(frozen, mutation).proof
        if len(other) == len(proof):
            left = {name: place for name, place in left.items() if other[place] == proof[place]}
    # No bits are asked for in this parameter set, so that 0 is the only nonce, challenges held or not.
    assert all(name.startswith("nonce") for name in left)
    for place in left.values():
        zero = proof[: place.start] + b"\1" + proof[place.start + 1 :]
        assert frozen.replay(replace(frozen.case, proof=zero)) is Reason.GRINDING


def test_a_package_with_a_loss_invented_verifies_only_while_challenges_are_frozen():
    """Through `verify_chain`: statement, public data and proof changed together, a million more of loss."""
    frozen = lot_run()
    package = decode_chain_package(PACKAGE.read_bytes())
    (part,) = package.parts
    honest = read_link(part.statement)
    figures = [
        {**one, "values": {**one["values"], "units": str(int(one["values"]["units"]) - 10**14)}}
        if one["level"] == "NET"
        else one
        for one in part.statement["figures"]
    ]
    other = replace(part, statement={**part.statement, "figures": figures})
    link = read_link(other.statement)
    data = public_data(link, circuits.load(_pinned(link)), other.digest)
    proof = Forger(frozen, public=data).mend().follow().bind().done().proof
    forged = replace(package, parts=(replace(other, proof=proof),), signature=None).encode()

    def judged(file):
        pages = {page.header.source: page.header.page_id for page in honest.statement.pages}
        return verify_chain([file], first=True, pages=pages, allow_test_preset=True)

    with frozen.held():
        verdict = judged(forged)
    assert verdict.accepted, verdict.findings
    net, before = (named_figures(one.statement.figures)["net"] for one in (link, honest))
    assert net == before - 10**14
    assert judged(PACKAGE.read_bytes()).accepted
    assert judged(forged).verdict == "rejected"


def _pinned(link):
    return circuits.find(link.statement.circuit_id, link.statement.circuit_digest)

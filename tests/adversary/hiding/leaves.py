"""What an unopened leaf tells someone who has a guess: its digest is in the proof, as a sibling of an opened one."""

from __future__ import annotations

import numpy as np

from tests.adversary.hiding.observing import PARAMS, Coins, fixed
from tests.support.proof_layout import layout
from tests.support.tiny_traces import DESCRIPTION, DIGEST, LOG_ROWS, honest_traces
from zkharvest.prover import field, ntt, stacks
from zkharvest.prover.stark import prove_circuit
from zkharvest.verifier.merkle import leaf_hash
from zkharvest.verifier.params import SALT_BYTES, sizes
from zkharvest.verifier.stacks import stacks_of

COINS = Coins(4, LOG_ROWS)
AT = sizes(LOG_ROWS, PARAMS)
HEIGHTS = [LOG_ROWS] * len(DESCRIPTION.tables)


def proven(source):
    """A proof of the tiny circuit's witness, which is the same every time."""
    traces, public = honest_traces()
    with fixed(COINS):
        return prove_circuit(DESCRIPTION, DIGEST, PARAMS, public, traces, rng=source())


def unopened(proof, tree="main"):
    """Index of a leaf that is not opened -> its digest, of those that lie beside an opened leaf."""
    part = layout(DESCRIPTION, PARAMS, HEIGHTS, COINS.indices)[f"{tree} siblings"]
    digests = (proof[part.item(k)] for k in range(part.items))
    known, half = set(COINS.indices), AT.domain_size // 2
    return {
        index: next(digests)
        for parent in sorted({index % half for index in known})
        for index in (parent, parent + half)
        if index not in known
    }


def guessed():
    """The digests of the main tree's leaves for a guessed witness, without masks and salts."""
    traces, _ = honest_traces()
    values = field.to_mont(np.concatenate(traces, axis=1))
    nothing = np.zeros((AT.mask, values.shape[1]), dtype=np.uint32)
    columns = ntt.lde_masked(values, nothing, AT.lde_size // AT.rows, AT.shift)
    lanes = stacks.layout(stacks_of(DESCRIPTION, HEIGHTS, AT.stack), 0, AT.stack).lanes
    above = stacks.Stacking(lanes, 1, AT.log_domain).rows(columns, slice(None))
    rows = field.from_mont(np.concatenate(above)).astype("<u4")
    return {index: leaf_hash(bytes(SALT_BYTES) + rows[index].tobytes()) for index in range(AT.domain_size)}


def told_by_leaves(source):
    """How a source's leaves give the witness away: "guessed", "same in two proofs"."""
    one, other = proven(source), proven(source)
    found = set()
    guess = guessed()
    leaves = unopened(one)
    assert len(leaves) >= PARAMS.queries // 2
    if any(digest == guess[index] for index, digest in leaves.items()):
        found.add("guessed")
    for tree in ("main", "aux", "quotient"):
        if set(unopened(one, tree).values()) & set(unopened(other, tree).values()):
            found.add("same in two proofs")
    return found

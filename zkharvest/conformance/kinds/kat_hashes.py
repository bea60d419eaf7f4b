"""Known answers of Poseidon, SHA-256 trees and the transcript: what computes them here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

Case = dict[str, Any]
Answers = Callable[[list[Case]], Iterable[Any]]


def _inputs(cases: list[Case]) -> list[list[Any]]:
    return [case["in"] for case in cases]


# --- Poseidon


def _permute_plain(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.commitment import poseidon

    return [poseidon.permute(case["in"]) for case in cases]


def _compress_plain(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.commitment import poseidon

    return [poseidon.compress(case["in"]) for case in cases]


def _permute16_plain(cases: list[Case]) -> Iterable[Any]:
    """The rounds and the generator of constants at another width, with the matrix that Plonky3 publishes for it."""
    from zkharvest.commitment import poseidon

    matrix = poseidon.circulant((1, 1, 51, 1, 11, 17, 2, 1, 101, 63, 15, 2, 67, 22, 13, 3))
    constants = poseidon.round_constants(16, 8, 20)
    return [poseidon.permutation(case["in"], constants, matrix, 8) for case in cases]


def _constants(cases: list[Case]) -> Iterable[Any]:
    from hashlib import sha256

    from zkharvest.commitment import poseidon

    for case in cases:
        table = poseidon.round_constants(case["width"], case["full"], case["partial"])
        yield sha256(b"".join(c.to_bytes(4, "little") for row in table for c in row)).hexdigest()


def _poseidon_kernel(name: str) -> Answers:
    def answers(cases: list[Case]) -> Iterable[Any]:
        import numpy as np

        from zkharvest.commitment import poseidon_kernel

        rows: list[Any] = getattr(poseidon_kernel, name)(np.array(_inputs(cases), dtype=np.uint32)).tolist()
        return rows

    return answers


# --- SHA-256 trees


def _leaves_plain(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.verifier.merkle import leaf_hash

    for case in cases:
        row = b"".join(word.to_bytes(4, "little") for word in case["row"])
        yield leaf_hash(bytes.fromhex(case["salt"]) + row)


def _leaves_kernel(cases: list[Case]) -> Iterable[Any]:
    import numpy as np

    from zkharvest.prover.field import to_mont
    from zkharvest.prover.sha256 import hash_rows

    for case in cases:
        salt = np.frombuffer(bytes.fromhex(case["salt"]), np.uint8).reshape(1, -1)
        yield hash_rows(to_mont(np.array([case["row"]], np.uint32)), salt)[0].tobytes()


def _leaf_bytes(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.verifier.merkle import leaf_hash

    return [leaf_hash(bytes.fromhex(salt) + bytes.fromhex(row)) for salt, row in _inputs(cases)]


def _nodes_plain(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.verifier.merkle import node_hash

    return [node_hash(*map(bytes.fromhex, pair)) for pair in _inputs(cases)]


def _nodes_kernel(cases: list[Case]) -> Iterable[Any]:
    import numpy as np

    from zkharvest.prover.sha256 import hash_nodes

    left, right = (
        np.frombuffer(bytes.fromhex("".join(side)), np.uint8).reshape(-1, 32)
        for side in zip(*_inputs(cases), strict=True)
    )
    return [digest.tobytes() for digest in hash_nodes(left, right)]


def _trees_kernel(cases: list[Case]) -> Iterable[Any]:
    import numpy as np

    from zkharvest.prover.merkle import MerkleTree

    for case in cases:
        leaves = np.frombuffer(bytes.fromhex("".join(case["leaves"])), np.uint8).reshape(-1, 32)
        yield MerkleTree.build(leaves).root


def _trees_plain(cases: list[Case]) -> Iterable[Any]:
    """Opened at all leaves, a tree needs no siblings."""
    from zkharvest.verifier.merkle import root_of

    for case in cases:
        leaves = dict(enumerate(map(bytes.fromhex, case["leaves"])))
        yield root_of(leaves, len(leaves).bit_length() - 1, ())


def _openings_plain(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.verifier.merkle import root_of

    for case in cases:
        leaves = {int(index): bytes.fromhex(leaf) for index, leaf in case["leaves"].items()}
        yield root_of(leaves, case["size"].bit_length() - 1, [bytes.fromhex(x) for x in case["siblings"]])


# --- transcript


def _found(bits: int, state: bytes) -> int:
    from zkharvest.prover.grind import find_nonce

    nonce: int = find_nonce(state, bits)
    return nonce


def _transcript(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.verifier.transcript import Transcript

    for case in cases:
        transcript, steps = Transcript(), []
        for step in case["steps"]:
            done = {key: value for key, value in step.items() if key != "state"}
            if step["do"] == "absorb":
                transcript.absorb(step["label"], bytes.fromhex(step["data"]))
            elif step["do"] == "extension":
                done["out"] = transcript.extension(step["label"])
            elif step["do"] == "indices":
                done["out"] = transcript.indices(step["label"], step["count"], step["size"])
            elif step["do"] == "grind":
                done["nonce"] = transcript.grind(step["bits"], partial(_found, step["bits"]))
            steps.append({**done, "state": transcript.state})
        yield {"steps": steps}


IMPLEMENTATIONS: dict[str, dict[str, Answers]] = {
    "poseidon/permute24": {"plain": _permute_plain, "kernel": _poseidon_kernel("permute_many")},
    "poseidon/permute16": {"plain": _permute16_plain},
    "poseidon/compress": {"plain": _compress_plain, "kernel": _poseidon_kernel("compress_many")},
    "poseidon/constants": {"plain": _constants},
    "sha256-tree/leaf": {"plain": _leaves_plain, "kernel": _leaves_kernel},
    "sha256-tree/leaf_bytes": {"plain": _leaf_bytes},
    "sha256-tree/node": {"plain": _nodes_plain, "kernel": _nodes_kernel},
    "sha256-tree/root": {"plain": _trees_plain, "kernel": _trees_kernel},
    "sha256-tree/opening": {"plain": _openings_plain},
    "transcript/run": {"plain and kernel": _transcript},
}

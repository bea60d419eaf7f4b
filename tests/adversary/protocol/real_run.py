"""A changed case in the real run: with its nonces searched anew, as a forger would; and a proof cut into its parts."""

from __future__ import annotations

from dataclasses import replace

from tests.adversary.kit.frozen import Case
from tests.adversary.protocol.parts import Tree
from zkharvest.verifier import public
from zkharvest.verifier.messages import Rounds
from zkharvest.verifier.params import ParameterSet, Sizes
from zkharvest.verifier.transcript import grinding_holds


def site_bits(params: ParameterSet, at: Sizes) -> list[int]:
    """The bits asked for at each of the proof's nonces, in order."""
    return [
        params.grind_lookup,
        params.grind_deep,
        at.grind_batch,
        *[at.grind_fold] * len(at.arities),
        params.grind_query,
    ]


def ground_sites(params: ParameterSet, at: Sizes) -> list[int]:
    """The nonces that must be searched: where no bits are asked for only 0 is a nonce."""
    return [k for k, bits in enumerate(site_bits(params, at)) if bits]


def reground(case: Case, avoid: dict[int, int] | None = None) -> Case:
    """The case with every nonce that does not hold in its real run searched anew; one in `avoid` is not taken."""
    said = case.messages()
    sites = iter(range(len(said.nonces)))

    def search(_site: str, state: bytes, bits: int) -> int:
        site = next(sites)
        if bits == 0:
            return 0
        if site not in (avoid or {}) and grinding_holds(state, said.nonces[site], bits):
            return said.nonces[site]
        start = (avoid or {}).get(site, -1) + 1
        return next(n for n in range(start, start + 2**20) if grinding_holds(state, n, bits))

    rounds = Rounds(case.params, case.heights, search)
    rounds.statement(case.digest, public.encode(case.description, case.public))
    rounds.main(said.main)
    rounds.aux(said.aux)
    rounds.quotient(said.quotient)
    rounds.evaluations(said.evaluations)
    for layer in said.layers:
        rounds.fold(layer)
    rounds.final(said.final)
    forged = case.proof
    for place, (_, nonce) in zip(nonce_places(case), rounds.nonces, strict=True):
        forged = forged[:place] + nonce.to_bytes(8, "little") + forged[place + 8 :]
    return replace(case, proof=forged)


def nonce_places(case: Case) -> list[int]:
    """Where the proof's nonces begin."""
    said = case.messages()
    lookup = 32
    deep = lookup + 8 + 32 + 20 * len(said.aux.terminals) + 32
    batch = deep + 8 + 20 * (len(said.evaluations.at_z) + len(said.evaluations.at_next))
    folds = [batch + 8 + 32 + 40 * k for k in range(len(said.layers))]
    return [lookup, deep, batch, *folds, folds[-1] + 8 + 20 * len(said.final.coefficients)]


def atoms(case: Case, trees: dict[str, Tree]) -> list[tuple[str, slice]]:
    """The proof cut into its smallest parts: roots, nonces, words, salts, digests."""
    said = case.messages()
    result: list[tuple[str, slice]] = []
    position = 0

    def cut(name: str, count: int, size: int) -> None:
        nonlocal position
        for k in range(count):
            result.append((f"{name} {k}", slice(position, position + size)))
            position += size

    cut("main root", 1, 32)
    cut("nonce lookup", 1, 8)
    cut("aux root", 1, 32)
    cut("terminals", 5 * len(said.aux.terminals), 4)
    cut("quotient root", 1, 32)
    cut("nonce deep", 1, 8)
    cut("at z", 5 * len(said.evaluations.at_z), 4)
    cut("at g z", 5 * len(said.evaluations.at_next), 4)
    cut("nonce batch", 1, 8)
    for number in range(len(said.layers)):
        cut(f"layer {number} root", 1, 32)
        cut(f"nonce fold {number}", 1, 8)
    cut("final", 5 * len(said.final.coefficients), 4)
    cut("nonce query", 1, 8)
    for name, tree in trees.items():
        for index, row in tree.rows.items():
            cut(f"{name} salt of leaf {index},", 1, 16)
            cut(f"{name} leaf {index}, word", len(row), 4)
        cut(f"{name} sibling", len(tree.siblings), 32)
    assert position == len(case.proof)
    return result

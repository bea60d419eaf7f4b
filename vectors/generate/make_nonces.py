"""Packages in which one round is ground for one bit less than it asks, and every later round as it asks.

    python vectors/generate/make_nonces.py

Writes `reject/transcript/nonce-SITE-a-bit-less.txt` from `accept/lot-machine-v2/balanced.zkh`: run it when that package
is made anew. What follows the short nonce is ground again, so that nothing else is at fault.
"""

from __future__ import annotations

from pathlib import Path

from zkharvest.prover.grind import find_nonce
from zkharvest.verifier import circuits, proof, public
from zkharvest.verifier.chain_package import Part, decode_chain_package
from zkharvest.verifier.link import read_link
from zkharvest.verifier.link_public import public_data
from zkharvest.verifier.messages import Rounds
from zkharvest.verifier.params import PRESETS, sizes
from zkharvest.verifier.stated import circuit_of
from zkharvest.verifier.transcript import grinding_holds

VECTORS = Path(__file__).resolve().parent.parent
BASE = "accept/lot-machine-v2/balanced.zkh"


class Lenient(Rounds):
    """Rounds that go on after a nonce that does not hold."""

    def _grind(self, site: str, bits: int) -> None:
        nonce = 0

        def noticing(state: bytes) -> int:
            nonlocal nonce
            nonce = self._grinder(site, state, bits)
            return nonce

        self._transcript.grind(bits, noticing)
        self.nonces.append((site, nonce))


def short_nonce(state: bytes, bits: int) -> int:
    """The least nonce that holds one bit less, and not all."""
    nonce = 0
    while (bits > 1 and not grinding_holds(state, nonce, bits - 1)) or grinding_holds(state, nonce, bits):
        nonce += 1
    return nonce


def nonces(part: Part, short: int | None = None) -> list[tuple[str, int, int]]:
    """(site, nonce, bits asked for) of every round: those of the proof, from number `short` on others."""
    pinned = circuits.find(*circuit_of(part.statement))
    description, params = circuits.load(pinned), PRESETS[part.preset].params
    sent = proof.read_messages(proof.Reader(part.proof), description, sizes(max(part.log_rows), params))
    asked: list[int] = []

    def grinder(_site: str, state: bytes, bits: int) -> int:
        number = len(asked)
        asked.append(bits)
        if short is None or number < short:
            return sent.nonces[number]
        return short_nonce(state, bits) if number == short else find_nonce(state, bits)

    rounds = Lenient(params, part.log_rows, grinder)
    data = public_data(read_link(part.statement), description, part.digest)
    rounds.statement(bytes.fromhex(pinned.digest), public.encode(description, data))
    rounds.main(sent.main)
    rounds.aux(sent.aux)
    rounds.quotient(sent.quotient)
    rounds.evaluations(sent.evaluations)
    for layer in sent.layers:
        rounds.fold(layer)
    rounds.final(sent.final)
    return [(site, nonce, bits) for (site, nonce), bits in zip(rounds.nonces, asked, strict=True)]


def recipe(places: list[str], found: list[tuple[str, int, int]], short: int) -> str:
    """The recipe of a package whose nonces from number `short` on are these."""
    bits = found[short][2]
    later = "; all later nonces hold" if short + 1 < len(found) else ""
    have = f"{bits - 1} bit{'' if bits == 2 else 's'}"
    lines = [
        "expect: rejected",
        "reason: transcript/grinding",
        f"base: {BASE}",
        f"comment: {have} where {bits} are asked for{later}",
        "",
    ]
    for place, (_, nonce, _) in list(zip(places, found, strict=True))[short:]:
        lines.append(f"write proof.0:nonce/{place} {nonce.to_bytes(8, 'little').hex()}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write a recipe for every round."""
    [part] = decode_chain_package((VECTORS / BASE).read_bytes()).parts
    places, folds = [], 0
    for site, _, _ in nonces(part):
        places.append(f"fold/{folds}" if site == "fold" else site)
        folds += site == "fold"
    for short, place in enumerate(places):
        path = VECTORS / "reject" / "transcript" / f"nonce-{place.replace('/', '-')}-a-bit-less.txt"
        path.write_text(recipe(places, nonces(part, short), short))
        print(path.stem)


if __name__ == "__main__":
    main()

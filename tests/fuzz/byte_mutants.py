"""Mutants of the bytes of packages of links, and of the parts of their proofs; as `chain_mutants`."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.fuzz.chain_bases import HEAD_BYTES, ChainBase, Judged
from tests.fuzz.mutants import at, copied, loose, paths
from zkharvest.spec import PACKAGE_MAGIC
from zkharvest.verifier.field import P


def _judged(base: ChainBase, data: bytes) -> Judged:
    return [*base.before, data], base.policy


def _loose(base: ChainBase, parts: Any) -> Judged:
    """The parts as they stand, keys in whatever order."""
    return _judged(base, HEAD_BYTES + loose(parts))


# --- bytes


def truncation(rng: Random, bases: list[ChainBase]) -> Judged:
    base = rng.choice(bases)
    size = len(base.data)
    return _judged(base, base.data[: rng.choice((rng.randrange(size), rng.randrange(60), size - rng.randrange(1, 60)))])


def noise(rng: Random, bases: list[ChainBase]) -> Judged:
    base = rng.choice(bases)
    tail = rng.randbytes(rng.choice((0, 1, 2, 9, 30, 300, 3000)))
    front = base.data[: rng.randrange(100)]
    return _judged(base, rng.choice((b"", PACKAGE_MAGIC, HEAD_BYTES, HEAD_BYTES + b"\x83", front)) + tail)


def outside_the_proofs(rng: Random, bases: list[ChainBase]) -> Judged:
    """Flipped bits, or other bytes, anywhere but in a proof."""
    base = rng.choice(bases)
    data = bytearray(base.data)
    spans = sorted((start, len(link["proof"])) for start, link in zip(base.proofs_at, base.parts["links"], strict=True))
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        place = rng.randrange(len(data) - sum(size for _, size in spans))
        for start, size in spans:
            place += size if place >= start else 0
        data[place] = rng.choice((data[place] ^ 1 << rng.randrange(8), rng.randrange(256)))
    return _judged(base, bytes(data))


def splice(rng: Random, bases: list[ChainBase]) -> Judged:
    """The front of one package and the back of another, or of the same from another place on."""
    one, other = rng.choice(bases), rng.choice(bases)
    after_proof = one.proofs_at[-1] + len(one.parts["links"][-1]["proof"])
    cut = rng.choice((rng.randrange(len(one.data)), rng.randrange(80), after_proof + rng.randrange(200)))
    go_on = cut if one is not other else cut + 1
    back = other.data[rng.choice((go_on, go_on, cut + 1, rng.randrange(len(other.data)))) :]
    return _judged(one, one.data[:cut] + back)


def inserted(rng: Random, bases: list[ChainBase]) -> Judged:
    """Bytes too many or too few, anywhere."""
    base = rng.choice(bases)
    data = base.data
    place = rng.choice((rng.randrange(len(data)), rng.randrange(80)))
    new = rng.randbytes(rng.randrange(5))
    return _judged(base, data[:place] + new + data[place + rng.choice([n for n in range(6) if n != len(new)]) :])


def other_form(rng: Random, bases: list[ChainBase]) -> Judged:
    """The same values in another encoding: keys in another order, or lengths and numbers not in their shortest form."""
    base = rng.choice(bases)
    parts = copied(base.parts)
    path = rng.choice([p for p in paths(parts) if isinstance(at(parts, p), dict)])
    target = at(parts, path)
    items = list(target.items())
    if rng.random() < 0.5 and len(items) > 1:
        while items == list(target.items()):
            rng.shuffle(items)
        target.clear()
        target.update(items)
        return _loose(base, parts)
    return _judged(base, HEAD_BYTES + loose(parts, rng))


def from_another(rng: Random, bases: list[ChainBase]) -> Judged:
    """A field of another package in place of one's own."""
    one, other = rng.sample(bases, 2)
    parts = copied(one.parts)
    there = {path for path in paths(other.parts) if 0 < len(path) <= 6}
    shared = [path for path in paths(parts) if path in there and at(parts, path) != at(other.parts, path)]
    path = rng.choice(shared)
    at(parts, path[:-1])[path[-1]] = copied(at(other.parts, path))
    return _loose(one, parts)


# --- proofs


def _with_words(rng: Random, base: ChainBase, number: int, low: int, high: int, count: int) -> Judged:
    data = bytearray(base.data)
    for _ in range(count):
        place = base.proofs_at[number] + rng.randrange(low, high)
        word = int.from_bytes(data[place : place + 4], "little")
        changed = rng.choice((word + 1, word ^ 1 << rng.randrange(31), rng.randrange(P), 0, P - 1, P, 2**32 - 1))
        data[place : place + 4] = (changed % 2**32).to_bytes(4, "little")
    return _judged(base, bytes(data))


def _opened_at(base: ChainBase, number: int) -> int:
    """Where in a proof the openings begin: all before it is absorbed."""
    return base.places[number]["main/0/salt"].start


def said(rng: Random, bases: list[ChainBase]) -> Judged:
    """Words of what the prover says before the queries."""
    base = rng.choice(bases)
    number = rng.randrange(len(base.proofs_at))
    return _with_words(rng, base, number, 0, _opened_at(base, number) - 4, rng.choice((1, 1, 2, 8)))


def opened(rng: Random, bases: list[ChainBase]) -> Judged:
    """Words of opened leaves, salts and siblings: only the trees and FRI can tell."""
    base = rng.choice(bases)
    number = rng.randrange(len(base.proofs_at))
    end = len(base.parts["links"][number]["proof"]) - 4
    return _with_words(rng, base, number, _opened_at(base, number), end, rng.choice((1, 1, 2)))


def proof_parts_moved(rng: Random, bases: list[ChainBase]) -> Judged:
    """Parts of a proof exchanged, repeated, blanked, left out, cut short, or taken from another proof."""
    base, other = rng.sample(bases, 2)
    number = rng.randrange(len(base.proofs_at))
    places, there = base.places[number], other.places[0]
    proof = bytearray(base.parts["links"][number]["proof"])
    name = rng.choice(list(places))
    place, twin = places[name], places[rng.choice(list(places))]
    match rng.randrange(6):
        case 0:
            size = min(len(place), len(twin))
            a, b = slice(place.start, place.start + size), slice(twin.start, twin.start + size)
            proof[a], proof[b] = proof[b], proof[a]
        case 1:
            proof[place.start : place.stop] = bytes(len(place))
        case 2 if name in there:
            theirs = there[name]
            proof[place.start : place.stop] = other.parts["links"][0]["proof"][theirs.start : theirs.stop]
        case 3:
            del proof[place.start : place.stop]
        case 4:
            del proof[rng.randrange(len(proof)) :]
        case _:
            proof[place.start : place.start] = proof[place.start : place.stop]
    parts = copied(base.parts)
    parts["links"][number]["proof"] = bytes(proof)
    return base.with_parts(parts)


MUTATORS = (
    (truncation, 2000),
    (noise, 2000),
    (outside_the_proofs, 3000),
    (splice, 2000),
    (inserted, 2000),
    (other_form, 1000),
    (from_another, 1500),
    (said, 2500),
    (opened, 1000),
    (proof_parts_moved, 1000),
)

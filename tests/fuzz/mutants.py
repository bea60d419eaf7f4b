"""Mutants of packages: every way of damaging one that we could think of, each drawn from a random source of its own.

A mutator takes a `Random` and the corpus and returns bytes. What it returns may happen to be an original again; the
test throws those away. `MUTATORS` says how many of each are made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from zkharvest.conformance.kinds.proof_parts import proof_parts
from zkharvest.spec import PACKAGE_MAGIC
from zkharvest.verifier import wire
from zkharvest.verifier.field import P
from zkharvest.verifier.package import decode_package

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "accept" / "lot-machine-v1"
NAMES = ("fifo-wallet", "hifo-universal", "specific-wallet", "negative-proceeds", "carried-in")
HEAD = len(PACKAGE_MAGIC) + 1


@dataclass(frozen=True)
class Base:
    """An accepted package, taken apart."""

    data: bytes
    parts: dict[str, Any]
    places: dict[str, range]  # within the proof
    proof_at: int

    @property
    def opened_at(self) -> int:
        """Where in the proof the openings begin: all before it is absorbed."""
        return self.places["main/0/salt"].start


def load() -> list[Base]:
    return [base_of(name) for name in NAMES]


def base_of(name: str) -> Base:
    data = (VECTORS / f"{name}.zkh").read_bytes()
    package = decode_package(data)
    value = wire.decode(data[HEAD:])
    assert isinstance(value, dict)
    return Base(data, value, proof_parts(package), data.index(package.proof))


def encoded(value: Any) -> bytes:
    return PACKAGE_MAGIC + b"\x01" + loose(value)


def loose(value: Any, rng: Random | None = None) -> bytes:
    """msgpack of anything, in the order given; with a source of chance, in forms that are not the shortest."""
    wide = rng.choice((0, 1, 2, 3)) if rng else 0
    match value:
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case float():
            return b"\xcb" + bytes(8)
        case int():
            return _integer(value, wide)
        case str():
            data = value.encode("utf-8", "surrogatepass")
            return _counted(len(data), 0xA0, 32, (0xD9, 0xDA, 0xDB), wide) + data
        case bytes():
            return _counted(len(value), 0, 0, (0xC4, 0xC5, 0xC6), wide) + value
        case list():
            head = _counted(len(value), 0x90, 16, (None, 0xDC, 0xDD), wide)
            return head + b"".join(loose(item, rng) for item in value)
        case dict():
            head = _counted(len(value), 0x80, 16, (None, 0xDE, 0xDF), wide)
            return head + b"".join(loose(key, rng) + loose(item, rng) for key, item in value.items())
        case _:
            raise TypeError(type(value))


def _integer(value: int, wide: int) -> bytes:
    if -32 <= value < 128 and not wide:
        return (value % 256).to_bytes(1, "big")
    firsts, signed = ((0xCC, 0xCD, 0xCE, 0xCF), False) if value >= 0 else ((0xD0, 0xD1, 0xD2, 0xD3), True)
    for k, first in enumerate(firsts):
        bits = 8 << k
        if k >= wide and -(1 << (bits - 1)) <= value < 1 << (bits - signed):
            return bytes([first]) + value.to_bytes(bits // 8, "big", signed=signed)
    raise ValueError(value)


def _counted(count: int, short: int, below: int, firsts: tuple[int | None, ...], wide: int) -> bytes:
    if count < below and not wide:
        return bytes([short | count])
    for k, first in enumerate(firsts):
        width = 1 << k
        if first is not None and count < 1 << (8 * width) and (k >= wide - 1 or k == 2):
            return bytes([first]) + count.to_bytes(width, "big")
    raise ValueError(count)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a structure."""
    found = [path]
    if isinstance(value, dict):
        found += [deeper for key, item in value.items() for deeper in paths(item, (*path, key))]
    if isinstance(value, list):
        found += [deeper for number, item in enumerate(value) for deeper in paths(item, (*path, number))]
    return found


def copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


ODD = (
    None, True, False, 0, 1, -1, 12, 13, 14, 21, 127, 128, 2**31, 2**32, 2**63, 2**64 - 1, -(2**63), 0.5,
    "", "0", "-0", "01", "1.0", "fifo", "lifo", "test", "balanced", "UTC", "\ud800", "é", "a" * 300, "9" * 40,
    b"", b"\0" * 32, b"\0" * 35, b"\0" * 36, b"\x01\0\0\x7f" + b"\0" * 32, b"\xff" * 36, [], {}, [[]], {"a": 1}, {1: 2},
)  # fmt: skip


# --- mutators


def truncation(rng: Random, bases: list[Base]) -> bytes:
    data = rng.choice(bases).data
    return data[: rng.choice((rng.randrange(len(data)), rng.randrange(60), len(data) - rng.randrange(1, 60)))]


def noise(rng: Random, bases: list[Base]) -> bytes:
    tail = rng.randbytes(rng.choice((0, 1, 2, 9, 30, 300, 3000)))
    front = rng.choice(bases).data[: rng.randrange(100)]
    return rng.choice((b"", PACKAGE_MAGIC, PACKAGE_MAGIC + b"\x01", PACKAGE_MAGIC + b"\x01\x86", front)) + tail


def outside_the_proof(rng: Random, bases: list[Base]) -> bytes:
    """Flipped bits, or other bytes, anywhere but in the proof."""
    base = rng.choice(bases)
    size = len(base.parts["proof"])
    data = bytearray(base.data)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        place = rng.randrange(len(data) - size)
        place += size if place >= base.proof_at else 0
        data[place] = rng.choice((data[place] ^ 1 << rng.randrange(8), rng.randrange(256)))
    return bytes(data)


def splice(rng: Random, bases: list[Base]) -> bytes:
    """The front of one package and the back of another, or of the same from another place on."""
    one, other = rng.choice(bases), rng.choice(bases)
    after_proof = one.proof_at + len(one.parts["proof"])
    cut = rng.choice((rng.randrange(len(one.data)), rng.randrange(80), after_proof + rng.randrange(200)))
    go_on = cut if one is not other else cut + 1
    return one.data[:cut] + other.data[rng.choice((go_on, go_on, cut + 1, rng.randrange(len(other.data)))) :]


def inserted(rng: Random, bases: list[Base]) -> bytes:
    """Bytes too many or too few, anywhere."""
    data = rng.choice(bases).data
    place = rng.choice((rng.randrange(len(data)), rng.randrange(80)))
    new = rng.randbytes(rng.randrange(5))
    return data[:place] + new + data[place + rng.choice([n for n in range(6) if n != len(new)]) :]


def edited(rng: Random, parts: Any, odd: Sequence[Any] = ODD, least: int = 8) -> Any:
    """A copy with one value removed, replaced, moved or repeated, somewhere in the tree; not fewer than `least`."""
    parts = copied(parts)
    places = [path for path in paths(parts) if path]
    if not places:
        return copied(rng.choice(odd))
    path = rng.choice(places)
    holder, last = at(parts, path[:-1]), path[-1]
    match rng.randrange(6):
        case 0 if len(places) > least:
            del holder[last]
        case 1:
            holder[last] = copied(rng.choice(odd))
        case 2:
            holder[last] = copied(at(parts, rng.choice(places)))
        case 3 if isinstance(holder, dict):
            holder[rng.choice(("zzz", "", "Preset", "log_rows", "v"))] = copied(holder[last])
        case 4 if isinstance(holder, list):
            holder.insert(rng.randrange(len(holder) + 1), copied(holder[last]))
        case _:
            holder[last] = [holder[last]]
    return parts


def structure(rng: Random, bases: list[Base]) -> bytes:
    """A value removed, replaced, moved or repeated, somewhere in the tree."""
    parts = rng.choice(bases).parts
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        parts = edited(rng, parts)
    return encoded(parts)


def other_form(rng: Random, bases: list[Base]) -> bytes:
    """The same values in another encoding: keys in another order, or lengths and numbers not in their shortest form."""
    parts = copied(rng.choice(bases).parts)
    path = rng.choice([p for p in paths(parts) if isinstance(at(parts, p), dict)])
    target = at(parts, path)
    items = list(target.items())
    if rng.random() < 0.5 and len(items) > 1:
        while items == list(target.items()):
            rng.shuffle(items)
        target.clear()
        target.update(items)
        return encoded(parts)
    return PACKAGE_MAGIC + b"\x01" + loose(parts, rng)


def stated(rng: Random, bases: list[Base]) -> bytes:
    """Another claim, well formed: totals, roots, method, names, days."""
    parts = copied(rng.choice(bases).parts)
    statement = parts["statement"]
    for _ in range(rng.choice((1, 1, 2))):
        match rng.randrange(10):
            case 0 | 1 | 2:
                name = rng.choice(sorted(statement["totals"]))
                by = rng.choice((1, -1, 10**6, -(10**6), 10**8, 2**64, rng.randrange(2**70)))
                statement["totals"][name] = str(max(int(statement["totals"][name]) + by, 0))
            case 3:
                source = rng.choice(statement["sources"])
                neighbour = rng.choice(statement["sources"])["root"]
                source["root"] = rng.choice((statement["carried_out"], statement["carried_in"], neighbour))
            case 4:
                name = rng.choice(("carried_in", "carried_out"))
                root = bytearray(statement[name])
                root[4 * rng.randrange(9)] ^= 1 << rng.randrange(8)
                statement[name] = bytes(root)
            case 5:
                statement["method"] = rng.choice(("fifo", "lifo", "hifo", "lofo", "specific"))
            case 6:
                statement["pooling"] = rng.choice(("wallet", "universal"))
            case 7:
                statement["currency"] = rng.choice(("EUR", "JPY", "USDT"))
            case 8:
                statement["context"]["nonce"] = rng.randbytes(rng.randrange(33))
            case 9:
                rng.choice(statement["sources"])["id"] += rng.choice(("x", "0", "-"))
    return encoded(parts)


def from_another(rng: Random, bases: list[Base]) -> bytes:
    """A field of another package in place of one's own."""
    one, other = rng.sample(bases, 2)
    parts = copied(one.parts)
    there = {path for path in paths(other.parts) if 0 < len(path) <= 3}
    shared = [path for path in paths(parts) if path in there and at(parts, path) != at(other.parts, path)]
    path = rng.choice(shared)
    at(parts, path[:-1])[path[-1]] = copied(at(other.parts, path))
    return encoded(parts)


def _word(rng: Random, word: int) -> int:
    return rng.choice((word + 1, word ^ 1 << rng.randrange(31), rng.randrange(P), 0, P - 1, P, 2**32 - 1)) % 2**32


def _with_words(rng: Random, base: Base, low: int, high: int, count: int) -> bytes:
    data = bytearray(base.data)
    for _ in range(count):
        place = base.proof_at + rng.randrange(low, high)
        data[place : place + 4] = _word(rng, int.from_bytes(data[place : place + 4], "little")).to_bytes(4, "little")
    return bytes(data[: len(base.data)])


def said(rng: Random, bases: list[Base]) -> bytes:
    """Words of what the prover says before the queries."""
    base = rng.choice(bases)
    return _with_words(rng, base, 0, base.opened_at - 4, rng.choice((1, 1, 2, 8)))


def opened(rng: Random, bases: list[Base]) -> bytes:
    """Words of opened leaves, salts and siblings: only the trees and FRI can tell."""
    base = rng.choice(bases)
    return _with_words(rng, base, base.opened_at, len(base.parts["proof"]) - 4, rng.choice((1, 1, 2)))


def rearranged(rng: Random, bases: list[Base]) -> bytes:
    """Parts of a proof exchanged, repeated, blanked, left out, or taken from another proof; the container is anew."""
    base, other = rng.sample(bases, 2)
    proof = bytearray(base.parts["proof"])
    name = rng.choice(list(base.places))
    place, twin = base.places[name], base.places[rng.choice(list(base.places))]
    match rng.randrange(5):
        case 0:
            size = min(len(place), len(twin))
            a, b = slice(place.start, place.start + size), slice(twin.start, twin.start + size)
            proof[a], proof[b] = proof[b], proof[a]
        case 1:
            proof[place.start : place.stop] = bytes(len(place))
        case 2 if name in other.places:
            there = other.places[name]
            proof[place.start : place.stop] = other.parts["proof"][there.start : there.stop]
        case 3:
            del proof[place.start : place.stop]
        case _:
            proof[place.start : place.start] = proof[place.start : place.stop]
    return encoded({**base.parts, "proof": bytes(proof)})


Mutator = Callable[[Random, list[Base]], bytes]
MUTATORS: tuple[tuple[Mutator, int], ...] = (
    (truncation, 2000),
    (noise, 2000),
    (outside_the_proof, 3000),
    (splice, 2000),
    (inserted, 2000),
    (structure, 5000),
    (other_form, 1000),
    (stated, 2000),
    (from_another, 1500),
    (said, 2500),
    (opened, 700),
    (rearranged, 1000),
)

"""The target `verify`: the whole verdict, on packages whose proofs are written as "that of package k, with edits".

    u8 k | u8 count | count times (u24 place, u32 word) | the package, with PROOF where its proof stands

So an input is a kilobyte and not seventy, and the fuzzer spends its changes where they matter; the verifier sees the
whole package. Nothing is patched: a package is accepted only if its bytes are those of an original.
"""

from __future__ import annotations

import json
from functools import cache
from random import Random

from tests.fuzz.edits import edited_container
from tests.fuzz.mutants import HEAD, NAMES, Base, base_of, encoded
from zkharvest.verifier import wire
from zkharvest.verifier.field import P
from zkharvest.verifier.rejections import ACCEPTED, REJECTED, UNDECIDED, Reason
from zkharvest.verifier.verdict import Verdict
from zkharvest.workflow import verify as verdict

PROOF = b"\xc4\x08@proof@@"
"""A byte string of eight, which no package has; it is replaced by the proof."""

EDIT = 7
MOST_EDITS = 16
REASONS = {reason.value for reason in Reason} - {Reason.INTERNAL.value}


@cache
def bases() -> list[Base]:
    return [base_of(name) for name in (*NAMES, "signed")]


@cache
def expectations() -> dict[str, object]:
    """What the signed package must meet; of the others' sources nothing is expected but that they signed."""
    package = base_of("signed").parts
    keys = {entry["source"]: entry["key"] for entry in package["attestations"]["sources"]}
    return {"source_keys": keys, "signer": package["signature"]["key"], "min_bits": 0, "allow_test_preset": True}


def run(data: bytes) -> str:
    """The reason of the verdict, under two policies."""
    package = expanded(data)
    originals = {base.data for base in bases()}
    of_signed = verdict.verify(package, **expectations())
    outcome = _sound(of_signed)
    assert not of_signed.accepted or package == bases()[-1].data
    if of_signed.reason not in _WITH_KEYS:
        return outcome
    # The proof holds. Under roots alone, signatures may be left out; whatever else is changed shows.
    roots = {source["id"]: source["root"] for source in bases()[data[0] % len(bases())].parts["statement"]["sources"]}
    bare = verdict.verify(package, commitments=roots, min_bits=0, allow_test_preset=True)
    if bare.accepted and package not in originals:
        parts = wire.decode(package[HEAD:])
        assert any(_unsigned(parts) == _unsigned(base.parts) for base in bases()), "accepted, and not an original"
        assert parts["attestations"] is None or parts["signature"] is None
    return f"{outcome} {_sound(bare)}"


_SIGNED = ("signature", "attestation")
_WITH_KEYS = {reason.value for reason in Reason if reason.stage in _SIGNED} | {"", "policy/source-not-compared"}


def _unsigned(parts):
    return {name: part for name, part in parts.items() if name not in ("attestations", "signature")}


def _sound(found: Verdict) -> str:
    """A verdict is one of three, with a reason that has a name, and can be shown."""
    assert found.verdict in (ACCEPTED, REJECTED, UNDECIDED)
    assert found.accepted == (found.reason == ""), found.reason
    assert found.accepted or found.reason in REASONS, (found.reason, found.detail)
    assert found.detail.isprintable(), found.detail
    shown = json.dumps(found.to_json())
    assert "\x1b" not in shown
    return found.reason or found.verdict


def expanded(data: bytes) -> bytes:
    """The package that an input stands for."""
    if len(data) < 2:
        return data
    base = bases()[data[0] % len(bases())]
    count = min(data[1], MOST_EDITS)
    edits, package = data[2 : 2 + EDIT * count], data[2 + EDIT * count :]
    if PROOF not in package:
        return package
    proof = bytearray(base.parts["proof"])
    for i in range(0, len(edits) - EDIT + 1, EDIT):
        place = int.from_bytes(edits[i : i + 3], "little") % (len(proof) - 3)
        proof[place : place + 4] = edits[i + 3 : i + 7]
    return package.replace(PROOF, wire.encode(bytes(proof)), 1)


def short(number: int, edits: bytes = b"") -> bytes:
    """The input that stands for a base, with edits of its proof."""
    parts = {**bases()[number].parts, "proof": PROOF[2:]}
    return bytes([number, len(edits) // EDIT]) + edits + encoded(parts)


def seeds() -> list[bytes]:
    assert all(expanded(short(k)) == base.data for k, base in enumerate(bases()))
    return [short(k) for k in range(len(bases()))]


def mutate(rng: Random, data: bytes) -> bytes:
    """Edits of the proof, or of the package around it."""
    if len(data) < 2 or data[1] > MOST_EDITS:
        data = rng.choice(seeds())
    number, count = data[0] % len(bases()), data[1]
    edits, package = data[2 : 2 + EDIT * count], data[2 + EDIT * count :]
    choice = rng.random()
    if choice < 0.4:
        base = bases()[number]
        part = base.places[rng.choice(list(base.places))]
        place = part.start + 4 * rng.randrange(max(len(part) // 4, 1))
        word = rng.choice((rng.randrange(2**32), rng.randrange(P), 0, 1, P - 1, P))
        edits = edits[EDIT * rng.randrange(2) :] + place.to_bytes(3, "little") + word.to_bytes(4, "little")
    elif choice < 0.5:
        number, edits = rng.randrange(len(bases())), b""
    elif choice < 0.55:
        edits = b""
    else:
        inner = [short(k)[2:] for k in range(len(bases()))]
        package = edited_container(rng, package, inner)
    edits = edits[-EDIT * MOST_EDITS :]
    return bytes([number, len(edits) // EDIT]) + edits + package

"""Targets for packages of links: their readers, and the whole verdict on a chain.

The target `chain` takes inputs with a name in place of each proof:

    u8 k | u8 count | count times (u8 link, u24 place, u32 word) | the last package of chain k, proofs by name

So an input is some kilobytes and not a hundred, and the fuzzer spends its changes where they matter; the verifier sees
the whole package. Nothing is patched: a package is accepted only if its links are those of an original. The circuit's
digest has a name too: a corpus outlives a circuit that is not released yet.
"""

from __future__ import annotations

import json
from functools import cache
from random import Random
from typing import Any

from tests.fuzz.chain_bases import HEAD_BYTES, NAMES, ChainBase, base_of, encoded, light
from tests.fuzz.edits import edited_container
from tests.fuzz.mutants import HEAD
from zkharvest.errors import InputError, UsageError
from zkharvest.sign.chains import SIGNATURES
from zkharvest.verifier import circuits, public, wire
from zkharvest.verifier.calendar import check_zone
from zkharvest.verifier.chain_package import decode_chain_package
from zkharvest.verifier.chain_policy import ChainPolicy
from zkharvest.verifier.chain_verdict import ChainVerdict
from zkharvest.verifier.field import P
from zkharvest.verifier.link import read_link
from zkharvest.verifier.link_public import public_data
from zkharvest.verifier.rejections import ACCEPTED, REJECTED, UNDECIDED, Reason, Reject
from zkharvest.verifier.verify_chain import verify_chain
from zkharvest.workflow.inspect import describe_package

DIGEST = b"digest of the circuit as it is.."
REASONS = {reason.value for reason in Reason} - {Reason.INTERNAL.value}
EDIT, MOST_EDITS = 8, 16
LONGEST_CALENDAR = 1500
"""Days. Longer ones are read in half a second; the fuzzer would find little but those."""


@cache
def bases() -> list[ChainBase]:
    return [base_of(name) for name in NAMES]


@cache
def digest() -> bytes:
    """Of the circuit that the chains are of."""
    found: bytes = bases()[0].parts["links"][0]["statement"]["circuit"]["digest"]
    return found


def named(reject: Reject) -> str:
    """The name of a reason; one that stands for a defect of ours is a broken promise."""
    assert reject.reason is not Reason.INTERNAL, reject
    assert reject.detail.isprintable(), reject
    assert len(reject.detail) < 500, reject
    return reject.reason.value


# --------------------------------------------------------------------------------------------- readers


def links(data: bytes) -> str:
    """The container, every statement, its public data, and `inspect`: what is read is usable."""
    data = data.replace(DIGEST, digest())
    try:
        found = decode_chain_package(data)
    except Reject as reject:
        _not_described(data)
        return named(reject)
    assert found.encode() == data
    shown = json.loads(json.dumps(describe_package(data, "x.zkh")))
    assert len(shown["links"]) == len(found.parts)
    outcomes = [_link(part, told) for part, told in zip(found.parts, shown["links"], strict=True)]
    return ", ".join(sorted(set(outcomes)))


def _link(part: Any, shown: dict[str, Any]) -> str:
    try:
        link = read_link(part.statement)
    except Reject as reject:
        assert shown["fault"].startswith(reject.reason.value)
        return named(reject)
    assert shown["year"] == link.statement.year
    for source, account in link.statement.accounts:
        assert source.isprintable()
        assert account.isprintable()
    told = link.statement
    for text in (told.context.audience, told.circuit_id, told.timezone, told.currency):
        assert text.isprintable(), text
    if link.statement.calendar.days > LONGEST_CALENDAR:
        return "a long calendar"
    try:
        description = circuits.load(circuits.find(link.statement.circuit_id, link.statement.circuit_digest))
        given = public_data(link, description, part.digest)
        public.check(description, [13] * len(description.tables), given)
        public.encode(description, given)
        check_zone(link.statement.calendar, link.statement.timezone)
    except Reject as reject:
        return named(reject)
    return "read"


def _not_described(data: bytes) -> None:
    try:
        describe_package(data, "x.zkh")
    except (InputError, UsageError) as error:
        assert str(error)
    else:
        raise AssertionError("a package that cannot be read is described")


@cache
def links_seeds() -> list[bytes]:
    """The packages with names in place of proofs: no reader of the container looks into one."""
    return [encoded(light(base.parts)[0]).replace(digest(), DIGEST) for base in bases()]


def mutate_links(rng: Random, data: bytes) -> bytes:
    return edited_container(rng, data, links_seeds(), HEAD_BYTES)


# --------------------------------------------------------------------------------------------- the whole verdict


def run(data: bytes) -> str:
    """The reasons of the verdict under the chain's own policy, and under one that asks for nothing but its pages."""
    number, package = expanded(data)
    base = bases()[number]
    found = verify_chain([*base.before, package], ChainPolicy.from_json(base.policy), SIGNATURES)
    outcome = sound(found)
    originals = {one.data for one in bases()}
    if found.accepted and package not in originals:
        _only_signatures_differ(package, base)
        assert "signer" not in base.policy, "accepted without the taxpayer's signature"
    bare = verify_chain([*base.before, package], ChainPolicy.from_json(_bare(number)), SIGNATURES)
    if bare.accepted and package not in originals:
        _only_signatures_differ(package, base)
    return f"{outcome} {sound(bare)}"


def sound(found: ChainVerdict) -> str:
    """A verdict is one of three, with reasons that have names, and can be shown."""
    assert found.verdict in (ACCEPTED, REJECTED, UNDECIDED)
    assert found.accepted == (found.reason == "") == bool(found)
    assert found.accepted or found.reason in REASONS, (found.reason, found.detail)
    assert found.detail.isprintable(), found.detail
    assert found.verdict == (Reason(found.reason).verdict if found.reason else ACCEPTED)
    assert "\x1b" not in json.dumps(found.to_json())
    return found.reason or found.verdict


def _only_signatures_differ(package: bytes, base: ChainBase) -> None:
    """Signatures that nobody expects may be left out; a byte of a link may not be another."""
    assert decode_chain_package(package).encode() == package
    assert wire.decode(package[HEAD:])["links"] == base.parts["links"], "accepted, and not an original"  # type: ignore[index, call-overload]


@cache
def _bare(number: int) -> dict[str, Any]:
    """What is expected: nothing before, the accounts' newest pages, no signature."""
    newest: dict[str, dict[str, str]] = {}
    for link in bases()[number].parts["links"]:
        for page in read_link(link["statement"]).statement.pages:
            newest.setdefault(page.header.source, {})[page.header.account] = page.header.page_id.hex()
    kept = {name: bases()[number].policy[name] for name in ("schema", "first") if name in bases()[number].policy}
    pages = {source: sorted(ids.values()) for source, ids in newest.items()}
    return {**kept, "pages": pages, "allow_test_preset": True, "min_bits": 0}


def expanded(data: bytes) -> tuple[int, bytes]:
    """The chain that an input is about, and its last package."""
    if len(data) < 2:
        return 0, data
    number, count = data[0] % len(bases()), min(data[1], MOST_EDITS)
    edits, package = data[2 : 2 + EDIT * count], data[2 + EDIT * count :]
    proofs = [bytearray(link["proof"]) for link in bases()[number].parts["links"]]
    for i in range(0, len(edits) - EDIT + 1, EDIT):
        proof = proofs[edits[i] % len(proofs)]
        place = int.from_bytes(edits[i + 1 : i + 4], "little") % (len(proof) - 3)
        proof[place : place + 4] = edits[i + 4 : i + 8]
    package = package.replace(DIGEST, digest())
    for k, proof in enumerate(proofs):
        package = package.replace(wire.encode(_name(k)), wire.encode(bytes(proof)), 1)
    return number, package


def _name(k: int) -> bytes:
    name: bytes = light(bases()[0].parts)[0]["links"][0]["proof"][:-1] + str(k).encode()
    return name


def short(number: int, edits: bytes = b"") -> bytes:
    """The input that stands for a chain, with edits of its last package's proofs."""
    return bytes([number, len(edits) // EDIT]) + edits + links_seeds()[number]


def seeds() -> list[bytes]:
    assert all(expanded(short(k)) == (k, base.data) for k, base in enumerate(bases()))
    return [short(k) for k in range(len(bases()))]


def mutate(rng: Random, data: bytes) -> bytes:
    """Edits of proofs, or of the package around them."""
    if len(data) < 2 or data[1] > MOST_EDITS:
        data = rng.choice(seeds())
    number, count = data[0] % len(bases()), data[1]
    edits, package = data[2 : 2 + EDIT * count], data[2 + EDIT * count :]
    choice = rng.random()
    if choice < 0.3:
        link = rng.randrange(len(bases()[number].places))
        part = rng.choice(list(bases()[number].places[link].values()))
        place = part.start + 4 * rng.randrange(max(len(part) // 4, 1))
        word = rng.choice((rng.randrange(2**32), rng.randrange(P), 0, 1, P - 1, P))
        one = bytes([link]) + place.to_bytes(3, "little") + word.to_bytes(4, "little")
        edits = edits[EDIT * rng.randrange(2) :] + one
    elif choice < 0.4:
        number, edits = rng.randrange(len(bases())), b""
    elif choice < 0.45:
        edits = b""
    else:
        package = edited_container(rng, package, links_seeds(), HEAD_BYTES)
    edits = edits[-EDIT * MOST_EDITS :]
    return bytes([number, len(edits) // EDIT]) + edits + package

"""Targets for what goes with the links of a package: signatures over it, and the policy that it is judged under.

The proofs are not looked at: those of the chains hold (`chains`). Nor are pairings, which take a second: a signature
that a source did not make is taken as false, as nobody can make one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from random import Random
from typing import Any

from tests.fuzz.chain_bases import HEAD_BYTES, base_of
from tests.fuzz.chain_mutants import OF_JSON
from tests.fuzz.chains import bases, named, sound
from tests.fuzz.edits import edited_container, tweaked
from tests.fuzz.mutants import HEAD, edited
from zkharvest.conformance.kinds.recipe import taxpayer_key
from zkharvest.sign import bls
from zkharvest.sign.chains import SIGNATURES, sign_as_taxpayer
from zkharvest.verifier import verify_chain, wire
from zkharvest.verifier.chain_package import MAX_ATTESTATIONS, ChainPackage, Part, decode_chain_package
from zkharvest.verifier.chain_policy import ChainPolicy, read_chain_policy
from zkharvest.verifier.link import Link, read_link
from zkharvest.verifier.page import signed_message
from zkharvest.verifier.rejections import Reject
from zkharvest.verifier.verify_chain import Signatures

# --------------------------------------------------------------------------------------------- signatures


@cache
def _signed() -> tuple[ChainPackage, Link]:
    """A package that both sources and the taxpayer signed, without its proof, and its link."""
    whole = decode_chain_package(base_of("2024").data)
    parts = tuple(Part(one.statement, one.preset, one.log_rows, b"") for one in whole.parts)
    bare = ChainPackage(parts, whole.attestations)
    return sign_as_taxpayer(bare, taxpayer_key("taxpayer")), read_link(parts[0].statement)


def signatures(data: bytes) -> str:
    """`{"attestations", "signature"}` beside the links of the signed package: a fault with a name, or its own."""
    try:
        parts = wire.decode(data)
    except Reject as reject:
        return named(reject)
    if not isinstance(parts, dict) or set(parts) != {"attestations", "signature"}:
        return "other keys"
    original, link = _signed()
    whole = HEAD_BYTES + wire.encode({**parts, "links": [part.to_map() for part in original.parts]})
    try:
        changed = decode_chain_package(whole)
        assert changed.encode() == whole
        with _without_pairings():
            by_page, signer = verify_chain._signatures([changed], [[link]], ChainPolicy(), SIGNATURES)
    except Reject as reject:
        assert reject.reason.stage in ("signature", "attestation", "page", "package")
        return named(reject)
    assert set(changed.attestations) <= set(original.attestations), "a signature that nobody made is valid"
    assert sum(map(len, by_page.values())) == len(changed.attestations)
    assert changed.signature in (None, original.signature)
    assert (signer is None) == (changed.signature is None)
    assert signer is None or changed == original, "the taxpayer signed other signatures than these"
    return f"valid: {len(changed.attestations)} of sources, {'one' if signer else 'none'} of the taxpayer"


@contextmanager
def _without_pairings() -> Iterator[None]:
    whole_check, bls.check_signed = bls.check_signed, _made_by_a_source
    try:
        yield
    finally:
        bls.check_signed = whole_check


def _made_by_a_source(claims: Sequence[bls.Signed], aggregate: bytes, progress: Any = None) -> None:
    assert 1 <= len(claims) <= MAX_ATTESTATIONS
    assert all((len(one.key), len(one.pop)) == (48, 96) for one in claims)
    (own,) = (one for one in _signed()[0].attestations if one.scheme == "bls12-381")
    if list(claims) != [bls.Signed(own.key, own.pop, signed_message(own.page))] or aggregate != own.signature:
        raise bls.AggregateError


def signature_seeds() -> list[bytes]:
    package = wire.decode(_signed()[0].encode()[HEAD:])
    assert isinstance(package, dict)
    both = {name: package[name] for name in ("attestations", "signature")}
    lists = [package["attestations"], package["attestations"][:1], package["attestations"][1:], None]  # type: ignore[index]
    return [wire.encode({"attestations": some, "signature": None}) for some in lists] + [wire.encode(both)]  # type: ignore[dict-item]


def mutate_signatures(rng: Random, data: bytes) -> bytes:
    return edited_container(rng, HEAD_BYTES + data, [HEAD_BYTES + seed for seed in signature_seeds()])[HEAD:]


# --------------------------------------------------------------------------------------------- policies


def policies(data: bytes) -> str:
    """`u8 k | JSON`: a policy is refused with a line to show, or chain k is judged under it, and not too mildly."""
    base = bases()[data[0] % len(bases()) if data else 0]
    try:
        policy = read_chain_policy(data[1:])
    except (TypeError, ValueError) as error:
        assert str(error)
        assert "\x1b" not in str(error)
        assert "\n" not in str(error)
        return "refused"
    assert ChainPolicy.from_json(json.loads(json.dumps(policy.to_json()))) == policy
    whole_check, verify_chain._check_proof = verify_chain._check_proof, lambda *_: None
    try:
        how = Signatures(lambda _: None, SIGNATURES.taxpayer)
        found = verify_chain.verify_chain([*base.before, base.data], policy, how)
    finally:
        verify_chain._check_proof = whole_check
    assert not found.accepted or _meets(base.before, base.data, policy), "accepted, and not what was expected"
    return sound(found)


def _meets(before: list[bytes], data: bytes, policy: ChainPolicy) -> bool:
    """Whether an accepted chain is one that the policy wants; said again, without the judge."""
    packages = [decode_chain_package(one) for one in (*before, data)]
    links = [read_link(part.statement) for package in packages for part in package.parts]
    last, signer = links[-1].statement, packages[-1].signature
    stated = (
        (policy.year, last.year), (policy.method, last.method), (policy.pooling, last.pooling),
        (policy.timezone, last.timezone), (policy.currency, last.currency), (policy.nonce, last.context.nonce),
        (policy.audience, last.context.audience), (policy.signer, signer and signer["key"]),
    )  # fmt: skip
    newest = {
        said.accounts[one.account]: one.header for said in (link.statement for link in links) for one in said.pages
    }
    keys: dict[bytes, set[bytes]] = {}
    for one in (one for package in packages for one in package.attestations):
        keys.setdefault(one.page, set()).add(one.key)
    for (source, account), page in newest.items():
        if source in policy.accounts and account not in policy.accounts[source]:
            return False
        if page.page_id in policy.pages.get(source, ()):
            continue
        if source not in policy.pages and source not in policy.source_keys and policy.allow_other_sources:
            continue
        wanted = {one.key for one in policy.source_keys.get(source, ()) if one.covers(page)}
        if not wanted & keys.get(page.page_id, set()) or account not in policy.accounts.get(source, ()):
            return False
    return (
        policy.first
        and policy.standing is None
        and policy.allow_test_preset
        and all(wanted is None or wanted == is_ for wanted, is_ in stated)
        and all(policy.circuits is None or link.statement.circuit_id in policy.circuits for link in links)
        and not any(policy.exceeded(link.counters) for link in links)
    )


def policy_seeds() -> list[bytes]:
    return [bytes([k]) + json.dumps(base.policy).encode() for k, base in enumerate(bases())]


def mutate_policies(rng: Random, data: bytes) -> bytes:
    """One value of the JSON changed, removed, or taken from another chain's policy."""
    try:
        policy = json.loads(data[1:])
    except (ValueError, RecursionError):
        data = rng.choice(policy_seeds())
        policy = json.loads(data[1:])
    match rng.randrange(4):
        case 0:
            policy = edited(rng, policy, OF_JSON, 1)
        case 1:
            policy = tweaked(rng, policy)
        case 2 if isinstance(policy, dict) and policy:
            del policy[rng.choice(sorted(policy))]
        case _:
            other = json.loads(rng.choice(policy_seeds())[1:])
            name = rng.choice(sorted(other))
            policy = {**policy, name: other[name]} if isinstance(policy, dict) else other
    number = data[0] if rng.random() < 0.8 else rng.randrange(len(bases()))
    return bytes([number]) + json.dumps(policy).encode("utf-8", "surrogatepass")


POLICY_WORDS = (
    *("schema", "zkharvest/chain-policy/1", "first", "standing", "accounts", "source_keys", "signer", "min_bits"),
    *("max_declared", "max_unexplained", "max_gone", "max_by_window", "max_in_transit", "need_refs", "circuits"),
    *("allow_other_sources", "allow_test_preset", "audience", "nonce", "key", "last", "true", "null", "2025-12-31"),
)

"""Attestations: each source signs its commitment, the taxpayer signs the whole package.

A source's signature is over its id and root alone, so that a venue can sign once, before any proof exists, and the
signature serves every package about that commitment; in a package it counts only for a root of that package's
statement. The signatures of several sources are carried as one BLS aggregate over distinct messages, each key with its
proof of possession (draft-irtf-cfrg-bls-signature, sections 3.3 and 3.1.1's rogue-key attack).

The taxpayer's Ed25519 signature is over a digest of everything else in the package, attestations included.

    attestations: {"scheme": "bls12-381-g2-pop", "aggregate": bin 96, "sources": [entry]}
    entry:        {"source": id, "key": bin 48, "pop": bin 96}, sorted by the bytes of the id, each id at most once
    signature:    {"scheme": "ed25519", "key": bin 32, "signature": bin 64}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from zkharvest.audit.keys import KEY_BYTES, SIGNATURE_BYTES, PrivateKey, Scheme
from zkharvest.audit.package import Package, signed_digest
from zkharvest.errors import UsageError

SOURCES_SCHEME = "bls12-381-g2-pop"
SIGNATURE_SCHEME = "ed25519"
_SOURCE_TAG = b"zkharvest/source-commitment/v1\0"
_PACKAGE_TAG = b"zkharvest/package-signature/v1\0"


@dataclass(frozen=True, slots=True)
class SourceSigned:
    """A source whose signature over its root is valid; `expected`: the key is the one the auditor named."""

    source: str
    key: bytes
    expected: bool


@dataclass(frozen=True, slots=True)
class Attested:
    """What the attestations of a package say. With any `faults` the package must be rejected.

    `signer` is the taxpayer's key if the package carries its valid signature; `signer_expected` says that the auditor
    named this very key.
    """

    sources: tuple[SourceSigned, ...] = ()
    signer: bytes | None = None
    signer_expected: bool = False
    faults: tuple[str, ...] = ()


def source_message(source: str, root: bytes) -> bytes:
    """What a source signs. Injective: the id carries its length, the root ends the message."""
    name = source.encode()
    return _SOURCE_TAG + len(name).to_bytes(2, "big") + name + root


def sign_as_source(package: Package, key: PrivateKey, source: str, *, drop_signature: bool = False) -> Package:
    """The package with this source's signature added to the aggregate.

    The taxpayer's signature covers the attestations and cannot stay: it is dropped if `drop_signature`, otherwise a
    package that has one is refused. Raises UsageError also for a key of the wrong scheme, a source that is not in the
    statement or has signed already, and attestations that are not valid as they stand.
    """
    from py_ecc.bls import G2ProofOfPossession as Bls

    if key.scheme is not Scheme.BLS:
        raise UsageError(f"a source signs with a bls key; this one is {key.scheme}", "zkharvest keygen --scheme bls")
    roots = package.roots
    if source not in roots:
        known = ", ".join(roots)
        raise UsageError(f'"{source}" is no source of this package', f"its sources are {known}")
    if package.signature is not None and not drop_signature:
        hint = "sources sign first; or give --drop-signature, and the taxpayer signs again"
        raise UsageError("the taxpayer has signed this package, over its attestations", hint)
    entries: list[dict[str, Any]] = []
    signatures = [key.sign(source_message(source, roots[source]))]
    if package.attestations is not None:
        _, faults = _check_sources(package.attestations, roots, {}, lambda _: None)
        if faults:
            raise UsageError(f"the attestations of this package are not valid: {faults[0]}", "ask for another copy")
        entries = list(package.attestations["sources"])
        if any(entry["source"] == source for entry in entries):
            raise UsageError(f'"{source}" has signed already', "nothing is left to do")
        signatures.append(package.attestations["aggregate"])
    public = key.public()
    entries.append({"source": source, "key": public.key, "pop": public.pop})
    entries.sort(key=lambda entry: entry["source"].encode())
    aggregate = bytes(Bls.Aggregate(signatures))
    return replace(
        package,
        attestations={"scheme": SOURCES_SCHEME, "sources": entries, "aggregate": aggregate},
        signature=None,
    )


def sign_as_taxpayer(package: Package, key: PrivateKey) -> Package:
    """The package with the taxpayer's signature over everything else in it; an earlier one is replaced."""
    if key.scheme is not Scheme.ED25519:
        hint = "zkharvest keygen makes one; to sign as a source, give --source"
        raise UsageError(f"the taxpayer signs with an ed25519 key; this one is {key.scheme}", hint)
    signature = key.sign(_PACKAGE_TAG + signed_digest(package))
    return replace(package, signature={"scheme": SIGNATURE_SCHEME, "key": key.public().key, "signature": signature})


def check_attestations(
    package: Package,
    source_keys: Mapping[str, bytes] | None = None,
    signer: bytes | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Attested:
    """Check every signature in a package and compare the keys with those that the auditor expects.

    `source_keys` maps source ids to BLS keys (48 bytes), `signer` is the taxpayer's Ed25519 key (32 bytes). An expected
    signature that is missing, a key other than the expected one, and any attestation that is not valid is a fault.
    Never raises for what is in the package.
    """
    expected = dict(source_keys or {})
    signed: tuple[SourceSigned, ...] = ()
    faults: list[str] = []
    if package.attestations is not None:
        signed, found = _check_sources(package.attestations, package.roots, expected, progress)
        faults += found
    present = {one.source for one in signed}
    if not faults:
        faults += [f"source {name} has not signed its commitment" for name in expected if name not in present]
    who: bytes | None = None
    if package.signature is not None:
        progress("checking the taxpayer's signature")
        who, found = _check_signature(package, signer)
        faults += found
    elif signer is not None:
        faults.append("the taxpayer has not signed the package")
    return Attested(signed, who, who is not None and who == signer, tuple(faults))


def _check_sources(
    attestations: Any, roots: Mapping[str, bytes], expected: Mapping[str, bytes], progress: Callable[[str], None]
) -> tuple[tuple[SourceSigned, ...], list[str]]:
    """The sources whose signatures are valid, or what is wrong."""
    from py_ecc.bls import G2ProofOfPossession as Bls

    entries, fault = _well_formed(attestations)
    if fault:
        return (), [fault]
    for entry in entries:
        source, key = entry["source"], entry["key"]
        if source not in roots:
            return (), [f"an attestation is for {source}, which is no source of the statement"]
        if expected.get(source, key) != key:
            return (), [f"source {source} signed with another key than the one expected"]
    for number, entry in enumerate(entries, 1):
        progress(f"checking the key of source {number} of {len(entries)}")
        if not Bls.PopVerify(entry["key"], entry["pop"]):
            return (), [f"source {entry['source']}: the key's proof of possession is not valid"]
    progress(f"checking the signatures of {len(entries)} sources")
    messages = [source_message(entry["source"], roots[entry["source"]]) for entry in entries]
    if not Bls.AggregateVerify([entry["key"] for entry in entries], messages, attestations["aggregate"]):
        return (), ["the sources' signatures over their commitments are not valid"]
    return tuple(SourceSigned(e["source"], e["key"], e["source"] in expected) for e in entries), []


def _well_formed(attestations: Any) -> tuple[list[dict[str, Any]], str]:
    """The entries, or an empty list and what is wrong with the shape."""
    odd = "the attestations are not of a known form"
    if not isinstance(attestations, dict) or set(attestations) != {"scheme", "sources", "aggregate"}:
        return [], odd
    entries = attestations["sources"]
    if attestations["scheme"] != SOURCES_SCHEME or not isinstance(entries, list) or not entries:
        return [], odd
    if not _is_bytes(attestations["aggregate"], SIGNATURE_BYTES[Scheme.BLS]):
        return [], odd
    for entry in entries:
        if (
            not isinstance(entry, dict)
            or set(entry) != {"source", "key", "pop"}
            or not isinstance(entry["source"], str)
        ):
            return [], odd
        if not _is_bytes(entry["key"], KEY_BYTES[Scheme.BLS]) or not _is_bytes(
            entry["pop"], SIGNATURE_BYTES[Scheme.BLS]
        ):
            return [], odd
    names = [entry["source"].encode() for entry in entries]
    if any(a >= b for a, b in pairwise(names)):
        return [], "the attestations are not sorted by source, each once"
    return entries, ""


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and set(entry) == {"source", "key", "pop"}
        and isinstance(entry["source"], str)
        and _is_bytes(entry["key"], KEY_BYTES[Scheme.BLS])
        and _is_bytes(entry["pop"], SIGNATURE_BYTES[Scheme.BLS])
    )


def _check_signature(package: Package, expected: bytes | None) -> tuple[bytes | None, list[str]]:
    """The taxpayer's key if the signature is valid, or what is wrong."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    signature = package.signature
    if (
        not isinstance(signature, dict)
        or set(signature) != {"scheme", "key", "signature"}
        or signature["scheme"] != SIGNATURE_SCHEME
        or not _is_bytes(signature["key"], KEY_BYTES[Scheme.ED25519])
        or not _is_bytes(signature["signature"], SIGNATURE_BYTES[Scheme.ED25519])
    ):
        return None, ["the taxpayer's signature is not of a known form"]
    key: bytes = signature["key"]
    if expected is not None and key != expected:
        return None, ["the package is signed with another key than the one expected"]
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature["signature"], _PACKAGE_TAG + signed_digest(package))
    except (InvalidSignature, ValueError):
        return None, ["the taxpayer's signature over the package is not valid"]
    return key, []


def _is_bytes(value: Any, length: int) -> bool:
    return isinstance(value, bytes) and len(value) == length

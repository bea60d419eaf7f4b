"""Attestations: each source signs its commitment, the taxpayer signs the whole package.

A source's signature is over its id and root alone, so that a venue can sign once, before any proof exists, and the
signature serves every package about that commitment; in a package it counts only for a root of that package's
statement. The signatures of several sources are carried as one BLS aggregate over distinct messages, each key with its
proof of possession: without it, a key made from others' keys could sign in their stead (draft-irtf-cfrg-bls-signature,
section 3.3).

The taxpayer's Ed25519 signature is over a digest of everything else in the package, attestations included.

    attestations: {"scheme": "bls12-381-g2-pop", "aggregate": bin 96, "sources": [entry]}
    entry:        {"source": id, "key": bin 48, "pop": bin 96}, sorted by the bytes of the id, each id at most once;
                  at most MAX_ATTESTATIONS of them, as each costs a verifier 0.1 s
    signature:    {"scheme": "ed25519", "key": bin 32, "signature": bin 64}
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from zkharvest.errors import InputError, UsageError
from zkharvest.files.packages import source_roots
from zkharvest.sign import bls
from zkharvest.sign.keys import KEY_BYTES, SIGNATURE_BYTES, PrivateKey, Scheme
from zkharvest.sign.taxpayer import check_package_signature, parse_signature, signed_by_taxpayer
from zkharvest.spec import MAX_NAME
from zkharvest.verifier.package import Package
from zkharvest.verifier.rejections import Finding, Reason, Reject, reject_all
from zkharvest.verifier.text import is_visible, quoted
from zkharvest.verifier.verdict import Attested, SourceSigned

if TYPE_CHECKING:
    pass

MAX_ATTESTATIONS = 64
"""Sources that can sign one package."""

SOURCES_SCHEME = "bls12-381-g2-pop"
_SOURCE_TAG = b"zkharvest/source-commitment/v1\0"


def source_message(source: str, root: bytes) -> bytes:
    """What a source signs. The id carries its length, so that no two pairs of id and root share a message."""
    name = source.encode()
    return _SOURCE_TAG + len(name).to_bytes(4, "big") + name + root


def sign_as_source(
    package: Package,
    key: PrivateKey,
    source: str,
    root: bytes,
    *,
    drop_signature: bool = False,
    replace_own: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Package:
    """The package with this source's signature over its `root` added to the aggregate.

    The source itself states its root: a package could name any. The taxpayer's signature covers the attestations and
    cannot stay: it is dropped if `drop_signature`, otherwise a package that has one is refused. `replace_own` puts the
    signature in the place of one that this source has made before, with another key or not validly; a signature can be
    taken out of the aggregate only if no other source has part in it.

    Raises InputError where the package has another root, UsageError for a key of the wrong scheme, a source that is
    not in the statement or has signed already, and attestations that are full, or not valid as they stand.
    """
    if key.scheme is not Scheme.BLS:
        raise UsageError(f"a source signs with a bls key; this one is {key.scheme}", "zkharvest keygen --scheme bls")
    roots = source_roots(package)
    if source not in roots:
        raise UsageError(f"{quoted(source)} is not a source of this package", f"its sources are {_listed(roots)}")
    if roots[source] != root:
        message = f"the package's commitment of {quoted(source)} is not the one given"
        raise InputError.one("", message, "do not sign: it is not about the source's trades")
    if package.signature is not None and not drop_signature:
        hint = "sources sign first; or give --drop-signature, and the taxpayer signs again"
        raise UsageError("the taxpayer has signed this package, over its attestations", hint)
    entries = []
    signatures = [key.sign(source_message(source, roots[source]))]
    if package.attestations is not None:
        try:
            before = _parse_attestations(package.attestations)
            own = [entry for entry in before.entries if entry.source == source]
            if own and not replace_own:
                raise UsageError(f"{quoted(source)} has signed already", "--replace signs again, with this key")
            if own and len(before.entries) > 1:
                hint = f"begin from the package as it was before {quoted(source)} signed; its sources sign again"
                raise UsageError("one signature cannot be taken out of what several sources signed together", hint)
            if not own:
                if len(before.entries) == MAX_ATTESTATIONS:
                    raise UsageError(f"{MAX_ATTESTATIONS} sources have signed: there is no room for more", "")
                _check_membership(before.entries, roots)
                _check_aggregate(before, roots, progress)
                entries += before.entries
                signatures.append(before.aggregate)
        except Reject as error:
            raise UsageError(f"the package as it stands is not valid: {error.detail}", "ask for another copy") from None
    public = key.public()
    entries.append(_Entry(source, public.key, public.pop))
    entries.sort(key=lambda entry: entry.source.encode())
    attestations: dict[str, Any] = {
        "scheme": SOURCES_SCHEME,
        "sources": [{"source": entry.source, "key": entry.key, "pop": entry.pop} for entry in entries],
        "aggregate": bytes(bls.load().Aggregate(signatures)),
    }
    return replace(package, attestations=attestations, signature=None)


def sign_as_taxpayer(package: Package, key: PrivateKey, *, replace_other: bool = False) -> Package:
    """The package with the taxpayer's signature over everything else in it; an earlier one of this key is replaced.

    One of another key is replaced if `replace_other`. Raises UsageError otherwise, and for a key of the wrong scheme.
    """
    made = signed_by_taxpayer(package.signature, package.signed_digest, key, replace_other=replace_other)
    return replace(package, signature=made)


def check_attestations(
    package: Package,
    source_keys: Mapping[str, bytes] | None = None,
    signer: bytes | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Attested:
    """Check every signature in a package, and that all are there which the auditor expects.

    `source_keys` maps source ids to BLS keys (48 bytes), `signer` is the taxpayer's Ed25519 key (32 bytes). Raises
    Reject for a signature that is not valid (expected or not), one that is missing, and a key other than the expected
    one. Raises nothing else, whatever is in the package.
    """
    expected = dict(source_keys or {})
    who = None
    if package.signature is not None:  # first, as it takes a millisecond and a source's takes a second
        who = check_package_signature(package, signer)
    elif signer is not None:
        raise Reject(Reason.SIGNATURE_MISSING, "the taxpayer has not signed the package")
    signed: tuple[SourceSigned, ...] = ()
    attestations = _parse_attestations(package.attestations) if package.attestations is not None else None
    entries = attestations.entries if attestations else []
    roots = source_roots(package)
    _check_membership(entries, roots)
    reject_all(tuple(_unexpected(entries, expected)))
    if attestations:  # last, as it takes by far the longest
        _check_aggregate(attestations, roots, progress)
        signed = tuple(SourceSigned(e.source, e.key, e.source in expected) for e in entries)
    return Attested(signed, who, who is not None and who == signer)


def named_signers(package: Package) -> tuple[list[tuple[str, bytes]], bytes | None]:
    """Who is said to have signed, nothing checked but the form: sources with their keys, and the taxpayer's key.

    Raises Reject for signatures of another form.
    """
    entries = _parse_attestations(package.attestations).entries if package.attestations is not None else []
    taxpayer = parse_signature(package.signature)[0] if package.signature is not None else None
    return [(entry.source, entry.key) for entry in entries], taxpayer


@dataclass(frozen=True, slots=True)
class _Entry:
    source: str
    key: bytes
    pop: bytes


@dataclass(frozen=True, slots=True)
class _Attestations:
    entries: list[_Entry]
    aggregate: bytes


def _parse_attestations(value: Mapping[str, Any]) -> _Attestations:
    """The attestations with every length and the order checked; Reject if they are of another form."""
    match value:
        case {"scheme": "bls12-381-g2-pop", "sources": [_, *_] as sources, "aggregate": bytes(aggregate), **others}:
            if len(sources) > MAX_ATTESTATIONS:
                text = f"{len(sources)} attestations, more than {MAX_ATTESTATIONS}"
                raise Reject(Reason.ATTESTATION_LIMIT, text)
            entries = [_parse_entry(item) for item in sources]
            names = [entry.source.encode() for entry in entries]
            if not others and len(aggregate) == SIGNATURE_BYTES[Scheme.BLS]:
                if any(a >= b for a, b in pairwise(names)):
                    raise Reject(Reason.ATTESTATION_FORM, "the attestations are not sorted by source, each once")
                return _Attestations(entries, aggregate)
    raise Reject(Reason.ATTESTATION_FORM, "the attestations are not of a known form")


def _parse_entry(value: Any) -> _Entry:
    match value:
        case {"source": str(source), "key": bytes(key), "pop": bytes(pop), **others} if not others:
            sized = len(key) == KEY_BYTES[Scheme.BLS] and len(pop) == SIGNATURE_BYTES[Scheme.BLS]
            if sized and is_visible(source, MAX_NAME):
                return _Entry(source, key, pop)
    raise Reject(Reason.ATTESTATION_FORM, "an attestation is not of a known form")


def _unexpected(entries: Sequence[_Entry], expected: Mapping[str, bytes]) -> Iterator[Finding]:
    """Every source that signed with another key than expected, then every one that is expected and has not signed."""
    for entry in entries:
        wanted = expected.get(entry.source, entry.key)
        if wanted != entry.key:
            text = f"source {quoted(entry.source)} signed with the key {entry.key.hex()}, not {wanted.hex()}"
            what = f"key of {entry.source}"
            yield Finding(Reason.ATTESTATION_KEY, text, what, wanted.hex(), entry.key.hex())
    for name in sorted(expected.keys() - {entry.source for entry in entries}):
        text = f"source {quoted(name)} has not signed its commitment"
        yield Finding(Reason.ATTESTATION_MISSING, text, f"key of {name}", expected[name].hex(), None)


def _check_membership(entries: Iterable[_Entry], roots: Mapping[str, bytes]) -> None:
    for entry in entries:
        if entry.source not in roots:
            text = f"an attestation is for {quoted(entry.source)}, which is not a source of the statement"
            raise Reject(Reason.ATTESTATION_SOURCE, text)


def _check_aggregate(attestations: _Attestations, roots: Mapping[str, bytes], progress: Callable[[str], None]) -> None:
    """Reject unless every source of the attestations signed its root in `roots`, which has them all."""
    entries = attestations.entries
    claims = [bls.Signed(one.key, one.pop, source_message(one.source, roots[one.source])) for one in entries]
    try:
        bls.check_signed(claims, attestations.aggregate, progress)
    except bls.PossessionError as error:
        whose = "a source" if error.position is None else f"source {quoted(entries[error.position].source)}"
        raise Reject(Reason.ATTESTATION_POSSESSION, f"{whose}: the key's proof of possession is not valid") from None
    except bls.AggregateError:
        text = "the sources' signatures over their commitments are not valid"
        raise Reject(Reason.ATTESTATION_SOURCES, text) from None


def _listed(names: Collection[str]) -> str:
    """Names for a hint: a few of them, quoted."""
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(map(quoted, islice(names, 8))) + more

"""Signatures in packages of links: of sources over pages, and the taxpayer's over the whole package.

A package carries signatures that sources made over pages (`sign.pages`), before anything was proven. One on an
account's newest page vouches for all pages before it, so one an account is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from zkharvest.errors import UsageError
from zkharvest.files.page_files import PageFile
from zkharvest.sign import bls
from zkharvest.sign.bls_loading import load
from zkharvest.sign.ed25519 import is_signature
from zkharvest.sign.keys import PrivateKey, Scheme
from zkharvest.sign.taxpayer import check_package_signature, signed_by_taxpayer
from zkharvest.verifier.chain_package import MAX_ATTESTATIONS, ChainPackage, PageAttestation
from zkharvest.verifier.page import signed_message
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.verify_chain import Signatures


def check_pages(attestations: Sequence[PageAttestation]) -> None:
    """Reject (`page/signature`, `attestation/possession`) unless every signature is its key's over its page.

    BLS signatures are checked together (`bls.check_signed`): all of them are by their keys, or this fails.
    """
    for one in attestations:
        if one.scheme == Scheme.ED25519 and not is_signature(one.key, one.signature, signed_message(one.page)):
            raise _invalid(one)
    signed = [one for one in attestations if one.scheme == Scheme.BLS]
    if not signed:
        return
    claims = [bls.Signed(one.key, one.pop, signed_message(one.page)) for one in signed]
    if not all(bls.is_point(one.signature) for one in signed):
        raise Reject(Reason.PAGE_SIGNATURE, "a source's BLS signature is no point of the curve, or not of its subgroup")
    try:
        together = bytes(load().Aggregate([one.signature for one in signed]))
        bls.check_signed(claims, together)
    except bls.PossessionError as error:
        whose = "a key" if error.position is None else f"the key {signed[error.position].key.hex()[:16]}..."
        raise Reject(Reason.ATTESTATION_POSSESSION, f"{whose} has no valid proof of possession") from None
    except bls.AggregateError:
        raise Reject(Reason.PAGE_SIGNATURE, "a source's BLS signature over a page is not valid") from None


def _invalid(one: PageAttestation) -> Reject:
    text = f"the signature of {one.key.hex()[:16]}... over the page {one.page.hex()[:16]}... is not valid"
    return Reject(Reason.PAGE_SIGNATURE, text)


def check_taxpayer(package: ChainPackage) -> bytes:
    """The key with which the taxpayer signed a package. Reject (`signature/...`) if the signature is not valid."""
    return check_package_signature(package, None)


SIGNATURES = Signatures(check_pages, check_taxpayer)
"""What `verify_chain` is handed to check signatures with."""


def with_page_signatures(package: ChainPackage, pages: Iterable[PageFile]) -> ChainPackage:
    """The package with the signatures of these page files over pages that its links list; the taxpayer signs after it.

    UsageError for a package that the taxpayer has signed, for page files of which none is listed, and for more
    signatures than a package can hold.
    """
    from zkharvest.verifier.link import read_link

    if package.signature is not None:
        hint = "add the sources' signatures first, then sign"
        raise UsageError("the taxpayer has signed this package, over its attestations", hint)
    listed = {p.header.page_id for part in package.parts for p in read_link(part.statement).statement.pages}
    found = set(package.attestations)
    for page in pages:
        if page.page not in listed:
            hint = "give the .zkp files of the pages that were proven"
            raise UsageError(f"no link lists the page {page.page.hex()[:16]}...", hint)
        found |= {PageAttestation(page.page, s.scheme, s.key, s.pop, s.signature) for s in page.signatures}
    if len(found) > MAX_ATTESTATIONS:
        hint = "one signature on the newest page of an account is enough"
        raise UsageError(f"{len(found)} signatures over pages, a package holds {MAX_ATTESTATIONS}", hint)
    return replace(package, attestations=tuple(sorted(found)))


def sign_as_taxpayer(package: ChainPackage, key: PrivateKey, *, replace_other: bool = False) -> ChainPackage:
    """The package with the taxpayer's signature over everything else in it. Raises as `signed_by_taxpayer`."""
    made = signed_by_taxpayer(package.signature, package.signed_digest, key, replace_other=replace_other)
    return replace(package, signature=made)

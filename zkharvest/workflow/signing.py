"""What is checked before something is signed or handed on: whether its proof and its sources' signatures hold."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from zkharvest.errors import InputError, UsageError
from zkharvest.files.page_files import PageFile, read_page
from zkharvest.sign.chains import SIGNATURES
from zkharvest.sign.pages import check_signature
from zkharvest.verifier.chain_policy import ChainPolicy
from zkharvest.verifier.rejections import REJECTED
from zkharvest.verifier.verify_chain import Signatures, verify_chain


def read_signed_pages(paths: Iterable[str | Path]) -> list[PageFile]:
    """Pages that their sources have signed. InputError for one with a signature that is not valid.

    A package with it would be refused by everybody, and proving takes longer than asking the source again.
    """
    found = [(path, read_page(path)) for path in paths]
    for path, page in found:
        for made in page.signatures:
            if not check_signature(page.page, made):
                why = f"the signature of {made.key.hex()[:16]}... is not valid"
                raise InputError.one(str(path), why, "ask the source to sign the page again")
    return [page for _, page in found]


def refuse_unproven(data: bytes, name: str) -> None:
    """InputError unless proofs and sources' signatures of a package hold, UsageError where that is not decided here.

    The taxpayer's own signature is not looked at: it may be about to be replaced. Whose trades it is about, and whose
    lots were carried in, is for the signer to know. A proof under the test preset may be signed: every real policy
    refuses it all the same.
    """
    signatures = Signatures(SIGNATURES.pages, lambda _: b"")
    found = verify_chain([data], ChainPolicy(min_bits=0, allow_test_preset=True), signatures)
    if found.verdict == REJECTED:
        signed = found.reason.startswith(("attestation/", "page/signature"))
        why = f"{'a signature of a source' if signed else 'the proof'} does not verify ({found.reason})"
        raise InputError.one(name, why, "do not sign it; ask for another copy of the package")
    if found.reason and not found.reason.startswith("policy/"):
        why = f"whether the proof verifies cannot be decided here ({found.reason}: {found.detail})"
        raise UsageError(f"{name}: {why}", "update zkharvest and its time zone data (tzdata)")

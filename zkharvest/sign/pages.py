"""Signatures of sources over pages, and the keys that are expected of them.

A source signs a page's id alone (`verifier.page.signed_message`): the id covers the header, and the header names the
page before. It can sign before anybody proves anything, with a key of either scheme: Ed25519 where many pages are
signed at once, BLS12-381 where signatures of several sources are to be aggregated in a package.

Whether a key may sign a page is judged by the day on which the page ends, not by the clock of whoever checks: a key
that was replaced stays good for what it signed. A stolen key can sign pages that end in its time; which pages a source
stands behind is then its list of page ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from zkharvest.errors import UsageError
from zkharvest.files.atomic import read_file
from zkharvest.files.kinds import told_apart
from zkharvest.files.page_files import PageFile, PageSignature
from zkharvest.sign import bls
from zkharvest.sign.ed25519 import is_signature
from zkharvest.sign.keyfiles import FILE_BYTES, VALIDITY, is_file, public_fields
from zkharvest.sign.keys import KEY_BYTES, PrivateKey, PublicKey, Scheme
from zkharvest.spec import PUBLIC_KEY_HEADER
from zkharvest.verifier.page import PageFault, PageReject, SourceKey, signed_message
from zkharvest.verifier.text import quoted


def read_source_key(text: str) -> SourceKey:
    """A key given as hex (32 bytes: Ed25519, 48: BLS12-381), or as a file that `keygen` wrote. Raises UsageError."""
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) in KEY_BYTES.values():
        return SourceKey(key)
    if not is_file(text):
        raise UsageError(f"{quoted(text)} is neither a public key in hex nor a file", "give what keygen --public wrote")
    data = read_file(text, at_most=FILE_BYTES)
    if data.partition(b"\n")[0] != f"{PUBLIC_KEY_HEADER} 1".encode():
        raise UsageError(f"{text}: not a public key file", told_apart(data, "give the file that keygen --public wrote"))
    lines = data.partition(b"\n")[2]
    fields = public_fields(text, lines)
    _check_lines(text, lines.decode("ascii", "replace").splitlines(), fields)
    first, last = (date.fromisoformat(fields[name]) if name in fields else None for name in VALIDITY)
    return SourceKey(bytes.fromhex(fields["public"]), first, last)


def _check_lines(name: str, lines: Sequence[str], fields: Mapping[str, str]) -> None:
    """UsageError unless a public key's file has these lines alone, each once: days that are misspelt bind nobody."""
    wanted = [f"{key}: {value}" for key, value in fields.items()]
    if sorted(line for line in lines if line) != sorted(wanted):
        hint = "give the file as keygen --public wrote it: scheme, public, possession, valid-from, valid-until"
        raise UsageError(f"{name}: a line of this public key is unknown, stands twice, or is written otherwise", hint)


def sign_page(identity: bytes, key: PrivateKey, public: PublicKey | None = None) -> PageSignature:
    """The signature of a page's id, with the key's proof of possession where the scheme has one.

    Give `public`, which is the key's, where many pages are signed: a proof of possession takes as long as a signature.
    """
    public = public or key.public()
    return PageSignature(key.scheme.value, public.key, public.pop, key.sign(signed_message(identity)))


def check_signature(identity: bytes, made: PageSignature) -> bool:
    """Whether a signature is its key's over this page's id, and a BLS key is possessed."""
    message = signed_message(identity)
    if made.scheme == Scheme.ED25519:
        return is_signature(made.key, made.signature, message)
    try:
        bls.check_signed([bls.Signed(made.key, made.pop, message)], made.signature)
    except (bls.PossessionError, bls.AggregateError):
        return False
    return True


def check_signed_by(page: PageFile, expected: Sequence[SourceKey]) -> SourceKey:
    """The expected key that signed the page in its time.

    PageReject (`page/signature`) for any signature that is not valid, (`page/unsigned`) if none of the keys signed,
    (`page/key-period`) if those that did are not valid over the page's end, or the page's header is not at hand.
    """
    for made in page.signatures:
        if not check_signature(page.page, made):
            raise PageReject(PageFault.SIGNATURE, f"the signature of {made.key.hex()[:16]}... is not valid")
    signed = {made.key for made in page.signatures}
    keys = [one for one in expected if one.key in signed]
    if not keys:
        found = ", ".join(f"{key.hex()[:16]}..." for key in sorted(signed)) or "nobody"
        raise PageReject(PageFault.UNSIGNED, f"none of the expected keys has signed; {found} has")
    for one in keys:
        if page.header is not None and one.covers(page.header):
            return one
    one = keys[0]
    raise PageReject(PageFault.KEY_PERIOD, f"the key {one.key.hex()[:16]}... is for pages that end from {one.days}")

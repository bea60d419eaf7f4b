"""What a file is, by its first bytes: so that a wrong file is named, and a secret is not overwritten by accident."""

from __future__ import annotations

import re
from enum import StrEnum

from zkharvest.spec import OPENING_MAGIC, PACKAGE_MAGIC, PRIVATE_KEY_HEADER, PUBLIC_KEY_HEADER, SHEET_MARK

HEAD_BYTES = 4096
"""So much of a file says what it is."""

_PEM_PRIVATE = re.compile(rb"^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----", re.MULTILINE)


class Kind(StrEnum):
    """Kinds of files that zkharvest writes or reads; the value completes "it is ..."."""

    PACKAGE = "an audit package (.zkh)"
    OPENING = "an opening (.zko), the secret behind a commitment"
    PRIVATE_KEY = "a private key"
    PUBLIC_KEY = "a public key"
    SHEET = "a backup sheet"
    TRADES = "a trades CSV"


def kind_of(head: bytes) -> Kind | None:
    """The kind of a file that begins so; None for any other file."""
    head = head[:HEAD_BYTES]
    if head.startswith(PACKAGE_MAGIC):
        return Kind.PACKAGE
    if head.startswith(OPENING_MAGIC):
        return Kind.OPENING
    if head.startswith(PRIVATE_KEY_HEADER.encode()) or _PEM_PRIVATE.search(head):
        return Kind.PRIVATE_KEY
    if head.startswith(PUBLIC_KEY_HEADER.encode()):
        return Kind.PUBLIC_KEY
    if SHEET_MARK in head[:200]:
        return Kind.SHEET
    if head.startswith((b"time,source,id,", b"\xef\xbb\xbftime,source,id,")):
        return Kind.TRADES
    return None


def told_apart(head: bytes, hint: str) -> str:
    """The hint for a file of the wrong kind: what it is if that is known, else the usual one."""
    kind = kind_of(head)
    return f"it is {kind}" if kind else hint

"""Ed25519 as RFC 8032 has it: keys that encode no point, or one of small order, are refused."""

from __future__ import annotations

_P = 2**255 - 19
_Y8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
SMALL_ORDER = frozenset({0, 1, _P - 1, _Y8, _P - _Y8})
"""The y of Ed25519's points of order 1, 2, 4 and 8: one signature of such a key holds for many messages, or for all."""


def is_usable_key(key: bytes) -> bool:
    """Whether a key's y is below p (RFC 8032, 5.1.3, asks for that; OpenSSL does not) and not of small order."""
    y = int.from_bytes(key, "little") % 2**255
    return y < _P and y not in SMALL_ORDER


def is_signature(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a signature of 64 bytes is the key's over the message."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not is_usable_key(key):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True

"""BLS12-381 signatures of py_ecc, checked many at once.

A pairing takes 0.1 s in py_ecc. `check_signed` therefore asks one question about a
product instead of one for each key: with H the hash to G2 under the tag of messages, K under that of possessions, it
holds for every key P with the proof S and the messages m, and for their aggregate A, that

    e(P, H(m)) = its share of e(g, A)        and        e(P, K(P)) = e(g, S),

and so, with a random number r of 127 bits for each proof of possession,

    e(-g, A + sum r S) * product over keys of e(P, sum H(m) + r K(P)) = 1.

If one of the equations fails, this holds for at most one r in 2^127, whatever the others are: all factors lie in a
group of prime order (keys and signatures are checked to be in their subgroups, which cannot be done at once).

Hashing to G2 ends with a multiplication by the cofactor (RFC 9380, section 7); as it is linear, it is done once, to the
sum. It and the checks of subgroups go by endomorphisms (`bls_curve`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from zkharvest.sign.bls_curve import clear_cofactor, combined, in_g1, in_g2, multiple
from zkharvest.sign.bls_loading import load
from zkharvest.sign.bls_pairing import is_one

COEFFICIENT_BITS = 127
"""Of a random coefficient: below the square of the curve's parameter, for `bls_curve.combined`."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Who is said to have signed what: a public key (48 bytes), its proof of possession (96), and the message."""

    key: bytes
    pop: bytes
    message: bytes


class PossessionError(Exception):
    """A key is not valid, or its proof of possession is not; `key` is its position if one is known."""

    def __init__(self, position: int | None = None) -> None:
        super().__init__()
        self.position = position


class AggregateError(Exception):
    """The aggregate is not the signature of these keys over these messages."""


def check_signed(entries: Sequence[Signed], aggregate: bytes, progress: Callable[[str], None] = lambda _: None) -> None:
    """PossessionError or AggregateError unless every entry's key is possessed and all of them signed.

    As `PopVerify` for every distinct pair of key and proof and `AggregateVerify` over all entries would say (an error
    is missed with a probability of 2^-127), about 0.1 s for each entry. `progress` gets a line for each.
    """
    scheme = load()
    from py_ecc.optimized_bls12_381 import Z2, add

    signature = _point(aggregate)
    if signature is None:
        raise AggregateError
    keys: dict[bytes, Any] = {}
    said: dict[bytes, Any] = {}  # key -> sum of H(m), its cofactor still in it
    possessed: dict[bytes, Any] = {}  # key -> sum of r K(P), likewise
    proofs: list[tuple[int, Any]] = []  # r and S
    pairs: set[tuple[bytes, bytes]] = set()
    for position, entry in enumerate(entries):
        progress(f"checking signature {position + 1} of {len(entries)}")
        key = entry.key
        if (key, entry.pop) not in pairs:
            pairs.add((key, entry.pop))
            proof, point = _point(entry.pop), keys.get(key) or _key_point(key)
            if proof is None or point is None:
                raise PossessionError(position)
            keys[key] = point
            coefficient = secrets.randbits(COEFFICIENT_BITS)
            claim = multiple(_hash_uncleared(key, scheme.POP_TAG), coefficient)
            possessed[key] = add(possessed.get(key, Z2), claim)
            proofs.append((coefficient, proof))
        said[key] = add(said.get(key, Z2), _hash_uncleared(entry.message, scheme.DST))
    progress(f"checking {len(entries)} signatures together")
    together = [(point, add(said[key], possessed[key])) for key, point in keys.items()]
    proven = combined(proofs)
    if _equals_one(together, add(signature, proven)):
        return
    # Finding out which of the two failed costs as much again: the most that a forged package can cost.
    if not _equals_one([(point, possessed[key]) for key, point in keys.items()], proven):
        raise PossessionError
    raise AggregateError


def _equals_one(pairs: Sequence[tuple[Any, Any]], signatures: Any) -> bool:
    """Whether e(-g, signatures) times the product of e(P, h Q) over the pairs (P, Q) is 1; h clears the cofactor."""
    from py_ecc.optimized_bls12_381 import G1, neg

    return is_one([(neg(G1), signatures), *((key, clear_cofactor(point)) for key, point in pairs)])


def _hash_uncleared(message: bytes, tag: bytes) -> Any:
    """hash_to_curve of RFC 9380, section 3, but for the last step."""
    from py_ecc.bls.hash_to_curve import hash_to_field_FQ2, map_to_curve_G2
    from py_ecc.optimized_bls12_381 import add

    first, second = hash_to_field_FQ2(message, 2, tag, sha256)
    return add(map_to_curve_G2(first), map_to_curve_G2(second))


def _key_point(key: bytes) -> Any:
    """The point of G1 that 48 bytes stand for; None unless they encode one of the subgroup that is not at infinity."""
    from py_ecc.bls.g2_primitives import pubkey_to_G1
    from py_ecc.optimized_bls12_381 import is_inf

    try:
        point = pubkey_to_G1(key)
        return None if is_inf(point) or not in_g1(point) else point
    except (ValueError, AssertionError):
        return None


def is_point(signature: bytes) -> bool:
    """Whether 96 bytes encode a point of the subgroup of signatures. A sum may lie there while its parts do not."""
    load()  # before anything of py_ecc is imported: it would raise the recursion limit
    return _point(signature) is not None


def _point(signature: bytes) -> Any:
    """The point of G2 that 96 bytes stand for; None if they encode no point of the subgroup."""
    from py_ecc.bls.g2_primitives import signature_to_G2

    try:
        point = signature_to_G2(signature)
        return point if in_g2(point) else None
    except (ValueError, AssertionError):
        return None

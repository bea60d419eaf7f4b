"""The circuits that this verifier knows: name, digest and standing, pinned here; the descriptions are data files.

A package names a circuit and its digest; it never carries one. The digest pinned in this file decides: a description
whose bytes differ is not used, whoever changed it. A new version of a circuit is a new entry, old ones stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from zkharvest.verifier.description import Description
from zkharvest.verifier.description_reader import read_description
from zkharvest.verifier.rejections import Reason, Reject

ACTIVE, DEPRECATED, BROKEN = "active", "deprecated", "broken"


@dataclass(frozen=True, slots=True)
class Pinned:
    """A circuit: `status` is active, deprecated (still sound; `note` says what to use) or broken (`note` says why)."""

    id: str
    digest: str  # SHA-256 of circuit.json, hex
    status: str = ACTIVE
    note: str = ""


PINNED: tuple[Pinned, ...] = (
    Pinned("lot-machine/v2", "158c757e844bf1f588ebe7cdc30fb3c98c21e76d623410b3dd6514932580e106"),
)


def find(circuit_id: str, digest: bytes) -> Pinned:
    """The circuit that a statement names.

    Reject(CIRCUIT_UNKNOWN) if this program does not know the name (it may be newer), CIRCUIT_DIGEST if it knows it with
    another digest, CIRCUIT_BROKEN if proofs of it no longer mean anything.
    """
    for pinned in PINNED:
        if pinned.id == circuit_id:
            if bytes.fromhex(pinned.digest) != digest:
                raise Reject(Reason.CIRCUIT_DIGEST, f"{circuit_id} has the digest {pinned.digest}")
            if pinned.status == BROKEN:
                raise Reject(Reason.CIRCUIT_BROKEN, f"{circuit_id} was withdrawn: {pinned.note}")
            return pinned
    raise Reject(Reason.CIRCUIT_UNKNOWN, f"this program does not know the circuit {circuit_id}")


@lru_cache(maxsize=8)
def load(pinned: Pinned) -> Description:
    """Its description, if the data file has the pinned digest; otherwise Reject(CIRCUIT_FILE)."""
    try:
        data = (folder() / pinned.id / "circuit.json").read_bytes()
    except OSError:
        raise Reject(Reason.CIRCUIT_FILE, f"the description of {pinned.id} is missing on this machine") from None
    if sha256(data).hexdigest() != pinned.digest:
        raise Reject(Reason.CIRCUIT_FILE, f"the description of {pinned.id} on this machine is not the pinned one")
    return read_description(data)


def folder() -> Traversable:
    """Where descriptions lie: inside an installed package, beside it in a checkout."""
    inside = resources.files("zkharvest") / "_circuits"
    return inside if inside.is_dir() else Path(__file__).resolve().parents[2] / "circuits"

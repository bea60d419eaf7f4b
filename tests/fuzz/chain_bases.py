"""Accepted packages of links, taken apart: what mutants are made from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.fuzz.edits import packed, sorted_keys
from tests.fuzz.mutants import HEAD, copied
from zkharvest.conformance.kinds.packages import read_header
from zkharvest.conformance.kinds.proof_parts import proof_parts
from zkharvest.spec import PACKAGE_MAGIC
from zkharvest.verifier import wire
from zkharvest.verifier.chain_package import decode_chain_package

HEAD_BYTES = PACKAGE_MAGIC + b"\x02"
ROOT = Path(__file__).resolve().parents[2] / "vectors"
NAMES = ("two-years", "2024", "2025", "fifo-from-genesis", "another-name")
PROOFS = "proof of link "
Judged = tuple[list[bytes], dict[str, Any]]


@dataclass(frozen=True)
class ChainBase:
    """Accepted packages of links: those before the last, the last, taken apart, and their policy."""

    before: list[bytes]
    data: bytes
    parts: dict[str, Any]
    policy: dict[str, Any]

    @cached_property
    def places(self) -> list[dict[str, range]]:
        """The parts of each link's proof, by name."""
        return [proof_parts(part) for part in decode_chain_package(self.data).parts]

    @cached_property
    def proofs_at(self) -> list[int]:
        """Where in the bytes each link's proof begins."""
        return [self.data.index(link["proof"]) for link in self.parts["links"]]

    def with_parts(self, parts: Any) -> Judged:
        """The packages with another last one."""
        return [*self.before, encoded(parts)], self.policy


def load() -> list[ChainBase]:
    return [base_of(name) for name in NAMES]


def base_of(name: str) -> ChainBase:
    path = ROOT / "accept" / "lot-machine-v2" / f"{name}.zkh"
    header = read_header(ROOT, path)
    before = [(ROOT / one).read_bytes() for one in header.get("before", ())]
    parts = wire.decode(path.read_bytes()[HEAD:])
    assert isinstance(parts, dict)
    return ChainBase(before, path.read_bytes(), parts, header["policy"])


def encoded(parts: Any) -> bytes:
    return HEAD_BYTES + packed(sorted_keys(parts))


def light(parts: Any) -> tuple[Any, list[bytes]]:
    """A copy with names in place of the proofs, which random edits then find as seldom as anything else."""
    parts = copied(parts)
    proofs = [link["proof"] for link in parts["links"]]
    for number, link in enumerate(parts["links"]):
        link["proof"] = f"{PROOFS}{number}".encode()
    return parts, proofs


def whole(value: Any, proofs: list[bytes]) -> Any:
    """The proofs where their names are."""
    if isinstance(value, dict):
        return {key: whole(item, proofs) for key, item in value.items()}
    if isinstance(value, list):
        return [whole(item, proofs) for item in value]
    names = [f"{PROOFS}{number}".encode() for number in range(len(proofs))]
    return proofs[names.index(value)] if isinstance(value, bytes) and value in names else value

r"""The audit package of `lot-machine/v2`: several links, one context, one set of signatures.

    "\x89ZKH\r\n\x1a\n" | u8 2 | canonical msgpack map {attestations, links, signature}
    attestations  nil or a list of signatures of sources over pages: {key, page, pop, scheme, signature}
    links         a list of {log_rows, preset, proof, statement}
    signature     nil or a map: the taxpayer's signature over `signed_digest`

Every proof is bound to its own statement, preset and heights by `Part.digest`. Which link it is of how many stands in
the statement's context, so that a link cannot be taken out of a package or moved within it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Any

from zkharvest.spec import LINKS_VERSION, PACKAGE_MAGIC
from zkharvest.verifier import wire
from zkharvest.verifier.page import ID_BYTES, SIGNATURE_SIZES
from zkharvest.verifier.params import MAX_PRESET
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.statement_v2 import MAX_LINKS
from zkharvest.verifier.text import is_visible, quoted
from zkharvest.verifier.wire import Value

VERSION = LINKS_VERSION
MAX_ATTESTATIONS = 64

_STATEMENT_TAG = b"zkharvest/statement/v2\0"
_BODY_TAG = b"zkharvest/package/v2\0"
_SIGNED_TAG = b"zkharvest/signed/v2\0"


@dataclass(frozen=True, slots=True)
class Part:
    """One link: the statement as a map, parameter set, heights of tables, and the proof's bytes."""

    statement: dict[str, Value]
    preset: str
    log_rows: tuple[int, ...]
    proof: bytes

    @property
    def digest(self) -> bytes:
        """What the proof is bound to (`PublicData.context`)."""
        parts = wire.encode(self.statement) + wire.encode(self.preset) + wire.encode(list(self.log_rows))
        return sha256(_STATEMENT_TAG + parts).digest()

    def to_map(self) -> dict[str, Value]:
        """As it is encoded."""
        heights: list[Value] = list(self.log_rows)
        return {"log_rows": heights, "preset": self.preset, "proof": self.proof, "statement": self.statement}


@dataclass(frozen=True, slots=True, order=True)
class PageAttestation:
    """A signature over a page's id, not yet checked; `pop` is empty for Ed25519."""

    page: bytes
    scheme: str
    key: bytes
    pop: bytes
    signature: bytes

    def to_map(self) -> dict[str, Value]:
        """As it is encoded."""
        return {name: getattr(self, name) for name in ("key", "page", "pop", "scheme", "signature")}


@dataclass(frozen=True, slots=True)
class ChainPackage:
    """The parts of a package; treat the maps as read-only."""

    parts: tuple[Part, ...]
    attestations: tuple[PageAttestation, ...] = ()
    signature: dict[str, Value] | None = None

    @property
    def body_digest(self) -> bytes:
        """Names the package without its signatures."""
        return sha256(_BODY_TAG + wire.encode(self._links())).digest()

    @property
    def signed_digest(self) -> bytes:
        """What the taxpayer signs: everything but the signature, attestations included."""
        body: dict[str, Value] = {"attestations": self._attestations(), "links": self._links()}
        return sha256(_SIGNED_TAG + wire.encode(body)).digest()

    def encode(self) -> bytes:
        """The bytes of the file; ValueError where a part cannot be encoded."""
        whole: dict[str, Value] = {
            "attestations": self._attestations(),
            "links": self._links(),
            "signature": self.signature,
        }
        return PACKAGE_MAGIC + bytes([VERSION]) + wire.encode(whole)

    def _links(self) -> list[Value]:
        return [part.to_map() for part in self.parts]

    def _attestations(self) -> list[Value] | None:
        return [one.to_map() for one in self.attestations] or None


def decode_chain_package(data: bytes) -> ChainPackage:
    """The package in `data`, or Reject: `package/...` of the container, `attestation/form`, `attestation/limit`.

    Statements and proofs are not read, and no signature is checked.
    """
    if data[: len(PACKAGE_MAGIC)] != PACKAGE_MAGIC:
        raise Reject(Reason.PACKAGE_MAGIC, "this is not a zkharvest package")
    version = data[len(PACKAGE_MAGIC) : len(PACKAGE_MAGIC) + 1]
    if not version:
        raise Reject(Reason.PACKAGE_ENCODING, "the file ends after its first bytes")
    if version[0] > VERSION:
        raise Reject(Reason.PACKAGE_VERSION, f"format {version[0]} is newer than this program")
    if version[0] != VERSION:
        raise Reject(Reason.PACKAGE_FIELDS, f"a package of format {version[0]} has no links: it stands alone")
    match wire.decode(data, len(PACKAGE_MAGIC) + 1):
        case {
            "attestations": None | list() as attestations,
            "links": list(links),
            "signature": None | dict() as signature,
            **others,
        } if not others and 1 <= len(links) <= MAX_LINKS:
            parts = tuple(_part(one) for one in links)
            return ChainPackage(parts, _attestations(attestations), signature)
        case _:
            raise Reject(Reason.PACKAGE_FIELDS, "the parts are not those of a package of links")


def _part(value: Value) -> Part:
    match value:
        case {
            "log_rows": list(log_rows),
            "preset": str(preset),
            "proof": bytes(proof),
            "statement": dict(statement),
            **others,
        } if not others:
            heights = tuple(one for one in log_rows if isinstance(one, int) and not isinstance(one, bool))
            if len(heights) == len(log_rows):
                if not is_visible(preset, MAX_PRESET):
                    raise Reject(Reason.PACKAGE_PRESET, f"{quoted(preset)} is not the name of a parameter set")
                return Part(statement, preset, heights, proof)
    raise Reject(Reason.PACKAGE_FIELDS, "the parts of a link are not of their form")


def _attestations(value: Sequence[Any] | None) -> tuple[PageAttestation, ...]:
    if value is None:
        return ()
    if len(value) > MAX_ATTESTATIONS:
        raise Reject(Reason.ATTESTATION_LIMIT, f"{len(value)} signatures over pages, at most {MAX_ATTESTATIONS}")
    found = tuple(_attestation(one) for one in value)
    names = [(one.page, one.scheme, one.key) for one in found]
    if not found or any(a >= b for a, b in pairwise(names)):
        raise Reject(Reason.ATTESTATION_FORM, "signatures over pages are not sorted by page and key, each once")
    return found


def _attestation(value: Any) -> PageAttestation:
    match value:
        case {
            "key": bytes(key),
            "page": bytes(page),
            "pop": bytes(pop),
            "scheme": str(scheme),
            "signature": bytes(signature),
            **others,
        } if not others and len(page) == ID_BYTES:
            if SIGNATURE_SIZES.get(scheme) == (len(key), len(pop), len(signature)):
                return PageAttestation(page, scheme, key, pop, signature)
    raise Reject(Reason.ATTESTATION_FORM, "a signature over a page is not of a known form")

r"""The audit package (`.zkh`) as a container: what its parts are, and what binds them together.

    "\x89ZKH\r\n\x1a\n" | u8 version | canonical msgpack map
    attestations  nil or a map: signatures of sources over their roots (checked in `sign`, opaque here)
    log_rows      an array of integers, one for each table of the circuit: table t has 2^log_rows[t] rows
    preset        name of the parameter set
    proof         the proof's bytes
    signature     nil or a map: the taxpayer's signature over `signed_digest` (checked in `sign`, opaque here)
    statement     a map (`statement`)

The proof is bound to every byte of the statement, to the preset and to the heights by `statement_digest`, which its
transcript absorbs before the first challenge; the taxpayer's signature to everything but itself by `signed_digest`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from zkharvest.spec import LINKS_VERSION, PACKAGE_MAGIC
from zkharvest.verifier import wire
from zkharvest.verifier.params import MAX_PRESET
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.text import is_visible, quoted
from zkharvest.verifier.wire import Value

VERSION = 1

MAX_BYTES = len(PACKAGE_MAGIC) + 1 + wire.MAX_BYTES

_STATEMENT_TAG = b"zkharvest/statement/v1\0"
_BODY_TAG = b"zkharvest/package/v1\0"
_SIGNED_TAG = b"zkharvest/signed/v1\0"


@dataclass(frozen=True, slots=True)
class Package:
    """The parts of a package; treat the maps as read-only."""

    statement: dict[str, Value]
    preset: str
    log_rows: tuple[int, ...]
    proof: bytes
    attestations: dict[str, Value] | None = None
    signature: dict[str, Value] | None = None

    @property
    def statement_digest(self) -> bytes:
        """What the proof is bound to (`PublicData.context`)."""
        return statement_digest(self.statement, self.preset, self.log_rows)

    @property
    def body_digest(self) -> bytes:
        """Names the package without its signatures: statement, preset, heights and proof."""
        return sha256(_BODY_TAG + wire.encode(self._body())).digest()

    @property
    def signed_digest(self) -> bytes:
        """What the taxpayer signs: everything but the signature, attestations included."""
        return sha256(_SIGNED_TAG + wire.encode({**self._body(), "attestations": self.attestations})).digest()

    def _body(self) -> dict[str, Value]:
        return {
            "preset": self.preset,
            "proof": self.proof,
            "log_rows": list(self.log_rows),
            "statement": self.statement,
        }


def statement_digest(statement: Mapping[str, Value], preset: str, log_rows: Sequence[int]) -> bytes:
    """SHA-256 of the tag and the canonical encodings of statement, preset and heights, one after the other."""
    parts = wire.encode(dict(statement)) + wire.encode(preset) + wire.encode(list(log_rows))
    return sha256(_STATEMENT_TAG + parts).digest()


def encode_package(package: Package) -> bytes:
    """The bytes of a package file; ValueError where a part cannot be encoded."""
    parts: dict[str, Value] = {
        "attestations": package.attestations,
        "preset": package.preset,
        "proof": package.proof,
        "log_rows": list(package.log_rows),
        "signature": package.signature,
        "statement": package.statement,
    }
    return PACKAGE_MAGIC + bytes([VERSION]) + wire.encode(parts)


def has_links(data: bytes) -> bool:
    """Whether bytes begin as a package of links does."""
    return data.startswith(PACKAGE_MAGIC + bytes([LINKS_VERSION]))


def decode_package(data: bytes) -> Package:
    """The package in `data`, or Reject.

    PACKAGE_MAGIC means another kind of file, PACKAGE_VERSION a newer format (undecided); everything else is malformed.
    """
    if data[: len(PACKAGE_MAGIC)] != PACKAGE_MAGIC:
        raise Reject(Reason.PACKAGE_MAGIC, "this is not a zkharvest package")
    version = data[len(PACKAGE_MAGIC) : len(PACKAGE_MAGIC) + 1]
    if not version:
        raise Reject(Reason.PACKAGE_ENCODING, "the file ends after its first bytes")
    if version[0] > VERSION:
        raise Reject(Reason.PACKAGE_VERSION, f"format {version[0]} is newer than this program")
    if version[0] != VERSION:
        raise Reject(Reason.PACKAGE_ENCODING, f"there is no format {version[0]}")
    match wire.decode(data, len(PACKAGE_MAGIC) + 1):
        case {
            "attestations": None | dict() as attestations,
            "preset": str(preset),
            "proof": bytes(proof),
            "log_rows": list(log_rows),
            "signature": None | dict() as signature,
            "statement": dict(statement),
            **others,
        } if not others:
            heights = tuple(one for one in log_rows if isinstance(one, int) and not isinstance(one, bool))
            if len(heights) != len(log_rows):
                raise Reject(Reason.PACKAGE_FIELDS, "log_rows is not an array of integers")
            if not is_visible(preset, MAX_PRESET):
                raise Reject(Reason.PACKAGE_PRESET, f"{quoted(preset)} is not the name of a parameter set")
            return Package(statement, preset, heights, proof, attestations, signature)
        case _:
            raise Reject(Reason.PACKAGE_FIELDS, "the parts are not those of a package")

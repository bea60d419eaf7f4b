"""What an auditor expects of a package: a Policy, and the one form in which it is written.

The package never chooses how strictly it is checked. The Policy does, and its defaults are strict.

A policy file, the header of a test vector and what the second verifier reads are the same JSON object, described in
`circuits/FORMAT.md`, section 10:

    {"schema": "zkharvest/policy/1", "commitments": {"kraken:main": "57ab..."}, "year": 2025, "min_bits": 128}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from zkharvest.spec import METHODS, POOLINGS, ROOT_BYTES, is_currency
from zkharvest.verifier.expected import (
    DEFAULT_BITS,
    SIGNER_BYTES,
    bits_of,
    by_source,
    circuits_of,
    given_in,
    one_of,
    optional,
    read_json,
    sized,
    switch,
    visible,
    written,
    year_of,
)
from zkharvest.verifier.stated import MAX_AUDIENCE, MAX_NONCE
from zkharvest.verifier.values import is_zone_name

SCHEMA = "zkharvest/policy/1"
SOURCE_KEY_BYTES = 48
INVENTORY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What must hold beyond the proof itself. None, or an empty map, expects nothing.

    `commitments`: source id -> the root that the source is known to have (36 bytes). `source_keys`: source id -> the
    BLS key with which the source must have signed its root (48 bytes). At least one of these two must name a source,
    or no package is accepted. Other sources leave the verdict undecided unless `allow_other_sources`, because anybody
    can add a source with losses in it.

    `signer`: the taxpayer's Ed25519 key (32 bytes). `carried_in`: the name (32 bytes) of the inventory that must have
    been carried in. `year`, `method`, `pooling`, `timezone`, `currency`: those of the statement. `audience`, `nonce`:
    the context that the package must have been made for. `circuits`: the accepted circuits, None for all. `min_bits`:
    proven soundness. `allow_test_preset`: for tests; such proofs are worth nothing, whatever `min_bits` says.

    Bytes may be given as hex text, `circuits` as one id. TypeError for a value of the wrong type, ValueError for one
    that no package could meet, such as an unknown method, a key of the wrong length, or an empty nonce.
    """

    commitments: Mapping[str, bytes] = field(default_factory=dict)
    source_keys: Mapping[str, bytes] = field(default_factory=dict)
    signer: bytes | None = None
    carried_in: bytes | None = None
    year: int | None = None
    method: str | None = None
    pooling: str | None = None
    timezone: str | None = None
    currency: str | None = None
    audience: str | None = None
    nonce: bytes | None = None
    circuits: tuple[str, ...] | None = None
    min_bits: float = DEFAULT_BITS
    allow_other_sources: bool = False
    allow_test_preset: bool = False

    def __post_init__(self) -> None:
        """Checks every value, and turns hex into bytes."""
        for entry in fields(self):
            value = _CHECKS[entry.name](entry.name, getattr(self, entry.name))
            object.__setattr__(self, entry.name, value)

    @property
    def names_sources(self) -> bool:
        """Whether anything is expected of any source: without that nothing about the trades is compared."""
        return bool(self.commitments or self.source_keys)

    @classmethod
    def from_json(cls, value: Any) -> Policy:
        """The policy that a JSON object describes. TypeError or ValueError says what is wrong with it."""
        return cls(**given_in(value, SCHEMA, [entry.name for entry in fields(cls)]))

    def to_json(self) -> dict[str, Any]:
        """The JSON object: the schema, what is expected, and `min_bits`; bytes as hex."""
        shown: dict[str, Any] = {"schema": SCHEMA}
        for entry in fields(self):
            value = getattr(self, entry.name)
            if value in (None, {}, False) and entry.name != "min_bits":
                continue
            if isinstance(value, bytes):
                value = value.hex()
            elif isinstance(value, Mapping):
                value = {source: part.hex() for source, part in value.items()}
            shown[entry.name] = list(value) if isinstance(value, tuple) else value
        return shown


def read_policy(text: str | bytes) -> Policy:
    """The policy in the text of a policy file. TypeError or ValueError says what is wrong with it."""
    return Policy.from_json(read_json(text))


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "commitments": by_source(ROOT_BYTES),
    "source_keys": by_source(SOURCE_KEY_BYTES),
    "signer": sized(SIGNER_BYTES, SIGNER_BYTES),
    "carried_in": sized(INVENTORY_BYTES, INVENTORY_BYTES),
    "year": optional(year_of),
    "method": one_of(METHODS),
    "pooling": one_of(POOLINGS),
    "timezone": written(is_zone_name, "America/New_York"),
    "currency": written(is_currency, "USD"),
    "audience": optional(lambda name, value: visible(name, value, MAX_AUDIENCE)),
    "nonce": sized(1, MAX_NONCE),
    "circuits": optional(circuits_of),
    "min_bits": bits_of,
    "allow_other_sources": switch,
    "allow_test_preset": switch,
}

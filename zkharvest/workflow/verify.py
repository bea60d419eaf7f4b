"""The whole verdict on a package: its proof (`verify.policy`), its signatures (`attest`), and whether it is bound.

A proof alone says that figures follow from *some* committed trades. An auditor must know whose: by a commitment that
the source gave, a source's key, or the taxpayer's. Without any of these the verdict is undecided, however good the
proof is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from zkharvest.verifier import policy
from zkharvest.verifier.package import decode_package
from zkharvest.verifier.policy import ACCEPTED, REJECTED, UNDECIDED, Policy
from zkharvest.verifier.rejections import Reason

if TYPE_CHECKING:
    from zkharvest.sign.attest import Attested

UNBOUND = "policy/no-expectation"
_PROOF_HOLDS = {Reason.POLICY_NO_CARRIED_IN.value, Reason.STATEMENT_ZONE.value}
"""Questions that stay open after the proof was found to hold."""


@dataclass(frozen=True, slots=True)
class Verdict(policy.Verdict):
    """The verdict of `verify.policy`; `attested` is who signed, if the package carries signatures (all valid)."""

    attested: Attested | None = None

    def to_json(self) -> dict[str, Any]:
        """The object of `verify --json`."""
        # Not super(): a dataclass with slots is a copy of the class in which it would be looked up.
        shown = policy.Verdict.to_json(self)
        sources = self.attested.sources if self.attested else ()
        signer = self.attested.signer if self.attested else None
        shown["signatures"] = {
            "sources": [{"id": s.source, "key": s.key.hex(), "expected": s.expected} for s in sources],
            "taxpayer": None,
        }
        if self.attested and signer:
            shown["signatures"]["taxpayer"] = {"key": signer.hex(), "expected": self.attested.signer_expected}
        return shown


def verify(
    package: bytes,
    *,
    commitments: Mapping[str, bytes] | None = None,
    source_keys: Mapping[str, bytes] | None = None,
    signer: bytes | None = None,
    min_bits: float = 128,
    circuits: tuple[str, ...] | str | None = None,
    carried_in: bytes | None = None,
    year: int | None = None,
    method: str | None = None,
    pooling: str | None = None,
    timezone: str | None = None,
    currency: str | None = None,
    audience: str | None = None,
    nonce: bytes | None = None,
    allow_other_sources: bool = False,
    allow_test_preset: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Verdict:
    """The verdict on the bytes of a package, under what the caller expects. Never raises, whatever the bytes.

    Say whom the figures must come from, by at least one of: `commitments` (source id -> root, 36 bytes), `source_keys`
    (source id -> BLS key, 48 bytes), `signer` (the taxpayer's Ed25519 key, 32 bytes); with none of them a good package
    is undecided. So is one with sources that neither `commitments` nor `source_keys` cover where these cover some,
    unless `allow_other_sources`. The other expectations are those of `verify.policy.Policy`. A signature that is not
    valid is a rejection, whether it was expected or not.
    """
    wanted = Policy(
        min_bits=min_bits,
        commitments=dict(commitments or {}),
        circuits=circuits,
        carried_in=carried_in,
        year=year,
        method=method,
        pooling=pooling,
        timezone=timezone,
        currency=currency,
        audience=audience,
        nonce=nonce,
        allow_other_sources=True,  # decided below, where it is known who signed
        allow_test_preset=allow_test_preset,
    )
    progress("checking the proof")
    found = policy.verify(package, wanted)
    open_question = found.reason in _PROOF_HOLDS  # a false signature still decides
    if not (found.accepted or open_question):
        return Verdict(**_fields(found))
    parts, attested = decode_package(package), None
    if parts.attestations is not None or parts.signature is not None or source_keys or signer is not None:
        from zkharvest.sign.attest import AttestationError, check_attestations

        try:
            attested = check_attestations(parts, source_keys, signer, progress)
        except AttestationError as error:
            return Verdict(REJECTED, error.fault.value, str(error))
    if open_question:
        return Verdict(**_fields(found))
    shown = {**_fields(found), "attested": attested, "unchecked": ()}
    if found.statement is not None and attested is not None:
        known = {*wanted.commitments, *(one.source for one in attested.sources if one.expected)}
        others = policy.not_compared(found.statement, known)
        shown |= {"bound": not others, "not_compared": others}
        shown["not_shown"] = policy.not_shown(found.statement, wanted, others)
    if not (commitments or source_keys or signer is not None):
        detail = "the proof holds, but nothing says whose trades it is about"
        shown |= {"verdict": UNDECIDED, "reason": UNBOUND, "detail": detail}
    elif (commitments or source_keys) and shown["not_compared"] and not allow_other_sources:
        detail = policy.others_text(shown["not_compared"])
        shown |= {"verdict": UNDECIDED, "reason": Reason.POLICY_NOT_COMPARED.value, "detail": detail}
    return Verdict(**shown)


def _fields(found: policy.Verdict) -> dict[str, Any]:
    return {field.name: getattr(found, field.name) for field in fields(found)}


__all__ = ["ACCEPTED", "REJECTED", "UNBOUND", "UNDECIDED", "Verdict", "verify"]

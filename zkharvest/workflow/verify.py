"""`zkharvest.verify`: the verifier's decision, with signatures checked, under expectations given as keywords."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypedDict, Unpack

from zkharvest.verifier.package import Package
from zkharvest.verifier.policy import Policy
from zkharvest.verifier.verdict import Attested, Verdict
from zkharvest.verifier.verify import verify as decide
from zkharvest.workflow.given import bytes_given


class Expectations(TypedDict, total=False):
    """The keywords of `verify`: the fields of `Policy`, where bytes may also be given as hex text."""

    commitments: Mapping[str, bytes | str] | None
    source_keys: Mapping[str, bytes | str] | None
    signer: bytes | str | None
    carried_in: bytes | str | None
    year: int | None
    method: str | None
    pooling: str | None
    timezone: str | None
    currency: str | None
    audience: str | None
    nonce: bytes | str | None
    circuits: Sequence[str] | str | None
    min_bits: float
    allow_other_sources: bool
    allow_test_preset: bool


def verify(
    package: bytes,
    policy: Policy | None = None,
    *,
    progress: Callable[[str], None] = lambda _: None,
    **expectations: Unpack[Expectations],
) -> Verdict:
    """The verdict on the bytes of a package: true (`if verdict:`) only if it is accepted under what you expect.

        verdict = verify(data, commitments={"kraken:main": "57ab..."}, year=2025, method="hifo")
        if not verdict:
            print(verdict.reason, verdict.detail, verdict.findings)

    Say whose trades the figures must come from, by `commitments` (source id -> root: 36 bytes, or 72 hex digits) or
    `source_keys` (source id -> BLS key: 48 bytes, or 96 digits). With neither, even a good package is undecided: the
    taxpayer's signature (`signer`) alone says nothing about the trades. A package with sources that neither of the two
    names is undecided as well, unless `allow_other_sources`. All other expectations are those of
    `zkharvest.Policy`, which can also be given whole; keywords then replace its parts.

    A signature that is not valid is a rejection, whether it was expected or not. Nothing that is in the package makes
    this raise. TypeError or ValueError is for the caller: a package that is not bytes, an expectation of the wrong type
    or one that no package can meet (`method="hifoo"`, a commitment of 35 bytes). `progress` is called with the name of
    each step that takes time.
    """
    data = bytes_given(package)
    wanted = policy_of(policy, dict(expectations))

    def check_signatures(parts: Package, expected: Policy) -> Attested | None:
        nothing = parts.attestations is None and parts.signature is None
        if nothing and not expected.source_keys and expected.signer is None:
            return None
        from zkharvest.sign.attest import check_attestations

        return check_attestations(parts, expected.source_keys, expected.signer, progress)

    progress("checking the proof")
    return decide(data, wanted, check_signatures)


def policy_of(policy: Policy | None, expectations: Mapping[str, Any]) -> Policy:
    """A policy with some of its parts replaced; None leaves a part as it is. Raises as `Policy` does."""
    if policy is not None and not isinstance(policy, Policy):
        raise TypeError(f"policy is a zkharvest.Policy, not {type(policy).__name__}; expectations are keywords")
    if unknown := expectations.keys() - {entry.name for entry in fields(Policy)}:
        raise TypeError(f"verify() has no keyword {', '.join(sorted(unknown))}")
    given = {name: value for name, value in expectations.items() if value is not None}
    return replace(policy or Policy(), **given)

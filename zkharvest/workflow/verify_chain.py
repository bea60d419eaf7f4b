"""`zkharvest.verify_chain`: the decision about a chain of years, under expectations given as keywords."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypedDict, Unpack

from zkharvest.verifier.chain_policy import ChainPolicy
from zkharvest.verifier.chain_verdict import ChainVerdict
from zkharvest.verifier.page import SourceKey
from zkharvest.verifier.verify_chain import verify_chain as decide
from zkharvest.workflow.given import bytes_given

Hex = bytes | str


class ChainExpectations(TypedDict, total=False):
    """The keywords of `verify_chain`: the fields of `ChainPolicy`, where bytes may also be given as hex text."""

    first: bool
    standing: Hex | None
    pages: Mapping[str, Hex | Sequence[Hex]] | None
    accounts: Mapping[str, str | Sequence[str]] | None
    source_keys: Mapping[str, Hex | SourceKey | Sequence[Hex | SourceKey]] | None
    signer: Hex | None
    year: int | None
    method: str | None
    pooling: str | None
    timezone: str | None
    currency: str | None
    audience: str | None
    nonce: Hex | None
    circuits: Sequence[str] | str | None
    min_bits: float | None
    max_declared: int | None
    max_unexplained: int | None
    max_gone: int | None
    max_by_window: int | None
    max_in_transit: int | None
    need_refs: bool
    allow_other_sources: bool
    allow_test_preset: bool


def verify_chain(
    packages: Iterable[bytes],
    policy: ChainPolicy | None = None,
    *,
    progress: Callable[[str], None] = lambda _: None,
    **expectations: Unpack[ChainExpectations],
) -> ChainVerdict:
    """The verdict on packages of links, in the order of their years: true (`if verdict:`) only if they are accepted.

        verdict = verify_chain([data_2024, data_2025], first=True, pages={"kraken": "57ab..."})
        if not verdict:
            print(verdict.reason, verdict.detail, verdict.findings)

    Say with what the first link begins: `first=True` if nothing came before it, or `standing`, the name (32 bytes, or
    64 hex digits) that last year's verdict carried out. Say whose accounts they must be: `pages` (source -> id of the
    account's newest page), or `source_keys` with `accounts`. Without these a good chain is undecided. All other
    expectations are those of `zkharvest.ChainPolicy`, which can also be given whole; keywords then replace its parts.

    Signatures are checked, expected or not, and one that is not valid is a rejection. Nothing that is in the packages
    makes this raise. TypeError or ValueError is for the caller: packages that are not bytes, an expectation of the
    wrong type or one that no chain can meet. `progress` is called with the name of each step that takes time.
    """
    data, wanted = _packages(packages), chain_policy_of(policy, dict(expectations))
    from zkharvest.sign.chains import SIGNATURES

    progress("checking the proofs")
    return decide(data, wanted, SIGNATURES)


def _packages(packages: Any) -> list[bytes]:
    if isinstance(packages, bytes | bytearray | memoryview | str) or not isinstance(packages, Iterable):
        hint = "" if isinstance(packages, str) else ": give [data], also for one"
        raise TypeError(f"packages are a list of bytes, not {type(packages).__name__}{hint}")
    return [bytes_given(one) for one in packages]


def chain_policy_of(policy: ChainPolicy | None, expectations: Mapping[str, Any]) -> ChainPolicy:
    """A policy with some of its parts replaced; None leaves a part as it is. Raises as `ChainPolicy` does."""
    if policy is not None and not isinstance(policy, ChainPolicy):
        raise TypeError(f"policy is a zkharvest.ChainPolicy, not {type(policy).__name__}; expectations are keywords")
    if unknown := expectations.keys() - {entry.name for entry in fields(ChainPolicy)}:
        raise TypeError(f"verify_chain() has no keyword {', '.join(sorted(unknown))}")
    given = {name: value for name, value in expectations.items() if value is not None}
    return replace(policy or ChainPolicy(), **given)

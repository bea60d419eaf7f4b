"""The verdict on a package: accepted, rejected or undecided, everything that was found, and what it does not say."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from zkharvest.spec import money_text
from zkharvest.verifier.calendar import check_zone
from zkharvest.verifier.policy import Policy
from zkharvest.verifier.rejections import ACCEPTED, Finding
from zkharvest.verifier.soundness import Security, security_json
from zkharvest.verifier.statement import Statement

SCHEMA = "zkharvest/verdict/1"

_NEVER_SHOWN = (
    "that these sources are all of the taxpayer's sources",
    "that what the sources recorded is true: that trades took place, at fair prices, and none was left out",
)


@dataclass(frozen=True, slots=True)
class SourceSigned:
    """A source whose signature over its root is valid; `expected`: the key is the one the auditor named."""

    source: str
    key: bytes
    expected: bool


@dataclass(frozen=True, slots=True)
class Attested:
    """Who signed a package, every signature valid.

    `signer` is the taxpayer's key if the package carries a signature; `signer_expected`: the auditor named this key.
    """

    sources: tuple[SourceSigned, ...] = ()
    signer: bytes | None = None
    signer_expected: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came out. A verdict is true (`if verdict:`) only if the package is accepted.

    `findings`: why it is not accepted, every mismatch with the expected and the found value; empty if it is.
    `statement` and `security` are there only if the proof holds and nothing contradicts the policy. `bound`: every
    source's root is an expected one, or signed with an expected key; `not_compared`: the ids of the others. `attested`:
    who signed, if the package carries signatures (all valid). `notes`: what the figures themselves make a reader ask.
    `not_shown`: what an accepted package does not say. `unchecked`: signatures in the package that were not looked at,
    because no way to check them was given.
    """

    verdict: str
    findings: tuple[Finding, ...] = ()
    policy: Policy | None = None
    statement: Statement | None = None
    preset: str = ""
    log_rows: tuple[int, ...] = ()
    security: Security | None = None
    attested: Attested | None = None
    bound: bool = False
    not_compared: tuple[str, ...] = ()
    circuit_status: str = ""
    package_digest: bytes = b""
    notes: tuple[str, ...] = ()
    not_shown: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the proof holds and everything that was expected does."""
        return self.verdict == ACCEPTED

    def __bool__(self) -> bool:
        return self.accepted

    @property
    def reason(self) -> str:
        """The code of the first finding; empty for an accepted package."""
        return self.findings[0].reason.value if self.findings else ""

    @property
    def detail(self) -> str:
        """What the first finding says of this package."""
        return self.findings[0].detail if self.findings else ""

    def to_json(self) -> dict[str, Any]:
        """The object of `verify --json`: decimal strings for money, hex for bytes."""
        result: dict[str, Any] = {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "reason": self.reason or None,
            "detail": self.detail or None,
            "findings": [finding.to_json() for finding in self.findings],
            "policy": self.policy.to_json() if self.policy else None,
            "bound": self.bound,
            "not_compared": list(self.not_compared),
            "statement": None,
            "security": None,
            "signatures": _signatures_json(self.attested),
            "notes": list(self.notes),
            "not_shown": list(self.not_shown),
            "unchecked": list(self.unchecked),
        }
        if self.statement is not None and self.security is not None:
            result["package"] = self.package_digest.hex()
            result["statement"] = statement_json(self.statement, self.circuit_status)
            result["security"] = {
                **security_json(self.security),
                "preset": self.preset,
                "rows": 1 << max(self.log_rows),
            }
        return result


def notes(statement: Statement, now: float | None = None) -> tuple[str, ...]:
    """What a reader of these figures should ask: a year that is not over, a year without a disposal.

    `now` is Unix time in seconds, by default this machine's. Nobody can tell whether the year was over when the package
    was made: a package carries no date.
    """
    lines = []
    end = statement.calendar.starts()[statement.calendar.days] / 1000
    if (time.time() if now is None else now) < end:
        day = datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%d %H:%M UTC")
        lines.append(f"the tax year {statement.year} is not over until {day}: later trades are not in these figures")
    totals = statement.totals
    if not any((totals.short_gain, totals.short_loss, totals.long_gain, totals.long_loss, totals.proceeds)):
        lines.append(f"all totals are zero: the proof counts no disposal in {statement.year}")
    return tuple(lines)


def not_shown(statement: Statement, policy: Policy, others: Sequence[str]) -> tuple[str, ...]:
    """What an accepted verdict does not show; `others` are the sources that were not compared."""
    lines = list(_NEVER_SHOWN)
    if others:
        number = f"{len(others)} of {len(statement.sources)}"
        lines.append(f"that the commitments are the sources' own: {number} not compared")
    if statement.carried_in is not None:
        lines.append("that the sources' records up to January 1 are those from which the lots carried in were computed")
    if not check_zone(statement.calendar, statement.timezone):
        lines.append(
            "that the lots carried out become long term when stated: this machine has other rules for the days ahead"
        )
    if statement.method == "specific":
        lines.append(
            "that the lots were identified by the time of each disposal: their choice is in the taxpayer's books"
        )
    if (statement.audience or statement.nonce) and policy.audience is None and policy.nonce is None:
        lines.append("that the package was made for you: its context was not compared")
    return tuple(lines)


# --------------------------------------------------------------------------------------------- JSON


def statement_json(statement: Statement, circuit_status: str) -> dict[str, Any]:
    """A statement as `verify --json` and `inspect --json` show it."""
    totals = statement.totals
    return {
        "year": statement.year,
        "method": statement.method,
        "pooling": statement.pooling,
        "timezone": statement.timezone,
        "currency": statement.currency,
        "totals": {
            "proceeds": money_text(totals.proceeds),
            "basis": money_text(totals.basis),
            "gain": money_text(totals.gain),
            "short_term_gain": money_text(totals.short_gain),
            "short_term_loss": money_text(totals.short_loss),
            "long_term_gain": money_text(totals.long_gain),
            "long_term_loss": money_text(totals.long_loss),
            "net": money_text(totals.gain),
        },
        "sources": [{"id": source.id, "root": source.root.hex()} for source in statement.sources],
        "carried_in": statement.carried_in.hex() if statement.carried_in is not None else None,
        "carried_out": statement.carried_out.hex(),
        "audience": statement.audience,
        "nonce": statement.nonce.hex(),
        "circuit": {
            "id": statement.circuit_id,
            "digest": statement.circuit_digest.hex(),
            "status": circuit_status,
        },
    }


def _signatures_json(attested: Attested | None) -> dict[str, Any]:
    sources = attested.sources if attested else ()
    taxpayer = None
    if attested and attested.signer:
        taxpayer = {"key": attested.signer.hex(), "expected": attested.signer_expected}
    listed = [{"id": one.source, "key": one.key.hex(), "expected": one.expected} for one in sources]
    return {"sources": listed, "taxpayer": taxpayer}

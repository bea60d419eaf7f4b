"""What a verdict's reasons mean for a person, and what helps.

Codes and meanings come from `verifier.rejections`; the hints, which name options, stand here. A key of a hint is a code
or, for all codes without a hint of their own, a stage.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkharvest.verifier.rejections import Finding, Reason

_OF_THE_PROOF = {"proof", "transcript", "public", "constraints", "merkle", "fri"}
_NOT_ITS_PROOF = "the proof does not belong to this statement, or was altered"

_HINTS = {
    "statement/unknown-zone": "install current time zone data (the tzdata package)",
    "package/version": "update zkharvest",
    "circuit/unknown": "update zkharvest",
    "circuit/file": "install zkharvest again",
    "package": "ask for another copy of the package",
    "chain/standing": "give the packages of the chain in the order of their years, each once",
    "policy/no-expectation": "say whose records they must be: give --page SOURCE=HEX, "
    "or --source-key and --account, for each source",
    "policy/source-not-compared": "give --page SOURCE=HEX, or --source-key and --account, for each account; "
    "--allow-other-sources accepts sources of which nothing is expected, unchecked",
    "policy/history": 'give --standing HEX, which last year\'s verdict prints under "Carried out", '
    "or --first if nothing came before",
    "policy/year-begun": "give the packages of the year's earlier links too, in order: verify A.zkh B.zkh",
    "policy/holder": "give --account SOURCE=ACCOUNT, the taxpayer's pseudonym there, or --page SOURCE=HEX",
    "policy/later-pages": "ask the source for the id of its newest page, or for its signature on that one",
    "policy/coverage": "ask for the rest of the year",
    "policy/counters": "ask the taxpayer what stands behind them, or allow more",
}


def meaning(reason: Reason) -> str:
    """One plain sentence for a reason. What fails inside the proof is one thing for a reader of verdicts."""
    return _NOT_ITS_PROOF if reason.stage in _OF_THE_PROOF else reason.meaning


def lines(findings: Sequence[Finding]) -> list[str]:
    """Every finding: its meaning, once for all that share it, then its code and what it says of this package."""
    shown: list[str] = []
    for finding in findings:
        sentence = meaning(finding.reason)
        if sentence not in shown:
            shown.append(sentence)
        shown.append(f"{finding.reason.value}: {finding.detail or finding.reason.meaning}")
    return shown


def hint(reason: str) -> str:
    """What helps; empty where nothing does."""
    return _HINTS.get(reason) or _HINTS.get(reason.partition("/")[0], "")

"""What a verdict's reason means for a person, and what helps: the typed reason stands beside it for machines.

A key is a reason or, for all of its reasons that have no entry of their own, a stage.
"""

from __future__ import annotations

_NOT_ITS_PROOF = "the proof does not belong to this statement, or was altered"
_DAMAGED = "the file is damaged or was altered"

_MEANINGS = {
    "package": _DAMAGED,
    "package/magic": "the file is not an audit package",
    "package/version": "the package was made by a newer zkharvest than this one",
    "statement": "the statement is not one that an honest prover makes",
    "statement/calendar": "the days of the statement are not those of its time zone",
    "statement/unknown-zone": "this machine does not know the time zone, or knows other rules of it",
    "circuit": "the package was made for a circuit that cannot be relied on here",
    "circuit/unknown": "the package was made for a circuit that this program does not know",
    "circuit/file": "this installation is damaged: a circuit does not have its pinned digest",
    "policy": "the package is not the one that is expected",
    "policy/test-preset": "the proof is a test's and shows nothing",
    "policy/bits": "the proof shows less than is wanted",
    "policy/circuit": "the package was made for another circuit than those that are accepted",
    "policy/commitment": "the figures are about other trades than those expected",
    "policy/source-not-compared": "the proof holds, but it counts sources that were not compared with an expectation",
    "policy/no-expectation": "the proof holds, but nothing says whose trades it is about",
    "policy/carried-in": "other lots were carried in than those expected",
    "policy/carried-in-not-compared": "the proof holds, but lots were carried in, and nothing says that they are right",
    "policy/year": "the figures are for another tax year",
    "policy/method": "the figures are under another lot method",
    "policy/pooling": "the figures are under another pooling of lots",
    "policy/timezone": "the figures are for another time zone",
    "policy/currency": "the figures are in another currency",
    "policy/context": "the package was made for another occasion or reader",
    "proof": _NOT_ITS_PROOF,
    "transcript": _NOT_ITS_PROOF,
    "public": _NOT_ITS_PROOF,
    "constraints": _NOT_ITS_PROOF,
    "merkle": _NOT_ITS_PROOF,
    "fri": _NOT_ITS_PROOF,
    "attestation": "the sources' signatures are not valid",
    "attestation/key": "a source signed with another key than the one expected",
    "attestation/missing": "a source that is expected to have signed has not",
    "attestation/limit": "more sources have signed than a package can have",
    "signature": "the taxpayer's signature is not valid",
    "signature/key": "somebody else signed than the taxpayer who is expected",
    "signature/missing": "the taxpayer has not signed",
    "internal": "this program has a defect: nothing was shown",
}

_HINTS = {
    "policy/no-expectation": "say whose trades they must be, by --commitment SOURCE=HEX, --source-key or --signer",
    "policy/source-not-compared": "give --commitment SOURCE=HEX or --source-key for each source, "
    "or --allow-other-sources to count the rest unseen",
    "policy/carried-in-not-compared": "give --carried-in HEX, the inventory that verifying last year's package prints "
    'under "Carried out"',
    "statement/unknown-zone": "install current time zone data (the tzdata package)",
    "package/version": "update zkharvest",
    "circuit/unknown": "update zkharvest",
    "circuit/file": "install zkharvest again",
    "package": "ask for another copy of the package",
}


def meaning(reason: str) -> str:
    """One plain sentence for a reason."""
    return _MEANINGS.get(reason) or _MEANINGS.get(reason.partition("/")[0], "the package does not pass")


def hint(reason: str) -> str:
    """What helps; empty where nothing does."""
    return _HINTS.get(reason) or _HINTS.get(reason.partition("/")[0], "")

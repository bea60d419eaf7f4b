"""Every reason for which a package is not accepted: its code, what it means, and which verdict it gives.

A code is `stage/fault`. This is the one table: verdicts, test vectors, the command line and `docs/reasons.md` take
codes and meanings from here. Stages stand in the order in which the verifier works; the order of the checks themselves
is in `circuits/FORMAT.md`, section 9.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

ACCEPTED, REJECTED, UNDECIDED = "accepted", "rejected", "undecided"


class Reason(StrEnum):
    """One member per fault. `meaning` is a sentence for a person; `verdict` is what the reason leads to.

    Undecided is for what this program cannot know (a circuit or format newer than itself, a time zone that this machine
    does not have) and for what the caller left open. A malformed or false package is never undecided.
    """

    _value_: str
    meaning: str
    verdict: str

    def __new__(cls, code: str, meaning: str, verdict: str = REJECTED) -> Self:
        """A member; its value is the code alone."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        member.verdict = verdict
        return member

    @property
    def stage(self) -> str:
        """The part of the verifier that finds it: what stands before the slash."""
        return self.value.partition("/")[0]

    # package: the container and its canonical msgpack
    PACKAGE_MAGIC = "package/magic", "the file is not an audit package"
    PACKAGE_VERSION = "package/version", "the package was made by a newer zkharvest than this one", UNDECIDED
    PACKAGE_ENCODING = "package/encoding", "the file is damaged: it is not canonical msgpack"
    PACKAGE_LIMIT = "package/limit", "the file is larger, deeper or holds more values than a package can"
    PACKAGE_TRAILING = "package/trailing-bytes", "there are bytes after the end of the package"
    PACKAGE_FIELDS = "package/fields", "the parts of the file are not those of a package"
    PACKAGE_PRESET = "package/preset", "the package names a parameter set that this program does not know"
    PACKAGE_LOG_ROWS = (
        "package/log-rows",
        "the package states a height that its circuit or parameter set does not allow",
    )

    # statement: what is claimed
    STATEMENT_FIELDS = "statement/fields", "the statement has the wrong keys or types"
    STATEMENT_VALUE = "statement/value", "a value of the statement is not allowed"
    STATEMENT_CALENDAR = "statement/calendar", "the days of the statement are not those of its time zone"
    STATEMENT_ZONE = (
        "statement/unknown-zone",
        "this machine does not know the time zone, or has other rules for it",
        UNDECIDED,
    )

    # page: the pages that a statement of lot-machine/v2 lists
    PAGE_FORM = "page/form", "a page's header is damaged: its keys, types or encoding are not those of a page"
    PAGE_VALUE = "page/value", "a page's header holds a value that no page has"
    PAGE_VERSION = "page/version", "a page was made by a newer zkharvest than this one", UNDECIDED
    PAGE_LISTED = "page/listed", "the pages are not sorted by account and number, each once"
    PAGE_OTHER = "page/other", "a page is of another source, account or currency than the statement says"
    PAGE_CHAIN = "page/chain", "a page does not follow the page before it"
    PAGE_GAP = "page/gap", "a page of an account is missing, or a period between two"
    PAGE_FIRST = "page/first", "an account that is new does not begin with its page 0, within the window"
    PAGE_CLOSED = "page/closed", "an account that was closed has another page"
    PAGE_MISSING = "page/missing", "an account that was there before has no page"
    PAGE_END = "page/end", "the pages of an account end before the window does"
    PAGE_BEHIND = "page/behind", "a page lies behind the window"
    PAGE_SAME_ROOT = "page/same-root", "two pages have one root: their records would count twice"

    # link: what a statement says against itself, or against the standing that it carries in
    LINK_WINDOW = "link/window", "the window is not that of its calendar, its tax year or the standing carried in"
    LINK_SOURCES = "link/sources", "the accounts are not those of the pages and of the standing carried in"
    LINK_CODES = "link/codes", "two accounts have codes that the circuit cannot tell apart"
    LINK_FIGURE = "link/figure", "a figure is of a register that the circuit does not have"
    LINK_CURRENCY = "link/currency", "the standing carried in is in another currency"
    LINK_POOLING = "link/pooling", "the standing carried in has another pooling of lots"
    LINK_ZONE = "link/zone", "the time zone changes within a tax year"

    # standing: the state at an instant, from which a link goes on
    STANDING_FORM = "standing/form", "a standing is damaged: its keys, types or encoding are not those of a standing"
    STANDING_VALUE = "standing/value", "a standing holds a value that none has"
    STANDING_VERSION = "standing/version", "a standing was made by a newer zkharvest than this one", UNDECIDED

    # chain: links that are to follow each other
    CHAIN_LINKS = "chain/links", "the links are not those that the package says it has"
    CHAIN_STANDING = "chain/standing", "a link does not begin with the standing at which the one before it ended"

    CHAIN_COVERED = "chain/covered", "the day from which lots are covered changes within a tax year"

    # circuit
    CIRCUIT_UNKNOWN = "circuit/unknown", "the package is for a circuit that this program does not know", UNDECIDED
    CIRCUIT_DIGEST = "circuit/digest", "the package is for another circuit of that name"
    CIRCUIT_BROKEN = "circuit/broken", "the circuit was withdrawn: it accepts false statements"
    CIRCUIT_FILE = "circuit/file", "this installation is damaged: a circuit's description was altered or is missing"

    # policy: what the caller expects
    POLICY_FORM = "policy/form", "the policy itself is not valid"
    POLICY_TEST_PRESET = "policy/test-preset", "the proof was made with test parameters and shows nothing"
    POLICY_BITS = "policy/bits", "the proof has fewer bits of soundness than required"
    POLICY_CIRCUIT = "policy/circuit", "the package is for a circuit that is not among the accepted ones"
    POLICY_YEAR = "policy/year", "the figures are for another tax year"
    POLICY_METHOD = "policy/method", "the figures use another lot method"
    POLICY_POOLING = "policy/pooling", "the figures use another pooling of lots"
    POLICY_TIMEZONE = "policy/timezone", "the figures are for another time zone"
    POLICY_CURRENCY = "policy/currency", "the figures are in another currency"
    POLICY_STANDING = "policy/standing", "the chain begins with another standing than the expected one"
    POLICY_PAGE = "policy/page", "an expected page is not among those of the chain"
    POLICY_ACCOUNT = "policy/account", "the figures are about another account than the expected one"
    POLICY_CONTEXT = "policy/context", "the package was made for another reader or occasion"

    # public data handed to the proof
    PUBLIC_SHAPE = "public/shape", "the statement does not fit into the circuit's tables"
    PUBLIC_VALUE = "public/value", "a public value is not a field element"

    # proof: its bytes
    PROOF_SHORT = "proof/short", "the proof ends too early"
    PROOF_TRAILING = "proof/trailing-bytes", "there are bytes after the end of the proof"
    PROOF_WORD = "proof/field-word", "the proof holds a word that is not a field element"

    # transcript
    GRINDING = "transcript/grinding", "a nonce of the proof lacks the required work"
    POINT = "transcript/point", "the out-of-domain point lies in a domain"

    # constraints
    DENOMINATOR = "constraints/denominator", "the denominator of a public message vanishes"
    BALANCE = "constraints/balance", "the sums over the tables do not add up: the proof is not of this statement"
    QUOTIENT = "constraints/quotient", "the constraints do not hold: the proof is not of this statement"

    # merkle: opened rows against their roots
    MERKLE_MAIN = "merkle/main", "opened rows of the main columns are not the committed ones"
    MERKLE_AUX = "merkle/aux", "opened rows of the bus columns are not the committed ones"
    MERKLE_QUOTIENT = "merkle/quotient", "opened rows of the quotient are not the committed ones"
    MERKLE_LAYER = "merkle/fri-layer", "opened values of a FRI layer are not the committed ones"

    # fri
    FRI_LAYER = "fri/layer", "a folded value is not in the next FRI layer"
    FRI_FINAL = "fri/final", "the last folded value is not that of the final polynomial"

    # signature: the taxpayer's
    SIGNATURE_MISSING = "signature/missing", "the taxpayer has not signed"
    SIGNATURE_FORM = "signature/form", "the taxpayer's signature is not in the known form"
    SIGNATURE_KEY = "signature/key", "the package is signed by somebody other than the expected taxpayer"
    SIGNATURE_INVALID = "signature/invalid", "the taxpayer's signature is not valid for this package"

    # attestation: the sources' signatures
    ATTESTATION_FORM = "attestation/form", "the sources' signatures are not in the known form"
    ATTESTATION_LIMIT = "attestation/limit", "more sources have signed than a package can hold"
    ATTESTATION_PAGE = "attestation/page", "a signature is for a page that no link lists"
    ATTESTATION_POSSESSION = "attestation/possession", "a source's key comes without a valid proof of possession"

    # page again: signatures over pages
    PAGE_SIGNATURE = "page/signature", "a source's signature over a page is not valid"
    PAGE_UNSIGNED = "page/unsigned", "a source that is expected to have signed its newest page has not"
    PAGE_KEY_PERIOD = "page/key-period", "the source's key is not valid on the day on which the page ends"

    # policy again: the proof holds, and what the caller left open decides
    POLICY_SIGNATURES = (
        "policy/signatures-not-checked",
        "the proof holds, but signatures are expected and nothing here can check them",
        UNDECIDED,
    )
    POLICY_NO_EXPECTATION = (
        "policy/no-expectation",
        "the proof holds, but nothing shows whose trades these are",
        UNDECIDED,
    )
    POLICY_NOT_COMPARED = (
        "policy/source-not-compared",
        "the proof holds, but it counts trades of sources that were not compared",
        UNDECIDED,
    )

    POLICY_HISTORY = (
        "policy/history",
        "the proof holds, but nothing says what came before: a first link, or the standing of last year's verdict",
        UNDECIDED,
    )
    POLICY_YEAR_BEGUN = (
        "policy/year-begun",
        "the proof holds, but it begins within a tax year, and what the year's earlier links say is not here",
        UNDECIDED,
    )
    POLICY_HOLDER = (
        "policy/holder",
        "the proof holds, but nothing shows that the accounts are this taxpayer's",
        UNDECIDED,
    )
    POLICY_LATER_PAGES = (
        "policy/later-pages",
        "the proof holds, but it counts pages later than those that were compared",
        UNDECIDED,
    )
    POLICY_COVERAGE = (
        "policy/coverage",
        "the proof holds, but its records do not cover the whole tax year",
        UNDECIDED,
    )
    POLICY_COUNTERS = (
        "policy/counters",
        "the proof holds, but more of it rests on the taxpayer's word than is allowed",
        UNDECIDED,
    )

    INTERNAL = "internal/error", "this program has a bug: nothing was checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a package is not accepted: a reason, and where a value was compared, what was expected and what is there."""

    reason: Reason
    detail: str = ""
    what: str = ""
    expected: str | None = None
    found: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The entry of `findings` in `verify --json`."""
        return {
            "reason": self.reason.value,
            "detail": self.detail or None,
            "what": self.what or None,
            "expected": self.expected,
            "found": self.found,
        }


class Reject(Exception):
    """The bytes at hand do not pass. In the verifier `verify_chain.verify_chain` turns it into a verdict.

    A reader on the way catches it only to say the same of what it reads: of a page, of a standing, of which link.
    `findings` holds the first fault and those beside it that were found in the same step.
    """

    def __init__(self, reason: Reason, detail: str = "", *, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail
        self.findings = findings or (Finding(reason, detail),)


def reject_all(findings: tuple[Finding, ...]) -> None:
    """Reject with all of them, under the reason of the first; nothing happens if there are none."""
    if findings:
        raise Reject(findings[0].reason, findings[0].detail, findings=findings)


def table() -> Iterator[str]:
    """The lines of the table in `docs/reasons.md`."""
    yield "| reason | verdict | meaning |"
    yield "| --- | --- | --- |"
    for reason in Reason:
        yield f"| `{reason.value}` | {reason.verdict} | {reason.meaning} |"

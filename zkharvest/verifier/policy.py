"""What the caller expects of a package, and the verdict: accepted, rejected, or undecided, with one reason.

`verify` is total: for any bytes and any policy it returns a Verdict. The package never chooses how strictly it is
checked; that is the Policy's business, and its defaults are strict.

Undecided is for what this program cannot know (a circuit or format newer than itself, a time zone that this machine
does not have), and for what the caller left open (lots carried in, further sources). A malformed or false package is
never undecided.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zkharvest.verifier import circuits
from zkharvest.verifier.calendar import check_zone
from zkharvest.verifier.description import Description
from zkharvest.verifier.package import Package, decode_package
from zkharvest.verifier.params import PRESETS, Preset
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.soundness import Security, security
from zkharvest.verifier.stark import verify_proof
from zkharvest.verifier.statement import Statement, circuit_of, public_data, read_statement
from zkharvest.verifier.text import quoted

SCHEMA = "zkharvest/verdict/1"
ACCEPTED, REJECTED, UNDECIDED = "accepted", "rejected", "undecided"
_UNDECIDED = {Reason.PACKAGE_VERSION, Reason.CIRCUIT_UNKNOWN, Reason.STATEMENT_ZONE, Reason.POLICY_NO_CARRIED_IN}

_NEVER_SHOWN = (
    "that these sources are all of the taxpayer's sources",
    "that what the sources recorded is true: that trades took place, at fair prices, and none was left out",
)


@dataclass(frozen=True, slots=True)
class Policy:
    """What must hold beyond the proof itself; None expects nothing.

    `min_bits`: proven soundness. `commitments`: the root (36 bytes) that a source is known to have; sources besides
    these leave the verdict undecided unless `allow_other_sources`, as anybody can add one with losses in it.
    `circuits`: ids that are acceptable. `carried_in`: the name (32 bytes) of the inventory that must be carried in.
    `audience`, `nonce`: the context that the package must have been made for. `allow_test_preset`: for tests; proofs
    under it are worth nothing, whatever `min_bits` says.
    """

    min_bits: float = 128
    commitments: Mapping[str, bytes] = field(default_factory=dict)
    circuits: tuple[str, ...] | str | None = None
    carried_in: bytes | None = None
    year: int | None = None
    method: str | None = None
    pooling: str | None = None
    timezone: str | None = None
    currency: str | None = None
    audience: str | None = None
    nonce: bytes | None = None
    allow_other_sources: bool = False
    allow_test_preset: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came out. `statement` and `security` are there only if the proof holds and nothing contradicts the policy.

    `bound`: every source's root was compared with an expected one; `not_compared`: the ids of those that were not.
    `not_shown`: what an accepted package does not say. `unchecked`: parts of the package that were not looked at here
    (signatures; see `audit`).
    """

    verdict: str
    reason: str = ""
    detail: str = ""
    statement: Statement | None = None
    preset: str = ""
    log_rows: int = 0
    security: Security | None = None
    bound: bool = False
    not_compared: tuple[str, ...] = ()
    circuit_status: str = ""
    package_digest: bytes = b""
    not_shown: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether everything that was expected holds."""
        return self.verdict == ACCEPTED

    def to_json(self) -> dict[str, Any]:
        """The verdict as the object of `verify --json`: decimal strings for money, hex for bytes."""
        result: dict[str, Any] = {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "reason": self.reason or None,
            "detail": self.detail or None,
            "bound": self.bound,
            "not_compared": list(self.not_compared),
            "statement": None,
            "security": None,
            "not_shown": list(self.not_shown),
            "unchecked": list(self.unchecked),
        }
        if self.statement is not None and self.security is not None:
            result["package"] = self.package_digest.hex()
            result["statement"] = statement_json(self.statement, self.circuit_status)
            result["security"] = {
                "bits": rounded_bits(self.security.minimum),
                "bits_sum": rounded_bits(self.security.total),
                "bits_unique_decoding": rounded_bits(self.security.unique_decoding),
                "terms": {term.name: rounded_bits(term.bits) for term in self.security.terms},
                "preset": self.preset,
                "rows": 1 << self.log_rows,
            }
        return result


def verify(data: bytes, policy: Policy | None = None) -> Verdict:
    """The verdict on the bytes of a package."""
    try:
        return _verify(data, policy or Policy())
    except Reject as reject:
        verdict = UNDECIDED if reject.reason in _UNDECIDED else REJECTED
        return Verdict(verdict, reject.reason.value, reject.detail)
    except Exception as error:  # noqa: BLE001 - a defect of ours; whatever it was, nothing was shown to be true
        return Verdict(REJECTED, Reason.INTERNAL.value, f"{type(error).__name__}: {quoted(str(error))}")


def _verify(data: bytes, policy: Policy) -> Verdict:
    # 1 ----- The container, and the circuit: without knowing it nothing else can be understood.
    package = decode_package(data)
    pinned = circuits.find(*circuit_of(package.statement))
    acceptable = (policy.circuits,) if isinstance(policy.circuits, str) else policy.circuits
    if acceptable is not None and pinned.id not in acceptable:
        raise Reject(Reason.POLICY_CIRCUIT, f"the circuit is {pinned.id}")

    # 2 ----- What is claimed.
    statement = read_statement(package.statement)

    # 3 ----- How well it can be proven at all, before any time is spent on the proof.
    description = circuits.load(pinned)
    preset = _preset(package, description, policy)
    level = security(description, preset.params, package.log_rows)
    if preset.real and not level.minimum >= policy.min_bits:  # so written, it also fails for a NaN
        raise Reject(Reason.POLICY_BITS, f"{level.minimum:.1f} bits are proven, {policy.min_bits} are expected")

    # 4 ----- What the caller expects of the claim.
    _check_expectations(statement, policy)

    # 5 ----- The proof, bound to every byte of the statement, to the preset and to the height.
    public = public_data(statement, description, package.statement_digest)
    verify_proof(description, statement.circuit_digest, preset.params, package.log_rows, public, package.proof)

    # 6 ----- The calendar is the time zone's. Last, as it alone can end undecided on a package whose proof holds.
    check_zone(statement.calendar, statement.timezone)

    # 7 ----- Lots carried in are as good as the package that carried them out: without its root nothing is shown.
    if policy.carried_in is None and statement.carried_in is not None:
        raise Reject(
            Reason.POLICY_NO_CARRIED_IN,
            "lots were carried in: expect the inventory that last year's package carried out",
        )

    # 8 ----- Who answers for some sources does not answer for the others.
    others = not_compared(statement, policy.commitments)
    open_question = bool(policy.commitments and others and not policy.allow_other_sources)
    parts = (("attestations", package.attestations), ("signature", package.signature))
    return Verdict(
        UNDECIDED if open_question else ACCEPTED,
        Reason.POLICY_NOT_COMPARED.value if open_question else "",
        others_text(others) if open_question else "",
        statement=statement,
        preset=package.preset,
        log_rows=package.log_rows,
        security=level,
        bound=not others,
        not_compared=others,
        circuit_status=pinned.status,
        package_digest=package.body_digest,
        not_shown=not_shown(statement, policy, others),
        unchecked=tuple(name for name, part in parts if part is not None),
    )


def _preset(package: Package, description: Description, policy: Policy) -> Preset:
    """The parameter set of a package, at a height that it and the circuit allow."""
    preset = PRESETS.get(package.preset)
    if preset is None:
        raise Reject(Reason.PACKAGE_PRESET, "there is no parameter set of that name")
    if not preset.real and not policy.allow_test_preset:
        raise Reject(Reason.POLICY_TEST_PRESET, f"the parameter set {preset.name!r} is for tests: it proves nothing")
    least, most = description.log_rows
    if not max(least, preset.min_log_rows) <= package.log_rows <= min(most, preset.max_log_rows):
        raise Reject(Reason.PACKAGE_LOG_ROWS, f"a height of 2^{package.log_rows} is not allowed")
    return preset


def _check_expectations(statement: Statement, policy: Policy) -> None:
    """Everything that the caller expects of the statement holds, or Reject."""
    roots = {source.id: source.root for source in statement.sources}
    for source, root in policy.commitments.items():
        if source not in roots:
            raise Reject(Reason.POLICY_COMMITMENT, f"{quoted(source)} is no source of the statement")
        if roots[source] != root:
            raise Reject(Reason.POLICY_COMMITMENT, f"the commitment of {quoted(source)} is another one")
    expected = (
        (Reason.POLICY_CARRIED_IN, "inventory carried in", statement.carried_in, policy.carried_in),
        (Reason.POLICY_YEAR, "tax year", statement.year, policy.year),
        (Reason.POLICY_METHOD, "lot method", statement.method, policy.method),
        (Reason.POLICY_POOLING, "pooling of lots", statement.pooling, policy.pooling),
        (Reason.POLICY_TIMEZONE, "time zone", statement.timezone, policy.timezone),
        (Reason.POLICY_CURRENCY, "currency", statement.currency, policy.currency),
        (Reason.POLICY_CONTEXT, "audience", statement.audience, policy.audience),
        (Reason.POLICY_CONTEXT, "nonce", statement.nonce, policy.nonce),
    )
    for reason, what, found, wanted in expected:
        if wanted is not None and found != wanted:
            raise Reject(reason, f"the {what} is not the expected one")


def not_compared(statement: Statement, known: Container[str]) -> tuple[str, ...]:
    """The ids of the sources that are none of those `known` to be who they are."""
    return tuple(source.id for source in statement.sources if source.id not in known)


def others_text(others: Sequence[str]) -> str:
    """Names the sources that were not compared, the first at least."""
    more = f" and {len(others) - 1} more" if len(others) > 1 else ""
    return f"nothing is expected of {quoted(others[0])}{more}, whose trades count as well"


def not_shown(statement: Statement, policy: Policy, others: Sequence[str]) -> tuple[str, ...]:
    """What a careful reader must not take an accepted verdict for; `others` are the sources that were not compared."""
    lines = list(_NEVER_SHOWN)
    if others:
        number = f"{len(others)} of {len(statement.sources)}"
        lines.append(f"that the commitments are the sources' own: {number} not compared")
    if statement.carried_in is not None:
        lines.append("that the sources' records up to January 1 are those from which the lots carried in were computed")
    if not check_zone(statement.calendar, statement.timezone):
        lines.append(
            "that the lots carried out turn long term when stated: this machine knows other rules for days to come"
        )
    if statement.method == "specific":
        lines.append(
            "that the lots were identified by the time of each disposal: their choice is in the taxpayer's books"
        )
    if (statement.audience or statement.nonce) and policy.audience is None and policy.nonce is None:
        lines.append("that the package was made for you: its context was not compared")
    return tuple(lines)


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


def money_text(units: int) -> str:
    """Money (10^-8) with all its decimals: -150000000 is "-1.50000000"."""
    whole, fraction = divmod(abs(units), 10**8)
    return f"{'-' if units < 0 else ''}{whole}.{fraction:08d}"


def rounded_bits(bits: float) -> float:
    """Rounded down: a level is never shown higher than it is."""
    return int(bits * 10) / 10

"""The one decision: from the bytes of a package and a policy to a verdict.

`verify` is total: for any bytes and any policy it returns a Verdict. The steps are those of `circuits/FORMAT.md`,
section 9, in that order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from zkharvest.verifier import circuits
from zkharvest.verifier.calendar import check_zone
from zkharvest.verifier.description import Description
from zkharvest.verifier.expected import closest
from zkharvest.verifier.package import Package, decode_package
from zkharvest.verifier.params import PRESETS, Preset
from zkharvest.verifier.policy import Policy
from zkharvest.verifier.rejections import ACCEPTED, REJECTED, UNDECIDED, Finding, Reason, Reject, reject_all
from zkharvest.verifier.soundness import security
from zkharvest.verifier.stark import heights_fault, verify_proof
from zkharvest.verifier.stated import circuit_of
from zkharvest.verifier.statement import Statement, public_data, read_statement
from zkharvest.verifier.text import quoted
from zkharvest.verifier.verdict import Attested, Verdict, not_shown, notes

SignatureCheck = Callable[[Package, Policy], Attested | None]
"""Checks every signature in a package, and that all those which the policy expects are there; raises Reject if not.
None: there are none, and none is expected."""


def verify(data: bytes, policy: Policy | None = None, check_signatures: SignatureCheck | None = None) -> Verdict:
    """The verdict on the bytes of a package under a policy (by default one that expects nothing, so never accepted).

    Signatures need libraries that the verifier does not have, so their check is handed in; `zkharvest.verify` hands in
    `zkharvest.sign.attest.check_attestations`. Without it the signatures in a package are not looked at
    (`Verdict.unchecked` says so), and a policy that expects one leaves the verdict undecided.
    """
    wanted = policy if policy is not None else Policy()
    try:
        return _verify(data, wanted, check_signatures)
    except Reject as reject:
        return Verdict(reject.reason.verdict, reject.findings, wanted)
    except Exception as error:  # noqa: BLE001 - a defect of ours; whatever it was, nothing was shown to be true
        found = Finding(Reason.INTERNAL, f"{type(error).__name__}: {quoted(str(error))}")
        return Verdict(REJECTED, (found,), wanted)


def _verify(data: bytes, policy: Policy, check_signatures: SignatureCheck | None) -> Verdict:
    # 1 ----- The container, and the circuit: without knowing it nothing else can be understood.
    package = decode_package(data)
    pinned = circuits.find(*circuit_of(package.statement))
    if policy.circuits is not None and pinned.id not in policy.circuits:
        reject_all((_mismatch(Reason.POLICY_CIRCUIT, "circuit", " or ".join(policy.circuits), pinned.id),))

    # 2 ----- What is claimed.
    statement = read_statement(package.statement)

    # 3 ----- How well it can be proven at all, before any time is spent on the proof.
    description = circuits.load(pinned)
    preset = _preset(package, description, policy)
    level = security(description, preset.params, package.log_rows)
    if preset.real and not level.minimum >= policy.min_bits:  # so written, it also fails for a NaN
        detail = f"{level.minimum:.1f} bits are proven, {policy.min_bits} are required"
        bits = Finding(Reason.POLICY_BITS, detail, "soundness", f"{policy.min_bits} bits", f"{level.minimum:.1f} bits")
        reject_all((bits,))

    # 4 ----- What the caller expects of the claim: all that differs, not the first alone.
    reject_all(tuple(_mismatches(statement, policy)))

    # 5 ----- The proof, bound to every byte of the statement, to the preset and to the heights.
    public = public_data(statement, description, package.statement_digest)
    verify_proof(description, statement.circuit_digest, preset.params, package.log_rows, public, package.proof)

    # 6 ----- The calendar is the time zone's. An unknown zone leaves that open; a false signature still decides.
    open_zone: Reject | None = None
    try:
        check_zone(statement.calendar, statement.timezone)
    except Reject as reject:
        if reject.reason is not Reason.STATEMENT_ZONE:
            raise
        open_zone = reject

    # 7 ----- Signatures: valid if they are there, and there if they are expected.
    attested = None if check_signatures is None else check_signatures(package, policy)
    if open_zone:
        raise open_zone

    # 8 ----- What was left open. A commitment or key of one source says nothing about the others.
    signed = attested.sources if attested else ()
    known = {*policy.commitments, *(one.source for one in signed if one.expected)}
    others = tuple(source.id for source in statement.sources if source.id not in known)
    unanswered = tuple(_open_questions(statement, policy, others, signatures=check_signatures is not None))
    parts = (("attestations", package.attestations), ("signature", package.signature))
    return Verdict(
        UNDECIDED if unanswered else ACCEPTED,
        unanswered,
        policy,
        statement=statement,
        preset=package.preset,
        log_rows=package.log_rows,
        security=level,
        attested=attested,
        bound=not others,
        not_compared=others,
        circuit_status=pinned.status,
        package_digest=package.body_digest,
        notes=notes(statement),
        not_shown=not_shown(statement, policy, others),
        unchecked=tuple(name for name, part in parts if part is not None and check_signatures is None),
    )


def _preset(package: Package, description: Description, policy: Policy) -> Preset:
    """The parameter set of a package, at heights that it and the circuit allow."""
    preset = PRESETS.get(package.preset)
    if preset is None:
        raise Reject(Reason.PACKAGE_PRESET, "there is no parameter set of that name")
    if not preset.real and not policy.allow_test_preset:
        raise Reject(Reason.POLICY_TEST_PRESET, f"the parameter set {preset.name!r} is for tests: it proves nothing")
    fault = heights_fault(description, preset.params, package.log_rows)
    if fault is None and not preset.min_log_rows <= max(package.log_rows) <= preset.max_log_rows:
        fault = f"a height of 2^{max(package.log_rows)} is not one of the parameter set's"
    if fault is not None:
        raise Reject(Reason.PACKAGE_LOG_ROWS, fault)
    return preset


# --------------------------------------------------------------------------------------------- expectations


def _mismatches(statement: Statement, policy: Policy) -> Iterator[Finding]:
    """Everything in which the statement differs from what the caller expects, in the order of FORMAT.md, section 9."""
    roots = {source.id: source.root for source in statement.sources}
    for source, root in policy.commitments.items():
        if roots.get(source) != root:
            yield _other_commitment(source, root, roots)
    compared: tuple[tuple[Reason, str, str | int | bytes | None, str | int | bytes | None], ...] = (
        (Reason.POLICY_CARRIED_IN, "inventory carried in", statement.carried_in, policy.carried_in),
        (Reason.POLICY_YEAR, "tax year", statement.year, policy.year),
        (Reason.POLICY_METHOD, "lot method", statement.method, policy.method),
        (Reason.POLICY_POOLING, "pooling of lots", statement.pooling, policy.pooling),
        (Reason.POLICY_TIMEZONE, "time zone", statement.timezone, policy.timezone),
        (Reason.POLICY_CURRENCY, "currency", statement.currency, policy.currency),
        (Reason.POLICY_CONTEXT, "audience", statement.audience, policy.audience),
        (Reason.POLICY_CONTEXT, "nonce", statement.nonce, policy.nonce),
    )
    for reason, what, found, wanted in compared:
        if wanted is not None and found != wanted:
            yield _mismatch(reason, what, _shown(wanted), _shown(found))


def _mismatch(reason: Reason, what: str, wanted: str, found: str) -> Finding:
    near = f" (did you mean {quoted(found)}?)" if what in _SPELLED and closest(wanted, [found]) else ""
    return Finding(reason, f"the {what} is {found or 'not stated'}, not {wanted}{near}", what, wanted, found)


_SPELLED = ("audience", "currency", "time zone")
"""Values that an auditor types: a mismatch may be a typo."""


def _other_commitment(source: str, root: bytes, roots: dict[str, bytes]) -> Finding:
    """A commitment that is expected of a source and is not there, with the source that may be meant."""
    what = f"commitment of {source}"
    owner = next((name for name, other in roots.items() if other == root), None)
    if source in roots:
        found = roots[source].hex()
        detail = f"the commitment of {quoted(source)} is {found}, not {root.hex()}"
        if owner is not None:
            detail += f", which is that of {quoted(owner)}"
    else:
        found = None
        meant = owner if owner is not None else closest(source, roots)
        hint = f"; did you mean {quoted(meant)}?" if meant is not None else f"; it has {_listed(list(roots))}"
        detail = f"{quoted(source)} is not a source of the statement{hint}"
    return Finding(Reason.POLICY_COMMITMENT, detail, what, root.hex(), found)


def _open_questions(
    statement: Statement, policy: Policy, others: Sequence[str], *, signatures: bool
) -> Iterator[Finding]:
    """What remains open although the proof holds."""
    if not signatures and (policy.source_keys or policy.signer is not None):
        yield Finding(Reason.POLICY_SIGNATURES, "signatures are expected, but no way to check them was given")
    if policy.carried_in is None and statement.carried_in is not None:
        detail = "lots were carried in: expect the inventory that last year's package carried out"
        yield Finding(Reason.POLICY_NO_CARRIED_IN, detail, "inventory carried in", None, statement.carried_in.hex())
    if not policy.names_sources:
        signed = "the taxpayer signed it, but " if policy.signer is not None else ""
        detail = f"{signed}no source's commitment or key was compared: nothing shows whose trades these are"
        yield Finding(Reason.POLICY_NO_EXPECTATION, detail)
    elif others and not policy.allow_other_sources:
        detail = f"{_listed(others)}: nothing is expected of these sources, and their trades count too"
        yield Finding(Reason.POLICY_NOT_COMPARED, detail, "sources", None, ", ".join(others[:_NAMED]))


_NAMED = 8


def _listed(names: Sequence[str]) -> str:
    """Names of sources for a message: a few, quoted."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(map(quoted, names[:_NAMED])) + more


def _shown(value: str | int | bytes | None) -> str:
    if value is None:
        return "none"
    return value.hex() if isinstance(value, bytes) else str(value)

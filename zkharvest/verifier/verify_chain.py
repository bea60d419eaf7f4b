"""The decision about a chain: from the bytes of packages of links and a policy to a verdict.

`verify_chain` is total: for any bytes and any policy it returns a ChainVerdict. Checks are
made in the order of `circuits/FORMAT.md`, section 9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from zkharvest.verifier import circuits
from zkharvest.verifier.calendar import check_zone
from zkharvest.verifier.chain import Chain, check_chain, check_numbers
from zkharvest.verifier.chain_judge import Signed, compare, mismatches, open_questions, unsigned
from zkharvest.verifier.chain_package import ChainPackage, PageAttestation, Part, decode_chain_package
from zkharvest.verifier.chain_policy import ChainPolicy
from zkharvest.verifier.chain_verdict import ChainVerdict
from zkharvest.verifier.chain_words import not_shown, notes
from zkharvest.verifier.link import Link, read_link
from zkharvest.verifier.link_public import public_data
from zkharvest.verifier.params import PRESETS, Preset
from zkharvest.verifier.rejections import ACCEPTED, REJECTED, UNDECIDED, Finding, Reason, Reject, reject_all
from zkharvest.verifier.soundness import security
from zkharvest.verifier.stark import heights_fault, verify_proof
from zkharvest.verifier.stated import circuit_of
from zkharvest.verifier.statement_v2 import MAX_LINKS
from zkharvest.verifier.text import quoted

MAX_PACKAGES = 64
MAX_TOGETHER = 1 << 28
"""Bytes of all packages together: the proofs of 256 links, half a megabyte each, are half of it."""


@dataclass(frozen=True, slots=True)
class Signatures:
    """How to check signatures, which needs libraries that the verifier does not have; handed in by the caller.

    `pages` raises Reject unless every signature over a page is valid. `taxpayer` returns the key that signed a package,
    or raises Reject.
    """

    pages: Callable[[Sequence[PageAttestation]], None]
    taxpayer: Callable[[ChainPackage], bytes]


def verify_chain(
    packages: Sequence[bytes], policy: ChainPolicy | None = None, signatures: Signatures | None = None
) -> ChainVerdict:
    """The verdict on packages whose links, in this order, are to be one chain."""
    wanted = policy if policy is not None else ChainPolicy()
    try:
        return _verify(packages, wanted, signatures)
    except Reject as reject:
        return ChainVerdict(reject.reason.verdict, reject.findings, wanted)
    except Exception as error:  # noqa: BLE001 - a defect of ours; whatever it was, nothing was shown to be true
        found = Finding(Reason.INTERNAL, f"{type(error).__name__}: {quoted(str(error))}")
        return ChainVerdict(REJECTED, (found,), wanted)


def _verify(data: Sequence[bytes], policy: ChainPolicy, signatures: Signatures | None) -> ChainVerdict:
    # 1 ----- Containers and circuits.
    if not 1 <= len(data) <= MAX_PACKAGES:
        raise Reject(Reason.CHAIN_LINKS, f"{len(data)} packages, not 1..{MAX_PACKAGES}")
    if sum(map(len, data)) > MAX_TOGETHER:
        raise Reject(Reason.PACKAGE_LIMIT, f"more than {MAX_TOGETHER} bytes in all packages together")
    packages = [decode_chain_package(one) for one in data]
    parts = [part for package in packages for part in package.parts]
    if len(parts) > MAX_LINKS:
        raise Reject(Reason.CHAIN_LINKS, f"{len(parts)} links in all packages together, at most {MAX_LINKS}")
    for part in parts:
        _circuit(part, policy)

    # 2 ----- What each link claims, and that they are one chain.
    groups = [_links(package, number, len(packages)) for number, package in enumerate(packages, 1)]
    chain = check_chain([link for group in groups for link in group])

    # 3 ----- How well it can be proven at all; what the caller expects of the claim.
    bits = min(_bits(part, policy) for part in parts)
    reject_all(tuple(mismatches(chain, policy)))

    # 4 ----- The proofs, each bound to every byte of its statement.
    for part, link in zip(parts, chain.links, strict=True):
        _check_proof(part, link, policy)

    # 5 ----- Calendars are those of their zones. An unknown zone leaves that open; a false signature still decides.
    open_zone, later_days = _check_zones(chain)

    # 6 ----- Signatures: valid if they are there, and there if they are expected.
    signed, signer = _signatures(packages, groups, policy, signatures)
    if open_zone is not None:
        raise open_zone
    if signatures is not None:
        reject_all(tuple(unsigned(chain, policy, signed)))

    # 7 ----- What was left open.
    accounts = compare(chain, policy, signed)
    unanswered = tuple(open_questions(chain, policy, accounts, signatures=signatures is not None))
    there = {
        "attestations": any(package.attestations for package in packages),
        "signature": any(package.signature is not None for package in packages),
    }
    return ChainVerdict(
        UNDECIDED if unanswered else ACCEPTED,
        unanswered,
        policy,
        chain=chain,
        accounts=accounts,
        signer=signer,
        bits=bits,
        packages=tuple(package.body_digest for package in packages),
        notes=(*notes(chain), *later_days),
        not_shown=(*_nothing(parts), *not_shown(chain, policy, accounts)),
        unchecked=tuple(name for name, found in there.items() if found and signatures is None),
    )


# ------------------------------------------------------------------------------------------------- parts


def _circuit(part: Part, policy: ChainPolicy) -> circuits.Pinned:
    """The pinned circuit of a link, if the policy takes it."""
    pinned = circuits.find(*circuit_of(part.statement))
    if policy.circuits is not None and pinned.id not in policy.circuits:
        wanted = " or ".join(policy.circuits)
        text = f"the circuit is {pinned.id}, not {wanted}"
        reject_all((Finding(Reason.POLICY_CIRCUIT, text, "circuit", wanted, pinned.id),))
    return pinned


def _links(package: ChainPackage, number: int, packages: int) -> list[Link]:
    """The links of a package, each said which it is if it is not taken."""
    name = f"package {number}" if packages > 1 else "the package"
    found = []
    for place, part in enumerate(package.parts, 1):
        try:
            found.append(read_link(part.statement))
        except Reject as reject:
            if packages == len(package.parts) == 1:
                raise
            raise Reject(reject.reason, f"{name}, link {place}: {reject.detail}") from None
    check_numbers(found, name)
    return found


def _preset(part: Part, policy: ChainPolicy) -> Preset:
    preset = PRESETS.get(part.preset)
    if preset is None:
        raise Reject(Reason.PACKAGE_PRESET, "there is no parameter set of that name")
    if not preset.real and not policy.allow_test_preset:
        raise Reject(Reason.POLICY_TEST_PRESET, f"the parameter set {preset.name!r} is for tests: it proves nothing")
    return preset


def _bits(part: Part, policy: ChainPolicy) -> float:
    """Bits of soundness of a link's proof, at its heights."""
    preset, description = _preset(part, policy), circuits.load(_circuit(part, policy))
    fault = heights_fault(description, preset.params, part.log_rows)
    if fault is None and not preset.min_log_rows <= max(part.log_rows) <= preset.max_log_rows:
        fault = f"a height of 2^{max(part.log_rows)} is not one of the parameter set's"
    if fault is not None:
        raise Reject(Reason.PACKAGE_LOG_ROWS, fault)
    level = security(description, preset.params, part.log_rows).minimum
    least = policy.least_bits(preset)
    if not level >= least:  # so written, it also fails for a NaN
        detail = f"{level:.1f} bits are proven, {least} are required"
        bits = Finding(Reason.POLICY_BITS, detail, "soundness", f"{least} bits", f"{level:.1f} bits")
        reject_all((bits,))
    return level


def _nothing(parts: Sequence[Part]) -> Iterator[str]:
    """What is to be said of proofs that show nothing, since a policy may take them."""
    if any(not PRESETS[part.preset].real for part in parts):
        yield "anything: a proof under the parameter set for tests can be made of any statement"


def _check_proof(part: Part, link: Link, policy: ChainPolicy) -> None:
    description = circuits.load(_circuit(part, policy))
    public = public_data(link, description, part.digest)
    params = _preset(part, policy).params
    verify_proof(description, link.statement.circuit_digest, params, part.log_rows, public, part.proof)


def _check_zones(chain: Chain) -> tuple[Reject | None, list[str]]:
    """Reject for a calendar that is not its zone's. Returned are the one for a zone that is not known here, and what is
    to be said of days behind a tax year that are not the zone's.
    """
    unknown = None
    differ: list[str] = []
    until: dict[str, date] = {}
    for link in chain.links:
        calendar, zone = link.statement.calendar, link.statement.timezone
        until[zone] = max(until.get(zone, date.min), calendar.first_day + timedelta(calendar.days))
    for link in chain.links:
        calendar, zone = link.statement.calendar, link.statement.timezone
        try:
            if not check_zone(calendar, zone, until[zone]):
                ends = calendar.first_day + timedelta(calendar.days - 1)
                differ.append(
                    f"some day after {ends} begins when it does not in {zone} as this machine knows it: from when lots "
                    "are long term may rest on it"
                )
        except Reject as reject:
            if reject.reason is not Reason.STATEMENT_ZONE:
                raise
            unknown = unknown or reject
    return unknown, differ


def _signatures(
    packages: Sequence[ChainPackage], groups: Sequence[Sequence[Link]], policy: ChainPolicy, how: Signatures | None
) -> tuple[Signed, bytes | None]:
    """Keys by the page that they signed, and the taxpayer's key on the last package.

    A signature over a page that no link of its package lists is a rejection, whether or not signatures can be checked.
    """
    for package, group in zip(packages, groups, strict=True):
        listed = {page.header.page_id for link in group for page in link.statement.pages}
        for one in package.attestations:
            if one.page not in listed:
                raise Reject(Reason.ATTESTATION_PAGE, f"no link lists the page {one.page.hex()}")
    if how is None:
        return {}, None
    signer = None
    for package in packages:
        signer = how.taxpayer(package) if package.signature is not None else None
    if policy.signer is not None and signer is None:
        raise Reject(Reason.SIGNATURE_MISSING, "the taxpayer has not signed the last package")
    if policy.signer is not None and signer != policy.signer:
        shown = signer.hex() if signer else "none"
        text = f"the last package is signed with the key {shown}, not {policy.signer.hex()}"
        reject_all((Finding(Reason.SIGNATURE_KEY, text, "the taxpayer's key", policy.signer.hex(), shown),))
    attestations = sorted({one for package in packages for one in package.attestations})
    if attestations:
        how.pages(attestations)
    signed: dict[bytes, list[bytes]] = {}
    for one in attestations:
        signed.setdefault(one.page, []).append(one.key)
    return signed, signer

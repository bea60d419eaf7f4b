"""From an opening to a package: the statement, its witness, the proof, and its verification."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from zkharvest.errors import UsageError
from zkharvest.files.packages import package_bytes
from zkharvest.ledger.regimes import find_provable
from zkharvest.ledger.rules import DEFAULT_POOLING, DEFAULT_TIMEZONE, Election, Method, Pooling
from zkharvest.spec import DEFAULT_REGIME, METHODS, POOLINGS, TOTALS
from zkharvest.verifier import circuits
from zkharvest.verifier.package import Package, statement_digest
from zkharvest.verifier.params import Preset
from zkharvest.verifier.policy import Policy
from zkharvest.verifier.public import PublicData
from zkharvest.verifier.rejections import Reject
from zkharvest.verifier.statement import SCALES, Statement, public_data, read_statement
from zkharvest.verifier.verdict import notes
from zkharvest.verifier.verify import verify
from zkharvest.workflow.given import nonce_given, require_provable
from zkharvest.workflow.proofs import SelfCheckError, find_preset

if TYPE_CHECKING:
    from zkharvest.circuit.lot_machine.v1.witness import Witness
    from zkharvest.commitment.opening import Opening

CIRCUIT = "lot-machine/v1"
"""The circuit that new proofs are made for."""


def prove(
    opening: Opening,
    *,
    year: int,
    method: str,
    pooling: str = DEFAULT_POOLING,
    timezone: str = DEFAULT_TIMEZONE,
    regime: str = DEFAULT_REGIME,
    nonce: bytes | str = b"",
    audience: str = "",
    preset: str = "balanced",
    progress: Callable[[str], None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> bytes:
    """Prove a year's totals under an election; returns the bytes of a package (`.zkh`), without signatures.

    `method` is fifo, lifo, hifo, lofo or specific, `pooling` wallet or universal, `timezone` an IANA name, `regime` a
    country whose rules the circuit proves (today us alone). `nonce` (at most 32 bytes, or hex text) and `audience` bind
    the proof to an occasion. `preset` is balanced, small (fewer bytes for twice the time), or test (for tests:
    verifying refuses it). `progress` is called with the name of each step as it begins. `warn` is called before the
    proof is made for what can be proven but is probably not meant: a year that is not over, a year without a trade; by
    default it is Python's `warnings.warn`.

    Raises InputError where the ledger does, UsageError for options that no statement can have, TypeError for values of
    the wrong type.
    """
    say = progress or (lambda _: None)
    prepared = prepare(
        opening,
        year=year,
        method=method,
        pooling=pooling,
        timezone=timezone,
        regime=regime,
        nonce=nonce,
        audience=audience,
        preset=preset,
        progress=say,
        warn=warn or _warn,
    )
    from zkharvest.prover.stark import prove_circuit

    witness, chosen = prepared.witness, prepared.preset
    proof = prove_circuit(
        circuits.load(prepared.circuit),
        bytes.fromhex(prepared.circuit.digest),
        chosen.params,
        prepared.public,
        witness.traces,
        progress=lambda step, _done, _total: say(step) if step else None,
        consume=True,
    )
    return package_bytes(Package(prepared.statement, chosen.name, witness.heights, proof))


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that a proof is made from: the statement in its parts, its public data, and the witness."""

    circuit: circuits.Pinned
    preset: Preset
    statement: dict[str, Any]
    public: PublicData
    witness: Witness


def prepare(
    opening: Opening,
    *,
    year: int,
    method: str,
    pooling: str,
    timezone: str,
    regime: str = DEFAULT_REGIME,
    nonce: bytes | str = b"",
    audience: str = "",
    preset: str = "balanced",
    progress: Callable[[str], None],
    warn: Callable[[str], None] = lambda _: None,
) -> Prepared:
    """Run the ledger and write the witness and the statement; arguments and errors are those of `prove`."""
    texts = {"method": method, "pooling": pooling, "timezone": timezone, "regime": regime}
    nonce = _check_types(opening, year, texts, nonce, audience)
    election = _election(year, method, pooling, timezone, regime)
    pinned = next((one for one in circuits.PINNED if one.id == CIRCUIT), None)
    if pinned is None:
        raise UsageError(f"the circuit {CIRCUIT} is not known here", "reinstall zkharvest")
    description = circuits.load(pinned)
    least = find_preset(preset, 0).params.least_log_rows

    progress("running the ledger")
    from zkharvest.circuit.lot_machine.v1.limits import check_records, check_run
    from zkharvest.circuit.lot_machine.v1.witness import make_witness, operations_of

    check_records(opening)
    operations = operations_of(opening, election)
    check_run(opening, operations)
    progress("filling the tables")
    witness = make_witness(opening, operations, least=least)
    chosen = find_preset(preset, max(witness.heights))
    parts = _statement(opening, election, witness, pinned, audience, nonce)
    try:
        statement = read_statement(parts)
    except Reject as reject:
        raise UsageError(f"this cannot be stated: {reject.detail}", "change the option that it names") from None
    for text in _doubts(statement, opening):
        warn(text)
    digest = statement_digest(parts, chosen.name, witness.heights)
    return Prepared(pinned, chosen, parts, public_data(statement, description, digest), witness)


def self_check(package: bytes, opening: Opening) -> None:
    """Verify a package just made against the opening's own commitments. Raises SelfCheckError if it fails."""
    verdict = verify(package, Policy(commitments=opening.roots, allow_test_preset=True))
    if not verdict.accepted:
        raise SelfCheckError(f"the proof just made does not verify: {verdict.reason} {verdict.detail}")


def _check_types(opening: Any, year: Any, texts: dict[str, Any], nonce: Any, audience: Any) -> bytes:
    """The nonce as bytes. TypeError or UsageError says which value is of the wrong type."""
    from zkharvest.commitment.opening import Opening

    if not isinstance(opening, Opening):
        raise TypeError(f"opening is what zkharvest.commit returns, not {type(opening).__name__}")
    if not isinstance(year, int) or isinstance(year, bool):
        raise TypeError(f"year is a number such as 2025, not {year!r}")
    for name, value in {**texts, "audience": audience}.items():
        if not isinstance(value, str):
            raise TypeError(f"{name} is text, not {type(value).__name__}")
    return nonce_given(nonce)


def _election(year: int, method: str, pooling: str, timezone: str, regime: str) -> Election:
    find_provable(regime)
    for name, value, choices in (("lot method", method, METHODS), ("pooling", pooling, POOLINGS)):
        require_provable(name, value, choices)
    try:
        return Election(Method(method), Pooling(pooling), timezone, year, regime)
    except ValueError as error:
        raise UsageError(str(error), "") from None


def _doubts(statement: Statement, opening: Opening) -> list[str]:
    """What can be proven but is probably not meant; an auditor's verdict says the same where it can."""
    year, starts = statement.year, statement.calendar.starts()
    first = starts[(date(year, 1, 1) - statement.calendar.first_day).days]
    found = list(notes(statement))
    if not any(first <= trade.time < starts[statement.calendar.days] for trade in opening.trades):
        found = [text for text in found if not text.startswith("all totals")]
        found.append(f"none of the committed trades is in the tax year {year}")
    return found


def _warn(text: str) -> None:
    warnings.warn(text, UserWarning, stacklevel=4)


def _statement(
    opening: Opening, election: Election, witness: Witness, pinned: circuits.Pinned, audience: str, nonce: bytes
) -> dict[str, Any]:
    return {
        "calendar": witness.calendar,
        "carried_in": witness.carried_in_root,
        "carried_out": witness.carried_out_root,
        "circuit": {"digest": bytes.fromhex(pinned.digest), "id": pinned.id},
        "context": {"audience": audience, "nonce": nonce},
        "currency": opening.currency,
        "holding": find_provable(election.regime).holding,
        "method": election.rule,
        "pooling": election.pooling.value,
        "scales": list(SCALES),
        "sources": [{"id": source, "root": opening.roots[source]} for source in opening.sources],
        "timezone": election.timezone,
        "totals": {name: str(witness.totals[name]) for name in TOTALS},
        "v": 1,
        "wash_sale": False,
        "year": election.year,
    }

"""What `prove` does once its command line is read: opens the secret, makes and verifies the proof, writes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zkharvest.cli import output, passphrases, show
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError
from zkharvest.ledger.regimes import find_provable
from zkharvest.ledger.rules import DEFAULT_POOLING, DEFAULT_TIMEZONE, Election, Method, Pooling
from zkharvest.spec import DEFAULT_REGIME

if TYPE_CHECKING:
    from zkharvest.workflow.check import Checked


def prove(
    opening: Path,
    *,
    year: int,
    method: str,
    package: Path | None = None,
    pooling: str = DEFAULT_POOLING.value,
    timezone: str = DEFAULT_TIMEZONE,
    regime: str = DEFAULT_REGIME,
    nonce: str | None = None,
    audience: str | None = None,
    size: str = "balanced",
    verify: bool = True,
    check: bool = False,
    passphrase_file: Path | None = None,
    passphrase_fd: int | None = None,
    force: bool = False,
    json: bool = False,
) -> ExitCode:
    """Prove, and write the package; the parameters are the options of the command."""
    from zkharvest.files.atomic import ensure_writable, read_file, write_file
    from zkharvest.workflow.secrets import read_proving_opening

    find_provable(regime)  # refuse another country or an unknown zone before long work
    Election(Method(method), Pooling(pooling), timezone, year, regime)
    bound = show.parse_hex(nonce, "--nonce") if nonce is not None else b""
    if audience is not None and not audience.strip():
        raise UsageError("--audience: an empty value", "leave the option out if the proof is for no one in particular")
    if package is not None:
        output.refuse_two_outputs(package, json=json)
        ensure_writable(package, force=force, inputs=[opening])
    elif not check:
        raise UsageError("no output file is given", "give --output FILE, or --check to only check")
    if str(opening) != "-":
        read_file(opening, at_most=1)  # a file that is not there is told before the prover is loaded
    opener = passphrases.existing(opening, passphrase_file, passphrase_fd)
    from zkharvest.workflow import prove as proving

    first = proving.first_run()
    with passphrases.reading(opening, opener), proving.getting_ready(begin=not first):
        secret, sealed = read_proving_opening(opening, opener)
    if not sealed:
        passphrases.offer_to_seal(opening)
    if check:
        with output.progress("checking") as step:
            from zkharvest.workflow.check import check_constraints

            checked = check_constraints(
                secret, year=year, method=method, pooling=pooling, timezone=timezone, progress=step
            )
        if package is None or not checked.holds:
            return _show_checked(checked, json=json)
        output.note("every constraint holds on the raw trace")
    assert package is not None  # else it was only checked
    with output.progress("proving") as step:
        if first:
            output.note("first run on this machine: compiling the prover takes about half a minute, once")
        warnings: list[str] = []
        made = proving.prove(
            secret,
            year=year,
            method=method,
            pooling=pooling,
            timezone=timezone,
            regime=regime,
            nonce=bound,
            audience=audience or "",
            preset=size,
            progress=step,
            warn=lambda text: _warn(text, warnings),
        )
        if verify:
            step("verifying")
            proving.self_check(made, secret)
    write_file(package, made, force=force)
    if json:
        shown = {"package": str(package), "bytes": len(made), "year": year, "method": method}
        shown["warnings"] = warnings
        output.json_object("zkharvest/proof/1", shown)
    else:
        output.note(f"{package}: {len(made):,} bytes, ready for the auditor")
    return ExitCode.DONE


def _warn(text: str, told: list[str]) -> None:
    told.append(text)
    output.warning(text)


def _show_checked(checked: Checked, *, json: bool) -> ExitCode:
    """What the constraint checker found; its details hold private amounts, so they are data, not messages."""
    looked_at = {
        "constraints": checked.constraints,
        "buses": checked.buses,
        "tallies": checked.tallies,
        "rows": checked.rows,
    }
    if json:
        violations = [
            {"table": v.table, "constraint": v.constraint, "row": v.row, "detail": v.detail, "what": v.what}
            for v in checked.violations
        ]
        output.json_object("zkharvest/check/1", {**looked_at, "holds": checked.holds, "violations": violations})
    else:
        for violation in checked.violations:
            output.data(str(violation))
        if checked.holds:
            output.data(
                f"every constraint holds: {checked.constraints:,} constraints, {checked.buses} buses and "
                f"{checked.tallies} tallies on {checked.rows:,} rows"
            )
    if checked.holds:
        return ExitCode.DONE
    output.error(
        "the witness breaks the circuit's constraints, so nothing was proven",
        "this is a bug in zkharvest: report the names of constraint, table and row; details hold private amounts",
    )
    return ExitCode.REJECTED

"""How the constraint checker's report on each year of a chain is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zkharvest.cli import output
from zkharvest.cli.output import ExitCode

if TYPE_CHECKING:
    from zkharvest.workflow.check import Checked, CheckedYear


def show_years(years: Sequence[CheckedYear], *, json: bool) -> ExitCode:
    """What was found of every link, its year before each line; details hold private amounts, so they are data."""
    holds = all(one.checked.holds for one in years)
    if json:
        links = [{"year": one.year, **_plain(one.checked)} for one in years]
        output.json_object("zkharvest/check/2", {"holds": holds, "links": links})
    else:
        for one in years:
            _say(one.checked, f"{one.year}: ")
    return _code(holds=holds)


def _plain(checked: Checked) -> dict[str, Any]:
    violations = [
        {"table": v.table, "constraint": v.constraint, "row": v.row, "detail": v.detail, "what": v.what}
        for v in checked.violations
    ]
    looked_at = {name: getattr(checked, name) for name in ("constraints", "buses", "tallies", "rows")}
    return {**looked_at, "holds": checked.holds, "violations": violations}


def _say(checked: Checked, head: str = "") -> None:
    for violation in checked.violations:
        output.data(f"{head}{violation}")
    if checked.holds:
        output.data(
            f"{head}every constraint holds: {checked.constraints:,} constraints, {checked.buses} buses and "
            f"{checked.tallies} tallies on {checked.rows:,} rows"
        )


def _code(*, holds: bool) -> ExitCode:
    if holds:
        return ExitCode.DONE
    output.error(
        "the witness breaks the circuit's constraints, so nothing was proven",
        "this is a bug in zkharvest: report the names of constraint, table and row; details hold private amounts",
    )
    return ExitCode.REJECTED

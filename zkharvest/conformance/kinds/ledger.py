"""Worked ledgers: `NAME.csv` and, beside it, `NAME.expected.json` what the ledger must give for each run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from zkharvest.conformance.kinds.expect import Mismatch, expect
from zkharvest.errors import InputError

if TYPE_CHECKING:
    from zkharvest.trades.model import Trade

HEAD = {"about", "authority", "worked", "runs"}
RUN = {"year", "method", "pooling", "timezone", "totals", "disposals", "error"}


def check_ledger(_root: Path, path: Path) -> None:
    """In each of `runs` these totals and disposals, or this error, from the plain ledger and the fast one."""
    from zkharvest.trades.csv_in import load_trades

    data = json.loads(path.read_text(encoding="utf-8"))
    if unknown := data.keys() - HEAD or set().union(*data["runs"]) - RUN:
        raise Mismatch(f"unknown keys: {', '.join(sorted(unknown))}")
    trades = load_trades(path.with_name(path.name.removesuffix(".expected.json") + ".csv"))
    for run in data["runs"]:
        _check_run(trades, run, "plain")
        _check_run(trades, run, "fast")


def _check_run(trades: list[Trade], run: dict[str, Any], engine: Literal["plain", "fast"]) -> None:
    from zkharvest.ledger import Election, Method, Pooling, run_ledger
    from zkharvest.ledger.report import report_json

    election = Election(Method(run["method"]), Pooling(run["pooling"]), run["timezone"], run["year"])
    label = f"{election.method} {election.pooling} {election.year}"
    if engine != "plain":
        label += f", {engine} engine"
    try:
        report = report_json(run_ledger(trades, election, engine=engine))
    except InputError as error:
        if "error" not in run:
            raise Mismatch(f"{label}: {error}") from None
        if run["error"] not in str(error):
            raise Mismatch(f"{label}: expected the error {run['error']}, got {error}") from None
        return
    if "error" in run:
        raise Mismatch(f"{label}: expected the error {run['error']}, but the ledger ran")
    for name, amount in run["totals"].items():
        expect(f"{label} {name}", amount, report["totals"][name])
    if "disposals" in run:
        expect(f"{label} number of disposals", len(run["disposals"]), len(report["disposals"]))
        for number, (wanted, got) in enumerate(zip(run["disposals"], report["disposals"], strict=True), 1):
            expect(f"{label} disposal {number}", wanted, {key: got[key] for key in wanted})

"""What a statement's figures say, under the names of the ledger's totals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zkharvest.verifier.link import read_link


def stated(statement: Mapping[str, Any]) -> dict[str, int]:
    """Gains and losses by term, proceeds, basis, what is left: those that every statement shows."""
    found = {
        (one.key.level, one.key.term, one.key.result): one.values for one in read_link(statement).statement.figures
    }
    by_term = {
        f"{term}_term_{result}": abs(found["L3", term, result]["units"])
        for term in ("short", "long")
        for result in ("gain", "loss")
    }
    net = found["NET", "", ""]
    return {
        "proceeds": net["proceeds"], "basis": net["basis"], "gain": net["units"], **by_term, "net": net["units"],
    }  # fmt: skip

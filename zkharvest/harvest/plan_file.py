"""The file of a plan, `zkharvest/plan/1`: what it says of each lot and each order, read and written.

    plan.text(), read_plan(path)

The same plan is the same bytes: its digest is what is committed to, signed or time-stamped.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from zkharvest.errors import InputError
from zkharvest.trades.csv_in import read_text
from zkharvest.trades.text import TextError, parse_quantity

SCHEMA = "zkharvest/plan/1"


@dataclass(frozen=True, slots=True)
class PlannedLot:
    """A lot to close: what it is estimated to bring. Money is decimal text."""

    lot: str
    source: str
    asset: str
    side: str
    quantity: str
    basis: str
    value: str
    loss: str
    unsold: str


@dataclass(frozen=True, slots=True)
class Step:
    """One order in CCXT's unified fields, and what it is for. `delta` is the change of coins held since the start."""

    number: int
    at: str
    role: str
    source: str
    asset: str
    symbol: str
    type: str
    side: str
    amount: str
    price: str
    params: dict[str, str]
    lots: tuple[dict[str, str], ...]
    delta: str


@dataclass(frozen=True)
class Plan:
    """`zkharvest/plan/1`. `digests` of the files that it was made from; `election` as the scan's."""

    made: str
    as_of: str
    election: dict[str, Any]
    jurisdiction: str
    quote: str
    reentry: str
    digests: dict[str, str]
    seed: int
    limits: dict[str, str]
    lots: tuple[PlannedLot, ...]
    steps: tuple[Step, ...]
    assumptions: tuple[str, ...] = ()
    schema: str = field(default=SCHEMA)

    def to_json(self) -> dict[str, Any]:
        """The plan as one JSON object, `schema` first."""
        found = asdict(self)
        return {"schema": found.pop("schema"), **found}

    def text(self) -> str:
        """The plan as it is written to a file: the same plan is the same bytes."""
        return json.dumps(self.to_json(), indent=2) + "\n"

    def digest(self) -> str:
        """SHA-256 of the file: what is committed to, signed or time-stamped."""
        return hashlib.sha256(self.text().encode()).hexdigest()


def read_plan(path: str | Path) -> Plan:
    """Read a plan. Raises InputError where it is none, or was altered into none, UsageError if it cannot be read."""
    text, name = read_text(path), str(path)
    try:
        found = json.loads(text)
        if not isinstance(found, dict) or found.get("schema") != SCHEMA:
            raise InputError.one(name, "is not a plan", f"harvest plan writes one; its schema is {SCHEMA}")
        lots = tuple(PlannedLot(**lot) for lot in found.pop("lots"))
        steps = tuple(
            Step(
                **{**step, "lots": tuple({"lot": str(p["lot"]), "quantity": str(p["quantity"])} for p in step["lots"])}
            )
            for step in found.pop("steps")
        )
        plan = Plan(lots=lots, steps=steps, assumptions=tuple(found.pop("assumptions")), **found)
        for step in steps:
            parse_quantity(step.amount)
            if step.side not in ("buy", "sell") or not Decimal(step.price) > 0:
                raise ValueError(step.number)
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        said = error.reason if isinstance(error, TextError) else "a field is missing, unknown or of another type"
        raise InputError.one(name, f"is not a plan as harvest plan writes it: {said}", "make it again") from None
    return plan


def file_digest(path: str | Path) -> str:
    """SHA-256 of a file's bytes."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()

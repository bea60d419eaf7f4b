"""The lot machine's description and public values, and the constraint checker on an honest witness, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.check import PublicValues, Violation, check
from zkharvest.circuit.lot_machine.v1.buses import TOTAL_BYTES
from zkharvest.circuit.lot_machine.v1.definition import define
from zkharvest.circuit.lot_machine.v1.steps.table import Steps
from zkharvest.circuit.lot_machine.v1.witness import Witness, make_witness, operations_of
from zkharvest.commitment.encoding import digest_elements
from zkharvest.commitment.opening import Opening, commit
from zkharvest.ledger import Election, Method, Pooling
from zkharvest.spec import TOTALS, currency_code, source_code
from zkharvest.trades.model import Trade

SEED = bytes(range(32))


@cache
def definition() -> tuple[Circuit, Steps]:
    """The circuit, built once."""
    return define()


@cache
def description() -> dict[str, Any]:
    """What the checker reads."""
    return definition()[0].compile()


@cache
def table_number(name: str) -> int:
    """Position of a table in the circuit."""
    return [t["name"] for t in description()["tables"]].index(name)


@cache
def column_names(table: str) -> list[str]:
    """Names of a table's columns."""
    return list(description()["tables"][table_number(table)]["columns"])


@cache
def column_number(table: str, column: str) -> int:
    """Position of a column in its table."""
    return int(description()["tables"][table_number(table)]["columns"].index(column))


def public_values(opening: Opening, election: Election, witness: Witness) -> PublicValues:
    """The statement that goes with a witness."""
    totals = witness.totals
    scalars = {str(m): int(m == election.method) for m in Method}
    scalars |= {
        "wallet": int(election.pooling is Pooling.WALLET),
        "year": election.year,
        "currency": currency_code(opening.currency),
    }
    scalars["proceeds_negative"] = int(totals["proceeds"] < 0)
    scalars |= {f"{b}_{k}": abs(totals[b]) >> (8 * k) & 255 for b in TOTALS for k in range(TOTAL_BYTES)}
    for kind, root in (("opening", witness.carried_in_root), ("closing", witness.carried_out_root)):
        scalars |= {f"{kind}_root_{i}": x for i, x in enumerate(digest_elements(root))}
    sources = [(*digest_elements(root), *source_code(name)) for name, root in opening.roots.items()]
    columns = {(table_number("calendar"), i): column for i, column in enumerate(witness.calendar_columns)}
    return PublicValues([scalars[name] for name in description()["publics"]], [sources], columns)


def opened(trades: Sequence[Trade], election: Election) -> tuple[Opening, Witness]:
    """Trades committed with a fixed seed, and their witness."""
    opening = commit(trades, currency="USD", seed=SEED)
    return opening, make_witness(opening, operations_of(opening, election), definition=definition())


def checked(trades: Sequence[Trade], election: Election) -> list[Violation]:
    """Everything that an honest run of these trades breaks: nothing."""
    opening, witness = opened(trades, election)
    return check(description(), witness.traces, public_values(opening, election, witness), limit=1000)

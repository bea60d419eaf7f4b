"""The public statement of a package: read strictly, and as the public data of the circuit `lot-machine/v1`.

    The committed records and the lots carried in, run through the lot machine in time order under this regime, give
    these totals and leave this inventory.

Every key is required and nothing else is allowed, so that two readers cannot understand one statement differently. All
of its bytes, including what the circuit does not see (names, currency, context), are bound to the proof by its digest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import pairwise

from zkharvest.spec import (
    EMPTY_ROOT,
    FIRST_YEAR,
    LAST_YEAR,
    MAX_NAME,
    MAX_SOURCES,
    METHODS,
    MONEY_DECIMALS,
    POOLINGS,
    QUANTITY_DECIMALS,
    ROOT_BYTES,
    TOTAL_BYTES,
    TOTALS,
    currency_code,
    source_code,
)
from zkharvest.verifier.calendar import CalendarTable
from zkharvest.verifier.description import Description
from zkharvest.verifier.public import PublicData
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.stated import HOLDING, MAX_AUDIENCE, MAX_NONCE, calendar_of, circuit_of
from zkharvest.verifier.text import quoted
from zkharvest.verifier.values import (
    currency_of,
    fields,
    integer,
    matching,
    one_of,
    root_of,
    text,
    words,
    zone_of,
)
from zkharvest.verifier.wire import Value

SCALES = [QUANTITY_DECIMALS, MONEY_DECIMALS]
CALENDAR_TABLE = "calendar"

_KEYS = (
    "calendar",
    "carried_in",
    "carried_out",
    "circuit",
    "context",
    "currency",
    "holding",
    "method",
    "pooling",
    "scales",
    "sources",
    "timezone",
    "totals",
    "v",
    "wash_sale",
    "year",
)
_AMOUNT = re.compile(r"0|-?[1-9][0-9]{0,28}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Source:
    """A venue account or wallet and the commitment to its records."""

    id: str
    root: bytes


@dataclass(frozen=True, slots=True)
class Totals:
    """Money in 10^-8 of the currency; all but `proceeds` are magnitudes."""

    short_gain: int
    short_loss: int
    long_gain: int
    long_loss: int
    proceeds: int

    @property
    def gain(self) -> int:
        """All gains less all losses."""
        return self.short_gain - self.short_loss + self.long_gain - self.long_loss

    @property
    def basis(self) -> int:
        """Follows from the others: every part's gain is its proceeds less its basis."""
        return self.proceeds - self.gain


@dataclass(frozen=True, slots=True)
class Statement:
    """What a package claims."""

    circuit_id: str
    circuit_digest: bytes
    year: int
    method: str
    pooling: str
    timezone: str
    currency: str
    calendar: CalendarTable
    sources: tuple[Source, ...]
    carried_in_root: bytes
    carried_out_root: bytes
    totals: Totals
    audience: str
    nonce: bytes

    @property
    def carried_in(self) -> bytes | None:
        """The name (32 bytes) of the inventory carried in; None if nothing was carried in."""
        if self.carried_in_root == EMPTY_ROOT:
            return None
        return inventory_id(self.carried_in_root, self.calendar.starts()[0], self.currency)

    @property
    def carried_out(self) -> bytes:
        """The name of the inventory carried out: what next year's package must have carried in."""
        return inventory_id(self.carried_out_root, self.calendar.starts()[self.calendar.days], self.currency)


def read_statement(statement: Mapping[str, Value]) -> Statement:
    """The statement, or Reject(STATEMENT_FIELDS, STATEMENT_VALUE or STATEMENT_CALENDAR)."""
    if tuple(sorted(statement)) != _KEYS:
        raise Reject(Reason.STATEMENT_FIELDS, "the keys are not those of a statement")
    circuit_id, circuit_digest = circuit_of(statement)
    for key, fixed in (("v", 1), ("holding", HOLDING), ("scales", SCALES), ("wash_sale", False)):
        found = statement[key]
        if type(found) is not type(fixed) or found != fixed:  # with their types: in Python True == 1
            raise Reject(Reason.STATEMENT_VALUE, f"{key} is {quoted(found)}, not {fixed!r}")
    year = integer(statement["year"], "year", FIRST_YEAR, LAST_YEAR)
    match statement["context"]:
        case {"audience": str(audience), "nonce": bytes(nonce), **others} if not others and len(nonce) <= MAX_NONCE:
            audience = text(audience, "audience", MAX_AUDIENCE) if audience else ""
        case _:
            raise fields("context")
    calendar, carried_in = calendar_of(statement["calendar"], year), root_of(statement["carried_in"], "carried_in")
    if carried_in != EMPTY_ROOT and calendar.first_day != date(year, 1, 1):
        why = "with lots carried in, the calendar begins with the tax year"
        raise Reject(Reason.STATEMENT_CALENDAR, why)
    return Statement(
        circuit_id,
        circuit_digest,
        year,
        one_of(statement["method"], "method", METHODS),
        one_of(statement["pooling"], "pooling", POOLINGS),
        zone_of(statement["timezone"]),
        currency_of(statement["currency"]),
        calendar,
        _sources(statement["sources"]),
        carried_in,
        root_of(statement["carried_out"], "carried_out"),
        _totals(statement["totals"]),
        audience,
        nonce,
    )


def public_data(statement: Statement, description: Description, context: bytes) -> PublicData:
    """The statement as the circuit's public data.

    Scalars: the method one-hot, pooling by wallet, the sign of the proceeds, the year, the currency's code, 12
    little-endian bytes of each total, both inventory roots. List: one record per source, its root and the code of its
    id. Public columns: the calendar's.
    """
    totals = statement.totals
    magnitudes = [getattr(totals, name) for name in TOTALS[:-1]] + [abs(totals.proceeds)]
    publics = [
        *(int(statement.method == method) for method in METHODS),
        int(statement.pooling == "wallet"),
        int(totals.proceeds < 0),
        statement.year,
        currency_code(statement.currency),
        *(byte for magnitude in magnitudes for byte in magnitude.to_bytes(TOTAL_BYTES, "little")),
        *words(statement.carried_in_root),
        *words(statement.carried_out_root),
    ]
    table = [table.name for table in description.tables].index(CALENDAR_TABLE)
    columns = statement.calendar.public_columns(statement.year, carried=statement.carried_in_root != EMPTY_ROOT)
    sources = tuple((*words(source.root), *source_code(source.id)) for source in statement.sources)
    return PublicData(tuple(publics), (sources,), {(table, i): column for i, column in enumerate(columns)}, context)


def inventory_id(root: bytes, instant: int, currency: str) -> bytes:
    """What names an inventory from one year to the next: its root, the instant (ms) it stands at, its currency."""
    return sha256(b"zkharvest/inventory/v1\0" + root + instant.to_bytes(8, "little") + currency.encode()).digest()


# --------------------------------------------------------------------------------------------- parts


def _sources(value: Value) -> tuple[Source, ...]:
    if not isinstance(value, list):
        raise fields("sources")
    if not 1 <= len(value) <= MAX_SOURCES:
        raise Reject(Reason.STATEMENT_VALUE, f"{len(value)} sources, not 1..{MAX_SOURCES}")
    sources = []
    for entry in value:
        match entry:
            case {"id": str(name), "root": bytes(root), **others} if not others and len(root) == ROOT_BYTES:
                sources.append(Source(text(name, "a source's id", MAX_NAME), root_of(root, "a source's root")))
            case _:
                raise fields("sources")
    names = [source.id.encode() for source in sources]
    if any(a >= b for a, b in pairwise(names)):
        raise Reject(Reason.STATEMENT_VALUE, "the sources are not in strictly increasing order")
    if len({source_code(source.id) for source in sources}) < len(sources):
        raise Reject(Reason.STATEMENT_VALUE, "two sources have one code: a transfer could go to either")
    if len({source.root for source in sources}) < len(sources):
        raise Reject(Reason.STATEMENT_VALUE, "two sources have one commitment: its records would count twice")
    return tuple(sources)


def _totals(value: Value) -> Totals:
    if not isinstance(value, dict) or set(value) != set(TOTALS):
        raise fields("totals")
    if not all(isinstance(amount, str) for amount in value.values()):  # the form of all before the value of any
        raise fields("totals")
    amounts = {}
    for name in TOTALS:
        amounts[name] = int(matching(value[name], f"totals.{name}", _AMOUNT))
        if abs(amounts[name]) >= 1 << (8 * TOTAL_BYTES) or (amounts[name] < 0 and name != "proceeds"):
            raise Reject(Reason.STATEMENT_VALUE, f"totals.{name} is out of range")
    return Totals(**amounts)

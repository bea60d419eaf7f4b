"""The ledger report as data: one JSON object, rows for a table, CSV text. Nothing is printed and nothing rounded here.

Money has all its eight decimals, quantities are exact, times are local to the taxpayer's zone and carry their offset.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from zkharvest.ledger.regimes import regime_of
from zkharvest.ledger.results import Disposal, LedgerRun, OpenLot, Totals
from zkharvest.spec import QUANTITY_DECIMALS, money_text
from zkharvest.trades.model import Trade
from zkharvest.trades.text import format_time, format_units

REPORT_SCHEMA = "zkharvest/report/1"
LOTS_SCHEMA = "zkharvest/lots/1"

DISPOSAL_COLUMNS = (
    "disposal", "lot", "source", "asset", "quantity", "acquired", "disposed", "proceeds", "basis", "gain", "term",
)  # fmt: skip
LOT_COLUMNS = ("lot", "wallet", "asset", "side", "quantity", "acquired", "basis")

Row = tuple[str, ...]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def quantity_text(quantity: int) -> str:
    """A quantity (10^-18) without the zeros that say nothing: 1500000000000000000 is "1.5"."""
    return format_units(quantity, QUANTITY_DECIMALS)


def time_text(instant: int) -> str:
    """An instant (ms) as ISO 8601 in UTC, always with milliseconds: "2025-03-01T12:00:00.000Z"."""
    return f"{format_time(instant - instant % 1000)[:-1]}.{instant % 1000:03d}Z"


def clock(timezone: str) -> Callable[[int], str]:
    """Writes instants (ms) as ISO 8601 in a zone, with its offset: "2025-03-01T07:00:00-05:00".

    Milliseconds are written only where there are any.
    """
    zone = ZoneInfo(timezone)

    def text(instant: int) -> str:
        moment = _EPOCH + timedelta(milliseconds=instant)
        return moment.astimezone(zone).isoformat(timespec="milliseconds" if instant % 1000 else "seconds")

    return text


def totals_json(totals: Totals) -> dict[str, str]:
    """The totals as decimal text, in the order in which a report shows them."""
    return {name: money_text(amount) for name, amount in totals.items()}


def report_json(run: LedgerRun) -> dict[str, Any]:
    """The report of the tax year: the rule it was made under, the totals, and one entry per lot part disposed of."""
    return {
        "schema": REPORT_SCHEMA,
        **regime_json(run),
        "totals": totals_json(run.totals),
        "disposals": [dict(zip(DISPOSAL_COLUMNS, row, strict=True)) for row in disposal_rows(run)],
    }


def regime_json(run: LedgerRun) -> dict[str, Any]:
    """Year, regime, method, pooling and time zone of a run, and which of the country's rules it does not apply."""
    election = run.election
    return {
        "year": election.year,
        "regime": election.regime,
        "method": election.rule,
        "pooling": election.pooling.value,
        "timezone": election.timezone,
        "not_applied": list(regime_of(election).leaves_out),
    }


def disposal_rows(run: LedgerRun) -> Iterator[Row]:
    """The lot parts disposed of in the tax year, in the order in which they happened, as DISPOSAL_COLUMNS."""
    name, local = _names(run.trades), clock(run.election.timezone)
    return (_disposal_row(part, name, local) for part in run.disposals if part.in_year)


def _disposal_row(part: Disposal, name: Sequence[str], local: Callable[[int], str]) -> Row:
    return (
        name[part.trade],
        name[part.lot],
        part.source,
        part.asset,
        quantity_text(part.quantity),
        local(part.acquired),
        local(part.disposed),
        money_text(part.proceeds),
        money_text(part.basis),
        money_text(part.gain),
        part.term,
    )


def total_rows(run: LedgerRun) -> list[Row]:
    """Name and amount of each total."""
    return list(totals_json(run.totals).items())


def lots_json(run: LedgerRun) -> dict[str, Any]:
    """The inventory where the run stopped: `at` is the first instant that it no longer covers."""
    return {
        "schema": LOTS_SCHEMA,
        **regime_json(run),
        "at": clock(run.election.timezone)(run.cut),
        "lots": [dict(zip(LOT_COLUMNS, row, strict=True)) for row in lot_rows(run)],
    }


def lot_rows(run: LedgerRun) -> Iterator[Row]:
    """The open lots by asset, wallet and side, in the order in which disposals take them, as LOT_COLUMNS.

    `wallet` is empty under universal pooling. `basis` is what is left of it; of a short lot, the proceeds left. A lot
    that lies in several parts (it was moved in parts) has several rows.
    """
    name, local = _names(run.trades), clock(run.election.timezone)
    return (_lot_row(lot, name, local) for lot in run.open_lots)


def _lot_row(lot: OpenLot, name: Sequence[str], local: Callable[[int], str]) -> Row:
    return (
        name[lot.seq],
        lot.pool.wallet,
        lot.pool.asset,
        lot.pool.side.name.lower(),
        quantity_text(lot.quantity),
        local(lot.acquired),
        money_text(lot.value),
    )


def csv_text(columns: Row, rows: Iterable[Row]) -> str:
    """Rows as CSV with a header line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def _names(trades: Sequence[Trade]) -> list[str]:
    """What each trade is called: its id, or `source/id` where several trades have that id."""
    uses = Counter(trade.id for trade in trades)
    return [trade.id if uses[trade.id] == 1 else trade.ref for trade in trades]

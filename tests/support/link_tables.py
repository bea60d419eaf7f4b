"""The small tables of v2 on their own: pages, pools and the calendar, with stubs for the machine that looks them up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import numpy as np

from tests.adversary.kit.lenient import counting_what_is_in_range
from tests.support.freeze import freeze, given
from zkharvest.circuit.blinding import blind, uniform
from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.check import PublicValues
from zkharvest.circuit.lot_machine.shared.lists import KEY, LANE_MAX, SEQ_MAX
from zkharvest.circuit.lot_machine.shared.ranges import RANGE_ROWS, range_table, range_trace
from zkharvest.circuit.lot_machine.v2.buses import LOG_ROWS, PAGE, declare
from zkharvest.circuit.lot_machine.v2.calendar import LinkCalendar, calendar_table, calendar_trace
from zkharvest.circuit.lot_machine.v2.pages import pages_table, pages_trace
from zkharvest.circuit.lot_machine.v2.pools import POOL_LANES, pools_table, pools_trace
from zkharvest.circuit.lot_machine.v2.sums.keys import SLOTS
from zkharvest.commitment.encoding import DIGEST
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.regimes.us import long_from
from zkharvest.spec import P
from zkharvest.verifier.public import PublicData

STUBS = {"looks": "page", "takes": "link", "gives": "link", "worked": "calendar", "declared": "days"}
HIDDEN = {"node", "figure"}
"""Buses whose messages from the verifier have no taker here: they are left out."""
WRITE = 5
"""When the machine last wrote the head of a pool."""


@cache
def definition() -> Circuit:
    """The circuit."""
    circuit = Circuit("link-tables", 1, degree=4, log_rows=LOG_ROWS, tallies=SLOTS)
    buses, _ = declare(circuit)
    hidden = {bus.number for bus in circuit.buses if bus.name in HIDDEN}
    circuit.public_messages = [m for m in circuit.public_messages if m["bus"] not in hidden]
    for name, bus_name in STUBS.items():
        stub = circuit.table(name, "stands for the machine")
        bus = getattr(buses, bus_name)
        on, fields = stub.column("on"), stub.column_list("field", bus.width)
        stub.boolean(on)
        (stub.send if name == "gives" else stub.receive)(bus, fields, on)
    pages_table(circuit, buses)
    pools_table(circuit, buses)
    calendar_table(circuit, buses)
    range_table(circuit, buses.ranges)
    circuit.blind_terminals()
    return circuit


@cache
def description() -> dict[str, Any]:
    """As plain data."""
    return definition().compile()


@cache
def frozen() -> tuple[bytes, Any]:
    """Digest, and the description as the verifier reads it."""
    return freeze(definition())


@dataclass
class Run:
    """Traces by table, and the statement."""

    traces: dict[str, np.ndarray]
    public: PublicValues

    def edited(self, *edits: tuple[str, int, str, int]) -> Run:
        """With other values (table, row, column, value) in cells; what is looked up and in range is counted anew."""
        traces = {name: trace.copy() for name, trace in self.traces.items()}
        for table, row, column, value in edits:
            of = next(t for t in definition().tables if t.name == table)
            traces[table][row, of.index(column)] = value % P
        return Run(counted(traces), self.public)


def counted(traces: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """With the range table that these traces need, as far as it can answer."""
    circuit = definition()
    table = next(t for t in circuit.tables if t.name == "range")
    rest = {t.name: traces[t.name] for t in circuit.tables if t is not table}
    with counting_what_is_in_range():
        made = range_trace(circuit, table, rest, max(RANGE_ROWS, len(traces["pools"])))
    if "range" in traces:
        made[:, -3:] = traces["range"][:, -3:]
    return {**rest, "range": made}


def calendar(first: date = date(2022, 12, 30), days: int = 40) -> LinkCalendar:
    """Days around the turn of a year, the window from noon of the third day to ten days before the last."""
    zone = Calendar("America/New_York")
    start, end = (zone.first_instant(date.fromordinal(first.toordinal() + n)) for n in (2, days - 10))
    window = start + 12 * 3600_000, end
    return LinkCalendar("America/New_York", long_from, first, days, window, zone.year_window(2023))


def some_pools(count: int, seed: int = 1) -> np.ndarray:
    """Pools (n, 9) of random codes."""
    rng = np.random.default_rng(seed)
    pools = rng.integers(1, 1 << 24, (count, POOL_LANES))
    pools[:, -1] = rng.integers(0, 2, count)
    return pools


def some_pages(count: int) -> np.ndarray:
    """Pages (n, 8) as the statement lists them."""
    rng = np.random.default_rng(2)
    listed = rng.integers(1, 1 << 24, (count, len(PAGE) - 1))
    listed[:, 4:6] = rng.integers(0, 2, (count, 2))
    return listed


def stub(name: str, messages: np.ndarray, rows: int) -> np.ndarray:
    """A stub that takes or gives these."""
    out = np.zeros((rows, 1 + messages.shape[1] + 3), np.int64)
    out[: len(messages), 0] = 1
    out[: len(messages), 1:-3] = messages
    return (out % P).astype(np.uint32)


def run(
    listed: np.ndarray | None = None,
    looked_up: Sequence[int] = (),
    pools: np.ndarray | None = None,
    days: LinkCalendar | None = None,
    worked: Sequence[int] = (),
    declared: Sequence[int] = (),
    *,
    rows: int = 128,
) -> Run:
    """An honest run: page of each look-up, pools whose heads the machine takes and gives back, instants, days."""
    circuit = definition()
    tables = {t.name: t for t in circuit.tables}
    listed = some_pages(0) if listed is None else listed
    pools = some_pools(0) if pools is None else pools
    days = days or calendar()
    at = np.asarray(looked_up, np.int64)
    head = np.concatenate([pools, np.zeros((len(pools), 1 + KEY + 2), np.int64)], axis=1)
    tail = [LANE_MAX] * (KEY - 1) + [SEQ_MAX]
    taken = np.concatenate([head, np.tile(tail, (len(pools), 1)).astype(np.int64)], axis=1)
    given_back = taken.copy()
    given_back[:, POOL_LANES + 1] = WRITE
    found = days.row_of(np.asarray(worked, np.int64))
    columns = np.array(days.columns(), np.int64)
    following = np.roll(columns[:3], -1, axis=1)
    message = np.concatenate([columns[:3], following, columns[3:]])[:, found].T
    of_day = columns[[7, 3, 4, 5]][:, days.row_of_day(np.asarray(declared, np.int64))].T
    stubs = {
        "looks": np.concatenate([at[:, None], listed[at]], axis=1),
        "takes": taken,
        "gives": given_back,
        "worked": message,
        "declared": of_day,
    }
    traces = {name: stub(name, of, rows) for name, of in stubs.items()}
    traces["pages"] = pages_trace(tables["pages"], listed, at, rows)
    traces["pools"] = pools_trace(tables["pools"], pools, [WRITE] * len(pools), rows)
    traces["calendar"] = calendar_trace(tables["calendar"], days, found, np.asarray(declared, np.int64), rows)
    traces = counted(traces)
    blind(circuit, traces, uniform(len(circuit.tables)))
    number = [t.name for t in circuit.tables].index("calendar")
    lists = [[[*[0] * DIGEST, *page] for page in listed.tolist()], []]
    public_columns = {(number, k): column for k, column in enumerate(days.columns())}
    return Run(traces, PublicValues([0] * len(circuit.public_names), lists, public_columns))


def whole(rows: int = 128) -> Run:
    """Everything is used."""
    days = calendar()
    instants = [int(s) + 1 for s in days.start[:-2]]
    numbers = [int(d) for d in days.day if d]
    return run(some_pages(5), [0, 0, 1, 4, 4, 4], some_pools(6), days, instants, [numbers[0], *numbers[::7]], rows=rows)


def public_data(made: Run) -> PublicData:
    """What the verifier is given."""
    return given(made.public, b"tables")

"""From an opening and a ledger run to the witness of the lot machine: a trace a table, and the statement's figures."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.blinding import blind, uniform
from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.shared.hashing import poseidon_trace
from zkharvest.circuit.lot_machine.shared.ranges import RANGE_ROWS, range_trace
from zkharvest.circuit.lot_machine.words import Ints, Words
from zkharvest.commitment.encoding import DIGEST, SALT, WIDTH, asset_code
from zkharvest.commitment.inventory import Inventory, commit_inventory
from zkharvest.commitment.opening import Opening
from zkharvest.commitment.tree import build_tree
from zkharvest.errors import InputError
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.engine_fast import run_operations
from zkharvest.ledger.operations import NONE, Operations
from zkharvest.ledger.rules import Election, Pooling
from zkharvest.spec import TOTAL_BYTES, TOTALS, source_code
from zkharvest.trades.model import Trade

from .calendar import CalendarRows, calendar_trace
from .definition import LOG_ROWS, define
from .names import RowNames, row_names
from .pools import pool_order, pools_trace
from .poseidon import KINDS, hash_rows
from .sources import sources_trace
from .steps.fill import StepsWitness
from .steps.layout import Plan, lay_out
from .steps.lists import fill as fill_lists
from .steps.table import Steps
from .totals import totals_trace

Cells = NDArray[np.uint32]
LEAST = 12
SHORTEST = 4
"""The machine and its hashes share a height, so that the two do not tell more than one does. Any other table has the
fewest rows that hold it, but at least 2^LEAST, and at least 2^-SHORTEST of the machine's: a lower one saves next to
nothing, and how many pools there are does not show below that."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Everything a proof of one statement is made from.

    heights: log2 of every table's rows; traces: (2^height, columns) canonical elements, one a table in the circuit's
    order; totals: 10^-8 of the currency, `proceeds` may be negative; calendar: as in the statement; roots: 36 bytes.
    `names` says what a row is about.
    """

    heights: tuple[int, ...]
    traces: list[Cells]
    totals: dict[str, int]
    calendar: dict[str, Any]
    calendar_columns: list[list[int]]
    carried_in_root: bytes
    carried_out_root: bytes
    names: RowNames


def worked_trades(opening: Opening, election: Election, carried: Sequence[Trade] = ()) -> list[Trade]:
    """What the ledger of a statement runs: the lots carried in, then the committed trades that have an effect.

    `carried` are the opening trades of intact lots in the inventory carried in, which is last year's at its end:
    committed trades before January 1 of the tax year then have no effect. Without them the inventory is empty.
    """
    start = Calendar(election.timezone).year_window(election.year)[0] if carried else 0
    return [*carried, *opening.trades[bisect_left(opening.trades, start, key=attrgetter("time")) :]]


def operations_of(opening: Opening, election: Election, carried: Sequence[Trade] = ()) -> Operations:
    """The ledger run that a statement is about. Raises InputError where the ledger does."""
    return run_operations(worked_trades(opening, election, carried), election)


def make_witness(
    opening: Opening,
    operations: Operations,
    *,
    carried: Sequence[Trade] = (),
    definition: tuple[Circuit, Steps] | None = None,
    least: int = LEAST,
) -> Witness:
    """Fill every table from a run of the ledger: `operations_of` with the same `carried`.

    `least` is the lowest height of a table, as its log2 (`ParameterSet.least_log_rows`).

    Raises InputError if the run needs more rows than the circuit allows, or if an expiry closes another side in it
    than the committed record says.
    """
    circuit, steps = definition or define()
    election = operations.election
    for lot in carried:
        if election.pooling is Pooling.WALLET and lot.source not in opening.sources:
            raise InputError.one(
                "",
                f"a lot carried in lies in {lot.source}, which no committed trade speaks of",
                "commit that source too",
            )
    start = Calendar(election.timezone).year_window(election.year)[0] if carried else 0
    early = bisect_left(opening.trades, start, key=attrgetter("time"))
    times = np.array([t.time for t in worked_trades(opening, election, carried)], np.int64)
    layout = lay_out(operations, len(opening.trades), len(carried), early)
    _check_sides(operations, opening, layout)
    calendar = CalendarRows(election, opening.trades[0].time, carried=bool(carried))
    label = f"{election.year}\0{election.method}\0{election.pooling}\0{election.timezone}"
    filled_from = _Lots(operations, calendar, times, layout)
    closing = commit_inventory(*filled_from.left(), election.year, opening.seed, label)
    first = (
        commit_inventory(*filled_from.carried_in(), election.year - 1, opening.seed, f"opening\0{label}")
        if carried
        else _no_inventory()
    )
    inputs, marks = hash_rows(opening, first, closing)
    rows = max(layout.used, len(inputs), len(calendar.start), 1 << LOG_ROWS[0])
    n = (rows - 1).bit_length()
    if n > LOG_ROWS[1]:
        raise InputError.one(
            "",
            f"the run needs {rows} rows, the circuit has at most 2^{LOG_ROWS[1]}",
            "prove fewer trades: one source or an earlier year at a time",
        )
    height = 1 << n

    def short(used: int) -> int:
        """Rows of a table that needs `used`: it is at most 16 times shorter than the machine."""
        return 1 << max((used - 1).bit_length(), least, n - SHORTEST)

    filled = StepsWitness(steps, operations, opening.records, calendar, replace(layout, rows=height), times)
    filled.kinds()
    filled.record()
    filled.amounts()
    filled.gains()
    head_write = fill_lists(filled)
    totals = [sum(int(v) << (8 * k) for k, v in enumerate(row)) for row in filled.slot_sums]
    by_name = {t.name: t for t in circuit.tables}
    traces: dict[str, Cells] = {
        "steps": filled.trace.cells.T,  # for now: its columns are read one by one
        "poseidon": poseidon_trace(by_name["poseidon"], inputs, marks, height, KINDS),
        "pools": pools_trace(by_name["pools"], filled.pools, head_write, short(len(filled.pools))),
        "sources": sources_trace(
            by_name["sources"], opening.sources, filled.sources_named, short(len(opening.sources))
        ),
        "calendar": calendar_trace(by_name["calendar"], filled.days_used, short(len(calendar.start))),
        "totals": totals_trace(by_name["totals"], filled.slot_sums, totals, short(len(totals) * TOTAL_BYTES)),
    }
    traces["range"] = range_trace(circuit, by_name["range"], traces, short(RANGE_ROWS))
    blind(circuit, traces, uniform(len(circuit.tables)))
    traces["steps"] = filled.trace.finish()
    return Witness(
        tuple(traces[t.name].shape[0].bit_length() - 1 for t in circuit.tables),
        [traces[t.name] for t in circuit.tables],
        dict(zip(TOTALS, totals, strict=True)),
        calendar.statement,
        calendar.columns(),
        first.tree.root,
        closing.tree.root,
        row_names(filled, opening.trades, marks, pool_order(filled.pools), calendar.first_day),
    )


def _check_sides(operations: Operations, opening: Opening, layout: Plan) -> None:
    acts = (operations.op != NONE) & (operations.trade >= layout.carried)
    short = np.array([int(p.side) for p in operations.pools], np.int64)
    record = operations.trade[acts] - layout.carried + len(layout.early)
    wrong = np.flatnonzero(short[operations.pool[acts]] != opening.records.short[record])
    if len(wrong):
        trade = opening.trades[int(record[wrong[0]])]
        raise InputError.one(
            trade.where,
            f"{trade.ref}: the expiry closes another side here than its committed record says",
            "enter it as a sell or a cover at zero",
        )


class _Lots:
    """Lots as they are committed: lanes (asset, wallet, quantity, value, seq), unit, (long-from, side)."""

    def __init__(self, operations: Operations, calendar: CalendarRows, times: Ints, layout: Plan) -> None:
        self.operations, self.calendar, self.times, self.carried = operations, calendar, times, layout.carried
        self.early = len(layout.early)
        pools = [(*asset_code(p.asset), *(source_code(p.wallet) if p.wallet else (0, 0, 0))) for p in operations.pools]
        self.pools = np.array(pools, np.int64).reshape(-1, 9)
        self.side = np.array([int(p.side) for p in operations.pools], np.int64)

    def left(self) -> tuple[Cells, Cells, Cells]:
        """The lots left at the end, in the order of the lists."""
        t = self.operations
        return self._lanes(t.final_node, t.final_q_lo, t.final_q_hi, t.final_value)

    def carried_in(self) -> tuple[Cells, Cells, Cells]:
        """The lots that the operations's first operations open."""
        t, n = self.operations, self.carried
        return self._lanes(t.node[:n], t.lot_q_lo[:n], t.lot_q_hi[:n], t.lot_value[:n])

    def _lanes(self, node: Ints, q_lo: Words, q_hi: Words, value: Words) -> tuple[Cells, Cells, Cells]:
        trade = self.operations.node_trade[node]
        pool = self.operations.node_pool[node]
        later = trade + self.early + (2 if self.carried else 1)
        seq = np.where(trade < self.carried, trade + 1, later)
        quantity = words.lanes24(words.to_bytes(q_lo, q_hi, 14))
        money = words.lanes24(words.to_bytes(value, None, 8))
        lots = np.concatenate((self.pools[pool], quantity, money, seq[:, None]), axis=1)
        unit = words.lanes24(self.operations.node_unit[node].astype(np.int64))
        long_from = words.limbs15(self.calendar.long_from(self.times[trade]))
        term = np.concatenate((long_from, self.side[pool][:, None]), axis=1)
        return lots.astype(np.uint32), unit.astype(np.uint32), term.astype(np.uint32)


def _no_inventory() -> Inventory:
    nothing = np.zeros((0, WIDTH), np.uint32)
    return Inventory(nothing, nothing, build_tree(np.zeros((0, DIGEST), np.uint32), np.zeros(SALT, np.uint32)))

"""From an opening and a regime to the witness of the lot machine: one trace a table, and the statement's figures."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.expr import P
from zkharvest.commitment.encoding import DIGEST, SALT, WIDTH, asset_code
from zkharvest.commitment.inventory import Inventory, commit_inventory
from zkharvest.commitment.opening import Opening
from zkharvest.commitment.tree import build_tree
from zkharvest.errors import InputError
from zkharvest.ledger.fast_tape import NONE, Tape, run_tape
from zkharvest.ledger.rules import Regime

from . import words
from .buses import BUCKETS
from .calendar_rows import CalendarRows
from .definition import LOG_ROWS, define
from .steps_columns import Steps
from .witness_steps import StepsWitness, plan
from .witness_tables import (
    BLIND_ROWS,
    blind,
    calendar_trace,
    hash_rows,
    pools_trace,
    poseidon_trace,
    range_trace,
    totals_trace,
)

Cells = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Witness:
    """Everything a proof of one statement is made from.

    n: log2 of the common height; traces: (2^n, columns) canonical elements, one a table in the circuit's order;
    totals: 10^-8 of the currency, `proceeds` may be negative; calendar: as in the statement; roots: 36 bytes.
    """

    n: int
    traces: list[Cells]
    totals: dict[str, int]
    calendar: dict[str, Any]
    calendar_columns: list[list[int]]
    opening_root: bytes
    closing_root: bytes


def make_witness(opening: Opening, regime: Regime, *, definition: tuple[Circuit, Steps] | None = None) -> Witness:
    """Run the ledger and fill every table. The opening inventory is empty.

    Raises InputError where the ledger does, if the run needs more rows than the circuit allows, or if an expiry closes
    another side under this regime than the committed record says.
    """
    circuit, steps = definition or define()
    tape = run_tape(opening.trades, regime)
    _check_sides(tape, opening)
    calendar = CalendarRows(regime, opening.trades[0].time)
    layout = plan(tape, len(opening.trades))
    lots = _final_lots(tape, opening, calendar)
    label = f"{regime.year}\0{regime.method}\0{regime.basis}\0{regime.timezone}"
    closing = commit_inventory(*lots, opening.seed, label)
    first = _no_inventory()
    inputs, marks = hash_rows(opening, first, closing)
    rows = max(layout.used, len(inputs), len(calendar.start), 1 << LOG_ROWS[0])
    n = (rows - 1).bit_length()
    if n > LOG_ROWS[1]:
        raise InputError.one(
            "",
            f"the run needs {rows} rows, the circuit has at most 2^{LOG_ROWS[1]}",
            "prove fewer trades: one source or an earlier year at a time",
        )
    filled = StepsWitness(steps, tape, opening.records, calendar, layout, 1 << n)
    sums = filled.slot_sums()
    totals = [sum(int(v) << (8 * k) for k, v in enumerate(row)) for row in sums]
    by_name = {t.name: t for t in circuit.tables}
    height = 1 << n
    traces: dict[str, Cells] = {
        "steps": filled.trace.finish(),
        "poseidon": poseidon_trace(by_name["poseidon"], inputs, marks, height),
        "pools": pools_trace(by_name["pools"], filled.pools, filled.head_write.tolist(), height),
        "calendar": calendar_trace(by_name["calendar"], filled.days_used, height),
        "totals": totals_trace(by_name["totals"], sums, totals, height),
    }
    traces["range"] = range_trace(circuit, by_name["range"], traces, height)
    blind(circuit, traces, _uniform(len(circuit.tables)))
    return Witness(
        n,
        [traces[t.name] for t in circuit.tables],
        dict(zip(BUCKETS, totals, strict=True)),
        calendar.statement,
        calendar.columns(),
        first.tree.root,
        closing.tree.root,
    )


def _check_sides(tape: Tape, opening: Opening) -> None:
    acts = tape.op != NONE
    short = np.array([int(p.side) for p in tape.pools], np.int64)
    wrong = np.flatnonzero(short[tape.pool[acts]] != opening.records.short[tape.trade[acts]])
    if len(wrong):
        trade = opening.trades[int(tape.trade[acts][wrong[0]])]
        raise InputError.one(
            f"line {trade.line}",
            f"{trade.ref}: the expiry closes another side here than its committed record says",
            "enter it as a sell or a cover at zero",
        )


def _final_lots(tape: Tape, opening: Opening, calendar: CalendarRows) -> tuple[Cells, Cells, Cells]:
    """Lanes of the lots that are left, in the order of the lists."""
    number = {name: i + 1 for i, name in enumerate(opening.sources)}
    pools = np.array(
        [(*asset_code(p.asset), 2 * (number[p.wallet] if p.wallet else 0) + int(p.side)) for p in tape.pools], np.int64
    )
    node = tape.final_node
    quantity = words.lanes24(words.to_bytes(tape.final_q_lo, tape.final_q_hi, 14))
    value = words.lanes24(words.to_bytes(tape.final_value, None, 8))
    seq = (tape.node_trade[node] + 1)[:, None]
    lots = np.concatenate((pools.reshape(-1, 7)[tape.node_pool[node]], quantity, value, seq), axis=1)
    unit = words.lanes24(tape.node_unit[node].astype(np.int64))
    times = np.array([t.time for t in opening.trades], np.int64)
    long_from = words.limbs15(calendar.long_at[calendar.day_of(times[tape.node_trade[node]])])
    return lots.astype(np.uint32), unit.astype(np.uint32), long_from.astype(np.uint32)


def _no_inventory() -> Inventory:
    nothing = np.zeros((0, WIDTH), np.uint32)
    return Inventory(nothing, nothing, build_tree(np.zeros((0, DIGEST), np.uint32), np.zeros(SALT, np.uint32)))


def _uniform(tables: int) -> NDArray[np.uint32]:
    """Uniform elements from the system's generator (64 bits reduced mod p: bias below 2^-32)."""
    raw = np.frombuffer(secrets.token_bytes(8 * tables * BLIND_ROWS), "<u8")
    return (raw % np.uint64(P)).astype(np.uint32).reshape(tables, BLIND_ROWS)

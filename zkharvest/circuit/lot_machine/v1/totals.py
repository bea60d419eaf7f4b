"""The tallied byte sums of all disposals, and the declared totals that they carry up to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Circuit, Table
from zkharvest.circuit.expr import shifted, total
from zkharvest.circuit.lot_machine.trace import NamedCells
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.spec import TOTAL_BYTES, TOTALS

from .buses import TALLY_BYTES, Buses, Publics

Cells = NDArray[np.uint32]


def totals_table(circuit: Circuit, buses: Buses, publics: Publics) -> Table:
    """Turns the tallied byte sums into the declared totals.

    The steps add up each byte position on its own (slot 8*bucket + position); a row takes one sum, adds the carry of
    the position below and splits off one byte of the total. |sum| < 2^28 (at most 2^20 rows of 255) and |carry| is at
    most 2^21, so nothing wraps: the byte equations hold over the integers. The sums stay hidden: they say more than the
    totals do.

    The statement takes every (bucket, position) once, so an active row has one of each. A bucket's rows follow each
    other up to position 11, which ends them; what is said of positions 0 to 9 leaves no other order (docs/adr/0009).
    """
    t = circuit.table("totals", "byte sums of all disposals into the declared totals")
    bucket = t.column_list("bucket", len(TOTALS))
    position = t.column_list("position", TOTAL_BYTES)
    value, carry_in, carry_out, low, high, byte = (
        t.column(n) for n in ("sum", "carry_in", "carry_out", "carry_low", "carry_high", "byte")
    )
    t.boolean(*bucket, *position)
    active = total(position)
    t.equal("one_bucket", total(bucket), active, "an active row has one bucket")
    sign = 1 - publics.proceeds_negative * bucket[4] * 2
    t.equal("split", value + carry_in, sign * byte + carry_out * 256, "sum + carry in = byte + 256 * carry out")
    t.equal("carry_limbs", carry_out + 2**21, low + high * 2**15, "the carry out is low + 2^15 high - 2^21")
    buses.ranges.check_u15(t, low, high, high * 256)
    buses.ranges.check_bytes(t, [byte])
    with t.when(position[0]):
        t.zero("carry_first", carry_in, "no carry into the lowest byte")
    with t.when(position[-1]):
        t.zero("carry_last", carry_out, "no carry out of the highest byte")
    inner = total(position[:-1])
    with t.when(total(position[TALLY_BYTES:])):
        t.zero("no_sum_above", value, "positions above the tallied ones have no sum")
    with t.when(inner):
        t.equal("carry_step", carry_in.next, carry_out, "the carry out is the next carry in", "transition")
    place = total(p * k for k, p in enumerate(position))
    with t.when(total(position[:-2])):
        t.equal("position_step", shifted(place), place + 1, "positions follow each other", "transition")
    rank = total(b * (i + 1) for i, b in enumerate(bucket))  # 0 on an idle row
    with t.when(inner):
        t.equal("bucket_step", shifted(rank), rank, "a total's rows stay in its bucket", "transition")
    t.zero("whole", inner, "no total is cut off by the end of the table", "last")
    number = total(b * i for i, b in enumerate(bucket))
    t.send(buses.total, [number, place, byte], active)
    for i, b in enumerate(bucket):
        for k in range(TALLY_BYTES):
            t.tally(i * TALLY_BYTES + k, -(b * position[k]) * value)
    return t


def totals_trace(table: Table, sums: Ints, totals: Sequence[int], rows: int) -> Cells:
    """One row a byte of each total; `sums` (5, 8) may be negative, so may the last total."""
    filled = NamedCells(table, rows)
    filled.put(slice(None), carry_high=2**21 >> 15)
    for b, value in enumerate(totals):
        sign = -1 if value < 0 else 1
        carry = 0
        for k in range(TOTAL_BYTES):
            row = b * TOTAL_BYTES + k
            byte = abs(value) >> (8 * k) & 255
            tallied = int(sums[b, k]) if k < TALLY_BYTES else 0
            filled.put(row, **{f"bucket{b}": 1, f"position{k}": 1}, sum=tallied, byte=byte, carry_in=carry)
            carry = (tallied + carry - sign * byte) >> 8
            limbs = carry + 2**21
            filled.put(row, carry_out=carry, carry_low=limbs & 0x7FFF, carry_high=limbs >> 15)
    return filled.cells

"""The machine's small tables: ranges, the calendar, the totals and the pools."""

from __future__ import annotations

from zkharvest.circuit.builder import Circuit, Table
from zkharvest.circuit.expr import Expr, total
from zkharvest.circuit.gadgets import Ranges, compare_columns, less, pack24
from zkharvest.commitment.encoding import SOURCE_LANES

from .buses import BUCKETS, KEY, TALLY_BYTES, TOTAL_BYTES, Buses, Publics

RANGE_ROWS = 8192
PAIRS_A_ROW = 8
U15_A_ROW = 4
LANE_MAX = 2**24 - 1
SEQ_MAX = 2**28
"""The tail's key: above every key of a lot. Honest packages, year by year, count trades up to it for centuries; beyond
it a lot has no place in a list."""


def range_table(circuit: Circuit, ranges: Ranges) -> Table:
    """Counts through all byte pairs, eight a row, and all 15-bit integers, four a row, in its first 8192 rows.

    No preprocessed column: the counters are pinned at both ends. From 0 by steps of 8, `lo` can return to 0 only from
    248; rows that end in (255, 248) are 8192 and leave no other count (8 * row = lo + 256 * hi throughout). `active` is
    a bit and 1 at first: that follows (docs/adr/0009).
    """
    t = circuit.table("range", "every pair of bytes and every 15-bit integer")
    active, r, hi, lo, wrap = (t.column(n) for n in ("active", "row", "hi", "lo", "wrap"))
    t.boolean(wrap)
    for cell in (r, hi, lo):
        t.zero(f"{cell.name}_start", cell + 0, f"`{cell.name}` starts at 0", "first")
    t.zero("active_once", active.next * (1 - active), "active rows come first", "transition")
    t.zero("row_step", active.next * (r.next - r - 1), "rows are counted", "transition")
    t.zero(
        "lo_step", active.next * (lo.next - lo - 8 + wrap * 256), "the low byte steps by eight and wraps", "transition"
    )
    t.zero("hi_step", active.next * (hi.next - hi - wrap), "the high byte counts the wraps", "transition")
    t.zero("wrap_at", wrap * (lo - 248), "the low byte wraps only at its end")
    for cell, end in ((hi, 255), (lo, 248)):
        t.zero(
            f"{cell.name}_end",
            active * (1 - active.next) * (cell - end),
            f"the last active row: {cell.name} {end}",
            "transition",
        )
        t.zero(f"{cell.name}_end_last", active * (cell - end), f"so does an active last row: {cell.name} {end}", "last")
    for j in range(PAIRS_A_ROW):
        t.send(ranges.bytes, [hi, lo + j], active * t.column(f"pair_count{j}"))
    for j in range(U15_A_ROW):
        t.send(ranges.u15, [r * U15_A_ROW + j], active * t.column(f"u15_count{j}"))
    return t


def calendar_table(circuit: Circuit, buses: Buses) -> Table:
    """The election's public calendar: row d is local day d; its end is the next row's start.

    The row after the last is the first: without `last_no_day` an idle last row (start 0, long-term from 0) would end at
    the first listed day's start, a day that holds every trade before the calendar.
    """
    t = circuit.table("calendar", "first instant of each local day, and from when a lot acquired that day is long term")
    start = [t.public_column(f"start{i}") for i in range(3)]
    long = [t.public_column(f"long{i}") for i in range(3)]
    phase = t.public_column("phase")
    count = t.column("count")
    t.send(buses.calendar, [*start, *(s.next for s in start), *long, phase], count)
    t.zero("last_no_day", count, "the last row is no day: its end would be the first row's start", "last")
    return t


def sources_table(circuit: Circuit, buses: Buses) -> Table:
    """The statement's sources by number and code: what a transfer or an inventory names is found here.

    A number is a place in the statement's list, which is the prover's to arrange; hashes hold the code of the name.
    """
    t = circuit.table("sources", "the number and the code of every listed source")
    active, number, count = t.column("active"), t.column("number"), t.column("count")
    code = t.column_list("code", SOURCE_LANES)
    t.boolean(active)
    t.receive(buses.listed, [number, *code], active)
    t.send(buses.source, [number, *code], active * count)
    return t


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
    bucket = t.column_list("bucket", len(BUCKETS))
    position = t.column_list("position", TOTAL_BYTES)
    value, carry_in, carry_out, low, high, byte = (
        t.column(n) for n in ("sum", "carry_in", "carry_out", "carry_low", "carry_high", "byte")
    )
    t.boolean(*bucket, *position)
    active = total(position)
    t.zero("one_bucket", total(bucket) - active, "an active row has one bucket")
    sign = 1 - publics.proceeds_negative * bucket[4] * 2
    t.zero("split", value + carry_in - sign * byte - carry_out * 256, "sum + carry in = byte + 256 * carry out")
    t.zero("carry_limbs", carry_out + 2**21 - low - high * 2**15, "the carry out is low + 2^15 high - 2^21")
    buses.ranges.check_u15(t, low, high, high * 256)
    buses.ranges.check_bytes(t, [byte])
    t.zero("carry_first", position[0] * carry_in, "no carry into the lowest byte")
    t.zero("carry_last", position[-1] * carry_out, "no carry out of the highest byte")
    inner = total(position[:-1])
    t.zero("no_sum_above", total(position[TALLY_BYTES:]) * value, "positions above the tallied ones have no sum")
    t.zero("carry_step", inner * (carry_in.next - carry_out), "the carry out is the next carry in", "transition")
    place = total(p * k for k, p in enumerate(position))
    place_next = total(p.next * k for k, p in enumerate(position))
    ordered = total(position[:-2])
    t.zero("position_step", ordered * (place_next - place - 1), "positions follow each other", "transition")
    rank = total(b * (i + 1) for i, b in enumerate(bucket))  # 0 on an idle row
    rank_next = total(b.next * (i + 1) for i, b in enumerate(bucket))
    t.zero("bucket_step", inner * (rank_next - rank), "a total's rows stay in its bucket", "transition")
    t.zero("whole", inner, "no total is cut off by the end of the table", "last")
    number = total(b * i for i, b in enumerate(bucket))
    t.send(buses.total, [number, place, byte], active)
    for i, b in enumerate(bucket):
        for k in range(TALLY_BYTES):
            t.tally(i * TALLY_BYTES + k, -(b * position[k]) * value)
    return t


def pools_table(circuit: Circuit, buses: Buses) -> Table:
    """Every pool once: emits the head of its empty list at the start and takes the emptied list back at the end.

    Pools are strictly increasing in (72-bit asset order, wallet, side), so there is no second list for a pool.
    """
    t = circuit.table("pools", "one list of open lots for each asset, wallet and side")
    active = t.column("active")
    asset = t.column_list("asset", 6)
    wallet, side, last_write = t.column("wallet"), t.column("side"), t.column("last_write")
    octets = t.column_list("octet", 9)
    t.boolean(active, side)
    buses.ranges.check_bytes(t, octets)
    buses.ranges.check_u15(t, wallet)
    for i, lane in enumerate(pack24(octets)):
        t.zero(f"asset{i}_bytes", asset[i] - lane, "the order lanes of the asset have 24 bits")
    t.zero("active_once", active.next * (1 - active), "active rows come first", "transition")
    order = compare_columns(t, buses.ranges, "order", 4, wide=True)
    rank: list[Expr] = [*asset[:3], wallet * 2 + side]
    following: list[Expr] = [*(a.next for a in asset[:3]), wallet.next * 2 + side.next]
    less(
        t,
        "order",
        order,
        list(zip(rank, following, strict=True)),
        active.next + 0,
        strict=True,
        note="pools are strictly increasing",
        where="transition",
    )
    pool = [*asset, wallet, side]
    tail = [0, *([LANE_MAX] * (KEY - 1)), SEQ_MAX]
    t.send(buses.link, [*pool, 0, 0, *([0] * KEY), *tail], active)
    t.receive(buses.link, [*pool, 0, last_write, *([0] * KEY), *tail], active)
    return t

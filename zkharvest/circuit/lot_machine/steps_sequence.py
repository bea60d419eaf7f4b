"""Which row may follow which, the order of trades, and the decoding of records."""

from __future__ import annotations

from zkharvest.circuit.expr import Expr, total
from zkharvest.circuit.gadgets import LIMB, less
from zkharvest.commitment.encoding import CLOSE, MOVE, NEGATIVE, SHORT_SIDE

from .steps_columns import Steps, most_significant_first


def sequence(s: Steps) -> None:
    """Rows are of one kind and follow each other as a run of the machine does.

    Every flag is 0 or 1; few say so by themselves, the others follow (docs/adr/0009).
    """
    t = s.t
    flags = [s.open, s.take, s.settle, s.out, s.into, s.skip, s.close]
    works = total(flags)
    t.zero("one_kind", works * (works - 1), "a row does one thing, or nothing")
    t.zero("load_alone", s.load * (s.load - 1 + works), "a row that loads, once, does nothing else")
    idle = (1 - s.load) * (1 - works)
    t.zero("clk_start", s.clk - 1, "the clock starts at 1", "first")
    t.zero("clk_step", s.clk.next - s.clk - 1, "the clock counts rows", "transition")
    t.zero(
        "loads_first", s.load.next * (1 - s.load), "the opening inventory is loaded before anything else", "transition"
    )
    # Loads and second halves follow rows of their own: that none follows a close or an idle row is said there.
    begins = s.open.next + s.take.next + s.out.next + s.skip.next
    t.zero("closes_last", s.close * begins, "after the first close come only closes and idle rows", "transition")
    t.zero("idle_last", idle * (begins + s.close.next), "after the first idle row come only idle rows", "transition")
    t.zero(
        "take_settles",
        s.settle.next - s.take,
        "a take's trade part follows, and only follows, its lot part",
        "transition",
    )
    t.zero("settle_start", s.settle + 0, "the first row is no second half", "first")
    t.zero("out_into", s.into.next - s.out, "what leaves a list enters the other on the next row", "transition")
    t.zero("into_start", s.into + 0, "the first row is no arrival", "first")
    t.zero("more_where", s.more * (1 - s.settle - s.into), "`more` is said where a part is done")
    t.zero(
        "more_take", s.more * s.settle * (1 - s.take.next), "an unfinished closing goes on with a take", "transition"
    )
    t.zero(
        "more_out",
        s.more * s.into * (1 - s.out.next),
        "an unfinished transfer goes on with its next part",
        "transition",
    )
    t.zero("ends_whole", s.keeps, "the table does not end inside a trade", "last")

    starts = s.take + s.out
    t.zero(
        "first_next",
        s.first.next - s.open.next - s.skip.next - (s.take.next + s.out.next) * (1 - s.more),
        "a trade's first row is an open, a skip, or a take or transfer that continues nothing",
        "transition",
    )
    t.zero("first_start", s.first - s.open - s.skip - starts, "the same on row 0", "first")
    t.zero("seq_step", (s.seq.next - s.seq - s.first.next), "`seq` counts trades", "transition")
    t.zero("seq_start", (1 - s.load) * (s.seq - s.first), "with no opening inventory it starts at 0", "first")
    for cell in s.held_by_trade():
        if cell is not s.seq:
            # What follows an unfinished part has its code by `take_code` or `out_code`, the asset's rest by `pools`.
            halves = {s.code_close: s.take + 0, s.code_move: s.out + 0} | dict.fromkeys(s.asset[3:], s.take + s.out)
            keeps = halves.get(cell, s.keeps)
            t.zero(f"{cell.name}_held", keeps * (cell.next - cell), f"`{cell.name}` is the same on all rows of a trade")


def order(s: Steps) -> None:
    """Trades come strictly in order of (time, tie, source, position): none twice, none out of turn."""
    lanes = [*most_significant_first(s.time), s.tie, s.source, s.position]
    after = [*(c.next for c in reversed(s.time)), s.tie.next, s.source.next, s.position.next]
    # On the next row's columns the comparison would need row i+1's advice; it is kept on row i.
    active: Expr = s.first.next * (1 - s.load)
    less(
        s.t,
        "order",
        s.order,
        list(zip(lanes, after, strict=True)),
        active,
        strict=True,
        note="the next trade is later",
        where="transition",
    )


def record(s: Steps) -> None:
    """The first row of a trade consumes its committed record; what the record says decides what the rows may do."""
    t = s.t
    t.boolean(s.code_close, s.code_move, s.side, s.negative)
    t.zero("one_code", s.code_close * s.code_move, "a record closes or moves, not both")
    s.buses.ranges.check_u15(t, *s.time, s.tie, s.source)
    code = s.code_close * CLOSE + s.code_move * MOVE + s.side * SHORT_SIDE + s.negative * NEGATIVE
    t.receive(
        s.buses.record,
        [
            s.source,
            s.position,
            code,
            s.time[0] + s.time[1] * LIMB,
            s.time[2] + s.tie * LIMB,
            *s.rest_quantity,
            *s.rest_value,
            *s.asset,
            s.publics.currency,
        ],
        s.first,
    )
    # f * (f - c) = 0 for a bit c: the flag f is a bit, and 0 where c is.
    t.zero("open_code", s.open * (s.open - (1 - s.code_close - s.code_move)), "only an opening record opens, one lot")
    t.zero("open_sign", s.open * s.negative, "a lot's value is not negative")
    t.zero("take_code", s.take * (s.take - s.code_close), "only a closing record takes, once a row")
    moves = s.code_move * s.publics.wallet
    t.zero("out_code", s.out * (s.out - moves), "only a transfer moves, under wallet basis only, once a row")
    t.zero("out_long", s.out * s.side, "only long lots move")
    t.zero(
        "skip_why",
        s.skip * (2 - s.phase) * (1 - s.code_move * (1 - s.publics.wallet)),
        "a record is without effect only outside the days that count, or as a transfer under universal basis",
    )
    working = s.trade - s.skip
    acts = s.open + s.take + s.out
    t.zero("work_in_time", acts * s.phase * (s.phase - 1), "nothing after the year's end has an effect")
    own = s.publics.wallet * (s.source + 1)
    t.zero(
        "wallet_own",
        (working - s.into) * (s.wallet - own),
        "the pool is that of the record's source, or the universal one",
    )
    named = s.publics.wallet * (s.load + s.close)
    t.zero("wallet_to", (s.into + named) * (s.wallet - s.to - 1), "an arrival is in the destination's pool")
    t.receive(s.buses.source, [s.to, *s.rest_value], s.out * s.first + named)
    # Else what arrives could be moved again, in the same trade, for as long as one likes: more than there is.
    t.zero("out_elsewhere", s.out * ((s.to - s.source) * s.away - 1), "a transfer goes to another source")
    unnamed = (1 - s.publics.wallet) * (s.load + s.close)
    without = (1 - s.publics.wallet) * s.load
    t.zero("wallet_none", without * s.wallet, "under universal basis a loaded lot is in no wallet")
    for i, lane in enumerate(s.rest_value):
        t.zero(f"wallet_none{i}", unnamed * lane, "and names none")


def day(s: Steps) -> None:
    """The record's local day: the calendar row whose interval holds its time."""
    t = s.t
    t.receive(s.buses.calendar, [*s.day_start, *s.day_end, *s.day_long, s.phase], s.first)
    time = most_significant_first(s.time)
    active = s.first + 0
    less(
        t,
        "since",
        s.since,
        list(zip(most_significant_first(s.day_start), time, strict=True)),
        active,
        strict=False,
        note="the day has begun",
    )
    less(
        t,
        "until",
        s.until,
        list(zip(time, most_significant_first(s.day_end), strict=True)),
        active,
        strict=True,
        note="the day has not ended",
    )

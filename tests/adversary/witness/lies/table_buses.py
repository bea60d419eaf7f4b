"""Lies that need a message of a small table gone, or a field of it: ranges, calendar, sources, totals, the ring."""

from __future__ import annotations

from typing import Any

from tests.adversary.kit.forge import Forgery
from tests.adversary.witness.lies.forest import LOT_A, empty_year, regrown
from tests.adversary.witness.lies.hash_buses import plus
from tests.adversary.witness.lies.registry import bus_lie, field_lie, public_lie, run, starved, tally_lie
from tests.adversary.witness.lies.tables import NOTHING, TABLES
from tests.support.make import trade
from zkharvest.circuit.expr import P
from zkharvest.commitment.encoding import SOURCE_LANES, TREE_CLOSING

BUY = trade("2024-01-01", "a/1", "buy", 1, 100)
SELL = trade("2024-02-01", "a/2", "sell", 1, 200)
OTHER = trade("2024-01-02", "b/1", "buy", 1, 100)
WIDE = 2**15
BUCKETS = ("short_gain", "short_loss", "long_gain", "long_loss", "proceeds")


def nothing() -> Forgery:
    """An honest run without pool and disposal."""
    return run(NOTHING, basis="universal")


def counted(forged: Forgery) -> Forgery:
    forged.recount()
    return forged


def last(table: str, **cells: int) -> Forgery:
    """Cells of the last row, which is idle."""
    forged = run([BUY, SELL])
    forged.sheet(table).set(-1, **cells)
    return counted(forged)


# ----------------------------------------------------------------------------------------------------------- ranges


def octet(k: int) -> Forgery:
    """A byte of 256 in the order lanes of a pool: its asset sorts where it likes."""
    return last("pools", **{f"octet{k}": 256, f"asset{k // 3}": 256 ** (k % 3 + 1)})


def carry_limbs(low: int, high: int) -> Forgery:
    """A carry that no two limbs of 15 and 7 bits make; an idle row of the totals splits what it likes."""
    carry = low + WIDE * high - 2**21
    return last("totals", carry_low=low, carry_high=high, carry_out=carry, carry_in=256 * carry)


starved(
    "the table offers, others look up: offered as often as 0 times, a number is not there",
    *(f"range -> bytes #{j}" for j in range(8)),
    *(f"range -> u15 #{j}" for j in range(4)),
    "calendar -> calendar #0",
    "sources -> source #0",
)
for _j in range(5):
    bus_lie(f"pools <- bytes #{_j}", octet, 2 * _j)
field_lie("bytes", 0, octet, 0)
field_lie("bytes", 1, octet, 1)
bus_lie("pools <- u15 #0", lambda: last("pools", wallet=WIDE))
bus_lie("pools <- u15 #1", lambda: last("pools", order_low=-WIDE, order_high=1))
bus_lie("pools <- u15 #2", lambda: last("pools", order_low=1, order_high=-pow(WIDE, -1, P)))
bus_lie("totals <- u15 #0", carry_limbs, WIDE, 64)
bus_lie("totals <- u15 #1", carry_limbs, 0, pow(256, -1, P))
bus_lie("totals <- u15 #2", carry_limbs, 0, 128)
bus_lie("totals <- bytes #0", lambda: last("totals", byte=256, carry_in=256))


# --------------------------------------------------------------------------------------------------------- calendar


def another_day(name: str, lane: int, by: int) -> Forgery:
    """A disposal's row has the day's limits, or what lots of that day get, differently from the calendar."""
    forged = run([BUY, SELL])
    steps = forged.sheet("steps")
    (row,) = steps.rows("is_take")
    steps.set(row, **{f"{name}{lane}": int(steps[f"{name}{lane}"][row]) + by})
    start, time, end = ([int(steps[f"{stem}{i}"][row]) for i in (2, 1, 0)] for stem in ("day_start", "time", "day_end"))
    steps.compare(row, "since", start, time)
    steps.compare(row, "until", time, end)
    return counted(forged)


def phase() -> Forgery:
    """A purchase of the year is said to be of the year before, where nothing depends on it."""
    forged = run([BUY])
    (row,) = forged.sheet("steps").rows("is_open")
    forged.sheet("steps").set(row, phase=0)
    return forged


for _lane in range(3):
    field_lie("calendar", _lane, another_day, "day_start", _lane, -1)
    field_lie("calendar", 3 + _lane, another_day, "day_end", _lane, 1)
    field_lie("calendar", 6 + _lane, another_day, "day_long", _lane, 1)
field_lie("calendar", 9, phase)


# ---------------------------------------------------------------------------------------------------------- sources


def listed(**cells: int) -> Forgery:
    """A source that nobody names has another number or code than the statement says."""
    forged = nothing()
    sources = forged.sheet("sources")
    sources.set(0, **{name: int(sources[name][0]) + value for name, value in cells.items()})
    return forged


def unlisted() -> Forgery:
    """The table offers a source that the statement does not list."""
    forged = empty_year()
    forged.sheet("sources").set(0, active=1, number=3)
    return forged


def no_sources() -> Forgery:
    """The statement lists sources that the table does not have."""
    forged = nothing()
    forged.sheet("sources")["active"][:] = 0
    return forged


def named_otherwise(lane: int) -> Forgery:
    """A lot that is left in a wallet is committed under a name that nobody has."""
    forged = regrown(run([BUY]), TREE_CLOSING, plus(7 + lane, LOT_A))
    steps = forged.sheet("steps")
    (row,) = steps.rows("is_close")
    steps.set(row, **{f"rest_value{lane}": int(steps[f"rest_value{lane}"][row]) + 1})
    return forged


def named_of_another() -> Forgery:
    """A lot that is left in one wallet is committed under the name of another one."""
    forged = run([BUY, OTHER])
    sources, steps = forged.sheet("sources"), forged.sheet("steps")
    mine, other = (sources.get(row, "code") for row in (0, 1))
    row = next(r for r in steps.rows("is_close") if steps["to"][r] == 0)
    steps.put(row, "rest_value", other)
    place = int(steps["inventory"][row])
    sources.set(0, count=int(sources["count"][0]) - 1)
    sources.set(1, count=int(sources["count"][1]) + 1)

    def change(rows: list[Any]) -> None:
        for leaf in rows:
            if leaf.kind == LOT_A and leaf.index == place:
                assert leaf.inputs[7 : 7 + SOURCE_LANES] == mine
                leaf.inputs[7 : 7 + SOURCE_LANES] = other

    return regrown(forged, TREE_CLOSING, change)


bus_lie("sources <- listed #0", unlisted)
public_lie("public listed #0", no_sources)
field_lie("listed", 0, lambda: listed(number=5))
field_lie("source", 0, named_of_another)
for _lane in range(SOURCE_LANES):
    field_lie("listed", 1 + _lane, lambda lane: listed(**{f"code{lane}": 1}), _lane)
    field_lie("source", 1 + _lane, named_otherwise, _lane)


# ----------------------------------------------------------------------------------------------------------- totals


def misplaced(**claims: int) -> Forgery:
    """A gain of 100 is claimed in other bytes, or as another total."""
    forged = run([BUY, SELL])
    forged.claim(**claims)
    return forged


def as_loss() -> Forgery:
    gain = 100 * 10**8
    bytes_of = {f"short_loss_{k}": gain >> (8 * k) & 255 for k in range(12)}
    return misplaced(**bytes_of, **{f"short_gain_{k}": 0 for k in range(12)})


def upside_down() -> Forgery:
    gain = 100 * 10**8
    return misplaced(**{f"short_gain_{11 - k}": gain >> (8 * k) & 255 for k in range(12)})


def untallied(slot: int) -> Forgery:
    """A total of 256^k that the steps know nothing of: its row takes a sum that nobody added up."""
    bucket, k = divmod(slot, 8)
    forged = nothing()
    forged.sheet("totals").set(12 * bucket + k, sum=1, byte=1)
    forged.claim(**{f"{BUCKETS[bucket]}_{k}": 1})
    return counted(forged)


def unsaid(bucket: int) -> Forgery:
    """A total that no row computes: the statement says what it likes."""
    forged = nothing()
    own = slice(0, -3)
    trace = forged.traces["totals"]
    trace[12 * bucket : 12 * bucket + 12, own] = trace[-1, own]
    forged.claim(**{f"{BUCKETS[bucket]}_{k}": 7 for k in range(12)})
    return counted(forged)


starved("the statement takes every byte of every total, and only this table has them", "totals -> total #0")
field_lie("total", 0, as_loss)
field_lie("total", 1, upside_down)
field_lie("total", 2, lambda: misplaced(short_gain_11=9))
for _slot in range(40):
    tally_lie("totals", _slot, untallied, _slot)
for _bucket in range(5):
    public_lie(f"public total #{_bucket}", unsaid, _bucket)


# ------------------------------------------------------------------------------------------------ pools and the ring


def crossed() -> Forgery:
    """Two tables have each other's random number."""
    forged = nothing()
    first, second = (forged.sheet(TABLES[i]) for i in (0, 1))
    values = int(first["blind_in"][0]), int(second["blind_in"][0])
    first.set(0, blind_in=values[1])
    second.set(0, blind_in=values[0])
    return forged


def any_number() -> Forgery:
    forged = nothing()
    forged.sheet("totals").set(0, blind_in=5)
    return forged


starved(
    "every operation on a list takes one older entry and gives as many as it takes, what it empties apart, which was "
    "put in before: without a first head, or with a last one that nobody takes, there are no operations and no pools",
    "pools -> link #0",
    "pools <- link #1",
)
for _name in TABLES:
    starved("each table passes on as many as it gets, so a ring with a gap is empty", f"{_name} -> blind #0")
    starved("each table passes on as many as it gets, so a ring with a gap is empty", f"{_name} <- blind #1")
field_lie("blind", 0, crossed)
field_lie("blind", 1, any_number)

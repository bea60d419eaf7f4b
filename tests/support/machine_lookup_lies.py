"""Lies that a range check of the machine stops: a cell out of range, with which everything else agrees.

`LOOKUPS` has them by the columns that the look-up reads. Most prove something false: an order that is none, a unit
basis that is none, a token read before it is written, a record of another day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from tests.adversary.kit.local import Board
from tests.models.lot_machine_v2.histories import at
from tests.models.lot_machine_v2.story import T
from tests.models.lot_machine_v2.words import DAY
from tests.support import machine_circuit as machine
from tests.support.machine_circuit import Run
from tests.support.machine_lies import LIES, found
from tests.support.machine_lies_amounts import marks, operations, taken
from tests.support.machine_lies_lists import HIGH_TO_LOW, of_unit, two
from tests.support.machine_lies_results import limbs, of_day
from tests.support.machine_lying import buy, page, run, sale, told
from tests.support.machine_rows import rows_of
from zkharvest.circuit.lot_machine.shared.lists import LANE_MAX, SEQ_MAX
from zkharvest.circuit.lot_machine.v2.rows import Op
from zkharvest.spec import P

Columns = tuple[str, ...]
LOOKUPS: dict[Columns, Callable[[], Run]] = {}
LANE = 1 << 15
STRETCH = 1 << 30
"""Milliseconds of the upper limb of an instant."""

# ------------------------------------------------------------------------------------------------ gaps


def gap(name: str, limb: str, unit: int) -> Run:
    """The lie about a comparison, with the gap that makes it true: it is negative, as one limb says."""
    made = {**found(), **LIES}[f"{name}_gap"]()
    board = Board(made, machine.description())
    t = board.names.index("steps")
    k = [c["name"] for c in board.tables[t]["constraints"]].index(f"{name}_gap")
    values = board.outcome(t, np.arange(len(made.cells()))).constraints[:, k]
    for row in np.flatnonzero(values).tolist():
        missing = int(values[row]) * pow(unit, -1, P)
        made.put(row, **{f"{name}_{limb}": made.get(row, f"{name}_{limb}") + missing})
    machine.answer(made)
    return made


for _name, _limbs in (
    ("order", ("high",)), ("since", ("low",)), ("remainder", ("low",)), ("above", ("low", "high")), ("below", ("low",)),
    ("held", ("low",)), ("result", ("low", "high")),
):  # fmt: skip
    for _limb_name in _limbs:
        LOOKUPS[f"{_name}_{_limb_name}",] = lambda name=_name, limb=_limb_name: gap(
            name, limb, 1 if limb == "low" else LANE
        )


def compared(made: Run, row: int, name: str, low: Sequence[int], high: Sequence[int], limb: str = "low") -> None:
    """The mark and the gap of a comparison that need not be true: then the limb holds what is negative."""
    lane = next(i for i, (x, y) in enumerate(zip(low, high, strict=True)) if x != y)
    missing = high[lane] - low[lane] - 1
    if missing >= 0:
        marks(made, row, name, len(low), [lane], missing)
        return
    marks(made, row, name, len(low), [lane], 0)
    made.put(row, **{f"{name}_{limb}": missing if limb == "low" else missing * pow(LANE, -1, P)})


def _turned() -> Run:
    """Two purchases, the later first."""
    link = page(buy(), buy(1))
    first, second, *closes = link.rows

    def change(made: Run) -> None:
        lanes = [[made.get(r, "time2"), made.get(r, "worked1"), 2 * made.get(r, "worked0"), 0, 0] for r in (0, 1)]
        compared(made, 0, "order", *lanes)

    return told(link, [second, first, *closes], change)


def _remainder() -> Run:
    """A part's basis is one less: the remainder is not below the lot's quantity."""
    whole = 1 << 60
    link = taken(whole, of=whole - 1, value=100)
    rows = rows_of(link)
    (take,), (close,) = operations(rows, Op.TAKE), operations(rows, Op.CLOSE)
    rows.part_value[take], rows.lot_value[close] = 98, 2

    def change(made: Run) -> None:
        (row,) = made.at("take")
        rest = sum(x << 8 * i for i, x in enumerate(number(made, row, "r")))
        compared(
            made, row, "remainder", *([x >> 24 * i & LANE_MAX for i in (4, 3, 2, 1, 0)] for x in (rest, whole)), "high"
        )

    return run(link, change, rows)


def _dearer_first() -> Run:
    """LOFO: a lot stands before a cheaper one."""
    link, rows = two(of_unit(6, 1, 9), of_unit(6, 2, 4))

    def change(made: Run) -> None:
        lanes = [[made.get(1, f"{stem}{i}") for i in HIGH_TO_LOW] for stem in ("key", "pred_next_key")]
        compared(made, 1, "below", *lanes, "high")

    return run(link, change, rows)


LOOKUPS["order_low",], LOOKUPS["remainder_high",], LOOKUPS["below_high",] = _turned, _remainder, _dearer_first

# ------------------------------------------------------------------------------------------------ bytes

WHOLE = int.from_bytes(bytes([100] * 14), "little"), int.from_bytes(bytes([90] * 8), "little")
PART = int.from_bytes(bytes([40] * 14), "little"), int.from_bytes(bytes([50] * 8), "little")
ROWS = {"a": (1,), "b": (1, 2), "c": (1,), "q": (0,), "r": (1,), "e": (1,), "g": (1,)}
"""Rows on which a number is changed: 0 opens, 1 takes, 2 settles."""
SIZES = {"a": 8, "b": 14, "c": 14, "q": 20, "r": 14, "e": 14, "g": 8}


def number(made: Run, row: int, stem: str) -> list[int]:
    """A number's bytes, which may be negative."""
    cells = [made.get(row, f"{stem}{i}") for i in range(SIZES[stem])]
    return [x - P if x > P // 2 else x for x in cells]


def put(made: Run, row: int, stem: str, values: Sequence[int]) -> None:
    """Cells of a name."""
    made.put(row, **{f"{stem}{i}": value for i, value in enumerate(values)})


def _limb(x: Sequence[int], m: int) -> int:
    return x[2 * m] + 256 * x[2 * m + 1] if 2 * m < len(x) else 0


def _column(x: Sequence[int], y: Sequence[int], m: int) -> int:
    """Byte positions 2m and 2m+1 of a product."""
    return sum(x[i] * y[2 * m + k - i] << (8 * k) for k in (0, 1) for i in range(len(x)) if 0 <= 2 * m + k - i < len(y))


def _carried(columns: Sequence[int]) -> list[int]:
    """Carries of columns of 16 bits; multiples of the field's order pass unseen, as they do in the circuit."""
    carries, carry = [], 0
    for value in columns:
        total = value + carry
        total += next((k * P for k in (0, 1, -1) if (total + k * P) % 65536 == 0), 0)
        carry = total >> 16
        carries.append(carry)
    return carries


def agree(made: Run, row: int, *, opens: bool = False) -> list[int]:
    """Carries, borrows and the inverse of a row follow from its bytes; the borrows."""
    a, b, c, q, r, e, g = (number(made, row, stem) for stem in "abcqreg")
    put(made, row, "carry", _carried([_column(a, b, m) - _column(q, c, m) - _limb(r, m) for m in range(17)])[:16])
    if opens:
        return []
    borrows = [
        _carried([_limb(b, m) + _limb(e, m) - _limb(c, m) for m in range(7)])[:6],
        _carried([_limb(q, m) + _limb(g, m) - _limb(a, m) for m in range(4)])[:3],
    ]
    put(made, row, "borrow_e", borrows[0])
    put(made, row, "borrow_g", borrows[1])
    made.put(row, left_inverse=pow(sum(b if made.get(row, "is_settle") else e), -1, P))
    return borrows[0] + borrows[1]


def octet(stem: str, place: int) -> Run:
    """A byte of 256 more or less, and the next one of one less or more: the same number."""
    link = page(buy(0, *WHOLE), sale(1, *PART))
    for more in (256, -256):
        good = True

        def change(made: Run, more: int = more) -> None:
            nonlocal good
            for row in ROWS[stem]:
                own = number(made, row, stem)
                own[place] += more
                own[place + 1] -= more // 256
                put(made, row, stem, own)
                borrows = agree(made, row, opens=row == 0)
                good = good and set(borrows) <= {0, 1} and 0 <= own[place + 1] < 256

        made = run(link, change)
        if good:
            return made
    raise AssertionError((stem, place))


# Two bytes a look-up, three a lane: a lane must not change, so where the first byte of a look-up ends one, the second.
for _stem, _size in SIZES.items():
    for _place in range(0, _size, 2):
        LOOKUPS[f"{_stem}{_place}", f"{_stem}{_place + 1}"] = lambda stem=_stem, place=_place: octet(
            stem, place + (place % 3 == 2)
        )

# ------------------------------------------------------------------------------------------------ carries


def carry(m: int) -> Run:
    """A unit basis too large: of value * 2^96 + p * 2^(16 m), which is the same but for one carry."""
    whole, value = min(2**112 - 1, 2 ** (16 * m + 20) + 1), 100 * 10**8
    unit, rest = divmod((value << 96) + (P << (16 * m)), whole)
    link = page(buy(0, whole, value))
    rows = rows_of(link)
    rows.entries.unit[0] = list(unit.to_bytes(20, "little"))

    def change(made: Run) -> None:
        put(made, 0, "r", list(rest.to_bytes(14, "little")))
        agree(made, 0, opens=True)
        lanes = [[x >> 24 * i & LANE_MAX for i in (4, 3, 2, 1, 0)] for x in (rest, whole)]
        mark = next(i for i in range(5) if lanes[0][i] != lanes[1][i])
        marks(made, 0, "remainder", 5, [mark], lanes[1][mark] - lanes[0][mark] - 1)

    return run(link, change, rows)


for _m in range(16):
    LOOKUPS[f"carry{_m}",] = lambda m=_m: carry(m)

# ------------------------------------------------------------------------------------------------ ages


def aged(made: Run, row: int, token: str, written: int, high: bool = False) -> None:
    """A token is read that was written at another time; the age is a multiple of 2^15 where the other limb is asked."""
    age = made.get(row, "clk") - written - 1
    limb0, limb1 = (0, age * pow(LANE, -1, P)) if high else (age, 0)
    made.put(row, **{f"{token}_write": written, f"{token}_age0": limb0, f"{token}_age1": limb1})


PROPORTION = (
    *(f"{stem}{i}" for stem, size in SIZES.items() for i in range(size)),
    *(f"carry{i}" for i in range(16)), *(f"borrow_e{i}" for i in range(6)), *(f"borrow_g{i}" for i in range(3)),
    *(f"remainder_at{i}" for i in range(5)), "remainder_low", "remainder_high", "left_inverse",
)  # fmt: skip


def exchange(made: Run, first: int, second: int) -> None:
    """Two rows exchange what they divide."""
    values = [{name: made.get(row, name) for name in PROPORTION} for row in (first, second)]
    made.put(first, **values[1])
    made.put(second, **values[0])


def _two_sales(high: bool, *, content: bool) -> Run:
    """Two sales of one lot: the first reads the list's head, or takes its part of the lot, as the second leaves it."""
    token = "content" if content else "pred"

    def change(made: Run) -> None:
        (first, second), (closed,) = made.at("take"), made.at("close")
        if content:
            exchange(made, first, second)
        aged(made, first, token, second + 1, high)
        aged(made, second, token, 1)
        aged(made, closed, token, first + 1)

    return run(page(buy(0, 4 << 60, 8), sale(1, 1 << 60), sale(2, 1 << 60)), change)


def _node(high: bool) -> Run:
    """A lot is put after one that is gone; its link to the new one, written later, was read when it went."""

    def change(made: Run) -> None:
        (sold,), (closed,), bought = made.at("take"), made.at("close"), made.at("open")[1]
        old, new = ([made.get(row, f"key{i}") for i in range(8)] for row in (0, bought))
        made.put(sold, node_next=bought + 1)
        put(made, sold, "node_next_key", new)
        aged(made, sold, "node", bought + 1, high)
        made.put(bought, pred=1, pred_next=0)
        put(made, bought, "pred_key", old)
        put(made, bought, "pred_next_key", [LANE_MAX] * 7 + [SEQ_MAX])
        marks(made, bought, "above", 8, [7], new[7] - old[7] - 1)
        aged(made, bought, "pred", 1)
        aged(made, closed, "pred", sold + 1)

    return run(page(buy(), sale(), buy(2)), change)


for _limb_number in (0, 1):
    _high = bool(_limb_number)
    LOOKUPS[f"pred_age{_limb_number}",] = lambda high=_high: _two_sales(high, content=False)
    LOOKUPS[f"content_age{_limb_number}",] = lambda high=_high: _two_sales(high, content=True)
    LOOKUPS[f"node_age{_limb_number}",] = lambda high=_high: _node(high)

# ------------------------------------------------------------------------------------------------ instants


def on_day(when: int, day_start: int, **cells: int) -> Run:
    """A sale that reads the day that begins at `day_start`, which its time as given by other limbs lies in."""

    def change(made: Run) -> None:
        (row,) = made.at("take")
        of_day(made, when, day_start, row)
        made.put(row, **{name: made.get(row, name) + by for name, by in cells.items()})
        around = made.rows.around
        end = int(around.start[int(np.flatnonzero(around.start == day_start)[0]) + 1])
        time = [made.get(row, f"time{i}") for i in (2, 1, 0)]
        compared(made, row, "since", limbs(day_start), time)
        compared(made, row, "until", time, limbs(end))
        turn = [made.get(0, "time2"), made.get(0, "worked1"), 2 * made.get(0, "worked0")]
        upper = made.get(row, "time2") + int("worked1" in cells)
        compared(made, 0, "order", [*turn, 0, 0], [upper, made.get(row, "worked1"), 2 * made.get(row, "worked0"), 0, 1])

    return run(page(replace(buy(), time=when - 2 * DAY), replace(sale(), time=when)), change)


def _time0() -> Run:
    """2^15 ms of the upper limb are counted below: just after midnight it is the day before."""
    midnight = next(m for m in range(at(2024, 3), at(2024, 12), DAY) if m % STRETCH > 2 * DAY and m % LANE < LANE // 2)
    return on_day(midnight + 5, midnight - DAY, time0=LANE, time1=-1)


def _time1() -> Run:
    """At the beginning of a stretch of 2^30 ms; the day that ends after its end. p = 65024 * 2^15 + 1."""
    start = next(m for m in range(at(2024, 3), at(2024, 12), DAY) if m % STRETCH > STRETCH - 500 * LANE)
    when = start // STRETCH * STRETCH + 7
    return on_day(when, start, time0=1, time1=65024, worked0=1, worked1=65024 - LANE)


LOOKUPS["time0",], LOOKUPS["time1",] = _time0, _time1
LOOKUPS["until_low",] = lambda: on_day(T + 5, T - DAY)  # the day is over


def _outside(**period: int) -> Run:
    """A purchase, whose page begins the interval behind it, or ends the one before it."""
    link = page(buy(), sale(DAY))
    rows = rows_of(link)
    place = int(np.searchsorted(rows.around.start, T, side="right")) - 1
    of = {f"page_{name}": np.array([place + by]) for name, by in period.items()}
    return run(link, rows=replace(rows, around=replace(rows.around, **of)))


LOOKUPS["page_first", "interval"] = lambda: _outside(first=1)
LOOKUPS["page_last", "interval"] = lambda: _outside(last=-1)
# Where no record is at work; elsewhere a time is between the beginning and the end of a listed day.
LOOKUPS["time2",] = lambda: run(page(buy()), lambda made: made.put(9, time2=LANE))

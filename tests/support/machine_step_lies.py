"""Lies about the first step of the machine, from row 0 to row 1, and about the last one, to the end of its table.

Each breaks a constraint from row to row there alone, and nothing else. Where the table must be full, records before the
year are passed over first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Row
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import T, rules
from tests.models.lot_machine_v2.words import DAY, Page, Rec, Token
from tests.support.machine_circuit import Run
from tests.support.machine_first_lies_flags import answered, returned
from tests.support.machine_full import ROWS, carried_out
from tests.support.machine_last_lies_moves import of_all_days
from tests.support.machine_lies_amounts import bits, chosen
from tests.support.machine_lies_bits import token_of
from tests.support.machine_lies_lists import loaded
from tests.support.machine_lies_sequence import SETTLED, carried_on
from tests.support.machine_lying import Lie, buy, follow, idle_before, page, run
from tests.support.machine_rows import rows_of
from zkharvest.circuit.lot_machine.v2.rows import MachineRows
from zkharvest.spec import P

STEPS: dict[str, dict[str, Lie]] = {"first": {}, "last": {}}
"""By which step, and constraint."""
BEGIN, END = at(2024), at(2025)
GONE = {"is_gone": 1, "rest_quantity0": 1, "left_inverse": 1, "b0": 1, "c0": 1}


def step(which: str, name: str) -> Callable[[Lie], Lie]:
    """Register a lie."""

    def register(make: Lie) -> Lie:
        assert name not in STEPS[which]
        STEPS[which][name] = make
        return make

    return register


def early(count: int) -> tuple[Rec, ...]:
    """Records before the year."""
    return tuple(Rec(BEGIN - DAY + n, "close", "X", UNIT, 9) for n in range(count))


def walked(
    passed: int, told: tuple[Row, ...] = (), before: tuple[Row, ...] = (), behind: tuple[Row, ...] = (),
    *, wallet: bool = True, follow: bool = True,
) -> tuple[Link, MachineRows]:  # fmt: skip
    """One page: what is loaded before, so many records that are passed over, rows of others, what is closed behind."""
    mine = [row for n, row in enumerate(told) if row.record and row.record not in [r.record for r in told[:n]]]
    records = (*early(passed), *(row.record for row in mine if row.record))
    link = make_link(
        [Page("A", "A-1", 0, BEGIN, END, ())], Book(), rules(pooling="wallet" if wallet else "universal"), 2024, None
    )
    made = replace(link.pages[0], records=records)
    place = {row.record: passed + n for n, row in enumerate(mine)}
    skips = tuple(Row("skip", 0, n, record) for n, record in enumerate(records[:passed]))
    rows = (*before, *skips, *(replace(row, page=0, position=place[row.record]) for row in told), *behind)
    filled = rows_of(replace(link, pages=(made,), leaves=(made.records,), rows=rows), follow=follow)
    filled.around.page_early[:] = filled.around.page_late[:] = 1
    return link, filled


def full(link: Link, rows: MachineRows, change: Callable[[Run], None], used: int = ROWS) -> Run:
    """A run whose table has no row behind these."""

    def cut(made: Run) -> None:
        assert made.witness.plan.used == used, made.witness.plan.used
        made.traces["steps"] = made.cells()[:ROWS].copy()
        change(made)

    return run(link, cut, rows)


def later(made: Run, row: int, **cells: int) -> None:
    """Cells of a row and all behind it, each by so much more."""
    for place in range(row, len(made.cells())):
        made.put(place, **{name: made.get(place, name) + more for name, more in cells.items()})


# ------------------------------------------------------------------------------------------------ clock and numbers


@step("first", "clk_step")
def _() -> Run:
    def change(made: Run) -> None:
        later(made, 1, clk=1)
        made.put(1, pred_age0=1, node_age0=1, content_age0=1)
        returned(made, 1)

    return run(page(buy()), change)


STEPS["first"]["seq_step"] = lambda: run(page(buy()), lambda made: later(made, 1, seq=5))


def dropped(row: int) -> Run:
    """A record that no row works or passes over is taken on an idle row, and counted."""
    record = Rec(T, "close", "X", UNIT, 9)
    link, rows = walked(row, (Row("skip", record=record),))

    def change(made: Run) -> None:
        if row == ROWS - 1:
            made.traces["steps"] = made.cells()[:ROWS].copy()
        made.put(row, is_skip=0)
        later(made, row, seq=1)

    return run(link, change, rows)


STEPS["first"]["first_next"] = lambda: dropped(1)
STEPS["last"]["first_next"] = lambda: dropped(ROWS - 1)


@step("first", "inventory_step")
def _() -> Run:
    """The second lot that is loaded is the sixth of the standing."""

    def change(made: Run) -> None:
        made.put(1, inventory=5)
        answered(made)

    link, rows = loaded((UNIT, 7), (UNIT, 9))
    return run(link, change, rows)


def numbered(link: Link, rows: MachineRows, number: int) -> Run:
    """The lot that is carried out last has this number."""

    def change(made: Run) -> None:
        made.put(ROWS - 1, inventory=number)
        answered(made)

    return full(link, rows, change)


STEPS["last"]["inventory_step"] = lambda: numbered(carried_out(), rows_of(carried_out()), 20)
STEPS["last"]["closing_start"] = lambda: numbered(*walked(ROWS - 2, (Row("open", record=buy(), value=7),)), 5)

# ------------------------------------------------------------------------------------------------ which row follows


@step("first", "idle_last")
def _() -> Run:
    def change(made: Run) -> None:
        made.put(0, order_at0=1, order_low=made.get(1, "time2") - 1)

    with idle_before(0):
        return run(page(buy()), change)


@step("last", "idle_last")
def _() -> Run:
    link, rows = walked(ROWS - 1)
    with idle_before(ROWS - 2):
        return full(link, rows, lambda made: follow(made, ROWS - 3, ROWS - 2))


@step("last", "closes_last")
def _() -> Run:
    """A lot is carried out, and then a record is passed over."""
    link, rows = walked(
        ROWS - 3, (Row("open", record=buy(), value=7), Row("skip", record=Rec(END, "close", "X", UNIT, 9)))
    )
    rows = chosen(rows, [*range(ROWS - 2), ROWS - 1, ROWS - 2])
    return full(link, rows, lambda made: follow(made, ROWS - 3, ROWS - 2))


STEPS["first"]["is_settle_follows"] = lambda: run(page(), lambda made: made.put(1, is_settle=1, **SETTLED))
STEPS["first"]["is_gone_follows"] = lambda: run(page(), lambda made: made.put(1, **GONE))
STEPS["last"]["is_settle_follows"] = lambda: run(page(), lambda made: made.put(-1, is_settle=1, **SETTLED))
STEPS["last"]["is_gone_follows"] = lambda: run(page(), lambda made: made.put(-1, **GONE))


def taken_back(change: Callable[[Run], None]) -> Run:
    """A token is carried out before the last row loads it."""
    token = replace(token_of(BEGIN - DAY, 7), seq=0)
    link, rows = walked(
        ROWS - 2, before=(Row("load_token", token=token),), behind=(Row("close_token", token=token),), follow=False
    )
    rows = chosen(replace(rows, first_seq=0), [*range(1, ROWS), 0])
    rows.tokens.seq[:] = rows.tokens.order[:] = 0
    return full(link, rows, change)


STEPS["last"]["loads_first"] = lambda: taken_back(lambda made: None)


@step("last", "is_send_follows")
def _() -> Run:
    """The last row sends it of no lot."""

    def change(made: Run) -> None:
        row = ROWS - 1
        octets = [made.get(row, f"b{i}") for i in range(14)]
        quantity = sum(octet << 8 * i for i, octet in enumerate(octets))
        bits(made, row, "c", quantity, 14)
        made.put(row, **{f"rest_quantity{i}": quantity >> 24 * i & 0xFFFFFF for i in range(5)})
        made.put(row, **{f"time{i}": made.get(row, f"past{i}") for i in range(3)})
        made.put(row, **{f"worked{i}": made.get(row, f"past{i}") for i in range(2)})
        made.put(row, **{f"ref{i}": made.get(row, f"token_ref{i}") for i in range(2)})
        made.put(row, is_load_token=0, is_send=1, code_moves=1, class_kind=14, left_inverse=pow(sum(octets), -1, P))
        answered(made)

    return taken_back(change)


# ------------------------------------------------------------------------------------------------ unfinished records


def unfinished(row: Row) -> Run:
    """Half of a record is worked, and an idle row holds what is left."""
    link, rows = walked(ROWS - 4, (Row("open", record=buy(), value=7), row))
    return full(link, rows, lambda made: carried_on(made, ROWS - 2), ROWS - 1)


STEPS["last"]["more_is_settle"] = lambda: unfinished(
    Row("take", record=sale_of_two(), part=UNIT, value=7, close_value=4)
)
STEPS["last"]["more_is_gone"] = lambda: unfinished(
    Row("drop", record=Rec(T + 2, "out", "X", 2 * UNIT, kind="gift"), part=UNIT, value=7, kind="gift")
)


def sale_of_two() -> Rec:
    """Of two units."""
    return Rec(T + 2, "close", "X", 2 * UNIT, 9)


def arrived(*tokens: Token, behind: int = 0) -> Run:
    """Universal pooling: a deposit of two units takes these tokens, at the end but for some rows."""
    record = Rec(T, "in", "X", 2 * UNIT, ref=7, kind="move")
    loads = tuple(Row("load_token", token=token) for token in tokens)
    told = tuple(Row("arrive", record=record, token=token) for token in tokens)
    passed = ROWS - 2 * len(tokens) - behind
    link, rows = walked(passed, told, loads, wallet=False, follow=False)

    def change(made: Run) -> None:
        if behind:
            carried_on(made, ROWS - 2)
            made.put(ROWS - 1, token_part=1, token_seq=made.get(ROWS - 2, "token_seq"))

    return full(link, replace(rows, first_seq=5), change, ROWS - behind)


def part_of_two(part: int, last: bool, seq: int = 3) -> Token:
    """A part of a withdrawal of the year before."""
    return Token(seq, part, last, "X", BEGIN - DAY, 7, UNIT, 0, 0, 0, 0)


STEPS["last"]["more_is_arrive"] = lambda: arrived(part_of_two(0, False), behind=1)
STEPS["last"]["part_follows"] = lambda: arrived(part_of_two(0, False), part_of_two(2, True))
STEPS["last"]["one_withdrawal"] = lambda: arrived(part_of_two(0, False), part_of_two(1, True, seq=2))

# ------------------------------------------------------------------------------------------------ order


def ordered(which: str, places: list[tuple[int, int, int]], mark: int, gap: int) -> Run:
    """Records (time, page, position) that are passed over in this order, the two of the step compared at one lane.

    All others stand behind those of the first step, or before those of the last.
    """
    count = ROWS - len(places) if which == "last" else 0
    others = [(BEGIN - 40 * DAY + n, 0, n + 8) for n in range(count)]
    link = page()
    work = [*others, *places]
    records: dict[int, dict[int, Rec]] = {}
    for when, number, position in work:
        records.setdefault(number, {})[position] = Rec(when, "close", "X", UNIT, 9)
    told = tuple(Row("skip", number, position, records[number][position]) for _, number, position in work)
    pages = tuple(replace(link.pages[0], number=number) for number in range(len(records)))
    rows = rows_of(replace(link, pages=pages, rows=told))
    rows.around.page_early[:] = 1
    of_all_days(rows)

    def change(made: Run) -> None:
        row = 0 if which == "first" else ROWS - 2
        made.put(row, **{f"order_at{i}": int(i == mark) for i in range(5)}, order_low=gap, order_high=0)
        if which == "last":
            made.traces["steps"] = made.cells()[:ROWS].copy()

    return run(link, change, rows)


def turned(high: int = 0, middle: int = 0, low: int = 0) -> int:
    """An instant before the year, by limbs."""
    return ((BEGIN >> 30) - 1 + high << 30) + (100 + middle << 15) + 100 + low


ORDER: dict[str, tuple[list[tuple[int, int, int]], int]] = {
    "order_equal0": ([(turned(), 0, 0), (turned(high=-1, middle=1), 0, 1)], 1),
    "order_equal1": ([(turned(), 0, 0), (turned(middle=-1, low=1), 0, 1)], 2),
    "order_equal2": ([(turned(), 0, 0), (turned(low=-1), 1, 0)], 3),
}
"""The next record is the later by the lane that is compared, but an upper one says otherwise."""
for _which, _lies in STEPS.items():
    for _name, (_places, _mark) in ORDER.items():
        _lies[_name] = lambda which=_which, places=_places, mark=_mark: ordered(which, places, mark, int(mark == 2))
    _lies["order_equal3"] = lambda which=_which: ordered(which, [(turned(), 1, 0), (turned(), 0, 1)], 4, 0)

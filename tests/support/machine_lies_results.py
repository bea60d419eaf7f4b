"""Lies about terms, gains and losses, and the day of a record (`machine_lying`)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.models.lot_machine_v2.chain import long_from
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import T, rules
from tests.models.lot_machine_v2.words import DAY, Page, Rec
from tests.support.machine_circuit import Run
from tests.support.machine_lies_amounts import marks
from tests.support.machine_lying import LIES, buy, lie, page, run, sale

# ------------------------------------------------------------------------------------------------ term, gain or loss


def disposal(day: int, when: int, change: Callable[[Run], None] | None = None) -> Run:
    """A sale of a lot that was acquired on an earlier day."""
    a = (Rec(at(2024), "in", "X", UNIT, kind="move"), Rec(when, "close", "X", UNIT, 9))
    book = Book(declared={("A", 0, 0): ("declared", 7, day)})
    return run(make_link([Page("A", "A-1", 0, at(2024), at(2025), a)], book, rules(), 2024, None), change)


def limbs(instant: int) -> list[int]:
    """From the most significant."""
    return [instant >> 30, instant >> 15 & 0x7FFF, instant & 0x7FFF]


def termed(made: Run, *, long: bool) -> None:
    """Both halves say that the lot was held long, or not."""
    (row,) = made.at("take")
    made.put(row, held_long=int(long))
    for half in (row, row + 1):
        made.put(half, long_term=int(long), class_term=1 + long)


def before_its_time(lane: int) -> Run:
    """Held long, by a lower limb of an instant that is still to come."""
    first = at(2024) // DAY - 400
    for day in range(first, first + 60):
        since = limbs(long_from(day) * DAY)
        for when in range(at(2024) + DAY, at(2025), 7 * 3600_000 + 1234):
            now = limbs(when)
            if now[:lane] == since[:lane] and now[lane] < since[lane] and now[lane + 1] > since[lane + 1]:
                gap = now[lane + 1] - since[lane + 1] - 1

                def change(made: Run, gap: int = gap) -> None:
                    termed(made, long=True)
                    marks(made, made.at("take")[0], "held", 3, [lane + 1], gap)

                return disposal(day, when, change)
    raise AssertionError(lane)


LONG_DAY = at(2024) // DAY - 350
LONG_AT = long_from(LONG_DAY) * DAY
"""When a lot of that day is long term: in January 2024."""


def at_the_instant(by: int, *, long: bool, marked: list[int] | None = None) -> Run:
    """A sale about the instant from which its lot is long term."""

    def change(made: Run) -> None:
        termed(made, long=long)
        since, now = limbs(LONG_AT), limbs(LONG_AT + by)
        places = marked or []
        gap = sum(now[lane] - since[lane] for lane in places) - len(places)
        marks(made, made.at("take")[0], "held", 3, places, gap)

    return disposal(LONG_DAY, LONG_AT + by, change)


LIES["held_equal0"] = lambda: before_its_time(0)
LIES["held_equal1"] = lambda: before_its_time(1)
LIES["held_equal2"] = lambda: at_the_instant(-5, long=True)
LIES["held_equal"] = lambda: at_the_instant(0, long=False)
LIES["held_marked"] = lambda: at_the_instant(3 << 15, long=True, marked=[1, 2])


@lie("held_at2_bit")
def _() -> Run:
    """On an idle row, where nothing is compared."""
    return run(page(buy()), lambda made: made.put(9, held_at2=-1, held_at1=1))


@lie("long_term")
def _() -> Run:
    """A lot of yesterday is called long term."""

    def change(made: Run) -> None:
        termed(made, long=True)
        made.put(made.at("take")[0], held_long=0)

    return run(page(buy(), sale()), change)


LIES["long_term_held"] = lambda: run(
    page(buy(), sale()), lambda made: made.put(made.at("settle")[0], long_term=1, class_term=2)
)
LIES["loss_held"] = lambda: run(
    page(buy(), sale()), lambda made: made.put(made.at("settle")[0], loss=1, class_result=2)
)


def called_a_loss(lot: int, paid: int, marked: list[int]) -> Run:
    """A gain is called a loss, or two marks are set."""
    lanes = [[v >> 24 * i & 0xFFFFFF for i in (2, 1, 0)] for v in (lot, paid)]
    loss = len(marked) == 1

    def change(made: Run) -> None:
        (row,) = made.at("take")
        gap = sum((1 - 2 * loss) * (lanes[1][lane] - lanes[0][lane]) for lane in marked) - len(marked)
        marks(made, row, "result", 3, marked, gap)
        for half in (row, row + 1):
            made.put(half, loss=int(loss), class_result=1 + loss)

    return run(page(buy(value=lot), sale(value=paid)), change)


LIES["result_equal0"] = lambda: called_a_loss((1 << 48) + (9 << 24), (2 << 48) + (3 << 24), [1])
LIES["result_equal1"] = lambda: called_a_loss((1 << 24) + 9, (2 << 24) + 3, [2])
LIES["result_marked"] = lambda: called_a_loss((1 << 24) + 3, (4 << 24) + 3, [1, 2])


# ------------------------------------------------------------------------------------------------ the day of a record


def of_day(made: Run, when: int, day_start: int, row: int) -> None:
    """A record worked on another day of the calendar."""
    around = made.rows.around
    place = int(np.flatnonzero(around.start == day_start)[0])
    for name, instant in (
        ("day_start", day_start), ("day_end", int(around.start[place + 1])), ("day_long", int(around.long_from[place])),
    ):  # fmt: skip
        made.put(row, **{f"{name}{i}": instant >> 15 * i & 0x7FFF for i in range(3)})
    made.put(row, interval=place)
    for half in (row, row + 1):
        made.put(half, phase=int(around.phase[place]), day=int(around.day[place]))
    sides = [limbs(day_start), limbs(when), limbs(int(around.start[place + 1]))]
    for name, (low, high) in (("since", sides[:2]), ("until", sides[1:])):
        lane = next((i for i in range(3) if low[i] < high[i] and name), None)
        marks(made, row, name, 3, [] if lane is None else [lane], 0 if lane is None else high[lane] - low[lane] - 1)


def on_another_day(when: int, day: int) -> Run:
    """A sale, counted on another day than its own."""

    def change(made: Run) -> None:
        of_day(made, when, day * DAY, made.at("take")[0])

    return run(page(buy(), sale(when - T)), change)


def wrong_day(name: str, lane: int) -> Run:
    """The day is still to come, or is over, but for a lower limb."""
    for day in range(T // DAY + 1, at(2025) // DAY - 1):
        for other in range(T // DAY + 1, at(2025) // DAY - 1):
            when = day * DAY + 12_345
            edge = limbs((other + (name == "until")) * DAY)
            now = limbs(when)
            low, high = (edge, now) if name == "since" else (now, edge)
            if low[:lane] == high[:lane] and low[lane] > high[lane] and low[lane + 1] < high[lane + 1]:
                return on_another_day(when, other)
    raise AssertionError(name, lane)


LIES["since_equal0"] = lambda: wrong_day("since", 0)
LIES["until_equal0"] = lambda: wrong_day("until", 0)
LIES["until_equal1"] = lambda: wrong_day("until", 1)


@lie("since_marked")
def _() -> Run:
    """Two marks."""
    when = next(
        w
        for w in range(T + DAY, at(2025), DAY)
        for x in [limbs(w + (3 << 15))]
        if x[0] == limbs(w)[0] and x[1] == limbs(w)[1] + 3
    ) + (3 << 15)
    link = page(buy(), sale(when - T))
    return run(link, lambda made: marks(made, made.at("take")[0], "since", 3, [1, 2], 3 + 0 - 2))

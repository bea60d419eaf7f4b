"""Lies on the last row of the table (`machine_last_lies`): a record passed over, what arrives, what is closed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Row
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import T, rules
from tests.models.lot_machine_v2.words import DAY, Page, Rec
from tests.support.machine_circuit import Run
from tests.support.machine_full import ROWS, in_transit, to_and_fro
from tests.support.machine_last_lies import LAST, on_last, ring
from tests.support.machine_lies_results import limbs
from tests.support.machine_lying import page
from tests.support.machine_rows import rows_of
from zkharvest.circuit.lot_machine.v2.rows import MachineRows
from zkharvest.commitment.page_record import Flag
from zkharvest.spec import P

BEGIN, END = at(2024), at(2025)
"""Of the window."""

# ------------------------------------------------------------------------------------------------ a record passed over


def passed(when: int, of: int | None = None, *, late: bool = True, **cells: int) -> Run:
    """A record of this instant is skipped last, on its own day or on the one that begins at `of`."""
    before = [Rec(BEGIN - DAY + n, "close", "X", UNIT, 9) for n in range(ROWS - 1)]
    records = (*before, Rec(when, "close", "X", UNIT, 9))
    link = page()
    told = tuple(Row("skip", 0, n, record) for n, record in enumerate(records))
    made = replace(link.pages[0], records=records)
    rows = rows_of(replace(link, pages=(made,), leaves=(made.records,), rows=told))
    rows.around.page_early[:], rows.around.page_late[:] = 1, int(late)
    of_all_days(rows)
    if of is not None:
        cells = day_at(rows, when, of) | cells
    return on_last(link, rows, **cells)


def of_all_days(rows: MachineRows) -> None:
    """Every page's period is the whole calendar."""
    rows.around.page_first[:], rows.around.page_last[:] = 0, len(rows.around.phase) - 1


def day_at(rows: MachineRows, when: int, of: int) -> dict[str, int]:
    """The cells of a day of the calendar, whichever it is, and of an instant's comparison with it."""
    around = rows.around
    (place,) = np.flatnonzero(around.start == of)
    ends, since = int(around.start[place + 1]), int(around.long_from[place])
    cells = {"phase": int(around.phase[place]), "day": int(around.day[place]), "interval": int(place)}
    for name, instant in (("start", of), ("end", ends), ("long", since)):
        cells |= {f"day_{name}{i}": instant >> 15 * i & 0x7FFF for i in range(3)}
    for name, low, high in (("since", of, when), ("until", when, ends)):
        lanes = list(zip(limbs(low), limbs(high), strict=True))
        lane = next((i for i, (x, y) in enumerate(lanes) if x != y), 3)
        gap = lanes[lane][1] - lanes[lane][0] - 1 if lane < 3 else 0
        cells |= marked(name, *(int(i == lane) for i in range(3)), gap=gap)
    return cells


def marked(name: str, *marks: int, gap: int) -> dict[str, int]:
    """Marks of a comparison, and its gap."""
    return {f"{name}_at{i}": mark for i, mark in enumerate(marks)} | {f"{name}_low": gap}


def moved(instant: int, high: int = 0, middle: int = 0, low: int = 0) -> int:
    """An instant of which the limbs are others."""
    return instant + (high << 30) + (middle << 15) + low


SINCE: dict[str, tuple[int, tuple[int, int, int], int]] = {
    "at0_bit": (END, (-1, 1, 0), 0),
    "at1_bit": (moved(END, high=-1, low=2), (1, -1, 1), 0),
    "at2_bit": (moved(END, low=-1), (1, 1, -1), 0),
    "marked": (moved(END, middle=3), (0, 1, 1), 1),
    "equal0": (moved(END, high=-1, middle=1), (0, 1, 0), 0),
    "equal1": (moved(END, middle=-1, low=1), (0, 0, 1), 0),
    "equal2": (moved(END, low=-1), (0, 0, 0), 0),
}
"""Instants, called to be behind the window, with marks and gap: most are in it."""
UNTIL: dict[str, tuple[int, tuple[int, int, int], int]] = {
    "at0_bit": (moved(BEGIN, low=-5), (-1, 1, 1), 4),
    "at1_bit": (moved(BEGIN, high=1, low=-2), (1, -1, 1), 0),
    "at2_bit": (moved(BEGIN, low=1), (1, 1, -1), 0),
    "marked": (BEGIN, (0, 0, 0), 0),
    "equal0": (moved(BEGIN, high=1, middle=-1), (0, 1, 0), 0),
    "equal1": (moved(BEGIN, middle=1, low=-1), (0, 0, 1), 0),
}
"""The same before it."""
for _name, (_when, _marks, _gap) in SINCE.items():
    LAST[f"since_{_name}"] = lambda when=_when, marks=_marks, gap=_gap: passed(
        when, END, **marked("since", *marks, gap=gap)
    )
for _name, (_when, _marks, _gap) in UNTIL.items():
    LAST[f"until_{_name}"] = lambda when=_when, marks=_marks, gap=_gap: passed(
        when, BEGIN - DAY, **marked("until", *marks, gap=gap)
    )
LAST["skip_phase"] = lambda: passed(BEGIN)
LAST["skip_page"] = lambda: passed(END, late=False)

# ------------------------------------------------------------------------------------------------ what arrives


def arrives(
    come: int | None = None, out: int | None = None, refs: tuple[Any, Any] = (None, None), late: int = 0,
    shift: int = 0, without: int = 0, **cells: int,
) -> Run:  # fmt: skip
    """The last deposit, or its withdrawal, is of another instant, reference or code."""
    link = to_and_fro()
    rows = rows_of(link)
    records = rows.records
    of_all_days(rows)
    for record, instant in ((-2, out), (-1, come)):
        if instant is not None:
            records.lanes[record, 1:3] = instant % 2**30, instant >> 30
    if out is not None:
        rows.tokens.time[-1] = out
    for record, ref in zip((-2, -1), refs, strict=True):
        if ref is not None:
            records.lanes[record, 17:19] = ref
    if refs[0] is not None:
        rows.tokens.ref[-1] = refs[0]
    records.late[-1], records.shift[-1] = late, shift
    records.lanes[-1, 0] -= without
    return on_last(link, rows, **cells)


OUT = T + 60
"""When the last withdrawal is."""
NAMED = {"named": 1, "node_age0": 0, "node_age1": 0}
NONE = (0, 0)
LAST["arrive_code"] = lambda: arrives(without=int(Flag.INWARD))
LAST["work_in_time"] = lambda: arrives(come=END)
LAST["late_low"] = lambda: arrives(late=1, shift=5)
LAST["late_high"] = lambda: arrives(come=moved(OUT, high=1, low=-5), late=1, shift=5)
LAST["named_ref0"] = lambda: arrives(refs=(None, (23, 0)), left_inverse=pow(22, -1, P), **NAMED)
LAST["named_ref1"] = lambda: arrives(refs=(None, (22, 1)), left_inverse=pow(22, -1, P), **NAMED)
LAST["two_refs01"] = lambda: arrives(refs=((0, 7), (5, 0)))
LAST["two_refs10"] = lambda: arrives(refs=((7, 0), (0, 5)))
LAST["two_refs11"] = lambda: arrives(refs=((0, 7), (0, 5)))
LAST["reach_high"] = lambda: arrives(come=moved(OUT, high=1, low=5), refs=(NONE, NONE))


def far() -> Run:
    """24 days lie between both ends: of the middle limb the carry takes 65,024, which is -1/2^15."""
    out = ((T >> 30) + 1 << 30) + (5 << 15) + 7
    come = moved(out, high=1, middle=32256, low=1)
    return arrives(come, out, (NONE, NONE), node_age0=0, node_age1=0)


LAST["reach_low"] = far


def from_before(part: int = 0, last: int = 1) -> Run:
    """Universal pooling: what arrives last is on its way since the year before."""
    out = Rec(END - DAY, "out", "X", UNIT, ref=5, kind="move")
    book = Book(amounts={("A", 0, 0): UNIT})
    universal = rules(pooling="universal")
    first = make_link([Page("A", "A-1", 0, BEGIN, END, (out,))], book, universal, 2024, None)
    records: dict[str, list[Rec]] = {"A": [], "B": []}
    for n in range(15):
        source, target = ("A", "B") if n % 2 == 0 else ("B", "A")
        place, come = (source, int(source == "A"), len(records[source])), len(records[target])
        records[source].append(Rec(END + 4 * n, "out", "X", UNIT, ref=7 + n, kind="move"))
        records[target].append(Rec(END + 4 * n + 1, "in", "X", UNIT, ref=7 + n, kind="move"))
        book.matched[target, int(target == "A"), come] = place
        book.amounts[place] = UNIT
    book.matched["B", 0, len(records["B"])] = ("A", 0, 0)
    records["B"].append(Rec(END + 90, "in", "X", UNIT, ref=5, kind="move"))
    made = [
        Page("A", "A-1", 1, END, at(2026), tuple(records["A"]), first.pages[0].id),
        Page("B", "B-1", 0, END, at(2026), tuple(records["B"])),
    ]
    link: Link = make_link(made, book, rules(2025, pooling="universal"), 2025, first.closing)
    rows = rows_of(link)
    rows.tokens.part[0], rows.tokens.last[0] = part, last
    return on_last(link, rows)


LAST["part_start"] = lambda: from_before(part=1)
LAST["last_arrives"] = lambda: from_before(last=0)

# ------------------------------------------------------------------------------------------------ what is closed


def closed(ref: tuple[int, int] | None = None, **cells: int) -> Run:
    """The last token that is carried out."""
    link = in_transit()
    rows = rows_of(link)
    if ref is not None:
        rows.tokens.ref[-1] = ref
        rows.records.lanes[-1, 17:19] = ref
    gap = END - int(rows.tokens.time[-1])
    if "named" in cells:
        cells |= {"node_age0": gap & 0x7FFF, "node_age1": gap >> 15}
    return on_last(link, rows, **cells)


for _i in range(2):
    _limb = (END >> 15 * _i & 0x7FFF) + 1
    LAST[f"close_time{_i}"] = lambda i=_i, limb=_limb: closed(**{f"time{i}": limb, f"worked{i}": limb})
    LAST[f"stale_ref{_i}"] = lambda i=_i: closed((7 * (1 - i), 7 * i), named=0)


LAST["blind_on_bit"] = lambda: ring(-1)

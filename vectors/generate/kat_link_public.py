"""Known answers for what the circuit is shown of a link: scalars, pages, the calendar. Standard library only.

Written from circuits/FORMAT.md, sections 7 and 12. A case is the statement of a link, and by the description's names
its scalars, its pages, and SHA-256 of each column, four bytes an element.
"""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Any

from kat_chain import (
    DAY,
    END24,
    JULY,
    K24,
    K25,
    KRAKEN,
    LONG,
    REST,
    TWO,
    W24,
    W25,
    WALLET,
    Y2024,
    Y2025,
    Y2026,
    Map,
    at,
    header,
    packed,
    page_id,
    refused,
    statement,
)
from kat_figure_forms import account_code
from kat_standing_forms import NEXT
from plain_field import write

SCRIPT = "vectors/generate/kat_link_public.py"
MOST = (date(2089, 1, 1) - date(2000, 1, 1)).days  # days of a calendar: from the first on, in whole years
EMPTY = "b8e3531849650b73fff7d42a22213628d24ef56ef7760159d7f1ed2a63f31a5a0d5bcc65"
HOUR, EPOCH, ZERO = 3_600_000, date(1970, 1, 1), date(1999, 12, 31)
BEFORE, BEHIND, HISTORY, COUNTED = 2, 3, 0, 1
ONE = statement([K24], (Y2024, Y2025), 2024)
K88 = header(KRAKEN, 0, (date(2088, 1, 1) - EPOCH).days * DAY, (date(2089, 1, 1) - EPOCH).days * DAY)
"""A page of the last year that a calendar can list."""


def words(root: bytes) -> list[int]:
    """A root as nine elements."""
    return [int.from_bytes(root[i : i + 4], "little") for i in range(0, 36, 4)]


def limbs(instant: int) -> list[int]:
    """Three limbs of 15 bits."""
    return [instant % 2**15, instant // 2**15 % 2**15, instant // 2**30]


def starts(calendar: Map) -> list[int]:
    """When each of the days 0..D + 367 begins."""
    first = (date.fromisoformat(calendar["first_day"]) - EPOCH).days
    offsets = [[off for day, off in calendar["offsets"] if day <= d][-1] for d in range(calendar["days"] + 368)]
    return [(first + d) * DAY - 1000 * offset for d, offset in enumerate(offsets)]


def long_day(first: date, day: int) -> int:
    """The day from which a lot acquired on this one is long term."""
    follow = first + timedelta(day + 1)
    leap = (follow.month, follow.day) == (2, 29)
    return (
        date(follow.year + 1, 3, 1) if leap else follow.replace(year=follow.year + 1)
    ).toordinal() - first.toordinal()


def rows(whole: Map, headers: list[Map]) -> list[list[int]]:
    """The calendar's rows: start, long from, phase, day; whole days first, then cut at every edge."""
    begins, first = starts(whole["calendar"]), date.fromisoformat(whole["calendar"]["first_day"])
    year = None if whole["year"] is None else begins[(date(whole["year"], 1, 1) - first).days]
    window = whole["window"]
    days = range(whole["calendar"]["days"])
    found = [[0, 0, 0]] * (begins[0] > 0)
    found += [[begins[d], begins[long_day(first, d)], (first - ZERO).days + d] for d in days]
    found.append([begins[len(days)], 0, 0])
    for edge in [edge for one in [*headers, window] for edge in (one["from"], one["to"])]:
        if all(row[0] != edge for row in found):
            at = sum(row[0] < edge for row in found)
            found.insert(at, [edge, *found[at - 1][1:]])

    def phase(instant: int) -> int:
        if not window["from"] <= instant < window["to"]:
            return BEFORE if instant < window["from"] else BEHIND
        return COUNTED if year is not None and instant >= year else HISTORY

    return [*([start, long, phase(start), day] for start, long, day in found), [2**45 - 1, 0, 0, 0]]


def shows(
    whole: Map, headers: list[Map], *, early: tuple[int, ...] = (), late: tuple[int, ...] = (), same_year: bool = False
) -> Map:
    """A statement of these pages, and what the circuit is shown of it."""
    scalars: dict[str, int] = {
        name: int(whole["method"] == name) for name in ("fifo", "lifo", "hifo", "lofo", "specific")
    }
    covered = whole["covered"]
    scalars |= {"wallet": int(whole["pooling"] == "wallet"), "same_year": int(same_year)}
    scalars["covered"] = (date.fromisoformat(covered) - ZERO).days if covered else 32767
    scalars |= {f"end{i}": limb for i, limb in enumerate(limbs(whole["window"]["to"]))}
    opening = whole["carried_in"] or {"lots": bytes.fromhex(EMPTY), "sums": bytes.fromhex(EMPTY)}
    for name, root in (("in", opening), ("out", whole["carried_out"])):
        for tree in ("lots", "sums"):
            scalars |= {f"{tree}_{name}{i}": word for i, word in enumerate(words(root[tree]))}
    pages, calendar = [], rows(whole, headers)
    for place, (page, one) in enumerate(zip(whole["pages"], headers, strict=True)):
        assert page["header"] == packed(one)
        code = account_code(one["source"], one["account"])
        first, behind = (sum(row[0] < edge for row in calendar) for edge in (one["from"], one["to"]))
        pages.append([*words(one["root"]), *code, int(place in early), int(place in late), first, behind - 1])
    table = [[*limbs(row[0]), *limbs(row[1]), *row[2:], number] for number, row in enumerate(calendar)]
    names = [*(f"start{i}" for i in range(3)), *(f"long{i}" for i in range(3)), "phase", "day", "interval"]
    columns = {
        name: sha256(b"".join(row[i].to_bytes(4, "little") for row in table)).hexdigest()
        for i, name in enumerate(names)
    }
    out = {"publics": scalars, "pages": pages, "columns": columns}
    return {"op": "public", "statement": packed(whole).hex(), "out": out}


def year(page: Map, calendar: Map | None = None, **changes: Any) -> Map:
    """The year of an account with one page, under another calendar."""
    whole = {**statement([page], (Y2024, Y2025), 2024), **changes}
    return whole if calendar is None else {**whole, "calendar": calendar}


def days_of(first: str, days: int, *offsets: list[int]) -> Map:
    """A calendar."""
    return {"first_day": first, "days": days, "offsets": [*offsets] or [[0, 0]]}


def cut() -> list[Map]:
    """Periods with edges within days, in common, where two days begin, before the first listed day, behind the last."""
    apia, skipped = [[0, -36000], [100, 50400]], Y2024 + 99 * DAY + 10 * HOUR
    window = {"from": Y2024 + 10 * HOUR, "to": Y2025 - 14 * HOUR}
    noon = JULY + 12 * HOUR + 1
    edges = (Y2024, noon, noon + 1, Y2025 + 3 * DAY + 7)
    three: list[Map] = []
    for place, (start, end) in enumerate(pairwise(edges)):
        three.append(header(KRAKEN, place, start, end, three[-1] if three else None))
    other = header(WALLET, 0, noon, JULY + 13 * HOUR, final=True)
    west = [header(KRAKEN, 0, window["from"], skipped)]
    west.append(header(KRAKEN, 1, skipped, window["to"], west[0]))
    old = header(KRAKEN, 0, Y2024 - 40 * DAY + 7, Y2025 + 40 * DAY)
    state = {**END24["accounts"][0], "page": page_id(old), "end": old["to"], "open": True}
    carried = {**END24, "instant": Y2024, "year": None, "accounts": [state]}
    return [
        shows(statement([*three, other], (Y2024, Y2025), 2024), [*three, other], late=(2,)),
        shows(at(year(west[0], days_of("2024-01-01", 366, *apia), window=window), "pages", to=[
            {"account": 0, "header": packed(one)} for one in west
        ]), west),
        shows(statement([old], (Y2024, Y2025), 2024, carried), [old], early=(0,), late=(0,)),
        shows(statement([old], (Y2024, Y2025), 2024, carried, calendar=days_of("2023-01-01", 731)), [old], early=(0,),
              late=(0,)),
    ]  # fmt: skip


def shown() -> list[Map]:
    """Scalars, pages and calendars."""
    new_york = [[0, -18000], [70, -14400], [308, -18000], [434, -14400], [672, -18000]]
    apia = [[0, -36000], [100, 50400]]  # a day that was left out: two begin at one instant
    east, west = (
        {"from": Y2024 + 5 * HOUR, "to": Y2025 + 5 * HOUR},
        {"from": Y2024 + 10 * HOUR, "to": Y2025 - 14 * HOUR},
    )
    moved, far = (header(KRAKEN, 0, window["from"], Y2025 + DAY) for window in (east, west))
    old = header(KRAKEN, 0, Y2024 - DAY, Y2025)
    both = [header(KRAKEN, 0, Y2024, Y2026 + DAY), {**header(WALLET, 0, Y2024, JULY), "final": True}]
    hour = {"window": {"from": Y2024 + HOUR, "to": Y2024 + 2 * HOUR}}
    nothing = {"window": {"from": Y2024 + HOUR, "to": JULY + HOUR}, "year": None}
    late = header(KRAKEN, 0, Y2024 + HOUR, Y2025)
    return [
        shows(ONE, [K24]),
        shows(statement([K24, W24], (Y2024, Y2025), 2024), [K24, W24]),
        *(shows(at(ONE, "method", to=method), [K24]) for method in ("lifo", "hifo", "lofo", "specific")),
        shows(at(ONE, "pooling", to="universal"), [K24]),
        *(shows(at(ONE, "covered", to=day), [K24]) for day in ("2000-01-01", "2024-02-29", "2089-09-15")),
        shows(year(moved, days_of("2024-01-01", 366, *new_york), window=east), [moved], late=(0,)),
        shows(year(old, days_of("2022-12-31", 732), window={"from": Y2024 - DAY, "to": Y2025}), [old]),
        shows(year(far, days_of("2024-01-01", 366, *apia), window=west), [far], late=(0,)),
        shows(year(K24, days_of("2000-01-01", 9132)), [K24]),
        shows(year(late, **hour), [late], late=(0,)),
        shows(year(late, days_of("2023-01-01", 731), **nothing), [late], late=(0,)),
        shows(statement(both, (Y2024, Y2025), 2024), both, late=(0,)),
        shows(NEXT, [K25]),
        shows(TWO, [K25, W25]),
        shows(long(), [K88]),
        shows(REST, LONG, early=(0, 1), same_year=True),
    ]  # fmt: skip


def long(most: int = MOST) -> Map:
    """As many days as there may be, or more."""
    first = (date(2089, 1, 1) - timedelta(most)).isoformat()
    window = {"from": K88["from"], "to": K88["to"]}
    return at(year(K88, days_of(first, most), window=window), "year", to=2088)


def calendars() -> list[Map]:
    """Calendars at their limits, and those that are none."""
    end = 366 + 367
    taken = [[[end, 3600]], [[1, 86400], [2, 0]], [[1, -86400], [2, 0]], [[end - 1, 1], [end, 2]]]
    wrong = [
        [[end + 1, 3600]], [[5, 3600], [5, 0]], [[5, 3600], [4, 0]], [[5, 0]], [[5, 3600], [6, 3600]], [[5, 86401]],
        [[5, -86401]], [[0, 1]], [[1, -3600], [end, 86400]], [[5, 2**40 + 1]], [[5, -(2**63)]], [[2**63, 1]], [[-1, 1]],
    ]  # fmt: skip
    starts_ = [[], [[1, 0]], [[-1, 0]], [[0, 86401]], [[0, -86401]]]
    sizes = [("2024-01-01", days) for days in (365, 367, 0, -366, 1, 2**40, 2**62, -(2**40))]
    sizes += [
        ("2024-02-01", 335),
        ("2024-01-02", 365),
        ("1999-12-31", 9133),
        ("1970-01-02", 20088),
        ("2025-01-01", 365),
    ]
    far = [("3000-01-01", 3083), ("9990-01-01", 9999), ("9999-12-31", 9999), ("9950-01-01", 9998)]
    ages = [(first, (date(last, 12, 31) - date.fromisoformat(first)).days + 1) for first, last in far]
    ages += [("2000-01-01", days) for days in (MOST + 1, 2**15 + 1, 35_794_131, 2**40, 2**63, 0, -1, -(2**40))]
    none = at(year(K24), "year", to=None)
    covered: list[Map] = [{"covered": None}, {"covered": "2026-01-01"}]
    no_days = ("2024-13-01", "2024-00-01", "2024-01-00", "0000-01-01", "2024-1-1", " 2024-01-01")
    fault = "statement/calendar"
    return [
        *(shows(year(K24, days_of("2024-01-01", 366, [0, 0], *runs)), [K24]) for runs in taken),
        *(refused(fault, year(K24, days_of("2024-01-01", 366, [0, 0], *runs))) for runs in wrong),
        *(refused(fault, year(K24, {**days_of("2024-01-01", 366), "offsets": runs})) for runs in starts_),
        *(refused(fault, year(K24, days_of(first, days))) for first, days in sizes),
        *(refused(fault, {**none, "calendar": days_of(first, days)}) for first, days in ages),
        refused(fault, {**none, "calendar": days_of("3000-01-01", 30315)}),  # up to 3082
        *(refused(fault, {**none, "calendar": days_of(*days)}) for days in (("2089-01-01", 365), ("2089-12-31", 1))),
        *(refused(fault, at(year(K24, days_of("2089-01-01", 365)), "year", to=2089) | changed) for changed in covered),
        *(refused(fault, at(long(MOST + 1), "year", to=year)) for year in (2088, None)),
        refused("link/window", long() | {"window": {"from": Y2024, "to": Y2025}}),
        refused(fault, at(long(), "calendar", "first_day", to="2000-04-13") | {"year": None}),
        refused("statement/fields", year(K24, {**days_of("2024-01-01", 366), "offsets": [[0, 0], "ab"]})),
        refused("statement/fields", year(K24, {**days_of("2024-01-01", 366), "offsets": [[0, 0], b"ab"]})),
        *(refused("statement/value", year(K24, days_of(day, 366))) for day in no_days),
        refused("statement/value", year(K24, covered="2024-13-01")),
    ]  # fmt: skip


def main() -> None:
    """Write the file."""
    about = "what the circuit is shown of a link, and calendars that are none"
    write("chain/public", SCRIPT, "circuits/FORMAT.md, sections 7 and 12", about, [*shown(), *cut(), *calendars()])


if __name__ == "__main__":
    main()

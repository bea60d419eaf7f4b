"""From a run of the ledger to the arrays that the machine's table is filled from (`circuit.lot_machine.v2.rows`).

The ledger knows accounts and assets by name, dates and exact integers; here they become codes, numbers of days, and
words of 64 bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.gadgets import LIMB
from zkharvest.circuit.lot_machine.v2.calendar import LinkCalendar
from zkharvest.circuit.lot_machine.v2.rows import (
    Entries,
    MachineRows,
    Surroundings,
    Tokens,
    WorkedRecords,
)
from zkharvest.commitment.assets import id_code
from zkharvest.commitment.encoding import SALT, WIDTH
from zkharvest.commitment.page_record import Lanes
from zkharvest.errors import InputError, Problem
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.history.columns import Entries as LedgerEntries
from zkharvest.ledger.history.columns import Tokens as LedgerTokens
from zkharvest.ledger.history.machine import Run
from zkharvest.ledger.history.order import Turn, Window
from zkharvest.ledger.history.records import describe
from zkharvest.ledger.history.standing import DAY_ZERO, Standing
from zkharvest.ledger.history.steps import List
from zkharvest.ledger.regimes.us import long_from
from zkharvest.ledger.rules import Pooling
from zkharvest.spec import account_code
from zkharvest.trades.text import format_time

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

_REF_LOW = (1 << 30) - 1


def calendar_of(window: Window, periods: Sequence[tuple[int, int]] = (), declared: Iterable[int] = ()) -> LinkCalendar:
    """The calendar of a link: its window's days, and those with which lots are declared (ordinals of dates).

    `periods` are those of the pages (`periods_of`).

    It begins with a year, so that it says no more of the first of them. InputError if that is before 2000, or if a
    page's period takes more of its intervals than the machine tells apart.
    """
    calendar = Calendar(window.zone)
    first = min([calendar.date_of(window.start).toordinal(), *declared])
    last = calendar.date_of(window.end - 1).toordinal()
    begin = date(date.fromordinal(first).year, 1, 1)
    days = last + 1 - begin.toordinal()
    edges = (window.start, window.end)
    made = LinkCalendar(window.zone, long_from, begin, days, edges, calendar.year_window(window.year), periods)
    for (start, end), intervals in zip(periods, (made.page_last - made.page_first + 1).tolist(), strict=True):
        if intervals > LIMB:
            text = f"a page from {format_time(start)} to {format_time(end)} takes {intervals:,} intervals of days"
            raise InputError.one("", f"{text}, a proof has at most {LIMB:,}", "make pages of shorter periods")
    return made


def periods_of(run: Run) -> list[tuple[int, int]]:
    """The periods of a run's pages, in their order: from when to when (ms)."""
    return [(page.start, page.end) for page in run.pages]


def declared_days(run: Run) -> list[int]:
    """The days with which lots were declared in a run, as ordinals."""
    return run.columns.declared_days()


def machine_rows(
    run: Run, opening: Standing | None, lanes: Sequence[Lanes], calendar: LinkCalendar, covered: int | None = None
) -> MachineRows:
    """The rows of one link.

    `lanes` are the hash inputs (n, 24) of each page's records, in the order of `run.pages`; `calendar` must list the
    days that are declared (`calendar_of`). `covered` is the ordinal of the first covered day; by default the window's.

    Raises InputError as `check_provable`.
    """
    check_provable(run)
    return _Rows(run, opening, calendar).rows(lanes, run.window.covered_since if covered is None else covered)


def check_provable(run: Run) -> None:
    """InputError with every record that the ledger works and the circuit does not take yet: those without a value."""
    problems = [
        Problem(
            str(turn.place),
            f"{describe(turn.record)}: its source states no value",
            "ledger report takes a declared value; lot-machine/v2 proves one in a later stage",
        )
        for turn in run.turns
        if not turn.record.valued and not turn.skipped
    ]
    if problems:
        raise InputError(problems)


@dataclass(frozen=True)
class _Rows:
    """A run on its way to the table."""

    run: Run
    opening: Standing | None
    calendar: LinkCalendar

    def rows(self, lanes: Sequence[Lanes], covered: int) -> MachineRows:
        columns = self.run.columns
        codes = [_pool(one) for one in columns.lists]
        pools = np.array(sorted(set(codes)), np.int64).reshape(-1, 9)
        place = {code: n for n, code in enumerate(map(tuple, pools.tolist()))}
        pool_of = np.array([place[code] for code in codes], np.int64)
        loaded = self.opening is not None and bool(self.opening.lots or self.opening.tokens)
        return MachineRows(
            around=self._around(covered),
            first_seq=self.opening.seq if self.opening is not None and loaded else 0,
            records=self._records(lanes),
            entries=_entries(columns.entries, pool_of),
            tokens=self._tokens(columns.tokens),
            pools=pools,
            op=columns.op,
            record=columns.turn,
            node=columns.node,
            pred=columns.pred,
            next=columns.next,
            token=columns.token,
            **_two("part", columns.part),
            **_two("lot", columns.lot),
            lot_value=columns.lot_value,
            part_value=columns.part_value,
            **_two("rest", columns.rest),
            rest_value=columns.rest_value,
            close_value=columns.close_value,
            emptied=columns.emptied,
            kind=columns.kind,
            declared=columns.declared,
        )

    def _records(self, lanes: Sequence[Lanes]) -> WorkedRecords:
        turns = self.run.turns
        columns = dict(zip(Turn._fields, zip(*turns, strict=True) if turns else [()] * len(Turn._fields), strict=True))
        page, late, shift = (_ints(columns[name]) for name in ("page", "late", "shift"))
        position = _ints([record.position for record in columns["record"]])
        begins = np.concatenate(([0], np.cumsum([len(one) for one in lanes]))).astype(np.int64)
        whole = np.concatenate([one[:, : WIDTH - SALT] for one in lanes]) if lanes else np.zeros((0, WIDTH - SALT))
        found = np.ascontiguousarray(whole[begins[page] + position], np.uint32)
        return WorkedRecords(page, position, found, late, shift)

    def _tokens(self, tokens: LedgerTokens) -> Tokens:
        lots = self.run.window.pooling is Pooling.WALLET
        assets = np.array([id_code(name) for name in tokens.assets], np.int64).reshape(-1, 4)
        return Tokens(
            seq=tokens.seq,
            part=tokens.part,
            last=tokens.last,
            asset=assets[tokens.asset],
            time=tokens.time,
            ref=np.stack((tokens.ref & _REF_LOW, tokens.ref >> 30), axis=1),
            **_two("quantity", tokens.quantity),
            value=tokens.value,
            unit=tokens.unit,
            order=tokens.order,
            day=day_numbers(tokens.day) if lots else np.zeros_like(tokens.day),
            long_from=tokens.long_from,
        )

    def _around(self, covered: int) -> Surroundings:
        window, calendar = self.run.window, self.calendar
        codes = [account_code(page.source, page.account) for page in self.run.pages]
        return Surroundings(
            page_code=np.array(codes, np.int64).reshape(-1, 4),
            page_early=_ints(page.start < window.start for page in self.run.pages),
            page_late=_ints(page.end > window.end for page in self.run.pages),
            page_first=calendar.page_first,
            page_last=calendar.page_last,
            start=calendar.start,
            long_from=calendar.long_at[:-1],
            phase=calendar.phase[:-1],
            day=calendar.day[:-1],
            window_end=window.end,
            covered=day_number(covered),
            method=window.method.value,
            wallet=window.pooling is Pooling.WALLET,
        )


def _pool(one: List) -> tuple[int, ...]:
    """A list's lanes: asset, account, side."""
    place = account_code(*one.place) if one.place is not None else (0, 0, 0, 0)
    return (*id_code(one.asset), *place, int(one.side))


def _entries(entries: LedgerEntries, pool_of: Ints) -> Entries:
    return Entries(
        pool=pool_of[entries.list],
        unit=entries.unit,
        order=entries.order,
        day=day_numbers(entries.day),
        long_from=entries.long_from,
        own=entries.own,
    )


def day_number(day: int) -> int:
    """A date's ordinal as the machine numbers it; 0 for what is before 2000."""
    return max(day - DAY_ZERO, 0)


def day_numbers(days: Ints) -> Ints:
    """`day_number` of each."""
    numbers: Ints = np.maximum(days - DAY_ZERO, 0)
    return numbers


def _ints(values: Iterable[Any]) -> Ints:
    return np.fromiter(values, np.int64)


def _two(name: str, words: Words) -> dict[str, Any]:
    """A number of 112 bits, its two words by name."""
    return {f"{name}_lo": np.ascontiguousarray(words[:, 0]), f"{name}_hi": np.ascontiguousarray(words[:, 1])}

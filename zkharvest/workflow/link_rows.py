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

from zkharvest.circuit.lot_machine.v2.calendar import LinkCalendar
from zkharvest.circuit.lot_machine.v2.rows import (
    Entries,
    MachineRows,
    Surroundings,
    Tokens,
    WorkedRecords,
)
from zkharvest.commitment.assets import id_code
from zkharvest.commitment.page_record import SALT, WIDTH, Lanes
from zkharvest.errors import InputError, Problem
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.history.decisions import DEPOSIT_KINDS
from zkharvest.ledger.history.machine import Run
from zkharvest.ledger.history.order import Window
from zkharvest.ledger.history.records import UNEXPLAINED, describe
from zkharvest.ledger.history.registers import DECLARED_VALUE
from zkharvest.ledger.history.standing import DAY_ZERO, Lot, Standing, Token
from zkharvest.ledger.history.steps import Do, List, Step
from zkharvest.ledger.regimes.us import long_from
from zkharvest.ledger.rules import Pooling
from zkharvest.spec import account_code

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

_WORD = (1 << 64) - 1
_REF_LOW = (1 << 30) - 1
_TAKING = (Do.TAKE, Do.SEND, Do.DROP)


def calendar_of(window: Window, declared: Iterable[int] = ()) -> LinkCalendar:
    """The calendar of a link: its window's days, and those with which lots are declared (ordinals of dates).

    It begins with a year, so that it says no more of the first of them. InputError if that is before 2000.
    """
    calendar = Calendar(window.zone)
    first = min([calendar.date_of(window.start).toordinal(), *declared])
    last = calendar.date_of(window.end - 1).toordinal()
    begin = date(date.fromordinal(first).year, 1, 1)
    days = last + 1 - begin.toordinal()
    edges = (window.start, window.end)
    return LinkCalendar(window.zone, long_from, begin, days, edges, calendar.year_window(window.year))


def declared_days(run: Run) -> list[int]:
    """The days with which lots were declared in a run, as ordinals."""
    return [step.lot.day for step in run.steps if step.do is Do.OPEN and step.lot is not None and _is_declared(step)]


def _is_declared(step: Step) -> bool:
    """Whether a step opens a deposit's lot of a declared value."""
    return step.origin == DECLARED_VALUE and step.kind in DEPOSIT_KINDS.values() and step.kind != UNEXPLAINED


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


@dataclass
class _Rows:
    """A run on its way into arrays."""

    run: Run
    opening: Standing | None
    calendar: LinkCalendar

    def __post_init__(self) -> None:
        self.tokens: list[Token] = []
        self._token_at: dict[tuple[int, int], int] = {}
        for step in self.run.steps:
            if step.do in (Do.LOAD_TOKEN, Do.SEND):
                assert step.token is not None
                self._token_at[step.token.seq, step.token.part] = len(self.tokens)
                self.tokens.append(step.token)

    def rows(self, lanes: Sequence[Lanes], covered: int) -> MachineRows:
        steps = self.run.steps
        lots: list[Lot] = [
            step.lot for step in steps if step.lot is not None and step.do in (Do.LOAD, Do.OPEN, Do.ARRIVE)
        ]
        of_entry = [List(lot.asset, lot.place, lot.side) for lot in lots]
        codes = {one: _pool(one) for one in set(of_entry)}
        pools = sorted(codes.values())
        place = {code: n for n, code in enumerate(pools)}
        loaded = self.opening is not None and bool(self.opening.lots or self.opening.tokens)
        return MachineRows(
            around=self._around(covered),
            first_seq=self.opening.seq if self.opening is not None and loaded else 0,
            records=self._records(lanes),
            entries=self._entries(lots, [place[codes[one]] for one in of_entry]),
            tokens=self._tokens(),
            pools=np.array(pools, np.int64).reshape(-1, 9),
            **self._columns(steps),
        )

    def _columns(self, steps: Sequence[Step]) -> dict[str, Any]:
        """The arrays by operation."""
        rests = [(step.rest, abs(step.rest_value)) for step in steps]
        for n, step in enumerate(steps):
            if step.do is Do.SKIP:
                record = self.run.turns[step.turn].record
                rests[n] = (record.quantity, abs(record.value))
        parts = [step.part if step.do in (*_TAKING, Do.ARRIVE) else 0 for step in steps]
        taken = [step.part_value if step.do in _TAKING else 0 for step in steps]
        tokens = [self._token_at[step.token.seq, step.token.part] if step.token is not None else -1 for step in steps]
        kinds = [step.kind if step.do is Do.DROP or _is_declared(step) else 0 for step in steps]
        return {
            "op": _ints(step.do for step in steps),
            "record": _ints(step.turn for step in steps),
            "node": _ints(step.node for step in steps),
            "pred": _ints(step.pred for step in steps),
            "next": _ints(step.next for step in steps),
            "token": _ints(tokens),
            **_two("part", parts),
            **_two("lot", [step.lot_quantity for step in steps]),
            "lot_value": _words([step.lot_value for step in steps]),
            "part_value": _words(taken),
            **_two("rest", [rest for rest, _ in rests]),
            "rest_value": _words([value for _, value in rests]),
            "close_value": _words([abs(step.close_value) for step in steps]),
            "emptied": _ints(step.emptied for step in steps),
            "kind": _ints(kinds),
            "declared": _ints(_is_declared(step) for step in steps),
        }

    def _records(self, lanes: Sequence[Lanes]) -> WorkedRecords:
        turns = self.run.turns
        page, position = _ints(turn.page for turn in turns), _ints(turn.record.position for turn in turns)
        begins = np.concatenate(([0], np.cumsum([len(one) for one in lanes]))).astype(np.int64)
        whole = np.concatenate([one[:, : WIDTH - SALT] for one in lanes]) if lanes else np.zeros((0, WIDTH - SALT))
        found = np.ascontiguousarray(whole[begins[page] + position], np.uint32)
        return WorkedRecords(
            page, position, found, _ints(turn.late for turn in turns), _ints(turn.shift for turn in turns)
        )

    def _entries(self, lots: Sequence[Lot], pools: Sequence[int]) -> Entries:
        return Entries(
            pool=_ints(pools),
            unit=_units(lot.unit for lot in lots),
            order=_ints(lot.order for lot in lots),
            day=_ints(map(day_number, (lot.day for lot in lots))),
            long_from=_ints(lot.long_from for lot in lots),
            own=_ints(lot.own for lot in lots),
        )

    def _tokens(self) -> Tokens:
        tokens, lots = self.tokens, self.run.window.pooling is Pooling.WALLET
        refs = [(token.ref & _REF_LOW, token.ref >> 30) for token in tokens]
        return Tokens(
            seq=_ints(token.seq for token in tokens),
            part=_ints(token.part for token in tokens),
            last=_ints(token.last for token in tokens),
            asset=np.array([id_code(token.asset) for token in tokens], np.int64).reshape(-1, 4),
            time=_ints(token.time for token in tokens),
            ref=np.array(refs, np.int64).reshape(-1, 2),
            **_two("quantity", [token.quantity for token in tokens]),
            value=_words([token.value for token in tokens]),
            unit=_units(token.unit for token in tokens),
            order=_ints(token.order for token in tokens),
            day=_ints(day_number(token.day) if lots else 0 for token in tokens),
            long_from=_ints(token.long_from for token in tokens),
        )

    def _around(self, covered: int) -> Surroundings:
        window, calendar = self.run.window, self.calendar
        codes = [account_code(page.source, page.account) for page in self.run.pages]
        return Surroundings(
            page_code=np.array(codes, np.int64).reshape(-1, 4),
            page_early=_ints(page.start < window.start for page in self.run.pages),
            page_late=_ints(page.end > window.end for page in self.run.pages),
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


def day_number(day: int) -> int:
    """A date's ordinal as the machine numbers it; 0 for what is before 2000."""
    return max(day - DAY_ZERO, 0)


def _ints(values: Iterable[Any]) -> Ints:
    return np.fromiter(values, np.int64)


def _words(values: Sequence[int]) -> Words:
    return np.array(values, np.uint64)


def _two(name: str, values: Sequence[int]) -> dict[str, Words]:
    """A number of 112 bits in two words."""
    return {
        f"{name}_lo": np.array([value & _WORD for value in values], np.uint64),
        f"{name}_hi": np.array([value >> 64 for value in values], np.uint64),
    }


def _units(units: Iterable[int]) -> NDArray[np.uint8]:
    """Unit bases as rows of 20 bytes."""
    octets = b"".join(unit.to_bytes(20, "little") for unit in units)
    return np.frombuffer(octets, np.uint8).reshape(-1, 20)

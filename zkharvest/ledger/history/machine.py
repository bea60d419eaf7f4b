"""The run of one window, in plain Python: the executable statement of what `lot-machine/v2` proves of records.

1. Lots and tokens of the standing carried in are loaded, then records are worked in their turn (`order`).
2. A record that opens puts its lot behind all with a key that is not greater; one that closes takes from the front (or
   what its owner named), and shares its value out over the parts, as the ledger does (`engine_plain`).
3. A withdrawal takes lot parts into tokens for what its deposit received; then what nobody received leaves, with a
   kind. A deposit puts the tokens of its withdrawal into its own account, in their order and as they were. Under
   universal pooling one token without a lot stands for the coins.
4. A deposit without a withdrawal opens a lot: of value 0, unexplained, or of a declared value and day.
5. What is left is carried out. Registers count all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from zkharvest.errors import InputError, Problem
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.rules import Method, Pooling, Side, part_of, unit_basis

from . import refusals
from .counting import Counting
from .decisions import DEPOSIT_KINDS, WITHDRAWAL_KINDS, Decision, Decisions
from .order import Turn, Window
from .pools import Pools
from .records import FEE, GIFT, LOST, MOVE, REACH, SHORTFALL, UNEXPLAINED, Does, History, Page, Place, Record
from .registers import DECLARED_VALUE, GONE, NONE, OUT, VENUE, Amounts, Key
from .standing import Lot, Standing, Token, accounts_after
from .steps import Do, List, Step

if TYPE_CHECKING:
    from .columns import Columns

STATED_GONE = frozenset({GIFT, LOST, FEE})
"""Kinds that a withdrawal may have from its source, and that stand where the owner says nothing."""

NOTHING = Decision()


@dataclass(frozen=True)
class Run:
    """One window, worked: its pages and turns, what is carried out, and every step, one by one or as arrays."""

    window: Window
    pages: tuple[Page, ...]
    turns: Sequence[Turn] = field(repr=False)
    closing: Standing
    _columns: Callable[[], Columns] = field(repr=False, compare=False)
    _steps: Callable[[], Sequence[Step]] = field(repr=False, compare=False)

    @property
    def registers(self) -> Mapping[Key, Amounts]:
        """The registers carried out."""
        return self.closing.registers

    @cached_property
    def columns(self) -> Columns:
        """The steps as arrays."""
        return self._columns()

    @cached_property
    def steps(self) -> Sequence[Step]:
        """The steps one by one: those of a compiled run are worked again, in plain Python."""
        return self._steps()


def run_plain(
    history: History,
    window: Window,
    pages: tuple[Page, ...],
    turns: Sequence[Turn],
    decisions: Decisions,
    opening: Standing | None = None,
) -> Run:
    """Work the records of a window. `turns` are `order.in_turn`'s, `pages` `order.pages_of`'s.

    Raises InputError with everything that cannot be worked: more taken than is held, names of lots that are not there,
    tokens that could not arrive any more, and under universal pooling accounts that end below zero (ADR 0022).
    """
    machine = _Machine(history, window, decisions, opening)
    machine.load()
    for number, turn in enumerate(turns):
        machine.work(number, turn)
    closing = machine.close()
    if machine.problems:
        raise InputError(machine.problems)
    registers = machine.counting.whole()
    same = replace(closing, accounts=accounts_after(pages, window.end, opening), registers=registers)

    def columns() -> Columns:
        from .columns import columns_of  # numpy only where arrays are asked for

        return columns_of(machine.steps, turns)

    return Run(window, pages, turns, same, columns, lambda: machine.steps)


def demands(method: Method, decided: Decision, begun: int, wanted: int) -> Iterator[tuple[Place | None, int]]:
    """What a record asks for: the first of the list, or under specific identification what the owner named.

    It takes `wanted`, behind `begun` that was before.
    """
    if method is not Method.SPECIFIC:
        yield None, wanted
        return
    for pick in decided.lots:
        of_this = min(max(pick.quantity - begun, 0), wanted)
        begun = max(begun - pick.quantity, 0)
        wanted -= of_this
        if of_this:
            yield pick.lot, of_this


class _Machine:
    """The machine in the middle of its turns."""

    def __init__(self, history: History, window: Window, decisions: Decisions, opening: Standing | None) -> None:
        self.history = history
        self.window = window
        self.decisions = decisions
        self.opening = opening
        self.calendar = Calendar(window.zone)
        self.universal = window.pooling is Pooling.UNIVERSAL
        self.pools = Pools(window.method)
        self.counting = Counting(window, self.calendar, opening)
        self.steps: list[Step] = []
        self.problems: list[Problem] = []
        loaded = opening is not None and (opening.lots or opening.tokens)
        self.seq = opening.seq if opening is not None and loaded else 0  # with nothing carried in, numbers begin again
        self.transit: dict[Place, list[Token]] = {}
        self._owners = [None if self.universal else page.owner for page in history.pages]
        self._list_of: dict[tuple[int, str, Side], List] = {}

    def load(self) -> None:
        """What the standing carried in has."""
        for lot in self.opening.lots if self.opening else ():
            self._insert(Do.LOAD, lot)
        for token in self.opening.tokens if self.opening else ():
            assert token.sent is not None, "an owner's tokens know their withdrawals"
            self.transit.setdefault(token.sent, []).append(token)
            self.steps.append(Step(Do.LOAD_TOKEN, token=token))

    def work(self, number: int, turn: Turn) -> None:
        """One record, in its turn."""
        record = turn.record
        if turn.skipped:
            self.steps.append(Step(Do.SKIP, number))
            return
        self.seq += 1
        decided = self.decisions.get(turn.place, NOTHING) if self.decisions else NOTHING
        if record.does is Does.OPEN:
            self._open(number, turn, decided)
        elif record.does is Does.CLOSE:
            self._close(number, turn, decided)
        elif record.does is Does.OUT:
            self._out(number, turn, decided)
        elif turn.sent is not None:
            self._arrive(number, turn)
        else:
            self._deposit(number, turn, decided)

    def list_of(self, turn: Turn) -> List:
        """The list that a record works on."""
        record = turn.record
        at = (record.page, record.asset, record.side)
        found = self._list_of.get(at)
        if found is None:
            found = self._list_of[at] = List(record.asset, self._owners[record.page], record.side)
        return found

    # ------------------------------------------------------------------------------------------ what opens

    def _open(self, number: int, turn: Turn, decided: Decision) -> None:
        record = turn.record
        value, origin = record.value, VENUE
        if not record.valued:
            if decided.value is None:
                self.problems.append(refusals.unvalued(self.history, record))
            value, origin = decided.value or 0, DECLARED_VALUE
        self._new_lot(number, turn, value, self.counting.day_of(record.time), record.kind, origin, own=True)

    def _deposit(self, number: int, turn: Turn, decided: Decision) -> None:
        """A deposit that is no move: of a declared value, or unexplained."""
        own_day = self.counting.day_of(turn.record.time)
        kind = DEPOSIT_KINDS.get(decided.kind, UNEXPLAINED)
        if kind == UNEXPLAINED:
            self._new_lot(number, turn, 0, own_day, kind, NONE, own=False)
        else:
            day = own_day if decided.day is None else decided.day
            self._new_lot(number, turn, decided.value or 0, day, kind, DECLARED_VALUE, own=False)

    def _new_lot(self, number: int, turn: Turn, value: int, day: int, kind: int, origin: str, *, own: bool) -> None:
        record, which = turn.record, self.list_of(turn)
        unit = unit_basis(value, record.quantity)
        long_from = self.counting.long_from(day)
        lot = Lot(*which, record.quantity, value, unit, self.seq, day, own, turn.place, long_from)
        self._insert(
            Do.OPEN, lot, number, rest=record.quantity, rest_value=record.value, kind=kind, origin=origin, which=which
        )
        self.counting.opened(turn, value, kind, origin, own=own)

    def _insert(
        self, do: Do, lot: Lot, number: int = -1, *, rest: int = 0, rest_value: int = 0, kind: int = 0,
        origin: str = "", token: Token | None = None, which: List | None = None,
    ) -> None:  # fmt: skip
        """Put a lot into its list, and write the step down."""
        entry, pred, following = self.pools.insert(lot)
        self.steps.append(
            Step(
                do, number, self.seq if number >= 0 else 0, which or List(lot.asset, lot.place, lot.side), entry.node,
                pred, following, lot.quantity, lot.quantity, lot.value, 0, rest, rest_value, 0, False, kind, origin,
                lot, token,
            )
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------ what takes

    def _close(self, number: int, turn: Turn, decided: Decision) -> None:
        record, which = turn.record, self.list_of(turn)
        rest, value, origin = record.quantity, record.value, VENUE
        if not record.valued:
            if decided.value is None:
                self.problems.append(refusals.unvalued(self.history, record))
            value, origin = decided.value or 0, DECLARED_VALUE
        self._check_names(record, decided, rest)
        for at, wanted in self._matched(turn, which, decided, 0, rest):
            closing = part_of(value, min(wanted, self.pools.entries(which)[at].quantity), rest)
            part, lot, lot_value = self._take(
                Do.TAKE, number, which, at, wanted, rest, record.kind, origin, rest_value=value, close_value=closing
            )
            self.counting.closed(turn, lot, part, lot_value, closing, origin, first=rest == record.quantity)
            rest, value = rest - part, value - closing

    def _out(self, number: int, turn: Turn, decided: Decision) -> None:
        record, which = turn.record, self.list_of(turn)
        rest = record.quantity
        named = sum(pick.quantity for pick in decided.lots)
        unnamed = turn.moved if self.universal and named != record.quantity else 0  # what takes no lot may have no name
        self._check_names(record, decided, rest - unnamed)
        if turn.moved and self.universal:
            token = Token(self.seq, 0, True, record.asset, record.time, record.ref, turn.moved, sent=turn.place)
            self.steps.append(
                Step(Do.SEND, number, self.seq, part=turn.moved, rest=rest, kind=MOVE, origin=OUT, token=token)
            )
            self._sent(turn, token, first=True)
            rest -= turn.moved
        elif turn.moved:
            rest = self._send(number, turn, which, decided)
        kind = WITHDRAWAL_KINDS.get(decided.kind, 0)
        if turn.moved:
            kind = SHORTFALL
        elif not kind:
            kind = record.kind if record.kind in STATED_GONE else UNEXPLAINED
        begun = turn.moved - unnamed  # of the named lots
        for at, wanted in self._matched(turn, which, decided, begun, rest):
            part, _, value = self._take(Do.DROP, number, which, at, wanted, rest, kind, GONE)
            self.counting.gone(turn, part, value, kind, last=rest == part)
            rest -= part

    def _send(self, number: int, turn: Turn, which: List, decided: Decision) -> int:
        """Take lot parts into tokens; returns what is left of the withdrawal."""
        record = turn.record
        rest, moved = record.quantity, turn.moved
        for at, wanted in self._matched(turn, which, decided, 0, moved):
            part = min(wanted, self.pools.entries(which)[at].quantity)
            _, lot, value = self._take(Do.SEND, number, which, at, wanted, rest, MOVE, OUT)
            earlier = self.transit.get(turn.place, ())
            token = Token(
                self.seq, len(earlier), part == moved, record.asset, record.time, record.ref, part, value, lot.unit,
                lot.order, lot.day, turn.place, lot.name, lot.long_from,
            )  # fmt: skip
            self.steps[-1] = self.steps[-1]._replace(token=token)
            self._sent(turn, token, first=rest == record.quantity)
            rest, moved = rest - part, moved - part
        return rest

    def _sent(self, turn: Turn, token: Token, *, first: bool) -> None:
        self.transit.setdefault(turn.place, []).append(token)
        self.counting.sent(turn, token, first=first)

    def _arrive(self, number: int, turn: Turn) -> None:
        record, which = turn.record, self.list_of(turn)
        assert turn.sent is not None
        rest = record.quantity
        for token in self.transit.pop(turn.sent, ()):
            origin = self.counting.arrived(turn, token, first=rest == record.quantity)
            if self.universal:
                step = Step(Do.ARRIVE, number, self.seq, part=token.quantity, rest=rest, kind=MOVE, origin=origin)
                self.steps.append(step._replace(token=token))
            else:
                value, unit, order, day = token.value, token.unit, token.order, token.day
                lot = Lot(*which, token.quantity, value, unit, order, day, False, token.name, token.long_from)
                self._insert(Do.ARRIVE, lot, number, rest=rest, kind=MOVE, origin=origin, token=token, which=which)
            rest -= token.quantity

    def _take(
        self, do: Do, number: int, which: List, at: int, wanted: int, rest: int, kind: int, origin: str, *,
        rest_value: int = 0, close_value: int = 0,
    ) -> tuple[int, Lot, int]:  # fmt: skip
        """Take of an entry, and write the step down. Returns the part, the lot's nature and the part's value."""
        entry = self.pools.entries(which)[at]
        part, before, value_before = min(wanted, entry.quantity), entry.quantity, entry.value
        pred, following = self.pools.neighbours(which, at)
        value = self.pools.take(which, at, part)
        self.steps.append(
            Step(
                do, number, self.seq, which, entry.node, pred, following, part, before, value_before, value, rest,
                rest_value, close_value, part == before, kind, origin, entry.lot,
            )
        )  # fmt: skip
        return part, entry.lot, value

    def _matched(
        self, turn: Turn, which: List, decided: Decision, begun: int, wanted: int
    ) -> Iterator[tuple[int, int]]:
        """The places in the list that a record takes from, and how much is wanted of each.

        `wanted` of it is taken, behind `begun` that was before. Notes what is missing, and takes what there is.
        """
        for name, asked in demands(self.window.method, decided, begun, wanted):
            rest = asked
            while rest:
                entries = self.pools.entries(which)
                at = 0 if name is None else self.pools.place_of(which, name)
                if at >= len(entries):
                    self.problems.append(refusals.short_of(self.history, turn.record, which, asked - rest, asked, name))
                    break
                part = min(rest, entries[at].quantity)
                yield at, rest
                rest -= part

    def _check_names(self, record: Record, decided: Decision, taken: int) -> None:
        """Under specific identification the names are of all that is taken."""
        if self.window.method is not Method.SPECIFIC:
            return
        named = sum(pick.quantity for pick in decided.lots)
        if named != taken:
            self.problems.append(refusals.unnamed(self.history, record, named, taken))

    # ------------------------------------------------------------------------------------------ what is left

    def close(self) -> Standing:
        """Carry out what is left: lots list by list, then tokens by withdrawal."""
        lots: list[Lot] = []
        for which in self.pools.lists():
            entries = self.pools.entries(which)
            for n, entry in enumerate(entries):
                lot = replace(entry.lot, quantity=entry.quantity, value=entry.value)
                following = entries[n + 1].node if n + 1 < len(entries) else -1
                self.steps.append(
                    Step(
                        Do.CLOSE, list=which, node=entry.node, next=following, part=lot.quantity,
                        lot_quantity=lot.quantity, lot_value=lot.value, part_value=lot.value, emptied=True, lot=lot,
                    )
                )  # fmt: skip
                lots.append(lot)
        tokens = sorted((token for parts in self.transit.values() for token in parts), key=lambda t: (t.seq, t.part))
        for token in tokens:
            self.steps.append(Step(Do.CLOSE_TOKEN, token=token))
            self.counting.left_in_transit(token)
            if not token.ref and self.window.end - token.time >= REACH and token.last:
                self.problems.append(refusals.stale(self.history, token))
        self.problems += [refusals.below_zero(self.history, turn, units) for turn, units in self.counting.below_zero()]
        w = self.window
        return Standing(w.end, w.pooling.value, w.zone, w.year, tuple(lots), tuple(tokens), seq=self.seq)

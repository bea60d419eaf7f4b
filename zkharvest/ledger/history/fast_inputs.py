"""A window's records as what the compiled machine takes (`fast_kernel`): lists, natures and moves by number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.fast_words import unit_bases
from zkharvest.ledger.operations import Ints, Words
from zkharvest.ledger.regimes.us import long_from
from zkharvest.ledger.rules import Method, Pooling, Side
from zkharvest.ledger.trade_columns import two_words

from . import fast_kernel as kernel
from .decisions import DEPOSIT_KINDS, WITHDRAWAL_KINDS, Decision, Decisions
from .machine import NOTHING, STATED_GONE, demands
from .order import Turn, Window
from .records import SHORTFALL, UNEXPLAINED, Account, Does, History, Place, Record
from .standing import Lot, Standing, Token
from .steps import List

_WORD = (1 << 64) - 1


class Unworkable(Exception):
    """Something that the compiled machine leaves to the plain one, which works it or says what is wrong."""


class Inputs:
    """A window as arrays.

    Inputs are the lots and the tokens that are loaded, and then the turns. Natures are those of the lots loaded, of the
    tokens loaded, and of what the turns open, in this order.
    """

    def __init__(
        self, history: History, window: Window, decisions: Decisions, opening: Standing | None, turns: Sequence[Turn]
    ) -> None:
        self.history, self.window, self.decisions, self.opening = history, window, decisions, opening
        self.turns = turns
        self.universal = window.pooling is Pooling.UNIVERSAL
        self.specific = window.method is Method.SPECIFIC
        self.loaded: Sequence[Lot] = opening.lots if opening is not None else ()
        self.tokens: Sequence[Token] = opening.tokens if opening is not None else ()
        if not turns or (opening is not None and opening.pooling != window.pooling.value):
            raise Unworkable
        self.before: list[Lot | Token] = [*self.loaded, *self.tokens]
        self.first = len(self.before)
        self.first_seq = opening.seq if opening is not None and self.first else 0
        self._read()
        self._decide()
        self._number_lists()
        self._number_moves()
        self._name_natures()
        self._ask()

    # ------------------------------------------------------------------------------------------ what goes in

    def _read(self) -> None:
        """The turns' records as arrays."""
        of_turns = dict(zip(Turn._fields, zip(*self.turns, strict=True), strict=True))
        fields = dict(zip(Record._fields, zip(*of_turns["record"], strict=True), strict=True))
        count = len(self.turns)
        self.time, self.page, self.fee, self.ref = (
            np.fromiter(fields[name], np.int64, count) for name in ("time", "page", "fee", "ref")
        )
        # Enumerations and truth values are slow to read one by one: they go by way of bytes.
        self.does, self.side, self.stated_kind = (
            np.frombuffer(bytes(fields[name]), np.uint8).astype(np.int64) for name in ("does", "side", "kind")
        )
        self.valued, self.skipped = (
            np.frombuffer(bytes(values), np.bool_) for values in (fields["valued"], of_turns["skipped"])
        )
        self.quantity = two_words(fields["quantity"])
        self.stated = np.fromiter(map(abs, fields["value"]), np.uint64, count)
        self.below = np.frombuffer(bytes([value < 0 for value in fields["value"]]), np.bool_)
        self.seq = self.first_seq + np.cumsum(~self.skipped)
        names = [*fields["asset"], *(x.asset for x in self.before)]
        self.assets = list(dict.fromkeys(names))
        number = {name: n for n, name in enumerate(self.assets)}
        asset = np.fromiter(map(number.__getitem__, names), np.int64, len(names))
        self.asset, self.loaded_asset = asset[:count], asset[count:]
        self.withdrawals: Sequence[Place | None] = of_turns["sent"]
        owners: dict[Account, int] = {}
        of_page = [owners.setdefault(page.owner, len(owners)) for page in self.history.pages]
        for lot in self.loaded:
            if lot.place is not None:
                owners.setdefault(lot.place, len(owners))
        self.owners = list(owners)
        self.owner = np.array(of_page, np.int64)[self.page]
        self.loaded_owner = np.array([owners[x.place] if x.place is not None else 0 for x in self.loaded], np.int64)

    def _decide(self) -> None:
        """What each record does and under which kind, with which value, by what its owner says."""
        does, kinds = self.does, self.stated_kind.copy()
        self.action = np.choose(does, (kernel.DO_OPEN, kernel.DO_CLOSE, kernel.DO_OUT, kernel.DO_OPEN))
        self.action[self.skipped] = kernel.DO_SKIP
        self.value = self.stated.copy()
        self.declared_day: dict[int, int] = {}
        self.unnamed: dict[int, int] = {}
        self.by_owner = np.zeros(len(does), np.bool_)  # the value is declared
        self.moved = np.zeros((len(does), 2), np.uint64)
        plain = self.valued & ((does == Does.OPEN) | (does == Does.CLOSE))
        for t in np.flatnonzero(~self.skipped & ~plain).tolist():
            turn = self.turns[t]
            record = turn.record
            decided = self.decisions.get(turn.place, NOTHING)
            if record.does is Does.IN:
                if turn.sent is not None:
                    self.action[t] = kernel.DO_ARRIVE
                    continue
                kinds[t] = DEPOSIT_KINDS.get(decided.kind, UNEXPLAINED)
                declared = kinds[t] != UNEXPLAINED
                self.value[t] = (decided.value or 0) if declared else 0
                self.by_owner[t] = declared
                if declared and decided.day is not None:
                    self.declared_day[t] = decided.day
            elif record.does is Does.OUT:
                kinds[t] = self._gone_kind(turn, decided)
                self.moved[t] = turn.moved & _WORD, turn.moved >> 64
            else:
                if decided.value is None:
                    raise Unworkable
                self.value[t] = decided.value
                self.by_owner[t] = True
        self.kind = kinds

    @staticmethod
    def _gone_kind(turn: Turn, decided: Decision) -> int:
        if turn.moved:
            return SHORTFALL
        stated = turn.record.kind if turn.record.kind in STATED_GONE else UNEXPLAINED
        return WITHDRAWAL_KINDS.get(decided.kind, 0) or stated

    def _number_lists(self) -> None:
        """The lists of open lots, sorted, and the list of each input."""
        owner, loaded_owner = (self.owner * 0, self.loaded_owner * 0) if self.universal else (
            self.owner, self.loaded_owner,
        )  # fmt: skip
        side = np.array([lot.side for lot in self.loaded], np.int64)
        asset = np.concatenate((self.loaded_asset[: len(self.loaded)], self.asset))
        codes = (asset * len(self.owners) + np.concatenate((loaded_owner, owner))) * 2
        codes += np.concatenate((side, self.side))
        distinct, place = np.unique(codes, return_inverse=True)
        named = [
            List(self.assets[code // 2 // len(self.owners)], self._place(code), Side(code % 2))
            for code in distinct.tolist()
        ]
        order = sorted(range(len(named)), key=named.__getitem__)
        number = np.empty(len(named), np.int64)
        number[order] = np.arange(len(named))
        self.lists = [named[n] for n in order]
        of_input = number[place]
        self.pool = of_input[len(self.loaded) :]
        self.pool_of = np.concatenate(
            (of_input[: len(self.loaded)], np.full(len(self.tokens), -1, np.int64), self.pool)
        )

    def _place(self, code: int) -> Account | None:
        return None if self.universal else self.owners[code // 2 % len(self.owners)]

    def _number_moves(self) -> None:
        """Withdrawals that are on their way at some time, and the one of each input."""
        number: dict[Place, int] = {}
        of_token: list[int] = []
        for token in self.tokens:
            assert token.sent is not None, "an owner's tokens know their withdrawals"
            if token.sent in number and of_token[-1] != number[token.sent]:
                raise Unworkable
            of_token.append(number.setdefault(token.sent, len(number)))
        of_turn = [number.setdefault(out, len(number)) if out is not None else -1 for out in self.withdrawals]
        self.moves = max(len(number), 1)
        self.move_of = ints_of([-1] * len(self.loaded) + of_token + of_turn)

    def _name_natures(self) -> None:
        """What lots are: when they were acquired, by which record, at which unit basis; and their order."""
        calendar = Calendar(self.window.zone)
        opens = np.flatnonzero(self.action == kernel.DO_OPEN)
        days = _local_days(calendar, self.time[opens])
        for n, t in enumerate(opens.tolist() if self.declared_day else ()):
            days[n] = self.declared_day.get(t, days[n])
        distinct, which = np.unique(days, return_inverse=True)
        long = np.array([calendar.first_instant(long_from(date.fromordinal(day))) for day in distinct.tolist()])
        unit = np.empty((len(opens), 3), np.uint64)
        unit_bases(0, len(opens), self.value[opens], self.quantity[opens], unit)
        before = self.before
        self.opens = opens
        self.order = np.concatenate((ints_of(x.order for x in before), self.seq[opens]))
        self.day = np.concatenate((ints_of(x.day for x in before), days))
        self.long = np.concatenate((ints_of(x.long_from for x in before), long.astype(np.int64)[which]))
        self.unit = np.concatenate((_three_words([x.unit for x in before]), unit))
        self.own = np.concatenate((
            ints_of(lot.own for lot in self.loaded), np.zeros(len(self.tokens), np.int64),
            (self.does[opens] == Does.OPEN).astype(np.int64),
        ))  # fmt: skip
        self.nature_of = np.full(self.first + len(self.turns), -1, np.int64)
        self.nature_of[: self.first] = np.arange(self.first)
        self.nature_of[self.first + opens] = self.first + np.arange(len(opens))

    def name_at(self, nature: int) -> Place | None:
        """The record that opened a lot."""
        if nature < len(self.loaded):
            return self.loaded[nature].name
        if nature < self.first:
            return self.tokens[nature - len(self.loaded)].name
        return self.turns[int(self.opens[nature - self.first])].place

    def _ranks(self) -> Ints:
        """The place of each nature in the order of the method; parts of one lot have one place."""
        order, day = self.order, self.day
        high, middle, low = (self.unit[:, n] for n in (2, 1, 0))
        keys: tuple[NDArray[Any], ...]
        match self.window.method:
            case Method.FIFO:
                keys = (day, order)
            case Method.LIFO:
                keys = (-day, -order)
            case Method.HIFO:
                keys = (~high, ~middle, ~low, order)
            case Method.LOFO:
                keys = (high, middle, low, order)
            case Method.SPECIFIC:
                return np.zeros(len(order), np.int64)
        at = np.lexsort(keys[::-1])
        new = np.zeros(len(at), np.bool_)
        for key in keys:
            new[1:] |= key[at][1:] != key[at][:-1]
        rank = np.empty(len(at), np.int64)
        rank[at] = np.cumsum(new)
        return rank

    def _ask(self) -> None:
        """Under specific identification: what each record names, as lists of slots and quantities."""
        count = self.first + len(self.turns)
        self.asked_from = np.zeros(count + 1, np.int64)
        self.asked_drop = np.zeros(count, np.int64)
        self.names: dict[Place | None, int] = {}
        wanted: list[tuple[int, int, int]] = []
        if self.specific:
            for t, turn in enumerate(self.turns, self.first):
                self.asked_from[t] = self.asked_drop[t] = len(wanted)
                if self.action[t - self.first] in (kernel.DO_CLOSE, kernel.DO_OUT):
                    moved, dropped = self._picks(turn)
                    pool = int(self.pool[t - self.first])
                    wanted += ((pool, self._number(name), quantity) for name, quantity in moved)
                    self.asked_drop[t] = len(wanted)
                    wanted += ((pool, self._number(name), quantity) for name, quantity in dropped)
                self.asked_from[t + 1] = len(wanted)
        width = len(self.names) + 1  # the last stands for what nobody names
        pairs = np.array([pool * width + name for pool, name, _ in wanted], np.int64)
        self.codes, self.asked_slot = np.unique(pairs, return_inverse=True)
        self.asked_q = two_words([quantity for _, _, quantity in wanted])
        unnamed = len(self.names)
        self.name_of = (
            ints_of(self.names.get(self.name_at(n), unnamed) for n in range(len(self.order)))
            if self.names
            else np.full(len(self.order), unnamed, np.int64)
        )
        self.name_width = width

    def _number(self, name: Place | None) -> int:
        return self.names.setdefault(name, len(self.names))

    def _picks(self, turn: Turn) -> tuple[list[tuple[Place | None, int]], list[tuple[Place | None, int]]]:
        """What a record names of what is sent on, and of what is closed or dropped."""
        record, decided = turn.record, self.decisions.get(turn.place, NOTHING)
        named = sum(pick.quantity for pick in decided.lots)
        moved = turn.moved if record.does is Does.OUT else 0
        unnamed = moved if self.universal and named != record.quantity else 0
        if named != record.quantity - unnamed:
            raise Unworkable
        sent = [] if self.universal else list(demands(self.window.method, decided, 0, moved))
        return sent, list(demands(self.window.method, decided, moved - unnamed, record.quantity - moved))


def _local_days(calendar: Calendar, instants: Ints) -> Ints:
    """The ordinals of the local dates of instants: of each the last date that has begun by then."""
    if not len(instants):
        return np.zeros(0, np.int64)
    first, last = (calendar.date_of(int(f(instants))).toordinal() for f in (np.min, np.max))
    starts = np.array([calendar.first_instant(date.fromordinal(day)) for day in range(first, last + 1)], np.int64)
    days: Ints = first + np.searchsorted(starts, instants, side="right") - 1
    return days


def ints_of(values: Iterable[Any]) -> Ints:
    return np.fromiter(values, np.int64)


def _three_words(numbers: Sequence[int]) -> Words:
    """Integers below 2^192 as rows of three words, low word first."""
    octets = b"".join(number.to_bytes(24, "little") for number in numbers)
    return np.frombuffer(octets, np.uint64).reshape(-1, 3)

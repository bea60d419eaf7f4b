"""The reference machine: rows of `steps`, what each must satisfy, and every message on a bus.

    load, load_token    a lot, a token of the standing carried in
    skip                a record before the window of an early page, or behind it of a late one
    open                a purchase, income, short sale; or a deposit without a token: unexplained, or declared
    take                part of a lot, and the part of the disposal that settles it (two rows)
    out                 part of a lot that a withdrawal takes, into a token (two rows; universal pooling: one, no lot)
    drop                part of a lot that a withdrawal takes and nobody received (two rows)
    arrive              a token enters the destination (one row)
    close, close_token  what is left goes to the standing carried out

Messages are multisets: what is sent must be received, as often. Order is not in a bus: clocks are what order it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field, replace

from tests.models.lot_machine_v2 import sums
from tests.models.lot_machine_v2.words import (
    REACH,
    SHIFT_LIMIT,
    Lot,
    Page,
    Rec,
    Token,
    day_of,
    need,
    part_of,
    unit_of,
)

ROWS = {
    "load": 1, "load_token": 1, "skip": 1, "open": 1, "take": 2, "out": 2, "drop": 2, "arrive": 1, "close": 1,
    "close_token": 1,
}  # fmt: skip
"""Rows of `steps` an operation has."""

DECLARED = ("declared", "opening balance", "income")
GONE = ("gift", "lost", "fee", "shortfall", "unexplained")


@dataclass(frozen=True, slots=True)
class Row:
    """One operation, with everything that a prover claims of it."""

    op: str
    page: int = -1
    position: int = -1
    record: Rec | None = None
    part: int = 0
    value: int = 0
    close_value: int = 0
    lot: Lot | None = None
    token: Token | None = None
    kind: str = ""
    declared: tuple[int, int] | None = None
    late: int = 0
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """What a link states that the machine needs. `early`, `late`: places in the list, as the verifier set them."""

    start: int
    end: int
    year: tuple[int, int]
    method: str
    pooling: str
    first_day: int = 0
    covered_since: int = 0
    early: frozenset[int] = frozenset()
    late: frozenset[int] = frozenset()


@dataclass(slots=True)
class Entry:
    """A lot in a pool's list."""

    lot: Lot
    key: tuple[int, ...]


def sort_key(method: str, lot: Lot) -> tuple[int, ...]:
    """By the day acquired and then in order of the records; by unit basis under HIFO and LOFO."""
    return {
        "fifo": (lot.day, lot.order),
        "lifo": (-lot.day, -lot.order),
        "hifo": (-lot.unit, lot.order),
        "lofo": (lot.unit, lot.order),
    }[method]


@dataclass
class Machine:
    """The machine in the middle of its rows."""

    rules: Rules
    pages: list[Page]
    long_from: object  # acquisition day -> first day that is long
    seq: int = 0
    clk: int = 0
    rows: int = 0
    pools: dict[tuple[str, str, int], list[Entry]] = field(default_factory=dict)
    bus: dict[str, Counter] = field(default_factory=lambda: {n: Counter() for n in ("leaf", "transit", "pair")})
    posts: sums.Posts = field(default_factory=dict)
    ops: Counter = field(default_factory=Counter)
    messages: Counter = field(default_factory=Counter)
    _last: tuple[int, int, int, int] = (-1, 0, 0, 0)
    _phase: str = "load"
    _work: tuple[int, int] | None = None
    _rest: int = 0
    _rest_value: int = 0
    _part: int = 0
    _token_last: bool | None = None
    _arriving: int | None = None
    _gone: str = ""

    # ---------------------------------------------------------------------------------------------- buses

    def send(self, bus: str, message: object, times: int = 1) -> None:
        self.bus[bus][message] += times
        self.messages[bus] += 1

    def receive(self, bus: str, message: object) -> None:
        self.send(bus, message, -1)

    def post(self, key: sums.Key, **amounts: int) -> None:
        self.messages["post"] += 1
        sums.add(self.posts, key, sums.weights(**amounts))

    # ---------------------------------------------------------------------------------------------- rows

    def step(self, row: Row) -> None:
        """Take one operation, or refuse it."""
        self.clk += 1
        self.rows += 1 if row.op == "out" and self.universal else ROWS[row.op]
        self.ops[row.op] += 1
        if row.op in ("load", "load_token"):
            need(self._phase == "load", "loads_first")
            getattr(self, f"_{row.op}")(row)
            return
        if row.op in ("close", "close_token"):
            self._finish_record()
            self._phase = "close"
            getattr(self, f"_{row.op}")(row)
            return
        need(self._phase != "close", "closes_last")
        self._phase = "work"
        record = row.record
        assert record is not None
        if self._work != (row.page, row.position) or self._rest == 0:
            self._begin(row, record)
        need(self._work == (row.page, row.position), "one_record", "rows of a record follow each other")
        getattr(self, f"_{row.op}")(row, record)

    @property
    def universal(self) -> bool:
        return self.rules.pooling == "universal"

    def place(self, page: int) -> str:
        return "" if self.universal else self.pages[page].source

    def _begin(self, row: Row, record: Rec) -> None:
        """The first row of a record: its leaf, its turn."""
        self._finish_record()
        self.receive("leaf", (row.page, row.position, record))
        need(row.late in (0, 1) and (row.late == 1 or row.shift == 0), "shift_where")
        need(not row.late or row.op == "arrive", "shift_where", "only an arrival is late")
        turn = (record.time + row.shift, row.late, row.page, row.position)
        need(turn > self._last, "record_order", (turn, self._last))
        self._last, self._work = turn, (row.page, row.position)
        self._rest, self._rest_value, self._part, self._token_last, self._arriving = (
            record.quantity, record.value, 0, None, None,
        )  # fmt: skip
        self._gone = ""
        if row.op == "skip":
            return
        self.seq += 1
        need(self.rules.start <= record.time and turn[0] < self.rules.end, "in_window", record.time)

    def _finish_record(self) -> None:
        need(self._rest == 0, "used_up", "a record is worked to its end")
        need(self._token_last is not False, "token_last", "the last token of a withdrawal says so")

    def _skip(self, row: Row, record: Rec) -> None:
        before = record.time < self.rules.start and row.page in self.rules.early
        behind = record.time >= self.rules.end and row.page in self.rules.late
        need(before or behind, "skip_where", "only outside the window, and in an early or late page")
        self._rest = 0

    def _open(self, row: Row, record: Rec) -> None:
        need(self._rest == record.quantity, "open_whole")
        value, day, own, origin, kind = record.value, day_of(record.time), True, "venue", record.kind
        if record.op == "in":
            own = False
            value, origin, kind = 0, "none", "unexplained"
            if row.declared is not None:
                value, day = row.declared
                need(row.kind in DECLARED, "declared_kind", row.kind)
                origin, kind = "declared", row.kind
                need(self.rules.first_day <= day <= day_of(record.time), "declared_day", "a row of the calendar")
        else:
            need(record.op == "open" and row.declared is None, "open_kind")
        need(value >= 0, "open_value")
        need(row.value == value, "basis", "the venue's, 0, or declared and counted")
        lot = Lot(
            record.asset, self.place(row.page), record.side, record.quantity, value, unit_of(value, record.quantity),
            self.seq, day, own,
        )  # fmt: skip
        self._insert(lot)
        self._rest = 0
        income = "income" if record.op == "open" and not record.side and kind != "trade" else ""
        key = self._class(row, record, kind=kind, origin=origin, term=income, side=str(record.side))
        self.post(key, units=record.quantity, proceeds=value if income else 0, basis=0 if income else value,
                  fee=record.fee, events=1)  # fmt: skip
        self._hold(row, record, record.quantity)

    def _take(self, row: Row, record: Rec) -> None:
        need(record.op == "close", "take_kind")
        first = self._rest == record.quantity
        lot, part, value = self._part_of_head(row, record)
        closing = part_of(self._rest_value, part, self._rest)
        need(row.close_value == closing, "settle_value")
        self._rest -= part
        self._rest_value -= closing
        proceeds, basis = (closing, value) if record.side == 0 else (value, closing)
        long = record.side == 0 and day_of(record.time) >= self.long_from(lot.day)
        # Coins of a universal pool move without their lot: whether it has moved is not known, and none is covered.
        covered = not self.universal and lot.own and lot.day >= self.rules.covered_since
        # Of a long lot sold below nothing every part is a loss, one that rounds to 0 too: the record has one sign.
        gain = proceeds >= basis and not (record.side == 0 and record.value < 0)
        key = self._class(
            row, record, kind=record.kind, origin="venue", covered="c" if covered else "n",
            term="long" if long else "short", result="gain" if gain else "loss", side=str(record.side),
        )  # fmt: skip
        need(row.kind in ("", f"{key.covered}{key.term}"), "class", "covered and term are the lot's own")
        self.post(key, units=part, proceeds=proceeds, basis=basis, fee=record.fee if first else 0, lines=1,
                  events=int(first))  # fmt: skip
        self._hold(row, record, -part)

    def _out(self, row: Row, record: Rec) -> None:
        need(record.op == "out", "out_kind")
        need(self._token_last is not True, "token_after_last")
        first = self._rest == record.quantity
        if self.universal:
            need(0 < row.part <= self._rest, "part_range")
            token = Token(self.seq, 0, True, record.asset, record.time, record.ref, row.part, 0, 0, 0, 0, self.clk)
            part = row.part
        else:
            lot, part, value = self._part_of_head(row, record)
            assert row.token is not None
            token = Token(
                self.seq, self._part, row.token.last, record.asset, record.time, record.ref, part, value, lot.unit,
                lot.order, lot.day, self.clk,
            )  # fmt: skip
        need(row.token == token, "token", "what is taken is what is sent")
        need(token.last or self._rest > part, "token_last")
        self._part += 1
        self._token_last = token.last
        self.send("transit", token)
        self._rest -= part
        key = self._class(row, record, kind="move", origin="out")
        self.post(key, units=part, events=int(first))
        self._hold(row, record, -part)

    def _drop(self, row: Row, record: Rec) -> None:
        need(record.op == "out", "drop_kind")
        need(self._token_last is not False, "token_last", "tokens come first, and the last says so")
        _, part, value = self._part_of_head(row, record)
        need(row.kind in GONE and self._gone in ("", row.kind), "gone_kind", row.kind)
        self._gone = row.kind
        self._rest -= part
        last = int(self._rest == 0)  # counted once, also where tokens came first
        self.post(self._class(row, record, kind=row.kind, origin="gone"), units=part, basis=value, events=last)
        self._hold(row, record, -part)

    def _arrive(self, row: Row, record: Rec) -> None:
        token = row.token
        assert token is not None
        need(record.op == "in", "arrive_kind")
        self.receive("transit", token)
        need(token.asset == record.asset, "arrive_asset")
        need(token.clock < self.clk, "arrive_clock", "sent before it arrives")
        need(token.part == self._part and self._arriving in (None, token.seq), "arrive_part")
        self._part, self._arriving = self._part + 1, token.seq
        need(0 <= row.shift < SHIFT_LIMIT, "shift_range")
        now = record.time + row.shift
        need(not row.late or now == token.time, "shift", "a late deposit is worked at its withdrawal's time")
        need(row.late or now != token.time, "apart", "what is not late is of another instant than its withdrawal")
        named = token.ref == record.ref != 0
        need(named or 0 in (token.ref, record.ref), "two_refs")
        need(named or 0 <= now - token.time < REACH, "too_late")
        need(token.quantity <= self._rest, "deposit_smaller")
        first = self._rest == record.quantity
        self._rest -= token.quantity
        need((self._rest == 0) == token.last, "parts_whole", "the parts of one withdrawal are the deposit")
        if not self.universal:
            self._insert(
                Lot(
                    token.asset, self.place(row.page), 0, token.quantity, token.value, token.unit, token.order,
                    token.day, False,
                )
            )  # fmt: skip
        key = self._class(row, record, kind="move", origin="ref" if named else "window")
        self.post(key, units=token.quantity, events=int(first))
        self._hold(row, record, token.quantity)

    def _load(self, row: Row) -> None:
        assert row.lot is not None
        self.receive("pair", ("lot", row.lot))
        need(row.lot.order <= self.seq, "loaded_older")
        self._insert(row.lot)

    def _load_token(self, row: Row) -> None:
        assert row.token is not None
        self.receive("pair", ("token", replace(row.token, clock=0)))
        need(row.token.clock == self.clk, "token_clock")
        need(row.token.seq <= self.seq, "loaded_older")
        self.send("transit", row.token)

    def _close(self, row: Row) -> None:
        lot = row.lot
        assert lot is not None
        entries = self.pools.get((lot.asset, lot.place, lot.side), [])
        need(bool(entries) and entries[0].lot == lot, "close_head")
        del entries[0]
        self.send("pair", ("closing lot", lot))

    def _close_token(self, row: Row) -> None:
        token = row.token
        assert token is not None
        self.receive("transit", token)
        need(token.ref != 0 or self.rules.end - token.time < REACH, "stale_token", "it could not arrive any more")
        self.send("pair", ("closing token", replace(token, clock=0)))
        key = sums.Key("COUNT", kind="in transit", origin="ref" if token.ref else "window")
        self.post(key, events=int(token.last))

    # ---------------------------------------------------------------------------------------------- parts of rows

    def _part_of_head(self, row: Row, record: Rec) -> tuple[Lot, int, int]:
        """What is taken: of the first lot of the pool, all of it or all that is still wanted."""
        entries = self.pools.get((record.asset, self.place(row.page), record.side), [])
        need(bool(entries), "head", "no lot to take from")
        lot = entries[0].lot
        part = min(lot.quantity, self._rest)
        if row.op == "out" and row.token is not None and row.token.last:
            need(0 < row.part <= part, "part_range")  # what follows is dropped, or nothing
            part = row.part
        need(row.part == part, "part_range")
        value = part_of(lot.value, part, lot.quantity)
        need(row.value == value, "part_value")
        left = replace(lot, quantity=lot.quantity - part, value=lot.value - value)
        if left.quantity:
            entries[0] = Entry(left, entries[0].key)
        else:
            del entries[0]
        return lot, part, value

    def _insert(self, lot: Lot) -> None:
        entries = self.pools.setdefault((lot.asset, lot.place, lot.side), [])
        key = sort_key(self.rules.method, lot)
        entries.insert(bisect_right(entries, key, key=lambda entry: entry.key), Entry(lot, key))

    def _class(self, row: Row, record: Rec, **parts: str) -> sums.Key:
        counted = self.rules.year[0] <= record.time < self.rules.year[1]
        return sums.Key("L1" if counted else "L0", record.asset, self.pages[row.page].source, **parts)

    def _hold(self, row: Row, record: Rec, units: int) -> None:
        """Units by account, asset and side: each is a count of its own, and none may end below zero."""
        key = sums.Key("HOLD", record.asset, self.pages[row.page].source, side=str(record.side))
        self.post(key, units=units)

    def finish(self) -> None:
        """After the last row: nothing is left anywhere."""
        self._finish_record()
        need(not any(self.pools.values()), "head_last", "every lot is carried out")
        for name, bus in self.bus.items():
            wrong = {message: n for message, n in bus.items() if n}
            need(not wrong, f"bus_{name}", next(iter(wrong.items()), ""))

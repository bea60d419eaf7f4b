"""Links of the paper model (`tests/models/lot_machine_v2`) as the rows that the circuit's machine is filled from.

The model keeps lots in Python lists; here every entry gets a number, and every operation the neighbours it has there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from tests.models.lot_machine_v2 import sums as model_sums
from tests.models.lot_machine_v2.chain import Link, long_from
from tests.models.lot_machine_v2.machine import Machine, Row, sort_key
from tests.models.lot_machine_v2.words import DAY, Lot, Page, Rec, Token, part_of
from tests.support.registers import code
from zkharvest.circuit.lot_machine.v2.rows import (
    IN_TRANSIT,
    SHORTFALL,
    UNEXPLAINED,
    Entries,
    MachineRows,
    Op,
    Surroundings,
    Tokens,
    WorkedRecords,
)
from zkharvest.circuit.lot_machine.v2.sums import keys as words
from zkharvest.commitment.page_record import TAG_RECORD, Flag, RecordKind

EPOCH_DAY = 10_956
"""1999-12-31, in days since 1970: where the circuit's numbers of days begin."""
KINDS = {
    "trade": RecordKind.TRADE, "short": RecordKind.TRADE, "move": RecordKind.MOVE, "gift": RecordKind.GIFT,
    "lost": RecordKind.LOST, "fee": RecordKind.FEE, "shortfall": SHORTFALL, "unexplained": UNEXPLAINED,
    "income": RecordKind.INCOME, "opening balance": RecordKind.OPENING_BALANCE, "declared": RecordKind.DECLARED,
    "in transit": IN_TRANSIT, "staking": RecordKind.STAKING, "": 0,
}  # fmt: skip
OPS = {op.name.lower(): op for op in Op}
TOLD = ("declared", "none", "gone", "window")


def code_of(record: Rec) -> int:
    """The code of a record's leaf."""
    flags = {
        "open": Flag.MONEY, "close": Flag.CLOSES | Flag.MONEY, "in": Flag.MOVES | Flag.INWARD, "out": Flag.MOVES,
    }[record.op]  # fmt: skip
    flags |= Flag.SHORT if record.side else Flag(0)
    flags |= Flag.NEGATIVE if record.value < 0 else Flag(0)
    return int(flags) | KINDS[record.kind] << 16


def lanes_of(record: Rec) -> list[int]:
    """The lanes of a record's leaf but for the salt, as FORMAT.md has them; an asset's code is made up."""
    quantity, value = record.quantity, abs(record.value)
    return [
        TAG_RECORD + code_of(record), record.time % 2**30, record.time >> 30,
        *(quantity >> 24 * i & 0xFFFFFF for i in range(5)), *(value >> 24 * i & 0xFFFFFF for i in range(3)),
        *code(record.asset), record.fee & 0xFFFFFF, record.fee >> 24, record.ref % 2**30, record.ref >> 30,
    ]  # fmt: skip


def key_of(key: model_sums.Key) -> tuple[int, ...]:
    """The model's key as the circuit has it."""
    told = key.level in ("L0", "L1", "COUNT") and (key.origin in TOLD or key.kind == "in transit")
    return (
        words.level_number(key.level), *code(key.asset), *code(f"{key.source}" if key.source else ""), KINDS[key.kind],
        words.ORIGINS.index(key.origin), int(told), words.COVERED.index(key.covered), words.TERMS.index(key.term),
        words.RESULTS.index(key.result), words.SIDES.index(key.side),
    )  # fmt: skip


def posts_of(link: Link) -> dict[tuple[int, ...], dict[int, int]]:
    """What the model's rows post, slot by slot, under the circuit's keys; nothing that adds up to 0."""
    machine = Machine(link.rules, list(link.pages), long_from, seq=link.first_seq)
    for row in link.rows:
        machine.step(row)
    found: dict[tuple[int, ...], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for key, slots in machine.posts.items():
        for slot, weight in slots.items():
            found[key_of(key)][slot] += weight
    return {key: {s: w for s, w in slots.items() if w} for key, slots in found.items() if any(slots.values())}


@dataclass
class _Maker:
    """Numbers entries and tokens while the model's rows pass by."""

    link: Link
    shift: int  # what orders are less than the model's: a link that carries nothing in counts from 0
    columns: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    entries: list[Lot] = field(default_factory=list)
    pool_of: list[int] = field(default_factory=list)
    pools: dict[tuple[str, str, int], int] = field(default_factory=dict)
    lists: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    held: dict[int, list[int]] = field(default_factory=dict)  # entry -> quantity, value
    tokens: list[Token] = field(default_factory=list)
    token_at: dict[tuple[int, int], int] = field(default_factory=dict)
    seq: int = 0
    work: tuple[int, int] | None = None
    rest: int = 0
    rest_value: int = 0

    def pool(self, lot: Lot) -> int:
        return self.pools.setdefault((lot.asset, lot.place, lot.side), len(self.pools))

    def key(self, number: int) -> tuple[int, ...]:
        return sort_key(self.link.rules.method, self.entries[number])

    def insert(self, lot: Lot) -> dict[str, int]:
        number, pool = len(self.entries), self.pool(lot)
        self.entries.append(lot)
        self.pool_of.append(pool)
        self.held[number] = [lot.quantity, lot.value]
        entries = self.lists[pool]
        place = bisect_right(entries, self.key(number), key=self.key)
        found = {
            "node": number,
            "pred": entries[place - 1] if place else -1,
            "next": entries[place] if place < len(entries) else -1,
            "lot": lot.quantity,
            "lot_value": lot.value,
        }
        entries.insert(place, number)
        return found

    def take(self, pool: int, part: int) -> dict[str, int]:
        entries = self.lists[pool]
        number = entries[0]
        quantity, value = self.held[number]
        share = part_of(value, part, quantity)
        self.held[number] = [quantity - part, value - share]
        found = {
            "node": number, "pred": -1, "next": entries[1] if len(entries) > 1 else -1, "lot": quantity,
            "lot_value": value, "part": part, "part_value": share, "emptied": int(part == quantity),
        }  # fmt: skip
        if part == quantity:
            del entries[0]
        return found

    def send(self, token: Token) -> int:
        self.tokens.append(token)
        self.token_at[token.seq, token.part] = len(self.tokens) - 1
        return len(self.tokens) - 1

    def step(self, row: Row, places: dict[tuple[int, int], int]) -> None:
        op = OPS[row.op]
        found: dict[str, int] = {"op": op, "record": places.get((row.page, row.position), -1)}
        if row.record is not None:
            if self.work != (row.page, row.position) or not self.rest:
                self.work, self.rest, self.rest_value = (
                    (row.page, row.position), row.record.quantity, abs(row.record.value),
                )  # fmt: skip
                self.seq += op is not Op.SKIP
            found |= {"rest": self.rest, "rest_value": self.rest_value}
        found |= getattr(self, f"_{row.op}")(row)
        if row.record is not None:
            self.rest -= self.rest if op in (Op.SKIP, Op.OPEN) else found["part"]
            self.rest_value -= found.get("close_value", 0)
        for name in COLUMNS:
            self.columns[name].append(found.get(name, -1 if name in ("node", "pred", "next", "token") else 0))

    def close(self) -> None:
        """Carry out what is left in the lists, and the tokens that nothing took."""
        for pool, entries in self.lists.items():
            for number in list(entries):
                quantity, value = self.held[number]
                asset, place, side = next(name for name, n in self.pools.items() if n == pool)
                lot = self.entries[number]
                self.step(Row("close", lot=Lot(asset, place, side, quantity, value, lot.unit, lot.order, lot.day)), {})
        taken = {n for n, op in zip(self.columns["token"], self.columns["op"], strict=True) if op == Op.ARRIVE}
        for number, token in enumerate(self.tokens):
            if number not in taken:
                self.step(Row("close_token", token=token), {})

    def _load(self, row: Row) -> dict[str, int]:
        return self.insert(row.lot)

    def _load_token(self, row: Row) -> dict[str, int]:
        return {"token": self.send(row.token)}

    def _skip(self, row: Row) -> dict[str, int]:
        return {}

    def _open(self, row: Row) -> dict[str, int]:
        record = row.record
        day = row.declared[1] if row.declared else record.time // DAY
        place = "" if self.universal else self.link.pages[row.page].source
        lot = Lot(
            record.asset, place, record.side, record.quantity, row.value, (row.value << 96) // record.quantity,
            self.seq, day, record.op != "in",
        )  # fmt: skip
        return self.insert(lot) | {"declared": int(row.declared is not None), "kind": KINDS[row.kind]}

    @property
    def universal(self) -> bool:
        return self.link.rules.pooling == "universal"

    def _of(self, row: Row) -> int:
        place = "" if self.universal else self.link.pages[row.page].source
        return self.pools[row.record.asset, place, row.record.side]

    def _take(self, row: Row) -> dict[str, int]:
        return self.take(self._of(row), row.part) | {"close_value": abs(row.close_value)}

    def _drop(self, row: Row) -> dict[str, int]:
        return self.take(self._of(row), row.part) | {"kind": KINDS[row.kind]}

    def _out(self, row: Row) -> dict[str, int]:
        found = {"part": row.part} if self.universal else self.take(self._of(row), row.part)
        return found | {"token": self.send(row.token)}

    def _arrive(self, row: Row) -> dict[str, int]:
        token = row.token
        number = self.token_at.get((token.seq, token.part), -1)
        number = self.send(token) if number < 0 else number  # a lie: nobody sent it
        found: dict[str, int] = {"part": token.quantity, "token": number}
        if not self.universal:
            place = self.link.pages[row.page].source
            nature = (token.quantity, token.value, token.unit, token.order, token.day, False)
            found |= self.insert(Lot(row.record.asset, place, 0, *nature))
        return found

    def _close(self, row: Row) -> dict[str, int]:
        found = self.take(self.pools[row.lot.asset, row.lot.place, row.lot.side], row.lot.quantity)
        return {name: value for name, value in found.items() if not name.startswith("part")}

    def _close_token(self, row: Row) -> dict[str, int]:
        return {"token": self.token_at[row.token.seq, row.token.part]}


COLUMNS = (
    "op", "record", "node", "pred", "next", "token", "part", "lot", "lot_value", "part_value", "rest", "rest_value",
    "close_value", "emptied", "kind", "declared",
)  # fmt: skip


def rows_of(link: Link, *, follow: bool = False) -> MachineRows:
    """The rows of a link that the model accepts; of one that it does not, where `follow` closes whatever is left."""
    loads = sum(row.op in ("load", "load_token") for row in link.rows)
    first = link.first_seq if loads else 0
    made = _Maker(link, link.first_seq - first, seq=link.first_seq)
    worked: dict[tuple[int, int], Row] = {}
    for row in link.rows:
        if row.record is not None:
            worked.setdefault((row.page, row.position), row)
    places = {place: number for number, place in enumerate(worked)}
    for row in link.rows:
        if not (follow and row.op.startswith("close")):
            made.step(row, places)
    if follow:
        made.close()
    columns = {name: np.array(made.columns[name], np.int64) for name in COLUMNS if name not in WORDS}
    for name in WORDS:
        columns |= _words(name, made.columns[name])
    for name in ("lot_value", "part_value", "rest_value", "close_value"):
        columns[name] = np.array(made.columns[name], np.uint64)
    records = WorkedRecords(
        np.array([page for page, _ in worked], np.int64),
        np.array([position for _, position in worked], np.int64),
        np.array([lanes_of(row.record) for row in worked.values()], np.uint32).reshape(-1, 19),
        np.array([row.late for row in worked.values()], np.int64),
        np.array([row.shift for row in worked.values()], np.int64),
    )
    pools = [[*code(asset), *code(place), side] for asset, place, side in made.pools]
    return MachineRows(
        around_of(link), first, records, _entries(made), _tokens(made), np.array(pools, np.int64).reshape(-1, 9),
        **columns,
    )  # fmt: skip


WORDS = ("part", "lot", "rest")


def _words(name: str, values: list[int]) -> dict[str, np.ndarray]:
    low = np.array([v & 2**64 - 1 for v in values], np.uint64)
    return {f"{name}_lo": low, f"{name}_hi": np.array([v >> 64 for v in values], np.uint64)}


def _units(values: list[int]) -> np.ndarray:
    return np.array([list(v.to_bytes(20, "little")) for v in values], np.uint8).reshape(-1, 20)


def _entries(made: _Maker) -> Entries:
    lots = made.entries
    return Entries(
        np.array(made.pool_of, np.int64),
        _units([lot.unit for lot in lots]),
        np.array([lot.order - made.shift for lot in lots], np.int64),
        np.array([lot.day - EPOCH_DAY for lot in lots], np.int64),
        np.array([long_from(lot.day) * DAY for lot in lots], np.int64),
        np.array([int(lot.own) for lot in lots], np.int64),
    )


def _tokens(made: _Maker) -> Tokens:
    tokens, lots = made.tokens, not made.universal
    quantity = _words("quantity", [t.quantity for t in tokens])
    return Tokens(
        seq=np.array([t.seq - made.shift for t in tokens], np.int64),
        part=np.array([t.part for t in tokens], np.int64),
        last=np.array([int(t.last) for t in tokens], np.int64),
        asset=np.array([code(t.asset) for t in tokens], np.int64).reshape(-1, 4),
        time=np.array([t.time for t in tokens], np.int64),
        ref=np.array([[t.ref % 2**30, t.ref >> 30] for t in tokens], np.int64).reshape(-1, 2),
        **quantity,
        value=np.array([t.value for t in tokens], np.uint64),
        unit=_units([t.unit for t in tokens]),
        order=np.array([(t.order - made.shift) * lots for t in tokens], np.int64),
        day=np.array([(t.day - EPOCH_DAY) * lots for t in tokens], np.int64),
        long_from=np.array([long_from(t.day) * DAY * lots if lots else 0 for t in tokens], np.int64),
    )


def stretched(page: Page) -> tuple[int, int]:
    """A page's period, longer where a record lies outside."""
    times = [record.time for record in page.records]
    return min([page.start, *times]), max([page.end, *(time + 1 for time in times)])


def around_of(link: Link) -> Surroundings:
    """The calendar: a row before, one a day from a year and a half before the window, cut at its edges and where pages
    begin and end, one behind. A page's period is stretched to hold its records: who lies about it says so himself.
    """
    rules, pages = link.rules, link.pages
    first = rules.start // DAY - 550
    cuts = {day * DAY for day in range(first, rules.end // DAY + 1)} | {0, rules.start}
    periods = [stretched(page) for page in pages]
    edges = {edge for period in periods for edge in period}
    start = [*sorted({cut for cut in cuts if cut <= rules.end} | {rules.end} | edges), 2**45 - 1]
    rows: list[tuple[int, int, int]] = []
    for at in start[:-1]:
        day = at // DAY
        inside = rules.start <= at < rules.end
        listed = first * DAY <= at < rules.end
        phase = int(rules.year[0] <= at < rules.year[1]) if inside else 2 if at < rules.start else 3
        rows.append((long_from(day) * DAY if listed else 0, phase, day - EPOCH_DAY if listed else 0))
    long_at, phase, day = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    return Surroundings(
        np.array([code(page.source) for page in pages], np.int64).reshape(-1, 4),
        np.array([int(n in rules.early) for n in range(len(pages))], np.int64),
        np.array([int(n in rules.late) for n in range(len(pages))], np.int64),
        np.searchsorted(start, [begin for begin, _ in periods]),
        np.searchsorted(start, [end for _, end in periods]) - 1,
        np.array(start, np.int64), long_at, phase, day, rules.end, rules.covered_since - EPOCH_DAY, rules.method,
        rules.pooling == "wallet",
    )  # fmt: skip

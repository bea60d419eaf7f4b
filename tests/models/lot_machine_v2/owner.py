"""The honest owner: knows which deposit is which withdrawal, what to declare, what is gone, and makes links."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tests.models.lot_machine_v2 import sums
from tests.models.lot_machine_v2.chain import Link, check_pages, long_from, sources_after
from tests.models.lot_machine_v2.machine import Machine, Row, Rules
from tests.models.lot_machine_v2.words import Page, Rec, Standing, Token, part_of

Place = tuple[str, int, int]  # source, page number, position


@dataclass
class Book:
    """What the owner adds to the records. A deposit without an entry is unexplained, a withdrawal's rest a gift."""

    matched: dict[Place, Place] = field(default_factory=dict)  # deposit -> withdrawal
    declared: dict[Place, tuple[str, int, int]] = field(default_factory=dict)  # deposit -> kind, value, day
    gone: dict[Place, str] = field(default_factory=dict)  # withdrawal -> kind
    seqs: dict[Place, int] = field(default_factory=dict)  # withdrawal -> its number, once it was worked
    amounts: dict[Place, int] = field(default_factory=dict)  # matched withdrawal -> what its deposit received


def make_link(
    pages: list[Page], book: Book, rules: Rules, year: int, opening: Standing | None, currency: str = "USD"
) -> Link:
    """A link that is accepted, if there is one."""
    link = Link(
        rules, year, tuple(pages), opening, Standing(rules.end, currency, rules.pooling, "UTC"), currency=currency,
        leaves=tuple(page.records for page in pages), first_seq=opening.seq if opening else 0,
    )  # fmt: skip
    marked = check_pages(link)
    work = _Work(Machine(marked, pages, long_from, seq=link.first_seq), book)
    for lot in opening.lots if opening else ():
        work.step(Row("load", lot=lot))
    for token in opening.tokens if opening else ():
        loaded = replace(token, clock=work.machine.clk + 1)
        work.sent.setdefault(token.seq, []).append(loaded)
        work.step(Row("load_token", token=loaded))
    for late, shift, number, position, record in _in_turn(pages, book, marked):
        work.record(late, shift, number, position, record)
    lots, tokens = work.close()
    same_year = opening is not None and opening.year == year
    posts = work.machine.posts
    for register in opening.sums if opening else ():
        if register.key.level == "HOLD" or (same_year and register.key.level in ("L0", "L1")):
            sums.add(posts, register.key, sums.weights(**{g: register.get(g) for g in sums.GROUPS}))
    table = tuple(sums.fill(posts))
    closing = Standing(
        rules.end, currency, rules.pooling, "UTC", lots, tokens, table, sources_after(link), work.machine.seq, year
    )
    figures = tuple(
        sums.Figure(r.key, group, r.get(group))
        for r in table
        if r.key.level in ("COUNT", "L3", "NET")
        for group in ("events", "lines", "proceeds", "basis", "units")
    )
    return replace(link, rules=marked, closing=closing, rows=tuple(work.rows), table=table, figures=figures)


def _in_turn(pages: list[Page], book: Book, rules: Rules) -> list[tuple[int, int, int, int, Rec]]:
    """All records with their late bit, shift, page and position, in the order in which they are worked."""
    times = {(p.source, p.number, n): r.time for p in pages for n, r in enumerate(p.records)}
    found = []
    for number, page in enumerate(pages):
        for position, record in enumerate(page.records):
            origin = book.matched.get((page.source, page.number, position))
            behind = times.get(origin, -1) - record.time if origin else -1
            late = int(behind >= 0 and rules.start <= record.time < rules.end)
            found.append((late, behind * late, number, position, record))
    return sorted(found, key=lambda one: (one[4].time + one[1], one[0], one[2], one[3]))


@dataclass
class _Work:
    machine: Machine
    book: Book
    rows: list[Row] = field(default_factory=list)
    sent: dict[int, list[Token]] = field(default_factory=dict)

    def step(self, row: Row) -> None:
        self.machine.step(row)
        self.rows.append(row)

    def record(self, late: int, shift: int, number: int, position: int, record: Rec) -> None:
        m = self.machine
        page = m.pages[number]
        place = (page.source, page.number, position)
        base = Row("", number, position, record, late=late, shift=shift)
        if not m.rules.start <= record.time < m.rules.end:
            self.step(replace(base, op="skip"))
        elif record.op == "open":
            self.step(replace(base, op="open", value=record.value))
        elif record.op == "close":
            self._take(base, record.quantity, record.value)
        elif record.op == "out":
            self._send(base, place)
        elif (origin := self.book.matched.get(place)) is not None:
            for token in self.sent.pop(self.book.seqs[origin]):
                self.step(replace(base, op="arrive", token=token))
        elif place in self.book.declared:
            kind, value, day = self.book.declared[place]
            self.step(replace(base, op="open", value=value, kind=kind, declared=(value, day)))
        else:
            self.step(replace(base, op="open"))

    def _head(self, base: Row, wanted: int) -> tuple[int, int]:
        m, record = self.machine, base.record
        assert record is not None
        entries = m.pools.get((record.asset, m.place(base.page), record.side), [])
        if not entries:
            return wanted, 0
        lot = entries[0].lot
        part = min(lot.quantity, wanted)
        return part, part_of(lot.value, part, lot.quantity)

    def _take(self, base: Row, rest: int, value: int) -> None:
        while rest:
            part, basis = self._head(base, rest)
            closing = part_of(value, part, rest)
            self.step(replace(base, op="take", part=part, value=basis, close_value=closing))
            rest, value = rest - part, value - closing

    def _send(self, base: Row, place: Place) -> None:
        """Tokens for what its deposit received, the rest is gone."""
        m, record = self.machine, base.record
        assert record is not None
        received = self.book.amounts.get(place, 0)
        seq, rest, number = m.seq + 1, received, 0
        while rest:
            part, value = (rest, 0) if m.universal else self._head(base, rest)
            entries = m.pools.get((record.asset, m.place(base.page), 0), [])
            lot = entries[0].lot if entries and not m.universal else None
            nature = (value, lot.unit, lot.order, lot.day) if lot else (0, 0, 0, 0)
            token = Token(
                seq, number, part == rest, record.asset, record.time, record.ref, part, *nature, clock=m.clk + 1
            )
            self.step(replace(base, op="out", part=part, value=value, token=token))
            self.sent.setdefault(seq, []).append(token)
            self.book.seqs[place] = seq
            rest, number = rest - part, number + 1
        rest = record.quantity - received
        kind = self.book.gone.get(place, "shortfall" if received else "gift")
        while rest:
            part, value = self._head(base, rest)
            self.step(replace(base, op="drop", part=part, value=value, kind=kind))
            rest -= part

    def close(self):
        """Carry out what is left: lots pool by pool, then tokens."""
        lots, tokens = [], []
        for pool in sorted(self.machine.pools):
            while self.machine.pools[pool]:
                lot = self.machine.pools[pool][0].lot
                self.step(Row("close", lot=lot))
                lots.append(lot)
        for seq in sorted(self.sent):
            for token in self.sent[seq]:
                self.step(Row("close_token", token=token))
                tokens.append(replace(token, clock=0))
        return tuple(lots), tuple(tokens)

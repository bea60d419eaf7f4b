"""A machine whose every decision may be a lie, over small histories with many records of one instant.

A scene is a year in one link, or the second link of a year: then lots, moves in transit and registers are carried in,
under another method perhaps.

The lying prover of `forgery` tells the lies that somebody thought of. This one draws them: it takes another lot than
the first, parts of other sizes, other tokens in another order, turns records round, makes late what is not and the
reverse, matches other deposits, drops, declares. What follows follows: lists, hashes, registers, standings. A run that
breaks nothing of the circuit is one that a prover can have instead of the honest one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from random import Random

from tests.adversary.kit.local import Board
from tests.adversary.links.forgery import no_checks
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.support import whole_links
from zkharvest.circuit.lot_machine.v2.witness import Link, make_witness
from zkharvest.commitment.page_record import Flag, PageRecord, RecordKind
from zkharvest.commitment.pages import page_roots
from zkharvest.errors import InputError
from zkharvest.files.page_files import PageOpening
from zkharvest.ledger.history import machine
from zkharvest.ledger.history.chain import moves_of, run_windows
from zkharvest.ledger.history.columns import columns_of
from zkharvest.ledger.history.decisions import Decision
from zkharvest.ledger.history.matching import Moves
from zkharvest.ledger.history.order import Turn, Window, in_turn, pages_of
from zkharvest.ledger.history.records import IN_TRANSIT, Does, Place
from zkharvest.ledger.history.registers import carried_on
from zkharvest.ledger.history.standing import Standing, accounts_after
from zkharvest.ledger.rules import Method, Pooling, part_of
from zkharvest.verifier.page import PageHeader
from zkharvest.workflow.histories import history_of
from zkharvest.workflow.link_rows import calendar_of, machine_rows, periods_of
from zkharvest.workflow.standing_lanes import opening_of

ASSET, PERIOD, METHODS = "slip44:0", (at(2024), at(2025)), tuple(Method)[:4]
CUTS = (at(2024, 2, 2), at(2024, 6, 1) + 1, at(2024, 6, 2) + 1)
"""Where a year may be cut: at instants of records, or right behind them."""
DECLARED_FROM = date(2022, 6, 1).toordinal()
TOLD = ("declared", "none", "gone", "window")


class LyingMachine(machine._Machine):
    """The ledger's machine; `told` names the lies that were drawn, `pairs` which deposit took which withdrawal."""

    rng: Random
    rate: float
    told: set[str]
    pairs: dict[Place, Place]

    def lies(self, what: str, share: float = 1) -> bool:
        if self.rng.random() >= self.rate * share:
            return False
        self.told.add(what)
        return True

    def _matched(self, turn, which, decided, begun, wanted):
        rest = wanted
        while rest:
            entries, part = self.pools.entries(which), rest
            if not entries:
                raise LookupError(which)
            other = len(entries) > 1 and self.lies("another lot")
            place = self.rng.randrange(1, len(entries)) if other else 0
            if rest > 1 and self.lies("another part"):
                part = self.rng.choice((1, rest // 2, rest - 1))
            taken = min(part, entries[place].quantity)
            yield place, part
            rest -= taken

    def _close(self, number, turn, decided):
        record, which = turn.record, self.list_of(turn)
        rest, value = record.quantity, record.value
        for place, wanted in self._matched(turn, which, decided, 0, rest):
            closing = part_of(value, min(wanted, self.pools.entries(which)[place].quantity), rest)
            if self.lies("another value", 0.3):
                closing += self.rng.choice((1, -1))
            part, lot, lot_value = self._take(
                machine.Do.TAKE, number, which, place, wanted, rest, record.kind, "venue", rest_value=value,
                close_value=closing,
            )  # fmt: skip
            first = rest == record.quantity
            self.counting.closed(turn, lot, part, lot_value, closing, "venue", first=first)
            rest, value = rest - part, value - closing

    def _arrive(self, number, turn):
        sent = [place for place, tokens in self.transit.items() if tokens]
        if not sent:
            self._deposit(number, turn, machine.NOTHING)
            return
        place = turn.sent if turn.sent in sent and not self.lies("another withdrawal") else self.rng.choice(sent)
        taken, kept = self.transit.pop(place), []
        if len(taken) > 1 and self.lies("another order of parts"):
            self.rng.shuffle(taken)
        if len(taken) > 1 and self.lies("a part left"):
            kept = [taken.pop()]
        if len(sent) > 1 and self.lies("two withdrawals"):
            taken += self.transit.pop(self.rng.choice([one for one in sent if one != place]))
        self.pairs[turn.place], self.transit[place] = place, taken
        super()._arrive(number, turn._replace(sent=place))
        if kept:
            self.transit[place] = kept

    def _deposit(self, number, turn, decided):
        if self.lies("a declared value"):
            day = self.counting.day_of(turn.record.time) - self.rng.choice((0, 1, 400))
            decided = Decision("declared", 10**11, day)
        super()._deposit(number, turn, decided)

    def _out(self, number, turn, decided):
        if self.lies("another kind of loss"):
            decided = Decision(self.rng.choice(("gift", "lost", "fee", "unexplained")))
        super()._out(number, turn, decided)


@dataclass(frozen=True)
class Scene:
    """A history of two accounts and a year, the honest registers, who sent what arrives, and what is carried in."""

    openings: list[PageOpening]
    history: machine.History
    window: Window
    moves: Moves
    registers: dict
    before: Standing | None = None

    @property
    def hashed(self):
        return [opening.hashed for opening in self.openings]


@dataclass
class Telling:
    """A run that lies: its registers, which deposit has which withdrawal, what it breaks of the circuit."""

    registers: dict
    told: set[str]
    pairs: dict[Place, Place]
    turns: list[Turn]
    broken: set[str] = field(default_factory=set)

    def paired_otherwise(self, scene: Scene) -> bool:
        """Whether a deposit has another withdrawal than the rule gives it, with the same reference."""
        ref = {place: scene.history.at(place).ref for pair in self.pairs.items() for place in pair}
        return any(
            ref[come] == ref[out] != 0 and scene.moves.arrivals.get(come) != out for come, out in self.pairs.items()
        )


def result(registers) -> dict:
    """What the year's figures are made of: disposals and income, by class."""
    return {key: amounts for key, amounts in registers.items() if key.level == "L1" and key.term}


def counted(registers) -> dict:
    """The counters of what rests on the owner's word."""
    found: dict = defaultdict(int)
    for key, amounts in registers.items():
        if key.level == "COUNT" and (key.origin in TOLD or key.kind == IN_TRANSIT):
            found[key] += amounts.events
    return {key: events for key, events in found.items() if events}


def records(rng: Random) -> dict[str, list[PageRecord]]:
    """Lots of different basis at two accounts; then sales, purchases and moves, many of them at one instant."""
    found: dict[str, list[PageRecord]] = {"a": [], "b": []}
    for ones in found.values():
        for n in range(2):
            value = rng.choice((0, 5, 10**9, 3 * 10**9))
            time = PERIOD[0] + n * 3 * 86_400_000
            ones.append(PageRecord(Flag.MONEY, RecordKind.TRADE, time, UNIT * (n + 1), value, ASSET))
    instants = rng.sample([at(2024, month, day) + more for month in (2, 6, 9) for day in (1, 2) for more in (0, 1)], 3)
    for _ in range(rng.randrange(3, 7)):
        time, name, quantity = rng.choice(instants), rng.choice("ab"), rng.choice((UNIT // 2, UNIT // 2, UNIT, 3))
        value = rng.choice((0, 10**9, 2 * 10**9))
        match rng.choice(("move", "move", "sale", "sale", "purchase")):
            case "sale":
                flags = Flag.CLOSES | Flag.MONEY
                found[name].append(PageRecord(flags, RecordKind.TRADE, time, quantity, value, ASSET))
            case "purchase":
                found[name].append(PageRecord(Flag.MONEY, RecordKind.TRADE, time, quantity, value, ASSET))
            case "move":
                ref, lag = rng.choice(("", "x:1", "x:1", "x:1", "x:2")), rng.choice((0, 0, 0, 1, -5, 1000, 1 << 30))
                there = "ab".replace(name, "") if rng.random() < 0.8 else name
                move = PageRecord(Flag.MOVES, RecordKind.MOVE, time, quantity, 0, ASSET, 0, ref)
                found[name].append(move)
                come = replace(
                    move, flags=Flag.MOVES | Flag.INWARD, time=time + lag, ref=rng.choice((ref, ref, ref, ""))
                )
                found[there].append(come)
    return found


def scene(seed: int, *, second: bool = False) -> Scene:
    """A random scene, of the `second` link perhaps. Raises InputError where more is taken than there is."""
    rng, openings = Random(seed), []
    for name, ones in records(rng).items():
        listed, key = tuple(sorted(ones, key=lambda one: one.time)), name.encode() * 32
        (root,) = page_roots([(listed, key)])
        openings.append(PageOpening(PageHeader(name, "1", 0, *PERIOD, "USD", root), key, listed))
    history = history_of([(opening.header.source, opening) for opening in openings])
    pooling = rng.choice((Pooling.WALLET, Pooling.WALLET, Pooling.UNIVERSAL))
    edges = [PERIOD[0], *([rng.choice(CUTS)] if second else []), PERIOD[1]]
    windows = [Window(*ends, 2024, rng.choice(METHODS), pooling, "UTC", 10**6) for ends in pairwise(edges)]
    *earlier, honest = run_windows(history, {}, windows, engine="plain")
    moves, before = moves_of(history, {}, windows), earlier[0].closing if earlier else None
    if before is not None:
        before = replace(before, registers=carried_on(before.registers))
    return Scene(openings, history, windows[-1], moves, dict(honest.registers), before)


def turned(rng: Random, turns: list[Turn], told: set[str]) -> list[Turn]:
    """The turns, one of them perhaps late, not late, put off, or before the one before it."""
    place, lie = rng.randrange(len(turns)), rng.choice(("late", "put off", "turned round", *[""] * 4))
    if lie in ("late", "put off"):
        place = rng.choice([n for n, one in enumerate(turns) if one.record.does is Does.IN] or [place])
    turn = turns[place]
    if lie == "late":
        turns[place] = turn._replace(late=1 - turn.late)
    elif lie == "put off":
        turns[place] = turn._replace(late=1, shift=rng.choice((1, 5, 1000)))
    elif lie:
        turns[place - 1], turns[place] = turns[place], turns[place - 1]
    if lie:
        told.add(lie)
    if lie in ("late", "put off"):
        turns.sort(key=lambda one: (one.worked, one.late, one.page, one.record.position))
    return turns


def tell(scene: Scene, seed: int) -> Telling | None:
    """A run that lies, and what it breaks; None if it does not, or has no rows at all."""
    rng, told = Random(seed), set[str]()
    arrivals = dict(scene.moves.arrivals)
    if rng.random() < 0.4:
        told.add("other moves")
        does = {way: [scene.history.place(one) for ones in scene.history.records for one in ones if one.does is way]
                for way in (Does.OUT, Does.IN)}  # fmt: skip
        for ones in does.values():
            rng.shuffle(ones)
        arrivals = dict(list(zip(does[Does.IN], does[Does.OUT], strict=False))[: rng.randrange(3)])
    try:
        turns = in_turn(scene.history, scene.window, Moves(arrivals, {}, (), ()), {}, scene.before)
    except InputError:  # a withdrawal that was worked before, and arrived or is gone
        return None
    turns = turned(rng, turns, told)
    liar = LyingMachine(scene.history, scene.window, {}, scene.before)
    liar.rng, liar.rate, liar.told, liar.pairs = rng, rng.choice((0, 0, 0.05, 0.2)), told, {}
    liar.load()
    try:
        for number, turn in enumerate(turns):
            liar.work(number, turn)
        closing, registers = liar.close(), liar.counting.whole()
        made = Telling(registers, told, liar.pairs, turns)
        if not told or registers == scene.registers:
            return None
        made.broken = _broken(scene, turns, liar, replace(closing, registers=registers))
    except (ArithmeticError, LookupError):  # a number below zero, or coins that nobody has: no table holds it
        return None
    return made


def _broken(scene: Scene, turns: list[Turn], liar: LyingMachine, closing) -> set[str]:
    pages = pages_of(scene.history, scene.window)
    accounts = accounts_after(pages, scene.window.end, scene.before)
    run = machine.Run(
        scene.window, pages, turns, replace(closing, accounts=accounts), lambda: columns_of(liar.steps, turns),
        lambda: liar.steps,
    )  # fmt: skip
    calendar = calendar_of(scene.window, periods_of(run), [DECLARED_FROM])
    with no_checks():
        rows = machine_rows(run, scene.before, [lanes for lanes, _ in scene.hashed], calendar)
        opening = opening_of(scene.before, bytes(32)) if scene.before else None
        link = Link(scene.hashed, rows, calendar, opening, opening is not None, bytes(32))
        witness = make_witness(link, definition=whole_links.definition(), **whole_links.LOW)
    return Board(witness, whole_links.description()).verdict()

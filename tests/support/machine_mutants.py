"""Mutants of the machine whose sums lack a term: what honest runs accept, and what becomes of each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields, replace
from fnmatch import fnmatchcase
from functools import cache

import numpy as np

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import T, rules
from tests.models.lot_machine_v2.story import honest as story
from tests.models.lot_machine_v2.words import DAY, Page, Rec
from tests.support import dropped_terms, machine_term_lies_ends, machine_term_lies_moves, machine_term_lies_rows
from tests.support import machine_circuit as machine
from tests.support.dropped_terms import HonestValues, TermMutant
from tests.support.machine_circuit import Run
from tests.support.machine_lies import ALL_RUNS, LIES, found, history
from tests.support.machine_lies_amounts import (
    CLOSINGS,
    OCTETS,
    chosen,
    operations,
    put_quantity,
    sent,
    taken,
)
from tests.support.machine_lies_lists import loaded, of_unit, second_first
from tests.support.machine_lies_results import LONG_AT, LONG_DAY
from tests.support.machine_lying import Lie, buy, page, sale
from tests.support.machine_rows import rows_of
from tests.support.machine_term_lies import IMPLIED, TERM_LIES
from tests.support.machine_term_lies_rows import passed_over, waiting
from tests.support.one_cell import OneCell
from zkharvest.circuit.lot_machine.v2.rows import Op
from zkharvest.circuit.lot_machine.v2.steps.kinds import KINDS
from zkharvest.commitment.page_record import KIND_SHIFT, Flag

assert all((machine_term_lies_ends, machine_term_lies_moves, machine_term_lies_rows))  # their lies are registered
STEPS = 0
FLAGS = (*(f"is_{kind}" for kind in KINDS), "first", "more", "emptied")


def specific() -> Run:
    """Specific identification: a part of the second lot is sold."""
    link = page(buy(0, UNIT, 7), buy(1, UNIT, 9), sale(2, UNIT, 11))
    rows = second_first()
    (close,) = [n for n, op in enumerate(rows.op) if op == 8]
    rows.node[close], rows.lot_value[close] = 0, 7
    return machine.run(link, rows=replace(rows, around=replace(rows.around, method="specific")))


def coded() -> Run:
    """A purchase, an income and a sale of which every bit of the code that there is is 1 somewhere."""
    link = page(buy(), replace(buy(1), kind="staking"), sale(2, 2 * UNIT))
    rows = rows_of(link)
    rows.records.lanes[:, 0] += int(Flag.JOINED)
    for n in (1, 2):
        rows.records.lanes[n, 0] = int(rows.records.lanes[n, 0]) | 63 << KIND_SHIFT
    return machine.run(link, rows=rows)


TURN = ((at(2024, 3) >> 30) + 1 << 30) + 500
"""An instant before which all limbs of a time turn."""


def behind(out: int, come: int) -> Link:
    """A move whose deposit's clock ran behind, and a record of the next milliseconds."""
    a = (buy(), Rec(out, "out", "X", UNIT, ref=7, kind="move"))
    b = (Rec(come, "in", "X", UNIT, ref=7, kind="move"), Rec(out + 5, "close", "X", UNIT, 9))
    made = [Page(s, f"{s}-1", 0, at(2024), at(2025), r) for s, r in (("A", a), ("B", b))]
    book = Book(matched={("B", 0, 0): ("A", 0, 1)}, amounts={("A", 0, 1): UNIT})
    return make_link(made, book, rules(), 2024, None)


def sent_first() -> Link:
    """Universal pooling: a withdrawal is the first record, before the account has anything."""
    a = (Rec(T, "out", "X", UNIT, ref=7, kind="move"), buy(5))
    b = (Rec(T + 1, "in", "X", UNIT, ref=7, kind="move"),)
    made = [Page(s, f"{s}-1", 0, at(2024), at(2025), r) for s, r in (("A", a), ("B", b))]
    book = Book(matched={("B", 0, 0): ("A", 0, 0)}, amounts={("A", 0, 0): UNIT})
    return make_link(made, book, rules(pooling="universal"), 2024, None)


def alike() -> Run:
    """Two lots carried in that have one key."""
    link, made = loaded((UNIT, 7), (UNIT, 7), method="fifo")
    return machine.run(link, rows=made)


def held_short() -> Link:
    """A short position of more than a year."""
    a = (Rec(at(2024, 1, 2), "open", "X", UNIT, 9, kind="short", side=1),)
    first = make_link([Page("A", "A-1", 0, at(2024), at(2025), a)], Book(), rules(), 2024, None)
    closed = (Rec(at(2025, 6), "close", "X", UNIT, 7, side=1),)
    after = Page("A", "A-1", 1, at(2025), at(2026), closed, first.pages[0].id)
    return make_link([after], Book(), rules(2025), 2025, first.closing)


def out_of_turn(flag: str) -> Run:
    """Specific identification: a part of each of two lots, of which neither is used up."""
    make, _, op = CLOSINGS[flag]
    link = make(UNIT, UNIT, of=UNIT)
    made = rows_of(link)
    (operation,), (close,) = operations(made, op), operations(made, Op.CLOSE)
    token = operations(made, Op.CLOSE_TOKEN)
    rows = chosen(made, [0, 1, operation, operation, close, close, *token, *token])
    half = UNIT // 2
    for n in range(2, 6):
        rows.node[n], rows.emptied[n] = n % 2, int(n > 3)
        rows.pred[n] = 0 if n == 3 else -1
        rows.next[n] = 1 if n % 2 == 0 else -1
        put_quantity(rows, "lot", n, UNIT if n < 4 else half)
    for n in (2, 3):
        put_quantity(rows, "part", n, half)
    put_quantity(rows, "rest", 3, half)
    rows = replace(rows, around=replace(rows.around, method="specific"))
    if token:
        columns = {f.name: np.concatenate((getattr(rows.tokens, f.name),) * 2) for f in fields(rows.tokens)}
        rows = replace(rows, tokens=replace(rows.tokens, **columns))
        rows.tokens.part[:], rows.tokens.last[:], rows.tokens.order[:] = [0, 1], [0, 1], [1, 2]
        rows.tokens.quantity_lo[:], rows.tokens.quantity_hi[:] = half, 0
        rows.token[[2, 6]], rows.token[[3, 7]] = 0, 1
    return machine.run(link, rows=rows)


def story_at(out: int, come: int) -> Link:
    """The story with a move at these times; the deposit is worked late if its clock ran behind."""
    return story(out_time=out, in_time=come)


PAID_TWICE = sum(6 << 8 * i for i in range(8))
BYTES = sum(2 << 8 * i for i in range(8))
"""Values of which no byte is 0."""


def instants() -> Link:
    """Disposals about the instant from which a lot is long term, told apart by each limb."""
    by = (-(3 << 15), -5, 0, 5, 3 << 15, (3 << 15) + 7, 5 << 30)
    come = Rec(at(2024), "in", "X", len(by) * UNIT, kind="move")
    a = (come, *(Rec(LONG_AT + n, "close", "X", UNIT, 9) for n in by))
    book = Book(declared={("A", 0, 0): ("declared", 7, LONG_DAY)})
    return make_link([Page("A", "A-1", 0, at(2024), at(2025), a)], book, rules(), 2024, None)


def results() -> Link:
    """Gains and losses, of long lots and short ones, that differ in each lane of the value."""
    a: list[Rec] = []
    for side in (0, 1):
        for n, by in enumerate((0, 1, 1 << 24, 1 << 48, 256, 1 << 32, 1 << 56, 1 << 16, 1 << 40)):
            for sign in (-1, 1):
                value, when = BYTES, T + len(a)
                a.append(Rec(when, "open", f"P{n}" if side else "X", UNIT, value, side=side, kind="trade"))
                a.append(Rec(when + 1, "close", a[-1].asset, UNIT, value + sign * by, side=side))
    return make_link([Page("A", "A-1", 0, at(2024), at(2025), tuple(a))], Book(), rules(), 2024, None)


@cache
def honest() -> dict[str, Run]:
    """Random histories, and what these lack: every byte, bit and method."""
    made = {name: machine.run(history(name)) for name in (*ALL_RUNS, "full hifo", "full lofo")}
    large = of_unit(6, 20_000, 9)
    made |= {
        "specific": specific(),
        "coded": coded(),
        "large unit": machine.run(page(buy(0, *large), sale(1, 1, 9))),
        "large unit sent": machine.run(sent(large[0], of=large[0], value=large[1])),
        "instants": machine.run(instants()),
        "low lanes": machine.run(page(*(buy(n, 1 << 96, value) for n, value in enumerate((1, 3, 2))), method="lofo")),
        "last lane": machine.run(page(buy(), sale(DAY - 5))),
        "remainder": machine.run(
            taken((1 << 97) + (1 << 95), of=(1 << 97) + (1 << 95) - (1 << 30), value=1 << 62, paid=1 << 62)
        ),
        "rests": machine.run(taken(OCTETS, OCTETS, of=2 * OCTETS, value=3, paid=PAID_TWICE)),
        "results": machine.run(results()),
        "dear lofo": machine.run(
            page(*(buy(n, *of_unit(lane, 5, 9)) for n, lane in enumerate((6, 5, 3))), method="lofo")
        ),
        **{
            f"remainder {n}": machine.run(taken(OCTETS, of=OCTETS - part, value=value, paid=value))
            for n, (part, value) in enumerate(((1, 2), (1, 3 << 26), (1, 3 << 50), (1 << 72, 2)))
        },
        "sent first": machine.run(sent_first()),
        "behind limbs": machine.run(behind(TURN + (3 << 15), TURN - 1000)),
        "behind more": machine.run(behind(TURN, TURN - (3 << 15) - 1000)),
        "alike": alike(),
        "short": machine.run(held_short()),
        "out of turn": out_of_turn("take"),
        "sent out of turn": out_of_turn("out"),
        "waiting": machine.run(waiting()),
        "passed over": passed_over(nothing=False),
        "in transit": machine.run(sent(UNIT, UNIT, of=2 * UNIT)),
        "behind": machine.run(story_at(TURN, TURN - 1000)),
        "over a limb": machine.run(story_at(TURN - 600, TURN - 400)),
        "limbs apart": machine.run(story_at(TURN, TURN + (1 << 30))),
        **{
            f"dear {method}": machine.run(
                page(*(buy(n, *of_unit(lane, 5, 9)) for n, lane in enumerate((6, 5, 3))), method=method)
            )
            for method in ("hifo", "lofo")
        },
        "large lots": machine.run(taken((1 << 111) + 5, 1 << 110, of=(1 << 111) + (1 << 109), value=(1 << 62) + 3)),
    }
    return made


def accepted() -> list[TermMutant]:
    """The mutants of `steps` that every honest run satisfies."""
    return dropped_terms.accepted(machine.description(), list(honest().values()), "steps")[1]


def takes(mutant: TermMutant, lie: Run) -> bool:
    """Whether a lie that breaks the mutant's fault alone is taken where the term is gone."""
    table = machine.description()["tables"][STEPS]
    values = HonestValues(machine.description(), [lie])
    return values.accept(table, mutant.drop, table["constraints"][mutant.place]["where"])


def by_one_cell(mutants: list[TermMutant]) -> set[str]:
    """Names of those that take a change of one cell of an honest run, which nothing else stops."""
    cells = OneCell(machine.description(), "steps", honest(), {"post"})
    of: dict[int, list[TermMutant]] = defaultdict(list)
    for mutant in mutants:
        of[mutant.place].append(mutant)
    killed: set[str] = set()
    for trial in cells.lies(FLAGS, each=1):
        for mutant in list(of.get(trial.broken, ())):
            if cells.takes(trial, mutant):
                killed.add(mutant.name)
                of[trial.broken].remove(mutant)
    return killed


def by_lies(mutants: list[TermMutant]) -> set[str]:
    """Names of those that take the lie about their constraint, or their own."""
    killed, lies = set(), {**found(), **LIES}
    of: dict[str, list[TermMutant]] = defaultdict(list)
    for mutant in mutants:
        if mutant.name in TERM_LIES:
            killed |= {mutant.name} & _taken([mutant], TERM_LIES[mutant.name])
        else:
            of[mutant.fault.removeprefix("steps.")].append(mutant)
    for name, some in of.items():
        if name in lies:
            killed |= _taken(some, lies[name])
    return killed


def _taken(mutants: list[TermMutant], lie: Lie) -> set[str]:
    made = lie()
    return {mutant.name for mutant in mutants if takes(mutant, made)}


def implied(mutant: TermMutant) -> bool:
    """Whether an argument says that the mutant takes nothing new."""
    return any(matches(mutant.name, pattern) for pattern in IMPLIED)


def matches(name: str, pattern: str) -> bool:
    """Whether a pattern of `IMPLIED` names the mutant."""
    return fnmatchcase(name, pattern)


__all__ = ["TERM_LIES"]

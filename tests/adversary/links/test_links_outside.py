"""lot-machine/v2 by an outsider, who holds what the circuit accepts against what the statement says of it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import combinations

import pytest

from tests.adversary.kit.local import Board
from tests.models.lot_machine_v2.histories import UNIT
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import IN, OUT, honest, pages, rules, story
from tests.support import machine_circuit as machine
from tests.support import whole_links as support
from tests.support.counts import count
from tests.support.machine_rows import KINDS
from zkharvest.circuit.lot_machine.v2.steps.kinds import KINDS as KINDS_OF_ROWS
from zkharvest.circuit.lot_machine.v2.sums.keys import COVERED, LEVELS, ORIGINS, field, level_number
from zkharvest.spec import P


def broken(witness):
    return Board(witness, support.description()).verdict()


def registers(witness, level):
    """(key, register's number, all registers) of a level, of those that are not carried in."""
    out = witness.found.own()
    return [(key, n, out) for n, key in enumerate(out.keys.tolist()) if key[0] == level_number(level)]


@pytest.mark.parametrize("pooling", ["wallet", "universal"])
@pytest.mark.parametrize("arrives", [0, 1, UNIT, 2 * UNIT])
def test_a_withdrawal_of_which_something_is_gone_is_counted_whatever_else_moved(pooling, arrives):
    """Of three coins a smallest part arrives, the rest is given away: the reader must see one withdrawal gone."""
    a, b = story(in_quantity=max(arrives, 1))
    book = Book(matched={IN: OUT}, amounts={OUT: arrives}) if arrives else Book()
    link = make_link(pages(a, b[: int(arrives > 0)]), book, replace(rules(), pooling=pooling), 2024, None)
    witness = support.witness_of(link)
    assert broken(witness) == set()
    ((key, n, out),) = (r for r in registers(witness, "COUNT") if r[0][field("origin")] == ORIGINS.index("gone"))
    assert key[field("kind")] == KINDS["shortfall" if arrives else "gift"]
    assert out.amount(n, "basis") > 0
    assert out.amount(n, "events") == 1


@pytest.mark.parametrize("pooling", ["wallet", "universal"])
def test_coins_that_moved_are_covered_nowhere(pooling):
    """Bought at A, sold at B: by wallet the lot says so, and without wallets nobody can say that it did not move."""
    book = Book(matched={IN: OUT}, amounts={OUT: 3 * UNIT})
    link = make_link(pages(*story()), book, replace(rules(), pooling=pooling), 2024, None)
    witness = support.witness_of(link)
    assert broken(witness) == set()
    assert [COVERED[key[field("covered")]] for key, _, _ in registers(witness, "L2")] == ["n"]


def _disposal_of_nothing(made):
    """On the last row, which has no next: take 1 and out -1 are together no kind, no half and no work."""
    last, get = len(made.cells()) - 1, made.get
    made.put(last, is_take=1, is_out=P - 1, code_closes=1, class_kind=14, phase=LEVELS.index("L3"))
    made.put(last, **{f"kind_bit{k}": 14 >> k & 1 for k in range(4)})
    made.put(last, class_term=1, class_result=2, class_covered=2, loss=1, basis_weight=1)
    # Row 0 is read as the second half: a purchase, in which these cells are free.
    made.put(0, token_last=1, loss=1, long_term=0, covered=0)
    made.put(last, **{f"q{k}": get(0, f"a{k}") for k in range(8)})
    limbs = [f"{name}{k}" for name, count in (("unit", 7), ("long_from", 3), ("rest_value", 3)) for k in range(count)]
    made.put(last, **{name: get(0, name) for name in ("lot_seq", "acquired", "token_part", *limbs)})
    made.put(last, held_at0=1, held_low=get(last, "long_from2") - 1)  # disposed of at time 0
    days = get(last, "acquired") - made.rows.around.covered
    gap = days if days >= 0 else -1 - days
    made.put(last, recent=int(days >= 0), past0=gap & 0x7FFF, past1=gap >> 15)
    lot, other = ([_lane(made, row, k) for k in range(3)] for row in (last, 0))
    at = max(k for k in range(3) if lot[k] != other[k])
    gap = abs(lot[at] - other[at]) - 1
    made.put(last, **{f"result_at{2 - at}": 1, "result_low": gap & 0x7FFF, "result_high": gap >> 15})
    if lot[at] < other[at]:
        made.put(last, loss=0, class_result=1)
        made.put(0, loss=0)


def _lane(made, row, k):
    return sum(made.get(row, f"q{3 * k + j}") << 8 * j for j in range(3) if 3 * k + j < 8)


def test_the_last_row_takes_nothing_out_of_thin_air():
    """A basis posted to a register of level L3, from where it goes up to the net of all: no record is behind it."""
    link = honest()
    assert Board(machine.run(link), machine.description()).verdict() == set()
    made = machine.run(link, _disposal_of_nothing)
    assert any(key[0] == level_number("L3") for key in machine.registers_of(made))
    assert Board(made, machine.description()).verdict()


@cache
def board(pooling: str = "wallet") -> Board:
    """The machine's part of the story."""
    book = Book(matched={IN: OUT}, amounts={OUT: 3 * UNIT})
    made = machine.run(make_link(pages(*story()), book, replace(rules(), pooling=pooling), 2024, None))
    b = Board(made, machine.description())
    assert b.verdict() == set()
    return b


def rows() -> tuple[int, int, int]:
    """The first row, an idle one, and the last: where a constraint between neighbours sees nothing, or is none."""
    height = len(board().traces[0])
    return 0, height - 5, height - 1


CODES = [(), ("code_closes",), ("code_moves",), ("code_moves", "code_inward")]
HALF = (P + 1) // 2
TOGETHER = [(1, P - 1), (2, P - 1), (HALF, HALF), (2, P - 2), (P - 1, P - 1)]
"""Values of two flags: with most of them a row counts as idle, or as of one kind."""


@pytest.mark.parametrize("pooling", ["wallet", "universal"])
@pytest.mark.parametrize("values", [TOGETHER[0], *(pytest.param(v, marks=pytest.mark.audit) for v in TOGETHER[1:])])
def test_no_two_flags_make_up_a_row(pooling, values):
    """Two flags that are no bits, on the first row, an idle one and the last: a constraint says that one is none."""
    b = board(pooling)
    names = b.tables[0]["columns"]
    blank = dict.fromkeys([*(f"is_{kind}" for kind in KINDS_OF_ROWS), *CODES[1], *CODES[3]], 0) | {"phase": 2}
    for row in rows():
        trials, edits = [], []
        for flag in KINDS_OF_ROWS:
            for other in KINDS_OF_ROWS:
                for code in CODES if other != flag else ():
                    put = {**blank, f"is_{flag}": values[0], f"is_{other}": values[1], **dict.fromkeys(code, 1)}
                    trials.append((row, flag, other, code))
                    edits.append((row, {names.index(name): value for name, value in put.items()}))
        found = b.single(0, edits)
        assert [t for t, what in zip(trials, found, strict=True) if not what & BITS] == []
        count("rows of lot-machine/v2 with two flags that are no bits", len(edits))


BITS = {
    f"steps.{name}"
    for name in (
        *(f"is_{kind}_bit" for kind in ("load", "load_token", "close", "close_token")),
        *(f"{kind}_code" for kind in ("open", "take", "out", "send", "drop", "arrive")),
        *("is_settle_follows", "is_gone_follows", "is_send_follows"),
        *("is_settle_start", "is_gone_start", "is_send_start", "skip_phase", "skip_page"),
    )
}
"""What makes a flag 0 or 1, whatever stands in the other cells of its row."""


@pytest.mark.parametrize("pooling", ["wallet", "universal"])
def test_an_idle_row_says_nothing(pooling):
    """Whatever stands in a cell of an idle row, or in two that are no numbers' limbs: no message but look-ups."""
    b = board(pooling)
    names = b.tables[0]["columns"]
    own = [c for c, name in enumerate(names) if not name.startswith("blind")]
    single = [c for c in own if not names[c][-1].isdigit()]
    for row in rows()[1:]:
        edits = [(row, {c: value}) for c in own for value in (1, P - 1, 12_345_678)]
        edits += [(row, {c: 1, d: value}) for c, d in combinations(single, 2) for value in (1, P - 1)]
        for edit, found in zip(edits, b.single(0, edits), strict=True):
            said = {fault for fault in found if fault.startswith("bus") and fault not in ("bus bytes", "bus u15")}
            assert not said or said != found, (edit, found)
        count("idle rows of lot-machine/v2 with other cells", len(edits))

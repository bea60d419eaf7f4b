"""lot-machine/v2 by an outsider, who holds what the circuit accepts against what the statement says of it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

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
    """(key, register's number, all registers) of a level, of those carried out."""
    out = witness.found.carried_out()
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
def board() -> Board:
    return Board(machine.run(honest()), machine.description())


CODES = [(), ("code_closes",), ("code_moves",), ("code_moves", "code_inward")]


@pytest.mark.parametrize("flag", KINDS_OF_ROWS)
def test_no_two_flags_make_up_an_idle_row(flag):
    """One flag 1 and another -1 on the last row, where constraints between neighbours do not look: one is no bit."""
    b = board()
    t = b.names.index("steps")
    names, last = b.tables[t]["columns"], len(b.traces[t]) - 1
    for other in KINDS_OF_ROWS:
        for code in CODES:
            if other != flag:
                put = {f"is_{other}": 1, f"is_{flag}": P - 1, **dict.fromkeys(code, 1)}
                found = b.broken({(t, last, names.index(name)): value for name, value in put.items()})
                assert found & {f"steps.{name}" for name in BITS}, (flag, other, code, sorted(found))
    count("rows of lot-machine/v2 with two flags that cancel", len(CODES) * (len(KINDS_OF_ROWS) - 1))


BITS = (
    *(f"is_{kind}_bit" for kind in ("load", "load_token", "close", "close_token")),
    *(f"{kind}_code" for kind in ("open", "take", "out", "send", "drop", "arrive")),
    *("is_settle_follows", "is_gone_follows", "is_send_follows", "skip_phase", "skip_page"),
)
"""What makes a flag 0 or 1, whatever stands in the other cells of its row."""

"""Every message, field, weight, term and look-up of the machine is needed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.adversary.kit.local import Board, numbers
from tests.models.lot_machine_v2.histories import UNIT
from tests.models.lot_machine_v2.story import T, honest
from tests.models.lot_machine_v2.words import Rec
from tests.support import machine_circuit as machine
from tests.support.dropped_terms import accepted
from tests.support.machine_lies import ALL_RUNS, PAID, history
from tests.support.machine_lies_moves import arrival, in_transit, long_before
from tests.support.machine_lookup_lies import LOOKUPS as OTHERS
from tests.support.machine_lying import buy, low, page, run, sale
from tests.support.machine_rows import rows_of
from tests.support.mutants import columns_of, mutants
from tests.support.settled import settled
from zkharvest.circuit.lot_machine.v2.buses import TRANSIT

RANGES = ("bytes", "u15")
TERMS = 239
"""In the weights of what the machine posts."""


RUNS = {name: history(name) for name in ALL_RUNS}


@pytest.fixture(scope="module")
def made():
    runs = {name: machine.run(link) for name, link in RUNS.items()}
    for each in runs.values():
        assert Board(each, machine.description()).verdict() == set()
    return runs


def own(kind):
    return [m for m in mutants(machine.description()) if m.kind == kind and m.name.startswith("steps")]


def test_every_message_is_needed(made):
    """Without one of its messages an honest run does not balance."""
    for mutant in own("interaction"):
        if mutant.bus not in (*RANGES, "blind", "post"):
            description = mutant.make()
            assert any(Board(each, description).verdict() == {mutant.fault} for each in made.values()), mutant.name


def test_every_weight_is_needed(made):
    table, used = machine.description()["tables"][0], set()
    acts = numbers(table)
    for each in made.values():
        board = Board(each, machine.description())
        outcome = board.outcome(0, np.arange(len(board.traces[0])))
        used |= set(np.flatnonzero(outcome.mult.any(axis=0)).tolist())
    weights = [k for k, act in enumerate(acts) if act["slot"]]
    assert len(weights) == len(own("weight")) == 14 + 8 + 8 + 7 + 2 + 14 + 1
    assert set(weights) <= used


# ------------------------------------------------------------------------------------------------ look-ups


def lookups(description):
    """The columns that each range check of `steps` reads, by place; of two that read the same, the first."""
    table, found = next(t for t in description["tables"] if t["name"] == "steps"), {}
    for place, act in enumerate(table["interactions"]):
        if description["buses"][act["bus"] - 1]["name"] in RANGES:
            found.setdefault(tuple(c for m in act["message"] for c in columns_of(table, m)), place)
    return found


def fee(**changes):
    """A sale's fee of other bytes, of the same two lanes."""
    link = page(buy(), replace(sale(), fee=PAID % 2**54))

    def change(made):
        row = made.at("take")[0]
        made.put(row, **{name: made.get(row, name) + by for name, by in changes.items()})

    return run(link, change)


def put(link, row=0, **changes):
    """Cells of a row that are more or less."""

    def change(made):
        made.put(row, **{name: made.get(row, name) + by for name, by in changes.items()})

    return run(link, change)


def behind(by, change=None):
    """A deposit whose clock ran so far behind."""
    link = honest(in_time=T - 1000)
    rows = rows_of(link)
    place = rows.record[np.flatnonzero(rows.op == 7)[0]]
    time = T - by
    rows.records.lanes[place, 1:3], rows.records.shift[place] = [time % 2**30, time >> 30], by
    return run(link, change, rows)


def carried_over(made):
    """15 bits of the shift in its lower limb."""
    for row in made.at("arrive"):
        made.put(row, shift0=made.get(row, "shift0") + 2**15, shift1=made.get(row, "shift1") - 1)


def covered(low_limb):
    """A lot of before the covered day, called covered."""
    link = page(buy(), sale())
    rows = rows_of(link)
    rows = replace(rows, around=replace(rows.around, covered=int(rows.entries.day[0]) + 10))

    def change(made):
        gap = -10 - low_limb
        for row in made.at("take"):
            made.put(row, recent=1, past0=low_limb, past1=gap * pow(2**15, -1, machine.P))
        for row in (*made.at("take"), *made.at("settle")):
            made.put(row, covered=1, class_covered=1)

    return run(link, change, rows)


EARLY = Rec(low(1), "open", "X", UNIT, 7)
LOOKUPS = {
    ("fee0", "fee1"): lambda: fee(fee0=256, fee1=-1),
    ("fee2", "fee3"): lambda: fee(fee3=256, fee4=-1),
    ("fee4", "fee5"): lambda: fee(fee4=256, fee5=-1),
    ("fee6", "fee6"): lambda: fee(fee6=127, fee3=1),  # 127 * 2^24 + 1 = p
    ("shift1", "shift1"): lambda: behind(1 << 22),
    ("shift0",): lambda: behind(1 << 15, carried_over),
    ("worked0",): lambda: put(page(EARLY), worked0=-(2**15), worked1=1),
    ("worked1",): lambda: put(page(EARLY), worked1=-(2**15)),
    ("past0",): lambda: covered(-10),
    ("past1",): lambda: covered(22),
}
IMPLIED = {("past2",)}
"""It stands in the token's message as it is: who sends it has looked it up."""


def test_every_look_up_has_a_lie():
    assert not LOOKUPS.keys() & OTHERS.keys()
    assert lookups(machine.description()).keys() == LOOKUPS.keys() | OTHERS.keys() | IMPLIED


# An eighth here, and all of them in the audit: each takes half a second.
@pytest.mark.parametrize(
    "columns",
    [
        pytest.param(columns, marks=() if k % 8 == 0 else pytest.mark.audit, id="-".join(columns))
        for k, columns in enumerate({**LOOKUPS, **OTHERS})
    ],
)
def test_each_look_up_is_needed(columns):
    """The lie breaks that look-up's bus, and a table without the look-up takes it."""
    description = machine.description()
    place = lookups(description)[columns]
    bus = description["buses"][description["tables"][0]["interactions"][place]["bus"] - 1]["name"]
    lie = {**LOOKUPS, **OTHERS}[columns]()
    assert Board(lie, description).verdict() == {f"bus {bus}"}
    mutant = own("interaction")[place].make()
    assert Board(settled(lie, mutant), mutant).verdict() == set()


# ------------------------------------------------------------------------------------------------ fields and terms


def test_every_term_that_the_machine_posts_is_needed(made):
    """No weight of a post can lack a term: an honest run would not balance."""
    found, left = accepted(machine.description(), [made[n] for n in ("W", "W2", "W4", "U", "full")], "steps")
    assert sum(m.weight >= 0 for m in found) == TERMS
    assert [m.name for m in left if m.weight >= 0] == []


def fields(bus):
    return {m.name: m for m in mutants(machine.description()) if m.kind == "field" and m.bus == bus}


@pytest.mark.parametrize("bus", machine.ANSWERS)
def test_every_field_that_another_table_answers_is_read(made, bus):
    """The answer differs in one field: it is not taken, and would be by a table that does not read the field."""
    run_of = made["U" if bus == "days" else "W"]
    width = len(machine.definition()[0].tables[1 + machine.ANSWERS.index(bus)].columns) - 4
    row = int(np.flatnonzero(run_of.traces[bus][:, 0])[0])
    assert len(fields(bus)) == width
    for k, (name, mutant) in enumerate(fields(bus).items()):
        cells = run_of.traces[bus].copy()
        cells[row, 1 + k] = (int(cells[row, 1 + k]) + 1) % machine.P
        lie = replace(run_of, traces={**run_of.traces, bus: cells})
        assert Board(lie, machine.description()).verdict() == {f"bus {bus}"}, name
        assert Board(lie, mutant.make()).verdict() == set(), name


TOKEN = {
    "seq": "token_seq", "part": "token_part", "time0": "past0", "time1": "past2", "ref0": "token_ref0",
    "ref1": "token_ref1", "order": "lot_seq", "day": "acquired", "clock": "content_write",
    **{f"asset{i}": f"asset{i}" for i in range(4)}, **{f"quantity{i}": f"b{3 * i}" for i in range(5)},
    **{f"value{i}": f"a{3 * i}" for i in range(3)}, **{f"unit{i}": f"unit{i}" for i in range(7)},
    **{f"long{i}": f"long_from{i}" for i in range(3)}, "last": "token_last",
}  # fmt: skip


def test_every_field_of_a_token_travels():
    """34: what is carried out differs in one field from what was sent, and the standing has it so."""
    found = list(fields("transit").values())
    assert len(found) == len(TRANSIT)
    for name, mutant in zip(TRANSIT, found, strict=True):

        def change(made, column=TOKEN[name]):
            row = made.at("close_token")[0]
            made.put(row, **{column: made.get(row, column) + (-1 if made.get(row, column) else 1)})
            named = made.get(row, "token_ref0") + made.get(row, "node_age0") * made.get(row, "token_ref1")
            made.put(row, left_inverse=pow(named, -1, machine.P))
            made.answers["pair"] = dict(machine.asked(made, "pair"))

        lie = in_transit(change)
        assert Board(lie, machine.description()).verdict() == {"bus transit"}, name
        assert Board(lie, mutant.make()).verdict() == set(), name


def test_how_many_records_came_before_is_small():
    """A chain counts records on; past 2^27 no link can carry anything in, so that orders stay below what keys hold."""
    assert Board(run(arrival()), machine.description()).verdict() == set()
    assert Board(long_before(), machine.description()).verdict() == {"bus u15"}
    (place,) = _bounds_of_seq()
    mutant = own("interaction")[place].make()
    assert Board(settled(long_before(), mutant), mutant).verdict() == set()


def _bounds_of_seq():
    """The look-up of a multiple of `content_age1` (its plain one has a lie of its own)."""
    table = machine.description()["tables"][0]
    return [
        p
        for p, act in enumerate(table["interactions"])
        if len(act["message"]) == 1
        and columns_of(table, act["message"][0]) == ["content_age1"]
        and table["nodes"][act["message"][0]][0] == "lin"
    ]

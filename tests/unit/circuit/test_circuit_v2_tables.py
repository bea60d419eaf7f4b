"""Pages, pools and the calendar of v2: each constraint, lookup and field has a lie of its own that only it stops."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests.adversary.kit.local import RANGES, Board
from tests.support import link_tables as support
from tests.support.dropped_terms import HonestValues, candidates
from tests.support.link_tables import calendar, description, some_pages, some_pools, whole
from tests.support.mutants import mutants
from zkharvest.circuit.check import PublicValues, check
from zkharvest.circuit.lot_machine.v2.buses import CALENDAR, DAYS, LINK, PAGE
from zkharvest.circuit.lot_machine.v2.pools import POOL_LANES, pool_rank, pools_trace
from zkharvest.ledger.calendar import Calendar
from zkharvest.prover.stark import prove_circuit
from zkharvest.spec import P
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.rejections import Reject
from zkharvest.verifier.stark import verify_proof

TEST = PRESETS["test"].params
OWN = ("pages", "pools", "calendar")
NEW_YORK = Calendar("America/New_York")
WIDE = 1 << 15


def broken(made, of=None):
    return Board(made, of or description()).verdict()


def own(kind):
    return [m for m in mutants(description()) if m.kind == kind and m.name.startswith(OWN)]


# ------------------------------------------------------------------------------------------------ honest


@pytest.mark.parametrize("made", [support.run, whole, lambda: support.run(some_pages(1), pools=some_pools(1))])
def test_honest_runs_are_accepted(made):
    assert broken(made()) == set()


def test_the_checker_says_so_too():
    made = whole()
    assert check(description(), list(made.traces.values()), made.public) == []


def test_every_term_is_needed():
    """No honest run accepts a sum that lacks a term, but for those that let a lie of a pool pass."""
    runs = [whole(), ladder(), support.run(pools=some_pools(128))]
    assert all(broken(made) == set() for made in runs)
    honest = HonestValues(description(), runs)
    left = set()
    for mutant in candidates(description()):
        table = description()["tables"][mutant.drop.table]
        if table["name"] not in OWN:
            continue
        if mutant.of_bus:
            if honest.balance(table, mutant.drop, table["interactions"][mutant.place], mutant.of_bus):
                left.add(mutant.name)
        elif honest.accept(table, mutant.drop, table["constraints"][mutant.place]["where"]):
            left.add(mutant.name)
    assert left == set()


def test_every_message_is_needed():
    """Of an interaction that is gone, the bus no longer balances; of one that is a lookup, a lie passes (below)."""
    for mutant in own("interaction"):
        if mutant.bus not in ("bytes", "u15", "blind"):
            assert broken(whole(), mutant.make()) == {mutant.fault}, mutant.name
    (listed,) = (m for m in mutants(description()) if m.kind == "public")
    assert broken(whole(), listed.make()) == {"bus listed"}


@pytest.mark.parametrize(
    ("stub", "bus", "fields"),
    [("looks", "page", PAGE), ("takes", "link", LINK), ("worked", "calendar", CALENDAR), ("declared", "days", DAYS)],
)
def test_another_message_than_the_tables_give_is_stopped(stub, bus, fields):
    """Every field, and without it nothing stops it."""
    erased = {m.name: m for m in mutants(description()) if m.kind == "field"}
    for k, name in enumerate(fields):
        lie = whole()
        lie.traces[stub][1, 1 + k] += 1
        assert broken(lie) == {f"bus {bus}"}, name
        assert broken(lie, erased[f"bus {bus}[{k}]"].make()) == set(), name


def test_a_page_is_what_the_verifier_lists():
    """Its number, account, and which records may be skipped."""
    erased = {m.name: m for m in mutants(description()) if m.kind == "field"}
    for k, name in enumerate(PAGE):
        made = whole()
        cells = ("pages", 1, "number" if name == "page" else name), ("looks", 2, f"field{k}")
        lie = made.edited(*((*cell, _cell(made, *cell) + 8) for cell in cells))
        assert broken(lie) == {"bus listed"}, name
        assert broken(lie, erased[f"bus listed[{k}]"].make()) == set(), name


def _cell(made, table, row, column):
    of = next(t for t in support.definition().tables if t.name == table)
    return int(made.traces[table][row, of.index(column)])


# ------------------------------------------------------------------------------------------------ lies


def rows_of(pools):
    """Pools that stand in this order, whatever it is. Each is compared with the next as far as may be: where the first
    lane differs, or at the last.
    """
    pools = np.asarray(pools, np.int64)
    made = support.run(pools=some_pools(len(pools)))
    columns = [f"asset{i}" for i in range(4)] + [f"place{i}" for i in range(4)] + ["side"]
    edits = []
    for row, pool in enumerate(pools.tolist()):
        octets = [(lane >> 8 * j) & 255 for lane in (*pool[:3], *pool[4:7]) for j in range(3)]
        values = {**dict(zip(columns, pool, strict=True)), **{f"octet{j}": octet for j, octet in enumerate(octets)}}
        edits += [("pools", row, name, value) for name, value in values.items()]
    rank = pool_rank(pools)
    for row, (one, other) in enumerate(pairwise(rank)):
        lane = int(np.argmax(one != other)) if (one != other).any() else 5
        edits += marked(row, lane, max(int(other[lane] - one[lane]) - 1, 0))
    places = [(row, k, value) for row, pool in enumerate(pools.tolist()) for k, value in enumerate(pool)]
    stubs = [(stub, row, f"field{k}", value) for stub in ("takes", "gives") for row, k, value in places]
    return made.edited(*edits, *stubs)


def marked(row, lane, gap):
    """A comparison's advice in a row."""
    flags = [("pools", row, f"order_at{k}", int(k == lane)) for k in range(6)]
    return [*flags, ("pools", row, "order_low", gap & 0x7FFF), ("pools", row, "order_high", gap >> 15)]


def pool(asset=(1, 1, 1), place=(1, 1, 1), side=0):
    return [*asset, 5, *place, 6, side]


def ladder():
    """Pools of which each exceeds the one before in one lane, the last first, and is below it in those that follow."""
    lanes, pools = [1000] * 6, []
    for lane in (5, 4, 3, 2, 1, 0):
        pools.append(pool(lanes[:3], lanes[3:], side=1))
        lanes = [*lanes[:lane], lanes[lane] + 70_000, *(below - 1 for below in lanes[lane + 1 :])]
    return support.run(pools=np.array([*pools, pool(lanes[:3], lanes[3:])]))


TWICE = [pool(), pool(side=0)]


def twice():
    """One pool in two lists: the second is a list of its own, and each lot in it can be taken out of turn."""
    return rows_of(TWICE).edited(("pools", 0, "order_at5", 0))


def apart():
    """An idle row between two lists of one pool, which is compared with neither."""
    made = rows_of([pool(), [0] * POOL_LANES, pool()])
    gone = [("takes", 1, "on", 0), ("gives", 1, "on", 0), ("pools", 1, "active", 0), ("pools", 1, "last_write", 0)]
    return made.edited(*gone, *((t, r, c, 0) for t, r, c, _ in marked(0, 0, 0)), *marked(1, 0, 0))


def half_pages():
    """A page stands twice, half each time."""
    made = whole()
    names = ("number", "count", "early", "late", "first", "last", *(f"code{k}" for k in range(4)))
    copy = [("pages", 9, name, _cell(made, "pages", 1, name)) for name in names]
    return made.edited(*copy, *(("pages", row, "active", (P + 1) // 2) for row in (1, 9)))


def five_lists():
    """Five empty lists of one pool: they come and go by themselves."""
    made = rows_of([pool()]).edited(("takes", 0, "on", 0), ("gives", 0, "on", 0))
    return made.edited(("pools", 0, "active", 5), ("pools", 0, "last_write", 0))


def round_about():
    """One pool twice, with one between them whose side is so large that both differences are small modulo p."""
    far = (1 << 30) - (1 << 22)
    made = rows_of([pool(), pool(side=1), pool()])
    rest = P - far
    edits = [("pools", 1, "side", far), *marked(0, 5, far - 1), *marked(1, 5, rest - 1)]
    edits += [(name, 1, "field8", far) for name in ("takes", "gives")]
    return made.edited(*edits)


def skipped(lane):
    """What differs in a higher lane, downwards, is compared in the next one."""
    one, two = [9] * 6, [9] * 6
    one[lane] += 1
    two[lane + 1] += 4
    made = rows_of([pool(one[:3], one[3:]), pool(two[:3], two[3:])])
    return made.edited(*marked(0, lane + 1, (8 if lane == 4 else 4) - 1))


def no_bit(lane):
    """Marks that are no bits, and add up to one."""
    if lane == 5:  # the difference of the first lane, less that of the last
        made = rows_of([pool((10, 1, 1)), pool((90, 1, 1), side=1)])
        flags = {0: 1, 1: 1, 5: -1}
        return made.edited(*marked(0, 0, 80 - 1 - 1), *(("pools", 0, f"order_at{k}", v) for k, v in flags.items()))
    made = rows_of([pool(), pool(side=1)])
    return made.edited(("pools", 0, f"order_at{lane}", -1), ("pools", 0, f"order_at{(lane + 1) % 5}", 1))


def other_lane(octet):
    """A lane that is not its bytes."""
    made = rows_of([pool()])
    return made.edited(("pools", 0, f"octet{octet}", _cell(made, "pools", 0, f"octet{octet}") + 1))


def last_interval():
    """The calendar lists no row before its first day, and a record before it is worked on the last row's interval."""
    days = calendar()
    made = support.run(days=days)
    columns = {place: list(values)[1:] for place, values in made.public.columns.items()}
    number = [t.name for t in support.definition().tables].index("calendar")
    first = [columns[number, k][0] for k in range(3)]
    lie = support.Run(made.traces, PublicValues(made.public.publics, made.public.lists, columns))
    message = [0, 0, 0, *first, 0, 0, 0, 0, 0]
    fields = [("worked", 0, f"field{k}", value) for k, value in enumerate(message)]
    last = len(made.traces["calendar"]) - 1
    return lie.edited(("worked", 0, "on", 1), *fields, ("calendar", last, "count", 1))


LIES = {
    "pages.active_bit": half_pages,
    "pools.active_bit": five_lists,
    "pools.side_bit": round_about,
    **{f"pools.asset{i}_bytes": lambda i=i: other_lane(3 * i) for i in range(3)},
    **{f"pools.place{i}_bytes": lambda i=i: other_lane(9 + 3 * i) for i in range(3)},
    "pools.active_once": apart,
    **{f"pools.order_at{k}_bit": lambda k=k: no_bit(k) for k in range(6)},
    "pools.order_marked": twice,
    **{f"pools.order_equal{k}": lambda k=k: skipped(k) for k in range(5)},
    "pools.order_gap": lambda: rows_of(TWICE),
    "calendar.last_no_day": last_interval,
}


def test_every_constraint_has_a_lie():
    blinding = {f"{name}.blind_on_bit" for name in OWN}
    assert {m.name for m in own("constraint")} - blinding == LIES.keys()


@pytest.mark.parametrize("name", LIES)
def test_a_lie_breaks_one_constraint_and_nothing_else(name):
    assert broken(LIES[name]()) == {name}


def out_of_range(columns):
    """A byte of 256 in a lane, or a difference whose limbs are not."""
    made = rows_of([pool(), pool((1 << 20, 1, 1))])
    if columns[0].startswith("octet"):
        octet = int(columns[0].removeprefix("octet"))
        name = (*(f"asset{i}" for i in range(3)), *(f"place{i}" for i in range(3)))[octet // 3]
        lane = 256 ** (octet % 3 + 1)
        made = rows_of([pool()])
        field = int(name[-1]) + (4 if name.startswith("place") else 0)
        stubs = [(stub, 0, f"field{field}", lane) for stub in ("takes", "gives")]
        rest = [("pools", 0, f"octet{k}", 0) for k in range(octet // 3 * 3, octet // 3 * 3 + 3)]
        return made.edited(("pools", 0, name, lane), *stubs, *rest, ("pools", 0, f"octet{octet}", 256))
    gap = (1 << 20) - 2
    if columns == ("order_low",):
        return made.edited(
            ("pools", 0, "order_low", (gap & 0x7FFF) + WIDE), ("pools", 0, "order_high", (gap >> 15) - 1)
        )
    return made.edited(("pools", 0, "order_low", 1), ("pools", 0, "order_high", (gap - 1) * pow(WIDE, -1, P)))


LOOKUPS = [*((f"octet{k}", f"octet{k + 1}") for k in range(0, 18, 2)), ("order_low",), ("order_high",)]


@pytest.mark.parametrize("columns", LOOKUPS, ids="-".join)
def test_each_lookup_is_needed(columns):
    found = [m for m in own("interaction") if m.name.endswith(f"({','.join(columns)})")]
    assert len(found) == 1
    lie = out_of_range(columns)
    assert broken(lie) == {found[0].fault}
    bus = found[0].bus
    left = Board(lie, found[0].make()).imbalance()[bus]  # what is in range, the prover counts anew
    assert not [m for m, count in left.items() if count % P and any(value >= RANGES[bus] for value in m)]


def test_every_lookup_has_a_lie():
    assert len([m for m in own("interaction") if m.bus in ("bytes", "u15")]) == len(LOOKUPS)


def test_what_is_no_day_is_never_found():
    """A deposit declared with the row before the first day, which is long from the beginning; however often it says."""
    for count in (1, 7, P - 1):
        lie = whole().edited(("declared", 9, "on", 1), ("calendar", 0, "day_count", count))
        assert broken(lie) == {"bus days"}


# ------------------------------------------------------------------------------------------------ filling


def test_two_names_with_the_same_72_bits_are_refused():
    alike = [pool(), pool()]
    alike[1][3] += 1
    with pytest.raises(ValueError, match="two pools have one place, their codes agree in the first 72 bits"):
        support.run(pools=np.array(alike))


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="129 pools do not fit in 128 rows"):
        pools_trace(support.definition().tables[6], some_pools(129), [0] * 129, 128)
    with pytest.raises(ValueError, match="129 pages do not fit in 128 rows"):
        support.run(some_pages(129))
    with pytest.raises(ValueError, match="204 rows of the calendar do not fit in 128"):
        support.run(days=calendar(days=200))


# ------------------------------------------------------------------------------------------------ proof


def test_tables_are_proven():
    """A real proof; with another bit of a page it is nothing."""
    made, (digest, read) = whole(rows=1 << 13), support.frozen()
    heights = tuple(len(trace).bit_length() - 1 for trace in made.traces.values())
    proof = prove_circuit(read, digest, TEST, support.public_data(made), list(made.traces.values()))
    verify_proof(read, digest, TEST, heights, support.public_data(made), proof)
    made.public.lists[0][4][-1] ^= 1
    with pytest.raises(Reject):
        verify_proof(read, digest, TEST, heights, support.public_data(made), proof)


def test_sizes():
    """What docs/lot-machine-v2.md says of the tables, those of blinding counted."""
    sizes = {t.name: (len(t.columns), 5 * (len(t.groups()) + 1)) for t in support.definition().tables}
    assert {name: sizes[name] for name in (*OWN, "range")} == {
        "pages": (14, 15), "pools": (40, 30), "calendar": (5, 15), "range": (20, 30),
    }  # fmt: skip

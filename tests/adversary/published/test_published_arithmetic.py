"""Attacks on arithmetic and determinism (rows E1 to E4 and E9 of the list, docs/security/attacks.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import permutations
from unittest import mock

import numpy as np
import pytest

from tests.adversary.kit.local import Board
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.words import Rec
from tests.support import machine_circuit as machine
from tests.support import machine_rows
from tests.support.boards import alone, board, column, names, number, rows_of
from tests.support.counts import count
from tests.support.machine_lying import buy, page, run, sale, told
from zkharvest.circuit.expr import P
from zkharvest.circuit.lot_machine.v2.steps.kinds import KINDS

BITS = ("borrow", "is_", "more", "emptied", "first", "code_", "late", "loss", "held_long", "long_term")
MOST_ROWS = 1 << 20


# ------------------------------------------------------------------ E1: equations over the integers


def looked_up(table) -> dict[int, tuple[int, int]]:
    """Columns whose range is looked up on every row: (least, greatest) by column, from the description alone."""
    nodes, found = table["nodes"], {}
    buses = board().buses
    for act in table["interactions"]:
        name = buses[act["bus"] - 1]
        if name not in ("bytes", "u15") or act["sign"] != -1 or nodes[act["mult"]] != ["const", 1]:
            continue
        for message in act["message"]:
            top = 255 if name == "bytes" else 2**15 - 1
            match nodes[message]:
                case ["col", i, 0]:
                    least, most = 0, top
                case ["lin", c, [[1, a]]] if nodes[a][0] == "col":  # column + c
                    i, least, most = nodes[a][1], -c, top - c
                case ["lin", 0, [[k, a]]] if nodes[a][0] == "col":  # k times the column, itself looked up too
                    i, least, most = nodes[a][1], 0, top // k
                case _:
                    continue
            before = found.get(i, (-P, P))
            found[i] = (max(before[0], least), min(before[1], most))
    return found


def interval(table, node: int, ranges: Mapping[int, tuple[int, int]], seen: dict[int, tuple[int, int]]):
    """Least and greatest value of a node over the integers, coefficients taken between -p/2 and p/2."""
    if node not in seen:
        match table["nodes"][node]:
            case ["const", c]:
                seen[node] = (centred(c), centred(c))
            case ["col", i, _]:
                seen[node] = ranges[i]
            case ["public", _]:
                seen[node] = (0, 1)
            case ["mul", a, b]:
                corners = [x * y for x in interval(table, a, ranges, seen) for y in interval(table, b, ranges, seen)]
                seen[node] = (min(corners), max(corners))
            case ["lin", c, terms]:
                low = high = centred(c)
                for k, a in terms:
                    ends = [centred(k) * x for x in interval(table, a, ranges, seen)]
                    low, high = low + min(ends), high + max(ends)
                seen[node] = (low, high)
    return seen[node]


def centred(c: int) -> int:
    """The residue between -p/2 and p/2."""
    return c - P if c > P // 2 else c


def of_steps() -> tuple[dict, dict[int, tuple[int, int]]]:
    """The machine's table, and what is known of its columns: what is looked up, and bits."""
    steps = board().tables[0]
    ranges = looked_up(steps)
    for i, name in enumerate(steps["columns"]):
        if name.startswith(BITS) and i not in ranges:
            ranges[i] = (0, 1)
    return steps, ranges


def of_kind(kind: str) -> dict[int, tuple[int, int]]:
    """A row of this kind."""
    return {column(f"is_{k}"): (int(k == kind), int(k == kind)) for k in KINDS}


def test_e1_equations_modulo_p_are_equations_of_integers():
    """ceno #1345: carries were bounded after a division by 2^16, and products of 16-bit limbs are above p.

    From the ranges that the description itself looks up, no equation of the proportions can reach p, whatever the
    advice: so modulo p it holds over the integers.
    """
    steps, ranges = of_steps()
    largest = 0
    for kind in KINDS:
        for constraint in steps["constraints"]:
            if constraint["name"].startswith(("product", "quantity_rest", "value_rest")):
                low, high = interval(steps, constraint["node"], {**ranges, **of_kind(kind)}, {})
                assert -P < low <= high < P, (kind, constraint["name"])
                largest = max(largest, high, -low)
    assert largest > 2**29  # it is not that everything is small

    # With limbs of 16 bits it would not hold: the same column of a product is far above p.
    wide = {i: (0, 2**16 - 1) if r == (0, 255) else r for i, r in ranges.items()}
    (node,) = (c["node"] for c in steps["constraints"] if c["name"] == "product3")
    assert interval(steps, node, {**wide, **of_kind("take")}, {})[1] > P
    count("attacks covered")


def posted(name: str, kinds: list[dict[int, tuple[int, int]]], sign: int) -> dict[tuple[int, int], int]:
    """The most that a row of a table posts (sign 1), or takes for its own register (-1), by level and slot."""
    table = board().tables[number(name)]
    ranges = of_steps()[1] if name == "steps" else looked_up(table)
    for i, column_ in enumerate(table["columns"]):
        # What is no number is a bit or a sign. `value` is a byte with a sign.
        ranges[i] = (-255, 255) if column_.startswith("value") else ranges.get(i, (-1, 1))
    most: dict[tuple[int, int], int] = {}
    for kind in kinds:
        sizes: dict[tuple[int, int], int] = {}
        for act in table["interactions"]:
            if board().buses[act["bus"] - 1] == "post" and act["sign"] == sign:
                match table["nodes"][act["message"][0]]:
                    case ["const", c]:
                        levels = {c}
                    case ["lin", c, pairs]:  # of flags of which at most one is 1
                        levels = {c, *(c + k for k, _ in pairs)}
                for slot, node in act["weights"]:
                    size = max(map(abs, interval(table, node, {**ranges, **kind}, {})))
                    for level in levels:
                        sizes[level, slot] = sizes.get((level, slot), 0) + size
        most = {at: max(most.get(at, 0), sizes.get(at, 0)) for at in {*most, *sizes}}
    return most


def test_e1_sums_of_rows_are_sums_of_integers():
    """The same for sums over rows, which no range check sees: as many rows as a table can have do not reach p.

    A register takes its bytes and carries, which are looked up, on one row; the machine posts to the lowest registers,
    and each of these to those above it. A row of a register is its first or its second.
    """
    columns = names("sums")
    halves = [{columns.index(n): (int(n == one), int(n == one)) for n in columns[:2]} for one in columns[:2]]
    machine_posts = posted("steps", [of_kind(kind) for kind in KINDS], 1)
    registers, own = posted("sums", halves, 1), posted("sums", halves, -1)
    assert {slot for _, slot in (*machine_posts, *registers)} == {slot for _, slot in own}
    for (level, slot), taken in own.items():
        rows = MOST_ROWS * (machine_posts.get((level, slot), 0) + registers.get((level, slot), 0))
        assert rows + taken < P, (level, slot)
    assert max(machine_posts.values()) * MOST_ROWS > 2**28  # it is not that everything is small


def test_e1_carries_are_integers():
    """c and c + 2^-16 carry alike modulo p; only the look-up of c tells them apart."""
    for kind in ("open", "take", "settle", "out", "drop"):
        row = rows_of(kind)[0]
        for k in (0, 3, 6, 15):
            c = column(f"carry{k}")
            alias = int(board().traces[0][row, c]) + pow(65536, -1, P)
            assert "bus u15" in board().broken({(0, row, c): alias})
    alone("steps.product0", "steps.product16")


# ------------------------------------------------------------------ E2, E3: limbs


def test_e2_every_limb_is_looked_up():
    """lambda_vm #652, ceno #1345: limbs were put together but not checked one by one: x + p has limbs, too.

    256 more in a byte and one less in the next is the same number, limb and lane; nothing but the look-up objects.
    """
    ranges = looked_up(board().tables[0])
    stems = {"a": 8, "b": 14, "c": 14, "q": 20, "r": 14, "e": 14, "g": 8}
    for stem, size in {**stems, "fee": 6}.items():
        assert all(ranges[column(f"{stem}{i}")] == (0, 255) for i in range(size))
    assert ranges[column("fee6")] == (0, 63)  # the upper lane has 30 bits
    for name in ("time0", "time1", "time2", "worked0", "worked1", "shift0", "past0", "past1", "past2"):
        assert ranges[column(name)] == (0, 2**15 - 1)
    for name in ("pred_age0", "pred_age1", "node_age0", "node_age1", "content_age0", "content_age1"):
        assert ranges[column(name)] == (0, 2**15 - 1)
    for kind in ("take", "settle"):
        row = rows_of(kind)[0]
        cells = board().traces[0][row]
        for stem, size in stems.items():
            places = [(column(f"{stem}{i}"), column(f"{stem}{i + 1}")) for i in range(size - 1)]
            edits = [(row, {low: int(cells[low]) + 256, high: int(cells[high]) - 1}) for low, high in places]
            assert all("bus bytes" in broken for broken in board().single(0, edits))
        # Bytes 0 and 1 of the remainder share a limb and a lane: all the rest of the circuit is content.
        pair = {(0, row, column("r0")): int(cells[column("r0")]) + 256}
        pair[0, row, column("r1")] = int(cells[column("r1")]) - 1
        assert board().broken(pair) == {"bus bytes"}
        # x + p in a lane of three bytes
        pair = {(0, row, column(f"r{i}")): int(cells[column(f"r{i}")]) + d for i, d in ((0, P % 256), (1, P // 256))}
        assert P % 256 + 256 * (P // 256) == P
        assert board().broken(pair) == {"bus bytes"}
    for table, stem, size in (("pools", "octet", 18), ("sums", "octet", 9), ("sums", "byte", 30)):
        found = looked_up(board().tables[number(table)])
        assert all(found[names(table).index(f"{stem}{i}")] == (0, 255) for i in range(size))
    count("attacks covered")


def test_e3_no_number_has_two_sets_of_limbs():
    """SP1 audit 3-2: 31 bits hold values from p on, so that small numbers had a second decomposition.

    Nothing in the circuit is taken apart into 31 bits: limbs have 15, lanes 24 and 30. A record's time plus p needs
    a limb above 2^15.
    """
    row = rows_of("open")[0]
    time0, time1 = (int(board().traces[0][row, column(name)]) for name in ("time0", "time1"))
    assert 1 + 2**15 * ((P - 1) >> 15) == P
    edits = {(0, row, column("time0")): time0 + 1, (0, row, column("time1")): time1 + ((P - 1) >> 15)}
    broken = board().broken(edits)
    assert "bus leaf" not in broken  # the record is the same modulo p
    assert "bus u15" in broken
    for bits in (15, 24, 28, 30):
        assert 2**bits < P
    assert P <= 2**31 - 1  # thirty-one would not do
    # A lane's value has one set of bytes: the greatest is 2^24 - 1, and of a fee's upper lane 2^30 - 1.
    assert sum(255 << (8 * k) for k in range(3)) == 2**24 - 1 < P
    assert sum(255 << (8 * k) for k in range(3)) + (63 << 24) == 2**30 - 1 < P
    count("attacks covered")


# ------------------------------------------------------------------ E4: division


def bought_for_nothing(place: int | None = None, gap: int = 0) -> Board:
    """A purchase of nothing for nothing, at a unit basis of one's choice; with other advice, where it is given."""
    rows = machine_rows.rows_of(page(buy(0, 1, 0), buy(1), sale(2), method="lifo"))
    lanes = rows.records.lanes.copy()
    lanes[0, 3] = 0
    rows = replace(rows, records=replace(rows.records, lanes=lanes))
    rows.rest_lo[0] = 0
    rows.lot_lo[rows.node == 0] = 0
    rows.entries.unit[0, 0] = 7

    def advice(made):
        if place is not None:
            marks = {f"remainder_at{i}": int(i == place) for i in range(5)}
            made.put(made.at("open")[0], **marks, remainder_low=gap & 0x7FFF, remainder_high=gap >> 15)

    made = run(None, advice, rows)
    row = made.at("open")[0]
    assert [made.get(row, f"c{i}") for i in range(14)] == [0] * 14
    assert made.get(row, "q0") == 7
    return Board(made, machine.description())


def test_e4_the_remainder_is_below_the_divisor_and_the_divisor_not_zero():
    """RISC Zero (CVE-2025-52484), ceno: quotients with a remainder as large as one likes; division by zero."""
    alone("steps.remainder_gap", "steps.remainder_marked", *(f"steps.remainder_equal{i}" for i in range(4)))
    assert Board(run(page(buy(), sale())), machine.description()).verdict() == set()  # exact: a remainder of 0
    assert bought_for_nothing().verdict() & {"steps.remainder_marked", "steps.remainder_gap"}
    # No advice saves it: a mark somewhere means that the remainder is below zero there.
    for place in range(5):
        for gap in (0, 2**30 - 1):
            assert bought_for_nothing(place, gap).verdict() == {"steps.remainder_gap"}
    count("attacks covered")


# ------------------------------------------------------------------ E9: one witness


LOTS = (
    *(Rec(at(2024, 1, 1 + k), "open", "X", UNIT, value) for k, value in enumerate((100, 400, 250))),
    *(Rec(at(2024, 2, 1 + k), "close", "X", UNIT, value) for k, value in enumerate((300, 200, 500))),
)


@contextmanager
def chosen(order: tuple[int, ...], arranged: bool) -> Iterator[None]:
    """Disposals take whole lots in this order, out of the list's middle or from a list that is sorted like that."""
    left = list(order)

    def take(maker, pool, part):
        entries, wanted = maker.lists[pool], left.pop(0)
        place = entries.index(wanted)
        quantity, value = maker.held[wanted]
        maker.held[wanted] = [0, 0]
        neighbours = entries[place - 1] if place else -1, entries[place + 1] if place + 1 < len(entries) else -1
        del entries[place]
        return {
            "node": wanted, "pred": neighbours[0], "next": neighbours[1], "lot": quantity, "lot_value": value,
            "part": part, "part_value": value, "emptied": 1,
        }  # fmt: skip

    patches = [mock.patch.object(machine_rows._Maker, "take", take)]
    if arranged:
        patches.append(mock.patch.object(machine_rows._Maker, "key", lambda _, lot: (order.index(lot),)))
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


@pytest.mark.parametrize("arranged", [False, True], ids=["out of the middle", "sorted otherwise"])
@pytest.mark.parametrize("method", ["fifo", "lifo", "hifo", "lofo"])
def test_e9_one_ledger_has_one_result(method, arranged):
    """Picus on RISC Zero: most bugs of circuits are two witnesses for one statement. All six ways to match three
    disposals with three lots: one is accepted.
    """
    link, accepted = page(*LOTS, method=method), []
    for order in permutations(range(3)):
        with chosen(order, arranged):
            made = told(link, list(link.rows))
        broken = Board(made, machine.description()).verdict()
        if not broken:
            accepted.append(machine.registers_of(made))
        else:
            assert broken == ({"bus u15"} if arranged else {"steps.head"})  # a gap that is none; no head
    assert accepted == [machine.registers_of(run(link))]


def test_e9_two_runs_of_one_statement_agree_where_it_matters():
    """What a row of the machine says of records, lots, parts and classes is tied to something; advice may be free."""
    rng = np.random.default_rng(9)
    b = board()
    tried = 0
    each = ("q0", "c1", "e3", "g2", "loss", "place0", "asset0", "time0", "seq", "clk")
    listed = ("pred", "node", "lot_seq", "unit0", "acquired", "own")
    for kind in ("open", "take", "settle", "out", "send", "drop", "gone", "arrive", "close"):
        for row in rows_of(kind):
            touched = listed if kind not in ("settle", "send", "gone") else ()  # which touch no list
            classes = ("class_kind",) if kind != "close" else ()
            tied = (*each, *classes, *touched, f"is_{kind}")
            edits = [(row, {column(name): int(rng.integers(1, P))}) for name in tied]
            for (_, cells), broken in zip(edits, b.single(0, edits), strict=True):
                assert broken, (kind, row, cells)
                tried += 1
    assert tried > 150
    count("attacks covered")

"""Attacks on arithmetic and determinism (rows E1 to E4 and E9 of the list, docs/security/attacks.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from tests.adversary.kit.forge import KINDS, forge
from tests.adversary.kit.local import Board
from tests.adversary.kit.scribe import Scribe, told_by
from tests.adversary.witness.lies.registry import run
from tests.support import statement
from tests.support.boards import alone, board, column, rows_of
from tests.support.counts import count
from tests.support.make import trade
from zkharvest.circuit.expr import P
from zkharvest.commitment.opening import commit
from zkharvest.ledger import Election, Method, Pooling

BITS = ("borrow", "is_", "more", "emptied", "first", "negative", "side", "loss", "held_long", "long_term", "code_")


# ------------------------------------------------------------------ E1: equations over the integers


def looked_up(table) -> dict[int, tuple[int, int]]:
    """Columns whose range is looked up on every row: (least, greatest) by column, from the description alone."""
    nodes, found = table["nodes"], {}
    buses = [bus["name"] for bus in statement.description()["buses"]]
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


def test_e1_equations_modulo_p_are_equations_of_integers():
    """ceno #1345: carries were bounded after a division by 2^16, and products of 16-bit limbs are above p.

    From the ranges that the description itself looks up, no equation of the proportions can reach p, whatever the
    advice: so modulo p it holds over the integers.
    """
    steps = statement.description()["tables"][statement.table_number("steps")]
    ranges = looked_up(steps)
    for i, name in enumerate(steps["columns"]):
        if name.startswith(BITS) and i not in ranges:
            ranges[i] = (0, 1)
    largest = 0
    for kind in KINDS:
        only = {column(f"is_{k}"): (int(k == kind), int(k == kind)) for k in KINDS}
        for constraint in steps["constraints"]:
            if constraint["name"].startswith(("product", "quantity_rest", "value_rest")):
                low, high = interval(steps, constraint["node"], {**ranges, **only}, {})
                assert -P < low <= high < P, (kind, constraint["name"])
                largest = max(largest, high, -low)
    assert largest > 2**29  # it is not that everything is small

    totals = statement.description()["tables"][statement.table_number("totals")]
    ranges = looked_up(totals)
    names = totals["columns"]
    for i, name in enumerate(names):
        if name.startswith(("bucket", "position")):
            ranges[i] = (0, 1)
    low, high = (ranges[names.index(f"carry_{part}")] for part in ("low", "high"))
    carry = (low[0] + 2**15 * high[0] - 2**21, low[1] + 2**15 * high[1] - 2**21)
    assert carry == (-(2**21), 2**21 - 1)
    ranges |= {names.index(name): carry for name in ("carry_in", "carry_out")}
    ranges[names.index("sum")] = (-(2**20) * 255, 2**20 * 255)  # at most 2^20 rows of a byte
    (split,) = (c["node"] for c in totals["constraints"] if c["name"] == "split")
    low, high = interval(totals, split, ranges, {})
    assert -P < low <= high < P

    # With limbs of 16 bits it would not hold: the same column of a product is far above p.
    only = {column(f"is_{k}"): (int(k == "take"), int(k == "take")) for k in KINDS}
    wide = {i: (0, 2**16 - 1) if r == (0, 255) else r for i, r in looked_up(steps).items()}
    flags = {i: (0, 1) for i, name in enumerate(steps["columns"]) if name.startswith(BITS) and i not in wide}
    (node,) = (c["node"] for c in steps["constraints"] if c["name"] == "product3")
    assert interval(steps, node, {**wide, **flags, **only}, {})[1] > P
    count("attacks covered")


def test_e1_carries_are_integers():
    """c and c + 2^-16 carry alike modulo p; only the look-up of c tells them apart."""
    for kind in ("open", "take", "settle", "out"):
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
    steps = statement.description()["tables"][0]
    ranges = looked_up(steps)
    stems = {"a": 8, "b": 14, "c": 14, "q": 20, "r": 14, "e": 14, "g": 8}
    for stem, size in stems.items():
        assert all(ranges[column(f"{stem}{i}")] == (0, 255) for i in range(size))
    for name in ("time0", "time1", "time2", "tie", "source", "pred_age0", "pred_age1", "node_age0", "content_age1"):
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
    pools = statement.description()["tables"][statement.table_number("pools")]
    found = looked_up(pools)
    assert all(found[pools["columns"].index(f"octet{i}")] == (0, 255) for i in range(9))
    count("attacks covered")


def test_e3_no_number_has_two_sets_of_limbs():
    """SP1 audit 3-2: 31 bits hold values from p on, so that small numbers had a second decomposition.

    Nothing in the circuit is taken apart into 31 bits: limbs have 15, lanes 24, codes 30. A record's time plus p needs
    a limb above 2^15.
    """
    row = rows_of("open")[0]
    time0, time1 = (int(board().traces[0][row, column(name)]) for name in ("time0", "time1"))
    assert 1 + 2**15 * ((P - 1) >> 15) == P
    edits = {(0, row, column("time0")): time0 + 1, (0, row, column("time1")): time1 + ((P - 1) >> 15)}
    broken = board().broken(edits)
    assert "bus record" not in broken  # the record is the same modulo p
    assert "bus u15" in broken
    for bits in (15, 24, 28, 30):
        assert 2**bits < P
    assert P <= 2**31 - 1  # thirty-one would not do
    # A lane's value has one set of bytes: the greatest is 2^24 - 1.
    assert sum(255 << (8 * k) for k in range(3)) == 2**24 - 1 < P
    count("attacks covered")


# ------------------------------------------------------------------ E4: division


def test_e4_the_remainder_is_below_the_divisor_and_the_divisor_not_zero():
    """RISC Zero (CVE-2025-52484), ceno: quotients with a remainder as large as one likes; division by zero."""
    alone("steps.remainder_gap", "steps.remainder_marked", *(f"steps.remainder_equal{i}" for i in range(4)))
    exact = [trade("2024-01-01", "a/1", "buy", 1, 100), trade("2024-02-01", "a/2", "sell", 1, 100)]
    assert Board(run(exact)).verdict() == set()

    class Empty(Scribe):
        """A purchase of nothing: any unit basis would do."""

        def unit(self, trade, value, quantity):
            return 7 if quantity == 0 else super().unit(trade, value, quantity)

        def parts(self, trade, entries):
            yield entries[-1], self.trades[trade].quantity

    nothing = [replace(exact[0], quantity=0), replace(exact[0], id="3"), exact[1]]
    forged = forge(commit(nothing, currency="USD", seed=statement.SEED), REGIME, operations=told_by(Empty))
    broken = Board(forged).verdict()
    assert broken & {"steps.remainder_marked", "steps.remainder_gap"}
    cells = forged.sheet("steps")
    row = cells.rows("is_open")[0]
    assert cells.get(row, "c") == [0] * 14
    # No advice saves it: a mark somewhere means that the remainder is below zero there.
    for place in (0, 4):
        cells.put(row, "remainder_at", [int(i == place) for i in range(5)])
        for gap in (0, 2**30 - 1):
            cells.set(row, remainder_low=gap & 0x7FFF, remainder_high=gap >> 15)
            forged.recount()
            assert Board(forged).verdict() & {"steps.remainder_gap", "steps.remainder_marked"}
    count("attacks covered")


REGIME = Election(Method.FIFO, Pooling.WALLET, "UTC", 2024)


# ------------------------------------------------------------------ E9: one witness


LOTS = (
    trade("2024-01-01", "a/1", "buy", 1, 100),
    trade("2024-01-02", "a/2", "buy", 1, 400),
    trade("2024-01-03", "a/3", "buy", 1, 250),
    trade("2024-02-01", "a/4", "sell", 1, 300),
    trade("2024-02-02", "a/5", "sell", 1, 200),
    trade("2024-02-03", "a/6", "sell", 1, 500),
)


@pytest.mark.parametrize("method", ["fifo", "lifo", "hifo", "lofo"])
def test_e9_one_ledger_has_one_result(method):
    """Picus on RISC Zero: most bugs of circuits are two witnesses for one statement. All six ways to match three
    disposals with three lots: one is accepted.
    """
    accepted = []
    for order in permutations(range(3)):

        class Chosen(Scribe):
            wanted = order

            def parts(self, trade, entries):
                lot = self.wanted[trade - 3]
                yield next(e for e in entries if e.trade == lot), self.trades[trade].quantity

        forged = run(LOTS, method, operations=told_by(Chosen))
        if not Board(forged).verdict():
            accepted.append((order, forged.witness.totals))
    honest = run(LOTS, method)
    assert [totals for _, totals in accepted] == [honest.witness.totals]


def test_e9_two_runs_of_one_statement_agree_where_it_matters():
    """Advice that is free is listed (tests/adversary/witness/test_witness_columns.py); totals and lots are not."""
    rng = np.random.default_rng(9)
    b = board()
    tried = 0
    for kind in ("open", "take", "settle", "out", "into", "close"):
        for row in rows_of(kind):
            names = [
                "q0",
                "c1",
                "e3",
                "g2",
                "bucket_weight0",
                "loss",
                "wallet",
                "asset0",
                "time0",
                "seq",
                "clk",
                f"is_{kind}",
            ]
            if kind != "settle":  # which touches no list
                names += ["pred", "node", "lot_seq", "unit0"]
            edits = [(row, {column(name): int(rng.integers(1, P))}) for name in names]
            for (_, cells), broken in zip(edits, b.single(0, edits), strict=True):
                assert broken, (kind, row, cells)
                tried += 1
    assert tried > 150
    count("attacks covered")

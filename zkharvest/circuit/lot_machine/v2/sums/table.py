"""Columns and constraints of `sums`: two rows a register, each number whole on one of them.

    first row    proceeds, units                   (from L3 on `units` is proceeds - basis)
    second row   basis, fee, lines, events

A register collects what was posted under its key, byte position by byte position, and carries it up: what is collected
at a byte is

    sign * byte + 256 * carry out - carry in

so that the bytes are the exact sum of all posts, whatever their order and number. It then posts its own bytes to its
parents.

Who cheats how:

- *One key in two registers*, which split a sum as they like: keys strictly increase from register to register.
- *Carries that wrap*: a sum of posts is below p/2 in magnitude (`Circuit.compile`), carries are below 2^21 + 2^14, so
  that both sides of each sum differ by less than p.
- *Another sign in the middle of a number*: a number has one sign; only proceeds, basis and their difference may be
  below zero. So no one holds less than nothing.
- *A number that ends in a carry, or begins with one*: where a number ends, nothing is carried.
- *Half a register, or one that counts twice*: a first row has a second, and a second row is behind a first. Between two
  registers nothing is idle, or the comparison of their keys would be with an idle row.
- *A counter hidden*: where a key says `told`, its COUNT register must be shown.
- *A register of the standing left out, or read twice*: they are numbered, and the hashes of the standing take them all.
- *Something held that is not carried out*: a register of what is held may be left out, but all its bytes are 0 then.
  Those of L0 and L1 are never left out, those of all other levels always: they are sums of what is carried.
- *A figure of another register*: the message has the whole key. An idle row has level 0 and lane 0, of which there is
  no figure (`verifier.figures`).
"""

from __future__ import annotations

from collections.abc import Iterator

from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.expr import Cell, Expr, lift, shifted, total
from zkharvest.circuit.gadgets import compare_columns, less
from zkharvest.circuit.lot_machine.v2.buses import SumBuses
from zkharvest.commitment.standing import LEVEL_WEIGHT, SMALL

from .keys import (
    CARRIED_LEVELS,
    DIFFERENCE_LEVELS,
    GROUPS,
    LANES,
    LEVELS,
    ORDERED,
    PLACE,
    PLACES,
    RESULTS,
    ROW_LANES,
    TERMS,
    level_number,
)

CARRY = 1 << 21
"""What a carry's limbs hold more than the carry: it is low + 2^14 high - 2^21, low of 15 bits, high a byte."""
CARRY_LIMB = 1 << 14
CLASS = SMALL
"""Weights of a key's small fields in the last lane of its rank, which has 15 bits. No two honest keys have one rank;
that the sum could be made up otherwise does not help, since the same key has the same rank."""

BYTES = 3 * PLACES
"""Bytes that a row has room for: number 3 p + j is byte j at place p."""
SIGN = GROUPS["proceeds"][1]
"""Places from the first on that have one sign, the rest have another: that of units on a first row, none on a
second."""
ENDS = ((3 * SIGN - 1, BYTES - 1), (11, 20, 23, 26))
"""Of each row the bytes that are the highest of a number: behind them nothing is carried."""
CARRYING = tuple(k for k in range(BYTES) if k not in ENDS[0])
"""Bytes that have columns for a carry, in their order."""
EVENTS = 8
"""Their place, on a second row."""
SHOWN = (0, 0, 0, 0, 1, 1, 1, 2, 3, 4)
"""Of each place, the column that says whether it is shown: a number's places have columns that no other number of its
row has, and the place that the second row has nothing at has its own."""


class SumsTable:
    """The table's columns by name, and its constraints."""

    def __init__(self, circuit: Circuit, buses: SumBuses) -> None:
        self.t = t = circuit.table("sums", "registers: what was posted under a key, two rows each")
        self.buses = buses
        self.most = (1 << circuit.log_rows[1]) // 2  # registers
        self.first, self.second = t.column("first"), t.column("second")
        self.level = t.column_list("level", len(LEVELS))
        self.asset, self.source = t.column_list("asset", PLACE), t.column_list("source", PLACE)
        self.kind, self.origin, self.told, self.covered, self.result, self.side = (
            t.column(name) for name in ("kind", "origin", "told", "covered", "result", "side")
        )
        self.term = t.column_list("term", len(TERMS))
        self.octet = t.column_list("octet", 3 * ORDERED)
        self.byte, self.value = t.column_list("byte", BYTES), t.column_list("value", BYTES)
        self.negative = t.column_list("negative", 2)
        self.low, self.high = (t.column_list(f"carry_{name}", len(CARRYING)) for name in ("low", "high"))
        self.up_term, self.up_disposal, self.up_same, self.up_count = (
            t.column(f"up_{n}") for n in ("term", "disposal", "same", "count")
        )
        self.shown = t.column_list("shown", max(SHOWN) + 1)
        self.prior, self.counts, self.empty, self.place = (t.column(n) for n in ("prior", "counts", "empty", "place"))
        self.order = compare_columns(t, buses.ranges, "order", 2 + 2 * ORDERED, wide=True)

        self.active: Expr = self.first + self.second
        self.number: Expr = total(cell * (i + 1) for i, cell in enumerate(self.level))
        self.term_number: Expr = total(cell * i for i, cell in enumerate(self.term))
        small = {name: lift(getattr(self, name)) for name in CLASS}
        self.small: Expr = total(small[name] * weight for name, weight in CLASS.items())
        self.lead: Expr = self.number * LEVEL_WEIGHT + self.term_number
        self.carried: Expr = self.at(*CARRIED_LEVELS) - self.empty

    def fields(self) -> list[Expr]:
        """The row's key as standings have it, if its level is one of theirs."""
        level = total(self.at(level) * level_number(level) for level in CARRIED_LEVELS)
        lead = level * LEVEL_WEIGHT + self.term_number
        rest = [self.origin, self.told, self.covered, self.result, self.side]
        return [lead, *map(lift, (*self.asset, *self.source)), self.small, *map(lift, rest)]

    def constrain(self) -> None:
        """All constraints."""
        self._rows()
        self._keys()
        self._numbers()
        self._sums()
        self._parents()
        self._figures()
        self._standings()

    def at(self, *levels: str) -> Expr:
        """1 on rows of some levels."""
        return total(self.level[LEVELS.index(level)] for level in levels)

    def key(self) -> list[Expr]:
        """The row's key, in the order of messages."""
        small = [self.kind, self.origin, self.told, self.covered, self.term_number, self.result, self.side]
        return [self.number, *self.asset, *self.source, *small]

    def places(self) -> Iterator[tuple[Cell, int, int]]:
        """Of every lane the flag of its row, its number, its place."""
        for row, lanes in zip((self.first, self.second), ROW_LANES, strict=True):
            for place, lane in enumerate(lanes):
                yield row, lane, place

    def amount(self, place: int) -> Expr:
        """The signed lane at a place."""
        return total(self.value[3 * place + j] * 256**j for j in range(3))

    def _rows(self) -> None:
        """Registers stand one behind the other from the first row on.

        Around the end too, a second row is behind a first, so it is a bit as well. No row is both: the one before it
        would be both too (`adjacent`), with two levels as well, so that they had one key (`held`), which must increase
        (`order`). Nor is a register around the end of the table: all odd rows were first rows then, and its key would
        be the largest, and below that of row 1.
        """
        t = self.t
        t.boolean(self.first)
        t.equal("second_next", self.second.next, self.first, "a register has two rows")
        with t.when(self.first.next):
            t.equal("adjacent", 1, self.second, "a register follows another at once", "transition")

    def _keys(self) -> None:
        t = self.t
        t.boolean(*self.level, *self.term)
        t.equal("one_level", total(self.level), self.active, "a register has one level")
        t.equal("one_term", total(self.term), self.active, "a register has one term, or none by name")
        with t.when(self.first):
            for cell in self.held():
                t.equal(f"{cell.name}_held", cell.next, cell, f"`{cell.name}` is the same on both rows")
        # The lanes that order keys have 24 bits: those of the asset on the first row, those of the source on the other.
        for i in range(ORDERED):
            lane = self.first * self.asset[i] + self.second * self.source[i]
            high, middle, low = self.octet[3 * i : 3 * i + 3]
            t.equal(f"octets{i}", lane, high * 65536 + middle * 256 + low, "the key's lane is three bytes")
        self.buses.ranges.check_u15(t, self.small)
        rank = [self.prior * 128 + self.lead, *self.asset[:ORDERED], *self.source[:ORDERED], self.small]
        less(
            t,
            "order",
            self.order,
            [(lane, shifted(lane)) for lane in rank],
            self.first.next,
            below=1 << 24,
            strict=True,
            note="keys strictly increase",
            where="transition",
        )

    def held(self) -> list[Cell]:
        """Columns that are the same on both rows; of flags of which one is 1, all but one say so."""
        small = [self.kind, self.origin, self.told, self.covered, self.result, self.side]
        rest = [self.prior, self.empty, self.place]
        return [*self.level[:-1], *self.asset, *self.source, *small, *self.term[:-1], *rest]

    def _numbers(self) -> None:
        t = self.t
        t.boolean(*self.negative)
        with t.when(self.negative[1]):
            t.equal("negative_where", 1, self.first * self.at(*DIFFERENCE_LEVELS), "of all else none is below zero")
        signs = [1 - self.negative[place >= SIGN] * 2 for place in range(PLACES) for _ in range(3)]
        signed = [sign * byte for sign, byte in zip(signs, self.byte, strict=True)]
        t.equals("value{}_signed", self.value, signed, "a byte with its number's sign")
        self.buses.ranges.check_u15(t, *map(lift, self.low))
        self.buses.ranges.check_bytes(t, [*self.byte, *self.octet, *self.high])

    def carry(self, row: int, byte: int) -> Expr:
        """What is carried out of a byte of a first row (0) or second (1); nothing where no number goes on."""
        if byte < 0 or byte in ENDS[row]:
            return lift(0)
        at = CARRYING.index(byte)
        return self.low[at] + self.high[at] * CARRY_LIMB - CARRY

    def _sums(self) -> None:
        """What was posted under the key is collected here, each slot on the row of its lane.

        A second register of the key, carried in, collects the negative of its bytes (`_standings`): no more than 255.
        """
        own = 1 - self.prior
        sign = own - self.counts
        weights: dict[int, Expr | int] = {}
        for flag, lane, place in self.places():
            for j in range(3):
                k, row = 3 * place + j, int(lane in ROW_LANES[1])
                carried = self.carry(row, k) * 256 - self.carry(row, k - 1)
                weights[3 * lane + j] = flag * (sign * self.value[k] + own * carried)
        self.t.collect(self.buses.post, self.key(), weights, most=255, rows=self.most)

    def _parents(self) -> None:
        """Every register posts to those that it is part of.

        L0 -> COUNT; L1 -> COUNT, of a disposal L2 and L3, of income L3; L3 -> L4; L4 -> NET, but for income.
        """
        t = self.t
        new = 1 - self.prior
        first, income, none = self.at("L1") * new, self.term[TERMS.index("income")], self.term[0]
        t.equal("up_term_is", self.up_term, first * (1 - none), "it goes to a register of its term")
        t.equal(
            "up_disposal_is", self.up_disposal, first * (1 - none - income), "and that of a disposal to its source's"
        )
        up_same = (self.at("L3") + self.at("L4") * (1 - income)) * new
        t.equal("up_same_is", self.up_same, up_same, "L3 and L4 go on with the numbers they have")
        t.equal("up_count_is", self.up_count, self.at("L0", "L1") * new, "L0 and L1 go to the counters")

        nowhere = [lift(0)] * (2 * PLACE)
        no = lift(0)
        count = [lift(level_number("COUNT")), *nowhere, self.kind, self.origin, self.told, no, no, no, no]
        t.post(self.buses.post, count, self._own(lift(self.up_count)), most=255, rows=self.most)
        by_source = [*nowhere[:PLACE], *self.source, no, no, no, self.covered, self.term_number, no, no]
        own = self._own(lift(self.up_disposal))
        t.post(self.buses.post, [lift(level_number("L2")), *by_source], own, most=255, rows=self.most)
        level = total(
            self.at(child) * level_number(parent) for child, parent in (("L1", "L3"), ("L3", "L4"), ("L4", "NET"))
        )
        term = self.term_number * self.at("L1", "L3")
        result = self.result * self.at("L1") + (self.up_term - self.up_disposal) * RESULTS.index("gain")
        weights = self._own(self.up_term + self.up_same)
        for k in range(GROUPS["units"][1]):
            for j in range(3):
                weights[3 * k + j] = self.up_same * self.first * self.value[3 * (SIGN + k) + j]
                if k < SIGN:  # proceeds - basis, which stand at the same places
                    difference = self.up_term * (self.first - self.second)
                    weights[3 * k + j] = weights[3 * k + j] + difference * self.value[3 * k + j]
        t.post(
            self.buses.post,
            [level, *nowhere, no, no, no, no, term, result, no],
            weights,
            most=255,
            rows=2 * self.most,  # a slot of units is posted to on both rows, all others on the row of their lane
        )

    def _own(self, selector: Expr) -> dict[int, Expr | int]:
        """The register's own bytes where the selector is 1, but for units: those of several assets are no sum."""
        return {
            3 * lane + j: selector * row * self.value[3 * place + j]
            for row, lane, place in self.places()
            if lane >= sum(GROUPS["units"])
            for j in range(3)
        }

    def _figures(self) -> None:
        """A lane that is shown is one of the statement's, which the verifier has sent."""
        t = self.t
        lanes = [total(row * (lane + 1) for row, lane, at in self.places() if at == place) for place in range(PLACES)]
        for place, lane in enumerate(lanes):
            message = [*self.key(), lane, self.amount(place)]
            t.receive(self.buses.figure, message, self.shown[SHOWN[place]] * (1 - self.prior))
        with t.when(self.at("COUNT") * self.told * self.second):
            t.equal("counter_shown", self.shown[SHOWN[EVENTS]], 1, "how often, where the key says that it must be told")

    def _standings(self) -> None:
        """Registers carried in (`prior`) and out (of all others those that are carried), each under its number.

        Both are posted here and collected by the rows that hash them: that they are equal is all that is said.
        A register that is carried in is a second one of its key. It collects the negative of what it holds, which is to
        post that: held units always, the classes of the year if the standing is of the same year; else nothing.
        """
        t = self.t
        t.boolean(self.prior, self.empty)
        counted = self.at("HOLD") + self.buses.same_year * self.at("L0", "L1")
        t.equal("counts_is", self.counts, self.prior * counted, "1, of a register carried in that counts")
        with t.when(self.empty):
            t.equal("empty_where", 1, self.at("HOLD"), "only of what is held a register is left out")
            t.zero("empty_is", total(self.byte), "and only one of nothing")
        t.zero("place_start", self.place, "registers are numbered from 0", "first")
        with t.when(self.first.next):
            turns = self.prior.next - self.prior  # once: those carried in come behind the others
            number = (self.place + self.carried) * (1 - turns)
            t.equal("place_step", self.place.next, number, "and on from there", "transition")
        levels = self.at(*CARRIED_LEVELS)  # of one that is left out all lanes are 0
        weights: dict[int, Expr | int] = {lane: levels * row * self.amount(at) for row, lane, at in self.places()}
        weights |= {LANES + i: self.carried * self.first * part for i, part in enumerate(self.fields())}
        t.post(self.buses.standing, [self.prior, self.place], weights, most=None)


def sums_table(circuit: Circuit, buses: SumBuses) -> SumsTable:
    """The table with all its constraints."""
    made = SumsTable(circuit, buses)
    made.constrain()
    return made

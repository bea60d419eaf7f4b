"""Columns and constraints of `sums`: 19 rows a register, a lane each.

A register collects what was posted under its key, byte position by byte position, and carries it up:

    posted + carry in = sign * byte + 256 * carry out        three times a row

so that it is the exact sum of all posts, whatever their order and number. It then posts its own bytes to its parents.

Who cheats how:

- *One key in two rows*, which split a sum as they like: keys strictly increase from register to register.
- *Carries that wrap*: a sum of posts is below p/2 (`Circuit.compile`), carries are below 2^21 in magnitude; the sides
  of each equation differ by less than p.
- *Another sign in the middle of a number*: a group has one sign; only proceeds, basis and their difference may be
  below zero. So no one holds less than nothing.
- *A lane left out, or twice*: lanes follow each other from 0 to 18, and nothing else is between two registers.
- *A counter hidden*: where a key says `told`, its COUNT register must be shown.
- *A register of the standing left out, or read twice*: they are numbered, and the hashes of the standing take them all.
- *A figure of another register, or of none*: the message has the whole key, and an idle row takes no message.
"""

from __future__ import annotations

from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.expr import Cell, Expr, following, lift, shifted, total
from zkharvest.circuit.gadgets import LIMB, compare_columns, less
from zkharvest.circuit.lot_machine.v2.buses import SumBuses
from zkharvest.commitment.standing import LEVEL_WEIGHT, SMALL

from .keys import (
    DIFFERENCE_LEVELS,
    FIRST_LANES,
    GROUPS,
    LANES,
    LAST_LANES,
    LEVELS,
    ORDERED,
    PLACE,
    RESULTS,
    SIGNED_GROUPS,
    TERMS,
    lanes_of,
    level_number,
)

CARRY = 1 << 21
"""Carries are below it in magnitude."""
CLASS = SMALL
"""Weights of a key's small fields in the last lane of its rank, which has 15 bits. No two honest keys have one rank;
that the sum could be made up otherwise does not help, since the same key has the same rank."""


class SumsTable:
    """The table's columns by name, and its constraints."""

    def __init__(self, circuit: Circuit, buses: SumBuses) -> None:
        self.t = t = circuit.table("sums", "registers: what was posted under a key, a lane a row")
        self.buses = buses
        self.rows = -(-(1 << circuit.log_rows[1]) // LANES)  # on which one lane can be on
        self.level = t.column_list("level", len(LEVELS))
        self.asset, self.source = t.column_list("asset", PLACE), t.column_list("source", PLACE)
        self.kind, self.origin, self.told, self.covered, self.result, self.side = (
            t.column(name) for name in ("kind", "origin", "told", "covered", "result", "side")
        )
        self.term = t.column_list("term", len(TERMS))
        self.lane = t.column_list("lane", LANES)
        self.octet, self.pack = t.column("octet"), t.column("pack")
        self.byte, self.value, self.posted = (t.column_list(name, 3) for name in ("byte", "value", "posted"))
        self.negative, self.carry_in = t.column("negative"), t.column("carry_in")
        self.carry, self.low, self.high = (t.column_list(name, 3) for name in ("carry", "carry_low", "carry_high"))
        self.up_term, self.up_disposal, self.up_same = (t.column(f"up_{n}") for n in ("term", "disposal", "same"))
        self.shown = t.column("shown")
        self.prior, self.factor, self.up_count, self.place = (
            t.column(n) for n in ("prior", "factor", "up_count", "place")
        )
        self.order = compare_columns(t, buses.ranges, "order", 2 + 2 * ORDERED, wide=True)

        self.active: Expr = total(self.lane)
        self.inside: Expr = total(self.lane[:-1])  # a register's lane, and the next is too
        self.number: Expr = total(cell * (i + 1) for i, cell in enumerate(self.level))
        self.term_number: Expr = total(cell * i for i, cell in enumerate(self.term))
        small = {name: lift(getattr(self, name)) for name in CLASS}
        self.small: Expr = total(small[name] * weight for name, weight in CLASS.items())
        self.lead: Expr = self.number * LEVEL_WEIGHT + self.term_number

    def constrain(self) -> None:
        """All constraints."""
        self._lanes()
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

    def _lanes(self) -> None:
        """Registers stand one behind the other from row 0 on.

        Around the end too, a lane is the one before it, a row later. Lane 0 on any row but 0 needs a 1 nineteen rows
        before, and so on back to row 0, for heights are powers of two. So all but the last are 1; a row that two
        reached, by the end of the table, would have two lanes; and the last is a bit too, alone on its rows.
        """
        t = self.t
        t.equals("lane{}_next", following(self.lane[1:]), self.lane[:-1], "a register's lanes follow each other")
        t.zero("one_lane", self.active * (self.active - 1), "a row is one lane, or idle")
        with t.when(self.lane[0].next):
            t.equal("adjacent", 1, self.lane[-1], "a register follows another at once", "transition")

    def _keys(self) -> None:
        t = self.t
        t.boolean(*self.level, *self.term)
        t.equal("one_level", total(self.level), self.active, "a register has one level")
        t.equal("one_term", total(self.term), self.active, "a register has one term, or none by name")
        with t.when(self.inside):
            for cell in self.held():
                t.equal(f"{cell.name}_held", cell.next, cell, f"`{cell.name}` is the same on all lanes")
        # The lanes that order keys, byte by byte, the highest first: three rows a lane of 24 bits.
        ordered = [*self.asset[:ORDERED], *self.source[:ORDERED]]
        with t.when(total(self.lane[: 3 * len(ordered) : 3])):
            t.equal("pack_first", self.pack, self.octet, "a lane of the key begins with its highest byte")
        with t.when(total(self.lane[3 * i + k] for i in range(len(ordered)) for k in (0, 1))):
            t.equal("pack_next", self.pack.next, self.pack * 256 + self.octet.next, "its next byte follows")
        for i, cell in enumerate(ordered):
            with t.when(self.lane[3 * i + 2]):
                t.equal(f"{cell.name}_bytes", cell, self.pack, f"`{cell.name}` has 24 bits")
        self.buses.ranges.check_u15(t, self.small)
        rank = [self.prior * 128 + self.lead, *ordered, self.small]
        less(
            t,
            "order",
            self.order,
            [(lane, shifted(lane)) for lane in rank],
            self.lane[0].next,
            below=1 << 24,
            strict=True,
            note="keys strictly increase",
            where="transition",
        )

    def held(self) -> list[Cell]:
        """Columns that stay the same on all lanes of a register; of flags of which one is 1, all but one say so."""
        small = [self.kind, self.origin, self.told, self.covered, self.result, self.side]
        return [*self.level[:-1], *self.asset, *self.source, *small, *self.term[:-1], self.prior, self.place]

    def _numbers(self) -> None:
        t = self.t
        t.boolean(self.negative)
        more = [lane for k, lane in enumerate(self.lane) if k not in LAST_LANES]
        with t.when(total(more)):
            t.equal("negative_held", self.negative.next, self.negative, "a group of lanes has one sign")
        never = [g for g in GROUPS if g not in (*SIGNED_GROUPS, "units")]
        units = total(self.lane[k] for k in lanes_of("units"))
        with t.when(self.negative):
            t.zero(
                "negative_where",
                total(self.lane[k] for k in lanes_of(*never)) + units * (1 - self.at(*DIFFERENCE_LEVELS)),
                "only proceeds, basis and their difference may be below zero",
            )
        sign = 1 - self.negative * 2
        t.equals("value{}_signed", self.value, [sign * byte for byte in self.byte], "a byte with the group's sign")
        carries = [self.carry_in, *self.carry]
        for j in range(3):
            t.equal(
                f"sum{j}",
                self.posted[j] + carries[j],
                self.factor * self.value[j] + carries[j + 1] * 256,
                "posts + carry in = byte + 256 * carry out",
            )
            limbs = self.low[j] + self.high[j] * LIMB
            t.equal(f"carry{j}_limbs", carries[j + 1] + CARRY, limbs, "the carry is low + 2^15 high - 2^21")
            self.buses.ranges.check_u15(t, self.low[j])
            t.receive(self.buses.ranges.bytes, [self.high[j], self.high[j] * 2])  # both are bytes: high is below 2^7
        self.buses.ranges.check_bytes(t, [*self.byte, self.octet])
        with t.when(total(self.lane[k] for k in FIRST_LANES)):
            t.zero("carry_first", self.carry_in, "no carry into a number")
        with t.when(total(self.lane[k] for k in LAST_LANES)):
            t.zero("carry_last", self.carry[-1], "no carry out of a number")
        with t.when(total(more)):
            t.equal("carry_step", self.carry_in.next, self.carry[-1], "the carry goes to the next lane")

    def _sums(self) -> None:
        """What was posted under the key is collected here, each slot on the row of its lane.

        A second register of the key, carried in, collects the negative of its bytes (`_standings`): no more than 255.
        """
        weights = {3 * k + j: self.lane[k] * self.posted[j] for k in range(LANES) for j in range(3)}
        self.t.collect(self.buses.post, self.key(), weights, most=255, rows=self.rows)

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
        t.post(self.buses.post, count, self._own(lift(self.up_count), first=6), most=255, rows=self.rows)
        by_source = [*nowhere[:PLACE], *self.source, no, no, no, self.covered, self.term_number, no, no]
        t.post(
            self.buses.post,
            [lift(level_number("L2")), *by_source],
            self._own(lift(self.up_disposal), first=6),
            most=255,
            rows=self.rows,
        )
        level = total(
            self.at(child) * level_number(parent) for child, parent in (("L1", "L3"), ("L3", "L4"), ("L4", "NET"))
        )
        term = self.term_number * self.at("L1", "L3")
        result = self.result * self.at("L1") + (self.up_term - self.up_disposal) * RESULTS.index("gain")
        weights = self._own(self.up_term + self.up_same, first=6)
        (proceeds, count_of), (basis, _) = GROUPS["proceeds"], GROUPS["basis"]
        for k in range(GROUPS["units"][1]):
            for j in range(3):
                weights[3 * k + j] = self.up_same * self.lane[k] * self.value[j]
                if k < count_of:  # proceeds - basis
                    difference = self.up_term * (self.lane[proceeds + k] - self.lane[basis + k])
                    weights[3 * k + j] = weights[3 * k + j] + difference * self.value[j]
        t.post(
            self.buses.post,
            [level, *nowhere, no, no, no, no, term, result, no],
            weights,
            most=255,
            rows=3 * self.rows,  # a slot of units has the row of its lane, and those of proceeds and basis
        )

    def _own(self, selector: Expr, *, first: int) -> dict[int, Expr | int]:
        """The register's own bytes where the selector is 1, from a lane on: units of several assets are no sum."""
        return {3 * k + j: selector * self.lane[k] * self.value[j] for k in range(first, LANES) for j in range(3)}

    def _figures(self) -> None:
        """A lane that is shown is one of the statement's, which the verifier has sent."""
        t = self.t
        place = total(lane * (k + 1) for k, lane in enumerate(self.lane))
        number = total(value * 256**j for j, value in enumerate(self.value))
        t.receive(self.buses.figure, [*self.key(), place, number], self.shown * self.active * (1 - self.prior))
        with t.when(self.at("COUNT") * self.told * self.lane[-1]):
            t.equal("counter_shown", self.shown, 1, "how often, where the key says that it must be told")

    def _standings(self) -> None:
        """Registers carried in (`prior`) and out (all others), each under its number, a lane a row.

        Both are posted here and collected by the rows that hash them: that they are equal is all that is said.
        A register that is carried in is a second one of its key. It collects the negative of what it holds, which is to
        post that: held units always, the classes of the year if the standing is of the same year; all else follows
        from those, and is read only so that the standing has been read whole.
        """
        t = self.t
        t.boolean(self.prior)
        counted = self.at("HOLD") + self.buses.same_year * self.at("L0", "L1")
        factor = 1 - self.prior * (counted + 1)
        t.equal("factor_is", self.factor, factor, "1, of a register carried in -1 if it counts, or 0")
        with t.when(self.prior):
            t.zeros("prior_carry{}", self.carry, "what a register carried in posts is bytes")
        t.zero("place_start", self.place, "registers are numbered from 0", "first")
        with t.when(self.lane[0].next):
            turns = self.prior.next - self.prior  # once: those carried in come behind the others
            t.equal("place_step", self.place.next, (self.place + 1) * (1 - turns), "and on from there", "transition")
        number = total(value * 256**j for j, value in enumerate(self.value))
        lanes: dict[int, Expr | int] = {k: lane * number for k, lane in enumerate(self.lane)}
        rest = [self.origin, self.told, self.covered, self.result, self.side]
        fields = [self.lead, *self.asset, *self.source, self.small, *rest]
        lanes |= {LANES + i: self.lane[0] * part for i, part in enumerate(fields)}
        t.post(self.buses.standing, [self.prior, self.place], lanes, most=None)


def sums_table(circuit: Circuit, buses: SumBuses) -> SumsTable:
    """The table with all its constraints."""
    made = SumsTable(circuit, buses)
    made.constrain()
    return made

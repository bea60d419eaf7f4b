"""Dishonest witnesses: limbs that overflow, parts that are off by one, signs, totals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.adversary.kit.forge import forge
from tests.adversary.kit.scribe import Scribe, told_by
from tests.adversary.kit.small import committed, election
from tests.support import statement
from tests.support.make import trade
from zkharvest.circuit.expr import P
from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.v1 import witness as generator
from zkharvest.circuit.lot_machine.v1.totals import totals_trace
from zkharvest.circuit.lot_machine.words import divide_columns
from zkharvest.ledger import Method
from zkharvest.ledger.rules import part_of, unit_basis

COIN = 10**8
ROWS = [
    trade("2024-01-01", "a/1", "buy", 3, 100),
    trade("2024-01-02", "a/2", "buy", 1, 900),
    trade("2024-02-01", "a/3", "sell", 1, 500),
    trade("2024-03-01", "a/4", "sell", "1.7", 700, "0.1"),
]
MOVED = [
    trade("2024-01-01", "a/1", "buy", 3, 100),
    trade("2024-02-01", "a/2", "transfer", 1, to="b"),
    trade("2024-03-01", "b/1", "sell", 1, 300),
]


# --------------------------------------------------------------------------------------- parts that are off by one


def off_by_one(decision, change):
    """A scribe that adds to one kind of quotient the first time that it is not exact."""

    class Off(Scribe):
        told = False

        def off(self, kind, honest, remainder):
            if kind != decision or not remainder or self.told:
                return honest
            self.told = True
            return honest + change

        def lot_part(self, trade, value, part, whole):
            kind = "moved" if self.trades[trade].to else "lot"
            return self.off(kind, part_of(value, part, whole), value * part % whole)

        def close_part(self, trade, value, part, whole):
            return self.off("closing", part_of(value, part, whole), value * part % whole)

        def unit(self, trade, value, quantity):
            return self.off("unit", unit_basis(value, quantity), (value << 96) % quantity)

    return told_by(Off)


# Quantities of one limb (2^48 of the smallest units): one divisor more or less shows in one column of the product.
ROUND = [
    replace(trade("2024-01-01", "a/1", "buy", 1, 100), quantity=3 << 48),
    replace(trade("2024-02-01", "a/2", "transfer", 1, to="b"), quantity=1 << 48),
    replace(trade("2024-03-01", "a/3", "sell", 1, 50), quantity=1 << 48),
    replace(trade("2024-03-02", "a/4", "buy", 1, 60), quantity=7 << 48),
    replace(trade("2024-03-03", "a/5", "sell", 1, 50), quantity=3 << 48),
]
DECISIONS = ["moved", "lot", "closing", "unit"]


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_quotient_is_one_unit_too_small(decision):
    """Wrong part by one unit: the remainder is then not below the divisor. Nothing else is wrong."""
    forged = forge(committed(ROUND), election(), operations=off_by_one(decision, -1))
    assert forged.witness.totals != forge(committed(ROUND), election()).witness.totals or decision == "unit"
    assert forged.broken() == {"steps.remainder_gap"}


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_quotient_is_one_unit_too_large(decision):
    """Wrong part by one unit: the product is then too large by the divisor, in the one column where that lies."""

    def divide(a, b, q, c):
        exact = q.copy()
        for i, row in enumerate(zip(a, b, c, strict=True)):
            x, y, z = (sum(int(v) << (8 * j) for j, v in enumerate(part)) for part in row)
            exact[i] = list((x * y // z).to_bytes(20, "little"))
        return divide_columns(a, b, exact, c)

    forged = forge(
        committed(ROUND), election(), operations=off_by_one(decision, 1), patches=[(words, "divide_columns", divide)]
    )
    assert forged.witness.totals != forge(committed(ROUND), election()).witness.totals or decision == "unit"
    assert forged.broken() == {"steps.product3"}


def test_what_a_lot_keeps_is_one_unit_more():
    """The part is right, but the rest of the value is not the rest."""

    class Keeps(Scribe):
        def taken(self, entry, part, value):
            super().taken(entry, part, value - 1)

    def rests(sheet):
        (row,) = sheet.rows("is_take")
        sheet.set(row, g0=int(sheet["g0"][row]) + 1)

    forged = forge(committed(ROWS[:3]), election(), operations=told_by(Keeps), steps=rests)
    assert forged.broken() == {"steps.value_rest0"}


@pytest.mark.parametrize("column", [0, 6, 15])
def test_a_carry_is_an_alias(column):
    """c and c + 1/65536 mod p carry the same: the carries are checked to be small integers."""
    forged = forge(committed(ROWS), election())
    sheet = forged.sheet("steps")
    row = sheet.rows("is_settle")[0]
    carry = (int(sheet[f"carry{column}"][row]) + pow(65536, -1, P)) % P
    sheet.set(row, **{f"carry{column}": carry})
    forged.recount()
    assert "bus u15" in forged.broken()


def test_a_part_of_nothing():
    """Specific identification: a transfer goes on with a part of zero, which would lie at `b` as a lot of its own."""
    rows = [MOVED[0], trade("2024-02-01", "a/2", "transfer", 1, to="b", lots="a/1:1"), MOVED[2]]

    class Empty(Scribe):
        def parts(self, trade, entries):
            if trade == 1:
                yield entries[0], 0
            yield entries[-1], self.trades[trade].quantity

    forged = forge(committed(rows), election(Method.SPECIFIC), operations=told_by(Empty))
    assert forged.broken() == {"steps.something"}


# --------------------------------------------------------------------------------------------- limbs that overflow


@pytest.mark.parametrize("stem", ["e", "g", "r"])
def test_a_limb_is_not_normalised(stem):
    """256 in one byte and one less in the next is the same number: every byte is checked on its own."""

    def alias(sheet):
        row = sheet.rows("is_take")[0]
        octets = sheet.get(row, stem)
        place = next(j for j in (0, 4, 6, 10) if octets[j + 1])  # two bytes of one limb and of one lane
        octets[place] += 256
        octets[place + 1] -= 1
        sheet.put(row, stem, octets)
        if stem == "e" and not sheet["emptied"][row]:
            sheet.set(row, left_inverse=pow(sum(octets), -1, P))

    assert forge(committed(ROWS), election(), steps=alias).broken() == {"bus bytes"}


def test_a_quantity_overflows_its_limbs():
    """Over-consumption with a byte of p - 1: part and rest make the whole in the field, not in the integers."""
    rows = [trade("2024-01-01", "a/1", "income", 1, 0), trade("2024-02-01", "a/3", "sell", 3, 300)]

    class Oversells(Scribe):
        def parts(self, trade, entries):
            yield entries[0], self.trades[trade].quantity

        def taken(self, entry, part, value):
            entry.quantity = 2**112 - 1
            self.ops[-1]["emptied"] = 0

    def negative(sheet):
        row, last = sheet.rows("is_take")[0], sheet.rows("is_close")[0]
        gap = 10**18 - 3 * 10**18
        octets = [gap % P, *[0] * 13]
        sheet.put(row, "e", octets)
        sheet.put(row, "borrow_e", [0] * 6)
        sheet.set(row, left_inverse=pow(gap, -1, P))
        sheet.put(last, "c", octets)

    broken = forge(committed(rows), election(), operations=told_by(Oversells), steps=negative).broken()
    assert "bus bytes" in broken


def test_a_value_overflows_its_limbs():
    """A negative rest of a lot's value, as a field element in one byte: more basis is taken than there is."""

    def negative(sheet):
        row = sheet.rows("is_take")[0]
        a, q = (sum(x << (8 * j) for j, x in enumerate(sheet.get(row, stem)[:8])) for stem in "aq")
        assert q < a
        sheet.put(row, "q", [*((2 * a - q) >> (8 * j) & 255 for j in range(8)), *[0] * 12])
        sheet.put(row, "g", [(q - a) % P, *[0] * 7])

    broken = forge(committed(ROWS[:3]), election(), steps=negative).broken()
    assert "bus bytes" in broken


def test_a_whole_number_wraps_around_p():
    """The bytes of a number plus p, carried into the next: the same field element in a lane of three bytes."""

    def alias(sheet):
        row = sheet.rows("is_settle")[0]
        q = sheet.get(row, "q")
        q[0] += P // 256 * 256
        q[1] -= P // 256
        sheet.put(row, "q", q)

    assert "bus bytes" in forge(committed(ROWS), election(), steps=alias).broken()


# ----------------------------------------------------------------------------------------------- signs and classes

DUST = [trade("2024-01-01", "a/1", "buy", 1, 1), trade("2024-02-01", "a/2", "sell", 1, 1, 3)]


def test_a_negative_value_becomes_positive():
    """A dust sale whose fee exceeds its amount: the sign is part of the record, and holds on both rows."""
    opening = committed(DUST)
    assert forge(opening, election()).witness.totals["short_loss"] == 3 * COIN

    def everywhere(rows):
        def lie(sheet):
            for row in rows:
                sheet.set(row, negative=0)
            sheet.set(1, loss=0, direction=1, weight=-1)
            sheet.set(2, loss=0, direction=1, weight=1)
            for row, weight in ((1, -1), (2, 1)):
                sheet.put(row, "bucket_weight", [weight, 0, 0, 0, int(row == 2)])
            lot, close = (list(reversed(lanes24(sheet.get(row, "q")[:8]))) for row in (1, 2))
            if 1 in rows:
                sheet.compare(1, "result", lot, close)

        return lie

    forged = forge(opening, election(), steps=everywhere((1, 2)))
    assert forged.witness.totals["short_gain"] == COIN
    assert forged.broken() == {"bus record"}
    assert forge(opening, election(), steps=everywhere((2,))).broken() == {
        "steps.negative_held",
        "steps.result_negative",
    }


def lanes24(octets):
    return [sum(x << (8 * k) for k, x in enumerate(octets[i : i + 3])) for i in range(0, len(octets), 3)]


def test_a_gain_is_called_a_loss():
    """Then it would count negatively in the losses."""

    def flip(sheet):
        for row, sign in ((1, 1), (2, -1)):
            sheet.set(row, loss=1, direction=-1, weight=sign)
            sheet.put(row, "bucket_weight", [0, sign, 0, 0, int(row == 2)])

    rows = [DUST[0], trade("2024-02-01", "a/2", "sell", 1, 3)]
    forged = forge(committed(rows), election(), steps=flip)
    assert forged.witness.totals["short_loss"] == -2 * COIN
    assert forged.broken() >= {"steps.result_gap"}


@pytest.mark.parametrize("bucket", range(5))
def test_a_part_is_weighed_another_way(bucket):
    """Each weight is a column of its own: its definition is what ties it to the row."""

    def heavier(sheet):
        sheet.set(2, **{f"bucket_weight{bucket}": int(sheet[f"bucket_weight{bucket}"][2]) + 1})

    rows = [DUST[0], trade("2024-02-01", "a/2", "sell", 1, 3)]
    name = "steps.proceeds_weight" if bucket == 4 else f"steps.bucket_weight{bucket}_class"
    assert forge(committed(rows), election(), steps=heavier).broken() == {name}


# ------------------------------------------------------------------------------------------------------------ totals


def claimed(changes):
    """A replacement of `totals_trace` that makes the bytes of other totals, by bucket."""

    def other(table, sums, totals, rows):
        return totals_trace(table, sums, [changes.get(b, value) for b, value in enumerate(totals)], rows)

    return {"totals_trace": other}


BUCKETS = ("short_gain", "short_loss", "long_gain", "long_loss", "proceeds")


@pytest.mark.parametrize(("bucket", "change"), [(0, -1), (4, -1), *((b, 1) for b in range(5))])
def test_a_total_is_off_by_one_unit(bucket, change):
    """Totals off by one unit: the bytes that are said are not those that the sums carry to."""
    opening, name = committed(ROWS), BUCKETS[bucket]
    value = forge(opening, election()).witness.totals[name] + change
    forged = forge(opening, election(), replace=claimed({bucket: value}))
    forged.claim(**{f"{name}_{k}": value >> (8 * k) & 255 for k in range(12)})
    forged.sheet("totals").set(12 * bucket + 11, carry_out=0, carry_low=0, carry_high=64)
    forged.recount()
    assert forged.broken() == {"totals.split"}


def test_a_total_is_claimed_that_no_row_sends():
    forged = forge(committed(ROWS), election())
    forged.claim(long_loss_0=1)
    assert forged.broken() == {"bus total"}


@pytest.mark.parametrize("slot", [0, 7, 39])
def test_a_sum_is_not_what_was_tallied(slot):
    forged = forge(committed(ROWS), election())
    totals = forged.sheet("totals")
    row = 12 * (slot // 8) + slot % 8
    totals.set(row, sum=int(totals["sum"][row]) + 1)
    assert f"tally {slot}" in forged.broken()


def test_proceeds_of_the_other_sign():
    """The sign of the proceeds is public; the other one needs the negative of every byte sum."""
    forged = forge(committed(ROWS), election())
    forged.claim(proceeds_negative=1)
    assert forged.broken() == {"totals.split"}


def test_the_generator_states_what_the_ledger_says():
    """The forgeries above start from the honest totals."""
    witness = generator.make_witness(
        committed(ROWS), generator.operations_of(committed(ROWS), election()), definition=statement.definition()
    )
    assert witness.totals == forge(committed(ROWS), election()).witness.totals

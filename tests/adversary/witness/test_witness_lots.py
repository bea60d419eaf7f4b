"""Dishonest witnesses: lots used twice, taken from elsewhere, or moved with another basis."""

from __future__ import annotations

import numpy as np
import pytest

from tests.adversary.kit.forge import forge
from tests.adversary.kit.scribe import Scribe, told_by
from tests.adversary.kit.small import committed, election
from tests.support.make import trade
from zkharvest.circuit.expr import P
from zkharvest.circuit.lot_machine.v1.steps import lists as steps_lists
from zkharvest.circuit.lot_machine.v1.steps.fill import StepsWitness
from zkharvest.commitment.encoding import CLOSE, MOVE, NEGATIVE, SHORT_SIDE, TAG_RECORD
from zkharvest.ledger import Method, Pool, Pooling
from zkharvest.ledger.rules import Side

COIN = 10**8
TWO_LOTS = [
    trade("2024-01-01", "a/1", "buy", 1, 100),
    trade("2024-01-02", "a/2", "buy", 1, 900),
    trade("2024-02-01", "a/3", "sell", "0.5", 300),
    trade("2024-03-01", "a/4", "sell", "0.5", 300),
]
TWO_WALLETS = [
    trade("2024-01-01", "a/1", "buy", 1, 100),
    trade("2024-01-02", "b/1", "buy", 1, 900),
    trade("2024-02-01", "a/2", "sell", 1, 300),
]
MOVED = [
    trade("2024-01-01", "a/1", "buy", 1, 100),
    trade("2024-02-01", "a/2", "transfer", "0.5", to="b"),
    trade("2024-03-01", "b/1", "sell", "0.5", 300),
]


def from_pool(pool, *trades):
    """A scribe that has some trades work on another pool."""

    class Elsewhere(Scribe):
        def pool(self, trade, side):
            return pool if trade in trades else super().pool(trade, side)

    return told_by(Elsewhere)


def columns(sheet, rows, **values):
    for row in rows:
        sheet.set(row, **values)


# ---------------------------------------------------------------------------------------------------- used twice


class KeepsWhatItTakes(Scribe):
    def taken(self, entry, part, value):
        pass


def test_a_part_of_a_lot_is_used_twice():
    forged = forge(committed(TWO_LOTS), election(), operations=told_by(KeepsWhatItTakes))
    assert forged.witness.totals["short_gain"] == 500 * COIN
    assert forged.broken() == {"bus content"}


def test_a_whole_lot_is_used_twice():
    """The first disposal used the cheap lot up; the second takes it again instead of the dear one."""
    rows = [*TWO_LOTS[:2], trade("2024-02-01", "a/3", "sell", 1, 300), trade("2024-03-01", "a/4", "sell", 1, 300)]
    forged = forge(committed(rows), election(), operations=told_by(KeepsWhatItTakes))
    assert forged.witness.totals["short_gain"] == 400 * COIN
    assert forged.broken() == {"bus link", "bus content"}


def test_a_lot_is_emptied_and_stays_in_the_list():
    rows = [TWO_LOTS[0], trade("2024-02-01", "a/3", "sell", 1, 300)]

    def stays(sheet):
        (row,) = sheet.rows("is_take")
        sheet.set(row, emptied=0, left_inverse=0)

    assert "steps.kept_left" in forge(committed(rows), election(), steps=stays).broken()


def test_a_lot_leaves_the_list_with_something_left():
    """Half of the lot is thrown away, and the rest with it."""

    class Drops(Scribe):
        def taken(self, entry, part, value):
            super().taken(entry, part, value)
            self.lists[entry.pool].remove(entry)
            self.ops[-1]["emptied"] = 1

    forged = forge(committed(TWO_LOTS[:3]), election(Method.HIFO), operations=told_by(Drops))
    assert forged.broken() == {"steps.emptied_left"}


# ------------------------------------------------------------------------------------------------- another pool


@pytest.mark.parametrize(
    ("pool", "cells", "broken"),
    [
        (Pool("BTC", "b", Side.LONG), {}, {"bus link"}),
        (Pool("BTC", "b", Side.LONG), {"wallet": 2}, {"steps.wallet_own"}),
        (Pool("BTC", "b", Side.LONG), {"wallet": 2, "source": 1}, {"bus record"}),
    ],
    ids=["as it is", "the wallet forged", "the source forged"],
)
def test_a_lot_of_another_wallet(pool, cells, broken):
    """Per-wallet basis: a sale at `a` takes the dear lot that lies at `b`."""
    forged = forge(
        committed(TWO_WALLETS),
        election(),
        operations=from_pool(pool, 2),
        steps=lambda sheet: columns(sheet, (2, 3), **cells),
    )
    assert forged.witness.totals["short_loss"] == 600 * COIN
    assert forged.broken() == broken


def test_a_lot_of_another_asset():
    rows = [TWO_WALLETS[0], trade("2024-01-02", "a/9", "buy", 1, 900, asset="ETH"), TWO_WALLETS[2]]
    pool = from_pool(Pool("ETH", "a", Side.LONG), 2)

    def as_ether(sheet):
        for row in (2, 3):
            sheet.put(row, "asset", sheet.get(1, "asset"))

    assert forge(committed(rows), election(), operations=pool).broken() == {"bus link"}
    assert forge(committed(rows), election(), operations=pool, steps=as_ether).broken() == {"bus record"}


def test_a_lot_of_the_other_side():
    """A sale closes the short position instead of the long one."""
    rows = [TWO_WALLETS[0], trade("2024-01-02", "a/9", "short", 1, 900), TWO_WALLETS[2]]
    pool = from_pool(Pool("BTC", "a", Side.SHORT), 2)
    assert forge(committed(rows), election(), operations=pool).broken() == {"bus link"}

    class Closes(StepsWitness):
        def record(self):
            super().record()
            for row in (2, 3):
                self.trace.put(self.s.side, np.array([row]), 1)

    forged = forge(committed(rows), election(), operations=pool, replace={"StepsWitness": Closes})
    assert forged.witness.totals["short_gain"] == 600 * COIN
    assert forged.broken() == {"bus record"}


def test_an_expiry_closes_the_other_side():
    """The committed record of an expiry says which side lapsed: the long option at a loss."""
    rows = [
        trade("2024-01-01", "a/1", "buy", 1, 900, asset="X-C"),
        trade("2024-01-02", "b/1", "short", 1, 500, asset="X-C"),
        trade("2024-02-01", "a/2", "expire", 1, asset="X-C"),
    ]
    opening = committed(rows)
    assert opening.records.short.tolist() == [False, True, False]
    pool = Pool("X-C", "b", Side.SHORT)

    class Closes(StepsWitness):
        def record(self):
            super().record()
            for row in (2, 3):
                self.trace.put(self.s.side, np.array([row]), 1)

    forged = forge(
        opening,
        election(),
        operations=from_pool(pool, 2),
        replace={"StepsWitness": Closes},
        steps=lambda sheet: columns(sheet, (2, 3), wallet=2),
    )
    assert forged.witness.totals["short_gain"] == 500 * COIN
    assert forged.broken() == {"bus record", "steps.wallet_own"}


def test_all_wallets_in_one_pool_under_wallet_basis():
    opening = committed(TWO_WALLETS)

    def universal(sheet):
        sheet["wallet"][:] = 0

    forged = forge(opening, election(Method.HIFO, Pooling.UNIVERSAL), steps=universal)
    forged.claim(wallet=1)
    assert forged.broken() >= {"steps.wallet_own"}


# ---------------------------------------------------------------------------------------------- over-consumption


def test_more_is_taken_than_there_is():
    """Of a lot without value nothing but the quantity is in the way: it would have 2^112 - 2 units left."""
    rows = [trade("2024-01-01", "a/1", "income", 1, 0), trade("2024-02-01", "a/3", "sell", 3, 300)]

    class Oversells(Scribe):
        def parts(self, trade, entries):
            yield entries[0], self.trades[trade].quantity

        def taken(self, entry, part, value):
            entry.quantity = entry.quantity - part + 2**112
            self.ops[-1]["emptied"] = 0

    forged = forge(committed(rows), election(), operations=told_by(Oversells))
    assert forged.broken() == {"steps.quantity_rest6"}


def test_less_is_taken_than_was_sold():
    """Half of the disposal, with half of its proceeds, finds no lot."""

    class Half(Scribe):
        def parts(self, trade, entries):
            yield entries[0], self.trades[trade].quantity // 2

    forged = forge(committed(TWO_LOTS[:3]), election(), operations=told_by(Half))
    assert forged.witness.totals["proceeds"] == 150 * COIN
    assert forged.broken() == {"steps.used_up"}


# ------------------------------------------------------------------------------------------------------ transfers


def moved(**edits):
    """A transfer whose arriving part is edited: columns of the `into` row."""

    def lie(sheet):
        (row,) = sheet.rows("is_into")
        sheet.set(row, **edits)

    return lie


class Gains(Scribe):
    """A transfer that adds one unit to the basis (and everything later follows)."""

    def moved(self, trade, value):
        return value + 1


def test_a_transfer_changes_the_basis():
    operations = Gains(MOVED, election()).write()
    value = int(operations.lot_value[2])
    octets = {f"a{j}": value >> (8 * j) & 255 for j in range(8)}
    forged = forge(committed(MOVED), election(), operations=told_by(Gains), steps=moved(**octets))
    assert forged.witness.totals["short_gain"] == 250 * COIN - 1
    assert forged.broken() == {"steps.moved_value0"}


def test_a_transfer_changes_the_date():
    """The part arrives as if it were bought years ago: long term."""

    class Older(StepsWitness):
        def __init__(self, *args):
            super().__init__(*args)
            self.long_at = self.long_at.copy()
            self.long_at[1] = 2**30 + 2**15 + 1

    forged = forge(committed(MOVED), election(), replace={"StepsWitness": Older})
    assert forged.witness.totals["long_gain"] == forged.witness.totals["proceeds"] - 50 * COIN
    assert forged.broken() <= {f"steps.long{i}_moved" for i in range(3)}
    assert forged.broken()


def test_a_transfer_changes_the_place_in_line():
    """HIFO: the moved part gets another unit basis, or order of acquisition, and is taken at another time."""

    def entries(filled):
        unit, key, seq = real(filled)
        unit[1, 0] += 1
        key[1, 0] = (key[1, 0] - 1) % P
        return unit, key, seq

    real = steps_lists._entries
    forged = forge(committed(MOVED), election(Method.HIFO), patches=[(steps_lists, "_entries", entries)])
    assert forged.broken() == {"steps.unit0_moved"}

    def order(filled):
        unit, key, seq = real(filled)
        seq[1] += 1
        key[1, 7] += 1
        return unit, key, seq

    forged = forge(committed(MOVED), election(Method.HIFO), patches=[(steps_lists, "_entries", order)])
    assert forged.broken() == {"steps.seq_moved"}


class Astray(Scribe):
    """The part that the transfer moves arrives at `c`."""

    def insert(self, op, trade, entry):
        if trade == 1:
            entry.pool = entry.pool._replace(wallet="c")
        super().insert(op, trade, entry)


ASTRAY = [*MOVED[:2], trade("2024-03-01", "c/1", "sell", "0.5", 300)]


@pytest.mark.parametrize(
    ("edits", "broken"),
    [({"wallet": 3}, {"steps.wallet_to"}), ({"wallet": 3, "to": 2}, {"steps.to_held"})],
    ids=["the wallet forged", "the destination forged"],
)
def test_a_transfer_goes_elsewhere(edits, broken):
    forged = forge(committed(ASTRAY), election(), operations=told_by(Astray), steps=moved(**edits))
    assert forged.witness.totals["short_gain"] == 250 * COIN
    assert forged.broken() == broken


def test_a_transfer_names_another_destination():
    """Both rows say `c`: the record hashes the name of `b`."""

    def both(sheet):
        columns(sheet, (1, 2), to=2, away=pow(2, -1, P))
        sheet.set(2, wallet=3)

    forged = forge(committed(ASTRAY), election(), operations=told_by(Astray), steps=both)
    assert forged.witness.totals["short_gain"] == 250 * COIN
    assert forged.broken() == {"bus source"}


def test_a_transfer_is_left_out_under_wallet_basis():
    """So that the lot stays where it suits; the arrival is sold from another lot."""
    rows = [*MOVED[:2], trade("2024-02-02", "b/1", "buy", 1, 500), trade("2024-03-01", "b/2", "sell", 1, 300)]

    class Stays(Scribe):
        def skips(self, trade):
            return trade == 1

    forged = forge(committed(rows), election(), operations=told_by(Stays), steps=lambda sheet: sheet.set(1, wallet=1))
    assert forged.witness.totals["short_loss"] == 200 * COIN
    assert forged.broken() == {"steps.skip_why"}


# -------------------------------------------------------------------- records that no honest source commits


def with_code(rows, codes):
    """An opening with other codes in some records, hashed and all."""
    opening = committed(rows)
    for place, code in codes.items():
        opening.records.lanes[place, 0] = TAG_RECORD + code
    fresh = type(opening)(opening.trades, opening.currency, opening.seed)
    fresh.__dict__["records"] = opening.records
    return fresh


def test_a_transfer_of_a_short_lot():
    opening = with_code(MOVED, {0: SHORT_SIDE, 1: MOVE + SHORT_SIDE, 2: CLOSE + SHORT_SIDE})

    class Shorts(Scribe):
        def side(self, trade):
            return Side.SHORT

        def insert(self, op, trade, entry):
            entry.pool = entry.pool._replace(side=Side.SHORT)
            super().insert(op, trade, entry)

    assert forge(opening, election(), operations=told_by(Shorts)).broken() == {"steps.out_long"}


def test_a_lot_of_negative_value():
    opening = with_code(TWO_LOTS, {0: NEGATIVE})
    assert forge(opening, election()).broken() == {"steps.open_sign"}

"""Dishonest witnesses: records left out, added, changed or reordered.

What the machine runs over must be what the sources committed, in its order.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.adversary.kit.forge import forge, pretend
from tests.adversary.kit.scribe import Scribe, told_by
from tests.adversary.kit.small import FOUR, committed, election
from tests.support.make import trade
from zkharvest.circuit.lot_machine.v1.steps.layout import lay_out
from zkharvest.ledger import Method


@pytest.mark.parametrize("gone", [0, 1, 5])
def test_a_trade_is_left_out(gone):
    opening = committed(FOUR)
    rows = [t for i, t in enumerate(opening.trades) if i != gone]
    forged = forge(pretend(opening, rows), election(Method.HIFO))
    assert forged.broken() == {"bus record"}


@pytest.mark.parametrize(("child", "hidden"), [(5, "no_right"), (4, "no_left")])
def test_a_trade_is_left_out_and_its_leaf_is_not_hashed(child, hidden):
    """The tree's node claims that the child is absent: only the zero digest may be."""
    opening = committed(FOUR)
    rows = [t for i, t in enumerate(opening.trades) if i != child]
    forged = forge(pretend(opening, rows), election(Method.HIFO))
    hashes = forged.sheet("poseidon")
    leaf = next(r for r in hashes.rows("is_record") if hashes["index"][r] == child)
    parent = next(r for r in hashes.rows("is_node") if hashes["level"][r] == 1 and hashes["index"][r] == child // 2)
    hashes.set(leaf, is_record=0)
    assert forged.broken() == {"bus node"}
    hashes.set(parent, **{hidden: 1})
    assert forged.broken() == {f"poseidon.{hidden}_zero{i}" for i in range(9)}


def test_a_trade_is_added():
    opening = committed(FOUR)
    extra = trade("2024-02-15", "w/x", "buy", 1, 500)
    rows = [*opening.trades[:5], extra, opening.trades[5]]
    forged = forge(pretend(opening, rows), election(Method.HIFO))
    assert forged.witness.totals != forge(opening, election(Method.HIFO)).witness.totals
    assert forged.broken() == {"bus record"}


def test_a_trade_is_used_twice():
    """The same record on two rows: neither the order of trades nor the records allow it."""
    opening = committed(FOUR)
    rows = [*opening.trades[:2], opening.trades[1], *opening.trades[2:]]
    forged = forge(pretend(opening, rows), election(Method.HIFO))
    sheet = forged.sheet("steps")
    assert sheet["position"][1] == sheet["position"][2]
    assert forged.broken() == {"bus record", "steps.order_marked"}


@pytest.mark.parametrize(
    "change",
    [{"quantity": "0.5"}, {"amount": 500}, {"fee": 7}, {"kind": "income"}, {"asset": "ETH"}, {"time": "2024-01-02T05"}],
    ids=lambda change: next(iter(change)),
)
def test_a_trade_is_not_what_was_committed(change):
    """Every field that matters is in the record. (Buys and income are one operation: the kind changes nothing.)"""
    opening = committed(FOUR)
    given = {"time": "2024-01-02", "kind": "buy", "quantity": 1, "amount": 400, "fee": 0, "asset": "BTC"} | change
    time, kind, quantity, amount, fee = (given.pop(k) for k in ("time", "kind", "quantity", "amount", "fee"))
    other = trade(time, "w/2", kind, quantity, amount, fee, **given)
    fake = pretend(opening, [opening.trades[0], other, *opening.trades[2:]])
    fake.records.position[1] = 1
    broken = forge(fake, election(Method.LOFO)).broken()
    assert broken == (set() if "kind" in change else {"bus record"})


def test_trades_are_reordered_within_one_instant():
    """Sold before bought at the same millisecond: the committed order is buy, then sell."""
    rows = [
        trade("2024-01-01", "w/1", "buy", 1, 100),
        trade("2024-02-01", "w/2", "sell", 1, 250),
        trade("2024-02-01", "w/3", "buy", 1, 900),
    ]
    opening = committed(rows)
    swapped = pretend(opening, [rows[0], rows[2], rows[1]])
    forged = forge(swapped, election(Method.HIFO))
    assert forged.witness.totals["short_loss"] == 650 * 10**8
    assert forged.broken() == {"steps.order_gap"}


def test_trades_are_reordered_in_time():
    """Sold before bought: the buy is run first although it comes a month later."""
    rows = [
        trade("2024-01-01", "w/1", "buy", 1, 100),
        trade("2024-02-01", "w/2", "sell", 1, 250),
        trade("2024-03-01", "w/3", "buy", 1, 900),
    ]
    opening = committed(rows)
    swapped = pretend(opening, [rows[0], rows[2], rows[1]])
    forged = forge(swapped, election(Method.HIFO), operations=told_by(Scribe))
    assert forged.witness.totals["short_loss"] == 650 * 10**8
    assert forged.broken() == {"steps.order_gap"}


def test_sold_before_bought_with_a_token_from_the_future():
    """The sale reads the lot that a later row writes; the list says so before it is there."""
    rows = [
        trade("2024-01-01", "w/1", "buy", 1, 100),
        trade("2024-02-01", "w/2", "sell", 1, 250),
        trade("2024-03-01", "w/3", "buy", 1, 900),
    ]

    class Foresees(Scribe):
        def write(self):
            self.trades = [self.trades[0], self.trades[2], self.trades[1]]  # the sale is run last ...
            operations = super().write()
            operations.trade[:] = [0, 2, 1]
            operations.node_trade[:] = [0, 2]
            self.trades = [self.trades[0], self.trades[2], self.trades[1]]
            return operations

    def layout(*args):  # ... but its rows come first
        made = lay_out(*args)
        return type(made)(np.array([0, 3, 1]), made.early, made.late, made.closes, made.carried, made.used, made.rows)

    forged = forge(committed(rows), election(Method.HIFO), operations=told_by(Foresees), replace={"lay_out": layout})
    assert (forged.sheet("steps")["is_take"][1], forged.sheet("steps")["is_open"][3]) == (1, 1)
    assert forged.witness.totals["short_loss"] == 650 * 10**8
    found = forged.broken()
    earlier = {f"steps.{name}_earlier" for name in ("pred", "node", "content")}
    assert found <= earlier | {"bus u15"}
    assert found

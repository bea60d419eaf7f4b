"""Lies in one cell: the constraint that ties it to its neighbours is all that is broken."""

from __future__ import annotations

from tests.adversary.kit.forge import Forgery, Sheet
from tests.adversary.witness.lies.registry import lie, lies, run
from tests.support.make import trade
from zkharvest.circuit.lot_machine.shared.ranges import RANGE_ROWS

# A disposal in two parts on rows 2 to 5, and a transfer in two parts on rows 7 to 10, of lots that go.
ROWS = [
    trade("2024-01-01", "a/1", "buy", 1, 100),
    trade("2024-01-01", "a/2", "buy", 2, 300),
    trade("2024-01-03", "a/3", "sell", 2, 900),
    trade("2024-01-04", "a/4", "buy", 1, 50),
    trade("2024-01-05", "a/5", "transfer", 2, to="b"),
    trade("2024-01-06", "b/6", "sell", 2, 600),
]
# All kinds of rows: the base ledger, a disposal in part, a lot that is left, a record after the year, lots carried in.
LEDGER = [
    *ROWS,
    trade("2024-07-01", "a/7", "buy", 3, 100),
    trade("2024-07-02", "a/8", "sell", 1, 100),
    trade("2024-07-02", "a/11", "transfer", 1, to="b"),
    trade("2024-07-03", "a/9", "buy", 2, 100, asset="ETH"),
    trade("2025-01-01", "a/10", "sell", 1, 5),
]
CARRIED = [trade("2022-01-01", f"a/c{n}", "buy", 1, 10, asset="ADA") for n in range(2)]
TAKE, SETTLE, INTO = 2, 3, 8
LAST = -1


def cell(table: str, row: int, column: str, change: int) -> Forgery:
    """One cell is another; the range table counts what it can."""
    forged = run(ROWS, idle=3)
    sheet = forged.sheet(table)
    row %= len(sheet[column])
    sheet.set(row, **{column: int(sheet[column][row]) + change})
    if table != "range":
        forged.recount()
    return forged


# On the second row of a part: the disposal's, or where that weighs something, the transfer's.
for _name in ("to", "time0", "time1", "time2", "tie", "position", *(f"asset{i}" for i in range(6))):
    lie(f"steps.{_name}_held", cell, "steps", SETTLE, _name, 1)
for _name, _change in (("code_move", -1), ("negative", 1), ("source", 1), ("phase", -1)):
    lie(f"steps.{_name}_held", cell, "steps", INTO, _name, _change)
lie("steps.code_close_held", cell, "steps", SETTLE, "code_close", -1)

lie("steps.clk_step", cell, "steps", LAST, "clk", 1)
lie("steps.seq_step", cell, "steps", LAST, "seq", 1)
lie("steps.more_where", cell, "steps", LAST - 1, "more", 1)
lie("steps.wallet_own", cell, "steps", SETTLE, "wallet", 1)
lie("steps.kept_left", cell, "steps", TAKE + 2, "left_inverse", 1)
lie("steps.direction", cell, "steps", LAST, "direction", 1)
for _name in ("code_close", "code_move", "negative"):
    lie(f"steps.{_name}_bit", cell, "steps", LAST, _name, 2)
lie("steps.held_long_bit", cell, "steps", LAST, "held_long", 2)
lie("pools.side_bit", cell, "pools", LAST, "side", 2)
lies("pools.asset{}_bytes", lambda i: cell("pools", LAST, f"asset{i}", 1), range(3))
lie("totals.carry_limbs", cell, "totals", LAST, "carry_low", 1)
lie("range.wrap_bit", cell, "range", RANGE_ROWS - 1, "wrap", 6)
lie("range.wrap_at", cell, "range", RANGE_ROWS, "wrap", 1)


def side_bit() -> Forgery:
    """A side of 2 on an idle row, with the direction that goes with it."""
    forged = run(ROWS)
    sheet = forged.sheet("steps")
    sheet.set(len(sheet["side"]) - 1, side=2, direction=-3)
    return forged


def weight(bucket: int) -> Forgery:
    """A half adds more to a class than its weight says; the totals follow."""

    def heavier(sheet: Sheet) -> None:
        name = f"bucket_weight{bucket}"
        sheet.set(SETTLE, **{name: int(sheet[name][SETTLE]) + 1})

    return run(ROWS, steps=heavier)


lie("steps.side_bit", side_bit)
lies("steps.bucket_weight{}_class", weight, range(4))
lie("steps.proceeds_weight", weight, 4)

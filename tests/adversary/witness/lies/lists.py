"""Lies about the lists of lots: keys, what moves along, links, inventories."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.adversary.kit.forge import Forgery, Sheet
from tests.adversary.kit.scribe import Scribe, told_by
from tests.adversary.witness.lies.registry import lie, lies, run
from tests.support.make import trade
from zkharvest.circuit.lot_machine.v1.poseidon import hash_rows
from zkharvest.circuit.lot_machine.v1.steps import lists as steps_lists
from zkharvest.circuit.lot_machine.v1.steps.fill import StepsWitness
from zkharvest.circuit.lot_machine.v1.steps.lists import _entries
from zkharvest.circuit.lot_machine.v1.steps.lists import fill as fill_lists
from zkharvest.commitment.encoding import TREE_CLOSING, TREE_OPENING
from zkharvest.commitment.inventory import Inventory, commit_inventory
from zkharvest.commitment.tree import build_tree
from zkharvest.ledger import Pool
from zkharvest.ledger.operations import MOVE_OUT, TAKE
from zkharvest.trades.model import Kind

BUY = trade("2024-01-01", "a/1", "buy", 1, 100)
SECOND = trade("2024-01-02", "a/2", "buy", 1, 300)
SELL = trade("2024-02-01", "a/3", "sell", 1, 200)
SELL_TWO = trade("2024-02-01", "a/3", "sell", 2, 900)
MOVED = [BUY, trade("2024-01-15", "a/2", "transfer", 1, to="b"), trade("2024-02-01", "b/3", "sell", 1, 200)]
CARRIED = [trade("2022-01-01", "a/0", "buy", 1, 100)]


def entries(node: int, *, unit: tuple[int, int] = (0, 0), key: tuple[int, int] = (0, 0), seq: int = 0) -> Any:
    """Patch: an entry has another lane (number, change) of its unit basis or key, or another order."""

    def forged(filled: StepsWitness) -> Any:
        units, keys, seqs = _entries(filled)
        units[node, unit[0]] += unit[1]
        keys[node, key[0]] += key[1]
        seqs[node] += seq
        return units, keys, seqs

    return [(steps_lists, "_entries", forged)]


def long_from(node: int, change: int) -> dict[str, Any]:
    """An entry is long term from another instant."""

    class Other(StepsWitness):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            self.long_at = self.long_at.copy()
            self.long_at[node] += change

    return {"StepsWitness": Other}


def _moved_value(j: int) -> Forgery:
    class Gains(Scribe):
        def moved(self, trade: int, value: int) -> int:
            return value + 256**j

    def arrives(sheet: Sheet) -> None:
        (row,) = sheet.rows("is_into")
        sheet.set(row, **{f"a{j}": int(sheet[f"a{j}"][row]) + 1})

    return run(MOVED, operations=told_by(Gains), steps=arrives)


lies("steps.key{}", lambda i: run([BUY, SELL], "lofo", patches=entries(0, key=(i, 1))), range(8))
lies("steps.unit{}_moved", lambda i: run(MOVED, patches=entries(1, unit=(i, 1))), range(7))
lies("steps.unit{}", lambda i: run([BUY, SELL], patches=entries(0, unit=(i, 1))), range(7))
lie("steps.seq_moved", lambda: run(MOVED, patches=entries(1, seq=1, key=(7, 1))))
lie("steps.seq_opened", lambda: run([BUY, SELL], patches=entries(0, seq=1, key=(7, 1))))
lies("steps.long{}_moved", lambda i: run(MOVED, replace=long_from(1, 1 << (15 * i))), range(3))
lies("steps.long{}_opened", lambda i: run([BUY, SELL], replace=long_from(0, 1 << (15 * i))), range(3))
lies("steps.moved_value{}", _moved_value, range(8))


# ------------------------------------------------------------------------------------------------------------ links


def edited(rows: list[Any], method: str, change: Callable[[Sheet], None]) -> Forgery:
    return run(rows, method, steps=change)


def entry_id(inserted: Sequence[int], taken: Sequence[int], rows: list[Any], pool: int = 0, **told: Any) -> Forgery:
    """FIFO: three entries, put in on three rows and taken on three, with each other's numbers.

    Links are by the clock: the second lot comes first, then the first.
    """
    clock, sold = [row + 1 for row in inserted], [row + 1 for row in taken]

    class Second(Scribe):
        def parts(self, trade: int, entries: Any) -> Any:
            if self.trades[trade].kind is Kind.SELL:
                sales = len(self.trades) - 3
                wanted = sorted(e.number for e in self.entries if e.pool == entries[0].pool)[(1, 0, 2)[trade - sales]]
                yield next(e for e in entries if e.number == wanted), self.trades[trade].quantity
            else:
                yield from super().parts(trade, entries)

    number = (clock[2], clock[0], clock[1])

    def lists(filled: StepsWitness) -> Any:
        head = fill_lists(filled)
        sheet = Sheet("steps", filled.trace.cells)
        keys = [sheet.get(row, "key") for row in inserted]
        tail = sheet.get(inserted[2], "pred_next_key")
        for n, row in enumerate(inserted):
            sheet.set(row, node=number[n], pred=number[n - 1] if n else 0)
        # Taken: entry (by its place among those inserted), where its link leads, when that was written, what led to it.
        read = ((1, 2, clock[2], 0), (0, 1, clock[1], 2), (2, None, clock[2], 1))
        for row, pred_write, (at, leads, written, reads) in zip(taken, (clock[0], *sold), read, strict=False):
            clk = row + 1
            sheet.set(row, pred=0, pred_write=pred_write, pred_age0=clk - pred_write - 1, pred_next=number[at])
            sheet.put(row, "pred_key", [0] * 8)
            sheet.put(row, "pred_next_key", keys[reads])
            sheet.set(row, node=number[at], node_write=written, node_age0=clk - written - 1)
            sheet.set(row, node_next=0 if leads is None else clock[leads])
            sheet.put(row, "key", keys[at])
            sheet.put(row, "node_next_key", tail if leads is None else keys[leads])
        return [sold[2] if n == pool else write for n, write in enumerate(head)]

    return run(rows, operations=told_by(Second), replace={"fill_lists": lists}, **told)


THREE = [BUY, SECOND, trade("2024-01-03", "a/9", "buy", 1, 500)]
THREE_SALES = [trade(f"2024-02-0{n}", f"a/s{n}", "sell", 1, 200) for n in (1, 2, 3)]


def _entry_write(sheet: Sheet) -> None:
    """The entry's first link says that it was written before it was: the row that reads it agrees."""
    sheet.set(0, node_write=0)
    (row,) = sheet.rows("is_take")
    sheet.set(row, node_write=0, node_age0=int(sheet["clk"][row]) - 1)


def _entry_next_key(lane: int) -> Forgery:
    """LIFO: the second lot stores another key of the first, which nobody compares before it is gone."""

    def forged(sheet: Sheet) -> None:
        first, second = sheet.rows("is_take")
        for row, stem in ((1, "node_next_key"), (first, "node_next_key"), (second, "pred_next_key")):
            name = f"{stem}{lane}"
            sheet.set(row, **{name: int(sheet[name][row]) + 1})

    sales = [trade("2024-02-01", "a/3", "sell", 1, 200), trade("2024-02-02", "a/4", "sell", 1, 200)]
    return edited([BUY, SECOND, *sales], "lifo", forged)


def entry_linked(flag: str, closing: Any) -> Forgery:
    """A part of the second lot, reached over the head's link to the first one."""

    class Reaches(Scribe):
        def parts(self, trade: int, entries: Any) -> Any:
            yield entries[1], self.trades[trade].quantity

        def note(self, op: int, trade: int, entry: Any = None, **fields: int) -> None:
            super().note(op, trade, entry, **fields)
            if op in (TAKE, MOVE_OUT):
                self.ops[-1]["pred"] = -1

    def lists(filled: StepsWitness) -> Any:
        head = fill_lists(filled)
        sheet = Sheet("steps", filled.trace.cells)
        (row,) = sheet.rows(flag)
        sheet.set(row, pred_next=1)
        sheet.put(row, "pred_next_key", sheet.get(0, "key"))
        return head

    return run([BUY, SECOND, closing], operations=told_by(Reaches), replace={"fill_lists": lists})


def _head() -> Forgery:
    class Second(Scribe):
        def parts(self, trade: int, entries: Any) -> Any:
            yield entries[1], self.trades[trade].quantity

    return run([BUY, SECOND, SELL], operations=told_by(Second))


def _from_the_future(column: str) -> Forgery:
    """A token is read on the row that writes it, or before."""

    def forged(sheet: Sheet) -> None:
        (row,) = sheet.rows("is_take")
        sheet.set(row, **{f"{column}_age0": int(sheet[f"{column}_age0"][row]) + 1})

    return edited([BUY, SELL], "fifo", forged)


lie("steps.entry_id", entry_id, (0, 1, 2), (3, 5, 7), [*THREE, *THREE_SALES])
lie("steps.entry_write", edited, [BUY, SELL], "fifo", _entry_write)
lies("steps.entry_next_key{}", _entry_next_key, range(8))
lie("steps.entry_linked", entry_linked, "is_take", trade("2024-02-01", "a/3", "sell", "0.5", 200))
lie("steps.head", _head)
for _token in ("pred", "node", "content"):
    lie(f"steps.{_token}_earlier", _from_the_future, _token)


# ------------------------------------------------------------------------------------------------------ inventories


def with_hole(tree: int, place: int) -> dict[str, Any]:
    """An inventory whose leaf `place` is absent; the later ones stand one further."""

    def inventory(lots: Any, unit: Any, term: Any, year: int, seed: bytes, label: str) -> Inventory:
        made = commit_inventory(lots, unit, term, year, seed, label)
        if label.startswith("opening") != (tree == TREE_OPENING):
            return made
        leaves = np.insert(made.tree.leaves, place, 0, axis=0)
        return Inventory(made.first, made.second, build_tree(leaves, made.tree.nodes[-1][0, 19:]))

    def hashes(*given: Any) -> Any:
        inputs, marks = hash_rows(*given)
        lots = (marks[:, 1] == tree) & (marks[:, 0] != 3)
        marks[lots & (marks[:, 3] >= place), 3] += 1
        return inputs, marks

    return {"commit_inventory": inventory, "hash_rows": hashes}


def counted(flag: str, first: int) -> Callable[[Sheet], None]:
    """The rows of an inventory count one more from `first` on."""

    def forged(sheet: Sheet) -> None:
        for row in sheet.rows(flag)[first:]:
            sheet.set(row, inventory=int(sheet["inventory"][row]) + 1)

    return forged


def _closing_start() -> Forgery:
    return run([BUY], replace=with_hole(TREE_CLOSING, 0), steps=counted("is_close", 0))


def _inventory_start() -> Forgery:
    return run([SELL], carried=CARRIED, replace=with_hole(TREE_OPENING, 0), steps=counted("is_load", 0))


def _inventory_step() -> Forgery:
    return run([BUY, SECOND], replace=with_hole(TREE_CLOSING, 1), steps=counted("is_close", 1))


def nameless(lots: Any, *rest: Any) -> Inventory:
    """Inventories without names of wallets."""
    lots = lots.copy()
    lots[:, 6:9] = 0
    return commit_inventory(lots, *rest)


def _wallet_none() -> Forgery:
    """Universal basis: a lot carried in is hidden from every disposal in a wallet's own pool."""

    class Hides(Scribe):
        def pool(self, trade: int, side: Any) -> Pool:
            return Pool("BTC", "a", side) if trade == 0 else super().pool(trade, side)

    return run(
        [SECOND, SELL],
        basis="universal",
        carried=CARRIED,
        operations=told_by(Hides),
        replace={"commit_inventory": nameless},
    )


def _wallet_none_lane(lane: int) -> Forgery:
    """Universal basis: a lot is carried out with a name."""

    def named(lots: Any, *rest: Any) -> Inventory:
        lots = lots.copy()
        lots[:, 6 + lane] = 5
        return commit_inventory(lots, *rest)

    def names(sheet: Sheet) -> None:
        (row,) = sheet.rows("is_close")
        sheet.set(row, **{f"rest_value{lane}": 5})

    return run([BUY], basis="universal", replace={"commit_inventory": named}, steps=names)


def _loaded_older() -> Forgery:
    def equal(sheet: Sheet) -> None:
        (row,) = sheet.rows("is_load")
        sheet.set(row, node_age0=int(sheet["node_age0"][row]) + 1)

    return run([SELL], carried=CARRIED, steps=equal)


lie("steps.closing_start", _closing_start)
lie("steps.inventory_start", _inventory_start)
lie("steps.inventory_step", _inventory_step)
lie("steps.wallet_none", _wallet_none)
lies("steps.wallet_none{}", _wallet_none_lane, range(3))
lie("steps.loaded_older", _loaded_older)


# ------------------------------------------------------------------------------------------------------------ transfers


def to_itself() -> Forgery:
    """Twelve are moved where five lie: what has arrived is moved again, and again."""
    rows = [
        trade("2024-01-01", "a/1", "buy", 5, 100),
        trade("2024-01-02", "a/2", "transfer", 12, to="a"),
        trade("2024-03-01", "a/3", "sell", 5, 700),
    ]
    return run(rows, operations=told_by(Scribe))


lie("steps.out_elsewhere", to_itself)

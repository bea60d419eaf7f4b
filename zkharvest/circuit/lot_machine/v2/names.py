"""What the rows of a link's witness are about, in the owner's words: the constraint checker's report names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as field_
from datetime import timedelta

import numpy as np

from zkharvest.circuit.lot_machine.words import Ints

from .buses import TREE_LOTS_IN, TREE_LOTS_OUT, TREE_SUMS_IN, TREE_SUMS_OUT
from .calendar import DAY_ZERO
from .poseidon import NODE, RECORD, SECOND
from .rows import MachineRows, Op
from .sums.keys import LEVELS, ORIGINS, PLACE, RESULTS, ROWS, TERMS, field
from .sums.registers import Registers

Code = tuple[int, ...]
LOT_TREES = (TREE_LOTS_IN, TREE_LOTS_OUT)
_STANDINGS = {
    TREE_LOTS_IN: "the lots carried in",
    TREE_LOTS_OUT: "the lots carried out",
    TREE_SUMS_IN: "the registers carried in",
    TREE_SUMS_OUT: "the registers carried out",
}


@dataclass(frozen=True, slots=True)
class Labels:
    """How the owner calls what a link has codes for: its pages, in the statement's order, assets and accounts."""

    pages: Sequence[str] = ()
    assets: Mapping[Code, str] = field_(default_factory=dict)
    accounts: Mapping[Code, str] = field_(default_factory=dict)

    def page(self, number: int) -> str:
        """The name of a page."""
        return self.pages[number] if number < len(self.pages) else f"page {number}"

    def asset(self, code: Ints) -> str:
        """The name of an asset."""
        return self.assets.get(tuple(code.tolist()), "an asset")

    def account(self, code: Ints) -> str:
        """The name of an account, or of the one pool for all."""
        return self.accounts.get(tuple(code.tolist()), "an account") if code.any() else "any account"


@dataclass(frozen=True, slots=True)
class RowNames:
    """`names(table, row)` is a few words, empty where a row is idle or counts ranges.

    op_of: for each row of `steps` the place of its operation, -1 if there is none; hashes: kind, tree, level, index of
    each row of `poseidon`; pools (n, 9) in their table's order; days: number of each row of the calendar.
    """

    labels: Labels
    rows: MachineRows
    op_of: Ints
    hashes: Ints
    registers: Registers
    pools: Ints
    days: Ints

    def __call__(self, table: str, row: int) -> str:
        """The name of a row."""
        match table:
            case "steps":
                return self._step(row)
            case "poseidon":
                return self._hash(row)
            case "sums":
                return self._register(row // len(ROWS), row % len(ROWS))
            case "pages":
                return self.labels.page(row) if row < len(self.rows.around.page_code) else ""
            case "pools":
                return self._pool(self.pools[row]) if row < len(self.pools) else ""
            case "calendar":
                day = int(self.days[row]) if row < len(self.days) else 0
                return f"day {DAY_ZERO + timedelta(day)}" if day else ""
        return ""

    def _step(self, row: int) -> str:
        at = int(self.op_of[row])
        if at < 0:
            return ""
        rows = self.rows
        record, node = int(rows.record[at]), int(rows.node[at])
        parts = [Op(int(rows.op[at])).name.lower().replace("_", " ")]
        if record >= 0:
            page = self.labels.page(int(rows.records.page[record]))
            parts.append(f"record {int(rows.records.position[record])} of {page}")
        if node >= 0:
            order, pool = int(rows.entries.order[node]), rows.pools[rows.entries.pool[node]]
            parts.append(f"lot {order} of {self._pool(pool)}")
        return ", ".join(parts)

    def _hash(self, row: int) -> str:
        if row >= len(self.hashes):
            return ""
        kind, tree, level, index = (int(v) for v in self.hashes[row])
        whose = _STANDINGS.get(tree) or self.labels.page(tree)
        if kind == NODE:
            return f"node {index} at level {level} of {whose}"
        if kind == RECORD:
            return f"record {index} of {whose}"
        return f"{'second half of ' * (kind == SECOND)}{'lot' if tree in LOT_TREES else 'register'} {index} of {whose}"

    def _pool(self, pool: Ints) -> str:
        asset, account = self.labels.asset(pool[:PLACE]), self.labels.account(pool[PLACE : 2 * PLACE])
        return f"{asset} in {account}, {('long', 'short')[int(pool[2 * PLACE])]}"

    def _register(self, number: int, row: int) -> str:
        if number >= len(self.registers.keys):
            return ""
        key = self.registers.keys[number]
        of_asset, of_account = key[1 : 1 + PLACE], key[1 + PLACE : 1 + 2 * PLACE]
        asset = self.labels.asset(of_asset) if of_asset.any() else ""
        account = self.labels.account(of_account) if of_account.any() else ""
        kind = f"kind {int(key[field('kind')])}" if key[field("kind")] else ""
        words = [LEVELS[int(key[0]) - 1], asset, account, kind, ORIGINS[int(key[field("origin")])]]
        words += [TERMS[int(key[field("term")])], RESULTS[int(key[field("result")])]]
        carried = ", carried in" if self.registers.prior[number] else ""
        return f"{', '.join(ROWS[row])} of {' '.join(word for word in words if word)}{carried}"


def rows_at(at: Ints, end: Ints, height: int) -> Ints:
    """For each row of `steps` its operation, from the first and last row of each; -1 where there is none."""
    found = np.full(height, -1, np.int64)
    numbers = np.arange(len(at))
    found[at], found[end] = numbers, numbers
    return found

"""What the rows of a witness are about, in the taxpayer's words: the constraint checker's report names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.commitment.encoding import TREE_CLOSING, TREE_OPENING
from zkharvest.ledger.operations import NONE, TAKE
from zkharvest.spec import TOTAL_BYTES, TOTALS
from zkharvest.trades.model import Trade

from .poseidon import KINDS

if TYPE_CHECKING:
    from .steps.fill import StepsWitness

_INVENTORIES = {TREE_OPENING: "the lots carried in", TREE_CLOSING: "the lots carried out"}


@dataclass(frozen=True, slots=True)
class RowNames:
    """`names(table, row)` is a few words, empty where a row is idle or counts ranges.

    trade_of and lot_of: for each row of `steps` the committed trade at work, and the trade (of `run`, which begins with
    the carried ones) that opened the lot at work; -1 if there is none. hashes: kind, tree, level, index of each row.
    """

    trades: Sequence[Trade]
    run: Sequence[Trade]
    trade_of: Ints
    lot_of: Ints
    hashes: Ints
    pools: Sequence[str]
    sources: Sequence[str]
    first_day: date
    early_rows: int

    def __call__(self, table: str, row: int) -> str:
        """The name of a row."""
        match table:
            case "steps":
                return self._step(row)
            case "poseidon":
                return self._hash(row)
            case "pools":
                return self.pools[row] if row < len(self.pools) else ""
            case "sources":
                return self.sources[row] if row < len(self.sources) else ""
            case "calendar":
                return f"day {self.first_day + timedelta(days=row - self.early_rows)}" if row >= self.early_rows else ""
            case "totals":
                bucket, byte = divmod(row, TOTAL_BYTES)
                return f"{TOTALS[bucket]}, byte {byte}" if bucket < len(TOTALS) else ""
        return ""

    def _step(self, row: int) -> str:
        trade, lot = int(self.trade_of[row]), int(self.lot_of[row])
        parts = [f"trade {self.trades[trade].ref}"] if trade >= 0 else []
        if lot >= 0:
            parts.append(f"lot {self.run[lot].ref}")
        return ", ".join(parts)

    def _hash(self, row: int) -> str:
        if row >= len(self.hashes):
            return ""
        kind, tree, level, index = (int(v) for v in self.hashes[row])
        whose = _INVENTORIES.get(tree) or self.sources[tree]
        match KINDS[kind]:
            case "is_record":
                own = [t for t in self.trades if t.source == whose]
                return f"record {own[index].ref}"
            case "is_node":
                return f"node {index} at level {level} of {whose}"
        return f"lot {index} of {whose}"


def row_names(
    filled: StepsWitness, trades: Sequence[Trade], hashes: Ints, pool_order: Ints, first_day: date
) -> RowNames:
    """The names of a filled witness; `trades` are the committed ones."""
    operations, plan = filled.operations, filled.plan
    node = np.full(plan.rows, -1, np.int64)
    acts = np.flatnonzero(operations.op != NONE)
    node[plan.at[acts]] = operations.node[acts]
    takes = np.flatnonzero(operations.op == TAKE)
    node[plan.at[takes] + 1] = operations.node[takes]
    node[plan.closes] = operations.final_node
    lot_of = np.where(node >= 0, operations.node_trade[node] if len(operations.node_trade) else -1, -1)
    pools = [operations.pools[i] for i in pool_order.tolist()]
    return RowNames(
        trades,
        operations.trades,
        filled.record_of,
        lot_of,
        hashes,
        [f"{p.asset} in {p.wallet or 'any wallet'}, {p.side.name.lower()}" for p in pools],
        filled.records.sources,
        first_day,
        1 if filled.carried else 0,
    )

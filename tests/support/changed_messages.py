"""Mutants of what a table says on buses: twice, with two neighbouring fields exchanged, or with a neighbouring row's.

All buses are cyclic sums over rows, so that a message which moves to another row with its multiplicity is the same one.
Here the fields are those of the next row, or of the one before, and the multiplicity stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.adversary.kit.local import Board, numbers
from tests.support.mutants import interaction_names
from tests.support.whole_columns import count_messages, imbalanced

Values = list[np.ndarray]
ROWS = {"the next row's": -1, "the row before's": 1}


@dataclass(frozen=True)
class MessageMutant:
    """An interaction of a table: `act` is its place; `weight` of which slot, or none; `change` what is done to it."""

    name: str
    act: int
    change: str
    weight: int | None = None
    fields: tuple[int, int] = (0, 0)


def message_mutants(description: dict[str, Any], table: str) -> Iterator[MessageMutant]:
    """All of a table's, but for exchanges of a field with the same one, which change nothing."""
    (of,) = (t for t in description["tables"] if t["name"] == table)
    for place, (act, shown) in enumerate(zip(of["interactions"], interaction_names(description, of), strict=True)):
        name = shown.split(" (")[0]
        if act.get("weights"):
            for slot, _ in act["weights"]:
                yield MessageMutant(f"{name}[{slot}] twice", place, "twice", weight=slot)
        else:
            yield MessageMutant(f"{name} twice", place, "twice")
        for k, (one, other) in enumerate(zip(act["message"], act["message"][1:], strict=False)):
            if of["nodes"][one] != of["nodes"][other]:
                yield MessageMutant(f"{name} fields {k} and {k + 1} exchanged", place, "exchanged", fields=(k, k + 1))
        for row in ROWS:
            yield MessageMutant(f"{name} with {row} fields", place, row)


def said(board: Board, t: int, values: Values, mutant: MessageMutant, sign: int) -> Counter[tuple[int, ...]]:
    """What the mutant's interaction says more than the circuit's own (times `sign`), by message."""
    count: Counter[tuple[int, ...]] = Counter()
    own = board.tables[t]["interactions"][mutant.act]
    for act in numbers({"interactions": [own]}):
        if mutant.weight is not None and act["slot"] != (mutant.weight,):
            continue
        if mutant.change == "twice":
            count_messages(count, act, values, sign * act["sign"])
            continue
        message = [values[m] for m in act["message"]]
        if mutant.change == "exchanged":
            a, b = mutant.fields
            message[a], message[b] = message[b], message[a]
        else:
            message = [np.roll(field, ROWS[mutant.change]) for field in message]
        count_messages(count, act, values, -sign * act["sign"])
        changed = {**act, "mult": 0, "message": range(1, 1 + len(message))}
        count_messages(count, changed, [values[act["mult"]], *message], sign * act["sign"])
    return count


def rejects(board: Board, t: int, values: Values, mutant: MessageMutant) -> bool:
    """Whether an honest run no longer balances; `values` are the table's nodes in it."""
    bus = board.buses[board.tables[t]["interactions"][mutant.act]["bus"] - 1]
    return imbalanced(board.names[t], bus, said(board, t, values, mutant, 1))


def takes(board: Board, t: int, mutant: MessageMutant) -> bool:
    """Whether a dishonest run that breaks the interaction's bus alone balances for the mutant."""
    bus = board.buses[board.tables[t]["interactions"][mutant.act]["bus"] - 1]
    balance = board.imbalance()[bus]
    balance.update(said(board, t, board.nodes(t), mutant, 1))
    return board.verdict() == {f"bus {bus}"} and not imbalanced(board.names[t], bus, balance)

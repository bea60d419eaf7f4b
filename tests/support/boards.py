"""What the whole board says of a lie, or of another circuit; and a board to try things on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from tests.adversary.kit.forge import Forgery
from tests.adversary.kit.local import Board
from tests.adversary.witness.lies.every import LIES
from tests.adversary.witness.lies.registry import run
from tests.support import statement
from tests.support.make import trade


def alone(*names: str) -> None:
    """Each lie breaks its constraint and nothing else: without it, it would get through."""
    for name in names:
        assert Board(LIES[name]()).verdict() == {name}


def board_of(forged: Forgery, description: Mapping[str, Any]) -> Board:
    """A run on the board of another circuit."""
    board = Board(forged)
    board.description, board.tables = dict(description), description["tables"]
    return board


LEDGER = (
    trade("2024-01-01", "a/1", "buy", 3, 100),
    trade("2024-01-02", "a/2", "buy", 1, 900),
    trade("2024-01-10", "a/3", "transfer", "0.5", to="b"),
    trade("2024-02-01", "a/4", "sell", "3.2", 700, "0.1"),
    trade("2024-03-01", "b/1", "sell", "0.25", 90),
)


@cache
def board() -> Board:
    """An honest run with every kind of row but loads and skips."""
    return Board(run(LEDGER))


def rows_of(kind: str) -> list[int]:
    """Rows of the steps on which a kind of work is done."""
    return [int(r) for r in np.flatnonzero(board().traces[0][:, column(f"is_{kind}")])]


def column(name: str, table: str = "steps") -> int:
    """Number of a column."""
    return statement.column_number(table, name)

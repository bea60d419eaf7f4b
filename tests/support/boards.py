"""What the whole board says of a lie, or of another circuit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.support.forge import Forgery
from tests.support.lies.every import LIES
from tests.support.local import Board


def alone(*names: str) -> None:
    """Each lie breaks its constraint and nothing else: without it, it would get through."""
    for name in names:
        assert Board(LIES[name]()).verdict() == {name}


def board_of(forged: Forgery, description: Mapping[str, Any]) -> Board:
    """A run on the board of another circuit."""
    board = Board(forged)
    board.description, board.tables = dict(description), description["tables"]
    return board

"""The steps of a run, one by one: what each does to one entry of one list, or to one token.

`columns` has the same as arrays.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from zkharvest.ledger.rules import Side

from .records import Account
from .standing import Lot, Token


class Do(IntEnum):
    """What a step does."""

    LOAD = 0  # a lot of the standing carried in
    LOAD_TOKEN = 1  # a token of it
    SKIP = 2  # a record outside the window
    OPEN = 3  # a record, or a deposit without a withdrawal, opens its lot
    TAKE = 4  # a record that closes takes a part
    SEND = 5  # a withdrawal takes a part into a token
    DROP = 6  # a withdrawal takes a part that nobody received
    ARRIVE = 7  # a deposit puts a token into its account
    CLOSE = 8  # a lot of the standing carried out
    CLOSE_TOKEN = 9  # a token of it


class List(NamedTuple):
    """The open lots that lie together: `place` is None under universal pooling."""

    asset: str
    place: Account | None
    side: Side


class Step(NamedTuple):
    """One step. Quantities in 10^-18, money in 10^-8; what a step does not have is 0, -1 or None.

    `turn` is the record's place in the run's turns, `seq` its number in the chain. `node` numbers entries in the order
    of arrival, `pred` and `next` are its neighbours in the list (after an insertion; before a removal), -1 at the ends.
    `part` is what is taken or inserted; `lot_quantity` and `lot_value` what the entry holds before a take, and what is
    inserted or carried out; `part_value` the value taken. `rest`, `rest_value`: what of the record's quantity and value
    is left before the step; `close_value` the part of it that goes with the part taken. `lot` is the nature of the
    entry (unit, order, day, own; its quantity and value are those of the step). `kind` and `origin` are those under
    which the step counts.
    """

    do: Do
    turn: int = -1
    seq: int = 0
    list: List | None = None
    node: int = -1
    pred: int = -1
    next: int = -1
    part: int = 0
    lot_quantity: int = 0
    lot_value: int = 0
    part_value: int = 0
    rest: int = 0
    rest_value: int = 0
    close_value: int = 0
    emptied: bool = False
    kind: int = 0
    origin: str = ""
    lot: Lot | None = None
    token: Token | None = None

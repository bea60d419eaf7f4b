"""The steps of a run as arrays, an entry a step in each: what a link's rows are filled from (`workflow.link_rows`).

Both engines give them: the compiled one writes them (`machine_fast`), of the plain one they are read off its steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkharvest.ledger.operations import Ints, Words
from zkharvest.ledger.trade_columns import two_words

from .order import Turn
from .registers import DECLARED_VALUE
from .standing import Token
from .steps import Do, List, Step

Bytes = NDArray[np.uint8]

UNIT_BYTES = 20
_TAKING = (Do.TAKE, Do.SEND, Do.DROP)


@dataclass(frozen=True, slots=True)
class Entries:
    """Every entry of every list of open lots, in the order of their arrival.

    list: place in `Columns.lists`; unit (n, 20): little-endian bytes; order: number of the record that opened the lot;
    day: ordinal of the date acquired; long_from: ms; own: bought there, and never moved.
    """

    list: Ints
    unit: Bytes
    order: Ints
    day: Ints
    long_from: Ints
    own: Ints


@dataclass(frozen=True, slots=True)
class Tokens:
    """Every token that is loaded or sent, in that order; `asset` is a place in `assets`. Quantities are two words.

    Under universal pooling tokens have no lot: value, unit, order, day and long_from are 0.
    """

    assets: tuple[str, ...]
    asset: Ints
    seq: Ints
    part: Ints
    last: Ints
    time: Ints
    ref: Ints
    quantity: Words
    value: Words
    unit: Bytes
    order: Ints
    day: Ints
    long_from: Ints


@dataclass(frozen=True, slots=True)
class Columns:
    """A run's steps, and the entries and tokens that they speak of. What a step does not have is 0, or -1 for a place.

    op: `steps.Do`; turn: place in the run's turns; node: place in `entries`; pred, next: its neighbours in the list;
    token: place in `tokens`. part: what is taken, or arrives; lot, lot_value: what the entry holds before a take, or
    what is inserted or carried out; part_value: the value taken; rest, rest_value: what of the record's quantity and
    magnitude of value is left before the step, of a skipped one the whole; close_value: magnitude of the record's value
    that goes with the part. emptied: 1 if the entry leaves its list. kind: of a drop, or of a deposit of a declared
    value, which has `declared` 1. Quantities are rows of two words, low word first. `lists` are sorted.
    """

    op: Ints
    turn: Ints
    node: Ints
    pred: Ints
    next: Ints
    token: Ints
    part: Words
    lot: Words
    lot_value: Words
    part_value: Words
    rest: Words
    rest_value: Words
    close_value: Words
    emptied: Ints
    kind: Ints
    declared: Ints
    lists: tuple[List, ...]
    entries: Entries
    tokens: Tokens

    def declared_days(self) -> list[int]:
        """The days with which lots were declared, as ordinals."""
        days: list[int] = self.entries.day[self.node[self.declared == 1]].tolist()
        return days


def columns_of(steps: Sequence[Step], turns: Sequence[Turn]) -> Columns:
    """The columns of steps, one by one."""
    tokens = [step.token for step in steps if step.do in (Do.LOAD_TOKEN, Do.SEND) and step.token is not None]
    token_at = {(token.seq, token.part): n for n, token in enumerate(tokens)}
    lots = [step.lot for step in steps if step.lot is not None and step.do in (Do.LOAD, Do.OPEN, Do.ARRIVE)]
    of_entry = [List(lot.asset, lot.place, lot.side) for lot in lots]
    lists = tuple(sorted(set(of_entry)))
    place = {one: n for n, one in enumerate(lists)}
    rests = [(step.rest, abs(step.rest_value)) for step in steps]
    for n, step in enumerate(steps):
        if step.do is Do.SKIP:
            record = turns[step.turn].record
            rests[n] = (record.quantity, abs(record.value))
    return Columns(
        op=_ints(step.do for step in steps),
        turn=_ints(step.turn for step in steps),
        node=_ints(step.node for step in steps),
        pred=_ints(step.pred for step in steps),
        next=_ints(step.next for step in steps),
        token=_ints(token_at[step.token.seq, step.token.part] if step.token is not None else -1 for step in steps),
        part=two_words([step.part if step.do in (*_TAKING, Do.ARRIVE) else 0 for step in steps]),
        lot=two_words([step.lot_quantity for step in steps]),
        lot_value=_words(step.lot_value for step in steps),
        part_value=_words(step.part_value if step.do in _TAKING else 0 for step in steps),
        rest=two_words([rest for rest, _ in rests]),
        rest_value=_words(value for _, value in rests),
        close_value=_words(abs(step.close_value) for step in steps),
        emptied=_ints(step.emptied for step in steps),
        kind=_ints(step.kind if step.do is Do.DROP or _is_declared(step) else 0 for step in steps),
        declared=_ints(_is_declared(step) for step in steps),
        lists=lists,
        entries=Entries(
            _ints(place[one] for one in of_entry),
            units(lot.unit for lot in lots),
            _ints(lot.order for lot in lots),
            _ints(lot.day for lot in lots),
            _ints(lot.long_from for lot in lots),
            _ints(lot.own for lot in lots),
        ),
        tokens=tokens_of(tokens),
    )


def tokens_of(tokens: Sequence[Token]) -> Tokens:
    """The columns of tokens."""
    number: dict[str, int] = {}
    asset = _ints(number.setdefault(token.asset, len(number)) for token in tokens)
    return Tokens(
        tuple(number), asset,
        _ints(token.seq for token in tokens),
        _ints(token.part for token in tokens),
        _ints(token.last for token in tokens),
        _ints(token.time for token in tokens),
        _ints(token.ref for token in tokens),
        two_words([token.quantity for token in tokens]),
        _words(token.value for token in tokens),
        units(token.unit for token in tokens),
        _ints(token.order for token in tokens),
        _ints(token.day for token in tokens),
        _ints(token.long_from for token in tokens),
    )  # fmt: skip


def _is_declared(step: Step) -> bool:
    """Whether a step opens a deposit's lot of a declared value."""
    return step.do is Do.OPEN and step.origin == DECLARED_VALUE and step.lot is not None and not step.lot.own


def units(numbers: Iterable[int]) -> Bytes:
    """Unit bases as rows of 20 bytes, little-endian."""
    octets = b"".join(unit.to_bytes(UNIT_BYTES, "little") for unit in numbers)
    return np.frombuffer(octets, np.uint8).reshape(-1, UNIT_BYTES)


def _ints(values: Iterable[Any]) -> Ints:
    return np.fromiter(values, np.int64)


def _words(values: Iterable[int]) -> Words:
    return np.fromiter(values, np.uint64)

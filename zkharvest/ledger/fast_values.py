"""`refusals.checked_values` on columns: the same values and refusals, for large ledgers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zkharvest.ledger.operations import Ints
from zkharvest.ledger.refusals import checked_values
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.ledger.trade_columns import TradeColumns
from zkharvest.spec import QUANTITY_LIMIT, TIME_LIMIT
from zkharvest.trades.model import OPENS_LOT, WITHOUT_FEE, WITHOUT_VALUE, Kind, Trade

_SMALL = 1 << 62
"""Money below this adds up within 64 signed bits; a ledger with more is valued trade by trade."""

_LONG_OPENERS = OPENS_LOT - {Kind.SHORT}


def values_of(columns: TradeColumns, election: Election) -> tuple[NDArray[np.uint64], Ints]:
    """Magnitude and sign of the value that each trade opens or closes with. Raises InputError as `checked_values`."""
    trades, kind = columns.trades, columns.kind
    try:
        amount, fee, time, quantity = columns.amount, columns.fee, columns.time, columns.quantity
    except OverflowError:
        return _one_by_one(trades, election)
    # The fee joins what is paid (basis of a long lot, cost of covering) and comes off what is received.
    paid = _is_any(kind, {*_LONG_OPENERS, Kind.COVER})
    value = np.where(paid, amount + fee, amount - fee)
    sound = (amount >= 0) & (amount < _SMALL) & (fee > -_SMALL) & (fee < _SMALL) & (time >= 0) & (time < TIME_LIMIT)
    sound &= (value >= 0) | ~_is_any(kind, OPENS_LOT)
    sound &= (amount == 0) | ~_is_any(kind, WITHOUT_VALUE)
    sound &= (fee == 0) | ~_is_any(kind, WITHOUT_FEE - OPENS_LOT)
    sound &= (quantity[:, 1] < QUANTITY_LIMIT >> 64) & quantity.any(axis=1)
    if not (sound.all() and _names_hold(columns, election)):
        return _one_by_one(trades, election)
    return np.abs(value).astype(np.uint64), np.sign(value)


def _one_by_one(trades: Sequence[Trade], election: Election) -> tuple[NDArray[np.uint64], Ints]:
    values = checked_values(trades, election)
    signs = np.array([(value > 0) - (value < 0) for value in values], np.int64)
    return np.array([abs(value) for value in values], np.uint64), signs


def _names_hold(columns: TradeColumns, election: Election) -> bool:
    """Whether conversions and transfers go somewhere, and named lots add up to what is closed or moved."""
    trades, kind = columns.trades, columns.kind
    if (kind == Kind.CONVERT).any():
        return False
    moves = kind == Kind.TRANSFER
    for place in np.flatnonzero(moves).tolist():
        if trades[place].to in ("", trades[place].source):
            return False
    if election.method is not Method.SPECIFIC:
        return True
    takes = ~_is_any(kind, OPENS_LOT)
    if election.pooling is not Pooling.WALLET:
        takes &= ~moves
    try:
        return columns.picks(np.flatnonzero(takes)).add_up(columns.quantity)
    except OverflowError:
        return False


def _is_any(kind: Ints, kinds: set[Kind] | frozenset[Kind]) -> NDArray[np.bool_]:
    return np.isin(kind, [int(one) for one in kinds])

"""A history as the ledger's trades, for reports: what the machine works, in rows of the canonical kinds.

The ledger knows no coins in transit, so a move is two transfers: at the withdrawal into a wallet of its own, and at the
deposit out of that. What nobody received is a `withdraw`. An account is the wallet `source/account`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from zkharvest.ledger.rules import Pooling, Side
from zkharvest.trades.model import Kind, LotPick, Trade

from .counting import is_income
from .decisions import DEPOSIT_KINDS, Decision, Decisions
from .order import Turn
from .records import UNEXPLAINED, Account, Does, Place, Record

TRANSIT = "in transit: "
"""Begins the name of the wallet of a withdrawal on its way."""

_NOTHING = Decision()


def transit_wallet(sent: Place) -> str:
    """The wallet in which what a withdrawal sent lies until it arrives."""
    return f"{TRANSIT}{sent}"


def trades_of(turns: Sequence[Turn], decisions: Decisions, pooling: Pooling, currency: str = "") -> list[Trade]:
    """The trades of some turns, in their order; records that are skipped have none.

    The id of a trade is its source's own where that is its own in the account, else page and record.
    """
    worked = [turn for turn in turns if not turn.skipped]
    names = _names(worked)
    found: list[Trade] = []
    for turn in worked:
        decided = decisions.get(turn.place, _NOTHING)
        if turn.record.does is Does.IN and turn.sent is not None:  # it takes what its withdrawal took
            decided = decisions.get(turn.sent, _NOTHING)
        lots = tuple(LotPick(_ref(names, pick.lot), pick.quantity) for pick in decided.lots)
        found += _trades(turn, decided, names.get(turn.place, _plain(turn.place)), lots, pooling, currency)
    return found


def _plain(place: Place) -> str:
    return f"{place.number}/{place.position}"


def _ref(names: dict[Place, str], place: Place) -> str:
    return f"{Account(place.source, place.account).wallet}/{names.get(place, _plain(place))}"


def _names(turns: Iterable[Turn]) -> dict[Place, str]:
    """The source's own ids, where no other record of the account has the same."""
    count = Counter((turn.place.source, turn.place.account, turn.record.id) for turn in turns)
    return {
        turn.place: turn.record.id
        for turn in turns
        if turn.record.id and count[turn.place.source, turn.place.account, turn.record.id] == 1
    }


def _trades(
    turn: Turn, decided: Decision, name: str, lots: tuple[LotPick, ...], pooling: Pooling, currency: str
) -> Iterator[Trade]:
    record, wallet = turn.record, Account(turn.place.source, turn.place.account).wallet

    def made(source: str, own: str, kind: Kind, quantity: int, amount: int = 0, fee: int = 0, to: str = "") -> Trade:
        return Trade(
            turn.worked, source, own, kind, record.asset, quantity, amount, fee, to, lots, currency=currency,
            origin=str(turn.place),
        )  # fmt: skip

    if record.does in (Does.OPEN, Does.CLOSE):
        amount, fee = _amount_and_fee(record, record.value if record.valued else decided.value or 0)
        yield made(wallet, name, _kind(record), record.quantity, amount, fee)
    elif record.does is Does.OUT:
        named = sum(pick.quantity for pick in lots)
        alone = pooling is Pooling.UNIVERSAL and named != record.quantity  # the names are of what is gone alone
        taken, left = _cut(lots, 0 if alone else turn.moved)
        if turn.moved:
            lots = taken
            yield made(wallet, f"{name} moved", Kind.TRANSFER, turn.moved, to=transit_wallet(turn.place))
        if turn.moved < record.quantity:
            lots = left
            yield made(wallet, f"{name} gone" if turn.moved else name, Kind.WITHDRAW, record.quantity - turn.moved)
    elif turn.sent is not None:
        lots, _ = _cut(lots, record.quantity)
        yield made(transit_wallet(turn.sent), f"{name} arrived", Kind.TRANSFER, record.quantity, to=wallet)
    else:
        declared = DEPOSIT_KINDS.get(decided.kind, UNEXPLAINED) != UNEXPLAINED
        day = date.fromordinal(decided.day) if declared and decided.day is not None else None
        yield Trade(
            turn.worked, wallet, name, Kind.DEPOSIT, record.asset, record.quantity,
            decided.value or 0 if declared else 0, currency=currency, acquired=day, origin=str(turn.place),
        )  # fmt: skip


def _kind(record: Record) -> Kind:
    if record.does is Does.CLOSE:
        return Kind.COVER if record.side is Side.SHORT else Kind.SELL
    if record.side is Side.SHORT:
        return Kind.SHORT
    return Kind.INCOME if is_income(record) else Kind.BUY


def _amount_and_fee(record: Record, value: int) -> tuple[int, int]:
    """Amount and fee whose sum or difference is a value; the amount is never below zero, so the fee may be other."""
    paid = (record.does is Does.OPEN) == (record.side is Side.LONG)
    amount = value - record.fee if paid else value + record.fee
    if amount >= 0:
        return amount, record.fee
    if value >= 0:
        return value, 0
    return 0, value if paid else -value


def _cut(lots: tuple[LotPick, ...], quantity: int) -> tuple[tuple[LotPick, ...], tuple[LotPick, ...]]:
    """Named lots up to a quantity, and those behind it."""
    before, behind = [], []
    for pick in lots:
        part = min(pick.quantity, quantity)
        quantity -= part
        if part:
            before.append(LotPick(pick.trade, part))
        if part < pick.quantity:
            behind.append(LotPick(pick.trade, pick.quantity - part))
    return tuple(before), tuple(behind)

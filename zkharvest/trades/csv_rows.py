"""What the cells of one row say together: each kind with the columns that it needs and those that it cannot have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from zkharvest.spec import MONEY_LIMIT
from zkharvest.trades.model import CATEGORISED, OPENS_LOT, WITHOUT_FEE, WITHOUT_VALUE, Kind, Trade, with_fee
from zkharvest.trades.text import format_quantity, quoted

Flaw = tuple[str, str, str]
"""Column, message, hint."""

_WHY_NO_AMOUNT = {
    Kind.TRANSFER: "a transfer has no value of its own",
    Kind.EXPIRE: "it closes at zero; use sell or cover for a cash settlement",
    Kind.WITHDRAW: "it leaves without proceeds; use sell or spend where there are proceeds",
    Kind.CONVERT: "lots keep their basis; use sell and buy for a trade",
}


def flaws(trade: Trade, amount: str) -> list[Flaw]:
    """What is wrong with a row whose cells can all be read; `amount` is the text of its amount cell."""
    kind = trade.kind
    value = with_fee(trade.amount, trade.fee, paid=kind is not Kind.SHORT)
    plain = not (trade.to or trade.lots or trade.into or trade.into_quantity or trade.acquired or trade.category)
    if plain and kind not in WITHOUT_VALUE and kind not in WITHOUT_FEE:  # nearly always
        sound = 0 <= value < MONEY_LIMIT if kind in OPENS_LOT else trade.amount + abs(trade.fee) < MONEY_LIMIT
        if sound:
            return []
    return [*_columns(trade, amount), *_value(trade, value), *_lots(trade)]


def _columns(trade: Trade, amount: str) -> Iterator[Flaw]:
    kind, word = trade.kind, trade.kind.word
    if kind in WITHOUT_VALUE and amount:
        yield "amount", f"{quoted(amount)} given for {word}", f"leave it empty: {_WHY_NO_AMOUNT[kind]}"
    if kind in WITHOUT_FEE and trade.fee:
        yield "fee", f"a {word} carries no fee", "enter the network fee as its own spend row"
    if kind is Kind.TRANSFER:
        if not trade.to:
            yield "to", "is empty", "a transfer names the source it goes to"
        elif trade.to == trade.source:
            yield "to", f"{quoted(trade.to)} is where it came from", "leave the row out"
    elif trade.to:
        yield "to", f"{quoted(trade.to)} given for {word}", "only a transfer has a destination"
    if kind is Kind.CONVERT:
        if not trade.into:
            yield "into", "is empty", "a convert names the asset that it gives"
        elif trade.into == trade.asset:
            yield "into", f"{quoted(trade.into)} is what was given", "leave the row out"
        if not trade.into_quantity:
            yield "into_quantity", "is empty", "a convert says how much of the other asset it gives"
    else:
        if trade.into:
            yield "into", f"{quoted(trade.into)} given for {word}", "only a convert gives another asset"
        if trade.into_quantity:
            yield "into_quantity", f"given for {word}", "only a convert gives another asset"
    if trade.acquired is not None:
        if kind is not Kind.DEPOSIT:
            yield (
                "acquired",
                f"given for {word}",
                "only a deposit has a date of its own; others are acquired at their time",
            )
        elif _later(trade):
            yield "acquired", "is later than the row's time", "give the day on which the coins were first yours"
    if trade.category and kind not in CATEGORISED:
        words = ", ".join(one.word for one in sorted(CATEGORISED))
        yield "category", f"{quoted(trade.category)} given for {word}", f"only {words} have a category"


def _later(trade: Trade) -> bool:
    """Whether a deposit is acquired after its time; a date is taken in the zone that is furthest behind."""
    if isinstance(trade.acquired, int):
        return trade.acquired > trade.time
    latest = datetime.fromtimestamp((trade.time + 16 * 3_600_000) // 1000, UTC).date()
    return trade.acquired is not None and trade.acquired > latest


def _value(trade: Trade, value: int) -> Iterator[Flaw]:
    kind = trade.kind
    if kind in OPENS_LOT and not 0 <= value < MONEY_LIMIT:
        what = "amount less fee" if kind is Kind.SHORT else "amount and fee together"
        state = "are below zero" if value < 0 else "are too large"
        yield "fee", f"{what} {state}", "check the sign: a rebate is negative, a cost is positive"
    elif kind not in OPENS_LOT and trade.amount + abs(trade.fee) >= MONEY_LIMIT:
        yield "fee", "amount and fee together are too large", "check the decimal point"


def _lots(trade: Trade) -> Iterator[Flaw]:
    if not trade.lots:
        return
    if trade.kind in OPENS_LOT:
        yield "lots", f"given for {trade.kind.word}", "only a row that takes lots names them"
        return
    named = [pick.trade for pick in trade.lots]
    if len(set(named)) < len(named):
        yield "lots", "names a lot twice", "add its quantities up"
    total = sum(pick.quantity for pick in trade.lots)
    if total != trade.quantity:
        message = f"lots add up to {format_quantity(total)}, the row has {format_quantity(trade.quantity)}"
        yield "lots", message, "name lots for the whole quantity"

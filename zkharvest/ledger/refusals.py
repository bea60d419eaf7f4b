"""Why a ledger cannot be run. Every engine refuses with the errors made here, so that they read the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zkharvest.errors import InputError, Problem
from zkharvest.ledger.rules import Election, Method, Pool, Pooling, Side, closing_value, opening_value
from zkharvest.spec import MONEY_LIMIT, QUANTITY_LIMIT, TIME_LIMIT
from zkharvest.trades.model import OPENS_LOT, WITHOUT_FEE, WITHOUT_VALUE, Kind, LotPick, Trade
from zkharvest.trades.text import format_money, format_quantity


def where(trade: Trade) -> str:
    """The place of a trade as an error names it."""
    return f"{trade.where}: {trade.ref}" if trade.line else trade.ref


def checked_values(trades: Sequence[Trade], election: Election) -> list[int]:
    """The value that each trade opens or closes with, by place; 0 where it has none, -fee (as if long) for an expiry.

    Raises InputError with every trade that no ledger could take, whatever is held: see `_flaws`.
    """
    specific = election.method is Method.SPECIFIC
    wallets = election.pooling is Pooling.WALLET
    values: list[int] = []
    flawed: list[Trade] = []
    for trade in trades:
        kind = trade.kind
        opening = kind in OPENS_LOT
        if opening:
            value = opening_value(trade)
            sound = 0 <= value < MONEY_LIMIT
        else:
            value = closing_value(trade, Side.SHORT if kind is Kind.COVER else Side.LONG)
            sound = -MONEY_LIMIT < value < MONEY_LIMIT
            if kind is Kind.TRANSFER:
                sound = not trade.amount and not trade.fee and trade.to not in ("", trade.source)
            elif kind in WITHOUT_VALUE:
                sound = sound and not trade.amount and not (trade.fee and kind in WITHOUT_FEE)
                if kind is Kind.CONVERT:
                    sound = sound and 0 < trade.into_quantity < QUANTITY_LIMIT and trade.into not in ("", trade.asset)
            if specific and (wallets or kind is not Kind.TRANSFER):
                named = [pick.quantity for pick in trade.lots]
                sound = sound and sum(named) == trade.quantity and min(named, default=0) > 0
        sound = sound and 0 < trade.quantity < QUANTITY_LIMIT and 0 <= trade.time < TIME_LIMIT
        if not (sound and 0 <= trade.amount < MONEY_LIMIT and -MONEY_LIMIT < trade.fee < MONEY_LIMIT):
            flawed.append(trade)
        values.append(value)
    if flawed:
        raise InputError(problem for trade in flawed for problem in _flaws(trade, election))
    return values


def _flaws(trade: Trade, election: Election) -> Iterator[Problem]:
    """What is wrong with one trade by itself."""
    at, word = where(trade), trade.kind.word
    if not 0 < trade.quantity < QUANTITY_LIMIT:
        yield Problem(at, f"quantity {format_quantity(trade.quantity)} is not above 0 and below 2^112 * 10^-18")
    if not 0 <= trade.time < TIME_LIMIT:
        yield Problem(at, f"time {trade.time} ms is not within 1970 to 2527")
    if not 0 <= trade.amount < MONEY_LIMIT:
        yield Problem(at, f"amount {format_money(trade.amount)} is not between 0 and 2^64 * 10^-8")
    if not -MONEY_LIMIT < trade.fee < MONEY_LIMIT:
        yield Problem(at, f"fee {format_money(trade.fee)} has a magnitude of 2^64 * 10^-8 or more")
    sums = f"amount {format_money(trade.amount)} and fee {format_money(trade.fee)}"
    if trade.kind in OPENS_LOT:
        value = opening_value(trade)
        if value < 0:
            yield Problem(
                at,
                f"{word} with {sums} would open a lot of value {format_money(value)}",
                "a lot's value cannot be negative: enter what exceeds the amount as a row of its own",
            )
        elif value >= MONEY_LIMIT:
            yield Problem(
                at, f"{word} with {sums} would open a lot of value {format_money(value)}, 2^64 * 10^-8 or more"
            )
        return
    if trade.kind in WITHOUT_VALUE and trade.amount:
        yield Problem(at, f"{word} with amount {format_money(trade.amount)}", f"leave `amount` empty for {word}")
    if trade.kind in WITHOUT_FEE and trade.fee:
        hint = "enter the network fee as a spend row of its own"
        yield Problem(at, f"{word} with fee {format_money(trade.fee)}", hint)
    if trade.kind is Kind.CONVERT:
        if not 0 < trade.into_quantity < QUANTITY_LIMIT:
            given = f"{format_quantity(trade.into_quantity)} {trade.into}"
            yield Problem(at, f"convert into {given}", "say how much it gives")
        if trade.into in ("", trade.asset):
            yield Problem(at, f"convert of {trade.asset} into {trade.into!r}", "`into` names another asset")
    if trade.kind is Kind.TRANSFER:
        if trade.to in ("", trade.source):
            yield Problem(at, f"transfer from {trade.source!r} to {trade.to!r}", "`to` names another source")
    elif not -MONEY_LIMIT < closing_value(trade, Side.SHORT if trade.kind is Kind.COVER else Side.LONG) < MONEY_LIMIT:
        yield Problem(at, f"{word} with {sums} has a value of magnitude 2^64 * 10^-8 or more")
    yield from _pick_flaws(trade, election)


def _pick_flaws(trade: Trade, election: Election) -> Iterator[Problem]:
    """What is wrong with the lots that a closing trade or a transfer names."""
    if election.method is not Method.SPECIFIC or (
        trade.kind is Kind.TRANSFER and election.pooling is Pooling.UNIVERSAL
    ):
        return
    at, word = where(trade), trade.kind.word
    if not trade.lots:
        yield Problem(
            at,
            f"{word} of {format_quantity(trade.quantity)} {trade.asset} names no lots",
            "under specific identification `lots` holds the id:quantity of every lot it takes from",
        )
        return
    for pick in trade.lots:
        if pick.quantity <= 0:
            yield Problem(at, f"lot {pick.trade!r} is named with quantity {format_quantity(pick.quantity)}")
    named = sum(pick.quantity for pick in trade.lots)
    if named != trade.quantity:
        yield Problem(
            at,
            f"the named lots add up to {format_quantity(named)}, "
            f"the {word} is of {format_quantity(trade.quantity)} {trade.asset}",
        )


def oversold(trade: Trade, pool: Pool, held: int, wanted: int, near: str = "") -> Problem:
    """More is taken than the pool holds at that moment; `near` is a wallet of almost that name that holds some."""
    hint = "enter the acquisition or the incoming transfer that is missing before it, or correct the quantity"
    if near:
        hint = f'{trade.asset} lies in "{near}": is "{pool.wallet}" the same wallet? Use one spelling; else {hint}'
    return Problem(
        where(trade),
        f"{trade.kind.word} of {format_quantity(wanted)} from pool {pool}, "
        f"which holds {format_quantity(held)} at that moment",
        hint,
    )


def nothing_to_expire(trade: Trade, wallet: str) -> Problem:
    """Neither side of the instrument is open."""
    place = f"{trade.asset} ({wallet})" if wallet else trade.asset
    return Problem(
        where(trade),
        f"expire of {format_quantity(trade.quantity)} from pool {place}, which holds 0 at that moment, long or short",
        "enter the trade that opened it before it, or leave the expiry out",
    )


def ambiguous_expiry(trade: Trade, wallet: str) -> Problem:
    """Both sides of the instrument are open, so the expiry could close either."""
    place = f"{trade.asset} ({wallet})" if wallet else trade.asset
    return Problem(
        where(trade),
        f"expire of {format_quantity(trade.quantity)} from pool {place} is ambiguous: long and short lots are open",
        "enter it as a sell (long) or a cover (short) with amount 0",
    )


def lot_short(trade: Trade, pick: LotPick, pool: Pool, held: int) -> Problem:
    """A named lot does not lie in the pool with the quantity named."""
    return Problem(
        where(trade),
        f"{trade.kind.word} names {format_quantity(pick.quantity)} of lot {pick.trade}, "
        f"but pool {pool} holds {format_quantity(held)} of it at that moment",
        "name a lot that is open in this pool, with what is left of it",
    )


def converted_to_nothing(trade: Trade, part: int) -> Problem:
    """A part of a lot would become zero units of the other asset."""
    return Problem(
        where(trade),
        f"convert of {trade.asset}: a part of {format_quantity(part)} would become zero units of {trade.into}",
        "enter the dust as a withdraw or a spend before it",
    )


def unknown_lot(trade: Trade, name: str, later: Trade | None = None, near: str = "") -> Problem:
    """A named lot is not opened by any trade before; perhaps by a `later` one, or by one of a `near` name."""
    message = f"lot {name!r} is not the id of a buy, income or short"
    if later is not None:
        message = f"lot {name!r} is opened later, by {where(later)}"
        return Problem(where(trade), message, "a lot is identified no later than the sale; name one that is open then")
    hint = f"did you mean {near!r}? See `zkharvest ledger lots`" if near else "see `zkharvest ledger lots`"
    return Problem(where(trade), message, hint)


def ambiguous_lot(trade: Trade, name: str, matches: Sequence[Trade]) -> Problem:
    """A named lot could be several opening trades."""
    listed = ", ".join(match.ref for match in matches)
    return Problem(where(trade), f"lot {name!r} names several trades: {listed}", "write it as source/id")

"""A look ahead: what a sale would do, under every method and out of every lot, before it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from zkharvest.desk.amounts import plain, to_cents
from zkharvest.desk.form8949 import TradeNames
from zkharvest.desk.lines import Days
from zkharvest.errors import UsageError
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.regimes import only_us
from zkharvest.ledger.regimes.us import long_from
from zkharvest.ledger.report import quantity_text
from zkharvest.ledger.results import LedgerRun, OpenLot
from zkharvest.ledger.rules import LONG_TERM, SHORT_TERM, Election, Method, Pooling, Side, part_of
from zkharvest.ledger.run import run_ledger
from zkharvest.spec import MONEY_LIMIT, money_text
from zkharvest.trades.model import Kind, Trade

NAME = "what-if"  # the id of the sale that is tried
COMPARED = (Method.FIFO, Method.LIFO, Method.HIFO, Method.LOFO)
_UNIT = 10**18


@dataclass(frozen=True, slots=True)
class Part:
    """What a sale takes from one lot. Money in 10^-8; proceeds are None where no price is given."""

    lot: str
    quantity: int
    basis: int
    proceeds: int | None
    term: str
    acquired: date
    long_on: date

    @property
    def gain(self) -> int | None:
        """Proceeds less basis."""
        return None if self.proceeds is None else self.proceeds - self.basis


@dataclass(frozen=True, slots=True)
class Outcome:
    """A sale under one method: its parts, and the net of the year before and after it."""

    rule: str
    parts: tuple[Part, ...]
    before: int
    after: int | None

    def gain(self, term: str) -> int | None:
        """The gain of one term, in 10^-8."""
        gains = [part.gain for part in self.parts if part.term == term]
        return None if None in gains else sum(gain for gain in gains if gain is not None)


@dataclass(frozen=True)
class WhatIf:
    """All outcomes of one sale, and what each lot of the pool would give if it were named."""

    trade: Trade
    day: date
    priced: bool
    outcomes: tuple[Outcome, ...]
    lots: tuple[Part, ...]


def what_if_sell(
    trades: Sequence[Trade],
    election: Election,
    *,
    asset: str,
    quantity: int,
    day: date,
    price: int | None = None,
    fee: int = 0,
    source: str | None = None,
) -> WhatIf:
    """Try a sale at the end of a local day, after everything that the trades hold of it.

    `price` is for one unit, in 10^-8; without it only basis and terms are known. `source` is the wallet that sells;
    it may be left out where only one holds the asset. `election` is the rule under which earlier sales took the lots;
    its year is that of the day. Raises UsageError for a wallet that holds less, or where several could be meant.
    """
    only_us(election, "what-if")
    calendar = Calendar(election.timezone)
    end = calendar.first_instant(day + timedelta(days=1))
    earlier = [trade for trade in trades if trade.time < end]
    held = run_ledger(earlier, election, until=day)
    wallet = _wallet(held, election, asset, quantity, source)
    amount = 0 if price is None else price * quantity // _UNIT
    if amount >= MONEY_LIMIT:
        raise UsageError("the sale is worth more than the ledger can hold", "check the price")
    sale = Trade(end - 1, wallet, NAME, Kind.SELL, asset, quantity, amount, fee, currency=_currency(trades))
    if any(trade.ref == sale.ref for trade in trades):
        raise UsageError(f"a trade is called {sale.ref} already", "give it another id")
    priced = price is not None
    outcomes = tuple(_outcome(earlier, sale, replace(election, method=method), priced=priced) for method in COMPARED)
    pool = [lot for lot in held.open_lots if _of(lot, asset, "" if _universal(election) else wallet)]
    lots = tuple(_part_of_lot(held, lot, sale, Days(election.timezone), priced=priced) for lot in pool)
    return WhatIf(sale, day, priced, outcomes, lots)


def _universal(election: Election) -> bool:
    return election.pooling is not Pooling.WALLET


def _of(lot: OpenLot, asset: str, wallet: str) -> bool:
    return lot.pool.asset == asset and lot.pool.wallet == wallet and lot.pool.side is Side.LONG


def _wallet(held: LedgerRun, election: Election, asset: str, quantity: int, source: str | None) -> str:
    holdings: dict[str, int] = {}
    for lot in held.open_lots:
        if lot.pool.asset == asset and lot.pool.side is Side.LONG:
            holdings[lot.pool.wallet] = holdings.get(lot.pool.wallet, 0) + lot.quantity
    if not holdings:
        known = ", ".join(sorted({lot.pool.asset for lot in held.open_lots})) or "nothing"
        raise UsageError(f"no {asset} is held on that day", f"held are {known}")
    if _universal(election):
        wallet, have = source or held.trades[-1].source, sum(holdings.values())
    else:
        listed = ", ".join(f"{name} {quantity_text(q)}" for name, q in sorted(holdings.items()))
        if source is None and len(holdings) > 1:
            raise UsageError(f"{asset} is held in several wallets: {listed}", "say which with --source")
        wallet = source or next(iter(holdings))
        have = holdings.get(wallet, 0)
        if not have:
            raise UsageError(f"{wallet} holds no {asset}", f"held: {listed}")
    if have < quantity:
        raise UsageError(f"{quantity_text(have)} {asset} is held, less than {quantity_text(quantity)}", "sell less")
    return wallet


def _currency(trades: Sequence[Trade]) -> str:
    return next((trade.currency for trade in trades if trade.currency), "")


def _outcome(trades: Sequence[Trade], sale: Trade, election: Election, *, priced: bool) -> Outcome:
    run = run_ledger([*trades, sale], election)
    place = len(run.trades) - 1
    days, names = Days(election.timezone), TradeNames(run.trades)
    parts = []
    for done in run.disposals:
        if done.trade == place:
            acquired = days.of(done.acquired)
            proceeds = done.proceeds if priced else None
            lot = names.of(done.lot)
            parts.append(Part(lot, done.quantity, done.basis, proceeds, done.term, acquired, long_from(acquired)))
    gains = [part.gain for part in parts]
    after = run.totals.net
    before = after - sum(gain for gain in gains if gain is not None)
    if not priced:
        before = run.totals.net + sum(part.basis for part in parts) + sale.fee
    return Outcome(election.rule, tuple(parts), before, after if priced else None)


def _part_of_lot(held: LedgerRun, lot: OpenLot, sale: Trade, days: Days, *, priced: bool) -> Part:
    """What naming one lot would give, for as much of the sale as it holds."""
    quantity = min(lot.quantity, sale.quantity)
    acquired = days.of(lot.acquired)
    term = LONG_TERM if days.of(sale.time) >= long_from(acquired) else SHORT_TERM
    proceeds = part_of(sale.amount - sale.fee, quantity, sale.quantity) if priced else None
    name, basis = TradeNames(held.trades).of(lot.seq), part_of(lot.value, quantity, lot.quantity)
    return Part(name, quantity, basis, proceeds, term, acquired, long_from(acquired))


def outcome_rows(found: WhatIf) -> list[tuple[str, ...]]:
    """A row for each method: short, long and together of the sale, net of the year before and after."""
    rows: list[tuple[str, ...]] = []
    for one in found.outcomes:
        short, long = one.gain(SHORT_TERM), one.gain(LONG_TERM)
        together = None if short is None or long is None else short + long
        basis = sum(part.basis for part in one.parts)
        rows.append(
            (one.rule.upper(), str(len(one.parts)), _cents(basis), _cents(short), _cents(long), _cents(together),
             _cents(one.before), _cents(one.after))
        )  # fmt: skip
    return rows


OUTCOME_COLUMNS = ("method", "lots", "basis", "short term", "long term", "gain or loss", "net before", "net after")
LOT_COLUMNS = ("lot", "acquired", "long from", "quantity", "basis", "a unit costs", "gain or loss", "term")


def lot_rows(found: WhatIf) -> list[tuple[str, ...]]:
    """A row for each lot of the pool, in the order of the method."""
    return [
        (part.lot, part.acquired.isoformat(), part.long_on.isoformat(), quantity_text(part.quantity),
         _cents(part.basis), _cents(part.basis * _UNIT // part.quantity), _cents(part.gain), part.term)
        for part in found.lots
    ]  # fmt: skip


def _cents(money: int | None) -> str:
    return "" if money is None else plain(to_cents(money))


def what_if_json(found: WhatIf) -> dict[str, Any]:
    """Everything, exact."""

    def part(one: Part) -> dict[str, Any]:
        return {
            "lot": one.lot, "quantity": quantity_text(one.quantity), "acquired": one.acquired.isoformat(),
            "long_on": one.long_on.isoformat(), "term": one.term, "basis": money_text(one.basis),
            "proceeds": None if one.proceeds is None else money_text(one.proceeds),
            "gain": None if one.gain is None else money_text(one.gain),
        }  # fmt: skip

    sale = found.trade
    return {
        "sale": {
            "asset": sale.asset, "quantity": quantity_text(sale.quantity), "source": sale.source,
            "day": found.day.isoformat(), "amount": money_text(sale.amount) if found.priced else None,
            "fee": money_text(sale.fee),
        },
        "methods": [
            {
                "method": one.rule, "net_before": money_text(one.before),
                "net_after": None if one.after is None else money_text(one.after),
                "parts": [part(p) for p in one.parts],
            }
            for one in found.outcomes
        ],
        "lots": [part(p) for p in found.lots],
    }  # fmt: skip

"""Deribit: the transaction log of one currency (BTC, ETH, USDC ...), with any of its four headers.

`Change` is what the cash balance changed by, and the only column that is true of the balance: a settlement's `Cash
Flow` already holds funding, a futures trade's holds profit that is paid later. So every value here comes from
`Change`, and nothing is counted twice:

    value of a row = Change * fair value of the coin at that time

The fair value is the row's `Index Price` if the import is in USD and the coin is the index's (an inverse contract),
else it comes from `--prices`. The coin itself is property: what a row pays out is a `sell` of coin at that value, what
it brings is a `buy` of coin (id ending in `-cash`).

* Options are lots of their instrument, in units of the underlying. `open buy` -> buy, `open sell` -> short,
  `close sell` -> sell, `close buy` -> cover; amount and fee add up to the value of Change. A trade that takes the
  position through zero becomes two trades (`-close`, `-open`), parted in proportion. At delivery, an option that pays
  nothing expires; one that pays is sold or covered at the delivery value (s.1234: cash settlement is a sale or
  exchange).
* Futures and perpetuals are settled in cash every day at 08:00 UTC: profit, loss and funding of the session are paid
  and final. Each row of theirs that changes the balance is one closed lot of the instrument, opened and closed at that
  moment (`-open`, `-close`): what was won is bought for 0 and sold for Change; what was lost, fees included, is
  bought for Change and expires. The gain is realised when it is paid, short term, in one place only.
* `expiry`, `assignment` and `exercise` (2026) are what `delivery` is: an expiry that pays nothing expires.
* A `liquidation` is a trade that the venue made. A `negative_balance_fee` is coin spent, a `usdc_reward` coin earned.
* Deposits and withdrawals are moves; a withdrawal's fee is a spend. Transfers between subaccounts stay inside the
  account and have to net out: the logs of all subaccounts belong into one import.
* Spot trades (an instrument such as BTC_USDC, told once in each currency's log), position moves, and kinds of which
  no public row is known (`socialized_fund`, `correction`) are refused.

The coin is that of the instruments in the file; a log without any needs `--asset`. Times are UTC; the help centre
gives the form DD/MM/YY, which is read as such, beside forms that name the month. A strike with decimals has a `d` for
its point (2d2), whichever letter case a log writes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.rows import Row, by_hand
from zkharvest.trades.importers.table import Balance, Format, Table
from zkharvest.trades.model import Kind
from zkharvest.trades.text import quoted

_INSTRUMENT = re.compile(r"(?P<base>[A-Z0-9]+)(?:_(?P<quote>[A-Z0-9]+))?-(?P<rest>[A-Zd0-9-]+)")
_OPTION = re.compile(r"[0-9]{1,2}[A-Z]{3}[0-9]{2}-[0-9]+(?:[dD][0-9]+)?-[CP]")
_FUTURE = re.compile(r"PERPETUAL|[0-9]{1,2}[A-Z]{3}[0-9]{2}")
_POINT = re.compile(r"(?<=[0-9])D(?=[0-9]+-[CP]$)")
_ENDED = ("delivery", "expiry", "assignment", "exercise")
_ALONE = {"negative balance fee": False, "usdc reward": True}  # of no instrument; whether it brings coin
_SIDES = {
    "open buy": Kind.BUY,
    "open sell": Kind.SHORT,
    "close sell": Kind.SELL,
    "close buy": Kind.COVER,
}


def read(table: Table, draft: Draft) -> None:
    """Reads a transaction log."""
    coins = _coins(table) or {draft.asset} - {""}
    signed = any(row["position"].startswith("-") for row in table.rows)
    for row in table.rows:
        with draft.reading():
            if len(coins) != 1:
                shown = ", ".join(sorted(coins))
                message = (
                    f"instruments of several logs: {shown}" if coins else "no instrument names the coin of the log"
                )
                hint = "import each currency's log as its own file" if coins else "say it with --asset, such as BTC"
                raise RowError(row, "instrument", message, hint)
            _row(table, draft, row, next(iter(coins)), signed=signed)


def _coins(table: Table) -> set[str]:
    """The currencies that the instruments of a log are settled in: one, of a log that is whole."""
    return {coin for row in table.rows if (coin := _coin(row["instrument"]))}


def _coin(instrument: str) -> str:
    """The currency that an instrument is settled in."""
    match = _INSTRUMENT.fullmatch(instrument)
    return (match["quote"] or match["base"]) if match else ""


@dataclass(frozen=True, slots=True)
class _Paid:
    """What a row did to the balance: in coin (10^-18, signed) and in money (signed), with the fee that is in it."""

    change: int
    value: int
    fee: int


def _row(table: Table, draft: Draft, row: Row, coin: str, *, signed: bool) -> None:
    kind = row["type"].lower().replace("_", " ")
    time = draft.time(row, "date", zone="UTC", order=table.format.order)
    event = Event(row, time, table.source, draft.name(row, "id"))
    match = _INSTRUMENT.fullmatch(row["instrument"])
    if kind in ("deposit", "withdrawal", "transfer"):
        change = draft.number(row, "change")
        fee = abs(draft.number(row, "fee", empty=0)) if kind == "withdrawal" else 0
        inside = "subaccount" if kind == "transfer" else ""
        draft.move(event, Leg(coin, abs(change) - fee), out=change < 0, fee=fee, inside=inside)
    elif kind == "options settlement summary" and not draft.number(row, "change", empty=0):
        draft.note(row, "summary of a settlement, which its own rows tell")
    elif kind in _ALONE:
        _without_position(draft, event, coin, kind)
    elif kind not in ("trade", "settlement", "liquidation", *_ENDED):
        raise RowError(row, "type", f"{quoted(row['type'])} is not a known type", by_hand(row))
    elif match and _OPTION.fullmatch(match["rest"]):
        if kind == "settlement" and not draft.number(row, "change", empty=0):
            draft.note(row, "settlement that changed no balance")
        else:
            _option(draft, event, coin, delivered=kind not in ("trade", "liquidation"), signed=signed)
    elif match and _FUTURE.fullmatch(match["rest"]):
        _session(draft, event, coin)
    else:
        hint = "a spot trade is told in the logs of both its currencies; " + by_hand(row, instead="write it once")
        message = f"{quoted(row['instrument'])} is not an option, a future or a perpetual"
        raise RowError(row, "instrument", message, hint)


def _without_position(draft: Draft, event: Event, coin: str, kind: str) -> None:
    """The fee for a negative balance, or a reward on the balance: coin paid or earned, of no instrument."""
    row, paid = event.row, _paid(draft, event, coin)
    if (paid.change > 0) != _ALONE[kind] and paid.change:
        message = f"{quoted(row['change'])} has the wrong sign for {quoted(row['type'])}"
        raise RowError(row, "change", message, by_hand(row))
    leg = Leg(coin, abs(paid.change))
    if _ALONE[kind]:
        draft.income(event, leg, abs(paid.value), category="reward")
    else:
        draft.spend(event, leg, abs(paid.value), category="fee")


def _paid(draft: Draft, event: Event, coin: str) -> _Paid:
    """The value of the row's Change, and of the fee within it."""
    row = event.row
    change, cash_flow = draft.number(row, "change", empty=0), draft.number(row, "cash flow", empty=0)
    fee = draft.number(row, "fee", empty=0)
    if change == cash_flow:  # no fee, or it was taken from fee credits
        fee = 0
    elif change not in (cash_flow - fee, -fee):
        shown = f"{quoted(row['change'])} is neither Cash Flow nor Cash Flow less fee"
        raise RowError(row, "change", shown, f"export the log again; {by_hand(row)}")
    return _Paid(change, _worth(draft, event, Leg(coin, change)), _worth(draft, event, Leg(coin, fee)))


def _worth(draft: Draft, event: Event, leg: Leg) -> int:
    """The signed value of a signed quantity of the log's coin."""
    row = event.row
    sign = -1 if leg.quantity < 0 else 1
    positive = Leg(leg.asset, abs(leg.quantity))
    if not leg.quantity:
        return 0
    inverse = row["instrument"].startswith(f"{leg.asset}-")
    if draft.currency == "USD" and inverse and row.get("index price"):
        return sign * draft.times(row, positive.quantity, draft.number(row, "index price"))
    return sign * draft.value(event, positive)


def _option(draft: Draft, event: Event, coin: str, *, delivered: bool, signed: bool) -> None:
    row = event.row
    quantity = abs(draft.number(row, "amount"))
    paid = _paid(draft, event, coin)
    leg = Leg(_POINT.sub("d", row["instrument"]), quantity)
    if delivered and not paid.change:
        draft.add(event, Kind.EXPIRE, leg)
        return
    side = row["side"].lower()
    if delivered and side not in ("close sell", "close buy"):
        side = "close sell" if paid.change > 0 else "close buy"
    if side not in _SIDES:
        raise RowError(
            row, "side", f"{quoted(row['side'])} is not a side", f"sides are {', '.join(_SIDES)}; {by_hand(row)}"
        )
    received = paid.value + paid.fee if side.endswith("sell") else -paid.value - paid.fee
    if received < 0:
        raise RowError(row, "change", f"{quoted(row['change'])} has the wrong sign for {side}", by_hand(row))
    closed = 0 if delivered else _closed(draft, row, quantity, side, signed=signed)
    if 0 < closed < quantity:
        first, second = (Kind.COVER, Kind.BUY) if side.endswith("buy") else (Kind.SELL, Kind.SHORT)
        part, fee = received * closed // quantity, paid.fee * closed // quantity
        draft.add(event, first, Leg(leg.asset, closed), part, fee, suffix="-close", leg_of=True)
        rest = Leg(leg.asset, quantity - closed)
        draft.add(event, second, rest, received - part, paid.fee - fee, suffix="-open", leg_of=True)
    else:
        draft.add(event, _SIDES[side], leg, received, paid.fee, leg_of=True)
    draft.cash(event, Leg(coin, paid.change), abs(paid.value))


def _closed(draft: Draft, row: Row, quantity: int, side: str, *, signed: bool) -> int:
    """How much of the trade closed a position of the other side, if the trade went through zero; else 0.

    `Position` is the position after the trade. Where a log writes it without a sign, a rest of the old position
    cannot be told from a new one by a closing row; such a row is taken at its word (`Side`).
    """
    after = draft.number(row, "position", empty=0)
    opened = after if side.endswith("buy") else -after
    return quantity - opened if 0 < opened < quantity and (signed or side.startswith("open")) else 0


def _session(draft: Draft, event: Event, coin: str) -> None:
    """A closed lot of the instrument for what the row paid or took."""
    row = event.row
    paid = _paid(draft, event, coin)
    draft.settle(event, row["instrument"], Leg(coin, paid.change), paid.value)


FORMATS = (
    Format(
        "deribit",
        "Deribit transaction log",
        "deribit",
        (
            "id",
            "userseq",
            "date",
            "instrument",
            "type",
            "side",
            "amount|base amount|size",
            "position",
            "price",
            "mark price",
            "cash flow",
            "funding",
            "fee rate",
            "fee|fee charged|fee paid",
            "fee balance",
            "change",
            "balance",
            "equity",
            "trade id",
            "order id",
            "info",
        ),
        read,
        optional=("index price", "note", "base amount"),
        when="date",
        zone="UTC",
        order="dmy",
        balance=Balance("", "balance", coin=lambda table: next(iter(sorted(_coins(table))), "")),
    ),
)

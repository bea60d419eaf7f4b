"""One order at a venue: placed at most once, whatever happens to the connection, then settled and its fills fetched.

An order carries the plan's own id of its step. When an answer is lost, nobody knows whether the venue has the order: it
is looked for by that id, with pauses longer than a venue takes an order late, and placed again only where it is not
found. What cannot be known stops the sending.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

from zkharvest.errors import UsageError
from zkharvest.harvest.markets import venue as venues
from zkharvest.harvest.markets.venue import Venue, reason
from zkharvest.harvest.plan_file import Step
from zkharvest.trades.text import parse_time

_LABELS = {"deribit": "label"}  # where ccxt has no unified name for the client's id
_PAGE = 500
_PLACINGS = 3
_POLLS = (0.2, 0.5, 1.0, 2.0, 4.0)


class Rejected(Exception):
    """The venue does not take the order, and does not have it."""


class Unclear(Exception):
    """Nobody knows whether the venue has the order."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the venue has it. `open`: it may fill further."""

    id: str
    client_id: str
    symbol: str
    side: str
    price: Decimal
    amount: Decimal
    filled: Decimal
    open: bool


def _decimal(value: Any) -> Decimal:
    try:
        return Decimal(str(value)) if value is not None else Decimal(0)
    except InvalidOperation:
        return Decimal(0)


def _order(found: Mapping[str, Any]) -> Order:
    if not found.get("id"):
        raise KeyError("id")
    info = found.get("info") or {}
    client = found.get("clientOrderId") or info.get("label") or ""
    closed = found.get("status") in ("closed", "canceled", "expired", "rejected")
    return Order(
        str(found["id"]), str(client), str(found.get("symbol")), str(found.get("side")), _decimal(found.get("price")),
        _decimal(found.get("amount")), _decimal(found.get("filled")), not closed,
    )  # fmt: skip


def can_find(venue: Venue) -> bool:
    """Whether the venue can be asked for all orders of ours; without it a lost answer could double an order."""
    has = venue.exchange.has
    closed = has.get("fetchOrders") or has.get("fetchClosedOrders") or has.get("fetchCanceledAndClosedOrders")
    return bool(venue.exchange.id in _LABELS or (has.get("fetchOpenOrders") and closed))


def find(venue: Venue, step: Step, since: int) -> Order | None:
    """The order of a step, if the venue has it. Raises UsageError if it cannot be asked, or has another by this id."""
    client_id = step.params["clientOrderId"]
    for order in _known(venue, step.symbol, client_id, since):
        if order.client_id == client_id:
            same = (order.symbol, order.side, order.price) == (step.symbol, step.side, Decimal(step.price))
            if not same or order.amount > Decimal(step.amount):
                message = f"{venue.label}: order {order.id} has the id of step {step.number}, but is another order"
                raise UsageError(message, "the plan was altered, or sent before under another name: make a new plan")
            return order
    return None


def _known(venue: Venue, symbol: str, client_id: str, since: int) -> Iterator[Order]:
    exchange = venue.exchange
    if exchange.id == "deribit":
        currency = exchange.markets[symbol]["settleId"] or exchange.markets[symbol]["quoteId"]
        request = {"currency": currency, "label": client_id}
        answer = venue.ask("orders", lambda: exchange.private_get_get_order_state_by_label(request))
        yield from (_order(exchange.parse_order(one)) for one in answer["result"])
        return
    if exchange.has.get("fetchOrders"):
        methods = [exchange.fetch_orders]
    else:
        closed = "fetchCanceledAndClosedOrders" if exchange.has.get("fetchCanceledAndClosedOrders") else ""
        methods = [exchange.fetch_open_orders]
        methods.append(exchange.fetch_canceled_and_closed_orders if closed else exchange.fetch_closed_orders)
    for method in methods:
        seen: set[str] = set()
        start = since
        while True:
            page = venue.ask("orders", lambda method=method, start=start: method(symbol, start, _PAGE))  # type: ignore[misc]
            new = [one for one in page if str(one["id"]) not in seen]
            yield from (_order(one) for one in new)
            seen.update(str(one["id"]) for one in new)
            if len(page) < _PAGE or not new:
                break
            start = max(int(one["timestamp"] or start) for one in page)


def place(venue: Venue, step: Step, amount: str, since: int, stop: Callable[[], str]) -> Order:
    """Place the order of a step, once. Raises Rejected, Unclear, or UsageError where the venue cannot be asked."""
    import ccxt

    exchange = venue.exchange
    params = dict(step.params)
    client_id = params.pop("clientOrderId")
    params[_LABELS.get(exchange.id, "clientOrderId")] = client_id
    said = ""
    for again in range(_PLACINGS):
        if again and stop():
            raise Unclear(f"{said}; stopped before it was placed again")
        try:
            with localcontext():  # ccxt changes the rounding of decimals and leaves it so
                answer = exchange.create_order(step.symbol, step.type, step.side, amount, step.price, params)
            order = _order(answer)
            return order if order.client_id else Order(order.id, client_id, *_same(step, amount), Decimal(0), open=True)
        except ccxt.NetworkError as error:
            said, certain = reason(error), False
        except ccxt.BadResponse as error:
            said, certain = reason(error), False
        except ccxt.BaseError as error:
            said, certain = reason(error), True
        except KeyError as error:  # an answer without an id
            said, certain = f"an answer without {error}", False
        found = _found_late(venue, step, since, patient=not certain)
        if found is not None:
            return found
        if certain:
            raise Rejected(said)
    raise Unclear(f"no answer to {_PLACINGS} tries, and the venue does not know the order: {said}")


def _same(step: Step, amount: str) -> tuple[str, str, Decimal, Decimal]:
    return step.symbol, step.side, Decimal(step.price), Decimal(amount)


def _found_late(venue: Venue, step: Step, since: int, *, patient: bool) -> Order | None:
    """The order of a step whose answer was lost, looked for until the venue would no longer take it."""
    for wait in venues.PAUSES if patient else (0.0,):
        if wait:
            venues.pause(wait)
        try:
            found = find(venue, step, since)
        except UsageError as error:
            raise Unclear(str(error).partition("\n")[0]) from None
        if found is not None:
            return found
    return None


def settle(venue: Venue, step: Step, order: Order, since: int) -> Order:
    """The order once it is closed: waited for, then cancelled. Raises Unclear if it stays open."""
    for wait in (0.0, *_POLLS, *_POLLS):
        if wait:
            venues.pause(wait)
        found = _again(venue, step, order, since)
        if not found.open:
            return found
        if wait == _POLLS[-1]:
            cancel(venue, order)
    raise Unclear(f"order {order.id} stays open although it was cancelled")


def _again(venue: Venue, step: Step, order: Order, since: int) -> Order:
    if venue.exchange.has.get("fetchOrder"):
        found = _order(venue.ask("order", lambda: venue.exchange.fetch_order(order.id, step.symbol)))
    else:
        again = find(venue, step, since)
        found = order if again is None else again
    return found


def cancel(venue: Venue, order: Order) -> None:
    """Cancel an order; one that is closed already is left as it is."""
    import ccxt

    def ask() -> None:
        try:
            with localcontext():
                venue.exchange.cancel_order(order.id, order.symbol)
        except (ccxt.OrderNotFound, ccxt.InvalidOrder):
            return

    venue.ask("cancelling", ask)


def fills(venue: Venue, step: Step, order: Order, since: int) -> list[dict[str, str]]:
    """The fills of a closed order in the columns that `harvest record` reads. Raises Unclear while some are missing."""
    exchange = venue.exchange
    for wait in (0.0, *_POLLS):
        if wait:
            venues.pause(wait)
        if exchange.has.get("fetchOrderTrades"):
            found = venue.ask("fills", lambda: exchange.fetch_order_trades(order.id, step.symbol))
        else:
            found = venue.ask("fills", lambda: exchange.fetch_my_trades(step.symbol, since, _PAGE))
        mine = {str(one["id"]): one for one in found if str(one.get("order")) == order.id}
        whole = sum((_decimal(one["amount"]) for one in mine.values()), Decimal(0))
        if whole == order.filled:
            return [_row(one, step) for one in sorted(mine.values(), key=lambda one: int(one["timestamp"]))]
    raise Unclear(f"order {order.id} filled {order.filled}, the fills that the venue tells add up to {whole}")


def _row(trade: Mapping[str, Any], step: Step) -> dict[str, str]:
    fee = trade.get("fee") or {}
    cost = str(fee.get("cost") or "")
    return {
        "id": str(trade["id"]),
        "order": step.params["clientOrderId"],
        "datetime": _moment(trade),
        "symbol": step.symbol,
        "side": step.side,
        "price": plain(trade["price"]),
        "amount": plain(trade["amount"]),
        "fee_cost": plain(cost) if cost else "",
        "fee_currency": str(fee.get("currency") or "") if cost else "",
    }


def _moment(trade: Mapping[str, Any]) -> str:
    text = str(trade.get("datetime") or "")
    parse_time(text)
    return text


def plain(value: Any) -> str:
    """A number as plain decimal text: 1e-05 is 0.00001, 0.50 is 0.5."""
    number = Decimal(str(value))
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def now_ms() -> int:
    """This moment in ms UTC."""
    return round(time.time() * 1000)

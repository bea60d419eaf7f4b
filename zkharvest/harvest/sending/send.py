"""A plan is sent: each step in its time, once, within the plan's band and a limit of money, until told to stop.

    routes = route(plan, venues)              # which venue takes which step; InputError names what does not fit
    sender = Sender(plan, routes, journal, wishes)
    outcome = sender.run()                    # or sender.cancel(): open orders of the plan are withdrawn

A re-entry follows what its sale really did: its amount is cut so that the delta stays within what the plan would have
reached. The first rejected order stops the sending: the next would hardly fare better. Everything is exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from fractions import Fraction
from typing import Any

from zkharvest.errors import InputError, Problem, UsageError
from zkharvest.harvest.markets import venue as venues
from zkharvest.harvest.markets.instruments import parse_instrument
from zkharvest.harvest.markets.venue import Venue
from zkharvest.harvest.plan_file import Plan, Step
from zkharvest.harvest.sending import orders
from zkharvest.harvest.sending.journal import Journal
from zkharvest.harvest.sending.orders import Rejected, Unclear
from zkharvest.trades.text import format_time, parse_time

_EXACT = Context(prec=60)
_LOOK = 1.0  # seconds between looks at the kill switch
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a plan is sent. `limit`: most money that all of its orders may add up to, over all runs.

    `wait`: for steps that are not due yet; else they are left for another run. `max_late` in ms.
    """

    limit: Decimal
    wait: bool = True
    max_late: int = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of a step: filled, partly filled, not filled, left out, rejected, unclear, waiting."""

    number: int
    venue: str
    state: str
    asked: str
    filled: str
    why: str = ""


@dataclass
class Outcome:
    """The steps as they came out and their fills. `stopped`: why the rest was not sent; `later`: it is not due yet."""

    steps: list[StepResult] = field(default_factory=list)
    fills: list[dict[str, str]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    stopped: str = ""
    later: str = ""


def route(plan: Plan, accounts: Sequence[tuple[str, Venue]]) -> dict[int, Venue]:
    """The venue of each step: of those named for its source, then of those named for all, the first that lists it.

    Raises InputError with every step that no venue takes as it stands: symbol, steps of amount and price, minima.
    """
    problems, found = list[Problem](), dict[int, Venue]()
    for step in plan.steps:
        able = [v for source, v in accounts if source == step.source] + [v for source, v in accounts if not source]
        listing = [venue for venue in able if venue.market(step.symbol) is not None]
        where = f"step {step.number}"
        if not listing:
            names = ", ".join(venue.label for venue in able) or "no venue"
            problems.append(Problem(where, f"{step.symbol} is not listed by {names}", "name the venue with --venue"))
            continue
        found[step.number] = listing[0]
        problems += [Problem(where, *said) for said in _unfit(listing[0], step, step.amount)]
    if problems:
        raise InputError(problems)
    return found


def _unfit(venue: Venue, step: Step, amount: str) -> list[tuple[str, str]]:
    """Why the venue would not take an order of this amount."""
    import ccxt

    market = venue.market(step.symbol)
    assert market is not None
    said = []
    if market.get("active") is False:
        said.append((f"{step.symbol} is not traded at {venue.label} now", "wait, or name another venue"))
    for what, text, rounded in (
        ("amount", amount, venue.exchange.amount_to_precision),
        ("price", step.price, venue.exchange.price_to_precision),
    ):
        grid = market["precision"][what]
        try:
            with localcontext():  # ccxt changes the rounding of decimals and leaves it so
                fits = Decimal(rounded(step.symbol, text)) == Decimal(text)
        except ccxt.InvalidOrder:
            fits = False
        if not fits:
            hint = f"plan with --{what}-step {grid}"
            said.append((f"{what} {text} of {step.symbol} is not a multiple of {grid} at {venue.label}", hint))
    least = (market.get("limits") or {}).get("amount", {}).get("min")
    if least is not None and Decimal(amount) < Decimal(str(least)):
        said.append((f"amount {amount} is below the {least} that {venue.label} takes", "plan fewer, larger slices"))
    cost = (market.get("limits") or {}).get("cost", {}).get("min")
    if cost is not None and Decimal(amount) * Decimal(step.price) < Decimal(str(cost)):
        said.append((f"the order is worth less than the {cost} that {venue.label} takes", "plan fewer, larger slices"))
    return said


def notional(plan: Plan, step: Step, amount: Decimal) -> Decimal:
    """An order's size in money: amount times limit; dollars as they are; a premium in coin at the price of the coin."""
    one = parse_instrument(step.symbol)
    if one is not None and one.in_dollars:
        return amount
    worth = amount * Decimal(step.price)
    if one is not None and one.inverse:
        lots = [lot for lot in plan.lots if lot.asset == one.coin and Decimal(lot.quantity)]
        if not lots:
            hint = "send it by other means"
            raise UsageError(f"step {step.number}: its premium is in {one.coin}, whose price is not known", hint)
        worth *= Decimal(lots[0].value) / Decimal(lots[0].quantity)
    return worth


class Sender:
    """Sends the steps of a plan; one journal, one run after another."""

    def __init__(
        self,
        plan: Plan,
        routes: Mapping[int, Venue],
        journal: Journal,
        wishes: Wishes,
        *,
        stop: Callable[[], str] = lambda: "",
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        for venue in {id(v): v for v in routes.values()}.values():
            if not orders.can_find(venue):
                hint = "place its orders by hand, and record their fills"
                raise UsageError(f"{venue.label}: cannot be asked which orders it has, so none is sent to it", hint)
        self.plan, self.routes, self.journal, self.wishes = plan, routes, journal, wishes
        self._stop, self._say = stop, say
        self.since = parse_time(plan.made) - HOUR_MS  # clocks differ
        deltas = [Fraction(step.delta) for step in plan.steps]
        self.low, self.high = min([Fraction(0), *deltas]), max([Fraction(0), *deltas])
        before = [Fraction(0), *deltas[:-1]]
        self.per_unit = {
            step.number: (after - first) / Fraction(step.amount)
            for step, first, after in zip(plan.steps, before, deltas, strict=True)
        }

    def check_size(self) -> Decimal:
        """What all orders of the plan add up to. Raises UsageError where that goes past the limit."""
        total = sum((notional(self.plan, s, Decimal(s.amount)) for s in self.plan.steps), Decimal(0))
        if total > self.wishes.limit:
            hint = "raise --limit if you mean it, or plan less"
            raise UsageError(f"the orders add up to {total:,.2f}, the limit is {self.wishes.limit:,.2f}", hint)
        return total

    def run(self) -> Outcome:
        """Send what is not finished. A connection that stays lost, or a reject, stops; nothing is sent twice."""
        self.check_size()
        made = Outcome()
        delta = Fraction(0)
        for step in self.plan.steps:
            result = self._finished(step)
            if result is None and not made.stopped and not made.later:
                self._until_due(step, made)
            if result is None:
                result = self._waiting(step) if made.stopped or made.later else self._send(step, delta, made)
            delta += self.per_unit[step.number] * Fraction(result.filled)
            made.steps.append(result)
        if made.stopped:
            self._withdraw(made)
        made.fills = self.fills()
        return made

    def _withdraw(self, made: Outcome) -> None:
        """After a stop nothing of the plan may stay open; where that cannot be done, it is said."""
        try:
            done = self.cancel()
        except (Unclear, UsageError) as error:
            made.stopped += f"; whether orders are open is not known: {str(error).partition(chr(10))[0]}"
            return
        made.cancelled = done.cancelled
        closed = {result.number: result for result in done.steps}
        made.steps = [closed.get(result.number, result) for result in made.steps]

    def fills(self) -> list[dict[str, str]]:
        """The fills of all finished steps, in the plan's order."""
        found: list[dict[str, str]] = []
        for step in self.plan.steps:
            entry = self.journal.finished(step.number)
            found += entry["fills"] if entry else []
        return found

    def cancel(self) -> Outcome:
        """Withdraw every open order of the plan, and keep what they filled. Finished steps are left alone."""
        made = Outcome(stopped="cancelled")
        for step in self.plan.steps:
            if self.journal.finished(step.number):
                continue
            venue = self.routes[step.number]
            order = orders.find(venue, step, self.since)
            if order is None:
                continue
            if order.open:
                orders.cancel(venue, order)
                made.cancelled.append(order.client_id)
            result = self._closed(step, venue, order)
            made.steps.append(result)
        made.fills = self.fills()
        return made

    def _finished(self, step: Step) -> StepResult | None:
        entry = self.journal.finished(step.number)
        if entry is None:
            return None
        return self._result(step, str(entry["asked"]), str(entry["filled"]))

    def _result(self, step: Step, asked: str, filled: str) -> StepResult:
        got = Decimal(filled)
        state = "filled" if got == Decimal(asked) else "partly filled" if got else "not filled"
        return StepResult(step.number, self.routes[step.number].label, state, asked, filled)

    def _waiting(self, step: Step) -> StepResult:
        return StepResult(step.number, self.routes[step.number].label, "waiting", step.amount, "0")

    def _until_due(self, step: Step, made: Outcome) -> None:
        """Wait for the step's time, or say why nothing more is sent."""
        due = parse_time(step.at)
        while True:
            said = self._stop()
            left = due - orders.now_ms()
            if said or left <= 0:
                break
            if not self.wishes.wait:
                made.later = f"step {step.number} is due at {step.at}: run it again then"
                return
            self._say(f"step {step.number} at {step.at}")
            venues.pause(min(left / 1000, _LOOK))
        if not said and -left > self.wishes.max_late:
            said = f"step {step.number} was due at {step.at}, too long ago (--max-late): make a new plan"
        made.stopped = said

    def _room(self, step: Step, delta: Fraction) -> Fraction:
        """The most of a step that keeps the delta within what the plan reaches."""
        unit = self.per_unit[step.number]
        if not unit:
            return Fraction(step.amount)
        room = (self.high - delta) / unit if unit > 0 else (self.low - delta) / unit
        return min(Fraction(step.amount), max(room, Fraction(0)))

    def _amount(self, step: Step, venue: Venue, delta: Fraction) -> tuple[str, str]:
        """The amount to send, and why it is less than planned; an amount of nothing is left out."""
        room = self._room(step, delta)
        if room == Fraction(step.amount):
            return step.amount, ""
        market = venue.market(step.symbol)
        assert market is not None
        grid = Decimal(str(market["precision"]["amount"]))
        steps = math.floor(room / Fraction(grid))
        amount = _EXACT.multiply(Decimal(steps), grid)
        text = f"{amount:f}" if steps else "0"
        why = f"cut from {step.amount}: the orders before it were not filled whole"
        if steps and (said := _unfit(venue, step, text)):
            return "0", f"left out: {said[0][0]}"
        return text, why if steps else "left out: the orders before it were not filled"

    def _send(self, step: Step, delta: Fraction, made: Outcome) -> StepResult:
        venue = self.routes[step.number]
        self._say(f"step {step.number}: {step.side} {step.amount} {step.symbol} at {venue.label}")
        try:
            known = orders.find(venue, step, self.since)  # of an earlier run, even if its journal is lost
        except UsageError as error:
            if not self.journal.last:  # nothing was sent: there is nothing to keep
                raise
            made.stopped = f"step {step.number} was not sent: {str(error).partition(chr(10))[0]}"
            return self._waiting(step)
        if known is not None:
            return self._closing(step, venue, known, made)
        amount, why = self._amount(step, venue, delta)
        if not Decimal(amount):
            return StepResult(step.number, venue.label, "left out", "0", "0", why)
        if said := self._stop():
            made.stopped = said
            return self._waiting(step)
        self.journal.add(step.number, "sending", venue=venue.label, amount=amount, at=format_time(orders.now_ms()))
        try:
            order = orders.place(venue, step, amount, self.since, self._stop)
        except Rejected as error:
            self.journal.add(step.number, "rejected", why=str(error))
            made.stopped = f"step {step.number} was rejected: {error}"
            return StepResult(step.number, venue.label, "rejected", amount, "0", str(error))
        except Unclear as error:
            return self._unclear(step, venue, amount, str(error), made)
        self.journal.add(step.number, "accepted", order=order.id, amount=amount)
        result = self._closing(step, venue, order, made)
        return replace(result, why=result.why or why)

    def _closing(self, step: Step, venue: Venue, order: orders.Order, made: Outcome) -> StepResult:
        try:
            return self._closed(step, venue, order)
        except (Unclear, UsageError) as error:
            return self._unclear(step, venue, f"{order.amount:f}", str(error).partition("\n")[0], made)

    def _unclear(self, step: Step, venue: Venue, amount: str, why: str, made: Outcome) -> StepResult:
        self.journal.add(step.number, "unclear", why=why)
        made.stopped = f"step {step.number} is unclear: {why}"
        return StepResult(step.number, venue.label, "unclear", amount, "0", why)

    def _closed(self, step: Step, venue: Venue, order: orders.Order) -> StepResult:
        """Wait until the order is closed, fetch its fills, and finish the step."""
        closed = orders.settle(venue, step, order, self.since)
        rows = orders.fills(venue, step, closed, self.since)
        asked, filled = orders.plain(closed.amount), orders.plain(closed.filled)
        self.journal.add(step.number, "done", order=closed.id, asked=asked, filled=filled, fills=rows)
        return self._result(step, asked, filled)


def dry_run(plan: Plan, routes: Mapping[int, Venue], journal: Journal | None) -> list[dict[str, Any]]:
    """What would be sent: each step with its venue, its size, and whether the book as it is would fill it."""
    books: dict[tuple[int, str], Any] = {}
    shown = []
    for step in plan.steps:
        venue = routes.get(step.number)
        entry = journal.last.get(step.number) if journal else None
        row: dict[str, Any] = {
            "step": step.number, "at": step.at, "venue": venue.label if venue else None, "side": step.side,
            "amount": step.amount, "symbol": step.symbol, "price": step.price,
            "notional": f"{notional(plan, step, Decimal(step.amount)):.2f}",
            "state": str(entry["event"]) if entry else "to send", "fillable": None,
        }  # fmt: skip
        if venue is not None:
            key = (id(venue), step.symbol)
            if key not in books:
                books[key] = venue.ask("book", lambda v=venue, s=step: v.exchange.fetch_order_book(s.symbol))  # type: ignore[misc]
            row["fillable"] = _fillable(books[key], step)
        shown.append(row)
    return shown


def _fillable(book: Mapping[str, Any], step: Step) -> str:
    """How much of the step the book holds at its limit or better."""
    limit, sells = Decimal(step.price), step.side == "sell"
    levels = [(Decimal(str(level[0])), Decimal(str(level[1]))) for level in (book["bids"] if sells else book["asks"])]
    within = sum((size for price, size in levels if (price >= limit if sells else price <= limit)), Decimal(0))
    takes = min(within, Decimal(step.amount))
    return f"{takes.quantize(Decimal(1).scaleb(-12), ROUND_FLOOR).normalize():f}"

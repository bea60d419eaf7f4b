"""Fills become canonical trades, held against the plan that they belong to.

    recorded = record(plan, fills, trades, wishes)     # or InputError with every fill that is refused
    recorded.trades                                    # all trades, the new ones with their lots named

A fill is refused if it goes past the plan, on the wrong side, at a worse price than its order's limit, before the
plan was made, or twice: then nothing is recorded. Everything here is exact: amount times price in 10^-8, rounded half
to even where the product is finer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from zkharvest.errors import InputError, Problem
from zkharvest.harvest.fills import Fill, money_of
from zkharvest.harvest.markets.instruments import parse_instrument
from zkharvest.harvest.plan_file import Plan, Step
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.regimes import find as find_regime
from zkharvest.ledger.results import Disposal
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.ledger.run import run_ledger
from zkharvest.spec import MONEY_LIMIT
from zkharvest.trades.model import Kind, LotPick, Trade, in_order, stated_currency
from zkharvest.trades.text import format_money, format_quantity, parse_quantity, parse_time, quoted

SCHEMA = "zkharvest/record/1"


@dataclass(frozen=True, slots=True)
class LotResult:
    """What became of a planned lot. Money in 10^-8 (`estimated` as the plan states it), quantities in 10^-18."""

    lot: str
    source: str
    asset: str
    planned: int
    sold: int
    basis: int
    proceeds: int
    loss: int
    estimated: str


@dataclass(frozen=True)
class Recorded:
    """All trades, which of them are new, and the plan's lots and steps as they came out.

    `elsewhere`: fills of derivatives that re-enter. They are held against the plan, but make no trade here.
    """

    trades: list[Trade]
    new: list[Trade]
    lots: list[LotResult]
    gaps: list[str]
    elsewhere: list[str] = field(default_factory=list)

    @property
    def loss(self) -> int:
        """The realised loss of the plan's lots, in 10^-8: what a proof of these trades declares."""
        return sum(lot.loss for lot in self.lots)

    def to_json(self, plan: Plan) -> dict[str, Any]:
        """`zkharvest/record/1`."""
        return {
            "schema": SCHEMA,
            "plan": plan.digest(),
            "fills": len([t for t in self.new if not t.id.endswith("-fee")]),
            "trades": len(self.trades),
            "loss": format_money(self.loss),
            "estimated_loss": f"{sum(Decimal(lot.estimated) for lot in self.lots):.2f}",
            "lots": [
                {
                    "lot": lot.lot, "source": lot.source, "asset": lot.asset,
                    "planned": format_quantity(lot.planned), "sold": format_quantity(lot.sold),
                    "basis": format_money(lot.basis), "proceeds": format_money(lot.proceeds),
                    "loss": format_money(lot.loss), "estimated_loss": lot.estimated,
                }
                for lot in self.lots
            ],
            "gaps": self.gaps,
            "elsewhere": self.elsewhere,
        }  # fmt: skip


def steps_of(
    plan: Plan, fills: Sequence[Fill], orders: Mapping[str, int], problems: list[Problem]
) -> list[Step | None]:
    """The step of each fill: by its order (`orders`: the venue's ids), or the client's, else in the plan's order."""
    by_client = {step.params.get("clientOrderId", ""): step for step in plan.steps}
    by_number = {step.number: step for step in plan.steps}
    left = {step.number: parse_quantity(step.amount) for step in plan.steps}
    found: list[Step | None] = []
    for fill in fills:
        step = by_client.get(fill.order) or by_number.get(orders.get(fill.order, 0))
        if step is None:
            fitting = [s for s in plan.steps if (s.symbol, s.side) == (fill.symbol, fill.side) and left[s.number]]
            step = fitting[0] if fitting else None
        if step is None:
            sides = {s.side for s in plan.steps if s.symbol == fill.symbol}
            if not sides:
                problems.append(
                    Problem(fill.where, f"{quoted(fill.symbol)} is not in the plan", "record other trades by import")
                )
            elif fill.side not in sides:
                problems.append(
                    Problem(fill.where, f"the plan does not {fill.side} {fill.symbol}", "a fill on the wrong side")
                )
            else:
                problems.append(
                    Problem(fill.where, "goes past the plan: all of its orders are filled", "record it by import")
                )
        elif (step.symbol, step.side) != (fill.symbol, fill.side):
            said = f"step {step.number} would {step.side} {step.symbol}, the fill did {fill.side} {fill.symbol}"
            problems.append(Problem(fill.where, said, "a fill on the wrong side, or of another order"))
        elif fill.amount > left[step.number]:
            # a fill of an order that is not named may run over into the next of the same kind: then name the orders
            over = format_quantity(fill.amount - left[step.number])
            problems.append(
                Problem(fill.where, f"goes past step {step.number} of the plan by {over}", "name its order")
            )
        else:
            left[step.number] -= fill.amount
        found.append(step)
    return found


def record(
    plan: Plan, fills: Sequence[Fill], trades: Sequence[Trade], orders: Mapping[str, int] | None = None
) -> Recorded:
    """The trades with the fills recorded. Raises InputError with every fill that is refused: nothing is recorded."""
    problems: list[Problem] = []
    fills = sorted(fills, key=lambda fill: fill.time)
    steps = steps_of(plan, fills, orders or {}, problems)
    made_at = parse_time(plan.made)
    known = {trade.ref for trade in trades}
    for fill, step in zip(fills, steps, strict=True):
        if step is None:
            continue
        limit = Decimal(step.price)
        if fill.price < limit if fill.side == "sell" else fill.price > limit:
            problems.append(Problem(fill.where, f"{fill.price} is worse than the limit {limit} of step {step.number}"))
        if fill.time < made_at:
            hint = "lots are identified no later than the sale (Reg. 1.1012-1(j)(2))"
            problems.append(Problem(fill.where, "came before the plan was made", hint))
        # a derivative's fill makes no trade, and its venue numbers fills by itself
        ref = f"{step.source}/{fill.id}" if not _is_elsewhere(plan, step) else f"{step.symbol} {fill.id}"
        if ref in known:
            problems.append(Problem(fill.where, f"{ref} is among the trades already", "leave it out"))
        known.add(ref)
    if problems:
        raise InputError(problems)
    currency = stated_currency(trades)
    new = list(_new_trades(plan, fills, [step for step in steps if step], currency, problems))
    if problems:
        raise InputError(problems)
    whole = in_order([*trades, *new])
    elsewhere = [
        f"{fill.id}: {fill.side} {format_quantity(fill.amount)} {fill.symbol} at {fill.price} fits the plan, but is "
        f"no trade here: {_told_by_venue(step)}"
        for fill, step in zip(fills, steps, strict=True)
        if step is not None and _is_elsewhere(plan, step)
    ]
    return Recorded(whole, new, *_results(plan, fills, steps, whole, new), elsewhere)


def _is_elsewhere(plan: Plan, step: Step) -> bool:
    """Whether a step re-enters by a derivative whose money moves as only the venue's own export tells.

    An option whose premium is paid in the money of the plan is a trade as a purchase of coin is (s.1234).
    """
    return step.role != "close" and step.symbol != f"{step.asset}/{plan.quote}" and not _paid_in_money(plan, step)


def _paid_in_money(plan: Plan, step: Step) -> bool:
    option = parse_instrument(step.symbol)
    return option is not None and option.kind.option and option.settles == plan.quote


def _told_by_venue(step: Step) -> str:
    """Why a derivative's fill makes no trade by itself."""
    instrument = parse_instrument(step.symbol)
    if instrument is not None and instrument.kind.option:
        coin = instrument.settles
        return f"its premium is paid in {coin}, which disposes of {coin} at the price that the venue's own export has"
    return "a future has no price paid for it; profit, loss and funding come with the settlements in the venue's export"


def _new_trades(
    plan: Plan, fills: Sequence[Fill], steps: Sequence[Step], currency: str, problems: list[Problem]
) -> Iterable[Trade]:
    sides = {(lot.source, lot.asset): lot.side for lot in plan.lots}
    rests = {step.number: [[p["lot"], parse_quantity(p["quantity"])] for p in step.lots] for step in plan.steps}
    for fill, step in zip(fills, steps, strict=True):
        side = sides.get((step.source, step.asset), "long")
        if _is_elsewhere(plan, step):
            continue
        closes = step.role == "close"
        buys = fill.side == "buy"
        kind = (Kind.COVER if buys else Kind.SELL) if closes else (Kind.BUY if buys else Kind.SHORT)
        derivative = step.symbol != f"{step.asset}/{plan.quote}" and not _paid_in_money(plan, step)
        if derivative and not (closes and side == "short"):
            message = f"{step.symbol} is a derivative: margin, premium and settlement are in the venue's own export"
            problems.append(Problem(fill.where, message, "import that export instead of this fill"))
            continue
        picks = _picks(rests[step.number], fill.amount)
        fee, coin_fee = _fee(fill, step, plan.quote, problems)
        trade = Trade(
            fill.time,
            step.source,
            fill.id,
            kind,
            step.asset,
            fill.amount,
            fill.money,
            fee,
            lots=picks,
            currency=currency,
        )
        if trade.amount >= MONEY_LIMIT:
            problems.append(Problem(fill.where, "its value is too large"))
        yield trade
        if coin_fee:  # Reg. 1.1012-1(h)(2)(ii)(C): a fee paid in units received comes from these units
            own = (LotPick(trade.ref, coin_fee),) if kind is Kind.BUY else ()
            yield replace(
                trade, id=f"{fill.id}-fee", kind=Kind.SPEND, quantity=coin_fee, amount=money_of(fill.price, coin_fee),
                fee=0, lots=own, category="fee",
            )  # fmt: skip


def _picks(rest: list[list[Any]], amount: int) -> tuple[LotPick, ...]:
    """The next lots of a step, as far as a fill goes; names that are the same are one pick."""
    found: dict[str, int] = {}
    for entry in rest:
        taken = min(amount, entry[1])
        if taken:
            found[entry[0]] = found.get(entry[0], 0) + taken
            amount, entry[1] = amount - taken, entry[1] - taken
    return tuple(LotPick(lot, quantity) for lot, quantity in found.items())


def _fee(fill: Fill, step: Step, quote: str, problems: list[Problem]) -> tuple[int, int]:
    """The fee in money (10^-8), and in the coin itself (10^-18)."""
    if not fill.fee:
        return 0, 0
    if fill.fee_currency == quote:
        return int((fill.fee * 10**8).quantize(Decimal(1), ROUND_HALF_EVEN)), 0
    if fill.fee_currency == step.asset and fill.fee > 0 and step.role == "reenter" and fill.side == "buy":
        return 0, int(fill.fee * 10**18)
    message = f"a fee in {quoted(fill.fee_currency)} cannot be valued here"
    problems.append(Problem(fill.where, message, f"fees in {quote}, or of a purchase in the coin, can; else import"))
    return 0, 0


def _results(
    plan: Plan, fills: Sequence[Fill], steps: Sequence[Step | None], whole: Sequence[Trade], new: Sequence[Trade]
) -> tuple[list[LotResult], list[str]]:
    """What the ledger makes of the new trades, lot by lot, and what differs from the plan."""
    regime = str(plan.election.get("regime", "us"))
    stated = Method(plan.election["method"]) if find_regime(regime).methods else None
    election = Election(
        stated, Pooling(plan.election["pooling"]), plan.election["timezone"], plan.election["year"], regime
    )
    mine = {trade.ref for trade in new if trade.kind in (Kind.SELL, Kind.COVER)}
    last = max((trade.time for trade in new), default=0)
    day = Calendar(election.timezone).date_of(last)  # fills of the next year are seen too
    run = run_ledger([trade for trade in whole if trade.time <= last], election, until=day) if new else None
    parts: dict[str, list[Disposal]] = {}
    for part in run.disposals if run else ():
        if part.trade_ref in mine:
            parts.setdefault(part.lot_ref, []).append(part)
    results, gaps = [], []
    planned: dict[str, list[Any]] = {}
    for lot in plan.lots:
        planned.setdefault(lot.lot, []).append(lot)
    for ref, lots in planned.items():
        found = parts.pop(ref, [])
        quantity = sum(parse_quantity(lot.quantity) - _zero(lot.unsold) for lot in lots)
        sold = sum(part.quantity for part in found)
        proceeds, basis = sum(part.proceeds for part in found), sum(part.basis for part in found)
        estimated = f"{sum(Decimal(lot.loss) for lot in lots):.2f}"
        results.append(
            LotResult(ref, lots[0].source, lots[0].asset, quantity, sold, basis, proceeds, basis - proceeds, estimated)
        )
        if sold != quantity:
            gaps.append(f"{ref}: planned {format_quantity(quantity)}, sold {format_quantity(sold) if sold else '0'}")
    for ref, found in parts.items():
        method = election.rule.upper()
        taken = format_quantity(sum(part.quantity for part in found))
        gaps.append(f"{ref}: not in the plan, but {method} took {taken} of it")
        quantity, proceeds = sum(p.quantity for p in found), sum(p.proceeds for p in found)
        basis = sum(p.basis for p in found)
        one = found[0]
        results.append(LotResult(ref, one.source, one.asset, 0, quantity, basis, proceeds, basis - proceeds, "0.00"))
    filled: dict[int, int] = {}
    for fill, step in zip(fills, steps, strict=True):
        if step is not None:
            filled[step.number] = filled.get(step.number, 0) + fill.amount
    for step in plan.steps:
        got = filled.get(step.number, 0)
        if got != parse_quantity(step.amount):
            shown = format_quantity(got) if got else "0"
            gaps.append(f"step {step.number} ({step.side} {step.symbol}): {shown} of {step.amount}")
    return results, gaps


def _zero(text: str) -> int:
    return 0 if text == "0" else parse_quantity(text)


def expected_fills(plan: Plan) -> list[Fill]:
    """The fills that the plan expects, at its limit prices: to see what the ledger will make of it."""
    return [
        Fill(f"planned-{step.number}", step.params["clientOrderId"], parse_time(step.at), step.symbol, step.side,
             Decimal(step.price), parse_quantity(step.amount), Decimal(0), "", f"step {step.number}")
        for step in plan.steps
        if "/" in step.symbol and ":" not in step.symbol
    ]  # fmt: skip

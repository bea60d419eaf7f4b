"""One sale, as a person would check it by hand: where each number comes from, and the arithmetic between them.

Everything is computed here once more, from the trades and the lots that were open just before the sale; `explain`
fails if the ledger says anything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from zkharvest.desk.form8949 import TradeNames, origin_of
from zkharvest.desk.lines import Days
from zkharvest.errors import UsageError, ZkharvestError
from zkharvest.ledger.regimes import only_us
from zkharvest.ledger.regimes.us import long_from
from zkharvest.ledger.report import clock, quantity_text
from zkharvest.ledger.results import Disposal, LedgerRun, OpenLot
from zkharvest.ledger.rules import (
    LONG_TERM,
    SHORT_TERM,
    UNIT_BITS,
    Method,
    Pool,
    Side,
    closing_value,
    opening_value,
)
from zkharvest.ledger.run import run_ledger
from zkharvest.spec import money_text
from zkharvest.trades.model import CLOSES_LOT, Kind, Trade
from zkharvest.trades.text import format_time

ORDER: dict[Method | None, str] = {
    None: "every unit has the average cost of all",
    Method.FIFO: "the lot bought first is taken first",
    Method.LIFO: "the lot bought last is taken first",
    Method.HIFO: "the lot with the highest cost of a unit, fee included, is taken first",
    Method.LOFO: "the lot with the lowest cost of a unit, fee included, is taken first",
    Method.SPECIFIC: "the trade names its lots",
}
_UNIT = 10**18


class DisagreementError(ZkharvestError):
    """The arithmetic by hand and the ledger differ: a bug."""


@dataclass(frozen=True, slots=True)
class Step:
    """One lot of the sale: title, and its lines."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """A sale explained: what it is, the rule that chose its lots, each lot, and the sums."""

    trade: str
    head: tuple[str, ...]
    candidates: tuple[tuple[str, ...], ...]
    steps: tuple[Step, ...]
    sums: tuple[str, ...]
    side: Side = Side.LONG

    @property
    def heading(self) -> tuple[str, ...]:
        """What stands above the candidates. A short lot has brought money, where a long one has cost it."""
        return CANDIDATE_COLUMNS if self.side is Side.LONG else tuple(map(_of_short, CANDIDATE_COLUMNS))


CANDIDATE_COLUMNS = ("lot", "acquired", "quantity left", "basis left", "a unit costs", "taken")


def _of_short(text: str) -> str:
    words = {"bought": "sold", "cost of a unit": "proceeds of a unit", "basis": "proceeds", "costs": "brought",
             "included": "taken off"}  # fmt: skip
    for word, other in words.items():
        text = text.replace(word, other)
    return text


def find_line(run: LedgerRun, name: str, read: Sequence[Trade] = ()) -> int:
    """The place of a trade that disposes, by id, `source/id`, or the number of a line of `ledger report`, from 1.

    Raises UsageError if there is none or several; of all trades that were `read`, it names one after the run's year.
    """
    in_year = [part for part in run.disposals if part.in_year]
    if name.isdigit() and not any(trade.id == name for trade in (*run.trades, *read)):
        if not 1 <= int(name) <= len(in_year):
            raise UsageError(f"the report has {len(in_year)} lines, not {name}", "count from 1, without the heading")
        return in_year[int(name) - 1].trade
    places = [
        place for place, trade in enumerate(run.trades) if name in (trade.id, trade.ref) and trade.kind in CLOSES_LOT
    ]
    if len(places) == 1:
        return places[0]
    if places:
        raise UsageError(f"several trades are called {name}", "write it as source/id")
    if any(name in (trade.id, trade.ref) for trade in run.trades):
        raise UsageError(f"{name} disposes of nothing", "name a sell, spend, cover or expire")
    if later := next((trade for trade in read if name in (trade.id, trade.ref)), None):
        text = f"{name} is of {format_time(later.time)}, after the tax year {run.election.year}"
        raise UsageError(text, "give the year of the sale with --year")
    raise UsageError(f"no trade is called {name}", "zkharvest ledger report lists the sales of the year")


def explain(run: LedgerRun, place: int) -> Explanation:
    """Explain the disposal at a place of `run.trades`. Raises DisagreementError if the ledger says otherwise."""
    only_us(run.election, "the arithmetic of a sale")
    trade = run.trades[place]
    parts = [part for part in run.disposals if part.trade == place]
    days, names = Days(run.election.timezone), TradeNames(run.trades)
    side = parts[0].side
    before = _pool_before(run, place, side)
    value, formula = _closing(trade, side)
    what, order = "proceeds" if side is Side.LONG else "cost of closing", ORDER[run.election.method]
    head = [
        f"{_event(trade)}, {clock('UTC')(trade.time)}, which is {days.of(trade.time)} in {run.election.timezone}",
        f"read from {origin_of([trade]) or 'a trade made by hand'}",
        f"{what}: {formula}",
        f"method {run.election.rule.upper()}: {order if side is Side.LONG else _of_short(order)}",
    ]
    taken = {part.lot: part.quantity for part in parts}
    candidates = tuple(
        (
            names.of(lot.seq),
            days.of(lot.acquired).isoformat(),
            quantity_text(lot.quantity),
            money_text(lot.value),
            money_text(lot.unit * _UNIT >> UNIT_BITS),
            quantity_text(taken[lot.seq]) if lot.seq in taken else "",
        )
        for lot in before
    )
    steps, left, rest = [], value, trade.quantity
    lots_left = {(lot.seq, number): (lot.quantity, lot.value) for number, lot in enumerate(before)}
    for number, part in enumerate(parts, 1):
        key = next(k for k, (quantity, _) in lots_left.items() if k[0] == part.lot and quantity >= part.quantity)
        quantity, basis = lots_left[key]
        lot_part, own_part = _part(basis, part.quantity, quantity), _part(left, part.quantity, rest)
        title = f"lot {number} of {len(parts)}: {quantity_text(part.quantity)} from {names.of(part.lot)}"
        shares = (basis, quantity, lot_part), (left, rest, own_part)
        steps.append(Step(title, tuple(_arithmetic(part, run.trades[part.lot], days, *shares))))
        _agree(part, lot_part, own_part)
        lots_left[key] = (quantity - part.quantity, basis - lot_part)
        left, rest = left - own_part, rest - part.quantity
    return Explanation(trade.ref, tuple(head), candidates, tuple(steps), tuple(_sums(parts)), side)


def _pool_before(run: LedgerRun, place: int, side: Side) -> list[OpenLot]:
    """The lots of the pool just before a trade, in the order of the method."""
    trade = run.trades[place]
    earlier = run_ledger(list(run.trades[:place]), run.election)
    wallet = trade.source if run.election.pooling == "wallet" else ""
    return [lot for lot in earlier.open_lots if lot.pool == Pool(trade.asset, wallet, side)]


def _closing(trade: Trade, side: Side) -> tuple[int, str]:
    """What a disposal brings or costs, and how that is figured."""
    if trade.kind is Kind.EXPIRE and not trade.fee:
        return 0, "it expires, at zero"
    value, sign = closing_value(trade, side), "-" if side is Side.LONG else "+"
    text = f"amount {money_text(trade.amount)} {sign} fee {money_text(trade.fee)} = {money_text(value)}"
    return value, text


def _part(value: int, quantity: int, of: int) -> int:
    """A share of an amount, cut off after the eighth decimal."""
    share = abs(value) * quantity // of
    return -share if value < 0 else share


def _event(trade: Trade) -> str:
    return f"{trade.kind.word} of {quantity_text(trade.quantity)} {trade.asset}, {trade.source}"


def _arithmetic(
    part: Disposal, opened: Trade, days: Days, lot: tuple[int, int, int], own: tuple[int, int, int]
) -> Iterator[str]:
    """The lines of one lot. `lot` and `own` are an amount, the quantity it is for, and the part's share of it."""
    long = part.side is Side.LONG
    sign = "-" if opened.kind is Kind.SHORT else "+"
    whole = f"amount {money_text(opened.amount)} {sign} fee {money_text(opened.fee)}"
    yield f"{_event(opened)}, {days.of(opened.time)}, read from {origin_of([opened]) or 'a trade made by hand'}"
    yield f"{'basis' if long else 'proceeds'} of the whole lot: {whole} = {money_text(opening_value(opened))}"
    if lot[1] != opened.quantity or opened.asset != part.asset:
        became = "" if opened.asset == part.asset else f"as {part.asset}, "
        yield f"left of it before this trade, {became}{quantity_text(lot[1])}: {money_text(lot[0])}"
    yield f"{'basis' if long else 'proceeds'}: {_share(lot, part.quantity)}"
    yield f"{'proceeds' if long else 'cost'}: {_share(own, part.quantity)}"
    yield f"gain: {money_text(part.proceeds)} - {money_text(part.basis)} = {money_text(part.gain)}"
    yield _term(part, days)


def _share(amounts: tuple[int, int, int], quantity: int) -> str:
    value, of, share = amounts
    if quantity == of:
        return f"{money_text(share)}, all that is left"
    factors = f"{money_text(value)} x {quantity_text(quantity)} / {quantity_text(of)}"
    return f"{factors} = {money_text(share)} (cut off after the eighth decimal)"


def _term(part: Disposal, days: Days) -> str:
    if part.side is Side.SHORT:
        return "short term: a short position always is (s.1233)"
    acquired, sold = days.of(part.acquired), days.of(part.disposed)
    first = long_from(acquired)
    word = "on or after" if sold >= first else "before"
    return (
        f"{part.term} term: acquired {acquired}, held for more than a year from {first} on; sold {sold}, "
        f"{word} that day"
    )


def _agree(part: Disposal, lot_part: int, own_part: int) -> None:
    proceeds, basis = (own_part, lot_part) if part.side is Side.LONG else (lot_part, own_part)
    if (proceeds, basis) != (part.proceeds, part.basis):
        raise DisagreementError(f"{part.trade_ref}: the arithmetic by hand differs from the ledger")


def _sums(parts: Sequence[Disposal]) -> list[str]:
    out = []
    for term in (SHORT_TERM, LONG_TERM):
        gains = [part.gain for part in parts if part.term == term]
        if len(gains) > 1:
            terms = " + ".join(money_text(gain) if gain >= 0 else f"({money_text(gain)})" for gain in gains)
            out.append(f"{term} term: {terms} = {money_text(sum(gains))}")
        elif gains:
            out.append(f"{term} term: {money_text(gains[0])}")
    if len({part.term for part in parts}) > 1:
        out.append(f"together: {money_text(sum(part.gain for part in parts))}")
    return out


def explanation_json(found: Explanation) -> dict[str, Any]:
    """The explanation as one object."""
    return {
        "trade": found.trade,
        "head": list(found.head),
        "candidates": [dict(zip(CANDIDATE_COLUMNS, row, strict=True)) for row in found.candidates],
        "lots": [{"title": step.title, "lines": list(step.lines)} for step in found.steps],
        "sums": list(found.sums),
    }

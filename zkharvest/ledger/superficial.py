"""Canada's superficial losses: which losses of a run s.54 of the Income Tax Act may deny, and how much of each.

A loss is superficial where the same property is acquired within 30 days before or after the disposal and some is held
at the end of these days; it is denied in the share min(sold, acquired, held) / sold (IT-456R) and goes into the cost
of what was acquired. The ledger does not apply it: whether a spouse or a corporation of the taxpayer acquired is not
in the trades. What it finds is shown beside the figures, for a person to decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.results import LedgerRun
from zkharvest.ledger.rules import Side
from zkharvest.trades.model import Kind, Trade

WINDOW = 30
_ADDS = (Kind.BUY, Kind.INCOME, Kind.DEPOSIT)
_TAKES = (Kind.SELL, Kind.SPEND, Kind.WITHDRAW)


@dataclass(frozen=True, slots=True)
class Superficial:
    """A loss of the year (10^-8) that looks superficial, and what of it would be denied. Quantities in 10^-18."""

    trade: Trade
    loss: int
    acquired: int
    held: int
    denied: int

    @property
    def text(self) -> str:
        """In a sentence."""
        from zkharvest.trades.text import format_money

        return (
            f"{self.trade.ref}: the loss of {format_money(self.loss)} looks superficial (s.54): {self.trade.asset} "
            f"was acquired within {WINDOW} days and is held after them; {format_money(self.denied)} would be denied"
        )


def superficial_losses(run: LedgerRun, trades: Sequence[Trade]) -> Iterator[Superficial]:
    """The losses of the year that s.54 may deny. `trades` are all there are, those after the year's end too."""
    calendar = Calendar(run.election.timezone)
    moves = _moves(trades)
    losses: dict[int, list[int]] = {}
    for part in run.disposals:
        if part.in_year and part.side is Side.LONG:
            sums = losses.setdefault(part.trade, [0, 0])
            sums[0] += part.quantity
            sums[1] -= part.gain
    for place, (sold, loss) in losses.items():
        if loss <= 0:
            continue
        trade = run.trades[place]
        day = calendar.date_of(trade.time)
        start = calendar.first_instant(day - timedelta(days=WINDOW))
        end = calendar.first_instant(day + timedelta(days=WINDOW + 1))
        own = moves.get(trade.asset, [])
        acquired = sum(change for time, change, bought in own if bought and start <= time < end)
        held = sum(change for time, change, _ in own if time < end)
        share = min(sold, acquired, held)
        if share > 0:
            yield Superficial(trade, loss, acquired, held, loss * share // sold)


def _moves(trades: Sequence[Trade]) -> dict[str, list[tuple[int, int, bool]]]:
    """By property, how each trade changes what is held, and whether it acquires; transfers change nothing.

    A deposit is of coin that was acquired elsewhere, at a time of its own.
    """
    moves: dict[str, list[tuple[int, int, bool]]] = {}
    for trade in trades:
        if trade.kind in _ADDS:
            change = (trade.time, trade.quantity, trade.kind is not Kind.DEPOSIT)
        elif trade.kind in _TAKES:
            change = (trade.time, -trade.quantity, False)
        else:
            continue
        moves.setdefault(trade.asset, []).append(change)
    return moves

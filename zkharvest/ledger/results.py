"""What a ledger run yields: disposals, totals, and the lots still open. Plain records, the same for every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from zkharvest.ledger.rules import Election, Pool, Side
from zkharvest.trades.model import Trade

SHORT_TERM, LONG_TERM = "short", "long"


@dataclass(frozen=True, slots=True)
class Disposal:
    """One lot part closed by one trade. Money in 10^-8, quantity in 10^-18, times in ms UTC.

    `trade` and `lot` are the places of the closing and the opening trade in `LedgerRun.trades`. `proceeds` of a long
    disposal and `basis` of a short one may be negative: a fee larger than the amount, or a rebate.
    """

    trade: int
    trade_ref: str
    lot: int
    lot_ref: str
    source: str
    asset: str
    side: Side
    quantity: int
    acquired: int
    disposed: int
    proceeds: int
    basis: int
    term: str
    in_year: bool

    @property
    def gain(self) -> int:
        """Proceeds less basis: negative for a loss (s.1001(a))."""
        return self.proceeds - self.basis


@dataclass(frozen=True, slots=True)
class OpenLot:
    """What is left of a lot in a pool: `value` is its basis, or the proceeds of a short; `unit` that of the whole lot.

    `seq` is the place of the opening trade in `LedgerRun.trades`.
    """

    pool: Pool
    seq: int
    lot_ref: str
    quantity: int
    value: int
    unit: int
    acquired: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the lot parts disposed of in the tax year; gains and losses are magnitudes, summed part by part."""

    proceeds: int = 0
    basis: int = 0
    short_term_gain: int = 0
    short_term_loss: int = 0
    long_term_gain: int = 0
    long_term_loss: int = 0

    @property
    def gain(self) -> int:
        """Proceeds less basis; the same as gains less losses, both terms together."""
        return self.proceeds - self.basis

    @property
    def net(self) -> int:
        """The net gain of the year, negative for a net loss."""
        return self.short_term_gain - self.short_term_loss + self.long_term_gain - self.long_term_loss

    @classmethod
    def of(cls, disposals: Iterable[Disposal]) -> Totals:
        """The totals of those disposals that lie in the tax year."""
        proceeds = basis = 0
        gains = {SHORT_TERM: 0, LONG_TERM: 0}
        losses = {SHORT_TERM: 0, LONG_TERM: 0}
        for part in disposals:
            if part.in_year:
                proceeds += part.proceeds
                basis += part.basis
                if part.gain >= 0:
                    gains[part.term] += part.gain
                else:
                    losses[part.term] -= part.gain
        return cls(proceeds, basis, gains[SHORT_TERM], losses[SHORT_TERM], gains[LONG_TERM], losses[LONG_TERM])


@dataclass(frozen=True)
class LedgerRun:
    """One run of the ledger. Disposals and open lots are made when first asked for: a total needs neither.

    `trades` are those that were run, in the order of the ledger; `later` counts the trades at or after the cut, which
    were left alone. `window` is the tax year [first instant, first instant of the next), `cut` where the run stopped.
    """

    election: Election
    trades: Sequence[Trade]
    later: int
    window: tuple[int, int]
    cut: int
    totals: Totals
    make_disposals: Callable[[], tuple[Disposal, ...]]
    make_open_lots: Callable[[], tuple[OpenLot, ...]]

    @cached_property
    def disposals(self) -> tuple[Disposal, ...]:
        """Every lot part closed before the cut, those of earlier years too, in the order in which they happened."""
        return self.make_disposals()

    @cached_property
    def open_lots(self) -> tuple[OpenLot, ...]:
        """The inventory at the cut: by asset, wallet, side; within a pool in the order of the method."""
        return self.make_open_lots()

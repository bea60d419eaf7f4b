"""United States, federal: digital assets held as capital assets.

Which lots: those of the wallet that a disposal is made from, for sales from 2025-01-01 on (Reg. 1.1012-1(j)); before,
universal pooling was common (Rev. Proc. 2024-28). In which order: as identified no later than the sale, by name or by
standing order such as HIFO; else first in, first out by the date of acquisition (Reg. 1.1012-1(j)(1), (3)).

What a lot is worth: cost, fees included (s.1012; Reg. 1.1012-1(h)). What a disposal brings: the amount realised, fees
taken off (s.1001(b); Reg. 1.1001-7). Income opens a lot at fair value (Rev. Rul. 2019-24, 2023-14).

Not law for digital assets as of 2026-11: the wash sale rule (s.1091 speaks of stock or securities).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from zkharvest.ledger.regimes.base import Demand, Regime, Sums
from zkharvest.ledger.rules import DEFAULT_TIMEZONE, LONG_TERM, SHORT_TERM, Method, Pooling, sort_key
from zkharvest.trades.model import Trade


def long_from(acquired: date) -> date:
    """The first local date on which a lot acquired on `acquired` is held long term (s.1222; Pub. 544).

    The count starts on the day after acquisition; a year later, same month and day, the lot has been held for
    more than a year. A count that starts on a leap day is over on March 1 of the next year (Rev. Rul. 66-7).
    """
    start = acquired + timedelta(days=1)
    if (start.month, start.day) == (2, 29):
        return date(start.year + 1, 3, 1)
    return start.replace(year=start.year + 1)


class UnitedStates(Regime):
    """Lots in the order of a method the taxpayer chooses; gains and losses by term. A short sale is always short."""

    name = "us"
    title = "United States"
    methods = tuple(Method)
    poolings = (Pooling.WALLET, Pooling.UNIVERSAL)
    timezone = DEFAULT_TIMEZONE
    holding = "us-1222"
    day_keys = (Method.FIFO, Method.LIFO)

    def key(self, method: Method | None, unit: int, day: int, seq: int) -> tuple[int, ...]:
        """A method is nothing but the order of the lots in a pool: by date acquired, one day's in the order of records.

        A deposit may have been acquired before it arrived; the regulation speaks of the date (Reg. 1.1012-1(j)(3)(i)).
        """
        assert method is not None, "regime_of asks for a method"
        place = sort_key(method)(unit, seq)
        if method is Method.FIFO:
            return (day, *place)
        return (-day, *place) if method is Method.LIFO else place

    def match(self, trade: Trade, method: Method | None, named: Sequence[int]) -> list[Demand]:
        """Specific identification names its lots (Reg. 1.1012-1(j)(3)(ii)); every other method takes from the front."""
        if method is not Method.SPECIFIC:
            return [(None, trade.quantity)]
        return [(lot, pick.quantity) for lot, pick in zip(named, trade.lots, strict=True)]

    def long_from(self, acquired: date) -> date:
        """More than one year, counted in days of the taxpayer's zone."""
        return long_from(acquired)

    def totals(self, sums: Sums) -> dict[str, int]:
        """What Schedule D adds up, and the net."""
        (short_gain, short_loss), (long_gain, long_loss) = (
            (sums.gains.get(term, 0), sums.losses.get(term, 0)) for term in (SHORT_TERM, LONG_TERM)
        )
        return {
            "proceeds": sums.proceeds,
            "basis": sums.basis,
            "gain": sums.proceeds - sums.basis,
            "short_term_gain": short_gain,
            "short_term_loss": short_loss,
            "long_term_gain": long_gain,
            "long_term_loss": long_loss,
            "net": short_gain - short_loss + long_gain - long_loss,
        }

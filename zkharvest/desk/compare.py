"""Two ledgers side by side: two methods on the same trades, or the same method on two imports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from zkharvest.errors import UsageError
from zkharvest.ledger.report import quantity_text
from zkharvest.ledger.results import Disposal, LedgerRun
from zkharvest.ledger.rules import LONG_TERM
from zkharvest.spec import money_text
from zkharvest.trades.model import Trade

TOTAL_COLUMNS = ("total", "first", "second", "second less first")
SALE_COLUMNS = ("trade", "what", "first", "second", "second less first", "why")
TRADE_COLUMNS = ("trade", "change", "first", "second")
_PLACES = frozenset({"line", "file", "origin"})  # where a trade was read says nothing of what it is


@dataclass(frozen=True, slots=True)
class SaleChange:
    """A trade that disposes, with another result in the two ledgers; gains in 10^-8, None where it is missing."""

    trade: str
    what: str
    first: int | None
    second: int | None
    why: str


@dataclass(frozen=True)
class Difference:
    """What differs: totals by name, sales by trade, and the trades themselves."""

    totals: Mapping[str, tuple[int, int]]
    sales: tuple[SaleChange, ...]
    trades: tuple[tuple[str, str, str, str], ...]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.sales and not self.trades and all(a == b for a, b in self.totals.values())


def compare(first: LedgerRun, second: LedgerRun) -> Difference:
    """Compare two runs of one year. Trades are the same if their source and id are.

    Raises UsageError for runs under the rules of two countries: their totals have other names.
    """
    one, other = first.election.regime, second.election.regime
    if one != other:
        raise UsageError(f"regimes {one} and {other} have different totals", "compare two runs of one country")
    totals = {name: (amount, second.totals[name]) for name, amount in first.totals.items()}
    return Difference(totals, tuple(_sales(first, second)), tuple(_trades(first.trades, second.trades)))


def _by_trade(run: LedgerRun) -> dict[str, list[Disposal]]:
    found: dict[str, list[Disposal]] = {}
    for part in run.disposals:
        if part.in_year:
            found.setdefault(part.trade_ref, []).append(part)
    return found


def _sales(first: LedgerRun, second: LedgerRun) -> Iterator[SaleChange]:
    a, b = _by_trade(first), _by_trade(second)
    for ref in dict.fromkeys([*a, *b]):
        own, other = a.get(ref), b.get(ref)
        shown = own or other
        assert shown is not None, "a name of one of the two"
        what = f"{quantity_text(sum(part.quantity for part in shown))} {shown[0].asset}"
        if own is None or other is None:
            where = "second" if own is None else "first"
            yield SaleChange(ref, what, _gain(own), _gain(other), f"only in the {where}")
            continue
        why = []
        if _terms(own) != _terms(other):
            why.append(f"{_terms(own)} becomes {_terms(other)}")
        if {(p.lot_ref, p.quantity) for p in own} != {(p.lot_ref, p.quantity) for p in other}:
            why.append(f"lots {_lots(own)} become {_lots(other)}")
        if _gain(own) != _gain(other) or why:
            yield SaleChange(ref, what, _gain(own), _gain(other), "; ".join(why) or "other amounts")


def _gain(parts: Sequence[Disposal] | None) -> int | None:
    return None if parts is None else sum(part.gain for part in parts)


def _terms(parts: Sequence[Disposal]) -> str:
    long = sum(part.gain for part in parts if part.term == LONG_TERM)
    words = sorted({part.term for part in parts})
    return " and ".join(words) if len(words) == 1 else f"short and long ({money_text(long)} long)"


def _lots(parts: Sequence[Disposal], most: int = 3) -> str:
    names = [part.lot_ref for part in parts]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _trades(first: Sequence[Trade], second: Sequence[Trade]) -> Iterator[tuple[str, str, str, str]]:
    a, b = ({trade.ref: trade for trade in trades} for trades in (first, second))
    for ref in dict.fromkeys([*a, *b]):
        own, other = a.get(ref), b.get(ref)
        if own is None or other is None:
            shown = own or other
            assert shown is not None, "a name of one of the two"
            text = f"{shown.kind.word} {quantity_text(shown.quantity)} {shown.asset}"
            yield (
                ref,
                "only in the second" if own is None else "only in the first",
                *(("", text) if own is None else (text, "")),
            )
        elif own != other:
            for field in fields(Trade):
                x, y = getattr(own, field.name), getattr(other, field.name)
                if x != y and field.name not in _PLACES:
                    yield ref, field.name, _shown(field.name, x), _shown(field.name, y)


def _shown(name: str, value: Any) -> str:
    if name in ("amount", "fee"):
        return money_text(value)
    if name in ("quantity", "into_quantity"):
        return quantity_text(value)
    return value.word if name == "kind" else str(value)


def total_rows(found: Difference) -> list[tuple[str, ...]]:
    """The totals as TOTAL_COLUMNS."""
    totals = found.totals.items()
    return [(name.replace("_", " "), money_text(a), money_text(b), money_text(b - a)) for name, (a, b) in totals]


def sale_rows(found: Difference) -> list[tuple[str, ...]]:
    """The sales that differ as SALE_COLUMNS."""
    return [
        (
            one.trade,
            one.what,
            "" if one.first is None else money_text(one.first),
            "" if one.second is None else money_text(one.second),
            money_text((one.second or 0) - (one.first or 0)),
            one.why,
        )
        for one in found.sales
    ]


def difference_json(found: Difference) -> dict[str, Any]:
    """Everything that differs, as one object."""
    return {
        "same": found.same,
        "totals": {
            name: {"first": money_text(a), "second": money_text(b), "difference": money_text(b - a)}
            for name, (a, b) in found.totals.items()
        },
        "sales": [
            dict(zip(("trade", "what", "first", "second", "difference", "why"), row, strict=True))
            for row in sale_rows(found)
        ],
        "trades": [dict(zip(TRADE_COLUMNS, row, strict=True)) for row in found.trades],
    }

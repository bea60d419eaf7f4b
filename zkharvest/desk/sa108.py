"""United Kingdom: the figures of form SA108 (capital gains summary) for tokens, and the computation to attach.

A row for each disposal: all that is disposed of of one token on one day (TCGA 1992 s.105(1)(a)), with the acquisitions
it is matched with. In pence; rows are rounded so that they add up to the exact sums, rounded once, and the gain is what
proceeds less costs give. Boxes are in whole pounds: gains and proceeds rounded down, costs and losses up, as the notes
to the form allow; sums are rounded once. The annual exempt amount and the losses of earlier years are for the return.

Boxes: from 2024-25 on tokens have a section of their own (13.1 to 13.5); before, "Other property, assets and gains"
(14 to 17, and 19).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from zkharvest.desk.amounts import Carry, plain
from zkharvest.desk.lines import Days
from zkharvest.ledger.regimes.uk import UnitedKingdom
from zkharvest.ledger.results import LedgerRun
from zkharvest.trades.text import format_quantity

COLUMNS = ("disposal", "day", "quantity", "asset", "proceeds", "allowable costs", "gain or loss", "matched with")
BOX_COLUMNS = ("box", "what", "amount")
RATES_CHANGED = date(2024, 10, 30)  # Finance Act 2025, s.7: other rates for disposals from this day on
_OLD, _NEW = ("14", "15", "16", "17", "19"), ("13.1", "13.2", "13.3", "13.4", "13.5")
_TEXT = ("Number of disposals", "Disposal proceeds", "Allowable costs (including purchase price)",
         "Gains in the year, before losses", "Losses in the year")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Disposed:
    """One disposal, in pence: gain = proceeds - costs. `matched` says by which rule, and with what."""

    day: date
    asset: str
    quantity: int
    proceeds: int
    costs: int
    matched: str

    @property
    def gain(self) -> int:
        """Negative for a loss."""
        return self.proceeds - self.costs


@dataclass(frozen=True)
class Sa108:
    """The disposals of a tax year; `open_until`, if it is set, is a day up to which later records can change them."""

    year: int
    rows: tuple[Disposed, ...]
    open_until: date | None

    @property
    def first_day(self) -> date:
        """6 April of the year before."""
        return date(self.year - 1, 4, 6)

    def sums(self, first: date = date.min, last: date = date.max) -> tuple[int, int, int, int]:
        """Proceeds, costs, gains and losses (as magnitudes), in pence, of the disposals from one day to another."""
        rows = [row for row in self.rows if first <= row.day <= last]
        return (
            sum(row.proceeds for row in rows),
            sum(row.costs for row in rows),
            sum(row.gain for row in rows if row.gain > 0),
            -sum(row.gain for row in rows if row.gain < 0),
        )


@dataclass
class _Sums:
    quantity: int = 0
    proceeds: int = 0
    costs: int = 0
    matched: dict[str, int] = field(default_factory=dict)


def make_sa108(run: LedgerRun) -> Sa108:
    """The figures from a run under the regime of the United Kingdom."""
    days = Days(run.election.timezone)
    exact: dict[tuple[date, str], _Sums] = {}
    charged: set[int] = set()
    for part in run.disposals:
        if not part.in_year:
            continue
        day = days.of(part.disposed)
        sums = exact.setdefault((day, part.asset), _Sums())
        fee = 0 if part.trade in charged else run.trades[part.trade].fee  # the ledger's proceeds are net of it
        charged.add(part.trade)
        sums.quantity += part.quantity
        sums.proceeds += part.proceeds + fee
        sums.costs += part.basis + fee
        rule = _rule(day, days.of(part.acquired))
        sums.matched[rule] = sums.matched.get(rule, 0) + part.quantity
    proceeds, costs = Carry(), Carry()
    rows = tuple(
        Disposed(
            day, asset, one.quantity, proceeds.cents(one.proceeds), costs.cents(one.costs),
            "; ".join(f"{format_quantity(quantity)} {rule}" for rule, quantity in one.matched.items()),
        )
        for (day, asset), one in sorted(exact.items())
    )  # fmt: skip
    last = days.of(run.trades[-1].time) if run.trades else date.min
    settled = rows[-1].day + timedelta(days=UnitedKingdom.days_ahead) if rows else date.min
    return Sa108(run.election.year, rows, settled if last < settled else None)


def _rule(disposed: date, acquired: date) -> str:
    if acquired == disposed:
        return "same day"
    return f"30 days ({acquired.isoformat()})" if acquired > disposed else "section 104 holding"


def sa108_rows(form: Sa108) -> Iterator[tuple[str, ...]]:
    """The computation as a table (COLUMNS): each disposal, and the total."""
    for number, row in enumerate(form.rows, 1):
        money = (plain(row.proceeds), plain(row.costs), plain(row.gain))
        yield (str(number), row.day.isoformat(), format_quantity(row.quantity), row.asset, *money, row.matched)
    proceeds, costs, _, _ = form.sums()
    yield ("total", "", "", "", plain(proceeds), plain(costs), plain(proceeds - costs), "")


def box_rows(form: Sa108) -> Iterator[tuple[str, str, str]]:
    """The boxes of the form (BOX_COLUMNS), in whole pounds; gains apart where the rates changed within the year."""
    proceeds, costs, gains, losses = form.sums()
    amounts = (len(form.rows), proceeds // 100, -(-costs // 100), gains // 100, -(-losses // 100))
    boxes = _NEW if form.year >= 2025 else _OLD
    for box, text, amount in zip(boxes, _TEXT, amounts, strict=True):
        yield box, text, str(amount)
    if form.first_day < RATES_CHANGED <= date(form.year, 4, 5):
        before, after = RATES_CHANGED - timedelta(days=1), RATES_CHANGED
        yield "", f"of the gains, of disposals up to {before.isoformat()}", str(form.sums(last=before)[2] // 100)
        yield "", f"of the gains, of disposals from {after.isoformat()} on", str(form.sums(first=after)[2] // 100)


def sa108_notes(form: Sa108) -> Iterator[str]:
    """What a reader must know."""
    if form.open_until is not None:
        yield (
            f"tokens acquired up to {form.open_until.isoformat()} can still be matched with these disposals (30 days), "
            "and the records end before: make the figures again then"
        )


def sa108_json(form: Sa108) -> dict[str, Any]:
    """The boxes and the computation as one object."""
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in sa108_rows(form)]
    return {
        "year": form.year,
        "from": form.first_day.isoformat(),
        "to": date(form.year, 4, 5).isoformat(),
        "boxes": [dict(zip(BOX_COLUMNS, row, strict=True)) for row in box_rows(form)],
        "disposals": rows[:-1],
        "total": rows[-1],
        "notes": list(sa108_notes(form)),
    }

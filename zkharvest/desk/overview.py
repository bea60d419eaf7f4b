"""All that the report says, as plain data: the page, the PDF and the JSON show the same figures, those of the forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from zkharvest.desk.amounts import Carry, plain, signed, to_cents
from zkharvest.desk.form8949 import FIRST_DIGITAL_YEAR, Form8949, Row, TradeNames, make_form, origin_of, total_json
from zkharvest.desk.income import Income, income_json, income_of
from zkharvest.desk.lines import Days, lines_of
from zkharvest.desk.methods import MethodResult, Others, all_methods, other_methods
from zkharvest.desk.reconcile import Reconciled
from zkharvest.desk.scheduled import ScheduleD, make_schedule
from zkharvest.errors import Problem, grouped
from zkharvest.ledger.checks import doubts
from zkharvest.ledger.regimes.us import long_from
from zkharvest.ledger.results import LedgerRun
from zkharvest.ledger.rules import Pooling, Side
from zkharvest.trades.model import Trade
from zkharvest.trades.text import format_quantity

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip
SOON = 60  # days: lots that turn long within them are pointed out


@dataclass(frozen=True, slots=True)
class Sums:
    """Short-term and long-term gain and proceeds of some sales, in cents."""

    label: str
    short: int
    long: int
    proceeds: int

    @property
    def total(self) -> int:
        """Both terms."""
        return self.short + self.long


@dataclass(frozen=True, slots=True)
class Held:
    """A lot held at the end of the year. `long_on` is the first day on which its sale is long term."""

    asset: str
    wallet: str
    short_side: bool
    quantity: str
    cents: int
    acquired: date
    age: int
    long_on: date
    name: str
    origin: str


@dataclass(frozen=True, slots=True)
class Sale:
    """One trade that disposes, and its rows on the form: one a lot."""

    day: date
    what: str
    name: str
    kind: str
    source: str
    origin: str
    rows: tuple[Row, ...]

    @property
    def gain(self) -> int:
        """Of all rows, in cents."""
        return sum(row.gain for row in self.rows)


@dataclass(frozen=True)
class Overview:
    """The report of a year."""

    run: LedgerRun
    form: Form8949
    schedule: ScheduleD | None
    income: Income
    months: tuple[Sums, ...]
    assets: tuple[Sums, ...]
    held: tuple[Held, ...]
    last_day: date
    methods: tuple[MethodResult, ...]
    sales: tuple[tuple[str, tuple[Sale, ...]], ...]
    lot_names: Mapping[int, str]
    currency: str
    source: str
    digest: str
    doubts: tuple[Problem, ...] = ()

    @property
    def net(self) -> int:
        """Net gain of the year, in cents, as the form adds it up."""
        return self.form.short.gain + self.form.long.gain

    @property
    def count(self) -> tuple[int, int]:
        """Sales, and lots taken by them."""
        return sum(len(sales) for _, sales in self.sales), len(self.form.rows)


def make_overview(
    run: LedgerRun,
    trades: Sequence[Trade],
    *,
    source: str,
    digest: str,
    found: Reconciled | None = None,
    others: Others | None = None,
) -> Overview:
    """Everything about a year. `trades` are all of the file, for what the other methods would have given.

    `others` waits for the results of those methods where they were begun before (`begin_others`).
    """
    form = (
        make_form(lines_of(run), run.election.year)
        if found is None
        else make_form(found.lines, run.election.year, found.reported)
    )
    currency = next((trade.currency for trade in run.trades if trade.currency), "USD")
    days = Days(run.election.timezone)
    last_day = days.of(run.cut - 1)
    names = TradeNames(run.trades)
    return Overview(
        run=run,
        form=form,
        schedule=make_schedule(form) if currency == "USD" else None,
        income=income_of(run),
        months=tuple(_sums(form.rows, lambda row: row.line.disposed.month, lambda month: MONTHS[month - 1])),
        assets=tuple(sorted(_sums(form.rows, lambda row: row.line.asset, str), key=lambda s: (-abs(s.total), s.label))),
        held=tuple(_held(run, days, last_day, names)),
        last_day=last_day,
        methods=all_methods(run, others() if others is not None else other_methods(trades, run.election)),
        sales=tuple(_sales(run, form, names)),
        lot_names={lot: names.of(lot) for row in form.rows for lot in row.line.lots},
        currency=currency,
        source=source,
        digest=digest,
        doubts=tuple(doubts(trades, run.election.pooling)),
    )


def _sums(rows: Iterable[Row], key: Any, label: Any) -> Iterable[Sums]:
    sums: dict[Any, list[int]] = {}
    for row in rows:
        held = sums.setdefault(key(row), [0, 0, 0])
        held[0 if row.line.short_term else 1] += row.gain
        held[2] += row.proceeds
    return [Sums(label(what), *sums[what]) for what in sorted(sums)]


def _held(run: LedgerRun, days: Days, last_day: date, names: TradeNames) -> Iterable[Held]:
    carry = Carry()
    for lot in run.open_lots:
        acquired = days.of(lot.acquired)
        yield Held(
            asset=lot.pool.asset,
            wallet=lot.pool.wallet or "all wallets",
            short_side=lot.pool.side is Side.SHORT,
            quantity=format_quantity(lot.quantity),
            cents=carry.cents(lot.value),
            acquired=acquired,
            age=(last_day - acquired).days,
            long_on=long_from(acquired),
            name=names.of(lot.seq),
            origin=origin_of([run.trades[lot.seq]]),
        )


def _sales(run: LedgerRun, form: Form8949, names: TradeNames) -> Iterable[tuple[str, tuple[Sale, ...]]]:
    """The sales by month, in order of time."""
    rows = sorted(form.rows, key=lambda row: (row.line.disposed.month, row.line.place, row.line.lots))
    for month, of_month in groupby(rows, key=lambda row: row.line.disposed.month):
        sales = []
        for place, group in groupby(of_month, key=lambda row: row.line.place):
            own = tuple(group)
            trade = run.trades[place]
            quantity = sum(row.line.quantity for row in own)
            what = f"{format_quantity(quantity)} {trade.asset}"
            day, origin = own[0].line.disposed, origin_of([trade])
            sales.append(Sale(day, what, names.of(place), trade.kind.word, trade.source, origin, own))
        yield MONTHS[month - 1], tuple(sales)


# In words


def summary(view: Overview) -> list[str]:
    """The year in a few sentences, what matters most first."""
    run, form = view.run, view.form
    sales, lots = view.count
    money = view.currency
    out = []
    if not lots:
        out.append(f"Nothing was sold or otherwise disposed of in {run.election.year}.")
    else:
        word = "gain" if view.net >= 0 else "loss"
        out.append(
            f"The year {run.election.year} closes with a net {word} of {signed(abs(view.net))} {money}: "
            f"short term {signed(form.short.gain)}, long term {signed(form.long.gain)}."
        )
        out.append(
            f"It comes from {counted(sales, 'sale or other disposal', 'sales and other disposals')} that took "
            f"{counted(lots, 'lot or part of one', 'lots and parts of lots')}, for proceeds of "
            f"{signed(form.short.proceeds + form.long.proceeds)} {money}."
        )
    schedule = view.schedule
    if schedule is not None and schedule.lines["21"]:
        carried = schedule.carried_out
        rest = carried.short + carried.long
        text = f"Of the loss, {signed(schedule.lines['21'])} can be deducted from other income of the year (s.1211(b))"
        after = f"; without other gains or losses, {signed(rest)} is carried to {run.election.year + 1}"
        out.append(f"{text}{after if rest else ''}.")
    if view.income.receipts:
        out.append(
            f"Income received in coin: {signed(view.income.total)} {money} in "
            f"{counted(len(view.income.receipts), 'receipt', 'receipts')}."
        )
    long_lots = [lot for lot in view.held if not lot.short_side]
    if long_lots:
        soon = [lot for lot in long_lots if 0 < (lot.long_on - view.last_day).days <= SOON]
        basis = sum(lot.cents for lot in long_lots)
        assets = len({lot.asset for lot in long_lots})
        text = (
            f"At the end of {view.last_day.isoformat()}, {counted(len(long_lots), 'lot', 'lots')} of "
            f"{counted(assets, 'asset', 'assets')} {'was' if len(long_lots) == 1 else 'were'} held, with a basis of "
            f"{signed(basis)} {money}"
        )
        out.append(f"{text}; {counted(len(soon), 'turns', 'turn')} long within {SOON} days." if soon else f"{text}.")
    return out


def warnings(view: Overview) -> list[str]:
    """What a reader must know before relying on the figures."""
    election = view.run.election
    out = []
    if view.currency == "USD" and election.year >= FIRST_DIGITAL_YEAR:
        if election.pooling is Pooling.UNIVERSAL:
            out.append(
                "From 2025-01-01 on, lots are kept wallet by wallet or account by account (Reg. 1.1012-1(j), Rev. "
                "Proc. 2024-28). A taxpayer in the United States cannot treat all wallets as one pool for this year."
            )
        out.append(
            "The method cannot be chosen after the fact: lots are identified no later than the time of the sale, in "
            "your own books or with the broker; otherwise first-in, first-out applies (Reg. 1.1012-1(j)(3)). The "
            "comparison of methods below says what would have been, not what can still be filed."
        )
    if view.currency != "USD":
        out.append(
            f"Amounts are in {view.currency}, and the rules are those of the United States: lots by "
            f"{election.rule.upper()}, long term after a year. They are not those of another country; for the United "
            "Kingdom zkharvest report sa108 has the figures, for Canada zkharvest report schedule3."
        )
    late = [trade for trade in view.run.trades if trade.unexplained]
    if late:
        out.append(
            f"{counted(len(late), 'deposit has', 'deposits have')} no declared basis; the basis counts as zero, so the "
            "gain may be too high."
        )
    for one, more in grouped(view.doubts):
        also = f" (and {more:,} more like it)" if more else ""
        out.append(f"{one.where}: {one.message}{also}; {one.hint}.")
    return out


def counted(number: int, one: str, many: str) -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many}"


def overview_json(view: Overview) -> dict[str, Any]:
    """The report's figures as one object (the lines are those of `report form8949 --json`)."""

    def sums(items: Sequence[Sums]) -> list[dict[str, str]]:
        return [{"label": s.label, "short_term": plain(s.short), "long_term": plain(s.long)} for s in items]

    return {
        "currency": view.currency,
        "source": view.source,
        "sha256": view.digest,
        "summary": summary(view),
        "warnings": warnings(view),
        "short_term": total_json(view.form.short),
        "long_term": total_json(view.form.long),
        "net": plain(view.net),
        "by_month": sums(view.months),
        "by_asset": sums(view.assets),
        "income": {k: v for k, v in income_json(view.income).items() if k != "receipts"},
        "held": [
            {
                "asset": lot.asset, "wallet": lot.wallet, "side": "short" if lot.short_side else "long",
                "quantity": lot.quantity, "basis": plain(lot.cents), "acquired": lot.acquired.isoformat(),
                "age_days": lot.age, "long_on": lot.long_on.isoformat(), "lot": lot.name, "origin": lot.origin,
            }
            for lot in view.held
        ],
        "methods": [
            {
                "method": one.method.value, "chosen": one.chosen,
                "short_term": _text(one.short), "long_term": _text(one.long),
                "net": _text(None if one.short is None or one.long is None else one.short + one.long),
                "problem": one.problem,
            }
            for one in view.methods
        ],
    }  # fmt: skip


def _text(money: int | None) -> str | None:
    return None if money is None else plain(to_cents(money))

"""The broker's Form 1099-DA against the ledger, row by row: what agrees, what differs and why, and what it does to
Form 8949 (its box, and codes B, E, T, W in column (f)).

Sources: Instructions for Form 8949 (2025), "Box A or Box G" to "Box F or Box L", "How To Complete Form 8949, Columns
(f) and (g)", "Worksheet for Basis Adjustments in Column (g)".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from zkharvest.desk.amounts import CENT, plain, split, to_cents
from zkharvest.desk.broker import BrokerSale
from zkharvest.desk.form8949 import Reported, TradeNames
from zkharvest.desk.lines import Line, is_digital_asset
from zkharvest.ledger.results import LedgerRun
from zkharvest.trades.model import Kind
from zkharvest.trades.text import format_quantity

COLUMNS = (
    "status", "row", "asset", "day", "units", "trades", "broker_proceeds", "ledger_proceeds", "broker_basis",
    "ledger_basis", "codes", "why",
)  # fmt: skip
_NEAR = CENT  # a broker's amounts are whole cents: less than one cent is rounding
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison: rows of the broker and lines of the ledger (by number) that belong together, and what differs."""

    status: str  # matched, explained, differs, only-broker, only-ledger
    rows: tuple[BrokerSale, ...]
    lines: tuple[int, ...]
    codes: str
    why: tuple[str, ...]


@dataclass(frozen=True)
class Reconciled:
    """The lines with the adjustments that the comparison asks for, what was reported of each, and the findings."""

    lines: tuple[Line, ...]
    reported: Mapping[int, Reported]
    findings: tuple[Finding, ...]

    @property
    def open(self) -> list[Finding]:
        """Findings that a person must look at before filing."""
        return [one for one in self.findings if one.status in ("differs", "only-broker")]


def reconcile(run: LedgerRun, lines: Sequence[Line], broker: Sequence[BrokerSale]) -> Reconciled:
    """Compare. Rows and sales meet by asset, day and units; a row may cover several lots or sales, or the reverse."""
    made = list(lines)
    reported: dict[int, Reported] = {}
    findings: list[Finding] = []
    matched, alone = _match(lines, broker)
    for rows, numbers in matched:
        finding = _compare(run, made, rows, numbers, reported)
        findings.append(finding)
    findings += [Finding("only-broker", (row,), (), "", tuple(_missing(run, row))) for row in alone]
    told = {number for _, numbers in matched for number in numbers}
    for number, line in enumerate(lines):
        if number not in told and is_digital_asset(line.asset):
            findings.append(Finding("only-ledger", (), (number,), "", (_unreported(run, line, broker),)))
    return Reconciled(tuple(made), reported, tuple(findings))


def _match(
    lines: Sequence[Line], broker: Sequence[BrokerSale]
) -> tuple[list[tuple[tuple[BrokerSale, ...], tuple[int, ...]]], list[BrokerSale]]:
    """Pairs of broker rows and line numbers with the same units, and the rows that have no match."""
    sales: dict[int, list[int]] = defaultdict(list)  # by the trade that disposes
    for number, line in enumerate(lines):
        if is_digital_asset(line.asset):
            sales[line.place].append(number)
    free: dict[tuple[str, Any], dict[int, None]] = defaultdict(dict)
    for place, numbers in sales.items():
        first = lines[numbers[0]]
        free[first.asset.upper(), first.disposed][place] = None
    units = {place: sum(lines[n].quantity for n in numbers) for place, numbers in sales.items()}
    proceeds = {place: sum(lines[n].proceeds for n in numbers) for place, numbers in sales.items()}
    found: list[tuple[tuple[BrokerSale, ...], tuple[int, ...]]] = []
    rest = list(broker)

    def fits(row: BrokerSale, place: int) -> bool:
        source = lines[sales[place][0]].source.casefold()
        return (
            not row.broker
            or row.broker.casefold() in source
            or source in row.broker.casefold()
            or not any(one.source.casefold() == row.broker.casefold() for one in lines)
        )

    def take(rows: Sequence[BrokerSale], places: Sequence[int], key: tuple[str, Any]) -> None:
        for place in places:
            del free[key][place]
        found.append((tuple(rows), tuple(n for place in places for n in sales[place])))

    for shift in (0, 1, -1):  # the broker's day may be one of another time zone
        still: list[BrokerSale] = []
        for row in rest:  # one row, one sale
            key = (row.asset.upper(), row.sold + shift * _DAY)
            fitting = [place for place in free[key] if units[place] == row.units and fits(row, place)]
            if fitting:
                take([row], [min(fitting, key=lambda place: abs(proceeds[place] - row.proceeds))], key)
            else:
                still.append(row)
        groups: dict[tuple[str, Any, str], list[BrokerSale]] = defaultdict(list)
        for row in still:
            groups[row.asset.upper(), row.sold + shift * _DAY, row.broker].append(row)
        rest = []
        for (asset, day, _), rows in groups.items():  # several rows, several sales: all of a day
            key = (asset, day)
            places = [place for place in free[key] if fits(rows[0], place)]
            if places and sum(units[place] for place in places) == sum(row.units for row in rows):
                take(rows, places, key)
                continue
            for place in places:  # one sale in several rows, lot by lot
                if sum(row.units for row in rows) == units[place]:
                    take(rows, [place], key)
                    break
            else:
                rest.extend(rows)
    return found, rest


def _compare(
    run: LedgerRun,
    lines: list[Line],
    rows: tuple[BrokerSale, ...],
    numbers: tuple[int, ...],
    reported: dict[int, Reported],
) -> Finding:
    """Compare rows with the lines they match; puts the adjustments into `lines` and what was told into `reported`."""
    own = [lines[n] for n in numbers]
    proceeds, basis = sum(line.proceeds for line in own), sum(line.basis for line in own)
    told = sum(row.proceeds for row in rows)
    fees = sum(run.trades[place].fee for place in {line.place for line in own})
    with_basis = all(row.basis_reported for row in rows)
    codes: set[str] = set()
    why: list[str] = []
    unexplained = False

    if lines[numbers[0]].disposed != rows[0].sold:
        why.append("the broker's day is that of another time zone; column (c) has the day in yours")

    expense = 0
    difference = told - proceeds
    if abs(difference) >= _NEAR:
        if abs(difference - fees) < _NEAR and fees > 0:
            expense = difference
            codes.add("E")
            why.append(
                f"the broker reports gross proceeds (box 3a), the ledger takes the fee of {plain(to_cents(fees))} off "
                "(Reg. 1.1001-7): code E"
            )
        else:
            unexplained = True
            why.append(
                f"proceeds differ by {plain(to_cents(difference))}, and the fee is {plain(to_cents(fees))}: ask the "
                "broker for a corrected form, or correct the trade; the form is filled with the ledger's figure"
            )

    told_basis = sum(row.basis or 0 for row in rows)
    wrong_basis = with_basis and abs(told_basis - basis) >= _NEAR
    if wrong_basis:
        codes.add("B")
        other = plain(to_cents(told_basis - basis))
        why.append(f"the broker's basis differs by {other}: {_why_basis(run, own)}: code B")
    elif not with_basis:
        why.append(f"no basis reported to the IRS (box 2): the ledger's basis is entered; {_why_basis(run, own)}")

    wash = sum(row.wash for row in rows)
    if wash:
        codes.add("W")
        why.append(f"the broker disallows {plain(to_cents(wash))} of the loss as a wash sale (box 1i): code W")

    terms = {row.term for row in rows} - {""}
    wrong_term = bool(terms) and terms != {line.term for line in own}
    if "ordinary" in terms:
        unexplained = True
        why.append("the broker reports ordinary gain (box 6): this does not belong on Form 8949 as it stands")
    elif wrong_term and len(rows) == 1 and len({line.term for line in own}) == 1:
        codes.add("T")
        why.append(f"the broker calls it {rows[0].term} term, by the ledger's lots it is {own[0].term}: code T")
    elif wrong_term:
        why.append("the broker's rows divide the sale between short and long term otherwise than the ledger's lots")

    # Columns (d) and (e) are the broker's figures where it reports them, so that the IRS finds its own.
    weights = [line.quantity for line in own]
    new_proceeds = [line.proceeds for line in own] if unexplained else split(told, weights)
    expenses = split(expense, weights)
    new_basis = split(told_basis, weights) if wrong_basis else [line.basis for line in own]
    if with_basis and not wrong_basis:  # the same but for rounding, which the last lot takes
        new_basis[-1] += told_basis - basis
    losses = [max(-line.gain, 0) for line in own]
    disallowed = split(min(wash, sum(losses)), losses) if wash and any(losses) else [0] * len(own)
    for number, line, d, e, expense_part, wash_part in zip(
        numbers, own, new_proceeds, new_basis, expenses, disallowed, strict=True
    ):
        adjustments: list[tuple[str, int]] = []
        if wrong_basis:
            adjustments.append(("B", e - line.basis))
        if expense:
            adjustments.append(("E", -expense_part))
        if "T" in codes:
            adjustments.append(("T", 0))
        if wash_part:
            adjustments.append(("W", wash_part))
        lines[number] = replace(line, proceeds=d, basis=e, adjustments=tuple(adjustments))
        reported[number] = Reported.BASIS if with_basis else Reported.PROCEEDS
    status = "differs" if unexplained else "explained" if why else "matched"
    return Finding(status, rows, numbers, "".join(sorted(codes)), tuple(why))


def _why_basis(run: LedgerRun, own: Sequence[Line]) -> str:
    """Why a broker's basis is missing or another one, as far as the ledger knows."""
    moved = {run.trades[lot].source for line in own for lot in line.lots if run.trades[lot].source != line.source}
    if moved:
        return f"the lots came in by transfer from {', '.join(sorted(moved))}, and a broker does not know their basis"
    if all(run.trades[lot].time < _COVERED_FROM for line in own for lot in line.lots):
        return "the lots were bought before 2026, when brokers did not have to track basis"
    return (
        "the broker takes other lots than the ledger's method; identification in your own books stands "
        "(Notice 2025-7, Notice 2026-20)"
    )


_COVERED_FROM = 1_767_225_600_000  # 2026-01-01T00:00:00Z: assets acquired from then on are covered (T.D. 10000)


def _missing(run: LedgerRun, row: BrokerSale) -> Iterator[str]:
    """What a row without a sale in the ledger may be."""
    near = [
        trade for trade in run.trades
        if trade.asset.upper() == row.asset.upper() and trade.kind in (Kind.SELL, Kind.SPEND, Kind.TRANSFER)
        and trade.quantity == row.units
    ]  # fmt: skip
    if any(trade.kind is Kind.TRANSFER for trade in near):
        yield "the ledger holds a transfer of the same units: one of the two is wrong about it"
    elif near:
        yield "the ledger holds a sale of the same units on another day: check the day or the time zone"
    elif not any(trade.asset.upper() == row.asset.upper() for trade in run.trades):
        yield "the ledger knows no such asset: add a column `asset` with the symbol, or import the missing export"
    else:
        yield "the ledger has no sale of these units on this day: an export is missing, or the broker aggregates sales"


def _unreported(run: LedgerRun, line: Line, broker: Sequence[BrokerSale]) -> str:
    trade = run.trades[line.place]
    if trade.kind is Kind.SPEND:
        return "coins spent, such as network fees, are rarely on a broker's form: box I or L"
    if any(row.broker.casefold() == line.source.casefold() for row in broker if row.broker):
        return "the broker reports other sales but not this one: box I or L; ask the broker"
    return "no form covers this account: box I or L"


def finding_rows(found: Reconciled, run: LedgerRun) -> Iterator[tuple[str, ...]]:
    """The findings as a table (COLUMNS)."""
    names = TradeNames(run.trades)
    for one in found.findings:
        own = [found.lines[n] for n in one.lines]
        base = [line.basis - sum(a for code, a in line.adjustments if code == "B") for line in own]
        net = [line.proceeds + sum(a for code, a in line.adjustments if code == "E") for line in own]
        asset = one.rows[0].asset if one.rows else own[0].asset
        day = one.rows[0].sold if one.rows else own[0].disposed
        units = sum(row.units for row in one.rows) if one.rows else sum(line.quantity for line in own)
        given = [row.basis for row in one.rows if row.basis is not None]
        yield (
            one.status,
            ";".join(row.where for row in one.rows),
            asset,
            day.isoformat(),
            format_quantity(units),
            ";".join(dict.fromkeys(names.of(line.place) for line in own)),
            plain(to_cents(sum(row.proceeds for row in one.rows))) if one.rows else "",
            plain(to_cents(sum(net))) if own else "",
            plain(to_cents(sum(given))) if given else "",
            plain(to_cents(sum(base))) if own else "",
            one.codes,
            "; ".join(one.why),
        )

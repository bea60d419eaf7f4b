"""Bitfinex: the ledgers export of all wallets (report.bitfinex.com/ledgers), told by the words of each description.

Every row changes the balance of one coin in one wallet.

* `Exchange Q BASE for QUOTE @ P` comes as two rows of one second; `Trading fees for Q BASE` is a row of its own. Fills
  of one second, quantity and pair are one trade. A fee belongs to the trade of its quantity and coin that is nearest in
  time, within a minute.
* What happens in the margin wallet (a position closed, its fees and funding, a settlement of one coin) is a closed lot
  of `MARGIN:coin` at that moment: each row is booked by itself, so that nothing is counted twice. A settlement that
  gives one coin for another is a trade.
* Payments to lenders, rebates, staking are income. Withdrawals, their fees, and what was cancelled of both; deposits.
* Transfers between wallets stay inside the account; those to another account (`SA(...)`) are moves.

The customer chooses how dates are written: `--dates` is asked for where the file does not show it. Times are UTC, the
zone of the report unless the customer changed it there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from zkharvest.trades.importers.dates import date_order
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.repeats import by_account
from zkharvest.trades.importers.rows import Row, by_hand
from zkharvest.trades.importers.table import Balance, Format, Table
from zkharvest.trades.text import quoted

_MINUTE = 60_000
_WALLET = re.compile(r" on wallet (?P<wallet>\w+)$", re.IGNORECASE)
_EXCHANGE = re.compile(r"Exchange (?P<quantity>\S+) (?P<base>\S+) for \S+ @ ", re.IGNORECASE)
_FEE = re.compile(r"Trading fees? for (?P<quantity>\S+) (?P<base>\S+) ", re.IGNORECASE)
_SETTLEMENT = re.compile(r"Settlement @ ", re.IGNORECASE)
_MARGIN = re.compile(
    r"Position |(Used |Unused )?Margin Funding (Charge|Fee)|Swap|Trading fees? |Derivatives ", re.IGNORECASE
)
_WITHDRAWN = re.compile(r"\w+ Withdrawal #(?P<number>\d+)", re.IGNORECASE)
_WITHDRAWAL_FEE = re.compile(r"Crypto Withdrawal fee", re.IGNORECASE)
_CANCELLED = re.compile(r"Canceled withdrawal (?P<what>request|fee) #(?P<number>\d+)", re.IGNORECASE)
_DEPOSITED = re.compile(r"Deposit \(", re.IGNORECASE)
_DEPOSIT_FEE = re.compile(r"Deposit Fee ", re.IGNORECASE)
_TRANSFER = re.compile(r"Transfer of ", re.IGNORECASE)
_INCOME = (
    (re.compile(r"(Adjustment )?Margin Funding Payment|Interest Payment", re.IGNORECASE), "interest"),
    (re.compile(r"Staking (Payment|Reward)s?", re.IGNORECASE), "staking"),
    (re.compile(r"Earned fees from user|Affiliate Rebate", re.IGNORECASE), "reward"),
)


@dataclass(slots=True)
class _Trade:
    """The rows of one trade and of its fees, with their time."""

    time: int
    rows: list[Row] = field(default_factory=list)
    fees: list[Row] = field(default_factory=list)


class _Reading:
    """One ledgers file."""

    def __init__(self, table: Table, draft: Draft, order: str) -> None:
        self.table, self.draft, self.order = table, draft, order
        self.trades: dict[tuple[str, str, int], _Trade] = {}
        self.settled: dict[tuple[int, str], list[Row]] = defaultdict(list)
        self.fees: list[tuple[tuple[str, str], int, Row]] = []
        self.withdrawn: dict[str, Row] = {}
        self.withdrawal_fees: list[Row] = []

    def row(self, row: Row) -> None:
        """Keeps a row that belongs to others, or makes what it stands for."""
        text = row["description"]
        margin = (_wallet(row)) in ("margin", "trading")
        if match := _EXCHANGE.match(text):
            time = self.time(row)
            key = (match["quantity"], match["base"].upper(), time // 1000)
            self.trades.setdefault(key, _Trade(time)).rows.append(row)
        elif _SETTLEMENT.match(text):
            self.settled[self.time(row) // 1000, text].append(row)
        elif (match := _FEE.match(text)) and not margin:
            self.fees.append(((match["quantity"], match["base"].upper()), self.time(row), row))
        elif _MARGIN.match(text) and margin:
            self.settle(row)
        elif match := _WITHDRAWN.match(text):
            self.withdrawn[match["number"]] = row
        elif _WITHDRAWAL_FEE.match(text):
            self.withdrawal_fees.append(row)
        elif match := _CANCELLED.match(text):
            self.cancelled(row, match["what"].lower(), match["number"])
        else:
            self.single(row, text)

    def time(self, row: Row) -> int:
        return self.draft.time(row, "date", zone="UTC", order=self.order)

    def event(self, row: Row, more: tuple[Row, ...] = ()) -> Event:
        time = self.time(row)
        source = self.table.source
        return Event(row, time, source, row.get("#") or self.draft.serial(source, time), more)

    def amount(self, row: Row) -> Leg:
        return Leg(self.draft.coin(row["currency"], self.table.source), self.draft.numbers(row, "amount")[0])

    def settle(self, row: Row) -> None:
        paid = self.amount(row)
        self.draft.settle(self.event(row), f"MARGIN:{paid.asset}", paid)

    def single(self, row: Row, text: str) -> None:
        """A row that stands for itself."""
        leg = self.amount(row)
        size = Leg(leg.asset, abs(leg.quantity))
        category = next((word for says, word in _INCOME if says.match(text)), "")
        if category and leg.quantity > 0:
            self.draft.income(self.event(row), size, category=category)
        elif _DEPOSITED.match(text) and leg.quantity > 0:
            self.draft.move(self.event(row), size, out=False)
        elif _DEPOSIT_FEE.match(text) and leg.quantity < 0:
            self.draft.spend(self.event(row), size, category="fee")
        elif _TRANSFER.match(text) and leg.quantity:
            inside = "" if "SA(" in text else "transfers"
            self.draft.move(self.event(row), size, out=leg.quantity < 0, inside=inside)
        else:
            raise RowError(row, "description", f"{quoted(text)} of {row['amount']} is not a known row", by_hand(row))

    def cancelled(self, row: Row, what: str, number: str) -> None:
        """A withdrawal, or its fee, that was given back."""
        (amount,) = self.draft.numbers(row, "amount")
        fee = next(
            (
                one
                for one in reversed(self.withdrawal_fees)
                if one["currency"] == row["currency"] and self.amount(one).quantity == -amount
            ),
            None,
        )
        other = self.withdrawn.get(number) if what == "request" else fee
        if other is None or self.amount(other).quantity != -amount:
            message = f"the withdrawal that {quoted(row['description'])} gives back is not in the file"
            raise RowError(row, "description", message, f"export the whole time; or {by_hand(row)}")
        if what == "request":
            del self.withdrawn[number]
        else:
            self.withdrawal_fees.remove(other)
        for one in (other, row):
            self.draft.note(one, "a withdrawal that was cancelled")

    def finish(self) -> None:
        """Makes what was kept."""
        draft = self.draft
        for what, time, row in self.fees:
            with draft.reading():
                self.belongs(what, time, row)
        for trade in self.trades.values():
            with draft.reading():
                self.trade(trade.rows, trade.fees)
        for rows in self.settled.values():
            with draft.reading():
                if len(rows) == 1:
                    self.settle(rows[0])
                else:
                    self.trade(rows, [])
        for row in self.withdrawn.values():
            with draft.reading():
                leg = self.amount(row)
                draft.move(self.event(row), Leg(leg.asset, abs(leg.quantity)), out=True)
        for row in self.withdrawal_fees:
            with draft.reading():
                leg = self.amount(row)
                draft.spend(self.event(row), Leg(leg.asset, abs(leg.quantity)), category="fee")

    def belongs(self, what: tuple[str, str], time: int, row: Row) -> None:
        """Gives a fee to its trade."""
        near = [(abs(one.time - time), n, one) for n, (key, one) in enumerate(self.trades.items()) if key[:2] == what]
        if not near or min(near)[0] > _MINUTE:
            message = f"the trade of the fee {quoted(row['description'])} is not in the file"
            raise RowError(row, "description", message, f"export the whole time; or {by_hand(row)}")
        min(near)[2].fees.append(row)

    def trade(self, rows: list[Row], fee_rows: list[Row]) -> None:
        """One trade from its rows."""
        sums: dict[str, int] = defaultdict(int)
        fees: dict[str, int] = defaultdict(int)
        for row in rows:
            leg = self.amount(row)
            sums[leg.asset] += leg.quantity
        for row in fee_rows:
            leg = self.amount(row)
            fees[leg.asset] -= leg.quantity
        gave = [Leg(asset, -total) for asset, total in sums.items() if total < 0]
        got = [Leg(asset, total) for asset, total in sums.items() if total > 0]
        first, *more = sorted([*rows, *fee_rows], key=lambda row: row.line)
        if len(gave) != 1 or len(got) != 1:
            lines = ", ".join(str(row.line) for row in (first, *more))
            message = f"the rows of this trade (lines {lines}) do not give one coin for another"
            hint = f"export all wallets, coins and the whole time; or {by_hand(first, *more)}"
            raise RowError(first, "description", message, hint)
        legs = [Leg(asset, fee) for asset, fee in fees.items() if fee]
        self.draft.exchange(self.event(first, tuple(more)), gave[0], got[0], legs)


def _wallet(row: Row) -> str:
    match = _WALLET.search(row["description"])
    return (row.get("wallet") or (match["wallet"] if match else "")).lower()


def read(table: Table, draft: Draft) -> None:
    """Reads a ledgers export, oldest rows first, so that what is cancelled is known before."""
    order = date_order(table, draft, "date", ("dmy", "mdy", "ymd"))
    if not order:
        return
    reading = _Reading(table, draft, order)
    timed: list[tuple[int, int, Row]] = []
    for n, row in enumerate(table.rows):
        with draft.reading():
            timed.append((reading.time(row), n, row))
    newest_first = bool(timed) and timed[0][0] > timed[-1][0]
    for _, _, row in sorted(timed, key=lambda one: (one[0], -one[1] if newest_first else one[1])):
        with draft.reading():
            reading.row(row)
    reading.finish()


FORMATS = (
    Format(
        "bitfinex-ledger",
        "Bitfinex ledgers",
        "bitfinex",
        ("description", "currency", "amount", "balance", "date"),
        by_account(read),
        optional=("#", "wallet"),
        overlaps=frozenset({"bitfinex-trades"}),
        when="date",
        zone="UTC",
        together=True,
        balance=Balance("currency", "balance", "wallet"),
    ),
)

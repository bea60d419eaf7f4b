"""Coinbase: the transaction report of a retail account, with any of its headers since 2018.

Preamble lines, then one row an event. Money columns are in the row's price currency and include it as a sign.

* `Total` is what was paid or received, fees included: a buy costs Total (amount = Total - Fees, fee = Fees), a sale
  brings Total (amount = Total + Fees). `Subtotal` is used only where Total is empty.
* Buys and sells against another crypto (USDC, say) name it only in `Notes` ("Bought 0.5 ETH for 1509 USDC on
  ETH-USDC at 3000 USDC/ETH"; the quantity there includes the fee); Convert does so too ("Converted 0.05 BTC to
  2.00 ETH"). These are two rows, at the row's own value after fees. If the note does not give the row's quantity
  exactly, it has been rounded and the row is refused.
* Rewards, learning rewards and interest are income at Total. A card payment is a spend at Total.
* Send and Receive, and moves to and from Coinbase Pro, Exchange or Prime, are moves between wallets.
* Older reports have no `ID`: such rows are named by their second and number.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from zkharvest.trades.importers.cells import number
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.rows import Row
from zkharvest.trades.importers.table import Format, Table
from zkharvest.trades.text import TextError, quoted

_BUYS = {"buy", "advanced trade buy", "advance trade buy"}
_SELLS = {"sell", "advanced trade sell", "advance trade sell"}
_INCOME = {
    "coinbase earn",
    "learning reward",
    "rewards income",
    "reward income",
    "inflation reward",
    "staking income",
    "interest payout",
}
_SPENDS = {"card spend", "subscription"}
_OUT = {"send", "withdrawal", "exchange deposit", "pro deposit", "prime deposit"}
_IN = {"receive", "deposit", "exchange withdrawal", "pro withdrawal", "prime withdrawal"}
_INTERNAL = {"vault withdrawal", "transfer", "retail staking transfer", "retail unstaking transfer"}
_EARNED = ("coinbase earn", "coinbase referral", "coinbase rewards")

_TRADE_NOTE = re.compile(r"(?:Bought|Sold) ([0-9.,]+) ([A-Z0-9]+) for [$€£]?([0-9.,]+) ([A-Z0-9]+)\b")
_CONVERT_NOTE = re.compile(r"Converted ([0-9.,]+) ([A-Z0-9]+) to ([0-9.,]+) ([A-Z0-9]+)")


def read(table: Table, draft: Draft) -> None:
    """Reads a report whose columns are named alike in every currency."""
    for row in table.rows:
        with draft.reading():
            _row(table, draft, row, row["price currency"])


def read_old(table: Table, draft: Draft) -> None:
    """Reads a report of 2018 to 2020, which has the currency in the names of its columns."""
    currencies = {
        m[1] for name in table.columns if (m := re.fullmatch(r"([A-Z]{3}) Total \(inclusive of fees\)", name))
    }
    for row in table.rows:
        with draft.reading():
            if len(currencies) != 1:
                raise RowError(row, "", "the money columns are incomplete", "export the report again")
            currency = next(iter(currencies))
            names = {
                "subtotal": f"{currency} Subtotal",
                "total": f"{currency} Total (inclusive of fees)",
                "fees": f"{currency} Fees",
            }
            cells = row.cells | {name: row.get(old) for name, old in names.items()}
            _row(table, draft, Row(row.file, row.line, cells, row.headings | names), currency)


def _row(table: Table, draft: Draft, row: Row, currency: str) -> None:
    kind = row["transaction type"].lower()
    time = draft.time(row, "timestamp")
    event = Event(row, time, table.source, row.get("id") or draft.serial(table.source, time))
    leg = Leg(row["asset"], abs(draft.number(row, "quantity transacted", dressed=True)))
    money = _Money(draft, row, currency)
    if kind in _BUYS or kind in _SELLS:
        _trade(draft, event, leg, money, bought=kind in _BUYS, must_say="adv" in kind)
    elif kind == "convert":
        got = _noted(row, _CONVERT_NOTE, leg)
        draft.exchange(event, leg, got, value=money.worth(event, money.total() - money.fees()))
    elif kind in _INCOME or (kind == "receive" and _earned(row)):
        draft.income(event, leg, money.worth(event, money.total()) if money.known() else None)
    elif kind in _SPENDS:
        draft.spend(event, leg, money.worth(event, money.total()) if money.known() else None)
    elif kind in _OUT | _IN:
        if kind == "send" and money.fees():
            raise RowError(row, "fees", f"{quoted(row['fees'])} on a send", "add its transfer and fee rows by hand")
        draft.move(event, leg, out=kind in _OUT)
    elif kind in _INTERNAL:
        draft.note(row, f"{row['transaction type']}: stays within the account")
    else:
        shown = quoted(row["transaction type"])
        raise RowError(row, "transaction type", f"{shown} is not a known type", "add it by hand and take the row out")


def _trade(draft: Draft, event: Event, leg: Leg, money: _Money, *, bought: bool, must_say: bool) -> None:
    """A purchase or sale, against money or, if the note says so, against another crypto."""
    row = event.row
    note = _TRADE_NOTE.match(row["notes"])
    if note is None and must_say:
        hint = "the note names the other asset; export again with notes"
        raise RowError(row, "notes", f"{quoted(row['notes'])} does not say what was traded against", hint)
    total, fees = money.total(), money.fees()
    if note is None or draft.is_money(note[4]):
        fee = [Leg(money.currency, fees)] if fees else []
        if bought:
            draft.exchange(event, Leg(money.currency, total - fees), leg, fee)
        else:
            draft.exchange(event, leg, Leg(money.currency, total + fees), fee)
        return
    other = _noted(row, _TRADE_NOTE, leg)
    if bought:
        draft.exchange(event, other, leg, value=money.worth(event, total - fees))
    else:
        draft.exchange(event, leg, other, value=money.worth(event, total))


def _earned(row: Row) -> bool:
    return any(word in row["notes"].lower() for word in _EARNED)


def _noted(row: Row, pattern: re.Pattern[str], leg: Leg) -> Leg:
    """The other asset and quantity that the note gives for the row's own."""
    match = pattern.match(row["notes"])
    shown = quoted(row["notes"])
    if match is None:
        raise RowError(row, "notes", f"{shown} does not say what was received", "export again with notes")
    try:
        own, other = number(match[1], dressed=True), number(match[3].rstrip("."), dressed=True)
    except TextError as error:
        raise RowError(row, "notes", error.reason, error.hint) from None
    if (match[2], own) != (leg.asset, leg.quantity):
        hint = "the note was rounded; add the row by hand with the exact quantities"
        raise RowError(row, "notes", f"{shown} differs from the row's own quantity", hint)
    return Leg(match[4], other)


class _Money:
    """The money columns of a row."""

    def __init__(self, draft: Draft, row: Row, currency: str) -> None:
        self.draft, self.row, self.currency = draft, row, currency

    def known(self) -> bool:
        return bool(self.row["total"] or self.row["subtotal"])

    def fees(self) -> int:
        return abs(self.draft.number(self.row, "fees", dressed=True, empty=0))

    def total(self) -> int:
        """Total, positive as a rule: some reports turn the signs of sales, so it is taken relative to Subtotal's.

        It is negative for a sale that brought less than its fee.
        """
        if not self.row["subtotal"] or not self.row["total"]:
            column = "subtotal" if self.row["subtotal"] else "total"
            return abs(self.draft.number(self.row, column, dressed=True))
        subtotal, total = self.draft.numbers(self.row, "subtotal", "total", dressed=True)
        return -total if subtotal < 0 else total

    def worth(self, event: Event, atoms: int) -> int:
        """So much of the price currency as money of the import."""
        return self.draft.value(event, Leg(self.currency, atoms))


_COMMON = ("timestamp", "transaction type", "asset", "quantity transacted", "notes")
_READ: Callable[[Table, Draft], None] = read

FORMATS = (
    Format(
        "coinbase",
        "Coinbase transactions",
        "coinbase",
        (
            *_COMMON,
            "price currency|spot price currency",
            "price at transaction|spot price at transaction",
            "subtotal",
            "total|total (inclusive of fees and/or spread)|total (inclusive of fees)",
            "fees|fees and/or spread",
        ),
        _READ,
        optional=("id", "sender address", "recipient address"),
    ),
    Format(
        "coinbase",
        "Coinbase transactions (before 2021)",
        "coinbase",
        _COMMON,
        read_old,
        extra=r"[A-Z]{3} (Spot Price at Transaction|Subtotal|Total \(inclusive of fees\)|Fees)",
    ),
)

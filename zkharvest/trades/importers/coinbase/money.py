"""The money columns of a Coinbase report: which must agree for which kind of row, and what they then say.

Coinbase has written them in four ways over the years. With S, T, F for Subtotal, Total and Fees:

| row | must hold | amount | fee |
| --- | --- | --- | --- |
| purchase | T = S + F; a negative F is a rebate, or a cost that the newest reports print as such | T - F | F |
| sale | T = S - F, with the signs of S and T turned together, or F printed negative | T + F | F |
| conversion, reward | S and T differ by F, whichever is larger: what was received is worth the smaller | min | none |
| payment | T = S or T = S + F: what was given is worth the larger | max | F |

For purchases and sales, price times quantity must be of the size of S, within ten times: a spread is no contradiction.
Where T is not S and F, but the note of a purchase or sale has T, T is taken (`Money._noted`).
T may be negative for a sale that brought less than its fee. A column that is empty is not counted. Where S = T beside a
fee, price times quantity decides which of S and S - F the row's own coins are worth, for a reward; a conversion then
needs its other row. Anything else is refused with the sum shown.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from zkharvest.trades.importers.agree import half_unit, same
from zkharvest.trades.importers.cells import ATOMS, number
from zkharvest.trades.importers.coinbase.notes import trade_note
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.rows import Row, by_hand
from zkharvest.trades.text import TextError

_NEAR = 20  # price times quantity is the Subtotal within one part in so many, where the note has to decide
_FEE = 4  # and the fee is no more than one part in so many
_FAR = 10  # price times quantity is never so many times what was paid, or so many times less


@dataclass(frozen=True, slots=True)
class Paid:
    """Amount before the fee, and the fee (negative: a rebate), in 10^-18 of the price currency."""

    amount: int
    fee: int


class Money:
    """The money columns of a row. Sizes are in 10^-18 of the price currency."""

    def __init__(self, draft: Draft, row: Row, currency: str) -> None:
        self.draft, self.row, self.currency = draft, row, currency

    def known(self) -> bool:
        return bool(self.row["total"] or self.row["subtotal"])

    def fees(self) -> int:
        """Fees with the sign that is printed."""
        return self.draft.number(self.row, "fees", dressed=True, empty=0)

    def bought(self) -> Paid:
        """What a purchase cost."""
        subtotal, total = self._columns()
        fees = self.fees()
        if subtotal is None or total is None:
            return Paid(_only(subtotal, total, -abs(fees)), abs(fees))
        cost = total - subtotal
        if self._agrees(abs(cost), abs(fees)) and (cost >= 0 or fees < 0 or self._agrees(cost, 0)):
            fee = self._printed(cost, fees)
            return self._near(Paid(total - fee, fee))
        if (paid := self._noted(subtotal, total, cost)) is not None:
            return paid
        raise self._contradiction(f"a purchase has Total = Subtotal + Fees; {self._sum(subtotal, fees)}")

    def sold(self) -> Paid:
        """What a sale brought."""
        subtotal, total = self._columns()
        fees = self.fees()
        if subtotal is None or total is None:
            return Paid(_only(subtotal, total, abs(fees)), abs(fees))
        cost = subtotal - total
        if self._agrees(abs(cost), abs(fees)) and (cost >= 0 or fees < 0 or self._agrees(cost, 0)):
            fee = self._printed(cost, fees)
            return self._near(Paid(total + fee, fee))
        if (paid := self._noted(subtotal, total, cost)) is not None:
            return paid
        raise self._contradiction(f"a sale has Total = Subtotal - Fees; {self._sum(subtotal, -fees)}")

    def received(self, *, own: bool) -> int:
        """What was received is worth. `own`: the row's own coins were received, so its price decides where S = T."""
        subtotal, total = self._columns()
        fees = abs(self.fees())
        if subtotal is None or total is None:
            return _only(subtotal, total, 0) - (0 if own else fees)
        low, high = sorted((abs(subtotal), abs(total)))
        if self._agrees(high - low, fees):
            return low
        if self._agrees(high, low) and own:
            worth = self._worth_of((high, high - fees))
            if worth is not None:
                return worth
        raise self._contradiction(f"Subtotal and Total of such a row differ by Fees; {self._sum(low, fees)}")

    def given(self) -> Paid:
        """What was given is worth, and what of that was a fee."""
        subtotal, total = self._columns()
        fees = abs(self.fees())
        if subtotal is None or total is None:
            return Paid(_only(subtotal, total, 0), 0)
        low, high = sorted((abs(subtotal), abs(total)))
        if self._agrees(high - low, fees) or self._agrees(high, low):
            return Paid(high, min(fees, high))
        raise self._contradiction(f"Subtotal and Total of such a row differ by Fees; {self._sum(low, fees)}")

    def worth(self, event: Event, atoms: int) -> int:
        """So much of the price currency as money of the import."""
        return self.draft.value(event, Leg(self.currency, atoms))

    def leg(self, atoms: int) -> Leg:
        return Leg(self.currency, atoms)

    def _near(self, paid: Paid) -> Paid:
        """What was paid, if price times quantity is of its size: a spread makes them differ, never ten times."""
        row = self.row
        if row.get("price at transaction"):
            draft = self.draft
            price = abs(draft.number(row, "price at transaction", dressed=True))
            quantity = abs(draft.number(row, "quantity transacted", dressed=True))
            worth = price * quantity // ATOMS
            if worth <= paid.amount * _FAR and paid.amount <= worth * _FAR:
                return paid
            slack = half_unit(row["price at transaction"], 0) * quantity // ATOMS
            least = half_unit(row["subtotal"]) * 4
            if worth > paid.amount * _FAR + least or (worth + slack) * _FAR < paid.amount - least:
                shown = f"{row['price at transaction']} times {row['quantity transacted']} is {_short(worth)}"
                raise self._contradiction(f"{shown}, beside {row['subtotal']}")
        return paid

    def _noted(self, subtotal: int, total: int, cost: int) -> Paid | None:
        """What a note says that was paid or received in all, where Fees is not Total less Subtotal.

        The reports of 2025 and 2026 print such Fees for older rows. Total is taken if the note has it too, if Subtotal
        is price times quantity, and if what is between the two is of a fee's size.
        """
        row, note = self.row, trade_note(self.row)
        if note is None or note.unit != self.currency or not row.get("price at transaction"):
            return None
        with suppress(TextError):
            price, quantity = self.draft.numbers(row, "price at transaction", "quantity transacted", dressed=True)
            worth = abs(price) * abs(quantity) // ATOMS
            near = abs(worth - subtotal) * _NEAR <= worth and 0 <= cost * _FEE <= subtotal
            if near and same(number(note.other, dressed=True), total, row["total"]):
                self.draft.note(row, "Fees is not Total less Subtotal; the Total, which the note has too, is taken")
                return Paid(subtotal, cost)
        return None

    def _columns(self) -> tuple[int | None, int | None]:
        """Subtotal and Total where they are given, turned so that Subtotal is not negative."""
        row, draft = self.row, self.draft
        subtotal = draft.number(row, "subtotal", dressed=True) if row.cells["subtotal"] else None
        total = draft.number(row, "total", dressed=True) if row.cells["total"] else None
        if subtotal is None:
            return None, None if total is None else abs(total)
        if subtotal < 0 or (subtotal == 0 and self.row["subtotal"].lstrip("($").startswith("-")):
            return -subtotal, None if total is None else -total
        return subtotal, total

    def _agrees(self, one: int, other: int) -> bool:
        return one == other or same(one, other, self.row["subtotal"], self.row["total"], self.row["fees"])

    def _printed(self, cost: int, fees: int) -> int:
        """The fee as printed (with more digits than the difference of two columns), signed like the difference."""
        return -abs(fees) if cost < 0 else abs(fees)

    def _worth_of(self, candidates: tuple[int, ...]) -> int | None:
        """The candidate that is price times quantity within rounding, if it is just one."""
        text = self.row.get("price at transaction")
        if not text:
            return None
        price, quantity = self.draft.numbers(self.row, "price at transaction", "quantity transacted", dressed=True)
        worth = abs(price) * abs(quantity) // ATOMS
        slack = abs(quantity) * half_unit(text, 0) // ATOMS + half_unit(self.row["subtotal"]) + worth // 1000
        fitting = [one for one in candidates if abs(worth - one) <= slack]
        return fitting[0] if len(fitting) == 1 else None

    def _sum(self, one: int, other: int) -> str:
        sign = "+" if other >= 0 else "-"
        left, right = _short(one), _short(abs(other))
        return f"{left} {sign} {right} = {_short(one + other)}, beside {self.row['total']}"

    def _contradiction(self, why: str) -> RowError:
        columns = f"Subtotal {self.row['subtotal']}, Total {self.row['total']}, Fees {self.row['fees'] or '(empty)'}"
        message = f"the money columns contradict each other: {columns}. {why[0].upper()}{why[1:]}"
        return RowError(self.row, "total", message, by_hand(self.row, instead="write what it really was"))


def _only(subtotal: int | None, total: int | None, fee: int) -> int:
    """The one column that is given, before the fee: Total includes it, Subtotal does not."""
    if subtotal is not None:
        return subtotal
    return (total or 0) + fee


def _short(atoms: int) -> str:
    """A number of 10^-18 with at least two decimals."""
    sign, size = ("-", -atoms) if atoms < 0 else ("", atoms)
    whole, rest = divmod(size, ATOMS)
    return f"{sign}{whole:,}.{str(rest).zfill(18).rstrip('0').ljust(2, '0')}"

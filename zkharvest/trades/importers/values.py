"""Cells and values: what importers read of rows, and what things are worth in the reporting currency.

A fair value comes from the row, or from `--prices`, or the row is an error that names the remedy. Money in more
decimals than the ledger holds is rounded half to even, and counted in the notes.
"""

from __future__ import annotations

from zkharvest.spec import MONEY_DECIMALS, QUANTITY_DECIMALS
from zkharvest.trades.importers.cells import (
    ATOMS,
    amount_with_unit,
    dressed_number,
    fitting_orders,
    float_print,
    moment,
    plain_number,
    plain_utc,
)
from zkharvest.trades.importers.gather import Event, Gather, Leg, RowError
from zkharvest.trades.importers.names import Names, load_names
from zkharvest.trades.importers.prices import Prices
from zkharvest.trades.importers.rows import Row, by_hand
from zkharvest.trades.text import TextError, check_name, format_quantity, format_time

_MONEY_ATOM = 10 ** (QUANTITY_DECIMALS - MONEY_DECIMALS)  # one unit of the ledger's money, in 10^-18

# Money that exchanges deal in: it has no lots. Everything else is property, stablecoins included.
_MONEY_CODES = """
AED ARS AUD BGN BHD BRL CAD CHF CLP CNY COP CRC CZK DKK EGP EUR GBP GEL GHS HKD HUF IDR ILS INR ISK JPY KES KRW KWD KZT
LKR MAD MXN MYR NGN NOK NZD PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TND TRY TWD TZS UAH UGX USD UYU VND XAF XOF
ZAR
"""
MONEY = frozenset(_MONEY_CODES.split())


class Values(Gather):
    """The cells of one import's rows, and values in its reporting currency."""

    def __init__(
        self,
        currency: str = "USD",
        prices: Prices | None = None,
        zone: str | None = None,
        asset: str = "",
        names: Names | None = None,
        markets: dict[tuple[str, int], str] | None = None,
        dates: str = "",
        *,
        carry_receipts: bool = False,
    ) -> None:
        super().__init__()
        self.asset = asset
        self.currency = currency
        self.prices = prices or Prices()
        self.zone = zone
        self.dates = dates  # whether day or month comes first in dates of digits, where a file does not show it
        self.names = names or load_names()
        self.markets = markets or {}
        self.carry_receipts = carry_receipts  # coins given for a receipt are carried into it, not disposed of
        self.unpriced: set[tuple[int, str]] = set()  # values that were looked for in vain: time and asset
        self.moneys = MONEY | {currency}  # assets that are money, which has no lots
        self._coins: dict[tuple[str, str], str] = {}
        self._told: dict[tuple[int, str], int] = {}
        self._named: set[str] = set()  # assets whose names have been checked

    # Cells

    def numbers(self, row: Row, *columns: str, dressed: bool = False) -> tuple[int, ...]:
        """The signed numbers of these columns in 10^-18. Every bad cell of them becomes a problem (`RowError`)."""
        values: list[int] = []
        errors: list[RowError] = []
        for column in columns:
            text = row.cells[column]
            try:
                values.append(dressed_number(text) if dressed else plain_number(text))
                if len(text) > 15:
                    self._note_float(row, text)
            except TextError as error:
                errors.append(_cell_error(row, column, error))
        if errors:
            self.problems.extend(error.problem for error in errors[:-1])
            raise errors[-1]
        return tuple(values)

    def number(self, row: Row, column: str, *, dressed: bool = False, empty: int | None = None) -> int:
        """The signed number of one column in 10^-18; an empty cell (or no such column) is `empty` if that is given."""
        text = row.cells.get(column, "") if empty is not None else row.cells[column]
        if empty is not None and not text:
            return empty
        try:
            value = dressed_number(text) if dressed else plain_number(text)
        except TextError as error:
            raise _cell_error(row, column, error) from None
        if len(text) > 15:
            self._note_float(row, text)
        return value

    def amount(self, row: Row, column: str, *, dressed: bool = False) -> Leg:
        """A cell that holds a number and its unit; the quantity keeps its sign."""
        try:
            quantity, unit = amount_with_unit(row[column], dressed=dressed)
        except TextError as error:
            raise _cell_error(row, column, error) from None
        self._note_float(row, row[column].rstrip(unit + " "))
        return Leg(unit, quantity)

    def _note_float(self, row: Row, text: str) -> None:
        if float_print(text):
            self.note(row, "a number that the exchange printed as an inexact float, taken as printed")

    def time(self, row: Row, column: str, *, zone: str | None = None, order: str = "") -> int:
        """The instant of a cell; `zone` is the zone this exporter is known to use, else the one given to the import."""
        text = row.cells[column]
        plain = plain_utc(text, zone or self.zone)
        if plain is not None:
            return plain
        if self.dates and not order and fitting_orders([text], [self.dates])[1]:  # rewritten: it writes no such dates
            order = self.dates
        try:
            value, cut = moment(text, zone or self.zone, order=order)
        except TextError as error:
            raise _cell_error(row, column, error) from None
        if cut:
            self.note(row, "the time cut to the millisecond (the order of the file is kept)")
        return value

    def name(self, row: Row, column: str, text: str | None = None) -> str:
        """A cell (or `text` in its stead) as an asset or id."""
        try:
            return check_name(row[column] if text is None else text)
        except TextError as error:
            raise _cell_error(row, column, error) from None

    def coin(self, asset: str, venue: str) -> str:
        """The usual name of an asset as `venue` (a source, or the part before its colon) writes it."""
        known = self._coins.get((asset, venue))
        if known is None:
            known = self._coins[asset, venue] = self.names.coin(asset, venue.partition(":")[0])
        return known

    # Values

    def is_money(self, asset: str) -> bool:
        """Whether the asset is money, which has no lots."""
        return asset in self.moneys

    def money(self, row: Row, atoms: int) -> int:
        """An amount of the reporting currency (10^-18) in the ledger's scale, rounded half to even if it must be."""
        value, rest = divmod(atoms, _MONEY_ATOM)
        return self.rounded(row, atoms, _MONEY_ATOM) if rest else value

    def times(self, row: Row, quantity: int, price: int) -> int:
        """quantity times price (both 10^-18) as money, rounded half to even if it must be."""
        return self.rounded(row, quantity * price, ATOMS * _MONEY_ATOM)

    def rounded(self, row: Row, numerator: int, divisor: int) -> int:
        """A quotient in units of money; noted if it is not exact."""
        value = half_even(numerator, divisor)
        if value * divisor != numerator:
            self.note(row, f"money with more than {MONEY_DECIMALS} decimals, rounded half to even")
        return value

    def known_value(self, event: Event, leg: Leg) -> int | None:
        """The value of a leg in the reporting currency, if it is that currency or a price was given."""
        asset = self.coin(leg.asset, event.source)
        if asset == self.currency:
            return self.money(event.row, leg.quantity)
        price = self.prices.find(asset, event.time)
        if price is None:
            price = self._told.get((event.time, asset))
        return None if price is None else self.times(event.row, leg.quantity, price)

    def told_price(self, time: int, asset: str, price: int) -> None:
        """A price of the reporting currency that an export says for an instant; price files go before it."""
        self._told[time, asset] = price

    def value(self, event: Event, *legs: Leg) -> int:
        """The value of the first leg that has one; they are worth the same. `RowError` if none has."""
        for leg in legs:
            if leg.asset == self.currency:
                return self.money(event.row, leg.quantity)
            known = self.known_value(event, leg)
            if known is not None:
                return known
        assets = [self.coin(leg.asset, event.source) for leg in legs]
        shown = " or ".join(f"{format_quantity(leg.quantity)} {asset}" for leg, asset in zip(legs, assets, strict=True))
        when = format_time(event.time)
        self.unpriced.add((event.time, assets[0]))
        hint = (
            f"give a fair value with --prices FILE (time,asset,price): {when},{assets[0]},PRICE or "
            f"{when[:10]},{assets[0]},PRICE; --missing-prices FILE writes all rows that are missing"
        )
        raise RowError(event.row, "", f"the value of {shown} in {self.currency} is not in the file", hint)


def _cell_error(row: Row, column: str, error: TextError) -> RowError:
    """The error of a cell, with the way out for its row where no option answers it."""
    hint = error.hint.replace("FILE", row.label)
    if "--dates" not in hint and "--timezone" not in hint:
        hint = f"{hint}; or {by_hand(row)}"
    return RowError(row, column, error.reason, hint)


def half_even(numerator: int, divisor: int) -> int:
    """The quotient of integers, rounded to nearest, ties to even."""
    quotient, rest = divmod(numerator, divisor)
    return quotient + (2 * rest > divisor or (2 * rest == divisor and quotient % 2 == 1))

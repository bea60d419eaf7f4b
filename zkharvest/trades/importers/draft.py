"""What an export's events are in canonical trades, the same for every exchange.

* Money given for money is no trade of the ledger; it is noted and left out.
* Crypto for money is one row, `buy` or `sell`; crypto for crypto is two rows, `sell` and `buy`, at one fair value.
* The whole fee of a crypto-for-crypto trade goes to the disposition, none to the new basis (Reg. 1.1001-7(b),
  1.1012-1(h)).
* A fee in a third crypto is itself a disposal: a `spend` at fair value, and a cost of the trade.
* A fee withheld from the units received: the net units are bought for the whole price. That equals buying all
  and spending some of the units just bought at their cost, without a gain.
* A fee in the units given: these too are sold, for the same price.

A fair value comes from the row, or from `--prices`, or the row is an error that names the remedy. Money in more
decimals than the ledger holds is rounded half to even, and counted in the notes.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkharvest.trades.importers.cells import ATOMS, amount_with_unit, float_print, moment, number
from zkharvest.trades.importers.gather import Event, Gather, Leg, Move, RowError
from zkharvest.trades.importers.prices import Prices
from zkharvest.trades.importers.rows import Row
from zkharvest.trades.model import (
    MONEY_DECIMALS,
    MONEY_LIMIT,
    OPENS_LOT,
    QUANTITY_DECIMALS,
    QUANTITY_LIMIT,
    Kind,
    LotPick,
    Trade,
)
from zkharvest.trades.text import TextError, check_name, format_quantity, format_time

_MONEY_ATOM = 10 ** (QUANTITY_DECIMALS - MONEY_DECIMALS)  # one unit of the ledger's money, in 10^-18

# Money that exchanges deal in: it has no lots. Everything else is property, stablecoins included.
_MONEY_CODES = """
AED ARS AUD BRL CAD CHF CLP COP CZK DKK EUR GBP GEL GHS HKD HUF IDR ILS INR JPY KES KRW KZT MXN MYR NGN NOK NZD PHP
PLN RON RUB SEK SGD THB TRY TWD UAH UGX USD VND XOF ZAR
"""
MONEY = frozenset(_MONEY_CODES.split())


class Draft(Gather):
    """One import: several export files, one reporting currency."""

    def __init__(
        self, currency: str = "USD", prices: Prices | None = None, zone: str | None = None, asset: str = ""
    ) -> None:
        super().__init__()
        self.asset = asset
        self.currency = currency
        self.prices = prices or Prices()
        self.zone = zone

    # Cells

    def numbers(self, row: Row, *columns: str, dressed: bool = False) -> tuple[int, ...]:
        """The signed numbers of these columns in 10^-18. Every bad cell of them becomes a problem (`RowError`)."""
        values: list[int] = []
        errors: list[RowError] = []
        for column in columns:
            try:
                values.append(number(row[column], dressed=dressed))
                self._note_float(row, row[column])
            except TextError as error:
                errors.append(RowError(row, column, error.reason, error.hint))
        if errors:
            self.problems.extend(error.problem for error in errors[:-1])
            raise errors[-1]
        return tuple(values)

    def number(self, row: Row, column: str, *, dressed: bool = False, empty: int | None = None) -> int:
        """The signed number of one column in 10^-18; an empty cell (or no such column) is `empty` if that is given."""
        if empty is not None and not row.get(column):
            return empty
        return self.numbers(row, column, dressed=dressed)[0]

    def amount(self, row: Row, column: str, *, dressed: bool = False) -> Leg:
        """A cell that holds a number and its unit; the quantity keeps its sign."""
        try:
            quantity, unit = amount_with_unit(row[column], dressed=dressed)
        except TextError as error:
            raise RowError(row, column, error.reason, error.hint) from None
        self._note_float(row, row[column].rstrip(unit + " "))
        return Leg(unit, quantity)

    def _note_float(self, row: Row, text: str) -> None:
        if float_print(text):
            self.note(row, "a number that the exchange printed as an inexact float, taken as printed")

    def time(self, row: Row, column: str, *, zone: str | None = None, day_first: bool = False) -> int:
        """The instant of a cell; `zone` is the zone this exporter is known to use, else the one given to the import."""
        try:
            value, cut = moment(row[column], zone or self.zone, day_first=day_first)
        except TextError as error:
            raise RowError(row, column, error.reason, error.hint) from None
        if cut:
            self.note(row, "the time cut to the millisecond (the order of the file is kept)")
        return value

    def name(self, row: Row, column: str, text: str | None = None) -> str:
        """A cell (or `text` in its stead) as an asset or id."""
        try:
            return check_name(row[column] if text is None else text)
        except TextError as error:
            raise RowError(row, column, error.reason, error.hint) from None

    # Values

    def is_money(self, asset: str) -> bool:
        """Whether the asset is money, which has no lots."""
        return asset in MONEY or asset == self.currency

    def money(self, row: Row, atoms: int) -> int:
        """An amount of the reporting currency (10^-18) in the ledger's scale, rounded half to even if it must be."""
        return self.rounded(row, atoms, _MONEY_ATOM)

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
        if leg.asset == self.currency:
            return self.money(event.row, leg.quantity)
        price = self.prices.find(leg.asset, event.time)
        return None if price is None else self.times(event.row, leg.quantity, price)

    def value(self, event: Event, *legs: Leg) -> int:
        """The value of the first leg that has one; they are worth the same. `RowError` if none has."""
        for leg in legs:
            known = self.known_value(event, leg)
            if known is not None:
                return known
        shown = " or ".join(f"{format_quantity(leg.quantity)} {leg.asset}" for leg in legs)
        when = format_time(event.time)
        hint = (
            f"give a fair value with --prices FILE (time,asset,price): {when},{legs[0].asset},PRICE; or {when[:10]},..."
        )
        raise RowError(event.row, "", f"the value of {shown} in {self.currency} is not in the file", hint)

    # What happened

    def exchange(
        self, event: Event, gave: Leg, got: Leg, fees: Sequence[Leg] = (), *, value: int | None = None
    ) -> None:
        """One asset given for another. `value` (money, before fees) is used where neither side is money.

        A negative fee is a rebate; it must be in money.
        """
        if self.is_money(gave.asset) and self.is_money(got.asset):
            self.note(event.row, "money changed into money, no trade of the ledger")
            return
        further = withheld = fee = 0
        third: list[tuple[Leg, int]] = []
        for part in fees:
            if self.is_money(part.asset):
                cost = self.value(event, Leg(part.asset, abs(part.quantity)))
                fee += cost if part.quantity > 0 else -cost
            elif part.quantity < 0:
                raise RowError(event.row, "", f"a rebate in {part.asset}", "add it by hand as income")
            elif part.asset == gave.asset:
                further += part.quantity
            elif part.asset == got.asset:
                withheld += part.quantity
            elif part.quantity:
                third.append((part, self.value(event, part)))
        fee += sum(cost for _, cost in third)
        net = got.quantity - withheld
        if withheld and net <= 0:
            raise RowError(event.row, "", "the fee takes all that was received", "add the row by hand as a spend")
        if self.is_money(gave.asset):
            self.add(event, Kind.BUY, Leg(got.asset, net), self.value(event, gave), fee)
        elif self.is_money(got.asset):
            self.add(event, Kind.SELL, Leg(gave.asset, gave.quantity + further), self.value(event, got), fee)
        else:
            worth = self.value(event, got, gave) if value is None else value
            part_withheld = self.rounded(event.row, worth * withheld, got.quantity)
            given = Leg(gave.asset, gave.quantity + further)
            self.add(event, Kind.SELL, given, worth, fee + part_withheld, suffix="-sell")
            self.add(event, Kind.BUY, Leg(got.asset, net), worth - part_withheld, suffix="-buy")
        for n, (leg, cost) in enumerate(third):
            self.add(event, Kind.SPEND, leg, cost, suffix=f"-fee{n + 1}" if n else "-fee")

    def income(self, event: Event, leg: Leg, value: int | None = None) -> None:
        """Crypto earned: a lot at fair value."""
        if self.is_money(leg.asset):
            self.note(event.row, "interest or reward in money, no trade of the ledger")
        else:
            self.add(event, Kind.INCOME, leg, self.value(event, leg) if value is None else value)

    def spend(self, event: Event, leg: Leg, value: int | None = None, *, suffix: str = "") -> None:
        """Crypto paid away: a disposal at fair value."""
        if self.is_money(leg.asset):
            self.note(event.row, "fee or payment in money, no trade of the ledger")
        else:
            self.add(event, Kind.SPEND, leg, self.value(event, leg) if value is None else value, suffix=suffix)

    def move(self, event: Event, leg: Leg, *, out: bool, fee: int = 0) -> None:
        """A deposit or withdrawal of `leg`; `fee` more units of it are spent (the network's fee)."""
        if self.is_money(leg.asset):
            self.note(event.row, "deposit or withdrawal of money, no trade of the ledger")
            return
        self._check(event, leg, 0, 0)
        self.put(event, event.id, Move(event, leg, out))
        if fee:
            self.spend(event, Leg(leg.asset, fee), suffix="-fee")

    def add(
        self,
        event: Event,
        kind: Kind,
        leg: Leg,
        amount: int = 0,
        fee: int = 0,
        *,
        suffix: str = "",
        lots: tuple[LotPick, ...] = (),
    ) -> None:
        """One canonical trade. `RowError` if it does not fit the ledger's scales."""
        self._check(event, leg, amount, fee)
        if kind in OPENS_LOT and amount + (-fee if kind is Kind.SHORT else fee) < 0:
            raise RowError(event.row, "", f"the fee turns the value of {leg.asset} negative", "check its sign")
        id_ = self.name(event.row, "id", event.id + suffix)
        line = event.row.line
        trade = Trade(event.time, event.source, id_, kind, leg.asset, leg.quantity, amount, fee, "", lots, line)
        self.put(event, id_, trade)

    def _check(self, event: Event, leg: Leg, amount: int, fee: int) -> None:
        self.name(event.row, "asset", leg.asset)
        if not 0 < leg.quantity < QUANTITY_LIMIT:
            reason = "is not above zero" if leg.quantity <= 0 else "is too large"
            raise RowError(event.row, "", f"the quantity of {leg.asset} {reason}", "check the row at the exchange")
        if amount < 0 or amount + abs(fee) >= MONEY_LIMIT:
            raise RowError(event.row, "", f"the value of {leg.asset} is out of range", "check the row at the exchange")


def half_even(numerator: int, divisor: int) -> int:
    """The quotient of integers, rounded to nearest, ties to even."""
    quotient, rest = divmod(numerator, divisor)
    return quotient + (2 * rest > divisor or (2 * rest == divisor and quotient % 2 == 1))

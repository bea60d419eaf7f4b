"""What an export's events are in canonical trades, the same for every exchange.

* Money given for money is no trade of the ledger; it is noted and left out.
* Crypto for money is one row, `buy` or `sell`; crypto for crypto is two rows, `sell` and `buy`, at one fair value.
* The whole fee of a crypto-for-crypto trade goes to the disposition, none to the new basis (Reg. 1.1001-7(b),
  1.1012-1(h)).
* A fee in crypto is itself a disposal: a `spend` at fair value, and a cost of the trade. Units that are withheld from
  those received are units of the lot just bought (Reg. 1.1012-1(j)(3)): the `spend` names it.
* Several assets given for one, or one for several: the price is shared out by fair values, which have to be known.
* A coin that continues as another (a migration, a redenomination, wrapping) is a `convert`: no disposal.
* Coins given for a receipt (staked, lent, put into a pool) are disposed of, or carried by a `convert`, as the user's
  policy says (`--receipts`): no ruling of the IRS says either.
* What a futures position paid or took is one closed lot of the instrument at that moment: what was won is bought for 0
  and sold for it; what was lost is bought for it and expires. The coin it was paid in is bought or sold at its value.

What things are worth is the matter of `values`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from zkharvest.spec import MONEY_LIMIT, QUANTITY_DECIMALS, QUANTITY_LIMIT
from zkharvest.trades.importers.gather import Event, Leg, Move, RowError
from zkharvest.trades.importers.rows import by_hand
from zkharvest.trades.importers.values import Values
from zkharvest.trades.model import OPENS_LOT, Kind, LotPick, filled_trade, with_fee
from zkharvest.trades.text import format_quantity

_ONE = 10**QUANTITY_DECIMALS
_POLICY = {"carry": "basis and dates are carried", "trade": "a disposal"}
_RATIO_SLACK = 1000  # a venue may round a known ratio by one part in this many


class Draft(Values):
    """One import: several export files, one reporting currency."""

    def exchange(
        self,
        event: Event,
        gave: Leg,
        got: Leg,
        fees: Sequence[Leg] = (),
        *,
        value: int | None = None,
        withheld: bool = True,
    ) -> None:
        """One asset given for another. `value` (money, before fees) is used where neither side is money.

        `withheld`: a fee in the asset received was taken off it (not so the gas of a chain, which was there before).
        A negative fee is a rebate; in crypto it is income of its own.
        """
        gave, got = self._usual(event, gave), self._usual(event, got)
        paid, earned = gave.asset in self.moneys, got.asset in self.moneys
        if paid and earned:
            self.note(event.row, "money changed into money, no trade of the ledger")
            return
        if not (gave.quantity or got.quantity or any(fee.quantity for fee in fees)):
            self._nothing(event, gave)
            return
        if gave.asset == got.asset:
            self._nothing_changed(event, gave, got)
            return
        if not (paid or earned) and self.names.is_receipt(gave.asset, got.asset):
            policy = "carry" if self.carry_receipts else "trade"
            self.note(event.row, f"coins and a receipt for them: {_POLICY[policy]} (--receipts {policy})")
            if self.carry_receipts:
                self._carried(event, gave, got, fees)
                return
        try:
            worth = self._worth(event, gave, got, value)
        except RowError:
            self._miss(event, gave, got, fees)
            raise
        fee = 0
        in_kind: list[tuple[Leg, int]] = []
        rebates: list[Leg] = []
        for fee_leg in fees:
            part = self._usual(event, fee_leg)
            if part.asset in self.moneys:
                if part.quantity > 0:
                    fee += self.value(event, part)
                else:
                    fee -= self.value(event, Leg(part.asset, -part.quantity))
            elif part.quantity < 0:
                rebates.append(Leg(part.asset, -part.quantity))
            elif part.quantity:
                side = next((leg for leg in (got, gave) if leg.asset == part.asset), None)
                cost = (
                    self.rounded(event.row, worth * part.quantity, side.quantity) if side else self.value(event, part)
                )
                if withheld and part.asset == got.asset and part.quantity >= got.quantity:
                    hint = by_hand(event.row, *event.more, instead=f"write a spend row of {gave.asset}")
                    raise RowError(event.row, "", "the fee takes all that was received", hint)
                in_kind.append((part, cost))
        if in_kind:
            fee += sum(cost for _, cost in in_kind)
        both = not (paid or earned)
        legs = both or bool(in_kind or rebates)
        if not paid:
            self.add(event, Kind.SELL, gave, worth, fee, suffix="-sell" if both else "", leg_of=legs)
        if not earned:
            cost = 0 if both else fee  # the whole fee goes to the disposition, if there is one
            self.add(event, Kind.BUY, got, worth, cost, suffix="-buy" if both else "", leg_of=legs)
        bought = f"{event.source}/{event.id}{'-buy' if both else ''}"
        for n, (leg, cost) in enumerate(in_kind):  # units withheld come from those just received, Reg. 1.1012-1(j)(3)
            lots = (LotPick(bought, leg.quantity),) if withheld and leg.asset == got.asset else ()
            self.add(event, Kind.SPEND, leg, cost, suffix=_nth("-fee", n), lots=lots, leg_of=True, category="fee")
        for n, leg in enumerate(rebates):
            gift = self.value(event, leg)
            self.add(event, Kind.INCOME, leg, gift, suffix=_nth("-rebate", n), leg_of=True, category="reward")

    def _carried(self, event: Event, gave: Leg, got: Leg, fees: Sequence[Leg]) -> None:
        """Coins into a receipt or back: basis and dates go on; its fees are spent."""
        self.add(event, Kind.CONVERT, gave, into=got)
        for n, fee in enumerate(fees):
            if fee.quantity < 0:
                raise RowError(event.row, "", "a rebate on a receipt", by_hand(event.row, *event.more))
            if fee.quantity:
                self.spend(event, fee, suffix=_nth("-fee", n), category="fee")

    def _miss(self, event: Event, gave: Leg, got: Leg, fees: Sequence[Leg]) -> None:
        """Looks for the values of the fees too, so that one list of missing prices is all of them."""
        for leg in (self._usual(event, fee) for fee in fees):
            if leg.quantity and leg.asset not in (gave.asset, got.asset):
                with suppress(RowError):
                    self.value(event, leg)

    def _worth(self, event: Event, gave: Leg, got: Leg, value: int | None) -> int:
        """What a trade was worth: the money in it, else the value that the row says, else a fair value."""
        if gave.asset in self.moneys:
            return self.value(event, gave)
        if got.asset in self.moneys:
            return self.value(event, got)
        return self.value(event, got, gave) if value is None else value

    def exchange_many(
        self,
        event: Event,
        gave: Sequence[Leg],
        got: Sequence[Leg],
        fees: Sequence[Leg] = (),
        *,
        values: Sequence[int] | None = None,
        withheld: bool = True,
    ) -> None:
        """Several assets for one, or one for several: the one side's value shared out by the others' fair values.

        `values`: those of the several, if the rows say them. Values that are not known make one problem each, so that
        one price file can answer them all.
        """
        if len(gave) == 1 and len(got) == 1:
            self.exchange(event, gave[0], got[0], fees, withheld=withheld)
            return
        many, (one,) = (gave, got) if len(got) == 1 else (got, gave)  # callers refuse several for several
        weights: list[int] = []
        errors: list[RowError] = []
        for n, leg in enumerate(many):
            try:
                weights.append(self.value(event, leg) if values is None else values[n])
            except RowError as error:
                errors.append(error)
        if errors:
            self._miss(event, one, one, fees)
            self.problems.extend(error.problem for error in errors[:-1])
            raise errors[-1]
        known = self.known_value(event, one)
        whole = sum(weights) if known is None else known
        if not sum(weights):
            hint = f"write prices above 0 into the --prices file; or {by_hand(event.row, *event.more)}"
            raise RowError(event.row, "", "the assets are worth nothing by the prices given", hint)
        shares = share(whole, weights)
        shared = share(one.quantity, weights)
        fee_leg = fees[0] if fees else None
        fee_shares = share(fee_leg.quantity, weights) if fee_leg else [0] * len(many)
        for n, leg in enumerate(many):
            part = Event(event.row, event.time, event.source, f"{event.id}-{n + 1}", event.more, event.ref)
            fee = [Leg(fee_leg.asset, fee_shares[n])] if fee_leg and fee_shares[n] else []
            other = Leg(one.asset, shared[n])
            if not other.quantity:
                raise RowError(
                    event.row,
                    "",
                    f"too little {one.asset} to share out over the assets",
                    by_hand(event.row, *event.more),
                )
            pair_ = (leg, other) if len(got) == 1 else (other, leg)
            self.exchange(part, *pair_, fee, value=shares[n], withheld=withheld)
        for extra in fees[1:]:
            self.spend(event, extra, suffix=f"-fee-{extra.asset}", category="fee")

    def _nothing(self, event: Event, leg: Leg) -> bool:
        """Whether a row is of a quantity of nothing, which is noted and passed over."""
        if not leg.quantity:
            self.note(event.row, "a row of a quantity of 0, which changed nothing")
        return not leg.quantity

    def _nothing_changed(self, event: Event, gave: Leg, got: Leg) -> None:
        """A coin given for itself: two of its names, or one of its products."""
        if gave.quantity != got.quantity:
            amounts = f"{format_quantity(gave.quantity)} and {format_quantity(got.quantity)}"
            message = f"{gave.asset} was given for {got.asset}, in different quantities ({amounts})"
            raise RowError(event.row, "", message, by_hand(event.row, *event.more))
        for row in (event.row, *event.more):
            self.note(row, f"{gave.asset} under another of its names, nothing changes")

    def convert(self, event: Event, gave: Leg, got: Leg) -> None:
        """One coin continues as another: basis and dates are carried, nothing is disposed of."""
        gave, got = self._usual(event, gave), self._usual(event, got)
        if gave.asset == got.asset:
            self._nothing_changed(event, gave, got)
            return
        if self.names.is_receipt(gave.asset, got.asset):
            self.exchange(event, gave, got)
            return
        known = self.names.rename(gave.asset, got.asset)
        if known is not None:
            is_, should = got.quantity * known.takes, gave.quantity * known.gives
            if abs(is_ - should) * _RATIO_SLACK > should:
                ratio = f"{format_quantity(known.takes)}:{format_quantity(known.gives)}"
                amounts = (
                    f"{format_quantity(gave.quantity)} {gave.asset} to {format_quantity(got.quantity)} {got.asset}"
                )
                message = f"{amounts} is not at the known ratio {ratio} ({known.source})"
                raise RowError(event.row, "", message, by_hand(event.row, *event.more, instead="write a convert row"))
        elif not self.names.is_wrapping(gave.asset, got.asset):
            self.note(event.row, f"{gave.asset} became {got.asset}, as the export says (not in the table of renames)")
        self.add(event, Kind.CONVERT, gave, into=got)

    def income(self, event: Event, leg: Leg, value: int | None = None, *, category: str = "", suffix: str = "") -> None:
        """Crypto earned: a lot at fair value."""
        leg = self._usual(event, leg)
        if self._nothing(event, leg):
            return
        if self.is_money(leg.asset):
            self.note(event.row, "interest or reward in money, no trade of the ledger")
        else:
            worth = self.value(event, leg) if value is None else value
            self.add(event, Kind.INCOME, leg, worth, category=category, suffix=suffix)

    def spend(self, event: Event, leg: Leg, value: int | None = None, *, suffix: str = "", category: str = "") -> None:
        """Crypto paid away: a disposal at fair value."""
        leg = self._usual(event, leg)
        if self._nothing(event, leg):
            return
        if self.is_money(leg.asset):
            self.note(event.row, "fee or payment in money, no trade of the ledger")
        else:
            worth = self.value(event, leg) if value is None else value
            self.add(event, Kind.SPEND, leg, worth, suffix=suffix, category=category)

    def move(self, event: Event, leg: Leg, *, out: bool, fee: int = 0, inside: str = "") -> None:
        """A deposit or withdrawal of `leg`; `fee` more units of it are spent (the network's fee).

        `inside`: to or from this wallet of the same account, where it has to net out.
        """
        leg = self._usual(event, leg)
        if self._nothing(event, leg):
            return
        if self.is_money(leg.asset):
            what = f"moved between wallets ({inside})" if inside else "deposit or withdrawal"
            self.note(event.row, f"{what} of money, no trade of the ledger")
            return
        self._check(event, leg, 0, 0)
        self.put(event, event.id, Move(event, leg, out, inside))
        if fee:
            self.spend(event, Leg(leg.asset, fee), suffix="-fee", category="fee")

    def transfer(self, event: Event, leg: Leg, to: str) -> None:
        """A move whose both ends the row names."""
        leg = self._usual(event, leg)
        if self._nothing(event, leg):
            return
        if self.is_money(leg.asset):
            self.note(event.row, "transfer of money, no trade of the ledger")
        elif to == event.source:
            self.note(event.row, f"moved from {to} to itself")
        else:
            self.add(event, Kind.TRANSFER, leg, to=to)

    def settle(self, event: Event, instrument: str, paid: Leg, value: int | None = None) -> None:
        """What a position in `instrument` paid (`paid` positive) or took, fees and funding included: a closed lot.

        `value`: what it was worth in the reporting currency, signed like `paid`, if the row says it.
        """
        paid = self._usual(event, paid)
        if not paid.quantity:
            self.note(event.row, "futures row that changed no balance")
            return
        size = Leg(paid.asset, abs(paid.quantity))
        worth = self.value(event, size) if value is None else abs(value)
        one = Leg(instrument, _ONE)
        lot = (LotPick(f"{event.source}/{event.id}-open", _ONE),)
        if paid.quantity > 0:
            self.add(event, Kind.BUY, one, 0, suffix="-open", leg_of=True)
            self.add(event, Kind.SELL, one, worth, suffix="-close", lots=lot, leg_of=True)
        else:
            self.add(event, Kind.BUY, one, worth, suffix="-open", leg_of=True)
            self.add(event, Kind.EXPIRE, one, suffix="-close", lots=lot, leg_of=True)
        self.cash(event, paid, worth)

    def cash(self, event: Event, paid: Leg, worth: int) -> None:
        """The coin that a position paid (bought at its value) or took (sold at its value); money has no lots."""
        paid = self._usual(event, paid)
        if self.is_money(paid.asset) or not paid.quantity:
            return
        kind = Kind.BUY if paid.quantity > 0 else Kind.SELL
        self.add(event, kind, Leg(paid.asset, abs(paid.quantity)), worth, suffix="-cash", leg_of=True)

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
        into: Leg | None = None,
        category: str = "",
        leg_of: bool = False,
        to: str = "",
    ) -> None:
        """One canonical trade. `leg_of`: it is one leg of the event. `RowError` if it does not fit the scales."""
        self._check(event, leg, amount, fee)
        if fee and kind in OPENS_LOT and with_fee(amount, fee, paid=kind is not Kind.SHORT) < 0:
            hint = f"check its sign at the exchange; {by_hand(event.row, *event.more)}"
            raise RowError(event.row, "", f"the fee turns the value of {leg.asset} negative", hint)
        id_ = self.name(event.row, "id", event.id + suffix)
        if into is not None:
            self._check(event, into, 0, 0)
        row = event.row
        trade = filled_trade(
            event.time,
            event.source,
            id_,
            kind,
            leg.asset,
            leg.quantity,
            amount,
            fee,
            to,
            lots,
            row.line,
            self.currency,
            into.asset if into else "",
            into.quantity if into else 0,
            event.id if leg_of else "",
            event.ref,
            category,
            event.origin,
        )
        self.put(event, id_, trade)

    def _usual(self, event: Event, leg: Leg) -> Leg:
        asset = self._coins.get((leg.asset, event.source)) or self.coin(leg.asset, event.source)
        return leg if asset == leg.asset else Leg(asset, leg.quantity)

    def _check(self, event: Event, leg: Leg, amount: int, fee: int) -> None:
        if leg.asset not in self._named:
            self._named.add(self.name(event.row, "asset", leg.asset))
        if not 0 < leg.quantity < QUANTITY_LIMIT:
            reason = "is not above zero" if leg.quantity <= 0 else "is too large"
            hint = f"check the row at the exchange; {by_hand(event.row, *event.more)}"
            raise RowError(event.row, "", f"the quantity of {leg.asset} {reason}", hint)
        if amount < 0 or amount + abs(fee) >= MONEY_LIMIT:
            hint = f"check the row at the exchange; {by_hand(event.row, *event.more)}"
            raise RowError(event.row, "", f"the value of {leg.asset} is out of range", hint)


def _nth(suffix: str, n: int) -> str:
    return f"{suffix}{n + 1}" if n else suffix


def share(whole: int, weights: Sequence[int]) -> list[int]:
    """`whole` in parts proportional to the weights; each part is cut down, the last takes what is left."""
    parts = []
    left, rest = whole, sum(weights)
    for weight in weights:
        part = left * weight // rest if rest else 0
        parts.append(part)
        left -= part
        rest -= weight
    return parts

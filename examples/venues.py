"""Three exchanges as a taxpayer's exports show them: real headers, rows of our own.

Each venue keeps balances, refuses to go below zero, and writes its export. Nothing here is random: what looks so
comes from SHA-256 of a label.
"""

import csv
import io
from collections import defaultdict
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256

CENT, SATOSHI, MILLI = Decimal("0.01"), Decimal("0.00000001"), Decimal("0.0001")

_COINBASE = (
    "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,"
    "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes"
)
_KRAKEN = "txid,refid,time,type,subtype,aclass,subclass,asset,wallet,amount,fee,balance"
_DERIBIT = (
    "ID,UserSeq,Date,Instrument,Type,Side,Amount,Base Amount,Position,Price,Mark Price,Index Price,Cash Flow,Funding,"
    "Fee Rate,Fee Charged,Fee Balance,Change,Balance,Equity,Trade ID,Order ID,Info,Note"
)


def noise(*label: object, below: int) -> int:
    """A number from 0 to below - 1, always the same for the same label."""
    return int.from_bytes(sha256(repr(label).encode()).digest()[:8], "big") % below


def code(*label: object, length: int) -> str:
    """Letters and digits that look like an exchange's id."""
    return "".join("ABCDEFGHJKLMNPQRSTUVWXYZ234567"[noise(label, n, below=30)] for n in range(length))


def cut(value: Decimal, unit: Decimal) -> Decimal:
    """The value in whole units, rounded half up as exchanges do."""
    return value.quantize(unit, ROUND_HALF_UP)


class Balances:
    """What a venue holds for the taxpayer."""

    def __init__(self) -> None:
        self.held: dict[str, Decimal] = defaultdict(Decimal)

    def change(self, asset: str, by: Decimal, when: datetime) -> Decimal:
        self.held[asset] += by
        if self.held[asset] < 0:
            raise ValueError(f"{when}: {asset} below zero by {-self.held[asset]}")
        return self.held[asset]


class Coinbase(Balances):
    """The retail report: preamble, newest first, money with a dollar sign."""

    header = _COINBASE.split(",")

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[datetime, list[str]]] = []

    def row(
        self,
        when: datetime,
        kind: str,
        asset: str,
        quantity: Decimal,
        price: Decimal,
        money: tuple[Decimal, Decimal] | None,
        notes: str,
    ) -> None:
        """`money`: total with fees, and fees."""
        self.change(asset, quantity, when)
        id_ = code("coinbase", when, kind, asset, len(self.rows), length=24).lower()
        cells = [id_, f"{when:%Y-%m-%d %H:%M:%S} UTC", kind, asset, f"{quantity:f}", "USD", dollars(price)]
        if money is None:
            cells += ["", "", ""]
        else:
            total, fees = money
            subtotal = total + fees if quantity < 0 else total - fees
            cells += [dollars(subtotal), dollars(total), dollars(fees)]
        self.rows.append((when, [*cells, notes]))

    def buy(self, when: datetime, asset: str, spend: Decimal, price: Decimal) -> None:
        fees = cut(spend * Decimal("0.0149"), CENT)
        quantity = cut((spend - fees) / price, SATOSHI)
        note = f"Bought {quantity:f} {asset} for {spend:f} USD"
        self.row(when, "Buy", asset, quantity, price, (spend, fees), note)

    def sell(self, when: datetime, asset: str, quantity: Decimal, price: Decimal, fees: Decimal | None = None) -> None:
        gross = cut(quantity * price, CENT)
        fees = cut(gross * Decimal("0.006"), CENT) if fees is None else fees
        note = f"Sold {quantity:f} {asset} for {gross - fees:f} USD"
        self.row(when, "Sell", asset, -quantity, price, (gross - fees, fees), note)

    def convert(self, when: datetime, given: str, quantity: Decimal, price: Decimal, got: str, other: Decimal) -> None:
        total = cut(quantity * price, CENT)
        fees = cut(total * Decimal("0.01"), CENT)
        received = cut((total - fees) / other, SATOSHI)
        self.change(got, received, when)
        id_ = code("coinbase", when, given, length=24).lower()
        self.change(given, -quantity, when)
        money = [dollars(price), dollars(total - fees), dollars(total), dollars(fees)]
        note = f"Converted {quantity:f} {given} to {received:f} {got}"
        cells = [id_, f"{when:%Y-%m-%d %H:%M:%S} UTC", "Convert", given, f"{-quantity:f}", "USD", *money, note]
        self.rows.append((when, cells))

    def reward(self, when: datetime, asset: str, quantity: Decimal, price: Decimal) -> None:
        self.row(when, "Staking Income", asset, quantity, price, (cut(quantity * price, CENT), Decimal(0)), "")

    def move(self, when: datetime, asset: str, quantity: Decimal, price: Decimal) -> None:
        word, note = ("Receive", "Received from an external account") if quantity > 0 else ("Send", "Sent")
        self.row(when, word, asset, quantity, price, None, note)

    def export(self) -> str:
        newest_first = [cells for _, cells in sorted(self.rows, key=lambda row: row[0])][::-1]
        return "\nTransactions\nUser,Example Taxpayer,0f1e2d3c\n" + table(self.header, newest_first)


class Kraken(Balances):
    """The ledgers export: one row a leg, fees on top, pending deposits told twice."""

    header = _KRAKEN.split(",")

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[datetime, list[str]]] = []
        self.staked: dict[str, Decimal] = defaultdict(Decimal)  # rewards stay staked: a balance of their own

    def leg(self, when: datetime, refid: str, kind: str, asset: str, amount: Decimal, fee: Decimal) -> None:
        money = asset == "USD"
        places = MILLI if money else Decimal("1e-10")
        balance = self.change(asset, amount - fee, when) - self.staked[asset]
        subtype, subclass = ("tradespot" if kind == "trade" else ""), ("fiat" if money else "crypto")
        n = len(self.rows)
        id_ = f"L{code('kraken', n, length=5)}-{code('kraken.', n, length=5)}-{code('kraken..', n, length=6)}"
        numbers = [f"{cut(amount, places):f}", f"{cut(fee, places):f}", f"{cut(balance, places):f}"]
        name = {"USD": "ZUSD", "BTC": "XXBT", "ETH": "XETH"}.get(asset, asset)
        self.rows.append(
            (
                when,
                [
                    id_,
                    refid,
                    f"{when:%Y-%m-%d %H:%M:%S}",
                    kind,
                    subtype,
                    "currency",
                    subclass,
                    name,
                    "spot / main",
                    *numbers,
                ],
            )
        )

    def refid(self, letter: str) -> str:
        n = len(self.rows)
        return f"{letter}{code('ref', n, length=5)}-{code('ref.', n, length=5)}-{code('ref..', n, length=6)}"

    def trade(self, when: datetime, asset: str, quantity: Decimal, price: Decimal, quote: str = "USD") -> None:
        """Buys (quantity > 0) or sells for `quote`, with a fee of 0.26 % in it."""
        unit = MILLI if quote == "USD" else Decimal("1e-10")
        cost = cut(abs(quantity) * price, unit)
        fee = cut(cost * Decimal("0.0026"), unit)
        refid = self.refid("T")
        self.leg(when, refid, "trade", quote, cost if quantity < 0 else -cost, fee)
        self.leg(when, refid, "trade", asset, quantity, Decimal(0))

    def reward(self, when: datetime, asset: str, quantity: Decimal) -> None:
        self.leg(when, self.refid("S"), "staking", asset, quantity, Decimal(0))
        self.staked[asset] += quantity
        cells = self.rows[-1][1]
        cells[7], cells[-1] = f"{asset}28.S", f"{cut(self.staked[asset], Decimal('1e-10')):f}"

    def move(self, when: datetime, asset: str, quantity: Decimal, fee: Decimal = Decimal(0)) -> None:
        refid = self.refid("Q")
        kind = "deposit" if quantity > 0 else "withdrawal"
        self.leg(when, refid, kind, asset, quantity, fee)
        if kind == "deposit":  # the pending copy: no txid, no balance
            cells = self.rows[-1][1].copy()
            cells[0] = cells[-1] = ""
            self.rows.insert(-1, (when, cells))

    def export(self) -> str:
        return table(self.header, [cells for _, cells in sorted(self.rows, key=lambda row: row[0])])


class Deribit(Balances):
    """The BTC transaction log: options, perpetuals, deliveries; the balance is in BTC."""

    header = _DERIBIT.split(",")

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[datetime, dict[str, str]]] = []
        self.positions: dict[str, Decimal] = defaultdict(Decimal)

    def log(self, when: datetime, kind: str, change: Decimal, **cells: Decimal | str) -> None:
        """One row; cells are named as their columns, with underscores."""
        balance = self.change("BTC", change, when)
        row = dict.fromkeys(self.header, "") | {"Date": f"{when:%Y-%m-%d %H:%M:%S}", "Type": kind}
        cells |= {"Change": change, "Balance": balance, "Equity": balance}
        for name, value in cells.items():
            row[name.replace("_", " ")] = value if isinstance(value, str) else f"{value:f}"
        self.rows.append((when, row))

    def option(self, when: datetime, name: str, quantity: Decimal, price: Decimal, index: Decimal) -> None:
        """Buys (quantity > 0) or sells options at a price in BTC; fee 0.0003 BTC each, at most 12.5 % of the price."""
        closes = self.positions[name] * quantity < 0
        self.positions[name] += quantity
        cash_flow = -quantity * price
        fee = cut(abs(quantity) * min(Decimal("0.0003"), price / 8), SATOSHI)
        self.log(
            when,
            "trade",
            cash_flow - fee,
            Instrument=name,
            Side=f"{'close' if closes else 'open'} {'buy' if quantity > 0 else 'sell'}",
            Amount=abs(quantity),
            Base_Amount=abs(quantity),
            Position=self.positions[name],
            Price=price,
            Mark_Price=price,
            Index_Price=index,
            Cash_Flow=cash_flow,
            Fee_Charged=fee,
            Trade_ID=f"BTC-{noise(name, when, below=10**9)}",
            Order_ID=f"BTC-{noise(when, name, below=10**11)}",
            Info="taker",
        )

    def deliver(self, when: datetime, name: str, strike: Decimal, index: Decimal) -> None:
        """Settles what is left of an option in cash, or lets it expire."""
        left = self.positions.pop(name, Decimal(0))
        if not left:
            return
        inner = index - strike if name.endswith("C") else strike - index
        each = cut(max(inner, Decimal(0)) / index, SATOSHI)
        cash_flow = cut(left * each, SATOSHI)
        fee = cut(abs(left) * min(Decimal("0.00015"), each / 8), SATOSHI)
        self.log(
            when,
            "delivery",
            cash_flow - fee,
            Instrument=name,
            Side="close sell" if left > 0 else "close buy",
            Amount=abs(left),
            Base_Amount=abs(left),
            Position="0",
            Price=each,
            Mark_Price=each,
            Index_Price=index,
            Cash_Flow=cash_flow,
            Fee_Charged=fee,
        )

    def perpetual(self, when: datetime, size: int, index: Decimal) -> None:
        """Buys (size > 0 dollars) or sells the perpetual; only the fee is paid, profit comes with the settlement."""
        name = "BTC-PERPETUAL"
        closes = self.positions[name] * size < 0
        self.positions[name] += size
        fee = cut(abs(size) / index * Decimal("0.0005"), SATOSHI)
        self.log(
            when,
            "trade",
            -fee,
            Instrument=name,
            Side=f"{'close' if closes else 'open'} {'buy' if size > 0 else 'sell'}",
            Amount=str(abs(size)),
            Position=self.positions[name],
            Price=index,
            Mark_Price=index,
            Index_Price=index,
            Cash_Flow="0",
            Fee_Charged=fee,
        )

    def settle(self, when: datetime, before: Decimal, index: Decimal, funding: Decimal) -> None:
        """The session of the perpetual, from the price `before` to `index`; Cash Flow holds the funding."""
        name = "BTC-PERPETUAL"
        position = self.positions[name]
        paid = cut(position * (1 / before - 1 / index), SATOSHI) + funding
        self.log(
            when,
            "settlement",
            paid,
            Instrument=name,
            Side="long" if position > 0 else "short",
            Amount=abs(position),
            Position=position,
            Price=index,
            Mark_Price=index,
            Index_Price=index,
            Cash_Flow=paid,
            Funding=funding,
        )

    def move(self, when: datetime, quantity: Decimal, fee: Decimal = Decimal(0)) -> None:
        cells = {"Fee_Charged": fee} if fee else {}
        self.log(when, "deposit" if quantity > 0 else "withdrawal", quantity - fee, **cells)

    def export(self) -> str:
        rows = []
        for n, (when, row) in enumerate(sorted(self.rows, key=lambda row: row[0])):
            row |= {"ID": str(190_000_000 + 37 * n), "UserSeq": str(int(when.timestamp()) * 1000 + n)}
            rows.append([row[name] for name in self.header])
        return table(self.header, rows)


def dollars(value: Decimal) -> str:
    return f"{'-' if value < 0 else ''}${cut(abs(value), CENT):,f}"


def table(header: list[str], rows: list[list[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()

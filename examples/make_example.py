"""Writes examples/taxpayer/: three years of a taxpayer, as three exchanges export them, and what becomes of them.

    python examples/make_example.py

The prices are invented; they go roughly the way the market went. The story: monthly purchases and staking from 2023
on, profits taken in March and November 2024, large purchases near the top of the winter, and losses harvested in spring
and December 2025; options on Deribit every month; coins moved between the exchanges.

Running it again writes the same bytes. `trades.csv` is the import of the exports, with the lots of `lots.csv`.
"""

import sys
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from venues import CENT, SATOSHI, Coinbase, Deribit, Kraken, cut, noise, table

from zkharvest.files.atomic import write_file
from zkharvest.trades.csv_out import format_picks, trades_to_text
from zkharvest.trades.importers import Answers, import_exports
from zkharvest.trades.model import OPENS_LOT, Kind, LotPick, Trade

FOLDER = Path(__file__).resolve().parent / "taxpayer"
EXPORTS = ("coinbase.csv", "kraken-ledgers.csv", "deribit.csv")

# US dollars on the first of each month from January 2023 to January 2026.
_ANCHORS = {
    "BTC": """16600 23100 23200 28400 28100 27200 30500 29200 26000 27000 34600 38700
              42300 42600 61200 71300 60600 67500 62700 64600 59000 63300 70200 96400
              93400 102400 84400 82500 94200 104600 107100 115800 108200 114000 110000 90400 87500""",
    "ETH": """1200 1590 1605 1820 1870 1860 1925 1855 1645 1670 1795 2050
              2280 2280 3340 3650 3010 3760 3440 3230 2510 2600 2515 3710
              3330 3300 2240 1820 1795 2530 2480 3700 4390 4150 3870 3000 2970""",
    "SOL": """10 24 22 21 22 21 19 24 20 22 38 59
              102 97 126 203 127 166 147 172 135 152 167 237
              189 230 148 125 147 156 155 172 200 209 186 134 125""",
    "DOT": """4.3 6.3 6.4 6.3 5.9 5.3 5.2 5.1 4.2 4.1 4.5 5.4
              8.2 6.8 8.4 9.6 6.8 7.1 6.2 5.7 4.3 4.8 4.0 8.6
              6.6 6.2 4.4 4.0 4.1 4.1 3.4 3.8 3.8 4.0 3.0 2.3 1.8""",
}
_MONTHLY = {asset: [Decimal(text) for text in row.split()] for asset, row in _ANCHORS.items()}


def price(asset: str, when: datetime) -> Decimal:
    """The price at an hour: between the anchors of its month, give or take two per cent, in cents."""
    month = (when.year - 2023) * 12 + when.month - 1
    first, second = _MONTHLY[asset][month : month + 2]
    level = first + (second - first) * (when.day * 24 + when.hour) / (31 * 24)
    wobble = Decimal(noise(asset, when.date(), when.hour, below=401) - 200) / 10_000
    return cut(level * (1 + wobble), CENT)


def at(day: date, hour: int = 12, minute: int = 0, second: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)


YEAR = 366 * 86_400_000  # milliseconds; a rule of thumb, the ledger counts by the calendar


class Lot(NamedTuple):
    """What the books know of a lot: its name, price per unit, time and what is left of it."""

    ref: str
    unit: int
    time: int
    quantity: int


Keep = Callable[[Callable[[datetime], None]], None]


class Story:
    """The three venues and what happens on them."""

    def __init__(self) -> None:
        self.coinbase, self.kraken, self.deribit = Coinbase(), Kraken(), Deribit()
        self.needed: dict[tuple[str, str], Decimal] = {}  # fair values that the exports do not hold
        self.plan: list[tuple[datetime, Callable[[datetime], None]]] = []

    def on(self, when: datetime, what: Callable[[datetime], None]) -> None:
        """Plans something; `what` is told the time."""
        self.plan.append((when, what))

    def happen(self) -> None:
        """Runs the plan in the order of time."""
        for when, what in sorted(self.plan, key=lambda event: event[0]):
            what(when)

    def fair(self, asset: str, when: datetime, *, exact: bool = False) -> None:
        """Notes the price of the day, or of the very instant, for prices.csv."""
        if exact:
            self.needed[f"{when:%Y-%m-%dT%H:%M:%SZ}", asset] = price(asset, when)
        else:
            self.needed[when.date().isoformat(), asset] = price(asset, at(when.date()))

    def buy_on_kraken(self, when: datetime, asset: str, dollars: int, fills: int = 1) -> None:
        """An order filled in parts within one second."""
        for n in range(fills):
            each = cut(Decimal(dollars) / fills / price(asset, when), SATOSHI)
            self.kraken.trade(when, asset, each, price(asset, when) + Decimal(n) / 10)

    def sell_share(self, when: datetime, asset: str, percent: int, venue: str) -> None:
        """Sells so many per cent of what the venue holds."""
        at_venue = self.coinbase if venue == "coinbase" else self.kraken
        quantity = (at_venue.held[asset] * percent / 100).quantize(SATOSHI, "ROUND_DOWN")
        if venue == "coinbase":
            self.coinbase.sell(when, asset, quantity, price(asset, when))
        else:
            self.kraken.trade(when, asset, -quantity, price(asset, when))

    def to_kraken(self, when: datetime, asset: str, quantity: Decimal) -> None:
        self.coinbase.move(when, asset, -quantity, price(asset, when))
        self.kraken.move(when + timedelta(minutes=24, seconds=9), asset, quantity)

    def to_coinbase(self, when: datetime, asset: str, quantity: Decimal, fee: Decimal) -> None:
        self.kraken.move(when, asset, -quantity, fee)
        self.fair(asset, when)
        later = when + timedelta(minutes=41)
        self.coinbase.move(later, asset, quantity, price(asset, later))

    def month(self, year: int, month: int) -> None:
        """What happens every month."""
        rich = year < 2025
        for day in (5, 19) if rich else (12,):
            self.on(at(date(year, month, day), 14, 3 + day, month), lambda when: self.save(when, both=rich))
        if rich:
            self.on(
                at(date(year, month, 9), 16, 20, 2), lambda when: self.buy_on_kraken(when, "SOL", 150 + 5 * when.month)
            )
        if rich and month % 3 == 0:
            self.on(at(date(year, month, 15), 9, 41, 30), lambda when: self.buy_on_kraken(when, "BTC", 900, fills=3))
            self.on(at(date(year, month, 15), 9, 41, 30), lambda when: self.buy_on_kraken(when, "DOT", 60))
        self.on(at(date(year, month, 28), 3), self.rewards)

    def save(self, when: datetime, *, both: bool) -> None:
        self.coinbase.buy(when, "BTC", Decimal(260 + 10 * noise(when, below=20)), price("BTC", when))
        if both:
            self.coinbase.buy(when, "ETH", Decimal(180 + 10 * noise(when, "e", below=20)), price("ETH", when))

    def rewards(self, when: datetime) -> None:
        reward = (self.coinbase.held["ETH"] * 3 / 1200).quantize(Decimal("1e-18"))
        self.coinbase.reward(when, "ETH", reward, price("ETH", when))
        if self.kraken.held["DOT"] and when.month % 2 == 0:
            self.kraken.reward(when, "DOT", cut(self.kraken.held["DOT"] / 60, Decimal("1e-10")))
            self.fair("DOT", when)

    def options(self, year: int, month: int) -> None:
        """One idea a month, delivered on its last Friday at 08:00 UTC."""
        expiry = last_friday(year, month)
        start, half, end = at(date(year, month, 2), 10, 15), at(date(year, month, 14), 18, 5), at(expiry, 8)
        index = price("BTC", start)
        factor, kind, first, second = {
            0: ("1.20", "C", "0.3", "0"),
            1: ("0.85", "P", "-0.3", "0"),
            2: ("0.97", "P", "0.4", "-0.2"),
            3: ("1.10", "C", "-0.2", "0.3"),  # through zero
        }[month % 4]
        strike = (index * Decimal(factor) / 1000).quantize(Decimal(1)) * 1000
        name = f"BTC-{expiry.day}{expiry:%b%y}-{strike}-{kind}".upper()
        premium = Decimal(150 + noise("premium", start, below=150)) / 10_000
        option = self.deribit.option
        self.on(start, lambda when: option(when, name, Decimal(first), premium, index))
        if Decimal(second):
            self.on(half, lambda when: option(when, name, Decimal(second), premium / 2, price("BTC", when)))
        self.on(end, lambda when: self.deribit.deliver(when, name, strike, price("BTC", when)))


def last_friday(year: int, month: int) -> date:
    day = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return day - timedelta(days=(day.weekday() - 4) % 7)


def tell() -> Story:
    """Three years in the order in which they happened."""
    story = Story()
    coinbase, kraken = story.coinbase, story.kraken
    for year in (2023, 2024, 2025):
        for month in range(1, 13):
            story.month(year, month)
            if (year, month) >= (2023, 4):
                story.options(year, month)

    def on(year: int, month: int, day: int, hour: int = 15, minute: int = 30, second: int = 0) -> Keep:
        return lambda what: story.on(at(date(year, month, day), hour, minute, second), what)

    deposits = ((2023, 1, 3, 6500), (2024, 12, 13, 24000), (2025, 1, 17, 30000), (2025, 8, 11, 15000))
    for year, month, day, dollars in deposits:
        on(year, month, day)(lambda t, d=dollars: kraken.move(t, "USD", Decimal(d)))

    # 2023: a first deposit to Deribit, coins to Kraken.
    on(2023, 1, 8)(lambda t: coinbase.buy(t, "BTC", Decimal(9000), price("BTC", t)))
    on(2023, 3, 20)(lambda t: move_to_deribit(story, t, Decimal("0.4")))
    on(2023, 5, 21)(lambda t: story.to_kraken(t, "ETH", Decimal("0.75")))
    on(2023, 6, 22)(lambda t: kraken.trade(t, "ETH", Decimal("-0.25"), exchange_rate(story, t), "BTC"))
    on(2023, 8, 17)(lambda t: story.sell_share(t, "ETH", 40, "kraken"))
    on(2023, 9, 11)(lambda t: story.to_coinbase(t, "BTC", Decimal("0.05"), Decimal("0.0002")))
    on(2023, 12, 31, 23, 45)(lambda t: story.sell_share(t, "SOL", 20, "kraken"))

    # 2024: a purchase on the leap day, profits taken in spring and autumn.
    on(2024, 2, 28, 11)(lambda t: coinbase.buy(t, "SOL", Decimal(800), price("SOL", t)))
    on(2024, 2, 29, 12)(lambda t: coinbase.buy(t, "BTC", Decimal(1500), price("BTC", t)))
    on(2024, 2, 29, 12)(lambda t: coinbase.sell(t, "BTC", Decimal("0.004"), price("BTC", t)))  # the same second
    on(2024, 3, 13)(lambda t: story.sell_share(t, "BTC", 55, "coinbase"))
    on(2024, 3, 13, 15, 30, 1)(lambda t: story.sell_share(t, "ETH", 60, "coinbase"))
    on(2024, 3, 21)(lambda t: story.sell_share(t, "SOL", 70, "kraken"))
    on(2024, 4, 24)(lambda t: coinbase.convert(t, "SOL", Decimal("2.5"), price("SOL", t), "ETH", price("ETH", t)))
    on(2024, 6, 25)(lambda t: story.to_kraken(t, "BTC", Decimal("0.02")))
    on(2024, 7, 26)(lambda t: story.to_kraken(t, "SOL", Decimal("1.25")))
    on(2024, 11, 29)(lambda t: story.sell_share(t, "BTC", 80, "coinbase"))
    on(2024, 11, 29, 16)(lambda t: story.sell_share(t, "BTC", 75, "kraken"))
    on(2024, 12, 6)(lambda t: story.sell_share(t, "ETH", 80, "coinbase"))
    on(2024, 12, 6, 16)(lambda t: story.sell_share(t, "SOL", 85, "kraken"))
    on(2024, 12, 6, 16, 1)(lambda t: story.sell_share(t, "ETH", 95, "kraken"))

    # Winter 2024/25: large purchases near the top.
    for n, (asset, dollars, where) in enumerate(
        [("BTC", 18000, "c"), ("ETH", 14000, "c"), ("SOL", 6000, "k"), ("ETH", 9000, "k"), ("BTC", 12000, "k")]
    ):
        for year, month, day in ((2024, 12, 16 + n), (2025, 1, 20 + n)):
            if where == "c":
                on(year, month, day)(lambda t, a=asset, d=dollars: coinbase.buy(t, a, Decimal(d), price(a, t)))
            else:
                on(year, month, day)(lambda t, a=asset, d=dollars: story.buy_on_kraken(t, a, d, fills=2))
    on(2025, 1, 1, 4, 40)(lambda t: story.sell_share(t, "SOL", 10, "kraken"))  # still 2024 in New York

    # 2025: a perpetual that loses, losses harvested in spring and December, purchases between.
    on(2025, 2, 20)(lambda t: perpetual(story, t))
    on(2025, 3, 11)(lambda t: story.sell_share(t, "ETH", 70, "coinbase"))
    on(2025, 3, 11, 16)(lambda t: story.sell_share(t, "ETH", 90, "kraken"))
    on(2025, 3, 12, 9)(lambda t: story.to_coinbase(t, "SOL", Decimal(5), Decimal("0.02")))
    on(2025, 4, 7)(lambda t: story.sell_share(t, "SOL", 60, "kraken"))
    on(2025, 4, 7, 16)(lambda t: story.sell_share(t, "SOL", 80, "coinbase"))
    on(2025, 4, 8)(lambda t: story.sell_share(t, "BTC", 85, "coinbase"))
    on(2025, 4, 8, 16)(lambda t: story.sell_share(t, "BTC", 60, "kraken"))
    on(2025, 4, 9, 2)(lambda t: dust(story, t))
    on(2025, 5, 14)(lambda t: coinbase.buy(t, "ETH", Decimal(3000), price("ETH", t)))
    on(2025, 8, 18)(lambda t: coinbase.buy(t, "ETH", Decimal(12000), price("ETH", t)))
    on(2025, 8, 19)(lambda t: story.buy_on_kraken(t, "BTC", 9000, fills=3))
    on(2025, 9, 15)(lambda t: story.buy_on_kraken(t, "SOL", 5000, fills=2))
    on(2025, 10, 6)(lambda t: coinbase.buy(t, "BTC", Decimal(8000), price("BTC", t)))
    on(2025, 12, 17)(lambda t: story.sell_share(t, "BTC", 50, "kraken"))
    on(2025, 12, 18)(lambda t: story.sell_share(t, "ETH", 75, "coinbase"))
    on(2025, 12, 18, 15, 30, 1)(lambda t: story.sell_share(t, "SOL", 65, "kraken"))
    on(2025, 12, 30)(lambda t: withdraw_from_deribit(story, t, Decimal("0.05")))
    on(2025, 12, 31, 23, 59, 59)(lambda t: story.sell_share(t, "BTC", 40, "coinbase"))
    story.happen()
    return story


def exchange_rate(story: Story, when: datetime) -> Decimal:
    """ETH in BTC; the export says nothing of dollars, so both fair values go to prices.csv."""
    story.fair("BTC", when, exact=True)
    story.fair("ETH", when, exact=True)
    return cut(price("ETH", when) / price("BTC", when), Decimal("0.00001"))


def move_to_deribit(story: Story, when: datetime, quantity: Decimal) -> None:
    story.coinbase.move(when, "BTC", -quantity, price("BTC", when))
    story.deribit.move(when + timedelta(minutes=33), quantity)


def withdraw_from_deribit(story: Story, when: datetime, quantity: Decimal) -> None:
    story.deribit.move(when, -quantity, Decimal("0.0001"))
    story.fair("BTC", when)
    story.kraken.move(when + timedelta(minutes=52), "BTC", quantity)


def perpetual(story: Story, when: datetime) -> None:
    """Long 30,000 dollars for five sessions, in two steps."""
    before = price("BTC", when)
    story.deribit.perpetual(when, 20_000, before)
    story.deribit.perpetual(when, 10_000, before)
    for n in range(1, 6):
        settled = at(when.date() + timedelta(days=n), 8)
        story.deribit.settle(
            settled, before, price("BTC", settled), Decimal(noise("funding", n, below=60) - 40) * SATOSHI
        )
        before = price("BTC", settled)
    story.deribit.perpetual(settled, -30_000, before)


def dust(story: Story, when: datetime) -> None:
    """Sales that bring less than they cost, and the smallest one there is."""
    story.coinbase.sell(when, "SOL", Decimal("0.00000001"), price("SOL", when), Decimal("0.00"))
    story.coinbase.sell(when, "SOL", Decimal("0.00010000"), price("SOL", when), Decimal("0.05"))


def identify(trades: list[Trade]) -> list[list[str]]:
    """The taxpayer's books: for every disposal and transfer, lots that lie in its wallet.

    A disposal takes the lots that cost the least tax, counting 15 % of a gain on what was held for over a year and
    30 % of any other; a transfer takes the dearest. A lot that lies in a wallet lies in the universal pool too, so the
    choice holds under both rules.
    """
    pools: dict[tuple[str, str, bool], list[Lot]] = defaultdict(list)
    rows = []
    for trade in trades:
        unit = (trade.amount << 64) // trade.quantity
        if trade.kind in OPENS_LOT:
            lot = Lot(trade.ref, unit, trade.time, trade.quantity)
            pools[trade.asset, trade.source, trade.kind is Kind.SHORT].append(lot)
            continue
        short = trade.kind is Kind.COVER or not pools[trade.asset, trade.source, False]
        pool = pools[trade.asset, trade.source, short]
        if trade.kind is Kind.TRANSFER:
            pool.sort(key=lambda lot: -lot.unit)
        else:
            pool.sort(key=lambda lot, unit=unit, now=trade.time, short=short: tax(lot, unit, now, short=short))
        left, picks = trade.quantity, []
        while left:
            lot = pool.pop(0)
            part = min(left, lot.quantity)
            left -= part
            picks.append(LotPick(lot.ref, part))
            if part < lot.quantity:
                pool.insert(0, lot._replace(quantity=lot.quantity - part))
            if trade.kind is Kind.TRANSFER:
                pools[trade.asset, trade.to, False].append(lot._replace(quantity=part))
        if not trade.lots:
            rows.append([trade.ref, format_picks(merged(picks))])
    return rows


def tax(lot: Lot, unit: int, now: int, *, short: bool) -> int:
    """What closing a unit of the lot at this price would cost, in per cent of a price unit."""
    if short:
        return (lot.unit - unit) * 30
    return (unit - lot.unit) * (15 if now - lot.time > YEAR else 30)


def merged(picks: list[LotPick]) -> list[LotPick]:
    """One pick a lot: parts of a lot may have come by several transfers."""
    totals: dict[str, int] = defaultdict(int)
    for pick in picks:
        totals[pick.trade] += pick.quantity
    return [LotPick(lot, quantity) for lot, quantity in totals.items()]


def files() -> dict[str, str]:
    """The exports and prices.csv, as texts."""
    story = tell()
    exports = (story.coinbase.export(), story.kraken.export(), story.deribit.export())
    rows = [[time, asset, f"{value:f}"] for (time, asset), value in sorted(story.needed.items())]
    return dict(zip(EXPORTS, exports, strict=True)) | {"prices.csv": table(["time", "asset", "price"], rows)}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, text in files().items():
        write_file(FOLDER / name, text.encode(), force=True)
    paths = [FOLDER / name for name in EXPORTS]
    plain = import_exports(paths, answers=Answers(prices=[FOLDER / "prices.csv"]))
    write_file(FOLDER / "lots.csv", table(["trade", "lots"], identify(plain.trades)).encode(), force=True)
    made = import_exports(paths, answers=Answers(prices=[FOLDER / "prices.csv"], lots=FOLDER / "lots.csv"))
    write_file(FOLDER / "trades.csv", trades_to_text(made.trades).encode(), force=True)
    print(*made.notes, sep="\n")
    print(f"{len(made.trades)} trades")


if __name__ == "__main__":
    sys.exit(main())

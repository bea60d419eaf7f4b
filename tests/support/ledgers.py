"""Random ledgers that are valid under every method, for tests of the ledger, the circuit and the prover.

`random_ledger` plays a taxpayer who holds lots and names them; `ledgers` is the same as a hypothesis strategy.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from random import Random

from hypothesis import strategies as st

from zkharvest.ledger import Election, Method, Pooling
from zkharvest.trades.model import MONEY_LIMIT, OPENS_LOT, QUANTITY_LIMIT, Kind, LotPick, Trade

ZONES = ("America/New_York", "Europe/London", "Asia/Tokyo", "Pacific/Apia", "Australia/Lord_Howe", "UTC")
DAY = 86_400_000
START = 1_577_836_800_000  # 2020-01-01T00:00:00Z
ALL_RULES = [(method, pooling) for method in Method for pooling in Pooling]

_UNIT = 10**18
_STEPS = (0, 0, 0, 1, 999, 1000, 3_600_000, DAY, 9 * DAY, 365 * DAY, 366 * DAY)
_LONG, _SHORT = 0, 1


class _Holder:
    """What lies where while a random ledger is made: lot (place in the ledger) to quantity, by pool and side."""

    def __init__(self, rng: Random, pooling: Pooling, wallets: int, assets: int) -> None:
        self.rng = rng
        self.universal = pooling is Pooling.UNIVERSAL
        self.wallets = [f"w{n}" for n in range(wallets)]
        self.assets = [f"A{n}" for n in range(assets)]
        self.lots: dict[tuple[str, str, int], dict[int, int]] = defaultdict(dict)
        self.trades: list[Trade] = []
        self.picks: dict[int, list[tuple[int, int]]] = {}
        self.price = {asset: rng.choice((1, 7, 10**6, 3 * 10**12)) for asset in self.assets}

    def pool(self, asset: str, wallet: str, side: int) -> dict[int, int]:
        return self.lots[asset, "" if self.universal else wallet, side]

    def side_open(self, asset: str, side: int) -> bool:
        """Whether the asset is open on a side in any wallet (an expiry must be clear under either pooling rule)."""
        return any(lots for (of, _, on), lots in self.lots.items() if of == asset and on == side)

    def quantity(self) -> int:
        rng = self.rng
        wide = rng.choice((1, 2, 3, 10, _UNIT // 2, _UNIT, _UNIT, 3 * _UNIT, rng.randrange(1, 100 * _UNIT)))
        return rng.randrange(1, QUANTITY_LIMIT) if rng.random() < 0.03 else wide

    def amount(self, asset: str, quantity: int) -> int:
        """Mostly the asset's price, so that unit bases are often equal; now and then anything."""
        rng = self.rng
        if rng.random() < 0.02:
            return rng.randrange(MONEY_LIMIT)
        factor = rng.choice((90, 95, 100, 100, 100, 110))
        return min(quantity * self.price[asset] * factor // (100 * _UNIT) + rng.choice((0, 0, 1)), MONEY_LIMIT - 1)

    def named(self, pool: dict[int, int], quantity: int) -> list[tuple[int, int]]:
        """Lots of a pool that make up a quantity, in any order; takes them out of the pool."""
        picks, lots = [], list(pool)
        self.rng.shuffle(lots)
        for lot in lots:
            part = min(pool[lot], quantity)
            if part > 1 and self.rng.random() < 0.2:  # a part now, and perhaps the rest of it later in the same trade
                lots.append(lot)
                part = self.rng.randrange(1, part)
            picks.append((lot, part))
            pool[lot] -= part
            quantity -= part
            if not pool[lot]:
                del pool[lot]
            if not quantity:
                break
        return picks

    def taken(self, pool: dict[int, int]) -> int:
        """How much to take: all, one lot, a speck, or anything between."""
        rng, held = self.rng, min(sum(pool.values()), QUANTITY_LIMIT - 1)
        return min(held, rng.choice((held, rng.choice(list(pool.values())), 1, rng.randrange(1, held + 1))))

    def step(self, time: int) -> None:
        rng, place = self.rng, len(self.trades)
        asset, wallet = rng.choice(self.assets), rng.choice(self.wallets)
        long, short = self.pool(asset, wallet, _LONG), self.pool(asset, wallet, _SHORT)
        kind = rng.choice((Kind.BUY, Kind.BUY, Kind.INCOME, Kind.SHORT))
        if long and rng.random() < 0.6:
            kind = rng.choice((Kind.SELL, Kind.SELL, Kind.SPEND, Kind.TRANSFER, Kind.TRANSFER, Kind.EXPIRE))
        elif short and rng.random() < 0.6:
            kind = rng.choice((Kind.COVER, Kind.COVER, Kind.EXPIRE))
        if kind is Kind.EXPIRE and self.side_open(asset, _LONG) and self.side_open(asset, _SHORT):
            kind = Kind.SELL if long else Kind.COVER
        if kind is Kind.TRANSFER and len(self.wallets) == 1:
            kind = Kind.SPEND
        pool = short if kind in (Kind.COVER, Kind.SHORT) or (kind is Kind.EXPIRE and not long) else long
        quantity = self.quantity() if kind in OPENS_LOT else self.taken(pool)
        amount = 0 if kind in (Kind.TRANSFER, Kind.EXPIRE) else self.amount(asset, quantity)
        fee = 0 if kind is Kind.TRANSFER else rng.choice((0, 0, 1, 5, 1_000_000, -1, -5))
        if kind is Kind.INCOME:
            fee = 0  # a proof would count it as income, and pages refuse it
        if kind in OPENS_LOT:
            sign = -1 if kind is Kind.SHORT else 1
            fee = fee if 0 <= amount + sign * fee < MONEY_LIMIT else 0
            pool[place] = quantity
        elif max(amount + abs(fee), abs(amount - fee)) >= MONEY_LIMIT:
            fee = 0
        to = rng.choice([other for other in self.wallets if other != wallet]) if kind is Kind.TRANSFER else ""
        if kind not in OPENS_LOT and not (kind is Kind.TRANSFER and self.universal):
            self.picks[place] = self.named(pool, quantity)
            if kind is Kind.TRANSFER:
                target = self.pool(asset, to, _LONG)
                for lot, part in self.picks[place]:
                    target[lot] = target.get(lot, 0) + part
        number = sum(trade.source == wallet for trade in self.trades)  # ids repeat from source to source
        self.trades.append(Trade(time, wallet, f"t{number}", kind, asset, quantity, amount, fee, to))

    def finished(self) -> list[Trade]:
        """The trades, with the lots named by id where that is enough."""
        uses = Counter(trade.id for trade in self.trades if trade.kind in OPENS_LOT)

        def name(lot: int) -> str:
            trade = self.trades[lot]
            return trade.id if uses[trade.id] == 1 and self.rng.random() < 0.7 else trade.ref

        return [
            replace(trade, lots=tuple(LotPick(name(lot), part) for lot, part in self.picks.get(place, ())))
            for place, trade in enumerate(self.trades)
        ]


def random_ledger(
    rng: Random, size: int, pooling: Pooling = Pooling.WALLET, *, wallets: int = 3, assets: int = 2, start: int = START
) -> list[Trade]:
    """A valid ledger of `size` trades, in order, with every kind, equal times, dust, ties and negative closing values.

    Made for wallet pooling it is valid under either pooling; made for universal pooling, wallets sell what others hold.
    `lots` always name lots that are there, whatever the method.
    """
    holder = _Holder(rng, pooling, wallets, assets)
    time = start
    for _ in range(size):
        time += rng.choice(_STEPS)
        holder.step(time)
    return holder.finished()


@st.composite
def ledgers(draw: st.DrawFn, pooling: Pooling = Pooling.WALLET, min_size: int = 0, max_size: int = 60) -> list[Trade]:
    """`random_ledger` as a strategy: shrinks in size; a failure is reproduced by its seed."""
    size = draw(st.integers(min_size, max_size))
    seed = draw(st.integers(0, 2**32 - 1))
    wallets, assets = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    return random_ledger(Random(seed), size, pooling, wallets=wallets, assets=assets)


def regimes(method: Method | None = None, pooling: Pooling | None = None) -> st.SearchStrategy[Election]:
    """Any election, or any with this method and basis; years in which random ledgers have disposals."""
    return st.builds(
        Election,
        st.sampled_from(Method) if method is None else st.just(method),
        st.sampled_from(Pooling) if pooling is None else st.just(pooling),
        st.sampled_from(ZONES),
        st.integers(2020, 2030),
    )

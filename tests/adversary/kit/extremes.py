"""Random ledgers at the edges: quantities near 2^112, values near 2^64, fees above amounts, worthless and dear lots.

Beside `ledgers`, whose amounts are those of a market. Valid under every ordered method (no lots are named).
"""

from __future__ import annotations

from collections import defaultdict
from random import Random

from hypothesis import strategies as st

from zkharvest.ledger import Pooling
from zkharvest.trades.model import MONEY_LIMIT, OPENS_LOT, QUANTITY_LIMIT, Kind, Trade

START = 1_577_836_800_000  # 2020-01-01T00:00:00Z
DAY = 86_400_000
_LONG, _SHORT = 0, 1


def _quantity(rng: Random) -> int:
    whole = rng.choice((1, 2, 3, 10**18, 2**64 - 1, 2**64, 2**96, QUANTITY_LIMIT - 1))
    return rng.choice(
        (whole, rng.randrange(1, QUANTITY_LIMIT), QUANTITY_LIMIT - rng.randrange(1, 1000), 256 ** rng.randrange(14))
    )


def _amount(rng: Random) -> int:
    whole = rng.choice((0, 0, 1, 2**32, MONEY_LIMIT - 1))
    near = MONEY_LIMIT - rng.randrange(1, 1000)
    return rng.choice((whole, near, rng.randrange(MONEY_LIMIT), 256 ** rng.randrange(8)))


def _fee(rng: Random, amount: int) -> int:
    return rng.choice((0, 0, 1, -1, amount // 2, amount, amount + 1, -amount, rng.randrange(10**10)))


def extreme_ledger(rng: Random, size: int, pooling: Pooling, *, wallets: int, assets: int) -> list[Trade]:
    """A valid ledger of `size` trades, in order."""
    held: dict[tuple[str, str, int], int] = defaultdict(int)
    names = [f"w{n}" for n in range(wallets)]
    trades: list[Trade] = []
    time = START

    def open_anywhere(asset: str, side: int) -> bool:
        return any(q for (_, of, on), q in held.items() if of == asset and on == side)

    for number in range(size):
        time += rng.choice((0, 0, 0, 1, 1, 10**6, DAY * rng.randint(1, 400)))
        wallet, asset = rng.choice(names), f"A{rng.randrange(assets)}"
        place = "" if pooling is Pooling.UNIVERSAL else wallet
        long, short = (place, asset, _LONG), (place, asset, _SHORT)
        kinds = [Kind.BUY, Kind.BUY, Kind.INCOME, Kind.SHORT]
        kinds += [Kind.SELL, Kind.SELL, Kind.SELL, Kind.SPEND] * bool(held[long])
        kinds += [Kind.TRANSFER, Kind.TRANSFER] * bool(held[long] and wallets > 1)
        kinds += [Kind.COVER] * (3 * bool(held[short]))
        kinds += [Kind.EXPIRE] * bool(held[long] and not open_anywhere(asset, _SHORT))
        kinds += [Kind.EXPIRE] * bool(held[short] and not open_anywhere(asset, _LONG))
        kind = rng.choice(kinds)
        amount = 0 if kind in (Kind.TRANSFER, Kind.EXPIRE) else _amount(rng)
        fee = 0 if kind in (Kind.TRANSFER, Kind.INCOME) else _fee(rng, amount)  # pages refuse income with a fee
        to = ""
        if kind in OPENS_LOT:
            quantity = _quantity(rng)
            fee = fee if 0 <= amount + (-fee if kind is Kind.SHORT else fee) < MONEY_LIMIT else 0
            held[short if kind is Kind.SHORT else long] += quantity
        else:
            pool = short if kind is Kind.COVER or (kind is Kind.EXPIRE and not held[long]) else long
            all_of_it = held[pool]
            choices = (all_of_it, all_of_it, 1, rng.randrange(1, all_of_it + 1), max(1, all_of_it - 1))
            quantity = min(rng.choice(choices), QUANTITY_LIMIT - 1)
            fee = fee if max(abs(amount - fee), abs(amount + fee), abs(fee)) < MONEY_LIMIT else 0
            if kind is Kind.TRANSFER:
                to = rng.choice([name for name in names if name != wallet])
            if not (kind is Kind.TRANSFER and pooling is Pooling.UNIVERSAL):
                held[pool] -= quantity
            if kind is Kind.TRANSFER and pooling is Pooling.WALLET:
                held[to, asset, _LONG] += quantity
        trades.append(Trade(time, wallet, f"t{number}", kind, asset, quantity, amount, fee, to))
    return trades


@st.composite
def extreme_ledgers(draw: st.DrawFn, pooling: Pooling, max_size: int = 60) -> list[Trade]:
    """`extreme_ledger` as a strategy: shrinks in size; a failure is reproduced by its seed."""
    size, seed = draw(st.integers(1, max_size)), draw(st.integers(0, 2**32 - 1))
    wallets, assets = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    return extreme_ledger(Random(seed), size, pooling, wallets=wallets, assets=assets)

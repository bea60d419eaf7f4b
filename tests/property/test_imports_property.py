"""Imports, for any rows: nothing is lost, and the order of files and overlaps of exports make no difference."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.trades.csv_out import trades_to_text
from zkharvest.trades.importers import Answers, import_exports
from zkharvest.trades.importers.draft import share
from zkharvest.trades.importers.gather import Place
from zkharvest.trades.importers.order import Placed, Stand, in_order
from zkharvest.trades.model import Kind, Trade

HEADER = "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark\n"
PRICES = "time,asset,price\n2024-03-03,BTC,60000\n2024-03-03,ETH,3000\n2024-03-03,USDT,1\n2024-03-03,BNB,400\n"
COINS = ["BTC", "ETH", "USDT", "BNB"]


@st.composite
def statements(draw: st.DrawFn) -> list[str]:
    """Rows of a Binance statement, each second one event of one kind."""
    rows = []
    size = st.integers(1, 10**8)
    for second in range(draw(st.integers(1, 12))):
        time = f"2024-03-03 10:00:{second:02}"
        one, other, third = draw(st.permutations(COINS))[:3]
        kind = draw(st.sampled_from(["trade", "fee", "income", "move", "inside"]))
        gave, got, fee = (f"{draw(size) / 10**8:.8f}" for _ in range(3))
        if kind in ("trade", "fee"):
            rows += [f"1,{time},Spot,Buy,{one},-{gave},", f"1,{time},Spot,Buy,{other},{got},"]
            if kind == "fee":
                rows.append(f"1,{time},Spot,Fee,{third},-{fee},")
        elif kind == "income":
            rows.append(f"1,{time},Spot,Staking Rewards,{one},{got},")
        elif kind == "move":
            rows.append(f"1,{time},Spot,{draw(st.sampled_from(['Deposit', 'Withdraw']))},{one},{got},")
            if "Withdraw" in rows[-1]:
                rows[-1] = rows[-1].replace(f",{got},", f",-{got},")
        else:
            rows += [f"1,{time},Spot,Savings purchase,{one},-{got},", f"1,{time},Spot,Savings purchase,{one},{got},"]
    return rows


def sums_of_rows(rows: list[str]) -> dict[str, Fraction]:
    held: dict[str, Fraction] = defaultdict(Fraction)
    for row in rows:
        *_, coin, change, _ = row.split(",")
        held[coin] += Fraction(change)
    return {coin: total for coin, total in held.items() if total}


def sums_of_trades(trades: list[Trade]) -> dict[str, Fraction]:
    held: dict[str, Fraction] = defaultdict(Fraction)
    for trade in trades:
        sign = 1 if trade.kind in (Kind.BUY, Kind.INCOME, Kind.DEPOSIT) else -1
        held[trade.asset] += Fraction(sign * trade.quantity, 10**18)
    return {asset: total for asset, total in held.items() if total}


@settings(max_examples=60, deadline=None)
@given(statements(), st.data())
def test_quantities_in_are_quantities_out(rows: list[str], data: st.DataObject) -> None:
    """By asset: what the rows of an export change is what the trades made of them change."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "prices.csv").write_text(PRICES)
        (folder / "a.csv").write_text(HEADER + "\n".join(rows) + "\n")
        answers = Answers(prices=[folder / "prices.csv"], record=True)
        made = import_exports([folder / "a.csv"], answers=answers)
        assert sums_of_trades(made.trades) == sums_of_rows(rows)
        # an export that overlaps it, and both orders of the two, tell nothing more
        cut = data.draw(st.integers(0, len(rows)))
        seconds = [row.split(",")[1] for row in rows]
        start = next((n for n in range(cut, len(rows)) if n == 0 or seconds[n] != seconds[n - 1]), len(rows))
        (folder / "b.csv").write_text(HEADER + "\n".join(rows[start:]) + "\n")
        texts = [
            trades_to_text(import_exports([folder / one for one in files], answers=answers).trades)
            for files in (["a.csv", "b.csv"], ["b.csv", "a.csv"])
        ]
        assert texts == [trades_to_text(made.trades)] * 2


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any))
def test_shares_add_up(whole: int, weights: list[int]) -> None:
    parts = share(whole, weights)
    assert sum(parts) == whole
    assert all(part >= 0 for part in parts)
    all_of_them = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * all_of_them - whole * weight) <= len(weights) * all_of_them


ROWS = st.tuples(st.integers(0, 2), st.sampled_from("abc"), st.sampled_from("abc"))


@given(st.lists(ROWS, max_size=12), st.randoms())
def test_the_order_depends_on_the_rows_alone(rows: list[tuple[int, str, str]], random) -> None:
    """Whichever way the trades are given; a transfer stands among the rows of both its sources."""
    placed = []
    for n, (time, source, to) in enumerate(rows):
        moves = source != to
        trade = Trade(time, source, str(n), Kind.TRANSFER if moves else Kind.BUY, "BTC", 1, 0, to=to if moves else "")
        ends = [source, to] if moves else [source]
        stands = tuple(Stand(time, end, Place("abc".index(end), n, n)) for end in ends)
        placed.append(Placed(trade, stands))
    wanted = in_order(placed)
    shuffled = placed.copy()
    random.shuffle(shuffled)
    assert in_order(shuffled) == wanted
    for source in "abc":
        own = [int(trade.id) for trade in wanted if source in (trade.source, trade.to)]
        times = [rows[n][0] for n in own]
        assert times == sorted(times)
        assert all(one < two for one, two in pairwise(own) if rows[one][0] == rows[two][0])

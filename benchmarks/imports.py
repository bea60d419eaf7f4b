"""How long an import takes: `python -m benchmarks.imports [ROWS]`.

A third of the rows are legs of Kraken trades, a third a Coinbase report, newest first, and a third a Binance statement.
What is timed is the whole command `trades import`, in a process of its own, with its peak memory.
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

_KRAKEN = "txid,refid,time,type,subtype,aclass,subclass,asset,wallet,amount,fee,balance\n"
_BINANCE = "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark\n"
_COINBASE = (
    "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,"
    "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes\n"
)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    draw = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "kraken.csv").write_text(_KRAKEN + "".join(_kraken_rows(draw, rows // 6)))
        (folder / "coinbase.csv").write_text(_COINBASE + "".join(reversed(list(_coinbase_rows(draw, rows // 3)))))
        (folder / "binance.csv").write_text(_BINANCE + "".join(_binance_rows(draw, rows // 9)))
        files = [f"{venue}.csv" for venue in ("kraken", "coinbase", "binance")]
        command = [sys.executable, "-m", "zkharvest", "trades", "import", *files, "-o", "trades.csv"]
        clock = time.perf_counter()
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        took = time.perf_counter() - clock
        with (folder / "trades.csv").open() as made:
            trades = sum(1 for _ in made) - 1
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor, memory = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    print(f"{rows:,} rows, {trades:,} trades: {took:.1f} s, processor {processor:.1f} s, memory {memory:,.0f} MiB")


def _times(draw: random.Random) -> Iterator[str]:
    second = 1_600_000_000
    while True:
        second += draw.randrange(120)
        yield datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _kraken_rows(draw: random.Random, trades: int) -> Iterator[str]:
    for n, when in zip(range(trades), _times(draw), strict=False):
        units = draw.randrange(1, 10**8)
        asset = draw.choice(("XXBT", "XETH", "SOL", "XXRP"))
        head = f"T{n},{when},trade,tradespot,currency"
        yield f"L{n}a,{head},fiat,ZUSD,spot / main,-{units / 10**5:.4f},{units / 10**8:.4f},0\n"
        yield f"L{n}b,{head},crypto,{asset},spot / main,{units / 10**8:.8f},0,0\n"


def _coinbase_rows(draw: random.Random, rows: int) -> Iterator[str]:
    for n, when in zip(range(rows), _times(draw), strict=False):
        units = draw.randrange(1, 10**8)
        cents = units // 1000
        fee = cents // 100
        quantity, total = f"{units / 10**8:.8f}", f"{(cents + fee) / 100:.2f}"
        money = f"$1000.00,${cents / 100:.2f},${total},${fee / 100:.2f}"
        yield f"id{n},{when} UTC,Buy,BTC,{quantity},USD,{money},Bought {quantity} BTC for {total} USD\n"


def _binance_rows(draw: random.Random, trades: int) -> Iterator[str]:
    for when in (one for _, one in zip(range(trades), _times(draw), strict=False)):
        units = draw.randrange(1, 10**8)
        head = f"1,{when},Spot"
        yield f"{head},Buy,ETH,{units / 10**8:.8f},\n{head},Buy,USD,-{units / 10**5:.4f},\n{head},Fee,USD,-0.01,\n"


if __name__ == "__main__":
    main()

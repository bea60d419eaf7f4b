"""How long an import takes: `python -m benchmarks.imports [ROWS]`.

Half of the rows are legs of Kraken trades, half a Coinbase report, newest first, written to a folder of their own. What
is timed is `import_exports` and the writing of the canonical CSV, in this process, after the exports are written.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from zkharvest.trades.csv_out import trades_to_text
from zkharvest.trades.importers import import_exports

_KRAKEN = "txid,refid,time,type,subtype,aclass,subclass,asset,wallet,amount,fee,balance\n"
_COINBASE = (
    "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,"
    "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes\n"
)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    draw = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        kraken, coinbase = Path(name) / "kraken.csv", Path(name) / "coinbase.csv"
        kraken.write_text(_KRAKEN + "".join(_kraken_rows(draw, rows // 4)))
        coinbase.write_text(_COINBASE + "".join(reversed(list(_coinbase_rows(draw, rows // 2)))))
        clock, processor = time.perf_counter(), time.process_time()
        made = import_exports([kraken, coinbase])
        imported = time.perf_counter()
        trades_to_text(made.trades)
        written = time.perf_counter()
    used = time.process_time() - processor
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{rows:,} rows, {len(made.trades):,} trades: import {imported - clock:.1f} s, text {written - imported:.1f} s"
    )
    print(f"processor {used:.1f} s, memory {memory:,.0f} MiB")


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


if __name__ == "__main__":
    main()

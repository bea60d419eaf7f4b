"""A history of pages by itself: matching, the run by either engine, its rows: `python -m benchmarks.histories [N]`.

Four accounts, a page of three years each; of the records two thirds open lots, a quarter closes some, and a tenth are
halves of moves. Seconds of processor time, the least of three runs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import numpy as np

from zkharvest.collecting import without_collecting
from zkharvest.commitment.page_record import WIDTH
from zkharvest.ledger.history.chain import moves_of, run_windows
from zkharvest.ledger.history.order import Window
from zkharvest.ledger.history.records import MOVE, Does, History, Page, Record, make_history
from zkharvest.ledger.rules import Method, Pooling, Side
from zkharvest.workflow.link_rows import calendar_of, machine_rows, periods_of

UNIT, YEAR_MS = 10**18, 365 * 86_400_000
START, END = 1_672_531_200_000, 1_767_225_600_000
ASSETS, ACCOUNTS = 20, 4


def made(count: int, seed: int = 1) -> History:
    """A history of about so many records, the same for the same seed."""
    rng = Random(seed)  # not for secrets
    step = (END - START - 86_400_000) // count
    held: dict[tuple[str, str], int] = {}
    records: dict[str, list[Record]] = {f"source-{n}": [] for n in range(ACCOUNTS)}
    coming: list[tuple[int, str, str, int]] = []

    def add(source: str, time_: int, does: Does, asset: str, quantity: int, value: int = 0, kind: int = 1) -> None:
        own = records[source]
        own.append(Record(0, len(own), time_, does, Side.LONG, asset, quantity, value, 0, 0, kind))
        sign = 1 if does in (Does.OPEN, Does.IN) else -1
        held[source, asset] = held.get((source, asset), 0) + sign * quantity

    for n in range(count):
        now = START + n * step
        while coming and coming[0][0] <= now:
            _, source, asset, quantity = coming.pop(0)
            add(source, now, Does.IN, asset, quantity, kind=MOVE)
        source, asset = f"source-{rng.randrange(ACCOUNTS)}", f"slip44:{rng.randrange(ASSETS)}"
        here, what = held.get((source, asset), 0), rng.random()
        wanted = min(here, rng.randrange(1, 12 * UNIT))
        if what < 0.62 or not here:
            add(source, now, Does.OPEN, asset, rng.randrange(1, 9 * UNIT), rng.randrange(10**13))
        elif what < 0.9:
            add(source, now, Does.CLOSE, asset, wanted, rng.randrange(10**13))
        else:
            add(source, now, Does.OUT, asset, wanted, kind=MOVE)
            coming.append((now + 3_600_000, f"source-{rng.randrange(ACCOUNTS)}", asset, wanted))
    return make_history((Page(name, "x", 0, START, END, id=name.encode()), ones) for name, ones in records.items())


def least(work: Callable[[], Any]) -> tuple[float, Any]:
    """The least processor time of three runs, and what the last gave."""
    taken = []
    for _ in range(3):
        begun = time.process_time()
        found = work()
        taken.append(time.process_time() - begun)
    return min(taken), found


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    history = made(count)
    print(f"{sum(map(len, history.records)):,} records")
    window = Window(START, END, 2025, Method.HIFO, Pooling.WALLET, "UTC")
    lanes = [np.zeros((len(ones), WIDTH), np.uint32) for ones in history.records]
    taken, _ = least(lambda: moves_of(history, {}, [window]))
    print(f"moves    {taken:6.2f} s")
    for engine in ("plain", "fast"):
        taken, (run,) = least(partial(run_windows, history, {}, [window], engine=engine))
        print(f"{engine:<8} {taken:6.2f} s   {len(run.columns.op):,} steps, with the moves")
    with without_collecting():
        taken, _ = least(lambda: machine_rows(run, None, lanes, calendar_of(window, periods_of(run))))
    print(f"rows     {taken:6.2f} s")


if __name__ == "__main__":
    main()

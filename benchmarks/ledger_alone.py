"""The ledger without a proof, at a size, under every method: `python -m benchmarks.ledger_alone COUNT`.

The result is one JSON object on standard output: seconds by method, reading not included.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from benchmarks.commands import run
from benchmarks.ledgers import YEAR, make_ledger


def measure(trades: int, environment: dict[str, str]) -> dict[str, Any]:
    """Run this module as a process; returns its object, with the process's peak memory."""
    done = run(["-m", "benchmarks.ledger_alone", str(trades)], environment)
    return {**json.loads(done.output), "memory": done.memory}


def seconds_by_method(count: int) -> dict[str, float]:
    """Seconds from trades to totals under every method, per-wallet pooling, kernels loaded."""
    from zkharvest.ledger.rules import Election, Method, Pooling
    from zkharvest.ledger.run import FAST_FROM, run_ledger

    trades = make_ledger(count, named=True)
    run_ledger(trades[:FAST_FROM], Election(Method.FIFO, Pooling.WALLET, "America/New_York", YEAR))
    seconds = {}
    for method in Method:
        began = time.perf_counter()
        totals = run_ledger(trades, Election(method, Pooling.WALLET, "America/New_York", YEAR)).totals
        seconds[method.value] = round(time.perf_counter() - began, 3)
        assert totals.proceeds
    return seconds


if __name__ == "__main__":
    size = int(sys.argv[1])
    json.dump({"trades": size, "seconds": seconds_by_method(size)}, sys.stdout)
    sys.stdout.write(os.linesep)

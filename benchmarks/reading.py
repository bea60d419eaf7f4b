"""Reading a canonical CSV with all checks, and how soon `verify` begins: `python -m benchmarks.reading ROWS`.

The result is one JSON object on standard output.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.commands import run

_STARTS = 9


def measure(rows: int, environment: dict[str, str]) -> dict[str, Any]:
    """Run this module as a process; returns its object, with the process's peak memory."""
    done = run(["-m", "benchmarks.reading", str(rows)], environment)
    return {**json.loads(done.output), "memory": done.memory}


def seconds_to_read(rows: int) -> float:
    """Seconds from a file of so many rows to trades in order."""
    from zkharvest.trades.csv_in import load_trades

    with tempfile.TemporaryDirectory(prefix="zkharvest-bench-") as folder:
        path = Path(folder) / "trades.csv"
        run(["-m", "benchmarks.ledgers", str(rows), str(path)])
        began = time.perf_counter()
        trades = load_trades(path)
        took = time.perf_counter() - began
    assert len(trades) == rows
    return took


def seconds_to_start(environment: dict[str, str]) -> dict[str, float]:
    """Median seconds until `verify` and `prove` look for their file: here there is none, and they end."""
    starts = {
        "verify": ["-m", "zkharvest", "verify", "no-such-package.zkh"],
        "prove": ["-m", "zkharvest", "prove", "none.zko", "--year", "2025", "--method", "fifo", "-o", "none.zkh"],
    }
    return {
        name: round(median(run(words, environment, code=2).seconds for _ in range(_STARTS)), 3)
        for name, words in starts.items()
    }


if __name__ == "__main__":
    count = int(sys.argv[1])
    json.dump({"rows": count, "seconds": round(seconds_to_read(count), 3)}, sys.stdout)
    sys.stdout.write(os.linesep)

"""The command: `python -m benchmarks [--sizes N,N,...] [--repeat R] [--quick] [--out FOLDER]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import ledger_alone, machine, report, stages
from benchmarks.commands import Commands, Run, summary
from benchmarks.figures import figures
from benchmarks.ledgers import YEAR

RESULTS = Path(__file__).parent / "results"
SIZES: tuple[int, ...] = (1_000, 10_000, 100_000)
LEDGER = 1_000_000
QUICK_SIZES: tuple[int, ...] = (100,)
QUICK_LEDGER = 60_000


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("--sizes", help="numbers of trades, with commas; default: 1000,10000,100000")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each command (default: 3)")
    parser.add_argument("--quick", action="store_true", help="once, small, kernels as they are: does it still run?")
    parser.add_argument("--out", type=Path, help="folder of the results (default: benchmarks/results; quick: none)")
    asked = parser.parse_args(arguments)
    sizes = QUICK_SIZES if asked.quick else SIZES
    if asked.sizes:
        sizes = tuple(int(size) for size in asked.sizes.split(","))
    if asked.quick:
        results = measure(sizes, 1, QUICK_LEDGER, cold=False)
    else:
        results = measure(sizes, asked.repeat, LEDGER, cold=True)
    print(report.table(figures(results)))
    folder = asked.out or (None if asked.quick else RESULTS)
    if folder:
        from benchmarks.plots import draw

        report.write(results, folder)
        draw(results, folder)
        print(f"\nwritten to {folder}")


def measure(sizes: Sequence[int], repeat: int, ledger: int, *, cold: bool) -> dict[str, Any]:
    """Everything; `cold` with an empty kernel cache first, and the cache that this makes for all the rest."""
    began = time.perf_counter()
    here = machine.describe()
    results: dict[str, Any] = {"machine": {**here.as_dict(), "lines": here.lines()}}
    with tempfile.TemporaryDirectory(prefix="zkharvest-bench-") as name:
        folder = Path(name)
        environment = {"NUMBA_CACHE_DIR": str(folder / "kernels")} if cold else {}
        first = Commands(folder, sizes[0], environment, YEAR)
        _say(f"first run, {sizes[0]:,} trades")
        fresh = first.commit(), first.prove()
        results["sizes"] = {str(size): _size(folder, size, repeat, environment) for size in sizes}
        if cold:
            results["compile"] = _compilation(sizes[0], fresh, results["sizes"][str(sizes[0])])
        _say(f"ledger alone, {ledger:,} trades")
        results["ledger"] = ledger_alone.measure(ledger, environment)
    results["load_after"] = machine.load()
    results["took"] = round(time.perf_counter() - began, 1)
    return results


def _size(folder: Path, trades: int, repeat: int, environment: dict[str, str]) -> dict[str, Any]:
    _say(f"{trades:,} trades: whole commands")
    commands = Commands(folder, trades, environment, YEAR)
    whole: dict[str, list[Run]] = {name: [] for name in ("commit", "prove", "verify")}
    for _ in range(repeat):
        for name, runs in whole.items():
            runs.append(getattr(commands, name)())
    _say(f"{trades:,} trades: stages")
    one = stages.measure(str(commands.opening), repeat, environment, YEAR)
    one["bare"]["all"] = one["bare"]["extend"] + one["bare"]["hash"]
    apart = ("reading the opening", "verifying", "ledger alone")
    one["proving"] = sum(seconds for stage, seconds in one["stages"].items() if stage not in apart)
    return {**{name: summary(runs) for name, runs in whole.items()}, "one_process": one, "load": machine.load()}


def _compilation(trades: int, fresh: tuple[Run, Run], cached: dict[str, Any]) -> dict[str, Any]:
    commit, prove = fresh
    took = {"commit": commit.seconds, "prove": prove.seconds}
    before = {f"{name}_cached": cached[name]["seconds"] for name in took}
    said = [line for line in (commit.messages + prove.messages).splitlines() if line.endswith("...")]
    return {
        "trades": trades,
        "seconds": sum(took.values()) - sum(before.values()),
        **took,
        **before,
        "said": said,
    }


def _say(text: str) -> None:
    print(f"benchmarks: {text} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

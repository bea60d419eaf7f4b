"""The command: `python -m benchmarks [--parts P,...] [--sizes N,...] [--repeat R] [--quick] [--out FOLDER] [--add]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import ledger_alone, machine, reading, report, stages
from benchmarks.commands import Commands, Run, summary
from benchmarks.figures import figures
from benchmarks.ledgers import YEAR

RESULTS = Path(__file__).parent / "results"
SIZES: tuple[int, ...] = (1_000, 10_000, 100_000)
LEDGER = 1_000_000
QUICK_SIZES: tuple[int, ...] = (100,)
QUICK_LEDGER = 60_000
SMALL = 10_000
"""The size at which `--size small`, and a year alone, are measured too."""
PARTS = ("first", "sizes", "ledger", "reading")
"""What can be measured apart: the first run with an empty cache, proofs by size, the ledger alone, files and starts."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("--sizes", help="numbers of trades, with commas; default: 1000,10000,100000")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each command (default: 3)")
    parser.add_argument("--quick", action="store_true", help="once, small, kernels as they are: does it still run?")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--add", action="store_true", help="keep what the folder of the results has of other parts")
    parser.add_argument("--out", type=Path, help="folder of the results (default: benchmarks/results; quick: none)")
    asked = parser.parse_args(arguments)
    sizes = QUICK_SIZES if asked.quick else SIZES
    if asked.sizes:
        sizes = tuple(int(size) for size in asked.sizes.split(","))
    parts = asked.parts.split(",")
    if not set(parts) <= set(PARTS):
        parser.error(f"--parts: of {', '.join(PARTS)}")
    folder = asked.out or (None if asked.quick else RESULTS)
    if asked.quick:
        results = measure([part for part in parts if part != "first"], sizes, 1, QUICK_LEDGER)
    else:
        results = measure(parts, sizes, asked.repeat, LEDGER)
    if asked.add and folder:
        results = report.merged(report.read(folder), results)
    print(report.table(figures(results)))
    if folder:
        from benchmarks.plots import draw

        report.write(results, folder)
        draw(results, folder)
        print(f"\nwritten to {folder}")


def measure(parts: Sequence[str], sizes: Sequence[int], repeat: int, count: int) -> dict[str, Any]:
    """The parts asked for; the first run has an empty kernel cache, which then serves all the rest of this run."""
    began = time.perf_counter()
    here = machine.describe()
    results: dict[str, Any] = {"machine": {**here.as_dict(), "lines": here.lines()}}
    with tempfile.TemporaryDirectory(prefix="zkharvest-bench-") as name:
        folder = Path(name)
        cold = "first" in parts
        environment = {"NUMBA_CACHE_DIR": str(folder / "kernels")} if cold else {}
        if cold or "sizes" in parts:
            first = Commands(folder, sizes[0], environment, YEAR)
            _say(f"first run, {sizes[0]:,} trades")
            fresh = first.commit(), first.prove()
            if cold:
                cached = {"commit": summary([first.commit()]), "prove": summary([first.prove()])}
                results["compile"] = _compilation(sizes[0], fresh, cached)
        if "sizes" in parts:
            results["sizes"] = {str(size): _size(folder, size, repeat, environment) for size in sizes}
        if "ledger" in parts:
            _say(f"ledger alone, {count:,} trades")
            results["ledger"] = ledger_alone.measure(count, environment)
        if "reading" in parts:
            _say("start of commands")
            results["start"] = reading.seconds_to_start(environment)
            _say(f"reading a file of {count:,} rows")
            results["reading"] = reading.measure(count, environment)
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
    more: dict[str, Any] = {}
    if trades == SMALL:
        more = {"small": commands.small(), "last_year": summary(commands.last_year(repeat))}
    _say(f"{trades:,} trades: stages")
    one = stages.measure(str(commands.pages), repeat, environment, YEAR)
    one["bare"]["all"] = one["bare"]["extend"] + one["bare"]["hash"]
    apart = ("reading the openings", "verifying")
    one["proving"] = sum(seconds for stage, seconds in one["stages"].items() if stage not in apart)
    measured = {name: summary(runs) for name, runs in whole.items()}
    return {**measured, **more, "one_process": one, "load": machine.load()}


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

"""How long the desk takes: `python -m benchmarks.desk page`, and `batch` or `prove` with CLIENTS TRADES.

Makes ledgers of its own in a temporary folder; prints seconds and peak memory. Run it on a quiet machine.
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from zkharvest.trades.csv_out import trades_to_text
from zkharvest.trades.model import Kind, Trade

_START = 1_672_531_200_000  # 2023-01-01
_YEAR = 1_735_732_800_000  # 2025-01-01T12:00Z
_ASSETS, _SOURCES = ("BTC", "ETH", "SOL", "DOT", "ADA"), ("coinbase", "kraken")


def ledger(sales: int, seed: int = 1) -> list[Trade]:
    """As many purchases in 2023 and 2024 as there are sales in 2025; a sale mostly takes two lots."""
    dice = random.Random(seed)
    trades, held = [], []
    for n in range(sales):
        asset, source = dice.choice(_ASSETS), dice.choice(_SOURCES)
        quantity = dice.randrange(10**15, 10**18)
        trades.append(
            Trade(_START + n * (60_000_000_000 // sales), source, f"B{n}", Kind.BUY, asset, quantity,
                  dice.randrange(10**8, 10**11), dice.randrange(10**6), currency="USD", origin=f"{source}.csv:{n + 2}")
        )  # fmt: skip
        held.append((asset, source, quantity))
    dice.shuffle(held)
    for n, (asset, source, quantity) in enumerate(held):
        trades.append(
            Trade(_YEAR + n * (30_000_000_000 // sales), source, f"S{n}", Kind.SELL, asset, quantity,
                  dice.randrange(10**8, 10**11), dice.randrange(10**6), currency="USD", origin=f"{source}.csv:{n + 2}")
        )  # fmt: skip
    return trades


def timed(*words: str) -> tuple[float, float, float]:
    """Seconds by the clock and of the processor, and the peak of memory in MB of a command and all it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    command = [sys.executable, "-m", "zkharvest", "-q", *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        memory = 0.0
        while process.poll() is None:
            memory = max(memory, sum(map(_proportional, _family(process.pid))))
            time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"{' '.join(words)}: exit code {process.returncode}")
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, memory or after.ru_maxrss / 1000


def _family(pid: int) -> list[int]:
    """A process and all that it started and that still run (Linux)."""
    found = [pid]
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [each for child in path.read_text().split() for each in _family(int(child))]
    return found


def _proportional(pid: int) -> float:
    """Memory of a process in MB: what it shares with others counts in shares, so that a sum counts nothing twice."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1000
    return 0.0


def page(folder: Path, sales: int = 100_000) -> None:
    """The report page and its paper, of a hundred thousand disposals."""
    path = folder / "trades.csv"
    path.write_text(trades_to_text(ledger(sales)))
    for name in ("report.html", "report.pdf"):
        target = folder / name
        wall, cpu, memory = timed("report", "page", str(path), "-y", "2025", "-m", "fifo", "-o", str(target))
        size = target.stat().st_size / 1e6
        spent = f"{wall:.1f} s ({cpu:.1f} s of processor), {memory:.0f} MB"
        print(f"{name}: {sales:,} disposals, {spent}, file {size:.0f} MB")


def batch(folder: Path, clients: int, trades: int, task: str = "report") -> None:
    """A batch of forms and reports or of proofs, on one process and on all cores."""
    more = ["--no-passphrase"] if task == "prove" else []
    rows = ["client,trades"]
    for n in range(clients):
        (folder / f"c{n}.csv").write_text(trades_to_text(ledger(trades // 2, seed=n)))
        rows.append(f"c{n},c{n}.csv")
    (folder / "clients.csv").write_text("\n".join(rows) + "\n")
    cores, first = len(os.sched_getaffinity(0)), 0.0
    for jobs in (1, cores):
        out = str(folder / f"out{jobs}")
        wall, cpu, _ = timed("batch", task, str(folder), "-y", "2025", "-o", out, "-j", str(jobs), *more)
        first = first or wall
        table = [line.split(",") for line in (Path(out) / "summary.csv").read_text().splitlines()[1:]]
        memory = max(int(row[3]) for row in table)
        print(
            f"{task}: {clients} clients of {trades:,} trades, {jobs} at once: {wall:.1f} s ({cpu:.1f} s of processor), "
            f"{clients / wall * 60:.0f} a minute, speed-up {first / wall:.2f}, {memory} MB a worker"
        )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        if sys.argv[1:2] in (["batch"], ["prove"]):
            batch(Path(name), int(sys.argv[2]), int(sys.argv[3]), "prove" if sys.argv[1] == "prove" else "report")
        else:
            page(Path(name))

"""Whole commands, as a user runs them: processes of their own, timed from outside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
METHOD = "hifo"
POOLING = "wallet"


class CommandFailed(RuntimeError):
    """A command did not end with the exit code that it should."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command: seconds on the clock, in user code, in the kernel; most memory held, in bytes."""

    seconds: float
    user: float
    system: float
    memory: int
    output: str
    messages: str


def run(words: Sequence[str], environment: Mapping[str, str] | None = None, *, code: int = 0) -> Run:
    """Run `python WORDS...` and wait for it. Raises CommandFailed if it does not end with this exit code."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as messages:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env={**os.environ, **(environment or {})},
            stdout=output, stderr=messages,
        )  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)  # so that its end is not waited for again
        output.seek(0)
        messages.seek(0)
        done = Run(
            seconds, used.ru_utime, used.ru_stime, used.ru_maxrss << 10, output.read(), messages.read()
        )  # fmt: skip
    if process.returncode != code:
        raise CommandFailed(f"{' '.join(words)} ended with exit code {process.returncode}\n{done.messages}")
    return done


def summary(runs: Sequence[Run]) -> dict[str, Any]:
    """Medians of several runs, and the seconds of each."""
    return {
        "seconds": round(median(one.seconds for one in runs), 3),
        "user": round(median(one.user for one in runs), 3),
        "system": round(median(one.system for one in runs), 3),
        "memory": max(one.memory for one in runs),
        "runs": [round(one.seconds, 3) for one in runs],
    }


class Commands:
    """`commit`, `prove` and `verify` on one ledger, in a folder of their own.

    The whole history is one link, as for somebody who proves for the first time: nothing is carried in, and all trades
    are worked. `last_year` is what the year after costs.
    """

    def __init__(self, folder: Path, trades: int, environment: Mapping[str, str], year: int) -> None:
        self._environment = environment
        self._year = year
        self.csv = folder / f"{trades}.csv"
        self.pages = folder / f"{trades}"
        self.package = folder / f"{trades}.zkh"
        self._expected: list[str] = []
        run(["-m", "benchmarks.ledgers", str(trades), str(self.csv)], environment)

    def commit(self) -> Run:
        """From trades to pages."""
        if self.pages.exists():
            shutil.rmtree(self.pages)  # a folder of pages is continued, not made again
        done = self._zkharvest("commit", str(self.csv), "--currency", "USD", "--no-passphrase", "-o", str(self.pages))
        self._expected = [word for line in done.output.split() for word in ("--page", line)]
        return done

    def prove(self) -> Run:
        """From pages to a package that the command has verified itself."""
        return self._prove(self.pages, self._year, "--first", "-o", str(self.package))

    def small(self) -> int:
        """Bytes of a package made with `--size small`."""
        target = self.package.with_suffix(".small.zkh")
        self._prove(self.pages, self._year, "--first", "--size", "small", "-o", str(target))
        return target.stat().st_size

    def verify(self) -> Run:
        """The package, against the pages: exit code 0 is "verified"."""
        return self._zkharvest("verify", str(self.package), "--first", *self._expected)

    def last_year(self, repeat: int) -> list[Run]:
        """The last year of a ledger of three, proven alone: pages end with each year, and the others are carried in."""
        pages, standing = self.pages.with_suffix(".years"), self.csv.with_suffix(".zks")
        words = ["--currency", "USD", "--no-passphrase", "-o", str(pages)]
        self._zkharvest("commit", str(self.csv), *words, "--to", f"{self._year}-01-01")
        self._zkharvest("commit", str(self.csv), *words)
        package = self.package.with_suffix(".years.zkh")
        earlier = ["--method-of", f"{self._year - 2}={METHOD}", "--carry-out", str(standing), "--no-passphrase"]
        self._prove(pages, self._year - 1, "--first", *earlier, "-o", str(package))
        words = ["--carry-in", str(standing), "-o", str(package)]
        return [self._prove(pages, self._year, *words) for _ in range(repeat)]

    def _prove(self, pages: Path, year: int, *words: str) -> Run:
        rules = ["--year", str(year), "--method", METHOD, "--pooling", POOLING, "--force"]
        return self._zkharvest("prove", str(pages), *rules, *words)

    def _zkharvest(self, *words: str) -> Run:
        return run(["-m", "zkharvest", *words], self._environment)

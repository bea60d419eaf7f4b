"""Two venues and a wallet commit to their own records; their customer proves two years of them, which hang together.

    python examples/chain/story.py [DIR]        writes into DIR, by default a temporary folder

Every step is a command of the program; the line that is printed is what one would type. In the end an auditor, who has
three public keys and three account names, verifies both years, and is shown two forgeries.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import chdir
from itertools import pairwise
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENUES = {"kraken": ("K-7f3a", "kraken.csv"), "coinbase": ("cb-1182", "coinbase.csv"), "nano": ("nano-s", "wallet.csv")}
PERIODS = ("2024-01-01", "2024-07-01", "2025-01-01", "2025-02-01", "2025-07-01", "2026-01-01", "2026-02-01")
SHOWN = 12  # lines of what a command prints


def run(line: str, expected: int = 0, *, quiet: bool = False) -> str:
    """A command, shown and run; what it prints."""
    print(f"$ {line}", flush=True)
    words = line.split()
    program = [sys.executable, "-m", "zkharvest", "--quiet"] if words[0] == "zkharvest" else [sys.executable]
    begun = time.perf_counter()
    done = subprocess.run([*program, *words[1:]], check=False, capture_output=True, text=True)
    told = done.stdout + (done.stderr if done.returncode else "")
    if not quiet:
        print("".join(f"  {text[:150]}\n" for text in told.splitlines()[:SHOWN]), end="")
        print(f"  [exit code {done.returncode}, {time.perf_counter() - begun:.1f} s]", flush=True)
    if done.returncode != expected:
        print(done.stderr, file=sys.stderr)
        raise SystemExit(f"exit code {done.returncode}, not {expected}")
    return done.stdout


def page(source: str, number: int, end: str) -> str:
    """The file of a page."""
    return f"{source}/{source}-{VENUES[source][0]}-{number:04d}.{end}"


def openings(numbers: range) -> str:
    """The openings of these pages of every source."""
    return " ".join(page(source, number, "zko") for source in VENUES for number in numbers)


def newest(number: int) -> str:
    """The signed pages that vouch for all before them."""
    return " ".join(f"--signed {page(source, number, 'zkp')}" for source in VENUES)


def story() -> None:
    """The whole story, in the current folder."""
    print("# each source, by itself: a seed, a key, and a page for every period of its one customer's records")
    for source, (account, export) in VENUES.items():
        Path(source).mkdir()
        shutil.copy(HERE / export, source)
        run(f"zkharvest page seed -o {source}/seed --no-passphrase", quiet=True)
        run(f"zkharvest keygen --scheme ed25519 -o {source}/key --public {source}/pub --no-passphrase", quiet=True)
        for number, (begin, end) in enumerate(pairwise(PERIODS)):
            before = f" --prev {page(source, number - 1, 'zkp')}" if number else ""
            make = f"zkharvest page make {source}/{export} --source {source} --account {account} --seed {source}/seed"
            run(f"{make} --from {begin} --to {end}{before} -o {source}", quiet=True)
        for number in (2, len(PERIODS) - 2):
            run(f"zkharvest attest {page(source, number, 'zkp')} --key {source}/key", quiet=True)

    print(
        "\n# February 2025: the customer proves 2024. The page of January 2025 goes on behind the year, and comes again"
    )
    given = openings(range(3))
    run(f"zkharvest explain {given}")
    proving = f"zkharvest prove {given} --year 2024 --method hifo --first {newest(2)}"
    run(f"{proving} --carry-out 2024.zks --no-passphrase -o 2024.zkh")

    print("\n# February 2026: 2025 goes on from there, under another method. What 2024 used up is gone")
    proving = f"zkharvest prove {openings(range(2, 6))} --year 2025 --method fifo --carry-in 2024.zks {newest(5)}"
    run(f"{proving} --carry-out 2025.zks --no-passphrase -o 2025.zkh")

    print("\n# the auditor has three keys and the names of the accounts, and never a trade")
    expected = " ".join(f"--source-key {source}={source}/pub" for source in VENUES)
    expected += " " + " ".join(f"--account {source}={account}" for source, (account, _) in VENUES.items())
    limits = "--max-declared 0 --max-unexplained 0 --max-gone 0 --need-refs"
    run(f"zkharvest verify 2024.zkh 2025.zkh --first {expected} {limits}")

    print("\n# a year alone says what it goes on from, and is open without it")
    run(f"zkharvest verify 2025.zkh {expected}", expected=3)
    print("\n# 2025 once more, as if 2024 had been FIFO: it does not go on from what was shown for 2024")
    run(
        f"zkharvest prove {given} --year 2024 --method fifo --first --carry-out x.zks --no-passphrase -o x.zkh",
        quiet=True,
    )
    again = f"zkharvest prove {openings(range(2, 6))} --year 2025 --method fifo --carry-in x.zks -o other.zkh"
    run(again, quiet=True)
    run(f"zkharvest verify 2024.zkh other.zkh --first {expected}", expected=1)
    print("\n# one cent is changed; then one page of the middle is left out")
    for how in ("cent", "page"):
        run(f"python {os.path.relpath(HERE / 'tamper.py')} {how} 2024.zkh {how}.zkh", quiet=True)
        run(f"zkharvest verify {how}.zkh 2025.zkh --first {expected}", expected=1)
    print("\nstory: both years were accepted as one chain; the forgeries and the other history were rejected")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary, chdir(sys.argv[1] if len(sys.argv) > 1 else temporary):
        story()

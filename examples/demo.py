"""The main job on the example: a year of losses proven and verified, then the same package with one cent changed.

Runs only what a person would type, and shows it. Ends with exit code 0 only if the first package was accepted
(exit code 0 of `zkharvest verify`) and the changed one rejected (exit code 1). Writes into `demo/`.
"""

import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(os.path.relpath(Path(__file__).resolve().parent))
WORK = Path("demo")
YEAR, METHOD = "2025", "hifo"


def run(*words: str, expect: int = 0) -> str:
    """Show a command, run it, show and return what it prints; stop unless it ends with `expect`."""
    print(f"\n$ {shlex.join(words)}", flush=True)
    program = [sys.executable, "-m", "zkharvest"] if words[0] == "zkharvest" else [sys.executable]
    begun = time.perf_counter()
    done = subprocess.run([*program, *words[1:]], check=False, stdout=subprocess.PIPE, text=True)
    print(done.stdout, end="")
    print(f"[exit code {done.returncode}, {time.perf_counter() - begun:.1f} s]", flush=True)
    if done.returncode != expect:
        sys.exit(f"demo: expected exit code {expect}")
    return done.stdout


def main() -> None:
    WORK.mkdir(exist_ok=True)
    trades, pages = str(WORK / "trades.csv"), str(WORK / "pages")
    shutil.rmtree(pages, ignore_errors=True)  # of the last demo
    package, changed = str(WORK / "loss-2025.zkh"), str(WORK / "changed.zkh")

    print("--- the taxpayer: exports become trades, trades are committed to, the losses are proven")
    exports = [str(HERE / "taxpayer" / name) for name in ("coinbase.csv", "kraken-ledgers.csv", "deribit.csv")]
    prices = str(HERE / "taxpayer" / "prices.csv")
    run("zkharvest", "trades", "import", *exports, "--prices", prices, "-o", trades, "--force")
    run("zkharvest", "trades", "check", trades)
    commitments = run("zkharvest", "commit", trades, "--no-passphrase", "-o", pages).splitlines()
    run("zkharvest", "prove", pages, "--year", YEAR, "--method", METHOD, "--first", "-o", package, "--force")

    print("\n--- the auditor: has the ids of the pages and the package, never the trades")
    expected = [word for line in commitments for word in ("--page", line)]
    run("zkharvest", "verify", package, "--first", *expected, "--year", YEAR)

    print("\n--- somebody changes one cent")
    run("python", str(HERE / "chain" / "tamper.py"), "cent", package, changed)
    run("zkharvest", "verify", changed, "--first", *expected, "--year", YEAR, expect=1)
    print("\ndemo: the honest package was accepted, the changed one rejected")


if __name__ == "__main__":
    main()

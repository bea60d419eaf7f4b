"""A harvest from exports to proof: the loss that the plan realises is the loss that the proof declares.

Runs only what a person would type, and shows it. Writes into a folder (by default `harvest-story/`).
"""

from __future__ import annotations

import csv
import json
import shlex
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORK = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("harvest-story")
NOW = "2025-11-21T16:00:00Z"
FILLS = ("id", "order", "datetime", "symbol", "side", "price", "amount", "fee_cost", "fee_currency")


def run(*words: str) -> str:
    """Show a command, run it, return what it prints; stop if it fails."""
    print(f"\n$ {shlex.join(['zkharvest', *words])}", flush=True)
    done = subprocess.run([sys.executable, "-m", "zkharvest", *words], check=False, stdout=subprocess.PIPE, text=True)
    print(done.stdout, end="", flush=True)
    if done.returncode:
        sys.exit(f"story: exit code {done.returncode}")
    return done.stdout


def backdate(path: Path) -> None:
    """Move the plan's clock to the story's day: steps follow it as they followed the moment it was made."""
    plan = json.loads(path.read_text())

    def read(text: str) -> datetime:
        return datetime.fromisoformat(text)

    shift = read(plan["made"]) - read(NOW)
    plan["made"] = NOW
    for step in plan["steps"]:
        step["at"] = (read(step["at"]) - shift).strftime("%Y-%m-%dT%H:%M:%SZ")
    path.write_text(json.dumps(plan, indent=2) + "\n")


def fill(plan: Path, fills: Path) -> None:
    """The venue's answers: every order filled a little better than its limit, for 0.2 %."""
    with fills.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FILLS)
        for step in json.loads(plan.read_text())["steps"]:
            cents = round(float(step["price"]) * 100) + (20 if step["side"] == "sell" else -20)
            price = f"{cents // 100}.{cents % 100:02d}"
            fee = f"{float(step['amount']) * cents / 100 * 0.002:.2f}"
            when = read_after(step["at"])
            order = step["params"]["clientOrderId"]
            writer.writerow(
                (f"F{step['number']}", order, when, step["symbol"], step["side"], price, step["amount"], fee, "USD")
            )


def read_after(at: str) -> str:
    """A moment after an order was due."""
    moment = datetime.fromisoformat(at) + timedelta(milliseconds=350)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def main() -> None:
    """Tell the story."""
    WORK.mkdir(exist_ok=True)
    name = {
        n: str(WORK / n) for n in ("trades.csv", "plan.json", "fills.csv", "after.csv", "page.html", "o.zko", "p.zkh")
    }
    market = ["--prices", str(HERE / "prices.csv"), "--rates", str(HERE / "rates.toml"), "--as-of", NOW, "-m", "hifo"]
    run("trades", "import", str(HERE / "coinbase.csv"), "-o", name["trades.csv"], "--force")
    before = report(name["trades.csv"])
    run("harvest", "scan", name["trades.csv"], *market)
    run("harvest", "plan", name["trades.csv"], *market, "-o", name["plan.json"], "--seed", "2025", "--force")
    backdate(WORK / "plan.json")
    fill(WORK / "plan.json", WORK / "fills.csv")
    words = [name["plan.json"], name["fills.csv"], "--trades", name["trades.csv"], "-o", name["after.csv"], "--force"]
    recorded = json.loads(run("harvest", "record", *words, "--json"))
    (WORK / "record.json").write_text(json.dumps(recorded))
    run(
        "harvest",
        "report",
        name["trades.csv"],
        *market,
        "--record",
        str(WORK / "record.json"),
        "-o",
        name["page.html"],
        "--force",
    )
    roots = run("commit", name["after.csv"], "-o", name["o.zko"], "--currency", "USD", "--no-passphrase", "--force")
    run("prove", name["o.zko"], "--year", "2025", "--method", "hifo", "-o", name["p.zkh"], "--force")
    expected = [word for line in roots.split() for word in ("--commitment", line)]
    verdict = json.loads(run("verify", name["p.zkh"], *expected, "--year", "2025", "--json"))
    declared = -cents(verdict["statement"]["totals"]["net"])
    realised = (
        cents(recorded["loss"]) - cents(before["totals"]["short_term_gain"]) - cents(before["totals"]["long_term_gain"])
    )
    if verdict["verdict"] != "accepted" or declared != realised or recorded["gaps"]:
        sys.exit(f"story: the proof declares {declared}, the record realised {realised}")
    print(f"\nstory: the plan realised {recorded['loss']}; with the year's earlier gains the proof declares it exactly")


def report(trades: str) -> dict[str, dict[str, str]]:
    """The year before the harvest."""
    found: dict[str, dict[str, str]] = json.loads(run("ledger", "report", trades, "-y", "2025", "-m", "hifo", "--json"))
    return found


def cents(text: str) -> int:
    """Decimal text as 10^-8."""
    whole, _, fraction = text.lstrip("-").partition(".")
    value = int(whole) * 10**8 + int(fraction.ljust(8, "0"))
    return -value if text.startswith("-") else value


if __name__ == "__main__":
    main()

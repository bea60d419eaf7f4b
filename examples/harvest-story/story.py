"""A harvest from exports to proof: the loss that the plans realise is the loss that the proof declares.

Runs only what a person would type, and shows it. Writes into a folder (by default `harvest-story/`). The venues are a
server on this machine (venue.py), so that orders are really sent and fills really come back.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from venue import KEY, SECRET, Binance, Deribit, Exchange, serving

HERE = Path(__file__).resolve().parent
WORK = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("harvest-story")
NOW, LATER = "2025-11-21T16:00:00Z", "2025-11-21T20:00:00Z"
SPOT, FUTURES = Exchange(), Exchange()
INSTRUMENTS = [
    {"instrument_name": "BTC_USDC-PERPETUAL", "kind": "future", "settlement_period": "perpetual", "tick_size": 0.5},
    {"instrument_name": "BTC_USDC-27MAR26", "kind": "future", "settlement_period": "month", "tick_size": 0.5,
     "expiration_timestamp": 1774598400000},
]  # fmt: skip
COMMON = {
    "base_currency": "BTC", "quote_currency": "USDC", "counter_currency": "USDC", "settlement_currency": "USDC",
    "min_trade_amount": 0.0001, "taker_commission": 0.0005, "is_active": True,
}  # fmt: skip


def run(*words: str) -> str:
    """Show a command, run it, return what it prints; stop if it fails."""
    print(f"\n$ {shlex.join(['zkharvest', *words])}", flush=True)
    keys = {f"ZKHARVEST_{name}_{what}": value
            for name in ("COINBASE", "DERIBIT") for what, value in (("KEY", KEY), ("SECRET", SECRET))}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "zkharvest", *words], check=False, stdout=subprocess.PIPE, text=True,
        env={**os.environ, **keys},
    )  # fmt: skip
    print(done.stdout, end="", flush=True)
    if done.returncode:
        sys.exit(f"story: exit code {done.returncode}")
    return done.stdout


def at(name: str) -> str:
    """A file in the folder."""
    return str(WORK / name)


def millis(text: str) -> int:
    """An instant in ms."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def backdate(path: str, made: str) -> None:
    """Move the plan's clock to the story's day: steps follow it as they followed the moment it was made."""
    plan = json.loads(Path(path).read_text())
    shift = millis(plan["made"]) - millis(made)
    plan["made"] = made
    times = {}
    for step in plan["steps"]:
        moment = millis(step["at"]) - shift
        step["at"] = datetime.fromtimestamp(moment // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        times[step["params"]["clientOrderId"]] = moment + 350
    Path(path).write_text(json.dumps(plan, indent=2) + "\n")
    for exchange in (SPOT, FUTURES):  # the venue's clock too
        exchange.clock = millis(made)
        exchange.on_order = lambda order, exchange=exchange: setattr(exchange, "clock", times[order["client"]])


def main() -> None:
    """Tell the story."""
    WORK.mkdir(exist_ok=True)
    SPOT.quote("BTCUSD", [(84480, 0.4), (84450, 20)], [(84520, 0.2), (84530, 20)])
    SPOT.quote("ETHUSD", [(2749, 9), (2748, 200)], [(2751, 300)])
    FUTURES.quote("BTC_USDC-PERPETUAL", [(84490, 30)], [(84510, 0.3), (84520, 30)])
    FUTURES.quote("BTC_USDC-27MAR26", [(85300, 5)], [(85500, 5)])
    with (
        serving(Binance(SPOT)) as spot,
        serving(Deribit(FUTURES, [{**COMMON, **one} for one in INSTRUMENTS])) as deribit,
    ):
        tell(["--url", f"binanceus={spot}", "--url", f"deribit={deribit}"])


def tell(urls: list[str]) -> None:
    """From exports to proof."""
    rules = ["--rates", str(HERE / "rates.toml"), "-m", "hifo"]
    market = ["--prices", str(HERE / "prices.csv"), *rules]
    quotes = ["--instruments", str(HERE / "instruments.csv"), "--quotes", str(HERE / "quotes.csv")]
    run("trades", "import", str(HERE / "coinbase.csv"), "-o", at("trades.csv"), "--force")
    before = json.loads(run("ledger", "report", at("trades.csv"), "-y", "2025", "-m", "hifo", "--json"))
    run("harvest", "scan", at("trades.csv"), *market, "--as-of", NOW)

    # Bitcoin: sold, and its exposure kept by a contract that is not the coin
    words = [at("trades.csv"), *quotes, "--lot", "s2", "--as-of", NOW, "-m", "hifo", "--live", "deribit", *urls[2:]]
    Path(at("match.json")).write_text(run("harvest", "match", *words, "--json"))
    plan = ["--lot", "s2", "--match", at("match.json"), "--as-of", NOW, "-o", at("plan-1.json")]
    first = harvested("1", "trades.csv", NOW, [*market, *plan], urls)

    # Ether: sold and bought back at once
    plan = ["--lot", "s3", "--as-of", LATER, "-o", at("plan-2.json")]
    second = harvested("2", "after-1.csv", LATER, [*market, *plan], urls)

    forecast = [at("trades.csv"), *market, "--as-of", NOW, "--volatility", "0.6", "--json"]
    Path(at("forecast.json")).write_text(run("harvest", "forecast", *forecast))
    found = ["--match", at("match.json"), "--forecast", at("forecast.json")]
    found += ["--record", at("record-1.json"), "--record", at("record-2.json")]
    run("harvest", "report", at("trades.csv"), *market, "--as-of", NOW, *found, "-o", at("page.html"), "--force")
    shutil.rmtree(at("pages"), ignore_errors=True)  # of an earlier run
    ids = run("commit", at("after-2.csv"), "-o", at("pages"), "--currency", "USD", "--no-passphrase")
    run("prove", at("pages"), "--year", "2025", "--method", "hifo", "--first", "-o", at("p.zkh"), "--force")
    expected = ["--first", *(word for line in ids.split() for word in ("--page", line))]
    verdict = json.loads(run("verify", at("p.zkh"), *expected, "--year", "2025", "--json"))
    (year,) = verdict["chain"]["years"]
    declared = -amount(year["totals"]["net"])
    gains = amount(before["totals"]["short_term_gain"]) + amount(before["totals"]["long_term_gain"])
    realised = amount(first["loss"]) + amount(second["loss"])
    if verdict["verdict"] != "accepted" or declared != realised - gains or first["gaps"] or second["gaps"]:
        sys.exit(f"story: the proof declares {declared}, the records realised {realised}, gains {gains}")
    print(f"\nstory: the plans realised {first['loss']} and {second['loss']}; with the year's earlier gains the proof "
          "declares it exactly")  # fmt: skip


def harvested(number: str, trades: str, made: str, words: list[str], urls: list[str]) -> dict[str, object]:
    """Plan, dry run, send, send again (nothing is doubled), record; what the record says."""
    plan = at(f"plan-{number}.json")
    run("harvest", "plan", at(trades), *words, "--seed", "2025", "--amount-step", "0.0001", "--force")
    backdate(plan, made)
    venues = ["--venue", "coinbase=binanceus", "--venue", "deribit", *urls]
    run("harvest", "send", plan, *venues)
    really = ["--send", "--limit", "200000", "--max-late", "1000000", "--force"]
    run("harvest", "send", plan, *venues, *really)
    orders = len(SPOT.orders) + len(FUTURES.orders)
    run("harvest", "send", plan, *venues, *really)
    if len(SPOT.orders) + len(FUTURES.orders) != orders:
        sys.exit("story: an order was sent twice")
    fills = at(f"plan-{number}-fills.csv")
    known = ["--trades", at(trades), "-o", at(f"after-{number}.csv"), "--force", "--json"]
    text = run("harvest", "record", plan, fills, *known)
    Path(at(f"record-{number}.json")).write_text(text)
    found: dict[str, object] = json.loads(text)
    return found


def amount(text: object) -> int:
    """Decimal text as 10^-8."""
    whole, _, fraction = str(text).lstrip("-").partition(".")
    value = int(whole) * 10**8 + int(fraction.ljust(8, "0"))
    return -value if str(text).startswith("-") else value


if __name__ == "__main__":
    main()

"""Small books for the tests of the harvest."""

from __future__ import annotations

from dataclasses import replace

from zkharvest.harvest.elections import election_for
from zkharvest.harvest.files import DAY_MS, prices_from_text
from zkharvest.harvest.policy import Costs, Jurisdiction, Rates
from zkharvest.harvest.scan import run_until
from zkharvest.harvest.scan import scan as scan_lots
from zkharvest.ledger.rules import Method, Pooling
from zkharvest.trades.csv_in import trades_from_text
from zkharvest.trades.text import parse_time

NOW = "2026-11-28T18:00:00Z"
US = Rates(Jurisdiction.US, 2026, short=0.35, long=0.15, ordinary=0.35, exit_rate=0.15)
HEAD = "time,source,id,kind,asset,quantity,amount,fee,to,lots\n"


def rates(base=US, costs=None, **changes):
    """Rates with changes; `costs` by asset as keywords of Costs."""
    made = {asset: Costs(**entry) for asset, entry in (costs or {"default": {}}).items()}
    return replace(base, costs=made, **changes)


def book(*rows):
    """Trades from short rows: "2026-02-01 coinbase t7 buy BTC 1 92000 [fee]"; times are 10:00 UTC."""
    lines = []
    for row in rows:
        day, source, id_, kind, asset, quantity, *money = row.split()
        amount, fee, lots = [*money, "", "", ""][:3]
        lines.append(f"{day}T10:00:00Z,{source},{id_},{kind},{asset},{quantity},{amount},{fee},,{lots}\n")
    return trades_from_text(HEAD + "".join(sorted(lines)), "book")


def prices(text, time="2026-11-28T12:00:00Z"):
    """Prices from "BTC 80000, ETH 3000"."""
    rows = (pair.split() for pair in text.split(",") if pair.strip())
    return prices_from_text("time,asset,price\n" + "".join(f"{time},{asset},{price}\n" for asset, price in rows), "p")


def scan(trades, market, law=None, method=Method.SPECIFIC, pooling=Pooling.WALLET, as_of=NOW, **options):
    """A scan of trades at prices such as "BTC 80000"."""
    law = rates() if law is None else law
    moment = parse_time(as_of)
    election = election_for(law.jurisdiction, method, pooling, "America/New_York", moment)
    run, _ = run_until(trades, election, moment)
    market = prices(market) if isinstance(market, str) else market
    return scan_lots(run, moment, market, law, max_age=DAY_MS, **options)

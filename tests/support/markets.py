"""A made market: perpetuals, dated futures and a surface of options on BTC, as Deribit would quote them."""

import json
from datetime import UTC, datetime, timedelta

from zkharvest.harvest.markets.greeks import black76
from zkharvest.harvest.markets.instruments import parse_instrument

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp()) * 1000
SPOT = 80_000.0


def option_names(expiries, strikes, inverse):
    for days in expiries:
        day = f"{NOW + timedelta(days=days):%d%b%y}".upper().lstrip("0")
        for strike in strikes:
            for right in "CP":
                yield f"BTC{'' if inverse else '_USDC'}-{day}-{strike:g}-{right}"


def names(expiries=(20, 45, 90, 180), strikes=range(50_000, 115_000, 5_000)):
    """Names on a surface: linear and inverse options, perpetuals, futures."""
    made = ["BTC_USDC-PERPETUAL", "BTC-PERPETUAL", "BTC_USDC"]
    made += [f"BTC{s}-{NOW + timedelta(days=90):%d%b%y}".upper() for s in ("", "_USDC")]
    return [*made, *option_names(expiries, strikes, False), *option_names(expiries, strikes, True)]


def forward(instrument):
    return SPOT * (1 + 0.05 * max(0.0, min(instrument.days_left(NOW_MS), 400)) / 365) if instrument.expiry else SPOT


def smile(instrument):
    return 0.55 + 0.1 * ((instrument.strike - SPOT) / SPOT) ** 2


def instrument_row(name):
    """Deribit's get_instruments for a name."""
    kind = parse_instrument(name.partition("_")[0] if name == "BTC_USDC" else name)
    row = {
        "instrument_name": name,
        "kind": "option" if kind.kind.option else "spot" if name == "BTC_USDC" else "future",
        "base_currency": "BTC",
        "settlement_currency": "BTC" if kind.inverse else "USDC",
        "min_trade_amount": 10 if kind.in_dollars else 0.01 if kind.kind.option else 0.0001,
        "taker_commission": 0.0003 if kind.kind.option else 0.0005,
    }
    if kind.expiry:
        row["expiration_timestamp"] = kind.expiry
    if kind.kind.option:
        row |= {"strike": kind.strike, "option_type": "call" if name.endswith("C") else "put"}
    return row


def ticker_row(name, time=NOW_MS, size=500.0, **changed):
    """Deribit's ticker for a name."""
    kind = parse_instrument("BTC" if name == "BTC_USDC" else name)
    row = {"instrument_name": name, "timestamp": time, "state": "open", "index_price": SPOT}
    if kind.kind.option:
        F, iv = forward(kind), smile(kind)
        value = float(black76(name.endswith("C"), F, kind.strike, kind.days_left(NOW_MS) / 365, iv).value)
        price, spread = (value / F, 0.0005) if kind.inverse else (value, 40.0)
        row |= {"underlying_price": F, "mark_iv": 100 * iv, "mark_price": price}
        row |= {"best_bid_price": max(price - spread / 2, spread / 10), "best_ask_price": price + spread / 2}
    else:
        F = forward(kind)
        row |= {"mark_price": F, "best_bid_price": F - 2, "best_ask_price": F + 2, "funding_8h": 0.00005}
    amount = size * SPOT if kind.in_dollars else size
    return row | {"best_bid_amount": amount, "best_ask_amount": amount} | changed


def write_market(folder, listed=None, **changed):
    """`instruments.json` and `quotes.json` in a folder; `changed` goes into every ticker."""
    listed = names() if listed is None else listed
    instruments, quotes = folder / "instruments.json", folder / "quotes.json"
    instruments.write_text(json.dumps({"jsonrpc": "2.0", "result": [instrument_row(name) for name in listed]}))
    quotes.write_text(json.dumps([{"result": ticker_row(name, **changed)} for name in listed]))
    return instruments, quotes

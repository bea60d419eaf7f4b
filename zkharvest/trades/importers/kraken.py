"""Kraken: the ledgers export (any of its headers) and the trades export.

Ledgers: every row is one movement of one asset; `amount` is the movement, `fee` comes on top of it, in the same
asset or the one in `feecurrency`. The rows of one trade share a `refid` and are joined. Rows without `txid` are
pending copies and are passed over. Deposits and withdrawals are moves; a withdrawal's fee is a spend. Staking
and earn rewards are income, less the fee that Kraken kept. Moves between Kraken's own wallets (staking, earn
allocation, futures) change nothing. Where the export has `amountusd` and the import is in USD, it is the fair value
of a crypto-for-crypto trade (of the side received) and of rewards. Margin is not taken: its results have to be entered
by hand.

Trades: `cost` and `fee` are in the quote currency of `pair`. The ledgers tell the same trades: one import takes one
kind.

Assets are brought to their usual names: XXBT and XBT are BTC, ZEUR is EUR, XXDG is DOGE; `.S`, `.HOLD`, `28.S` and the
like are the asset itself, ETH2 is ETH. Times are UTC.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict

from zkharvest.trades.importers.cells import splits
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.rows import Row
from zkharvest.trades.importers.table import Format, Table
from zkharvest.trades.text import quoted

_NAMES = {
    **{f"X{name}": name for name in ("ETC", "ETH", "LTC", "MLN", "REP", "XLM", "XMR", "XRP", "ZEC", "XTZ", "ICN")},
    **{f"Z{name}": name for name in ("AUD", "CAD", "EUR", "GBP", "JPY", "USD", "CHF")},
    "XXBT": "BTC",
    "XBT": "BTC",
    "XXDG": "DOGE",
    "XDG": "DOGE",
    "ETH2": "ETH",
}
_SUFFIX = re.compile(r"(?P<asset>.+?)(?:[0-9]{2})?\.(?:S|M|P|F|B|T|HOLD)")
_QUOTES = ("USD", "EUR", "GBP", "CAD", "AUD", "JPY", "CHF", "USDT", "USDC", "DAI", "XBT", "ETH", "PYUSD", "RLUSD")

_TRADES = {"trade", "spend", "receive"}
_MOVES = {"deposit", "withdrawal"}
_MARGIN = {"margin", "rollover", "settled"}
_INTERNAL = {
    "transfer": {
        "spottostaking",
        "spotfromstaking",
        "stakingtospot",
        "stakingfromspot",
        "spottofutures",
        "spotfromfutures",
    },
    "earn": {"migration", "autoallocate", "autoallocation", "allocation", "deallocation"},
}


def asset_name(name: str) -> str:
    """The usual name of a Kraken asset."""
    match = _SUFFIX.fullmatch(name)
    name = match["asset"] if match else name
    return _NAMES.get(name, name)


def read_ledgers(table: Table, draft: Draft) -> None:
    """Reads a ledgers export."""
    joined: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in table.rows:
        kind = row["type"].lower()
        if not row["txid"]:
            draft.note(row, f"pending {kind} (no txid), told again by a later row")
        elif kind in _TRADES:
            joined["trade", row["refid"]].append(row)
        elif kind in _MOVES:
            joined[kind, row["refid"]].append(row)
        else:
            with draft.reading():
                _other(table, draft, row, kind)
    for (kind, _), rows in joined.items():
        with draft.reading():
            if kind == "trade":
                _trade(table, draft, rows)
            else:
                _move(table, draft, rows, kind)


def _event(table: Table, draft: Draft, row: Row, column: str = "txid") -> Event:
    return Event(row, draft.time(row, "time", zone="UTC"), table.source, draft.name(row, column))


def _fee_leg(draft: Draft, row: Row) -> Leg:
    """The row's fee; fee credits (KFEE) cost nothing."""
    fee = abs(draft.number(row, "fee", empty=0))
    asset = asset_name(row.get("feecurrency") or row["asset"])
    if asset == "KFEE":
        draft.note(row, "a fee in Kraken fee credits, which cost nothing")
        fee = 0
    return Leg(asset, fee)


def _trade(table: Table, draft: Draft, rows: list[Row]) -> None:
    """One trade from its legs."""
    sums: Counter[str] = Counter()
    signs: set[tuple[str, bool]] = set()
    fees: Counter[str] = Counter()
    worth: Counter[str] = Counter()
    for row in rows:
        (amount,) = draft.numbers(row, "amount")
        asset = asset_name(row["asset"])
        fee = _fee_leg(draft, row)
        fees[fee.asset] += fee.quantity
        if amount and asset != "KFEE":
            sums[asset] += amount
            signs.add((asset, amount > 0))
            worth[asset] += abs(draft.number(row, "amountusd", empty=0))
    gave = [Leg(asset, -total) for asset, total in sums.items() if total < 0]
    got = [Leg(asset, total) for asset, total in sums.items() if total > 0]
    if len(gave) != 1 or len(got) != 1 or len(signs) != len(sums):
        lines = ", ".join(str(row.line) for row in rows)
        hint = "export all assets and the whole time range, so that every trade has both its legs"
        raise RowError(rows[0], "refid", f"the rows of this refid (lines {lines}) do not make one trade", hint)
    event = _event(table, draft, rows[0], "refid")
    value = None
    if draft.currency == "USD" and worth[got[0].asset]:
        value = draft.money(event.row, worth[got[0].asset])
    legs = [Leg(asset, fee) for asset, fee in fees.items() if fee]
    draft.exchange(event, gave[0], got[0], legs, value=value)


def _move(table: Table, draft: Draft, rows: list[Row], kind: str) -> None:
    """A deposit or withdrawal; one that was reversed under the same refid is no move at all."""
    amounts = [draft.numbers(row, "amount")[0] for row in rows]
    fees = [draft.number(row, "fee", empty=0) for row in rows]
    if len(rows) > 1 and sum(amounts) == 0 and sum(fees) == 0:
        for row in rows:
            draft.note(row, f"{kind} that was reversed")
        return
    for row, amount, fee in zip(rows, amounts, fees, strict=True):
        asset = asset_name(row["asset"])
        if asset == "KFEE":
            draft.note(row, "Kraken fee credits, which cost nothing")
            continue
        if (amount > 0) != (kind == "deposit") or len(rows) > 1:
            hint = "add what really moved by hand and take these rows out"
            raise RowError(row, "amount", f"{quoted(row['amount'])} of a {kind} that was partly reversed", hint)
        draft.move(_event(table, draft, row), Leg(asset, abs(amount)), out=kind == "withdrawal", fee=abs(fee))


def _other(table: Table, draft: Draft, row: Row, kind: str) -> None:
    subtype = row.get("subtype").lower()
    if subtype in _INTERNAL.get(kind, ()):
        draft.note(row, f"{kind} {subtype}: stays within Kraken")
    elif kind in ("staking", "dividend", "invite bonus") or (kind, subtype) in (
        ("earn", "reward"),
        ("earn", "airdrop"),
    ):
        (amount,) = draft.numbers(row, "amount")
        fee = _fee_leg(draft, row)
        asset = asset_name(row["asset"])
        if amount <= 0 or fee.asset != asset:
            raise RowError(row, "amount", f"{quoted(row['amount'])} for a {kind}", "add it by hand")
        value = None
        if draft.currency == "USD" and row.get("amountusd"):
            value = draft.money(
                row, draft.number(row, "amountusd") - abs(draft.number(row, "feeusd", empty=0) if fee.quantity else 0)
            )
        draft.income(_event(table, draft, row), Leg(asset, amount - fee.quantity), value)
    elif kind in _MARGIN:
        hint = "margin is not imported; enter its result by hand and take these rows out"
        raise RowError(row, "type", f"{quoted(row['type'])} is a margin row", hint)
    else:
        column, word = ("subtype", subtype) if kind in _INTERNAL else ("type", row["type"])
        hint = "add it by hand and take the row out"
        raise RowError(row, column, f"{quoted(word)} is not a known {column} of {quoted(kind)}", hint)


def read_trades(table: Table, draft: Draft) -> None:
    """Reads a trades export."""
    for row in table.rows:
        with draft.reading():
            cost, fee, volume = draft.numbers(row, "cost", "fee", "vol")
            if draft.number(row, "margin", empty=0):
                hint = "margin is not imported; enter its result by hand and take these rows out"
                raise RowError(row, "margin", f"{quoted(row['margin'])}: a margin trade", hint)
            base, quote = _split(row)
            event = _event(table, draft, row)
            crypto, money = Leg(base, volume), Leg(quote, cost)
            fees = [Leg(quote, fee)] if fee else []
            if row["type"] == "buy":
                draft.exchange(event, money, crypto, fees)
            elif row["type"] == "sell":
                draft.exchange(event, crypto, money, fees)
            else:
                raise RowError(row, "type", f"{quoted(row['type'])} is not a side", "sides are buy and sell")


def _split(row: Row) -> tuple[str, str]:
    """Base and quote of a pair: XBT/USD, XXBTZUSD, DOTUSD."""
    pair = row["pair"]
    if "/" in pair:
        base, quote = pair.split("/", 1)
        return asset_name(base), asset_name(quote)
    if len(pair) == 8 and pair[:4] in _NAMES and pair[4:] in _NAMES:
        return asset_name(pair[:4]), asset_name(pair[4:])
    found = splits(pair, _QUOTES)
    if len(found) != 1:
        hint = "import the ledgers export instead: it names each asset"
        raise RowError(row, "pair", f"{quoted(pair)} can be split in {len(found)} ways", hint)
    return asset_name(found[0][0]), asset_name(found[0][1])


FORMATS = (
    Format(
        "kraken-ledgers",
        "Kraken ledgers",
        "kraken",
        ("txid", "refid", "time", "type", "aclass", "asset", "amount", "fee", "balance"),
        read_ledgers,
        optional=("subtype", "subclass", "wallet", "amountusd", "feeusd", "balanceusd", "feecurrency"),
        overlaps=frozenset({"kraken-trades"}),
    ),
    Format(
        "kraken-trades",
        "Kraken trades",
        "kraken",
        (
            "txid",
            "ordertxid",
            "pair",
            "time",
            "type",
            "ordertype",
            "price",
            "cost",
            "fee",
            "vol",
            "margin",
            "misc",
            "ledgers",
        ),
        read_trades,
        optional=(
            "postxid",
            "posstatus",
            "cprice",
            "ccost",
            "cfee",
            "cvol",
            "cmargin",
            "net",
            "trades",
            "posstatuscode",
        ),
        overlaps=frozenset({"kraken-ledgers"}),
    ),
)

"""What the rows of each form of export change, by asset, stated beside the importers and not taken from them.

`CHANGES` has one entry a form: a function of the rows of one file that yields an asset and what was added to it. Rows
that changed nothing (failed, pending, of the futures position alone) yield nothing. Profit and loss of positions is
what the balance of their coin changed by.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from zkharvest.trades.importers.cells import amount_with_unit, number
from zkharvest.trades.importers.kraken.ledgers import asset_name
from zkharvest.trades.importers.rows import Row

Change = tuple[str, Fraction]
Told = Iterator[Change]
_UNIT = 10**18
_NOTE = re.compile(r"(Bought|Sold|Converted) ([0-9.,]+) ([A-Z0-9]+) (?:for|to) ([0-9.,]+) ([A-Z0-9]+)")
_QUOTES = ("USDT", "USDC", "USD", "EUR", "BTC", "XBT", "ETH")


def value(row: Row, column: str) -> Fraction:
    """The number of a cell; nothing for an empty one, or one that stands for nothing."""
    text = row.get(column)
    return Fraction(number(text, dressed=True), _UNIT) if text not in ("", "null", "--") else Fraction(0)


def both(text: str) -> Change:
    quantity, unit = amount_with_unit(text, dressed=True)
    return unit, Fraction(quantity, _UNIT)


def pair(text: str) -> tuple[str, str]:
    parts = re.split("[-/]", text)
    if len(parts) == 2:
        return parts[0], parts[1]
    return next((text[: -len(quote)], quote) for quote in _QUOTES if text.endswith(quote))


def column(asset: str, change: str, *, scale: int = 1) -> Callable[[Sequence[Row]], Told]:
    """A form with one column that the balance changed by; `asset` is a column, or a coin after `=`."""

    def changes(rows: Sequence[Row]) -> Told:
        for row in rows:
            yield (asset[1:] if asset.startswith("=") else row[asset]), value(row, change) / scale

    return changes


def market(names: str, side: str, size: str, total: str, fee: str, unit: str) -> Callable[[Sequence[Row]], Told]:
    """A form of trades: base and quote change hands, and the fee is taken."""

    def changes(rows: Sequence[Row]) -> Told:
        for row in rows:
            base, quote = pair(row[names])
            sign = 1 if row[side].lower() == "buy" else -1
            yield base, sign * value(row, size)
            yield quote, -sign * value(row, total)
            yield (row[unit] if unit in row.cells else quote), -value(row, fee)

    return changes


def coinbase(rows: Sequence[Row]) -> Told:
    seconds: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        kind = row["transaction type"].lower()
        size, note = abs(value(row, "quantity transacted")), _NOTE.match(row["notes"])
        if kind in ("convert", "asset migration", "retail eth2 deprecation"):
            seconds[row["timestamp"]].append(row)
        elif kind == "retail mgx dex trade":
            yield row["asset"], value(row, "quantity transacted")
        elif "buy" in kind or "sell" in kind:
            sign = 1 if "buy" in kind else -1
            yield row["asset"], sign * size
            if note:
                yield note[5], -sign * Fraction(note[4])
        elif kind not in ("vault deposit", "vault withdrawal", "retail staking transfer"):
            yield row["asset"], -size if kind in ("send", "card spend") else size
    for together in seconds.values():
        if len(together) == 2:
            for row in together:
                yield row["asset"], value(row, "quantity transacted")
        else:
            (row,) = together
            note = _NOTE.match(row["notes"])
            assert note
            yield note[3], -Fraction(note[2])
            yield note[5], Fraction(note[4])


def fills(rows: Sequence[Row]) -> Told:
    for row in rows:
        yield row["size unit"], value(row, "size") * (1 if row["side"] == "BUY" else -1)
        yield row["unit"], value(row, "total")


def kraken_ledgers(rows: Sequence[Row]) -> Told:
    for row in rows:
        if row["txid"]:
            yield asset_name(row["asset"]), value(row, "amount") - value(row, "fee")


def kraken_trades(rows: Sequence[Row]) -> Told:
    for row in rows:
        sign = 1 if row["type"] == "buy" else -1
        yield row["pair"][:4], sign * value(row, "vol")
        yield row["pair"][4:], -sign * value(row, "cost") - value(row, "fee")


def binance_trades(rows: Sequence[Row]) -> Told:
    for row in rows:
        sign = 1 if row["side"] == "BUY" else -1
        for name, way in (("executed", sign), ("amount", -sign), ("fee", -1)):
            unit, quantity = both(row[name])
            yield unit, way * quantity


def moved(asset: str, fee: str = "") -> Callable[[Sequence[Row]], Told]:
    """Deposits, or withdrawals whose fee comes on top."""

    def changes(rows: Sequence[Row]) -> Told:
        for row in rows:
            if row["status"] == "Completed":
                out = value(row, "amount") + value(row, fee)
                yield row[asset], -out if fee else out

    return changes


def binance_us(rows: Sequence[Row]) -> Told:
    for row in rows:
        primary, base, quote, fee = (
            (row[f"{word}_asset"], value(row, f"realized_amount_for_{word}_asset"))
            for word in ("primary", "base", "quote", "fee")
        )
        if row["category"] == "Quick Buy":  # the fee is part of what was paid
            yield base[0], -base[1]
            yield quote
            continue
        sign = 1 if row["operation"] == "Buy" else -1
        yield primary[0], -primary[1] if row["category"] == "Withdrawal" else primary[1]
        yield base[0], sign * base[1]
        yield quote[0], -sign * quote[1]
        yield fee[0], -fee[1]


def bitfinex_trades(rows: Sequence[Row]) -> Told:
    for row in rows:
        base, quote = pair(row["pair"])
        yield base, value(row, "amount")
        yield quote, -value(row, "amount") * value(row, "price")
        yield row["fee currency"], value(row, "fee")


def gemini(rows: Sequence[Row]) -> Told:
    for row in rows:
        if row["type"]:
            for name, cell in row.cells.items():
                match = re.fullmatch(r"([A-Z]+) Amount .*|(?:Trading )?Fee \(([A-Z]+)\) .*", name)
                if match and cell:
                    yield (
                        match[1] or match[2],
                        Fraction(number(re.sub(" [A-Z]+|[A-Z]{3,}", "", cell), dressed=True), _UNIT),
                    )


def bitstamp(rows: Sequence[Row]) -> Told:
    for row in rows:
        unit, quantity = both(f"{row['amount']} {row.get('amount currency')}".strip())
        kind = row.get("sub type") or row.get("subtype")
        out = kind == "Sell" or row["type"] == "Withdrawal"
        yield unit, -quantity if out else quantity


def dydx_fills(rows: Sequence[Row]) -> Told:
    """The position is closed at the end: what was received less what was paid."""
    for row in {row["id"]: row for row in rows}.values():
        sign = 1 if row["side"] == "SELL" else -1
        yield "USDC", sign * value(row, "size") * value(row, "price") - value(row, "fee")


def dydx_transfers(rows: Sequence[Row]) -> Told:
    for row in rows:
        yield row["symbol"], value(row, "size") * (1 if row["type"] == "DEPOSIT" else -1)


def explorer(rows: Sequence[Row]) -> Told:
    for row in rows:
        mine = row["from"].endswith("e1")
        if "tokenvalue" in row.cells:
            yield row["tokensymbol"], value(row, "tokenvalue") * (-1 if mine else 1)
            continue
        if not row["errcode"]:
            yield "ETH", value(row, "Value_IN(ETH)") - value(row, "Value_OUT(ETH)")
        if mine:
            yield "ETH", -value(row, "TxnFee(ETH)")


def solscan(rows: Sequence[Row]) -> Told:
    for row in rows:
        if row["action"] == "TRANSFER":
            size = value(row, "amount") / 10 ** int(row["decimals"])
            yield row["token address"], size if row["flow"] == "in" else -size


def bitmex(rows: Sequence[Row]) -> Told:
    for row in rows:
        if row["transactstatus"] == "Completed":
            yield "BTC", value(row, "amount") / 10**8


def crypto_com(rows: Sequence[Row]) -> Told:
    for row in rows:
        kind = row["transaction kind"]
        if kind not in ("crypto_earn_program_created", "finance.dpos.staking.crypto_wallet") and kind[-4:] != "lock":
            yield row["currency"], value(row, "amount")
            yield row["to currency"], value(row, "to amount")


def sided(got: str, gave: str, asset: str) -> Callable[[Sequence[Row]], Told]:
    """A form with a received side, a sent side and a fee in each row."""

    def changes(rows: Sequence[Row]) -> Told:
        for row in rows:
            for word, name, sign in ((got, f"{got} {asset}", 1), (gave, f"{gave} {asset}", -1)):
                size = value(row, f"{word} quantity") + value(row, f"{word} amount")
                yield row[name], sign * size
            fee = "fee asset" if "fee asset" in row.cells else "fee currency"
            yield row[fee], -value(row, "fee quantity") - value(row, "fee amount")

    return changes


def rotki_events(rows: Sequence[Row]) -> Told:
    for row in rows:
        yield row["currency"], value(row, "amount") * (-1 if row["type"] == "Withdrawal" else 1)
        yield row["fee currency"], -value(row, "fee")


def rotki_old(rows: Sequence[Row]) -> Told:
    for row in rows:
        came, went = ("base", "quote") if row["type"] == "Buy" else ("quote", "base")
        yield row[f"{came} currency"], value(row, "buy amount")
        yield row[f"{went} currency"], -value(row, "sell amount")
        yield row["fee currency"], -value(row, "fee")


def rotki(rows: Sequence[Row]) -> Told:
    for row in rows:
        yield row["receive currency"], value(row, "receive amount")
        yield row["spend currency"], -value(row, "spend amount")
        yield row["fee currency"], -value(row, "fee")


def hyperliquid(rows: Sequence[Row]) -> Told:
    for row in rows:
        if "/" not in row["coin"]:
            yield "USDC", value(row, "closedpnl")
            continue
        base, quote = pair(row["coin"])
        sign = 1 if row["dir"] == "Buy" else -1
        yield base, sign * value(row, "sz")
        yield quote, -sign * value(row, "ntl")
        yield (base if sign > 0 else quote), -value(row, "fee")


def ledger_live(rows: Sequence[Row]) -> Told:
    for row in rows:  # the amount of what was sent holds its fee
        size = value(row, "operation amount")
        yield row["currency ticker"], size if row["operation type"] == "IN" else -size


def trezor(rows: Sequence[Row]) -> Told:
    for row in rows:
        size = value(row, "amount" if "amount" in row.cells else "total")
        kind, fee = row["type"], value(row, "fee")
        yield "BTC", size if kind == "RECV" else -fee if kind == "SELF" else -size - fee


def electrum(rows: Sequence[Row]) -> Told:
    for row in rows:
        if row["confirmations"] != "0":
            yield "BTC", value(row, "value") + value(row, "amount_chain_bc")


CHANGES: dict[str, Callable[[Sequence[Row]], Told]] = {
    "binance-deposits": moved("coin"),
    "binance-deposits-2025": moved("coin"),
    "binance-futures": column("asset", "amount"),
    "binance-statement": column("coin", "change"),
    "binance-p2p": lambda rows: iter(()),  # the statement beside it has what its orders changed
    "binance-trades": binance_trades,
    "binance-trades-old": market("market", "type", "amount", "total", "fee", "fee coin"),
    "binance-us": binance_us,
    "binance-withdrawals": moved("coin", "fee"),
    "binance-withdrawals-2025": moved("coin", "fee"),
    "bitfinex-ledger": column("currency", "amount"),
    "bitfinex-trades": bitfinex_trades,
    "bitmex-wallet": bitmex,
    "bitstamp": bitstamp,
    "bittytax": sided("buy", "sell", "asset"),
    "bybit-log-old": column("currency", "change"),
    "bybit-uta": column("currency", "change"),
    "bybit-uta-old": column("currency", "change"),
    "coinbase": coinbase,
    "coinbase-advanced-account": column("unit", "amount"),
    "coinbase-advanced-fills": fills,
    "coinledger": column("asset", "amount"),
    "cointracker": sided("received", "sent", "currency"),
    "crypto-com-app": crypto_com,
    "deribit": lambda rows: (("ETH", value(row, "change")) for row in rows),
    "dydx-fills": dydx_fills,
    "dydx-funding": column("=USDC", "payment"),
    "dydx-transfers": dydx_transfers,
    "electrum": electrum,
    "electrum-46": electrum,
    "electrum-48": electrum,
    "etherscan": explorer,
    "etherscan-internal": explorer,
    "etherscan-tokens": explorer,
    "gemini": gemini,
    "hyperliquid-fills": hyperliquid,
    "hyperliquid-funding": column("=USDC", "payment"),
    "koinly": sided("received", "sent", "currency"),
    "kraken-ledgers": kraken_ledgers,
    "kraken-trades": kraken_trades,
    "kucoin-orders": market("symbol", "side", "size", "funds", "fee", "feecurrency"),
    "ledger-live": ledger_live,
    "okx-trading": column("unit#2", "balance change"),
    "rotki-events": rotki_events,
    "rotki-trades": rotki,
    "rotki-trades-old": rotki_old,
    "solscan-transfers": solscan,
    "trezor-suite": trezor,
    "trezor-suite-old": trezor,
    "trezor-web": column("=BTC", "tx total"),
}

"""The three CSV exports of an address: transactions, internal transactions, ERC-20 token transfers.

`Value_IN(ETH)`, `TxnFee(ETH)` and `Historical $Price/Eth` name the chain's coin in their heading; older files call the
hash `Txhash` and the time `DateTime`. The three are read together: what one transaction did is the sum of its rows in
all of them (`events`). The address that the files are of is the one that every row has as From or To.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.etherscan.events import Flow, Transaction, happened
from zkharvest.trades.importers.gather import RowError
from zkharvest.trades.importers.repeats import once
from zkharvest.trades.importers.rows import Row
from zkharvest.trades.importers.table import Format, Table

_CHAINS = {  # the chain of a coin, where only one explorer writes it so; ETH is also that of several rollups
    "ETH": "ethereum",
    "BNB": "bsc",
    "MATIC": "polygon",
    "POL": "polygon",
    "AVAX": "avalanche",
    "FTM": "fantom",
    "S": "sonic",
    "CRO": "cronos",
    "XDAI": "gnosis",
    "CELO": "celo",
    "GLMR": "moonbeam",
    "MOVR": "moonriver",
}
_ETH_CHAINS = ("ethereum", "arbitrum", "optimism", "base")  # whose coin is ETH
_ADDRESS = re.compile("0x[0-9a-f]{40}")
_COIN = re.compile(r"Value_(?:IN|OUT)\((\w+)\)")
_EXTRA = r"Value_(IN|OUT)\(\w+\)|CurrentValue @ .*|CurrentValue/\w+|TxnFee\(\w+\)|Historical \$?Price/\w+"


def read(tables: Sequence[Table], draft: Draft) -> None:
    """Reads all files of the explorer family, those of one address and chain together."""
    groups: dict[str, list[tuple[Table, str]]] = {}
    owners = _owners(tables, draft)
    for table in tables:
        owner = owners.get(table.file)
        if owner is None:
            continue
        coin = _coin_of(table) or _shared_coin(tables, owners, owner)
        source = table.source if table.source != "etherscan" else f"{owner}:{_CHAINS.get(coin, coin.lower())}"
        groups.setdefault(source, []).append((table, owner))
    for source, group in sorted(groups.items()):
        coins = {coin for table, _ in group if (coin := _coin_of(table))}
        if len(coins) != 1:
            table = group[0][0]
            message = "the coin of the chain is not named: the transactions of the address are missing"
            hint = "import the transactions file (and the internal ones) of the same address with it"
            if table.rows:
                draft.problems.append(RowError(table.rows[0], "", message, hint).problem)
            continue
        coin = next(iter(coins))
        reading = _Reading(draft, source, group[0][1], coin, _symbols(group, draft, coin))
        for table, row in once([table for table, _ in group], draft):
            with draft.reading():
                reading.row(table, row)
        for transaction in sorted(reading.transactions.values(), key=lambda one: (one.time, one.hash)):
            with draft.reading():
                happened(transaction, draft)


@dataclass(slots=True)
class _Reading:
    """The transactions of one address on one chain, as its files tell them."""

    draft: Draft
    source: str
    owner: str
    coin: str
    symbols: dict[str, str]
    transactions: dict[str, Transaction]

    def __init__(self, draft: Draft, source: str, owner: str, coin: str, symbols: dict[str, str]) -> None:
        self.draft, self.source, self.owner, self.coin, self.symbols = draft, source, owner, coin, symbols
        self.transactions = {}

    def row(self, table: Table, row: Row) -> None:
        """Adds what a row tells to its transaction."""
        time = self.draft.time(row, "unixtimestamp", order="unix")
        hash_ = row["txhash"].lower()
        one = self.transactions.setdefault(hash_, Transaction(hash_, time, self.source, self.coin, []))
        one.rows.append(row)
        if table.format.name == "etherscan-tokens":
            self._token(one, row)
            return
        out = self._coin_cell(row, f"Value_OUT({self.coin})")
        into = self._coin_cell(row, f"Value_IN({self.coin})")
        failed = bool(row["errcode"]) or row["status"].lower().startswith(("error", "fail"))
        if table.format.name == "etherscan" and self._is_owner(row["from"]):
            one.gas += self._coin_cell(row, f"TxnFee({self.coin})")
            one.failed |= failed
        if not failed:
            one.flows.append(Flow(self.coin, into - out))
        price = next((row.get(name) for name in row.cells if name.startswith("Historical")), "")
        if price and self.draft.currency == "USD" and price.upper() != "N/A":
            name = next(name for name in row.cells if name.startswith("Historical"))
            self.draft.told_price(time, self.coin, self.draft.number(row, name, dressed=True))

    def _token(self, one: Transaction, row: Row) -> None:
        quantity = self.draft.number(row, "tokenvalue", dressed=True)
        asset = self.symbols.get(row["contractaddress"].lower(), row["tokensymbol"])
        if self._is_owner(row["from"]) and not self._is_owner(row["to"]):
            quantity = -quantity
        elif self._is_owner(row["from"]):
            self.draft.note(row, "a transfer of the address to itself")
            return
        one.flows.append(Flow(asset, quantity))

    def _coin_cell(self, row: Row, name: str) -> int:
        return self.draft.number(row, name, dressed=True, empty=0)

    def _is_owner(self, address: str) -> bool:
        return address.lower() == self.owner


def _owners(tables: Sequence[Table], draft: Draft) -> dict[str, str]:
    """The address of each file: on every row as From or To, as its value left or came.

    A file that leaves two is told by the others.
    """
    left: dict[str, set[str]] = {}
    for table in tables:
        sets = [_ends(row) for row in table.rows]
        if table.format.name == "etherscan-tokens":
            sets = [{row["from"].lower(), row["to"].lower()} for row in table.rows]
        left[table.file] = set.intersection(*sets) - {""} if sets else set()
    certain = {next(iter(found)) for found in left.values() if len(found) == 1}
    owners: dict[str, str] = {}
    for table in tables:
        found = left[table.file]
        named = {address for address in found if address in f"{table.source} {table.file}".lower()}
        best = named or (found & certain) or found or {address for address in certain if _on_any(address, table.rows)}
        if len(best) == 1:
            owners[table.file] = next(iter(best))
        elif table.rows:
            shown = ", ".join(sorted(best)) or "none"
            message = f"which address the file is of is not certain (on every row: {shown})"
            hint = "keep the name that the explorer gave the file (export-0x....csv), or say --source 0x..:ethereum"
            draft.problems.append(RowError(table.rows[0], "from", message, hint).problem)
    if len(set(owners.values())) == 1:  # a file without rows still names the coin of the chain
        owners |= dict.fromkeys((table.file for table in tables if not table.rows), next(iter(owners.values())))
    return owners


def _ends(row: Row) -> set[str]:
    """The addresses that a row may be of: who sent, where it says what left; who received, where it says what came."""
    for name, text in row.cells.items():
        if name.startswith("Value_") and text.strip("0.,"):
            return {row["from" if name.startswith("Value_OUT") else "to"].lower()}
    return {row["from"].lower(), row["to"].lower(), row.get("contractaddress").lower()}


def _on_any(address: str, rows: Iterable[Row]) -> bool:
    return any(address in (row["from"].lower(), row["to"].lower()) for row in rows)


def _coin_of(table: Table) -> str:
    return next((match[1] for name in table.columns if (match := _COIN.fullmatch(name))), "")


def _shared_coin(tables: Sequence[Table], owners: dict[str, str], owner: str) -> str:
    """The coin of the other files of an address, for its token file, which does not name it."""
    coins = {_coin_of(table) for table in tables if owners.get(table.file) == owner} - {""}
    return next(iter(coins)) if len(coins) == 1 else ""


def _symbols(group: Sequence[tuple[Table, str]], draft: Draft, coin: str) -> dict[str, str]:
    """A name for each contract: the one that the table of tokens has for it, else its symbol.

    The start of its address is added where several contracts use one symbol, or where the symbol is that of a known
    token of the chain with another address: anyone may call a contract USDC.
    """
    contracts: dict[str, dict[str, Row]] = {}
    for table, _ in group:
        if table.format.name == "etherscan-tokens":
            for row in table.rows:
                contracts.setdefault(row["tokensymbol"], {}).setdefault(row["contractaddress"].lower(), row)
    chains = [_CHAINS[coin]] if coin in _CHAINS and coin != "ETH" else list(_ETH_CHAINS)
    known = {name for chain in chains for name in draft.names.symbols(chain)}
    names: dict[str, str] = {}
    for symbol, addresses in contracts.items():
        for address, row in addresses.items():
            told = next((name for chain in chains if (name := draft.names.token(chain, address))), None)
            claims = told is None and draft.coin(symbol, "") in known and _ADDRESS.fullmatch(address) is not None
            alone = len(addresses) == 1 and not claims
            names[address] = told or (symbol if alone else f"{symbol}-{address[:10]}")
            if claims:
                what = f"a contract that calls itself {symbol} but is not the known one"
                draft.note(row, f"{what}: named {names[address]} (--aliases names it if it is)")
    return names


_HASH = "txhash|transaction hash"
_DATE = "datetime (utc)|datetime"
_CHANGING = r"CurrentValue.*|Historical.*|TxnFee\(USD\)|tokenname"  # today's price; a token may be renamed

FORMATS = (
    Format(
        "etherscan",
        "Etherscan transactions",
        "etherscan",
        (_HASH, "unixtimestamp", "from", "to", "status", "errcode"),
        read,
        optional=("blockno", _DATE, "contractaddress", "method", "privatenote"),
        extra=_EXTRA,
        when="unixtimestamp",
        order="unix",
        together=True,
        changing=_CHANGING,
    ),
    Format(
        "etherscan-internal",
        "Etherscan internal transactions",
        "etherscan",
        (_HASH, "unixtimestamp", "parenttxfrom", "parenttxto", "from", "to|txto", "status", "errcode"),
        read,
        optional=("blockno", _DATE, "parenttxeth_value", "contractaddress", "type", "privatenote"),
        extra=_EXTRA + r"|ParentTx\w+_Value",
        when="unixtimestamp",
        order="unix",
        together=True,
        changing=_CHANGING,
    ),
    Format(
        "etherscan-tokens",
        "Etherscan token transfers",
        "etherscan",
        (_HASH, "unixtimestamp", "from", "to", "tokenvalue|value", "contractaddress", "tokenname", "tokensymbol"),
        read,
        optional=("blockno", _DATE, "usdvaluedayoftx", "privatenote"),
        when="unixtimestamp",
        order="unix",
        together=True,
        changing=_CHANGING,
    ),
)

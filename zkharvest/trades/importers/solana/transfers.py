"""Solana: Solscan's export of the transfers of an address, joined by signature.

`Amount` counts the smallest units of a token, `Decimals` says how many make one; tokens are named by their mint, which
the table of tokens turns into a name (`data/tokens.toml`; `--aliases` adds others). Native SOL
and its wrapped form move freely into one another within a transaction and are one coin here. What a signature moved is
read as on any chain (`etherscan.events`): coins given and received are a trade, coins of one side moves.

* CREATE_ACCOUNT and CLOSE_ACCOUNT move the rent of a token account, which stays the owner's: inside the account.
* `Value` is what the transfer was worth in USD: the fair value of a trade, where the import is in USD.
* The export holds no network fees: notes say so, and `trades reconcile --balances` shows what they came to.
* Solscan's DeFi activities tell the same trades, with amounts that may be 0: that file is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkharvest.trades.importers.cells import ATOMS
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.etherscan.events import Flow, Transaction, happened
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.repeats import once
from zkharvest.trades.importers.rows import Row, by_hand
from zkharvest.trades.importers.table import Format, Table
from zkharvest.trades.text import quoted

_MOVES = {"transfer", "transferchecked", "mint", "burn"}
_RENT = {"create_account", "close_account"}
_FULL = 5000  # rows that Solscan exports at most


def read(tables: Sequence[Table], draft: Draft) -> None:
    """Reads all transfer files, those of one address together."""
    groups: dict[str, list[tuple[Table, str]]] = {}
    for table in tables:
        owner = _owner(table, draft)
        if owner:
            source = table.source if table.source != "solana" else f"{owner}:solana"
            groups.setdefault(source, []).append((table, owner))
        if len(table.rows) >= _FULL:
            draft.note(table.rows[0], f"Solscan exports {_FULL:,} rows at most: this file may lack the others")
    for source, group in sorted(groups.items()):
        transactions: dict[str, Transaction] = {}
        for _, row in once([table for table, _ in group], draft):
            with draft.reading():
                _row(draft, row, source, group[0][1], transactions)
        for one in sorted(transactions.values(), key=lambda one: (one.time, one.hash)):
            draft.note(one.rows[0], "the network's fee is not in this export")
            with draft.reading():
                happened(one, draft)


def _row(draft: Draft, row: Row, source: str, owner: str, transactions: dict[str, Transaction]) -> None:
    """Adds what a row moved to its transaction."""
    action = row["action"].lower().removeprefix("activity_spl_").replace(" ", "_")
    if action not in _MOVES | _RENT:
        raise RowError(row, "action", f"{quoted(row['action'])} is not a known action", by_hand(row))
    if row.get("multiplier") not in ("", "1", "1.0"):
        message = f"a multiplier of {row['multiplier']}: how the amount is scaled is not published"
        raise RowError(row, "multiplier", message, by_hand(row))
    time = draft.time(row, "block time", order="unix")
    amount, decimals = draft.numbers(row, "amount", "decimals")
    quantity, rest = divmod(amount, 10 ** (decimals // ATOMS)) if decimals <= 30 * ATOMS else (0, 1)
    if rest or amount % ATOMS:
        message = f"{quoted(row['amount'])} with {row['decimals']} decimals cannot be held"
        raise RowError(row, "amount", message, by_hand(row))
    mint = row["token address"]
    asset = draft.names.token("solana", mint) or draft.coin(mint, "solana")
    out = row["from"] == owner
    if out and row["to"] == owner:
        draft.note(row, "a transfer of the address to itself")
        return
    if action in _RENT:
        draft.move(Event(row, time, source, draft.serial(source, time)), Leg(asset, quantity), out=out, inside="rent")
        return
    one = transactions.setdefault(row["signature"], Transaction(row["signature"], time, source, "SOL", []))
    one.rows.append(row)
    one.flows.append(Flow(asset, -quantity if out else quantity))
    value = draft.number(row, "value", empty=0)
    if value and quantity and draft.currency == "USD":
        draft.told_price(time, asset, value * ATOMS // quantity)


def _owner(table: Table, draft: Draft) -> str:
    """The address of the file: told by `Flow`, else on every row as From or To, else in the name or `--source`."""
    owners = {row["to"] if row["flow"].lower() == "in" else row["from"] for row in table.rows if row.get("flow")}
    if not owners and table.rows:
        owners = set.intersection(*({row["from"], row["to"]} for row in table.rows)) - {""}
        named = {owner for owner in owners if owner in f"{table.source} {table.file}"}
        owners = named or owners
    if len(owners) == 1:
        return owners.pop()
    if table.rows:
        shown = ", ".join(sorted(owners)) or "none"
        message = f"which address the file is of is not certain (it may be {shown})"
        hint = "keep the address in the file's name, or say --source ADDRESS:solana"
        draft.problems.append(RowError(table.rows[0], "from", message, hint).problem)
    return ""


def read_activities(table: Table, draft: Draft) -> None:
    """Refuses the DeFi activities, and says which file tells the same."""
    if table.rows:
        message = "Solscan's DeFi activities tell swaps a second time, and some with amounts of 0"
        hint = "export the Transfers of the address instead and import that file"
        draft.problems.append(RowError(table.rows[0], "", message, hint).problem)


FORMATS = (
    Format(
        "solscan-transfers",
        "Solscan transfers",
        "solana",
        ("signature", "block time", "action", "from", "to", "amount", "decimals", "token address"),
        read,
        optional=("human time", "flow", "value", "multiplier"),
        when="block time",
        order="unix",
        together=True,
    ),
    Format(
        "solscan-defi",
        "Solscan DeFi activities",
        "solana",
        ("signature", "block time", "action", "from", "token1", "amount1", "token2", "amount2"),
        read_activities,
        optional=("human time", "tokendecimals1", "tokendecimals2", "value", "platforms", "sources"),
        when="block time",
        order="unix",
    ),
)

"""Binance: the account statement ("transaction history"), with its old and its new header.

One row a change of one coin, in whole seconds. The rows of a trade share account, second and family of operations; they
are joined, fills of one pair within a second into one trade. Several coins given for one (or one for several) are
shared out by fair values; if a second holds several of both, or a coin that goes both ways, the statement cannot say
which belonged together: that is an error, and the trade history answers it.

Rewards, interest and airdrops are income (their value comes from `--prices`). Coin that the Binance card takes is
spent. A P2P trade has its price in the P2P order history (`p2p`); a Launchpad token is refused: what it cost stands
elsewhere. A conversion's two halves may be written a second or two apart; a remark such as `CHZ to BNB` says which
coin of a dust sweep brought what. Deposits and withdrawals are moves. Moves between Binance's own wallets and savings
products have to net out by asset. Token swaps (redenominations, rebrandings) and ETH to BETH are `convert` rows. In the
futures accounts, profit, loss, funding and fees are closed lots of `FUTURES:coin` at their second: the statement does
not name the contract, and books each of the three by itself, so that nothing is counted twice.

`UTC_Time` is UTC; the newer header says `Time`, in the zone that stands in the file's name: it is asked for, never
guessed. Years may have two digits. There are no ids: rows are named by their second and number.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from functools import cache

from zkharvest.trades.importers.binance import p2p
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.rows import Row, by_hand
from zkharvest.trades.importers.table import Format, Table
from zkharvest.trades.text import quoted

_FEES = {"fee", "transaction fee"}
_SPOT = _FEES | {
    "buy",
    "sell",
    "transaction related",
    "transaction buy",
    "transaction spend",
    "transaction sold",
    "transaction revenue",
}
_CONVERSIONS = {
    "auto-invest transaction",
    "binance convert",
    "buy crypto",
    "buy crypto with card",
    "buy crypto with fiat",
    "convert fiat to crypto ocbs",
    "large otc trading",
    "sell crypto to fiat",
    "small assets exchange bnb",
    "stablecoins auto-conversion",
}
_STAKED = re.compile(r"\w+ staking - (purchase|redemption)")  # a coin for its receipt, BNSOL or WBETH, or back
_DUST = re.compile(r"[A-Z0-9]+ to [A-Z0-9]+")  # a remark that says which coin brought which
_CONTINUES = {
    "asset recovery",
    "asset - token swap",
    "eth 2.0 staking",
    "token swap - distribution",
    "token swap - redenomination/rebranding",
}
_INCOME = {
    "airdrop assets",
    "bnb vault rewards",
    "campaign related reward",
    "cash voucher distribution",
    "commission fee shared with you",
    "commission history",
    "commission rebate",
    "crypto box",
    "dot slot auction rewards",
    "eth 2.0 staking rewards",
    "hodler airdrops distribution",
    "launchpool airdrop",
    "launchpool airdrop - system distribution",
    "launchpool airdrop - user claim distribution",
    "launchpool earnings withdrawal",
    "launchpool interest",
    "liquid swap rewards",
    "megadrop rewards",
    "pool distribution",
    "pos savings interest",
    "referral commission",
    "referral kickback",
    "referrer rebates",
    "savings distribution",
    "savings interest",
    "simple earn flexible airdrop",
    "simple earn flexible interest",
    "simple earn locked rewards",
    "staking rewards",
    "super bnb mining",
    "swap farming rewards",
}
_JOINED = _SPOT | _CONVERSIONS | _CONTINUES
_SAYS_INCOME = re.compile(r"\b(rewards?|interest|airdrops?|rebates?|cashback|kickback|referral|bonus)\b")
_TAKEN_BACK = re.compile(r"\b(reversal|clawback|repay|deduction|borrow|loan)\b")
_IN = {"deposit", "fiat deposit", "fiat ocbs - add fiat and fees", "crypto deposit"}
_SPENDS = {"binance card spending"}
_OUT = {"withdraw", "fiat withdraw", "fiat withdrawal", "send", "crypto withdrawal", "withdrawal"}
_MONEY_ELSEWHERE = {  # operation to what its row stands for
    "launchpad token distribution": "write the buy row, for the coins that the Launchpad kept,",
}
_INNER = {  # operation to the wallet that it moves coins to or from
    "launchpad subscribe": "launchpad",
    "launchpool subscription/redemption": "launchpool",
    "pos savings purchase": "savings",
    "pos savings redemption": "savings",
    "savings principal redemption": "savings",
    "savings purchase": "savings",
    "simple earn flexible redemption": "earn",
    "simple earn flexible subscription": "earn",
    "simple earn locked redemption": "earn",
    "simple earn locked subscription": "earn",
    "staking purchase": "staking",
    "staking redemption": "staking",
    "transfer between main account and mining account": "mining",
    "transfer between main account/futures and margin account": "futures",
    "transfer between main and funding wallet": "funding",
    "transfer between main and mining account": "mining",
    "transfer between spot account and cm futures account": "futures",
    "transfer between spot account and um futures account": "futures",
    "main and funding account transfer": "funding",
    "asset transfer": "funding",
    "transfer_in": "futures",
    "transfer_out": "futures",
}
_BETWEEN = re.compile(r"transfer between .*\b(futures|funding|mining)\b.*")  # whose names Binance has changed
_ACCOUNTS = {"spot", "earn", "pool", "savings", "funding", "card", "launchpool"}
_APART = 2000  # milliseconds between the two halves of one conversion
_FUTURES = re.compile(r"(usd(t|s)?-?m?[- ]?futures|coin-?m[- ]?futures|um futures|cm futures|futures)")
_SETTLED = {"realized profit and loss", "realize profit and loss", "realized pnl", "funding fee", "fee"} | {
    "commission",
    "insurance fund compensation",
    "liquidation fee",
}


def read(tables: Sequence[Table], draft: Draft) -> None:
    """Reads all account statements, and the P2P order histories that tell what their P2P rows cost."""
    orders = p2p.read_orders([table for table in tables if table.format.name == "binance-p2p"], draft)
    for table in tables:
        if table.format.name != "binance-p2p":
            draft.begin(table.label)
            _read(table, draft, list(orders))
    for order in orders:
        if order.moved is None:
            with draft.reading():
                p2p.trade(draft, tables[0].source, order, None)


def _read(table: Table, draft: Draft, orders: list[p2p.Order]) -> None:
    """Reads one account statement."""
    joined: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in table.rows:
        operation, account = row.cells["operation"].lower(), row.cells["account"].lower()
        if (wallet := _wallet(operation)) is not None:
            with draft.reading():
                _inner(table, draft, row, wallet)
        elif operation == p2p.OPERATION:
            with draft.reading():
                _ordered(table, draft, row, orders)
        elif account in _ACCOUNTS and (family := _family(row, operation)) and row.cells["utc_time"]:
            joined[row.cells["utc_time"], account, family].append(row)
        elif _FUTURES.fullmatch(account):
            with draft.reading():
                _settled(table, draft, row, operation)
        elif account not in _ACCOUNTS:
            hint = "margin is not read from the statement; " + by_hand(row, instead="write its result")
            problem = RowError(row, "account", f"{quoted(row['account'])} is not a spot or futures account", hint)
            draft.problems.append(problem.problem)
        else:
            with draft.reading():
                _single(table, draft, row, operation)
    for (_, _, family), rows in _met(table, draft, joined).items():
        with draft.reading():
            _trade(table, draft, rows, continues=family in ("swap", *_CONTINUES))


@cache
def _wallet(operation: str) -> str | None:
    """The wallet that an operation moves coins to or from, if it is one of those."""
    if operation in _INNER:
        return _INNER[operation]
    match = _BETWEEN.fullmatch(operation)
    return match[1] if match else None


def _family(row: Row, operation: str) -> str:
    """What the rows of one second that make one trade have in common; nothing for operations that stand alone."""
    if operation in _SPOT:
        return "spot"
    if operation.startswith(("token swap", "asset recovery")):
        return "swap"  # taken back as one, handed out as the other
    if operation in _JOINED and _DUST.fullmatch(row.cells["remark"]):
        return f"{operation}: {row.cells['remark']}"
    return operation if operation in _JOINED or _STAKED.fullmatch(operation) else ""


def _met(table: Table, draft: Draft, joined: dict[tuple[str, ...], list[Row]]) -> dict[tuple[str, ...], list[Row]]:
    """The groups, with the two halves of a conversion that were written a second or two apart made one.

    A half meets the only other half of its account and operation within two seconds.
    """
    halves: dict[tuple[str, str], list[tuple[int, bool, tuple[str, ...]]]] = defaultdict(list)
    for key, rows in joined.items():
        signs = {row.cells["change"].startswith("-") for row in rows}
        if key[2] != "spot" and len(signs) == 1:
            with suppress(RowError):  # which its trade tells
                halves[key[1], key[2]].append((_time(draft, rows[0], table.format.order), signs.pop(), key))
    for found in halves.values():
        for time, out, key in found:
            near = [one for one in found if one[1] != out and abs(one[0] - time) <= _APART]
            back = [one for one in found if near and one[1] == out and abs(one[0] - near[0][0]) <= _APART]
            if out and len(near) == len(back) == 1:
                joined[key] = [*joined[key], *joined.pop(near[0][2])]
    return joined


def _ordered(table: Table, draft: Draft, row: Row, orders: list[p2p.Order]) -> None:
    """A row of a P2P trade, whose price the P2P order history tells."""
    (change,) = draft.numbers(row, "change")
    time = _time(draft, row, table.format.order)
    found = p2p.match(orders, draft.coin(row["coin"], table.source), change, time)
    if found is None:
        instead = "write the buy or sell row, with the money that the P2P order states,"
        hint = f"import the P2P order history with it; or {by_hand(row, instead=instead)}"
        raise RowError(row, "operation", f"{quoted(row['operation'])}: the statement does not say the price", hint)
    order, fee, again = found
    draft.note(row, "a P2P trade, told with its price by the P2P order history")
    if not again:
        p2p.trade(draft, table.source, order, fee, (row,))


def _time(draft: Draft, row: Row, order: str) -> int:
    """The time of a row: the old header's name says UTC, the new one's zone has to be told."""
    told = "UTC" if row.headings["utc_time"].lower() != "time" else None
    if told is None and draft.zone is None:
        shown = re.search(r"\((UTC[^)]*)\)", row.file)
        where = f": the file's name says {shown[1]}" if shown else "; it stands in the name that Binance gave the file"
        message = f"{quoted(row['utc_time'])} has no time zone"
        raise RowError(
            row, "utc_time", message, f"give the zone of the export with --timezone, such as UTC or UTC+2{where}"
        )
    return draft.time(row, "utc_time", zone=told, order=order)


def _event(table: Table, draft: Draft, row: Row, more: tuple[Row, ...] = ()) -> Event:
    time = _time(draft, row, table.format.order)
    return Event(row, time, table.source, draft.serial(table.source, time), more)


def _inner(table: Table, draft: Draft, row: Row, wallet: str) -> None:
    event = _event(table, draft, row)
    (change,) = draft.numbers(row, "change")
    if change:
        draft.move(event, Leg(row["coin"], abs(change)), out=change < 0, inside=wallet)


def _settled(table: Table, draft: Draft, row: Row, operation: str) -> None:
    """What a futures position paid or took."""
    if operation not in _SETTLED and not _SAYS_INCOME.search(operation):
        raise RowError(row, "operation", f"{quoted(row['operation'])} of a futures account is not known", by_hand(row))
    event = _event(table, draft, row)
    (change,) = draft.numbers(row, "change")
    if operation in _SETTLED:
        draft.settle(event, f"FUTURES:{row['coin']}", Leg(row["coin"], change))
    elif change > 0:
        draft.income(event, Leg(row["coin"], change), category="reward")
    else:
        message = f"{quoted(row['change'])} takes coins, which {quoted(row['operation'])} does not"
        raise RowError(row, "change", message, by_hand(row))


def _single(table: Table, draft: Draft, row: Row, operation: str) -> None:
    """A row that stands for itself."""
    event = _event(table, draft, row)
    (change,) = draft.numbers(row, "change")
    leg = Leg(row["coin"], abs(change))
    earned = operation in _INCOME or (_SAYS_INCOME.search(operation) and not _TAKEN_BACK.search(operation))
    if operation in _MONEY_ELSEWHERE:
        hint = by_hand(row, instead=_MONEY_ELSEWHERE[operation])
        raise RowError(row, "operation", f"{quoted(row['operation'])}: the statement does not say the price", hint)
    if not earned and operation not in _IN | _OUT | _SPENDS:
        raise RowError(row, "operation", f"{quoted(row['operation'])} is not a known operation", by_hand(row))
    if (change < 0) != (operation in _OUT | _SPENDS):
        message = f"{quoted(row['change'])} has the wrong sign for {quoted(row['operation'])}"
        raise RowError(row, "change", message, by_hand(row))
    if earned:
        draft.income(event, leg, category=_category(operation))
    elif operation in _SPENDS:
        draft.spend(event, leg, category="payment")
    else:
        draft.move(event, leg, out=operation in _OUT)


def _category(operation: str) -> str:
    """What an income row is for, by its words."""
    for word, category in (
        ("staking", "staking"),
        ("interest", "interest"),
        ("airdrop", "airdrop"),
        ("mining", "mining"),
    ):
        if word in operation:
            return category
    return "reward"


def _trade(table: Table, draft: Draft, rows: list[Row], *, continues: bool) -> None:
    """One trade from the rows of one second."""
    gave: dict[str, int] = defaultdict(int)
    got: dict[str, int] = defaultdict(int)
    fees: dict[str, int] = defaultdict(int)
    for row in rows:
        change = draft.number(row, "change")
        coin = draft.coin(row.cells["coin"], table.source)
        if row.cells["operation"].lower() in _FEES:
            fees[coin] -= change
        elif change < 0:
            gave[coin] -= change
        elif change > 0:
            got[coin] += change
    if not gave or not got or min(len(gave), len(got)) > 1 or set(gave) & set(got):
        lines = ", ".join(str(row.line) for row in rows)
        hint = "import the spot trade history instead; or " + by_hand(*rows, instead="write the trades")
        raise RowError(rows[0], "", f"the rows of this second (lines {lines}) do not make one trade", hint)
    event = _event(table, draft, rows[0], tuple(rows[1:]))
    given, received = ([Leg(*leg) for leg in legs.items()] for legs in (gave, got))
    legs = [Leg(coin, fee) for coin, fee in fees.items() if fee]
    if continues and len(given) == len(received) == 1:
        draft.convert(event, given[0], received[0])
    else:
        draft.exchange_many(event, given, received, legs)


FORMATS = (
    Format(
        "binance-statement",
        "Binance statement",
        "binance",
        ("utc_time|time", "account", "operation", "coin", "change", "remark"),
        read,
        optional=("user_id|user id",),
        overlaps=frozenset({"binance-trades", "binance-trades-old"}),
        when="utc_time",
        loose=frozenset({"remark"}),
        order="ymd",
        together=True,
    ),
    Format(
        "binance-p2p",
        "Binance P2P order history",
        "binance",
        p2p.COLUMNS,
        read,
        optional=(
            "exchange rate",
            "maker fee",
            "taker fee",
            "couterparty|counterparty",
            "advertisement order number",
            "payment method",
        ),
        when="created time",
        order="ymd",
        together=True,
    ),
)

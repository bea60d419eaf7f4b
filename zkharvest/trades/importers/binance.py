"""Binance: the account statement ("transaction history") and both spot trade histories.

Statement: one row a change of one coin, in whole seconds. The rows of a trade share account, second and family of
operations; they are joined, fills of one pair within a second into one trade. If a second holds more than one coin
given or received, or a coin that goes both ways, the statement cannot say which belonged together: that is an
error, and the trade history answers it. Rewards, interest and airdrops are income (their value comes from
`--prices`). Deposits and withdrawals are moves. Moves between Binance's own wallets and savings products change
nothing. Futures and margin accounts are not taken.

Trade histories: `Executed`, `Amount` and `Fee` with their units (0.5BTC) under the newer header; `Market` and `Fee
Coin` under the older one, where a market that can be split in two ways is refused. The statement tells the same trades:
one import takes one kind.

Times are UTC. There are no ids: rows are named by their second and number.
"""

from __future__ import annotations

from collections import defaultdict

from zkharvest.trades.importers.cells import number, splits
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.rows import Row
from zkharvest.trades.importers.table import Format, Table
from zkharvest.trades.text import TextError, quoted

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
    "binance convert",
    "large otc trading",
    "buy crypto with card",
    "small assets exchange bnb",
    "stablecoins auto-conversion",
}
_INCOME = {
    "airdrop assets",
    "bnb vault rewards",
    "campaign related reward",
    "commission fee shared with you",
    "commission history",
    "commission rebate",
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
_IN = {"deposit", "fiat deposit", "fiat ocbs - add fiat and fees"}
_OUT = {"withdraw", "fiat withdraw", "fiat withdrawal", "send"}
_INTERNAL = {
    "launchpad subscribe",
    "launchpool subscription/redemption",
    "pos savings purchase",
    "pos savings redemption",
    "savings principal redemption",
    "savings purchase",
    "simple earn flexible redemption",
    "simple earn flexible subscription",
    "simple earn locked redemption",
    "simple earn locked subscription",
    "staking purchase",
    "staking redemption",
    "transfer between main account and mining account",
    "transfer between main account/futures and margin account",
    "transfer between main and funding wallet",
    "transfer between main and mining account",
    "transfer between spot account and cm futures account",
    "transfer between spot account and um futures account",
    "transfer_in",
    "transfer_out",
}
_ACCOUNTS = {"spot", "earn", "pool", "savings", "funding"}
_QUOTE_CODES = """
AUD BIDR BKRW BNB BRL BTC BUSD BVND DAI DOGE ETH EUR EURI FDUSD GBP IDRT JPY MXN NGN PAX PLN RON RUB SOL TRX TRY
TUSD UAH USD USDC USDP USDS USDT UST VAI XRP ZAR
"""
_QUOTES = tuple(_QUOTE_CODES.split())


def read_statement(table: Table, draft: Draft) -> None:
    """Reads an account statement."""
    joined: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in table.rows:
        operation = row["operation"].lower()
        if operation in _INTERNAL:
            draft.note(row, f"{row['operation']}: stays within Binance")
        elif row["account"].lower() not in _ACCOUNTS:
            hint = "futures and margin are not imported; enter their results by hand and take the rows out"
            problem = RowError(row, "account", f"{quoted(row['account'])} is not a spot account", hint)
            draft.problems.append(problem.problem)
        elif operation in _SPOT | _CONVERSIONS and row["utc_time"]:
            family = "spot" if operation in _SPOT else operation
            joined[row["utc_time"], row["account"].lower(), family].append(row)
        else:
            with draft.reading():
                _single(table, draft, row, operation)
    for rows in joined.values():
        with draft.reading():
            _trade(table, draft, rows)


def _event(table: Table, draft: Draft, row: Row, column: str) -> Event:
    time = draft.time(row, column, zone="UTC")
    return Event(row, time, table.source, draft.serial(table.source, time))


def _single(table: Table, draft: Draft, row: Row, operation: str) -> None:
    """A row that stands for itself."""
    event = _event(table, draft, row, "utc_time")
    (change,) = draft.numbers(row, "change")
    leg = Leg(row["coin"], abs(change))
    if operation not in _INCOME | _IN | _OUT:
        hint = "add it by hand and take the row out"
        raise RowError(row, "operation", f"{quoted(row['operation'])} is not a known operation", hint)
    if (change < 0) != (operation in _OUT):
        message = f"{quoted(row['change'])} has the wrong sign for {quoted(row['operation'])}"
        raise RowError(row, "change", message, "add it by hand and take the row out")
    if operation in _INCOME:
        draft.income(event, leg)
    else:
        draft.move(event, leg, out=operation in _OUT)


def _trade(table: Table, draft: Draft, rows: list[Row]) -> None:
    """One trade from the rows of one second."""
    gave: dict[str, int] = defaultdict(int)
    got: dict[str, int] = defaultdict(int)
    fees: dict[str, int] = defaultdict(int)
    for row in rows:
        (change,) = draft.numbers(row, "change")
        if row["operation"].lower() in _FEES:
            fees[row["coin"]] -= change
        elif change < 0:
            gave[row["coin"]] -= change
        elif change > 0:
            got[row["coin"]] += change
    if len(gave) != 1 or len(got) != 1 or set(gave) == set(got):
        lines = ", ".join(str(row.line) for row in rows)
        hint = "import the spot trade history instead, or add the trades by hand and take the rows out"
        raise RowError(rows[0], "", f"the rows of this second (lines {lines}) do not make one trade", hint)
    event = _event(table, draft, rows[0], "utc_time")
    (given,), (received,) = gave.items(), got.items()
    draft.exchange(event, Leg(*given), Leg(*received), [Leg(coin, fee) for coin, fee in fees.items() if fee])


def read_trades(table: Table, draft: Draft) -> None:
    """Reads the spot trade history with units in the cells."""
    for row in table.rows:
        with draft.reading():
            base, quote = _united(row)
            fee = draft.amount(row, "fee", dressed=True)
            for leg in (base, quote):  # a unit that starts with digits is told by the pair
                if row["fee"].endswith(leg.asset) and fee.asset != leg.asset:
                    fee = Leg(leg.asset, number(row["fee"].removesuffix(leg.asset), dressed=True))
            _side(table, draft, row, "side", base, quote, [fee] if fee.quantity else [])


def _united(row: Row) -> tuple[Leg, Leg]:
    """Executed and Amount, with the units that make up the pair."""
    pair, executed, amount = row["pair"], row["executed"], row["amount"]
    found: list[tuple[Leg, Leg]] = []
    for n in range(1, len(pair)):
        base, quote = pair[:n], pair[n:]
        if executed.endswith(base) and amount.endswith(quote):
            try:
                one = number(executed.removesuffix(base), dressed=True)
                other = number(amount.removesuffix(quote), dressed=True)
            except TextError:
                continue
            found.append((Leg(base, one), Leg(quote, other)))
    if len(found) != 1:
        message = f"{quoted(executed)} for {quoted(amount)} can be read in {len(found)} ways as {quoted(pair)}"
        raise RowError(row, "executed", message, "export the history again and do not edit it")
    return found[0]


def read_old_trades(table: Table, draft: Draft) -> None:
    """Reads the spot trade history with a coin column for the fee."""
    for row in table.rows:
        with draft.reading():
            amount, total, fee = draft.numbers(row, "amount", "total", "fee", dressed=True)
            found = splits(row["market"], _QUOTES)
            if len(found) > 1:
                found = [pair for pair in found if row["fee coin"] in pair]
            if len(found) != 1:
                hint = "import the newer trade history, which has units in its cells"
                raise RowError(row, "market", f"{quoted(row['market'])} cannot be split for certain", hint)
            base, quote = found[0]
            fees = [Leg(row["fee coin"], fee)] if fee else []
            _side(table, draft, row, "type", Leg(base, amount), Leg(quote, total), fees)


def _side(table: Table, draft: Draft, row: Row, column: str, base: Leg, quote: Leg, fees: list[Leg]) -> None:
    event = _event(table, draft, row, "date(utc)")
    if row[column].upper() == "BUY":
        draft.exchange(event, quote, base, fees)
    elif row[column].upper() == "SELL":
        draft.exchange(event, base, quote, fees)
    else:
        raise RowError(row, column, f"{quoted(row[column])} is not a side", "sides are BUY and SELL")


_HISTORIES = frozenset({"binance-trades", "binance-trades-old"})

FORMATS = (
    Format(
        "binance-statement",
        "Binance statement",
        "binance",
        ("utc_time", "account", "operation", "coin", "change", "remark"),
        read_statement,
        optional=("user_id",),
        overlaps=_HISTORIES,
    ),
    Format(
        "binance-trades",
        "Binance spot trades",
        "binance",
        ("date(utc)", "pair", "side", "price", "executed", "amount", "fee"),
        read_trades,
        overlaps=frozenset({"binance-statement", "binance-trades-old"}),
    ),
    Format(
        "binance-trades-old",
        "Binance spot trades (older)",
        "binance",
        ("date(utc)", "market", "type", "price", "amount", "total", "fee", "fee coin"),
        read_old_trades,
        overlaps=frozenset({"binance-statement", "binance-trades"}),
    ),
)

"""Kraken: the ledgers export, with any of its headers.

Every row is one movement of one asset; `amount` is the movement, `fee` comes on top of it, in the same asset or the one
in `feecurrency`. A dash stands for what Kraken does not know.

* The rows of one trade share a `refid` and are joined. Dust sweeping gives several coins for one; what each brought is
  shared out by fair values. Where the export has `amountusd` and the import is in USD, it is the fair value of a
  crypto-for-crypto trade (of the side received), of each coin swept, and of rewards.
* Rows without `txid` are pending copies and are passed over. Deposits and withdrawals are moves; a withdrawal's fee is
  a spend. A move that was reversed under the same refid is none.
* Staking and earn rewards, dividends and airdrops are income, less the fee that Kraken kept.
* Moves between Kraken's own wallets (staking, earn, futures) have to net out by asset. An `earn` row without a subtype
  is a reward, unless a row of the same coin and quantity goes the other way within a day.
* A delisting conversion is a `convert` if the two coins are a known rename, else a trade; its two rows share a refid,
  or are the only known rename among those without a partner.
* Margin: what a position won or lost, its fees and rollovers, is a closed lot of `MARGIN:asset` at that moment; a
  settled position whose two rows share a refid is a trade.

Assets go by their usual names (`data/aliases.toml`); `.S`, `.HOLD`, `28.S` and the like are the asset itself. Times are
UTC.
"""

from __future__ import annotations

import re
from collections import defaultdict
from contextlib import suppress
from functools import lru_cache

from zkharvest.trades.importers.cells import plain_number, plain_utc
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.repeats import by_account
from zkharvest.trades.importers.rows import Row, by_hand
from zkharvest.trades.importers.table import Balance, Format, Table
from zkharvest.trades.text import TextError, quoted

_SUFFIX = re.compile(r"(?P<asset>.+?)(?:[0-9]{2})?\.(?:S|M|P|F|B|T|HOLD)")
_TRADES = {"trade", "spend", "receive", "adjustment", "sale", "conversion"}
_MOVES = {"deposit", "withdrawal"}
_REWARDS = {
    "staking": "staking",
    "dividend": "reward",
    "invite bonus": "reward",
    "reward": "reward",
    "credit": "reward",
}
_INNER = {  # what a subtype of transfer or earn says of the wallet that the coins went to or came from
    "spottostaking": "staking",
    "spotfromstaking": "staking",
    "stakingtospot": "staking",
    "stakingfromspot": "staking",
    "spottofutures": "futures",
    "spotfromfutures": "futures",
    "futurestospot": "futures",
    "futuresfromspot": "futures",
    "migration": "earn",
    "autoallocate": "earn",
    "autoallocation": "earn",
    "allocation": "earn",
    "deallocation": "earn",
    "bonding": "earn",
    "unbonding": "earn",
}
_DAY = 86_400_000
_HYBRID = re.compile(r"hybridearn_?(?P<what>[a-z]*)")


@lru_cache(1 << 12)
def asset_name(name: str) -> str:
    """A Kraken asset without the suffix of a product."""
    match = _SUFFIX.fullmatch(name)
    return match["asset"] if match else name


def read(table: Table, draft: Draft) -> None:
    """Reads a ledgers export."""
    joined: dict[tuple[str, str], list[Row]] = defaultdict(list)
    moved = _moved_unsaid(table, draft)
    for row in table.rows:
        cells = row.cells
        kind, subtype, txid = cells["type"].lower(), cells.get("subtype", "").lower(), cells["txid"]
        if not txid and not kind:
            message = "a row without txid and type: a line of totals?"
            draft.problems.append(RowError(row, "txid", message, by_hand(row)).problem)
        elif not txid:
            draft.note(row, f"pending {kind} (no txid), told again by a later row")
        elif subtype == "delistingconversion":
            joined["delisted", cells["refid"]].append(row)
        elif kind in _TRADES or kind == "settled":
            joined["trade", cells["refid"]].append(row)
        elif kind in _MOVES:
            joined[kind, cells["refid"]].append(row)
        elif id(row) in moved:
            with draft.reading():
                _inner(table, draft, row, "earn")
        else:
            with draft.reading():
                _other(table, draft, row, kind, subtype)
    lone: list[Row] = []
    for (kind, _), rows in joined.items():
        if kind == "delisted" and len(rows) == 1:
            lone.extend(rows)
            continue
        with draft.reading():
            if kind in _MOVES:
                _move(table, draft, rows, kind)
            else:
                _trade(table, draft, rows, delisted=kind == "delisted")
    _delisted(table, draft, lone)


def _moved_unsaid(table: Table, draft: Draft) -> set[int]:
    """The `id()` of `earn` rows without a subtype that are the two sides of a move: BTC.M out, as much BTC in.

    A reward has such a row too; a move is known by the other side, of the same coin and quantity within a day.
    """
    sides: dict[tuple[str, int], tuple[list[tuple[int, int]], list[tuple[int, int]]]] = defaultdict(lambda: ([], []))
    for row in table.rows:
        if row.cells["type"].lower() == "earn" and not row.cells.get("subtype") and row.cells["txid"]:
            time = plain_utc(row.cells["time"], "UTC")
            with suppress(TextError):
                amount = plain_number(row.cells["amount"])
                if time is not None and amount:
                    sides[_coin(table, draft, row), abs(amount)][amount > 0].append((time, id(row)))
    moved: set[int] = set()
    for outs, intos in sides.values():
        for time, row_id in sorted(outs):
            near = [one for one in intos if abs(one[0] - time) <= _DAY and one[1] not in moved]
            if near:
                other = min(near, key=lambda one: (abs(one[0] - time), one))
                moved |= {row_id, other[1]}
    return moved


def _event(table: Table, draft: Draft, row: Row, column: str = "txid", more: tuple[Row, ...] = ()) -> Event:
    return Event(row, draft.time(row, "time", zone="UTC"), table.source, draft.name(row, column), more)


def _coin(table: Table, draft: Draft, row: Row, column: str = "asset") -> str:
    return draft.coin(asset_name(row.cells[column]), table.source)


def _fee(draft: Draft, row: Row) -> int:
    """What a row cost: positive as Kraken prints it."""
    fee = draft.number(row, "fee", empty=0)
    if fee < 0:
        hint = by_hand(row, instead="write what it did, with the fee or the rebate")
        raise RowError(row, "fee", f"{quoted(row['fee'])}: a cost that was turned in sign, or a rebate?", hint)
    return fee


def _fee_leg(table: Table, draft: Draft, row: Row) -> Leg:
    """The row's fee; fee credits (KFEE) cost nothing."""
    fee = _fee(draft, row)
    asset = _coin(table, draft, row, "feecurrency" if row.cells.get("feecurrency") else "asset")
    if asset == "KFEE":
        draft.note(row, "a fee in Kraken fee credits, which cost nothing")
        fee = 0
    return Leg(asset, fee)


def _trade(table: Table, draft: Draft, rows: list[Row], *, delisted: bool = False) -> None:
    """One trade from its legs."""
    sums: dict[str, int] = {}
    signs: set[tuple[str, bool]] = set()
    fees: dict[str, int] = {}
    worth: dict[str, int] = defaultdict(int)
    for row in rows:
        amount = draft.number(row, "amount")
        asset = _coin(table, draft, row)
        fee = _fee_leg(table, draft, row)
        if fee.quantity:
            fees[fee.asset] = fees.get(fee.asset, 0) + fee.quantity
        if amount and asset != "KFEE":
            sums[asset] = sums.get(asset, 0) + amount
            signs.add((asset, amount > 0))
            if row.cells.get("amountusd"):
                worth[asset] += abs(draft.number(row, "amountusd"))
    gave = [Leg(asset, -total) for asset, total in sums.items() if total < 0]
    got = [Leg(asset, total) for asset, total in sums.items() if total > 0]
    event = _event(table, draft, rows[0], "refid", tuple(rows[1:]))
    if len(signs) != len(sums) or not gave or not got or min(len(gave), len(got)) > 1:
        lines = ", ".join(str(row.line) for row in rows)
        hint = "export all assets and the whole time range, so that every trade has both its legs; or " + by_hand(*rows)
        raise RowError(rows[0], "refid", f"the rows of this refid (lines {lines}) do not make one trade", hint)
    legs = list(map(Leg, fees.keys(), fees.values()))
    if delisted and len(gave) == len(got) == 1 and draft.names.rename(gave[0].asset, got[0].asset):
        draft.convert(event, gave[0], got[0])
        return
    known = draft.currency == "USD"
    if len(gave) == len(got) == 1:
        value = draft.money(event.row, worth[got[0].asset]) if known and worth.get(got[0].asset) else None
        draft.exchange(event, gave[0], got[0], legs, value=value)
        return
    many = gave if len(gave) > 1 else got
    values = [draft.money(event.row, worth[leg.asset]) for leg in many] if known else []
    draft.exchange_many(event, gave, got, legs, values=values if all(values) else None)


def _move(table: Table, draft: Draft, rows: list[Row], kind: str) -> None:
    """A deposit or withdrawal; one that was reversed under the same refid is left out."""
    amounts = [draft.numbers(row, "amount")[0] for row in rows]
    fees = [draft.number(row, "fee", empty=0) for row in rows]
    if len(rows) > 1 and sum(amounts) == 0 and sum(fees) == 0:
        for row in rows:
            draft.note(row, f"{kind} that was reversed")
        return
    for row, amount, fee in zip(rows, amounts, fees, strict=True):
        asset = _coin(table, draft, row)
        if asset == "KFEE":
            draft.note(row, "Kraken fee credits, which cost nothing")
            continue
        if (amount > 0) != (kind == "deposit") or len(rows) > 1:
            hint = by_hand(*rows, instead="write what really moved")
            raise RowError(row, "amount", f"{quoted(row['amount'])} of a {kind} that was partly reversed", hint)
        draft.move(_event(table, draft, row), Leg(asset, abs(amount)), out=kind == "withdrawal", fee=abs(fee))


def _other(table: Table, draft: Draft, row: Row, kind: str, subtype: str) -> None:
    hybrid = _HYBRID.fullmatch(kind) or _HYBRID.fullmatch(subtype)
    rewarded = hybrid is not None and ("reward" in hybrid["what"] or subtype == "reward")
    if rewarded or kind in _REWARDS or (kind, subtype) in (("earn", "reward"), ("earn", ""), ("earn", "airdrop")):
        _income(table, draft, row, "airdrop" if subtype == "airdrop" else _REWARDS.get(kind, "staking"))
    elif kind == "transfer" and subtype == "airdrop":
        _income(table, draft, row, "airdrop")
    elif kind in ("transfer", "earn") and subtype in _INNER:
        _inner(table, draft, row, _INNER[subtype])
    elif hybrid is not None:
        _inner(table, draft, row, "earn")
    elif kind in ("margin", "rollover"):
        (amount,) = draft.numbers(row, "amount")
        asset = _coin(table, draft, row)
        fee = _fee_leg(table, draft, row)
        if fee.quantity and fee.asset != asset:
            raise RowError(row, "feecurrency", f"a fee in {fee.asset} on a {kind} of {asset}", by_hand(row))
        draft.settle(_event(table, draft, row), f"MARGIN:{asset}", Leg(asset, amount - fee.quantity))
    elif kind == "transfer" and not subtype:
        hint = "Kraken writes such rows for airdrops, forks and delistings without saying which; " + by_hand(
            row, instead="write an income row for an airdrop, a withdraw row for a delisting"
        )
        raise RowError(row, "subtype", f"a transfer of {row['amount']} {row['asset']} without a subtype", hint)
    else:
        column, word = ("subtype", subtype) if kind in ("transfer", "earn") else ("type", row["type"])
        message = f"{quoted(word)} is not a known {column}" + (f" of {quoted(kind)}" if column == "subtype" else "")
        raise RowError(row, column, message, by_hand(row))


def _inner(table: Table, draft: Draft, row: Row, wallet: str) -> None:
    """A row of a move between Kraken's wallets, as the spot wallet or the other one sees it: both are one account.

    Both rows of such a move stand in the ledgers where Kraken keeps the other wallet there (staking, earn): they
    cancel. A move to or from futures has one row here, and the other in the futures history.
    """
    (amount,) = draft.numbers(row, "amount")
    asset = _coin(table, draft, row)
    fee = _fee(draft, row)
    if not amount:
        draft.note(row, f"a move of nothing to or from the {wallet} wallet")
        return
    draft.move(_event(table, draft, row), Leg(asset, abs(amount)), out=amount < 0, fee=fee, inside=wallet)


def _income(table: Table, draft: Draft, row: Row, category: str) -> None:
    (amount,) = draft.numbers(row, "amount")
    fee = _fee_leg(table, draft, row)
    asset = _coin(table, draft, row)
    if not amount and not fee.quantity:
        draft.note(row, "a row of a quantity of 0, which changed nothing")
        return
    if amount <= 0 or fee.asset != asset:
        hint = by_hand(row, instead="write a spend or withdraw row if it was taken back")
        message = f"{quoted(row['amount'])} for a {row['type']} is not above 0"
        if amount > 0:
            message = f"a fee in {fee.asset} on a {row['type']} of {asset}"
        raise RowError(row, "amount", message, hint)
    value = None
    if draft.currency == "USD" and row.get("amountusd"):
        kept = abs(draft.number(row, "feeusd", empty=0)) if fee.quantity else 0
        value = draft.money(row, draft.number(row, "amountusd") - kept)
    draft.income(_event(table, draft, row), Leg(asset, amount - fee.quantity), value, category=category)


def _delisted(table: Table, draft: Draft, rows: list[Row]) -> None:
    """Delisting conversions whose two rows have refids of their own: joined where the pair is a known rename."""
    out: list[tuple[Row, Leg]] = []
    into: list[tuple[Row, Leg]] = []
    for row in rows:
        with draft.reading():
            (amount,) = draft.numbers(row, "amount")
            leg = Leg(_coin(table, draft, row), abs(amount))
            (out if amount < 0 else into).append((row, leg))
    for row, leg in out:
        with draft.reading():
            fitting = [pair for pair in into if draft.names.rename(leg.asset, pair[1].asset)]
            if len(fitting) != 1:
                others = ", ".join(f"{pair[0].place} ({pair[1].asset})" for pair in into) or "none"
                message = f"what {leg.asset} was converted to on its delisting is not certain; received: {others}"
                instead = f"write a convert row, or a sell of {leg.asset} and a buy"
                raise RowError(row, "refid", message, by_hand(row, instead=instead))
            other, got = fitting[0]
            into.remove(fitting[0])
            draft.convert(_event(table, draft, row, more=(other,)), leg, got)
    for row, leg in into:
        message = f"what {leg.asset} was received for on a delisting is not certain"
        error = RowError(row, "refid", message, by_hand(row, instead="write the convert row, or a buy"))
        draft.problems.append(error.problem)


FORMATS = (
    Format(
        "kraken-ledgers",
        "Kraken ledgers",
        "kraken",
        ("txid", "refid", "time", "type", "aclass", "asset", "amount", "fee", "balance"),
        by_account(read),
        optional=("subtype", "subclass", "wallet", "amountusd", "feeusd", "balanceusd", "feecurrency", "address"),
        overlaps=frozenset({"kraken-trades"}),
        zone="UTC",
        together=True,
        balance=Balance("asset", "balance", "wallet"),
        blank="-",
        key=("txid",),
        changing="balance|aclass|type",
    ),
)

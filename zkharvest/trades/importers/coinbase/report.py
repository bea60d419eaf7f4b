"""Coinbase: the transaction report of a retail account, with any of its headers since 2018.

Preamble lines, then one row an event. Money columns are in the row's price currency and include it as a sign; which of
them must agree is the matter of `money`.

* Buys and sells against another crypto (USDC, say) name it only in `Notes` ("Bought 0.5 ETH for 1509 USDC on
  ETH-USDC at 3000 USDC/ETH"; the quantity there includes the fee). These are two rows, at the row's own value after
  fees. A note whose market is not what its money says is refused; `--market` answers for notes that are empty.
* Convert, Asset Migration and Retail Eth2 Deprecation come as one row with a note, or as two rows of one second, one a
  side, with or without a note and with one id or two (`pairs`).
* Rewards of all names, airdrops and interest are income at what the coins received are worth. A card payment is a
  spend. Send and Receive, and moves to and from Coinbase Pro, Exchange, Prime or International, are moves between
  wallets; vault and staking moves stay inside the account and have to net out.
* Older reports have no `ID`: such rows are named by their second and number.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from zkharvest.trades.importers.coinbase.money import Money
from zkharvest.trades.importers.coinbase.notes import differs, is_own, other_side, trade_note
from zkharvest.trades.importers.coinbase.pairs import TRADES, Half, Pairs
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.rows import Row, by_hand
from zkharvest.trades.importers.table import Format, Table
from zkharvest.trades.text import quoted

_BUYS = {"buy", "advanced trade buy", "advance trade buy", "recurring buy"}
_SELLS = {"sell", "advanced trade sell", "advance trade sell"}
_PAIRED = {*TRADES, "asset migration", "retail eth2 deprecation"}
_INCOME = {
    "airdrop": "airdrop",
    "card cashback": "reward",
    "card reward": "reward",
    "card rewards": "reward",
    "coinbase earn": "reward",
    "incentives rewards payout": "reward",
    "inflation reward": "staking",
    "interest payout": "interest",
    "learning reward": "reward",
    "lending interest": "interest",
    "lending reward": "interest",
    "lending rewards": "interest",
    "retail simple price improvement": "reward",
    "reward income": "reward",
    "rewards income": "reward",
    "staking income": "staking",
    "staking reward": "staking",
    "subscription rebate": "reward",
    "subscription rebates (24 hours)": "reward",
    "usdc lending reward": "interest",
    "usdc reward": "interest",
    "usdc rewards": "interest",
}
_SAYS_INCOME = (  # what a type that is not listed says by its words
    (re.compile(r"\b(staking|inflation)\b.*\b(income|reward|rewards)\b"), "staking"),
    (re.compile(r"\bairdrops?\b"), "airdrop"),
    (re.compile(r"\binterest\b|\b(lending|lend)\b.*\brewards?\b"), "interest"),
    (re.compile(r"\b(rewards?|incentives?|rebates?|cashback)\b"), "reward"),
)
_SPENDS = {"card spend", "card purchase", "subscription", "payment", "paid for an order"}
_OUT = {"send", "withdrawal"}
_IN = {"receive", "deposit"}
_VENUES = re.compile(r"(exchange|pro|prime|intx|international|derivatives|perpetuals) (deposit|withdrawal)")
_INSIDE = {
    "vault deposit": "vault",
    "vault withdrawal": "vault",
    "transfer": "vault",
    "delegation": "staking",
    "undelegation": "staking",
    "retail staking transfer": "staking",
    "retail unstaking transfer": "staking",
    "lending deposit": "lending",
    "lending withdrawal": "lending",
}
_CUT = re.compile(r"[0-9.]+E\+[0-9]+", re.IGNORECASE)  # an id that a spreadsheet took for a number
_EARNED = ("coinbase earn", "coinbase referral", "coinbase rewards")


def read(table: Table, draft: Draft) -> None:
    """Reads a report whose columns are named alike in every currency."""
    pairs = Pairs(draft)
    seen: dict[str, Row] = {}
    for row in table.rows:
        if _again(draft, row, seen):
            continue
        with draft.reading():
            _row(table, draft, row, row["price currency"], pairs)
    pairs.finish()


def _again(draft: Draft, row: Row, seen: dict[str, Row]) -> bool:
    """Whether a row with an id is one that the file has already told: the id and every cell are the same."""
    id_ = row.cells.get("id")
    if not id_ or seen.setdefault(id_, row) is row or seen[id_].cells != row.cells or _CUT.fullmatch(id_):
        return False
    draft.note(row, "a row that the file tells twice, taken once")
    return True


def read_old(table: Table, draft: Draft) -> None:
    """Reads a report of 2018 to 2020, which has the currency in the names of its columns."""
    currencies = {
        m[1] for name in table.columns if (m := re.fullmatch(r"([A-Z]{3}) Total \(inclusive of fees\)", name))
    }
    pairs = Pairs(draft)
    for row in table.rows:
        with draft.reading():
            if len(currencies) != 1:
                hint = "export the report again, with all its columns"
                raise RowError(row, "", "the money columns are incomplete", hint)
            currency = next(iter(currencies))
            names = {
                "subtotal": f"{currency} Subtotal",
                "total": f"{currency} Total (inclusive of fees)",
                "fees": f"{currency} Fees",
                "price at transaction": f"{currency} Spot Price at Transaction",
            }
            cells = row.cells | {name: row.get(old) for name, old in names.items()}
            named = Row(row.file, row.line, cells, row.headings | names, row.label)
            _row(table, draft, named, currency, pairs)
    pairs.finish()


def _row(table: Table, draft: Draft, row: Row, currency: str, pairs: Pairs) -> None:
    kind = row["transaction type"].lower()
    time = draft.time(row, "timestamp")
    event = Event(row, time, table.source, row.get("id") or draft.serial(table.source, time))
    quantity = draft.number(row, "quantity transacted", dressed=True)
    leg = Leg(row["asset"], abs(quantity))
    money = Money(draft, row, currency)
    if kind in _BUYS or kind in _SELLS:
        if kind in _BUYS and quantity < 0 and row["total"].lstrip("($€£").startswith("-"):
            hint = by_hand(row, instead="write what was taken back")
            raise RowError(row, "quantity transacted", f"a {row['transaction type']} with all signs turned", hint)
        _trade(draft, event, leg, money, bought=kind in _BUYS, must_say="adv" in kind)
    elif kind in _PAIRED:
        pairs.take(kind, Half(event, leg, negative=quantity < 0, money=money))
    elif (category := _income_category(kind, row, quantity)) is not None:
        if quantity < 0:
            hint = by_hand(row, instead="write a spend or a withdraw row")
            raise RowError(row, "quantity transacted", f"a {row['transaction type']} that was taken back", hint)
        if kind not in _INCOME and kind != "receive":
            draft.note(row, f"{quoted(row['transaction type'])} is not a listed type, read as income by its words")
        draft.income(
            event, leg, money.worth(event, money.received(own=True)) if money.known() else None, category=category
        )
    elif kind in _SPENDS:
        if money.known():
            paid = money.given()
            draft.spend(event, leg, money.worth(event, paid.amount), category="payment")
        else:
            draft.spend(event, leg, category="payment")
    elif kind in _OUT | _IN or _VENUES.fullmatch(kind):
        out = kind in _OUT or (kind not in _IN and kind.endswith("deposit"))
        if kind in ("send", "withdrawal") and not draft.is_money(leg.asset) and money.fees():
            instead = "write its transfer and, if coins paid it, a spend row for the fee"
            if kind == "withdrawal":
                instead = "write a sell row, if it was sold and the money went to a bank, or its transfer"
            hint = by_hand(row, instead=instead)
            raise RowError(row, "fees", f"{quoted(row['fees'])} on a {kind} of {leg.asset}", hint)
        draft.move(event, leg, out=out)
    elif kind in _INSIDE:
        draft.move(event, leg, out=_leaves(kind, quantity), inside=_INSIDE[kind])
    else:
        shown = quoted(row["transaction type"])
        raise RowError(row, "transaction type", f"{shown} is not a known type", by_hand(row))


def _leaves(kind: str, quantity: int) -> bool:
    """Whether an inner move takes coins from the main wallet; reports differ in the sign, so the word decides first."""
    if kind.startswith(("retail unstaking", "undelegation")) or kind.endswith("withdrawal"):
        return False
    if kind.startswith(("retail staking", "delegation")) or kind.endswith("deposit"):
        return True
    return quantity < 0


def _income_category(kind: str, row: Row, quantity: int) -> str | None:
    """What an income row is for; None for other rows."""
    if kind in _INCOME:
        return _INCOME[kind]
    if kind == "receive":
        return "reward" if any(word in row["notes"].lower() for word in _EARNED) else None
    if quantity > 0 and kind not in _INSIDE:
        return next((category for says, category in _SAYS_INCOME if says.search(kind)), None)
    return None


def _trade(draft: Draft, event: Event, leg: Leg, money: Money, *, bought: bool, must_say: bool) -> None:
    """A purchase or sale, against money or, if the note says so, against another crypto."""
    row = event.row
    note = trade_note(row)
    told = draft.markets.get((row.label, row.line)) or draft.markets.get(("", 0))
    paid = money.bought() if bought else money.sold()
    if note is not None and not told:
        base, quote = draft.coin(note.base, event.source), draft.coin(note.quote, event.source)
        unit = draft.coin(note.unit, event.source)
        if quote and quote != unit and not draft.is_money(quote):
            message = f"{quoted(row['notes'])} names {note.unit}, but its market is {note.base}-{note.quote}"
            hint = (
                f"how much {quote} was {'paid' if bought else 'received'} is not in the row: "
                + by_hand(row, instead=f"write the {'sell' if bought else 'buy'} of {quote} and the other leg")
                + f"; if it was {note.unit} after all, say --market {row.place}={note.unit}"
            )
            raise RowError(row, "notes", message, hint)
        if base and base != draft.coin(leg.asset, event.source):
            raise differs(row)
    if told and not draft.is_money(told) and (note is None or draft.coin(note.unit, event.source) != told):
        message = f"how much {told} was {'paid' if bought else 'received'} is not in the row"
        raise RowError(row, "notes", message, by_hand(row, instead=f"write both legs, with the {told}"))
    if note is None and must_say and not told:
        hint = (
            f"say it with --market {row.place}=USD (or --market USD for all rows that do not say it); "
            f"against a crypto, {by_hand(row, instead='write both legs')}"
        )
        raise RowError(row, "notes", f"{quoted(row['notes'])} does not say what was traded against", hint)
    if note is None or draft.is_money(told or note.unit):
        fee = [money.leg(paid.fee)] if paid.fee else []
        if bought:
            draft.exchange(event, money.leg(paid.amount), leg, fee)
        else:
            draft.exchange(event, leg, money.leg(paid.amount), fee)
        return
    if draft.coin(note.asset, event.source) != draft.coin(leg.asset, event.source) or not is_own(
        note.own, leg.quantity
    ):
        raise differs(row)
    other = other_side(row, note)
    if bought:
        draft.exchange(event, other, leg, value=money.worth(event, paid.amount))
    else:
        draft.exchange(event, leg, other, value=money.worth(event, paid.amount - paid.fee))


_COMMON = ("timestamp", "transaction type", "asset", "quantity transacted", "notes")
_READ: Callable[[Table, Draft], None] = read

FORMATS = (
    Format(
        "coinbase",
        "Coinbase transactions",
        "coinbase",
        (
            *_COMMON,
            "price currency|spot price currency",
            "price at transaction|spot price at transaction",
            "subtotal",
            "total|total (inclusive of fees and/or spread)|total (inclusive of fees)",
            "fees|fees and/or spread",
        ),
        _READ,
        optional=("id", "sender address", "recipient address"),
        when="timestamp",
    ),
    Format(
        "coinbase",
        "Coinbase transactions (before 2021)",
        "coinbase",
        _COMMON,
        read_old,
        extra=r"[A-Z]{3} (Spot Price at Transaction|Subtotal|Total \(inclusive of fees\)|Fees)",
        when="timestamp",
    ),
)

"""What one transaction on a chain was, from the sums of what it moved.

* Nothing but gas (an approval, a failed transaction): the gas is a `spend`.
* Coins given and coins received: a trade, the gas a cost of it; or a `convert`, where the two are a coin and its
  wrapped form in equal quantities (`data/wrapped.toml`).
* Coins given, or coins received, only: moves, named by the transaction; the gas is the fee of the first.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.rows import Row, by_hand
from zkharvest.trades.text import format_quantity


@dataclass(frozen=True, slots=True)
class Flow:
    """A quantity of an asset that came to the address (positive) or left it."""

    asset: str
    quantity: int


@dataclass(slots=True)
class Transaction:
    """All that the files tell of one hash."""

    hash: str
    time: int
    source: str
    coin: str
    rows: list[Row]
    flows: list[Flow] = field(default_factory=list)
    gas: int = 0
    failed: bool = False


def happened(one: Transaction, draft: Draft) -> None:
    """Puts the transaction's trades and moves into the draft."""
    first, *more = one.rows
    chain = one.source.rpartition(":")[2]
    event = Event(first, one.time, one.source, one.hash, tuple(more), f"{chain}:{one.hash}")
    sums: dict[str, int] = defaultdict(int)
    for flow in one.flows:
        sums[draft.coin(flow.asset, one.source)] += flow.quantity
    gave = [Leg(asset, -total) for asset, total in sums.items() if total < 0]
    got = [Leg(asset, total) for asset, total in sums.items() if total > 0]
    gas = [Leg(one.coin, one.gas)] if one.gas else []
    if gave and got:
        if len(gave) == len(got) == 1 and draft.names.is_wrapping(gave[0].asset, got[0].asset):
            _wrap(event, draft, gave[0], got[0], gas)
        elif min(len(gave), len(got)) == 1:
            draft.exchange_many(event, gave, got, gas, withheld=False)
        else:
            shown = " + ".join(f"{format_quantity(leg.quantity)} {leg.asset}" for leg in gave)
            other = " + ".join(f"{format_quantity(leg.quantity)} {leg.asset}" for leg in got)
            message = f"{shown} were given for {other}: which belong together is not in the files"
            raise RowError(first, "", message, by_hand(*one.rows, instead="write the trades"))
    elif gave or got:
        for n, leg in enumerate(gave or got):
            part = Event(
                first, one.time, one.source, f"{one.hash}-{leg.asset}" if n else one.hash, event.more, event.ref
            )
            fee = one.gas if n == 0 and leg.asset == one.coin and gave else 0
            draft.move(part, leg, out=bool(gave), fee=fee)
            if n == 0 and gas and not fee:
                draft.spend(event, gas[0], suffix="-fee", category="fee")
    elif gas:
        what = "failed" if one.failed else "moved nothing (an approval, say)"
        draft.note(first, f"a transaction that {what}: its gas is spent")
        draft.spend(event, gas[0], category="fee")
    else:
        draft.note(first, "a transaction that moved nothing of this address")


def _wrap(event: Event, draft: Draft, gave: Leg, got: Leg, gas: list[Leg]) -> None:
    """A coin into its wrapped form, or back."""
    if gave.quantity != got.quantity:
        amounts = f"{format_quantity(gave.quantity)} {gave.asset}, {format_quantity(got.quantity)} {got.asset}"
        hint = by_hand(event.row, *event.more, instead="write a convert row and what else happened")
        raise RowError(event.row, "", f"wrapping in different quantities: {amounts}", hint)
    draft.convert(event, gave, got)
    if gas:
        draft.spend(event, gas[0], suffix="-fee", category="fee")

"""The taxpayer's secret: trades, and the seed from which every salt follows."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from zkharvest.errors import InputError
from zkharvest.spec import MONEY_LIMIT, QUANTITY_LIMIT, TIME_LIMIT, P, is_currency
from zkharvest.trades.model import Kind, LotPick, Trade, agreed_currency, check_numbers, in_order

from .encoding import SALT, WIDTH
from .poseidon_kernel import compress_many
from .records import Lanes, Records, check_provable, encode
from .tree import Tree, build_tree

SEED_BYTES = 32


def salts(seed: bytes, label: str, count: int) -> Lanes:
    """(count, 5) uniform elements for `label`: SHAKE-256 output, eight bytes each reduced mod p (155 bits a salt)."""
    stream = hashlib.shake_256(b"zkharvest/salt/v1\0" + seed + label.encode()).digest(8 * SALT * count)
    return (np.frombuffer(stream, "<u8") % np.uint64(P)).astype(np.uint32).reshape(count, SALT)


@dataclass(frozen=True)
class Opening:
    """Everything that opens the commitments. Trades are in their global order (stable by time).

    An opening file keeps of a trade what its record holds, the lots that it names, and the file and line it was read
    from, so that an error can name the place. `currency` is that of all amounts.
    """

    trades: tuple[Trade, ...] = field(repr=False)
    currency: str
    seed: bytes = field(repr=False)

    @cached_property
    def records(self) -> Records:
        """The trades as records."""
        return encode(self.trades, self.currency)

    @property
    def sources(self) -> tuple[str, ...]:
        """Source ids in the order of the statement."""
        return self.records.sources

    @cached_property
    def leaves(self) -> tuple[Lanes, ...]:
        """Per source, the (n, 24) salted leaf inputs in order of position."""
        out = []
        for s, name in enumerate(self.sources):
            lanes = self.records.lanes[self.records.source == s].copy()
            lanes[:, WIDTH - SALT :] = salts(self.seed, f"record\0{name}", len(lanes))
            out.append(lanes)
        return tuple(out)

    @cached_property
    def trees(self) -> tuple[Tree, ...]:
        """Per source, its commitment tree."""
        empty = np.zeros((0, 9), np.uint32)
        return tuple(
            build_tree(
                np.asarray(compress_many(lanes)) if len(lanes) else empty, salts(self.seed, f"root\0{name}", 1)[0]
            )
            for name, lanes in zip(self.sources, self.leaves, strict=True)
        )

    @property
    def roots(self) -> dict[str, bytes]:
        """Source id -> root (36 bytes)."""
        return {name: tree.root for name, tree in zip(self.sources, self.trees, strict=True)}

    def to_map(self) -> dict[str, Any]:
        """As plain values for the opening file; integers that may pass 64 bits are decimal text."""
        trades = [
            [
                t.time,
                t.source,
                t.id,
                int(t.kind),
                t.asset,
                str(t.quantity),
                t.amount,
                str(t.fee),
                t.to,
                [[p.trade, str(p.quantity)] for p in t.lots],
                t.line,
            ]
            for t in self.trades
        ]
        return {
            "currency": self.currency,
            "file": self.trades[0].file,
            "roots": self.roots,
            "seed": self.seed,
            "trades": trades,
        }

    @classmethod
    def from_map(cls, data: Mapping[str, Any]) -> Opening:
        """Rebuild an opening and check it against its own roots.

        Raises InputError if the content is malformed or does not open the roots it names.
        """
        try:
            file = data.get("file", "")  # earlier files name neither file nor line
            trades = tuple(_read_trade(file, *fields) for fields in data["trades"])
            opening = cls(trades, str(data["currency"]), bytes(data["seed"]))
            stated = {str(k): bytes(v) for k, v in data["roots"].items()}
            opens = len(opening.seed) == SEED_BYTES and opening.roots == stated
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise InputError.one(
                "", f"the opening file is damaged ({error})", "make it again with `zkharvest commit`"
            ) from error
        if not opens:
            raise InputError.one(
                "",
                "the opening file does not open its own commitments",
                "it was changed; make it again with `zkharvest commit`",
            )
        return opening


def _read_trade(
    file: Any,
    time: Any,
    source: Any,
    name: Any,
    kind: Any,
    asset: Any,
    quantity: Any,
    amount: Any,
    fee: Any,
    to: Any,
    lots: Any,
    line: Any = 0,
) -> Trade:
    """A trade from the fields of an opening file. Raises TypeError or ValueError where they cannot be a trade's."""
    if not all(isinstance(text, str) for text in (source, name, asset, quantity, fee, to, file)):
        raise TypeError("a name or number is not text")
    if not all(isinstance(number, int) for number in (time, amount, line)):
        raise TypeError("a time, amount or line is not an integer")
    picks = tuple(LotPick(str(trade), int(part)) for trade, part in lots)
    trade = Trade(time, source, name, Kind(kind), asset, int(quantity), amount, int(fee), to, picks, line, file=file)
    if not (0 <= time < TIME_LIMIT and 0 < trade.quantity < QUANTITY_LIMIT and 0 <= amount < MONEY_LIMIT):
        raise ValueError("a number is out of range")
    if abs(trade.fee) >= MONEY_LIMIT:
        raise ValueError("a fee is out of range")
    return trade


def commit(trades: Sequence[Trade], *, currency: str | None = None, seed: bytes | None = None) -> Opening:
    """Commit to trades (any order; sorted stably by time). The seed is drawn from the system unless a test gives one.

    `currency` is that of the amounts, where the trades do not state it themselves.

    Raises InputError if the currency is not stated or differs from what the trades state, if a trade is of a kind that
    the circuit does not know, or if a record cannot be encoded. TypeError or ValueError for a trade made by hand whose
    numbers are of another type or out of range.
    """
    check_numbers(trades)
    ordered = tuple(in_order(trades))
    if not ordered:
        raise InputError.one("", "there are no trades to commit", "give a trades file with at least one row")
    currency = agreed_currency(ordered, currency)
    if not is_currency(currency):
        hint = "write three to five letters or digits, such as USD or EUR"
        raise InputError.one("", f'"{currency[:20]}" is not a currency code', hint)
    check_provable(ordered)
    opening = Opening(ordered, currency, secrets.token_bytes(SEED_BYTES) if seed is None else seed)
    _ = opening.trees
    return opening

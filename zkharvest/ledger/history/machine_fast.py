"""The run of a window, compiled: what `machine` works record by record, on arrays, with the same result.

It stops at the first thing that cannot be worked; then the plain machine runs, and says all there is to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkharvest.ledger.fast_kernel import NODE, POOL, SLOT, in_list_order
from zkharvest.ledger.operations import Ints, Words
from zkharvest.ledger.rules import Method, Pooling, Side
from zkharvest.ledger.trade_columns import two_words

from . import fast_kernel as kernel
from .columns import UNIT_BYTES, Bytes, Columns, Entries, Tokens
from .decisions import Decisions
from .fast_inputs import Inputs, Unworkable, ints_of
from .machine import Run, run_plain
from .order import Turn, Window
from .postings import Posting, registers_of
from .records import REACH, Does, History, Page, Place, Record
from .standing import Lot, Standing, Token, accounts_after
from .steps import Do


def run_fast(
    history: History,
    window: Window,
    pages: tuple[Page, ...],
    turns: Sequence[Turn],
    decisions: Decisions,
    opening: Standing | None = None,
) -> Run:
    """What `machine.run_plain` gives for these arguments, and raises."""
    try:
        made = _Machine(history, window, decisions, opening, turns)
        columns, closing = made.columns, made.closing(pages)
    except Unworkable:
        return run_plain(history, window, pages, turns, decisions, opening)
    return Run(
        window, pages, turns, closing, lambda: columns,
        lambda: run_plain(history, window, pages, turns, decisions, opening).steps,
    )  # fmt: skip


def load() -> None:
    """Load the compiled kernels, which the first run does otherwise: one purchase, worked."""
    record = Record(0, 0, 0, Does.OPEN, Side.LONG, "-", 1)
    page = Page("-", "-", 0, 0, 1)
    window = Window(0, 1, 1970, Method.FIFO, Pooling.WALLET, "UTC")
    turns = [Turn(record, Place("-", "-", 0, 0), 0)]
    run_fast(History((page,), ((record,),)), window, (page,), turns, {})


class _Machine(Inputs):
    """A window, worked: the columns of its steps, and the standing carried out."""

    def __init__(
        self, history: History, window: Window, decisions: Decisions, opening: Standing | None, turns: Sequence[Turn]
    ) -> None:
        super().__init__(history, window, decisions, opening, turns)
        self._run()

    def _run(self) -> None:
        loads = two_words([x.quantity for x in self.before])
        values = np.fromiter((x.value for x in self.before), np.uint64, self.first)
        does = np.concatenate((
            np.full(len(self.loaded), kernel.DO_LOAD, np.int64),
            np.full(len(self.tokens), kernel.DO_LOAD_TOKEN, np.int64), self.action.astype(np.int64),
        ))  # fmt: skip
        moved = np.concatenate((np.zeros((self.first, 2), np.uint64), self.moved))
        self.pools = np.full(len(self.lists), -1, POOL)
        moves = np.zeros(self.moves, kernel.MOVE)
        done, self.steps, self.nodes, self.sent = kernel.run(
            does, self.pool_of, np.concatenate((loads, self.quantity)), np.concatenate((values, self.value)),
            self.nature_of, self.move_of, moved, self._ranks(), self.name_of, self.name_width, self.codes,
            self.asked_from, self.asked_drop, self.asked_q, self.asked_slot, self.pools,
            np.full(len(self.codes) + 1, -1, SLOT), moves, not self.specific, self.universal,
            np.empty(2 * len(does) + 16, kernel.STEP), np.empty(len(does) + 16, NODE),
            np.empty(len(does) + 16, kernel.TOKEN),  # made here: numpy asks for large pages, compiled code does not
        )  # fmt: skip
        if not done:
            raise Unworkable
        if len(self.tokens) and bool(
            (self.sent["part"][: len(self.tokens)] != ints_of(x.part for x in self.tokens)).any()
        ):
            raise Unworkable  # a part of a withdrawal has arrived already
        self.left = in_list_order(self.nodes, self.pools, len(self.nodes) - np.count_nonzero(self.steps["emptied"]))
        waiting = [
            token
            for move in np.flatnonzero(moves["count"]).tolist()
            for token in range(int(moves["first"][move]), int(moves["first"][move] + moves["count"][move]))
        ]
        self.token_columns = self._tokens()
        seq, part = self.token_columns.seq.tolist(), self.token_columns.part.tolist()
        self.waiting = sorted(waiting, key=lambda token: (seq[token], part[token]))
        self.columns = self._columns()

    def _tokens(self) -> Tokens:
        sent, before = self.sent, self.tokens
        turn = sent["input"][len(before) :] - self.first
        nature = sent["nature"]

        def of_lot(values: NDArray[Any]) -> NDArray[Any]:
            return values[nature] if not self.universal else np.zeros((len(nature), *values.shape[1:]), values.dtype)

        unit = np.ascontiguousarray(of_lot(self.unit)).view(np.uint8).reshape(-1, 24)[:, :UNIT_BYTES]
        asset = np.concatenate((self.loaded_asset[len(self.loaded) :], self.asset[turn]))
        return Tokens(
            tuple(self.assets),
            asset,
            np.concatenate((ints_of(x.seq for x in before), self.seq[turn])),
            np.ascontiguousarray(sent["part"]),
            np.concatenate((ints_of(x.last for x in before), sent["last"][len(before) :])),
            np.concatenate((ints_of(x.time for x in before), self.time[turn])),
            np.concatenate((ints_of(x.ref for x in before), self.ref[turn])),
            np.stack((sent["q_lo"], sent["q_hi"]), axis=1),
            np.ascontiguousarray(sent["value"]),
            unit,
            of_lot(self.order),
            of_lot(self.day),
            of_lot(self.long),
        )

    def _columns(self) -> Columns:
        """The steps, and behind them those that carry out what is left."""
        steps, nodes = self.steps, self.nodes
        out, waiting = len(self.left), len(self.waiting)
        following = np.full(out, -1, np.int64)
        if out:
            same = nodes["pool"][self.left[1:]] == nodes["pool"][self.left[:-1]]
            following[:-1][same] = self.left[1:][same]
        none = np.full(waiting, -1, np.int64)
        turn = np.where(steps["input"] >= self.first, steps["input"] - self.first, -1)
        op = steps["op"].astype(np.int64)
        opened = op == Do.OPEN
        rest_value = steps["rest_value"].copy()
        rest_value[opened] = self.stated[turn[opened]]
        declared = opened & (turn >= 0) & self.by_owner[turn] & (self.does[turn] == Does.IN)
        kind = np.where(declared | (op == Do.DROP), self.kind[turn], 0)

        def ends(own: NDArray[Any], of_lots: NDArray[Any] | int = 0, of_tokens: NDArray[Any] | int = 0) -> NDArray[Any]:
            parts = (own, np.broadcast_to(of_lots, out), np.broadcast_to(of_tokens, waiting))
            return np.concatenate([part.astype(own.dtype) for part in parts])

        def words(name: str, of_lots: Words | None = None) -> Words:
            own = np.stack((steps[f"{name}_lo"], steps[f"{name}_hi"]), axis=1)
            more = np.zeros((out + waiting, 2), np.uint64)
            if of_lots is not None:
                more[:out] = of_lots
            return np.concatenate((own, more))

        left = nodes[self.left]
        used = np.flatnonzero(np.bincount(nodes["pool"], minlength=len(self.lists)))
        number = np.full(len(self.lists), -1, np.int64)
        number[used] = np.arange(len(used))
        loaded_or_opened = np.zeros(len(nodes), np.bool_)
        put = steps["node"][(op == Do.LOAD) | opened]
        loaded_or_opened[put] = True
        nature = nodes["lot"]
        self.entry_own = self.own[nature] * loaded_or_opened
        return Columns(
            op=np.concatenate((op, np.full(out, Do.CLOSE, np.int64), np.full(waiting, Do.CLOSE_TOKEN, np.int64))),
            turn=ends(turn, -1, -1),
            node=ends(steps["node"], self.left, -1),
            pred=ends(steps["pred"], -1, -1),
            next=ends(steps["next"], following, -1),
            token=ends(steps["token"], -1, np.array(self.waiting, np.int64) if waiting else none),
            part=words("part"),
            lot=words("lot", np.stack((left["q_lo"], left["q_hi"]), axis=1)),
            lot_value=ends(steps["lot_value"], left["value"]),
            part_value=ends(steps["part_value"]),
            rest=words("rest"),
            rest_value=ends(rest_value),
            close_value=ends(steps["close_value"]),
            emptied=ends(steps["emptied"].astype(np.int64), 1),
            kind=ends(kind),
            declared=ends(declared.astype(np.int64)),
            lists=tuple(self.lists[n] for n in used.tolist()),
            entries=Entries(
                number[nodes["pool"]], self._unit_bytes()[nature], self.order[nature], self.day[nature],
                self.long[nature], self.entry_own,
            ),
            tokens=self.token_columns,
        )  # fmt: skip

    def _unit_bytes(self) -> Bytes:
        return np.ascontiguousarray(self.unit).view(np.uint8).reshape(-1, 24)[:, :UNIT_BYTES]

    def closing(self, pages: tuple[Page, ...]) -> Standing:
        """The standing carried out. Raises Unworkable for what the plain machine refuses."""
        tokens = [self._token(number) for number in self.waiting]
        window = self.window
        if any(not x.ref and window.end - x.time >= REACH and x.last for x in tokens):
            raise Unworkable
        steps = len(self.steps)
        posting = Posting(
            window, self.opening, self.columns, steps, self.assets, self.owners, self.asset, self.owner, self.side,
            self.time, self.quantity, self.fee, self.ref, self.kind, self.below, self.by_owner,
            self.does == Does.IN,
        )  # fmt: skip
        registers = registers_of(posting, tokens)
        if registers is None:
            raise Unworkable
        last = int(self.seq[-1]) if len(self.seq) else self.first_seq
        return Standing(
            window.end, window.pooling.value, window.zone, window.year, tuple(self._lots()), tuple(tokens), registers,
            accounts_after(pages, window.end, self.opening), last,
        )  # fmt: skip

    def _lots(self) -> list[Lot]:
        left = self.nodes[self.left]
        nature = left["lot"]
        fields = zip(
            left["pool"].tolist(), _whole(left["q_lo"], left["q_hi"]), left["value"].tolist(),
            self._unit_ints(nature), self.order[nature].tolist(), self.day[nature].tolist(),
            self.entry_own[self.left].tolist(), nature.tolist(), self.long[nature].tolist(), strict=True,
        )  # fmt: skip
        lists = self.lists
        return [
            Lot(
                lists[pool].asset,
                lists[pool].place,
                lists[pool].side,
                quantity,
                value,
                unit,
                order,
                day,
                bool(own),
                self.name_at(nature),
                long,
            )
            for pool, quantity, value, unit, order, day, own, nature, long in fields
        ]

    def _unit_ints(self, nature: Ints) -> list[int]:
        low, middle, high = (self.unit[nature, n].tolist() for n in range(3))
        return [a | b << 64 | c << 128 for a, b, c in zip(low, middle, high, strict=True)]

    def _token(self, number: int) -> Token:
        if number < len(self.tokens):
            return self.tokens[number]
        sent = self.sent[number]
        turn = self.turns[int(sent["input"]) - self.first]
        record, seq = turn.record, int(self.token_columns.seq[number])
        quantity = int(sent["q_lo"]) | int(sent["q_hi"]) << 64
        if self.universal:
            return Token(seq, 0, True, record.asset, record.time, record.ref, quantity, sent=turn.place)
        nature = int(sent["nature"])
        (unit,) = self._unit_ints(np.array([nature]))
        return Token(
            seq, int(sent["part"]), bool(sent["last"]), record.asset, record.time, record.ref, quantity,
            int(sent["value"]), unit, int(self.order[nature]), int(self.day[nature]), turn.place, self.name_at(nature),
            int(self.long[nature]),
        )  # fmt: skip


def _whole(low: Words, high: Words) -> list[int]:
    return [a | b << 64 for a, b in zip(low.tolist(), high.tolist(), strict=True)]

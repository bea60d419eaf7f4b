"""Moves: what a withdrawal sends, what a deposit receives, and what is still on its way.

A token is a lot's part in transit (universal pooling: coins without a lot) on the bus `transit`, with everything that
the lot had. It is sent once and taken once, by the deposit that receives it or by the standing that carries it out.

Who would cheat how:

- *A deposit before its withdrawal*, or a circle of moves: the bus alone balances. A token carries the clock of the row
  that sent it, and that is below the clock of the row where it arrives.
- *A payment called a move*: a deposit receives the parts 0 to last of one withdrawal, which are exactly its quantity.
- *Two unrelated records matched*: references are equal and not 0; or one of them is 0, and the deposit is worked less
  than 2^30 ms (12.4 days) after the withdrawal, which is counted apart.
- *A deposit put off*, to choose what is sold before it: one that is worked late is worked at its withdrawal's time.
- *One instant in the order that suits*: where both ends state one instant, the deposit is late, behind all else of it.
- *A move kept open for years*: carried out is only what could still arrive, and how many do is a counter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Table
from zkharvest.circuit.expr import Expr
from zkharvest.circuit.gadgets import LIMB, Ranges
from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.v2.buses import KIND_TOKEN, TREE_LOTS_IN
from zkharvest.circuit.lot_machine.v2.rows import Op
from zkharvest.commitment.page_record import REF_AT
from zkharvest.errors import InputError
from zkharvest.simd.residues import residues
from zkharvest.spec import P

from .record import CARRY

if TYPE_CHECKING:
    from .fill import StepsWitness
    from .table import Steps

LOW = (1 << 30) - 1
REACH = 1 << 30
"""ms: how long a move without a common reference may take."""


class TokenColumns:
    """Columns of the token that a row sends or takes."""

    def __init__(self, t: Table, ranges: Ranges) -> None:
        self.token_seq, self.token_part, self.token_last = (t.column(f"token_{n}") for n in ("seq", "part", "last"))
        self.token_ref = t.column_list("token_ref", 2)
        # A withdrawal's time; of a declared deposit the days since it was acquired, of a disposal from the covered day.
        self.past = t.column_list("past", 3)
        self.named = t.column("named")  # arrive: both have one reference; close_token: the withdrawal has one
        self.apart = t.column_list("apart", 2)  # arrive: what shows that a deposit is not of its withdrawal's instant
        ranges.check_u15(t, *self.past)
        self.past_low: Expr = self.past[0] + self.past[1] * LIMB


def constrain(s: Steps) -> None:
    """All constraints of moves."""
    _messages(s)
    _parts(s)
    _times(s)


def _messages(s: Steps) -> None:
    t, wallet = s.t, s.publics.wallet
    nature: list[Expr] = [*s.unit, s.lot_seq, s.acquired, *s.long_from]
    own = [s.seq, s.token_part, s.token_last, *s.asset, s.time_low, s.time[2], *s.ref, *s.b_lanes]
    sent = [*own, *(wallet * x for x in (*s.a_lanes, *nature)), s.clk]
    t.send(s.buses.transit, sent, s.send)
    token = [s.token_seq, s.token_part, s.token_last, *s.asset, s.past_low, s.past[2], *s.token_ref, *s.b_lanes]
    t.send(s.buses.transit, [*token, *s.a_lanes, *nature, s.clk], s.load_token)
    t.receive(s.buses.transit, [*token, *s.a_lanes, *nature, s.content_write], s.arrive + s.close_token)
    where = [s.past_low, s.past[2], *s.token_ref]
    pair: list[Expr | int] = [s.carried_out + TREE_LOTS_IN, s.inventory, KIND_TOKEN, *s.asset, *where]
    pair += [*s.b_lanes, *s.a_lanes, s.lot_seq, s.token_seq, *s.unit, *s.long_from, s.acquired]
    t.receive(s.buses.pair, [*pair, s.token_part, s.token_last], s.load_token + s.close_token)


def _parts(s: Steps) -> None:
    """Parts are counted from 0 where they are sent and where they arrive; the last says so, and no other."""
    t = s.t
    t.boolean(s.token_last)
    with t.when(s.first), t.when(s.out + s.send + s.arrive):
        t.zero("part_start", s.token_part + 0, "the first part is part 0")
    with t.when(s.out):
        t.equal("part_held", s.token_part.next, s.token_part, "the token has the part's number")
    with t.when(s.more):
        with t.when(s.send), t.when(s.out.next):
            t.equal("part_step", s.token_part.next, s.token_part + 1, "the next part has the next number", "transition")
        with t.when(s.arrive):
            t.equal("part_follows", s.token_part.next, s.token_part + 1, "parts arrive in order", "transition")
            t.equal("one_withdrawal", s.token_seq.next, s.token_seq, "and all of one withdrawal", "transition")
    with t.when(s.send):
        t.equal("last_sent", s.token_last, 1 - s.more * s.out.next, "the last part says that it is")
    with t.when(s.arrive):
        t.equal("last_arrives", s.token_last, 1 - s.more, "and with it the deposit is whole")


def _times(s: Steps) -> None:
    t = s.t
    with t.when(s.arrive):
        gap = s.content_age[0] + s.content_age[1] * LIMB
        t.equal("sent_earlier", s.clk, s.content_write + 1 + gap, "a part was sent before it arrives")
    with t.when(s.late):
        t.equal("late_low", s.worked_low, s.past_low, "a late deposit is worked at its withdrawal's time")
        t.equal("late_high", s.worked_high, s.past[2], "in both limbs")
    # Whatever factor the upper limbs have, the sum is 0 where both differences are; and they are where late is not 0:
    # so late is a bit, and only an arrival is late.
    behind = (s.worked_low - s.past_low) + s.apart[1] * (s.worked_high - s.past[2])
    with t.when(s.arrive - s.late):
        t.equal("apart", behind * s.apart[0], 1, "what is not late is of another instant than its withdrawal")
    takes = s.arrive + s.close_token
    t.equal("named_where", s.named * s.named, s.named * takes, "`named` is a bit, said where a token is taken")
    with t.when(s.named):
        with t.when(s.arrive):
            t.equals("named_ref{}", s.token_ref, s.ref, "both ends have one reference")
        some = (s.token_ref[0] + s.node_age[0] * s.token_ref[1]) * s.left_inverse
        t.equal("named_some", some, 1, "which is not 0")
    window = takes - s.named
    carries = [(s.past[0] + s.node_age[0] - s.worked[0]) * CARRY]
    carries.append((s.past[1] + s.node_age[1] + carries[0] - s.worked[1]) * CARRY)
    with t.when(window):
        t.zero("reach_low", carries[0] * (carries[0] - 1), "the deposit is less than 2^30 ms behind")
        # The upper carry is a difference of two limbs: with one equation above it, it can only be a bit.
        t.equal("reach_high", s.worked_high, s.past[2] + carries[1], "limb by limb")
        for i, here in enumerate(s.ref):
            for j, there in enumerate(s.token_ref):
                t.zero(f"two_refs{i}{j}", here * there, "two references that differ are of two moves")
    with t.when(s.close_token):
        t.equals("close_time{}", s.time, s.publics.end, "what is carried out is timed by the window's end")
        with t.when(1 - s.named):
            t.zeros("stale_ref{}", [cell + 0 for cell in s.token_ref], "and it has no reference, or is named")


# ------------------------------------------------------------------------------------------------ filling


def fill(f: StepsWitness) -> None:
    """Columns of tokens. Raises InputError for a move that no row can show: it names page and record."""
    s, w, m = f.s, f.trace, f.rows
    sent = f.of(Op.OUT)
    for rows in (f.plan.at[sent], f.plan.end[sent]):
        w.put(s.token_part, rows, m.tokens.part[m.token[sent]])
    w.put(s.token_last, f.plan.end[sent], m.tokens.last[m.token[sent]])
    there = f.of(Op.LOAD_TOKEN, Op.ARRIVE, Op.CLOSE_TOKEN)
    at, held, number = f.plan.at[there], m.tokens, m.token[there]
    for cell, values in ((s.token_seq, held.seq), (s.token_part, held.part), (s.token_last, held.last)):
        w.put(cell, at, values[number])
    w.put_all(s.token_ref, at, held.ref[number])
    w.put_all(s.past, at, words.limbs15(held.time[number]))
    inherited = f.of(Op.LOAD_TOKEN, Op.CLOSE_TOKEN)
    w.put_all(s.asset, f.plan.at[inherited], held.asset[m.token[inherited]])
    closes = f.of(Op.CLOSE_TOKEN)
    end = words.limbs15(np.full(len(closes), m.around.window_end))
    w.put_all(s.time, f.plan.at[closes], end)
    w.put_all(s.worked, f.plan.at[closes], end[:, :2])

    takes = f.of(Op.ARRIVE, Op.CLOSE_TOKEN)
    at, number = f.plan.at[takes], m.token[takes]
    arrives = m.op[takes] == Op.ARRIVE
    clock = np.zeros(len(held.seq), np.int64)
    for op in (Op.OUT, Op.LOAD_TOKEN):
        clock[m.token[f.of(op)]] = f.plan.end[f.of(op)] + 1
    w.put(s.content_write, at, clock[number])
    check_moves(f, takes, clock)
    gap = at[arrives] - clock[number[arrives]]
    w.put_all(s.content_age, at[arrives], words.limbs15(gap)[:, :2])
    _apart(f, takes[arrives])
    named = _named(f, takes)
    ref = held.ref[number[named]]
    both = residues(ref[:, 0] + ref[:, 1]) != 0  # one lane alone is not 0 where the sum is
    found = residues(ref[:, 0] + np.where(both, ref[:, 1], 0))
    w.put(s.named, at, named)
    w.put(s.node_age[0], at[named], both)
    w.put(s.left_inverse, at[named], _inverse(found))
    w.put_all(s.node_age, at[~named], words.limbs15(_behind(f, takes))[~named, :2])


def _apart(f: StepsWitness, arrivals: words.Ints) -> None:
    """Deposits that are not late: the inverse of what lies between their time and their withdrawal's, limb by limb."""
    prompt = arrivals[f.rows.records.late[f.rows.record[arrivals]] == 0]
    s, w, at = f.s, f.trace, f.plan.at[prompt]
    here, there = f.worked[f.rows.record[prompt]], f.rows.tokens.time[f.rows.token[prompt]]
    low, high = (here & LOW) - (there & LOW), (here >> 30) - (there >> 30)
    alike = low == 0
    w.put(s.apart[0], at, _inverse(low + np.where(alike, high, 0)))
    w.put(s.apart[1], at, alike)


def check_moves(f: StepsWitness, takes: words.Ints, clock: words.Ints) -> None:
    """Refuse a move that no row can show. Raises InputError that names page and record.

    takes: operations that take a token; clock: of each token, when it was sent.
    """
    m = f.rows
    number, arrives = m.token[takes], m.op[takes] == Op.ARRIVE
    ahead = arrives & (clock[number] > f.plan.at[takes])
    if ahead.any():
        raise _no_move(f, int(takes[np.argmax(ahead)]), "the deposit is worked before its withdrawal")
    behind = _behind(f, takes)
    both = (m.tokens.ref[number] != 0).any(axis=1) & arrives & (_ref_here(f, takes) != 0).any(axis=1)
    wrong = ~_named(f, takes) & ((behind < 0) | (behind >= REACH) | both)
    if wrong.any():
        raise _no_move(f, int(takes[np.argmax(wrong)]), "no common reference, and not within 12.4 days")


def _ref_here(f: StepsWitness, takes: words.Ints) -> words.Ints:
    """References of the records that take; 0 where a standing does."""
    none = np.zeros((1, 2), np.int64)  # the last row: what record -1 finds
    here: words.Ints = np.concatenate((f.rows.records.lanes[:, REF_AT:].astype(np.int64), none))[f.rows.record[takes]]
    return here


def _named(f: StepsWitness, takes: words.Ints) -> NDArray[np.bool_]:
    """Where both ends have one reference, or what is carried out has one."""
    there = f.rows.tokens.ref[f.rows.token[takes]]
    same = (there == _ref_here(f, takes)).all(axis=1) | (f.rows.op[takes] != Op.ARRIVE)
    named: NDArray[np.bool_] = same & (there != 0).any(axis=1)
    return named


def _behind(f: StepsWitness, takes: words.Ints) -> words.Ints:
    """ms from the withdrawal to the deposit, or to the window's end."""
    m = f.rows
    now = np.where(m.op[takes] == Op.ARRIVE, np.append(f.worked, 0)[m.record[takes]], m.around.window_end)
    behind: words.Ints = now - m.tokens.time[m.token[takes]]
    return behind


def _inverse(values: words.Ints) -> words.Ints:
    """1 / x of each: x^(p - 2)."""
    found, power = np.ones_like(values), residues(values)
    for bit in reversed(f"{P - 2:b}"):
        if bit == "1":
            found = residues(found * power)
        power = residues(power * power)
    return found


def _no_move(f: StepsWitness, operation: int, why: str) -> InputError:
    record, token = int(f.rows.record[operation]), int(f.rows.token[operation])
    records = f.rows.records
    where = f"page {records.page[record]}, record {records.position[record]}" if record >= 0 else f"token {token}"
    return InputError.one(where, f"{why}: no move", "leave the deposit unmatched, or declare it")

"""What each row adds to which register: the class of the part, what is held, and what is still in transit.

    row          kind                    origin         units   proceeds       basis          fee   lines  events
    open         the record's            venue          +       of income      of all else    +            1
      deposit    unexplained | declared  none|declared  +                      0 | declared                1
    take,settle  the record's            venue          part    by side        by side        1st   1      1st
    out, send    move                    out            part                                               1st
    drop         fee, gift, lost, ...    gone           part                   the lot's                   last
    arrive       move                    ref | window   part                                               1st
    close_token  in transit              ref | window                                                      last part

Level 1 counts in the tax year, level 0 is what came before; what is in transit goes to its counter at once. Beside its
class a row posts its units, with their sign, to what the account holds. Weights are bytes as they stand in the row,
where they are looked up. `told` is 1 where a counter must be shown.

Who would cheat how: what is gone not counted, because a token came first, or because its last part is of another kind;
a part counted under another class (term, result, covered, kind and origin are columns, each with
its constraint); an income called a purchase, or a gift of coins a move; one part counted twice, or by half.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zkharvest.circuit.builder import Table
from zkharvest.circuit.expr import Expr, lift
from zkharvest.circuit.gadgets import LIMB, Ranges, compare_columns
from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.v2.rows import DECLARED_KINDS, GONE_KINDS, IN_TRANSIT, SHORTFALL, UNEXPLAINED, Op
from zkharvest.circuit.lot_machine.v2.sums.keys import FIELDS, GROUPS, ORIGINS, TERMS, level_number
from zkharvest.commitment.page_record import RecordKind
from zkharvest.spec import P

from .amounts import VALUE_BYTES

if TYPE_CHECKING:
    from .fill import StepsWitness
    from .table import Steps

NAMED_GONE = tuple(kind for kind in GONE_KINDS if kind not in (SHORTFALL, UNEXPLAINED))
_BYTE = {group: 3 * first for group, (first, _) in GROUPS.items()}
"""The first slot of each group."""
_ORIGIN = {name: ORIGINS.index(name) for name in ORIGINS}


class ClassColumns:
    """Columns of term, gain or loss, the class of a row, and the weights of its bytes."""

    def __init__(self, t: Table, ranges: Ranges) -> None:
        col = t.column
        self.held_long = col("held_long")
        self.long_term = col("long_term")
        self.loss = col("loss")
        self.held = compare_columns(t, ranges, "held", 3, wide=False)
        self.result = compare_columns(t, ranges, "result", 3, wide=True)
        self.found, self.declared = col("found"), col("declared")  # a deposit without a token: unexplained, or declared
        self.income = col("income")
        self.recent = col("recent")  # acquired on the covered day or later
        self.covered = col("covered")
        self.unclear = col("unclear")  # drop: not a fee, a gift or a loss
        self.class_kind, self.class_covered, self.class_term, self.class_result = (
            col(f"class_{name}") for name in ("kind", "covered", "term", "result")
        )
        self.proceeds_weight, self.basis_weight = col("proceeds_weight"), col("basis_weight")


def classes(s: Steps) -> None:
    """What a row is counted as.

    Flags that no constraint calls bits: of `found` and `declared` one is 0, since their kinds differ (`_kinds`), and
    their sum is a bit; so it is with `unclear`. `income` is 0 or 1 by the record's kind.
    """
    t = s.t
    part = s.take + s.settle
    t.equal("found_where", s.found + s.declared, s.open * s.moves, "a deposit that opens is unexplained or declared")
    with t.when(s.bought):
        t.zero("open_sign", s.negative + 0, "a lot's value is not negative")
    long = s.bought * (1 - s.side)
    with t.when(s.income):
        other = (s.kind - RecordKind.TRADE) * s.left_inverse
        t.equal("income_kind", other, 1, "income is not a trade")
    with t.when(long - s.income):
        t.equal("trade_kind", s.kind, RecordKind.TRADE, "and what is not income is one")
    _kinds(s)
    t.equal(
        "class_term",
        s.class_term,
        part * (s.long_term + TERMS.index("short")) + s.income * TERMS.index("income"),
        "short or long, of a disposal; income",
    )
    t.equal("class_result", s.class_result, part * (s.loss + 1), "gain or loss, of a disposal")
    t.boolean(s.recent)
    with t.when(s.take):
        gap = s.past[0] + s.past[1] * LIMB
        since = s.acquired - s.publics.covered
        t.equal("recent_gap", s.recent * (since + since + 1) - since - 1, gap, "acquired since the covered day, or not")
        covered = (
            s.publics.wallet * s.own * s.recent
        )  # no lot moves with its coins in a universal pool: none is covered
        t.equal("covered", s.covered, covered, "covered: since then, here, and never moved")
        t.equal("covered_held", s.covered.next, s.covered, "the same for both halves of the part")
    t.equal("class_covered", s.class_covered, part * (2 - s.covered), "covered or not, of a disposal")


def _kinds(s: Steps) -> None:
    t = s.t
    with t.when(s.bought + s.take + s.settle):
        t.equal("kind_record", s.class_kind, s.kind, "of what is opened or disposed of, the record's kind")
    with t.when(s.out + s.send + s.arrive):
        t.equal("kind_move", s.class_kind, RecordKind.MOVE, "what is sent or arrives is a move")
    with t.when(s.found):
        t.equal("kind_found", s.class_kind, UNEXPLAINED, "a deposit that nothing explains")
    kind = s.class_kind

    def one_of(*kinds: int) -> Expr:
        product: Expr = lift(1)
        for number in kinds:
            product = product * (kind - number)
        return product

    with t.when(s.declared):
        t.zero("kind_declared", one_of(*DECLARED_KINDS), "a declared deposit is of one of their kinds")
    with t.when(s.drop - s.unclear):
        t.zero("kind_gone", one_of(*NAMED_GONE), "what is gone is a fee, a gift, lost")
    with t.when(s.unclear):
        t.zero("kind_unclear", one_of(SHORTFALL, UNEXPLAINED), "a shortfall, or unexplained")
    # What is gone of a withdrawal is counted once, with its last part; the first may be behind tokens.
    with t.when(s.drop):
        t.equal("kind_gone_held", kind.next, kind, "what is gone of a withdrawal is of one kind")
    with t.when(s.more), t.when(s.gone):
        t.equal("kind_gone_step", kind.next, kind, "in all of its parts")


def weights(s: Steps) -> None:
    """What the bytes of the quotient are."""
    t = s.t
    sign, long = 1 - s.negative * 2, 1 - s.side
    t.equal(
        "proceeds_weight",
        s.proceeds_weight,
        s.settle * long * sign + s.take * s.side,
        "proceeds: the record's part of a long lot, the lot's of a short one",
    )
    t.equal(
        "basis_weight",
        s.basis_weight,
        s.take * long + s.settle * s.side * sign + s.drop,
        "basis: the lot's part of a long lot, the record's of a short one; the lot's of what is gone",
    )


def posts(s: Steps) -> None:
    """Three posts: to the register of a row's class, to that of what is held, to the counter of what is in transit."""
    t, no = s.t, lift(0)
    # Only records of the year and before it have an effect, so that the phase is 0 or 1 here (`work_in_time`).
    level = s.phase + level_number("L0")
    origin = (s.bought + s.take + s.settle) * _ORIGIN["venue"] + (s.out + s.send) * _ORIGIN["out"]
    origin = origin + s.found * _ORIGIN["none"] + s.declared * _ORIGIN["declared"] + s.drop * _ORIGIN["gone"]
    reached = s.named * (_ORIGIN["ref"] - _ORIGIN["window"])
    origin = origin + s.arrive * _ORIGIN["window"] + reached
    told = s.found + s.declared + s.drop + s.arrive - s.named
    side = s.side + 1 - (s.out + s.send + s.drop + s.arrive)  # what moves has no side, and is long
    key = [level, *s.asset, *s.place, s.class_kind, origin, told, s.class_covered, s.class_term, s.class_result, side]
    parts = s.take + s.send + s.drop + s.arrive
    slots: dict[int, Expr | int] = {}
    for j, (part, whole) in enumerate(zip(s.b, s.c, strict=True)):
        slots[_BYTE["units"] + j] = parts * part + s.open * whole
    for j in range(VALUE_BYTES):
        slots[_BYTE["proceeds"] + j] = s.proceeds_weight * s.q[j] + s.income * s.a[j]
        slots[_BYTE["basis"] + j] = s.basis_weight * s.q[j] + (s.open - s.income) * s.a[j]
    for j, fee in enumerate(s.fee):
        slots[_BYTE["fee"] + j] = s.first * (s.open + s.take) * fee
    slots[_BYTE["lines"]] = s.take + 0
    begins = s.first * (s.open + s.take + s.out + s.send + s.arrive)
    slots[_BYTE["events"]] = begins + s.drop * (1 - s.more.next)
    t.post(s.buses.sums.post, key, slots, most=255)

    nothing = [no] * (len(FIELDS) - 1 - len(s.asset) - len(s.place) - 1)
    held = [lift(level_number("HOLD")), *s.asset, *s.place, *nothing, s.side + 1]
    more: dict[int, Expr | int] = {
        _BYTE["units"] + j: s.open * whole + (s.arrive - s.take - s.send - s.drop) * part
        for j, (part, whole) in enumerate(zip(s.b, s.c, strict=True))
    }
    t.post(s.buses.sums.post, held, more, most=255)

    nowhere = [no] * (len(s.asset) + len(s.place))
    transit = [lift(level_number("COUNT")), *nowhere, lift(IN_TRANSIT), reached + _ORIGIN["window"], lift(1)]
    transit += [no] * (len(FIELDS) - len(transit))
    t.post(s.buses.sums.post, transit, {_BYTE["events"]: s.close_token * s.token_last}, most=1)


# ------------------------------------------------------------------------------------------------ filling


def fill(f: StepsWitness) -> None:
    """Term and result of each disposal, the class of every row, and the weights of its bytes."""
    s, w, m = f.s, f.trace, f.rows
    _disposals(f)
    opens = f.of(Op.OPEN)
    at = f.plan.at[opens]
    deposit = w.column(s.moves, at) == 1
    declared = m.declared[opens] == 1
    w.put(s.found, at, deposit & ~declared)
    w.put(s.declared, at, deposit & declared)
    kind = f.kind_on(at)
    income = ~deposit & (w.column(s.side, at) == 0) & (kind != RecordKind.TRADE)
    w.put(s.income, at, income)
    inverse = np.array([pow(k, -1, P) if k else 0 for k in range(-1, 1 << 6)], np.int64)
    w.put(s.left_inverse, at[income], inverse[kind[income]])
    w.put(s.class_kind, at, np.where(deposit, np.where(declared, m.kind[opens], UNEXPLAINED), kind))
    drops = f.of(Op.DROP)
    for rows in (f.plan.at[drops], f.plan.end[drops]):
        w.put(s.class_kind, rows, m.kind[drops])
    w.put(s.unclear, f.plan.at[drops], np.isin(m.kind[drops], (SHORTFALL, UNEXPLAINED)))
    moves = f.of(Op.OUT, Op.ARRIVE)
    for rows in (f.plan.at[moves], f.plan.end[moves]):
        w.put(s.class_kind, rows, RecordKind.MOVE)
    every = slice(None)
    take, settle, drop, side, negative, loss, long_term, covered, income = (
        w.column(c, every)
        for c in (s.take, s.settle, s.drop, s.side, s.negative, s.loss, s.long_term, s.covered, s.income)
    )
    part, sign = take + settle, 1 - 2 * negative
    w.put(s.class_term, every, part * (TERMS.index("short") + long_term) + income * TERMS.index("income"))
    w.put(s.class_result, every, part * (1 + loss))
    w.put(s.class_covered, every, part * (2 - covered))
    w.put_signed(s.proceeds_weight, every, settle * (1 - side) * sign + take * side)
    w.put_signed(s.basis_weight, every, take * (1 - side) + settle * side * sign + drop)


def _disposals(f: StepsWitness) -> None:
    s, w, m = f.s, f.trace, f.rows
    takes = f.of(Op.TAKE)
    rows = f.plan.at[takes]
    long_at = m.entries.long_from[m.node[takes]]
    side, negative = w.column(s.side, rows), w.column(s.negative, rows)
    held = f.stated[m.record[takes]] >= long_at
    w.put(s.held_long, rows, held)
    now, since = w.get(s.time, rows)[:, ::-1], words.limbs15(long_at)[:, ::-1]
    w.put_compare(s.held, rows, np.where(held[:, None], since, now), np.where(held[:, None], now, since))
    lot, close = m.part_value[takes], m.close_value[takes]
    loss = np.where(side == 0, lot > close, close > lot)
    loss = np.where(negative == 1, side == 0, loss).astype(np.int64)
    plain = negative == 0
    small, large = (words.to_bytes(choose(lot, close), None, VALUE_BYTES) for choose in (np.minimum, np.maximum))
    small, large = (words.lanes24(x)[plain][:, ::-1] for x in (small, large))
    w.put_compare(s.result, rows[plain], small, large)
    day, own = m.entries.day[m.node[takes]], m.entries.own[m.node[takes]]
    since_covered = day - m.around.covered
    recent = since_covered >= 0
    w.put(s.recent, rows, recent)
    w.put_all(s.past[:2], rows, words.limbs15(np.where(recent, since_covered, -1 - since_covered))[:, :2])
    w.put(s.class_kind, rows, f.kind_on(rows))
    w.put(s.class_kind, rows + 1, f.kind_on(rows))
    for half in (0, 1):
        w.put(s.loss, rows + half, loss)
        w.put(s.long_term, rows + half, held * (1 - side))
        w.put(s.covered, rows + half, own * recent * m.around.wallet)

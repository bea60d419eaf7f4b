"""The lists of open lots as linear tokens on two buses.

    link     pool, entry, time of writing, key, next entry, its key        (the head has entry 0 and key 0)
    content  entry, time of writing, quantity, value, unit, seq, long-from

A read consumes the token, a write emits a new one with the row's clock; a read is later than its write, so tokens
cannot come from the future, and a token that is not written again is gone (offline memory checking, Blum et al. 1991).
An entry's number is the clock of the row that inserts it, so that it is of one pool: what `link` says of the pool,
`content` need not say again (docs/adr/0009).
An insert names the entry before as advice and shows key(before) <= key < key(after); a take reads the head's link.
"""

from __future__ import annotations

from zkharvest.circuit.expr import Expr
from zkharvest.circuit.gadgets import LIMB, less
from zkharvest.commitment.encoding import TREE_OPENING

from .small_tables import LANE_MAX, SEQ_MAX
from .steps_columns import Steps


def keys(s: Steps) -> None:
    """An inserted entry has the method's key; one not inserted brings its own."""
    t, p = s.t, s.publics
    for i in range(7):
        key = p.lofo * s.unit[i] + p.hifo * (LANE_MAX - s.unit[i])
        t.zero(
            f"key{i}",
            s.inserts * (s.key[i] - key),
            "LOFO sorts by unit basis, HIFO by its complement, others not at all",
        )
    key = (p.fifo + p.hifo + p.lofo) * s.lot_seq + p.lifo * (SEQ_MAX - 1 - s.lot_seq)
    t.zero("key7", s.inserts * (s.key[7] - key), "then by acquisition order (LIFO: the latest first)")
    above, below = list(s.pred_key), list(s.pred_next_key)
    # Lane 6 is the most significant of the unit, lane 7 (the order) the least significant of the whole key.
    rank = [6, 5, 4, 3, 2, 1, 0, 7]
    pairs = [(above[i] + 0, s.key[i] + 0) for i in rank]
    less(t, "above", s.above, pairs, s.inserts, strict=False, note="the entry before does not sort after")
    pairs = [(s.key[i] + 0, below[i] + 0) for i in rank]
    less(t, "below", s.below, pairs, s.inserts, strict=True, note="the entry after sorts after")
    for i, lane in enumerate(s.q_lanes):
        t.zero(
            f"unit{i}",
            (s.open + s.load) * (s.unit[i] - lane),
            "the unit basis is the quotient (for a loaded lot: has its bytes)",
        )
        t.zero(f"unit{i}_moved", s.out * (s.unit[i].next - s.unit[i]), "a moved part keeps its unit basis")
    t.zero("seq_opened", s.open * (s.lot_seq - s.seq), "a new lot is as old as its trade")
    t.zero("seq_moved", s.out * (s.lot_seq.next - s.lot_seq), "a moved part keeps its acquisition order")
    for i in range(3):
        t.zero(f"long{i}_opened", s.open * (s.long_from[i] - s.day_long[i]), "its term starts with its day")
        t.zero(f"long{i}_moved", s.out * (s.long_from[i].next - s.long_from[i]), "a moved part keeps its date")


def links(s: Steps) -> None:
    """Reads and writes of the entry before, and of the entry that comes or goes."""
    t = s.t
    acts = s.inserts + s.removes
    stays = acts - s.inserts - s.emptied
    t.receive(s.buses.link, [*s.pool, s.pred, s.pred_write, *s.pred_key, s.pred_next, *s.pred_next_key], acts)
    next_entry = s.inserts * s.clk + s.emptied * s.node_next + stays * s.pred_next
    next_key = [
        s.inserts * k + s.emptied * n + stays * o
        for k, n, o in zip(s.key, s.node_next_key, s.pred_next_key, strict=True)
    ]
    t.send(s.buses.link, [*s.pool, s.pred, s.clk, *s.pred_key, next_entry, *next_key], acts)
    entry = [*s.pool, s.node, s.node_write, *s.key, s.node_next, *s.node_next_key]
    t.send(s.buses.link, entry, s.inserts - s.emptied)

    t.zero("entry_id", s.inserts * (s.node - s.clk), "a new entry's id is the clock")
    t.zero("entry_write", s.inserts * (s.node_write - s.clk), "written now")
    t.zero("entry_next", s.inserts * (s.node_next - s.pred_next), "it stands before what its predecessor stood before")
    for i in range(8):
        t.zero(f"entry_next_key{i}", s.inserts * (s.node_next_key[i] - s.pred_next_key[i]), "with that entry's key")
    t.zero("entry_linked", s.removes * (s.pred_next - s.node), "what is taken is what its predecessor points to")
    ordered = (s.take + s.out) * (1 - s.publics.specific) + s.close
    t.zero("head", ordered * s.pred, "and that is the head, but under specific identification")
    t.zero("emptied_where", s.emptied * (1 - s.removes), "only a taken lot is emptied")
    t.zero("close_empties", s.close * (1 - s.emptied), "closing takes the whole lot")

    for name, age, written, active in (
        ("pred", s.pred_age, s.pred_write, acts),
        ("node", s.node_age, s.node_write, s.emptied + 0),
        ("content", s.content_age, s.content_write, s.removes),
    ):
        gap = s.clk - written - 1 - age[0] - age[1] * LIMB
        t.zero(f"{name}_earlier", active * gap, f"the {name} token was written before it is read")
        s.buses.ranges.check_u15(t, *age)


def contents(s: Steps) -> None:
    """Reads and writes of a lot's content."""
    t = s.t
    nature: list[Expr] = [*s.unit, s.lot_seq, *s.long_from]
    t.receive(s.buses.content, [s.node, s.content_write, *s.c_lanes, *s.a_lanes, *nature], s.removes)
    parts = s.take + s.out
    quantity = [
        (s.open + s.load) * c + s.into * b + parts * e for c, b, e in zip(s.c_lanes, s.b_lanes, s.e_lanes, strict=True)
    ]
    value = [s.inserts * a + parts * g for a, g in zip(s.a_lanes, s.g_lanes, strict=True)]
    t.send(s.buses.content, [s.node, s.clk, *quantity, *value, *nature], s.inserts + s.removes - s.emptied)


def inventories(s: Steps) -> None:
    """Loads consume the opening inventory's lots in their order, closes the closing inventory's.

    A lot says at the end of which year it was carried out: last year's are carried in, no others.
    """
    t = s.t
    t.receive(
        s.buses.lot,
        [
            s.close + TREE_OPENING,
            s.inventory,
            *s.asset,
            *s.rest_value,
            *s.c_lanes,
            *s.a_lanes,
            s.lot_seq,
            *s.unit,
            *s.long_from,
            s.side,
            s.close * s.publics.year + s.load * (s.publics.year - 1),
        ],
        s.load + s.close,
    )
    t.zero("inventory_start", s.load * s.inventory, "an inventory is counted from 0", "first")
    t.zero("closing_start", (1 - s.close) * s.close.next * s.inventory.next, "the closing one too", "transition")
    same = s.load * s.load.next + s.close * s.close.next
    t.zero("inventory_step", same * (s.inventory.next - s.inventory - 1), "and counts its lots", "transition")
    older = s.seq - s.lot_seq - 1 - s.node_age[0] - s.node_age[1] * LIMB
    t.zero("loaded_older", s.load * older, "a loaded lot is older than every trade")
    t.receive(s.buses.ranges.u15, [s.node_age[1] * 32], s.load)

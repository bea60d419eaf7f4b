"""The machine of a window, compiled: the same steps as `machine.py`, on arrays, an array entry a step.

Lists of open lots are those of `ledger.fast_kernel`: linked nodes with a treap over them, keys as ranks that are sorted
before the run. A node's `lot` is the *nature* that it has: one for each lot that is loaded, or a token brings in, or a
record opens, known before the run. Under specific identification the nodes of a lot that is named in a list are chained
in a slot, found by the list and the name.
"""

from __future__ import annotations

import numpy as np

from zkharvest.ledger.fast_kernel import _insert, _remove, _room
from zkharvest.ledger.fast_words import less, part_of, subtract
from zkharvest.simd.compiling import kernel

LOAD, LOAD_TOKEN, SKIP, OPEN, TAKE, SEND, DROP, ARRIVE = range(8)  # steps, as `steps.Do` numbers them
DO_LOAD, DO_LOAD_TOKEN, DO_SKIP, DO_OPEN, DO_CLOSE, DO_OUT, DO_ARRIVE = range(7)  # what an input asks for

STEP = np.dtype(
    [(name, np.int64) for name in ("input", "node", "pred", "next", "token")]
    + [(name, np.uint64) for name in ("part_lo", "part_hi", "lot_lo", "lot_hi", "lot_value", "part_value")]
    + [(name, np.uint64) for name in ("rest_lo", "rest_hi", "rest_value", "close_value")]
    + [(name, np.uint8) for name in ("op", "emptied")],
    align=True,
)
TOKEN = np.dtype(
    [(name, np.int64) for name in ("input", "move", "nature", "part", "last")]
    + [(name, np.uint64) for name in ("q_lo", "q_hi", "value")],
    align=True,
)
MOVE = np.dtype([("first", np.int64), ("count", np.int64)])
"""The tokens of a withdrawal that have not arrived: they follow each other."""


@kernel
def _slot_of(codes, code):
    """The place of a code in the sorted codes; behind the last one if it is not there."""
    low, high = 0, codes.size
    while low < high:
        middle = (low + high) // 2
        if codes[middle] < code:
            low = middle + 1
        else:
            high = middle
    return low if low < codes.size and codes[low] == code else codes.size


@kernel
def _begin(step, op, t):
    """A step of input t without anything."""
    zero = np.uint64(0)
    step.op, step.input, step.emptied = op, t, 0
    step.node = step.pred = step.next = step.token = -1
    step.part_lo = step.part_hi = step.lot_lo = step.lot_hi = step.lot_value = step.part_value = zero
    step.rest_lo = step.rest_hi = step.rest_value = step.close_value = zero


@kernel
def _put(nodes, pools, slots, codes, names, name_of, x, nature, pool, rank, q_lo, q_hi, value, step, ordered):
    """Node x, made of these contents, into its list, and the step that does it."""
    node = nodes[x]
    node.lot, node.pool, node.rank = nature, pool, rank[nature]
    node.slot = -1 if ordered else _slot_of(codes, pool * names + name_of[nature])
    node.q_lo, node.q_hi, node.value = q_lo, q_hi, value
    _insert(nodes, pools, slots, x, ordered)
    step.node, step.pred, step.next = x, node.prev, node.next
    step.lot_lo, step.lot_hi, step.lot_value = q_lo, q_hi, value


@kernel
def _send(token, moves, move, number, t, nature, q_lo, q_hi, value):
    """Token `number`, the next one of its move."""
    token.input, token.move, token.nature, token.last = t, move, nature, 0
    token.q_lo, token.q_hi, token.value = q_lo, q_hi, value
    if moves[move].count == 0:
        moves[move].first = number
    token.part = moves[move].count
    moves[move].count += 1


@kernel
def run(
    does,
    pool_of,
    quantity,
    value,
    nature_of,
    move_of,
    moved,
    rank,
    name_of,
    names,
    codes,
    asked_from,
    asked_drop,
    asked_q,
    asked_slot,
    pools,
    slots,
    moves,
    ordered,
    universal,
    steps,
    nodes,
    tokens,
):
    """Run all inputs: what is loaded, then the records.

    Arrays by input: what it does, list, quantity (two words), |value|, the nature it brings in (-1: none), its move
    (-1: none), how much of a withdrawal is received. By nature: its rank and the number of its name. `codes` are the
    pairs (list * names + name) that are named anywhere, sorted. What a record names is asked_from[t] to
    asked_from[t + 1], from asked_drop[t] on of what nobody received: quantity (two words) and slot.
    `pools`, `slots` and `moves` come in empty, and hold the lists and what is in transit at the end. `steps`, `nodes`
    and `tokens` come in with room for what is likely; where it does not do they are made again, larger.

    Returns (whether all was there, steps, nodes, tokens).
    """
    zero = np.uint64(0)
    n = made = sent = 0
    for t in range(does.size):
        steps, nodes, tokens = _room(steps, n), _room(nodes, made), _room(tokens, sent)
        do, pool, move = does[t], pool_of[t], move_of[t]
        rest_lo, rest_hi, rest_value = quantity[t, 0], quantity[t, 1], value[t]
        if do == DO_SKIP:
            _begin(steps[n], SKIP, t)
            steps[n].rest_lo, steps[n].rest_hi, steps[n].rest_value = rest_lo, rest_hi, rest_value
            n += 1
        elif do in (DO_LOAD, DO_OPEN):
            _begin(steps[n], OPEN if do == DO_OPEN else LOAD, t)
            _put(
                nodes,
                pools,
                slots,
                codes,
                names,
                name_of,
                made,
                nature_of[t],
                pool,
                rank,
                rest_lo,
                rest_hi,
                rest_value,
                steps[n],
                ordered,
            )
            if do == DO_OPEN:
                steps[n].rest_lo, steps[n].rest_hi = rest_lo, rest_hi
            made += 1
            n += 1
        elif do == DO_LOAD_TOKEN:
            _begin(steps[n], LOAD_TOKEN, t)
            _send(tokens[sent], moves, move, sent, t, nature_of[t], rest_lo, rest_hi, rest_value)
            steps[n].token = sent
            sent += 1
            n += 1
        elif do == DO_ARRIVE:
            first = moves[move].first
            for token in range(first, first + moves[move].count):
                steps, nodes = _room(steps, n), _room(nodes, made)
                record = tokens[token]
                _begin(steps[n], ARRIVE, t)
                if not universal:
                    _put(
                        nodes,
                        pools,
                        slots,
                        codes,
                        names,
                        name_of,
                        made,
                        record.nature,
                        pool,
                        rank,
                        record.q_lo,
                        record.q_hi,
                        record.value,
                        steps[n],
                        ordered,
                    )
                    made += 1
                steps[n].token = token
                steps[n].part_lo, steps[n].part_hi = record.q_lo, record.q_hi
                steps[n].rest_lo, steps[n].rest_hi = rest_lo, rest_hi
                rest_lo, rest_hi = subtract(rest_lo, rest_hi, record.q_lo, record.q_hi)
                n += 1
            moves[move].count = 0
        else:
            for phase in range(2):  # what a withdrawal's deposit received, then what nobody did, or what is closed
                want_lo, want_hi = rest_lo, rest_hi
                op = TAKE if do == DO_CLOSE else DROP
                if phase == 0:
                    if moved[t, 0] == zero and moved[t, 1] == zero:
                        continue
                    want_lo, want_hi = moved[t, 0], moved[t, 1]
                    op = SEND
                    if universal:
                        _begin(steps[n], SEND, t)
                        _send(tokens[sent], moves, move, sent, t, -1, want_lo, want_hi, zero)
                        tokens[sent].last = 1
                        steps[n].token = sent
                        steps[n].part_lo, steps[n].part_hi = want_lo, want_hi
                        steps[n].rest_lo, steps[n].rest_hi = rest_lo, rest_hi
                        rest_lo, rest_hi = subtract(rest_lo, rest_hi, want_lo, want_hi)
                        sent += 1
                        n += 1
                        continue
                begin = asked_from[t] if phase == 0 or do == DO_CLOSE else asked_drop[t]
                end = asked_drop[t] if phase == 0 else asked_from[t + 1]
                for demand in range(1 if ordered else end - begin):
                    asked = begin + demand
                    if not ordered:
                        want_lo, want_hi = asked_q[asked, 0], asked_q[asked, 1]
                    while want_lo != zero or want_hi != zero:
                        x = pools[pool].head if ordered else slots[asked_slot[asked]].oldest
                        if x < 0:
                            return False, steps[:n], nodes[:made], tokens[:sent]
                        steps, tokens = _room(steps, n), _room(tokens, sent)
                        node, step = nodes[x], steps[n]
                        q_lo, q_hi = node.q_lo, node.q_hi
                        if less(want_lo, want_hi, q_lo, q_hi):
                            q_lo, q_hi = want_lo, want_hi
                        lot_part = part_of(node.value, q_lo, q_hi, node.q_lo, node.q_hi)
                        _begin(step, op, t)
                        step.node, step.pred, step.next = x, node.prev, node.next
                        step.part_lo, step.part_hi, step.part_value = q_lo, q_hi, lot_part
                        step.lot_lo, step.lot_hi, step.lot_value = node.q_lo, node.q_hi, node.value
                        step.rest_lo, step.rest_hi = rest_lo, rest_hi
                        if op == TAKE:
                            step.rest_value = rest_value
                            step.close_value = part_of(rest_value, q_lo, q_hi, rest_lo, rest_hi)
                            rest_value -= step.close_value
                        rest_lo, rest_hi = subtract(rest_lo, rest_hi, q_lo, q_hi)
                        want_lo, want_hi = subtract(want_lo, want_hi, q_lo, q_hi)
                        node.q_lo, node.q_hi = subtract(node.q_lo, node.q_hi, q_lo, q_hi)
                        node.value -= lot_part
                        if node.q_lo == zero and node.q_hi == zero:
                            step.emptied = 1
                            _remove(nodes, pools, slots, x, ordered)
                        if op == SEND:
                            _send(tokens[sent], moves, move, sent, t, node.lot, q_lo, q_hi, lot_part)
                            step.token = sent
                            sent += 1
                        n += 1
                if phase == 0:
                    tokens[sent - 1].last = 1
    return True, steps[:n], nodes[:made], tokens[:sent]

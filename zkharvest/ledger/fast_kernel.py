"""The lot machine, compiled: the same steps as `engine_plain.py`, on arrays, writing a column per operation.

A pool's open lots are a doubly linked list of nodes (what the circuit proves) and, for the ordered methods, a treap
over the same nodes: it finds the predecessor of a new node in logarithmic time. Priorities are a hash of the node's
number, so a run is the same every time. Keys are ranks: all lots are known before the run, so their order under the
method is sorted once and a key is one integer. A new node goes after all nodes of an equal rank.

Under specific identification there is no order: a node goes to the end of its list, and the nodes of one lot in one
pool are chained in a slot (numbered beforehand, one for each lot and pool that can meet), in the order of arrival.
"""

from __future__ import annotations

import numpy as np

from zkharvest.ledger.fast_words import less, part_of, subtract
from zkharvest.simd.compiling import kernel

OPEN, TAKE, MOVE_OUT, MOVE_IN, NONE = range(5)  # operations, as `book.Op` numbers them
DO_OPEN, DO_CLOSE, DO_MOVE, DO_NOTHING = range(4)  # what a trade asks for
DONE, OVERSOLD, LOT_SHORT = range(3)  # how a run ends

# The rows of the three tables of a run; an operation is a column of each.
PLACES = ("trade", "pool", "node", "pred", "next")
WORDS = (
    "part_q_lo", "part_q_hi", "lot_q_lo", "lot_q_hi", "lot_value", "part_value",
    "rest_q_lo", "rest_q_hi", "rest_value", "close_value",
)  # fmt: skip
FLAGS = ("op", "first", "last", "emptied")
TRADE, AT, ENTRY, PRED, NEXT = range(5)
PART_LO, PART_HI, LOT_LO, LOT_HI, LOT_VALUE, PART_VALUE, REST_LO, REST_HI, REST_VALUE, CLOSE_VALUE = range(10)
KIND, FIRST, LAST, EMPTIED = range(4)

NODE = np.dtype(
    [("q_lo", np.uint64), ("q_hi", np.uint64), ("value", np.uint64), ("priority", np.uint64)]
    + [(name, np.int64) for name in ("lot", "pool", "rank", "prev", "next", "slot", "after")]
    + [(name, np.int64) for name in ("left", "right", "parent")],
    align=True,
)
POOL = np.dtype([(name, np.int64) for name in ("head", "tail", "root")])
SLOT = np.dtype([("oldest", np.int64), ("newest", np.int64)])


@kernel
def _priority(node):
    """A fixed hash of a node's number (the finaliser of splitmix64)."""
    z = np.uint64(node) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@kernel
def _predecessor(nodes, pool, rank):
    """The last node of the pool whose rank is not greater, or -1."""
    if pool.tail < 0 or nodes[pool.tail].rank <= rank:
        return pool.tail
    found, node = -1, pool.root
    while node >= 0:
        if nodes[node].rank <= rank:
            found, node = node, nodes[node].right
        else:
            node = nodes[node].left
    return found


@kernel
def _attach(nodes, pool, x):
    """Hang node x, already in the list, into the treap between its neighbours, and rotate it up to its priority."""
    pred, succ = nodes[x].prev, nodes[x].next
    if pred < 0 and succ < 0:
        pool.root = x
        return
    if pred >= 0 and nodes[pred].right < 0:
        nodes[pred].right = x
        nodes[x].parent = pred
    else:  # the successor is the leftmost node right of pred: it has no left child
        nodes[succ].left = x
        nodes[x].parent = succ
    parent = nodes[x].parent
    while parent >= 0 and nodes[parent].priority < nodes[x].priority:
        if nodes[parent].left == x:
            child = nodes[x].right
            nodes[parent].left = child
            nodes[x].right = parent
        else:
            child = nodes[x].left
            nodes[parent].right = child
            nodes[x].left = parent
        if child >= 0:
            nodes[child].parent = parent
        above = nodes[parent].parent
        nodes[parent].parent = x
        nodes[x].parent = above
        if above < 0:
            pool.root = x
        elif nodes[above].left == parent:
            nodes[above].left = x
        else:
            nodes[above].right = x
        parent = above


@kernel
def _detach_first(nodes, pool, x):
    """Take the first node of a pool out of the treap: it has no left child."""
    above, child = nodes[x].parent, nodes[x].right
    if child >= 0:
        nodes[child].parent = above
    if above < 0:
        pool.root = child
    else:
        nodes[above].left = child


@kernel
def _insert(nodes, pools, slots, x, ordered):
    """Link node x (contents filled in) into its pool."""
    node, pool = nodes[x], pools[nodes[x].pool]
    node.priority = _priority(x)
    node.left = node.right = node.parent = node.after = -1
    pred = _predecessor(nodes, pool, node.rank) if ordered else pool.tail
    succ = pool.head if pred < 0 else nodes[pred].next
    node.prev, node.next = pred, succ
    if pred < 0:
        pool.head = x
    else:
        nodes[pred].next = x
    if succ < 0:
        pool.tail = x
    else:
        nodes[succ].prev = x
    if ordered:
        _attach(nodes, pool, x)
    else:
        slot = slots[node.slot]
        if slot.oldest < 0:
            slot.oldest = x
        else:
            nodes[slot.newest].after = x
        slot.newest = x


@kernel
def _remove(nodes, pools, slots, x, ordered):
    """Unlink node x, used up: the first of its pool, or under specific identification the oldest of its slot."""
    node, pool = nodes[x], pools[nodes[x].pool]
    if ordered:
        _detach_first(nodes, pool, x)
    else:
        slots[node.slot].oldest = node.after
    if node.prev < 0:
        pool.head = node.next
    else:
        nodes[node.prev].next = node.next
    if node.next < 0:
        pool.tail = node.prev
    else:
        nodes[node.next].prev = node.prev


@kernel
def _room(array, used):
    """The array, or one of twice its length with the same beginning if fewer than two places are free."""
    if used + 2 <= array.size:
        return array
    larger = np.empty(2 * array.size, array.dtype)
    larger[:used] = array[:used]
    return larger


@kernel
def _room_across(table, used):
    """The same for a table whose columns are used."""
    if used + 2 <= table.shape[1]:
        return table
    larger = np.empty((table.shape[0], 2 * table.shape[1]), table.dtype)
    larger[:, :used] = table[:, :used]
    return larger


@kernel
def _write_insert(places, words, flags, n, op, t, nodes, x):
    """Record the insertion of node x by trade t."""
    node, zero = nodes[x], np.uint64(0)
    places[TRADE, n], places[AT, n], places[ENTRY, n] = t, node.pool, x
    places[PRED, n], places[NEXT, n] = node.prev, node.next
    flags[KIND, n], flags[FIRST, n], flags[LAST, n], flags[EMPTIED, n] = op, 0, 0, 0
    words[PART_LO, n], words[PART_HI, n] = node.q_lo, node.q_hi
    words[LOT_LO, n], words[LOT_HI, n], words[LOT_VALUE, n] = node.q_lo, node.q_hi, node.value
    words[PART_VALUE, n] = words[CLOSE_VALUE, n] = zero
    words[REST_LO, n] = words[REST_HI, n] = words[REST_VALUE, n] = zero


@kernel
def run(
    action, pool_from, pool_to, quantity, value, rank, slot_of, pick_start, pick_q, pick_slots, pools, slots, ordered,
    places, words, flags, nodes,
):  # fmt: skip
    """Run all trades.

    Arrays by trade: action, pools, quantity (two words), |value|, rank and slot of the lot it opens; its picks are
    pick_start[t] to pick_start[t + 1] (quantity in two words; the lot's slots in the pools taken from and moved to).
    `pools` and `slots` come in empty (all -1) and hold the lists at the end. The tables and `nodes` come in with room
    for what is likely; where it does not do they are made again, larger.

    Returns (end, trade, pool, held low, held high, pick, operations, places, words, flags, nodes), the tables with the
    room that is left; on an end other than DONE, trade, pool and pick say where, and held what was there.
    """
    zero = np.uint64(0)
    n = made = 0
    for t in range(action.size):
        places, words, flags = _room_across(places, n), _room_across(words, n), _room_across(flags, n)
        nodes = _room(nodes, made)
        start, do, pool = n, action[t], pool_from[t]
        if do == DO_NOTHING:
            places[TRADE, n] = t
            places[AT, n] = places[ENTRY, n] = places[PRED, n] = places[NEXT, n] = -1
            words[:, n] = zero
            flags[KIND, n], flags[FIRST, n], flags[LAST, n], flags[EMPTIED, n] = NONE, 0, 0, 0
            n += 1
        elif do == DO_OPEN:
            node = nodes[made]
            node.lot, node.pool, node.rank, node.slot = t, pool, rank[t], slot_of[t]
            node.q_lo, node.q_hi, node.value = quantity[t, 0], quantity[t, 1], value[t]
            _insert(nodes, pools, slots, made, ordered)
            _write_insert(places, words, flags, n, OPEN, t, nodes, made)
            made += 1
            n += 1
        else:
            rest_lo, rest_hi, rest_value = quantity[t, 0], quantity[t, 1], value[t]
            demands = 1 if ordered else pick_start[t + 1] - pick_start[t]
            for demand in range(demands):
                pick = pick_start[t] + demand
                want_lo, want_hi = (rest_lo, rest_hi) if ordered else (pick_q[pick, 0], pick_q[pick, 1])
                asked_lo, asked_hi = want_lo, want_hi
                while want_lo != zero or want_hi != zero:
                    x = pools[pool].head if ordered else slots[pick_slots[pick, 0]].oldest
                    if x < 0 or nodes[x].pool != pool:  # a named lot may lie on the side that is not open
                        held_lo, held_hi = subtract(asked_lo, asked_hi, want_lo, want_hi)
                        end = OVERSOLD if ordered else LOT_SHORT
                        return end, t, pool, held_lo, held_hi, pick, n, places, words, flags, nodes[:made]
                    places, words, flags = _room_across(places, n), _room_across(words, n), _room_across(flags, n)
                    nodes = _room(nodes, made)
                    node = nodes[x]
                    q_lo, q_hi = node.q_lo, node.q_hi
                    if less(want_lo, want_hi, q_lo, q_hi):
                        q_lo, q_hi = want_lo, want_hi
                    lot_part = part_of(node.value, q_lo, q_hi, node.q_lo, node.q_hi)
                    close = part_of(rest_value, q_lo, q_hi, rest_lo, rest_hi)
                    places[TRADE, n], places[AT, n], places[ENTRY, n] = t, pool, x
                    places[PRED, n], places[NEXT, n] = node.prev, node.next
                    words[PART_LO, n], words[PART_HI, n], words[PART_VALUE, n] = q_lo, q_hi, lot_part
                    words[LOT_LO, n], words[LOT_HI, n], words[LOT_VALUE, n] = node.q_lo, node.q_hi, node.value
                    words[REST_LO, n], words[REST_HI, n], words[REST_VALUE, n] = rest_lo, rest_hi, rest_value
                    words[CLOSE_VALUE, n] = close
                    rest_value -= close
                    rest_lo, rest_hi = subtract(rest_lo, rest_hi, q_lo, q_hi)
                    want_lo, want_hi = subtract(want_lo, want_hi, q_lo, q_hi)
                    node.q_lo, node.q_hi = subtract(node.q_lo, node.q_hi, q_lo, q_hi)
                    node.value -= lot_part
                    emptied = node.q_lo == zero and node.q_hi == zero
                    flags[KIND, n] = MOVE_OUT if do == DO_MOVE else TAKE
                    flags[FIRST, n], flags[LAST, n], flags[EMPTIED, n] = 0, 0, emptied
                    n += 1
                    if emptied:
                        _remove(nodes, pools, slots, x, ordered)
                    if do == DO_MOVE:
                        part = nodes[made]
                        part.lot, part.pool, part.rank = node.lot, pool_to[t], node.rank
                        part.slot = -1 if ordered else pick_slots[pick, 1]
                        part.q_lo, part.q_hi, part.value = q_lo, q_hi, lot_part
                        _insert(nodes, pools, slots, made, ordered)
                        _write_insert(places, words, flags, n, MOVE_IN, t, nodes, made)
                        made += 1
                        n += 1
        flags[FIRST, start] = 1
        flags[LAST, n - 1] = 1
    return DONE, -1, -1, zero, zero, -1, n, places, words, flags, nodes[:made]


@kernel
def in_list_order(nodes, pools, count):
    """The numbers of the nodes left in all pools, pool by pool, each in the order of its list."""
    left = np.empty(count, np.int64)
    n = 0
    for pool in range(pools.size):
        node = pools[pool].head
        while node >= 0:
            left[n] = node
            n += 1
            node = nodes[node].next
    return left

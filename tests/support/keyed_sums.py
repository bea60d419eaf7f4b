"""A circuit of the second language, small: numbers are posted under keys, a row a key has their sum, and so on upwards.

`entries`: key, amount and cost of a row that is on. `registers`: key, what was posted under it, a counter; all of them
post to the one `top` register, whose sum is public. The lot machine's sums work so, byte by byte.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np

from zkharvest.circuit.blinding import blind, uniform
from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.check import PublicValues
from zkharvest.spec import P
from zkharvest.verifier.description_reader import read_description
from zkharvest.verifier.public import PublicData

LOG_ROWS = 13
AMOUNT, COST, COUNT = range(3)
ENTRY, TOP = 1, 2
ENTRIES = ((5, 100, 7), (9, 30, 1), (5, 11, 250), (9, 0, 0), (6, 255, 255))
"""(key, amount, cost)"""


def circuit(*, most: int = 255, entries: int = 1) -> Circuit:
    """The circuit; `most` and `entries` (how often a row posts) are for what the builder refuses."""
    made = Circuit("keyed-sums", 1, degree=4, log_rows=(LOG_ROWS, 20), tallies=3)
    bus = made.bus("post", 2)
    amount_in_all = made.public("amount")
    t = made.table("entries", "numbers under keys")
    on, key, amount, cost = (t.column(name) for name in ("on", "key", "amount", "cost"))
    t.boolean(on)
    for _ in range(entries):
        t.post(bus, [ENTRY, key], {AMOUNT: on * amount, COST: on * cost, COUNT: on}, most=most)
    r = made.table("registers", "sums, a key a row")
    is_register, is_top, key = r.column("is_register"), r.column("is_top"), r.column("key")
    amount, cost, count = (r.column(name) for name in ("amount", "cost", "count"))
    r.boolean(is_register, is_top)
    r.zero("top_alone", is_register * is_top, "a row is one or the other")
    r.zero("top_first", 1 - is_top, "the first row is the top", "first")
    r.zero("top_once", is_top.next, "no other is", "transition")
    r.zero("top_amount", amount - amount_in_all, "the top's amount is public", "first")
    own = {AMOUNT: amount, COST: cost, COUNT: count}
    kind = is_register * ENTRY + is_top * TOP
    r.collect(bus, [kind, key], {s: (is_register + is_top) * v for s, v in own.items()})
    r.post(bus, [TOP, 0], {s: is_register * v for s, v in own.items()}, most=255, rows=16)
    made.blind_terminals()
    return made


@cache
def description() -> dict[str, Any]:
    """As plain data."""
    return circuit().compile()


DATA = circuit().freeze()
DIGEST = sha256(DATA).digest()
DESCRIPTION = read_description(DATA)


def witness(entries: Any = ENTRIES, rows: int = 1 << LOG_ROWS) -> dict[str, np.ndarray]:
    """Honest traces by table."""
    made = circuit()
    traces = {t.name: np.zeros((rows, len(t.columns)), np.uint32) for t in made.tables}
    for row, (key, amount, cost) in enumerate(entries):
        traces["entries"][row, :4] = 1, key, amount, cost
    keys = sorted({key for key, _, _ in entries})
    total = np.zeros(3, np.uint32)
    for row, key in enumerate(keys, start=1):
        own = [(a, c, 1) for k, a, c in entries if k == key]
        traces["registers"][row, :6] = 1, 0, key, *np.sum(own, axis=0)
        total += traces["registers"][row, 3:6]
    traces["registers"][0, :6] = 0, 1, 0, *total
    blind(made, traces, uniform(len(made.tables)))
    return traces


def public(traces: dict[str, np.ndarray]) -> PublicData:
    """The statement: the first row's amount."""
    return PublicData((int(traces["registers"][0, 3]),), (), {}, b"keyed sums")


def values(traces: dict[str, np.ndarray]) -> PublicValues:
    """The same for the checker."""
    return PublicValues(list(public(traces).publics), [], {})


def edited(traces: dict[str, np.ndarray], *edits: tuple[str, int, str, int]) -> dict[str, np.ndarray]:
    """A copy with (table, row, column, by) added to cells."""
    copy = {name: trace.copy() for name, trace in traces.items()}
    for table, row, column, by in edits:
        at = circuit().tables[0 if table == "entries" else 1].index(column)
        copy[table][row, at] = (int(copy[table][row, at]) + by) % P
    return copy

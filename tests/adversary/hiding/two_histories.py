"""Two histories of `lot-machine/v2` that have nothing in common but what their statements say."""

from __future__ import annotations

from functools import cache

import numpy as np

from tests.adversary.hiding.observing import Coins, fixed
from tests.adversary.links.forgery import Told, tell
from tests.adversary.links.scenes import linked
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.owner import Book
from tests.models.lot_machine_v2.words import DAY, Page, Rec
from tests.support.whole_links import definition
from zkharvest.circuit.blinding import blind, uniform
from zkharvest.verifier import circuits
from zkharvest.verifier.circuits import PINNED

COINS = Coins(9, 13)
CENT = 10**6


def few():
    """One purchase, one sale of it: 150 for 100."""
    bought = Rec(at(2024, 2, 1), "open", "X", UNIT, 10_000 * CENT)
    return [bought, Rec(at(2024, 3, 1), "close", "X", UNIT, 15_000 * CENT)], []


def many(seed=3):
    """Ninety purchases of four assets, a move of some of them, three sales: 150 for 100 in all."""
    rng = np.random.default_rng(seed)
    held = [
        Rec(at(2024, 1, 2) + k * DAY, "open", "PQRS"[k % 4], int(rng.integers(1, 10**6)) * UNIT + k, 777_777 * k)
        for k in range(90)
    ]
    sold = []
    for k, (cost, price) in enumerate(((3_000, 5_000), (3_000, 5_000), (4_000, 5_000))):
        sold.append(Rec(at(2024, 5, 1) + k * DAY, "open", "T", UNIT, cost * CENT))
        sold.append(Rec(at(2024, 6, 1) + k * DAY, "close", "T", UNIT, price * CENT))
    moved = {"asset": "P", "quantity": held[0].quantity // 2, "ref": 12_345, "kind": "move"}
    out, come = (Rec(at(2024, 7, 1) + k, what, **moved) for k, what in enumerate(("out", "in")))
    return sorted([*held, *sold, out], key=lambda record: record.time), [come]


def history(a, b):
    """The link of one page at A and one at B."""
    end = at(2025)
    listed = [Page("A", "A-1", 0, at(2024), end, tuple(a)), Page("B", "B-1", 0, at(2024), end, tuple(b))]
    book = Book()
    if b:
        sent = "A", 0, next(n for n, record in enumerate(a) if record.op == "out")
        book = Book(matched={("B", 0, 0): sent}, amounts={sent: b[0].quantity})
    return linked(listed, book, method="hifo")


@cache
def proven(name) -> Told:
    """The link of `few` or `many`, proven honestly, the verifier's coins being the same."""
    with fixed(COINS):
        return tell(history(*{"few": few, "many": many}[name]()))


@cache
def circuit():
    """Description and digest of the pinned circuit."""
    pinned = next(one for one in PINNED if one.id == "lot-machine/v2")
    return circuits.load(pinned), bytes.fromhex(pinned.digest)


def with_ring(told):
    """The witness as it is proven once: its ring of random messages drawn anew."""
    traces = {name: cells.copy() for name, cells in told.witness.traces.items()}
    blind(definition().circuit, traces, uniform(len(traces)))
    return list(traces.values())

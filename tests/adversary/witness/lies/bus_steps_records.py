"""Lies of a `steps` table that does not ask: for its records, its names of sources, its days; and uncounted totals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tests.adversary.kit import forge as forging
from tests.adversary.kit.forge import Forgery, Sheet, forge
from tests.adversary.witness.lies.amounts import weighed
from tests.adversary.witness.lies.lists import BUY, MOVED, SELL
from tests.adversary.witness.lies.registry import bus_lie, run, tally_lie
from tests.adversary.witness.lies.sequence import FIFO
from tests.support import statement
from tests.support.make import trade
from zkharvest.commitment.encoding import DIGEST, SALT, WIDTH
from zkharvest.commitment.opening import Opening, commit
from zkharvest.commitment.tree import build_tree


def _unrecorded() -> Forgery:
    """A year of trades, of which the source has none on record."""
    real = commit([BUY, SELL], currency="USD", seed=statement.SEED)
    fake = Opening(real.trades, real.currency, real.seed)
    nothing, salt = np.zeros((0, DIGEST), np.uint32), real.leaves[0][0, WIDTH - SALT :]
    fake.__dict__.update(leaves=(np.zeros((0, WIDTH), np.uint32),), trees=(build_tree(nothing, salt),))
    return forge(fake, FIFO)


def _astray() -> Forgery:
    """A transfer to b arrives at c, and no name of a wallet is looked up."""
    rows = [*MOVED[:2], replace(MOVED[2], source="c")]
    real = commit(rows, currency="USD", seed=statement.SEED)
    fake = Opening((rows[0], replace(rows[1], to="c"), rows[2]), real.currency, real.seed)
    number = real.sources.index("c")
    records = replace(real.records, to=np.array([0, number, 0]))
    fake.__dict__.update(records=records, leaves=real.leaves, trees=real.trees)
    forged = forge(fake, FIFO)
    forged.sheet("sources")["count"][:] = 0
    return forged


def _last_year() -> Forgery:
    """A sale of last year counts in this one; no day is looked up."""
    rows = [trade("2023-01-08", "a/1", "buy", 1, 100), trade("2023-02-01", "a/3", "sell", 1, 200)]

    def counts(sheet: Sheet) -> None:
        for row in (1, 2):
            sheet.set(row, phase=1)
            weighed(sheet, row, second=row == 2)

    forged = run(rows, steps=counts)
    forged.sheet("calendar")["count"][:] = 0
    return forged


bus_lie("steps <- record #0", _unrecorded)
bus_lie("steps <- source #0", _astray)
bus_lie("steps <- calendar #0", _last_year)


# -------------------------------------------------------------------------------------------------------------- totals

ONES = int.from_bytes(bytes([1] * 8), "little")
AMOUNTS = ((2024, ONES, 2 * ONES), (2024, 2 * ONES, ONES), (2021, ONES, 2 * ONES), (2021, 2 * ONES, ONES))
"""Year of purchase, basis and proceeds of a disposal of each class; no byte of a sum is zero."""


def _tally(bucket: int, place: int) -> Forgery:
    """One byte of all parts of a class is left out of its total."""
    rows = []
    for n, (year, basis, proceeds) in enumerate(AMOUNTS):
        rows.append(replace(trade(f"{year}-01-0{n + 1}", f"a/b{n}", "buy", 1, asset=f"A{n}"), amount=basis))
        rows.append(replace(trade(f"2024-02-0{n + 1}", f"a/s{n}", "sell", 1, asset=f"A{n}"), amount=proceeds))
    sums: Callable[[Any], Any] = forging._sums

    def without(sheet: Sheet) -> Any:
        found = sums(sheet)
        assert found[bucket, place]
        found[bucket, place] = 0
        return found

    return run(sorted(rows, key=lambda t: t.time), patches=[(forging, "_sums", without)])


for _bucket in range(5):
    for _place in range(8):
        tally_lie("steps", 8 * _bucket + _place, _tally, _bucket, _place)

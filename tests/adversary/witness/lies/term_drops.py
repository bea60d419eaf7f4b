"""Lies that pass where a sum lacks a term: names as in `tests/support/dropped_terms.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from tests.adversary.kit.forge import Forgery, Sheet
from tests.adversary.kit.scribe import Scribe, told_by
from tests.adversary.witness.lies.amounts import GIANT, dividing
from tests.adversary.witness.lies.flags import HELD, holds
from tests.adversary.witness.lies.lists import CARRIED, counted, with_hole
from tests.adversary.witness.lies.registry import run
from tests.adversary.witness.lies.tables import _whole
from tests.support.make import trade
from zkharvest.commitment.encoding import TREE_OPENING
from zkharvest.commitment.inventory import Inventory, commit_inventory
from zkharvest.spec import source_code
from zkharvest.trades.model import Kind

BUY = trade("2024-01-01", "a/1", "buy", 1, 100)
SECOND = trade("2024-01-02", "a/2", "buy", 1, 300)
SELL = trade("2024-02-01", "a/3", "sell", 1, 200)
MOVE_IT = trade("2024-01-15", "a/5", "transfer", 1, to="b")
THERE = trade("2024-01-02", "b/1", "buy", 1, 300)

TERM_LIES: dict[str, Callable[[], Forgery]] = {}
"""By the name of the mutant."""


def term_lie(mutant: str, make: Callable[..., Forgery], *arguments: Any) -> None:
    """Register the forgery that a mutant lets pass."""
    if mutant in TERM_LIES:
        raise ValueError(f"{mutant} has a lie already")
    TERM_LIES[mutant] = partial(make, *arguments)


# ------------------------------------------------------------------------------------------------------------- amounts


def unit_too_large(i: int, j: int) -> Forgery:
    """A lot of 256^j units has a unit basis that is 256^i too large: nothing but q_i * c_j would show it."""

    class Dear(Scribe):
        def unit(self, trade: int, value: int, quantity: int) -> int:
            return super().unit(trade, value, quantity) + 256**i

    lot = replace(BUY, quantity=256**j, amount=1)
    return run([lot], operations=told_by(Dear), patches=dividing(lambda x, y, z, _: x * y // z))


def unfinished(byte: int) -> Forgery:
    """A sale of more than it takes: the rest is a number with this byte alone."""

    class Short(Scribe):
        def parts(self, trade: int, entries: Any) -> Any:
            yield entries[0], 5

    return run([GIANT, replace(SELL, quantity=256**byte + 5)], operations=told_by(Short))


def lost(byte: int) -> Forgery:
    """A lot is called empty with a rest that has this byte alone."""

    class Drops(Scribe):
        def taken(self, entry: Any, part: int, value: int) -> None:
            super().taken(entry, part, value)
            self.lists[entry.pool].remove(entry)
            self.ops[-1]["emptied"] = 1

    return run([replace(BUY, quantity=256**byte + 5), replace(SELL, quantity=5)], operations=told_by(Drops))


for _i in range(20):
    for _j in range(14):
        # An honest unit basis has one of the two bytes 0, and so has nearly every one where i + j is 19.
        if (_i + _j >= 20 and (_i, _j) not in {(7, 13), (19, 13)}) or (_i, _j) in {(13, 6), (16, 3)}:
            _m, _half = divmod(_i + _j, 2)
            _term = f"-256*q{_i}*c{_j}" if _half else f"-q{_i}*c{_j}"
            term_lie(f"steps.product{_m} without {_term}", unit_too_large, _i, _j)


def large_quotient(flag: str, byte: int, value: int = 1, lot: int = 1, **carries: int) -> Forgery:
    """A part of a lot of `lot` * 256^13 has a high byte in its quotient, where no total counts it."""
    closing = MOVE_IT if flag == "is_out" else SELL
    whole = lot * 256**13
    forged = run([replace(BUY, quantity=whole), replace(closing, quantity=whole)])
    sheet = forged.sheet("steps")
    (row,) = sheet.rows(flag)
    sheet.set(row, **{f"q{byte}": value}, **carries)
    forged.recount()
    return forged


for _m in range(11, 17):
    for _flag in ("is_take", "is_settle", "is_out"):
        term_lie(f"steps.product{_m} without {_flag}", large_quotient, _flag, 2 * _m - 13)
    _carried = {f"carry{_m - 1}": -1}
    term_lie(
        f"steps.product{_m} without carry{_m - 1}", partial(large_quotient, **_carried), "is_take", 2 * _m - 14, 16, 16
    )
    _carried = {f"carry{_m - 1}": 1}
    term_lie(
        f"steps.product{_m - 1} without -65536*carry{_m - 1}",
        partial(large_quotient, **_carried),
        "is_take",
        2 * _m - 13,
    )
for _k in range(14):
    term_lie(f"steps.used_up without e{_k}", unfinished, _k)
    term_lie(f"steps.emptied_left without e{_k}", lost, _k)


# ------------------------------------------------------------------------------------------------- records and halves


def opened_by_transfer() -> Forgery:
    """A transfer's record opens a lot, whose basis is the code of the destination's name."""
    name = "w45874274"
    code = source_code(name)
    assert code[0] < 1 << 24 > code[1] and code[2] < 1 << 16, "only such a code can be read as a value"
    value = code[0] + (code[1] << 24) + (code[2] << 48)

    class Opens(Scribe):
        def __init__(self, trades: Any, election: Any) -> None:
            kept = [replace(t, kind=Kind.BUY, amount=value, to="") if t.to else t for t in trades]
            super().__init__(kept, election)

    return run([replace(MOVE_IT, to=name), replace(THERE, source=name), SELL], operations=told_by(Opens))


def goes_on_nowhere() -> Forgery:
    """Five units sold of one: the table ends with an unfinished part."""

    class Short(Scribe):
        def parts(self, trade: int, entries: Any) -> Any:
            yield entries[0], entries[0].quantity

    lot = replace(CARRIED[0], quantity=1 << 60, amount=1 << 34)
    passed = [replace(MOVE_IT, id=f"m{n}", time=MOVE_IT.time + n) for n in range(15)]

    def unfinished(sheet: Sheet) -> None:
        (row,) = sheet.rows("is_settle")
        sheet.set(row, more=1)
        holds(sheet, 0, row, HELD)
        sheet.put(0, "rest_quantity", [4 << 60 >> 24 * k & 0xFFFFFF for k in range(5)])

    rows = [*passed, replace(SELL, quantity=5 << 60, amount=0)]
    return run(rows, basis="universal", carried=[lot], operations=told_by(Short), steps=unfinished, idle=0)


RECORD = (
    *("code_close", "code_move", "side", "negative", "to", "time0", "time1", "time2", "tie", "source", "position"),
    "phase",
    *(f"asset{i}" for i in range(6)),
    *(f"b{i}" for i in range(14)),
    *(f"rest_quantity{i}" for i in range(5)),
)


def arrives_nowhere() -> Forgery:
    """A lot vanishes: carried in at `b`, moved to `a` and back again; the table ends before it arrives.

    What should follow the last row is the first, which loads the lot and so has its asset, value, unit basis, age and
    the wallet `b`. The rest of the record is free there.
    """

    class Left(Scribe):
        def final(self) -> list[Any]:
            return []

    lot = trade("2023-06-01", "b/0", "buy", 1, 100)
    passed = [trade(f"2023-01-{n:02}", f"a/p{n}", "buy", 1, 5) for n in range(1, 16)]
    moves = [trade("2024-02-01", "b/1", "transfer", 1, to="a"), trade("2024-03-01", "a/2", "transfer", 1, to="b")]

    def cut(sheet: Sheet) -> None:
        row = sheet.rows("is_out")[-1]
        sheet.copy_row(len(sheet["clk"]) - 1, row + 1)
        holds(sheet, 0, row, RECORD)

    forged = run([*passed, *moves], carried=[lot], operations=told_by(Left), steps=cut, idle=0)
    pools = forged.sheet("pools")
    (away,) = (row for row in pools.rows("active") if pools["wallet"][row] == 2)
    pools.set(away, last_write=forged.sheet("steps").rows("is_out")[0] + 1)
    forged.recount()
    return forged


term_lie("steps.open_code without code_move", opened_by_transfer)
term_lie("steps.ends_whole without is_out", arrives_nowhere)
term_lie("steps.ends_whole without more", goes_on_nowhere)


# --------------------------------------------------------------------------------------------------- lists and wallets


def closed_second_first() -> Forgery:
    """The second lot of a list is carried out before the first, its head."""

    class Turned(Scribe):
        def final(self) -> list[Any]:
            first, second = super().final()
            return [second, first]

    def linked(sheet: Sheet) -> None:
        keys = [sheet.get(row, "key") for row in range(2)]
        tail = sheet.get(1, "node_next_key")
        sheet.set(2, pred=1, pred_write=2, pred_age0=0, pred_next=2, node_write=2, node_age0=0, node_next=0)
        sheet.set(3, pred=0, pred_write=1, pred_age0=2, pred_next=1, node_write=3, node_age0=0, node_next=0)
        for row, before, own in ((2, keys[0], keys[1]), (3, [0] * 8, keys[0])):
            sheet.put(row, "pred_key", before)
            sheet.put(row, "pred_next_key", own)
            sheet.put(row, "key", own)
            sheet.put(row, "node_next_key", tail)

    return run([BUY, SECOND], operations=told_by(Turned), steps=linked)


def moved_second_first() -> Forgery:
    """FIFO: a transfer takes the second lot of the list."""

    class Second(Scribe):
        def parts(self, trade: int, entries: Any) -> Any:
            yield (entries[1] if trade == 2 else entries[0]), self.trades[trade].quantity

    return run([BUY, SECOND, MOVE_IT], operations=told_by(Second))


def named_otherwise(which: str, name: str) -> Callable[..., Inventory]:
    """The first lot of the opening or closing inventory lies in another wallet."""

    def inventory(lots: Any, unit: Any, term: Any, year: int, seed: bytes, label: str) -> Inventory:
        lots = lots.copy()
        if label.startswith("opening") == (which == "opening"):
            lots[0, 6:9] = source_code(name)
        return commit_inventory(lots, unit, term, year, seed, label)

    return inventory


def misplaced(flag: str, which: str) -> Forgery:
    """An inventory says that a lot lies in wallet b; the machine loads it into a's list, or closes it from there."""

    def names(sheet: Sheet) -> None:
        row = sheet.rows(flag)[0]
        sheet.set(row, to=1)
        sheet.put(row, "rest_value", source_code("b"))

    rows = [SELL, THERE] if flag == "is_load" else [BUY, THERE]
    forged = run(
        sorted(rows, key=lambda t: t.time),
        carried=CARRIED if flag == "is_load" else [],
        replace={"commit_inventory": named_otherwise(which, "b")},
        steps=names,
    )
    sheet = forged.sheet("sources")
    sheet.set(0, count=int(sheet["count"][0]) - 1)
    sheet.set(1, count=int(sheet["count"][1]) + 1)
    return forged


def load_skipped() -> Forgery:
    """The second lot carried in stands a place further in the inventory."""
    lots = [replace(CARRIED[0], id=f"c{n}", time=CARRIED[0].time + n) for n in range(2)]
    return run([SELL], carried=lots, replace=with_hole(TREE_OPENING, 1), steps=counted("is_load", 1))


def passed_over() -> Forgery:
    """Wallet pooling: a transfer is without effect, and its lot is sold where it was."""

    class Skips(Scribe):
        def skips(self, trade: int) -> bool:
            return trade == 1

    return run([BUY, MOVE_IT, SELL], operations=told_by(Skips))


def unlisted(flag: str) -> Forgery:
    """A lot is carried in, or out, under a name that is not in the statement's list."""
    inventory = named_otherwise("opening" if flag == "is_load" else "closing", "z")

    def names(sheet: Sheet) -> None:
        sheet.put(sheet.rows(flag)[0], "rest_value", source_code("z"))

    rows, carried = ([SELL], CARRIED) if flag == "is_load" else ([BUY], [])
    forged = run(rows, carried=carried, replace={"commit_inventory": inventory}, steps=names)
    sheet = forged.sheet("sources")
    sheet.set(0, count=int(sheet["count"][0]) - 1)
    return forged


term_lie("steps <- source without public5*(is_close+is_load)", unlisted, "is_close")
term_lie("steps <- source without is_close", unlisted, "is_close")
term_lie("steps <- source without is_load", unlisted, "is_load")
term_lie("steps.head without is_close", closed_second_first)
term_lie("steps.head without is_out", moved_second_first)
term_lie("steps.wallet_to without is_load", misplaced, "is_load", "opening")
term_lie("steps.wallet_to without is_close", misplaced, "is_close", "closing")
term_lie("steps.wallet_to without public5*(is_close+is_load)", misplaced, "is_load", "opening")
term_lie("steps.inventory_step without is_load*is_load'", load_skipped)
term_lie("steps.skip_why without -public5", passed_over)
for _cut in (0, 1, 2, *range(4, 11)):
    term_lie(f"totals.whole without position{_cut}", _whole, _cut)


# ------------------------------------------------------------------------------------------------ what needs no witness

IMPLIED = {
    "steps.*_marked without *_at*": "a mark is a bit, so where the others are 0 their sum is a bit without this term",
    "steps.one_kind without *": "the flag is a bit by itself, and where it is set the other factor still asks for one",
    "steps.load_alone without *": "a row that also loads uses each link twice; such a chain has no head",
    "steps.idle_last without *": "what follows a part of a lot is its second half, whatever is said here",
    "steps.first_start without *": "nothing can be taken on the first row: no content is older",
    "steps.order_equal* without -is_load": "it asks more of the last row that loads",
    "totals.position_step without *": "an active row has one position, and after 0 to 9 none but the next is accepted",
    "steps.*_earlier without -32768**": "honest runs of more than 2^15 rows, which are not among the boards, break it",
    "steps.loaded_older without -32768**": "honest runs that carry in lots 2^15 trades old break it",
    "steps.order_gap without -32768*order_high": "honest runs with one instant's trades 2^15 places apart break it",
}
"""Mutants that accept nothing new, or that longer honest runs break; docs/adr/0009 has the arguments."""

"""Whole links of lot-machine/v2: every cell of a used row is tied to something, in every table.

Another value in a cell breaks a constraint or a bus. Which columns are free on which rows is listed, after somebody who
did not build the tables asked of each what it could be used for; one that becomes free is a change that someone must
mean. All but one are cells that no constraint and no message reads on that kind of row. `count` of the calendar and of
pages may be any element: a look-up finds what the statement lists, however often.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.adversary.kit.local import Board
from tests.models.lot_machine_v2.histories import UNIT, at, make_history
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import OUT, pages, rules, story
from tests.models.lot_machine_v2.words import DAY, Page, Rec
from tests.support import whole_links as support
from tests.support.counts import count
from zkharvest.circuit.lot_machine.v2.steps.kinds import KINDS
from zkharvest.spec import P

CUTS = [(at(2023), at(2024), 2023), (at(2024), at(2024, 7), 2024), (at(2024, 7), at(2025), 2024)]
PARTED, LATER = ("take", "out", "drop", "send", "arrive"), ", a later part"
HASHES = ("is_record", "is_pair", "is_register", "is_second", "is_node")

LOOKED_UP = "day day_start day_end day_long interval fee page_early page_late page_first page_last"
"""On the first row of a record only."""
OWN_LINK = "key node_age node_next node_next_key node_write"  # of an entry that comes, or goes
LIST = f"{OWN_LINK} node pred pred_age pred_key pred_next pred_next_key pred_write"
LOT = "acquired long_from lot_seq own unit"
DISPOSAL = "covered held_long long_term loss recent"
TOKEN = "token_last token_part token_ref token_seq"
CONTENT = "content_age content_write"
FLAGS = "code_closes code_inward code_joined code_money code_negative kind_bit"
RECORD = f"{FLAGS} {LOOKED_UP} class_kind page phase position"
NO_PART = f"{DISPOSAL} {RECORD} rest_quantity rest_value"

ENDS = " ".join(f"carry_{part}{lane}" for part in ("low", "high") for lane in (19, 22, 25, 26, 27))
"""Carries out of the last byte of a number, in the second row of a register: nothing takes them."""
FREE = {
    "load": f"{NO_PART} {CONTENT} {TOKEN} b e g left_inverse past r ref time2 code_moves",
    "load_token": f"{NO_PART} {CONTENT} {LIST} own c e g left_inverse place r ref time2 code_moves code_short",
    "skip": f"{DISPOSAL} {CONTENT} {LIST} {LOT} {TOKEN} a b c class_kind e g inventory left_inverse past q r",
    "open": f"{DISPOSAL} {CONTENT} {TOKEN} e g inventory left_inverse node_age past",
    "take": f"{OWN_LINK} {TOKEN} inventory left_inverse past2",
    "settle": f"{LOOKED_UP} {CONTENT} {LIST} {LOT} {TOKEN} held_long inventory past recent",
    "out": f"{DISPOSAL} {OWN_LINK} inventory left_inverse past token_last token_ref token_seq",
    "send": f"{DISPOSAL} {CONTENT} {LIST} own g inventory past q r token_ref token_seq",
    "drop": f"{DISPOSAL} {OWN_LINK} {TOKEN} inventory left_inverse past",
    "gone": f"{DISPOSAL} {LOOKED_UP} {CONTENT} {LIST} {LOT} {TOKEN} a g inventory past q r rest_value",
    "arrive": f"{DISPOSAL} g inventory left_inverse node_age q r",
    "close": f"{NO_PART} {TOKEN} b e g left_inverse past q r ref time2 code_moves",
    "close_token": f"{NO_PART} {LIST} content_age own c e g left_inverse place q r ref code_moves code_short",
    "is_pair": "index level tree",  # of a first half: that of its second half counts
    "is_register": "index level tree",
    "prior": "shown carry_low carry_high negative",  # of one carried in nobody is told, and nothing is added up
    "first": "negative",  # of a number that is 0
    "second": f"negative {ENDS}",
    "calendar": "day_count",  # on a row that is no day, which nobody finds
}  # fmt: skip


UNIVERSAL = {"load": "place", "close": "place", "send": f"{LOT} a", "arrive": LIST}
"""Where coins are sent without a lot, and lots are of no account."""


def kind_of(table: str, row: dict[str, int]) -> str:
    """What a row is; empty if it is idle."""
    match table:
        case "steps":
            kind = next((kind for kind in KINDS if row[f"is_{kind}"]), "")
            return kind + LATER * (kind in PARTED and not row["first"])
        case "poseidon":
            return next((kind for kind in HASHES if row[kind]), "")
        case "sums":
            return "prior" if row["prior"] else next((half for half in ("first", "second") if row[half]), "")
        case "calendar":
            return "calendar"
    return table if row["active"] else ""


def carried_story(pooling: str):
    """2024 ends with coins in transit; in 2025 they arrive, late ones too, and one more is sent and stays."""
    a, _ = story(out_time=at(2025) - DAY)
    a = (*a, Rec(at(2024, 12, 31), "open", "X", UNIT, 10**10))
    first = pages(a, ())
    chosen = Book(matched={("B", 1, 0): OUT}, amounts={OUT: 3 * UNIT})
    one = make_link(first, chosen, replace(rules(), pooling=pooling), 2024, None)
    come = Rec(at(2025, 1, 2), "in", "X", 3 * UNIT, ref=7, kind="move")
    sent = Rec(at(2025, 2, 2), "out", "X", 2 * UNIT, ref=9, kind="move")
    a2 = Page("A", "A-1", 1, at(2025), at(2026), (Rec(at(2025, 1, 5), "open", "X", UNIT, 5), sent), first[0].id)
    b2 = Page("B", "B-1", 1, at(2025), at(2026), (come, Rec(at(2025, 3, 2), "close", "X", UNIT, 10**10)), first[1].id)
    chosen.amounts["A", 1, 1] = 3 * UNIT // 2
    two = make_link([a2, b2], chosen, replace(rules(2025, "hifo"), pooling=pooling), 2025, one.closing)
    return one, two


@cache
def board(name: str) -> Board:
    """A link: the story's second, or the last of a year and two halves of a random history."""
    which, pooling = name.split()
    if which == "carried":
        one, two = carried_story(pooling)
        made = support.witness_of(two, support.witness_of(one).closing)
    else:
        history = make_history(3 if pooling == "wallet" else 5, size=40)
        made = list(support.chain_of(history, CUTS, ["fifo", "hifo", "lifo"], pooling, covered=at(2024) // DAY))[
            -1
        ].witness
    found = Board(made, support.description())
    assert found.verdict() == set()
    return found


def free_columns(b: Board, table: str, most: int) -> dict[str, set[str]]:
    """By kind of row the columns in which some value breaks nothing, of at most so many rows a kind."""
    t = b.names.index(table)
    names, trace, rng = b.tables[t]["columns"], b.traces[t], np.random.default_rng(1)
    tried = [c for c, name in enumerate(names) if not name.startswith("blind_")]
    by_kind: dict[str, list[int]] = {}
    for row, cells in enumerate(trace.tolist()):
        by_kind.setdefault(kind_of(table, dict(zip(names, cells, strict=True))), []).append(row)
    found: dict[str, set[str]] = {}
    for kind, rows in by_kind.items():
        if not kind:
            continue
        chosen = [rows[0], *rng.choice(rows, min(most, len(rows)) - 1, replace=False).tolist()]
        for row in chosen:
            # A bit that is none, a number beside the honest one, one that is below zero, and any.
            lies = [(c, v) for c in tried for v in {2, int(trace[row, c] + 1) % P, P - 1, int(rng.integers(P))}]
            lies = [(c, v) for c, v in lies if v != trace[row, c]]
            for start in range(0, len(lies), 500):
                part = lies[start : start + 500]
                broken = b.single(t, [(row, {c: v}) for c, v in part])
                found.setdefault(kind, set()).update(
                    names[c] for (c, _), what in zip(part, broken, strict=True) if not what
                )
            count("cells of lot-machine/v2's tables that were changed", len(lies))
    return found


def listed(pooling: str, kind: str, names: list[str]) -> set[str]:
    """The columns that may be free, from their stems."""
    stems = FREE.get(kind.removesuffix(LATER), "") + " apart"  # read of arrivals that are not late
    if pooling == "universal":
        stems += " " + UNIVERSAL.get(kind.removesuffix(LATER), "")
    if kind.endswith(LATER):
        stems += f" {LOOKED_UP} rest_value" * (kind != "take" + LATER) + f" {LOOKED_UP}"
    return {n for n in names for stem in stems.split() if n == stem or re.fullmatch(rf"{stem}[0-9]+", n)}


def check(name: str, tables: tuple[str, ...], most: int) -> set[str]:
    b, kinds = board(name), set()
    for table in tables:
        names = b.tables[b.names.index(table)]["columns"]
        for kind, free in free_columns(b, table, most).items():
            untied = free - listed(name.split()[1], kind, names)
            assert not untied, (name, table, kind, sorted(untied))
            kinds.add(kind)
    return kinds


def test_another_value_in_a_cell_is_noticed():
    kinds = check("carried wallet", ("steps", "pages", "pools", "calendar"), 1)
    done = {kind.removesuffix(LATER) for kind in kinds}
    assert done == {*KINDS, "pages", "pools", "calendar"} - {"skip"}


@pytest.mark.audit
@pytest.mark.parametrize("name", ["carried wallet", "carried universal", "history wallet", "history universal"])
def test_another_value_in_any_cell_is_noticed(name):
    check(name, ("steps", "poseidon", "sums", "pages", "pools", "calendar"), 6)

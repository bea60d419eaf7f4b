"""Links of the paper model proven whole: its pages hashed, its rows in the machine, its standings committed to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np

from tests.models.lot_machine_v2.chain import Link as ModelLink
from tests.models.lot_machine_v2.histories import YEARS, History, at, pages_for
from tests.models.lot_machine_v2.machine import Rules
from tests.models.lot_machine_v2.owner import make_link
from tests.models.lot_machine_v2.words import DAY, Page
from tests.support.freeze import freeze, given
from tests.support.machine_rows import lanes_of, rows_of
from zkharvest.circuit.lot_machine.v2.calendar import LinkCalendar
from zkharvest.circuit.lot_machine.v2.definition import Definition, define
from zkharvest.circuit.lot_machine.v2.sums.keys import FIELDS, RESULTS, TERMS, field, level_number
from zkharvest.circuit.lot_machine.v2.witness import Figure, Link, LinkWitness, make_witness
from zkharvest.commitment.encoding import SALT, WIDTH
from zkharvest.commitment.page_record import Lanes
from zkharvest.commitment.pages import page_salts
from zkharvest.commitment.poseidon_kernel import compress_many
from zkharvest.commitment.standing import StandingOpening
from zkharvest.commitment.tree import Tree, build_tree
from zkharvest.ledger.regimes.us import long_from
from zkharvest.verifier.public import PublicData

EPOCH = date(1970, 1, 1).toordinal()
LISTED_BEFORE = 550
"""Days that a calendar lists before the window: deposits are declared with them."""


@cache
def definition() -> Definition:
    """The circuit."""
    return define()


@cache
def description() -> dict[str, Any]:
    """As plain data."""
    return definition().circuit.compile()


@cache
def frozen() -> tuple[bytes, Any]:
    """Digest, and the description as the verifier reads it."""
    return freeze(definition().circuit)


def key(level: str, **fields: int) -> tuple[int, ...]:
    """A register's key that has these fields and no other."""
    found = [0] * len(FIELDS)
    found[0] = level_number(level)
    for name, value in fields.items():
        found[field(name)] = value
    return tuple(found)


SHOWN: list[Figure] = [
    (key("NET"), "units"),
    (key("NET"), "proceeds"),
    *(
        (key("L3", term=TERMS.index(term), result=RESULTS.index(result)), "units")
        for term in ("short", "long")
        for result in ("gain", "loss")
    ),
]


def hashed_page(page: Page) -> tuple[Lanes, Tree]:
    """A page of the model as its source commits to it."""
    lanes = np.zeros((len(page.records), WIDTH), np.uint32)
    root_salt, salts = page_salts(sha256(page.id.encode()).digest(), len(lanes))
    if len(lanes):
        lanes[:, : WIDTH - SALT] = [lanes_of(record) for record in page.records]
        lanes[:, WIDTH - SALT :] = salts
    leaves = np.asarray(compress_many(lanes)) if len(lanes) else np.zeros((0, 9), np.uint32)
    return lanes, build_tree(leaves, root_salt)


def calendar_of(link: ModelLink) -> LinkCalendar:
    """Of UTC, as the model has it; to the end of the tax year, as a statement has it."""
    rules = link.rules
    first = rules.start // DAY - LISTED_BEFORE
    days = -(-max(rules.end, rules.year[1]) // DAY) - first
    window = rules.start, rules.end
    periods = [(page.start, page.end) for page in link.pages]
    return LinkCalendar("UTC", long_from, date.fromordinal(EPOCH + first), days, window, rules.year, periods)


def link_of(link: ModelLink, opening: StandingOpening | None, shown: Sequence[Figure] = SHOWN) -> Link:
    """What the circuit's witness is made from."""
    rows, calendar = rows_of(link), calendar_of(link)
    around = replace(
        rows.around,
        page_first=calendar.page_first,
        page_last=calendar.page_last,
        start=calendar.start,
        long_from=calendar.long_at[:-1],
        phase=calendar.phase[:-1],
        day=calendar.day[:-1],
    )
    same_year = link.opening is not None and link.opening.year == link.tax_year
    pages = [hashed_page(page) for page in link.pages]
    closing_key = sha256(f"standing at {link.rules.end}".encode()).digest()
    return Link(pages, replace(rows, around=around), calendar, opening, same_year, closing_key, shown)


LOW = {"least": 5, "machine_least": 5}
"""Heights that no proof has, on which constraints are checked sooner."""


def witness_of(link: ModelLink, opening: StandingOpening | None = None, **least: int) -> LinkWitness:
    """An honest witness; low, unless heights are given."""
    return make_witness(link_of(link, opening), definition=definition(), **(least or LOW))


@dataclass(frozen=True)
class Proven:
    """A link of the model and its witness."""

    link: ModelLink
    witness: LinkWitness


def chain_of(
    history: History,
    cuts: Sequence[tuple[int, int, int]],
    methods: Sequence[str],
    pooling: str,
    covered: int = 0,
) -> Iterator[Proven]:
    """Links of a history at these cuts (start, end, tax year), each from the standing that the one before leaves."""
    opening, before = None, None
    for start, end, year in cuts:
        rules = Rules(start, end, (at(year), at(year + 1)), methods[YEARS.index(year)], pooling, covered_since=covered)
        link = make_link(pages_for(history, start, end), history.book, rules, year, opening)
        witness = witness_of(link, before)
        yield Proven(link, witness)
        opening, before = link.closing, witness.closing


def public_data(made: LinkWitness) -> PublicData:
    """What the verifier is given."""
    return given(made.public, b"a link")

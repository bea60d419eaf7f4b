"""From the machine's rows, the pages and the standing carried in to the witness of a link: a trace a table.

The rows say what the machine does (`rows`); all other tables follow from them and from what is hashed. What a proof
shows follows from them too: roots, figures, public columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.blinding import blind, uniform
from zkharvest.circuit.check import PublicValues
from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.shared.ranges import RANGE_ROWS, range_trace
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.commitment.encoding import digest_elements
from zkharvest.commitment.standing import StandingOpening, nothing_carried
from zkharvest.commitment.tree import Tree
from zkharvest.spec import METHODS, P

from .buses import LOG_ROWS
from .calendar import LinkCalendar, calendar_trace
from .definition import Definition, define
from .limits import MOST_ROWS, TooTall, pair_rows
from .names import Labels, RowNames, rows_at
from .pages import pages_trace
from .pools import pool_order, pools_trace
from .poseidon import Hashes, hash_trace
from .posts import posted
from .rows import MachineRows, Op
from .standings import lots_of, tokens_of
from .steps.fill import StepsWitness, lay_out
from .sums.fill import Shown, figures, lane_values, must_be_shown, sums_trace, used_rows
from .sums.keys import FIELDS
from .sums.registers import Registers, registers

Cells = NDArray[np.uint32]
Page = tuple[Cells, Tree]
"""A page: the hash inputs of its records (n, 24), and the tree over them."""
Figure = tuple[tuple[int, ...], str]
"""A figure that is shown: a register's key, and a group of its lanes."""

LEAST = 12
SHORTEST = 4
"""Every table has the fewest rows that hold it, but at least 2^LEAST, and at least 2^-SHORTEST of the tallest: a lower
one saves next to nothing, and how many pools there are does not show below that. The machine and its hashes have at
least the circuit's own least."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link is proven from.

    pages: in the order of the statement; rows: the machine's, of these pages and of `opening`; opening: the standing
    carried in, None in a first link; same_year: whether it is of this tax year; closing_key: of the salts of the
    standing carried out; shown: the figures of the statement beside the counters that it must show; labels: for the
    checker's report.
    """

    pages: Sequence[Page]
    rows: MachineRows
    calendar: LinkCalendar
    opening: StandingOpening | None
    same_year: bool
    closing_key: bytes
    shown: Sequence[Figure] = ()
    labels: Labels = field(default_factory=Labels)


@dataclass(frozen=True)
class LinkWitness:
    """Everything a proof of one link is made from.

    traces: (2^height, columns) canonical elements, one a table in the circuit's order; closing: what opens the standing
    carried out; found: the registers; shown: those of the figures, with the group of lanes; public: the statement's
    values; names: what a row is about.
    """

    traces: dict[str, Cells]
    closing: StandingOpening
    found: Registers
    shown: Shown
    public: PublicValues
    names: RowNames

    @cached_property
    def heights(self) -> tuple[int, ...]:
        """log2 of every table's rows."""
        return tuple(len(trace).bit_length() - 1 for trace in self.traces.values())


def make_witness(
    link: Link, *, definition: Definition | None = None, least: int = LEAST, machine_least: int = LOG_ROWS[0]
) -> LinkWitness:
    """Fill every table.

    `least` is the lowest height of a table, as its log2 (`ParameterSet.least_log_rows`), `machine_least` that of the
    machine and its hashes: below the circuit's own there is no proof, but the constraints can be checked.

    Raises InputError if the link needs more rows than the circuit allows; ValueError for rows that are not of these
    pages and this standing, or sums that have no place (`registers`).
    """
    made = definition or define(constrained=False)
    rows = link.rows
    opening = _opened(link)
    hashes = Hashes()
    for number, (leaves, tree) in enumerate(link.pages):
        hashes.add_page(leaves, tree, number)
    nothing = nothing_carried()
    carried = (opening.pairs, opening.registers) if opening is not None else (nothing, nothing)
    hashes.add_standing(*carried, out=False)

    lots, tokens = lots_of(rows, Op.CLOSE), tokens_of(rows, Op.CLOSE_TOKEN)
    hashed = hashes.count + pair_rows(len(lots) + len(tokens)) + pair_rows(0)
    if hashed > MOST_ROWS:
        raise TooTall(f"their pages and standings take {hashed:,} rows")
    filled = _machine(made, rows, max(1 << machine_least, hashed >> SHORTEST))
    publics = _scalars(made, link)
    numbered = dict(enumerate(publics[name] for name in made.circuit.public_names))
    keys, slots = posted(made.tables["steps"], made.buses.sums.post, filled.trace.cells, filled.plan.used, numbered)
    wanted = np.array([key for key, _ in link.shown], np.int64).reshape(-1, len(FIELDS))
    before = Registers.of_lanes(opening.keys, opening.lanes) if opening is not None else None
    found = registers(keys, slots, wanted, opening=before, same_year=link.same_year)
    if used_rows(found) > MOST_ROWS:
        raise TooTall(f"their sums take {used_rows(found):,} rows")
    own, out = found.own(), found.carried_out()
    closing = StandingOpening(lots, tokens, out.keys, lane_values(out), link.closing_key)
    hashes.add_standing(closing.pairs, closing.registers, out=True)
    inputs, marks = hashes.rows()

    high = max((len(inputs) - 1).bit_length(), machine_least, _log(filled.plan.height) - SHORTEST)
    if 1 << high > MOST_ROWS:
        raise TooTall(f"their pages and standings take {len(inputs):,} rows")
    if high - SHORTEST > _log(filled.plan.height):  # only where the registers carried out make the hashes so tall
        filled = _machine(made, rows, 1 << high - SHORTEST)
    n = max(high, _log(filled.plan.height))

    def short(used: int) -> int:
        """Rows of a table that needs `used`: it is at most 16 times shorter than the tallest of machine and hashes."""
        return 1 << max((used - 1).bit_length(), least, n - SHORTEST)

    declared = np.flatnonzero((rows.op == Op.OPEN) & (rows.declared == 1))
    shown = _shown(own, link.shown)
    tables = made.tables
    traces: dict[str, Cells] = {
        "steps": filled.trace.table,
        "poseidon": hash_trace(tables["poseidon"], inputs, marks, 1 << high),
        "sums": sums_trace(made.sums, found, shown, short(used_rows(found))),
        "pages": pages_trace(tables["pages"], _listed(rows), rows.records.page, short(len(link.pages))),
        "pools": pools_trace(tables["pools"], rows.pools, filled.head_write.tolist(), short(len(rows.pools))),
        "calendar": calendar_trace(
            tables["calendar"],
            link.calendar,
            filled.interval,
            rows.entries.day[rows.node[declared]],
            short(len(link.calendar.start)),
        ),
    }
    traces["range"] = range_trace(made.circuit, tables["range"], traces, short(RANGE_ROWS))
    blind(made.circuit, traces, uniform(len(made.circuit.tables)))
    roots = [*carried, closing.pairs, closing.registers]
    for name, pairs in zip(("lots_in", "sums_in", "lots_out", "sums_out"), roots, strict=True):
        publics |= {f"{name}{i}": word for i, word in enumerate(digest_elements(pairs.tree.root))}
    pages = np.array([digest_elements(tree.root) for _, tree in link.pages], np.int64).reshape(-1, 9)
    lists = {
        "pages": np.concatenate([pages, _listed(rows)], axis=1).tolist(),
        "figures": [[value % P for value in record] for record in figures(own, shown)],
    }
    number = list(tables).index("calendar")
    columns = {(number, k): column for k, column in enumerate(link.calendar.columns())}
    public = PublicValues(
        [publics[name] for name in made.circuit.public_names], [lists[of["name"]] for of in made.circuit.lists], columns
    )
    op_of = rows_at(filled.plan.at, filled.plan.end, filled.plan.height)
    pools = rows.pools[pool_order(rows.pools)]
    names = RowNames(link.labels, rows, op_of, marks, found, pools, link.calendar.day)
    return LinkWitness(traces, closing, found, shown, public, names)


def _opened(link: Link) -> StandingOpening | None:
    """The standing carried in. Raises ValueError if the rows load another."""
    lots, tokens = lots_of(link.rows, Op.LOAD), tokens_of(link.rows, Op.LOAD_TOKEN)
    opening = link.opening
    expected = (opening.lots, opening.tokens) if opening is not None else (lots[:0], tokens[:0])
    if not all(np.array_equal(one, other) for one, other in zip((lots, tokens), expected, strict=True)):
        raise ValueError("the machine loads other lots or tokens than the standing carried in has")
    if sum(len(leaves) for leaves, _ in link.pages) != len(link.rows.records.page):
        raise ValueError("the machine works other records than the pages have")
    return opening


def _log(rows: int) -> int:
    """log2 of a power of two."""
    return rows.bit_length() - 1


def _machine(made: Definition, rows: MachineRows, least: int) -> StepsWitness:
    """The table `steps`, filled, of at least so many rows."""
    used = lay_out(rows, MOST_ROWS << 10).used
    if used > MOST_ROWS:
        raise TooTall(f"taking their lots takes {used:,} rows")
    needed = max(used, least)
    machine = StepsWitness(made.steps, rows, 1 << (needed - 1).bit_length())
    machine.fill()
    return machine


def _scalars(made: Definition, link: Link) -> dict[str, int]:
    """The public scalars by name but for the roots, which are 0 yet."""
    around = link.rows.around
    given = dict.fromkeys(made.circuit.public_names, 0)
    given |= {method: int(method == around.method) for method in METHODS}
    given |= {"wallet": int(around.wallet), "covered": around.covered % P, "same_year": int(link.same_year)}
    return given | {f"end{i}": int(limb) for i, limb in enumerate(words.limbs15(np.array([around.window_end]))[0])}


def _listed(rows: MachineRows) -> Ints:
    """Pages as the statement lists them (n, 8), but for their roots."""
    around = rows.around
    return np.column_stack((around.page_code, around.page_early, around.page_late, around.page_first, around.page_last))


def _shown(own: Registers, wanted: Sequence[Figure]) -> Shown:
    """What is shown, by the register's number, the counters that must be shown with it."""
    place = {tuple(key): number for number, key in enumerate(own.keys.tolist())}
    return sorted({(place[tuple(key)], group) for key, group in wanted} | set(must_be_shown(own)))

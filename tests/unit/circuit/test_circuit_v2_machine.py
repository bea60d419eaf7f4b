"""The machine of lot-machine/v2 on honest histories: no constraint is broken, it posts what the paper model posts."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adversary.kit.local import Board
from tests.models.lot_machine_v2.histories import YEARS, at, make_history, pages_for
from tests.models.lot_machine_v2.machine import Rules
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import IN, OUT, T, carried, honest, pages, rules, story
from tests.models.lot_machine_v2.words import DAY, Page, Rec
from tests.support import machine_circuit as machine
from tests.support.counts import count
from tests.support.machine_rows import posts_of, rows_of
from zkharvest.circuit.check import check
from zkharvest.circuit.lot_machine.v2.rows import Op
from zkharvest.circuit.lot_machine.v2.steps.fill import lay_out
from zkharvest.commitment.page_record import Flag
from zkharvest.errors import InputError

METHODS = ("fifo", "lifo", "hifo", "lofo")


def links(history, cuts, methods, pooling, covered=0):
    """Links of a history at these cuts (start, end, tax year), each under the method of its year."""
    opening = None
    for start, end, year in cuts:
        made = Rules(start, end, (at(year), at(year + 1)), methods[YEARS.index(year)], pooling, covered_since=covered)
        link = make_link(pages_for(history, start, end), history.book, made, year, opening)
        yield link
        opening = link.closing


def fits(link):
    """The link's rows break nothing and post what the model posts."""
    made = machine.run(link)
    assert Board(made, machine.description()).verdict() == set()
    assert machine.registers_of(made) == posts_of(link)
    return made


@given(
    st.integers(0, 10**9),
    st.sampled_from(["wallet", "universal"]),
    st.lists(st.sampled_from(METHODS), min_size=3, max_size=3),
)
@settings(max_examples=25, deadline=None)
def test_three_years_of_random_histories(seed, pooling, methods):
    """Several accounts, moves with times of their own, deposits of all sorts; every register to the last digit."""
    history = make_history(seed)
    cuts = [(at(year), at(year + 1), year) for year in YEARS]
    for link in links(history, cuts, methods, pooling, covered=at(2024) // DAY):
        fits(link)
        count("links of lot-machine/v2's machine that post what the model posts", 1)


@pytest.mark.parametrize("seed", range(4))
def test_years_in_segments(seed):
    """Windows that begin and end inside a day, pages that go on behind them: skipped records at both ends."""
    history, rng, cuts = make_history(seed), Random(seed), []
    for year in YEARS:
        inner = sorted({rng.randrange(at(year) + 1, at(year + 1)) for _ in range(2)})
        inner = [cut for cut in inner if not any(e.record.time < cut <= e.worked for e in history.events)]
        cuts += [(a, b, year) for a, b in pairwise([at(year), *inner, at(year + 1)])]
    skipped = sum(len(fits(link).at("skip")) for link in links(history, cuts, METHODS[:3], "wallet"))
    assert skipped > 0


def test_history_before_the_tax_year_is_of_level_0():
    history = make_history(5)
    whole = make_link(
        pages_for(history, at(2023), at(2026)), history.book,
        Rules(at(2023), at(2026), (at(2025), at(2026)), "fifo", "wallet"), 2025, None,
    )  # fmt: skip
    made = fits(whole)
    assert {key[0] for key in machine.registers_of(made)} >= {1, 2}


def test_a_shortfall_is_dropped_behind_the_tokens():
    """Two tokens, the second of which leaves a rest of its lot, and then what nobody received."""
    a, b = story(in_quantity=3 * 10**18 - 5, out_ref=0)
    link = make_link(pages(a, b), Book(matched={IN: OUT}, amounts={OUT: b[0].quantity}), rules(), 2024, None)
    made = fits(link)
    assert len(made.at("send")) == 2
    assert len(made.at("gone")) == 1


def test_tokens_go_over_a_year_with_and_without_a_reference():
    for ref, when in ((7, at(2024, 7, 1)), (0, at(2025) - 2 * DAY)):
        first = carried(ref, when)
        fits(first)
        come = Rec(at(2025, 1, 8), "in", "X", 3 * 10**18, ref=ref)
        book = Book(matched={("B", 1, 0): OUT}, amounts={OUT: 3 * 10**18}, seqs={OUT: first.closing.tokens[0].seq})
        made = [
            Page("A", "A-1", 1, at(2025), at(2026), (), first.pages[0].id),
            Page("B", "B-1", 1, at(2025), at(2026), (come,), first.pages[1].id),
        ]
        second = fits(make_link(made, book, rules(2025), 2025, first.closing))
        assert len(second.at("load_token")) == len(second.at("arrive")) == 2
        assert second.get(second.at("arrive")[0], "named") == int(ref != 0)


def test_a_year_without_records_carries_on_what_there_is():
    """Lots and tokens go through; nothing is posted but what is in transit. A first link of nothing has idle rows."""
    first = carried(7, at(2024, 7, 1))
    made = [
        Page(page.source, page.account, 1, at(2025), at(2026), (), page.id) for page in first.pages
    ]  # fmt: skip
    second = fits(make_link(made, Book(), rules(2025), 2025, first.closing))
    assert len(second.at("load_token")) == len(second.at("close_token")) == 2
    nothing = [Page("A", "A-1", 0, at(2024), at(2025), ())]
    assert fits(make_link(nothing, Book(), rules(), 2024, None)).rows.op.tolist() == []


def test_a_clock_that_ran_behind():
    link = honest(in_time=T - 1234)
    made = fits(link)
    (first, *_) = made.at("arrive")
    assert (made.get(first, "late"), made.get(first, "shift0")) == (1, 1234)
    assert fits(honest(in_time=T)).get(first, "late") == 1


def test_specific_identification_takes_any_lot():
    """Keys are 0, and a part may be of a lot that is not the first: here the second of two, whole."""
    lots = [Rec(T + n, "open", "X", 10 + n, 100 * (n + 1)) for n in range(2)]
    sale = Rec(T + DAY, "close", "X", 11, 500)
    link = make_link([Page("A", "A-1", 0, at(2024), at(2025), (*lots, sale))], Book(), rules(), 2024, None)
    rows = rows_of(link)
    rows = replace(rows, around=replace(rows.around, method="specific"))
    assert Board(machine.run(link, rows=rows), machine.description()).verdict() == set()
    take = np.flatnonzero(rows.op == Op.TAKE)
    assert len(take) == 2  # under FIFO the first lot whole and one of the second
    keep = np.arange(len(rows.op)) != take[1]
    columns = {name: getattr(rows, name)[keep].copy() for name in rows.__slots__ if len_of(rows, name) == len(keep)}
    picked = replace(rows, **columns)
    n, close = int(take[0]), len(picked.op) - 1
    for name, value in {
        "node": 1, "pred": 0, "next": -1, "lot_lo": 11, "lot_value": 200, "part_lo": 11, "part_value": 200,
        "close_value": 500,
    }.items():  # fmt: skip
        getattr(picked, name)[n] = value
    for name, value in {"node": 0, "next": -1, "lot_lo": 10, "lot_value": 100}.items():
        getattr(picked, name)[close] = value
    assert Board(machine.run(link, rows=picked), machine.description()).verdict() == set()
    under_fifo = replace(picked, around=replace(picked.around, method="fifo"))
    assert Board(machine.run(link, rows=under_fifo), machine.description()).verdict() == {"steps.head"}


def len_of(rows, name):
    value = getattr(rows, name)
    return len(value) if isinstance(value, np.ndarray) and value.ndim == 1 else -1


def test_the_checker_says_so_too():
    made = machine.run(honest())
    assert check(machine.description(), list(made.traces.values()), made.public) == []


# ------------------------------------------------------------------------------------------------ refused


@pytest.mark.parametrize("flag", [Flag.UNVALUED, Flag.CONVERT, Flag.FLAT])
def test_records_of_later_stages_are_refused_by_name(flag):
    rows = rows_of(honest())
    rows.records.lanes[1, 0] += int(flag)
    with pytest.raises(InputError, match=f"page 0, record 1: {flag.name.lower()}: cannot be proven yet"):
        machine.run(honest(), rows=rows)


def test_moves_that_are_none_are_refused_by_record():
    rows = rows_of(honest())
    rows.tokens.ref[:, 0] += 1
    with pytest.raises(InputError, match=r"page 1, record 0: no common reference, and not within 12\.4 days: no move"):
        machine.run(honest(), rows=rows)
    rows = rows_of(honest(out_ref=0, in_ref=0))
    rows.tokens.time[:] -= 1 << 30
    with pytest.raises(InputError, match="no common reference"):
        machine.run(honest(), rows=rows)
    rows = rows_of(honest())
    order = np.array([0, 1, 4, 5, 2, 3, 6, 7, 8, 9])
    for name in rows.__slots__:
        if len_of(rows, name) == len(order):
            getattr(rows, name)[:] = getattr(rows, name)[order]
    with pytest.raises(InputError, match="page 1, record 0: the deposit is worked before its withdrawal"):
        machine.run(honest(), rows=rows)


def test_rows_that_do_not_fit_are_refused():
    rows = rows_of(honest())
    assert lay_out(rows, 16).used == 13
    with pytest.raises(ValueError, match="13 rows do not fit in 12"):
        lay_out(rows, 12)


# ------------------------------------------------------------------------------------------------ size


def test_columns_and_degrees():
    """What docs/lot-machine-v2.md says of the table."""
    table = machine.definition()[1].t
    assert (len(table.columns) - 3, 5 * len(table.groups())) == (336, 200)
    assert max(table._group_degree(group) for group in table.groups()) == 4

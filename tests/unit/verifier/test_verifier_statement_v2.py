"""The statement of version 2: every key, type and value of it, and what the circuit gets of it."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import IN, OUT, pages, rules, story, two_years
from tests.support.links import Translator
from zkharvest.circuit.lot_machine.v2.calendar import DAY_ZERO, LinkCalendar
from zkharvest.ledger.regimes import us
from zkharvest.spec import EMPTY_TREE, METHODS, account_code
from zkharvest.verifier import circuits, figures, wire
from zkharvest.verifier import statement_v2 as module
from zkharvest.verifier.calendar import check_zone
from zkharvest.verifier.link import read_link
from zkharvest.verifier.link_public import calendar_columns, calendar_rows, public_data
from zkharvest.verifier.public import check
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.statement_v2 import read_statement_v2
from zkharvest.verifier.values import words

ONE, TWO = two_years()
TRANSLATOR = Translator(ONE, TWO)
GOOD = TRANSLATOR.statement(TWO)


def reason(statement):
    with pytest.raises(Reject) as error:
        read_link(statement)
    return error.value.reason


def changed(*path, to):
    """The statement with the value at a path replaced."""
    made = copy.deepcopy(GOOD)
    at_ = made
    for step in path[:-1]:
        at_ = at_[step]
    at_[path[-1]] = to
    return made


@pytest.mark.parametrize("key", sorted(GOOD))
def test_every_key_is_required_and_of_its_type(key):
    assert reason({k: v for k, v in GOOD.items() if k != key}) is Reason.STATEMENT_FIELDS
    for wrong in (1.5, True, b"x", "x", [1], {"x": 1}):
        if type(wrong) is type(GOOD[key]):
            continue
        allowed = (Reason.STATEMENT_FIELDS, Reason.STANDING_FORM)
        assert reason({**GOOD, key: wrong}) in allowed, (key, wrong)
    assert reason({**GOOD, "more": 1}) is Reason.STATEMENT_FIELDS


@pytest.mark.parametrize(
    ("path", "wrong", "wanted"),
    [
        (("v",), 1, Reason.STATEMENT_VALUE), (("v",), 3, Reason.STATEMENT_VALUE),
        (("holding",), "none", Reason.STATEMENT_VALUE), (("year",), 1970, Reason.STATEMENT_VALUE),
        (("method",), "average", Reason.STATEMENT_VALUE), (("pooling",), "both", Reason.STATEMENT_VALUE),
        (("timezone",), "a b", Reason.STATEMENT_VALUE), (("currency",), "U$", Reason.STATEMENT_VALUE),
        (("covered",), "2025-02-30", Reason.STATEMENT_VALUE), (("covered",), "1999-12-31", Reason.STATEMENT_VALUE),
        (("covered",), "2100-01-01", Reason.STATEMENT_VALUE), (("covered",), 7, Reason.STATEMENT_FIELDS),
        (("window", "from"), -1, Reason.STATEMENT_VALUE), (("window", "to"), 2**44, Reason.STATEMENT_VALUE),
        (("window", "to"), GOOD["window"]["from"], Reason.STATEMENT_VALUE),
        (("window",), {"from": 0}, Reason.STATEMENT_FIELDS), (("window", "from"), True, Reason.STATEMENT_FIELDS),
        (("circuit",), {"id": "x"}, Reason.STATEMENT_FIELDS), (("circuit", "id"), "", Reason.STATEMENT_VALUE),
        (("context", "nonce"), bytes(33), Reason.STATEMENT_FIELDS),
        (("context", "audience"), "a\n", Reason.STATEMENT_VALUE),
        (("context", "link"), 1, Reason.STATEMENT_VALUE), (("context", "links"), 0, Reason.STATEMENT_VALUE),
        (("context", "links"), 257, Reason.STATEMENT_VALUE), (("context", "link"), True, Reason.STATEMENT_FIELDS),
        (("calendar", "first_day"), "1999-12-31", Reason.STATEMENT_CALENDAR),
        (("calendar", "days"), 364, Reason.STATEMENT_CALENDAR), (("calendar", "days"), True, Reason.STATEMENT_FIELDS),
        (("calendar", "offsets"), [[0, 0], [400, 3600]], None),
        (("calendar", "offsets"), [], Reason.STATEMENT_CALENDAR),
        (("accounts",), [], Reason.STATEMENT_VALUE), (("accounts",), GOOD["accounts"][::-1], Reason.LINK_SOURCES),
        (("accounts",), [GOOD["accounts"][0]] * 2, Reason.LINK_SOURCES),
        (("accounts", 0, "source"), "", Reason.STATEMENT_VALUE),
        (("accounts", 0), {"source": "A"}, Reason.STATEMENT_FIELDS),
        (("pages", 0), {"account": 0}, Reason.STATEMENT_FIELDS), (("pages", 0, "account"), 2, Reason.STATEMENT_VALUE),
        (("pages", 0, "account"), -1, Reason.STATEMENT_VALUE), (("pages", 0, "header"), b"", Reason.PAGE_FORM),
        (("pages", 0, "header"), b"\x80", Reason.PAGE_FORM), (("pages",), [], Reason.PAGE_MISSING),
        (("carried_in", "lots"), b"\xff" * 36, Reason.STANDING_VALUE),
        (("carried_in", "v"), 3, Reason.STANDING_VERSION),
        (("carried_in",), {}, Reason.STANDING_FORM), (("carried_out",), {"lots": bytes(36)}, Reason.STATEMENT_FIELDS),
        (("carried_out", "sums"), b"\xff" * 36, Reason.STATEMENT_VALUE),
        (("carried_out", "lots"), bytes(35), Reason.STATEMENT_FIELDS),
    ],
)  # fmt: skip
def test_values_that_no_statement_has(path, wrong, wanted):
    if wanted is None:
        assert read_link(changed(*path, to=wrong))
    else:
        assert reason(changed(*path, to=wrong)) is wanted


def test_pages_of_a_newer_form_leave_it_undecided():
    header = {**wire.decode(GOOD["pages"][0]["header"]), "v": 3}
    found = reason(changed("pages", 0, "header", to=wire.encode(header)))
    assert found is Reason.PAGE_VERSION
    assert found.verdict == "undecided"
    broken = {**wire.decode(GOOD["pages"][0]["header"]), "from": 5, "to": 5}
    assert reason(changed("pages", 0, "header", to=wire.encode(broken))) is Reason.PAGE_VALUE


def test_two_accounts_that_the_circuit_would_mix_up_are_refused(monkeypatch):
    """No two texts with one code are known; registers are ordered by 72 bits of it."""
    monkeypatch.setattr(module, "account_code", lambda source, account: (1, 2, 3, len(source)))
    assert reason(GOOD) is Reason.LINK_CODES


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_any_value_in_any_place_is_taken_or_refused_with_a_reason(data):
    """Whatever stands where: a link, or a reason of the statement's stages; the verifier never raises."""
    junk = st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=6) | st.binary(max_size=40),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
        max_leaves=5,
    )
    made = copy.deepcopy(GOOD)
    at_, path = made, []
    while isinstance(at_, dict | list) and at_:
        step = data.draw(st.sampled_from(sorted(at_)) if isinstance(at_, dict) else st.integers(0, len(at_) - 1))
        path.append((at_, step))
        at_ = at_[step]
        if data.draw(st.booleans()):
            break
    parent, step = path[-1]
    parent[step] = data.draw(junk | st.sampled_from(["0", 0, 1, 2**44, bytes(36), bytes(32), [], {}]))
    try:
        read_link(made)
    except Reject as reject:
        assert reject.reason.stage in ("statement", "page", "link", "standing", "circuit")
        assert reject.detail.isprintable()
        assert len(reject.detail) < 400


# ------------------------------------------------------------------------------------------------- public data


class Shape:
    """A description as far as public data look at one."""

    def __init__(self, publics, lists, columns):
        self.publics = publics
        self.lists = [type("List", (), {"name": name})() for name in lists]
        self.tables = [type("Table", (), {"public_columns": columns})()]


SCALARS = [
    *METHODS, "wallet", "same_year", "covered", *(f"end{i}" for i in range(3)),
    *(f"{root}{i}" for root in ("lots_in", "lots_out", "sums_in", "sums_out") for i in range(9)),
]  # fmt: skip
COLUMNS = [*(f"{name}{i}" for name in ("start", "long") for i in range(3)), "phase", "day", "interval"]


def public_of(statement):
    link = read_link(statement)
    found = public_data(link, Shape(SCALARS, ["pages", "figures"], COLUMNS), b"context")
    return link, dict(zip(SCALARS, found.publics, strict=True)), found


def test_public_values_are_the_statement_s():
    link, scalars, found = public_of(GOOD)
    assert [scalars[method] for method in METHODS] == [0, 0, 1, 0, 0]
    assert (scalars["wallet"], scalars["same_year"], scalars["covered"]) == (1, 0, 1)
    assert sum(scalars[f"end{i}"] << 15 * i for i in range(3)) == at(2026)
    for name, root in (("lots_in", link.opening.lots), ("sums_out", link.statement.sums_out)):
        assert tuple(scalars[f"{name}{i}"] for i in range(9)) == words(root)
    listed, shown = found.lists
    assert listed == tuple(
        (*words(page.header.root), *account_code(page.header.source, page.header.account), 0, 0, 1, 365)
        for page in link.statement.pages
    )
    lanes = sum(figures.GROUPS[group][1] for figure in link.statement.figures for group in figure.values)
    assert len(shown) == lanes
    assert all(len(one) == 18 for one in shown)
    assert found.context == b"context"


def test_a_first_link_carries_nothing_in():
    _, scalars, _ = public_of(TRANSLATOR.statement(ONE))
    for name in ("lots_in", "sums_in"):
        assert tuple(scalars[f"{name}{i}"] for i in range(9)) == words(EMPTY_TREE)
    assert public_of({**GOOD, "covered": None})[1]["covered"] == 32767


def test_the_pinned_circuit_gets_what_it_asks_for():
    description = circuits.load(next(one for one in circuits.PINNED if one.id == "lot-machine/v2"))
    for statement in (GOOD, TRANSLATOR.statement(ONE)):
        data = public_data(read_link(statement), description, b"context")
        check(description, [13] * len(description.tables), data)
        assert len(data.lists[0]) == 2
    wide = {**GOOD, "calendar": {**GOOD["calendar"], "first_day": "2005-01-01", "days": 7670}}
    with pytest.raises(Reject) as error:
        check(description, [12] * len(description.tables), public_data(read_link(wide), description, b""))
    assert error.value.reason is Reason.PUBLIC_SHAPE


@pytest.mark.parametrize("year", [2024, None])
@pytest.mark.parametrize(
    ("zone", "first_day", "start", "end"),
    [
        ("UTC", "2024-01-01", at(2024), at(2025)),
        ("America/New_York", "2023-07-01", at(2024, 1, 1) + 5 * 3_600_000, at(2024, 7, 1) + 7),
        ("Asia/Tokyo", "2020-01-01", at(2024, 3, 1) + 1, at(2025) - 9 * 3_600_000),
        ("Pacific/Apia", "2011-01-01", at(2024, 3, 1), at(2024, 3, 2)),
    ],
)
def test_the_calendar_s_rows_are_those_of_the_prover(year, zone, first_day, start, end):
    """Computed apart: from the statement's offsets here, from the zone there."""
    first = date.fromisoformat(first_day)
    days = (date(2025, 1, 1) - first).days
    ends = None
    if year is not None:
        table = LinkCalendar(zone, us.long_from, first, days, (start, end), None)
        begins = table.start[table.row_of_day(np.array([(date(2024, 1, 1) - DAY_ZERO).days]))[0]]
        ends = (int(begins), int(table.start[-2]))
    periods = [(page.start, page.end) for page in ONE.pages]
    made = LinkCalendar(zone, us.long_from, first, days, (start, end), ends, periods)
    statement = {
        **TRANSLATOR.statement(ONE), "calendar": made.statement, "timezone": zone, "year": year,
        "window": {"from": start, "to": end},
    }  # fmt: skip
    parts = read_statement_v2(statement)
    columns = calendar_columns(list(calendar_rows(parts)))
    assert [list(columns[name]) for name in COLUMNS] == made.columns()
    assert check_zone(parts.calendar, zone)


def test_what_no_link_has_is_not_given():
    for shape in (Shape(["seq"], [], []), Shape([], ["trades"], []), Shape([], [], ["hour"])):
        with pytest.raises(Reject) as error:
            public_data(read_link(GOOD), shape, b"")
        assert error.value.reason is Reason.PUBLIC_SHAPE


def halves():
    a, b = story()
    half = at(2024, 5, 1) + 12 * 3_600_000
    book = Book(matched={IN: OUT}, amounts={OUT: 3 * UNIT})
    first = make_link(pages(a, b), book, rules(end=half), 2024, None)
    return first, make_link(pages(a, b), book, rules(start=half), 2024, first.closing), half


def test_a_segment_cuts_a_day_and_registers_go_on():
    first, second, half = halves()
    translator = Translator(first, second)
    link, scalars, _ = public_of(translator.statement(second))
    assert scalars["same_year"] == 1
    assert link.early == frozenset({0, 1})
    statement = translator.statement(second)
    statement["calendar"] = {"first_day": "2024-01-01", "days": 366, "offsets": [[0, 0]]}
    rows = list(calendar_rows(read_link(statement).statement))
    assert rows[0] == (0, 0, 2, 0)
    cut = [row for row in rows if row[0] in (at(2024, 5, 1), half)]
    assert [(row[2], row[3]) for row in cut] == [(2, cut[0][3]), (1, cut[0][3])]
    assert cut[0][1] == cut[1][1] == at(2025, 5, 2)
    assert rows[-2:] == [(at(2025), 0, 3, 0), (2**45 - 1, 0, 0, 0)]
    assert [row[2] for row in rows[1:122]] == [2] * 121
    before = Translator(first).statement(first)
    assert [row[2] for row in calendar_rows(read_link(before).statement)][122:-2] == [1, 3] + [3] * 244
    assert rows[1][3] == (date(2024, 1, 1) - date(1999, 12, 31)).days


def test_columns_are_limbs_of_the_rows():
    statement = read_link(GOOD).statement
    rows = list(calendar_rows(statement))
    columns = calendar_columns(rows)
    for name, place in (("start", 0), ("long", 1)):
        joined = [sum(columns[f"{name}{i}"][n] << 15 * i for i in range(3)) for n in range(len(rows))]
        assert joined == [row[place] for row in rows]
    assert columns["phase"] == tuple(row[2] for row in rows)
    assert columns["day"] == tuple(row[3] for row in rows)
    assert columns["interval"] == tuple(range(len(rows)))


def test_a_link_without_a_year_counts_nothing():
    statement = {**Translator(ONE).statement(ONE), "year": None}
    link = read_link(statement)
    assert {row[2] for row in calendar_rows(link.statement)} == {0, 2, 3}
    assert (link.same_year, link.whole_year, link.closing.year) == (False, False, None)
    assert replace(link.closing, year=2024).name != link.closing.name

"""Honest chains are accepted, and their figures, lots and holdings are the ledger's, to the last digit."""

import itertools
from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.lot_machine_v2 import sums
from tests.models.lot_machine_v2.chain import check_chain, check_link
from tests.models.lot_machine_v2.histories import END, START, YEARS, at, ledger_years, make_history, pages_for
from tests.models.lot_machine_v2.machine import Rules
from tests.models.lot_machine_v2.owner import make_link
from tests.support.counts import count

METHODS = ("fifo", "lifo", "hifo", "lofo")


def rules(start, end, year, method, pooling):
    return Rules(start, end, (at(year), at(year + 1)), method, pooling)


def chain(history, methods, pooling, cuts=None):
    """Links at these cuts (default: the years), each under the method of its year."""
    cuts = cuts or [(at(year), at(year + 1), year) for year in YEARS]
    links, opening = [], None
    for start, end, year in cuts:
        made = rules(start, end, year, methods[YEARS.index(year)], pooling)
        links.append(make_link(pages_for(history, start, end), history.book, made, year, opening))
        opening = links[-1].closing
    return links


def in_turn(history):
    """The events in the order in which they are worked: the order of (time, late, source, position)."""
    place = history.places
    return sorted(history.events, key=lambda e: (e.worked, e.late, place[e.number]))


def totals(link):
    third = sums.amounts_of(link.table, "L3")
    net = sums.amounts_of(link.table, "NET").get(sums.Key("NET"), dict.fromkeys(sums.GROUPS, 0))
    found = {"proceeds": net["proceeds"], "basis": net["basis"], "gain": net["units"], "net": net["units"]}
    for term in ("short", "long"):
        for result, sign in (("gain", 1), ("loss", -1)):
            amounts = third.get(sums.Key("L3", term=term, result=result), {"units": 0})
            found[f"{term}_term_{result}"] = sign * amounts["units"]
    return found


def standing_lots(link, history):
    """Lots and tokens of a standing as the ledger has them; a token's lot lies in a wallet of its own."""
    lots = [(x.asset, x.place, x.side, x.quantity, x.value, x.unit, x.day) for x in link.closing.lots]
    wallet = {seq: history_number(history, place) for place, seq in history.book.seqs.items()}
    if link.rules.pooling == "wallet":
        lots += [
            (t.asset, f"transit:{wallet[t.seq]}", 0, t.quantity, t.value, t.unit, t.day) for t in link.closing.tokens
        ]
    return sorted(lots)


def history_number(history, place):
    return next(number for number, found in history.places.items() if found == place)


@given(
    st.integers(0, 10**9),
    st.sampled_from(["wallet", "universal"]),
    st.lists(st.sampled_from(METHODS), min_size=3, max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_three_years_with_changing_methods_are_the_ledgers(seed, pooling, methods):
    history = make_history(seed)
    links = chain(history, methods, pooling)
    assert check_chain(links, first=True) == "accepted"
    for link, year in zip(links, ledger_years(history, in_turn(history), methods, pooling), strict=True):
        assert totals(link) == {name: year.totals[name] for name in totals(link)}
        assert standing_lots(link, history) == year.lots
    held = {(k.asset, k.source, int(k.side)): a["units"] for k, a in sums.amounts_of(links[-1].table, "HOLD").items()}
    assert {key: units for key, units in held.items() if units} == holdings(history)
    count("histories of lot-machine/v2's model", 1)


def holdings(history):
    """What every account holds at the end, from its own records alone."""
    found = Counter()
    for event in history.events:
        record = event.record
        sign = 1 if record.op in ("open", "in") else -1
        found[record.asset, event.source, record.side] += sign * record.quantity
    return {key: units for key, units in found.items() if units}


@given(st.integers(0, 10**9), st.sampled_from(["wallet", "universal"]))
@settings(max_examples=25, deadline=None)
def test_a_year_in_segments_is_the_year(seed, pooling):
    """A cut anywhere changes no figure: sums are cumulative, lots and tokens in transit go on."""
    history = make_history(seed)
    methods = ["fifo", "lifo", "hifo"]
    whole = chain(history, methods, pooling)
    rng = Random(seed)
    cuts = []
    for year in YEARS:
        inner = sorted({rng.randrange(at(year) + 1, at(year + 1)) for _ in range(3)})
        inner = [cut for cut in inner if not _shifted_over(history, cut)]
        edges = [at(year), *inner, at(year + 1)]
        cuts += [(a, b, year) for a, b in itertools.pairwise(edges)]
    history.book.seqs.clear()
    parts = chain(history, methods, pooling, cuts)
    assert check_chain(parts, first=True) == "accepted"
    last = {link.tax_year: link for link in parts}
    for one in whole:
        other = last[one.tax_year]
        assert totals(one) == totals(other)
        assert one.closing.lots == other.closing.lots
        levels = ("L1", "L2", "L3", "L4", "NET", "HOLD")
        assert [r for r in one.table if r.key.level in levels] == [r for r in other.table if r.key.level in levels]


def _shifted_over(history, cut):
    """A deposit whose clock ran behind over the cut: no cut can lie there (docs/lot-machine-v2.md)."""
    return any(event.record.time < cut <= event.worked for event in history.events)


def test_the_history_before_the_tax_year_is_worked_and_not_counted():
    history = make_history(5)
    made = rules(START, END, 2025, "fifo", "wallet")
    link = make_link(pages_for(history, START, END), history.book, made, 2025, None)
    assert check_chain([link], first=True) == "accepted"
    year = ledger_years(history, in_turn(history), ["fifo"] * 3, "wallet")[-1]
    assert totals(link) == {name: year.totals[name] for name in totals(link)}
    levels = {key.level for key in (r.key for r in link.table)}
    assert {"L0", "L1", "COUNT", "HOLD"} <= levels


def test_each_record_is_worked_once_over_the_chain():
    for seed in range(20):
        history = make_history(seed)
        links = chain(history, ["fifo"] * 3, "wallet")
        worked = Counter(
            (link.pages[row.page].source, link.pages[row.page].number, row.position)
            for link in links
            for row in {(r.page, r.position): r for r in link.rows if r.record is not None and r.op != "skip"}.values()
        )
        assert set(worked.values()) <= {1}
        assert len(worked) == len(history.events)


def test_rows_and_messages_of_the_model():
    """Rows of `steps`, posts and keys for each record: what docs/lot-machine-v2.md counts from."""
    total = Counter()
    for seed in range(6):
        for link in chain(make_history(seed, size=300), ["fifo"] * 3, "wallet"):
            machine = check_link(link)
            total["records"] += len({(row.page, row.position) for row in link.rows if row.record})
            total["steps"] += machine.rows
            total["keys"] += len(link.table)
            total["posts"] += machine.messages["post"]
            total.update(dict(machine.ops.items()))
    assert 1.5 < total["steps"] / total["records"] < 3
    assert 1.8 < total["posts"] / total["records"] < 4
    assert total["out"] == total["arrive"] + total["close_token"] - total["load_token"]
    for name in ("steps", "posts", "keys"):
        count(f"{name} of lot-machine/v2's model, per 1,000 records", 1000 * total[name] // total["records"])


@pytest.mark.parametrize("first", [True, False])
def test_without_a_word_on_what_came_before_the_verdict_is_undecided(first):
    history = make_history(1)
    links = chain(history, ["fifo", "hifo", "lifo"], "wallet")
    assert check_chain(links, first=first) == ("accepted" if first else "policy/history")
    rest = links[1:]
    assert check_chain(rest, first=True) == "policy/history"
    assert check_chain(rest, standing=links[0].closing.name) == "accepted"

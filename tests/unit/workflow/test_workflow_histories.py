"""From openings to a history: what a page may hold, and which windows a year has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.models.lot_machine_v2.histories import at as year_at
from tests.models.lot_machine_v2.histories import make_history
from tests.support.make import at
from tests.support.model_histories import decisions_of, openings_of
from zkharvest.commitment.page_record import Flag, PageRecord, RecordKind, ref_code
from zkharvest.errors import InputError, UsageError
from zkharvest.files.book import Book
from zkharvest.files.page_files import PageOpening
from zkharvest.ledger.history.records import Does
from zkharvest.ledger.history.standing import Standing
from zkharvest.ledger.rules import Election, Method, Pooling, Side
from zkharvest.verifier.page import PageHeader
from zkharvest.workflow.histories import history_of, told_of, windows_of, work, years_of

NOW = at("2024-05-01")


def opening(*records: PageRecord, number: int = 0, **changes) -> tuple[str, PageOpening]:
    header = PageHeader("kraken", "K-1", number, at("2024-01-01"), at("2025-01-01"), "USD", bytes(36))
    return f"{number}.zko", PageOpening(replace(header, **changes), bytes(32), records)


def record(flags: Flag, kind: RecordKind = RecordKind.TRADE, value: int = 0, **more) -> PageRecord:
    return PageRecord(flags, kind, NOW, 5, value, "slip44:0", **more)


def test_flags_are_what_a_record_does():
    move = {"ref": "bitcoin:AB", "id": "w1"}
    given = [
        record(Flag(0), value=7), record(Flag.CLOSES | Flag.NEGATIVE, value=-7), record(Flag.SHORT, value=7),
        record(Flag.CLOSES | Flag.SHORT, value=7), record(Flag.MOVES, RecordKind.MOVE, **move),
        record(Flag.MOVES | Flag.INWARD, RecordKind.MOVE), record(Flag.UNVALUED, RecordKind.STAKING),
        record(Flag(0), value=7, ref="T-77", id="T-77"),
    ]  # fmt: skip
    (found,) = history_of([opening(*given)]).records
    shown = [(one.does, one.side, one.value, one.valued, one.kind) for one in found]
    assert shown == [
        (Does.OPEN, Side.LONG, 7, True, 1), (Does.CLOSE, Side.LONG, -7, True, 1), (Does.OPEN, Side.SHORT, 7, True, 1),
        (Does.CLOSE, Side.SHORT, 7, True, 1), (Does.OUT, Side.LONG, 0, True, 14), (Does.IN, Side.LONG, 0, True, 14),
        (Does.OPEN, Side.LONG, 0, False, 6), (Does.OPEN, Side.LONG, 7, True, 1),
    ]  # fmt: skip
    assert [one.position for one in found] == list(range(8))
    assert [one.ref for one in found] == [0, 0, 0, 0, ref_code("bitcoin:AB"), 0, 0, 0]
    assert found[4].id == "w1"
    assert {(one.asset, one.symbol) for one in found} == {("slip44:0", "BTC")}


def test_what_the_machine_does_not_take_yet_is_named_with_its_file():
    flags = (Flag.CONVERT | Flag.CLOSES, Flag.CONVERT | Flag.JOINED)
    convert = [record(one, RecordKind.MIGRATION) for one in flags]
    with pytest.raises(InputError) as error:
        history_of([opening(*convert, record(Flag.FLAT, RecordKind.MARK, value=3, id="m"))])
    assert [one.where for one in error.value.problems] == [
        "0.zko: record 0 ()",
        "0.zko: record 1 ()",
        "0.zko: record 2 (m)",
    ]
    assert "s.1256" in error.value.problems[2].message
    assert all("later stage" in one.hint for one in error.value.problems)


def test_pages_follow_each_other_in_one_currency():
    name, first = opening()
    with pytest.raises(InputError, match="is here twice"):
        history_of([(name, first), ("again", first)])
    other = opening(source="coinbase", currency="EUR")
    with pytest.raises(InputError, match=r"several currencies: EUR \(0.zko\), USD"):
        history_of([(name, first), other])


def test_a_window_a_year_and_what_is_before_in_the_first():
    history = history_of([opening()])
    assert list(years_of(history, "UTC")) == [2024]
    assert list(years_of(history, "America/New_York")) == [2023, 2024]
    elections = [Election(Method.FIFO, Pooling.WALLET, "UTC", year) for year in (2025, 2026)]
    first, second = windows_of(history, elections)
    assert (first.start, first.end, first.year) == (at("2024-01-01"), at("2026-01-01"), 2025)
    assert (second.start, second.end, second.year) == (at("2026-01-01"), at("2027-01-01"), 2026)
    for instant in ("2025-01-01", "2025-07-01"):
        (one,) = windows_of(history, elections[:1], Standing(at(instant), "wallet", "UTC", 2024))
        assert (one.start, one.end) == (at(instant), at("2026-01-01"))
    for instant in ("2024-12-31", "2026-01-01"):
        with pytest.raises(UsageError, match="not of the beginning of 2025"):
            windows_of(history, elections[:1], Standing(at(instant), "wallet", "UTC", 2024))


def test_a_year_goes_on_from_a_standing():
    """Two years at once, or one after the other from the standing: the same lots and figures."""
    made = make_history(7)
    openings, book = openings_of(made), Book(decisions_of(made.book))
    elections = [Election(m, Pooling.WALLET, "UTC", y) for m, y in ((Method.HIFO, 2023), (Method.LIFO, 2024))]
    both = work(history_of(openings), book, elections)
    (second,) = work(history_of(openings), book, elections[1:], both[0].closing)
    assert second.closing == both[1].closing
    without = [one for one in openings if one[1].header.end > year_at(2024)]
    with pytest.raises(InputError, match="what was there before is not known"):
        work(history_of(without), book, elections[1:])
    (third,) = work(history_of(without), book, elections[1:], both[0].closing)
    assert third.closing == both[1].closing


def test_what_is_open_after_a_standing():
    """Of the second year alone: no first pages are missed, and what was in transit has its deposit."""
    made = make_history(13)
    openings, decisions = openings_of(made), decisions_of(made.book)
    election = Election(Method.HIFO, Pooling.WALLET, "UTC", 2023)
    (first,) = work(history_of(openings), Book(decisions), [election])
    later = history_of([one for one in openings if one[1].header.end > year_at(2024)])
    told = told_of(later, Book({}), "UTC", first.closing)
    assert not told.missing
    assert told_of(later, Book({}), "UTC").missing
    assert all(one.record.time >= year_at(2024) for one in told.explained.open)
    in_transit = {half.place for half in first.closing.in_transit()}
    assert in_transit
    assert in_transit & set(told.moves.arrivals.values()), "what was on its way has arrived"
    assert not {one.place for one in told.explained.open} & in_transit

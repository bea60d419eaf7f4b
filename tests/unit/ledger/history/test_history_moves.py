"""Each kind of move by hand: what arrives, what is gone, what is counted, and what cannot be worked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.support.make import UNIT, at
from tests.support.model_histories import window_of
from tests.support.moves import YEAR, buy, come, history, out, place, sell
from zkharvest.errors import InputError, UsageError
from zkharvest.ledger.history.chain import run_windows
from zkharvest.ledger.history.decisions import NO_MATCH, Decision, Pick
from zkharvest.ledger.history.records import (
    DECLARED,
    GIFT,
    IN_TRANSIT,
    LOST,
    MOVE,
    SHORTFALL,
    UNEXPLAINED,
    Account,
    Place,
    make_history,
)
from zkharvest.ledger.history.registers import Key, totals_of
from zkharvest.ledger.history.standing_map import map_of, standing_of
from zkharvest.ledger.rules import Side

NEXT = (YEAR[1], at("2026-01-01"))
DAY = date(2024, 1, 5).toordinal()


def work(decisions=None, method="fifo", pooling="wallet", **accounts):
    (run,) = run_windows(history(**accounts), decisions or {}, [window_of(*YEAR, 2024, method, pooling)])
    return run


def lots(run):
    return [(x.place.source if x.place else "", x.quantity / UNIT, x.value, x.day, x.own) for x in run.closing.lots]


def counters(run):
    """Kind and origin of every counter, and how many events it has."""
    return {
        (k.kind, k.origin): a.events for k, a in run.registers.items() if k.level == "COUNT" and k.origin != "venue"
    }


def test_a_move_takes_its_lots_along():
    """2 for 10 and 2 for 30; 3 move: 2 with 10 and 1 with 15. They keep their days and are no longer own."""
    run = work(a=[buy("2024-01-05", 2, 10), buy("2024-02-05", 2, 30), out("2024-03-01", 3)], b=[come("2024-03-02", 3)])
    second = date(2024, 2, 5).toordinal()
    assert lots(run) == [("a", 1, 15, second, True), ("b", 2, 10, DAY, False), ("b", 1, 15, second, False)]
    assert counters(run) == {(MOVE, "out"): 1, (MOVE, "window"): 1}
    assert not run.closing.tokens


def test_a_shortfall_is_gone_with_its_basis():
    """1.5 of 2 (for 20) are sent, 1.4 arrive with 14; 0.1 is gone with 1, the rest stays with 5."""
    run = work(a=[buy("2024-01-05", 2, 20), out("2024-03-01", "1.5", 7)], b=[come("2024-09-02", "1.4", 7)])
    assert lots(run) == [("a", 0.5, 5, DAY, True), ("b", 1.4, 14, DAY, False)]
    assert counters(run) == {(MOVE, "out"): 1, (MOVE, "ref"): 1, (SHORTFALL, "gone"): 1}
    gone = run.registers[Key("L1", "X", Account("a", "a"), SHORTFALL, "gone")]
    assert (gone.units, gone.basis, gone.proceeds) == (UNIT // 10, 1, 0)


def test_a_deposit_whose_clock_runs_behind_comes_last_at_its_withdrawals_instant():
    """It is worked behind a sale of the same instant: the sale takes the wallet's own lot."""
    run = work(
        a=[buy("2024-01-05", 1, 10), out("2024-03-01T10:00", 1)],
        b=[buy("2024-02-05", 1, 30), come("2024-03-01T09:00", 1), sell("2024-03-01T10:00", 1, 50)],
    )
    assert [(turn.late, turn.shift) for turn in run.turns] == [(0, 0), (0, 0), (0, 0), (0, 0), (1, 3_600_000)]
    assert lots(run) == [("b", 1, 10, DAY, False)]
    assert totals_of(run.registers)["short_term_gain"] == 20


def test_what_nobody_received_is_gone_with_a_kind():
    a = [buy("2024-01-05", 4, 40), out("2024-03-01", 1), out("2024-03-02", 1, kind=LOST), out("2024-03-03", 1)]
    run = work({place("a", 3): Decision("gift")}, a=a)
    assert counters(run) == {(UNEXPLAINED, "gone"): 1, (LOST, "gone"): 1, (GIFT, "gone"): 1}
    assert lots(run) == [("a", 1, 10, DAY, True)]
    assert totals_of(run.registers)["net"] == 0


def test_a_deposit_from_elsewhere_is_unexplained_or_declared():
    day = date(2020, 2, 2).toordinal()
    b = [come("2024-03-01", 1), come("2024-03-02", 1), sell("2024-03-03", 2, 100)]
    run = work({place("b", 1): Decision("declared", 30, day)}, b=b)
    assert counters(run) == {(UNEXPLAINED, "none"): 1, (DECLARED, "declared"): 1}
    assert [(s.lot.value, s.lot.own) for s in run.steps if s.do == 4] == [(30, False), (0, False)], "by day acquired"
    totals = totals_of(run.registers)
    assert (totals["long_term_gain"], totals["short_term_gain"]) == (20, 50)


def test_a_year_ends_while_coins_are_on_their_way():
    """With the next page at hand the deposit is known; with a word of the owner's without it."""
    first = [buy("2024-01-05", 2, 20), out("2024-12-31", 1)]
    pages = [*zip(history(a=first, b=[]).pages, history(a=first, b=[]).records, strict=True)]
    after = history(period=NEXT, b=[come("2025-01-02", 1)])
    more = [(page.__class__(page.source, page.account, 1, *NEXT, prev=b"b"), records) for page, records in
            zip(after.pages, after.records, strict=True)]  # fmt: skip
    windows = [window_of(*YEAR, 2024, "fifo", "wallet"), window_of(*NEXT, 2025, "lifo", "wallet")]
    one, two = run_windows(make_history([*pages, *more]), {}, windows)
    assert [(t.quantity, t.value, t.day, t.sent) for t in one.closing.tokens] == [(UNIT, 10, DAY, place("a", 1))]
    assert counters(one)[IN_TRANSIT, "window"] == 1
    assert lots(two) == [("a", 1, 10, DAY, True), ("b", 1, 10, DAY, False)]
    said = {place("a", 1): Decision("in transit")}
    (alone,) = run_windows(make_history(pages), said, windows[:1])
    assert alone.closing.tokens == one.closing.tokens
    for decided in ({}, said):  # the word stays in the book, and does no harm once the deposit is here
        (then,) = run_windows(make_history(more), decided, windows[1:], alone.closing)
        assert then.closing.lots == two.closing.lots
    assert run_windows(make_history([*pages, *more]), said, windows)[1].closing == two.closing
    empty, soon = make_history([(more[0][0], [])]), window_of(NEXT[0], NEXT[0] + 1, 2025, "fifo", "wallet")
    (never,) = run_windows(empty, {}, [soon], alone.closing)
    assert never.closing.tokens == alone.closing.tokens
    with pytest.raises(InputError, match=r"in transit for 12.4 days or more") as error:
        run_windows(empty, {}, windows[1:], alone.closing)
    assert error.value.problems[0].where == "a/a/0/1"


def test_a_deposit_of_a_withdrawal_that_is_not_in_transit():
    """The first year was worked with the withdrawal gone: the second cannot bring it back."""
    first = history(a=[buy("2024-01-05", 2, 20), out("2024-12-31", 1)], b=[])
    (done,) = run_windows(first, {}, [window_of(*YEAR, 2024, "fifo", "wallet")])
    assert not done.closing.tokens
    second = history(period=NEXT, a=[], b=[come("2025-01-02", 1)])
    (again,) = run_windows(second, {}, [window_of(*NEXT, 2025, "fifo", "wallet")], done.closing)
    assert counters(again) == {(UNEXPLAINED, "none"): 1}
    with pytest.raises(InputError, match="there is no record a/a/0/1 here"):
        run_windows(
            second, {Place("b", "b", 0, 0): Decision(match=place("a", 1))},
            [window_of(*NEXT, 2025, "fifo", "wallet")], done.closing,
        )  # fmt: skip


def test_universal_pooling_moves_coins_without_lots():
    accounts = {
        "a": [buy("2024-01-05", 2, 20), out("2024-03-01", 1)],
        "b": [come("2024-03-02", 1), sell("2024-04-01", 1, 50)],
    }
    run = work(pooling="universal", **accounts)
    assert lots(run) == [("", 1, 10, DAY, True)]
    held = {k.account.source: a.units // UNIT for k, a in run.registers.items() if k.level == "HOLD"}
    assert held == {"a": 1, "b": 0}


def test_under_universal_pooling_no_account_ends_below_zero():
    """ADR 0022: b sells what it never had. Within the year it may be below zero for a while."""
    a, b = [buy("2024-01-05", 2, 20)], [sell("2024-04-01", 1, 50), sell("2024-05-01", 1, 50)]
    with pytest.raises(InputError, match="leaves its account below zero, and the window ends with -2") as error:
        work(pooling="universal", a=a, b=b)
    assert error.value.problems[0].where == "b/b, page 0, record 0"
    late = [*b, come("2024-06-01", 2)]
    assert lots(work(pooling="universal", a=a, b=late)) == [("", 2, 0, date(2024, 6, 1).toordinal(), False)]


def test_an_expiry_is_of_the_side_that_its_page_says():
    """ADR 0021: a's option lapses short while b holds it long: under universal pooling the page's word stands."""
    opens = buy("2024-01-05", 1, 10)._replace(side=Side.SHORT)
    lapses = sell("2024-06-28", 1, 0)._replace(side=Side.SHORT, kind=17)
    run = work(pooling="universal", a=[opens, lapses], b=[buy("2024-01-06", 1, 12)])
    assert lots(run) == [("", 1, 12, date(2024, 1, 6).toordinal(), True)]
    assert totals_of(run.registers)["short_term_gain"] == 10


def test_named_lots_are_taken_and_move():
    a = [buy("2024-01-05", 2, 20), buy("2024-02-05", 2, 60), out("2024-03-01", 2, 7), sell("2024-04-01", 1, 50)]
    named = {
        place("a", 2): Decision(lots=(Pick(place("a", 1), UNIT), Pick(place("a", 0), UNIT))),
        place("a", 3): Decision(lots=(Pick(place("a", 1), UNIT),)),
    }
    run = work(named, method="specific", a=a, b=[come("2024-03-02", "1.5", 7)])
    second = date(2024, 2, 5).toordinal()
    assert lots(run) == [("a", 1, 10, DAY, True), ("b", 1, 30, second, False), ("b", 0.5, 5, DAY, False)]
    assert totals_of(run.registers)["net"] == 20


REFUSED = [
    ({}, "takes 2, and names no lots"),
    ({2: Decision(lots=(Pick(place("a", 0), UNIT),))}, "takes 2, the named lots add up to 1"),
    ({2: Decision(lots=(Pick(place("a", 0), 3 * UNIT),))}, "the named lots add up to more than its quantity"),
    ({2: Decision(lots=(Pick(place("a", 0), 2 * UNIT),))}, "names 2 of the lot a/a/0/0, a/a holds 1 of it"),
    ({2: Decision(lots=(Pick(place("b", 0), 2 * UNIT),))}, "names 2 of the lot b/b/0/0, a/a holds 0 of it"),
]


@pytest.mark.parametrize(("decided", "message"), REFUSED)
def test_names_that_do_not_hold(decided, message):
    a = [buy("2024-01-05", 1, 20), buy("2024-02-05", 2, 60), sell("2024-03-01", 2, 7)]
    with pytest.raises(InputError, match=message):
        work({place("a", n): one for n, one in decided.items()}, method="specific", a=a)


def test_more_than_is_held():
    with pytest.raises(InputError) as error:
        work(a=[buy("2024-01-05", 1, 20), sell("2024-03-01", 2, 7), out("2024-04-01", 1)])
    assert [problem.message.partition(" takes ")[2] for problem in error.value.problems] == [
        "2, a/a holds 1 at that moment",
        "1, a/a holds 0 at that moment",
    ]


def test_a_record_without_a_value_needs_one():
    unvalued = buy("2024-01-05", 1)._replace(valued=False)
    sold = sell("2024-02-05", 1)._replace(valued=False)
    with pytest.raises(InputError) as error:
        work(a=[unvalued, sold])
    assert len(error.value.problems) == 2
    run = work({place("a", 0): Decision(value=10), place("a", 1): Decision(value=14)}, a=[unvalued, sold])
    assert totals_of(run.registers)["net"] == 4
    assert counters(run) == {(1, "declared"): 2}


def test_a_change_of_zone_does_not_change_when_carried_lots_are_long():
    """Bought on 5 January in UTC, so long from 6 January there; by Tokyo's clock the sale is on that day already."""
    period = (YEAR[0], at("2026-01-01"))
    bought = [buy("2024-01-05T20:00", 2, 10), out("2024-12-30", 1)]
    given = history(period=period, a=[*bought, sell("2025-01-05T16:00", "0.5", 9)], b=[come("2025-01-02", 1)])
    first = window_of(*YEAR, 2024, "fifo", "wallet")
    tokyo = replace(first, start=YEAR[1], end=at("2025-12-31T15:00"), year=2025, zone="Asia/Tokyo")
    one, two = run_windows(given, {}, [first, tokyo])
    assert totals_of(two.registers)["short_term_gain"] == 7  # 9 less a quarter of 10, which is 2
    assert {x.long_from for x in (*one.closing.lots, *one.closing.tokens, *two.closing.lots)} == {at("2025-01-06")}
    (alone,) = run_windows(given, {}, [tokyo], standing_of(map_of(one.closing)))
    assert alone.closing == two.closing


def test_windows_follow_each_other():
    given = history(a=[buy("2024-01-05", 1)])
    with pytest.raises(UsageError, match="do not follow"):
        run_windows(
            given,
            {},
            [window_of(*YEAR, 2024, "fifo", "wallet"), window_of(NEXT[0] + 1, NEXT[1], 2025, "fifo", "wallet")],
        )
    (done,) = run_windows(given, {}, [window_of(*YEAR, 2024, "fifo", "wallet")])
    with pytest.raises(UsageError, match="do not follow"):
        run_windows(given, {}, [window_of(*YEAR, 2024, "fifo", "wallet")], done.closing)


def test_a_page_is_there_once_and_its_records_in_their_period():
    given = history(a=[buy("2024-01-05", 1)])
    pages = list(zip(given.pages, given.records, strict=True))
    with pytest.raises(InputError, match="is given twice"):
        make_history([*pages, *pages])
    for records in ([buy("2025-01-01", 1)], [buy("2024-02-05", 1), buy("2024-01-05", 1)._replace(position=1)]):
        with pytest.raises(InputError, match="outside its page's period, or before the one above it"):
            make_history([(given.pages[0], records)])


def test_an_account_has_one_name_and_a_record_too():
    for one in (
        Account("a", "b"),
        Account("a/b", "c"),
        Account("a%2Fb", "c"),
        Account("a", "b/c"),
        Account(";%", "%3B;"),
    ):
        where = Place(*one, 3, 7)
        assert Place.parse(str(where)) == where
    assert len({Account("a/b", "c").wallet, Account("a", "b/c").wallet, Account("a%2Fb", "c").wallet}) == 3
    for text in ("", "a/b", "a/b/c", "a/b/0/x", "a/b/x/0", "/b/0/0", "a//0/0", "a/b/0/-1"):
        assert Place.parse(text) is None


def test_no_match_says_that_a_record_is_no_half_of_a_move():
    accounts = {"a": [buy("2024-01-05", 1, 9), out("2024-03-01", 1)], "b": [come("2024-03-02", 1)]}
    run = work({place("b", 0): Decision(match=NO_MATCH)}, **accounts)
    assert counters(run) == {(UNEXPLAINED, "gone"): 1, (UNEXPLAINED, "none"): 1}

"""The arrays that the machine's table is filled from, by hand for one move, and what must hold of them for all."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from tests.models.lot_machine_v2.histories import YEARS, make_history
from tests.models.lot_machine_v2.histories import at as year_at
from tests.support.make import UNIT, at
from tests.support.model_histories import decisions_of, history_of, window_of
from tests.support.moves import YEAR, buy, come, history, out, place, sell
from zkharvest.circuit.lot_machine.v2.rows import MachineRows, Op
from zkharvest.commitment.assets import id_code
from zkharvest.commitment.encoding import WIDTH
from zkharvest.errors import InputError
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.history.chain import run_windows
from zkharvest.ledger.history.decisions import Decision
from zkharvest.ledger.history.standing import DAY_ZERO
from zkharvest.ledger.regimes.us import long_from
from zkharvest.spec import account_code
from zkharvest.workflow.link_rows import calendar_of, declared_days, machine_rows, periods_of

WORD = 1 << 64


def rows_of(run, opening=None, lanes=None):
    calendar = calendar_of(run.window, periods_of(run), declared_days(run))
    if lanes is None:
        counts = dict.fromkeys(range(len(run.pages)), 0)
        for turn in run.turns:
            counts[turn.page] += 1
        lanes = [np.full((count, WIDTH), page, np.uint32) for page, count in counts.items()]
        for one in lanes:
            one[:, 1] = np.arange(len(one))
    return machine_rows(run, opening, lanes, calendar)


def numbers(rows: MachineRows, name: str) -> list[int]:
    return [
        int(lo) + WORD * int(hi)
        for lo, hi in zip(getattr(rows, f"{name}_lo"), getattr(rows, f"{name}_hi"), strict=True)
    ]


def test_two_lots_move_and_one_is_sold():
    """2 and 2 are bought for 5 and 9, 3 move, 1 is sold for 7 where they went."""
    given = history(
        a=[buy("2024-01-05", 2, 5), buy("2024-02-05", 2, 9), out("2024-03-01", 3)],
        b=[come("2024-03-02", 3), sell("2024-06-01", 1, 7)],
    )
    (run,) = run_windows(given, {}, [window_of(*YEAR, 2024, "fifo", "wallet")])
    rows = rows_of(run)
    assert [Op(op).name for op in rows.op] == [
        "OPEN", "OPEN", "OUT", "OUT", "ARRIVE", "ARRIVE", "TAKE", "CLOSE", "CLOSE", "CLOSE",
    ]  # fmt: skip
    assert rows.record.tolist() == [0, 1, 2, 2, 3, 3, 4, -1, -1, -1]
    assert rows.node.tolist() == [0, 1, 0, 1, 2, 3, 2, 1, 2, 3]
    assert rows.pred.tolist() == [-1, 0, -1, -1, -1, 2, -1, -1, -1, -1]
    assert rows.next.tolist() == [-1, -1, 1, -1, -1, -1, 3, -1, 3, -1]
    assert rows.token.tolist() == [-1, -1, 0, 1, 0, 1, -1, -1, -1, -1]
    assert [q // UNIT for q in numbers(rows, "part")] == [0, 0, 2, 1, 2, 1, 1, 0, 0, 0]
    assert [q // UNIT for q in numbers(rows, "lot")] == [2, 2, 2, 2, 2, 1, 2, 1, 1, 1]
    assert rows.lot_value.tolist() == [5, 9, 5, 9, 5, 4, 5, 5, 3, 4]
    assert rows.part_value.tolist() == [0, 0, 5, 4, 0, 0, 2, 0, 0, 0]
    assert [q // UNIT for q in numbers(rows, "rest")] == [2, 2, 3, 1, 3, 1, 1, 0, 0, 0]
    assert rows.rest_value.tolist() == [5, 9, 0, 0, 0, 0, 7, 0, 0, 0]
    assert rows.close_value.tolist() == [0, 0, 0, 0, 0, 0, 7, 0, 0, 0]
    assert rows.emptied.tolist() == [0, 0, 1, 0, 0, 0, 0, 1, 1, 1]
    assert not rows.kind.any()
    entries, tokens = rows.entries, rows.tokens
    assert entries.order.tolist() == [1, 2, 1, 2]
    assert entries.own.tolist() == [1, 1, 0, 0]
    first, second = (date.fromisoformat(day).toordinal() - DAY_ZERO for day in ("2024-01-05", "2024-02-05"))
    assert entries.day.tolist() == [first, second, first, second]
    assert entries.long_from.tolist() == [at("2025-01-06"), at("2025-02-06")] * 2
    assert entries.unit[2].tobytes() == ((5 << 96) // (2 * UNIT)).to_bytes(20, "little")
    assert [tokens.part.tolist(), tokens.last.tolist(), tokens.seq.tolist()] == [[0, 1], [0, 1], [3, 3]]
    x = id_code("X")
    a, b = account_code("a", "a"), account_code("b", "b")
    assert sorted(map(tuple, rows.pools.tolist())) == sorted([(*x, *a, 0), (*x, *b, 0)])
    assert [tuple(rows.pools[pool][4:8].tolist()) for pool in entries.pool] == [a, a, b, b]
    assert rows.around.page_code.tolist() == [list(a), list(b)]
    assert rows.records.lanes[:, :2].tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1]]
    assert (rows.first_seq, rows.around.wallet, rows.around.method) == (0, True, "fifo")


def test_what_is_dropped_and_declared_has_a_kind():
    given = history(
        a=[buy("2024-01-05", 2, 5), out("2024-03-01", 2, ref=7), come("2024-07-01", 1)],
        b=[come("2024-03-02", "1.5", ref=7), come("2024-05-02", 1), out("2024-06-01", 1)],
    )
    declared = {
        place("b", 1): Decision("declared", 8, date(2001, 2, 3).toordinal()),
        place("b", 2): Decision("lost"),
    }
    (run,) = run_windows(given, declared, [window_of(*YEAR, 2024, "fifo", "wallet")])
    rows = rows_of(run)
    shown = [(Op(op).name, kind, said) for op, kind, said in zip(rows.op, rows.kind, rows.declared, strict=True)]
    assert [one for one in shown if one[1] or one[2]] == [("DROP", 61, 0), ("OPEN", 28, 1), ("DROP", 16, 0)]
    assert declared_days(run) == [date(2001, 2, 3).toordinal()]
    assert rows.entries.day[2] == date(2001, 2, 3).toordinal() - DAY_ZERO
    assert rows.around.day[rows.around.day > 0][0] == date(2001, 1, 1).toordinal() - DAY_ZERO


def test_pages_that_go_on_and_what_is_skipped():
    given = history(period=(YEAR[0], YEAR[1] + 86_400_000 * 90), a=[buy("2024-01-05", 2, 5), sell("2025-02-01", 1, 5)])
    first, second = run_windows(
        given,
        {},
        [window_of(*YEAR, 2024, "fifo", "wallet"), window_of(YEAR[1], at("2026-01-01"), 2025, "hifo", "wallet")],
    )
    one, two = rows_of(first), rows_of(second, first.closing)
    assert [Op(op).name for op in one.op] == ["OPEN", "SKIP", "CLOSE"]
    assert [Op(op).name for op in two.op] == ["LOAD", "SKIP", "TAKE", "CLOSE"]
    assert numbers(one, "rest")[1] == UNIT
    assert [rows.around.page_early.tolist() + rows.around.page_late.tolist() for rows in (one, two)] == [[0, 1], [1, 0]]
    assert (one.first_seq, two.first_seq) == (0, 1)
    assert two.entries.order.tolist() == [1]


def test_days_before_2000_are_refused():
    given = history(a=[come("2024-05-02", 1)])
    day, window = date(1999, 12, 31).toordinal(), window_of(*YEAR, 2024, "fifo", "wallet")
    with pytest.raises(InputError, match="a day before 2000-01-01, which no proof has") as error:
        run_windows(given, {place("a", 0): Decision("declared", 8, day, where="book.csv:2")}, [window])
    assert error.value.problems[0].where == "book.csv:2:day"
    with pytest.raises(InputError, match="cannot be proven"):
        calendar_of(window, declared=[day])


def test_a_page_of_more_intervals_than_a_look_up_has_numbers_is_refused():
    """89 years of days in one page, and another account's pages that cut some of them."""
    begin, end, day = year_at(2000), year_at(2089), 86_400_000
    window = window_of(begin, end, 2088, "fifo", "wallet")
    days, noon = (end - begin) // day, begin + day // 2
    cuts = [(noon + 2 * n * day, noon + (2 * n + 1) * day) for n in range((2**15 - days) // 2)]
    made = calendar_of(window, [(begin, end), *cuts])
    assert made.page_last[0] - made.page_first[0] == 2**15 - 1
    with pytest.raises(InputError, match="takes 32,769 intervals of days, a proof has at most 32,768"):
        calendar_of(window, [(begin, end), *cuts, (end - day // 2, end)])


def test_a_declared_value_of_a_trade_is_reported_and_not_proven():
    given = history(a=[buy("2024-01-05", 1)._replace(valued=False)])
    (run,) = run_windows(given, {place("a", 0): Decision(value=5)}, [window_of(*YEAR, 2024, "fifo", "wallet")])
    with pytest.raises(InputError, match="its source states no value") as error:
        rows_of(run)
    assert error.value.problems[0].where == "a/a/0/0"


@pytest.mark.parametrize("pooling", ["wallet", "universal"])
@pytest.mark.parametrize("seed", range(4))
def test_lists_and_tokens_are_worked_as_the_arrays_say(seed, pooling):
    """A replay of the lists from the arrays alone: neighbours, what entries hold, tokens sent and received once."""
    made = make_history(seed)
    given = history_of([page for pages in made.pages.values() for page in pages])
    windows = [
        window_of(year_at(y), year_at(y + 1), y, m, pooling)
        for y, m in zip(YEARS, ("lifo", "hifo", "fifo"), strict=True)
    ]
    opening = None
    for run in run_windows(given, decisions_of(made.book), windows):
        rows = rows_of(run, opening, [np.zeros((1000, WIDTH), np.uint32) for _ in run.pages])
        _replay(rows)
        starts, days = Calendar("UTC"), rows.around.day
        assert (np.diff(rows.around.start) > 0).all()
        listed = date.fromordinal(int(days[days > 0][0]) + DAY_ZERO)
        assert rows.around.long_from[days > 0][0] == starts.first_instant(long_from(listed))
        opening = run.closing


def _replay(rows: MachineRows) -> None:
    lists: dict[int, list[int]] = {}
    held: dict[int, int] = {}
    transit: set[int] = set()
    parts, lots = numbers(rows, "part"), numbers(rows, "lot")
    for k, op in enumerate(rows.op.tolist()):
        node = int(rows.node[k])
        entries = lists.setdefault(int(rows.entries.pool[node]), []) if node >= 0 else []
        if op in (Op.LOAD, Op.OPEN, Op.ARRIVE) and node >= 0:
            at_ = entries.index(rows.pred[k]) + 1 if rows.pred[k] >= 0 else 0
            assert (entries[at_] if at_ < len(entries) else -1) == rows.next[k]
            entries.insert(at_, node)
            held[node] = lots[k]
        elif node >= 0:
            at_ = entries.index(node)
            assert (entries[at_ - 1] if at_ else -1) == rows.pred[k]
            assert (entries[at_ + 1] if at_ + 1 < len(entries) else -1) == rows.next[k]
            assert held[node] == lots[k]
            held[node] -= parts[k] if op != Op.CLOSE else lots[k]
            assert rows.emptied[k] == (held[node] == 0)
            if not held[node]:
                entries.remove(node)
        if op in (Op.OUT, Op.LOAD_TOKEN):
            transit.add(int(rows.token[k]))
        elif op in (Op.ARRIVE, Op.CLOSE_TOKEN):
            transit.remove(int(rows.token[k]))
    assert not any(held.values())
    assert not transit

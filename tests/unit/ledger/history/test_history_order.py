"""Records in their turns: strictly by (time, late, page, position), each with its place and what it moves."""

from __future__ import annotations

from itertools import repeat
from random import Random

import pytest

from tests.support.make import at
from tests.support.model_histories import window_of
from tests.support.moves import YEAR, buy, come, history, out, place, sell
from zkharvest.ledger.history.chain import moves_of
from zkharvest.ledger.history.order import in_turn
from zkharvest.ledger.history.records import Does, Place, Record, rows_of
from zkharvest.ledger.history.registers import Amounts, Key, Registers

MINUTES = [f"2024-03-01T00:{minute:02}:00Z" for minute in range(4)]  # few, so that many records are of one instant


@pytest.mark.parametrize("seed", range(20))
def test_turns_are_in_the_order_of_the_specification(seed):
    rng = Random(seed)

    def record() -> Record:
        trade, move = rng.choice((buy, sell)), rng.choice((out, come))
        times = ["2024-02-01", *MINUTES]  # no move begins before the window
        return rng.choice((move(rng.choice(MINUTES), rng.randint(1, 3)), trade(rng.choice(times), 1)))

    given = history(**{name: [record() for _ in range(rng.randint(0, 12))] for name in rng.sample("abcd", 3)})
    window = window_of(at(MINUTES[0]), YEAR[1], 2024, "fifo", "wallet")
    moves = moves_of(given, {}, [window])
    turns = in_turn(given, window, moves, {}, None)
    assert sorted(turn.place for turn in turns) == [
        given.place(record) for records in given.records for record in records
    ]
    keys = [(turn.worked, turn.late, turn.page, turn.record.position) for turn in turns]
    assert keys == sorted(keys)
    received = {withdrawal: deposit for deposit, withdrawal in moves.arrivals.items()}
    for turn in turns:
        record = turn.record
        assert given.at(turn.place) is record and given.pages[turn.page].place == turn.place[:3]
        assert turn.skipped is (record.time < window.start)
        sent = moves.arrivals.get(turn.place) if record.does is Does.IN else None
        if turn.skipped or sent is None:
            assert (turn.late, turn.shift) == (0, 0)
        else:
            time = given.at(sent).time
            assert (turn.sent, turn.late, turn.worked) == (sent, record.time <= time, max(record.time, time))
        if record.does is Does.OUT and not turn.skipped and turn.place in received:
            assert (turn.sent, turn.moved) == (turn.place, given.at(received[turn.place]).quantity)
        elif sent is None:
            assert (turn.sent, turn.moved) == (None, 0)


def test_what_is_in_transit_is_sent_and_what_is_skipped_is_not():
    given = history(a=[buy("2024-01-05", 2), out("2024-02-05", 1), out("2024-03-05", 1)])
    window = window_of(at("2024-03-01"), YEAR[1], 2024, "fifo", "wallet")
    first, second = place("a", 1), place("a", 2)
    turns = in_turn(given, window, moves_of(given, {}, [window]), {first: 7, second: 8}, None)
    assert [(turn.skipped, turn.sent, turn.moved) for turn in turns] == [
        (True, None, 0), (True, None, 0), (False, second, 8),
    ]  # fmt: skip


def test_rows_are_the_named_tuples_of_columns():
    (one, two) = rows_of(Place, repeat("s", 2), ("a", "b"), [0, 1], range(2))
    assert [one, two] == [Place("s", "a", 0, 0), Place("s", "b", 1, 1)] and type(two) is Place
    with pytest.raises(ValueError, match="shorter"):
        list(rows_of(Place, ["s"], ["a"], [0], []))
    with pytest.raises(AssertionError, match="each field"):
        rows_of(Record, ["s"])


def test_registers_post_to_their_parents_and_keep_what_was_posted():
    registers = Registers()
    gain = Key("L1", "X", None, 1, "venue", "c", "short", "gain")
    registers.post(gain, 5, 30, 10, 2, 1, 3)
    registers.post(gain._replace(asset="Y"), 6, 40, 15, 0, 1, 0)
    registers.post(Key("L0", "X", None, 1, "venue"), 7, 0, 9, 0, 0, 1)
    registers.post(Key("COUNT", kind=1, origin="venue"), events=4)
    for _ in range(2):  # the posts are as they were
        whole = registers.whole()
        assert whole[Key("COUNT", kind=1, origin="venue")] == Amounts(0, 70, 34, 2, 2, 8)
        assert whole[Key("L2", covered="c", term="short")] == Amounts(0, 70, 25, 2, 2, 3)
        for key in (Key("L3", term="short", result="gain"), Key("L4", term="short"), Key("NET")):
            assert whole[key] == Amounts(45, 70, 25, 2, 2, 3)
    assert [key.level for key in whole] == ["L0", "L1", "L1", "L2", "L3", "L4", "NET", "COUNT"]

"""Dishonest witnesses: terms, years and days that are not those of the calendar."""

from __future__ import annotations

import numpy as np
import pytest

from tests.adversary.kit.forge import forge
from tests.adversary.kit.scribe import Scribe, told_by
from tests.adversary.kit.small import committed, election
from tests.adversary.witness.lies.terms import LateCalendar
from tests.support import statement
from tests.support.make import at, trade
from zkharvest.circuit.lot_machine.v1.calendar import CalendarRows
from zkharvest.circuit.lot_machine.v1.steps.fill import StepsWitness

COIN = 10**8
DAY = 86_400_000
# Sold on the anniversary: short term by one day.
YEAR = [trade("2023-06-17T12:00", "a/1", "buy", 1, 100), trade("2024-06-17T12:00", "a/2", "sell", 1, 300)]
TAKE, SETTLE = 1, 2


def limbs(instant):
    return [instant >> (15 * i) & 0x7FFF for i in range(3)]


def called_long(sheet):
    """The gain of the two rows goes to the long-term class."""
    sheet.set(TAKE, held_long=1)
    for row, weight in ((TAKE, -1), (SETTLE, 1)):
        sheet.set(row, long_term=1)
        sheet.put(row, "bucket_weight", [0, 0, weight, 0, int(row == SETTLE)])


def long_gain(forged):
    return forged.witness.totals["long_gain"] == 200 * COIN


def test_the_honest_term_is_short():
    forged = forge(committed(YEAR), election())
    assert forged.witness.totals["short_gain"] == 200 * COIN
    assert forged.broken() == set()


# --------------------------------------------------------------------------------- long instead of short by a day


def test_a_short_holding_is_called_long():
    """Long instead of short by one day: the disposal is before the lot's long-from instant."""

    def lie(sheet):
        called_long(sheet)
        sheet.compare(TAKE, "held", sheet.get(TAKE, "long_from")[::-1], sheet.get(TAKE, "time")[::-1])

    forged = forge(committed(YEAR), election(), steps=lie)
    assert long_gain(forged)
    assert forged.broken() == {"steps.held_gap"}


def test_a_lot_is_long_a_day_earlier():
    """Its long-from instant is that of the day before, from the opening row on."""

    class Earlier(StepsWitness):
        def __init__(self, *args):
            super().__init__(*args)
            self.long_at = self.long_at - DAY

    forged = forge(committed(YEAR), election(), replace={"StepsWitness": Earlier})
    assert long_gain(forged)
    assert forged.broken() == {"steps.long0_opened", "steps.long1_opened"}


def shifted_days(by, only=0):
    """A calendar whose rows are looked up `by` days off, for the trade number `only`."""

    class Shifted(CalendarRows):
        def day_of(self, instants):
            days = super().day_of(instants)
            if len(instants) > 1:  # the trades; not a single lookup
                days[np.flatnonzero(instants == np.unique(instants)[only])] += by
            return days

        def long_from(self, acquired):
            first = self.day_of(np.unique(acquired))
            known = dict(zip(np.unique(acquired).tolist(), self.long_at[first].tolist(), strict=True))
            return np.array([known[t] for t in acquired.tolist()], np.int64)

    return {"CalendarRows": Shifted}


def test_a_lot_is_bought_a_day_earlier():
    """The opening trade looks up the day before, which had ended."""
    forged = forge(committed(YEAR), election(), replace=shifted_days(-1))
    assert long_gain(forged)
    assert forged.broken() == {"steps.until_gap"}


def test_a_lot_is_bought_a_day_later():
    forged = forge(committed(YEAR), election(), replace=shifted_days(1))
    assert forged.broken() == {"steps.since_gap"}


def test_a_lot_is_bought_on_a_day_that_is_not_in_the_calendar():
    """The row that it looks up is made up: its long-from instant a day earlier, or its hours another."""

    class Earlier(StepsWitness):
        def __init__(self, *args):
            super().__init__(*args)
            self.long_at = self.long_at - DAY

    def lie(sheet):
        sheet.put(0, "day_long", sheet.get(0, "long_from"))

    forged = forge(committed(YEAR), election(), replace={"StepsWitness": Earlier}, steps=lie)
    assert long_gain(forged)
    assert forged.broken() == {"bus calendar"}


def test_a_short_sale_is_called_long_term():
    rows = [trade("2022-01-01", "a/1", "short", 1, 300), trade("2024-06-17", "a/2", "cover", 1, 100)]

    def lie(sheet):
        called_long(sheet)
        for row, weight in ((TAKE, 1), (SETTLE, -1)):
            sheet.put(row, "bucket_weight", [0, 0, weight, 0, int(row == TAKE)])

    forged = forge(committed(rows), election(), steps=lie)
    assert long_gain(forged)
    assert forged.broken() == {"steps.long_term"}


def test_the_two_halves_are_of_two_terms():
    """Basis short term, proceeds long term (another gain keeps the short-term class above zero)."""
    rows = [*YEAR, trade("2024-07-01", "a/3", "income", 1, 0), trade("2024-07-02", "a/4", "sell", 1, 500)]

    def lie(sheet):
        called_long(sheet)
        sheet.set(TAKE, held_long=0, long_term=0)
        sheet.put(TAKE, "bucket_weight", [-1, 0, 0, 0, 0])

    forged = forge(committed(rows), election(), steps=lie)
    assert forged.witness.totals["long_gain"] == 300 * COIN
    assert forged.broken() == {"steps.long_term_held"}


def test_at_the_very_instant_it_is_long():
    """Neither comparison excludes equality; a rule of its own says which it is."""
    rows = [trade("2023-06-16", "a/1", "buy", 1, 100), trade("2024-06-17", "a/2", "sell", 1, 300)]
    opening = committed(rows)
    assert long_gain(forge(opening, election()))

    def lie(sheet):
        sheet.set(TAKE, held_long=0)
        for row, weight in ((TAKE, -1), (SETTLE, 1)):
            sheet.set(row, long_term=0)
            sheet.put(row, "bucket_weight", [weight, 0, 0, 0, int(row == SETTLE)])

    forged = forge(opening, election(), steps=lie)
    assert forged.witness.totals["short_gain"] == 200 * COIN
    assert forged.broken() == {"steps.held_equal"}


# ------------------------------------------------------------------------------------------------- years and phases


def phased(phase, rows):
    """These rows claim another phase, and weigh by it."""

    def lie(sheet):
        for row in rows:
            sheet.set(row, phase=phase)
        for row, sign in ((TAKE, -1), (SETTLE, 1)):
            weight = sign * phase * int(row in rows)
            sheet.set(row, weight=weight)
            sheet.put(row, "bucket_weight", [weight, 0, 0, 0, weight * int(row == SETTLE)])

    return lie


def test_a_disposal_of_the_year_is_not_counted():
    forged = forge(committed(YEAR), election(), steps=phased(0, (TAKE, SETTLE)))
    assert forged.witness.totals["proceeds"] == 0
    assert forged.broken() == {"bus calendar"}


def test_the_proceeds_of_a_disposal_are_not_counted():
    forged = forge(committed(YEAR), election(), steps=phased(0, (SETTLE,)))
    assert forged.broken() >= {"steps.phase_held"}


def test_a_disposal_of_an_earlier_year_is_counted():
    rows = [trade("2022-06-17", "a/1", "buy", 1, 300), trade("2023-06-17", "a/2", "sell", 1, 100)]

    def lie(sheet):
        for row, sign in ((TAKE, 1), (SETTLE, -1)):
            sheet.set(row, phase=1, weight=sign)
            sheet.put(row, "bucket_weight", [0, sign, 0, 0, int(row == SETTLE)])

    forged = forge(committed(rows), election(), steps=lie)
    assert forged.witness.totals["short_loss"] == 200 * COIN
    assert forged.broken() == {"bus calendar"}


class RunsOn(Scribe):
    """Trades after the year's end are run as well."""

    def __init__(self, trades, given):
        super().__init__(trades, given)
        self.trades = list(trades)


LATE = [*YEAR, trade("2024-12-01", "a/3", "buy", 1, 900), trade("2025-01-01", "a/4", "sell", 1, 100)]


def test_a_disposal_after_the_year_has_an_effect():
    """January's loss is realised in December's year."""
    forged = forge(committed(LATE), election(), operations=told_by(RunsOn))
    assert forged.broken() == {"steps.work_in_time"}

    def counted(sheet):
        row = sheet.rows("is_take")[1]
        for at_row, sign in ((row, 1), (row + 1, -1)):
            sheet.set(at_row, phase=1, weight=sign)
            sheet.put(at_row, "bucket_weight", [0, sign, 0, 0, int(at_row == row + 1)])

    forged = forge(committed(LATE), election(), operations=told_by(RunsOn), steps=counted)
    assert forged.witness.totals["short_loss"] == 800 * COIN
    assert forged.broken() == {"bus calendar"}


@pytest.mark.parametrize("gone", [0, 1])
def test_a_record_of_the_year_is_left_without_effect(gone):
    """Skip of a trade inside the year: a buy at a low price, a sale at a gain."""
    rows = [YEAR[0], trade("2024-01-02", "a/9", "buy", 1, 900), trade("2024-02-01", "a/2", "sell", 1, 300)]

    class Skips(Scribe):
        def skips(self, trade):
            return trade == 2 * gone

    forged = forge(committed(rows), election(), operations=told_by(Skips))
    assert forged.broken() == {"steps.skip_why"}


# --------------------------------------------------------------------------------------------- rows of the calendar


def test_a_day_before_the_calendar():
    """The row after the last is the first: an idle last row is a day from 0 to the first listed day, long from 0.

    Bought in December, sold in June: long term at once, if the calendar begins with the year.
    """
    rows = [trade("2023-12-15", "a/1", "buy", 1, 100), YEAR[1]]
    forged = forge(committed(rows), election(), replace={"CalendarRows": LateCalendar}, idle=0)
    listed = forged.public.columns[statement.table_number("calendar"), 0]
    assert len(listed) < 400
    assert len(forged.traces["calendar"]) == len(listed) + 1
    assert long_gain(forged)
    assert forged.broken() == {"calendar.last_no_day"}


def test_a_day_after_the_calendar():
    """The row after the end mark is zero: a day that ends at 0 holds no trade, whatever its number."""
    forged = forge(committed(YEAR), election())
    end = len(forged.public.columns[statement.table_number("calendar"), 0])
    calendar, sheet = forged.sheet("calendar"), forged.sheet("steps")
    calendar["count"][:] = 0
    calendar["count"][end - 1] = calendar["count"][end] = 1
    for row, start in ((0, 2**45 - 1), (TAKE, 0)):
        for stem, value in (("day_start", start), ("day_end", 0), ("day_long", 0)):
            sheet.put(row, stem, limbs(value))
    sheet.set(TAKE, phase=0)
    assert {"steps.since_equal0", "steps.until_equal0"} & forged.broken()


def test_a_time_is_written_another_way():
    """Limbs of a time that are not below 2^15 make the same two lanes of the record."""
    rows = [YEAR[0], trade("2024-02-01", "a/2", "sell", 1, 300)]

    def alias(sheet):
        for row in (TAKE, SETTLE):
            low, high = sheet.get(row, "time")[:2]
            sheet.set(row, time0=low + 2**15, time1=high - 1)

    forged = forge(committed(rows), election(), steps=alias)
    assert at("2024-02-01") % 2**30 >= 2**15
    assert "bus u15" in forged.broken()
    assert "bus record" not in forged.broken()

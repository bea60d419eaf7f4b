"""What must hold of every ledger: parts add up, nothing is used twice, and two independent oracles agree."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.ledgers import ALL_RULES, DAY, START, ledgers, regimes
from zkharvest.ledger import Election, LedgerRun, Method, Pool, Pooling, Side, run_ledger
from zkharvest.ledger.rules import opening_value, sort_key
from zkharvest.trades.model import OPENS_LOT, Kind, Trade

EXAMPLES = settings(max_examples=60, deadline=None)
LATE = 2500  # a year after all trades: everything is run, nothing is in the year


def run(trades: list[Trade], method: Method, pooling: Pooling, year: int = LATE) -> LedgerRun:
    return run_ledger(trades, Election(method, pooling, "America/New_York", year), engine="plain")


@EXAMPLES
@given(ledgers(), st.sampled_from(ALL_RULES))
def test_parts_add_up_to_their_trades_and_lots(trades: list[Trade], rules: tuple[Method, Pooling]) -> None:
    ledger = run(trades, *rules)
    closed: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    opened: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for part in ledger.disposals:
        own, lot = (part.proceeds, part.basis) if part.side is Side.LONG else (part.basis, part.proceeds)
        closed[part.trade] = [closed[part.trade][0] + part.quantity, closed[part.trade][1] + own]
        opened[part.lot] = [opened[part.lot][0] + part.quantity, opened[part.lot][1] + lot]
        assert part.quantity > 0
        assert lot >= 0
    for lot in ledger.open_lots:
        opened[lot.seq] = [opened[lot.seq][0] + lot.quantity, opened[lot.seq][1] + lot.value]
        assert lot.quantity > 0
    for place, trade in enumerate(trades):
        if trade.kind in OPENS_LOT:
            assert opened[place] == [trade.quantity, opening_value(trade)]
        elif trade.kind is not Kind.TRANSFER:
            on_short = trade.kind is Kind.COVER or any(d.side for d in ledger.disposals if d.trade == place)
            assert closed[place] == [trade.quantity, trade.amount + (trade.fee if on_short else -trade.fee)]


@EXAMPLES
@given(ledgers(), st.sampled_from(ALL_RULES), st.integers(2020, 2026))
def test_totals_are_the_sums_of_the_parts_of_the_year(
    trades: list[Trade], rules: tuple[Method, Pooling], year: int
) -> None:
    totals = run(trades, *rules, year).totals
    parts = [part for part in run(trades, *rules, year).disposals if part.in_year]
    assert totals.proceeds == sum(part.proceeds for part in parts)
    assert totals.basis == sum(part.basis for part in parts)
    assert totals.short_term_gain == sum(max(part.gain, 0) for part in parts if part.term == "short")
    assert totals.long_term_loss == sum(max(-part.gain, 0) for part in parts if part.term == "long")
    assert totals.net == totals.gain == sum(part.gain for part in parts)
    assert min(totals.short_term_gain, totals.short_term_loss, totals.long_term_gain, totals.long_term_loss) >= 0


@EXAMPLES
@given(ledgers(), st.sampled_from(ALL_RULES))
def test_years_tile_the_disposals(trades: list[Trade], rules: tuple[Method, Pooling]) -> None:
    whole = run(trades, *rules)
    years = range(2019, 2100)  # the first random trades lie in 2019 in New York
    last = max((trade.time for trade in trades), default=START)
    covered = [year for year in years if (year - 2021) * 365 * DAY + START <= last]
    pieces = [part for year in covered for part in run(trades, *rules, year).disposals if part.in_year]
    assert [(part.trade, part.lot, part.gain) for part in pieces] == [
        (part.trade, part.lot, part.gain) for part in whole.disposals
    ]


@EXAMPLES
@given(ledgers(), regimes())
def test_inventory_lies_in_the_order_of_the_method(trades: list[Trade], election: Election) -> None:
    lots, key = run_ledger(trades, election, engine="plain").open_lots, sort_key(election.method)
    for one, other in pairwise(lots):
        assert one.pool <= other.pool
        if one.pool == other.pool:
            assert key(one.unit, one.seq) <= key(other.unit, other.seq)
    assert all((lot.pool.wallet == "") == (election.pooling is Pooling.UNIVERSAL) for lot in lots)


@EXAMPLES
@given(ledgers(), st.sampled_from(Method))
def test_a_wallet_alone_is_the_same_under_either_basis(trades: list[Trade], method: Method) -> None:
    alone = [trade for trade in trades if trade.source == "w0" and trade.kind in OPENS_LOT]
    wallet, universal = run(alone, method, Pooling.WALLET), run(alone, method, Pooling.UNIVERSAL)
    assert [lot.seq for lot in wallet.open_lots] == [lot.seq for lot in universal.open_lots]


def fifo_parts(trades: list[Trade]) -> list[tuple[int, int, int]]:
    """FIFO without lots: units laid on a line, openings and closings of an asset meet where their stretches overlap."""
    openings: dict[tuple[str, Side], list[tuple[int, int, int]]] = defaultdict(list)
    closings: dict[tuple[str, Side], list[tuple[int, int, int]]] = defaultdict(list)
    for place, trade in enumerate(trades):
        if trade.kind is Kind.TRANSFER:
            continue
        side = Side.SHORT if trade.kind in (Kind.SHORT, Kind.COVER) else Side.LONG
        key = (trade.asset, side)
        if trade.kind is Kind.EXPIRE:
            held = [
                of[-1][1] if of else 0 for of in (openings[trade.asset, Side.LONG], closings[trade.asset, Side.LONG])
            ]
            key = (trade.asset, Side.LONG if held[0] > held[1] else Side.SHORT)
        line = (openings if trade.kind in OPENS_LOT else closings)[key]
        start = line[-1][1] if line else 0
        line.append((start, start + trade.quantity, place))
    parts = []
    for key, line in closings.items():
        for start, end, closer in line:
            for left, right, lot in openings[key]:
                if max(start, left) < min(end, right):
                    parts.append((closer, lot, min(end, right) - max(start, left)))
    return sorted(parts)


@EXAMPLES
@given(ledgers(Pooling.UNIVERSAL))
def test_fifo_is_the_overlap_of_stretches(trades: list[Trade]) -> None:
    ledger = run(trades, Method.FIFO, Pooling.UNIVERSAL)
    assert sorted((part.trade, part.lot, part.quantity) for part in ledger.disposals) == fifo_parts(trades)


def hifo_parts(trades: list[Trade], sign: int) -> list[tuple[int, int, int, int]]:
    """HIFO (or LOFO, sign -1) by looking at every part each time: (trade, lot, quantity, lot's value), per wallet."""
    parts: list[list[int | str]] = []  # wallet, asset, side, lot, quantity, value: in the order of arrival
    found = []
    for place, trade in enumerate(trades):
        side = int(trade.kind in (Kind.SHORT, Kind.COVER))
        if trade.kind in OPENS_LOT:
            parts.append([trade.source, trade.asset, side, place, trade.quantity, opening_value(trade)])
            continue
        rest = trade.quantity
        while rest:
            mine = [part for part in parts if part[:2] == [trade.source, trade.asset]]
            if trade.kind is not Kind.EXPIRE:
                mine = [part for part in mine if part[2] == side]

            def rank(part: list[int | str]) -> tuple[int, int]:
                lot = trades[int(part[3])]
                return sign * (Fraction(opening_value(lot), lot.quantity) * 2**96).__floor__(), -int(part[3])

            best = max(mine, key=rank)
            held, value = int(best[4]), int(best[5])
            taken = min(held, rest)
            share = (Fraction(value) * Fraction(taken, held)).__floor__()
            rest, best[4], best[5] = rest - taken, held - taken, value - share
            if trade.kind is Kind.TRANSFER:
                parts.append([trade.to, trade.asset, 0, best[3], taken, share])
            else:
                found.append((place, int(best[3]), taken, share))
            if not best[4]:
                parts.remove(best)
    return found


@EXAMPLES
@given(ledgers())
@pytest.mark.parametrize(("method", "sign"), [(Method.HIFO, 1), (Method.LOFO, -1)])
def test_hifo_and_lofo_take_the_best_of_all(method: Method, sign: int, trades: list[Trade]) -> None:
    ledger = run(trades, method, Pooling.WALLET)
    assert [
        (part.trade, part.lot, part.quantity, part.basis if part.side is Side.LONG else part.proceeds)
        for part in ledger.disposals
    ] == hifo_parts(trades, sign)


@EXAMPLES
@given(ledgers())
def test_specific_identification_takes_what_was_named(trades: list[Trade]) -> None:
    ledger = run(trades, Method.SPECIFIC, Pooling.UNIVERSAL)
    taken: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for part in ledger.disposals:
        taken[part.trade][part.lot_ref] += part.quantity
    for place, trade in enumerate(trades):
        if trade.kind in OPENS_LOT or trade.kind is Kind.TRANSFER:
            assert place not in taken
            continue
        named: dict[str, int] = defaultdict(int)
        for pick in trade.lots:
            (ref,) = [other.ref for other in trades if other.kind in OPENS_LOT and pick.trade in (other.id, other.ref)]
            named[ref] += pick.quantity
        assert taken[place] == named


@EXAMPLES
@given(ledgers())
def test_short_lots_never_turn_long(trades: list[Trade]) -> None:
    ledger = run(trades, Method.FIFO, Pooling.WALLET)
    assert {part.term for part in ledger.disposals if part.side is Side.SHORT} <= {"short"}
    assert all(lot.pool == Pool(*lot.pool) for lot in ledger.open_lots)

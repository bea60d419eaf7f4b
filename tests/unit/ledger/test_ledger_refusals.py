"""Ledgers that cannot be run: every message in full, the same from either engine."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.ledgers import ledgers, regimes
from tests.support.make import COIN, trade
from zkharvest.errors import InputError
from zkharvest.ledger import Election, Method, Pooling, run_ledger
from zkharvest.ledger.run import Engine
from zkharvest.trades.model import MONEY_LIMIT, QUANTITY_LIMIT, Kind, LotPick, Trade

ENGINES: tuple[Engine, ...] = ("plain", "fast")
BUY = trade("2024-01-01", "w/b", "buy", 1, 10)
SHORT = trade("2024-01-02", "w/o", "short", 1, 10)
UNIVERSAL, SPECIFIC = Pooling.UNIVERSAL, Method.SPECIFIC


def refusal(
    trades: list[Trade], engine: Engine, method: Method = Method.FIFO, pooling: Pooling = Pooling.WALLET
) -> str:
    with pytest.raises(InputError) as caught:
        run_ledger(trades, Election(method, pooling, "UTC", 2025), engine=engine)
    return str(caught.value)


@pytest.mark.parametrize("engine", ENGINES)
def test_more_than_is_held(engine: Engine) -> None:
    sale = trade("2025-01-01", "w/s", "sell", "1.5", 10, line=7)
    hint = "hint: enter the acquisition or the incoming transfer that is missing before it, or correct the quantity"
    expected = "line 7: w/s: sell of 1.5 from pool BTC (w, long), which holds 1 at that moment\n" + hint
    assert refusal([BUY, sale], engine) == expected
    assert refusal([BUY, sale], engine, pooling=UNIVERSAL) == expected.replace("(w, long)", "(long)")
    moved = trade("2025-01-01", "w/t", "transfer", 2, to="v")
    assert refusal([BUY, moved], engine).startswith("w/t: transfer of 2 from pool BTC (w, long), which holds 1 at")
    cover = trade("2025-01-01", "w/c", "cover", 2, 1)
    assert refusal([BUY, SHORT, cover], engine).startswith("w/c: cover of 2 from pool BTC (w, short), which holds 1 at")
    elsewhere = trade("2025-01-01", "v/s", "sell", 1, 10)
    assert refusal([BUY, elsewhere], engine).startswith("v/s: sell of 1 from pool BTC (v, long), which holds 0 at")
    expiry = trade("2025-01-01", "w/e", "expire", 2)
    assert refusal([BUY, expiry], engine).startswith("w/e: expire of 2 from pool BTC (w, long), which holds 1 at")
    assert refusal([SHORT, expiry], engine).startswith("w/e: expire of 2 from pool BTC (w, short), which holds 1 at")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_lot_is_not_there_before_it_is_bought(engine: Engine) -> None:
    early = trade("2023-01-01", "w/s", "sell", 1, 10)
    assert refusal([early, BUY], engine).startswith("w/s: sell of 1 from pool BTC (w, long), which holds 0 at")


@pytest.mark.parametrize("engine", ENGINES)
def test_an_expiry_needs_one_open_side(engine: Engine) -> None:
    expiry = trade("2025-01-01", "w/e", "expire", 1, line=3)
    assert refusal([BUY, SHORT, expiry], engine) == (
        "line 3: w/e: expire of 1 from pool BTC (w) is ambiguous: long and short lots are open\n"
        "hint: enter it as a sell (long) or a cover (short) with amount 0"
    )
    assert refusal([expiry], engine, pooling=UNIVERSAL) == (
        "line 3: w/e: expire of 1 from pool BTC (w), which holds 0 at that moment, long or short\n"
        "hint: enter the trade that opened it before it, or leave the expiry out"
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (
            trade("2025-01-01", "w/r", "buy", 1, 10, -11),
            (
                "w/r: buy with amount 10.00 and fee -11.00 would open a lot of value -1.00\n"
                "hint: a lot's value cannot be negative: enter what exceeds the amount as a row of its own"
            ),
        ),
        (
            trade("2025-01-01", "w/r", "short", 1, 10, 11),
            (
                "w/r: short with amount 10.00 and fee 11.00 would open a lot of value -1.00\n"
                "hint: a lot's value cannot be negative: enter what exceeds the amount as a row of its own"
            ),
        ),
        (
            trade("2025-01-01", "w/r", "buy", 1, "184467440737.09551615", "0.00000001"),
            (
                "w/r: buy with amount 184467440737.09551615 and fee 0.00000001 would open a lot of value "
                "184467440737.09551616, 2^64 * 10^-8 or more"
            ),
        ),
        (
            trade("2025-01-01", "w/r", "cover", 1, "184467440737.09551615", "0.00000001"),
            (
                "w/r: cover with amount 184467440737.09551615 and fee 0.00000001 has a value of magnitude "
                "2^64 * 10^-8 or more"
            ),
        ),
        (
            trade("2025-01-01", "w/t", "transfer", 1, 0, 1, to="v"),
            "w/t: transfer with fee 1.00\nhint: enter the network fee as a spend row of its own",
        ),
        (
            trade("2025-01-01", "w/t", "transfer", 1, to="w"),
            "w/t: transfer from 'w' to 'w'\nhint: `to` names another source",
        ),
        (trade("2025-01-01", "w/t", "transfer", 1), "w/t: transfer from 'w' to ''\nhint: `to` names another source"),
        (
            trade("2025-01-01", "w/e", "expire", 1, 5),
            "w/e: expire with amount 5.00\nhint: leave `amount` empty for expire",
        ),
        (trade("2025-01-01", "w/q", "buy", 0, 5), "w/q: quantity 0 is not above 0 and below 2^112 * 10^-18"),
        (trade("1969-12-31", "w/q", "buy", 1, 5), "w/q: time -86400000 ms is not within 1970 to 2527"),
        (trade("2025-01-01", "w/q", "sell", 1, -5), "w/q: amount -5.00 is not between 0 and 2^64 * 10^-8"),
    ],
)
def test_trades_that_no_ledger_takes(bad: Trade, message: str, engine: Engine) -> None:
    assert refusal([BUY, bad], engine, pooling=UNIVERSAL) == message


@pytest.mark.parametrize("engine", ENGINES)
def test_all_flaws_at_once(engine: Engine) -> None:
    first = trade("2025-01-01", "w/1", "buy", 1, 10, -11, line=2)
    second = trade("2025-01-02", "w/2", "transfer", 1, 0, 1, line=3)
    with pytest.raises(InputError) as caught:
        run_ledger([first, BUY, second], Election(Method.FIFO, UNIVERSAL, "UTC", 2025), engine=engine)
    assert [problem.where for problem in caught.value.problems] == ["line 2: w/1", "line 3: w/2", "line 3: w/2"]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_must_be_named(engine: Engine) -> None:
    def named(lots: str, kind: str = "sell") -> str:
        to = "v" if kind == "transfer" else ""
        return refusal([BUY, SHORT, trade("2025-01-01", "w/s", kind, 1, lots=lots, to=to)], engine, SPECIFIC)

    assert named("") == (
        "w/s: sell of 1 BTC names no lots\n"
        "hint: under specific identification `lots` holds the id:quantity of every lot it takes from"
    )
    assert named("", "transfer").startswith("w/s: transfer of 1 BTC names no lots")
    assert named("b:0.5") == "w/s: the named lots add up to 0.5, the sell is of 1 BTC"
    assert named("b:2;b:-1").startswith("w/s: lot 'b' is named with quantity -1")
    assert named("x:1") == "w/s: lot 'x' is not the id of a buy, income or short\nhint: see `zkharvest ledger lots`"
    assert named("s:1").startswith("w/s: lot 's' is not the id of a buy")
    assert named("o:1") == (
        "w/s: sell names 1 of lot o, but pool BTC (w, long) holds 0 of it at that moment\n"
        "hint: name a lot that is open in this pool, with what is left of it"
    )
    assert named("o:1", "expire").startswith("w/s: expire of 1 from pool BTC (w) is ambiguous")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_named_lot_must_hold_what_is_named(engine: Engine) -> None:
    more = trade("2024-01-02", "w/c", "buy", 1, 10)
    sale = trade("2025-01-01", "w/s", "sell", "1.5", 1, lots="c:0.25;b:1.25")
    assert refusal([BUY, more, sale], engine, SPECIFIC).startswith(
        "w/s: sell names 1.25 of lot b, but pool BTC (w, long) holds 1 of it at that moment"
    )
    expiry = trade("2025-01-01", "w/e", "expire", 1, lots="other:1")
    other = trade("2024-01-02", "w/other", "short", 1, 10, asset="ETH")
    assert refusal([BUY, other, expiry], engine, SPECIFIC).startswith(
        "w/e: expire names 1 of lot other, but pool BTC (w, long) holds 0 of it at that moment"
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_a_name_must_be_clear(engine: Engine) -> None:
    twin = trade("2024-01-02", "v/b", "buy", 1, 10)
    sale = trade("2025-01-01", "w/s", "sell", 1, 1, lots="b:1")
    assert refusal([BUY, twin, sale], engine, SPECIFIC) == (
        "w/s: lot 'b' names several trades: w/b, v/b\nhint: write it as source/id"
    )
    clear = trade("2025-01-01", "w/s", "sell", 1, 1, lots="w/b:1")
    assert run_ledger([BUY, twin, clear], Election(SPECIFIC, Pooling.WALLET, "UTC", 2025), engine=engine).disposals


@pytest.mark.parametrize("engine", ENGINES)
def test_lots_play_no_part_under_other_methods_or_in_universal_transfers(engine: Engine) -> None:
    sale = trade("2025-01-01", "w/s", "sell", 1, 1, lots="nothing:9")
    assert run_ledger([BUY, sale], Election(Method.HIFO, Pooling.WALLET, "UTC", 2025), engine=engine).disposals
    moved = trade("2025-01-01", "w/t", "transfer", 5, to="v")
    assert not run_ledger([BUY, moved], Election(SPECIFIC, UNIVERSAL, "UTC", 2025), engine=engine).disposals


def outcome(trades: list[Trade], election: Election, engine: Engine) -> object:
    try:
        run = run_ledger(trades, election, engine=engine)
    except InputError as error:
        assert error.problems
        return str(error)
    return run.totals, run.disposals, run.open_lots


@settings(max_examples=150, deadline=None)
@given(ledgers(max_size=30), regimes(), st.integers(0, 2**32))
def test_damaged_ledgers_end_the_same_way_in_either_engine(trades: list[Trade], election: Election, seed: int) -> None:
    rng = Random(seed)
    damaged = [trade for trade in trades if rng.random() < 0.95]
    if damaged and rng.random() < 0.5:
        damaged[rng.randrange(len(damaged))] = rng.choice(trades)
    assert outcome(damaged, election, "plain") == outcome(damaged, election, "fast")


wild_trades = st.builds(
    Trade,
    time=st.sampled_from((0, 1, 1 << 43, -1, 1 << 44)),
    source=st.sampled_from("wv"),
    id=st.sampled_from("abc"),
    kind=st.sampled_from(Kind),
    asset=st.just("BTC"),
    quantity=st.sampled_from((1, 2, QUANTITY_LIMIT - 1, 0, -1, QUANTITY_LIMIT, 1 << 130)),
    amount=st.sampled_from((0, 1, MONEY_LIMIT - 1, -1, MONEY_LIMIT)),
    fee=st.sampled_from((0, 1, -1, MONEY_LIMIT - 1, 1 - MONEY_LIMIT, MONEY_LIMIT, -MONEY_LIMIT)),
    to=st.sampled_from(("", "w", "v")),
    lots=st.lists(
        st.builds(LotPick, st.sampled_from(("a", "w/a", "v/b", "?")), st.sampled_from((1, 2, 0, -1, 1 << 130))),
        max_size=3,
    ).map(tuple),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(wild_trades, max_size=4), regimes())
def test_anything_is_taken_or_refused_in_the_same_words(trades: list[Trade], election: Election) -> None:
    assert outcome(trades, election, "plain") == outcome(trades, election, "fast")


@pytest.mark.parametrize("engine", ENGINES)
def test_everything_that_is_missing_is_told_at_once(engine: Engine) -> None:
    rows = [
        replace(one, file="t.csv", line=line)
        for line, one in enumerate(
            [
                trade("2024-01-01", "w/1", "sell", 1, 10),
                BUY,
                trade("2025-01-02", "w/2", "sell", 3, 10),
                trade("2025-01-03", "w/3", "transfer", 1, to="v", asset="ETH"),
                trade("2025-01-04", "w/4", "expire", 1, asset="X"),
                trade("2025-01-05", "w/5", "cover", 1, 1),
            ],
            start=2,
        )
    ]
    with pytest.raises(InputError) as caught:
        run_ledger(rows, Election(Method.FIFO, Pooling.WALLET, "UTC", 2025), engine=engine)
    told = [problem.where for problem in caught.value.problems]
    assert told == ["t.csv:2: w/1", "t.csv:4: w/2", "t.csv:5: w/3", "t.csv:6: w/4", "t.csv:7: w/5"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_wallet_of_almost_the_same_name_is_pointed_out(engine: Engine) -> None:
    moved = trade("2025-01-01", "w/t", "transfer", 1, to="legder-nano")
    sale = trade("2025-02-01", "ledger-nano/s", "sell", 1, 5)
    assert 'BTC lies in "legder-nano": is "ledger-nano" the same wallet?' in refusal([BUY, moved, sale], engine)
    other = trade("2025-02-01", "kraken/s", "sell", 1, 5)
    assert "the same wallet" not in refusal([BUY, moved, other], engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_comes_later_does_not_change_what_a_name_means(engine: Engine) -> None:
    """A file that is valid for one year stays valid for the next (docs/adr/0016)."""
    sale = trade("2024-06-01", "w/s", "sell", 1, 1, lots="b:1")
    twin = trade("2025-01-02", "v/b", "buy", 1, 10)
    run = run_ledger([BUY, sale, twin], Election(SPECIFIC, Pooling.WALLET, "UTC", 2025), engine=engine)
    assert [part.lot_ref for part in run.disposals] == ["w/b"]
    late = trade("2025-02-01", "w/late", "buy", 1, 10, line=9)
    early = trade("2024-06-01", "w/s", "sell", 1, 1, lots="late:1")
    assert "lot 'late' is opened later, by line 9: w/late" in refusal([BUY, early, late], engine, SPECIFIC)
    typo = trade("2024-06-01", "w/s", "sell", 1, 1, lots="w/bb:1")
    assert "did you mean 'w/b'?" in refusal([BUY, typo], engine, SPECIFIC)


@pytest.mark.parametrize("engine", ENGINES)
def test_under_universal_pooling_the_account_tells_which_side_expires(engine: Engine) -> None:
    """`v` is short and `w` long: each account's expiry is clear (docs/adr/0014)."""
    held = trade("2024-01-01", "w/1", "buy", 1, 100, asset="OPT")
    written = trade("2024-01-02", "v/1", "short", 1, 30, asset="OPT")
    of_held, of_written = (trade("2025-01-01", f"{who}/x", "expire", 1, fee=1, asset="OPT") for who in "wv")
    run = run_ledger([held, written, of_held, of_written], Election(Method.FIFO, UNIVERSAL, "UTC", 2025), engine=engine)
    assert [(part.lot_ref, part.gain) for part in run.disposals] == [("w/1", -101 * COIN), ("v/1", 29 * COIN)]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_transfer_under_universal_pooling_moves_nothing_whatever_the_account_holds(engine: Engine) -> None:
    moved = trade("2025-01-01", "v/t", "transfer", 5, to="w")
    assert not run_ledger([BUY, moved], Election(Method.FIFO, UNIVERSAL, "UTC", 2025), engine=engine).disposals

"""Plans and their record: parts that add up, deltas in their band, lots that the ledger really takes, fills refused."""

import math
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.support.harvest import NOW, book, rates, scan
from zkharvest.errors import InputError, UsageError
from zkharvest.harvest.fills import read_fills
from zkharvest.harvest.plan import ONE, Wishes, chosen_lots, make_plan
from zkharvest.harvest.plan_file import Plan, read_plan
from zkharvest.harvest.policy import WashSale
from zkharvest.harvest.record import expected_fills, record
from zkharvest.harvest.scan import run_until
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.ledger.run import run_ledger
from zkharvest.trades.csv_in import trades_from_text
from zkharvest.trades.csv_out import trades_to_text
from zkharvest.trades.model import Kind
from zkharvest.trades.text import parse_quantity, parse_time

MADE = parse_time(NOW) + 1000
GAIN = 1e6


def planned(trades, market, law=None, method=Method.SPECIFIC, names=(), legs=(), **wishes):
    law = rates(other_short=GAIN) if law is None else law
    found = scan(trades, market, law, method)
    run, _ = run_until(trades, Election(method, Pooling.WALLET, "America/New_York", law.year), parse_time(NOW))
    made = Wishes(**{"seed": 7, **wishes})
    return make_plan(found, chosen_lots(found, run, names), made, MADE, {}, legs)


ONE_LOT = book("2026-01-05 kraken t1 buy BTC 1.37 126040")


def fill(
    number, day="2026-11-28T19:00:00Z", side="sell", price="79990", amount="0.8", fee="", currency="USD", order=""
):
    return f"{number},{order},{day},BTC/USD,{side},{price},{amount},{fee},{currency if fee else ''}\n"


def fills(tmp_path, *rows):
    path = tmp_path / "fills.csv"
    path.write_text("id,order,datetime,symbol,side,price,amount,fee_cost,fee_currency\n" + "".join(rows))
    return read_fills(path)


def refused(plan, found, trades):
    with pytest.raises(InputError) as caught:
        record(plan, found, trades)
    return [str(problem) for problem in caught.value.problems]


def test_the_realised_loss_is_exact(tmp_path):
    """Worked example 20. Basis 126,040; sold .80 at 79,990 and .57 at 79,980, fee .1 %: -16,568.98060000."""
    plan = planned(ONE_LOT, "BTC 80000", reentry="none")
    rows = fills(
        tmp_path,
        fill("f1", fee="63.992"),
        fill("f2", "2026-11-28T19:01:00Z", price="79980", amount="0.57", fee="45.5886"),
    )
    result = record(plan, rows, ONE_LOT)
    assert result.to_json(plan)["loss"] == "16568.9806"
    assert result.loss == 1656898060000
    assert not result.gaps
    again = trades_from_text(trades_to_text(result.trades), "again")
    run = run_ledger(again, Election(Method.SPECIFIC, Pooling.WALLET, "America/New_York", 2026))
    assert -run.totals.net == result.loss
    sales = [t for t in again if t.kind is Kind.SELL]
    assert [(t.id, t.lots[0].trade) for t in sales] == [("f1", "kraken/t1"), ("f2", "kraken/t1")]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([fill("f", amount="1.38")], "goes past step 1 of the plan by 0.01"),
        ([fill("f", amount="1.37"), fill("g", amount="0.01")], "goes past the plan"),
        ([fill("f", side="buy")], "the plan does not buy"),
        ([fill("f", price="79599.99")], "is worse than the limit 79600.00"),
        ([fill("f", day="2026-11-28T17:59:59Z")], "came before the plan was made"),
        ([fill("f", amount="0.1"), fill("f", amount="0.1")], "is among the trades already"),
        ([fill("t1")], "is among the trades already"),
        ([fill("f").replace("BTC/USD", "ETH/USD")], "is not in the plan"),
        ([fill("f", fee="0.001", currency="BNB")], "cannot be valued here"),
    ],
)
def test_a_fill_that_does_not_belong_is_refused(tmp_path, rows, said):
    plan = planned(ONE_LOT, "BTC 80000", reentry="none")
    assert any(said in problem for problem in refused(plan, fills(tmp_path, *rows), ONE_LOT))


def test_bad_fill_files(tmp_path):
    rows = [fill("f", price="-1"), fill("g", amount="x"), fill("h", side="short"), fill("i", day="soon"), "a,b\n"]
    with pytest.raises(InputError) as caught:
        fills(tmp_path, *rows)
    where = [problem.where.rpartition("fills.csv:")[2] for problem in caught.value.problems]
    assert where == ["2:price", "3:amount", "4:side", "5:datetime", "6"]


def test_what_is_missing_is_named(tmp_path):
    plan = planned(ONE_LOT, "BTC 80000")
    result = record(plan, fills(tmp_path, fill("f1")), ONE_LOT)
    assert result.gaps == [
        "kraken/t1: planned 1.37, sold 0.8", "step 1 (sell BTC/USD): 0.8 of 1.37", "step 2 (buy BTC/USD): 0 of 1.37",
    ]  # fmt: skip
    nothing = record(plan, [], ONE_LOT)
    assert (nothing.loss, nothing.trades) == (0, ONE_LOT)
    assert nothing.gaps[0] == "kraken/t1: planned 1.37, sold 0"


def test_a_fee_in_the_coin_comes_from_the_coin_just_bought(tmp_path):
    """Reg. 1.1012-1(h): units withheld come from the units received."""
    plan = planned(ONE_LOT, "BTC 80000")
    rows = fills(
        tmp_path, fill("s", amount="1.37"),
        fill("b", "2026-11-28T19:05:00Z", "buy", "80000", "1.37", fee="0.001", currency="BTC"),
    )  # fmt: skip
    new = record(plan, rows, ONE_LOT).new
    assert [(t.id, t.kind, t.amount) for t in new[1:]] == [
        ("b", Kind.BUY, 109600 * 10**8), ("b-fee", Kind.SPEND, 80 * 10**8),
    ]  # fmt: skip
    assert new[2].lots[0].trade == "kraken/b"


def test_the_fills_that_a_plan_expects_are_its_record():
    trades = book(
        "2026-01-05 k a buy BTC 1.37 126040", "2026-02-05 k b buy BTC 2 200000", "2026-02-05 k c buy ETH 3 20000"
    )
    for method in (Method.SPECIFIC, Method.FIFO, Method.HIFO):
        plan = planned(trades, "BTC 80000, ETH 3000", method=method, band=ONE // 3)
        result = record(plan, expected_fills(plan), trades)
        assert not result.gaps
        assert sum(one.sold for one in result.lots) == sum(parse_quantity(one.quantity) for one in plan.lots)


def test_what_is_bought_back_can_be_taken_first():
    """Under LOFO the coin bought back has the lowest basis: the record shows that other lots were taken."""
    trades = book("2026-01-05 k a buy BTC 2 200000", "2026-02-05 k b buy BTC 2 210000")
    plan = planned(trades, "BTC 80000", method=Method.LOFO, band=ONE)
    result = record(plan, expected_fills(plan), trades)
    assert any("not in the plan, but LOFO took" in gap for gap in result.gaps)


amounts = st.integers(1, 5 * 10**8).map(lambda n: f"{n // 10**8}.{n % 10**8:08d}")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(amounts, min_size=1, max_size=5), st.integers(1, 3 * 10**8), st.sampled_from([1, 7, 10**4, 10**6]),
    st.integers(0, 2**32), st.sampled_from(["spot", "none"]),
)  # fmt: skip
def test_the_parts_of_a_plan_are_the_whole(sizes, band, step, seed, reentry):
    trades = book(*(f"2026-02-05 k t{n} buy BTC {size} 9999999" for n, size in enumerate(sizes)))
    band, step = max(band, step) * 10**10, step * 10**10
    total = sum(parse_quantity(size) for size in sizes)
    assume(total >= step)
    band = max(band, total // 30)
    law = rates(other_short=1e9)
    plan = planned(trades, "BTC 80000", law, band=band, amount_step=step, seed=seed, reentry=reentry)
    closes = [s for s in plan.steps if s.role == "close"]
    sold = sum(parse_quantity(s.amount) for s in closes)
    unsold = sum(parse_quantity(one.unsold) for one in plan.lots if one.unsold != "0")
    assert sold + unsold == total
    assert 0 <= unsold < step
    for one in plan.lots:
        named = sum(parse_quantity(p["quantity"]) for s in closes for p in s.lots if p["lot"] == one.lot)
        left = 0 if one.unsold == "0" else parse_quantity(one.unsold)
        assert named + left == parse_quantity(one.quantity)
    for s in closes:
        assert sum(parse_quantity(p["quantity"]) for p in s.lots) == parse_quantity(s.amount)
        assert parse_quantity(s.amount) % step == 0
        assert parse_quantity(s.amount) <= band
    delta = Decimal(0)
    for s in plan.steps:
        delta += Decimal(s.amount) * (1 if s.side == "buy" else -1)
        assert Decimal(s.delta) == delta
        if reentry == "spot":
            assert abs(delta) * ONE <= band
    if reentry == "spot":
        assert delta == 0
    times = [parse_time(s.at) for s in plan.steps]
    assert times == sorted(times)
    assert times[0] > MADE


def test_the_same_seed_is_the_same_plan_and_another_has_other_times(tmp_path):
    one, same, other = (planned(ONE_LOT, "BTC 80000", band=ONE // 4, seed=seed) for seed in (1, 1, 2))
    assert one.text() == same.text()
    assert [s.at for s in one.steps] != [s.at for s in other.steps]
    path = tmp_path / "plan.json"
    path.write_text(one.text())
    assert read_plan(path) == one
    assert read_plan(path).digest() == one.digest()


def test_slices_stay_within_the_volume():
    """At most 5 % of a day's volume in a day: 2 coins of 4 a day are sold over ten days, in eight slices a day."""
    law = rates(costs={"BTC": {"volume": 4, "volatility": 0.03}}, other_short=GAIN)
    trades = book("2026-01-05 k t buy BTC 2 300000")
    plan = planned(trades, "BTC 80000", law, reentry="none")
    assert len(plan.steps) == 80
    times = [parse_time(s.at) for s in plan.steps]
    for start in times:
        inside = [Decimal(s.amount) for s, t in zip(plan.steps, times, strict=True) if start <= t < start + 86_400_000]
        assert sum(inside) <= Decimal("0.2") + Decimal("0.025")


def test_legs_of_a_match_keep_the_delta_in_its_band():
    """Worked example 16. 1.37 BTC at 80,000 are 10,960 contracts of $10, exactly."""
    leg = {"instrument": "BTC-PERPETUAL", "symbol": "BTC/USD:BTC", "side": "buy"}
    leg |= {"amount": "109600", "price": "80000.0", "delta": 1 / 80000}
    plan = planned(ONE_LOT, "BTC 80000", reentry="match", legs=[leg], band=ONE // 2)
    assert sum(Decimal(s.amount) for s in plan.steps if s.symbol == "BTC/USD:BTC") == 109600
    assert all(abs(Decimal(s.delta)) <= Decimal("0.5") for s in plan.steps)
    assert abs(Decimal(plan.steps[-1].delta)) < Decimal("0.0001")
    assert len(expected_fills(plan)) < len(plan.steps)
    far = {**leg, "amount": "300000"}
    with pytest.raises(UsageError, match="leave the band"):
        planned(ONE_LOT, "BTC 80000", reentry="match", legs=[far], band=ONE // 2)


OPTION, FUTURE = "BTC_USD-25DEC26-80000-C", "BTC_USDC-PERPETUAL"


@pytest.mark.parametrize(
    ("name", "symbol", "why"),
    [
        (OPTION, "BTC/USD:USD-261225-80000-C", ""),
        ("BTC-25DEC26-80000-C", "BTC/USD:BTC-261225-80000-C", "its premium is paid in BTC"),
        (FUTURE, "BTC/USDC:USDC", "a future has no price paid for it"),
    ],
)
def test_a_derivative_that_is_paid_for_in_money_is_a_trade(tmp_path, name, symbol, why):
    """An option's premium in dollars is its basis (s.1234); what a venue settles later is in its own export."""
    leg = {"instrument": name, "symbol": symbol, "side": "buy", "amount": "2.7", "price": "4000", "delta": 0.5}
    plan = planned(ONE_LOT, "BTC 80000", reentry="match", legs=[leg], band=2 * ONE)
    rows = [
        fill(n, side=step.side, price=step.price, amount=step.amount).replace("BTC/USD", step.symbol)
        for n, step in enumerate(plan.steps)
    ]
    done = record(plan, fills(tmp_path, *rows), ONE_LOT)
    made = [trade for trade in done.new if trade.asset == name]
    assert sum(trade.quantity for trade in made) == (0 if why else 27 * ONE // 10)
    if why:
        assert why in done.elsewhere[0]
    else:
        assert not done.elsewhere
        assert {trade.kind for trade in made} == {Kind.BUY}
        limit = Decimal(plan.steps[-1].price)
        assert sum(trade.amount for trade in made) == Decimal("2.7") * limit * 10**8
        again = trades_from_text(trades_to_text(done.trades), "t.csv")
        assert [(t.ref, t.asset) for t in again] == [(t.ref, t.asset) for t in done.trades]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"names": ["nothing"]}, "is not an open lot"),
        (
            {"law": rates(other_short=GAIN, wash_sale=WashSale(date(2026, 6, 8)))},
            "undoes the loss",
        ),
        ({"amount_step": 10 * ONE}, "below the amount step"),
        ({"band": 1}, "no slice"),
        ({"band": 10**10}, "137,000,000 slices"),
        ({"start": MADE}, "before the plan"),
        ({"law": rates(other_long=GAIN, exit_rate=0.9)}, "nothing to harvest"),
        ({"price_step": Decimal(10**6)}, "price step"),
    ],
)
def test_plans_that_cannot_be(changes, said):
    with pytest.raises(UsageError, match=said):
        planned(ONE_LOT, "BTC 80000", **changes)


def test_a_blocked_lot_names_what_comes_first():
    trades = book("2026-01-01 k a buy BTC 1 30000", "2026-02-01 k b buy BTC 1 90000")
    with pytest.raises(UsageError, match="FIFO takes other lots first") as caught:
        planned(trades, "BTC 64000", method=Method.FIFO, names=["k/b"])
    assert "k/a" in caught.value.hint
    assert [one.lot for one in planned(trades, "BTC 64000", method=Method.FIFO, names=["a", "b"]).lots] == [
        "k/a",
        "k/b",
    ]


def test_a_plan_that_was_altered_into_none(tmp_path):
    plan = planned(ONE_LOT, "BTC 80000")
    path = tmp_path / "p.json"
    good = plan.text()
    for text in ("", "{}", "[]", good.replace('"amount": "1.37"', '"amount": "-1"'), good.replace('"sell"', '"give"'),
                 good.replace('"steps"', '"stops"'), good.replace('"79600.00"', '"0"')):  # fmt: skip
        path.write_text(text)
        with pytest.raises(InputError):
            read_plan(path)
    assert isinstance(replace(plan, seed=8), Plan)
    assert not math.isnan(float(plan.limits["notional"]))

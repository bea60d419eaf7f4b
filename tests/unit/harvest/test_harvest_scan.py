"""The scan: worked examples with their sources, and what bad data does to it."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from tests.support.harvest import book, prices, rates, scan
from zkharvest.errors import InputError, UsageError
from zkharvest.harvest.costs import CostModel
from zkharvest.harvest.files import Depth
from zkharvest.harvest.policy import Jurisdiction, Rates, WashSale
from zkharvest.harvest.scan_report import lines, scan_json
from zkharvest.ledger.rules import Method, Pooling

GAIN = 1e6  # enough short gains that every loss saves s


def one(found, lot):
    return next(c for c in scan_json(found)["candidates"] if c["lot"].endswith(lot))


def test_a_lot_with_every_term():
    """The example of section 7: loss 12,080 with costs of 80 and 120, at 35 % now and 15 % in five years."""
    law = rates(costs={"default": {"fee": 0.001, "reentry_fee": 0.0015}}, other_short=GAIN)
    found = scan(book("2026-02-01 coinbase t7 buy BTC 1 92000"), "BTC 80000", law)
    lot = one(found, "t7")
    shown = {
        k: lot[k] for k in ("basis", "value", "loss", "term", "long_from", "tax_now", "carry_pv", "later_tax", "net")
    }
    assert shown == {
        "basis": "92000.00", "value": "80000.00", "loss": "12080.00", "term": "short", "long_from": "2027-02-02",
        "tax_now": "4228.00", "carry_pv": "0.00", "later_tax": "1396.24", "net": "2631.76",
    }  # fmt: skip
    first, second = list(lines(found, 40))
    assert first == ("BTC coinbase/t7 long 1  basis 92,000.00 value 80,000.00 loss 12,080.00 short until 2027-02-02")
    assert second == (
        "  tax now 4,228.00  carried 0.00  later -1,396.24  cost -200.00  net 2,631.76   "
        "H.R. 9172 would deny: rebuy from 2026-12-29"
    )


def test_tax_is_deferred_not_erased():
    """Worked example 5.

    Constantinides (1983): 10,000 at s now against l in five years; and at l now against s in half a year: do not.
    """
    law = rates(other_short=GAIN)
    assert one(scan(book("2026-02-01 c t buy BTC 1 20000"), "BTC 10000", law), "t")["net"] == "2324.71"
    law = rates(other_long=GAIN, exit_rate=0.35, horizon=0.5)
    found = scan(book("2026-02-01 c t buy BTC 1 20000"), "BTC 10000", law)
    assert one(found, "t")["net"] == "-1915.65"
    assert found.taken == 0


@pytest.mark.parametrize(("k", "c", "ratio"), [(0.20, 0.003, 0.98522), (0.232471, 0.004, 0.98308)])
def test_break_even(k, c, ratio):
    """Worked example 6.

    net = k (B - V) - c V: zero at V/B = k / (k + c). Here m = .35, d = .35 - k, and the sale costs all of it.
    """
    d = 0.35 - k
    fee = c / (1 - 0.35)
    law = rates(costs={"default": {"fee": fee, "reentry_fee": 0.0}}, other_short=GAIN, exit_rate=d, horizon=0.0)
    assert k / (k + c) == pytest.approx(ratio, abs=1e-5)
    for change, sign in ((-0.0005, 1), (0.0005, -1)):
        found = scan(book("2026-02-01 c t buy BTC 1 100000"), f"BTC {100000 * (ratio + change):.2f}", law)
        assert np.sign(found.net_alone[0]) == sign


@pytest.mark.parametrize(
    ("bought", "as_of", "term", "turns"),
    [
        ("2025-11-28", "2026-11-28T18:00:00Z", "short", "2026-11-29"),
        ("2025-11-28", "2026-11-29T06:00:00Z", "long", "2026-11-29"),
        ("2024-02-29", "2025-02-28T18:00:00Z", "short", "2025-03-01"),
        ("2024-02-29", "2025-03-01T06:00:00Z", "long", "2025-03-01"),
    ],
)
def test_the_day_a_lot_turns(bought, as_of, term, turns):
    """Worked example 7.

    Pub. 544: held for more than a year from the day after acquisition; a count from a leap day ends on March 1.
    """
    law = rates(year=int(as_of[:4]))
    market = prices("BTC 500", as_of)
    lot = one(scan(book(f"{bought} c t buy BTC 1 1000"), market, law, as_of=as_of), "t")
    assert (lot["term"], lot["long_from"]) == (term, turns)


FOUR = book(
    "2026-01-01 c a buy BTC 1 30000", "2026-02-01 c b buy BTC 1 90000", "2026-03-01 c c buy BTC 1 70000",
    "2026-04-01 c d buy BTC 1 66000",
)  # fmt: skip


@pytest.mark.parametrize(
    ("method", "taken", "loss"),
    [
        ("fifo", 0, "0.00"),
        ("lofo", 0, "0.00"),
        ("hifo", 3, "34000.00"),
        ("lifo", 3, "34000.00"),
        ("specific", 3, "34000.00"),
    ],
)
def test_a_method_gives_up_a_prefix_only(method, taken, loss):
    """Worked example 8. Price 64,000; under FIFO the prefixes are +34,000, +8,000, +2,000, 0: nothing to take."""
    found = scan(FOUR, "BTC 64000", rates(other_short=GAIN), Method(method))
    shown = scan_json(found)
    assert (shown["totals"]["lots"], shown["totals"]["loss_short"]) == (taken, loss)
    blocked = {c["lot"]: c["reach"] for c in shown["candidates"]}
    if method == "fifo":
        assert blocked["c/b"] == {"ok": False, "gains_before": 1, "before": ["c/a"]}
        assert any("blocked: FIFO takes c/a at a gain first" in line for line in lines(found, 40))
    if method == "hifo":
        assert all(reach["ok"] for reach in blocked.values())


def test_a_small_gain_is_taken_on_the_way_to_a_large_loss():
    trades = book("2026-01-01 c a buy BTC 1 63000", "2026-02-01 c b buy BTC 1 90000")
    shown = scan_json(scan(trades, "BTC 64000", rates(other_short=GAIN), Method.FIFO))
    assert (shown["totals"]["lots"], shown["totals"]["loss_short"]) == (2, "25000.00")
    assert [c["lot"] for c in shown["candidates"] if c["take"]] == ["c/a", "c/b"]


def test_pools_of_other_wallets_do_not_block():
    trades = book("2026-01-01 k a buy BTC 1 30000", "2026-02-01 c b buy BTC 1 90000")
    law = rates(other_short=GAIN)
    assert scan(trades, "BTC 64000", law, Method.FIFO).taken == 1
    assert scan(trades, "BTC 64000", law, Method.FIFO, Pooling.UNIVERSAL).taken == 0


def test_a_wash_sale_where_the_switch_is_on():
    """Worked example 9.

    Reg. 1.1091-1(h) example 1: 100 bought 12-01 for 10,000 and 100 on 12-15; the first sold 01-03 for 9,000.
    """
    trades = book("2026-12-01 c a buy XYZ 100 10000", "2026-12-15 c b buy XYZ 100 9500")
    at = {"as_of": "2027-01-03T18:00:00Z"}
    market = prices("XYZ 90", "2027-01-03T12:00:00Z")
    law = rates(year=2027, other_short=GAIN, wash_sale=WashSale(date(2026, 6, 8)))
    on, off = (scan(trades, market, one_law, **at) for one_law in (law, rates(year=2027, other_short=GAIN)))
    lot = one(on, "/a")
    assert (lot["wash"]["disallowed"], lot["wash"]["spoiled_by"]) == ("1000.00", ["c/b"])
    assert lot["wash"]["clean_from"] == "2027-01-15"
    free = one(off, "/a")
    assert (free["wash"]["disallowed"], free["wash"]["applies"]) == ("0.00", False)
    assert [(s["bill"], s["disallowed"]) for s in free["wash"]["shadow"]] == [
        ("H.R. 9172", "1000.00"), ("H.R. 10357", "1000.00"),
    ]  # fmt: skip
    assert on.taken == 2  # with both sold, what is denied to the first joins the basis of the second (Reg. 1.1091-2)


def test_the_first_clean_day_and_the_day_to_buy_back():
    """Worked example 9. Bought 2026-11-10: clean from 12-11; sold 12-31: to be bought back from 2027-01-31 on."""
    trades = book("2026-02-01 c a buy BTC 1 90000", "2026-11-10 c b buy BTC 1 70000")
    found = scan(trades, "BTC 80000")
    assert one(found, "/a")["wash"]["clean_from"] == "2026-12-11"
    late = scan(trades, prices("BTC 80000", "2026-12-31T12:00:00Z"), as_of="2026-12-31T18:00:00Z")
    assert one(late, "/a")["wash"]["rebuy_from"] == "2027-01-31"
    assert one(late, "/a")["wash"]["clean_from"] is None


def test_of_many_purchases_the_last_are_named_and_all_are_counted():
    """Beside each of many lots the names of many purchases would be a file without end."""
    bought = [f"2026-11-{10 + n // 3} c b{n:02} buy BTC 0.01 1000" for n in range(30)]
    lot = one(scan(book("2026-02-01 c a buy BTC 1 90000", *bought), "BTC 80000"), "/a")
    assert lot["wash"]["spoiled_by_count"] == 30
    assert lot["wash"]["spoiled_by"] == [f"c/b{n:02}" for n in range(10, 30)]


def test_contracts_of_dollars_are_not_coins():
    """An inverse contract is an amount of dollars: 8,000 of them are a tenth of a coin, and have no loss of their own.

    A contract that is closed again was entered into all the same (s.1091(a)).
    """
    held = "2026-02-01 c a buy BTC 1 90000"
    perpetual = "2026-11-10 d x buy BTC-PERPETUAL 8000 8000"
    short = "2026-11-10 d y short BTC-26MAR27 5000 5000"
    found = scan(
        book(held, perpetual, short), "BTC 80000, BTC-PERPETUAL 80000, BTC-26MAR27 81000", rates(other_short=GAIN)
    )
    assert float(found.valuation.straddles.gain.sum()) == 0
    assert {(o.lot, o.reason.partition(":")[0]) for o in found.left_out} == {
        ("d/x", "an amount of dollars, settled in BTC as it goes"),
        ("d/y", "an amount of dollars, settled in BTC as it goes"),
    }
    assert one(found, "/a")["wash"]["shadow"][0]["disallowed"] == "1000.00"
    closed = book(
        held,
        "2026-11-10 d x buy BTC-25DEC26-90000-C 0.5 1000",
        "2026-11-11 d z sell BTC-25DEC26-90000-C 0.5 900 0 d/x:0.5",
    )
    assert one(scan(closed, "BTC 80000"), "/a")["wash"]["shadow"][0]["disallowed"] == "5000.00"


def test_calls_and_deep_puts_are_contracts_to_acquire_and_income_is_no_purchase():
    """s.1091(a); Rev. Rul. 85-87 for the written put."""
    held = "2026-02-01 c a buy BTC 1 90000"
    for row, spoils in (
        ("2026-11-10 d x buy BTC-25DEC26-90000-C 1 1000", True),
        ("2026-11-10 d x buy BTC-25DEC26-90000-P 1 1000", False),
        ("2026-11-10 d x short BTC-25DEC26-150000-P 1 70000", True),
        ("2026-11-10 d x short BTC-25DEC26-60000-P 1 100", False),
        ("2026-11-10 c x income BTC 1 80000", False),
        ("2026-10-01 c x buy BTC 1 80000", False),
    ):
        lot = one(scan(book(held, row), "BTC 80000"), "/a")
        assert bool(lot["wash"]["spoiled_by"]) == spoils, row


@pytest.mark.parametrize(("gain", "deferred"), [(30000, "12000.00"), (5000, "5000.00")])
def test_a_losing_put_beside_appreciated_coin_is_a_straddle(gain, deferred):
    """Worked example 10. s.1092(a)(1): deferred as far as the offsetting position has an unrecognised gain."""
    trades = book(f"2026-01-01 c coin buy BTC 1 {80000 - gain}", "2026-02-01 d put buy BTC-25JUN27-60000-P 1 15000")
    found = scan(trades, "BTC 80000, BTC-25JUN27-60000-P 3000", rates(other_short=GAIN))
    put = one(found, "/put")
    assert put["straddle"]["deferred"] == deferred
    assert found.taken == (0 if gain == 30000 else 1)
    other = scan(
        book("2026-01-01 c coin buy DOGE 1 1", "2026-02-01 d put buy DOGE-25JUN27-60000-P 1 15000"),
        "DOGE 80000, DOGE-25JUN27-60000-P 3000", rates(other_short=GAIN),
    )  # fmt: skip
    assert one(other, "/put")["straddle"]["deferred"] == "0.00"  # not actively traded


def test_gains_defer_one_loss_once():
    trades = book(
        "2026-01-01 c coin buy BTC 1 75000", "2026-02-01 d p buy BTC-25JUN27-60000-P 1 9000",
        "2026-02-01 d q buy BTC-25JUN27-50000-P 1 9000",
    )  # fmt: skip
    market = "BTC 80000, BTC-25JUN27-60000-P 3000, BTC-25JUN27-50000-P 3000"
    found = scan(trades, market, rates(other_short=GAIN))
    assert [one(found, ref)["straddle"]["deferred"] for ref in ("/p", "/q")] == ["5000.00", "5000.00"]
    assert scan_json(found)["totals"]["loss_short"] == "7000.00"


UK = Rates(Jurisdiction.UK, 2027, short=0.24, long=0.24, ordinary=0.24, exit_rate=0.24, exempt=3000)


def test_the_uk_has_one_holding_and_matches_what_is_bought_within_30_days():
    """Worked example 11, TCGA 1992 s.104, s.106A: pool of 10 at 1,000; sold for 600, bought on day 7 for 620, or 31."""
    for day, loss in (("2026-11-08", -20), ("2026-12-01", -20), ("2026-12-02", -400)):
        again = book("2025-01-01 k a buy ETH 10 1000", "2026-11-01 k s sell ETH 10 600", f"{day} k r buy ETH 10 620")
        assert sum(scan(again, "", rates(UK), as_of="2026-12-05T12:00:00Z").realized) == loss
    trades = book("2025-01-01 k a buy ETH 4 600", "2026-11-20 c b buy ETH 6 400")
    found = scan(trades, "ETH 60", rates(UK, other_long=GAIN), Method.FIFO)
    lot = one(found, "ETH")
    assert (lot["quantity"], lot["basis"], lot["loss"], lot["wallet"]) == ("10", "1000.00", "400.00", "all")
    assert lot["wash"] == {
        "applies": True, "disallowed": "0.00", "spoiled_by": [], "spoiled_by_count": 0, "clean_from": None,
        "rebuy_from": "2026-12-29",
    }  # fmt: skip
    assert lot["reach"]["ok"]
    assert (lot["term"], lot["long_from"]) == (None, None)  # one rate for all holding periods
    assert next(lines(found, 1)).endswith("loss 400.00")


def test_gains_of_the_year_are_those_of_the_laws_own_pool():
    """Bought 10 at 100 and 10 at 300, 10 sold at 250: FIFO gains 1,500, the pool's average of 200 gains 500."""
    trades = book("2025-01-01 k a buy ETH 10 1000", "2025-02-01 c b buy ETH 10 3000", "2026-07-01 k s sell ETH 10 2500")
    ca = Rates(Jurisdiction.CA, 2026, short=0.5, long=0.5, ordinary=0.5, exit_rate=0.25, inclusion=0.5)
    for law in (rates(UK), rates(ca)):
        found = scan(trades, "ETH 60", law)
        assert sum(found.realized) == 500
        assert one(found, "ETH")["basis"] == "2000.00"
    assert sum(scan(trades, "ETH 60", method=Method.FIFO, pooling=Pooling.UNIVERSAL).realized) == 1500
    # what was bought again within 30 days is matched with the sale, and does not join the pool (s.106A)
    again = book("2025-01-01 k a buy ETH 10 1000", "2026-11-01 k s sell ETH 10 600", "2026-11-08 k r buy ETH 10 620")
    assert sum(scan(again, "ETH 60", rates(UK)).realized) == -20


def test_a_tax_year_of_the_uk_ends_on_5_april():
    trades = book("2025-01-01 k a buy ETH 10 1000", "2026-03-01 k s sell ETH 5 900")
    assert scan(trades, "ETH 60", rates(UK)).realized == (0.0, 0.0)  # sold in the year before
    early = prices("ETH 60", "2026-04-05T12:00:00Z")
    before = scan(trades, early, rates(replace(UK, year=2026)), as_of="2026-04-05T18:00:00Z")
    assert sum(before.realized) == 400
    with pytest.raises(UsageError, match="the tax year that ends on 5 April 2027"):
        scan(trades, "ETH 60", rates(replace(UK, year=2026)))


def test_the_uk_refuses_what_its_regime_does_not_cover():
    with pytest.raises(InputError, match="short positions"):
        scan(book("2025-01-01 k a short ETH 10 1000"), "ETH 60", rates(UK))


def test_canada_denies_the_superficial_share():
    """Worked example 12, IT-456R: 100 sold at a loss of 1,000, 40 bought back and held: 400 denied, in their basis."""
    ca = Rates(Jurisdiction.CA, 2026, short=0.5, long=0.5, ordinary=0.5, exit_rate=0.25, inclusion=0.5)
    again = book(
        "2025-01-01 k a buy ETH 100 5000", "2026-11-01 k s sell ETH 100 4000", "2026-11-20 k r buy ETH 40 1500"
    )
    found = scan(again, "ETH 30", rates(ca, other_long=GAIN))
    assert (sum(found.realized), found.base.short) == (-1000, -600)
    assert one(found, "ETH")["basis"] == "1900.00"
    lot = one(scan(book("2025-01-01 k a buy ETH 10 1000"), "ETH 60", rates(ca, other_long=GAIN)), "ETH")
    assert (lot["tax_now"], lot["wash"]["applies"]) == ("100.00", True)


def test_germany_looks_at_the_first_year_alone():
    """s.23(1) no. 2 EStG."""
    de = Rates(Jurisdiction.DE, 2026, short=0.42, long=0.0, ordinary=0.42, exempt=1000)
    trades = book("2025-01-01 k old buy ETH 1 1000", "2026-05-01 k new buy ETH 1 1000",
                  "2026-05-01 k opt buy BTC-25JUN27-60000-P 1 10")  # fmt: skip
    found = scan(trades, "ETH 600, BTC-25JUN27-60000-P 1", rates(de, other_short=5000))
    assert (one(found, "/old")["tax_now"], one(found, "/new")["tax_now"]) == ("0.00", "168.00")
    assert "s.20 EStG" in found.left_out[0].reason
    assert found.taken == 1


def test_costs_of_a_book_and_of_the_square_root_law():
    """Worked example 18.

    Bids 100x1, 99x2, 97x5, ask 101, 4 sold: 98.75 each, 7.00 below the middle; 1 % of a day's volume: 20 bp.
    """
    depth = Depth(((100, 1), (99, 2), (97, 5)), ((101, 3),))
    trades = book("2026-02-01 c t buy BTC 4 2000")
    law = rates(costs={"default": {"half_spread": 0.5, "reentry_half_spread": 0.0}})
    found = scan(trades, "BTC 100.5", law, books={"BTC": depth})
    assert float(found.alone.cost.total[0]) == pytest.approx(7.00)
    law = rates(costs={"BTC": {"volume": 400, "volatility": 0.03, "fee": 0}})
    found = scan(trades, "BTC 100", law)
    assert float(found.alone.cost.sale[0]) == pytest.approx(0.0020 * 400)


def test_costs_of_parts_add_up():
    law = rates(costs={"BTC": {"volume": 400, "volatility": 0.03, "fee": 0.001}})
    model = CostModel(law, ["BTC"], {})
    zero, no = np.zeros(1, np.int64), np.zeros(1, np.bool_)
    whole = model.of(zero, no, np.zeros(1), np.full(1, 7.0), np.full(1, 100.0))
    parts = [
        model.of(zero, no, np.full(1, a), np.full(1, b - a), np.full(1, 100.0)) for a, b in ((0, 2), (2, 6.5), (6.5, 7))
    ]
    assert sum(float(part.total[0]) for part in parts) == pytest.approx(float(whole.total[0]))


def test_a_book_that_is_too_thin_is_said():
    depth = Depth(((100, 1), (99, 2)), ((101, 3),))
    trades = book("2026-02-01 c t buy BTC 2 900", "2026-03-01 c u buy BTC 4 900", "2026-04-01 c v buy BTC 2 900")
    found = scan(trades, "BTC 100", rates(other_short=GAIN), books={"BTC/USD": depth})
    assert [(o.lot, o.reason) for o in found.left_out] == [("c/u", "the book is too thin: it takes 3 of 4")]
    assert found.taken == 1  # the two others together are more than the book takes
    assert [c["lot"] for c in scan_json(found)["candidates"]] == ["c/t", "c/v"]


def test_short_lots_lose_when_the_price_rises():
    found = scan(book("2024-01-01 d s short BTC 1 50000"), "BTC 60000", rates(other_short=GAIN))
    lot = one(found, "/s")
    assert (lot["side"], lot["loss"], lot["term"], lot["long_from"]) == ("short", "10000.00", "short", None)
    assert lot["later_tax"] == f"{0.35 * 10000 / 1.05**5:.2f}"  # a short is closed at the short rate (s.1233)


def test_what_cannot_be_valued_is_left_out_with_its_reason():
    trades = book(
        "2026-02-01 c a buy BTC 1 90000", "2026-02-01 c b buy ETH 1 90000", "2026-02-01 c d buy NEW 1 5",
        "2026-02-01 d e buy BTC-27NOV26-90000-C 1 1000", "2026-02-01 d f buy SOL 1 300",
    )  # fmt: skip
    market = prices("BTC 80000, BTC-27NOV26-90000-C 1")
    stale = prices("SOL 100", "2026-11-26T12:00:00Z")
    market = type(market)({**market.series, **stale.series})
    found = scan(trades, market)
    assert {o.lot: o.reason for o in found.left_out} == {
        "c/b": "no price",
        "c/d": "no price",
        "d/e": "expired at 2026-11-27T08:00:00Z: record its expiry first",
        "d/f": "price is stale: the newest is of 2026-11-26T12:00:00Z",
    }
    assert [c["lot"] for c in scan_json(found)["candidates"]] == ["c/a"]


def test_an_empty_book():
    for trades in ([], book("2026-02-01 c a buy BTC 1 10"), book("2027-02-01 c a buy BTC 1 10")):
        for method in (Method.FIFO, Method.SPECIFIC):
            shown = scan_json(scan(trades, "BTC 80000", method=method))
            assert (shown["candidates"], shown["totals"]["lots"], shown["totals"]["net"]) == ([], 0, "0.00")


def test_rates_of_another_year_are_refused():
    with pytest.raises(UsageError, match="rates are of 2025"):
        scan(FOUR, "BTC 1", rates(year=2025))


def test_budget_and_minimum():
    law = rates(costs={"default": {"fee": 0.01}}, other_short=GAIN)
    assert scan(FOUR, "BTC 64000", law).taken == 2  # the loss of 2,000 is not worth its fees
    found = scan(FOUR, "BTC 64000", law, budget=1300.0)
    assert [found.lots.ref[n] for n in found.order.order[: found.taken]] == ["c/b"]
    assert scan(FOUR, "BTC 64000", law, budget=1000.0).taken == 0
    assert [found.lots.ref[n] for n in scan(FOUR, "BTC 64000", law, minimum=1000.0).rank] == ["c/b"]

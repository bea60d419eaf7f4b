"""A sale before it is made, two ledgers side by side, one line by hand."""

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.desk import EXAMPLE, example, ledger
from zkharvest.cli import main
from zkharvest.desk.compare import compare, difference_json
from zkharvest.desk.explain import explain, explanation_json, find_line
from zkharvest.desk.whatif import NAME, lot_rows, outcome_rows, what_if_json, what_if_sell
from zkharvest.errors import UsageError
from zkharvest.ledger.rules import Method
from zkharvest.ledger.run import run_ledger
from zkharvest.trades.model import Kind, Trade

COIN, USD = 10**18, 10**8
BOOK = """
2024-01-05T12:00:00Z,a,1,buy,X,1,100,,,
2025-01-05T12:00:00Z,a,2,buy,X,1,300,,,
2025-02-05T12:00:00Z,a,3,buy,X,1,200,,,
2025-03-05T12:00:00Z,b,4,buy,X,1,50,,,
2025-04-05T12:00:00Z,a,5,sell,X,0.5,90,,,
"""


def tried(book=BOOK, **more):
    run = ledger(book)
    words = {"asset": "X", "quantity": COIN, "day": date(2025, 12, 1), "price": 250 * USD, "source": "a", **more}
    return run, what_if_sell(run.trades, run.election, **words)


def test_what_each_method_would_take():
    run, found = tried(fee=10 * USD)
    gains = {one.rule: (one.gain("short"), one.gain("long")) for one in found.outcomes}
    assert gains["lifo"] == (0.5 * (240 - 200) * USD + 0.5 * (240 - 300) * USD, 0)
    assert gains["lofo"] == (0.5 * (240 - 200) * USD, 0.5 * (240 - 100) * USD)
    for one in found.outcomes:
        assert one.after - one.before == sum(part.gain for part in one.parts)
    fifo = found.outcomes[0]
    assert fifo.before == run.totals.net
    assert [part.lot for part in fifo.parts] == ["1", "2"]
    assert [row[0] for row in outcome_rows(found)] == ["FIFO", "LIFO", "HIFO", "LOFO"]


def test_what_each_lot_would_give():
    _, found = tried()
    assert [(part.lot, part.quantity, part.basis, part.gain, part.term) for part in found.lots] == [
        ("1", COIN // 2, 50 * USD, 75 * USD, "long"),
        ("2", COIN, 300 * USD, -50 * USD, "short"),
        ("3", COIN, 200 * USD, 50 * USD, "short"),
    ]
    assert lot_rows(found)[0][2] == "2025-01-06"


def test_the_sale_that_is_made_is_the_one_that_was_tried():
    run, found = tried(quantity=COIN * 5 // 4, price=333 * USD + 7, fee=USD // 3)
    for one in found.outcomes:
        sale = replace(found.trade, id="real")
        made = run_ledger([*run.trades, sale], replace(run.election, method=Method(one.rule)))
        parts = [(p.quantity, p.basis, p.proceeds, p.term) for p in made.disposals if p.trade_ref == "a/real"]
        assert parts == [(p.quantity, p.basis, p.proceeds, p.term) for p in one.parts]
        assert made.totals.net == one.after


def test_without_a_price_basis_and_terms_are_known():
    run, found = tried(price=None, fee=0)
    assert all(part.gain is None and part.proceeds is None for one in found.outcomes for part in one.parts)
    assert found.outcomes[0].before == run.totals.net and found.outcomes[0].after is None
    assert what_if_json(found)["methods"][0]["parts"][0]["basis"] == "50.00000000"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"asset": "Y"}, "no Y is held"),
        ({"source": None}, "several wallets: a 2.5, b 1"),
        ({"source": "c"}, "c holds no X"),
        ({"quantity": 3 * COIN}, "2.5 X is held, less than 3"),
        ({"day": date(2024, 1, 4)}, "no X is held"),
        ({"price": 10**30}, "more than the ledger can hold"),
    ],
)
def test_what_cannot_be_sold(more, message):
    with pytest.raises(UsageError, match=message):
        tried(**more)


def test_all_wallets_as_one_pool():
    run = ledger(BOOK, pooling="universal")
    found = what_if_sell(run.trades, run.election, asset="X", quantity=3 * COIN, day=date(2025, 12, 1))
    assert sum(part.quantity for part in found.outcomes[0].parts) == 3 * COIN
    with pytest.raises(UsageError, match="called a/what-if already"):
        taken = Trade(0, "a", NAME, Kind.BUY, "X", COIN, USD)
        what_if_sell([taken, *run.trades], run.election, asset="X", quantity=COIN, day=date(2025, 12, 1), source="a")


def test_two_methods_differ_by_what_each_gives():
    first, second = ledger(BOOK), ledger(BOOK, method="hifo")
    found = compare(first, second)
    assert not found.same and not found.trades
    (change,) = found.sales
    assert change.second - change.first == second.totals.net - first.totals.net == -100 * USD
    assert "long becomes short" in change.why and "lots a/1 become a/2" in change.why
    assert compare(first, first).same


def test_two_imports_differ_trade_by_trade():
    other = BOOK.replace("3,buy,X,1,200", "3,buy,X,1,210").replace("2025-03-05T12:00:00Z,b,4,buy,X,1,50,,,\n", "")
    other += "2025-05-05T12:00:00Z,a,6,sell,X,0.5,90,,,\n"
    shown = difference_json(compare(ledger(BOOK), ledger(other)))
    assert {(one["trade"], one["change"]) for one in shown["trades"]} == {
        ("a/3", "amount"), ("b/4", "only in the first"), ("a/6", "only in the second"),
    }  # fmt: skip
    assert [(one["trade"], one["why"]) for one in shown["sales"]] == [("a/6", "only in the second")]


def by_hand(run, place):
    """The parts of a sale in fractions: no share may be further off than the last decimal allows."""
    parts = [part for part in run.disposals if part.trade == place]
    trade = run.trades[place]
    value = trade.amount - trade.fee
    for part in parts:
        assert abs(part.proceeds - Fraction(value * part.quantity, trade.quantity)) < len(parts)
    assert sum(part.proceeds for part in parts) == value


@pytest.mark.parametrize("method", ["fifo", "lifo", "hifo", "lofo", "specific"])
def test_every_line_of_the_example_can_be_explained(method):
    run = example(method)
    for place in sorted({part.trade for part in run.disposals if part.in_year})[::4]:
        found = explain(run, place)  # it raises where the arithmetic differs from the ledger
        text = json.dumps(explanation_json(found))
        for part in run.disposals:
            if part.trade == place:
                assert part.lot_ref.partition("/")[2] in text and part.term in text
        if run.trades[place].kind is Kind.SELL and not run.trades[place].asset.count("-"):
            by_hand(run, place)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 10**19), st.integers(0, 10**12)), min_size=1, max_size=6), st.data())
def test_any_sale_can_be_explained(buys, data):
    trades = [Trade(n * 10**9, "a", f"b{n}", Kind.BUY, "X", q, v) for n, (q, v) in enumerate(buys)]
    held = sum(q for q, _ in buys)
    for n in range(2):
        quantity = data.draw(st.integers(1, max(held // 2, 1)))
        if quantity > held:
            return
        held -= quantity
        trades.append(Trade(10**12 + n, "a", f"s{n}", Kind.SELL, "X", quantity, data.draw(st.integers(0, 10**12))))
    run = run_ledger(trades, replace(ledger(BOOK).election, year=2001))
    assert explain(run, len(trades) - 1).steps


def test_a_short_sale_is_explained_in_its_own_words():
    """What opened a short lot brought money; what closes it costs some."""
    run = ledger(
        """
2025-01-05T12:00:00Z,a,1,short,X,2,300,10,,
2025-01-06T12:00:00Z,a,2,short,X,1,200,0,,
2025-02-05T12:00:00Z,a,3,cover,X,1.5,120,3,,
""",
        method="hifo",
    )
    found = explain(run, 2)
    assert found.heading[3:5] == ("proceeds left", "a unit brought")
    assert found.head[2:] == (
        "cost of closing: amount 120.00000000 + fee 3.00000000 = 123.00000000",
        "method HIFO: the lot with the highest proceeds of a unit, fee taken off, is taken first",
    )
    assert [row[0] for row in found.candidates] == ["2", "1"]
    # 200 - 123 x 1 / 1.5 = 118; 290 x 0.5 / 2 - 41 = 31.50
    assert found.sums == ("short term: 118.00000000 + 31.50000000 = 149.50000000",)
    assert explain(ledger(BOOK), 4).heading[3:5] == ("basis left", "a unit costs")


def test_a_line_has_several_names():
    run = ledger(BOOK)
    place = find_line(run, "5")
    assert place == find_line(run, "a/5")  # a trade's id comes before a line's number
    assert find_line(example(), "1") == next(part for part in example().disposals if part.in_year).trade
    for name, message in (("1", "disposes of nothing"), ("9", "has 1 lines"), ("none", "no trade is called none")):
        with pytest.raises(UsageError, match=message):
            find_line(run, name)


def test_commands(capsys, tmp_path):
    path = str(EXAMPLE)
    rule = ["--year", "2025", "--method", "hifo"]
    assert main(["ledger", "what-if", path, "sell", "BTC", "0.1", "--price", "90000", "--source", "coinbase", "--at",
                 "2025-12-31"]) == 0  # fmt: skip
    assert "HIFO" in capsys.readouterr().out
    coins = ["ledger", "what-if", path, "sell", "ETH", "0.1", "--at", "2025-06-30", "--source", "kraken", "--json"]
    assert main(coins) == 0
    assert json.loads(capsys.readouterr().out)["sale"]["source"] == "kraken"
    assert main(["ledger", "what-if", path, "sell", "BTC", "zero", "--at", "2025-12-31"]) == 2
    assert main(["ledger", "explain", path, "bwb6e2suxkftjusqzsxv6h5u", *rule]) == 0
    assert "9.16507509" in capsys.readouterr().out
    assert main(["ledger", "explain", path, "3", *rule, "--json"]) == 0
    capsys.readouterr()
    assert main(["ledger", "diff", path, *rule, "--against", "fifo", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["totals"]["net"]["difference"] == "14114.72642201"
    assert main(["ledger", "diff", path, path, *rule]) == 0
    assert "nothing differs" in capsys.readouterr().out
    assert main(["ledger", "diff", path, *rule]) == 2
    assert main(["ledger", "diff", path, *rule, "--against", "lifo", "--against-pooling", "universal"]) == 1

"""The scan against the ledger: what it says a sale saves is the tax of the ledger without it less that with it.

The sale is appended to the trades and the ledger run again; the tax of both years is worked out here line by line as
the forms have it, not by `harvest.tax`. Each law has a book worked by hand first.
"""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.harvest import NOW, book, rates, scan
from zkharvest.harvest.elections import realised
from zkharvest.harvest.policy import Jurisdiction, Rates
from zkharvest.harvest.scan_report import scan_json
from zkharvest.ledger.rules import Method
from zkharvest.ledger.run import run_ledger
from zkharvest.ledger.superficial import superficial_losses
from zkharvest.trades.csv_in import trades_from_text
from zkharvest.trades.csv_out import trades_to_text

US = rates(costs={"default": {"fee": 0.01}}, established=())
UK = rates(Rates(Jurisdiction.UK, 2027, short=0.24, long=0.24, ordinary=0.24, exempt=3000), {"default": {"fee": 0.01}})
CA = rates(Rates(Jurisdiction.CA, 2026, short=0.5, long=0.5, ordinary=0.5, inclusion=0.5), {"default": {"fee": 0.01}})
DE = rates(Rates(Jurisdiction.DE, 2026, short=0.42, long=0, ordinary=0.42, exempt=1000), {"default": {"fee": 0.01}})
LAWS = (US, UK, CA, DE)
PRICES = {"BTC": 100, "ETH": 10}
MARKET = ", ".join(f"{asset} {price}" for asset, price in PRICES.items())


def tax(law, short, long):
    """The tax of a year and the losses carried on: Schedule D lines 7 to 21 and its carryover worksheet, and so on."""
    if law.jurisdiction is Jurisdiction.US:
        line7, line15 = short - law.carry_short, long - law.carry_long
        line16 = line7 + line15
        if line16 >= 0:
            at_long = max(0, min(line15, line16))  # net capital gain, s.1222(11)
            return law.long * at_long + law.short * (line16 - at_long), 0.0, 0.0
        line21 = min(law.loss_limit, -line16)
        worksheet5, worksheet9 = max(0, -line7), max(0, -line15)
        worksheet7 = line21 + max(0, line15)
        worksheet12 = max(0, line7) + max(0, line21 - worksheet5)
        return -law.ordinary * line21, max(0, worksheet5 - worksheet7), max(0, worksheet9 - worksheet12)
    net, brought = short + long, law.carry_short + law.carry_long
    if law.jurisdiction is Jurisdiction.UK:  # TCGA s.2(2); s.2(5A): what is brought in stops at s.1K
        if net <= law.exempt:
            return 0.0, brought + max(0, -net), 0.0
        used = min(brought, net - law.exempt)
        return law.long * (net - law.exempt - used), brought - used, 0.0
    if law.jurisdiction is Jurisdiction.CA:  # s.3(b), s.111(1)(b) ITA
        if net < 0:
            return 0.0, brought - net, 0.0
        return law.long * law.inclusion * max(0, net - brought), max(0, brought - net), 0.0
    if short < law.exempt:  # s.23(3) EStG: below the limit nothing is taxed
        return 0.0, law.carry_short + max(0, -short), 0.0
    return law.short * max(0, short - law.carry_short), max(0, law.carry_short - short), 0.0


def year(law, run):
    """Gains of the year as the law has them: in Canada without losses that are superficial as things stand.

    They lie in the cost of what was acquired (s.53(1)(f) ITA), so they come back when the last of it is sold.
    """
    short, long = realised(run)
    if law.jurisdiction is Jurisdiction.CA:
        held = {lot.pool.asset for lot in run.open_lots}
        found = superficial_losses(run, run.trades)
        short += sum(one.denied for one in found if one.trade.asset in held) / 1e8
    return short + law.other_short, long + law.other_long


def sold(trades, found, chosen):
    """The trades with a sale at the prices, fee and all, of each of the chosen lots of a scan, at its instant."""
    rows = trades_to_text(trades).splitlines()
    names = rows[0].split(",")
    by_pool = {}
    for n in chosen:  # a method with an order of its own sells the lots of a pool in one sale
        key = n if found.election.method is Method.SPECIFIC else found.lots.pool[n]
        by_pool.setdefault(key, []).append(n)
    for number, lots in enumerate(by_pool.values()):
        asset, short = found.lots.assets[found.lots.asset[lots[0]]], bool(found.lots.short[lots[0]])
        quantity = sum(round(float(found.lots.quantity[n]), 6) for n in lots)
        value = quantity * PRICES[asset]
        cells = {
            "time": NOW, "source": found.lots.wallets[found.lots.pool[lots[0]]] or "k", "id": f"harvest{number}",
            "kind": "cover" if short else "sell", "asset": asset, "quantity": f"{quantity:.6f}",
            "amount": f"{value:.8f}", "fee": f"{value * 0.01:.8f}",
        }  # fmt: skip
        if found.election.method is Method.SPECIFIC:
            cells["lots"] = f"{found.lots.ref[lots[0]]}:{quantity:.6f}"
        rows.append(",".join(cells.get(name, "") for name in names))
    return trades_from_text("\n".join(rows) + "\n", "sold")


def check(trades, law, method):
    """Each lot alone where any can be sold, and the lots to take together."""
    found = scan(trades, MARKET, law, method)
    before = tax(law, *year(law, run_ledger(trades, found.election)))
    cases = [([int(n) for n in found.order.order[: found.taken]], scan_json(found)["totals"]["tax_saved"])]
    if found.free:
        alone = found.valuation.saving(found.alone, range(len(found.lots)))
        cases += [([n], float(alone.now[n])) for n in range(len(found.lots))]
    for chosen, saved in cases:
        after = tax(law, *year(law, run_ledger(sold(trades, found, chosen), found.election)))
        assert float(saved) == pytest.approx(before[0] - after[0], abs=0.011), chosen
    if found.taken:
        after = tax(law, *year(law, run_ledger(sold(trades, found, cases[0][0]), found.election)))
        totals = scan_json(found)["totals"]
        carried = [float(totals["carry_short"]), float(totals["carry_long"])]
        assert carried == pytest.approx([after[1], after[2]], abs=0.02)


rows = st.lists(
    st.tuples(
        st.sampled_from(["buy", "buy", "buy", "sell"]),
        st.sampled_from(["BTC", "ETH"]),
        st.sampled_from(["k", "c"]),
        st.one_of(st.sampled_from([0, 0, 1, 29, 30, 31, 365, 366]), st.integers(0, 800)),  # days before the scan
        st.integers(1, 8),
        st.integers(2, 40),  # price, a tenth of today's to twice it
    ),
    min_size=1,
    max_size=9,
)


def trades_of(drawn, *, named):
    """A valid book: a sale takes (names) a part of an earlier lot of its wallet, or is left out."""
    lines, open_lots = [], {}
    for number, (kind, asset, wallet, ago, quantity, tenths) in enumerate(sorted(drawn, key=lambda row: -row[3])):
        day = date(2026, 11, 28) - timedelta(days=ago)
        amount = quantity * PRICES[asset] * tenths / 20
        held = open_lots.setdefault((asset, wallet), {})
        if kind == "buy":
            held[f"t{number}"] = quantity
            lines.append(f"{day} {wallet} t{number} buy {asset} {quantity} {amount:.2f} 1")
        elif held:
            lot = next(iter(held))
            part = min(quantity, held[lot])
            held[lot] -= part
            if not held[lot]:
                del held[lot]
            amount *= part / quantity
            name = f" {wallet}/{lot}:{part}" if named else ""
            lines.append(f"{day} {wallet} t{number} sell {asset} {part} {amount:.2f} 1{name}")
    return book(*lines)


def saved(law, method, *lines):
    """What the scan says the only open holding saves now, held against the ledger."""
    check(book(*lines), law, method)
    return scan_json(scan(book(*lines), MARKET, law, method))["candidates"][0]["tax_now"]


def test_the_united_kingdom_by_hand():
    """10 BTC cost 2,000, 2 bought on the day of the sale 210; all 12 sold at 100 less 1 %: a loss of 1,022 at 24 %.

    The 2 are matched first, at a loss of 12 (s.105), the 10 with the holding, at 1,010 (s.104): nothing is undone.
    Had 2 been sold ten days before for 205, the 2 of today would be matched with them (s.106A): a loss of 5. A sale of
    all 10 today comes first (s.105): it loses 12 and 808, the sale of before 205 - 400; 1,010 more than the 5.
    """
    law = replace(UK, other_long=20_000)
    held, today = "2025-01-01 k a buy BTC 10 2000 0", "2026-11-28 k b buy BTC 2 210 0"
    assert saved(law, Method.FIFO, held, today) == "245.28"
    assert saved(law, Method.FIFO, held, "2026-11-18 k c sell BTC 2 205 0", today) == "242.40"


def test_canada_by_hand():
    """10 BTC cost 2,000, 4 more 500: each 178.57. 4 sold for 420, ten days after the purchase: 294.29 lost.

    min(4 sold, 4 acquired, 10 held) / 4 is all: superficial (s.54), so it does not count and joins the cost of the 10,
    2,080. Sold whole for 1,000 less 10 they lose 1,090; nothing is held then, so nothing is denied. Half of it at 50 %.
    """
    law = replace(CA, other_long=20_000)
    lines = ("2025-01-01 k a buy BTC 10 2000 0", "2026-11-10 k b buy BTC 4 500 0", "2026-11-20 k c sell BTC 4 420 0")
    assert saved(law, Method.FIFO, *lines) == "272.50"
    found = scan(book(*lines), MARKET, law)
    assert "294.29 this year look superficial" in found.notes[0]


def test_a_right_to_acquire_spoils_a_loss_in_canada():
    """A call on 4 BTC, bought within 30 days and held for 30 more, is a right to acquire identical property (s.54)."""
    law = replace(CA, other_long=20_000)
    coin = "2025-01-01 k a buy BTC 10 2000 0"
    spoils = "2026-11-20 k o buy BTC-25JUN27-90000-C 4 40 0"
    for line, denied in (
        (spoils, 0.4),
        (spoils.replace("2026-11-20", "2026-10-20"), 0),  # bought before the window
        (spoils.replace("25JUN27", "25DEC26"), 0),  # expired when the 30 days end
        (spoils.replace("-C ", "-P "), 0),  # a right to sell
    ):
        found = scan(book(coin, line), MARKET, law)
        (lot,) = [one for one in scan_json(found)["candidates"] if one["asset"] == "BTC"]
        assert float(lot["wash"]["disallowed"]) == pytest.approx(1010 * denied)
        assert float(lot["tax_now"]) == pytest.approx(1010 * (1 - denied) / 4)


def test_germany_by_hand():
    """Bought on 2025-11-27 for 200 the coin is free on the day of the scan, a year later to the day it is not (s.23).

    1 % off: a loss of 101. Gains of 1,050 are taxed whole; less 101 they are below 1,000 and free: 42 % of 1,050.
    """
    law = replace(DE, other_short=1050)
    assert saved(law, Method.FIFO, "2025-11-28 k a buy BTC 1 200 0") == "441.00"
    assert saved(law, Method.FIFO, "2025-11-27 k a buy BTC 1 200 0") == "0.00"


def test_the_united_states_by_hand():
    """8,000 short and 9,000 long gain; a long lot loses 10,100: 1,100 of it meets short gains, at 35 % for 15 %."""
    law = replace(US, other_short=8000, other_long=9000)
    assert saved(law, Method.FIFO, "2025-01-01 k a buy BTC 100 20000 0") == f"{9000 * 0.15 + 1100 * 0.35:.2f}"


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.jurisdiction.value)
@settings(max_examples=40, deadline=None)
@given(rows, st.sampled_from(list(Method)), st.integers(-9, 9), st.integers(-9, 9), st.integers(0, 5),
       st.integers(0, 5))  # fmt: skip
def test_a_sale_saves_the_difference_of_two_ledgers(law, drawn, method, short, long, carry_short, carry_long):
    """Every method; books with sales of the year, of the last days and of the same day; losses brought in."""
    one_rate = law.jurisdiction in (Jurisdiction.UK, Jurisdiction.CA)
    named = method is Method.SPECIFIC and not one_rate
    law = replace(law, other_short=short * 1000.0, other_long=0.0 if one_rate else long * 1000.0,
                  carry_short=carry_short * 300.0, carry_long=0.0 if one_rate else carry_long * 300.0)  # fmt: skip
    check(trades_of(drawn, named=named), law, method)

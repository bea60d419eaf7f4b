"""Deribit transaction logs: options, deliveries, perpetuals; Change is the only true column."""

from __future__ import annotations

NAMES = (
    "ID,UserSeq,Date,Instrument,Type,Side,Amount,Base Amount,Position,Price,Mark Price,Index Price,Cash Flow,Funding,"
    "Fee Rate,Fee Charged,Fee Balance,Change,Balance,Equity,Trade ID,Order ID,Info,Note"
)
COLUMNS = NAMES.split(",")
HEADER = ",".join(COLUMNS) + "\n"
CALL = "BTC-27DEC24-60000-C"
SHORT = {"id": "ID", "kind": "Type", "side": "Side", "n": "Amount", "pos": "Position", "cf": "Cash Flow"}
SHORT |= {"fee": "Fee Charged", "ch": "Change", "index": "Index Price", "inst": "Instrument", "date": "Date"}
SHORT |= {"fund": "Funding"}


def row(**cells: str) -> str:
    values = dict.fromkeys(COLUMNS, "") | {"Date": "2024-03-03 08:00:00", "Index Price": "60000", "Type": "trade"}
    values |= {SHORT[name]: str(value) for name, value in cells.items()}
    return ",".join(values.values()) + "\n"


def test_options_are_lots_and_the_coin_moves(bring) -> None:
    text = HEADER + (
        row(id=1, inst=CALL, side="open buy", n=2, pos=2, cf="-0.1", fee="0.0006", ch="-0.1006")
        + row(id=2, inst=CALL, side="close sell", n=1, pos=1, cf="0.08", fee="0.0003", ch="0.0797")
        + row(id=3, inst="BTC-27DEC24-40000-P", side="open sell", n=1, pos=-1, cf="0.02", fee="0.0003", ch="0.0197")
        + row(id=4, inst="BTC-27DEC24-40000-P", side="close buy", n=0.5, pos=-0.5, cf="-0.005", fee="0", ch="-0.005")
    )
    assert bring.rows(text) == [
        "2024-03-03T08:00:00Z,deribit,1,buy,BTC-27DEC24-60000-C,2,6000.00,36.00,,",
        "2024-03-03T08:00:00Z,deribit,1-cash,sell,BTC,0.1006,6036.00,,,",
        "2024-03-03T08:00:00Z,deribit,2,sell,BTC-27DEC24-60000-C,1,4800.00,18.00,,",
        "2024-03-03T08:00:00Z,deribit,2-cash,buy,BTC,0.0797,4782.00,,,",
        "2024-03-03T08:00:00Z,deribit,3,short,BTC-27DEC24-40000-P,1,1200.00,18.00,,",
        "2024-03-03T08:00:00Z,deribit,3-cash,buy,BTC,0.0197,1182.00,,,",
        "2024-03-03T08:00:00Z,deribit,4,cover,BTC-27DEC24-40000-P,0.5,300.00,,,",
        "2024-03-03T08:00:00Z,deribit,4-cash,sell,BTC,0.005,300.00,,,",
    ]


def test_delivery_expires_or_settles_in_cash(bring) -> None:
    text = HEADER + (
        row(id=1, kind="delivery", inst=CALL, side="close sell", n=1, pos=0, cf=0, fee=0, ch=0)
        + row(id=2, kind="delivery", inst=CALL, side="close sell", n=1, pos=0, cf="0.05", fee="0.0001", ch="0.0499")
        + row(id=3, kind="delivery", inst=CALL, side="-", n=1, pos=0, cf="-0.05", fee="0.0001", ch="-0.0501")
    )
    assert bring.rows(text) == [
        "2024-03-03T08:00:00Z,deribit,1,expire,BTC-27DEC24-60000-C,1,,,,",
        "2024-03-03T08:00:00Z,deribit,2,sell,BTC-27DEC24-60000-C,1,3000.00,6.00,,",
        "2024-03-03T08:00:00Z,deribit,2-cash,buy,BTC,0.0499,2994.00,,,",
        "2024-03-03T08:00:00Z,deribit,3,cover,BTC-27DEC24-60000-C,1,3000.00,6.00,,",
        "2024-03-03T08:00:00Z,deribit,3-cash,sell,BTC,0.0501,3006.00,,,",
    ]


def test_a_trade_through_zero_is_two(bring) -> None:
    text = HEADER + (
        row(id=1, inst=CALL, side="close sell", n=3, pos=-1, cf="0.1", fee="0.0009", ch="0.0991")
        + row(id=2, inst=CALL, side="open buy", n=3, pos=2, cf="-0.1", fee="0.0009", ch="-0.1009")
    )
    assert [r for r in bring.rows(text) if "-cash" not in r] == [
        "2024-03-03T08:00:00Z,deribit,1-close,sell,BTC-27DEC24-60000-C,2,4000.00,36.00,,",
        "2024-03-03T08:00:00Z,deribit,1-open,short,BTC-27DEC24-60000-C,1,2000.00,18.00,,",
        "2024-03-03T08:00:00Z,deribit,2-close,cover,BTC-27DEC24-60000-C,1,2000.00,18.00,,",
        "2024-03-03T08:00:00Z,deribit,2-open,buy,BTC-27DEC24-60000-C,2,4000.00,36.00,,",
    ]
    unsigned = HEADER + row(id=1, inst=CALL, side="close buy", n=2, pos=1, cf="-0.1", fee="0", ch="-0.1")
    assert bring.rows(unsigned)[0] == "2024-03-03T08:00:00Z,deribit,1,cover,BTC-27DEC24-60000-C,2,6000.00,,,"


def test_a_session_of_a_perpetual_is_one_closed_lot(bring) -> None:
    """Cash Flow of a settlement holds the funding, that of a trade what is paid later: only Change counts."""
    perp = "BTC-PERPETUAL"
    text = HEADER + (
        row(id=1, inst=perp, side="open buy", n=60000, pos=60000, cf=0, fee="0.0005", ch="-0.0005")
        + row(id=2, inst=perp, side="close sell", n=30000, pos=30000, cf="0.01", fee="0.0002", ch="-0.0002")
        + row(id=3, kind="settlement", inst=perp, side="long", n="", pos=30000, cf="0.03", fund="-0.001", ch="0.03")
        + row(id=4, kind="settlement", inst=perp, side="-", n="", pos=0, cf="-0.02", fund="0.005", ch="-0.02")
        + row(id=5, inst=perp, side="open buy", n=10, pos=10, cf=0, fee=0, ch=0)
    )
    expected = [
        "2024-03-03T08:00:00Z,deribit,1-open,buy,BTC-PERPETUAL,1,30.00,,,",
        "2024-03-03T08:00:00Z,deribit,1-close,expire,BTC-PERPETUAL,1,,,,deribit/1-open:1",
        "2024-03-03T08:00:00Z,deribit,1-cash,sell,BTC,0.0005,30.00,,,",
        "2024-03-03T08:00:00Z,deribit,2-open,buy,BTC-PERPETUAL,1,12.00,,,",
        "2024-03-03T08:00:00Z,deribit,2-close,expire,BTC-PERPETUAL,1,,,,deribit/2-open:1",
        "2024-03-03T08:00:00Z,deribit,2-cash,sell,BTC,0.0002,12.00,,,",
        "2024-03-03T08:00:00Z,deribit,3-open,buy,BTC-PERPETUAL,1,0.00,,,",
        "2024-03-03T08:00:00Z,deribit,3-close,sell,BTC-PERPETUAL,1,1800.00,,,deribit/3-open:1",
        "2024-03-03T08:00:00Z,deribit,3-cash,buy,BTC,0.03,1800.00,,,",
        "2024-03-03T08:00:00Z,deribit,4-open,buy,BTC-PERPETUAL,1,1200.00,,,",
        "2024-03-03T08:00:00Z,deribit,4-close,expire,BTC-PERPETUAL,1,,,,deribit/4-open:1",
        "2024-03-03T08:00:00Z,deribit,4-cash,sell,BTC,0.02,1200.00,,,",
    ]
    assert bring.rows(text) == expected
    assert bring.notes(text) == ["a.csv: 1 row: futures row that changed no balance"]


def test_linear_contracts_and_other_currencies_need_prices(bring) -> None:
    text = HEADER + row(id=1, inst="BTC_USDC-PERPETUAL", side="open buy", n=1, pos=1, cf=0, fee="30", ch="-30")
    assert bring.problems(text) == ["a.csv:2: the value of 30 USDC in USD is not in the file"]
    assert bring.rows(text, prices="time,asset,price\n2024-03-03,USDC,1.0001\n") == [
        "2024-03-03T08:00:00Z,deribit,1-open,buy,BTC_USDC-PERPETUAL,1,30.003,,,",
        "2024-03-03T08:00:00Z,deribit,1-close,expire,BTC_USDC-PERPETUAL,1,,,,deribit/1-open:1",
        "2024-03-03T08:00:00Z,deribit,1-cash,sell,USDC,30,30.003,,,",
    ]
    text = HEADER + row(id=1, inst=CALL, side="open buy", n=1, pos=1, cf="-0.1", fee=0, ch="-0.1")
    assert bring.problems(text, currency="EUR") == ["a.csv:2: the value of 0.1 BTC in EUR is not in the file"]


def test_fees_from_credits(bring) -> None:
    text = HEADER + row(id=1, inst=CALL, side="open buy", n=1, pos=1, cf="-0.1", fee="0.001", ch="-0.1")
    assert bring.rows(text)[0] == "2024-03-03T08:00:00Z,deribit,1,buy,BTC-27DEC24-60000-C,1,6000.00,,,"


def test_the_oldest_header_and_the_forms_of_its_date(bring) -> None:
    names = [name for name in COLUMNS if name not in ("Amount", "Index Price", "Note")]
    header = ",".join(names).replace("Base Amount", "Size").replace("Fee Charged", "Fee Paid") + "\n"
    line = row(id=1, inst=CALL, side="open buy", n=1, pos=1, cf="-0.1", fee="0.001", ch="-0.101").strip().split(",")
    cells = dict(zip(COLUMNS, line, strict=True)) | {"Base Amount": "1"}
    prices = "time,asset,price\n2024-03-04,BTC,60000\n"
    for date in ("2024-03-04 08:00:00", "04/03/24 08:00:00", "4 Mar 2024 08:00:00", "04 March 2024 08:00:00"):
        text = header + ",".join((cells | {"Date": date})[name] for name in names) + "\n"
        assert bring.rows(text, prices=prices)[0] == (
            "2024-03-04T08:00:00Z,deribit,1,buy,BTC-27DEC24-60000-C,1,6000.00,60.00,,"
        )


def test_refusals(bring) -> None:
    text = HEADER + (
        row(id=1, inst=CALL, side="open buy", n=1, pos=1, cf="-0.1", fee="0.001", ch="-0.2")
        + row(id=2, inst=CALL, side="buy", n=1, pos=1, cf="-0.1", fee="0", ch="-0.1")
        + row(id=3, inst="BTC_USDC", side="buy", n=1, pos=1, cf="-0.1", fee="0", ch="-0.1")
        + row(id=4, kind="position move", inst=CALL, n=1, pos=1, ch="0")
        + row(id=5, inst=CALL, side="open buy", n=1, pos=1, cf="0.1", fee="0", ch="0.1")
        + row(id=6, inst=CALL, side="open buy", n=1, pos=1, cf="-0.1", fee="0", ch="-0.1", date="yesterday")
        + row(id=7, inst=CALL, side="open buy", n=0, pos=1, cf="-0.1", fee="0", ch="-0.1")
    )
    assert bring.problems(text) == [
        'a.csv:2:Change: "-0.2" is neither Cash Flow nor Cash Flow less fee',
        'a.csv:3:Side: "buy" is not a side',
        'a.csv:4:Instrument: "BTC_USDC" is not an option, a future or a perpetual',
        'a.csv:5:Type: "position move" is not a known type',
        'a.csv:6:Change: "0.1" has the wrong sign for open buy',
        'a.csv:7:Date: "yesterday" names its zone in letters',
        "a.csv:8: the quantity of BTC-27DEC24-60000-C is not above zero",
    ]


def test_the_coin_of_the_log(bring) -> None:
    deposit = HEADER + row(id=1, kind="deposit", ch="1")
    assert bring.problems(deposit) == ["a.csv:2:Instrument: no instrument names the coin of the log"]
    assert bring.rows(deposit, asset="BTC", external="cold") == [
        "2024-03-03T08:00:00Z,cold,deribit:1,transfer,BTC,1,,,deribit,"
    ]
    mixed = HEADER + row(id=1, inst=CALL, ch="0") + row(id=2, inst="ETH-PERPETUAL", ch="0")
    assert bring.problems(mixed) == [
        "a.csv:2:Instrument: instruments of several logs: BTC, ETH",
        "a.csv:3:Instrument: instruments of several logs: BTC, ETH",
    ]


def test_a_withdrawal_spends_its_fee(bring) -> None:
    text = HEADER + (
        row(id=1, inst=CALL, side="open buy", n=1, pos=1, cf="-0.1", fee="0", ch="-0.1")
        + row(id=2, kind="withdrawal", ch="-0.5001", fee="0.0001")
        + row(id=3, kind="options settlement summary", ch="0")
    )
    prices = "time,asset,price\n2024-03-03,BTC,60000\n"
    assert bring.rows(text, external="cold", prices=prices)[2:] == [
        "2024-03-03T08:00:00Z,deribit,2,transfer,BTC,0.5,,,cold,",
        "2024-03-03T08:00:00Z,deribit,2-fee,spend,BTC,0.0001,6.00,,,",
    ]


def test_a_liquidation_is_a_trade_and_a_fee_for_debt_is_spent(bring) -> None:
    """Types of the transaction log as public readers of it list them; no public row shows all their cells."""
    text = HEADER + (
        row(id=1, inst=CALL, side="open buy", n=2, pos=2, cf="-0.1", fee="0", ch="-0.1")
        + row(id=2, kind="liquidation", inst=CALL, side="close sell", n=2, pos=0, cf="0.05", fee="0.001", ch="0.049")
        + row(id=3, kind="liquidation", inst="BTC-PERPETUAL", side="close sell", n=10, cf="-0.01", fee=0, ch="-0.01")
        + row(id=4, kind="negative_balance_fee", cf="-0.001", ch="-0.001", index="")
        + row(id=5, kind="usdc_reward", cf="0.002", ch="0.002", index="")
    )
    prices = "time,asset,price\n2024-03-03,BTC,50000\n"
    made = bring.table(text, columns="id kind asset quantity amount fee category", prices=prices)
    assert made == [
        "1 buy BTC-27DEC24-60000-C 2 6000.00  ",
        "1-cash sell BTC 0.1 6000.00  ",
        "2 sell BTC-27DEC24-60000-C 2 3000.00 60.00 ",
        "2-cash buy BTC 0.049 2940.00  ",
        "3-open buy BTC-PERPETUAL 1 600.00  ",
        "3-close expire BTC-PERPETUAL 1   ",
        "3-cash sell BTC 0.01 600.00  ",
        "4 spend BTC 0.001 50.00  fee",
        "5 income BTC 0.002 100.00  reward",
    ]


def test_kinds_that_are_not_known_or_turned_have_a_way_out(bring) -> None:
    text = HEADER + (
        row(id=1, inst=CALL, kind="socialized_fund", ch="-0.1", cf="-0.1")
        + row(id=2, kind="negative_balance_fee", ch="0.1", cf="0.1", inst=CALL)
        + row(id=3, kind="liquidation", inst=CALL, side="-", n=1, ch="0.1", cf="0.1")
    )
    prices = "time,asset,price\n2024-03-03,BTC,50000\n"
    assert bring.problems(text, prices=prices) == [
        'a.csv:2:Type: "socialized_fund" is not a known type',
        'a.csv:3:Change: "0.1" has the wrong sign for "negative_balance_fee"',
        'a.csv:4:Side: "-" is not a side',
    ]

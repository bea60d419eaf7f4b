"""What exports are like once people, browsers and spreadsheets have had them: read right, or refused with a way out.

Every refusal here is followed by the answer that its hint names, and the import then succeeds.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from zkharvest.errors import InputError
from zkharvest.trades.importers import Answers, import_exports

COINBASE = (
    "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,"
    "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes\n"
)
BUY = "c1,2025-01-01 10:00:00 UTC,Buy,ETH,1.0,USD,$2500.00,$2500.00,$2515.00,$15.00,Bought 1 ETH for 2515 USD\n"
KRAKEN = '"txid","refid","time","type","subtype","aclass","asset","amount","fee","balance"\n'
BINANCE = "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark\n"
PRICES = "time,asset,price\n" + "".join(
    f"{day},{coin},1000\n" for day in ("2024-03-03", "2024-03-13", "2025-01-01") for coin in ("ETH", "BTC", "BNB")
)


def reward(amount: str = "0.5", fee: str = "0", time: str = "2024-03-03 10:00:00", id_: str = "L1") -> str:
    return f'"{id_}","R{id_}","{time}","staking","","currency","ETH","{amount}","{fee}","0.5"\n'


def test_what_is_read_all_the_same(bring) -> None:
    whole = ["2025-01-01T10:00:00Z,coinbase,c1,buy,ETH,1,2500.00,15.00,,"]
    assert bring.rows("\ufeff" + (COINBASE + BUY).replace("\n", "\r\n")) == whole
    assert bring.rows((COINBASE + BUY).replace(",", "\t")) == whole
    assert bring.rows("\nTransactions\nUser,Pat Doe,1\n\n" + COINBASE + BUY + "\n,,\n") == whole
    assert bring.rows(COINBASE.replace("Asset", " asset ") + BUY.replace("1.0,", "-1.0,")) == whole
    assert bring.rows(COINBASE + BUY.replace("Bought 1 ETH for 2515 USD", '"Bought 1 ETH\nfor 2515 USD"')) == whole
    assert bring.rows(COINBASE + BUY + COINBASE + BUY) == whole  # two exports that were joined
    dressed = BUY.replace(
        "1.0,USD,$2500.00,$2500.00,$2515.00", '"1,000.0",USD,"$2,500.00","$2,500,000","$2,500,015.00"'
    )
    assert bring.rows(COINBASE + dressed) == ["2025-01-01T10:00:00Z,coinbase,c1,buy,ETH,1000,2500000.00,15.00,,"]


def test_utf16_is_read(bring, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes((COINBASE + BUY).encode("utf-16"))
    assert len(import_exports([path]).trades) == 1


def test_rows_of_nothing_and_rows_told_twice_are_noted(bring) -> None:
    nothing = "a row of a quantity of 0, which changed nothing"
    assert bring.notes(COINBASE + BUY.replace("Buy", "Receive").replace("1.0,", "0,")) == [f"a.csv: 1 row: {nothing}"]
    assert bring.notes(KRAKEN + reward("0")) == [f"a.csv: 1 row: {nothing}"]
    assert bring.notes(BINANCE + "1,2024-03-03 10:00:00,Spot,Deposit,BTC,0,\n") == [f"a.csv: 1 row: {nothing}"]
    twice = KRAKEN + reward() + reward()
    assert len(bring.rows(twice, prices=PRICES)) == 1
    assert bring.notes(twice, prices=PRICES) == ["a.csv: 1 row: a row that the file tells twice, taken once"]
    words = BUY.replace("Buy", "Quantum Reward Boost")
    note = 'a.csv: 1 row: "Quantum Reward Boost" is not a listed type, read as income by its words'
    assert bring.notes(COINBASE + words) == [note]


KOINLY = (
    "Date,Type,Label,Sending Wallet,Sent Amount,Sent Currency,Sent Cost Basis,Receiving Wallet,Received Amount,"
    "Received Currency,Received Cost Basis,Fee Amount,Fee Currency,Gain (USD),Net Value (USD),Fee Value (USD),TxSrc,"
    "TxDest,TxHash,Description\n"
)


def test_a_transfer_row_of_which_less_arrived_has_the_fee_of_the_network(bring) -> None:
    """Whether the row tells the fee once more or not; another fee of the coin is a contradiction."""

    def row(came: str, fee: str) -> str:
        return KOINLY + f"2025-01-01 10:00:00,transfer,,Kraken,0.5,ETH,,Nano,{came},ETH,,{fee},,1250,,,,ab01,\n"

    wanted = ["transfer 0.499  Nano", "spend 0.001 1.00 "]
    for fee in (",", "0.001,ETH"):
        made = bring.table(row("0.499", fee), columns="kind quantity amount to", prices=PRICES)
        assert made == wanted, fee
    for came, fee in (("0.499", "0.002,ETH"), ("0.501", ",")):
        (problem,) = bring.problems(row(came, fee), prices=PRICES)
        assert f"0.5 ETH was sent, but {came} ETH arrived" in problem


KUCOIN = "tradeCreatedAt,symbol,side,price,size,funds,fee,feeCurrency\n"
FILLS = (
    "portfolio,trade id,product,side,created at,size,size unit,price,fee,total,price/fee/total unit\n"
    "default,7,ETH-USD,BUY,2025-01-01T10:00:00.123Z,1,ETH,2500,15,-2515,USD\n"
)
MANUAL = "time,source,id,kind,asset,quantity,amount,fee,origin\n{time},{source},m1,buy,ETH,1,2500,15,a.csv:{line}\n"
CASES = {  # an export, words of its refusal, words of its hint, and the answer
    "a number that a spreadsheet cut": (COINBASE + BUY.replace("1.0,", "1E+05,"), "lost digits", "--skip", {}),
    "a quantity that the price denies": (COINBASE + BUY.replace("1.0,", "1.5E-05,"), "contradict", "--manual", {}),
    "a decimal comma": (COINBASE + BUY.replace("1.0,", '"1,0",'), "has a comma", "--manual", {}),
    "another locale": (COINBASE + BUY.replace("$2500.00,$25", '"2.500,00 €",$25'), "has a comma", "--skip", {}),
    "a line of totals": (COINBASE + BUY + "Total,,,,,,,,9,,\n", "is empty", "--skip", {"skip": ["a.csv:3=total"]}),
    "a footer": (COINBASE + BUY + "No tax advice\n", "has 1 cells", "--skip", {"skip": ["a.csv:3=footer"]}),
    "a type that is not known": (COINBASE + BUY.replace("Buy", "NFT Purchase"), "not a known type", "--manual", {}),
    "ids that a spreadsheet cut": (
        COINBASE + BUY.replace("c1", "1.2E+15") + BUY.replace("c1", "1.2E+15").replace("01-01", "01-02"),
        "is also that of",
        "--skip",
        {"skip": ["a.csv:3=other"]},
    ),
    "dates that a spreadsheet rewrote": (
        KRAKEN + reward(time="3/3/2024 10:00"),
        "day or month first",
        "--dates mdy",
        {"dates": "mdy"},
    ),
    "dates of digits against the form": (
        BINANCE + "1,3/13/2024 10:00,Spot,Staking Rewards,ETH,1,\n",
        "not a time of the calendar",
        "--dates mdy",
        {"dates": "mdy"},
    ),
    "a new column": (
        COINBASE.strip() + ",Memo\n" + BUY.strip() + ",x\n",
        "not known",
        '--ignore-column "Memo"',
        {"ignore_columns": ["Memo"]},
    ),
    "a negative fee": (KRAKEN + reward(fee="-0.001"), "a rebate", "--manual", {}),
    "a reward taken back": (KRAKEN + reward("-0.5"), "for a staking is not above 0", "--skip", {}),
    "a line of totals without a txid": (
        KRAKEN + reward() + '"","","","","","","ETH","0.5","0","0.5"\n',
        "a line of totals?",
        "--skip a.csv:3",
        {"skip": ["a.csv:3=totals"]},
    ),
    "a purchase with all signs turned": (
        COINBASE + BUY.replace("1.0,", "-1.0,").replace("$2500.00,$2515", "-$2500.00,-$2515"),
        "all signs turned",
        "--manual",
        {},
    ),
    "a total that price and size deny": (
        KUCOIN + "2024-03-03 10:00:00,ETH-USD,buy,2500,1,250,2.5,USD\n",
        "price 2500 times size 1 is not funds 250",
        "--skip",
        {},
    ),
    "a fill whose total is not its price": (FILLS.replace("-2515", "-25150"), "are not total", "--skip", {}),
    "a spot trade whose notional is not its price": (
        "time,coin,dir,px,sz,ntl,fee,closedPnl\n25/09/2025 13:33:06,HYPE/USDC,Buy,40,20,80,0.014,0\n",
        "px 40 times sz 20 is not ntl 80",
        "--skip",
        {"skip": ["a.csv:2=wrong"], "timezone": "UTC"},
    ),
    "half of a trade": (KRAKEN + reward().replace("staking", "trade"), "one trade", "--manual", {}),
    "an empty time": (BINANCE + "1,,Spot,Deposit,BTC,1,\n", "is empty", "--skip", {}),
    "a coin without a name": (BINANCE + "1,2024-03-03 10:00:00,Spot,Deposit,,1,\n", "is empty", "--skip", {}),
    "too much to hold": (BINANCE + f"1,2024-03-03 10:00:00,Spot,Deposit,SHIB,{10**38},\n", "too large", "--skip", {}),
    "margin in a statement": (BINANCE + "1,2024-03-03 10:00:00,Cross Margin,Buy,BTC,1,\n", "not a spot", "--skip", {}),
    "an operation that is new": (BINANCE + "1,2024-03-03 10:00:00,Spot,Mystery,BTC,1,\n", "not a known", "--skip", {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_names_a_way_that_works(bring, name: str, tmp_path: Path) -> None:
    text, says, way, answer = CASES[name]
    with pytest.raises(InputError) as refused:
        bring(text, prices=PRICES, record=True)
    (problem,) = refused.value.problems
    assert says in problem.message, problem
    assert way in problem.hint, problem
    if answer:
        bring(text, prices=PRICES, record=True, **answer)
        return
    made = bring(text, prices=PRICES, record=True, skip=["a.csv:2=seen"])
    assert "left out by --skip: seen" in "".join(made.notes)
    if "--manual" in way:
        row = text.partition("\n")[2]
        source, time = (
            ("coinbase", "2025-01-01T10:00:00Z") if text.startswith("ID") else ("kraken", "2024-03-03T10:00:00Z")
        )
        assert row
        said = bring(text, prices=PRICES, record=True, manual=MANUAL.format(time=time, source=source, line=2))
        assert [trade.id for trade in said.trades] == ["m1"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PK\x03\x04 a workbook", "is a spreadsheet"),
        (b"<html>log in</html>", "is a web page"),
        (b"", "is empty"),
        (b"a\xff\xffb", "not UTF-8"),
    ],
)
def test_what_is_no_export(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    with pytest.raises(InputError) as refused:
        import_exports([path], answers=Answers())
    assert says in refused.value.problems[0].message
    assert refused.value.problems[0].hint

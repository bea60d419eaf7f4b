"""What two exports tell differently: each row once, whatever header, spelling or price the second has."""

from __future__ import annotations

import pytest

from zkharvest.errors import UsageError

KRAKEN = "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance\n"
NEWER = "txid,refid,time,type,subtype,aclass,subclass,asset,wallet,amount,fee,balance\n"
OLD_ROWS = (
    "a,T1,2025-01-01 10:00:00,trade,,currency,ZUSD,-100.0000,0.1000,0\n"
    "b,T1,2025-01-01 10:00:00,trade,,currency,XXBT,0.0020000000,0,0.002\n"
)
NEW_ROWS = (
    "a,T1,2025-01-01 10:00:00,trade,tradespot,currency,fiat,USD,spot / main,-100,0.1,55\n"
    "b,T1,2025-01-01 10:00:00,trade,tradespot,currency,crypto,BTC,spot / main,0.002,0,0\n"
)
COINBASE_OLD = (
    "Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,"
    "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes\n"
)
BUY = "2025-01-01 10:00:00 UTC,Buy,ETH,1,USD,2500,2500,2515,15,\n"
FILLS = "portfolio,trade id,product,side,created at,size,size unit,price,fee,total,price/fee/total unit\n"
MINE, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
PRICES = "time,asset,price\n2025-01-01,BTC,50000\n2025-01-01,ETH,2500\n"


def explorer(price: str, shown: str = "1") -> str:
    head = (
        "Txhash,Blockno,UnixTimestamp,DateTime (UTC),From,To,ContractAddress,Value_IN(ETH),Value_OUT(ETH),"
        f"CurrentValue @ ${price}/Eth,TxnFee(ETH),TxnFee(USD),Historical $Price/Eth,Status,ErrCode,Method\n"
    )
    row = f"0xaa,1,1735725600,2025-01-01 10:00:00,{MINE},{OTHER},,0,{shown},{price},0.001,2.5,2500,,,Transfer\n"
    return head + row + row.replace("0xaa", "0xab").replace("25600", "25700")


def test_kraken_rows_are_known_by_their_txid(bring) -> None:
    once = ["buy BTC 0.002 100.00 0.10"]
    columns = "kind asset quantity amount fee"
    assert bring.table(KRAKEN + OLD_ROWS, columns=columns) == once
    assert bring.table(KRAKEN + OLD_ROWS, NEWER + NEW_ROWS, columns=columns) == once
    assert bring.table(NEWER + NEW_ROWS, KRAKEN + OLD_ROWS, columns=columns) == once
    cut = [KRAKEN + OLD_ROWS.splitlines()[n] + "\n" for n in (0, 1)]
    assert bring.table(*cut, columns=columns) == once  # a trade on both sides of the end of an export
    note = "b.csv: 2 rows: duplicate of a row in another file of this import, left out"
    assert note in bring.notes(KRAKEN + OLD_ROWS, NEWER + NEW_ROWS)


def test_two_kraken_rows_of_one_txid_that_differ_are_refused(bring) -> None:
    other = KRAKEN + OLD_ROWS.replace("-100.0000", "-101.0000")
    says = "is also the name of a.csv:2, which says something else"
    assert bring.problems(KRAKEN + OLD_ROWS, other) == [f"b.csv:2:txid: a {says}"]
    assert bring.problems(KRAKEN + OLD_ROWS + other.splitlines()[1] + "\n") == [f"a.csv:4:txid: a {says}"]
    assert len(bring(KRAKEN + OLD_ROWS, other, skip=["b.csv:2=the first holds"]).trades) == 1


def test_explorer_rows_are_the_same_at_another_price(bring) -> None:
    columns = "kind asset quantity"
    whole = bring.table(explorer("2500"), columns=columns, record=True)
    assert len(whole) == 4
    assert bring.table(explorer("2500"), explorer("2600.5", "1.00"), columns=columns, record=True) == whole


def test_an_export_without_ids_beside_one_with_ids_is_refused_where_they_overlap(bring) -> None:
    new = "ID," + COINBASE_OLD + "c1," + BUY
    says = "a.csv:2: b.csv:2 tells the same trade or move under another id"
    assert bring.problems(COINBASE_OLD + BUY, new)[0].startswith(says)
    assert len(bring(COINBASE_OLD + BUY, new, skip=["a.csv:2=in the newer export"]).trades) == 1
    assert len(bring(COINBASE_OLD + BUY, new.replace("10:00:00", "10:00:01")).trades) == 2


def test_trades_of_coinbase_advanced_in_both_reports_are_refused(bring) -> None:
    report = (
        "ID,"
        + COINBASE_OLD
        + "c1,"
        + BUY.replace("Buy", "Advanced Trade Buy").replace(",15,", ",15,Bought 1 ETH for 2515 USD")
    )
    fills = FILLS + "default,7,ETH-USD,BUY,2025-01-01T10:00:00.123Z,1,ETH,2500,15,-2515,USD\n"
    (problem,) = bring.problems(report, fills)
    assert "the report of coinbase tells trades of coinbase-advanced too" in problem
    assert len(bring(report, fills, skip=["b.csv:2=in the report"]).trades) == 1


# Transfers that the user names


SENT = KRAKEN + "w,W1,2025-01-01 10:00:00,withdrawal,,currency,XXBT,-0.5,0,0\n"
CAME = "ID," + COINBASE_OLD + "r1,2025-01-01 10:30:00 UTC,Receive,BTC,0.4995,USD,50000,,,,\n"


def test_a_transfer_less_the_fee_of_the_network_is_said_by_its_rows(bring) -> None:
    hints = bring.hints(SENT, CAME)
    assert "say --pair a.csv:2=b.csv:2" in hints[0]
    assert "say --pair b.csv:2=a.csv:2" in hints[1]
    wanted = ["transfer BTC 0.4995 coinbase ", "spend BTC 0.0005  25.00"]
    for pair in ("a.csv:2=b.csv:2", "b.csv:2=a.csv:2"):
        columns = "kind asset quantity to amount"
        assert bring.table(SENT, CAME, columns=columns, pairs=[pair], prices=PRICES) == wanted
    (problem,) = bring.problems(SENT, CAME, pairs=["a.csv:2=b.csv:2"])
    assert problem.startswith("a.csv:2: the value of 0.0005 BTC in USD is not in the file")


def test_equal_moves_of_several_wallets_are_said_by_their_rows(bring) -> None:
    came = CAME.replace("0.4995", "0.5")
    advanced = (
        "portfolio,type,time,amount,balance,amount/balance unit,transfer id,trade id,order id\n"
        "default,withdrawal,2025-01-01T10:01:00Z,-0.5,0,BTC,t1,,\n"
    )
    hints = bring.hints(SENT, came, advanced)
    assert any("say which belong together: --pair b.csv:2=a.csv:2 or --pair b.csv:2=c.csv:2" in hint for hint in hints)
    made = bring.table(SENT, came, advanced, columns="kind source to", pairs=["c.csv:2=b.csv:2"], record=True)
    assert made == ["withdraw kraken ", "transfer coinbase-advanced coinbase"]


@pytest.mark.parametrize("pair", ["a.csv:2", "a.csv=b.csv", "a.csv:2-3=b.csv:2", "a.csv:2=b.csv:2=c.csv:2"])
def test_a_pair_is_two_rows(bring, pair: str) -> None:
    with pytest.raises(UsageError, match="is not FILE:LINE=FILE:LINE"):
        bring(SENT, CAME, pairs=[pair])


def test_a_pair_that_is_no_transfer_is_refused(bring) -> None:
    more = CAME.replace("0.4995", "0.5001")
    assert bring.problems(SENT, more, pairs=["a.csv:2=b.csv:2"])[0].startswith(
        "a.csv:2: --pair a.csv:2=b.csv:2: 0.5 BTC left kraken, 0.5001 BTC came to coinbase"
    )
    assert "are not a withdrawal and a deposit" in "".join(bring.problems(SENT, CAME, pairs=["a.csv:2=b.csv:3"]))


INSIDE = "s,S1,2025-01-01 10:00:00,transfer,spottostaking,currency,XXBT,-0.5,0,0\n"


@pytest.mark.parametrize(
    ("pair", "found"),
    [
        ("a.csv:2=b.csv:3", "a.csv:2 is a withdrawal, b.csv:3 is not a move that this import reads"),
        ("a.csv:2=a.csv:2", "a.csv:2 is a withdrawal"),
        ("b.csv:2=b.csv:2", "b.csv:2 is a deposit"),
        ("a.csv:3=b.csv:2", "a.csv:3 is a move inside an account, b.csv:2 is a deposit"),
    ],
)
def test_a_pair_says_what_its_rows_are(bring, pair: str, found: str) -> None:
    says = f"--pair {pair}: the two are not a withdrawal and a deposit ({found})"
    assert says in bring.problems(SENT + INSIDE, CAME, pairs=[pair], record=True)


@pytest.mark.parametrize("said", [{"skip": ["a.csv:2=told elsewhere"]}, {"skip": ["b.csv:2=told elsewhere"]}])
def test_a_row_that_is_left_out_has_no_pair(bring, said: dict[str, list[str]]) -> None:
    left = said["skip"][0].partition("=")[0]
    pair = "a.csv:2=b.csv:2"
    (problem,) = bring.problems(SENT, CAME, pairs=[pair], record=True, **said)
    assert f"{left} is not a move that this import reads" in problem
    assert len(bring(SENT, CAME, record=True, **said).trades) == 1  # the pair left out, as the hint says


@pytest.mark.parametrize(
    ("second", "row"),
    [
        ("a.csv:2=b.csv:2", "a.csv:2"),
        ("b.csv:2=a.csv:2", "a.csv:2"),
        ("a.csv:2=b.csv:3", "a.csv:2"),
        ("a.csv:3=b.csv:2", "b.csv:2"),
    ],
)
def test_a_row_is_an_end_of_one_pair_only(bring, second: str, row: str) -> None:
    sent = SENT + "x,X1,2025-01-01 10:00:00,withdrawal,,currency,XXBT,-0.5,0,0\n"
    came = CAME + CAME.splitlines()[1].replace("r1", "r2") + "\n"
    first = "a.csv:2=b.csv:2"
    (problem,) = bring.problems(sent, came, pairs=[first, second], prices=PRICES, external="cold")[:1]
    assert problem.startswith(f"{row}: --pair {second}: {row} is in another --pair already")
    columns = "kind source to quantity"
    made = bring.table(sent, came, columns=columns, pairs=[first, "a.csv:3=b.csv:3"], prices=PRICES)
    assert sorted(made) == ["spend kraken  0.0005"] * 2 + ["transfer kraken coinbase 0.4995"] * 2


STATEMENT = "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark\n1,2024-03-09 10:02:00,Spot,Withdraw,BTC,-0.2002,\n"
HISTORY = (
    "Date(UTC+0),Coin,Network,Amount,Fee,Address,TXID,Status\n2024-03-09 10:00:00,BTC,BTC,0.2,0.0002,bc,aa,Completed\n"
)
NO_ZONE = HISTORY.replace("Date(UTC+0)", "Time")


@pytest.mark.parametrize("history", [HISTORY, NO_ZONE])
def test_files_that_tell_the_same_are_refused_in_either_order(bring, history: str) -> None:
    for files in ((history, STATEMENT), (STATEMENT, history)):
        (problem,) = bring.problems(*files, timezone="UTC")
        assert "tell the same trades as a.csv" in problem, problem

"""The tables of names: what is shipped says what was checked; tokens, wrapped coins and receipts in imports."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

DATA = resources.files("zkharvest.trades.importers") / "data"
OWNER = "0x00000000000000000000000000000000000000e1"
POOL = "0x00000000000000000000000000000000000000e2"
USDC, WETH = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48", "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
TX = (
    "Txhash,Blockno,UnixTimestamp,DateTime (UTC),From,To,ContractAddress,Value_IN(ETH),Value_OUT(ETH),"
    "CurrentValue @ $3000/Eth,TxnFee(ETH),TxnFee(USD),Historical $Price/Eth,Status,ErrCode,Method\n"
)
TOKENS = (
    "Txhash,Blockno,UnixTimestamp,DateTime (UTC),From,To,TokenValue,USDValueDayOfTx,ContractAddress,TokenName,"
    "TokenSymbol\n"
)


def sent(tx: str, eth: str, time: int = 1704067200) -> str:
    return f"{tx},1,{time},2024-01-01 0:00:00,{OWNER},{POOL},,0,{eth},0,0.001,2,2000,,,Deposit\n"


def token(tx: str, value: str, contract: str, symbol: str, *, out: bool = False, time: int = 1704067200) -> str:
    ends = (OWNER, POOL) if out else (POOL, OWNER)
    return f"{tx},1,{time},2024-01-01 0:00:00,{ends[0]},{ends[1]},{value},,{contract},{symbol},{symbol}\n"


@pytest.mark.parametrize("name", ["aliases", "renames", "wrapped", "tokens", "receipts"])
def test_every_shipped_row_says_what_was_checked(name: str) -> None:
    table = tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))
    rows = [row for rows in table.values() for row in rows]
    assert rows
    assert all(row["checked"].strip() and row["source"].strip() for row in rows)


def test_a_token_is_told_by_its_contract(bring) -> None:
    fake = "0x" + "9" * 40
    tokens = TOKENS + token("0xa", "100", USDC, "USDC") + token("0xb", "9000", fake, "USDC")
    main = TX + sent("0xa", "0.05") + sent("0xc", "1").replace("Deposit", "Wrap")
    wrapped = token("0xc", "1", WETH, "WETH")
    made = bring(main, tokens + wrapped, record=True)
    assert {trade.asset for trade in made.trades} >= {"USDC", "USDC-0x99999999"}
    assert any("calls itself USDC but is not the known one: named USDC-0x99999999" in note for note in made.notes)
    assert [(t.asset, t.into) for t in made.trades if t.into] == [("ETH", "WETH")]


STAKED = (TX + sent("0xa", "1"), TOKENS + token("0xa", "0.93", "0x" + "7" * 40, "cbETH"))


def test_receipts_are_a_trade_or_carried_as_the_user_says(bring) -> None:
    known = tuple(text.replace("0x" + "7" * 40, "0xbe9895146f7af43049ca1c1ae358b0541ea49704") for text in STAKED)
    assert bring.table(*known, columns="kind asset quantity amount") == [
        "sell ETH 1 2000.00",
        "buy cbETH 0.93 2000.00",
        "spend ETH 0.001 2.00",
    ]
    assert bring.table(*known, columns="kind asset quantity into into_quantity", carry_receipts=True) == [
        "convert ETH 1 cbETH 0.93",
        "spend ETH 0.001  ",
    ]
    notes = bring.notes(*known, carry_receipts=True)
    assert any("basis and dates are carried (--receipts carry)" in note for note in notes)


def test_pool_shares_carry_both_coins_by_their_values(bring) -> None:
    tokens = TOKENS + token("0xa", "2000", USDC, "USDC", out=True) + token("0xa", "40", "0x" + "5" * 40, "UNI-V2")
    prices = "time,asset,price\n2024-01-01,ETH,2000\n2024-01-01,USDC,1\n"
    made = bring.table(
        TX + sent("0xa", "1"),
        tokens,
        columns="kind asset quantity into into_quantity",
        carry_receipts=True,
        prices=prices,
    )
    assert sorted(made)[:2] == ["convert ETH 1 UNI-V2 20", "convert USDC 2000 UNI-V2 20"]
    traded = bring.table(TX + sent("0xa", "1"), tokens, columns="kind asset amount", prices=prices)
    assert sorted(traded)[:3] == ["buy UNI-V2 2000.00", "buy UNI-V2 2000.00", "sell ETH 2000.00"]


def test_binance_staking_into_a_receipt_follows_the_policy(bring) -> None:
    text = (
        "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark\n"
        "1,2024-01-01 10:00:00,Spot,ETH 2.0 Staking,ETH,-1,\n1,2024-01-01 10:00:00,Spot,ETH 2.0 Staking,WBETH,0.95,\n"
    )
    prices = "time,asset,price\n2024-01-01,ETH,2000\n2024-01-01,WBETH,2105\n"
    assert [row.split()[0] for row in bring.table(text, columns="kind asset", prices=prices)] == ["sell", "buy"]
    assert bring.table(text, columns="kind asset into", carry_receipts=True) == ["convert ETH WBETH"]


def test_every_row_of_the_tables_was_found_in_public_material() -> None:
    for file in DATA.iterdir():
        if file.name.endswith(".toml"):
            for name, rows in tomllib.loads(file.read_text(encoding="utf-8")).items():
                assert all(len(row["checked"]) > 8 and row["checked"] != "not checked" for row in rows), name

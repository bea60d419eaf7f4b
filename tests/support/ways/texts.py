"""Exports of one or two rows, for refusals: headers of the venues, and rows of our own making."""

from __future__ import annotations

BINANCE = "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark\n"
BINANCE_NEW = "User ID,Time,Account,Operation,Coin,Change,Remark\n"
BINANCE_OLD = "Date(UTC),Market,Type,Price,Amount,Total,Fee,Fee Coin\n"
BINANCE_TRADES = "Date(UTC),Pair,Side,Price,Executed,Amount,Fee\n"
P2P = (
    "Order Number,Order Type,Asset Type,Fiat Type,Total Price,Price,Quantity,Exchange rate,Maker Fee,Taker Fee,"
    "Couterparty,Status,Created Time\n"
)
BITFINEX = "#,DESCRIPTION,CURRENCY,AMOUNT,BALANCE,DATE,WALLET\n"
BITSTAMP = (
    "ID,Account,Type,Subtype,Datetime,Amount,Amount currency,Value,Value currency,Rate,Rate currency,Fee,"
    "Fee currency,Order ID\n"
)
COINBASE = (
    "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,"
    "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes\n"
)
FILLS = "portfolio,trade id,product,side,created at,size,size unit,price,fee,total,price/fee/total unit\n"
ACCOUNT = "portfolio,type,time,amount,balance,amount/balance unit,transfer id,trade id,order id\n"
DERIBIT = (
    "ID,UserSeq,Date,Instrument,Type,Side,Size,Position,Price,Mark Price,Index Price,Cash Flow,Funding,Fee Rate,"
    "Fee Paid,Fee Balance,Change,Balance,Equity,Trade ID,Order ID,Info\n"
)
DYDX = (
    '{"fills": [{"id": "f1", "side": "BUY", "liquidity": "TAKER", "type": "LIMIT", "market": "SOL-USD", '
    '"marketType": "PERPETUAL", "price": "80", "size": "1", "fee": "0.1", '
    '"createdAt": "2024-06-05T10:00:00.000Z", "createdAtHeight": "5"}]}'
)
MINE, OTHER = "0x" + "e1" * 20, "0x" + "22" * 20
EXPLORER = (
    "Transaction Hash,Blockno,UnixTimestamp,DateTime (UTC),From,To,ContractAddress,Value_IN(ETH),Value_OUT(ETH),"
    "CurrentValue @ $3000/Eth,TxnFee(ETH),TxnFee(USD),Historical $Price/Eth,Status,ErrCode,Method\n"
)
SENT = f"0xa1,1,1704067200,2024-01-01 00:00:00,{MINE},{OTHER},,0,1,0,0.001,3,2300,,,Swap\n"
GOT = f"0xa0,1,1704067100,2024-01-01 00:00:00,{OTHER},{MINE},,2,0,0,0.001,3,2300,,,Transfer\n"
TOKENS = (
    "Transaction Hash,Blockno,UnixTimestamp,DateTime (UTC),From,To,TokenValue,USDValueDayOfTx,ContractAddress,"
    "TokenName,TokenSymbol\n"
)
GEMINI = (
    "Date,Time (UTC),Type,Symbol,Specification,Liquidity Indicator,Trading Fee Rate (bps),USD Amount ($),"
    "Trading Fee (USD) ($),USD Balance ($),LTC Amount (LTC),Trading Fee (LTC) (LTC),LTC Balance (LTC),Trade ID,"
    "Order ID,Tx Hash\n"
)
MANUAL = "time,source,id,kind,asset,quantity,amount,origin\n"
MAPPED = 'name = "h"\ntitle = "H"\nsource = "h"\n'
KRAKEN = "txid,refid,time,type,subtype,aclass,asset,amount,fee,feecurrency,balance\n"
KRAKEN_TRADES = "txid,ordertxid,pair,time,type,ordertype,price,cost,fee,vol,margin,misc,ledgers\n"
KUCOIN = "tradeCreatedAt,symbol,side,price,size,funds,fee,feeCurrency\n"
BITMEX = "transactTime,transactType,amount,fee,address,transactStatus,walletBalance\n"
TREZOR = "Date,Time,TX id,Address,TX type,Value,TX total,Balance\n"
OKX = (
    "id,Order id,Time,Trade Type,Instrument,Type,Amount,Unit,PL,Fee,Position Change,Position Balance,Balance Change,"
    "Balance,Unit\n"
)
SOL = "So11111111111111111111111111111111111111111"
ME, YOU = "Wa11et" + "X" * 38, "Other" + "Y" * 39
SOLSCAN = "Signature,Block Time,Human Time,Action,From,To,Amount,Value,Decimals,Token Address,Multiplier\n"
SOL_ROW = f"s1,1735455966,2024-12-29T07:06:06.000Z,TRANSFER,{ME},{YOU},500000000,95.00,9,{SOL},\n"
FLOWN = SOLSCAN.replace("Value,", "Flow,Value,") + SOL_ROW.replace("95.00", "out,95.00")
DEFI = "Signature,Block Time,Human Time,Action,From,Token1,Amount1,Token2,Amount2\n"
COINS = (
    "BTC",
    "ETH",
    "BNB",
    "USDT",
    "USDC",
    "SHIB",
    "PEPE",
    "SOL",
    "LTC",
    "DOT",
    "STETH",
    "MATIC",
    "POL",
    "EUR",
    "AAA",
    "BBB",
    "CCC",
)
DAYS = ("2018-12-17", "2024-01-01", "2024-03-03", "2024-06-05", "2024-12-29", "2025-01-13")
PRICES = "time,asset,price\n" + "".join(f"{day},{coin},1\n" for day in DAYS for coin in COINS)


def rows(head: str, *lines: str) -> str:
    """A header with its rows; a line is written with bars for commas where that reads better."""
    return head + "".join(f"{line if ',' in line else line.replace('|', ',')}\n" for line in lines)


def binance(*lines: str) -> str:
    """Rows of account, operation, coin, change."""
    return rows(BINANCE, *("1,2024-03-03 10:00:01,{},{},{},{},".format(*line.split("|")) for line in lines))


def coinbase(*lines: str) -> str:
    """Rows of type, asset, quantity, subtotal, total, fees, notes."""
    made = []
    for n, line in enumerate(lines):
        kind, asset, quantity, *money, notes = line.split("|")
        made.append(f"c{n},2024-03-03 10:00:00 UTC,{kind},{asset},{quantity},USD,1,{','.join(money)},{notes}")
    return rows(COINBASE, *made)


def kraken(*lines: str) -> str:
    """Rows of refid, type, subtype, asset, amount, fee, feecurrency; txid is the line."""
    made = []
    for n, line in enumerate(lines):
        refid, kind, subtype, asset, amount, fee, unit = line.split("|")
        made.append(f"L{n},{refid},2024-03-03 10:00:00,{kind},{subtype},currency,{asset},{amount},{fee},{unit},0")
    return rows(KRAKEN, *made)


def deribit(*lines: str) -> str:
    """Rows of instrument, type, side, size, position, cash flow, fee paid, change."""
    made = []
    for n, line in enumerate(lines):
        instrument, kind, side, size, position, cash, fee, change = line.split("|")
        made.append(
            f"{n + 1},1,2024-03-03 10:00:00,{instrument},{kind},{side},{size},{position},0.1,0.1,60000,{cash},,"
            f",{fee},,{change},1,1,,,"
        )
    return rows(DERIBIT, *made)


def token(quantity: str, symbol: str, *, out: bool = False) -> str:
    """A token transfer of the transaction of `SENT`."""
    ends = f"{MINE},{OTHER}" if out else f"{OTHER},{MINE}"
    return f"0xa1,1,1704067200,2024-01-01 00:00:00,{ends},{quantity},1,0x{symbol.lower()},{symbol},{symbol}\n"


def p2p(side: str = "Sell", total: str = "100", fee: str = "0", status: str = "Completed") -> str:
    """A P2P order of 100 USDT at 1 USD."""
    return rows(P2P, f"77,{side},USDT,USD,{total},1,100,,0,{fee},Somebody,{status},2024-03-03 10:00:00")


def kucoin(*lines: str) -> str:
    """Rows of symbol, side, price, size, funds, fee, feeCurrency."""
    return rows(KUCOIN, *(f"2024-03-03 10:00:00|{line}".replace("|", ",") for line in lines))

"""A small exchange on this machine that speaks the REST APIs of Binance.US and Deribit, for ccxt to trade against.

It checks signatures, keeps order books, matches limit orders (IOC and GTC) against them, and answers as the venues do.
`faults` make it misbehave: lose a request or its answer, refuse by rate, break, reject. Books are set, not streamed.
No real venue is asked, and nothing listens but 127.0.0.1.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

KEY, SECRET = "key-of-a-test", "secret-of-a-test"
FEE = Decimal("0.001")


class Refused(Exception):
    """The venue's own error: a code and what it says."""


class Exchange:
    """Books, orders and fills. `clock`: ms of the next answer; None: the machine's."""

    def __init__(self):
        self.books = {}  # symbol -> {"bids": [[price, amount]], "asks": [...]}
        self.orders, self.fills = {}, []
        self.faults = []  # (path's end, what): once each
        self.requests = []
        self.clock = None
        self.on_order = None  # called with each order before it is matched
        self.numbers = itertools.count(1001)
        self.lock = threading.RLock()
        self.steps = {"amount": "0.00001", "price": "0.01", "least": "0.00001", "cost": "1"}

    def now(self):
        """The time of an answer."""
        return int(time.time() * 1000) if self.clock is None else self.clock

    def quote(self, symbol, bids, asks):
        """Set a book: lists of (price, amount), best first."""
        self.books[symbol] = {"bids": [[Decimal(str(p)), Decimal(str(a))] for p, a in bids],
                              "asks": [[Decimal(str(p)), Decimal(str(a))] for p, a in asks]}  # fmt: skip

    def place(self, symbol, side, amount, price, client, *, immediate):
        """Match an order against the book; what is left rests, or is cancelled."""
        if symbol not in self.books:
            raise Refused(-1121, "Invalid symbol.")
        order = {
            "id": str(next(self.numbers)), "client": client, "symbol": symbol, "side": side, "amount": Decimal(amount),
            "price": Decimal(price), "filled": Decimal(0), "time": self.now(), "open": True, "immediate": immediate,
        }  # fmt: skip
        if self.on_order:
            self.on_order(order)
        self.orders[order["id"]] = order
        levels = self.books[symbol]["asks" if side == "buy" else "bids"]
        while levels and order["filled"] < order["amount"]:
            best, there = levels[0]
            if best > order["price"] if side == "buy" else best < order["price"]:
                break
            taken = min(there, order["amount"] - order["filled"])
            self.fills.append({"id": str(next(self.numbers)), "order": order, "price": best, "amount": taken,
                               "time": self.now(), "fee": taken * best * FEE})  # fmt: skip
            order["filled"] += taken
            levels[0][1] -= taken
            if not levels[0][1]:
                levels.pop(0)
        if immediate or order["filled"] == order["amount"]:
            order["open"] = False
        return order

    def cancel(self, id_):
        """Cancel an open order."""
        order = self.orders.get(id_)
        if order is None or not order["open"]:
            raise Refused(-2011, "Unknown order sent.")
        order["open"] = False
        return order


def plain(value):
    """A number as the venues write it."""
    return f"{value:.8f}"


class Binance:
    """Binance.US: /api/v3, signed by HMAC-SHA256 of the query."""

    pairs = {"BTCUSD": ("BTC", "USD"), "ETHUSD": ("ETH", "USD")}

    def __init__(self, exchange):
        self.exchange = exchange

    def answer(self, method, path, query, headers, raw):
        """The answer to a request. Raises Refused."""
        asked = dict(parse_qsl(query))
        name = path.rsplit("/", 1)[-1]
        if name in ("order", "openOrders", "allOrders", "myTrades"):
            payload, _, signature = (raw or query).rpartition("&signature=")
            good = hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).hexdigest()
            if headers.get("X-MBX-APIKEY") != KEY or not hmac.compare_digest(good, signature):
                raise Refused(-2015, "Invalid API-key, IP, or permissions for action.")
            asked |= dict(parse_qsl(raw))
        return getattr(self, f"{method.lower()}_{name}")(asked)

    def error(self, refused):
        """An error in the venue's form."""
        return 400, {"code": refused.args[0], "msg": refused.args[1]}

    def get_exchangeInfo(self, _):
        """Symbols with their filters."""
        steps = self.exchange.steps
        filters = [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": steps["price"],
                "maxPrice": "10000000",
                "tickSize": steps["price"],
            },
            {"filterType": "LOT_SIZE", "minQty": steps["least"], "maxQty": "9000", "stepSize": steps["amount"]},
            {"filterType": "NOTIONAL", "minNotional": steps["cost"]},
        ]
        symbols = [
            {"symbol": s, "status": "TRADING", "baseAsset": base, "quoteAsset": quote, "baseAssetPrecision": 8,
             "quotePrecision": 8, "quoteAssetPrecision": 8, "orderTypes": ["LIMIT"], "isSpotTradingAllowed": True,
             "isMarginTradingAllowed": False, "permissions": ["SPOT"], "filters": filters}
            for s, (base, quote) in self.pairs.items() if s in self.exchange.books
        ]  # fmt: skip
        return {"timezone": "UTC", "serverTime": self.exchange.now(), "symbols": symbols}

    def _ticker(self, symbol):
        book = self.exchange.books[symbol]
        best = {side: book[side][0] if book[side] else (Decimal(0), Decimal(0)) for side in ("bids", "asks")}
        return {"symbol": symbol, "bidPrice": plain(best["bids"][0]), "bidQty": plain(best["bids"][1]),
                "askPrice": plain(best["asks"][0]), "askQty": plain(best["asks"][1]),
                "lastPrice": plain(best["bids"][0]), "closeTime": self.exchange.now(), "openTime": 0}  # fmt: skip

    def get_24hr(self, asked):
        """Tickers of a day."""
        if "symbol" in asked:
            return self._ticker(asked["symbol"])
        wanted = json.loads(asked["symbols"]) if "symbols" in asked else list(self.exchange.books)
        return [self._ticker(symbol) for symbol in wanted if symbol in self.pairs]

    def get_depth(self, asked):
        """An order book."""
        book = self.exchange.books[asked["symbol"]]
        return {"lastUpdateId": 1, **{side: [[plain(p), plain(a)] for p, a in book[side]] for side in ("bids", "asks")}}

    def _shown(self, order):
        status = "FILLED" if order["filled"] == order["amount"] else (
            ("PARTIALLY_FILLED" if order["filled"] else "NEW") if order["open"] else
            "EXPIRED" if order["immediate"] else "CANCELED")  # fmt: skip
        return {"symbol": order["symbol"], "orderId": int(order["id"]), "clientOrderId": order["client"],
                "price": plain(order["price"]), "origQty": plain(order["amount"]),
                "executedQty": plain(order["filled"]), "cummulativeQuoteQty": "0",
                "status": status, "timeInForce": "IOC" if order["immediate"] else "GTC",
                "type": "LIMIT", "side": order["side"].upper(), "time": order["time"], "updateTime": order["time"],
                "transactTime": order["time"]}  # fmt: skip

    def post_order(self, asked):
        """A new order."""
        order = self.exchange.place(asked["symbol"], asked["side"].lower(), asked["quantity"], asked["price"],
                                    asked["newClientOrderId"], immediate=asked["timeInForce"] == "IOC")  # fmt: skip
        return {**self._shown(order), "fills": []}

    def get_order(self, asked):
        """An order by its id."""
        order = self.exchange.orders.get(asked["orderId"])
        if order is None:
            raise Refused(-2013, "Order does not exist.")
        return self._shown(order)

    def delete_order(self, asked):
        """Cancel."""
        return self._shown(self.exchange.cancel(asked["orderId"]))

    def get_openOrders(self, asked):
        """Open orders of a symbol."""
        return [one for one in self.get_allOrders(asked) if one["status"] in ("NEW", "PARTIALLY_FILLED")]

    def get_allOrders(self, asked):
        """Orders of a symbol from a time on, oldest first."""
        found = [o for o in self.exchange.orders.values() if o["symbol"] == asked["symbol"]]
        found = [o for o in found if o["time"] >= int(asked.get("startTime", 0))]
        return [self._shown(order) for order in found[: int(asked.get("limit", 500))]]

    def get_myTrades(self, asked):
        """Fills of an order."""
        return [
            {"symbol": f["order"]["symbol"], "id": int(f["id"]), "orderId": int(f["order"]["id"]),
             "price": plain(f["price"]), "qty": plain(f["amount"]), "quoteQty": plain(f["price"] * f["amount"]),
             "commission": plain(f["fee"]), "commissionAsset": "USD", "time": f["time"], "isMaker": False,
             "isBuyer": f["order"]["side"] == "buy"}
            for f in self.exchange.fills if f["order"]["id"] == asked.get("orderId", f["order"]["id"])
            and f["order"]["symbol"] == asked["symbol"]
        ]  # fmt: skip


class Deribit:
    """Deribit: /api/v2, JSON-RPC over GET, signed by HMAC-SHA256 of time, nonce and request."""

    def __init__(self, exchange, instruments):
        self.exchange = exchange
        self.instruments = instruments  # as get_instruments gives them
        self.tickers = {}

    def answer(self, method, path, query, headers, raw):
        """The answer to a request. Raises Refused."""
        name = path.rsplit("/", 1)[-1]
        if "/private/" in path:
            _, _, given = headers.get("Authorization", "").partition(" ")
            said = dict(part.split("=", 1) for part in given.split(",") if "=" in part)
            target = f"{path}?{query}" if query else path
            text = f"{said.get('ts')}\n{said.get('nonce')}\n{method}\n{target}\n{raw}\n"
            good = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
            if said.get("id") != KEY or not hmac.compare_digest(good, said.get("sig", "")):
                raise Refused(13004, "invalid_credentials")
        asked = dict(parse_qsl(query))
        return {"jsonrpc": "2.0", "result": getattr(self, name)(asked), "usIn": 1, "usOut": 2, "usDiff": 1,
                "testnet": False}  # fmt: skip

    def error(self, refused):
        """An error in the venue's form."""
        return 400, {"jsonrpc": "2.0", "error": {"code": refused.args[0], "message": refused.args[1]}}

    def get_instruments(self, _):
        """All instruments."""
        return self.instruments

    def ticker(self, asked):
        """A ticker, as it was set, with the book's best prices."""
        name = asked["instrument_name"]
        book = self.exchange.books[name]
        best = {"best_bid_price": book["bids"][0][0], "best_bid_amount": book["bids"][0][1],
                "best_ask_price": book["asks"][0][0], "best_ask_amount": book["asks"][0][1]}  # fmt: skip
        return {**self.tickers.get(name, {}), "instrument_name": name, "timestamp": self.exchange.now(),
                "state": "open", **{key: float(value) for key, value in best.items()}}  # fmt: skip

    def get_order_book(self, asked):
        """A book with its ticker."""
        book = self.exchange.books[asked["instrument_name"]]
        sides = {side: [[float(p), float(a)] for p, a in book[side]] for side in ("bids", "asks")}
        return {**self.ticker(asked), **sides, "stats": {}}

    def _shown(self, order):
        state = "open" if order["open"] else "filled" if order["filled"] == order["amount"] else "cancelled"
        return {"instrument_name": order["symbol"], "order_id": order["id"], "label": order["client"],
                "direction": order["side"], "price": float(order["price"]), "amount": float(order["amount"]),
                "filled_amount": float(order["filled"]), "average_price": float(order["price"]), "order_state": state,
                "order_type": "limit", "time_in_force": "immediate_or_cancel", "creation_timestamp": order["time"],
                "last_update_timestamp": order["time"], "commission": 0.0}  # fmt: skip

    def _fill(self, fill):
        order = fill["order"]
        return {"trade_id": fill["id"], "order_id": order["id"], "instrument_name": order["symbol"],
                "direction": order["side"], "price": float(fill["price"]), "amount": float(fill["amount"]),
                "fee": float(fill["fee"]), "fee_currency": "USDC", "timestamp": fill["time"], "liquidity": "T",
                "order_type": "limit", "label": order["client"]}  # fmt: skip

    def _place(self, asked, side):
        immediate = asked.get("time_in_force") == "immediate_or_cancel"
        order = self.exchange.place(
            asked["instrument_name"], side, asked["amount"], asked["price"], asked["label"], immediate=immediate
        )
        return {
            "order": self._shown(order),
            "trades": [self._fill(f) for f in self.exchange.fills if f["order"] is order],
        }

    def buy(self, asked):
        """A new order to buy."""
        return self._place(asked, "buy")

    def sell(self, asked):
        """A new order to sell."""
        return self._place(asked, "sell")

    def cancel(self, asked):
        """Cancel."""
        return self._shown(self.exchange.cancel(asked["order_id"]))

    def get_order_state(self, asked):
        """An order by its id."""
        return self._shown(self.exchange.orders[asked["order_id"]])

    def get_order_state_by_label(self, asked):
        """Orders by the client's id."""
        return [self._shown(o) for o in self.exchange.orders.values() if o["client"] == asked["label"]]

    def get_user_trades_by_order(self, asked):
        """Fills of an order."""
        return [self._fill(f) for f in self.exchange.fills if f["order"]["id"] == asked["order_id"]]


@contextmanager
def serving(skin) -> Iterator[str]:
    """Serve an exchange in a form (`Binance`, `Deribit`) until the block ends; gives its URL."""
    exchange = skin.exchange

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def handle_any(self):
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            with exchange.lock:
                exchange.requests.append(f"{self.command} {parts.path}")
                fault = next((f for f in exchange.faults if f"{self.command} {parts.path}".endswith(f[0])), None)
                if fault:
                    exchange.faults.remove(fault)
                status, found = self.found(parts, raw, fault[1] if fault else "")
            if found is None:  # hang up without an answer
                self.close_connection = True
                self.connection.close()
                return
            body = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def found(self, parts, raw, fault):
            if fault == "lose request":
                return 0, None
            if fault == "too many":
                return 429, {"code": -1003, "msg": "Too many requests."}
            if fault == "break":
                return 503, {"msg": "Service unavailable"}
            try:
                if fault == "reject":
                    raise Refused(-2010, "Account has insufficient balance for requested action.")
                found = skin.answer(self.command, parts.path, parts.query, self.headers, raw)
            except Refused as refused:
                return skin.error(refused)
            return (0, None) if fault == "lose answer" else (200, found)

        do_GET = do_POST = do_DELETE = handle_any

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

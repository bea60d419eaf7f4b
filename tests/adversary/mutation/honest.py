"""Honest runs of every kind of row under every rule: what a mutant must accept to pass for the circuit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from random import Random
from unittest import mock

from tests.adversary.kit.extremes import START, extreme_ledger
from tests.adversary.kit.forge import Forgery, forge
from tests.adversary.kit.small import committed
from tests.adversary.witness.lies.cells import CARRIED, LEDGER, ROWS
from tests.adversary.witness.lies.registry import run
from tests.support.make import at, trade
from zkharvest.circuit.lot_machine.v1 import witness as generator
from zkharvest.circuit.lot_machine.v1.steps import fill as steps_fill
from zkharvest.commitment import records
from zkharvest.commitment.encoding import asset_code
from zkharvest.commitment.opening import Opening
from zkharvest.ledger import Election, Method, Pooling
from zkharvest.trades.model import Kind, Trade

# Short sales, a fee above the amount on either side, expiries, equal unit bases, trades at one instant.
SHORTS = [
    trade("2022-06-01", "a/0", "buy", 3, 900, asset="ETH"),
    trade("2024-01-01", "a/1", "short", 2, 100),
    trade("2024-01-01", "a/2", "short", 1, 300, 1),
    trade("2024-01-03", "b/3", "cover", 2, 900),
    trade("2024-01-04", "a/4", "buy", 3, 50, -1),
    trade("2024-01-04", "b/8", "income", 1, 50, asset="ETH-P"),
    trade("2024-01-05", "b/5", "transfer", 2, to="a"),
    trade("2024-03-05", "a/6", "sell", 1, 1, 9),
    trade("2024-03-05", "b/7", "expire", 1, asset="ETH-P"),
    trade("2024-03-06", "b/9", "cover", 1, 5, -9),
    trade("2024-03-07", "a/10", "sell", "1.5", 9, asset="ETH"),
    trade("2024-03-08", "a/11", "sell", 1, 700, asset="ETH"),
    trade("2025-03-08", "a/12", "sell", "0.1", 700, asset="ETH"),
]
WALLETS = [t for t in SHORTS if t.kind.name not in ("COVER", "TRANSFER")] + [
    trade("2024-04-01", "a/13", "cover", 3, 90),
    trade("2024-04-02", "a/14", "transfer", 1, to="b"),
    trade("2024-04-03", "b/15", "sell", "0.25", 20),
]
NAMED = [
    trade("2022-01-01", "a/1", "buy", 2, 100),
    trade("2024-01-01", "a/2", "buy", 2, 300),
    trade("2024-02-03", "a/3", "sell", "2.5", 900, lots="2:2;1:0.5"),
    trade("2024-02-04", "a/4", "transfer", 1, to="b", lots="1:1"),
]
LOSSES = [trade(f"2024-0{n}-01", f"a/{n}", "buy", n, 1000 - n) for n in range(1, 5)] + [
    trade(f"2024-0{n + 4}-01", f"a/{n + 4}", "sell", n, 2 * n, 5 * n) for n in range(1, 5)
]


# Lots named out of turn, in parts; disposals about the instant from which a lot is long term, and at the ends of a day.
OUT_OF_TURN = [*NAMED[:2], trade("2024-02-03", "a/3", "sell", 1, 900, lots="1:0.25;2:0.75"), NAMED[3]]
_FROM = at("2024-03-11")  # a lot bought on 2023-03-10 is long term
HELD = [trade("2023-03-10", "a/0", "buy", 20, 2000)] + [
    replace(trade("2024-03-10", f"a/{n}", "sell", 1, amount), time=_FROM + shift)
    for n, (shift, amount) in enumerate(
        (
            *((-(1 << 31), 100), (-(1 << 17), "100.5"), (-5, "100.00000001"), (0, "99.9999"), (5, "99.99999999")),
            *((86_399_990, 90), (86_400_000, "100.000003"), (1 << 31, "100.2")),
        ),
        start=1,
    )
]
DEAR = [
    Trade(at("2024-01-01") + n, "a", f"d{n}", Kind.BUY, "BTC", quantity, value)
    for n, (quantity, value) in enumerate(
        [(1, 2**63), (3, 2**64 - 1), (1, 2**30), (1, 2**31), (1, 3 << 30), (2**90, 1001), (2**90, 1000), (2**90, 1002)]
    )
] + [Trade(at("2024-02-01") + n, "a", f"m{n}", Kind.TRANSFER, "BTC", 1, 0, to="b") for n in range(3)]
AFTER = [trade("2025-02-01", "a/1", "buy", 1, 5)]  # the first row is without effect


@cache
def boards() -> list[Forgery]:
    """All runs; each is checked to be honest where it is used."""
    found = [
        run(LEDGER, carried=CARRIED),
        run(LEDGER, basis="universal", carried=CARRIED),
        run(ROWS, idle=0),
        run(LOSSES),
    ]
    found += [run(HELD), run(AFTER), run(DEAR, "lofo"), run(DEAR, "hifo")]
    many = [replace(t, id=f"{n}", amount=t.amount + n * 10**9) for n, t in enumerate(CARRIED * 2)]
    found += [run(LEDGER, method, carried=many) for method in ("lifo", "hifo", "lofo")]
    for method in Method:
        if method is Method.SPECIFIC:
            found += [run(NAMED, str(method)), run(NAMED, str(method), "universal"), run(OUT_OF_TURN, str(method))]
        else:
            found += [run(SHORTS, str(method), "universal"), run(WALLETS, str(method)), run(LEDGER, str(method))]
            for seed, pooling in enumerate(Pooling):
                wide = extreme_ledger(Random(seed), 90, pooling, wallets=3, assets=2)
                year = datetime.fromtimestamp(wide[-1].time / 1000, UTC).year
                found.append(forge(committed(wide), Election(method, pooling, "UTC", min(year, 2100))))
    return [*found, at_one_instant(), alike(1), alike(2), grid(Method.LIFO), grid(Method.HIFO), grid(Method.LOFO)]


def grid(method: Method) -> Forgery:
    """Lots of every size: values of 1 to 8 bytes, quantities of 1 to 14, sold in two parts, some at one instant."""
    rng, rows, time = Random(7), [], START
    for j in range(1, 15):
        for i in range(1, 9):
            quantity, value = (
                rng.randrange(256 ** (j - 1) + 1, 256**j),
                rng.randrange(256**i // 2, 256**i // 2 + 256 ** (i - 1) + 1),
            )
            time += rng.choice((0, 1, 1 << 15, 1 << 31))
            name, source = f"{j}.{i}", rng.choice("abc")
            rows.append(Trade(time, source, f"b{name}", Kind.BUY, "BTC", quantity, value))
            parts = [part for part in (quantity // 3, quantity - quantity // 3) if part]
            for n, part in enumerate(parts):
                rows.append(Trade(time, source, f"s{name}.{n}", Kind.SELL, "BTC", part, value // 2 + n))
    return forge(committed(rows), Election(method, Pooling.UNIVERSAL, "UTC", 2030))


def at_one_instant() -> Forgery:
    """Records of one instant and one tie: their sources and places decide."""
    rows = [trade("2024-01-01", name, "buy", 1, 5) for name in ("a/1", "a/2", "a/3", "b/1", "b/2", "c/1")]
    opening = committed(rows)
    opening.records.lanes[:, 2] = (opening.records.lanes[:, 2] & (1 << 15) - 1) | 1 << 15
    fresh = Opening(opening.trades, opening.currency, opening.seed)
    fresh.__dict__["records"] = opening.records
    return forge(fresh, Election(Method.FIFO, Pooling.WALLET, "UTC", 2024))


def alike(lanes: int) -> Forgery:
    """Two assets whose codes agree in the first lanes."""

    def code(name: str) -> tuple[int, ...]:
        first, other = asset_code("BTC"), asset_code(name)
        return (*first[:lanes], *other[lanes:])

    rows = [trade("2024-01-01", f"a/{n}", "buy", 1, 5, asset=asset) for n, asset in enumerate(("BTC", "ETH", "ADA"))]
    with mock.patch.object(records, "asset_code", code):
        opening = committed(rows)
        assert len(opening.roots) == 1
    patches = [(where, "asset_code", code) for where in (generator, steps_fill)]
    return forge(opening, Election(Method.FIFO, Pooling.WALLET, "UTC", 2024), patches=patches)

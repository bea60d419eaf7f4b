"""A plan: the orders that harvest chosen lots, with the lots that each of them takes, made before the first is sent.

    plan = make_plan(scan, chosen_lots(scan, run), wishes, made, digests)     # harvest/plan_file.py

With its time the plan is the identification of units that Reg. 1.1012-1(j)(2) asks for: made no later than the sale, in
the taxpayer's own books. Quantities are exact (10^-18), and what the slices do not take is named, so that the parts of
a plan add up to its lots. Sales and re-entries take turns, so that the delta never leaves its band; slices are small
against the day's volume, and their times are drawn from the stated seed.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from zkharvest.errors import UsageError
from zkharvest.harvest.files import DAY_MS
from zkharvest.harvest.markets.instruments import parse_instrument
from zkharvest.harvest.plan_file import Plan, PlannedLot, Step
from zkharvest.harvest.scan import Scan, pools_by_law
from zkharvest.ledger.report import time_text
from zkharvest.ledger.results import LedgerRun, OpenLot
from zkharvest.ledger.rules import Side
from zkharvest.trades.text import format_money, format_quantity, parse_quantity

ONE = 10**18
MAX_SLICES = 10_000
_FOLLOWS_MS = (2_000, 20_000)  # how soon a re-entry follows its sale


@dataclass(frozen=True, slots=True)
class Wishes:
    """How the orders are to be made. `band` in coins (0: a slice), `participation` of the day's volume."""

    reentry: str = "spot"
    quote: str = "USD"
    source: str = ""
    band: int = 0
    participation: float = 0.05
    slices_a_day: int = 8
    tolerance: Decimal = Decimal("0.005")
    amount_step: int = 10**10  # 10^-8 coins
    price_step: Decimal = Decimal("0.01")
    max_notional: float = math.inf
    start: int = 0
    seed: int = 0
    venue: str = ""  # whose prices and order books of that moment the scan has; empty: they are of files


def chosen_lots(scan: Scan, run: LedgerRun, names: Sequence[str] = ()) -> list[OpenLot]:
    """The lots that the scan would take, or those named, in the order of the sale.

    Raises UsageError for a name that is not an open lot with a price, or one that the method does not reach.
    """
    order = scan.order.order[: scan.taken].tolist()
    if names:
        places = {ref: n for n, ref in enumerate(scan.lots.ref)}
        short = {ref.partition("/")[2]: n for ref, n in places.items()}
        order = []
        for name in dict.fromkeys(names):
            n = places.get(name, short.get(name))
            if n is None:
                raise UsageError(f"--lot {name}: is not an open lot with a price", "as harvest scan names them")
            if not scan.free:
                first = scan.lots.pool.tolist().index(int(scan.lots.pool[n]))
                missing = [scan.lots.ref[m] for m in range(first, n) if m not in order]
                if missing:
                    hint = f"name {', '.join(missing[:3])}{', ...' if len(missing) > 3 else ''} before it"
                    raise UsageError(f"--lot {name}: {scan.election.rule.upper()} takes other lots first", hint)
            order.append(n)
    if not pools_by_law(scan.rates):
        return [run.open_lots[int(scan.lots.place[n])] for n in order]
    assets = {scan.lots.assets[scan.lots.asset[n]] for n in order if not scan.lots.short[n]}
    shorts = {int(scan.lots.place[n]) for n in order if scan.lots.short[n]}
    lots = enumerate(run.open_lots)
    return [lot for n, lot in lots if n in shorts or (lot.pool.asset in assets and lot.pool.side is Side.LONG)]


@dataclass(slots=True)
class _Move:
    """A slice that is yet to be placed: amount and change of delta in 10^-18."""

    role: str
    source: str
    asset: str
    symbol: str
    side: str
    amount: int
    delta: int
    price: Decimal
    lots: list[dict[str, str]] = field(default_factory=list)


def make_plan(
    scan: Scan,
    lots: Sequence[OpenLot],
    wishes: Wishes,
    made: int,
    digests: dict[str, str],
    legs: Sequence[dict[str, Any]] = (),
) -> Plan:
    """The plan that closes these lots at the scan's prices. `legs`: of `match/1`, for another re-entry than spot.

    Raises UsageError where the law undoes the loss by the re-entry asked for, or the band cannot be kept.
    """
    _check(scan, lots, wishes, legs)
    prices = {
        scan.lots.assets[a]: Decimal(repr(float(p))) for a, p in zip(scan.lots.asset, scan.valuation.price, strict=True)
    }
    start = wishes.start or made + 60_000
    if start <= made:
        raise UsageError(
            "the first order would come before the plan", "an identification is made no later than the sale"
        )
    planned: list[PlannedLot] = []
    steps: list[Step] = []
    rng = random.Random(wishes.seed)  # noqa: S311  (times that others cannot guess need a seed kept secret, not entropy)
    groups: dict[tuple[str, str, Side], list[OpenLot]] = {}
    for lot in lots:
        groups.setdefault((lot.pool.wallet or wishes.source, lot.pool.asset, lot.pool.side), []).append(lot)
    for (source, asset, side), members in groups.items():
        sales, entries = _sales(members, source, asset, side, prices[asset], scan, wishes)
        planned += entries
        up = list(_reentry(sales, asset, source, side, prices[asset], wishes, legs if len(groups) == 1 else ()))
        band = wishes.band or max([move.amount for move in sales], default=0)
        steps += _placed(_sequence(sales, up, band if up else 0), start, rng, wishes)
    ordered = _numbered(sorted(steps, key=lambda step: step.at), f"{made}:{wishes.seed}")
    limits = {
        "band": format_quantity(wishes.band) if wishes.band else "one slice",
        "participation": str(wishes.participation),
        "tolerance": str(wishes.tolerance),
        "max_notional": "none" if math.isinf(wishes.max_notional) else f"{wishes.max_notional:.2f}",
        "notional": f"{sum(Decimal(s.amount) * Decimal(s.price) for s in ordered):.2f}",
    }
    election = scan.election
    return Plan(
        time_text(made), time_text(scan.as_of),
        {"method": election.rule, "pooling": election.pooling.value, "timezone": election.timezone,
         "year": election.year, "regime": election.regime},
        scan.rates.jurisdiction.value, wishes.quote, wishes.reentry, digests, wishes.seed, limits, tuple(planned),
        tuple(ordered), tuple(_assumptions(scan, lots, wishes)),
    )  # fmt: skip


def _check(scan: Scan, lots: Sequence[OpenLot], wishes: Wishes, legs: Sequence[dict[str, Any]]) -> None:
    if not lots:
        raise UsageError("there is nothing to harvest", "harvest scan says why; --lot names lots all the same")
    if wishes.reentry == "spot" and scan.valuation.waits:
        hint = "--reentry none, or --match FILE with legs that are not the same property"
        raise UsageError(f"a purchase within 30 days undoes the loss under the law of {scan.rates.jurisdiction}", hint)
    if wishes.reentry == "match" and not legs:
        raise UsageError("the match has no legs", "harvest match says why")
    if not wishes.source and any(not lot.pool.wallet for lot in lots):
        raise UsageError("lots of all wallets are pooled: the account that sells is not known", "give --source")
    if wishes.reentry == "match" and len({(lot.pool.wallet, lot.pool.asset, lot.pool.side) for lot in lots}) > 1:
        raise UsageError("a match replaces lots of one asset in one wallet", "make a plan for each: --lot")


def _symbol(asset: str, quote: str) -> str:
    one = parse_instrument(asset)
    return f"{asset}/{quote}" if one is None or one.kind == "spot" else one.symbol


def _price(price: Decimal, side: str, wishes: Wishes) -> Decimal:
    """The worst price at which the order may fill, on the price's grid."""
    worst = price * (1 - wishes.tolerance if side == "sell" else 1 + wishes.tolerance)
    on_grid = (worst / wishes.price_step).quantize(Decimal(1), ROUND_HALF_EVEN) * wishes.price_step
    if on_grid <= 0:
        raise UsageError(
            f"the price {price} is below the price step {wishes.price_step}", "give a smaller --price-step"
        )
    return on_grid


def _sales(
    lots: Sequence[OpenLot], source: str, asset: str, side: Side, price: Decimal, scan: Scan, wishes: Wishes
) -> tuple[list[_Move], list[PlannedLot]]:
    """The slices that close the lots of one pool, and the lots as planned."""
    total = sum(lot.quantity for lot in lots)
    sold = total // wishes.amount_step * wishes.amount_step
    if not sold:
        raise UsageError(f"{asset} in {source}: {format_quantity(total)} is below the amount step", "--amount-step")
    closes = "sell" if side is Side.LONG else "buy"
    slices = _slices(sold, _most(scan, asset, price, sold, wishes), wishes.amount_step)
    rests = [lot.quantity for lot in lots]
    moves, place = [], 0
    for amount in slices:
        rest = amount
        picks: list[dict[str, str]] = []
        while rest:
            taken = min(rest, rests[place])
            if taken:
                picks.append({"lot": lots[place].lot_ref, "quantity": format_quantity(taken)})
            rest, rests[place] = rest - taken, rests[place] - taken
            place += not rests[place]
        change = -amount if side is Side.LONG else amount
        worst = _price(price, closes, wishes)
        moves.append(_Move("close", source, asset, _symbol(asset, wishes.quote), closes, amount, change, worst, picks))
    return moves, [_planned(lot, source, price, rest, scan) for lot, rest in zip(lots, rests, strict=True)]


def _most(scan: Scan, asset: str, price: Decimal, sold: int, wishes: Wishes) -> int:
    """The largest slice: by the band, by the volume of a slice's share of a day, by the notional limit."""
    most = wishes.band or sold
    volume = scan.rates.costs_of(asset).volume
    if not math.isnan(volume):
        most = min(most, int(volume * wishes.participation / wishes.slices_a_day * ONE))
    if not math.isinf(wishes.max_notional):
        most = min(most, int(Decimal(wishes.max_notional) / price * ONE))
    most = most // wishes.amount_step * wishes.amount_step
    if most <= 0:
        raise UsageError(
            f"{asset}: the limits leave no slice of at least one amount step", "widen the band or the limit"
        )
    return most


def _slices(total: int, most: int, step: int) -> list[int]:
    """Parts of nearly equal size, multiples of the step, that add up to the total."""
    count = -(-total // most)
    if count > MAX_SLICES:
        hint = "widen --band, --participation or --max-notional"
        raise UsageError(f"{count:,} slices would be needed, the most is {MAX_SLICES:,}", hint)
    steps, more = divmod(total // step, count)
    return [(steps + (n < more)) * step for n in range(count)]


def _planned(lot: OpenLot, source: str, price: Decimal, unsold: int, scan: Scan) -> PlannedLot:
    """A lot of the plan; the loss is that of the scan, its cost of sale at the stated rates in it."""
    value = price * lot.quantity / ONE
    costs = scan.rates.costs_of(lot.pool.asset)
    cost = value * Decimal(repr(costs.fee + costs.half_spread))
    basis = Decimal(lot.value) / 10**8
    loss = (basis - value if lot.pool.side is Side.LONG else value - basis) + cost
    return PlannedLot(
        lot.lot_ref, source, lot.pool.asset, lot.pool.side.name.lower(), format_quantity(lot.quantity),
        format_money(lot.value), f"{value:.2f}", f"{loss:.2f}", format_quantity(unsold),
    )  # fmt: skip


def _reentry(
    sales: Sequence[_Move],
    asset: str,
    source: str,
    side: Side,
    price: Decimal,
    wishes: Wishes,
    legs: Sequence[dict[str, Any]],
) -> list[_Move]:
    """The slices that bring the exposure back."""
    if wishes.reentry == "none":
        return []
    if wishes.reentry == "spot":
        opens = "buy" if side is Side.LONG else "sell"
        worst = _price(price, opens, wishes)
        return [_Move("reenter", source, asset, m.symbol, opens, m.amount, -m.delta, worst) for m in sales]
    moves = []
    for leg in legs:
        amount, places = parse_quantity(leg["amount"]), len(leg["amount"].partition(".")[2])
        step = 10 ** (18 - places)
        per_unit = abs(float(leg["delta"]))
        most = max(int(max(m.amount for m in sales) / per_unit) // step * step, step) if per_unit else amount
        for part in _slices(amount, most, step):
            change = int(part * float(leg["delta"]))
            limit = Decimal(leg["price"]) * (1 + (wishes.tolerance if leg["side"] == "buy" else -wishes.tolerance))
            grid = Decimal(1).scaleb(Decimal(leg["price"]).as_tuple().exponent)  # type: ignore[arg-type]
            worst = max(limit.quantize(grid), grid)
            moves.append(_Move("reenter", source, leg["instrument"], leg["symbol"], leg["side"], part, change, worst))
    return moves


def _sequence(down: Sequence[_Move], up: Sequence[_Move], band: int) -> list[_Move]:
    """Sales and re-entries in turns, so that the change of delta stays within the band (0: no re-entry, no band)."""
    left, right = list(down), list(up)
    moves: list[_Move] = []
    delta = 0
    while left or right:
        if left and (not band or abs(delta + left[0].delta) <= band):
            move = left.pop(0)
        elif right and abs(delta + right[0].delta) <= band:
            move = right.pop(0)
        elif left:
            raise UsageError("the delta cannot be kept in its band", "widen --band, or choose legs of smaller steps")
        else:
            move = right.pop(0)
            if abs(delta + move.delta) > band:
                raise UsageError("the legs leave the band", "the match has more delta than the lots; match them again")
        delta += move.delta
        moves.append(move)
    return moves


def _placed(moves: Sequence[_Move], start: int, rng: random.Random, wishes: Wishes) -> list[Step]:
    """Steps with times: each closing at random in its part of the days, each re-entry shortly after what it follows."""
    part = DAY_MS // wishes.slices_a_day
    made, at, delta, done = [], start, 0, 0
    for move in moves:
        if move.role == "close":
            drawn = int(rng.random() * 0.8 * (part if done else min(part, 600_000)))
            at, done = max(start + done * part + drawn, at + 1000), done + 1
        else:
            at += min(int(_FOLLOWS_MS[0] + rng.random() * (_FOLLOWS_MS[1] - _FOLLOWS_MS[0])), part // 8)
        delta += move.delta
        made.append(
            Step(0, time_text(at), move.role, move.source, move.asset, move.symbol, "limit", move.side,
                 format_quantity(move.amount), str(move.price), {}, tuple(move.lots), _signed(delta))
        )  # fmt: skip
    return made


def _numbered(steps: Sequence[Step], drawn: str) -> list[Step]:
    """The steps in the order of time, with the ids by which orders are known again, and never placed twice.

    Eighteen letters and digits are what all venues take (Kraken 18 characters, OKX no others).
    """
    made = []
    for number, step in enumerate(steps, 1):
        said = f"{drawn}:{number}:{step.at}:{step.symbol}:{step.side}:{step.amount}:{step.price}"
        params = {
            "clientOrderId": f"zkh{hashlib.sha256(said.encode()).hexdigest()[:15]}",
            "timeInForce": "IOC",
        }
        made.append(replace(step, number=number, params=params))
    return made


def _signed(value: int) -> str:
    return f"-{format_quantity(-value)}" if value < 0 else format_quantity(value)


def _assumptions(scan: Scan, lots: Sequence[OpenLot], wishes: Wishes) -> list[str]:
    from zkharvest.harvest.scan_report import assumptions

    said = list(assumptions(scan))
    said.append("the lots named here are identified for the sales (Reg. 1.1012-1(j)); the plan's digest fixes them")
    assets = dict.fromkeys(lot.pool.asset for lot in lots)
    unknown = [asset for asset in assets if math.isnan(scan.rates.costs_of(asset).volume)]
    said += [f"no volume is stated for {asset}: its slices follow the band alone" for asset in unknown]
    if wishes.venue:
        said.append(f"prices and order books are those that {wishes.venue} had at {time_text(scan.as_of)}")
    if wishes.reentry == "none":
        said.append("no re-entry: the exposure falls with each sale")
    return said

"""One match: from closed positions and a market to legs, with what was refused, why, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from zkharvest.harvest.markets.greeks import YEAR_DAYS, Greeks, quantlib_greeks
from zkharvest.harvest.markets.instruments import Kind
from zkharvest.harvest.markets.quotes import Listed, Market
from zkharvest.harvest.policy import Jurisdiction
from zkharvest.harvest.reentry.exposure import Gap, Position, profit_gap, total_greeks, unit_greeks
from zkharvest.harvest.reentry.legal import Rule, Situation, denied, rules
from zkharvest.harvest.reentry.problem import DELTA_TOLERANCE, Choice, Problem, Scales, choices_of
from zkharvest.harvest.reentry.solve import Solution, solve, why_not

ASSUMED_VOLATILITY = 0.6  # only where nothing quoted has one; it weighs residuals, it prices nothing
ORACLE_TOLERANCE = 1e-6


class Settlement(StrEnum):
    """Which settlement the legs may have."""

    LINEAR_FIRST = "linear-first"
    LINEAR = "linear"
    INVERSE = "inverse"
    ANY = "any"


class Verdict(StrEnum):
    """What came of a match."""

    MATCHED = "matched"
    DELTA_ONLY = "delta only"  # the band of delta is met; more than half of gamma and vega is not
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a match is asked for. `horizon` in days: legs must live longer, and carry is counted until then."""

    jurisdiction: Jurisdiction = Jurisdiction.US
    horizon: float = 31.0
    max_legs: int = 4
    offsetting: bool = False
    settlement: Settlement = Settlement.LINEAR_FIRST
    max_margin: float = math.inf
    wash_sale: bool = False


@dataclass(frozen=True, slots=True)
class Leg:
    """One order. `amount` in coins, or dollars for inverse perpetuals and futures; money in dollars."""

    listed: Listed
    side: int
    amount: float
    delta: float
    cost: float
    margin: float
    rules: tuple[Rule, ...]
    worst: float = math.nan  # of the book's prices that it takes
    levels: int = 1
    whole: bool = False  # it takes all that is known to be there

    @property
    def price(self) -> float:
        """What the leg trades at now, as the venue writes it: the worst price of the book, else ask or bid."""
        if not math.isnan(self.worst):
            return self.worst
        return self.listed.quote.ask if self.side > 0 else self.listed.quote.bid

    def as_json(self) -> dict[str, Any]:
        """The leg for a report; `delta` is coins per unit of the amount, signed by the side."""
        instrument = self.listed.instrument
        return {
            "instrument": instrument.name,
            "symbol": instrument.symbol,
            "kind": instrument.kind.value,
            "settles": instrument.settles,
            "side": "buy" if self.side > 0 else "sell",
            "amount": decimals(self.amount, instrument.step),
            "unit": "USD" if instrument.in_dollars else instrument.coin,
            "price": f"{self.price:.12g}",
            "delta": float(f"{self.delta / self.amount:.9g}"),
            "cost": f"{self.cost:.2f}",
            "margin": f"{self.margin:.2f}",
            "depth": {"levels": self.levels, "takes_all": self.whole},
            "rules": [rule.as_json() for rule in self.rules],
        }


@dataclass(slots=True)
class Match:
    """The result for one coin. `bound` is the objective that no solution of the relaxed problem beats."""

    coin: str
    spot: float
    closed: list[Position]
    target: Greeks
    verdict: Verdict
    legs: list[Leg] = field(default_factory=list)
    got: Greeks | None = None
    residual: dict[str, float] = field(default_factory=dict)
    objective: float = math.nan
    bound: float = math.nan
    reason: str = ""
    refused: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    gap: Gap | None = None
    oracle: float | None = None

    @property
    def cost(self) -> float:
        """Dollars of spreads, fees and carry."""
        return sum(leg.cost for leg in self.legs)

    @property
    def margin(self) -> float:
        """Dollars that the legs bind."""
        return sum(leg.margin for leg in self.legs)

    def as_json(self) -> dict[str, Any]:
        """The result for a report."""
        return {
            "coin": self.coin,
            "spot": _money_or_none(self.spot),
            "closed": [{"instrument": p.name, "amount": f"{p.amount:.12g}"} for p in self.closed],
            "target": self.target.rounded(),
            "verdict": self.verdict.value,
            "reason": self.reason,
            "legs": [leg.as_json() for leg in self.legs],
            "got": self.got.rounded() if self.got else None,
            "residual": {
                name: float(f"{gap:.9g}") if name == "delta" else f"{gap:.2f}" for name, gap in self.residual.items()
            },
            "objective": _money_or_none(self.objective),
            "bound": _money_or_none(self.bound),
            "cost": f"{self.cost:.2f}",
            "margin": f"{self.margin:.2f}",
            "gap": self.gap.as_json() if self.gap else None,
            "oracle_difference": self.oracle,
            "refused": [{"instrument": name, "reason": reason} for name, reason in sorted(self.refused.items())],
            "notes": self.notes,
        }


def decimals(amount: float, step: float) -> str:
    """A multiple of a step as exact decimal text: .1 steps give one decimal."""
    return f"{amount:.{len(f'{step:.12f}'.rstrip('0').partition('.')[2])}f}"


def _money_or_none(value: float) -> str | None:
    return f"{value:.2f}" if math.isfinite(value) else None


def match(coin: str, closed: Sequence[Position], market: Market, wishes: Wishes, *, coin_held: bool = False) -> Match:
    """The legs that replace closed positions of one coin, or the nearest to it and why it cannot be.

    `coin_held` says that coin stays in the book, so that short legs may make a straddle with it.
    """
    spot = market.index(coin)
    target = total_greeks(closed, spot, market.now)
    refused: dict[str, str] = {}
    usable = [one for one in market.of_coin(coin) if _usable(one, closed, market, wishes, refused)]
    made = Match(coin, spot, list(closed), target, Verdict.CANNOT, refused=refused)
    if not math.isfinite(spot):
        made.reason = f"no quote of {coin} can be used; the left out say why"
        return made
    volatility = _volatility(closed, market, coin, made.notes)
    gross = sum(abs(unit_greeks(p.listed, spot, market.now).delta * p.amount) for p in closed)
    tolerance = DELTA_TOLERANCE * (abs(target.delta) if abs(target.delta) > DELTA_TOLERANCE * gross else gross)
    if abs(target.delta) <= tolerance and not wishes.offsetting:
        made.reason = "the target has hardly any delta, so its legs would oppose each other (--allow-offsetting)"
        return made
    problem = Problem(target, (), Scales.of(spot, volatility), tolerance, wishes.max_legs, wishes.max_margin)
    problem, solution = _best(problem, usable, market, spot, wishes, made)
    _fill(made, problem, solution, market, wishes, coin_held=coin_held)
    if not solution.reached:
        made.reason = why_not(problem)
    if made.legs:
        new = [Position(leg.listed.instrument.name, leg.side * leg.amount, leg.listed) for leg in made.legs]
        made.gap = profit_gap(closed, new, spot, market.now, volatility, wishes.horizon)
        made.oracle = _oracle(made.legs, closed, market)
    return made


def _best(
    empty: Problem, usable: Sequence[Listed], market: Market, spot: float, wishes: Wishes, made: Match
) -> tuple[Problem, Solution]:
    """The solution; linear contracts alone first, if so wished."""
    direction = 1 if empty.target.delta >= 0 else -1
    every = choices_of(
        usable,
        market,
        spot=spot,
        size=abs(empty.target.delta),
        horizon=wishes.horizon,
        direction=direction,
        offsetting=wishes.offsetting,
    )
    kept = [choice for choice in every if not _spoils(choice, wishes, direction, made.refused)]
    wanted = wishes.settlement
    if wanted in (Settlement.LINEAR, Settlement.INVERSE):
        kept = [choice for choice in kept if choice.inverse == (wanted is Settlement.INVERSE)]
    problem, solution = empty, None
    for name, chosen in _stages(kept, empty.target, linear_first=wanted is Settlement.LINEAR_FIRST):
        if solution is None or 0 < len(chosen) > len(problem.choices):
            problem = _with(empty, chosen)
            solution = solve(problem)
            if solution.reached:
                if name:
                    made.notes.append(name)
                break
    assert solution is not None
    return problem, solution


def _stages(kept: Sequence[Choice], target: Greeks, *, linear_first: bool) -> Iterator[tuple[str, list[Choice]]]:
    """What is tried, in this order: a target without gamma needs no option, and linear contracts dispose of no coin."""
    plain_enough = not target.gamma and not target.vega
    for plain in (True, False) if plain_enough else (False,):
        for linear in (True, False) if linear_first else (False,):
            chosen = [c for c in kept if not (plain and c.greeks.gamma) and not (linear and c.inverse)]
            notes = ["options are used, because perpetuals and futures do not reach it"] * (plain_enough and not plain)
            notes += ["contracts settled in coin are used, because linear ones do not reach it"] * (
                linear_first and not linear
            )
            yield "; ".join(notes), chosen


def _with(problem: Problem, choices: Sequence[Choice]) -> Problem:
    return Problem(
        problem.target, tuple(choices), problem.scales, problem.tolerance, problem.max_legs, problem.max_margin
    )


def _usable(one: Listed, closed: Sequence[Position], market: Market, wishes: Wishes, refused: dict[str, str]) -> bool:
    """Whether an instrument may replace the closed ones by identity and expiry; says why not in `refused`."""
    instrument, name = one.instrument, one.instrument.name
    left = instrument.days_left(market.now)
    options = [p.listed.instrument.days_left(market.now) for p in closed if p.listed and p.kind.option]
    reason = ""
    if any(p.name == name or (p.kind is Kind.SPOT and instrument.kind is Kind.SPOT) for p in closed):
        reason = "identical to what is closed"
    elif left <= wishes.horizon:
        reason = f"expires in {left:.0f} days, within the horizon of {wishes.horizon:g}"
    elif instrument.kind.option and options and not min(options) / 2 <= left <= max(options) * 2:
        reason = f"expires in {left:.0f} days: not between half and double of what is closed"
    if reason:
        refused[name] = reason
    return not reason


def _spoils(choice: Choice, wishes: Wishes, direction: int, refused: dict[str, str]) -> bool:
    """Whether the law that is assumed denies the loss because of this leg."""
    assert choice.listed is not None
    found = rules(choice.listed.instrument, choice.side, _own_delta(choice), _situation(choice, wishes, direction))
    spoiling = [rule for rule in found if rule.authority != "s.1092(a)(1)" and denied([rule])]
    if spoiling:
        refused[choice.name] = f"{spoiling[0].authority}: {spoiling[0].text}"
    return bool(spoiling)


def _own_delta(choice: Choice) -> float:
    return float(choice.greeks.delta / choice.step * choice.side)


def _situation(choice: Choice, wishes: Wishes, direction: int, *, coin_held: bool = False) -> Situation:
    opposes = bool(choice.greeks.delta * direction < 0)
    return Situation(wishes.jurisdiction, opposes, wishes.wash_sale, coin_held)


def _fill(
    made: Match, problem: Problem, solution: Solution, market: Market, wishes: Wishes, *, coin_held: bool
) -> None:
    direction = 1 if problem.target.delta >= 0 else -1
    parts: dict[tuple[str, int], list[tuple[Choice, int]]] = {}
    for choice, steps in zip(problem.choices, solution.steps, strict=True):
        parts.setdefault(choice.leg, []).append((choice, steps))
    for levels in parts.values():
        taken = [(choice, steps) for choice, steps in levels if steps]
        if taken:
            made.legs.append(_leg(levels, taken, _situation(taken[0][0], wishes, direction, coin_held=coin_held)))
    made.legs.sort(key=lambda leg: -abs(leg.delta))
    got = [Position(leg.listed.instrument.name, leg.side * leg.amount, leg.listed) for leg in made.legs]
    made.got = total_greeks(got, made.spot, market.now)
    made.residual = problem.residuals(solution.steps)
    made.objective, made.bound = solution.objective, solution.bound
    if solution.reached:
        untouched = problem.residuals([0] * len(problem.choices))
        whole = abs(untouched["gamma"]) + abs(untouched["vega"])
        rest = abs(made.residual["gamma"]) + abs(made.residual["vega"])
        made.verdict = Verdict.DELTA_ONLY if whole > 0 and rest > whole / 2 else Verdict.MATCHED


def _leg(levels: Sequence[tuple[Choice, int]], taken: Sequence[tuple[Choice, int]], situation: Situation) -> Leg:
    """The leg that the levels of a book make together."""
    choice = taken[0][0]
    assert choice.listed is not None
    beside = rules(choice.listed.instrument, choice.side, _own_delta(choice), situation)
    return Leg(
        choice.listed,
        choice.side,
        sum(steps for _, steps in taken) * choice.step,
        sum(float(one.greeks.delta * steps) for one, steps in taken),
        sum(one.cost * steps for one, steps in taken),
        sum(one.margin * steps for one, steps in taken),
        tuple(beside),
        taken[-1][0].price,
        len(taken),
        all(steps == one.limit for one, steps in levels),
    )


def _volatility(closed: Sequence[Position], market: Market, coin: str, notes: list[str]) -> float:
    """The volatility that weighs residuals: of the closed options, else of the quoted one nearest to the money."""
    own = [(abs(p.amount), p.listed.quote.iv) for p in closed if p.listed and p.kind.option]
    if own:
        return sum(w * s for w, s in own) / sum(w for w, _ in own)
    options = [one for one in market.of_coin(coin) if one.instrument.kind.option]
    if not options:
        notes.append(f"no option is quoted: a volatility of {ASSUMED_VOLATILITY:.0%} is assumed for the profit grid")
        return ASSUMED_VOLATILITY

    def distance(one: Listed) -> float:
        left = one.instrument.days_left(market.now)
        return abs(math.log(one.instrument.strike / one.quote.forward)) + abs(math.log(left / 30)) / 10

    return min(options, key=distance).quote.iv


def _oracle(legs: Sequence[Leg], closed: Sequence[Position], market: Market) -> float | None:
    """The largest relative difference between our Greeks and QuantLib's, over legs and target; None without it.

    Raises ArithmeticError if they differ by more than `ORACLE_TOLERANCE`: then nothing may be printed.
    """
    options = [leg.listed for leg in legs] + [p.listed for p in closed if p.listed]
    worst = 0.0
    for listed in (one for one in options if one.instrument.kind.option):
        instrument, quote = listed.instrument, listed.quote
        years = instrument.days_left(market.now) / YEAR_DAYS
        call = instrument.kind is Kind.CALL
        try:
            theirs = quantlib_greeks(call, quote.forward, instrument.strike, years, quote.iv)
        except ImportError:
            return None
        premium = theirs.value / quote.forward if instrument.inverse else 0.0
        ours = unit_greeks(listed, market.index(instrument.coin), market.now)
        pairs = [(ours.value, theirs.value, quote.forward), (ours.delta, theirs.delta - premium, 1.0)]
        pairs += [(ours.gamma * quote.forward, theirs.gamma * quote.forward, 1.0)]
        pairs += [(ours.vega, theirs.vega, quote.forward), (ours.theta, theirs.theta, quote.forward)]
        worst = max(worst, *(abs(a - b) / scale for a, b, scale in pairs))
    if worst > ORACLE_TOLERANCE:
        raise ArithmeticError("our Greeks are not those of QuantLib")
    return float(f"{worst:.3g}")

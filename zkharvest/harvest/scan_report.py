"""A scan as JSON (`zkharvest/scan/1`) and as lines for a person. Money is decimal text in whole cents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from zkharvest.harvest.law import BILLS, denied_alone
from zkharvest.harvest.policy import Jurisdiction, Rates
from zkharvest.harvest.positions import day_after, local_day, utc_text
from zkharvest.harvest.scan import LeftOut, Scan, pools_by_law
from zkharvest.harvest.valuation import WAIT_DAYS
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.regimes.us import long_from
from zkharvest.ledger.rules import Method

SCHEMA = "zkharvest/scan/1"
_BEFORE_SHOWN = 5
_SPOILED_SHOWN = 20  # the last purchases; all of them beside each of many lots would be a file of gigabytes


def money(value: float) -> str:
    """Money as decimal text with two decimals; never "-0.00"."""
    return f"{value + 0.0:.2f}".replace("-0.00", "0.00") if abs(value) < 0.005 else f"{value:.2f}"


def grouped(value: float) -> str:
    """Money for a reader: thousands set apart."""
    text = f"{value:,.2f}"
    return "0.00" if text == "-0.00" else text


def quantity(value: float) -> str:
    """A quantity without the zeros that say nothing."""
    return f"{value:.12g}"


class Rows:
    """Makes the rows of a scan; what several rows share is worked out once."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        self.calendar = Calendar(scan.election.timezone)
        self.today = self.calendar.date_of(scan.as_of)
        self.rebuy_from = day_after(scan.election.timezone, scan.as_of, WAIT_DAYS)
        lots, valuation = scan.lots, scan.valuation
        every = np.arange(len(lots))
        saved = valuation.saving(scan.alone, every)
        self.now, self.carried = saved.now, saved.carried
        self.denied = denied_alone(lots, valuation.coin, scan.bought)
        self.clean_from = {
            coin: day_after(scan.election.timezone, last, WAIT_DAYS) for coin, last in scan.bought.last.items()
        }
        self.expense = scan.alone.expense  # sums over all lots: once
        self.coins = lots.coins()[1]
        self.gaining = np.flatnonzero(valuation.raw <= 0)
        self.pool_start = np.searchsorted(lots.pool, lots.pool) if not scan.free else every

    def long_from(self, n: int) -> tuple[str, int] | tuple[None, None]:
        """The date from which a lot is long, and the days until then (0: it is)."""
        if self.scan.lots.short[n] or pools_by_law(self.scan.rates):
            return None, None
        day = long_from(self.calendar.date_of(int(self.scan.lots.acquired[n])))
        return day.isoformat(), max((day - self.today).days, 0)

    def before(self, n: int) -> list[str]:
        """The lots at a gain that the method takes before this one; the first of them."""
        if not self.scan.gains_before[n]:
            return []
        first, end = np.searchsorted(self.gaining, (self.pool_start[n], n))
        return [self.scan.lots.ref[m] for m in self.gaining[first : min(end, first + _BEFORE_SHOWN)].tolist()]

    def candidate(self, rank: int, n: int, *, taken: bool) -> dict[str, Any]:
        """The entry of one lot."""
        scan, lots, value, terms = self.scan, self.scan.lots, self.scan.valuation, self.scan.alone
        long_from, days = self.long_from(n)
        gains = int(scan.gains_before[n])
        cost = terms.cost
        return {
            "rank": rank,
            "take": taken,
            "lot": lots.ref[n],
            "wallet": lots.wallets[lots.pool[n]] or "all",
            "asset": lots.assets[lots.asset[n]],
            "side": "short" if lots.short[n] else "long",
            "quantity": quantity(lots.quantity[n]),
            "acquired": utc_text(int(lots.acquired[n])),
            "basis": money(lots.basis[n]),
            "value": money(value.value[n]),
            "loss": money(terms.loss[n]),
            "term": None if pools_by_law(scan.rates) else "short" if value.short_term[n] else "long",
            "long_from": long_from,
            "days_to_long": days,
            "reach": {"ok": not gains, "gains_before": gains, "before": self.before(n)},
            "cost": {
                "fee": money(cost.fee[n]),
                "spread": money(cost.spread[n]),
                "impact": money(cost.impact[n]),
                "carry": money(terms.hold[n]),
                "total": money(self.expense[n]),
            },
            "tax_now": money(self.now[n]),
            "carry_pv": money(self.carried[n]),
            "later_tax": money(terms.later[n]),
            "net": money(scan.net_alone[n]),
            "wash": self.wash(n),
            "straddle": {"deferred": money(terms.deferred[n]), "against": self.against(n)},
        }

    def wash(self, n: int) -> dict[str, Any]:
        """What the law denies, and what the bills would."""
        scan, terms = self.scan, self.scan.alone
        coin = int(scan.valuation.coin[n])
        spoiled = bool(self.denied[n] > 0)
        shown: dict[str, Any] = {
            "applies": scan.valuation.waits and not scan.lots.short[n],
            "disallowed": money(terms.denied[n]),
            "spoiled_by": scan.bought.names.get(coin, [])[-_SPOILED_SHOWN:] if spoiled else [],
            "spoiled_by_count": len(scan.bought.names.get(coin, [])) if spoiled else 0,
            "clean_from": self.clean_from.get(coin) if spoiled else None,
            "rebuy_from": self.rebuy_from if scan.rates.jurisdiction is not Jurisdiction.DE else None,
        }
        if scan.rates.jurisdiction is Jurisdiction.US:
            loss = max(float(terms.loss[n]), 0.0)
            shown["shadow"] = [
                {
                    "bill": bill.name,
                    "from": bill.start.isoformat(),
                    "applies": self.today >= bill.start and not scan.lots.short[n],
                    "disallowed": money(loss * self.denied[n] if self.today >= bill.start else 0.0),
                    "if_rebought_now": money(loss if self.today >= bill.start and not scan.lots.short[n] else 0.0),
                }
                for bill in BILLS
            ]
        return shown

    def against(self, n: int) -> str | None:
        """What defers the loss of a lot."""
        if not self.scan.alone.deferred[n] > 0:
            return None
        coin = self.coins[self.scan.valuation.coin[n]]
        return f"gains of {coin} positions that run the other way (s.1092)"


def scan_json(scan: Scan, limit: int | None = None) -> dict[str, Any]:
    """The whole result; at most `limit` candidates, the best first."""
    rows = Rows(scan)
    ranked = scan.rank.tolist()
    shown = ranked if limit is None else ranked[:limit]
    return {
        "schema": SCHEMA,
        "estimate": True,
        "as_of": utc_text(scan.as_of),
        "regime": {
            "year": scan.election.year,
            "method": scan.election.rule,
            "pooling": scan.election.pooling.value,
            "timezone": scan.election.timezone,
            "jurisdiction": scan.rates.jurisdiction.value,
        },
        "rates": rates_json(scan.rates),
        "assumptions": assumptions(scan),
        "realized": {"short": money(scan.realized[0]), "long": money(scan.realized[1])},
        "unrealized": unrealized(scan),
        "candidates": [rows.candidate(r, n, taken=r <= scan.taken) for r, n in enumerate(shown, 1)],
        "candidates_not_shown": len(ranked) - len(shown),
        "left_out": [{"lot": one.lot, "asset": one.asset, "reason": one.reason} for one in scan.left_out],
        "totals": totals(scan),
        "notes": list(scan.notes),
    }


def rates_json(rates: Rates) -> dict[str, Any]:
    """The rates that were used, defaults and all."""
    names = (
        *("short", "long", "ordinary", "loss_limit", "carry_short", "carry_long", "other_short", "other_long"),
        *("future_short", "future_long", "exit_rate", "horizon", "discount", "exempt", "inclusion", "carry_back"),
    )
    return {
        **{name: getattr(rates, name) for name in names},
        "wash_sale": rates.wash_sale.start.isoformat() if rates.wash_sale else None,
    }


def unrealized(scan: Scan) -> dict[str, str]:
    """Gains and losses still open, by term, before any cost."""
    raw, short = scan.valuation.raw, scan.valuation.short_term
    sums = {
        "gain_short": -raw[(raw < 0) & short].sum(),
        "gain_long": -raw[(raw < 0) & ~short].sum(),
        "loss_short": raw[(raw > 0) & short].sum(),
        "loss_long": raw[(raw > 0) & ~short].sum(),
    }
    return {name: money(float(value)) for name, value in sums.items()}


def totals(scan: Scan) -> dict[str, Any]:
    """What the lots to take bring together; losses net of the gains taken on the way."""
    sequence, count, before = scan.order, scan.taken, scan.base.year
    if not count:
        year, zero = before, 0.0
        figures = dict.fromkeys(("loss_short", "loss_long", "tax_saved", "carry_pv", "later_tax", "cost", "net"), zero)
        after = year
    else:
        at = count - 1
        after = type(before)(*(column[at] for column in sequence.saved.year))
        figures = {
            "loss_short": float(sequence.loss_short[at]),
            "loss_long": float(sequence.loss_long[at]),
            "tax_saved": float(sequence.saved.now[at]),
            "carry_pv": float(sequence.saved.carried[at]),
            "later_tax": float(sequence.later[at]),
            "cost": float(sequence.expense[at]),
            "net": float(sequence.net[at]),
        }
    figures |= {
        "tax_before": float(before.tax),
        "tax_after": float(after.tax),
        "carry_short": float(after.carry_short),
        "carry_long": float(after.carry_long),
    }
    return {"lots": count, **{name: money(value) for name, value in figures.items()}, "shadow": shadow_totals(scan)}


def shadow_totals(scan: Scan) -> list[dict[str, Any]]:
    """For the US: what each bill would deny of the losses of all lots to take, by purchases already made."""
    if scan.rates.jurisdiction is not Jurisdiction.US:
        return []
    today = Calendar(scan.election.timezone).date_of(scan.as_of)
    chosen = scan.order.order[: scan.taken]
    losses = np.maximum(scan.order.terms.loss[: scan.taken], 0.0)
    share = scan.valuation.denied_share(chosen)
    long_side = ~scan.lots.short[chosen]
    shown = []
    for bill in BILLS:
        on = today >= bill.start
        shown.append(
            {
                "bill": bill.name,
                "why": bill.why,
                "applies": on,
                "disallowed": money(float((losses * share).sum()) if on else 0.0),
                "if_rebought_now": money(float(losses[long_side].sum()) if on else 0.0),
                "rebuy_from": day_after(scan.election.timezone, scan.as_of, WAIT_DAYS) if on else None,
            }
        )
    return shown


def assumptions(scan: Scan) -> list[str]:
    """What every figure rests on, in sentences."""
    rates, law = scan.rates, scan.rates.jurisdiction
    day = local_day(scan.election.timezone, scan.as_of)
    said = [
        f"estimates, not advice and not a proof: law of {_LAW_NAMES[law]} as on {day}, tax year {rates.year}",
    ]
    later = f"at {rates.exit_rate:g} in {rates.horizon:g} years, discounted at {rates.discount:g} a year"
    said.append(f"each lot is sold whole at its price and bought back; the new basis is taxed {later}")
    if pools_by_law(rates):
        said.append("all coins of a kind are one holding at average cost; the lot method is not used")
    elif scan.election.method is not Method.SPECIFIC:
        said.append(f"under {scan.election.rule.upper()} a pool gives up its lots in order: a lot may be blocked")
    if law is Jurisdiction.US and rates.wash_sale is None:
        said.append(
            "no wash-sale rule for crypto (s.1091 names stock and securities); the bills are shown, not counted"
        )
    elif scan.valuation.waits:
        said.append("a purchase of the same coin within 30 days undoes the loss: the carry of a replacement is counted")
    if law is Jurisdiction.US:
        said.append("s.1092: losses are deferred as far as positions that run the other way have gains")
    return said


_LAW_NAMES = {
    Jurisdiction.US: "the United States",
    Jurisdiction.UK: "the United Kingdom",
    Jurisdiction.CA: "Canada",
    Jurisdiction.DE: "Germany",
}


def lines(scan: Scan, limit: int) -> Iterator[str]:
    """The result for a person: two lines a lot, then what was left out, the totals and the assumptions."""
    rows, ranked = Rows(scan), scan.rank.tolist()
    for place, n in enumerate(ranked[:limit]):
        if place == scan.taken:
            yield "not worth taking, or not reached:" if scan.taken else "none is worth taking:"
        yield from _lot_lines(rows, n)
    if not ranked:
        yield "no open lot with a usable price has a loss" if scan.left_out else "no open lot has a loss"
    elif len(ranked) > limit:
        yield f"... and {len(ranked) - limit:,} more (--limit)"


def left_out_lines(left_out: Sequence[LeftOut]) -> Iterator[str]:
    """What was left out and why: a line for all lots of an asset that share a reason."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in left_out:
        groups.setdefault((one.asset, one.reason), []).append(one.lot)
    for (asset, reason), lots in groups.items():
        if len(lots) == 1:
            yield f"{asset if lots[0] == asset else f'{asset} {lots[0]}'} is left out: {reason}"
        else:
            more = ", ..." if len(lots) > 2 else ""
            yield f"{asset}: {len(lots):,} lots are left out ({', '.join(lots[:2])}{more}): {reason}"


def _lot_lines(rows: Rows, n: int) -> Iterator[str]:
    scan, lots, value, terms = rows.scan, rows.scan.lots, rows.scan.valuation, rows.scan.alone
    long_from, days = rows.long_from(n)
    term = f" short until {long_from}" if days else " long" if long_from else " short"
    if pools_by_law(scan.rates):  # one rate for all holding periods
        term = ""
    side = "short" if lots.short[n] else "long"
    yield (
        f"{lots.assets[lots.asset[n]]} {lots.ref[n]} {side} {quantity(lots.quantity[n])}"
        f"  basis {grouped(lots.basis[n])} value {grouped(value.value[n])} loss {grouped(terms.loss[n])}{term}"
    )
    tail = []
    if gains := int(scan.gains_before[n]):
        more = ", ..." if gains > _BEFORE_SHOWN else ""
        tail.append(f"blocked: {scan.election.rule.upper()} takes {', '.join(rows.before(n))}{more} at a gain first")
    if terms.denied[n] > 0:
        tail.append(f"denied {grouped(terms.denied[n])} (bought within the window), clean from {_clean(rows, n)}")
    if terms.deferred[n] > 0:
        tail.append(f"deferred {grouped(terms.deferred[n])} (s.1092 straddle)")
    if scan.valuation.waits and not lots.short[n]:
        tail.append(f"rebuy from {rows.rebuy_from}")
    elif scan.rates.jurisdiction is Jurisdiction.US and not lots.short[n]:
        tail += [_would(rows, n, bill.name) for bill in BILLS if rows.today >= bill.start]
    yield (
        f"  tax now {grouped(rows.now[n])}  carried {grouped(rows.carried[n])}  later {grouped(-terms.later[n])}"
        f"  cost {grouped(-rows.expense[n])}  net {grouped(scan.net_alone[n])}{'   ' if tail else ''}{'; '.join(tail)}"
    )


def _would(rows: Rows, n: int, bill: str) -> str:
    if rows.denied[n] > 0:
        amount = grouped(max(float(rows.scan.alone.loss[n]), 0.0) * rows.denied[n])
        return f"{bill} would deny {amount} now, clean from {_clean(rows, n)}, rebuy from {rows.rebuy_from}"
    return f"{bill} would deny: rebuy from {rows.rebuy_from}"


def _clean(rows: Rows, n: int) -> str:
    return rows.clean_from.get(int(rows.scan.valuation.coin[n]), "")


def total_lines(scan: Scan) -> list[tuple[str, str]]:
    """The totals as labels and texts."""
    found = totals(scan)
    shown = {name: grouped(float(text)) for name, text in found.items() if isinstance(text, str)}
    count = found["lots"]
    rows = [
        (
            "Take",
            f"{count:,} {'lot' if count == 1 else 'lots'}: short {shown['loss_short']}, long {shown['loss_long']}",
        ),
        ("Tax", f"{shown['tax_before']} becomes {shown['tax_after']}, saved {shown['tax_saved']}"),
        ("Carried on", f"short {shown['carry_short']}, long {shown['carry_long']}, worth {shown['carry_pv']} today"),
        ("Later tax", shown["later_tax"]),
        ("Cost", shown["cost"]),
        ("Net", shown["net"]),
    ]
    for entry in found["shadow"]:
        if entry["applies"] and count:
            text = (
                f"would deny {grouped(float(entry['disallowed']))} by purchases already made, all "
                f"{grouped(float(entry['if_rebought_now']))} if rebought before {entry['rebuy_from']} ({entry['why']})"
            )
        else:
            text = f"would deny nothing on this day ({entry['why']})"
        rows.append((entry["bill"], text))
    return rows

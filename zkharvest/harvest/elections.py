"""Under which rules the ledger runs for an estimate: the regime, the tax year and the zone of a jurisdiction.

The United Kingdom and Canada have regimes of their own, without lots or terms: one holding a coin, matched or averaged.
Germany's estimate uses lots by the stated method with a term of one year, as the United States' regime keeps them.
"""

from __future__ import annotations

from datetime import date

from zkharvest.errors import UsageError
from zkharvest.harvest.policy import Jurisdiction, Rates
from zkharvest.harvest.positions import Positions
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.regimes import find
from zkharvest.ledger.results import LedgerRun
from zkharvest.ledger.rules import DEFAULT_TIMEZONE, Election, Method, Pooling
from zkharvest.ledger.superficial import superficial_losses
from zkharvest.spec import DEFAULT_REGIME

_REGIMES = {Jurisdiction.UK: "uk", Jurisdiction.CA: "canada"}
_ZONES = {Jurisdiction.DE: "Europe/Berlin", Jurisdiction.US: DEFAULT_TIMEZONE}


def zone_of(law: Jurisdiction, stated: str | None) -> str:
    """The taxpayer's time zone: the stated one, else that of the law."""
    if stated is not None:
        return stated
    return _ZONES[law] if law in _ZONES else find(_REGIMES[law]).timezone


def tax_year(law: Jurisdiction, day: date) -> int:
    """The tax year of a day; the United Kingdom's is named after the year in which it ends, as the ledger names it."""
    return day.year + (law is Jurisdiction.UK and (day.month, day.day) > (4, 5))


def election_for(law: Jurisdiction, method: Method | None, pooling: Pooling, zone: str | None, as_of: int) -> Election:
    """The election of a law at an instant (ms). Where the law leaves no choice, method and pooling are its own."""
    timezone = zone_of(law, zone)
    plain = Election(method, pooling, timezone, 2000)  # refuses an unknown zone
    year = tax_year(law, Calendar(plain.timezone).date_of(as_of))
    if law in _REGIMES:
        return Election(None, Pooling.UNIVERSAL, timezone, year, _REGIMES[law])
    return Election(method, pooling, timezone, year)


def check_year(rates: Rates, day: date, what: str) -> None:
    """Raise UsageError where rates are of another tax year than the day of an estimate; `what` names it."""
    year = tax_year(rates.jurisdiction, day)
    if rates.year != year:
        hint = f"give a file with year = {year} and the rates of that year"
        hint += f": the tax year that ends on 5 April {year}" if rates.jurisdiction is Jurisdiction.UK else ""
        raise UsageError(f"the rates are of {rates.year}, the {what} of {day} is of {year}", hint)


def check_regime(election: Election, law: Jurisdiction) -> None:
    """Raise UsageError where a ledger was run under another country's rules than the rates are of."""
    wanted = _REGIMES.get(law, DEFAULT_REGIME)
    if election.regime != wanted:
        hint = f"run the ledger under the regime {wanted}"
        raise UsageError(f"the ledger was run under the regime {election.regime}, the rates are of {law}", hint)


def realised(run: LedgerRun) -> tuple[float, float]:
    """Net gains of the year so far, short term and long term, in money; a law without terms has them all as short."""
    totals = run.totals
    if "net" in totals and "short_term_gain" not in totals:
        return totals["net"] / 1e8, 0.0
    short = totals.short_term_gain - totals.short_term_loss
    return short / 1e8, (totals.long_term_gain - totals.long_term_loss) / 1e8


def superficial_so_far(run: LedgerRun, held: Positions) -> dict[str, float]:
    """Canada: by asset, the year's losses that look superficial (s.54), in money; they join the basis, s.53(1)(f).

    Of an asset of which nothing is held any more they have come back with the last sale, so they are none.
    """
    found: dict[str, float] = {}
    open_assets = {held.assets[n] for n in held.asset[~held.short].tolist()}
    for one in superficial_losses(run, run.trades):
        if one.trade.asset in open_assets:
            found[one.trade.asset] = found.get(one.trade.asset, 0.0) + one.denied / 1e8
    return found

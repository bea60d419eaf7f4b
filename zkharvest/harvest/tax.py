"""Tax as a function of the year, under the law of a jurisdiction; never a rate times a loss.

`year_tax` takes what a year brings and what was carried in, and gives the tax and what is carried on. A loss saves the
difference of two taxes, now and in the years in which a carryforward is used. All of it works on arrays, so that every
lot of a book is one element. Money is in the reporting currency.

US  s.1222 netting, s.1211(b) limit, s.1212(b) carryforwards: what is deducted counts as short-term gain of the year.
UK  TCGA 1992 s.2(2), s.1K: losses of the year come first, those brought in only down to the exempt amount.
CA  ITA s.3(b), s.38, s.111: half of a gain is income; a net loss goes back three years, then forward.
DE  s.23(3) EStG: free below 1,000 (all of it taxed from there on), free after a year; losses meet such gains alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zkharvest.harvest.policy import Jurisdiction, Rates

Floats = NDArray[np.float64]


class Year(NamedTuple):
    """The tax of a year (negative: a refund or a deduction), and the losses carried out of it, as positive amounts."""

    tax: Floats
    carry_short: Floats
    carry_long: Floats


def year_tax(rates: Rates, short: ArrayLike, long: ArrayLike, carry_short: ArrayLike, carry_long: ArrayLike) -> Year:
    """The tax on net short and long gains of one year, with the losses carried into it. Arrays broadcast."""
    given = (np.asarray(x, np.float64) for x in (short, long, carry_short, carry_long))
    S, G, cs, cl = np.broadcast_arrays(*given)
    match rates.jurisdiction:
        case Jurisdiction.US:
            return _us(rates, S - cs, G - cl)
        case Jurisdiction.UK:
            return _uk(rates, S + G, cs + cl)
        case Jurisdiction.CA:
            return _canada(rates, S + G, cs + cl)
        case Jurisdiction.DE:
            return _germany(rates, S, cs)


def _us(rates: Rates, S: Floats, G: Floats) -> Year:
    net = S + G
    deducted = np.minimum(rates.loss_limit, np.maximum(-net, 0.0))
    crossed = np.where(S < 0, rates.long, rates.short) * net  # one of them is negative, or the net is a loss
    tax = np.where((S >= 0) & (G >= 0), rates.short * S + rates.long * G, crossed)
    tax = np.where(net < 0, -rates.ordinary * deducted, tax)
    left = S + deducted  # s.1212(b)(2): the deducted amount counts as a short-term gain
    both = (left < 0) & (G < 0)
    carry_short = np.where(both, -left, np.where(left < 0, -(left + G), 0.0))
    carry_long = np.where(both, -G, np.where(left >= 0, -(G + left), 0.0))
    loss = net < 0
    return Year(
        tax, np.where(loss, np.maximum(carry_short, 0.0), 0.0), np.where(loss, np.maximum(carry_long, 0.0), 0.0)
    )


def _uk(rates: Rates, net: Floats, brought: Floats) -> Year:
    used = np.minimum(brought, np.maximum(net - rates.exempt, 0.0))
    tax = rates.long * np.maximum(net - used - rates.exempt, 0.0)
    return Year(tax, brought - used + np.maximum(-net, 0.0), np.zeros_like(net))


def _canada(rates: Rates, net: Floats, brought: Floats) -> Year:
    used = np.minimum(brought, np.maximum(net, 0.0))
    back = np.minimum(rates.carry_back, np.maximum(-net, 0.0))
    tax = rates.long * rates.inclusion * (np.maximum(net, 0.0) - used - back)
    return Year(tax, brought - used + np.maximum(-net, 0.0) - back, np.zeros_like(net))


def _germany(rates: Rates, net: Floats, brought: Floats) -> Year:
    taxable = np.where(
        net >= rates.exempt, np.maximum(net, 0.0), 0.0
    )  # the limit is looked at before losses carried in
    used = np.minimum(brought, taxable)
    return Year(rates.short * (taxable - used), brought - used + np.maximum(-net, 0.0), np.zeros_like(net))


def carry_value(rates: Rates, carry_short: ArrayLike, carry_long: ArrayLike) -> Floats:
    """What losses carried forward save in the whole years to the horizon, discounted; the same gains each year."""
    cs, cl = np.broadcast_arrays(np.asarray(carry_short, np.float64), np.asarray(carry_long, np.float64))
    value = np.zeros(cs.shape)
    if rates.jurisdiction is Jurisdiction.CA:  # a later loss year could not be carried back to years long past
        rates = _without_carry_back(rates)
    bare_short = bare_long = np.zeros(())
    for y in range(1, int(rates.horizon) + 1):
        if not (cs.any() or cl.any()):
            break
        bare, bare_short, bare_long = year_tax(rates, rates.future_short, rates.future_long, bare_short, bare_long)
        tax, cs, cl = year_tax(rates, rates.future_short, rates.future_long, cs, cl)
        value += (bare - tax) / (1 + rates.discount) ** y
    return value


def _without_carry_back(rates: Rates) -> Rates:
    from dataclasses import replace

    return replace(rates, carry_back=0.0)


class Base(NamedTuple):
    """The year before any harvest: net gains realised and expected, the tax on them, and what is carried out."""

    short: float
    long: float
    year: Year
    carry_value: float


def base_year(rates: Rates, short: float, long: float) -> Base:
    """The year as it stands; `short`, `long` are the net gains realised in the trades so far."""
    short, long = short + rates.other_short, long + rates.other_long
    year = year_tax(rates, short, long, rates.carry_short, rates.carry_long)
    return Base(short, long, year, float(carry_value(rates, year.carry_short, year.carry_long)))


class Saving(NamedTuple):
    """What losses save: this year, and by what they leave to carry (present value); and the year after them."""

    now: Floats
    carried: Floats
    year: Year


def saving(rates: Rates, base: Base, loss_short: ArrayLike, loss_long: ArrayLike) -> Saving:
    """What losses of these amounts (negative: gains) save, each element alone, over the base year."""
    short, long = base.short - np.asarray(loss_short, np.float64), base.long - np.asarray(loss_long, np.float64)
    year = year_tax(rates, short, long, rates.carry_short, rates.carry_long)
    carried = carry_value(rates, year.carry_short, year.carry_long) - base.carry_value
    return Saving(base.year.tax - year.tax, carried, year)

"""Prices as they come, and the lots that become worth taking: one event a change, with hysteresis.

A lot is on when value over basis falls below its threshold less 0.5 %, and off again above the threshold plus 1 %, so
that a price that trembles at the threshold makes one event. The threshold is given, or that of break-even: where the
net benefit of the lot alone is zero, by a straight line through what the scan says now.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from zkharvest.errors import InputError, UsageError
from zkharvest.harvest.files import Price, Prices, prices_from_text
from zkharvest.harvest.positions import Floats, utc_text
from zkharvest.harvest.scan import Scan
from zkharvest.harvest.scan_report import money, quantity

ON_BELOW, OFF_ABOVE = 0.005, 0.01


class GrowingFile:
    """A price file that is appended to: each call gives the rows that came since, whole lines only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = 0
        self._header = ""
        self._line = 1

    def new_rows(self) -> dict[str, list[Price]]:
        """The rows added, by asset, each list by time. Raises InputError for a bad row, UsageError if it shrank."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, 2)
                if size < self._read:
                    raise UsageError(f"{self.path}: became shorter while it was watched", "append to it; start again")
                file.seek(self._read)
                data = file.read()
        except OSError as error:
            raise UsageError(f"{self.path}: cannot be read ({error.strerror})", "check the path") from None
        whole = data[: data.rfind(b"\n") + 1]
        if not whole:
            return {}
        try:
            text = whole.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InputError.one(str(self.path), "is not UTF-8", "save it as UTF-8") from None
        self._read += len(whole)
        if not self._header:
            self._header, _, text = text.partition("\n")
        # blank lines keep the numbers of lines in errors those of the file
        known = prices_from_text(f"{self._header}\n{chr(10) * (self._line - 1)}{text}", str(self.path))
        self._line += text.count("\n")
        return {asset: list(rows) for asset, rows in known.series.items()}


def longer(prices: Prices, rows: dict[str, list[Price]]) -> Prices:
    """Prices with rows added; a row of an instant that is there already replaces it."""
    series = dict(prices.series)
    for asset, added in rows.items():
        merged = {(row.time, row.until): row for row in (*series.get(asset, ()), *added)}
        series[asset] = tuple(sorted(merged.values(), key=lambda row: (row.time, -row.until)))
    return Prices(series, prices.why)


@dataclass(frozen=True, slots=True)
class Event:
    """A lot turned `on` (worth taking) or `off`."""

    time: str
    event: str
    lot: str
    asset: str
    quantity: str
    ratio: float
    threshold: float
    loss: str
    net: str

    def line(self) -> str:
        """The event for a person."""
        return (
            f"{self.time} {self.event:<3} {self.asset} {self.lot} {self.quantity}  value/basis {self.ratio:.4f}"
            f" threshold {self.threshold:.4f}  loss {self.loss}  net {self.net}"
        )


@dataclass
class Watch:
    """Which lots are on. `threshold`: of value over basis; None: break-even."""

    threshold: float | None = None
    on: set[str] = field(default_factory=set)

    def events(self, scan: Scan) -> Iterator[Event]:
        """What changed with this scan, lot by lot. Lots that the method blocks do not turn on."""
        lots, value = scan.lots, scan.valuation
        basis = np.where(lots.basis > 0, lots.basis, np.nan)
        ratio = np.where(lots.short, basis / np.where(value.value > 0, value.value, np.nan), value.value / basis)
        given = self.threshold
        threshold = _break_even(scan) if given is None else np.full(len(lots), given)
        keys = [f"{lots.ref[n]} {lots.wallets[lots.pool[n]]}" for n in range(len(lots))]
        reached = (scan.gains_before == 0) & scan.alone.feasible
        for n in range(len(lots)):
            turns_on = keys[n] not in self.on and reached[n] and ratio[n] < threshold[n] - ON_BELOW
            turns_off = keys[n] in self.on and (ratio[n] > threshold[n] + OFF_ABOVE or not reached[n])
            if turns_on or turns_off:
                (self.on.add if turns_on else self.on.remove)(keys[n])
                yield Event(
                    utc_text(scan.as_of), "on" if turns_on else "off", lots.ref[n], lots.assets[lots.asset[n]],
                    quantity(lots.quantity[n]), round(float(ratio[n]), 6), round(float(threshold[n]), 6),
                    money(scan.alone.loss[n]), money(scan.net_alone[n]),
                )  # fmt: skip


def _break_even(scan: Scan) -> Floats:
    """Where net (1 - ratio) / (loss before costs) is zero: k / (k + c) with k and c of this moment."""
    raw, net = scan.valuation.raw, scan.net_alone
    expense = scan.alone.expense
    with np.errstate(divide="ignore", invalid="ignore"):
        k = (net + expense) / raw
        c = expense / scan.valuation.value
        threshold = k / (k + c)
    found: Floats = np.where((raw > 0) & (k > 0) & np.isfinite(threshold), np.minimum(threshold, 1.0), 0.0)
    return found

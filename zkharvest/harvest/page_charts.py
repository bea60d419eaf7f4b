"""Charts of the harvest's page: inline SVG in the page's own colours, light and dark, readable without colour.

Each chart has a title for those who cannot see it; every series is named at its end, and differs in its dashes too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from html import escape

WIDTH, HEIGHT = 480, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 62, 12, 28
_DASHES = ("", "7 4", "2 3", "10 3 2 3", "1 4", "12 5")

STYLE = """
.chart{width:100%;max-width:36rem;height:auto;display:block}.chart text{fill:var(--dim);font:12px system-ui,sans-serif}
.chart .grid{stroke:var(--line);stroke-width:1}.chart .line{fill:none;stroke:var(--mark);stroke-width:2}
.chart .mid{fill:none;stroke:var(--loss);stroke-width:2}.chart .wide{fill:var(--loss);opacity:.18}
.chart .near{fill:var(--loss);opacity:.3}.chart text.name{fill:var(--ink)}
@media (max-width:30rem){.chart text{font-size:15px}}
"""


def _nice(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers that cover a range."""
    span = max(high - low, abs(high) * 1e-6, 1e-9)
    raw = span / count
    unit = 10.0 ** math.floor(math.log10(raw))
    step = next(unit * m for m in (1, 2, 5, 10) if unit * m >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [n * step for n in range(first, max(last, first + 1) + 1)]


class _Frame:
    """Places of days and values, with the grid that says what they are."""

    def __init__(self, days: Sequence[date], low: float, high: float, unit: str) -> None:
        self.days, self.marks = days, _nice(low, high)
        self.low, self.high = self.marks[0], self.marks[-1]
        self.unit = unit

    def x(self, place: int) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * place / max(len(self.days) - 1, 1)

    def y(self, value: float) -> float:
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * (value - self.low) / (self.high - self.low)

    def points(self, values: Sequence[float | None]) -> str:
        return " ".join(f"{self.x(n):.1f},{self.y(v):.1f}" for n, v in enumerate(values) if v is not None)

    def grid(self) -> list[str]:
        made = []
        for mark in self.marks:
            y = self.y(mark)
            made.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}"/>')
            made.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_short(mark)}{self.unit}</text>')
        every = max(1, round((len(self.days) - 1) / 4))
        for place in range(0, len(self.days), every):
            at = "start" if not place else "middle"
            text = self.days[place].strftime("%d %b").lstrip("0")
            made.append(f'<text x="{self.x(place):.1f}" y="{HEIGHT - 8}" text-anchor="{at}">{text}</text>')
        return made


def _short(value: float) -> str:
    for size, letter in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}"
    return f"{value:.12g}"


def _svg(title: str, parts: Sequence[str]) -> str:
    head = f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title, quote=True)}">'
    return f"{head}<title>{escape(title)}</title>{''.join(parts)}</svg>"


def threshold_chart(thresholds: Mapping[str, Mapping[str, float]]) -> str:
    """theta of a new lot by day, a line an asset: harvest where price over basis, in percent, is below it."""
    series = {asset: by_day for asset, by_day in thresholds.items() if by_day}
    if not series:
        return "<p>No loss is worth taking on any day.</p>"
    days = sorted({date.fromisoformat(day) for by_day in series.values() for day in by_day})
    every = [100 * value for by_day in series.values() for value in by_day.values()]
    frame = _Frame(days, min(every), max(every), " %")
    parts, labels = frame.grid(), []
    for number, (asset, by_day) in enumerate(sorted(series.items())[: len(_DASHES)]):
        values = [100 * by_day[day.isoformat()] if day.isoformat() in by_day else None for day in days]
        dash = f' stroke-dasharray="{_DASHES[number]}"' if _DASHES[number] else ""
        parts.append(f'<polyline class="line" points="{frame.points(values)}"{dash}/>')
        last = next(n for n in range(len(values) - 1, -1, -1) if values[n] is not None)
        labels.append((frame.y(values[last] or 0.0), asset))
    parts += _names(labels)
    return _svg("Threshold over time: harvest where price over basis is below the line", parts)


def _names(labels: list[tuple[float, str]]) -> list[str]:
    """Names beside the ends of lines, moved apart where they would overlap."""
    made, above = [], -math.inf
    for y, name in sorted(labels):
        at = max(y + 4, above + 15)
        made.append(f'<text class="name" x="{WIDTH - _RIGHT + 6}" y="{at:.1f}">{escape(name[:9])}</text>')
        above = at
    return made


def fan_chart(days: Sequence[str], quantiles: Mapping[str, Sequence[float]]) -> str:
    """The book's harvestable loss by day: the middle half, nine in ten, and the median."""
    if len(days) < 2:
        return ""
    low, near_low, mid, near_high, high = (quantiles[q] for q in ("0.05", "0.25", "0.5", "0.75", "0.95"))
    frame = _Frame([date.fromisoformat(day) for day in days], 0.0, max([*high, 1.0]), "")

    def band(name: str, below: Sequence[float], above: Sequence[float]) -> str:
        there = frame.points(list(above))
        back = " ".join(reversed(frame.points(list(below)).split(" ")))
        return f'<polygon class="{name}" points="{there} {back}"/>'

    parts = frame.grid()
    parts += [band("wide", low, high), band("near", near_low, near_high)]
    parts.append(f'<polyline class="mid" points="{frame.points(list(mid))}"/>')
    parts += _names([(frame.y(high[-1]), "95 %"), (frame.y(mid[-1]), "median"), (frame.y(low[-1]), "5 %")])
    return _svg("Loss that can be harvested, by day: median, middle half and nine in ten", parts)

"""Charts: as SVG for the page, in its own colours (light and dark), and as PNG for paper (fpdf2 reads no hatching).

Blue and orange of Okabe and Ito, darkened so that both stand three to one against white and against the dark page;
orange is hatched too, so that the picture says the same in grey and to the colour-blind.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from zkharvest.desk.overview import MONTHS, Overview, Sums

BLUE, ORANGE = "#0072b2", "#c57a00"
_FILLS = ((BLUE, ""), (ORANGE, "///"), ("#8a8f98", "..."), ("#1f8a70", "xxx"), ("#a9699a", "\\\\\\"))
_INK, _GRID = "#1a1e24", "#c8ccd2"  # on paper; on the page they stand for its own colours
_MOST = 12  # assets on a chart
_LONGEST = 24  # characters of a name on a chart
_FEWEST = 6  # columns that a chart has room for at least: a single one is no wall


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, what it shows in a sentence, and its height over its width."""

    title: str
    text: str
    picture: bytes
    ratio: float

    @property
    def svg(self) -> str:
        """The picture of a page."""
        return self.picture.decode()


def charts(view: Overview, *, paper: bool = False) -> list[Chart]:
    """The charts of a report, those that have something to show."""
    made = []
    if view.months:
        text = "Net gain or loss of each month in " + view.currency + ": " + _spoken(view.months)
        made.append(Chart("Gains by month", text, *_bars(view.months, paper=paper)))
        most, rest = view.assets[:_MOST], view.assets[_MOST:]
        if rest:
            others = Sums(f"{len(rest)} others", sum(s.short for s in rest), sum(s.long for s in rest), 0)
            most = (*most, others)
        text = "Net gain or loss of each asset in " + view.currency + ": " + _spoken(most)
        made.append(Chart("Gains by asset", text, *_bars(most, paper=paper, flat=True)))
    if view.income.total:
        text = f"Income of each month in {view.currency}, by kind"
        made.append(Chart("Income by month", text, *_income(view, paper=paper)))
    waiting = _turning(view)
    if waiting:
        text = f"Basis of the lots held, by the month in which they turn long, in {view.currency}"
        made.append(Chart("When lots turn long", text, *_columns(waiting, paper=paper)))
    return made


def _spoken(sums: Sequence[Sums]) -> str:
    return ", ".join(f"{s.label} {s.total / 100:,.0f}" for s in sums)


def _figure(width: float, height: float) -> tuple[Any, Any]:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib.figure import Figure

    style = {
        "font.size": 9, "font.family": "DejaVu Sans", "axes.edgecolor": _INK, "axes.labelcolor": _INK,
        "text.color": _INK, "xtick.color": _INK, "ytick.color": _INK, "hatch.color": _INK, "hatch.linewidth": 0.5,
        "svg.hashsalt": "zkharvest", "svg.fonttype": "none", "axes.unicode_minus": True, "text.parse_math": False,
    }  # fmt: skip
    mpl.rcParams.update(style)
    figure = Figure(figsize=(width, height))
    axes = figure.add_subplot()
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    axes.set_axisbelow(True)
    return figure, axes


def _bars(sums: Sequence[Sums], *, paper: bool, flat: bool = False) -> tuple[bytes, float]:
    """Two bars for each label: short term and long term."""
    height = 0.9 + 0.34 * len(sums) if flat else 2.7
    figure, axes = _figure(7.2, height)
    places = range(len(sums))
    for shift, label, values in (
        (-0.19, "short term", [s.short / 100 for s in sums]),
        (0.19, "long term", [s.long / 100 for s in sums]),
    ):
        colour, hatch = _FILLS[label == "long term"]
        style = {"color": colour, "hatch": hatch, "label": label, "edgecolor": _INK, "linewidth": 0.6}
        at = [place + shift for place in places]
        if flat:
            axes.barh(at, values, height=0.36, **style)
        else:
            axes.bar(at, values, width=0.36, **style)
    labels = [_short(s.label) if flat or len(sums) < 8 else s.label[:3] for s in sums]
    if flat:
        axes.set_yticks(list(places), labels)
        axes.invert_yaxis()
        axes.axvline(0, color=_INK, linewidth=0.8)
        axes.spines["bottom"].set_visible(False)
        _money_axis(axes.xaxis)
        axes.grid(axis="x", color=_GRID, linewidth=0.6)
    else:
        axes.set_xticks(list(places), labels)
        _room(axes, len(sums))
        axes.axhline(0, color=_INK, linewidth=0.8)
        axes.spines["bottom"].set_visible(False)
        _money_axis(axes.yaxis)
        axes.grid(axis="y", color=_GRID, linewidth=0.6)
    axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0)
    return _drawn(figure, paper=paper)


def _income(view: Overview, *, paper: bool) -> tuple[bytes, float]:
    """A stacked column for each month, a part for each category."""
    by = view.income.by("category", "month")
    months = [f"{view.run.election.year:04d}-{month:02d}" for month in range(1, 13)]
    months = [month for month in months if any((c, month) in by for (c,) in view.income.by("category"))]
    categories = [category for (category,) in view.income.by("category")]
    figure, axes = _figure(7.2, 2.5)
    below = [0.0] * len(months)
    for number, category in enumerate(categories):
        colour, hatch = _FILLS[number % len(_FILLS)]
        values = [by.get((category, month), 0) / 100 for month in months]
        axes.bar(range(len(months)), values, width=0.6, bottom=below, color=colour, hatch=hatch, label=category,
                 edgecolor=_INK, linewidth=0.6)  # fmt: skip
        below = [a + b for a, b in zip(below, values, strict=True)]
    axes.set_xticks(range(len(months)), [MONTHS[int(month[5:]) - 1][:3] for month in months])
    _room(axes, len(months))
    _money_axis(axes.yaxis)
    axes.grid(axis="y", color=_GRID, linewidth=0.6)
    axes.legend(frameon=False, ncols=4, loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0)
    return _drawn(figure, paper=paper)


def _turning(view: Overview) -> list[tuple[str, float]]:
    """Basis of long lots by the month in which they turn long; those that are long already come first."""
    sums: dict[str, float] = {}
    for lot in view.held:
        if not lot.short_side:
            late = lot.long_on > view.last_day
            month = f"{lot.long_on.year:04d}-{lot.long_on.month:02d}" if late else "long now"
            sums[month] = sums.get(month, 0) + lot.cents / 100
    first = [("long now", sums.pop("long now"))] if "long now" in sums else []
    return [*first, *sorted(sums.items())]


def _columns(values: Sequence[tuple[str, float]], *, paper: bool) -> tuple[bytes, float]:
    figure, axes = _figure(7.2, 2.4)
    for place, (label, value) in enumerate(values):
        colour, hatch = _FILLS[label == "long now"]
        axes.bar(place, value, width=0.62, color=colour, hatch=hatch, edgecolor=_INK, linewidth=0.6)
    axes.set_xticks(range(len(values)), list(_month_labels([label for label, _ in values])))
    _room(axes, len(values))
    _money_axis(axes.yaxis)
    axes.grid(axis="y", color=_GRID, linewidth=0.6)
    return _drawn(figure, paper=paper)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def _room(axes: Any, columns: int) -> None:
    axes.set_xlim(-0.6, max(columns, _FEWEST) - 0.4)


def _month_labels(labels: Sequence[str]) -> Iterator[str]:
    """Months in three letters, the year below the first of each year; other labels on two lines."""
    year = ""
    for label in labels:
        if " " in label:
            yield label.replace(" ", "\n")
        else:
            yield MONTHS[int(label[5:]) - 1][:3] + ("" if label[:4] == year else f"\n{label[:4]}")
            year = label[:4]


def _money_axis(axis: Any) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(6))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}".replace("-", "\N{MINUS SIGN}")))


def _drawn(figure: Any, *, paper: bool) -> tuple[bytes, float]:
    """The figure as PNG, or as an SVG element whose ink and grid are those of the page; its height over its width."""
    with (
        warnings.catch_warnings()
    ):  # of letters that the fonts lack: browsers find them, and of paper the command warns
        warnings.filterwarnings("ignore", message="Glyph ")
        return _saved(figure, paper=paper)


def _saved(figure: Any, *, paper: bool) -> tuple[bytes, float]:
    out = io.BytesIO()
    if paper:
        figure.savefig(out, format="png", dpi=220, bbox_inches="tight", facecolor="white", metadata={"Software": None})
        header = out.getvalue()[16:24]  # width and height, as every PNG has them
        return out.getvalue(), int.from_bytes(header[4:], "big") / int.from_bytes(header[:4], "big")
    figure.savefig(out, format="svg", bbox_inches="tight", transparent=True, metadata={"Date": None, "Creator": None})
    text = out.getvalue().decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)
    assert box is not None, "matplotlib gives a view box"
    text = text.replace(_INK, "currentColor").replace(_GRID, "var(--grid)")
    frame = r'<svg viewBox="\1" role="img" aria-hidden="true">'
    text = re.sub(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', frame, text, count=1)
    text = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", text)
    return text.encode(), float(box[2]) / float(box[1])

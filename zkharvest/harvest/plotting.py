"""How the estimates are drawn: one look, no window, the same bytes for the same numbers. Needs `zkharvest[harvest]`."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zkharvest.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMS = (".png", ".svg")
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555")
"""Okabe and Ito's colours: told apart with any colour vision."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""With the colours in their order: lines are told apart in grey too."""

_STYLE: dict[str, Any] = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "svg.hashsalt": "zkharvest",
    "svg.fonttype": "none",
    "figure.facecolor": "white",
}


def check_forms(targets: list[Path]) -> None:
    """Raise UsageError for a file whose ending names no form that can be drawn."""
    for target in targets:
        if target.suffix.lower() not in FORMS:
            raise UsageError(f'--plot: "{target}" does not end in .png or .svg', "name the file plot.png or plot.svg")


def drawn(
    draw: Callable[[list[Axes]], None], rows: int, columns: int, title: str, *, size: tuple[float, float] = (5.0, 3.4)
) -> Figure:
    """A figure of rows x columns panels of a size in inches each, with what `draw` puts into them."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(size[0] * columns, size[1] * rows + 0.3), layout="constrained")
        panels = figure.subplots(rows, columns, squeeze=False)
        draw([panel for row in panels for panel in row])
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def rendered(figure: Figure, suffix: str) -> bytes:
    """The bytes of a PNG or SVG file; without a date in them."""
    from matplotlib import rc_context

    form = suffix.lower().removeprefix(".")
    out = io.BytesIO()
    with rc_context(_STYLE):
        figure.savefig(out, format=form, dpi=110, metadata={"Date": None} if form == "svg" else {"Software": None})
    return out.getvalue()

"""Two pictures: where the time of a proof goes, and what a trade costs as ledgers grow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.report import GROUPS, grouped

# One hue a kind of work, dark enough for white numbers on them where they carry any (Okabe, Ito: colours that
# colour-blind readers tell apart, a little muted).
_COLOURS = ("#8a8f98", "#c98a1b", "#6fb0e0", "#2f6db3", "#1f8a70", "#b5502f", "#a9699a", "#d9b44a", "#4d5562")
_INK = "#22262b"
_LEAST_SHOWN = 0.045  # share of a bar below which a number would not fit
_BARS_PER_TRADE = {1_000: 1.6, 10_000: 0.3, 100_000: 0.12}  # ms: what may be taken at most


def draw(results: Mapping[str, Any], folder: Path) -> None:
    """Write `stages` and `per-trade`, each as PNG and SVG."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams.update(
        {
            "font.size": 10,
            "font.family": "DejaVu Sans",
            "axes.edgecolor": _INK,
            "axes.labelcolor": _INK,
            "text.color": _INK,
            "xtick.color": _INK,
            "ytick.color": _INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "svg.hashsalt": "zkharvest",  # the same picture gives the same file
        }
    )
    if results.get("sizes"):
        _stages(results, folder / "stages")
        _per_trade(results, folder / "per-trade")


def _save(figure: Any, path: Path) -> None:
    import matplotlib.pyplot as plt

    figure.savefig(path.with_suffix(".png"), dpi=160, bbox_inches="tight", facecolor="white")
    figure.savefig(path.with_suffix(".svg"), bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)


def _stages(results: Mapping[str, Any], path: Path) -> None:
    import matplotlib.pyplot as plt
    from matplotlib.patches import Patch

    sizes = {int(trades): size["one_process"] for trades, size in results["sizes"].items()}
    figure, axes = plt.subplots(figsize=(9.5, 1.35 + 0.62 * len(sizes)))
    for row, one in enumerate(sizes.values()):
        seconds = grouped(one)
        total, left = sum(seconds.values()), 0.0
        for (name, _), colour in zip(GROUPS, _COLOURS, strict=True):
            share = seconds[name] / total
            axes.barh(row, share, left=left, height=0.62, color=colour, edgecolor="white", linewidth=0.8)
            if share >= _LEAST_SHOWN:
                axes.text(left + share / 2, row, _short(seconds[name]), ha="center", va="center", color="white", size=9)
            left += share
        axes.text(1.01, row, f"{_short(total)} s", va="center", weight="bold")
    axes.set_yticks(range(len(sizes)), [f"{trades:,} trades" for trades in sizes])
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("share of the time from opening file to verified package; numbers are seconds")
    axes.set_title("Where the time of a proof goes", loc="left", weight="bold", pad=12)
    handles = [Patch(color=colour) for colour in _COLOURS]
    names = [name for name, _ in GROUPS]
    figure.legend(
        handles, names, loc="upper center", bbox_to_anchor=(0.5, -0.03), ncols=5, frameon=False, fontsize=9,
        columnspacing=1.6, handlelength=1.1,
    )  # fmt: skip
    _save(figure, path)


def _per_trade(results: Mapping[str, Any], path: Path) -> None:
    import matplotlib.pyplot as plt

    sizes = {int(trades): size for trades, size in results["sizes"].items()}
    counts = list(sizes)
    figure, axes = plt.subplots(figsize=(6.8, 4.4))
    lines = (("commit", _COLOURS[0], "s"), ("prove", _COLOURS[2], "o"), ("verify", _COLOURS[4], "^"))
    for command, colour, marker in lines:
        values = [1e3 * sizes[n][command]["seconds"] / n for n in counts]
        axes.plot(counts, values, color=colour, marker=marker, linewidth=2, markersize=6)
        axes.annotate(
            f"  {command}", (counts[-1], values[-1]), color=colour, va="center", weight="bold", annotation_clip=False
        )
        if command == "prove":
            for n, value in zip(counts, values, strict=True):
                axes.annotate(
                    f"{value:.2g} ms", (n, value), xytext=(0, -16), textcoords="offset points", ha="center", size=9
                )
    known = [n for n in counts if n in _BARS_PER_TRADE]
    for n in known:
        axes.plot([n / 1.25, n * 1.25], [_BARS_PER_TRADE[n]] * 2, color=_INK, linewidth=1.2, alpha=0.6)
    if known:
        axes.annotate(
            "the bar for prove", (known[0] * 1.25, _BARS_PER_TRADE[known[0]]), xytext=(5, 0),
            textcoords="offset points", va="center", size=9, alpha=0.75,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(counts, [f"{n:,}" for n in counts])
    axes.minorticks_off()
    low, high = axes.get_ylim()
    axes.set_yticks(ticks := [t for t in (0.001, 0.01, 0.1, 1, 10, 100) if low <= t <= high], [f"{t:g}" for t in ticks])
    axes.set_xlabel("trades in the ledger")
    axes.set_ylabel("milliseconds a trade")
    axes.grid(axis="y", alpha=0.25, linewidth=0.8)
    axes.set_title("Time per trade, whole commands", loc="left", weight="bold", pad=12)
    _save(figure, path)


def _short(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds < 1 else f"{seconds:.1f}"

"""Writes what was measured: `figures.json` for programs, `results.md` for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, figures

SCHEMA = "zkharvest/benchmarks/2"

NOTES = """\
Ledgers are made up (`benchmarks/ledgers.py`): three accounts, three years, HIFO per wallet. All three years are one
link, as for somebody who proves for the first time; "the last of three years" goes on from a standing that has the
others. Whole commands are processes of their own, kernels cached; `prove` includes reading the openings and verifying
the proof. "processor" is the time of all cores together that `prove` took; "kernel" is what the operating system spent
of it, mostly on handing out memory. Of several runs the median counts. "load" is the machine's load average when a size
was done; a proof alone makes at most 2 on two cores, and what is above it slowed the clock down.

The stages are timed in one process that has done everything once before and keeps its memory, and so is the bare
work: low-degree extension, leaf hashes and Merkle trees of random cells of the same shape, with the same kernels.
"proving" is all from the openings in memory to the package: ledger, witness and proof.

Heights are powers of two, so a ledger pays for up to twice its rows. From 2^17 rows on proofs have half the blow-up
(less memory and time, more queries), which is part of why a trade costs less at 100,000 than at 10,000.

Kernel compilation is what `commit` and `prove` take longer with an empty kernel cache.
"""

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("reading the openings", ("reading the openings",)),
    ("ledger and witness", ("running the ledger", "filling the tables")),
    ("interpolating", ("main columns: interpolate", "bus columns: interpolate")),
    (
        "extending and hashing",
        ("main columns: extend and hash", "bus columns: extend and hash", "quotient: extend and hash"),
    ),
    ("buses", ("buses",)),
    ("constraints", ("constraints",)),
    ("evaluations, batching", ("evaluations", "batching")),
    ("FRI, grinding, queries", ("folding", "grinding", "queries")),
    ("verifying", ("verifying",)),
)
"""The stages of a proof, drawn together."""


def grouped(one_process: Mapping[str, Any]) -> dict[str, float]:
    """Seconds by group."""
    stages = one_process["stages"]
    return {name: sum(stages.get(stage, 0.0) for stage in members) for name, members in GROUPS}


def read(folder: Path) -> dict[str, Any]:
    """What a folder of results has; nothing if there is none, or one of another schema."""
    path = folder / "figures.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found if found.get("schema") == SCHEMA else {}


def merged(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The results of two runs on one machine: what was measured again is taken from the later one."""
    sizes = {**before.get("sizes", {}), **now.get("sizes", {})}
    took = before.get("took", 0.0) + now["took"]
    ordered = {size: sizes[size] for size in sorted(sizes, key=int)}
    return {**before, **now, **({"sizes": ordered} if ordered else {}), "took": took}


def write(results: Mapping[str, Any], folder: Path) -> None:
    """Write both files."""
    folder.mkdir(parents=True, exist_ok=True)
    shown = [
        {
            "name": figure.name,
            "unit": figure.unit,
            "bar": figure.bar,
            "goal": figure.goal,
            "measured": figure.measured if figure.measured is None else float(f"{figure.measured:.4g}"),
            "reached": figure.verdict,
        }
        for figure in figures(results)
    ]
    whole = {**results, "schema": SCHEMA, "figures": shown}
    (folder / "figures.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    (folder / "results.md").write_text(text(results), encoding="utf-8")


def text(results: Mapping[str, Any]) -> str:
    """`results.md`."""
    parts = ["# What `make bench` measured", ""]
    parts += [f"- {line}" for line in results["machine"]["lines"]]
    parts += [f"- load average {results['load_after']:.1f} when it ended, after {results['took'] / 60:.0f} minutes", ""]
    parts += _table(("figure", "bar", "goal", "measured", "reaches"), [_row(figure) for figure in figures(results)])
    parts.append("")
    if results.get("sizes"):
        parts += ["## Whole commands", "", *_commands(results["sizes"])]
        parts += ["", "## Stages of `prove`, in one process", "", *_stages(results["sizes"])]
        parts += ["", "![stages](stages.svg)", "", "![time per trade](per-trade.svg)", ""]
    if results.get("ledger"):
        ledger = results["ledger"]
        parts += [f"## Ledger alone, {ledger['trades']:,} trades", ""]
        parts += _table(("method", "seconds"), [(name, f"{s:.2f}") for name, s in ledger["seconds"].items()])
        parts.append("")
    if results.get("compile"):
        cold = results["compile"]
        parts += [
            "## First run",
            "",
            (
                f"With an empty kernel cache `commit` took {cold['commit']:.1f} s and `prove` {cold['prove']:.1f} s "
                f"({cold['trades']:,} trades); with kernels cached {cold['commit_cached']:.1f} s and "
                f"{cold['prove_cached']:.1f} s. While it compiled, it said:"
            ),
            "",
            *(f"    {line}" for line in cold["said"]),
            "",
        ]
    return "\n".join([*parts, "## Notes", "", NOTES])


def table(shown: Sequence[Figure]) -> str:
    """The figures for a terminal."""
    rows = [("figure", "bar", "goal", "measured", "reaches"), *map(_row, shown)]
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    return "\n".join(
        f"{row[0]:<{widths[0]}}  " + "  ".join(f"{row[i]:>{widths[i]}}" for i in range(1, 5)) for row in rows
    )


def _row(figure: Figure) -> tuple[str, ...]:
    def shown(value: float | None) -> str:
        if value is None:
            return ""
        number = f"{value:.0f}" if value >= 100 else f"{value:.3g}"
        return f"{number} {figure.unit}".rstrip()

    return figure.name, shown(figure.bar), shown(figure.goal), shown(figure.measured), figure.verdict


def _commands(sizes: Mapping[str, Any]) -> list[str]:
    head = (
        "trades",
        "rows",
        "commit",
        "prove",
        "processor",
        "of it kernel",
        "peak memory",
        "verify",
        "package",
        "preset",
        "load",
    )
    rows = []
    for trades, size in sizes.items():
        proof, prove = size["one_process"], size["prove"]
        rows.append(
            (
                f"{int(trades):,}",
                f"2^{proof['log_rows']}",
                f"{size['commit']['seconds']:.2f} s",
                f"{prove['seconds']:.2f} s",
                f"{prove['user'] + prove['system']:.2f} s",
                f"{prove['system']:.2f} s",
                f"{prove['memory'] / 1e9:.2f} GB",
                f"{size['verify']['seconds']:.2f} s",
                f"{proof['package'] / 1e3:.0f} kB",
                proof["preset"],
                f"{size['load']:.1f}",
            )
        )
    return _table(head, rows)


def _stages(sizes: Mapping[str, Any]) -> list[str]:
    by_size = {trades: size["one_process"] for trades, size in sizes.items()}
    rows = [(name, *(f"{grouped(one)[name]:.3f} s" for one in by_size.values())) for name, _ in GROUPS]
    rows.append(("**all**", *(f"**{sum(grouped(one).values()):.3f} s**" for one in by_size.values())))
    for label, part in (("bare extending", "extend"), ("bare hashing", "hash")):
        rows.append((label, *(f"{one['bare'][part]:.3f} s" for one in by_size.values())))
    rows.append(("proving / bare work", *(f"{one['proving'] / one['bare']['all']:.2f}" for one in by_size.values())))
    rows.append(("peak memory", *(f"{one['memory'] / 1e9:.2f} GB" for one in by_size.values())))
    return _table(("stage", *(f"{int(trades):,} trades" for trades in by_size)), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]

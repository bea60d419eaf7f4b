"""Every form of export, cut and joined: overlapping exports and the order of files change nothing, no coin is lost.

The exports are those of the golden folders. Each is cut between two of its times into two files that overlap, which
are then imported in both orders: the trades are those of the whole, whatever the form.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.golden.test_golden_imports import FOLDERS, exports, imported
from zkharvest.trades.csv_in import load_trades
from zkharvest.trades.importers.detect import FORMATS
from zkharvest.trades.importers.table import read_table
from zkharvest.trades.model import Trade

WHOLE = [path for path in FOLDERS if (path / "trades.txt").exists()]


def bare(path: Path) -> list[Trade]:
    """The trades without the places that told them."""
    return sorted((replace(one, origin="", line=0) for one in load_trades(path)), key=lambda one: (one.time, one.id))


def halves(path: Path) -> tuple[str, str] | None:
    """The file as two that overlap, cut where the time changes; None where it has too few times or is not a CSV."""
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix != ".csv" or "\n" not in text:
        return None
    table = read_table(path, FORMATS, None)
    lines = text.splitlines(keepends=True)
    times = [row.get(table.format.when) for row in table.rows]
    cuts = [n for n in range(1, len(times)) if times[n] != times[n - 1] and not set(times[:n]) & set(times[n:])]
    if not cuts:
        return None
    first, last = cuts[0], cuts[-1]
    head = "".join(lines[: table.rows[0].line - 1])
    until = "".join(lines[table.rows[0].line - 1 : table.rows[last].line - 1])
    onward = "".join(lines[table.rows[first].line - 1 :])
    return head + until, head + onward


@pytest.mark.parametrize("folder", WHOLE, ids=lambda path: path.name)
def test_overlapping_exports_and_their_order_change_nothing(folder: Path, tmp_path: Path) -> None:
    expect = json.loads((folder / "expect.json").read_text())
    parts: list[str] = []
    for path in exports(folder):
        cut = halves(path)
        for n, text in enumerate(cut or (path.read_text(encoding="utf-8-sig"),)):
            name = f"{path.stem}-{n}{path.suffix}"
            (tmp_path / name).write_text(text)
            parts.append(name)
    for extra in folder.iterdir():  # prices; a manual file and --skip name lines, which the cut moves
        if extra.name.startswith("prices"):
            (tmp_path / extra.name).write_text(extra.read_text())
    if {"manual.csv", "--skip"} & set(expect.get("args", [])):
        return
    made = []
    for files in (parts, parts[::-1]):
        target = tmp_path / f"made{len(made)}.out"
        code, said = imported(tmp_path, files, expect.get("args", []), target)
        assert code == 0, said
        made.append(target)
    assert made[0].read_bytes() == made[1].read_bytes()
    whole = tmp_path / "whole.out"
    whole.write_bytes((folder / "trades.txt").read_bytes())
    assert bare(made[0]) == bare(whole)

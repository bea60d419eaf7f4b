"""One record of an export, with the place of each cell for errors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_SINGLE = 8  # rows whose places are told one by one


@dataclass(slots=True)
class Row:
    """One record: cells by column name, with the place of each for errors."""

    file: str
    line: int
    cells: dict[str, str]
    headings: dict[str, str]
    label: str = ""  # the file's name among those of the import, without folders where it can be

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def get(self, column: str) -> str:
        """The cell, or nothing where this variant of the export has no such column."""
        return self.cells.get(column, "")

    def where(self, column: str = "") -> str:
        place = f"{self.file}:{self.line}"
        return f"{place}:{self.headings.get(column, column)}" if column else place

    @property
    def place(self) -> str:
        """`file:line` without folders: how `--skip`, a manual row's `origin` and the notes name the row."""
        return f"{self.label}:{self.line}"


def file_label(path: str) -> str:
    """The name of a file without its folders."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def file_labels(paths: Iterable[str]) -> dict[str, str]:
    """A name for each path: the last parts of it that no other path ends in (kraken.csv, or 2024_kraken.csv)."""
    parts = {path: path.replace("\\", "/").strip("/").split("/") for path in paths}
    labels: dict[str, str] = {}
    for path, own in parts.items():
        others = [other for name, other in parts.items() if name != path]
        length = next((n for n in range(1, len(own)) if all(other[-n:] != own[-n:] for other in others)), len(own))
        labels[path] = "_".join(part for part in own[-length:] if part not in ("", ".", ".."))
    return labels


def places(rows: Sequence[Row]) -> str:
    """`file:line` of each row, joined by `;`; beyond eight rows, lines that follow one another as `file:2-9`."""
    if len(rows) <= _SINGLE:
        return ";".join(dict.fromkeys(row.place for row in rows))
    return ";".join(f"{label}:{lines}" for label, spans in lines_of(rows).items() for lines in spans.split(","))


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of each run of numbers that follow one another."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def by_hand(*rows: Row, instead: str = "") -> str:
    """The way out for rows that the import cannot read: what to write, and where."""
    what = instead or "write what it did"
    skip = " ".join(f"--skip {label}:{lines}=REASON" for label, lines in lines_of(rows).items())
    it = "it" if len({row.place for row in rows}) == 1 else "them"
    return f'{what} into a --manual file, with "{places(rows)}" in its origin column; or leave {it} out with {skip}'


def lines_of(rows: Iterable[Row]) -> dict[str, str]:
    """The lines of each file, as `--skip` takes them: 2,5-9."""
    lines: dict[str, set[int]] = {}
    for row in rows:
        lines.setdefault(row.label, set()).add(row.line)
    spans = {label: _runs(sorted(numbers)) for label, numbers in lines.items()}
    return {
        label: ",".join(f"{first}" if first == last else f"{first}-{last}" for first, last in runs)
        for label, runs in spans.items()
    }

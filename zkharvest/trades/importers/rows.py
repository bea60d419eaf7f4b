"""One record of an export, with the place of each cell for errors."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One record: cells by column name, with the place of each for errors."""

    file: str
    line: int
    cells: dict[str, str]
    headings: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def get(self, column: str) -> str:
        """The cell, or nothing where this variant of the export has no such column."""
        return self.cells.get(column, "")

    def where(self, column: str = "") -> str:
        place = f"{self.file}:{self.line}"
        return f"{place}:{self.headings.get(column, column)}" if column else place

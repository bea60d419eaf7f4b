"""Exports written to files and imported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zkharvest.errors import InputError
from zkharvest.trades.csv_in import trades_from_text
from zkharvest.trades.csv_out import trades_to_text
from zkharvest.trades.importers import ImportResult, import_exports


class Bring:
    """Imports texts as files named a.csv, b.csv ...; every result must be a valid canonical CSV."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *texts: str, prices: str | None = None, **options: Any) -> ImportResult:
        paths = []
        for name, text in zip("abcdef", texts, strict=False):
            path = self.folder / f"{name}.csv"
            path.write_bytes(text.encode())
            paths.append(path)
        if prices is not None:
            options["prices"] = self.folder / "prices.csv"
            options["prices"].write_text(prices)
        result = import_exports(paths, **options)
        text = trades_to_text(result.trades)
        assert trades_from_text(text, "t.csv") == result.trades
        return result

    def rows(self, *texts: str, **options: Any) -> list[str]:
        """The canonical rows."""
        return trades_to_text(self(*texts, **options).trades).splitlines()[1:]

    def notes(self, *texts: str, **options: Any) -> list[str]:
        return [note.replace(f"{self.folder}/", "") for note in self(*texts, **options).notes]

    def problems(self, *texts: str, **options: Any) -> list[str]:
        """`where: message` of each problem; each has a remedy."""
        with pytest.raises(InputError) as caught:
            self(*texts, **options)
        assert all(problem.hint for problem in caught.value.problems)
        return [f"{p.where}: {p.message}".replace(f"{self.folder}/", "") for p in caught.value.problems]

    def hints(self, *texts: str, **options: Any) -> list[str]:
        with pytest.raises(InputError) as caught:
            self(*texts, **options)
        return [p.hint.replace(f"{self.folder}/", "") for p in caught.value.problems]


@pytest.fixture
def bring(tmp_path: Path) -> Bring:
    return Bring(tmp_path)

"""Exports written to files and imported."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from zkharvest.errors import InputError, Problem
from zkharvest.trades.csv_in import trades_from_text
from zkharvest.trades.csv_out import trades_to_text
from zkharvest.trades.importers import Answers, ImportResult, import_exports

OLD = ("time", "source", "id", "kind", "asset", "quantity", "amount", "fee", "to", "lots")  # columns that tests compare
_ANSWERS = set(Answers.__dataclass_fields__)

_SKIP = re.compile(r"--skip (\S+?:[0-9][0-9,-]*)=")


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
            (self.folder / "prices.csv").write_text(prices)
            options["prices"] = [self.folder / "prices.csv"]
        if "manual" in options:
            (self.folder / "manual.csv").write_text(options["manual"])
            options["manual"] = [self.folder / "manual.csv"]
        answers = Answers(**{name: options.pop(name) for name in _ANSWERS & options.keys()})
        result = import_exports(paths, answers=answers, **options)
        text = trades_to_text(result.trades)
        assert trades_from_text(text, "t.csv") == result.trades
        return result

    def rows(self, *texts: str, **options: Any) -> list[str]:
        """The canonical rows, in the columns of `OLD`."""
        made = csv.DictReader(trades_to_text(self(*texts, **options).trades).splitlines())
        return [",".join(row[column] for column in OLD) for row in made]

    def table(self, *texts: str, columns: str, **options: Any) -> list[str]:
        """The canonical rows, in these columns."""
        made = csv.DictReader(trades_to_text(self(*texts, **options).trades).splitlines())
        return [" ".join(row[column] for column in columns.split()) for row in made]

    def notes(self, *texts: str, **options: Any) -> list[str]:
        return [note.replace(f"{self.folder}/", "") for note in self(*texts, **options).notes]

    def problems(self, *texts: str, **options: Any) -> list[str]:
        """`where: message` of each problem; each has a remedy."""
        with pytest.raises(InputError) as caught:
            self(*texts, **options)
        assert all(problem.hint for problem in caught.value.problems)
        self._leave_out(caught.value.problems, texts, options)
        return [f"{p.where}: {p.message}".replace(f"{self.folder}/", "") for p in caught.value.problems]

    def _leave_out(self, problems: Sequence[Problem], texts: tuple[str, ...], options: dict[str, Any]) -> None:
        """Follows every `--skip FILE:LINE=REASON` of the hints: no row that it names may be refused again.

        Rows that were read with them (the other legs of a trade) may be refused now; their hints are followed too,
        until the import succeeds or nothing is left to skip.
        """
        skipped: dict[str, str] = {}
        while named := {place for problem in problems for place in _SKIP.findall(problem.hint)}:
            again = named & skipped.keys()
            assert not again, f"a row is refused although it was left out as its hint says: {sorted(again)}"
            skipped |= dict.fromkeys(named, "followed")
            more = [f"{place}={reason}" for place, reason in skipped.items()]
            try:
                self(*texts, **{**options, "skip": [*options.get("skip", ()), *more]})
            except InputError as error:
                problems = error.problems
            else:
                return

    def hints(self, *texts: str, **options: Any) -> list[str]:
        with pytest.raises(InputError) as caught:
            self(*texts, **options)
        return [p.hint.replace(f"{self.folder}/", "") for p in caught.value.problems]


@pytest.fixture
def bring(tmp_path: Path) -> Bring:
    return Bring(tmp_path)

"""Exports whose rows each stand for themselves: read by a map, a TOML file, and no code.

`form` says what a map holds, `reading` applies one, `proposing` makes one from the header of an unknown export. The
shipped maps (`maps/*.toml`) and those of the user (`--map FILE`) have one form.
"""

from __future__ import annotations

from functools import cache, partial
from importlib import resources
from pathlib import Path

from zkharvest.trades.csv_in import read_text
from zkharvest.trades.importers.mapped.form import EITHER, parse
from zkharvest.trades.importers.mapped.reading import read
from zkharvest.trades.importers.table import Format

_MAPS = resources.files("zkharvest.trades.importers") / "maps"


@cache
def shipped() -> tuple[Format, ...]:
    """The formats of the shipped maps."""
    files = sorted((file for file in _MAPS.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return tuple(load_map(file.read_text(encoding="utf-8"), file.name) for file in files)


def user_map(path: str | Path) -> Format:
    """The format of a user's map file. Raises `InputError` with every problem of it."""
    return load_map(read_text(path), str(path))


def load_map(text: str, file: str) -> Format:
    """The format that a map describes. Raises `InputError` with every problem of it."""
    made, header = parse(text, file)
    return Format(
        header.name,
        header.title,
        header.source,
        header.required,
        partial(read, made),
        optional=header.optional,
        overlaps=header.overlaps,
        when=made.time[0],
        zone=made.zone,
        order="" if made.order in EITHER else made.order,
        blank=header.blank,
        comma=header.comma,
        balance=header.balance,
    )

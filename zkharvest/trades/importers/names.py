"""One coin has one name: aliases of coins by venue, the renames and migrations that are known, and wrapped forms.

The tables are data (`data/*.toml`); every row names its source, and those that are shipped say what of them was checked
against it. A file of the user's own in the same form (`--aliases FILE`) adds rows and takes precedence.

* An **alias** is another spelling of the same coin at the same time: XXBT and XBT for BTC, ZUSD for USD.
* A **rename** is an event: from a day on, a coin continues as another at a ratio (MATIC to POL, 1 for 1). Basis and
  date of acquisition go on, so it becomes a `convert` row where an export tells of it, or where it must have happened.
* A **token** is a contract on a chain: what it is called here, whatever symbol a contract of another address claims.
* A **wrapped** coin is redeemed 1 for 1: WETH, or a coin that a bridge brought to another chain.
* A **receipt** stands for coins that were staked, lent or put into a pool. Whether it is another thing, so that coins
  are disposed of for it, is a policy that the user states.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from zkharvest.errors import InputError, Problem
from zkharvest.trades.csv_in import read_text
from zkharvest.trades.model import Trade
from zkharvest.trades.text import TextError, check_name, instant, parse_quantity, quoted

ANY = "*"  # what shares of a pool stand for
_TABLES = {"alias", "rename", "wrapped", "token", "receipt"}
_DATA = resources.files("zkharvest.trades.importers") / "data"


@dataclass(frozen=True, slots=True)
class Rename:
    """`old` coins continue as `new` from `time` (Unix milliseconds) on: `gives` of the new for every `takes`."""

    old: str
    new: str
    takes: int
    gives: int
    time: int
    source: str


@dataclass(frozen=True, slots=True)
class Names:
    """The tables of one import. `aliases`: (venue or "", name in capitals) to the coin's name."""

    aliases: Mapping[tuple[str, str], str]
    renames: tuple[Rename, ...]
    wrapped: Mapping[str, str]  # the wrapped form of a coin to the coin
    tokens: Mapping[tuple[str, str], str]  # chain and contract to the coin's name
    receipts: Mapping[str, str]  # name of a receipt in capitals to the coin that it stands for, or ANY

    def coin(self, asset: str, venue: str = "") -> str:
        """The usual name of an asset as `venue` writes it."""
        name = self.aliases.get((venue, asset)) if venue else None
        return name or self.aliases.get(("", asset), asset)

    def rename(self, old: str, new: str) -> Rename | None:
        """The known rename of one coin into another, if there is one."""
        return next((one for one in self.renames if (one.old, one.new) == (old, new)), None)

    def is_wrapping(self, one: str, other: str) -> bool:
        """Whether one of the two is the wrapped form of the other."""
        return self.wrapped.get(one) == other or self.wrapped.get(other) == one

    def is_receipt(self, one: str, other: str) -> bool:
        """Whether one of the two is a receipt for the other, or for its wrapped form, or a share of a pool."""
        return self._stands_for(one, other) or self._stands_for(other, one)

    def _stands_for(self, receipt: str, coin: str) -> bool:
        of = self.receipts.get(receipt.partition("-0x")[0].upper(), "")
        return bool(of) and (of in (ANY, coin) or self.is_wrapping(of, coin))

    def token(self, chain: str, contract: str) -> str | None:
        """The name of a contract on a chain, if it is known."""
        return self.tokens.get((chain, _address(contract)))

    def symbols(self, chain: str) -> frozenset[str]:
        """The names that known contracts of a chain have."""
        return frozenset(name for (where, _), name in self.tokens.items() if where == chain)


def load_names(path: str | Path | None = None) -> Names:
    """The shipped tables with those of a user's file before them. Raises `InputError` with every problem of it."""
    shipped = _shipped()
    if path is None:
        return shipped
    return _joined([shipped, _parse(read_text(path), str(path))])


@cache
def _shipped() -> Names:
    files = sorted((file for file in _DATA.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return _joined([_parse(file.read_text(encoding="utf-8"), file.name) for file in files])


def _joined(tables: Iterable[Names]) -> Names:
    """All tables in one; what a later one says goes before."""
    names = Names({}, (), {}, {}, {})
    for table in tables:
        names = Names(
            {**names.aliases, **table.aliases},
            (*table.renames, *names.renames),
            {**names.wrapped, **table.wrapped},
            {**names.tokens, **table.tokens},
            {**names.receipts, **table.receipts},
        )
    return names


def _parse(text: str, file: str) -> Names:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError.one(file, f"is not TOML: {error}", "mend the file at that place") from None
    problems = [
        Problem(file, f"{quoted(word)} is not a table", f"the tables are {', '.join(sorted(_TABLES))}")
        for word in sorted(table.keys() - _TABLES)
    ]
    aliases: dict[tuple[str, str], str] = {}
    wrapped: dict[str, str] = {}
    renames: list[Rename] = []
    tokens: dict[tuple[str, str], str] = {}
    receipts: dict[str, str] = {}
    for n, row in _rows(table, "alias", file, problems):
        where = f"{file}: alias {n}"
        if _fields(row, where, problems, {"name", "coin", "source", "date"}, {"venue", "checked"}):
            aliases[str(row.get("venue", "")), str(row["name"])] = str(row["coin"])
    for n, row in _rows(table, "wrapped", file, problems):
        if _fields(row, f"{file}: wrapped {n}", problems, {"name", "coin", "source", "date"}, {"checked"}):
            wrapped[str(row["name"])] = str(row["coin"])
    for n, row in _rows(table, "token", file, problems):
        if _fields(row, f"{file}: token {n}", problems, {"chain", "contract", "name", "source"}, {"checked"}):
            tokens[str(row["chain"]), _address(str(row["contract"]))] = str(row["name"])
    for n, row in _rows(table, "receipt", file, problems):
        if _fields(row, f"{file}: receipt {n}", problems, {"name", "of", "source"}, {"checked"}):
            receipts[str(row["name"]).upper()] = str(row["of"])
    for n, row in _rows(table, "rename", file, problems):
        where = f"{file}: rename {n}"
        if not _fields(row, where, problems, {"old", "new", "ratio", "date", "source"}, {"checked"}):
            continue
        takes, _, gives = str(row["ratio"]).partition(":")
        try:
            ratio = parse_quantity(takes), parse_quantity(gives)
        except TextError:
            problems.append(
                Problem(where, f"{quoted(str(row['ratio']))} is not a ratio", "write old:new, such as 1:60")
            )
            continue
        year, month, day = map(int, str(row["date"]).split("-"))
        time = instant(year, month, day)
        renames.append(Rename(row["old"], row["new"], *ratio, time, row["source"]))
    if problems:
        raise InputError(problems)
    return Names(aliases, tuple(renames), wrapped, tokens, receipts)


def _address(contract: str) -> str:
    """A contract's address as tables are keyed by it: those of hexadecimal digits in any letter case."""
    return contract.lower() if contract[:2].lower() == "0x" else contract


def _rows(table: dict[str, Any], word: str, file: str, problems: list[Problem]) -> Iterable[tuple[int, dict[str, Any]]]:
    rows = table.get(word, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        problems.append(Problem(file, f"{word} is not a list of tables", f"write [[{word}]] before each"))
        return []
    return enumerate(rows, 1)


def _fields(row: dict[str, Any], where: str, problems: list[Problem], needed: set[str], more: set[str]) -> bool:
    """Whether a row has what it needs: names that the ledger takes, a day and a source."""
    before = len(problems)
    problems.extend(
        Problem(where, f"{word} is missing", "every row states it; source says where it is published")
        for word in sorted(needed - row.keys())
    )
    fields = ", ".join(sorted(needed | more))
    problems.extend(
        Problem(where, f"{quoted(word)} is not a field", f"the fields are {fields}")
        for word in sorted(row.keys() - needed - more)
    )
    for word in sorted(row.keys() & {"name", "coin", "old", "new", "of", "chain"}):
        try:
            check_name(str(row[word]))
        except TextError as error:
            problems.append(Problem(where, f"{word}: {error.reason}", error.hint))
    if "date" in row:
        try:
            instant(*map(int, str(row["date"]).split("-")))
        except (ValueError, TypeError):
            problems.append(Problem(where, f"{quoted(str(row['date']))} is not a day", "write YYYY-MM-DD"))
    return len(problems) == before


def two_names(trades: Iterable[Trade], names: Names, file: str) -> list[Problem]:
    """A problem for each coin that canonical trades call by two of its names: their lots would not meet."""
    first: dict[str, Trade] = {}
    for trade in trades:
        first.setdefault(trade.asset, trade)
    problems = []
    for asset, trade in first.items():
        usual = names.coin(asset, trade.source.partition(":")[0])
        if usual != asset and usual in first:
            message = f"{quoted(asset)} is another name of {quoted(usual)}, which the file has too"
            problems.append(Problem(f"{file}:{trade.line}:asset", message, f"write {usual} in all rows"))
    return problems

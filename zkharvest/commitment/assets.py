"""Canonical asset ids: what a committed record calls a coin, so that one coin has one name at every venue.

    slip44:N                    a native coin, by its registered coin type, on whatever chain it lies (SLIP-0044)
    CHAIN/STANDARD:REFERENCE    a token on its chain of issue (CAIP-19), such as eip155:1/erc20:0xa0b8...
    iso4217:CODE                money
    venue:VENUE/INSTRUMENT      what only that venue lists: a derivative, or a coin that the table does not have

The shipped table (`data/assets.toml`, named "asset/1" in a page's header) gives the ids of the usual symbols; every
section names its source. It is frozen: rows are added under a new name of the table, never changed.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from zkharvest.errors import InputError, Problem
from zkharvest.trades.csv_in import read_text
from zkharvest.trades.importers.names import Names
from zkharvest.trades.model import Trade
from zkharvest.trades.text import TextError, check_name, quoted

TABLE = "asset/1"
"""The name of the shipped table."""

MAX_ID = 320
"""Bytes of an asset id."""

CODE_LANES = 4

_NATIVE = re.compile(r"slip44:(?:0|[1-9][0-9]{0,9})", re.ASCII)
_CAIP19 = re.compile(r"[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}/[-a-z0-9]{3,8}:[-.%a-zA-Z0-9]{1,128}", re.ASCII)
_MONEY = re.compile(r"iso4217:[A-Z]{3}", re.ASCII)
_VENUE = re.compile(r"venue:([^/]+)/(.+)")


@cache
def shipped() -> Mapping[str, str]:
    """Symbol to id, of the shipped table."""
    text = (resources.files("zkharvest.commitment") / "data" / "assets.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    ids = {symbol: f"slip44:{number}" for symbol, number in table["native"].items()}
    ids |= {symbol: f"eip155:1/erc20:{address}" for symbol, address in table["erc20"].items()}
    return MappingProxyType(ids | {code: f"iso4217:{code}" for code in table["money"]["codes"]})


@cache
def _symbols() -> Mapping[str, str]:
    return MappingProxyType({name: symbol for symbol, name in shipped().items()})


def symbol_of(name: str) -> str:
    """What people call an asset: the shipped table's symbol of its id, else the id. No two assets share one."""
    return _symbols().get(name, name)


def load_assets(path: str | Path | None = None) -> Mapping[str, str]:
    """The shipped table with the rows of a venue's own file: TOML, `[assets]` with `SYMBOL = "id"`.

    Raises InputError with every problem of the file, also where it names a symbol of the shipped table otherwise.
    """
    if path is None:
        return shipped()
    try:
        table = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError.one(str(path), f"is not TOML: {error}", "mend the file at that place") from None
    rows = table.get("assets")
    if set(table) != {"assets"} or not isinstance(rows, dict):
        hint = '[assets], and below it SYMBOL = "id" for each asset'
        raise InputError.one(str(path), "is not a table of assets", hint)
    ids, problems = dict(shipped()), []
    for symbol, text in rows.items():
        try:
            name = normal_id(check_name(symbol) and str(text))
        except (TextError, ValueError) as error:
            hint = "the forms are slip44:N, CHAIN/STANDARD:REFERENCE (CAIP-19), iso4217:CODE, venue:VENUE/INSTRUMENT"
            problems.append(Problem(f"{path}: {symbol}", str(error).partition("\n")[0], hint))
            continue
        if shipped().get(symbol, name) != name:
            message = f"{quoted(symbol)} is {shipped()[symbol]} in {TABLE}, not {name}"
            problems.append(Problem(f"{path}: {symbol}", message, "call the other asset by its id"))
        ids[symbol] = name
    if problems:
        raise InputError(problems)
    return MappingProxyType(ids)


def asset_id(name: str, venue: str, assets: Mapping[str, str]) -> str:
    """The canonical id of what a venue calls `name`: an id as it stands, a listed symbol's, else the venue's own."""
    if name in assets:
        return assets[name]
    try:
        return normal_id(name)
    except ValueError:
        return f"venue:{venue}/{name}"


def two_spellings(trades: Iterable[Trade], names: Names, assets: Mapping[str, str]) -> list[Problem]:
    """A problem for each coin that rows call by two names of one id.

    Pages hold ids, so their lots meet there; in a ledger of the rows they do not, and figures differ.
    """
    first: dict[str, str] = {}
    problems: dict[str, Problem] = {}
    known: dict[tuple[str, str], str] = {}
    for trade in trades:
        venue = trade.source.partition(":")[0]
        for asset in (trade.asset, trade.into):
            if not asset:
                continue
            key = (venue, asset)
            if key not in known:
                known[key] = asset_id(names.coin(asset, venue), venue, assets)
            usual = first.setdefault(known[key], asset)
            if usual != asset and asset not in problems:
                message = f"{quoted(asset)} is another name of {quoted(usual)}, which the file has too: {known[key]}"
                problems[asset] = Problem(f"{trade.where}:asset", message, "write one of the two in all rows")
    return list(problems.values())


def normal_id(text: str) -> str:
    """An asset id in its one form. ValueError if it is not one.

    A native coin keeps its coin type and loses its chain: ether on a second chain is ether. Addresses of EVM chains are
    lower case (EIP-55's capitals are a checksum, not part of the name).
    """
    if _NATIVE.fullmatch(text) or _MONEY.fullmatch(text):
        return text
    if _CAIP19.fullmatch(text):
        chain, _, asset = text.partition("/")
        if asset.startswith("slip44:"):
            return normal_id(asset)
        return f"{chain}/{asset.lower()}" if chain.startswith("eip155:") else text
    if (own := _VENUE.fullmatch(text)) and len(text.encode()) <= MAX_ID:
        for part in own.groups():
            check_name(part)
        return text
    raise ValueError(f"{quoted(text)} is not an asset id")


@lru_cache(maxsize=65536)
def id_code(name: str) -> tuple[int, int, int, int]:
    """Four lanes that stand for an asset id in a record: three of 24 bits, which order the pools, and one of 30.

    102 bits: to find another name with the code of a listed coin takes 2^102 hashes; two names of one's own choosing
    that collide gain nothing over giving both assets one name.
    """
    digest = hashlib.sha256(b"zkharvest/asset/v2\0" + name.encode()).digest()
    first, second, third = (int.from_bytes(digest[3 * i : 3 * i + 3], "little") for i in range(3))
    return first, second, third, int.from_bytes(digest[9:13], "little") & 0x3FFFFFFF

"""Form 1099-DA as a CSV file: what a broker reported of each sale.

Columns are known by the number of the box (`1f`, `box 1f`), by the field names of FDX `DigitalAssetDetail` 6.x
(`proceeds`, `dateOfSale`), and by those of common exports (`disposed_date`, `cost_basis`). Needed are the asset, the
units, the day of sale and the proceeds; everything else may be missing. Other columns are passed over.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from zkharvest.errors import InputError, Problem
from zkharvest.trades.csv_in import read_text, records
from zkharvest.trades.text import TextError, parse_money, parse_quantity, quoted

_NAMES: Mapping[str, tuple[str, ...]] = {
    "broker": ("broker", "filer", "payer", "source", "account", "accountid", "accountnumber", "exchange"),
    "asset": ("asset", "symbol", "assetsymbol", "ticker"),
    "name": ("1b", "digitalassetname", "assetname", "name", "description"),
    "units": ("1c", "units", "quantity", "assetquantity", "numberofunits"),
    "acquired": ("1d", "dateacquired", "acquireddate"),
    "sold": ("1e", "dateofsale", "datesold", "disposeddate", "datesoldordisposed"),
    "proceeds": ("1f", "proceeds"),
    "basis": ("1g", "costbasis", "basis", "costorotherbasis"),
    "wash": ("1i", "washsalelossdisallowed", "washsaleloss", "washsale"),
    "basis_reported": ("2", "basisreported", "basisreportedtoirs"),
    "gross_or_net": ("3a", "proceedstype", "grossornet", "grossproceedsindicator"),
    "term": ("6", "gainlossclassification", "term", "longorshort", "gainorloss"),
    "noncovered": ("9", "noncovered", "noncoveredsecurity", "isnoncoveredsecurity"),
    "box": ("checkboxonform8949", "applicablecheckbox", "applicablecheckboxonform8949", "ac", "form8949code"),
}
_NEEDED = ("units", "sold", "proceeds")
_YES = frozenset({"x", "y", "yes", "true", "1", "checked"})
_NO = frozenset({"", "n", "no", "false", "0", "unchecked"})
_TERMS = {"s": "short", "st": "short", "short": "short", "shortterm": "short",
          "l": "long", "lt": "long", "long": "long", "longterm": "long",
          "o": "ordinary", "ordinary": "ordinary", "": ""}  # fmt: skip
_COMMON = {
    "bitcoin": "BTC", "ether": "ETH", "ethereum": "ETH", "solana": "SOL", "polkadot": "DOT", "cardano": "ADA",
    "litecoin": "LTC", "dogecoin": "DOGE", "xrp": "XRP", "ripple": "XRP", "tether": "USDT", "usd coin": "USDC",
    "chainlink": "LINK", "avalanche": "AVAX", "stellar": "XLM", "bitcoin cash": "BCH", "cosmos": "ATOM",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BrokerSale:
    """One row of a 1099-DA. Money in 10^-8, units in 10^-18; `basis` is None where box 1g is empty."""

    where: str
    broker: str
    asset: str
    units: int
    acquired: date | None
    sold: date
    proceeds: int
    basis: int | None
    wash: int
    basis_reported: bool
    gross: bool | None
    term: str


def read_1099da(path: str | Path) -> list[BrokerSale]:
    """The rows of a 1099-DA file. Raises InputError with every problem of it."""
    text = read_text(path)
    delimiter = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    try:
        table = list(records(text, delimiter))
    except csv.Error as error:
        raise InputError.one(str(path), f"is not a CSV file: {error}", "export it again") from None
    if not table:
        raise InputError.one(str(path), "is empty", "its first line names the boxes")
    (line, header), *rows = table
    places = _places(f"{path}:{line}", header)
    problems: list[Problem] = []
    sales: list[BrokerSale] = []
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        where = f"{path}:{line}"
        if len(cells) < len(header):
            problems.append(Problem(where, f"has {len(cells)} cells, the header has {len(header)}", "export it again"))
            continue
        values = {name: cells[place].strip() for name, place in places.items()}
        sale = _sale(where, values, problems)
        if sale is not None:
            sales.append(sale)
    if problems:
        raise InputError(problems)
    return sales


def _places(where: str, header: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, title in enumerate(header):
        key = re.sub(r"[^a-z0-9]", "", title.lower()).removeprefix("box")
        for name, spellings in _NAMES.items():
            if key in spellings and name not in found:
                found[name] = place
    missing = [name for name in _NEEDED if name not in found]
    missing += [] if "asset" in found or "name" in found else ["asset"]
    if missing:
        hints = ", ".join(f"{name} ({' or '.join(_NAMES[name][:2])})" for name in missing)
        raise InputError.one(where, f"the header lacks {', '.join(missing)}", f"name the columns: {hints}")
    return found


def _sale(where: str, values: Mapping[str, str], problems: list[Problem]) -> BrokerSale | None:
    before = len(problems)

    def take(name: str, read: Callable[[str], Any], empty: Any) -> Any:
        text = values.get(name, "")
        if not text:
            return empty
        try:
            return read(text)
        except TextError as error:
            problems.append(Problem(f"{where}:{name}", error.reason, error.hint))
            return empty

    units = take("units", lambda text: parse_quantity(text.replace(",", "")), 0)
    sold = take("sold", _day, None)
    proceeds = take("proceeds", _money, 0)
    basis = take("basis", _money, None)
    box = values.get("box", "").upper()
    term = take("term", _term, "") or {"G": "short", "H": "short", "J": "long", "K": "long"}.get(box, "")
    reported = take("basis_reported", _flag, box in ("G", "J"))
    noncovered = take("noncovered", _flag, False)
    asset = values.get("asset", "") or values.get("name", "")
    for name, lacking in (("units", not units), ("sold", sold is None), ("asset", not asset)):
        if lacking and not values.get(name):
            problems.append(Problem(f"{where}:{name}", "is empty", "every row of a 1099-DA states it"))
    if len(problems) > before or sold is None:
        return None
    kind = values.get("gross_or_net", "").lower()
    return BrokerSale(
        where=where,
        broker=values.get("broker", ""),
        asset=_COMMON.get(asset.lower(), asset),
        units=units,
        acquired=take("acquired", _day_or_various, None),
        sold=sold,
        proceeds=proceeds,
        basis=basis,
        wash=take("wash", _money, 0),
        basis_reported=reported and basis is not None and not noncovered,
        gross=True if kind.startswith("gross") else False if kind.startswith("net") else None,
        term=term,
    )


def _day_or_various(text: str) -> date | None:
    return None if text.lower().startswith("various") else _day(text)


_DAYS = (  # and where year, month and day stand in them
    (r"(\d{4})-(\d{1,2})-(\d{1,2})(?:T.*)?", (0, 1, 2)),
    (r"(\d{1,2})/(\d{1,2})/(\d{4})", (2, 0, 1)),
)


def _day(text: str) -> date:
    for pattern, order in _DAYS:
        if match := re.fullmatch(pattern, text):
            parts = match.groups()
            try:
                return date(*(int(parts[place]) for place in order))
            except ValueError:
                break
    raise TextError(text, "is not a day", "write it as 2025-03-31 or 03/31/2025")


def _money(text: str) -> int:
    bare = text.replace("$", "").replace(",", "").strip()
    if bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1]}"
    return parse_money(bare, signed=True)


def _flag(text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise TextError(text, "is neither checked nor unchecked", "write X or leave it empty")


def _term(text: str) -> str:
    key = re.sub(r"[^a-z]", "", text.lower())
    if key not in _TERMS:
        raise TextError(text, "is not a type of gain", "box 6 is short-term, long-term or ordinary")
    return _TERMS[key]


def describe(sale: BrokerSale) -> str:
    """A sale as a message names it."""
    return f"{sale.where} ({quoted(sale.asset)}, {sale.sold.isoformat()})"

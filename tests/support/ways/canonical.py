"""Refusals of the canonical trades CSV: a cell, row or header that is wrong, and then right."""

from __future__ import annotations

from pathlib import Path

from tests.support.ways.way import Way, write
from zkharvest.errors import InputError
from zkharvest.spec import MAGICS
from zkharvest.trades.csv_in import COLUMNS, load_trades
from zkharvest.trades.model import agreed_currency

_COLUMNS = COLUMNS
_HEAD = ",".join(COLUMNS)
_FIRST = "2024-01-01T00:00:00Z,k,1,buy,BTC,9,900,,USD,,,,,,,,,"
_ROW = dict.fromkeys(_COLUMNS, "") | {
    "time": "2024-02-29T12:00:00Z",
    "source": "k",
    "id": "2",
    "kind": "buy",
    "asset": "BTC",
    "quantity": "1",
    "amount": "100",
    "currency": "USD",
}
_ORDER = "t.csv: in order, 2 trades of 1 source"


def text(*rows: str, head: str = _HEAD) -> str:
    return "\n".join([head, *rows, ""])


def row(**cells: str) -> str:
    return ",".join(f'"{cell}"' if "," in cell else cell for cell in (_ROW | cells).values())


def file(says: str, hint: str, wrong: str, right: str, order: str = _ORDER) -> Way:
    return Way(says, {"t.csv": wrong}, "check t.csv", hint, {"t.csv": right}, "", (order,))


def cell(says: str, hint: str, column: str, wrong: str, right: str = "", **others: str) -> Way:
    """One cell that is wrong; `others` stand beside it in both."""
    good = row(**others, **{column: right or _ROW[column]})
    sources = {"k", (_ROW | others | {column: right})["source"] or "k"}
    order = _ORDER if len(sources) == 1 else _ORDER.replace("1 source", "2 sources")
    return file(says, hint, text(_FIRST, row(**others, **{column: wrong})), text(_FIRST, good), order)


_SELL = {"kind": "sell"}
_MOVE = {"kind": "transfer", "amount": ""}
_BECAME = {"kind": "convert", "amount": ""}

NUMBERS = (
    cell('"0" is zero', "leave the row out", "quantity", "0", "1"),
    cell('"6000000000000000" is too large', "quantities are below", "quantity", "6000000000000000"),
    cell('"200000000000" is too large', "amounts are below", "amount", "200000000000"),
    cell(
        '"0.30000000000000004" looks like an inexact float',
        "export again with exact numbers",
        "quantity",
        "0.30000000000000004",
        "0.3",
    ),
    cell(
        '"0.30000000000000004" looks like an inexact float',
        "if it is exact, write all 18 decimals",
        "quantity",
        "0.30000000000000004",
        "0.300000000000000040",
    ),
    cell(
        '"1.1000000000000001" has 16 decimals; 8 can be held',
        "never through a float",
        "amount",
        "1.1000000000000001",
        "1.1",
    ),
    cell(
        '"1.123456789" has 9 decimals; 8 can be held',
        "give the exact value with at most 8 decimals",
        "amount",
        "1.123456789",
        "1.12345679",
    ),
    cell('"" is empty', "write a decimal number", "quantity", ""),
    cell('" 1" has spaces around it', "remove the spaces", "quantity", " 1"),
    cell('"nan" is not a finite number', "find the value at its source", "quantity", "nan"),
    cell('"-1" is negative', "the kind of the row says the direction", "quantity", "-1"),
    cell('"+1" has a sign', "without the plus sign", "quantity", "+1"),
    cell('"1e-5" is in exponent notation', "write the number in full", "quantity", "1e-5", "0.00001"),
    cell(
        '"1,5" has a thousands separator or a decimal comma', "write it plainly, with a point", "quantity", "1,5", "1.5"
    ),
    cell('"1 BTC" carries a currency or unit', "write the number alone", "quantity", "1 BTC"),
    cell('".5" lacks digits beside the point', "write a digit on both sides", "quantity", ".5", "0.5"),
    cell("is too long", "give the exact value", "quantity", "1." + "0" * 90, "1.0"),
    cell('"1x" is not a decimal number', "write digits", "quantity", "1x"),
)

TIMES = (
    cell("is not a time of the calendar", "hours run to 23", "time", "2024-02-30T12:00:00Z"),
    cell("is out of range", "times run from 1970 to 2527", "time", "1969-02-28T12:00:00Z"),
    cell(
        "is finer than a millisecond",
        "cut it to milliseconds",
        "time",
        "2024-02-29T12:00:00.0001Z",
        "2024-02-29T12:00:00.000Z",
    ),
    cell("has no time zone", "add Z for UTC", "time", "2024-02-29T12:00:00"),
    cell('"" is empty', "write date, time and zone", "time", ""),
    cell("has spaces around it", "remove the spaces", "time", " 2024-02-29T12:00:00Z"),
    cell("is an ambiguous date", "write it as 2024-02-29T12:00:00Z", "time", "02/03/2024 12:00"),
    cell(
        "names its zone in letters", "write Z for UTC", "time", "2024-02-29 12:00:00 CET", "2024-02-29T12:00:00+01:00"
    ),
    cell("is a bare number", "write date, time and zone", "time", "1709208000"),
    cell("has no time of day", "write date, time and zone", "time", "2024-02-29"),
    cell("is not an ISO 8601 time", "write date, time and zone", "time", "12:00"),
    cell("has an unknown zone (-00:00)", "write Z for UTC", "time", "2024-02-29T12:00:00-00:00"),
    cell(
        "has an impossible zone",
        "zones run from -15:59",
        "time",
        "2024-02-29T12:00:00+16:00",
        "2024-02-29T12:00:00+15:00",
    ),
    cell("not a day of the calendar", "write it as 2021-05-03", "acquired", "2021-02-30", "2021-05-03", kind="deposit"),
    cell("is out of range", "dates run from 1970 to 2526", "acquired", "1960-01-01", "1970-01-02", kind="deposit"),
    cell(
        "is later than the row's time",
        "on which the coins were first yours",
        "acquired",
        "2024-05-01",
        "2023-05-01",
        kind="deposit",
    ),
)

WORDS = (
    cell('"" is empty', "every row names its source, id, kind and asset", "id", ""),
    cell("has spaces around it", "remove the spaces", "id", " 2"),
    cell("has two spaces together", "remove one", "id", "2  3", "2 3"),
    cell("has control characters", "remove them", "id", "2\x07"),
    cell("has a character that names cannot have, U+2211", "use letters", "id", "2∑", "2"),
    cell('"2/3" has a / or ;', "use another character", "id", "2/3", "2-3"),
    cell("is longer than 128 bytes", "use a shorter name", "id", "2" * 129, "2" * 128),
    cell("has control characters", "remove them", "ref", "bitcoin:a\x07", "bitcoin:a", kind="withdraw", amount=""),
    cell("has spaces around it", "remove the spaces", "ref", " bitcoin:a", "bitcoin:a", kind="withdraw", amount=""),
    cell("is longer than 256 bytes", "shorten it", "ref", "a" * 257, "a" * 256, kind="withdraw", amount=""),
    cell('"buyy" is not a kind', "did you mean buy? the kinds are", "kind", "buyy"),
    cell('"?" is not a kind', "the kinds are buy", "kind", "?"),
    cell(
        '"stakin" is not a category',
        "did you mean staking? the categories are",
        "category",
        "stakin",
        "staking",
        kind="income",
    ),
    cell('"?" is not a category', "the categories are", "category", "?", "reward", kind="income"),
    cell('"a" is not a lot', "write id:quantity", "lots", "a", "1:1", **_SELL),
    cell('"1" was used for this source in line 2', "give each row of a source its own id", "id", "1"),
    cell('"US$" is not a currency', "such as USD or EUR", "currency", "US$"),
    cell('"btc" is also written "BTC"', "use one spelling", "asset", "btc"),
)

TOGETHER = (
    file(
        't.csv:3:amount: "5" given for transfer',
        "leave it empty",
        text(_FIRST, row(kind="transfer", to="cold", amount="5")),
        text(_FIRST, row(**_MOVE, to="cold")),
    ),
    file(
        "t.csv:3:fee: a transfer carries no fee",
        "as its own spend row",
        text(_FIRST, row(**_MOVE, to="cold", fee="1")),
        text(_FIRST, row(**_MOVE, to="cold"), row(id="3", kind="spend", quantity="0.1", amount="1")),
        _ORDER.replace("2 trades", "3 trades"),
    ),
    cell("is empty", "a transfer names the source it goes to", "to", "", "cold", **_MOVE),
    file(
        't.csv:3:to: "k" is where it came from',
        "leave the row out",
        text(_FIRST, row(**_MOVE, to="k")),
        text(_FIRST),
        _ORDER.replace("2 trades", "1 trade"),
    ),
    file(
        't.csv:3:to: "cold" given for buy',
        "only a transfer has a destination",
        text(_FIRST, row(to="cold")),
        text(_FIRST, row()),
    ),
    cell("is empty", "a convert names the asset that it gives", "into", "", "XYZ", **_BECAME, into_quantity="1"),
    file(
        't.csv:3:into: "BTC" is what was given',
        "leave the row out",
        text(_FIRST, row(**_BECAME, into="BTC", into_quantity="1")),
        text(_FIRST),
        _ORDER.replace("2 trades", "1 trade"),
    ),
    cell("is empty", "how much of the other asset it gives", "into_quantity", "", "1", **_BECAME, into="XYZ"),
    file(
        't.csv:3:into: "XYZ" given for buy',
        "only a convert gives another asset",
        text(_FIRST, row(into="XYZ")),
        text(_FIRST, row()),
    ),
    file(
        "t.csv:3:into_quantity: given for buy",
        "only a convert gives another asset",
        text(_FIRST, row(into_quantity="1")),
        text(_FIRST, row()),
    ),
    file(
        "t.csv:3:acquired: given for buy",
        "only a deposit has a date of its own",
        text(_FIRST, row(acquired="2023-01-01")),
        text(_FIRST, row()),
    ),
    file(
        't.csv:3:category: "staking" given for buy',
        "have a category",
        text(_FIRST, row(category="staking")),
        text(_FIRST, row()),
    ),
    cell("amount and fee together are below zero", "a rebate is negative, a cost is positive", "fee", "-200", "20"),
    cell(
        "amount less fee are below zero",
        "a rebate is negative, a cost is positive",
        "fee",
        "200",
        "20",
        kind="short",
        asset="XYZ",
    ),
    cell(
        "amount less fee are too large", "a rebate is negative", "fee", "-184467440737", "-1", kind="short", asset="XYZ"
    ),
    cell("amount and fee together are too large", "a rebate is negative", "fee", "184467440737", "1"),
    cell("amount and fee together are too large", "check the decimal point", "fee", "184467440737", "1", **_SELL),
    file(
        "t.csv:3:lots: given for buy",
        "only a row that takes lots names them",
        text(_FIRST, row(lots="1:1")),
        text(_FIRST, row()),
    ),
    cell("names a lot twice", "add its quantities up", "lots", "1:0.5;1:0.5", "1:1", **_SELL),
    cell("lots add up to 0.5, the row has 1", "name lots for the whole quantity", "lots", "1:0.5", "1:1", **_SELL),
    file('"EUR" here, "USD" in line 2', "or split the file", text(_FIRST, row(currency="EUR")), text(_FIRST, row())),
    file('is empty here, "USD" in line 2', "stated on every row", text(_FIRST, row(currency="")), text(_FIRST, row())),
    file(
        '"g" has more than 16 rows',
        "give other trades another word",
        text(_FIRST, *(row(id=f"i{n}", group="g") for n in range(17))),
        text(_FIRST, *(row(id=f"i{n}", group="gh"[n // 16]) for n in range(17))),
        _ORDER.replace("2 trades", "18 trades"),
    ),
)

_GOOD = text(_FIRST, row())

FILES = (
    file("is empty", "the first line is time,source,id", "", _GOOD),
    file("is broken at or after this line", "look for a stray quote mark", _GOOD.replace("BTC", '"BTC', 1), _GOOD),
    file("has 17 cells, the header has 18", "leave an empty cell empty, with its comma", _GOOD[:-2] + "\n", _GOOD),
    file("has 1 cells, the header has 18", "separate cells by commas", text(_FIRST, row().replace(",", ";")), _GOOD),
    file("the columns are not separated by commas", "save the file with commas", _GOOD.replace(",", ";"), _GOOD),
    file('"assets" is not a column of the trades CSV', "did you mean asset?", _GOOD.replace("asset", "assets"), _GOOD),
    file('"?" is not a column of the trades CSV', "the columns are time", _GOOD.replace("ref", "?"), _GOOD),
    file("t.csv:1:asset: the column is missing", "add it", _GOOD.replace("asset", "ref", 1), _GOOD),
    file(
        "t.csv:1:amount: the column is missing",
        "amount may be empty where the kind has none",
        _GOOD.replace("amount", "ref", 1),
        _GOOD,
    ),
    file(
        "t.csv:1: is not the header of a trades CSV: it lacks source, id, kind, quantity",
        "zkharvest trades import makes trades of it",
        "time,asset,price\n2025-01-01,BTC,1\n",
        _GOOD,
    ),
    file("t.csv:1:ref: the column occurs 2 times", "keep one of them", _GOOD.replace("group", "ref", 1), _GOOD),
    file("byte 0 is not UTF-8", "it is UTF-16; save it as UTF-8", "\udcff\udcfea\x00", _GOOD),
    file("is not UTF-8", "it is a spreadsheet or a ZIP archive; save it as CSV", "PK\udcff", _GOOD),
    file("is not UTF-8", "it is a spreadsheet; save it as CSV", "\udcd0\udccf\x11\udce0", _GOOD),
    file("is not UTF-8", "it is compressed (gzip); unpack it", "\x1f\udc8b", _GOOD),
    file("is not UTF-8", "it is a PDF; give the same report as CSV", "%PDF-1.7\n%\udce2", _GOOD),
    file("is not UTF-8", "save it as UTF-8", _GOOD + "\udcff", _GOOD),
    file("not a trades CSV", "give the CSV", MAGICS[0].decode("utf-8", "surrogateescape"), _GOOD),
    Way("t.csv: cannot be read", {}, "check t.csv", "check the path", {"t.csv": _GOOD}, "", (_ORDER,)),
)


class Agreed(Way):
    """Trades of several files whose currency has to be agreed upon: `run` and `by` are the currency asked for."""

    def refusals(self, folder: Path) -> list[tuple[str, str]]:
        write(folder, self.files)
        try:
            self._agree(folder, self.run)
        except InputError as error:
            found = [(problem.message, problem.hint) for problem in error.problems if self.says in problem.message]
            assert found, error
            return found
        raise AssertionError(self.says)

    def follow(self, folder: Path) -> None:
        assert any(self.hint in hint for _, hint in self.refusals(folder))
        write(folder, self.then)
        assert self._agree(folder, self.by.removeprefix("--currency ")) == self.rows[0]

    @staticmethod
    def _agree(folder: Path, asked: str) -> str:
        trades = [trade for path in sorted(folder.glob("*.csv")) for trade in load_trades(path)]
        return agreed_currency(trades, asked or None)


_EUROS = text(row(currency="EUR"))
_NONE = text(row(currency=""))

CURRENCIES = (
    Agreed("the trades state amounts in USD, not in EUR", {"t.csv": _GOOD}, "EUR", "leave EUR out", {}, "", ("USD",)),
    Agreed(
        "the trades do not state their currency",
        {"t.csv": _NONE},
        "",
        "give it (--currency",
        {},
        "--currency EUR",
        ("EUR",),
    ),
    Agreed(
        "the trades do not state their currency",
        {"t.csv": _NONE},
        "",
        "add a `currency` column",
        {"t.csv": _EUROS},
        "",
        ("EUR",),
    ),
    Agreed(
        'the currency is "EUR", other rows say "USD"',
        {"t.csv": _GOOD, "u.csv": _EUROS},
        "",
        "one reporting currency",
        {"u.csv": _GOOD},
        "",
        ("USD",),
    ),
    Agreed(
        'no currency, other rows say "USD"',
        {"t.csv": _GOOD, "u.csv": _NONE},
        "",
        "stated on every row",
        {"u.csv": _GOOD},
        "",
        ("USD",),
    ),
)

WAYS: tuple[Way, ...] = (*CURRENCIES, *NUMBERS, *TIMES, *WORDS, *TOGETHER, *FILES)

"""Exports whose rows each stand for themselves, read by a map: a TOML file that names columns and kinds, no code.

The maps that are shipped (`maps/*.toml`) and those of the user (`--map FILE`) have one form:

    name = "kucoin-orders"            # for --from
    title = "KuCoin order history"    # for messages
    source = "kucoin"                 # the account; `source_column` names it from a column
    public = "where the form is published"
    zone = "UTC"                      # of times that carry none; without it --timezone is asked for
    order = "ymd"                     # of dates of digits: ymd, dmy, mdy, unix, unix-ms;
                                      # "dmy|mdy" or "dmy|mdy|ymd": as the file shows
    decimal = ","                     # numbers have a decimal comma: 1.234,56
    dressed = true                    # numbers have $ and 1,234.50 and (5) for -5
    blank = "-"                       # what stands in a cell that is not known
    required = ["symbol", ...]        # columns that tell the form; a header with others than these
    optional = ["..."]                # and the columns named below and here is another form
    time = "tradeCreatedAt"           # one column, or two that are joined by a space
    id = ["orderId"]                  # columns; without it rows are named by their second and number
    overlaps = ["kucoin-ledger"]      # maps or formats that tell the same events
    balance = { quantity = "walletBalance", asset = "=BTC", scale = 8 }   # a running balance; `wallet` names its column

    [[row]]                           # the first whose `when` fits is taken; a row that fits none is refused
    when = { side = "buy" }           # lower case; a list; "" empty; "*" not empty; ">0", "<0", "=0"; "~regex"
    kind = "trade"
    gave = { quantity = "funds", asset = "symbol:quote" }
    got = { quantity = "size", asset = "symbol:base" }
    fee = { quantity = "fee", asset = "feeCurrency" }

Kinds: `trade` (gave, got, fee, value), `income` (got, value, category), `spend` (gave, value, category), `deposit`
(got), `withdrawal` (gave, fee), `convert` (gave, got), `leg` (paid, fee, value; the rows that agree in the columns of
`join` make one trade, what is negative was given), `settle` (paid, instrument: what a futures position paid or took),
`inside` (paid, wallet: moves within the account), `transfer` (gave, got, `to`: the column of the destination), `skip`
(why: goes into the notes), `refuse` (why).

A rule may name the column of its `source`, and with `product = ["price", "size", "total"]` three columns of which the
third has to be the product of the others, within what is rounded and one part in a hundred; another row is refused.

A side has `quantity` (a column; its sign is the business of `when`, but for `paid`), `asset` (a column; `=USD` for a
constant; `--asset` for what that option says, where the file does not name its coin; `column:base` and `column:quote`
for a pair; `unit` where the cell holds number and unit), `scale` (decimals to move the point by: 8 for satoshis),
`less` and `plus` (columns of the same asset to take off or add), `negate` (turns the sign), `times` (a column of prices
to multiply by), `plus_scale` (`scale` of the columns of less and plus). `value` has `quantity` and `asset`, and is used
where its currency is that of the import. `category`, `wallet`, `instrument`, `why` are texts, with cells for columns in
braces. `ref` names a transaction: `bitcoin:{TxHash}`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zkharvest.errors import InputError, Problem
from zkharvest.trades.importers.cells import ORDERS
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.rows import Row
from zkharvest.trades.importers.table import Balance
from zkharvest.trades.text import quoted

_SIDES = ("gave", "got", "fee", "paid", "value")
_NEEDS = {
    "trade": {"gave", "got"},
    "income": {"got"},
    "spend": {"gave"},
    "deposit": {"got"},
    "withdrawal": {"gave"},
    "convert": {"gave", "got"},
    "leg": {"paid", "join"},
    "settle": {"paid", "instrument"},
    "inside": {"paid", "wallet"},
    "transfer": {"gave", "got", "to"},
    "skip": {"why"},
    "refuse": {"why"},
}
_TOP = {"name", "title", "source", "source_column", "public", "zone", "order", "dressed", "blank", "required"} | {
    "decimal",
    "optional",
    "time",
    "id",
    "overlaps",
    "row",
    "quotes",
    "ref",
    "balance",
}
_RULE = {"when", "kind", "category", "wallet", "instrument", "why", "join", "source", "to", "product", *_SIDES}
_BALANCE = {"quantity", "asset", "scale", "wallet"}
_SIDE = {"quantity", "asset", "scale", "less", "plus", "negate", "times", "plus_scale"}
_QUOTES = (
    "USDT",
    "USDC",
    "BUSD",
    "FDUSD",
    "TUSD",
    "DAI",
    "USD",
    "EUR",
    "GBP",
    "TRY",
    "BRL",
    "AUD",
    "BTC",
    "ETH",
    "BNB",
)
OPTION = "--asset"  # the coin that the option says, of a file that does not name it
BRACES = re.compile(r"\{([^}]+)\}")
EITHER = ("dmy|mdy", "dmy|mdy|ymd")  # the customer or his browser chooses how the venue writes dates


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a rule, columns by their plain names."""

    quantity: str
    asset: str
    scale: int = 0
    less: tuple[str, ...] = ()
    plus: tuple[str, ...] = ()
    negate: bool = False
    times: str = ""
    plus_scale: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """What rows of one kind become. `when`: column to a test of its cell."""

    when: tuple[tuple[str, Callable[[Draft, Row, str], bool]], ...]
    kind: str
    sides: Mapping[str, Side]
    texts: Mapping[str, str]
    join: tuple[str, ...]
    source: str = ""
    to: str = ""
    product: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """What tells the form: its name, its title for messages, its account, and its columns."""

    name: str
    title: str
    source: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    overlaps: frozenset[str]
    blank: str
    comma: bool
    balance: Balance | None


@dataclass(frozen=True, slots=True)
class Map:
    """A map as it was read."""

    rules: tuple[Rule, ...]
    time: tuple[str, ...]
    id: tuple[str, ...]
    zone: str | None
    order: str
    dressed: bool
    source_column: str
    quotes: tuple[str, ...]
    ref: str


def parse(text: str, file: str) -> tuple[Map, Header]:
    """The map of a text, and the header that it is for. Raises `InputError` with every problem of it."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError.one(file, f"is not TOML: {error}", "mend the map at that place") from None
    problems: list[Problem] = []
    _known(table, _TOP, file, problems)
    problems.extend(
        Problem(file, f"{word} is missing", "see docs/imports.md for the form of a map")
        for word in ("name", "title", "source", "time", "row")
        if word not in table
    )
    order = table.get("order", "")
    if order not in ("", *EITHER, *ORDERS):
        problems.append(
            Problem(f"{file}: order", f"{quoted(str(order))} is not an order", f"say {', '.join((*ORDERS, *EITHER))}")
        )
    if table.get("decimal", ".") not in (".", ","):
        message = f"{quoted(str(table['decimal']))} is not a decimal sign"
        problems.append(Problem(f"{file}: decimal", message, 'say "." or ","'))
    if "balance" in table:
        _known(table["balance"], _BALANCE, f"{file}: balance", problems)
        if not {"quantity", "asset"} <= table["balance"].keys():
            hint = 'such as { quantity = "balance", asset = "currency" }'
            problems.append(Problem(f"{file}: balance", "lacks quantity or asset", hint))
    rules = []
    for n, row in enumerate(table.get("row", []), 1):
        rule = _rule(row, f"{file}: row {n}", problems)
        if rule is not None:
            rules.append(rule)
    if problems:
        raise InputError(problems)
    times, ids = _names(table["time"]), _names(table.get("id", []))
    source_column = plain(table.get("source_column", ""))
    made = Map(
        tuple(rules),
        times,
        ids,
        table.get("zone"),
        order,
        bool(table.get("dressed", False)),
        source_column,
        tuple(table.get("quotes", _QUOTES)),
        table.get("ref", ""),
    )
    required = dict.fromkeys([*times, *_names(table.get("required", []))])
    told = _balance(table.get("balance"))
    used = [*ids, *_used(rules), *columns_in(made.ref), source_column, *((told.quantity, told.wallet) if told else ())]
    further = [*filter(None, used), *_names(table.get("optional", []))]
    optional = dict.fromkeys(name for name in further if name not in required)
    return made, Header(
        table["name"],
        table["title"],
        table["source"],
        tuple(required),
        tuple(optional),
        frozenset(table.get("overlaps", [])),
        table.get("blank", ""),
        table.get("decimal", ".") == ",",
        told,
    )


# Reading a map


def _balance(said: Mapping[str, Any] | None) -> Balance | None:
    """Where the form states running balances, columns by their plain names."""
    if said is None:
        return None
    asset = str(said["asset"])
    named = asset if asset.startswith("=") else plain(asset)
    return Balance(named, plain(said["quantity"]), plain(said.get("wallet", "")), int(said.get("scale", 0)))


def _known(table: Mapping[str, Any], words: set[str], where: str, problems: list[Problem]) -> None:
    problems.extend(
        Problem(where, f"{quoted(word)} is not a word of a map", f"the words are {', '.join(sorted(words))}")
        for word in sorted(table.keys() - words)
    )


def _rule(row: Any, where: str, problems: list[Problem]) -> Rule | None:
    before = len(problems)
    if not isinstance(row, dict):
        problems.append(Problem(where, "is not a table", "write [[row]] before each"))
        return None
    _known(row, _RULE, where, problems)
    kind = str(row.get("kind", ""))
    if kind not in _NEEDS:
        problems.append(Problem(f"{where}: kind", f"{quoted(kind)} is not a kind", f"kinds are {', '.join(_NEEDS)}"))
        return None
    problems.extend(
        Problem(where, f"{word} is missing", f"a {kind} needs {', '.join(sorted(_NEEDS[kind]))}")
        for word in sorted(_NEEDS[kind] - row.keys())
    )
    if len(_names(row.get("product", []))) not in (0, 3):
        problems.append(Problem(f"{where}: product", "is not three columns", 'such as ["price", "size", "total"]'))
    sides: dict[str, Side] = {}
    for word in _SIDES:
        if word in row:
            _known(row[word], _SIDE, f"{where}: {word}", problems)
            if not {"quantity", "asset"} <= row[word].keys():
                hint = 'such as { quantity = "amount", asset = "currency" }'
                problems.append(Problem(f"{where}: {word}", "lacks quantity or asset", hint))
                continue
            side = row[word]
            less, plus = _names(side.get("less", [])), _names(side.get("plus", []))
            scale, negate = int(side.get("scale", 0)), bool(side.get("negate", False))
            sides[word] = Side(
                plain(side["quantity"]),
                str(side["asset"]),
                scale,
                less,
                plus,
                negate,
                plain(side.get("times", "")),
                int(side.get("plus_scale", 0)),
            )
    when = tuple((plain(column), _test(value)) for column, value in row.get("when", {}).items())
    texts = {word: str(row[word]) for word in ("category", "wallet", "instrument", "why") if word in row}
    return (
        None
        if len(problems) > before
        else Rule(
            when,
            kind,
            sides,
            texts,
            _names(row.get("join", [])),
            plain(row.get("source", "")),
            plain(row.get("to", "")),
            _names(row.get("product", [])),
        )
    )


def _test(value: Any) -> Callable[[Draft, Row, str], bool]:
    """A test of one cell."""
    if isinstance(value, list):
        words = {str(one).lower() for one in value}
        return lambda _, row, column: row.get(column).lower() in words
    text = str(value)
    if text == "*":
        return lambda _, row, column: bool(row.get(column))
    if text in (">0", "<0", "=0"):
        return lambda draft, row, column: _sign(draft, row, column) == text[0]
    if text.startswith("~"):
        pattern = re.compile(text[1:], re.IGNORECASE)
        return lambda _, row, column: pattern.search(row.get(column)) is not None
    return lambda _, row, column: row.get(column).lower() == text.lower()


def _sign(draft: Draft, row: Row, column: str) -> str:
    if not row.get(column):
        return "="
    value = draft.number(row, column, dressed=True)
    return ">" if value > 0 else "<" if value < 0 else "="


def _names(value: Any) -> tuple[str, ...]:
    return tuple(plain(one) for one in ([value] if isinstance(value, str) else value))


def plain(name: str) -> str:
    return " ".join(str(name).lower().split())


def columns_in(text: str) -> list[str]:
    """The columns that a text names in braces."""
    return [plain(name) for name in BRACES.findall(text)]


def _used(rules: Sequence[Rule]) -> list[str]:
    """Every column that rules name."""
    names: list[str] = []
    for rule in rules:
        names.extend(column for column, _ in rule.when)
        names.extend([*rule.join, *rule.product, rule.source, rule.to])
        names.extend(column for text in rule.texts.values() for column in columns_in(text))
        for side in rule.sides.values():
            names.extend([side.quantity, side.times, *side.less, *side.plus])
            if not side.asset.startswith("=") and side.asset not in ("unit", OPTION):
                names.append(plain(re.sub(r":(base|quote)$", "", side.asset)))
    return [name for name in names if name]

"""A map proposed from an export of an unknown form, and the first rows as a map reads them.

The proposal guesses by the words of the header and by what the cells hold; every guess is marked `# guess`. What
nothing shows (day or month first, the zone) is left for the user to say.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import cast

from zkharvest.errors import InputError
from zkharvest.trades.csv_in import read_text
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.netting import Alone
from zkharvest.trades.importers.pairing import pair
from zkharvest.trades.importers.table import Format, Table, numbered, read_table, text_rows
from zkharvest.trades.text import format_money, format_quantity, format_time

_ROWS = 200  # rows of the export that are looked at
_SHOWN = 5
_FEW = 8  # cells that do not tell whether a word comes again
_WORDS = {  # what a column is for, by the words of its name; the first that fits
    "time": r"time|date|created|executed at",
    "id": r"^(tx|trade|order|transaction)?[ _]?(id|no\.?)$|^#$",
    "ref": r"hash|txid|signature",
    "kind": r"^(type|side|kind|operation|action|direction|transaction( (type|kind))?|category)$",
    "pair": r"^(pair|symbol|market|product|instrument)$",
    "fee_asset": r"fee.*(coin|currency|asset|unit|ccy)",
    "fee": r"\bfees?\b|commission",
    "sent_asset": r"\b(sent|sell|sold|spend|from|out|outgoing|origin|input|paid)\b.*(currency|asset|coin)",
    "sent": r"\b(sent|sell|sold|spend|from|out|outgoing|origin|input|paid)\b(?!.*(wallet|address|account))",
    "got_asset": r"\b(received?|buy|bought|to|in|incoming|destination|output)\b.*(currency|asset|coin)",
    "got": r"\b(received?|buy|bought|to|in|incoming|destination|output)\b(?!.*(wallet|address|account))",
    "total": r"total|funds|cost|quote amount|^value$|volume.*quote",
    "asset": r"^(asset|coin|currency|token|ticker|symbol|unit|ccy)$",
    "quantity": r"amount|quantity|size|executed|filled|change|volume|units",
}
_UNIT = re.compile(r"(cur\.?|currency|coin|asset|unit|ccy)(#[0-9]+)?")
_KINDS = (  # what a row is, by the words of its kind
    (r"^buy|bought|purchase", "buy"),
    (r"^sell|sold", "sell"),
    (r"reward|staking|interest|airdrop|bonus|cashback|rebate|mining|income", "income"),
    (r"deposit|receive|^in$|incoming", "deposit"),
    (r"withdraw|send|sent|^out$|outgoing", "withdrawal"),
    (r"fee", "spend"),
)


def proposal(path: Path) -> str:
    """A map for the export, as TOML text. Raises `InputError` if no line of it looks like a header."""
    header, rows = _header(path)
    header = numbered(header)
    roles = _roles(header, rows)
    columns = [header[n] for n in range(len(header)) if header[n]]
    name = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "export"
    times = [row[header.index(roles["time"])] for row in rows if "time" in roles]
    lines = [
        f"# Proposed from {path.name}. Mend what is marked as a guess, then try it: trades map {path.name} --map FILE",
        f"name = {_text(name)}",
        f"title = {_text(path.stem)}",
        f"source = {_text(name.split('-')[0])}  # guess: the name of the account",
        *_time_lines(times),
        *_decimal_lines(rows),
        f"required = [{', '.join(map(_text, columns))}]",
        f"time = {_text(roles.get('time', columns[0]))}" + ("" if "time" in roles else "  # guess"),
    ]
    if "id" in roles:
        lines.append(f"id = [{_text(roles['id'])}]  # guess")
    if "ref" in roles:
        lines.append(f"ref = {_text('{' + roles['ref'] + '}')}  # guess: the transaction on its chain")
    lines.extend(_rules(header, rows, roles))
    return "\n".join(lines) + "\n"


def first_rows(path: Path, form: Format, zone: str | None) -> list[str]:
    """The first rows as the form reads them, one line each, and what is wrong with them. Raises `InputError`."""
    table = read_table(path, [form], None)
    read = len(table.rows)
    del table.rows[_SHOWN:]
    draft = Draft(zone=zone)
    draft.begin(path.name)
    cast("Callable[[Table, Draft], None]", form.read)(table, draft)
    placed = pair(draft.finish(), draft, Alone(record=True))
    lines = [f"{path.name}: {read:,} rows; the first {min(read, _SHOWN)} as this map reads them:"]
    for trade in sorted((one.trade for one in placed), key=lambda trade: trade.line):
        amount = f" at {format_money(trade.amount)}" if trade.amount else ""
        fee = f", fee {format_money(trade.fee)}" if trade.fee else ""
        what = f"{trade.kind.word} {format_quantity(trade.quantity)} {trade.asset}{amount}{fee}"
        lines.append(f"  line {trade.line}: {format_time(trade.time)} {what}")
    lines.extend(f"  {problem.where}: {problem.message}" for problem in draft.problems)
    lines.extend(f"  {note}" for note in draft.notes())
    return lines


def _header(path: Path) -> tuple[list[str], list[list[str]]]:
    """The header of an export, which is the first line with the width that most lines have, and rows below it."""
    text = read_text(path)
    best: tuple[list[str], list[list[str]]] = ([], [])
    for delimiter in ",;\t":
        read = (cells for _, cells in text_rows(text, delimiter) if isinstance(cells, list))
        rows = [[cell.strip() for cell in cells] for cells in islice(read, _ROWS)]
        widths = Counter(len(row) for row in rows if len(row) > 2)
        if not widths:
            continue
        width = widths.most_common(1)[0][0]
        fitting = [row for row in rows if len(row) == width]
        if width > len(best[0]):
            best = (fitting[0], fitting[1:])
    if not best[0]:
        hint = "the first line with column names, of three columns or more, is taken as the header"
        raise InputError.one(str(path), "no line looks like a header", hint)
    return best


def _roles(header: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """The column of each role."""
    roles: dict[str, str] = {}
    for name in header:
        plain = " ".join(name.lower().replace("_", " ").split())
        for role, words in _WORDS.items():
            if role not in roles and name and re.search(words, plain) and _holds(role, header, name, rows):
                roles[role] = name
                break
    for name, after in pairwise(header):  # Buy, Cur., Sell, Cur.: the unit stands behind its amount
        role = next((role for role in ("sent", "got", "fee") if roles.get(role) == name), "")
        if role and f"{role}_asset" not in roles and _UNIT.fullmatch(after.lower()):
            roles[f"{role}_asset"] = after
    exact = next((name for name in header if name.lower() == "type"), "")
    if "kind" in roles and exact:
        roles["kind"] = exact  # rather than a column `Transaction`, which may be an id
    pair = roles.get("pair")
    if pair is not None and "asset" not in roles:
        cells = [row[header.index(pair)] for row in rows]
        if cells and not any(re.search(r"[-/_]", cell) or len(cell) > 5 for cell in cells):  # coins, not pairs
            roles["asset"] = roles.pop("pair")
    return roles


def _holds(role: str, header: Sequence[str], name: str, rows: Sequence[Sequence[str]]) -> bool:
    """Whether the cells of a column can be what its name may say: a kind that comes again, an amount in digits."""
    cells = [cell for row in rows if (cell := row[header.index(name)])]
    if role == "kind":
        known = all(any(re.search(words, cell.lower()) for words, _ in _KINDS) for cell in cells)
        return known or len(set(cells)) < len(cells) or len(cells) < _FEW
    if role in ("sent", "got"):
        return all(re.fullmatch(r"[-+(]?[$€£]?[-+]?[0-9][0-9., ']*[)]?", cell) for cell in cells)
    return True


def _time_lines(times: Sequence[str]) -> list[str]:
    if any(re.search(r"Z$|UTC$|[+-][0-9]{2}:?[0-9]{2}$", time) for time in times):
        zone = []
    else:
        zone = ['# zone = "UTC"  # say it if the exporter does; without it --timezone is asked for']
    first = times[0] if times else ""
    if re.fullmatch(r"[0-9]{9,11}(\.[0-9]+)?", first):
        return [*zone[:0], 'order = "unix"']
    if re.fullmatch(r"[0-9]{12,14}", first):
        return [*zone[:0], 'order = "unix-ms"']
    if re.match(r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}", first):
        return [*zone, 'order = "dmy|mdy"  # say dmy or mdy if you know it']
    return [*zone, 'order = "ymd"'] if re.match(r"[0-9]{2}[-/.]", first) else zone


def _decimal_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Which sign stands before decimals, where a comma shows that it may be one."""
    cells = [cell for row in rows for cell in row]
    if any(re.fullmatch(r"[-+]?[0-9][0-9.]*,(?:[0-9]{1,2}|[0-9]{4,})", cell) for cell in cells):
        return ['decimal = ","  # guess: 1.234,56 is how numbers are written']
    lone = next((cell for cell in cells if re.fullmatch(r"[-+]?[0-9]{1,3},[0-9]{3}", cell)), "")
    return [f'# decimal = ","  # say it if {lone} has three decimals'] if lone else []


def _rules(header: Sequence[str], rows: Sequence[Sequence[str]], roles: dict[str, str]) -> list[str]:
    """A rule for each kind that the rows have."""
    if "sent" in roles and "got" in roles and "sent_asset" in roles and "got_asset" in roles:
        column = header.index(roles["kind"]) if "kind" in roles else -1
        return _sided(roles, Counter(row[column] for row in rows) if "kind" in roles else ())
    if "kind" not in roles:
        return ["", "[[row]]", 'kind = "refuse"', 'why = "no column tells what the row is: write the rules"']
    kinds = Counter(row[header.index(roles["kind"])] for row in rows)
    lines: list[str] = []
    for kind in kinds:
        word = next((made for words, made in _KINDS if re.search(words, kind.lower())), "refuse")
        lines += ["", "[[row]]  # guess", f"when = {{ {_text(roles['kind'])} = {_text(kind.lower())} }}"]
        lines += _rule(word, kind, roles)
    return lines


def _rule(word: str, kind: str, roles: dict[str, str]) -> list[str]:
    quantity, total = roles.get("quantity"), roles.get("total")
    nameless = "asset" not in roles and "pair" not in roles
    if quantity is None or nameless or word == "refuse":
        return ['kind = "refuse"', f"why = {_text(f'rows of the kind {kind} are not mapped yet')}"]
    base = f"{roles['pair']}:base" if "pair" in roles else roles.get("asset", "")
    if "quote" in roles.get("fee", "").lower() and "pair" in roles:  # Fees (Quote)
        roles = {**roles, "fee_asset": roles.get("fee_asset", f"{roles['pair']}:quote")}
    own = f"{{ quantity = {_text(quantity)}, asset = {_text(base)} }}"
    if word in ("buy", "sell"):
        if total is None or "pair" not in roles:
            return ['kind = "refuse"', 'why = "what was paid is not in a column that the header tells"']
        money = f"{{ quantity = {_text(total)}, asset = {_text(roles['pair'] + ':quote')} }}"
        gave, got = (money, own) if word == "buy" else (own, money)
        return ['kind = "trade"', f"gave = {gave}", f"got = {got}", *_fee(roles, base)]
    side = "got" if word in ("income", "deposit") else "gave"
    lines = [f'kind = "{word}"', f"{side} = {own}"]
    return lines + (_fee(roles, base) if word == "withdrawal" else [])


def _sided(roles: dict[str, str], kinds: Iterable[str]) -> list[str]:
    """Rules for a form with a sent and a received side in each row; of one side, the kind says what it was for."""
    sent, got = roles["sent"], roles["got"]
    gave = f"gave = {{ quantity = {_text(sent)}, asset = {_text(roles['sent_asset'])} }}"
    took = f"got = {{ quantity = {_text(got)}, asset = {_text(roles['got_asset'])} }}"
    fee = _fee(roles, roles["sent_asset"])
    both = f'when = {{ {_text(sent)} = "*", {_text(got)} = "*" }}'
    alone: list[str] = []
    for kind in kinds:
        made = next((made for words, made in _KINDS if re.search(words, kind.lower())), "")
        side, own = (got, took) if made == "income" else (sent, gave)
        if made in ("income", "spend"):
            when = f'when = {{ {_text(roles["kind"])} = {_text(kind.lower())}, {_text(side)} = "*" }}'
            alone += ["", "[[row]]  # guess", when, f'kind = "{made}"', own]
    return [
        *["", "[[row]]  # guess", both, 'kind = "trade"', gave, took, *fee],
        *alone,
        *["", "[[row]]  # guess", f'when = {{ {_text(got)} = "*" }}', 'kind = "deposit"', took],
        *["", "[[row]]  # guess", f'when = {{ {_text(sent)} = "*" }}', 'kind = "withdrawal"', gave, *fee],
    ]


def _fee(roles: dict[str, str], asset: str) -> list[str]:
    if "fee" not in roles:
        return []
    return [f"fee = {{ quantity = {_text(roles['fee'])}, asset = {_text(roles.get('fee_asset', asset))} }}  # guess"]


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

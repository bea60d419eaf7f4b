"""Rows by a map: the first rule that fits says what a row becomes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from zkharvest.trades.importers.agree import product
from zkharvest.trades.importers.cells import ATOMS, splits
from zkharvest.trades.importers.dates import date_order
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.mapped.form import BRACES, EITHER, OPTION, Map, Rule, Side, columns_in, plain
from zkharvest.trades.importers.rows import Row, by_hand
from zkharvest.trades.importers.table import Table
from zkharvest.trades.importers.values import half_even
from zkharvest.trades.text import quoted

_SEPARATORS = re.compile(r"[-/_ ]")


def read(made: Map, table: Table, draft: Draft) -> None:
    if made.order in EITHER:
        order = date_order(table, draft, made.time[0], made.order.split("|"))
        if not order:
            return
        made = replace(made, order=order)
    elif made.order:
        made = replace(made, order=table.format.order)  # which a spreadsheet may have changed
    legs: dict[tuple[str, ...], list[tuple[Rule, Row]]] = defaultdict(list)
    for row in table.rows:
        with draft.reading():
            rule = next((one for one in made.rules if all(test(draft, row, c) for c, test in one.when)), None)
            if rule is None:
                shown = ", ".join(f"{row.headings[c]} {quoted(row.get(c))}" for c in _asked(made) if c in row.headings)
                message = f"no rule of the map fits this row ({shown})"
                raise RowError(row, "", message, f"add a rule to the map; or {by_hand(row)}")
            if rule.kind == "leg":
                legs[tuple(row.get(column) for column in rule.join)].append((rule, row))
            else:
                _one(made, table, draft, rule, row)
    for rows in legs.values():
        with draft.reading():
            _joined(made, table, draft, rows)


def _asked(made: Map) -> list[str]:
    return list(dict.fromkeys(column for rule in made.rules for column, _ in rule.when))


def _event(made: Map, table: Table, draft: Draft, rule: Rule, row: Row, more: tuple[Row, ...] = ()) -> Event:
    if len(made.time) > 1:
        cells = row.cells | {made.time[0]: " ".join(row.get(column) for column in made.time)}
        timed = Row(row.file, row.line, cells, row.headings, row.label)
    else:
        timed = row
    time = draft.time(timed, made.time[0], zone=made.zone, order=made.order)
    column = rule.source or made.source_column
    source = (row.get(column) if column else "") or table.source
    id_ = "-".join(filter(None, (row.get(column) for column in made.id))) or draft.serial(source, time)
    ref = _filled(made.ref, row) if all(row.get(column) for column in columns_in(made.ref)) else ""
    return Event(row, time, draft.name(row, column, source), id_, more, ref)


def _one(made: Map, table: Table, draft: Draft, rule: Rule, row: Row) -> None:
    """A row that stands for itself."""
    why = _text(rule, row, "why")
    if rule.kind == "skip":
        draft.note(row, why)
        return
    if rule.kind == "refuse":
        raise RowError(row, "", why, by_hand(row))
    if rule.product:
        _check_product(made, draft, row, rule.product)
    event = _event(made, table, draft, rule, row)
    legs = {word: _leg(made, draft, row, side) for word, side in rule.sides.items() if word != "value"}
    value = _value(made, draft, event, rule)
    category = _text(rule, row, "category")
    fee = legs.get("fee")
    fees = [fee] if fee is not None and fee.quantity else []
    gave, got = (Leg(leg.asset, abs(leg.quantity)) if (leg := legs.get(word)) else None for word in ("gave", "got"))
    if rule.kind == "trade" and gave and got:
        draft.exchange(event, gave, got, fees, value=value)
    elif rule.kind == "convert" and gave and got:
        draft.convert(event, gave, got)
    elif rule.kind == "income" and got:
        net = sum(leg.quantity for leg in fees if leg.asset == got.asset)
        draft.income(event, Leg(got.asset, got.quantity - net), value, category=category)
    elif rule.kind == "spend" and gave:
        draft.spend(event, gave, value, category=category)
    elif rule.kind in ("deposit", "withdrawal"):
        leg = got or gave
        if leg is not None:
            own = sum(abs(part.quantity) for part in fees if part.asset == leg.asset)
            draft.move(event, leg, out=rule.kind == "withdrawal", fee=own if rule.kind == "withdrawal" else 0)
            for part in fees:
                if part.asset != leg.asset:
                    draft.spend(event, Leg(part.asset, abs(part.quantity)), suffix="-fee", category="fee")
    elif rule.kind == "transfer" and gave and got:
        kept = Leg(gave.asset, gave.quantity - got.quantity)
        told = sum(abs(part.quantity) for part in fees if part.asset == gave.asset)
        if gave.asset != got.asset or kept.quantity < 0 or (kept.quantity and told not in (0, kept.quantity)):
            sent, came = (row.get(rule.sides[word].quantity) for word in ("gave", "got"))
            raise RowError(row, "", f"{sent} {gave.asset} was sent, but {came} {got.asset} arrived", by_hand(row))
        if kept.quantity:  # what did not arrive is the network's fee, whether or not the row tells it once more
            fees = [kept, *(part for part in fees if part.asset != gave.asset)]
        draft.transfer(event, got, draft.name(row, rule.to))
        for n, part in enumerate(fees):
            draft.spend(event, Leg(part.asset, abs(part.quantity)), suffix=f"-fee{n or ''}", category="fee")
    elif rule.kind == "settle":
        paid = legs["paid"]
        taken = sum(leg.quantity for leg in fees if leg.asset == paid.asset)
        draft.settle(event, _text(rule, row, "instrument"), Leg(paid.asset, paid.quantity - taken))
    else:
        paid = legs["paid"]
        wallet = _text(rule, row, "wallet")
        draft.move(event, Leg(paid.asset, abs(paid.quantity)), out=paid.quantity < 0, inside=wallet)


def _check_product(made: Map, draft: Draft, row: Row, columns: Sequence[str]) -> None:
    """`RowError` if the third column is not the product of the two others."""
    price, size, total = draft.numbers(row, *columns, dressed=made.dressed)
    of, by, whole = (row.get(column) for column in columns)
    if not product(price, abs(size), total, price_text=of, total_text=whole):
        names = [row.headings[column] for column in columns]
        message = f"{names[0]} {of} times {names[1]} {by} is not {names[2]} {whole}"
        raise RowError(row, columns[2], message, by_hand(row, instead="write what it really was"))


def _joined(made: Map, table: Table, draft: Draft, rows: list[tuple[Rule, Row]]) -> None:
    """One trade from the rows that share a key."""
    sums: dict[str, int] = defaultdict(int)
    fees: dict[str, int] = defaultdict(int)
    worth: dict[str, list[int | None]] = defaultdict(list)
    for rule, row in rows:
        paid = _leg(made, draft, row, rule.sides["paid"])
        if "fee" in rule.sides:
            fee = _leg(made, draft, row, rule.sides["fee"])
            fees[draft.coin(fee.asset, table.source)] += fee.quantity
        asset = draft.coin(paid.asset, table.source)
        if _text(rule, row, "category") == "fee":
            fees[asset] += abs(paid.quantity)
        else:
            sums[asset] += paid.quantity
            worth[asset].append(_value(made, draft, Event(row, 0, table.source, ""), rule))
    gave = [Leg(asset, -total) for asset, total in sums.items() if total < 0]
    got = [Leg(asset, total) for asset, total in sums.items() if total > 0]
    first, *more = [row for _, row in rows]
    if not gave or not got or min(len(gave), len(got)) > 1:
        lines = ", ".join(str(row.line) for _, row in rows)
        message = f"the rows of one key (lines {lines}) do not make one trade"
        hint = "export all assets and the whole time range; or " + by_hand(first, *more)
        raise RowError(first, rows[0][0].join[0], message, hint)
    event = _event(made, table, draft, rows[0][0], first, tuple(more))
    legs = [Leg(asset, fee) for asset, fee in fees.items() if fee]
    values = [_known(worth[leg.asset]) for leg in (gave if len(gave) > 1 else got)]
    if len(gave) == len(got) == 1:
        draft.exchange(event, gave[0], got[0], legs, value=values[0])
    else:
        said = [value for value in values if value is not None]
        draft.exchange_many(event, gave, got, legs, values=said if len(said) == len(values) else None)


def _known(values: Sequence[int | None]) -> int | None:
    """The sum of values that rows say, if all of them say one."""
    return None if None in values else sum(value for value in values if value is not None)


def _text(rule: Rule, row: Row, word: str) -> str:
    return _filled(rule.texts.get(word, ""), row)


def _filled(text: str, row: Row) -> str:
    """A text with the row's cells in the place of the columns that it names."""
    return BRACES.sub(lambda match: row.get(plain(match[1])), text) if "{" in text else text


def _leg(made: Map, draft: Draft, row: Row, side: Side) -> Leg:
    """Quantity and asset of a side; an empty quantity is 0."""
    if side.asset == "unit":
        if not row.get(side.quantity):
            return Leg("", 0)
        return draft.amount(row, side.quantity, dressed=True)
    quantity = draft.number(row, side.quantity, dressed=made.dressed, empty=0)
    for sign, columns in ((-1, side.less), (1, side.plus)):
        for column in columns:
            quantity += sign * draft.number(row, column, dressed=made.dressed, empty=0) // 10**side.plus_scale
    if side.times:
        price = draft.number(row, side.times, dressed=made.dressed)
        exact = quantity * price
        quantity = half_even(exact, ATOMS)
        if quantity * ATOMS != exact:
            draft.note(row, "amount times price with more than 18 decimals, rounded half to even")
    if side.scale:
        quantity, rest = divmod(quantity, 10**side.scale)
        if rest:
            raise RowError(
                row, side.quantity, f"{quoted(row.get(side.quantity))} has parts of the smallest unit", by_hand(row)
            )
    return Leg(_asset(made, draft, row, side.asset), -quantity if side.negate else quantity)


def _asset(made: Map, draft: Draft, row: Row, text: str) -> str:
    """The asset that a map's text names in a row."""
    if text.startswith("="):
        return text[1:]
    if text == OPTION:
        if not draft.asset:
            raise RowError(
                row, "", "the file does not name the coin of the account", "say it with --asset, such as BTC"
            )
        return draft.asset
    column, _, part = text.rpartition(":")
    if part not in ("base", "quote"):
        return row.get(plain(text))
    pair = row.get(plain(column))
    parts = [one for one in _SEPARATORS.split(pair) if one]
    if len(parts) == 2:
        return parts[0] if part == "base" else parts[1]
    found = splits(pair, made.quotes)
    best = [one for one in found if len(one[1]) == max(len(two[1]) for two in found)]
    if len(best) != 1:
        raise RowError(row, plain(column), f"{quoted(pair)} cannot be split into two assets", by_hand(row))
    return best[0][0] if part == "base" else best[0][1]


def _value(made: Map, draft: Draft, event: Event, rule: Rule) -> int | None:
    """The value that the row says, if it is in the currency of the import."""
    side = rule.sides.get("value")
    if side is None or not event.row.get(side.quantity):
        return None
    leg = _leg(made, draft, event.row, side)
    if draft.coin(leg.asset, event.source) != draft.currency or not leg.quantity:
        return None
    return draft.money(event.row, abs(leg.quantity))

"""A standing as a map of plain values, for files: names once, numbers that may be large as text.

    {accounts, assets, instant, lots, names, pooling, registers, seq, tokens, v, year, zone}

`names` are accounts as [source, account], `assets` ids, in the order in which rows first speak of them, by place; -1 is
none. A record is [account, page, position]. A standing has one map: another that would stand for it is refused.

    lots       [asset, account, side, quantity, value, unit, order, day, own, record that opened it,
               instant from which it is long]
    tokens     [seq, part, last, asset, time, ref, quantity, value, unit, order, day, record that sent it, record that
               opened its lot, instant from which that is long]
    registers  [level, asset, account, kind, origin, covered, term, result, side, units, proceeds, basis, fee, lines,
               events]
    accounts   [account, page's id, number, end, open, final]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from zkharvest.ledger.rules import Side
from zkharvest.spec import END_OF_TIME, MONEY_LIMIT, QUANTITY_LIMIT, TIME_LIMIT

from .records import Account, Place
from .registers import LEVELS, Amounts, Key
from .standing import AccountState, Lot, Standing, Token

VERSION = 1
_PARTS = frozenset(
    {"accounts", "assets", "instant", "lots", "names", "pooling", "registers", "seq", "tokens", "v", "year", "zone"}
)
_LONGEST = 64
"""Digits of a number as text."""


# ------------------------------------------------------------------------------------------------- writing


def map_of(standing: Standing) -> dict[str, Any]:
    """The standing as a map of integers, text, bytes, truth values and lists of these."""
    names: dict[Account, int] = {}
    assets: dict[str, int] = {}

    def account(one: Account | None) -> int:
        return -1 if one is None else names.setdefault(one, len(names))

    def asset(name: str) -> int:
        return assets.setdefault(name, len(assets)) if name else -1

    def record(place: Place | None) -> list[int]:
        if place is None:
            return []
        return [account(Account(place.source, place.account)), place.number, place.position]

    return {
        "v": VERSION,
        "instant": standing.instant,
        "pooling": standing.pooling,
        "zone": standing.zone,
        "year": standing.year,
        "seq": standing.seq,
        "accounts": [[account(a.owner), a.page, a.number, a.end, a.open, a.final] for a in standing.accounts],
        "lots": [
            [asset(x.asset), account(x.place), int(x.side), str(x.quantity), str(x.value), str(x.unit), x.order, x.day,
             x.own, record(x.name), x.long_from]
            for x in standing.lots
        ],
        "tokens": [
            [t.seq, t.part, t.last, asset(t.asset), t.time, t.ref, str(t.quantity), str(t.value), str(t.unit), t.order,
             t.day, record(t.sent), record(t.name), t.long_from]
            for t in standing.tokens
        ],
        "registers": [
            [k.level, asset(k.asset), account(k.account), k.kind, k.origin, k.covered, k.term, k.result,
             -1 if k.side is None else int(k.side), str(a.units), str(a.proceeds), str(a.basis), str(a.fee), a.lines,
             a.events]
            for k, a in standing.registers.items()
        ],
        "names": [list(one) for one in names],
        "assets": list(assets),
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------- reading


def standing_of(parts: Mapping[str, Any]) -> Standing:
    """The standing of a map. ValueError, TypeError or KeyError if it is none, or not as `map_of` writes it."""
    try:
        found = _standing(parts)
    except IndexError:
        raise ValueError("a row speaks of a name that is not listed") from None
    # Kinds of numbers, which are equal across kinds, are looked at above; names and the kinds of lists here.
    if map_of(found) != parts:
        raise ValueError("its parts are not written as those of a standing are")
    return found


def _standing(parts: Mapping[str, Any]) -> Standing:
    if set(parts) != _PARTS or _count(parts["v"]) != VERSION:
        raise ValueError("its parts are not those of a standing")
    names = [Account(_text(source), _text(account)) for source, account in parts["names"]]
    assets = [_text(name) for name in parts["assets"]]

    def account(place: Any) -> Account | None:
        return None if _is_none(place) else names[_count(place)]

    def known(place: Any) -> Account:
        return names[_count(place)]

    def record(cells: Any) -> Place | None:
        if not cells:
            return None
        owner, number, position = cells
        return Place(*known(owner), _count(number), _count(position))

    lots = tuple(_lot(row, assets, account, record) for row in parts["lots"])
    tokens = tuple(_token(row, assets, record) for row in parts["tokens"])
    registers: dict[Key, Amounts] = {}
    for level, asset, owner, kind, origin, covered, term, result, side, *sums in parts["registers"]:
        units, proceeds, basis, fee, lines, events = sums
        if level not in LEVELS:
            raise ValueError("a register has a level that is not known")
        words = (_text(origin), _text(covered), _text(term), _text(result))
        key = Key(
            level, "" if _is_none(asset) else assets[_count(asset)], account(owner), _count(kind), *words,
            None if _is_none(side) else Side(_count(side)),
        )  # fmt: skip
        if key in registers:
            raise ValueError("a register is there twice")
        money = (_signed(proceeds), _signed(basis), _signed(fee))
        registers[key] = Amounts(_signed(units), *money, _count(lines), _count(events))
    states = tuple(
        AccountState(known(owner), _bytes(page), _count(number), _count(end), _truth(goes_on), _truth(final))
        for owner, page, number, end, goes_on, final in parts["accounts"]
    )
    return Standing(
        _below(parts["instant"], TIME_LIMIT), _text(parts["pooling"]), _text(parts["zone"]), _count(parts["year"]),
        lots, tokens, registers, states, _count(parts["seq"]),
    )  # fmt: skip


def _lot(
    row: Any, assets: list[str], account: Callable[[Any], Account | None], record: Callable[[Any], Place | None]
) -> Lot:
    asset, owner, side, quantity, value, unit, order, day, own, name, long_from = row
    return Lot(
        assets[_count(asset)], account(owner), Side(_count(side)), _quantity(quantity), _money(value), _signed(unit),
        _count(order), _count(day), _truth(own), record(name), _instant(long_from),
    )  # fmt: skip


def _token(row: Any, assets: list[str], record: Callable[[Any], Place | None]) -> Token:
    seq, part, last, asset, time, ref, quantity, value, unit, order, day, sent, name, long_from = row
    return Token(
        _count(seq), _count(part), _truth(last), assets[_count(asset)], _below(time, TIME_LIMIT), _count(ref),
        _quantity(quantity), _money(value), _signed(unit), _count(order), _count(day), record(sent), record(name),
        _instant(long_from),
    )  # fmt: skip


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a name is not text")
    return value


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("an id is not bytes")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("a truth value is none")
    return value


def _is_none(place: Any) -> bool:
    return type(place) is int and place == -1


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("a number is below 0 or none")
    return value


def _below(value: Any, limit: int) -> int:
    if _count(value) >= limit:
        raise ValueError("a number is too large")
    return int(value)


def _instant(value: Any) -> int:
    return _below(value, END_OF_TIME)


def _signed(value: Any) -> int:
    if not isinstance(value, str) or len(value) > _LONGEST or str(int(value)) != value:
        raise ValueError("a number is not written as one")
    return int(value)


def _quantity(value: Any) -> int:
    number = _signed(value)
    if not 0 < number < QUANTITY_LIMIT:
        raise ValueError("a quantity is out of range")
    return number


def _money(value: Any) -> int:
    number = _signed(value)
    if not 0 <= number < MONEY_LIMIT:
        raise ValueError("a value is out of range")
    return number

"""Reads a circuit.json strictly and checks it completely (FORMAT.md section 2).

A description is trusted by its digest (`circuits.py`), so a failure here is a defect of the circuit
(DescriptionError), never of a proof.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from zkharvest.spec import P
from zkharvest.verifier.description import (
    Bus,
    Constraint,
    Description,
    Interaction,
    Node,
    PublicList,
    PublicMessage,
    Table,
    Tally,
    Term,
)
from zkharvest.verifier.params import MIN_LOG_ROWS
from zkharvest.verifier.text import quoted

LANGUAGES = 2
MAX_LOG_ROWS = 22
WHERES = ("all", "first", "last", "transition")
MAX_BYTES = 1 << 22
_LIMIT = 1 << 20  # of list elements: far above any circuit, far below trouble
_MOST = 1 << 20  # a degree that is this or more: squares of squares would soon be numbers that fill the memory
_T = TypeVar("_T")


class DescriptionError(ValueError):
    """The description is not a valid circuit; the message says where and why."""


def read_description(data: bytes) -> Description:
    """The circuit that `data`, the exact bytes of a circuit.json, describes; DescriptionError if none."""
    if len(data) > MAX_BYTES:
        _fail("circuit", f"more than {MAX_BYTES} bytes")
    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_float=_no_float)
    except DescriptionError:
        raise
    except (ValueError, RecursionError) as error:  # also an integer of more digits than Python converts
        raise DescriptionError(f"not JSON: {error}") from None
    return _description(document)


# --------------------------------------------------------------------------------------------- typed access


def _fail(where: str, why: str) -> NoReturn:
    raise DescriptionError(f"{where}: {why}")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        _fail("object", "a key stands twice")
    return result


def _no_float(text: str) -> NoReturn:
    _fail("number", f"{quoted(text)} is not an integer")


def _object(value: object, where: str, *keys: str) -> list[Any]:
    """The values of exactly these keys, in this order."""
    if not isinstance(value, dict) or set(value) != set(keys):
        _fail(where, f"not an object with the keys {', '.join(keys)}")
    return [value[key] for key in keys]


def _each(value: object, where: str, read: Callable[[Any, str], _T]) -> tuple[_T, ...]:
    """`read` on every element of a list, with the element's place."""
    if not isinstance(value, list) or len(value) > _LIMIT:
        _fail(where, "not a list of acceptable length")
    return tuple(read(item, f"{where}[{i}]") for i, item in enumerate(value))


def _int(value: object, where: str, low: int, high: int) -> int:
    """An integer in [low, high)."""
    if type(value) is not int or not low <= value < high:
        _fail(where, f"{quoted(value)} is not an integer in [{low}, {high})")
    return value


def _name(value: object, where: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        _fail(where, "not a name")
    return value


def _distinct(names: tuple[str, ...], where: str) -> tuple[str, ...]:
    if len(set(names)) != len(names):
        _fail(where, "a name stands twice")
    return names


def _names(value: object, where: str) -> tuple[str, ...]:
    return _distinct(_each(value, where, _name), where)


def _sign(value: object, where: str) -> int:
    if type(value) is not int or value not in (1, -1):
        _fail(where, "a sign is 1 or -1")
    return value


# --------------------------------------------------------------------------------------------- the whole


@dataclass(frozen=True, slots=True)
class _Scope:
    """What a table or message may refer to outside of itself."""

    lang: int
    degree: int
    publics: int
    lists: tuple[PublicList, ...]
    buses: tuple[Bus, ...]
    tallies: int


def _description(document: object) -> Description:
    lang, name, version, degree, log_rows, publics, lists, buses, tallies, tables, messages = _object(
        document,
        "circuit",
        *("lang", "name", "version", "degree", "log_rows", "publics", "lists", "buses", "tallies", "tables"),
        "public_messages",
    )
    heights = _each(log_rows, "log_rows", lambda item, at: _int(item, at, MIN_LOG_ROWS, MAX_LOG_ROWS + 1))
    if len(heights) != 2 or heights[0] > heights[1]:
        _fail("log_rows", "not [min, max]")
    public_names = _names(publics, "publics")
    scope = _Scope(
        _int(lang, "lang", 1, LANGUAGES + 1),
        _int(degree, "degree", 3, 5),
        len(public_names),
        _each(lists, "lists", _public_list),
        _each(buses, "buses", _bus),
        _int(tallies, "tallies", 0, 1000),
    )
    _distinct(tuple(item.name for item in scope.lists), "lists")
    _distinct(tuple(item.name for item in scope.buses), "buses")
    table_list = _each(tables, "tables", lambda item, at: _table(item, at, scope))
    if not _distinct(tuple(table.name for table in table_list), "tables"):
        _fail("tables", "there is none")
    description = Description(
        _name(name, "name"),
        _int(version, "version", 1, 1 << 31),
        scope.degree,
        (heights[0], heights[1]),
        public_names,
        scope.lists,
        scope.buses,
        scope.tallies,
        table_list,
        _each(messages, "public_messages", lambda item, at: _public_message(item, at, scope)),
    )
    if description.fractions([heights[1]] * len(table_list)) >= P:
        _fail("circuit", "at the largest height there are p or more interactions: multiplicities can wrap")
    return description


def _public_list(value: object, where: str) -> PublicList:
    name, fields, most = _object(value, where, "name", "fields", "max")
    return PublicList(_name(name, where), _names(fields, f"{where}.fields"), _int(most, f"{where}.max", 0, _LIMIT))


def _bus(value: object, where: str) -> Bus:
    name, width = _object(value, where, "name", "width")
    return Bus(_name(name, where), _int(width, f"{where}.width", 1, 1000))


def _public_message(value: object, where: str, scope: _Scope) -> PublicMessage:
    bus, sign, each, message = _object(value, where, "bus", "sign", "each", "message")
    names = [item.name for item in scope.lists]
    if each is not None and each not in names:
        _fail(where, f"no list {quoted(each)}")
    position = None if each is None else names.index(each)
    fields = 0 if position is None else len(scope.lists[position].fields)

    def term(item: object, at: str) -> Term:
        match item:
            case ["public", i]:
                return ("public", _int(i, at, 0, scope.publics))
            case ["item", k] if position is not None:
                return ("item", _int(k, at, 0, fields))
            case ["index"] if position is not None:
                return ("index", 0)
            case _:
                return ("const", _int(item, at, 0, P))

    number, terms = _on_bus(bus, _each(message, f"{where}.message", term), where, scope)
    return PublicMessage(number, _sign(sign, where), position, terms)


def _on_bus(bus: object, message: tuple[_T, ...], where: str, scope: _Scope) -> tuple[int, tuple[_T, ...]]:
    """The bus number and the message, which must have its width: one width per bus keeps fingerprints injective."""
    number = _int(bus, f"{where}.bus", 1, len(scope.buses) + 1)
    if len(message) != scope.buses[number - 1].width:
        _fail(where, f"a message on bus {scope.buses[number - 1].name} has {scope.buses[number - 1].width} elements")
    return number, message


# --------------------------------------------------------------------------------------------- one table


def _table(value: object, where: str, scope: _Scope) -> Table:
    name, columns, public_columns, nodes, constraints, interactions, tally, groups = _object(
        value,
        where,
        *("name", "columns", "public_columns", "nodes", "constraints", "interactions", "tally", "groups"),
    )
    where = f"table {_name(name, where)}"
    column_names = _names(columns, f"{where}.columns")
    public_names = _names(public_columns, f"{where}.public_columns")
    sizes = {"col": len(column_names), "pub": len(public_names), "public": scope.publics}
    positions = iter(range(_LIMIT + 1))
    node_list = _each(nodes, f"{where}.nodes", lambda item, at: _node(item, at, next(positions), sizes))

    def ref(item: object, at: str) -> int:
        return _int(item, at, 0, len(node_list))

    def constraint(item: object, at: str) -> Constraint:
        called, rows, node = _object(item, at, "name", "where", "node")
        if rows not in WHERES:
            _fail(at, f"where is one of {', '.join(WHERES)}")
        return Constraint(_name(called, at), rows, ref(node, at))

    def weight(item: object, at: str) -> tuple[int, int]:
        match item:
            case [slot, node]:
                return (_int(slot, at, 0, scope.tallies), ref(node, at))
            case _:
                _fail(at, "not a [slot, node] pair")

    def interaction(item: object, at: str) -> Interaction:
        keys = ("bus", "sign", "mult", "message", *(("weights",) if scope.lang > 1 else ()))
        bus, sign, mult, message, *weights = _object(item, at, *keys)
        number, refs = _on_bus(bus, _each(message, f"{at}.message", ref), at, scope)
        pairs = tuple(pair for entry in weights for pair in _each(entry, f"{at}.weights", weight))
        return Interaction(number, _sign(sign, at), ref(mult, at), refs, pairs)

    def tally_entry(item: object, at: str) -> Tally:
        slot, node = _object(item, at, "slot", "node")
        return Tally(_int(slot, at, 0, scope.tallies), ref(node, at))

    interaction_list = _each(interactions, f"{where}.interactions", interaction)

    def group(item: object, at: str) -> tuple[int, ...]:
        return _each(item, at, lambda i, at_i: _int(i, at_i, 0, len(interaction_list)))

    table = Table(
        name,
        column_names,
        public_names,
        node_list,
        _each(constraints, f"{where}.constraints", constraint),
        interaction_list,
        _each(tally, f"{where}.tally", tally_entry),
        _each(groups, f"{where}.groups", group),
        tuple(sorted({node[1] for node in node_list if node[0] == "col" and node[2] == 1})),
    )
    _distinct(tuple(entry.name for entry in table.constraints), f"{where}.constraints")
    _check_groups(table, where)
    _check_degrees(table, where, scope.degree)
    _check_use(table, where)
    return table


def _node(value: object, where: str, position: int, sizes: dict[str, int]) -> Node:
    """A node that refers to earlier nodes only."""

    def earlier(item: object) -> int:
        return _int(item, where, 0, position)

    match value:
        case ["const", c]:
            return ("const", _int(c, where, 0, P))
        case ["col" | "pub" as kind, i, off]:
            return (kind, _int(i, where, 0, sizes[kind]), _int(off, where, 0, 2))
        case ["public", i]:
            return ("public", _int(i, where, 0, sizes["public"]))
        case ["add" | "sub" | "mul" as kind, a, b]:
            return (kind, earlier(a), earlier(b))
        case ["lin", c, terms]:
            return ("lin", _int(c, where, 0, P), _each(terms, where, lambda item, at: _lin_term(item, at, earlier)))
        case _:
            _fail(where, "not a node")


def _lin_term(value: object, where: str, earlier: Callable[[object], int]) -> tuple[int, int]:
    match value:
        case [k, a]:
            return (_int(k, where, 0, P), earlier(a))
        case _:
            _fail(where, "not a [coefficient, node] pair")


def _operands(node: Node) -> tuple[int, ...]:
    match node:
        case ("add" | "sub" | "mul", a, b):
            return (a, b)
        case ("lin", _, terms):
            return tuple(a for _, a in terms)
        case _:
            return ()


# --------------------------------------------------------------------------------------------- whole-table checks


def _check_groups(table: Table, where: str) -> None:
    if sorted(i for group in table.groups for i in group) != list(range(len(table.interactions))):
        _fail(f"{where}.groups", "every interaction must be in exactly one group")
    if not all(table.groups):
        _fail(f"{where}.groups", "a group is empty")


def node_degrees(table: Table) -> list[int]:
    """The degree of every node in the columns, 2^20 for all above: never taken from the file, always recomputed."""
    degrees: list[int] = []
    for node in table.nodes:
        below = [degrees[a] for a in _operands(node)]
        if node[0] == "mul":
            degrees.append(min(sum(below), _MOST))
        else:
            degrees.append(1 if node[0] in ("col", "pub") else max(below, default=0))
    return degrees


def group_degree(table: Table, group: tuple[int, ...], degrees: list[int]) -> int:
    """The degree of h prod_i d_i - sum_i sign_i n_i prod_{j != i} d_j, n_i the multiplicity and the weights."""
    members = [table.interactions[i] for i in group]
    denominators = [max(degrees[node] for node in member.message) for member in members]
    numerators = [max(degrees[node] for node in member.numerator) for member in members]
    product = sum(denominators)
    return max(1 + product, *(own + product - d for own, d in zip(numerators, denominators, strict=True)))


def _check_degrees(table: Table, where: str, bound: int) -> None:
    degrees = node_degrees(table)
    found = [
        (f"constraint {c.name}", degrees[c.node] + (1 if c.where in ("first", "last") else 0))
        for c in table.constraints
    ]
    found += [(f"groups[{g}]", group_degree(table, group, degrees)) for g, group in enumerate(table.groups)]
    found += [(f"tally[{t}]", degrees[entry.node]) for t, entry in enumerate(table.tally)]
    for what, degree in found:
        if degree > bound:
            _fail(f"{where}.{what}", f"degree {degree} is above the declared {bound}")


def _check_use(table: Table, where: str) -> None:
    """A column that nothing reaches is free: more likely a forgotten constraint than a wish."""
    reached = {c.node for c in table.constraints} | {t.node for t in table.tally}
    for interaction in table.interactions:
        reached |= {*interaction.numerator, *interaction.message}
    for position in range(len(table.nodes) - 1, -1, -1):
        if position in reached:
            reached.update(_operands(table.nodes[position]))
    used = {table.nodes[position][:2] for position in reached}
    for kind, names in (("col", table.columns), ("pub", table.public_columns)):
        for i, name in enumerate(names):
            if (kind, i) not in used:
                _fail(where, f"column {name} is not constrained by anything")

"""Mutants of a frozen description: each lacks one thing that the circuit promises.

| kind | what is gone | name |
| --- | --- | --- |
| constraint | a constraint | `pools.active_bit` |
| weakened | a constraint on one kind of row: a term of its selector | `steps.unit0 without is_load` |
| interaction | a message: its multiplicity and its weights are 0 | `steps <- bytes #3 (q0,q1)` |
| weight | what an interaction adds to a slot | `sums -> post #1[4]` |
| field | one field of all messages of a bus | `bus link[4]` |
| tally | what a table adds to a slot | `tally totals[5]` |
| public | messages that the verifier accounts for (of one list, or with one first term) | `public total #2` |

Numbers count a table's interactions with one bus; columns are named where a message has at most four fields.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Description = dict[str, Any]
KINDS = ("constraint", "weakened", "interaction", "weight", "field", "tally", "public")
NAMED_FIELDS = 4


@dataclass(frozen=True)
class Mutant:
    """One thing that is gone; `fault` is what the checker says of a witness that needs it gone."""

    kind: str
    name: str
    fault: str
    bus: str
    make: Callable[[], Description]

    @property
    def key(self) -> str:
        """The name without the columns."""
        return self.name.split(" (")[0]


def mutants(description: Description) -> list[Mutant]:
    """All mutants of a description."""
    makers = (_constraints, _weakened, _interactions, _weights, _fields, _tallies, _publics)
    return [mutant for maker in makers for mutant in maker(description)]


def interactions(description: Description, table: str, bus: str = "") -> dict[str, list[str]]:
    """Names of a table's interactions (without columns), with all columns that the message reads."""
    t = next(t for t in description["tables"] if t["name"] == table)
    found = {}
    for act, name in zip(t["interactions"], interaction_names(description, t), strict=True):
        if not bus or description["buses"][act["bus"] - 1]["name"] == bus:
            found[name.split(" (")[0]] = [c for m in act["message"] for c in columns_of(t, m)]
    return found


def columns_of(table: Description, node: int) -> list[str]:
    """Names of the columns that a node reads, next rows' with a quote."""
    match table["nodes"][node]:
        case ["col", i, off]:
            return [table["columns"][i] + "'" * off]
        case ["pub", i, off]:
            return [table["public_columns"][i] + "'" * off]
        case ["mul" | "add" | "sub", a, b]:
            return list(dict.fromkeys(columns_of(table, a) + columns_of(table, b)))
        case ["lin", _, pairs]:
            return list(dict.fromkeys(c for _, a in pairs for c in columns_of(table, a)))
    return []


# ------------------------------------------------------------------------------------------------------------ makers


def _with_table(description: Description, number: int, **parts: Any) -> Description:
    """The description with parts of one table replaced; all else is shared."""
    tables = list(description["tables"])
    tables[number] = {**tables[number], **parts}
    return {**description, "tables": tables}


def _without(items: list[Any], number: int) -> list[Any]:
    return [x for i, x in enumerate(items) if i != number]


def _constraints(d: Description) -> Iterator[Mutant]:
    for t, table in enumerate(d["tables"]):
        for k, c in enumerate(table["constraints"]):
            name = f"{table['name']}.{c['name']}"

            def make(t: int = t, k: int = k) -> Description:
                return _with_table(d, t, constraints=_without(d["tables"][t]["constraints"], k))

            yield Mutant("constraint", name, name, "", make)


def _flags(table: Description) -> set[str]:
    """Columns that are 0 or 1: where a constraint says so, or others imply it."""
    said = {c["name"].removesuffix("_bit") for c in table["constraints"] if c["name"].endswith("_bit")}
    return said | {c for c in table["columns"] if c.startswith("is_") or c in ("first", "more", "emptied", "active")}


def _selectors(table: Description, node: int) -> Iterator[tuple[list[int], int]]:
    """Sums of flags that are a factor of a node: the path of products that leads there, and the node of the sum."""
    match table["nodes"][node]:
        case ["mul", a, b]:
            for side in (a, b):
                for path, found in _selectors(table, side):
                    yield [node, *path], found
        case ["lin", 0, pairs] if len(pairs) > 1:
            cells = [table["nodes"][a] for _, a in pairs]
            flags = _flags(table)
            if all(k == 1 for k, _ in pairs) and all(x[0] == "col" and table["columns"][x[1]] in flags for x in cells):
                yield [], node


def _selects(table: Description, node: int, selector: int) -> bool:
    """Whether the sum is not multiplied with itself, less something, alone: then it is the thing promised."""
    match table["nodes"][node]:
        case ["mul", a, b]:
            return all(_selects(table, x, selector) for x in (a, b) if x != selector)
    return set(columns_of(table, node)) != set(columns_of(table, selector))


def _replaced(table: Description, path: list[int], old: int, new: list[Any]) -> tuple[list[Any], int]:
    """Nodes with a product along `path` in which the node `old` is replaced by `new`; and the product's number."""
    nodes = [*table["nodes"], new]
    number = len(nodes) - 1
    for product in reversed(path):
        _, a, b = table["nodes"][product]
        nodes.append(["mul", number if a == old else a, number if a != old else b])
        old, number = product, len(nodes) - 1
    return nodes, number


def _weakened(d: Description) -> Iterator[Mutant]:
    for t, table in enumerate(d["tables"]):
        for k, c in enumerate(table["constraints"]):
            for path, selector in _selectors(table, c["node"]):
                if not path or not _selects(table, c["node"], selector):
                    continue  # the sum itself must vanish, or is compared with itself
                pairs = table["nodes"][selector][2]
                for dropped, (_, cell) in enumerate(pairs):
                    name = f"{table['name']}.{c['name']}"
                    (term,) = columns_of(table, cell)

                    def make(t: int = t, k: int = k, path: Any = path, s: int = selector, n: int = dropped) -> Any:
                        own = d["tables"][t]
                        rest = ["lin", 0, _without(own["nodes"][s][2], n)]
                        nodes, root = _replaced(own, path, s, rest)
                        constraints = list(own["constraints"])
                        constraints[k] = {**constraints[k], "node": root}
                        return _with_table(d, t, nodes=nodes, constraints=constraints)

                    yield Mutant("weakened", f"{name} without {term}", name, "", make)


def interaction_names(d: Description, table: Description) -> list[str]:
    seen: Counter[str] = Counter()
    names = []
    for act in table["interactions"]:
        bus = d["buses"][act["bus"] - 1]["name"]
        cells = ",".join("+".join(columns_of(table, m)) or "." for m in act["message"])
        shown = f" ({cells})" if len(act["message"]) <= NAMED_FIELDS and len(cells) < 50 else ""
        names.append(f"{table['name']} {'->' if act['sign'] > 0 else '<-'} {bus} #{seen[bus]}{shown}")
        seen[bus] += 1
    return names


def _interactions(d: Description) -> Iterator[Mutant]:
    for t, table in enumerate(d["tables"]):
        for i, name in enumerate(interaction_names(d, table)):
            bus = d["buses"][table["interactions"][i]["bus"] - 1]["name"]

            def make(t: int = t, i: int = i) -> Description:
                own = d["tables"][t]
                acts = list(own["interactions"])
                acts[i] = {**acts[i], "mult": len(own["nodes"])}
                if "weights" in acts[i]:
                    acts[i]["weights"] = []
                return _with_table(d, t, nodes=[*own["nodes"], ["const", 0]], interactions=acts)

            yield Mutant("interaction", name, f"bus {bus}", bus, make)


def _weights(d: Description) -> Iterator[Mutant]:
    for t, table in enumerate(d["tables"]):
        for i, (act, name) in enumerate(zip(table["interactions"], interaction_names(d, table), strict=True)):
            bus = d["buses"][act["bus"] - 1]["name"]
            for k, (slot, _) in enumerate(act.get("weights", [])):

                def make(t: int = t, i: int = i, k: int = k) -> Description:
                    acts = list(d["tables"][t]["interactions"])
                    acts[i] = {**acts[i], "weights": _without(acts[i]["weights"], k)}
                    return _with_table(d, t, interactions=acts)

                yield Mutant("weight", f"{name.split(' (')[0]}[{slot}]", f"bus {bus}", bus, make)


def _fields(d: Description) -> Iterator[Mutant]:
    for number, bus in enumerate(d["buses"], start=1):
        for k in range(bus["width"] if bus["width"] > 1 else 0):

            def make(number: int = number, k: int = k) -> Description:
                def erased(act: Description) -> Description:
                    return {**act, "message": _without(act["message"], k)} if act["bus"] == number else act

                buses = [{**b, "width": b["width"] - (n == number)} for n, b in enumerate(d["buses"], start=1)]
                tables = [
                    {**t, "interactions": [erased(a) for a in t["interactions"]]}
                    if any(a["bus"] == number for a in t["interactions"])
                    else t
                    for t in d["tables"]
                ]
                given = [erased(m) for m in d["public_messages"]]
                return {**d, "buses": buses, "tables": tables, "public_messages": given}

            yield Mutant("field", f"bus {bus['name']}[{k}]", f"bus {bus['name']}", bus["name"], make)


def _tallies(d: Description) -> Iterator[Mutant]:
    for t, table in enumerate(d["tables"]):
        for e, entry in enumerate(table["tally"]):

            def make(t: int = t, e: int = e) -> Description:
                return _with_table(d, t, tally=_without(d["tables"][t]["tally"], e))

            name = f"tally {table['name']}[{entry['slot']}]"
            yield Mutant("tally", name, f"tally {entry['slot']}", "", make)


def _publics(d: Description) -> Iterator[Mutant]:
    groups: dict[tuple[int, str], list[int]] = {}
    for m, message in enumerate(d["public_messages"]):
        groups.setdefault((message["bus"], json.dumps(message["message"][0])), []).append(m)
    seen: Counter[str] = Counter()
    for (number, _), members in groups.items():
        bus = d["buses"][number - 1]["name"]

        def make(members: list[int] = members) -> Description:
            return {**d, "public_messages": [m for n, m in enumerate(d["public_messages"]) if n not in members]}

        yield Mutant("public", f"public {bus} #{seen[bus]}", f"bus {bus}", bus, make)
        seen[bus] += 1

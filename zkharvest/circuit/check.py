"""The constraint checker: every constraint, bus and tally of a circuit on a raw trace, in galois arithmetic.

This is the first thing a witness meets, and the place to see *which* promise a dishonest one breaks. It reads the
compiled description, not the builder's objects, and shares no arithmetic with the prover or the verifier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkharvest.spec import P

Cells = NDArray[np.uint32]
Field = Any  # a galois.FieldArray; the library is untyped
Labeler = Callable[[str, int], str]

BLOCK = 1 << 13
"""Rows that are evaluated at once: all nodes of a table are held for them."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken promise. `row` is -1 where it is about the whole trace; `what` names the lot or trade at work."""

    table: str
    constraint: str
    row: int
    detail: str = ""
    what: str = ""

    def __str__(self) -> str:
        place = f"{self.table}, row {self.row}" if self.row >= 0 else self.table
        tail = f" [{self.what}]" if self.what else ""
        return f"{place}: {self.constraint}{f' ({self.detail})' if self.detail else ''}{tail}"


@dataclass(frozen=True, slots=True)
class Messages:
    """What one interaction of a table puts on a bus: (n, width) messages, how often (mod p), and on which rows.

    `mult` is (n, 1 + slots) on a bus with weights: behind the multiplicity what is added to each slot.
    """

    table: str
    message: Cells
    mult: NDArray[np.int64]
    rows: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PublicValues:
    """Public scalars, lists (records in order) and public columns ((table index, column index) -> given rows)."""

    publics: Sequence[int]
    lists: Sequence[Sequence[Sequence[int]]]
    columns: Mapping[tuple[int, int], Sequence[int]]


@cache
def reference_field() -> Any:
    """F_p by galois, the reference arithmetic of the project."""
    import galois

    return galois.GF(P)


def check(
    description: Mapping[str, Any],
    traces: Sequence[Cells],
    public: PublicValues,
    *,
    label: Labeler | None = None,
    limit: int = 20,
    progress: Callable[[str], None] | None = None,
) -> list[Violation]:
    """What is broken, up to `limit` entries: constraints (the first broken row of each), then buses, then tallies.

    `label` says in words what a row of a table is about; `progress` is called with the name of each step.

    Raises ValueError if a trace has another width than its table.
    """
    say = progress or (lambda _: None)
    found: list[Violation] = []
    messages: dict[int, list[Messages]] = {}
    tallies = [0] * int(description["tallies"])
    slots = _slots(description)
    for t, (table, trace) in enumerate(zip(description["tables"], traces, strict=True)):
        if trace.shape[1] != len(table["columns"]):
            raise ValueError(f"{table['name']}: {trace.shape[1]} columns given, {len(table['columns'])} declared")
        say(f"checking {table['name']}")
        broken: dict[int, int] = {}  # constraint -> its first broken row
        for start in range(0, len(trace), BLOCK):
            values = _evaluate(t, table, trace, public, start)
            for k, c in enumerate(table["constraints"]):
                if k not in broken and (row := _first_broken(c["where"], values[c["node"]], start, len(trace))) >= 0:
                    broken[k] = row
            for i in table["interactions"]:
                mult = np.zeros((len(values[i["mult"]]), 1 + slots.get(i["bus"], 0)), np.int64)
                for place, node in [(0, i["mult"]), *((slot + 1, node) for slot, node in i.get("weights", []))]:
                    mult[:, place] = (mult[:, place] + np.asarray(values[node]).astype(np.int64) * i["sign"]) % P
                used = np.flatnonzero(mult.any(axis=1))
                message = np.stack([np.asarray(values[m])[used] for m in i["message"]], axis=1).astype(np.uint32)
                messages.setdefault(i["bus"], []).append(Messages(table["name"], message, mult[used], used + start))
            for entry in table["tally"]:
                tallies[entry["slot"]] += int(np.asarray(values[entry["node"]]).astype(np.int64).sum())
        for k, row in sorted(broken.items()):
            what = label(table["name"], row) if label else ""
            found.append(Violation(table["name"], table["constraints"][k]["name"], row, what=what))
    for number, bus in enumerate(description["buses"], start=1):
        say(f"balancing {bus['name']}")
        given = _public_messages(description, number, public)
        found.extend(_bus(bus["name"], slots.get(number, 0), messages.pop(number, []), given, label))
    for slot, value in enumerate(tallies):
        if value % P:
            found.append(Violation("all tables", f"tally {slot}", -1, f"sums to {value % P}"))
    return found[:limit]


def _slots(description: Mapping[str, Any]) -> dict[int, int]:
    """By bus, how many slots its messages have: one more than the last to which an interaction adds."""
    found: dict[int, int] = {}
    for table in description["tables"]:
        for i in table["interactions"]:
            for slot, _ in i.get("weights", []):
                found[i["bus"]] = max(found.get(i["bus"], 0), slot + 1)
    return found


def _evaluate(number: int, table: Mapping[str, Any], trace: Cells, public: PublicValues, start: int) -> list[Field]:
    """The values of all nodes on the rows from `start` on, at most a block of them."""
    field = reference_field()
    now = np.arange(start, min(start + BLOCK, len(trace)))
    after = (now + 1) % len(trace)
    columns = [field(np.ascontiguousarray(trace[at].T)) for at in (now, after)]
    values: list[Field] = []
    for node in table["nodes"]:
        match node:
            case ["const", c]:
                values.append(field(np.full(len(now), c, np.int64)))
            case ["col", i, off]:
                values.append(columns[off][i])
            case ["pub", i, off]:
                given = np.zeros(len(trace), np.int64)
                given[: len(public.columns[number, i])] = public.columns[number, i]
                values.append(field(given[after if off else now]))
            case ["public", i]:
                values.append(field(np.full(len(now), public.publics[i] % P, np.int64)))
            case ["mul", a, b]:
                values.append(values[a] * values[b])
            case ["add", a, b]:
                values.append(values[a] + values[b])
            case ["sub", a, b]:
                values.append(values[a] - values[b])
            case ["lin", c, pairs]:
                factors = field(np.array([k for k, _ in pairs], np.int64))[:, np.newaxis]
                terms = np.stack([values[a] for _, a in pairs]).view(field)
                values.append(np.add.reduce(factors * terms) + field(c))
            case _:
                raise ValueError(f"unknown node {node!r}")
    return values


def _first_broken(where: str, value: Field, start: int, height: int) -> int:
    """The first row of the block on which a constraint applies and does not vanish, or -1."""
    broken = np.flatnonzero(np.asarray(value)) + start
    match where:
        case "first":
            broken = broken[broken == 0]
        case "last":
            broken = broken[broken == height - 1]
        case "transition":
            broken = broken[broken != height - 1]
    return int(broken[0]) if len(broken) else -1


def _public_messages(description: Mapping[str, Any], bus: int, public: PublicValues) -> list[tuple[list[int], int]]:
    names = [entry["name"] for entry in description["lists"]]
    out: list[tuple[list[int], int]] = []
    for m in description["public_messages"]:
        if m["bus"] != bus:
            continue
        records = public.lists[names.index(m["each"])] if m["each"] is not None else [[]]
        for index, record in enumerate(records):
            terms = [_term(term, index, record, public) for term in m["message"]]
            out.append((terms, m["sign"]))
    return out


def _term(term: Any, index: int, record: Sequence[int], public: PublicValues) -> int:
    match term:
        case ["public", i]:
            return int(public.publics[i]) % P
        case ["item", i]:
            return int(record[i]) % P
        case ["index"]:
            return index
        case int():
            return term % P
    raise ValueError(f"unknown term {term!r}")


def _bus(
    name: str, slots: int, parts: list[Messages], given: list[tuple[list[int], int]], label: Labeler | None
) -> list[Violation]:
    """What is sent equals what is received, counted by message and slot by slot (no challenge, no chance)."""
    if given:
        rows = np.array([m for m, _ in given], np.uint32)
        signs = np.zeros((len(rows), 1 + slots), np.int64)
        signs[:, 0] = [s % P for _, s in given]
        parts = [*parts, Messages("statement", rows, signs, np.arange(len(rows)))]
    if not any(len(part.rows) for part in parts):
        return []
    first, inverse = _distinct(np.concatenate([part.message for part in parts]))
    counts = np.zeros((len(first), 1 + slots), np.int64)
    np.add.at(counts, inverse, np.concatenate([part.mult for part in parts]))
    found = []
    for at, slot in np.argwhere(counts % P)[:3]:
        place = int(first[at])
        net = int(counts[at, slot] % P)
        net = net - P if net > P // 2 else net
        where = f" in slot {slot - 1}" if slot else ""
        for part in parts:
            if place < len(part.rows):
                row = int(part.rows[place])
                what = label(part.table, row) if label and part.table != "statement" else ""
                detail = f"{net:+d} x {part.message[place].tolist()} unbalanced{where}"
                found.append(Violation(part.table, f"bus {name}", row, detail, what))
                break
            place -= len(part.rows)
    return found


def _distinct(rows: Cells) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each distinct row stands first, and which of them every row is; rows are compared by their bytes."""
    width = rows.shape[1]
    packed: NDArray[Any] = np.ascontiguousarray(rows)
    packed = packed.view(np.uint32 if width == 1 else np.uint64 if width == 2 else f"V{4 * width}").reshape(-1)
    _, first, inverse = np.unique(packed, return_index=True, return_inverse=True)
    return first, inverse.reshape(-1)

"""The constraint checker: every constraint, bus and tally of a circuit on a raw trace, in galois arithmetic.

This is the first thing a witness meets, and the place to see *which* promise a dishonest one breaks. It reads the
compiled description, not the builder's objects, and shares no arithmetic with the prover or the verifier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .expr import P

Cells = NDArray[np.uint32]
Field = Any  # a galois.FieldArray; the library is untyped
Labeler = Callable[[str, int], str]


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
) -> list[Violation]:
    """What is broken, up to `limit` entries: constraints (the first broken row of each), then buses, then tallies."""
    found: list[Violation] = []
    messages: dict[int, list[tuple[str, NDArray[np.int64], NDArray[np.int64]]]] = {}
    tallies = [0] * int(description["tallies"])
    for t, (table, trace) in enumerate(zip(description["tables"], traces, strict=True)):
        if trace.shape[1] != len(table["columns"]):
            raise ValueError(f"{table['name']}: {trace.shape[1]} columns given, {len(table['columns'])} declared")
        values = _evaluate(t, table, trace, public)
        found.extend(_constraints(table, values, label))
        for i in table["interactions"]:
            message = np.stack([np.asarray(values[m]).astype(np.int64) for m in i["message"]], axis=1)
            mult = np.asarray(values[i["mult"]]).astype(np.int64) * i["sign"] % P
            messages.setdefault(i["bus"], []).append((table["name"], message, mult))
        for entry in table["tally"]:
            tallies[entry["slot"]] += int(np.asarray(values[entry["node"]]).astype(np.int64).sum())
    for number, bus in enumerate(description["buses"], start=1):
        found.extend(_bus(bus["name"], messages.get(number, []), _public_messages(description, number, public), label))
    for slot, value in enumerate(tallies):
        if value % P:
            found.append(Violation("all tables", f"tally {slot}", -1, f"sums to {value % P}"))
    return found[:limit]


def _evaluate(number: int, table: Mapping[str, Any], trace: Cells, public: PublicValues) -> list[Field]:
    field = reference_field()
    rows = len(trace)
    values: list[Field] = []
    columns = field(np.ascontiguousarray(trace.T))
    for node in table["nodes"]:
        match node:
            case ["const", c]:
                values.append(field(np.full(rows, c, np.int64)))
            case ["col", i, off]:
                values.append(np.roll(columns[i], -off) if off else columns[i])
            case ["pub", i, off]:
                given = public.columns[number, i]
                full = field(np.array([*given, *([0] * (rows - len(given)))], np.int64))
                values.append(np.roll(full, -off) if off else full)
            case ["public", i]:
                values.append(field(np.full(rows, public.publics[i] % P, np.int64)))
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


def _constraints(table: Mapping[str, Any], values: Sequence[Field], label: Labeler | None) -> Iterator[Violation]:
    for c in table["constraints"]:
        broken = np.asarray(values[c["node"]]) != 0
        match c["where"]:
            case "first":
                broken[1:] = False
            case "last":
                broken[:-1] = False
            case "transition":
                broken[-1] = False
        if broken.any():
            row = int(np.argmax(broken))
            yield Violation(table["name"], c["name"], row, what=label(table["name"], row) if label else "")


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
    name: str,
    parts: list[tuple[str, NDArray[np.int64], NDArray[np.int64]]],
    given: list[tuple[list[int], int]],
    label: Labeler | None,
) -> Iterator[Violation]:
    """The multiset sent equals the multiset received, counted message by message (no challenge, no chance)."""
    kept = [(table, message[mult != 0], mult[mult != 0], np.flatnonzero(mult)) for table, message, mult in parts]
    if given:
        rows = np.array([m for m, _ in given], np.int64)
        kept.append(("statement", rows, np.array([s % P for _, s in given], np.int64), np.arange(len(rows))))
    if not kept:
        return
    every = np.concatenate([message for _, message, _, _ in kept])
    mult = np.concatenate([m for _, _, m, _ in kept])
    distinct, inverse = np.unique(every, axis=0, return_inverse=True) if every.shape[1] <= 2 else _distinct(every)
    counts = np.zeros(len(distinct), np.int64)
    np.add.at(counts, inverse.reshape(-1), mult)
    for at in np.flatnonzero(counts % P)[:3]:
        place = int(np.argmax(inverse.reshape(-1) == at))
        net = int(counts[at] % P)
        net = net - P if net > P // 2 else net
        for table, message, _, rows_ in kept:
            if place < len(message):
                row = int(rows_[place])
                what = label(table, row) if label and table != "statement" else ""
                yield Violation(table, f"bus {name}", row, f"{net:+d} x {distinct[at].tolist()} unbalanced", what)
                break
            place -= len(message)


def _distinct(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct wide rows by their bytes (np.unique over an axis sorts columns one by one, which is slow)."""
    packed = np.ascontiguousarray(rows.astype(np.uint32)).view(f"V{4 * rows.shape[1]}").reshape(-1)
    _, first, inverse = np.unique(packed, return_index=True, return_inverse=True)
    return rows[first], inverse

"""Constraints on a raw trace, in plain numpy: names what is broken before any proving.

Also the plain twin of the tape: nodes are evaluated on whole columns of canonical residues, 64-bit and reduced after
every operation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zkharvest.errors import ZkharvestError
from zkharvest.prover.field import Words
from zkharvest.spec import P
from zkharvest.verifier.description import Description, Table
from zkharvest.verifier.public import PublicData

Column = NDArray[np.uint64]
_P = np.uint64(P)
_ROWS = 1 << 12  # evaluated at once


class WitnessError(ZkharvestError):
    """The traces do not satisfy the circuit; the message names the first constraint that is broken, and where."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A constraint that does not vanish."""

    table: str
    constraint: str
    row: int

    def __str__(self) -> str:
        return f"table {self.table}, row {self.row}: constraint {self.constraint} is broken"


def node_values(
    table: Table, publics: Sequence[int], columns: Mapping[tuple[str, int, int], Column], rows: int
) -> list[Column]:
    """Every node on `rows` rows; `columns` has the value of each ("col" or "pub", index, off) that a node reads."""
    values: list[Column] = []
    for node in table.nodes:
        kind = node[0]
        if kind in ("col", "pub"):
            values.append(columns[node])
        elif kind in ("const", "public"):
            constant = node[1] if kind == "const" else publics[node[1]]
            values.append(np.full(rows, constant % P, dtype=np.uint64))
        elif kind == "add":
            values.append((values[node[1]] + values[node[2]]) % _P)
        elif kind == "sub":
            values.append((values[node[1]] + _P - values[node[2]]) % _P)
        elif kind == "mul":
            values.append(values[node[1]] * values[node[2]] % _P)
        else:
            total = np.full(rows, node[1], dtype=np.uint64)
            for k, a in node[2]:
                total = (total + np.uint64(k) * values[a]) % _P
            values.append(total)
    return values


def first_broken(description: Description, public: PublicData, traces: Sequence[Words]) -> Broken | None:
    """The first broken constraint in the order of tables, rows (in large blocks) and constraints, if any."""
    for t, (table, trace) in enumerate(zip(description.tables, traces, strict=True)):
        height = trace.shape[0]
        shown = [_padded(public.columns[t, i], height) for i in range(len(table.public_columns))]
        reads = {node for node in table.nodes if node[0] in ("col", "pub")}
        for start in range(0, height, _ROWS):
            rows = np.arange(start, min(start + _ROWS, height))
            columns = {}
            for kind, i, off in reads:
                source = trace[:, i] if kind == "col" else shown[i]
                columns[kind, i, off] = source[(rows + off) % height].astype(np.uint64)
            values = node_values(table, public.publics, columns, len(rows))
            for constraint in table.constraints:
                wrong = np.flatnonzero(values[constraint.node])
                for row in rows[wrong]:
                    if _applies(constraint.where, int(row), height):
                        return Broken(table.name, constraint.name, int(row))
    return None


def require_valid(description: Description, public: PublicData, traces: Sequence[Words]) -> None:
    """WitnessError if a constraint is broken."""
    broken = first_broken(description, public, traces)
    if broken is not None:
        raise WitnessError(str(broken))


def _applies(where: str, row: int, height: int) -> bool:
    if where == "first":
        return row == 0
    if where == "last":
        return row == height - 1
    return where == "all" or row != height - 1


def _padded(values: Sequence[int], height: int) -> Words:
    out = np.zeros(height, dtype=np.uint32)
    out[: len(values)] = values
    return out

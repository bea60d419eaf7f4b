"""The value of a circuit expression on one row (or, with arrays as cells, on many), from its definition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zkharvest.circuit.expr import Expr, P


def value(
    expr: Expr,
    now: Sequence[Any],
    after: Sequence[Any] = (),
    *,
    given: Sequence[tuple[Any, Any]] = (),
    publics: Sequence[int] = (),
) -> Any:
    """Residues modulo p: `now` and `after` are the cells by column, `given` the public columns (this row, next row)."""
    total: Any = expr.const
    for atom, k in expr.terms.items():
        match atom:
            case ("col", i, off):
                x = (after if off else now)[i]
            case ("pub", i, off):
                x = given[i][off]
            case ("public", i):
                x = publics[i]
            case ("mul", a, b):
                left, right = (value(e, now, after, given=given, publics=publics) for e in (a, b))
                x = left * right % P
        total = (total + k * x) % P
    return total

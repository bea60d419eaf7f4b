"""Everything opened of tables of two heights together: exact ranks on a small field (docs/adr/0017)."""

from __future__ import annotations

import pytest

from tests.adversary.hiding.two_heights import DEGREE, Shape, leak
from tests.support.counts import count

ROWS = 32


def apart(shape, queries):
    """Every query at a y of its own."""
    return [17 + 29 * i for i in range(queries)]


def above_one_y(shape, queries):
    """As many queries as there are above each y: what shows Q there, and with it the columns at y and g y."""
    return [17 + 29 * (i // 4) + i % 4 * shape.coset for i in range(queries)]


def above_one_low_point(shape, queries):
    """Different y whose images in the low table's coset are one point: Q would tie several y to it."""
    return [17 + i * (shape.coset >> shape.short) + i // (1 << shape.short) for i in range(queries)]


CHOSEN = [apart, above_one_y, above_one_low_point]


def enough(queries, pieces):
    """Masks that ADR 0017 counts: a point a query (three for two queries with two pieces), z and g_t z."""
    return 2 * DEGREE + (queries if pieces > 2 else -(-3 * queries // 2))


@pytest.mark.parametrize("chosen", CHOSEN)
@pytest.mark.parametrize(("short", "queries", "pieces"), [(1, 4, 3), (1, 3, 2), (2, 3, 3), (2, 2, 2)])
def test_no_function_of_the_traces_shows(chosen, short, queries, pieces):
    shape = Shape(ROWS, short, enough(queries, pieces), pieces)
    assert leak(shape, chosen(shape, queries)) == 0
    count("openings of two heights shown independent", queries)


@pytest.mark.parametrize(("short", "queries"), [(1, 4), (2, 3)])
def test_with_one_coefficient_less_something_shows(short, queries):
    """So the count is exact for queries apart, and the rank sees a leak where there is one."""
    shape = Shape(ROWS, short, queries + 2 * DEGREE - 1, 3)
    assert leak(shape, apart(shape, queries)) > 0

"""The check of a raw trace names the table, constraint and row that is broken."""

from __future__ import annotations

import pytest

from tests.support.bus_circuit import DESCRIPTION, honest
from tests.support.tiny_traces import DESCRIPTION as TINY
from tests.support.tiny_traces import N, honest_traces
from zkharvest.prover.check import Broken, WitnessError, first_broken, require_valid
from zkharvest.prover.plain import P

HEIGHT = 64


def changed(table, row, column):
    traces, public = honest(HEIGHT)
    traces[table][row, column] = (int(traces[table][row, column]) + 1) % P
    return first_broken(DESCRIPTION, public, traces)


def test_honest_traces_pass():
    assert first_broken(DESCRIPTION, *reversed(honest(HEIGHT))) is None
    assert first_broken(TINY, *reversed(honest_traces())) is None


@pytest.mark.parametrize(
    ("table", "row", "column", "expected"),
    [
        (0, 10, 1, Broken("walk", "steps", 9)),
        (0, 0, 1, Broken("walk", "steps", 0)),
        (0, HEIGHT - 1, 1, Broken("walk", "steps", HEIGHT - 2)),
        (0, HEIGHT - 1, 0, Broken("walk", "product", HEIGHT - 1)),
        (0, 20, 2, Broken("walk", "product", 20)),
        (1, 0, 0, Broken("plain", "constant", 0)),
        (1, HEIGHT - 1, 0, Broken("plain", "constant", HEIGHT - 2)),
    ],
)
def test_the_first_broken_constraint(table, row, column, expected):
    assert changed(table, row, column) == expected


def test_first_and_last_rows():
    traces, public = honest(HEIGHT)
    other = type(public)((public.publics[0] + 1, public.publics[1]), (), public.columns, b"")
    assert first_broken(DESCRIPTION, other, traces) == Broken("walk", "starts", 0)
    other = type(public)((public.publics[0], public.publics[1] ^ 1), (), public.columns, b"")
    assert first_broken(DESCRIPTION, other, traces) == Broken("walk", "ends", HEIGHT - 1)


def test_the_message():
    traces, public = honest_traces()
    traces[0][N - 1, 3] ^= 1
    with pytest.raises(WitnessError, match=f"table walk, row {N - 1}: constraint cube is broken"):
        require_valid(TINY, public, traces)

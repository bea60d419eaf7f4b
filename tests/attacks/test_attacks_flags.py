"""Attacks on flags and heights (rows E5 and E6 of the list, docs/security/attacks.md)."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from tests.support import statement
from tests.support.boards import alone, board, column, rows_of
from tests.support.counts import count
from tests.support.proof_layout import layout
from tests.support.tiny_proof import TEST, check, honest, tiny
from zkharvest.circuit.expr import P
from zkharvest.prove.stark import prove_circuit
from zkharvest.verify import messages
from zkharvest.verify.params import PRESETS, Sizes, sizes


@pytest.mark.parametrize("value", [2, P - 1, (P + 1) // 2, 3])
def test_e5_flags_are_bits(value):
    """SP1 (GHSA-c873-wfhp-wx5m): `is_complete` and its like could be anything. Every flag, on every kind of row."""
    tried = 0
    for table in board().tables:
        t = board().names.index(table["name"])
        names = table["columns"]
        flags = [i for i, n in enumerate(names) if n.startswith(("is_", "bucket", "position"))]
        flags = [i for i in flags if not names[i].startswith("bucket_weight") and names[i] != "position"]
        flags += [names.index(n) for n in ("active", "first", "more", "emptied", "no_left", "no_right") if n in names]
        if not flags:
            continue
        kinds: dict[tuple[int, ...], int] = {}
        for row in range(len(board().traces[t])):
            kinds.setdefault(tuple(board().traces[t][row, flags].tolist()), row)
        for row in kinds.values():
            edits = [(row, {flag: value}) for flag in flags]
            for (_, cells), broken in zip(edits, board().single(t, edits), strict=True):
                assert broken, (table["name"], row, [names[c] for c in cells])
                tried += 1
    assert tried > 300


def test_e5_first_and_last_rows_are_pinned():
    """A run begins at the beginning and ends whole: what a first or last row may not be."""
    alone("steps.clk_start", "steps.seq_start", "steps.first_start", "steps.settle_start", "steps.into_start")
    alone("range.row_start", "range.hi_end", "range.lo_end_last", "totals.carry_first", "totals.carry_last")
    count("attacks covered")


def test_e5_no_row_takes_back_what_another_one_adds():
    """Flags of -1 that cancel a 1 on the same row: a close that skips -1 times would *send* a record of its own.

    The sum of the flags is 0 then, and the record's message is sent. The comparison with the day, which must be marked
    as often as the record is received, has no marks that add up to -1.
    """
    row = rows_of("close")[0]
    base = {(0, row, column("is_skip")): P - 1, (0, row, column("first")): P - 1, (0, row, column("phase")): 2}
    for marks in ((0, 0, 0), (1, 0, 0), (1, 1, 1)):
        edits = dict(base)
        for stem in ("until", "since"):
            edits |= {(0, row, column(f"{stem}_at{i}")): mark for i, mark in enumerate(marks)}
        broken = board().broken(edits)
        assert "steps.until_marked" in broken
        assert "bus record" in broken  # there it is: sent, and nobody has taken it yet
    # As well with a take instead of the close, and with an opening.
    for kind in ("take", "open", "settle", "into"):
        place = rows_of(kind)[0]
        first = int(board().traces[0][place, column("first")])
        edits = {(0, place, column("is_skip")): P - 1, (0, place, column("first")): first - 1}
        assert board().broken(edits) & {"steps.skip_why", "steps.work_in_time"}


def test_e5_a_trade_goes_on_once_or_not_at_all():
    """`more` of -1: the next row would begin a trade of its own, twice, on the columns of the one before.

    So many marks can be given, but a record is not later than itself.
    """
    cells = board().traces[0]
    (row,) = [r for r in rows_of("settle") if cells[r, column("more")] == 1]
    edits = {(0, row, column("more")): P - 1, (0, row + 1, column("first")): 2}
    for stem, at in (("order", row), ("until", row + 1), ("since", row + 1)):
        edits |= {(0, at, column(f"{stem}_at{i}")): int(i < 2) for i in range(3)}
    broken = board().broken(edits)
    assert "steps.order_marked" not in broken
    assert "steps.until_marked" not in broken
    assert {"steps.order_gap", "steps.used_up"} <= broken


def test_e6_one_height():
    """SP1 (CVE-2026-40323): two parts of a verifier took a table's height from two places of the proof.

    A height is one number of the package, in its digest; every size follows from it, and no message holds one.
    """
    case = honest()
    for n in range(13, 17):
        at = sizes(n, TEST)
        assert (at.rows, at.domain_size) == (1 << n, 4 << n)
        assert at.log_domain == at.log_rows + 2
    assert next(f.name for f in fields(Sizes)) == "log_rows"
    for kind in (
        messages.MainCommitment,
        messages.AuxCommitment,
        messages.QuotientCommitment,
        messages.Openings,
        messages.FriLayer,
        messages.FriFinal,
    ):
        assert {f.name for f in fields(kind)} <= {"root", "terminals", "at_z", "at_next", "coefficients"}
    kinds = {part.kind for part in layout(tiny.DESCRIPTION, TEST, 13, case.indices).values()}
    assert kinds == {"root", "nonce", "ext", "leaf", "digest"}  # no lengths, no heights
    for n in (14, 15, 16):
        assert check(case.proof, case.public, n=n) is not None
    d = statement.description()
    assert "rows" not in d["tables"][0]  # nor does a table of the circuit have one of its own
    assert PRESETS["standard"].min_log_rows >= d["log_rows"][0]
    traces, public = tiny.honest()
    columns = [np.stack(table, axis=1).astype(np.uint32) for table in traces]
    columns[1] = np.concatenate([columns[1], columns[1]])
    with pytest.raises(ValueError, match="table store"):  # two tables of two heights have no proof
        prove_circuit(tiny.DESCRIPTION, tiny.DIGEST, TEST, public, columns)
    count("attacks covered")

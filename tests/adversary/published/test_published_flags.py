"""Attacks on flags and heights (rows E5 and E6 of the list, docs/security/attacks.md)."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from tests.adversary.kit.forge import KINDS
from tests.support import statement
from tests.support.boards import alone, board, column, rows_of
from tests.support.counts import count
from tests.support.proof_layout import layout
from tests.support.tiny_proof import TEST, check, honest, tiny
from zkharvest.circuit.expr import P
from zkharvest.prover.stark import prove_circuit
from zkharvest.verifier import messages
from zkharvest.verifier.params import PRESETS, Sizes, sizes


@pytest.mark.parametrize("value", [2, P - 1, (P + 1) // 2])
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


ON_ONE_ROW = (
    *("one_kind", "load_alone", "open_code", "take_code", "out_code", "one_code", "skip_why", "work_in_time"),
    *("emptied_where", "close_empties"),
)


@pytest.mark.parametrize("wallet", [0, 1])
def test_e5_every_small_choice_of_flags_is_one_kind_or_idle(wallet):
    """All flags from -1 to 2, all codes and phases: what the constraints on one row leave is one flag of 1, or none.

    A second half repeats the flag of the row before (`take_settles`, `out_into`) and holds its record; a first row has
    as many records as marks, so between 0 and 3 (`until_marked`).
    """
    table = statement.description()["tables"][0]
    small, bit = (-1, 0, 1, 2), (0, 1)
    free = {"is_load": small, "is_open": small, "is_take": small, "is_out": small, "is_skip": small, "is_close": small}
    free |= {"is_settle": bit, "is_into": bit, "code_close": bit, "code_move": bit, "emptied": (0, 1, 2)}
    free |= {"phase": (0, 1, 2)}
    grid = np.meshgrid(*(np.array(values, dtype=np.int64) for values in free.values()), indexing="ij")
    cells = {name: axis.reshape(-1) for name, axis in zip(free, grid, strict=True)}
    held = (cells["is_settle"] <= cells["code_close"]) & (cells["is_into"] <= cells["code_move"] * wallet)
    first = cells["is_open"] + cells["is_skip"] + cells["is_take"] + cells["is_out"]
    again = cells["is_open"] + cells["is_skip"]  # where the row before said `more`
    left = held & (((first >= 0) & (first <= 3)) | ((again >= 0) & (again <= 3)))
    cells = {name: column_[left] for name, column_ in cells.items()}
    wallet_at = statement.description()["publics"].index("wallet")
    nodes = {c["name"]: c["node"] for c in table["constraints"]}
    ok = np.ones(len(cells["phase"]), dtype=bool)
    for name in ON_ONE_ROW:
        ok &= small_value(table, nodes[name], cells, {wallet_at: wallet}) % P == 0
    kinds = np.stack([cells[f"is_{kind}"][ok] for kind in KINDS])
    assert ((kinds == 0) | (kinds == 1)).all()
    assert (kinds.sum(axis=0) <= 1).all()
    reached = {kind for kind, column_ in zip(KINDS, kinds, strict=True) if column_.any()}
    assert reached == set(KINDS) - (set() if wallet else {"out", "into"})
    # Without the sum of the kinds, or without a condition on one of them, there are others.
    for missing in ("one_kind", "load_alone", "take_code", "skip_why"):
        ok = np.ones(len(cells["phase"]), dtype=bool)
        for name in set(ON_ONE_ROW) - {missing}:
            ok &= small_value(table, nodes[name], cells, {wallet_at: wallet}) % P == 0
        kinds = np.stack([cells[f"is_{kind}"][ok] for kind in KINDS])
        assert ((kinds < 0) | (kinds > 1)).any() or (kinds.sum(axis=0) > 1).any(), missing


def small_value(table, node, cells, publics):
    """A node over the integers, for cells given by name; residues near p are read as negative."""
    match table["nodes"][node]:
        case ["const", c]:
            return np.int64(c - P if c > P // 2 else c)
        case ["col", i, 0]:
            return cells[table["columns"][i]]
        case ["public", i]:
            return np.int64(publics[i])
        case ["mul", a, b]:
            return small_value(table, a, cells, publics) * small_value(table, b, cells, publics)
        case ["lin", c, terms]:
            total = np.int64(c - P if c > P // 2 else c)
            for k, a in terms:
                total = total + (k - P if k > P // 2 else k) * small_value(table, a, cells, publics)
            return total
    raise ValueError(f"unexpected node {table['nodes'][node]}")


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


def test_e6_one_place_for_a_height():
    """SP1 (CVE-2026-40323): two parts of a verifier took a table's height from two places of the proof.

    Heights are numbers of the package, in its digest; every size follows from them, and no message holds one.
    """
    case = honest()
    for n in range(13, 17):
        at = sizes(n, TEST)
        assert (at.rows, at.lde_size, at.domain_size) == (1 << n, 4 << n, 16 << n)
        assert at.log_domain == at.log_rows + 2 + TEST.log_stack
    assert next(f.name for f in fields(Sizes)) == "log_rows"
    for kind in (
        messages.MainCommitment,
        messages.AuxCommitment,
        messages.QuotientCommitment,
        messages.Evaluations,
        messages.FriLayer,
        messages.FriFinal,
    ):
        assert {f.name for f in fields(kind)} <= {"root", "terminals", "at_z", "at_next", "coefficients"}
    kinds = {part.kind for part in layout(tiny.DESCRIPTION, TEST, tiny.HEIGHTS, case.indices).values()}
    assert kinds == {"root", "nonce", "ext", "leaf", "digest"}  # no lengths, no heights
    for heights in ((14, 14), (15, 15), (16, 16), (13, 12), (12, 13), (14, 13)):
        assert check(case.proof, case.public, heights=heights) is not None
    d = statement.description()
    assert "rows" not in d["tables"][0]  # nor does a table of the circuit have one of its own
    assert PRESETS["balanced"].min_log_rows >= d["log_rows"][0]
    traces, public = tiny.honest()
    columns = [np.stack(table, axis=1).astype(np.uint32) for table in traces]
    columns[1] = np.concatenate([columns[1], columns[1][: tiny.N // 2]])
    with pytest.raises(ValueError, match="table store: 12288 rows"):  # a height is a power of two
        prove_circuit(tiny.DESCRIPTION, tiny.DIGEST, TEST, public, columns)
    count("attacks covered")

"""Attacks on flags and heights (rows E5 and E6 of the list, docs/security/attacks.md)."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from tests.adversary.kit.local import Board
from tests.models.lot_machine_v2.histories import UNIT
from tests.support import machine_circuit as machine
from tests.support import whole_links
from tests.support.boards import alone, board, column, columns_of, rows_of
from tests.support.counts import count
from tests.support.machine_lying import buy, page, run, sale
from tests.support.proof_layout import layout
from tests.support.tiny_proof import TEST, check, honest, tiny
from zkharvest.circuit.expr import P
from zkharvest.circuit.lot_machine.v2.steps.kinds import KINDS
from zkharvest.prover.stark import prove_circuit
from zkharvest.verifier import messages
from zkharvest.verifier.params import PRESETS, Sizes, sizes

BIT_STEMS = ("is_", "code_", "kind_bit", "borrow_", "level", "negative", "order_at", "above_at", "below_at")
BITS = {
    *("first", "second", "active", "more", "emptied", "late", "no_left", "no_right", "blind_on", "wrap"),
    *("held_long", "loss", "prior", "empty", "side", "recent", "token_last", *(f"term{i}" for i in range(6))),
}
NUMBERS = {("poseidon", "level"), ("sums", "side"), ("pages", "late"), ("pages", "first")}
"""Of such a name, and numbers; and what the statement says of a page, which on an idle row nobody reads."""


@pytest.mark.parametrize("value", [2, P - 1, (P + 1) // 2])
def test_e5_flags_are_bits(value):
    """SP1 (GHSA-c873-wfhp-wx5m): `is_complete` and its like could be anything. Every flag, on every kind of row."""
    tried = 0
    for table in board().tables:
        t = board().names.index(table["name"])
        columns = table["columns"]
        flags = [i for i, n in enumerate(columns) if n.startswith(BIT_STEMS) or n in BITS]
        flags = [i for i in flags if (table["name"], columns[i]) not in NUMBERS]
        if not flags:
            continue
        kinds: dict[tuple[int, ...], int] = {}
        for row in range(len(board().traces[t])):
            kinds.setdefault(tuple(board().traces[t][row, flags].tolist()), row)
        for row in kinds.values():
            edits = [(row, {flag: value}) for flag in flags]
            for (_, cells), broken in zip(edits, board().single(t, edits), strict=True):
                assert broken, (table["name"], row, [columns[c] for c in cells])
                tried += 1
    assert tried > 2000


def test_e5_first_and_last_rows_are_pinned():
    """A run begins at the beginning and ends whole: what a first or last row may not be."""
    starts = ("clk", "seq", "first", "is_settle", "is_gone", "is_send", "inventory", "closing")
    alone(*(f"steps.{name}_start" for name in starts), "steps.ends_whole")
    alone("sums.place_start", "calendar.last_no_day", "range.row_start", "range.hi_end", "range.lo_end_last")
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
        assert {"steps.until_marked", "steps.skip_page"} <= broken
        assert "bus leaf" in broken  # there it is: sent, and nobody has taken it yet
    # As well with a take instead of the close, with an opening, with a second half and with an arrival.
    for kind in ("take", "open", "settle", "send", "arrive"):
        place = rows_of(kind)[0]
        first = int(board().traces[0][place, column("first")])
        edits = {(0, place, column("is_skip")): P - 1, (0, place, column("first")): first - 1}
        assert {"steps.skip_page", "steps.skip_phase"} <= board().broken(edits)


SMALL = (-1, 0, 1, 2)
DOMAIN = {"is_settle": (0, 1), "is_gone": (0, 1), "phase": (0, 1, 2, 3), "page_early": (0, 1), "page_late": (0, 1)}
"""A second half repeats the flag of the row before; the others are looked up. All else is tried from -1 to 2."""
ON_ONE_ROW = (
    *("is_load_bit", "is_load_token_bit", "is_close_bit", "is_close_token_bit"),
    *("code_closes_bit", "code_moves_bit", "code_inward_bit", "one_code"),
    *("open_code", "take_code", "out_code", "send_code", "drop_code", "arrive_code", "skip_phase", "skip_page"),
    "one_kind",
)


def left_over(wallet: int, missing: str = "") -> dict[str, np.ndarray]:
    """Cells of a row, by name, with which the constraints that read one row are content."""
    table = board().tables[0]
    nodes = {c["name"]: c["node"] for c in table["constraints"]}
    publics = {whole_links.description()["publics"].index("wallet"): wallet}
    cells: dict[str, np.ndarray] = {}
    for name in ON_ONE_ROW:
        for column_ in sorted(columns_of(table, nodes[name]) - set(cells)):
            values = np.array(DOMAIN.get(column_, SMALL), dtype=np.int64)
            length = len(next(iter(cells.values()))) if cells else 1
            cells = {n: np.repeat(old, len(values)) for n, old in cells.items()}
            cells[column_] = np.tile(values, length)
        if name != missing:
            held = small_value(table, nodes[name], cells, publics) % P == 0
            cells = {n: values[held] for n, values in cells.items()}
    return cells


@pytest.mark.parametrize("wallet", [0, 1])
def test_e5_every_small_choice_of_flags_is_one_kind_or_idle(wallet):
    """All flags from -1 to 2, all codes and phases: what the constraints on one row leave is one flag of 1, or none."""
    cells = left_over(wallet)
    kinds = np.stack([cells[f"is_{kind}"] for kind in KINDS])
    assert ((kinds == 0) | (kinds == 1)).all()
    assert (kinds.sum(axis=0) <= 1).all()
    reached = {kind for kind, flags in zip(KINDS, kinds, strict=True) if flags.any()}
    assert reached == set(KINDS) - (set() if wallet else {"out"})
    # Without the sum of the kinds, or without a condition on one of them, there are others.
    for missing in ON_ONE_ROW:
        cells = left_over(wallet, missing)
        kinds = np.stack([cells[f"is_{kind}"] for kind in KINDS])
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

    `more` is a bit where a part is done (`more_where`). Without that, so many marks could be given, but a record is not
    later than itself.
    """
    made = run(page(buy(), buy(1), sale(2, 2 * UNIT)))
    board_ = Board(made, machine.description())
    assert board_.verdict() == set()
    cells = board_.traces[0]
    (row,) = [r for r in made.at("settle") if cells[r, column("more")] == 1]
    edits = {(0, row, column("more")): P - 1, (0, row + 1, column("first")): 2}
    for stem, at, lanes, marks in (("order", row, 5, 2), ("until", row + 1, 3, 2), ("since", row + 1, 3, 1)):
        edits |= {(0, at, column(f"{stem}_at{i}")): int(i < marks) for i in range(lanes)}
    broken = board_.broken(edits)
    assert not {"steps.order_marked", "steps.until_marked", "steps.since_marked"} & broken
    assert {"steps.more_where", "steps.order_gap", "steps.used_up"} <= broken


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
    d = whole_links.description()
    assert "rows" not in d["tables"][0]  # nor does a table of the circuit have one of its own
    assert PRESETS["balanced"].min_log_rows >= d["log_rows"][0]
    traces, public = tiny.honest()
    columns = [np.stack(table, axis=1).astype(np.uint32) for table in traces]
    columns[1] = np.concatenate([columns[1], columns[1][: tiny.N // 2]])
    with pytest.raises(ValueError, match="table store: 12288 rows"):  # a height is a power of two
        prove_circuit(tiny.DESCRIPTION, tiny.DIGEST, TEST, public, columns)
    count("attacks covered")

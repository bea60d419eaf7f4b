"""Attacks on heights, widths, degrees and what is fixed (rows C7 to C12 of the list, docs/security/attacks.md)."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise

import numpy as np
import pytest

from tests.support import whole_links
from tests.support.counts import count
from tests.support.proof_layout import flipped
from tests.support.proofs import chain_by_itself, packed, small_chain, small_part
from tests.support.tiny_proof import (
    AT,
    Patched,
    check,
    honest,
    prove,
    tiny,
)
from zkharvest.verifier import circuits, constraints, description_reader, messages
from zkharvest.verifier import proof as proof_module
from zkharvest.verifier import verify_chain as deciding
from zkharvest.verifier.description_reader import DescriptionError, group_degree, node_degrees, read_description
from zkharvest.verifier.field import ONE, P
from zkharvest.verifier.rejections import Reason

OPENED = ("main at z", "aux at z", "quotient at z", "main at gz", "phi at gz")


def test_c7_the_height_is_bounded_and_bound():
    """Plonky3: degree_bits of the proof, too small or too large."""
    case = honest()
    for heights in ((14, 14), (15, 15), (16, 16), (14, 13), (13, 12), (12, 13)):
        assert check(case.proof, case.public, heights=heights) is not None
    for heights in ((-1, -1), (0, 0), (12, 12), (17, 13), (13, 24), (64, 64), (13, 11), (13, -1), (13,), (13, 13, 13)):
        with pytest.raises(ValueError, match=r"height|rows"):
            check(case.proof, case.public, heights=heights)
    log_rows = small_part().log_rows
    first, *others = log_rows
    assert (first, *others) == (13, 13, 12, 12, 12, 12, 13)
    for rows in (0, 1, 11, 21, 22, 25, 63, 2**32, 2**63, -1, -(2**31)):
        for heights in ((rows, *others), (*log_rows[:-1], rows), (rows,) * 7):
            assert chain_by_itself(packed(log_rows=heights)).reason == Reason.PACKAGE_LOG_ROWS.value
    for heights in ((), log_rows[1:], (13, *log_rows), (12,) * 7):
        assert chain_by_itself(packed(log_rows=heights)).reason == Reason.PACKAGE_LOG_ROWS.value
    for rows in (12, 14, 15, 20):
        verdict = chain_by_itself(packed(log_rows=(rows, *others)))
        assert verdict.verdict == "rejected"
        assert verdict.reason != Reason.PACKAGE_LOG_ROWS.value
    data = small_chain().package
    encoded = data.replace(b"\xa8log_rows\x97\x0d", b"\xa8log_rows\x97\xc3")  # true is no height
    assert encoded != data
    assert chain_by_itself(encoded).reason == Reason.PACKAGE_FIELDS.value
    count("attacks covered")


@pytest.mark.parametrize("degree", [3, 5])
def test_c8_as_many_quotient_pieces_as_the_degree_says(degree):
    """Plonky3: the number of quotient pieces, or their width, was the proof's."""
    other = replace(tiny.DESCRIPTION, degree=degree)
    data = honest().public
    proof = prove(tiny.honest()[0], data, description=other)
    assert check(proof, data) is not None
    assert check(proof, data, description=other) is (Reason.QUOTIENT if degree == 3 else None)
    case = honest()
    part = case.parts["quotient at z"]
    for items in (1, 4, 5, 15, 20):
        shorter = case.proof[: part.end - 20 * items] + case.proof[part.end :]
        longer = case.proof[: part.end] + case.proof[part.end - 20 * items :]
        assert check(shorter, case.public) is not None
        assert check(longer, case.public) is not None
    count("attacks covered", int(degree == 3))


# ------------------------------------------------------------------ C9: degrees


def along_a_line(table, points: int):
    """Every node of a table, and every group's constraint, where all cells are linear in one variable."""
    rng = np.random.default_rng(12)
    t = np.arange(points)

    def line():
        a, b = rng.integers(1, P, 2)
        return (a + b * t) % P

    cells: dict[tuple, np.ndarray] = {}
    values: list[np.ndarray] = []
    for node in table.nodes:
        match node:
            case ("const", c):
                values.append(np.full(points, c))
            case ("col" | "pub", *_):
                values.append(cells.setdefault(node, line()))
            case ("public", i):
                values.append(cells.setdefault(node, np.full(points, int(rng.integers(P)))))
            case ("add", a, b):
                values.append((values[a] + values[b]) % P)
            case ("sub", a, b):
                values.append((values[a] - values[b]) % P)
            case ("mul", a, b):
                values.append(values[a] * values[b] % P)
            case ("lin", c, pairs):
                total = np.full(points, c)
                for k, a in pairs:
                    total = (total + k * values[a]) % P
                values.append(total)
    groups = []
    alpha, beta = (int(v) for v in rng.integers(1, P, 2))
    for group in table.groups:
        product, numerator = np.ones(points, dtype=np.int64), np.zeros(points, dtype=np.int64)
        for i in group:
            item = table.interactions[i]
            d = np.full(points, alpha + item.bus)
            for k, node in enumerate(item.message):
                d = (d + pow(beta, k + 1, P) * values[node]) % P
            numerator = (numerator * d + item.sign * values[item.mult] * product) % P
            product = product * d % P
        groups.append((line() * product - numerator) % P)
    return values, groups


def degree_of(values: np.ndarray) -> int:
    """Of the polynomial through values at 0, 1, 2, ..., by differences; -1 for zero."""
    degree, row = -1, [int(v) for v in values]
    for order in range(len(values)):
        if row[0] % P:
            degree = order
        row = [(b - a) % P for a, b in pairwise(row)]
    return degree


@pytest.mark.parametrize("name", ["tiny", "lot-machine"])
def test_c9_declared_degrees_are_the_real_ones(name):
    """Plonky3 #1722, #1755, lambdaworks #195: a wrong largest degree; here degrees are measured along a line."""
    d = tiny.DESCRIPTION if name == "tiny" else whole_links.frozen()[1]
    largest = 0
    for table in d.tables:
        values, groups = along_a_line(table, 8)
        found = node_degrees(table)
        for constraint in table.constraints:
            measured = degree_of(values[constraint.node])
            assert measured == found[constraint.node], f"{table.name}.{constraint.name}"
            largest = max(largest, measured + (constraint.where in ("first", "last")))
        for group, values_ in zip(table.groups, groups, strict=True):
            assert degree_of(values_) <= group_degree(table, group, found) <= d.degree
            largest = max(largest, degree_of(values_))
        for entry in table.tally:
            assert degree_of(values[entry.node]) == found[entry.node] <= d.degree
    assert largest == d.degree
    if name == "tiny":
        lower = json.dumps({**tiny.DOCUMENT, "degree": 3}).encode()
        with pytest.raises(DescriptionError, match="degree 4 is above the declared 3"):
            read_description(lower)
        with Patched((description_reader, "_check_degrees", lambda *_: None)):
            assert read_description(lower).pieces == 2  # one too few: such a circuit has no proofs (C8)
        count("attacks covered")


# ------------------------------------------------------------------ C10 to C12


def test_c10_the_table_of_values_at_z_has_its_shape():
    """lambda_vm #815, #816: a table of openings of width 0 skipped the checks, one too narrow ended in a crash."""
    case = honest()
    for name in ("main at z", "aux at z", "quotient at z", "main at gz", "phi at gz", "terminals"):
        part = case.parts[name]
        first = part.item(0)
        for changed in (
            case.proof[: part.start] + case.proof[part.end :],
            case.proof[: part.end - 20] + case.proof[part.end :],
            case.proof[: part.end] + case.proof[first] + case.proof[part.end :],
            case.proof[: part.end] + bytes(20) + case.proof[part.end :],
            case.proof[: part.end - 4] + case.proof[part.end :],
            case.proof[: part.end] + bytes(4) + case.proof[part.end :],
        ):
            assert isinstance(check(changed, case.public), Reason), name
    at_z = tuple(case.word(name, k) for name in OPENED[:3] for k in range(case.parts[name].items))
    at_next = tuple(case.word(name, k) for name in OPENED[3:] for k in range(case.parts[name].items))
    for other in (
        messages.Evaluations((), at_next),
        messages.Evaluations(at_z, ()),
        messages.Evaluations(at_z[:-1], at_next),
        messages.Evaluations(at_z, at_next[:-1]),
        messages.Evaluations(at_z, (*at_next, ONE)),
    ):  # even past the reader a table of another shape is compared, and convinces nobody
        with Patched((proof_module, "Evaluations", lambda *_, other=other: other)):
            assert _convinces(case) is False
    with Patched((proof_module, "Evaluations", lambda *_: messages.Evaluations(at_z, at_next))):
        assert _convinces(case) is True
    count("attacks covered")


def _convinces(case) -> bool:
    """Whether the verifier ends without a reason and without an error."""
    try:
        return check(case.proof, case.public) is None
    except (IndexError, ValueError):
        return False


def test_c11_any_bytes_end_in_a_verdict():
    """Plonky3 ("verifier may panic"): a rejection is a verdict, never an exception. The fuzzers are in tests/fuzz."""
    data = small_chain().package
    rng = np.random.default_rng(11)
    tried = 0
    for _ in range(40):
        start, length = int(rng.integers(len(data))), int(rng.integers(1, 40))
        for changed in (
            data[:start] + rng.bytes(length) + data[start + length :],
            data[:start] + data[start + length :],
            data[:start],
            rng.bytes(length),
            data[:9] + rng.bytes(8 * length),
        ):
            if changed != data:
                verdict = chain_by_itself(changed)
                assert verdict.verdict != "accepted"
                assert verdict.reason != Reason.INTERNAL.value, verdict
                tried += 1
    assert tried > 180
    assert chain_by_itself(data).accepted

    def defect(*_):
        raise KeyError("a defect of ours")

    with Patched((deciding, "verify_proof", defect)):  # and if there is one, it is no acceptance
        verdict = chain_by_itself(data)
    assert (verdict.verdict, verdict.reason) == ("rejected", Reason.INTERNAL.value)
    count("attacks covered")


def test_c12_nothing_fixed_comes_from_the_prover():
    """lambda_vm #231, SP1: the commitment to fixed columns, or a part of the key's hash, was the prover's to choose.

    There are no fixed columns that are committed: public columns are evaluated by the verifier from the statement.
    """
    case = honest()
    roots = [name for name, part in case.parts.items() if part.kind == "root"]
    assert roots == ["main root", "aux root", "quotient root", "layer 0 root", "layer 1 root"]
    columns = case.public.columns
    z = (5, 4, 3, 2, 1)
    (here, _), _ = constraints.public_columns_at([columns[0, 0], columns[0, 1]], z, AT.log_rows)
    for i in (0, 150, 299):
        changed = (*columns[0, 0][:i], columns[0, 0][i] + 1, *columns[0, 0][i + 1 :])
        (other, _), _ = constraints.public_columns_at([changed, columns[0, 1]], z, AT.log_rows)
        assert other != here
    # A walk with other steps than the statement's: proven, and true, for its own steps only.
    steps = tuple(range(2, 302))
    traces, mine = tiny.honest(steps=steps)
    proof = prove(traces, mine)
    assert check(proof, mine) is None
    assert check(proof, replace(mine, columns=columns)) is not None
    assert check(prove(traces, replace(mine, columns=columns)), replace(mine, columns=columns)) is Reason.QUOTIENT
    # The circuit itself: a digest pinned in the source, of the whole file, which follows from the definition.
    (pinned,) = (one for one in circuits.PINNED if one.id == "lot-machine/v2")
    data = (circuits.folder() / pinned.id / "circuit.json").read_bytes()
    assert sha256(data).hexdigest() == pinned.digest
    assert whole_links.definition().circuit.freeze() == data
    statement = small_part().statement
    for digest in (flipped(statement["circuit"]["digest"], 31), bytes(32)):
        claimed = {**statement, "circuit": {"id": pinned.id, "digest": digest}}
        assert chain_by_itself(packed(statement=claimed)).reason == Reason.CIRCUIT_DIGEST.value
    with Patched((circuits, "sha256", lambda _: sha256(b"another file"))):
        circuits.load.cache_clear()
        assert chain_by_itself(small_chain().package).reason == Reason.CIRCUIT_FILE.value
    circuits.load.cache_clear()
    assert chain_by_itself(small_chain().package).accepted
    count("attacks covered")

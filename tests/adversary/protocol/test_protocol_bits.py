"""The bits of a proof at lists of heights, computed once more from FORMAT.md, section 8, with 60 digits."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal, localcontext
from pathlib import Path

import pytest

from tests.support.counts import count
from zkharvest.spec import P
from zkharvest.verifier.description_reader import read_description
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.soundness import security

PATH = Path(__file__).parents[3] / "circuits/lot-machine/v2/circuit.json"
DOCUMENT = json.loads(PATH.read_text(encoding="utf-8"))
DESCRIPTION = read_description(PATH.read_bytes())
ARITIES = {11: [8, 8], 12: [16, 8], 13: [16, 16], 14: [16, 8, 8], 15: [16, 8, 8], 16: [16, 16, 8], 17: [16, 8, 8, 8]}
ARITIES[18] = ARITIES[17]
LISTS = [
    ("balanced", (13, 13, 12, 12, 12, 12, 13)),
    ("balanced", (18, 12, 12, 12, 12, 12, 12)),
    ("balanced", (17, 17, 17, 16, 17, 12, 17)),  # the most functions that were found: 289, and 286 at one height
    ("balanced", (18, 18, 18, 18, 18, 18, 12)),
    ("small", (13, 13, 13, 13, 12, 13, 12)),
    ("small", (17, 17, 17, 16, 17, 12, 13)),  # likewise: 152, and 144
    ("small", (12, 12, 12, 12, 12, 12, 17)),
    ("large", (14, 13, 13, 13, 13, 13, 13)),
    ("large", (20, 20, 20, 13, 17, 20, 20)),
    ("large", (13, 14, 15, 16, 17, 18, 20)),
]


def functions(heights, k):
    """Stacks at z, stacks at g z; without R. Counted from the description's own nodes."""
    tallest, found = max(heights), 0
    for height in set(heights):
        lanes = k << tallest - height
        kinds = Counter({"pieces": DOCUMENT["degree"] - 1 if height == tallest else 0})
        for table, own in zip(DOCUMENT["tables"], heights, strict=True):
            if own == height:
                ahead = len({node[1] for node in table["nodes"] if node[0] == "col" and node[2] == 1})
                kinds += Counter(ahead=ahead, others=len(table["columns"]) - ahead)
                kinds += Counter(phi=1, helpers=len(table["groups"]))
        stacks = {kind: -(-columns // lanes) for kind, columns in kinds.items()}
        found += sum(stacks.values()) + stacks.get("ahead", 0) + stacks["phi"]
    return found


def errors(params, heights):
    """Every round's error times p^5 (or of all z that are drawn), and its grinding."""
    n, lowest = max(heights), 1 << min(heights)
    rows, blowup, k = 1 << n, 1 << params.log_blowup, 1 << params.log_stack
    bound, m, field = Decimal(17 * rows // 16), params.johnson_m, Decimal(P) ** 5
    rho, r = bound / (blowup * rows), Decimal(17 * lowest // 16 + 1) / (blowup * lowest)
    gamma = 1 - rho.sqrt() * (1 + Decimal(1) / (2 * m))
    half = m + Decimal("0.5")
    candidates = max(half / rho.sqrt(), 1 / (2 * (1 - r.sqrt() - gamma) * r.sqrt()))

    def gap(degree):
        first = (2 * half**5 + 3 * half * gamma * rho) * (degree / rho) / (3 * rho * rho.sqrt())
        return (first + half / rho.sqrt()) / field

    tables = DOCUMENT["tables"]
    fractions = sum(len(table["interactions"]) << height for table, height in zip(tables, heights, strict=True))
    most = {one["name"]: one["max"] for one in DOCUMENT["lists"]}
    fractions += sum(1 if one["each"] is None else most[one["each"]] for one in DOCUMENT["public_messages"])
    width = max(bus["width"] for bus in DOCUMENT["buses"])
    rules = sum(len(table["constraints"]) + len(table["groups"]) + 1 for table in tables)
    yield "lookup", candidates * (fractions * (width + 2) + DOCUMENT["tallies"]) / field, params.grind_lookup
    yield "constraints", candidates * rules / field, 0
    # Both sides of the identity times X^N - 1, and the excluded points one height at a time.
    sides = [4 * (17 * (1 << h) // 16 + 1) + rows - (1 << h) for h in heights]
    degree = max(*sides, rows + 2 * (bound - params.mask) + bound, 4 * (bound + 1) + bound - 1)
    excluded = rows + sum(blowup << h for h in set(heights))
    yield "deep", candidates * degree / (field - excluded), params.grind_deep
    less = 24 - (rows * blowup * k).bit_length() + 1  # of these two rounds, whose error halves with the domain
    yield "batch", gap(k * bound) * functions(heights, k), params.grind_batch - less
    left = k * bound
    for i, arity in enumerate(ARITIES[n - 4 + params.log_stack], 1):
        left /= arity
        yield f"fold {i}", gap(left) * (arity - 1), params.grind_fold - less
    yield "query", (1 - gamma) ** params.queries, params.grind_query


@pytest.mark.parametrize(("preset", "heights"), LISTS)
def test_every_list_of_heights_has_its_bits(preset, heights):
    params = PRESETS[preset].params
    level = security(DESCRIPTION, params, heights)
    with localcontext() as context:
        context.prec = 60
        bits = {name: float(-error.ln() / Decimal(2).ln()) + grind for name, error, grind in errors(params, heights)}
    shown = {term.name: term.bits for term in level.terms if term.name != "hash"}
    assert list(shown) == list(bits)
    assert all(abs(shown[name] - bits[name]) < 1e-9 for name in bits)
    assert level.minimum == 128 <= min(bits.values())
    count("lists of heights computed by hand")

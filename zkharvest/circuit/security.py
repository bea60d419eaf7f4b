"""The soundness report of a circuit: every term, in both regimes, under every real preset, at every height.

`report` is plain data (`circuits show --security --json`), `markdown` the committed SECURITY.md. Both are computed
from a frozen description by the verifier's own calculator; this file only lays out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zkharvest.verifier.description import Description
from zkharvest.verifier.params import PRESETS, ParameterSet, Preset
from zkharvest.verifier.soundness import HASH_BITS, Bound, bounds, model, rounded_bits

CLAIM = """\
Claimed is the smallest term of the Johnson regime, capped by the hash. Unique decoding is given for comparison: it is \
a theorem too, about a smaller radius."""
THEOREMS = """\
Theorems, no conjecture: proximity gaps of BCHKS25 (ePrint 2025/2055, Thm 1.3 and 4.2), ALI and DEEP of ePrint \
2022/1216 (Thm 8), LogUp of ePrint 2022/1530, FRI round by round as in ePrint 2024/1553."""
MODEL = """\
Model: all tables have the height that is shown (lower ones have fewer fractions, and may add stacks, which costs the \
batch less than 0.2 bit); SHA-256 is a random oracle; the grinding of a round counts for that round alone, and that of \
batch and folds is for 2^24 points, a bit less for each halving of the domain; 128 bits are the least that any of its \
32-byte digests gives against collisions."""

_MEANING = {
    "lookup": "LogUp",
    "constraints": "ALI",
    "deep": "DEEP",
    "batch": "lambda's powers",
    "fold": "FRI fold",
    "query": "FRI queries",
    "hash": "SHA-256",
}


def report(description: Description) -> dict[str, Any]:
    """The terms of every real preset at every height that it and the circuit allow; bits are rounded down."""
    presets = [preset for preset in PRESETS.values() if preset.real]
    return {
        "circuit": f"{description.name}/v{description.version}",
        "claim": CLAIM,
        "assumptions": [THEOREMS, MODEL],
        "bits": min(level["bits"] for preset in presets for level in _levels(description, preset)),
        "presets": [
            {
                "preset": preset.name,
                "blowup": 1 << preset.params.log_blowup,
                "columns_a_stack": 1 << preset.params.log_stack,
                "queries": preset.params.queries,
                "grinding": _grinding(preset.params),
                "heights": list(_levels(description, preset)),
            }
            for preset in presets
        ],
    }


def _levels(description: Description, preset: Preset) -> Iterator[dict[str, Any]]:
    low, high = description.log_rows
    for log_rows in range(max(low, preset.min_log_rows), min(high, preset.max_log_rows) + 1):
        instance = model(description, preset.params, [log_rows] * len(description.tables))
        johnson, unique = bounds(instance, preset.params.johnson_m)
        yield {
            "log_rows": log_rows,
            "coefficients": instance.stack * instance.degree_bound,
            "constraints": instance.constraints,
            "fractions": instance.fractions,
            "batch": instance.batch,
            "bits": rounded_bits(min(HASH_BITS, johnson.minimum)),
            "johnson": {"m": preset.params.johnson_m, **_bound(johnson)},
            "unique_decoding": _bound(unique),
        }


def _bound(bound: Bound) -> dict[str, Any]:
    return {
        "terms": {term.name: rounded_bits(term.bits) for term in bound.terms} | {"hash": rounded_bits(HASH_BITS)},
        "minimum": rounded_bits(min(HASH_BITS, bound.minimum)),
        "sum": rounded_bits(min(HASH_BITS, bound.total)),
    }


def _grinding(params: ParameterSet) -> dict[str, int]:
    return {
        "lookup": params.grind_lookup,
        "deep": params.grind_deep,
        "batch": params.grind_batch,
        "fold": params.grind_fold,
        "query": params.grind_query,
    }


def heading(preset: Mapping[str, Any]) -> str:
    """A preset's shape: `balanced: blowup 8, 4 columns a stack, 81 queries`."""
    shape = f"blowup {preset['blowup']}, {preset['columns_a_stack']} columns a stack, {preset['queries']} queries"
    return f"{preset['preset']}: {shape}"


def grinding(preset: Mapping[str, Any]) -> str:
    """A preset's grinding: `grinding, in bits: lookup 14, ...`."""
    return "grinding, in bits: " + ", ".join(f"{site} {bits}" for site, bits in preset["grinding"].items())


def blocks(preset: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str], list[list[str]]]]:
    """Title, head and rows of a preset's two tables: a row for every term, a column for every height."""
    heights = preset["heights"]
    head = ["term", "of", *(f"2^{height['log_rows']}" for height in heights)]
    for key, title in (
        ("johnson", f"Johnson regime, m = {heights[0]['johnson']['m']}"),
        ("unique_decoding", "unique decoding, for comparison"),
    ):
        bound = [height[key] for height in heights]
        names = list(bound[-1]["terms"])  # the largest height has the most folds
        rows = [
            [name, _MEANING[name.partition(" ")[0]], *(_shown(entry["terms"].get(name)) for entry in bound)]
            for name in names
        ]
        rows += [[name, "", *(_shown(entry[name]) for entry in bound)] for name in ("minimum", "sum")]
        yield title, head, rows


def _shown(bits: float | None) -> str:
    return "" if bits is None else f"{bits:.1f}"


_HEAD = """\
# Soundness of {circuit}

At least {bits:g} bits, at every height. Written from `circuit.json` by `python -m zkharvest.circuit.publish`; do not
edit. `zkharvest circuits show {circuit} --security` prints the same; `zkharvest/verifier/soundness.py` computes it.

- {claim}
- {assumptions[0]}
- {assumptions[1]}

Bits of each round's error, its grinding included, rounded down. `minimum` is what counts under Fiat-Shamir, `sum` is
the bits of the sum of all errors; both are capped by the hash.
"""
_SHAPE = """\
{constraints} constraints, {batch} functions in a batch; at 2^{log_rows} rows {fractions:,} fractions and \
{coefficients:,} coefficients"""


def markdown(shown: Mapping[str, Any]) -> str:
    """SECURITY.md, from a report."""
    lines = [_HEAD.format_map(shown)]
    for preset in shown["presets"]:
        shape = _SHAPE.format_map(preset["heights"][-1])
        lines += [f"## {heading(preset)}", "", f"{grinding(preset).capitalize()}. {shape}.", ""]
        for title, head, rows in blocks(preset):
            rule = ["---", "---", *["---:"] * (len(head) - 2)]
            lines += [f"### {title[0].upper()}{title[1:]}", ""]
            lines += ["| " + " | ".join(cells) + " |" for cells in (head, rule, *rows)]
            lines.append("")
    return "\n".join(lines)

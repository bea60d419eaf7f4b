"""Known answers: the project's plain code and its kernels against answers made by independent scripts.

A file is a list of cases, each with an `op`; its folder and the op name a set of implementations. Each of them is given
all cases of the op at once, so that a kernel sees whole arrays, and returns one answer a case. An op that nothing
computes fails, and so does a file that says it has more cases than it has.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from zkharvest.conformance.kinds import kat_arithmetic, kat_chains, kat_hashes, kat_pages, kat_standings
from zkharvest.conformance.kinds.expect import Mismatch, expect

HEAD = ("kind", "about", "source", "script", "tests", "cases")
IMPLEMENTATIONS = {
    **kat_arithmetic.IMPLEMENTATIONS,
    **kat_chains.IMPLEMENTATIONS,
    **kat_hashes.IMPLEMENTATIONS,
    **kat_pages.IMPLEMENTATIONS,
    **kat_standings.IMPLEMENTATIONS,
}


def check_kat(_root: Path, path: Path) -> None:
    """Every implementation of every op in the file gives the file's answers."""
    data = json.loads(path.read_text(encoding="utf-8"))
    expect("keys", sorted(HEAD), sorted(data))
    expect("kind", f"kat/{path.parent.name}", data["kind"])
    cases = data["cases"]
    expect("tests", data["tests"], len(cases))
    for op in dict.fromkeys(case["op"] for case in cases):
        implementations = IMPLEMENTATIONS.get(f"{path.parent.name}/{op}")
        if not implementations:
            raise Mismatch(f"nothing is known that computes {op!r}")
        chosen = [(number, case) for number, case in enumerate(cases) if case["op"] == op]
        for name, answers in implementations.items():
            found = list(answers([case for _, case in chosen]))
            for (number, case), answer in zip(chosen, found, strict=True):
                _compare(f"case {number}, {op} by {name}", case, _plain(answer))


def _compare(what: str, case: dict[str, Any], answer: Any) -> None:
    """The answer is the case's `out`; without one, an answer is those parts of the case that it has."""
    if "out" in case:
        expect(what, case["out"], answer)
        return
    for part, value in answer.items():
        expect(f"{what}: {part}", case[part], value)


def _plain(value: Any) -> Any:
    """Arrays, tuples and bytes as JSON has them."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.tolist() if hasattr(value, "tolist") else value

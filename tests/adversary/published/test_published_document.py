"""docs/security/attacks.md against the tests: every row of the list, every test that is named, every test there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[2] / "docs" / "security" / "attacks.md"
LENGTHS = {"A": 13, "B": 8, "C": 12, "D": 12, "E": 9}
ROWS = [f"{letter}{k}" for letter, length in LENGTHS.items() for k in range(1, length + 1)]


def cases() -> dict[str, ast.FunctionDef]:
    """Every test of an attack, by name."""
    found: dict[str, ast.FunctionDef] = {}
    for path in sorted(HERE.glob("test_*.py")):
        if path.name != Path(__file__).name:
            functions = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
            for function in functions:
                if function.name.startswith("test_"):
                    assert function.name not in found
                    found[function.name] = function
    return found


def table() -> dict[str, list[str]]:
    """The document's rows: number -> attack, what stops it, tests."""
    found: dict[str, list[str]] = {}
    for line in DOCUMENT.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"[A-E][0-9]+", cells[0]):
            assert cells[0] not in found
            found[cells[0]] = cells[1:]
    return found


def named(row: str) -> list[str]:
    """The tests that a row names."""
    return re.findall(r"`(test_[a-z0-9_]+)`", table()[row][2])


def test_every_row_of_the_list_is_there_in_order():
    assert list(table()) == ROWS
    assert all(len(cells) == 3 and all(cells) for cells in table().values())


@pytest.mark.parametrize("row", ROWS)
def test_the_tests_of_a_row_exist_and_bear_its_name(row):
    assert named(row)
    for name in named(row):
        assert name in cases()
        assert name.startswith(f"test_{row.lower()}_")


def test_every_test_is_named_and_says_what_the_bug_was():
    assert sorted(name for row in ROWS for name in named(row)) == sorted(cases())
    for name, function in cases().items():
        assert len(ast.get_docstring(function) or "") > 30, name


def test_every_row_is_counted_once():
    counted = []
    for name, function in cases().items():
        calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
        counted += [name.split("_")[1] for call in calls if ast.unparse(call).startswith("count('attacks covered'")]
    assert sorted(counted) == sorted(row.lower() for row in ROWS)


def test_what_stops_an_attack_is_in_the_sources():
    """A function or constraint that the document names is there under this name."""
    root = HERE.parents[2]
    sources = "\n".join(path.read_text() for path in sorted((root / "zkharvest").rglob("*.py")))
    frozen = (root / "circuits" / "lot-machine" / "v2" / "circuit.json").read_text()
    tried = 0
    for row, (_, stops, _) in table().items():
        for quoted in re.findall(r"`([^`]+)`", stops):
            if quoted.startswith("tests/"):
                assert (root / quoted).exists(), (row, quoted)
            elif re.fullmatch(r"[A-Za-z_][A-Za-z_0-9.]*[*]?", quoted):
                name = quoted.rstrip("*").split(".")[-1]
                assert re.search(rf"\b{name}", sources) or f'"name":"{name}"' in frozen, (row, quoted)
                tried += 1
    assert tried > 50

"""Every refusal of the importers is spoken of by a test: one that is new has to bring the test that answers it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MESSAGE = {"RowError": 2, "Problem": 1, "TextError": 1, "UsageError": 0, "one": 1}  # the place of the message
UNREACHED = {  # what no export of a form that is read can bring about
    "draft.py: several assets were given for several others",
}


def refusals(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line and constant texts of the message of each refusal; those that hand on another's message have none."""
    for function in ast.walk(ast.parse(path.read_text())):
        if not isinstance(function, ast.FunctionDef):
            continue
        texts: dict[str, list[str]] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign | ast.AugAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    if isinstance(target, ast.Name):
                        texts.setdefault(target.id, []).extend(constants(node.value))
        for node in ast.walk(function):
            name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and name in MESSAGE and len(node.args) > MESSAGE[name]:
                message = node.args[MESSAGE[name]]
                found = texts.get(message.id, []) if isinstance(message, ast.Name) else constants(message)
                if found:
                    yield node.lineno, found


def constants(node: ast.AST) -> list[str]:
    every = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return [text for text in every if re.search("[a-z]{2}", text)]


def windows(text: str) -> Iterator[str]:
    """Three words of a text that follow one another, or all of a shorter text."""
    words = text.split()
    for n in range(max(1, len(words) - 2)):
        yield " ".join(words[n : n + 3]).strip(" :;,(")


def test_every_refusal_is_spoken_of_by_a_test() -> None:
    tests = [*ROOT.glob("tests/unit/trades/*.py"), *ROOT.glob("tests/golden/imports/*/expect.json")]
    tests += [*ROOT.glob("tests/golden/*.py"), *ROOT.glob("tests/property/test_imports*.py")]
    spoken = " ".join(" ".join(path.read_text().split()) for path in tests if path.name != Path(__file__).name)
    folder = ROOT / "zkharvest" / "trades" / "importers"
    silent = []
    for path in sorted(folder.rglob("*.py")):
        for line, texts in refusals(path):
            known = any(f"{path.name}: {text}" in UNREACHED for text in texts)
            if not known and not any(window in spoken for text in texts for window in windows(text)):
                silent.append(f"{path.relative_to(folder)}:{line}: {' ... '.join(texts)}")
    assert silent == []

"""The refusals that source files hold: where each is made, and patterns of its message and of its hint.

A refusal is a call that makes a `Problem`, `RowError`, `TextError` or `UsageError`, or a tuple of column, message and
hint that a checker returns. Its texts are read from the syntax tree: what is filled in stands for anything, a variable
for each text that its function assigns to it, a call of a function of the same file for each text that it returns, FILE
for the name of the file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

_CALLS = {  # the places of message and hint among the arguments
    "RowError": (2, 3),
    "Problem": (1, 2),
    "TextError": (1, 2),
    "UsageError": (0, 1),
    "one": (1, 2),
    "problem": (2, 3),
}
_ANY = ".*"
_OUT = r' into a --manual file, with "[^"]*" in its origin column; or leave (?:it|them) out with --skip .*=REASON'
_MOST = 24  # alternatives of one text; beyond these, it stands for anything


@dataclass(frozen=True, slots=True)
class Site:
    """A refusal: file and line, and the patterns that its message and its hint may have."""

    file: str
    line: int
    messages: tuple[str, ...]
    hints: tuple[str, ...]
    of_a_row: bool = False  # one row of an export
    silent: bool = False  # without a hint

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def sites(path: Path, root: Path) -> Iterator[Site]:
    """The refusals of a file; those that hand on the message and the hint of another are none of their own."""
    tree = ast.parse(path.read_text())
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    seen: set[int] = set()
    for function in sorted(functions.values(), key=lambda node: -node.lineno):  # inner functions first
        assigned = _assigned(function)
        for node, blocks in _walk(function, ()):
            made = _made(node)
            if made is None or node.lineno in seen:
                continue
            seen.add(node.lineno)
            message, hint = made
            texts = _Texts(assigned, functions, blocks, node.lineno)
            messages = tuple(one for one in texts.of(message) if _says(one))
            hints = tuple(one for one in texts.of(hint) if _says(one)) if hint is not None else ()
            if messages or hints or hint is None:
                of_a_row = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "RowError"
                place = str(path.relative_to(root))
                yield Site(place, node.lineno, messages, hints, of_a_row=of_a_row, silent=hint is None)


def _made(node: ast.AST) -> tuple[ast.expr, ast.expr | None] | None:
    """Message and hint of a refusal, if the node makes one."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in _CALLS and len(node.args) > _CALLS[name][0]:
            message, hint = _CALLS[name]
            named = {word.arg: word.value for word in node.keywords}
            return node.args[message], node.args[hint] if len(node.args) > hint else named.get("hint")
    if isinstance(node, ast.Return | ast.Yield) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 3:
        column, message, hint = node.value.elts
        texts = (ast.Constant, ast.JoinedStr, ast.Name)
        if isinstance(column, ast.Constant) and isinstance(column.value, str) and isinstance(message, texts):
            return message, hint
    return None


Blocks = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Assigned:
    """A text that a variable is set to, with the line and the blocks (`id` of each list of statements) it stands in."""

    name: str
    value: ast.expr
    line: int
    blocks: Blocks


def _walk(node: ast.AST, blocks: Blocks) -> Iterator[tuple[ast.AST, Blocks]]:
    """Every node below a node, with the blocks that it stands in."""
    for _, value in ast.iter_fields(node):
        inner = value if isinstance(value, list) else [value]
        here = (*blocks, id(value)) if isinstance(value, list) and inner and isinstance(inner[0], ast.stmt) else blocks
        for one in inner:
            if isinstance(one, ast.AST):
                yield one, here
                yield from _walk(one, here)


def _assigned(function: ast.FunctionDef) -> list[_Assigned]:
    """Every text that a function sets a variable to, in the order of its lines."""
    found: list[_Assigned] = []
    for node, blocks in _walk(function, ()):
        for target in node.targets if isinstance(node, ast.Assign) else ():
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=False))
            found += [
                _Assigned(one.id, value, node.lineno, blocks) for one, value in pairs if isinstance(one, ast.Name)
            ]
    return sorted(found, key=lambda one: one.line)


def _says(pattern: str) -> bool:
    """Whether a pattern has words of its own."""
    return re.search("[a-z]{2}", pattern.replace(_ANY, "")) is not None


class _Texts:
    """Patterns of the texts that expressions of one function may have."""

    def __init__(
        self,
        assigned: Sequence[_Assigned],
        functions: dict[str, ast.FunctionDef],
        blocks: Blocks,
        line: int,
        depth: int = 0,
    ) -> None:
        self.assigned, self.functions, self.blocks, self.line, self.depth = assigned, functions, blocks, line, depth

    def of(self, node: ast.expr) -> list[str]:
        """A pattern for each alternative: of a variable, and of a whole text that depends on a condition."""
        if isinstance(node, ast.IfExp):
            return [*self.of(node.body), *self.of(node.orelse)]
        if isinstance(node, ast.Constant):
            return [re.escape(node.value).replace("FILE", _ANY) if isinstance(node.value, str) else _ANY]
        if isinstance(node, ast.JoinedStr):
            return self._joined([self._part(value) for value in node.values])
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._joined([self._part(node.left), self._part(node.right)])
        if isinstance(node, ast.Name):
            return self._named(node.id)
        return self._called(node) if isinstance(node, ast.Call) else [_ANY]

    def _part(self, node: ast.expr) -> list[str]:
        """The alternatives of a part of a text; those of a condition in one pattern."""
        inner = node.value if isinstance(node, ast.FormattedValue) else node
        if isinstance(inner, ast.IfExp):
            return [f"(?:{'|'.join(self.of(inner))})"]
        return self.of(inner)

    def _joined(self, parts: Sequence[list[str]]) -> list[str]:
        many = 1
        for part in parts:
            many *= len(part)
        return ["".join(one) for one in product(*parts)] if many <= _MOST else [_ANY]

    def _named(self, name: str) -> list[str]:
        """The texts that a variable may have here: from the last line on that sets it on every way to this one."""
        before = [one for one in self.assigned if one.name == name and one.line < self.line]
        certain = [n for n, one in enumerate(before) if one.blocks == self.blocks[: len(one.blocks)]]
        if not before or self.depth > 4:
            return [_ANY]
        texts: list[str] = []
        for one in before[certain[-1] if certain else 0 :]:
            texts += _Texts(self.assigned, self.functions, one.blocks, one.line, self.depth + 1).of(one.value)
        return list(dict.fromkeys(texts))

    def _called(self, node: ast.Call) -> list[str]:
        name = getattr(node.func, "id", "")
        if name == "by_hand":
            instead = next((word.value for word in node.keywords if word.arg == "instead"), ast.Constant(""))
            return [(text or "write what it did") + _OUT for text in self._part(instead)]
        function = self.functions.get(name)
        if function is None or self.depth > 4 or getattr(function.returns, "id", "") != "str":
            return [_ANY]
        texts: list[str] = []
        for one, blocks in _walk(function, ()):
            if isinstance(one, ast.Return) and one.value is not None:
                inner = _Texts(_assigned(function), self.functions, blocks, one.lineno, self.depth + 1)
                texts += inner.of(one.value)
        return list(dict.fromkeys(texts))

"""The verifier with some of its checks taken out: what a lie would meet if the check that names it did not exist.

Every `raise Reject(reason, ...)` in the proof system's verifier is put under the condition that its reason is not
waived. Nothing else changes, so that the checks after it are those of the verifier.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from unittest import mock

from tests.adversary.kit.frozen import Case
from zkharvest.verifier import constraints, fri, messages, proof, public, stark
from zkharvest.verifier.rejections import Reason

MODULES = (constraints, fri, messages, proof, public, stark)
_WAIVED = "_waived"


class _Guard(ast.NodeTransformer):
    """`raise Reject(r, ...)` becomes `if r not in _waived: raise Reject(r, ...)`."""

    def visit_Raise(self, node: ast.Raise) -> ast.stmt:
        match node.exc:
            case ast.Call(func=ast.Name(id="Reject"), args=[reason, *_]):
                guard = ast.Compare(reason, [ast.NotIn()], [ast.Name(_WAIVED, ast.Load())])
                return ast.If(guard, [node], [])
        return node


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    owners = [module, *(c for c in vars(module).values() if isinstance(c, type) and c.__module__ == module.__name__)]
    for owner in owners:
        for value in vars(owner).values():
            if isinstance(value, FunctionType) and value.__code__.co_filename == module.__file__:
                yield value


@cache
def guarded() -> tuple[tuple[FunctionType, CodeType], ...]:
    """Every function of the verifier that rejects, with its code under guard."""
    found = []
    for module in MODULES:
        path = Path(str(module.__file__))
        tree = ast.fix_missing_locations(_Guard().visit(ast.parse(path.read_text(encoding="utf-8"))))
        by_name = {code.co_qualname: code for code in _codes(compile(tree, str(path), "exec"))}
        for function in _functions(module):
            code = by_name[function.__code__.co_qualname]
            if any(_WAIVED in part.co_names for part in _codes(code)):
                found.append((function, code))
    return tuple(found)


@contextmanager
def without(*reasons: Reason) -> Iterator[None]:
    """Within it the verifier does not reject for these reasons."""
    with ExitStack() as stack:
        for module in MODULES:
            stack.enter_context(mock.patch.object(module, _WAIVED, frozenset(reasons), create=True))
        for function, code in guarded():
            stack.callback(setattr, function, "__code__", function.__code__)
            function.__code__ = code
        yield


def stops(case: Case) -> tuple[Reason, ...]:
    """Every check that would stop a case, in the order in which it meets them; with all of them out it is accepted."""
    met: list[Reason] = []
    while True:
        with without(*met):
            reason = case.judged()
        if reason is None:
            return tuple(met)
        assert reason not in met, "a check that was taken out still rejects"
        met.append(reason)

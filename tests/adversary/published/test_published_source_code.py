"""What the sources must not contain (rows B5 and B8 of the list, docs/security/attacks.md)."""

from __future__ import annotations

import ast
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

import zkharvest
from tests.support.counts import count
from tests.support.proofs import chain_by_itself, packed, small_chain
from zkharvest.verifier import wire
from zkharvest.verifier.rejections import Reject

ROOT = Path(zkharvest.__file__).parent
SOURCES = sorted(ROOT.rglob("*.py"))


def named(path: Path) -> str:
    """A file as verifier/stark.py."""
    return path.relative_to(ROOT).as_posix()


def calls(path: Path) -> Iterator[ast.Call]:
    """Every call in a file."""
    yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


# `map` over two iterables ends with the shorter one as well: allowed where the lengths were compared just before.
COMPARED = {
    ("verifier/stark.py", "map(field.mul, by_z, opened.at_z)"),
    ("verifier/field.py", "map(_times, row, by[0])"),
}


def test_b5_every_zip_is_strict():
    """Around the proof no `zip` without strict=True, and no other call that ends with the shorter list."""
    seen = 0
    for path in SOURCES:
        where = named(path)
        if where.partition("/")[0] not in ("verifier", "prover", "circuit", "commitment", "sign", "files", "workflow"):
            continue
        for call in calls(path):
            name = ast.unparse(call.func)
            if name == "zip":
                strict = [ast.unparse(k.value) for k in call.keywords if k.arg == "strict"]
                cut = where == "commitment/poseidon.py" and strict == ["False"]  # nine lanes of 24, on purpose
                assert strict == ["True"] or cut, f"{where}: {ast.unparse(call)}"
                seen += 1
            elif name == "map" and len(call.args) > 2:
                text = ast.unparse(call)
                known = {entry for file, entry in COMPARED if file == where}
                known |= {entry.replace("by_z", "by_next").replace("at_z", "at_next") for entry in known}
                known |= {entry.replace("by[0]", f"by[{k}]") for entry in known for k in range(5)}
                assert text in known, f"{where}: {text}"
            assert name not in ("zip_longest", "itertools.zip_longest"), where
    assert seen > 50


FORBIDDEN_MODULES = {
    "pickle",
    "_pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "joblib",
    "marshal",
    "shelve",
    "yaml",
    "code",
}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "np.load", "numpy.load", "np.fromfile"}


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_b8_nothing_that_is_read_is_run(path):
    """stark-anatomy: proofs were pickled, and a pickle is a program."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {(node.module or "").partition(".")[0]}
        else:
            names = set()
        assert not names & FORBIDDEN_MODULES
    for call in calls(path):
        assert ast.unparse(call.func) not in FORBIDDEN_CALLS


def test_b8_a_pickle_is_not_a_package():
    """The bytes of a pickle that would run something are refused like any others, and nothing runs."""
    data = pickle.dumps(Bomb())
    pickle.loads(data)
    assert RAN == [1]
    for bad in (data, data[2:], small_chain().package[:9] + data, packed(proof=data)):
        assert chain_by_itself(bad).verdict == "rejected"
    with pytest.raises(Reject):
        wire.decode(data)
    assert RAN == [1]
    count("attacks covered")


RAN = []


def _bang():
    RAN.append(1)


class Bomb:
    """Unpickled, it runs."""

    def __reduce__(self):
        return _bang, ()

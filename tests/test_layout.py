"""The shape of the project: what imports what, what starting up costs, what the public names are."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import zkharvest

ROOT = Path(zkharvest.__file__).parent
HEAVY = {"cryptography", "fpdf", "galois", "llvmlite", "msgpack", "numba", "numpy", "py_ecc", "pydantic", "rich"}


def python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT.parent)
    assert done.returncode == 0, done.stderr
    return done.stdout


def imported_by(code):
    """The top-level modules that are loaded after running the code."""
    tail = "\nimport sys, json; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    return set(json.loads(python(code + tail).splitlines()[-1]))


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(["zkharvest", *path.relative_to(ROOT).with_suffix("").parts][: -node.level or None])
            yield f"{package}.{node.module or ''}" if node.level else node.module or ""


@pytest.mark.parametrize("path", [*sorted((ROOT / "verifier").rglob("*.py")), ROOT / "spec.py"], ids=lambda p: p.stem)
def test_the_verifier_imports_the_standard_library_only(path):
    for name in imports(path):
        top = name.partition(".")[0]
        own = name in ("zkharvest.errors", "zkharvest.spec") or name.startswith("zkharvest.verifier")
        assert top in sys.stdlib_module_names or own, f"{path.name} imports {name}"


@pytest.mark.parametrize(
    "code",
    [
        "import zkharvest",
        "import zkharvest.cli",
        "import zkharvest.verifier.stark",
        "from zkharvest import Pooling, InputError, LedgerRun, Method, Election, Trade, load_trades, run_ledger",
    ],
)
def test_start_up_imports_no_heavy_library(code):
    assert imported_by(code) & HEAVY == set()


def test_every_public_name_is_there():
    for name in zkharvest.__all__:
        assert getattr(zkharvest, name) is not None
    assert {"load_trades", "run_ledger", "commit_pages", "prove_chain", "verify_chain"} <= set(dir(zkharvest))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = zkharvest.nothing


def test_prove_and_verify_are_plain_functions():
    """docs/adr/0001: the packages are `prover` and `verifier`, so nothing hides behind the verbs."""
    out = python(
        "import zkharvest, inspect\n"
        "from zkharvest import prove_chain, verify_chain\n"
        "print(inspect.isfunction(prove_chain), inspect.isfunction(verify_chain), verify_chain([b'']).accepted)\n"
    )
    assert out.split() == ["True", "True", "False"]


def test_no_file_outgrows_a_reader():
    """Files of 60 to 400 lines, a hard look at 500."""
    long = {str(path): n for path in ROOT.rglob("*.py") if (n := len(path.read_text().splitlines())) > 500}
    assert not long

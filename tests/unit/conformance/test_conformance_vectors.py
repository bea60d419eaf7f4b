"""The runner: finds vectors, reports each by name, and a run of none is no success."""

import json
import runpy
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.conformance.kinds.kat import IMPLEMENTATIONS
from zkharvest.conformance.vectors import Kind, Mismatch, expect, find_vectors, run_vectors
from zkharvest.errors import UsageError

VECTORS = Path(__file__).resolve().parents[3] / "vectors"
TRADES = """\
time,source,id,kind,asset,quantity,amount,fee,to,lots
2024-01-02T10:00:00Z,a,1,buy,X,2,200,,,
2024-02-02T10:00:00Z,a,2,buy,X,2,400,,,
2025-03-02T10:00:00Z,a,3,sell,X,1,150,,,
"""
RUN = {"year": 2025, "method": "lifo", "pooling": "wallet", "timezone": "UTC"}


def place(root, name, runs, trades=TRADES):
    folder = root / "ledger"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.csv").write_text(trades)
    (folder / f"{name}.expected.json").write_text(json.dumps({"runs": runs}))


def test_a_ledger_vector_holds_or_says_what_differs(tmp_path):
    good = {"net": "-50.00000000"}
    place(tmp_path, "good", [RUN | {"totals": good, "disposals": [{"disposal": "3", "lot": "2", "term": "long"}]}])
    place(tmp_path, "sum", [RUN | {"totals": {"net": "-50.00000001"}}])
    place(tmp_path, "lot", [RUN | {"totals": good, "disposals": [{"lot": "1"}]}])
    place(tmp_path, "count", [RUN | {"totals": good, "disposals": []}])
    results = {result.name: result for result in run_vectors(tmp_path)}
    assert results["ledger/good.expected.json"].ok
    assert results["ledger/sum.expected.json"].detail == (
        "lifo wallet 2025 net: expected -50.00000001, got -50.00000000"
    )
    assert "disposal 1" in results["ledger/lot.expected.json"].detail
    assert "number of disposals" in results["ledger/count.expected.json"].detail


def test_a_ledger_vector_may_expect_an_error(tmp_path):
    oversold = TRADES.replace("sell,X,1", "sell,X,9")
    place(tmp_path, "error", [RUN | {"error": "a/3"}], oversold)
    place(tmp_path, "other", [RUN | {"error": "of another kind"}], oversold)
    place(tmp_path, "none", [RUN | {"error": "a/3"}])
    place(tmp_path, "surprise", [RUN | {"totals": {}}], oversold)
    results = {result.name.split(".")[0]: result for result in run_vectors(tmp_path)}
    assert results["ledger/error"].ok
    assert "expected the error of another kind" in results["ledger/other"].detail
    assert "but the ledger ran" in results["ledger/none"].detail
    assert not results["ledger/surprise"].ok


def test_a_vector_that_cannot_be_run_fails(tmp_path):
    place(tmp_path, "odd", [{"year": 2025}])
    (tmp_path / "ledger" / "broken.expected.json").write_text("{")
    assert [result.ok for result in run_vectors(tmp_path)] == [False, False]


def test_some_are_chosen_by_name(tmp_path):
    for name in ("one", "two", "twofold"):
        place(tmp_path, name, [RUN | {"totals": {}}])
    assert len(run_vectors(tmp_path, "two")) == 2
    assert len(run_vectors(tmp_path, "ledger/two.*")) == 1


def test_a_run_of_no_vectors_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no vectors"):
        run_vectors(tmp_path)
    with pytest.raises(UsageError, match="no such directory"):
        run_vectors(tmp_path / "none")


def test_the_vectors_that_came_along_are_found():
    assert find_vectors().is_dir()


def test_expect_compares():
    expect("x", 1, 1)
    with pytest.raises(Mismatch, match="x: expected 1, got 2"):
        expect("x", 1, 2)
    assert Kind("*", lambda root, path: None).pattern == "*"


def test_the_command_ends_with_one_if_any_fails(tmp_path, capsys):
    place(tmp_path, "good", [RUN | {"totals": {}}])
    assert main(["vectors", str(tmp_path)]) == ExitCode.DONE
    assert capsys.readouterr().out == "ledger: 1 passed, 0 failed\n"
    place(tmp_path, "bad", [RUN | {"totals": {"net": "1"}}])
    assert main(["vectors", str(tmp_path)]) == ExitCode.REJECTED
    out = capsys.readouterr().out
    assert out.startswith("FAIL  ledger/bad.expected.json: lifo wallet 2025 net: expected 1, got ")
    assert out.endswith("ledger: 1 passed, 1 failed\n")
    assert main(["vectors", str(tmp_path), "-k", "good", "--json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["passed"] == 1
    assert main(["vectors", str(tmp_path), "-k", "nothing"]) == ExitCode.USAGE


def test_an_unknown_key_of_a_ledger_vector_fails(tmp_path):
    place(tmp_path, "odd", [RUN | {"totals": {}, "remark": 1}])
    assert run_vectors(tmp_path)[0].detail == "unknown keys: remark"


def known_answers(root, cases, **changes):
    head = {"kind": "kat/field", "about": "x", "source": "x", "script": "x", "tests": len(cases), "cases": cases}
    (root / "kat" / "field").mkdir(parents=True, exist_ok=True)
    (root / "kat" / "field" / "x.json").write_text(json.dumps(head | changes))
    return run_vectors(root)[0]


def test_a_known_answer_holds_in_plain_code_and_in_kernels(tmp_path):
    good, bad = {"op": "add", "in": [2, 3], "out": 5}, {"op": "add", "in": [2, 3], "out": 6}
    assert known_answers(tmp_path, [good]).ok
    assert known_answers(tmp_path, [good, bad]).detail == "case 1, add by plain: expected 6, got 5"
    assert known_answers(tmp_path, [good, {"op": "grow", "in": [2]}]).detail == "nothing is known that computes 'grow'"
    assert known_answers(tmp_path, [good], tests=2).detail == "tests: expected 2, got 1"
    assert not known_answers(tmp_path, [good], kind="kat/ntt").ok
    assert not known_answers(tmp_path, [good], remark=1).ok


@pytest.mark.parametrize("name", sorted(IMPLEMENTATIONS))
def test_every_operation_has_known_answers(name):
    kind, _, op = name.partition("/")
    files = (VECTORS / "kat" / kind).glob("*.json")
    assert any(case["op"] == op for path in files for case in json.loads(path.read_text())["cases"])


SCRIPTS = sorted((VECTORS / "generate").glob("kat_*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_known_answers_are_what_their_scripts_give(script, tmp_path):
    """And the scripts share nothing with the program: they run where it cannot be imported."""
    shutil.copytree(VECTORS / "generate", tmp_path / "vectors" / "generate")
    command = [sys.executable, "-I", "-c", RUN_ALONE, str(tmp_path / "vectors" / "generate"), script.name]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    made = sorted((tmp_path / "vectors" / "kat").rglob("*.json"))
    assert made
    for path in made:
        assert path.read_bytes() == (VECTORS / path.relative_to(tmp_path / "vectors")).read_bytes(), path.name
        assert json.loads(path.read_text())["script"] == f"vectors/generate/{script.name}"


RUN_ALONE = """
import runpy, sys
sys.path.insert(0, sys.argv[1])
class Alone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"zkharvest", "numpy", "galois", "numba"}:
            raise ImportError(name)
sys.meta_path.insert(0, Alone())
runpy.run_path(f"{sys.argv[1]}/{sys.argv[2]}", run_name="__main__")
"""


def test_the_selftest_is_a_small_copy():
    copied = sorted(path for path in (VECTORS / "selftest").rglob("*") if path.is_file())
    originals = {VECTORS / path.relative_to(VECTORS / "selftest") for path in copied}
    script = runpy.run_path(str(VECTORS / "generate" / "make_selftest.py"))
    assert originals == set(script["chosen"]()), "run vectors/generate/make_selftest.py"
    for path in copied:
        original = VECTORS / path.relative_to(VECTORS / "selftest")
        assert path.read_bytes() == original.read_bytes(), f"run vectors/generate/make_selftest.py: {path.name}"
    assert sum(path.stat().st_size for path in copied) < 2_000_000


def test_the_selftest_holds():
    results = run_vectors(VECTORS / "selftest")
    assert [result for result in results if not result.ok] == []
    kinds = Counter(result.kind for result in results)
    assert kinds["kat"] == 10
    assert kinds["ledger"] >= 15
    assert kinds["accept"] >= 3
    assert kinds["reject"] >= 20

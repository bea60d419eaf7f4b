"""The runner: finds vectors, reports each by name, and a run of none is no success."""

import json

import pytest

from zkharvest.audit.vectors import Kind, Mismatch, expect, find_vectors, run_vectors
from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError

TRADES = """\
time,source,id,kind,asset,quantity,amount,fee,to,lots
2024-01-02T10:00:00Z,a,1,buy,X,2,200,,,
2024-02-02T10:00:00Z,a,2,buy,X,2,400,,,
2025-03-02T10:00:00Z,a,3,sell,X,1,150,,,
"""
RUN = {"year": 2025, "method": "lifo", "basis": "wallet", "timezone": "UTC"}


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

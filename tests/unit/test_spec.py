"""What several rooms share stands in `zkharvest.spec` alone, and what it says is what the enums and documents say."""

import ast
from pathlib import Path

import pytest

import zkharvest
from zkharvest import spec
from zkharvest.ledger.rules import Method, Pooling
from zkharvest.spec import money_text

ROOT = Path(zkharvest.__file__).parent
NAMES = {name for name in vars(spec) if name.isupper() and not name.startswith("_")}


def written(path):
    """(line, name, value) of every constant that a module writes; a value that cannot be computed is None."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            try:
                value = eval(compile(ast.Expression(node.value), str(path), "eval"), {"frozenset": frozenset})
            except Exception:  # noqa: BLE001
                value = None
            for target in targets:
                if isinstance(target, ast.Name):
                    yield node.lineno, target.id, value


def test_no_other_module_writes_a_shared_constant():
    shared = {name: getattr(spec, name) for name in NAMES}
    telling = [v for v in shared.values() if (v > 10_000 if isinstance(v, int) else len(v) > 4)]
    assert spec.P in telling
    again = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in ROOT.rglob("*.py")
        if path.name != "spec.py"
        for line, name, value in written(path)
        if name in NAMES or any(type(value) is type(one) and value == one for one in telling)
    ]
    assert again == []


def test_the_enums_are_the_words_of_a_statement():
    assert tuple(Method) == spec.METHODS
    assert tuple(Pooling) == spec.POOLINGS


def test_the_format_states_the_numbers():
    text = (ROOT.parent / "circuits" / "FORMAT.md").read_text()
    assert spec.P == 127 * 2**24 + 1 and "2^31 - 2^24 + 1" in text
    assert spec.EMPTY_TREE.hex() in text
    assert all(word in text for word in (*spec.METHODS, *spec.POOLINGS))


@pytest.mark.parametrize(
    ("units", "text"),
    [(0, "0.00000000"), (-150000000, "-1.50000000"), (-1, "-0.00000001"), (10**20, "1000000000000.00000000")],
)
def test_money_text(units, text):
    assert money_text(units) == text


def test_an_opening_holds_the_longest_name(tmp_path):
    """A source's id has as many bytes in an opening as in a trades file: a shorter limit would lose the secret."""
    source = "é" * (spec.MAX_NAME // 2)
    header = "time,source,id,kind,asset,quantity,amount,fee,to,lots\n"
    (tmp_path / "t.csv").write_text(f"{header}2024-01-01T00:00:00Z,{source},1,buy,BTC,1,100,0,,\n")
    made = zkharvest.commit_pages(zkharvest.load_trades(tmp_path / "t.csv"), currency="USD", seed=bytes(32))
    zkharvest.write_pages(tmp_path / "own", made, passphrase=None)
    read = zkharvest.read_pages(tmp_path / "own")
    assert read.openings == made.openings
    assert read.openings[0].header.source == source

"""The light install: an auditor's commands need none of the extras, and what needs one says which."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.proofs import SMALL, expected, page_file, small_chain, small_pages
from zkharvest.cli.output import ExitCode
from zkharvest.extras import EXTRAS
from zkharvest.workflow.own_folder import write_pages

ROOT = Path(__file__).resolve().parents[3]
MODULES = {"dask": ("dask", "distributed"), "fpdf2": ("fpdf",), "QuantLib": ("QuantLib",)}  # where names differ
TOOLS = {"dev", "fuzz"}

LIGHT = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in {sorted(EXTRAS)!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
from zkharvest.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trades.csv").write_text(SMALL)
    (tmp_path / "p.zkh").write_bytes(small_chain().package)
    write_pages("own", small_pages(), passphrase=None)
    return tmp_path


def light(*words):
    return subprocess.run([sys.executable, "-c", LIGHT, *words], capture_output=True, text=True)


def test_what_an_auditor_does_works(here):
    page = page_file("own", "kraken:main")
    done = light("verify", "p.zkh", *expected(), "--json")
    assert json.loads(done.stdout)["reason"] == "policy/test-preset", done.stderr  # all was checked but the preset
    for words in (
        ["inspect", "p.zkh"],
        ["inspect", page],
        ["trades", "check", "trades.csv"],
        ["ledger", "report", "trades.csv", "--year", "2025", "--method", "fifo"],
        ["keygen", "-o", "k", "--no-passphrase"],
        ["attest", page, "--key", "k"],
        ["attest", "p.zkh", "--key", "k", "--signatures", page, "-o", "signed.zkh"],
        ["secret", "backup", "k", "-o", "sheet.txt"],
        ["secret", "restore", "--words", "sheet.txt", "-o", "back", "--no-passphrase"],
        ["vectors", str(ROOT / "vectors" / "selftest"), "-k", "reject/attestation"],
    ):
        done = light(*words)
        assert done.returncode == 0, (words, done.stderr)


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (["commit", "trades.csv", "--currency", "USD", "-o", "new", "--no-passphrase"], "prove"),
        (["prove", "own", "--year", "2025", "--method", "fifo", "--first", "-o", "new.zkh"], "prove"),
        (["circuits", "check"], "prove"),
        (["vectors", str(ROOT / "vectors" / "selftest"), "-k", "kat/poseidon"], "prove"),
    ],
)
def test_what_needs_an_extra_names_it(here, words, extra):
    done = light(*words)
    assert done.returncode == ExitCode.USAGE
    assert f"pip install 'zkharvest[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_vectors_that_need_the_prover_are_left_out_and_said_so(here):
    done = light("vectors", str(ROOT / "vectors" / "selftest"), "-k", "[kr]*[te]*/*tr*", "--json")
    shown = json.loads(done.stdout)
    assert done.returncode == 0
    assert shown["left_out"] and shown["passed"]
    assert "left out" in done.stderr


def test_every_library_of_an_extra_is_in_the_table():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for extra, requirements in extras.items():
        for requirement in requirements if extra not in TOOLS else ():
            name = re.split(r"[\[<>=; ]", requirement)[0]
            for module in MODULES.get(name, (name,)):
                assert EXTRAS.get(module) in extras, f"zkharvest/extras.py lacks {module} (extra {extra})"
    assert set(EXTRAS.values()) <= set(extras)

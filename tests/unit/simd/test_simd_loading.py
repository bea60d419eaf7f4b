"""numba starts alone: what it only looks for is not imported, and is there for whoever wants it afterwards."""

from __future__ import annotations

import subprocess
import sys

import pytest

SEEN = """
import sys
before = set(sys.modules)
import {module}
looked_for = {{"scipy", "coverage", "yaml"}} & set(sys.modules) - before
assert "numba" in sys.modules and not looked_for, looked_for
assert not any("_Unseen" in type(finder).__name__ for finder in sys.meta_path)
import yaml
"""


@pytest.mark.parametrize(
    "module",
    ["zkharvest.simd.compiling", "zkharvest.circuit.lot_machine.v1.witness", "zkharvest.ledger.engine_fast"],
)
def test_numba_starts_alone(module):
    subprocess.run([sys.executable, "-c", SEEN.format(module=module)], check=True, timeout=120)


def test_another_thread_sees_all():
    code = """
import sys, threading
from zkharvest.simd import loading
sys.meta_path.insert(0, loading._Unseen())
try:
    import yaml
except ModuleNotFoundError as error:
    assert error.name == "yaml"
else:
    raise AssertionError
found = []
thread = threading.Thread(target=lambda: found.append(__import__("yaml")))
thread.start(), thread.join()
assert found
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)

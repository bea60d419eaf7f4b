"""numba starts alone: what it only looks for is not imported, and is there for whoever wants it afterwards."""

from __future__ import annotations

import os
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
    ["zkharvest.simd.compiling", "zkharvest.circuit.lot_machine.v2.witness", "zkharvest.ledger.engine_fast"],
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


KEPT = """
import sys
import numpy as np
from zkharvest.prover import sha256
digests = sha256.hash_rows(np.ones((64, 20), dtype=np.uint32), np.zeros((64, 16), dtype=np.uint8))
print(digests[5].tobytes().hex(), "numba.typed.typeddict" in sys.modules)
"""


def test_what_is_on_disk_is_loaded_without_what_compiles(tmp_path):
    """The first process compiles, and needs all of numba for it; the second does not, and computes the same."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    first, second = (
        subprocess.run([sys.executable, "-c", KEPT], check=True, timeout=300, env=environment, capture_output=True)
        .stdout.decode()
        .split()
        for _ in range(2)
    )
    assert first[0] == second[0]
    assert (first[1], second[1]) == ("True", "False")

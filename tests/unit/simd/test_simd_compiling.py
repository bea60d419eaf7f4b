"""Compiled code on disk is used as long as all of its sources are what they were, helpers of other files included."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

HELPER = """
from zkharvest.simd.compiling import helper

@helper
def amount():
    return {amount}
"""
BETWEEN = """
from zkharvest.simd.compiling import helper
from lowest import amount

@helper
def twice():
    return 2 * amount()
"""
KERNEL = """
import numpy as np
from zkharvest.simd.compiling import kernel
from between import twice

@kernel
def fill(out):
    out[0] = twice()

out = np.zeros(1, np.int64)
fill(out)
print(out[0], sum(fill.stats.cache_hits.values()))
"""


@pytest.fixture
def run(tmp_path):
    """Write the three files anew, with this amount in the lowest, and run the kernel: its result, and loads of it."""
    for name, text in (("between.py", BETWEEN), ("kernels.py", KERNEL)):
        (tmp_path / name).write_text(text)
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "kept"), "PYTHONPATH": str(tmp_path)}

    def once(amount):
        (tmp_path / "lowest.py").write_text(HELPER.format(amount=amount))
        os.utime(tmp_path / "lowest.py", ns=(0, amount * 10**9))
        words = [sys.executable, "-c", "import kernels"]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
        return tuple(map(int, done.stdout.split()))

    return once


def test_a_helper_that_has_changed_is_compiled_again(run):
    assert run(3) == (6, 0)
    assert run(3) == (6, 1)
    assert run(4) == (8, 0)
    assert run(4) == (8, 1)

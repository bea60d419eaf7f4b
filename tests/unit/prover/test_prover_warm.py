"""Kernels are loaded beside the work that waits for them, whatever becomes of it."""

import subprocess
import sys
import threading

import pytest

from zkharvest.prover import warm
from zkharvest.workflow import proofs


def test_the_prover_is_there_when_the_block_ends():
    code = (
        "import sys\n"
        "from zkharvest.prover.warm import kernels_loading\n"
        "with kernels_loading(lambda: __import__('zkharvest.sign')): pass\n"
        "print('zkharvest.prover.stark' in sys.modules, 'zkharvest.sign' in sys.modules)\n"
        "from zkharvest.prover import sha256, stacks, stacks_kernel, stacks_lanes, tape_kernel, weighted\n"
        "leaves = stacks_lanes.hash_in_lanes if stacks.IN_LANES else stacks_kernel.hash_stacked\n"
        "kernels = sha256.hash_messages, weighted.dot_columns, tape_kernel.run, leaves\n"
        "print(all(len(k.signatures) for k in kernels))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"] * 3


def test_no_thread_outlives_the_block(monkeypatch):
    for begin in (True, False):
        with pytest.raises(KeyError), proofs.getting_ready(begin=begin):
            raise KeyError
    monkeypatch.setattr(warm, "_run_small", lambda: 1 / 0)
    with warm.kernels_loading():  # what is wrong with a kernel is said where it is used
        pass
    assert "kernels" not in {thread.name for thread in threading.enumerate()}

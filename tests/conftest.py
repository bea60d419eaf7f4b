"""Tests that run in several processes (`make test`); at the end of a run, what was counted."""

from __future__ import annotations

import os
import signal
import sys

import pytest
from hypothesis import HealthCheck, settings

from tests.support.counts import COUNTS, merge

if "PYTEST_XDIST_WORKER" in os.environ:  # each core has a process already: libraries start no threads
    for _name in ("ZKHARVEST_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(_name, "1")

# A shell starts what it runs in the background with Ctrl-C ignored, as `.ci/run` does with its lanes. Tests of Ctrl-C
# want it as it is in the foreground.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_RECURSION = sys.getrecursionlimit()

# No test is timed, so that none fails on a busy machine.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.fixture
def cheap_scrypt(monkeypatch):
    """scrypt at a cost for tests, which no program that is not patched writes or reads."""
    from zkharvest.files import sealing

    monkeypatch.setattr(sealing, "STANDARD", sealing.Cost(4, 8, 1))
    monkeypatch.setattr(sealing, "CHEAPEST", sealing.Cost(4, 8, 1))


def pytest_collection_finish():
    """Importing py_ecc raised the recursion limit to 100,000, with which nested input ends the process (`sign.bls`)."""
    sys.setrecursionlimit(_RECURSION)


def pytest_sessionfinish(session):
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["counts"] = COUNTS


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    merge(getattr(node, "workeroutput", {}).get("counts", {}))


def pytest_terminal_summary(terminalreporter):
    if COUNTS:
        terminalreporter.section("counted")
        width = max(map(len, COUNTS))
        for what in sorted(COUNTS):
            value = COUNTS[what]
            terminalreporter.line(
                f"{what:<{width}}  {value:>12,}" if isinstance(value, int) else f"{what:<{width}}  {value:>12.2f}"
            )

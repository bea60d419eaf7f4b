"""The threads of kernels: ranges cover the whole, and a forked child does not wait for its parent's threads."""

import os
import signal
import time

import pytest

from zkharvest.simd.threads import each, over_ranges


@pytest.fixture(autouse=True)
def two_threads(monkeypatch):
    monkeypatch.setenv("ZKHARVEST_THREADS", "2")


@pytest.mark.parametrize(("total", "grain", "align"), [(0, 1, 1), (1, 1, 1), (97, 3, 4), (1000, 1, 8)])
def test_ranges_cover_the_whole_once(total, grain, align):
    seen = []
    over_ranges(lambda start, stop: seen.append((start, stop)), total, grain=grain, align=align)
    seen.sort()
    assert [n for start, stop in seen for n in range(start, stop)] == list(range(total))
    assert all(start % align == 0 for start, _ in seen)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_makes_threads_of_its_own():
    each(str, range(4))  # the parent has some
    child = os.fork()
    if child == 0:
        done = []
        each(done.append, range(4))
        os._exit(0 if sorted(done) == [0, 1, 2, 3] else 1)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            assert os.waitstatus_to_exitcode(status) == 0
            return
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    pytest.fail("the child waits for threads that it does not have")

"""Run compiled kernels over ranges of rows on every core.

Kernels release the interpreter lock, so plain threads are enough: no threading layer has to be compiled, and
each kernel is compiled once, for a range.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache


def cores() -> int:
    """How many threads the kernels use: the cores this process may run on, or ZKHARVEST_THREADS if set."""
    asked = os.environ.get("ZKHARVEST_THREADS", "")
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool(workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(workers, thread_name_prefix="kernel")


def over_ranges(kernel: Callable[..., None], total: int, *args: object, grain: int = 1, align: int = 1) -> None:
    """Call `kernel(start, stop, *args)` on disjoint ranges that cover 0..total; return when all are done.

    Ranges start at multiples of `align`, and are not made shorter than `grain`: less work than two grains
    runs in the calling thread. There are a few ranges a core, so that a core that is busy elsewhere does not
    hold up the rest. Must not be called from inside a kernel's range.
    """
    workers = cores()
    pieces = min(total // max(grain, 1), 1 if workers == 1 else 4 * workers)
    if pieces <= 1:
        if total > 0:
            kernel(0, total, *args)
        return
    step = -(-total // pieces)
    step = -(-step // align) * align
    starts = range(0, total, step)
    futures = [_pool(workers).submit(kernel, start, min(start + step, total), *args) for start in starts]
    for future in futures:
        future.result()

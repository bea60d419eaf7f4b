"""Run compiled kernels over ranges of rows on every core.

Kernels release the interpreter lock, so plain threads are enough: no threading layer has to be compiled, and
each kernel is compiled once, for a range.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import local
from typing import TypeVar

T = TypeVar("T")

_HERE = local()  # .working in the threads of the pool


def cores() -> int:
    """How many threads the kernels use: the cores this process may run on, or ZKHARVEST_THREADS if set."""
    asked = os.environ.get("ZKHARVEST_THREADS", "")
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool(workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(workers, thread_name_prefix="kernel", initializer=_mark)


if hasattr(os, "register_at_fork"):  # a forked child has none of its parent's threads: work given to them would wait
    os.register_at_fork(after_in_child=_pool.cache_clear)


def _mark() -> None:
    _HERE.working = True


def over_ranges(kernel: Callable[..., None], total: int, *args: object, grain: int = 1, align: int = 1) -> None:
    """Call `kernel(start, stop, *args)` on disjoint ranges that cover 0..total; return when all are done.

    Ranges start at multiples of `align`, and are not made shorter than `grain`: less work than two grains
    runs in the calling thread. There are a few ranges a core, so that a core that is busy elsewhere does not
    hold up the rest. Within work of `each`, kernels
    run in the thread that they are called from.
    """
    workers = cores()
    alone = workers == 1 or getattr(_HERE, "working", False)
    pieces = min(total // max(grain, 1), 1 if alone else 4 * workers)
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


def each(work: Callable[[T], None], items: Sequence[T]) -> None:
    """Call `work` on every item, on all cores; for work that is mostly kernels."""
    if cores() == 1 or len(items) < 2 or getattr(_HERE, "working", False):
        for item in items:
            work(item)
        return
    for future in [_pool(cores()).submit(work, item) for item in items]:
        future.result()

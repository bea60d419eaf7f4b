"""Lots of a pool bound into blocks, with a stack: the same function runs as Python on lists and compiled on arrays."""

from __future__ import annotations

from typing import Any


def merge(worth: Any, cost: Any, pool: Any, worths: Any, costs: Any, starts: Any) -> int:
    """Merge the elements of each pool until worth per cost falls from block to block; the number of blocks.

    `worths`, `costs` and `starts` (first element of a block) are written; they are as long as `worth`. Slopes are
    compared as quotients, as whoever sorts the blocks by them will see them: equal blocks keep their order.
    """
    top = 0
    for at in range(len(worth)):
        gained, spent, first = worth[at], cost[at], at
        while top > 0 and pool[starts[top - 1]] == pool[at] and worths[top - 1] / costs[top - 1] < gained / spent:
            top -= 1  # the block before is worse: it is not taken without this one
            gained, spent, first = gained + worths[top], spent + costs[top], starts[top]
        worths[top], costs[top], starts[top] = gained, spent, first
        top += 1
    return top

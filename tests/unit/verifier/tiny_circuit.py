"""A circuit that uses every part of the description language once, an honest trace for it, and its public data.

`walk`: x moves by the public step column from public 0 to public 1; where s is 1 the row sends (x, y) on bus `pairs`.
`store` receives each pair as often as it was sent, and the list's (index, value) records on bus `seeds`. Slot 0
tallies y over the sending rows against the pairs received, slot 1 tallies y against public 2 in the first row.
"""

import json
from hashlib import sha256

import numpy as np

from zkharvest.verifier.description_reader import read_description
from zkharvest.verifier.field import P
from zkharvest.verifier.public import PublicData

LOG_ROWS = 13
N = 1 << LOG_ROWS
HEIGHTS = (LOG_ROWS, LOG_ROWS)

DOCUMENT = {
    "lang": 1,
    "name": "tiny",
    "version": 1,
    "degree": 4,
    "log_rows": [13, 16],
    "publics": ["start", "end", "sum"],
    "lists": [{"name": "seeds", "fields": ["value"], "max": 8}],
    "buses": [{"name": "pairs", "width": 2}, {"name": "seeds", "width": 2}],
    "tallies": 2,
    "tables": [
        {
            "name": "walk",
            "columns": ["x", "y", "s", "c"],
            "public_columns": ["step", "first"],
            "nodes": [
                ["col", 0, 0],
                ["col", 0, 1],
                ["col", 1, 0],
                ["col", 2, 0],
                ["pub", 0, 0],
                ["public", 0],
                ["public", 1],
                ["sub", 0, 5],  # 7: x - start
                ["sub", 0, 6],  # 8: x - end
                ["lin", 0, [[1, 1], [P - 1, 0], [P - 1, 4]]],  # 9: x' - x - step
                ["lin", P - 1, [[1, 3]]],  # 10: s - 1
                ["mul", 3, 10],  # 11: s (s - 1)
                ["mul", 3, 2],  # 12: s y
                ["pub", 1, 0],
                ["public", 2],
                ["mul", 13, 14],  # 15: first * sum
                ["sub", 12, 15],  # 16: s y - first * sum
                ["col", 3, 0],
                ["mul", 0, 0],  # 18: x x
                ["mul", 18, 0],  # 19: x x x
                ["sub", 17, 19],  # 20: c - x^3
                ["add", 11, 11],  # 21
                ["const", 1],
                ["pub", 0, 1],
                ["mul", 23, 23],
                ["mul", 24, 10],
                ["mul", 25, 3],  # 26: step'^2 s (s - 1), degree 4
            ],
            "constraints": [
                {"name": "starts", "where": "first", "node": 7},
                {"name": "ends", "where": "last", "node": 8},
                {"name": "steps", "where": "transition", "node": 9},
                {"name": "boolean", "where": "all", "node": 11},
                {"name": "cube", "where": "all", "node": 20},
                {"name": "doubled", "where": "all", "node": 21},
                {"name": "quartic", "where": "all", "node": 26},
            ],
            "interactions": [{"bus": 1, "sign": 1, "mult": 3, "message": [0, 2]}],
            "tally": [{"slot": 0, "node": 12}, {"slot": 1, "node": 16}],
            "groups": [[0]],
        },
        {
            "name": "store",
            "columns": ["u", "v", "m", "i", "w", "k", "a"],
            "public_columns": [],
            "nodes": [
                ["col", 0, 0],
                ["col", 1, 0],
                ["col", 2, 0],
                ["col", 3, 0],
                ["col", 4, 0],
                ["col", 5, 0],
                ["mul", 1, 2],
                ["lin", 0, [[P - 1, 6]]],  # 7: - m v
                ["lin", P - 1, [[1, 5]]],
                ["mul", 5, 8],  # 9: k (k - 1)
                ["col", 6, 0],
                ["col", 6, 1],
                ["sub", 11, 10],  # 12: a' - a: a is constant around the cycle
            ],
            "constraints": [
                {"name": "seed flag", "where": "all", "node": 9},
                {"name": "constant", "where": "all", "node": 12},
            ],
            "interactions": [
                {"bus": 1, "sign": -1, "mult": 2, "message": [0, 1]},
                {"bus": 2, "sign": -1, "mult": 5, "message": [3, 4]},
            ],
            "tally": [{"slot": 0, "node": 7}],
            "groups": [[0, 1]],
        },
    ],
    "public_messages": [
        {"bus": 2, "sign": 1, "each": "seeds", "message": [["index"], ["item", 0]]},
        {"bus": 2, "sign": 1, "each": None, "message": [100, ["public", 0]]},
    ],
}

DATA = json.dumps(DOCUMENT).encode()
DIGEST = sha256(DATA).digest()
DESCRIPTION = read_description(DATA)
SEEDS = (7, 11, P - 1)
STEPS = tuple(range(1, 301))


def honest(seed=0, seeds=SEEDS, steps=STEPS, heights=HEIGHTS):
    """(tables' traces as lists of uint64 columns, public data)."""
    rng = np.random.default_rng(seed)
    walk, store = (1 << log_rows for log_rows in heights)
    step = np.zeros(walk, dtype=np.uint64)
    step[: len(steps)] = steps
    start = 5
    x = (start + np.concatenate([[0], np.cumsum(step)[:-1]]).astype(np.uint64)) % P
    y = rng.integers(0, P, walk, dtype=np.uint64)
    s = np.zeros(walk, dtype=np.uint64)
    s[:40] = 1
    c = x * x % P * x % P
    u, v = rng.integers(0, P, (2, store), dtype=np.uint64)
    m = np.zeros(store, dtype=np.uint64)
    u[:40], v[:40], m[:40] = x[:40], y[:40], 1
    i, w, k = (np.zeros(store, dtype=np.uint64) for _ in range(3))
    k[: len(seeds) + 1] = 1
    i[: len(seeds)], w[: len(seeds)] = np.arange(len(seeds)), seeds
    i[len(seeds)], w[len(seeds)] = 100, start
    a = np.full(store, int(rng.integers(0, P)), dtype=np.uint64)
    public = PublicData(
        (start, int(x[-1]), int(y[:40].sum() % P)),
        (tuple((value,) for value in seeds),),
        {(0, 0): tuple(steps), (0, 1): (1,)},
        b"context of the statement",
    )
    return [[x, y, s, c], [u, v, m, i, w, k, a]], public

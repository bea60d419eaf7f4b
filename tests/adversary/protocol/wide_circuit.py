"""The verifier tests' tiny circuit with more of what only the statement binds.

Six more public scalars, each asked for by a constraint of the first row: with more unknowns than an element of E has
coordinates, whoever knows z before choosing them finds other values that satisfy the constraints (the classical
"Frozen Heart"). A list whose records stand in no order that an equation reads. And idle columns, so that an opened row
of stacks has more words than F at a query has coordinates.
"""

from __future__ import annotations

import copy
import json
from hashlib import sha256

import numpy as np

from tests.unit.verifier import tiny_circuit as tiny
from zkharvest.verifier.description_reader import read_description
from zkharvest.verifier.public import PublicData

LOG_ROWS, N = tiny.LOG_ROWS, tiny.N
HEIGHTS = (LOG_ROWS, LOG_ROWS - 1)
MARKS = 6
IDLE = 16
PAIRS = ((21, 22), (23, 24))
_CUBE = 17  # the node that is column c of `walk`


def _document():
    document = copy.deepcopy(tiny.DOCUMENT)
    document["name"] = "wide"
    first = len(document["publics"])
    document["publics"] += [f"mark {k}" for k in range(MARKS)]
    document["lists"].append({"name": "pairs", "fields": ["left", "right"], "max": 4})
    document["public_messages"].append({"bus": 2, "sign": 1, "each": "pairs", "message": [["item", 0], ["item", 1]]})
    walk = document["tables"][0]
    for k in range(MARKS):
        walk["nodes"] += [["public", first + k], ["sub", _CUBE, len(walk["nodes"])]]
        walk["constraints"].append({"name": f"mark {k}", "where": "first", "node": len(walk["nodes"]) - 1})
    for k in range(IDLE):
        walk["nodes"].append(["col", len(walk["columns"]), 0])
        walk["columns"].append(f"idle {k}")
        walk["constraints"].append({"name": f"idle {k}", "where": "first", "node": len(walk["nodes"]) - 1})
    return document


DATA = json.dumps(_document()).encode()
DIGEST = sha256(DATA).digest()
DESCRIPTION = read_description(DATA)


def honest(seed=0, heights=HEIGHTS):
    """(traces as the project's prover takes them, public data)."""
    (walk, store), public = tiny.honest(seed, heights=heights)
    _, _, _, i, w, k, _ = store
    start = len(tiny.SEEDS) + 1
    for row, (left, right) in enumerate(PAIRS, start):
        i[row], w[row], k[row] = left, right, 1
    cube = int(walk[3][0])
    data = PublicData((*public.publics, *[cube] * MARKS), (*public.lists, PAIRS), public.columns, public.context)
    walk = [*walk, *[np.zeros(N, dtype=np.uint64)] * IDLE]
    return [np.stack(table, axis=1).astype(np.uint32) for table in (walk, store)], data

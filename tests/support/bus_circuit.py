"""A small table for any height: every kind of constraint, groups of one, two and three fractions, weights."""

from __future__ import annotations

import numpy as np

from zkharvest.prover.plain import P
from zkharvest.verifier.description import Bus, Constraint, Description, Interaction, Table, Tally
from zkharvest.verifier.public import PublicData

_NODES = (
    ("col", 0, 0),  # 0: x
    ("col", 1, 0),  # 1: y
    ("col", 1, 1),  # 2: y in the next row
    ("col", 2, 0),  # 3: z
    ("pub", 0, 0),  # 4: p
    ("public", 0),  # 5
    ("public", 1),  # 6
    ("mul", 0, 0),  # 7: x x
    ("sub", 2, 1),  # 8
    ("sub", 8, 7),  # 9: y' - y - x x
    ("sub", 1, 5),  # 10
    ("sub", 1, 6),  # 11
    ("mul", 0, 1),  # 12
    ("mul", 12, 4),  # 13
    ("sub", 3, 13),  # 14: z - x y p
    ("lin", 5, ((3, 0), (P - 1, 3))),  # 15
    ("const", 1),  # 16
    ("const", P - 4),  # 17
    ("pub", 0, 1),  # 18
)

_WALK = Table(
    name="walk",
    columns=("x", "y", "z"),
    public_columns=("p",),
    nodes=_NODES,
    constraints=(
        Constraint("steps", "transition", 9),
        Constraint("starts", "first", 10),
        Constraint("ends", "last", 11),
        Constraint("product", "all", 14),
    ),
    interactions=(
        Interaction(1, 1, 16, (0, 15)),
        Interaction(1, -1, 3, (1, 16), ((0, 12), (1, 0))),
        Interaction(2, 1, 17, (18,), ((1, 0),)),
        Interaction(2, -1, 0, (3,), ((1, 16), (0, 5))),
        Interaction(1, 1, 1, (15, 0), ((0, 17), (0, 12))),
        Interaction(2, -1, 16, (1,)),
    ),
    tally=(Tally(0, 12), Tally(1, 15)),
    groups=((3,), (0, 1), (2, 4, 5)),
    next_columns=(1,),
)
_PLAIN = Table(
    name="plain",
    columns=("a",),
    public_columns=(),
    nodes=(("col", 0, 0), ("col", 0, 1), ("sub", 1, 0)),
    constraints=(Constraint("constant", "all", 2),),
    interactions=(),
    tally=(),
    groups=(),
    next_columns=(0,),
)
DESCRIPTION = Description(
    name="bus",
    version=1,
    degree=4,
    log_rows=(5, 8),
    publics=("start", "end"),
    lists=(),
    buses=(Bus("one", 2), Bus("two", 1)),
    tallies=2,
    tables=(_WALK, _PLAIN),
    public_messages=(),
)


def honest(height: int, seed: int = 1) -> tuple[list[np.ndarray], PublicData]:
    """Traces on which every constraint holds; the buses are not balanced."""
    rng = np.random.default_rng(seed)
    x, p = rng.integers(0, P, (2, height)).tolist()
    y = [int(rng.integers(0, P))]
    for value in x[:-1]:
        y.append((y[-1] + value * value) % P)
    z = [a * b * c % P for a, b, c in zip(x, y, p, strict=True)]
    walk = np.array([x, y, z], dtype=np.uint32).T.copy()
    constant = np.full((height, 1), int(rng.integers(0, P)), dtype=np.uint32)
    return [walk, constant], PublicData((y[0], y[-1]), (), {(0, 0): tuple(p)}, b"")

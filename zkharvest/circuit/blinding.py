"""The ring of random messages that blinds the tables' terminals (`Circuit.blind_terminals`), filled."""

from __future__ import annotations

import secrets

import numpy as np
from numpy.typing import NDArray

from zkharvest.spec import P

from .builder import Circuit

Cells = NDArray[np.uint32]
BLIND_ROWS = 17
"""Random messages in each link of the blinding ring: by Weil's bound on character sums all terminals are then within
2^-133 of uniform (docs/protocol.md, section 5); with 16 it were 2^-120."""


def uniform(tables: int) -> NDArray[np.uint32]:
    """Uniform elements from the system's generator (64 bits reduced mod p: bias below 2^-32)."""
    raw = np.frombuffer(secrets.token_bytes(8 * tables * BLIND_ROWS), "<u8")
    return (raw % np.uint64(P)).astype(np.uint32).reshape(tables, BLIND_ROWS)


def blind(circuit: Circuit, traces: dict[str, Cells], random: NDArray[np.uint32]) -> None:
    """Fill the ring of random messages; `random` is (tables, BLIND_ROWS) uniform elements."""
    count = len(circuit.tables)
    for i, table in enumerate(circuit.tables):
        cells = traces[table.name]
        at = table.index("blind_on")
        cells[:BLIND_ROWS, at] = 1
        cells[:BLIND_ROWS, at + 1] = random[i]
        cells[:BLIND_ROWS, at + 2] = random[(i - 1) % count]

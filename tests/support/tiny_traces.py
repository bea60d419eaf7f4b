"""The verifier tests' tiny circuit for the prover: traces as it takes them."""

from __future__ import annotations

import numpy as np

from tests.unit.verifier.tiny_circuit import DATA, DESCRIPTION, DIGEST, LOG_ROWS, N, honest

__all__ = ["DATA", "DESCRIPTION", "DIGEST", "LOG_ROWS", "N", "honest_traces"]


def honest_traces(seed=0):
    """(one canonical uint32 matrix a table, public data)."""
    tables, public = honest(seed)
    return [np.stack(columns, axis=1).astype(np.uint32) for columns in tables], public

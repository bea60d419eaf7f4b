"""BLS12-381 signatures of py_ecc, without a side effect of importing it.

py_ecc raises Python's recursion limit to 100,000 for the whole process. No function used here needs that (a test signs
and checks under the usual limit), and it takes away the protection that a nested input of any parser in the process
ends in a RecursionError instead of a crash.
"""

from __future__ import annotations

import sys
from typing import Any


def load() -> Any:
    """The proof-of-possession scheme, `py_ecc.bls.G2ProofOfPossession`; imported at the first call (0.3 s)."""
    limit = sys.getrecursionlimit()
    try:
        from py_ecc.bls import G2ProofOfPossession
    finally:
        sys.setrecursionlimit(limit)
    return G2ProofOfPossession

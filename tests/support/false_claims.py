"""F of a prover that makes false claims and hides nothing: what the rows give, of whatever degree.

The project's prover divides in coefficients and drops a remainder, which only a false claim has. The verifier's F is
that of the true claims with sum_i x^i (true_i - claimed_i) / (y - p) more, lane by lane, y = x^lanes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkharvest.prover import field, plain
from zkharvest.prover.deep import words
from zkharvest.verifier import field as ext
from zkharvest.verifier import stark


def deep_function(
    honest: Any, job: Any, columns: Any, pieces: Any, extra: Any, said: Any, true: Any, *rest: Any
) -> Any:
    """(|D|, 5) of the claims that are said, from the prover's own function for the true ones; `rest` is z, lambda."""
    z, challenge = rest
    layer = honest(job, columns, pieces, extra, true, z, challenge)
    told, real = (stark.batch_of(job._description, job._stacks, one, challenge) for one in (said, true))
    root, size = plain.root_of_unity(job._at.log_domain), job._at.domain_size
    for height, false, right in zip(job._stacks.heights, told.shares, real.shares, strict=True):
        s = height.lanes
        y = field.powers(pow(root, s, field.P), size, first=pow(3, s, field.P))
        z_next = ext.scale(z, plain.root_of_unity(height.log_rows))
        sides = ((z, right.claimed_here, false.claimed_here), (z_next, right.claimed_ahead, false.claimed_ahead))
        for point, ours, theirs in sides:
            total = np.zeros((size, 5), dtype=np.uint32)
            for lane, (a, b) in enumerate(zip(ours, theirs, strict=True)):
                if a != b:
                    spread = np.zeros((size, 5), dtype=np.uint32)
                    spread[:, 0] = field.powers(pow(root, lane, field.P), size, first=pow(3, lane, field.P))
                    total = field.add(total, field.ext_mul(spread, words(ext.sub(a, b))))
            if total.any():
                divisor = np.empty((size, 5), dtype=np.uint32)
                divisor[:] = words(ext.neg(point))
                divisor[:, 0] = field.add(np.ascontiguousarray(divisor[:, 0]), y)
                layer = field.add(layer, field.ext_mul(total, field.ext_inverse(divisor)))
    return layer
